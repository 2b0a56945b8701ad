/*
 * How records become messages of Kafka. Records without a key go out in batches, each to one
 * partition in turn, which costs a fifth less than a partition for each message. A record with
 * a key goes to the partition that Java clients would choose, by itself where it has message
 * headers: librdkafka's batch call has none.
 *
 * A topic's messages are handed over in the order of the batch. Records of peers go to the topic
 * of routes too, with the same key, so that one partition tells in order what became of a peer
 * and of its routes.
 */
#include "output/kafka.h"

#include "base/text.h"

/* Messages for one topic, gathered for one call. */
struct parcel {
	struct vnm_kafka_client *client;
	struct vnm_kafka_topic *topic;
	bool keyed; /* all of them have keys, or none */
	int n;
	rd_kafka_message_t messages[VNM_KAFKA_BATCH];
};

static void
refused(struct vnm_kafka_client *c, struct vnm_kafka_topic *t, const rd_kafka_message_t *m)
{
	atomic_fetch_sub_explicit(&c->octets, m->len + m->key_len, memory_order_relaxed);
	if (m->err == RD_KAFKA_RESP_ERR__UNKNOWN_PARTITION)
		atomic_store_explicit(&t->partitions, 0, memory_order_relaxed);
	vnm_kafka_drop(c, t->rkt, m->_private, m->err);
}

static void
send_parcel(struct parcel *parcel)
{
	struct vnm_kafka_client *c = parcel->client;
	uint64_t octets = 0;

	if (parcel->n == 0)
		return;
	int32_t partition =
	    parcel->keyed ? RD_KAFKA_PARTITION_UA : vnm_kafka_partition_next(parcel->topic);
	for (int i = 0; i < parcel->n; i++)
		octets += parcel->messages[i].len + parcel->messages[i].key_len;
	atomic_fetch_add_explicit(&c->octets, octets, memory_order_relaxed);
	int taken = rd_kafka_produce_batch(
	    parcel->topic->rkt, partition, RD_KAFKA_MSG_F_COPY, parcel->messages, parcel->n);
	for (int i = 0; taken < parcel->n && i < parcel->n; i++) {
		if (parcel->messages[i].err != RD_KAFKA_RESP_ERR_NO_ERROR)
			refused(c, parcel->topic, &parcel->messages[i]);
	}
	parcel->n = 0;
}

static void
add_message(struct parcel *parcel, const rd_kafka_message_t *m)
{
	bool keyed = m->key_len > 0;

	if (parcel->n == VNM_KAFKA_BATCH || keyed != parcel->keyed)
		send_parcel(parcel);
	parcel->keyed = keyed;
	parcel->messages[parcel->n++] = *m;
}

/* With message headers, by itself. */
static void
send_message(struct vnm_kafka_client *c, struct vnm_kafka_topic *t, rd_kafka_message_t *m)
{
	enum vnm_kind kind = vnm_kafka_opaque_kind(m->_private);
	char schema[VNM_TEXT_NUMBER];
	size_t schema_n = (size_t)(vnm_text_u64(schema, VNM_SCHEMA_VERSION) - schema);

	atomic_fetch_add_explicit(&c->octets, m->len + m->key_len, memory_order_relaxed);
	m->err = rd_kafka_producev(c->rk, RD_KAFKA_V_RKT(t->rkt),
	    RD_KAFKA_V_MSGFLAGS(RD_KAFKA_MSG_F_COPY), RD_KAFKA_V_VALUE(m->payload, m->len),
	    RD_KAFKA_V_KEY(m->key, m->key_len),
	    RD_KAFKA_V_HEADER("kind", vnm_kind_info(kind)->name, -1),
	    RD_KAFKA_V_HEADER("schema", schema, (ssize_t)schema_n),
	    RD_KAFKA_V_HEADER("encoding", c->kafka->sink->encoder->name, -1),
	    RD_KAFKA_V_OPAQUE(m->_private), RD_KAFKA_V_END);
	if (m->err != RD_KAFKA_RESP_ERR_NO_ERROR)
		refused(c, t, m);
}

/* The record at e has a key. librdkafka copies what m points to and never writes there. */
static void
add_keyed(struct parcel *parcel, const struct vnm_batch *batch, const struct vnm_batch_entry *e)
{
	struct vnm_kafka_client *c = parcel->client;
	bool copy = parcel->topic != &c->topics[e->kind];
	rd_kafka_message_t m = {
	    .payload = (void *)(uintptr_t)(batch->bytes + e->frame.body_at),
	    .len = e->frame.body_n,
	    .key = (void *)(uintptr_t)(batch->keys + e->key_at),
	    .key_len = e->key_n,
	    ._private = vnm_kafka_opaque(e->kind, copy ? 0 : 1),
	};

	if (c->kafka->options->headers)
		send_message(c, parcel->topic, &m);
	else
		add_message(parcel, &m);
}

/* How many entries from i on go into one message: their frames lie one behind the other. */
static size_t
run_length(const struct vnm_kafka_client *c, const struct vnm_batch *batch, size_t i)
{
	const struct vnm_batch_entry *first = &batch->entries[i];
	size_t octets = first->frame.n, n = 1;

	for (; n < c->kafka->records_per_message && i + n < batch->count; n++) {
		const struct vnm_batch_entry *e = &batch->entries[i + n];

		octets += e->frame.n;
		if (e->kind != first->kind || e->key_n != 0 || octets > c->message_max)
			break;
	}
	return n;
}

/* Adds one message without a key from entry i on; returns how many entries it took. */
static size_t
add_run(struct parcel *parcel, const struct vnm_batch *batch, size_t i)
{
	const struct vnm_kafka_client *c = parcel->client;
	const struct vnm_frame *first = &batch->entries[i].frame;
	bool packed = c->kafka->records_per_message > 1;
	size_t n = packed ? run_length(c, batch, i) : 1;
	const struct vnm_frame *last = &batch->entries[i + n - 1].frame;
	uint32_t at = packed ? first->at : first->body_at;
	rd_kafka_message_t m = {
	    .payload = (void *)(uintptr_t)(batch->bytes + at),
	    .len = last->body_at + last->body_n - at, /* without the suffix of the last one */
	    ._private = vnm_kafka_opaque(batch->entries[i].kind, (uint32_t)n),
	};

	add_message(parcel, &m);
	return n;
}

/* Where all kinds have one topic, a copy would be there twice. */
static bool
goes_to(const struct vnm_kafka *k, enum vnm_kind kind, enum vnm_kind topic)
{
	return kind == topic || (kind == VNM_KIND_peer && topic == VNM_KIND_route &&
				    strstr(k->options->topic, "{kind}") != NULL);
}

static void
send_topic(struct vnm_kafka_client *c, const struct vnm_batch *batch, enum vnm_kind topic)
{
	struct parcel parcel;

	parcel.client = c;
	parcel.topic = &c->topics[topic];
	parcel.keyed = false;
	parcel.n = 0;
	for (size_t i = 0; i < batch->count;) {
		const struct vnm_batch_entry *e = &batch->entries[i];

		if (!goes_to(c->kafka, e->kind, topic)) {
			i++;
		} else if (e->key_n == 0) {
			i += add_run(&parcel, batch, i);
		} else {
			add_keyed(&parcel, batch, e);
			i++;
		}
	}
	send_parcel(&parcel);
}

void
vnm_kafka_send(struct vnm_kafka_client *c, const struct vnm_batch *batch)
{
	bool present[VNM_KIND_COUNT] = {false};

	for (size_t i = 0; i < batch->count; i++)
		present[batch->entries[i].kind] = true;
	present[VNM_KIND_route] = present[VNM_KIND_route] || present[VNM_KIND_peer];
	for (unsigned kind = 0; kind < VNM_KIND_COUNT; kind++) {
		if (!present[kind] || vnm_kind_info(kind)->ordered != c->ordered)
			continue;
		if (!atomic_load_explicit(&c->used, memory_order_relaxed))
			atomic_store_explicit(&c->used, true, memory_order_relaxed);
		send_topic(c, batch, kind);
	}
	rd_kafka_poll(c->rk, 0);
}
