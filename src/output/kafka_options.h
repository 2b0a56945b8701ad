/*
 * The options of the Kafka sink, and what can be said of them before there is a broker.
 */
#ifndef VNM_OUTPUT_KAFKA_OPTIONS_H
#define VNM_OUTPUT_KAFKA_OPTIONS_H

#include "output/sink.h"

#include <librdkafka/rdkafka.h>

#define VNM_KAFKA_TOPIC_TEXT 250 /* octets for the longest topic's name and its terminator */

#define VNM_KAFKA_OPTIONS(X)                                                                      \
	X(struct vnm_kafka_options, brokers, STRING, NULL, RESTART,                               \
	    "host:port of some brokers, with commas between")                                     \
	X(struct vnm_kafka_options, topic, STRING, "vnm.{kind}", RESTART,                         \
	    "where records go; {kind} stands for flow, interface and so on")                      \
	X(struct vnm_kafka_options, records_per_message, NUMBER, "1", RESTART,                    \
	    "how many records without a key share a message: JSON lines, or protobuf behind "     \
	    "lengths")                                                                            \
	X(struct vnm_kafka_options, message_timeout, DURATION, "5m", RESTART,                     \
	    "how long a record waits for a broker before it is dropped and counted; 1ms to 24d")  \
	X(struct vnm_kafka_options, headers, BOOL, "true", RESTART,                               \
	    "message headers kind, schema and encoding on records with a key; without them such " \
	    "a record costs about 1 us less")                                                     \
	X(struct vnm_kafka_options, librdkafka, PAIRS, NULL, RESTART,                             \
	    "librdkafka's own properties, passed on verbatim (librdkafka's CONFIGURATION.md); "   \
	    "the producer of ordered kinds keeps to what their order needs: idempotence, acks, "  \
	    "retries, and a partition that the key decides")

struct vnm_kafka_options {
	VNM_KAFKA_OPTIONS(VNM_OPTION_MEMBER)
};
extern const struct vnm_option vnm_kafka_options[];

/* `check` of struct vnm_sink_type; values are struct vnm_kafka_options. */
int vnm_kafka_check(const char *output, const void *values, struct vnm_err *err);

/*
 * Tells librdkafka what the options of that output say, its own properties last; the ordered
 * producer is not told what would break the order: 0, or -1 and err->text.
 */
int vnm_kafka_configure(const char *output, const struct vnm_kafka_options *options, bool ordered,
    rd_kafka_conf_t *conf, struct vnm_err *err);

/* Whether the operator's partitioner is used: the order needs one that the key decides. */
bool vnm_kafka_has_own_partitioner(const struct vnm_kafka_options *options, bool ordered);

/* The template with {kind} replaced; false where it is no topic's name. */
bool vnm_kafka_topic(char name[VNM_KAFKA_TOPIC_TEXT], const char *template, const char *kind);

#endif
