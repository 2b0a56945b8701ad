/*
 * base/engine_id.c and base/hex.c: octets as people write them, and the address in an SNMP
 * engine's id (RFC 3411 section 5).
 */
#include "unit.h"

#include "base/engine_id.h"
#include "base/hex.h"

#include <string.h>

static void
test_hex(void)
{
	static const struct {
		const char *text;
		size_t n;
		uint8_t octets[4];
	} rows[] = {{"00ff", 2, {0x00, 0xff}}, {"0x00Ff", 2, {0x00, 0xff}},
	    {"0XaB:cD", 2, {0xab, 0xcd}}, {"de:ad:be:ef", 4, {0xde, 0xad, 0xbe, 0xef}},
	    {"dead:beef", 4, {0xde, 0xad, 0xbe, 0xef}}, {"", 0, {0}}, {"0x", 0, {0}},
	    {":00", 0, {0}}, {"00:", 0, {0}}, {"00::11", 0, {0}}, {"000", 0, {0}}, {"0g", 0, {0}},
	    {"@A", 0, {0}}, {"0\xc1", 0, {0}}, {"00 11", 0, {0}}, {"0011223344", 0, {0}}};
	uint8_t out[4];

	for (size_t i = 0; i < VNM_ARRAY_LEN(rows); i++) {
		size_t n = vnm_hex_read(rows[i].text, strlen(rows[i].text), out, sizeof(out));

		CU_ASSERT_EQUAL(n, rows[i].n);
		if (n == rows[i].n && n > 0)
			CU_ASSERT_EQUAL(memcmp(out, rows[i].octets, n), 0);
	}
	/* A NUL is no end. */
	CU_ASSERT_EQUAL(vnm_hex_read("0011\0", 5, out, sizeof(out)), 0);
	CU_ASSERT_EQUAL(vnm_hex_read("0011", 3, out, sizeof(out)), 0);
}

static void
test_length(void)
{
	char digits[2 * VNM_SNMP_ENGINE_ID_MAX + 3];
	uint8_t id[VNM_SNMP_ENGINE_ID_MAX];

	memset(digits, '8', sizeof(digits));
	for (size_t n = 0; n < sizeof(digits); n++) {
		bool fits = n % 2 == 0 && n >= 10 && n <= 64;

		CU_ASSERT_EQUAL(vnm_engine_id_read(digits, n, id), fits ? n / 2 : 0);
	}
}

/* What net-snmp's snmptrapd, Juniper's and Cisco's agents make, and what is not quite such. */
static void
test_address(void)
{
	static const struct {
		const char *id, *address;
	} rows[] = {{"80000a4c01c0000207", "192.0.2.7"}, /* Juniper's */
	    {"8000000902"
	     "20010db8000000000000000000000007",
		"2001:db8::7"},
	    {"80001f8804766e6d6c61623031", NULL}, /* text */
	    {"80001f8880c0000207deadbeef", NULL}, /* an enterprise's own */
	    {"80000009030200deadbeef", NULL},	  /* a MAC address */
	    {"00000a4c01c0000207", NULL},	  /* by RFC 1910: there is no format */
	    {"80000a4c01c00002", NULL},		  /* too short */
	    {"80000a4c01c000020700", NULL},	  /* too long */
	    {"80000a4c02c0000207", NULL}, {"80000a4c0100000000", NULL}, {"8000000006", NULL}};
	uint8_t id[VNM_SNMP_ENGINE_ID_MAX];
	char text[VNM_ADDR_TEXT];
	struct vnm_addr addr;

	for (size_t i = 0; i < VNM_ARRAY_LEN(rows); i++) {
		size_t n = vnm_engine_id_read(rows[i].id, strlen(rows[i].id), id);

		CU_ASSERT_TRUE_FATAL(n > 0);
		bool found = vnm_engine_id_addr((struct vnm_slice){id, n}, &addr);
		CU_ASSERT_EQUAL(found, rows[i].address != NULL);
		if (found && rows[i].address != NULL)
			CU_ASSERT_STRING_EQUAL(vnm_addr_text(&addr, text), rows[i].address);
	}
	CU_ASSERT_FALSE(vnm_engine_id_addr((struct vnm_slice){NULL, 0}, &addr));
	CU_ASSERT_FALSE(vnm_engine_id_addr((struct vnm_slice){id, 4}, &addr));
}

CU_TestInfo suite_engine_id[] = {
    {"octets in hexadecimal digits", test_hex},
    {"length of an id", test_length},
    {"address in an id", test_address},
    CU_TEST_INFO_NULL,
};
