/*
 * A writer of XDR (RFC 4506) into one buffer of the file that includes it.
 */
#ifndef VNM_TESTS_XDR_H
#define VNM_TESTS_XDR_H

#include <stdint.h>
#include <string.h>

static struct {
	uint8_t p[4096];
	size_t n;
} xdr;

static inline void
u32(uint32_t v)
{
	for (unsigned shift = 32; shift > 0; shift -= 8)
		xdr.p[xdr.n++] = (uint8_t)(v >> (shift - 8));
}

static inline void
u64(uint64_t v)
{
	u32((uint32_t)(v >> 32));
	u32((uint32_t)v);
}

static inline void
octets(const void *p, size_t n)
{
	memcpy(xdr.p + xdr.n, p, n);
	xdr.n += n;
	while (xdr.n % 4 != 0)
		xdr.p[xdr.n++] = 0;
}

static inline void
text(const char *s)
{
	u32((uint32_t)strlen(s));
	octets(s, strlen(s));
}

/* Opens a length-prefixed part and closes it with its length. */
static inline size_t
open_part(uint32_t format)
{
	u32(format);
	u32(0);
	return xdr.n;
}

static inline void
close_part(size_t at)
{
	size_t end = xdr.n;

	xdr.n = at - 4;
	u32((uint32_t)(end - at));
	xdr.n = end;
}

#endif
