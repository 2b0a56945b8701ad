/*
 * A growable run of octets.
 */
#include "base/buffer.h"

#include "base/alloc.h"

bool
vnm_buffer_grow(struct vnm_buffer *b, size_t more)
{
	size_t cap = b->cap != 0 ? b->cap : 4096;

	if (more > SIZE_MAX / 4 - b->n)
		return false;
	while (cap - b->n < more)
		cap *= 2;
	uint8_t *p = vnm_realloc(b->p, cap);
	if (p == NULL)
		return false;
	b->p = p;
	b->cap = cap;
	return true;
}

void
vnm_buffer_free(struct vnm_buffer *b)
{
	vnm_free(b->p);
	*b = (struct vnm_buffer){0};
}
