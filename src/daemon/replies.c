/*
 * Answers to exporters.
 */
#include "daemon/replies.h"

#include "base/alloc.h"

struct vnm_reply {
	struct vnm_datagram to; /* without octets */
	size_t at, n;		/* in the queue's octets */
	bool acknowledges;
};

static bool
grow(struct vnm_replies *r)
{
	uint32_t cap = r->cap != 0 ? 2 * r->cap : 16;
	struct vnm_reply *grown;

	if (r->n < r->cap)
		return true;
	grown = vnm_realloc(r->list, cap * sizeof(*grown));
	if (grown == NULL)
		return false;
	r->list = grown;
	r->cap = cap;
	return true;
}

bool
vnm_replies_add(
    struct vnm_replies *r, const struct vnm_datagram *d, struct vnm_slice reply, bool acknowledges)
{
	if (r->n >= VNM_REPLIES_MAX || reply.n > VNM_REPLIES_OCTETS - r->octets.n || !grow(r))
		return false;
	size_t at = r->octets.n;
	if (!vnm_buffer_append(&r->octets, reply.p, reply.n))
		return false;
	r->list[r->n] = (struct vnm_reply){*d, at, reply.n, acknowledges};
	r->list[r->n].to.p = NULL;
	r->list[r->n++].to.n = 0;
	return true;
}

void
vnm_replies_send(struct vnm_replies *r, bool taken, struct vnm_counters *counters)
{
	for (uint32_t i = 0; i < r->n; i++) {
		const struct vnm_reply *one = &r->list[i];
		const struct vnm_way_back *back = one->to.back;

		if (one->acknowledges && !taken)
			counters->v[VNM_C_replies_withheld]++;
		else if (back->send(back, &one->to, r->octets.p + one->at, one->n))
			counters->v[VNM_C_replies]++;
		else
			counters->v[VNM_C_replies_failed]++;
	}
	r->n = 0;
	r->octets.n = 0;
}

void
vnm_replies_free(struct vnm_replies *r)
{
	vnm_free(r->list);
	vnm_buffer_free(&r->octets);
	*r = (struct vnm_replies){0};
}
