/*
 * Instances taken apart and made again (RFC 2578 section 7.7), in every form of index, with what
 * agents are known to leave out.
 */
#include "unit.h"

#include "mibs/mib.h"

#include <string.h>

static const struct vnm_mib *const mib = &vnm_mib_builtin;

struct fact {
	const char *column, *suffix, *text;
	bool whole, repaired;
};

static const struct fact facts[] = {
    /* plain numbers, a counter's instance, several of them */
    {"ifDescr", "17", "17", true, false},
    {"ifDescr", "17.1", "17,1", false, false},
    {"ifDescr", "", "", false, false},
    {"ifStackStatus", "3.0", "3,0", true, false},
    {"sysUpTime", "0", "", true, false},
    {"sysUpTime", "1", "1", false, false},
    {"sysUpTime", "0.0", "0.0", false, false},
    /* MAC addresses: six numbers, no length */
    {"dot1dTpFdbPort", "0.27.33.255.10.1", "00:1b:21:ff:0a:01", true, false},
    {"dot1dTpFdbPort", "0.27.33.256.10.1", "0.27.33.256.10.1", false, false},
    {"dot1dTpFdbPort", "6.0.27.33.255.10.1", "00:1b:21:ff:0a:01", true, true},
    {"dot1qTpFdbPort", "10.0.27.33.255.10.1", "10,00:1b:21:ff:0a:01", true, false},
    {"dot1qTpFdbPort", "10.0.27.33.255.10", "10,0.27.33.255.10", false, false},
    /* IpAddress; NetworkAddress with its kind before it */
    {"ipAdEntIfIndex", "10.0.0.1", "10.0.0.1", true, false},
    {"ipNetToMediaPhysAddress", "2.10.0.0.9", "2,10.0.0.9", true, false},
    {"atPhysAddress", "2.1.10.0.0.9", "2,10.0.0.9", true, true},
    {"bgp4PathAttrNextHop", "10.1.0.0.16.10.0.0.9", "10.1.0.0,16,10.0.0.9", true, false},
    /* InetAddress: of every type, with zone, without its length, of another length */
    {"ipAddressIfIndex", "1.4.10.0.0.1", "ipv4,10.0.0.1", true, false},
    {"ipAddressIfIndex", "1.10.0.0.1", "ipv4,10.0.0.1", true, true},
    {"ipAddressIfIndex", "1.4.0.0.1", "ipv4,4.0.0.1", true, true},
    {"ipAddressIfIndex", "2.16.254.128.0.0.0.0.0.0.0.0.0.0.0.0.0.1", "ipv6,fe80::1", true, false},
    {"ipAddressIfIndex", "4.20.254.128.0.0.0.0.0.0.0.0.0.0.0.0.0.1.0.0.0.3", "ipv6z,fe80::1%3",
	true, false},
    {"ipAddressIfIndex", "3.8.10.0.0.1.0.0.0.7", "ipv4z,10.0.0.1%7", true, false},
    {"ipAddressIfIndex", "16.4.118.109.46.120", "dns,vm.x", true, false},
    {"ipAddressIfIndex", "0.0", "unknown,", true, false},
    {"ipAddressIfIndex", "1.16.0.0.0.0.0.0.0.0.0.0.255.255.10.0.0.1", "ipv4,10.0.0.1", true, true},
    {"ipAddressIfIndex", "1.4.10.0.0", "ipv4,4.10.0.0", true, true},
    {"ipNetToPhysicalPhysAddress", "3.1.4.10.0.0.9", "3,ipv4,10.0.0.9", true, false},
    {"ipNetToPhysicalPhysAddress", "3.1.10.0.0.9", "3,ipv4,10.0.0.9", true, true},
    /* an oid in the middle, addresses on both sides */
    {"inetCidrRouteIfIndex", "1.4.10.0.0.0.24.2.0.0.1.4.10.0.0.1",
	"ipv4,10.0.0.0,24,zeroDotZero,ipv4,10.0.0.1", true, false},
    {"inetCidrRouteIfIndex", "1.4.10.0.0.0.24.3.0.0.7.1.4.10.0.0.1",
	"ipv4,10.0.0.0,24,zeroDotZero.7,ipv4,10.0.0.1", true, false},
    {"inetCidrRouteIfIndex", "1.10.0.0.0.24.2.0.0.1.10.0.0.1",
	"ipv4,10.0.0.0,24,zeroDotZero,ipv4,10.0.0.1", true, true},
    /* LLDP: a time mark, and a management address behind IANA's family */
    {"lldpRemSysName", "5462731.12.3", "0:15:10:27.31,12,3", true, false},
    {"lldpRemManAddrIfId", "0.12.3.1.4.10.0.0.1", "0:00:00:00.00,12,3,ipV4,10.0.0.1", true, false},
    {"lldpRemManAddrIfId", "0.12.3.6.6.0.27.33.255.10.1",
	"0:00:00:00.00,12,3,all802,00:1b:21:ff:0a:01", true, false},
    {"lldpRemManAddrIfId", "0.12.3.1.10.0.0.1", "0:00:00:00.00,12,3,ipV4,10.0.0.1", true, true},
    /* a string with and without its length; one that is IMPLIED */
    {"nsExtendCommand", "4.116.101.115.116", "test", true, false},
    {"nsExtendCommand", "116.101.115.116", "test", true, true},
    {"nsExtendCommand", "0", "", true, false},
    {"snmpTargetAddrTDomain", "97.98", "ab", true, false},
    {"vacmGroupName", "3.5.97.100.109.105.110", "3,admin", true, false},
    {"usmUserStatus", "5.128.0.31.136.4.1.97", "80:00:1f:88:04,a", true, false},
    /* an enumeration, and a row of two tables */
    {"dot3adAggPortAttachedAggID", "7", "7", true, false},
    {"vmStorageDefinedSize", "4.2", "4,2", true, false},
    {"vrrpv3OperationsStatus", "3.51.1", "3,51,ipv4", true, false},
};

static const struct vnm_mib_object *
column(const char *name)
{
	const struct vnm_mib_object *o = vnm_mib_named(mib, name, strlen(name));

	if (o == NULL)
		CU_FAIL(name);
	return o;
}

static void
test_forms(void)
{
	uint32_t v[VNM_OID_MAX];
	struct vnm_mib_index index;
	char text[256];

	for (size_t i = 0; i < VNM_ARRAY_LEN(facts); i++) {
		const struct fact *f = &facts[i];
		const struct vnm_mib_object *o = column(f->column);
		struct vnm_oid suffix = {v, vnm_oid_parse(f->suffix, strlen(f->suffix), v)};

		if (o == NULL)
			continue;
		CU_ASSERT_EQUAL(vnm_mib_index(mib, o, suffix, &index), f->whole);
		CU_ASSERT_EQUAL(index.whole, f->whole);
		CU_ASSERT_EQUAL(index.repaired, f->repaired);
		text[vnm_mib_index_text(mib, &index, text, sizeof(text) - 1)] = '\0';
		CU_ASSERT_STRING_EQUAL(text, f->text);
		if (strcmp(text, f->text) != 0 || index.whole != f->whole)
			printf("\n%s.%s: %s, not %s\n", f->column, f->suffix, text, f->text);
	}
}

/* What is whole as it stands is made again from its parts, number by number. */
static void
test_reverse(void)
{
	uint32_t v[VNM_OID_MAX], made[VNM_OID_MAX];
	struct vnm_mib_value values[VNM_MIB_INDEX_MAX];
	struct vnm_mib_index index;

	for (size_t i = 0; i < VNM_ARRAY_LEN(facts); i++) {
		const struct fact *f = &facts[i];
		const struct vnm_mib_object *o = column(f->column);
		struct vnm_oid suffix = {v, vnm_oid_parse(f->suffix, strlen(f->suffix), v)};
		uint32_t n, at = 0;

		if (o == NULL || o->kind != VNM_MIB_COLUMN || f->repaired || !f->whole)
			continue;
		CU_ASSERT_TRUE_FATAL(vnm_mib_index(mib, o, suffix, &index));
		for (uint32_t k = 0; k < index.n; k++) {
			values[k] = index.part[k].value;
			CU_ASSERT_TRUE(vnm_oid_equal(index.part[k].numbers,
			    (struct vnm_oid){v + at, index.part[k].numbers.n}));
			at += index.part[k].numbers.n;
		}
		CU_ASSERT_EQUAL(at, suffix.n);
		n = vnm_mib_index_write(mib, o, values, index.n, made);
		CU_ASSERT_TRUE(vnm_oid_equal((struct vnm_oid){made, n}, suffix));
	}
}

static void
test_parts(void)
{
	uint32_t v[VNM_OID_MAX];
	struct vnm_oid suffix = {v, vnm_oid_parse("5462731.12.3", 12, v)};
	struct vnm_mib_index index;
	const struct vnm_mib_value *value;

	CU_ASSERT_TRUE(vnm_mib_index(mib, column("lldpRemSysName"), suffix, &index));
	CU_ASSERT_EQUAL_FATAL(index.n, 3);
	CU_ASSERT_EQUAL(vnm_mib_type(mib, index.part[0].object)->form, VNM_MIB_TIME_FILTER);
	value = vnm_mib_index_part(&index, column("lldpRemLocalPortNum"));
	CU_ASSERT_PTR_NOT_NULL_FATAL(value);
	CU_ASSERT_EQUAL(value->type, VNM_MIB_VALUE_SIGNED);
	CU_ASSERT_EQUAL(value->i, 12);
	CU_ASSERT_PTR_NULL(vnm_mib_index_part(&index, column("ifIndex")));
}

static void
test_refused(void)
{
	struct vnm_mib_value values[3] = {
	    {VNM_MIB_VALUE_SIGNED, {.i = 1}}, {VNM_MIB_VALUE_SIGNED, {.i = 2}}};
	uint32_t made[VNM_OID_MAX];
	uint8_t octets[200] = {0};

	CU_ASSERT_EQUAL(vnm_mib_index_write(mib, column("ifDescr"), values, 2, made), 0);
	CU_ASSERT_EQUAL(vnm_mib_index_write(mib, column("sysUpTime"), values, 1, made), 0);
	values[0].i = INT64_MAX;
	CU_ASSERT_EQUAL(vnm_mib_index_write(mib, column("ifDescr"), values, 1, made), 0);
	values[0].type = VNM_MIB_VALUE_OCTETS;
	values[0].octets = (struct vnm_slice){octets, 5};
	CU_ASSERT_EQUAL(vnm_mib_index_write(mib, column("dot1dTpFdbPort"), values, 1, made), 0);
	values[0].octets.n = sizeof(octets);
	CU_ASSERT_EQUAL(vnm_mib_index_write(mib, column("nsExtendCommand"), values, 1, made), 0);
}

/* Any numbers, of any length, for every table that there is. */
static void
test_anything(void)
{
	uint32_t v[VNM_OID_MAX], seed = 1;
	struct vnm_mib_index index;
	char text[100];

	for (uint32_t i = 1; i < mib->object_count; i++) {
		const struct vnm_mib_object *o = &mib->objects[i];

		if (o->kind != VNM_MIB_ENTRY)
			continue;
		for (uint32_t n = 0; n <= VNM_OID_MAX; n += 1 + n / 8) {
			for (uint32_t k = 0; k < n; k++) {
				seed = seed * 1103515245 + 12345;
				v[k] = (seed >> 16) % (k % 5 == 0 ? 9 : 300);
			}
			(void)vnm_mib_index(mib, o, (struct vnm_oid){v, n}, &index);
			CU_ASSERT_TRUE(index.n <= o->member_count);
			CU_ASSERT_TRUE(
			    vnm_mib_index_text(mib, &index, text, sizeof(text)) <= sizeof(text));
		}
	}
}

CU_TestInfo suite_mib_index[] = {
    {"forms", test_forms},
    {"reverse", test_reverse},
    {"parts", test_parts},
    {"refused", test_refused},
    {"anything", test_anything},
    CU_TEST_INFO_NULL,
};
