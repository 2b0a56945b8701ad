/*
 * The JSON encoder's round trip: random records, read back by json-c, give the values that
 * were put in, and no more.
 */
#include "unit.h"

#include "output/encoder.h"
#include "random_record.h"

#include <arpa/inet.h>
#include <json-c/json.h>
#include <stdio.h>
#include <stdlib.h>

static bool
same_text(json_object *j, const void *p, size_t n)
{
	return json_object_is_type(j, json_type_string) &&
	       (size_t)json_object_get_string_len(j) == n &&
	       memcmp(json_object_get_string(j), p, n) == 0;
}

static bool
same_hex(json_object *j, struct vnm_slice s)
{
	const char *text = json_object_get_string(j);
	char pair[3];

	if (!json_object_is_type(j, json_type_string) || strlen(text) != 2 * s.n)
		return false;
	for (size_t i = 0; i < s.n; i++) {
		snprintf(pair, sizeof(pair), "%02x", s.p[i]);
		if (memcmp(pair, text + 2 * i, 2) != 0)
			return false;
	}
	return true;
}

static bool
same_address(json_object *j, const uint8_t *b, bool ip6)
{
	uint8_t read[16];

	return json_object_is_type(j, json_type_string) &&
	       inet_pton(ip6 ? AF_INET6 : AF_INET, json_object_get_string(j), read) == 1 &&
	       memcmp(read, b, ip6 ? 16 : 4) == 0;
}

static bool
same_mac(json_object *j, const uint8_t *b)
{
	char text[18];

	snprintf(text, sizeof(text), "%02x:%02x:%02x:%02x:%02x:%02x", b[0], b[1], b[2], b[3], b[4],
	    b[5]);
	return same_text(j, text, 17);
}

static bool
same_u64(json_object *j, uint64_t v)
{
	return json_object_is_type(j, json_type_int) && json_object_get_uint64(j) == v;
}

static bool
same_i64(json_object *j, int64_t v)
{
	return json_object_is_type(j, json_type_int) && json_object_get_int64(j) == v;
}

static bool
same_f64(json_object *j, double v)
{
	return !json_object_is_type(j, json_type_string) && json_object_get_double(j) == v;
}

static bool
same_u32s(json_object *j, const struct vnm_u32s *list)
{
	if (!json_object_is_type(j, json_type_array) || json_object_array_length(j) != list->n)
		return false;
	for (size_t i = 0; i < list->n; i++) {
		if (!same_u64(json_object_array_get_idx(j, i), list->p[i]))
			return false;
	}
	return true;
}

static bool
same_strs(json_object *j, const struct vnm_strs *list)
{
	if (!json_object_is_type(j, json_type_array) || json_object_array_length(j) != list->n)
		return false;
	for (size_t i = 0; i < list->n; i++) {
		if (!same_text(json_object_array_get_idx(j, i), list->p[i].p, list->p[i].n))
			return false;
	}
	return true;
}

static bool
same_ie(json_object *j, const struct vnm_ie *ie)
{
	uint64_t v = 0;

	for (size_t i = 0; i < ie->octets.n && i < 8; i++)
		v = v << 8 | ie->octets.p[i];
	switch (ie->type) {
	case VNM_IE_UNSIGNED:
		return same_u64(j, v);
	case VNM_IE_SIGNED:
		if (ie->octets.n < 8 && ie->octets.p[0] >= 128)
			v -= 1ULL << 8 * ie->octets.n;
		return same_i64(j, (int64_t)v);
	case VNM_IE_MAC:
		return same_mac(j, ie->octets.p);
	case VNM_IE_STRING:
		return same_text(j, ie->octets.p, ie->octets.n);
	case VNM_IE_IP4:
		return same_address(j, ie->octets.p, false);
	case VNM_IE_IP6:
		return same_address(j, ie->octets.p, true);
	case VNM_IE_SECONDS:
		return same_u64(j, v * 1000000000);
	default:
		return same_hex(j, ie->octets);
	}
}

/* The value for ie number i: itself, or its place in the list of those with its key. */
static bool
same_ies(json_object *j, const struct vnm_ies *ies)
{
	size_t keys = 0;

	for (uint32_t i = 0; i < ies->n; i++) {
		size_t before = 0, all = 0;
		char key[32];
		json_object *v;

		for (uint32_t k = 0; k < ies->n; k++) {
			bool same = ies->p[k].pen == ies->p[i].pen && ies->p[k].id == ies->p[i].id;
			all += same;
			before += same && k < i;
		}
		keys += before == 0;
		snprintf(key, sizeof(key), "%u/%u", ies->p[i].pen, ies->p[i].id);
		if (!json_object_object_get_ex(j, key, &v))
			return false;
		if (all > 1 && json_object_array_length(v) != all)
			return false;
		if (!same_ie(all > 1 ? json_object_array_get_idx(v, before) : v, &ies->p[i]))
			return false;
	}
	return (size_t)json_object_object_length(j) == keys;
}

static bool same_pairs(json_object *j, const struct vnm_pairs *pairs);
static bool same_pair(json_object *j, const struct vnm_pair *p);

static bool
same_array(json_object *j, const struct vnm_pair *p)
{
	if (!json_object_is_type(j, json_type_array) || json_object_array_length(j) != p->count)
		return false;
	for (size_t i = 0; i < p->count; i++) {
		if (!same_pair(json_object_array_get_idx(j, i), &p->items[i]))
			return false;
	}
	return true;
}

static bool
same_pair(json_object *j, const struct vnm_pair *p)
{
	switch (p->type) {
	case VNM_PAIR_U64:
		return same_u64(j, p->u64);
	case VNM_PAIR_I64:
		return same_i64(j, p->i64);
	case VNM_PAIR_BOOL:
		return json_object_is_type(j, json_type_boolean) &&
		       json_object_get_boolean(j) == p->flag;
	case VNM_PAIR_F64:
		return same_f64(j, p->f64);
	case VNM_PAIR_STR:
		return same_text(j, p->str.p, p->str.n);
	case VNM_PAIR_ADDR:
		return same_address(j, p->addr.b, p->addr.family == VNM_ADDR_IP6);
	case VNM_PAIR_OBJECT:
		return same_pairs(j, &(struct vnm_pairs){p->items, p->count});
	case VNM_PAIR_ARRAY:
		return same_array(j, p);
	default:
		return same_hex(j, p->bytes);
	}
}

static bool
same_pairs(json_object *j, const struct vnm_pairs *pairs)
{
	json_object *v;

	if (!json_object_is_type(j, json_type_object))
		return false;
	for (uint32_t i = 0; i < pairs->n; i++) {
		if (!json_object_object_get_ex(j, pairs->p[i].name, &v) ||
		    !same_pair(v, &pairs->p[i]))
			return false;
	}
	return (uint32_t)json_object_object_length(j) == pairs->n;
}

static bool
same_value(json_object *j, enum vnm_type type, const void *v)
{
	const struct vnm_addr *a = v;
	const struct vnm_str *s = v;
	struct vnm_pair list = {.type = VNM_PAIR_ARRAY};

	if (type == VNM_TYPE_LIST) {
		list.items = ((const struct vnm_pairs *)v)->p;
		list.count = ((const struct vnm_pairs *)v)->n;
	}
	switch (type) {
	case VNM_TYPE_BOOL:
		return json_object_is_type(j, json_type_boolean) &&
		       json_object_get_boolean(j) == *(const bool *)v;
	case VNM_TYPE_U8:
		return same_u64(j, *(const uint8_t *)v);
	case VNM_TYPE_U16:
		return same_u64(j, *(const uint16_t *)v);
	case VNM_TYPE_U32:
		return same_u64(j, *(const uint32_t *)v);
	case VNM_TYPE_U64:
		return same_u64(j, *(const uint64_t *)v);
	case VNM_TYPE_I64:
		return same_i64(j, *(const int64_t *)v);
	case VNM_TYPE_F64:
		return same_f64(j, *(const double *)v);
	case VNM_TYPE_ADDR:
		return same_address(j, a->b, a->family == VNM_ADDR_IP6);
	case VNM_TYPE_MAC:
		return same_mac(j, v);
	case VNM_TYPE_STR:
		return same_text(j, s->p, s->n);
	case VNM_TYPE_BYTES:
		return same_hex(j, *(const struct vnm_slice *)v);
	case VNM_TYPE_U32S:
		return same_u32s(j, v);
	case VNM_TYPE_STRS:
		return same_strs(j, v);
	case VNM_TYPE_IES:
		return same_ies(j, v);
	case VNM_TYPE_LIST:
		return same_pair(j, &list);
	default:
		return same_pairs(j, v);
	}
}

static bool
same_record(json_object *j, const struct vnm_record *r)
{
	const struct vnm_kind_info *info = vnm_kind_info(r->kind_id);
	int present = 0;
	json_object *v;

	for (unsigned i = 0; i < info->count; i++) {
		const struct vnm_field *f = &info->fields[i];

		if (!vnm_record_has(r, i))
			continue;
		present++;
		if (!json_object_object_get_ex(j, f->name, &v) ||
		    !same_value(v, f->type, (const char *)r + f->offset)) {
			fprintf(stderr, "\n%s.%s differs: %s\n", info->name, f->name,
			    json_object_to_json_string(v));
			return false;
		}
	}
	return json_object_object_length(j) == present;
}

static void
test_round_trip(void)
{
	static struct random_record x = {.state = 20260101};
	json_tokener *tokener = json_tokener_new();
	struct vnm_strings all = {0};
	struct vnm_buffer b = {0};
	struct vnm_selection s;
	unsigned wrong = 0;

	CU_ASSERT_EQUAL(vnm_selection_make(&s, &all, NULL), 0);
	json_tokener_set_flags(tokener, JSON_TOKENER_STRICT | JSON_TOKENER_VALIDATE_UTF8);
	for (int i = 0; i < 3000; i++) {
		struct vnm_frame f;

		random_record(&x);
		b.n = random_below(&x, 4) == 0 ? 0 : b.n; /* behind others and at every cap */
		CU_ASSERT_FATAL(vnm_json_encoder.encode(&s, &x.r, &b, &f));
		json_tokener_reset(tokener);
		json_object *j =
		    json_tokener_parse_ex(tokener, (const char *)b.p + f.body_at, (int)f.body_n);
		wrong += j == NULL || b.p[f.at + f.n - 1] != '\n' || !same_record(j, &x.r);
		json_object_put(j);
		if (b.n > 200000)
			vnm_buffer_free(&b);
	}
	CU_ASSERT_EQUAL(wrong, 0);
	json_tokener_free(tokener);
	vnm_buffer_free(&b);
}

/* Whatever octets a source sends as text, the line is valid JSON in valid UTF-8. */
static void
test_wild_text(void)
{
	static struct random_record x = {.state = 7};
	json_tokener *tokener = json_tokener_new();
	struct vnm_record r = {.kind_id = VNM_KIND_flow};
	struct vnm_strings all = {0};
	struct vnm_buffer b = {0};
	struct vnm_selection s;
	unsigned wrong = 0;

	CU_ASSERT_EQUAL(vnm_selection_make(&s, &all, NULL), 0);
	json_tokener_set_flags(tokener, JSON_TOKENER_STRICT | JSON_TOKENER_VALIDATE_UTF8);
	for (int i = 0; i < 20000; i++) {
		uint8_t wild[24];
		struct vnm_frame f;

		for (size_t k = 0; k < sizeof(wild); k++)
			wild[k] = (uint8_t)(random_below(&x, 3) == 0 ? 'a' : random_below(&x, 256));
		VNM_SET(&r, flow, user_name,
		    (struct vnm_str){(const char *)wild, random_below(&x, 25), false});
		b.n = 0;
		CU_ASSERT_FATAL(vnm_json_encoder.encode(&s, &r, &b, &f));
		json_tokener_reset(tokener);
		json_object *j = json_tokener_parse_ex(tokener, (const char *)b.p, (int)f.body_n);
		wrong += j == NULL;
		json_object_put(j);
	}
	CU_ASSERT_EQUAL(wrong, 0);
	json_tokener_free(tokener);
	vnm_buffer_free(&b);
}

CU_TestInfo suite_json_round[] = {
    {"round trip", test_round_trip},
    {"wild text", test_wild_text},
    CU_TEST_INFO_NULL,
};
