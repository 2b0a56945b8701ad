/*
 * Addresses of datagrams that were received, and answers from them.
 */
#include "collectors/pktinfo.h"

#include <errno.h>
#include <string.h>

static struct sockaddr_storage
local_of(int fd)
{
	struct sockaddr_storage sa = {.ss_family = AF_UNSPEC};
	socklen_t n = sizeof(sa);

	(void)getsockname(fd, (struct sockaddr *)&sa, &n);
	return sa;
}

void
vnm_pktinfo_ask(int fd)
{
	const struct sockaddr_storage sa = local_of(fd);
	const struct sockaddr_in *in = (const void *)&sa;
	const int on = 1;

	if (sa.ss_family == AF_INET6)
		(void)setsockopt(fd, IPPROTO_IPV6, IPV6_RECVPKTINFO, &on, sizeof(on));
	else if (in->sin_addr.s_addr == htonl(INADDR_ANY))
		(void)setsockopt(fd, IPPROTO_IP, IP_PKTINFO, &on, sizeof(on));
}

/* fe80::/10 (RFC 4291 section 2.5.6) */
static bool
is_link_local(const struct vnm_addr *a)
{
	return a->family == VNM_ADDR_IP6 && a->b[0] == 0xfe && (a->b[1] & 0xc0) == 0x80;
}

void
vnm_pktinfo_read(struct msghdr *h, struct vnm_datagram *d)
{
	for (struct cmsghdr *c = CMSG_FIRSTHDR(h); c != NULL; c = CMSG_NXTHDR(h, c)) {
		if (c->cmsg_level == IPPROTO_IPV6 && c->cmsg_type == IPV6_PKTINFO) {
			struct in6_pktinfo info;

			memcpy(&info, CMSG_DATA(c), sizeof(info));
			d->dst.addr = vnm_addr_unmapped(info.ipi6_addr.s6_addr);
			if (is_link_local(&d->src.addr))
				d->scope = info.ipi6_ifindex;
		} else if (c->cmsg_level == IPPROTO_IP && c->cmsg_type == IP_PKTINFO) {
			struct in_pktinfo info;

			memcpy(&info, CMSG_DATA(c), sizeof(info));
			d->dst.addr = vnm_addr_ip4((const uint8_t *)&info.ipi_addr);
		}
	}
}

/* An address as an IPv6 socket has it: IPv4 is mapped. */
static struct in6_addr
mapped(const struct vnm_addr *a)
{
	struct in6_addr in6 = {0};

	if (a->family == VNM_ADDR_IP6) {
		memcpy(&in6, a->b, 16);
		return in6;
	}
	memset(in6.s6_addr + 10, 0xff, 2);
	memcpy(in6.s6_addr + 12, a->b, 4);
	return in6;
}

struct answer {
	struct sockaddr_storage to;
	_Alignas(struct cmsghdr) char control[VNM_PKTINFO_CONTROL];
	struct iovec iov;
	struct msghdr h;
};

static void
put_control(struct answer *a, int level, int type, const void *info, size_t n)
{
	struct cmsghdr *c = (void *)a->control;

	c->cmsg_level = level;
	c->cmsg_type = type;
	c->cmsg_len = CMSG_LEN(n);
	memcpy(CMSG_DATA(c), info, n);
	a->h.msg_controllen = CMSG_SPACE(n);
}

static void
address_ip6(struct answer *a, const struct vnm_datagram *d)
{
	struct sockaddr_in6 *to = (void *)&a->to;
	const struct in6_pktinfo from = {
	    .ipi6_addr = mapped(&d->dst.addr), .ipi6_ifindex = d->scope};

	to->sin6_family = AF_INET6;
	to->sin6_port = htons(d->src.port);
	to->sin6_addr = mapped(&d->src.addr);
	to->sin6_scope_id = d->scope;
	a->h.msg_namelen = sizeof(*to);
	put_control(a, IPPROTO_IPV6, IPV6_PKTINFO, &from, sizeof(from));
}

static void
address_ip4(struct answer *a, const struct vnm_datagram *d)
{
	struct sockaddr_in *to = (void *)&a->to;
	struct in_pktinfo from = {0};

	to->sin_family = AF_INET;
	to->sin_port = htons(d->src.port);
	memcpy(&to->sin_addr, d->src.addr.b, 4);
	memcpy(&from.ipi_spec_dst, d->dst.addr.b, 4);
	a->h.msg_namelen = sizeof(*to);
	put_control(a, IPPROTO_IP, IP_PKTINFO, &from, sizeof(from));
}

bool
vnm_pktinfo_answer(int fd, const struct vnm_datagram *d, const uint8_t *p, size_t n)
{
	struct answer a = {.iov = {(void *)(uintptr_t)p, n}};
	ssize_t sent;

	a.h = (struct msghdr){
	    .msg_name = &a.to, .msg_iov = &a.iov, .msg_iovlen = 1, .msg_control = a.control};
	if (local_of(fd).ss_family == AF_INET6)
		address_ip6(&a, d);
	else
		address_ip4(&a, d);
	if (vnm_addr_is_zero(&d->dst.addr))
		a.h.msg_controllen = 0;
	sent = sendmsg(fd, &a.h, MSG_DONTWAIT | MSG_NOSIGNAL);
	if (sent < 0 && (errno == EINVAL || errno == EADDRNOTAVAIL)) {
		a.h.msg_controllen = 0; /* it was sent to a group's address: from any of ours */
		sent = sendmsg(fd, &a.h, MSG_DONTWAIT | MSG_NOSIGNAL);
	}
	return sent == (ssize_t)n;
}
