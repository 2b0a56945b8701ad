/*
 * What a worker counts. Each worker has its own, written by it alone and summed when read, so
 * the hot path has no atomics; readers of another thread may see a count a moment late.
 *
 * The books balance: messages = ok + partial + held + sum of failed[], and, per output,
 * records = published + dropped + in flight.
 */
#ifndef VNM_BASE_COUNTERS_H
#define VNM_BASE_COUNTERS_H

#include "base/reason.h"

#define VNM_COUNTERS_KINDS 24 /* room for record kinds; checked where kinds are known */

enum vnm_counter {
#define VNM_COUNTER(name, type, doc) VNM_C_##name,
#include "base/counters.def"
#undef VNM_COUNTER
	VNM_COUNTER_COUNT
};

struct vnm_counters {
	uint64_t messages;
	uint64_t outcome[VNM_OUTCOME_FAILED + 1]; /* by enum vnm_outcome; HELD is a gauge */
	uint64_t failed[VNM_REASON_COUNT];	  /* messages, by their one reason */
	uint64_t parts[VNM_REASON_COUNT];	  /* faults within messages */
	uint64_t connections[VNM_REASON_COUNT];	  /* refused, or ended by a fault */
	uint64_t records[VNM_COUNTERS_KINDS];
	uint64_t v[VNM_COUNTER_COUNT];
};

struct vnm_counter_info {
	const char *name;
	bool gauge;
	const char *doc;
};

const struct vnm_counter_info *vnm_counter_info(enum vnm_counter c);

/* sum += add, all of it. */
void vnm_counters_add(struct vnm_counters *sum, const struct vnm_counters *add);

#endif
