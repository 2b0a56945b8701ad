/*
 * The record: what decoders make, correlation names and outputs encode. Generated from
 * fields.def: one struct per kind, with a presence bit for each field, since a field that is
 * not known is absent, never zero.
 *
 * One record is reused for all: it is filled, emitted and forgotten. Text, bytes and lists in
 * it are borrowed from the datagram, the scratch, exporter state or the topology, and live
 * until emit returns.
 */
#ifndef VNM_RECORD_RECORD_H
#define VNM_RECORD_RECORD_H

#include "base/addr.h"
#include "base/slice.h"
#include "record/fields.def"

#define VNM_SCHEMA_VERSION 1

/* ---- types of fields ------------------------------------------------------------------- */

struct vnm_u32s {
	const uint32_t *p;
	uint32_t n;
};

struct vnm_strs {
	const struct vnm_str *p;
	uint32_t n;
};

/* How the octets of an information element read (RFC 7011 section 6.1). */
enum vnm_ie_type {
	VNM_IE_OCTETS, /* and whatever is not known: hex text */
	VNM_IE_UNSIGNED,
	VNM_IE_SIGNED,
	VNM_IE_FLOAT,
	VNM_IE_BOOL,
	VNM_IE_MAC,
	VNM_IE_STRING,
	VNM_IE_IP4,
	VNM_IE_IP6,
	VNM_IE_SECONDS, /* the four times are given as ns since 1970 */
	VNM_IE_MILLISECONDS,
	VNM_IE_MICROSECONDS, /* NTP format */
	VNM_IE_NANOSECONDS,  /* NTP format */
	VNM_IE_LIST	     /* structured data (RFC 6313): its values stand in `list` */
};

/* An information element that has no field, with its octets as they came. */
struct vnm_ie {
	uint32_t pen; /* private enterprise number; 0: IANA */
	uint16_t id;
	uint8_t type;	  /* enum vnm_ie_type */
	uint8_t semantic; /* of a list: structuredDataTypesSemantics (RFC 6313 section 4.4) */
	struct vnm_slice octets;
	const struct vnm_ie *list; /* LIST: `count` elements of possibly several records */
	uint32_t count;
	uint32_t row; /* in a list: which of its records this element belongs to */
};

struct vnm_ies {
	const struct vnm_ie *p;
	uint32_t n;
};

#define VNM_PAIR_ROOM 8 /* octets that may be read where the name of a STRUCT's member begins */

/* A named value that has no field. The name is clean text (lower_snake); NULL in an ARRAY. */
struct vnm_pair {
	const char *name;
	enum vnm_pair_type {
		VNM_PAIR_U64,
		VNM_PAIR_F64,
		VNM_PAIR_STR,
		VNM_PAIR_ADDR,
		VNM_PAIR_BYTES,
		VNM_PAIR_I64,
		VNM_PAIR_BOOL,
		VNM_PAIR_OBJECT, /* of named values */
		VNM_PAIR_ARRAY,	 /* of values, whose names are not looked at */
		VNM_PAIR_STRUCT	 /* an OBJECT whose names all differ and stand in VNM_PAIR_ROOM */
	} type;
	uint16_t name_n; /* octets of the name, within a STRUCT: at the most VNM_PAIR_ROOM */
	union {
		uint64_t u64;
		int64_t i64;
		bool flag; /* of a BOOL */
		double f64;
		struct vnm_str str;
		struct vnm_addr addr;
		struct vnm_slice bytes;
		struct {
			const struct vnm_pair *items; /* of an OBJECT, ARRAY or STRUCT */
			uint32_t count;
		};
	};
};

/* Levels of OBJECT and ARRAY within each other: what makes pairs keeps to it. */
#define VNM_PAIR_DEPTH 16

static inline bool
vnm_pair_has_names(const struct vnm_pair *p)
{
	return p->type == VNM_PAIR_OBJECT || p->type == VNM_PAIR_STRUCT;
}

struct vnm_pairs {
	const struct vnm_pair *p;
	uint32_t n;
};

/* C types by the type column of fields.def. */
#define VNM_CTYPE_BOOL bool
#define VNM_CTYPE_U8 uint8_t
#define VNM_CTYPE_U16 uint16_t
#define VNM_CTYPE_U32 uint32_t
#define VNM_CTYPE_U64 uint64_t
#define VNM_CTYPE_I64 int64_t
#define VNM_CTYPE_F64 double
#define VNM_CTYPE_ADDR struct vnm_addr
#define VNM_CTYPE_MAC struct vnm_mac
#define VNM_CTYPE_STR struct vnm_str
#define VNM_CTYPE_BYTES struct vnm_slice
#define VNM_CTYPE_U32S struct vnm_u32s
#define VNM_CTYPE_STRS struct vnm_strs
#define VNM_CTYPE_IES struct vnm_ies
#define VNM_CTYPE_PAIRS struct vnm_pairs
#define VNM_CTYPE_LIST struct vnm_pairs /* values whose names are not looked at */

enum vnm_type {
	VNM_TYPE_BOOL,
	VNM_TYPE_U8,
	VNM_TYPE_U16,
	VNM_TYPE_U32,
	VNM_TYPE_U64,
	VNM_TYPE_I64,
	VNM_TYPE_F64,
	VNM_TYPE_ADDR,
	VNM_TYPE_MAC,
	VNM_TYPE_STR,
	VNM_TYPE_BYTES,
	VNM_TYPE_U32S,
	VNM_TYPE_STRS,
	VNM_TYPE_IES,
	VNM_TYPE_PAIRS,
	VNM_TYPE_LIST
};

/* ---- kinds and fields ------------------------------------------------------------------- */

enum vnm_kind {
#define VNM_KIND(name, ordered, doc) VNM_KIND_##name,
#include "record/kinds.def"
#undef VNM_KIND
	VNM_KIND_COUNT
};

/*
 * Indices of fields: VNM_F_env_observed_ns, VNM_F_flow_src_addr. The envelope's come first and
 * a kind's own follow them, so that an index is a bit number in `has` of a record of that kind.
 */
#define VNM_FIELD_INDEX(kind, tag, name, type, unit, doc) VNM_F_##kind##_##name,
enum { VNM_FIELDS_env(VNM_FIELD_INDEX) VNM_FIELDS_END_env };
#define VNM_KIND(kind, ordered, doc)                                     \
	enum {                                                           \
		VNM_FIELDS_START_##kind = VNM_FIELDS_END_env - 1,        \
		VNM_FIELDS_##kind(VNM_FIELD_INDEX) VNM_FIELDS_END_##kind \
	};
#include "record/kinds.def"
#undef VNM_KIND
#undef VNM_FIELD_INDEX

/* Their structs: vnm_flow_fields for kind flow. */
#define VNM_FIELD_MEMBER(kind, tag, name, type, unit, doc) VNM_CTYPE_##type name;
struct vnm_env {
	VNM_FIELDS_env(VNM_FIELD_MEMBER)
};
#define VNM_KIND(kind, ordered, doc)                \
	struct vnm_##kind##_fields {                \
		VNM_FIELDS_##kind(VNM_FIELD_MEMBER) \
	};
#include "record/kinds.def"
#undef VNM_KIND
#undef VNM_FIELD_MEMBER

#define VNM_HAS_WORDS 4 /* 256 fields; checked in record.c */

struct vnm_record {
	uint64_t has[VNM_HAS_WORDS]; /* presence, by field index */
	enum vnm_kind kind_id;
	struct vnm_env env;
	union {
#define VNM_KIND(kind, ordered, doc) struct vnm_##kind##_fields kind;
#include "record/kinds.def"
#undef VNM_KIND
	};
};

static inline bool
vnm_record_has(const struct vnm_record *r, unsigned index)
{
	return (r->has[index / 64] >> (index % 64) & 1) != 0;
}

static inline void
vnm_record_mark(struct vnm_record *r, unsigned index)
{
	r->has[index / 64] |= 1ULL << (index % 64);
}

static inline void
vnm_record_unmark(struct vnm_record *r, unsigned index)
{
	r->has[index / 64] &= ~(1ULL << (index % 64));
}

/* VNM_SET(r, flow, src_port, 53): the value and its presence. */
#define VNM_SET(r, kind, name, ...) \
	((r)->kind.name = (__VA_ARGS__), vnm_record_mark((r), VNM_F_##kind##_##name))
#define VNM_HAS(r, kind, name) vnm_record_has((r), VNM_F_##kind##_##name)
#define VNM_UNSET(r, kind, name) vnm_record_unmark((r), VNM_F_##kind##_##name)

/* ---- the tables ---------------------------------------------------------------------------- */

struct vnm_field {
	const char *name;
	uint16_t tag;	 /* protobuf field number */
	uint16_t offset; /* of the member in struct vnm_record */
	uint8_t type;	 /* enum vnm_type */
	uint8_t name_len;
	bool envelope;
	const char *unit;
	const char *doc;
};

struct vnm_kind_info {
	const char *name;
	uint8_t name_len;
	bool ordered; /* must reach Kafka in order, by key */
	const char *doc;
	const struct vnm_field *fields; /* by field index, the envelope's first */
	unsigned count;
};

/* Never NULL. */
const struct vnm_kind_info *vnm_kind_info(enum vnm_kind kind);

/* The field's index, or -1 where that kind has no such field. */
int vnm_field_find(enum vnm_kind kind, const char *name);

/* The name of a type as fields.def writes it. */
const char *vnm_type_name(enum vnm_type type);

#endif
