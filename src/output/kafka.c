/*
 * The sink for Apache Kafka, by librdkafka: two producers (output/kafka.h) behind one output.
 *
 * Nothing here waits for a broker: what does not fit the queue, what a broker refuses and what
 * none took in time is counted. A retry may deliver a record of an unordered kind twice;
 * collector, epoch, worker and record_seq tell.
 */
#include "output/kafka.h"

#include "base/alloc.h"
#include "base/clock.h"

#include <assert.h>

#define MAGIC 0x6b61666bu
#define REVIVE_EVERY_NS (30 * VNM_NS_PER_S)

/* As much of it as there is room for. */
static size_t
fitting(struct vnm_kafka *k, const struct vnm_batch *batch)
{
	size_t loose = vnm_kafka_client_fits(k->loose, batch);
	size_t ordered = vnm_kafka_client_fits(k->ordered, batch);

	return loose < ordered ? loose : ordered;
}

static size_t
sink_publish(struct vnm_sink *s, const struct vnm_batch *batch)
{
	struct vnm_kafka *k = s->state;
	struct vnm_batch part = *batch;

	pthread_rwlock_rdlock(&k->swap);
	if (batch->patient)
		part.count = fitting(k, batch);
	vnm_kafka_send(k->loose, &part);
	vnm_kafka_send(k->ordered, &part);
	pthread_rwlock_unlock(&k->swap);
	return part.count;
}

/* ---- setting up ---------------------------------------------------------------------------- */

static void
free_kafka(struct vnm_kafka *k)
{
	vnm_kafka_client_close(k->loose);
	vnm_kafka_client_close(k->ordered);
	pthread_rwlock_destroy(&k->swap);
	pthread_mutex_destroy(&k->lock);
	vnm_free(k);
}

static int
sink_open(struct vnm_sink *s, struct vnm_err *err)
{
	const struct vnm_kafka_options *options = s->options;
	struct vnm_kafka *k;

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
	pthread_rwlock_init(&k->swap, NULL);
	k->loose = vnm_kafka_client_open(k, false, err);
	if (k->loose == NULL)
		goto not_open;
	k->ordered = vnm_kafka_client_open(k, true, err);
	if (k->ordered == NULL)
		goto not_open;
	s->state = k;
	return 0;

not_open:
	free_kafka(k);
	return -1;
}

/* ---- the rest of a sink -------------------------------------------------------------------- */

static size_t
sink_room(struct vnm_sink *s)
{
	struct vnm_kafka *k = s->state;
	size_t loose = vnm_kafka_client_room(k->loose);

	pthread_rwlock_rdlock(&k->swap);
	size_t ordered = vnm_kafka_client_room(k->ordered);
	pthread_rwlock_unlock(&k->swap);
	return loose < ordered ? loose : ordered;
}

/* A new ordered producer in place of one that librdkafka has given up. */
static void
revive(struct vnm_kafka *k, uint64_t mono_ns)
{
	struct vnm_kafka_client *old = k->ordered;
	struct vnm_err err;

	if (!atomic_load(&old->dead) || mono_ns < k->next_revival_ns)
		return;
	k->next_revival_ns = mono_ns + REVIVE_EVERY_NS;
	struct vnm_kafka_client *fresh = vnm_kafka_client_open(k, true, &err);
	if (fresh == NULL) {
		vnm_warning("%s", err.text);
		return;
	}
	pthread_rwlock_wrlock(&k->swap);
	k->ordered = fresh;
	pthread_rwlock_unlock(&k->swap);
	vnm_kafka_client_close(old);
}

static void
sink_tick(struct vnm_sink *s, uint64_t mono_ns)
{
	struct vnm_kafka *k = s->state;

	rd_kafka_poll(k->loose->rk, 0);
	rd_kafka_poll(k->ordered->rk, 0); /* replaced by this thread only */
	revive(k, mono_ns);
}

static int
sink_flush(struct vnm_sink *s, uint64_t deadline_mono_ns)
{
	struct vnm_kafka *k = s->state;
	int ordered = vnm_kafka_client_flush(k->ordered, deadline_mono_ns);
	int loose = vnm_kafka_client_flush(k->loose, deadline_mono_ns);

	return ordered != 0 || loose != 0 ? -1 : 0;
}

static void
sink_close(struct vnm_sink *s)
{
	struct vnm_kafka *k = s->state;

	assert(k->magic == MAGIC);
	free_kafka(k);
	s->state = NULL;
}

const struct vnm_sink_type vnm_kafka_sink = {
    .name = "kafka",
    .summary = "Apache Kafka, a topic for each kind of record",
    .keyed = true,
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
