/*
 * The HTTP server for operators, on libevent's evhttp.
 */
#include "daemon/http.h"

#include "base/alloc.h"
#include "base/clock.h"
#include "daemon/books.h"
#include "daemon/metrics.h"

#include <errno.h>
#include <event2/buffer.h>
#include <event2/http.h>
#include <inttypes.h>
#include <stdlib.h>

struct vnm_http {
	struct vnm_http_config config;
	struct evhttp *server;
	uint64_t begun_ns; /* on the clock that nobody sets */
};

void
vnm_http_reply(
    struct evhttp_request *request, int code, const char *type, const void *text, size_t n)
{
	struct evbuffer *body = evbuffer_new();

	if (body == NULL || evbuffer_add(body, text, n) != 0) {
		evhttp_send_error(request, HTTP_INTERNAL, NULL);
	} else {
		evhttp_add_header(evhttp_request_get_output_headers(request), "Content-Type", type);
		evhttp_send_reply(request, code, NULL, body);
	}
	if (body != NULL)
		evbuffer_free(body);
}

typedef void (*print_fn)(FILE *f, const struct vnm_http *h, const struct vnm_counters *sum);

static void
print_metrics(FILE *f, const struct vnm_http *h, const struct vnm_counters *sum)
{
	vnm_metrics_print(f, sum, h->config.sinks->p, h->config.sinks->n);
}

static void
print_books(FILE *f, const struct vnm_http *h, const struct vnm_counters *sum)
{
	vnm_books_print(f, sum, h->config.sinks->p, h->config.sinks->n);
}

static void
print_health(FILE *f, const struct vnm_http *h, const struct vnm_counters *sum)
{
	(void)h;
	(void)sum;
	fputs("ok\n", f);
}

static void
print_status(FILE *f, const struct vnm_http *h, const struct vnm_counters *sum)
{
	uint64_t up_s = (vnm_clock_mono_ns() - h->begun_ns) / VNM_NS_PER_S;

	fprintf(f, "vnmcd %s, up %" PRIu64 " s\n\n", h->config.collector, up_s);
	fprintf(f, "messages  %12" PRIu64 "   from %" PRIu64 " exporters\n", sum->messages,
	    sum->v[VNM_C_exporters]);
	for (unsigned k = 0; k < VNM_KIND_COUNT; k++)
		fprintf(
		    f, "%-10s%12" PRIu64 "   records\n", vnm_kind_info(k)->name, sum->records[k]);
	fprintf(f, "lost      %12" PRIu64 "   on the way, by sequence numbers\n",
	    sum->v[VNM_C_sequence_lost]);
	fprintf(f, "dropped   %12" PRIu64 "   datagrams by the kernel: a receive buffer was full\n",
	    sum->v[VNM_C_kernel_drops]);
	if (sum->v[VNM_C_targets] > 0)
		fprintf(f, "connected %12" PRIu64 "   of %" PRIu64 " targets\n",
		    sum->v[VNM_C_targets_connected], sum->v[VNM_C_targets]);
	for (size_t i = 0; i < h->config.sinks->n; i++)
		fprintf(f, "output    %12" PRIu64 "   records in flight to %s\n",
		    vnm_sink_in_flight(h->config.sinks->p[i]), h->config.sinks->p[i]->name);
	for (unsigned i = 1; i < VNM_REASON_COUNT; i++) {
		if (sum->failed[i] + sum->parts[i] != 0)
			fprintf(f, "trouble   %12" PRIu64 "   %s: %s\n",
			    sum->failed[i] + sum->parts[i], vnm_reason_info(i)->label,
			    vnm_reason_info(i)->doc);
	}
	fputs("\n/metrics  for Prometheus\n/books    as JSON\n/rib      routes, as JSON lines\n"
	      "/targets  whom vnmcd connects to, as JSON lines\n/health   ok\n",
	    f);
}

static const struct page {
	const char *path;
	const char *type;
	print_fn print;
} pages[] = {
    {"/metrics", "text/plain; version=0.0.4; charset=utf-8", print_metrics},
    {"/books", "application/json", print_books},
    {"/health", "text/plain; charset=utf-8", print_health},
    {"/", "text/plain; charset=utf-8", print_status},
};

static bool
is_get(struct evhttp_request *request)
{
	return evhttp_request_get_command(request) != EVHTTP_REQ_POST;
}

static void
on_rib(struct evhttp_request *request, void *ctx)
{
	const struct vnm_http *h = ctx;

	if (is_get(request))
		vnm_http_rib(request, &h->config);
	else
		evhttp_send_error(request, HTTP_BADMETHOD, NULL);
}

/* It changes something, so that GET would be wrong. */
static void
on_dump(struct evhttp_request *request, void *ctx)
{
	const struct vnm_http *h = ctx;

	if (is_get(request))
		evhttp_send_error(request, HTTP_BADMETHOD, NULL);
	else
		vnm_http_dump(request, &h->config);
}

static void
on_targets(struct evhttp_request *request, void *ctx)
{
	const struct vnm_http *h = ctx;
	struct vnm_buffer lines = {0};

	if (!is_get(request)) {
		evhttp_send_error(request, HTTP_BADMETHOD, NULL);
		return;
	}
	evhttp_add_header(evhttp_request_get_output_headers(request), "Vnmcd-Complete",
	    h->config.targets(h->config.ctx, &lines) ? "yes" : "no");
	vnm_http_reply(request, HTTP_OK, "application/x-ndjson", lines.p, lines.n);
	vnm_buffer_free(&lines);
}

static void
on_request(struct evhttp_request *request, void *ctx)
{
	const struct vnm_http *h = ctx;
	const char *path = evhttp_uri_get_path(evhttp_request_get_evhttp_uri(request));
	const struct page *page = NULL;
	struct vnm_counters sum = {0};
	char *text = NULL;
	size_t n = 0;

	for (size_t i = 0; i < VNM_ARRAY_LEN(pages); i++) {
		if (path != NULL && strcmp(path, pages[i].path) == 0)
			page = &pages[i];
	}
	if (page == NULL || !is_get(request)) {
		evhttp_send_error(request, page == NULL ? HTTP_NOTFOUND : HTTP_BADMETHOD, NULL);
		return;
	}
	FILE *f = open_memstream(&text, &n);
	if (f == NULL) {
		evhttp_send_error(request, HTTP_INTERNAL, NULL);
		return;
	}
	h->config.counters(h->config.ctx, &sum);
	page->print(f, h, &sum);
	fclose(f);
	vnm_http_reply(request, HTTP_OK, page->type, text, n);
	free(text);
}

struct vnm_http *
vnm_http_open(struct event_base *base, const struct vnm_http_config *config, struct vnm_err *err)
{
	struct vnm_http *h = vnm_alloc_zero(1, sizeof(*h));
	char addr[VNM_ADDR_TEXT];

	if (h == NULL || (h->server = evhttp_new(base)) == NULL) {
		vnm_free(h);
		vnm_err_text(err, "out of memory");
		return NULL;
	}
	h->config = *config;
	h->begun_ns = vnm_clock_mono_ns();
	evhttp_set_allowed_methods(h->server, EVHTTP_REQ_GET | EVHTTP_REQ_HEAD | EVHTTP_REQ_POST);
	evhttp_set_timeout(h->server, 10);
	evhttp_set_max_body_size(h->server, 0);
	evhttp_set_max_headers_size(h->server, 8192);
	evhttp_set_gencb(h->server, on_request, h);
	(void)evhttp_set_cb(h->server, "/rib", on_rib, h);
	(void)evhttp_set_cb(h->server, "/rib/dump", on_dump, h);
	(void)evhttp_set_cb(h->server, "/targets", on_targets, h);
	vnm_addr_text(&config->listen.addr, addr);
	if (evhttp_bind_socket(h->server, addr, config->listen.port) != 0) {
		vnm_err_text(err,
		    "http.listen: cannot listen on %s port %u: %s; choose another "
		    "port, or find who has it with `ss -ltnp 'sport = :%u'`",
		    addr, config->listen.port, strerror(errno), config->listen.port);
		vnm_http_close(h);
		return NULL;
	}
	return h;
}

void
vnm_http_close(struct vnm_http *h)
{
	if (h == NULL)
		return;
	evhttp_free(h->server);
	vnm_free(h);
}
