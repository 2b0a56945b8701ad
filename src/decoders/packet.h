/*
 * The packet decoder: the first octets of a packet, as sampled or mirrored, into the fields of
 * a flow record. Used for sFlow raw headers and for IPFIX dataLinkFrameSection (IE 315) and
 * ipHeaderPacketSection (IE 313).
 *
 * Of tunnelled traffic the innermost addresses, ports and MAC addresses go to src_addr and its
 * kin, and the outermost tunnel's to outer_*; tunnel_type, vni and tunnel_key are the outermost
 * that there are. vlan_id is that of the outermost frame. That the packet ends early is normal
 * and no fault: what is there is set. Where a tunnel's inner packet was cut off before its
 * addresses, the tunnel's own addresses stay in src_addr and dst_addr.
 */
#ifndef VNM_DECODERS_PACKET_H
#define VNM_DECODERS_PACKET_H

#include "decoders/decoder.h"

enum vnm_packet_start {
	VNM_PACKET_ETHERNET, /* Ethernet II, or 802.3 with LLC and SNAP */
	VNM_PACKET_IP,	     /* IPv4 or IPv6, by its version */
	VNM_PACKET_IP4,
	VNM_PACKET_IP6,
	VNM_PACKET_MPLS,
	VNM_PACKET_PPP
};

/* What the caller may want to know besides the fields. */
struct vnm_packet {
	uint32_t l3_octets;	  /* of the outermost IP packet by its own header; 0: none there */
	uint32_t inner_l3_octets; /* of the innermost */
};

/*
 * Sets the fields of out->rec, a flow record in which none of those is set yet. Lists go to
 * out->scratch; when that is used up it is a fault of the message and the list is absent.
 */
void vnm_packet_decode(struct vnm_reader r, enum vnm_packet_start start, struct vnm_out *out,
    struct vnm_packet *packet);

#endif
