/*
 * A configuration and its topology, as one.
 */
#include "daemon/snapshot.h"

#include "base/alloc.h"

#include <assert.h>

#define MAGIC 0x766e736eU /* "vnsn" */

struct vnm_snapshot *
vnm_snapshot_load(const struct vnm_conf_input *input, uint64_t version, struct vnm_errs *errs)
{
	struct vnm_snapshot *s = vnm_alloc_zero(1, sizeof(*s));
	struct vnm_err err = {.text = "out of memory"};

	if (s == NULL)
		goto failed;
	s->magic = MAGIC;
	s->users = 1;
	if (vnm_conf_load(&s->conf, input, errs) != 0)
		goto told;
	if (s->conf->topology_paths.n != 0 &&
	    vnm_topology_load_json(&s->topology, &s->conf->topology_paths, version, &err) != 0)
		goto failed;
	return s;
failed:
	vnm_errs_add(errs, &err);
told:
	vnm_snapshot_leave(s);
	return NULL;
}

void
vnm_snapshot_leave(struct vnm_snapshot *s)
{
	if (s == NULL || atomic_fetch_sub(&s->users, 1) != 1)
		return;
	assert(s->magic == MAGIC);
	s->magic = 0;
	vnm_topology_free(s->topology);
	vnm_conf_free(s->conf);
	vnm_free(s);
}
