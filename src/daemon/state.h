/*
 * What exporters taught, kept over a restart: one file an exporter in the state directory,
 * written aside and renamed, so that it is whole or not there.
 */
#ifndef VNM_DAEMON_STATE_H
#define VNM_DAEMON_STATE_H

#include "base/log.h"
#include "decoders/decoder.h"

/*
 * Saves the exporter's state where it is dirty; it stays so where that fails, which is complained
 * about through the gate. dir NULL: does nothing.
 */
void vnm_state_save(const char *dir, struct vnm_exporter *x, struct vnm_log_gate *gate);

/* An exporter that made room for others; its file does so, too. dir NULL: does nothing. */
void vnm_state_forget(const char *dir, const struct vnm_exporter *x);

/* Gives a new exporter what an earlier run saved, if anything. dir NULL: does nothing. */
void vnm_state_load(const char *dir, struct vnm_exporter *x, struct vnm_counters *counters);

#endif
