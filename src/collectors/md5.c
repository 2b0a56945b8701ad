/*
 * Keys for the TCP MD5 Signature Option (RFC 2385), as tcp(7) takes them: TCP_MD5SIG_EXT with a
 * prefix (Linux 4.13), TCP_MD5SIG for single addresses. The kernel signs and checks; a segment
 * without the right signature is dropped there and seen by nobody.
 */
#include "collectors/md5.h"

#include <errno.h>
#include <linux/tcp.h>
#include <netinet/in.h>
#include <string.h>
#include <sys/socket.h>

#include "collectors/socket.h"

int
vnm_md5_check(const char *prefix, const char *key, struct vnm_err *err)
{
	struct vnm_prefix parsed;
	size_t n = strlen(key);

	if (!vnm_prefix_parse(&parsed, prefix))
		return vnm_err_text(err,
		    "`md5`: \"%s\" is not a prefix such as 10.0.0.0/8 or 2001:db8::/32", prefix);
	if (n == 0 || n > TCP_MD5SIG_MAXKEYLEN)
		return vnm_err_text(err, "`md5`: the key for %s has %zu octets; it must be 1 to %d",
		    prefix, n, TCP_MD5SIG_MAXKEYLEN);
	return 0;
}

/* IPv4 is v4-mapped on an IPv6 socket; the length stays that of IPv4. */
static void
set_address(struct tcp_md5sig *m, int family, const struct vnm_addr *a)
{
	struct vnm_endpoint at = {.addr = *a};
	struct sockaddr_storage sa;

	if (family == AF_INET6 && a->family == VNM_ADDR_IP4) {
		at.addr =
		    (struct vnm_addr){.b = {[10] = 0xff, [11] = 0xff}, .family = VNM_ADDR_IP6};
		memcpy(at.addr.b + 12, a->b, 4);
	}
	(void)vnm_socket_address(&at, &sa);
	memcpy(&m->tcpm_addr, &sa, sizeof(m->tcpm_addr));
}

/* NULL: no key any more. 0, or an errno. */
static int
set_key(int fd, int family, const struct vnm_prefix *prefix, const char *key)
{
	struct tcp_md5sig m = {.tcpm_flags = TCP_MD5SIG_FLAG_PREFIX, .tcpm_prefixlen = prefix->len};
	bool whole = prefix->len == 8 * vnm_addr_len(&prefix->addr);
	int error = 0;

	set_address(&m, family, &prefix->addr);
	if (key != NULL) {
		m.tcpm_keylen = (uint16_t)strlen(key);
		memcpy(m.tcpm_key, key, m.tcpm_keylen);
	}
	if (setsockopt(fd, IPPROTO_TCP, TCP_MD5SIG_EXT, &m, sizeof(m)) != 0)
		error = errno;
	if (error == ENOPROTOOPT && whole) {
		m.tcpm_flags = 0;
		m.tcpm_prefixlen = 0;
		error = setsockopt(fd, IPPROTO_TCP, TCP_MD5SIG, &m, sizeof(m)) != 0 ? errno : 0;
	}
	explicit_bzero(&m, sizeof(m));
	return error;
}

static int
explain(const char *prefix, int error, struct vnm_err *err)
{
	switch (error) {
	case ENOPROTOOPT:
		return vnm_err_text(err,
		    "`md5`: this kernel has no TCP-MD5 for %s; it needs CONFIG_TCP_MD5SIG, and "
		    "Linux 4.13 for prefixes",
		    prefix);
	case ENOMEM:
		return vnm_err_text(err,
		    "`md5`: the kernel has no memory for so many keys of one socket, at %s; raise "
		    "net.core.optmem_max",
		    prefix);
	default:
		return vnm_err_text(
		    err, "`md5`: the kernel refuses the key for %s: %s", prefix, strerror(error));
	}
}

static int
family_of(int fd)
{
	int family = AF_UNSPEC;
	socklen_t n = sizeof(family);

	(void)getsockopt(fd, SOL_SOCKET, SO_DOMAIN, &family, &n);
	return family;
}

static bool
has_prefix(const struct vnm_strings *keys, const struct vnm_prefix *wanted)
{
	struct vnm_prefix prefix;

	for (uint32_t i = 0; i + 1 < keys->n; i += 2) {
		if (vnm_prefix_parse(&prefix, keys->p[i]) && prefix.len == wanted->len &&
		    vnm_addr_equal(&prefix.addr, &wanted->addr))
			return true;
	}
	return false;
}

int
vnm_md5_set(
    int fd, const struct vnm_strings *keys, const struct vnm_strings *old, struct vnm_err *err)
{
	int family = family_of(fd);
	struct vnm_prefix prefix;

	for (uint32_t i = 0; old != NULL && i + 1 < old->n; i += 2) {
		if (vnm_prefix_parse(&prefix, old->p[i]) && !has_prefix(keys, &prefix))
			(void)set_key(fd, family, &prefix, NULL);
	}
	for (uint32_t i = 0; i + 1 < keys->n; i += 2) {
		if (!vnm_prefix_parse(&prefix, keys->p[i]))
			continue;
		if (family == AF_INET && prefix.addr.family == VNM_ADDR_IP6)
			continue; /* nobody comes from there */
		int error = set_key(fd, family, &prefix, keys->p[i + 1]);
		if (error != 0)
			return explain(keys->p[i], error, err);
	}
	return 0;
}
