/*
 * A catalogue in the making: modules, types and objects as they are read, in any order, from our
 * own tables (mibs/table.h), from an operator's MIB files (mibs/load.h) or from a catalogue that
 * is there. finish() looks up what they refer to by name and makes the catalogue.
 *
 * A name of another module may be qualified ("IF-MIB::ifIndex"). One that is not is looked for in
 * the module itself, then in all others in the order in which they were read.
 */
#ifndef VNM_MIBS_DRAFT_H
#define VNM_MIBS_DRAFT_H

#include "base/err.h"
#include "mibs/mib.h"

struct vnm_mib_draft;

/* NULL when memory is short. */
struct vnm_mib_draft *vnm_mib_draft_new(void);
void vnm_mib_draft_free(struct vnm_mib_draft *d);

struct vnm_mib_draft_label {
	const char *name;
	int32_t value;
};

struct vnm_mib_draft_syntax {
	const char *type; /* a base ("Counter64", "OCTETS") or a type's name; NULL: no value */
	const char *name; /* what a base is called here (its textual convention); NULL: nothing */
	const char *hint; /* NULL: as the type has it */
	const struct vnm_mib_draft_label *labels;
	uint32_t label_count; /* 0: as the type has them */
	bool sized;
	uint16_t size_min, size_max; /* octets, where `sized` is set */
};

struct vnm_mib_draft_object {
	const char *name;
	enum vnm_mib_kind kind;
	enum vnm_mib_access access;
	const char *parent;	 /* NULL: the numbers are the whole oid */
	const uint32_t *numbers; /* below the parent */
	uint32_t number_count;
	struct vnm_mib_draft_syntax syntax;
	/* Of an ENTRY the index, of a NOTIFICATION its objects; borrowed like all text here. */
	const char *const *members;
	uint32_t member_count;
	bool implied;
	const char *augments; /* of an ENTRY: has the index of this one; NULL: its own */
	const char *file;     /* for messages; NULL: none */
	unsigned line;
};

/* All add a copy; they return 0, or -1 when memory is short or a bound was reached (err says). */

/* The module of all that follows; the first one has the number 0. */
int vnm_mib_draft_module(struct vnm_mib_draft *d, const char *name, struct vnm_err *err);

/* What follows is of a module that was begun before, by its number. */
void vnm_mib_draft_resume(struct vnm_mib_draft *d, uint32_t module);

/* A textual convention. `file` may be NULL. */
int vnm_mib_draft_type(struct vnm_mib_draft *d, const char *name,
    const struct vnm_mib_draft_syntax *syntax, const char *file, unsigned line,
    struct vnm_err *err);

int vnm_mib_draft_object(
    struct vnm_mib_draft *d, const struct vnm_mib_draft_object *o, struct vnm_err *err);

/* Whether a module of this name has been begun. */
bool vnm_mib_draft_has(const struct vnm_mib_draft *d, const char *module);

/* Whether the present module has a textual convention of this name. */
bool vnm_mib_draft_has_type(struct vnm_mib_draft *d, const char *name);

/* Modules of a catalogue that the draft does not have yet. */
int vnm_mib_draft_copy(struct vnm_mib_draft *d, const struct vnm_mib *m, struct vnm_err *err);

/*
 * The catalogue; vnm_mib_free(). NULL, and why in errs. What does not keep it from being made is
 * told in `conflicts`: two names for one oid (the first stays), a name that is nowhere.
 */
struct vnm_mib *vnm_mib_draft_finish(
    struct vnm_mib_draft *d, struct vnm_errs *conflicts, struct vnm_err *err);

#endif
