/*
 * What one source sends, all of it together: repetitions and floods.
 *
 * A source is an exporter's address and the name that the message claims: a relay's many devices
 * are many sources. What is held back is counted by reason, and told: of repetitions in
 * repeat_count of a record that follows, of floods in a record of kind visibility.
 */
#include "analysis/analysis.h"
#include "analysis/cache.h"
#include "analysis/log_kept.h"

#include "base/alloc.h"
#include "base/clock.h"

#include <assert.h>

#define MAGIC 0x766e6c73U /* "vnls" */

struct source {
	struct vnm_cache_entry head;
	uint64_t content; /* of the last message that went out */
	uint64_t content_ns;
	uint32_t repeated; /* how often it came since, and was held back */
	bool known;	   /* there is a last message */
	double tokens;	   /* of `rate` */
	uint64_t tokens_ns;
	uint64_t limited; /* messages dropped since that was told */
	uint64_t limited_since_ns;
	struct vnm_log_kept kept; /* the last message */
};

struct state {
	uint32_t magic;
	const struct vnm_logs_options *o; /* borrowed */
	uint64_t seed;
	struct vnm_cache sources;
};

static bool
wanted(const struct vnm_analysis_options *o)
{
	return o->logs.expand_repeats || o->logs.duplicates != 0 || o->logs.rate != 0;
}

static void *
source_open(const struct vnm_analysis_options *o, uint64_t seed)
{
	struct state *s = vnm_alloc_zero(1, sizeof(*s));

	if (s == NULL)
		return NULL;
	s->magic = MAGIC;
	s->o = &o->logs;
	s->seed = seed;
	vnm_cache_init(&s->sources, sizeof(struct source), o->logs.sources);
	return s;
}

static void
source_reload(void *state, const struct vnm_analysis_options *o)
{
	struct state *s = state;

	s->o = &o->logs;
	vnm_cache_bound(&s->sources, o->logs.sources);
}

static void
source_close(void *state)
{
	struct state *s = state;

	assert(s->magic == MAGIC);
	vnm_cache_free(&s->sources);
	s->magic = 0;
	vnm_free(s);
}

/* ---- repetitions --------------------------------------------------------------------------- */

/* Tells how often the last message came again. */
static void
tell_repeated(struct source *x, struct vnm_analysis_out *out)
{
	struct vnm_record *r;

	if (x->repeated == 0)
		return;
	r = vnm_analysis_begin(out, VNM_KIND_log, x->kept.observed_ns);
	VNM_SET(r, env, decoder, VNM_STR("syslog"));
	vnm_log_recall(&x->kept, r);
	VNM_SET(r, log, repeat_count, x->repeated);
	x->repeated = 0;
	out->emit(out);
}

static bool
is_notice_of_repeats(const struct vnm_record *r)
{
	static const char begin[] = "last message repeated ";

	return VNM_HAS(r, log, repeat_count) && VNM_HAS(r, log, message) &&
	       r->log.message.n >= sizeof(begin) - 1 &&
	       memcmp(r->log.message.p, begin, sizeof(begin) - 1) == 0;
}

/* "last message repeated 3 times" says what the last message said. */
static void
expand(const struct source *x, struct vnm_record *r, struct vnm_analysis_out *out)
{
	if (!x->known)
		return;
	VNM_UNSET(r, log, message);
	vnm_log_recall(&x->kept, r);
	out->counters->v[VNM_C_log_repeats_expanded]++;
}

static bool
is_duplicate(const struct state *s, const struct source *x, uint64_t content, uint64_t now_ns)
{
	return s->o->duplicates != 0 && x->known && x->content == content &&
	       now_ns >= x->content_ns && now_ns - x->content_ns <= s->o->duplicates;
}

/* ---- floods ---------------------------------------------------------------------------------- */

static void
tell_limited(struct source *x, uint64_t now_ns, struct vnm_analysis_out *out)
{
	struct vnm_record *r;

	if (x->limited == 0)
		return;
	r = vnm_analysis_begin(out, VNM_KIND_visibility, now_ns);
	VNM_SET(r, env, decoder, VNM_STR("syslog"));
	if (x->kept.exporter.family != VNM_ADDR_NONE)
		VNM_SET(r, env, exporter_addr, x->kept.exporter);
	VNM_SET(r, visibility, cause, VNM_STR("rate-limit"));
	VNM_SET(r, visibility, unit, VNM_STR("messages"));
	VNM_SET(r, visibility, lost, x->limited);
	if (now_ns > x->limited_since_ns)
		VNM_SET(r, visibility, interval_ns, now_ns - x->limited_since_ns);
	x->limited = 0;
	out->emit(out);
}

/* Takes a token, where one is there: `rate` come in a second, up to `burst`. */
static bool
within_rate(const struct state *s, struct source *x, uint64_t now_ns, bool fresh)
{
	double burst = s->o->burst > 0 ? s->o->burst : 1;

	if (s->o->rate == 0)
		return true;
	if (fresh || now_ns < x->tokens_ns)
		x->tokens = fresh ? burst : x->tokens;
	else
		x->tokens += (double)(now_ns - x->tokens_ns) * s->o->rate / VNM_NS_PER_S;
	if (x->tokens > burst)
		x->tokens = burst;
	x->tokens_ns = now_ns;
	if (x->tokens < 1)
		return false;
	x->tokens -= 1;
	return true;
}

static enum vnm_reason
limit(struct source *x, const struct vnm_record *r)
{
	if (x->limited++ == 0) {
		x->limited_since_ns = r->env.observed_ns;
		if (!x->known && VNM_HAS(r, env, exporter_addr))
			x->kept.exporter = r->env.exporter_addr;
	}
	return VNM_R_rate_limit;
}

/* ---- records --------------------------------------------------------------------------------- */

static enum vnm_reason
source_log(void *state, struct vnm_record *r, struct vnm_analysis_out *out)
{
	struct state *s = state;
	uint64_t now_ns = r->env.observed_ns, content;
	bool fresh;
	struct source *x = vnm_cache_get(&s->sources, vnm_log_source(r, s->seed), now_ns, &fresh);

	if (x == NULL)
		return VNM_OK; /* memory is short: what cannot be known is let through */
	if (is_notice_of_repeats(r) && s->o->expand_repeats) {
		expand(x, r, out);
		return VNM_OK;
	}
	content = vnm_log_content(r, s->seed);
	if (is_duplicate(s, x, content, now_ns)) {
		x->repeated++;
		x->kept.observed_ns = now_ns;
		return VNM_R_duplicate;
	}
	if (!within_rate(s, x, now_ns, fresh))
		return limit(x, r);
	tell_repeated(x, out);
	x->known = true;
	x->content = content;
	x->content_ns = now_ns;
	vnm_log_keep(&x->kept, r);
	return VNM_OK;
}

static void
source_tick(void *state, uint64_t now_ns, bool final, struct vnm_analysis_out *out)
{
	struct state *s = state;

	for (uint32_t i = 0; i < s->sources.n; i++) {
		struct source *x = vnm_cache_at(&s->sources, i);

		tell_limited(x, now_ns, out);
		if (final || now_ns < x->content_ns || now_ns - x->content_ns > s->o->duplicates)
			tell_repeated(x, out);
	}
}

const struct vnm_analyser vnm_log_source_analyser = {
    .name = "log_source",
    .wanted = wanted,
    .open = source_open,
    .log = source_log,
    .tick = source_tick,
    .reload = source_reload,
    .close = source_close,
};
