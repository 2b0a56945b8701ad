/*
 * Typed reading of JSON for operators: every value knows the way that leads to it, so that a
 * complaint can name the file and the path, and members are bound to structs by tables.
 */
#ifndef VNM_TOPOLOGY_JSON_H
#define VNM_TOPOLOGY_JSON_H

#include "base/addr.h"
#include "base/err.h"
#include "topology/text.h"

struct json_object;

struct vnm_json_doc {
	const char *file;
	struct vnm_symbols *symbols;
	struct vnm_err *err;
};

/* A value and the way to it; `up` and `key` are borrowed for as long as it is looked at. */
struct vnm_json {
	const struct vnm_json_doc *doc;
	struct json_object *o; /* NULL: absent or null, which are the same here */
	const struct vnm_json *up;
	const char *key; /* NULL: an element of an array */
	uint32_t at;	 /* which one */
};

enum vnm_json_type {
	VNM_JSON_ID,	  /* uint32_t symbol; required */
	VNM_JSON_TEXT,	  /* uint32_t symbol; 0: absent */
	VNM_JSON_NUMBER,  /* uint32_t; 0: absent */
	VNM_JSON_NUMERAL, /* the same, as a number or as text of decimal digits */
	VNM_JSON_BOOL,	  /* bool; false: absent */
	VNM_JSON_ADDR,	  /* struct vnm_addr; no family: absent */
	VNM_JSON_MAC	  /* struct vnm_mac; zero: absent */
};

struct vnm_json_member {
	const char *key; /* NULL ends a table */
	enum vnm_json_type type;
	size_t offset; /* in the struct that the table is for */
};

/*
 * Reads a file: 0 and *root (its `o` is owned: vnm_json_close), or -1 and *doc->err with the
 * line where the text is no JSON.
 */
int vnm_json_open(const struct vnm_json_doc *doc, struct vnm_json *root);
void vnm_json_close(struct vnm_json *root);

/* Reads the members that the table names; others are ignored. 0, or -1 and the complaint. */
int vnm_json_bind(const struct vnm_json *v, const struct vnm_json_member *table, void *into);

/* A member that is an object or an array (`o` NULL where it is absent): 0, or -1. */
int vnm_json_object(const struct vnm_json *v, const char *key, struct vnm_json *member);
int vnm_json_array(const struct vnm_json *v, const char *key, struct vnm_json *member);

/* Of an array, absent or not. */
uint32_t vnm_json_count(const struct vnm_json *array);

/* Its i-th element, which must be an object: 0, or -1. */
int vnm_json_element(const struct vnm_json *array, uint32_t i, struct vnm_json *element);
/* Its i-th element, which must be text: 0, or -1. */
int vnm_json_text_at(const struct vnm_json *array, uint32_t i, uint32_t *symbol);
int vnm_json_addr_at(const struct vnm_json *array, uint32_t i, struct vnm_addr *addr);

/* "hosts[2].vSwitches[0]" into buf; returns its length. */
size_t vnm_json_path(const struct vnm_json *v, char *buf, size_t size);

/* A complaint about a value; returns -1. */
int vnm_json_fail(const struct vnm_json *v, const char *fmt, ...) VNM_PRINTF(2, 3);

#endif
