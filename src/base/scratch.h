/*
 * Memory for one turn: bump allocation from one block, forgotten all at once. Decoders put
 * there what a record borrows and the datagram does not hold (lists, decoded text).
 */
#ifndef VNM_BASE_SCRATCH_H
#define VNM_BASE_SCRATCH_H

#include "base/compat.h"

struct vnm_scratch {
	uint8_t *p; /* owned; vnm_scratch_free() */
	size_t n;
	size_t cap;
};

/* 0, or -1 when memory is short. */
int vnm_scratch_init(struct vnm_scratch *s, size_t cap);
void vnm_scratch_free(struct vnm_scratch *s);

/* Aligned for any type; NULL when the turn's memory is used up (the caller's reason: scratch-full).
 */
static inline void *
vnm_scratch_take(struct vnm_scratch *s, size_t size)
{
	size_t at = (s->n + 15) & ~(size_t)15;

	if (VNM_UNLIKELY(at > s->cap || size > s->cap - at))
		return NULL;
	s->n = at + size;
	return s->p + at;
}

static inline void
vnm_scratch_reset(struct vnm_scratch *s)
{
	s->n = 0;
}

/* To give back all that was taken since `mark`, where a record's memory ends with the record. */
static inline size_t
vnm_scratch_mark(const struct vnm_scratch *s)
{
	return s->n;
}

static inline void
vnm_scratch_rewind(struct vnm_scratch *s, size_t mark)
{
	s->n = mark;
}

#endif
