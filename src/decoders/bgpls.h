/*
 * BGP-LS (RFC 9552 and what extends it): NLRI and attribute 29 into fields of `linkstate`
 * records. Pure functions of octets; lists go to out->scratch.
 */
#ifndef VNM_DECODERS_BGPLS_H
#define VNM_DECODERS_BGPLS_H

#include "decoders/decoder.h"

/*
 * Attribute 29: every TLV by name, unknown ones as octets; repeated ones as a list. False when
 * its own lengths contradict each other: what was read before that is in *pairs all the same.
 */
bool vnm_bgpls_attributes(struct vnm_reader r, struct vnm_out *out, struct vnm_pairs *pairs);

/*
 * One NLRI, without its type and length, into out->rec (a linkstate record that the caller has
 * begun): object, ls_protocol, instance_id, object_id, descriptors. False when it is malformed:
 * then object and object_id alone are set.
 */
bool vnm_bgpls_nlri(uint16_t type, struct vnm_reader r, struct vnm_out *out);

#endif
