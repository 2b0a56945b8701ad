/*
 * BGP messages (RFC 4271 and what extends it) into fields of `route` and `linkstate` records:
 * UPDATE with its attributes and NLRI, OPEN with its capabilities, NOTIFICATION. Pure functions
 * of octets and of what the caller knows of the session; lists go to out->scratch.
 */
#ifndef VNM_DECODERS_BGP_H
#define VNM_DECODERS_BGP_H

#include "decoders/decoder.h"

/*
 * One route of an UPDATE as it can be kept and told again: octets as they came, and how they
 * turned out to read. Borrowed for the call.
 */
struct vnm_bgp_kept {
	uint16_t afi;
	uint8_t safi;
	bool withdraw;
	bool path_id;	      /* `nlri` begins with a path identifier */
	bool path_id_guessed; /* ... or does not, against expectation */
	bool multiple_labels; /* may stand before the prefix */
	bool cut;	      /* the NLRI is longer than the message (link state) */
	bool as4, as_guessed; /* the width of AS numbers in `attributes` */
	struct vnm_slice nlri;
	struct vnm_slice attributes; /* without NLRI: of MP_REACH_NLRI up to the next hop */
};

/* What the OPENs lead to expect, and where records go. */
struct vnm_bgp_session {
	void *ctx;
	struct vnm_out *out;
	bool as4; /* AS numbers of four octets are expected (RFC 6793) */
	/* Whether path identifiers are expected for a family (RFC 7911). */
	bool (*add_path)(void *ctx, uint16_t afi, uint8_t safi);
	/* Whether several labels may stand before a prefix (RFC 8277 section 2.1). */
	bool (*multiple_labels)(void *ctx, uint16_t afi, uint8_t safi);
	/* A record of kind route or linkstate with envelope and peer fields set. */
	struct vnm_record *(*begin)(void *ctx, enum vnm_kind kind);
	/* The record is complete: false when the message has yielded all it may. */
	bool (*emit)(void *ctx);
	/* A route that could be read, before its record is emitted: false withholds that. Or NULL.
	 */
	bool (*keep)(void *ctx, const struct vnm_bgp_kept *k);
	/* End-of-RIB, before its record is begun. Or NULL. */
	void (*ended)(void *ctx, uint16_t afi, uint8_t safi);
};

/* What an UPDATE had to be read like, for the caller's counters and first guesses. */
struct vnm_bgp_result {
	bool as_width_guessed; /* not the width that was expected */
	bool add_path_guessed; /* ... of at least one of its families */
	bool trailing;	       /* octets behind the message, which BMP allows as TLVs */
	uint32_t announced, withdrawn, ends; /* NLRI; End-of-RIB markers */
};

/*
 * One BGP message, from its marker on; what is behind its own length is left in *r. VNM_OK, or
 * the reason for which none of it could be used (truncated, bad_header, bad_length …); faults
 * of attributes and NLRI are faults of the message (vnm_out_fault) and stand in the records as
 * `verdict` (RFC 7606).
 */
enum vnm_reason vnm_bgp_update(
    struct vnm_reader *r, const struct vnm_bgp_session *session, struct vnm_bgp_result *result);

/* A route that was kept, told again: as vnm_bgp_update() told it, or as withdrawn. */
enum vnm_reason vnm_bgp_again(const struct vnm_bgp_kept *k, const struct vnm_bgp_session *session,
    struct vnm_bgp_result *result);

#define VNM_BGP_KEY_MAX 512 /* octets of a key that is not in the NLRI as it came */

/*
 * What of an NLRI tells its route from others (labels, for instance, do not), behind the path
 * identifier: in `room`, or in the NLRI itself. False of a family that is not known.
 */
bool vnm_bgp_key(
    const struct vnm_bgp_kept *k, uint8_t room[VNM_BGP_KEY_MAX], struct vnm_slice *key);

/* The prefix of a route; false where it has none that the NLRI alone tells. */
bool vnm_bgp_prefix_of(const struct vnm_bgp_kept *k, struct vnm_prefix *prefix);

/* The NLRI of a family whose NLRI are prefixes and nothing else: octets, or 0 of other families. */
size_t vnm_bgp_prefix_nlri(
    uint16_t afi, uint8_t safi, const struct vnm_prefix *prefix, uint8_t nlri[17]);

#define VNM_BGP_FAMILIES 32 /* of one OPEN that are kept; further ones are ignored and counted */

struct vnm_bgp_family {
	uint16_t afi;
	uint8_t safi;
	uint8_t add_path; /* RFC 7911 section 4: 0 none, 1 receive, 2 send, 3 both */
	uint8_t labels;	  /* RFC 8277: 0 where the capability does not name the family */
	bool multiprotocol;
};

struct vnm_bgp_open {
	uint32_t as; /* of four octets where the capability is there */
	uint16_t hold_time_s;
	uint8_t id[4];
	bool as4, extended_message, enhanced_refresh;
	struct vnm_bgp_family families[VNM_BGP_FAMILIES];
	uint8_t family_count;
	struct vnm_strs capabilities; /* by name; in scratch */
};

/* One OPEN (RFC 4271 section 4.2, RFC 5492, RFC 9072), from its marker on; *r is behind it. */
enum vnm_reason vnm_bgp_open(struct vnm_reader *r, struct vnm_out *out, struct vnm_bgp_open *open);

/* Names by IANA's registries; n is 0 where there is none. Text is static. */
struct vnm_str vnm_afi_name(uint16_t afi);
struct vnm_str vnm_safi_name(uint8_t safi);

/* A route distinguisher's text (RFC 4364 section 4.2) into scratch; n is 0 when that is full. */
struct vnm_str vnm_rd_text(const uint8_t rd[8], struct vnm_out *out);

#endif
