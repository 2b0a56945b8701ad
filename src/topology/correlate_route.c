/*
 * Names what BMP tells: routes, peers and link state.
 *
 * Who sends: the router with the message's source address, else the one with the BGP identifier
 * by which it calls itself (agent_addr).
 *
 * What a route is about: of EVPN the CP with the MAC address, with the IP address where no MAC
 * address is known; of another route to one address who has it. The virtual link is that
 * of the VNI as the VTEP means it. Two that contradict each other name nothing: MAC and IP address
 * of different CPs, a CP whose virtual link has another VNI.
 *
 * Next hops are in the network beneath: hosts and switches go before VNFCs there, but not in a
 * tenant's own instance, where a shared address is nobody's.
 *
 * A node of an IGP is known by its ids, and by the addresses that it announces for itself; where
 * these lead to different nodes it is none.
 */
#include "topology/correlate.h"

#define SAFI_LABELLED 4
#define SAFI_EVPN 70
#define SAFI_VPN 128
#define EVPN_MAC_IP 2
#define EVPN_PREFIX 5

/* Who is at an address: a CP, VNFC or host as identity, a host, switch or VNFC as node. */
struct end {
	const struct vnm_identity *id; /* NULL: not clear */
	uint32_t node;		       /* VNM_NONE: not clear */
	enum vnm_match by;
};

static const struct end nobody = {NULL, VNM_NONE, VNM_MATCH_NONE};

/* ---- lookups ------------------------------------------------------------------------------- */

/*
 * In the network beneath, or, with `tenant`, in the instance of somebody who is not known. The next
 * hop of an IPv6 route that is an IPv4 address comes as a mapped one.
 */
static struct end
at_addr(const struct vnm_topology *t, const struct vnm_addr *addr, bool tenant)
{
	const struct vnm_addr plain =
	    addr->family == VNM_ADDR_IP6 ? vnm_addr_unmapped(addr->b) : *addr;
	const struct vnm_topology_addr *e = vnm_addr_find(t, &plain);

	if (e == NULL)
		return nobody;
	if (e->shared == VNM_SHARED_NOT)
		return (struct end){vnm_identity_at(t, e->identity), e->node, VNM_MATCH_IP};
	if (tenant || e->node == VNM_NONE)
		return nobody;
	return (struct end){NULL, e->node, VNM_MATCH_IP};
}

/*
 * By vnm_router_key(). A BGP identifier or OSPF router id is, as a rule, one of the addresses of
 * its node: that of a host or switch will do.
 */
static uint32_t
by_router_key(const struct vnm_topology *t, uint64_t key)
{
	const uint8_t id[4] = {
	    (uint8_t)(key >> 24), (uint8_t)(key >> 16), (uint8_t)(key >> 8), (uint8_t)key};
	const struct vnm_addr addr = vnm_addr_ip4(id);
	const struct vnm_topology_number *listed = vnm_key_entry(t, key);

	if (listed != NULL)
		return listed->value;
	if (key >> 60 != VNM_BY_ROUTER_ID)
		return VNM_NONE;
	const struct vnm_topology_addr *e = vnm_addr_find(t, &addr);
	return e != NULL && e->of_node ? e->node : VNM_NONE;
}

static uint32_t
by_router_id(const struct vnm_topology *t, const struct vnm_addr *id)
{
	return by_router_key(t, vnm_router_id_key(id));
}

static bool
is_from(const struct vnm_topology *t, const struct vnm_record *r, uint32_t node)
{
	return VNM_HAS(r, env, exporter_addr) && vnm_node_by_addr(t, &r->env.exporter_addr) == node;
}

uint32_t
vnm_correlate_router(const struct vnm_topology *t, const struct vnm_record *r)
{
	uint32_t node = VNM_NONE;

	if (VNM_HAS(r, env, exporter_addr))
		node = vnm_node_by_addr(t, &r->env.exporter_addr);
	if (node == VNM_NONE && VNM_HAS(r, env, agent_addr))
		node = by_router_id(t, &r->env.agent_addr);
	return node;
}

static const struct vnm_identity *
identity_of_node(const struct vnm_topology *t, uint32_t node)
{
	return node != VNM_NONE ? vnm_identity_at(t, t->nodes.p[node].identity) : NULL;
}

/* A peer by its address, else by its BGP identifier. */
static struct end
find_peer(const struct vnm_topology *t, const struct vnm_addr *addr, const struct vnm_addr *bgp_id,
    bool tenant)
{
	if (addr == NULL || vnm_addr_is_zero(addr))
		return nobody;
	struct end end = at_addr(t, addr, tenant);
	if (end.by != VNM_MATCH_NONE || bgp_id == NULL || tenant)
		return end;
	uint32_t node = by_router_id(t, bgp_id);
	return node != VNM_NONE ? (struct end){NULL, node, VNM_MATCH_ROUTER_ID} : nobody;
}

/* ---- routes -------------------------------------------------------------------------------- */

/* In the instance of a VRF next hops are a tenant's, but for routes between the VRFs. */
static bool
is_tenant(const struct vnm_record *r)
{
	return VNM_HAS(r, route, peer_distinguisher) && VNM_HAS(r, route, safi) &&
	       r->route.safi <= SAFI_LABELLED;
}

static struct end
name_next_hop(const struct vnm_topology *t, struct vnm_record *r)
{
	struct end end = at_addr(t, &r->route.next_hop, is_tenant(r));

	if (end.node != VNM_NONE) {
		const struct vnm_topology_node *node = &t->nodes.p[end.node];
		VNM_SET(r, route, next_hop_node_id, node->id);
		if (node->host.n != 0)
			VNM_SET(r, route, next_hop_host_id, node->host);
	}
	if (vnm_identity_knows(end.id, VNM_IDENTITY_vnf_id))
		VNM_SET(r, route, next_hop_vnf_id, end.id->name[VNM_IDENTITY_vnf_id]);
	if (vnm_identity_knows(end.id, VNM_IDENTITY_vnf_name))
		VNM_SET(r, route, next_hop_vnf_name, end.id->name[VNM_IDENTITY_vnf_name]);
	if (vnm_identity_knows(end.id, VNM_IDENTITY_vnfc_id))
		VNM_SET(r, route, next_hop_vnfc_id, end.id->name[VNM_IDENTITY_vnfc_id]);
	if (vnm_identity_knows(end.id, VNM_IDENTITY_cp_id))
		VNM_SET(r, route, next_hop_cp_id, end.id->name[VNM_IDENTITY_cp_id]);
	return end;
}

/* That of the label field, else, of a multicast route, that of its tunnel. */
static uint32_t
vni_of(const struct vnm_record *r)
{
	const struct vnm_pairs *tunnel = &r->route.pmsi_tunnel;

	if (VNM_HAS(r, route, vni))
		return r->route.vni;
	for (uint32_t i = 0; VNM_HAS(r, route, pmsi_tunnel) && i < tunnel->n; i++) {
		if (strcmp(tunnel->p[i].name, "vni") == 0)
			return (uint32_t)tunnel->p[i].u64;
	}
	return 0;
}

/* Whether it may be the one that is meant in a virtual network, of which the link may be known. */
static bool
is_in(const struct vnm_topology *t, const struct vnm_identity *id, uint32_t vl, uint32_t vni)
{
	if (id == NULL || id->vl == VNM_NONE)
		return id != NULL;
	if (vl != VNM_NONE)
		return id->vl == vl;
	uint32_t segment = t->identities[id->vl].segment;
	return vni == 0 || segment == 0 || segment == vni;
}

static struct end
find_mac_ip(const struct vnm_topology *t, const struct vnm_record *r, uint32_t vl, uint32_t vni)
{
	const struct vnm_identity *by_mac = NULL, *by_ip = NULL;

	if (VNM_HAS(r, route, mac))
		by_mac = vnm_identity_by_mac(t, &r->route.mac, vl);
	if (VNM_HAS(r, route, ip))
		by_ip = vnm_identity_by_addr(t, &r->route.ip, vl);
	if (!is_in(t, by_mac, vl, vni))
		by_mac = NULL;
	if (!is_in(t, by_ip, vl, vni))
		by_ip = NULL;
	if (by_mac != NULL && by_ip != NULL && by_mac != by_ip)
		return nobody;
	if (by_mac != NULL)
		return (struct end){by_mac, VNM_NONE, VNM_MATCH_MAC};
	return by_ip != NULL ? (struct end){by_ip, VNM_NONE, VNM_MATCH_IP} : nobody;
}

/* The one address of a route to one, from its text. */
static bool
host_of(struct vnm_str prefix, uint8_t len, struct vnm_addr *addr)
{
	char text[VNM_ADDR_TEXT];
	const char *slash = memchr(prefix.p, '/', prefix.n);
	size_t n = slash != NULL ? (size_t)(slash - prefix.p) : prefix.n;

	if ((len != 32 && len != 128) || n >= sizeof(text))
		return false;
	memcpy(text, prefix.p, n);
	text[n] = '\0';
	return vnm_addr_parse(addr, text) && vnm_addr_len(addr) * 8 == len;
}

static bool
is_unicast(uint8_t safi)
{
	return safi <= 2 || safi == SAFI_LABELLED || safi == SAFI_VPN;
}

/* Of a route to one address: who has it. */
static struct end
find_host(const struct vnm_topology *t, const struct vnm_record *r, uint32_t vl)
{
	const struct vnm_route_fields *f = &r->route;
	struct vnm_addr addr;

	if (!VNM_HAS(r, route, prefix) || !VNM_HAS(r, route, prefix_len) ||
	    !host_of(f->prefix, f->prefix_len, &addr))
		return nobody;
	bool tenant = f->safi == SAFI_EVPN || f->safi == SAFI_VPN || is_tenant(r);
	struct end host = at_addr(t, &addr, tenant);
	if (host.by != VNM_MATCH_NONE)
		return host;
	const struct vnm_identity *id = vnm_identity_by_addr(t, &addr, vl);
	return id != NULL ? (struct end){id, VNM_NONE, VNM_MATCH_IP} : nobody;
}

static struct end
find_about(const struct vnm_topology *t, const struct vnm_record *r, uint32_t vl, uint32_t vni)
{
	if (!VNM_HAS(r, route, safi))
		return nobody;
	if (r->route.safi != SAFI_EVPN)
		return is_unicast(r->route.safi) ? find_host(t, r, vl) : nobody;
	if (!VNM_HAS(r, route, route_type))
		return nobody;
	if (r->route.route_type == EVPN_MAC_IP)
		return find_mac_ip(t, r, vl, vni);
	return r->route.route_type == EVPN_PREFIX ? find_host(t, r, vl) : nobody;
}

static void
put_owner(const struct vnm_topology *t, struct vnm_record *r, const struct end *about)
{
	const struct vnm_topology_node *node =
	    about->node != VNM_NONE ? &t->nodes.p[about->node] : NULL;

	if (node != NULL)
		VNM_SET(r, route, about_node_id, node->id);
	if (vnm_identity_knows(about->id, VNM_IDENTITY_host_id))
		VNM_SET(r, route, about_host_id, about->id->name[VNM_IDENTITY_host_id]);
	else if (node != NULL && node->host.n != 0)
		VNM_SET(r, route, about_host_id, node->host);
}

static enum vnm_match
name_route(const struct vnm_topology *t, struct vnm_record *r)
{
	const struct vnm_route_fields *f = &r->route;
	struct end hop = nobody;
	uint32_t vni = vni_of(r), vl = VNM_NONE;

	struct end peer = find_peer(t, VNM_HAS(r, route, peer_addr) ? &f->peer_addr : NULL,
	    VNM_HAS(r, route, peer_bgp_id) ? &f->peer_bgp_id : NULL,
	    VNM_HAS(r, route, peer_distinguisher));
	if (peer.node != VNM_NONE)
		VNM_SET(r, route, peer_node_id, t->nodes.p[peer.node].id);
	if (VNM_HAS(r, route, next_hop) && !vnm_addr_is_zero(&f->next_hop))
		hop = name_next_hop(t, r);
	if (vni != 0)
		vl = vnm_vl_by_vni(t, hop.node, vni);
	struct end about = find_about(t, r, vl, vni);
	put_owner(t, r, &about);
	vnm_put_about(t, r, about.id, vnm_identity_at(t, vl));
	if (about.by != VNM_MATCH_NONE)
		return about.by;
	if (vl != VNM_NONE)
		return VNM_MATCH_VNI;
	return hop.by;
}

/* ---- peers --------------------------------------------------------------------------------- */

/* An event of a peer is the router's: about the VNFC that it is. */
static enum vnm_match
name_peer(const struct vnm_topology *t, struct vnm_record *r, uint32_t node)
{
	const struct vnm_peer_fields *f = &r->peer;
	const struct vnm_identity *about = identity_of_node(t, node);

	struct end peer = find_peer(t, VNM_HAS(r, peer, peer_addr) ? &f->peer_addr : NULL,
	    VNM_HAS(r, peer, peer_bgp_id) ? &f->peer_bgp_id : NULL,
	    VNM_HAS(r, peer, peer_distinguisher));
	if (peer.node != VNM_NONE)
		VNM_SET(r, peer, peer_node_id, t->nodes.p[peer.node].id);
	if (vnm_identity_knows(peer.id, VNM_IDENTITY_vnf_id))
		VNM_SET(r, peer, peer_vnf_id, peer.id->name[VNM_IDENTITY_vnf_id]);
	if (vnm_identity_knows(peer.id, VNM_IDENTITY_cp_id))
		VNM_SET(r, peer, peer_cp_id, peer.id->name[VNM_IDENTITY_cp_id]);
	vnm_put_about(t, r, about, NULL);
	if (about == NULL)
		return peer.by;
	return is_from(t, r, node) ? VNM_MATCH_IP : VNM_MATCH_ROUTER_ID;
}

/* ---- link state ---------------------------------------------------------------------------- */

/* A node that several statements lead to, as long as they agree. */
struct agreed {
	uint32_t node;
	enum vnm_match by;
	bool contradicted;
};

static void
agree(struct agreed *a, uint32_t node, enum vnm_match by)
{
	if (node == VNM_NONE)
		return;
	if (a->node != VNM_NONE && a->node != node)
		a->contradicted = true;
	if (a->node == VNM_NONE)
		a->by = by;
	a->node = node;
}

/* The addresses of the pairs with these names, IPv4 and IPv6. */
static void
agree_on_addrs(const struct vnm_topology *t, struct agreed *a, const struct vnm_pairs *pairs,
    const char *name4, const char *name6)
{
	for (uint32_t i = 0; i < pairs->n; i++) {
		const struct vnm_pair *p = &pairs->p[i];
		if (p->type == VNM_PAIR_ADDR &&
		    (strcmp(p->name, name4) == 0 || strcmp(p->name, name6) == 0))
			agree(a, vnm_node_by_addr(t, &p->addr), VNM_MATCH_IP);
	}
}

/* By what its descriptors say. A pseudonode stands for a network, and is no node of ours. */
static bool
agree_on_ids(const struct vnm_topology *t, struct agreed *a, const struct vnm_pairs *descriptors,
    struct vnm_str igp_id)
{
	uint64_t key = vnm_router_key(igp_id.p, igp_id.n);

	if (igp_id.n != 0 && key == 0)
		return false;
	if (key != 0)
		agree(a, by_router_key(t, key), VNM_MATCH_ROUTER_ID);
	for (uint32_t i = 0; i < descriptors->n; i++) {
		const struct vnm_pair *p = &descriptors->p[i];
		if (p->type == VNM_PAIR_ADDR && strcmp(p->name, "bgp_router_id") == 0)
			agree(a, by_router_id(t, &p->addr), VNM_MATCH_ROUTER_ID);
	}
	return true;
}

/* One end of what is told; its addresses have these names among the attributes. */
static struct agreed
find_node(const struct vnm_topology *t, const struct vnm_pairs *descriptors, struct vnm_str igp_id,
    const struct vnm_pairs *attributes, const char *name4, const char *name6)
{
	struct agreed a = {.node = VNM_NONE};

	if (!agree_on_ids(t, &a, descriptors, igp_id))
		return a;
	agree_on_addrs(t, &a, attributes, name4, name6);
	if (a.contradicted)
		a.node = VNM_NONE;
	return a;
}

/* What is told of link state is about its local node. */
static enum vnm_match
name_linkstate(const struct vnm_topology *t, struct vnm_record *r)
{
	static const struct vnm_pairs none;
	const struct vnm_linkstate_fields *f = &r->linkstate;
	const struct vnm_pairs *attributes =
	    VNM_HAS(r, linkstate, attributes) ? &f->attributes : &none;
	const struct agreed local =
	    find_node(t, VNM_HAS(r, linkstate, local_node) ? &f->local_node : &none,
		VNM_HAS(r, linkstate, local_igp_router_id) ? f->local_igp_router_id
							   : (struct vnm_str){0},
		attributes, "ipv4_router_id_of_local_node", "ipv6_router_id_of_local_node");
	const struct agreed remote =
	    find_node(t, VNM_HAS(r, linkstate, remote_node) ? &f->remote_node : &none,
		VNM_HAS(r, linkstate, remote_igp_router_id) ? f->remote_igp_router_id
							    : (struct vnm_str){0},
		attributes, "ipv4_router_id_of_remote_node", "ipv6_router_id_of_remote_node");

	struct end peer = find_peer(t, VNM_HAS(r, linkstate, peer_addr) ? &f->peer_addr : NULL,
	    VNM_HAS(r, linkstate, peer_bgp_id) ? &f->peer_bgp_id : NULL,
	    VNM_HAS(r, linkstate, peer_distinguisher));
	if (peer.node != VNM_NONE)
		VNM_SET(r, linkstate, peer_node_id, t->nodes.p[peer.node].id);
	if (remote.node != VNM_NONE)
		VNM_SET(r, linkstate, remote_node_id, t->nodes.p[remote.node].id);
	if (local.node == VNM_NONE)
		return remote.node != VNM_NONE ? remote.by : VNM_MATCH_NONE;
	VNM_SET(r, linkstate, local_node_id, t->nodes.p[local.node].id);
	vnm_put_about(t, r, identity_of_node(t, local.node), NULL);
	return local.by;
}

void
vnm_correlate_route(const struct vnm_topology *t, struct vnm_record *r, uint32_t node,
    struct vnm_counters *counters)
{
	enum vnm_match by;

	if (r->kind_id == VNM_KIND_route)
		by = name_route(t, r);
	else if (r->kind_id == VNM_KIND_peer)
		by = name_peer(t, r, node);
	else
		by = name_linkstate(t, r);
	if (by != VNM_MATCH_NONE)
		vnm_put_match(t, r, by);
	counters->v[by != VNM_MATCH_NONE ? VNM_C_routes_named : VNM_C_routes_unnamed]++;
}
