/*
 * An operator's MIB files, read by net-snmp's parser into a catalogue with the built-in modules.
 */
#include "unit.h"

#include "mibs/load.h"

#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#define MIBS VNM_TEST_DATA "/mibs"

struct loaded {
	struct vnm_mib *m;
	struct vnm_errs errs, warnings;
};

static struct loaded
load(const struct vnm_mib_sources *s)
{
	struct loaded l = {NULL, {0}, {0}};

	l.m = vnm_mib_load(s, &l.errs, &l.warnings);
	return l;
}

static void
release(struct loaded *l)
{
	vnm_mib_free(l->m);
	vnm_errs_free(&l->errs);
	vnm_errs_free(&l->warnings);
}

static const char *const example[] = {MIBS "/EXAMPLE-VNF-MIB.txt"};
static const struct vnm_mib_sources example_only = {.files = example, .file_count = 1};

static const struct vnm_mib_object *
named(const struct vnm_mib *m, const char *name)
{
	const struct vnm_mib_object *o = vnm_mib_named(m, name, strlen(name));

	CU_ASSERT_PTR_NOT_NULL_FATAL(o);
	return o;
}

static void
test_objects(void)
{
	struct loaded l = load(&example_only);
	const struct vnm_mib *m = l.m;
	const struct vnm_mib_object *o;
	uint32_t v[VNM_OID_MAX];
	char text[VNM_OID_TEXT];

	CU_ASSERT_PTR_NOT_NULL_FATAL(m);
	CU_ASSERT_EQUAL(l.errs.n, 0);
	CU_ASSERT_EQUAL(l.warnings.n, 0);
	o = named(m, "EXAMPLE-VNF-MIB::exampleState");
	CU_ASSERT_EQUAL(o->kind, VNM_MIB_COLUMN);
	CU_ASSERT_STRING_EQUAL(vnm_mib_label(m, o, 3), "draining");
	CU_ASSERT_STRING_EQUAL(vnm_mib_type_name(m, o), "ExampleState");
	vnm_oid_text(text, vnm_mib_oid(m, o, v));
	CU_ASSERT_STRING_EQUAL(text, "1.3.6.1.4.1.32473.7.1.2.1.4");
	CU_ASSERT_EQUAL(vnm_mib_type(m, named(m, "exampleStation"))->form, VNM_MIB_MAC);
	CU_ASSERT_STRING_EQUAL(vnm_mib_type_name(m, named(m, "exampleSince")), "DateAndTime");
	CU_ASSERT_EQUAL(vnm_mib_type(m, named(m, "exampleSince"))->form, VNM_MIB_DATE);
	CU_ASSERT_EQUAL(named(m, "exampleSince")->access, VNM_MIB_FOR_NOTIFY);
	CU_ASSERT_EQUAL(named(m, "examplePeer")->access, VNM_MIB_NOT_ACCESSIBLE);
	CU_ASSERT_EQUAL(vnm_mib_type(m, named(m, "exampleSession"))->size_max, 32);
	CU_ASSERT_EQUAL(named(m, "exampleModel")->kind, VNM_MIB_IDENTITY);
	CU_ASSERT_EQUAL(named(m, "exampleSessionTable")->kind, VNM_MIB_TABLE);
	o = named(m, "exampleSessionLost");
	CU_ASSERT_EQUAL(o->kind, VNM_MIB_NOTIFICATION);
	CU_ASSERT_EQUAL_FATAL(o->member_count, 3);
	CU_ASSERT_PTR_EQUAL(vnm_mib_member(m, o, 2), named(m, "IF-MIB::ifDescr"));
	CU_ASSERT_EQUAL(named(m, "vmName")->kind, VNM_MIB_COLUMN); /* still there */
	release(&l);
}

static void
test_values(void)
{
	struct loaded l = load(&example_only);
	static const uint8_t features[] = {0x40, 0x40};
	struct vnm_mib_value v = {.type = VNM_MIB_VALUE_UNSIGNED, .u = 123};
	static const uint32_t suffix[] = {3, 1, 4, 10, 0, 0, 1, 'a', 'b'};
	struct vnm_mib_index index;
	char text[64];

	CU_ASSERT_PTR_NOT_NULL_FATAL(l.m);
	text[vnm_mib_text(l.m, named(l.m, "exampleLoad"), &v, text, sizeof(text))] = '\0';
	CU_ASSERT_STRING_EQUAL(text, "12.3");
	v.type = VNM_MIB_VALUE_OCTETS;
	v.octets = (struct vnm_slice){features, sizeof(features)};
	text[vnm_mib_text(l.m, named(l.m, "exampleFeatures"), &v, text, sizeof(text))] = '\0';
	CU_ASSERT_STRING_EQUAL(text, "firewall,dpi");
	CU_ASSERT_TRUE(vnm_mib_index(l.m, named(l.m, "exampleState"), VNM_OID(suffix), &index));
	text[vnm_mib_index_text(l.m, &index, text, sizeof(text))] = '\0';
	CU_ASSERT_STRING_EQUAL(text, "3,ipv4,10.0.0.1,ab");
	release(&l);
}

static void
test_directory(void)
{
	static const char *const dirs[] = {MIBS};
	static const char *const modules[] = {"EXAMPLE-BROKEN-MIB"};
	struct vnm_mib_sources s = {.dirs = dirs, .dir_count = 1};
	struct loaded l = load(&s);

	CU_ASSERT_PTR_NOT_NULL_FATAL(l.m);
	CU_ASSERT_PTR_NOT_NULL(vnm_mib_named(l.m, "exampleState", 12));
	CU_ASSERT_PTR_NOT_NULL(vnm_mib_named(l.m, "exampleFine", 11));
	release(&l);
	s.modules = modules;
	s.module_count = 1;
	l = load(&s);
	CU_ASSERT_PTR_NOT_NULL_FATAL(l.m);
	CU_ASSERT_PTR_NULL(vnm_mib_named(l.m, "exampleState", 12));
	CU_ASSERT_PTR_NOT_NULL(vnm_mib_named(l.m, "exampleFine", 11));
	CU_ASSERT_PTR_NULL(vnm_mib_named(l.m, "exampleOrphan", 13));
	CU_ASSERT_TRUE_FATAL(l.warnings.n > 0);
	CU_ASSERT_STRING_EQUAL(l.warnings.p[0].text, "Cannot find module (EXAMPLE-MISSING-MIB)");
	CU_ASSERT_STRING_EQUAL(l.warnings.p[0].file, MIBS "/EXAMPLE-BROKEN-MIB.txt");
	CU_ASSERT_EQUAL(l.warnings.p[0].line, 7);
	release(&l);
}

#define OLD VNM_TEST_DATA "/mibs-old/"

/* The only object of a list is the one of this name. */
static void
only_member(const struct vnm_mib *m, const char *list, const char *name)
{
	const struct vnm_mib_object *o = named(m, list);

	CU_ASSERT_EQUAL_FATAL(o->member_count, 1);
	CU_ASSERT_PTR_EQUAL(vnm_mib_member(m, o, 0), named(m, name));
}

/* SMIv1: traps of an enterprise, and what is imported from a module that others replace today. */
static void
test_old(void)
{
	static const char *const files[] = {OLD "ACME-OLD-MIB.txt"};
	const struct vnm_mib_sources s = {.files = files, .file_count = 1};
	struct loaded l = load(&s);
	const struct vnm_mib_object *o;
	uint32_t v[VNM_OID_MAX];
	char text[VNM_OID_TEXT];

	CU_ASSERT_PTR_NOT_NULL_FATAL(l.m);
	CU_ASSERT_EQUAL(l.warnings.n, 0);
	o = named(l.m, "acmeOldOverload");
	CU_ASSERT_EQUAL(o->kind, VNM_MIB_NOTIFICATION);
	vnm_oid_text(text, vnm_mib_oid(l.m, o, v));
	CU_ASSERT_STRING_EQUAL(text, "1.3.6.1.4.1.32473.9.0.3");
	CU_ASSERT_EQUAL_FATAL(o->member_count, 2);
	CU_ASSERT_PTR_EQUAL(vnm_mib_member(l.m, o, 0), named(l.m, "IF-MIB::ifIndex"));
	CU_ASSERT_PTR_EQUAL(vnm_mib_member(l.m, o, 1), named(l.m, "acmeOldPortLoad"));
	only_member(l.m, "acmeOldRelief", "IF-MIB::ifIndex");
	only_member(l.m, "acmeOldPortEntry", "IF-MIB::ifIndex");
	CU_ASSERT_EQUAL(vnm_mib_type(l.m, named(l.m, "acmeOldName"))->form, VNM_MIB_TEXT);
	CU_ASSERT_EQUAL(vnm_mib_type(l.m, named(l.m, "acmeOldPortStation"))->form, VNM_MIB_MAC);
	for (uint32_t i = 0; i < l.m->object_count; i++)
		CU_ASSERT_PTR_NULL(strchr(vnm_mib_name(l.m, &l.m->objects[i]), '#'));
	release(&l);
}

/*
 * A module of theirs replaces the built-in one of its name, whatever else is read before; those
 * that stay keep their indexes.
 */
static void
test_replaced(void)
{
	static const char *const files[] = {OLD "ACME-OLD-MIB.txt", OLD "IF-MIB.txt"};
	static const char *const dirs[] = {OLD};
	const struct vnm_mib_sources sources[] = {
	    {.files = files, .file_count = 2}, {.dirs = dirs, .dir_count = 1}};

	for (size_t i = 0; i < VNM_ARRAY_LEN(sources); i++) {
		struct loaded l = load(&sources[i]);
		const struct vnm_mib *m = l.m;

		CU_ASSERT_PTR_NOT_NULL_FATAL(m);
		CU_ASSERT_STRING_EQUAL(
		    vnm_mib_label(m, named(m, "IF-MIB::ifOperStatus"), 3), "asleep");
		CU_ASSERT_PTR_NULL(vnm_mib_named(m, "ifHCInOctets", 12)); /* theirs has none */
		only_member(m, "ifXEntry", "IF-MIB::ifIndex");
		only_member(m, "acmeOldPortEntry", "IF-MIB::ifIndex");
		CU_ASSERT_EQUAL(named(m, "linkDown")->member_count, 2);
		CU_ASSERT_EQUAL(named(m, "dot3CollEntry")->member_count, 2);
		CU_ASSERT_PTR_NOT_NULL(vnm_mib_named(m, "IF-MIB::interfaces", 18));
		release(&l);
	}
}

/* Old modules do not take the place of newer ones, nor what these refer to. */
static void
test_not_replaced(void)
{
	static const char *const mib2[] = {OLD "RFC1213-MIB.txt"};
	static const char *const bridge[] = {OLD "ACME-BRIDGE-MIB.txt"};
	struct vnm_mib_sources s = {.files = mib2, .file_count = 1};
	struct loaded l = load(&s);

	CU_ASSERT_PTR_NOT_NULL_FATAL(l.m);
	CU_ASSERT_STRING_EQUAL(vnm_mib_label(l.m, named(l.m, "ifType"), 6), "ethernetCsmacd");
	only_member(l.m, "ifXEntry", "IF-MIB::ifIndex");
	CU_ASSERT_EQUAL_FATAL(l.warnings.n, 1);
	CU_ASSERT_STRING_EQUAL(l.warnings.p[0].file, mib2[0]);
	release(&l);
	s.files = bridge;
	l = load(&s);
	CU_ASSERT_PTR_NOT_NULL_FATAL(l.m);
	CU_ASSERT_TRUE(l.warnings.n > 0); /* whose oids they are */
	only_member(l.m, "dot1dBasePortEntry", "ACME-BRIDGE-MIB::dot1dBasePort");
	only_member(l.m, "dot1qPortVlanEntry", "ACME-BRIDGE-MIB::dot1dBasePort");
	release(&l);
}

static void
test_refused(void)
{
	static const char *const files[] = {MIBS "/NO-SUCH-FILE", MIBS "/README"};
	static const char *const dirs[] = {MIBS "/nowhere"};
	struct vnm_mib_sources s = {.files = files, .file_count = 2, .dirs = dirs, .dir_count = 1};
	struct loaded l = load(&s);

	CU_ASSERT_PTR_NULL(l.m);
	CU_ASSERT_EQUAL(l.errs.n, 3);
	release(&l);
}

/* No directory of ours is left behind, and the next one finds the parser as it was. */
static void
test_again(void)
{
	char place[] = "/tmp/vnmcd-unit-XXXXXX";

	CU_ASSERT_PTR_NOT_NULL_FATAL(mkdtemp(place));
	setenv("TMPDIR", place, 1);
	for (unsigned i = 0; i < 3; i++) {
		struct loaded l = load(&example_only);

		CU_ASSERT_PTR_NOT_NULL(l.m);
		CU_ASSERT_EQUAL(l.warnings.n, 0);
		release(&l);
	}
	unsetenv("TMPDIR");
	CU_ASSERT_EQUAL(rmdir(place), 0); /* it is empty */
}

/* Where the built-in modules cannot be written, that is said. */
static void
test_no_place(void)
{
	struct loaded l;

	setenv("TMPDIR", "/nonexistent", 1);
	l = load(&example_only);
	unsetenv("TMPDIR");
	CU_ASSERT_PTR_NULL(l.m);
	CU_ASSERT_EQUAL_FATAL(l.errs.n, 1);
	CU_ASSERT_PTR_NOT_NULL(strstr(l.errs.p[0].text, "no directory for the built-in modules"));
	release(&l);
}

CU_TestInfo suite_mib_load[] = {
    {"objects", test_objects},
    {"values", test_values},
    {"directory", test_directory},
    {"old", test_old},
    {"replaced", test_replaced},
    {"not replaced", test_not_replaced},
    {"refused", test_refused},
    {"again", test_again},
    {"no place", test_no_place},
    CU_TEST_INFO_NULL,
};
