/*
 * Reads a new configuration and its topology in a thread of its own, so that a large topology
 * does not keep the first worker from its sockets.
 */
#ifndef VNM_DAEMON_LOADER_H
#define VNM_DAEMON_LOADER_H

#include "daemon/snapshot.h"

struct event_base;
struct vnm_loader;

/*
 * What was read, told on the event loop: a snapshot of which the callee is the first user, or
 * NULL and why; the errors are the loader's.
 */
typedef void (*vnm_loader_fn)(void *ctx, struct vnm_snapshot *snapshot, struct vnm_errs *errs);

/* `input` is copied, what it points to is borrowed. NULL when memory is short. */
struct vnm_loader *vnm_loader_new(
    struct event_base *base, const struct vnm_conf_input *input, vnm_loader_fn done, void *ctx);

/*
 * Begins to read. While it still reads, this makes it begin anew once it is through, so that
 * what was changed before this call is in what is told after it.
 */
void vnm_loader_start(struct vnm_loader *l);

/* Waits for it; nothing is told any more. NULL is nothing. */
void vnm_loader_free(struct vnm_loader *l);

#endif
