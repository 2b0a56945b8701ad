/*
 * The decoders `flow`, `netflow` and `ipfix`: one state, told apart by the version at the
 * head of each message.
 */
#include "decoders/flow_state.h"

#include "record/names.h"

static const struct vnm_option flow_options[] = {VNM_FLOW_OPTIONS(VNM_OPTION_ROW) VNM_OPTION_END};

void
vnm_flow_envelope(const struct vnm_flow_header *h, struct vnm_str decoder, struct vnm_out *out)
{
	struct vnm_record *r = out->rec;

	VNM_SET(r, env, decoder, decoder);
	VNM_SET(r, env, event_ns, h->export_ns);
	if (h->version != 1 && h->version != 7)
		VNM_SET(r, env, observation_domain_id, h->domain);
	if (h->version != 1)
		VNM_SET(r, env, exporter_seq, h->sequence);
	vnm_out_base(out);
}

static void
set_sampling(struct vnm_record *r, const struct vnm_flow_options *o)
{
	double forced = o->sampling_override;
	double rate = forced > 0 ? forced : o->sampling;

	if (rate <= 0 || (forced <= 0 && VNM_HAS(r, env, sampling_interval)))
		return;
	VNM_SET(r, env, sampling_interval, rate);
	VNM_SET(r, env, sampling_origin, VNM_STR("configured"));
}

static uint64_t
scaled(uint64_t v, double interval)
{
	double product = (double)v * interval;

	return product < 0x1p63 ? (uint64_t)(product + 0.5) : UINT64_MAX;
}

static void
set_scaled(struct vnm_record *r)
{
	double interval = r->env.sampling_interval;

	if (VNM_HAS(r, flow, octets))
		VNM_SET(r, flow, octets_scaled, scaled(r->flow.octets, interval));
	if (VNM_HAS(r, flow, packets))
		VNM_SET(r, flow, packets_scaled, scaled(r->flow.packets, interval));
}

/* ICMP's type and code stand in the destination port (v5 and much of v9). */
static void
set_icmp(struct vnm_record *r)
{
	uint8_t protocol = r->flow.protocol;

	if (!VNM_HAS(r, flow, protocol) || (protocol != 1 && protocol != 58) ||
	    VNM_HAS(r, flow, icmp_type) || !VNM_HAS(r, flow, dst_port))
		return;
	VNM_SET(r, flow, icmp_type, (uint8_t)(r->flow.dst_port >> 8));
	VNM_SET(r, flow, icmp_code, (uint8_t)r->flow.dst_port);
}

void
vnm_flow_finish(struct vnm_record *r, struct vnm_exporter *x, struct vnm_out *out)
{
	set_icmp(r);
	if (x->options != NULL)
		set_sampling(r, x->options);
	if (VNM_HAS(r, env, sampling_interval))
		set_scaled(r);
	if (VNM_HAS(r, flow, flow_start_ns) && VNM_HAS(r, flow, flow_end_ns) &&
	    r->flow.flow_end_ns < r->flow.flow_start_ns)
		vnm_out_count(out, VNM_C_time_suspect, 1);
	if (VNM_HAS(r, flow, in_if))
		VNM_SET(r, flow, in_if_kind, VNM_STR("index"));
	if (VNM_HAS(r, flow, out_if))
		VNM_SET(r, flow, out_if_kind, VNM_STR("index"));
	vnm_flow_names(r);
}

/* ---- messages ---------------------------------------------------------------------------- */

#define VERSION_9 9
#define VERSION_IPFIX 10
#define IPFIX_HEADER_N 16
#define NETFLOW9_HEADER_N 20

static unsigned
version_of(const uint8_t *p, size_t n)
{
	return n >= 2 ? vnm_be16(p) : 0;
}

/*
 * Whether what is behind an IPFIX message is another one: some exporters put several into a
 * datagram, many more pad it with zeros.
 */
static bool
another_follows(const uint8_t *p, size_t n)
{
	return n >= IPFIX_HEADER_N && version_of(p, n) == VERSION_IPFIX &&
	       vnm_be16(p + 2) >= IPFIX_HEADER_N && vnm_be16(p + 2) <= n;
}

/* The datagram has one outcome: what is wrong with a later message is a fault of a part. */
static enum vnm_reason
decode_ipfix(struct vnm_exporter *x, const struct vnm_datagram *d, struct vnm_out *out)
{
	struct vnm_flow_state *s = x->state;
	uint64_t envelope[VNM_HAS_WORDS];
	struct vnm_datagram part = *d;
	enum vnm_reason reason;

	memcpy(envelope, out->base, sizeof(envelope));
	for (;;) {
		reason = vnm_ipfix_decode(x, &part, out);
		if (reason != VNM_OK && part.p == d->p)
			return reason;
		if (reason != VNM_OK)
			vnm_out_fault(out, reason);
		if (reason != VNM_OK && s->held_now != NULL)
			s->held_now->faulty = true;
		size_t n = vnm_be16(part.p + 2);
		part.p += n;
		part.n -= n;
		if (!another_follows(part.p, part.n))
			return VNM_OK;
		memcpy(out->base, envelope, sizeof(envelope));
		memcpy(out->rec->has, envelope, sizeof(envelope));
	}
}

static enum vnm_reason
flow_decode(struct vnm_exporter *x, const struct vnm_datagram *d, struct vnm_out *out)
{
	struct vnm_flow_state *s = x->state;

	s->held_now = NULL;
	switch (version_of(d->p, d->n)) {
	case 0:
		return d->n < 2 ? VNM_R_truncated : VNM_R_bad_version;
	case VERSION_9:
		return vnm_netflow9_decode(x, d, out);
	case VERSION_IPFIX:
		return decode_ipfix(x, d, out);
	default:
		return vnm_netflow5_decode(x, d, out);
	}
}

static enum vnm_reason
netflow_decode(struct vnm_exporter *x, const struct vnm_datagram *d, struct vnm_out *out)
{
	return version_of(d->p, d->n) == VERSION_IPFIX ? VNM_R_bad_version : flow_decode(x, d, out);
}

static enum vnm_reason
ipfix_decode(struct vnm_exporter *x, const struct vnm_datagram *d, struct vnm_out *out)
{
	if (d->n >= 2 && version_of(d->p, d->n) != VERSION_IPFIX)
		return VNM_R_bad_version;
	return flow_decode(x, d, out);
}

/* Only IPFIX says how long a message is (RFC 7011 section 10.4.3). */
static size_t
flow_frame(const uint8_t *p, size_t n)
{
	if (n < 4)
		return 0;
	if (vnm_be16(p) != VERSION_IPFIX || vnm_be16(p + 2) < IPFIX_HEADER_N)
		return VNM_FRAME_BAD;
	return vnm_be16(p + 2);
}

/* A header that can be: its numbers fit what is there. */
static bool
flow_probe(const uint8_t *p, size_t n)
{
	if (n < IPFIX_HEADER_N)
		return false;
	switch (version_of(p, n)) {
	case 1:
		return n == 16 + 52U * vnm_be16(p + 2);
	case 5:
		return n >= 24 + 48U && vnm_be16(p + 2) <= 30;
	case 7:
		return n >= 24 + 52U && vnm_be16(p + 2) <= 28;
	case VERSION_9:
		return n >= NETFLOW9_HEADER_N && vnm_be32(p + 8) != 0;
	case VERSION_IPFIX:
		return vnm_be16(p + 2) >= IPFIX_HEADER_N;
	default:
		return false;
	}
}

/* ---- time, streams, end ---------------------------------------------------------------------- */

const struct vnm_flow_version *
vnm_flow_version(uint16_t version)
{
	static const struct vnm_flow_version versions[] = {
	    {5, VNM_STR("netflow5"), VNM_STR("flows")},
	    {7, VNM_STR("netflow7"), VNM_STR("flows")},
	    {VERSION_9, VNM_STR("netflow9"), VNM_STR("messages")},
	    {VERSION_IPFIX, VNM_STR("ipfix"), VNM_STR("records")},
	};
	size_t i = 0;

	while (i + 1 < VNM_ARRAY_LEN(versions) && versions[i].version != version)
		i++;
	return &versions[i];
}

static void
tick_domain(struct vnm_flow_domain *f, uint64_t now_ns, bool final, struct vnm_out *out)
{
	uint64_t base[VNM_HAS_WORDS];
	struct vnm_record *r = out->rec;
	const struct vnm_flow_version *version = vnm_flow_version(f->version);

	if (vnm_sequence_idle(&f->sequence) && f->refused == 0 && !final) {
		vnm_sequence_tick(&f->sequence, now_ns, final, version->unit, out);
		return;
	}
	memcpy(base, out->base, sizeof(base));
	memcpy(r->has, base, sizeof(base));
	VNM_SET(r, env, observation_domain_id, f->domain);
	VNM_SET(r, env, exporter_port, f->src_port);
	VNM_SET(r, env, decoder, version->name);
	vnm_out_base(out);
	vnm_sequence_tick(&f->sequence, now_ns, final, version->unit, out);
	vnm_flow_held_tick(f, out);
	memcpy(out->base, base, sizeof(base));
}

static void
flow_tick(struct vnm_exporter *x, uint64_t now_ns, bool final, struct vnm_out *out)
{
	struct vnm_flow_state *s = x->state;
	uint64_t held_ns = out->limits->held_time;

	for (uint32_t i = 0; i < s->domain_count; i++)
		tick_domain(s->domains[i], now_ns, final, out);
	vnm_flow_held_expire(x,
	    final	       ? UINT64_MAX
	    : now_ns > held_ns ? now_ns - held_ns
			       : 0,
	    now_ns, out);
	vnm_flow_templates_expire(x, now_ns, out);
	vnm_out_count(out, VNM_C_options_evicted, s->learnt.evicted);
	s->learnt.evicted = 0;
}

/* What is known to be lost on the stream is told; its next one begins with another sequence. */
static void
flow_end(struct vnm_exporter *x, const struct vnm_datagram *d, struct vnm_out *out)
{
	struct vnm_flow_state *s = x->state;

	for (uint32_t i = 0; i < s->domain_count; i++) {
		if (s->domains[i]->session == d->session)
			tick_domain(s->domains[i], d->rx_ns, true, out);
	}
	vnm_flow_held_end(x, d->session, d->rx_ns, out);
	vnm_flow_domains_end(x, d->session, out->counters);
	vnm_learnt_forget(&s->learnt, d->session);
}

static void
flow_close(struct vnm_exporter *x, struct vnm_counters *counters)
{
	struct vnm_flow_state *s = x->state;

	vnm_flow_held_free(s, counters);
	vnm_flow_domains_free(s, counters);
	vnm_learnt_free(&s->learnt);
}

/* One state and the same hooks; they differ in the versions that they take. */
#define DECODER(label, text, decode_fn, ...)                                                  \
	{                                                                                     \
		.name = label, .summary = text, .ports = {__VA_ARGS__},                       \
		.state_size = sizeof(struct vnm_flow_state), .probe = flow_probe,             \
		.frame = flow_frame, .decode = decode_fn, .tick = flow_tick, .end = flow_end, \
		.close = flow_close, .save = vnm_flow_save, .load = vnm_flow_load,            \
		.options = flow_options, .options_size = sizeof(struct vnm_flow_options)      \
	}

const struct vnm_decoder vnm_flow_decoder =
    DECODER("flow", "NetFlow v1, v5, v7, v9 (RFC 3954) and IPFIX (RFC 7011), told apart by version",
	flow_decode, 2055, 4739, 9995, 9996);
const struct vnm_decoder vnm_netflow_decoder =
    DECODER("netflow", "NetFlow v1, v5, v7 and v9 (RFC 3954) only", netflow_decode, 0);
const struct vnm_decoder vnm_ipfix_decoder =
    DECODER("ipfix", "IPFIX (RFC 7011) only", ipfix_decode, 0);
