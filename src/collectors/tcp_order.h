/*
 * One direction of a captured TCP connection, put in order: segments that come late, twice or
 * overlapping (the octet that is handed out first, or that begins at the lower sequence
 * number, wins), from the SYN on or, without one, from the first segment seen.
 *
 * Segments beyond a hole wait for it to be filled, until VNM_ORDER_OCTETS or VNM_ORDER_SEGMENTS
 * of them do: then the hole is taken for a loss of the capture and skipped.
 */
#ifndef VNM_COLLECTORS_TCP_ORDER_H
#define VNM_COLLECTORS_TCP_ORDER_H

#include "base/compat.h"

#define VNM_ORDER_OCTETS (256U * 1024)
#define VNM_ORDER_SEGMENTS 256

/* Who gets the octets. */
struct vnm_order_user {
	void *ctx;
	/* The next octets in order, of one segment. */
	void (*data)(void *ctx, const uint8_t *p, size_t n);
	/* Octets that were not captured are missing here. */
	void (*gap)(void *ctx);
};

struct vnm_segment {
	uint32_t seq; /* of p[0] */
	const uint8_t *p;
	size_t n;      /* octets captured */
	size_t wire_n; /* octets sent: more than n when the snap length cut it */
};

/* Zero-initialised by its owner. */
struct vnm_tcp_order {
	bool begun;
	uint32_t first; /* sequence number of the first octet */
	uint32_t next;	/* of the next one to hand out */
	bool ends;	/* the sender said where its stream ends: */
	uint32_t end;
	struct vnm_waiting *waiting; /* owned, by sequence number */
	unsigned waiting_segments;
	size_t waiting_octets;
};

/* The octet with this sequence number is the first. */
void vnm_tcp_order_begin(struct vnm_tcp_order *o, uint32_t seq);

/*
 * The numbers that follow are lower by one than those of what was handed out so far, as they are in
 * captures that some program made up: it did not count the SYN before its data.
 */
void vnm_tcp_order_uncount(struct vnm_tcp_order *o);

/* The stream ends before the octet with this sequence number (FIN). */
void vnm_tcp_order_end(struct vnm_tcp_order *o, uint32_t seq);

/* Takes a segment. False: nothing in it is new. */
bool vnm_tcp_order_take(
    struct vnm_tcp_order *o, const struct vnm_segment *s, const struct vnm_order_user *user);

/* Whether all octets up to the end have been handed out. */
bool vnm_tcp_order_ended(const struct vnm_tcp_order *o);

/* Hands out what waits, holes or not. */
void vnm_tcp_order_flush(struct vnm_tcp_order *o, const struct vnm_order_user *user);

/* Frees what waits. */
void vnm_tcp_order_free(struct vnm_tcp_order *o);

#endif
