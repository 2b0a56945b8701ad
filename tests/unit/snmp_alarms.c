/*
 * decoders/snmp_alarms.def: what notifications mean, against the MIB catalogue and against itself.
 */
#include "unit.h"

#include "decoders/snmp_alarm.h"

#include <string.h>

/* Every row is found by name, and is a notification of the catalogue with objects of it. */
static void
test_table(void)
{
	const struct vnm_mib *mib = &vnm_mib_builtin;

	for (size_t i = 0; i < vnm_snmp_alarm_count; i++) {
		const struct vnm_snmp_alarm *a = &vnm_snmp_alarms[i];
		const struct vnm_mib_object *o =
		    vnm_mib_named(mib, a->notification, strlen(a->notification));
		const char *const objects[] = {a->state_object, a->resource_object};

		CU_ASSERT_PTR_EQUAL(vnm_snmp_alarm_find(a->notification), a);
		if (o == NULL || o->kind != VNM_MIB_NOTIFICATION)
			printf("%s is no notification\n", a->notification);
		CU_ASSERT_TRUE(o != NULL && o->kind == VNM_MIB_NOTIFICATION);
		for (size_t k = 0; k < VNM_ARRAY_LEN(objects); k++) {
			if (objects[k] == NULL)
				continue;
			o = vnm_mib_named(mib, objects[k], strlen(objects[k]));
			if (o == NULL)
				printf("%s: no object %s\n", a->notification, objects[k]);
			CU_ASSERT_TRUE(
			    o != NULL && (o->kind == VNM_MIB_COLUMN || o->kind == VNM_MIB_SCALAR));
		}
	}
	CU_ASSERT_PTR_NULL(vnm_snmp_alarm_find("noSuchNotification"));
}

static const struct vnm_mib_object *
notification_of(const struct vnm_snmp_alarm *a)
{
	return vnm_mib_named(&vnm_mib_builtin, a->notification, strlen(a->notification));
}

/* The table that the index in a resource FIRST is of: that of the first object in one. */
static const struct vnm_mib_object *
first_entry(const struct vnm_snmp_alarm *a)
{
	const struct vnm_mib *mib = &vnm_mib_builtin;
	const struct vnm_mib_object *n = notification_of(a), *entry = NULL;

	for (uint32_t i = 0; i < n->member_count && entry == NULL; i++)
		entry = vnm_mib_entry(mib, vnm_mib_member(mib, n, i));
	return entry;
}

/* Of a table or of one that it augments, or has the same index: the resource is the same. */
static bool
same_index(const struct vnm_mib_object *a, const struct vnm_mib_object *b)
{
	const struct vnm_mib *mib = &vnm_mib_builtin;

	if (a == NULL || b == NULL || a->member_count != b->member_count)
		return a == b;
	for (uint32_t i = 0; i < a->member_count; i++) {
		if (vnm_mib_member(mib, a, i) != vnm_mib_member(mib, b, i))
			return false;
	}
	return true;
}

/* Whether b ends what a began, or the reverse: a device that sends one sends the other. */
static bool
belong(const struct vnm_snmp_alarm *a, const struct vnm_snmp_alarm *b)
{
	if (strcmp(a->alarm_type.p, b->alarm_type.p) != 0 || a->resource != b->resource ||
	    notification_of(a)->module != notification_of(b)->module)
		return false;
	if (a->resource == VNM_SNMP_FIRST && !same_index(first_entry(a), first_entry(b)))
		return false;
	return a->word == b->word || strcmp(a->word, b->word) == 0;
}

/* What is raised is cleared, and the reverse: by another notification of its module, or by a value.
 */
static void
test_pairs(void)
{
	for (size_t i = 0; i < vnm_snmp_alarm_count; i++) {
		const struct vnm_snmp_alarm *a = &vnm_snmp_alarms[i];
		enum vnm_snmp_alarm_state other =
		    a->state == VNM_SNMP_CLEAR ? VNM_SNMP_RAISE : VNM_SNMP_CLEAR;
		bool paired = a->state == VNM_SNMP_EVENT || a->state == VNM_SNMP_BY_VALUE;

		for (size_t k = 0; k < vnm_snmp_alarm_count && !paired; k++)
			paired = (vnm_snmp_alarms[k].state == other ||
				     vnm_snmp_alarms[k].state == VNM_SNMP_BY_VALUE) &&
				 belong(a, &vnm_snmp_alarms[k]);
		if (!paired)
			printf("%s has no counterpart\n", a->notification);
		CU_ASSERT_TRUE(paired);
	}
}

/* States in which nothing is wrong clear, whichever they are. */
static void
test_cleared_states(void)
{
	static const struct {
		const char *notification;
		uint32_t clears;
	} rows[] = {
	    {"ospfIfStateChange", 1U << 4 | 1U << 5 | 1U << 6 | 1U << 7},
	    {"ospfv3IfStateChange", 1U << 4 | 1U << 5 | 1U << 6 | 1U << 7 | 1U << 8}, /* standby */
	    {"isisAdjacencyChange", 1U << 3},
	};
	const struct vnm_snmp_alarm *a;

	for (size_t i = 0; i < VNM_ARRAY_LEN(rows); i++) {
		a = vnm_snmp_alarm_find(rows[i].notification);
		CU_ASSERT_PTR_NOT_NULL_FATAL(a);
		CU_ASSERT_EQUAL(a->clears, rows[i].clears);
	}
	/* Its first variable is of the interface, and a VRF has many. */
	a = vnm_snmp_alarm_find("mplsL3VpnVrfUp");
	CU_ASSERT_EQUAL(a->resource, VNM_SNMP_AT);
	CU_ASSERT_STRING_EQUAL(a->resource_object, "mplsL3VpnVrfOperStatus");
}

CU_TestInfo suite_snmp_alarms[] = {
    {"table of alarms", test_table},
    {"pairs of alarms", test_pairs},
    {"states that clear", test_cleared_states},
    CU_TEST_INFO_NULL,
};
