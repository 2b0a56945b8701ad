/*
 * A text that is a JSON object (RFC 8259), bare or behind "@cee:": its members as named values.
 * What is no JSON stays text only.
 */
#include "decoders/syslog_part.h"

#include "base/text.h"

#include <stdlib.h>

/* Levels below the record's own: a list within a list is one of them. */
#define DEPTH_MAX (VNM_PAIR_DEPTH - 2)
#define NUMBER_MAX 40 /* octets of a number */

struct json {
	struct vnm_out *out;
	struct vnm_reader r;
};

static bool take_value(struct json *j, struct vnm_pair *out, unsigned depth);

static void
skip_blank(struct json *j)
{
	for (int c; (c = vnm_peek(&j->r, 0)) == ' ' || c == '\t' || c == '\n' || c == '\r';)
		j->r.p++;
}

/* ---- text ------------------------------------------------------------------------------------ */

static bool
take_hex4(struct vnm_reader *r, uint32_t *v)
{
	const uint8_t *p = vnm_reader_take(r, 4);

	*v = 0;
	for (unsigned i = 0; p != NULL && i < 4; i++) {
		int c = p[i] | 0x20;

		if (vnm_is_digit(p[i]))
			*v = *v << 4 | (uint32_t)(p[i] - '0');
		else if (c >= 'a' && c <= 'f')
			*v = *v << 4 | (uint32_t)(c - 'a' + 10);
		else
			return false;
	}
	return p != NULL;
}

static char *
put_utf8(char *p, uint32_t v)
{
	unsigned more = v < 0x80 ? 0 : v < 0x800 ? 1 : v < 0x10000 ? 2 : 3;
	static const uint8_t first[] = {0, 0xc0, 0xe0, 0xf0};

	*p++ = (char)(first[more] | v >> (6 * more));
	while (more-- > 0)
		*p++ = (char)(0x80 | (v >> (6 * more) & 0x3f));
	return p;
}

/* What stands behind \u: a lone surrogate becomes U+FFFD. */
static bool
take_code(struct vnm_reader *r, char **p)
{
	struct vnm_reader ahead;
	uint32_t v, low;

	if (!take_hex4(r, &v))
		return false;
	ahead = *r;
	if (v >= 0xd800 && v < 0xdc00 && vnm_skip_text(&ahead, "\\u") && take_hex4(&ahead, &low) &&
	    low >= 0xdc00 && low < 0xe000) {
		v = 0x10000 + ((v - 0xd800) << 10) + (low - 0xdc00);
		*r = ahead;
	} else if (v >= 0xd800 && v < 0xe000) {
		v = 0xfffd;
	}
	*p = put_utf8(*p, v);
	return true;
}

static bool
unescape(struct vnm_reader r, char **p)
{
	static const char from[] = "\"\\/bfnrt", to[] = "\"\\/\b\f\n\r\t";

	while (vnm_reader_left(&r) > 0) {
		char c = (char)vnm_reader_u8(&r);

		if (c != '\\') {
			*(*p)++ = c;
			continue;
		}
		c = (char)vnm_reader_u8(&r);
		if (c == 'u') {
			if (!take_code(&r, p))
				return false;
			continue;
		}
		const char *at = c != '\0' ? strchr(from, c) : NULL;
		if (at == NULL)
			return false;
		*(*p)++ = to[at - from];
	}
	return true;
}

/* Text between quotes. */
static bool
take_text(struct json *j, struct vnm_str *s)
{
	struct vnm_reader inside;
	bool escaped = false;
	size_t n = 0;
	char *copy, *p;

	if (!vnm_skip_char(&j->r, '"'))
		return false;
	for (int c; (c = vnm_peek(&j->r, n)) != '"'; n++) {
		if (c < 0)
			return false;
		escaped = escaped || c == '\\';
		n += c == '\\';
	}
	if (n >= vnm_reader_left(&j->r))
		return false;
	inside = vnm_reader_sub(&j->r, n);
	j->r.p++;
	*s = (struct vnm_str){(const char *)inside.p, (uint32_t)n, false};
	if (!escaped)
		return true;
	copy = p = vnm_scratch_take(j->out->scratch, n + 4);
	if (copy == NULL) {
		vnm_out_fault(j->out, VNM_R_scratch_full);
		return false;
	}
	if (!unescape(inside, &p))
		return false;
	*s = (struct vnm_str){copy, (uint32_t)(p - copy), false};
	return true;
}

/* ---- values --------------------------------------------------------------------------------- */

static bool
take_number(struct json *j, struct vnm_pair *out)
{
	char text[NUMBER_MAX + 1];
	struct vnm_str s;
	size_t n = 0;
	bool whole = true;
	char *end;

	for (int c; (c = vnm_peek(&j->r, n)) > 0 && (vnm_is_digit(c) || strchr("+-.eE", c)); n++)
		whole = whole && (vnm_is_digit(c) || (c == '-' && n == 0));
	if (n == 0 || n > NUMBER_MAX)
		return false;
	s = vnm_take_text(&j->r, n);
	memcpy(text, s.p, n);
	text[n] = '\0';
	if (whole && n < 19 && text[0] != '-') {
		out->type = VNM_PAIR_U64;
		out->u64 = strtoull(text, &end, 10);
	} else if (whole && n < 19) {
		out->type = VNM_PAIR_I64;
		out->i64 = strtoll(text, &end, 10);
	} else {
		out->type = VNM_PAIR_F64;
		out->f64 = strtod(text, &end);
	}
	return *end == '\0';
}

/* Values up to `last`, with names where they are members. */
static bool
take_items(struct json *j, struct vnm_pair *out, char last, unsigned depth)
{
	struct vnm_pair_list list = {.out = j->out};
	bool members = last == '}';

	j->r.p++;
	skip_blank(j);
	for (bool more = !vnm_skip_char(&j->r, last); more;) {
		struct vnm_pair value = {.name = NULL};
		struct vnm_str name = {0};

		skip_blank(j);
		if (members && (!take_text(j, &name) || name.n == 0))
			return false;
		skip_blank(j);
		if (members && !vnm_skip_char(&j->r, ':'))
			return false;
		if (!take_value(j, &value, depth))
			return false;
		value.name = members ? vnm_pair_name(j->out, name) : NULL;
		if (value.type != VNM_PAIR_STR || value.str.p != NULL) /* null is absent */
			*vnm_pair_list_add(&list, value.name) = value;
		skip_blank(j);
		more = vnm_skip_char(&j->r, ',');
		if (!more && !vnm_skip_char(&j->r, last))
			return false;
	}
	out->type = members ? VNM_PAIR_OBJECT : VNM_PAIR_ARRAY;
	out->items = list.p;
	out->count = list.n;
	return true;
}

static bool
take_value(struct json *j, struct vnm_pair *out, unsigned depth)
{
	int c;

	skip_blank(j);
	c = vnm_peek(&j->r, 0);
	if (c == '{' || c == '[')
		return depth < DEPTH_MAX && take_items(j, out, c == '{' ? '}' : ']', depth + 1);
	if (c == '"') {
		out->type = VNM_PAIR_STR;
		return take_text(j, &out->str);
	}
	out->type = VNM_PAIR_BOOL;
	out->flag = c == 't';
	if (vnm_skip_text(&j->r, "true") || vnm_skip_text(&j->r, "false"))
		return true;
	if (vnm_skip_text(&j->r, "null")) {
		out->type = VNM_PAIR_STR;
		out->str = (struct vnm_str){NULL, 0, true};
		return true;
	}
	return take_number(j, out);
}

/* What members tell of the message itself, by the names that CEE, ECS and journald use. */
static void
use_member(struct vnm_syslog *m, const struct vnm_pair *p)
{
	int severity = -1;

	if (p->type != VNM_PAIR_STR)
		return;
	if (strcmp(p->name, "level") == 0 || strcmp(p->name, "severity") == 0)
		severity = vnm_syslog_severity(p->str);
	if (severity >= 0)
		VNM_SET(m->r, log, vendor_severity, (uint8_t)severity);
	if (VNM_HAS(m->r, log, hostname) || p->str.n == 0)
		return;
	if (strcmp(p->name, "host") == 0 || strcmp(p->name, "hostname") == 0)
		VNM_SET(m->r, log, hostname, p->str);
}

bool
vnm_syslog_json(struct vnm_syslog *m)
{
	struct json j = {.out = m->out, .r = m->text};
	struct vnm_pair all = {.name = NULL};

	if (vnm_skip_text(&j.r, "@cee:"))
		skip_blank(&j);
	if (vnm_peek(&j.r, 0) != '{' || !take_value(&j, &all, 0))
		return false;
	skip_blank(&j);
	if (vnm_reader_left(&j.r) != 0)
		return false;
	VNM_SET(m->r, log, dialect, VNM_STR("json"));
	for (uint32_t i = 0; i < all.count; i++) {
		*vnm_pair_list_add(&m->body, all.items[i].name) = all.items[i];
		use_member(m, &all.items[i]);
	}
	return true;
}
