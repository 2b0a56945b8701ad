/*
 * Memory for one turn.
 */
#include "base/scratch.h"

#include "base/alloc.h"

int
vnm_scratch_init(struct vnm_scratch *s, size_t cap)
{
	*s = (struct vnm_scratch){.p = vnm_alloc(cap), .cap = cap};
	return s->p != NULL ? 0 : -1;
}

void
vnm_scratch_free(struct vnm_scratch *s)
{
	vnm_free(s->p);
	*s = (struct vnm_scratch){0};
}
