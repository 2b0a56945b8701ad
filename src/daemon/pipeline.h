/*
 * The pipeline: the only place that knows every room. One worker owns one; it finds the
 * exporter of each message, has it decoded, names each record, hands it to the outputs and
 * keeps the books.
 */
#ifndef VNM_DAEMON_PIPELINE_H
#define VNM_DAEMON_PIPELINE_H

#include "analysis/analysis.h"
#include "decoders/decoder.h"
#include "output/output.h"
#include "topology/topology.h"

struct vnm_pipeline;

struct vnm_pipeline_config {
	struct vnm_str collector; /* borrowed */
	uint64_t epoch_ns;	  /* 0 in a replay */
	uint32_t worker;
	const struct vnm_limits *limits;     /* borrowed */
	uint64_t hash_seed;		     /* of the table of exporters; 0 in a replay */
	const char *state_dir;		     /* for save and load; NULL: none; borrowed */
	size_t scratch_octets;		     /* memory for one message's lists; 0: 1 MiB */
	const struct vnm_self *self;	     /* borrowed; NULL: a replay */
	const struct vnm_set_back *set_back; /* the wall clock; borrowed; NULL: a replay */
};

/* NULL when memory is short. */
struct vnm_pipeline *vnm_pipeline_new(const struct vnm_pipeline_config *config);
void vnm_pipeline_free(struct vnm_pipeline *p);

/* Where records go: `count` outputs of this worker; borrowed. May be NULL, 0. */
void vnm_pipeline_outputs(struct vnm_pipeline *p, struct vnm_output **outputs, size_t count);

/* What names records from the next message on; borrowed; NULL: none. */
void vnm_pipeline_topology(struct vnm_pipeline *p, const struct vnm_topology *t);

/* What OIDs mean from the next message on; borrowed; NULL: only what is built in. */
void vnm_pipeline_mib(struct vnm_pipeline *p, const struct vnm_mib *mib);

/* New limits from the next message on, after a reload; borrowed. */
void vnm_pipeline_limits(struct vnm_pipeline *p, const struct vnm_limits *limits);

/*
 * What is made of records of many sources, from the next record on; the options are borrowed until
 * others are given. False when memory was short for some of it.
 */
bool vnm_pipeline_analysis(struct vnm_pipeline *p, const struct vnm_analysis_options *o);

/* Decoders' options of before a reload are gone; exporters get new ones with their next message. */
void vnm_pipeline_forget_options(struct vnm_pipeline *p);

/* One message for a decoder; `options` are the decoder's own of that listener, or NULL. */
void vnm_pipeline_message(struct vnm_pipeline *p, const struct vnm_decoder *decoder,
    const void *options, const struct vnm_datagram *d);

/* A message that is refused before it is decoded, for this reason. */
void vnm_pipeline_refuse(
    struct vnm_pipeline *p, const struct vnm_datagram *d, enum vnm_reason reason);

/* A stream ended. */
void vnm_pipeline_end(
    struct vnm_pipeline *p, const struct vnm_decoder *decoder, const struct vnm_datagram *d);

/*
 * A message that is decoded elsewhere, an answer to a poll: records and facts go to what this
 * returns, until its one outcome is told. What is no `message` has none; not while there is one.
 */
struct vnm_out *vnm_pipeline_open(
    struct vnm_pipeline *p, struct vnm_str decoder, const struct vnm_datagram *d, bool message);
void vnm_pipeline_outcome(struct vnm_pipeline *p, enum vnm_reason reason);

/* Is shown every record before it is named, and may not touch the pipeline. */
struct vnm_watch {
	void (*seen)(void *ctx, const struct vnm_record *r);
	void *ctx;
};

/* Borrowed; NULL: nobody watches. */
void vnm_pipeline_watch(struct vnm_pipeline *p, const struct vnm_watch *watch);

/* The turn ends: outputs get their batches. */
void vnm_pipeline_turn_end(struct vnm_pipeline *p);

/* Whether all outputs have room for all records of another message. Cheap: ask before each. */
bool vnm_pipeline_room(struct vnm_pipeline *p);

/* A second has passed, and it is now_ns: every exporter's tick, and what was not seen is told. */
void vnm_pipeline_tick(struct vnm_pipeline *p, uint64_t now_ns);

/* The packets' clock has come to now_ns: at the most once a second of it, a tick. */
void vnm_pipeline_clock(struct vnm_pipeline *p, uint64_t now_ns);

/*
 * A bounded piece of what decoders put off, between turns and while there is room: false when
 * there was none. What it makes goes out with the turn's end.
 */
bool vnm_pipeline_work(struct vnm_pipeline *p, uint64_t now_ns);

/* Whether there may be something to work at. */
bool vnm_pipeline_waits(const struct vnm_pipeline *p);

/* All routes kept of a router (family NONE: of all) are to be published again, piece by piece. */
void vnm_pipeline_dump(struct vnm_pipeline *p, const struct vnm_addr *router);

/*
 * Appends what is asked for to the answer, as JSON lines; between turns. 0, or -1 when memory was
 * short. q->more says that not all of it is there, q->looks how many paths may still be looked at.
 */
int vnm_pipeline_query(struct vnm_pipeline *p, struct vnm_rib_query *q, struct vnm_buffer *answer);

/* The end begins: records for which outputs have no room are dropped and counted from now on. */
void vnm_pipeline_hurry(struct vnm_pipeline *p);

/* The end: what is held ends, gaps are told, outputs get the last batch. */
void vnm_pipeline_finish(struct vnm_pipeline *p);

struct vnm_counters *vnm_pipeline_counters(struct vnm_pipeline *p);

#endif
