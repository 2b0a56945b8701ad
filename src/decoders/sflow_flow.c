/*
 * sFlow flow samples and discarded packets into flow records (sFlow version 5; sFlow Tunnel
 * Structures; sFlow Dropped Packet Notification Structures).
 */
#include "decoders/sflow.h"

#include "decoders/packet.h"
#include "record/names.h"

#define INTERNAL_INTERFACE 0x3fffffffU

enum { INTERFACE_INDEX, INTERFACE_DISCARDED, INTERFACE_MULTIPLE };

/* ---- tables ------------------------------------------------------------------------------- */

#define AT_LINE_(line) AT_LINE_##line
#define AT_LINE(line) AT_LINE_(line)

/* Where each record's items begin. */
enum {
#define VNM_SFLOW_RECORD(enterprise, format, name) AT_##name,
#define VNM_SFLOW_PAIR(type, name) AT_LINE(__LINE__),
#define VNM_SFLOW_FIELD(type, field) AT_LINE(__LINE__),
#include "decoders/sflow_flows.def"
#undef VNM_SFLOW_RECORD
#undef VNM_SFLOW_PAIR
#undef VNM_SFLOW_FIELD
};

static const struct vnm_sflow_item items[] = {
#define VNM_SFLOW_RECORD(enterprise, format, name) {VNM_SFLOW_HEAD, -1, #name},
#define VNM_SFLOW_PAIR(type, name) {VNM_SFLOW_##type, -1, #name},
#define VNM_SFLOW_FIELD(type, field) {VNM_SFLOW_##type, VNM_F_flow_##field, #field},
#include "decoders/sflow_flows.def"
#undef VNM_SFLOW_RECORD
#undef VNM_SFLOW_PAIR
#undef VNM_SFLOW_FIELD
    {VNM_SFLOW_HEAD, -1, NULL},
};

static const struct vnm_sflow_format formats[] = {
#define VNM_SFLOW_RECORD(enterprise, format, name) \
	{(enterprise##U << 12) | (format), AT_##name + 1},
#define VNM_SFLOW_PAIR(type, name)
#define VNM_SFLOW_FIELD(type, field)
#include "decoders/sflow_flows.def"
#undef VNM_SFLOW_RECORD
#undef VNM_SFLOW_PAIR
#undef VNM_SFLOW_FIELD
};

struct discard {
	uint16_t code;
	uint8_t status; /* forwardingStatus */
	struct vnm_str name;
};

static const struct discard discards[] = {
#define VNM_SFLOW_DISCARD(code, name, status) {code, status, {#name, sizeof(#name) - 1, true}},
#include "decoders/sflow_discards.def"
#undef VNM_SFLOW_DISCARD
};

/* ---- one sample --------------------------------------------------------------------------- */

/* An outer header as sampled_ipv4 and sampled_ipv6 give it. */
struct outer {
	bool there;
	struct vnm_addr src, dst;
	uint32_t protocol, src_port, dst_port;
};

/* A flow sample, and what of it waits until all its records are read. */
struct flow {
	struct vnm_sflow_sample s;
	bool discarded; /* a discarded packet: nothing was forwarded */
	uint32_t source_class, source_index;
	uint32_t octets; /* 0: not known */
	enum { LAYER_UNKNOWN, LAYER_2, LAYER_3 } layer;
	bool has_switch;
	uint32_t src_vlan, src_priority, dst_vlan;
	struct outer egress;
	bool has_egress_vni;
	uint32_t egress_vni;
};

static void
set_discard(struct vnm_record *r, uint32_t code)
{
	if (code > UINT16_MAX)
		return;
	VNM_SET(r, flow, discard_reason, (uint16_t)code);
	VNM_SET(r, flow, forwarding_status, 128);
	for (size_t i = 0; i < VNM_ARRAY_LEN(discards); i++) {
		if (discards[i].code == code) {
			VNM_SET(r, flow, discard_reason_name, discards[i].name);
			VNM_SET(r, flow, forwarding_status, discards[i].status);
			break;
		}
	}
}

static void
set_input(struct vnm_record *r, uint32_t format, uint32_t value)
{
	if (format != INTERFACE_INDEX || value == 0)
		return;
	if (value == INTERNAL_INTERFACE) {
		VNM_SET(r, flow, in_if_kind, VNM_STR("internal"));
		return;
	}
	VNM_SET(r, flow, in_if_kind, VNM_STR("index"));
	VNM_SET(r, flow, in_if, value);
}

static void
set_output(struct vnm_record *r, uint32_t format, uint32_t value)
{
	switch (format) {
	case INTERFACE_INDEX:
		if (value == INTERNAL_INTERFACE) {
			VNM_SET(r, flow, out_if_kind, VNM_STR("internal"));
		} else if (value != 0) {
			VNM_SET(r, flow, out_if_kind, VNM_STR("index"));
			VNM_SET(r, flow, out_if, value);
		}
		break;
	case INTERFACE_DISCARDED:
		VNM_SET(r, flow, out_if_kind, VNM_STR("discarded"));
		set_discard(r, value);
		break;
	case INTERFACE_MULTIPLE:
		VNM_SET(r, flow, out_if_kind, VNM_STR("multiple"));
		if (value != 0)
			VNM_SET(r, flow, out_if_count, value);
		break;
	default:
		break;
	}
}

/* Sampling at one of the interfaces of the packet tells the direction. */
static void
set_direction(struct vnm_record *r, const struct flow *f)
{
	bool in = VNM_HAS(r, flow, in_if) && r->flow.in_if == f->source_index;
	bool out = VNM_HAS(r, flow, out_if) && r->flow.out_if == f->source_index;

	if (f->source_class == 0 && in != out)
		VNM_SET(r, flow, direction, out ? 1 : 0);
}

/* ---- records with code of their own --------------------------------------------------------- */

/* The sampled_header's protocols that the packet decoder begins with. */
static bool
packet_start(uint32_t header_protocol, enum vnm_packet_start *start)
{
	switch (header_protocol) {
	case 1:
		*start = VNM_PACKET_ETHERNET;
		return true;
	case 7:
	case 14: /* POS */
		*start = VNM_PACKET_PPP;
		return true;
	case 11:
		*start = VNM_PACKET_IP4;
		return true;
	case 12:
		*start = VNM_PACKET_IP6;
		return true;
	case 13:
		*start = VNM_PACKET_MPLS;
		return true;
	default:
		return false;
	}
}

/* Of these agents differ in whether frame_length counts a link header that is not shown. */
static bool
starts_at_ip(uint32_t header_protocol)
{
	return header_protocol == 11 || header_protocol == 12;
}

static void
sampled_header(struct flow *f, struct vnm_reader *r)
{
	const uint8_t *p = vnm_reader_take(r, 12);
	struct vnm_slice header = vnm_sflow_octets(r);
	enum vnm_packet_start start;
	struct vnm_packet packet;
	struct vnm_pair raw = {.name = "header", .type = VNM_PAIR_BYTES, .bytes = header};
	uint32_t octets;

	if (p == NULL)
		return;
	octets = vnm_be32(p + 4) - vnm_be32(p + 8);
	if (vnm_be32(p + 8) > vnm_be32(p + 4))
		octets = vnm_be32(p + 4);
	f->octets = octets;
	f->layer = starts_at_ip(vnm_be32(p)) ? LAYER_UNKNOWN : LAYER_2;
	if (header.p == NULL)
		return;
	if (packet_start(vnm_be32(p), &start)) {
		vnm_packet_decode(vnm_reader_of(header.p, header.n), start, f->s.out, &packet);
		if (octets == packet.l3_octets)
			f->layer = LAYER_3;
		return;
	}
	vnm_sflow_pair_u64(&f->s, "header_protocol", vnm_be32(p));
	vnm_sflow_pair(&f->s, &raw);
}

static void
sampled_ethernet(struct flow *f, struct vnm_reader *r)
{
	struct vnm_record *rec = f->s.rec;
	const uint8_t *p = vnm_reader_take(r, 24);
	struct vnm_mac mac;

	if (p == NULL)
		return;
	if (f->octets == 0 || f->layer == LAYER_3) {
		f->octets = vnm_be32(p);
		f->layer = LAYER_2;
	}
	if (VNM_HAS(rec, flow, src_mac))
		return;
	memcpy(mac.b, p + 4, sizeof(mac.b));
	VNM_SET(rec, flow, src_mac, mac);
	memcpy(mac.b, p + 12, sizeof(mac.b));
	VNM_SET(rec, flow, dst_mac, mac);
	VNM_SET(rec, flow, ethertype, (uint16_t)vnm_be32(p + 20));
}

/* sampled_ipv4 and sampled_ipv6, which stand beside or instead of the header itself. */
static void
sampled_ip(struct flow *f, struct vnm_reader *r, size_t n)
{
	struct vnm_record *rec = f->s.rec;
	const uint8_t *p = vnm_reader_take(r, 24 + 2 * n);
	const uint8_t *ports;

	if (p == NULL || VNM_HAS(rec, flow, src_addr))
		return;
	ports = p + 8 + 2 * n;
	if (f->octets == 0) {
		f->octets = vnm_be32(p);
		f->layer = LAYER_3;
	}
	VNM_SET(rec, flow, protocol, (uint8_t)vnm_be32(p + 4));
	VNM_SET(rec, flow, src_addr, n == 4 ? vnm_addr_ip4(p + 8) : vnm_addr_ip6(p + 8));
	VNM_SET(rec, flow, dst_addr, n == 4 ? vnm_addr_ip4(p + 8 + n) : vnm_addr_ip6(p + 8 + n));
	VNM_SET(rec, flow, src_port, (uint16_t)vnm_be32(ports));
	VNM_SET(rec, flow, dst_port, (uint16_t)vnm_be32(ports + 4));
	if (rec->flow.protocol == 6)
		VNM_SET(rec, flow, tcp_flags, (uint16_t)vnm_be32(ports + 8));
	VNM_SET(rec, flow, tos, (uint8_t)vnm_be32(ports + 12));
}

static void
extended_switch(struct flow *f, struct vnm_reader *r)
{
	const uint8_t *p = vnm_reader_take(r, 16);

	if (p == NULL)
		return;
	f->has_switch = true;
	f->src_vlan = vnm_be32(p);
	f->src_priority = vnm_be32(p + 4);
	f->dst_vlan = vnm_be32(p + 8);
}

/* The segments of an AS path, as one list. */
static struct vnm_u32s
as_path(struct flow *f, struct vnm_reader *r)
{
	uint32_t segments = vnm_reader_u32(r);
	struct vnm_u32s path = {NULL, 0};
	uint32_t *all = vnm_scratch_take(f->s.out->scratch, vnm_reader_left(r));

	if (all == NULL) {
		vnm_out_fault(f->s.out, VNM_R_scratch_full);
		return path;
	}
	for (; segments > 0 && !r->bad; segments--) {
		uint32_t n;
		vnm_reader_skip(r, 4); /* sequence or set */
		n = vnm_reader_u32(r);
		if (n > vnm_reader_left(r) / 4)
			r->bad = true;
		for (; n > 0 && !r->bad; n--)
			all[path.n++] = vnm_reader_u32(r);
	}
	path.p = all;
	return path;
}

static void
set_as(struct vnm_record *rec, unsigned field, uint32_t *at, uint32_t as)
{
	if (as == 0)
		return;
	*at = as;
	vnm_record_mark(rec, field);
}

static void
extended_gateway(struct flow *f, struct vnm_reader *r)
{
	struct vnm_record *rec = f->s.rec;
	struct vnm_addr next_hop = vnm_sflow_address(r);
	const uint8_t *p = vnm_reader_take(r, 12);
	struct vnm_u32s path, communities;
	uint32_t local_pref;

	if (!vnm_addr_is_zero(&next_hop))
		VNM_SET(rec, flow, bgp_next_hop, next_hop);
	if (p == NULL)
		return;
	if (vnm_be32(p) != 0)
		vnm_sflow_pair_u64(&f->s, "gateway_as", vnm_be32(p));
	set_as(rec, VNM_F_flow_src_as, &rec->flow.src_as, vnm_be32(p + 4));
	set_as(rec, VNM_F_flow_prev_as, &rec->flow.prev_as, vnm_be32(p + 8));
	path = as_path(f, r);
	if (r->bad)
		return;
	if (path.n > 0) {
		VNM_SET(rec, flow, as_path, path);
		VNM_SET(rec, flow, dst_as, path.p[path.n - 1]);
		VNM_SET(rec, flow, next_as, path.p[0]);
	}
	communities = vnm_sflow_list(&f->s, r, 0);
	local_pref = vnm_reader_u32(r);
	if (communities.n > 0)
		VNM_SET(rec, flow, communities, communities);
	if (!r->bad)
		VNM_SET(rec, flow, local_pref, local_pref);
}

static void
extended_user(struct flow *f, struct vnm_reader *r)
{
	struct vnm_pair dst = {.name = "dst_user", .type = VNM_PAIR_STR};
	struct vnm_str src;

	vnm_reader_skip(r, 4); /* character set */
	src = vnm_sflow_text(r);
	vnm_reader_skip(r, 4);
	dst.str = vnm_sflow_text(r);
	if (src.n > 0)
		VNM_SET(f->s.rec, flow, user_name, src);
	if (dst.str.n > 0)
		vnm_sflow_pair(&f->s, &dst);
}

static void
extended_mpls(struct flow *f, struct vnm_reader *r)
{
	static const struct vnm_sflow_item out_stack[] = {
	    {VNM_SFLOW_LIST, -1, "mpls_out_stack"}, {VNM_SFLOW_HEAD, -1, NULL}};
	struct vnm_record *rec = f->s.rec;
	struct vnm_addr next_hop = vnm_sflow_address(r);
	struct vnm_u32s in_stack = vnm_sflow_list(&f->s, r, 12);

	if (!vnm_addr_is_zero(&next_hop) && !VNM_HAS(rec, flow, next_hop))
		VNM_SET(rec, flow, next_hop, next_hop);
	if (in_stack.n > 0 && !VNM_HAS(rec, flow, mpls_labels))
		VNM_SET(rec, flow, mpls_labels, in_stack);
	vnm_sflow_items(&f->s, r, out_stack);
}

/* Stripped, incoming or outgoing 802.1Q tags, TPID and TCI in one word each, outermost first. */
static void
vlan_stack(struct flow *f, struct vnm_reader *r, const char *name)
{
	struct vnm_u32s stack = vnm_sflow_list(&f->s, r, 0);

	for (uint32_t i = 0; i < stack.n && i < 8; i++)
		vnm_sflow_pair_u64(&f->s, name, stack.p[i] & 0xfff);
}

/* ---- tunnels -------------------------------------------------------------------------------- */

/* What the outer header says of the kind of tunnel. */
static const struct {
	uint8_t protocol;
	uint16_t port; /* 0: any */
	struct vnm_str type;
} tunnels[] = {
    {17, 4789, VNM_STR("vxlan")},
    {17, 8472, VNM_STR("vxlan")},
    {17, 6081, VNM_STR("geneve")},
    {17, 2152, VNM_STR("gtp-u")},
    {47, 0, VNM_STR("gre")},
    {4, 0, VNM_STR("ipip")},
    {41, 0, VNM_STR("ipip")},
};

/* The kind of tunnel, or an empty text. */
static struct vnm_str
tunnel_type(uint32_t protocol, uint32_t port)
{
	for (size_t i = 0; i < VNM_ARRAY_LEN(tunnels); i++) {
		if (tunnels[i].protocol == protocol &&
		    (tunnels[i].port == 0 || tunnels[i].port == port))
			return tunnels[i].type;
	}
	return (struct vnm_str){NULL, 0, true};
}

static uint32_t
swapped(uint32_t port)
{
	return (port & 0xff) << 8 | (port >> 8 & 0xff);
}

/* Open vSwitch (3.1.0) sends the tunnel's ports with their octets swapped. */
static void
unswap_ports(struct outer *o)
{
	if (o->protocol != 17 || tunnel_type(17, o->dst_port).n != 0 ||
	    tunnel_type(17, swapped(o->dst_port)).n == 0)
		return;
	o->src_port = swapped(o->src_port);
	o->dst_port = swapped(o->dst_port);
}

static struct outer
read_outer(struct vnm_reader *r, size_t n)
{
	struct outer o = {false, {{0}, 0, {0}}, {{0}, 0, {0}}, 0, 0, 0};
	const uint8_t *p = vnm_reader_take(r, 24 + 2 * n);

	if (p == NULL)
		return o;
	o.there = true;
	o.protocol = vnm_be32(p + 4);
	o.src = n == 4 ? vnm_addr_ip4(p + 8) : vnm_addr_ip6(p + 8);
	o.dst = n == 4 ? vnm_addr_ip4(p + 8 + n) : vnm_addr_ip6(p + 8 + n);
	o.src_port = vnm_be32(p + 8 + 2 * n);
	o.dst_port = vnm_be32(p + 12 + 2 * n);
	unswap_ports(&o);
	return o;
}

static void
set_outer(struct vnm_record *r, const struct outer *o)
{
	struct vnm_str type = tunnel_type(o->protocol, o->dst_port);

	if (VNM_HAS(r, flow, outer_src_addr))
		return;
	VNM_SET(r, flow, outer_src_addr, o->src);
	VNM_SET(r, flow, outer_dst_addr, o->dst);
	VNM_SET(r, flow, outer_protocol, (uint8_t)o->protocol);
	if (o->src_port != 0)
		VNM_SET(r, flow, outer_src_port, (uint16_t)o->src_port);
	if (o->dst_port != 0)
		VNM_SET(r, flow, outer_dst_port, (uint16_t)o->dst_port);
	if (type.n != 0 && !VNM_HAS(r, flow, tunnel_type))
		VNM_SET(r, flow, tunnel_type, type);
}

static void
tunnel_ingress(struct flow *f, struct vnm_reader *r, size_t n)
{
	struct outer o = read_outer(r, n);

	if (o.there)
		set_outer(f->s.rec, &o);
}

static void
l2_tunnel(struct flow *f, struct vnm_reader *r, const char *src, const char *dst)
{
	const uint8_t *p = vnm_reader_take(r, 24);

	if (p == NULL)
		return;
	vnm_sflow_pair_mac(&f->s, src, p + 4);
	vnm_sflow_pair_mac(&f->s, dst, p + 12);
}

static void
vni_ingress(struct flow *f, struct vnm_reader *r)
{
	uint32_t vni = vnm_reader_u32(r);

	if (!r->bad && !VNM_HAS(f->s.rec, flow, vni))
		VNM_SET(f->s.rec, flow, vni, vni);
}

static void
vni_egress(struct flow *f, struct vnm_reader *r)
{
	f->egress_vni = vnm_reader_u32(r);
	f->has_egress_vni = !r->bad;
}

/* ---- all records ---------------------------------------------------------------------------- */

/*
 * The socket of a sampled transaction. The agent is at the server's side of it: the remote end
 * is where the packets of the request come from.
 */
static void
socket_of_transaction(struct flow *f, struct vnm_reader *r, size_t n)
{
	struct vnm_record *rec = f->s.rec;
	const uint8_t *p = vnm_reader_take(r, 12 + 2 * n);

	if (p == NULL || VNM_HAS(rec, flow, src_addr))
		return;
	VNM_SET(rec, flow, protocol, (uint8_t)vnm_be32(p));
	VNM_SET(rec, flow, dst_addr, n == 4 ? vnm_addr_ip4(p + 4) : vnm_addr_ip6(p + 4));
	VNM_SET(rec, flow, src_addr, n == 4 ? vnm_addr_ip4(p + 4 + n) : vnm_addr_ip6(p + 4 + n));
	VNM_SET(rec, flow, dst_port, (uint16_t)vnm_be32(p + 4 + 2 * n));
	VNM_SET(rec, flow, src_port, (uint16_t)vnm_be32(p + 8 + 2 * n));
}

static void
timestamp(struct flow *f, struct vnm_reader *r)
{
	uint64_t ns = vnm_reader_u64(r);

	if (!r->bad && ns != 0)
		VNM_SET(f->s.rec, env, event_ns, ns);
}

static void
by_table(struct flow *f, uint32_t id, struct vnm_reader *r)
{
	const struct vnm_sflow_format *format =
	    vnm_sflow_format_find(formats, VNM_ARRAY_LEN(formats), id);

	if (format != NULL)
		vnm_sflow_items(&f->s, r, &items[format->at]);
	else
		vnm_sflow_pair_unknown(&f->s, id, r);
}

/* The tunnel's and VLAN's records; false where it is none of them. */
static bool
encapsulation_record(struct flow *f, uint32_t id, struct vnm_reader *r)
{
	switch (id) {
	case 1012:
		vlan_stack(f, r, "vlan_tunnel");
		return true;
	case 1021:
		l2_tunnel(f, r, "l2_tunnel_egress_src_mac", "l2_tunnel_egress_dst_mac");
		return true;
	case 1022:
		l2_tunnel(f, r, "l2_tunnel_ingress_src_mac", "l2_tunnel_ingress_dst_mac");
		return true;
	case 1023:
	case 1025:
		f->egress = read_outer(r, id == 1023 ? 4 : 16);
		return true;
	case 1024:
	case 1026:
		tunnel_ingress(f, r, id == 1024 ? 4 : 16);
		return true;
	case 1029:
		vni_egress(f, r);
		return true;
	case 1030:
		vni_ingress(f, r);
		return true;
	case 1034:
		vlan_stack(f, r, "vlan_in");
		return true;
	case 1035:
		vlan_stack(f, r, "vlan_out");
		return true;
	default:
		return false;
	}
}

static void
flow_record(struct flow *f, uint32_t id, struct vnm_reader *r)
{
	switch (id) {
	case 1:
		sampled_header(f, r);
		break;
	case 2:
		sampled_ethernet(f, r);
		break;
	case 3:
		sampled_ip(f, r, 4);
		break;
	case 4:
		sampled_ip(f, r, 16);
		break;
	case 1001:
		extended_switch(f, r);
		break;
	case 1003:
		extended_gateway(f, r);
		break;
	case 1004:
		extended_user(f, r);
		break;
	case 1006:
		extended_mpls(f, r);
		break;
	case 1043:
		timestamp(f, r);
		break;
	case 2100:
	case 2101:
		socket_of_transaction(f, r, id == 2100 ? 4 : 16);
		break;
	default:
		if (encapsulation_record(f, id, r))
			break;
		by_table(f, id, r); /* which counts its own faults */
		return;
	}
	if (r->bad)
		vnm_out_fault(f->s.out, VNM_R_sample_malformed);
}

/* ---- what follows from all records ------------------------------------------------------------
 */

static bool
is_vlan(uint32_t id)
{
	return id >= 1 && id <= 4094;
}

static void
finish_switch(struct vnm_record *r, const struct flow *f)
{
	if (!f->has_switch)
		return;
	if (!VNM_HAS(r, flow, vlan_id) && is_vlan(f->src_vlan)) {
		VNM_SET(r, flow, vlan_id, (uint16_t)f->src_vlan);
		if (f->src_priority < 8)
			VNM_SET(r, flow, vlan_priority, (uint8_t)f->src_priority);
	}
	if (is_vlan(f->dst_vlan) && (!VNM_HAS(r, flow, vlan_id) || r->flow.vlan_id != f->dst_vlan))
		VNM_SET(r, flow, out_vlan_id, (uint16_t)f->dst_vlan);
}

/* The tunnel that the packet left by, where it did not come by one. */
static void
finish_egress(struct vnm_record *r, const struct flow *f)
{
	if (f->egress.there)
		set_outer(r, &f->egress);
	if (f->has_egress_vni && !VNM_HAS(r, flow, vni))
		VNM_SET(r, flow, vni, f->egress_vni);
}

static void
finish_counts(struct vnm_record *r, const struct flow *f)
{
	static const struct vnm_str layers[] = {{0}, VNM_STR("l2"), VNM_STR("l3")};
	double interval = r->env.sampling_interval;
	uint32_t octets = f->octets;

	if (octets != 0 && f->layer != LAYER_UNKNOWN)
		VNM_SET(r, flow, octets_layer, layers[f->layer]);
	if (f->discarded) {
		VNM_SET(r, flow, dropped_packets, 1);
		if (octets != 0)
			VNM_SET(r, flow, dropped_octets, octets);
		return;
	}
	VNM_SET(r, flow, packets, 1);
	if (octets != 0)
		VNM_SET(r, flow, octets, octets);
	if (!VNM_HAS(r, env, sampling_interval))
		return;
	VNM_SET(r, flow, packets_scaled, (uint64_t)interval);
	if (octets != 0)
		VNM_SET(r, flow, octets_scaled, octets * (uint64_t)interval);
}

static void
finish(struct flow *f, struct vnm_reader *r, uint32_t count)
{
	struct vnm_record *rec = f->s.rec;
	uint32_t faults = f->s.out->faults;
	uint32_t records = 0, id;
	struct vnm_reader body;

	if (!vnm_sflow_count_fits(r, count, f->s.out))
		return;
	for (; vnm_sflow_next_record(r, &count, &id, &body, f->s.out); records++)
		flow_record(f, id, &body);
	if (records == 0 && f->s.out->faults != faults)
		return; /* nothing of the packet could be read */
	finish_switch(rec, f);
	finish_egress(rec, f);
	finish_counts(rec, f);
	set_direction(rec, f);
	if (f->s.count > 0)
		VNM_SET(rec, flow, extra, (struct vnm_pairs){f->s.all, f->s.count});
	vnm_flow_names(rec);
	vnm_out_emit(f->s.out);
}

static void
set_source(struct flow *f)
{
	vnm_sflow_pair_u64(&f->s, "source_class", f->source_class);
	vnm_sflow_pair_u64(&f->s, "source_index", f->source_index);
}

static void
set_sampling(struct vnm_record *rec, const uint8_t *rate)
{
	if (vnm_be32(rate) != 0) {
		VNM_SET(rec, env, sampling_interval, vnm_be32(rate));
		VNM_SET(rec, env, sampling_origin, VNM_STR("sample"));
	}
	VNM_SET(rec, flow, sample_pool, vnm_be32(rate + 4));
	VNM_SET(rec, flow, sample_drops, vnm_be32(rate + 8));
}

void
vnm_sflow_flow_sample(struct vnm_reader *r, bool expanded, struct vnm_out *out)
{
	const uint8_t *p = vnm_reader_take(r, expanded ? 44 : 32);
	struct flow f = {.s = {.out = out}};

	if (p == NULL) {
		vnm_out_fault(out, VNM_R_sample_malformed);
		return;
	}
	f.s.rec = vnm_out_begin(out, VNM_KIND_flow);
	if (expanded) {
		f.source_class = vnm_be32(p + 4);
		f.source_index = vnm_be32(p + 8);
		set_sampling(f.s.rec, p + 12);
		set_input(f.s.rec, vnm_be32(p + 24), vnm_be32(p + 28));
		set_output(f.s.rec, vnm_be32(p + 32), vnm_be32(p + 36));
		p += 40;
	} else {
		f.source_class = p[4];
		f.source_index = vnm_be24(p + 5);
		set_sampling(f.s.rec, p + 8);
		set_input(f.s.rec, p[20] >> 6, vnm_be32(p + 20) & 0x3fffffff);
		set_output(f.s.rec, p[24] >> 6, vnm_be32(p + 24) & 0x3fffffff);
		p += 28;
	}
	set_source(&f);
	finish(&f, r, vnm_be32(p));
}

void
vnm_sflow_discarded_packet(struct vnm_reader *r, struct vnm_out *out)
{
	const uint8_t *p = vnm_reader_take(r, 32);
	struct flow f = {.s = {.out = out}, .discarded = true};

	if (p == NULL) {
		vnm_out_fault(out, VNM_R_sample_malformed);
		return;
	}
	f.s.rec = vnm_out_begin(out, VNM_KIND_flow);
	f.source_class = vnm_be32(p + 4);
	f.source_index = vnm_be32(p + 8);
	VNM_SET(f.s.rec, flow, sample_drops, vnm_be32(p + 12));
	set_input(f.s.rec, INTERFACE_INDEX, vnm_be32(p + 16));
	set_output(f.s.rec, INTERFACE_INDEX, vnm_be32(p + 20));
	VNM_SET(f.s.rec, flow, out_if_kind, VNM_STR("discarded"));
	set_discard(f.s.rec, vnm_be32(p + 24));
	set_source(&f);
	finish(&f, r, vnm_be32(p + 28));
}
