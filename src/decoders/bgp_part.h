/*
 * What the files of the BGP decoder share: the reading of one UPDATE, lists of named values,
 * text in scratch, and the families of NLRI. Private to src/decoders/bgp*.c.
 */
#ifndef VNM_DECODERS_BGP_PART_H
#define VNM_DECODERS_BGP_PART_H

#include "base/text.h"
#include "decoders/bgp.h"
#include "decoders/pair_list.h"

/* ---- text and lists in scratch ----------------------------------------------------------------
 */

/*
 * Room for `max` octets of text, or NULL (and the fault counted) when scratch is full. What was
 * not used goes back with vnm_bgp_text_end(); nothing else may be taken before that.
 */
char *vnm_bgp_text(struct vnm_out *out, size_t max);

static inline struct vnm_str
vnm_bgp_text_end(struct vnm_out *out, char *start, const char *end)
{
	out->scratch->n = (size_t)((const uint8_t *)end - out->scratch->p);
	return (struct vnm_str){start, (uint32_t)(end - start), true};
}

static inline char *
vnm_bgp_put(char *p, const char *text)
{
	size_t n = strlen(text);

	memcpy(p, text, n);
	return p + n;
}

/* Text where it came on the wire. */
struct vnm_str vnm_bgp_text_octets(struct vnm_slice s);

/* "prefix:number", or the prefix alone where there is no number to tell; n is 0 when full. */
struct vnm_str vnm_bgp_text_number(struct vnm_out *out, const char *before, uint64_t v);

/* Octets as hex digits, behind `before`. */
struct vnm_str vnm_bgp_text_hex(
    struct vnm_out *out, const char *before, const uint8_t *p, size_t n);

/* An object of the values of `items`, those of one name as an array. */
void vnm_bgp_add_object(
    struct vnm_pair_list *l, const char *name, const struct vnm_pair_list *items);

/* "<before><number>" as a name in scratch; never NULL. */
const char *vnm_bgp_name(struct vnm_out *out, const char *before, unsigned v);

/* The values of the list, those of one name as an array; an object's are gathered so too. */
struct vnm_pairs vnm_bgp_list_pairs(const struct vnm_pair_list *l);

/* 4 or 16 octets; others are no address. */
static inline struct vnm_addr
vnm_bgp_addr(const uint8_t *p, size_t n)
{
	return n == 4 ? vnm_addr_ip4(p) : n == 16 ? vnm_addr_ip6(p) : (struct vnm_addr){0};
}

/* ---- one UPDATE -------------------------------------------------------------------------------
 */

struct vnm_bgp_attr {
	uint8_t type, flags;
	struct vnm_slice value;
};

/* RFC 7606 section 2, from the mildest on. */
enum vnm_bgp_verdict {
	VNM_BGP_GOOD,
	VNM_BGP_DISCARD,  /* attribute discard */
	VNM_BGP_DISABLE,  /* AFI/SAFI disable */
	VNM_BGP_WITHDRAW, /* treat as withdraw */
	VNM_BGP_RESET	  /* session reset: the message is refused */
};

/* What the label field of an EVPN route holds (RFC 8365 section 5.1.3). */
enum vnm_bgp_encap { VNM_BGP_MPLS, VNM_BGP_VNI };

struct vnm_bgp_reading {
	const struct vnm_bgp_session *session;
	struct vnm_bgp_result *result;
	struct vnm_out *out;
	bool as4; /* the width that AS_PATH turned out to have */
	bool as_guessed;
	bool nested;			  /* within an ATTR_SET */
	const struct vnm_bgp_kept *again; /* it is this route, told again; NULL: an UPDATE */
	struct vnm_slice octets;	  /* of all attributes */

	struct vnm_record attrs; /* of kind route: has and the fields from next_hop to attributes */
	struct vnm_pair_list extra;
	struct vnm_pairs link_state; /* attribute 29 */
	bool has_link_state;
	enum vnm_bgp_encap encap;
	struct {
		bool there;
		uint8_t sid[16];
		uint8_t length,
		    offset; /* bits that stand in the label field (RFC 9252 section 4) */
	} srv6;

	/* Kept until all attributes are there, as one depends on another. */
	struct vnm_slice as_path, as4_path, aggregator, as4_aggregator, reach, unreach, pmsi;
	bool has_as_path, has_as4_path, has_aggregator, has_as4_aggregator;
	bool has_reach, has_unreach, has_origin, has_next_hop;
	uint32_t count; /* of attributes */

	enum vnm_bgp_verdict verdict;
	struct vnm_str verdict_reason;
};

/* The message is no worse than `verdict` from now on; `what` is wrong with `attribute`. */
void vnm_bgp_judge(struct vnm_bgp_reading *u, enum vnm_bgp_verdict verdict, const char *attribute,
    const char *what);

/*
 * Reads the path attributes into u->attrs. False when they cannot be followed or a session would
 * have to be reset for them.
 */
bool vnm_bgp_attributes(struct vnm_bgp_reading *u, struct vnm_slice octets);

/*
 * The attributes as they can be kept, in scratch: without NLRI, and with the next hop of
 * MP_REACH_NLRI where `reach` says that the routes are its own. Empty when scratch is full.
 */
struct vnm_slice vnm_bgp_attributes_kept(struct vnm_bgp_reading *u, bool reach);

/* The fields that `u` holds as named values: of an ATTR_SET. */
void vnm_bgp_attributes_list(const struct vnm_bgp_reading *u, struct vnm_pair_list *list);

/* AS_PATH, AS4_PATH, AGGREGATOR and AS4_AGGREGATOR together (RFC 6793 section 4.2.3). */
void vnm_bgp_paths(struct vnm_bgp_reading *u);

/* ---- values of attributes: false when malformed -----------------------------------------------
 */

typedef bool (*vnm_bgp_attr_fn)(struct vnm_bgp_reading *u, const struct vnm_bgp_attr *a);

bool vnm_bgp_attr_communities(struct vnm_bgp_reading *u, const struct vnm_bgp_attr *a);
bool vnm_bgp_attr_ext_communities(struct vnm_bgp_reading *u, const struct vnm_bgp_attr *a);
bool vnm_bgp_attr_ip6_communities(struct vnm_bgp_reading *u, const struct vnm_bgp_attr *a);
bool vnm_bgp_attr_large_communities(struct vnm_bgp_reading *u, const struct vnm_bgp_attr *a);
bool vnm_bgp_attr_container(struct vnm_bgp_reading *u, const struct vnm_bgp_attr *a);
bool vnm_bgp_attr_pmsi(struct vnm_bgp_reading *u, const struct vnm_bgp_attr *a);
bool vnm_bgp_attr_tunnels(struct vnm_bgp_reading *u, const struct vnm_bgp_attr *a);
bool vnm_bgp_attr_aigp(struct vnm_bgp_reading *u, const struct vnm_bgp_attr *a);
bool vnm_bgp_attr_d_path(struct vnm_bgp_reading *u, const struct vnm_bgp_attr *a);
bool vnm_bgp_attr_sfp(struct vnm_bgp_reading *u, const struct vnm_bgp_attr *a);
bool vnm_bgp_attr_bfd(struct vnm_bgp_reading *u, const struct vnm_bgp_attr *a);
bool vnm_bgp_attr_prefix_sid(struct vnm_bgp_reading *u, const struct vnm_bgp_attr *a);
bool vnm_bgp_attr_set(struct vnm_bgp_reading *u, const struct vnm_bgp_attr *a);

/* A type of tunnel by name (RFC 9012), or NULL. */
const char *vnm_bgp_tunnel_name(uint16_t type);

/* An extended community of 8 octets as text. */
struct vnm_str vnm_bgp_ext_community(struct vnm_out *out, const uint8_t p[8]);

/* ---- NLRI -------------------------------------------------------------------------------------
 */

/* A run of NLRI of one family. */
struct vnm_bgp_block {
	uint16_t afi;
	uint8_t safi;
	bool withdraw;
	bool judged; /* the attributes' verdict holds for it */
	bool reach;  /* of MP_REACH_NLRI */
	struct vnm_slice octets;
	const struct vnm_bgp_nlri *nlri; /* NULL: a family that is not known */
	bool add_path;			 /* path identifiers are there */
	bool multiple_labels;
	bool add_path_guessed, labels_guessed;
	bool bad_next_hop;
	struct vnm_slice attributes; /* as they can be kept; empty: they are not */
};

/* How NLRI of one family are read: a row of the table in bgp_nlri.c. */
struct vnm_bgp_nlri {
	uint16_t afi; /* 0: any */
	uint8_t safi;
	bool framed; /* each begins with its length: one in error does not spoil those before */
	uint8_t max; /* bits of the longest prefix */
	/*
	 * Octets of the NLRI at p, where n > 0 are left; 0 when none can begin there. `strict`
	 * refuses what is possible but not likely, to tell path identifiers from NLRI.
	 */
	size_t (*size)(const struct vnm_bgp_block *b, const uint8_t *p, size_t n, bool strict);
	/* The NLRI in r, which is of that size, into *rec; false when it is malformed inside. */
	bool (*decode)(struct vnm_bgp_reading *u, struct vnm_bgp_block *b, struct vnm_reader r,
	    struct vnm_record *rec);
	/*
	 * What of the NLRI in s, which is of that size, tells its route from others, into `out`
	 * of VNM_BGP_KEY_MAX octets: how many. NULL: all of it.
	 */
	size_t (*key)(const struct vnm_bgp_block *b, struct vnm_slice s, uint8_t *out);
};

/*
 * Emits a record for each NLRI, and one for what could not be read. False when no more records
 * are taken.
 */
bool vnm_bgp_block(struct vnm_bgp_reading *u, struct vnm_bgp_block *b);

/* A record of kind route of that block, or linkstate, with what stands in all of them. */
struct vnm_record *vnm_bgp_begin(struct vnm_bgp_reading *u, const struct vnm_bgp_block *b);

/*
 * The header of a BGP message of that type (RFC 4271 section 4.1): its body, and *r behind it.
 */
enum vnm_reason vnm_bgp_header(struct vnm_reader *r, uint8_t type, struct vnm_reader *body);

/* The SRv6 SID of a route part of which stands in the label field at p (RFC 9252 section 4). */
struct vnm_addr vnm_bgp_sid(const struct vnm_bgp_reading *u, const uint8_t p[3]);

/* The P-Multicast tunnel, whose label may be a VNI: when all attributes are read. */
void vnm_bgp_pmsi(struct vnm_bgp_reading *u);

/* A prefix of `bits`, whose octets are read from r, as text into rec. */
bool vnm_bgp_prefix(struct vnm_bgp_reading *u, struct vnm_reader *r, unsigned bits, uint8_t max,
    struct vnm_record *rec);

/* A prefix's text into scratch. */
struct vnm_str vnm_bgp_prefix_text(
    struct vnm_out *out, const uint8_t *p, unsigned bits, uint8_t max);

#define VNM_BGP_SIZE(name)          \
	size_t vnm_bgp_size_##name( \
	    const struct vnm_bgp_block *b, const uint8_t *p, size_t n, bool strict)
#define VNM_BGP_DECODE(name)                                                           \
	bool vnm_bgp_decode_##name(struct vnm_bgp_reading *u, struct vnm_bgp_block *b, \
	    struct vnm_reader r, struct vnm_record *rec)
#define VNM_BGP_KEY(name) \
	size_t vnm_bgp_key_##name(const struct vnm_bgp_block *b, struct vnm_slice s, uint8_t *out)

VNM_BGP_SIZE(prefix);
VNM_BGP_DECODE(prefix);
VNM_BGP_KEY(prefix);
VNM_BGP_SIZE(labelled);
VNM_BGP_DECODE(labelled);
VNM_BGP_KEY(labelled);
VNM_BGP_SIZE(distinguished);
VNM_BGP_DECODE(distinguished);
VNM_BGP_KEY(distinguished);
VNM_BGP_SIZE(evpn);
VNM_BGP_DECODE(evpn);
VNM_BGP_KEY(evpn);
VNM_BGP_SIZE(flowspec);
VNM_BGP_DECODE(flowspec);
VNM_BGP_SIZE(target);
VNM_BGP_DECODE(target);
VNM_BGP_SIZE(vpls);
VNM_BGP_DECODE(vpls);
VNM_BGP_KEY(vpls);
VNM_BGP_SIZE(mvpn);
VNM_BGP_DECODE(mvpn);
VNM_BGP_SIZE(policy);
VNM_BGP_DECODE(policy);
VNM_BGP_SIZE(linkstate);
VNM_BGP_DECODE(linkstate);

#endif
