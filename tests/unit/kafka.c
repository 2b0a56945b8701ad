/*
 * The Kafka sink where no real broker can be made to behave so: against librdkafka's own mock
 * cluster, which refuses what it is told to refuse, and against nobody.
 */
#include "unit.h"

#include "base/clock.h"
#include "output/output.h"

#include <librdkafka/rdkafka.h>
#include <librdkafka/rdkafka_mock.h>
#include <stdlib.h>
#include <time.h>

#define PRODUCE 0 /* the request's number in Kafka's protocol */
#define WAIT_NS (20 * VNM_NS_PER_S)

struct desk {
	void *options;
	struct vnm_sink *sink;
	struct vnm_output_options common;
	struct vnm_output output;
	uint64_t seq;
};

static void
set(void *options, const char *name, const char *value)
{
	const struct vnm_option *table = vnm_sink_type_find("kafka")->options;

	CU_ASSERT_EQUAL_FATAL(
	    vnm_option_set(vnm_option_find(table, name), options, value, NULL), 0);
}

static struct desk
open_desk(const char *brokers, const char *topic, const char *queue)
{
	const struct vnm_sink_type *type = vnm_sink_type_find("kafka");
	struct desk d = {.options = calloc(1, type->options_size)};

	CU_ASSERT_EQUAL_FATAL(vnm_option_defaults(type->options, d.options, NULL), 0);
	CU_ASSERT_EQUAL_FATAL(vnm_option_defaults(vnm_output_options, &d.common, NULL), 0);
	set(d.options, "brokers", brokers);
	set(d.options, "topic", topic);
	CU_ASSERT_EQUAL(vnm_option_pair(vnm_option_find(type->options, "librdkafka"), d.options,
			    "queue.buffering.max.messages", queue, NULL),
	    0);
	d.sink = vnm_sink_open(type, "k", &vnm_json_encoder, d.options, NULL);
	CU_ASSERT_PTR_NOT_NULL_FATAL(d.sink);
	CU_ASSERT_EQUAL_FATAL(vnm_output_open(&d.output, &d.common, d.sink, NULL), 0);
	return d;
}

static void
close_desk(struct desk *d)
{
	vnm_output_close(&d->output);
	vnm_sink_close(d->sink);
	vnm_option_release(vnm_sink_type_find("kafka")->options, d->options);
	vnm_option_release(vnm_output_options, &d->common);
	free(d->options);
}

static void
send_one(struct desk *d, enum vnm_kind kind)
{
	struct vnm_record r = {.kind_id = kind};

	VNM_SET(&r, env, record_seq, d->seq++);
	CU_ASSERT(vnm_output_record(&d->output, &r) > 0);
	vnm_output_turn_end(&d->output);
}

/* Ticks, `ahead_ns` into the future, until the count is there. */
static bool
wait_for(struct desk *d, const _Atomic uint64_t *count, uint64_t wanted, uint64_t ahead_ns)
{
	uint64_t end = vnm_clock_mono_ns() + WAIT_NS;

	while (*count < wanted && vnm_clock_mono_ns() < end) {
		d->sink->type->tick(d->sink, vnm_clock_mono_ns() + ahead_ns);
		nanosleep(&(struct timespec){.tv_nsec = 10 * VNM_NS_PER_MS}, NULL);
	}
	return *count >= wanted;
}

/* A broker that lost the order ends a producer for good; the next one goes on. */
static void
test_given_up(void)
{
	rd_kafka_conf_t *conf = rd_kafka_conf_new();
	CU_ASSERT_EQUAL(rd_kafka_conf_set(conf, "log_level", "0", NULL, 0), RD_KAFKA_CONF_OK);
	rd_kafka_t *host = rd_kafka_new(RD_KAFKA_PRODUCER, conf, NULL, 0);
	rd_kafka_mock_cluster_t *cluster = rd_kafka_mock_cluster_new(host, 1);
	struct desk d = open_desk(rd_kafka_mock_cluster_bootstraps(cluster), "t.{kind}", "1000");
	struct vnm_sink_books *books = &d.sink->books;

	send_one(&d, VNM_KIND_route);
	CU_ASSERT(wait_for(&d, &books->published[VNM_KIND_route], 1, 0));
	for (uint64_t round = 1; round <= 2; round++) {
		rd_kafka_mock_push_request_errors(
		    cluster, PRODUCE, 1, RD_KAFKA_RESP_ERR_OUT_OF_ORDER_SEQUENCE_NUMBER);
		send_one(&d, VNM_KIND_route);
		CU_ASSERT(wait_for(&d, &books->dropped[VNM_KIND_route], round, 0));
		CU_ASSERT_EQUAL(books->reasons[VNM_R_broker_refused], round);
		/* The next one may not be made at once again. */
		d.sink->type->tick(d.sink, vnm_clock_mono_ns() + round * 60 * VNM_NS_PER_S);
		send_one(&d, VNM_KIND_route);
		CU_ASSERT(wait_for(&d, &books->published[VNM_KIND_route], 1 + round, 0));
	}
	CU_ASSERT_EQUAL(vnm_sink_in_flight(d.sink), 0);
	close_desk(&d);
	rd_kafka_mock_cluster_destroy(cluster);
	rd_kafka_destroy(host);
}

/* The books balance though one record is two messages: one that is lost is counted. */
static void
test_copies(void)
{
	struct desk d = open_desk("127.0.0.1:9", "t.{kind}", "3");
	struct desk one = open_desk("127.0.0.1:9", "t", "3");

	for (int i = 0; i < 2; i++) {
		send_one(&d, VNM_KIND_peer);
		send_one(&one, VNM_KIND_peer);
	}
	CU_ASSERT_EQUAL(d.sink->books.offered[VNM_KIND_peer], 2);
	CU_ASSERT_EQUAL(d.sink->books.dropped[VNM_KIND_peer], 1); /* the queue holds three */
	CU_ASSERT_EQUAL(d.sink->books.reasons[VNM_R_queue_full], 1);
	CU_ASSERT_EQUAL(one.sink->books.dropped[VNM_KIND_peer], 0);
	CU_ASSERT_EQUAL(d.sink->type->flush(d.sink, vnm_clock_mono_ns()), -1);
	CU_ASSERT_EQUAL(d.sink->books.offered[VNM_KIND_peer], 4);
	CU_ASSERT_EQUAL(d.sink->books.dropped[VNM_KIND_peer], 4);
	CU_ASSERT_EQUAL(d.sink->books.reasons[VNM_R_broker_timeout], 3);
	/* Where all kinds share a topic there are no copies. */
	CU_ASSERT_EQUAL(one.sink->type->flush(one.sink, vnm_clock_mono_ns()), -1);
	CU_ASSERT_EQUAL(one.sink->books.offered[VNM_KIND_peer], 2);
	CU_ASSERT_EQUAL(one.sink->books.dropped[VNM_KIND_peer], 2);
	close_desk(&d);
	close_desk(&one);
}

/* What the order needs holds against the operator; what it does not is the operator's. */
static void
test_properties(void)
{
	static const char *const own[][2] = {{"acks", "1"}, {"max.in.flight", "100"},
	    {"enable.idempotence", "false"}, {"retries", "0"}, {"partitioner", "random"},
	    {"linger.ms", "5"}};
	const struct vnm_sink_type *type = vnm_sink_type_find("kafka");
	void *options = calloc(1, type->options_size);

	CU_ASSERT_EQUAL_FATAL(vnm_option_defaults(type->options, options, NULL), 0);
	set(options, "brokers", "127.0.0.1:9");
	for (size_t i = 0; i < VNM_ARRAY_LEN(own); i++)
		CU_ASSERT_EQUAL(vnm_option_pair(vnm_option_find(type->options, "librdkafka"),
				    options, own[i][0], own[i][1], NULL),
		    0);
	struct vnm_sink *sink = vnm_sink_open(type, "k", &vnm_json_encoder, options, NULL);
	CU_ASSERT_PTR_NOT_NULL(sink);
	vnm_sink_close(sink);
	vnm_option_release(type->options, options);
	free(options);
}

CU_TestInfo suite_kafka[] = {
    {"given up", test_given_up},
    {"copies", test_copies},
    {"properties", test_properties},
    CU_TEST_INFO_NULL,
};
