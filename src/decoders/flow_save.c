/*
 * Templates and what options data taught, over a restart. RFC 7011 section 8 forbids the use of
 * a session's templates in the next one; over UDP an exporter does not know that the collector
 * restarted and may not repeat them for half an hour. So they come back as provisional: the
 * first different definition, or a restart of the exporter, removes them; where the domain was in
 * its sequence and the exporter's uptime is kept to tell.
 *
 * The octets are this machine's own (same byte order and version); state.c checks their sum.
 */
#include "decoders/flow_state.h"

#include "base/alloc.h"

#define FORMAT 3U

struct saved_domain {
	uint32_t domain;
	uint16_t version;
	uint16_t src_port;
	uint16_t dst_port;
	uint16_t has_past;
	uint32_t templates;
	uint32_t next;
	uint32_t uptime_ms;
	uint64_t rx_ns;
};

struct saved_template {
	uint64_t learnt_ns;
	uint64_t refreshed_ns;
	uint64_t refresh_every_ns;
	uint16_t id;
	uint16_t scope_count;
	uint16_t field_count;
	uint16_t options;
};

static bool
save_template(const struct vnm_template *t, struct vnm_buffer *b)
{
	const struct saved_template s = {.learnt_ns = t->learnt_ns,
	    .refreshed_ns = t->refreshed_ns,
	    .refresh_every_ns = t->refresh_every_ns,
	    .id = t->id,
	    .scope_count = t->scope_count,
	    .field_count = t->field_count,
	    .options = t->options};

	return vnm_buffer_append(b, &s, sizeof(s)) &&
	       vnm_buffer_append(b, t->fields, t->field_count * sizeof(*t->fields));
}

static struct vnm_flow_past
past_of(const struct vnm_flow_domain *f)
{
	const struct vnm_sequence *s = &f->sequence;

	if (f->past.known) /* restored and not heard since */
		return f->past;
	return (struct vnm_flow_past){.known = s->known && !s->unreliable,
	    .next = s->next,
	    .uptime_ms = s->uptime_ms,
	    .rx_ns = s->rx_ns};
}

static bool
save_domain(const struct vnm_flow_domain *f, struct vnm_buffer *b)
{
	const struct vnm_flow_past past = past_of(f);
	const struct saved_domain s = {.domain = f->domain,
	    .version = f->version,
	    .src_port = f->src_port,
	    .dst_port = f->dst_port,
	    .has_past = past.known,
	    .templates = f->count,
	    .next = past.next,
	    .uptime_ms = past.uptime_ms,
	    .rx_ns = past.rx_ns};

	if (!vnm_buffer_append(b, &s, sizeof(s)))
		return false;
	for (uint32_t i = 0; i < f->count; i++) {
		if (!save_template(f->templates[i], b))
			return false;
	}
	return true;
}

bool
vnm_flow_save(const struct vnm_exporter *x, struct vnm_buffer *b)
{
	const struct vnm_flow_state *s = x->state;
	uint32_t head[2] = {FORMAT, 0};

	for (uint32_t i = 0; i < s->domain_count; i++)
		head[1] += s->domains[i]->session == 0 && s->domains[i]->count != 0;
	if (!vnm_buffer_append(b, head, sizeof(head)))
		return false;
	for (uint32_t i = 0; i < s->domain_count; i++) {
		const struct vnm_flow_domain *f = s->domains[i];
		if (f->session == 0 && f->count != 0 && !save_domain(f, b))
			return false;
	}
	return vnm_learnt_save(&s->learnt, b);
}

static bool
load_template(struct vnm_flow_state *s, struct vnm_flow_domain *f, struct vnm_reader *r)
{
	const uint8_t *p = vnm_reader_take(r, sizeof(struct saved_template));
	struct saved_template saved;
	struct vnm_template *t;

	if (p == NULL)
		return false;
	memcpy(&saved, p, sizeof(saved));
	size_t n = saved.field_count * sizeof(struct vnm_template_field);
	p = vnm_reader_take(r, n);
	struct vnm_template_field *fields = p != NULL ? vnm_alloc(n) : NULL;
	if (fields == NULL)
		return false;
	memcpy(fields, p, n);
	enum vnm_reason reason = vnm_template_make(
	    &t, saved.id, saved.options != 0, saved.scope_count, fields, saved.field_count);
	vnm_free(fields);
	if (reason != VNM_OK)
		return false;
	t->learnt_ns = saved.learnt_ns;
	t->refreshed_ns = t->used_ns = saved.refreshed_ns;
	t->refresh_every_ns = saved.refresh_every_ns;
	t->provisional = true;
	return vnm_flow_domain_put(s, f, t);
}

static bool
load_domain(struct vnm_flow_state *s, struct vnm_reader *r)
{
	const uint8_t *p = vnm_reader_take(r, sizeof(struct saved_domain));
	struct saved_domain saved;
	struct vnm_flow_domain *f;

	if (p == NULL || (f = vnm_flow_domain_add(s)) == NULL)
		return false;
	memcpy(&saved, p, sizeof(saved));
	f->domain = saved.domain;
	f->version = saved.version;
	f->src_port = saved.src_port;
	f->dst_port = saved.dst_port;
	f->past =
	    (struct vnm_flow_past){saved.has_past != 0, saved.next, saved.uptime_ms, saved.rx_ns};
	for (uint32_t i = 0; i < saved.templates; i++) {
		if (!load_template(s, f, r))
			return false;
	}
	return true;
}

int
vnm_flow_load(struct vnm_exporter *x, struct vnm_reader *r, struct vnm_counters *counters)
{
	struct vnm_flow_state *s = x->state;
	const uint8_t *p = vnm_reader_take(r, 2 * sizeof(uint32_t));
	uint32_t head[2];

	if (p == NULL)
		return -1;
	memcpy(head, p, sizeof(head));
	if (head[0] != FORMAT)
		return -1;
	bool ok = true;
	for (uint32_t i = 0; ok && i < head[1]; i++)
		ok = load_domain(s, r);
	counters->v[VNM_C_templates] += s->template_count;
	s->learnt.limit = UINT32_MAX;
	return ok && vnm_learnt_load(&s->learnt, r) ? 0 : -1;
}
