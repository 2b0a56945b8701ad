/*
 * A desk for the poller: agents, a network with delay, loss and disorder between, and a clock that
 * the test turns.
 */
#ifndef VNM_TESTS_POLL_DESK_H
#define VNM_TESTS_POLL_DESK_H

#include "agent.h"
#include "collectors/poll.h"

#include <stdlib.h>

#define DESK_START_NS (1000000 * UINT64_C(1000000000))
#define DESK_SEED 77
#define DESK_S UINT64_C(1000000000)
#define DESK_MS UINT64_C(1000000)

struct desk_packet {
	uint64_t due_ns;
	uint64_t seq;
	struct vnm_endpoint from, to;
	uint8_t *p;
	size_t n;
};

/* A device on the network. */
struct desk_device {
	struct agent agent;
	bool dead;
	uint64_t requests; /* that came to it */
	uint64_t rows, walks, cut;
	uint64_t last_row_ns;
	uint64_t times; /* a hash of when its requests came */
};

struct desk {
	struct vnm_poller *poller;
	struct vnm_counters counters;
	uint64_t now_ns;
	struct vnm_poll_config *config; /* of desk_config() */
	/* The network. */
	uint64_t delay_ns, disorder_ns;
	uint32_t loss, twice, noise; /* of a thousand */
	bool wrong_source;
	struct desk_packet *packets; /* heap */
	uint32_t packet_n, packet_cap;
	uint64_t seq;
	struct desk_device *devices; /* by address: 10.0.0.0 + i */
	uint32_t device_count;
	/* What came. */
	uint64_t rows, walks, cut, events[8], event_n[8];
	uint64_t reasons[VNM_REASON_COUNT];
	uint64_t wrong; /* rows that are not what the agent has */
	uint64_t attached;
	uint32_t refusals;	       /* of attach(), before it has memory */
	uint32_t ends_left, ends_more; /* ends that want to be called once more */
	bool check;		       /* rows against the agent's objects */
	/* Work of one call, at the most. */
	uint32_t sends, sends_most, rows_now, rows_most, steps_most;
	uint64_t row_cells; /* columns with a value, over all rows */
	void (*on_row)(struct desk *k, uint32_t device, const struct vnm_plan_row *row);
};

void desk_open(struct desk *k, uint32_t devices, const struct agent_mib *mib);
void desk_close(struct desk *k);

/* A group of plans with these options, over devices first to end - 1, and its configuration. */
struct vnm_poll_config *desk_config(const struct desk *k, const struct vnm_poll_options *o,
    const struct vnm_poll_access *access, const enum vnm_plan_sort *sorts, uint32_t sort_count,
    uint32_t first, uint32_t end);

/* The defaults of the tables of options. */
struct vnm_poll_options desk_options(void);
struct vnm_poll_access desk_access(void);

/* Turns the clock until then. */
void desk_run(struct desk *k, uint64_t ns);

struct vnm_endpoint desk_at(uint32_t device);

#endif
