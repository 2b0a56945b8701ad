/*
 * Listening sockets of Linux, for UDP (udp(7)) and TCP (tcp(7)).
 */
#include "collectors/socket.h"

#include <errno.h>
#include <limits.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <string.h>
#include <unistd.h>

#include "base/alloc.h"
#include "base/log.h"

enum {
	KEEPALIVE_IDLE_S = 60,
	KEEPALIVE_INTERVAL_S = 15,
	KEEPALIVE_PROBES = 4,
	USER_TIMEOUT_MS = 120000
};

struct vnm_endpoint
vnm_socket_endpoint(const struct sockaddr_storage *sa)
{
	struct vnm_endpoint e = {.port = 0};

	if (sa->ss_family == AF_INET) {
		const struct sockaddr_in *in = (const void *)sa;
		e.addr = vnm_addr_ip4((const void *)&in->sin_addr);
		e.port = ntohs(in->sin_port);
	} else if (sa->ss_family == AF_INET6) {
		const struct sockaddr_in6 *in6 = (const void *)sa;
		e.addr = vnm_addr_unmapped(in6->sin6_addr.s6_addr);
		e.port = ntohs(in6->sin6_port);
	}
	return e;
}

struct vnm_endpoint
vnm_socket_local(int fd)
{
	struct sockaddr_storage sa = {.ss_family = AF_UNSPEC};
	socklen_t n = sizeof(sa);

	(void)getsockname(fd, (struct sockaddr *)&sa, &n);
	return vnm_socket_endpoint(&sa);
}

socklen_t
vnm_socket_address(const struct vnm_endpoint *e, struct sockaddr_storage *sa)
{
	struct sockaddr_in *in = (void *)sa;
	struct sockaddr_in6 *in6 = (void *)sa;

	memset(sa, 0, sizeof(*sa));
	if (e->addr.family == VNM_ADDR_IP4) {
		in->sin_family = AF_INET;
		in->sin_port = htons(e->port);
		memcpy(&in->sin_addr, e->addr.b, 4);
		return sizeof(*in);
	}
	in6->sin6_family = AF_INET6;
	in6->sin6_port = htons(e->port);
	memcpy(&in6->sin6_addr, e->addr.b, 16);
	return sizeof(*in6);
}

socklen_t
vnm_socket_kernel_address(
    const struct vnm_endpoint *e, sa_family_t family, struct sockaddr_storage *sa)
{
	struct sockaddr_in6 *in6 = (void *)sa;
	bool mapped = family == AF_INET6 && e->addr.family == VNM_ADDR_IP4;

	if (family == AF_INET && e->addr.family != VNM_ADDR_IP4)
		return 0;
	if (!mapped)
		return vnm_socket_address(e, sa);
	memset(sa, 0, sizeof(*in6));
	in6->sin6_family = AF_INET6;
	in6->sin6_port = htons(e->port);
	in6->sin6_addr.s6_addr[10] = in6->sin6_addr.s6_addr[11] = 0xff;
	memcpy(&in6->sin6_addr.s6_addr[12], e->addr.b, 4);
	return sizeof(*in6);
}

void
vnm_socket_keep_alive(int fd)
{
	static const int values[][3] = {{SOL_SOCKET, SO_KEEPALIVE, 1},
	    {IPPROTO_TCP, TCP_KEEPIDLE, KEEPALIVE_IDLE_S},
	    {IPPROTO_TCP, TCP_KEEPINTVL, KEEPALIVE_INTERVAL_S},
	    {IPPROTO_TCP, TCP_KEEPCNT, KEEPALIVE_PROBES},
	    {IPPROTO_TCP, TCP_USER_TIMEOUT, USER_TIMEOUT_MS}};

	for (size_t i = 0; i < VNM_ARRAY_LEN(values); i++)
		(void)setsockopt(fd, values[i][0], values[i][1], &values[i][2], sizeof(int));
}

static void
set_flag(int fd, int level, int name, int value)
{
	(void)setsockopt(fd, level, name, &value, sizeof(value));
}

/* Beyond the system's limit where we may, else as much as it allows. */
static void
set_receive_buffer(int fd, uint64_t octets)
{
	int value = octets < INT_MAX / 2 ? (int)octets : INT_MAX / 2;

	if (setsockopt(fd, SOL_SOCKET, SO_RCVBUFFORCE, &value, sizeof(value)) != 0)
		set_flag(fd, SOL_SOCKET, SO_RCVBUF, value);
}

/* What the operator can do about a bind() that failed. */
static int
explain(const struct vnm_listener_options *o, int type, int error, struct vnm_err *err)
{
	char at[VNM_ENDPOINT_TEXT];
	bool tcp = type == SOCK_STREAM;
	const char *name = o->name != NULL ? o->name : "";
	unsigned port = o->listen.at.port;

	vnm_endpoint_text(&o->listen.at, at);
	switch (error) {
	case EADDRINUSE:
		return vnm_err_text(err,
		    "listener %s: %s port %u of %s is in use by another process; find it with "
		    "`ss -%clpn 'sport = :%u'`",
		    name, tcp ? "tcp" : "udp", port, at, tcp ? 't' : 'u', port);
	case EACCES:
		return vnm_err_text(err,
		    "listener %s: no permission for port %u; ports below 1024 need "
		    "CAP_NET_BIND_SERVICE (systemd: AmbientCapabilities=) or a socket unit",
		    name, port);
	case EADDRNOTAVAIL:
		return vnm_err_text(err,
		    "listener %s: %s is not an address of this host; `ip address` shows which are",
		    name, at);
	default:
		return vnm_err_text(
		    err, "listener %s: cannot listen at %s: %s", name, at, strerror(error));
	}
}

/* The socket, or -1 and errno. */
static int
bind_at(
    const struct vnm_endpoint *at, const struct vnm_listener_options *o, int type, bool reuseport)
{
	struct sockaddr_storage sa;
	socklen_t n = vnm_socket_address(at, &sa);
	int fd = socket(sa.ss_family, type | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);

	if (fd < 0)
		return -1;
	if (sa.ss_family == AF_INET6)
		set_flag(fd, IPPROTO_IPV6, IPV6_V6ONLY, 0);
	if (type == SOCK_STREAM)
		set_flag(fd, SOL_SOCKET, SO_REUSEADDR, 1);
	else
		set_receive_buffer(fd, o->rcvbuf);
	if (reuseport)
		set_flag(fd, SOL_SOCKET, SO_REUSEPORT, 1);
	if (bind(fd, (struct sockaddr *)&sa, n) == 0)
		return fd;
	int error = errno;
	close(fd);
	errno = error;
	return -1;
}

int
vnm_socket_bind(
    const struct vnm_listener_options *o, int type, bool reuseport, int *fd, struct vnm_err *err)
{
	static const uint8_t any[4];
	struct vnm_endpoint at = o->listen.at;

	*fd = bind_at(&at, o, type, reuseport);
	if (*fd < 0 && (errno == EAFNOSUPPORT || errno == EADDRNOTAVAIL) &&
	    at.addr.family == VNM_ADDR_IP6 && vnm_addr_is_zero(&at.addr)) {
		vnm_info(
		    "listener %s: no IPv6 on this host, IPv4 only", o->name != NULL ? o->name : "");
		at.addr = vnm_addr_ip4(any);
		*fd = bind_at(&at, o, type, reuseport);
	}
	return *fd >= 0 ? 0 : explain(o, type, errno, err);
}

void
vnm_socket_reload(struct vnm_listener_options *own, const struct vnm_listener_options *o)
{
	struct vnm_listener_options copy;

	if (vnm_option_copy(vnm_listener_options, &copy, o) != 0) {
		vnm_warning("listener %s: not enough memory for its new options", own->name);
		return;
	}
	vnm_option_release(vnm_listener_options, own);
	*own = copy;
}
