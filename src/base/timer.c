/*
 * A binary heap of timers. An entry's key is the time at which the timer is looked at: its own
 * time, or an earlier one at which it stood before.
 */
#include "base/timer.h"

#include "base/alloc.h"

#include <assert.h>

struct vnm_timer_entry {
	uint64_t key;
	struct vnm_timer *t;
};

int
vnm_timers_reserve(struct vnm_timers *ts, uint32_t n)
{
	struct vnm_timer_entry *grown;

	if (n <= ts->cap)
		return 0;
	grown = vnm_realloc(ts->heap, n * sizeof(*grown));
	if (grown == NULL)
		return -1;
	ts->heap = grown;
	ts->cap = n;
	return 0;
}

void
vnm_timers_free(struct vnm_timers *ts)
{
	vnm_free(ts->heap);
	*ts = (struct vnm_timers){0};
}

static void
put(struct vnm_timers *ts, uint32_t i, struct vnm_timer_entry e)
{
	ts->heap[i] = e;
	e.t->place = i + 1;
}

static void
sift_up(struct vnm_timers *ts, uint32_t i, struct vnm_timer_entry e)
{
	while (i > 0 && ts->heap[(i - 1) / 2].key > e.key) {
		put(ts, i, ts->heap[(i - 1) / 2]);
		i = (i - 1) / 2;
	}
	put(ts, i, e);
}

static void
sift_down(struct vnm_timers *ts, uint32_t i, struct vnm_timer_entry e)
{
	for (;;) {
		uint32_t child = 2 * i + 1;

		if (child >= ts->n)
			break;
		if (child + 1 < ts->n && ts->heap[child + 1].key < ts->heap[child].key)
			child++;
		if (ts->heap[child].key >= e.key)
			break;
		put(ts, i, ts->heap[child]);
		i = child;
	}
	put(ts, i, e);
}

/* The last entry takes the place of the one that goes. */
static void
take_out(struct vnm_timers *ts, uint32_t i)
{
	struct vnm_timer_entry last = ts->heap[--ts->n];

	ts->heap[i].t->place = 0;
	if (i == ts->n)
		return;
	if (i > 0 && ts->heap[(i - 1) / 2].key > last.key)
		sift_up(ts, i, last);
	else
		sift_down(ts, i, last);
}

void
vnm_timer_set(struct vnm_timers *ts, struct vnm_timer *t, uint64_t at_ns)
{
	t->at_ns = at_ns;
	t->set = true;
	if (t->place == 0) {
		assert(ts->n < ts->cap);
		sift_up(ts, ts->n++, (struct vnm_timer_entry){at_ns, t});
	} else if (at_ns < ts->heap[t->place - 1].key) {
		sift_up(ts, t->place - 1, (struct vnm_timer_entry){at_ns, t});
	}
}

void
vnm_timer_clear(struct vnm_timers *ts, struct vnm_timer *t)
{
	t->set = false;
	if (t->place != 0)
		take_out(ts, t->place - 1);
}

struct vnm_timer *
vnm_timers_due(struct vnm_timers *ts, uint64_t now_ns)
{
	while (ts->n > 0 && ts->heap[0].key <= now_ns) {
		struct vnm_timer *t = ts->heap[0].t;

		if (t->at_ns <= now_ns) {
			take_out(ts, 0);
			t->set = false;
			return t;
		}
		sift_down(ts, 0, (struct vnm_timer_entry){t->at_ns, t});
	}
	return NULL;
}

uint64_t
vnm_timers_next(const struct vnm_timers *ts)
{
	return ts->n > 0 ? ts->heap[0].key : VNM_TIMER_NEVER;
}
