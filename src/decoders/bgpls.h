/*
 * BGP-LS (RFC 9552 and what extends it): NLRI and attribute 29 into fields of `linkstate`
 * records. Pure functions of octets; lists go to out->scratch.
 */
#ifndef VNM_DECODERS_BGPLS_H
#define VNM_DECODERS_BGPLS_H

#include "decoders/decoder.h"

/*
 * Attribute 29: every TLV by name (bgpls_tlvs.def), in the order in which they first appear; one
 * that comes repeatedly is an array; one of unknown type, or that does not fit its definition, is
 * octets named tlv_<type>. False when its own lengths contradict each other: what was read before
 * that is in *pairs all the same. When the scratch is used up that is a fault and there are none.
 */
bool vnm_bgpls_attributes(struct vnm_reader r, struct vnm_out *out, struct vnm_pairs *pairs);

/*
 * One NLRI, without its type and length (and without the route distinguisher of SAFI 72), into
 * out->rec, a linkstate record that the caller has begun: object, object_id, ls_protocol,
 * instance_id, local_node, remote_node, descriptors, local_igp_router_id, remote_igp_router_id,
 * prefix. False when it is malformed: lengths that contradict each other, a descriptor that does
 * not fit its definition or one that its type must have and has not; then object and object_id
 * alone are set. So are they, without fault, for a type that is not known: object_id has all of
 * its octets. A scratch that is used up is a fault; what did not find room there is absent.
 */
bool vnm_bgpls_nlri(uint16_t type, struct vnm_reader r, struct vnm_out *out);

#endif
