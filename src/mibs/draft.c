/*
 * Collects what a catalogue is made of (mibs/draft.h).
 */
#include "mibs/draft_part.h"

#include "base/alloc.h"

#include <assert.h>
#include <string.h>

#define MAGIC 0x766e6d64U    /* "vnmd" */
#define DRAFT_MAX (1U << 24) /* of anything: far more than all MIBs there are have */

int
vnm_draft_grow(void *pointer, uint32_t *cap, uint32_t n, uint32_t more, size_t size)
{
	uint32_t wanted = *cap == 0 ? 64 : *cap;
	void *old, *grown;

	if (more <= *cap - n)
		return 0;
	if (more > DRAFT_MAX || n > DRAFT_MAX - more)
		return -1;
	while (wanted < n + more)
		wanted *= 2;
	memcpy(&old, pointer, sizeof(old));
	grown = vnm_realloc(old, wanted * size);
	if (grown == NULL)
		return -1;
	memcpy(pointer, &grown, sizeof(grown));
	*cap = wanted;
	return 0;
}

int
vnm_draft_no_memory(struct vnm_err *err)
{
	return vnm_err_text(err, "no memory for the MIB catalogue");
}

uint32_t
vnm_draft_text(struct vnm_mib_draft *d, const char *s, size_t n)
{
	uint64_t hash;
	uint32_t at = 0, i, offset;

	if (n == 0)
		return 0;
	hash = vnm_hash(s, n, 0);
	while ((i = vnm_table_next(&d->text_table, hash, &at)) != VNM_TABLE_NONE) {
		const char *there = vnm_draft_name(d, d->texts.p[i]);
		if (strncmp(there, s, n) == 0 && there[n] == '\0')
			return d->texts.p[i];
	}
	offset = (uint32_t)d->text.n;
	if (n > DRAFT_MAX || offset > DRAFT_MAX * 4U || VNM_DRAFT_ROOM(d->texts, 1) != 0 ||
	    !vnm_buffer_reserve(&d->text, n + 1) ||
	    vnm_table_add(&d->text_table, hash, d->texts.n) != 0)
		return UINT32_MAX;
	memcpy(d->text.p + offset, s, n);
	d->text.p[offset + n] = '\0';
	d->text.n += n + 1;
	d->texts.p[d->texts.n++] = offset;
	return offset;
}

static int
keep_text(struct vnm_mib_draft *d, const char *s, uint32_t *offset)
{
	*offset = s != NULL ? vnm_draft_text(d, s, strlen(s)) : 0;
	return *offset == UINT32_MAX ? -1 : 0;
}

static int
keep_ref(struct vnm_mib_draft *d, const char *s, struct vnm_draft_ref *ref)
{
	const char *colons = s != NULL ? strstr(s, "::") : NULL;

	ref->module = 0;
	if (colons == NULL)
		return keep_text(d, s, &ref->name);
	ref->module = vnm_draft_text(d, s, (size_t)(colons - s));
	return ref->module == UINT32_MAX ? -1 : keep_text(d, colons + 2, &ref->name);
}

static int
keep_syntax(
    struct vnm_mib_draft *d, const struct vnm_mib_draft_syntax *from, struct vnm_draft_syntax *to)
{
	*to = (struct vnm_draft_syntax){.labels = d->labels.n,
	    .label_count = from->label_count,
	    .hinted = from->hint != NULL,
	    .sized = from->sized,
	    .size_min = from->size_min,
	    .size_max = from->size_max};
	if (keep_ref(d, from->type, &to->type) != 0 || keep_text(d, from->hint, &to->hint) != 0 ||
	    keep_text(d, from->name, &to->name) != 0 ||
	    VNM_DRAFT_ROOM(d->labels, to->label_count) != 0)
		return -1;
	for (uint32_t i = 0; i < from->label_count; i++) {
		struct vnm_mib_label *label = &d->labels.p[d->labels.n];

		label->value = from->labels[i].value;
		if (keep_text(d, from->labels[i].name, &label->text) != 0)
			return -1;
		d->labels.n++;
	}
	return 0;
}

struct vnm_mib_draft *
vnm_mib_draft_new(void)
{
	struct vnm_mib_draft *d = vnm_alloc_zero(1, sizeof(*d));

	if (d == NULL)
		return NULL;
	d->magic = MAGIC;
	if (!vnm_buffer_append(&d->text, "", 1)) {
		vnm_mib_draft_free(d);
		return NULL;
	}
	return d;
}

void
vnm_mib_draft_free(struct vnm_mib_draft *d)
{
	if (d == NULL)
		return;
	assert(d->magic == MAGIC);
	vnm_buffer_free(&d->text);
	vnm_table_free(&d->text_table);
	vnm_table_free(&d->type_table);
	vnm_table_free(&d->object_table);
	vnm_table_free(&d->final_table);
	vnm_free(d->texts.p);
	vnm_free(d->modules.p);
	vnm_free(d->types.p);
	vnm_free(d->objects.p);
	vnm_free(d->numbers.p);
	vnm_free(d->oids.p);
	vnm_free(d->members.p);
	vnm_free(d->labels.p);
	vnm_free(d->final_types.p);
	vnm_free(d->final_labels.p);
	vnm_free(d->final_members.p);
	vnm_free(d->nodes.p);
	vnm_free(d->owners.p);
	vnm_free(d->sorted.p);
	d->magic = 0;
	vnm_free(d);
}

bool
vnm_mib_draft_has(const struct vnm_mib_draft *d, const char *module)
{
	for (uint32_t i = 0; i < d->modules.n; i++) {
		if (strcmp(vnm_draft_name(d, d->modules.p[i]), module) == 0)
			return true;
	}
	return false;
}

int
vnm_mib_draft_module(struct vnm_mib_draft *d, const char *name, struct vnm_err *err)
{
	uint32_t text;

	if (d->modules.n >= UINT16_MAX)
		return vnm_err_text(err, "more than %u MIB modules", UINT16_MAX);
	if (keep_text(d, name, &text) != 0 || VNM_DRAFT_ROOM(d->modules, 1) != 0)
		return vnm_draft_no_memory(err);
	d->module = d->modules.n;
	d->modules.p[d->modules.n++] = text;
	return 0;
}

void
vnm_mib_draft_resume(struct vnm_mib_draft *d, uint32_t module)
{
	assert(module < d->modules.n);
	d->module = module;
}

static uint32_t
module_now(const struct vnm_mib_draft *d)
{
	assert(d->module < d->modules.n);
	return d->module;
}

static uint64_t
offset_hash(uint32_t offset)
{
	return vnm_hash(&offset, sizeof(offset), 0);
}

int
vnm_mib_draft_type(struct vnm_mib_draft *d, const char *name,
    const struct vnm_mib_draft_syntax *syntax, const char *file, unsigned line, struct vnm_err *err)
{
	struct vnm_draft_type *t;

	if (VNM_DRAFT_ROOM(d->types, 1) != 0)
		return vnm_draft_no_memory(err);
	t = &d->types.p[d->types.n];
	*t = (struct vnm_draft_type){.module = module_now(d), .line = line};
	if (keep_text(d, name, &t->name) != 0 || keep_text(d, file, &t->file) != 0 ||
	    keep_syntax(d, syntax, &t->syntax) != 0 ||
	    vnm_table_add(&d->type_table, offset_hash(t->name), d->types.n) != 0)
		return vnm_draft_no_memory(err);
	d->types.n++;
	return 0;
}

int
vnm_mib_draft_object(
    struct vnm_mib_draft *d, const struct vnm_mib_draft_object *from, struct vnm_err *err)
{
	struct vnm_draft_object *o;

	if (from->number_count > VNM_OID_MAX || from->member_count > UINT8_MAX)
		return vnm_err_set(err, from->file, from->line,
		    "%s: more than %u numbers or %u objects", from->name, VNM_OID_MAX, UINT8_MAX);
	if (VNM_DRAFT_ROOM(d->objects, 1) != 0 ||
	    VNM_DRAFT_ROOM(d->numbers, from->number_count) != 0 ||
	    VNM_DRAFT_ROOM(d->members, from->member_count) != 0)
		return vnm_draft_no_memory(err);
	o = &d->objects.p[d->objects.n];
	*o = (struct vnm_draft_object){.module = module_now(d),
	    .numbers = d->numbers.n,
	    .number_count = from->number_count,
	    .members = d->members.n,
	    .member_count = from->member_count,
	    .line = from->line,
	    .kind = (uint8_t)from->kind,
	    .access = (uint8_t)from->access,
	    .implied = from->implied};
	if (keep_text(d, from->name, &o->name) != 0 || keep_text(d, from->file, &o->file) != 0 ||
	    keep_ref(d, from->parent, &o->parent) != 0 ||
	    keep_ref(d, from->augments, &o->augments) != 0 ||
	    keep_syntax(d, &from->syntax, &o->syntax) != 0 ||
	    vnm_table_add(&d->object_table, offset_hash(o->name), d->objects.n) != 0)
		return vnm_draft_no_memory(err);
	for (uint32_t i = 0; i < from->member_count; i++) {
		if (keep_ref(d, from->members[i], &d->members.p[d->members.n++]) != 0)
			return vnm_draft_no_memory(err);
	}
	for (uint32_t i = 0; i < from->number_count; i++)
		d->numbers.p[d->numbers.n++] = from->numbers[i];
	d->objects.n++;
	return 0;
}

bool
vnm_mib_draft_has_type(struct vnm_mib_draft *d, const char *name)
{
	struct vnm_draft_ref ref = {d->modules.p[module_now(d)], 0};

	return keep_text(d, name, &ref.name) == 0 &&
	       vnm_draft_find_type(d, module_now(d), &ref) != NULL;
}

/* ---- what is there under a name ------------------------------------------------------------ */

/* How well a thing of `module` fits: 0 not at all, 2 best. */
static unsigned
fit(const struct vnm_mib_draft *d, uint32_t module, uint32_t seen_from, uint32_t wanted)
{
	if (wanted != 0)
		return d->modules.p[module] == wanted ? 2 : 0;
	return module == seen_from ? 2 : 1;
}

struct vnm_draft_object *
vnm_draft_find_object(struct vnm_mib_draft *d, uint32_t module, const struct vnm_draft_ref *ref)
{
	uint64_t hash = offset_hash(ref->name);
	uint32_t at = 0, i, best = VNM_TABLE_NONE;
	unsigned best_fit = 0;

	while ((i = vnm_table_next(&d->object_table, hash, &at)) != VNM_TABLE_NONE) {
		const struct vnm_draft_object *o = &d->objects.p[i];
		unsigned f = o->name == ref->name ? fit(d, o->module, module, ref->module) : 0;

		if (f > best_fit || (f == best_fit && f > 0 && i < best)) {
			best = i;
			best_fit = f;
		}
	}
	return best_fit > 0 ? &d->objects.p[best] : NULL;
}

struct vnm_draft_type *
vnm_draft_find_type(struct vnm_mib_draft *d, uint32_t module, const struct vnm_draft_ref *ref)
{
	uint64_t hash = offset_hash(ref->name);
	uint32_t at = 0, i, best = VNM_TABLE_NONE;
	unsigned best_fit = 0;

	while ((i = vnm_table_next(&d->type_table, hash, &at)) != VNM_TABLE_NONE) {
		const struct vnm_draft_type *t = &d->types.p[i];
		unsigned f = t->name == ref->name ? fit(d, t->module, module, ref->module) : 0;

		if (f > best_fit || (f == best_fit && f > 0 && i < best)) {
			best = i;
			best_fit = f;
		}
	}
	return best_fit > 0 ? &d->types.p[best] : NULL;
}
