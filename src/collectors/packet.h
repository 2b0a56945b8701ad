/*
 * One captured packet, opened down to what IP carries: link headers of libpcap's common link
 * types, VLAN tags (also stacked), PPPoE, IPv4 and IPv6 with their extension headers.
 */
#ifndef VNM_COLLECTORS_PACKET_H
#define VNM_COLLECTORS_PACKET_H

#include "base/addr.h"

enum { VNM_PROTOCOL_TCP = 6, VNM_PROTOCOL_UDP = 17 };

struct vnm_packet {
	struct vnm_addr src;
	struct vnm_addr dst;
	struct vnm_slice payload; /* of IP, as much as was captured; borrowed from the packet */
	size_t wire_n;		  /* octets of it on the wire: more than payload.n when cut */
	uint8_t protocol;	  /* that the payload begins with (IANA protocol number) */
	bool fragment;		  /* the payload is a part; what follows says which */
	bool more;		  /* not the last part */
	uint16_t offset;	  /* of the part, in octets */
	uint32_t id;		  /* that the parts have in common */
};

/* Whether packets of this link type (DLT_*) can be opened. */
bool vnm_packet_link_known(int link);

/*
 * Opens a packet of `n` captured octets, `wire_n` on the wire: true, or false when it is
 * neither IPv4 nor IPv6, or its headers are damaged or were not captured.
 */
bool vnm_packet_open(
    struct vnm_packet *packet, int link, const uint8_t *p, size_t n, size_t wire_n);

/*
 * Steps over the IPv6 extension headers (RFC 8200 section 4) and AH (RFC 4302) that the
 * payload begins with; a fragment header ends the walk. False when they are damaged. Only
 * reassembled packets need this: vnm_packet_open() has done it for others.
 */
bool vnm_packet_step_in(struct vnm_packet *packet);

#endif
