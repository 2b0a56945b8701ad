/*
 * A worker: one event loop with its own sockets, exporters, scratch, outputs and counters. They
 * are all alike; the first runs in the main thread. What another thread wants of a worker goes
 * through one mailbox and an eventfd, and is done between turns.
 */
#ifndef VNM_DAEMON_WORKER_H
#define VNM_DAEMON_WORKER_H

#include "daemon/outputs.h"
#include "daemon/snapshot.h"

struct event_base;
struct vnm_rib_query;
struct vnm_worker;

struct vnm_worker_config {
	uint32_t id;
	struct vnm_worker *const *all; /* workers, this one among them; borrowed */
	uint32_t count;		       /* of them */
	struct vnm_snapshot *snapshot; /* the worker becomes a user of it */
	struct vnm_str collector;      /* borrowed */
	uint64_t epoch_ns;
	const struct vnm_self *self; /* borrowed; it must be complete when the worker runs */
};

/* NULL, and err->text. */
struct vnm_worker *vnm_worker_new(const struct vnm_worker_config *config, struct vnm_err *err);

/* Where its records go; before it runs. 0, or -1 and err->text. */
int vnm_worker_outputs(struct vnm_worker *w, const struct vnm_sinks *sinks, struct vnm_err *err);

/*
 * Reads one listener's socket from now on; owns fd, also on failure. -1: the listener connects
 * to others. 0, or -1 and err->text.
 */
int vnm_worker_listen(struct vnm_worker *w, uint32_t listener, int fd, struct vnm_err *err);

/* Makes ready to poll its share of the devices, before it runs. 0, or -1 and err->text. */
int vnm_worker_poll(struct vnm_worker *w, struct vnm_err *err);

struct event_base *vnm_worker_base(struct vnm_worker *w);

/* Runs its loop in a thread of its own: 0, or -1 and err->text. */
int vnm_worker_start(struct vnm_worker *w, struct vnm_err *err);

/* Runs its loop in this thread, until it is told to stop. */
void vnm_worker_run(struct vnm_worker *w);

/* From any thread: a new snapshot from the next turn on. */
void vnm_worker_reload(struct vnm_worker *w, struct vnm_snapshot *snapshot);

/* From any thread: a device that it polls has changed. Of many at a time some are not heard. */
void vnm_worker_demand(struct vnm_worker *w, const struct vnm_addr *addr);

/* From any thread: reads what is in the sockets, ends what is held, hands over the last batch. */
void vnm_worker_stop(struct vnm_worker *w);

/* Waits for the end of a worker that was started. */
void vnm_worker_join(struct vnm_worker *w);

void vnm_worker_free(struct vnm_worker *w);

/* From the first worker's thread: its counters will be wanted. */
void vnm_worker_ask(struct vnm_worker *w);

/*
 * Adds to *sum the counters of a worker that was asked, as they are between two of its turns.
 * One that has not answered by the deadline (on the monotonic clock) is as it was at its last
 * answer.
 */
void vnm_worker_counters(struct vnm_worker *w, uint64_t deadline_mono_ns, struct vnm_counters *sum);

/*
 * From the first worker's thread: asks a worker for routes, which it answers between two of its
 * turns, and appends the answer. q->limit is what is left of it then; q->more says that something
 * is missing, be it that the deadline (on the monotonic clock) passed or memory was short.
 */
void vnm_worker_query(struct vnm_worker *w, uint64_t deadline_mono_ns, struct vnm_rib_query *q,
    struct vnm_buffer *answer);

/*
 * The same for those to whom it connects: appends a line of JSON for each. False when something is
 * missing.
 */
bool vnm_worker_targets(struct vnm_worker *w, uint64_t deadline_mono_ns, struct vnm_buffer *answer);

/* From any thread: the routes of a router (family NONE: of all) are to be published again. */
void vnm_worker_dump(struct vnm_worker *w, const struct vnm_addr *router);

#endif
