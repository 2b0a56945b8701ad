/*
 * analysis/: the bounded table, patterns, and what analysers make of log records.
 */
#include "unit.h"

#include "analysis/analysis.h"
#include "analysis/cache.h"
#include "analysis/log_tokens.h"
#include "analysis/pattern.h"
#include "base/alloc.h"
#include "base/clock.h"

#include <stdio.h>
#include <stdlib.h>

#define SECOND VNM_NS_PER_S
#define START_NS (1700000000 * SECOND)
#define KEPT_MAX 64
#define TEXT_MAX 256

/* What a record said: texts are copied, since they live only until emit returns. */
struct kept {
	enum vnm_kind kind;
	char message[TEXT_MAX], id[32], template[TEXT_MAX], alarm_type[32], resource[64], state[16],
	    severity[16], cause[32], hostname[32];
	uint64_t count, lost;
};

/* An analysis with its options, and the records that it made. */
struct lab {
	struct vnm_analysis_options o;
	struct vnm_analysis *a;
	struct vnm_analysis_out out;
	struct vnm_record rec, made;
	struct vnm_scratch scratch;
	struct vnm_counters counters;
	struct kept got[KEPT_MAX];
	unsigned n;
	uint64_t now_ns;
};

static void
copy(char *to, size_t room, bool there, struct vnm_str s)
{
	snprintf(to, room, "%.*s", there ? (int)s.n : 0, there ? s.p : "");
}

#define COPY(to, r, kind, field) copy(to, sizeof(to), VNM_HAS(r, kind, field), (r)->kind.field)

static void
begin(struct vnm_analysis_out *out, enum vnm_kind kind, uint64_t observed_ns)
{
	memset(out->rec->has, 0, sizeof(out->rec->has));
	out->rec->kind_id = kind;
	VNM_SET(out->rec, env, observed_ns, observed_ns);
}

static void
keep(struct vnm_analysis_out *out)
{
	struct lab *l = (struct lab *)((char *)out - offsetof(struct lab, out));
	const struct vnm_record *r = out->rec;
	struct kept *k = &l->got[l->n];

	CU_ASSERT_FATAL(l->n < KEPT_MAX);
	memset(k, 0, sizeof(*k));
	l->n++;
	k->kind = r->kind_id;
	switch (r->kind_id) {
	case VNM_KIND_log:
		COPY(k->message, r, log, message);
		COPY(k->hostname, r, log, hostname);
		k->count = r->log.repeat_count;
		break;
	case VNM_KIND_log_template:
		COPY(k->id, r, log_template, template_id);
		COPY(k->template, r, log_template, template);
		COPY(k->message, r, log_template, replaces);
		k->count = r->log_template.param_count;
		break;
	case VNM_KIND_log_rate:
		COPY(k->id, r, log_rate, template_id);
		COPY(k->hostname, r, log_rate, hostname);
		k->count = r->log_rate.count;
		break;
	case VNM_KIND_visibility:
		COPY(k->cause, r, visibility, cause);
		k->lost = r->visibility.lost;
		break;
	default:
		COPY(k->alarm_type, r, alarm, alarm_type);
		COPY(k->resource, r, alarm, resource);
		COPY(k->state, r, alarm, state);
		COPY(k->severity, r, alarm, perceived_severity);
		k->count = r->alarm.count;
	}
}

static struct lab *
open_lab(void)
{
	struct lab *l = calloc(1, sizeof(*l));
	struct vnm_err err;

	CU_ASSERT_FATAL(l != NULL);
	CU_ASSERT_EQUAL_FATAL(vnm_option_defaults(vnm_logs_options, &l->o.logs, &err), 0);
	CU_ASSERT_EQUAL_FATAL(vnm_scratch_init(&l->scratch, 1 << 16), 0);
	l->o.logs.alarms = false;
	l->out = (struct vnm_analysis_out){.rec = &l->made,
	    .scratch = &l->scratch,
	    .counters = &l->counters,
	    .begin = begin,
	    .emit = keep};
	l->now_ns = START_NS;
	return l;
}

static void
start(struct lab *l)
{
	l->a = vnm_analysis_new(&l->o, 7);
	CU_ASSERT_PTR_NOT_NULL_FATAL(l->a);
}

static void
close_lab(struct lab *l)
{
	vnm_analysis_free(l->a);
	vnm_scratch_free(&l->scratch);
	free(l);
}

/* A message of a host; the record stays as the analysis left it. */
static enum vnm_reason
say(struct lab *l, const char *hostname, const char *message)
{
	struct vnm_record *r = &l->rec;

	memset(r->has, 0, sizeof(r->has));
	vnm_scratch_reset(&l->scratch);
	r->kind_id = VNM_KIND_log;
	VNM_SET(r, env, observed_ns, l->now_ns);
	VNM_SET(r, log, facility, 1);
	VNM_SET(r, log, severity, 5);
	VNM_SET(r, log, hostname, vnm_str_of(hostname));
	VNM_SET(r, log, message, vnm_str_of(message));
	return vnm_analysis_record(l->a, r, &l->out);
}

/* ---- the bounded table --------------------------------------------------------------------- */

struct entry {
	struct vnm_cache_entry head;
	uint32_t value;
};

static void
count_drop(void *ctx, void *entry)
{
	*(unsigned *)ctx += ((struct entry *)entry)->value;
}

static void
test_cache(void)
{
	struct vnm_cache c;
	unsigned dropped = 0;
	bool fresh;

	vnm_cache_init(&c, sizeof(struct entry), 100);
	c.drop = count_drop;
	c.ctx = &dropped;
	for (uint32_t i = 1; i <= 1000; i++) {
		struct entry *e = vnm_cache_get(&c, i * 0x9e3779b97f4a7c15ULL, i, &fresh);
		CU_ASSERT_PTR_NOT_NULL_FATAL(e);
		CU_ASSERT(fresh && e->value == 0);
		e->value = 1;
	}
	CU_ASSERT_EQUAL(c.n, 100);
	CU_ASSERT_EQUAL(dropped, 900);
	/* The newest is there, the oldest is not. */
	CU_ASSERT_PTR_NOT_NULL(vnm_cache_find(&c, 1000 * 0x9e3779b97f4a7c15ULL));
	CU_ASSERT_PTR_NULL(vnm_cache_find(&c, 1 * 0x9e3779b97f4a7c15ULL));
	vnm_cache_bound(&c, 10);
	CU_ASSERT_EQUAL(c.n, 10);
	for (uint32_t i = 0; i < c.n; i++) {
		struct entry *e = vnm_cache_at(&c, i);
		CU_ASSERT_PTR_EQUAL(vnm_cache_find(&c, e->head.hash), e);
	}
	vnm_cache_free(&c);
	CU_ASSERT_EQUAL(dropped, 1000);
}

/* ---- patterns -------------------------------------------------------------------------------- */

static void
test_patterns(void)
{
	static const struct {
		const char *pattern, *text, *value; /* NULL: does not match */
	} rows[] = {
	    {"Interface {interface}, changed state to *down",
		"Interface Gi0/1, changed state to administratively down", "Gi0/1"},
	    {"interface {interface}, changed", "INTERFACE Gi0/1, Changed", "Gi0/1"},
	    {"Interface {interface}, changed", "Interface Gi0/1 changed", NULL},
	    {"{interface}: Link is Down", "mlx5 0000:03 eth2: Link is Down now", "eth2"},
	    {"{interface}: Link is Down", ": Link is Down", NULL},
	    {"reason={alarm...}", "set, reason=PEM 1 Fan Failed  ", "PEM 1 Fan Failed"},
	    {"peer (* ip:{peer},* to Up", "peer (vrf:x, ip:10.0.0.1, intf:e) from Down to Up",
		"10.0.0.1"},
	    {"neighbor {peer}* Up", "neighbor 100.67.0.142(sp01) in vrf Default Up",
		"100.67.0.142"},
	    {"a*b*c", "xxaxxbxxcxx", ""},
	    {"a*b*c", "xxaxxcxxbxx", NULL},
	    {"on member {interface}", "on member et-0/0/25:3", "et-0/0/25:3"},
	    {"{process}[*]: segfault at ", "nginx[77]: segfault at 0", "nginx"},
	    {"x", "", NULL},
	};

	for (size_t i = 0; i < VNM_ARRAY_LEN(rows); i++) {
		struct vnm_str text = vnm_str_of(rows[i].text);
		struct vnm_words all = vnm_words_of_text(text);
		struct vnm_words some = vnm_words_of_pattern(rows[i].pattern);
		struct vnm_pattern_match match;
		bool matches = vnm_pattern_match(rows[i].pattern, text, &match);

		CU_ASSERT_EQUAL(matches, rows[i].value != NULL);
		if (!matches)
			continue;
		CU_ASSERT(rows[i].value[0] == '\0' ? match.value.n == 0
						   : vnm_str_is(match.value, rows[i].value));
		CU_ASSERT(vnm_words_within(&some, &all));
	}
}

static void
test_pattern_errors(void)
{
	static const char *const bad[] = {"", "{", "{}", "{A}", "a}", "{a", "*a*b*c*d*e*f*g*h*i*"};
	struct vnm_err err;

	for (size_t i = 0; i < VNM_ARRAY_LEN(bad); i++)
		CU_ASSERT_EQUAL(vnm_pattern_check(bad[i], &err), -1);
	CU_ASSERT_EQUAL(vnm_pattern_check("a {x} * {y-z...}", &err), 0);
}

/* ---- templates ---------------------------------------------------------------------------------
 */

static void
test_tokens(void)
{
	struct vnm_log_tokens t;

	vnm_log_tokenise(&t, VNM_STR("  port=80, (10.0.0.1) a1 word  Gi0/1:"), 1);
	CU_ASSERT_EQUAL_FATAL(t.n, 5);
	CU_ASSERT(t.t[0].at == 5 && t.t[0].mask == 2);
	CU_ASSERT(t.t[1].at == 1 && t.t[1].mask == 8);
	CU_ASSERT(t.t[2].at == 0 && t.t[2].mask == 2);
	CU_ASSERT(t.t[3].mask == 0);
	CU_ASSERT(t.t[4].at == 0 && t.t[4].mask == 5);
}

static void
test_templates(void)
{
	struct lab *l = open_lab();

	l->o.logs.templates = true;
	start(l);
	CU_ASSERT_EQUAL(say(l, "a", "Interface Gi0/1, changed state to down"), VNM_OK);
	CU_ASSERT_EQUAL_FATAL(l->n, 1);
	CU_ASSERT_STRING_EQUAL(l->got[0].template, "Interface <*>, changed state to down");
	CU_ASSERT(vnm_str_is(l->rec.log.template_id, l->got[0].id));
	CU_ASSERT_EQUAL_FATAL(l->rec.log.template_params.n, 1);
	CU_ASSERT(vnm_str_is(l->rec.log.template_params.p[0], "Gi0/1"));
	/* The same form again, of another host: the same template, not told again. */
	CU_ASSERT_EQUAL(say(l, "b", "Interface Gi0/7, changed state to down"), VNM_OK);
	CU_ASSERT_EQUAL(l->n, 1);
	CU_ASSERT(vnm_str_is(l->rec.log.template_params.p[0], "Gi0/7"));
	/* A word that differs: the template is now another one, which says what it was. */
	CU_ASSERT_EQUAL(say(l, "a", "Interface Gi0/1, changed state to up"), VNM_OK);
	CU_ASSERT_EQUAL_FATAL(l->n, 2);
	CU_ASSERT_STRING_EQUAL(l->got[1].template, "Interface <*>, changed state to <*>");
	CU_ASSERT_STRING_EQUAL(l->got[1].message, l->got[0].id);
	CU_ASSERT_EQUAL(l->got[1].count, 2);
	CU_ASSERT_EQUAL_FATAL(l->rec.log.template_params.n, 2);
	CU_ASSERT(vnm_str_is(l->rec.log.template_params.p[1], "up"));
	/* The first form belongs to it, too. */
	CU_ASSERT_EQUAL(say(l, "a", "Interface Gi0/2, changed state to down"), VNM_OK);
	CU_ASSERT(vnm_str_is(l->rec.log.template_id, l->got[1].id));
	CU_ASSERT(vnm_str_is(l->rec.log.template_params.p[1], "down"));
	/* Nothing in common: another template. */
	CU_ASSERT_EQUAL(say(l, "a", "Interface Gi0/2, was made by a person"), VNM_OK);
	CU_ASSERT_EQUAL(l->n, 3);
	CU_ASSERT_EQUAL(l->counters.v[VNM_C_log_templates], 2);
	CU_ASSERT_EQUAL(l->counters.v[VNM_C_log_templates_found], 3);
	close_lab(l);
}

/* The id is a hash of the text, the same from every vnmcd: known from an independent reading. */
static void
test_template_ids(void)
{
	struct lab *l = open_lab(), *other = open_lab();

	l->o.logs.templates = other->o.logs.templates = true;
	start(l);
	other->a = vnm_analysis_new(&other->o, 12345);
	CU_ASSERT_PTR_NOT_NULL_FATAL(other->a);
	CU_ASSERT_EQUAL(say(l, "a", "session 5 opened"), VNM_OK);
	CU_ASSERT_EQUAL(say(other, "b", "nothing of the kind"), VNM_OK);
	CU_ASSERT_EQUAL(say(other, "b", "session 77 opened"), VNM_OK);
	CU_ASSERT_STRING_EQUAL(l->got[0].id, other->got[1].id);
	CU_ASSERT_EQUAL(strlen(l->got[0].id), 16);
	close_lab(l);
	close_lab(other);
}

static void
test_template_bounds(void)
{
	struct lab *l = open_lab();
	char text[TEXT_MAX];
	unsigned found = 0;

	l->o.logs.templates = true;
	l->o.logs.templates_max = 16;
	start(l);
	for (unsigned i = 0; i < 5000; i++) {
		snprintf(text, sizeof(text), "%c%c%c word of noise", 'a' + i % 26,
		    'a' + i / 26 % 26, 'a' + i / 676 % 26);
		CU_ASSERT_EQUAL(say(l, "a", text), VNM_OK);
		found += l->n;
		l->n = 0;
	}
	/* At once no more than the burst is found; the rest goes without, counted. */
	CU_ASSERT_EQUAL(found, 1000);
	CU_ASSERT_EQUAL(l->counters.v[VNM_C_log_templates_unlearnt], 4000);
	CU_ASSERT_EQUAL(l->counters.v[VNM_C_log_templates], 16);
	l->now_ns += 10 * SECOND;
	CU_ASSERT_EQUAL(say(l, "a", "something new"), VNM_OK);
	CU_ASSERT_EQUAL(l->n, 1);
	close_lab(l);
}

static void
test_rates(void)
{
	struct lab *l = open_lab();

	l->o.logs.templates = true;
	l->o.logs.template_rates = 10 * SECOND;
	start(l);
	vnm_analysis_tick(l->a, l->now_ns, false, &l->out);
	for (unsigned i = 0; i < 5; i++)
		CU_ASSERT_EQUAL(say(l, i < 3 ? "a" : "b", "number 7"), VNM_OK);
	l->n = 0;
	vnm_analysis_tick(l->a, l->now_ns + 5 * SECOND, false, &l->out);
	CU_ASSERT_EQUAL(l->n, 0);
	vnm_analysis_tick(l->a, l->now_ns + 10 * SECOND, false, &l->out);
	CU_ASSERT_EQUAL_FATAL(l->n, 2);
	for (unsigned i = 0; i < 2; i++)
		CU_ASSERT_EQUAL(l->got[i].count, strcmp(l->got[i].hostname, "a") == 0 ? 3 : 2);
	vnm_analysis_tick(l->a, l->now_ns + 20 * SECOND, false, &l->out);
	CU_ASSERT_EQUAL(l->n, 2); /* nothing came: nothing is told */
	close_lab(l);
}

/* ---- sources ------------------------------------------------------------------------------------
 */

static void
test_duplicates(void)
{
	struct lab *l = open_lab();

	l->o.logs.duplicates = 30 * SECOND;
	start(l);
	CU_ASSERT_EQUAL(say(l, "a", "fan 3 failed"), VNM_OK);
	CU_ASSERT_EQUAL(say(l, "a", "fan 3 failed"), VNM_R_duplicate);
	CU_ASSERT_EQUAL(say(l, "b", "fan 3 failed"), VNM_OK); /* another source */
	CU_ASSERT_EQUAL(say(l, "a", "fan 3 failed"), VNM_R_duplicate);
	CU_ASSERT_EQUAL(l->n, 0);
	/* Another message ends it: how often it came is told before that. */
	CU_ASSERT_EQUAL(say(l, "a", "fan 3 works"), VNM_OK);
	CU_ASSERT_EQUAL_FATAL(l->n, 1);
	CU_ASSERT_EQUAL(l->got[0].count, 2);
	CU_ASSERT_STRING_EQUAL(l->got[0].message, "fan 3 failed");
	CU_ASSERT_STRING_EQUAL(l->got[0].hostname, "a");
	/* So does time: then one goes out again. */
	CU_ASSERT_EQUAL(say(l, "a", "fan 3 works"), VNM_R_duplicate);
	l->now_ns += 31 * SECOND;
	CU_ASSERT_EQUAL(say(l, "a", "fan 3 works"), VNM_OK);
	CU_ASSERT_EQUAL_FATAL(l->n, 2);
	CU_ASSERT_EQUAL(l->got[1].count, 1);
	CU_ASSERT_EQUAL(say(l, "a", "fan 3 works"), VNM_R_duplicate);
	vnm_analysis_tick(l->a, l->now_ns, true, &l->out);
	CU_ASSERT_EQUAL(l->n, 3);
	close_lab(l);
}

static void
test_expand(void)
{
	struct lab *l = open_lab();

	l->o.logs.expand_repeats = true;
	start(l);
	CU_ASSERT_EQUAL(say(l, "a", "link lost"), VNM_OK);
	CU_ASSERT_EQUAL(say(l, "b", "all is well"), VNM_OK);
	struct vnm_record *r = &l->rec;
	memset(r->has, 0, sizeof(r->has));
	VNM_SET(r, env, observed_ns, l->now_ns);
	VNM_SET(r, log, severity, 5);
	VNM_SET(r, log, hostname, VNM_STR("a"));
	VNM_SET(r, log, message, VNM_STR("last message repeated 3 times"));
	VNM_SET(r, log, repeat_count, 3);
	CU_ASSERT_EQUAL(vnm_analysis_record(l->a, r, &l->out), VNM_OK);
	CU_ASSERT(vnm_str_is(r->log.message, "link lost"));
	CU_ASSERT_EQUAL(r->log.repeat_count, 3);
	CU_ASSERT_EQUAL(l->counters.v[VNM_C_log_repeats_expanded], 1);
	close_lab(l);
}

static void
test_rate_limit(void)
{
	struct lab *l = open_lab();
	unsigned passed = 0;

	l->o.logs.rate = 10;
	l->o.logs.burst = 5;
	start(l);
	for (unsigned i = 0; i < 20; i++)
		passed += say(l, "a", "flood") == VNM_OK;
	CU_ASSERT_EQUAL(passed, 5);
	CU_ASSERT_EQUAL(say(l, "b", "flood"), VNM_OK); /* another source is not touched */
	l->now_ns += SECOND / 10;
	CU_ASSERT_EQUAL(say(l, "a", "flood"), VNM_OK);
	CU_ASSERT_EQUAL(say(l, "a", "flood"), VNM_R_rate_limit);
	vnm_analysis_tick(l->a, l->now_ns, false, &l->out);
	CU_ASSERT_EQUAL_FATAL(l->n, 1);
	CU_ASSERT_EQUAL(l->got[0].lost, 16);
	CU_ASSERT_STRING_EQUAL(l->got[0].cause, "rate-limit");
	/* A clock that goes back gives nobody more. */
	l->now_ns -= 100 * SECOND;
	CU_ASSERT_EQUAL(say(l, "a", "flood"), VNM_R_rate_limit);
	close_lab(l);
}

/* ---- alarms -------------------------------------------------------------------------------------
 */

/* As the configuration makes it; vnm_option_release() frees it. */
static struct vnm_rule_options
make_rule(const char *match, const char *type, const char *state, const char *severity,
    const char *event_type)
{
	const char *const values[][2] = {{"match", match}, {"alarm_type", type}, {"state", state},
	    {"severity", severity}, {"event_type", event_type}};
	struct vnm_rule_options rule = {.name = NULL};
	struct vnm_err err;

	CU_ASSERT_EQUAL(vnm_option_defaults(vnm_rule_options, &rule, &err), 0);
	for (size_t i = 0; i < VNM_ARRAY_LEN(values); i++)
		CU_ASSERT_EQUAL(vnm_option_set(vnm_option_find(vnm_rule_options, values[i][0]),
				    &rule, values[i][1], &err),
		    0);
	return rule;
}

static void
test_alarms(void)
{
	struct vnm_rule_options rules[2] = {
	    make_rule("door {door} is open", "door-open", "raise", "minor", "environmental"),
	    make_rule("door {door} is closed", "door-open", "clear", "minor", "environmental")};
	struct lab *l = open_lab();
	struct vnm_err err;

	l->o.logs.alarms = true;
	l->o.rules = rules;
	l->o.rule_count = 2;
	CU_ASSERT_EQUAL(vnm_rule_check(&rules[0], &err), 0);
	start(l);
	CU_ASSERT_EQUAL(say(l, "a", "the door 3.14 is open"), VNM_OK);
	CU_ASSERT_EQUAL(say(l, "a", "the door 3.14 is open"), VNM_OK);
	CU_ASSERT_EQUAL(say(l, "a", "the door 3.14 is closed"), VNM_OK);
	CU_ASSERT_EQUAL_FATAL(l->n, 3);
	CU_ASSERT_STRING_EQUAL(l->got[0].alarm_type, "door-open");
	CU_ASSERT_STRING_EQUAL(l->got[0].resource, "door 3.14");
	CU_ASSERT_STRING_EQUAL(l->got[0].severity, "minor");
	CU_ASSERT_EQUAL(l->got[1].count, 2);
	CU_ASSERT_STRING_EQUAL(l->got[2].state, "clear");
	CU_ASSERT_STRING_EQUAL(l->got[2].severity, "cleared");
	CU_ASSERT_EQUAL(l->got[2].count, 1);
	/* A reload without rules forgets them; without alarms, all. */
	l->o.rule_count = 0;
	CU_ASSERT(vnm_analysis_reload(l->a, &l->o));
	CU_ASSERT_EQUAL(say(l, "a", "the door 3.14 is open"), VNM_OK);
	CU_ASSERT_EQUAL(l->n, 3);
	l->o.logs.alarms = false;
	CU_ASSERT(vnm_analysis_reload(l->a, &l->o));
	close_lab(l);
	vnm_option_release(vnm_rule_options, &rules[0]);
	vnm_option_release(vnm_rule_options, &rules[1]);
}

/* Of a program, with the alarm that it must be: type, resource, state; NULL: none. */
static const struct {
	const char *app, *mnemonic, *text;
	const char *type, *resource, *state;
} events[] = {
    {"kernel", NULL, "Out of memory: Killed process 4711 (qemu-kvm) total-vm:1kB", "out-of-memory",
	"process qemu-kvm", ""},
    {"kernel", NULL, "Memory cgroup out of memory: Kill process 7 (java) score 1", "out-of-memory",
	"process java", ""},
    {"kernel", NULL, "nginx[77]: segfault at 0 ip 1 sp 2 error 4 in libc", "process-crash",
	"process nginx", ""},
    {"kernel", NULL, "bond0: (slave eth1): link status definitely down, disabling it",
	"lag-member-down", "interface eth1", "raise"},
    {"kernel", NULL, "a message of no consequence", NULL, NULL, NULL},
    {NULL, "PS_FAIL", "Power supply 1 failed or shut down (Serial number X)",
	"power-supply-failure", "power-supply 1", "raise"},
    {NULL, "FANOK", "The fan in slot 2 is functioning properly", "fan-failure", "fan 2", "clear"},
    {NULL, "UNBUNDLE", "Interface Gi1/0/1 left the port-channel Po1", "lag-member-down",
	"interface Gi1/0/1", "raise"},
    {NULL, "IF_DOWN_NONE", "Interface Ethernet1/2 is down (None)", "link-down",
	"interface Ethernet1/2", "raise"},
    {NULL, "RPD_OSPF_NBRUP",
	"OSPF neighbor 1.1.1.1 (realm ospf-v2) state changed from Exchange to "
	"Full due to ExchangeDone",
	"ospf-neighbour-down", "ospf-neighbour 1.1.1.1", "clear"},
    {"systemd", NULL, "vpp.service: Main process exited, code=killed, status=11/SEGV",
	"process-crash", "process vpp.service", ""},
};

static void
test_own_rules(void)
{
	struct lab *l = open_lab();

	l->o.logs.alarms = true;
	start(l);
	for (size_t i = 0; i < VNM_ARRAY_LEN(events); i++) {
		struct vnm_record *r = &l->rec;

		l->n = 0;
		memset(r->has, 0, sizeof(r->has));
		r->kind_id = VNM_KIND_log;
		VNM_SET(r, env, observed_ns, l->now_ns);
		VNM_SET(r, log, message, vnm_str_of(events[i].text));
		if (events[i].app != NULL)
			VNM_SET(r, log, app_name, vnm_str_of(events[i].app));
		if (events[i].mnemonic != NULL)
			VNM_SET(r, log, mnemonic, vnm_str_of(events[i].mnemonic));
		CU_ASSERT_EQUAL(vnm_analysis_record(l->a, r, &l->out), VNM_OK);
		CU_ASSERT_EQUAL_FATAL(l->n, events[i].type != NULL);
		if (l->n == 0)
			continue;
		CU_ASSERT_STRING_EQUAL(l->got[0].alarm_type, events[i].type);
		CU_ASSERT_STRING_EQUAL(l->got[0].resource, events[i].resource);
		CU_ASSERT_STRING_EQUAL(l->got[0].state, events[i].state);
	}
	close_lab(l);
}

/* Every pattern of ours is one, and what they say is of the words that configurations may have. */
static void
test_rule_table(void)
{
	static const struct {
		const char *match, *type, *state, *severity, *causes[2];
	} rules[] = {
#define RAISE "raise"
#define CLEAR "clear"
#define EVENT "event"
#define VNM_LOG_RULE(dialect, app, mnemonic, match, type, state, severity, ...) \
	{match, type, state, severity, {__VA_ARGS__}},
#include "analysis/log_rules.def"
#undef VNM_LOG_RULE
	};
	struct vnm_err err;

	for (size_t i = 0; i < VNM_ARRAY_LEN(rules); i++) {
		struct vnm_rule_options rule = make_rule(rules[i].match, rules[i].type,
		    rules[i].state, rules[i].severity, rules[i].causes[1]);

		CU_ASSERT_EQUAL(vnm_rule_check(&rule, &err), 0);
		vnm_option_release(vnm_rule_options, &rule);
	}
}

/* Each allocation fails in turn: nothing leaks, and what cannot be known is let through. */
static void
test_no_memory(void)
{
	size_t before = vnm_alloc_used();

	for (uint64_t fail = 1; fail < 60; fail++) {
		struct lab *l = open_lab();

		l->o.logs.templates = l->o.logs.expand_repeats = l->o.logs.alarms = true;
		l->o.logs.template_rates = SECOND;
		(void)vnm_alloc_fail_at(fail);
		l->a = vnm_analysis_new(&l->o, 1);
		for (unsigned i = 0; i < 20 && l->a != NULL; i++) {
			l->n = 0;
			CU_ASSERT_EQUAL(say(l, i % 2 ? "a" : "b",
					    i % 3 ? "door 1 is open" : "all is very well"),
			    VNM_OK);
		}
		(void)vnm_alloc_fail_at(0);
		close_lab(l);
	}
	CU_ASSERT_EQUAL(vnm_alloc_used(), before);
}

CU_TestInfo suite_analysis[] = {
    {"the bounded table", test_cache},
    {"patterns", test_patterns},
    {"what is no pattern", test_pattern_errors},
    {"words of a message", test_tokens},
    {"templates", test_templates},
    {"ids of templates", test_template_ids},
    {"bounds of templates", test_template_bounds},
    {"rates of templates", test_rates},
    {"duplicates", test_duplicates},
    {"repeated messages", test_expand},
    {"rate limits", test_rate_limit},
    {"alarms by the operator's rules", test_alarms},
    {"alarms by ours", test_own_rules},
    {"the table of rules", test_rule_table},
    {"memory is short", test_no_memory},
    CU_TEST_INFO_NULL,
};
