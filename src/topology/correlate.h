/*
 * What the namers of flows and of routes share: lookups of identities, and the envelope's names.
 * Private to src/topology/correlate*.c.
 */
#ifndef VNM_TOPOLOGY_CORRELATE_H
#define VNM_TOPOLOGY_CORRELATE_H

#include "topology/snapshot.h"

/* By what something was found: topology_match. */
enum vnm_match {
	VNM_MATCH_NONE,
	VNM_MATCH_IFINDEX,
	VNM_MATCH_IP,
	VNM_MATCH_MAC,
	VNM_MATCH_VNI,
	VNM_MATCH_VLAN,
	VNM_MATCH_ROUTER_ID,
	VNM_MATCH_ENGINE_ID,
	VNM_MATCH_NAME,
	VNM_MATCH_HOSTNAME
};

/* Something found, and by what. */
struct vnm_found {
	const struct vnm_identity *id; /* NULL: nothing */
	enum vnm_match by;
};

/* Who sends (VNM_NONE: not known), and by what that was found. */
struct vnm_sender {
	uint32_t node;
	enum vnm_match by;
};

/* Names a record of kind route, peer or linkstate, whose source is `node` (or VNM_NONE). */
void vnm_correlate_route(const struct vnm_topology *t, struct vnm_record *r, uint32_t node,
    struct vnm_counters *counters);

/* The router that sent a record of BMP: by its address, else by what it calls itself. */
uint32_t vnm_correlate_router(const struct vnm_topology *t, const struct vnm_record *r);

/* The device that an alarm is of; where an SNMP engine's id told, source_origin says so. */
struct vnm_sender vnm_correlate_alarm_sender(const struct vnm_topology *t, struct vnm_record *r);

/* The device that a log record is of: by the name that it claims, else by its address. */
uint32_t vnm_correlate_log_node(const struct vnm_topology *t, const struct vnm_record *r);

/* Names a log record of that node (or VNM_NONE), whose text names that port of it (or NULL). */
void vnm_correlate_log(const struct vnm_topology *t, struct vnm_record *r, uint32_t node,
    const struct vnm_topology_port *port, struct vnm_counters *counters);

static inline const struct vnm_identity *
vnm_identity_at(const struct vnm_topology *t, uint32_t i)
{
	return i != VNM_NONE ? &t->identities[i] : NULL;
}

static inline bool
vnm_identity_knows(const struct vnm_identity *id, unsigned which)
{
	return id != NULL && (id->has >> which & 1) != 0;
}

/* Whose an address is, in that virtual link (VNM_NONE: not known in which). */
static inline const struct vnm_identity *
vnm_identity_by_addr(const struct vnm_topology *t, const struct vnm_addr *addr, uint32_t vl)
{
	const struct vnm_topology_addr *e = vnm_addr_find(t, addr);

	if (e == NULL || e->shared == VNM_SHARED_NOT)
		return e != NULL ? vnm_identity_at(t, e->identity) : NULL;
	e = vl != VNM_NONE ? vnm_addr_find_in(t, addr, vl) : NULL;
	return e != NULL && e->shared == VNM_SHARED_BY_VL ? vnm_identity_at(t, e->identity) : NULL;
}

static inline const struct vnm_identity *
vnm_identity_by_mac(const struct vnm_topology *t, const struct vnm_mac *mac, uint32_t vl)
{
	uint64_t hash = vnm_mac_hash(mac);
	uint32_t at = 0, i;

	while ((i = vnm_table_next(&t->by_mac, hash, &at)) != VNM_TABLE_NONE) {
		const struct vnm_topology_mac *e = &t->macs.p[i];
		if (memcmp(&e->mac, mac, sizeof(*mac)) != 0)
			continue;
		const struct vnm_identity *id = vnm_identity_at(t, e->identity);
		if (e->shared == VNM_SHARED_NOT ||
		    (e->shared == VNM_SHARED_BY_VL && vl != VNM_NONE && id->vl == vl))
			return id;
	}
	return NULL;
}

/* The host, switch or VNFC that has an address, where that is clear; or VNM_NONE. */
static inline uint32_t
vnm_node_by_addr(const struct vnm_topology *t, const struct vnm_addr *addr)
{
	const struct vnm_topology_addr *e = vnm_addr_find(t, addr);

	return e != NULL ? e->node : VNM_NONE;
}

/* The virtual link of a VNI as a node (or VNM_NONE) means it, else as all do; or VNM_NONE. */
static inline uint32_t
vnm_vl_by_vni(const struct vnm_topology *t, uint32_t node, uint32_t vni)
{
	uint32_t vl = VNM_NONE;

	if (node != VNM_NONE)
		vl = vnm_number_find(t, VNM_BY_VNI, node, vni);
	return vl != VNM_NONE ? vl : vnm_number_find(t, VNM_BY_VNI, VNM_ANY_NODE, vni);
}

/* What the record is about, and in which virtual link (NULL: in its own). */
static inline void
vnm_put_about(const struct vnm_topology *t, struct vnm_record *r, const struct vnm_identity *about,
    const struct vnm_identity *vl)
{
	if (vl == NULL)
		vl = about;
	if (vnm_identity_knows(vl, VNM_IDENTITY_vl_id))
		VNM_SET(r, env, vl_id, vl->name[VNM_IDENTITY_vl_id]);
	if (about == NULL)
		about = vl;
	if (about == NULL)
		return;
	if (vnm_identity_knows(about, VNM_IDENTITY_ns_id))
		VNM_SET(r, env, ns_id, about->name[VNM_IDENTITY_ns_id]);
	if (about->ns_name != 0)
		VNM_SET(r, env, ns_name, t->services.p[about->ns_name]);
	if (vnm_identity_knows(about, VNM_IDENTITY_vnf_id))
		VNM_SET(r, env, vnf_id, about->name[VNM_IDENTITY_vnf_id]);
	if (vnm_identity_knows(about, VNM_IDENTITY_vnf_name))
		VNM_SET(r, env, vnf_name, about->name[VNM_IDENTITY_vnf_name]);
	if (vnm_identity_knows(about, VNM_IDENTITY_vnfc_id))
		VNM_SET(r, env, vnfc_id, about->name[VNM_IDENTITY_vnfc_id]);
	if (vnm_identity_knows(about, VNM_IDENTITY_cp_id))
		VNM_SET(r, env, cp_id, about->name[VNM_IDENTITY_cp_id]);
}

/* By what it was named; not NONE. */
static inline void
vnm_put_match(const struct vnm_topology *t, struct vnm_record *r, enum vnm_match by)
{
	static const struct vnm_str names[] = {
	    [VNM_MATCH_NONE] = {"", 0, true},
	    [VNM_MATCH_IFINDEX] = {"ifindex", 7, true},
	    [VNM_MATCH_IP] = {"ip", 2, true},
	    [VNM_MATCH_MAC] = {"mac", 3, true},
	    [VNM_MATCH_VNI] = {"vni", 3, true},
	    [VNM_MATCH_VLAN] = {"vlan", 4, true},
	    [VNM_MATCH_ROUTER_ID] = {"router-id", 9, true},
	    [VNM_MATCH_ENGINE_ID] = {"engine-id", 9, true},
	    [VNM_MATCH_NAME] = {"name", 4, true},
	    [VNM_MATCH_HOSTNAME] = {"hostname", 8, true},
	};

	VNM_SET(r, env, topology_match, names[by]);
	VNM_SET(r, env, topology_version, t->version);
}

#endif
