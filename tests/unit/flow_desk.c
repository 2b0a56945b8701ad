/*
 * The desk and the pen.
 */
#include "flow_desk.h"

#include "base/alloc.h"

#include <stdlib.h>

static void
keep_list(struct desk *k, const struct vnm_ie *ie)
{
	for (uint32_t i = 0; i < ie->count && k->listed_count < 16; i++) {
		if (ie->list[i].type == VNM_IE_LIST)
			keep_list(k, &ie->list[i]);
		else
			k->listed[k->listed_count++] =
			    vnm_be_uint(ie->list[i].octets.p, ie->list[i].octets.n);
	}
}

static void
keep_text(struct desk *k, struct vnm_str s)
{
	memcpy(k->text[k->count], s.p, s.n);
	k->text[k->count][s.n] = '\0';
}

static void
keep(struct vnm_out *out)
{
	struct desk *k = (struct desk *)((char *)out - offsetof(struct desk, out));
	const struct vnm_record *r = out->rec;

	k->emitted++;
	if (k->quiet)
		return;
	CU_ASSERT_FATAL(k->count < RECORDS_MAX);
	k->got[k->count] = *r;
	if (r->kind_id == VNM_KIND_flow && VNM_HAS(r, flow, application))
		keep_text(k, r->flow.application);
	else if (r->kind_id == VNM_KIND_flow && VNM_HAS(r, flow, in_if_name))
		keep_text(k, r->flow.in_if_name);
	else if (r->kind_id == VNM_KIND_flow && VNM_HAS(r, flow, vrf_name))
		keep_text(k, r->flow.vrf_name);
	else if (r->kind_id == VNM_KIND_visibility)
		keep_text(k, r->visibility.cause);
	else if (r->kind_id == VNM_KIND_peer)
		keep_text(k, r->peer.event);
	else if (r->kind_id == VNM_KIND_route && VNM_HAS(r, route, prefix))
		keep_text(k, r->route.prefix);
	if (r->kind_id == VNM_KIND_flow && VNM_HAS(r, flow, ie)) {
		k->listed_count = 0;
		keep_list(k, &r->flow.ie.p[0]);
	}
	k->count++;
	k->counters.records[r->kind_id]++;
}

struct desk *
desk_new(void)
{
	return desk_new_for("flow");
}

struct desk *
desk_new_for(const char *decoder)
{
	struct desk *k = calloc(1, sizeof(*k));
	struct vnm_err err;

	CU_ASSERT_FATAL(k != NULL);
	CU_ASSERT_EQUAL_FATAL(vnm_option_defaults(vnm_limits_options, &k->limits, &err), 0);
	CU_ASSERT_EQUAL_FATAL(vnm_scratch_init(&k->scratch, 1 << 16), 0);
	k->x.decoder = vnm_decoder_find(decoder);
	k->x.state = vnm_alloc_zero(1, k->x.decoder->state_size);
	k->out = (struct vnm_out){.rec = &k->rec,
	    .scratch = &k->scratch,
	    .counters = &k->counters,
	    .limits = &k->limits,
	    .emit = keep};
	k->port = 4000;
	k->rx_ns = NOW_NS;
	return k;
}

void
desk_free(struct desk *k)
{
	k->x.decoder->close(&k->x, &k->counters);
	CU_ASSERT_EQUAL(k->counters.v[VNM_C_templates], 0);
	CU_ASSERT_EQUAL(k->counters.v[VNM_C_held_octets], 0);
	CU_ASSERT_EQUAL(k->counters.outcome[VNM_OUTCOME_HELD], 0);
	vnm_free(k->x.state);
	vnm_scratch_free(&k->scratch);
	free(k);
}

void
desk_begin(struct desk *k)
{
	memset(k->rec.has, 0, sizeof(k->rec.has));
	vnm_out_base(&k->out);
	k->out.records_left = k->limits.records_per_message;
	k->out.emitted = k->out.good = k->out.faults = k->out.held = 0;
	k->count = k->emitted = 0;
}

/* As the pipeline does it; the outcome is counted. */
enum vnm_reason
desk_give(struct desk *k, const uint8_t *p, size_t n)
{
	const struct vnm_datagram d = {.p = p,
	    .n = n,
	    .rx_ns = k->rx_ns,
	    .src = {vnm_addr_ip4((const uint8_t[]){192, 0, 2, 1}), k->port},
	    .transport = k->session != 0 ? VNM_TRANSPORT_TCP : VNM_TRANSPORT_UDP,
	    .session = k->session};

	desk_begin(k);
	enum vnm_reason reason = k->x.decoder->decode(&k->x, &d, &k->out);
	if (reason == VNM_OK && k->out.held != 0)
		k->counters.outcome[VNM_OUTCOME_HELD]++;
	vnm_scratch_reset(&k->scratch);
	return reason;
}

void
desk_tick(struct desk *k, uint64_t now_ns, bool final)
{
	desk_begin(k);
	k->x.decoder->tick(&k->x, now_ns, final, &k->out);
}

/* ---- a pen to write messages with -------------------------------------------------------- */

void
pen_put(struct pen *w, uint64_t v, unsigned octets)
{
	while (octets-- > 0)
		w->p[w->n++] = (uint8_t)(v >> (8 * octets));
}

void
pen_put16s(struct pen *w, const uint16_t *v, size_t n)
{
	for (size_t i = 0; i < n; i++)
		pen_put(w, v[i], 2);
}

void
pen_end_set(struct pen *w)
{
	size_t n = w->n - w->set;

	if (w->set != 0) {
		w->p[w->set + 2] = (uint8_t)(n >> 8);
		w->p[w->set + 3] = (uint8_t)n;
	}
	w->set = 0;
}

void
pen_begin_set(struct pen *w, uint16_t id)
{
	pen_end_set(w);
	w->set = w->n;
	PUT16(w, id, 0);
}

struct pen
pen_ipfix(uint32_t domain)
{
	struct pen w = {.n = 0};

	PUT16(&w, 10, 0);
	pen_put(&w, NOW_NS / VNM_NS_PER_S, 4);
	pen_put(&w, 0, 4);
	pen_put(&w, domain, 4);
	return w;
}

enum vnm_reason
pen_send(struct desk *k, struct pen *w)
{
	pen_end_set(w);
	w->p[2] = (uint8_t)(w->n >> 8);
	w->p[3] = (uint8_t)w->n;
	return desk_give(k, w->p, w->n);
}
