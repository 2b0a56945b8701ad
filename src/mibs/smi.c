/*
 * Writes a module in SMIv2 (RFC 2578, RFC 2579), as far as an import needs it.
 */
#include "mibs/smi.h"

#include <string.h>

/* The nearest object above with a name, or NULL at the top. */
static const struct vnm_mib_object *
named_parent(const struct vnm_mib *m, const struct vnm_mib_object *o)
{
	do {
		o = vnm_mib_parent(m, o);
	} while (o != NULL && o != m->objects && o->kind == VNM_MIB_NONE);
	return o == m->objects ? NULL : o;
}

static bool
begins_import(const struct vnm_mib *m, uint32_t module, const struct vnm_mib_object *o)
{
	const struct vnm_mib_object *parent =
	    o->kind != VNM_MIB_NONE && o->module == module ? named_parent(m, o) : NULL;

	return parent != NULL && parent->module != module;
}

static void
write_imports(FILE *f, const struct vnm_mib *m, uint32_t module)
{
	bool any = false;

	for (uint32_t i = 1; i < m->object_count; i++) {
		const struct vnm_mib_object *parent;

		if (!begins_import(m, module, &m->objects[i]))
			continue;
		parent = named_parent(m, &m->objects[i]);
		fprintf(f, "%s%s FROM %s\n", any ? "" : "IMPORTS ", vnm_mib_name(m, parent),
		    vnm_mib_module(m, parent));
		any = true;
	}
	if (any)
		fputs(";\n", f);
}

/* The numbers between the object and the named one above it, its own last. */
static void
write_numbers(FILE *f, const struct vnm_mib *m, const struct vnm_mib_object *o,
    const struct vnm_mib_object *above)
{
	const struct vnm_mib_object *parent = vnm_mib_parent(m, o);

	if (parent != above && parent != NULL && parent != m->objects)
		write_numbers(f, m, parent, above);
	fprintf(f, " %u", o->sub);
}

static void
write_object(FILE *f, const struct vnm_mib *m, const struct vnm_mib_object *o)
{
	const struct vnm_mib_object *parent = named_parent(m, o);

	if (vnm_mib_parent(m, o) == m->objects)
		return; /* iso and its like are the parser's own */
	fprintf(f, "%s OBJECT IDENTIFIER ::= {", vnm_mib_name(m, o));
	if (parent != NULL)
		fprintf(f, " %s", vnm_mib_name(m, parent));
	write_numbers(f, m, o, parent);
	fputs(" }\n", f);
}

static void
write_base(FILE *f, const struct vnm_mib *m, const struct vnm_mib_type *t)
{
	switch ((enum vnm_mib_base)t->base) {
	case VNM_MIB_OCTETS:
		fputs("OCTET STRING", f);
		break;
	case VNM_MIB_OID:
		fputs("OBJECT IDENTIFIER", f);
		break;
	default:
		fputs(vnm_mib_base_name(t->base), f);
	}
	for (uint32_t i = 0; i < t->label_count; i++) {
		const struct vnm_mib_label *label = &m->labels[t->labels + i];

		fprintf(f, "%s%s(%d)%s", i == 0 ? " {" : ", ", m->text + label->text, label->value,
		    i + 1 == t->label_count ? "}" : "");
	}
	if (t->base == VNM_MIB_OCTETS)
		fprintf(f, " (SIZE (%u..%u))", t->size_min, t->size_max);
}

/* Of the types with this name in the module the first is the convention itself. */
static bool
is_convention(const struct vnm_mib *m, uint32_t module, uint32_t type)
{
	if (m->types[type].module != module)
		return false;
	for (uint32_t i = 1; i < type; i++) {
		if (m->types[i].module == module && m->types[i].name == m->types[type].name)
			return false;
	}
	return true;
}

static void
write_type(FILE *f, const struct vnm_mib *m, const struct vnm_mib_type *t)
{
	fprintf(f, "%s ::= TEXTUAL-CONVENTION", m->text + t->name);
	if (m->text[t->hint] != '\0')
		fprintf(f, " DISPLAY-HINT \"%s\"", m->text + t->hint);
	fputs(" STATUS current DESCRIPTION \"\" SYNTAX ", f);
	write_base(f, m, t);
	fputc('\n', f);
}

static void
write_type_named(FILE *f, const struct vnm_mib *m, const char *name)
{
	uint32_t i = 1;

	while (i < m->type_count && strcmp(m->text + m->types[i].name, name) != 0)
		i++;
	if (i < m->type_count)
		write_type(f, m, &m->types[i]);
}

void
vnm_mib_smi_write(FILE *f, const struct vnm_mib *m, uint32_t module)
{
	fprintf(f, "%s DEFINITIONS ::= BEGIN\n", m->text + m->modules[module]);
	write_imports(f, m, module);
	for (uint32_t i = 1; i < m->type_count; i++) {
		if (is_convention(m, module, i))
			write_type(f, m, &m->types[i]);
	}
	if (strcmp(m->text + m->modules[module], "BRIDGE-MIB") == 0)
		write_type_named(
		    f, m, "MacAddress"); /* RFC 1493 had it, and old modules ask for it */
	for (uint32_t i = 1; i < m->object_count; i++) {
		if (m->objects[i].kind != VNM_MIB_NONE && m->objects[i].module == module)
			write_object(f, m, &m->objects[i]);
	}
	fputs("END\n", f);
}

/* All objects below, whatever module they are of today, but of those that are left out. */
static void
write_below(FILE *f, const struct vnm_mib *m, const struct vnm_mib_object *o, const bool *without)
{
	for (uint32_t i = 0; i < o->child_count; i++) {
		const struct vnm_mib_object *child = vnm_mib_child(m, o, i);

		if (child->kind != VNM_MIB_NONE && without[child->module])
			continue;
		if (child->kind != VNM_MIB_NONE)
			write_object(f, m, child);
		write_below(f, m, child, without);
	}
}

void
vnm_mib_smi_write_mib2(FILE *f, const struct vnm_mib *m, const bool *without)
{
	static const char *const conventions[] = {"DisplayString", "PhysAddress"};
	const struct vnm_mib_object *mib2 = vnm_mib_named(m, "mib-2", 5);

	fputs("RFC1213-MIB DEFINITIONS ::= BEGIN\nIMPORTS mgmt FROM SNMPv2-SMI;\n", f);
	for (size_t k = 0; k < VNM_ARRAY_LEN(conventions); k++)
		write_type_named(f, m, conventions[k]);
	fputs("mib-2 OBJECT IDENTIFIER ::= { mgmt 1 }\n", f);
	for (uint32_t i = 0; mib2 != NULL && i < mib2->child_count; i++) {
		const struct vnm_mib_object *group = vnm_mib_child(m, mib2, i);

		if (group->sub > 11) /* snmp is the last of MIB-II */
			break;
		write_object(f, m, group);
		write_below(f, m, group, without);
	}
	fputs("END\n", f);
}
