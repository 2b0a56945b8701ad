/*
 * A bounded reader with a sticky error: the only way in which vnmcd reads bytes that came
 * from elsewhere. All numbers are read in network byte order.
 *
 * Take a fixed block once with vnm_reader_take() and pick it apart with vnm_be16() and its
 * kin; carve every length-prefixed part with vnm_reader_sub(). A read past the end returns
 * 0 or NULL, consumes all that is left and sets `bad`, so that one check at the end of a
 * block suffices.
 */
#ifndef VNM_BASE_READER_H
#define VNM_BASE_READER_H

#include "base/slice.h"

struct vnm_reader {
	const uint8_t *p;
	const uint8_t *end;
	bool bad; /* a read went past the end */
};

static inline uint16_t
vnm_be16(const uint8_t *p)
{
	return (uint16_t)((unsigned)p[0] << 8 | p[1]);
}

static inline uint32_t
vnm_be24(const uint8_t *p)
{
	return (uint32_t)p[0] << 16 | (uint32_t)p[1] << 8 | p[2];
}

static inline uint32_t
vnm_be32(const uint8_t *p)
{
	return (uint32_t)p[0] << 24 | (uint32_t)p[1] << 16 | (uint32_t)p[2] << 8 | p[3];
}

static inline uint64_t
vnm_be64(const uint8_t *p)
{
	return (uint64_t)vnm_be32(p) << 32 | vnm_be32(p + 4);
}

/* An unsigned integer of 0 to 8 octets (RFC 7011 section 6.2, reduced-size encoding). */
static inline uint64_t
vnm_be_uint(const uint8_t *p, size_t n)
{
	uint64_t v = 0;

	switch (n) {
	case 1:
		return p[0];
	case 2:
		return vnm_be16(p);
	case 4:
		return vnm_be32(p);
	case 8:
		return vnm_be64(p);
	default:
		for (size_t i = 0; i < n; i++)
			v = v << 8 | p[i];
		return v;
	}
}

static inline struct vnm_reader
vnm_reader_of(const uint8_t *p, size_t n)
{
	return (struct vnm_reader){p, p + n, false};
}

static inline size_t
vnm_reader_left(const struct vnm_reader *r)
{
	return (size_t)(r->end - r->p);
}

/* The next n octets, or NULL (and bad) when fewer are left. */
static inline const uint8_t *
vnm_reader_take(struct vnm_reader *r, size_t n)
{
	const uint8_t *p = r->p;

	if (VNM_UNLIKELY(n > vnm_reader_left(r))) {
		r->bad = true;
		r->p = r->end;
		return NULL;
	}
	r->p += n;
	return p;
}

static inline void
vnm_reader_skip(struct vnm_reader *r, size_t n)
{
	(void)vnm_reader_take(r, n);
}

/* A reader of the next n octets, which this one steps over; empty and bad when fewer are left. */
static inline struct vnm_reader
vnm_reader_sub(struct vnm_reader *r, size_t n)
{
	const uint8_t *p = vnm_reader_take(r, n);

	if (VNM_UNLIKELY(p == NULL))
		return (struct vnm_reader){r->end, r->end, true};
	return vnm_reader_of(p, n);
}

static inline uint8_t
vnm_reader_u8(struct vnm_reader *r)
{
	const uint8_t *p = vnm_reader_take(r, 1);

	return p != NULL ? p[0] : 0;
}

static inline uint16_t
vnm_reader_u16(struct vnm_reader *r)
{
	const uint8_t *p = vnm_reader_take(r, 2);

	return p != NULL ? vnm_be16(p) : 0;
}

static inline uint32_t
vnm_reader_u32(struct vnm_reader *r)
{
	const uint8_t *p = vnm_reader_take(r, 4);

	return p != NULL ? vnm_be32(p) : 0;
}

static inline uint64_t
vnm_reader_u64(struct vnm_reader *r)
{
	const uint8_t *p = vnm_reader_take(r, 8);

	return p != NULL ? vnm_be64(p) : 0;
}

/* All that is left, as a slice; the reader is then at its end. */
static inline struct vnm_slice
vnm_reader_rest(struct vnm_reader *r)
{
	struct vnm_slice s = {r->p, vnm_reader_left(r)};

	r->p = r->end;
	return s;
}

#endif
