/*
 * The sink for Apache Kafka, by librdkafka. Records without a key go out in batches, each to
 * one partition in turn, which costs a fifth less than a partition for each message; records
 * with a key go one by one, to the partition that Java clients would choose, with message
 * headers (librdkafka's batch call has neither).
 *
 * Nothing here waits for a broker: what does not fit the queue, what a broker refuses and what
 * none took in time is counted. A retry may deliver a record twice; collector, epoch, worker
 * and record_seq tell.
 */
#include "output/kafka_options.h"

#include "base/alloc.h"
#include "base/clock.h"
#include "base/log.h"
#include "base/text.h"

#include <assert.h>
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>

#define MAGIC 0x6b61666bu
#define BATCH 512		/* messages handed over in one call */
#define LOOK_NS VNM_NS_PER_S	/* how often librdkafka is asked about a topic's partitions */
#define PARTITIONS_WATCHED 1024 /* of a topic; a further one is used without a leader too */
#define PACK_RESERVE 1024  /* octets of message.max.bytes that are left for Kafka's own header */
#define RECORD_OCTETS 2048 /* a record's size where room is told in records */
#define FLUSH_SLICE_MS 100
#define PURGE_SLICES 10

/* Order needs one more producer, idempotent and keyed by what is ordered. */
#define VNM_KIND(name, ordered, doc) \
	_Static_assert(!(ordered), #name " must go out in order, which this sink cannot yet");
#include "record/kinds.def"
#undef VNM_KIND

struct topic {
	rd_kafka_topic_t *rkt;
	_Atomic uint32_t partitions;   /* 0: not known yet */
	_Atomic uint32_t turn;	       /* batches so far */
	_Atomic uint32_t asked;	       /* messages without a key whose partition was asked for */
	_Atomic uint64_t next_look_ns; /* monotonic */
	_Atomic bool look;	       /* the next message whose partition is asked for looks */
	/* Partitions without a leader when last looked at: a bit each. */
	_Atomic uint64_t down[PARTITIONS_WATCHED / 64];
};

struct kafka {
	uint32_t magic;
	struct vnm_sink *sink; /* borrowed */
	const struct vnm_kafka_options *options;
	rd_kafka_t *rk;
	struct topic topics[VNM_KIND_COUNT];
	uint32_t records_per_message;
	size_t message_max;    /* octets that records packed into one message may have */
	size_t queue_messages; /* librdkafka's bounds on what it holds; 0: none */
	size_t queue_octets;
	_Atomic uint64_t octets; /* held by librdkafka now */
	_Atomic bool away;	 /* no broker answered when last heard */
	pthread_mutex_t lock;	 /* of the gate */
	struct vnm_log_gate gate;
};

/* ---- messages on their way ----------------------------------------------------------------- */

/* A message's kind and number of records travel as its opaque pointer. */
static void *
opaque_of(enum vnm_kind kind, uint32_t records)
{
	return (void *)((uintptr_t)records << 8 | (uintptr_t)kind);
}

static enum vnm_kind
opaque_kind(const void *opaque)
{
	return (enum vnm_kind)((uintptr_t)opaque & 255);
}

static uint64_t
opaque_records(const void *opaque)
{
	return (uintptr_t)opaque >> 8;
}

static enum vnm_reason
reason_of(rd_kafka_resp_err_t err)
{
	switch (err) {
	case RD_KAFKA_RESP_ERR__QUEUE_FULL:
		return VNM_R_queue_full;
	case RD_KAFKA_RESP_ERR__MSG_TIMED_OUT:
	case RD_KAFKA_RESP_ERR__TIMED_OUT:
	case RD_KAFKA_RESP_ERR__PURGE_QUEUE:
	case RD_KAFKA_RESP_ERR__PURGE_INFLIGHT:
		return VNM_R_broker_timeout;
	default:
		return VNM_R_broker_refused;
	}
}

static bool
may_complain(struct kafka *k)
{
	pthread_mutex_lock(&k->lock);
	bool open = vnm_log_gate_open(&k->gate, vnm_clock_mono_ns());
	pthread_mutex_unlock(&k->lock);
	return open;
}

/* What the operator can do about an error of librdkafka or of a broker. */
static const struct {
	rd_kafka_resp_err_t err;
	const char *hint;
} hints[] = {
    {RD_KAFKA_RESP_ERR__UNKNOWN_TOPIC, "create the topic, or let brokers create topics"},
    {RD_KAFKA_RESP_ERR_UNKNOWN_TOPIC_OR_PART, "create the topic, or let brokers create topics"},
    {RD_KAFKA_RESP_ERR_TOPIC_AUTHORIZATION_FAILED, "allow this user to write to the topic"},
    {RD_KAFKA_RESP_ERR_CLUSTER_AUTHORIZATION_FAILED, "allow this user to write to the cluster"},
    {RD_KAFKA_RESP_ERR__AUTHENTICATION, "check the sasl.* and ssl.* properties below `librdkafka`"},
    {RD_KAFKA_RESP_ERR_SASL_AUTHENTICATION_FAILED,
	"check the sasl.* properties below `librdkafka`"},
    {RD_KAFKA_RESP_ERR__SSL, "check the ssl.* properties below `librdkafka`"},
    {RD_KAFKA_RESP_ERR_MSG_SIZE_TOO_LARGE,
	"raise message.max.bytes here and at the broker, or choose `fields`"},
    {RD_KAFKA_RESP_ERR__QUEUE_FULL, "the brokers are too slow or away, or the queue is too small"},
    {RD_KAFKA_RESP_ERR__MSG_TIMED_OUT, "the brokers are too slow or away"},
};

static const char *
hint_of(rd_kafka_resp_err_t err, const char *otherwise)
{
	for (size_t i = 0; i < VNM_ARRAY_LEN(hints); i++) {
		if (hints[i].err == err)
			return hints[i].hint;
	}
	return otherwise;
}

static void
drop(struct kafka *k, const void *opaque, rd_kafka_resp_err_t err)
{
	enum vnm_reason reason = reason_of(err);
	enum vnm_kind kind = opaque_kind(opaque);
	const char *hint = hint_of(err, NULL);

	vnm_sink_count_drop(k->sink, kind, reason, opaque_records(opaque));
	if (!may_complain(k))
		return;
	vnm_warning("output %s: records for topic %s are dropped and counted as %s: %s%s%s",
	    k->sink->name, rd_kafka_topic_name(k->topics[kind].rkt), vnm_reason_info(reason)->label,
	    rd_kafka_err2str(err), hint != NULL ? ": " : "", hint != NULL ? hint : "");
}

static void
on_delivery(rd_kafka_t *rk, const rd_kafka_message_t *m, void *opaque)
{
	struct kafka *k = opaque;

	(void)rk;
	atomic_fetch_sub_explicit(&k->octets, m->len + m->key_len, memory_order_relaxed);
	if (m->err != RD_KAFKA_RESP_ERR_NO_ERROR) {
		drop(k, m->_private, m->err);
		return;
	}
	atomic_fetch_add_explicit(&k->sink->books.published[opaque_kind(m->_private)],
	    opaque_records(m->_private), memory_order_relaxed);
	if (atomic_load_explicit(&k->away, memory_order_relaxed) &&
	    atomic_exchange(&k->away, false))
		vnm_info("output %s: Kafka at %s answers", k->sink->name, k->options->brokers);
}

static void
on_error(rd_kafka_t *rk, int err, const char *why, void *opaque)
{
	struct kafka *k = opaque;

	(void)rk;
	if (err == RD_KAFKA_RESP_ERR__ALL_BROKERS_DOWN)
		atomic_store(&k->away, true);
	if (!may_complain(k))
		return;
	vnm_warning("output %s: Kafka at %s: %s; %d messages wait, each for up to %llu ms: %s",
	    k->sink->name, k->options->brokers, why, rd_kafka_outq_len(k->rk),
	    (unsigned long long)(k->options->message_timeout / VNM_NS_PER_MS),
	    hint_of(err, "check that the brokers run, can be reached from here and are what "
			 "`brokers` says"));
}

static void
on_log(const rd_kafka_t *rk, int level, const char *facility, const char *text)
{
	(void)rk;
	(void)level;
	vnm_debug("librdkafka: %s: %s", facility, text);
}

/* ---- partitions ---------------------------------------------------------------------------- */

static bool
is_down(struct topic *t, uint32_t partition)
{
	return partition < PARTITIONS_WATCHED &&
	       (atomic_load_explicit(&t->down[partition / 64], memory_order_relaxed) >>
		       partition % 64 &
		   1) != 0;
}

/* The partition whose turn it is, or the next with a leader; all the same where none has one. */
static uint32_t
with_leader(struct topic *t, uint32_t turn, uint32_t partitions)
{
	for (uint32_t i = 0; i < partitions; i++) {
		uint32_t partition = (turn + i) % partitions;
		if (!is_down(t, partition))
			return partition;
	}
	return turn % partitions;
}

static void
look_at_partitions(const rd_kafka_topic_t *rkt, struct topic *t, uint32_t partitions)
{
	uint32_t watched = partitions < PARTITIONS_WATCHED ? partitions : PARTITIONS_WATCHED;

	atomic_store_explicit(&t->partitions, partitions, memory_order_relaxed);
	for (uint32_t first = 0; first < watched; first += 64) {
		uint64_t down = 0;

		for (uint32_t i = 0; i < 64 && first + i < watched; i++) {
			if (!rd_kafka_topic_partition_available(rkt, (int32_t)(first + i)))
				down |= 1ULL << i;
		}
		atomic_store_explicit(&t->down[first / 64], down, memory_order_relaxed);
	}
}

/*
 * librdkafka asks for the partition of a message that was given none. It comes here for keyed
 * messages, for those that waited until the topic was known, and for one batch in LOOK_NS: that
 * is how the partitions and their leaders are learnt without waiting for a broker. What waits
 * for a partition without a leader would fill the queue and shut out all others.
 */
static int32_t
choose_partition(const rd_kafka_topic_t *rkt, const void *key, size_t key_n, int32_t partitions,
    void *topic_opaque, void *message_opaque)
{
	struct topic *t = topic_opaque;

	if (key_n > 0)
		return rd_kafka_msg_partitioner_murmur2(
		    rkt, key, key_n, partitions, topic_opaque, message_opaque);
	if (atomic_exchange_explicit(&t->look, false, memory_order_relaxed))
		look_at_partitions(rkt, t, (uint32_t)partitions);
	uint32_t asked = atomic_fetch_add_explicit(&t->asked, 1, memory_order_relaxed);
	return (int32_t)with_leader(t, asked / BATCH, (uint32_t)partitions);
}

static int32_t
next_partition(struct topic *t)
{
	uint32_t turn = atomic_fetch_add_explicit(&t->turn, 1, memory_order_relaxed);
	uint32_t partitions = atomic_load_explicit(&t->partitions, memory_order_relaxed);
	uint64_t next_ns = atomic_load_explicit(&t->next_look_ns, memory_order_relaxed);
	uint64_t now_ns = vnm_clock_mono_ns();

	if (partitions == 0 ||
	    (now_ns >= next_ns &&
		atomic_compare_exchange_strong(&t->next_look_ns, &next_ns, now_ns + LOOK_NS))) {
		atomic_store_explicit(&t->look, true, memory_order_relaxed);
		return RD_KAFKA_PARTITION_UA;
	}
	return (int32_t)with_leader(t, turn, partitions);
}

/* ---- publishing ---------------------------------------------------------------------------- */

/* Messages of one kind, gathered for one call. */
struct parcel {
	struct kafka *k;
	enum vnm_kind kind;
	int n;
	rd_kafka_message_t messages[BATCH];
};

static void
refused(struct kafka *k, struct topic *t, const rd_kafka_message_t *m)
{
	atomic_fetch_sub_explicit(&k->octets, m->len + m->key_len, memory_order_relaxed);
	if (m->err == RD_KAFKA_RESP_ERR__UNKNOWN_PARTITION)
		atomic_store_explicit(&t->partitions, 0, memory_order_relaxed);
	drop(k, m->_private, m->err);
}

static void
send_parcel(struct parcel *parcel)
{
	struct kafka *k = parcel->k;
	struct topic *t = &k->topics[parcel->kind];
	uint64_t octets = 0;

	if (parcel->n == 0)
		return;
	for (int i = 0; i < parcel->n; i++)
		octets += parcel->messages[i].len;
	atomic_fetch_add_explicit(&k->octets, octets, memory_order_relaxed);
	int taken = rd_kafka_produce_batch(
	    t->rkt, next_partition(t), RD_KAFKA_MSG_F_COPY, parcel->messages, parcel->n);
	for (int i = 0; taken < parcel->n && i < parcel->n; i++) {
		if (parcel->messages[i].err != RD_KAFKA_RESP_ERR_NO_ERROR)
			refused(k, t, &parcel->messages[i]);
	}
	parcel->n = 0;
}

/* librdkafka copies the octets at p and never writes there. */
static void
add_message(struct parcel *parcel, const uint8_t *p, size_t n, uint32_t records)
{
	if (parcel->n == BATCH)
		send_parcel(parcel);
	parcel->messages[parcel->n++] = (rd_kafka_message_t){.payload = (void *)(uintptr_t)p,
	    .len = n,
	    ._private = opaque_of(parcel->kind, records)};
}

/* The record with a key at e: a message of its own, with headers. */
static void
send_keyed(struct kafka *k, const struct vnm_batch *batch, const struct vnm_batch_entry *e)
{
	struct topic *t = &k->topics[e->kind];
	const struct vnm_frame *f = &e->frame;
	char schema[VNM_TEXT_NUMBER];
	size_t schema_n = (size_t)(vnm_text_u64(schema, VNM_SCHEMA_VERSION) - schema);
	rd_kafka_message_t m = {
	    .len = f->body_n, .key_len = e->key_n, ._private = opaque_of(e->kind, 1)};

	atomic_fetch_add_explicit(&k->octets, m.len + m.key_len, memory_order_relaxed);
	m.err = rd_kafka_producev(k->rk, RD_KAFKA_V_RKT(t->rkt),
	    RD_KAFKA_V_MSGFLAGS(RD_KAFKA_MSG_F_COPY),
	    RD_KAFKA_V_VALUE((void *)(uintptr_t)(batch->bytes + f->body_at), f->body_n),
	    RD_KAFKA_V_KEY((void *)(uintptr_t)(batch->keys + e->key_at), e->key_n),
	    RD_KAFKA_V_HEADER("kind", vnm_kind_info(e->kind)->name, -1),
	    RD_KAFKA_V_HEADER("schema", schema, (ssize_t)schema_n),
	    RD_KAFKA_V_HEADER("encoding", k->sink->encoder->name, -1),
	    RD_KAFKA_V_OPAQUE(m._private), RD_KAFKA_V_END);
	if (m.err != RD_KAFKA_RESP_ERR_NO_ERROR)
		refused(k, t, &m);
}

/* How many entries from i on go into one message: their frames lie one behind the other. */
static size_t
run_length(const struct kafka *k, const struct vnm_batch *batch, size_t i)
{
	const struct vnm_batch_entry *first = &batch->entries[i];
	size_t octets = first->frame.n, n = 1;

	for (; n < k->records_per_message && i + n < batch->count; n++) {
		const struct vnm_batch_entry *e = &batch->entries[i + n];

		octets += e->frame.n;
		if (e->kind != first->kind || e->key_n != 0 || octets > k->message_max)
			break;
	}
	return n;
}

/* Adds one message from entry i on; returns how many entries it took. */
static size_t
add_run(struct parcel *parcel, const struct vnm_batch *batch, size_t i)
{
	const struct vnm_frame *first = &batch->entries[i].frame;

	if (parcel->k->records_per_message == 1) {
		add_message(parcel, batch->bytes + first->body_at, first->body_n, 1);
		return 1;
	}
	size_t n = run_length(parcel->k, batch, i);
	const struct vnm_frame *last = &batch->entries[i + n - 1].frame;
	size_t end = last->body_at + last->body_n; /* without the suffix of the last one */
	add_message(parcel, batch->bytes + first->at, end - first->at, (uint32_t)n);
	return n;
}

static void
publish_kind(struct kafka *k, const struct vnm_batch *batch, enum vnm_kind kind)
{
	struct parcel parcel;

	parcel.k = k;
	parcel.kind = kind;
	parcel.n = 0;
	for (size_t i = 0; i < batch->count;) {
		const struct vnm_batch_entry *e = &batch->entries[i];

		if (e->kind == kind && e->key_n == 0) {
			i += add_run(&parcel, batch, i);
			continue;
		}
		if (e->kind == kind)
			send_keyed(k, batch, e);
		i++;
	}
	send_parcel(&parcel);
}

static void
sink_publish(struct vnm_sink *s, const struct vnm_batch *batch)
{
	struct kafka *k = s->state;
	bool present[VNM_KIND_COUNT] = {false};

	for (size_t i = 0; i < batch->count; i++)
		present[batch->entries[i].kind] = true;
	for (unsigned kind = 0; kind < VNM_KIND_COUNT; kind++) {
		if (present[kind])
			publish_kind(k, batch, kind);
	}
	rd_kafka_poll(k->rk, 0);
}

/* ---- setting up ---------------------------------------------------------------------------- */

static size_t
less(size_t all, size_t part)
{
	return all > part ? all - part : 0;
}

static size_t
property_number(const rd_kafka_conf_t *conf, const char *name)
{
	char text[VNM_TEXT_NUMBER];
	size_t size = sizeof(text);

	if (rd_kafka_conf_get(conf, name, text, &size) != RD_KAFKA_CONF_OK)
		return 0;
	return (size_t)strtoull(text, NULL, 10);
}

static int
start_client(struct kafka *k, struct vnm_err *err)
{
	rd_kafka_conf_t *conf = rd_kafka_conf_new();
	char why[256];

	if (vnm_kafka_configure(k->sink->name, k->options, conf, err) != 0)
		goto no_client;
	k->queue_messages = property_number(conf, "queue.buffering.max.messages");
	k->queue_octets = property_number(conf, "queue.buffering.max.kbytes") * 1024;
	k->message_max = less(property_number(conf, "message.max.bytes"), PACK_RESERVE);
	rd_kafka_conf_set_opaque(conf, k);
	rd_kafka_conf_set_dr_msg_cb(conf, on_delivery);
	rd_kafka_conf_set_error_cb(conf, on_error);
	rd_kafka_conf_set_log_cb(conf, on_log);
	k->rk = rd_kafka_new(RD_KAFKA_PRODUCER, conf, why, sizeof(why));
	if (k->rk == NULL) {
		vnm_err_text(err, "output %s: librdkafka: %s", k->sink->name, why);
		goto no_client;
	}
	return 0; /* conf is the client's now */

no_client:
	rd_kafka_conf_destroy(conf);
	return -1;
}

static bool
has_own_partitioner(const struct vnm_kafka_options *options)
{
	for (uint32_t i = 0; i + 1 < options->librdkafka.n; i += 2) {
		if (strcmp(options->librdkafka.p[i], "partitioner") == 0)
			return true;
	}
	return false;
}

static int
open_topic(struct kafka *k, enum vnm_kind kind, struct vnm_err *err)
{
	struct topic *t = &k->topics[kind];
	char name[VNM_KAFKA_TOPIC_TEXT];

	(void)vnm_kafka_topic(name, k->options->topic, vnm_kind_info(kind)->name); /* checked */
	rd_kafka_topic_conf_t *conf = rd_kafka_default_topic_conf_dup(k->rk);
	if (!has_own_partitioner(k->options)) {
		rd_kafka_topic_conf_set_partitioner_cb(conf, choose_partition);
		rd_kafka_topic_conf_set_opaque(conf, t);
	}
	t->rkt = rd_kafka_topic_new(k->rk, name, conf);
	if (t->rkt == NULL)
		return vnm_err_text(err, "output %s: topic %s: %s", k->sink->name, name,
		    rd_kafka_err2str(rd_kafka_last_error()));
	return 0;
}

static void
free_kafka(struct kafka *k)
{
	for (unsigned kind = 0; kind < VNM_KIND_COUNT; kind++) {
		if (k->topics[kind].rkt != NULL)
			rd_kafka_topic_destroy(k->topics[kind].rkt);
	}
	if (k->rk != NULL)
		rd_kafka_destroy(k->rk);
	pthread_mutex_destroy(&k->lock);
	vnm_free(k);
}

static int
sink_open(struct vnm_sink *s, struct vnm_err *err)
{
	const struct vnm_kafka_options *options = s->options;
	struct kafka *k;

	if (vnm_kafka_check(s->name, options, err) != 0)
		return -1;
	k = vnm_alloc_zero(1, sizeof(*k));
	if (k == NULL)
		return vnm_err_text(err, "output %s: out of memory", s->name);
	k->magic = MAGIC;
	k->sink = s;
	k->options = options;
	k->records_per_message =
	    options->records_per_message > 0 ? options->records_per_message : 1;
	pthread_mutex_init(&k->lock, NULL);
	if (start_client(k, err) != 0)
		goto not_open;
	for (unsigned kind = 0; kind < VNM_KIND_COUNT; kind++) {
		if (open_topic(k, kind, err) != 0)
			goto not_open;
	}
	s->state = k;
	return 0;

not_open:
	free_kafka(k);
	return -1;
}

/* ---- the rest of a sink -------------------------------------------------------------------- */

/* A queue that is empty has room for something, however small it was made. */
static size_t
sink_room(struct vnm_sink *s)
{
	struct kafka *k = s->state;
	size_t waiting = (size_t)rd_kafka_outq_len(k->rk);
	size_t octets = atomic_load_explicit(&k->octets, memory_order_relaxed);
	size_t messages = k->queue_messages != 0 ? less(k->queue_messages, waiting) : SIZE_MAX;
	size_t records = less(k->queue_octets, octets) / RECORD_OCTETS;

	if (waiting == 0)
		return SIZE_MAX;
	return messages < records ? messages : records;
}

static void
sink_tick(struct vnm_sink *s, uint64_t mono_ns)
{
	struct kafka *k = s->state;

	(void)mono_ns;
	rd_kafka_poll(k->rk, 0);
}

static int
sink_flush(struct vnm_sink *s, uint64_t deadline_mono_ns)
{
	struct kafka *k = s->state;

	while (rd_kafka_outq_len(k->rk) > 0 && vnm_clock_mono_ns() < deadline_mono_ns)
		rd_kafka_flush(k->rk, FLUSH_SLICE_MS);
	if (rd_kafka_outq_len(k->rk) == 0)
		return 0;
	rd_kafka_purge(k->rk, RD_KAFKA_PURGE_F_QUEUE | RD_KAFKA_PURGE_F_INFLIGHT);
	for (int i = 0; i < PURGE_SLICES && rd_kafka_outq_len(k->rk) > 0; i++)
		rd_kafka_poll(k->rk, FLUSH_SLICE_MS);
	return -1;
}

static void
sink_close(struct vnm_sink *s)
{
	struct kafka *k = s->state;

	assert(k->magic == MAGIC);
	free_kafka(k);
	s->state = NULL;
}

const struct vnm_sink_type vnm_kafka_sink = {
    .name = "kafka",
    .summary = "Apache Kafka, a topic for each kind of record",
    .check = vnm_kafka_check,
    .open = sink_open,
    .room = sink_room,
    .publish = sink_publish,
    .tick = sink_tick,
    .flush = sink_flush,
    .close = sink_close,
    .options = vnm_kafka_options,
    .options_size = sizeof(struct vnm_kafka_options),
};
