/*
 * Captured TCP segments put in order (RFC 9293 section 3.4: sequence numbers are modulo 2^32).
 */
#include "collectors/tcp_order.h"

#include <string.h>

#include "base/alloc.h"

struct vnm_waiting {
	struct vnm_waiting *next;
	uint32_t seq;
	size_t n;
	size_t wire_n;
	uint8_t octets[];
};

/* How far seq is ahead of what comes next; negative: behind it. */
static int32_t
ahead(const struct vnm_tcp_order *o, uint32_t seq)
{
	return (int32_t)(seq - o->next);
}

void
vnm_tcp_order_begin(struct vnm_tcp_order *o, uint32_t seq)
{
	o->begun = true;
	o->first = o->next = seq;
}

void
vnm_tcp_order_uncount(struct vnm_tcp_order *o)
{
	o->next--;
}

void
vnm_tcp_order_end(struct vnm_tcp_order *o, uint32_t seq)
{
	o->ends = true;
	o->end = seq;
}

bool
vnm_tcp_order_ended(const struct vnm_tcp_order *o)
{
	return o->ends && o->begun && ahead(o, o->end) <= 0;
}

/* Hands out what is new of a segment that does not begin beyond a hole. */
static bool
hand_out(struct vnm_tcp_order *o, const struct vnm_segment *s, const struct vnm_order_user *user)
{
	size_t old = (size_t) - (int64_t)ahead(o, s->seq);

	if (old >= s->wire_n)
		return false;
	o->next = s->seq + (uint32_t)s->wire_n;
	if (old < s->n)
		user->data(user->ctx, s->p + old, s->n - old);
	if (s->n < s->wire_n)
		user->gap(user->ctx);
	return true;
}

static struct vnm_waiting *
pop(struct vnm_tcp_order *o)
{
	struct vnm_waiting *w = o->waiting;

	o->waiting = w->next;
	o->waiting_segments--;
	o->waiting_octets -= w->n;
	return w;
}

static void
hand_out_waiting(struct vnm_tcp_order *o, const struct vnm_order_user *user)
{
	while (o->waiting != NULL && ahead(o, o->waiting->seq) <= 0) {
		struct vnm_waiting *w = pop(o);
		struct vnm_segment s = {w->seq, w->octets, w->n, w->wire_n};

		hand_out(o, &s, user);
		vnm_free(w);
	}
}

static void
skip_hole(struct vnm_tcp_order *o, const struct vnm_order_user *user)
{
	o->next = o->waiting->seq;
	user->gap(user->ctx);
	hand_out_waiting(o, user);
}

/* Puts a segment behind those that begin before it; false when it is there already. */
static bool
wait_for_hole(struct vnm_tcp_order *o, const struct vnm_segment *s)
{
	struct vnm_waiting **at = &o->waiting;

	while (*at != NULL && ahead(o, (*at)->seq) <= ahead(o, s->seq)) {
		if ((*at)->seq == s->seq && (*at)->n >= s->n)
			return false;
		at = &(*at)->next;
	}
	struct vnm_waiting *w = vnm_alloc(sizeof(*w) + s->n);
	if (w == NULL) /* as if it had not been captured */
		return false;
	*w = (struct vnm_waiting){*at, s->seq, s->n, s->wire_n};
	memcpy(w->octets, s->p, s->n);
	*at = w;
	o->waiting_segments++;
	o->waiting_octets += s->n;
	return true;
}

bool
vnm_tcp_order_take(
    struct vnm_tcp_order *o, const struct vnm_segment *s, const struct vnm_order_user *user)
{
	if (!o->begun)
		vnm_tcp_order_begin(o, s->seq);
	if (ahead(o, s->seq) <= 0) {
		bool is_new = hand_out(o, s, user);
		hand_out_waiting(o, user);
		return is_new;
	}
	bool is_new = wait_for_hole(o, s);
	if (o->waiting_segments > VNM_ORDER_SEGMENTS || o->waiting_octets > VNM_ORDER_OCTETS)
		skip_hole(o, user);
	return is_new;
}

void
vnm_tcp_order_flush(struct vnm_tcp_order *o, const struct vnm_order_user *user)
{
	while (o->waiting != NULL)
		skip_hole(o, user);
}

void
vnm_tcp_order_free(struct vnm_tcp_order *o)
{
	while (o->waiting != NULL)
		vnm_free(pop(o));
}
