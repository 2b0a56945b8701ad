/*
 * What BGP teaches about the topology: MAC addresses and prefixes behind VTEPs, VTEPs in virtual
 * networks (EVPN, RFC 7432, RFC 8365, RFC 9136), routers of an IGP, their links and prefixes
 * (BGP-LS, RFC 9552).
 */
#ifndef VNM_DECODERS_BGP_FACT_H
#define VNM_DECODERS_BGP_FACT_H

#include "decoders/decoder.h"

/*
 * Tells what the record of kind route or linkstate teaches that was emitted last and still is
 * out->rec. `epoch` is another number when its peer's table begins anew. True where it taught
 * something; out->rec is another one then.
 */
bool vnm_bgp_fact(struct vnm_out *out, uint64_t epoch);

/*
 * The peer that the last record, of kind peer, was about no longer stands to what it taught: it
 * begins anew, or is gone.
 */
void vnm_bgp_fact_source(struct vnm_out *out, bool gone, uint64_t epoch);

#endif
