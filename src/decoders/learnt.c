/*
 * A bounded table of what an exporter tells of itself.
 */
#include "decoders/learnt.h"

#include "base/alloc.h"

struct key {
	uint64_t id;
	uint64_t session;
	uint32_t domain;
	uint32_t kind; /* and above it the `any` bit */
};

/* Where the table lies is the seed: ids are the exporter's choice, and collisions must not be. */
static uint64_t
hash_of(const struct vnm_learnt *l, enum vnm_learnt_kind kind, bool any,
    struct vnm_learnt_scope scope, uint64_t id)
{
	const struct key key = {
	    id, scope.session, any ? 0 : scope.domain, (uint32_t)kind | (uint32_t)any << 8};

	return vnm_hash(&key, sizeof(key), (uintptr_t)l);
}

static struct vnm_learnt_entry *
find(const struct vnm_learnt *l, enum vnm_learnt_kind kind, bool any, struct vnm_learnt_scope scope,
    uint64_t id)
{
	uint64_t hash = hash_of(l, kind, any, scope, id);
	uint32_t at = 0, i;

	while ((i = vnm_table_next(&l->index, hash, &at)) != VNM_TABLE_NONE) {
		struct vnm_learnt_entry *e = &l->entries[i];
		if (e->kind == kind && e->any == any && e->id == id &&
		    e->scope.session == scope.session && (any || e->scope.domain == scope.domain))
			return e;
	}
	return NULL;
}

const struct vnm_learnt_entry *
vnm_learnt_get(const struct vnm_learnt *l, enum vnm_learnt_kind kind, struct vnm_learnt_scope scope,
    uint64_t id)
{
	if (l->kinds[kind] == 0)
		return NULL;
	const struct vnm_learnt_entry *e = find(l, kind, false, scope, id);
	return e != NULL ? e : find(l, kind, true, scope, id);
}

/* Takes entry i out; the last one gets its place. */
static void
remove_at(struct vnm_learnt *l, uint32_t i)
{
	struct vnm_learnt_entry *e = &l->entries[i];
	uint32_t last = --l->count;

	vnm_table_remove(&l->index, hash_of(l, e->kind, e->any, e->scope, e->id), i);
	l->kinds[e->kind]--;
	vnm_free((void *)(uintptr_t)e->text.p);
	if (i == last)
		return;
	*e = l->entries[last];
	vnm_table_move(&l->index, hash_of(l, e->kind, e->any, e->scope, e->id), last, i);
}

/*
 * What an exporter still means it tells again, every few minutes; what sessions long gone said,
 * or a flood of nonsense, it does not.
 */
static void
make_room(struct vnm_learnt *l)
{
	while (l->count > 0 && l->count >= l->limit) {
		uint32_t i = l->hand < l->count ? l->hand : 0;

		l->hand = i + 1;
		if (l->entries[i].again) {
			l->entries[i].again = false;
			continue;
		}
		remove_at(l, i);
		l->evicted++;
	}
}

/* The entry, made where it is not there; NULL when memory is short. */
static struct vnm_learnt_entry *
get_or_add(struct vnm_learnt *l, enum vnm_learnt_kind kind, bool any, struct vnm_learnt_scope scope,
    uint64_t id, bool *added)
{
	struct vnm_learnt_entry *e = find(l, kind, any, scope, id);

	*added = e == NULL;
	if (e != NULL) {
		e->again = true;
		return e;
	}
	make_room(l);
	if (l->limit == 0)
		return NULL;
	if (l->count == l->cap) {
		uint32_t cap = l->cap != 0 ? 2 * l->cap : 8;
		e = vnm_realloc(l->entries, cap * sizeof(*e));
		if (e == NULL)
			return NULL;
		l->entries = e;
		l->cap = cap;
	}
	if (vnm_table_add(&l->index, hash_of(l, kind, any, scope, id), l->count) != 0)
		return NULL;
	e = &l->entries[l->count++];
	*e = (struct vnm_learnt_entry){.id = id, .scope = scope, .kind = (uint8_t)kind, .any = any};
	l->kinds[kind]++;
	return e;
}

static bool
put_number(struct vnm_learnt *l, enum vnm_learnt_kind kind, bool any, struct vnm_learnt_scope scope,
    uint64_t id, double number)
{
	bool added;
	struct vnm_learnt_entry *e = get_or_add(l, kind, any, scope, id, &added);

	if (e == NULL || (!added && e->number == number && !e->ambiguous))
		return false;
	e->number = number;
	e->ambiguous = false;
	return true;
}

bool
vnm_learnt_number(struct vnm_learnt *l, enum vnm_learnt_kind kind, struct vnm_learnt_scope scope,
    uint64_t id, double number)
{
	/* A domain's rate is its own; the exporter's is every domain's. */
	bool own =
	    kind != VNM_LEARNT_EXPORTER_RATE && put_number(l, kind, false, scope, id, number);
	bool any = kind != VNM_LEARNT_DOMAIN_RATE && put_number(l, kind, true, scope, id, number);

	return own || any;
}

static bool
put_text(struct vnm_learnt *l, enum vnm_learnt_kind kind, bool any, struct vnm_learnt_scope scope,
    uint64_t id, struct vnm_slice text)
{
	bool added;
	struct vnm_learnt_entry *e = get_or_add(l, kind, any, scope, id, &added);

	if (e == NULL || (!added && e->text.n == text.n && memcmp(e->text.p, text.p, text.n) == 0))
		return false;
	char *copy = vnm_strndup((const char *)text.p, text.n);
	if (copy == NULL)
		return false;
	vnm_free((void *)(uintptr_t)e->text.p);
	e->text = (struct vnm_str){copy, (uint32_t)text.n, vnm_str_check_clean(copy, text.n)};
	return true;
}

bool
vnm_learnt_text(struct vnm_learnt *l, enum vnm_learnt_kind kind, struct vnm_learnt_scope scope,
    uint64_t id, struct vnm_slice text)
{
	while (kind != VNM_LEARNT_AGENT && text.n > 0 && text.p[text.n - 1] == 0)
		text.n--;
	if (text.n == 0)
		return false;
	bool own = put_text(l, kind, false, scope, id, text);
	bool any = put_text(l, kind, true, scope, id, text);
	return own || any;
}

bool
vnm_learnt_sampler_of_domain(
    struct vnm_learnt *l, struct vnm_learnt_scope scope, uint64_t sampler, double rate)
{
	bool added;
	struct vnm_learnt_entry *e = get_or_add(l, VNM_LEARNT_DOMAIN_RATE, false, scope, 0, &added);

	if (e == NULL || (!added && e->number == rate))
		return false;
	e->ambiguous = !added && (e->ambiguous || e->from != sampler);
	e->number = rate;
	e->from = sampler;
	return true;
}

void
vnm_learnt_forget(struct vnm_learnt *l, uint64_t session)
{
	for (uint32_t i = l->count; i-- > 0;) {
		if (l->entries[i].scope.session == session)
			remove_at(l, i);
	}
}

void
vnm_learnt_free(struct vnm_learnt *l)
{
	for (uint32_t i = 0; i < l->count; i++)
		vnm_free((void *)(uintptr_t)l->entries[i].text.p);
	vnm_free(l->entries);
	vnm_table_free(&l->index);
	*l = (struct vnm_learnt){0};
}

/* ---- persistence ------------------------------------------------------------------------- */

struct saved {
	uint64_t id;
	uint64_t from;
	double number;
	uint64_t session;
	uint32_t domain;
	uint32_t text_n;
	uint8_t kind;
	uint8_t any;
	uint8_t ambiguous;
	uint8_t zero[5];
};

/* Streams end with us. */
static bool
outlives_us(const struct vnm_learnt_entry *e)
{
	return (e->scope.session & VNM_LEARNT_UDP) != 0;
}

bool
vnm_learnt_save(const struct vnm_learnt *l, struct vnm_buffer *b)
{
	uint32_t count = 0;

	for (uint32_t i = 0; i < l->count; i++)
		count += outlives_us(&l->entries[i]);
	if (!vnm_buffer_append(b, &count, sizeof(count)))
		return false;
	for (uint32_t i = 0; i < l->count; i++) {
		const struct vnm_learnt_entry *e = &l->entries[i];

		if (!outlives_us(e))
			continue;
		const struct saved s = {.id = e->id,
		    .from = e->from,
		    .number = e->number,
		    .session = e->scope.session,
		    .domain = e->scope.domain,
		    .text_n = e->text.n,
		    .kind = e->kind,
		    .any = e->any,
		    .ambiguous = e->ambiguous};

		if (!vnm_buffer_append(b, &s, sizeof(s)) ||
		    !vnm_buffer_append(b, e->text.p != NULL ? e->text.p : "", e->text.n))
			return false;
	}
	return true;
}

static bool
load_entry(struct vnm_learnt *l, struct vnm_reader *r)
{
	const uint8_t *p = vnm_reader_take(r, sizeof(struct saved));
	struct saved s;
	bool added;

	if (p == NULL)
		return false;
	memcpy(&s, p, sizeof(s));
	p = vnm_reader_take(r, s.text_n);
	if (p == NULL || s.kind >= VNM_LEARNT_KINDS || s.any > 1)
		return false;
	const struct vnm_learnt_scope scope = {s.session, s.domain};
	struct vnm_learnt_entry *e = get_or_add(l, s.kind, s.any != 0, scope, s.id, &added);
	if (e == NULL)
		return false;
	e->from = s.from;
	e->number = s.number;
	e->ambiguous = s.ambiguous != 0;
	if (s.text_n != 0)
		put_text(l, s.kind, s.any != 0, scope, s.id, (struct vnm_slice){p, s.text_n});
	return true;
}

bool
vnm_learnt_load(struct vnm_learnt *l, struct vnm_reader *r)
{
	const uint8_t *p = vnm_reader_take(r, sizeof(uint32_t));
	uint32_t count;

	if (p == NULL)
		return false;
	memcpy(&count, p, sizeof(count));
	for (uint32_t i = 0; i < count; i++) {
		if (!load_entry(l, r))
			return false;
	}
	return true;
}
