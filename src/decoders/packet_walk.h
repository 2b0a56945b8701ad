/*
 * What the parts of the packet decoder share; nobody else includes it.
 */
#ifndef VNM_DECODERS_PACKET_WALK_H
#define VNM_DECODERS_PACKET_WALK_H

#include "decoders/packet.h"

enum vnm_layer {
	VNM_LAYER_END,
	VNM_LAYER_ETHERNET,
	VNM_LAYER_ETHERTYPE, /* w->type says which */
	VNM_LAYER_LLC,
	VNM_LAYER_VLAN,
	VNM_LAYER_ITAG,
	VNM_LAYER_ETAG,
	VNM_LAYER_NSH,
	VNM_LAYER_MPLS,
	VNM_LAYER_PPP,
	VNM_LAYER_PPPOE,
	VNM_LAYER_IP,
	VNM_LAYER_IP4,
	VNM_LAYER_IP6,
	VNM_LAYER_IP_PROTOCOL, /* w->type says which */
	VNM_LAYER_TCP,
	VNM_LAYER_UDP,
	VNM_LAYER_PORTS,
	VNM_LAYER_ICMP,
	VNM_LAYER_VXLAN,
	VNM_LAYER_VXLAN_GPE,
	VNM_LAYER_GENEVE,
	VNM_LAYER_GTP,
	VNM_LAYER_GRE,
	VNM_LAYER_ERSPAN2,
	VNM_LAYER_ERSPAN3,
	VNM_LAYER_ETHERIP,
	VNM_LAYER_COUNT
};

/* One packet on its way through its layers. */
struct vnm_walk {
	struct vnm_reader r;
	struct vnm_out *out;
	struct vnm_record *rec;
	struct vnm_packet *packet;
	uint16_t type;	      /* EtherType or IP protocol, for the steps of these names */
	bool tunnelled;	      /* within a tunnel whose inner packet is not known yet */
	bool has_ip;	      /* src_addr is set */
	bool segment_routed;  /* by a segment routing header */
	const uint8_t *inner; /* the tunnelled Ethernet header that waits for its packet */
};

/* Reads its own header, sets fields and names the next layer. */
typedef enum vnm_layer vnm_packet_step(struct vnm_walk *w);

/* END where the type is not known. */
enum vnm_layer vnm_packet_ethertype_layer(uint16_t type);

/* What follows is the inner packet of a tunnel. */
void vnm_packet_enter_tunnel(struct vnm_walk *w, struct vnm_str type);

/* packet_tunnel.c */
vnm_packet_step vnm_packet_step_vxlan;
vnm_packet_step vnm_packet_step_vxlan_gpe;
vnm_packet_step vnm_packet_step_geneve;
vnm_packet_step vnm_packet_step_gtp;
vnm_packet_step vnm_packet_step_gre;
vnm_packet_step vnm_packet_step_erspan2;
vnm_packet_step vnm_packet_step_erspan3;
vnm_packet_step vnm_packet_step_etherip;

#endif
