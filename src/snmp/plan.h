/*
 * What is asked of a device, and the rows that come of it: the contract between who walks tables
 * (collectors) and who makes records of their rows (decoders).
 */
#ifndef VNM_SNMP_PLAN_H
#define VNM_SNMP_PLAN_H

#include "snmp/pdu.h"

#define VNM_PLAN_COLUMNS 64    /* of one plan: they are bits of a number */
#define VNM_PLAN_COLUMN_IDS 40 /* numbers of a column's oid */

enum vnm_plan_class { VNM_PLAN_COUNTERS, VNM_PLAN_TOPOLOGY, VNM_PLAN_CLASSES };

/* The plans of plans.def, and two forms for what the operator names otherwise. */
enum vnm_plan_sort {
#define VNM_PROFILE(name, class, doc)
#define VNM_PLAN(profile, name, ...) VNM_PLAN_##name,
#define VNM_PLAN_COLUMN(plan, name, ...)
#include "snmp/plans.def"
#undef VNM_PROFILE
#undef VNM_PLAN
#undef VNM_PLAN_COLUMN
	VNM_PLAN_BUILTIN,
	VNM_PLAN_TABLE = VNM_PLAN_BUILTIN, /* a table by its name */
	VNM_PLAN_SCALARS		   /* scalars by their names: one row, index 0 */
};

struct vnm_plan_column {
	const char *name; /* as in plans.def or in the catalogue; borrowed */
	const void *note; /* of who made the plan; borrowed */
	uint8_t fallback; /* column that makes this one needless, + 1; 0: none */
	uint8_t ber_n;	  /* octets of the oid, encoded without a header */
	uint8_t id_n;
	uint32_t ids[VNM_PLAN_COLUMN_IDS];    /* the oid */
	uint8_t ber[5 * VNM_PLAN_COLUMN_IDS]; /* the oid, encoded */
};

/* Immutable once it is made; shared by all threads. */
struct vnm_plan {
	const char *name; /* borrowed */
	const void *note; /* of who made the plan; borrowed */
	enum vnm_plan_sort sort;
	enum vnm_plan_class class;
	bool scalars; /* columns are scalars, their one row has the index 0 */
	uint32_t n;
	uint64_t mask;			 /* of the columns that are asked for */
	struct vnm_plan_column *columns; /* owned */
};

struct vnm_profile {
	const char *name;
	enum vnm_plan_class class;
	const char *doc;
};

/* Ended by one whose name is NULL. */
extern const struct vnm_profile vnm_profiles[];

/* The profile to which a built-in plan belongs. */
const struct vnm_profile *vnm_plan_profile(enum vnm_plan_sort sort);

/* The built-in plan: vnm_plan_release() frees what it owns. 0, or -1 when memory is short. */
int vnm_plan_builtin(struct vnm_plan *p, enum vnm_plan_sort sort) VNM_MUST_CHECK;

/* Adds a column: 0, or -1 when memory is short, the oid too long or the plan full. */
int vnm_plan_add(struct vnm_plan *p, const char *name, struct vnm_oid oid) VNM_MUST_CHECK;
void vnm_plan_release(struct vnm_plan *p);

/* Position of each column of a built-in plan: VNM_COL_interfaces_if_name. */
#define VNM_PROFILE(name, class, doc)
#define VNM_PLAN(profile, name, ...) \
	}                            \
	;                            \
	enum {
#define VNM_PLAN_COLUMN(plan, name, ...) VNM_COL_##plan##_##name,
enum {
	VNM_COL_NONE,
#include "snmp/plans.def"
};
#undef VNM_PROFILE
#undef VNM_PLAN
#undef VNM_PLAN_COLUMN

/* ---- rows ----------------------------------------------------------------------------------- */

/* One row of a table, as the agent had it at one moment. Borrowed for the call. */
struct vnm_plan_row {
	const struct vnm_plan *plan;
	struct vnm_oid index;
	const struct vnm_varbind *cells; /* plan->n; a column without a value here has type 0 */
	uint64_t rx_ns;			 /* when it came, ns since 1970 */
	uint64_t at_ns;			 /* the same on a clock that nobody sets */
	uint32_t uptime;		 /* sysUpTime in the same message, hundredths of a second */
	bool has_uptime;
	bool first; /* of a walk */
};

static inline const struct vnm_varbind *
vnm_plan_cell(const struct vnm_plan_row *row, unsigned column)
{
	const struct vnm_varbind *v = &row->cells[column];

	return v->type != 0 ? v : NULL;
}

/* ---- an agent's clock ------------------------------------------------------------------------ */

enum vnm_uptime {
	VNM_UPTIME_ON,	      /* it went on, perhaps round its end (497 days) */
	VNM_UPTIME_RESTARTED, /* it began anew */
	VNM_UPTIME_ODD /* it went on at another pace than ours, or jumped: not to be relied on */
};

/* What became of sysUpTime between two readings that are elapsed_ns apart on our clock. */
enum vnm_uptime vnm_uptime_compare(uint32_t before, uint32_t now, uint64_t elapsed_ns);

#endif
