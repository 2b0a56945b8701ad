/*
 * Reading of sFlow structures by table (sFlow version 5, RFC 4506).
 */
#include "decoders/sflow_item.h"

#include <assert.h>
#include <inttypes.h>
#include <stdio.h>

#define PAIRS_AT_FIRST 32
#define MAX_PAIRS 1024	 /* of one sample; the largest standard ones have about 150 */
#define LIST_SHOWN 64	 /* entries of a list that is written as text */
#define NUMBER_OCTETS 11 /* a 32-bit number and a blank */

/* ---- XDR ---------------------------------------------------------------------------------- */

struct vnm_slice
vnm_sflow_octets(struct vnm_reader *r)
{
	uint32_t n = vnm_reader_u32(r);
	const uint8_t *p = vnm_reader_take(r, n);

	if (p == NULL)
		return (struct vnm_slice){NULL, 0};
	if (n % 4 != 0) /* agents forget the padding of a last item */
		vnm_reader_skip(r, vnm_reader_left(r) < 4 - n % 4 ? vnm_reader_left(r) : 4 - n % 4);
	return (struct vnm_slice){p, n};
}

struct vnm_str
vnm_sflow_text(struct vnm_reader *r)
{
	struct vnm_slice s = vnm_sflow_octets(r);

	while (s.n > 0 && s.p[s.n - 1] == '\0')
		s.n--;
	return vnm_str_of_octets(s);
}

struct vnm_addr
vnm_sflow_address(struct vnm_reader *r)
{
	struct vnm_addr none = {.family = VNM_ADDR_NONE};
	const uint8_t *p;

	switch (vnm_reader_u32(r)) {
	case 0:
		return none;
	case 1:
		p = vnm_reader_take(r, 4);
		return p != NULL ? vnm_addr_ip4(p) : none;
	case 2:
		p = vnm_reader_take(r, 16);
		return p != NULL ? vnm_addr_unmapped(p) : none;
	default:
		r->bad = true; /* of unknown length: nothing behind it can be read */
		r->p = r->end;
		return none;
	}
}

const uint8_t *
vnm_sflow_mac(struct vnm_reader *r)
{
	return vnm_reader_take(r, 8);
}

struct vnm_u32s
vnm_sflow_list(struct vnm_sflow_sample *s, struct vnm_reader *r, unsigned shift)
{
	struct vnm_u32s none = {NULL, 0};
	uint32_t n = vnm_reader_u32(r);
	const uint8_t *p;
	uint32_t *list;

	if (n > vnm_reader_left(r) / 4) {
		r->bad = true;
		r->p = r->end;
		return none;
	}
	p = vnm_reader_take(r, n * (size_t)4);
	if (p == NULL || n == 0)
		return none;
	list = vnm_scratch_take(s->out->scratch, n * sizeof(*list));
	if (list == NULL) {
		vnm_out_fault(s->out, VNM_R_scratch_full);
		return none;
	}
	for (uint32_t i = 0; i < n; i++)
		list[i] = vnm_be32(p + i * (size_t)4) >> shift;
	return (struct vnm_u32s){list, n};
}

/* ---- pairs -------------------------------------------------------------------------------- */

/* A name in the scratch: the old one and a number. NULL when memory is short. */
static const char *
numbered(struct vnm_sflow_sample *s, const char *name, uint32_t number)
{
	size_t n = strlen(name) + 12;
	char *text = vnm_scratch_take(s->out->scratch, n);

	if (text != NULL)
		snprintf(text, n, "%s_%" PRIu32, name, number);
	return text;
}

/* The pair's name, or one made unique: "name_2". */
static const char *
unique_name(struct vnm_sflow_sample *s, const char *name)
{
	uint32_t seen = 0;

	for (uint32_t i = 0; i < s->count; i++)
		seen += s->names[i] == name;
	return seen == 0 ? name : numbered(s, name, seen + 1);
}

static bool
grow(struct vnm_sflow_sample *s)
{
	uint32_t room = s->room == 0 ? PAIRS_AT_FIRST : s->room * 2;
	struct vnm_pair *all = vnm_scratch_take(s->out->scratch, room * sizeof(*all));
	const char **names = vnm_scratch_take(s->out->scratch, room * sizeof(*names));

	if (all == NULL || names == NULL)
		return false;
	if (s->count > 0) {
		memcpy(all, s->all, s->count * sizeof(*all));
		memcpy(names, s->names, s->count * sizeof(*names));
	}
	s->all = all;
	s->names = names;
	s->room = room;
	return true;
}

void
vnm_sflow_pair(struct vnm_sflow_sample *s, const struct vnm_pair *pair)
{
	const char *name;

	if (s->count >= MAX_PAIRS) {
		vnm_out_fault(s->out, VNM_R_sample_malformed);
		return;
	}
	name = unique_name(s, pair->name);
	if (name == NULL || (s->count == s->room && !grow(s))) {
		vnm_out_fault(s->out, VNM_R_scratch_full);
		return;
	}
	s->names[s->count] = pair->name;
	s->all[s->count] = *pair;
	s->all[s->count++].name = name;
}

void
vnm_sflow_pair_u64(struct vnm_sflow_sample *s, const char *name, uint64_t v)
{
	struct vnm_pair pair = {.name = name, .type = VNM_PAIR_U64, .u64 = v};

	vnm_sflow_pair(s, &pair);
}

void
vnm_sflow_pair_mac(struct vnm_sflow_sample *s, const char *name, const uint8_t *octets)
{
	struct vnm_pair pair = {.name = name, .type = VNM_PAIR_STR};
	struct vnm_mac mac;
	char *text = vnm_scratch_take(s->out->scratch, VNM_MAC_TEXT);

	if (text == NULL) {
		vnm_out_fault(s->out, VNM_R_scratch_full);
		return;
	}
	memcpy(mac.b, octets, sizeof(mac.b));
	pair.str = (struct vnm_str){text, (uint32_t)vnm_mac_write(text, &mac), true};
	vnm_sflow_pair(s, &pair);
}

void
vnm_sflow_pair_unknown(struct vnm_sflow_sample *s, uint32_t id, struct vnm_reader *r)
{
	struct vnm_pair pair = {.type = VNM_PAIR_BYTES, .bytes = vnm_reader_rest(r)};
	size_t n = sizeof("record_1048575_4095_16");
	uint32_t seen = 0;
	char *name;

	if (s->unknown_count == VNM_SFLOW_UNKNOWN) {
		vnm_out_fault(s->out, VNM_R_sample_malformed);
		return;
	}
	for (uint32_t i = 0; i < s->unknown_count; i++)
		seen += s->unknown[i] == id;
	s->unknown[s->unknown_count++] = id;
	name = vnm_scratch_take(s->out->scratch, n);
	if (name == NULL) {
		vnm_out_fault(s->out, VNM_R_scratch_full);
		return;
	}
	if (seen == 0)
		snprintf(name, n, "record_%u_%u", id >> 12, id & 0xfff);
	else
		snprintf(name, n, "record_%u_%u_%u", id >> 12, id & 0xfff, seen + 1);
	pair.name = name;
	vnm_sflow_pair(s, &pair);
}

/* ---- items -------------------------------------------------------------------------------- */

/* A list as text, blanks between; what does not fit is told by "...". */
static bool
read_list(struct vnm_sflow_sample *s, struct vnm_reader *r, struct vnm_pair *v)
{
	struct vnm_u32s list = vnm_sflow_list(s, r, 0);
	uint32_t shown = list.n < LIST_SHOWN ? list.n : LIST_SHOWN;
	size_t room = shown * (size_t)NUMBER_OCTETS + sizeof("...");
	char *text;
	size_t n = 0;

	if (list.n == 0)
		return false;
	text = vnm_scratch_take(s->out->scratch, room);
	if (text == NULL)
		return false;
	for (uint32_t i = 0; i < shown; i++)
		n +=
		    (size_t)snprintf(text + n, room - n, "%s%" PRIu32, i > 0 ? " " : "", list.p[i]);
	if (shown < list.n)
		n += (size_t)snprintf(text + n, room - n, "...");
	v->type = VNM_PAIR_STR;
	v->str = (struct vnm_str){text, (uint32_t)n, true};
	return true;
}

static bool
read_number(struct vnm_sflow_sample *s, struct vnm_reader *r, uint8_t type, struct vnm_pair *v)
{
	uint64_t ones = UINT32_MAX;

	v->type = VNM_PAIR_U64;
	if (type == VNM_SFLOW_U8) {
		v->u64 = vnm_reader_u8(r);
		return true;
	}
	if (type == VNM_SFLOW_U64) {
		v->u64 = vnm_reader_u64(r);
		ones = UINT64_MAX;
	} else {
		v->u64 = vnm_reader_u32(r);
	}
	return !s->counters || v->u64 != ones;
}

static bool
read_real(struct vnm_reader *r, uint8_t type, struct vnm_pair *v)
{
	uint32_t bits = vnm_reader_u32(r);
	float f;

	v->type = VNM_PAIR_F64;
	if (type == VNM_SFLOW_I32) {
		v->f64 = (int32_t)bits;
		return true;
	}
	memcpy(&f, &bits, sizeof(f));
	v->f64 = (double)f;
	return v->f64 >= 0; /* not a number neither */
}

static bool
read_octets(struct vnm_reader *r, uint8_t type, struct vnm_pair *v)
{
	size_t n = type == VNM_SFLOW_ID8 ? 8 : 16;
	const uint8_t *p;

	v->type = VNM_PAIR_BYTES;
	if (type == VNM_SFLOW_OCTETS) {
		v->bytes = vnm_sflow_octets(r);
		return v->bytes.n > 0;
	}
	p = vnm_reader_take(r, n);
	v->bytes = (struct vnm_slice){p, n};
	return p != NULL;
}

static bool
read_addr(struct vnm_reader *r, uint8_t type, struct vnm_pair *v)
{
	size_t n = type == VNM_SFLOW_IP4 ? 4 : 16;
	const uint8_t *p;

	v->type = VNM_PAIR_ADDR;
	if (type == VNM_SFLOW_ADDRESS) {
		v->addr = vnm_sflow_address(r);
	} else {
		p = vnm_reader_take(r, n);
		if (p == NULL)
			return false;
		v->addr = n == 4 ? vnm_addr_ip4(p) : vnm_addr_ip6(p);
	}
	return !vnm_addr_is_zero(&v->addr);
}

/* Whether a value is there: the item is read in any case. */
static bool
read_item(struct vnm_sflow_sample *s, struct vnm_reader *r, uint8_t type, struct vnm_pair *v)
{
	switch (type) {
	case VNM_SFLOW_U8:
	case VNM_SFLOW_U32:
	case VNM_SFLOW_U64:
		return read_number(s, r, type, v);
	case VNM_SFLOW_I32:
	case VNM_SFLOW_F32:
		return read_real(r, type, v);
	case VNM_SFLOW_TEXT:
		v->type = VNM_PAIR_STR;
		v->str = vnm_sflow_text(r);
		return v->str.n > 0;
	case VNM_SFLOW_OCTETS:
	case VNM_SFLOW_ID8:
	case VNM_SFLOW_ID16:
		return read_octets(r, type, v);
	case VNM_SFLOW_IP4:
	case VNM_SFLOW_IP6:
	case VNM_SFLOW_ADDRESS:
		return read_addr(r, type, v);
	case VNM_SFLOW_LIST:
		return read_list(s, r, v);
	default:
		assert(false); /* a type of item without a reader */
		return false;
	}
}

static bool
store_number(void *at, uint8_t type, uint64_t v)
{
	switch (type) {
	case VNM_TYPE_U8:
		*(uint8_t *)at = (uint8_t)v;
		return v <= UINT8_MAX;
	case VNM_TYPE_U16:
		*(uint16_t *)at = (uint16_t)v;
		return v <= UINT16_MAX;
	case VNM_TYPE_U32:
		*(uint32_t *)at = (uint32_t)v;
		return v <= UINT32_MAX;
	case VNM_TYPE_U64:
		*(uint64_t *)at = v;
		return true;
	default:
		return false;
	}
}

/* Puts the value into its field; false where it does not fit or the field is taken. */
static bool
store(struct vnm_record *r, int field, const struct vnm_pair *v)
{
	const struct vnm_field *f = &vnm_kind_info(r->kind_id)->fields[field];
	void *at = (uint8_t *)r + f->offset;
	bool fits = false;

	if (vnm_record_has(r, (unsigned)field))
		return false;
	if (v->type == VNM_PAIR_U64) {
		fits = store_number(at, f->type, v->u64);
	} else if (v->type == VNM_PAIR_STR && f->type == VNM_TYPE_STR) {
		*(struct vnm_str *)at = v->str;
		fits = true;
	} else if (v->type == VNM_PAIR_ADDR && f->type == VNM_TYPE_ADDR) {
		*(struct vnm_addr *)at = v->addr;
		fits = true;
	}
	if (fits)
		vnm_record_mark(r, (unsigned)field);
	return fits;
}

static void
one_item(struct vnm_sflow_sample *s, struct vnm_reader *r, const struct vnm_sflow_item *item)
{
	struct vnm_pair v = {.name = item->name};
	const uint8_t *mac;

	if (item->type == VNM_SFLOW_MAC) {
		mac = vnm_sflow_mac(r);
		if (mac != NULL)
			vnm_sflow_pair_mac(s, item->name, mac);
		return;
	}
	if (!read_item(s, r, item->type, &v) || r->bad)
		return;
	if (item->field < 0 || !store(s->rec, item->field, &v))
		vnm_sflow_pair(s, &v);
}

void
vnm_sflow_items(struct vnm_sflow_sample *s, struct vnm_reader *r, const struct vnm_sflow_item *item)
{
	for (; item->type != VNM_SFLOW_HEAD && vnm_reader_left(r) > 0; item++)
		one_item(s, r, item);
	if (r->bad)
		vnm_out_fault(s->out, VNM_R_sample_malformed);
}

const struct vnm_sflow_format *
vnm_sflow_format_find(const struct vnm_sflow_format *formats, size_t n, uint32_t id)
{
	size_t low = 0;

	while (n > 0) {
		size_t half = n / 2;
		if (formats[low + half].id < id) {
			low += half + 1;
			n -= half + 1;
		} else if (formats[low + half].id > id) {
			n = half;
		} else {
			return &formats[low + half];
		}
	}
	return NULL;
}
