/*
 * Data sets that came before their template: kept for a while, in order, and decoded when the
 * template comes (RFC 7011 sections 8 and 9.3 allow it; after a restart of either side it saves
 * the minutes until templates are sent again).
 */
#include "decoders/flow_state.h"

#include "base/alloc.h"

/* What a held set takes of the exporter's room: small sets cost more than their octets. */
static size_t
room_for(size_t n)
{
	return sizeof(struct vnm_held_set) + n;
}

static void
unlink_set(struct vnm_flow_state *s, struct vnm_held_set **link, struct vnm_counters *counters)
{
	struct vnm_held_set *h = *link;

	*link = h->next;
	if (s->held_end == &h->next)
		s->held_end = link;
	s->held_room -= room_for(h->n);
	counters->v[VNM_C_held_octets] -= h->n;
}

/* The message's account is closed with its last set. */
static void
settle(struct vnm_held_set *h, struct vnm_out *out)
{
	struct vnm_held_message *message = h->message;

	vnm_free(h);
	if (--message->waiting != 0)
		return;
	if (!message->good)
		vnm_out_release(out, VNM_OUTCOME_FAILED, VNM_R_template_missing);
	else
		vnm_out_release(
		    out, message->faulty ? VNM_OUTCOME_PARTIAL : VNM_OUTCOME_OK, VNM_OK);
	vnm_free(message);
}

void
vnm_flow_hold(struct vnm_flow_message *m, uint16_t id, struct vnm_reader set)
{
	struct vnm_flow_state *s = m->state;
	size_t n = vnm_reader_left(&set);
	struct vnm_held_set *h = NULL;

	if (s->held_room + room_for(n) > m->out->limits->held_octets) {
		m->domain->refused++;
		vnm_out_fault(m->out, VNM_R_held_limit);
		return;
	}
	h = vnm_alloc(room_for(n));
	if (h != NULL && m->held == NULL)
		m->held = vnm_alloc_zero(1, sizeof(*m->held));
	if (h == NULL || m->held == NULL) {
		vnm_free(h);
		vnm_out_fault(m->out, VNM_R_out_of_memory);
		return;
	}
	*h = (struct vnm_held_set){
	    .message = m->held,
	    .header = m->header,
	    .src = m->d->src,
	    .dst = m->d->dst,
	    .transport = m->d->transport,
	    .session = m->d->session,
	    .rx_ns = m->d->rx_ns,
	    .id = id,
	    .n = (uint16_t)n,
	};
	memcpy(h->octets, set.p, n);
	m->held->waiting++;
	m->out->held++;
	if (s->held == NULL)
		s->held_end = &s->held;
	*s->held_end = h;
	s->held_end = &h->next;
	s->held_room += room_for(n);
	vnm_out_count(m->out, VNM_C_held_octets, n);
}

/*
 * Whether the template that m brought is the one that h waits for. From another port it is so
 * only where no other port of the exporter lays the id out differently.
 */
static bool
waits_for(
    const struct vnm_held_set *h, const struct vnm_flow_message *m, const struct vnm_template *t)
{
	if (h->id != t->id || h->header.domain != m->header.domain ||
	    h->header.version != m->header.version || h->session != m->d->session)
		return false;
	if (h->session != 0 || (h->src.port == m->d->src.port && h->dst.port == m->d->dst.port))
		return true;
	return vnm_flow_template_sole(m, t);
}

/* Decodes one held set with the envelope of its own message. */
static bool
decode(struct vnm_flow_message *m, const struct vnm_template *t, const struct vnm_held_set *h)
{
	const struct vnm_datagram d = {.rx_ns = h->rx_ns,
	    .src = h->src,
	    .dst = h->dst,
	    .transport = h->transport,
	    .session = h->session};
	struct vnm_flow_message own = {.x = m->x,
	    .state = m->state,
	    .d = &d,
	    .out = m->out,
	    .header = h->header,
	    .domain = m->domain,
	    .source = m->domain};
	struct vnm_record *r = m->out->rec;

	memcpy(r->has, m->out->base, sizeof(r->has));
	VNM_SET(r, env, observed_ns, h->rx_ns);
	VNM_SET(r, env, exporter_port, h->src.port);
	vnm_flow_envelope(&h->header, r->env.decoder, m->out);
	if (vnm_flow_set_decode(&own, t, vnm_reader_of(h->octets, h->n)))
		return true;
	vnm_out_fault(m->out, VNM_R_field_overrun);
	return false;
}

/* A set of the very message that now brought the template: it is no longer held. */
static void
release_own(struct vnm_flow_message *m, const struct vnm_template *t, struct vnm_held_set *h)
{
	decode(m, t, h);
	m->out->held--;
	if (--m->held->waiting == 0) {
		vnm_free(m->held);
		m->held = NULL;
	}
	vnm_free(h);
}

/* A set of an earlier message: what comes of it is not this message's. */
static void
release_earlier(struct vnm_flow_message *m, const struct vnm_template *t, struct vnm_held_set *h)
{
	uint32_t emitted = m->out->emitted, good = m->out->good, faults = m->out->faults;
	enum vnm_reason first_fault = m->out->first_fault;

	if (decode(m, t, h))
		h->message->good = true;
	h->message->faulty = h->message->faulty || m->out->faults != faults;
	m->out->emitted = emitted;
	m->out->good = good;
	m->out->faults = faults;
	m->out->first_fault = first_fault;
	settle(h, m->out);
}

void
vnm_flow_held_release(struct vnm_flow_message *m, const struct vnm_template *t)
{
	struct vnm_flow_state *s = m->state;
	struct vnm_held_set **link = &s->held;
	bool any = false;

	while (*link != NULL) {
		struct vnm_held_set *h = *link;

		if (!waits_for(h, m, t)) {
			link = &h->next;
			continue;
		}
		unlink_set(s, link, m->out->counters);
		if (h->message == m->held)
			release_own(m, t, h);
		else
			release_earlier(m, t, h);
		any = true;
	}
	if (!any)
		return;
	struct vnm_record *r = m->out->rec;
	memcpy(r->has, m->out->base, sizeof(r->has));
	VNM_SET(r, env, observed_ns, m->d->rx_ns);
	VNM_SET(r, env, exporter_port, m->d->src.port);
	vnm_flow_envelope(&m->header, r->env.decoder, m->out);
}

static void
report_missing(const struct vnm_held_set *h, uint64_t sets, uint64_t now_ns, struct vnm_out *out)
{
	struct vnm_record *r = vnm_out_begin(out, VNM_KIND_visibility);

	VNM_SET(r, env, decoder, vnm_flow_version(h->header.version)->name);
	VNM_SET(r, env, observation_domain_id, h->header.domain);
	VNM_SET(r, env, exporter_port, h->src.port);
	VNM_SET(r, visibility, cause, VNM_STR("template-missing"));
	VNM_SET(r, visibility, unit, VNM_STR("sets"));
	VNM_SET(r, visibility, lost, sets);
	VNM_SET(r, visibility, template_id, h->id);
	if (now_ns > h->rx_ns)
		VNM_SET(r, visibility, interval_ns, now_ns - h->rx_ns);
	vnm_out_emit(out);
}

void
vnm_flow_held_tick(struct vnm_flow_domain *f, struct vnm_out *out)
{
	struct vnm_record *r;

	if (f->refused == 0)
		return;
	r = vnm_out_begin(out, VNM_KIND_visibility);
	VNM_SET(r, visibility, cause, VNM_STR("template-missing"));
	VNM_SET(r, visibility, unit, VNM_STR("sets"));
	VNM_SET(r, visibility, lost, f->refused);
	f->refused = 0;
	vnm_out_emit(out);
}

/* Which sets are given up. */
struct given_up {
	uint64_t before_ns;
	bool by_session;
	uint64_t session;
};

static bool
is_given_up(const struct vnm_held_set *h, const struct given_up *g)
{
	return h->rx_ns < g->before_ns && (!g->by_session || h->session == g->session);
}

/* By what sets wait for: less than, equal to or greater than 0. */
static int
compare(const struct vnm_held_set *a, const struct vnm_held_set *b)
{
	if (a->header.version != b->header.version)
		return a->header.version < b->header.version ? -1 : 1;
	if (a->header.domain != b->header.domain)
		return a->header.domain < b->header.domain ? -1 : 1;
	if (a->src.port != b->src.port)
		return a->src.port < b->src.port ? -1 : 1;
	return a->id < b->id ? -1 : a->id > b->id;
}

static struct vnm_held_set *
merge(struct vnm_held_set *a, struct vnm_held_set *b)
{
	struct vnm_held_set *merged = NULL;
	struct vnm_held_set **end = &merged;

	while (a != NULL && b != NULL) {
		struct vnm_held_set **least = compare(a, b) <= 0 ? &a : &b;
		*end = *least;
		end = &(*least)->next;
		*least = *end;
	}
	*end = a != NULL ? a : b;
	return merged;
}

/* Takes n sets off the list, in the order of what they wait for; oldest first among equals. */
static struct vnm_held_set *
take_sorted(struct vnm_held_set **list, size_t n)
{
	struct vnm_held_set *first = *list;

	if (n == 0)
		return NULL;
	if (n == 1) {
		*list = first->next;
		first->next = NULL;
		return first;
	}
	first = take_sorted(list, n / 2);
	return merge(first, take_sorted(list, n - n / 2));
}

static void
end_set(struct vnm_held_set *h, struct vnm_out *out)
{
	out->counters->parts[VNM_R_template_missing]++;
	h->message->faulty = true;
	settle(h, out);
}

/* Takes what is given up off the state's list, in the order of what it waits for. */
static struct vnm_held_set *
take_given_up(struct vnm_flow_state *s, const struct given_up *g, struct vnm_counters *counters)
{
	struct vnm_held_set *gone = NULL;
	struct vnm_held_set **end = &gone, **link = &s->held;
	size_t n = 0;

	while (*link != NULL) {
		struct vnm_held_set *h = *link;
		if (!is_given_up(h, g)) {
			link = &h->next;
			continue;
		}
		unlink_set(s, link, counters);
		*end = h;
		end = &h->next;
		n++;
	}
	return take_sorted(&gone, n);
}

/* One record for all that waited for the same template; there may be very many of these. */
static void
give_up(struct vnm_flow_state *s, const struct given_up *g, uint64_t now_ns, struct vnm_out *out)
{
	struct vnm_held_set *gone = take_given_up(s, g, out->counters);

	while (gone != NULL) {
		struct vnm_held_set *end = gone;
		uint64_t sets = 0;

		for (; end != NULL && compare(gone, end) == 0; end = end->next)
			sets++;
		report_missing(gone, sets, now_ns, out);
		while (gone != end) {
			struct vnm_held_set *h = gone;
			gone = h->next;
			end_set(h, out);
		}
	}
}

void
vnm_flow_held_expire(
    struct vnm_exporter *x, uint64_t before_ns, uint64_t now_ns, struct vnm_out *out)
{
	give_up(x->state, &(struct given_up){.before_ns = before_ns}, now_ns, out);
}

void
vnm_flow_held_end(struct vnm_exporter *x, uint64_t session, uint64_t now_ns, struct vnm_out *out)
{
	const struct given_up g = {.before_ns = UINT64_MAX, .by_session = true, .session = session};

	give_up(x->state, &g, now_ns, out);
}

void
vnm_flow_held_free(struct vnm_flow_state *s, struct vnm_counters *counters)
{
	struct vnm_out out = {.counters = counters};

	while (s->held != NULL) {
		struct vnm_held_set *h = s->held;
		unlink_set(s, &s->held, counters);
		end_set(h, &out);
	}
}
