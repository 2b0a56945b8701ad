/*
 * What a group of polled devices is asked for: profiles, tables, columns and scalars by their names
 * as plans of the poller.
 */
#include "daemon/conf.h"

#include "base/alloc.h"
#include "decoders/poll.h"

#include <string.h>

struct maker {
	struct vnm_poll_group *group;
	const struct vnm_node *node; /* of the group */
	struct vnm_plan *plans;	     /* of the group, while it is made */
	uint32_t first_plan;	     /* of the list that is being read */
	struct vnm_errs *errs;
};

static void
no_memory(struct maker *m)
{
	vnm_errs_at(m->errs, m->node, "out of memory");
}

/* A new plan of the group, or NULL when there are as many as may be, or memory is short. */
static struct vnm_plan *
new_plan(struct maker *m, const char *key)
{
	struct vnm_poll_group *g = m->group;
	struct vnm_plan *grown;

	if (g->plan_count == VNM_POLL_PLANS) {
		vnm_errs_at(m->errs, vnm_node_at(m->node, key), "more than %d tables in one group",
		    VNM_POLL_PLANS);
		return NULL;
	}
	grown = vnm_realloc(m->plans, (g->plan_count + 1) * sizeof(*grown));
	if (grown == NULL) {
		no_memory(m);
		return NULL;
	}
	m->plans = grown;
	g->plans = grown;
	grown += g->plan_count++;
	*grown = (struct vnm_plan){.sort = VNM_PLAN_TABLE};
	return grown;
}

static void
add_builtin(struct maker *m, const char *key, enum vnm_plan_sort sort)
{
	struct vnm_plan *p = new_plan(m, key);

	if (p != NULL && vnm_plan_builtin(p, sort) != 0)
		no_memory(m);
}

static void
add_column(
    struct maker *m, struct vnm_plan *p, const struct vnm_mib *mib, const struct vnm_mib_object *o)
{
	uint32_t ids[VNM_OID_MAX];

	if (vnm_plan_add(p, vnm_mib_column(mib, o), vnm_mib_oid(mib, o, ids)) != 0)
		no_memory(m);
}

/* Columns that have a value that can be read; tables of more than one plan takes become several. */
static void
add_table(struct maker *m, const char *key, const struct vnm_mib *mib,
    const struct vnm_mib_object *entry, const struct vnm_mib_object *only)
{
	const char *name = vnm_mib_name(mib, vnm_mib_parent(mib, entry));
	struct vnm_plan *p = NULL;

	for (uint32_t i = 0; i < entry->child_count; i++) {
		const struct vnm_mib_object *o = vnm_mib_child(mib, entry, i);

		if (o->kind != VNM_MIB_COLUMN || o->access != VNM_MIB_READ ||
		    (only != NULL && o != only))
			continue;
		if (p == NULL || p->n == VNM_PLAN_COLUMNS) {
			p = new_plan(m, key);
			if (p == NULL)
				return;
			p->name = name;
		}
		add_column(m, p, mib, o);
	}
	if (p == NULL)
		vnm_errs_at(m->errs, vnm_node_at(m->node, key),
		    "`%s`: %s has no column that can be read", key, name);
}

/* The built-in plan that the group has already, or NULL. */
static struct vnm_plan *
plan_of(const struct maker *m, enum vnm_plan_sort sort)
{
	for (uint32_t i = 0; i < m->group->plan_count; i++) {
		if (m->plans[i].sort == sort)
			return &m->plans[i];
	}
	return NULL;
}

static void
is_there(struct maker *m, const char *key, const char *name)
{
	vnm_errs_at(
	    m->errs, vnm_node_at(m->node, key), "`%s`: \"%s\" is asked for already", key, name);
}

/*
 * Of the plan of interfaces the columns of one of its two tables, or of both. They are one plan,
 * since what is remembered of an interface is so.
 */
static void
add_interfaces(struct maker *m, const char *key, const char *name, bool if_table, bool if_x_table)
{
	struct vnm_plan *p = plan_of(m, VNM_PLAN_interfaces);

	if (p != NULL && p < m->plans + m->first_plan) {
		is_there(m, key, name);
		return;
	}
	if (p == NULL) {
		p = new_plan(m, key);
		if (p == NULL)
			return;
		if (vnm_plan_builtin(p, VNM_PLAN_interfaces) != 0)
			no_memory(m);
		p->mask = 0;
	}
	for (uint32_t i = 0; i < p->n; i++)
		p->mask |= (uint64_t)(p->columns[i].ids[6] == 31 ? if_x_table : if_table) << i;
}

static void
add_profile(struct maker *m, const char *key, const struct vnm_profile *profile)
{
	for (enum vnm_plan_sort s = 0; s < VNM_PLAN_BUILTIN; s++) {
		if (vnm_plan_profile(s) != profile)
			continue;
		if (s == VNM_PLAN_interfaces) {
			add_interfaces(m, key, profile->name, true, true);
		} else if (plan_of(m, s) != NULL) {
			is_there(m, key, profile->name);
			return;
		} else {
			add_builtin(m, key, s);
		}
	}
}

static void
add_named(struct maker *m, const char *key, const char *name, const struct vnm_mib *mib)
{
	const struct vnm_mib_object *o, *entry;

	for (const struct vnm_profile *profile = vnm_profiles; profile->name != NULL; profile++) {
		if (strcmp(profile->name, name) != 0)
			continue;
		add_profile(m, key, profile);
		return;
	}
	o = vnm_mib_named(mib, name, strlen(name));
	entry = o != NULL ? vnm_mib_entry(mib, o) : NULL;
	if (o != NULL && o->kind == VNM_MIB_ENTRY)
		entry = o;
	if (entry == NULL)
		vnm_errs_at(m->errs, vnm_node_at(m->node, key),
		    "`%s`: \"%s\" is neither a profile nor a table of the MIB catalogue", key,
		    name);
	else if (o->kind == VNM_MIB_COLUMN)
		add_table(m, key, mib, entry, o);
	else if (strcmp(vnm_mib_name(mib, entry), "ifEntry") == 0)
		add_interfaces(m, key, name, true, false);
	else if (strcmp(vnm_mib_name(mib, entry), "ifXEntry") == 0)
		add_interfaces(m, key, name, false, true);
	else
		add_table(m, key, mib, entry, NULL);
}

static void
add_scalars(struct maker *m, const struct vnm_mib *mib)
{
	const struct vnm_strings *names = &m->group->options.scalars;
	struct vnm_plan *p = NULL;

	for (uint32_t i = 0; i < names->n; i++) {
		const struct vnm_mib_object *o =
		    vnm_mib_named(mib, names->p[i], strlen(names->p[i]));

		if (o == NULL || o->kind != VNM_MIB_SCALAR) {
			vnm_errs_at(m->errs, vnm_node_at(m->node, "scalars"),
			    "`scalars`: \"%s\" is no scalar of the MIB catalogue", names->p[i]);
			continue;
		}
		if (p == NULL || p->n == VNM_PLAN_COLUMNS) {
			p = new_plan(m, "scalars");
			if (p == NULL)
				return;
			p->name = "scalars";
			p->sort = VNM_PLAN_SCALARS;
			p->scalars = true;
		}
		add_column(m, p, mib, o);
	}
}

struct vnm_plan *
vnm_conf_make_plans(struct vnm_poll_group *g, const struct vnm_node *node,
    const struct vnm_mib *mib, struct vnm_errs *errs)
{
	const struct vnm_poll_options *o = &g->options;
	struct maker m = {.group = g, .node = node, .errs = errs};

	for (uint32_t i = 0; i < o->tables.n; i++)
		add_named(&m, "tables", o->tables.p[i], mib);
	add_scalars(&m, mib);
	m.first_plan = g->plan_count;
	for (uint32_t i = 0; i < o->topology.n; i++)
		add_named(&m, "topology", o->topology.p[i], mib);
	for (uint32_t i = 0; i < g->plan_count; i++) {
		enum vnm_plan_class class =
		    i < m.first_plan ? VNM_PLAN_COUNTERS : VNM_PLAN_TOPOLOGY;

		m.plans[i].class = class;
		g->class_mask[class] |= UINT64_C(1) << i;
		vnm_poll_prepare(&m.plans[i], mib);
	}
	if (g->plan_count == 0)
		vnm_errs_at(errs, node, "this group asks for nothing");
	return m.plans;
}
