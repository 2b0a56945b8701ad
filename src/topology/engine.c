/*
 * The ids of SNMP engines (RFC 3411 section 5) by which nodes are known.
 */
#include "topology/snapshot.h"

static struct vnm_topology_engine *
find(const struct vnm_topology *t, const void *id, size_t n, uint64_t hash)
{
	uint32_t at = 0, i;

	while ((i = vnm_table_next(&t->by_engine, hash, &at)) != VNM_TABLE_NONE) {
		struct vnm_topology_engine *e = &t->engines.p[i];
		if (e->id.n == n && memcmp(e->id.p, id, n) == 0)
			return e;
	}
	return NULL;
}

uint32_t
vnm_topology_engine_node(const struct vnm_topology *t, struct vnm_slice id)
{
	const struct vnm_topology_engine *e =
	    t->engines.n > 0 ? find(t, id.p, id.n, vnm_hash(id.p, id.n, 0)) : NULL;

	return e != NULL ? e->node : VNM_NONE;
}

int
vnm_topology_engine_add(struct vnm_topology *t, struct vnm_str id, uint32_t node)
{
	uint64_t hash = vnm_hash(id.p, id.n, 0);
	struct vnm_topology_engine *e = find(t, id.p, id.n, hash);
	uint32_t i = t->engines.n;

	if (e != NULL) {
		if (e->node != node)
			e->node = VNM_NONE;
		return 0;
	}
	e = VNM_LIST_ADD(&t->engines);
	if (e == NULL || vnm_table_add(&t->by_engine, hash, i) != 0)
		return -1;
	*e = (struct vnm_topology_engine){id, node};
	return 0;
}
