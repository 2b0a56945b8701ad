/*
 * Which of our addresses a datagram was sent to (ip(7) IP_PKTINFO, ipv6(7) and RFC 3542 section
 * 6.2), and answers from that address: a host with several must not answer from another one.
 */
#ifndef VNM_COLLECTORS_PKTINFO_H
#define VNM_COLLECTORS_PKTINFO_H

#include <netinet/in.h>
#include <sys/socket.h>

#include "record/datagram.h"

#define VNM_PKTINFO_CONTROL \
	(CMSG_SPACE(sizeof(struct in6_pktinfo)) + CMSG_SPACE(sizeof(struct in_pktinfo)))

/*
 * The kernel is to tell with every datagram of the socket, where there is something to tell: an
 * IPv4 socket that is bound to one address has no other.
 */
void vnm_pktinfo_ask(int fd);

/* Sets d->dst.addr, and d->scope of a link-local source, where the message's control data tells. */
void vnm_pktinfo_read(struct msghdr *h, struct vnm_datagram *d);

/* Sends n octets from d->dst.addr to d->src: false where they could not be sent. Never waits. */
bool vnm_pktinfo_answer(int fd, const struct vnm_datagram *d, const uint8_t *p, size_t n);

#endif
