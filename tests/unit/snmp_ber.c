/*
 * BER and PDUs: the encodings that X.690 and RFC 3417 give, what agents send though they should
 * not, and what is no encoding at all.
 */
#include "unit.h"

#include "snmp/pdu.h"

#include <string.h>

struct number {
	const char *octets; /* with its length in front */
	int64_t value;
	unsigned odd;
	bool readable;
};

static struct vnm_slice
counted(const char *text)
{
	return (struct vnm_slice){(const uint8_t *)text + 1, (uint8_t)text[0]};
}

static void
test_signed(void)
{
	static const struct number numbers[] = {
	    {"\x01\x00", 0, 0, true},
	    {"\x01\x7f", 127, 0, true},
	    {"\x02\x00\x80", 128, 0, true},
	    {"\x01\x80", -128, 0, true},
	    {"\x02\xff\x7f", -129, 0, true},
	    {"\x04\x80\x00\x00\x00", INT32_MIN, 0, true},
	    {"\x03\x00\x00\x05", 5, VNM_BER_ODD_PADDING, true},
	    {"\x02\xff\xd6", -42, VNM_BER_ODD_PADDING, true},
	    {"\x08\x80\x00\x00\x00\x00\x00\x00\x00", INT64_MIN, 0, true},
	    {"\x09\x00\x80\x00\x00\x00\x00\x00\x00\x00", 0, 0, false},
	    {"\x0a\x00\x00\x00\x00\x00\x00\x00\x00\x01\x00", 256, VNM_BER_ODD_PADDING, true},
	    {"\x00", 0, 0, false},
	};

	for (size_t i = 0; i < VNM_ARRAY_LEN(numbers); i++) {
		unsigned odd = 0;
		int64_t v = 0;

		CU_ASSERT_EQUAL(
		    vnm_ber_signed(counted(numbers[i].octets), &v, &odd), numbers[i].readable);
		if (!numbers[i].readable)
			continue;
		CU_ASSERT_EQUAL(v, numbers[i].value);
		CU_ASSERT_EQUAL(odd, numbers[i].odd);
	}
}

/* RFC 2578 section 7.1.6: 32 bits unsigned; agents send them as signed ones, or in 64 bits. */
static void
test_unsigned(void)
{
	unsigned odd = 0;
	uint64_t v;

	CU_ASSERT_TRUE(vnm_ber_unsigned(counted("\x05\x00\xff\xff\xff\xff"), 32, &v, &odd));
	CU_ASSERT_TRUE(v == UINT32_MAX && odd == 0);
	CU_ASSERT_TRUE(vnm_ber_unsigned(counted("\x04\xff\xff\xff\xfe"), 32, &v, &odd));
	CU_ASSERT_EQUAL(v, 4294967294);
	CU_ASSERT_TRUE((odd & VNM_BER_ODD_SIGN) != 0);
	odd = 0;
	CU_ASSERT_TRUE(vnm_ber_unsigned(counted("\x01\x80"), 32, &v, &odd));
	CU_ASSERT_EQUAL(v, 4294967168);
	odd = 0;
	CU_ASSERT_TRUE(
	    vnm_ber_unsigned(counted("\x09\x00\xff\xff\xff\xff\xff\xff\xff\xff"), 64, &v, &odd));
	CU_ASSERT_TRUE(v == UINT64_MAX && odd == 0);
	CU_ASSERT_TRUE(
	    vnm_ber_unsigned(counted("\x08\xff\xff\xff\xff\xff\xff\xff\xff"), 64, &v, &odd));
	CU_ASSERT_TRUE(v == UINT64_MAX && (odd & VNM_BER_ODD_SIGN) != 0);
	odd = 0;
	CU_ASSERT_TRUE(vnm_ber_unsigned(counted("\x05\x01\x00\x00\x00\x00"), 32, &v, &odd));
	CU_ASSERT_TRUE(v == 1ULL << 32 && odd == VNM_BER_ODD_WIDTH);
	CU_ASSERT_FALSE(
	    vnm_ber_unsigned(counted("\x09\x01\xff\xff\xff\xff\xff\xff\xff\xff"), 64, &v, &odd));
	CU_ASSERT_FALSE(vnm_ber_unsigned(counted("\x00"), 32, &v, &odd));
}

static uint32_t
oid_text(const char *octets, char *text, unsigned *odd)
{
	uint32_t v[VNM_OID_MAX];
	uint32_t n = vnm_ber_oid(counted(octets), v, odd);

	vnm_oid_text(text, (struct vnm_oid){v, n});
	return n;
}

/* X.690 section 8.19, with its own example 2.100.3. */
static void
test_oids(void)
{
	char text[VNM_OID_TEXT];
	unsigned odd = 0;

	CU_ASSERT_EQUAL(oid_text("\x03\x81\x34\x03", text, &odd), 3);
	CU_ASSERT_STRING_EQUAL(text, "2.100.3");
	oid_text("\x08\x2b\x06\x01\x04\x01\x8f\x65\x0a", text, &odd);
	CU_ASSERT_STRING_EQUAL(text, "1.3.6.1.4.1.2021.10");
	oid_text("\x06\x2b\x8f\xff\xff\xff\x7f", text, &odd);
	CU_ASSERT_STRING_EQUAL(text, "1.3.4294967295");
	oid_text("\x05\x90\x80\x80\x80\x4f", text, &odd);
	CU_ASSERT_STRING_EQUAL(text, "2.4294967295");
	CU_ASSERT_EQUAL(odd, 0);
	oid_text("\x03\x2b\x80\x06", text, &odd);
	CU_ASSERT_STRING_EQUAL(text, "1.3.6");
	CU_ASSERT_EQUAL(odd, VNM_BER_ODD_PADDING);
	odd = 0;
	CU_ASSERT_EQUAL(oid_text("\x00", text, &odd), 2); /* zeroDotZero of some agents */
	CU_ASSERT_STRING_EQUAL(text, "0.0");
	CU_ASSERT_EQUAL(odd, VNM_BER_ODD_WIDTH);
	CU_ASSERT_EQUAL(oid_text("\x06\x2b\x90\x80\x80\x80\x00", text, &odd), 0); /* 2^32 */
	CU_ASSERT_EQUAL(oid_text("\x03\x2b\x06\x81", text, &odd), 0);		  /* ends within */
}

static void
test_longest_oid(void)
{
	uint8_t octets[VNM_OID_MAX] = {0x2b};
	uint32_t v[VNM_OID_MAX];
	unsigned odd = 0;

	memset(octets + 1, 1, sizeof(octets) - 1);
	CU_ASSERT_EQUAL(vnm_ber_oid((struct vnm_slice){octets, 127}, v, &odd), VNM_OID_MAX);
	CU_ASSERT_EQUAL(vnm_ber_oid((struct vnm_slice){octets, 128}, v, &odd), 0);
}

static bool
next(const char *octets, unsigned *odd, size_t *length)
{
	struct vnm_slice s = counted(octets);
	struct vnm_reader r = vnm_reader_of(s.p, s.n), contents;
	uint8_t tag;
	bool there = vnm_ber_next(&r, &tag, &contents, odd);

	*length = vnm_reader_left(&contents);
	return there;
}

static void
test_lengths(void)
{
	unsigned odd = 0;
	size_t n;

	CU_ASSERT_TRUE(next("\x03\x04\x01x", &odd, &n));
	CU_ASSERT_TRUE(n == 1 && odd == 0);
	CU_ASSERT_TRUE(next("\x06\x04\x83\x00\x00\x01x", &odd, &n));
	CU_ASSERT_TRUE(n == 1 && odd == VNM_BER_ODD_LENGTH);
	odd = 0;
	CU_ASSERT_TRUE(next("\x09\x04\x86\x00\x00\x00\x00\x00\x01x", &odd, &n));
	CU_ASSERT_TRUE(n == 1 && odd == VNM_BER_ODD_LENGTH);
	CU_ASSERT_FALSE(next("\x03\x04\x02x", &odd, &n));     /* longer than there is */
	CU_ASSERT_FALSE(next("\x04\x04\x80x\x00", &odd, &n)); /* indefinite */
	CU_ASSERT_FALSE(next("\x03\x04\xffx", &odd, &n));     /* reserved */
	CU_ASSERT_FALSE(next("\x04\x1f\x81\x01x", &odd, &n)); /* a tag of two octets */
	CU_ASSERT_FALSE(next("\x07\x04\x85\x01\x00\x00\x00\x01x", &odd, &n));
	CU_ASSERT_FALSE(next("\x01\x04", &odd, &n));
	CU_ASSERT_FALSE(next("\x00", &odd, &n));
}

static void
test_frame(void)
{
	static const uint8_t message[] = {0x30, 0x82, 0x01, 0x02, 0x02};

	CU_ASSERT_EQUAL(vnm_ber_frame(message, 0, 0x30), 0);
	CU_ASSERT_EQUAL(vnm_ber_frame(message, 1, 0x30), 0);
	CU_ASSERT_EQUAL(vnm_ber_frame(message, 3, 0x30), 0);
	CU_ASSERT_EQUAL(vnm_ber_frame(message, 4, 0x30), 4 + 0x102);
	CU_ASSERT_EQUAL(vnm_ber_frame(message, 5, 0x30), 4 + 0x102);
	CU_ASSERT_EQUAL(vnm_ber_frame((const uint8_t *)"\x30\x05", 2, 0x30), 7);
	CU_ASSERT_EQUAL(vnm_ber_frame((const uint8_t *)"\x31", 1, 0x30), VNM_BER_FRAME_BAD);
	CU_ASSERT_EQUAL(vnm_ber_frame((const uint8_t *)"\x30\x80", 2, 0x30), VNM_BER_FRAME_BAD);
	CU_ASSERT_EQUAL(vnm_ber_frame((const uint8_t *)"\x30\x85\x01\x00\x00\x00\x00", 7, 0x30),
	    VNM_BER_FRAME_BAD);
}

/* ---- writing --------------------------------------------------------------------------------- */

static void
written(const struct vnm_ber_writer *w, const char *expected)
{
	struct vnm_slice e = counted(expected), s = vnm_ber_result(w);

	CU_ASSERT_FALSE(w->full);
	CU_ASSERT_EQUAL(s.n, e.n);
	CU_ASSERT_TRUE(s.n == e.n && memcmp(s.p, e.p, e.n) == 0);
}

static void
test_writing(void)
{
	static const uint32_t enterprise[] = {1, 3, 6, 1, 4, 1, 2021, 10};
	static const uint32_t example[] = {2, 100, 3};
	static const uint8_t octets[200];
	uint8_t room[300];
	struct vnm_ber_writer w;

#define FRESH() (w = vnm_ber_writer_of(room, sizeof(room)))
	FRESH();
	vnm_ber_put_signed(&w, VNM_BER_INTEGER, -129);
	written(&w, "\x04\x02\x02\xff\x7f");
	FRESH();
	vnm_ber_put_signed(&w, VNM_BER_INTEGER, 128);
	written(&w, "\x04\x02\x02\x00\x80");
	FRESH();
	vnm_ber_put_unsigned(&w, VNM_BER_COUNTER64, UINT64_MAX);
	written(&w, "\x0b\x46\x09\x00\xff\xff\xff\xff\xff\xff\xff\xff");
	FRESH();
	vnm_ber_put_unsigned(&w, VNM_BER_GAUGE32, 0);
	written(&w, "\x03\x42\x01\x00");
	FRESH();
	vnm_ber_put_oid(&w, VNM_OID(enterprise));
	written(&w, "\x0a\x06\x08\x2b\x06\x01\x04\x01\x8f\x65\x0a");
	FRESH();
	vnm_ber_put_oid(&w, VNM_OID(example));
	written(&w, "\x05\x06\x03\x81\x34\x03");
	FRESH();
	vnm_ber_put_empty(&w, VNM_BER_END_OF_MIB_VIEW);
	written(&w, "\x02\x82\x00");
	FRESH();
	vnm_ber_put_octets(&w, VNM_BER_OCTETS, (struct vnm_slice){octets, 200});
	CU_ASSERT_TRUE(memcmp(w.p, "\x04\x81\xc8", 3) == 0);
	vnm_ber_put_octets(&w, VNM_BER_OCTETS, (struct vnm_slice){octets, 98});
	CU_ASSERT_TRUE(w.full);
	vnm_ber_put_empty(&w, VNM_BER_NULL);
	CU_ASSERT_TRUE(w.full);
#undef FRESH
}

/* What is read back of every type is what was written. */
static void
test_varbinds(void)
{
	static const uint32_t name[] = {1, 3, 6, 1, 2, 1, 1, 3, 0};
	const struct vnm_varbind all[] = {
	    {.name = VNM_OID(name), .type = VNM_BER_INTEGER, .i64 = -42},
	    {.name = VNM_OID(name), .type = VNM_BER_TIMETICKS, .u64 = UINT32_MAX},
	    {.name = VNM_OID(name), .type = VNM_BER_COUNTER64, .u64 = UINT64_MAX},
	    {.name = VNM_OID(name), .type = VNM_BER_OID, .oid = VNM_OID(name)},
	    {.name = VNM_OID(name), .type = VNM_BER_OCTETS, .octets = {(const uint8_t *)"a\0b", 3}},
	    {.name = VNM_OID(name),
		.type = VNM_BER_IPADDRESS,
		.octets = {(const uint8_t *)"\xc0\x00\x02\x07", 4}},
	    {.name = VNM_OID(name), .type = VNM_BER_FLOAT, .f64 = 3.5},
	    {.name = VNM_OID(name), .type = VNM_BER_DOUBLE, .f64 = -1e300},
	    {.name = VNM_OID(name), .type = VNM_BER_INTEGER64, .i64 = INT64_MIN},
	    {.name = VNM_OID(name), .type = VNM_BER_UNSIGNED64, .u64 = UINT64_MAX},
	    {.name = VNM_OID(name), .type = VNM_BER_NO_SUCH_INSTANCE},
	};
	struct vnm_varbind v[VNM_ARRAY_LEN(all)];
	static uint32_t ids[VNM_ARRAY_LEN(all) * VNM_VARBIND_IDS];
	struct vnm_varbind_room into = {v, 0, VNM_ARRAY_LEN(all), ids, 0, VNM_ARRAY_LEN(ids)};
	uint8_t room[512];
	struct vnm_ber_writer w = vnm_ber_writer_of(room, sizeof(room));
	unsigned odd = 0;

	for (size_t i = VNM_ARRAY_LEN(all); i > 0; i--)
		vnm_varbind_put(&w, &all[i - 1]);
	struct vnm_reader r = vnm_reader_of(w.p, vnm_ber_written(&w));
	CU_ASSERT_EQUAL(vnm_varbinds_read(&r, &into, &odd), VNM_ARRAY_LEN(all));
	CU_ASSERT_TRUE(odd == 0 && !r.bad && vnm_reader_left(&r) == 0);
	for (size_t i = 0; i < VNM_ARRAY_LEN(all); i++) {
		CU_ASSERT_TRUE(vnm_oid_equal(v[i].name, VNM_OID(name)));
		CU_ASSERT_EQUAL(v[i].type, all[i].type);
	}
	CU_ASSERT_EQUAL(v[0].i64, -42);
	CU_ASSERT_EQUAL(v[1].u64, UINT32_MAX);
	CU_ASSERT_EQUAL(v[2].u64, UINT64_MAX);
	CU_ASSERT_TRUE(vnm_oid_equal(v[3].oid, VNM_OID(name)));
	CU_ASSERT_TRUE(v[4].octets.n == 3 && memcmp(v[4].octets.p, "a\0b", 3) == 0);
	CU_ASSERT_EQUAL(v[6].f64, 3.5);
	CU_ASSERT_EQUAL(v[7].f64, -1e300);
	CU_ASSERT_EQUAL(v[8].i64, INT64_MIN);
	CU_ASSERT_EQUAL(v[9].u64, UINT64_MAX);
	CU_ASSERT_FALSE(vnm_varbind_has_value(&v[10]));
}

/* Types of net-snmp's that stand outside an Opaque are none: their octets are kept as octets. */
static void
test_stray_types(void)
{
	static const uint8_t types[] = {0x76, 0x78, 0x79, 0x7a, 0x7b, 0xa0};
	uint8_t octets[] = {0x30, 0x09, 0x06, 0x02, 0x2b, 0x06, 0, 0x03, 'a', 'b', 'c'};
	uint32_t ids[VNM_VARBIND_IDS];

	for (size_t i = 0; i < sizeof(types); i++) {
		struct vnm_reader r = vnm_reader_of(octets, sizeof(octets));
		struct vnm_varbind v;
		unsigned odd = 0;

		octets[6] = types[i];
		CU_ASSERT_TRUE_FATAL(vnm_varbind_next(&r, &v, ids, &odd));
		CU_ASSERT_EQUAL(odd, VNM_BER_ODD_TYPE);
		CU_ASSERT_EQUAL(vnm_varbind_form(&v), VNM_VARBIND_OCTETS);
		CU_ASSERT_TRUE(v.octets.n == 3 && v.octets.p == octets + 8);
	}
}

/* RFC 1157's shape of a trap and RFC 3416's of a request, by hand. */
static void
test_messages(void)
{
	static const uint8_t get[] = {0x30, 0x26, 0x02, 0x01, 0x01, 0x04, 0x06, 'p', 'u', 'b', 'l',
	    'i', 'c', 0xa0, 0x19, 0x02, 0x01, 0x09, 0x02, 0x01, 0x00, 0x02, 0x01, 0x00, 0x30, 0x0e,
	    0x30, 0x0c, 0x06, 0x08, 0x2b, 0x06, 0x01, 0x02, 0x01, 0x01, 0x03, 0x00, 0x05, 0x00};
	static const uint32_t up_time[] = {1, 3, 6, 1, 2, 1, 1, 3, 0};
	const struct vnm_varbind vb = {.name = VNM_OID(up_time), .type = VNM_BER_NULL};
	struct vnm_pdu pdu = {.type = VNM_PDU_GET, .request_id = 9};
	uint8_t room[128];
	struct vnm_ber_writer w = vnm_ber_writer_of(room, sizeof(room));
	struct vnm_snmp_message m;

	vnm_pdu_put(&w, &pdu, &vb, 1, NULL);
	vnm_snmp_wrap(&w, VNM_SNMP_V2C, (struct vnm_slice){(const uint8_t *)"public", 6});
	CU_ASSERT_EQUAL(vnm_ber_written(&w), sizeof(get));
	CU_ASSERT_TRUE(memcmp(w.p, get, sizeof(get)) == 0);
	CU_ASSERT_TRUE(vnm_snmp_probe(get, sizeof(get)));
	CU_ASSERT_EQUAL(vnm_snmp_read(get, sizeof(get), &m), VNM_OK);
	CU_ASSERT_EQUAL(m.version, VNM_SNMP_V2C);
	CU_ASSERT_EQUAL(m.community.n, 6);
	CU_ASSERT_EQUAL(vnm_pdu_read(&m.pdu, &pdu, &m.odd), VNM_OK);
	CU_ASSERT_EQUAL(pdu.request_id, 9);
	CU_ASSERT_EQUAL(m.odd, 0);
	for (size_t n = 0; n < sizeof(get); n++) {
		struct vnm_snmp_message cut;

		CU_ASSERT_NOT_EQUAL(vnm_snmp_read(get, n, &cut), VNM_OK);
	}
}

CU_TestInfo suite_snmp_ber[] = {
    {"signed numbers", test_signed},
    {"unsigned numbers", test_unsigned},
    {"object identifiers", test_oids},
    {"the longest identifier", test_longest_oid},
    {"lengths", test_lengths},
    {"frame", test_frame},
    {"writing", test_writing},
    {"varbinds", test_varbinds},
    {"stray types", test_stray_types},
    {"messages", test_messages},
    CU_TEST_INFO_NULL,
};
