/*
 * What one receiver keeps of authentic engines: keys with their contexts by engine and user, and
 * the engines' clocks. A look-up costs the same with one user and with ten thousand. Of one
 * thread; bounded: the longest unused of a few makes room.
 */
#ifndef VNM_SNMP_USM_STORE_H
#define VNM_SNMP_USM_STORE_H

#include "base/hash.h"
#include "snmp/usm.h"

/* Zero-initialised by its owner; vnm_usm_store_clear(). */
struct vnm_usm_store {
	struct vnm_table index;
	struct vnm_usm_entry *entries; /* owned */
	uint32_t n, cap;
	uint32_t hand;	/* where the search for room goes on */
	uint64_t stamp; /* of the last use */
};

/* The keys of a user at an engine, or NULL. */
struct vnm_usm_keys *vnm_usm_store_keys(
    struct vnm_usm_store *s, struct vnm_slice engine, struct vnm_slice user);

/* Keeps them, and owns them then: true, or false when memory is short. At the most `max` entries.
 */
bool vnm_usm_store_keep(struct vnm_usm_store *s, struct vnm_slice engine, struct vnm_slice user,
    struct vnm_usm_keys *keys, uint32_t max) VNM_MUST_CHECK;

/*
 * The clock of an engine, made where there is none; NULL when memory is short. Valid until
 * something is added.
 */
struct vnm_usm_clock *vnm_usm_store_clock(
    struct vnm_usm_store *s, struct vnm_slice engine, uint32_t max);

/* Forgets and frees all of it. */
void vnm_usm_store_clear(struct vnm_usm_store *s);

#endif
