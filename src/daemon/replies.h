/*
 * Answers to exporters wait for the end of the turn: what acknowledges records may leave only
 * when the outputs have them. A bounded queue of one worker.
 */
#ifndef VNM_DAEMON_REPLIES_H
#define VNM_DAEMON_REPLIES_H

#include "base/buffer.h"
#include "base/counters.h"
#include "record/datagram.h"

#define VNM_REPLIES_MAX 1024	      /* of one turn */
#define VNM_REPLIES_OCTETS (4U << 20) /* of one turn */

/* Zero-initialised by its owner; vnm_replies_free(). */
struct vnm_replies {
	struct vnm_reply *list; /* owned */
	uint32_t n, cap;
	struct vnm_buffer octets;
};

/* Queues an answer to d: false where there is no room for it. */
bool vnm_replies_add(struct vnm_replies *r, const struct vnm_datagram *d, struct vnm_slice reply,
    bool acknowledges) VNM_MUST_CHECK;

/* Sends all of them; those that acknowledge only if `taken`. None is left. */
void vnm_replies_send(struct vnm_replies *r, bool taken, struct vnm_counters *counters);

void vnm_replies_free(struct vnm_replies *r);

#endif
