/*
 * Tunnel headers of the packet decoder: VXLAN (RFC 7348) and its generic protocol extension,
 * Geneve (RFC 8926), GTP-U (3GPP TS 29.281), GRE (RFC 2784, RFC 2890, RFC 2637), NVGRE
 * (RFC 7637), ERSPAN types I to III, EtherIP (RFC 3378).
 */
#include "decoders/packet_walk.h"

void
vnm_packet_enter_tunnel(struct vnm_walk *w, struct vnm_str type)
{
	w->tunnelled = true;
	if (!VNM_HAS(w->rec, flow, tunnel_type))
		VNM_SET(w->rec, flow, tunnel_type, type);
}

static void
set_vni(struct vnm_walk *w, uint32_t vni)
{
	if (!VNM_HAS(w->rec, flow, vni))
		VNM_SET(w->rec, flow, vni, vni);
}

static void
set_tunnel_key(struct vnm_walk *w, uint32_t key)
{
	if (!VNM_HAS(w->rec, flow, tunnel_key))
		VNM_SET(w->rec, flow, tunnel_key, key);
}

enum vnm_layer
vnm_packet_step_vxlan(struct vnm_walk *w)
{
	const uint8_t *p = vnm_reader_take(&w->r, 8);

	/* The VNI must be valid; the policy extension's bit may be set; the last octet is 0. */
	if (p == NULL || (p[0] & 0x7f) != 0x08 || p[7] != 0)
		return VNM_LAYER_END;
	vnm_packet_enter_tunnel(w, VNM_STR("vxlan"));
	set_vni(w, vnm_be24(p + 4));
	return VNM_LAYER_ETHERNET;
}

enum vnm_layer
vnm_packet_step_vxlan_gpe(struct vnm_walk *w)
{
	static const uint8_t layers[] = {VNM_LAYER_END, VNM_LAYER_IP4, VNM_LAYER_IP6,
	    VNM_LAYER_ETHERNET, VNM_LAYER_NSH, VNM_LAYER_MPLS};
	const uint8_t *p = vnm_reader_take(&w->r, 8);

	if (p == NULL || (p[0] & 0x08) == 0)
		return VNM_LAYER_END;
	vnm_packet_enter_tunnel(w, VNM_STR("vxlan"));
	set_vni(w, vnm_be24(p + 4));
	if ((p[0] & 0x04) == 0)
		return VNM_LAYER_ETHERNET;
	return p[3] < VNM_ARRAY_LEN(layers) ? layers[p[3]] : VNM_LAYER_END;
}

enum vnm_layer
vnm_packet_step_geneve(struct vnm_walk *w)
{
	const uint8_t *p = vnm_reader_take(&w->r, 8);

	if (p == NULL || p[0] >> 6 != 0)
		return VNM_LAYER_END;
	vnm_packet_enter_tunnel(w, VNM_STR("geneve"));
	set_vni(w, vnm_be24(p + 4));
	vnm_reader_skip(&w->r, (p[0] & 0x3fu) * 4);
	return w->r.bad ? VNM_LAYER_END : vnm_packet_ethertype_layer(vnm_be16(p + 2));
}

enum vnm_layer
vnm_packet_step_gtp(struct vnm_walk *w)
{
	const uint8_t *p = vnm_reader_take(&w->r, 8);
	const uint8_t *more;
	uint8_t next;

	/* Version 1, GTP rather than GTP', and only G-PDUs carry a packet. */
	if (p == NULL || (p[0] & 0xf0) != 0x30 || p[1] != 255)
		return VNM_LAYER_END;
	vnm_packet_enter_tunnel(w, VNM_STR("gtp-u"));
	set_tunnel_key(w, vnm_be32(p + 4));
	if ((p[0] & 0x07) == 0)
		return VNM_LAYER_IP;
	more = vnm_reader_take(&w->r, 4);
	if (more == NULL)
		return VNM_LAYER_END;
	next = (p[0] & 0x04) != 0 ? more[3] : 0;
	while (next != 0) {
		size_t octets = vnm_reader_u8(&w->r) * (size_t)4;
		if (octets < 4)
			return VNM_LAYER_END;
		vnm_reader_skip(&w->r, octets - 2);
		next = vnm_reader_u8(&w->r);
	}
	return w->r.bad ? VNM_LAYER_END : VNM_LAYER_IP;
}

/*
 * NVGRE has the wire format of GRE with a key and Ethernet inside; what tells them apart is
 * that virtual subnets are numbered from 0x1000 (RFC 7637 section 3.2) and the VSID stands in
 * the key's upper 24 bits.
 */
static bool
is_nvgre(uint16_t flags, uint16_t protocol, uint32_t key)
{
	return flags == 0x2000 && protocol == 0x6558 && key >> 8 >= 0x1000 && key >> 8 != 0xffffff;
}

static enum vnm_layer
below_gre(struct vnm_walk *w, uint16_t flags, uint16_t protocol)
{
	switch (protocol) {
	case 0x88be: /* ERSPAN type I has neither sequence number nor header */
		vnm_packet_enter_tunnel(w, VNM_STR("erspan"));
		return (flags & 0x1000) != 0 ? VNM_LAYER_ERSPAN2 : VNM_LAYER_ETHERNET;
	case 0x22eb:
		vnm_packet_enter_tunnel(w, VNM_STR("erspan"));
		return VNM_LAYER_ERSPAN3;
	default:
		vnm_packet_enter_tunnel(w, VNM_STR("gre"));
		return vnm_packet_ethertype_layer(protocol);
	}
}

enum vnm_layer
vnm_packet_step_gre(struct vnm_walk *w)
{
	uint16_t flags = vnm_reader_u16(&w->r);
	uint16_t protocol = vnm_reader_u16(&w->r);
	uint32_t key = 0;

	if (w->r.bad || (flags & 0x4000) != 0 || (flags & 7) > 1) /* RFC 1701 routing: obsolete */
		return VNM_LAYER_END;
	if ((flags & 0x8000) != 0)
		vnm_reader_skip(&w->r, 4);
	if ((flags & 0x2000) != 0)
		key = vnm_reader_u32(&w->r);
	if ((flags & 0x1000) != 0)
		vnm_reader_skip(&w->r, 4);
	if ((flags & 0x0080) != 0 && (flags & 7) == 1) /* PPTP's acknowledgement (RFC 2637) */
		vnm_reader_skip(&w->r, 4);
	if (w->r.bad)
		return VNM_LAYER_END;
	if (is_nvgre(flags, protocol, key)) {
		vnm_packet_enter_tunnel(w, VNM_STR("nvgre"));
		set_vni(w, key >> 8);
	}
	if ((flags & 0x2000) != 0)
		set_tunnel_key(w, key);
	return below_gre(w, flags, protocol);
}

enum vnm_layer
vnm_packet_step_erspan2(struct vnm_walk *w)
{
	const uint8_t *p = vnm_reader_take(&w->r, 8);

	if (p == NULL || p[0] >> 4 != 1)
		return VNM_LAYER_END;
	set_tunnel_key(w, vnm_be16(p + 2) & 0x3ff);
	return VNM_LAYER_ETHERNET;
}

enum vnm_layer
vnm_packet_step_erspan3(struct vnm_walk *w)
{
	const uint8_t *p = vnm_reader_take(&w->r, 12);

	if (p == NULL || p[0] >> 4 != 2)
		return VNM_LAYER_END;
	set_tunnel_key(w, vnm_be16(p + 2) & 0x3ff);
	if ((p[11] & 1) != 0) /* the platform's own subheader */
		vnm_reader_skip(&w->r, 8);
	return VNM_LAYER_ETHERNET;
}

enum vnm_layer
vnm_packet_step_etherip(struct vnm_walk *w)
{
	vnm_reader_skip(&w->r, 2);
	return VNM_LAYER_ETHERNET;
}
