/*
 * Metrics in the text format of Prometheus (version 0.0.4), from the tables of counters,
 * reasons and kinds.
 */
#ifndef VNM_DAEMON_METRICS_H
#define VNM_DAEMON_METRICS_H

#include "base/counters.h"
#include "output/sink.h"

#include <stdio.h>

void vnm_metrics_print(
    FILE *f, const struct vnm_counters *c, struct vnm_sink *const *sinks, size_t count);

#endif
