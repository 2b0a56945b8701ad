/*
 * A configuration, its topology and its MIB catalogue, as one.
 */
#include "daemon/snapshot.h"

#include "base/alloc.h"
#include "base/log.h"
#include "daemon/reaper.h"
#include "mibs/load.h"

#include <assert.h>

#define MAGIC 0x766e736eU /* "vnsn" */
#define MIB_WARNINGS 20	  /* that are told one by one */

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

/* What the parser of MIB files complains of keeps nothing from running, but is worth knowing. */
static void
tell_warnings(const struct vnm_errs *warnings)
{
	char text[1024];
	uint32_t told = 0;

	for (; told < warnings->n && told < MIB_WARNINGS; told++)
		vnm_warning("mibs: %s", vnm_err_format(&warnings->p[told], text, sizeof(text)));
	if (told < warnings->n || warnings->lost > 0)
		vnm_warning("mibs: %u more of these", warnings->n - told + warnings->lost);
}

static int
load_mibs(struct vnm_snapshot *s, struct vnm_errs *errs)
{
	const struct vnm_conf_mibs *c = &s->conf->mibs;
	const struct vnm_mib_sources sources = {
	    .dirs = (const char *const *)c->dirs.p,
	    .dir_count = c->dirs.n,
	    .files = (const char *const *)c->files.p,
	    .file_count = c->files.n,
	    .modules = (const char *const *)c->modules.p,
	    .module_count = c->modules.n,
	};
	struct vnm_errs warnings = {0};

	if (sources.dir_count == 0 && sources.file_count == 0)
		return 0;
	s->mib = vnm_mib_load(&sources, errs, &warnings);
	tell_warnings(&warnings);
	vnm_errs_free(&warnings);
	if (s->mib == NULL)
		return -1;
	vnm_debug("mibs: %u modules with %u objects, %u of them built in", s->mib->module_count,
	    s->mib->object_count, vnm_mib_builtin.object_count);
	return 0;
}

static void
use_polls(struct vnm_poll_config *polls)
{
	(void)vnm_snapshot_use(polls->owner);
}

static void
leave_polls(struct vnm_poll_config *polls)
{
	vnm_snapshot_leave(polls->owner);
}

/* Devices that are polled keep the snapshot in use to which they belong. */
static int
make_polls(struct vnm_snapshot *s, struct vnm_errs *errs)
{
	if (s->conf->polls == NULL)
		return 0;
	s->polls = vnm_conf_make_polls(s->conf, s->mib != NULL ? s->mib : &vnm_mib_builtin, errs);
	if (s->polls == NULL)
		return -1;
	s->polls->owner = s;
	s->polls->use = use_polls;
	s->polls->leave = leave_polls;
	return 0;
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
	if (load_mibs(s, errs) != 0 || (!input->replay && make_polls(s, errs) != 0))
		goto told;
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
	if (s->reaper != NULL)
		vnm_reaper_take(s->reaper, s);
	else
		vnm_snapshot_free(s);
}

void
vnm_snapshot_free(struct vnm_snapshot *s)
{
	assert(s->magic == MAGIC);
	s->magic = 0;
	vnm_mib_free(s->mib);
	vnm_topology_free(s->topology);
	vnm_conf_free(s->conf);
	vnm_free(s);
}
