/*
 * The one door to the heap. The counters are process-wide and atomic: they are the
 * allocator's own state, like the heap's, and the only such state in base/.
 */
#include "base/alloc.h"

#include <malloc.h>
#include <stdatomic.h>
#include <stdlib.h>
#include <string.h>

static struct {
	atomic_size_t used;
	atomic_size_t limit;
	_Atomic uint64_t calls;
	_Atomic uint64_t fail_at;
} heap;

static bool
refused(size_t size)
{
	uint64_t call = atomic_fetch_add_explicit(&heap.calls, 1, memory_order_relaxed) + 1;
	size_t limit = atomic_load_explicit(&heap.limit, memory_order_relaxed);

	if (call == atomic_load_explicit(&heap.fail_at, memory_order_relaxed))
		return true;
	return limit != 0 && atomic_load_explicit(&heap.used, memory_order_relaxed) + size > limit;
}

static void *
counted(void *p)
{
	if (p != NULL)
		atomic_fetch_add_explicit(&heap.used, malloc_usable_size(p), memory_order_relaxed);
	return p;
}

void *
vnm_alloc(size_t size)
{
	return refused(size) ? NULL : counted(malloc(size != 0 ? size : 1));
}

void *
vnm_alloc_zero(size_t count, size_t size)
{
	size_t total;

	if (__builtin_mul_overflow(count, size, &total) || refused(total))
		return NULL;
	return counted(calloc(1, total != 0 ? total : 1));
}

void *
vnm_realloc(void *p, size_t size)
{
	size_t old = vnm_alloc_size(p);

	if (refused(size))
		return NULL;
	void *q = realloc(p, size != 0 ? size : 1);
	if (q == NULL)
		return NULL;
	atomic_fetch_sub_explicit(&heap.used, old, memory_order_relaxed);
	return counted(q);
}

void
vnm_free(void *p)
{
	if (p == NULL)
		return;
	atomic_fetch_sub_explicit(&heap.used, malloc_usable_size(p), memory_order_relaxed);
	free(p);
}

char *
vnm_strndup(const char *s, size_t n)
{
	char *copy = vnm_alloc(n + 1);

	if (copy == NULL)
		return NULL;
	memcpy(copy, s, n);
	copy[n] = '\0';
	return copy;
}

char *
vnm_strdup(const char *s)
{
	return vnm_strndup(s, strlen(s));
}

size_t
vnm_alloc_size(void *p)
{
	return p != NULL ? malloc_usable_size(p) : 0;
}

size_t
vnm_alloc_used(void)
{
	return atomic_load_explicit(&heap.used, memory_order_relaxed);
}

void
vnm_alloc_limit(size_t octets)
{
	atomic_store_explicit(&heap.limit, octets, memory_order_relaxed);
}

uint64_t
vnm_alloc_fail_at(uint64_t n)
{
	uint64_t calls = atomic_exchange_explicit(&heap.calls, 0, memory_order_relaxed);

	atomic_store_explicit(&heap.fail_at, n, memory_order_relaxed);
	return calls;
}
