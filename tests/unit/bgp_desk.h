/*
 * For tests of the BGP decoder: a session that writes its records down, as lines in the form of
 * tests/data/bgp and as JSON, and messages from hex digits.
 */
#ifndef VNM_TESTS_BGP_DESK_H
#define VNM_TESTS_BGP_DESK_H

#include "unit.h"

#include "base/text.h"
#include "decoders/bgp.h"
#include "output/encoder.h"

#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>

#define MOST 64	     /* records kept of one message */
#define LINE 8192    /* characters of a line of test data */
#define OCTETS 65536 /* of a message */

/* ---- a session that writes its records down ----------------------------------------------------
 */

static const struct vnm_limits limits = {.domains = 4};
static struct vnm_scratch scratch;
static struct vnm_counters counters;
static struct vnm_record record;
static struct vnm_out out;
static const char *add_path_families; /* "1/1,2/1" */
static bool multiple_labels;
static char lines[MOST][LINE];
static char json[MOST][LINE];
static unsigned line_count;
static struct vnm_bgp_result result;

static char *put(char *p, const char *format, ...) VNM_PRINTF(2, 3);

static char *
put(char *p, const char *format, ...)
{
	va_list args;

	va_start(args, format);
	p += vsnprintf(p, 4096, format, args);
	va_end(args);
	return p;
}

static char *
put_str(char *p, const char *name, struct vnm_str s)
{
	return put(p, " %s=%.*s", name, (int)s.n, s.p);
}

static char *
put_strs(char *p, const char *name, struct vnm_strs s)
{
	p = put(p, " %s=", name);
	for (uint32_t i = 0; i < s.n; i++)
		p = put(p, "%s%.*s", i > 0 ? "," : "", (int)s.p[i].n, s.p[i].p);
	return p;
}

static char *
put_addr(char *p, const char *name, struct vnm_addr a)
{
	char text[VNM_ADDR_TEXT];

	return put(p, " %s=%s", name, vnm_addr_text(&a, text));
}

/* The route's own part in the order of the data files. */
static char *
put_evpn(char *p, const struct vnm_record *r)
{
	const struct vnm_route_fields *o = &r->route;

	if (VNM_HAS(r, route, route_type))
		p = put(p, " type=%u", o->route_type);
	if (VNM_HAS(r, route, esi))
		p = put_str(p, "esi", o->esi);
	if (VNM_HAS(r, route, eth_tag))
		p = put(p, " etag=%u", o->eth_tag);
	if (VNM_HAS(r, route, mac)) {
		char mac[VNM_MAC_TEXT + 1] = {0};
		vnm_mac_write(mac, &o->mac);
		p = put(p, " mac=%s", mac);
	}
	if (VNM_HAS(r, route, ip))
		p = put_addr(p, "ip", o->ip);
	return VNM_HAS(r, route, gateway) ? put_addr(p, "gw", o->gateway) : p;
}

static char *
put_pairs(char *p, const struct vnm_pairs *pairs)
{
	for (uint32_t i = 0; i < pairs->n; i++) {
		const struct vnm_pair *q = &pairs->p[i];

		if (q->type == VNM_PAIR_U64)
			p = put(p, " %s=%llu", q->name, (unsigned long long)q->u64);
		else if (q->type == VNM_PAIR_ADDR)
			p = put_addr(p, q->name, q->addr);
	}
	return p;
}

static char *
put_nlri(char *p, const struct vnm_record *r)
{
	const struct vnm_route_fields *o = &r->route;

	if (VNM_HAS(r, route, path_id))
		p = put(p, " id=%u", o->path_id);
	if (VNM_HAS(r, route, rd))
		p = put_str(p, "rd", o->rd);
	p = put_evpn(p, r);
	if (VNM_HAS(r, route, vni)) /* the other reading takes every label field for a label */
		p = put(p, " labels=%u", o->vni >> 4);
	if (VNM_HAS(r, route, nlri) && o->nlri.n > 0 && strcmp(o->nlri.p[0].name, "vni2") == 0)
		return put(p, ",%u", (unsigned)o->nlri.p[0].u64 >> 4);
	if (VNM_HAS(r, route, labels)) {
		p = put(p, " labels=");
		for (uint32_t i = 0; i < o->labels.n; i++)
			p = put(p, "%s%u", i > 0 ? "," : "", o->labels.p[i]);
	}
	if (VNM_HAS(r, route, prefix))
		p = put_str(p, "prefix", o->prefix);
	else if (VNM_HAS(r, route, prefix_len))
		p = put(p, " len=%u", o->prefix_len);
	if (VNM_HAS(r, route, flowspec))
		p = put(p, " flow=\"%.*s\"", (int)o->flowspec.n, o->flowspec.p);
	else if (VNM_HAS(r, route, nlri))
		p = put_pairs(p, &o->nlri);
	if (VNM_HAS(r, route, nlri_octets)) {
		p = put(p, " octets=");
		p = vnm_text_hex(p, o->nlri_octets.p, o->nlri_octets.n);
		*p = 0;
	}
	return p;
}

static char *
put_attributes(char *p, const struct vnm_record *r)
{
	const struct vnm_route_fields *o = &r->route;

	if (VNM_HAS(r, route, next_hop))
		p = put_addr(p, "nh", o->next_hop);
	if (VNM_HAS(r, route, next_hop_link_local))
		p = put_addr(p, "ll", o->next_hop_link_local);
	if (VNM_HAS(r, route, origin))
		p = put_str(p, "origin", o->origin);
	if (VNM_HAS(r, route, as_path))
		p = put(p, " path=\"%.*s\"", (int)o->as_path.n, o->as_path.p);
	if (VNM_HAS(r, route, med))
		p = put(p, " med=%u", o->med);
	if (VNM_HAS(r, route, local_pref))
		p = put(p, " lp=%u", o->local_pref);
	if (VNM_HAS(r, route, atomic_aggregate))
		p = put(p, " atomic");
	if (VNM_HAS(r, route, aggregator_as)) {
		char text[VNM_ADDR_TEXT];
		p = put(
		    p, " agg=%u:%s", o->aggregator_as, vnm_addr_text(&o->aggregator_addr, text));
	}
	if (VNM_HAS(r, route, communities))
		p = put_strs(p, "comm", o->communities);
	if (VNM_HAS(r, route, ext_communities))
		p = put(p, " ext=%u", o->ext_communities.n);
	if (VNM_HAS(r, route, large_communities))
		p = put_strs(p, "large", o->large_communities);
	if (VNM_HAS(r, route, originator_id))
		p = put_addr(p, "originator", o->originator_id);
	if (VNM_HAS(r, route, cluster_list))
		p = put_strs(p, "cluster", o->cluster_list);
	if (VNM_HAS(r, route, aigp))
		p = put(p, " aigp=%llu", (unsigned long long)o->aigp);
	return VNM_HAS(r, route, otc) ? put(p, " otc=%u", o->otc) : p;
}

static void
write_line(char *p, const struct vnm_record *r)
{
	if (r->kind_id == VNM_KIND_linkstate) {
		p = put(p, "%.*s 16388/71", (int)r->linkstate.action.n, r->linkstate.action.p);
		if (VNM_HAS(r, linkstate, path_id))
			put(p, " id=%u", r->linkstate.path_id);
		return;
	}
	bool end = vnm_str_is(r->route.action, "end-of-rib");
	p = end ? put(p, "end") : put(p, "%.*s", (int)r->route.action.n, r->route.action.p);
	p = put(p, " %u/%u", r->route.afi, r->route.safi);
	put_attributes(put_nlri(p, r), r);
}

static struct vnm_record *
begin_record(void *ctx, enum vnm_kind kind)
{
	(void)ctx;
	return vnm_out_begin(&out, kind);
}

static bool
emit_record(void *ctx)
{
	(void)ctx;
	return vnm_out_emit(&out);
}

static void
write_json(char *p, const struct vnm_record *r)
{
	struct vnm_strings none = {0};
	struct vnm_selection all;
	struct vnm_buffer b = {0};
	struct vnm_frame frame;

	CU_ASSERT_EQUAL_FATAL(vnm_selection_make(&all, &none, NULL), 0);
	CU_ASSERT_FATAL(vnm_json_encoder.encode(&all, r, &b, &frame));
	CU_ASSERT_FATAL(frame.body_n < LINE);
	memcpy(p, b.p + frame.body_at, frame.body_n);
	p[frame.body_n] = 0;
	vnm_buffer_free(&b);
}

static void
note(struct vnm_out *o)
{
	if (line_count < MOST) {
		write_line(lines[line_count], o->rec);
		write_json(json[line_count], o->rec);
	}
	line_count++;
}

static bool
expect_add_path(void *ctx, uint16_t afi, uint8_t safi)
{
	char family[16];

	(void)ctx;
	snprintf(family, sizeof(family), "%u/%u", afi, safi);
	const char *at = strstr(add_path_families, family);
	char after = at != NULL ? at[strlen(family)] : 'x';
	return at != NULL && (after == 0 || after == ',') &&
	       (at == add_path_families || at[-1] == ',');
}

static bool
expect_labels(void *ctx, uint16_t afi, uint8_t safi)
{
	(void)ctx;
	(void)afi;
	(void)safi;
	return multiple_labels;
}

static void
ready(void)
{
	if (scratch.p == NULL)
		CU_ASSERT_EQUAL_FATAL(vnm_scratch_init(&scratch, 1 << 20), 0);
	memset(&record, 0, sizeof(record));
	memset(&counters, 0, sizeof(counters));
	out = (struct vnm_out){.rec = &record,
	    .scratch = &scratch,
	    .counters = &counters,
	    .limits = &limits,
	    .records_left = UINT32_MAX,
	    .emit = note};
	vnm_scratch_reset(&scratch);
	line_count = 0;
	memset(lines, 0, sizeof(lines[0]));
}

static uint8_t message[OCTETS];

static size_t
from_hex(uint8_t *to, const char *hex)
{
	size_t n = 0;

	for (; hex[0] != 0 && hex[0] != '\n'; hex++) {
		char digits[3] = {hex[0], hex[1], 0};

		if (hex[0] == ' ')
			continue;
		to[n++] = (uint8_t)strtoul(digits, NULL, 16);
		hex++;
	}
	return n;
}

/* A whole message of that type with the body in `hex`: its length. */
static size_t
wrap(uint8_t type, const char *hex)
{
	size_t n = 19 + from_hex(message + 19, hex);

	memset(message, 0xff, 16);
	message[16] = (uint8_t)(n >> 8);
	message[17] = (uint8_t)n;
	message[18] = type;
	return n;
}

static enum vnm_reason
update(bool as4, const char *families, const char *hex)
{
	struct vnm_bgp_session session = {.out = &out,
	    .as4 = as4,
	    .add_path = expect_add_path,
	    .multiple_labels = expect_labels,
	    .begin = begin_record,
	    .emit = emit_record};
	struct vnm_reader r = vnm_reader_of(message, wrap(2, hex));

	ready();
	add_path_families = families;
	return vnm_bgp_update(&r, &session, &result);
}

#endif
