/*
 * Plans: which columns of which tables are asked for, with their oids ready for the wire.
 */
#include "snmp/plan.h"

#include "base/alloc.h"
#include "base/clock.h"

#include <assert.h>
#include <string.h>

#define TICK_NS (10 * VNM_NS_PER_MS)
#define SLACK_TICKS 500 /* agents round, and answer late */

#define IDS_COUNT(...) (sizeof((const uint32_t[]){__VA_ARGS__}) / sizeof(uint32_t))

enum profile {
#define VNM_PROFILE(name, class, doc) PROFILE_##name,
#define VNM_PLAN(profile, name, doc, ...)
#define VNM_PLAN_COLUMN(plan, name, fallback, ...)
#include "snmp/plans.def"
#undef VNM_PROFILE
#undef VNM_PLAN
};

const struct vnm_profile vnm_profiles[] = {
#define VNM_PROFILE(name, class, doc) {#name, VNM_PLAN_##class, doc},
#define VNM_PLAN(profile, name, doc, ...)
#include "snmp/plans.def"
#undef VNM_PROFILE
#undef VNM_PLAN
    {NULL, VNM_PLAN_COUNTERS, NULL}};

/* In the order of enum vnm_plan_sort: the node above a plan's columns. */
static const struct entry {
	const char *name;
	enum profile profile;
	uint8_t n;
	uint32_t ids[16];
} entries[] = {
#define VNM_PROFILE(name, class, doc)
#define VNM_PLAN(profile, name, doc, ...) \
	{#name, PROFILE_##profile, IDS_COUNT(__VA_ARGS__), {__VA_ARGS__}},
#include "snmp/plans.def"
#undef VNM_PLAN
#undef VNM_PLAN_COLUMN
};

static const struct column {
	const char *name;
	const char *fallback; /* "0": none */
	enum vnm_plan_sort plan;
	uint8_t n;
	uint32_t ids[12];
} columns[] = {
#define VNM_PLAN(profile, name, doc, ...)
#define VNM_PLAN_COLUMN(plan, name, fallback, ...) \
	{#name, #fallback, VNM_PLAN_##plan, IDS_COUNT(__VA_ARGS__), {__VA_ARGS__}},
#include "snmp/plans.def"
#undef VNM_PROFILE
#undef VNM_PLAN
#undef VNM_PLAN_COLUMN
};

const struct vnm_profile *
vnm_plan_profile(enum vnm_plan_sort sort)
{
	assert(sort < VNM_PLAN_BUILTIN);
	return &vnm_profiles[entries[sort].profile];
}

/* The oid as BER has it, without a header (X.690 section 8.19). */
static size_t
encode(uint8_t *out, const uint32_t *ids, uint32_t n)
{
	uint8_t octets[6 * VNM_PLAN_COLUMN_IDS];
	struct vnm_ber_writer w = vnm_ber_writer_of(octets, sizeof(octets));
	struct vnm_reader r, contents;
	unsigned odd = 0;

	vnm_ber_put_oid(&w, (struct vnm_oid){ids, n});
	r = vnm_reader_of(w.p, vnm_ber_written(&w));
	if (w.full || !vnm_ber_expect(&r, VNM_BER_OID, &contents, &odd))
		return 0;
	memcpy(out, contents.p, vnm_reader_left(&contents));
	return vnm_reader_left(&contents);
}

int
vnm_plan_add(struct vnm_plan *p, const char *name, struct vnm_oid oid)
{
	struct vnm_plan_column *grown, *c;

	if (p->n == VNM_PLAN_COLUMNS || oid.n < 2 || oid.n > VNM_PLAN_COLUMN_IDS)
		return -1;
	grown = vnm_realloc(p->columns, (p->n + 1) * sizeof(*grown));
	if (grown == NULL)
		return -1;
	p->columns = grown;
	c = &p->columns[p->n];
	*c = (struct vnm_plan_column){.name = name, .id_n = (uint8_t)oid.n};
	memcpy(c->ids, oid.v, oid.n * sizeof(*oid.v));
	c->ber_n = (uint8_t)encode(c->ber, oid.v, oid.n);
	if (c->ber_n == 0)
		return -1;
	p->mask |= UINT64_C(1) << p->n++;
	return 0;
}

void
vnm_plan_release(struct vnm_plan *p)
{
	vnm_free(p->columns);
	p->columns = NULL;
	p->n = 0;
}

static uint8_t
position(const struct vnm_plan *p, const char *name)
{
	for (uint32_t i = 0; i < p->n; i++) {
		if (strcmp(p->columns[i].name, name) == 0)
			return (uint8_t)(i + 1);
	}
	return 0;
}

static bool
has_scalars(enum vnm_plan_sort sort)
{
	switch (sort) {
	case VNM_PLAN_system:
	case VNM_PLAN_snmp_engine:
	case VNM_PLAN_lldp_local:
	case VNM_PLAN_lldp2_local:
	case VNM_PLAN_cdp_local:
		return true;
	default:
		return false;
	}
}

int
vnm_plan_builtin(struct vnm_plan *p, enum vnm_plan_sort sort)
{
	const struct entry *e = &entries[sort];
	uint32_t ids[VNM_PLAN_COLUMN_IDS];

	assert(sort < VNM_PLAN_BUILTIN);
	*p = (struct vnm_plan){.name = e->name, .sort = sort};
	p->class = vnm_plan_profile(sort)->class;
	p->scalars = has_scalars(sort);
	memcpy(ids, e->ids, e->n * sizeof(*ids));
	for (size_t i = 0; i < VNM_ARRAY_LEN(columns); i++) {
		const struct column *c = &columns[i];

		if (c->plan != sort)
			continue;
		memcpy(ids + e->n, c->ids, c->n * sizeof(*ids));
		if (vnm_plan_add(p, c->name, (struct vnm_oid){ids, (uint32_t)e->n + c->n}) != 0) {
			vnm_plan_release(p);
			return -1;
		}
		p->columns[p->n - 1].fallback = position(p, c->fallback);
	}
	return 0;
}

/*
 * The difference modulo 2^32 is compared with what our clock says: an agent whose uptime came
 * round its end went as far as it should, one that restarted did not: it began anew where its
 * uptime went back or is less than what has passed since. A small step back by one that cannot have
 * begun since is that of two answers that overtook each other.
 */
enum vnm_uptime
vnm_uptime_compare(uint32_t before, uint32_t now, uint64_t elapsed_ns)
{
	uint32_t went = now - before;
	uint64_t elapsed = elapsed_ns / TICK_NS;
	uint64_t slack = elapsed / 10 + SLACK_TICKS;

	if (went + slack >= elapsed && went <= elapsed + slack)
		return VNM_UPTIME_ON;
	if (now < before && before - now <= SLACK_TICKS && now > elapsed + slack)
		return VNM_UPTIME_ODD;
	return now < before || now + slack < elapsed ? VNM_UPTIME_RESTARTED : VNM_UPTIME_ODD;
}
