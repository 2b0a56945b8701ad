/*
 * The parts of the Kafka sink, private to src/output/kafka*.c.
 *
 * A sink has two librdkafka producers. The loose one sends kinds that need no order, without
 * keys in batches; the ordered one, which is idempotent, sends kinds that kinds.def calls
 * ordered, each record with its key.
 */
#ifndef VNM_OUTPUT_KAFKA_H
#define VNM_OUTPUT_KAFKA_H

#include "base/log.h"
#include "output/kafka_options.h"

#include <pthread.h>

#define VNM_KAFKA_BATCH 512 /* messages handed over in one call */
#define VNM_KAFKA_WATCHED                                                       \
	1024 /* partitions of a topic; a further one needs no leader to be used \
	      */

struct vnm_kafka_topic {
	rd_kafka_topic_t *rkt;
	_Atomic uint32_t partitions;   /* 0: not known yet */
	_Atomic uint32_t turn;	       /* batches so far */
	_Atomic uint32_t asked;	       /* messages without a key whose partition was asked for */
	_Atomic uint64_t next_look_ns; /* monotonic */
	_Atomic bool look;	       /* the next message whose partition is asked for looks */
	/* Partitions without a leader when last looked at: a bit each. */
	_Atomic uint64_t down[VNM_KAFKA_WATCHED / 64];
};

struct vnm_kafka;

/* One producer, with a topic for each kind that it sends. */
struct vnm_kafka_client {
	struct vnm_kafka *kafka; /* borrowed */
	rd_kafka_t *rk;
	bool ordered;
	struct vnm_kafka_topic topics[VNM_KIND_COUNT];
	size_t message_max;    /* octets that records packed into one message may have */
	size_t queue_messages; /* librdkafka's bounds on what it holds; 0 messages: none */
	size_t queue_octets;
	_Atomic uint64_t octets; /* held by librdkafka now */
	_Atomic bool used;	 /* it has had something to send */
	_Atomic bool dead;	 /* librdkafka has given it up and will take no more */
};

struct vnm_kafka {
	uint32_t magic;
	struct vnm_sink *sink; /* borrowed */
	const struct vnm_kafka_options *options;
	uint32_t records_per_message;
	struct vnm_kafka_client *loose;
	struct vnm_kafka_client *ordered;
	pthread_rwlock_t swap;	  /* of `ordered`, which is replaced when it is dead */
	uint64_t next_revival_ns; /* monotonic */
	_Atomic bool away;	  /* no broker answered when last heard */
	pthread_mutex_t lock;	  /* of the gate */
	struct vnm_log_gate gate;
};

/* ---- kafka_client.c ------------------------------------------------------------------------ */

/* NULL, and err->text. */
struct vnm_kafka_client *vnm_kafka_client_open(
    struct vnm_kafka *k, bool ordered, struct vnm_err *err);

/* What it still holds is dropped and counted. NULL is nothing. */
void vnm_kafka_client_close(struct vnm_kafka_client *c);

/* Records that it will surely take now. */
size_t vnm_kafka_client_room(struct vnm_kafka_client *c);

/*
 * How many entries of a batch, from the first on, it will surely take now, though others that
 * share the sink take as many; one at the least where nothing waits, however small the queue is.
 */
size_t vnm_kafka_client_fits(struct vnm_kafka_client *c, const struct vnm_batch *batch);

/* All out by then, or dropped and counted: 0, or -1 when some were dropped. */
int vnm_kafka_client_flush(struct vnm_kafka_client *c, uint64_t deadline_mono_ns);

/* A message of that opaque pointer was not delivered to that topic. */
void vnm_kafka_drop(struct vnm_kafka_client *c, const rd_kafka_topic_t *rkt, const void *opaque,
    rd_kafka_resp_err_t err);

/* ---- kafka_partition.c --------------------------------------------------------------------- */

/* For rd_kafka_topic_conf_set_partitioner_cb(); topic_opaque is the struct vnm_kafka_topic. */
int32_t vnm_kafka_partition_choose(const rd_kafka_topic_t *rkt, const void *key, size_t key_n,
    int32_t partitions, void *topic_opaque, void *message_opaque);

/* For a batch without keys; RD_KAFKA_PARTITION_UA where vnm_kafka_partition_choose() is to. */
int32_t vnm_kafka_partition_next(struct vnm_kafka_topic *t);

/* ---- kafka_send.c -------------------------------------------------------------------------- */

/*
 * A message's kind and number of records travel as its opaque pointer; 0 records: a copy of one
 * that another message carries too.
 */
static inline void *
vnm_kafka_opaque(enum vnm_kind kind, uint32_t records)
{
	return (void *)((uintptr_t)records << 8 | (uintptr_t)kind);
}

static inline enum vnm_kind
vnm_kafka_opaque_kind(const void *opaque)
{
	return (enum vnm_kind)((uintptr_t)opaque & 255);
}

static inline uint64_t
vnm_kafka_opaque_records(const void *opaque)
{
	return (uintptr_t)opaque >> 8;
}

/* The batch's records of kinds that the producer sends. */
void vnm_kafka_send(struct vnm_kafka_client *c, const struct vnm_batch *batch);

#endif
