/*
 * base/reader.h: nothing is read past the end, and the error sticks.
 */
#include "unit.h"

#include "base/reader.h"

static const uint8_t bytes[] = {1, 2, 3, 4, 5, 6, 7, 8, 9};

static void
test_numbers(void)
{
	struct vnm_reader r = vnm_reader_of(bytes, sizeof(bytes));

	CU_ASSERT_EQUAL(vnm_reader_u8(&r), 1);
	CU_ASSERT_EQUAL(vnm_reader_u16(&r), 0x0203);
	CU_ASSERT_EQUAL(vnm_reader_u32(&r), 0x04050607);
	CU_ASSERT_EQUAL(vnm_reader_left(&r), 2);
	CU_ASSERT_FALSE(r.bad);
	CU_ASSERT_EQUAL(vnm_be_uint(bytes, 3), 0x010203);
	CU_ASSERT_EQUAL(vnm_be_uint(bytes, 5), 0x0102030405);
	CU_ASSERT_EQUAL(vnm_be_uint(bytes, 8), 0x0102030405060708);
	CU_ASSERT_EQUAL(vnm_be_uint(bytes, 0), 0);
}

static void
test_past_the_end(void)
{
	struct vnm_reader r = vnm_reader_of(bytes, 3);

	CU_ASSERT_EQUAL(vnm_reader_u32(&r), 0);
	CU_ASSERT_TRUE(r.bad);
	CU_ASSERT_EQUAL(vnm_reader_left(&r), 0);
	CU_ASSERT_EQUAL(vnm_reader_u8(&r), 0);
	CU_ASSERT_TRUE(r.bad);
}

static void
test_sub(void)
{
	struct vnm_reader r = vnm_reader_of(bytes, sizeof(bytes));
	struct vnm_reader part = vnm_reader_sub(&r, 2);

	CU_ASSERT_EQUAL(vnm_reader_u32(&part), 0);
	CU_ASSERT_TRUE(part.bad);
	CU_ASSERT_FALSE(r.bad);
	CU_ASSERT_EQUAL(vnm_reader_u8(&r), 3);
	part = vnm_reader_sub(&r, SIZE_MAX);
	CU_ASSERT_TRUE(part.bad);
	CU_ASSERT_TRUE(r.bad);
	CU_ASSERT_EQUAL(vnm_reader_left(&part), 0);
}

CU_TestInfo suite_reader[] = {{"numbers", test_numbers}, {"past the end", test_past_the_end},
    {"sub", test_sub}, CU_TEST_INFO_NULL};
