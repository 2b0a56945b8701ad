/*
 * base/addr.h: text forms, compared with the C library's and with RFC 5952's own examples.
 */
#include "unit.h"

#include "base/addr.h"

#include <arpa/inet.h>
#include <stdio.h>
#include <stdlib.h>

static void
test_rfc5952(void)
{
	static const char *const forms[][2] = {{"2001:0db8::0001", "2001:db8::1"},
	    {"2001:db8:0:0:0:0:2:1", "2001:db8::2:1"},
	    {"2001:db8:0:1:1:1:1:1", "2001:db8:0:1:1:1:1:1"},
	    {"2001:0:0:1:0:0:0:1", "2001:0:0:1::1"}, {"2001:db8:0:0:1:0:0:1", "2001:db8::1:0:0:1"},
	    {"::", "::"}, {"::1", "::1"}, {"1::", "1::"}, {"::ffff:10.1.2.3", "10.1.2.3"},
	    {"192.0.2.255", "192.0.2.255"}, {"0.0.0.0", "0.0.0.0"}};
	char text[VNM_ADDR_TEXT];

	for (size_t i = 0; i < VNM_ARRAY_LEN(forms); i++) {
		struct vnm_addr a;
		CU_ASSERT_TRUE_FATAL(vnm_addr_parse(&a, forms[i][0]));
		CU_ASSERT_STRING_EQUAL(vnm_addr_text(&a, text), forms[i][1]);
	}
}

static void
test_against_libc(void)
{
	srandom(2);
	for (int i = 0; i < 20000; i++) {
		uint8_t b[16];
		char ours[VNM_ADDR_TEXT], theirs[INET6_ADDRSTRLEN];

		for (int k = 0; k < 16; k++)
			b[k] = random() % 3 != 0 ? 0 : (uint8_t)random();
		b[0] = 0x20; /* no v4-compatible forms, which the C library prints dotted */
		struct vnm_addr a = vnm_addr_ip6(b);
		inet_ntop(AF_INET6, b, theirs, sizeof(theirs));
		if (strcmp(vnm_addr_text(&a, ours), theirs) != 0)
			CU_FAIL_FATAL("differs from inet_ntop");
		a = vnm_addr_ip4(b + 1);
		inet_ntop(AF_INET, b + 1, theirs, sizeof(theirs));
		if (strcmp(vnm_addr_text(&a, ours), theirs) != 0)
			CU_FAIL_FATAL("differs from inet_ntop");
	}
}

static void
test_prefixes(void)
{
	struct vnm_prefix p;
	struct vnm_addr in, out;

	CU_ASSERT_TRUE(vnm_prefix_parse(&p, "10.0.0.0/9"));
	vnm_addr_parse(&in, "10.127.0.1");
	vnm_addr_parse(&out, "10.128.0.1");
	CU_ASSERT_TRUE(vnm_prefix_contains(&p, &in));
	CU_ASSERT_FALSE(vnm_prefix_contains(&p, &out));
	CU_ASSERT_TRUE(vnm_prefix_parse(&p, "2001:db8::/32"));
	CU_ASSERT_FALSE(vnm_prefix_contains(&p, &in));
	CU_ASSERT_TRUE(vnm_prefix_parse(&p, "10.1.2.3"));
	CU_ASSERT_EQUAL(p.len, 32);
	CU_ASSERT_FALSE(vnm_prefix_parse(&p, "10.0.0.0/33"));
	CU_ASSERT_FALSE(vnm_prefix_parse(&p, "10.0.0.0/"));
	CU_ASSERT_FALSE(vnm_prefix_parse(&p, "10.0.0.0/8x"));
	CU_ASSERT_FALSE(vnm_prefix_parse(&p, "host"));
}

static void
test_macs(void)
{
	struct vnm_mac m;
	char text[VNM_MAC_TEXT];

	CU_ASSERT_TRUE(vnm_mac_parse(&m, "FA:16:3e:00:0a:ff"));
	text[vnm_mac_write(text, &m)] = '\0';
	CU_ASSERT_STRING_EQUAL(text, "fa:16:3e:00:0a:ff");
	CU_ASSERT_FALSE(vnm_mac_parse(&m, "fa:16:3e:00:0a"));
	CU_ASSERT_FALSE(vnm_mac_parse(&m, "fa:16:3e:00:0a:ff:01"));
}

CU_TestInfo suite_addr[] = {{"RFC 5952", test_rfc5952}, {"like the C library", test_against_libc},
    {"prefixes", test_prefixes}, {"MAC addresses", test_macs}, CU_TEST_INFO_NULL};
