/*
 * The standing RIB in the BMP decoder: what messages do to it, and what it tells by itself.
 *
 * Routes that may be gone are swept, not dropped: when a peer comes up while it is up, and when
 * the session of a router is lost, all its paths become stale; an announcement confirms a path;
 * End-of-RIB, or `rib_stale` without one more confirmed, withdraws the stale ones of that peer,
 * view and family (RFC 4724 section 4.2 has the same idea for BGP itself). Private to
 * src/decoders/bmp*.c.
 */
#ifndef VNM_DECODERS_BMP_RIB_H
#define VNM_DECODERS_BMP_RIB_H

#include "decoders/bmp_part.h"

/* ---- bmp_rib.c: messages ---------------------------------------------------------------------
 */

extern const struct vnm_option vnm_bmp_options[];
int vnm_bmp_options_check(const void *options, struct vnm_err *err);
int vnm_bmp_options_prepare(
    void *options, const struct vnm_decoder_setting *setting, struct vnm_err *err);

/* A peer's table, or NULL. */
struct vnm_rib_table *vnm_bmp_rib_table(
    const struct vnm_bmp_peer *peer, enum vnm_rib_view view, uint16_t afi, uint8_t safi);

/* Whether two sessions from one address are, as far as names tell, of the same router. */
bool vnm_bmp_rib_same_router(const struct vnm_bmp_session *a, const struct vnm_bmp_session *b);

/* The message's session is there: what the options say, and what is new in it. */
void vnm_bmp_rib_begin(struct vnm_bmp_message *m, const struct vnm_datagram *d);

/* The message's peer is new: it takes over the routes that it had when the router was lost. */
void vnm_bmp_rib_adopt(struct vnm_bmp_message *m);

/* Of struct vnm_bgp_session, where the session has a RIB; the context is the message. */
bool vnm_bmp_rib_keep(void *ctx, const struct vnm_bgp_kept *k);
void vnm_bmp_rib_ended(void *ctx, uint16_t afi, uint8_t safi);

/* Peer Up, before the peer is up; Peer Down. */
void vnm_bmp_rib_up(struct vnm_bmp_message *m);
void vnm_bmp_rib_down(struct vnm_bmp_message *m);

/* The message is read. */
void vnm_bmp_rib_done(struct vnm_bmp_message *m);

/*
 * Whether the end of the message's session is not the end of this peer's routes: they are kept,
 * or another session has them. Of what is not kept completely all is gone.
 */
bool vnm_bmp_rib_outlasts(const struct vnm_bmp_message *m, const struct vnm_bmp_peer *peer);

/* The session is over and told of: it is kept while routes of it are, or ended. */
void vnm_bmp_rib_lost(struct vnm_bmp_message *m);

/* The decoder's. */
void vnm_bmp_rib_tick(struct vnm_exporter *x, uint64_t now_ns, bool final, struct vnm_out *out);
void vnm_bmp_rib_close(struct vnm_bmp_state *state, struct vnm_counters *counters);

/* The gauges are as the RIB is. */
void vnm_bmp_rib_count(struct vnm_bmp_state *state, struct vnm_counters *counters);

/* All paths of the table that are stale are to be swept. */
void vnm_bmp_rib_sweep(struct vnm_bmp_message *m, struct vnm_rib_table *t);

/* ---- bmp_tell.c: what is told again ----------------------------------------------------------
 */

/*
 * A sweep that has begun goes on: false when the table is through, true when `cost` is used up or
 * no more records are taken.
 */
bool vnm_bmp_tell_sweep(struct vnm_bmp_message *m, struct vnm_rib_table *t, uint32_t *cost);

/* A record `expired`: the router did not come back in time. False when none is taken. */
bool vnm_bmp_tell_expired(struct vnm_bmp_message *m);

/* Whether another session that the router has at present keeps routes of this peer. */
bool vnm_bmp_tell_elsewhere(const struct vnm_bmp_message *m, const struct vnm_bmp_peer *peer);

void vnm_bmp_tell_work(struct vnm_exporter *x, uint64_t now_ns, struct vnm_out *out);
void vnm_bmp_tell_dump(struct vnm_exporter *x);
void vnm_bmp_tell_query(struct vnm_exporter *x, struct vnm_rib_query *q, struct vnm_out *out);

/* A dump of the session begins, unless one is on its way. */
void vnm_bmp_tell_begin(struct vnm_exporter *x, struct vnm_bmp_session *session, uint64_t now_ns);

/* A message about a session, that is made here. */
struct vnm_bmp_message vnm_bmp_tell_message(
    struct vnm_exporter *x, struct vnm_out *out, struct vnm_bmp_session *session, uint64_t now_ns);

#endif
