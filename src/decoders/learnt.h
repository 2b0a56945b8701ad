/*
 * What an exporter tells of itself in options data (RFC 7011 section 3.4.2.2, RFC 3954 section
 * 6.1): sampling rates, names of interfaces, VRFs and applications. Bounded: at the limit what
 * was not told again for longest makes room, more or less. A table is owned by one exporter's
 * state and stays where it is once used.
 */
#ifndef VNM_DECODERS_LEARNT_H
#define VNM_DECODERS_LEARNT_H

#include "base/buffer.h"
#include "base/hash.h"
#include "base/reader.h"

enum vnm_learnt_kind {
	VNM_LEARNT_SAMPLER_RATE,   /* id: samplerId or selectorId; number: 1 in N */
	VNM_LEARNT_INTERFACE_RATE, /* id: ifIndex */
	VNM_LEARNT_DOMAIN_RATE,	   /* id: 0 */
	VNM_LEARNT_EXPORTER_RATE,  /* id: 0; of any domain of the session */
	VNM_LEARNT_SYSTEM_INIT,	   /* id: 0; number: ms since 1970 */
	VNM_LEARNT_IF_NAME,	   /* id: ifIndex; text */
	VNM_LEARNT_VRF_NAME,	   /* id: VRF; text */
	VNM_LEARNT_APPLICATION,	   /* id: the octets of applicationId as a number; text */
	VNM_LEARNT_AGENT,	   /* id: 0; text: the 4 or 16 octets of its address */
	VNM_LEARNT_IE_TYPE,	   /* id: pen<<16|id; number: enum vnm_ie_type (RFC 5610) */
	VNM_LEARNT_KINDS
};

/* Who said it. Two exporters behind one address are two sessions and know nothing of each other. */
#define VNM_LEARNT_UDP (1ULL << 63)
struct vnm_learnt_scope {
	uint64_t session; /* of a stream; over UDP its version and ports and VNM_LEARNT_UDP */
	uint32_t domain;
};

struct vnm_learnt_entry {
	uint64_t id;
	struct vnm_learnt_scope scope;
	uint8_t kind;
	bool any;	/* the last of all domains of the session; scope.domain is 0 */
	bool ambiguous; /* several samplers gave several rates */
	bool again;	/* told again since the hand came by */
	uint64_t from;	/* which sampler gave the rate */
	double number;
	struct vnm_str text; /* owned */
};

struct vnm_learnt {
	struct vnm_learnt_entry *entries; /* owned */
	uint32_t count;
	uint32_t cap;
	uint32_t limit;
	uint32_t hand;	  /* which entry is asked next to make room */
	uint64_t evicted; /* since whoever counts them set it to 0 */
	uint32_t kinds[VNM_LEARNT_KINDS]; /* how many of each */
	struct vnm_table index;
};

/* What the domain said, else what another domain of the session said last; NULL: nothing. */
const struct vnm_learnt_entry *vnm_learnt_get(const struct vnm_learnt *l, enum vnm_learnt_kind kind,
    struct vnm_learnt_scope scope, uint64_t id);

/*
 * Both learn for the domain and for its session at large. True when that was new; false too
 * where memory is short.
 */
bool vnm_learnt_number(struct vnm_learnt *l, enum vnm_learnt_kind kind,
    struct vnm_learnt_scope scope, uint64_t id, double number);
bool vnm_learnt_text(struct vnm_learnt *l, enum vnm_learnt_kind kind, struct vnm_learnt_scope scope,
    uint64_t id, struct vnm_slice text);

/* A domain's rate, as one of its samplers has it: of no use when they differ. */
bool vnm_learnt_sampler_of_domain(
    struct vnm_learnt *l, struct vnm_learnt_scope scope, uint64_t sampler, double rate);

/* A stream ended, and with it what was said on it. */
void vnm_learnt_forget(struct vnm_learnt *l, uint64_t session);

void vnm_learnt_free(struct vnm_learnt *l);

/* Appends what was said over UDP; reads it back: false when it is damaged. */
bool vnm_learnt_save(const struct vnm_learnt *l, struct vnm_buffer *b);
bool vnm_learnt_load(struct vnm_learnt *l, struct vnm_reader *r);

#endif
