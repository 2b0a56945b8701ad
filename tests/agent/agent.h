/*
 * An SNMP agent in memory, for tests and measurements: it serves what a device was recorded to
 * say, or made-up interfaces, over versions 1, 2c and 3, and can do all the harm that agents do.
 */
#ifndef VNM_TESTS_AGENT_H
#define VNM_TESTS_AGENT_H

#include "base/addr.h"
#include "snmp/usm.h"

/* One object: its oid, and its varbind as it stands in an answer. */
struct agent_object {
	uint32_t *ids;
	uint32_t n;
	uint8_t *varbind;
	uint32_t octets;
};

struct agent_mib {
	struct agent_object *objects; /* in the order of their oids, once sorted */
	uint32_t n, cap;
	bool sorted;
	uint32_t
	    uptime_at; /* of sysUpTime.0, + 1: its value is the agent's own clock; 0: as it is */
};

/* Adds or replaces an object. */
void agent_set(struct agent_mib *m, const char *oid, const struct vnm_varbind *value);
void agent_set_u64(struct agent_mib *m, const char *oid, uint8_t type, uint64_t v);
void agent_set_text(struct agent_mib *m, const char *oid, const char *text);
void agent_remove(struct agent_mib *m, const char *oid);

/* A recording: lines `OID|tag|value` (snmprec), or `.OID = value` (snmpwalk -On -Oq). 0 or -1. */
int agent_load(struct agent_mib *m, const char *path);

/* The system group, and ifTable and ifXTable of n interfaces. */
void agent_make_interfaces(struct agent_mib *m, unsigned n);

/* Before it is asked; agent_set() of new objects makes it necessary again. */
void agent_sort(struct agent_mib *m);
void agent_free(struct agent_mib *m);

/* What an agent does wrong. */
struct agent_faults {
	uint32_t too_big; /* answers with tooBig instead of more than so many varbinds; 0: never */
	uint32_t loop_at; /* behind so many objects the last three come again and again */
	bool stuck;	  /* the first object below what is asked for, always */
	bool endless;	  /* a table without an end */
	bool wrong_id;	  /* answers to another request */
	bool no_bulk;	  /* answers GETBULK with genErr */
	bool omit;	  /* leaves out every seventh value, so that the others stand too early */
	bool garbage;	  /* octets that are no answer */
	bool gen_err;	  /* answers with genErr */
};

struct agent {
	const struct agent_mib *mib; /* sorted; borrowed */
	struct agent_faults faults;
	struct vnm_slice community;
	uint32_t max_octets; /* of an answer's varbinds; 0: 1400 */
	uint64_t boot_ns;    /* when it booted, on the caller's clock */
	bool v1_only;
	/* Version 3, where engine.n is not 0. */
	struct vnm_slice engine;
	uint32_t boots;
	const struct vnm_usm_user *user;
	struct vnm_usm_keys *keys; /* of user at engine; NULL: noAuthNoPriv */
	uint64_t salt;
	/*
	 * Called with every answer before it is wrapped, signed and encrypted: its PDU, and the *n
	 * octets of its varbinds, of which there may be `room`. NULL: nobody is.
	 */
	void (*twist)(void *ctx, struct vnm_pdu *pdu, uint8_t *list, size_t *n, size_t room);
	void *twist_ctx;
	/* What it did. */
	uint64_t requests, varbinds;
};

/* The answer to a request in out, of which room octets are there; 0: none. */
size_t agent_answer(
    struct agent *a, const uint8_t *p, size_t n, uint64_t now_ns, uint8_t *out, size_t room);

#endif
