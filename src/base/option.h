/*
 * Tables of options: what may stand in the configuration, how it reads, its default and
 * whether a reload applies it. A table is an X-macro list, from which the struct that holds
 * the values and the rows that bind, check and document it are both made:
 *
 *   #define VNM_UDP_OPTIONS(X) \
 *       X(struct vnm_udp_options, rcvbuf, SIZE, "4M", RESTART, "socket receive buffer")
 *   struct vnm_udp_options { VNM_UDP_OPTIONS(VNM_OPTION_MEMBER) };
 *   const struct vnm_option vnm_udp_options[] = { VNM_UDP_OPTIONS(VNM_OPTION_ROW) VNM_OPTION_END };
 */
#ifndef VNM_BASE_OPTION_H
#define VNM_BASE_OPTION_H

#include "base/addr.h"
#include "base/err.h"
#include "base/transport.h"

enum vnm_option_type {
	VNM_OPTION_STRING,   /* char *, owned; NULL: not given and no default */
	VNM_OPTION_BOOL,     /* bool: true or false */
	VNM_OPTION_NUMBER,   /* uint32_t, decimal */
	VNM_OPTION_REAL,     /* double, 0 or greater */
	VNM_OPTION_SIZE,     /* uint64_t octets: a number and K, M or G (1024-based), or none */
	VNM_OPTION_DURATION, /* uint64_t ns: a number and ns, us, ms, s, m, h or d (unit required,
				but for 0) */
	VNM_OPTION_STRINGS,  /* struct vnm_strings, owned: a sequence of scalars */
	VNM_OPTION_PREFIXES, /* struct vnm_prefixes, owned: a sequence of prefixes */
	VNM_OPTION_LISTEN,   /* struct vnm_listen: "udp:[::]:4739", "tcp:127.0.0.1:4739" */
	VNM_OPTION_TARGETS,  /* struct vnm_targets, owned: a sequence of such, to connect to */
	VNM_OPTION_ADDRESS,  /* struct vnm_addr: "192.0.2.1", "2001:db8::1" */
	VNM_OPTION_ENDPOINT, /* struct vnm_endpoint: "[::1]:9464", "127.0.0.1:9464" */
	VNM_OPTION_SPEED,    /* double: max (0), or how many times the recorded speed */
	VNM_OPTION_PAIRS /* struct vnm_strings of k, v, k, v …, owned: a mapping passed on verbatim
			  */
};

struct vnm_strings {
	char **p; /* owned, as are the strings */
	uint32_t n;
};

/* Adds a copy: 0, or -1 when memory is short (nothing changed). */
int vnm_strings_add(struct vnm_strings *s, const char *text);
void vnm_strings_free(struct vnm_strings *s);

struct vnm_prefixes {
	struct vnm_prefix *p; /* owned */
	uint32_t n;
};

struct vnm_listen {
	enum vnm_transport transport;
	struct vnm_endpoint at; /* family NONE: not given */
};

struct vnm_targets {
	struct vnm_listen *p; /* owned; streams only, with a port */
	uint32_t n;
};

#define VNM_OPTION_CTYPE_STRING char *
#define VNM_OPTION_CTYPE_BOOL bool
#define VNM_OPTION_CTYPE_NUMBER uint32_t
#define VNM_OPTION_CTYPE_REAL double
#define VNM_OPTION_CTYPE_SIZE uint64_t
#define VNM_OPTION_CTYPE_DURATION uint64_t
#define VNM_OPTION_CTYPE_STRINGS struct vnm_strings
#define VNM_OPTION_CTYPE_PREFIXES struct vnm_prefixes
#define VNM_OPTION_CTYPE_LISTEN struct vnm_listen
#define VNM_OPTION_CTYPE_TARGETS struct vnm_targets
#define VNM_OPTION_CTYPE_ADDRESS struct vnm_addr
#define VNM_OPTION_CTYPE_ENDPOINT struct vnm_endpoint
#define VNM_OPTION_CTYPE_SPEED double
#define VNM_OPTION_CTYPE_PAIRS struct vnm_strings

enum vnm_option_when { VNM_OPTION_RELOAD, VNM_OPTION_RESTART };

struct vnm_option {
	const char *name; /* NULL ends a table */
	enum vnm_option_type type;
	size_t offset;	      /* of the value in the struct that the table is for */
	const char *fallback; /* the default, as it would be written; NULL: none (zero) */
	enum vnm_option_when when;
	const char *doc;
};

#define VNM_OPTION_MEMBER(struct_type, name, type, fallback, when, doc) \
	VNM_OPTION_CTYPE_##type name;
#define VNM_OPTION_ROW(struct_type, name, type, fallback, when, doc) \
	{#name, VNM_OPTION_##type, offsetof(struct_type, name), fallback, VNM_OPTION_##when, doc},
#define VNM_OPTION_END                                                    \
	{                                                                 \
		NULL, VNM_OPTION_STRING, 0, NULL, VNM_OPTION_RELOAD, NULL \
	}

/* Fills a zeroed struct with a table's defaults: 0, or -1 and *err. */
int vnm_option_defaults(const struct vnm_option *table, void *values, struct vnm_err *err);

/*
 * Reads one scalar: 0, or -1 and err->text (what is wrong and what would be right). Replaces and
 * frees an old value. A list takes its items with commas between them, none from "".
 */
int vnm_option_set(
    const struct vnm_option *option, void *values, const char *text, struct vnm_err *err);

/* Appends to a STRINGS, PREFIXES or TARGETS option. */
int vnm_option_append(
    const struct vnm_option *option, void *values, const char *text, struct vnm_err *err);

/* Sets one key of a PAIRS option, in its old place where the key is there already. */
int vnm_option_pair(const struct vnm_option *option, void *values, const char *key,
    const char *text, struct vnm_err *err);

/* Whether it is STRINGS, PREFIXES or TARGETS. */
bool vnm_option_is_list(const struct vnm_option *option);

/* Frees what the values own; they are zero afterwards. */
void vnm_option_release(const struct vnm_option *table, void *values);

/*
 * Values that own what they have: 0, or -1 when memory is short (nothing is owned then). What
 * *to has before is not looked at.
 */
int vnm_option_copy(const struct vnm_option *table, void *to, const void *from) VNM_MUST_CHECK;

/* The row of that name, or NULL. */
const struct vnm_option *vnm_option_find(const struct vnm_option *table, const char *name);

/* The name in the table that is nearest to a misspelt one, or NULL where none is near. */
const char *vnm_option_nearest(const struct vnm_option *table, const char *name);

/* Whether two sets of values differ in this option. */
bool vnm_option_differs(const struct vnm_option *option, const void *a, const void *b);

/* The type's name in documentation: "size", "duration" … */
const char *vnm_option_type_name(enum vnm_option_type type);

#endif
