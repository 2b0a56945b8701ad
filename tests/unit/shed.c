/*
 * daemon/pipeline.c: which log messages are let go when outputs lack room: those that came as
 * datagrams, the least urgent first, each counted.
 */
#include "unit.h"

#include "daemon/pipeline.h"

#include <stdio.h>

static size_t has_room;
static unsigned published;

static size_t
room(struct vnm_sink *s)
{
	(void)s;
	return has_room;
}

static size_t
publish(struct vnm_sink *s, const struct vnm_batch *batch)
{
	(void)s;
	published += (unsigned)batch->count;
	return batch->count;
}

static const struct vnm_sink_type narrow = {.name = "narrow", .room = room, .publish = publish};

struct bench {
	struct vnm_limits limits;
	struct vnm_output_options options;
	struct vnm_sink sink;
	struct vnm_output output, *list;
	struct vnm_pipeline *p;
};

static void
open_bench(struct bench *b)
{
	struct vnm_pipeline_config config = {.collector = VNM_STR("c"), .limits = &b->limits};

	memset(b, 0, sizeof(*b));
	b->sink = (struct vnm_sink){.type = &narrow, .name = "n", .encoder = &vnm_json_encoder};
	b->list = &b->output;
	CU_ASSERT_EQUAL_FATAL(vnm_option_defaults(vnm_limits_options, &b->limits, NULL), 0);
	CU_ASSERT_EQUAL_FATAL(vnm_option_defaults(vnm_output_options, &b->options, NULL), 0);
	CU_ASSERT_EQUAL_FATAL(vnm_output_open(&b->output, &b->options, &b->sink, NULL), 0);
	b->p = vnm_pipeline_new(&config);
	CU_ASSERT_PTR_NOT_NULL_FATAL(b->p);
	vnm_pipeline_outputs(b->p, &b->list, 1);
	published = 0;
}

static void
close_bench(struct bench *b)
{
	vnm_pipeline_free(b->p);
	vnm_output_close(&b->output);
	vnm_option_release(vnm_output_options, &b->options);
}

/* Where a message says how urgent it is. */
enum place { IN_PRI, IN_TEXT /* against the PRI */ };

static int
write_message(char *text, size_t n, unsigned severity, enum place place)
{
	if (place == IN_PRI)
		return snprintf(text, n, "<%u>app: text\n", 8 + severity);
	return snprintf(text, n, "<%u>1: r: %%A-%u-B: text\n", 8 + 7 - severity, severity);
}

/* How many of the messages of severities 0 to 7 go out; all come by this transport. */
static unsigned
pass(struct bench *b, enum vnm_transport transport, enum place place)
{
	unsigned before = published;

	for (unsigned severity = 0; severity < 8; severity++) {
		char text[64];
		struct vnm_datagram d = {.rx_ns = 1, .transport = transport, .session = 1};

		d.p = (const uint8_t *)text;
		d.n = (size_t)write_message(text, sizeof(text), severity, place);
		vnm_pipeline_message(b->p, vnm_decoder_find("syslog"), NULL, &d);
	}
	vnm_pipeline_turn_end(b->p);
	return published - before;
}

static void
test_by_severity(void)
{
	struct bench b;
	const struct vnm_counters *c;

	open_bench(&b);
	c = vnm_pipeline_counters(b.p);
	has_room = 0;
	CU_ASSERT_EQUAL(pass(&b, VNM_TRANSPORT_UDP, IN_PRI), 1); /* the most urgent is tried */
	CU_ASSERT_EQUAL(c->failed[VNM_R_shed], 7);
	has_room = 1024 + 512 + b.limits.records_per_message;
	has_room = has_room * 3 / 7;
	CU_ASSERT_EQUAL(pass(&b, VNM_TRANSPORT_UDP, IN_PRI), 4);
	CU_ASSERT_EQUAL(c->failed[VNM_R_shed], 7 + 4);
	CU_ASSERT_EQUAL(pass(&b, VNM_TRANSPORT_UDP, IN_TEXT), 4);
	CU_ASSERT_EQUAL(c->failed[VNM_R_shed], 7 + 4 + 4);
	/* Streams are made to wait instead. */
	CU_ASSERT_EQUAL(pass(&b, VNM_TRANSPORT_TCP, IN_PRI), 8);
	CU_ASSERT_EQUAL(c->messages, 8 * 4);
	CU_ASSERT_EQUAL(c->outcome[VNM_OUTCOME_OK] + c->outcome[VNM_OUTCOME_FAILED], c->messages);
	CU_ASSERT_EQUAL(c->records[VNM_KIND_log], published);
	CU_ASSERT_EQUAL(b.sink.books.offered[VNM_KIND_log], published);
	has_room = SIZE_MAX;
	CU_ASSERT_EQUAL(pass(&b, VNM_TRANSPORT_UDP, IN_PRI), 8);
	close_bench(&b);
}

CU_TestInfo suite_shed[] = {
    {"by severity, of datagrams only", test_by_severity},
    CU_TEST_INFO_NULL,
};
