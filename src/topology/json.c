/*
 * Typed reading of JSON, on json-c.
 */
#include "topology/json.h"

#include "base/buffer.h"

#include <errno.h>
#include <limits.h>
#include <stdarg.h>
#include <stdio.h>

#include <json-c/json.h>

#define NESTING 64 /* of objects and arrays; the form needs 13 */

static int
slurp(const struct vnm_json_doc *doc, struct vnm_buffer *b)
{
	FILE *f = fopen(doc->file, "rbe");
	int rc = -1;

	if (f == NULL)
		return vnm_err_set(doc->err, doc->file, 0, "cannot be opened: %s", strerror(errno));
	for (;;) {
		if (b->n > INT_MAX / 2 || !vnm_buffer_reserve(b, 65536)) {
			vnm_err_set(doc->err, doc->file, 0, "is too large");
			break;
		}
		size_t n = fread(b->p + b->n, 1, b->cap - b->n - 1, f);
		b->n += n;
		if (n == 0 && !ferror(f)) {
			rc = 0;
			break;
		}
		if (n == 0) {
			vnm_err_set(doc->err, doc->file, 0, "cannot be read: %s", strerror(errno));
			break;
		}
	}
	fclose(f);
	return rc;
}

size_t
vnm_json_path(const struct vnm_json *v, char *buf, size_t size)
{
	if (v->up == NULL) {
		buf[0] = '\0';
		return 0;
	}
	size_t n = vnm_json_path(v->up, buf, size);
	int more = v->key != NULL ? snprintf(buf + n, size - n, "%s%s", n != 0 ? "." : "", v->key)
				  : snprintf(buf + n, size - n, "[%u]", v->at);
	return n + (size_t)more < size ? n + (size_t)more : size - 1;
}

int
vnm_json_fail(const struct vnm_json *v, const char *fmt, ...)
{
	char path[192], text[288];
	va_list ap;

	va_start(ap, fmt);
	vsnprintf(text, sizeof(text), fmt, ap);
	va_end(ap);
	vnm_json_path(v, path, sizeof(path));
	return vnm_err_set(v->doc->err, v->doc->file, v->doc->line, "%s %s", path, text);
}

static const char *
type_name(const struct vnm_json *v)
{
	switch (json_object_get_type(v->o)) {
	case json_type_boolean:
		return "a boolean";
	case json_type_double:
	case json_type_int:
		return "a number";
	case json_type_object:
		return "an object";
	case json_type_array:
		return "an array";
	case json_type_string:
		return "text";
	case json_type_null:
		break;
	}
	return "null";
}

static struct vnm_json
member_of(const struct vnm_json *v, const char *key)
{
	struct vnm_json m = {.doc = v->doc, .up = v, .key = key};

	json_object_object_get_ex(v->o, key, &m.o);
	return m;
}

static struct vnm_json
element_of(const struct vnm_json *array, uint32_t i)
{
	return (struct vnm_json){
	    .doc = array->doc, .o = json_object_array_get_idx(array->o, i), .up = array, .at = i};
}

int
vnm_json_object(const struct vnm_json *v, const char *key, struct vnm_json *member)
{
	*member = member_of(v, key);
	if (member->o == NULL || json_object_is_type(member->o, json_type_object))
		return 0;
	return vnm_json_fail(member, "is %s, not an object", type_name(member));
}

int
vnm_json_array(const struct vnm_json *v, const char *key, struct vnm_json *member)
{
	*member = member_of(v, key);
	if (member->o == NULL || json_object_is_type(member->o, json_type_array))
		return 0;
	return vnm_json_fail(member, "is %s, not an array", type_name(member));
}

uint32_t
vnm_json_count(const struct vnm_json *array)
{
	return array->o != NULL ? (uint32_t)json_object_array_length(array->o) : 0;
}

int
vnm_json_element(const struct vnm_json *array, uint32_t i, struct vnm_json *element)
{
	*element = element_of(array, i);
	if (json_object_is_type(element->o, json_type_object))
		return 0;
	return vnm_json_fail(element, "is %s, not an object", type_name(element));
}

/* ---- scalars ------------------------------------------------------------------------------- */

static int
read_text(const struct vnm_json *v, uint32_t *symbol)
{
	if (!json_object_is_type(v->o, json_type_string))
		return vnm_json_fail(v, "is %s, not text", type_name(v));
	*symbol = vnm_symbol(v->doc->symbols, json_object_get_string(v->o),
	    (size_t)json_object_get_string_len(v->o));
	if (*symbol == VNM_NONE)
		return vnm_json_fail(v, "does not fit into memory");
	return 0;
}

static int
read_number(const struct vnm_json *v, uint32_t *number)
{
	if (!json_object_is_type(v->o, json_type_int))
		return vnm_json_fail(v, "is %s, not a whole number", type_name(v));
	int64_t n = json_object_get_int64(v->o);
	if (n < 0 || n > UINT32_MAX)
		return vnm_json_fail(v, "is %lld, not within 0 to 4294967295", (long long)n);
	*number = (uint32_t)n;
	return 0;
}

static int
read_numeral(const struct vnm_json *v, uint32_t *number)
{
	if (!json_object_is_type(v->o, json_type_string))
		return read_number(v, number);
	const char *text = json_object_get_string(v->o);
	size_t n = strspn(text, "0123456789");
	uint64_t sum = 0;
	for (size_t i = 0; i < n && sum <= UINT32_MAX; i++)
		sum = sum * 10 + (uint64_t)(text[i] - '0');
	if (n == 0 || text[n] != '\0' || sum > UINT32_MAX)
		return vnm_json_fail(v, "is \"%.40s\", not a number within 0 to 4294967295", text);
	*number = (uint32_t)sum;
	return 0;
}

static int
read_bool(const struct vnm_json *v, bool *b)
{
	if (!json_object_is_type(v->o, json_type_boolean))
		return vnm_json_fail(v, "is %s, not true or false", type_name(v));
	*b = json_object_get_boolean(v->o);
	return 0;
}

static int
read_addr(const struct vnm_json *v, struct vnm_addr *addr)
{
	if (!json_object_is_type(v->o, json_type_string))
		return vnm_json_fail(v, "is %s, not text", type_name(v));
	const char *text = json_object_get_string(v->o);
	if (!vnm_addr_parse(addr, text))
		return vnm_json_fail(v, "is \"%.60s\", not an IP address", text);
	return 0;
}

static int
read_mac(const struct vnm_json *v, struct vnm_mac *mac)
{
	if (!json_object_is_type(v->o, json_type_string))
		return vnm_json_fail(v, "is %s, not text", type_name(v));
	const char *text = json_object_get_string(v->o);
	if (!vnm_mac_parse(mac, text))
		return vnm_json_fail(v, "is \"%.60s\", not a MAC address", text);
	return 0;
}

static int
read_id(const struct vnm_json *v, uint32_t *symbol)
{
	if (v->o == NULL)
		return vnm_json_fail(v->up, "has no \"%s\"", v->key);
	if (read_text(v, symbol) != 0)
		return -1;
	return *symbol != 0 ? 0 : vnm_json_fail(v, "is empty");
}

static int
bind_member(const struct vnm_json *v, const struct vnm_json_member *member, void *into)
{
	struct vnm_json m = member_of(v, member->key);
	void *at = (char *)into + member->offset;

	if (member->type == VNM_JSON_ID)
		return read_id(&m, at);
	if (m.o == NULL)
		return 0;
	switch (member->type) {
	case VNM_JSON_TEXT:
		return read_text(&m, at);
	case VNM_JSON_NUMBER:
		return read_number(&m, at);
	case VNM_JSON_NUMERAL:
		return read_numeral(&m, at);
	case VNM_JSON_BOOL:
		return read_bool(&m, at);
	case VNM_JSON_ADDR:
		return read_addr(&m, at);
	case VNM_JSON_MAC:
		return read_mac(&m, at);
	case VNM_JSON_ID:
		break;
	}
	return 0;
}

int
vnm_json_bind(const struct vnm_json *v, const struct vnm_json_member *table, void *into)
{
	for (; table->key != NULL; table++) {
		if (bind_member(v, table, into) != 0)
			return -1;
	}
	return 0;
}

int
vnm_json_text_at(const struct vnm_json *array, uint32_t i, uint32_t *symbol)
{
	struct vnm_json v = element_of(array, i);

	return read_text(&v, symbol);
}

int
vnm_json_addr_at(const struct vnm_json *array, uint32_t i, struct vnm_addr *addr)
{
	struct vnm_json v = element_of(array, i);

	return read_addr(&v, addr);
}

/* ---- the file ------------------------------------------------------------------------------ */

/* How far the file is read. Its outermost punctuation is ours, its values are the tokener's. */
struct cursor {
	struct vnm_json_doc *doc;
	struct json_tokener *tok;
	const char *p, *end; /* a terminator stands at the end */
	unsigned line;	     /* that p is in */
};

static int
not_json(struct cursor *c, const char *why)
{
	return vnm_err_set(c->doc->err, c->doc->file, c->line, "is not JSON: %s", why);
}

static void
advance(struct cursor *c, const char *to)
{
	for (; c->p < to; c->p++)
		c->line += *c->p == '\n';
}

static void
skip_space(struct cursor *c)
{
	while (*c->p == ' ' || *c->p == '\t' || *c->p == '\r' || *c->p == '\n')
		advance(c, c->p + 1);
	c->doc->line = c->line;
}

/* Whether this mark is next; it is stepped over. */
static bool
at_mark(struct cursor *c, char mark)
{
	skip_space(c);
	if (*c->p != mark)
		return false;
	c->p++;
	return true;
}

/* The next value, owned; NULL for null. */
static int
next_value(struct cursor *c, struct json_object **value)
{
	skip_space(c);
	json_tokener_reset(c->tok);
	/* With the terminator, which tells the tokener that no more comes. */
	*value = json_tokener_parse_ex(c->tok, c->p, (int)(c->end - c->p) + 1);
	enum json_tokener_error e = json_tokener_get_error(c->tok);
	advance(c, c->p + json_tokener_get_parse_end(c->tok));
	return e == json_tokener_success ? 0 : not_json(c, json_tokener_error_desc(e));
}

/* After an element: whether another one follows (1), the end (0), or something else (-1). */
static int
another(struct cursor *c, char end)
{
	if (at_mark(c, ','))
		return 1;
	if (at_mark(c, end))
		return 0;
	return not_json(c, *c->p == '\0' ? "unexpected end of data" : "unexpected character");
}

static int
read_array(
    struct cursor *c, struct vnm_json *array, size_t which, vnm_json_each_fn *each, void *into)
{
	struct vnm_json v = {.doc = c->doc, .up = array};
	int more = at_mark(c, ']') ? 0 : 1;

	for (; more == 1; v.at++) {
		if (next_value(c, &v.o) != 0)
			return -1;
		int rc = json_object_is_type(v.o, json_type_object)
			     ? each(into, which, &v)
			     : vnm_json_fail(&v, "is %s, not an object", type_name(&v));
		json_object_put(v.o);
		if (rc != 0)
			return -1;
		more = another(c, ']');
	}
	return more;
}

/* A member that is no array is read as a whole: to ignore it, or to say what it is. */
static int
read_whole(struct cursor *c, struct vnm_json *v, bool wanted)
{
	int rc = next_value(c, &v->o);

	if (rc == 0 && wanted && v->o != NULL)
		rc = vnm_json_fail(v, "is %s, not an array", type_name(v));
	json_object_put(v->o);
	return rc;
}

static int
read_member(
    struct cursor *c, const char *const *keys, size_t count, vnm_json_each_fn *each, void *into)
{
	struct vnm_json root = {.doc = c->doc}, v = {.doc = c->doc, .up = &root};
	struct json_object *key;
	size_t which = 0;
	int rc;

	if (next_value(c, &key) != 0)
		return -1;
	if (!json_object_is_type(key, json_type_string) || !at_mark(c, ':')) {
		json_object_put(key);
		return not_json(c, "unexpected character");
	}
	v.key = json_object_get_string(key);
	while (which < count && strcmp(v.key, keys[which]) != 0)
		which++;
	if (which < count && at_mark(c, '['))
		rc = read_array(c, &v, which, each, into);
	else
		rc = read_whole(c, &v, which < count);
	json_object_put(key);
	return rc;
}

static int
read_object(
    struct cursor *c, const char *const *keys, size_t count, vnm_json_each_fn *each, void *into)
{
	if (!at_mark(c, '{'))
		return vnm_err_set(c->doc->err, c->doc->file, c->line, "is not a JSON object");
	int more = at_mark(c, '}') ? 0 : 1;
	while (more == 1) {
		if (read_member(c, keys, count, each, into) != 0)
			return -1;
		more = another(c, '}');
	}
	skip_space(c);
	if (more == 0 && c->p != c->end)
		return not_json(c, "more follows its end");
	return more;
}

int
vnm_json_read(struct vnm_json_doc *doc, const char *const *keys, size_t count,
    vnm_json_each_fn *each, void *into)
{
	struct vnm_buffer b = {0};
	struct cursor c = {.doc = doc, .tok = json_tokener_new_ex(NESTING), .line = 1};
	int rc = -1;

	if (c.tok == NULL) {
		vnm_err_set(doc->err, doc->file, 0, "does not fit into memory");
	} else if (slurp(doc, &b) == 0) {
		b.p[b.n] = '\0';
		c.p = (const char *)b.p;
		c.end = c.p + b.n;
		json_tokener_set_flags(c.tok, JSON_TOKENER_STRICT | JSON_TOKENER_VALIDATE_UTF8 |
						  JSON_TOKENER_ALLOW_TRAILING_CHARS);
		rc = read_object(&c, keys, count, each, into);
	}
	if (c.tok != NULL)
		json_tokener_free(c.tok);
	vnm_buffer_free(&b);
	return rc;
}
