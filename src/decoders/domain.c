/*
 * Observation domains of transport sessions and their templates (RFC 7011 section 8, RFC 3954
 * section 9).
 *
 * Over UDP a session is a pair of ports. But some exporters send templates and data from
 * different ports, or change ports when they restart, so a set whose template its own domain
 * does not know may use that of another port of the same address and domain, unless two such
 * ports lay the id out differently.
 */
#include "decoders/flow_state.h"

#include "base/alloc.h"

#include <assert.h>

#define LIFETIME_LEAST_NS (1800 * VNM_NS_PER_S)
#define LIFETIME_REFRESHES 3
#define REFRESH_SAVED_NS (LIFETIME_LEAST_NS / 2) /* how often: sooner than templates are stale */
#define LATE_UNITS 100	     /* how far behind a message may be that is merely late */
#define UPTIME_SLACK_MS 5000 /* between two clocks, and a part in 10,000 for how they drift */
#define UPTIME_DRIFT 10000

/* Work that one message may cause: each of these goes through all domains or templates. */
#define SEARCHES_MAX 512
#define EVICTIONS_MAX 64

#define FIELDS_ON_AVERAGE 64 /* of the templates that an exporter may have */

/* ---- domains ------------------------------------------------------------------------------- */

static bool
is_domain_of(const struct vnm_flow_domain *f, const struct vnm_flow_message *m)
{
	const struct vnm_datagram *d = m->d;

	return f->domain == m->header.domain && f->version == m->header.version &&
	       f->session == d->session &&
	       (d->session != 0 || (f->src_port == d->src.port && f->dst_port == d->dst.port));
}

static void
domain_remove(struct vnm_flow_state *s, uint32_t i, struct vnm_counters *counters)
{
	struct vnm_flow_domain *f = s->domains[i];

	for (uint32_t k = 0; k < f->count; k++) {
		s->field_count -= f->templates[k]->field_count;
		vnm_free(f->templates[k]);
	}
	s->template_count -= f->count;
	counters->v[VNM_C_templates] -= f->count;
	vnm_free(f->templates);
	vnm_free(f);
	s->domains[i] = s->domains[--s->domain_count];
	s->last_domain = 0;
}

/* Makes room: one without templates before one with, then the longest silent. */
static void
domain_evict(struct vnm_flow_state *s, struct vnm_counters *counters)
{
	uint32_t victim = 0;

	for (uint32_t i = 1; i < s->domain_count; i++) {
		const struct vnm_flow_domain *a = s->domains[i], *b = s->domains[victim];
		if ((a->count == 0) != (b->count == 0) ? a->count == 0 : a->last_ns < b->last_ns)
			victim = i;
	}
	counters->v[VNM_C_templates_evicted] += s->domains[victim]->count;
	domain_remove(s, victim, counters);
}

struct vnm_flow_domain *
vnm_flow_domain_add(struct vnm_flow_state *s)
{
	struct vnm_flow_domain *f;

	if (s->domain_count == s->domain_cap) {
		uint32_t cap = s->domain_cap != 0 ? 2 * s->domain_cap : 2;
		struct vnm_flow_domain **grown = vnm_realloc(s->domains, cap * sizeof(*grown));
		if (grown == NULL)
			return NULL;
		s->domains = grown;
		s->domain_cap = cap;
	}
	f = vnm_alloc_zero(1, sizeof(*f));
	if (f != NULL)
		s->domains[s->domain_count++] = f;
	return f;
}

struct vnm_flow_domain *
vnm_flow_domain_get(struct vnm_flow_message *m)
{
	struct vnm_flow_state *s = m->state;
	struct vnm_flow_domain *f;

	if (s->last_domain < s->domain_count && is_domain_of(s->domains[s->last_domain], m))
		return s->domains[s->last_domain];
	for (uint32_t i = 0; i < s->domain_count; i++) {
		if (is_domain_of(s->domains[i], m)) {
			s->last_domain = i;
			return s->domains[i];
		}
	}
	if (s->domain_count >= m->out->limits->domains && s->domain_count > 0)
		domain_evict(s, m->out->counters);
	f = vnm_flow_domain_add(s);
	if (f == NULL)
		return NULL;
	f->domain = m->header.domain;
	f->version = m->header.version;
	f->src_port = m->d->src.port;
	f->dst_port = m->d->dst.port;
	f->session = m->d->session;
	return f;
}

void
vnm_flow_domains_end(struct vnm_exporter *x, uint64_t session, struct vnm_counters *counters)
{
	struct vnm_flow_state *s = x->state;

	for (uint32_t i = s->domain_count; i-- > 0;) {
		if (s->domains[i]->session == session)
			domain_remove(s, i, counters);
	}
}

void
vnm_flow_domains_free(struct vnm_flow_state *s, struct vnm_counters *counters)
{
	while (s->domain_count > 0)
		domain_remove(s, s->domain_count - 1, counters);
	vnm_free(s->domains);
	s->domains = NULL;
	s->domain_cap = 0;
}

/* ---- templates ------------------------------------------------------------------------------- */

/* The place of the template, or where it would be. */
static uint32_t
place_of(const struct vnm_flow_domain *f, uint16_t id)
{
	uint32_t low = 0, high = f->count;

	while (low < high) {
		uint32_t middle = low + (high - low) / 2;
		if (f->templates[middle]->id < id)
			low = middle + 1;
		else
			high = middle;
	}
	return low;
}

static struct vnm_template *
own_template(const struct vnm_flow_domain *f, uint16_t id)
{
	uint32_t i = place_of(f, id);

	return i < f->count && f->templates[i]->id == id ? f->templates[i] : NULL;
}

static void
remove_at(
    struct vnm_flow_state *s, struct vnm_flow_domain *f, uint32_t i, struct vnm_counters *counters)
{
	s->field_count -= f->templates[i]->field_count;
	vnm_free(f->templates[i]);
	f->count--;
	memmove(&f->templates[i], &f->templates[i + 1], (f->count - i) * sizeof(*f->templates));
	s->template_count--;
	counters->v[VNM_C_templates]--;
}

/* Whether f is the message's domain as it came from another port. */
static bool
is_sibling(const struct vnm_flow_domain *f, const struct vnm_flow_message *m)
{
	return f != m->domain && f->session == 0 && f->domain == m->header.domain &&
	       f->version == m->header.version;
}

bool
vnm_flow_template_sole(const struct vnm_flow_message *m, const struct vnm_template *t)
{
	const struct vnm_flow_state *s = m->state;

	for (uint32_t i = 0; i < s->domain_count; i++) {
		const struct vnm_template *other;

		if (is_sibling(s->domains[i], m) &&
		    (other = own_template(s->domains[i], t->id)) != NULL &&
		    !vnm_template_same(other, t))
			return false;
	}
	return true;
}

struct vnm_template *
vnm_flow_template_find(struct vnm_flow_message *m, uint16_t id)
{
	const struct vnm_flow_state *s = m->state;
	struct vnm_template *found = own_template(m->domain, id);

	m->source = m->domain;
	if (found != NULL || m->d->session != 0 || m->searches++ >= SEARCHES_MAX)
		return found;
	for (uint32_t i = 0; found == NULL && i < s->domain_count; i++) {
		if (!is_sibling(s->domains[i], m))
			continue;
		found = own_template(s->domains[i], id);
		m->source = s->domains[i];
	}
	if (found == NULL || !vnm_flow_template_sole(m, found))
		return NULL;
	vnm_out_count(m->out, VNM_C_template_fallbacks, 1);
	return found;
}

bool
vnm_flow_domain_put(struct vnm_flow_state *s, struct vnm_flow_domain *f, struct vnm_template *t)
{
	uint32_t i = place_of(f, t->id);

	if (f->count == f->cap) {
		uint32_t cap = f->cap != 0 ? 2 * f->cap : 4;
		struct vnm_template **grown = vnm_realloc(f->templates, cap * sizeof(*grown));
		if (grown == NULL) {
			vnm_free(t);
			return false;
		}
		f->templates = grown;
		f->cap = cap;
	}
	memmove(&f->templates[i + 1], &f->templates[i], (f->count - i) * sizeof(*f->templates));
	f->templates[i] = t;
	f->count++;
	s->template_count++;
	s->field_count += t->field_count;
	return true;
}

/* Makes room: the template of the exporter that was used longest ago. */
static void
template_evict(struct vnm_flow_message *m)
{
	struct vnm_flow_state *s = m->state;
	struct vnm_flow_domain *oldest = NULL;
	uint32_t at = 0;

	for (uint32_t i = 0; i < s->domain_count; i++) {
		struct vnm_flow_domain *f = s->domains[i];
		for (uint32_t k = 0; k < f->count; k++) {
			if (oldest == NULL ||
			    f->templates[k]->used_ns < oldest->templates[at]->used_ns) {
				oldest = f;
				at = k;
			}
		}
	}
	if (oldest == NULL)
		return;
	remove_at(s, oldest, at, m->out->counters);
	vnm_out_count(m->out, VNM_C_templates_evicted, 1);
}

/* Room for t, as far as the message may still make it. */
static bool
make_room(struct vnm_flow_message *m, const struct vnm_template *t)
{
	const struct vnm_flow_state *s = m->state;
	uint32_t most = m->out->limits->templates;

	while (s->template_count > 0 &&
	       (s->template_count >= most || (uint64_t)s->field_count + t->field_count >
						 (uint64_t)most * FIELDS_ON_AVERAGE)) {
		if (m->evictions++ >= EVICTIONS_MAX)
			return false;
		template_evict(m);
	}
	return true;
}

/* The time while we were away is no interval of the exporter's. */
static void
refresh(struct vnm_flow_message *m, struct vnm_template *t)
{
	uint64_t now_ns = m->d->rx_ns;
	uint64_t since = now_ns > t->refreshed_ns ? now_ns - t->refreshed_ns : 0;

	if (since > t->refresh_every_ns && !t->provisional)
		t->refresh_every_ns = since;
	t->refreshed_ns = now_ns;
	t->used_ns = now_ns;
	t->provisional = false;
	if (now_ns - m->state->refresh_saved_ns < REFRESH_SAVED_NS)
		return;
	m->state->refresh_saved_ns = now_ns;
	m->x->dirty = true;
}

void
vnm_flow_template_learn(struct vnm_flow_message *m, struct vnm_template *t)
{
	struct vnm_template *old = own_template(m->domain, t->id);
	uint64_t now_ns = m->d->rx_ns;

	assert(t->magic == VNM_TEMPLATE_MAGIC);
	if (old != NULL && vnm_template_same(old, t)) {
		refresh(m, old);
		vnm_free(t);
		return;
	}
	if (old != NULL) {
		if (m->d->session != 0)
			vnm_out_fault(m->out, VNM_R_template_changed);
		vnm_flow_template_forget(m, t->id);
	}
	if (!make_room(m, t)) {
		vnm_out_fault(m->out, VNM_R_template_limit);
		vnm_free(t);
		return;
	}
	t->learnt_ns = t->refreshed_ns = t->used_ns = now_ns;
	if (!vnm_flow_domain_put(m->state, m->domain, t)) {
		vnm_out_fault(m->out, VNM_R_out_of_memory);
		return;
	}
	vnm_out_count(m->out, VNM_C_templates, 1);
	vnm_out_count(m->out, VNM_C_templates_learnt, 1);
	m->x->dirty = true;
	vnm_flow_held_release(m, t);
}

bool
vnm_flow_template_forget(struct vnm_flow_message *m, uint16_t id)
{
	uint32_t i = place_of(m->domain, id);

	if (i >= m->domain->count || m->domain->templates[i]->id != id)
		return false;
	remove_at(m->state, m->domain, i, m->out->counters);
	m->x->dirty = true;
	return true;
}

void
vnm_flow_templates_forget_all(struct vnm_flow_message *m, bool options)
{
	struct vnm_flow_domain *f = m->domain;

	for (uint32_t i = f->count; i-- > 0;) {
		if (f->templates[i]->options != options)
			continue;
		remove_at(m->state, f, i, m->out->counters);
		vnm_out_count(m->out, VNM_C_templates_withdrawn, 1);
	}
	m->x->dirty = true;
}

void
vnm_flow_templates_forget_provisional(struct vnm_flow_message *m, struct vnm_flow_domain *f)
{
	for (uint32_t i = f->count; i-- > 0;) {
		if (!f->templates[i]->provisional)
			continue;
		remove_at(m->state, f, i, m->out->counters);
		m->x->dirty = true;
	}
}

/* By the uptime, which must have gone on as our clock did; IPFIX has only its sequence. */
static bool
began_anew(const struct vnm_flow_past *past, const struct vnm_flow_message *m)
{
	const struct vnm_flow_header *h = &m->header;
	uint64_t ours = (m->d->rx_ns - past->rx_ns) / VNM_NS_PER_MS;
	int64_t slack = UPTIME_SLACK_MS + (int64_t)(ours / UPTIME_DRIFT);
	int64_t ahead = (int32_t)(h->uptime_ms - past->uptime_ms - (uint32_t)ours);

	if (h->version == 9)
		return h->uptime_ms != past->uptime_ms && (ahead < -slack || ahead > slack);
	return (int32_t)(h->sequence - past->next) < -LATE_UNITS;
}

void
vnm_flow_domain_first(struct vnm_flow_message *m)
{
	const struct vnm_flow_state *s = m->state;

	for (uint32_t i = 0; i < s->domain_count; i++) {
		struct vnm_flow_domain *f = s->domains[i];
		if (!f->past.known || (f != m->domain && !is_sibling(f, m)))
			continue;
		if (began_anew(&f->past, m))
			vnm_flow_templates_forget_provisional(m, f);
	}
	m->domain->past.known = false;
}

static bool
is_stale(const struct vnm_template *t, uint64_t lifetime_ns, uint64_t now_ns)
{
	if (lifetime_ns == 0 && t->refresh_every_ns == 0)
		return false; /* it has never been refreshed: nothing to go by */
	if (lifetime_ns == 0) {
		lifetime_ns = LIFETIME_REFRESHES * t->refresh_every_ns;
		if (lifetime_ns < LIFETIME_LEAST_NS)
			lifetime_ns = LIFETIME_LEAST_NS;
	}
	return now_ns > t->refreshed_ns && now_ns - t->refreshed_ns > lifetime_ns;
}

void
vnm_flow_templates_expire(struct vnm_exporter *x, uint64_t now_ns, struct vnm_out *out)
{
	const struct vnm_flow_options *o = vnm_flow_options_of(x);
	uint64_t lifetime_ns = o != NULL ? o->template_lifetime : 0;
	struct vnm_flow_state *s = x->state;

	for (uint32_t i = 0; i < s->domain_count; i++) {
		struct vnm_flow_domain *f = s->domains[i];

		for (uint32_t k = f->session == 0 ? f->count : 0; k-- > 0;) {
			if (!is_stale(f->templates[k], lifetime_ns, now_ns))
				continue;
			remove_at(s, f, k, out->counters);
			vnm_out_count(out, VNM_C_templates_expired, 1);
			x->dirty = true;
		}
	}
}
