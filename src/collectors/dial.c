/*
 * Connecting to routers that wait for it (RFC 7854 section 3.2: "the monitoring station ... may
 * be the active or the passive party"), and to other sources of streams.
 */
#include "collectors/dial.h"

#include <assert.h>
#include <errno.h>
#include <event2/event.h>
#include <event2/event_struct.h>
#include <netinet/in.h>
#include <stdio.h>
#include <string.h>
#include <sys/queue.h>
#include <unistd.h>

#include "base/alloc.h"
#include "base/clock.h"
#include "base/hash.h"
#include "base/log.h"
#include "collectors/md5.h"
#include "collectors/socket.h"

#define DIALLER_MAGIC 0x4449414cU
#define TARGET_MAGIC 0x44495447U

#define RETRY_MIN_NS VNM_NS_PER_S
#define PATIENCE_S 10	/* for a connection to be made */
#define STAGGER_US 1000 /* between the first attempts of two targets */

enum state { WAITING, CONNECTING, CONNECTED };

struct vnm_dial_target {
	uint32_t magic;
	struct vnm_dialler *dialler;
	LIST_ENTRY(vnm_dial_target) next;
	struct vnm_listen to;
	enum state state;
	int fd;		   /* while CONNECTING */
	uint64_t retry_ns; /* how long to wait after the next failure */
	bool complained;   /* of this outage */
	bool wanted;	   /* for a reload */
	uint64_t since_ns; /* CONNECTED, or not; since 1970 */
	uint64_t connections, failures;
	char error[64]; /* the last failure; cut where longer */
	struct event event;
};

struct vnm_dialler {
	uint32_t magic;
	struct vnm_dialler_config config;
	LIST_HEAD(, vnm_dial_target) targets;
	uint64_t seed;
	uint64_t chances; /* taken of it so far */
};

static void on_event(evutil_socket_t fd, short what, void *arg);

static uint64_t *
counter(const struct vnm_dial_target *t, enum vnm_counter which)
{
	return &t->dialler->config.counters->v[which];
}

static const char *
describe(const struct vnm_dial_target *t, char text[VNM_ENDPOINT_TEXT])
{
	return vnm_endpoint_text(&t->to.at, text);
}

/* ---- waiting -------------------------------------------------------------------------------- */

static void
wait_ns(struct vnm_dial_target *t, uint64_t ns)
{
	const struct timeval after = {
	    (time_t)(ns / VNM_NS_PER_S), (suseconds_t)(ns % VNM_NS_PER_S / VNM_NS_PER_US)};

	t->state = WAITING;
	if (evtimer_assign(&t->event, t->dialler->config.base, on_event, t) != 0 ||
	    evtimer_add(&t->event, &after) != 0)
		vnm_error("cannot wait before a connection is made again: not enough memory");
}

/* A quarter less or more, so that many targets of one outage do not come back at once. */
static uint64_t
with_jitter(struct vnm_dialler *d, uint64_t ns)
{
	uint64_t chance = ++d->chances;

	chance = vnm_hash(&chance, sizeof(chance), d->seed);
	return ns - ns / 4 + chance % (ns / 2 + 1);
}

/* Waits for the next attempt, and longer for that after it. */
static uint64_t
try_again(struct vnm_dial_target *t)
{
	uint64_t max = t->dialler->config.o->retry;
	uint64_t ns = t->retry_ns < max ? t->retry_ns : max;

	ns = with_jitter(t->dialler, ns > RETRY_MIN_NS ? ns : RETRY_MIN_NS);
	t->retry_ns = 2 * t->retry_ns < max ? 2 * t->retry_ns : max;
	wait_ns(t, ns);
	return ns;
}

static void
note_failure(struct vnm_dial_target *t, const char *why)
{
	t->failures++;
	snprintf(t->error, sizeof(t->error), "%s", why);
}

static void
fail(struct vnm_dial_target *t, const char *why)
{
	char text[VNM_ENDPOINT_TEXT];
	uint64_t ns = try_again(t);

	note_failure(t, why);
	t->dialler->config.counters->connections[VNM_R_connect_failed]++;
	if (t->complained)
		return;
	t->complained = true;
	vnm_warning("listener %s: cannot connect to %s: %s; it is tried again in %.1f s, and then "
		    "less often",
	    t->dialler->config.o->name, describe(t, text), why, (double)ns / VNM_NS_PER_S);
}

/* ---- connecting ----------------------------------------------------------------------------- */

static void
connected(struct vnm_dial_target *t)
{
	struct vnm_dialler *d = t->dialler;
	char text[VNM_ENDPOINT_TEXT];
	int fd = t->fd;

	t->fd = -1;
	t->state = CONNECTED;
	++*counter(t, VNM_C_targets_connected);
	if (d->config.connected(d->config.ctx, fd, &t->to, t) != 0) {
		--*counter(t, VNM_C_targets_connected);
		fail(t, "not enough memory");
		return;
	}
	t->connections++;
	t->since_ns = vnm_clock_wall_ns();
	if (t->complained)
		vnm_info(
		    "listener %s: connected to %s again", d->config.o->name, describe(t, text));
}

/* The socket, which may be connected already or not yet; -1 and *err where it cannot be. */
static int
begin_connect(struct vnm_dial_target *t, struct vnm_err *err)
{
	const struct vnm_listener_options *o = t->dialler->config.o;
	const struct vnm_endpoint from = {.addr = o->source};
	struct sockaddr_storage sa;
	socklen_t n = vnm_socket_address(&from, &sa);
	const int on = 1;
	int fd = socket(t->to.at.addr.family == VNM_ADDR_IP4 ? AF_INET : AF_INET6,
	    SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);

	if (fd < 0)
		return vnm_err_text(err, "%s", strerror(errno));
	(void)setsockopt(fd, IPPROTO_IP, IP_BIND_ADDRESS_NO_PORT, &on, sizeof(on));
	if (from.addr.family != VNM_ADDR_NONE && bind(fd, (struct sockaddr *)&sa, n) != 0)
		goto failed;
	if (vnm_md5_set(fd, &o->md5, NULL, err) != 0) {
		close(fd);
		return -1;
	}
	n = vnm_socket_address(&t->to.at, &sa);
	if (connect(fd, (struct sockaddr *)&sa, n) == 0 || errno == EINPROGRESS)
		return fd;
failed:
	vnm_err_text(err, "%s", strerror(errno));
	close(fd);
	return -1;
}

static void
dial(struct vnm_dial_target *t)
{
	const struct timeval patience = {.tv_sec = PATIENCE_S};
	struct vnm_err err;

	t->fd = begin_connect(t, &err);
	if (t->fd < 0) {
		fail(t, err.text);
		return;
	}
	t->state = CONNECTING;
	if (event_assign(&t->event, t->dialler->config.base, t->fd, EV_WRITE, on_event, t) == 0 &&
	    event_add(&t->event, &patience) == 0)
		return;
	close(t->fd);
	fail(t, "not enough memory");
}

/* The end of an attempt: 0, or an errno. */
static int
result_of(int fd, short what)
{
	int error = 0;
	socklen_t n = sizeof(error);

	if ((what & EV_WRITE) == 0)
		return ETIMEDOUT;
	return getsockopt(fd, SOL_SOCKET, SO_ERROR, &error, &n) == 0 ? error : errno;
}

static void
on_event(evutil_socket_t fd, short what, void *arg)
{
	struct vnm_dial_target *t = arg;
	int error;

	assert(t->magic == TARGET_MAGIC && t->state != CONNECTED);
	if (t->state == WAITING) {
		dial(t);
		return;
	}
	error = result_of(fd, what);
	if (error == 0) {
		connected(t);
		return;
	}
	close(fd);
	fail(t, strerror(error));
}

void
vnm_dialler_lost(struct vnm_dial_target *t, uint64_t messages)
{
	char text[VNM_ENDPOINT_TEXT];

	assert(t->magic == TARGET_MAGIC && t->state == CONNECTED);
	--*counter(t, VNM_C_targets_connected);
	t->since_ns = vnm_clock_wall_ns();
	if (messages > 0) {
		t->retry_ns = RETRY_MIN_NS;
		t->complained = false;
	} else {
		note_failure(t, "the connection ended without a message");
	}
	uint64_t ns = try_again(t);
	if (!t->complained && t->wanted)
		vnm_warning("listener %s: the connection to %s is over; it is made again in %.1f s",
		    t->dialler->config.o->name, describe(t, text), (double)ns / VNM_NS_PER_S);
	t->complained = true;
}

/* ---- targets -------------------------------------------------------------------------------- */

static bool
is_mine(const struct vnm_dialler *d, const struct vnm_listen *to)
{
	return vnm_hash(&to->at.addr, sizeof(to->at.addr), 0) % d->config.workers ==
	       d->config.worker;
}

static struct vnm_dial_target *
find(struct vnm_dialler *d, const struct vnm_listen *to)
{
	struct vnm_dial_target *t;

	LIST_FOREACH (t, &d->targets, next) {
		if (t->to.transport == to->transport && t->to.at.port == to->at.port &&
		    vnm_addr_equal(&t->to.at.addr, &to->at.addr))
			return t;
	}
	return NULL;
}

static int
add_target(struct vnm_dialler *d, const struct vnm_listen *to, uint32_t index)
{
	struct vnm_dial_target *t = vnm_alloc_zero(1, sizeof(*t));

	if (t == NULL)
		return -1;
	*t = (struct vnm_dial_target){.magic = TARGET_MAGIC,
	    .dialler = d,
	    .to = *to,
	    .fd = -1,
	    .retry_ns = RETRY_MIN_NS,
	    .wanted = true,
	    .since_ns = vnm_clock_wall_ns()};
	LIST_INSERT_HEAD(&d->targets, t, next);
	++*counter(t, VNM_C_targets);
	wait_ns(t, (uint64_t)index * STAGGER_US * VNM_NS_PER_US);
	return 0;
}

static void
free_target(struct vnm_dial_target *t)
{
	if (t->state != CONNECTED)
		event_del(&t->event);
	if (t->fd >= 0)
		close(t->fd);
	if (t->state == CONNECTED)
		--*counter(t, VNM_C_targets_connected);
	--*counter(t, VNM_C_targets);
	LIST_REMOVE(t, next);
	t->magic = 0;
	vnm_free(t);
}

/* Those that are new begin; returns 0, or -1 when memory is short. */
static int
add_targets(struct vnm_dialler *d)
{
	const struct vnm_targets *wanted = &d->config.o->connect;
	int rc = 0;

	for (uint32_t i = 0; i < wanted->n; i++) {
		struct vnm_dial_target *t;

		if (!is_mine(d, &wanted->p[i]))
			continue;
		t = find(d, &wanted->p[i]);
		if (t != NULL)
			t->wanted = true;
		else if (add_target(d, &wanted->p[i], i) != 0)
			rc = -1;
	}
	return rc;
}

struct vnm_dialler *
vnm_dialler_new(const struct vnm_dialler_config *config)
{
	struct vnm_dialler *d = vnm_alloc_zero(1, sizeof(*d));

	assert(config->worker < config->workers);
	if (d == NULL)
		return NULL;
	d->magic = DIALLER_MAGIC;
	d->config = *config;
	d->seed = vnm_hash_random_seed();
	LIST_INIT(&d->targets);
	if (add_targets(d) == 0)
		return d;
	vnm_dialler_free(d);
	return NULL;
}

void
vnm_dialler_reload(struct vnm_dialler *d)
{
	struct vnm_dial_target *t, *next;

	assert(d->magic == DIALLER_MAGIC);
	LIST_FOREACH (t, &d->targets, next)
		t->wanted = false;
	if (add_targets(d) != 0)
		vnm_warning(
		    "listener %s: not enough memory for all its new targets", d->config.o->name);
	for (t = LIST_FIRST(&d->targets); t != NULL; t = next) {
		next = LIST_NEXT(t, next);
		if (t->wanted)
			continue;
		if (t->state == CONNECTED)
			d->config.unwanted(d->config.ctx, t); /* tells that it is lost */
		free_target(t);
	}
}

void
vnm_dialler_targets(const struct vnm_dialler *d,
    void (*tell)(void *ctx, const struct vnm_target *target), void *ctx)
{
	const struct vnm_dial_target *t;

	assert(d->magic == DIALLER_MAGIC);
	LIST_FOREACH (t, &d->targets, next) {
		const struct vnm_target state = {.listener = d->config.o->name,
		    .to = &t->to,
		    .connected = t->state == CONNECTED,
		    .since_ns = t->since_ns,
		    .connections = t->connections,
		    .failures = t->failures,
		    .error = t->error};

		tell(ctx, &state);
	}
}

void
vnm_dialler_free(struct vnm_dialler *d)
{
	if (d == NULL)
		return;
	assert(d->magic == DIALLER_MAGIC);
	while (!LIST_EMPTY(&d->targets))
		free_target(LIST_FIRST(&d->targets));
	d->magic = 0;
	vnm_free(d);
}
