/*
 * Templates of NetFlow v9 (RFC 3954 section 5.2) and IPFIX (RFC 7011 section 3.4): parsed and
 * checked once, compiled into a bounded list of copy operations, run for each record.
 */
#ifndef VNM_DECODERS_TEMPLATE_H
#define VNM_DECODERS_TEMPLATE_H

#include "base/reader.h"
#include "decoders/ie_map.h"

#define VNM_VARLEN 0xffffU
#define VNM_TEMPLATE_MAGIC 0x766e7470U /* "vntp" */

/* What the wire says of one field. */
struct vnm_template_field {
	uint32_t pen;
	uint16_t id;
	uint16_t n; /* octets; VNM_VARLEN */
};

/* One copy: from the record's octets into a field or a raw value. */
struct vnm_copy_op {
	uint8_t conv;	  /* enum vnm_conversion */
	uint8_t width;	  /* of the destination, octets */
	bool if_not_zero; /* of a pair for both address families */
	uint8_t type;	  /* enum vnm_ie_type, of an ELEMENT */
	uint16_t at;	  /* offset of the field behind the variable-length one before it */
	uint16_t n;	  /* octets; VNM_VARLEN */
	uint16_t to;	  /* field index or enum vnm_raw */
	uint16_t offset;  /* in struct vnm_record */
	uint16_t field;	  /* index in the template's fields */
};

struct vnm_template {
	uint32_t magic;
	uint16_t id;
	bool options;
	bool provisional;     /* restored from an earlier run and not confirmed since */
	bool frame_octets;    /* its octets count frames, not IP packets */
	bool variable;	      /* has variable-length fields */
	uint16_t scope_count; /* of an options template: how many fields are scope */
	uint16_t field_count;
	uint16_t op_count;
	uint16_t element_count; /* ops that yield an `ie` element */
	uint32_t min_n;		/* octets of the shortest record: at least 1 */
	uint16_t tail;		/* octets behind the last variable-length field */
	uint64_t learnt_ns;	/* on the exporter's packets' clock */
	uint64_t refreshed_ns;
	uint64_t refresh_every_ns; /* longest interval seen between two; 0: not refreshed yet */
	uint64_t used_ns;
	uint64_t has[VNM_HAS_WORDS];		 /* fields that every record sets */
	const struct vnm_template_field *fields; /* behind the ops, in the same block */
	struct vnm_copy_op ops[];
};

/* What the operations of one record leave behind besides its fields. */
struct vnm_flow_work {
	uint64_t raw_has; /* by enum vnm_raw */
	uint64_t raw[VNM_RAW_COUNT];
	struct vnm_ie *elements; /* room for the template's element_count */
	uint32_t element_count;
	uint32_t out_of_range;	/* numbers that did not fit their field */
	struct vnm_slice frame; /* a sampled packet, from its link layer; n 0: none */
	struct vnm_slice ip;	/* a sampled packet, from its IP header; n 0: none */
};

static inline bool
vnm_raw_has(const struct vnm_flow_work *w, enum vnm_raw raw)
{
	return (w->raw_has >> raw & 1) != 0;
}

/*
 * Makes a template of its fields: VNM_OK and *out (owned by the caller, vnm_free), or the
 * reason: template_empty, template_limit (records longer than a message), out_of_memory.
 */
enum vnm_reason vnm_template_make(struct vnm_template **out, uint16_t id, bool options,
    uint16_t scope_count, const struct vnm_template_field *fields, uint16_t field_count);

/* Whether both lay records out alike. */
bool vnm_template_same(const struct vnm_template *a, const struct vnm_template *b);

/*
 * The octets of the next field, by its length on the wire (RFC 7011 section 7 for a variable
 * one); empty and r->bad when they go beyond r.
 */
struct vnm_reader vnm_template_field_octets(struct vnm_reader *r, uint16_t n);

/* Steps over one record without reading it: false when it does not fit. */
bool vnm_template_skip(const struct vnm_template *t, struct vnm_reader *r);

/* Copies one record into rec and work (reset by the caller): false when it does not fit. */
bool vnm_template_run(const struct vnm_template *t, struct vnm_reader *r, struct vnm_record *rec,
    struct vnm_flow_work *work);

/* An NTP timestamp (RFC 5905 section 6; eras turn over in 2036) as ns since 1970. */
uint64_t vnm_ntp_ns(const uint8_t p[8]);

#endif
