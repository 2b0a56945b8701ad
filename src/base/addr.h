/*
 * IP addresses, transport endpoints, prefixes and MAC addresses, and their text forms
 * (IPv6 by RFC 5952; an IPv4-mapped IPv6 address is kept and printed as IPv4).
 */
#ifndef VNM_BASE_ADDR_H
#define VNM_BASE_ADDR_H

#include "base/slice.h"

enum { VNM_ADDR_NONE = 0, VNM_ADDR_IP4 = 4, VNM_ADDR_IP6 = 6 };

struct vnm_addr {
	uint8_t b[16];	/* network byte order; IPv4 in b[0..3], the rest zero */
	uint8_t family; /* VNM_ADDR_* */
	uint8_t zero[3];
};

struct vnm_mac {
	uint8_t b[6];
};

struct vnm_endpoint {
	struct vnm_addr addr;
	uint16_t port; /* host byte order */
};

struct vnm_prefix {
	struct vnm_addr addr;
	uint8_t len; /* bits */
};

#define VNM_ADDR_TEXT 46 /* octets for the longest text and its terminator */
#define VNM_MAC_TEXT 18
#define VNM_ENDPOINT_TEXT 56

static inline struct vnm_addr
vnm_addr_ip4(const uint8_t *p)
{
	struct vnm_addr a = {.family = VNM_ADDR_IP4};

	memcpy(a.b, p, 4);
	return a;
}

static inline struct vnm_addr
vnm_addr_ip6(const uint8_t *p)
{
	struct vnm_addr a = {.family = VNM_ADDR_IP6};

	memcpy(a.b, p, 16);
	return a;
}

/* IPv6 as it is on a socket: a v4-mapped address becomes IPv4. */
struct vnm_addr vnm_addr_unmapped(const uint8_t p[16]);

static inline size_t
vnm_addr_len(const struct vnm_addr *a)
{
	return a->family == VNM_ADDR_IP4 ? 4 : a->family == VNM_ADDR_IP6 ? 16 : 0;
}

static inline bool
vnm_addr_equal(const struct vnm_addr *a, const struct vnm_addr *b)
{
	return memcmp(a, b, sizeof(*a)) == 0;
}

/* Whether it is 0.0.0.0 or ::, or no address. */
bool vnm_addr_is_zero(const struct vnm_addr *a);

/* Text without a terminator into out (VNM_ADDR_TEXT octets suffice); returns its length. */
size_t vnm_addr_write(char *out, const struct vnm_addr *a);
size_t vnm_mac_write(char *out, const struct vnm_mac *m);

/* Terminated text; returns buf. */
const char *vnm_addr_text(const struct vnm_addr *a, char buf[VNM_ADDR_TEXT]);
const char *vnm_endpoint_text(const struct vnm_endpoint *e, char buf[VNM_ENDPOINT_TEXT]);

/* From text: true, or false when it is none (nothing is written then). */
bool vnm_addr_parse(struct vnm_addr *a, const char *text);
bool vnm_mac_parse(struct vnm_mac *m, const char *text);
/* "10.0.0.0/8", "2001:db8::/32", or an address alone (all bits). */
bool vnm_prefix_parse(struct vnm_prefix *p, const char *text);
bool vnm_prefix_contains(const struct vnm_prefix *p, const struct vnm_addr *a);

#endif
