/*
 * Alarms out of log messages: what a rule knows becomes a record of kind alarm, raised or
 * cleared, beside the message's own. The rules are log_rules.def and, in front of them, those of
 * the configuration.
 */
#include "analysis/analysis.h"
#include "analysis/cache.h"
#include "analysis/log_kept.h"
#include "analysis/pattern.h"

#include "base/alloc.h"

#include <assert.h>
#include <stdlib.h>

#define MAGIC 0x766e6c61U /* "vnla" */
#define NONE UINT32_MAX
#define STANDING_MAX 65536 /* alarms whose state is known */

enum rule_state { RAISE, CLEAR, EVENT };

struct rule {
	const char *dialect, *app, *mnemonic; /* NULL: any */
	const char *match;
	const char *alarm_type;
	enum rule_state state;
	const char *severity;
	const char *cause; /* NULL: not known */
	const char *event_type;
	struct vnm_words words; /* of `match` */
};

static const struct rule own_rules[] = {
#define VNM_LOG_RULE(dialect, app, mnemonic, match, type, state, severity, ...) \
	{dialect, app, mnemonic, match, type, state, severity, __VA_ARGS__, {{0}}},
#include "analysis/log_rules.def"
#undef VNM_LOG_RULE
};

/* In what order rules are looked at: by mnemonic, by program, and those that have neither. */
enum chain { BY_MNEMONIC, BY_APP, OTHERS };

struct standing {
	struct vnm_cache_entry head;
	enum rule_state state;
	uint64_t count;
};

struct state {
	uint32_t magic;
	uint64_t seed;
	struct rule *rules; /* owned; the operator's first */
	uint32_t *next;	    /* owned; by rule, the next one of its chain */
	uint32_t count;
	struct vnm_table index; /* of the first rules of chains, by their hash */
	uint32_t others;	/* first of the rules without mnemonic and program */
	struct vnm_cache standing;
};

/* ---- rules ------------------------------------------------------------------------------------
 */

static const char *const severities[] = {
    "critical", "major", "minor", "warning", "indeterminate", NULL};
static const char *const event_types[] = {"communications", "quality-of-service",
    "processing-error", "equipment", "environmental", "security", "other", NULL};

static bool
is_one_of(const char *const *words, const char *word)
{
	for (; *words != NULL; words++) {
		if (strcmp(*words, word) == 0)
			return true;
	}
	return false;
}

int
vnm_rule_check(const struct vnm_rule_options *rule, struct vnm_err *err)
{
	struct vnm_err why;

	if (rule->match == NULL)
		return vnm_err_text(err, "this rule has no `match`");
	if (rule->alarm_type == NULL)
		return vnm_err_text(err, "this rule has no `alarm_type`");
	if (vnm_pattern_check(rule->match, &why) != 0)
		return vnm_err_text(err, "`match`: \"%s\" %s", rule->match, why.text);
	if (strcmp(rule->state, "raise") != 0 && strcmp(rule->state, "clear") != 0 &&
	    strcmp(rule->state, "event") != 0)
		return vnm_err_text(
		    err, "`state`: \"%s\" is none of: raise, clear, event", rule->state);
	if (!is_one_of(severities, rule->severity))
		return vnm_err_text(err,
		    "`severity`: \"%s\" is none of: critical, major, minor, warning, indeterminate",
		    rule->severity);
	if (!is_one_of(event_types, rule->event_type))
		return vnm_err_text(err,
		    "`event_type`: \"%s\" is none of: communications, quality-of-service, "
		    "processing-error, equipment, environmental, security, other",
		    rule->event_type);
	return 0;
}

void
vnm_rules_print(FILE *f)
{
	for (size_t i = 0; i < VNM_ARRAY_LEN(own_rules); i++) {
		const struct rule *r = &own_rules[i];
		const char *const only[] = {r->dialect, r->app, r->mnemonic};

		fprintf(f, "rule\t%s\t", r->alarm_type);
		for (size_t k = 0; k < VNM_ARRAY_LEN(only); k++)
			fprintf(f, "%s%s", only[k] != NULL ? only[k] : "", only[k] ? ": " : "");
		fprintf(f, "%s\n", r->match);
	}
}

static struct rule
rule_of(const struct vnm_rule_options *o)
{
	return (struct rule){.dialect = o->dialect,
	    .app = o->app,
	    .mnemonic = o->mnemonic,
	    .match = o->match,
	    .alarm_type = o->alarm_type,
	    .state = strcmp(o->state, "clear") == 0   ? CLEAR
		     : strcmp(o->state, "event") == 0 ? EVENT
						      : RAISE,
	    .severity = o->severity,
	    .cause = o->cause,
	    .event_type = o->event_type};
}

static bool
is_prefix(const char *mnemonic)
{
	size_t n = strlen(mnemonic);

	return n > 0 && mnemonic[n - 1] == '*';
}

static enum chain
chain_of(const struct rule *r)
{
	if (r->mnemonic != NULL)
		return is_prefix(r->mnemonic) ? OTHERS : BY_MNEMONIC;
	return r->app != NULL ? BY_APP : OTHERS;
}

static uint64_t
chain_hash(enum chain chain, struct vnm_str name, uint64_t seed)
{
	return vnm_hash(name.p, name.n, seed + chain);
}

static const char *
key_of(const struct rule *r, enum chain chain)
{
	return chain == BY_MNEMONIC ? r->mnemonic : r->app;
}

/* The first rule of that chain, or NONE. */
static uint32_t
chain_find(const struct state *s, enum chain chain, struct vnm_str name)
{
	uint64_t hash = chain_hash(chain, name, s->seed);
	uint32_t at = 0, i;

	while ((i = vnm_table_next(&s->index, hash, &at)) != VNM_TABLE_NONE) {
		const struct rule *r = &s->rules[i];
		if (chain_of(r) == chain && vnm_str_is(name, key_of(r, chain)))
			return i;
	}
	return NONE;
}

/* Puts a rule at the end of its chain: 0, or -1 when memory is short. */
static int
chain_add(struct state *s, uint32_t i)
{
	enum chain chain = chain_of(&s->rules[i]);
	uint32_t *link = &s->others;

	s->next[i] = NONE;
	if (chain != OTHERS) {
		struct vnm_str name = vnm_str_of(key_of(&s->rules[i], chain));
		uint32_t first = chain_find(s, chain, name);

		if (first == NONE)
			return vnm_table_add(&s->index, chain_hash(chain, name, s->seed), i);
		link = &s->next[first];
	}
	while (*link != NONE)
		link = &s->next[*link];
	*link = i;
	return 0;
}

/* The rules of `o` and ours: 0, or -1 when memory is short (nothing changed). */
static int
set_rules(struct state *s, const struct vnm_analysis_options *o)
{
	struct state made = {.seed = s->seed,
	    .count = o->rule_count + (uint32_t)VNM_ARRAY_LEN(own_rules),
	    .others = NONE};

	made.rules = vnm_alloc_zero(made.count, sizeof(*made.rules));
	made.next = vnm_alloc_zero(made.count, sizeof(*made.next));
	if (made.rules == NULL || made.next == NULL)
		goto no_memory;
	for (uint32_t i = 0; i < made.count; i++) {
		made.rules[i] =
		    i < o->rule_count ? rule_of(&o->rules[i]) : own_rules[i - o->rule_count];
		made.rules[i].words = vnm_words_of_pattern(made.rules[i].match);
		if (chain_add(&made, i) != 0)
			goto no_memory;
	}
	vnm_free(s->rules);
	vnm_free(s->next);
	vnm_table_free(&s->index);
	s->rules = made.rules;
	s->next = made.next;
	s->count = made.count;
	s->index = made.index;
	s->others = made.others;
	return 0;

no_memory:
	vnm_free(made.rules);
	vnm_free(made.next);
	vnm_table_free(&made.index);
	return -1;
}

/* ---- life ---------------------------------------------------------------------------------------
 */

static bool
wanted(const struct vnm_analysis_options *o)
{
	return o->logs.alarms;
}

static void
alarm_close(void *state)
{
	struct state *s = state;

	assert(s->magic == MAGIC);
	vnm_free(s->rules);
	vnm_free(s->next);
	vnm_table_free(&s->index);
	vnm_cache_free(&s->standing);
	s->magic = 0;
	vnm_free(s);
}

static void *
alarm_open(const struct vnm_analysis_options *o, uint64_t seed)
{
	struct state *s = vnm_alloc_zero(1, sizeof(*s));

	if (s == NULL)
		return NULL;
	s->magic = MAGIC;
	s->seed = seed;
	vnm_cache_init(&s->standing, sizeof(struct standing), STANDING_MAX);
	if (set_rules(s, o) != 0) {
		alarm_close(s);
		return NULL;
	}
	return s;
}

/* The operator's rules borrow from the configuration: where memory is short, they go. */
static void
alarm_reload(void *state, const struct vnm_analysis_options *o)
{
	struct state *s = state;

	if (set_rules(s, o) == 0)
		return;
	s->count = 0;
	s->others = NONE;
	vnm_table_free(&s->index);
}

/* ---- records ------------------------------------------------------------------------------------
 */

static bool
is_mnemonic(const struct vnm_record *r, const char *wanted_name)
{
	size_t n = strlen(wanted_name);

	if (!VNM_HAS(r, log, mnemonic))
		return false;
	if (!is_prefix(wanted_name))
		return vnm_str_is(r->log.mnemonic, wanted_name);
	return r->log.mnemonic.n >= n - 1 && memcmp(r->log.mnemonic.p, wanted_name, n - 1) == 0;
}

/* A record that rules are looked for, and its words once a rule asks for them. */
struct asked {
	const struct vnm_record *r;
	bool has_words;
	struct vnm_words words;
};

static bool
has_words(struct asked *a, const struct vnm_words *wanted_words)
{
	if (!a->has_words)
		a->words = vnm_words_of_text(a->r->log.message);
	a->has_words = true;
	return vnm_words_within(wanted_words, &a->words);
}

static bool
fits(const struct rule *rule, struct asked *a, struct vnm_pattern_match *match)
{
	const struct vnm_record *r = a->r;

	if (rule->dialect != NULL &&
	    (!VNM_HAS(r, log, dialect) || !vnm_str_is(r->log.dialect, rule->dialect)))
		return false;
	if (rule->mnemonic != NULL && !is_mnemonic(r, rule->mnemonic))
		return false;
	if (rule->app != NULL &&
	    (!VNM_HAS(r, log, app_name) || !vnm_str_is(r->log.app_name, rule->app)))
		return false;
	return has_words(a, &rule->words) && vnm_pattern_match(rule->match, r->log.message, match);
}

static const struct rule *
find_rule(const struct state *s, const struct vnm_record *r, struct vnm_pattern_match *match)
{
	uint32_t chains[] = {
	    VNM_HAS(r, log, mnemonic) ? chain_find(s, BY_MNEMONIC, r->log.mnemonic) : NONE,
	    VNM_HAS(r, log, app_name) ? chain_find(s, BY_APP, r->log.app_name) : NONE, s->others};
	struct asked asked = {.r = r};

	for (size_t c = 0; c < VNM_ARRAY_LEN(chains); c++) {
		for (uint32_t i = chains[c]; i != NONE; i = s->next[i]) {
			if (fits(&s->rules[i], &asked, match))
				return &s->rules[i];
		}
	}
	return NULL;
}

/* "interface GigabitEthernet2". */
static struct vnm_str
resource_of(const struct vnm_pattern_match *match, struct vnm_scratch *scratch)
{
	size_t n = (size_t)match->name.n + 1 + match->value.n;
	char *p = match->value.n != 0 ? vnm_scratch_take(scratch, n) : NULL;

	if (p == NULL)
		return (struct vnm_str){0};
	memcpy(p, match->name.p, match->name.n);
	p[match->name.n] = ' ';
	memcpy(p + match->name.n + 1, match->value.p, match->value.n);
	return (struct vnm_str){p, (uint32_t)n, false};
}

/* How often in a row that alarm was raised, or cleared. */
static uint64_t
count_in_row(
    struct state *s, const struct rule *rule, const struct vnm_record *r, struct vnm_str resource)
{
	uint64_t hash = vnm_log_source(r, s->seed);
	struct standing *standing;
	bool fresh;

	hash = vnm_hash(rule->alarm_type, strlen(rule->alarm_type), hash);
	if (resource.n != 0)
		hash = vnm_hash(resource.p, resource.n, hash);
	standing = vnm_cache_get(&s->standing, hash, r->env.observed_ns, &fresh);
	if (standing == NULL)
		return 1;
	if (fresh || standing->state != rule->state)
		standing->count = 0;
	standing->state = rule->state;
	return ++standing->count;
}

/* Who it is about is known already, by the log record. */
static void
set_envelope(struct vnm_record *alarm, const struct vnm_record *r)
{
	struct vnm_str kind = alarm->env.kind;

	for (unsigned i = 0; i < VNM_FIELDS_END_env; i++) {
		if (vnm_record_has(r, i))
			vnm_record_mark(alarm, i);
	}
	alarm->env = r->env;
	alarm->env.kind = kind;
}

static void
set_state(struct vnm_record *alarm, const struct rule *rule)
{
	if (rule->state == RAISE)
		VNM_SET(alarm, alarm, state, VNM_STR("raise"));
	if (rule->state == CLEAR)
		VNM_SET(alarm, alarm, state, VNM_STR("clear"));
	VNM_SET(alarm, alarm, perceived_severity,
	    rule->state == CLEAR ? VNM_STR("cleared") : vnm_str_of(rule->severity));
	if (rule->cause != NULL)
		VNM_SET(alarm, alarm, probable_cause, vnm_str_of(rule->cause));
	VNM_SET(alarm, alarm, event_type, vnm_str_of(rule->event_type));
}

static enum vnm_reason
alarm_log(void *state, struct vnm_record *r, struct vnm_analysis_out *out)
{
	struct state *s = state;
	struct vnm_pattern_match match;
	const struct rule *rule;
	struct vnm_record *alarm;
	struct vnm_str resource;

	if (!VNM_HAS(r, log, message) || (rule = find_rule(s, r, &match)) == NULL)
		return VNM_OK;
	resource = resource_of(&match, out->scratch);
	alarm = vnm_analysis_begin(out, VNM_KIND_alarm, r->env.observed_ns);
	set_envelope(alarm, r);
	VNM_SET(alarm, alarm, alarm_type, vnm_str_of(rule->alarm_type));
	if (resource.n != 0)
		VNM_SET(alarm, alarm, resource, resource);
	set_state(alarm, rule);
	VNM_SET(alarm, alarm, count, count_in_row(s, rule, r, resource));
	VNM_SET(alarm, alarm, text, r->log.message);
	if (VNM_HAS(r, log, if_index))
		VNM_SET(alarm, alarm, if_index, r->log.if_index);
	if (vnm_str_is(match.name, "interface"))
		VNM_SET(alarm, alarm, if_name, match.value);
	else if (VNM_HAS(r, log, if_name))
		VNM_SET(alarm, alarm, if_name, r->log.if_name);
	out->counters->v[VNM_C_log_alarms]++;
	out->emit(out);
	return VNM_OK;
}

const struct vnm_analyser vnm_log_alarm_analyser = {
    .name = "log_alarm",
    .wanted = wanted,
    .open = alarm_open,
    .log = alarm_log,
    .reload = alarm_reload,
    .close = alarm_close,
};
