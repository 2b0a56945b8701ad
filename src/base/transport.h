/*
 * How messages come: the transports that listeners and records know.
 */
#ifndef VNM_BASE_TRANSPORT_H
#define VNM_BASE_TRANSPORT_H

#include "base/slice.h"

/* X(what, its word in the configuration and in records, whether it is a stream of octets) */
#define VNM_TRANSPORTS(X)    \
	X(UDP, "udp", false) \
	X(TCP, "tcp", true)  \
	X(TLS, "tls", true)

enum vnm_transport {
#define VNM_TRANSPORT_VALUE(what, word, stream) VNM_TRANSPORT_##what,
	VNM_TRANSPORTS(VNM_TRANSPORT_VALUE)
#undef VNM_TRANSPORT_VALUE
	    VNM_TRANSPORT_COUNT
};

/* "udp" …, terminated. */
struct vnm_str vnm_transport_name(enum vnm_transport t);

/* Whether messages must be cut out of a stream of octets. */
bool vnm_transport_is_stream(enum vnm_transport t);

/* The transport whose word stands before the first ':' of a text; COUNT: none. */
enum vnm_transport vnm_transport_before_colon(const char *text);

#endif
