/*
 * One message as it came: a UDP datagram, or one framed message of a stream. Borrowed for the
 * call: whoever wants to keep any of it copies.
 */
#ifndef VNM_RECORD_DATAGRAM_H
#define VNM_RECORD_DATAGRAM_H

#include "base/addr.h"
#include "base/transport.h"

/*
 * Tells where messages end on a stream: the size in octets of the message that begins at p, of
 * which n octets are there; 0 when more must come to tell, VNM_FRAME_BAD when the stream
 * cannot be followed.
 */
typedef size_t (*vnm_frame_fn)(const uint8_t *p, size_t n);
#define VNM_FRAME_BAD SIZE_MAX

struct vnm_datagram;

/*
 * The way back to who sent a message: by the socket that it came by. Borrowed; it may be used
 * until the turn's end.
 */
struct vnm_way_back {
	/* n octets to where `d` came from; false where they could not be sent, and never will. */
	bool (*send)(const struct vnm_way_back *way, const struct vnm_datagram *d, const uint8_t *p,
	    size_t n);
};

struct vnm_datagram {
	const uint8_t *p;
	size_t n;	/* octets */
	uint64_t rx_ns; /* ns since 1970: the only clock that a decoder sees */
	struct vnm_endpoint src;
	struct vnm_endpoint dst;
	enum vnm_transport transport;
	uint64_t session; /* of a stream: unique among those open at a time; 0: none (UDP) */
	vnm_frame_fn
	    frame;	/* of a stream in a capture: what told where its messages end; else NULL */
	uint32_t scope; /* of a link-local source: its interface; 0: not known */
	const struct vnm_way_back *back; /* NULL: there is none, as in a replay */
	struct vnm_str cert_name;	 /* in the sender's verified certificate; n 0: none */
};

#endif
