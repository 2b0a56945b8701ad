/*
 * The types of a draft: textual conventions are looked up by name, and equal ones are one in the
 * catalogue. What form a type has is told by its name, else by its DISPLAY-HINT, so that a
 * convention of an operator's own that is made from a known one is known too.
 */
#include "mibs/draft_part.h"

#include <stdlib.h>
#include <string.h>

static const struct {
	const char *name;
	enum vnm_mib_form form;
} forms[] = {
#define VNM_MIB_FORM(name, form) {name, VNM_MIB_##form},
#include "mibs/forms.def"
#undef VNM_MIB_FORM
};

/* A hint that makes text of all octets: "255a", "1t", ... */
static bool
is_text_hint(const char *hint)
{
	size_t digits = strspn(hint, "0123456789");

	return digits > 0 && (hint[digits] == 'a' || hint[digits] == 't') &&
	       hint[digits + 1] == '\0';
}

static enum vnm_mib_form
form_of(const struct vnm_mib_draft *d, const struct vnm_mib_type *t)
{
	const char *name = vnm_draft_name(d, t->name), *hint = vnm_draft_name(d, t->hint);

	for (size_t i = 0; i < VNM_ARRAY_LEN(forms); i++) {
		if (strcmp(forms[i].name, name) == 0)
			return forms[i].form;
	}
	if (t->base != VNM_MIB_OCTETS)
		return VNM_MIB_PLAIN;
	if (strcmp(hint, "1x:") == 0)
		return t->size_min == 6 && t->size_max == 6 ? VNM_MIB_MAC : VNM_MIB_PHYS;
	if (strncmp(hint, "2d-1d-1d,1d:1d:1d.1d", 20) == 0)
		return VNM_MIB_DATE;
	return is_text_hint(hint) ? VNM_MIB_TEXT : VNM_MIB_PLAIN;
}

/* What nothing is known of by itself keeps the form of what it is made of. */
static void
set_form(const struct vnm_mib_draft *d, struct vnm_mib_type *t)
{
	enum vnm_mib_form form = form_of(d, t);

	if (form != VNM_MIB_PLAIN)
		t->form = (uint8_t)form;
}

static int
compare_labels(const void *a, const void *b)
{
	const struct vnm_mib_label *x = a, *y = b;

	return x->value < y->value ? -1 : x->value > y->value;
}

/* The labels as the catalogue keeps them, at its end. */
static int
add_labels(struct vnm_mib_draft *d, const struct vnm_draft_syntax *s, struct vnm_mib_type *t)
{
	if (s->label_count > UINT16_MAX || VNM_DRAFT_ROOM(d->final_labels, s->label_count) != 0)
		return -1;
	t->labels = d->final_labels.n;
	t->label_count = (uint16_t)s->label_count;
	if (s->label_count == 0)
		return 0;
	memcpy(d->final_labels.p + t->labels, d->labels.p + s->labels,
	    s->label_count * sizeof(*d->labels.p));
	qsort(d->final_labels.p + t->labels, s->label_count, sizeof(*d->labels.p), compare_labels);
	d->final_labels.n += s->label_count;
	return 0;
}

static bool
same_labels(
    const struct vnm_mib_draft *d, const struct vnm_mib_type *a, const struct vnm_mib_type *b)
{
	for (uint32_t i = 0; a->label_count == b->label_count && i < a->label_count; i++) {
		const struct vnm_mib_label *x = &d->final_labels.p[a->labels + i];
		const struct vnm_mib_label *y = &d->final_labels.p[b->labels + i];

		if (x->value != y->value || x->text != y->text)
			return false;
	}
	return a->label_count == b->label_count;
}

/* Of all but the labels themselves: types with the same ones are told apart by them alone. */
static uint64_t
type_hash(const struct vnm_mib_type *t)
{
	const uint32_t key[] = {t->name, t->hint, t->label_count, t->base, t->form, t->size_min,
	    t->size_max, t->module};

	return vnm_hash(key, sizeof(key), 0);
}

/* The catalogue's one of these; -1 when memory is short. */
static int
intern(struct vnm_mib_draft *d, const struct vnm_mib_type *t, uint16_t *index)
{
	uint64_t hash = type_hash(t);
	uint32_t at = 0, i;

	while ((i = vnm_table_next(&d->final_table, hash, &at)) != VNM_TABLE_NONE) {
		const struct vnm_mib_type *u = &d->final_types.p[i];

		if (u->name != t->name || u->hint != t->hint || u->base != t->base ||
		    u->form != t->form || u->size_min != t->size_min ||
		    u->size_max != t->size_max || u->module != t->module || !same_labels(d, t, u))
			continue;
		if (t->labels + t->label_count == d->final_labels.n && t->labels != u->labels)
			d->final_labels.n = t->labels;
		*index = (uint16_t)i;
		return 0;
	}
	if (d->final_types.n > UINT16_MAX || VNM_DRAFT_ROOM(d->final_types, 1) != 0 ||
	    vnm_table_add(&d->final_table, hash, d->final_types.n) != 0)
		return -1;
	*index = (uint16_t)d->final_types.n;
	d->final_types.p[d->final_types.n++] = *t;
	return 0;
}

/* What a syntax adds to the type that it refers to. */
static int
refine(struct vnm_mib_draft *d, const struct vnm_draft_syntax *s, struct vnm_mib_type *t)
{
	if (s->name != 0)
		t->name = s->name;
	if (s->hinted)
		t->hint = s->hint;
	if (s->sized) {
		t->size_min = s->size_min;
		t->size_max = s->size_max;
	}
	/* An enumeration that is only restricted keeps the names of all of its type. */
	if (s->label_count > 0 && t->label_count == 0)
		return add_labels(d, s, t);
	return 0;
}

static int resolve_type(
    struct vnm_mib_draft *d, struct vnm_draft_type *t, uint16_t *index, struct vnm_err *err);

int
vnm_draft_resolve(struct vnm_mib_draft *d, uint32_t module, const struct vnm_draft_syntax *s,
    uint32_t file, unsigned line, uint16_t *index, struct vnm_err *err)
{
	struct vnm_mib_type t = {.module = UINT16_MAX, .size_max = UINT16_MAX};
	enum vnm_mib_base base = vnm_mib_base_of(vnm_draft_name(d, s->type.name));

	*index = 0;
	if (s->type.name == 0)
		return 0;
	if (base != VNM_MIB_NO_VALUE) {
		t.base = (uint8_t)base;
		t.name = s->type.name;
	} else {
		struct vnm_draft_type *named = vnm_draft_find_type(d, module, &s->type);

		if (named == NULL)
			return vnm_err_set(err, vnm_draft_name(d, file), line, "no type `%s`",
			    vnm_draft_name(d, s->type.name));
		if (resolve_type(d, named, index, err) != 0)
			return -1;
		t = d->final_types.p[*index];
	}
	if (refine(d, s, &t) != 0)
		return vnm_draft_no_memory(err);
	set_form(d, &t);
	return intern(d, &t, index) != 0 ? vnm_draft_no_memory(err) : 0;
}

/* A textual convention: its name, in its own module, on what it is made of. */
static int
resolve_type(
    struct vnm_mib_draft *d, struct vnm_draft_type *t, uint16_t *index, struct vnm_err *err)
{
	struct vnm_mib_type made;

	if (t->final != 0) {
		*index = (uint16_t)(t->final - 1);
		return 0;
	}
	if (t->busy)
		return vnm_err_set(err, vnm_draft_name(d, t->file), t->line,
		    "type `%s` is made of itself", vnm_draft_name(d, t->name));
	t->busy = true;
	if (vnm_draft_resolve(d, t->module, &t->syntax, t->file, t->line, index, err) != 0)
		return -1;
	made = d->final_types.p[*index];
	made.name = t->name;
	made.module = (uint16_t)t->module;
	set_form(d, &made);
	t->busy = false;
	if (intern(d, &made, index) != 0)
		return vnm_draft_no_memory(err);
	t->final = *index + 1U;
	return 0;
}

int
vnm_draft_resolve_types(struct vnm_mib_draft *d, struct vnm_err *err)
{
	uint16_t index;

	if (VNM_DRAFT_ROOM(d->final_types, 1) != 0)
		return vnm_draft_no_memory(err);
	d->final_types.p[d->final_types.n++] = (struct vnm_mib_type){.module = UINT16_MAX};
	for (uint32_t i = 0; i < d->types.n; i++) {
		if (resolve_type(d, &d->types.p[i], &index, err) != 0)
			return -1;
	}
	return 0;
}
