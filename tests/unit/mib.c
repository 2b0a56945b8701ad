/*
 * The MIB catalogue: objects by number and by name, and values as text. Numbers are those of the
 * modules as published; texts those of RFC 2579, RFC 4001 and of the modules' enumerations.
 */
#include "unit.h"

#include "mibs/hint.h"
#include "mibs/mib.h"

#include <string.h>

static const struct vnm_mib *const mib = &vnm_mib_builtin;

static const struct vnm_mib_object *
named(const char *name)
{
	return vnm_mib_named(mib, name, strlen(name));
}

static void
test_numbers(void)
{
	static const struct {
		const char *oid, *name;
		enum vnm_mib_kind kind;
	} facts[] = {
	    {"1.3.6.1.2.1.1.3", "SNMPv2-MIB::sysUpTime", VNM_MIB_SCALAR},
	    {"1.3.6.1.6.3.1.1.4.1", "SNMPv2-MIB::snmpTrapOID", VNM_MIB_SCALAR},
	    {"1.3.6.1.6.3.18.1.3", "SNMP-COMMUNITY-MIB::snmpTrapAddress", VNM_MIB_SCALAR},
	    {"1.3.6.1.6.3.1.1.5.3", "IF-MIB::linkDown", VNM_MIB_NOTIFICATION},
	    {"1.3.6.1.2.1.2.2", "IF-MIB::ifTable", VNM_MIB_TABLE},
	    {"1.3.6.1.2.1.2.2.1", "IF-MIB::ifEntry", VNM_MIB_ENTRY},
	    {"1.3.6.1.2.1.31.1.1.1.6", "IF-MIB::ifHCInOctets", VNM_MIB_COLUMN},
	    {"1.0.8802.1.1.2.1.4.1.1.9", "LLDP-MIB::lldpRemSysName", VNM_MIB_COLUMN},
	    {"1.3.111.2.802.1.1.13.1.4.1.1.8", "LLDP-V2-MIB::lldpV2RemPortId", VNM_MIB_COLUMN},
	    {"1.3.6.1.2.1.17.7.1.2.2.1.2", "Q-BRIDGE-MIB::dot1qTpFdbPort", VNM_MIB_COLUMN},
	    {"1.3.6.1.2.1.47.1.1.1.1.7", "ENTITY-MIB::entPhysicalName", VNM_MIB_COLUMN},
	    {"1.3.6.1.2.1.236.1.4.1.2", "VM-MIB::vmName", VNM_MIB_COLUMN},
	    {"1.3.6.1.2.1.15.0.2", "BGP4-MIB::bgpBackwardTransNotification", VNM_MIB_NOTIFICATION},
	    {"1.3.6.1.2.1.14.16.2.2", "OSPF-TRAP-MIB::ospfNbrStateChange", VNM_MIB_NOTIFICATION},
	    {"1.3.6.1.4.1.9.9.43.2.0.1", "CISCO-CONFIG-MAN-MIB::ciscoConfigManEvent",
		VNM_MIB_NOTIFICATION},
	    {"1.3.6.1.4.1.2636.4.1.2", "JUNIPER-MIB::jnxFanFailure", VNM_MIB_NOTIFICATION},
	    {"1.3.6.1.4.1.8072.3.2.10", "NET-SNMP-TC::linux", VNM_MIB_IDENTITY},
	    {"1.3.6.1.2.1.33.2.3", "UPS-MIB::upsTrapAlarmEntryAdded", VNM_MIB_NOTIFICATION},
	};
	uint32_t v[VNM_OID_MAX], own[VNM_OID_MAX];
	char text[128];

	for (size_t i = 0; i < VNM_ARRAY_LEN(facts); i++) {
		struct vnm_oid oid = {v, vnm_oid_parse(facts[i].oid, strlen(facts[i].oid), v)};
		struct vnm_oid rest;
		const struct vnm_mib_object *o = vnm_mib_find(mib, oid, &rest);

		CU_ASSERT_PTR_NOT_NULL_FATAL(o);
		CU_ASSERT_EQUAL(rest.n, 0);
		CU_ASSERT_EQUAL(o->kind, facts[i].kind);
		CU_ASSERT_PTR_EQUAL(named(facts[i].name), o);
		CU_ASSERT_STRING_EQUAL(vnm_mib_dotted(mib, o).p, facts[i].oid);
		CU_ASSERT_EQUAL(vnm_mib_dotted(mib, o).n, strlen(facts[i].oid));
		CU_ASSERT_EQUAL(vnm_mib_name_str(mib, o).n, strlen(vnm_mib_name(mib, o)));
		CU_ASSERT_EQUAL(o->depth, oid.n);
		CU_ASSERT_TRUE(vnm_oid_equal(vnm_mib_oid(mib, o, own), oid));
		text[vnm_mib_oid_text(mib, oid, true, text, sizeof(text))] = '\0';
		CU_ASSERT_STRING_EQUAL(text, facts[i].name);
	}
}

static void
test_longest_match(void)
{
	static const uint32_t descr[] = {1, 3, 6, 1, 2, 1, 2, 2, 1, 2, 17};
	static const uint32_t unknown[] = {1, 3, 6, 1, 4, 1, 32473, 1, 2};
	static const uint32_t nowhere[] = {9, 9};
	struct vnm_oid rest;
	const struct vnm_mib_object *o = vnm_mib_find(mib, VNM_OID(descr), &rest);
	char text[64];

	CU_ASSERT_STRING_EQUAL(vnm_mib_name(mib, o), "ifDescr");
	CU_ASSERT_EQUAL(rest.n, 1);
	CU_ASSERT_EQUAL(rest.v[0], 17);
	o = vnm_mib_find(mib, VNM_OID(unknown), &rest);
	CU_ASSERT_STRING_EQUAL(vnm_mib_name(mib, o), "enterprises");
	CU_ASSERT_EQUAL(rest.n, 3);
	CU_ASSERT_PTR_NULL(vnm_mib_find(mib, VNM_OID(nowhere), &rest));
	CU_ASSERT_EQUAL(rest.n, 2);
	CU_ASSERT_PTR_NULL(vnm_mib_find(mib, (struct vnm_oid){NULL, 0}, NULL));
	text[vnm_mib_oid_text(mib, VNM_OID(descr), false, text, sizeof(text))] = '\0';
	CU_ASSERT_STRING_EQUAL(text, "ifDescr.17");
	text[vnm_mib_oid_text(mib, VNM_OID(nowhere), true, text, sizeof(text))] = '\0';
	CU_ASSERT_STRING_EQUAL(text, "9.9");
	CU_ASSERT_EQUAL(vnm_mib_oid_text(mib, VNM_OID(descr), false, text, 7), 7);
	CU_ASSERT_EQUAL(vnm_mib_oid_text(mib, VNM_OID(descr), false, text, 0), 0);
}

static void
test_names(void)
{
	uint32_t v[VNM_OID_MAX];
	const char *text = "IF-MIB::ifDescr.3";

	CU_ASSERT_PTR_NULL(named("ifNothing"));
	CU_ASSERT_PTR_NULL(named("IP-MIB::ifDescr"));
	CU_ASSERT_PTR_NULL(named("IF-MIB:"));
	CU_ASSERT_PTR_NULL(named("::ifDescr"));
	CU_ASSERT_PTR_NULL(named(""));
	CU_ASSERT_PTR_EQUAL(named("ifDescr"), named("IF-MIB::ifDescr"));
	CU_ASSERT_EQUAL(vnm_mib_oid_parse(mib, text, strlen(text), v), 11);
	CU_ASSERT_EQUAL(v[10], 3);
	CU_ASSERT_EQUAL(vnm_mib_oid_parse(mib, "ifDescr", 7, v), 10);
	CU_ASSERT_EQUAL(vnm_mib_oid_parse(mib, ".1.3.6", 6, v), 3);
	CU_ASSERT_EQUAL(vnm_mib_oid_parse(mib, "ifDescr.", 8, v), 0);
	CU_ASSERT_EQUAL(vnm_mib_oid_parse(mib, "ifDescr.x", 9, v), 0);
	CU_ASSERT_EQUAL(vnm_mib_oid_parse(mib, "noSuch.1", 8, v), 0);
}

static void
test_columns(void)
{
	static const struct {
		const char *name, *column;
	} facts[] = {{"ifHCInOctets", "if_hc_in_octets"},
	    {"dot1dTpFdbAddress", "dot1d_tp_fdb_address"},
	    {"dot3StatsSQETestErrors", "dot3_stats_sqe_test_errors"},
	    {"lldpV2RemPortId", "lldp_v2_rem_port_id"}, {"vmUUID", "vm_uuid"}, {"ifMIB", ""},
	    {"ifTable", "if_table"}, {"sysORID", "sys_orid"}};

	for (size_t i = 0; i < VNM_ARRAY_LEN(facts); i++)
		CU_ASSERT_STRING_EQUAL(vnm_mib_column(mib, named(facts[i].name)), facts[i].column);
}

static void
test_structure(void)
{
	const struct vnm_mib_object *o = named("linkDown");

	CU_ASSERT_EQUAL_FATAL(o->member_count, 3);
	CU_ASSERT_PTR_EQUAL(vnm_mib_member(mib, o, 0), named("ifIndex"));
	CU_ASSERT_PTR_EQUAL(vnm_mib_member(mib, o, 2), named("ifOperStatus"));
	o = vnm_mib_entry(mib, named("ifHCInOctets"));
	CU_ASSERT_PTR_EQUAL(o, named("ifXEntry"));
	CU_ASSERT_PTR_EQUAL(o, vnm_mib_entry(mib, named("ifXTable")));
	CU_ASSERT_EQUAL_FATAL(o->member_count, 1); /* that of ifEntry, which it augments */
	CU_ASSERT_PTR_EQUAL(vnm_mib_member(mib, o, 0), named("ifIndex"));
	CU_ASSERT_EQUAL(o->child_count, 19);
	CU_ASSERT_PTR_EQUAL(vnm_mib_child(mib, o, 5), named("ifHCInOctets"));
	CU_ASSERT_PTR_NULL(vnm_mib_entry(mib, named("sysUpTime")));
	CU_ASSERT_PTR_EQUAL(vnm_mib_parent(mib, o), named("ifXTable"));
	CU_ASSERT_PTR_NULL(vnm_mib_parent(mib, mib->objects));
	CU_ASSERT_STRING_EQUAL(vnm_mib_type_name(mib, named("ifIndex")), "InterfaceIndex");
	CU_ASSERT_STRING_EQUAL(vnm_mib_type_name(mib, named("ifHCInOctets")), "Counter64");
	CU_ASSERT_EQUAL(named("dot1qTpFdbAddress")->access, VNM_MIB_NOT_ACCESSIBLE);
	CU_ASSERT_EQUAL(named("ifIndex")->access, VNM_MIB_READ);
	CU_ASSERT_EQUAL(named("snmpTrapOID")->access, VNM_MIB_FOR_NOTIFY);
	CU_ASSERT_STRING_EQUAL(vnm_mib_label(mib, named("ifOperStatus"), 7), "lowerLayerDown");
	CU_ASSERT_STRING_EQUAL(vnm_mib_label(mib, named("ifType"), 6), "ethernetCsmacd");
	CU_ASSERT_PTR_NULL(vnm_mib_label(mib, named("ifOperStatus"), 8));
	CU_ASSERT_PTR_NULL(vnm_mib_label(mib, named("ifMtu"), 1));
}

/* Whatever was found before, and wherever that number comes from, the same is found. */
static void
test_found_again(void)
{
	static const uint32_t lasts[] = {0, 1, 700, UINT32_MAX};
	uint32_t numbers[VNM_OID_MAX], same = 0;
	struct vnm_oid rest, also;

	for (uint32_t i = 1; i < mib->object_count; i++) {
		struct vnm_oid oid = vnm_mib_oid(mib, &mib->objects[i], numbers);

		if (oid.n < VNM_OID_MAX)
			numbers[oid.n++] = 17;
		for (size_t k = 0; k < VNM_ARRAY_LEN(lasts); k++) {
			const struct vnm_mib_object *o = vnm_mib_find(mib, oid, &rest);
			uint32_t last = lasts[k];

			CU_ASSERT_PTR_EQUAL_FATAL(vnm_mib_find_again(mib, oid, &also, &last), o);
			CU_ASSERT_EQUAL_FATAL(also.n, rest.n);
			CU_ASSERT_PTR_EQUAL_FATAL(vnm_mib_find_again(mib, oid, &also, &last), o);
			CU_ASSERT_EQUAL_FATAL(also.n, rest.n);
			CU_ASSERT_PTR_EQUAL_FATAL(vnm_mib_find_again(mib, oid, &also, &same), o);
		}
	}
}

/* Every reference within the catalogue is to something that is there. */
static void
test_sound(void)
{
	uint32_t numbers[VNM_OID_MAX];

	for (uint32_t i = 1; i < mib->object_count; i++) {
		const struct vnm_mib_object *o = &mib->objects[i], *entry;

		if (o->kind != VNM_MIB_NONE)
			CU_ASSERT_PTR_EQUAL_FATAL(
			    vnm_mib_find(mib, vnm_mib_oid(mib, o, numbers), NULL), o);
		/* A search begins there also where there are none. */
		CU_ASSERT_TRUE_FATAL(
		    o->child + o->child_count <= mib->object_count && o->child < mib->object_count);
		CU_ASSERT_TRUE(o->child_count == 0 || o->child > i);
		if (o->kind == VNM_MIB_COLUMN || o->kind == VNM_MIB_SCALAR)
			CU_ASSERT_NOT_EQUAL(vnm_mib_type(mib, o)->base, VNM_MIB_NO_VALUE);
		if (o->kind != VNM_MIB_COLUMN)
			continue;
		entry = vnm_mib_entry(mib, o);
		CU_ASSERT_PTR_NOT_NULL_FATAL(entry);
		CU_ASSERT_TRUE(entry->member_count > 0);
	}
}

static void
test_vendors(void)
{
	static const uint32_t arista[] = {1, 3, 6, 1, 4, 1, 30065, 1};
	static const uint32_t enterprises[] = {1, 3, 6, 1, 4, 1};
	unsigned known = 0;

	CU_ASSERT_STRING_EQUAL(vnm_mib_enterprise(9), "Cisco");
	CU_ASSERT_STRING_EQUAL(vnm_mib_enterprise(8072), "Net-SNMP");
	CU_ASSERT_STRING_EQUAL(vnm_mib_enterprise(6876), "VMware");
	CU_ASSERT_STRING_EQUAL(vnm_mib_enterprise(34492), "Aryaka");
	CU_ASSERT_PTR_NULL(vnm_mib_enterprise(34455));
	CU_ASSERT_PTR_NULL(vnm_mib_enterprise(0));
	CU_ASSERT_PTR_NULL(vnm_mib_enterprise(UINT32_MAX));
	CU_ASSERT_STRING_EQUAL(vnm_mib_vendor(VNM_OID(arista)), "Arista");
	CU_ASSERT_PTR_NULL(vnm_mib_vendor(VNM_OID(enterprises)));
	for (uint32_t n = 0; n <= 70000; n++)
		known += vnm_mib_enterprise(n) != NULL;
	CU_ASSERT_TRUE(known > 650); /* all are found, so they are in order */
}

/* ---- values as text ------------------------------------------------------------------------ */

static const char *
octets_text(const char *name, const char *octets, size_t n)
{
	static char text[256];
	struct vnm_mib_value v = {.type = VNM_MIB_VALUE_OCTETS};
	const struct vnm_mib_object *o = name != NULL ? named(name) : NULL;

	CU_ASSERT_TRUE_FATAL(name == NULL || o != NULL);
	v.octets = (struct vnm_slice){(const uint8_t *)octets, n};
	text[vnm_mib_text(mib, o, &v, text, sizeof(text) - 1)] = '\0';
	return text;
}

#define TEXT_OF(name, octets, expected) \
	CU_ASSERT_STRING_EQUAL(octets_text(name, octets, sizeof(octets) - 1), expected)

static const char *
number_text(const char *name, int64_t i)
{
	static char text[64];
	struct vnm_mib_value v = {.type = VNM_MIB_VALUE_SIGNED, .i = i};

	text[vnm_mib_text(mib, name != NULL ? named(name) : NULL, &v, text, sizeof(text) - 1)] =
	    '\0';
	return text;
}

static const char *
unsigned_text(const char *name, uint64_t u)
{
	static char text[64];
	struct vnm_mib_value v = {.type = VNM_MIB_VALUE_UNSIGNED, .u = u};

	text[vnm_mib_text(mib, name != NULL ? named(name) : NULL, &v, text, sizeof(text) - 1)] =
	    '\0';
	return text;
}

static void
test_octets(void)
{
	TEXT_OF("ifPhysAddress", "\0\x1b\x21\xff\x0a\x01", "00:1b:21:ff:0a:01");
	TEXT_OF("ifPhysAddress", "", "");
	TEXT_OF("dot1dTpFdbAddress", "\0\x1b\x21\xff\x0a\x01", "00:1b:21:ff:0a:01");
	TEXT_OF(
	    "dot1dStpDesignatedRoot", "\x80\0\0\x1b\x21\xff\x0a\x01", "32768/00:1b:21:ff:0a:01");
	TEXT_OF("dot1qVlanStaticEgressPorts", "\xf0\x02\x80", "1-4,15,17");
	TEXT_OF("dot1qVlanStaticEgressPorts", "\0", "");
	TEXT_OF("dot1qVlanStaticEgressPorts", "\x01", "8");
	TEXT_OF("ifDescr", "eth0", "eth0");
	TEXT_OF("ifDescr", "eth0\0", "eth0");
	TEXT_OF("ifAlias", "", "");
	TEXT_OF("ifAlias", "Z\xc3\xbcrich", "Z\xc3\xbcrich");
	TEXT_OF("ifAlias", "Z\xfcrich", "5a:fc:72:69:63:68"); /* Latin-1 */
	TEXT_OF("ifAlias", "a\x01", "61:01");
	TEXT_OF("inetCidrRouteNextHop", "\x0a\0\0\x01", "10.0.0.1");
	TEXT_OF("ipAdEntNetMask", "\xff\xff\xff\0", "255.255.255.0");
	TEXT_OF("inetCidrRouteNextHop", "\xfe\x80\0\0\0\0\0\0\0\0\0\0\0\0\0\x01", "fe80::1");
	TEXT_OF("inetCidrRouteNextHop", "\xfe\x80\0\0\0\0\0\0\0\0\0\0\0\0\0\x01\0\0\0\x03",
	    "fe80::1%3");
	TEXT_OF("inetCidrRouteNextHop", "\x0a\0\0\x01\0\0\0\x07", "10.0.0.1%7");
	TEXT_OF("inetCidrRouteNextHop", "vm.example", "vm.example"); /* dns(16) */
	TEXT_OF("lldpRemManAddr", "\x0a\0\0\x01", "10.0.0.1");
	TEXT_OF("vmUUID", "\x12\x34\x56\x78\x9a\xbc\xde\xf0\x01\x23\x45\x67\x89\xab\xcd\xef",
	    "12345678-9abc-def0-0123-456789abcdef");
	TEXT_OF("hrSystemDate", "\x07\xea\x0b\x1a\x09\x1e\x05\x07+\x01\x1e",
	    "2026-11-26T09:30:05.7+01:30");
	TEXT_OF("hrSystemDate", "\x07\xea\x0b\x1a\x09\x1e\x05\0", "2026-11-26T09:30:05.0");
	TEXT_OF("hrSystemDate", "\0\0\0\0\0\0\0\0", "0-0-0,0:0:0.0"); /* by its hint */
	TEXT_OF("lldpLocSysCapEnabled", "\x28", "bridge,router");
	TEXT_OF("lldpLocSysCapEnabled", "\x28\x10", "bridge,router,11");
	TEXT_OF("lldpLocSysCapEnabled", "", "");
	TEXT_OF("bgpPeerLastError", "\x06\x02", "06:02");
	TEXT_OF("laLoadFloat", "\x9f\x78\x04\x3f\x80\0\0", "1");
	TEXT_OF("laLoadFloat", "\x9f\x78\x04\x7f\xc0\0\0", "9f:78:04:7f:c0:00:00");
	TEXT_OF("ifMtu", "15\x80", "31:35:80"); /* no number at all: as if nothing were known */
	TEXT_OF(NULL, "text", "text");
	TEXT_OF(NULL, "te\0xt", "74:65:00:78:74");
	TEXT_OF(NULL, "\0\0", "00:00");
	TEXT_OF(NULL, "", "");
}

/* RFC 2579 section 3.1: octets of decimal and octal formats are one number, the highest first. */
static void
test_hints(void)
{
	static const struct {
		const char *hint, *octets, *text;
	} rows[] = {
	    {"1o", "\10", "10"}, {"2o", "\1\1", "401"}, {"2d", "\1\1", "257"},
	    {"1o.", "\1\77\377", "1.77.377"}, {"1d.", "\12\1\2", "10.1.2"},
	    {"*1x:/1d", "\2\12\13\7", "0a:0b/7"},
	    {"9o", "123456789", ""}, /* more than a number holds */
	};

	for (size_t i = 0; i < VNM_ARRAY_LEN(rows); i++) {
		char text[64];
		struct vnm_mib_out out = {text, text + sizeof(text) - 1, false};
		bool done = vnm_mib_hint_octets(&out, rows[i].hint,
		    (struct vnm_slice){(const uint8_t *)rows[i].octets, strlen(rows[i].octets)});

		*out.p = '\0';
		CU_ASSERT_EQUAL(done, rows[i].text[0] != '\0');
		CU_ASSERT_STRING_EQUAL(text, rows[i].text);
	}
}

static void
test_other_values(void)
{
	static const uint32_t linux_oid[] = {1, 3, 6, 1, 4, 1, 8072, 3, 2, 10};
	struct vnm_mib_value v = {.type = VNM_MIB_VALUE_OID, .oid = VNM_OID(linux_oid)};
	char text[64];

	CU_ASSERT_STRING_EQUAL(number_text("ifOperStatus", 1), "up");
	CU_ASSERT_STRING_EQUAL(number_text("ifOperStatus", 42), "42");
	CU_ASSERT_STRING_EQUAL(number_text("ifMtu", -1), "-1");
	CU_ASSERT_STRING_EQUAL(number_text(NULL, INT64_MIN), "-9223372036854775808");
	CU_ASSERT_STRING_EQUAL(unsigned_text("ifOperStatus", 2), "down");
	CU_ASSERT_STRING_EQUAL(unsigned_text("ifHCInOctets", UINT64_MAX), "18446744073709551615");
	CU_ASSERT_STRING_EQUAL(unsigned_text("sysUpTime", 26640507), "3:02:00:05.07");
	CU_ASSERT_STRING_EQUAL(unsigned_text("sysUpTime", 0), "0:00:00:00.00");
	text[vnm_mib_text(mib, named("sysObjectID"), &v, text, sizeof(text))] = '\0';
	CU_ASSERT_STRING_EQUAL(text, "linux");
	v.oid = (struct vnm_oid){NULL, 0};
	CU_ASSERT_EQUAL(vnm_mib_text(mib, named("sysObjectID"), &v, text, sizeof(text)), 0);
	v.type = VNM_MIB_VALUE_OCTETS;
	v.octets = (struct vnm_slice){NULL, 0};
	CU_ASSERT_EQUAL(vnm_mib_text(mib, named("vmUUID"), &v, text, sizeof(text)), 0);
	CU_ASSERT_TRUE(vnm_mib_is_text(mib, NULL, v.octets));
	v.type = VNM_MIB_VALUE_NONE;
	CU_ASSERT_EQUAL(vnm_mib_text(mib, named("sysObjectID"), &v, text, sizeof(text)), 0);
}

static void
test_bounds(void)
{
	static const char long_text[] = "aaaa\xc3\xbc\xc3\xbc";
	struct vnm_mib_value v = {.type = VNM_MIB_VALUE_OCTETS,
	    .octets = {(const uint8_t *)long_text, sizeof(long_text) - 1}};
	char text[64];

	memset(text, '#', sizeof(text));
	CU_ASSERT_EQUAL(vnm_mib_text(mib, named("ifAlias"), &v, text, 0), 0);
	CU_ASSERT_EQUAL(vnm_mib_text(mib, named("ifAlias"), &v, text, 5), 4);
	CU_ASSERT_EQUAL(vnm_mib_text(mib, named("ifAlias"), &v, text, 6), 6);
	CU_ASSERT_EQUAL(text[6], '#');
	for (size_t room = 0; room < 20; room++)
		CU_ASSERT_TRUE(vnm_mib_text(mib, named("ifPhysAddress"), &v, text, room) <= room);
}

static void
test_is_text(void)
{
	static const struct {
		const char *name, *octets;
		bool text;
	} facts[] = {{"ifDescr", "eth0", true}, {"ifDescr", "\x01", false},
	    {"ifPhysAddress", "abcdef", false}, {"dot1qVlanStaticEgressPorts", "@@", false},
	    {"lldpLocSysCapEnabled", "(", false}, {"vmUUID", "0123456789abcdef", false},
	    {"lldpRemChassisId", "switch-1", true}, {"lldpRemChassisId", "\x04\x0a", false},
	    {NULL, "plain", true}, {NULL, "\xff", false}, {"inetCidrRouteNextHop", "1234", false}};

	for (size_t i = 0; i < VNM_ARRAY_LEN(facts); i++) {
		struct vnm_slice s = {(const uint8_t *)facts[i].octets, strlen(facts[i].octets)};
		const struct vnm_mib_object *o =
		    facts[i].name != NULL ? named(facts[i].name) : NULL;

		CU_ASSERT_EQUAL(vnm_mib_is_text(mib, o, s), facts[i].text);
	}
}

static void
test_addresses(void)
{
	static const uint8_t v6[20] = {0xfe, 0x80, [15] = 1, [19] = 3};
	struct vnm_addr a =
	    vnm_mib_address(mib, named("inetCidrRouteNextHop"), (struct vnm_slice){v6, 20});

	CU_ASSERT_EQUAL(a.family, VNM_ADDR_IP6);
	CU_ASSERT_EQUAL(a.b[15], 1);
	a = vnm_mib_address(mib, named("ipAdEntAddr"), (struct vnm_slice){v6, 4});
	CU_ASSERT_EQUAL(a.family, VNM_ADDR_IP4);
	a = vnm_mib_address(mib, named("ipAdEntAddr"), (struct vnm_slice){v6, 3});
	CU_ASSERT_EQUAL(a.family, VNM_ADDR_NONE);
	a = vnm_mib_address(mib, named("ifDescr"), (struct vnm_slice){v6, 4});
	CU_ASSERT_EQUAL(a.family, VNM_ADDR_NONE);
}

CU_TestInfo suite_mib[] = {
    {"numbers", test_numbers},
    {"longest match", test_longest_match},
    {"names", test_names},
    {"columns", test_columns},
    {"structure", test_structure},
    {"found again", test_found_again},
    {"sound", test_sound},
    {"vendors", test_vendors},
    {"octets as text", test_octets},
    {"hints", test_hints},
    {"other values as text", test_other_values},
    {"bounds", test_bounds},
    {"is text", test_is_text},
    {"addresses", test_addresses},
    CU_TEST_INFO_NULL,
};
