/*
 * Object identifiers: order as in RFC 3416 section 4.2.2, text there and back.
 */
#include "unit.h"

#include "base/oid.h"

#include <string.h>

static const uint32_t interfaces[] = {1, 3, 6, 1, 2, 1, 2};
static const uint32_t if_descr[] = {1, 3, 6, 1, 2, 1, 2, 2, 1, 2};
static const uint32_t ip[] = {1, 3, 6, 1, 2, 1, 4};

static void
test_order(void)
{
	CU_ASSERT_TRUE(vnm_oid_compare(VNM_OID(interfaces), VNM_OID(if_descr)) < 0);
	CU_ASSERT_TRUE(vnm_oid_compare(VNM_OID(if_descr), VNM_OID(ip)) < 0);
	CU_ASSERT_TRUE(vnm_oid_compare(VNM_OID(ip), VNM_OID(interfaces)) > 0);
	CU_ASSERT_TRUE(vnm_oid_compare(VNM_OID(ip), VNM_OID(ip)) == 0);
	CU_ASSERT_TRUE(vnm_oid_compare((struct vnm_oid){NULL, 0}, VNM_OID(ip)) < 0);
}

static void
test_below(void)
{
	CU_ASSERT_TRUE(vnm_oid_below(VNM_OID(if_descr), VNM_OID(interfaces)));
	CU_ASSERT_TRUE(vnm_oid_below(VNM_OID(ip), VNM_OID(ip)));
	CU_ASSERT_TRUE(vnm_oid_below(VNM_OID(ip), (struct vnm_oid){NULL, 0}));
	CU_ASSERT_FALSE(vnm_oid_below(VNM_OID(interfaces), VNM_OID(if_descr)));
	CU_ASSERT_FALSE(vnm_oid_below(VNM_OID(if_descr), VNM_OID(ip)));
	CU_ASSERT_EQUAL(vnm_oid_rest(VNM_OID(if_descr), 7).n, 3);
	CU_ASSERT_EQUAL(vnm_oid_rest(VNM_OID(if_descr), 7).v[2], 2);
	CU_ASSERT_EQUAL(vnm_oid_rest(VNM_OID(ip), 7).n, 0);
}

static void
test_text(void)
{
	static uint32_t longest[VNM_OID_MAX];
	uint32_t v[VNM_OID_MAX];
	char text[VNM_OID_TEXT];

	vnm_oid_text(text, VNM_OID(if_descr));
	CU_ASSERT_STRING_EQUAL(text, "1.3.6.1.2.1.2.2.1.2");
	CU_ASSERT_EQUAL(vnm_oid_parse(text, strlen(text), v), VNM_ARRAY_LEN(if_descr));
	CU_ASSERT_TRUE(vnm_oid_equal((struct vnm_oid){v, 10}, VNM_OID(if_descr)));
	memset(longest, 0xff, sizeof(longest));
	CU_ASSERT_TRUE(vnm_oid_text(text, VNM_OID(longest)) < text + sizeof(text));
	CU_ASSERT_EQUAL(vnm_oid_parse(text, strlen(text), v), VNM_OID_MAX);
	vnm_oid_text(text, (struct vnm_oid){NULL, 0});
	CU_ASSERT_STRING_EQUAL(text, "");
}

static void
test_no_oid(void)
{
	static const char *const wrong[] = {
	    "", ".", "1.", "1..3", "1.3a", "a", "1.4294967296", "-1", " 1"};
	uint32_t v[VNM_OID_MAX];

	for (size_t i = 0; i < VNM_ARRAY_LEN(wrong); i++)
		CU_ASSERT_EQUAL(vnm_oid_parse(wrong[i], strlen(wrong[i]), v), 0);
	CU_ASSERT_EQUAL(vnm_oid_parse(".1.3", 4, v), 2);
	CU_ASSERT_EQUAL(vnm_oid_parse("1.4294967295", 12, v), 2);
}

CU_TestInfo suite_oid[] = {
    {"order", test_order},
    {"below", test_below},
    {"text", test_text},
    {"no oid", test_no_oid},
    CU_TEST_INFO_NULL,
};
