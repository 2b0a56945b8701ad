/*
 * A fact: what a protocol teaches about the topology, beside its own records. Who speaks a
 * protocol that knows of neighbours, addresses or places says so with this, and nothing else:
 * the worker makes a record of it (kind topology_event, op `evidence`), and what joins evidence
 * of many sources to one topology needs to know no protocol.
 *
 * A fact is a statement about an object. It stands until the same exporter makes another one
 * of the same kind, source, claim and object, takes it back (`withdrawn`), or its source is gone.
 */
#ifndef VNM_RECORD_FACT_H
#define VNM_RECORD_FACT_H

#include "record/record.h"

enum vnm_fact_kind {
#define VNM_FACT(name, label, object_type, doc) VNM_FACT_##name,
#include "record/facts.def"
#undef VNM_FACT
	VNM_FACT_COUNT
};

struct vnm_fact_info {
	const char *label;
	const char *object_type;
	const char *doc;
};

/* Never NULL. */
const struct vnm_fact_info *vnm_fact_info(enum vnm_fact_kind kind);

/* All text and values are borrowed for the call; they must not lie in the worker's record. */
struct vnm_fact {
	enum vnm_fact_kind kind;
	bool withdrawn;	       /* the source takes it back; values may be fewer then */
	struct vnm_str object; /* never empty; as facts.def says */
	/*
	 * Which of the exporter's sources says so, where it has several that end each by itself: a
	 * BGP peer's table, say. Empty: the exporter itself.
	 */
	struct vnm_str source;
	/*
	 * Tells apart what one source says of one object and kind, all of which holds at once: a
	 * route distinguisher, a VLAN, the index of a table's row. Empty: there is but one.
	 */
	struct vnm_str claim;
	uint64_t event_ns; /* when it came to be, by the source's clock; 0: as the message */
	/*
	 * Another number where the source begins anew (a session, a boot): what it told before no
	 * longer counts as told. 0 where there is no such thing.
	 */
	uint64_t epoch;
	struct vnm_pairs values;
};

/* Hashes of who says what of what (all but withdrawn, event_ns and values), and of the rest. */
uint64_t vnm_fact_hash(const struct vnm_fact *f, uint64_t seed);
uint64_t vnm_fact_hash_values(const struct vnm_fact *f, uint64_t seed);

/* The fields of a record of kind topology_event, op evidence. */
void vnm_fact_record(const struct vnm_fact *f, struct vnm_record *r);

#endif
