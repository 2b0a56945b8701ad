/*
 * What a record of 25 fields costs in both encodings, beside json-c building and printing the
 * same object in the same run, and beside copying the octets. `encode [SECONDS]`: ns a record,
 * the best of several rounds, as one JSON object.
 */
#include "base/clock.h"
#include "output/encoder.h"

#include <json-c/json.h>
#include <stdio.h>
#include <stdlib.h>

#define RECORDS 2048
#define FIELDS 25
#define ROUNDS 10

/* VNM_SET of a field, and its json-c counterpart. */
#define BENCH_FIELDS(X)                                                   \
	X(env, kind, VNM_STR("flow"), text)                               \
	X(env, observed_ns, 1700000000000000000 + 1000 * i, number)       \
	X(env, decoder, VNM_STR("ipfix"), text)                           \
	X(env, exporter_addr, address(i % 7, false), address)             \
	X(env, sampling_interval, 1000, real)                             \
	X(flow, src_addr, address(i, i % 2 != 0), address)                \
	X(flow, dst_addr, address(i * 7919, i % 2 != 0), address)         \
	X(flow, src_port, (uint16_t)(1024 + i * 31), number)              \
	X(flow, dst_port, i % 3 == 0 ? 443 : 53, number)                  \
	X(flow, protocol, 6, number)                                      \
	X(flow, protocol_name, VNM_STR("tcp"), text)                      \
	X(flow, tcp_flags, 27, number)                                    \
	X(flow, vlan_id, (uint16_t)(i % 4096), number)                    \
	X(flow, octets, (uint64_t)i * 1234567, number)                    \
	X(flow, packets, i * 13, number)                                  \
	X(flow, octets_scaled, (uint64_t)i * 1234567000, number)          \
	X(flow, packets_scaled, i * 13000, number)                        \
	X(flow, flow_start_ns, 1699999999000000000 + 7777777 * i, number) \
	X(flow, flow_end_ns, 1699999999900000000 + 7777777 * i, number)   \
	X(flow, in_if, i % 48, number)                                    \
	X(flow, out_if, i % 47, number)                                   \
	X(flow, src_vnf_id, VNM_STR("vnf-0c7a9d55-firewall"), text)       \
	X(flow, src_cp_id, VNM_STR("cp-east-17"), text)                   \
	X(flow, dst_vnf_id, VNM_STR("vnf-91be4410-router"), text)         \
	X(flow, dst_cp_id, VNM_STR("cp-west-3"), text)

#define COUNT(kind, name, value, sort) +1
_Static_assert(0 BENCH_FIELDS(COUNT) == FIELDS, "a record of 25 fields");
#undef COUNT

static struct vnm_record records[RECORDS];

static struct vnm_addr
address(uint32_t n, bool ip6)
{
	uint8_t b[16] = {0x20, 0x01, 0x0d, 0xb8, [8] = 0x5e, [9] = 0x11};

	for (unsigned i = 0; i < 4; i++)
		b[12 + i] = (uint8_t)(n * 2654435761u >> (24 - 8 * i));
	return ip6 ? vnm_addr_ip6(b) : vnm_addr_ip4(b + 12);
}

static void
make_records(void)
{
	for (uint32_t i = 0; i < RECORDS; i++) {
		struct vnm_record *r = &records[i];

		r->kind_id = VNM_KIND_flow;
#define SET(kind, name, value, sort) VNM_SET(r, kind, name, value);
		BENCH_FIELDS(SET)
#undef SET
	}
}

/* ---- the ways ------------------------------------------------------------------------------ */

static json_object *
json_text(struct vnm_str s)
{
	return json_object_new_string_len(s.p, (int)s.n);
}

static json_object *
json_number(uint64_t v)
{
	return json_object_new_uint64(v);
}

static json_object *
json_real(double v)
{
	return json_object_new_int64((int64_t)v);
}

static json_object *
json_address(struct vnm_addr a)
{
	char text[VNM_ADDR_TEXT];

	return json_object_new_string(vnm_addr_text(&a, text));
}

static size_t
by_json_c(const struct vnm_record *r, struct vnm_buffer *b)
{
	const unsigned how = JSON_C_OBJECT_ADD_KEY_IS_NEW | JSON_C_OBJECT_ADD_CONSTANT_KEY;
	json_object *o = json_object_new_object();
	size_t n;

#define ADD(kind, name, value, sort) \
	json_object_object_add_ex(o, #name, json_##sort(r->kind.name), how);
	BENCH_FIELDS(ADD)
#undef ADD
	const char *text = json_object_to_json_string_length(
	    o, JSON_C_TO_STRING_PLAIN | JSON_C_TO_STRING_NOSLASHESCAPE, &n);
	bool ok = vnm_buffer_append(b, text, n) && vnm_buffer_append(b, "\n", 1);
	json_object_put(o);
	return ok ? n + 1 : 0;
}

static struct vnm_selection all;

static size_t
by_encoder(const struct vnm_encoder *e, const struct vnm_record *r, struct vnm_buffer *b)
{
	struct vnm_frame frame;

	return e->encode(&all, r, b, &frame) ? frame.n : 0;
}

static size_t
by_json(const struct vnm_record *r, struct vnm_buffer *b)
{
	return by_encoder(&vnm_json_encoder, r, b);
}

static size_t
by_protobuf(const struct vnm_record *r, struct vnm_buffer *b)
{
	return by_encoder(&vnm_protobuf_encoder, r, b);
}

struct way {
	const char *name;
	size_t (*encode)(const struct vnm_record *r, struct vnm_buffer *b);
	double ns; /* a record, the best round */
	size_t octets;
};

static struct way ways[] = {
    {.name = "json", .encode = by_json},
    {.name = "protobuf", .encode = by_protobuf},
    {.name = "json_c", .encode = by_json_c},
};

/* One round of a fixed time; all ways take turns, so that a busy machine hurts them alike. */
static void
measure(struct way *w, struct vnm_buffer *b, uint64_t round_ns)
{
	uint64_t start = vnm_clock_mono_ns(), now = start;
	uint64_t n = 0, octets = 0;

	for (; now - start < round_ns; now = vnm_clock_mono_ns()) {
		b->n = 0;
		octets = 0;
		for (uint32_t i = 0; i < RECORDS; i++)
			octets += w->encode(&records[i], b);
		n += RECORDS;
	}
	double ns = (double)(now - start) / (double)n;
	if (w->ns == 0 || ns < w->ns)
		w->ns = ns;
	w->octets = octets / RECORDS;
}

/* The same text from json-c, or the comparison would be worth nothing. */
static bool
same_text(void)
{
	struct vnm_buffer a = {0}, b = {0};
	bool same = true;

	for (uint32_t i = 0; i < RECORDS; i++) {
		a.n = b.n = 0;
		by_json(&records[i], &a);
		by_json_c(&records[i], &b);
		same = same && a.n == b.n && memcmp(a.p, b.p, a.n) == 0;
	}
	vnm_buffer_free(&a);
	vnm_buffer_free(&b);
	return same;
}

int
main(int argc, char **argv)
{
	double seconds = argc > 1 ? strtod(argv[1], NULL) : 3;
	uint64_t round_ns = (uint64_t)(seconds * 1e9 / ROUNDS / VNM_ARRAY_LEN(ways));
	struct vnm_strings none = {0};
	struct vnm_buffer b = {0};

	make_records();
	if (vnm_selection_make(&all, &none, NULL) != 0 || !same_text()) {
		fputs("encode: json-c writes something else\n", stderr);
		return 1;
	}
	for (int round = 0; round < ROUNDS; round++) {
		for (size_t i = 0; i < VNM_ARRAY_LEN(ways); i++)
			measure(&ways[i], &b, round_ns);
	}
	printf("{\"fields\":%d", FIELDS);
	for (size_t i = 0; i < VNM_ARRAY_LEN(ways); i++)
		printf(",\"%s\":{\"ns\":%.0f,\"octets\":%zu}", ways[i].name, ways[i].ns,
		    ways[i].octets);
	puts("}");
	vnm_buffer_free(&b);
	return 0;
}
