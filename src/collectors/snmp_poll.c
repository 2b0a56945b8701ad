/*
 * The poller's socket and clock on the loop. Requests of a turn leave together (sendmmsg); answers
 * come as a listener's datagrams do. Nothing here takes longer than the poller's own bites.
 */
#include "collectors/snmp_poll.h"

#include <assert.h>
#include <errno.h>
#include <event2/event.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "base/alloc.h"
#include "base/clock.h"
#include "base/hash.h"
#include "base/log.h"
#include "collectors/collector.h"
#include "collectors/socket.h"

#define MAGIC 0x766e7370U /* "vnsp" */
#define BATCH 64
#define BATCH_OCTETS 65536
#define SEND_BUFFER (4 << 20)
#define PAUSE_NS (50 * VNM_NS_PER_MS) /* until it is asked for room again */
#define SOONEST_NS (200 * VNM_NS_PER_US)

struct vnm_snmp_poll {
	uint32_t magic;
	struct vnm_snmp_poll_calls calls;
	struct vnm_poller *poller;
	struct vnm_intake intake;
	struct vnm_udp *udp; /* owns fd */
	int fd;
	sa_family_t family;
	struct event *clock;
	uint64_t armed_ns; /* when the clock strikes; VNM_TIMER_NEVER: it does not */
	bool stopped;
	unsigned batch;
	size_t octets_used;
	struct mmsghdr headers[BATCH];
	struct iovec parts[BATCH];
	struct sockaddr_storage to[BATCH];
	uint8_t octets[BATCH_OCTETS];
};

/* ---- sending
 * ----------------------------------------------------------------------------------------- */

/* What the system does not take is lost, as on the network: it is sent again in time. */
static void
flush(struct vnm_snmp_poll *s)
{
	unsigned done = 0;

	while (done < s->batch) {
		int n = sendmmsg(s->fd, s->headers + done, s->batch - done, MSG_DONTWAIT);

		if (n > 0) {
			done += (unsigned)n;
			continue;
		}
		if (errno == EINTR)
			continue;
		s->calls.poller.counters->v[VNM_C_poll_unsent]++;
		done++;
	}
	s->batch = 0;
	s->octets_used = 0;
}

static void
on_send(void *ctx, const struct vnm_endpoint *to, const uint8_t *p, size_t n)
{
	struct vnm_snmp_poll *s = ctx;
	struct mmsghdr *h;
	socklen_t size;

	if (s->stopped || n > sizeof(s->octets))
		return;
	if (s->batch == BATCH || n > sizeof(s->octets) - s->octets_used)
		flush(s);
	size = vnm_socket_kernel_address(to, s->family, &s->to[s->batch]);
	if (size == 0) {
		s->calls.poller.counters->v[VNM_C_poll_unsent]++;
		return;
	}
	memcpy(s->octets + s->octets_used, p, n);
	s->parts[s->batch] = (struct iovec){s->octets + s->octets_used, n};
	s->octets_used += n;
	h = &s->headers[s->batch];
	*h = (struct mmsghdr){.msg_hdr = {.msg_name = &s->to[s->batch],
				  .msg_namelen = size,
				  .msg_iov = &s->parts[s->batch],
				  .msg_iovlen = 1}};
	s->batch++;
}

/* ---- the clock
 * --------------------------------------------------------------------------------------- */

/* The clock strikes then at the latest; what it finds nothing to do for costs next to nothing. */
static void
arm(struct vnm_snmp_poll *s, uint64_t at_ns, uint64_t now_ns)
{
	uint64_t wait = at_ns > now_ns + SOONEST_NS ? at_ns - now_ns : 0;
	struct timeval t;

	if (at_ns == VNM_TIMER_NEVER || at_ns >= s->armed_ns)
		return;
	s->armed_ns = at_ns;
	t.tv_sec = (time_t)(wait / VNM_NS_PER_S);
	t.tv_usec = (suseconds_t)(wait % VNM_NS_PER_S / VNM_NS_PER_US);
	event_add(s->clock, &t);
}

static void
run(struct vnm_snmp_poll *s)
{
	uint64_t now_ns = vnm_clock_mono_ns(), next;

	if (s->stopped)
		return;
	if (!s->calls.room(s->calls.ctx)) {
		s->calls.poller.counters->v[VNM_C_poll_pauses]++;
		next = now_ns + PAUSE_NS;
	} else {
		next = vnm_poller_run(s->poller, now_ns);
	}
	flush(s);
	arm(s, next, now_ns);
}

static void
on_clock(evutil_socket_t fd, short what, void *ctx)
{
	struct vnm_snmp_poll *s = ctx;

	(void)fd;
	(void)what;
	s->armed_ns = VNM_TIMER_NEVER;
	run(s);
	s->calls.turn_end(s->calls.ctx); /* what was told of those that do not answer */
}

/* ---- answers
 * ------------------------------------------------------------------------------------------ */

static void
on_message(void *ctx, const struct vnm_datagram *d)
{
	struct vnm_snmp_poll *s = ctx;

	s->calls.begin(s->calls.ctx, d);
	s->calls.done(s->calls.ctx, vnm_poller_receive(s->poller, d, vnm_clock_mono_ns()));
}

static void
on_turn_end(void *ctx)
{
	struct vnm_snmp_poll *s = ctx;

	run(s);
	s->calls.turn_end(s->calls.ctx);
}

static bool
on_room(void *ctx)
{
	(void)ctx;
	return true;
}

/* ---- its life
 * ------------------------------------------------------------------------------------------ */

/* A socket on any port, for both families where there are both. */
static int
open_socket(struct vnm_snmp_poll *s, struct event_base *base, uint64_t rcvbuf, struct vnm_err *err)
{
	static char name[] = "polls";
	struct vnm_listener_options o = {.name = name, .rcvbuf = rcvbuf};
	const int sndbuf = SEND_BUFFER;
	struct sockaddr_storage local = {0};
	socklen_t n = sizeof(local);

	o.listen.at.addr.family = VNM_ADDR_IP6;
	if (vnm_udp_bind(&o, false, &s->fd, err) != 0)
		return -1;
	(void)setsockopt(s->fd, SOL_SOCKET, SO_SNDBUFFORCE, &sndbuf, sizeof(sndbuf));
	if (getsockname(s->fd, (struct sockaddr *)&local, &n) == 0)
		s->family = local.ss_family;
	s->intake = (struct vnm_intake){
	    .ctx = s,
	    .message = on_message,
	    .turn_end = on_turn_end,
	    .room = on_room,
	    .counters = s->calls.poller.counters,
	};
	s->udp = vnm_udp_open(&o, s->fd, base, &s->intake, err);
	return s->udp != NULL ? 0 : -1;
}

struct vnm_snmp_poll *
vnm_snmp_poll_open(const struct vnm_snmp_poll_calls *calls, struct event_base *base, uint32_t share,
    uint32_t shares, uint64_t rcvbuf, struct vnm_err *err)
{
	struct vnm_snmp_poll *s = vnm_alloc(sizeof(*s));
	struct vnm_poll_calls poller = calls->poller;

	if (s == NULL) {
		vnm_err_text(err, "polls: not enough memory");
		return NULL;
	}
	memset(s, 0, offsetof(struct vnm_snmp_poll, headers));
	s->magic = MAGIC;
	s->calls = *calls;
	s->armed_ns = VNM_TIMER_NEVER;
	poller.send = on_send;
	poller.send_ctx = s;
	s->poller = vnm_poller_new(&poller, share, shares, vnm_hash_random_seed());
	s->clock = event_new(base, -1, 0, on_clock, s);
	vnm_err_text(err, "polls: not enough memory");
	if (s->poller == NULL || s->clock == NULL || open_socket(s, base, rcvbuf, err) != 0) {
		vnm_snmp_poll_close(s);
		return NULL;
	}
	return s;
}

void
vnm_snmp_poll_configure(struct vnm_snmp_poll *s, struct vnm_poll_config *config)
{
	assert(s->magic == MAGIC);
	vnm_poller_configure(s->poller, config, vnm_clock_mono_ns());
	run(s);
}

void
vnm_snmp_poll_demand(struct vnm_snmp_poll *s, const struct vnm_addr *addr)
{
	uint64_t now_ns = vnm_clock_mono_ns();

	assert(s->magic == MAGIC);
	vnm_poller_demand(s->poller, addr, now_ns);
	arm(s, now_ns, now_ns);
}

void
vnm_snmp_poll_drain(struct vnm_snmp_poll *s)
{
	assert(s->magic == MAGIC);
	s->stopped = true;
	vnm_udp_drain(s->udp);
}

void
vnm_snmp_poll_close(struct vnm_snmp_poll *s)
{
	if (s == NULL)
		return;
	assert(s->magic == MAGIC);
	vnm_poller_free(s->poller);
	vnm_udp_close(s->udp);
	if (s->clock != NULL)
		event_free(s->clock);
	s->magic = 0;
	vnm_free(s);
}
