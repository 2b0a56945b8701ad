/*
 * BMP (RFC 7854, RFC 8671, RFC 9069, RFC 9736, draft-ietf-grow-bmp-tlv): what its decoder knows
 * of a router's sessions and their BGP peers.
 *
 * A peer is known by its type, distinguisher and address within one BMP session: exporters send
 * other BGP identifiers and AS numbers for the same peer after it went down.
 */
#ifndef VNM_DECODERS_BMP_H
#define VNM_DECODERS_BMP_H

#include "decoders/rib.h"

/* Keys of a listener that has this decoder. */
#define VNM_BMP_OPTIONS(X)                                                                         \
	X(struct vnm_bmp_options, evidence, BOOL, "true", RELOAD,                                  \
	    "what EVPN and BGP-LS teach about the topology is told in records of their own")       \
	X(struct vnm_bmp_options, rib, STRING, "off", RELOAD,                                      \
	    "standing table of routes: off, count (how many there are) or full (the routes); of "  \
	    "sessions that begin from then on")                                                    \
	X(struct vnm_bmp_options, rib_paths, NUMBER, "4000000", RELOAD,                            \
	    "paths kept of one router, each of 256 octets of memory on average at the most; "      \
	    "further ones are published, not kept")                                                \
	X(struct vnm_bmp_options, rib_suppress, BOOL, "false", RELOAD,                             \
	    "announcements that change nothing and withdrawals of routes that are not there are "  \
	    "not published; needs `rib: full`")                                                    \
	X(struct vnm_bmp_options, rib_stale, DURATION, "5m", RELOAD,                               \
	    "how long routes of a lost router, or of a peer that came up again, are kept until "   \
	    "they are confirmed")                                                                  \
	X(struct vnm_bmp_options, rib_dump_interval, DURATION, "0", RELOAD,                        \
	    "how often all routes (with `rib: count` their number) are published again; 0: never") \
	X(struct vnm_bmp_options, rib_dump_start, BOOL, "false", RELOAD,                           \
	    "one such dump as soon as the first tables of a session are complete")

struct vnm_bmp_options {
	VNM_BMP_OPTIONS(VNM_OPTION_MEMBER)
	enum vnm_rib_mode mode; /* what prepare() makes of `rib` */
};

enum vnm_bmp_view { VNM_BMP_IN, VNM_BMP_OUT, VNM_BMP_LOC };

#define VNM_BMP_PEER_GLOBAL 0
#define VNM_BMP_PEER_LOC_RIB 3 /* peer type of the router's own table (RFC 9069) */

struct vnm_bmp_key {
	uint8_t type;
	uint8_t zero[7];
	uint8_t distinguisher[8];
	uint8_t addr[16]; /* as on the wire: IPv4 in the last four octets */
};

struct vnm_bmp_peer {
	struct vnm_bmp_key key;
	bool up;	/* by a Peer Up that no Peer Down followed */
	bool implicit;	/* never announced by a Peer Up */
	bool told;	/* routes came since the last Peer Down */
	bool taught;	/* facts came since the last Peer Up or Peer Down */
	uint32_t epoch; /* of its facts: how often they have become void */
	bool as4;	/* both OPENs have four-octet AS numbers */
	uint8_t flags;	/* of the message before */
	uint32_t as;
	uint8_t bgp_id[4];
	struct vnm_bgp_family sent[VNM_BGP_FAMILIES]; /* in the router's OPEN */
	struct vnm_bgp_family received[VNM_BGP_FAMILIES];
	uint8_t sent_count, received_count;
	char table_name[64];	       /* cut where longer; empty: not told */
	struct vnm_rib_table **tables; /* owned, as are the tables (vnm_rib_drop()) */
	uint32_t table_count;
	bool unkept; /* a table could not be made: routes are not kept that are there */
};

struct vnm_bmp_session {
	uint64_t id;		    /* of the stream */
	char name[128];		    /* sysName, cut where longer; empty: not told */
	uint8_t router_id[4];	    /* its BGP identifier, by its OPENs; zero: not told */
	bool terminated;	    /* the router said that it would end */
	struct vnm_bmp_peer *peers; /* owned */
	uint32_t count, cap;
	struct vnm_table index; /* of peers by key */
	bool begun;		/* what follows is set */
	enum vnm_rib_mode mode;
	uint64_t serial;    /* later sessions have greater ones */
	uint16_t port;	    /* of the router */
	bool lost;	    /* it is over, and routes of it are kept as stale */
	uint64_t lost_ns;   /* since when */
	uint64_t began_ns;  /* on the packets' clock, as are all times */
	uint64_t dumped_ns; /* when the last dump began */
	bool first_dumped;
	struct {
		bool on, begun;	      /* begun: the table's begin is told */
		uint32_t peer, table; /* where it is */
		uint64_t paths;	      /* told so far */
	} dump;
};

struct vnm_bmp_state {
	struct vnm_bmp_session **sessions; /* owned, as are the sessions */
	uint32_t count, cap;
	uint64_t serial; /* of the last session */
	uint64_t now_ns; /* when it was last heard or ticked */
	struct vnm_rib rib;
	struct vnm_bmp_rib_config {
		enum vnm_rib_mode mode; /* of sessions to come */
		uint64_t paths;
		bool suppress, dump_start;
		uint64_t stale_ns, interval_ns;
	} config; /* as the options were with the last message that had some */
	uint64_t counted_paths, counted_octets; /* in the worker's gauges */
};

/* The stream's session, made where it is new; NULL when memory is short. */
struct vnm_bmp_session *vnm_bmp_session_get(struct vnm_bmp_state *s, uint64_t id);
/* NULL where there is none. */
struct vnm_bmp_session *vnm_bmp_session_find(struct vnm_bmp_state *s, uint64_t id);
/* Its tables are dropped with it. */
void vnm_bmp_session_end(struct vnm_bmp_state *s, struct vnm_bmp_session *session);

/* The peer, made (implicit) where it is new; NULL when memory is short or there are `limit`. */
struct vnm_bmp_peer *vnm_bmp_peer_get(
    struct vnm_bmp_session *session, const struct vnm_bmp_key *key, uint32_t limit);

/* NULL where there is none. */
struct vnm_bmp_peer *vnm_bmp_peer_find(
    const struct vnm_bmp_session *session, const struct vnm_bmp_key *key);

/* All its tables are dropped. */
void vnm_bmp_peer_drop(struct vnm_bmp_state *s, struct vnm_bmp_peer *peer);

/* Whether the OPENs lead to expect path identifiers in this view (RFC 7911 section 5). */
bool vnm_bmp_expects_add_path(
    const struct vnm_bmp_peer *peer, enum vnm_bmp_view view, uint16_t afi, uint8_t safi);

/* Whether both OPENs have the Multiple Labels capability for it (RFC 8277 section 2.1). */
bool vnm_bmp_expects_labels(const struct vnm_bmp_peer *peer, uint16_t afi, uint8_t safi);

/* What a router says of a path (draft-ietf-grow-bmp-path-marking-tlv). */
struct vnm_bmp_marking {
	uint32_t status; /* bits */
	uint16_t reason;
	bool there, has_reason;
};

#define VNM_BMP_STATELESS 16 /* families of one message whose widths it tells itself */

/* What the TLVs of version 4's Route Monitoring tell besides the routes. */
struct vnm_bmp_tlvs {
	struct vnm_reader update; /* the BGP message */
	struct vnm_str table_name;
	bool as4; /* it says that AS numbers have four octets */
	struct vnm_bgp_family families[VNM_BMP_STATELESS];
	uint8_t family_count;
	struct vnm_bmp_marking all;	  /* of NLRI that have none of their own */
	struct vnm_bmp_marking *markings; /* in scratch, by the number of the NLRI */
	uint32_t marking_count;
};

/*
 * Reads the TLVs behind the per-peer header: VNM_OK, or why there is no UPDATE among them. What
 * is wrong with others is a fault.
 */
enum vnm_reason vnm_bmp_tlvs(struct vnm_reader r, struct vnm_out *out, struct vnm_bmp_tlvs *t);

/* Of the NLRI of that number, from 1 in the order of the UPDATE; NULL where there is none. */
const struct vnm_bmp_marking *vnm_bmp_marking(const struct vnm_bmp_tlvs *t, uint32_t number);

/*
 * The TLVs of a Statistics Report behind its per-peer header, as named values in scratch: VNM_OK,
 * or why there are none.
 */
enum vnm_reason vnm_bmp_stats(struct vnm_reader r, struct vnm_out *out, struct vnm_pairs *pairs);

#endif
