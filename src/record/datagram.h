/*
 * One message as it came: a UDP datagram, or one framed message of a stream. Borrowed for the
 * call: whoever wants to keep any of it copies.
 */
#ifndef VNM_RECORD_DATAGRAM_H
#define VNM_RECORD_DATAGRAM_H

#include "base/addr.h"

enum vnm_transport { VNM_TRANSPORT_UDP, VNM_TRANSPORT_TCP };

struct vnm_datagram {
	const uint8_t *p;
	size_t n;	/* octets */
	uint64_t rx_ns; /* ns since 1970: the only clock that a decoder sees */
	struct vnm_endpoint src;
	struct vnm_endpoint dst;
	enum vnm_transport transport;
	uint64_t session; /* of a stream: unique among those open at a time; 0: none (UDP) */
};

#endif
