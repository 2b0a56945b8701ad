/*
 * Questions about the standing RIBs, over HTTP: GET /rib with its filters, POST /rib/dump.
 */
#include "daemon/http.h"

#include "decoders/bgp.h"
#include "decoders/rib.h"
#include "decoders/rib_query.h"

#include <event2/http.h>
#include <event2/keyvalq_struct.h>
#include <stdio.h>
#include <stdlib.h>

#define LIMIT 1000	     /* records of an answer, where nothing else is asked */
#define LIMIT_MAX 20000	     /* some 30 ms and 20 MB */
#define LOOKS_MAX (1U << 20) /* paths looked at for one answer: some 30 ms */

/* Views by what `rib` of a record says. */
static const char *const views[VNM_RIB_VIEWS] = {
    [VNM_RIB_LOC] = "loc-rib",
    [VNM_RIB_IN_PRE] = "adj-rib-in-pre",
    [VNM_RIB_IN_POST] = "adj-rib-in-post",
    [VNM_RIB_OUT_PRE] = "adj-rib-out-pre",
    [VNM_RIB_OUT_POST] = "adj-rib-out-post",
};

static const char *const matches[] = {
    [VNM_RIB_EXACT] = "exact", [VNM_RIB_LONGEST] = "longest", [VNM_RIB_WITHIN] = "within"};

/* ---- parameters: false when the value is none ------------------------------------------------
 */

static bool
read_number(const char *text, uint32_t max, uint32_t *v)
{
	char *end;
	unsigned long n = strtoul(text, &end, 10);

	if (text[0] < '0' || text[0] > '9' || *end != '\0' || n > max)
		return false;
	*v = (uint32_t)n;
	return true;
}

static bool
read_router(struct vnm_rib_query *q, const char *text)
{
	return vnm_addr_parse(&q->router, text);
}

static bool
read_peer(struct vnm_rib_query *q, const char *text)
{
	return vnm_addr_parse(&q->peer, text);
}

static bool
read_view(struct vnm_rib_query *q, const char *text)
{
	for (int i = 0; i < VNM_RIB_VIEWS; i++) {
		if (strcmp(text, views[i]) == 0)
			q->view = i;
	}
	return q->view >= 0;
}

/* A number, or a name of IANA's. */
static bool
read_afi(struct vnm_rib_query *q, const char *text)
{
	uint32_t v = 0;

	if (!read_number(text, UINT16_MAX, &v)) {
		for (v = UINT16_MAX; v > 0 && !vnm_str_is(vnm_afi_name((uint16_t)v), text);)
			v--;
	}
	q->afi = (uint16_t)v;
	return v != 0;
}

static bool
read_safi(struct vnm_rib_query *q, const char *text)
{
	uint32_t v = 0;

	if (!read_number(text, UINT8_MAX, &v)) {
		for (v = UINT8_MAX; v > 0 && !vnm_str_is(vnm_safi_name((uint8_t)v), text);)
			v--;
	}
	q->safi = (uint8_t)v;
	return v != 0;
}

/* An address alone asks for the route to it. */
static bool
read_prefix(struct vnm_rib_query *q, const char *text)
{
	if (q->match == VNM_RIB_ANY)
		q->match = strchr(text, '/') != NULL ? VNM_RIB_EXACT : VNM_RIB_LONGEST;
	return vnm_prefix_parse(&q->prefix, text);
}

static bool
read_match(struct vnm_rib_query *q, const char *text)
{
	for (size_t i = VNM_RIB_EXACT; i < VNM_ARRAY_LEN(matches); i++) {
		if (strcmp(text, matches[i]) == 0) {
			q->match = (enum vnm_rib_match)i;
			return true;
		}
	}
	return false;
}

static bool
read_limit(struct vnm_rib_query *q, const char *text)
{
	return read_number(text, LIMIT_MAX, &q->limit) && q->limit > 0;
}

static bool
read_summary(struct vnm_rib_query *q, const char *text)
{
	q->summary = strcmp(text, "0") != 0;
	return strcmp(text, "0") == 0 || strcmp(text, "1") == 0;
}

static const struct parameter {
	const char *name;
	bool (*read)(struct vnm_rib_query *q, const char *text);
	const char *wanted;
} parameters[] = {
    {"router", read_router, "an address"},
    {"peer", read_peer, "an address"},
    {"rib", read_view,
	"loc-rib, adj-rib-in-pre, adj-rib-in-post, adj-rib-out-pre or adj-rib-out-post"},
    {"afi", read_afi, "an address family, as a number or by its name"},
    {"safi", read_safi, "a subsequent address family, as a number or by its name"},
    {"prefix", read_prefix, "a prefix or an address"},
    {"match", read_match, "exact, longest or within"},
    {"limit", read_limit, "1 to 20000"},
    {"summary", read_summary, "1 or 0"},
};

static const struct parameter *
find_parameter(const char *name)
{
	for (size_t i = 0; i < VNM_ARRAY_LEN(parameters); i++) {
		if (strcmp(parameters[i].name, name) == 0)
			return &parameters[i];
	}
	return NULL;
}

/* 0, or -1 and err->text. */
static int
read_query(struct vnm_rib_query *q, const struct evkeyvalq *pairs, struct vnm_err *err)
{
	const struct evkeyval *pair;

	for (pair = pairs->tqh_first; pair != NULL; pair = pair->next.tqe_next) {
		const struct parameter *p = find_parameter(pair->key);

		if (p == NULL)
			return vnm_err_text(err, "there is no parameter `%s`", pair->key);
		if (!p->read(q, pair->value))
			return vnm_err_text(err, "`%s` is %s", p->name, p->wanted);
	}
	if (q->match != VNM_RIB_ANY && q->prefix.addr.family == VNM_ADDR_NONE)
		return vnm_err_text(err, "`match` needs `prefix`");
	return 0;
}

/* ---- answers ---------------------------------------------------------------------------------
 */

static void
refuse(struct evhttp_request *request, const struct vnm_err *err)
{
	char text[sizeof(err->text) + 2];
	int n = snprintf(text, sizeof(text), "%s\n", err->text);

	vnm_http_reply(request, HTTP_BADREQUEST, "text/plain; charset=utf-8", text, (size_t)n);
}

/* What is asked: 0, or -1 and it is refused. */
static int
take_query(struct evhttp_request *request, struct vnm_rib_query *q)
{
	const char *text = evhttp_uri_get_query(evhttp_request_get_evhttp_uri(request));
	struct evkeyvalq pairs = {0};
	struct vnm_err err;
	int rc = 0;

	*q = (struct vnm_rib_query){.view = -1, .limit = LIMIT, .looks = LOOKS_MAX};
	if (text != NULL && evhttp_parse_query_str(text, &pairs) != 0)
		rc = vnm_err_text(&err, "the query is malformed");
	else if (text != NULL)
		rc = read_query(q, &pairs, &err);
	evhttp_clear_headers(&pairs);
	if (rc != 0)
		refuse(request, &err);
	return rc;
}

void
vnm_http_rib(struct evhttp_request *request, const struct vnm_http_config *config)
{
	struct vnm_buffer answer = {0};
	struct vnm_rib_query q;

	if (take_query(request, &q) != 0)
		return;
	config->rib(config->ctx, &q, &answer);
	evhttp_add_header(
	    evhttp_request_get_output_headers(request), "Vnmcd-Complete", q.more ? "no" : "yes");
	vnm_http_reply(request, HTTP_OK, "application/x-ndjson", answer.p, answer.n);
	vnm_buffer_free(&answer);
}

void
vnm_http_dump(struct evhttp_request *request, const struct vnm_http_config *config)
{
	static const char begun[] = "a dump begins\n";
	struct vnm_rib_query q;

	if (take_query(request, &q) != 0)
		return;
	config->dump(config->ctx, &q.router);
	vnm_http_reply(request, 202, "text/plain; charset=utf-8", begun, sizeof(begun) - 1);
}
