/*
 * The snapshot from within: identities ready to be copied into records, and the tables that
 * lead to them from what records carry. Made by build.c, read by correlate.c, never changed.
 *
 * Networks of different tenants may use the same addresses, VNIs and VLANs. What is there
 * more than once is found only where the record says which is meant, else it is not found.
 */
#ifndef VNM_TOPOLOGY_SNAPSHOT_H
#define VNM_TOPOLOGY_SNAPSHOT_H

#include "base/reader.h"
#include "topology/model.h"
#include "topology/topology.h"

#define VNM_TOPOLOGY_MAGIC 0x766e746fU

/* The names of an identity, in the order in which a record has them for its source. */
#define VNM_IDENTITY_NAMES(X) \
	X(vnf_id)             \
	X(vnf_name)           \
	X(vnfc_id)            \
	X(cp_id)              \
	X(vl_id)              \
	X(ns_id)              \
	X(host_id)

enum {
#define VNM_IDENTITY_ENUM(name) VNM_IDENTITY_##name,
	VNM_IDENTITY_NAMES(VNM_IDENTITY_ENUM)
#undef VNM_IDENTITY_ENUM
	    VNM_IDENTITY_COUNT
};

/* Who something is: a connection point, a VNFC, a virtual link or a host. Two cache lines. */
struct vnm_identity {
	struct vnm_str name[VNM_IDENTITY_COUNT];
	uint32_t ns_name; /* in `services`; 0: not known */
	uint32_t vl;	  /* identity of its virtual link, or VNM_NONE */
	uint8_t has;	  /* which names are known, by bit */
	bool router;
	uint8_t zero[2];
	uint32_t segment; /* of a virtual link that is no VLAN: its VNI; 0: not known */
};
_Static_assert(sizeof(struct vnm_identity) <= 128, "an identity does not fit into two cache lines");

/* Who sends records: a host, a switch or a VNFC. */
struct vnm_topology_node {
	struct vnm_str id;
	struct vnm_str host;  /* no octets: not on a known host */
	uint32_t identity;    /* of the VNFC; VNM_NONE for hosts and switches */
	bool netflow5_ofport; /* its NetFlow v5 counts ports as OpenFlow does */
};

struct vnm_topology_port {
	struct vnm_str name;
	uint32_t node;
	uint32_t identity; /* of the one CP behind it, or VNM_NONE */
	uint32_t vl;	   /* identity of its virtual link, or VNM_NONE */
	/*
	 * It is a tunnel that the datapath cannot tell from others of its node: their names do
	 * not tell which one it was, only their VNIs do.
	 */
	bool one_of_many;
};

enum vnm_shared {
	VNM_SHARED_NOT,
	VNM_SHARED_BY_VL, /* there are others, each in another virtual link */
	VNM_SHARED_WITHIN /* another one in the same virtual link */
};

/*
 * An address is entered by itself, and by its virtual link as well where it is shared: that of
 * a thousand tenants is found as fast as another.
 */
struct vnm_topology_addr {
	struct vnm_addr addr;
	uint8_t shared;	   /* enum vnm_shared */
	bool first;	   /* the one that is entered by the address alone */
	bool of_node;	   /* of the first: a host or switch has it, perhaps several */
	uint32_t identity; /* VNM_NONE: a switch's */
	uint32_t node;	   /* of the first: who sends from there; VNM_NONE: not clear */
};

struct vnm_topology_mac {
	struct vnm_mac mac;
	uint8_t shared; /* enum vnm_shared */
	uint32_t identity;
};

/* What a number means at a node: the space tells which sort of number. */
enum vnm_number_space {
	VNM_BY_IF_INDEX,  /* a port */
	VNM_BY_OF_PORT,	  /* a port */
	VNM_BY_DP_PORT,	  /* a port that is a tunnel */
	VNM_BY_TUNNEL,	  /* the port that is the tunnel of a VNI */
	VNM_BY_VNI,	  /* a virtual link, of VNM_ANY_NODE or of one */
	VNM_BY_VLAN,	  /* a virtual link */
	VNM_BY_ROUTER_ID, /* a node, by vnm_router_key() */
	VNM_BY_SYSTEM_ID  /* a node, by vnm_router_key() */
};
#define VNM_ANY_NODE 0x0fffffffU

struct vnm_topology_number {
	uint64_t key;	/* vnm_number_key(), vnm_router_key() */
	uint32_t value; /* a port, a virtual link's identity or a node; VNM_NONE: more than one */
};

/* A node's SNMP engine, by the octets of its id. */
struct vnm_topology_engine {
	struct vnm_str id;
	uint32_t node; /* VNM_NONE: of more than one */
};

#define VNM_TOPOLOGY_NAME_MAX 128 /* octets; longer ones are not found */

/* What something is called: text in a message may name it (name.c). */
struct vnm_topology_name {
	struct vnm_str text;
	uint32_t identity; /* VNM_NONE: none, or several */
	uint32_t node;	   /* the same */
	bool several_identities, several_nodes;
};

struct vnm_topology {
	uint32_t magic;
	uint64_t version;
	struct vnm_topology_size size;
	struct vnm_arena text;
	VNM_LIST(struct vnm_str) services; /* their names; the first is none */
	struct vnm_identity *identities;   /* CPs, VNFCs, virtual links, hosts */
	void *identities_at;		   /* what to free of them */
	uint32_t identity_count;
	VNM_LIST(struct vnm_topology_node) nodes;
	VNM_LIST(struct vnm_topology_port) ports;
	VNM_LIST(struct vnm_topology_addr) addrs;
	VNM_LIST(struct vnm_topology_mac) macs;
	VNM_LIST(struct vnm_topology_number) numbers;
	VNM_LIST(struct vnm_topology_engine) engines;
	struct vnm_table by_addr, by_mac, by_number, by_engine;
	struct vnm_table by_name; /* of ports, by node and name */
	VNM_LIST(struct vnm_topology_name) names;
	struct vnm_table by_text;			   /* of names */
	uint64_t name_lengths[VNM_TOPOLOGY_NAME_MAX / 64]; /* a bit for each length there is */
};

static inline uint64_t
vnm_number_key(enum vnm_number_space space, uint32_t node, uint32_t number)
{
	return (uint64_t)space << 60 | (uint64_t)node << 32 | number;
}

/*
 * The tables' hashes: one multiplication for all but IPv6. Nobody outside chooses the keys, and
 * what records ask for in vain does not lengthen a search.
 */
static inline uint64_t
vnm_key_hash(uint64_t key)
{
	__uint128_t m = (__uint128_t)(key ^ 0x9e3779b97f4a7c15ULL) * 0xd6e8feb86659fd93ULL;

	return (uint64_t)m ^ (uint64_t)(m >> 64);
}

static inline uint64_t
vnm_addr_hash(const struct vnm_addr *a)
{
	uint64_t high, low;
	uint32_t ip4;

	if (a->family == VNM_ADDR_IP4) {
		memcpy(&ip4, a->b, sizeof(ip4));
		return vnm_key_hash(ip4);
	}
	memcpy(&high, a->b, sizeof(high));
	memcpy(&low, a->b + 8, sizeof(low));
	return vnm_key_hash(vnm_key_hash(high) ^ low);
}

static inline uint64_t
vnm_addr_hash_in(const struct vnm_addr *a, uint32_t vl)
{
	return vnm_key_hash(vnm_addr_hash(a) ^ vl);
}

static inline uint64_t
vnm_mac_hash(const struct vnm_mac *mac)
{
	uint64_t key = 0;

	memcpy(&key, mac->b, sizeof(mac->b));
	return vnm_key_hash(key);
}

static inline uint32_t
vnm_identity_vl(const struct vnm_topology *t, uint32_t identity)
{
	return identity != VNM_NONE ? t->identities[identity].vl : VNM_NONE;
}

/* The first entry of an address, or NULL. */
static inline struct vnm_topology_addr *
vnm_addr_find(const struct vnm_topology *t, const struct vnm_addr *addr)
{
	uint64_t hash = vnm_addr_hash(addr);
	uint32_t at = 0, i;

	while ((i = vnm_table_next(&t->by_addr, hash, &at)) != VNM_TABLE_NONE) {
		struct vnm_topology_addr *e = &t->addrs.p[i];
		if (e->first && vnm_addr_equal(&e->addr, addr))
			return e;
	}
	return NULL;
}

/* The entry of a shared address in a virtual link (VNM_NONE: in none), or NULL. */
static inline struct vnm_topology_addr *
vnm_addr_find_in(const struct vnm_topology *t, const struct vnm_addr *addr, uint32_t vl)
{
	uint64_t hash = vnm_addr_hash_in(addr, vl);
	uint32_t at = 0, i;

	while ((i = vnm_table_next(&t->by_addr, hash, &at)) != VNM_TABLE_NONE) {
		struct vnm_topology_addr *e = &t->addrs.p[i];
		if (vnm_addr_equal(&e->addr, addr) && vnm_identity_vl(t, e->identity) == vl)
			return e;
	}
	return NULL;
}

/* NULL where there is none. */
static inline const struct vnm_topology_number *
vnm_key_entry(const struct vnm_topology *t, uint64_t key)
{
	uint64_t hash = vnm_key_hash(key);
	uint32_t at = 0, i;

	while ((i = vnm_table_next(&t->by_number, hash, &at)) != VNM_TABLE_NONE) {
		if (t->numbers.p[i].key == key)
			return &t->numbers.p[i];
	}
	return NULL;
}

/* What a number means, or VNM_NONE. */
static inline uint32_t
vnm_number_find(
    const struct vnm_topology *t, enum vnm_number_space space, uint32_t node, uint32_t number)
{
	const struct vnm_topology_number *e = vnm_key_entry(t, vnm_number_key(space, node, number));

	return e != NULL ? e->value : VNM_NONE;
}

/* The key of a BGP identifier or OSPF router id. */
static inline uint64_t
vnm_router_id_key(const struct vnm_addr *id)
{
	return vnm_number_key(VNM_BY_ROUTER_ID, 0, vnm_be32(id->b));
}

/* The only node with an SNMP engine of that id, or VNM_NONE. */
uint32_t vnm_topology_engine_node(const struct vnm_topology *t, struct vnm_slice id);

/* A node has an engine of that id, whose octets outlive t: 0, or -1 when memory is short. */
int vnm_topology_engine_add(
    struct vnm_topology *t, struct vnm_str id, uint32_t node) VNM_MUST_CHECK;

/* What is called so, in whichever case, or NULL. */
const struct vnm_topology_name *vnm_topology_name_find(
    const struct vnm_topology *t, struct vnm_str name);

/* An identity and a node (VNM_NONE: none) are called so: 0, or -1 when memory is short. */
int vnm_topology_name_add(
    struct vnm_topology *t, struct vnm_str name, uint32_t identity, uint32_t node) VNM_MUST_CHECK;

/* Makes the snapshot of a model: 0, or -1 and *err. */
int vnm_topology_build(struct vnm_topology *t, struct vnm_model *m, struct vnm_err *err);

#endif
