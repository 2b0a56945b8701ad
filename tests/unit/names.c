/*
 * record/names.c against IANA's registries: the ends and a few rows of each, where a row too
 * many or too few would show.
 */
#include "unit.h"

#include "record/names.h"

#define SAME(name, text) CU_ASSERT_TRUE(vnm_str_is(name, text))

static void
test_protocols(void)
{
	static const struct {
		uint8_t number;
		const char *name;
	} rows[] = {{0, "hopopt"}, {1, "icmp"}, {6, "tcp"}, {17, "udp"}, {33, "dccp"}, {41, "ipv6"},
	    {47, "gre"}, {50, "esp"}, {58, "ipv6-icmp"}, {60, "ipv6-opts"}, {62, "cftp"},
	    {88, "eigrp"}, {97, "etherip"}, {103, "pim"}, {112, "vrrp"}, {115, "l2tp"},
	    {124, "isis"}, {132, "sctp"}, {133, "fc"}, {135, "mobility-header"}, {136, "udplite"},
	    {137, "mpls-in-ip"}, {138, "manet"}, {139, "hip"}, {140, "shim6"}, {141, "wesp"},
	    {142, "rohc"}, {143, "ethernet"}, {144, "aggfrag"}, {145, "nsh"}};

	for (size_t i = 0; i < VNM_ARRAY_LEN(rows); i++)
		SAME(vnm_protocol_name(rows[i].number), rows[i].name);
	CU_ASSERT_EQUAL(vnm_protocol_name(61).n, 0); /* "any host internal protocol" */
	CU_ASSERT_EQUAL(vnm_protocol_name(253).n, 0);
}

static void
test_events(void)
{
	SAME(vnm_end_reason_name(5), "lack-of-resources");
	CU_ASSERT_EQUAL(vnm_end_reason_name(6).n, 0);
	SAME(vnm_nat_event_name(8), "nat44-bib-create");
	SAME(vnm_nat_event_name(13), "quota-exceeded");
	SAME(vnm_nat_event_name(16), "port-block-allocation");
	CU_ASSERT_EQUAL(vnm_nat_event_name(0).n, 0);
	CU_ASSERT_EQUAL(vnm_nat_event_name(200).n, 0);
	SAME(vnm_firewall_event_name(3), "flow-denied");
	SAME(vnm_direction_name(1), "egress");
	SAME(vnm_forwarding_status_name(64), "forwarded");
	SAME(vnm_forwarding_status_name(128), "dropped");
	SAME(vnm_forwarding_status_name(192), "consumed");
}

CU_TestInfo suite_names[] = {
    {"protocols", test_protocols}, {"events", test_events}, CU_TEST_INFO_NULL};
