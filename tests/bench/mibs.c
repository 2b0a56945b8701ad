/*
 * What the MIB catalogue costs: `mibs [DIR]` prints ns a look-up, an instance taken apart and a
 * value as text, over the variables below. With a directory of MIB modules as text net-snmp does
 * the same in turns, and the time to read that directory is told.
 */
#include "base/clock.h"
#include "mibs/load.h"

#include <net-snmp/net-snmp-config.h>
#include <net-snmp/net-snmp-includes.h>

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#define ROUNDS 200000
#define TURNS 5

#define OCTETS(text)                                                           \
	{                                                                      \
		VNM_MIB_VALUE_OCTETS,                                          \
		{                                                              \
			.octets = {(const uint8_t *)(text), sizeof(text) - 1 } \
		}                                                              \
	}
#define SIGNED(n)                     \
	{                             \
		VNM_MIB_VALUE_SIGNED, \
		{                     \
			.i = (n)      \
		}                     \
	}
#define UNSIGNED(n)                     \
	{                               \
		VNM_MIB_VALUE_UNSIGNED, \
		{                       \
			.u = (n)        \
		}                       \
	}

/* What traps and rows of interfaces, neighbours, bridges, entities and routes are made of. */
static const struct {
	const char *name;
	struct vnm_mib_value value;
	uint8_t type; /* as net-snmp has it */
} variables[] = {
    {"sysUpTime.0", UNSIGNED(26640507), ASN_TIMETICKS},
    {"ifIndex.3", SIGNED(3), ASN_INTEGER},
    {"ifOperStatus.3", SIGNED(1), ASN_INTEGER},
    {"ifType.3", SIGNED(6), ASN_INTEGER},
    {"ifInErrors.3", UNSIGNED(3123456789), ASN_COUNTER},
    {"ifHighSpeed.3", UNSIGNED(10000), ASN_GAUGE},
    {"ifDescr.3", OCTETS("GigabitEthernet0/3"), ASN_OCTET_STR},
    {"ifAlias.3", OCTETS("to the core, link 2"), ASN_OCTET_STR},
    {"ifPhysAddress.3", OCTETS("\x52\x54\0\x12\x34\x56"), ASN_OCTET_STR},
    {"hrSystemDate.0", OCTETS("\x07\xea\x0b\x1a\x09\x1e\x05\x07+\x01\0"), ASN_OCTET_STR},
    {"ipAddressIfIndex.1.4.10.0.0.1", SIGNED(3), ASN_INTEGER},
    {"ipNetToMediaPhysAddress.3.10.0.0.9", OCTETS("\x52\x54\0\x12\x34\x57"), ASN_OCTET_STR},
    {"dot1dBasePortIfIndex.7", SIGNED(7), ASN_INTEGER},
    {"inetCidrRouteIfIndex.1.4.10.0.0.0.24.2.0.0.1.4.10.0.0.1", SIGNED(3), ASN_INTEGER},
    {"hrStorageUsed.31", SIGNED(123456), ASN_INTEGER},
    {"dot3StatsFCSErrors.3", UNSIGNED(17), ASN_COUNTER},
};
#define VARIABLES VNM_ARRAY_LEN(variables)

static struct {
	const struct vnm_mib_object *object;
	uint32_t v[VNM_OID_MAX];
	struct vnm_oid oid, instance;
	oid numbers[VNM_OID_MAX];
	netsnmp_variable_list variable;
	long number;
} all[VARIABLES];

static struct tree *tree;
static volatile uint64_t sink; /* so that no work is left out */

static void
prepare(void)
{
	for (size_t i = 0; i < VARIABLES; i++) {
		const struct vnm_mib_value *v = &variables[i].value;
		netsnmp_variable_list *variable = &all[i].variable;
		const char *name = variables[i].name;

		all[i].oid = (struct vnm_oid){
		    all[i].v, vnm_mib_oid_parse(&vnm_mib_builtin, name, strlen(name), all[i].v)};
		all[i].object = vnm_mib_find(&vnm_mib_builtin, all[i].oid, &all[i].instance);
		for (uint32_t k = 0; k < all[i].oid.n; k++)
			all[i].numbers[k] = all[i].v[k];
		variable->name = all[i].numbers;
		variable->name_length = all[i].oid.n;
		variable->type = variables[i].type;
		if (v->type == VNM_MIB_VALUE_OCTETS) {
			variable->val.string = malloc(v->octets.n);
			memcpy(variable->val.string, v->octets.p, v->octets.n);
			variable->val_len = v->octets.n;
		} else {
			all[i].number = v->type == VNM_MIB_VALUE_SIGNED ? v->i : (long)v->u;
			variable->val.integer = &all[i].number;
			variable->val_len = sizeof(long);
		}
	}
}

/* ---- what is measured ---------------------------------------------------------------------- */

static uint64_t
find(size_t i)
{
	return (uintptr_t)vnm_mib_find(&vnm_mib_builtin, all[i].oid, NULL);
}

static uint64_t
find_theirs(size_t i)
{
	return (uintptr_t)get_tree(all[i].numbers, all[i].oid.n, tree);
}

static uint64_t
named(size_t i)
{
	const char *name = vnm_mib_name(&vnm_mib_builtin, all[i].object);

	return (uintptr_t)vnm_mib_named(&vnm_mib_builtin, name, strlen(name));
}

static uint64_t
apart(size_t i)
{
	struct vnm_mib_index index;

	return vnm_mib_index(&vnm_mib_builtin, all[i].object, all[i].instance, &index);
}

static uint64_t
value_text(size_t i)
{
	char text[256];

	return vnm_mib_text(
	    &vnm_mib_builtin, all[i].object, &variables[i].value, text, sizeof(text));
}

/* "IF-MIB::ifDescr.3" and the value, as a record or a log line needs them. */
static uint64_t
whole_text(size_t i)
{
	char text[512];

	return vnm_mib_oid_text(&vnm_mib_builtin, all[i].oid, true, text, sizeof(text)) +
	       value_text(i);
}

static uint64_t
whole_theirs(size_t i)
{
	char text[512];

	return (uint64_t)snprint_variable(
	    text, sizeof(text), all[i].numbers, all[i].oid.n, &all[i].variable);
}

/* The least of a few turns, in CPU time: the machine may have others on it. */
static double
ns_each(uint64_t (*step)(size_t i))
{
	double best = 1e9;

	for (unsigned turn = 0; turn < TURNS; turn++) {
		struct timespec a, b;
		double ns;

		clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &a);
		for (unsigned k = 0; k < ROUNDS; k++)
			sink += step(k % VARIABLES);
		clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &b);
		ns = ((double)(b.tv_sec - a.tv_sec) * 1e9 + (double)(b.tv_nsec - a.tv_nsec)) /
		     ROUNDS;
		best = ns < best ? ns : best;
	}
	return best;
}

static void
tell(const char *what, double ours, double theirs)
{
	printf("%-24s %8.1f ns", what, ours);
	if (theirs > 0)
		printf("   net-snmp %8.1f ns   %.1f times", theirs, theirs / ours);
	putchar('\n');
}

/* ---- all of it ----------------------------------------------------------------------------- */

static void
load(const char *dir)
{
	const struct vnm_mib_sources s = {.dirs = &dir, .dir_count = 1};
	struct vnm_errs errs = {0}, warnings = {0};
	uint64_t begin = vnm_clock_mono_ns();
	struct vnm_mib *m = vnm_mib_load(&s, &errs, &warnings);

	printf("read %s: %.1f ms, %u objects, %u modules, %u errors, %u warnings\n", dir,
	    (double)(vnm_clock_mono_ns() - begin) / 1e6, m != NULL ? m->object_count : 0,
	    m != NULL ? m->module_count : 0, errs.n, warnings.n + warnings.lost);
	vnm_mib_free(m);
	vnm_errs_free(&errs);
	vnm_errs_free(&warnings);
}

static void
load_theirs(const char *dir)
{
	uint64_t begin = vnm_clock_mono_ns();

	netsnmp_ds_set_boolean(NETSNMP_DS_LIBRARY_ID, NETSNMP_DS_LIB_DONT_READ_CONFIGS, 1);
	netsnmp_ds_set_boolean(NETSNMP_DS_LIBRARY_ID, NETSNMP_DS_LIB_DONT_PERSIST_STATE, 1);
	snmp_disable_log();
	netsnmp_set_mib_directory(dir);
	netsnmp_init_mib();
	tree = read_all_mibs();
	printf("net-snmp by itself: %.1f ms\n", (double)(vnm_clock_mono_ns() - begin) / 1e6);
}

int
main(int argc, char **argv)
{
	const struct vnm_mib *m = &vnm_mib_builtin;
	bool peer = argc > 1;

	printf("%u objects, %u modules, %zu octets\n", m->object_count, m->module_count,
	    m->object_count * sizeof(*m->objects) + m->type_count * sizeof(*m->types) +
		m->label_count * sizeof(*m->labels) + m->member_count * sizeof(*m->members) +
		(m->name_mask + 1) * sizeof(*m->names) + m->text_size);
	prepare();
	if (peer) {
		load(argv[1]);
		load_theirs(argv[1]);
	}
	tell("look-up by number", ns_each(find), peer ? ns_each(find_theirs) : 0);
	tell("look-up by name", ns_each(named), 0);
	tell("instance taken apart", ns_each(apart), 0);
	tell("value as text", ns_each(value_text), 0);
	tell("name and value as text", ns_each(whole_text), peer ? ns_each(whole_theirs) : 0);
	return 0;
}
