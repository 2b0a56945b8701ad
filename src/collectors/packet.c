/*
 * Captured packets, opened down to what IP carries: Ethernet (IEEE 802.3, 802.1Q, 802.1ad),
 * LINUX_SLL, LINUX_SLL2, NULL and LOOP link headers, PPPoE (RFC 2516), IPv4 (RFC 791) and
 * IPv6 (RFC 8200).
 */
#include "collectors/packet.h"

#include <pcap/pcap.h>

#include "base/reader.h"

enum {
	ETHERTYPE_IP4 = 0x0800,
	ETHERTYPE_VLAN = 0x8100,
	ETHERTYPE_IP6 = 0x86dd,
	ETHERTYPE_PPPOE = 0x8864,
	ETHERTYPE_PROVIDER = 0x88a8,
	ETHERTYPE_QINQ_OLD = 0x9100,
	ETHERTYPE_QINQ_OLDER = 0x9200
};

enum { PPP_IP4 = 0x0021, PPP_IP6 = 0x0057 };

enum {
	NEXT_HOP_BY_HOP = 0,
	NEXT_ROUTING = 43,
	NEXT_FRAGMENT = 44,
	NEXT_AUTHENTICATION = 51,
	NEXT_DESTINATION = 60,
	NEXT_MOBILITY = 135,
	NEXT_HIP = 139,
	NEXT_SHIM6 = 140
};

#define TAGS_MAX 8	  /* VLAN tags that one packet may have */
#define EXTENSIONS_MAX 16 /* extension headers that one packet may have */

/* Ethertype to use where the link header says only the address family, by number. */
static unsigned
ethertype_of_family(uint32_t family)
{
	switch (family) {
	case 2:
		return ETHERTYPE_IP4;
	case 10: /* Linux */
	case 24: /* NetBSD, OpenBSD */
	case 28: /* FreeBSD */
	case 30: /* macOS */
		return ETHERTYPE_IP6;
	default:
		return 0;
	}
}

/* DLT_NULL has the capturing host's byte order, which is found by the family being small. */
static unsigned
null_ethertype(struct vnm_reader *r)
{
	uint32_t family = vnm_reader_u32(r);

	if (family > 0xffff)
		family = __builtin_bswap32(family);
	return ethertype_of_family(family);
}

static unsigned
raw_ethertype(const struct vnm_reader *r)
{
	unsigned version = vnm_reader_left(r) > 0 ? r->p[0] >> 4 : 0;

	return version == 4 ? ETHERTYPE_IP4 : version == 6 ? ETHERTYPE_IP6 : 0;
}

/* The ethertype of what follows the link header, which is stepped over; 0: none that we know. */
static unsigned
link_ethertype(int link, struct vnm_reader *r)
{
	unsigned type;

	switch (link) {
	case DLT_EN10MB:
		vnm_reader_skip(r, 12);
		return vnm_reader_u16(r);
	case DLT_LINUX_SLL:
		vnm_reader_skip(r, 14);
		return vnm_reader_u16(r);
	case DLT_LINUX_SLL2:
		type = vnm_reader_u16(r);
		vnm_reader_skip(r, 18);
		return type;
	case DLT_NULL:
	case DLT_LOOP:
		return null_ethertype(r);
	case DLT_RAW:
	case DLT_IPV4:
	case DLT_IPV6:
		return raw_ethertype(r);
	default:
		return 0;
	}
}

bool
vnm_packet_link_known(int link)
{
	static const int known[] = {DLT_EN10MB, DLT_LINUX_SLL, DLT_LINUX_SLL2, DLT_NULL, DLT_LOOP,
	    DLT_RAW, DLT_IPV4, DLT_IPV6};

	for (size_t i = 0; i < VNM_ARRAY_LEN(known); i++) {
		if (known[i] == link)
			return true;
	}
	return false;
}

static unsigned
step_over_pppoe(struct vnm_reader *r)
{
	vnm_reader_skip(r, 6);
	unsigned protocol = vnm_reader_u16(r);

	return protocol == PPP_IP4 ? ETHERTYPE_IP4 : protocol == PPP_IP6 ? ETHERTYPE_IP6 : 0;
}

static unsigned
step_over_tags(unsigned type, struct vnm_reader *r)
{
	for (int i = 0; i < TAGS_MAX; i++) {
		switch (type) {
		case ETHERTYPE_VLAN:
		case ETHERTYPE_PROVIDER:
		case ETHERTYPE_QINQ_OLD:
		case ETHERTYPE_QINQ_OLDER:
			vnm_reader_skip(r, 2);
			type = vnm_reader_u16(r);
			break;
		case ETHERTYPE_PPPOE:
			return step_over_pppoe(r);
		default:
			return type;
		}
	}
	return 0;
}

/*
 * The payload is `claimed` octets by its IP header, which may be 0 where an interface card
 * segments or merges packets; then it is all there is.
 */
static void
set_payload(struct vnm_packet *packet, const struct vnm_reader *r, size_t claimed, size_t wire_left)
{
	size_t captured = vnm_reader_left(r);

	packet->wire_n = claimed != 0 ? claimed : wire_left;
	packet->payload.p = r->p;
	packet->payload.n = captured < packet->wire_n ? captured : packet->wire_n;
}

static bool
open_ip4(struct vnm_packet *packet, struct vnm_reader *r, size_t wire_left)
{
	const uint8_t *h = vnm_reader_take(r, 20);

	if (h == NULL || h[0] >> 4 != 4)
		return false;
	size_t header = (size_t)(h[0] & 15) * 4;
	size_t total = vnm_be16(h + 2);
	unsigned flags = vnm_be16(h + 6);
	if (header < 20 || (total != 0 && total < header) || wire_left < header)
		return false;
	vnm_reader_skip(r, header - 20);
	if (r->bad)
		return false;
	packet->src = vnm_addr_ip4(h + 12);
	packet->dst = vnm_addr_ip4(h + 16);
	packet->protocol = h[9];
	packet->more = (flags & 0x2000) != 0;
	packet->offset = (uint16_t)((flags & 0x1fff) * 8);
	packet->fragment = packet->more || packet->offset != 0;
	packet->id = vnm_be16(h + 4);
	set_payload(packet, r, total != 0 ? total - header : 0, wire_left - header);
	if (total == header)
		packet->wire_n = packet->payload.n = 0;
	return packet->fragment || vnm_packet_step_in(packet);
}

static bool
open_ip6(struct vnm_packet *packet, struct vnm_reader *r, size_t wire_left)
{
	const uint8_t *h = vnm_reader_take(r, 40);

	if (h == NULL || h[0] >> 4 != 6 || wire_left < 40)
		return false;
	packet->src = vnm_addr_ip6(h + 8);
	packet->dst = vnm_addr_ip6(h + 24);
	packet->protocol = h[6];
	set_payload(packet, r, vnm_be16(h + 4), wire_left - 40);
	return vnm_packet_step_in(packet);
}

/* Octets of the extension header h, of which 8 are there; 0: it is none. */
static size_t
extension_size(uint8_t protocol, const uint8_t *h)
{
	switch (protocol) {
	case NEXT_HOP_BY_HOP:
	case NEXT_ROUTING:
	case NEXT_DESTINATION:
	case NEXT_MOBILITY:
	case NEXT_HIP:
	case NEXT_SHIM6:
		return ((size_t)h[1] + 1) * 8;
	case NEXT_AUTHENTICATION:
		return ((size_t)h[1] + 2) * 4;
	case NEXT_FRAGMENT:
		return 8;
	default:
		return 0;
	}
}

static bool
is_extension(uint8_t protocol)
{
	static const uint8_t shortest[2] = {0, 0};

	return extension_size(protocol, shortest) != 0;
}

static void
note_fragment(struct vnm_packet *packet, const uint8_t *h)
{
	unsigned where = vnm_be16(h + 2);

	packet->more = (where & 1) != 0;
	packet->offset = (uint16_t)(where & 0xfff8);
	packet->fragment = packet->more || packet->offset != 0;
	packet->id = vnm_be32(h + 4);
}

bool
vnm_packet_step_in(struct vnm_packet *packet)
{
	for (int i = 0; i < EXTENSIONS_MAX; i++) {
		const uint8_t *h = packet->payload.p;
		uint8_t protocol = packet->protocol;

		if (!is_extension(protocol))
			return true;
		if (packet->payload.n < 8 || extension_size(protocol, h) > packet->payload.n)
			return false;
		size_t size = extension_size(protocol, h);
		packet->protocol = h[0];
		packet->payload.p += size;
		packet->payload.n -= size;
		packet->wire_n -= size;
		if (protocol == NEXT_FRAGMENT) {
			note_fragment(packet, h);
			if (packet->fragment)
				return true;
		}
	}
	return false;
}

bool
vnm_packet_open(struct vnm_packet *packet, int link, const uint8_t *p, size_t n, size_t wire_n)
{
	struct vnm_reader r = vnm_reader_of(p, n);
	unsigned type = link_ethertype(link, &r);

	type = step_over_tags(type, &r);
	if (r.bad)
		return false;
	size_t link_n = n - vnm_reader_left(&r);
	size_t wire_left = wire_n > link_n ? wire_n - link_n : 0;
	*packet = (struct vnm_packet){.wire_n = 0};
	switch (type) {
	case ETHERTYPE_IP4:
		return open_ip4(packet, &r, wire_left);
	case ETHERTYPE_IP6:
		return open_ip6(packet, &r, wire_left);
	default:
		return false;
	}
}
