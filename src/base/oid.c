/*
 * Object identifiers (RFC 2578 section 3.5).
 */
#include "base/oid.h"

#include "base/text.h"

#include <string.h>

int
vnm_oid_compare(struct vnm_oid a, struct vnm_oid b)
{
	uint32_t n = a.n < b.n ? a.n : b.n;

	for (uint32_t i = 0; i < n; i++) {
		if (a.v[i] != b.v[i])
			return a.v[i] < b.v[i] ? -1 : 1;
	}
	return a.n == b.n ? 0 : a.n < b.n ? -1 : 1;
}

bool
vnm_oid_equal(struct vnm_oid a, struct vnm_oid b)
{
	return a.n == b.n && (a.n == 0 || memcmp(a.v, b.v, a.n * sizeof(*a.v)) == 0);
}

bool
vnm_oid_below(struct vnm_oid o, struct vnm_oid prefix)
{
	return o.n >= prefix.n && vnm_oid_equal((struct vnm_oid){o.v, prefix.n}, prefix);
}

struct vnm_oid
vnm_oid_rest(struct vnm_oid o, uint32_t n)
{
	return n < o.n ? (struct vnm_oid){o.v + n, o.n - n} : (struct vnm_oid){NULL, 0};
}

char *
vnm_oid_text(char *p, struct vnm_oid o)
{
	uint32_t n = o.n < VNM_OID_MAX ? o.n : VNM_OID_MAX;

	for (uint32_t i = 0; i < n; i++) {
		uint32_t number = o.v[i];

		if (VNM_LIKELY(number <= UINT8_MAX)) /* as most: their digits need no counting */
			p = vnm_text_octet(p, (uint8_t)number);
		else
			p = vnm_text_u64(p, number);
		*p++ = '.';
	}
	if (n > 0)
		p--; /* the last dot */
	*p = '\0';
	return p;
}

uint32_t
vnm_oid_parse(const char *text, size_t n, uint32_t *v)
{
	size_t at = n > 0 && text[0] == '.';
	uint32_t count = 0;

	while (at < n && count < VNM_OID_MAX) {
		size_t begin = at;
		uint64_t number = 0;

		for (; at < n && text[at] >= '0' && text[at] <= '9'; at++) {
			number = number * 10 + (uint64_t)(text[at] - '0');
			if (number > UINT32_MAX)
				return 0;
		}
		if (at == begin)
			return 0;
		v[count++] = (uint32_t)number;
		if (at == n)
			return count;
		if (text[at++] != '.')
			return 0;
	}
	return 0;
}
