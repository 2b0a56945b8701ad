/*
 * BGP-LS TLVs (RFC 9552 section 5.1) by table: their values as named pairs in the scratch.
 */
#ifndef VNM_DECODERS_BGPLS_TLV_H
#define VNM_DECODERS_BGPLS_TLV_H

#include "decoders/decoder.h"

#define VNM_BGPLS_SIZES 6

/* One attribute or NLRI that is being read. */
struct vnm_bgpls {
	struct vnm_out *out;
	uint8_t protocol;  /* Protocol-ID of the NLRI; 0: not known */
	uint8_t prefix_ip; /* VNM_ADDR_IP4 or _IP6 within prefix NLRI */
	unsigned depth;	   /* of TLVs within TLVs */
	uint32_t misfits;  /* values that did not fit their TLV's definition, kept as octets */
	bool full;	   /* the scratch was used up */

	/* Sizes in octets that one part of a value tells of parts that follow it; see layouts. */
	uint8_t sizes[VNM_BGPLS_SIZES];
	uint8_t next;
};

/*
 * All TLVs of r, in the order in which their types first appear. False when a length contradicts
 * the octets at hand; the pairs are those in front of it then. With g->full there are none.
 */
bool vnm_bgpls_tlvs(struct vnm_bgpls *g, struct vnm_reader r, struct vnm_pairs *pairs);

/*
 * The value of one TLV and its name: octets named tlv_<type> where it is of unknown type or does
 * not fit. False with g->full only.
 */
bool vnm_bgpls_value(
    struct vnm_bgpls *g, uint16_t type, struct vnm_reader value, struct vnm_pair *pair);

/* From the scratch; NULL (and g->full) when it is used up. */
void *vnm_bgpls_take(struct vnm_bgpls *g, size_t n);

/* The text of a pair by name; n is 0 where there is none. */
struct vnm_str vnm_bgpls_text(const struct vnm_pairs *pairs, const char *name);

#endif
