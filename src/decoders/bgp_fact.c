/*
 * Facts from routes and link state, as they stand in the records: who they are about is written
 * the same way whichever router, peer or table they come from, and what tells two statements
 * of one peer apart is a claim: the table, and the parts of the NLRI that are not the object.
 */
#include "decoders/bgp_fact.h"

#include "decoders/bgp_part.h"

#define PARTS 8
#define SAFI_EVPN 70
enum { EVPN_MAC_IP = 2, EVPN_MULTICAST = 3, EVPN_PREFIX = 5 };

/* ---- text ---------------------------------------------------------------------------------- */

/* Parts of a text, the short ones of which are written here. */
struct parts {
	struct vnm_str part[PARTS];
	char written[PARTS][VNM_ADDR_TEXT];
	size_t n;
};

static void
add_str(struct parts *p, struct vnm_str s)
{
	p->part[p->n++] = s;
}

static void
add_number(struct parts *p, uint64_t v)
{
	char *to = p->written[p->n];

	add_str(p, (struct vnm_str){to, (uint32_t)(vnm_text_u64(to, v) - to), true});
}

static void
add_addr(struct parts *p, const struct vnm_addr *a)
{
	char *to = p->written[p->n];

	add_str(p, (struct vnm_str){to, (uint32_t)vnm_addr_write(to, a), true});
}

/* One behind the other in scratch; n is 0 when that is full. */
static struct vnm_str
join(struct vnm_out *out, const struct parts *p, char between)
{
	size_t room = p->n;
	bool clean = true;

	for (size_t i = 0; i < p->n; i++)
		room += p->part[i].n;
	char *start = vnm_bgp_text(out, room), *q = start;
	if (start == NULL)
		return (struct vnm_str){0};
	for (size_t i = 0; i < p->n; i++) {
		if (i > 0)
			*q++ = between;
		if (p->part[i].n > 0)
			memcpy(q, p->part[i].p, p->part[i].n);
		q += p->part[i].n;
		clean = clean && (p->part[i].n == 0 || p->part[i].clean);
	}
	struct vnm_str text = vnm_bgp_text_end(out, start, q);
	text.clean = clean;
	return text;
}

/* ---- sources ------------------------------------------------------------------------------- */

/* A peer as it is known within its router: "distinguisher|address", "address", "loc-rib". */
static struct vnm_str
write_source(struct vnm_out *out, struct vnm_str distinguisher, struct vnm_str type,
    const struct vnm_addr *addr)
{
	struct parts p = {.n = 0};

	if (distinguisher.n > 0)
		add_str(&p, distinguisher);
	if (vnm_str_is(type, "local") || addr == NULL)
		add_str(&p, type);
	if (addr != NULL)
		add_addr(&p, addr);
	return join(out, &p, '|');
}

#define FIELD(r, kind, name) (VNM_HAS(r, kind, name) ? (r)->kind.name : (struct vnm_str){0})
#define ADDR(r, kind, name) (VNM_HAS(r, kind, name) ? &(r)->kind.name : NULL)
#define SOURCE(out, r, kind)                                                                  \
	write_source(out, FIELD(r, kind, peer_distinguisher), FIELD(r, kind, peer_type_name), \
	    ADDR(r, kind, peer_addr))

void
vnm_bgp_fact_source(struct vnm_out *out, bool gone, uint64_t epoch)
{
	struct vnm_str source = SOURCE(out, out->rec, peer);
	const struct vnm_fact fact = {.kind = VNM_FACT_source,
	    .withdrawn = gone,
	    .object = source,
	    .source = source,
	    .epoch = epoch};

	if (source.n > 0)
		vnm_out_fact(out, &fact);
}

/* ---- EVPN ---------------------------------------------------------------------------------- */

static bool
starts(struct vnm_str s, const char *with)
{
	return s.n >= strlen(with) && memcmp(s.p, with, strlen(with)) == 0;
}

static struct vnm_str
behind(struct vnm_str s, const char *with)
{
	size_t n = strlen(with);

	return (struct vnm_str){s.p + n, s.n - (uint32_t)n, s.clean};
}

/* MAC mobility (RFC 7432 section 7.7): the higher number is the newer place. */
static void
add_mobility(struct vnm_pair_list *list, struct vnm_str text)
{
	uint64_t sequence = 0;

	if (starts(text, "sticky:")) {
		struct vnm_pair *p = vnm_pair_list_add(list, "sticky");
		p->type = VNM_PAIR_BOOL;
		p->flag = true;
		text = behind(text, "sticky:");
	}
	for (uint32_t i = 0; i < text.n && text.p[i] >= '0' && text.p[i] <= '9'; i++)
		sequence = sequence * 10 + (uint64_t)(text.p[i] - '0');
	vnm_pair_list_u64(list, "mac_mobility", sequence);
}

static void
add_communities(struct vnm_pair_list *list, const struct vnm_record *r)
{
	const struct vnm_strs *all = &r->route.ext_communities;
	struct vnm_pair_list targets = {.out = list->out};

	for (uint32_t i = 0; VNM_HAS(r, route, ext_communities) && i < all->n; i++) {
		struct vnm_str s = all->p[i];

		if (starts(s, "rt:"))
			vnm_pair_list_str(&targets, NULL, behind(s, "rt:"));
		else if (starts(s, "mac-mobility:"))
			add_mobility(list, behind(s, "mac-mobility:"));
		else if (starts(s, "router-mac:"))
			vnm_pair_list_str(list, "router_mac", behind(s, "router-mac:"));
	}
	if (targets.n > 0)
		vnm_pair_list_array(list, "route_targets", &targets);
}

/* The network's number: some exporters tell 0 for what they do not. */
static void
add_network(struct vnm_pair_list *list, const struct vnm_record *r)
{
	const struct vnm_route_fields *f = &r->route;

	if (VNM_HAS(r, route, vni) && f->vni != 0)
		vnm_pair_list_u64(list, "vni", f->vni);
	if (VNM_HAS(r, route, labels) && f->labels.n > 0 && f->labels.p[0] != 0)
		vnm_pair_list_u64(list, "label", f->labels.p[0]);
	for (uint32_t i = 0; VNM_HAS(r, route, pmsi_tunnel) && i < f->pmsi_tunnel.n; i++) {
		const struct vnm_pair *p = &f->pmsi_tunnel.p[i];
		if ((strcmp(p->name, "vni") == 0 || strcmp(p->name, "label") == 0) && p->u64 != 0)
			vnm_pair_list_u64(list, p->name, p->u64);
	}
}

static bool
is_zero_esi(struct vnm_str esi)
{
	for (uint32_t i = 0; i < esi.n; i++) {
		if (esi.p[i] != '0' && esi.p[i] != ':')
			return false;
	}
	return true;
}

/* What an announcement says besides its NLRI. */
static void
add_attributes(struct vnm_pair_list *list, const struct vnm_record *r)
{
	const struct vnm_route_fields *f = &r->route;

	if (VNM_HAS(r, route, next_hop) && !vnm_addr_is_zero(&f->next_hop))
		vnm_pair_list_addr(list, "vtep", f->next_hop);
	add_network(list, r);
	if (VNM_HAS(r, route, gateway))
		vnm_pair_list_addr(list, "gateway", f->gateway);
	if (VNM_HAS(r, route, esi) && !is_zero_esi(f->esi))
		vnm_pair_list_str(list, "esi", f->esi);
	add_communities(list, r);
}

static struct vnm_str
write_mac(struct vnm_out *out, const struct vnm_mac *mac)
{
	char *start = vnm_bgp_text(out, VNM_MAC_TEXT);

	if (start == NULL)
		return (struct vnm_str){0};
	return vnm_bgp_text_end(out, start, start + vnm_mac_write(start, mac));
}

static struct vnm_str
write_one_addr(struct vnm_out *out, const struct vnm_addr *a)
{
	struct parts p = {.n = 0};

	add_addr(&p, a);
	return join(out, &p, '|');
}

/* What the route is about; false when it teaches nothing. */
static bool
set_object(struct vnm_out *out, const struct vnm_record *r, struct vnm_fact *fact)
{
	const struct vnm_route_fields *f = &r->route;

	if (f->route_type == EVPN_MAC_IP && VNM_HAS(r, route, mac)) {
		fact->kind = VNM_FACT_mac_at_vtep;
		fact->object = write_mac(out, &f->mac);
	} else if (f->route_type == EVPN_MULTICAST && VNM_HAS(r, route, ip)) {
		fact->kind = VNM_FACT_vtep_in_vni;
		fact->object = write_one_addr(out, &f->ip);
	} else if (f->route_type == EVPN_PREFIX && VNM_HAS(r, route, prefix)) {
		fact->kind = VNM_FACT_prefix_behind;
		fact->object = f->prefix;
	}
	return fact->object.n > 0;
}

/* table, RD, Ethernet tag, IP address of a MAC address, path; RFC 7432 section 7: the route's key
 */
static struct vnm_str
write_claim(struct vnm_out *out, const struct vnm_record *r)
{
	const struct vnm_route_fields *f = &r->route;
	struct parts p = {.n = 0};

	add_str(&p, FIELD(r, route, rib));
	add_str(&p, FIELD(r, route, rd));
	add_number(&p, VNM_HAS(r, route, eth_tag) ? f->eth_tag : 0);
	if (f->route_type == EVPN_MAC_IP && VNM_HAS(r, route, ip))
		add_addr(&p, &f->ip);
	else
		add_str(&p, (struct vnm_str){0});
	if (VNM_HAS(r, route, path_id))
		add_number(&p, f->path_id);
	return join(out, &p, '|');
}

static bool
tell_evpn(struct vnm_out *out, uint64_t epoch)
{
	const struct vnm_record *r = out->rec;
	const struct vnm_route_fields *f = &r->route;
	struct vnm_fact fact = {.epoch = epoch, .withdrawn = vnm_str_is(f->action, "withdraw")};
	struct vnm_pair_list list = {.out = out};

	if (!VNM_HAS(r, route, route_type) || VNM_HAS(r, route, nlri_octets) ||
	    !set_object(out, r, &fact))
		return false;
	fact.source = SOURCE(out, r, route);
	fact.claim = write_claim(out, r);
	vnm_pair_list_str(&list, "rd", f->rd);
	if (VNM_HAS(r, route, eth_tag) && f->eth_tag != 0)
		vnm_pair_list_u64(&list, "eth_tag", f->eth_tag);
	if (f->route_type == EVPN_MAC_IP && VNM_HAS(r, route, ip))
		vnm_pair_list_addr(&list, "ip", f->ip);
	if (!fact.withdrawn)
		add_attributes(&list, r);
	fact.values = vnm_bgp_list_pairs(&list);
	vnm_out_fact(out, &fact);
	return true;
}

/* ---- link state ---------------------------------------------------------------------------- */

static const struct vnm_pair *
find(const struct vnm_pairs *pairs, const char *name)
{
	for (uint32_t i = 0; i < pairs->n; i++) {
		if (strcmp(pairs->p[i].name, name) == 0)
			return &pairs->p[i];
	}
	return NULL;
}

/* AS and id of a node, of which some exporters tell the BGP identifier alone. */
static void
add_node(struct parts *p, const struct vnm_pairs *node)
{
	const struct vnm_pair *as = find(node, "autonomous_system");
	const struct vnm_pair *igp = find(node, "igp_router_id");
	const struct vnm_pair *bgp = find(node, "bgp_router_id");

	if (as != NULL && as->type == VNM_PAIR_U64)
		add_number(p, as->u64);
	else
		add_str(p, (struct vnm_str){0});
	if (igp != NULL && igp->type == VNM_PAIR_STR)
		add_str(p, igp->str);
	else if (bgp != NULL && bgp->type == VNM_PAIR_ADDR)
		add_addr(p, &bgp->addr);
	else
		add_str(p, (struct vnm_str){0});
}

/* Where a link leaves its local node: parallel ones differ there. */
static void
add_link(struct parts *p, const struct vnm_pairs *descriptors)
{
	const struct vnm_pair *ip = find(descriptors, "ipv4_interface_address");
	const struct vnm_pair *ids = find(descriptors, "link_local_remote_identifiers");

	if (ip == NULL)
		ip = find(descriptors, "ipv6_interface_address");
	if (ip != NULL && ip->type == VNM_PAIR_ADDR)
		add_addr(p, &ip->addr);
	else if (ids != NULL && ids->type == VNM_PAIR_OBJECT && ids->count > 0)
		add_number(p, ids->items[0].u64);
}

static bool
set_ls_object(struct vnm_out *out, const struct vnm_record *r, struct vnm_fact *fact)
{
	static const struct vnm_pairs none;
	const struct vnm_linkstate_fields *f = &r->linkstate;
	struct parts p = {.n = 0};

	add_number(&p, f->instance_id);
	add_node(&p, &f->local_node);
	if (vnm_str_is(f->object, "node")) {
		fact->kind = VNM_FACT_ls_node;
	} else if (vnm_str_is(f->object, "link") && VNM_HAS(r, linkstate, remote_node)) {
		fact->kind = VNM_FACT_ls_link;
		add_node(&p, &f->remote_node);
		add_link(&p, VNM_HAS(r, linkstate, descriptors) ? &f->descriptors : &none);
	} else if (VNM_HAS(r, linkstate, prefix)) {
		fact->kind = VNM_FACT_ls_prefix;
		add_str(&p, f->prefix);
	} else {
		return false;
	}
	fact->object = join(out, &p, '/');
	return fact->object.n > 0;
}

/* Of the attributes those that say what there is, not how it fares: these change all the time. */
static void
add_ls_attributes(struct vnm_pair_list *list, const struct vnm_pairs *attributes)
{
	static const char *const told[] = {"node_name", "node_flag_bits", "isis_area_identifier",
	    "multi_topology_id", "ipv4_router_id_of_local_node", "ipv6_router_id_of_local_node",
	    "ipv4_router_id_of_remote_node", "ipv6_router_id_of_remote_node", "link_name",
	    "igp_metric", "te_default_metric", "administrative_group", "maximum_link_bandwidth",
	    "shared_risk_link_group", "prefix_metric", "igp_flags"};

	for (size_t i = 0; i < VNM_ARRAY_LEN(told); i++) {
		const struct vnm_pair *p = find(attributes, told[i]);
		if (p != NULL)
			*vnm_pair_list_add(list, told[i]) = *p;
	}
}

static void
add_pairs(struct vnm_pair_list *list, const char *name, const struct vnm_pairs *pairs)
{
	struct vnm_pair *p = vnm_pair_list_add(list, name);

	p->type = VNM_PAIR_OBJECT;
	p->items = pairs->p;
	p->count = pairs->n;
}

static struct vnm_str
write_ls_claim(struct vnm_out *out, const struct vnm_record *r)
{
	struct parts p = {.n = 0};

	add_str(&p, FIELD(r, linkstate, rib));
	add_str(&p, FIELD(r, linkstate, object_id));
	if (VNM_HAS(r, linkstate, path_id))
		add_number(&p, r->linkstate.path_id);
	return join(out, &p, '|');
}

static bool
tell_linkstate(struct vnm_out *out, uint64_t epoch)
{
	const struct vnm_record *r = out->rec;
	const struct vnm_linkstate_fields *f = &r->linkstate;
	struct vnm_fact fact = {.epoch = epoch, .withdrawn = vnm_str_is(f->action, "withdraw")};
	struct vnm_pair_list list = {.out = out};

	if (!VNM_HAS(r, linkstate, local_node) || !set_ls_object(out, r, &fact))
		return false;
	fact.source = SOURCE(out, r, linkstate);
	fact.claim = write_ls_claim(out, r);
	vnm_pair_list_str(&list, "protocol", f->ls_protocol);
	add_pairs(&list, "local_node", &f->local_node);
	if (VNM_HAS(r, linkstate, remote_node))
		add_pairs(&list, "remote_node", &f->remote_node);
	if (VNM_HAS(r, linkstate, descriptors))
		add_pairs(&list, "descriptors", &f->descriptors);
	if (!fact.withdrawn && VNM_HAS(r, linkstate, attributes))
		add_ls_attributes(&list, &f->attributes);
	fact.values = vnm_bgp_list_pairs(&list);
	vnm_out_fact(out, &fact);
	return true;
}

bool
vnm_bgp_fact(struct vnm_out *out, uint64_t epoch)
{
	const struct vnm_record *r = out->rec;

	if (out->fact == NULL)
		return false;
	if (r->kind_id == VNM_KIND_linkstate)
		return tell_linkstate(out, epoch);
	return r->kind_id == VNM_KIND_route && VNM_HAS(r, route, safi) &&
	       r->route.safi == SAFI_EVPN && tell_evpn(out, epoch);
}
