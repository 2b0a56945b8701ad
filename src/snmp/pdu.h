/*
 * SNMP messages and PDUs in memory: version 1 (RFC 1157), 2c (RFC 1901, RFC 3416) and 3
 * (RFC 3412). What is in a message is borrowed from its octets. Security (version 3) is in
 * snmp/usm.h.
 */
#ifndef VNM_SNMP_PDU_H
#define VNM_SNMP_PDU_H

#include "base/addr.h"
#include "base/engine_id.h"
#include "base/reason.h"
#include "snmp/ber.h"

#define VNM_SNMP_MESSAGE_MAX 65536 /* octets of the longest message that is taken or made */
#define VNM_SNMP_NAME_MAX 32	   /* octets of a user's or a context's name (RFC 3411) */

enum vnm_snmp_version { VNM_SNMP_V1 = 0, VNM_SNMP_V2C = 1, VNM_SNMP_V3 = 3 };

enum vnm_pdu_type {
	VNM_PDU_GET = 0xa0,
	VNM_PDU_GET_NEXT = 0xa1,
	VNM_PDU_RESPONSE = 0xa2,
	VNM_PDU_SET = 0xa3,
	VNM_PDU_TRAP_V1 = 0xa4,
	VNM_PDU_GET_BULK = 0xa5,
	VNM_PDU_INFORM = 0xa6,
	VNM_PDU_TRAP = 0xa7, /* SNMPv2-Trap */
	VNM_PDU_REPORT = 0xa8
};

/* Error statuses (RFC 3416 section 3); the rest up to 18 as they are numbered there. */
enum vnm_pdu_error {
	VNM_PDU_NO_ERROR = 0,
	VNM_PDU_TOO_BIG = 1,
	VNM_PDU_NO_SUCH_NAME = 2,
	VNM_PDU_BAD_VALUE = 3,
	VNM_PDU_READ_ONLY = 4,
	VNM_PDU_GEN_ERR = 5,
	VNM_PDU_AUTHORIZATION_ERROR = 16
};

/* msgFlags (RFC 3412 section 6.4). */
enum { VNM_SNMP_FLAG_AUTH = 1, VNM_SNMP_FLAG_PRIV = 2, VNM_SNMP_FLAG_REPORTABLE = 4 };
#define VNM_SNMP_MODEL_USM 3

/* ---- varbinds -------------------------------------------------------------------------------- */

#define VNM_VARBIND_IDS (2 * VNM_OID_MAX) /* numbers of the longest name and value */

struct vnm_varbind {
	struct vnm_oid name;
	uint8_t type; /* enum vnm_ber_tag */
	uint8_t odd;  /* enum vnm_ber_odd, of this one */
	union {
		int64_t i64;  /* INTEGER, INTEGER64 */
		uint64_t u64; /* COUNTER32, GAUGE32, TIMETICKS, UINTEGER32, COUNTER64, UNSIGNED64 */
		double f64;   /* FLOAT, DOUBLE */
		struct vnm_oid oid;	 /* OID */
		struct vnm_slice octets; /* all others; of NULL and exceptions empty */
	};
};

/* Which member of a varbind's union has its value. */
enum vnm_varbind_form {
	VNM_VARBIND_OCTETS, /* a type that SNMP does not know too */
	VNM_VARBIND_SIGNED,
	VNM_VARBIND_UNSIGNED,
	VNM_VARBIND_REAL,
	VNM_VARBIND_OID,
	VNM_VARBIND_NOTHING /* NULL, and the exceptions */
};

extern const uint8_t vnm_varbind_forms[UINT8_MAX + 1]; /* by enum vnm_ber_tag */

static inline enum vnm_varbind_form
vnm_varbind_form(const struct vnm_varbind *v)
{
	return (enum vnm_varbind_form)vnm_varbind_forms[v->type];
}

/* Whether the value is there: neither NULL nor one of the exceptions. */
static inline bool
vnm_varbind_has_value(const struct vnm_varbind *v)
{
	return vnm_varbind_form(v) != VNM_VARBIND_NOTHING;
}

/* A number that is not negative; false where the value is none. */
bool vnm_varbind_number(const struct vnm_varbind *v, uint64_t *n);

/*
 * The value of contents by v->type, which may become another one within an Opaque, and UNKNOWN
 * where only an Opaque may have it; an oid's numbers go into ids, which has room for VNM_OID_MAX.
 * False where a number or an identifier is malformed; everything else is octets.
 */
bool vnm_varbind_value(
    struct vnm_varbind *v, struct vnm_slice contents, uint32_t *ids, unsigned *odd);

/*
 * The next varbind of a list: its numbers go into ids, which has room for VNM_VARBIND_IDS. False
 * at the end, and where it is malformed (r->bad then).
 */
bool vnm_varbind_next(struct vnm_reader *r, struct vnm_varbind *v, uint32_t *ids, unsigned *odd);

/* Room of the caller for a list of varbinds, and how much of it is used. */
struct vnm_varbind_room {
	struct vnm_varbind *p;
	uint32_t n, cap;
	uint32_t *ids;
	uint32_t id_n, id_cap; /* one varbind more needs VNM_VARBIND_IDS free */
};

/*
 * All that are left in r, as many as there is room for: how many were added; what is left then
 * stays in r. r->bad: the one behind them is malformed.
 */
uint32_t vnm_varbinds_read(struct vnm_reader *r, struct vnm_varbind_room *room, unsigned *odd);

/* One varbind, backwards as everything that is written: the last of a list first. */
void vnm_varbind_put(struct vnm_ber_writer *w, const struct vnm_varbind *v);

/* ---- PDUs ------------------------------------------------------------------------------------ */

struct vnm_pdu {
	uint8_t type; /* enum vnm_pdu_type */
	int32_t request_id;
	int32_t error_status; /* of a GetBulk: non-repeaters */
	int32_t error_index;  /* of a GetBulk: max-repetitions */
	/* Of a version 1 trap, which has none of the above. */
	struct vnm_oid enterprise; /* numbers in enterprise_ids */
	struct vnm_addr agent;	   /* family NONE where it was no IPv4 address */
	int32_t generic, specific;
	uint32_t uptime;	    /* hundredths of a second */
	struct vnm_reader varbinds; /* for vnm_varbind_next(); to write: not used */
	struct vnm_slice octets;    /* of the list of varbinds without its header, as it came */
	uint32_t enterprise_ids[VNM_OID_MAX];
};

/* A PDU at r's begin: VNM_OK, or the reason. Its varbinds are not looked at. */
enum vnm_reason vnm_pdu_read(struct vnm_reader *r, struct vnm_pdu *pdu, unsigned *odd);

/* A PDU of n varbinds; `raw`, where not NULL, is the list as it stood in another (an answer). */
void vnm_pdu_put(struct vnm_ber_writer *w, const struct vnm_pdu *pdu, const struct vnm_varbind *v,
    uint32_t n, const struct vnm_slice *raw);

/* "get", "response", "trap" …; n is 0 for a type that is none. */
struct vnm_str vnm_pdu_type_name(uint8_t type);
/* "noError", "tooBig" …; n is 0 for a status that is none. */
struct vnm_str vnm_pdu_error_name(int32_t status);

/* ---- messages -------------------------------------------------------------------------------- */

struct vnm_snmp_message {
	uint8_t version;	    /* enum vnm_snmp_version */
	unsigned odd;		    /* enum vnm_ber_odd, of all that was read so far */
	struct vnm_slice whole;	    /* the message without octets behind it */
	struct vnm_slice community; /* versions 1 and 2c */
	struct vnm_reader pdu;	    /* versions 1 and 2c: where the PDU is */
	/* Version 3. */
	int32_t id;		    /* msgID */
	int32_t max_size;	    /* msgMaxSize */
	uint8_t flags;		    /* msgFlags */
	int32_t model;		    /* msgSecurityModel */
	struct vnm_slice security;  /* msgSecurityParameters */
	struct vnm_reader scoped;   /* a ScopedPDU, where flags have no PRIV */
	struct vnm_slice encrypted; /* the encrypted ScopedPDU, where they have */
};

/*
 * What stands around a PDU: VNM_OK, or truncated, bad-version, bad-header (not SNMP, or a field
 * with a value that it must not have), bad-length.
 */
enum vnm_reason vnm_snmp_read(const uint8_t *p, size_t n, struct vnm_snmp_message *m);

/* Of version 3, decrypted where it was encrypted. */
struct vnm_snmp_scoped {
	struct vnm_slice context_engine;
	struct vnm_slice context_name;
	struct vnm_reader pdu;
};
enum vnm_reason vnm_scoped_read(
    struct vnm_reader *r, struct vnm_snmp_scoped *scoped, unsigned *odd);

/* Puts a message of version 1 or 2c around the PDU that w holds (and nothing else). */
void vnm_snmp_wrap(struct vnm_ber_writer *w, uint8_t version, struct vnm_slice community);

/* Puts a ScopedPDU around the PDU that w holds (and nothing else). */
void vnm_scoped_wrap(
    struct vnm_ber_writer *w, struct vnm_slice context_engine, struct vnm_slice context_name);

/* Whether these octets begin like an SNMP message. */
bool vnm_snmp_probe(const uint8_t *p, size_t n);

#endif
