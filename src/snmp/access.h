/*
 * Who may speak SNMP with vnmcd, and about what: communities and users with their views, in the
 * manner of VACM (RFC 3415). Made with a configuration, immutable afterwards and shared by all
 * threads; finding someone costs the same with one user and with ten thousand.
 */
#ifndef VNM_SNMP_ACCESS_H
#define VNM_SNMP_ACCESS_H

#include "base/hash.h"
#include "snmp/usm.h"

/* What someone may do. Empty lists allow all. */
struct vnm_snmp_view {
	const struct vnm_prefix *allow; /* source addresses; borrowed */
	uint32_t allow_count;
	struct vnm_oid *oids; /* notifications below these; owned, as are their numbers */
	uint32_t oid_count;
	uint8_t level; /* VNM_SNMP_FLAG_AUTH and _PRIV that a message must have */
};

struct vnm_snmp_community {
	struct vnm_slice label; /* what the configuration calls it; borrowed */
	struct vnm_slice name;	/* the community itself; borrowed */
	struct vnm_snmp_view view;
};

struct vnm_snmp_user {
	struct vnm_slice label;			/* what the configuration calls him; borrowed */
	struct vnm_usm_user usm;		/* its name is borrowed */
	uint8_t engine[VNM_SNMP_ENGINE_ID_MAX]; /* what usm.engine points to */
	struct vnm_snmp_view view;
};

struct vnm_snmp_access {
	uint32_t magic;
	uint64_t id; /* another one for another configuration: keys made by one are not another's */
	struct vnm_snmp_community *communities; /* owned */
	uint32_t community_count;
	struct vnm_snmp_user *users; /* owned */
	uint32_t user_count;
	struct vnm_usm_des *des;		      /* where a user has DES; owned */
	struct vnm_table community_index, name_index; /* by name */
	struct vnm_table user_index;		      /* by name and engine */
};

/* Zeroed room for so many; NULL when memory is short. */
struct vnm_snmp_access *vnm_snmp_access_new(uint32_t communities, uint32_t users);
void vnm_snmp_access_free(struct vnm_snmp_access *a);

/* Adds an oid to a view: 0, or -1 when memory is short. */
int vnm_snmp_view_add(struct vnm_snmp_view *view, struct vnm_oid oid) VNM_MUST_CHECK;

/* Once all are filled in: 0, or -1 when memory is short. */
int vnm_snmp_access_index(struct vnm_snmp_access *a) VNM_MUST_CHECK;

/* The community of that name, or NULL: it has no view of its own. */
const struct vnm_snmp_community *vnm_snmp_access_community(
    const struct vnm_snmp_access *a, struct vnm_slice name);

/*
 * The user of that name for that engine: one who is for this engine before one who is for every
 * one. NULL where there is none; *named then says whether the name is known.
 */
const struct vnm_snmp_user *vnm_snmp_access_user(
    const struct vnm_snmp_access *a, struct vnm_slice name, struct vnm_slice engine, bool *named);

bool vnm_snmp_view_source(const struct vnm_snmp_view *view, const struct vnm_addr *source);
bool vnm_snmp_view_oid(const struct vnm_snmp_view *view, struct vnm_oid oid);

#endif
