/*
 * The encoders' pen: where its room comes from.
 */
#include "output/writer.h"

bool
vnm_writer_begin(struct vnm_writer *w, struct vnm_buffer *b, size_t fixed)
{
	*w = (struct vnm_writer){.fixed = fixed, .b = b};
	if (!vnm_buffer_reserve(b, fixed))
		return false;
	w->p = (char *)b->p + b->n;
	w->limit = (char *)b->p + b->cap - fixed;
	return true;
}

bool
vnm_writer_grow(struct vnm_writer *w, size_t n)
{
	if (w->failed)
		return false;
	w->b->n = (size_t)(w->p - (char *)w->b->p);
	if (!vnm_buffer_reserve(w->b, n + w->fixed)) {
		w->failed = true;
		return false;
	}
	w->p = (char *)w->b->p + w->b->n;
	w->limit = (char *)w->b->p + w->b->cap - w->fixed;
	return true;
}
