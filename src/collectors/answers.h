/*
 * What is to be written to one stream's socket: at once where it takes it, else kept until it
 * does, up to a bound. Messages go whole or not at all.
 */
#ifndef VNM_COLLECTORS_ANSWERS_H
#define VNM_COLLECTORS_ANSWERS_H

#include <event2/event.h>
#include <event2/event_struct.h>

#include "base/buffer.h"

#define VNM_ANSWERS_OCTETS (256U << 10) /* kept for one socket */

/* Zero-initialised by its owner; vnm_answers_free(). */
struct vnm_answers {
	struct vnm_buffer b;
	size_t at; /* octets of it that are written */
	struct event event;
};

/* False where there is no room for the message, or the socket is broken. Never waits. */
bool vnm_answers_send(struct vnm_answers *a, struct event_base *base, int fd, const uint8_t *p,
    size_t n) VNM_MUST_CHECK;

/* Before the socket is closed: forgets what it did not take. */
void vnm_answers_free(struct vnm_answers *a);

#endif
