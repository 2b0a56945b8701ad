/*
 * Names and ids by which people and messages call what the topology knows: VNFs, VNFCs,
 * connection points, hosts and switches. Upper and lower case are the same in all of them.
 */
#include "topology/snapshot.h"

static bool
lower(char copy[VNM_TOPOLOGY_NAME_MAX], struct vnm_str name)
{
	if (name.n == 0 || name.n > VNM_TOPOLOGY_NAME_MAX)
		return false;
	for (uint32_t i = 0; i < name.n; i++) {
		char c = name.p[i];
		copy[i] = c >= 'A' && c <= 'Z' ? (char)(c | 0x20) : c;
	}
	return true;
}

static bool
is_same(struct vnm_str name, const char *copy, uint32_t n)
{
	char other[VNM_TOPOLOGY_NAME_MAX];

	return name.n == n && lower(other, name) && memcmp(other, copy, n) == 0;
}

static struct vnm_topology_name *
find(const struct vnm_topology *t, const char *copy, uint32_t n, uint64_t hash)
{
	uint32_t at = 0, i;

	while ((i = vnm_table_next(&t->by_text, hash, &at)) != VNM_TABLE_NONE) {
		if (is_same(t->names.p[i].text, copy, n))
			return &t->names.p[i];
	}
	return NULL;
}

/* Most words of a message are no names: many are of a length that no name has. */
static bool
has_length(const struct vnm_topology *t, uint32_t n)
{
	uint32_t bit = n - 1;

	return bit < VNM_TOPOLOGY_NAME_MAX && (t->name_lengths[bit / 64] >> (bit % 64) & 1) != 0;
}

const struct vnm_topology_name *
vnm_topology_name_find(const struct vnm_topology *t, struct vnm_str name)
{
	char copy[VNM_TOPOLOGY_NAME_MAX];

	if (!has_length(t, name.n) || !lower(copy, name))
		return NULL;
	return find(t, copy, name.n, vnm_hash(copy, name.n, 0));
}

/* Two that share a name are neither of them. */
static uint32_t
merge(uint32_t old, uint32_t new, bool *several)
{
	if (new == VNM_NONE || old == new)
		return old;
	*several = *several || old != VNM_NONE;
	return *several ? VNM_NONE : new;
}

int
vnm_topology_name_add(struct vnm_topology *t, struct vnm_str name, uint32_t identity, uint32_t node)
{
	char copy[VNM_TOPOLOGY_NAME_MAX];
	uint64_t hash;
	struct vnm_topology_name *e;
	uint32_t i = t->names.n;

	if (!lower(copy, name))
		return 0;
	hash = vnm_hash(copy, name.n, 0);
	e = find(t, copy, name.n, hash);
	if (e == NULL) {
		e = VNM_LIST_ADD(&t->names);
		if (e == NULL || vnm_table_add(&t->by_text, hash, i) != 0)
			return -1;
		*e = (struct vnm_topology_name){
		    .text = name, .identity = VNM_NONE, .node = VNM_NONE};
		t->name_lengths[(name.n - 1) / 64] |= 1ULL << ((name.n - 1) % 64);
	}
	e->identity = merge(e->identity, identity, &e->several_identities);
	e->node = merge(e->node, node, &e->several_nodes);
	return 0;
}
