/*
 * What has been told: a bounded memory of facts, so that a source that repeats itself (every
 * poll, every refresh of a table) does not fill the topic. It keeps hashes only; where room is
 * short the longest told is forgotten, and a fact told twice is no harm.
 */
#ifndef VNM_DAEMON_TOLD_H
#define VNM_DAEMON_TOLD_H

#include "decoders/decoder.h"

struct vnm_told {
	struct vnm_told_fact *facts; /* owned; NULL until the first one */
	size_t count;		     /* of slots: a power of two */
};

/*
 * Whether the fact of that hash was told with these values less than `refresh_ns` ago (0: ever).
 * *slot is where it belongs; NULL when there is no memory for it. At the most `limit` facts
 * are kept.
 */
bool vnm_told_find(struct vnm_told *t, uint32_t limit, uint64_t hash, uint64_t values,
    uint64_t now_ns, uint64_t refresh_ns, struct vnm_told_fact **slot);

/* It is told now; `slot` as found, and no other fact was looked for since. */
void vnm_told_keep(struct vnm_told_fact *slot, uint64_t hash, uint64_t values, uint64_t now_ns);

/* The same of a fact with the envelope of r: whether it was told before, and what to keep. */
struct vnm_telling {
	uint64_t hash, values;
	struct vnm_told_fact *slot;
};
bool vnm_told_before(struct vnm_told *t, const struct vnm_limits *limits,
    const struct vnm_fact *fact, const struct vnm_record *r, uint64_t seed,
    struct vnm_telling *telling);
void vnm_told_now(const struct vnm_telling *telling, uint64_t now_ns);

void vnm_told_free(struct vnm_told *t);

#endif
