/*
 * A worker in memory, and whether its books balance.
 */
#include "station.h"

#include "base/clock.h"
#include "daemon/conf.h"
#include "decoders/bmp.h"
#include "decoders/rib_query.h"

#include <stdlib.h>

#define SCRATCH_OCTETS 32768 /* little, so that messages that need more are met, too */

static const uint8_t engine_id[] = {0x80, 0x00, 0x7e, 0xd9, 0x04, 't'};
static struct vnm_conf *conf; /* of all stations */

static const char *const names[VNM_STATION_OUTPUTS] = {"json", "protobuf"};

static int
open_output(struct vnm_station *s, const struct vnm_sink_type *type, unsigned i)
{
	unsigned n = s->open;
	struct vnm_output_options options = {0};
	struct vnm_sink *sink = &s->sinks[n];
	struct vnm_err err;

	sink->type = type;
	sink->encoder = vnm_encoder_find(names[i]);
	sink->name = names[i];
	if (vnm_option_defaults(vnm_output_options, &options, &err) != 0)
		goto no_sink;
	if (sink->type->open(sink, &err) != 0)
		goto no_sink;
	if (vnm_output_open(&s->outputs[n], &options, sink, &err) != 0)
		goto no_output;
	vnm_option_release(vnm_output_options, &options);
	s->list[n] = &s->outputs[n];
	s->open++;
	return 0;
no_output:
	sink->type->close(sink);
no_sink:
	vnm_option_release(vnm_output_options, &options);
	return -1;
}

/* Little, so that what makes room for others is met. */
static int
set_analysis(struct vnm_station *s)
{
	struct vnm_logs_options *o = &s->analysis.logs;
	struct vnm_err err;

	if (vnm_option_defaults(vnm_logs_options, o, &err) != 0)
		return -1;
	o->templates = o->expand_repeats = true;
	o->templates_max = 8;
	o->template_rates = o->duplicates = 1000000000;
	o->rate = 100;
	o->burst = 50;
	o->sources = 4;
	return vnm_pipeline_analysis(s->pipeline, &s->analysis) ? 0 : -1;
}

void
vnm_station_setup(void)
{
	static const char *const users[] = {"snmp.users.noauth.auth=none",
	    "snmp.users.sha.auth=sha1", "snmp.users.sha.auth_password=authpass123",
	    "snmp.users.shaaes.auth=sha1", "snmp.users.shaaes.auth_password=authpass123",
	    "snmp.users.shaaes.priv=aes128", "snmp.users.shaaes.priv_password=privpass123",
	    "snmp.users.sha512aes256.auth=sha512",
	    "snmp.users.sha512aes256.auth_password=authpass123",
	    "snmp.users.sha512aes256.priv=aes256",
	    "snmp.users.sha512aes256.priv_password=privpass123"};
	const struct vnm_conf_input input = {
	    .overrides = users, .override_count = VNM_ARRAY_LEN(users), .replay = true};
	struct vnm_errs errs = {0};

	if (conf == NULL && vnm_conf_load(&conf, &input, &errs) != 0)
		abort();
}

int
vnm_station_open(struct vnm_station *s, const struct vnm_sink_type *sink, unsigned encodings)
{
	struct vnm_pipeline_config config = {.collector = VNM_STR("station"),
	    .limits = &s->limits,
	    .scratch_octets = SCRATCH_OCTETS,
	    .self = &s->self};
	struct vnm_err err;

	memset(s, 0, sizeof(*s));
	s->self.engine_id = (struct vnm_slice){engine_id, sizeof(engine_id)};
	s->self.engine_boots = 1;
	if (vnm_option_defaults(vnm_limits_options, &s->limits, &err) != 0)
		return -1;
	s->limits.facts = 64; /* few, so that others make room */
	s->pipeline = vnm_pipeline_new(&config);
	if (s->pipeline == NULL)
		return -1;
	if (set_analysis(s) != 0) {
		vnm_station_close(s);
		return -1;
	}
	for (unsigned i = 0; i < VNM_STATION_OUTPUTS; i++) {
		if ((encodings >> i & 1) != 0 && open_output(s, sink, i) != 0) {
			vnm_station_close(s);
			return -1;
		}
	}
	vnm_pipeline_outputs(s->pipeline, s->list, s->open);
	return 0;
}

void
vnm_station_close(struct vnm_station *s)
{
	vnm_pipeline_free(s->pipeline);
	while (s->open > 0) {
		s->open--;
		vnm_output_close(&s->outputs[s->open]);
		s->sinks[s->open].type->close(&s->sinks[s->open]);
	}
	s->pipeline = NULL;
}

void
vnm_station_keep_routes(struct vnm_station *s)
{
	s->rib = true;
}

static const void *
options_for(const struct vnm_station *s, const struct vnm_decoder *decoder)
{
	static const struct vnm_bmp_options keeping = {.evidence = true,
	    .mode = VNM_RIB_FULL,
	    .rib_paths = 64,
	    .rib_suppress = true,
	    .rib_stale = 60 * VNM_NS_PER_S,
	    .rib_dump_interval = 1 * VNM_NS_PER_S,
	    .rib_dump_start = true};

	if (s->rib && strcmp(decoder->name, "bmp") == 0)
		return &keeping;
	return conf != NULL ? vnm_conf_decoder_options(conf, decoder) : NULL;
}

/* All that is kept, for someone who asks. */
static void
ask(struct vnm_station *s)
{
	struct vnm_rib_query q = {.view = -1,
	    .match = VNM_RIB_LONGEST,
	    .prefix = {.addr.family = VNM_ADDR_IP4, .len = 32},
	    .limit = 1000,
	    .looks = 1000};
	struct vnm_buffer answer = {0};

	(void)vnm_pipeline_query(s->pipeline, &q, &answer);
	q.match = VNM_RIB_ANY;
	(void)vnm_pipeline_query(s->pipeline, &q, &answer);
	q.summary = true;
	(void)vnm_pipeline_query(s->pipeline, &q, &answer);
	vnm_buffer_free(&answer);
}

void
vnm_station_play(struct vnm_station *s, const struct vnm_test_message *m)
{
	vnm_pipeline_clock(s->pipeline, m->d.rx_ns);
	if (m->decoder == NULL)
		return;
	if (m->end)
		vnm_pipeline_end(s->pipeline, m->decoder, &m->d);
	else
		vnm_pipeline_message(s->pipeline, m->decoder, options_for(s, m->decoder), &m->d);
	vnm_pipeline_turn_end(s->pipeline);
}

void
vnm_station_play_mute(struct vnm_station *s, const struct vnm_test_message *m)
{
	const uint64_t *made = vnm_pipeline_counters(s->pipeline)->records;

	for (unsigned k = 0; k < VNM_KIND_COUNT; k++)
		s->unheard[k] -= made[k];
	vnm_pipeline_outputs(s->pipeline, NULL, 0);
	vnm_station_play(s, m);
	vnm_pipeline_outputs(s->pipeline, s->list, s->open);
	for (unsigned k = 0; k < VNM_KIND_COUNT; k++)
		s->unheard[k] += made[k];
}

void
vnm_station_finish(struct vnm_station *s)
{
	if (s->rib)
		ask(s);
	vnm_pipeline_finish(s->pipeline);
}

static const char *
check_messages(const struct vnm_counters *c, bool finished)
{
	uint64_t outcomes = 0, failed = 0;

	for (unsigned i = 0; i <= VNM_OUTCOME_FAILED; i++)
		outcomes += c->outcome[i];
	for (unsigned i = 0; i < VNM_REASON_COUNT; i++)
		failed += c->failed[i];
	if (outcomes != c->messages)
		return "messages and their outcomes differ";
	if (failed != c->outcome[VNM_OUTCOME_FAILED])
		return "failed messages and their reasons differ";
	if (c->failed[VNM_OK] != 0)
		return "a message failed without a reason";
	if (finished && c->outcome[VNM_OUTCOME_HELD] != 0)
		return "messages are held after the end";
	return NULL;
}

const char *
vnm_station_check(const struct vnm_station *s, bool finished)
{
	const struct vnm_counters *c = vnm_pipeline_counters(s->pipeline);
	const char *wrong = check_messages(c, finished);

	for (unsigned i = 0; wrong == NULL && i < s->open; i++) {
		const struct vnm_sink_books *b = &s->sinks[i].books;
		if (s->sinks[i].type == &vnm_judge_sink)
			wrong = vnm_judge_finding(&s->sinks[i]);
		for (unsigned k = 0; k < VNM_KIND_COUNT; k++) {
			if (b->offered[k] != b->published[k] + b->dropped[k])
				wrong = "records offered are neither published nor dropped";
			if (b->offered[k] != c->records[k] - s->unheard[k])
				wrong = "records made and records offered differ";
		}
	}
	return wrong;
}
