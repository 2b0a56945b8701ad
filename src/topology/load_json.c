/*
 * Reads a topology file, vnmcd-topology(5), into the model. Names follow ETSI NFV-SOL003 and
 * SOL005 where those have one. Unknown keys are ignored; a known one of the wrong type, or an
 * id that is there twice, is an error that names its place.
 */
#include "topology/model.h"

#include "base/engine_id.h"

#define MEMBER(key, type, entity, member)                                         \
	{                                                                         \
		key, VNM_JSON_##type, offsetof(struct vnm_model_##entity, member) \
	}
#define MEMBERS_END                  \
	{                            \
		NULL, VNM_JSON_ID, 0 \
	}

static const struct vnm_json_member ns_members[] = {
    MEMBER("id", ID, ns, id),
    MEMBER("nsInstanceName", TEXT, ns, name),
    MEMBERS_END,
};

static const struct vnm_json_member vnf_members[] = {
    MEMBER("id", ID, vnf, id),
    MEMBER("vnfInstanceName", TEXT, vnf, name),
    MEMBER("nsInstanceId", TEXT, vnf, ns_id),
    MEMBER("nsInstanceName", TEXT, vnf, ns_name),
    MEMBERS_END,
};

static const struct vnm_json_member vnfc_members[] = {
    MEMBER("id", ID, vnfc, id),
    MEMBER("router", BOOL, vnfc, router),
    MEMBERS_END,
};

static const struct vnm_json_member compute_members[] = {
    MEMBER("hostId", TEXT, vnfc, host),
    MEMBER("resourceId", TEXT, vnfc, resource),
    MEMBERS_END,
};

static const struct vnm_json_member cp_members[] = {
    MEMBER("id", ID, cp, id),
    MEMBER("virtualLinkId", TEXT, cp, vl),
    MEMBER("vnic", TEXT, cp, vnic),
    MEMBER("vnfLinkPortId", TEXT, cp, link_port),
    MEMBER("ifIndexInVnf", NUMBER, cp, if_index_in_vnf),
    MEMBERS_END,
};

static const struct vnm_json_member attachment_members[] = {
    MEMBER("hostId", TEXT, cp, host),
    MEMBER("port", TEXT, cp, port),
    MEMBER("ifIndex", NUMBER, cp, if_index),
    MEMBER("ofPort", NUMBER, cp, of_port),
    MEMBERS_END,
};

static const struct vnm_json_member vl_members[] = {
    MEMBER("id", ID, vl, id),
    MEMBER("nsInstanceId", TEXT, vl, ns_id),
    MEMBER("nsInstanceName", TEXT, vl, ns_name),
    MEMBER("networkType", TEXT, vl, type),
    MEMBER("segmentationId", NUMERAL, vl, segment),
    MEMBERS_END,
};

static const struct vnm_json_member node_members[] = {
    MEMBER("id", ID, node, id),
    MEMBER("netflow5Interfaces", TEXT, node, netflow5),
    MEMBERS_END,
};

static const struct vnm_json_member port_members[] = {
    MEMBER("name", ID, port, name),
    MEMBER("ifIndex", NUMBER, port, if_index),
    MEMBER("ofPort", NUMBER, port, of_port),
    MEMBER("dpPort", NUMBER, port, dp_port),
    MEMBER("virtualLinkId", TEXT, port, vl),
    MEMBER("connectedCpId", TEXT, port, cp),
    MEMBER("vnfcId", TEXT, port, vnfc),
    MEMBER("vni", NUMERAL, port, vni),
    MEMBER("accessVlan", NUMERAL, port, vlan),
    MEMBERS_END,
};

/* Where a node may say by which addresses it is known: as a source of records and a tunnel's end.
 */
static const char *const node_addr_keys[] = {
    "mgmtIp", "mgmtIp6", "underlayIp", "underlayIp6", "localIp"};

static int
no_memory(const struct vnm_json *v)
{
	return vnm_json_fail(v, "does not fit into memory");
}

static int
enter(struct vnm_model *m, const struct vnm_json *v, enum vnm_model_kind kind, uint32_t scope,
    uint32_t id, uint32_t index)
{
	struct vnm_json at = {v->doc, NULL, v, "id", 0};

	return vnm_model_enter(
	    m, &at, &(struct vnm_model_id){kind, scope, id, index, false, NULL, 0, NULL});
}

/* A list of the ids of others. */
static int
add_refs(struct vnm_model_refs *refs, const struct vnm_json *v, const char *key, uint32_t from)
{
	struct vnm_json list;

	if (vnm_json_array(v, key, &list) != 0)
		return -1;
	for (uint32_t i = 0; i < vnm_json_count(&list); i++) {
		struct vnm_model_ref *ref = VNM_LIST_ADD(refs);
		if (ref == NULL)
			return no_memory(&list);
		ref->from = from;
		if (vnm_json_text_at(&list, i, &ref->to) != 0)
			return -1;
	}
	return 0;
}

/* Every object of an array, by `each`; `parent` is the index of what the array belongs to. */
typedef int each_fn(struct vnm_model *m, const struct vnm_json *v, uint32_t parent);

static int
for_each(
    struct vnm_model *m, const struct vnm_json *v, const char *key, each_fn *each, uint32_t parent)
{
	struct vnm_json list, element;

	if (vnm_json_array(v, key, &list) != 0)
		return -1;
	m->lists++;
	for (uint32_t i = 0; i < vnm_json_count(&list); i++) {
		if (vnm_json_element(&list, i, &element) != 0 || each(m, &element, parent) != 0)
			return -1;
	}
	return 0;
}

/* ---- ids ------------------------------------------------------------------------------------ */

static int
add_addr(struct vnm_model *m, const struct vnm_json *list, uint32_t i, enum vnm_model_owner of,
    uint32_t owner)
{
	struct vnm_model_addr *a = VNM_LIST_ADD(&m->addrs);

	if (a == NULL)
		return no_memory(list);
	a->of = of;
	a->owner = owner;
	return vnm_json_addr_at(list, i, &a->addr);
}

static int
add_router_id(struct vnm_model *m, const struct vnm_json *list, uint32_t i, enum vnm_model_owner of,
    uint32_t owner)
{
	struct vnm_json element = {list->doc, NULL, list, NULL, i};
	struct vnm_model_router *r = VNM_LIST_ADD(&m->routers);
	uint32_t symbol;

	if (r == NULL)
		return no_memory(list);
	if (vnm_json_text_at(list, i, &symbol) != 0)
		return -1;
	struct vnm_str text = m->symbols.list.p[symbol];
	*r = (struct vnm_model_router){vnm_router_key(text.p, text.n), of, owner};
	if (r->key == 0)
		return vnm_json_fail(&element,
		    "is \"%.40s\", not a router id like 192.0.2.1 or 0000.0000.0001", text.p);
	return 0;
}

static int
add_engine_id(struct vnm_model *m, const struct vnm_json *list, uint32_t i, enum vnm_model_owner of,
    uint32_t owner)
{
	struct vnm_json element = {list->doc, NULL, list, NULL, i};
	struct vnm_model_engine *e = VNM_LIST_ADD(&m->engines);
	uint8_t id[VNM_SNMP_ENGINE_ID_MAX];
	uint32_t symbol;

	if (e == NULL)
		return no_memory(list);
	if (vnm_json_text_at(list, i, &symbol) != 0)
		return -1;
	struct vnm_str text = m->symbols.list.p[symbol];
	size_t n = vnm_engine_id_read(text.p, text.n, id);
	if (n == 0)
		return vnm_json_fail(&element,
		    "is \"%.80s\", not an engine id of 5 to 32 octets in hexadecimal digits",
		    text.p);
	*e = (struct vnm_model_engine){vnm_symbol(&m->symbols, (const char *)id, n), of, owner};
	return e->id != VNM_NONE ? 0 : no_memory(list);
}

/* By which addresses and ids a node is known beside those of its ports. */
static const struct {
	const char *key;
	int (*add)(struct vnm_model *m, const struct vnm_json *list, uint32_t i,
	    enum vnm_model_owner of, uint32_t owner);
} id_lists[] = {
    {"loopbacks", add_addr}, {"routerIds", add_router_id}, {"engineIds", add_engine_id}};

static int
load_ids(struct vnm_model *m, const struct vnm_json *v, enum vnm_model_owner of, uint32_t owner)
{
	struct vnm_json list;

	for (size_t k = 0; k < VNM_ARRAY_LEN(id_lists); k++) {
		if (vnm_json_array(v, id_lists[k].key, &list) != 0)
			return -1;
		for (uint32_t i = 0; i < vnm_json_count(&list); i++) {
			if (id_lists[k].add(m, &list, i, of, owner) != 0)
				return -1;
		}
	}
	return 0;
}

/* ---- NS, VNF, VNFC, CP, VL ------------------------------------------------------------------ */

static int
load_ns(struct vnm_model *m, const struct vnm_json *v, uint32_t parent)
{
	uint32_t i = m->nss.n;
	struct vnm_model_ns *ns = VNM_LIST_ADD(&m->nss);

	(void)parent;
	if (ns == NULL)
		return no_memory(v);
	if (vnm_json_bind(v, ns_members, ns) != 0 || enter(m, v, VNM_MODEL_NS, 0, ns->id, i) != 0 ||
	    enter(m, v, VNM_MODEL_NS_NAME, 0, ns->name, i) != 0)
		return -1;
	if (add_refs(&m->ns_vnfs, v, "vnfInstanceIds", i) != 0)
		return -1;
	return add_refs(&m->ns_vls, v, "virtualLinkIds", i);
}

static int
load_addresses(struct vnm_model *m, const struct vnm_json *v, uint32_t cp)
{
	struct vnm_json list;

	if (vnm_json_array(v, "addresses", &list) != 0)
		return -1;
	for (uint32_t i = 0; i < vnm_json_count(&list); i++) {
		if (add_addr(m, &list, i, VNM_MODEL_OF_CP, cp) != 0)
			return -1;
	}
	return 0;
}

static int
load_protocol(struct vnm_model *m, const struct vnm_json *v, uint32_t cp)
{
	static const struct vnm_json_member mac_member[] = {
	    {"macAddress", VNM_JSON_MAC, offsetof(struct vnm_model_mac, mac)}, MEMBERS_END};
	struct vnm_model_mac mac = {.cp = cp};
	struct vnm_json ethernet;

	if (vnm_json_object(v, "ipOverEthernet", &ethernet) != 0)
		return -1;
	if (ethernet.o == NULL)
		return 0;
	if (vnm_json_bind(&ethernet, mac_member, &mac) != 0)
		return -1;
	if (memcmp(&mac.mac, &(struct vnm_mac){{0}}, sizeof(mac.mac)) != 0) {
		struct vnm_model_mac *added = VNM_LIST_ADD(&m->macs);
		if (added == NULL)
			return no_memory(&ethernet);
		*added = mac;
	}
	return for_each(m, &ethernet, "ipAddresses", load_addresses, cp);
}

static int
load_cp(struct vnm_model *m, const struct vnm_json *v, uint32_t vnfc)
{
	uint32_t i = m->cps.n;
	struct vnm_model_cp *cp = VNM_LIST_ADD(&m->cps);
	struct vnm_json attachment;

	if (cp == NULL)
		return no_memory(v);
	cp->vnfc = vnfc;
	if (vnm_json_bind(v, cp_members, cp) != 0 ||
	    vnm_json_object(v, "attachment", &attachment) != 0 ||
	    (attachment.o != NULL && vnm_json_bind(&attachment, attachment_members, cp) != 0))
		return -1;
	if (enter(m, v, VNM_MODEL_CP, m->vnfcs.p[vnfc].vnf, cp->id, i) != 0 ||
	    enter(m, v, VNM_MODEL_ANY_CP, 0, cp->id, i) != 0 ||
	    enter(m, v, VNM_MODEL_VNFC_CP, m->vnfcs.p[vnfc].id, cp->id, i) != 0)
		return -1;
	return for_each(m, v, "cpProtocolInfo", load_protocol, i);
}

static int
load_vnfc(struct vnm_model *m, const struct vnm_json *v, uint32_t vnf)
{
	uint32_t i = m->vnfcs.n;
	struct vnm_model_vnfc *vnfc = VNM_LIST_ADD(&m->vnfcs);
	struct vnm_json compute;

	if (vnfc == NULL)
		return no_memory(v);
	vnfc->vnf = vnf;
	if (vnm_json_bind(v, vnfc_members, vnfc) != 0 ||
	    vnm_json_object(v, "computeResource", &compute) != 0 ||
	    (compute.o != NULL && vnm_json_bind(&compute, compute_members, vnfc) != 0))
		return -1;
	if (enter(m, v, VNM_MODEL_VNFC, vnf, vnfc->id, i) != 0 ||
	    for_each(m, v, "vnfcCpInfo", load_cp, i) != 0)
		return -1;
	return load_ids(m, v, VNM_MODEL_OF_VNFC, i);
}

static int
load_vnf(struct vnm_model *m, const struct vnm_json *v, uint32_t parent)
{
	uint32_t i = m->vnfs.n;
	struct vnm_model_vnf *vnf = VNM_LIST_ADD(&m->vnfs);
	struct vnm_json info;

	(void)parent;
	if (vnf == NULL)
		return no_memory(v);
	if (vnm_json_bind(v, vnf_members, vnf) != 0 ||
	    enter(m, v, VNM_MODEL_VNF, 0, vnf->id, i) != 0 ||
	    vnm_json_object(v, "instantiatedVnfInfo", &info) != 0)
		return -1;
	return info.o != NULL ? for_each(m, &info, "vnfcResourceInfo", load_vnfc, i) : 0;
}

static int
load_vl(struct vnm_model *m, const struct vnm_json *v, uint32_t parent)
{
	uint32_t i = m->vls.n;
	struct vnm_model_vl *vl = VNM_LIST_ADD(&m->vls);

	(void)parent;
	if (vl == NULL)
		return no_memory(v);
	if (vnm_json_bind(v, vl_members, vl) != 0 || enter(m, v, VNM_MODEL_VL, 0, vl->id, i) != 0)
		return -1;
	return add_refs(&m->vl_cps, v, "connectionPoints", i);
}

/* ---- hosts, switches, ports ------------------------------------------------------------------ */

static int
load_node_addrs(struct vnm_model *m, const struct vnm_json *v, uint32_t node)
{
	for (size_t i = 0; i < VNM_ARRAY_LEN(node_addr_keys); i++) {
		struct vnm_json_member addr_member[] = {
		    {node_addr_keys[i], VNM_JSON_ADDR, 0}, MEMBERS_END};
		struct vnm_addr addr = {.family = VNM_ADDR_NONE};
		if (vnm_json_bind(v, addr_member, &addr) != 0)
			return -1;
		if (addr.family == VNM_ADDR_NONE)
			continue;
		struct vnm_model_addr *a = VNM_LIST_ADD(&m->addrs);
		if (a == NULL)
			return no_memory(v);
		*a = (struct vnm_model_addr){addr, VNM_MODEL_OF_NODE, node};
	}
	return 0;
}

static int
load_port(struct vnm_model *m, const struct vnm_json *v, uint32_t node)
{
	struct vnm_model_port port = {.node = node, .list = m->lists};

	if (vnm_json_bind(v, port_members, &port) != 0 || load_node_addrs(m, v, node) != 0)
		return -1;
	return vnm_model_port(m, v, &port);
}

/* A port that stands alone. */
static int
load_one_port(struct vnm_model *m, const struct vnm_json *v, const char *key, uint32_t node)
{
	struct vnm_json port;

	if (vnm_json_object(v, key, &port) != 0)
		return -1;
	m->lists++;
	return port.o != NULL ? load_port(m, &port, node) : 0;
}

static int
load_vswitch(struct vnm_model *m, const struct vnm_json *v, uint32_t node)
{
	static const struct vnm_json_member type_member[] = {
	    {"type", VNM_JSON_TEXT, 0}, MEMBERS_END};
	uint32_t type = 0;

	if (vnm_json_bind(v, type_member, &type) != 0)
		return -1;
	if (vnm_str_is(m->symbols.list.p[type], "openvswitch"))
		m->nodes.p[node].ovs = true;
	if (load_one_port(m, v, "local", node) != 0)
		return -1;
	return for_each(m, v, "ports", load_port, node);
}

static int
load_node(struct vnm_model *m, const struct vnm_json *v, bool host, uint32_t *index)
{
	struct vnm_model_node *node = VNM_LIST_ADD(&m->nodes);

	if (node == NULL)
		return no_memory(v);
	*index = m->nodes.n - 1;
	node->host = host;
	if (vnm_json_bind(v, node_members, node) != 0 ||
	    enter(m, v, VNM_MODEL_NODE, 0, node->id, *index) != 0)
		return -1;
	struct vnm_str netflow5 = m->symbols.list.p[node->netflow5];
	if (node->netflow5 != 0 && !vnm_str_is(netflow5, "ofPort") &&
	    !vnm_str_is(netflow5, "ifIndex"))
		return vnm_json_fail(
		    v, "has netflow5Interfaces \"%.40s\", not ofPort or ifIndex", netflow5.p);
	if (load_node_addrs(m, v, *index) != 0)
		return -1;
	return load_ids(m, v, VNM_MODEL_OF_NODE, *index);
}

static int
load_host(struct vnm_model *m, const struct vnm_json *v, uint32_t parent)
{
	uint32_t node;

	(void)parent;
	if (load_node(m, v, true, &node) != 0 || load_one_port(m, v, "mgmtPort", node) != 0 ||
	    for_each(m, v, "physicalPorts", load_port, node) != 0)
		return -1;
	return for_each(m, v, "vSwitches", load_vswitch, node);
}

static int
load_switch(struct vnm_model *m, const struct vnm_json *v, uint32_t parent)
{
	uint32_t node;

	(void)parent;
	if (load_node(m, v, false, &node) != 0 || load_one_port(m, v, "local", node) != 0)
		return -1;
	return for_each(m, v, "ports", load_port, node);
}

static const char *const section_keys[] = {
    "nsInstances", "vnfInstances", "virtualLinks", "hosts", "physicalSwitches"};
static each_fn *const section_each[] = {load_ns, load_vnf, load_vl, load_host, load_switch};

static int
load_element(void *model, size_t which, const struct vnm_json *element)
{
	return section_each[which](model, element, VNM_NONE);
}

int
vnm_model_load_json(struct vnm_model *m, const char *path, struct vnm_err *err)
{
	struct vnm_json_doc doc = {.file = path, .symbols = &m->symbols, .err = err};

	return vnm_json_read(&doc, section_keys, VNM_ARRAY_LEN(section_keys), load_element, m);
}
