/*
 * Structured data (RFC 6313): basicList, subTemplateList and subTemplateMultiList, opened into
 * the elements of their records. Lists within lists are opened to a small depth and kept as
 * octets below it.
 */
#include "decoders/flow_state.h"

#include "decoders/ie_registry.h"

#define BASIC_LIST 291
#define SUB_TEMPLATE_LIST 292
#define SUB_TEMPLATE_MULTI_LIST 293
#define DEPTH_MAX 4
#define ENTERPRISE_BIT 0x8000U

struct list {
	struct vnm_flow_message *m;
	struct vnm_ie *p; /* scratch */
	uint32_t n, cap;
	unsigned depth;
	bool bad;
};

static void open_list(struct list *outer, struct vnm_ie *ie);

static uint8_t
type_of(uint32_t pen, uint16_t id)
{
	const struct vnm_ie_info *info = vnm_ie_info(pen, id);

	return info != NULL ? info->type : VNM_IE_OCTETS;
}

static void
add(struct list *l, struct vnm_ie ie)
{
	if (l->n == l->cap) {
		uint32_t cap = l->cap != 0 ? 2 * l->cap : 8;
		struct vnm_ie *grown = vnm_scratch_take(l->m->out->scratch, cap * sizeof(*grown));
		if (grown == NULL) {
			vnm_out_fault(l->m->out, VNM_R_scratch_full);
			l->bad = true;
			return;
		}
		if (l->n != 0)
			memcpy(grown, l->p, l->n * sizeof(*grown));
		l->p = grown;
		l->cap = cap;
	}
	if (ie.type == VNM_IE_LIST)
		open_list(l, &ie);
	l->p[l->n++] = ie;
}

/* Section 4.5.1: one element, again and again. */
static void
read_basic(struct list *l, struct vnm_reader *r)
{
	uint16_t id = vnm_reader_u16(r);
	uint16_t n = vnm_reader_u16(r);
	uint32_t pen = (id & ENTERPRISE_BIT) != 0 ? vnm_reader_u32(r) : 0;
	uint8_t type = type_of(pen, id & (ENTERPRISE_BIT - 1));

	if (n == 0)
		l->bad = true;
	for (uint32_t row = 0; vnm_reader_left(r) > 0 && !l->bad; row++) {
		struct vnm_reader octets = vnm_template_field_octets(r, n);
		if (r->bad)
			return;
		add(l, (struct vnm_ie){.pen = pen,
			   .id = id & (ENTERPRISE_BIT - 1),
			   .type = type,
			   .octets = vnm_reader_rest(&octets),
			   .row = row});
	}
}

/* Records of one template; rows count on from *row. */
static void
read_records(struct list *l, uint16_t template_id, struct vnm_reader *r, uint32_t *row)
{
	const struct vnm_template *t = vnm_flow_template_find(l->m, template_id);

	if (t == NULL) {
		l->bad = vnm_reader_left(r) > 0; /* an empty list says nothing of its template */
		return;
	}
	for (; vnm_reader_left(r) >= t->min_n && !l->bad; (*row)++) {
		for (uint16_t i = 0; i < t->field_count && !l->bad; i++) {
			const struct vnm_template_field *f = &t->fields[i];
			struct vnm_reader octets = vnm_template_field_octets(r, f->n);
			if (r->bad)
				return;
			add(l, (struct vnm_ie){.pen = f->pen,
				   .id = f->id,
				   .type = type_of(f->pen, f->id),
				   .octets = vnm_reader_rest(&octets),
				   .row = *row});
		}
	}
}

/* Section 4.5.3: records of several templates, each with its length. */
static void
read_multi(struct list *l, struct vnm_reader *r)
{
	uint32_t row = 0;

	while (vnm_reader_left(r) > 0 && !l->bad) {
		uint16_t template_id = vnm_reader_u16(r);
		uint16_t n = vnm_reader_u16(r);
		struct vnm_reader part = vnm_reader_sub(r, n < 4 ? SIZE_MAX : n - 4U);

		if (r->bad)
			return;
		read_records(l, template_id, &part, &row);
		r->bad = part.bad;
	}
}

static void
open_list(struct list *outer, struct vnm_ie *ie)
{
	struct list l = {.m = outer->m, .depth = outer->depth + 1};
	struct vnm_reader r = vnm_reader_of(ie->octets.p, ie->octets.n);
	uint32_t row = 0;

	ie->semantic = vnm_reader_u8(&r);
	if (l.depth > DEPTH_MAX)
		l.bad = true;
	else if (ie->id == BASIC_LIST)
		read_basic(&l, &r);
	else if (ie->id == SUB_TEMPLATE_LIST)
		read_records(&l, vnm_reader_u16(&r), &r, &row);
	else if (ie->id == SUB_TEMPLATE_MULTI_LIST)
		read_multi(&l, &r);
	else
		l.bad = true;
	if (l.bad || r.bad) {
		vnm_out_fault(l.m->out, VNM_R_list_malformed);
		ie->type = VNM_IE_OCTETS;
		return;
	}
	ie->list = l.p;
	ie->count = l.n;
}

void
vnm_flow_list(struct vnm_flow_message *m, struct vnm_ie *ie)
{
	const struct vnm_flow_domain *source = m->source;
	struct list top = {.m = m};

	open_list(&top, ie);
	m->source = source; /* a list's own template may be another port's */
}
