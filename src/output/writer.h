/*
 * The encoders' pen. A record reserves once what its fixed-size fields can need together
 * (`fixed`) and writes these without checks; whatever has no fixed size (text, octets, lists)
 * asks vnm_writer_room() first.
 */
#ifndef VNM_OUTPUT_WRITER_H
#define VNM_OUTPUT_WRITER_H

#include "base/buffer.h"

struct vnm_writer {
	char *p;      /* where the next octet goes */
	char *limit;  /* `fixed` octets before the buffer's end; p may be past it */
	size_t fixed; /* octets kept free for the record's fixed-size fields */
	struct vnm_buffer *b;
	bool failed;	    /* memory was short: what was written is thrown away */
	bool u64_as_string; /* of JSON */
};

/* Writes behind what the buffer holds: true, or false when memory is short. */
bool vnm_writer_begin(struct vnm_writer *w, struct vnm_buffer *b, size_t fixed) VNM_MUST_CHECK;

/* Makes room for n octets besides the fixed ones: false when memory is short. */
bool vnm_writer_grow(struct vnm_writer *w, size_t n);

static inline bool
vnm_writer_room(struct vnm_writer *w, size_t n)
{
	return VNM_LIKELY(w->limit - w->p >= (ptrdiff_t)n) || vnm_writer_grow(w, n);
}

#endif
