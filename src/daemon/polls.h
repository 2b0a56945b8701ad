/*
 * What joins polling to a worker: answers become messages of its pipeline, rows their records,
 * and records that say that a device has changed have it asked at once.
 */
#ifndef VNM_DAEMON_POLLS_H
#define VNM_DAEMON_POLLS_H

#include "collectors/poll.h"
#include "daemon/pipeline.h"

struct event_base;
struct vnm_polls;

struct vnm_polls_config {
	struct vnm_pipeline *pipeline; /* borrowed */
	struct event_base *base;
	uint32_t worker, workers;
	uint64_t rcvbuf;
	/* A device that another worker polls has changed; NULL: there is no other. */
	void (*elsewhere)(void *ctx, uint32_t worker, const struct vnm_addr *addr);
	void *ctx;
};

/* NULL, and err->text. */
struct vnm_polls *vnm_polls_open(const struct vnm_polls_config *config, struct vnm_err *err);

/* Another configuration; NULL: nobody is polled. */
void vnm_polls_configure(struct vnm_polls *p, struct vnm_poll_config *config);

/* A device of this worker has changed. */
void vnm_polls_demand(struct vnm_polls *p, const struct vnm_addr *addr);

void vnm_polls_drain(struct vnm_polls *p);
void vnm_polls_close(struct vnm_polls *p);

#endif
