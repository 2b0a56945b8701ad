/*
 * From link layer to transport, through tunnels.
 *
 * IEEE 802.3, 802.1Q, 802.1ad, 802.1ah; PPP and PPPoE (RFC 1661, RFC 2516); MPLS (RFC 3032) with
 * the PW control word (RFC 4385); IPv4 (RFC 791), IPv6 (RFC 8200) and segment routing headers
 * (RFC 8754); NSH (RFC 8300). Tunnel headers are in packet_tunnel.c.
 *
 * A walk goes from layer to layer by a table of steps. Each step reads its own header, sets
 * fields, and names the next layer.
 */
#include "decoders/packet_walk.h"

#define MAX_STEPS 48 /* headers of one packet */
#define MAX_LABELS 16

/* ---- tunnels ------------------------------------------------------------------------------ */

static void
set_macs(struct vnm_walk *w, const uint8_t *p)
{
	struct vnm_mac mac;

	memcpy(mac.b, p, sizeof(mac.b));
	VNM_SET(w->rec, flow, dst_mac, mac);
	memcpy(mac.b, p + 6, sizeof(mac.b));
	VNM_SET(w->rec, flow, src_mac, mac);
}

/* What has been set of the tunnel's own packet becomes outer_*, unless an outer one is. */
static void
make_outer(struct vnm_record *r)
{
	if (VNM_HAS(r, flow, outer_src_addr))
		return;
	VNM_SET(r, flow, outer_src_addr, r->flow.src_addr);
	VNM_SET(r, flow, outer_dst_addr, r->flow.dst_addr);
	VNM_SET(r, flow, outer_protocol, r->flow.protocol);
	if (VNM_HAS(r, flow, src_port)) {
		VNM_SET(r, flow, outer_src_port, r->flow.src_port);
		VNM_SET(r, flow, outer_dst_port, r->flow.dst_port);
	}
}

/* The inner packet of the tunnel is there: forget what belonged to the outer one. */
static void
begin_inner(struct vnm_walk *w)
{
	static const uint16_t of_packet[] = {VNM_F_flow_src_addr, VNM_F_flow_dst_addr,
	    VNM_F_flow_src_port, VNM_F_flow_dst_port, VNM_F_flow_protocol, VNM_F_flow_tos,
	    VNM_F_flow_tcp_flags, VNM_F_flow_icmp_type, VNM_F_flow_icmp_code, VNM_F_flow_ip_ttl,
	    VNM_F_flow_ip6_flow_label, VNM_F_flow_fragment_id, VNM_F_flow_fragment_offset};

	w->tunnelled = false;
	if (w->has_ip)
		make_outer(w->rec);
	for (size_t i = 0; i < VNM_ARRAY_LEN(of_packet); i++)
		vnm_record_unmark(w->rec, of_packet[i]);
	w->has_ip = false;
	if (w->inner != NULL)
		set_macs(w, w->inner);
	w->inner = NULL;
}

/* ---- link layer --------------------------------------------------------------------------- */

/* EtherTypes, and the GRE protocol types that are used like them. */
static const struct {
	uint16_t type;
	uint8_t layer;
} ethertypes[] = {
    {0x0800, VNM_LAYER_IP4},
    {0x86dd, VNM_LAYER_IP6},
    {0x8100, VNM_LAYER_VLAN},
    {0x88a8, VNM_LAYER_VLAN},
    {0x9100, VNM_LAYER_VLAN},
    {0x9200, VNM_LAYER_VLAN},
    {0x8847, VNM_LAYER_MPLS},
    {0x8848, VNM_LAYER_MPLS},
    {0x8864, VNM_LAYER_PPPOE},
    {0x880b, VNM_LAYER_PPP},
    {0x88e7, VNM_LAYER_ITAG},
    {0x893f, VNM_LAYER_ETAG},
    {0x894f, VNM_LAYER_NSH},
    {0x6558, VNM_LAYER_ETHERNET},
};

enum vnm_layer
vnm_packet_ethertype_layer(uint16_t type)
{
	for (size_t i = 0; i < VNM_ARRAY_LEN(ethertypes); i++) {
		if (ethertypes[i].type == type)
			return ethertypes[i].layer;
	}
	return VNM_LAYER_END;
}

static bool
is_l3(enum vnm_layer layer)
{
	return layer == VNM_LAYER_IP4 || layer == VNM_LAYER_IP6 || layer == VNM_LAYER_IP;
}

/* The EtherType behind all tags. A tunnelled frame that carries no IP has shown all it has. */
static enum vnm_layer
step_ethertype(struct vnm_walk *w)
{
	enum vnm_layer next = vnm_packet_ethertype_layer(w->type);

	if (next == VNM_LAYER_END && w->tunnelled)
		begin_inner(w);
	if (next == VNM_LAYER_END || is_l3(next) || next == VNM_LAYER_MPLS ||
	    next == VNM_LAYER_PPPOE || next == VNM_LAYER_NSH)
		VNM_SET(w->rec, flow, ethertype, w->type);
	return next;
}

static enum vnm_layer
step_ethernet(struct vnm_walk *w)
{
	const uint8_t *p = vnm_reader_take(&w->r, 12);

	if (p == NULL)
		return VNM_LAYER_END;
	if (w->tunnelled)
		w->inner = p;
	else
		set_macs(w, p);
	w->type = vnm_reader_u16(&w->r);
	if (w->r.bad)
		return VNM_LAYER_END;
	return w->type < 0x600 ? VNM_LAYER_LLC : VNM_LAYER_ETHERTYPE;
}

static enum vnm_layer
step_llc(struct vnm_walk *w)
{
	static const uint8_t snap[] = {0xaa, 0xaa, 0x03};
	const uint8_t *p = vnm_reader_take(&w->r, 8);

	if (p == NULL || memcmp(p, snap, sizeof(snap)) != 0)
		return VNM_LAYER_END;
	w->type = vnm_be16(p + 6);
	return VNM_LAYER_ETHERTYPE;
}

static enum vnm_layer
step_vlan(struct vnm_walk *w)
{
	struct vnm_record *r = w->rec;
	const uint8_t *p = vnm_reader_take(&w->r, 4);
	uint16_t id;

	if (p == NULL)
		return VNM_LAYER_END;
	id = vnm_be16(p) & 0xfff;
	if (!w->tunnelled && !w->has_ip && !VNM_HAS(r, flow, vlan_priority)) {
		VNM_SET(r, flow, vlan_priority, p[0] >> 5);
		if (id != 0) /* 0 only carries a priority */
			VNM_SET(r, flow, vlan_id, id);
	} else if (id != 0 && !VNM_HAS(r, flow, inner_vlan_id)) {
		VNM_SET(r, flow, inner_vlan_id, id);
	}
	w->type = vnm_be16(p + 2);
	return VNM_LAYER_ETHERTYPE;
}

/* 802.1ah: flags and service instance, then the customer's frame. */
static enum vnm_layer
step_itag(struct vnm_walk *w)
{
	vnm_reader_skip(&w->r, 4);
	return VNM_LAYER_ETHERNET;
}

static enum vnm_layer
step_etag(struct vnm_walk *w)
{
	const uint8_t *p = vnm_reader_take(&w->r, 8);

	if (p == NULL)
		return VNM_LAYER_END;
	w->type = vnm_be16(p + 6);
	return VNM_LAYER_ETHERTYPE;
}

static enum vnm_layer
step_nsh(struct vnm_walk *w)
{
	static const uint8_t layers[] = {VNM_LAYER_END, VNM_LAYER_IP4, VNM_LAYER_IP6,
	    VNM_LAYER_ETHERNET, VNM_LAYER_NSH, VNM_LAYER_MPLS};
	const uint8_t *p = vnm_reader_take(&w->r, 8);
	size_t octets;

	if (p == NULL)
		return VNM_LAYER_END;
	octets = (vnm_be16(p) & 0x3fu) * 4;
	if (p[0] >> 6 != 0 || octets < 8)
		return VNM_LAYER_END;
	vnm_reader_skip(&w->r, octets - 8);
	return p[3] < VNM_ARRAY_LEN(layers) ? layers[p[3]] : VNM_LAYER_END;
}

static enum vnm_layer
step_ppp(struct vnm_walk *w)
{
	uint16_t protocol = vnm_reader_u16(&w->r);

	if (protocol == 0xff03) /* HDLC framing */
		protocol = vnm_reader_u16(&w->r);
	switch (protocol) {
	case 0x0021:
		return VNM_LAYER_IP4;
	case 0x0057:
		return VNM_LAYER_IP6;
	case 0x0281:
	case 0x0283:
		return VNM_LAYER_MPLS;
	default:
		return VNM_LAYER_END;
	}
}

static enum vnm_layer
step_pppoe(struct vnm_walk *w)
{
	const uint8_t *p = vnm_reader_take(&w->r, 6);

	return p != NULL && p[0] == 0x11 && p[1] == 0 ? VNM_LAYER_PPP : VNM_LAYER_END;
}

/* ---- IP protocols ------------------------------------------------------------------------- */

static const struct {
	uint8_t protocol;
	uint8_t layer;
	struct vnm_str tunnel; /* n = 0: none */
} protocols[] = {
    {1, VNM_LAYER_ICMP, {0}},
    {4, VNM_LAYER_IP4, {"ipip", 4, true}},
    {6, VNM_LAYER_TCP, {0}},
    {17, VNM_LAYER_UDP, {0}},
    {33, VNM_LAYER_PORTS, {0}},
    {41, VNM_LAYER_IP6, {"ipip", 4, true}},
    {47, VNM_LAYER_GRE, {0}},
    {58, VNM_LAYER_ICMP, {0}},
    {97, VNM_LAYER_ETHERIP, {"etherip", 7, true}},
    {132, VNM_LAYER_PORTS, {0}},
    {136, VNM_LAYER_PORTS, {0}},
    {137, VNM_LAYER_MPLS, {"mpls", 4, true}},
    {143, VNM_LAYER_ETHERNET, {"srv6", 4, true}},
};

static bool
is_upper_layer(uint8_t protocol)
{
	for (size_t i = 0; i < VNM_ARRAY_LEN(protocols); i++) {
		if (protocols[i].protocol == protocol)
			return true;
	}
	return false;
}

/* ---- MPLS --------------------------------------------------------------------------------- */

static void
set_labels(struct vnm_walk *w, const uint32_t *labels, uint32_t n)
{
	uint32_t *copy;

	if (VNM_HAS(w->rec, flow, mpls_labels))
		return;
	copy = vnm_scratch_take(w->out->scratch, n * sizeof(*copy));
	if (copy == NULL) {
		vnm_out_fault(w->out, VNM_R_scratch_full);
		return;
	}
	memcpy(copy, labels, n * sizeof(*copy));
	VNM_SET(w->rec, flow, mpls_labels, (struct vnm_u32s){copy, n});
}

static bool
ethertype_at(const struct vnm_reader *r, size_t at)
{
	return vnm_reader_left(r) >= at + 2 &&
	       vnm_packet_ethertype_layer(vnm_be16(r->p + at)) != VNM_LAYER_END;
}

/* Whether 20 octets are there and bear a correct IPv4 header checksum (without options). */
static bool
is_ip4_header(const struct vnm_reader *r)
{
	uint32_t sum = 0;

	if (vnm_reader_left(r) < 20 || r->p[0] != 0x45)
		return false;
	for (size_t i = 0; i < 20; i += 2)
		sum += vnm_be16(r->p + i);
	return (sum & 0xffff) + (sum >> 16) == 0xffff;
}

/*
 * Nothing in a label stack says what is below it: IP shows by its version, a pseudowire's
 * control word by a zero nibble; but an Ethernet header without a control word may begin with
 * any of these (RFC 4928).
 */
static enum vnm_layer
below_labels(struct vnm_walk *w)
{
	size_t left = vnm_reader_left(&w->r);
	const uint8_t *p = w->r.p;

	if (left == 0)
		return VNM_LAYER_END;
	switch (p[0] >> 4) {
	case 4:
		return is_ip4_header(&w->r) || !ethertype_at(&w->r, 12) ? VNM_LAYER_IP4
									: VNM_LAYER_ETHERNET;
	case 6:
		return is_upper_layer(left > 6 ? p[6] : 0) || !ethertype_at(&w->r, 12)
			   ? VNM_LAYER_IP6
			   : VNM_LAYER_ETHERNET;
	case 0:
		if (ethertype_at(&w->r, 16) || !ethertype_at(&w->r, 12))
			vnm_reader_skip(&w->r, 4);
		return VNM_LAYER_ETHERNET;
	case 1: /* an associated channel (RFC 4385): OAM */
		return VNM_LAYER_END;
	default:
		return VNM_LAYER_ETHERNET;
	}
}

static enum vnm_layer
step_mpls(struct vnm_walk *w)
{
	uint32_t labels[MAX_LABELS];
	uint32_t n = 0;
	const uint8_t *p;

	do {
		p = vnm_reader_take(&w->r, 4);
		if (p != NULL && n < MAX_LABELS)
			labels[n++] = vnm_be24(p) >> 4;
	} while (p != NULL && (p[2] & 1) == 0);
	if (n > 0)
		set_labels(w, labels, n);
	return p != NULL ? below_labels(w) : VNM_LAYER_END;
}

/* ---- IP ----------------------------------------------------------------------------------- */

static enum vnm_layer
step_ip_protocol(struct vnm_walk *w)
{
	VNM_SET(w->rec, flow, protocol, (uint8_t)w->type);
	for (size_t i = 0; i < VNM_ARRAY_LEN(protocols); i++) {
		if (protocols[i].protocol != w->type)
			continue;
		if (protocols[i].tunnel.n != 0)
			vnm_packet_enter_tunnel(
			    w, w->segment_routed ? VNM_STR("srv6") : protocols[i].tunnel);
		return protocols[i].layer;
	}
	return VNM_LAYER_END;
}

static void
count_l3(struct vnm_walk *w, uint32_t octets)
{
	if (w->packet->l3_octets == 0)
		w->packet->l3_octets = octets;
	w->packet->inner_l3_octets = octets;
}

/* Nothing behind the packet's own end: that is padding, or a frame's trailer. */
static void
trim(struct vnm_walk *w, size_t octets)
{
	if (octets < vnm_reader_left(&w->r))
		w->r.end = w->r.p + octets;
}

static void
begin_ip(struct vnm_walk *w)
{
	if (w->tunnelled || w->has_ip)
		begin_inner(w);
	w->has_ip = true;
}

static enum vnm_layer
step_ip4(struct vnm_walk *w)
{
	struct vnm_record *r = w->rec;
	const uint8_t *p = vnm_reader_take(&w->r, 20);
	size_t header, total;
	uint16_t fragment;

	if (p == NULL || p[0] >> 4 != 4 || (p[0] & 0xf) < 5)
		return VNM_LAYER_END;
	begin_ip(w);
	header = (p[0] & 0xfu) * 4;
	total = vnm_be16(p + 2);
	fragment = vnm_be16(p + 6);
	VNM_SET(r, flow, src_addr, vnm_addr_ip4(p + 12));
	VNM_SET(r, flow, dst_addr, vnm_addr_ip4(p + 16));
	VNM_SET(r, flow, tos, p[1]);
	VNM_SET(r, flow, ip_ttl, p[8]);
	VNM_SET(r, flow, fragment_id, vnm_be16(p + 4));
	if ((fragment & 0x3fff) != 0)
		VNM_SET(r, flow, fragment_offset, (uint16_t)((fragment & 0x1fff) * 8));
	if (total >= header) { /* 0 where segmentation was left to the NIC */
		count_l3(w, (uint32_t)total);
		trim(w, total - 20);
	}
	vnm_reader_skip(&w->r, header - 20);
	w->type = p[9];
	if ((fragment & 0x1fff) == 0)
		return VNM_LAYER_IP_PROTOCOL;
	VNM_SET(r, flow, protocol, p[9]);
	return VNM_LAYER_END;
}

/* Whether a protocol number is that of an extension header that can be stepped over. */
static bool
is_extension(uint16_t protocol)
{
	switch (protocol) {
	case 0:	  /* hop-by-hop options */
	case 43:  /* routing */
	case 44:  /* fragment */
	case 51:  /* authentication */
	case 60:  /* destination options */
	case 135: /* mobility */
	case 139: /* host identity */
	case 140: /* shim6 */
		return true;
	default:
		return false;
	}
}

/* One extension header: w->type is set to what follows. False where the packet goes no further. */
static bool
step_over_extension(struct vnm_walk *w)
{
	uint16_t type = w->type;
	const uint8_t *p = vnm_reader_take(&w->r, 8);

	if (p == NULL)
		return false;
	w->type = p[0];
	if (type == 43 && p[2] == 4)
		w->segment_routed = true;
	if (type == 44) {
		VNM_SET(w->rec, flow, fragment_offset, vnm_be16(p + 2) & 0xfff8);
		VNM_SET(w->rec, flow, fragment_id, vnm_be32(p + 4));
		return (vnm_be16(p + 2) & 0xfff8) == 0;
	}
	vnm_reader_skip(&w->r, type == 51 ? ((size_t)p[1] + 2) * 4 - 8 : (size_t)p[1] * 8);
	return !w->r.bad;
}

static enum vnm_layer
step_ip6(struct vnm_walk *w)
{
	struct vnm_record *r = w->rec;
	const uint8_t *p = vnm_reader_take(&w->r, 40);
	size_t payload;

	if (p == NULL || p[0] >> 4 != 6)
		return VNM_LAYER_END;
	begin_ip(w);
	payload = vnm_be16(p + 4);
	VNM_SET(r, flow, src_addr, vnm_addr_ip6(p + 8));
	VNM_SET(r, flow, dst_addr, vnm_addr_ip6(p + 24));
	VNM_SET(r, flow, tos, (uint8_t)(vnm_be16(p) >> 4));
	VNM_SET(r, flow, ip_ttl, p[7]);
	VNM_SET(r, flow, ip6_flow_label, vnm_be32(p) & 0xfffff);
	if (payload != 0) { /* 0: a jumbogram, or left to the NIC */
		count_l3(w, (uint32_t)payload + 40);
		trim(w, payload);
	}
	w->type = p[6];
	while (is_extension(w->type)) {
		if (step_over_extension(w))
			continue;
		VNM_SET(r, flow, protocol, (uint8_t)w->type);
		return VNM_LAYER_END;
	}
	return VNM_LAYER_IP_PROTOCOL;
}

static enum vnm_layer
step_ip(struct vnm_walk *w)
{
	if (vnm_reader_left(&w->r) == 0)
		return VNM_LAYER_END;
	return w->r.p[0] >> 4 == 6 ? VNM_LAYER_IP6 : VNM_LAYER_IP4;
}

/* ---- transport ---------------------------------------------------------------------------- */

static const uint8_t *
take_ports(struct vnm_walk *w)
{
	const uint8_t *p = vnm_reader_take(&w->r, 4);

	if (p != NULL) {
		VNM_SET(w->rec, flow, src_port, vnm_be16(p));
		VNM_SET(w->rec, flow, dst_port, vnm_be16(p + 2));
	}
	return p;
}

static enum vnm_layer
step_ports(struct vnm_walk *w)
{
	(void)take_ports(w);
	return VNM_LAYER_END;
}

static enum vnm_layer
step_tcp(struct vnm_walk *w)
{
	const uint8_t *p;

	if (take_ports(w) == NULL)
		return VNM_LAYER_END;
	p = vnm_reader_take(&w->r, 10);
	if (p != NULL)
		VNM_SET(w->rec, flow, tcp_flags, vnm_be16(p + 8) & 0xfff);
	return VNM_LAYER_END;
}

static enum vnm_layer
step_icmp(struct vnm_walk *w)
{
	const uint8_t *p = vnm_reader_take(&w->r, 2);

	if (p != NULL) {
		VNM_SET(w->rec, flow, icmp_type, p[0]);
		VNM_SET(w->rec, flow, icmp_code, p[1]);
	}
	return VNM_LAYER_END;
}

/* Tunnels by UDP destination port; 8472 is what Linux used for VXLAN before 4789 was assigned. */
static const struct {
	uint16_t port;
	uint8_t layer;
} udp_tunnels[] = {
    {2152, VNM_LAYER_GTP},
    {4789, VNM_LAYER_VXLAN},
    {4790, VNM_LAYER_VXLAN_GPE},
    {6081, VNM_LAYER_GENEVE},
    {8472, VNM_LAYER_VXLAN},
};

static enum vnm_layer
step_udp(struct vnm_walk *w)
{
	const uint8_t *ports = take_ports(w);

	vnm_reader_skip(&w->r, 4);
	if (ports == NULL || w->r.bad)
		return VNM_LAYER_END;
	for (size_t i = 0; i < VNM_ARRAY_LEN(udp_tunnels); i++) {
		if (udp_tunnels[i].port == vnm_be16(ports + 2))
			return udp_tunnels[i].layer;
	}
	return VNM_LAYER_END;
}

/* ---- the walk ----------------------------------------------------------------------------- */

static vnm_packet_step *const steps[VNM_LAYER_COUNT] = {
    [VNM_LAYER_ETHERNET] = step_ethernet,
    [VNM_LAYER_ETHERTYPE] = step_ethertype,
    [VNM_LAYER_LLC] = step_llc,
    [VNM_LAYER_VLAN] = step_vlan,
    [VNM_LAYER_ITAG] = step_itag,
    [VNM_LAYER_ETAG] = step_etag,
    [VNM_LAYER_NSH] = step_nsh,
    [VNM_LAYER_MPLS] = step_mpls,
    [VNM_LAYER_PPP] = step_ppp,
    [VNM_LAYER_PPPOE] = step_pppoe,
    [VNM_LAYER_IP] = step_ip,
    [VNM_LAYER_IP4] = step_ip4,
    [VNM_LAYER_IP6] = step_ip6,
    [VNM_LAYER_IP_PROTOCOL] = step_ip_protocol,
    [VNM_LAYER_TCP] = step_tcp,
    [VNM_LAYER_UDP] = step_udp,
    [VNM_LAYER_PORTS] = step_ports,
    [VNM_LAYER_ICMP] = step_icmp,
    [VNM_LAYER_VXLAN] = vnm_packet_step_vxlan,
    [VNM_LAYER_VXLAN_GPE] = vnm_packet_step_vxlan_gpe,
    [VNM_LAYER_GENEVE] = vnm_packet_step_geneve,
    [VNM_LAYER_GTP] = vnm_packet_step_gtp,
    [VNM_LAYER_GRE] = vnm_packet_step_gre,
    [VNM_LAYER_ERSPAN2] = vnm_packet_step_erspan2,
    [VNM_LAYER_ERSPAN3] = vnm_packet_step_erspan3,
    [VNM_LAYER_ETHERIP] = vnm_packet_step_etherip,
};

void
vnm_packet_decode(struct vnm_reader r, enum vnm_packet_start start, struct vnm_out *out,
    struct vnm_packet *packet)
{
	static const uint8_t starts[] = {
	    [VNM_PACKET_ETHERNET] = VNM_LAYER_ETHERNET,
	    [VNM_PACKET_IP] = VNM_LAYER_IP,
	    [VNM_PACKET_IP4] = VNM_LAYER_IP4,
	    [VNM_PACKET_IP6] = VNM_LAYER_IP6,
	    [VNM_PACKET_MPLS] = VNM_LAYER_MPLS,
	    [VNM_PACKET_PPP] = VNM_LAYER_PPP,
	};
	struct vnm_walk w = {.r = r, .out = out, .rec = out->rec, .packet = packet};
	enum vnm_layer layer = starts[start];

	*packet = (struct vnm_packet){0};
	for (unsigned n = 0; layer != VNM_LAYER_END && n < MAX_STEPS; n++)
		layer = steps[layer](&w);
}
