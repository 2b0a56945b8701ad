/*
 * Messages of NetFlow v9 (RFC 3954) and IPFIX (RFC 7011): headers, sets, template records and
 * data records. The two differ in the header, in the ids of their template sets and in how an
 * options template counts its fields; from there on they are one.
 *
 * The header's record count of v9 is often wrong and never used. An IPFIX message whose sets do
 * not fit it is discarded as a whole (RFC 7011 section 9.1) unless `salvage` says otherwise.
 */
#include "decoders/flow_state.h"

#define NETFLOW9_HEADER_N 20
#define IPFIX_HEADER_N 16
#define SET_HEADER_N 4
#define DATA_SET_ID_MIN 256
#define ENTERPRISE_BIT 0x8000U
#define WITHDRAW_ALL_DATA 2
#define WITHDRAW_ALL_OPTIONS 3

static bool
is_ipfix(const struct vnm_flow_message *m)
{
	return m->header.version == 10;
}

/* ---- data --------------------------------------------------------------------------------- */

static bool
set_fits(const struct vnm_template *t, struct vnm_reader set)
{
	while (vnm_reader_left(&set) >= t->min_n) {
		if (!vnm_template_skip(t, &set))
			return false;
	}
	return true;
}

static bool
decode_records(struct vnm_flow_message *m, const struct vnm_template *t, struct vnm_reader *set)
{
	struct vnm_out *out = m->out;
	size_t before = vnm_scratch_mark(out->scratch);
	struct vnm_flow_work w;
	bool fits = true;

	w.elements = vnm_scratch_take(out->scratch, t->element_count * sizeof(*w.elements));
	if (w.elements == NULL) {
		vnm_out_fault(out, VNM_R_scratch_full);
		m->units_known = false;
		return true;
	}
	size_t mark = vnm_scratch_mark(out->scratch);
	while (vnm_reader_left(set) >= t->min_n) {
		struct vnm_record *r = vnm_out_begin(out, VNM_KIND_flow);

		w.raw_has = 0;
		w.element_count = w.out_of_range = 0;
		w.frame.n = w.ip.n = 0;
		fits = vnm_template_run(t, set, r, &w);
		if (!fits)
			break;
		m->units++;
		VNM_SET(r, flow, template_id, t->id);
		vnm_flow_complete(m, t, r, &w);
		bool more = vnm_out_emit(out);
		vnm_scratch_rewind(out->scratch, mark);
		if (!more) {
			m->units_known = false;
			break;
		}
	}
	vnm_scratch_rewind(out->scratch, before);
	return fits;
}

static bool
decode_options(struct vnm_flow_message *m, const struct vnm_template *t, struct vnm_reader *set)
{
	while (vnm_reader_left(set) >= t->min_n) {
		if (!vnm_flow_options_record(m, t, set))
			return false;
		m->units++;
		m->out->good++;
		vnm_out_count(m->out, VNM_C_options_records, 1);
	}
	return true;
}

bool
vnm_flow_set_decode(struct vnm_flow_message *m, const struct vnm_template *t, struct vnm_reader set)
{
	const struct vnm_flow_options *o = vnm_flow_options_of(m->x);
	bool salvage = (o != NULL && o->salvage) || !is_ipfix(m);

	if (t->variable && !salvage && !set_fits(t, set))
		return false;
	return t->options ? decode_options(m, t, &set) : decode_records(m, t, &set);
}

/* ---- template records ------------------------------------------------------------------------ */

/* Field specifiers (RFC 7011 section 3.2); v9 has no enterprise bit. */
static struct vnm_template_field *
read_fields(struct vnm_flow_message *m, struct vnm_reader *r, uint16_t count)
{
	struct vnm_template_field *fields =
	    vnm_scratch_take(m->out->scratch, count * sizeof(*fields));

	for (uint16_t i = 0; fields != NULL && i < count; i++) {
		uint16_t id = vnm_reader_u16(r);

		fields[i] = (struct vnm_template_field){.id = id, .n = vnm_reader_u16(r)};
		if (is_ipfix(m) && (id & ENTERPRISE_BIT) != 0) {
			fields[i].id = (uint16_t)(id & ~ENTERPRISE_BIT);
			fields[i].pen = vnm_reader_u32(r);
		}
	}
	return fields;
}

static void
withdraw(struct vnm_flow_message *m, uint16_t id, bool options)
{
	if (m->d->session == 0) {
		vnm_out_fault(m->out, VNM_R_withdrawal_ignored);
		return;
	}
	m->out->good++;
	if (id == WITHDRAW_ALL_DATA || id == WITHDRAW_ALL_OPTIONS) {
		vnm_flow_templates_forget_all(m, options);
		return;
	}
	if (vnm_flow_template_forget(m, id))
		vnm_out_count(m->out, VNM_C_templates_withdrawn, 1);
	else
		vnm_out_fault(m->out, VNM_R_withdrawal_unknown);
}

/* An invalid new definition removes the old one: its data would be read wrongly. */
static void
refuse(struct vnm_flow_message *m, uint16_t id, enum vnm_reason reason)
{
	vnm_flow_template_forget(m, id);
	vnm_out_fault(m->out, reason);
}

static void
define(struct vnm_flow_message *m, uint16_t id, bool options, uint16_t scope_count,
    const struct vnm_template_field *fields, uint16_t count)
{
	enum vnm_reason reason = VNM_R_template_limit;
	struct vnm_template *t;

	if (count <= m->out->limits->template_fields)
		reason = vnm_template_make(&t, id, options, scope_count, fields, count);
	if (reason != VNM_OK) {
		refuse(m, id, reason);
		return;
	}
	m->out->good++;
	vnm_flow_template_learn(m, t);
}

/* One template record: false when the set cannot be followed any further. */
static bool
read_template(struct vnm_flow_message *m, struct vnm_reader *set, bool options)
{
	uint16_t id = vnm_reader_u16(set);
	uint16_t count = vnm_reader_u16(set);
	uint16_t scope_count = 0;
	size_t mark = vnm_scratch_mark(m->out->scratch);

	if (count == 0 && is_ipfix(m)) {
		withdraw(m, id, options);
		return true;
	}
	if (options && is_ipfix(m)) {
		scope_count = vnm_reader_u16(set);
	} else if (options) {
		/* v9 counts octets of scope and of option specifiers, four each. */
		scope_count = count / 4;
		count = (uint16_t)(scope_count + vnm_reader_u16(set) / 4);
	}
	if (set->bad || count > vnm_reader_left(set) / 4 || scope_count > count) {
		refuse(m, id, VNM_R_template_malformed);
		return false;
	}
	struct vnm_template_field *fields = read_fields(m, set, count);
	if (fields == NULL) {
		refuse(m, id, VNM_R_scratch_full);
		return false;
	}
	if (set->bad || id < DATA_SET_ID_MIN)
		refuse(m, id, VNM_R_template_malformed);
	else
		define(m, id, options, scope_count, fields, count);
	vnm_scratch_rewind(m->out->scratch, mark);
	return !set->bad;
}

/* Fewer octets than a template record has, or an id of 0, are padding. */
static void
read_templates(struct vnm_flow_message *m, struct vnm_reader set, bool options)
{
	while (vnm_reader_left(&set) >= 4 && vnm_be16(set.p) != 0) {
		if (!read_template(m, &set, options))
			return;
	}
}

/* ---- sets ------------------------------------------------------------------------------------ */

enum set_kind { SET_TEMPLATES, SET_OPTIONS_TEMPLATES, SET_DATA, SET_RESERVED };

static enum set_kind
kind_of(const struct vnm_flow_message *m, uint16_t id)
{
	if (id >= DATA_SET_ID_MIN)
		return SET_DATA;
	if (id == (is_ipfix(m) ? 2 : 0))
		return SET_TEMPLATES;
	return id == (is_ipfix(m) ? 3 : 1) ? SET_OPTIONS_TEMPLATES : SET_RESERVED;
}

/* One data set: false when the message contradicts itself. */
static bool
read_data(struct vnm_flow_message *m, uint16_t id, struct vnm_reader set)
{
	struct vnm_template *t;

	if (vnm_reader_left(&set) == 0) {
		m->out->good++;
		return true;
	}
	t = vnm_flow_template_find(m, id);
	if (t == NULL) {
		m->units_known = false;
		vnm_flow_hold(m, id, set);
		return true;
	}
	t->used_ns = m->d->rx_ns;
	if (vnm_flow_set_decode(m, t, set))
		return true;
	m->units_known = false;
	vnm_out_fault(m->out, VNM_R_field_overrun);
	return !is_ipfix(m);
}

/*
 * Whether the sets fit the message, before anything of it is believed. A set shorter than its
 * own header ends the message without discarding what came before it.
 */
static bool
sets_fit(struct vnm_reader r)
{
	while (vnm_reader_left(&r) >= SET_HEADER_N) {
		size_t n = vnm_be16(r.p + 2);

		if (n < SET_HEADER_N)
			return true;
		if (vnm_reader_take(&r, n) == NULL)
			return false;
	}
	return true;
}

static void
read_sets(struct vnm_flow_message *m, struct vnm_reader r)
{
	while (vnm_reader_left(&r) >= SET_HEADER_N) {
		uint16_t id = vnm_reader_u16(&r);
		size_t n = vnm_reader_u16(&r);

		if (n < SET_HEADER_N) {
			if (id == 0 && n == 0) /* zeros behind the last set are padding */
				return;
			vnm_out_fault(m->out, VNM_R_set_length);
			m->units_known = false;
			return;
		}
		n -= SET_HEADER_N;
		if (n > vnm_reader_left(&r)) {
			vnm_out_fault(m->out, VNM_R_set_length);
			m->units_known = false;
			n = vnm_reader_left(&r);
		}
		struct vnm_reader set = vnm_reader_sub(&r, n);
		enum set_kind kind = kind_of(m, id);
		if (kind == SET_RESERVED)
			vnm_out_fault(m->out, VNM_R_set_reserved);
		else if (kind != SET_DATA)
			read_templates(m, set, kind == SET_OPTIONS_TEMPLATES);
		else if (!read_data(m, id, set))
			return;
	}
}

/* ---- messages ---------------------------------------------------------------------------------
 */

/*
 * Open vSwitch has one sequence for all its observation domains, where RFC 7011 wants one each:
 * a message goes on where one of another domain, with records, ended. Whether a gap of the
 * domain is none for that reason; also where a message without its template came between, whose
 * records nobody could count.
 */
static bool
is_shared_sequence(struct vnm_flow_message *m, uint32_t units_before,
    enum vnm_sequence_verdict whole, enum vnm_sequence_verdict own)
{
	struct vnm_flow_state *s = m->state;
	bool other = s->sequence_domain != m->header.domain;

	s->sequence_domain = m->header.domain;
	if (whole == VNM_SEQUENCE_IN_ORDER && other && units_before > 0)
		s->shares_sequence = true;
	else if (whole == VNM_SEQUENCE_GAP && own == VNM_SEQUENCE_IN_ORDER)
		s->shares_sequence = false;
	return whole == VNM_SEQUENCE_IN_ORDER ||
	       (whole == VNM_SEQUENCE_FIRST && s->shares_sequence);
}

static void
follow_sequence(struct vnm_flow_message *m)
{
	struct vnm_flow_domain *f = m->domain;
	const struct vnm_sequence_message s = {
	    .seq = m->header.sequence,
	    .units = !is_ipfix(m)     ? 1
		     : m->units_known ? m->units
				      : 0,
	    .has_uptime = !is_ipfix(m),
	    .uptime_ms = m->header.uptime_ms,
	    .rx_ns = m->d->rx_ns,
	};
	uint32_t units_before = m->state->shared.last_units;
	enum vnm_sequence_verdict whole = vnm_sequence_next(&m->state->shared, &s);
	enum vnm_sequence_verdict own = vnm_sequence_next(&f->sequence, &s);

	if (is_shared_sequence(m, units_before, whole, own) && own == VNM_SEQUENCE_GAP)
		vnm_sequence_excuse(&f->sequence);
	if (is_ipfix(m) && !m->units_known) {
		vnm_sequence_resync(&m->state->shared);
		vnm_sequence_resync(&f->sequence);
	}
	if (own == VNM_SEQUENCE_RESTART)
		vnm_flow_templates_forget_provisional(m, m->domain);
}

static void
set_agent(struct vnm_flow_message *m)
{
	const struct vnm_learnt_entry *e =
	    vnm_learnt_get(&m->state->learnt, VNM_LEARNT_AGENT, vnm_flow_scope(m->domain), 0);

	if (e == NULL || (e->text.n != 4 && e->text.n != 16))
		return;
	const uint8_t *p = (const uint8_t *)e->text.p;
	VNM_SET(m->out->rec, env, agent_addr, e->text.n == 4 ? vnm_addr_ip4(p) : vnm_addr_ip6(p));
}

static enum vnm_reason
decode_body(struct vnm_flow_message *m, struct vnm_reader body)
{
	m->domain = vnm_flow_domain_get(m);
	if (m->domain == NULL)
		return VNM_R_out_of_memory;
	m->source = m->domain;
	if (m->domain->last_ns == 0)
		vnm_flow_domain_first(m);
	m->domain->last_ns = m->d->rx_ns;
	m->units_known = true;
	set_agent(m);
	vnm_flow_envelope(&m->header, vnm_flow_version(m->header.version)->name, m->out);
	read_sets(m, body);
	follow_sequence(m);
	m->state->held_now = m->held;
	if (m->held != NULL) {
		m->held->good = m->out->good != 0 || m->out->emitted != 0;
		m->held->faulty = m->out->faults != 0;
	}
	return VNM_OK;
}

static void
start(struct vnm_flow_message *m, struct vnm_exporter *x, const struct vnm_datagram *d,
    struct vnm_out *out)
{
	*m = (struct vnm_flow_message){.x = x, .state = x->state, .d = d, .out = out};
	m->held = m->state->held_now;
	m->state->learnt.limit = out->limits->options_entries;
}

enum vnm_reason
vnm_netflow9_decode(struct vnm_exporter *x, const struct vnm_datagram *d, struct vnm_out *out)
{
	struct vnm_reader r = vnm_reader_of(d->p, d->n);
	const uint8_t *p = vnm_reader_take(&r, NETFLOW9_HEADER_N);
	struct vnm_flow_message m;

	if (p == NULL)
		return VNM_R_truncated;
	start(&m, x, d, out);
	m.header = (struct vnm_flow_header){
	    .version = 9,
	    .count = vnm_be16(p + 2),
	    .uptime_ms = vnm_be32(p + 4),
	    .export_ns = vnm_be32(p + 8) * VNM_NS_PER_S,
	    .sequence = vnm_be32(p + 12),
	    .domain = vnm_be32(p + 16),
	};
	return decode_body(&m, r);
}

enum vnm_reason
vnm_ipfix_decode(struct vnm_exporter *x, const struct vnm_datagram *d, struct vnm_out *out)
{
	struct vnm_reader r = vnm_reader_of(d->p, d->n);
	const uint8_t *p = vnm_reader_take(&r, IPFIX_HEADER_N);
	struct vnm_flow_message m;

	if (p == NULL)
		return VNM_R_truncated;
	start(&m, x, d, out);
	size_t n = vnm_be16(p + 2);
	if (n < IPFIX_HEADER_N || n > d->n)
		return VNM_R_bad_length;
	m.header = (struct vnm_flow_header){
	    .version = 10,
	    .export_ns = vnm_be32(p + 4) * VNM_NS_PER_S,
	    .sequence = vnm_be32(p + 8),
	    .domain = vnm_be32(p + 12),
	};
	const struct vnm_flow_options *o = vnm_flow_options_of(x);
	struct vnm_reader body = vnm_reader_sub(&r, n - IPFIX_HEADER_N);
	if (!sets_fit(body) && (o == NULL || !o->salvage))
		return VNM_R_set_length;
	return decode_body(&m, body);
}
