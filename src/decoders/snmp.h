/*
 * The SNMP decoder: options of its listeners, and what its files share.
 */
#ifndef VNM_DECODERS_SNMP_H
#define VNM_DECODERS_SNMP_H

#include "decoders/decoder.h"
#include "decoders/snmp_recent.h"
#include "snmp/access.h"
#include "snmp/usm_store.h"

#define VNM_SNMP_OPTIONS(X)                                                                      \
	X(struct vnm_snmp_options, communities, STRINGS, NULL, RELOAD,                           \
	    "communities of versions 1 and 2c that are taken, as they are sent; `*`: any")       \
	X(struct vnm_snmp_options, users, STRINGS, NULL, RELOAD,                                 \
	    "users of version 3 that are taken, by their names in snmp.users; `*`: all of them") \
	X(struct vnm_snmp_options, repeat_time, DURATION, "5m", RELOAD,                          \
	    "how long an inform is remembered: one that comes again gives no second record")     \
	X(struct vnm_snmp_options, repeats, NUMBER, "4096", RELOAD,                              \
	    "informs, and alarms, that are remembered of one source; the oldest make room")      \
	X(struct vnm_snmp_options, keys, NUMBER, "16384", RELOAD,                                \
	    "engines and users of version 3 whose keys are kept ready, of one source")

struct vnm_snmp_options {
	VNM_SNMP_OPTIONS(VNM_OPTION_MEMBER)
	/* What prepare() makes. */
	const struct vnm_snmp_access *access; /* borrowed; NULL: nobody has a view or keys */
	uint8_t *taken;			      /* owned: a bit for each of access's users */
	bool any_community;
};

/* ---- between its files ----------------------------------------------------------------------- */

/* What the catalogue knows of a varbind. */
struct vnm_snmp_object {
	const struct vnm_mib_object *object; /* a scalar or a column; NULL: not known */
	struct vnm_oid instance;	     /* of the object; where it is not known: nothing */
};

/* Of one source address. */
struct vnm_snmp_state {
	struct vnm_usm_store usm;
	uint64_t access_id; /* whose keys these are */
	uint64_t salt;	    /* of messages that we encrypted */
	struct vnm_snmp_recent informs;
	struct vnm_snmp_recent alarms;
	/* What the notification before was, which the next one often is too: guesses. */
	uint32_t last_trap;   /* object of the catalogue */
	uint32_t last_object; /* ... of its first variable */
	uint32_t last_alarm;  /* of vnm_snmp_alarms */
};

/* One message while it is decoded. */
struct vnm_snmp_call {
	const struct vnm_snmp_options *options;
	struct vnm_snmp_state *state;
	const struct vnm_datagram *d;
	struct vnm_out *out;
	const struct vnm_mib *mib;
	struct vnm_snmp_message m;
	struct vnm_usm_params usm;	  /* version 3 */
	struct vnm_snmp_scoped scoped;	  /* version 3 */
	struct vnm_usm_keys *keys;	  /* version 3; NULL: none */
	const struct vnm_snmp_view *view; /* NULL: all is allowed */
	struct vnm_pdu *pdu;		  /* not zeroed for each message, since it is large */
	/* The PDU's variables, and what they are; in scratch memory, as their numbers. */
	const struct vnm_varbind *v;
	const struct vnm_snmp_object *objects;
	uint32_t n;
	bool answered;	 /* a Report was queued */
	bool has_uptime; /* of rows that were polled */
	uint32_t uptime;
};

/*
 * Who sent it, and whether he may: VNM_OK and m.pdu or scoped.pdu is what he sent. A Report is
 * sent to who is to learn why not (RFC 3414 section 3.2).
 */
enum vnm_reason vnm_snmp_authorise(struct vnm_snmp_call *c);

/* Whether this PDU may come at its message's security level, and this notification at all. */
enum vnm_reason vnm_snmp_check_level(struct vnm_snmp_call *c);
enum vnm_reason vnm_snmp_check_view(const struct vnm_snmp_call *c, struct vnm_oid notification);

/* snmpEngineTime of vnmcd itself, in seconds; live only. */
uint32_t vnm_snmp_engine_time(const struct vnm_snmp_call *c);

/* A Response to an inform, with what was in it. */
void vnm_snmp_acknowledge(struct vnm_snmp_call *c);
/* A Report of that counter, whose value is `count`. */
void vnm_snmp_report(struct vnm_snmp_call *c, enum vnm_usm_stat stat, uint64_t count);

/* What the variables from `first` on are: c->objects of those. */
enum vnm_reason vnm_snmp_find_objects(struct vnm_snmp_call *c, uint32_t first);

/* A record `alarm` of a trap or an inform. */
enum vnm_reason vnm_snmp_alarm(struct vnm_snmp_call *c);

/* Records `interface` and `table` of what an agent answered. */
enum vnm_reason vnm_snmp_response(struct vnm_snmp_call *c);

/* Of variables that may come from no PDU (c->pdu is NULL): those of a table that was polled. */
enum vnm_reason vnm_snmp_rows(struct vnm_snmp_call *c);

/* ---- varbinds in records --------------------------------------------------------------------- */

struct vnm_snmp_object vnm_snmp_object_of(const struct vnm_mib *mib, struct vnm_oid name);

/* The same, by vnm_mib_find_again(). */
struct vnm_snmp_object vnm_snmp_object_again(
    const struct vnm_mib *mib, struct vnm_oid name, uint32_t *last);

/* The same, for a variable behind one that is known. */
struct vnm_snmp_object vnm_snmp_object_after(const struct vnm_mib *mib, struct vnm_oid before,
    const struct vnm_snmp_object *of_before, struct vnm_oid name);

/* The value as catalogue functions take it. */
struct vnm_mib_value vnm_snmp_value_of(const struct vnm_varbind *v);

/* "1.3.6.1" in scratch memory; n is 0 where that is used up. */
struct vnm_str vnm_snmp_oid_str(struct vnm_scratch *s, struct vnm_oid oid);

/* What the value says to a person, in scratch memory; n is 0 where that is used up. */
struct vnm_str vnm_snmp_text(
    struct vnm_snmp_call *c, const struct vnm_mib_object *o, const struct vnm_varbind *v);

/* The value as a pair's: numbers as they are, octets as text where they are text. */
bool vnm_snmp_pair(struct vnm_snmp_call *c, const struct vnm_mib_object *o,
    const struct vnm_varbind *v, struct vnm_pair *pair);

/*
 * The varbinds from `first` on as {oid, name, index, type, value, text}: as many as scratch memory
 * has room for.
 */
struct vnm_pairs vnm_snmp_list(struct vnm_snmp_call *c, uint32_t first);

/* The words for enum vnm_ber_odd; n is 0 where all was as it should be. */
struct vnm_strs vnm_snmp_odd(struct vnm_scratch *s, unsigned odd);

#endif
