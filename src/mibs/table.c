/*
 * Reads our own form of MIB modules (mibs/table.h): a statement is a line, or more where braces
 * are open or a \ stands at its end; # begins a comment.
 */
#include "mibs/table.h"

#include <stdlib.h>
#include <string.h>

#define TOKENS_MAX 2048 /* of one statement: IANAifType has 900 */
#define LABELS_MAX 512

struct token {
	char kind; /* 'w' a word, '"' a string, else the character itself */
	char *text;
	char *end;
};

struct table_reader {
	struct vnm_mib_draft *draft;
	const char *file;
	char *p, *stop;
	unsigned line;	/* of the statement */
	unsigned lines; /* read so far */
	struct token tokens[TOKENS_MAX];
	unsigned n, at;
	const char *entry; /* whose columns may follow; NULL: none */
	char entry_name[128];
	struct vnm_mib_draft_label labels[LABELS_MAX];
	struct vnm_err *err;
};

static int
fail(const struct table_reader *r, const char *what, const char *which)
{
	return vnm_err_set(r->err, r->file, r->line, "%s%s%s%s", what, which != NULL ? " `" : "",
	    which != NULL ? which : "", which != NULL ? "`" : "");
}

/* ---- tokens -------------------------------------------------------------------------------- */

static bool
is_word(char c)
{
	return (c >= '0' && c <= '9') || (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') ||
	       c == '-' || c == '_' || c == '.' || c == ':' || c == '/' || c == '+';
}

static int
add_token(struct table_reader *r, char kind, char *begin, char *end)
{
	if (r->n == TOKENS_MAX)
		return fail(r, "too many words", NULL);
	r->tokens[r->n++] = (struct token){kind, begin, end};
	return 0;
}

static int
read_token(struct table_reader *r)
{
	char *begin = r->p;

	if (*r->p == '"') {
		char *quote = memchr(r->p + 1, '"', (size_t)(r->stop - r->p - 1));
		if (quote == NULL || memchr(r->p, '\n', (size_t)(quote - r->p)) != NULL)
			return fail(r, "a string without its end", NULL);
		r->p = quote + 1;
		return add_token(r, '"', begin + 1, quote);
	}
	if (!is_word(*r->p)) {
		if (strchr("{}(),|", *r->p) == NULL)
			return fail(r, "a character that has no place here", NULL);
		r->p++;
		return add_token(r, *begin, begin, r->p);
	}
	while (r->p < r->stop && is_word(*r->p))
		r->p++;
	return add_token(r, 'w', begin, r->p);
}

/* The next statement's tokens: 1; 0 at the end; -1. */
static int
read_statement(struct table_reader *r)
{
	int open = 0;

	r->n = r->at = 0;
	for (; r->p < r->stop && (*r->p != '\n' || open > 0 || r->n == 0);) {
		if (r->n == 0)
			r->line = r->lines + 1;
		if (*r->p == '\n') {
			r->lines++;
			r->p++;
		} else if (*r->p == '#') {
			while (r->p < r->stop && *r->p != '\n')
				r->p++;
		} else if (*r->p == ' ' || *r->p == '\t' || *r->p == '\r') {
			r->p++;
		} else if (*r->p == '\\' && r->p + 1 < r->stop && r->p[1] == '\n') {
			r->lines++;
			r->p += 2;
		} else {
			open += *r->p == '{' ? 1 : *r->p == '}' ? -1 : 0;
			if (read_token(r) != 0)
				return -1;
		}
	}
	if (open > 0)
		return fail(r, "a brace that is not closed", NULL);
	if (r->p < r->stop) {
		r->lines++;
		r->p++;
	}
	for (unsigned i = 0; i < r->n; i++) {
		if (r->tokens[i].kind == 'w' || r->tokens[i].kind == '"')
			*r->tokens[i].end = '\0';
	}
	return r->n > 0;
}

static char
next_kind(const struct table_reader *r)
{
	return r->at < r->n ? r->tokens[r->at].kind : '\0';
}

static const char *
word(struct table_reader *r)
{
	return next_kind(r) == 'w' ? r->tokens[r->at++].text : NULL;
}

static bool
is_next(struct table_reader *r, const char *text)
{
	if (next_kind(r) != 'w' || strcmp(r->tokens[r->at].text, text) != 0)
		return false;
	r->at++;
	return true;
}

static bool
punctuation(struct table_reader *r, char c)
{
	if (next_kind(r) != c)
		return false;
	r->at++;
	return true;
}

/* ---- places and syntaxes ------------------------------------------------------------------- */

/* "interfaces.2", "1.3.6.1", "SNMPv2-SMI::mib-2.2": what stands before the numbers, and these. */
static int
read_place(struct table_reader *r, struct vnm_mib_draft_object *o, uint32_t *numbers)
{
	char *text = next_kind(r) == 'w' ? r->tokens[r->at++].text : NULL, *dot;

	if (text == NULL)
		return fail(r, "no place for", o->name);
	o->numbers = numbers;
	if (*text >= '0' && *text <= '9') {
		o->number_count = vnm_oid_parse(text, strlen(text), numbers);
		return o->number_count > 0 ? 0 : fail(r, "no oid:", text);
	}
	dot = strchr(text, '.');
	if (dot == NULL)
		return fail(r, "a place without a number:", text);
	*dot = '\0';
	o->parent = text;
	o->number_count = vnm_oid_parse(dot + 1, strlen(dot + 1), numbers);
	return o->number_count > 0 ? 0 : fail(r, "no numbers below", text);
}

/* "(6)", "(0..255)", "(8|11)": from the least to the greatest. */
static int
read_size(struct table_reader *r, struct vnm_mib_draft_syntax *s)
{
	unsigned long low = UINT16_MAX, high = 0;

	do {
		const char *text = word(r);
		char *end;
		unsigned long first, last;

		if (text == NULL)
			return fail(r, "a size without a number", NULL);
		first = last = strtoul(text, &end, 10);
		if (end[0] == '.' && end[1] == '.')
			last = strtoul(end + 2, &end, 10);
		if (*end != '\0' || end == text || last < first)
			return fail(r, "no size:", text);
		low = first < low ? first : low;
		high = last > high ? last : high;
	} while (punctuation(r, '|'));
	s->sized = true;
	s->size_min = (uint16_t)low;
	s->size_max = (uint16_t)(high > UINT16_MAX ? UINT16_MAX : high);
	return punctuation(r, ')') ? 0 : fail(r, "a size without its end", NULL);
}

/* "{ up 1, down 2 }" */
static int
read_labels(struct table_reader *r, struct vnm_mib_draft_syntax *s)
{
	s->labels = r->labels;
	do {
		const char *name = word(r), *text = word(r);
		char *end;
		long value;

		if (name == NULL && s->label_count > 0)
			break; /* a comma at the end */
		if (name == NULL || text == NULL || s->label_count == LABELS_MAX)
			return fail(
			    r, "a list that is not of names and numbers, or too long", NULL);
		value = strtol(text, &end, 10);
		if (*end != '\0' || value < INT32_MIN || value > INT32_MAX)
			return fail(r, "no number:", text);
		r->labels[s->label_count++] = (struct vnm_mib_draft_label){name, (int32_t)value};
	} while (punctuation(r, ','));
	return punctuation(r, '}') ? 0 : fail(r, "a list without its end", NULL);
}

static int
read_syntax(struct table_reader *r, struct vnm_mib_draft_syntax *s)
{
	s->type = word(r);
	if (s->type == NULL)
		return fail(r, "no type", NULL);
	if (punctuation(r, '(') && read_size(r, s) != 0)
		return -1;
	if (punctuation(r, '{') && read_labels(r, s) != 0)
		return -1;
	if (is_next(r, "hint")) {
		if (next_kind(r) != '"')
			return fail(r, "a hint is a string", NULL);
		s->hint = r->tokens[r->at++].text;
	}
	return 0;
}

static void
read_access(struct table_reader *r, struct vnm_mib_draft_object *o)
{
	if (is_next(r, "not-accessible"))
		o->access = VNM_MIB_NOT_ACCESSIBLE;
	else if (is_next(r, "for-notify"))
		o->access = VNM_MIB_FOR_NOTIFY;
}

/* ---- statements ---------------------------------------------------------------------------- */

/* All words that are left. */
static int
read_members(struct table_reader *r, struct vnm_mib_draft_object *o, const char **members)
{
	o->members = members;
	while (next_kind(r) == 'w') {
		if (o->member_count == UINT8_MAX)
			return fail(r, "too many objects of", o->name);
		members[o->member_count++] = word(r);
	}
	return 0;
}

static int
end_statement(struct table_reader *r, const struct vnm_mib_draft_object *o)
{
	if (r->at < r->n)
		return fail(r, "more than belongs to", o->name);
	return vnm_mib_draft_object(r->draft, o, r->err);
}

/* The entry of a table, behind the table's own place: "ifEntry index ifIndex". */
static int
read_entry(struct table_reader *r, const char *table)
{
	const char *members[UINT8_MAX], *name = word(r);
	static const uint32_t first[] = {1};
	struct vnm_mib_draft_object o = {.name = name,
	    .kind = VNM_MIB_ENTRY,
	    .access = VNM_MIB_NOT_ACCESSIBLE,
	    .parent = table,
	    .numbers = first,
	    .number_count = 1,
	    .file = r->file,
	    .line = r->line};

	if (name == NULL || strlen(name) >= sizeof(r->entry_name))
		return fail(r, "no entry of", table);
	memcpy(r->entry_name, name, strlen(name) + 1);
	r->entry = r->entry_name;
	if (is_next(r, "augments")) {
		o.augments = word(r);
		return o.augments != NULL ? end_statement(r, &o)
					  : fail(r, "augments nothing:", name);
	}
	o.implied = is_next(r, "implied");
	if (!o.implied && !is_next(r, "index"))
		return fail(r, "neither `index`, `implied` nor `augments` of", name);
	return read_members(r, &o, members) != 0 ? -1 : end_statement(r, &o);
}

static int
read_column(struct table_reader *r, struct vnm_mib_draft_object *o)
{
	const char *text = word(r);
	uint32_t numbers[VNM_OID_MAX];

	if (r->entry == NULL)
		return fail(r, "no such statement:", o->name);
	o->kind = VNM_MIB_COLUMN;
	o->parent = r->entry;
	o->numbers = numbers;
	if (text == NULL || (o->number_count = vnm_oid_parse(text, strlen(text), numbers)) != 1)
		return fail(r, "no number of column", o->name);
	if (read_syntax(r, &o->syntax) != 0)
		return -1;
	read_access(r, o);
	return end_statement(r, o);
}

static int
read_table(struct table_reader *r, struct vnm_mib_draft_object *o)
{
	unsigned at = r->at, n = r->n;

	o->access = VNM_MIB_NOT_ACCESSIBLE;
	r->n = r->at; /* what follows is the entry's */
	if (end_statement(r, o) != 0)
		return -1;
	r->at = at;
	r->n = n;
	return read_entry(r, o->name);
}

/* "KIND NAME PLACE ...", KIND is read already. */
static int
read_object(struct table_reader *r, enum vnm_mib_kind kind)
{
	const char *members[UINT8_MAX];
	uint32_t numbers[VNM_OID_MAX];
	struct vnm_mib_draft_object o = {
	    .name = word(r), .kind = kind, .file = r->file, .line = r->line};

	r->entry = NULL;
	if (o.name == NULL)
		return fail(r, "no name", NULL);
	if (read_place(r, &o, numbers) != 0)
		return -1;
	switch (kind) {
	case VNM_MIB_SCALAR:
		if (read_syntax(r, &o.syntax) != 0)
			return -1;
		read_access(r, &o);
		break;
	case VNM_MIB_TABLE:
		return read_table(r, &o);
	case VNM_MIB_NOTIFICATION:
		o.access = VNM_MIB_NOT_ACCESSIBLE;
		if (read_members(r, &o, members) != 0)
			return -1;
		break;
	default:
		o.access = VNM_MIB_NOT_ACCESSIBLE;
	}
	return end_statement(r, &o);
}

static int
read_type(struct table_reader *r)
{
	struct vnm_mib_draft_syntax s = {0};
	const char *name = word(r);

	if (name == NULL)
		return fail(r, "no name", NULL);
	if (read_syntax(r, &s) != 0)
		return -1;
	if (r->at < r->n)
		return fail(r, "more than belongs to type", name);
	return vnm_mib_draft_type(r->draft, name, &s, r->file, r->line, r->err);
}

static int
read_module(struct table_reader *r)
{
	const char *name = word(r);

	r->entry = NULL;
	if (name == NULL || r->at < r->n)
		return fail(r, "a module has one name", NULL);
	if (vnm_mib_draft_has(r->draft, name))
		return fail(r, "a second module", name);
	return vnm_mib_draft_module(r->draft, name, r->err);
}

static int
read_line(struct table_reader *r, bool begun)
{
	static const struct {
		const char *word;
		enum vnm_mib_kind kind;
	} kinds[] = {{"node", VNM_MIB_NODE}, {"identity", VNM_MIB_IDENTITY},
	    {"scalar", VNM_MIB_SCALAR}, {"table", VNM_MIB_TABLE},
	    {"notification", VNM_MIB_NOTIFICATION}};
	struct vnm_mib_draft_object column = {.file = r->file, .line = r->line};

	if (is_next(r, "module"))
		return read_module(r);
	if (!begun)
		return fail(r, "the first line must be `module NAME`", NULL);
	if (is_next(r, "type"))
		return read_type(r);
	for (size_t i = 0; i < VNM_ARRAY_LEN(kinds); i++) {
		if (is_next(r, kinds[i].word))
			return read_object(r, kinds[i].kind);
	}
	column.name = word(r);
	return column.name != NULL ? read_column(r, &column) : fail(r, "no statement", NULL);
}

int
vnm_mib_table_read(
    struct vnm_mib_draft *d, char *text, size_t n, const char *file, struct vnm_err *err)
{
	struct table_reader r = {.draft = d, .file = file, .p = text, .stop = text + n, .err = err};
	bool begun = false;
	int rc;

	while ((rc = read_statement(&r)) > 0) {
		if (read_line(&r, begun) != 0)
			return -1;
		begun = true;
	}
	return rc;
}
