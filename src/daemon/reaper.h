/*
 * Frees snapshots on a thread of its own: a configuration of thousands of devices, or a catalogue
 * of MIB modules, is more than a turn of a loop has time for.
 */
#ifndef VNM_DAEMON_REAPER_H
#define VNM_DAEMON_REAPER_H

#include "daemon/snapshot.h"

struct vnm_reaper;

/* NULL when memory is short. */
struct vnm_reaper *vnm_reaper_new(void);

/* Frees what it still has, and waits for it. Nothing may be given to it afterwards. */
void vnm_reaper_free(struct vnm_reaper *r);

/* A snapshot that nobody uses any more. From any thread; waits for nothing. */
void vnm_reaper_take(struct vnm_reaper *r, struct vnm_snapshot *s);

#endif
