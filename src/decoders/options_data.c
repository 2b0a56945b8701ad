/*
 * Options data: what an exporter tells of its samplers, interfaces, VRFs, applications and
 * itself (RFC 3954 section 6.1, RFC 7011 section 3.4.2, RFC 5610 for types of elements).
 */
#include "decoders/flow_state.h"

/* What is looked for in a record. */
enum slot {
	SLOT_SYSTEM, /* v9 scopes 1 and 3 to 5, IPFIX's exportingProcessId */
	SLOT_INTERFACE,
	SLOT_IF_NAME,
	SLOT_VRF,
	SLOT_VRF_NAME,
	SLOT_APPLICATION,
	SLOT_APPLICATION_NAME,
	SLOT_SAMPLER,
	SLOT_INTERVAL,
	SLOT_PACKET_INTERVAL,
	SLOT_PACKET_SPACE,
	SLOT_SIZE,
	SLOT_POPULATION,
	SLOT_SYSTEM_INIT,
	SLOT_AGENT,
	SLOT_IE_PEN,
	SLOT_IE_ID,
	SLOT_IE_DATA_TYPE,
	SLOT_COUNT
};

struct slot_row {
	uint16_t id;
	uint8_t slot;
	uint8_t n_max; /* octets that make sense; longer ones are not looked at */
};

/* Elements of IANA's; enterprise-specific ones never stand for these. */
static const struct slot_row elements[] = {{10, SLOT_INTERFACE, 8}, {14, SLOT_INTERFACE, 8},
    {82, SLOT_IF_NAME, 255}, {234, SLOT_VRF, 8}, {235, SLOT_VRF, 8}, {236, SLOT_VRF_NAME, 255},
    {95, SLOT_APPLICATION, 8}, {96, SLOT_APPLICATION_NAME, 255}, {48, SLOT_SAMPLER, 8},
    {302, SLOT_SAMPLER, 8}, {34, SLOT_INTERVAL, 8}, {50, SLOT_INTERVAL, 8}, {144, SLOT_SYSTEM, 8},
    {305, SLOT_PACKET_INTERVAL, 8}, {306, SLOT_PACKET_SPACE, 8}, {309, SLOT_SIZE, 8},
    {310, SLOT_POPULATION, 8}, {160, SLOT_SYSTEM_INIT, 8}, {130, SLOT_AGENT, 4},
    {131, SLOT_AGENT, 16}, {346, SLOT_IE_PEN, 4}, {303, SLOT_IE_ID, 2},
    {339, SLOT_IE_DATA_TYPE, 1}};

/* Scope types of v9, which are no elements (RFC 3954 section 6.1). */
static const struct slot_row scopes[] = {{1, SLOT_SYSTEM, 255}, {2, SLOT_INTERFACE, 8},
    {3, SLOT_SYSTEM, 255}, {4, SLOT_SYSTEM, 255}, {5, SLOT_SYSTEM, 255}};

struct values {
	struct vnm_slice at[SLOT_COUNT];
	uint32_t has;
};

static bool
has(const struct values *v, enum slot slot)
{
	return (v->has >> slot & 1) != 0;
}

static uint64_t
number(const struct values *v, enum slot slot)
{
	return has(v, slot) ? vnm_be_uint(v->at[slot].p, v->at[slot].n) : 0;
}

static void
collect(struct values *v, const struct slot_row *rows, size_t count, uint16_t id,
    struct vnm_slice octets)
{
	for (size_t i = 0; i < count; i++) {
		if (rows[i].id != id || octets.n > rows[i].n_max)
			continue;
		v->at[rows[i].slot] = octets;
		v->has |= 1U << rows[i].slot;
		return;
	}
}

static bool
read_values(const struct vnm_flow_message *m, const struct vnm_template *t, struct vnm_reader *r,
    struct values *v)
{
	v->has = 0;
	for (uint16_t i = 0; i < t->field_count; i++) {
		const struct vnm_template_field *f = &t->fields[i];
		struct vnm_reader field = vnm_template_field_octets(r, f->n);
		bool v9_scope = m->header.version == 9 && i < t->scope_count;

		if (r->bad)
			return false;
		if (v9_scope)
			collect(v, scopes, VNM_ARRAY_LEN(scopes), f->id, vnm_reader_rest(&field));
		else if (f->pen == 0)
			collect(
			    v, elements, VNM_ARRAY_LEN(elements), f->id, vnm_reader_rest(&field));
	}
	return true;
}

double
vnm_flow_rate(uint64_t interval, uint64_t packet_interval, uint64_t packet_space, bool has_space,
    uint64_t size, uint64_t population)
{
	if (packet_interval != 0 && has_space)
		return ((double)packet_interval + (double)packet_space) / (double)packet_interval;
	if (size != 0 && population >= size)
		return (double)population / (double)size;
	if (interval != 0)
		return (double)interval;
	return packet_interval > 1 ? (double)packet_interval : 0;
}

/* By sampler, by interface, or for the domain; a system scope holds for the exporter too. */
static bool
learn_rate(struct vnm_flow_message *m, const struct values *v)
{
	struct vnm_learnt *l = &m->state->learnt;
	const struct vnm_learnt_scope scope = vnm_flow_scope(m->domain);
	double rate = vnm_flow_rate(number(v, SLOT_INTERVAL), number(v, SLOT_PACKET_INTERVAL),
	    number(v, SLOT_PACKET_SPACE), has(v, SLOT_PACKET_SPACE), number(v, SLOT_SIZE),
	    number(v, SLOT_POPULATION));
	bool learnt = false;

	if (rate <= 0)
		return false;
	if (has(v, SLOT_INTERFACE))
		return vnm_learnt_number(
		    l, VNM_LEARNT_INTERFACE_RATE, scope, number(v, SLOT_INTERFACE), rate);
	if (has(v, SLOT_SAMPLER)) {
		uint64_t sampler = number(v, SLOT_SAMPLER);
		learnt = vnm_learnt_number(l, VNM_LEARNT_SAMPLER_RATE, scope, sampler, rate);
		return vnm_learnt_sampler_of_domain(l, scope, sampler, rate) || learnt;
	}
	if (has(v, SLOT_SYSTEM))
		learnt = vnm_learnt_number(l, VNM_LEARNT_EXPORTER_RATE, scope, 0, rate);
	return vnm_learnt_number(l, VNM_LEARNT_DOMAIN_RATE, scope, 0, rate) || learnt;
}

/*
 * RFC 5610 section 3.1: abstract data types by number (RFC 7012 section 3.1). Lists (20 and up)
 * stay octets: the number does not tell which of the elements of RFC 6313 they are built like.
 */
static bool
learn_type(struct vnm_flow_message *m, const struct values *v)
{
	static const uint8_t types[] = {VNM_IE_OCTETS, VNM_IE_UNSIGNED, VNM_IE_UNSIGNED,
	    VNM_IE_UNSIGNED, VNM_IE_UNSIGNED, VNM_IE_SIGNED, VNM_IE_SIGNED, VNM_IE_SIGNED,
	    VNM_IE_SIGNED, VNM_IE_FLOAT, VNM_IE_FLOAT, VNM_IE_BOOL, VNM_IE_MAC, VNM_IE_STRING,
	    VNM_IE_SECONDS, VNM_IE_MILLISECONDS, VNM_IE_MICROSECONDS, VNM_IE_NANOSECONDS,
	    VNM_IE_IP4, VNM_IE_IP6};
	uint64_t type = number(v, SLOT_IE_DATA_TYPE);
	uint64_t id = number(v, SLOT_IE_ID) & 0x7fff;

	if (!has(v, SLOT_IE_ID) || !has(v, SLOT_IE_DATA_TYPE) || type >= sizeof(types))
		return false;
	return vnm_learnt_number(&m->state->learnt, VNM_LEARNT_IE_TYPE, vnm_flow_scope(m->domain),
	    number(v, SLOT_IE_PEN) << 16 | id, types[type]);
}

static bool
learn_names(struct vnm_flow_message *m, const struct values *v)
{
	static const struct {
		uint8_t id, text, kind;
	} names[] = {{SLOT_INTERFACE, SLOT_IF_NAME, VNM_LEARNT_IF_NAME},
	    {SLOT_VRF, SLOT_VRF_NAME, VNM_LEARNT_VRF_NAME},
	    {SLOT_APPLICATION, SLOT_APPLICATION_NAME, VNM_LEARNT_APPLICATION}};
	bool learnt = false;

	for (size_t i = 0; i < VNM_ARRAY_LEN(names); i++) {
		if (has(v, names[i].id) && has(v, names[i].text) &&
		    vnm_learnt_text(&m->state->learnt, names[i].kind, vnm_flow_scope(m->domain),
			number(v, names[i].id), v->at[names[i].text]))
			learnt = true;
	}
	return learnt;
}

bool
vnm_flow_options_record(
    struct vnm_flow_message *m, const struct vnm_template *t, struct vnm_reader *r)
{
	struct vnm_learnt *l = &m->state->learnt;
	const struct vnm_learnt_scope scope = vnm_flow_scope(m->domain);
	struct values v;

	if (!read_values(m, t, r, &v))
		return false;
	bool learnt = learn_rate(m, &v);
	learnt = learn_names(m, &v) || learnt;
	learnt = learn_type(m, &v) || learnt;
	if (has(&v, SLOT_SYSTEM_INIT))
		learnt = vnm_learnt_number(l, VNM_LEARNT_SYSTEM_INIT, scope, 0,
			     (double)number(&v, SLOT_SYSTEM_INIT)) ||
			 learnt;
	size_t agent_n = has(&v, SLOT_AGENT) ? v.at[SLOT_AGENT].n : 0;
	if (agent_n == 4 || agent_n == 16)
		learnt = vnm_learnt_text(l, VNM_LEARNT_AGENT, scope, 0, v.at[SLOT_AGENT]) || learnt;
	m->x->dirty = m->x->dirty || learnt;
	return true;
}
