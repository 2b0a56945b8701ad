/*
 * Templates of log messages, found as messages come: a tree of fixed depth (He et al., Drain,
 * ICWS 2017) whose inner levels are one hash, of what program wrote the message, its number of
 * words and its first two. Below are a few templates; a message belongs to the one that it has most
 * words in common with, and where they differ the template gets <*>. At least half of a
 * template stays words.
 *
 * A message whose masked words came before is known by their hash alone: that is what nearly
 * all messages cost. How many templates may be found in a second is bounded, so that a stranger's
 * noise is neither costly nor multiplied.
 */
#include "analysis/analysis.h"
#include "analysis/cache.h"
#include "analysis/log_kept.h"
#include "analysis/log_tokens.h"

#include "base/alloc.h"
#include "base/clock.h"
#include "base/text.h"

#include <assert.h>

#define MAGIC 0x766e6c74U /* "vnlt" */

#define LEAF_TEMPLATES 8
#define PATH_WORDS 2	 /* words that choose the leaf */
#define EXACT_EACH 8	 /* known forms of messages for each template */
#define TEXT_MAX 2048	 /* octets of a template's text */
#define ID_N 16		 /* digits of a template_id */
#define FOUND_RATE 100	 /* templates found in a second */
#define FOUND_BURST 1000 /* at once */
#define HOSTNAME_MAX 64	 /* octets kept for log_rate */
#define WILD_TEXT "<*>"

enum slot_kind {
	SLOT_WORD,   /* the same in all messages */
	SLOT_MASKED, /* the same but for its masked part */
	SLOT_WILD
};

struct slot {
	uint64_t hash;
	enum slot_kind kind;
	uint32_t at, n; /* its text in the template's */
};

struct template
{
	struct vnm_cache_entry head;
	struct slot *slots; /* owned, with `text` behind them */
	uint32_t slot_count, wild, params;
	char *text;
	uint32_t text_n;
	char id[ID_N];
};

struct leaf {
	struct vnm_cache_entry head;
	uint64_t templates[LEAF_TEMPLATES]; /* their hashes in the cache; 0: none */
	uint32_t hand;
};

struct exact {
	struct vnm_cache_entry head;
	uint64_t template; /* its hash in the cache */
};

struct told {
	struct vnm_cache_entry head; /* by the hash that is the template_id */
};

struct rate {
	struct vnm_cache_entry head;
	char id[ID_N];
	uint64_t count;
	struct vnm_addr exporter;
	uint16_t hostname_n;
	char hostname[HOSTNAME_MAX];
};

struct state {
	uint32_t magic;
	const struct vnm_logs_options *o; /* borrowed */
	uint64_t seed;
	uint64_t serials;
	double budget; /* of templates that may be found */
	uint64_t budget_ns;
	uint64_t rates_ns; /* when rates were told last */
	struct vnm_cache templates, leaves, exact, told, rates;
	struct vnm_log_tokens tokens; /* of the message at hand */
};

/* ---- life ------------------------------------------------------------------------------------ */

static bool
wanted(const struct vnm_analysis_options *o)
{
	return o->logs.templates;
}

static void
drop_template(void *ctx, void *entry)
{
	struct template *t = entry;

	(void)ctx;
	vnm_free(t->slots);
}

static void *
template_open(const struct vnm_analysis_options *o, uint64_t seed)
{
	struct state *s = vnm_alloc_zero(1, sizeof(*s));
	uint32_t max = o->logs.templates_max;

	if (s == NULL)
		return NULL;
	s->magic = MAGIC;
	s->o = &o->logs;
	s->seed = seed;
	s->budget = FOUND_BURST;
	vnm_cache_init(&s->templates, sizeof(struct template), max);
	s->templates.drop = drop_template;
	vnm_cache_init(&s->leaves, sizeof(struct leaf), max);
	vnm_cache_init(&s->exact, sizeof(struct exact),
	    max < UINT32_MAX / EXACT_EACH ? max * EXACT_EACH : UINT32_MAX);
	vnm_cache_init(&s->told, sizeof(struct told), max);
	vnm_cache_init(&s->rates, sizeof(struct rate), o->logs.sources);
	return s;
}

static void
template_reload(void *state, const struct vnm_analysis_options *o)
{
	struct state *s = state;
	uint32_t max = o->logs.templates_max;

	s->o = &o->logs;
	vnm_cache_bound(&s->templates, max);
	vnm_cache_bound(&s->leaves, max);
	vnm_cache_bound(&s->exact, max < UINT32_MAX / EXACT_EACH ? max * EXACT_EACH : UINT32_MAX);
	vnm_cache_bound(&s->told, max);
	vnm_cache_bound(&s->rates, o->logs.sources);
}

static void
template_close(void *state)
{
	struct state *s = state;

	assert(s->magic == MAGIC);
	vnm_cache_free(&s->templates);
	vnm_cache_free(&s->leaves);
	vnm_cache_free(&s->exact);
	vnm_cache_free(&s->told);
	vnm_cache_free(&s->rates);
	s->magic = 0;
	vnm_free(s);
}

/* ---- a template's text --------------------------------------------------------------------------
 */

static char *
put(char *p, const char *text, size_t n)
{
	if (n > 0)
		memcpy(p, text, n);
	return p + n;
}

/* A word as the template has it. */
static char *
put_word(char *p, const struct vnm_log_token *t)
{
	if (t->mask == 0)
		return put(p, t->p, t->n);
	p = put(p, t->p, t->at);
	p = put(p, WILD_TEXT, sizeof(WILD_TEXT) - 1);
	return put(p, t->p + t->at + t->mask, t->n - t->at - t->mask);
}

static void
set_id(struct template *t)
{
	uint64_t hash = vnm_hash(t->text, t->text_n, 0);
	uint8_t octets[8];

	for (unsigned i = 0; i < sizeof(octets); i++)
		octets[i] = (uint8_t)(hash >> (56 - 8 * i));
	vnm_text_hex(t->id, octets, sizeof(octets));
}

/*
 * Makes the template anew: the words of the message, and <*> where `old` has it or differs.
 * False when memory is short or the text too long; nothing changed then.
 */
static bool
make(struct template *t, const struct template *old, const struct vnm_log_tokens *tokens)
{
	size_t room = 0;
	struct slot *slots;
	char *text, *p;

	for (uint32_t i = 0; i < tokens->n; i++)
		room += tokens->t[i].n + sizeof(WILD_TEXT) + 1;
	if (room > TEXT_MAX)
		return false;
	slots = vnm_alloc(tokens->n * sizeof(*slots) + room);
	if (slots == NULL)
		return false;
	text = p = (char *)(slots + tokens->n);
	t->wild = t->params = 0;
	for (uint32_t i = 0; i < tokens->n; i++) {
		const struct vnm_log_token *word = &tokens->t[i];
		bool wild = old != NULL &&
			    (old->slots[i].kind == SLOT_WILD || old->slots[i].hash != word->hash);

		if (i > 0)
			*p++ = ' ';
		slots[i] = (struct slot){.hash = word->hash,
		    .kind = wild	      ? SLOT_WILD
			    : word->mask != 0 ? SLOT_MASKED
					      : SLOT_WORD,
		    .at = (uint32_t)(p - text)};
		p = wild ? put(p, WILD_TEXT, sizeof(WILD_TEXT) - 1) : put_word(p, word);
		slots[i].n = (uint32_t)(p - text) - slots[i].at;
		t->wild += wild;
		t->params += slots[i].kind != SLOT_WORD;
	}
	if (old != NULL)
		vnm_free(old->slots);
	t->slots = slots;
	t->slot_count = tokens->n;
	t->text = text;
	t->text_n = (uint32_t)(p - text);
	set_id(t);
	return true;
}

/* ---- finding -----------------------------------------------------------------------------------
 */

static uint64_t
leaf_hash(const struct state *s, const struct vnm_record *r)
{
	uint64_t hash = s->seed ^ s->tokens.n;

	if (VNM_HAS(r, log, mnemonic))
		hash = vnm_hash(r->log.mnemonic.p, r->log.mnemonic.n, hash);
	else if (VNM_HAS(r, log, app_name))
		hash = vnm_hash(r->log.app_name.p, r->log.app_name.n, hash);
	for (uint32_t i = 0; i < PATH_WORDS && i < s->tokens.n; i++)
		hash = vnm_hash(&s->tokens.t[i].hash, sizeof(uint64_t), hash);
	return hash;
}

/* Words in common; UINT32_MAX where more than half of the template would be <*>. */
static uint32_t
common_words(const struct template *t, const struct vnm_log_tokens *tokens)
{
	uint32_t equal = 0;

	if (t->slot_count != tokens->n)
		return UINT32_MAX;
	for (uint32_t i = 0; i < tokens->n; i++)
		equal += t->slots[i].kind != SLOT_WILD && t->slots[i].hash == tokens->t[i].hash;
	return 2 * (tokens->n - equal) <= tokens->n ? equal : UINT32_MAX;
}

static struct template *
best_of(const struct state *s, const struct leaf *leaf)
{
	struct template *best = NULL;
	uint32_t most = 0;

	for (uint32_t i = 0; i < LEAF_TEMPLATES; i++) {
		struct template *t = leaf->templates[i] != 0
					 ? vnm_cache_find(&s->templates, leaf->templates[i])
					 : NULL;
		uint32_t equal = t != NULL ? common_words(t, &s->tokens) : UINT32_MAX;

		if (equal != UINT32_MAX && (best == NULL || equal > most)) {
			best = t;
			most = equal;
		}
	}
	return best;
}

static bool
may_find(struct state *s, uint64_t now_ns)
{
	if (now_ns > s->budget_ns)
		s->budget += (double)(now_ns - s->budget_ns) * FOUND_RATE / VNM_NS_PER_S;
	if (s->budget > FOUND_BURST)
		s->budget = FOUND_BURST;
	s->budget_ns = now_ns;
	if (s->budget < 1)
		return false;
	s->budget -= 1;
	return true;
}

static void
tell_template(struct state *s, const struct template *t, const char *replaces,
    const struct vnm_record *r, struct vnm_analysis_out *out)
{
	struct vnm_record *told;
	bool fresh;

	out->counters->v[VNM_C_log_templates_found]++;
	out->counters->v[VNM_C_log_templates] = s->templates.n;
	if (vnm_cache_get(&s->told, vnm_hash(t->id, ID_N, 0), r->env.observed_ns, &fresh) == NULL ||
	    !fresh)
		return;
	told = vnm_analysis_begin(out, VNM_KIND_log_template, r->env.observed_ns);
	VNM_SET(told, env, decoder, VNM_STR("syslog"));
	VNM_SET(told, log_template, template_id, (struct vnm_str){t->id, ID_N, true});
	VNM_SET(told, log_template, template, (struct vnm_str){t->text, t->text_n, false});
	VNM_SET(told, log_template, example, r->log.message);
	if (replaces != NULL)
		VNM_SET(told, log_template, replaces, (struct vnm_str){replaces, ID_N, true});
	if (VNM_HAS(r, log, dialect))
		VNM_SET(told, log_template, dialect, r->log.dialect);
	if (VNM_HAS(r, log, app_name))
		VNM_SET(told, log_template, app_name, r->log.app_name);
	if (VNM_HAS(r, log, mnemonic))
		VNM_SET(told, log_template, mnemonic, r->log.mnemonic);
	VNM_SET(told, log_template, param_count, t->params);
	out->emit(out);
}

static struct template *
new_template(struct state *s, struct leaf *leaf, uint64_t now_ns)
{
	uint64_t hash = vnm_hash(&s->serials, sizeof(s->serials), s->seed) | 1;
	struct template made = {.slots = NULL};
	struct template *t;
	bool fresh;

	s->serials++;
	if (!make(&made, NULL, &s->tokens))
		return NULL;
	t = vnm_cache_get(&s->templates, hash, now_ns, &fresh);
	if (t == NULL || !fresh) {
		vnm_free(made.slots);
		return NULL;
	}
	made.head = t->head;
	*t = made;
	leaf->templates[leaf->hand++ % LEAF_TEMPLATES] = hash;
	return t;
}

/* A message of a form that did not come before: the template that it belongs to, or NULL. */
static struct template *
find_template(struct state *s, const struct vnm_record *r, struct vnm_analysis_out *out)
{
	uint64_t now_ns = r->env.observed_ns;
	char before[ID_N];
	struct template *t;
	struct leaf *leaf;
	bool fresh, evolves = false;

	leaf = vnm_cache_get(&s->leaves, leaf_hash(s, r), now_ns, &fresh);
	if (leaf == NULL)
		return NULL;
	t = best_of(s, leaf);
	for (uint32_t i = 0; t != NULL && i < t->slot_count; i++)
		evolves = evolves || (t->slots[i].kind != SLOT_WILD &&
					 t->slots[i].hash != s->tokens.t[i].hash);
	if (t != NULL && !evolves)
		return t;
	if (!may_find(s, now_ns))
		return NULL;
	if (t == NULL) {
		t = new_template(s, leaf, now_ns);
		if (t != NULL)
			tell_template(s, t, NULL, r, out);
		return t;
	}
	memcpy(before, t->id, ID_N);
	if (!make(t, t, &s->tokens))
		return NULL;
	tell_template(s, t, before, r, out);
	return t;
}

static struct template *
template_of(struct state *s, const struct vnm_record *r, struct vnm_analysis_out *out)
{
	uint64_t form = s->tokens.hash ^ leaf_hash(s, r), now_ns = r->env.observed_ns;
	struct exact *exact = vnm_cache_find(&s->exact, form);
	struct template *t = exact != NULL ? vnm_cache_find(&s->templates, exact->template) : NULL;
	bool fresh;

	if (t == NULL) {
		t = find_template(s, r, out);
		if (t == NULL)
			return NULL;
		exact = vnm_cache_get(&s->exact, form, now_ns, &fresh);
		if (exact != NULL)
			exact->template = t->head.hash;
	}
	t->head.used_ns = now_ns;
	if (exact != NULL)
		exact->head.used_ns = now_ns;
	return t;
}

/* ---- records -----------------------------------------------------------------------------------
 */

static void
set_template(const struct state *s, const struct template *t, struct vnm_record *r,
    struct vnm_analysis_out *out)
{
	struct vnm_str *list, *p;
	char *id = vnm_scratch_take(out->scratch, ID_N);

	if (id == NULL)
		return;
	memcpy(id, t->id, ID_N);
	VNM_SET(r, log, template_id, (struct vnm_str){id, ID_N, true});
	list = p = vnm_scratch_take(out->scratch, t->params * sizeof(*list));
	if (list == NULL || t->params == 0)
		return;
	for (uint32_t i = 0; i < t->slot_count; i++) {
		const struct vnm_log_token *word = &s->tokens.t[i];

		if (t->slots[i].kind == SLOT_WILD)
			*p++ = (struct vnm_str){word->p, word->n, false};
		else if (t->slots[i].kind == SLOT_MASKED)
			*p++ = (struct vnm_str){word->p + word->at, word->mask, false};
	}
	VNM_SET(r, log, template_params, (struct vnm_strs){list, t->params});
}

static void
count_rate(struct state *s, const struct template *t, const struct vnm_record *r)
{
	uint64_t hash = vnm_hash(t->id, ID_N, vnm_log_source(r, s->seed));
	bool fresh;
	struct rate *rate = vnm_cache_get(&s->rates, hash, r->env.observed_ns, &fresh);

	if (rate == NULL)
		return;
	rate->count++;
	if (!fresh)
		return;
	memcpy(rate->id, t->id, ID_N);
	if (VNM_HAS(r, env, exporter_addr))
		rate->exporter = r->env.exporter_addr;
	if (VNM_HAS(r, log, hostname)) {
		uint32_t n = r->log.hostname.n;
		rate->hostname_n = (uint16_t)(n < HOSTNAME_MAX ? n : HOSTNAME_MAX);
		memcpy(rate->hostname, r->log.hostname.p, rate->hostname_n);
	}
}

static enum vnm_reason
template_log(void *state, struct vnm_record *r, struct vnm_analysis_out *out)
{
	struct state *s = state;
	struct template *t;

	if (!VNM_HAS(r, log, message))
		return VNM_OK;
	vnm_log_tokenise(&s->tokens, r->log.message, s->seed);
	t = s->tokens.n > 0 ? template_of(s, r, out) : NULL;
	if (t == NULL) {
		out->counters->v[VNM_C_log_templates_unlearnt]++;
		return VNM_OK;
	}
	set_template(s, t, r, out);
	if (s->o->template_rates != 0)
		count_rate(s, t, r);
	return VNM_OK;
}

static void
tell_rate(struct rate *rate, uint64_t now_ns, uint64_t interval_ns, struct vnm_analysis_out *out)
{
	struct vnm_record *r;

	if (rate->count == 0)
		return;
	r = vnm_analysis_begin(out, VNM_KIND_log_rate, now_ns);
	VNM_SET(r, env, decoder, VNM_STR("syslog"));
	if (rate->exporter.family != VNM_ADDR_NONE)
		VNM_SET(r, env, exporter_addr, rate->exporter);
	VNM_SET(r, log_rate, template_id, (struct vnm_str){rate->id, ID_N, true});
	if (rate->hostname_n != 0)
		VNM_SET(r, log_rate, hostname,
		    (struct vnm_str){rate->hostname, rate->hostname_n, false});
	VNM_SET(r, log_rate, count, rate->count);
	if (interval_ns != 0)
		VNM_SET(r, log_rate, interval_ns, interval_ns);
	rate->count = 0;
	out->emit(out);
}

static void
template_tick(void *state, uint64_t now_ns, bool final, struct vnm_analysis_out *out)
{
	struct state *s = state;
	uint64_t interval_ns;

	if (s->o->template_rates == 0)
		return;
	if (s->rates_ns == 0 || now_ns < s->rates_ns) /* the first one, or the clock went back */
		s->rates_ns = now_ns;
	interval_ns = now_ns - s->rates_ns;
	if (interval_ns < s->o->template_rates && !final)
		return;
	s->rates_ns = now_ns;
	for (uint32_t i = 0; i < s->rates.n; i++)
		tell_rate(vnm_cache_at(&s->rates, i), now_ns, interval_ns, out);
}

const struct vnm_analyser vnm_log_template_analyser = {
    .name = "log_template",
    .wanted = wanted,
    .open = template_open,
    .log = template_log,
    .tick = template_tick,
    .reload = template_reload,
    .close = template_close,
};
