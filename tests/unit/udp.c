/*
 * collectors/udp.c and activation.c with real sockets on loopback: what the sender counted is
 * what was received, or what the kernel says it dropped.
 */
#include "unit.h"

#include "base/clock.h"
#include "capture.h"
#include "collectors/activation.h"

#include <arpa/inet.h>
#include <event2/event.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/eventfd.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <unistd.h>

struct bed {
	struct event_base *base;
	struct vnm_listener_options o;
	struct keeper k;
	struct vnm_err err;
	int fd;
	struct vnm_udp *u;
	uint16_t port;
};

static uint16_t
port_of(int fd)
{
	struct sockaddr_in6 sa;
	socklen_t n = sizeof(sa);

	if (getsockname(fd, (struct sockaddr *)&sa, &n) != 0)
		abort();
	return ntohs(sa.sin6_port); /* at the same place in sockaddr_in */
}

static char bed_name[] = "test";

static void
bed_begin(struct bed *b, const char *address, uint64_t rcvbuf)
{
	*b = (struct bed){.base = event_base_new(), .o.name = bed_name, .o.rcvbuf = rcvbuf};
	keeper_begin(&b->k);
	CU_ASSERT_TRUE_FATAL(vnm_addr_parse(&b->o.listen.at.addr, address));
	CU_ASSERT_EQUAL_FATAL(vnm_udp_bind(&b->o, false, &b->fd, &b->err), 0);
	b->port = port_of(b->fd);
}

static void
bed_open(struct bed *b)
{
	b->u = vnm_udp_open(&b->o, b->fd, b->base, &b->k.intake, &b->err);
	CU_ASSERT_PTR_NOT_NULL_FATAL(b->u);
}

static void
bed_end(struct bed *b)
{
	vnm_udp_close(b->u);
	event_base_free(b->base);
	keeper_end(&b->k);
}

/* A socket bound to an address of loopback. */
static int
sender(const char *from)
{
	struct sockaddr_in in = {.sin_family = AF_INET};
	struct sockaddr_in6 in6 = {.sin6_family = AF_INET6};
	bool ip4 = inet_pton(AF_INET, from, &in.sin_addr) == 1;
	int fd = socket(ip4 ? AF_INET : AF_INET6, SOCK_DGRAM, 0);

	if (!ip4 && inet_pton(AF_INET6, from, &in6.sin6_addr) != 1)
		abort();
	if (bind(fd, ip4 ? (void *)&in : (void *)&in6, ip4 ? sizeof(in) : sizeof(in6)) != 0)
		abort();
	return fd;
}

static void
send_to(int fd, const char *to, uint16_t port, const void *p, size_t n)
{
	struct sockaddr_in in = {.sin_family = AF_INET, .sin_port = htons(port)};
	struct sockaddr_in6 in6 = {.sin6_family = AF_INET6, .sin6_port = htons(port)};
	bool ip4 = inet_pton(AF_INET, to, &in.sin_addr) == 1;

	if (!ip4 && inet_pton(AF_INET6, to, &in6.sin6_addr) != 1)
		abort();
	if (sendto(fd, p, n, 0, ip4 ? (void *)&in : (void *)&in6, ip4 ? sizeof(in) : sizeof(in6)) !=
	    (ssize_t)n)
		abort();
}

static void
loop_until(struct bed *b, size_t messages)
{
	for (int i = 0; i < 1000 && b->k.n < messages; i++) {
		event_base_loop(b->base, EVLOOP_NONBLOCK);
		if (b->k.n < messages)
			usleep(1000);
	}
}

static void
test_sizes(void)
{
	static const size_t sizes[] = {0, 1, 1472, 1473, 9000, 65507};
	static uint8_t octets[65507];
	struct bed b;
	int fd = sender("127.0.0.3");

	for (size_t i = 0; i < sizeof(octets); i++)
		octets[i] = (uint8_t)(i * 7 + i / 256);
	for (int timestamps = 0; timestamps < 2; timestamps++) {
		bed_begin(&b, "127.0.0.1", 4 << 20);
		b.o.timestamps = timestamps;
		bed_open(&b);
		for (int round = 0; round < 3; round++) {
			for (size_t i = 0; i < VNM_ARRAY_LEN(sizes); i++)
				send_to(fd, "127.0.0.1", b.port, octets, sizes[i]);
		}
		loop_until(&b, 3 * VNM_ARRAY_LEN(sizes));
		CU_ASSERT_EQUAL_FATAL(b.k.n, 3 * VNM_ARRAY_LEN(sizes));
		uint64_t before = b.k.messages[0].d.rx_ns;
		for (size_t i = 0; i < b.k.n; i++) {
			const struct vnm_datagram *d = &b.k.messages[i].d;
			char text[VNM_ENDPOINT_TEXT];
			CU_ASSERT_TRUE(
			    keeper_has(&b.k, i, octets, sizes[i % VNM_ARRAY_LEN(sizes)]));
			CU_ASSERT_STRING_EQUAL(vnm_addr_text(&d->src.addr, text), "127.0.0.3");
			CU_ASSERT_STRING_EQUAL(vnm_addr_text(&d->dst.addr, text), "127.0.0.1");
			CU_ASSERT_EQUAL(d->src.port, port_of(fd));
			CU_ASSERT_EQUAL(d->dst.port, b.port);
			/* The wall clock may be put back in between. */
			CU_ASSERT_TRUE(d->rx_ns + VNM_NS_PER_S >= before);
			CU_ASSERT_TRUE(d->rx_ns / 1000000000 + 5 > (uint64_t)time(NULL));
			before = d->rx_ns;
		}
		CU_ASSERT_EQUAL(b.k.without_turn, 0);
		CU_ASSERT_EQUAL(b.k.counters.v[VNM_C_kernel_drops], 0);
		bed_end(&b);
	}
	close(fd);
}

static void
test_turns(void)
{
	struct bed b;
	int fd = sender("127.0.0.1");

	bed_begin(&b, "127.0.0.1", 4 << 20);
	bed_open(&b);
	for (int i = 0; i < 1000; i++)
		send_to(fd, "127.0.0.1", b.port, &i, sizeof(i));
	event_base_loop(b.base, EVLOOP_NONBLOCK | EVLOOP_ONCE);
	CU_ASSERT_TRUE(b.k.n <= VNM_TURN_DATAGRAMS);
	vnm_udp_drain(b.u);
	CU_ASSERT_EQUAL(b.k.n, 1000);
	CU_ASSERT_TRUE(b.k.longest_turn <= VNM_TURN_DATAGRAMS);
	for (int i = 0; i < 1000; i++)
		CU_ASSERT_TRUE(keeper_has(&b.k, (size_t)i, &i, sizeof(i)));
	bed_end(&b);
	close(fd);
}

/* The listener's clock: goes on by `step_ns` whenever it is looked at. */
static struct {
	uint64_t ns, step_ns;
} fake;

static uint64_t
fake_now(void)
{
	fake.ns += fake.step_ns;
	return fake.ns;
}

static int
look_at_event(const struct event_base *base, const struct event *event, void *timers)
{
	(void)base;
	*(unsigned *)timers += event_get_fd(event) < 0;
	return 0;
}

/* Whether a timer has the socket read: the listener has no other one. */
static bool
is_paced(const struct bed *b)
{
	unsigned timers = 0;

	event_base_foreach_event(b->base, look_at_event, &timers);
	return timers > 0;
}

/* Sends `count`, each `gap_ns` behind the one before; each makes a turn of its own. */
static void
one_by_one(struct bed *b, int fd, unsigned count, uint64_t gap_ns)
{
	for (unsigned i = 0; i < count; i++) {
		uint32_t number = (uint32_t)b->k.n;
		size_t turns = b->k.turns;

		fake.ns += gap_ns;
		send_to(fd, "127.0.0.1", b->port, &number, sizeof(number));
		event_base_loop(b->base, EVLOOP_NONBLOCK);
		CU_ASSERT_EQUAL(b->k.n, number + 1);
		CU_ASSERT_EQUAL(b->k.turns, turns + 1);
	}
}

/* Sends `count` at once, and has the loop read them: where a timer has it do so, in its time. */
static void
together(struct bed *b, int fd, unsigned count)
{
	for (unsigned i = 0; i < count; i++) {
		uint32_t number = (uint32_t)b->k.n + i;

		send_to(fd, "127.0.0.1", b->port, &number, sizeof(number));
	}
	event_base_loop(b->base, EVLOOP_ONCE | (is_paced(b) ? 0 : EVLOOP_NONBLOCK));
}

/* Fast and one by one: read by a timer soon. After silence each is read when it comes. */
static void
test_pace(void)
{
	enum { FAST = 249999, SLOW = 250000 }; /* ns */
	struct bed b;
	int fd = sender("127.0.0.1");

	fake.ns = VNM_NS_PER_S;
	fake.step_ns = 0;
	bed_begin(&b, "127.0.0.1", 4 << 20);
	bed_open(&b);
	vnm_udp_clock(b.u, fake_now);
	one_by_one(&b, fd, 100, SLOW);
	one_by_one(&b, fd, 7, FAST);
	one_by_one(&b, fd, 1, SLOW);
	one_by_one(&b, fd, 7, FAST);
	CU_ASSERT_FALSE(is_paced(&b));
	one_by_one(&b, fd, 1, FAST);
	CU_ASSERT_TRUE(is_paced(&b));

	for (unsigned i = 0; i < 3; i++) { /* a millisecond's datagrams are one turn */
		size_t n = b.k.n, turns = b.k.turns;

		together(&b, fd, 100);
		CU_ASSERT_EQUAL(b.k.n, n + 100);
		CU_ASSERT_EQUAL(b.k.turns, turns + 1);
		CU_ASSERT_TRUE(is_paced(&b));
	}
	together(&b, fd, 0);
	CU_ASSERT_FALSE(is_paced(&b));
	one_by_one(&b, fd, 8, FAST);
	CU_ASSERT_TRUE(is_paced(&b));
	together(&b, fd, VNM_TURN_DATAGRAMS); /* too many for a timer: there may be more */
	CU_ASSERT_FALSE(is_paced(&b));
	for (uint32_t i = 0; i < b.k.n; i++)
		CU_ASSERT_TRUE(keeper_has(&b.k, i, &i, sizeof(i)));
	CU_ASSERT_EQUAL(b.k.counters.v[VNM_C_kernel_drops], 0);
	bed_end(&b);

	/* A small buffer would not hold what comes meanwhile. */
	bed_begin(&b, "127.0.0.1", 65536);
	bed_open(&b);
	vnm_udp_clock(b.u, fake_now);
	one_by_one(&b, fd, 1000, FAST);
	CU_ASSERT_FALSE(is_paced(&b));
	bed_end(&b);
	close(fd);
}

/* Each message takes a millisecond of the listener's clock, and then the keeper has it. */
static void (*keep)(void *ctx, const struct vnm_datagram *d);

static void
on_slow(void *ctx, const struct vnm_datagram *d)
{
	fake.ns += VNM_NS_PER_MS;
	keep(ctx, d);
}

static void
on_other(evutil_socket_t fd, short what, void *ctx)
{
	unsigned *passes = ctx;

	(void)fd;
	(void)what;
	(*passes)++;
}

/* Messages that cost much: a turn ends with its time, others have theirs, and nothing is lost. */
static void
test_slow(void)
{
	enum { SENT = VNM_TURN_DATAGRAMS, TURN = VNM_TURN_NS / VNM_NS_PER_MS };
	struct bed b;
	int fd = sender("127.0.0.1");
	unsigned passes = 0;
	int ready = eventfd(1, EFD_CLOEXEC); /* nobody reads it */

	for (unsigned drained = 0; drained < 2; drained++) {
		bed_begin(&b, "127.0.0.1", 4 << 20);
		keep = b.k.intake.message;
		b.k.intake.message = on_slow;
		bed_open(&b);
		vnm_udp_clock(b.u, fake_now);
		fake.step_ns = 0;
		for (int i = 0; i < SENT; i++)
			send_to(fd, "127.0.0.1", b.port, &i, sizeof(i));
		struct event *other =
		    event_new(b.base, ready, EV_READ | EV_PERSIST, on_other, &passes);
		event_base_loop(b.base, EVLOOP_NONBLOCK | EVLOOP_ONCE);
		CU_ASSERT_EQUAL(b.k.n, TURN);
		event_add(other, NULL);
		passes = 0;
		if (drained)
			vnm_udp_drain(b.u);
		for (int i = 0; i < 10 * SENT && b.k.n < SENT; i++)
			event_base_loop(b.base, EVLOOP_NONBLOCK | EVLOOP_ONCE);
		CU_ASSERT_EQUAL_FATAL(b.k.n, SENT);
		CU_ASSERT(drained || passes >= SENT / TURN / 4);
		CU_ASSERT_EQUAL(b.k.longest_turn, TURN);
		CU_ASSERT_EQUAL(b.k.turns, SENT / TURN);
		CU_ASSERT_EQUAL(b.k.without_turn, 0);
		for (int i = 0; i < SENT; i++)
			CU_ASSERT_TRUE(keeper_has(&b.k, (size_t)i, &i, sizeof(i)));
		event_free(other);
		bed_end(&b);
	}
	close(ready);
	close(fd);
}

static void
on_slow_later(void *ctx, const struct vnm_datagram *d)
{
	const struct keeper *k = ctx;

	if (k->n < 8)
		keep(ctx, d);
	else
		on_slow(ctx, d);
}

/* Who answers may have to make keys, and that of whomever: the turn ends all the same. */
static void
test_slow_among_quick(void)
{
	enum { SENT = 24, TURN = VNM_TURN_NS / VNM_NS_PER_MS };
	struct bed b;
	int fd = sender("127.0.0.1");

	bed_begin(&b, "127.0.0.1", 4 << 20);
	keep = b.k.intake.message;
	b.k.intake.message = on_slow_later;
	b.k.intake.answers = true;
	bed_open(&b);
	vnm_udp_clock(b.u, fake_now);
	fake.step_ns = 0;
	for (int i = 0; i < SENT; i++)
		send_to(fd, "127.0.0.1", b.port, &i, sizeof(i));
	event_base_loop(b.base, EVLOOP_NONBLOCK | EVLOOP_ONCE);
	CU_ASSERT_EQUAL(b.k.n, 8 + TURN);
	for (int i = 0; i < 10 * SENT && b.k.n < SENT; i++)
		event_base_loop(b.base, EVLOOP_NONBLOCK | EVLOOP_ONCE);
	CU_ASSERT_EQUAL(b.k.n, SENT);
	CU_ASSERT_EQUAL(b.k.longest_turn, 8 + TURN);
	bed_end(&b);
	close(fd);
}

/* Who answers each message by another: the last turn finds as many as the first. */
static struct {
	int fd;
	uint16_t port;
	size_t sent;
} endless;

static void
on_endless(void *ctx, const struct vnm_datagram *d)
{
	uint8_t octets[100] = {0};

	send_to(endless.fd, "127.0.0.1", endless.port, octets, sizeof(octets));
	endless.sent++;
	on_slow(ctx, d);
}

/* A drain that ends before its sender does leaves nothing behind that the kernel has handed over.
 */
static void
test_endless(void)
{
	enum { FIRST = 70 }; /* more than one batch */
	uint8_t octets[100] = {0};
	size_t left = 0;
	struct bed b;

	bed_begin(&b, "127.0.0.1", 65536);
	keep = b.k.intake.message;
	b.k.intake.message = on_endless;
	bed_open(&b);
	vnm_udp_clock(b.u, fake_now);
	fake.step_ns = 0;
	endless.fd = sender("127.0.0.1");
	endless.port = b.port;
	for (endless.sent = 0; endless.sent < FIRST; endless.sent++)
		send_to(endless.fd, "127.0.0.1", b.port, octets, sizeof(octets));
	vnm_udp_drain(b.u);
	while (recv(b.fd, octets, sizeof(octets), MSG_DONTWAIT) > 0)
		left++;
	CU_ASSERT_EQUAL(left, FIRST);
	CU_ASSERT_EQUAL(b.k.n + left, endless.sent);
	CU_ASSERT_EQUAL(b.k.without_turn, 0);
	bed_end(&b);
	close(endless.fd);
}

static void
test_dual_stack(void)
{
	struct bed b;
	int fd4 = sender("127.0.0.9"), fd6 = sender("::1");
	char text[VNM_ADDR_TEXT];

	bed_begin(&b, "::", 1 << 20);
	bed_open(&b);
	send_to(fd4, "127.0.0.1", b.port, "four", 4);
	send_to(fd6, "::1", b.port, "six", 3);
	loop_until(&b, 2);
	CU_ASSERT_EQUAL_FATAL(b.k.n, 2);
	CU_ASSERT_STRING_EQUAL(vnm_addr_text(&b.k.messages[0].d.src.addr, text), "127.0.0.9");
	CU_ASSERT_STRING_EQUAL(vnm_addr_text(&b.k.messages[1].d.src.addr, text), "::1");
	bed_end(&b);
	close(fd4);
	close(fd6);
}

static void
test_allow(void)
{
	struct vnm_prefix prefixes[2];
	struct bed b;
	int good = sender("127.0.1.7"), bad = sender("127.0.2.7"), good6 = sender("::1");

	CU_ASSERT_TRUE(vnm_prefix_parse(&prefixes[0], "127.0.1.0/24"));
	CU_ASSERT_TRUE(vnm_prefix_parse(&prefixes[1], "::1"));
	bed_begin(&b, "::", 1 << 20);
	b.o.allow = (struct vnm_prefixes){prefixes, 2};
	bed_open(&b);
	for (int i = 0; i < 5; i++) {
		send_to(good, "127.0.0.1", b.port, "good", 4);
		send_to(bad, "127.0.0.1", b.port, "refused", 7);
		send_to(good6, "::1", b.port, "good", 4);
	}
	loop_until(&b, 10);
	vnm_udp_drain(b.u);
	CU_ASSERT_EQUAL(b.k.n, 10);
	CU_ASSERT_EQUAL(b.k.counters.messages, 5);
	CU_ASSERT_EQUAL(b.k.counters.failed[VNM_R_not_allowed], 5);
	CU_ASSERT_EQUAL(b.k.counters.outcome[VNM_OUTCOME_FAILED], 5);
	CU_ASSERT_EQUAL(b.k.counters.v[VNM_C_received_octets], 35);
	b.o.allow.n = 1; /* no IPv6 from now on; the listener has its own copy */
	vnm_udp_reload(b.u, &b.o);
	memset(prefixes, 0, sizeof(prefixes));
	send_to(good6, "::1", b.port, "refused", 7);
	send_to(good, "127.0.0.1", b.port, "good", 4);
	loop_until(&b, 11);
	CU_ASSERT_EQUAL(b.k.n, 11);
	CU_ASSERT_EQUAL(b.k.counters.failed[VNM_R_not_allowed], 6);
	bed_end(&b);
	close(good);
	close(bad);
	close(good6);
}

/* A buffer that is too small: every datagram sent was received or is counted as dropped. */
static void
test_drops(void)
{
	enum { SENT = 20000 };
	uint8_t octets[1000] = {0};
	struct bed b;
	int fd = sender("127.0.0.1");

	bed_begin(&b, "127.0.0.1", 32768);
	bed_open(&b);
	CU_ASSERT_EQUAL(vnm_udp_rcvbuf(b.u), 65536);
	for (int i = 0; i < SENT; i++) {
		send_to(fd, "127.0.0.1", b.port, octets, sizeof(octets));
		if (i % 1000 == 0)
			event_base_loop(b.base, EVLOOP_NONBLOCK);
	}
	vnm_udp_drain(b.u);
	CU_ASSERT_TRUE(b.k.n > 0);
	CU_ASSERT_TRUE(b.k.counters.v[VNM_C_kernel_drops] > 0);
	CU_ASSERT_EQUAL(b.k.n + b.k.counters.v[VNM_C_kernel_drops], SENT);
	bed_end(&b);

	/* Large datagrams fill the buffer before they fill a batch: the tick tells of them. */
	bed_begin(&b, "127.0.0.1", 32768);
	bed_open(&b);
	for (int i = 0; i < 1000; i++)
		send_to(fd, "127.0.0.1", b.port, octets, sizeof(octets));
	event_base_loop(b.base, EVLOOP_NONBLOCK);
	vnm_udp_tick(b.u);
	CU_ASSERT_TRUE(b.k.counters.v[VNM_C_kernel_drops] > 0);
	CU_ASSERT_EQUAL(b.k.n + b.k.counters.v[VNM_C_kernel_drops], 1000);
	bed_end(&b);

	/* What a socket dropped before it was handed over is not ours. */
	bed_begin(&b, "127.0.0.1", 32768);
	for (int i = 0; i < 1000; i++)
		send_to(fd, "127.0.0.1", b.port, octets, sizeof(octets));
	bed_open(&b);
	vnm_udp_drain(b.u);
	CU_ASSERT_TRUE(b.k.n > 0 && b.k.n < 1000);
	CU_ASSERT_EQUAL(b.k.counters.v[VNM_C_kernel_drops], 0);
	bed_end(&b);
	close(fd);
}

/* Each allocation fails in turn: no listener and no leak, or one that works. */
static void
test_memory(void)
{
	struct bed b;

	bed_begin(&b, "127.0.0.1", 1 << 20);
	size_t used = vnm_alloc_used();
	for (uint64_t n = 1; n <= 4; n++) {
		vnm_alloc_fail_at(0);
		vnm_alloc_fail_at(n);
		b.u = vnm_udp_open(&b.o, dup(b.fd), b.base, &b.k.intake, &b.err);
		vnm_alloc_fail_at(0);
		CU_ASSERT_PTR_NULL(b.u);
		CU_ASSERT_PTR_NOT_NULL(strstr(b.err.text, "memory"));
		CU_ASSERT_EQUAL(vnm_alloc_used(), used);
	}
	bed_open(&b);
	bed_end(&b);
}

static void
test_bind_errors(void)
{
	struct bed b;
	struct vnm_listener_options o;
	char want[64];
	int fd;

	bed_begin(&b, "127.0.0.1", 1 << 20);
	bed_open(&b);
	o = b.o;
	o.listen.at.port = b.port;
	CU_ASSERT_EQUAL(vnm_udp_bind(&o, false, &fd, &b.err), -1);
	snprintf(want, sizeof(want), "ss -ulpn 'sport = :%u'", b.port);
	CU_ASSERT_PTR_NOT_NULL(strstr(b.err.text, want));
	CU_ASSERT_PTR_NOT_NULL(strstr(b.err.text, "listener test"));
	CU_ASSERT_TRUE(vnm_addr_parse(&o.listen.at.addr, "203.0.113.77"));
	CU_ASSERT_EQUAL(vnm_udp_bind(&o, false, &fd, &b.err), -1);
	CU_ASSERT_PTR_NOT_NULL(strstr(b.err.text, "not an address of this host"));
	bed_end(&b);
}

/* ---- workers ---- */

#define WORKERS 3
#define SOURCES 60

/* Opens a reuseport group that is steered by address: one bed a worker, all of one port. */
static void
group_begin(struct bed *beds, const char *address)
{
	for (int i = 0; i < WORKERS; i++) {
		struct bed *b = &beds[i];

		*b = (struct bed){.base = event_base_new(), .o.rcvbuf = 1 << 20};
		keeper_begin(&b->k);
		CU_ASSERT_TRUE_FATAL(vnm_addr_parse(&b->o.listen.at.addr, address));
		b->o.listen.at.port = i > 0 ? beds[0].port : 0;
		CU_ASSERT_EQUAL_FATAL(vnm_udp_bind(&b->o, true, &b->fd, &b->err), 0);
		b->port = port_of(b->fd);
	}
	CU_ASSERT_EQUAL_FATAL(vnm_listener_steer(beds[0].fd, WORKERS, &beds[0].err), 0);
	for (int i = 0; i < WORKERS; i++)
		bed_open(&beds[i]);
}

/*
 * `count` messages have come: each source's, from several ports, to one worker, and every
 * worker has some.
 */
static void
group_check(struct bed *beds, size_t count)
{
	struct vnm_addr seen[2 * SOURCES];
	int worker[2 * SOURCES];
	size_t n = 0, came = 0;

	for (int w = 0; w < WORKERS; w++) {
		vnm_udp_drain(beds[w].u);
		CU_ASSERT_TRUE(beds[w].k.n >= count / WORKERS / 3);
		came += beds[w].k.n;
		for (size_t m = 0; m < beds[w].k.n; m++) {
			const struct vnm_addr *a = &beds[w].k.messages[m].d.src.addr;
			size_t i = 0;

			while (i < n && !vnm_addr_equal(&seen[i], a))
				i++;
			if (i == n) {
				CU_ASSERT_TRUE_FATAL(n < VNM_ARRAY_LEN(seen));
				seen[n] = *a;
				worker[n++] = w;
			}
			CU_ASSERT_EQUAL(worker[i], w);
		}
		bed_end(&beds[w]);
	}
	CU_ASSERT_EQUAL(came, count);
	CU_ASSERT_EQUAL(n, SOURCES);
}

static void
test_steer_ip4(void)
{
	static const char *const listen[] = {"127.0.0.1", "0.0.0.0", "::"};
	struct bed beds[WORKERS];
	char from[32];

	for (size_t l = 0; l < VNM_ARRAY_LEN(listen); l++) {
		group_begin(beds, listen[l]);
		for (int i = 0; i < SOURCES; i++) {
			snprintf(from, sizeof(from), "127.1.0.%d", i + 1);
			for (int ports = 0; ports < 4; ports++) {
				int fd = sender(from);
				send_to(fd, "127.0.0.1", beds[0].port, "x", 1);
				close(fd);
			}
		}
		group_check(beds, 4 * SOURCES);
	}
}

/*
 * IPv6 has one loopback address, but packets of others can be written there by hand: UDP with
 * its checksum over a raw socket, which needs privileges.
 */
static bool
send_from(const char *from, uint16_t sport, uint16_t port)
{
	struct sockaddr_in6 to = {.sin6_family = AF_INET6};
	struct flow f = flow_of(from, sport, "::1", port);
	struct vnm_buffer b = {0};
	uint32_t sum = 9 + 17; /* the pseudo-header's length and protocol */
	int fd = socket(AF_INET6, SOCK_RAW, IPPROTO_RAW);

	if (fd < 0)
		return false;
	to.sin6_addr.s6_addr[15] = 1;
	put_udp(&b, &f, "x", 1);
	for (size_t i = 8; i < b.n; i++) /* addresses, UDP header, data (RFC 8200 section 8.1) */
		sum += i % 2 == 0 ? (uint32_t)b.p[i] << 8 : b.p[i];
	sum = (sum >> 16) + (sum & 0xffff);
	sum = ~((sum >> 16) + sum);
	b.p[46] = (uint8_t)(sum >> 8);
	b.p[47] = (uint8_t)sum;
	bool sent = sendto(fd, b.p, b.n, 0, (void *)&to, sizeof(to)) == (ssize_t)b.n;
	vnm_buffer_free(&b);
	close(fd);
	return sent;
}

/* Sources that differ in one of the address's four words only. */
static void
test_steer_ip6(void)
{
	static const char *const forms[][2] = {
	    {"20", ":db8::1"}, {"2001:db8:", "::1"}, {"2001:db8:1:2:3:", "::"}, {"2001:db8::", ""}};
	struct bed beds[WORKERS];
	char from[64];
	bool able = true;

	for (size_t form = 0; able && form < VNM_ARRAY_LEN(forms); form++) {
		group_begin(beds, "::");
		for (int i = 0; able && i < SOURCES; i++) {
			snprintf(
			    from, sizeof(from), "%s%02x%s", forms[form][0], i + 1, forms[form][1]);
			for (uint16_t ports = 0; ports < 4; ports++)
				able = send_from(from, (uint16_t)(5000 + ports), beds[0].port);
		}
		if (able) {
			group_check(beds, 4 * SOURCES);
			continue;
		}
		printf("(not run: needs CAP_NET_RAW) ");
		for (int w = 0; w < WORKERS; w++)
			bed_end(&beds[w]);
	}
}

/* ---- activation ---- */

/* In a child: its descriptors 3 and 4 are a UDP and a TCP socket, as from systemd. */
static int
activated(uint16_t udp_port, const char *names)
{
	struct vnm_listener_options named = {.name = (char[]){"edge"}};
	struct vnm_listener_options other = {
	    .name = (char[]){"other"}, .listen.transport = VNM_TRANSPORT_TCP};
	struct vnm_activation a;
	struct vnm_err err;
	char pid[16];
	unsigned i = 0;

	snprintf(pid, sizeof(pid), "%d", (int)getpid());
	setenv("LISTEN_PID", pid, 1);
	setenv("LISTEN_FDS", "2", 1);
	setenv("LISTEN_FDNAMES", names, 1);
	if (vnm_activation_read(&a, &err) != 0 || a.n != 2 || getenv("LISTEN_FDS") != NULL)
		return 1;
	named.listen.at.port = udp_port;
	(void)vnm_addr_parse(&named.listen.at.addr, "127.0.0.1");
	named.listen.transport = VNM_TRANSPORT_TCP; /* of that name, but of the other sort */
	if (vnm_activation_take(&a, &named) != -1)
		return 5;
	named.listen.transport = VNM_TRANSPORT_UDP;
	if (vnm_activation_take(&a, &named) != 3 || vnm_activation_take(&a, &named) != -1)
		return 2;
	if (vnm_activation_take(&a, &other) != -1)
		return 3;
	const struct vnm_activated *left = vnm_activation_left(&a, &i);
	if (left == NULL || left->fd != 4 || !left->stream || vnm_activation_left(&a, &i) != NULL)
		return 4;
	vnm_activation_free(&a);
	return 0;
}

static void
test_activation(void)
{
	static const char *const names[] = {"edge:peers", "vnmcd.socket:vnmcd.socket"};

	for (size_t i = 0; i < VNM_ARRAY_LEN(names); i++) {
		int status = -1;
		pid_t child = fork();

		CU_ASSERT_TRUE_FATAL(child >= 0);
		if (child == 0) {
			struct sockaddr_in in = {.sin_family = AF_INET};
			int udp = sender("127.0.0.1"), tcp = socket(AF_INET, SOCK_STREAM, 0);

			in.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
			if (bind(tcp, (void *)&in, sizeof(in)) != 0)
				_exit(9);
			tcp = dup2(tcp, 14);
			udp = dup2(udp, 13);
			dup2(udp, 3);
			dup2(tcp, 4);
			_exit(activated(port_of(3), names[i]));
		}
		CU_ASSERT_EQUAL(waitpid(child, &status, 0), child);
		CU_ASSERT_TRUE(WIFEXITED(status));
		CU_ASSERT_EQUAL(WEXITSTATUS(status), 0);
	}
}

/* What is meant for another process is left alone. */
static void
test_not_activated(void)
{
	struct vnm_activation a;
	struct vnm_err err;

	setenv("LISTEN_PID", "1", 1);
	setenv("LISTEN_FDS", "2", 1);
	CU_ASSERT_EQUAL(vnm_activation_read(&a, &err), 0);
	CU_ASSERT_EQUAL(a.n, 0);
	vnm_activation_free(&a);
}

CU_TestInfo suite_udp[] = {{"datagrams of all sizes", test_sizes}, {"turns", test_turns},
    {"pace", test_pace}, {"slow messages", test_slow},
    {"costly messages among others", test_slow_among_quick}, {"endless", test_endless},
    {"IPv4 and IPv6 on one socket", test_dual_stack}, {"allowed sources", test_allow},
    {"drops", test_drops}, {"short memory", test_memory}, {"bind errors", test_bind_errors},
    {"workers by IPv4 address", test_steer_ip4}, {"workers by IPv6 address", test_steer_ip6},
    {"socket activation", test_activation}, {"no socket activation", test_not_activated},
    CU_TEST_INFO_NULL};
