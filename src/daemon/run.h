/*
 * The two ways in which vnmcd runs. Both return the exit code.
 */
#ifndef VNM_DAEMON_RUN_H
#define VNM_DAEMON_RUN_H

#include "daemon/conf.h"
#include "daemon/options.h"
#include "topology/topology.h"

/* -r: the file from begin to end, then the books on stderr. */
int vnm_run_replay(const struct vnm_options *options, const struct vnm_conf *conf,
    const struct vnm_topology *topology);

#endif
