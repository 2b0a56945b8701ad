/*
 * A desk for rows of polled devices: what came of them, and cells to make them of.
 */
#ifndef VNM_TESTS_ROWS_DESK_H
#define VNM_TESTS_ROWS_DESK_H

#include "base/clock.h"
#include "decoders/poll.h"
#include "unit.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define S VNM_NS_PER_S
#define MAX_FACTS 64

/* What came of the rows. */
struct rows_desk {
	struct vnm_record rec;
	struct vnm_out out;
	struct vnm_scratch scratch;
	struct vnm_counters counters;
	struct vnm_limits limits;
	struct vnm_record last; /* its text is not there any more */
	char name[64];
	unsigned records;
	struct {
		enum vnm_fact_kind kind;
		bool withdrawn;
		char object[128], claim[128], values[512];
	} facts[MAX_FACTS];
	unsigned fact_n;
	unsigned withdrawn; /* of all that were told */
	struct vnm_poll_state *state;
	struct vnm_plan plans[VNM_PLAN_BUILTIN];
};
extern struct rows_desk rows;

void rows_open(void);
void rows_close(void);

/* Cells. */
struct vnm_varbind rows_text(const char *t);
struct vnm_varbind rows_octets(const void *p, size_t n);
struct vnm_varbind rows_number(uint8_t type, uint64_t v);

/* One reading of an interface. */
struct rows_reading {
	const char *name;
	uint32_t if_index;
	uint64_t in, out; /* octets */
	bool wide;
	uint32_t uptime; /* hundredths of a second */
	uint64_t at_s;	 /* our clock */
	uint64_t leap_s; /* by which the time of day was set forward */
	uint32_t discontinuity;
	uint32_t mbps;
	bool not_first; /* a further row of the same walk */
	bool no_uptime;
	bool no_discontinuity;
};

void rows_interface(const struct rows_reading *r);
/* Gi0/1 and Gi0/2 with the indices 10101 and 10102. */
void rows_interfaces(void);

/* A row of a built-in table, and the end of its walk. */
void rows_give(
    enum vnm_plan_sort sort, struct vnm_oid index, bool first, const struct vnm_varbind *cells);
void rows_end(enum vnm_plan_sort sort, bool whole);

#endif
