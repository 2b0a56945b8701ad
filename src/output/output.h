/*
 * An output: the records of one worker, encoded as the configuration wants them, gathered for
 * a turn and handed to a sink that all workers share. Records of sources that can be made to wait
 * are held here while the sink has no room; those of others are dropped then, and counted.
 */
#ifndef VNM_OUTPUT_OUTPUT_H
#define VNM_OUTPUT_OUTPUT_H

#include "output/sink.h"

/* Keys that every output has, whatever its type. */
#define VNM_OUTPUT_OPTIONS(X)                                                               \
	X(struct vnm_output_options, name, STRING, NULL, RESTART,                           \
	    "what the output is called in logs and metrics and for -o")                     \
	X(struct vnm_output_options, type, STRING, NULL, RESTART,                           \
	    "where records go: file, kafka or null")                                        \
	X(struct vnm_output_options, encoding, STRING, "json", RESTART, "json or protobuf") \
	X(struct vnm_output_options, fields, STRINGS, NULL, RELOAD,                         \
	    "only these fields of a record, by name; none: all of them")                    \
	X(struct vnm_output_options, json_u64, STRING, "number", RELOAD,                    \
	    "64-bit integers in JSON: number, or string for consumers that read doubles")   \
	X(struct vnm_output_options, key, STRING, "none", RELOAD,                           \
	    "Kafka message key of unordered kinds: none, exporter (its address), or flow "  \
	    "(addresses, ports and protocol, alike for both directions)")

struct vnm_output_options {
	VNM_OUTPUT_OPTIONS(VNM_OPTION_MEMBER)
};
extern const struct vnm_option vnm_output_options[];

enum vnm_output_key { VNM_OUTPUT_KEY_NONE, VNM_OUTPUT_KEY_EXPORTER, VNM_OUTPUT_KEY_FLOW };

struct vnm_output {
	uint32_t magic;
	struct vnm_sink *sink; /* borrowed; outlives the output */
	struct vnm_selection selection;
	enum vnm_output_key key;
	struct vnm_buffer bytes; /* the batch: frames */
	struct vnm_buffer keys;
	struct vnm_batch_entry *entries; /* owned */
	size_t cap;			 /* of entries */
	size_t count;
	size_t held; /* of them, from the first on, were offered to the sink, which had no room */
	size_t held_octets;
	bool patient; /* the sources of what comes now can be made to wait */
	bool hurried; /* nothing is held any more */
};

/* For one worker. 0, or -1 and err->text. The sink says which encoder it is. */
int vnm_output_open(struct vnm_output *o, const struct vnm_output_options *options,
    struct vnm_sink *sink, struct vnm_err *err);

/* New `fields`, `json_u64` and `key`, between turns. 0, or -1 and nothing has changed. */
int vnm_output_reload(
    struct vnm_output *o, const struct vnm_output_options *options, struct vnm_err *err);

/*
 * Encodes a record into the batch, which is published when it has grown large. Returns the
 * octets, or 0 when memory was short: then the record is counted as dropped.
 */
size_t vnm_output_record(struct vnm_output *o, const struct vnm_record *r);

/* Publishes what the turn gathered, after what is held. */
void vnm_output_turn_end(struct vnm_output *o);

/* Whether the sources of the records that follow can be made to wait; at first they cannot. */
void vnm_output_patience(struct vnm_output *o, bool patient);

/* Tries to get rid of what is held, if anything is: whether nothing is any more. */
bool vnm_output_is_clear(struct vnm_output *o);

/* The end: the sink takes what is held or drops it, and nothing is held from now on. */
void vnm_output_hurry(struct vnm_output *o);

/* Publishes the rest and frees all but the sink. */
void vnm_output_close(struct vnm_output *o);

#endif
