/*
 * Cuts a stream of octets into messages by a decoder's frame(). Its memory grows to one
 * message and what was read beyond it, and is given back whenever nothing is left in it. Who
 * has many streams lends what was read instead: then only begun messages take memory.
 */
#ifndef VNM_COLLECTORS_FRAMER_H
#define VNM_COLLECTORS_FRAMER_H

#include "base/buffer.h"
#include "collectors/collector.h"

/* A message larger than this in octets is taken for a stream that cannot be followed. */
#define VNM_MESSAGE_MAX (1U << 20)

struct vnm_framer {
	vnm_frame_fn frame;
	struct vnm_buffer b;   /* owned; vnm_framer_free() */
	struct vnm_slice lent; /* these octets are cut, and b is free, until they are kept */
	size_t at;	       /* octets that were handed out */
};

enum vnm_framed { VNM_FRAMED_NONE, VNM_FRAMED_MESSAGE, VNM_FRAMED_BAD };

/* Room for n octets that the caller writes there, then tells by vnm_framer_wrote(). NULL when
 * memory is short. Ends the life of the last message. */
uint8_t *vnm_framer_space(struct vnm_framer *f, size_t n) VNM_MUST_CHECK;
void vnm_framer_wrote(struct vnm_framer *f, size_t n);

/* Both in one: false when memory is short. */
bool vnm_framer_add(struct vnm_framer *f, const uint8_t *p, size_t n) VNM_MUST_CHECK;

/* How many octets in front of those that are lent may be overwritten. */
#define VNM_FRAMER_HEAD 16384

/*
 * The same without a copy of what is read: n octets at p, which must stay until
 * vnm_framer_keep(), as must VNM_FRAMER_HEAD octets of room in front of them, where what was
 * left goes. False when memory is short.
 */
bool vnm_framer_lend(struct vnm_framer *f, uint8_t *p, size_t n) VNM_MUST_CHECK;
/* Keeps what is left of them; ends the life of the last message. False when memory is short. */
bool vnm_framer_keep(struct vnm_framer *f) VNM_MUST_CHECK;

/* The next message, valid until more is added; NONE: more must come; BAD: and so for ever. */
enum vnm_framed vnm_framer_next(struct vnm_framer *f, struct vnm_slice *message);

/* What is there of a message that is not complete. */
struct vnm_slice vnm_framer_rest(const struct vnm_framer *f);

/* Gives back the memory that what is left does not need. */
void vnm_framer_trim(struct vnm_framer *f);

/* Forgets what is left and frees the memory. */
void vnm_framer_free(struct vnm_framer *f);

#endif
