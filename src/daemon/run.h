/*
 * The two ways in which vnmcd runs. Both return the exit code.
 */
#ifndef VNM_DAEMON_RUN_H
#define VNM_DAEMON_RUN_H

#include "daemon/options.h"
#include "daemon/snapshot.h"

/* -r: the file from begin to end, then the books on stderr. */
int vnm_run_replay(const struct vnm_options *options, const struct vnm_snapshot *snapshot);

/* As a daemon, until SIGTERM or SIGINT; then the books on stderr. */
int vnm_run_live(const struct vnm_options *options, struct vnm_snapshot *snapshot);

/* ---- main.c, for both ---------------------------------------------------------------------- */

/* What the command line says of the configuration. Borrows from *options. */
struct vnm_conf_input vnm_options_input(const struct vnm_options *options);

/* All errors, sorted, one line each. */
void vnm_run_print_errors(struct vnm_errs *errs);

void vnm_run_log_level(const struct vnm_conf *conf);

#endif
