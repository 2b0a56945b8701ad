/*
 * The decoders `flow`, `netflow` and `ipfix`: one state, told apart by the version at the
 * head of each message.
 */
#include "decoders/flow.h"

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

static unsigned
version_of(const uint8_t *p, size_t n)
{
	return n >= 2 ? vnm_be16(p) : 0;
}

static enum vnm_reason
flow_decode(struct vnm_exporter *x, const struct vnm_datagram *d, struct vnm_out *out)
{
	if (d->n < 2)
		return VNM_R_truncated;
	return vnm_netflow5_decode(x, d, out);
}

/* A header that can be: the count fits what is there. */
static bool
flow_probe(const uint8_t *p, size_t n)
{
	unsigned version = version_of(p, n);

	if (n < 16)
		return false;
	switch (version) {
	case 1:
		return n == 16 + 52U * vnm_be16(p + 2);
	case 5:
		return n >= 24 + 48U && vnm_be16(p + 2) <= 30;
	case 7:
		return n >= 24 + 52U && vnm_be16(p + 2) <= 28;
	default:
		return false;
	}
}

const struct vnm_decoder vnm_flow_decoder = {
    .name = "flow",
    .summary = "NetFlow v1, v5, v7, v9 (RFC 3954) and IPFIX (RFC 7011), told apart by version",
    .ports = {2055, 4739, 9995, 9996},
    .probe = flow_probe,
    .decode = flow_decode,
    .options = flow_options,
    .options_size = sizeof(struct vnm_flow_options),
};
