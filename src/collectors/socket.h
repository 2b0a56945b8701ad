/*
 * Listening sockets: addresses between the kernel's form and ours, binding with errors that say
 * what to do, and the sources that a listener allows.
 */
#ifndef VNM_COLLECTORS_SOCKET_H
#define VNM_COLLECTORS_SOCKET_H

#include <sys/socket.h>

#include "collectors/collector.h"

/* A v4-mapped IPv6 address becomes IPv4; family NONE when it is neither. */
struct vnm_endpoint vnm_socket_endpoint(const struct sockaddr_storage *sa);

/*
 * The reverse, for a socket of this family (AF_INET or AF_INET6, which takes IPv4 as v4-mapped):
 * its size; 0 where the family cannot have that address.
 */
socklen_t vnm_socket_kernel_address(
    const struct vnm_endpoint *e, sa_family_t family, struct sockaddr_storage *sa);

/* The address that the socket is bound to. */
struct vnm_endpoint vnm_socket_local(int fd);

/* An endpoint in the kernel's form, of which the length is returned; family NONE is IPv6's any. */
socklen_t vnm_socket_address(const struct vnm_endpoint *e, struct sockaddr_storage *sa);

/*
 * What every connection has: keepalive, and an end when what was sent is not acknowledged. (We
 * send little: a ClientHello, alerts.)
 */
void vnm_socket_keep_alive(int fd);

/*
 * A non-blocking socket of type SOCK_DGRAM or SOCK_STREAM bound to o->listen.at, for UDP with
 * its receive buffer: 0 and *fd, or -1 and *err. [::] also takes IPv4, and is bound as 0.0.0.0
 * where the system has no IPv6.
 */
int vnm_socket_bind(
    const struct vnm_listener_options *o, int type, bool reuseport, int *fd, struct vnm_err *err);

/* Replaces a listener's own copy of its options; one that memory is short for is not made, which is
 * logged. */
void vnm_socket_reload(struct vnm_listener_options *own, const struct vnm_listener_options *o);

/* Whether messages from this address are taken: it is in a prefix, or there are none. */
static inline bool
vnm_socket_allows(const struct vnm_prefixes *allow, const struct vnm_addr *a)
{
	for (uint32_t i = 0; i < allow->n; i++) {
		if (vnm_prefix_contains(&allow->p[i], a))
			return true;
	}
	return allow->n == 0;
}

#endif
