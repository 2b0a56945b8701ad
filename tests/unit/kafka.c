/*
 * The Kafka sink against librdkafka's own mock of a cluster: what brokers refuse, what none
 * takes, partitions without a leader, producers that are given up, and mistakes in the options.
 */
#include "unit.h"

#include "base/alloc.h"
#include "base/clock.h"
#include "output/kafka.h"
#include "output/output.h"

#include <librdkafka/rdkafka.h>
#include <librdkafka/rdkafka_mock.h>
#include <time.h>

#define PRODUCE_API 0 /* of Kafka's protocol */
#define TOPIC "vnm.flow"
/* What ends all the same is given much time, as machines are busy; what has to time out little. */
#define DEADLINE_S 30
#define TIMEOUT "3s"
#define UNREACHABLE "127.0.0.1:9"

struct bench {
	rd_kafka_t *rk; /* owns the mock */
	rd_kafka_mock_cluster_t *cluster;
	void *options;
	struct vnm_sink *sink;
	struct vnm_output_options output_options;
	struct vnm_output output;
};

static const struct vnm_sink_type *
kafka(void)
{
	return vnm_sink_type_find("kafka");
}

static void
set(void *options, const char *name, const char *value)
{
	static const char own[] = "librdkafka.";
	const struct vnm_option *table = kafka()->options;
	bool is_own = strncmp(name, own, strlen(own)) == 0;
	const struct vnm_option *row = vnm_option_find(table, is_own ? "librdkafka" : name);
	int rc = is_own ? vnm_option_pair(row, options, name + strlen(own), value, NULL)
			: vnm_option_set(row, options, value, NULL);

	CU_ASSERT_EQUAL_FATAL(rc, 0);
}

/* Options of name, value, name, value …, ended by NULL. */
static void *
new_options(const char *const *values)
{
	void *options = vnm_alloc_zero(1, kafka()->options_size);

	CU_ASSERT_PTR_NOT_NULL_FATAL(options);
	CU_ASSERT_EQUAL_FATAL(vnm_option_defaults(kafka()->options, options, NULL), 0);
	for (; *values != NULL; values += 2)
		set(options, values[0], values[1]);
	return options;
}

static void
free_options(void *options)
{
	vnm_option_release(kafka()->options, options);
	vnm_free(options);
}

static void
start_cluster(struct bench *b, int brokers, int partitions)
{
	rd_kafka_conf_t *conf = rd_kafka_conf_new();

	CU_ASSERT_EQUAL(rd_kafka_conf_set(conf, "log_level", "0", NULL, 0), RD_KAFKA_CONF_OK);
	*b = (struct bench){.rk = rd_kafka_new(RD_KAFKA_PRODUCER, conf, NULL, 0)};
	CU_ASSERT_PTR_NOT_NULL_FATAL(b->rk);
	b->cluster = rd_kafka_mock_cluster_new(b->rk, brokers);
	CU_ASSERT_PTR_NOT_NULL_FATAL(b->cluster);
	CU_ASSERT_EQUAL(rd_kafka_mock_topic_create(b->cluster, TOPIC, partitions, 1), 0);
}

/* A sink at the mock cluster, or at `brokers` of the options where there is no mock. */
static void
start_sink(struct bench *b, const char *const *values)
{
	struct vnm_err err = {.text = ""};

	b->options = new_options(values);
	if (b->cluster != NULL)
		set(b->options, "brokers", rd_kafka_mock_cluster_bootstraps(b->cluster));
	b->sink = vnm_sink_open(kafka(), "k", &vnm_json_encoder, b->options, &err);
	CU_ASSERT_STRING_EQUAL(err.text, "");
	CU_ASSERT_PTR_NOT_NULL_FATAL(b->sink);
	CU_ASSERT_EQUAL_FATAL(vnm_option_defaults(vnm_output_options, &b->output_options, NULL), 0);
	CU_ASSERT_EQUAL_FATAL(vnm_output_open(&b->output, &b->output_options, b->sink, NULL), 0);
}

static void
stop(struct bench *b)
{
	vnm_output_close(&b->output);
	vnm_sink_close(b->sink);
	free_options(b->options);
	vnm_option_release(vnm_output_options, &b->output_options);
	if (b->cluster != NULL)
		rd_kafka_mock_cluster_destroy(b->cluster);
	if (b->rk != NULL)
		rd_kafka_destroy(b->rk);
}

/* Turns of one record each. */
static void
publish(struct bench *b, enum vnm_kind kind, unsigned turns)
{
	struct vnm_record r = {.kind_id = kind};

	for (unsigned i = 0; i < turns; i++) {
		VNM_SET(&r, env, record_seq, i);
		vnm_output_record(&b->output, &r);
		vnm_output_turn_end(&b->output);
	}
}

static int
flush(struct bench *b, uint64_t seconds)
{
	return kafka()->flush(b->sink, vnm_clock_mono_ns() + seconds * VNM_NS_PER_S);
}

/* Ticks, `ahead_ns` into the future, until the count is there. */
static bool
wait_for(struct bench *b, const _Atomic uint64_t *count, uint64_t wanted, uint64_t ahead_ns)
{
	uint64_t end = vnm_clock_mono_ns() + DEADLINE_S * VNM_NS_PER_S;

	while (*count < wanted && vnm_clock_mono_ns() < end) {
		kafka()->tick(b->sink, vnm_clock_mono_ns() + ahead_ns);
		nanosleep(&(struct timespec){.tv_nsec = 10 * VNM_NS_PER_MS}, NULL);
	}
	return *count >= wanted;
}

/* The books: all of n records were published, or dropped for the one reason. */
static void
check_books(struct bench *b, uint64_t published, enum vnm_reason reason, uint64_t dropped)
{
	CU_ASSERT_EQUAL(b->sink->books.offered[VNM_KIND_flow], published + dropped);
	CU_ASSERT_EQUAL(b->sink->books.published[VNM_KIND_flow], published);
	CU_ASSERT_EQUAL(b->sink->books.dropped[VNM_KIND_flow], dropped);
	CU_ASSERT_EQUAL(b->sink->books.reasons[reason], dropped);
	CU_ASSERT_EQUAL(vnm_sink_in_flight(b->sink), 0);
}

/* ---- delivery ------------------------------------------------------------------------------ */

static void
test_delivery(void)
{
	struct bench b;

	start_cluster(&b, 1, 4);
	start_sink(&b, (const char *const[]){NULL});
	publish(&b, VNM_KIND_flow, 200);
	CU_ASSERT_EQUAL(flush(&b, DEADLINE_S), 0);
	CU_ASSERT_EQUAL(kafka()->room(b.sink), SIZE_MAX);
	check_books(&b, 200, VNM_R_broker_refused, 0);
	stop(&b);
}

/* What waits for a leader that does not come would fill the queue: others are used. */
static void
test_no_leader(void)
{
	struct bench b;

	start_cluster(&b, 2, 4);
	CU_ASSERT_EQUAL(rd_kafka_mock_partition_set_leader(b.cluster, TOPIC, 1, -1), 0);
	CU_ASSERT_EQUAL(rd_kafka_mock_partition_set_leader(b.cluster, TOPIC, 2, -1), 0);
	start_sink(&b, (const char *const[]){NULL});
	publish(&b, VNM_KIND_flow, 50);
	CU_ASSERT_EQUAL(flush(&b, DEADLINE_S), 0);
	publish(&b, VNM_KIND_flow, 50);
	CU_ASSERT_EQUAL(flush(&b, DEADLINE_S), 0);
	check_books(&b, 100, VNM_R_broker_timeout, 0);
	stop(&b);
}

/* As long as none has a leader each batch looks again, and uses those that get one. */
static void
test_leader_comes(void)
{
	struct bench b;

	start_cluster(&b, 2, 4);
	for (int32_t i = 0; i < 4; i++)
		CU_ASSERT_EQUAL(rd_kafka_mock_partition_set_leader(b.cluster, TOPIC, i, -1), 0);
	start_sink(&b, (const char *const[]){NULL});
	publish(&b, VNM_KIND_flow, 1);
	CU_ASSERT_EQUAL(rd_kafka_mock_partition_set_leader(b.cluster, TOPIC, 0, 1), 0);
	CU_ASSERT(wait_for(&b, &b.sink->books.published[VNM_KIND_flow], 1, 0));
	publish(&b, VNM_KIND_flow, 50);
	CU_ASSERT_EQUAL(flush(&b, DEADLINE_S), 0);
	check_books(&b, 51, VNM_R_broker_timeout, 0);
	stop(&b);
}

static void
test_partition_next(void)
{
	static struct vnm_kafka_topic t;

	t.partitions = 4;
	t.next_look_ns = UINT64_MAX;
	t.down[0] = 5;
	CU_ASSERT_EQUAL(vnm_kafka_partition_next(&t), 1);
	CU_ASSERT_EQUAL(vnm_kafka_partition_next(&t), 1);
	CU_ASSERT_EQUAL(vnm_kafka_partition_next(&t), 3);
	t.look = true; /* none had a leader */
	for (unsigned i = 0; i < 4; i++)
		CU_ASSERT_EQUAL(vnm_kafka_partition_next(&t), RD_KAFKA_PARTITION_UA);
	t.look = false;
	t.next_look_ns = 0; /* once in a while */
	CU_ASSERT_EQUAL(vnm_kafka_partition_next(&t), RD_KAFKA_PARTITION_UA);
	CU_ASSERT_TRUE(t.look);
}

/* A message has at the least one record, however small messages must be. */
static void
test_small_messages(void)
{
	struct bench b;

	start_cluster(&b, 1, 1);
	start_sink(&b, (const char *const[]){"records_per_message", "100",
			   "librdkafka.message.max.bytes", "1000", NULL});
	publish(&b, VNM_KIND_flow, 1);
	for (unsigned i = 0; i < 50; i++) {
		struct vnm_record r = {.kind_id = VNM_KIND_flow};
		VNM_SET(&r, flow, packets, UINT64_MAX); /* 50 of 20 digits are too much for one */
		vnm_output_record(&b.output, &r);
	}
	vnm_output_turn_end(&b.output);
	CU_ASSERT_EQUAL(flush(&b, DEADLINE_S), 0);
	check_books(&b, 51, VNM_R_broker_refused, 0);
	stop(&b);
}

/* ---- what is not taken --------------------------------------------------------------------- */

static void
test_unknown_topic(void)
{
	struct bench b;

	start_cluster(&b, 1, 1);
	rd_kafka_mock_topic_set_error(b.cluster, TOPIC, RD_KAFKA_RESP_ERR_UNKNOWN_TOPIC_OR_PART);
	start_sink(
	    &b, (const char *const[]){"librdkafka.topic.metadata.propagation.max.ms", "0", NULL});
	publish(&b, VNM_KIND_flow, 10);
	(void)flush(&b, DEADLINE_S);
	check_books(&b, 0, VNM_R_broker_refused, 10);
	stop(&b);
}

/* What was refused is dropped; what comes after it is not. */
static void
test_refused(void)
{
	struct bench b;

	start_cluster(&b, 1, 1);
	start_sink(&b, (const char *const[]){NULL});
	rd_kafka_mock_push_request_errors(
	    b.cluster, PRODUCE_API, 1, RD_KAFKA_RESP_ERR_MSG_SIZE_TOO_LARGE);
	for (unsigned i = 0; i < 4; i++) {
		publish(&b, VNM_KIND_flow, 1);
		CU_ASSERT_EQUAL(flush(&b, DEADLINE_S), 0);
	}
	check_books(&b, 3, VNM_R_broker_refused, 1);
	stop(&b);
}

static void
test_broker_dies(void)
{
	struct bench b;

	start_cluster(&b, 1, 1);
	start_sink(&b, (const char *const[]){"message_timeout", TIMEOUT, NULL});
	publish(&b, VNM_KIND_flow, 10);
	CU_ASSERT_EQUAL(flush(&b, DEADLINE_S), 0);
	CU_ASSERT_EQUAL(rd_kafka_mock_broker_set_down(b.cluster, 1), 0);
	publish(&b, VNM_KIND_flow, 10);
	(void)flush(&b, DEADLINE_S);
	check_books(&b, 10, VNM_R_broker_timeout, 10);
	stop(&b);
}

static void
test_queue_full(void)
{
	struct bench b = {.rk = NULL};

	start_sink(&b, (const char *const[]){"brokers", UNREACHABLE,
			   "librdkafka.queue.buffering.max.messages", "10", NULL});
	publish(&b, VNM_KIND_flow, 30);
	CU_ASSERT_EQUAL(b.sink->books.reasons[VNM_R_queue_full], 20);
	CU_ASSERT_EQUAL(kafka()->room(b.sink), 0);
	CU_ASSERT_EQUAL(vnm_sink_in_flight(b.sink), 10);
	CU_ASSERT_EQUAL(flush(&b, 0), -1);
	CU_ASSERT_EQUAL(b.sink->books.reasons[VNM_R_broker_timeout], 10);
	CU_ASSERT_EQUAL(vnm_sink_in_flight(b.sink), 0);
	stop(&b);
}

/* A queue without a bound on messages has room as long as it has octets. */
static void
test_queue_unbounded(void)
{
	struct bench b = {.rk = NULL};

	start_sink(&b, (const char *const[]){"brokers", UNREACHABLE,
			   "librdkafka.queue.buffering.max.messages", "0", NULL});
	publish(&b, VNM_KIND_flow, 30);
	CU_ASSERT_EQUAL(b.sink->books.reasons[VNM_R_queue_full], 0);
	CU_ASSERT(kafka()->room(b.sink) > 1000);
	CU_ASSERT_EQUAL(flush(&b, 0), -1);
	stop(&b);
}

/* ---- what goes in order -------------------------------------------------------------------- */

/* The key decides: of two partitions the one without a leader keeps its records, in vain. */
static void
test_ordered_no_leader(void)
{
	uint64_t published = 0;

	for (int32_t down = 0; down < 2; down++) {
		struct bench b;

		start_cluster(&b, 1, 1);
		CU_ASSERT_EQUAL(rd_kafka_mock_topic_create(b.cluster, "vnm.route", 2, 1), 0);
		CU_ASSERT_EQUAL(
		    rd_kafka_mock_partition_set_leader(b.cluster, "vnm.route", down, -1), 0);
		start_sink(&b, (const char *const[]){"message_timeout", TIMEOUT, NULL});
		publish(&b, VNM_KIND_route, 5);
		(void)flush(&b, DEADLINE_S);
		uint64_t got = b.sink->books.published[VNM_KIND_route];
		CU_ASSERT_EQUAL(b.sink->books.reasons[VNM_R_broker_timeout], 5 - got);
		CU_ASSERT_EQUAL(vnm_sink_in_flight(b.sink), 0);
		published += got;
		stop(&b);
	}
	CU_ASSERT_EQUAL(published, 5);
}

/* A broker that lost the order ends a producer for good; the next one goes on. */
static void
test_given_up(void)
{
	struct bench b;

	start_cluster(&b, 1, 1);
	start_sink(&b, (const char *const[]){NULL});
	struct vnm_sink_books *books = &b.sink->books;
	publish(&b, VNM_KIND_route, 1);
	CU_ASSERT(wait_for(&b, &books->published[VNM_KIND_route], 1, 0));
	for (uint64_t round = 1; round <= 2; round++) {
		rd_kafka_mock_push_request_errors(
		    b.cluster, PRODUCE_API, 1, RD_KAFKA_RESP_ERR_OUT_OF_ORDER_SEQUENCE_NUMBER);
		publish(&b, VNM_KIND_route, 1);
		CU_ASSERT(wait_for(&b, &books->dropped[VNM_KIND_route], round, 0));
		CU_ASSERT_EQUAL(books->reasons[VNM_R_broker_refused], round);
		/* The next one may not be made at once again. */
		kafka()->tick(b.sink, vnm_clock_mono_ns() + round * 60 * VNM_NS_PER_S);
		publish(&b, VNM_KIND_route, 1);
		CU_ASSERT(wait_for(&b, &books->published[VNM_KIND_route], 1 + round, 0));
	}
	CU_ASSERT_EQUAL(vnm_sink_in_flight(b.sink), 0);
	stop(&b);
}

/* The books balance though one record is two messages: one that is lost is counted. */
static void
test_copies(void)
{
	static const char small[] = "librdkafka.queue.buffering.max.messages";
	struct bench b = {.rk = NULL};

	start_sink(&b, (const char *const[]){"brokers", UNREACHABLE, small, "3", NULL});
	publish(&b, VNM_KIND_peer, 2);
	CU_ASSERT_EQUAL(b.sink->books.offered[VNM_KIND_peer], 2);
	CU_ASSERT_EQUAL(b.sink->books.dropped[VNM_KIND_peer], 1); /* the queue holds three */
	CU_ASSERT_EQUAL(b.sink->books.reasons[VNM_R_queue_full], 1);
	CU_ASSERT_EQUAL(flush(&b, 0), -1);
	CU_ASSERT_EQUAL(b.sink->books.offered[VNM_KIND_peer], 4);
	CU_ASSERT_EQUAL(b.sink->books.dropped[VNM_KIND_peer], 4);
	CU_ASSERT_EQUAL(b.sink->books.reasons[VNM_R_broker_timeout], 3);
	stop(&b);
}

/* Where all kinds share a topic there are no copies. */
static void
test_one_topic(void)
{
	struct bench b = {.rk = NULL};

	start_sink(&b, (const char *const[]){"brokers", UNREACHABLE, "topic", "t", NULL});
	publish(&b, VNM_KIND_peer, 2);
	CU_ASSERT_EQUAL(b.sink->books.dropped[VNM_KIND_peer], 0);
	CU_ASSERT_EQUAL(flush(&b, 0), -1);
	CU_ASSERT_EQUAL(b.sink->books.offered[VNM_KIND_peer], 2);
	CU_ASSERT_EQUAL(b.sink->books.dropped[VNM_KIND_peer], 2);
	stop(&b);
}

/* What the order needs holds against the operator; what it does not is the operator's. */
static void
test_properties(void)
{
	struct bench b = {.rk = NULL};

	start_sink(&b, (const char *const[]){"brokers", UNREACHABLE, "librdkafka.acks", "1",
			   "librdkafka.max.in.flight", "100", "librdkafka.enable.idempotence",
			   "false", "librdkafka.retries", "0", "librdkafka.partitioner", "random",
			   "librdkafka.linger.ms", "5", NULL});
	stop(&b);
}

/* ---- options ------------------------------------------------------------------------------- */

static void
test_wrong_options(void)
{
	static const char *const wrong[][3] = {
	    {"brokers", "", "missing"},
	    {"brokers", " , ", "missing"},
	    {"brokers", "kafka1:99999", "\"kafka1:99999\""},
	    {"brokers", "kafka1:0", "\"kafka1:0\""},
	    {"brokers", "kafka1:", "\"kafka1:\""},
	    {"brokers", ":9092", "\":9092\""},
	    {"brokers", "kafka1:9092,kafka2:x", "\"kafka2:x\""},
	    {"brokers", "kafka1 kafka2", "\"kafka1 kafka2\""},
	    {"brokers", "http://kafka1:9092", "\"http://kafka1:9092\""},
	    {"brokers", "[::1:9092", "\"[::1:9092\""},
	    {"message_timeout", "0", "message_timeout"},
	    {"message_timeout", "999us", "message_timeout"},
	    {"message_timeout", "25d", "message_timeout"},
	    {"topic", "a/b", "\"a/b\""},
	    {"librdkafka.transactional.id", "x", "transactions"},
	    {"librdkafka.lingr.ms", "x", "lingr.ms"},
	};

	for (size_t i = 0; i < VNM_ARRAY_LEN(wrong); i++) {
		void *options = new_options((const char *const[]){
		    "brokers", "kafka1:9092", wrong[i][0], wrong[i][1], NULL});
		struct vnm_err err = {.text = ""};

		CU_ASSERT_EQUAL(kafka()->check("k", options, &err), -1);
		CU_ASSERT_PTR_NOT_NULL(strstr(err.text, wrong[i][2]));
		free_options(options);
	}
}

static void
test_right_options(void)
{
	static const char *const right[][2] = {
	    {"brokers", "kafka1"},
	    {"brokers", "kafka1:9092, kafka2:65535,"},
	    {"brokers", "[::1]:9092,10.0.0.1:1,[2001:db8::1]"},
	    {"brokers", "SASL_SSL://kafka1:9093"},
	    {"message_timeout", "1ms"},
	    {"message_timeout", "24d"},
	    {"topic", "records"},
	};

	for (size_t i = 0; i < VNM_ARRAY_LEN(right); i++) {
		void *options = new_options((const char *const[]){
		    "brokers", "kafka1:9092", right[i][0], right[i][1], NULL});
		struct vnm_err err = {.text = ""};

		CU_ASSERT_EQUAL(kafka()->check("k", options, &err), 0);
		CU_ASSERT_STRING_EQUAL(err.text, "");
		free_options(options);
	}
}

CU_TestInfo suite_kafka[] = {
    {"delivery", test_delivery},
    {"no leader", test_no_leader},
    {"leader comes", test_leader_comes},
    {"whose turn it is", test_partition_next},
    {"small messages", test_small_messages},
    {"unknown topic", test_unknown_topic},
    {"refused", test_refused},
    {"broker dies", test_broker_dies},
    {"queue full", test_queue_full},
    {"queue unbounded", test_queue_unbounded},
    {"ordered, no leader", test_ordered_no_leader},
    {"given up", test_given_up},
    {"copies", test_copies},
    {"one topic", test_one_topic},
    {"properties", test_properties},
    {"wrong options", test_wrong_options},
    {"right options", test_right_options},
    CU_TEST_INFO_NULL,
};
