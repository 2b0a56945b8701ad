/*
 * The least that Kafka costs through librdkafka: one ready string, produced in batches with the
 * same settings as vnmcd's fast producer, as many times as asked. Prints a line of JSON.
 *
 *   produce BROKERS TOPIC MESSAGES OCTETS [RATE]
 */
#include "config.h"

#include <inttypes.h>
#include <librdkafka/rdkafka.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <time.h>

#define BATCH 256

static const char *const settings[][2] = {{"acks", "all"}, {"linger.ms", "20"},
    {"compression.type", "none"}, {"queue.buffering.max.messages", "100000"},
    {"queue.buffering.max.kbytes", "65536"}};

struct producer {
	rd_kafka_t *kafka;
	rd_kafka_topic_t *topic;
	uint64_t delivered, failed;
	int32_t partitions, partition;
};

static void
on_delivery(rd_kafka_t *kafka, const rd_kafka_message_t *m, void *opaque)
{
	struct producer *p = opaque;

	(void)kafka;
	if (m->err == RD_KAFKA_RESP_ERR_NO_ERROR)
		p->delivered++;
	else
		p->failed++;
}

static double
now(void)
{
	struct timespec t;

	clock_gettime(CLOCK_MONOTONIC, &t);
	return (double)t.tv_sec + (double)t.tv_nsec * 1e-9;
}

static double
cpu_seconds(void)
{
	struct rusage u;

	getrusage(RUSAGE_SELF, &u);
	return (double)(u.ru_utime.tv_sec + u.ru_stime.tv_sec) +
	       (double)(u.ru_utime.tv_usec + u.ru_stime.tv_usec) * 1e-6;
}

static int
open_producer(struct producer *p, const char *brokers, const char *topic)
{
	const struct rd_kafka_metadata *metadata;
	rd_kafka_conf_t *conf = rd_kafka_conf_new();
	char text[256];

	if (rd_kafka_conf_set(conf, "bootstrap.servers", brokers, text, sizeof(text)) != 0)
		goto bad;
	for (size_t i = 0; i < sizeof(settings) / sizeof(settings[0]); i++) {
		if (rd_kafka_conf_set(conf, settings[i][0], settings[i][1], text, sizeof(text)) !=
		    0)
			goto bad;
	}
	rd_kafka_conf_set_opaque(conf, p);
	rd_kafka_conf_set_dr_msg_cb(conf, on_delivery);
	p->kafka = rd_kafka_new(RD_KAFKA_PRODUCER, conf, text, sizeof(text));
	if (p->kafka == NULL)
		goto bad;
	p->topic = rd_kafka_topic_new(p->kafka, topic, NULL);
	for (int i = 0; i < 20 && p->partitions == 0;
	     i++) { /* the first question makes the topic */
		if (rd_kafka_metadata(p->kafka, 0, p->topic, &metadata, 5000) != 0)
			continue;
		p->partitions = metadata->topic_cnt != 0 ? metadata->topics[0].partition_cnt : 0;
		rd_kafka_metadata_destroy(metadata);
		rd_kafka_poll(p->kafka, 200);
	}
	if (p->partitions > 0)
		return 0;
	(void)snprintf(text, sizeof(text), "topic %s: no partitions", topic);
bad:
	fprintf(stderr, "produce: %s\n", text);
	return -1;
}

/* Waits, as a socket would make a collector wait, until the rate allows the next batch. */
static void
keep_rate(struct producer *p, double begin, uint64_t sent, double rate)
{
	while (rate > 0 && (double)sent > (now() - begin) * rate)
		rd_kafka_poll(p->kafka, 1);
}

static void
produce_batch(struct producer *p, const char *body, size_t octets, unsigned count)
{
	rd_kafka_message_t m[BATCH];
	unsigned left = count;

	memset(m, 0, sizeof(m));
	for (unsigned i = 0; i < count; i++) {
		m[i].payload = (void *)(uintptr_t)body;
		m[i].len = octets;
	}
	p->partition = (p->partition + 1) % p->partitions;
	while (left > 0) {
		int n = rd_kafka_produce_batch(
		    p->topic, p->partition, RD_KAFKA_MSG_F_COPY, m + (count - left), (int)left);
		left -= (unsigned)n;
		rd_kafka_poll(p->kafka, left > 0 ? 5 : 0);
	}
}

int
main(int argc, char **argv)
{
	struct producer p = {0};

	if (argc < 5) {
		fprintf(stderr, "usage: produce BROKERS TOPIC MESSAGES OCTETS [RATE]\n");
		return 2;
	}
	uint64_t messages = strtoull(argv[3], NULL, 10), sent = 0;
	size_t octets = strtoull(argv[4], NULL, 10);
	double rate = argc > 5 ? strtod(argv[5], NULL) : 0;
	char *body = malloc(octets + 1);
	if (body == NULL || open_producer(&p, argv[1], argv[2]) != 0)
		return 1;
	memset(body, 'x', octets);
	double begin = now(), cpu = cpu_seconds();
	while (sent < messages) {
		unsigned n = messages - sent < BATCH ? (unsigned)(messages - sent) : BATCH;
		keep_rate(&p, begin, sent, rate);
		produce_batch(&p, body, octets, n);
		sent += n;
	}
	(void)rd_kafka_flush(p.kafka, 20000);
	cpu = cpu_seconds() - cpu;
	printf("{\"messages\":%" PRIu64 ",\"delivered\":%" PRIu64 ",\"failed\":%" PRIu64
	       ",\"seconds\":%.3f,\"cpu_seconds\":%.4f}\n",
	    sent, p.delivered, p.failed, now() - begin, cpu);
	rd_kafka_topic_destroy(p.topic);
	rd_kafka_destroy(p.kafka);
	free(body);
	return p.delivered == messages ? 0 : 1;
}
