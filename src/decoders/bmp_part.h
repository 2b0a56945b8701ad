/*
 * What the files of the BMP decoder share: one message on its way through it, and the records
 * that it begins. Private to src/decoders/bmp*.c.
 */
#ifndef VNM_DECODERS_BMP_PART_H
#define VNM_DECODERS_BMP_PART_H

#include "decoders/bmp.h"

/* Flags of the per-peer header. */
#define VNM_BMP_FLAG_V 0x80U /* IPv6; of a Loc-RIB: filtered */
#define VNM_BMP_FLAG_L 0x40U /* post-policy */
#define VNM_BMP_FLAG_A 0x20U /* AS_PATH of two-octet AS numbers */
#define VNM_BMP_FLAG_O 0x10U /* Adj-RIB-Out */

/* One message on its way through the decoder. */
struct vnm_bmp_message {
	struct vnm_exporter *x;
	struct vnm_out *out;
	struct vnm_bmp_session *session;
	struct vnm_bmp_peer *peer; /* NULL: the message is about the router */
	uint8_t version, type;
	uint8_t flags;
	enum vnm_bmp_view view;
	struct vnm_str distinguisher;
	struct vnm_str table_name; /* of this message; n 0: that of the Peer Up */
	struct vnm_bmp_tlvs tlvs;  /* of version 4's Route Monitoring */
	uint32_t routes;	   /* begun so far */
	uint64_t now_ns;	   /* the packets' clock */
	/* Of the standing RIB. */
	const struct vnm_bmp_marking *marking; /* of the route begun last; NULL: none */
	struct vnm_str trigger;	    /* why records are made; n 0: the message tells them */
	bool stale;		    /* the route that is told again is */
	const uint8_t *kept_from;   /* octets whose attributes are in `kept` */
	struct vnm_rib_attrs *kept; /* one of its references */
};

/* Text that was kept of the router's messages. */
static inline struct vnm_str
vnm_bmp_text(const char *text)
{
	return (struct vnm_str){text, (uint32_t)strlen(text), false};
}

static inline bool
vnm_bmp_is_zero(const uint8_t *p, size_t n)
{
	while (n > 0 && p[n - 1] == 0)
		n--;
	return n == 0;
}

/* The envelope's part that says from whom the session's records are. */
void vnm_bmp_set_source(const struct vnm_bmp_message *m);

/* The message is about this peer (NULL: the router), with these per-peer flags. */
void vnm_bmp_set_peer(struct vnm_bmp_message *m, struct vnm_bmp_peer *peer, uint8_t flags);

/* A peer record of that event with what is known of router and peer. */
struct vnm_record *vnm_bmp_begin_peer(struct vnm_bmp_message *m, struct vnm_str event);

/* The same of a route or linkstate record; ctx is the message (struct vnm_bgp_session). */
struct vnm_record *vnm_bmp_begin_route(void *ctx, enum vnm_kind kind);
bool vnm_bmp_emit(void *ctx);

/* What the route or link state in the record teaches about the topology. */
void vnm_bmp_teach(struct vnm_bmp_message *m);

/* After a record of the peer: what the peer taught does not hold any more. */
void vnm_bmp_end_facts(struct vnm_bmp_message *m, bool gone);

#endif
