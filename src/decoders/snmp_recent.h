/*
 * A bounded memory of what was seen of late, by hash: informs, so that one that is sent again
 * gives no second record, and alarms, so that repeats can be counted. The oldest makes room.
 */
#ifndef VNM_DECODERS_SNMP_RECENT_H
#define VNM_DECODERS_SNMP_RECENT_H

#include "base/hash.h"

struct vnm_snmp_seen {
	uint64_t hash;
	uint64_t at_ns; /* when it was added, on the datagrams' clock */
	uint64_t turn;	/* of an inform: in which its record was handed on */
	uint32_t count; /* of an alarm: how often in a row */
	uint8_t state;	/* of an alarm: what it was the last time */
};

/* Zero-initialised by its owner; vnm_snmp_recent_free(). */
struct vnm_snmp_recent {
	struct vnm_table index;
	struct vnm_snmp_seen *ring; /* owned */
	uint32_t n, cap;	    /* used, and room, of the ring */
	uint32_t next;		    /* the oldest; 0 while n is less than cap */
};

/* What was seen with that hash, or NULL. */
struct vnm_snmp_seen *vnm_snmp_recent_find(const struct vnm_snmp_recent *r, uint64_t hash);

/*
 * Adds what is not there; at the most `max` (1 at the least) are kept. NULL when memory is short.
 * Valid until the next one is added.
 */
struct vnm_snmp_seen *vnm_snmp_recent_add(
    struct vnm_snmp_recent *r, uint64_t hash, uint64_t now_ns, uint32_t max);

void vnm_snmp_recent_free(struct vnm_snmp_recent *r);

#endif
