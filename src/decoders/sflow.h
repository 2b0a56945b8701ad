/*
 * What the parts of the sFlow decoder share.
 *
 * State of one exporter (one source address): its agents, by agent address and sub-agent, each
 * with the sequence of its datagrams; and the last reading of each interface's counters, for
 * rates over the agent's own clock.
 */
#ifndef VNM_DECODERS_SFLOW_H
#define VNM_DECODERS_SFLOW_H

#include "base/hash.h"
#include "decoders/sequence.h"
#include "decoders/sflow_item.h"

struct vnm_sflow_agent {
	struct vnm_addr addr;
	uint32_t sub_agent;
	uint32_t serial; /* of its own: 1 and up, never used again */
	uint64_t last_ns;
	struct vnm_sequence sequence;
};

/* One interface's counters, as they were read last. */
struct vnm_sflow_reading {
	uint32_t agent; /* serial */
	uint32_t source_class;
	uint32_t source_index;
	uint32_t uptime_ms;
	uint64_t in_octets, out_octets;
	uint32_t in_pkts, out_pkts; /* sums of 32-bit counters */
};

struct vnm_sflow_state {
	uint32_t magic;
	struct vnm_sflow_agent *agents; /* owned */
	uint32_t agent_count;
	uint32_t agent_cap;
	uint32_t serials;		    /* given out so far */
	uint32_t current;		    /* the agent that was heard last */
	struct vnm_sflow_reading *readings; /* owned */
	uint32_t reading_count;
	uint32_t reading_cap;
	uint32_t reading_hand; /* which one makes room next */
	struct vnm_table reading_index;
};

/* What the datagram's header says, and what became of its place in the sequence. */
struct vnm_sflow_header {
	struct vnm_addr agent_addr;
	uint32_t sub_agent;
	uint32_t seq;
	uint32_t uptime_ms;
	uint32_t samples;
	uint32_t agent; /* serial */
	enum vnm_sequence_verdict verdict;
};

/* Samples of format 1 and 3, and 5; 2 and 4: the body without format and length. */
void vnm_sflow_flow_sample(struct vnm_reader *r, bool expanded, struct vnm_out *out);
void vnm_sflow_discarded_packet(struct vnm_reader *r, struct vnm_out *out);
void vnm_sflow_counter_sample(struct vnm_sflow_state *state, const struct vnm_sflow_header *h,
    struct vnm_reader *r, bool expanded, struct vnm_out *out);

/* Whether a sample can hold so many records; where not it is malformed, and counted so. */
bool vnm_sflow_count_fits(const struct vnm_reader *r, uint32_t count, struct vnm_out *out);

/* The next of `count` records: its format and octets. False when there is none or it is cut. */
bool vnm_sflow_next_record(struct vnm_reader *r, uint32_t *count, uint32_t *id,
    struct vnm_reader *body, struct vnm_out *out);

void vnm_sflow_readings_free(struct vnm_sflow_state *state);

#endif
