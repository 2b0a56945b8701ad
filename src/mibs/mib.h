/*
 * The MIB catalogue: what object identifiers and the values of their instances mean (SMIv2: RFC
 * 2578, RFC 2579). One that is built in is made at build time from the tables src/mibs/NAME.mib
 * (doc/MIBS.md); one with an operator's own MIB files is built when a configuration is read
 * (mibs/load.h).
 *
 * A catalogue is immutable and may be read by any number of threads. All text and every object
 * that is handed out lives as long as its catalogue. Nothing here allocates.
 */
#ifndef VNM_MIBS_MIB_H
#define VNM_MIBS_MIB_H

#include "base/addr.h"
#include "base/oid.h"
#include "base/slice.h"

/* ---- what a catalogue holds ---------------------------------------------------------------- */

enum vnm_mib_kind {
	VNM_MIB_NONE,	  /* a number on the way to others; it has no name */
	VNM_MIB_NODE,	  /* a name for a place in the tree */
	VNM_MIB_IDENTITY, /* of a module, a product, a type of sensor ...: used as a value */
	VNM_MIB_SCALAR,
	VNM_MIB_TABLE,
	VNM_MIB_ENTRY, /* the row of a table: has the list of the index */
	VNM_MIB_COLUMN,
	VNM_MIB_NOTIFICATION /* has the list of its objects */
};

/* What a value is on the wire (RFC 2578 section 7.1). */
enum vnm_mib_base {
	VNM_MIB_NO_VALUE,
	VNM_MIB_INTEGER, /* 32 bits, signed; enumerations too */
	VNM_MIB_UNSIGNED32,
	VNM_MIB_GAUGE32,
	VNM_MIB_COUNTER32,
	VNM_MIB_COUNTER64,
	VNM_MIB_TIMETICKS, /* hundredths of a second */
	VNM_MIB_OCTETS,
	VNM_MIB_BITS, /* octets; the first bit is the highest of the first */
	VNM_MIB_OID,
	VNM_MIB_IPADDRESS,
	VNM_MIB_OPAQUE,
	VNM_MIB_BASE_COUNT
};

/* What the textual convention adds to that, where an index or a text depends on it. */
enum vnm_mib_form {
	VNM_MIB_PLAIN,	   /* the base and the hint tell all */
	VNM_MIB_TEXT,	   /* octets that are text: DisplayString, SnmpAdminString, a hint "255a" */
	VNM_MIB_MAC,	   /* MacAddress: 6 octets */
	VNM_MIB_PHYS,	   /* PhysAddress: any number of octets */
	VNM_MIB_DATE,	   /* DateAndTime */
	VNM_MIB_INET_TYPE, /* InetAddressType (RFC 4001): says what the InetAddress after it is */
	VNM_MIB_INET_ADDRESS,	/* InetAddress and its kin */
	VNM_MIB_FAMILY,		/* AddressFamilyNumbers of IANA, before an address as in LLDP-MIB */
	VNM_MIB_FAMILY_ADDRESS, /* what follows it: LldpManAddress */
	VNM_MIB_TIME_FILTER,	/* TimeFilter (RFC 4502): no part of a row's identity */
	VNM_MIB_BRIDGE_ID,	/* BridgeId: priority and MAC */
	VNM_MIB_PORTS,		/* PortList: bit n of octet m is port 8 * m + n + 1 */
	VNM_MIB_FORM_COUNT
};

/* What may be done with an object. */
enum vnm_mib_access {
	VNM_MIB_READ, /* read, and perhaps written too */
	VNM_MIB_NOT_ACCESSIBLE,
	VNM_MIB_FOR_NOTIFY /* only in notifications */
};

/* A named number of an enumeration, or a named bit. */
struct vnm_mib_label {
	int32_t value;
	uint32_t text; /* offset into the catalogue's text */
};

/* A syntax: base type, textual convention and what restricts it. */
struct vnm_mib_type {
	uint32_t name;	 /* offset: "InterfaceIndex"; of an unnamed one the base's name */
	uint32_t hint;	 /* offset: DISPLAY-HINT; "" where there is none */
	uint32_t labels; /* the first, of label_count in the order of their values */
	uint16_t label_count;
	uint8_t base;	   /* enum vnm_mib_base */
	uint8_t form;	   /* enum vnm_mib_form */
	uint16_t size_min; /* octets of OCTETS and BITS */
	uint16_t size_max;
	uint16_t module; /* whose textual convention it is; UINT16_MAX: has no name of its own */
};

/*
 * A node of the tree, and what is known of it. An index refers to the objects of the catalogue,
 * of which 0 is the root; UINT32_MAX is none.
 */
struct vnm_mib_object {
	uint32_t sub;	 /* its last number */
	uint32_t parent; /* index */
	uint32_t child;	 /* index of the first child; children stand together, by `sub` */
	uint32_t child_count;
	uint32_t name;	  /* offset: "ifHCInOctets"; "" of NONE */
	uint32_t column;  /* offset: "if_hc_in_octets", for names in records */
	uint32_t dotted;  /* offset: "1.3.6.1.2.1.31.1.1.1.6"; "" of NONE */
	uint32_t members; /* the first of the index or of the notification's objects */
	uint16_t type;	  /* of `types`; 0 is of no value */
	uint16_t module;
	uint16_t name_n;   /* octets of the name */
	uint16_t dotted_n; /* octets of `dotted` */
	uint8_t member_count;
	uint8_t kind;	 /* enum vnm_mib_kind */
	uint8_t access;	 /* enum vnm_mib_access */
	uint8_t implied; /* of ENTRY: the last of the index comes without its length */
	uint8_t depth;	 /* numbers of its oid */
};

struct vnm_mib {
	const char *text; /* all names, each with a NUL; offset 0 is "" */
	const struct vnm_mib_object *objects;
	const struct vnm_mib_type *types;
	const struct vnm_mib_label *labels;
	const uint32_t *members; /* indices of objects */
	const uint32_t *modules; /* offsets of their names */
	const uint32_t *names;	 /* hash of names: indices of objects, 0 is free */
	uint32_t name_mask;	 /* slots of `names` - 1 */
	uint32_t object_count;
	uint32_t type_count;
	uint32_t label_count;
	uint32_t member_count;
	uint32_t module_count;
	uint32_t text_size;
};

/* The one that is built in. */
extern const struct vnm_mib vnm_mib_builtin;

/* Frees one that was built at run time; NULL is nothing. */
void vnm_mib_free(struct vnm_mib *m);

/* ---- objects ------------------------------------------------------------------------------- */

/*
 * The object that an oid is, or the nearest above it: its longest prefix that has a name. *rest
 * (which may be NULL) is what follows: of a column or scalar the instance. NULL where even the
 * first number is unknown. About 50 ns.
 */
const struct vnm_mib_object *vnm_mib_find(
    const struct vnm_mib *m, struct vnm_oid oid, struct vnm_oid *rest);

/*
 * The same, where it may well be the object that was found last: *last is its index, or any
 * number (of another catalogue, 0), and becomes that of what is found.
 */
const struct vnm_mib_object *vnm_mib_find_again(
    const struct vnm_mib *m, struct vnm_oid oid, struct vnm_oid *rest, uint32_t *last);

/*
 * By name: "ifDescr" or "IF-MIB::ifDescr", n octets; NULL where there is none. Where several
 * modules use a bare name, the one whose oid comes first in the order of SNMP.
 */
const struct vnm_mib_object *vnm_mib_named(const struct vnm_mib *m, const char *name, size_t n);

/* The object's own oid, in `v`, which has room for VNM_OID_MAX numbers. */
struct vnm_oid vnm_mib_oid(const struct vnm_mib *m, const struct vnm_mib_object *o, uint32_t *v);

/*
 * An oid from text: numbers, a name, or a name and numbers ("IF-MIB::ifDescr.3"), into v as
 * vnm_oid_parse() does; 0 where it is none.
 */
uint32_t vnm_mib_oid_parse(const struct vnm_mib *m, const char *text, size_t n, uint32_t *v);

static inline const char *
vnm_mib_name(const struct vnm_mib *m, const struct vnm_mib_object *o)
{
	return m->text + o->name;
}

/* ... for a record: a name is letters, digits and hyphens (RFC 2578 section 3.1). */
static inline struct vnm_str
vnm_mib_name_str(const struct vnm_mib *m, const struct vnm_mib_object *o)
{
	return (struct vnm_str){vnm_mib_name(m, o), o->name_n, true};
}

/* "1.3.6.1.2.1.31.1.1.1.6", the object's own oid; n is 0 where it has no name. */
static inline struct vnm_str
vnm_mib_dotted(const struct vnm_mib *m, const struct vnm_mib_object *o)
{
	return (struct vnm_str){m->text + o->dotted, o->dotted_n, true};
}

/* "if_hc_in_octets", the object's name in records. */
static inline const char *
vnm_mib_column(const struct vnm_mib *m, const struct vnm_mib_object *o)
{
	return m->text + o->column;
}

static inline const char *
vnm_mib_module(const struct vnm_mib *m, const struct vnm_mib_object *o)
{
	return m->text + m->modules[o->module];
}

static inline const struct vnm_mib_type *
vnm_mib_type(const struct vnm_mib *m, const struct vnm_mib_object *o)
{
	return &m->types[o->type];
}

/* "InterfaceIndex"; of a type without a name of its own the base's: "Counter64". */
static inline const char *
vnm_mib_type_name(const struct vnm_mib *m, const struct vnm_mib_object *o)
{
	return m->text + m->types[o->type].name;
}

/* NULL of the root. */
static inline const struct vnm_mib_object *
vnm_mib_parent(const struct vnm_mib *m, const struct vnm_mib_object *o)
{
	return o == m->objects ? NULL : &m->objects[o->parent];
}

/* Of an ENTRY the i-th object of the index, of a NOTIFICATION its i-th object. */
static inline const struct vnm_mib_object *
vnm_mib_member(const struct vnm_mib *m, const struct vnm_mib_object *o, uint32_t i)
{
	return &m->objects[m->members[o->members + i]];
}

/* The i-th of o->child_count children: of an ENTRY its columns. */
static inline const struct vnm_mib_object *
vnm_mib_child(const struct vnm_mib *m, const struct vnm_mib_object *o, uint32_t i)
{
	return &m->objects[o->child + i];
}

/* The row that an object belongs to: of a COLUMN its entry, of a TABLE too; else NULL. */
const struct vnm_mib_object *vnm_mib_entry(const struct vnm_mib *m, const struct vnm_mib_object *o);

/* "Counter64", "OCTETS": as in our tables; "" of NO_VALUE. */
const char *vnm_mib_base_name(enum vnm_mib_base base);

/* NO_VALUE where the name is of none. */
enum vnm_mib_base vnm_mib_base_of(const char *name);

/* The vendor of a private enterprise number (IANA's registry); NULL where it is not known. */
const char *vnm_mib_enterprise(uint32_t number);

/* The vendor under whose number an oid stands; NULL where it is not an enterprise's. */
const char *vnm_mib_vendor(struct vnm_oid oid);

/* ---- values -------------------------------------------------------------------------------- */

/* A value, of an instance or of an index. What it borrows lives as long as where it came from. */
struct vnm_mib_value {
	enum vnm_mib_value_type {
		VNM_MIB_VALUE_NONE,	/* there is none, or it could not be read */
		VNM_MIB_VALUE_SIGNED,	/* i: INTEGER */
		VNM_MIB_VALUE_UNSIGNED, /* u: all counters, gauges and ticks */
		VNM_MIB_VALUE_OCTETS,	/* octets: OCTET STRING, BITS, Opaque, IpAddress */
		VNM_MIB_VALUE_OID	/* oid */
	} type;
	union {
		int64_t i;
		uint64_t u;
		struct vnm_slice octets;
		struct vnm_oid oid;
	};
};

/* The name of an enumeration's value ("up"), or NULL where it has none. */
const char *vnm_mib_label(const struct vnm_mib *m, const struct vnm_mib_object *o, int64_t value);

/*
 * The value as text into out, of which `room` octets are used at the most; returns how many
 * (without a NUL). By enumeration, BITS, DISPLAY-HINT and textual convention of the object (which
 * may be NULL: not known); else octets that are printable UTF-8 as they are, others in hex with
 * colons. Text that has no room ends at a whole character. What cannot be what the object says
 * is written as if nothing were known of it, never refused.
 */
size_t vnm_mib_text(const struct vnm_mib *m, const struct vnm_mib_object *o,
    const struct vnm_mib_value *v, char *out, size_t room);

/* "ifDescr.3" or, of an oid that nobody knows, its numbers; `qualified`: "IF-MIB::ifDescr.3". */
size_t vnm_mib_oid_text(
    const struct vnm_mib *m, struct vnm_oid oid, bool qualified, char *out, size_t room);

/* Whether these octets of the object (NULL: not known) are text rather than a binary value. */
bool vnm_mib_is_text(
    const struct vnm_mib *m, const struct vnm_mib_object *o, struct vnm_slice octets);

/* The address in an InetAddress, IpAddress or LldpManAddress; family NONE where it is none. */
struct vnm_addr vnm_mib_address(
    const struct vnm_mib *m, const struct vnm_mib_object *o, struct vnm_slice octets);

/* ---- instances ----------------------------------------------------------------------------- */

#define VNM_MIB_INDEX_MAX 16 /* parts of an index that are looked at */

/* An instance, taken apart. */
struct vnm_mib_index {
	uint32_t n;    /* parts that were read */
	bool whole;    /* all parts of the index, and nothing was left over */
	bool repaired; /* the agent left out a length that belongs there; read by what follows */
	struct vnm_oid rest; /* what is left over; borrowed from the suffix */
	struct {
		const struct vnm_mib_object *object;
		struct vnm_mib_value value; /* octets are in `octets`, oids in the suffix */
		struct vnm_oid numbers; /* the part as it stands in the suffix, its length too */
	} part[VNM_MIB_INDEX_MAX];
	uint8_t octets[VNM_OID_MAX];
};

/*
 * Takes the instance of a column, entry or table apart (RFC 2578 section 7.7): true where all of
 * it fits. Agents that leave out the length of an InetAddress, or of the last string, are
 * understood where only that makes the suffix fit. A scalar's instance is 0. The octets of the
 * result belong to *index: do not copy the struct.
 */
bool vnm_mib_index(const struct vnm_mib *m, const struct vnm_mib_object *o, struct vnm_oid suffix,
    struct vnm_mib_index *index);

/* The part for this object of the index, or NULL. */
const struct vnm_mib_value *vnm_mib_index_part(
    const struct vnm_mib_index *index, const struct vnm_mib_object *o);

/* The parts as text, with "," between them: "ipv4,10.0.0.1". As vnm_mib_text() else. */
size_t vnm_mib_index_text(
    const struct vnm_mib *m, const struct vnm_mib_index *index, char *out, size_t room);

/*
 * The reverse: the suffix for n values, in the order of the index, into v, which has room for
 * VNM_OID_MAX numbers: how many; 0 where they do not fit the index.
 */
uint32_t vnm_mib_index_write(const struct vnm_mib *m, const struct vnm_mib_object *o,
    const struct vnm_mib_value *values, uint32_t n, uint32_t *v);

#endif
