/*
 * Joins what the files say into a snapshot: references become pointers to identities, and
 * whatever a record may carry becomes a key. A reference to something that is not described
 * is no error, since inventories are partial; it is counted.
 */
#include "topology/snapshot.h"

#include "base/alloc.h"

#include <assert.h>

struct builder {
	struct vnm_topology *t;
	struct vnm_model *m;
	struct vnm_err *err;
	uint32_t vnfc0, vl0, host0,
	    vnf0;	     /* where the identities of each sort begin; CPs are the first */
	uint32_t vnfc_node0; /* where the nodes that are VNFCs begin */
	uint32_t *service;   /* by symbol: index of that name in t->services; owned */
};

static struct vnm_str
text(const struct builder *b, uint32_t symbol)
{
	return b->m->symbols.list.p[symbol];
}

static int
no_memory(const struct builder *b)
{
	return vnm_err_text(b->err, "memory is too short for the topology");
}

/* ---- references ------------------------------------------------------------------------------ */

static void
join_services(struct builder *b)
{
	struct vnm_model *m = b->m;

	for (uint32_t i = 0; i < m->vnfs.n; i++)
		m->vnfs.p[i].ns = vnm_model_find(m, VNM_MODEL_NS, 0, m->vnfs.p[i].ns_id);
	for (uint32_t i = 0; i < m->vls.n; i++)
		m->vls.p[i].ns = vnm_model_find(m, VNM_MODEL_NS, 0, m->vls.p[i].ns_id);
	for (uint32_t i = 0; i < m->ns_vnfs.n; i++) {
		uint32_t vnf = vnm_model_find(m, VNM_MODEL_VNF, 0, m->ns_vnfs.p[i].to);
		if (vnf == VNM_NONE)
			b->t->size.unresolved++;
		else if (m->vnfs.p[vnf].ns == VNM_NONE)
			m->vnfs.p[vnf].ns = m->ns_vnfs.p[i].from;
	}
	for (uint32_t i = 0; i < m->ns_vls.n; i++) {
		uint32_t vl = vnm_model_find(m, VNM_MODEL_VL, 0, m->ns_vls.p[i].to);
		if (vl == VNM_NONE)
			b->t->size.unresolved++;
		else if (m->vls.p[vl].ns == VNM_NONE)
			m->vls.p[vl].ns = m->ns_vls.p[i].from;
	}
}

/* By name at last, which need not be unique. */
static uint32_t
service(struct builder *b, uint32_t ns, uint32_t ns_id, uint32_t ns_name)
{
	if (ns == VNM_NONE)
		ns = vnm_model_find(b->m, VNM_MODEL_NS_NAME, 0, ns_name);
	if (ns == VNM_NONE && (ns_id != 0 || ns_name != 0))
		b->t->size.unresolved++;
	return ns;
}

static void
join_links(struct builder *b)
{
	struct vnm_model *m = b->m;

	for (uint32_t i = 0; i < m->vl_cps.n; i++) {
		uint32_t cp = vnm_model_find(m, VNM_MODEL_ANY_CP, 0, m->vl_cps.p[i].to);
		if (cp == VNM_NONE)
			b->t->size.unresolved++;
		else if (m->cps.p[cp].vl == 0)
			m->cps.p[cp].vl = m->vls.p[m->vl_cps.p[i].from].id;
	}
}

static void
join_port(struct vnm_model_port *port, uint32_t cp)
{
	port->behind = port->behind == 0 || port->behind == cp + 1 ? cp + 1 : VNM_NONE;
}

static int
contradicts(struct builder *b, const struct vnm_model_cp *cp, const char *what, uint32_t at_cp,
    uint32_t at_port)
{
	const struct vnm_model_id *cp_at =
	    vnm_model_place(b->m, VNM_MODEL_CP, b->m->vnfcs.p[cp->vnfc].vnf, cp->id);
	uint32_t node = vnm_model_find(b->m, VNM_MODEL_NODE, 0, cp->host);
	const struct vnm_model_id *port_at = vnm_model_place(b->m, VNM_MODEL_PORT, node, cp->port);

	assert(cp_at != NULL && port_at != NULL);
	bool same = port_at->file == cp_at->file;
	return vnm_err_set(b->err, cp_at->file, cp_at->line,
	    "%s: its attachment has %s %u, but %s%s%s has %u", cp_at->path, what, at_cp,
	    port_at->path, same ? "" : " of ", same ? "" : port_at->file, at_port);
}

/* A CP's own word on where it is attached may add a port to its host. */
static int
join_attachment(struct builder *b, uint32_t i)
{
	struct vnm_model *m = b->m;
	struct vnm_model_cp *cp = &m->cps.p[i];
	uint32_t node = vnm_model_find(m, VNM_MODEL_NODE, 0, cp->host);

	if (node == VNM_NONE) {
		b->t->size.unresolved++;
		return 0;
	}
	struct vnm_model_port read = {.node = node, .name = cp->port};
	uint32_t at = vnm_model_find(m, VNM_MODEL_PORT, node, cp->port);
	if (at == VNM_NONE) {
		struct vnm_model_id id = {
		    VNM_MODEL_PORT, node, cp->port, m->ports.n, false, NULL, 0, NULL};
		const struct vnm_model_id *from =
		    vnm_model_place(m, VNM_MODEL_CP, m->vnfcs.p[cp->vnfc].vnf, cp->id);
		id.file = from->file;
		id.line = from->line;
		id.path = from->path;
		struct vnm_model_port *added = VNM_LIST_ADD(&m->ports);
		if (added == NULL || vnm_model_add(m, &id) != 0)
			return no_memory(b);
		*added = read;
		at = id.index;
	}
	struct vnm_model_port *port = &m->ports.p[at];
	if (cp->if_index != 0 && port->if_index != 0 && cp->if_index != port->if_index)
		return contradicts(b, cp, "ifIndex", cp->if_index, port->if_index);
	if (cp->of_port != 0 && port->of_port != 0 && cp->of_port != port->of_port)
		return contradicts(b, cp, "ofPort", cp->of_port, port->of_port);
	port->if_index |= cp->if_index;
	port->of_port |= cp->of_port;
	join_port(port, i);
	return 0;
}

/* The port's word on which CP is behind it: the only one of that id, or of that VNFC. */
static void
join_connected(struct builder *b, struct vnm_model_port *port)
{
	uint32_t cp = port->vnfc != 0
			  ? vnm_model_find(b->m, VNM_MODEL_VNFC_CP, port->vnfc, port->cp)
			  : vnm_model_find(b->m, VNM_MODEL_ANY_CP, 0, port->cp);

	if (cp != VNM_NONE)
		join_port(port, cp);
	else if (port->behind == 0)
		b->t->size.unresolved++;
}

static int
join_ports(struct builder *b)
{
	struct vnm_model *m = b->m;

	for (uint32_t i = 0; i < m->cps.n; i++) {
		const struct vnm_model_cp *cp = &m->cps.p[i];
		if (cp->host != 0 && cp->port != 0 && join_attachment(b, i) != 0)
			return -1;
	}
	for (uint32_t i = 0; i < m->ports.n; i++) {
		if (m->ports.p[i].cp != 0)
			join_connected(b, &m->ports.p[i]);
	}
	return 0;
}

/* ---- identities ------------------------------------------------------------------------------ */

static void
set_name(struct vnm_identity *id, unsigned which, struct vnm_str name)
{
	if (name.n == 0)
		return;
	id->name[which] = name;
	id->has |= (uint8_t)(1U << which);
}

/* Names of network services are listed once, so that identities have room in two cache lines. */
static int
list_service(struct builder *b, uint32_t name)
{
	if (b->service[name] != 0 || (name == 0 && b->t->services.n > 0))
		return 0;
	b->service[name] = b->t->services.n;
	struct vnm_str *listed = VNM_LIST_ADD(&b->t->services);
	if (listed == NULL)
		return -1;
	*listed = text(b, name);
	return 0;
}

static int
list_services(struct builder *b)
{
	const struct vnm_model *m = b->m;

	/* The first of the list is no name, as is the first symbol. */
	b->service = vnm_alloc_zero(m->symbols.list.n, sizeof(*b->service));
	if (b->service == NULL || list_service(b, 0) != 0)
		return no_memory(b);
	for (uint32_t i = 0; i < m->nss.n; i++) {
		if (list_service(b, m->nss.p[i].name) != 0)
			return no_memory(b);
	}
	for (uint32_t i = 0; i < m->vnfs.n; i++) {
		if (list_service(b, m->vnfs.p[i].ns_name) != 0)
			return no_memory(b);
	}
	for (uint32_t i = 0; i < m->vls.n; i++) {
		if (list_service(b, m->vls.p[i].ns_name) != 0)
			return no_memory(b);
	}
	return 0;
}

static void
set_service(struct builder *b, struct vnm_identity *id, uint32_t ns, uint32_t ns_name)
{
	if (ns != VNM_NONE) {
		set_name(id, VNM_IDENTITY_ns_id, text(b, b->m->nss.p[ns].id));
		ns_name = b->m->nss.p[ns].name;
	}
	id->ns_name = b->service[ns_name];
}

static void
identify_vnf(struct builder *b, struct vnm_identity *id, const struct vnm_model_vnf *vnf)
{
	set_name(id, VNM_IDENTITY_vnf_id, text(b, vnf->id));
	set_name(id, VNM_IDENTITY_vnf_name, text(b, vnf->name));
	set_service(b, id, vnf->ns, vnf->ns_name);
	id->vl = VNM_NONE;
}

static void
identify_vnfc(struct builder *b, struct vnm_identity *id, const struct vnm_model_vnfc *vnfc)
{
	identify_vnf(b, id, &b->m->vnfs.p[vnfc->vnf]);
	set_name(id, VNM_IDENTITY_vnfc_id, text(b, vnfc->id));
	set_name(id, VNM_IDENTITY_host_id, text(b, vnfc->host));
	id->router = vnfc->router;
}

static void
identify_cp(struct builder *b, struct vnm_identity *id, const struct vnm_model_cp *cp)
{
	identify_vnfc(b, id, &b->m->vnfcs.p[cp->vnfc]);
	set_name(id, VNM_IDENTITY_cp_id, text(b, cp->id));
	set_name(id, VNM_IDENTITY_vl_id, text(b, cp->vl));
	set_name(id, VNM_IDENTITY_host_id, text(b, cp->host));
	uint32_t vl = vnm_model_find(b->m, VNM_MODEL_VL, 0, cp->vl);
	if (vl != VNM_NONE)
		id->vl = b->vl0 + vl;
	else if (cp->vl != 0)
		b->t->size.unresolved++;
}

static bool
is_vlan(const struct builder *b, const struct vnm_model_vl *vl)
{
	return vnm_str_is(text(b, vl->type), "vlan");
}

/* At a cache line's begin, which the heap does not promise. */
static int
alloc_identities(struct vnm_topology *t)
{
	const size_t line = 64;

	t->identities_at = vnm_alloc_zero(1, t->identity_count * sizeof(*t->identities) + line);
	if (t->identities_at == NULL)
		return -1;
	char *p = t->identities_at;
	t->identities = (struct vnm_identity *)(void *)(p + (line - (uintptr_t)p % line) % line);
	return 0;
}

static int
identify(struct builder *b)
{
	struct vnm_model *m = b->m;
	struct vnm_topology *t = b->t;

	b->vnfc0 = m->cps.n;
	b->vl0 = b->vnfc0 + m->vnfcs.n;
	b->host0 = b->vl0 + m->vls.n;
	b->vnf0 = b->host0 + m->nodes.n;
	t->identity_count = b->vnf0 + m->vnfs.n;
	if (alloc_identities(t) != 0)
		return no_memory(b);
	for (uint32_t i = 0; i < m->vnfs.n; i++) {
		struct vnm_model_vnf *vnf = &m->vnfs.p[i];
		vnf->ns = service(b, vnf->ns, vnf->ns_id, vnf->ns_name);
	}
	for (uint32_t i = 0; i < m->cps.n; i++)
		identify_cp(b, &t->identities[i], &m->cps.p[i]);
	for (uint32_t i = 0; i < m->vnfcs.n; i++)
		identify_vnfc(b, &t->identities[b->vnfc0 + i], &m->vnfcs.p[i]);
	for (uint32_t i = 0; i < m->vls.n; i++) {
		struct vnm_identity *id = &t->identities[b->vl0 + i];
		struct vnm_model_vl *vl = &m->vls.p[i];
		set_name(id, VNM_IDENTITY_vl_id, text(b, vl->id));
		set_service(b, id, service(b, vl->ns, vl->ns_id, vl->ns_name), vl->ns_name);
		id->vl = b->vl0 + i;
		if (!is_vlan(b, vl))
			id->segment = vl->segment;
	}
	for (uint32_t i = 0; i < m->nodes.n; i++) {
		struct vnm_identity *id = &t->identities[b->host0 + i];
		if (m->nodes.p[i].host)
			set_name(id, VNM_IDENTITY_host_id, text(b, m->nodes.p[i].id));
		id->vl = VNM_NONE;
	}
	for (uint32_t i = 0; i < m->vnfs.n; i++)
		identify_vnf(b, &t->identities[b->vnf0 + i], &m->vnfs.p[i]);
	return 0;
}

/* ---- keys ------------------------------------------------------------------------------------ */

static int
add_key(struct builder *b, uint64_t key, uint32_t value)
{
	struct vnm_topology *t = b->t;
	uint64_t hash = vnm_key_hash(key);
	uint32_t at = 0, i;

	while ((i = vnm_table_next(&t->by_number, hash, &at)) != VNM_TABLE_NONE) {
		if (t->numbers.p[i].key != key)
			continue;
		if (t->numbers.p[i].value != value)
			t->numbers.p[i].value = VNM_NONE;
		return 0;
	}
	i = t->numbers.n;
	struct vnm_topology_number *e = VNM_LIST_ADD(&t->numbers);
	if (e == NULL || vnm_table_add(&t->by_number, hash, i) != 0)
		return no_memory(b);
	*e = (struct vnm_topology_number){key, value};
	return 0;
}

static int
add_number(
    struct builder *b, enum vnm_number_space space, uint32_t node, uint32_t number, uint32_t value)
{
	if (number == 0 || value == VNM_NONE)
		return 0;
	return add_key(b, vnm_number_key(space, node, number), value);
}

static int
add_port(struct builder *b, uint32_t node, uint32_t name, uint32_t identity, uint32_t vl)
{
	struct vnm_topology *t = b->t;
	uint32_t i = t->ports.n;
	struct vnm_topology_port *p = VNM_LIST_ADD(&t->ports);

	if (p == NULL)
		return no_memory(b);
	*p = (struct vnm_topology_port){text(b, name), node, identity, vl, false};
	if (p->name.n == 0)
		return 0;
	return vnm_table_add(&t->by_name, vnm_hash(p->name.p, p->name.n, node), i) == 0
		   ? 0
		   : no_memory(b);
}

static int
key_port(struct builder *b, const struct vnm_model_port *port)
{
	uint32_t identity = port->behind - 1; /* none wraps around to VNM_NONE */
	uint32_t i = b->t->ports.n;
	uint32_t vl = vnm_model_find(b->m, VNM_MODEL_VL, 0, port->vl);

	if (port->behind == VNM_NONE)
		identity = VNM_NONE;
	if (vl != VNM_NONE)
		vl += b->vl0;
	else if (port->vl != 0)
		b->t->size.unresolved++;
	if (add_number(b, VNM_BY_VNI, port->node, port->vni, vl) != 0 ||
	    add_number(b, VNM_BY_VLAN, port->node, port->vlan, vl) != 0 ||
	    add_number(b, VNM_BY_TUNNEL, port->node, port->vni, i) != 0)
		return -1;
	if (port->vni != 0 && add_number(b, VNM_BY_DP_PORT, port->node, port->dp_port, i) != 0)
		return -1;
	if (vl == VNM_NONE && identity != VNM_NONE)
		vl = b->t->identities[identity].vl;
	if (add_port(b, port->node, port->name, identity, vl) != 0 ||
	    add_number(b, VNM_BY_IF_INDEX, port->node, port->if_index, i) != 0)
		return -1;
	return add_number(b, VNM_BY_OF_PORT, port->node, port->of_port, i);
}

static int
key_cp(struct builder *b, uint32_t i)
{
	const struct vnm_model_cp *cp = &b->m->cps.p[i];
	uint32_t node = b->vnfc_node0 + cp->vnfc;
	uint32_t port = b->t->ports.n;

	if (add_port(b, node, cp->vnic, i, b->t->identities[i].vl) != 0)
		return -1;
	return add_number(b, VNM_BY_IF_INDEX, node, cp->if_index_in_vnf, port);
}

/* Two with the same key: apart by their virtual links, or not at all. */
static void
share(const struct builder *b, uint32_t a, uint8_t *a_shared, uint32_t c, uint8_t *c_shared)
{
	bool within = vnm_identity_vl(b->t, a) == vnm_identity_vl(b->t, c);
	uint8_t how = within ? VNM_SHARED_WITHIN : VNM_SHARED_BY_VL;

	*a_shared = *a_shared > how ? *a_shared : how;
	*c_shared = *c_shared > how ? *c_shared : how;
}

static int
add_addr(struct builder *b, const struct vnm_topology_addr *entry, uint64_t hash)
{
	struct vnm_topology *t = b->t;
	uint32_t i = t->addrs.n;
	struct vnm_topology_addr *e = VNM_LIST_ADD(&t->addrs);

	if (e == NULL || vnm_table_add(&t->by_addr, hash, i) != 0)
		return no_memory(b);
	*e = *entry;
	return 0;
}

/* Another one with the address of `first`. */
static int
share_addr(struct builder *b, struct vnm_topology_addr *first, struct vnm_topology_addr *entry)
{
	struct vnm_topology *t = b->t;
	uint32_t first_vl = vnm_identity_vl(t, first->identity);
	uint32_t vl = vnm_identity_vl(t, entry->identity);

	/* Hosts and switches go before VNFCs, whose addresses are the tenants' choice. */
	if (entry->of_node && !first->of_node)
		first->node = entry->node;
	else if (entry->of_node == first->of_node && first->node != entry->node)
		first->node = VNM_NONE;
	first->of_node |= entry->of_node;
	if (first->shared == VNM_SHARED_NOT) {
		first->shared = VNM_SHARED_BY_VL;
		if (vnm_table_add(&t->by_addr, vnm_addr_hash_in(&first->addr, first_vl),
			(uint32_t)(first - t->addrs.p)) != 0)
			return no_memory(b);
	}
	struct vnm_topology_addr *same = vnm_addr_find_in(t, &entry->addr, vl);
	if (same == NULL) {
		entry->shared = VNM_SHARED_BY_VL;
		return add_addr(b, entry, vnm_addr_hash_in(&entry->addr, vl));
	}
	if (same->identity != entry->identity)
		same->shared = VNM_SHARED_WITHIN;
	return 0;
}

static int
key_addr(struct builder *b, const struct vnm_model_addr *from)
{
	struct vnm_topology_addr entry = {.addr = from->addr, .node = from->owner};
	struct vnm_topology_addr *first = vnm_addr_find(b->t, &from->addr);

	switch (from->of) {
	case VNM_MODEL_OF_CP:
		entry.identity = from->owner;
		entry.node = b->vnfc_node0 + b->m->cps.p[from->owner].vnfc;
		break;
	case VNM_MODEL_OF_VNFC:
		entry.identity = b->vnfc0 + from->owner;
		entry.node = b->vnfc_node0 + from->owner;
		break;
	case VNM_MODEL_OF_NODE:
		entry.of_node = true;
		entry.identity =
		    b->m->nodes.p[from->owner].host ? b->host0 + from->owner : VNM_NONE;
		break;
	}
	if (first == NULL) {
		entry.first = true;
		return add_addr(b, &entry, vnm_addr_hash(&from->addr));
	}
	if (first->identity == entry.identity && first->node == entry.node)
		return 0;
	/* What a VNFC calls its own besides is already that of one of its CPs. */
	if (from->of == VNM_MODEL_OF_VNFC && first->node == entry.node)
		return 0;
	return share_addr(b, first, &entry);
}

static int
key_mac(struct builder *b, const struct vnm_model_mac *from)
{
	struct vnm_topology *t = b->t;
	struct vnm_topology_mac entry = {from->mac, VNM_SHARED_NOT, from->cp};
	uint64_t hash = vnm_mac_hash(&from->mac);
	uint32_t at = 0, i;

	while ((i = vnm_table_next(&t->by_mac, hash, &at)) != VNM_TABLE_NONE) {
		struct vnm_topology_mac *other = &t->macs.p[i];
		if (memcmp(&other->mac, &entry.mac, sizeof(entry.mac)) != 0)
			continue;
		if (other->identity == entry.identity)
			return 0;
		share(b, other->identity, &other->shared, entry.identity, &entry.shared);
	}
	i = t->macs.n;
	struct vnm_topology_mac *e = VNM_LIST_ADD(&t->macs);
	if (e == NULL || vnm_table_add(&t->by_mac, hash, i) != 0)
		return no_memory(b);
	*e = entry;
	return 0;
}

static uint32_t
node_of(const struct builder *b, enum vnm_model_owner of, uint32_t owner)
{
	return (of == VNM_MODEL_OF_VNFC ? b->vnfc_node0 : 0) + owner;
}

/* By which protocols know nodes. */
static int
key_ids(struct builder *b)
{
	const struct vnm_model *m = b->m;

	for (uint32_t i = 0; i < m->routers.n; i++) {
		const struct vnm_model_router *r = &m->routers.p[i];
		if (add_key(b, r->key, node_of(b, r->of, r->owner)) != 0)
			return -1;
	}
	for (uint32_t i = 0; i < m->engines.n; i++) {
		const struct vnm_model_engine *e = &m->engines.p[i];
		if (vnm_topology_engine_add(b->t, text(b, e->id), node_of(b, e->of, e->owner)) != 0)
			return no_memory(b);
	}
	return 0;
}

static int
key_vl(struct builder *b, uint32_t i)
{
	const struct vnm_model_vl *vl = &b->m->vls.p[i];

	/* A VLAN's number means something only where it is configured: at the ports. */
	if (is_vlan(b, vl))
		return 0;
	return add_number(b, VNM_BY_VNI, VNM_ANY_NODE, vl->segment, b->vl0 + i);
}

static int
add_nodes(struct builder *b)
{
	struct vnm_model *m = b->m;
	struct vnm_topology *t = b->t;

	for (uint32_t i = 0; i < m->nodes.n; i++) {
		const struct vnm_model_node *from = &m->nodes.p[i];
		struct vnm_topology_node *node = VNM_LIST_ADD(&t->nodes);
		if (node == NULL)
			return no_memory(b);
		node->id = text(b, from->id);
		if (from->host)
			node->host = node->id;
		node->identity = VNM_NONE;
		node->netflow5_ofport =
		    from->netflow5 != 0 ? vnm_str_is(text(b, from->netflow5), "ofPort") : from->ovs;
	}
	b->vnfc_node0 = t->nodes.n;
	for (uint32_t i = 0; i < m->vnfcs.n; i++) {
		struct vnm_topology_node *node = VNM_LIST_ADD(&t->nodes);
		if (node == NULL)
			return no_memory(b);
		node->id = text(b, m->vnfcs.p[i].id);
		node->host = text(b, m->vnfcs.p[i].host);
		node->identity = b->vnfc0 + i;
	}
	if (t->nodes.n >= VNM_ANY_NODE)
		return vnm_err_text(b->err, "the topology has more nodes than 2^28");
	return 0;
}

/* Tunnels of a node that are one port of its datapath. */
static void
mark_tunnels(struct builder *b)
{
	const struct vnm_model *m = b->m;

	for (uint32_t i = 0; i < m->ports.n; i++) {
		const struct vnm_model_port *port = &m->ports.p[i];
		if (port->vni != 0 && port->dp_port != 0)
			b->t->ports.p[i].one_of_many = vnm_number_find(b->t, VNM_BY_DP_PORT,
							   port->node, port->dp_port) == VNM_NONE;
	}
}

static int
add_keys(struct builder *b)
{
	const struct vnm_model *m = b->m;

	for (uint32_t i = 0; i < m->ports.n; i++) {
		if (key_port(b, &m->ports.p[i]) != 0)
			return -1;
	}
	mark_tunnels(b);
	for (uint32_t i = 0; i < m->cps.n; i++) {
		if (key_cp(b, i) != 0)
			return -1;
	}
	for (uint32_t i = 0; i < m->addrs.n; i++) {
		if (key_addr(b, &m->addrs.p[i]) != 0)
			return -1;
	}
	if (key_ids(b) != 0)
		return -1;
	for (uint32_t i = 0; i < m->macs.n; i++) {
		if (key_mac(b, &m->macs.p[i]) != 0)
			return -1;
	}
	for (uint32_t i = 0; i < m->vls.n; i++) {
		if (key_vl(b, i) != 0)
			return -1;
	}
	return 0;
}

static int
name(struct builder *b, uint32_t symbol, uint32_t identity, uint32_t node)
{
	if (symbol == 0 || vnm_topology_name_add(b->t, text(b, symbol), identity, node) == 0)
		return 0;
	return no_memory(b);
}

/* What people and messages call things. */
static int
add_names(struct builder *b)
{
	const struct vnm_model *m = b->m;

	for (uint32_t i = 0; i < m->vnfs.n; i++) {
		if (name(b, m->vnfs.p[i].id, b->vnf0 + i, VNM_NONE) != 0 ||
		    name(b, m->vnfs.p[i].name, b->vnf0 + i, VNM_NONE) != 0)
			return -1;
	}
	for (uint32_t i = 0; i < m->vnfcs.n; i++) {
		uint32_t identity = b->vnfc0 + i, node = b->vnfc_node0 + i;
		if (name(b, m->vnfcs.p[i].id, identity, node) != 0 ||
		    name(b, m->vnfcs.p[i].resource, identity, node) != 0)
			return -1;
	}
	for (uint32_t i = 0; i < m->cps.n; i++) {
		if (name(b, m->cps.p[i].id, i, VNM_NONE) != 0 ||
		    name(b, m->cps.p[i].link_port, i, VNM_NONE) != 0)
			return -1;
	}
	for (uint32_t i = 0; i < m->nodes.n; i++) {
		if (name(b, m->nodes.p[i].id, VNM_NONE, i) != 0)
			return -1;
	}
	return 0;
}

static size_t
table_octets(const struct vnm_table *table)
{
	return table->slots != NULL ? (table->mask + (size_t)1) * sizeof(*table->slots) : 0;
}

static void
take_size(struct builder *b)
{
	struct vnm_topology *t = b->t;
	const struct vnm_model *m = b->m;
	struct vnm_topology_size *s = &t->size;

	s->network_services = m->nss.n;
	s->vnfs = m->vnfs.n;
	s->vnfcs = m->vnfcs.n;
	s->connection_points = m->cps.n;
	s->virtual_links = m->vls.n;
	for (uint32_t i = 0; i < m->nodes.n; i++)
		*(m->nodes.p[i].host ? &s->hosts : &s->switches) += 1;
	s->ports = m->ports.n;
	s->octets = sizeof(*t) + t->text.octets + t->identity_count * sizeof(*t->identities) +
		    t->nodes.cap * sizeof(*t->nodes.p) + t->ports.cap * sizeof(*t->ports.p) +
		    t->addrs.cap * sizeof(*t->addrs.p) + t->macs.cap * sizeof(*t->macs.p) +
		    t->numbers.cap * sizeof(*t->numbers.p) + table_octets(&t->by_addr) +
		    t->engines.cap * sizeof(*t->engines.p) + table_octets(&t->by_engine) +
		    table_octets(&t->by_mac) + table_octets(&t->by_number) +
		    table_octets(&t->by_name) + t->names.cap * sizeof(*t->names.p) +
		    table_octets(&t->by_text);
}

int
vnm_topology_build(struct vnm_topology *t, struct vnm_model *m, struct vnm_err *err)
{
	struct builder b = {.t = t, .m = m, .err = err};

	join_services(&b);
	join_links(&b);
	int rc = join_ports(&b) == 0 && list_services(&b) == 0 && identify(&b) == 0 &&
			 add_nodes(&b) == 0 && add_keys(&b) == 0 && add_names(&b) == 0
		     ? 0
		     : -1;
	vnm_free(b.service);
	if (rc == 0)
		take_size(&b);
	return rc;
}
