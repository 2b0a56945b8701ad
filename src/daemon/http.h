/*
 * The HTTP server for operators: /metrics (Prometheus), /health, /books and a status page.
 */
#ifndef VNM_DAEMON_HTTP_H
#define VNM_DAEMON_HTTP_H

#include "base/addr.h"
#include "base/counters.h"
#include "base/err.h"
#include "daemon/outputs.h"

struct event_base;
struct vnm_http;

struct vnm_http_config {
	struct vnm_endpoint listen;
	void *ctx;
	/* The sum of all workers. */
	void (*counters)(void *ctx, struct vnm_counters *sum);
	const struct vnm_sinks *sinks; /* borrowed; may be opened later */
	uint64_t epoch_ns;
	const char *collector; /* borrowed */
};

/* NULL, and err->text, which says what to do. */
struct vnm_http *vnm_http_open(
    struct event_base *base, const struct vnm_http_config *config, struct vnm_err *err);
void vnm_http_close(struct vnm_http *h);

#endif
