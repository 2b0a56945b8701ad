/*
 * collectors/tcp.c with real connections on loopback: what was written, however it was cut, is
 * what comes out, and every stream has its end.
 */
#include "unit.h"

#include "capture.h"
#include "base/clock.h"

#include <arpa/inet.h>
#include <errno.h>
#include <event2/event.h>
#include <fcntl.h>
#include <stdlib.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <unistd.h>

struct bed {
	struct event_base *base;
	struct vnm_listener_options o;
	struct keeper k;
	struct vnm_err err;
	struct vnm_tcp *t;
	uint16_t port;
};

/* The tests' own protocol: length of the message in four octets, 0xa5, anything. */
static size_t
frame(const uint8_t *p, size_t n)
{
	if (n < 5)
		return 0;
	size_t size = (size_t)p[0] << 24 | (size_t)p[1] << 16 | (size_t)p[2] << 8 | p[3];
	return p[4] == 0xa5 && size >= 5 ? size : VNM_FRAME_BAD;
}

static void
put_message(struct vnm_buffer *b, size_t n)
{
	put32(b, (uint32_t)n);
	put(b, "\xa5", 1);
	for (size_t i = 5; i < n; i++)
		put(b, &(uint8_t){(uint8_t)random()}, 1);
}

static char bed_name[] = "test";

static void
bed_begin(struct bed *b, const char *address)
{
	struct sockaddr_in6 sa;
	socklen_t n = sizeof(sa);
	int fd;

	*b = (struct bed){.base = event_base_new(),
	    .o.name = bed_name,
	    .o.connections = 100,
	    .o.memory = 64 << 20};
	keeper_begin(&b->k);
	b->k.intake.frame = frame;
	CU_ASSERT_TRUE_FATAL(vnm_addr_parse(&b->o.listen.at.addr, address));
	b->o.listen.transport = VNM_TRANSPORT_TCP;
	CU_ASSERT_EQUAL_FATAL(vnm_tcp_bind(&b->o, false, &fd, &b->err), 0);
	if (getsockname(fd, (struct sockaddr *)&sa, &n) != 0)
		abort();
	b->port = ntohs(sa.sin6_port);
	const struct vnm_tcp_config config = {
	    .options = &b->o, .fd = fd, .base = b->base, .intake = &b->k.intake, .workers = 1};
	b->t = vnm_tcp_open(&config, &b->err);
	CU_ASSERT_PTR_NOT_NULL_FATAL(b->t);
}

static void
bed_end(struct bed *b)
{
	vnm_tcp_close(b->t);
	event_base_free(b->base);
	keeper_end(&b->k);
}

/* One pass of the loop. */
static void
turn(struct bed *b)
{
	event_base_loop(b->base, EVLOOP_NONBLOCK | EVLOOP_ONCE);
}

static int
dial_from(struct bed *b, const char *from)
{
	struct sockaddr_in at = {.sin_family = AF_INET};
	int fd = socket(AF_INET, SOCK_STREAM, 0);

	if (inet_pton(AF_INET, from, &at.sin_addr) != 1 || bind(fd, (void *)&at, sizeof(at)) != 0)
		abort();
	at.sin_port = htons(b->port);
	at.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
	if (connect(fd, (void *)&at, sizeof(at)) != 0)
		abort();
	turn(b);
	return fd;
}

static int
dial(struct bed *b)
{
	return dial_from(b, "127.0.0.1");
}

/* Writes all of it while the listener reads. */
static void
write_all(struct bed *b, int fd, const uint8_t *p, size_t n)
{
	fcntl(fd, F_SETFL, O_NONBLOCK);
	while (n > 0) {
		ssize_t wrote = send(fd, p, n, MSG_NOSIGNAL);
		if (wrote > 0) {
			p += wrote;
			n -= (size_t)wrote;
		}
		turn(b);
	}
}

/* Until there are so many messages and ends; at most two seconds. */
static void
turn_until(struct bed *b, size_t messages, size_t ends)
{
	for (int i = 0; i < 2000 && (b->k.n < messages || b->k.ends_n < ends); i++) {
		turn(b);
		usleep(1000);
	}
	CU_ASSERT_EQUAL(b->k.n, messages);
	CU_ASSERT_EQUAL(b->k.ends_n, ends);
}

static bool
is_closed(int fd)
{
	uint8_t octet;

	for (int i = 0; i < 100; i++) {
		ssize_t n = recv(fd, &octet, 1, MSG_DONTWAIT);
		if (n == 0 || (n < 0 && errno != EAGAIN))
			return true;
		usleep(1000);
	}
	return false;
}

/* Every message of the buffer, in order. */
static void
check_messages(struct bed *b, const struct vnm_buffer *sent)
{
	size_t at = 0, i = 0;

	for (; at < sent->n; i++) {
		size_t n = frame(sent->p + at, sent->n - at);
		if (!keeper_has(&b->k, i, sent->p + at, n))
			CU_FAIL_FATAL("another message, or none");
		at += n;
	}
	CU_ASSERT_EQUAL(b->k.n, i);
}

static void
test_every_split(void)
{
	struct vnm_buffer sent = {0};
	struct bed b;

	put_message(&sent, 5);
	put_message(&sent, 11);
	put_message(&sent, 8);
	for (size_t split = 1; split < sent.n; split++) {
		bed_begin(&b, "127.0.0.1");
		int fd = dial(&b);
		write_all(&b, fd, sent.p, split);
		write_all(&b, fd, sent.p + split, sent.n - split);
		close(fd);
		turn_until(&b, 3, 1);
		check_messages(&b, &sent);
		CU_ASSERT_EQUAL(b.k.without_turn, 0);
		CU_ASSERT_EQUAL(b.k.counters.messages, 0);
		bed_end(&b);
	}
	vnm_buffer_free(&sent);
}

/* Small and large messages, in writes of random sizes, over IPv6's and IPv4's any. */
static void
test_mass(void)
{
	struct vnm_buffer sent = {0};
	char text[VNM_ADDR_TEXT];
	struct bed b;

	for (int i = 0; i < 3000; i++)
		put_message(&sent, 5 + (size_t)random() % (i % 100 == 0 ? 300000 : 400));
	put_message(&sent, 1 << 20);
	bed_begin(&b, "::");
	int fd = dial_from(&b, "127.0.0.5");
	for (size_t at = 0; at < sent.n;) {
		size_t n = 1 + (size_t)random() % 50000;
		n = n < sent.n - at ? n : sent.n - at;
		write_all(&b, fd, sent.p + at, n);
		at += n;
	}
	turn_until(&b, 3001, 0);
	check_messages(&b, &sent);
	CU_ASSERT_TRUE(b.k.longest_turn <= VNM_TURN_DATAGRAMS);
	const struct vnm_datagram *d = &b.k.messages[0].d;
	CU_ASSERT_EQUAL(d->transport, VNM_TRANSPORT_TCP);
	CU_ASSERT_STRING_EQUAL(vnm_addr_text(&d->src.addr, text), "127.0.0.5");
	CU_ASSERT_STRING_EQUAL(vnm_addr_text(&d->dst.addr, text), "127.0.0.1");
	CU_ASSERT_EQUAL(d->dst.port, b.port);
	close(fd);
	turn_until(&b, 3001, 1);
	CU_ASSERT_EQUAL(b.k.ends[0].d.session, d->session);
	bed_end(&b);
	vnm_buffer_free(&sent);
}

/* Room goes when all that was sent has been read, but not yet handed over. */
static void
test_room_between_turns(void)
{
	struct vnm_buffer sent = {0};
	struct bed b;

	for (int i = 0; i < 1000; i++)
		put_message(&sent, 20);
	bed_begin(&b, "127.0.0.1");
	int fd = dial(&b);
	if (send(fd, sent.p, sent.n, MSG_NOSIGNAL) != (ssize_t)sent.n)
		abort();
	for (int i = 0; i < 1000 && b.k.n == 0; i++)
		turn(&b);
	CU_ASSERT_TRUE(b.k.n < 1000);
	b.k.no_room = 3;
	turn_until(&b, 1000, 0);
	check_messages(&b, &sent);
	close(fd);
	turn_until(&b, 1000, 1);
	bed_end(&b);
	vnm_buffer_free(&sent);
}

/* Room goes in the middle of a turn: not one message more, until the end of all. */
static void
test_room_in_a_turn(void)
{
	struct vnm_buffer sent = {0};
	struct bed b;

	for (int i = 0; i < 1000; i++)
		put_message(&sent, 20);
	bed_begin(&b, "127.0.0.1");
	b.k.room_for = 10;
	int fd = dial(&b);
	if (send(fd, sent.p, sent.n, MSG_NOSIGNAL) != (ssize_t)sent.n)
		abort();
	turn_until(&b, 10, 0);
	for (int i = 0; i < 20; i++) {
		turn(&b);
		usleep(1000);
	}
	CU_ASSERT_EQUAL(b.k.n, 10);
	b.k.room_for = 200;
	turn_until(&b, 200, 0);
	for (int i = 0; i < 20; i++)
		turn(&b);
	CU_ASSERT_EQUAL(b.k.n, 200);
	vnm_tcp_drain(b.t);
	check_messages(&b, &sent);
	close(fd);
	bed_end(&b);
	vnm_buffer_free(&sent);
}

/* A connection on which much came does not keep the loop: one pass, one turn of each. */
static void
test_one_turn_a_pass(void)
{
	struct vnm_buffer sent = {0};
	struct bed b;

	for (int i = 0; i < 4000; i++)
		put_message(&sent, 10);
	bed_begin(&b, "127.0.0.1");
	int fd = dial(&b);
	if (send(fd, sent.p, sent.n, MSG_NOSIGNAL) != (ssize_t)sent.n)
		abort();
	while (b.k.n < 4000) {
		size_t before = b.k.n;
		turn(&b);
		if (b.k.n - before > VNM_TURN_DATAGRAMS)
			CU_FAIL_FATAL("more than a turn");
	}
	close(fd);
	turn_until(&b, 4000, 1);
	bed_end(&b);
	vnm_buffer_free(&sent);
}

/* Many messages at once: other connections are served in between. */
static void
test_fair(void)
{
	struct vnm_buffer sent = {0};
	struct bed b;

	for (int i = 0; i < 2000; i++)
		put_message(&sent, 10);
	bed_begin(&b, "127.0.0.1");
	int fd[2] = {dial(&b), dial(&b)};
	for (int i = 0; i < 2; i++) {
		if (send(fd[i], sent.p, sent.n, MSG_NOSIGNAL) != (ssize_t)sent.n)
			abort();
	}
	turn_until(&b, 4000, 0);
	CU_ASSERT_TRUE(b.k.longest_turn <= VNM_TURN_DATAGRAMS);
	size_t first = 0;
	for (size_t i = 0; i < 4000; i++)
		first += b.k.messages[i].d.session == b.k.messages[0].d.session;
	CU_ASSERT_EQUAL(first, 2000);
	for (size_t i = 0; i + 2 * VNM_TURN_DATAGRAMS < 4000; i += 2 * VNM_TURN_DATAGRAMS) {
		size_t changes = 0;
		for (size_t k = i; k < i + 2 * VNM_TURN_DATAGRAMS; k++)
			changes += b.k.messages[k].d.session != b.k.messages[k + 1].d.session;
		CU_ASSERT_TRUE(changes > 0);
	}
	close(fd[0]);
	close(fd[1]);
	turn_until(&b, 4000, 2);
	bed_end(&b);
	vnm_buffer_free(&sent);
}

static void (*keep)(void *ctx, const struct vnm_datagram *d);

static void
on_slow(void *ctx, const struct vnm_datagram *d)
{
	keep(ctx, d);
	usleep(VNM_TURN_NS / 2 / VNM_NS_PER_US);
}

/* Messages that are answered may cost much: a turn ends with its time, not after so many. */
static void
test_slow_messages(void)
{
	struct vnm_buffer sent = {0};
	struct bed b;

	for (int i = 0; i < 50; i++)
		put_message(&sent, 10);
	bed_begin(&b, "127.0.0.1");
	keep = b.k.intake.message;
	b.k.intake.message = on_slow;
	b.k.intake.answers = true;
	int fd = dial(&b);
	write_all(&b, fd, sent.p, sent.n);
	turn_until(&b, 50, 0);
	check_messages(&b, &sent);
	CU_ASSERT_TRUE(b.k.longest_turn <= 3);
	close(fd);
	turn_until(&b, 50, 1);
	bed_end(&b);
	vnm_buffer_free(&sent);
}

/* A message that the end of its stream cuts off is handed over as it is. */
static void
test_cut_off(void)
{
	struct vnm_buffer sent = {0};
	struct bed b;

	put_message(&sent, 100);
	bed_begin(&b, "127.0.0.1");
	int fd = dial(&b);
	write_all(&b, fd, sent.p, 60);
	close(fd);
	turn_until(&b, 1, 1);
	CU_ASSERT_TRUE(keeper_has(&b.k, 0, sent.p, 60));
	fd = dial(&b);
	write_all(&b, fd, sent.p, 100);
	write_all(&b, fd, sent.p, 7);
	const struct linger reset = {1, 0};
	setsockopt(fd, SOL_SOCKET, SO_LINGER, &reset, sizeof(reset));
	close(fd);
	turn_until(&b, 3, 2);
	CU_ASSERT_TRUE(keeper_has(&b.k, 2, sent.p, 7));
	CU_ASSERT_EQUAL(b.k.counters.connections[VNM_R_connection_lost], 1);
	CU_ASSERT_EQUAL(b.k.without_turn, 0);
	CU_ASSERT_EQUAL(vnm_tcp_connections(b.t), 0);
	bed_end(&b);
	vnm_buffer_free(&sent);
}

static void
test_bad_framing(void)
{
	struct vnm_buffer sent = {0};
	struct bed b;

	put_message(&sent, 50);
	put(&sent, "garbage", 7);
	bed_begin(&b, "127.0.0.1");
	int fd = dial(&b);
	write_all(&b, fd, sent.p, sent.n);
	turn_until(&b, 1, 1);
	CU_ASSERT_TRUE(is_closed(fd));
	CU_ASSERT_EQUAL(b.k.counters.messages, 1);
	CU_ASSERT_EQUAL(b.k.counters.failed[VNM_R_bad_length], 1);
	CU_ASSERT_EQUAL(b.k.counters.connections[VNM_R_bad_length], 1);
	CU_ASSERT_EQUAL(b.k.counters.v[VNM_C_received_octets], 7);
	close(fd);
	sent.n = 0;
	put_message(&sent, 5);
	sent.p[1] = 0xff; /* 16 MB */
	fd = dial(&b);
	write_all(&b, fd, sent.p, sent.n);
	turn_until(&b, 1, 1);
	CU_ASSERT_TRUE(is_closed(fd));
	CU_ASSERT_EQUAL(b.k.counters.failed[VNM_R_bad_length], 2);
	CU_ASSERT_EQUAL(vnm_tcp_connections(b.t), 0);
	close(fd);
	bed_end(&b);
	vnm_buffer_free(&sent);
}

/* Without room nothing is read, and the sender is made to wait; nothing is lost. */
static void
test_room(void)
{
	enum { MESSAGES = 300, OCTETS = 65536 };
	struct vnm_buffer sent = {0};
	struct bed b;
	size_t wrote = 0;

	for (int i = 0; i < MESSAGES; i++)
		put_message(&sent, OCTETS);
	bed_begin(&b, "127.0.0.1");
	int fd = dial(&b);
	fcntl(fd, F_SETFL, O_NONBLOCK);
	b.o.idle = 20000000; /* but what waits for room is not silent */
	vnm_tcp_reload(b.t, &b.o, NULL);
	b.k.no_room = UINT32_MAX;
	for (int i = 0; i < 200; i++) {
		ssize_t n = send(fd, sent.p + wrote, sent.n - wrote, MSG_NOSIGNAL);
		wrote += n > 0 ? (size_t)n : 0;
		turn(&b);
		usleep(500);
	}
	CU_ASSERT_TRUE(wrote < sent.n);
	CU_ASSERT_EQUAL(b.k.n, 0);
	b.o.idle = 0;
	vnm_tcp_reload(b.t, &b.o, NULL);
	b.k.no_room = 20; /* a few more times */
	write_all(&b, fd, sent.p + wrote, sent.n - wrote);
	turn_until(&b, MESSAGES, 0);
	check_messages(&b, &sent);
	close(fd);
	turn_until(&b, MESSAGES, 1);
	bed_end(&b);
	vnm_buffer_free(&sent);
}

static void
test_limits(void)
{
	struct vnm_prefix prefix;
	struct bed b;

	bed_begin(&b, "127.0.0.1");
	b.o.connections = 2;
	vnm_tcp_reload(b.t, &b.o, NULL);
	int a = dial(&b), c = dial(&b), refused = dial(&b);
	CU_ASSERT_EQUAL(vnm_tcp_connections(b.t), 2);
	CU_ASSERT_TRUE(is_closed(refused));
	CU_ASSERT_EQUAL(b.k.counters.connections[VNM_R_connection_limit], 1);
	CU_ASSERT_EQUAL(b.k.counters.v[VNM_C_connections], 2);
	close(a);
	for (int i = 0; i < 1000 && vnm_tcp_connections(b.t) == 2; i++)
		turn(&b);
	int again = dial(&b);
	CU_ASSERT_EQUAL(vnm_tcp_connections(b.t), 2);
	CU_ASSERT_TRUE(vnm_prefix_parse(&prefix, "127.0.9.0/24"));
	b.o.connections = 100;
	b.o.allow = (struct vnm_prefixes){&prefix, 1};
	vnm_tcp_reload(b.t, &b.o, NULL);
	memset(&prefix, 0, sizeof(prefix)); /* the listener has its own copy */
	int foreign = dial(&b), allowed = dial_from(&b, "127.0.9.1");
	CU_ASSERT_TRUE(is_closed(foreign));
	CU_ASSERT_EQUAL(vnm_tcp_connections(b.t), 3);
	CU_ASSERT_EQUAL(b.k.counters.failed[VNM_R_not_allowed], 1);
	CU_ASSERT_EQUAL(b.k.counters.connections[VNM_R_not_allowed], 1);
	CU_ASSERT_EQUAL(b.k.n + b.k.ends_n, 0);
	close(c);
	close(refused);
	close(again);
	close(foreign);
	close(allowed);
	bed_end(&b);
}

/* One address may not take all that others could have. */
static void
test_source_limit(void)
{
	int fds[12];
	struct bed b;

	bed_begin(&b, "127.0.0.1");
	b.o.source_connections = 2;
	vnm_tcp_reload(b.t, &b.o, NULL);
	for (int i = 0; i < 12; i++)
		fds[i] = dial_from(&b, i % 3 == 0 ? "127.0.0.1" : "127.0.0.2");
	CU_ASSERT_EQUAL(vnm_tcp_connections(b.t), 4);
	CU_ASSERT_EQUAL(b.k.counters.connections[VNM_R_source_limit], 8);
	for (int i = 0; i < 12; i++) {
		CU_ASSERT_EQUAL(is_closed(fds[i]), i != 0 && i != 1 && i != 2 && i != 3);
		close(fds[i]);
	}
	for (int i = 0; i < 1000 && vnm_tcp_connections(b.t) > 0; i++)
		turn(&b);
	int again = dial_from(&b, "127.0.0.2");
	CU_ASSERT_EQUAL(vnm_tcp_connections(b.t), 1);
	CU_ASSERT_EQUAL(b.k.counters.v[VNM_C_connections], 1);
	close(again);
	bed_end(&b);
}

/* A message that comes octet by octet is given up; the time between messages counts for nothing. */
static void
test_slow_sender(void)
{
	struct vnm_buffer slow_sent = {0}, sent = {0};
	struct bed b;
	int ms = 0;

	put_message(&slow_sent, 2000);
	put_message(&sent, 20);
	bed_begin(&b, "127.0.0.1");
	b.o.message_timeout = 200000000; /* 200 ms */
	vnm_tcp_reload(b.t, &b.o, NULL);
	int slow = dial(&b), steady = dial(&b), silent = dial(&b);
	write_all(&b, silent, sent.p, sent.n);
	for (; vnm_tcp_connections(b.t) == 3 && ms < 1500; ms++) {
		write_all(&b, slow, slow_sent.p + ms, 1);
		write_all(&b, steady, sent.p, 11); /* begun most of the time, but another one */
		usleep(1000);
		write_all(&b, steady, sent.p + 11, 9);
	}
	CU_ASSERT_TRUE(ms > 50 && ms < 1500);
	CU_ASSERT_TRUE(is_closed(slow));
	CU_ASSERT_EQUAL(vnm_tcp_connections(b.t), 2);
	CU_ASSERT_EQUAL(b.k.counters.failed[VNM_R_message_timeout], 1);
	CU_ASSERT_EQUAL(b.k.counters.connections[VNM_R_message_timeout], 1);
	CU_ASSERT_EQUAL(b.k.n, (size_t)ms + 1);
	close(slow);
	close(steady);
	close(silent);
	bed_end(&b);
	vnm_buffer_free(&slow_sent);
	vnm_buffer_free(&sent);
}

/* Nobody is to blame for the time in which we did not read. */
static void
test_slow_for_want_of_room(void)
{
	struct vnm_buffer sent = {0};
	struct bed b;

	put_message(&sent, 2000);
	bed_begin(&b, "127.0.0.1");
	b.o.message_timeout = b.o.idle = 100000000; /* 100 ms */
	vnm_tcp_reload(b.t, &b.o, NULL);
	int fd = dial(&b);
	write_all(&b, fd, sent.p, 1000);
	b.k.no_room = UINT32_MAX;
	for (int i = 0; i < 300; i++) {
		write_all(&b, fd, sent.p + 1000 + i, 1);
		usleep(1000);
	}
	CU_ASSERT_EQUAL(b.k.counters.v[VNM_C_connections_paused], 1);
	b.k.no_room = 0;
	write_all(&b, fd, sent.p + 1300, 700);
	turn_until(&b, 1, 0);
	check_messages(&b, &sent);
	CU_ASSERT_EQUAL(b.k.counters.v[VNM_C_connections_paused], 0);
	CU_ASSERT_TRUE(b.k.counters.v[VNM_C_paused_ns] > 200000000);
	close(fd);
	turn_until(&b, 1, 1);
	bed_end(&b);
	vnm_buffer_free(&sent);
}

/* Begun messages take memory, though not more than there is for them: who takes most must go. */
static void
test_memory(void)
{
	struct vnm_buffer sent = {0};
	struct bed b;

	put_message(&sent, 100000);
	bed_begin(&b, "127.0.0.1");
	b.o.memory = 160000;
	vnm_tcp_reload(b.t, &b.o, NULL);
	int most = dial(&b), less = dial(&b), little = dial(&b);
	write_all(&b, less, sent.p, 30000);
	write_all(&b, most, sent.p, 60000);
	turn(&b);
	CU_ASSERT_EQUAL(vnm_tcp_connections(b.t), 3);
	CU_ASSERT_TRUE(b.k.counters.v[VNM_C_connections_memory] >= 90000);
	CU_ASSERT_TRUE(b.k.counters.v[VNM_C_connections_memory] <= 160000);
	write_all(&b, little, sent.p, 40000);
	turn(&b);
	CU_ASSERT_EQUAL(vnm_tcp_connections(b.t), 2);
	CU_ASSERT_TRUE(is_closed(most));
	CU_ASSERT_EQUAL(b.k.counters.failed[VNM_R_memory_limit], 1);
	CU_ASSERT_EQUAL(b.k.counters.v[VNM_C_received_octets], 60000);
	write_all(&b, little, sent.p + 40000, sent.n - 40000);
	turn_until(&b, 1, 0);
	check_messages(&b, &sent);
	close(most);
	close(less);
	close(little);
	turn_until(&b, 2, 2);
	CU_ASSERT_EQUAL(b.k.counters.v[VNM_C_connections_memory], 0);
	bed_end(&b);
	vnm_buffer_free(&sent);
}

/* Answers that nobody reads take memory, too: who has most of it goes, and no message with him. */
static void
test_memory_of_answers(void)
{
	static const uint8_t octets[1000];
	struct vnm_buffer sent = {0};
	const struct vnm_datagram *d;
	struct bed b;

	put_message(&sent, 10);
	bed_begin(&b, "127.0.0.1");
	b.k.intake.answers = true;
	b.o.memory = 100000;
	vnm_tcp_reload(b.t, &b.o, NULL);
	int deaf = dial(&b), other = dial(&b);
	write_all(&b, deaf, sent.p, sent.n);
	turn_until(&b, 1, 0);
	d = &b.k.messages[0].d;
	while (d->back->send(d->back, d, octets, sizeof(octets)))
		continue;
	write_all(&b, other, sent.p, sent.n);
	write_all(&b, deaf, sent.p, sent.n);
	turn_until(&b, 3, 1);
	CU_ASSERT_EQUAL(vnm_tcp_connections(b.t), 1);
	CU_ASSERT_EQUAL(b.k.counters.connections[VNM_R_memory_limit], 1);
	CU_ASSERT_EQUAL(b.k.counters.failed[VNM_R_memory_limit], 0);
	CU_ASSERT_EQUAL(b.k.counters.messages, 0); /* what is refused counts as one */
	CU_ASSERT_EQUAL(b.k.counters.v[VNM_C_connections_memory], 0);
	write_all(&b, other, sent.p, sent.n);
	turn_until(&b, 4, 1);
	close(deaf);
	close(other);
	turn_until(&b, 4, 2);
	bed_end(&b);
	vnm_buffer_free(&sent);
}

static void
test_idle(void)
{
	struct vnm_buffer sent = {0};
	struct bed b;

	put_message(&sent, 20);
	bed_begin(&b, "127.0.0.1");
	b.o.idle = 200000000; /* 200 ms */
	vnm_tcp_reload(b.t, &b.o, NULL);
	int silent = dial(&b), talks = dial(&b);
	for (int i = 0; i < 40; i++) {
		write_all(&b, talks, sent.p, sent.n);
		usleep(10000);
	}
	turn(&b);
	CU_ASSERT_EQUAL(vnm_tcp_connections(b.t), 1);
	CU_ASSERT_TRUE(is_closed(silent));
	CU_ASSERT_EQUAL(b.k.counters.connections[VNM_R_idle_timeout], 1);
	CU_ASSERT_EQUAL(b.k.ends_n, 0); /* no message had begun a stream there */
	turn_until(&b, 40, 1);
	CU_ASSERT_EQUAL(vnm_tcp_connections(b.t), 0);
	close(silent);
	close(talks);
	bed_end(&b);
	vnm_buffer_free(&sent);
}

/* At the end all that was sent is read, and open streams end. */
static void
test_drain(void)
{
	struct vnm_buffer sent = {0};
	struct bed b;

	for (int i = 0; i < 1000; i++)
		put_message(&sent, 100);
	bed_begin(&b, "127.0.0.1");
	int fd = dial(&b);
	if (send(fd, sent.p, sent.n, MSG_NOSIGNAL) != (ssize_t)sent.n)
		abort();
	vnm_tcp_drain(b.t);
	check_messages(&b, &sent);
	vnm_tcp_close(b.t);
	CU_ASSERT_EQUAL(b.k.ends_n, 1);
	CU_ASSERT_EQUAL(b.k.without_turn, 0);
	b.t = NULL;
	close(fd);
	bed_end(&b);
	vnm_buffer_free(&sent);
}

/* Out of descriptors: the listener waits and goes on. */
static void
test_no_descriptors(void)
{
	struct rlimit was, none;
	struct bed b;

	bed_begin(&b, "127.0.0.1");
	struct sockaddr_in at = {.sin_family = AF_INET, .sin_port = htons(b.port)};
	at.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
	int fd = socket(AF_INET, SOCK_STREAM, 0);
	CU_ASSERT_EQUAL_FATAL(getrlimit(RLIMIT_NOFILE, &was), 0);
	none = (struct rlimit){(rlim_t)fd + 1, was.rlim_max};
	CU_ASSERT_EQUAL(connect(fd, (void *)&at, sizeof(at)), 0);
	CU_ASSERT_EQUAL(setrlimit(RLIMIT_NOFILE, &none), 0);
	turn(&b);
	CU_ASSERT_EQUAL(setrlimit(RLIMIT_NOFILE, &was), 0);
	CU_ASSERT_EQUAL(vnm_tcp_connections(b.t), 0);
	turn(&b);
	CU_ASSERT_EQUAL(vnm_tcp_connections(b.t), 0);
	for (int i = 0; i < 1000 && vnm_tcp_connections(b.t) == 0; i++) {
		turn(&b);
		usleep(1000);
	}
	CU_ASSERT_EQUAL(vnm_tcp_connections(b.t), 1);
	close(fd);
	bed_end(&b);
}

CU_TestInfo suite_tcp[] = {{"cut at every octet", test_every_split},
    {"messages of all sizes", test_mass}, {"turns", test_fair},
    {"slow messages", test_slow_messages}, {"cut-off messages", test_cut_off},
    {"streams that break", test_bad_framing}, {"no room", test_room},
    {"no room between turns", test_room_between_turns}, {"no room in a turn", test_room_in_a_turn},
    {"one turn a pass", test_one_turn_a_pass}, {"connections refused", test_limits},
    {"connections of one source", test_source_limit}, {"slow senders", test_slow_sender},
    {"slow for want of room", test_slow_for_want_of_room}, {"memory", test_memory},
    {"memory of answers", test_memory_of_answers}, {"silent connections", test_idle},
    {"drain", test_drain}, {"no descriptors", test_no_descriptors}, CU_TEST_INFO_NULL};
