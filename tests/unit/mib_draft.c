/*
 * Our own form of MIB modules: what the tables may say, every mistake in them by its line, and the
 * built-in catalogue written and read again.
 */
#include "unit.h"

#include "mibs/table.h"

#include "base/alloc.h"

#include <stdlib.h>
#include <string.h>

/* The catalogue of a text, or NULL; *err and *conflicts say why. */
static struct vnm_mib *
made(const char *text, struct vnm_errs *conflicts, struct vnm_err *err)
{
	struct vnm_mib_draft *d = vnm_mib_draft_new();
	char *copy = strdup(text);
	struct vnm_mib *m = NULL;

	memset(err, 0, sizeof(*err));
	if (vnm_mib_table_read(d, copy, strlen(copy), "x.mib", err) == 0)
		m = vnm_mib_draft_finish(d, conflicts, err);
	vnm_mib_draft_free(d);
	free(copy);
	return m;
}

static const char small[] = "# a comment\n"
			    "module X-MIB\n"
			    "type State INTEGER { up 1, down 2,\n"
			    "	lost -3 }   # in several lines\n"
			    "type Name OCTETS (1..32) hint \"255a\"\n"
			    "node x 1.3.6.1.4.1.32473\n"
			    "scalar xName x.1 Name (0..8)\n"
			    "table xTable x.2 xEntry implied xIndex \\\n"
			    "	xLabel\n"
			    "	xIndex 1 Unsigned32 not-accessible\n"
			    "	xLabel 2 Name not-accessible\n"
			    "	xState 3 State\n"
			    "	xPorts 4 OCTETS (8|11)\n"
			    "table xMoreTable x.3 xMoreEntry augments xEntry\n"
			    "	xMore 1 Counter64\n"
			    "notification xGone x.0.1 xState Y-MIB::xName\n"
			    "module Y-MIB\n"
			    "scalar xName X-MIB::x.9 Name\n";

static void
test_small(void)
{
	struct vnm_errs conflicts = {0};
	struct vnm_err err;
	struct vnm_mib *m = made(small, &conflicts, &err);
	const struct vnm_mib_object *o;
	static const uint32_t v[] = {1, 3, 6, 1, 4, 1, 32473, 2, 1, 3, 7};
	struct vnm_oid rest;

	CU_ASSERT_STRING_EQUAL(err.text, "");
	CU_ASSERT_EQUAL(conflicts.n, 0);
	CU_ASSERT_PTR_NOT_NULL_FATAL(m);
	o = vnm_mib_find(m, VNM_OID(v), &rest);
	CU_ASSERT_STRING_EQUAL(vnm_mib_name(m, o), "xState");
	CU_ASSERT_STRING_EQUAL(vnm_mib_label(m, o, -3), "lost");
	CU_ASSERT_TRUE(vnm_mib_entry(m, o)->implied);
	o = vnm_mib_entry(m, vnm_mib_named(m, "xMore", 5));
	CU_ASSERT_EQUAL(o->member_count, 2);
	CU_ASSERT_TRUE(o->implied);
	o = vnm_mib_named(m, "xPorts", 6);
	CU_ASSERT_EQUAL(vnm_mib_type(m, o)->size_min, 8);
	CU_ASSERT_EQUAL(vnm_mib_type(m, o)->size_max, 11);
	o = vnm_mib_named(m, "xName", 5);
	CU_ASSERT_STRING_EQUAL(vnm_mib_module(m, o), "X-MIB");
	CU_ASSERT_EQUAL(vnm_mib_type(m, o)->form, VNM_MIB_TEXT);
	CU_ASSERT_EQUAL(vnm_mib_type(m, o)->size_max, 8);
	o = vnm_mib_named(m, "xGone", 5);
	CU_ASSERT_EQUAL(o->member_count, 2);
	CU_ASSERT_STRING_EQUAL(vnm_mib_module(m, vnm_mib_member(m, o, 1)), "Y-MIB");
	vnm_mib_free(m);
}

static void
test_mistakes(void)
{
	static const struct {
		const char *text;
		unsigned line;
		const char *what;
	} wrong[] = {
	    {"node x 1.3\n", 1, "the first line must be `module NAME`"},
	    {"module X\nmodule X\n", 2, "a second module `X`"},
	    {"module\n", 1, "a module has one name"},
	    {"module X\nnode x\n", 2, "no place for `x`"},
	    {"module X\nnode x y\n", 2, "a place without a number: `y`"},
	    {"module X\nnode x y.z\n", 2, "no numbers below `y`"},
	    {"module X\nnode x 1.99999999999\n", 2, "no oid: `1.99999999999`"},
	    {"module X\nscalar x 1.3\n", 2, "no type"},
	    {"module X\nscalar x 1.3 INTEGER surplus\n", 2, "more than belongs to `x`"},
	    {"module X\nscalar x 1.3 INTEGER { a }\n", 2,
		"a list that is not of names and numbers, or too long"},
	    {"module X\nscalar x 1.3 INTEGER { a 1 b 2 }\n", 2, "a list without its end"},
	    {"module X\n\nscalar x 1.3 INTEGER { a 1,\n", 3, "a brace that is not closed"},
	    {"module X\nscalar x 1.3 INTEGER { a x }\n", 2, "no number: `x`"},
	    {"module X\nscalar x 1.3 OCTETS (6\n", 2, "a size without its end"},
	    {"module X\nscalar x 1.3 OCTETS (6..2)\n", 2, "no size: `6..2`"},
	    {"module X\nscalar x 1.3 OCTETS hint d\n", 2, "a hint is a string"},
	    {"module X\nscalar x 1.3 OCTETS hint \"d\n", 2, "a string without its end"},
	    {"module X\ncolumn 1 INTEGER\n", 2, "no such statement: `column`"},
	    {"module X\ntable t 1.3\n", 2, "no entry of `t`"},
	    {"module X\ntable t 1.3 e i\n", 2, "neither `index`, `implied` nor `augments` of `e`"},
	    {"module X\ntable t 1.3 e index c\n\tc one INTEGER\n", 3, "no number of column `c`"},
	    {"module X\nnode x 1.3;\n", 2, "a character that has no place here"},
	    {"module X\nscalar x 1.3 Nothing\n", 2, "no type `Nothing`"},
	    {"module X\ntype A B\ntype B A\n", 2, "type `A` is made of itself"},
	};

	for (size_t i = 0; i < VNM_ARRAY_LEN(wrong); i++) {
		struct vnm_errs conflicts = {0};
		struct vnm_err err;

		CU_ASSERT_PTR_NULL(made(wrong[i].text, &conflicts, &err));
		CU_ASSERT_EQUAL(err.line, wrong[i].line);
		CU_ASSERT_STRING_EQUAL(err.text, wrong[i].what);
		CU_ASSERT_STRING_EQUAL(err.file, "x.mib");
		vnm_errs_free(&conflicts);
	}
}

static void
test_conflicts(void)
{
	static const struct {
		const char *text, *what;
	} conflicting[] = {
	    {"module X\nnode a 1.3\nscalar b 1.3 INTEGER\n",
		"X::a: its oid is already that of `b`"},
	    {"module X\nnode a nowhere.3\n", "X::a: it stands below an unknown `nowhere`"},
	    {"module X\nnode a b.1\nnode b a.1\n", "X::a: it stands below an unknown `b`"},
	    {"module X\nnotification n 1.3 o\n", "X::n: it names an unknown `o`"},
	    {"module X\ntable t 1.3 e augments f\n\tc 1 INTEGER\n",
		"X::e: it augments an unknown `f`"},
	};

	for (size_t i = 0; i < VNM_ARRAY_LEN(conflicting); i++) {
		struct vnm_errs conflicts = {0};
		struct vnm_err err;
		struct vnm_mib *m = made(conflicting[i].text, &conflicts, &err);

		CU_ASSERT_PTR_NOT_NULL(m);
		CU_ASSERT_TRUE_FATAL(conflicts.n > 0);
		CU_ASSERT_STRING_EQUAL(conflicts.p[0].text, conflicting[i].what);
		vnm_mib_free(m);
		vnm_errs_free(&conflicts);
	}
}

static bool
same_labels(const struct vnm_mib *a, const struct vnm_mib_type *x, const struct vnm_mib *b,
    const struct vnm_mib_type *y)
{
	for (uint32_t i = 0; x->label_count == y->label_count && i < x->label_count; i++) {
		const struct vnm_mib_label *p = &a->labels[x->labels + i];
		const struct vnm_mib_label *q = &b->labels[y->labels + i];

		if (p->value != q->value || strcmp(a->text + p->text, b->text + q->text) != 0)
			return false;
	}
	return x->label_count == y->label_count;
}

static bool
same_object(const struct vnm_mib *a, const struct vnm_mib_object *x, const struct vnm_mib *b,
    const struct vnm_mib_object *y)
{
	const struct vnm_mib_type *t = vnm_mib_type(a, x), *u = vnm_mib_type(b, y);
	bool same = x->kind == y->kind && x->access == y->access && x->implied == y->implied &&
		    x->member_count == y->member_count &&
		    strcmp(vnm_mib_name(a, x), vnm_mib_name(b, y)) == 0 &&
		    strcmp(vnm_mib_module(a, x), vnm_mib_module(b, y)) == 0 && t->base == u->base &&
		    t->form == u->form && t->size_min == u->size_min &&
		    t->size_max == u->size_max &&
		    strcmp(a->text + t->hint, b->text + u->hint) == 0 &&
		    strcmp(a->text + t->name, b->text + u->name) == 0 && same_labels(a, t, b, u);

	for (uint32_t i = 0; same && i < x->member_count; i++)
		same = strcmp(vnm_mib_name(a, vnm_mib_member(a, x, i)),
			   vnm_mib_name(b, vnm_mib_member(b, y, i))) == 0;
	return same;
}

static void
compare(const struct vnm_mib *a, const struct vnm_mib *b)
{
	uint32_t v[VNM_OID_MAX];

	CU_ASSERT_EQUAL(a->object_count, b->object_count);
	for (uint32_t i = 1; i < a->object_count; i++) {
		const struct vnm_mib_object *x = &a->objects[i], *y;
		struct vnm_oid rest;

		if (x->kind == VNM_MIB_NONE)
			continue;
		y = vnm_mib_find(b, vnm_mib_oid(a, x, v), &rest);
		CU_ASSERT_PTR_NOT_NULL_FATAL(y);
		CU_ASSERT_EQUAL_FATAL(rest.n, 0);
		CU_ASSERT_TRUE(same_object(a, x, b, y));
	}
}

/* The draft, which is freed, becomes a catalogue like the built-in one. */
static void
finish_and_compare(struct vnm_mib_draft *d)
{
	struct vnm_errs conflicts = {0};
	struct vnm_err err;
	struct vnm_mib *m = vnm_mib_draft_finish(d, &conflicts, &err);

	CU_ASSERT_PTR_NOT_NULL_FATAL(m);
	CU_ASSERT_EQUAL(conflicts.n, 0);
	compare(&vnm_mib_builtin, m);
	vnm_mib_free(m);
	vnm_mib_draft_free(d);
	vnm_errs_free(&conflicts);
}

/* All of the built-in catalogue, written as tables and read back. */
static void
test_written(void)
{
	struct vnm_mib_draft *d = vnm_mib_draft_new();
	struct vnm_err err = {.line = 0};
	char *text = NULL;
	size_t n = 0;
	FILE *f = open_memstream(&text, &n);

	for (uint32_t i = 0; i < vnm_mib_builtin.module_count; i++)
		vnm_mib_table_write(f, &vnm_mib_builtin, i);
	fclose(f);
	CU_ASSERT_EQUAL(vnm_mib_table_read(d, text, n, "dump", &err), 0);
	CU_ASSERT_STRING_EQUAL(err.text, "");
	finish_and_compare(d);
	free(text);
}

/* ... and copied, as it is where an operator's modules are added. */
static void
test_copied(void)
{
	struct vnm_mib_draft *d = vnm_mib_draft_new();
	struct vnm_err err;

	CU_ASSERT_EQUAL_FATAL(vnm_mib_draft_copy(d, &vnm_mib_builtin, &err), 0);
	finish_and_compare(d);
}

/* Each allocation fails in turn: an error, and all memory comes back. */
static void
test_no_memory(void)
{
	size_t before = vnm_alloc_used();

	for (uint64_t at = 1; at < 400; at++) {
		struct vnm_errs conflicts = {0};
		struct vnm_err err = {.line = 0};
		struct vnm_mib_draft *d;
		struct vnm_mib *m = NULL;
		char *copy = strdup(small);

		(void)vnm_alloc_fail_at(at);
		d = vnm_mib_draft_new();
		if (d != NULL && vnm_mib_table_read(d, copy, strlen(copy), "x.mib", &err) == 0)
			m = vnm_mib_draft_finish(d, &conflicts, &err);
		(void)vnm_alloc_fail_at(0);
		vnm_mib_free(m);
		vnm_mib_draft_free(d);
		vnm_errs_free(&conflicts);
		free(copy);
		CU_ASSERT_EQUAL(vnm_alloc_used(), before);
	}
}

CU_TestInfo suite_mib_draft[] = {
    {"small", test_small},
    {"mistakes", test_mistakes},
    {"conflicts", test_conflicts},
    {"written and read", test_written},
    {"copied", test_copied},
    {"no memory", test_no_memory},
    CU_TEST_INFO_NULL,
};
