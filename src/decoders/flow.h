/*
 * What the decoders of NetFlow v1, v5, v7, v9 and IPFIX share.
 *
 * State of one exporter (one address): its domains, each a (transport session, observation
 * domain) with templates and a sequence; facts learnt from options data; data held until its
 * template comes.
 */
#ifndef VNM_DECODERS_FLOW_H
#define VNM_DECODERS_FLOW_H

#include "base/clock.h"
#include "decoders/decoder.h"

#define VNM_FLOW_OPTIONS(X)                                                                 \
	X(struct vnm_flow_options, sampling, REAL, "0", RELOAD,                             \
	    "1 in N, for exporters that do not tell; 0: unknown")                           \
	X(struct vnm_flow_options, sampling_override, REAL, "0", RELOAD,                    \
	    "1 in N, whatever exporters tell; 0: believe them")                             \
	X(struct vnm_flow_options, salvage, BOOL, "false", RELOAD,                          \
	    "decode what fits of IPFIX messages that RFC 7011 section 9.1 says to discard") \
	X(struct vnm_flow_options, template_lifetime, DURATION, "0", RELOAD,                \
	    "a UDP template that is not refreshed for so long is forgotten; 0: never")

struct vnm_flow_options {
	VNM_FLOW_OPTIONS(VNM_OPTION_MEMBER)
};

/* The header of one message, of whatever version. */
struct vnm_flow_header {
	uint16_t version;
	uint16_t count;	    /* what the header says: records (or sets), often wrong; 0: none */
	uint64_t export_ns; /* ns since 1970, by the exporter's clock */
	uint32_t uptime_ms; /* sysUptime; wraps every 49.7 days; IPFIX: 0 */
	uint32_t sequence;
	uint32_t domain; /* IPFIX domain, v9 source id, v5 engine type<<8|id */
};

/*
 * A time given as milliseconds of the exporter's uptime, as ns since 1970: the difference to
 * the header's uptime is signed, so that a wrap in between and times slightly ahead of the
 * header (both seen in the field) come out right.
 */
static inline uint64_t
vnm_flow_uptime_ns(const struct vnm_flow_header *h, uint32_t at_ms)
{
	int64_t delta_ms = (int32_t)(h->uptime_ms - at_ms);

	return h->export_ns - (uint64_t)(delta_ms * (int64_t)VNM_NS_PER_MS);
}

/* What a version is called, and what its sequence numbers count; version 5, 7, 9 or 10. */
struct vnm_flow_version {
	uint16_t version;
	struct vnm_str name, unit;
};
const struct vnm_flow_version *vnm_flow_version(uint16_t version);

/* Envelope fields of a message, and the base for its records. */
void vnm_flow_envelope(
    const struct vnm_flow_header *h, struct vnm_str decoder, struct vnm_out *out);

/* Fields that follow from others: sampled counts, ICMP type from the port, names. */
void vnm_flow_finish(struct vnm_record *r, struct vnm_exporter *x, struct vnm_out *out);

/* NetFlow v1, v5, v7 (netflow5.c). */
enum vnm_reason vnm_netflow5_decode(
    struct vnm_exporter *x, const struct vnm_datagram *d, struct vnm_out *out);

#endif
