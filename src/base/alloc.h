/*
 * The one door to the heap: counted, bounded and failable.
 *
 * Memory is owned by whoever asked for it and given back with vnm_free(). Nothing on the
 * per-record path comes here; scratch memory (base/scratch.h) is for that.
 */
#ifndef VNM_BASE_ALLOC_H
#define VNM_BASE_ALLOC_H

#include "base/compat.h"

/* NULL when the bound is reached, the heap is out of memory, or a test asked for failure. */
void *vnm_alloc(size_t size) VNM_MUST_CHECK;

/* The same, zeroed. */
void *vnm_alloc_zero(size_t count, size_t size) VNM_MUST_CHECK;

/* Grows or shrinks; on NULL the old block is untouched and still owned by the caller. */
void *vnm_realloc(void *p, size_t size) VNM_MUST_CHECK;

void vnm_free(void *p);

/* A copy of n octets of text, terminated. */
char *vnm_strndup(const char *s, size_t n) VNM_MUST_CHECK;
char *vnm_strdup(const char *s) VNM_MUST_CHECK;

/* What the heap keeps for it, as vnm_alloc_used() counts it; 0 of NULL. */
size_t vnm_alloc_size(void *p);

/* Octets in use now, as the allocator counts them (usable sizes). */
size_t vnm_alloc_used(void);

/* The bound, in octets; 0: none. */
void vnm_alloc_limit(size_t octets);

/*
 * For tests: the n-th allocation from now fails (1: the next one), and only that one;
 * 0 switches it off. Returns how many allocations had been counted since the last call.
 */
uint64_t vnm_alloc_fail_at(uint64_t n);

#endif
