/*
 * What has no field, as JSON: information elements by "pen/id" with values by their type
 * (RFC 7011 section 6.1), structured data (RFC 6313), and named values. A key that comes more
 * than once becomes a JSON list in the order of the record.
 */
#include "output/json.h"

#include "base/alloc.h"
#include "base/clock.h"
#include "base/hash.h"

#include <assert.h>

#define ITEM_ROOM 128 /* an element's key and a value of fixed size */
#define LIST_DEPTH 16 /* of structured data within structured data; deeper: hex */

/* ---- items of equal key -------------------------------------------------------------------- */

#define NONE UINT32_MAX
#define DISTINCT_MAX 8	  /* names that are compared with each other */
#define FEW 32		  /* so many are compared one by one, in memory on the stack */
#define OCTETS_AN_ITEM 20 /* a key and three links */

/* Items of equal key, linked in their order: prev is NONE for the first, next for the last. */
struct groups {
	uint64_t *keys;
	uint32_t *next;
	uint32_t *prev;
	uint32_t *tail; /* by first item: the last one so far */
	uint32_t n;
	uint64_t few[FEW * OCTETS_AN_ITEM / 8];
	void *many; /* owned */
};

static bool
groups_init(struct groups *g, uint32_t n)
{
	g->n = n;
	g->many = n > FEW ? vnm_alloc((size_t)n * OCTETS_AN_ITEM) : NULL;
	g->keys = n > FEW ? g->many : g->few;
	if (g->keys == NULL)
		return false;
	g->next = (uint32_t *)(g->keys + n);
	g->prev = g->next + n;
	g->tail = g->prev + n;
	return true;
}

static void
append(struct groups *g, uint32_t first, uint32_t i)
{
	uint32_t last = g->tail[first];

	g->next[last] = i;
	g->prev[i] = last;
	g->tail[first] = i;
}

static uint32_t
find_first(const struct groups *g, const struct vnm_table *t, uint64_t hash, uint32_t i)
{
	uint32_t at = 0, first = 0;

	if (g->n <= FEW) {
		while (first < i && (g->prev[first] != NONE || g->keys[first] != g->keys[i]))
			first++;
		return first < i ? first : NONE;
	}
	while ((first = vnm_table_next(t, hash, &at)) != NONE && g->keys[first] != g->keys[i])
		;
	return first;
}

/* Links items by their keys: false when memory is short. */
static bool
groups_link(struct groups *g)
{
	struct vnm_table t = {0};
	uint64_t seed = (uintptr_t)g; /* strangers chose the keys */

	for (uint32_t i = 0; i < g->n; i++) {
		uint64_t hash = g->n > FEW ? vnm_hash(&g->keys[i], 8, seed) : 0;
		uint32_t first = find_first(g, &t, hash, i);

		g->next[i] = NONE;
		g->prev[i] = NONE;
		g->tail[i] = i;
		if (first != NONE)
			append(g, first, i);
		else if (g->n > FEW && vnm_table_add(&t, hash, i) != 0)
			goto no_memory;
	}
	vnm_table_free(&t);
	return true;
no_memory:
	vnm_table_free(&t);
	return false;
}

/*
 * Writes items as an object: key(i) and value(i) write what their names say, after room for
 * ITEM_ROOM octets was made.
 */
struct object {
	const void *items;
	unsigned depth;
	void (*key)(struct vnm_writer *w, const struct object *o, uint32_t i);
	void (*value)(struct vnm_writer *w, const struct object *o, uint32_t i);
};

static void
write_member(struct vnm_writer *w, const struct object *o, const struct groups *g, uint32_t first)
{
	bool list = g->next[first] != NONE;

	o->key(w, o, first);
	if (list)
		*w->p++ = '[';
	for (uint32_t i = first; i != NONE && vnm_writer_room(w, ITEM_ROOM); i = g->next[i]) {
		if (i != first)
			*w->p++ = ',';
		o->value(w, o, i);
	}
	if (list && vnm_writer_room(w, 1))
		*w->p++ = ']';
}

static void
write_object(struct vnm_writer *w, const struct object *o, struct groups *g)
{
	bool begun = false;

	if (!groups_link(g)) {
		w->failed = true;
		return;
	}
	if (!vnm_writer_room(w, ITEM_ROOM))
		return;
	*w->p++ = '{';
	for (uint32_t i = 0; i < g->n && vnm_writer_room(w, ITEM_ROOM); i++) {
		if (g->prev[i] != NONE)
			continue;
		if (begun)
			*w->p++ = ',';
		begun = true;
		write_member(w, o, g, i);
	}
	if (vnm_writer_room(w, 1))
		*w->p++ = '}';
}

/* ---- information elements ------------------------------------------------------------------ */

static void write_ies(struct vnm_writer *w, const struct vnm_ie *p, uint32_t n, unsigned depth);

static uint64_t
read_unsigned(struct vnm_slice s)
{
	uint64_t v = 0;

	for (size_t i = 0; i < s.n; i++)
		v = v << 8 | s.p[i];
	return v;
}

static int64_t
read_signed(struct vnm_slice s)
{
	unsigned unused = 64 - 8 * (unsigned)s.n;

	return (int64_t)(read_unsigned(s) << unused) >> unused;
}

#define NTP_TO_UNIX 2208988800ULL /* s from 1900 to 1970 */
#define NTP_ERA (1ULL << 32)	  /* s; the next one begins in 2036 (RFC 7011 section 6.1.9) */
#define MICROSECONDS_MASK 0x7ffU  /* bits of the fraction that carry nothing (section 6.1.9) */

/* False where it is no time that can be given as ns since 1970. */
static bool
read_time(const struct vnm_ie *ie, uint64_t *ns)
{
	uint64_t v = read_unsigned(ie->octets);
	uint64_t unit = ie->type == VNM_IE_SECONDS ? VNM_NS_PER_S : VNM_NS_PER_MS;
	uint64_t seconds = v >> 32;
	uint64_t fraction = v & UINT32_MAX;

	if (ie->type == VNM_IE_SECONDS || ie->type == VNM_IE_MILLISECONDS)
		return !__builtin_mul_overflow(v, unit, ns);
	if (ie->type == VNM_IE_MICROSECONDS)
		fraction &= ~(uint64_t)MICROSECONDS_MASK;
	if (seconds < NTP_ERA / 2)
		seconds += NTP_ERA;
	if (ie->octets.n != 8 || v == 0 || seconds < NTP_TO_UNIX)
		return false;
	*ns = (seconds - NTP_TO_UNIX) * VNM_NS_PER_S + (fraction * VNM_NS_PER_S >> 32);
	return true;
}

static bool
write_float(struct vnm_writer *w, struct vnm_slice s)
{
	uint64_t bits = s.n == 4 || s.n == 8 ? read_unsigned(s) : 0;
	uint32_t short_bits = (uint32_t)bits;
	float f;
	double d;

	memcpy(&f, &short_bits, sizeof(f));
	memcpy(&d, &bits, sizeof(d));
	if (s.n == 4 && __builtin_isfinite(f))
		w->p = vnm_text_float(w->p, f);
	else if (s.n == 8)
		w->p = vnm_json_f64(w->p, d);
	else
		return false;
	return true;
}

static bool
write_number(struct vnm_writer *w, const struct vnm_ie *ie)
{
	bool quoted = w->u64_as_string && ie->octets.n > 4;
	uint64_t ns;

	if (ie->octets.n == 0 || ie->octets.n > 8)
		return false;
	switch (ie->type) {
	case VNM_IE_UNSIGNED:
		w->p = vnm_json_u64(w->p, read_unsigned(ie->octets), quoted);
		return true;
	case VNM_IE_SIGNED:
		w->p = vnm_json_i64(w->p, read_signed(ie->octets), quoted);
		return true;
	case VNM_IE_FLOAT:
		return write_float(w, ie->octets);
	default:
		if (!read_time(ie, &ns))
			return false;
		w->p = vnm_json_u64(w->p, ns, w->u64_as_string);
		return true;
	}
}

static bool
write_address(struct vnm_writer *w, const struct vnm_ie *ie)
{
	struct vnm_addr a;
	struct vnm_mac mac;

	if (ie->type == VNM_IE_MAC && ie->octets.n == sizeof(mac.b)) {
		memcpy(mac.b, ie->octets.p, sizeof(mac.b));
		w->p = vnm_json_mac(w->p, &mac);
		return true;
	}
	if (ie->type == VNM_IE_IP4 && ie->octets.n == 4)
		a = vnm_addr_ip4(ie->octets.p);
	else if (ie->type == VNM_IE_IP6 && ie->octets.n == 16)
		a = vnm_addr_unmapped(ie->octets.p);
	else
		return false;
	w->p = vnm_json_addr(w->p, &a);
	return true;
}

/* TruthValue: 1 true, 2 false (RFC 7011 section 6.1.5). */
static bool
write_truth(struct vnm_writer *w, struct vnm_slice s)
{
	if (s.n != 1 || s.p[0] < 1 || s.p[0] > 2)
		return false;
	w->p = vnm_json_bool(w->p, s.p[0] == 1);
	return true;
}

static char *
write_semantic(char *p, uint8_t semantic)
{
	static const char *const names[] = {
	    "noneOf", "exactlyOneOf", "oneOrMoreOf", "allOf", "ordered"};
	const char *name = semantic < VNM_ARRAY_LEN(names) ? names[semantic]
			   : semantic == 0xff		   ? "undefined"
							   : NULL;

	if (name == NULL)
		return vnm_text_u64(p, semantic);
	*p++ = '"';
	p = stpcpy(p, name);
	*p++ = '"';
	return p;
}

static bool
write_list(struct vnm_writer *w, const struct vnm_ie *ie, unsigned depth)
{
	if (depth >= LIST_DEPTH)
		return false;
	w->p = stpcpy(w->p, "{\"semantic\":");
	w->p = write_semantic(w->p, ie->semantic);
	w->p = stpcpy(w->p, ",\"records\":[");
	for (uint32_t i = 0, end; i < ie->count && vnm_writer_room(w, ITEM_ROOM); i = end) {
		for (end = i + 1; end < ie->count && ie->list[end].row == ie->list[i].row;)
			end++;
		if (i > 0)
			*w->p++ = ',';
		write_ies(w, ie->list + i, end - i, depth + 1);
	}
	if (vnm_writer_room(w, 2))
		w->p = stpcpy(w->p, "]}");
	return true;
}

/* False where the octets do not fit the type. */
static bool
write_typed(struct vnm_writer *w, const struct vnm_ie *ie, unsigned depth)
{
	switch (ie->type) {
	case VNM_IE_OCTETS:
		return false;
	case VNM_IE_BOOL:
		return write_truth(w, ie->octets);
	case VNM_IE_MAC:
	case VNM_IE_IP4:
	case VNM_IE_IP6:
		return write_address(w, ie);
	case VNM_IE_STRING:
		vnm_json_text(w, vnm_str_of_octets(ie->octets));
		return true;
	case VNM_IE_LIST:
		return write_list(w, ie, depth);
	default:
		return write_number(w, ie);
	}
}

static void
ie_key(struct vnm_writer *w, const struct object *o, uint32_t i)
{
	const struct vnm_ie *ie = (const struct vnm_ie *)o->items + i;

	*w->p++ = '"';
	w->p = vnm_text_u64(w->p, ie->pen);
	*w->p++ = '/';
	w->p = vnm_text_u64(w->p, ie->id);
	*w->p++ = '"';
	*w->p++ = ':';
}

static void
ie_value(struct vnm_writer *w, const struct object *o, uint32_t i)
{
	const struct vnm_ie *ie = (const struct vnm_ie *)o->items + i;

	if (!write_typed(w, ie, o->depth))
		vnm_json_hex(w, ie->octets);
}

static void
write_ies(struct vnm_writer *w, const struct vnm_ie *p, uint32_t n, unsigned depth)
{
	struct object o = {.items = p, .depth = depth, .key = ie_key, .value = ie_value};
	struct groups g;

	if (!groups_init(&g, n)) {
		w->failed = true;
		return;
	}
	for (uint32_t i = 0; i < n; i++)
		g.keys[i] = (uint64_t)p[i].pen << 16 | p[i].id;
	write_object(w, &o, &g);
	vnm_free(g.many);
}

void
vnm_json_ies(struct vnm_writer *w, const struct vnm_ies *ies)
{
	write_ies(w, ies->p, ies->n, 0);
}

/* ---- named values -------------------------------------------------------------------------- */

static void write_pairs(struct vnm_writer *w, const struct vnm_pair *p, uint32_t n, unsigned depth);
static void write_struct(
    struct vnm_writer *w, const struct vnm_pair *p, uint32_t n, unsigned depth);
static void write_pair_array(
    struct vnm_writer *w, const struct vnm_pair *p, uint32_t n, unsigned depth);

static void
pair_key(struct vnm_writer *w, const struct object *o, uint32_t i)
{
	vnm_json_text(w, vnm_str_clean(((const struct vnm_pair *)o->items + i)->name));
	if (vnm_writer_room(w, 2)) /* and what may follow it: '[' */
		*w->p++ = ':';
}

static void
write_pair_value(struct vnm_writer *w, const struct vnm_pair *pair, unsigned depth)
{
	switch (pair->type) {
	case VNM_PAIR_U64:
		w->p = vnm_json_u64(w->p, pair->u64, w->u64_as_string);
		break;
	case VNM_PAIR_I64:
		w->p = vnm_json_i64(w->p, pair->i64, w->u64_as_string);
		break;
	case VNM_PAIR_BOOL:
		w->p = vnm_json_bool(w->p, pair->flag);
		break;
	case VNM_PAIR_F64:
		w->p = vnm_json_f64(w->p, pair->f64);
		break;
	case VNM_PAIR_STR:
		vnm_json_text(w, pair->str);
		break;
	case VNM_PAIR_ADDR:
		w->p = vnm_json_addr(w->p, &pair->addr);
		break;
	case VNM_PAIR_BYTES:
		vnm_json_hex(w, pair->bytes);
		break;
	case VNM_PAIR_OBJECT:
		write_pairs(w, pair->items, pair->count, depth + 1);
		break;
	case VNM_PAIR_STRUCT:
		write_struct(w, pair->items, pair->count, depth + 1);
		break;
	case VNM_PAIR_ARRAY:
		write_pair_array(w, pair->items, pair->count, depth + 1);
		break;
	}
}

static void
pair_value(struct vnm_writer *w, const struct object *o, uint32_t i)
{
	write_pair_value(w, (const struct vnm_pair *)o->items + i, o->depth);
}

static void
write_pair_array(struct vnm_writer *w, const struct vnm_pair *p, uint32_t n, unsigned depth)
{
	assert(depth <= VNM_PAIR_DEPTH);
	if (!vnm_writer_room(w, 2))
		return;
	*w->p++ = '[';
	for (uint32_t i = 0; i < n && vnm_writer_room(w, ITEM_ROOM); i++) {
		if (i > 0)
			*w->p++ = ',';
		write_pair_value(w, &p[i], depth);
	}
	if (vnm_writer_room(w, 1))
		*w->p++ = ']';
}

/* Whether so few names are all different: then nothing is to be grouped. */
static bool
are_distinct(const struct vnm_pair *p, uint32_t n)
{
	if (n > DISTINCT_MAX)
		return false;
	for (uint32_t i = 1; i < n; i++) {
		for (uint32_t k = 0; k < i; k++) {
			if (p[i].name[0] == p[k].name[0] && strcmp(p[i].name, p[k].name) == 0)
				return false;
		}
	}
	return true;
}

/* What follows a member's name, which ends at p. */
static inline void
finish_member(struct vnm_writer *w, char *p, const struct vnm_pair *pair, unsigned depth)
{
	memcpy(p, "\":", 2);
	if (VNM_LIKELY(pair->type == VNM_PAIR_STR)) {
		w->p = vnm_json_put(w, p + 2, pair->str);
		return;
	}
	w->p = p + 2;
	write_pair_value(w, pair, depth);
}

static void
end_object(struct vnm_writer *w, uint32_t n)
{
	if (!vnm_writer_room(w, 2))
		return;
	if (n == 0)
		*w->p++ = '{';
	*w->p++ = '}';
}

/* As an object: names that are all different. */
static void
write_distinct(struct vnm_writer *w, const struct vnm_pair *p, uint32_t n, unsigned depth)
{
	assert(depth <= VNM_PAIR_DEPTH);
	for (uint32_t i = 0; i < n; i++) {
		size_t length = strlen(p[i].name);

		if (!vnm_writer_room(w, ITEM_ROOM + length))
			return;
		w->p[0] = i == 0 ? '{' : ',';
		w->p[1] = '"';
		finish_member(w, vnm_text_copy(w->p + 2, p[i].name, length), &p[i], depth);
	}
	end_object(w, n);
}

/* The same, where it is known beforehand, and names are short. */
static void
write_struct(struct vnm_writer *w, const struct vnm_pair *p, uint32_t n, unsigned depth)
{
	assert(depth <= VNM_PAIR_DEPTH);
	for (uint32_t i = 0; i < n; i++) {
		if (!vnm_writer_room(w, ITEM_ROOM))
			return;
		w->p[0] = i == 0 ? '{' : ',';
		w->p[1] = '"';
		memcpy(w->p + 2, p[i].name, VNM_PAIR_ROOM);
		finish_member(w, w->p + 2 + p[i].name_n, &p[i], depth);
	}
	end_object(w, n);
}

static void
write_pairs(struct vnm_writer *w, const struct vnm_pair *p, uint32_t n, unsigned depth)
{
	struct object o = {.items = p, .depth = depth, .key = pair_key, .value = pair_value};
	struct groups g;

	assert(depth <= VNM_PAIR_DEPTH);
	if (are_distinct(p, n)) {
		write_distinct(w, p, n, depth);
		return;
	}
	if (!groups_init(&g, n)) {
		w->failed = true;
		return;
	}
	for (uint32_t i = 0; i < n; i++)
		g.keys[i] = vnm_hash(p[i].name, strlen(p[i].name), 0);
	write_object(w, &o, &g);
	vnm_free(g.many);
}

void
vnm_json_pairs(struct vnm_writer *w, const struct vnm_pairs *pairs)
{
	write_pairs(w, pairs->p, pairs->n, 0);
}

void
vnm_json_list(struct vnm_writer *w, const struct vnm_pairs *list)
{
	write_pair_array(w, list->p, list->n, 0);
}
