/*
 * The sinks of a configuration, shared by all workers, and a worker's outputs into them.
 */
#ifndef VNM_DAEMON_OUTPUTS_H
#define VNM_DAEMON_OUTPUTS_H

#include "daemon/conf.h"

struct vnm_sinks {
	struct vnm_sink **p; /* owned, as are the sinks; in the order of conf->outputs */
	size_t n;
};

/* conf stays alive as long as the sinks. 0, or -1 and err->text. */
int vnm_sinks_open(struct vnm_sinks *sinks, const struct vnm_conf *conf, struct vnm_err *err);
void vnm_sinks_tick(struct vnm_sinks *sinks, uint64_t mono_ns);
void vnm_sinks_reopen(struct vnm_sinks *sinks);
/* Gets out what is in flight, for at the most so long: 0, or -1 when some was dropped. */
int vnm_sinks_flush(struct vnm_sinks *sinks, uint64_t timeout_ns);
void vnm_sinks_close(struct vnm_sinks *sinks);

struct vnm_outputs {
	struct vnm_output *p;	  /* owned */
	struct vnm_output **list; /* owned; pointers to each, for the pipeline */
	size_t n;
};

/* One worker's outputs into the sinks. 0, or -1 and err->text. */
int vnm_outputs_open(struct vnm_outputs *outputs, const struct vnm_conf *conf,
    const struct vnm_sinks *sinks, struct vnm_err *err);
void vnm_outputs_close(struct vnm_outputs *outputs);

#endif
