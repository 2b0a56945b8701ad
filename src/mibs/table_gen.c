/*
 * Run by the build: reads the tables that are named on the command line and prints the built-in
 * catalogue as C (builtin.inc).
 */
#include "mibs/table.h"

#include "base/alloc.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static int
complain(const struct vnm_err *err)
{
	char text[1024];

	fprintf(stderr, "%s\n", vnm_err_format(err, text, sizeof(text)));
	return -1;
}

static int
read_file(struct vnm_mib_draft *d, const char *path)
{
	struct vnm_err err = {.text = "cannot be read"};
	FILE *f = fopen(path, "r");
	char *text = NULL;
	size_t cap = 0;
	ssize_t n;
	int rc = -1;

	(void)vnm_err_set(&err, path, 0, "cannot be read");
	if (f == NULL)
		return complain(&err);
	n = getdelim(&text, &cap, '\0', f);
	if (n >= 0)
		rc = vnm_mib_table_read(d, text, (size_t)n, path, &err);
	if (rc != 0)
		complain(&err);
	free(text);
	fclose(f);
	return rc;
}

/* The text as C strings, a line each. */
static void
print_text(const struct vnm_mib *m)
{
	puts("static const char text[] =");
	for (uint32_t at = 0; at < m->text_size; at += (uint32_t)strlen(m->text + at) + 1) {
		putchar('"');
		for (const char *c = m->text + at; *c != '\0'; c++)
			printf(*c == '"' || *c == '\\' ? "\\%c" : "%c", *c);
		puts("\\0\"");
	}
	puts(";");
}

static void
print_numbers(const char *type, const char *name, const uint32_t *v, uint32_t n)
{
	printf("static const %s %s[] = {", type, name);
	for (uint32_t i = 0; i < n; i++)
		printf("%s%u,", i % 16 == 0 ? "\n" : "", v[i]);
	puts("0};");
}

static void
print_objects(const struct vnm_mib *m)
{
	puts("static const struct vnm_mib_object objects[] = {");
	for (uint32_t i = 0; i < m->object_count; i++) {
		const struct vnm_mib_object *o = &m->objects[i];

		printf("{%u,%u,%u,%u,%u,%u,%u,%u,%u,%u,%u,%u,%u,%u,%u,%u,%u},\n", o->sub, o->parent,
		    o->child, o->child_count, o->name, o->column, o->dotted, o->members, o->type,
		    o->module, o->name_n, o->dotted_n, o->member_count, o->kind, o->access,
		    o->implied, o->depth);
	}
	puts("};");
}

static void
print_types(const struct vnm_mib *m)
{
	puts("static const struct vnm_mib_type types[] = {");
	for (uint32_t i = 0; i < m->type_count; i++) {
		const struct vnm_mib_type *t = &m->types[i];

		printf("{%u,%u,%u,%u,%u,%u,%u,%u,%u},\n", t->name, t->hint, t->labels,
		    t->label_count, t->base, t->form, t->size_min, t->size_max, t->module);
	}
	puts("};\nstatic const struct vnm_mib_label labels[] = {");
	for (uint32_t i = 0; i < m->label_count; i++)
		printf("{%d,%u},\n", m->labels[i].value, m->labels[i].text);
	puts("{0,0}};");
}

static void
print_all(const struct vnm_mib *m)
{
	puts("/* Made from src/mibs/NAME.mib by mib_table_gen. */");
	print_text(m);
	print_numbers("uint32_t", "members", m->members, m->member_count);
	print_numbers("uint32_t", "modules", m->modules, m->module_count);
	print_numbers("uint32_t", "names", m->names, m->name_mask + 1);
	print_objects(m);
	print_types(m);
	printf("const struct vnm_mib vnm_mib_builtin = {text, objects, types, labels, members, "
	       "modules, names, %u, %u, %u, %u, %u, %u, %u};\n",
	    m->name_mask, m->object_count, m->type_count, m->label_count, m->member_count,
	    m->module_count, m->text_size);
}

int
main(int argc, char **argv)
{
	struct vnm_mib_draft *d = vnm_mib_draft_new();
	struct vnm_errs conflicts = {0};
	struct vnm_err err = {.text = "no memory"};
	struct vnm_mib *m;

	if (d == NULL)
		return 1;
	for (int i = 1; i < argc; i++) {
		if (read_file(d, argv[i]) != 0)
			return 1;
	}
	m = vnm_mib_draft_finish(d, &conflicts, &err);
	if (m == NULL)
		complain(&err);
	for (uint32_t i = 0; i < conflicts.n; i++)
		complain(&conflicts.p[i]);
	if (m == NULL || conflicts.n > 0)
		return 1;
	print_all(m);
	vnm_mib_free(m);
	vnm_mib_draft_free(d);
	vnm_errs_free(&conflicts);
	return ferror(stdout) != 0 || fflush(stdout) != 0;
}
