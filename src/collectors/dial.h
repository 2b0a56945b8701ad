/*
 * Connections that we make (`connect`): to each target one, made again whenever it is lost, ever
 * later while nothing comes of it.
 */
#ifndef VNM_COLLECTORS_DIAL_H
#define VNM_COLLECTORS_DIAL_H

#include "collectors/collector.h"

struct vnm_dialler;
struct vnm_dial_target;

struct vnm_dialler_config {
	struct event_base *base;	      /* borrowed, as is all of it */
	const struct vnm_listener_options *o; /* the values may change: then _reload() */
	struct vnm_counters *counters;
	uint32_t worker, workers; /* which of how many: each target belongs to one */
	/*
	 * A socket is connected; fd is the callee's, also on failure (-1). The target is told to
	 * vnm_dialler_lost() when the connection is over.
	 */
	int (*connected)(
	    void *ctx, int fd, const struct vnm_listen *to, struct vnm_dial_target *target);
	/* The target is wanted no more: its connection, if there is one, is to be ended. */
	void (*unwanted)(void *ctx, struct vnm_dial_target *target);
	void *ctx;
};

/* Begins to connect. NULL when memory is short. */
struct vnm_dialler *vnm_dialler_new(const struct vnm_dialler_config *config);

/* The options have other values: targets come and go, others stay as they are. */
void vnm_dialler_reload(struct vnm_dialler *d);

/* A connection is over of which there were so many messages. */
void vnm_dialler_lost(struct vnm_dial_target *target, uint64_t messages);

/* vnm_tcp_targets() */
void vnm_dialler_targets(const struct vnm_dialler *d,
    void (*tell)(void *ctx, const struct vnm_target *target), void *ctx);

/* No more connections are made; those that there are belong to others. NULL is nothing. */
void vnm_dialler_free(struct vnm_dialler *d);

#endif
