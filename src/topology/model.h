/*
 * What the operator's files say of the network, as they say it: entities with their names as
 * symbols, before they are joined into a snapshot (snapshot.h). Only loaders and the builder
 * know it; it is freed when the snapshot is made.
 */
#ifndef VNM_TOPOLOGY_MODEL_H
#define VNM_TOPOLOGY_MODEL_H

#include "topology/json.h"

/* All uint32_t are symbols unless they are said to be something else; 0: not given. */
struct vnm_model_ns {
	uint32_t id, name;
};

struct vnm_model_vnf {
	uint32_t id, name, ns_id, ns_name;
	uint32_t ns; /* the builder's: index */
};

struct vnm_model_vnfc {
	uint32_t vnf; /* index */
	uint32_t id, host, resource;
	bool router; /* forwards for others: its MAC addresses stand before others' IP addresses */
};

struct vnm_model_cp {
	uint32_t vnfc; /* index */
	uint32_t id, vl, vnic, link_port;
	uint32_t if_index_in_vnf; /* ifIndex within the VNFC */
	uint32_t host, port;	  /* where it is attached */
	uint32_t if_index, of_port;
};

struct vnm_model_vl {
	uint32_t id, ns_id, ns_name, type;
	uint32_t segment; /* number: the VNI, or the VLAN where type is vlan */
	uint32_t ns;	  /* the builder's: index */
};

struct vnm_model_node {
	uint32_t id;
	bool host; /* false: a switch */
	bool ovs;  /* has an Open vSwitch bridge */
	uint32_t netflow5;
};

struct vnm_model_port {
	uint32_t node; /* index */
	uint32_t list; /* number of the array in which it was read, to tell twice from again */
	uint32_t name, vl, cp, vnfc;
	uint32_t if_index, of_port, dp_port, vni, vlan; /* numbers */
	uint32_t behind; /* the builder's: index of the CP + 1; VNM_NONE: several */
};

enum vnm_model_owner { VNM_MODEL_OF_NODE, VNM_MODEL_OF_CP, VNM_MODEL_OF_VNFC };

struct vnm_model_addr {
	struct vnm_addr addr;
	enum vnm_model_owner of;
	uint32_t owner; /* index */
};

/* By which a routing protocol knows a host, switch or VNFC. */
struct vnm_model_router {
	uint64_t key; /* vnm_router_key() */
	enum vnm_model_owner of;
	uint32_t owner; /* index */
};

/* An SNMP engine of a host, switch or VNFC. */
struct vnm_model_engine {
	uint32_t id; /* symbol of its octets */
	enum vnm_model_owner of;
	uint32_t owner; /* index */
};

struct vnm_model_mac {
	struct vnm_mac mac;
	uint32_t cp; /* index */
};

/* A list of names that one entity gives of others: from is an index, to a symbol. */
struct vnm_model_ref {
	uint32_t from, to;
};

struct vnm_model_refs {
	struct vnm_model_ref *p;
	uint32_t n, cap;
};

/* What an id is the id of. Those of the second line may be shared by several. */
enum vnm_model_kind {
	VNM_MODEL_NS,
	VNM_MODEL_VNF,
	VNM_MODEL_VNFC, /* scope: index of its VNF */
	VNM_MODEL_CP,	/* scope: index of its VNF */
	VNM_MODEL_VL,
	VNM_MODEL_NODE,
	VNM_MODEL_PORT, /* scope: index of its node; the id is the port's name */

	VNM_MODEL_NS_NAME,
	VNM_MODEL_ANY_CP, /* in whichever VNF */
	VNM_MODEL_VNFC_CP /* scope: the id of its VNFC */
};

struct vnm_model_id {
	uint32_t kind, scope, id, index;
	bool several;	  /* of those that may be shared: it is */
	const char *file; /* borrowed from the caller of the loader */
	unsigned line;	  /* where the outermost object began in which it stands */
	const char *path; /* in `notes` */
};

struct vnm_model {
	struct vnm_symbols symbols;
	struct vnm_arena notes;
	uint32_t lists; /* arrays of ports read so far */
	VNM_LIST(struct vnm_model_ns) nss;
	VNM_LIST(struct vnm_model_vnf) vnfs;
	VNM_LIST(struct vnm_model_vnfc) vnfcs;
	VNM_LIST(struct vnm_model_cp) cps;
	VNM_LIST(struct vnm_model_vl) vls;
	VNM_LIST(struct vnm_model_node) nodes;
	VNM_LIST(struct vnm_model_port) ports;
	VNM_LIST(struct vnm_model_addr) addrs;
	VNM_LIST(struct vnm_model_router) routers;
	VNM_LIST(struct vnm_model_engine) engines;
	VNM_LIST(struct vnm_model_mac) macs;
	struct vnm_model_refs ns_vnfs;
	struct vnm_model_refs ns_vls;
	struct vnm_model_refs vl_cps;
	VNM_LIST(struct vnm_model_id) ids;
	struct vnm_table by_id;
};

/* Text goes to the arena, which outlives the model. 0, or -1 when memory is short. */
int vnm_model_init(struct vnm_model *m, struct vnm_arena *text);
void vnm_model_free(struct vnm_model *m);

/*
 * Enters an id, read at v: 0, or -1 and the complaint where one that may not be shared is
 * there already, naming both places.
 */
int vnm_model_enter(struct vnm_model *m, const struct vnm_json *v, const struct vnm_model_id *id);

/* Adds an id that is known not to be there: 0, or -1 when memory is short. */
int vnm_model_add(struct vnm_model *m, const struct vnm_model_id *id) VNM_MUST_CHECK;

/* The only one of that id; VNM_NONE where there is none or more than one. */
uint32_t vnm_model_find(
    const struct vnm_model *m, enum vnm_model_kind kind, uint32_t scope, uint32_t id);

/* Where the first one of that id was read, or NULL. */
const struct vnm_model_id *vnm_model_place(
    const struct vnm_model *m, enum vnm_model_kind kind, uint32_t scope, uint32_t id);

/*
 * Adds a port, or what is new about one that another list of the same node has: 0, or -1 and
 * the complaint where the two contradict each other.
 */
int vnm_model_port(
    struct vnm_model *m, const struct vnm_json *v, const struct vnm_model_port *port);

/*
 * The key of a router's id as text: a BGP identifier or OSPF router id (192.0.2.1), or an IS-IS
 * system id (0000.0000.0001). 0: it is neither, nor is 0.0.0.0.
 */
uint64_t vnm_router_key(const char *text, size_t n);

/* Reads one file (load_json.c): 0, or -1 and *err. */
int vnm_model_load_json(struct vnm_model *m, const char *path, struct vnm_err *err);

#endif
