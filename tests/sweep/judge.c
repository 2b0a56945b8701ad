/*
 * Judges encoded records.
 */
#include "judge.h"

#include <stdlib.h>

#define DEPTH_MAX 40

struct text {
	const uint8_t *p, *end;
	unsigned depth;
};

static bool value(struct text *t);

static bool
have(const struct text *t, size_t n)
{
	return (size_t)(t->end - t->p) >= n;
}

static bool
next_is(struct text *t, uint8_t c)
{
	if (!have(t, 1) || *t->p != c)
		return false;
	t->p++;
	return true;
}

static bool
word(struct text *t, const char *w)
{
	size_t n = strlen(w);

	if (!have(t, n) || memcmp(t->p, w, n) != 0)
		return false;
	t->p += n;
	return true;
}

/* One character beyond ASCII, by the table of RFC 3629 section 4. */
static bool
utf8(struct text *t)
{
	static const struct {
		uint8_t first_min, first_max, second_min, second_max;
		unsigned more;
	} rows[] = {{0xc2, 0xdf, 0x80, 0xbf, 1}, {0xe0, 0xe0, 0xa0, 0xbf, 2},
	    {0xe1, 0xec, 0x80, 0xbf, 2}, {0xed, 0xed, 0x80, 0x9f, 2}, {0xee, 0xef, 0x80, 0xbf, 2},
	    {0xf0, 0xf0, 0x90, 0xbf, 3}, {0xf1, 0xf3, 0x80, 0xbf, 3}, {0xf4, 0xf4, 0x80, 0x8f, 3}};

	for (size_t i = 0; i < VNM_ARRAY_LEN(rows); i++) {
		if (*t->p < rows[i].first_min || *t->p > rows[i].first_max)
			continue;
		if (!have(t, 1 + rows[i].more) || t->p[1] < rows[i].second_min ||
		    t->p[1] > rows[i].second_max)
			return false;
		for (unsigned k = 2; k <= rows[i].more; k++) {
			if ((t->p[k] & 0xc0) != 0x80)
				return false;
		}
		t->p += 1 + rows[i].more;
		return true;
	}
	return false;
}

static bool
escape(struct text *t)
{
	t->p++;
	if (!have(t, 1))
		return false;
	if (strchr("\"\\/bfnrt", *t->p) != NULL && *t->p != '\0') {
		t->p++;
		return true;
	}
	if (*t->p != 'u' || !have(t, 5))
		return false;
	for (int i = 1; i <= 4; i++) {
		if (strchr("0123456789abcdefABCDEF", t->p[i]) == NULL || t->p[i] == '\0')
			return false;
	}
	t->p += 5;
	return true;
}

static bool
string(struct text *t)
{
	if (!next_is(t, '"'))
		return false;
	while (have(t, 1) && *t->p != '"') {
		if (*t->p < 0x20)
			return false;
		if (*t->p == '\\') {
			if (!escape(t))
				return false;
		} else if (*t->p < 0x80) {
			t->p++;
		} else if (!utf8(t)) {
			return false;
		}
	}
	return next_is(t, '"');
}

static bool
digits(struct text *t)
{
	const uint8_t *start = t->p;

	while (have(t, 1) && *t->p >= '0' && *t->p <= '9')
		t->p++;
	return t->p != start;
}

static bool
number(struct text *t)
{
	(void)next_is(t, '-');
	if (!next_is(t, '0') && !digits(t))
		return false;
	if (next_is(t, '.') && !digits(t))
		return false;
	if (next_is(t, 'e') || next_is(t, 'E')) {
		if (!next_is(t, '+'))
			(void)next_is(t, '-');
		return digits(t);
	}
	return true;
}

/* An object (close '}') or an array (close ']'), behind its opening bracket. */
static bool
members(struct text *t, uint8_t close)
{
	if (++t->depth > DEPTH_MAX)
		return false;
	if (!next_is(t, close)) {
		do {
			if (close == '}' && (!string(t) || !next_is(t, ':')))
				return false;
			if (!value(t))
				return false;
		} while (next_is(t, ','));
		if (!next_is(t, close))
			return false;
	}
	t->depth--;
	return true;
}

/* Without white space: vnmcd writes none. */
static bool
value(struct text *t)
{
	if (!have(t, 1))
		return false;
	switch (*t->p) {
	case '{':
		t->p++;
		return members(t, '}');
	case '[':
		t->p++;
		return members(t, ']');
	case '"':
		return string(t);
	case 't':
		return word(t, "true");
	case 'f':
		return word(t, "false");
	case 'n':
		return word(t, "null");
	default:
		return number(t);
	}
}

bool
vnm_judge_json(const uint8_t *p, size_t n)
{
	struct text t = {p, p + n, 0};

	return value(&t) && t.p == t.end;
}

/* ---- protobuf ------------------------------------------------------------------------------- */

static bool
varint(struct text *t, uint64_t *v)
{
	*v = 0;
	for (unsigned shift = 0; shift < 70 && have(t, 1); shift += 7) {
		uint8_t c = *t->p++;
		if (shift < 64)
			*v |= (uint64_t)(c & 0x7f) << shift;
		if ((c & 0x80) == 0)
			return true;
	}
	return false;
}

static bool
skip(struct text *t, uint64_t n)
{
	if (n > (uint64_t)(t->end - t->p))
		return false;
	t->p += n;
	return true;
}

bool
vnm_judge_protobuf(const uint8_t *p, size_t n)
{
	struct text t = {p, p + n, 0};
	uint64_t tag, v;

	while (t.p < t.end) {
		bool good = varint(&t, &tag) && tag >> 3 != 0;
		if (good && (tag & 7) == 0)
			good = varint(&t, &v);
		else if (good && (tag & 7) == 1)
			good = skip(&t, 8);
		else if (good && (tag & 7) == 2)
			good = varint(&t, &v) && skip(&t, v);
		else if (good && (tag & 7) == 5)
			good = skip(&t, 4);
		else
			good = false;
		if (!good)
			return false;
	}
	return true;
}

/* ---- the sink ---------------------------------------------------------------------------------
 */

struct judge {
	const char *finding;
};

static int
judge_open(struct vnm_sink *s, struct vnm_err *err)
{
	(void)err;
	s->state = calloc(1, sizeof(struct judge));
	return s->state != NULL ? 0 : -1;
}

static size_t
judge_room(struct vnm_sink *s)
{
	(void)s;
	return SIZE_MAX;
}

static const char *
judge_entry(const struct vnm_sink *s, const struct vnm_batch *b, const struct vnm_frame *f)
{
	bool json = s->encoder == &vnm_json_encoder;
	const uint8_t *frame = b->bytes + f->at, *body = b->bytes + f->body_at;
	struct text prefix = {frame, body, 0};
	uint64_t length;

	if (f->at > b->n || f->n > b->n - f->at || f->body_at < f->at ||
	    f->body_at - f->at + f->body_n > f->n)
		return "a frame lies outside its batch";
	if (json && (f->body_at != f->at || f->n != f->body_n + 1 || frame[f->n - 1] != '\n'))
		return "a JSON frame is not a line";
	if (json)
		return vnm_judge_json(body, f->body_n) ? NULL : "a record is not valid JSON";
	if (!varint(&prefix, &length) || prefix.p != body || length != f->body_n)
		return "a protobuf frame has a wrong length";
	return vnm_judge_protobuf(body, f->body_n) ? NULL : "a record is not valid protobuf";
}

static size_t
judge_publish(struct vnm_sink *s, const struct vnm_batch *batch)
{
	struct judge *judge = s->state;

	for (size_t i = 0; i < batch->count; i++) {
		const struct vnm_batch_entry *e = &batch->entries[i];
		if (judge->finding == NULL)
			judge->finding = judge_entry(s, batch, &e->frame);
		atomic_fetch_add(&s->books.published[e->kind], 1);
	}
	return batch->count;
}

static int
judge_flush(struct vnm_sink *s, uint64_t deadline_mono_ns)
{
	(void)s;
	(void)deadline_mono_ns;
	return 0;
}

static void
judge_close(struct vnm_sink *s)
{
	free(s->state);
	s->state = NULL;
}

const char *
vnm_judge_finding(const struct vnm_sink *s)
{
	return ((const struct judge *)s->state)->finding;
}

const struct vnm_sink_type vnm_judge_sink = {
    .name = "judge",
    .summary = "for tests: reads what was encoded",
    .open = judge_open,
    .room = judge_room,
    .publish = judge_publish,
    .flush = judge_flush,
    .close = judge_close,
};
