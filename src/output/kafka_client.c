/*
 * One librdkafka producer of the Kafka sink: its topics, its room, and what becomes of its
 * messages.
 *
 * The ordered one keeps the order of each key, and sends nothing twice, through whatever brokers
 * do: messages of one partition have a sequence, which librdkafka keeps over its retries and the
 * broker checks (KIP-98). What was too late or refused leaves a gap, counted; what follows it is
 * in order again. Where librdkafka cannot tell any more what arrived, it gives the producer up:
 * then what it holds is dropped and counted, and a new one takes its place (kafka.c).
 */
#include "output/kafka.h"

#include "base/alloc.h"
#include "base/clock.h"
#include "base/text.h"

#include <assert.h>
#include <stdio.h>
#include <stdlib.h>

#define PACK_RESERVE 1024    /* octets of message.max.bytes that are left for Kafka's own header */
#define MESSAGES_OF_RECORD 2 /* at the most: that of a peer goes to two topics */
#define RECORD_OCTETS 2048   /* a record's size where room is told in records */
#define FLUSH_SLICE_MS 100
#define PURGE_SLICES 10

/* ---- messages on their way ----------------------------------------------------------------- */

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
may_complain(struct vnm_kafka *k)
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

/* A copy is no record of its own, unless it is lost. */
void
vnm_kafka_drop(struct vnm_kafka_client *c, const rd_kafka_topic_t *rkt, const void *opaque,
    rd_kafka_resp_err_t err)
{
	struct vnm_sink *sink = c->kafka->sink;
	enum vnm_reason reason = reason_of(err);
	enum vnm_kind kind = vnm_kafka_opaque_kind(opaque);
	uint64_t records = vnm_kafka_opaque_records(opaque);
	const char *hint = hint_of(err, NULL);

	if (records == 0) {
		atomic_fetch_add_explicit(&sink->books.offered[kind], 1, memory_order_relaxed);
		records = 1;
	}
	vnm_sink_count_drop(sink, kind, reason, records);
	if (err == RD_KAFKA_RESP_ERR__FATAL)
		atomic_store(&c->dead, true);
	if (!may_complain(c->kafka))
		return;
	vnm_warning("output %s: records for topic %s are dropped and counted as %s: %s%s%s",
	    sink->name, rd_kafka_topic_name(rkt), vnm_reason_info(reason)->label,
	    rd_kafka_err2str(err), hint != NULL ? ": " : "", hint != NULL ? hint : "");
}

static void
on_delivery(rd_kafka_t *rk, const rd_kafka_message_t *m, void *opaque)
{
	struct vnm_kafka_client *c = opaque;
	struct vnm_kafka *k = c->kafka;

	(void)rk;
	atomic_fetch_sub_explicit(&c->octets, m->len + m->key_len, memory_order_relaxed);
	if (m->err != RD_KAFKA_RESP_ERR_NO_ERROR) {
		vnm_kafka_drop(c, m->rkt, m->_private, m->err);
		return;
	}
	atomic_fetch_add_explicit(&k->sink->books.published[vnm_kafka_opaque_kind(m->_private)],
	    vnm_kafka_opaque_records(m->_private), memory_order_relaxed);
	if (atomic_load_explicit(&k->away, memory_order_relaxed) &&
	    atomic_exchange(&k->away, false))
		vnm_info("output %s: Kafka at %s answers", k->sink->name, k->options->brokers);
}

static void
on_fatal(struct vnm_kafka_client *c)
{
	char why[256];
	const char *hint = hint_of(rd_kafka_fatal_error(c->rk, why, sizeof(why)), NULL);

	atomic_store(&c->dead, true);
	if (!atomic_load(&c->used))
		return;
	vnm_warning("output %s: Kafka at %s: %s; what waits to be sent in order, %d messages, is "
		    "dropped and counted, and a new producer takes over%s%s",
	    c->kafka->sink->name, c->kafka->options->brokers, why, rd_kafka_outq_len(c->rk),
	    hint != NULL ? ": " : "", hint != NULL ? hint : "");
}

/* A producer that has had nothing to send has nothing to complain of. */
static void
on_error(rd_kafka_t *rk, int err, const char *why, void *opaque)
{
	struct vnm_kafka_client *c = opaque;
	struct vnm_kafka *k = c->kafka;

	if (err == RD_KAFKA_RESP_ERR__FATAL) {
		on_fatal(c);
		return;
	}
	if (err == RD_KAFKA_RESP_ERR__ALL_BROKERS_DOWN)
		atomic_store(&k->away, true);
	if ((c->ordered && !atomic_load(&c->used)) || !may_complain(k))
		return;
	vnm_warning("output %s: Kafka at %s: %s; %d messages wait, each for up to %llu ms: %s",
	    k->sink->name, k->options->brokers, why, rd_kafka_outq_len(rk),
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

/* ---- topics --------------------------------------------------------------------------------- */

static int
open_topic(struct vnm_kafka_client *c, enum vnm_kind kind, struct vnm_err *err)
{
	const struct vnm_kafka_options *options = c->kafka->options;
	struct vnm_kafka_topic *t = &c->topics[kind];
	char name[VNM_KAFKA_TOPIC_TEXT];

	(void)vnm_kafka_topic(name, options->topic, vnm_kind_info(kind)->name); /* checked */
	rd_kafka_topic_conf_t *conf = rd_kafka_default_topic_conf_dup(c->rk);
	if (!vnm_kafka_has_own_partitioner(options, c->ordered)) {
		rd_kafka_topic_conf_set_partitioner_cb(conf, vnm_kafka_partition_choose);
		rd_kafka_topic_conf_set_opaque(conf, t);
	}
	t->rkt = rd_kafka_topic_new(c->rk, name, conf);
	if (t->rkt == NULL)
		return vnm_err_text(err, "output %s: topic %s: %s", c->kafka->sink->name, name,
		    rd_kafka_err2str(rd_kafka_last_error()));
	return 0;
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
start(struct vnm_kafka_client *c, struct vnm_err *err)
{
	rd_kafka_conf_t *conf = rd_kafka_conf_new();
	const char *output = c->kafka->sink->name;
	char why[256];

	if (vnm_kafka_configure(output, c->kafka->options, c->ordered, conf, err) != 0)
		goto no_client;
	c->queue_messages = property_number(conf, "queue.buffering.max.messages");
	c->queue_octets = property_number(conf, "queue.buffering.max.kbytes") * 1024;
	c->message_max = less(property_number(conf, "message.max.bytes"), PACK_RESERVE);
	rd_kafka_conf_set_opaque(conf, c);
	rd_kafka_conf_set_dr_msg_cb(conf, on_delivery);
	rd_kafka_conf_set_error_cb(conf, on_error);
	rd_kafka_conf_set_log_cb(conf, on_log);
	c->rk = rd_kafka_new(RD_KAFKA_PRODUCER, conf, why, sizeof(why));
	if (c->rk == NULL) {
		vnm_err_text(err, "output %s: librdkafka: %s", output, why);
		goto no_client;
	}
	return 0; /* conf is the client's now */

no_client:
	rd_kafka_conf_destroy(conf);
	return -1;
}

struct vnm_kafka_client *
vnm_kafka_client_open(struct vnm_kafka *k, bool ordered, struct vnm_err *err)
{
	struct vnm_kafka_client *c = vnm_alloc_zero(1, sizeof(*c));

	if (c == NULL) {
		vnm_err_text(err, "output %s: out of memory", k->sink->name);
		return NULL;
	}
	c->kafka = k;
	c->ordered = ordered;
	if (start(c, err) != 0)
		goto not_open;
	for (unsigned kind = 0; kind < VNM_KIND_COUNT; kind++) {
		if (vnm_kind_info(kind)->ordered == ordered && open_topic(c, kind, err) != 0)
			goto not_open;
	}
	return c;

not_open:
	vnm_kafka_client_close(c);
	return NULL;
}

/* ---- the end ------------------------------------------------------------------------------- */

static void
purge(struct vnm_kafka_client *c)
{
	rd_kafka_purge(c->rk, RD_KAFKA_PURGE_F_QUEUE | RD_KAFKA_PURGE_F_INFLIGHT);
	for (int i = 0; i < PURGE_SLICES && rd_kafka_outq_len(c->rk) > 0; i++)
		rd_kafka_poll(c->rk, FLUSH_SLICE_MS);
}

int
vnm_kafka_client_flush(struct vnm_kafka_client *c, uint64_t deadline_mono_ns)
{
	while (rd_kafka_outq_len(c->rk) > 0 && vnm_clock_mono_ns() < deadline_mono_ns)
		rd_kafka_flush(c->rk, FLUSH_SLICE_MS);
	if (rd_kafka_outq_len(c->rk) == 0)
		return 0;
	purge(c);
	return -1;
}

void
vnm_kafka_client_close(struct vnm_kafka_client *c)
{
	if (c == NULL)
		return;
	if (c->rk != NULL)
		purge(c);
	for (unsigned kind = 0; kind < VNM_KIND_COUNT; kind++) {
		if (c->topics[kind].rkt != NULL)
			rd_kafka_topic_destroy(c->topics[kind].rkt);
	}
	if (c->rk != NULL)
		rd_kafka_destroy(c->rk);
	vnm_free(c);
}

/* ---- room ----------------------------------------------------------------------------------- */

/* A queue that is empty has room for something, however small it was made. */
size_t
vnm_kafka_client_room(struct vnm_kafka_client *c)
{
	size_t waiting = (size_t)rd_kafka_outq_len(c->rk);
	size_t octets = atomic_load_explicit(&c->octets, memory_order_relaxed);
	size_t messages = c->queue_messages != 0 ? less(c->queue_messages, waiting) : SIZE_MAX;
	size_t records = less(c->queue_octets, octets) / RECORD_OCTETS;

	if (waiting == 0)
		return SIZE_MAX;
	return messages < records ? messages : records;
}

size_t
vnm_kafka_client_fits(struct vnm_kafka_client *c, const struct vnm_batch *batch)
{
	size_t share = MESSAGES_OF_RECORD * (size_t)c->kafka->sink->outputs; /* not 0 */
	size_t waiting = (size_t)rd_kafka_outq_len(c->rk);
	size_t octets =
	    less(c->queue_octets, atomic_load_explicit(&c->octets, memory_order_relaxed)) / share;
	size_t messages =
	    c->queue_messages != 0 ? less(c->queue_messages, waiting) / share : SIZE_MAX;
	size_t n = 0;

	for (; n < batch->count && n < messages; n++) {
		size_t wanted = (size_t)batch->entries[n].frame.n + batch->entries[n].key_n;

		if (wanted > octets)
			break;
		octets -= wanted;
	}
	return n == 0 && waiting == 0 ? 1 : n;
}
