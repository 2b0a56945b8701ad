/*
 * Streams of octets cut into messages.
 */
#include "collectors/framer.h"

#include <assert.h>

#define TRIM_OCTETS 4096 /* this much more than is needed may stay */

uint8_t *
vnm_framer_space(struct vnm_framer *f, size_t n)
{
	assert(f->lent.p == NULL);
	vnm_buffer_drop(&f->b, f->at);
	f->at = 0;
	return vnm_buffer_reserve(&f->b, n) ? f->b.p + f->b.n : NULL;
}

void
vnm_framer_wrote(struct vnm_framer *f, size_t n)
{
	assert(n <= f->b.cap - f->b.n);
	f->b.n += n;
}

bool
vnm_framer_add(struct vnm_framer *f, const uint8_t *p, size_t n)
{
	uint8_t *space = vnm_framer_space(f, n);

	if (space == NULL)
		return false;
	memcpy(space, p, n);
	vnm_framer_wrote(f, n);
	return true;
}

bool
vnm_framer_lend(struct vnm_framer *f, uint8_t *p, size_t n)
{
	struct vnm_slice rest = vnm_framer_rest(f);

	assert(f->lent.p == NULL);
	if (rest.n > VNM_FRAMER_HEAD)
		return vnm_framer_add(f, p, n);
	if (rest.n > 0)
		memcpy(p - rest.n, rest.p, rest.n);
	f->lent = (struct vnm_slice){p - rest.n, rest.n + n};
	f->b.n = 0;
	f->at = 0;
	return true;
}

bool
vnm_framer_keep(struct vnm_framer *f)
{
	struct vnm_slice rest = vnm_framer_rest(f);

	if (f->lent.p == NULL)
		return true;
	f->lent = (struct vnm_slice){NULL, 0};
	f->at = 0;
	return rest.n == 0 || vnm_buffer_append(&f->b, rest.p, rest.n);
}

struct vnm_slice
vnm_framer_rest(const struct vnm_framer *f)
{
	struct vnm_slice all = f->lent.p != NULL ? f->lent : (struct vnm_slice){f->b.p, f->b.n};

	if (f->at == all.n)
		return (struct vnm_slice){NULL, 0};
	return (struct vnm_slice){all.p + f->at, all.n - f->at};
}

enum vnm_framed
vnm_framer_next(struct vnm_framer *f, struct vnm_slice *message)
{
	struct vnm_slice rest = vnm_framer_rest(f);

	if (rest.n == 0)
		return VNM_FRAMED_NONE;
	size_t size = f->frame(rest.p, rest.n);
	if (size == VNM_FRAME_BAD || size > VNM_MESSAGE_MAX)
		return VNM_FRAMED_BAD;
	if (size == 0)
		return rest.n < VNM_MESSAGE_MAX ? VNM_FRAMED_NONE : VNM_FRAMED_BAD;
	if (size > rest.n)
		return VNM_FRAMED_NONE;
	*message = (struct vnm_slice){rest.p, size};
	f->at += size;
	return VNM_FRAMED_MESSAGE;
}

void
vnm_framer_trim(struct vnm_framer *f)
{
	struct vnm_slice rest = vnm_framer_rest(f);
	struct vnm_buffer fits = {0};

	assert(f->lent.p == NULL);
	if (rest.n == 0) {
		vnm_framer_free(f);
		return;
	}
	if (f->b.cap / 4 <= TRIM_OCTETS || f->b.cap / 4 <= rest.n ||
	    !vnm_buffer_append(&fits, rest.p, rest.n))
		return;
	vnm_buffer_free(&f->b);
	f->b = fits;
	f->at = 0;
}

void
vnm_framer_free(struct vnm_framer *f)
{
	vnm_buffer_free(&f->b);
	f->lent = (struct vnm_slice){NULL, 0};
	f->at = 0;
}
