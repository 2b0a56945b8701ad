/*
 * TCP listeners: connections on the event loop, cut into messages by the decoder's frame().
 *
 * Nothing is read while outputs lack room: the kernel's buffers fill, and TCP makes the sender
 * wait. A connection has memory only while a part of a message is there; at the most one
 * message (VNM_MESSAGE_MAX) and one read.
 */
#include "collectors/collector.h"

#include <assert.h>
#include <errno.h>
#include <event2/event.h>
#include <event2/event_struct.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "base/alloc.h"
#include "base/clock.h"
#include "base/log.h"
#include "collectors/framer.h"
#include "collectors/socket.h"

#define TCP_MAGIC 0x54435031U
#define CONNECTION_MAGIC 0x54435043U

#define READ_OCTETS 65536
#define ACCEPTS_MAX 16	 /* connections accepted in one turn */
#define LOOK_AT_CLOCK 16 /* messages between two looks at the clock */
#define ROOM_MS 5	 /* how often it is asked whether there is room again */
#define IDLE_MS 1000	 /* how often silent connections are looked for, at the least */
#define IDLE_MS_MIN 10
#define ACCEPT_AGAIN_MS 250 /* after accept() failed for want of descriptors or memory */

enum { KEEPALIVE_IDLE_S = 60, KEEPALIVE_INTERVAL_S = 15, KEEPALIVE_PROBES = 4 };

struct connection {
	uint32_t magic;
	int fd;
	struct vnm_tcp *tcp;
	struct connection *next;
	struct connection **at; /* what points here */
	struct vnm_datagram d;	/* its ends and session; rx_ns: when something came last */
	uint64_t last_ns;	/* the same on the monotonic clock */
	uint64_t messages;	/* handed over */
	uint64_t received;	/* octets */
	bool paused;		/* waits for room */
	bool more;		/* its turn is over, not what was there */
	struct vnm_framer framer;
	struct event event;
};

struct vnm_tcp {
	uint32_t magic;
	int fd;
	struct vnm_listener_options o;	 /* owned copy */
	const struct vnm_intake *intake; /* borrowed */
	struct connection *connections;	 /* owned */
	uint32_t n;
	uint64_t sessions; /* so far */
	bool draining;	   /* what is in the sockets is read, room or not */
	struct vnm_log_gate gate;
	struct event listener;
	struct event accept_again;
	struct event room; /* armed while a connection is paused */
	struct event more; /* armed while a connection has more: at once, but others first */
	struct event idle;
};

/* What a turn of one connection came to. */
enum outcome {
	SERVED, /* all that was there */
	MORE,	/* the turn is over, not what was there */
	CLOSED	/* by the sender, or because it cannot be followed */
};

int
vnm_tcp_bind(const struct vnm_listener_options *o, bool reuseport, int *fd, struct vnm_err *err)
{
	if (vnm_socket_bind(o, SOCK_STREAM, reuseport, fd, err) != 0)
		return -1;
	if (listen(*fd, SOMAXCONN) == 0)
		return 0;
	vnm_err_text(err, "listener %s: %s", o->name != NULL ? o->name : "", strerror(errno));
	close(*fd);
	return -1;
}

static void
arm(struct event *event, unsigned ms)
{
	const struct timeval after = {ms / 1000, (suseconds_t)(ms % 1000) * 1000};

	(void)evtimer_add(event, &after);
}

/* ---- connections -------------------------------------------------------------------------- */

static void
hand_over(struct connection *c, struct vnm_slice octets)
{
	const struct vnm_intake *in = c->tcp->intake;

	c->d.p = octets.p;
	c->d.n = octets.n;
	c->messages++;
	in->message(in->ctx, &c->d);
}

/* What is left of a stream that cannot be followed counts as one message. */
static void
refuse_rest(struct connection *c, enum vnm_reason reason)
{
	struct vnm_slice rest = vnm_framer_rest(&c->framer);

	c->d.p = rest.p;
	c->d.n = rest.n;
	vnm_intake_refuse(c->tcp->intake, &c->d, reason);
	vnm_framer_free(&c->framer);
}

/* A begun message that will not be completed is handed over: its decoder says what is wrong. */
static void
close_connection(struct connection *c)
{
	const struct vnm_intake *in = c->tcp->intake;
	struct vnm_slice rest = vnm_framer_rest(&c->framer);

	if (rest.n > 0)
		hand_over(c, rest);
	c->d.p = NULL;
	c->d.n = 0;
	if (c->messages > 0) {
		in->end(in->ctx, &c->d);
		in->turn_end(in->ctx);
	}
	event_del(&c->event);
	close(c->fd);
	vnm_framer_free(&c->framer);
	*c->at = c->next;
	if (c->next != NULL)
		c->next->at = c->at;
	c->tcp->n--;
	c->magic = 0;
	vnm_free(c);
}

/* Reads once: SERVED when nothing is there, MORE when something was read. */
static enum outcome
read_some(struct connection *c)
{
	uint8_t *space = vnm_framer_space(&c->framer, READ_OCTETS);
	ssize_t n;

	if (space == NULL) {
		refuse_rest(c, VNM_R_out_of_memory);
		return CLOSED;
	}
	do {
		n = recv(c->fd, space, READ_OCTETS, 0);
	} while (n < 0 && errno == EINTR);
	if (n < 0 && (errno == EAGAIN || errno == EWOULDBLOCK))
		return SERVED;
	if (n <= 0)
		return CLOSED;
	vnm_framer_wrote(&c->framer, (size_t)n);
	c->received += (uint64_t)n;
	c->d.rx_ns = vnm_clock_wall_ns();
	c->last_ns = vnm_clock_mono_ns();
	return MORE;
}

/* Hands over messages until the turn ends, outputs lack room or more must be read (SERVED). */
static enum outcome
cut_messages(struct connection *c, unsigned *messages, uint64_t begun_ns)
{
	const struct vnm_intake *in = c->tcp->intake;
	struct vnm_slice message;

	for (;;) {
		if (*messages >= VNM_TURN_DATAGRAMS)
			return MORE;
		if (*messages > 0 && !c->tcp->draining && !in->room(in->ctx))
			return MORE;
		if (*messages % LOOK_AT_CLOCK == LOOK_AT_CLOCK - 1 &&
		    vnm_clock_mono_ns() - begun_ns >= VNM_TURN_NS)
			return MORE;
		switch (vnm_framer_next(&c->framer, &message)) {
		case VNM_FRAMED_MESSAGE:
			hand_over(c, message);
			++*messages;
			if (!c->tcp->draining && !in->room(in->ctx))
				return MORE;
			break;
		case VNM_FRAMED_NONE:
			return SERVED;
		case VNM_FRAMED_BAD:
			refuse_rest(c, VNM_R_bad_length);
			return CLOSED;
		}
	}
}

static enum outcome
serve_turn(struct connection *c)
{
	const struct vnm_intake *in = c->tcp->intake;
	uint64_t begun_ns = vnm_clock_mono_ns();
	unsigned messages = 0;
	enum outcome outcome;

	do {
		outcome = cut_messages(c, &messages, begun_ns);
		if (outcome != SERVED)
			break;
		outcome = read_some(c);
	} while (outcome == MORE);
	in->turn_end(in->ctx);
	return outcome;
}

static void
pause_connection(struct connection *c)
{
	c->paused = true;
	event_del(&c->event);
	if (!evtimer_pending(&c->tcp->room, NULL))
		arm(&c->tcp->room, ROOM_MS);
}

static void
serve(struct connection *c)
{
	const struct vnm_intake *in = c->tcp->intake;

	if (!in->room(in->ctx)) {
		pause_connection(c);
		return;
	}
	switch (serve_turn(c)) {
	case SERVED:
		vnm_framer_trim(&c->framer);
		break;
	case MORE:
		c->more = true;
		arm(&c->tcp->more, 0);
		break;
	case CLOSED:
		close_connection(c);
		break;
	}
}

static void
on_readable(evutil_socket_t fd, short what, void *arg)
{
	struct connection *c = arg;

	(void)fd;
	(void)what;
	assert(c->magic == CONNECTION_MAGIC);
	if (!c->more)
		serve(c);
}

static void
on_more(evutil_socket_t fd, short what, void *arg)
{
	struct vnm_tcp *t = arg;
	struct connection *next;

	(void)fd;
	(void)what;
	for (struct connection *c = t->connections; c != NULL; c = next) {
		next = c->next;
		if (!c->more)
			continue;
		c->more = false;
		serve(c);
	}
}

static void
on_room(evutil_socket_t fd, short what, void *arg)
{
	struct vnm_tcp *t = arg;

	(void)fd;
	(void)what;
	if (!t->intake->room(t->intake->ctx)) {
		arm(&t->room, ROOM_MS);
		return;
	}
	for (struct connection *c = t->connections; c != NULL; c = c->next) {
		if (!c->paused)
			continue;
		c->paused = false;
		(void)event_add(&c->event, NULL);
		c->more = true; /* messages may be there already */
	}
	arm(&t->more, 0);
}

static unsigned
idle_interval(const struct vnm_tcp *t)
{
	uint64_t ms = t->o.idle / 4 / VNM_NS_PER_MS;

	if (t->o.idle == 0 || ms > IDLE_MS)
		return IDLE_MS;
	return ms > IDLE_MS_MIN ? (unsigned)ms : IDLE_MS_MIN;
}

static void
on_idle(evutil_socket_t fd, short what, void *arg)
{
	struct vnm_tcp *t = arg;
	uint64_t now_ns = vnm_clock_mono_ns();
	struct connection *next;

	(void)fd;
	(void)what;
	for (struct connection *c = t->connections; c != NULL && t->o.idle != 0; c = next) {
		next = c->next;
		if (!c->paused && now_ns - c->last_ns > t->o.idle)
			close_connection(c);
	}
	arm(&t->idle, idle_interval(t));
}

/* ---- the listener ------------------------------------------------------------------------- */

static void
keep_alive(int fd)
{
	static const int values[][3] = {{SOL_SOCKET, SO_KEEPALIVE, 1},
	    {IPPROTO_TCP, TCP_KEEPIDLE, KEEPALIVE_IDLE_S},
	    {IPPROTO_TCP, TCP_KEEPINTVL, KEEPALIVE_INTERVAL_S},
	    {IPPROTO_TCP, TCP_KEEPCNT, KEEPALIVE_PROBES}};

	for (size_t i = 0; i < VNM_ARRAY_LEN(values); i++)
		(void)setsockopt(fd, values[i][0], values[i][1], &values[i][2], sizeof(int));
}

/* NULL when memory is short. The session is unique among those open: descriptors are. */
static struct connection *
new_connection(struct vnm_tcp *t, int fd, const struct vnm_endpoint *from)
{
	struct connection *c = vnm_alloc_zero(1, sizeof(*c));

	if (c == NULL)
		return NULL;
	*c = (struct connection){.magic = CONNECTION_MAGIC,
	    .fd = fd,
	    .tcp = t,
	    .next = t->connections,
	    .at = &t->connections,
	    .last_ns = vnm_clock_mono_ns(),
	    .framer = {.frame = t->intake->frame}};
	c->d = (struct vnm_datagram){.rx_ns = vnm_clock_wall_ns(),
	    .src = *from,
	    .dst = vnm_socket_local(fd),
	    .transport = VNM_TRANSPORT_TCP,
	    .session = ++t->sessions << 32 | (uint32_t)fd};
	if (event_assign(&c->event, event_get_base(&t->listener), fd, EV_READ | EV_PERSIST,
		on_readable, c) != 0 ||
	    event_add(&c->event, NULL) != 0) {
		vnm_free(c);
		return NULL;
	}
	if (c->next != NULL)
		c->next->at = &c->next;
	t->connections = c;
	t->n++;
	return c;
}

static void
complain(struct vnm_tcp *t, const char *what)
{
	if (vnm_log_gate_open(&t->gate, vnm_clock_mono_ns()))
		vnm_warning("listener %s: connection refused: %s", t->o.name, what);
}

/* A connection from a source that is not allowed counts as one message of no octets. */
static void
take_connection(struct vnm_tcp *t, int fd, const struct vnm_endpoint *from)
{
	struct vnm_datagram d = {
	    .rx_ns = vnm_clock_wall_ns(), .src = *from, .transport = VNM_TRANSPORT_TCP};

	if (!vnm_socket_allows(&t->o.allow, &from->addr)) {
		vnm_intake_refuse(t->intake, &d, VNM_R_not_allowed);
		close(fd);
		return;
	}
	if (t->n >= t->o.connections) {
		complain(t, "there are as many as `connections` allows");
		close(fd);
		return;
	}
	keep_alive(fd);
	if (new_connection(t, fd, from) == NULL) {
		complain(t, "not enough memory");
		close(fd);
	}
}

/* A connection that was gone before it was accepted is nobody's fault (accept(2)). */
static bool
is_transient(int error)
{
	return error == EINTR || error == ECONNABORTED || error == EPROTO || error == ENETDOWN ||
	       error == EHOSTUNREACH || error == ENETUNREACH;
}

static void
on_connection(evutil_socket_t fd, short what, void *arg)
{
	struct vnm_tcp *t = arg;

	(void)what;
	for (int i = 0; i < ACCEPTS_MAX; i++) {
		struct sockaddr_storage sa = {.ss_family = AF_UNSPEC};
		socklen_t n = sizeof(sa);
		int peer = accept4(fd, (struct sockaddr *)&sa, &n, SOCK_NONBLOCK | SOCK_CLOEXEC);

		if (peer >= 0) {
			struct vnm_endpoint from = vnm_socket_endpoint(&sa);
			take_connection(t, peer, &from);
			continue;
		}
		if (errno == EAGAIN || errno == EWOULDBLOCK)
			return;
		if (is_transient(errno))
			continue;
		complain(t, strerror(errno));
		event_del(&t->listener);
		arm(&t->accept_again, ACCEPT_AGAIN_MS);
		return;
	}
}

static void
on_accept_again(evutil_socket_t fd, short what, void *arg)
{
	struct vnm_tcp *t = arg;

	(void)fd;
	(void)what;
	(void)event_add(&t->listener, NULL);
}

static void
free_listener(struct vnm_tcp *t)
{
	t->magic = 0;
	vnm_option_release(vnm_listener_options, &t->o);
	vnm_free(t);
}

struct vnm_tcp *
vnm_tcp_open(const struct vnm_listener_options *o, int fd, struct event_base *base,
    const struct vnm_intake *intake, struct vnm_err *err)
{
	struct vnm_tcp *t = vnm_alloc_zero(1, sizeof(*t));

	assert(intake->frame != NULL);
	if (t == NULL || vnm_socket_copy_options(&t->o, o) != 0)
		goto no_memory;
	t->magic = TCP_MAGIC;
	t->fd = fd;
	t->intake = intake;
	if (event_assign(&t->listener, base, fd, EV_READ | EV_PERSIST, on_connection, t) != 0 ||
	    evtimer_assign(&t->accept_again, base, on_accept_again, t) != 0 ||
	    evtimer_assign(&t->room, base, on_room, t) != 0 ||
	    evtimer_assign(&t->more, base, on_more, t) != 0 ||
	    evtimer_assign(&t->idle, base, on_idle, t) != 0 || event_add(&t->listener, NULL) != 0)
		goto no_memory;
	arm(&t->idle, idle_interval(t));
	return t;

no_memory:
	vnm_err_text(err, "listener %s: not enough memory", o->name != NULL ? o->name : "");
	if (t != NULL)
		free_listener(t);
	close(fd);
	return NULL;
}

void
vnm_tcp_reload(struct vnm_tcp *t, const struct vnm_listener_options *o)
{
	assert(t->magic == TCP_MAGIC);
	vnm_socket_reload(&t->o, o);
	arm(&t->idle, idle_interval(t));
}

uint32_t
vnm_tcp_connections(const struct vnm_tcp *t)
{
	assert(t->magic == TCP_MAGIC);
	return t->n;
}

/* As much as the receive buffer holds: a fast sender does not keep us here. */
static uint64_t
drain_limit(int fd)
{
	int value = 0;
	socklen_t n = sizeof(value);

	(void)getsockopt(fd, SOL_SOCKET, SO_RCVBUF, &value, &n);
	return (uint64_t)value;
}

static void
drain_connection(struct connection *c)
{
	uint64_t limit = c->received + drain_limit(c->fd);
	enum outcome outcome;

	do {
		outcome = serve_turn(c);
	} while (outcome == MORE && c->received < limit);
	while (outcome == MORE) { /* what was read is handed over to the last message */
		unsigned messages = 0;
		outcome = cut_messages(c, &messages, vnm_clock_mono_ns());
	}
	c->tcp->intake->turn_end(c->tcp->intake->ctx);
	if (outcome == CLOSED)
		close_connection(c);
}

void
vnm_tcp_drain(struct vnm_tcp *t)
{
	struct connection *next;

	assert(t->magic == TCP_MAGIC);
	t->draining = true;
	on_connection(t->fd, EV_READ, t); /* who was not accepted yet may have sent */
	for (struct connection *c = t->connections; c != NULL; c = next) {
		next = c->next;
		drain_connection(c);
	}
}

void
vnm_tcp_close(struct vnm_tcp *t)
{
	if (t == NULL)
		return;
	assert(t->magic == TCP_MAGIC);
	while (t->connections != NULL)
		close_connection(t->connections);
	event_del(&t->listener);
	event_del(&t->accept_again);
	event_del(&t->room);
	event_del(&t->more);
	event_del(&t->idle);
	close(t->fd);
	free_listener(t);
}
