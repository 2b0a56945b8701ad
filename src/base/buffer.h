/*
 * A growable run of octets for encoders. Reserve the room that a whole record may need once,
 * then write without further checks.
 */
#ifndef VNM_BASE_BUFFER_H
#define VNM_BASE_BUFFER_H

#include "base/slice.h"

struct vnm_buffer {
	uint8_t *p; /* owned; vnm_buffer_free() */
	size_t n;   /* octets in use */
	size_t cap;
};

/* Room for `more` further octets: true, or false when memory is short (nothing changed). */
bool vnm_buffer_grow(struct vnm_buffer *b, size_t more) VNM_MUST_CHECK;
void vnm_buffer_free(struct vnm_buffer *b);

static inline bool VNM_MUST_CHECK
vnm_buffer_reserve(struct vnm_buffer *b, size_t more)
{
	return VNM_LIKELY(b->cap - b->n >= more) || vnm_buffer_grow(b, more);
}

static inline bool VNM_MUST_CHECK
vnm_buffer_append(struct vnm_buffer *b, const void *p, size_t n)
{
	if (!vnm_buffer_reserve(b, n))
		return false;
	memcpy(b->p + b->n, p, n);
	b->n += n;
	return true;
}

/* Forgets the first n octets, of b->n at the most: what is behind them moves to the begin. */
static inline void
vnm_buffer_drop(struct vnm_buffer *b, size_t n)
{
	if (n == 0)
		return;
	b->n -= n;
	memmove(b->p, b->p + n, b->n);
}

#endif
