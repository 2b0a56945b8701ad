/*
 * TCP listeners (tcp(7)), with TLS where they have keys: who may connect, and how many. What a
 * connection sends is read by collectors/connection.c.
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
#include "collectors/connection.h"
#include "collectors/socket.h"

#define TCP_MAGIC 0x54435031U

#define ACCEPTS_MAX 16	    /* connections accepted in one turn */
#define ACCEPT_AGAIN_MS 250 /* after accept() failed for want of descriptors or memory */
#define HANDSHAKES_MS 5	    /* how often it is asked whether there are less handshakes */

enum { KEEPALIVE_IDLE_S = 60, KEEPALIVE_INTERVAL_S = 15, KEEPALIVE_PROBES = 4 };

struct vnm_tcp {
	uint32_t magic;
	int fd;
	struct vnm_listener_options o;	 /* owned copy */
	const struct vnm_intake *intake; /* borrowed */
	struct vnm_tls *tls;		 /* a user of it; NULL: plain */
	struct vnm_connections *connections;
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
keep_alive(int fd)
{
	static const int values[][3] = {{SOL_SOCKET, SO_KEEPALIVE, 1},
	    {IPPROTO_TCP, TCP_KEEPIDLE, KEEPALIVE_IDLE_S},
	    {IPPROTO_TCP, TCP_KEEPINTVL, KEEPALIVE_INTERVAL_S},
	    {IPPROTO_TCP, TCP_KEEPCNT, KEEPALIVE_PROBES}};

	for (size_t i = 0; i < VNM_ARRAY_LEN(values); i++)
		(void)setsockopt(fd, values[i][0], values[i][1], &values[i][2], sizeof(int));
}

static void
complain(struct vnm_tcp *t, const char *what)
{
	if (vnm_log_gate_open(&t->gate, vnm_clock_mono_ns()))
		vnm_warning("listener %s: connection refused: %s", t->o.name, what);
}

/* VNM_OK, or why there is no connection; a socket that was taken over is closed then. */
static enum vnm_reason
add_connection(struct vnm_tcp *t, int fd, const struct vnm_endpoint *from)
{
	struct vnm_tls_session *tls = NULL;

	keep_alive(fd);
	if (t->tls != NULL) {
		tls = vnm_tls_begin(t->tls, fd, NULL);
		if (tls == NULL) {
			close(fd);
			return VNM_R_out_of_memory;
		}
	}
	if (vnm_connections_add(t->connections, fd, from, tls, NULL) != 0)
		return VNM_R_out_of_memory;
	return VNM_OK;
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
	} else {
		reason = add_connection(t, fd, from);
		if (reason != VNM_OK)
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

static void
on_ended(void *ctx, void *owner)
{
	(void)ctx;
	(void)owner;
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
open_connections(struct vnm_tcp *t, struct event_base *base)
{
	const struct vnm_connections_config config = {.base = base,
	    .o = &t->o,
	    .intake = t->intake,
	    .gate = &t->gate,
	    .ended = on_ended,
	    .ctx = t};

	t->connections = vnm_connections_new(&config);
	return t->connections != NULL ? 0 : -1;
}

struct vnm_tcp *
vnm_tcp_open(const struct vnm_listener_options *o, struct vnm_tls *tls, int fd,
    struct event_base *base, const struct vnm_intake *intake, struct vnm_err *err)
{
	struct vnm_tcp *t = vnm_alloc_zero(1, sizeof(*t));

	assert(intake->frame != NULL);
	if (t == NULL || vnm_socket_copy_options(&t->o, o) != 0)
		goto no_memory;
	t->magic = TCP_MAGIC;
	t->fd = fd;
	t->intake = intake;
	t->tls = tls != NULL ? vnm_tls_use(tls) : NULL;
	if (open_connections(t, base) != 0 ||
	    event_assign(&t->listener, base, fd, EV_READ | EV_PERSIST, on_connection, t) != 0 ||
	    evtimer_assign(&t->accept_again, base, on_accept_again, t) != 0 ||
	    event_add(&t->listener, NULL) != 0)
		goto no_memory;
	return t;

no_memory:
	vnm_err_text(err, "listener %s: not enough memory", o->name != NULL ? o->name : "");
	if (t != NULL)
		free_listener(t);
	close(fd);
	return NULL;
}

void
vnm_tcp_reload(struct vnm_tcp *t, const struct vnm_listener_options *o, struct vnm_tls *tls)
{
	assert(t->magic == TCP_MAGIC);
	vnm_socket_reload(&t->o, o);
	vnm_connections_reload(t->connections);
	if (t->tls == NULL || tls == NULL)
		return; /* the transport is as it was at the start */
	vnm_tls_leave(t->tls);
	t->tls = vnm_tls_use(tls);
}

uint32_t
vnm_tcp_connections(const struct vnm_tcp *t)
{
	assert(t->magic == TCP_MAGIC);
	return vnm_connections_count(t->connections);
}

void
vnm_tcp_drain(struct vnm_tcp *t)
{
	assert(t->magic == TCP_MAGIC);
	on_connection(t->fd, EV_READ, t); /* who was not accepted yet may have sent */
	vnm_connections_drain(t->connections);
}

void
vnm_tcp_close(struct vnm_tcp *t)
{
	if (t == NULL)
		return;
	assert(t->magic == TCP_MAGIC);
	event_del(&t->listener);
	event_del(&t->accept_again);
	close(t->fd);
	free_listener(t);
}
