/*
 * Writes modules in our own form (mibs/table.h): what table.c reads back as the same catalogue.
 */
#include "mibs/table.h"

#include <string.h>

#define COLUMNS 98 /* of a line, of which a \ may be one more */

struct table_writer {
	FILE *f;
	const struct vnm_mib *m;
	uint32_t module;
	unsigned column; /* where the line is */
	unsigned indent; /* of its next lines */
	bool list;	 /* within braces, where lines end as they like */
};

/* ---- words --------------------------------------------------------------------------------- */

static void
begin_line(struct table_writer *w, unsigned indent)
{
	w->column = 8 * indent;
	w->indent = indent + 1;
	for (unsigned i = 0; i < indent; i++)
		fputc('\t', w->f);
}

/* A word, on a further line where this one is full. */
static void
put_word(struct table_writer *w, const char *before, const char *word)
{
	size_t n = strlen(before) + strlen(word);

	if (w->column > 8 * w->indent && w->column + n > COLUMNS) {
		fputs(w->list ? "\n" : " \\\n", w->f);
		for (unsigned i = 0; i < w->indent; i++)
			fputc('\t', w->f);
		w->column = 8 * w->indent;
		before = "";
	}
	fprintf(w->f, "%s%s", before, word);
	w->column += (unsigned)n;
}

static void
end_line(struct table_writer *w)
{
	fputc('\n', w->f);
}

/* "ifIndex", or "IF-MIB::ifIndex" where a reader would find another one first. */
static void
put_object_name(struct table_writer *w, const struct vnm_mib_object *o, struct vnm_oid below)
{
	const struct vnm_mib *m = w->m;
	const char *name = vnm_mib_name(m, o), *module = vnm_mib_module(m, o);
	char text[512];
	size_t n = 0;
	bool alone = o->module == w->module;

	for (uint32_t i = 1; i < m->object_count && o->module != w->module; i++) {
		alone = m->objects[i].name != o->name || &m->objects[i] == o;
		if (!alone)
			break;
	}
	n += (size_t)snprintf(
	    text, sizeof(text) - 160, "%s%s%.200s", alone ? "" : module, alone ? "" : "::", name);
	for (uint32_t i = 0; i < below.n && n < sizeof(text) - 16; i++)
		n += (size_t)snprintf(text + n, sizeof(text) - n, ".%u", below.v[i]);
	put_word(w, " ", text);
}

/* Where an object stands: below the nearest one with a name, or from the root. */
static void
put_place(struct table_writer *w, const struct vnm_mib_object *o)
{
	const struct vnm_mib *m = w->m;
	uint32_t numbers[VNM_OID_MAX];
	struct vnm_oid oid = vnm_mib_oid(m, o, numbers);
	const struct vnm_mib_object *parent = vnm_mib_parent(m, o);
	char text[VNM_OID_TEXT];

	while (parent != m->objects && parent->kind == VNM_MIB_NONE)
		parent = vnm_mib_parent(m, parent);
	if (parent == m->objects) {
		(void)vnm_oid_text(text, oid);
		put_word(w, " ", text);
		return;
	}
	put_object_name(w, parent, vnm_oid_rest(oid, parent->depth));
}

/* ---- syntaxes ------------------------------------------------------------------------------ */

static bool
same_labels(const struct vnm_mib *m, const struct vnm_mib_type *a, const struct vnm_mib_type *b)
{
	if (a->label_count != b->label_count)
		return false;
	for (uint32_t i = 0; i < a->label_count; i++) {
		const struct vnm_mib_label *x = &m->labels[a->labels + i];
		const struct vnm_mib_label *y = &m->labels[b->labels + i];

		if (x->value != y->value || strcmp(m->text + x->text, m->text + y->text) != 0)
			return false;
	}
	return true;
}

/* The textual convention of a type: the first one of its name and module; NULL: it is none's. */
static const struct vnm_mib_type *
convention_of(const struct vnm_mib *m, const struct vnm_mib_type *t)
{
	for (uint32_t i = 1; i < m->type_count; i++) {
		const struct vnm_mib_type *c = &m->types[i];

		if (c->name != t->name || c->module == UINT16_MAX || c->base != t->base)
			continue;
		if (c->module == t->module ||
		    (t->module == UINT16_MAX && same_labels(m, c, t) && c->hint == t->hint))
			return c;
	}
	return NULL;
}

/* Whether another module has a convention of this name, so that it must be qualified. */
static bool
ambiguous(const struct table_writer *w, const struct vnm_mib_type *c)
{
	const struct vnm_mib *m = w->m;

	for (uint32_t i = 1; i < m->type_count && c->module != w->module; i++) {
		if (m->types[i].name == c->name && m->types[i].module != UINT16_MAX &&
		    m->types[i].module != c->module)
			return true;
	}
	return false;
}

static void
put_labels(struct table_writer *w, const struct vnm_mib_type *t)
{
	char text[256];

	put_word(w, " ", "{");
	w->list = true;
	for (uint32_t i = 0; i < t->label_count; i++) {
		const struct vnm_mib_label *label = &w->m->labels[t->labels + i];

		snprintf(text, sizeof(text), "%.200s %d%s", w->m->text + label->text, label->value,
		    i + 1 == t->label_count ? "" : ",");
		put_word(w, " ", text);
	}
	put_word(w, " ", "}");
	w->list = false;
}

/* A type by what it is made of (`c`, or its base) and what it adds to that. */
static void
put_syntax(struct table_writer *w, const struct vnm_mib_type *t, const struct vnm_mib_type *c)
{
	static const struct vnm_mib_type plain = {.size_max = UINT16_MAX};
	const struct vnm_mib *m = w->m;
	char text[300];

	if (c != NULL)
		snprintf(text, sizeof(text), "%s%s%.200s",
		    ambiguous(w, c) ? m->text + m->modules[c->module] : "",
		    ambiguous(w, c) ? "::" : "", m->text + c->name);
	put_word(w, " ", c != NULL ? text : vnm_mib_base_name(t->base));
	if (c == NULL)
		c = &plain;
	if (t->size_min == t->size_max &&
	    (c->size_min != t->size_min || c->size_max != t->size_max)) {
		snprintf(text, sizeof(text), "(%u)", t->size_min);
		put_word(w, " ", text);
	} else if (t->size_min != c->size_min || t->size_max != c->size_max) {
		snprintf(text, sizeof(text), "(%u..%u)", t->size_min, t->size_max);
		put_word(w, " ", text);
	}
	if (t->label_count > 0 && c->label_count == 0)
		put_labels(w, t);
	if (strcmp(m->text + t->hint, m->text + c->hint) != 0) {
		snprintf(text, sizeof(text), "hint \"%.200s\"", m->text + t->hint);
		put_word(w, " ", text);
	}
}

/* ---- statements ---------------------------------------------------------------------------- */

static void
write_type(struct table_writer *w, const struct vnm_mib_type *t)
{
	begin_line(w, 0);
	put_word(w, "", "type");
	put_word(w, " ", w->m->text + t->name);
	put_syntax(w, t, NULL);
	end_line(w);
}

static void
put_access(struct table_writer *w, const struct vnm_mib_object *o)
{
	if (o->access == VNM_MIB_NOT_ACCESSIBLE)
		put_word(w, " ", "not-accessible");
	else if (o->access == VNM_MIB_FOR_NOTIFY)
		put_word(w, " ", "for-notify");
}

static void
put_members(struct table_writer *w, const struct vnm_mib_object *o)
{
	for (uint32_t i = 0; i < o->member_count; i++)
		put_object_name(w, vnm_mib_member(w->m, o, i), (struct vnm_oid){NULL, 0});
}

static void
write_columns(struct table_writer *w, const struct vnm_mib_object *entry)
{
	char number[16];

	for (uint32_t i = 0; i < entry->child_count; i++) {
		const struct vnm_mib_object *o = vnm_mib_child(w->m, entry, i);

		if (o->kind != VNM_MIB_COLUMN || o->module != w->module)
			continue;
		begin_line(w, 1);
		put_word(w, "", vnm_mib_name(w->m, o));
		snprintf(number, sizeof(number), "%u", o->sub);
		put_word(w, " ", number);
		put_syntax(w, vnm_mib_type(w->m, o), convention_of(w->m, vnm_mib_type(w->m, o)));
		put_access(w, o);
		end_line(w);
	}
}

/* A table with its entry and columns; what is no whole table is left as a node. */
static void
write_table(struct table_writer *w, const struct vnm_mib_object *o)
{
	const struct vnm_mib_object *entry = vnm_mib_entry(w->m, o);

	fputc('\n', w->f);
	begin_line(w, 0);
	put_word(w, "", entry != NULL && entry->sub == 1 ? "table" : "node");
	put_word(w, " ", vnm_mib_name(w->m, o));
	put_place(w, o);
	if (entry == NULL || entry->sub != 1) {
		end_line(w);
		return;
	}
	put_word(w, " ", vnm_mib_name(w->m, entry));
	put_word(w, " ", entry->implied ? "implied" : "index");
	put_members(w, entry);
	end_line(w);
	write_columns(w, entry);
	fputc('\n', w->f);
}

static void
write_object(struct table_writer *w, const struct vnm_mib_object *o)
{
	static const char *const words[] = {
	    "", "node", "identity", "scalar", "table", "", "", "notification"};

	if (o->kind == VNM_MIB_TABLE) {
		write_table(w, o);
		return;
	}
	if (words[o->kind][0] == '\0')
		return;
	begin_line(w, 0);
	put_word(w, "", words[o->kind]);
	put_word(w, " ", vnm_mib_name(w->m, o));
	put_place(w, o);
	if (o->kind == VNM_MIB_NOTIFICATION)
		put_members(w, o);
	if (o->kind == VNM_MIB_SCALAR) {
		put_syntax(w, vnm_mib_type(w->m, o), convention_of(w->m, vnm_mib_type(w->m, o)));
		put_access(w, o);
	}
	end_line(w);
}

/* The module's objects below one, in the order of their oids. */
static void
write_below(struct table_writer *w, const struct vnm_mib_object *o)
{
	for (uint32_t i = 0; i < o->child_count; i++) {
		const struct vnm_mib_object *child = vnm_mib_child(w->m, o, i);

		if (child->kind != VNM_MIB_NONE && child->module == w->module)
			write_object(w, child);
		write_below(w, child);
	}
}

void
vnm_mib_table_write(FILE *f, const struct vnm_mib *m, uint32_t module)
{
	struct table_writer w = {.f = f, .m = m, .module = module};

	bool any = false;

	fprintf(f, "module %s\n\n", m->text + m->modules[module]);
	for (uint32_t i = 1; i < m->type_count; i++) {
		const struct vnm_mib_type *t = &m->types[i];

		if (t->module != module || convention_of(m, t) != t)
			continue;
		write_type(&w, t);
		any = true;
	}
	if (any)
		fputc('\n', f);
	write_below(&w, m->objects);
	fputc('\n', f);
}
