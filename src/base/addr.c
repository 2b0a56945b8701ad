/*
 * IP and MAC addresses and their text forms (RFC 5952 for IPv6).
 */
#include "base/addr.h"

#include "base/text.h"

#include <arpa/inet.h>
#include <stdio.h>
#include <stdlib.h>

struct vnm_addr
vnm_addr_unmapped(const uint8_t p[16])
{
	static const uint8_t mapped[12] = {[10] = 0xff, [11] = 0xff};

	return memcmp(p, mapped, sizeof(mapped)) == 0 ? vnm_addr_ip4(p + 12) : vnm_addr_ip6(p);
}

bool
vnm_addr_is_zero(const struct vnm_addr *a)
{
	static const uint8_t zero[16];

	return memcmp(a->b, zero, vnm_addr_len(a)) == 0;
}

static size_t
write_ip4(char *out, const uint8_t *b)
{
	char *p = vnm_text_octet(out, b[0]);

	for (int i = 1; i < 4; i++) {
		*p++ = '.';
		p = vnm_text_octet(p, b[i]);
	}
	return (size_t)(p - out);
}

static size_t
write_group(char *out, unsigned v)
{
	const char *high = vnm_hex_pairs + 2 * (v >> 8);
	const char *low = vnm_hex_pairs + 2 * (v & 255);
	size_t n = v >= 0x1000 ? 2 : v >= 0x100;

	memcpy(out, high + (n == 1), 2); /* all that is too much is overwritten */
	if (n == 0 && v < 0x10) {
		*out = low[1];
		return 1;
	}
	memcpy(out + n, low, 2);
	return n + 2;
}

/* The longest run of two or more zero groups, the first of equals (RFC 5952 section 4.2.3). */
static int
longest_zero_run(const uint16_t g[8], int *length)
{
	int best = -1;

	*length = 1;
	for (int i = 0; i < 8; i++) {
		int n = 0;

		while (i + n < 8 && g[i + n] == 0)
			n++;
		if (n > *length) {
			*length = n;
			best = i;
		}
		i += n;
	}
	return best;
}

static size_t
write_ip6(char *out, const uint8_t *b)
{
	uint16_t g[8];
	int run_length;
	size_t n = 0;

	for (int i = 0; i < 8; i++)
		g[i] = (uint16_t)(b[2 * i] << 8 | b[2 * i + 1]);
	int run = longest_zero_run(g, &run_length);
	for (int i = 0; i < 8; i++) {
		if (i == run) {
			out[n++] = ':';
			out[n++] = ':';
			i += run_length - 1;
			continue;
		}
		if (n > 0 && out[n - 1] != ':')
			out[n++] = ':';
		n += write_group(out + n, g[i]);
	}
	return n;
}

size_t
vnm_addr_write(char *out, const struct vnm_addr *a)
{
	if (a->family == VNM_ADDR_IP4)
		return write_ip4(out, a->b);
	return a->family == VNM_ADDR_IP6 ? write_ip6(out, a->b) : 0;
}

size_t
vnm_mac_write(char *out, const struct vnm_mac *m)
{
	for (int i = 0; i < 6; i++) {
		memcpy(out + 3 * i, vnm_hex_pairs + 2 * m->b[i], 2);
		if (i < 5)
			out[3 * i + 2] = ':';
	}
	return VNM_MAC_TEXT - 1;
}

const char *
vnm_addr_text(const struct vnm_addr *a, char buf[VNM_ADDR_TEXT])
{
	buf[vnm_addr_write(buf, a)] = '\0';
	return buf;
}

const char *
vnm_endpoint_text(const struct vnm_endpoint *e, char buf[VNM_ENDPOINT_TEXT])
{
	char text[VNM_ADDR_TEXT];
	bool ip6 = e->addr.family == VNM_ADDR_IP6;

	snprintf(buf, VNM_ENDPOINT_TEXT, ip6 ? "[%s]:%u" : "%s:%u", vnm_addr_text(&e->addr, text),
	    e->port);
	return buf;
}

bool
vnm_addr_parse(struct vnm_addr *a, const char *text)
{
	uint8_t b[16];

	if (inet_pton(AF_INET, text, b) == 1)
		*a = vnm_addr_ip4(b);
	else if (inet_pton(AF_INET6, text, b) == 1)
		*a = vnm_addr_unmapped(b);
	else
		return false;
	return true;
}

bool
vnm_mac_parse(struct vnm_mac *m, const char *text)
{
	unsigned v[6];
	int end = 0;

	if (sscanf(text, "%2x:%2x:%2x:%2x:%2x:%2x%n", &v[0], &v[1], &v[2], &v[3], &v[4], &v[5],
		&end) != 6 ||
	    text[end] != '\0')
		return false;
	for (int i = 0; i < 6; i++)
		m->b[i] = (uint8_t)v[i];
	return true;
}

bool
vnm_prefix_parse(struct vnm_prefix *p, const char *text)
{
	char addr[VNM_ADDR_TEXT];
	const char *slash = strchr(text, '/');
	size_t n = slash != NULL ? (size_t)(slash - text) : strlen(text);
	struct vnm_prefix out;
	char *end = NULL;

	if (n >= sizeof(addr))
		return false;
	memcpy(addr, text, n);
	addr[n] = '\0';
	if (!vnm_addr_parse(&out.addr, addr))
		return false;
	unsigned long bits = 8 * vnm_addr_len(&out.addr);
	unsigned long len = slash != NULL ? strtoul(slash + 1, &end, 10) : bits;
	if (len > bits || (end != NULL && (end == slash + 1 || *end != '\0')))
		return false;
	out.len = (uint8_t)len;
	*p = out;
	return true;
}

bool
vnm_prefix_contains(const struct vnm_prefix *p, const struct vnm_addr *a)
{
	size_t whole = p->len / 8;
	unsigned rest = p->len % 8;

	if (p->addr.family != a->family || memcmp(p->addr.b, a->b, whole) != 0)
		return false;
	return rest == 0 || ((p->addr.b[whole] ^ a->b[whole]) >> (8 - rest)) == 0;
}
