/*
 * A configuration and its topology, as one.
 */
#include "daemon/snapshot.h"

#include "base/alloc.h"
#include "base/log.h"

#include <assert.h>

#define MAGIC 0x766e736eU /* "vnsn" */

static void
tell(const struct vnm_snapshot *s)
{
	const struct vnm_conf *conf = s->conf;
	struct vnm_topology_size size;

	vnm_debug("conf: collector %s, %u listeners, %u outputs, %u topology sources",
	    conf->main.collector, conf->listener_count, conf->output_count, conf->source_count);
	if (s->topology == NULL)
		return;
	vnm_topology_size(s->topology, &size);
	vnm_debug("topology: %u network services, %u VNFs, %u VNFCs, %u connection points, "
		  "%u virtual links, %u hosts, %u switches, %u ports",
	    size.network_services, size.vnfs, size.vnfcs, size.connection_points,
	    size.virtual_links, size.hosts, size.switches, size.ports);
	if (size.unresolved > 0)
		vnm_warning(
		    "topology: %u mentions of something that no source describes", size.unresolved);
}

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
	tell(s);
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
