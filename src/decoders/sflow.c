/*
 * The decoder `sflow`: sFlow version 5 (sflow.org, July 2004) and its published extensions.
 *
 * A datagram is a header and samples; a sample is a header and records. Every part carries its
 * length, so that what is unknown or damaged costs only itself.
 */
#include "decoders/sflow.h"

#include "base/alloc.h"

#include <assert.h>

#define SFLOW_MAGIC 0x766e7366U /* "vnsf" */
#define SAMPLE_LEAST 8		/* octets of a sample's or record's format and length */

/* ---- header ------------------------------------------------------------------------------- */

static enum vnm_reason
decode_header(struct vnm_reader *r, struct vnm_sflow_header *h)
{
	uint32_t version = vnm_reader_u32(r);

	if (r->bad)
		return VNM_R_truncated;
	if (version != 5)
		return VNM_R_bad_version;
	if (vnm_reader_left(r) >= 4 && vnm_be32(r->p) > 2)
		return VNM_R_bad_header;
	h->agent_addr = vnm_sflow_address(r);
	h->sub_agent = vnm_reader_u32(r);
	h->seq = vnm_reader_u32(r);
	h->uptime_ms = vnm_reader_u32(r);
	h->samples = vnm_reader_u32(r);
	return r->bad ? VNM_R_truncated : VNM_OK;
}

static void
set_envelope(const struct vnm_sflow_header *h, struct vnm_out *out)
{
	struct vnm_record *r = out->rec;

	VNM_SET(r, env, decoder, VNM_STR("sflow"));
	if (h->agent_addr.family != VNM_ADDR_NONE)
		VNM_SET(r, env, agent_addr, h->agent_addr);
	VNM_SET(r, env, observation_domain_id, h->sub_agent);
	VNM_SET(r, env, exporter_seq, h->seq);
	vnm_out_base(out);
}

/* ---- agents ------------------------------------------------------------------------------- */

static bool
is_agent(const struct vnm_sflow_agent *a, const struct vnm_sflow_header *h)
{
	return a->sub_agent == h->sub_agent && vnm_addr_equal(&a->addr, &h->agent_addr);
}

/* Room for one agent more, of which the bound may take the longest silent one's. */
static struct vnm_sflow_agent *
agent_room(struct vnm_sflow_state *s, size_t most)
{
	uint32_t cap = s->agent_cap == 0 ? 4 : s->agent_cap * 2;
	struct vnm_sflow_agent *grown;
	uint32_t oldest = 0;

	if (s->agent_count > 0 && s->agent_count >= most) {
		for (uint32_t i = 1; i < s->agent_count; i++) {
			if (s->agents[i].last_ns < s->agents[oldest].last_ns)
				oldest = i;
		}
		return &s->agents[oldest];
	}
	if (s->agent_count == s->agent_cap) {
		grown = vnm_realloc(s->agents, cap * sizeof(*grown));
		if (grown == NULL)
			return NULL;
		s->agents = grown;
		s->agent_cap = cap;
	}
	return &s->agents[s->agent_count++];
}

static struct vnm_sflow_agent *
agent_get(struct vnm_sflow_state *s, const struct vnm_sflow_header *h, size_t most)
{
	struct vnm_sflow_agent *a;

	if (s->agent_count > 0 && is_agent(&s->agents[s->current], h))
		return &s->agents[s->current];
	for (uint32_t i = 0; i < s->agent_count; i++) {
		if (is_agent(&s->agents[i], h)) {
			s->current = i;
			return &s->agents[i];
		}
	}
	a = agent_room(s, most);
	if (a == NULL)
		return NULL;
	*a = (struct vnm_sflow_agent){
	    .addr = h->agent_addr, .sub_agent = h->sub_agent, .serial = ++s->serials};
	s->current = (uint32_t)(a - s->agents);
	return a;
}

/* ---- samples ------------------------------------------------------------------------------ */

bool
vnm_sflow_count_fits(const struct vnm_reader *r, uint32_t count, struct vnm_out *out)
{
	if (count <= vnm_reader_left(r) / SAMPLE_LEAST)
		return true;
	vnm_out_fault(out, VNM_R_sample_malformed);
	return false;
}

bool
vnm_sflow_next_record(struct vnm_reader *r, uint32_t *count, uint32_t *id, struct vnm_reader *body,
    struct vnm_out *out)
{
	uint32_t n;

	if (*count == 0)
		return false;
	if (vnm_reader_left(r) < SAMPLE_LEAST) {
		vnm_out_fault(out, VNM_R_sample_malformed);
		*count = 0;
		return false;
	}
	(*count)--;
	*id = vnm_reader_u32(r);
	n = vnm_reader_u32(r);
	*body = vnm_reader_sub(r, n);
	if (body->bad) {
		vnm_out_fault(out, VNM_R_sample_overrun);
		return false;
	}
	return true;
}

static void
decode_sample(struct vnm_sflow_state *state, const struct vnm_sflow_header *h, uint32_t format,
    struct vnm_reader *r, struct vnm_out *out)
{
	switch (format) {
	case 1:
	case 3:
		vnm_sflow_flow_sample(r, format == 3, out);
		break;
	case 2:
	case 4:
		vnm_sflow_counter_sample(state, h, r, format == 4, out);
		break;
	case 5:
		vnm_sflow_discarded_packet(r, out);
		break;
	default:
		vnm_out_fault(out, VNM_R_sample_unknown);
		break;
	}
}

static void
decode_samples(struct vnm_sflow_state *state, const struct vnm_sflow_header *h,
    struct vnm_reader *r, struct vnm_out *out)
{
	size_t mark = vnm_scratch_mark(out->scratch);

	for (uint32_t i = 0; i < h->samples; i++) {
		struct vnm_reader body;
		uint32_t format, n;

		if (out->records_left == 0) {
			vnm_out_fault(out, VNM_R_record_limit);
			return;
		}
		if (vnm_reader_left(r) < SAMPLE_LEAST) {
			vnm_out_fault(out, VNM_R_count_mismatch);
			return;
		}
		format = vnm_reader_u32(r);
		n = vnm_reader_u32(r);
		body = vnm_reader_sub(r, n);
		if (body.bad) {
			vnm_out_fault(out, VNM_R_sample_overrun);
			return;
		}
		decode_sample(state, h, format, &body, out);
		vnm_scratch_rewind(out->scratch, mark);
	}
}

/* ---- the decoder -------------------------------------------------------------------------- */

static int
sflow_open(struct vnm_exporter *x)
{
	struct vnm_sflow_state *s = x->state;

	s->magic = SFLOW_MAGIC;
	return 0;
}

static void
sflow_close(struct vnm_exporter *x, struct vnm_counters *counters)
{
	struct vnm_sflow_state *s = x->state;

	(void)counters;
	assert(s->magic == SFLOW_MAGIC);
	vnm_sflow_readings_free(s);
	vnm_free(s->agents);
	*s = (struct vnm_sflow_state){0};
}

static enum vnm_reason
sflow_decode(struct vnm_exporter *x, const struct vnm_datagram *d, struct vnm_out *out)
{
	struct vnm_sflow_state *s = x->state;
	struct vnm_reader r = vnm_reader_of(d->p, d->n);
	struct vnm_sflow_header h;
	struct vnm_sflow_agent *a;
	enum vnm_reason reason = decode_header(&r, &h);

	assert(s->magic == SFLOW_MAGIC);
	if (reason != VNM_OK)
		return reason;
	a = agent_get(s, &h, out->limits->domains);
	if (a == NULL)
		return VNM_R_out_of_memory;
	a->last_ns = d->rx_ns;
	h.agent = a->serial;
	h.verdict = vnm_sequence_next(
	    &a->sequence, &(struct vnm_sequence_message){h.seq, 1, true, h.uptime_ms, d->rx_ns});
	set_envelope(&h, out);
	decode_samples(s, &h, &r, out);
	return VNM_OK;
}

static void
sflow_tick(struct vnm_exporter *x, uint64_t now_ns, bool final, struct vnm_out *out)
{
	struct vnm_sflow_state *s = x->state;

	for (uint32_t i = 0; i < s->agent_count; i++) {
		struct vnm_sflow_agent *a = &s->agents[i];
		VNM_SET(out->rec, env, decoder, VNM_STR("sflow"));
		VNM_SET(out->rec, env, agent_addr, a->addr);
		VNM_SET(out->rec, env, observation_domain_id, a->sub_agent);
		if (a->addr.family == VNM_ADDR_NONE)
			VNM_UNSET(out->rec, env, agent_addr);
		vnm_out_base(out);
		vnm_sequence_tick(&a->sequence, now_ns, final, VNM_STR("messages"), out);
	}
}

/* Version, address type and the number of samples that can be, and a first sample that fits. */
static bool
sflow_probe(const uint8_t *p, size_t n)
{
	struct vnm_reader r = vnm_reader_of(p, n);
	struct vnm_sflow_header h;

	if (decode_header(&r, &h) != VNM_OK || h.agent_addr.family == VNM_ADDR_NONE)
		return false;
	if (h.samples == 0)
		return vnm_reader_left(&r) == 0;
	vnm_reader_skip(&r, 4);
	return h.samples <= 65535 / SAMPLE_LEAST && vnm_reader_u32(&r) <= 65535 && !r.bad;
}

const struct vnm_decoder vnm_sflow_decoder = {
    .name = "sflow",
    .summary = "sFlow version 5: flow, counter and discarded-packet samples",
    .ports = {6343},
    .state_size = sizeof(struct vnm_sflow_state),
    .probe = sflow_probe,
    .open = sflow_open,
    .decode = sflow_decode,
    .tick = sflow_tick,
    .close = sflow_close,
};
