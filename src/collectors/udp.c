/*
 * UDP listeners: recvmmsg() in batches on the event loop, losses as the kernel counts them
 * (SO_MEMINFO).
 *
 * A socket's 64 receive slots of 64 KiB are virtual memory: only pages that datagrams have
 * touched are resident, 270 KiB where datagrams have 1400 octets, 4 MiB at the most.
 *
 * Where datagrams come fast but one by one, a wake-up for each would cost more than reading
 * it: such a socket is read every millisecond instead, until one passes without datagrams.
 */
#include "collectors/collector.h"

#include <assert.h>
#include <errno.h>
#include <event2/event.h>
#include <event2/event_struct.h>
#include <linux/sock_diag.h>
#include <netinet/in.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "base/alloc.h"
#include "base/clock.h"
#include "base/log.h"
#include "collectors/pktinfo.h"
#include "collectors/socket.h"

#define UDP_MAGIC 0x55445031U

#define SLOTS 64
#define SLOT_OCTETS 65536
/* Slots begin in different sets of the caches: datagrams are short, and read soon. */
#define SLOT_STRIDE (SLOT_OCTETS + 7 * 64)

#define FAST_NS (VNM_NS_PER_MS / 4)    /* turns that follow sooner are too many */
#define FAST_TURNS 8		       /* ... where so many did, one after the other */
#define PACED_BUFFER ((size_t)1 << 20) /* holds what comes in a millisecond */

struct slot {
	struct sockaddr_storage from;
	char control[CMSG_SPACE(sizeof(struct timespec)) + VNM_PKTINFO_CONTROL];
	struct iovec iov;
};

struct vnm_udp {
	uint32_t magic;
	int fd;
	struct vnm_way_back back;
	struct vnm_listener_options o;	 /* owned copy */
	const struct vnm_intake *intake; /* borrowed */
	struct vnm_endpoint local;
	size_t rcvbuf;
	uint32_t drops;	       /* the kernel's counter when it was last read */
	uint64_t (*now)(void); /* ns on a clock that only goes forward */
	struct event event;
	struct event pace;   /* pending instead of `event` while it is read every millisecond */
	struct event rest;   /* pending while something is held */
	uint64_t turn_ns;    /* when the last turn began */
	unsigned fast_turns; /* that followed closely, the last one among them */
	uint8_t *octets;     /* owned: SLOTS * SLOT_OCTETS */
	int held, next;	     /* datagrams that were received, and of them the next to be taken */
	uint64_t held_ns;    /* when, on the wall clock */
	struct slot slots[SLOTS];
	struct mmsghdr headers[SLOTS];
};

int
vnm_udp_bind(const struct vnm_listener_options *o, bool reuseport, int *fd, struct vnm_err *err)
{
	return vnm_socket_bind(o, SOCK_DGRAM, reuseport, fd, err);
}

static uint32_t
read_drops(int fd)
{
	uint32_t info[SK_MEMINFO_VARS] = {0};
	socklen_t n = sizeof(info);

	(void)getsockopt(fd, SOL_SOCKET, SO_MEMINFO, info, &n);
	return info[SK_MEMINFO_DROPS];
}

/* The kernel's counter has 32 bits and wraps; so does the difference. */
static void
count_drops(struct vnm_udp *u)
{
	uint32_t drops = read_drops(u->fd);

	u->intake->counters->v[VNM_C_kernel_drops] += (uint32_t)(drops - u->drops);
	u->drops = drops;
}

/* recvmmsg() has overwritten what it was told. */
static void
ready_slots(struct vnm_udp *u, int used)
{
	for (int i = 0; i < used; i++) {
		struct msghdr *h = &u->headers[i].msg_hdr;

		h->msg_namelen = sizeof(u->slots[i].from);
		h->msg_controllen =
		    u->o.timestamps || u->intake->answers ? sizeof(u->slots[i].control) : 0;
	}
}

static void
set_up_slots(struct vnm_udp *u)
{
	for (int i = 0; i < SLOTS; i++) {
		struct slot *s = &u->slots[i];
		struct msghdr *h = &u->headers[i].msg_hdr;

		s->iov = (struct iovec){u->octets + (size_t)i * SLOT_STRIDE, SLOT_OCTETS};
		h->msg_name = &s->from;
		h->msg_iov = &s->iov;
		h->msg_iovlen = 1;
		h->msg_control = s->control;
	}
	ready_slots(u, SLOTS);
}

/* When the kernel received it; `now_ns` when it does not say. */
static uint64_t
receive_time(struct msghdr *h, uint64_t now_ns)
{
	struct timespec t;

	for (struct cmsghdr *c = CMSG_FIRSTHDR(h); c != NULL; c = CMSG_NXTHDR(h, c)) {
		if (c->cmsg_level != SOL_SOCKET || c->cmsg_type != SCM_TIMESTAMPNS)
			continue;
		memcpy(&t, CMSG_DATA(c), sizeof(t));
		return (uint64_t)t.tv_sec * VNM_NS_PER_S + (uint64_t)t.tv_nsec;
	}
	return now_ns;
}

static void
take_slot(struct vnm_udp *u, int i, uint64_t now_ns)
{
	struct msghdr *h = &u->headers[i].msg_hdr;
	struct vnm_datagram d = {.p = u->slots[i].iov.iov_base,
	    .n = u->headers[i].msg_len,
	    .rx_ns = h->msg_controllen != 0 ? receive_time(h, now_ns) : now_ns,
	    .src = vnm_socket_endpoint(&u->slots[i].from),
	    .dst = u->local,
	    .transport = VNM_TRANSPORT_UDP};

	if (u->intake->answers) {
		vnm_pktinfo_read(h, &d);
		d.back = &u->back;
	}
	if (vnm_socket_allows(&u->o.allow, &d.src.addr))
		u->intake->message(u->intake->ctx, &d);
	else
		vnm_intake_refuse(u->intake, &d, VNM_R_not_allowed);
}

struct turn {
	uint64_t begun_ns;
	int datagrams;
	size_t octets;
	bool more; /* there may be */
};

static bool
is_over(const struct vnm_udp *u, const struct turn *t)
{
	return u->now() - t->begun_ns >= VNM_TURN_NS;
}

static bool
receive(struct vnm_udp *u)
{
	int n = recvmmsg(u->fd, u->headers, SLOTS, MSG_DONTWAIT, NULL);

	u->next = 0;
	u->held = n > 0 ? n : 0;
	u->held_ns = vnm_clock_wall_ns();
	return n > 0;
}

/*
 * One batch, or what the turn before had no time for. Some messages cost a thousand times what
 * others do: a turn that is over leaves the rest to the next. False where all that came is taken.
 */
static bool
take_batch(struct vnm_udp *u, struct turn *t)
{
	bool full;

	if (u->next == u->held && !receive(u))
		return false;
	full = u->held == SLOTS;
	do {
		t->octets += u->headers[u->next].msg_len;
		t->datagrams++;
		take_slot(u, u->next, u->held_ns);
		u->next++;
	} while (u->next < u->held && t->datagrams < VNM_TURN_DATAGRAMS && !is_over(u, t));
	if (u->next < u->held)
		return true;
	ready_slots(u, u->held);
	u->held = u->next = 0;
	return full;
}

/*
 * The kernel drops datagrams only while its buffer is full: a batch that was not tells so too, but
 * for large datagrams, and those wait for the tick.
 */
static struct turn
read_turn(struct vnm_udp *u)
{
	struct turn t = {.begun_ns = u->now()};
	bool full = false;

	do {
		t.more = take_batch(u, &t);
		full |= t.more;
	} while (t.more && t.datagrams < VNM_TURN_DATAGRAMS && !is_over(u, &t));
	if (full)
		count_drops(u);
	if (t.datagrams > 0)
		u->intake->turn_end(u->intake->ctx);
	return t;
}

/* What is held makes no socket readable. All others have their turn before. */
static void
go_on(struct vnm_udp *u)
{
	static const struct timeval at_once;

	if (u->next < u->held)
		(void)event_add(&u->rest, &at_once);
}

static void
on_rest(evutil_socket_t fd, short what, void *arg)
{
	struct vnm_udp *u = arg;

	(void)fd;
	(void)what;
	(void)read_turn(u);
	go_on(u);
}

/* Every millisecond from now on. When that fails all stays as it is. */
static void
begin_pace(struct vnm_udp *u)
{
	const struct timeval ms = {.tv_usec = 1000};

	u->fast_turns = 0;
	if (event_add(&u->pace, &ms) == 0)
		event_del(&u->event);
}

static void
end_pace(struct vnm_udp *u)
{
	if (event_add(&u->event, NULL) == 0)
		event_del(&u->pace);
}

static void
on_readable(evutil_socket_t fd, short what, void *arg)
{
	struct vnm_udp *u = arg;
	struct turn t = read_turn(u);
	bool fast = !t.more && t.begun_ns - u->turn_ns < FAST_NS;

	(void)fd;
	(void)what;
	u->turn_ns = t.begun_ns;
	u->fast_turns = fast ? u->fast_turns + 1 : 0;
	if (u->fast_turns >= FAST_TURNS && u->rcvbuf >= PACED_BUFFER)
		begin_pace(u);
	go_on(u);
}

static void
on_pace(evutil_socket_t fd, short what, void *arg)
{
	struct vnm_udp *u = arg;
	struct turn t = read_turn(u);

	(void)fd;
	(void)what;
	if (t.more || t.datagrams == 0)
		end_pace(u);
	go_on(u);
}

/* What was received already: the kernel does not count it when it is lost. */
static void
take_held(struct vnm_udp *u)
{
	while (u->next < u->held) {
		struct turn t = {.begun_ns = u->now()};

		(void)take_batch(u, &t);
		u->intake->turn_end(u->intake->ctx);
	}
}

void
vnm_udp_drain(struct vnm_udp *u)
{
	size_t octets = 0;
	struct turn t;

	assert(u->magic == UDP_MAGIC);
	/* More than the buffer holds has come since; a fast sender does not keep us here. */
	do {
		t = read_turn(u);
		octets += t.octets;
	} while (t.more && octets < u->rcvbuf);
	take_held(u);
	count_drops(u);
}

void
vnm_udp_tick(struct vnm_udp *u)
{
	assert(u->magic == UDP_MAGIC);
	count_drops(u);
}

static bool
answer(const struct vnm_way_back *back, const struct vnm_datagram *d, const uint8_t *p, size_t n)
{
	const struct vnm_udp *u =
	    (const void *)((const char *)back - offsetof(struct vnm_udp, back));

	assert(u->magic == UDP_MAGIC);
	return vnm_pktinfo_answer(u->fd, d, p, n);
}

static size_t
real_buffer(int fd)
{
	int value = 0;
	socklen_t n = sizeof(value);

	(void)getsockopt(fd, SOL_SOCKET, SO_RCVBUF, &value, &n);
	return (size_t)value;
}

static void
free_listener(struct vnm_udp *u)
{
	u->magic = 0;
	vnm_option_release(vnm_listener_options, &u->o);
	vnm_free(u->octets);
	vnm_free(u);
}

/*
 * A socket that was handed over may have a smaller buffer than asked for. The kernel doubles
 * what is asked for, to account for its own needs.
 */
static void
settle_buffer(struct vnm_udp *u)
{
	int asked = u->o.rcvbuf < INT32_MAX / 2 ? (int)u->o.rcvbuf : INT32_MAX / 2;

	if (real_buffer(u->fd) / 2 < (size_t)asked)
		(void)setsockopt(u->fd, SOL_SOCKET, SO_RCVBUFFORCE, &asked, sizeof(asked));
	u->rcvbuf = real_buffer(u->fd);
	if (u->rcvbuf / 2 < (size_t)asked)
		vnm_warning("listener %s: receive buffer of %zu octets instead of %d; raise "
			    "net.core.rmem_max or give CAP_NET_ADMIN",
		    u->o.name, u->rcvbuf / 2, asked);
}

struct vnm_udp *
vnm_udp_open(const struct vnm_listener_options *o, int fd, struct event_base *base,
    const struct vnm_intake *intake, struct vnm_err *err)
{
	struct vnm_udp *u = vnm_alloc_zero(1, sizeof(*u));
	const int on = 1;

	if (u == NULL)
		goto no_memory;
	u->octets = vnm_alloc((size_t)SLOTS * SLOT_STRIDE);
	if (u->octets == NULL || vnm_option_copy(vnm_listener_options, &u->o, o) != 0)
		goto no_memory;
	u->magic = UDP_MAGIC;
	u->fd = fd;
	u->intake = intake;
	u->local = vnm_socket_local(fd);
	u->drops = read_drops(fd);
	u->now = vnm_clock_mono_ns;
	if (o->timestamps)
		(void)setsockopt(fd, SOL_SOCKET, SO_TIMESTAMPNS, &on, sizeof(on));
	u->back.send = answer;
	if (intake->answers)
		vnm_pktinfo_ask(fd);
	settle_buffer(u);
	set_up_slots(u);
	if (event_assign(&u->event, base, fd, EV_READ | EV_PERSIST, on_readable, u) != 0 ||
	    event_assign(&u->pace, base, -1, EV_PERSIST, on_pace, u) != 0 ||
	    event_assign(&u->rest, base, -1, 0, on_rest, u) != 0 || event_add(&u->event, NULL) != 0)
		goto no_memory;
	return u;

no_memory:
	vnm_err_text(err, "listener %s: not enough memory", o->name != NULL ? o->name : "");
	if (u != NULL)
		free_listener(u);
	close(fd);
	return NULL;
}

void
vnm_udp_reload(struct vnm_udp *u, const struct vnm_listener_options *o)
{
	assert(u->magic == UDP_MAGIC);
	vnm_socket_reload(&u->o, o);
}

void
vnm_udp_clock(struct vnm_udp *u, uint64_t (*now)(void))
{
	assert(u->magic == UDP_MAGIC);
	u->now = now;
}

size_t
vnm_udp_rcvbuf(const struct vnm_udp *u)
{
	assert(u->magic == UDP_MAGIC);
	return u->rcvbuf;
}

void
vnm_udp_close(struct vnm_udp *u)
{
	if (u == NULL)
		return;
	assert(u->magic == UDP_MAGIC);
	count_drops(u);
	event_del(&u->event);
	event_del(&u->pace);
	event_del(&u->rest);
	close(u->fd);
	free_listener(u);
}
