/*
 * Reading of sFlow structures by table: what the tables of flow and counter records say is read
 * from XDR (RFC 4506) and put into fields of the record, or into named pairs.
 */
#ifndef VNM_DECODERS_SFLOW_ITEM_H
#define VNM_DECODERS_SFLOW_ITEM_H

#include "decoders/decoder.h"

enum vnm_sflow_type {
	VNM_SFLOW_HEAD, /* begins the items of a record */
	VNM_SFLOW_U32,
	VNM_SFLOW_U64,
	VNM_SFLOW_I32,
	VNM_SFLOW_F32, /* negative: unknown */
	VNM_SFLOW_TEXT,
	VNM_SFLOW_OCTETS, /* opaque<> */
	VNM_SFLOW_ID8,	  /* opaque[8] */
	VNM_SFLOW_ID16,	  /* opaque[16] */
	VNM_SFLOW_U8,	  /* four of them are packed into one word */
	VNM_SFLOW_MAC,
	VNM_SFLOW_IP4,
	VNM_SFLOW_IP6,
	VNM_SFLOW_ADDRESS,
	VNM_SFLOW_LIST /* unsigned int<> */
};

struct vnm_sflow_item {
	uint8_t type;	  /* enum vnm_sflow_type */
	int16_t field;	  /* index of the field; -1: none, a pair */
	const char *name; /* of the pair, also where the value does not fit the field */
};

/* A record format and where its items begin in their table, behind the HEAD. */
struct vnm_sflow_format {
	uint32_t id; /* enterprise << 12 | format */
	uint16_t at;
};

#define VNM_SFLOW_UNKNOWN 16 /* records of unknown format that are kept of one sample */

/* One sample on its way to one record. */
struct vnm_sflow_sample {
	struct vnm_out *out;
	struct vnm_record *rec;
	bool counters;	      /* a counter that is all ones is not supported by the agent */
	struct vnm_pair *all; /* in the scratch */
	const char **names;   /* beside them: as the tables have them, before any number */
	uint32_t count;
	uint32_t room;
	uint32_t unknown_count;
	uint32_t unknown[VNM_SFLOW_UNKNOWN]; /* ids of records whose format is not known */
};

/* The format's row, or NULL. Rows are in ascending order of id. */
const struct vnm_sflow_format *vnm_sflow_format_find(
    const struct vnm_sflow_format *formats, size_t n, uint32_t id);

/*
 * Reads items up to the next HEAD. A record that ends early between two items is of an older
 * edition of its structure; one that ends within an item is malformed and counted so.
 */
void vnm_sflow_items(
    struct vnm_sflow_sample *s, struct vnm_reader *r, const struct vnm_sflow_item *item);

/*
 * A pair more. The name is static: the same name is the same pointer. Names are unique within a
 * record: where one comes again it gets a number.
 */
void vnm_sflow_pair(struct vnm_sflow_sample *s, const struct vnm_pair *pair);
void vnm_sflow_pair_u64(struct vnm_sflow_sample *s, const char *name, uint64_t v);
void vnm_sflow_pair_mac(struct vnm_sflow_sample *s, const char *name, const uint8_t *mac);

/* A record whose format is not known, as it is: "record_<enterprise>_<format>". */
void vnm_sflow_pair_unknown(struct vnm_sflow_sample *s, uint32_t id, struct vnm_reader *r);

/* XDR: text or opaque<> with its padding; an address with its type; a MAC address (6 + 2). */
struct vnm_slice vnm_sflow_octets(struct vnm_reader *r);
struct vnm_str vnm_sflow_text(struct vnm_reader *r);
struct vnm_addr vnm_sflow_address(struct vnm_reader *r);
const uint8_t *vnm_sflow_mac(struct vnm_reader *r);

/*
 * unsigned int<>: into the scratch, at most what the reader holds. Each entry is shifted right
 * by `shift` bits.
 */
struct vnm_u32s vnm_sflow_list(struct vnm_sflow_sample *s, struct vnm_reader *r, unsigned shift);

#endif
