/*
 * Names records. It runs for every one of them: a handful of lookups and copies of text that
 * is ready, no allocation and no comparison of text but of interfaces' names.
 *
 * Who sends: the node with the agent's address, else with the message's source address; of
 * notifications see correlate_alarm.c.
 *
 * Which port: by its name where the record has it, else by its number, which is an ifIndex of
 * the node; in NetFlow v5 of a node with Open vSwitch it is an OpenFlow port. A tunnel that
 * shares its datapath's port with others is told by its VNI alone.
 *
 * What a flow is about, which is what the envelope says: the first of these that is a VNF's
 *   1. the CP behind the port where it was observed (ingress, or egress by flowDirection),
 *      then the one behind its other port            topology_match ifindex
 *   2. the VNFC that sends, where it sends itself    ip
 *   3. the CP with the source address, the destination address   ip
 *   4. the CP with the source MAC, the destination MAC           mac
 *   5. the virtual link alone, by port, VNI or VLAN              ifindex, vni, vlan
 * and of an interface: the CP behind it, else the VNFC that sends.
 */
#include "topology/correlate.h"

#include <assert.h>

/* Source and destination of a flow have an identity's names in its order, one by one. */
#define CHECK_NAME(name_)                                                                 \
	_Static_assert(                                                                   \
	    VNM_F_flow_src_##name_ - VNM_F_flow_src_vnf_id == VNM_IDENTITY_##name_ &&     \
		VNM_F_flow_dst_##name_ - VNM_F_flow_dst_vnf_id == VNM_IDENTITY_##name_ && \
		offsetof(struct vnm_flow_fields, src_##name_) -                           \
			offsetof(struct vnm_flow_fields, src_vnf_id) ==                   \
		    VNM_IDENTITY_##name_ * sizeof(struct vnm_str) &&                      \
		offsetof(struct vnm_flow_fields, dst_##name_) -                           \
			offsetof(struct vnm_flow_fields, dst_vnf_id) ==                   \
		    VNM_IDENTITY_##name_ * sizeof(struct vnm_str),                        \
	    "the record's order of names is not the identity's");
VNM_IDENTITY_NAMES(CHECK_NAME)

/* ---- lookups --------------------------------------------------------------------------------- */

static const struct vnm_topology_port *
by_name(const struct vnm_topology *t, uint32_t node, struct vnm_str name)
{
	uint64_t hash = vnm_hash(name.p, name.n, node);
	uint32_t at = 0, i;

	while ((i = vnm_table_next(&t->by_name, hash, &at)) != VNM_TABLE_NONE) {
		const struct vnm_topology_port *p = &t->ports.p[i];
		if (p->node == node && p->name.n == name.n &&
		    memcmp(p->name.p, name.p, name.n) == 0)
			return p;
	}
	return NULL;
}

/*
 * A lookup goes from a slot to an entry to an identity, each in memory of its own: the way is
 * walked ahead for both ends while their node and ports are looked up.
 */
static const struct vnm_table_slot *
slot_ahead(const struct vnm_table *table, uint64_t hash)
{
	const struct vnm_table_slot *slot = NULL;

	if (table->slots != NULL) {
		slot = &table->slots[(uint32_t)(hash >> 32) & table->mask];
		VNM_PREFETCH(slot);
	}
	return slot;
}

static void
entry_ahead(const struct vnm_topology *t, const struct vnm_table_slot *slot)
{
	if (slot != NULL && slot->index != 0)
		VNM_PREFETCH(&t->addrs.p[slot->index - 1]);
}

static bool
is_bmp(const struct vnm_record *r)
{
	return r->kind_id == VNM_KIND_route || r->kind_id == VNM_KIND_peer ||
	       r->kind_id == VNM_KIND_linkstate ||
	       (r->kind_id == VNM_KIND_topology_event && VNM_HAS(r, env, decoder) &&
		   vnm_str_is(r->env.decoder, "bmp"));
}

static uint32_t
node_of(const struct vnm_topology *t, const struct vnm_record *r)
{
	uint32_t node = VNM_NONE;

	if (is_bmp(r))
		return vnm_correlate_router(t, r);
	if (r->kind_id == VNM_KIND_log)
		return vnm_correlate_log_node(t, r);
	if (VNM_HAS(r, env, agent_addr))
		node = vnm_node_by_addr(t, &r->env.agent_addr);
	if (node == VNM_NONE && VNM_HAS(r, env, exporter_addr))
		node = vnm_node_by_addr(t, &r->env.exporter_addr);
	return node;
}

static struct vnm_sender
sender_of(const struct vnm_topology *t, struct vnm_record *r)
{
	if (r->kind_id == VNM_KIND_alarm)
		return vnm_correlate_alarm_sender(t, r);
	return (struct vnm_sender){node_of(t, r), VNM_MATCH_IP};
}

/* ---- ports ----------------------------------------------------------------------------------- */

/*
 * Open vSwitch may put its engine's id above the port's 9 bits (add_id_to_interface); the
 * engine's id is the low octet of the observation domain.
 */
static uint32_t
by_of_port(const struct vnm_topology *t, const struct vnm_record *r, uint32_t node, uint32_t number)
{
	uint32_t port = vnm_number_find(t, VNM_BY_OF_PORT, node, number);

	if (port != VNM_NONE || !VNM_HAS(r, env, observation_domain_id))
		return port;
	uint32_t engine = r->env.observation_domain_id & 0x7f;
	if (engine == 0 || number >> 9 != engine)
		return VNM_NONE;
	return vnm_number_find(t, VNM_BY_OF_PORT, node, number & 0x1ff);
}

static bool
counts_of_ports(const struct vnm_topology *t, const struct vnm_record *r, uint32_t node)
{
	return t->nodes.p[node].netflow5_ofport && VNM_HAS(r, env, decoder) &&
	       vnm_str_is(r->env.decoder, "netflow5");
}

/* Open vSwitch names any of the tunnels that are one port of its datapath: the VNI tells. */
static const struct vnm_topology_port *
tunnel_of(const struct vnm_topology *t, const struct vnm_record *r, uint32_t node)
{
	uint32_t i = VNM_NONE;

	if (r->kind_id == VNM_KIND_flow && VNM_HAS(r, flow, vni))
		i = vnm_number_find(t, VNM_BY_TUNNEL, node, r->flow.vni);
	return i != VNM_NONE ? &t->ports.p[i] : NULL;
}

static const struct vnm_topology_port *
port_of(const struct vnm_topology *t, const struct vnm_record *r, uint32_t node,
    const struct vnm_str *name, const uint32_t *number)
{
	const struct vnm_topology_port *port = NULL;
	uint32_t i = VNM_NONE;

	if (node == VNM_NONE)
		return NULL;
	if (name != NULL)
		port = by_name(t, node, *name);
	if (port != NULL && port->one_of_many)
		return tunnel_of(t, r, node);
	if (port != NULL || number == NULL || *number == 0)
		return port;
	if (counts_of_ports(t, r, node))
		i = by_of_port(t, r, node, *number);
	else
		i = vnm_number_find(t, VNM_BY_IF_INDEX, node, *number);
	return i != VNM_NONE ? &t->ports.p[i] : NULL;
}

static const struct vnm_identity *
behind(const struct vnm_topology *t, const struct vnm_topology_port *port)
{
	return port != NULL ? vnm_identity_at(t, port->identity) : NULL;
}

/* ---- the envelope ---------------------------------------------------------------------------- */

static void
put_node(const struct vnm_topology *t, struct vnm_record *r, uint32_t node)
{
	const struct vnm_topology_node *n = &t->nodes.p[node];

	VNM_SET(r, env, node_id, n->id);
	if (n->host.n != 0)
		VNM_SET(r, env, host_id, n->host);
	VNM_SET(r, env, topology_version, t->version);
}

static void
put_match(const struct vnm_topology *t, struct vnm_record *r, enum vnm_match by,
    struct vnm_counters *counters)
{
	if (by == VNM_MATCH_NONE) {
		counters->v[VNM_C_unnamed]++;
		return;
	}
	counters->v[VNM_C_named]++;
	vnm_put_match(t, r, by);
}

/* ---- flows ----------------------------------------------------------------------------------- */

struct flow_names {
	const struct vnm_topology_port *in, *out;
	const struct vnm_topology_port *seen; /* the one of them where it was observed */
	struct vnm_found vl;
	struct vnm_found src, dst;
};

static void
find_ports(
    const struct vnm_topology *t, const struct vnm_record *r, uint32_t node, struct flow_names *n)
{
	const struct vnm_flow_fields *f = &r->flow;

	n->in = port_of(t, r, node, VNM_HAS(r, flow, in_if_name) ? &f->in_if_name : NULL,
	    VNM_HAS(r, flow, in_if) ? &f->in_if : NULL);
	n->out = port_of(t, r, node, VNM_HAS(r, flow, out_if_name) ? &f->out_if_name : NULL,
	    VNM_HAS(r, flow, out_if) ? &f->out_if : NULL);
	/* From tunnel to tunnel: the VNI is that of the first. */
	if (n->out != NULL && n->out->one_of_many && n->out == n->in)
		n->out = NULL;
	bool egress = VNM_HAS(r, flow, direction) && f->direction == 1;
	n->seen = egress ? n->out : n->in;
	if (n->seen == NULL)
		n->seen = egress ? n->in : n->out;
}

/*
 * The virtual link in which it was observed: that of the CP's port, else the VNI's, else that
 * of a port without a CP, else the VLAN's. A VNI within a CP's port is that VNF's own affair.
 */
static struct vnm_found
find_vl(const struct vnm_topology *t, const struct vnm_record *r, uint32_t node,
    const struct vnm_topology_port *seen)
{
	bool by_port = seen != NULL && seen->vl != VNM_NONE;
	uint32_t vl = VNM_NONE;

	if (by_port && seen->identity != VNM_NONE)
		return (struct vnm_found){vnm_identity_at(t, seen->vl), VNM_MATCH_IFINDEX};
	if (VNM_HAS(r, flow, vni))
		vl = vnm_vl_by_vni(t, node, r->flow.vni);
	if (vl != VNM_NONE)
		return (struct vnm_found){vnm_identity_at(t, vl), VNM_MATCH_VNI};
	if (by_port)
		return (struct vnm_found){vnm_identity_at(t, seen->vl), VNM_MATCH_IFINDEX};
	if (VNM_HAS(r, flow, vlan_id) && node != VNM_NONE)
		vl = vnm_number_find(t, VNM_BY_VLAN, node, r->flow.vlan_id);
	if (vl != VNM_NONE)
		return (struct vnm_found){vnm_identity_at(t, vl), VNM_MATCH_VLAN};
	return (struct vnm_found){NULL, VNM_MATCH_NONE};
}

/*
 * A MAC address tells who has an unknown IP address, but not where the frame may come from or
 * go to someone behind a router: there it does so only for an address of the link itself.
 */
static bool
mac_tells(const struct vnm_identity *id, const struct vnm_addr *addr)
{
	if (!id->router || addr == NULL || vnm_addr_is_zero(addr))
		return true;
	if (addr->family == VNM_ADDR_IP4)
		return addr->b[0] == 169 && addr->b[1] == 254;
	return addr->b[0] == 0xfe && (addr->b[1] & 0xc0) == 0x80;
}

static struct vnm_found
find_end(const struct vnm_topology *t, const struct vnm_addr *addr, const struct vnm_mac *mac,
    uint32_t vl)
{
	const struct vnm_identity *id = NULL;

	if (addr != NULL)
		id = vnm_identity_by_addr(t, addr, vl);
	if (id != NULL)
		return (struct vnm_found){id, VNM_MATCH_IP};
	if (mac != NULL)
		id = vnm_identity_by_mac(t, mac, vl);
	if (id != NULL && mac_tells(id, addr))
		return (struct vnm_found){id, VNM_MATCH_MAC};
	return (struct vnm_found){NULL, VNM_MATCH_NONE};
}

static void
find_ends(const struct vnm_topology *t, const struct vnm_record *r, struct flow_names *n)
{
	const struct vnm_flow_fields *f = &r->flow;
	uint32_t vl = n->vl.id != NULL ? n->vl.id->vl : VNM_NONE;
	/* What is routed leaves in another virtual link than it came from. */
	uint32_t src_vl = n->in != NULL && n->in->vl != VNM_NONE ? n->in->vl : vl;
	uint32_t dst_vl = n->out != NULL && n->out->vl != VNM_NONE ? n->out->vl : vl;

	n->src = find_end(t, VNM_HAS(r, flow, src_addr) ? &f->src_addr : NULL,
	    VNM_HAS(r, flow, src_mac) ? &f->src_mac : NULL, src_vl);
	n->dst = find_end(t, VNM_HAS(r, flow, dst_addr) ? &f->dst_addr : NULL,
	    VNM_HAS(r, flow, dst_mac) ? &f->dst_mac : NULL, dst_vl);
	if (n->vl.id == NULL && n->src.id != NULL && n->dst.id != NULL &&
	    n->src.id->vl == n->dst.id->vl && n->src.id->vl != VNM_NONE)
		n->vl = (struct vnm_found){vnm_identity_at(t, n->src.id->vl), n->src.by};
}

/* See the head of this file. */
static struct vnm_found
find_about(const struct vnm_topology *t, uint32_t node, const struct flow_names *n)
{
	const struct vnm_topology_port *other = n->seen == n->in ? n->out : n->in;
	struct vnm_found tries[] = {
	    {behind(t, n->seen), VNM_MATCH_IFINDEX},
	    {behind(t, other), VNM_MATCH_IFINDEX},
	    {node != VNM_NONE ? vnm_identity_at(t, t->nodes.p[node].identity) : NULL, VNM_MATCH_IP},
	    n->src.by == VNM_MATCH_IP ? n->src : (struct vnm_found){NULL, VNM_MATCH_NONE},
	    n->dst.by == VNM_MATCH_IP ? n->dst : (struct vnm_found){NULL, VNM_MATCH_NONE},
	    n->src,
	    n->dst,
	};

	for (size_t i = 0; i < VNM_ARRAY_LEN(tries); i++) {
		if (vnm_identity_knows(tries[i].id, VNM_IDENTITY_vnf_id))
			return tries[i];
	}
	return (struct vnm_found){NULL, VNM_MATCH_NONE};
}

static void
mark_names(struct vnm_record *r, unsigned first, uint64_t bits)
{
	r->has[first / 64] |= bits << first % 64;
	if (first % 64 + VNM_IDENTITY_COUNT > 64)
		r->has[first / 64 + 1] |= bits >> (64 - first % 64);
}

static void
put_ends(struct vnm_record *r, const struct flow_names *n)
{
	char *flow = (char *)&r->flow;

	if (n->src.id != NULL) {
		memcpy(flow + offsetof(struct vnm_flow_fields, src_vnf_id), n->src.id->name,
		    sizeof(n->src.id->name));
		mark_names(r, VNM_F_flow_src_vnf_id, n->src.id->has);
	}
	if (n->dst.id != NULL) {
		memcpy(flow + offsetof(struct vnm_flow_fields, dst_vnf_id), n->dst.id->name,
		    sizeof(n->dst.id->name));
		mark_names(r, VNM_F_flow_dst_vnf_id, n->dst.id->has);
	}
}

static void
put_ports(const struct vnm_topology *t, struct vnm_record *r, const struct flow_names *n)
{
	const struct vnm_identity *in = behind(t, n->in), *out = behind(t, n->out);

	if (n->in != NULL && n->in->name.n != 0) {
		VNM_SET(r, flow, in_tp_id, n->in->name);
		if (!VNM_HAS(r, flow, in_if_name))
			VNM_SET(r, flow, in_if_name, n->in->name);
	}
	if (n->out != NULL && n->out->name.n != 0) {
		VNM_SET(r, flow, out_tp_id, n->out->name);
		if (!VNM_HAS(r, flow, out_if_name))
			VNM_SET(r, flow, out_if_name, n->out->name);
	}
	if (n->seen != NULL && n->seen->name.n != 0)
		VNM_SET(r, env, tp_id, n->seen->name);
	if (in != NULL) {
		VNM_SET(r, flow, in_cp_id, in->name[VNM_IDENTITY_cp_id]);
		VNM_SET(r, flow, in_vnfc_id, in->name[VNM_IDENTITY_vnfc_id]);
	}
	if (out != NULL) {
		VNM_SET(r, flow, out_cp_id, out->name[VNM_IDENTITY_cp_id]);
		VNM_SET(r, flow, out_vnfc_id, out->name[VNM_IDENTITY_vnfc_id]);
	}
}

static void
name_flow(const struct vnm_topology *t, struct vnm_record *r, uint32_t node,
    struct vnm_counters *counters)
{
	struct flow_names n;

	find_ports(t, r, node, &n);
	n.vl = find_vl(t, r, node, n.seen);
	find_ends(t, r, &n);
	struct vnm_found about = find_about(t, node, &n);
	put_ports(t, r, &n);
	put_ends(r, &n);
	vnm_put_about(t, r, about.id, n.vl.id);

	/* Where it is about no VNF: the link, the port, or a host at either end. */
	enum vnm_match by = about.by;
	if (by == VNM_MATCH_NONE)
		by = n.vl.by;
	if (by == VNM_MATCH_NONE && n.seen != NULL)
		by = VNM_MATCH_IFINDEX;
	if (by == VNM_MATCH_NONE)
		by = n.src.id != NULL ? n.src.by : n.dst.by;
	put_match(t, r, by, counters);
}

/* ---- interfaces and the rest ------------------------------------------------------------------
 */

/*
 * What a record about one port, or (both NULL) about its node, is about. Returns the port's name;
 * n is 0 where it has none.
 */
static struct vnm_str
name_port(const struct vnm_topology *t, struct vnm_record *r, struct vnm_sender sender,
    const struct vnm_str *if_name, const uint32_t *if_index, struct vnm_counters *counters)
{
	const struct vnm_topology_port *port = port_of(t, r, sender.node, if_name, if_index);
	const struct vnm_identity *about = behind(t, port);
	enum vnm_match by = port != NULL ? VNM_MATCH_IFINDEX : VNM_MATCH_NONE;

	if (about == NULL && sender.node != VNM_NONE) {
		about = vnm_identity_at(t, t->nodes.p[sender.node].identity);
		if (about != NULL && by == VNM_MATCH_NONE)
			by = sender.by;
	}
	if (port != NULL && port->name.n != 0)
		VNM_SET(r, env, tp_id, port->name);
	vnm_put_about(t, r, about, port != NULL ? vnm_identity_at(t, port->vl) : NULL);
	put_match(t, r, by, counters);
	return port != NULL ? port->name : (struct vnm_str){NULL, 0, false};
}

static void
name_interface(const struct vnm_topology *t, struct vnm_record *r, struct vnm_sender sender,
    struct vnm_counters *counters)
{
	struct vnm_interface_fields *f = &r->interface;
	struct vnm_str name =
	    name_port(t, r, sender, VNM_HAS(r, interface, if_name) ? &f->if_name : NULL,
		VNM_HAS(r, interface, if_index) ? &f->if_index : NULL, counters);

	if (name.n != 0 && !VNM_HAS(r, interface, if_name))
		VNM_SET(r, interface, if_name, name);
}

static void
name_alarm(const struct vnm_topology *t, struct vnm_record *r, struct vnm_sender sender,
    struct vnm_counters *counters)
{
	struct vnm_str name =
	    name_port(t, r, sender, VNM_HAS(r, alarm, if_name) ? &r->alarm.if_name : NULL,
		VNM_HAS(r, alarm, if_index) ? &r->alarm.if_index : NULL, counters);

	if (name.n != 0 && !VNM_HAS(r, alarm, if_name))
		VNM_SET(r, alarm, if_name, name);
}

void
vnm_topology_correlate(
    const struct vnm_topology *t, struct vnm_record *r, struct vnm_counters *counters)
{
	const struct vnm_table_slot *src = NULL, *dst = NULL;

	assert(t->magic == VNM_TOPOLOGY_MAGIC);
	if (r->kind_id == VNM_KIND_flow) {
		if (VNM_HAS(r, flow, src_addr))
			src = slot_ahead(&t->by_addr, vnm_addr_hash(&r->flow.src_addr));
		if (VNM_HAS(r, flow, dst_addr))
			dst = slot_ahead(&t->by_addr, vnm_addr_hash(&r->flow.dst_addr));
	}
	const struct vnm_sender sender = sender_of(t, r);
	uint32_t node = sender.node;
	entry_ahead(t, src);
	entry_ahead(t, dst);
	if (node != VNM_NONE)
		put_node(t, r, node);
	switch (r->kind_id) {
	case VNM_KIND_flow:
		name_flow(t, r, node, counters);
		break;
	case VNM_KIND_interface:
		name_interface(t, r, sender, counters);
		break;
	case VNM_KIND_log:
		vnm_correlate_log(t, r, node,
		    port_of(t, r, node, VNM_HAS(r, log, if_name) ? &r->log.if_name : NULL,
			VNM_HAS(r, log, if_index) ? &r->log.if_index : NULL),
		    counters);
		break;
	case VNM_KIND_alarm:
		name_alarm(t, r, sender, counters);
		break;
	case VNM_KIND_table:
		(void)name_port(t, r, sender, NULL, NULL, counters);
		break;
	case VNM_KIND_route:
	case VNM_KIND_peer:
	case VNM_KIND_linkstate:
		vnm_correlate_route(t, r, node, counters);
		break;
	default:
		break;
	}
}
