/*
 * The HTTP server for operators: /metrics (Prometheus), /health, /books, /rib,
 * /targets and a status page.
 */
#ifndef VNM_DAEMON_HTTP_H
#define VNM_DAEMON_HTTP_H

#include "base/addr.h"
#include "base/buffer.h"
#include "base/counters.h"
#include "base/err.h"
#include "daemon/outputs.h"

struct event_base;
struct evhttp_request;
struct vnm_http;
struct vnm_rib_query;

struct vnm_http_config {
	struct vnm_endpoint listen;
	void *ctx;
	/* The sum of all workers. */
	void (*counters)(void *ctx, struct vnm_counters *sum);
	/* Routes that are kept, by all workers: vnm_worker_query(). */
	void (*rib)(void *ctx, struct vnm_rib_query *q, struct vnm_buffer *answer);
	/* All routes of a router, or of all, are to be published again. */
	void (*dump)(void *ctx, const struct vnm_addr *router);
	/* Those to whom all workers connect: vnm_worker_targets(). */
	bool (*targets)(void *ctx, struct vnm_buffer *answer);
	const struct vnm_sinks *sinks; /* borrowed; may be opened later */
	const char *collector;	       /* borrowed */
};

/* NULL, and err->text, which says what to do. */
struct vnm_http *vnm_http_open(
    struct event_base *base, const struct vnm_http_config *config, struct vnm_err *err);
void vnm_http_close(struct vnm_http *h);

/* ---- between http.c and http_rib.c -----------------------------------------------------------
 */

void vnm_http_reply(
    struct evhttp_request *request, int code, const char *type, const void *text, size_t n);

/* Answers GET /rib and POST /rib/dump. */
void vnm_http_rib(struct evhttp_request *request, const struct vnm_http_config *config);
void vnm_http_dump(struct evhttp_request *request, const struct vnm_http_config *config);

#endif
