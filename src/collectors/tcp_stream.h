/*
 * The TCP connections of a capture, each direction put in order and cut into messages.
 *
 * A direction is ours when `stream` names a framing for the octets that it begins with. One
 * whose SYN was not captured, or that goes on after a hole in the capture, may begin in the
 * middle of a message: then every further segment's begin is tried, until a message comes out.
 * What is left of a message at the stream's end, or before a hole, is handed over as it is.
 * At most VNM_STREAMS directions are known at a time; the longest silent makes room.
 */
#ifndef VNM_COLLECTORS_TCP_STREAM_H
#define VNM_COLLECTORS_TCP_STREAM_H

#include "base/reason.h"
#include "collectors/collector.h"
#include "collectors/packet.h"

#define VNM_STREAMS 1024

/* So many octets are enough to tell whether a stream is ours. */
#define VNM_STREAM_PROBE 64

struct vnm_streams_user {
	void *ctx;
	/* Framing for a stream between these ends that begins with these octets; NULL: not ours,
	 * or too few octets to tell. */
	vnm_frame_fn (*stream)(void *ctx, const struct vnm_datagram *d);
	void (*message)(void *ctx, const struct vnm_datagram *d);
	/* A message that cannot be read. */
	void (*refused)(void *ctx, const struct vnm_datagram *d, enum vnm_reason reason);
	/* A stream of which there was a message ended. */
	void (*end)(void *ctx, const struct vnm_datagram *d);
	/* So many captured packets were of no use. */
	void (*ignored)(void *ctx, uint64_t packets);
};

struct vnm_streams;

/* NULL when memory is short. `user` is borrowed. */
struct vnm_streams *vnm_streams_new(const struct vnm_streams_user *user) VNM_MUST_CHECK;

/* Takes a packet whose protocol is TCP and that is no fragment. */
void vnm_streams_take(struct vnm_streams *t, const struct vnm_packet *packet, uint64_t now_ns);

/* The capture ends: so do all streams, and the memory is freed. */
void vnm_streams_free(struct vnm_streams *t);

#endif
