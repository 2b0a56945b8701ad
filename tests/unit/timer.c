/*
 * base/timer.h: timers come when an array that is searched from end to end says that they do.
 */
#include "unit.h"

#include "base/timer.h"

#include <stdlib.h>

#define TIMERS 500

static struct vnm_timer timers[TIMERS];
static uint64_t wanted[TIMERS]; /* 0: not set */

static unsigned
take_due(struct vnm_timers *ts, uint64_t now)
{
	struct vnm_timer *t;
	unsigned wrong = 0;

	while ((t = vnm_timers_due(ts, now)) != NULL) {
		size_t i = (size_t)(t - timers);

		wrong += wanted[i] == 0 || wanted[i] > now || t->set;
		wanted[i] = 0;
	}
	for (size_t i = 0; i < TIMERS; i++)
		wrong += wanted[i] != 0 && (wanted[i] <= now || vnm_timers_next(ts) > wanted[i]);
	return wrong;
}

static void
test_model(void)
{
	struct vnm_timers ts = {0};
	uint64_t now = 1;
	unsigned wrong = 0;

	srandom(2);
	CU_ASSERT_EQUAL_FATAL(vnm_timers_reserve(&ts, TIMERS), 0);
	for (unsigned step = 0; step < 20000; step++) {
		size_t i = (size_t)random() % TIMERS;

		if (random() % 8 == 0) {
			vnm_timer_clear(&ts, &timers[i]);
			wanted[i] = 0;
		} else {
			wanted[i] = now + 1 + (uint64_t)random() % 300;
			vnm_timer_set(&ts, &timers[i], wanted[i]);
		}
		if (random() % 4 == 0)
			wrong += take_due(&ts, now += (uint64_t)random() % 40);
	}
	CU_ASSERT_EQUAL(wrong, 0);
	wrong = take_due(&ts, now + 1000);
	CU_ASSERT_EQUAL(wrong, 0);
	CU_ASSERT_EQUAL(ts.n, 0);
	CU_ASSERT_EQUAL(vnm_timers_next(&ts), VNM_TIMER_NEVER);
	vnm_timers_free(&ts);
}

static void
test_order(void)
{
	struct vnm_timers ts = {0};
	struct vnm_timer a = {0}, b = {0};

	CU_ASSERT_EQUAL_FATAL(vnm_timers_reserve(&ts, 2), 0);
	vnm_timer_set(&ts, &a, 10);
	vnm_timer_set(&ts, &b, 20);
	vnm_timer_set(&ts, &a, 30); /* later: looked at early, not due early */
	CU_ASSERT_PTR_EQUAL(vnm_timers_due(&ts, 15), NULL);
	CU_ASSERT_PTR_EQUAL(vnm_timers_due(&ts, 30), &b);
	CU_ASSERT_PTR_EQUAL(vnm_timers_due(&ts, 30), &a);
	CU_ASSERT_PTR_EQUAL(vnm_timers_due(&ts, 30), NULL);
	vnm_timers_free(&ts);
}

CU_TestInfo suite_timer[] = {
    {"against an array", test_model}, {"order and later times", test_order}, CU_TEST_INFO_NULL};
