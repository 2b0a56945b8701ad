/*
 * Timers of one loop, thousands at a time: a binary heap whose entries are moved lazily. A timer
 * that is set to a later time, as the deadline of a request that was answered, stays where it is
 * and is moved only when its old time has come. Nobody is called: who owns the loop takes what is
 * due.
 */
#ifndef VNM_BASE_TIMER_H
#define VNM_BASE_TIMER_H

#include "base/compat.h"

/* Part of what it is for; zeroed when new. */
struct vnm_timer {
	uint64_t at_ns; /* on the owner's clock */
	uint32_t place; /* in the heap, + 1; 0: not in it */
	bool set;
};

struct vnm_timers {
	struct vnm_timer_entry *heap; /* owned; vnm_timers_free() */
	uint32_t n;
	uint32_t cap;
};

#define VNM_TIMER_NEVER UINT64_MAX

/* Room for so many timers, so that setting one cannot fail: 0, or -1 when memory is short. */
int vnm_timers_reserve(struct vnm_timers *ts, uint32_t n) VNM_MUST_CHECK;
void vnm_timers_free(struct vnm_timers *ts);

/* Sets it, also one that is set already; there must be room for it. */
void vnm_timer_set(struct vnm_timers *ts, struct vnm_timer *t, uint64_t at_ns);

/* It will not come; its memory may go. */
void vnm_timer_clear(struct vnm_timers *ts, struct vnm_timer *t);

/* The first timer whose time has come, no longer set; NULL: none. */
struct vnm_timer *vnm_timers_due(struct vnm_timers *ts, uint64_t now_ns);

/* When to look again, no later than the first timer; VNM_TIMER_NEVER: no timer is set. */
uint64_t vnm_timers_next(const struct vnm_timers *ts);

#endif
