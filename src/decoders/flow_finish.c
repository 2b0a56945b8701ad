/*
 * The completion of records that a template filled: times, sampling, names, labels, tunnels,
 * sampled packets and structured data, from raw values and from what the exporter told.
 */
#include "decoders/flow_state.h"
#include "decoders/packet.h"

#define MPLS_MAX 10
#define SEGMENT_VXLAN 1 /* layer2SegmentId: its type stands in the first octet */
#define SEGMENT_NVGRE 2

/* ---- times --------------------------------------------------------------------------------- */

/* When the exporter started, ns since 1970: from the record, else from options data; 0: unknown. */
static uint64_t
system_init_ns(const struct vnm_flow_message *m, const struct vnm_flow_work *w)
{
	const struct vnm_learnt_entry *e;

	if (vnm_raw_has(w, VNM_RAW_system_init_ms))
		return w->raw[VNM_RAW_system_init_ms] * VNM_NS_PER_MS;
	e = vnm_learnt_get(&m->state->learnt, VNM_LEARNT_SYSTEM_INIT, vnm_flow_scope(m->source), 0);
	return e != NULL ? (uint64_t)e->number * VNM_NS_PER_MS : 0;
}

/* A time in ms of the exporter's uptime. v9 has the uptime in its header, IPFIX elsewhere. */
static bool
uptime_ns(
    const struct vnm_flow_message *m, const struct vnm_flow_work *w, enum vnm_raw raw, uint64_t *ns)
{
	uint64_t init_ns;

	if (!vnm_raw_has(w, raw))
		return false;
	if (m->header.version == 9) {
		*ns = vnm_flow_uptime_ns(&m->header, (uint32_t)w->raw[raw]);
		return true;
	}
	init_ns = system_init_ns(m, w);
	*ns = init_ns + w->raw[raw] * VNM_NS_PER_MS;
	return init_ns != 0;
}

/* Microseconds before the export time (RFC 5102 section 5.9.9). */
static bool
delta_ns(
    const struct vnm_flow_message *m, const struct vnm_flow_work *w, enum vnm_raw raw, uint64_t *ns)
{
	if (!vnm_raw_has(w, raw) || w->raw[raw] > m->header.export_ns / VNM_NS_PER_US)
		return false;
	*ns = m->header.export_ns - w->raw[raw] * VNM_NS_PER_US;
	return true;
}

static void
set_times(const struct vnm_flow_message *m, struct vnm_record *r, const struct vnm_flow_work *w)
{
	uint64_t ns;

	if (!VNM_HAS(r, flow, flow_start_ns) && (uptime_ns(m, w, VNM_RAW_start_uptime, &ns) ||
						    delta_ns(m, w, VNM_RAW_start_delta_us, &ns)))
		VNM_SET(r, flow, flow_start_ns, ns);
	if (!VNM_HAS(r, flow, flow_end_ns) &&
	    (uptime_ns(m, w, VNM_RAW_end_uptime, &ns) || delta_ns(m, w, VNM_RAW_end_delta_us, &ns)))
		VNM_SET(r, flow, flow_end_ns, ns);
	if (uptime_ns(m, w, VNM_RAW_rev_start_uptime, &ns))
		VNM_SET(r, flow, rev_flow_start_ns, ns);
	if (uptime_ns(m, w, VNM_RAW_rev_end_uptime, &ns))
		VNM_SET(r, flow, rev_flow_end_ns, ns);
	if (!VNM_HAS(r, flow, flow_start_ns) || VNM_HAS(r, flow, flow_end_ns))
		return;
	if (vnm_raw_has(w, VNM_RAW_duration_us))
		VNM_SET(r, flow, flow_end_ns,
		    r->flow.flow_start_ns + w->raw[VNM_RAW_duration_us] * VNM_NS_PER_US);
	else if (vnm_raw_has(w, VNM_RAW_duration_ms))
		VNM_SET(r, flow, flow_end_ns,
		    r->flow.flow_start_ns + w->raw[VNM_RAW_duration_ms] * VNM_NS_PER_MS);
}

/* ---- sampling ------------------------------------------------------------------------------ */

static uint64_t
raw_or_zero(const struct vnm_flow_work *w, enum vnm_raw raw)
{
	return vnm_raw_has(w, raw) ? w->raw[raw] : 0;
}

#define SAMPLING_RAWS                                                           \
	(1ULL << VNM_RAW_sampling_interval | 1ULL << VNM_RAW_sampler_interval | \
	    1ULL << VNM_RAW_packet_interval | 1ULL << VNM_RAW_sampling_size)
#define SAMPLER_RAWS (1ULL << VNM_RAW_sampler_id | 1ULL << VNM_RAW_selector_id)

static bool
set_rate(struct vnm_record *r, double rate, struct vnm_str origin)
{
	if (rate <= 0)
		return false;
	VNM_SET(r, env, sampling_interval, rate);
	VNM_SET(r, env, sampling_origin, origin);
	return true;
}

static bool
set_learnt_rate(const struct vnm_flow_message *m, struct vnm_record *r, enum vnm_learnt_kind kind,
    uint64_t id, struct vnm_str origin)
{
	const struct vnm_learnt_entry *e =
	    vnm_learnt_get(&m->state->learnt, kind, vnm_flow_scope(m->source), id);

	return e != NULL && !e->ambiguous && set_rate(r, e->number, origin);
}

/* The record itself, its sampler, its interface, its domain, the exporter: in this order. */
static void
set_sampling(const struct vnm_flow_message *m, struct vnm_record *r, const struct vnm_flow_work *w)
{
	const struct vnm_learnt *l = &m->state->learnt;

	if ((w->raw_has & SAMPLING_RAWS) != 0) {
		uint64_t interval = raw_or_zero(w, VNM_RAW_sampling_interval);
		double rate = vnm_flow_rate(
		    interval != 0 ? interval : raw_or_zero(w, VNM_RAW_sampler_interval),
		    raw_or_zero(w, VNM_RAW_packet_interval), raw_or_zero(w, VNM_RAW_packet_space),
		    vnm_raw_has(w, VNM_RAW_packet_space), raw_or_zero(w, VNM_RAW_sampling_size),
		    raw_or_zero(w, VNM_RAW_sampling_population));
		if (set_rate(r, rate, VNM_STR("record")))
			return;
	}
	if ((w->raw_has & SAMPLER_RAWS) != 0) {
		uint64_t id = vnm_raw_has(w, VNM_RAW_sampler_id) ? w->raw[VNM_RAW_sampler_id]
								 : w->raw[VNM_RAW_selector_id];
		VNM_SET(r, flow, sampler_id, id);
		if (set_learnt_rate(m, r, VNM_LEARNT_SAMPLER_RATE, id, VNM_STR("sampler")))
			return;
	}
	if (l->kinds[VNM_LEARNT_INTERFACE_RATE] != 0) {
		bool egress = VNM_HAS(r, flow, direction) && r->flow.direction == 1;
		uint32_t index = egress ? r->flow.out_if : r->flow.in_if;
		bool known = egress ? VNM_HAS(r, flow, out_if) : VNM_HAS(r, flow, in_if);
		if (known &&
		    set_learnt_rate(m, r, VNM_LEARNT_INTERFACE_RATE, index, VNM_STR("interface")))
			return;
	}
	if (set_learnt_rate(m, r, VNM_LEARNT_DOMAIN_RATE, 0, VNM_STR("domain")))
		return;
	set_learnt_rate(m, r, VNM_LEARNT_EXPORTER_RATE, 0, VNM_STR("exporter"));
}

/* ---- names ------------------------------------------------------------------------------------
 */

static const struct vnm_str *
learnt_name(const struct vnm_flow_message *m, enum vnm_learnt_kind kind, uint64_t id)
{
	const struct vnm_learnt_entry *e =
	    vnm_learnt_get(&m->state->learnt, kind, vnm_flow_scope(m->source), id);

	return e != NULL && e->text.n != 0 ? &e->text : NULL;
}

#define SET_LEARNT(m, r, field, kind, has, id)                                                  \
	do {                                                                                    \
		const struct vnm_str *text;                                                     \
		if ((m)->state->learnt.kinds[kind] != 0 && (has) && !VNM_HAS(r, flow, field) && \
		    (text = learnt_name(m, kind, id)) != NULL)                                  \
			VNM_SET(r, flow, field, *text);                                         \
	} while (0)

static void
set_names(const struct vnm_flow_message *m, struct vnm_record *r)
{
	const struct vnm_slice app = r->flow.application_id;
	bool has_app = VNM_HAS(r, flow, application_id) && app.n <= 8;

	SET_LEARNT(m, r, in_if_name, VNM_LEARNT_IF_NAME, VNM_HAS(r, flow, in_if), r->flow.in_if);
	SET_LEARNT(m, r, out_if_name, VNM_LEARNT_IF_NAME, VNM_HAS(r, flow, out_if), r->flow.out_if);
	SET_LEARNT(m, r, vrf_name, VNM_LEARNT_VRF_NAME, VNM_HAS(r, flow, vrf_id), r->flow.vrf_id);
	SET_LEARNT(m, r, out_vrf_name, VNM_LEARNT_VRF_NAME, VNM_HAS(r, flow, out_vrf_id),
	    r->flow.out_vrf_id);
	SET_LEARNT(m, r, application, VNM_LEARNT_APPLICATION, has_app, vnm_be_uint(app.p, app.n));
}

/* ---- labels and tunnels -----------------------------------------------------------------------
 */

/* Each is 20 bits of label, 3 of traffic class, the bottom bit (RFC 3032 section 2.1). */
static void
set_mpls(const struct vnm_flow_message *m, struct vnm_record *r, const struct vnm_flow_work *w)
{
	uint32_t *labels = NULL;
	uint32_t n = 0;

	if (w->raw_has >> VNM_RAW_mpls_1 == 0)
		return;
	for (unsigned i = VNM_RAW_mpls_1; i <= VNM_RAW_mpls_10; i++) {
		if (!vnm_raw_has(w, i) || w->raw[i] == 0)
			continue;
		if (labels == NULL)
			labels = vnm_scratch_take(m->out->scratch, MPLS_MAX * sizeof(*labels));
		if (labels == NULL) {
			vnm_out_fault(m->out, VNM_R_scratch_full);
			return;
		}
		labels[n++] = (uint32_t)(w->raw[i] >> 4) & 0xfffff;
	}
	if (n != 0)
		VNM_SET(r, flow, mpls_labels, (struct vnm_u32s){labels, n});
}

/* tunnelType of Open vSwitch's extensions. */
static struct vnm_str
ovs_tunnel(uint64_t type)
{
	static const struct vnm_str names[] = {[1] = VNM_STR("vxlan"),
	    [2] = VNM_STR("gre"),
	    [3] = VNM_STR("lisp"),
	    [4] = VNM_STR("stt"),
	    [5] = VNM_STR("ipsec-gre"),
	    [7] = VNM_STR("geneve")};

	return type < VNM_ARRAY_LEN(names) ? names[type] : (struct vnm_str){0};
}

static void
set_tunnel(struct vnm_record *r, const struct vnm_flow_work *w)
{
	struct vnm_str type = {0};

	if (vnm_raw_has(w, VNM_RAW_segment_id)) {
		uint64_t kind = w->raw[VNM_RAW_segment_id] >> 56;
		VNM_SET(r, flow, vni, (uint32_t)w->raw[VNM_RAW_segment_id] & 0xffffff);
		if (kind == SEGMENT_VXLAN)
			type = VNM_STR("vxlan");
		else if (kind == SEGMENT_NVGRE)
			type = VNM_STR("nvgre");
	}
	if (vnm_raw_has(w, VNM_RAW_ovs_tunnel_type))
		type = ovs_tunnel(w->raw[VNM_RAW_ovs_tunnel_type]);
	if (type.n != 0)
		VNM_SET(r, flow, tunnel_type, type);
	if (!vnm_raw_has(w, VNM_RAW_ovs_tunnel_key))
		return;
	if (vnm_str_is(type, "vxlan") || vnm_str_is(type, "geneve"))
		VNM_SET(r, flow, vni, (uint32_t)w->raw[VNM_RAW_ovs_tunnel_key]);
	else
		VNM_SET(r, flow, tunnel_key, (uint32_t)w->raw[VNM_RAW_ovs_tunnel_key]);
}

/* ---- counts -----------------------------------------------------------------------------------
 */

/*
 * Total counters stand in for deltas where there are none. Beside deltas they stay apart: some
 * exporters send both, and adding totals up counts the same octets again and again.
 */
static void
set_counts(const struct vnm_template *t, struct vnm_record *r)
{
	if (!VNM_HAS(r, flow, octets) && VNM_HAS(r, flow, octets_total)) {
		VNM_SET(r, flow, octets, r->flow.octets_total);
		VNM_UNSET(r, flow, octets_total);
	}
	if (!VNM_HAS(r, flow, packets) && VNM_HAS(r, flow, packets_total)) {
		VNM_SET(r, flow, packets, r->flow.packets_total);
		VNM_UNSET(r, flow, packets_total);
	}
	if (VNM_HAS(r, flow, octets) && !VNM_HAS(r, flow, octets_layer))
		VNM_SET(r, flow, octets_layer, t->frame_octets ? VNM_STR("l2") : VNM_STR("l3"));
}

/*
 * Type and code of one family, together or apart. Templates for both families have the elements
 * of both, and say 0 by those of the other one.
 */
static bool
set_icmp_of(struct vnm_record *r, const struct vnm_flow_work *w, enum vnm_raw both,
    enum vnm_raw type, enum vnm_raw code)
{
	if (vnm_raw_has(w, both)) {
		VNM_SET(r, flow, icmp_type, (uint8_t)(w->raw[both] >> 8));
		VNM_SET(r, flow, icmp_code, (uint8_t)w->raw[both]);
	}
	if (vnm_raw_has(w, type))
		VNM_SET(r, flow, icmp_type, (uint8_t)w->raw[type]);
	if (vnm_raw_has(w, code))
		VNM_SET(r, flow, icmp_code, (uint8_t)w->raw[code]);
	return vnm_raw_has(w, both) || vnm_raw_has(w, type) || vnm_raw_has(w, code);
}

static void
set_icmp(struct vnm_record *r, const struct vnm_flow_work *w)
{
	bool known = VNM_HAS(r, flow, protocol);
	bool icmp6 = known && r->flow.protocol == 58;

	if (VNM_HAS(r, flow, icmp_type) || (known && !icmp6 && r->flow.protocol != 1))
		return;
	if (icmp6 &&
	    set_icmp_of(r, w, VNM_RAW_icmp6_type_code, VNM_RAW_icmp6_type, VNM_RAW_icmp6_code))
		return;
	if (set_icmp_of(r, w, VNM_RAW_icmp4_type_code, VNM_RAW_icmp4_type, VNM_RAW_icmp4_code))
		return;
	set_icmp_of(r, w, VNM_RAW_icmp6_type_code, VNM_RAW_icmp6_type, VNM_RAW_icmp6_code);
}

/* ---- sampled packets and elements ---------------------------------------------------------------
 */

/* A record about one packet: its section gives what the record itself does not. */
static void
set_section(struct vnm_flow_message *m, struct vnm_record *r, const struct vnm_flow_work *w)
{
	bool frame = w->frame.n != 0;
	struct vnm_slice section = frame ? w->frame : w->ip;
	struct vnm_packet packet;

	if (section.n == 0 || VNM_HAS(r, flow, src_addr))
		return;
	vnm_packet_decode(vnm_reader_of(section.p, section.n),
	    frame ? VNM_PACKET_ETHERNET : VNM_PACKET_IP, m->out, &packet);
	if (!VNM_HAS(r, flow, packets))
		VNM_SET(r, flow, packets, 1);
	if (VNM_HAS(r, flow, octets) || packet.l3_octets == 0)
		return;
	VNM_SET(r, flow, octets, packet.l3_octets);
	VNM_SET(r, flow, octets_layer, VNM_STR("l3"));
}

static void
set_elements(struct vnm_flow_message *m, struct vnm_record *r, struct vnm_flow_work *w)
{
	const struct vnm_learnt *l = &m->state->learnt;

	for (uint32_t i = 0; i < w->element_count; i++) {
		struct vnm_ie *ie = &w->elements[i];
		const struct vnm_learnt_entry *e = NULL;

		if (l->kinds[VNM_LEARNT_IE_TYPE] != 0 && ie->pen != 0)
			e = vnm_learnt_get(l, VNM_LEARNT_IE_TYPE, vnm_flow_scope(m->source),
			    (uint64_t)ie->pen << 16 | ie->id);
		if (e != NULL)
			ie->type = (uint8_t)e->number;
		if (ie->type == VNM_IE_LIST)
			vnm_flow_list(m, ie);
	}
	if (w->element_count != 0)
		VNM_SET(r, flow, ie, (struct vnm_ies){w->elements, w->element_count});
	if (w->out_of_range != 0)
		vnm_out_fault(m->out, VNM_R_field_range);
}

void
vnm_flow_complete(struct vnm_flow_message *m, const struct vnm_template *t, struct vnm_record *r,
    struct vnm_flow_work *w)
{
	set_counts(t, r);
	set_section(m, r, w);
	if (w->raw_has != 0) {
		set_times(m, r, w);
		set_icmp(r, w);
		set_mpls(m, r, w);
		set_tunnel(r, w);
	}
	if (w->raw_has != 0 || m->state->learnt.count != 0) {
		set_sampling(m, r, w);
		set_names(m, r);
	}
	set_elements(m, r, w);
	vnm_flow_finish(r, m->x, m->out);
}
