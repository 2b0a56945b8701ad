/*
 * Connections on the event loop, cut into messages by the decoder's frame(): plain TCP (RFC
 * 9293), or TLS above it (collectors/tls.h).
 *
 * Nothing is read while outputs lack room: the kernel's buffers fill, and TCP makes the sender
 * wait. All connections are read into one buffer; one has memory of its own only while a part of
 * a message is there, at the most VNM_MESSAGE_MAX, or answers wait, and all together at the most
 * `memory`.
 */
#include "collectors/connection.h"

#include <assert.h>
#include <errno.h>
#include <event2/event.h>
#include <event2/event_struct.h>
#include <string.h>
#include <sys/queue.h>
#include <sys/socket.h>
#include <unistd.h>

#include "base/alloc.h"
#include "base/clock.h"
#include "base/hash.h"
#include "collectors/answers.h"
#include "collectors/framer.h"
#include "collectors/socket.h"

#define ALL_MAGIC 0x54435041U
#define CONNECTION_MAGIC 0x54435043U

#define READ_OCTETS 65536
#define LOOK_AT_CLOCK 16 /* messages between two looks at the clock, where none is answered */
#define ROOM_MS 5	 /* how often it is asked whether there is room again */
#define WATCH_MS 1000	 /* how often slow connections are looked for, at the least */
#define WATCH_MS_MIN 10
#define HANDSHAKES_NS VNM_TURN_NS /* what one pass of the loop spends on handshakes */
#define SOURCES 256		  /* lists of connections by address; a power of 2 */

struct connection;
TAILQ_HEAD(connections, connection);
LIST_HEAD(source, connection);

struct connection {
	uint32_t magic;
	int fd;
	struct vnm_connections *all;
	TAILQ_ENTRY(connection) of_all;
	TAILQ_ENTRY(connection) of_queue;
	LIST_ENTRY(connection) of_source;
	struct connections *queue;   /* where it waits: `ready`, `paused`, or NULL */
	struct vnm_tls_session *tls; /* owned; NULL: plain */
	void *owner;		     /* the other side's; borrowed */
	bool shaking;		     /* TLS is not established */
	struct vnm_datagram d;	     /* its ends and session; rx_ns: when something came last */
	uint64_t last_ns;	     /* the same on the monotonic clock */
	uint64_t begun_ns; /* since when the handshake or a message is begun; 0: none is */
	uint64_t messages; /* handed over */
	uint64_t received; /* octets */
	size_t memory;	   /* octets that framer and answers were last seen to have */
	struct vnm_framer framer;
	struct vnm_way_back back;
	struct vnm_answers answers;
	struct event event;
};

struct vnm_connections {
	uint32_t magic;
	struct vnm_connections_config config;
	struct connections list;
	struct connections ready;  /* their turn is over, not what was there */
	struct connections paused; /* they wait for room */
	struct source sources[SOURCES];
	uint64_t seed; /* of the hash of sources */
	uint32_t n;
	uint32_t handshakes;
	uint64_t sessions;  /* so far */
	size_t memory;	    /* of all of them */
	uint64_t paused_ns; /* when waiting for room was last counted */
	bool draining;	    /* what is in the sockets is read, room or not */
	struct event room;  /* armed while a connection is paused */
	struct event more;  /* armed while one is ready: at once, but others first */
	struct event watch;
	uint8_t octets[VNM_FRAMER_HEAD + READ_OCTETS]; /* what is read */
};

/* What a turn of one connection came to. */
enum outcome {
	SERVED, /* all that was there */
	MORE,	/* the turn is over, not what was there */
	CLOSED	/* by the sender, or because it cannot be followed */
};

static uint64_t *
counter(const struct vnm_connections *all, enum vnm_counter which)
{
	return &all->config.intake->counters->v[which];
}

static void
count_end(const struct connection *c, enum vnm_reason reason)
{
	c->all->config.intake->counters->connections[reason]++;
}

static void
arm(struct event *event, unsigned ms)
{
	const struct timeval after = {ms / 1000, (suseconds_t)(ms % 1000) * 1000};

	(void)evtimer_add(event, &after);
}

/* ---- waiting -------------------------------------------------------------------------------- */

static void
leave_queue(struct connection *c)
{
	if (c->queue == NULL)
		return;
	TAILQ_REMOVE(c->queue, c, of_queue);
	if (c->queue == &c->all->paused)
		--*counter(c->all, VNM_C_connections_paused);
	c->queue = NULL;
}

static void
make_ready(struct connection *c)
{
	leave_queue(c);
	c->queue = &c->all->ready;
	TAILQ_INSERT_TAIL(c->queue, c, of_queue);
	if (!evtimer_pending(&c->all->more, NULL))
		arm(&c->all->more, 0);
}

static void
pause_connection(struct connection *c)
{
	struct vnm_connections *all = c->all;

	leave_queue(c);
	if (TAILQ_EMPTY(&all->paused)) {
		all->paused_ns = vnm_clock_mono_ns();
		arm(&all->room, ROOM_MS);
	}
	c->queue = &all->paused;
	TAILQ_INSERT_TAIL(c->queue, c, of_queue);
	++*counter(all, VNM_C_connections_paused);
	event_del(&c->event);
}

static void on_event(evutil_socket_t fd, short what, void *arg);

/* Calls on_event() when the socket can be read or written: 0, or -1 when memory is short. */
static int
wait_for(struct connection *c, short what)
{
	if (event_initialized(&c->event) && (event_get_events(&c->event) & what) != 0)
		return event_add(&c->event, NULL);
	if (event_initialized(&c->event))
		event_del(&c->event);
	if (event_assign(&c->event, c->all->config.base, c->fd, what | EV_PERSIST, on_event, c) !=
	    0)
		return -1;
	return event_add(&c->event, NULL);
}

/* ---- messages ------------------------------------------------------------------------------- */

static void
hand_over(struct connection *c, struct vnm_slice octets)
{
	const struct vnm_intake *in = c->all->config.intake;

	c->d.p = octets.p;
	c->d.n = octets.n;
	c->messages++;
	in->message(in->ctx, &c->d);
}

/* No protocol that answers has TLS beneath it. */
static bool
answer(const struct vnm_way_back *back, const struct vnm_datagram *d, const uint8_t *p, size_t n)
{
	struct connection *c =
	    (struct connection *)((uintptr_t)back - offsetof(struct connection, back));

	(void)d;
	assert(c->magic == CONNECTION_MAGIC);
	return c->tls == NULL && vnm_answers_send(&c->answers, c->all->config.base, c->fd, p, n);
}

/* What is left of a stream that cannot be followed counts as one message. */
static void
refuse_rest(struct connection *c, enum vnm_reason reason)
{
	struct vnm_slice rest = vnm_framer_rest(&c->framer);

	c->d.p = rest.p;
	c->d.n = rest.n;
	vnm_intake_refuse(c->all->config.intake, &c->d, reason);
	count_end(c, reason);
	vnm_framer_free(&c->framer);
}

/* Books for the memory that it has now: what is to come, and what is to be written. */
static void
account(struct connection *c)
{
	size_t memory = c->framer.b.cap + c->answers.b.cap;

	c->all->memory += memory - c->memory;
	*counter(c->all, VNM_C_connections_memory) += memory - c->memory;
	c->memory = memory;
}

/* A begun message that will not be completed is handed over: its decoder says what is wrong. */
static void
close_connection(struct connection *c)
{
	struct vnm_connections *all = c->all;
	const struct vnm_intake *in = all->config.intake;
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
	vnm_answers_free(&c->answers);
	vnm_tls_end(c->tls);
	close(c->fd);
	vnm_framer_free(&c->framer);
	account(c);
	leave_queue(c);
	TAILQ_REMOVE(&all->list, c, of_all);
	LIST_REMOVE(c, of_source);
	all->n--;
	all->handshakes -= c->shaking;
	--*counter(all, VNM_C_connections);
	all->config.ended(all->config.ctx, c->owner, c->messages);
	c->magic = 0;
	vnm_free(c);
}

/* ---- a turn --------------------------------------------------------------------------------- */

/* One read of a plain connection: as vnm_tls_read(). */
static enum vnm_tls_result
read_plain(struct connection *c, uint8_t *p, size_t cap, size_t *n)
{
	ssize_t got;

	do {
		got = recv(c->fd, p, cap, 0);
	} while (got < 0 && errno == EINTR);
	if (got > 0) {
		*n = (size_t)got;
		return VNM_TLS_DONE;
	}
	if (got == 0)
		return VNM_TLS_END;
	return errno == EAGAIN || errno == EWOULDBLOCK ? VNM_TLS_WANT_READ : VNM_TLS_FAILED;
}

/* SERVED: it waits for the socket. CLOSED: it is over, or cannot wait. */
static enum outcome
wait_or_close(struct connection *c, enum vnm_tls_result result)
{
	switch (result) {
	case VNM_TLS_WANT_READ:
		return wait_for(c, EV_READ) == 0 ? SERVED : CLOSED;
	case VNM_TLS_WANT_WRITE:
		return wait_for(c, EV_WRITE) == 0 ? SERVED : CLOSED;
	case VNM_TLS_FAILED:
		count_end(c, c->tls != NULL ? vnm_tls_reason(c->tls) : VNM_R_connection_lost);
		return CLOSED;
	default:
		return CLOSED;
	}
}

/* Reads once: SERVED when nothing is there, MORE when something was read. */
static enum outcome
read_some(struct connection *c)
{
	uint8_t *space = c->all->octets + VNM_FRAMER_HEAD;
	enum vnm_tls_result result;
	size_t n = 0;

	if (!vnm_framer_keep(&c->framer))
		goto no_memory;
	result = c->tls != NULL ? vnm_tls_read(c->tls, space, READ_OCTETS, &n)
				: read_plain(c, space, READ_OCTETS, &n);
	if (result != VNM_TLS_DONE)
		return wait_or_close(c, result);
	c->received += n;
	c->d.rx_ns = vnm_clock_wall_ns();
	c->last_ns = vnm_clock_mono_ns();
	if (vnm_framer_lend(&c->framer, space, n))
		return MORE;
no_memory:
	refuse_rest(c, VNM_R_out_of_memory);
	return CLOSED;
}

/* Hands over messages until the turn ends, outputs lack room or more must be read (SERVED). */
static enum outcome
cut_messages(struct connection *c, unsigned *messages, uint64_t begun_ns)
{
	const struct vnm_intake *in = c->all->config.intake;
	struct vnm_slice message;

	for (;;) {
		if (*messages >= VNM_TURN_DATAGRAMS)
			return MORE;
		if (*messages > 0 && !c->all->draining && !in->room(in->ctx))
			return MORE;
		if ((*messages % LOOK_AT_CLOCK == LOOK_AT_CLOCK - 1 ||
			(*messages > 0 && in->answers)) &&
		    vnm_clock_mono_ns() - begun_ns >= VNM_TURN_NS)
			return MORE;
		switch (vnm_framer_next(&c->framer, &message)) {
		case VNM_FRAMED_MESSAGE:
			hand_over(c, message);
			++*messages;
			if (!c->all->draining && !in->room(in->ctx))
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

/* What the turn leaves of a message is kept, and how long it has been begun. */
static enum outcome
keep_rest(struct connection *c, enum outcome outcome, bool cut)
{
	bool begun = outcome == SERVED && vnm_framer_rest(&c->framer).n > 0;

	if (!begun)
		c->begun_ns = 0;
	else if (cut || c->begun_ns == 0)
		c->begun_ns = c->last_ns;
	if (!vnm_framer_keep(&c->framer)) {
		refuse_rest(c, VNM_R_out_of_memory);
		outcome = CLOSED;
	}
	if (outcome == SERVED)
		vnm_framer_trim(&c->framer);
	return outcome;
}

static enum outcome
serve_turn(struct connection *c)
{
	const struct vnm_intake *in = c->all->config.intake;
	uint64_t begun_ns = vnm_clock_mono_ns();
	unsigned messages = 0;
	enum outcome outcome;

	do {
		outcome = cut_messages(c, &messages, begun_ns);
		if (outcome != SERVED)
			break;
		outcome = read_some(c);
	} while (outcome == MORE);
	outcome = keep_rest(c, outcome, messages > 0);
	in->turn_end(in->ctx);
	account(c);
	return outcome;
}

/* Who has most memory. What was written meanwhile is in no books yet. */
static struct connection *
greediest(struct vnm_connections *all)
{
	struct connection *c, *most = NULL;

	TAILQ_FOREACH (c, &all->list, of_all) {
		account(c);
		if (most == NULL || c->memory > most->memory)
			most = c;
	}
	return most;
}

/* Too much memory for begun messages and for answers: who has most of it must go. */
static void
bound_memory(struct vnm_connections *all)
{
	while (all->memory > all->config.o->memory) {
		struct connection *most = greediest(all);

		if (most == NULL || most->memory == 0 || all->memory <= all->config.o->memory)
			return;
		if (vnm_framer_rest(&most->framer).n > 0)
			refuse_rest(most, VNM_R_memory_limit);
		else
			count_end(most, VNM_R_memory_limit);
		close_connection(most);
	}
}

static void
serve(struct connection *c)
{
	const struct vnm_intake *in = c->all->config.intake;
	struct vnm_connections *all = c->all;

	if (!in->room(in->ctx)) {
		pause_connection(c);
		return;
	}
	switch (serve_turn(c)) {
	case SERVED:
		break;
	case MORE:
		make_ready(c);
		break;
	case CLOSED:
		close_connection(c);
		break;
	}
	bound_memory(all);
}

/* ---- handshakes ----------------------------------------------------------------------------- */

static void
complain(struct connection *c)
{
	char from[VNM_ENDPOINT_TEXT];

	if (vnm_log_gate_open(c->all->config.gate, vnm_clock_mono_ns()))
		vnm_warning("listener %s: no TLS with %s: %s", c->all->config.o->name,
		    vnm_endpoint_text(&c->d.src, from), vnm_tls_text(c->tls));
}

/* One step of the handshake. */
static void
shake(struct connection *c)
{
	enum vnm_tls_result result = vnm_tls_handshake(c->tls);

	if (result == VNM_TLS_DONE) {
		c->shaking = false;
		c->all->handshakes--;
		c->begun_ns = 0;
		c->last_ns = vnm_clock_mono_ns();
		c->d.cert_name = vnm_tls_name(c->tls);
		++*counter(c->all, VNM_C_tls_handshakes);
		if (wait_for(c, EV_READ) == 0) {
			make_ready(c); /* something may have come with its last step */
			return;
		}
	}
	if (result == VNM_TLS_FAILED)
		complain(c);
	if (wait_or_close(c, result) == CLOSED)
		close_connection(c);
}

/* ---- events --------------------------------------------------------------------------------- */

static void
on_event(evutil_socket_t fd, short what, void *arg)
{
	struct connection *c = arg;

	(void)fd;
	(void)what;
	assert(c->magic == CONNECTION_MAGIC);
	if (c->queue != NULL)
		return;
	if (c->shaking)
		make_ready(c); /* with the others, so that they do not keep the loop */
	else
		serve(c);
}

static void
on_more(evutil_socket_t fd, short what, void *arg)
{
	struct vnm_connections *all = arg;
	uint64_t until_ns = vnm_clock_mono_ns() + HANDSHAKES_NS;
	struct connections now = TAILQ_HEAD_INITIALIZER(now);
	struct connection *c;

	(void)fd;
	(void)what;
	TAILQ_CONCAT(&now, &all->ready, of_queue);
	TAILQ_FOREACH (c, &now, of_queue)
		c->queue = &now;
	while ((c = TAILQ_FIRST(&now)) != NULL) {
		leave_queue(c);
		if (!c->shaking)
			serve(c);
		else if (vnm_clock_mono_ns() < until_ns)
			shake(c);
		else
			make_ready(c);
	}
}

/* Slow senders are not to blame for the time in which they were not read. */
static void
resume(struct connection *c)
{
	c->last_ns = vnm_clock_mono_ns();
	if (c->begun_ns != 0)
		c->begun_ns = c->last_ns;
	make_ready(c); /* messages may be there already */
	if (event_add(&c->event, NULL) != 0)
		close_connection(c);
}

static void
on_room(evutil_socket_t fd, short what, void *arg)
{
	struct vnm_connections *all = arg;
	const struct vnm_intake *in = all->config.intake;
	uint64_t now_ns = vnm_clock_mono_ns();
	struct connection *c;

	(void)fd;
	(void)what;
	*counter(all, VNM_C_paused_ns) += now_ns - all->paused_ns;
	all->paused_ns = now_ns;
	if (!in->room(in->ctx)) {
		arm(&all->room, ROOM_MS);
		return;
	}
	while ((c = TAILQ_FIRST(&all->paused)) != NULL)
		resume(c);
}

static bool
is_over(uint64_t limit_ns, uint64_t since_ns, uint64_t now_ns)
{
	return limit_ns != 0 && since_ns != 0 && now_ns > since_ns && now_ns - since_ns > limit_ns;
}

/* Closes it if it took too long over something. */
static void
watch(struct connection *c, uint64_t now_ns)
{
	const struct vnm_listener_options *o = c->all->config.o;

	account(c); /* answers were written meanwhile */
	if (c->queue == &c->all->paused)
		return;
	if (c->shaking && is_over(o->handshake_timeout, c->begun_ns, now_ns)) {
		count_end(c, VNM_R_handshake_timeout);
	} else if (!c->shaking && is_over(o->message_timeout, c->begun_ns, now_ns)) {
		refuse_rest(c, VNM_R_message_timeout);
	} else if (!c->shaking && is_over(o->idle, c->last_ns, now_ns)) {
		count_end(c, VNM_R_idle_timeout);
	} else {
		return;
	}
	close_connection(c);
}

/* A quarter of the shortest limit. */
static unsigned
watch_interval(const struct vnm_listener_options *o)
{
	const uint64_t limits[] = {o->idle, o->message_timeout, o->handshake_timeout};
	uint64_t ms = WATCH_MS;

	for (size_t i = 0; i < VNM_ARRAY_LEN(limits); i++) {
		uint64_t quarter = limits[i] / 4 / VNM_NS_PER_MS;
		if (limits[i] != 0 && quarter < ms)
			ms = quarter;
	}
	return ms > WATCH_MS_MIN ? (unsigned)ms : WATCH_MS_MIN;
}

static void
on_watch(evutil_socket_t fd, short what, void *arg)
{
	struct vnm_connections *all = arg;
	uint64_t now_ns = vnm_clock_mono_ns();
	struct connection *c, *next;

	(void)fd;
	(void)what;
	for (c = TAILQ_FIRST(&all->list); c != NULL; c = next) {
		next = TAILQ_NEXT(c, of_all);
		watch(c, now_ns);
	}
	arm(&all->watch, watch_interval(all->config.o));
}

/* ---- all of them ---------------------------------------------------------------------------- */

static size_t
source_of(const struct vnm_connections *all, const struct vnm_addr *from)
{
	return vnm_hash(from, sizeof(*from), all->seed) % SOURCES;
}

enum vnm_reason
vnm_connections_allow(const struct vnm_connections *all, const struct vnm_addr *from)
{
	uint32_t limit = all->config.o->source_connections, n = 0;
	struct connection *c;

	if (all->n >= all->config.o->connections)
		return VNM_R_connection_limit;
	if (limit == 0)
		return VNM_OK;
	LIST_FOREACH (c, &all->sources[source_of(all, from)], of_source)
		n += vnm_addr_equal(&c->d.src.addr, from);
	return n < limit ? VNM_OK : VNM_R_source_limit;
}

/* The session is unique among those open: descriptors are. */
static struct connection *
new_connection(struct vnm_connections *all, int fd, const struct vnm_endpoint *from,
    struct vnm_tls_session *tls)
{
	struct connection *c = vnm_alloc_zero(1, sizeof(*c));
	uint64_t now_ns = vnm_clock_mono_ns();

	if (c == NULL)
		return NULL;
	*c = (struct connection){.magic = CONNECTION_MAGIC,
	    .fd = fd,
	    .all = all,
	    .tls = tls,
	    .shaking = tls != NULL,
	    .last_ns = now_ns,
	    .begun_ns = tls != NULL ? now_ns : 0,
	    .framer = {.frame = all->config.intake->frame}};
	c->d = (struct vnm_datagram){.rx_ns = vnm_clock_wall_ns(),
	    .src = *from,
	    .dst = vnm_socket_local(fd),
	    .transport = tls != NULL ? VNM_TRANSPORT_TLS : VNM_TRANSPORT_TCP,
	    .session = ++all->sessions << 32 | (uint32_t)fd};
	c->back.send = answer;
	if (all->config.intake->answers)
		c->d.back = &c->back;
	return c;
}

int
vnm_connections_add(struct vnm_connections *all, int fd, const struct vnm_endpoint *from,
    struct vnm_tls_session *tls, void *owner)
{
	struct connection *c = new_connection(all, fd, from, tls);

	assert(all->magic == ALL_MAGIC);
	if (c == NULL || wait_for(c, EV_READ) != 0) {
		vnm_tls_end(tls);
		close(fd);
		vnm_free(c);
		return -1;
	}
	c->owner = owner;
	TAILQ_INSERT_TAIL(&all->list, c, of_all);
	LIST_INSERT_HEAD(&all->sources[source_of(all, &from->addr)], c, of_source);
	all->n++;
	all->handshakes += c->shaking;
	++*counter(all, VNM_C_connections);
	++*counter(all, VNM_C_connections_opened);
	if (c->shaking)
		make_ready(c); /* a client begins */
	return 0;
}

struct vnm_connections *
vnm_connections_new(const struct vnm_connections_config *config)
{
	struct vnm_connections *all = vnm_alloc_zero(1, sizeof(*all));

	if (all == NULL)
		return NULL;
	all->magic = ALL_MAGIC;
	all->config = *config;
	all->seed = vnm_hash_random_seed();
	TAILQ_INIT(&all->list);
	TAILQ_INIT(&all->ready);
	TAILQ_INIT(&all->paused);
	if (evtimer_assign(&all->room, config->base, on_room, all) != 0 ||
	    evtimer_assign(&all->more, config->base, on_more, all) != 0 ||
	    evtimer_assign(&all->watch, config->base, on_watch, all) != 0) {
		vnm_free(all);
		return NULL;
	}
	arm(&all->watch, watch_interval(config->o));
	return all;
}

void
vnm_connections_reload(struct vnm_connections *all)
{
	assert(all->magic == ALL_MAGIC);
	arm(&all->watch, watch_interval(all->config.o));
}

uint32_t
vnm_connections_count(const struct vnm_connections *all)
{
	assert(all->magic == ALL_MAGIC);
	return all->n;
}

uint32_t
vnm_connections_handshakes(const struct vnm_connections *all)
{
	assert(all->magic == ALL_MAGIC);
	return all->handshakes;
}

void
vnm_connections_end(struct vnm_connections *all, const void *owner)
{
	struct connection *c;

	assert(all->magic == ALL_MAGIC);
	TAILQ_FOREACH (c, &all->list, of_all) {
		if (c->owner != owner)
			continue;
		close_connection(c);
		return;
	}
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

	if (c->shaking)
		return;
	do {
		outcome = serve_turn(c);
	} while (outcome == MORE && c->received < limit);
	while (outcome == MORE) { /* what was read is handed over to the last message */
		unsigned messages = 0;
		outcome = cut_messages(c, &messages, vnm_clock_mono_ns());
	}
	c->all->config.intake->turn_end(c->all->config.intake->ctx);
	if (outcome == CLOSED)
		close_connection(c);
}

void
vnm_connections_drain(struct vnm_connections *all)
{
	struct connection *c, *next;

	assert(all->magic == ALL_MAGIC);
	all->draining = true;
	for (c = TAILQ_FIRST(&all->list); c != NULL; c = next) {
		next = TAILQ_NEXT(c, of_all);
		drain_connection(c);
	}
}

void
vnm_connections_free(struct vnm_connections *all)
{
	if (all == NULL)
		return;
	assert(all->magic == ALL_MAGIC);
	while (!TAILQ_EMPTY(&all->list))
		close_connection(TAILQ_FIRST(&all->list));
	event_del(&all->room);
	event_del(&all->more);
	event_del(&all->watch);
	all->magic = 0;
	vnm_free(all);
}
