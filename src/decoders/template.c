/*
 * Templates as lists of copy operations (RFC 3954 section 5.2, RFC 7011 sections 3.4, 6 and 7).
 */
#include "base/reason.h"
#include "decoders/template.h"

#include "base/alloc.h"
#include "base/clock.h"
#include "decoders/ie_registry.h"

#include <assert.h>

#define NTP_TO_1970_S 2208988800ULL
#define NTP_ERA_S (1ULL << 32)

/* ---- compiling --------------------------------------------------------------------------- */

static bool
is_unsigned(uint8_t conv)
{
	return conv == VNM_CONV_UINT || conv == VNM_CONV_KNOWN || conv == VNM_CONV_LOW ||
	       conv == VNM_CONV_RAW;
}

/* Whether a field of n octets can be converted so. */
static bool
length_fits(uint8_t conv, uint16_t n)
{
	if (n == VNM_VARLEN || n == 0)
		return true; /* told at each record */
	switch (conv) {
	case VNM_CONV_IP4:
	case VNM_CONV_HOP4:
		return n == 4;
	case VNM_CONV_IP6:
	case VNM_CONV_HOP6:
		return n == 16;
	case VNM_CONV_MAC:
		return n == 6;
	case VNM_CONV_MICROSECONDS:
	case VNM_CONV_NANOSECONDS:
		return n == 8;
	case VNM_CONV_SECONDS:
	case VNM_CONV_MILLISECONDS:
		return n <= 8;
	default:
		return !is_unsigned(conv) || n <= 8;
	}
}

static bool
is_ip6(uint8_t conv)
{
	return conv == VNM_CONV_IP6 || conv == VNM_CONV_HOP6;
}

static bool
is_address(uint8_t conv)
{
	return conv >= VNM_CONV_IP4 && conv <= VNM_CONV_HOP6;
}

/*
 * Which field of a template fills which destination: the one of the lowest rank, then the
 * first. Both address families have a claim of their own on an address field. Field + 1; 0: none.
 */
struct claims {
	uint16_t fields[VNM_FIELDS_END_flow][2];
	uint16_t raws[VNM_RAW_COUNT];
	uint16_t sections[2];
	const struct vnm_ie_map *rows[]; /* of each field, or NULL */
};

static uint16_t *
claim_of(struct claims *c, const struct vnm_ie_map *row)
{
	if (row->conv == VNM_CONV_RAW)
		return &c->raws[row->to];
	if (row->conv == VNM_CONV_FRAME || row->conv == VNM_CONV_IP)
		return &c->sections[row->conv == VNM_CONV_IP];
	return &c->fields[row->to][is_ip6(row->conv)];
}

static void
claim(struct claims *c, const struct vnm_template_field *fields, uint16_t i)
{
	const struct vnm_template_field *f = &fields[i];
	const struct vnm_ie_map *row = vnm_ie_map(f->pen, f->id, false);

	if (row == NULL || !length_fits(row->conv, f->n))
		return;
	c->rows[i] = row;
	if (row->conv == VNM_CONV_SKIP || f->n == 0)
		return;
	uint16_t *held = claim_of(c, row);
	if (*held != 0 && fields[*held - 1].id == f->id && fields[*held - 1].pen == f->pen) {
		const struct vnm_ie_map *again = vnm_ie_map(f->pen, f->id, true);
		if (again == NULL)
			return;
		c->rows[i] = row = again;
		held = claim_of(c, row);
	}
	if (*held == 0 || row->rank < c->rows[*held - 1]->rank)
		*held = (uint16_t)(i + 1);
}

/* The row by which field i is copied; NULL: it has none, or another field fills its place. */
static const struct vnm_ie_map *
row_of(struct claims *c, const struct vnm_template *t, uint16_t i, bool *paired)
{
	const struct vnm_ie_map *row = c->rows[i];

	*paired = false;
	if (row == NULL || row->conv == VNM_CONV_SKIP || t->fields[i].n == 0)
		return row;
	if (*claim_of(c, row) != i + 1)
		return NULL;
	if (is_address(row->conv))
		*paired = c->fields[row->to][0] != 0 && c->fields[row->to][1] != 0;
	return row;
}

static uint8_t
narrow(uint8_t conv, uint16_t n, uint8_t width)
{
	if (conv != VNM_CONV_UINT)
		return conv;
	if (n == width)
		return n == 1	? VNM_CONV_U8
		       : n == 2 ? VNM_CONV_U16
		       : n == 4 ? VNM_CONV_U32
				: VNM_CONV_U64;
	return n == 4 && width == 8 ? VNM_CONV_U32_TO_U64 : VNM_CONV_UINT;
}

/* Conversions that cannot leave the field absent. */
static bool
always_sets(const struct vnm_copy_op *op)
{
	if (op->n == VNM_VARLEN || op->if_not_zero)
		return false;
	switch (op->conv) {
	case VNM_CONV_U8:
	case VNM_CONV_U16:
	case VNM_CONV_U32:
	case VNM_CONV_U64:
	case VNM_CONV_U32_TO_U64:
	case VNM_CONV_IP4:
	case VNM_CONV_IP6:
		return true;
	default:
		return false;
	}
}

/* Elements that count octets of frames rather than of IP packets. */
static bool
is_frame_octets(const struct vnm_template_field *f, const struct vnm_ie_map *row)
{
	return row->to == VNM_F_flow_octets && row->conv != VNM_CONV_RAW && f->pen == 0 &&
	       (f->id == 352 || f->id == 312);
}

static void
compile_field(struct vnm_template *t, struct claims *claims, uint16_t i, uint16_t at)
{
	const struct vnm_template_field *f = &t->fields[i];
	struct vnm_copy_op *op = &t->ops[t->op_count];
	bool paired;
	const struct vnm_ie_map *row = row_of(claims, t, i, &paired);

	*op = (struct vnm_copy_op){.conv = VNM_CONV_ELEMENT, .at = at, .n = f->n, .field = i};
	if (row != NULL) {
		op->conv = narrow(row->conv, f->n, row->width);
		op->width = row->width;
		op->to = row->to;
		op->offset = row->offset;
		op->if_not_zero = paired;
		t->frame_octets = t->frame_octets || is_frame_octets(f, row);
	} else {
		const struct vnm_ie_info *info = vnm_ie_info(f->pen, f->id);
		op->type = info != NULL ? info->type : VNM_IE_OCTETS;
		if (f->n != 0)
			t->element_count++;
	}
	if ((op->conv == VNM_CONV_SKIP && f->n != VNM_VARLEN) || f->n == 0)
		return;
	/* A number that is out of range for its field goes to `ie` as well. */
	if (op->conv == VNM_CONV_UINT || op->conv == VNM_CONV_KNOWN || f->n == VNM_VARLEN)
		t->element_count++;
	if (always_sets(op))
		t->has[op->to / 64] |= 1ULL << (op->to % 64);
	t->op_count++;
}

static bool
compile(struct vnm_template *t)
{
	struct claims *claims =
	    vnm_alloc_zero(1, sizeof(*claims) + t->field_count * sizeof(claims->rows[0]));
	uint32_t at = 0;

	if (claims == NULL)
		return false;
	for (uint16_t i = 0; i < t->field_count; i++)
		claim(claims, t->fields, i);
	for (uint16_t i = 0; i < t->field_count; i++) {
		compile_field(t, claims, i, (uint16_t)at);
		if (t->fields[i].n == VNM_VARLEN)
			at = 0;
		else
			at += t->fields[i].n;
	}
	t->tail = (uint16_t)at;
	vnm_free(claims);
	return true;
}

static enum vnm_reason
measure(const struct vnm_template_field *fields, uint16_t count, uint32_t *min_n, bool *variable)
{
	*min_n = 0;
	*variable = false;
	for (uint16_t i = 0; i < count; i++) {
		bool varlen = fields[i].n == VNM_VARLEN;
		*variable = *variable || varlen;
		*min_n += varlen ? 1 : fields[i].n;
	}
	if (*min_n == 0)
		return VNM_R_template_empty;
	return *min_n > UINT16_MAX ? VNM_R_template_limit : VNM_OK;
}

enum vnm_reason
vnm_template_make(struct vnm_template **out, uint16_t id, bool options, uint16_t scope_count,
    const struct vnm_template_field *fields, uint16_t field_count)
{
	struct vnm_template *t;
	uint32_t min_n;
	bool variable;
	enum vnm_reason reason = measure(fields, field_count, &min_n, &variable);
	size_t ops_n = field_count * sizeof(t->ops[0]);
	size_t fields_at = (sizeof(*t) + ops_n + 7) & ~(size_t)7;

	if (reason != VNM_OK)
		return reason;
	t = vnm_alloc_zero(1, fields_at + field_count * sizeof(*fields));
	if (t == NULL)
		return VNM_R_out_of_memory;
	memcpy((uint8_t *)t + fields_at, fields, field_count * sizeof(*fields));
	t->fields = (const struct vnm_template_field *)(const void *)((uint8_t *)t + fields_at);
	t->magic = VNM_TEMPLATE_MAGIC;
	t->id = id;
	t->options = options;
	t->scope_count = scope_count;
	t->field_count = field_count;
	t->min_n = min_n;
	t->variable = variable;
	if (!options && !compile(t)) {
		vnm_free(t);
		return VNM_R_out_of_memory;
	}
	*out = t;
	return VNM_OK;
}

bool
vnm_template_same(const struct vnm_template *a, const struct vnm_template *b)
{
	return a->id == b->id && a->options == b->options && a->scope_count == b->scope_count &&
	       a->field_count == b->field_count &&
	       memcmp(a->fields, b->fields, a->field_count * sizeof(*a->fields)) == 0;
}

/* ---- running ----------------------------------------------------------------------------- */

struct vnm_reader
vnm_template_field_octets(struct vnm_reader *r, uint16_t n)
{
	size_t length = n;

	if (n == VNM_VARLEN) {
		length = vnm_reader_u8(r);
		if (length == 255)
			length = vnm_reader_u16(r);
	}
	return vnm_reader_sub(r, length);
}

bool
vnm_template_skip(const struct vnm_template *t, struct vnm_reader *r)
{
	if (!t->variable)
		return vnm_reader_take(r, t->min_n) != NULL;
	for (uint16_t i = 0; i < t->field_count && !r->bad; i++)
		(void)vnm_template_field_octets(r, t->fields[i].n);
	return !r->bad;
}

uint64_t
vnm_ntp_ns(const uint8_t p[8])
{
	uint64_t seconds = vnm_be32(p);
	uint64_t fraction = vnm_be32(p + 4);

	/* Before 1968 by era 0 means era 1, which begins in 2036. */
	if (seconds < 0x80000000U)
		seconds += NTP_ERA_S;
	return (seconds - NTP_TO_1970_S) * VNM_NS_PER_S + ((fraction * VNM_NS_PER_S) >> 32);
}

static void
keep_element(const struct vnm_template *t, const struct vnm_copy_op *op, struct vnm_slice octets,
    struct vnm_flow_work *w)
{
	const struct vnm_template_field *f = &t->fields[op->field];
	uint8_t type = op->type;

	assert(w->element_count < t->element_count);
	if (op->conv != VNM_CONV_ELEMENT)
		type = is_unsigned(op->conv) ? VNM_IE_UNSIGNED : VNM_IE_OCTETS;
	w->elements[w->element_count++] =
	    (struct vnm_ie){.pen = f->pen, .id = f->id, .type = type, .octets = octets};
}

static bool
is_zero(const uint8_t *p, size_t n)
{
	for (size_t i = 0; i < n; i++) {
		if (p[i] != 0)
			return false;
	}
	return true;
}

/* A number into a field of op->width octets; one too large for it is kept in `ie`. */
static void
store_uint(const struct vnm_template *t, const struct vnm_copy_op *op, struct vnm_slice s,
    struct vnm_record *rec, struct vnm_flow_work *w)
{
	uint8_t *to = (uint8_t *)rec + op->offset;
	uint64_t v = vnm_be_uint(s.p, s.n);

	if (op->conv == VNM_CONV_LOW)
		v &= 0xff;
	if (v == 0 && op->conv == VNM_CONV_KNOWN)
		return;
	if (op->width < 8 && v >> (8 * op->width) != 0) {
		w->out_of_range++;
		keep_element(t, op, s, w);
		return;
	}
	switch (op->width) {
	case 1:
		*to = (uint8_t)v;
		break;
	case 2:
		memcpy(to, &(uint16_t){(uint16_t)v}, 2);
		break;
	case 4:
		memcpy(to, &(uint32_t){(uint32_t)v}, 4);
		break;
	default:
		memcpy(to, &v, 8);
	}
	vnm_record_mark(rec, op->to);
}

static void
store_text(const struct vnm_copy_op *op, struct vnm_slice s, struct vnm_record *rec)
{
	size_t n = s.n;

	while (n > 0 && s.p[n - 1] == 0)
		n--;
	if (n == 0)
		return;
	*(struct vnm_str *)(void *)((uint8_t *)rec + op->offset) =
	    (struct vnm_str){(const char *)s.p, (uint32_t)n, false};
	vnm_record_mark(rec, op->to);
}

static void
store_time(const struct vnm_copy_op *op, struct vnm_slice s, struct vnm_record *rec)
{
	uint64_t *to = (uint64_t *)(void *)((uint8_t *)rec + op->offset);
	uint64_t v;

	if (op->conv == VNM_CONV_SECONDS)
		v = vnm_be_uint(s.p, s.n) * VNM_NS_PER_S;
	else if (op->conv == VNM_CONV_MILLISECONDS)
		v = vnm_be_uint(s.p, s.n) * VNM_NS_PER_MS;
	else if (is_zero(s.p, s.n)) /* not known (RFC 5905 section 6) */
		return;
	else
		v = vnm_ntp_ns(s.p);
	*to = v;
	vnm_record_mark(rec, op->to);
}

static void
store_address(const struct vnm_copy_op *op, struct vnm_slice s, struct vnm_record *rec)
{
	struct vnm_addr *to = (struct vnm_addr *)(void *)((uint8_t *)rec + op->offset);
	bool hop = op->conv == VNM_CONV_HOP4 || op->conv == VNM_CONV_HOP6;

	if ((hop || op->if_not_zero) && is_zero(s.p, s.n))
		return;
	*to = s.n == 4 ? vnm_addr_ip4(s.p) : vnm_addr_ip6(s.p);
	vnm_record_mark(rec, op->to);
}

/* The conversions that are not worth a place in the loop. */
static void
copy_rare(const struct vnm_template *t, const struct vnm_copy_op *op, struct vnm_slice s,
    struct vnm_record *rec, struct vnm_flow_work *w)
{
	uint8_t *to = (uint8_t *)rec + op->offset;

	if (op->n == VNM_VARLEN && (s.n == 0 || !length_fits(op->conv, (uint16_t)s.n))) {
		if (s.n != 0)
			keep_element(t, op, s, w);
		return;
	}
	switch (op->conv) {
	case VNM_CONV_UINT:
	case VNM_CONV_KNOWN:
	case VNM_CONV_LOW:
		store_uint(t, op, s, rec, w);
		break;
	case VNM_CONV_RAW:
		w->raw[op->to] = vnm_be_uint(s.p, s.n);
		w->raw_has |= 1ULL << op->to;
		break;
	case VNM_CONV_MAC:
		if (is_zero(s.p, s.n))
			break;
		memcpy(to, s.p, 6);
		vnm_record_mark(rec, op->to);
		break;
	case VNM_CONV_STRING:
		store_text(op, s, rec);
		break;
	case VNM_CONV_OCTETS:
		*(struct vnm_slice *)(void *)to = s;
		vnm_record_mark(rec, op->to);
		break;
	case VNM_CONV_SECONDS:
	case VNM_CONV_MILLISECONDS:
	case VNM_CONV_MICROSECONDS:
	case VNM_CONV_NANOSECONDS:
		store_time(op, s, rec);
		break;
	case VNM_CONV_FRAME:
		w->frame = s;
		break;
	case VNM_CONV_IP:
		w->ip = s;
		break;
	case VNM_CONV_ELEMENT:
		keep_element(t, op, s, w);
		break;
	default:
		store_address(op, s, rec);
	}
}

static inline void
copy(const struct vnm_template *t, const struct vnm_copy_op *op, const uint8_t *p, size_t n,
    struct vnm_record *rec, struct vnm_flow_work *w)
{
	uint8_t *to = (uint8_t *)rec + op->offset;
	uint64_t v64;
	uint32_t v32;
	uint16_t v16;

	switch (op->conv) {
	case VNM_CONV_U8:
		*to = *p;
		break;
	case VNM_CONV_U16:
		v16 = vnm_be16(p);
		memcpy(to, &v16, sizeof(v16));
		break;
	case VNM_CONV_U32:
		v32 = vnm_be32(p);
		memcpy(to, &v32, sizeof(v32));
		break;
	case VNM_CONV_U64:
		v64 = vnm_be64(p);
		memcpy(to, &v64, sizeof(v64));
		break;
	case VNM_CONV_U32_TO_U64:
		v64 = vnm_be32(p);
		memcpy(to, &v64, sizeof(v64));
		break;
	default:
		copy_rare(t, op, (struct vnm_slice){p, n}, rec, w);
	}
}

static bool
run_variable(const struct vnm_template *t, struct vnm_reader *r, struct vnm_record *rec,
    struct vnm_flow_work *w)
{
	const uint8_t *base = r->p; /* behind the last variable-length field */

	for (const struct vnm_copy_op *op = t->ops; op < t->ops + t->op_count; op++) {
		struct vnm_reader field = vnm_reader_of(base, (size_t)(r->end - base));

		vnm_reader_skip(&field, op->at);
		struct vnm_reader octets = vnm_template_field_octets(&field, op->n);
		if (field.bad)
			return false;
		if (op->n == VNM_VARLEN)
			base = field.p;
		if (op->conv != VNM_CONV_SKIP)
			copy(t, op, octets.p, vnm_reader_left(&octets), rec, w);
	}
	vnm_reader_skip(r, (size_t)(base - r->p) + t->tail);
	return !r->bad;
}

bool
vnm_template_run(const struct vnm_template *t, struct vnm_reader *r, struct vnm_record *rec,
    struct vnm_flow_work *w)
{
	for (unsigned i = 0; i < VNM_HAS_WORDS; i++)
		rec->has[i] |= t->has[i];
	if (t->variable)
		return run_variable(t, r, rec, w);
	const uint8_t *p = vnm_reader_take(r, t->min_n);
	if (p == NULL)
		return false;
	for (const struct vnm_copy_op *op = t->ops; op < t->ops + t->op_count; op++)
		copy(t, op, p + op->at, op->n, rec, w);
	return true;
}
