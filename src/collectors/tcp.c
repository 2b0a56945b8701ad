/*
 * TCP listeners (tcp(7)), with TLS where they have keys: who may connect, and how many; or to
 * whom we connect (collectors/dial.h). What a connection sends is read by
 * collectors/connection.c.
 */
#include "collectors/collector.h"

#include <assert.h>
#include <errno.h>
#include <event2/event.h>
#include <event2/event_struct.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "base/alloc.h"
#include "base/clock.h"
#include "base/log.h"
#include "collectors/connection.h"
#include "collectors/dial.h"
#include "collectors/md5.h"
#include "collectors/socket.h"

#define TCP_MAGIC 0x54435031U

#define ACCEPTS_MAX 16	    /* connections accepted in one turn */
#define ACCEPT_AGAIN_MS 250 /* after accept() failed for want of descriptors or memory */
#define HANDSHAKES_MS 5	    /* how often it is asked whether there are less handshakes */

struct vnm_tcp {
	uint32_t magic;
	int fd;				 /* -1: we connect */
	struct vnm_listener_options o;	 /* owned copy */
	const struct vnm_intake *intake; /* borrowed */
	struct vnm_tls *tls;		 /* a user of it; NULL: plain */
	struct vnm_connections *connections;
	struct vnm_dialler *dialler; /* NULL: others connect */
	struct vnm_log_gate gate;
	struct event listener;
	struct event accept_again;
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

/* ---- connections -------------------------------------------------------------------------- */

static void
complain(struct vnm_tcp *t, const char *what)
{
	if (vnm_log_gate_open(&t->gate, vnm_clock_mono_ns()))
		vnm_warning("listener %s: connection refused: %s", t->o.name, what);
}

/* 0, or -1 when memory is short. Owns fd, also then. `server`: it is we who connected. */
static int
add_connection(struct vnm_tcp *t, int fd, const struct vnm_endpoint *from, bool with_tls,
    const struct vnm_addr *server, struct vnm_dial_target *target)
{
	struct vnm_tls_session *tls = NULL;

	vnm_socket_keep_alive(fd);
	if (with_tls) {
		tls = vnm_tls_begin(t->tls, fd, server);
		if (tls == NULL) {
			close(fd);
			return -1;
		}
	}
	return vnm_connections_add(t->connections, fd, from, tls, target);
}

/* A connection from a source that is not allowed counts as one message of no octets. */
static void
take_connection(struct vnm_tcp *t, int fd, const struct vnm_endpoint *from)
{
	struct vnm_datagram d = {
	    .rx_ns = vnm_clock_wall_ns(), .src = *from, .transport = t->o.listen.transport};
	enum vnm_reason reason = VNM_R_not_allowed;

	if (!vnm_socket_allows(&t->o.allow, &from->addr)) {
		vnm_intake_refuse(t->intake, &d, reason);
		close(fd);
	} else if ((reason = vnm_connections_allow(t->connections, &from->addr)) != VNM_OK) {
		complain(t, vnm_reason_info(reason)->doc);
		close(fd);
	} else if (add_connection(t, fd, from, t->tls != NULL, NULL, NULL) != 0) {
		reason = VNM_R_out_of_memory;
		complain(t, "not enough memory");
	}
	if (reason != VNM_OK)
		t->intake->counters->connections[reason]++;
}

/* A connection that was gone before it was accepted is nobody's fault (accept(2)). */
static bool
is_transient(int error)
{
	return error == EINTR || error == ECONNABORTED || error == EPROTO || error == ENETDOWN ||
	       error == EHOSTUNREACH || error == ENETUNREACH;
}

/* Who waits to be accepted waits a little longer. */
static void
pause_accept(struct vnm_tcp *t, unsigned ms)
{
	const struct timeval after = {.tv_usec = (suseconds_t)ms * 1000};

	event_del(&t->listener);
	(void)evtimer_add(&t->accept_again, &after);
}

static void
on_connection(evutil_socket_t fd, short what, void *arg)
{
	struct vnm_tcp *t = arg;

	(void)what;
	for (int i = 0; i < ACCEPTS_MAX; i++) {
		struct sockaddr_storage sa = {.ss_family = AF_UNSPEC};
		socklen_t n = sizeof(sa);

		if (t->tls != NULL &&
		    vnm_connections_handshakes(t->connections) >= t->o.handshakes) {
			pause_accept(t, HANDSHAKES_MS);
			return;
		}
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
		pause_accept(t, ACCEPT_AGAIN_MS);
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

/* ---- connections that we make ---------------------------------------------------------------- */

static int
on_connected(void *ctx, int fd, const struct vnm_listen *to, struct vnm_dial_target *target)
{
	return add_connection(
	    ctx, fd, &to->at, to->transport == VNM_TRANSPORT_TLS, &to->at.addr, target);
}

static void
on_unwanted(void *ctx, struct vnm_dial_target *target)
{
	struct vnm_tcp *t = ctx;

	vnm_connections_end(t->connections, target);
}

static void
on_ended(void *ctx, void *owner, uint64_t messages)
{
	struct vnm_tcp *t = ctx;

	if (owner != NULL && t->dialler != NULL)
		vnm_dialler_lost(owner, messages);
}

/* ---- the listener ------------------------------------------------------------------------- */

static void
free_listener(struct vnm_tcp *t)
{
	t->magic = 0;
	vnm_connections_free(t->connections);
	vnm_tls_leave(t->tls);
	vnm_option_release(vnm_listener_options, &t->o);
	vnm_free(t);
}

static int
open_connections(struct vnm_tcp *t, const struct vnm_tcp_config *c)
{
	const struct vnm_connections_config config = {.base = c->base,
	    .o = &t->o,
	    .intake = t->intake,
	    .gate = &t->gate,
	    .ended = on_ended,
	    .ctx = t};

	t->connections = vnm_connections_new(&config);
	return t->connections != NULL ? 0 : -1;
}

static int
open_dialler(struct vnm_tcp *t, const struct vnm_tcp_config *c)
{
	const struct vnm_dialler_config config = {.base = c->base,
	    .o = &t->o,
	    .counters = c->intake->counters,
	    .worker = c->worker,
	    .workers = c->workers,
	    .connected = on_connected,
	    .unwanted = on_unwanted,
	    .ctx = t};

	t->dialler = vnm_dialler_new(&config);
	return t->dialler != NULL ? 0 : -1;
}

static int
open_socket(struct vnm_tcp *t, const struct vnm_tcp_config *c)
{
	if (event_assign(&t->listener, c->base, t->fd, EV_READ | EV_PERSIST, on_connection, t) !=
		0 ||
	    evtimer_assign(&t->accept_again, c->base, on_accept_again, t) != 0)
		return -1;
	return event_add(&t->listener, NULL);
}

static struct vnm_tcp *
new_listener(const struct vnm_tcp_config *c)
{
	struct vnm_tcp *t = vnm_alloc_zero(1, sizeof(*t));

	if (t == NULL || vnm_option_copy(vnm_listener_options, &t->o, c->options) != 0) {
		vnm_free(t);
		return NULL;
	}
	t->magic = TCP_MAGIC;
	t->fd = c->fd;
	t->intake = c->intake;
	t->tls = c->tls != NULL ? vnm_tls_use(c->tls) : NULL;
	return t;
}

struct vnm_tcp *
vnm_tcp_open(const struct vnm_tcp_config *config, struct vnm_err *err)
{
	const char *name = config->options->name != NULL ? config->options->name : "";
	struct vnm_tcp *t = new_listener(config);
	struct vnm_err why;

	assert(config->intake->frame != NULL);
	if (t == NULL || open_connections(t, config) != 0)
		goto no_memory;
	if (t->fd >= 0 && vnm_md5_set(t->fd, &t->o.md5, NULL, &why) != 0)
		goto no_md5;
	if ((t->fd >= 0 ? open_socket(t, config) : open_dialler(t, config)) != 0)
		goto no_memory;
	return t;

no_memory:
	vnm_err_text(&why, "not enough memory");
no_md5:
	vnm_err_text(err, "listener %s: %s", name, why.text);
	if (t != NULL)
		free_listener(t);
	if (config->fd >= 0)
		close(config->fd);
	return NULL;
}

/* Signed connections that there are keep the keys that they began with. */
static void
reload_md5(struct vnm_tcp *t, const struct vnm_strings *keys)
{
	struct vnm_err err;

	if (t->fd >= 0 && vnm_md5_set(t->fd, keys, &t->o.md5, &err) != 0)
		vnm_error("listener %s: %s", t->o.name, err.text);
}

void
vnm_tcp_reload(struct vnm_tcp *t, const struct vnm_listener_options *o, struct vnm_tls *tls)
{
	assert(t->magic == TCP_MAGIC);
	reload_md5(t, &o->md5);
	if (t->fd < 0 || (t->tls != NULL && tls != NULL)) { /* others stay as they began */
		vnm_tls_leave(t->tls);
		t->tls = tls != NULL ? vnm_tls_use(tls) : NULL;
	}
	vnm_socket_reload(&t->o, o);
	vnm_connections_reload(t->connections);
	if (t->dialler != NULL)
		vnm_dialler_reload(t->dialler);
}

uint32_t
vnm_tcp_connections(const struct vnm_tcp *t)
{
	assert(t->magic == TCP_MAGIC);
	return vnm_connections_count(t->connections);
}

void
vnm_tcp_targets(
    const struct vnm_tcp *t, void (*tell)(void *ctx, const struct vnm_target *target), void *ctx)
{
	assert(t->magic == TCP_MAGIC);
	if (t->dialler != NULL)
		vnm_dialler_targets(t->dialler, tell, ctx);
}

/* What is connected stays so. */
static void
close_dialler(struct vnm_tcp *t)
{
	vnm_dialler_free(t->dialler);
	t->dialler = NULL;
}

void
vnm_tcp_drain(struct vnm_tcp *t)
{
	assert(t->magic == TCP_MAGIC);
	close_dialler(t);
	if (t->fd >= 0)
		on_connection(t->fd, EV_READ, t); /* who was not accepted yet may have sent */
	vnm_connections_drain(t->connections);
}

void
vnm_tcp_close(struct vnm_tcp *t)
{
	if (t == NULL)
		return;
	assert(t->magic == TCP_MAGIC);
	close_dialler(t);
	if (t->fd >= 0) {
		event_del(&t->listener);
		event_del(&t->accept_again);
		close(t->fd);
	}
	free_listener(t);
}
