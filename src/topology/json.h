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
	unsigned line; /* where what is being read began */
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

/* What to do with an element of the file's array `which`; 0, or -1 and the complaint. */
typedef int vnm_json_each_fn(void *into, size_t which, const struct vnm_json *element);

/*
 * Reads a file that is one object of arrays of objects. Each element of the arrays with these
 * `count` keys is handed on as soon as it is read, and is gone afterwards, so that a large file
 * does not stand in memory as a tree. 0, or -1 and *doc->err.
 */
int vnm_json_read(struct vnm_json_doc *doc, const char *const *keys, size_t count,
    vnm_json_each_fn *each, void *into);

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
