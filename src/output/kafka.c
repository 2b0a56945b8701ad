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
#include "output/sink.h"

#include "base/alloc.h"
#include "base/clock.h"
#include "base/log.h"
#include "base/text.h"

#include <assert.h>
#include <librdkafka/rdkafka.h>
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>

#define MAGIC 0x6b61666bu
#define BATCH 512	  /* messages handed over in one call */
#define LEARN_EVERY 128	  /* batches; each such one asks librdkafka how many partitions there are */
#define PACK_RESERVE 1024 /* octets of message.max.bytes that are left for Kafka's own header */
#define TOPIC_MAX 249	  /* octets of a topic's name */
#define RECORD_OCTETS 2048 /* a record's size where room is told in records */
#define FLUSH_SLICE_MS 100
#define PURGE_SLICES 10

#define KAFKA_OPTIONS(X)                                                                      \
	X(struct kafka_options, brokers, STRING, NULL, RESTART,                               \
	    "host:port of some brokers, with commas between")                                 \
	X(struct kafka_options, topic, STRING, "vnm.{kind}", RESTART,                         \
	    "where records go; {kind} stands for flow, interface and so on")                  \
	X(struct kafka_options, records_per_message, NUMBER, "1", RESTART,                    \
	    "how many records without a key share a message: JSON lines, or protobuf behind " \
	    "lengths")                                                                        \
	X(struct kafka_options, message_timeout, DURATION, "5m", RESTART,                     \
	    "how long a record waits for a broker before it is dropped and counted")          \
	X(struct kafka_options, librdkafka, PAIRS, NULL, RESTART,                             \
	    "librdkafka's own properties, passed on verbatim (librdkafka's CONFIGURATION.md)")

struct kafka_options {
	KAFKA_OPTIONS(VNM_OPTION_MEMBER)
};
static const struct vnm_option kafka_options[] = {KAFKA_OPTIONS(VNM_OPTION_ROW) VNM_OPTION_END};

struct topic {
	rd_kafka_topic_t *rkt;
	_Atomic uint32_t partitions; /* 0: not known yet */
	_Atomic uint32_t turn;	     /* batches so far */
	_Atomic uint32_t asked;	     /* messages without a key whose partition was asked for */
};

struct kafka {
	uint32_t magic;
	struct vnm_sink *sink; /* borrowed */
	const struct kafka_options *options;
	rd_kafka_t *rk;
	struct topic topics[VNM_KIND_COUNT];
	uint32_t records_per_message;
	size_t message_max;    /* octets that records packed into one message may have */
	size_t queue_messages; /* librdkafka's bounds on what it holds */
	size_t queue_octets;
	_Atomic uint64_t octets; /* held by librdkafka now */
	_Atomic bool away;	 /* no broker answered when last heard */
	pthread_mutex_t lock;	 /* of the gate */
	struct vnm_log_gate gate;
};

/* What librdkafka is told before the operator's own properties. */
static const char *const defaults[][2] = {
    {"client.id", "vnmcd"},
    {"acks", "all"},
    {"enable.idempotence", "false"},
    {"linger.ms", "20"},
    {"compression.type", "none"},
    {"sticky.partitioning.linger.ms", "0"}, /* or choose_partition() is not asked */
    {"queue.buffering.max.messages", "100000"},
    {"queue.buffering.max.kbytes", "65536"},
    {"socket.keepalive.enable", "true"},
    {"log.connection.close", "false"},
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

static void
drop(struct kafka *k, const void *opaque, rd_kafka_resp_err_t err)
{
	enum vnm_reason reason = reason_of(err);

	vnm_sink_count_drop(k->sink, opaque_kind(opaque), reason, opaque_records(opaque));
	if (!may_complain(k))
		return;
	vnm_warning("output %s: records are dropped and counted as %s: %s", k->sink->name,
	    vnm_reason_info(reason)->label, rd_kafka_err2str(err));
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
	vnm_warning(
	    "output %s: Kafka at %s: %s; %d messages wait, each for up to %llu s: check that "
	    "the brokers run, can be reached from here and are what `brokers` says",
	    k->sink->name, k->options->brokers, why, rd_kafka_outq_len(k->rk),
	    (unsigned long long)(k->options->message_timeout / VNM_NS_PER_S));
}

static void
on_log(const rd_kafka_t *rk, int level, const char *facility, const char *text)
{
	(void)rk;
	(void)level;
	vnm_debug("librdkafka: %s: %s", facility, text);
}

/* ---- partitions ---------------------------------------------------------------------------- */

/*
 * librdkafka asks for the partition of a message that was given none. It comes here for keyed
 * messages, for those that waited until the topic was known, and for one batch in LEARN_EVERY:
 * that is how the number of partitions is learnt without waiting for a broker.
 */
static int32_t
choose_partition(const rd_kafka_topic_t *rkt, const void *key, size_t key_n, int32_t partitions,
    void *topic_opaque, void *message_opaque)
{
	struct topic *t = topic_opaque;

	atomic_store_explicit(&t->partitions, (uint32_t)partitions, memory_order_relaxed);
	if (key_n > 0)
		return rd_kafka_msg_partitioner_murmur2(
		    rkt, key, key_n, partitions, topic_opaque, message_opaque);
	uint32_t asked = atomic_fetch_add_explicit(&t->asked, 1, memory_order_relaxed);
	return (int32_t)(asked / BATCH % (uint32_t)partitions);
}

static int32_t
next_partition(struct topic *t)
{
	uint32_t turn = atomic_fetch_add_explicit(&t->turn, 1, memory_order_relaxed);
	uint32_t partitions = atomic_load_explicit(&t->partitions, memory_order_relaxed);

	if (partitions == 0 || turn % LEARN_EVERY == 0)
		return RD_KAFKA_PARTITION_UA;
	return (int32_t)(turn % partitions);
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

static int
set_property(const char *output, rd_kafka_conf_t *conf, const char *name, const char *value,
    struct vnm_err *err)
{
	char why[256];

	if (rd_kafka_conf_set(conf, name, value, why, sizeof(why)) != RD_KAFKA_CONF_OK)
		return vnm_err_text(err, "output %s: librdkafka: %s: %s", output, name, why);
	return 0;
}

static int
set_properties(const char *output, const struct kafka_options *options, rd_kafka_conf_t *conf,
    struct vnm_err *err)
{
	const struct vnm_strings *own = &options->librdkafka;
	char timeout_ms[VNM_TEXT_NUMBER];

	for (size_t i = 0; i < VNM_ARRAY_LEN(defaults); i++) {
		if (set_property(output, conf, defaults[i][0], defaults[i][1], err) != 0)
			return -1;
	}
	snprintf(timeout_ms, sizeof(timeout_ms), "%llu",
	    (unsigned long long)(options->message_timeout / VNM_NS_PER_MS));
	if (set_property(output, conf, "message.timeout.ms", timeout_ms, err) != 0 ||
	    set_property(output, conf, "bootstrap.servers", options->brokers, err) != 0)
		return -1;
	for (uint32_t i = 0; i + 1 < own->n; i += 2) {
		if (set_property(output, conf, own->p[i], own->p[i + 1], err) != 0)
			return -1;
	}
	return 0;
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

	if (set_properties(k->sink->name, k->options, conf, err) != 0)
		goto no_client;
	k->queue_messages = property_number(conf, "queue.buffering.max.messages");
	k->queue_octets = property_number(conf, "queue.buffering.max.kbytes") * 1024;
	k->message_max = property_number(conf, "message.max.bytes") - PACK_RESERVE;
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

/* The template with {kind} replaced; false where it is no topic's name. */
static bool
topic_name(char name[TOPIC_MAX + 1], const char *template, const char *kind)
{
	static const char allowed[] = "abcdefghijklmnopqrstuvwxyz"
				      "ABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789._-";
	size_t n = 0;

	for (const char *p = template; *p != '\0';) {
		bool is_kind = strncmp(p, "{kind}", 6) == 0;
		const char *from = is_kind ? kind : p;
		size_t length = is_kind ? strlen(kind) : 1;

		if (n + length > TOPIC_MAX)
			return false;
		memcpy(name + n, from, length);
		n += length;
		p += is_kind ? 6 : 1;
	}
	name[n] = '\0';
	return n > 0 && strspn(name, allowed) == n;
}

static bool
has_own_partitioner(const struct kafka_options *options)
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
	char name[TOPIC_MAX + 1];

	(void)topic_name(name, k->options->topic, vnm_kind_info(kind)->name); /* checked */
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

static int
sink_check(const char *output, const void *values, struct vnm_err *err)
{
	const struct kafka_options *options = values;
	char topic[TOPIC_MAX + 1];

	if (options->brokers == NULL)
		return vnm_err_text(
		    err, "output %s: brokers: missing; for example \"kafka1:9092\"", output);
	for (unsigned kind = 0; kind < VNM_KIND_COUNT; kind++) {
		if (!topic_name(topic, options->topic, vnm_kind_info(kind)->name))
			return vnm_err_text(err,
			    "output %s: topic: \"%s\" makes no topic's name; letters, digits, '.', "
			    "'_' and '-' may stand in it, besides {kind}",
			    output, options->topic);
	}
	rd_kafka_conf_t *conf = rd_kafka_conf_new();
	int rc = set_properties(output, options, conf, err);
	rd_kafka_conf_destroy(conf);
	return rc;
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
	const struct kafka_options *options = s->options;
	struct kafka *k;

	if (sink_check(s->name, options, err) != 0)
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

static size_t
less(size_t all, size_t part)
{
	return all > part ? all - part : 0;
}

/* A queue that is empty has room for something, however small it was made. */
static size_t
sink_room(struct vnm_sink *s)
{
	struct kafka *k = s->state;
	size_t waiting = (size_t)rd_kafka_outq_len(k->rk);
	size_t octets = atomic_load_explicit(&k->octets, memory_order_relaxed);
	size_t messages = less(k->queue_messages, waiting);
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
    .check = sink_check,
    .open = sink_open,
    .room = sink_room,
    .publish = sink_publish,
    .tick = sink_tick,
    .flush = sink_flush,
    .close = sink_close,
    .options = kafka_options,
    .options_size = sizeof(struct kafka_options),
};
