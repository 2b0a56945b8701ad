/*
 * The life of a topology snapshot.
 */
#include "topology/snapshot.h"

#include "base/alloc.h"

#include <assert.h>

int
vnm_topology_load_json(struct vnm_topology **out, const struct vnm_strings *paths, uint64_t version,
    struct vnm_err *err)
{
	struct vnm_topology *t = vnm_alloc_zero(1, sizeof(*t));
	struct vnm_model m;
	int rc = 0;

	if (t == NULL)
		return vnm_err_text(err, "memory is too short for a topology");
	t->magic = VNM_TOPOLOGY_MAGIC;
	t->version = version;
	if (vnm_model_init(&m, &t->text) != 0)
		rc = vnm_err_text(err, "memory is too short for a topology");
	for (uint32_t i = 0; rc == 0 && i < paths->n; i++)
		rc = vnm_model_load_json(&m, paths->p[i], err);
	if (rc == 0)
		rc = vnm_topology_build(t, &m, err);
	vnm_model_free(&m);
	if (rc != 0) {
		vnm_topology_free(t);
		return -1;
	}
	*out = t;
	return 0;
}

void
vnm_topology_free(struct vnm_topology *t)
{
	if (t == NULL)
		return;
	assert(t->magic == VNM_TOPOLOGY_MAGIC);
	vnm_table_free(&t->by_addr);
	vnm_table_free(&t->by_mac);
	vnm_table_free(&t->by_number);
	vnm_table_free(&t->by_engine);
	vnm_table_free(&t->by_name);
	vnm_table_free(&t->by_text);
	vnm_free(t->services.p);
	vnm_free(t->identities_at);
	vnm_free(t->nodes.p);
	vnm_free(t->ports.p);
	vnm_free(t->addrs.p);
	vnm_free(t->macs.p);
	vnm_free(t->numbers.p);
	vnm_free(t->engines.p);
	vnm_free(t->names.p);
	vnm_arena_free(&t->text);
	t->magic = 0;
	vnm_free(t);
}

uint64_t
vnm_topology_version(const struct vnm_topology *t)
{
	return t->version;
}

void
vnm_topology_size(const struct vnm_topology *t, struct vnm_topology_size *size)
{
	*size = t->size;
}
