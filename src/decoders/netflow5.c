/*
 * NetFlow v1, v5 and v7: fixed records behind a fixed header (no RFC; Cisco's export formats).
 */
#include "decoders/flow_state.h"

/* Where the versions differ; offsets within header and record. */
struct layout {
	struct vnm_str name;
	uint8_t header_n;
	uint8_t record_n;
	uint8_t tcp_flags, protocol, tos;
	bool sequenced; /* the header has a flow sequence */
	bool engine;	/* ... and engine and sampling */
	bool routed;	/* the record has AS numbers and prefix lengths */
};

static const struct layout layouts[] = {
    [1] = {VNM_STR("netflow1"), 16, 52, 40, 38, 39, false, false, false},
    [5] = {VNM_STR("netflow5"), 24, 48, 37, 38, 39, true, true, true},
    [7] = {VNM_STR("netflow7"), 24, 52, 37, 38, 39, true, false, true},
};

static void
set_as_and_prefixes(struct vnm_record *r, const uint8_t *p)
{
	if (vnm_be16(p + 40) != 0)
		VNM_SET(r, flow, src_as, vnm_be16(p + 40));
	if (vnm_be16(p + 42) != 0)
		VNM_SET(r, flow, dst_as, vnm_be16(p + 42));
	VNM_SET(r, flow, src_prefix_len, p[44]);
	VNM_SET(r, flow, dst_prefix_len, p[45]);
}

static void
decode_record(
    const struct layout *l, const struct vnm_flow_header *h, const uint8_t *p, struct vnm_record *r)
{
	VNM_SET(r, flow, src_addr, vnm_addr_ip4(p));
	VNM_SET(r, flow, dst_addr, vnm_addr_ip4(p + 4));
	if (vnm_be32(p + 8) != 0)
		VNM_SET(r, flow, next_hop, vnm_addr_ip4(p + 8));
	if (vnm_be16(p + 12) != 0)
		VNM_SET(r, flow, in_if, vnm_be16(p + 12));
	if (vnm_be16(p + 14) != 0)
		VNM_SET(r, flow, out_if, vnm_be16(p + 14));
	VNM_SET(r, flow, packets, vnm_be32(p + 16));
	VNM_SET(r, flow, octets, vnm_be32(p + 20));
	VNM_SET(r, flow, octets_layer, VNM_STR("l3"));
	VNM_SET(r, flow, flow_start_ns, vnm_flow_uptime_ns(h, vnm_be32(p + 24)));
	VNM_SET(r, flow, flow_end_ns, vnm_flow_uptime_ns(h, vnm_be32(p + 28)));
	VNM_SET(r, flow, src_port, vnm_be16(p + 32));
	VNM_SET(r, flow, dst_port, vnm_be16(p + 34));
	VNM_SET(r, flow, tcp_flags, p[l->tcp_flags]);
	VNM_SET(r, flow, protocol, p[l->protocol]);
	VNM_SET(r, flow, tos, p[l->tos]);
	if (l->routed)
		set_as_and_prefixes(r, p);
}

static void
decode_header(const struct layout *l, const uint8_t *p, struct vnm_flow_header *h)
{
	*h = (struct vnm_flow_header){
	    .version = vnm_be16(p),
	    .count = vnm_be16(p + 2),
	    .uptime_ms = vnm_be32(p + 4),
	    .export_ns = vnm_be32(p + 8) * VNM_NS_PER_S + vnm_be32(p + 12),
	};
	if (l->sequenced)
		h->sequence = vnm_be32(p + 16);
	if (l->engine)
		h->domain = vnm_be16(p + 20);
}

/* v5: two bits of mode, 14 bits of interval; both 0 where the exporter does not tell. */
static void
set_sampling(const uint8_t *header, struct vnm_record *r)
{
	unsigned interval = vnm_be16(header + 22) & 0x3fff;

	if (interval == 0)
		return;
	VNM_SET(r, env, sampling_interval, interval);
	VNM_SET(r, env, sampling_origin, VNM_STR("header"));
}

/* The engine whose flows are numbered, made where it is new; NULL when memory is short. */
static struct vnm_flow_domain *
engine_of(struct vnm_exporter *x, const struct vnm_datagram *d, const struct vnm_flow_header *h,
    struct vnm_out *out)
{
	struct vnm_flow_message m = {.x = x, .state = x->state, .d = d, .out = out, .header = *h};
	struct vnm_flow_domain *f = vnm_flow_domain_get(&m);

	if (f != NULL)
		f->last_ns = d->rx_ns;
	return f;
}

static void
follow_sequence(struct vnm_flow_domain *f, const struct vnm_flow_header *h, uint64_t rx_ns)
{
	const struct vnm_sequence_message s = {
	    .seq = h->sequence,
	    .units = h->count,
	    .has_uptime = true,
	    .uptime_ms = h->uptime_ms,
	    .rx_ns = rx_ns,
	};

	(void)vnm_sequence_next(&f->sequence, &s);
}

enum vnm_reason
vnm_netflow5_decode(struct vnm_exporter *x, const struct vnm_datagram *d, struct vnm_out *out)
{
	struct vnm_reader r = vnm_reader_of(d->p, d->n);
	unsigned version = vnm_reader_u16(&r);
	struct vnm_flow_domain *engine = NULL;
	struct vnm_flow_header h;

	if (version >= VNM_ARRAY_LEN(layouts) || layouts[version].record_n == 0)
		return VNM_R_bad_version;
	const struct layout *l = &layouts[version];
	r = vnm_reader_of(d->p, d->n);
	const uint8_t *header = vnm_reader_take(&r, l->header_n);
	if (header == NULL)
		return VNM_R_truncated;
	decode_header(l, header, &h);
	if (l->sequenced && (engine = engine_of(x, d, &h, out)) == NULL)
		return VNM_R_out_of_memory;
	if (l->engine)
		set_sampling(header, out->rec);
	vnm_flow_envelope(&h, l->name, out);

	if (vnm_reader_left(&r) / l->record_n < h.count)
		vnm_out_fault(out, VNM_R_count_mismatch);
	for (unsigned i = 0; i < h.count && vnm_reader_left(&r) >= l->record_n; i++) {
		const uint8_t *p = vnm_reader_take(&r, l->record_n);
		struct vnm_record *rec = vnm_out_begin(out, VNM_KIND_flow);
		decode_record(l, &h, p, rec);
		vnm_flow_finish(rec, x, out);
		if (!vnm_out_emit(out))
			break;
	}
	if (engine != NULL)
		follow_sequence(engine, &h, d->rx_ns);
	return VNM_OK;
}
