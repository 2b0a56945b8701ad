/*
 * Writing numbers in network byte order into a bounded run of octets: what the load generator
 * builds its messages with. It shares no code with vnmcd, so that neither can hide the other's
 * mistakes.
 */
#ifndef VNM_BENCH_OCTETS_H
#define VNM_BENCH_OCTETS_H

#include <assert.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

struct vnm_octets {
	uint8_t *p;
	size_t n;
	size_t cap;
};

static inline void
vnm_poke16(uint8_t *p, uint16_t v)
{
	p[0] = (uint8_t)(v >> 8);
	p[1] = (uint8_t)v;
}

static inline void
vnm_poke32(uint8_t *p, uint32_t v)
{
	vnm_poke16(p, (uint16_t)(v >> 16));
	vnm_poke16(p + 2, (uint16_t)v);
}

/* n octets from src; NULL: zeros. */
static inline void
vnm_put(struct vnm_octets *o, const void *src, size_t n)
{
	assert(o->cap - o->n >= n);
	if (src != NULL)
		memcpy(o->p + o->n, src, n);
	else
		memset(o->p + o->n, 0, n);
	o->n += n;
}

/* The low n octets of v. */
static inline void
vnm_put_uint(struct vnm_octets *o, uint64_t v, size_t n)
{
	uint8_t b[8];

	for (size_t i = 0; i < n; i++)
		b[i] = (uint8_t)(v >> 8 * (n - 1 - i));
	vnm_put(o, b, n);
}

static inline void
vnm_put8(struct vnm_octets *o, uint8_t v)
{
	vnm_put(o, &v, 1);
}

static inline void
vnm_put16(struct vnm_octets *o, uint32_t v)
{
	vnm_put_uint(o, v, 2);
}

static inline void
vnm_put32(struct vnm_octets *o, uint32_t v)
{
	vnm_put_uint(o, v, 4);
}

static inline void
vnm_put64(struct vnm_octets *o, uint64_t v)
{
	vnm_put_uint(o, v, 8);
}

/* Zeros up to a multiple of four octets since `start`. */
static inline void
vnm_put_pad(struct vnm_octets *o, size_t start)
{
	vnm_put(o, NULL, (4 - (o->n - start) % 4) % 4);
}

#endif
