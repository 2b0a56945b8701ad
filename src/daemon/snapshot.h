/*
 * What a reload exchanges: a configuration, the topology and the MIB catalogue that it names,
 * immutable, counted by their users and freed with the last of them.
 */
#ifndef VNM_DAEMON_SNAPSHOT_H
#define VNM_DAEMON_SNAPSHOT_H

#include "daemon/conf.h"
#include "mibs/mib.h"
#include "topology/topology.h"

#include <stdatomic.h>

struct vnm_reaper;

struct vnm_snapshot {
	uint32_t magic;
	atomic_uint users;
	struct vnm_conf *conf;		/* owned */
	struct vnm_topology *topology;	/* owned; NULL: none */
	struct vnm_mib *mib;		/* owned; NULL: what is built in, and no more */
	struct vnm_poll_config *polls;	/* the configuration's; NULL: nobody is polled */
	struct vnm_reaper *reaper;	/* borrowed; who frees it; NULL: the last user */
	struct vnm_snapshot *next_dead; /* the reaper's */
};

/*
 * Reads all of it. NULL, and every error found in errs. The caller is its first user.
 * `version` is the topology's, in records.
 */
struct vnm_snapshot *vnm_snapshot_load(
    const struct vnm_conf_input *input, uint64_t version, struct vnm_errs *errs);

static inline struct vnm_snapshot *
vnm_snapshot_use(struct vnm_snapshot *s)
{
	atomic_fetch_add(&s->users, 1);
	return s;
}

/* The last one has it freed. NULL is nothing. */
void vnm_snapshot_leave(struct vnm_snapshot *s);

/* Of the reaper: nobody uses it. */
void vnm_snapshot_free(struct vnm_snapshot *s);

#endif
