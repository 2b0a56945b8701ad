/*
 * The JSON encoder: what one record looks like, escaping, lists and repeated keys; the
 * expected texts are written by hand from RFC 8259 and the record model.
 */
#include "unit.h"

#include "output/encoder.h"

#include <stdio.h>

static struct vnm_selection
all_fields(void)
{
	struct vnm_selection s;
	struct vnm_strings none = {0};

	CU_ASSERT_EQUAL(vnm_selection_make(&s, &none, NULL), 0);
	return s;
}

static void
expect_with(const struct vnm_selection *s, const struct vnm_record *r, const char *text)
{
	struct vnm_buffer b = {0};
	struct vnm_frame frame;

	CU_ASSERT_FATAL(vnm_json_encoder.encode(s, r, &b, &frame));
	CU_ASSERT_EQUAL(frame.at, 0);
	CU_ASSERT_EQUAL(frame.n, b.n);
	CU_ASSERT_EQUAL(frame.body_n + 1, b.n);
	b.p[b.n - 1] = b.p[b.n - 1] == '\n' ? '\0' : '?';
	if (strcmp((char *)b.p, text) != 0)
		fprintf(stderr, "\ngot  %s\nwant %s\n", (char *)b.p, text);
	CU_ASSERT_STRING_EQUAL((char *)b.p, text);
	vnm_buffer_free(&b);
}

static void
expect(const struct vnm_record *r, const char *text)
{
	struct vnm_selection s = all_fields();

	expect_with(&s, r, text);
}

static void
test_fields(void)
{
	static const uint8_t v4[4] = {192, 0, 2, 1};
	static const uint8_t v6[16] = {0x20, 1, 0x0d, 0xb8, [15] = 1};
	static const uint32_t labels[] = {16, 1048575};
	struct vnm_record r = {.kind_id = VNM_KIND_flow};

	expect(&r, "{}");
	VNM_SET(&r, env, kind, VNM_STR("flow"));
	VNM_SET(&r, env, sampling_interval, 1000);
	VNM_SET(&r, flow, src_addr, vnm_addr_ip4(v4));
	VNM_SET(&r, flow, dst_addr, vnm_addr_ip6(v6));
	VNM_SET(&r, flow, src_port, 65535);
	VNM_SET(&r, flow, protocol, 0);
	VNM_SET(&r, flow, src_mac, (struct vnm_mac){{0, 1, 0xab, 0xcd, 0xef, 0xff}});
	VNM_SET(&r, flow, mpls_labels, (struct vnm_u32s){labels, 2});
	VNM_SET(&r, flow, octets, UINT64_MAX);
	VNM_SET(&r, flow, application_id, (struct vnm_slice){v4, 4});
	expect(&r, "{\"kind\":\"flow\",\"sampling_interval\":1000,\"src_addr\":\"192.0.2.1\","
		   "\"dst_addr\":\"2001:db8::1\",\"src_port\":65535,\"protocol\":0,"
		   "\"src_mac\":\"00:01:ab:cd:ef:ff\",\"mpls_labels\":[16,1048575],"
		   "\"octets\":18446744073709551615,\"application_id\":\"c0000201\"}");
}

static void
test_numbers(void)
{
	struct vnm_record r = {.kind_id = VNM_KIND_interface};
	struct vnm_selection s = all_fields();

	VNM_SET(&r, interface, promiscuous, true);
	VNM_SET(&r, interface, in_octets, 9007199254740993);
	VNM_SET(&r, interface, in_bps, 0.1);
	VNM_SET(&r, interface, out_bps, 1e23);
	VNM_SET(&r, interface, in_utilization, -2.5);
	VNM_SET(&r, interface, out_utilization, 1.0 / 0.0);
	VNM_SET(&r, interface, counter_reset, false);
	expect(&r, "{\"promiscuous\":true,\"in_octets\":9007199254740993,\"in_bps\":0.1,"
		   "\"out_bps\":1e+23,\"in_utilization\":-2.5,\"out_utilization\":null,"
		   "\"counter_reset\":false}");
	s.u64_as_string = true;
	r.has[0] = r.has[1] = 0;
	VNM_SET(&r, interface, if_index, 7);
	VNM_SET(&r, interface, in_octets, 9007199254740993);
	expect_with(&s, &r, "{\"if_index\":7,\"in_octets\":\"9007199254740993\"}");
}

static void
test_text(void)
{
	struct vnm_record r = {.kind_id = VNM_KIND_interface};

	VNM_SET(&r, interface, if_name, vnm_str_of("a\"b\\c\n\t\x01\x7f/"));
	VNM_SET(&r, interface, if_alias, vnm_str_of("\xc3\xa9\xe2\x82\xac\xf0\x9f\x98\x80"));
	expect(&r, "{\"if_name\":\"a\\\"b\\\\c\\n\\t\\u0001\x7f/\","
		   "\"if_alias\":\"\xc3\xa9\xe2\x82\xac\xf0\x9f\x98\x80\"}");
	/* Overlong, surrogate, beyond U+10FFFF, a lone continuation, and a sequence cut short. */
	VNM_SET(&r, interface, if_name, vnm_str_of("\xc0\xaf|\xed\xa0\x80|\xf4\x90\x80\x80|\x80"));
	VNM_SET(&r, interface, if_alias, vnm_str_of("x\xe2\x82"));
	expect(&r, "{\"if_name\":\"\ufffd\ufffd|\ufffd\ufffd\ufffd|\ufffd\ufffd\ufffd\ufffd|"
		   "\ufffd\",\"if_alias\":\"x\ufffd\ufffd\"}");
}

#define OCTETS(...) \
	((struct vnm_slice){(const uint8_t[]){__VA_ARGS__}, sizeof((const uint8_t[]){__VA_ARGS__})})
#define IE(p_, i_, t_, ...)                                                             \
	{                                                                               \
		.pen = p_, .id = i_, .type = VNM_IE_##t_, .octets = OCTETS(__VA_ARGS__) \
	}

static void
expect_ies(const struct vnm_ie *p, uint32_t n, const char *text)
{
	struct vnm_record r = {.kind_id = VNM_KIND_flow};

	VNM_SET(&r, flow, ie, (struct vnm_ies){p, n});
	expect(&r, text);
}

static void
test_ies(void)
{
	const struct vnm_ie ies[] = {
	    IE(0, 1, UNSIGNED, 1, 0),
	    IE(9, 12235, OCTETS, 0xde, 0xad),
	    IE(0, 2, SIGNED, 0xff, 0xfe),
	    IE(0, 1, UNSIGNED, 2),
	    IE(0, 3, FLOAT, 0x3d, 0xcc, 0xcc, 0xcd),
	    IE(0, 4, FLOAT, 0x3f, 0xb9, 0x99, 0x99, 0x99, 0x99, 0x99, 0x9a),
	    IE(0, 5, BOOL, 2),
	    IE(0, 6, MAC, 0, 1, 2, 3, 4, 5),
	    IE(0, 7, STRING, 'a', '"'),
	    IE(0, 8, IP4, 10, 0, 0, 1),
	    IE(0, 10, SECONDS, 0x65, 0x53, 0xf1, 0x00),
	    IE(0, 11, MILLISECONDS, 0, 0, 1, 0x8b, 0xcf, 0xe5, 0x68, 0x01),
	    /* 2023-11-14 22:13:20.5 as an NTP time stamp */
	    IE(0, 12, NANOSECONDS, 0xe8, 0xfe, 0x6f, 0x80, 0x80, 0, 0, 0),
	    IE(0, 13, BOOL, 7),
	    IE(0, 1, UNSIGNED, 3),
	};

	expect_ies(ies, VNM_ARRAY_LEN(ies),
	    "{\"ie\":{\"0/1\":[256,2,3],\"9/12235\":\"dead\",\"0/2\":-2,\"0/3\":0.1,\"0/4\":0.1,"
	    "\"0/5\":false,\"0/6\":\"00:01:02:03:04:05\",\"0/7\":\"a\\\"\",\"0/8\":\"10.0.0.1\","
	    "\"0/10\":1700000000000000000,\"0/11\":1700000000001000000,"
	    "\"0/12\":1700000000500000000,\"0/13\":\"07\"}}");
}

static void
test_lists(void)
{
	const struct vnm_ie inner[] = {
	    {.id = 8, .type = VNM_IE_IP4, .octets = OCTETS(10, 0, 0, 1), .row = 0},
	    {.id = 7, .type = VNM_IE_UNSIGNED, .octets = OCTETS(53), .row = 0},
	    {.id = 8, .type = VNM_IE_IP4, .octets = OCTETS(10, 0, 0, 2), .row = 1},
	};
	const struct vnm_ie lists[] = {
	    {.id = 292, .type = VNM_IE_LIST, .semantic = 3, .list = inner, .count = 3},
	    {.id = 291, .type = VNM_IE_LIST, .semantic = 0xff},
	};

	expect_ies(lists, 2,
	    "{\"ie\":{\"0/292\":{\"semantic\":\"allOf\",\"records\":[{\"0/8\":\"10.0.0.1\","
	    "\"0/7\":53},{\"0/8\":\"10.0.0.2\"}]},"
	    "\"0/291\":{\"semantic\":\"undefined\",\"records\":[]}}}");
}

/* Octets that do not fit their type stay octets. */
static void
test_misfits(void)
{
	const struct vnm_ie ies[] = {
	    IE(0, 1, IP4, 1, 2, 3),
	    IE(0, 2, UNSIGNED, 1, 2, 3, 4, 5, 6, 7, 8, 9),
	    IE(0, 3, FLOAT, 1, 2),
	    IE(0, 4, FLOAT, 0x7f, 0xc0, 0, 0), /* not a number */
	    /* 2023-11-14 22:13:20 and half a microsecond of noise below what the type holds */
	    IE(0, 5, MICROSECONDS, 0xe8, 0xfe, 0x6f, 0x80, 0x80, 0, 0x07, 0xff),
	    IE(0, 6, NANOSECONDS, 0, 0, 0, 1, 0, 0, 0, 0),    /* 2036-02-07 06:28:17, era 1 */
	    IE(0, 7, NANOSECONDS, 0x83, 0, 0, 0, 0, 0, 0, 0), /* before 1970 */
	    IE(0, 8, MILLISECONDS, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff),
	};

	expect_ies(ies, VNM_ARRAY_LEN(ies),
	    "{\"ie\":{\"0/1\":\"010203\",\"0/2\":\"010203040506070809\",\"0/3\":\"0102\","
	    "\"0/4\":\"7fc00000\",\"0/5\":1700000000500000000,\"0/6\":2085978497000000000,"
	    "\"0/7\":\"8300000000000000\",\"0/8\":\"ffffffffffffffff\"}}");
}

/* Lists within lists end in octets, not in a recursion as deep as somebody likes. */
static void
test_deep_lists(void)
{
	static const uint8_t octets[] = {0xab};
	struct vnm_ie lists[40];
	char text[4096] = "{\"ie\":";

	for (size_t i = 0; i < VNM_ARRAY_LEN(lists); i++)
		lists[i] = (struct vnm_ie){.id = 292,
		    .type = VNM_IE_LIST,
		    .semantic = 9,
		    .octets = {octets, 1},
		    .list = i + 1 < VNM_ARRAY_LEN(lists) ? &lists[i + 1] : NULL,
		    .count = i + 1 < VNM_ARRAY_LEN(lists)};
	for (int i = 0; i < 16; i++)
		strcat(text, "{\"0/292\":{\"semantic\":9,\"records\":[");
	strcat(text, "{\"0/292\":\"ab\"}");
	for (int i = 0; i < 16; i++)
		strcat(text, "]}}");
	strcat(text, "}");
	expect_ies(lists, 1, text);
}

static void
test_pairs(void)
{
	static const struct vnm_pair pairs[] = {
	    {.name = "depth", .type = VNM_PAIR_U64, .u64 = 3},
	    {.name = "load", .type = VNM_PAIR_F64, .f64 = 0.25},
	    {.name = "depth", .type = VNM_PAIR_U64, .u64 = 4},
	    {.name = "host", .type = VNM_PAIR_STR, .str = {"a\tb", 3, false}},
	    {.name = "low", .type = VNM_PAIR_I64, .i64 = -7},
	    {.name = "on", .type = VNM_PAIR_BOOL, .flag = true},
	};
	struct vnm_record r = {.kind_id = VNM_KIND_flow};

	VNM_SET(&r, flow, extra, (struct vnm_pairs){pairs, VNM_ARRAY_LEN(pairs)});
	expect(&r, "{\"extra\":{\"depth\":[3,4],\"load\":0.25,\"host\":\"a\\tb\",\"low\":-7,"
		   "\"on\":true}}");
}

static void
test_nested_pairs(void)
{
	static const struct vnm_pair hop[] = {
	    {.name = "weight", .type = VNM_PAIR_U64, .u64 = 1},
	    {.name = "sid", .type = VNM_PAIR_STR, .str = {"a\"b", 3, false}},
	    {.name = "weight", .type = VNM_PAIR_U64, .u64 = 2},
	};
	static const struct vnm_pair list[] = {
	    {.type = VNM_PAIR_OBJECT, .items = hop, .count = VNM_ARRAY_LEN(hop)},
	    {.type = VNM_PAIR_U64, .u64 = 7},
	    {.type = VNM_PAIR_ARRAY},
	    {.type = VNM_PAIR_OBJECT},
	};
	static const struct vnm_pair pairs[] = {
	    {.name = "list", .type = VNM_PAIR_ARRAY, .items = list, .count = VNM_ARRAY_LEN(list)},
	    {.name = "last", .type = VNM_PAIR_OBJECT, .items = hop, .count = 1},
	};
	struct vnm_record r = {.kind_id = VNM_KIND_route};

	VNM_SET(&r, route, nlri, (struct vnm_pairs){pairs, VNM_ARRAY_LEN(pairs)});
	expect(&r, "{\"nlri\":{\"list\":[{\"weight\":[1,2],\"sid\":\"a\\\"b\"},7,[],{}],"
		   "\"last\":{\"weight\":1}}}");
}

/* As deep as pairs may be, behind other records and at the end of the memory they have. */
static void
test_deepest_pairs(void)
{
	struct vnm_pair deep[VNM_PAIR_DEPTH + 1] = {{.name = "a", .type = VNM_PAIR_U64, .u64 = 1}};
	struct vnm_record r = {.kind_id = VNM_KIND_linkstate};
	char text[1024] = "{\"attributes\":{";

	for (size_t i = 1; i < VNM_ARRAY_LEN(deep); i++) {
		deep[i] = (struct vnm_pair){
		    .name = "a", .type = VNM_PAIR_OBJECT, .items = &deep[i - 1], .count = 1};
		strcat(text, "\"a\":{");
	}
	strcat(text, "\"a\":1}");
	for (size_t i = 1; i < VNM_ARRAY_LEN(deep); i++)
		strcat(text, "}");
	strcat(text, "}");
	VNM_SET(&r, linkstate, attributes, (struct vnm_pairs){&deep[VNM_PAIR_DEPTH], 1});
	expect(&r, text);
}

static void
test_texts(void)
{
	static const struct vnm_str texts[] = {{"65000:1", 7, true}, {"a\n", 2, false}};
	struct vnm_record r = {.kind_id = VNM_KIND_route};

	VNM_SET(&r, route, communities, (struct vnm_strs){texts, 2});
	VNM_SET(&r, route, cluster_list, (struct vnm_strs){texts, 1});
	VNM_SET(&r, route, inferred, (struct vnm_strs){NULL, 0});
	expect(&r, "{\"communities\":[\"65000:1\",\"a\\n\"],\"cluster_list\":[\"65000:1\"],"
		   "\"inferred\":[]}");
}

/* More repeated elements than the encoder compares one by one. */
static void
test_many_ies(void)
{
	enum { IDS = 40, TIMES = 3 };
	static const uint8_t octet[1] = {9};
	struct vnm_ie ies[IDS * TIMES];
	char text[4096] = "{\"ie\":{";

	for (uint16_t i = 0; i < VNM_ARRAY_LEN(ies); i++)
		ies[i] =
		    (struct vnm_ie){.id = i % IDS, .type = VNM_IE_UNSIGNED, .octets = {octet, 1}};
	for (int i = 0; i < IDS; i++)
		snprintf(text + strlen(text), 64, "%s\"0/%d\":[9,9,9]", i > 0 ? "," : "", i);
	strcat(text, "}}");
	expect_ies(ies, VNM_ARRAY_LEN(ies), text);
}

static void
test_selection(void)
{
	char names[2][16] = {"if_index", "octets"};
	char *list[] = {names[0], names[1]};
	struct vnm_strings fields = {list, 2};
	struct vnm_record r = {.kind_id = VNM_KIND_flow};
	struct vnm_selection s;
	struct vnm_err err;

	CU_ASSERT_EQUAL(vnm_selection_make(&s, &fields, &err), 0);
	VNM_SET(&r, flow, octets, 5);
	VNM_SET(&r, flow, packets, 6);
	expect_with(&s, &r, "{\"octets\":5}");
	memcpy(names[1], "octetz", 7);
	CU_ASSERT_EQUAL(vnm_selection_make(&s, &fields, &err), -1);
	CU_ASSERT_PTR_NOT_NULL(strstr(err.text, "octetz"));
	CU_ASSERT_PTR_NOT_NULL(strstr(err.text, "octets"));
}

CU_TestInfo suite_json[] = {
    {"fields", test_fields},
    {"numbers", test_numbers},
    {"text", test_text},
    {"ies", test_ies},
    {"lists", test_lists},
    {"misfits", test_misfits},
    {"deep lists", test_deep_lists},
    {"pairs", test_pairs},
    {"nested pairs", test_nested_pairs},
    {"deepest pairs", test_deepest_pairs},
    {"texts", test_texts},
    {"many ies", test_many_ies},
    {"selection", test_selection},
    CU_TEST_INFO_NULL,
};
