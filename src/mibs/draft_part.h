/*
 * A draft's own parts, between draft.c, which collects them, and draft_finish.c, which makes a
 * catalogue of them. All text is an offset into the draft's text, where each stands once.
 */
#ifndef VNM_MIBS_DRAFT_PART_H
#define VNM_MIBS_DRAFT_PART_H

#include "base/buffer.h"
#include "base/hash.h"
#include "mibs/draft.h"

/* A name as it was written: 0 for `module` where it is not qualified. */
struct vnm_draft_ref {
	uint32_t module;
	uint32_t name;
};

struct vnm_draft_syntax {
	struct vnm_draft_ref type; /* name 0: no value */
	uint32_t name;		   /* 0: none */
	uint32_t hint;
	uint32_t labels;
	uint32_t label_count;
	bool hinted;
	bool sized;
	uint16_t size_min, size_max;
};

struct vnm_draft_type {
	uint32_t module;
	uint32_t name;
	struct vnm_draft_syntax syntax;
	uint32_t file;
	unsigned line;
	uint32_t final; /* index in the catalogue, + 1; 0: not looked up yet */
	bool busy;	/* is being looked up: meets itself where it is defined by itself */
};

struct vnm_draft_object {
	uint32_t module;
	uint32_t name;
	struct vnm_draft_ref parent; /* name 0: none */
	struct vnm_draft_ref augments;
	uint32_t numbers;
	uint32_t number_count;
	struct vnm_draft_syntax syntax;
	uint32_t members;
	uint32_t member_count;
	uint32_t file;
	unsigned line;
	uint8_t kind;
	uint8_t access;
	bool implied;
	bool busy;
	/* what finish() finds out */
	uint32_t oid; /* the first of its numbers in `oids` */
	uint32_t oid_n;
	uint32_t node; /* index in the catalogue; 0: none */
	uint32_t same; /* the object that has its oid instead, + 1; 0: none */
};

/* Growing arrays: n of `cap` in use. */
#define VNM_DRAFT_ARRAY(type) \
	struct {              \
		type *p;      \
		uint32_t n;   \
		uint32_t cap; \
	}

struct vnm_mib_draft {
	uint32_t magic;
	struct vnm_buffer text;
	VNM_DRAFT_ARRAY(uint32_t) texts; /* offsets of what stands in it */
	struct vnm_table text_table;
	VNM_DRAFT_ARRAY(uint32_t) modules;
	VNM_DRAFT_ARRAY(struct vnm_draft_type) types;
	VNM_DRAFT_ARRAY(struct vnm_draft_object) objects;
	struct vnm_table type_table;   /* by name */
	struct vnm_table object_table; /* by name */
	struct vnm_table final_table;  /* the catalogue's types, by all that they are */
	uint32_t module;	       /* the present one */
	VNM_DRAFT_ARRAY(uint32_t) numbers;
	VNM_DRAFT_ARRAY(uint32_t) oids;
	VNM_DRAFT_ARRAY(struct vnm_draft_ref) members;
	VNM_DRAFT_ARRAY(struct vnm_mib_label) labels; /* as written */
	/* the catalogue's */
	VNM_DRAFT_ARRAY(struct vnm_mib_type) final_types;
	VNM_DRAFT_ARRAY(struct vnm_mib_label) final_labels;
	VNM_DRAFT_ARRAY(uint32_t) final_members;
	VNM_DRAFT_ARRAY(struct vnm_mib_object) nodes;
	VNM_DRAFT_ARRAY(uint32_t) owners; /* of each node its object, + 1; 0: none */
	VNM_DRAFT_ARRAY(uint32_t) sorted; /* objects by oid, each oid once */
};

/*
 * Room for `more` further ones behind n of them; `pointer` is that to the array, of whatever type.
 * 0, or -1 when memory is short or there would be too many.
 */
int vnm_draft_grow(void *pointer, uint32_t *cap, uint32_t n, uint32_t more, size_t size);
#define VNM_DRAFT_ROOM(array, more) \
	vnm_draft_grow(&(array).p, &(array).cap, (array).n, more, sizeof(*(array).p))

/* The offset of this text; UINT32_MAX when memory is short. NULL and "" are 0. */
uint32_t vnm_draft_text(struct vnm_mib_draft *d, const char *s, size_t n);

static inline const char *
vnm_draft_name(const struct vnm_mib_draft *d, uint32_t offset)
{
	return (const char *)d->text.p + offset;
}

/* -1 with *err: no memory. */
int vnm_draft_no_memory(struct vnm_err *err);

/* The object of this name as a module sees it, or NULL. */
struct vnm_draft_object *vnm_draft_find_object(
    struct vnm_mib_draft *d, uint32_t module, const struct vnm_draft_ref *ref);
struct vnm_draft_type *vnm_draft_find_type(
    struct vnm_mib_draft *d, uint32_t module, const struct vnm_draft_ref *ref);

/* The catalogue's type for a syntax: its index; -1 with *err. */
int vnm_draft_resolve(struct vnm_mib_draft *d, uint32_t module, const struct vnm_draft_syntax *s,
    uint32_t file, unsigned line, uint16_t *index, struct vnm_err *err);

/* All textual conventions; -1 with *err. */
int vnm_draft_resolve_types(struct vnm_mib_draft *d, struct vnm_err *err);

#endif
