/*
 * Sequence numbers of exporters: what was lost on the way to us, told apart from what came out
 * of order, came twice, or began anew.
 *
 * NetFlow v5 and IPFIX number their flows or data records (RFC 7011 section 3.1: those sent
 * before this message), NetFlow v9 and sFlow their messages; a unit below is whatever is
 * numbered. All numbers wrap at 2^32.
 *
 * A gap stays open for two seconds, in which late messages close it again; only then is it a
 * loss. All-zero bytes are a sequence of which nothing is known yet. It owns no memory.
 */
#ifndef VNM_DECODERS_SEQUENCE_H
#define VNM_DECODERS_SEQUENCE_H

#include "decoders/decoder.h"

#define VNM_SEQUENCE_REPORT_NS (10 * 1000000000ULL) /* how often losses are reported */

enum vnm_sequence_verdict {
	VNM_SEQUENCE_FIRST, /* nothing to compare with */
	VNM_SEQUENCE_IN_ORDER,
	VNM_SEQUENCE_GAP,	/* units are missing before it */
	VNM_SEQUENCE_LATE,	/* it fills a gap: its units are no longer missing */
	VNM_SEQUENCE_DUPLICATE, /* its units had come before */
	VNM_SEQUENCE_RESTART,	/* the exporter counts anew */
	VNM_SEQUENCE_NONSENSE	/* it contradicts the message before */
};

struct vnm_sequence_message {
	uint32_t seq;
	uint32_t units; /* in this message: 1 where messages are counted; may be 0 */
	bool has_uptime;
	uint32_t uptime_ms; /* of the exporter; wraps */
	uint64_t rx_ns;	    /* when it was received */
};

#define VNM_SEQUENCE_GAPS 8

struct vnm_sequence {
	bool known; /* `next` is */
	bool heard; /* the uptime before is known */
	bool unreliable;
	bool reported_unreliable;
	uint32_t doubt;	 /* 0: none */
	uint32_t behind; /* messages in a row that had come before, each following the other */
	bool inclusive;	 /* numbers count the message's own units in */
	uint32_t next;	 /* the number that should come */
	uint32_t last;	 /* the number that came last, as it was */
	uint32_t last_units;
	uint32_t behind_next;
	uint32_t uptime_ms;
	uint64_t rx_ns;
	uint32_t restarts; /* since the last tick */
	uint32_t gap_count;
	struct vnm_sequence_gap {
		uint32_t from;
		uint32_t to; /* the first that is not missing */
		uint64_t since_ns;
	} gaps[VNM_SEQUENCE_GAPS]; /* still open, oldest first */
	uint64_t window_ns;	   /* begin of the window that is counted now; 0: none */
	uint64_t got;		   /* units, in the window */
	uint64_t lost;		   /* units, in the window; without open gaps */
	uint64_t reordered;	   /* messages, since the last tick */
};

/* One message. What it says of losses is kept for vnm_sequence_tick(). */
enum vnm_sequence_verdict vnm_sequence_next(
    struct vnm_sequence *s, const struct vnm_sequence_message *m);

/*
 * The number of units in the last message is not known (an IPFIX set whose template is
 * missing): whatever comes next is taken as it is. Pass `units` 0 for such a message first.
 */
void vnm_sequence_resync(struct vnm_sequence *s);

/*
 * The gap just found is none, by what the caller knows (an exporter with one sequence for all
 * its observation domains, which the caller follows by a sequence of its own).
 */
void vnm_sequence_excuse(struct vnm_sequence *s);

/*
 * To be called about once a second on the packets' clock, and with `final` at the end: counts,
 * and emits `visibility` records: cause `sequence-gap` every ten seconds if anything was lost,
 * `restart` at once, `sequence-unreliable` once for an exporter whose numbers make no sense.
 * The caller has set the envelope (vnm_out_base()). `unit` is what is counted, as the field
 * of that name says it.
 */
void vnm_sequence_tick(
    struct vnm_sequence *s, uint64_t now_ns, bool final, struct vnm_str unit, struct vnm_out *out);

/* Whether vnm_sequence_tick() may have something to do but roll its window. */
static inline bool
vnm_sequence_idle(const struct vnm_sequence *s)
{
	return s->gap_count == 0 && s->lost == 0 && s->restarts == 0 && s->reordered == 0 &&
	       s->unreliable == s->reported_unreliable;
}

#endif
