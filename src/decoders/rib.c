/*
 * Tables of the standing RIB and the paths in them.
 */
#include "decoders/rib.h"

#include "base/alloc.h"

#include <assert.h>

#define PATHS_MAX (1U << 31) /* of one table: indices have 32 bits */
#define REAPED_BY_PUT 2 /* paths freed by one that comes: what dies goes faster than it grows */

/* How an NLRI reads: bits of struct vnm_rib_path. */
enum { PATH_ID = 1, PATH_ID_GUESSED = 2, LABELS = 4, CUT = 8 };

_Static_assert(sizeof(struct vnm_rib_path) <= 48, "a path has grown");

/* ---- keys -------------------------------------------------------------------------------------
 */

struct key {
	struct vnm_slice octets;
	uint64_t hash;
	uint8_t room[VNM_BGP_KEY_MAX];
};

/* False of a family that has no keys. */
static bool
make_key(const struct vnm_rib *rib, const struct vnm_bgp_kept *k, struct key *key)
{
	uint64_t id = k->path_id && k->nlri.n >= 4 ? 1ULL << 32 | vnm_be32(k->nlri.p) : 0;

	if (!vnm_bgp_key(k, key->room, &key->octets))
		return false;
	key->hash = vnm_hash(key->octets.p, key->octets.n, rib->seed ^ id);
	return true;
}

static const uint8_t *
nlri_of(const struct vnm_rib_path *path)
{
	return path->n <= VNM_RIB_NEAR ? path->near : path->far;
}

struct vnm_bgp_kept
vnm_rib_kept(const struct vnm_rib_table *t, const struct vnm_rib_path *path)
{
	const struct vnm_rib_attrs *a = path->attrs;

	return (struct vnm_bgp_kept){.afi = t->afi,
	    .safi = t->safi,
	    .path_id = (path->how & PATH_ID) != 0,
	    .path_id_guessed = (path->how & PATH_ID_GUESSED) != 0,
	    .multiple_labels = (path->how & LABELS) != 0,
	    .cut = (path->how & CUT) != 0,
	    .as4 = a->as4,
	    .as_guessed = a->as_guessed,
	    .nlri = {nlri_of(path), path->n},
	    .attributes = {a->octets + a->name_n, a->n}};
}

static uint8_t
how_of(const struct vnm_bgp_kept *k)
{
	return (uint8_t)((k->path_id ? PATH_ID : 0) | (k->path_id_guessed ? PATH_ID_GUESSED : 0) |
			 (k->multiple_labels ? LABELS : 0) | (k->cut ? CUT : 0));
}

static bool
same_octets(const struct vnm_rib_path *path, struct vnm_slice nlri)
{
	return path->n == nlri.n && memcmp(nlri_of(path), nlri.p, nlri.n) == 0;
}

static bool
matches(const struct vnm_rib *rib, const struct vnm_rib_table *t, const struct vnm_rib_path *path,
    const struct vnm_bgp_kept *k, const struct key *key)
{
	struct vnm_bgp_kept kept;
	struct key own;

	if (((path->how & PATH_ID) != 0) != k->path_id)
		return false;
	if (same_octets(path, k->nlri) && ((path->how & LABELS) != 0) == k->multiple_labels)
		return true;
	kept = vnm_rib_kept(t, path);
	return make_key(rib, &kept, &own) && own.hash == key->hash &&
	       own.octets.n == key->octets.n &&
	       memcmp(own.octets.p, key->octets.p, key->octets.n) == 0 &&
	       (!k->path_id || memcmp(kept.nlri.p, k->nlri.p, 4) == 0);
}

/* The path's place, or VNM_TABLE_NONE. */
static uint32_t
find(const struct vnm_rib *rib, const struct vnm_rib_table *t, const struct vnm_bgp_kept *k,
    const struct key *key)
{
	uint32_t at = 0, i;

	while ((i = vnm_table_next(&t->index, key->hash, &at)) != VNM_TABLE_NONE) {
		if (matches(rib, t, &t->paths[i], k, key))
			return i;
	}
	return VNM_TABLE_NONE;
}

const struct vnm_rib_path *
vnm_rib_find(const struct vnm_rib *rib, const struct vnm_rib_table *t, const struct vnm_bgp_kept *k)
{
	struct key key;
	uint32_t i = make_key(rib, k, &key) ? find(rib, t, k, &key) : VNM_TABLE_NONE;

	return i != VNM_TABLE_NONE ? &t->paths[i] : NULL;
}

/* ---- memory -----------------------------------------------------------------------------------
 */

/* Of the table itself; the octets that change are told by the difference. */
static size_t
own_octets(const struct vnm_rib_table *t)
{
	return vnm_alloc_size(t->paths) + vnm_alloc_size(t->index.slots) +
	       vnm_alloc_size(t->prints.slots);
}

uint64_t
vnm_rib_table_octets(const struct vnm_rib *rib, const struct vnm_rib_table *t)
{
	uint64_t own = sizeof(*t) + own_octets(t) + t->far_octets;

	if (!t->full || rib->paths == 0)
		return own;
	return own + (uint64_t)((double)rib->attr_octets * t->n / (double)rib->paths);
}

struct vnm_rib_table *
vnm_rib_table_new(struct vnm_rib *rib, bool full, uint64_t limit)
{
	struct vnm_rib_table *t;

	if (rib->tables >= VNM_RIB_LEAST + limit / VNM_RIB_TABLE_PATHS ||
	    (t = vnm_alloc_zero(1, sizeof(*t))) == NULL)
		return NULL;
	rib->tables++;
	t->full = full;
	t->generation = 1;
	rib->octets += vnm_alloc_size(t);
	return t;
}

/* A quarter more at a time: what a doubling left unused would be more than all else. */
static bool
grow(struct vnm_rib *rib, struct vnm_rib_table *t)
{
	uint32_t cap = t->cap < 16 ? t->cap + 4 : t->cap + t->cap / 4;
	size_t had = vnm_alloc_size(t->paths);
	struct vnm_rib_path *paths;

	if (t->n < t->cap)
		return true;
	if (t->n >= PATHS_MAX)
		return false;
	paths = vnm_realloc(t->paths, cap * sizeof(*paths));
	if (paths == NULL)
		return false;
	t->paths = paths;
	t->cap = cap;
	rib->octets += vnm_alloc_size(paths) - had;
	return true;
}

static void
free_far(struct vnm_rib *rib, struct vnm_rib_table *t, struct vnm_rib_path *path)
{
	if (path->n <= VNM_RIB_NEAR)
		return;
	size_t octets = vnm_alloc_size(path->far);
	rib->octets -= octets;
	t->far_octets -= octets;
	vnm_free(path->far);
	path->n = 0;
}

static bool
set_nlri(
    struct vnm_rib *rib, struct vnm_rib_table *t, struct vnm_rib_path *path, struct vnm_slice nlri)
{
	uint8_t *far = NULL;

	if (nlri.n > UINT16_MAX)
		return false;
	if (nlri.n > VNM_RIB_NEAR) {
		far = vnm_alloc(nlri.n);
		if (far == NULL)
			return false;
		rib->octets += vnm_alloc_size(far);
		t->far_octets += vnm_alloc_size(far);
	}
	free_far(rib, t, path);
	path->n = (uint16_t)nlri.n;
	if (far != NULL)
		path->far = far;
	memcpy(far != NULL ? far : path->near, nlri.p, nlri.n);
	return true;
}

/* ---- one path ---------------------------------------------------------------------------------
 */

static bool
add(struct vnm_rib *rib, struct vnm_rib_table *t, const struct vnm_bgp_kept *k,
    const struct key *key)
{
	struct vnm_rib_path *path;
	size_t had;

	if (!grow(rib, t))
		return false;
	path = &t->paths[t->n];
	*path = (struct vnm_rib_path){.generation = t->generation};
	if (!set_nlri(rib, t, path, k->nlri))
		return false;
	had = vnm_alloc_size(t->index.slots);
	if (vnm_table_add(&t->index, key->hash, t->n) != 0) {
		free_far(rib, t, path);
		return false;
	}
	rib->octets += vnm_alloc_size(t->index.slots) - had;
	t->n++;
	t->fresh++;
	t->path_ids |= k->path_id;
	rib->paths++;
	return true;
}

static void
set_having(struct vnm_rib *rib, struct vnm_rib_path *path, const struct vnm_bgp_kept *k,
    const struct vnm_rib_having *having)
{
	having->attrs->refs++;
	vnm_rib_attrs_put(rib, path->attrs);
	path->attrs = having->attrs;
	path->event_ns = having->event_ns;
	path->flags = having->flags;
	path->how = how_of(k);
}

static void
refresh(struct vnm_rib_table *t, struct vnm_rib_path *path, uint64_t now_ns)
{
	if (!vnm_rib_is_stale(t, path))
		return;
	path->generation = t->generation;
	t->fresh++;
	t->stale_ns = now_ns;
}

/* NLRI and attributes may be long: a stranger's choice. */
static bool
too_heavy(const struct vnm_rib *rib, uint64_t limit)
{
	return rib->octets > VNM_RIB_LEAST * 1024 + limit * VNM_RIB_PATH_OCTETS;
}

static enum vnm_rib_result
refuse(struct vnm_rib_table *t)
{
	t->incomplete = true;
	return VNM_RIB_REFUSED;
}

/* What cannot be kept as it is now must not stay as it was. */
static enum vnm_rib_result
replace(struct vnm_rib *rib, struct vnm_rib_table *t, uint32_t i, const struct vnm_bgp_kept *k,
    const struct vnm_rib_having *having, uint64_t limit)
{
	struct vnm_rib_path *path = &t->paths[i];
	bool same = same_octets(path, k->nlri) && path->attrs == having->attrs;

	if (having->attrs == NULL ||
	    (!same && (too_heavy(rib, limit) || !set_nlri(rib, t, path, k->nlri)))) {
		vnm_rib_remove(rib, t, i);
		return refuse(t);
	}
	refresh(t, path, having->now_ns);
	if (same)
		return VNM_RIB_SAME;
	set_having(rib, path, k, having);
	return VNM_RIB_CHANGED;
}

static enum vnm_rib_result
put_path(struct vnm_rib *rib, struct vnm_rib_table *t, const struct vnm_bgp_kept *k,
    const struct key *key, const struct vnm_rib_having *having, uint64_t limit)
{
	uint32_t i = find(rib, t, k, key);

	if (i != VNM_TABLE_NONE)
		return replace(rib, t, i, k, having, limit);
	if (rib->paths >= limit || too_heavy(rib, limit) || having->attrs == NULL ||
	    !add(rib, t, k, key))
		return refuse(t);
	set_having(rib, &t->paths[t->n - 1], k, having);
	return VNM_RIB_NEW;
}

static enum vnm_rib_result
put_print(struct vnm_rib *rib, struct vnm_rib_table *t, const struct key *key, uint64_t now_ns,
    uint64_t limit)
{
	size_t had = vnm_alloc_size(t->prints.slots);
	int was = vnm_rib_prints_get(&t->prints, key->hash);

	if (was < 0 && (rib->paths >= limit || t->n >= PATHS_MAX))
		return refuse(t);
	if (vnm_rib_prints_add(&t->prints, t->n, key->hash, t->generation) != 0)
		return refuse(t);
	rib->octets += vnm_alloc_size(t->prints.slots) - had;
	if (was >= 0 && was != t->generation)
		t->stale_ns = now_ns;
	t->fresh += was != t->generation;
	t->n += was < 0;
	rib->paths += was < 0;
	return was < 0 ? VNM_RIB_NEW : VNM_RIB_CHANGED;
}

enum vnm_rib_result
vnm_rib_put(struct vnm_rib *rib, struct vnm_rib_table *t, const struct vnm_bgp_kept *k,
    const struct vnm_rib_having *having, uint64_t limit)
{
	struct key key;

	(void)vnm_rib_reap(rib, REAPED_BY_PUT);
	if (!make_key(rib, k, &key))
		return refuse(t);
	return t->full ? put_path(rib, t, k, &key, having, limit)
		       : put_print(rib, t, &key, having->now_ns, limit);
}

static uint64_t
hash_at(const struct vnm_rib *rib, const struct vnm_rib_table *t, uint32_t at)
{
	struct vnm_bgp_kept k = vnm_rib_kept(t, &t->paths[at]);
	struct key key;
	bool keyed = make_key(rib, &k, &key);

	assert(keyed);
	return keyed ? key.hash : 0;
}

static void
move(const struct vnm_rib *rib, struct vnm_rib_table *t, uint32_t from, uint32_t to)
{
	if (from == to)
		return;
	vnm_table_move(&t->index, hash_at(rib, t, from), from, to);
	t->paths[to] = t->paths[from];
}

/*
 * The last path takes the place. A dump comes down from the end: what it has told must not come
 * below where it is, so that the path that it would tell next takes the place then.
 */
void
vnm_rib_remove(struct vnm_rib *rib, struct vnm_rib_table *t, uint32_t at)
{
	struct vnm_rib_path *path = &t->paths[at];

	assert(t->full && at < t->n);
	vnm_table_remove(&t->index, hash_at(rib, t, at), at);
	t->fresh -= !vnm_rib_is_stale(t, path);
	vnm_rib_attrs_put(rib, path->attrs);
	free_far(rib, t, path);
	if (at < t->dump) {
		move(rib, t, t->dump - 1, at);
		at = --t->dump;
	}
	move(rib, t, t->n - 1, at);
	t->n--;
	rib->paths--;
	if (t->sweep > t->n)
		t->sweep = t->n;
	if (t->dump > t->n)
		t->dump = t->n;
}

static bool
take_print(struct vnm_rib *rib, struct vnm_rib_table *t, const struct key *key)
{
	int was = vnm_rib_prints_get(&t->prints, key->hash);

	if (was < 0)
		return false;
	vnm_rib_prints_remove(&t->prints, key->hash);
	t->fresh -= was == t->generation;
	t->n--;
	rib->paths--;
	return true;
}

bool
vnm_rib_take(struct vnm_rib *rib, struct vnm_rib_table *t, const struct vnm_bgp_kept *k)
{
	struct key key;
	uint32_t i;

	if (!make_key(rib, k, &key))
		return false;
	if (!t->full)
		return take_print(rib, t, &key);
	i = find(rib, t, k, &key);
	if (i == VNM_TABLE_NONE)
		return false;
	vnm_rib_remove(rib, t, i);
	return true;
}

/* ---- all paths of a table ---------------------------------------------------------------------
 */

/* A generation has 8 bits: before their numbers come again all paths get the oldest one. */
static void
age(struct vnm_rib_table *t)
{
	vnm_rib_prints_age(&t->prints);
	for (uint32_t i = 0; t->full && i < t->n; i++)
		t->paths[i].generation = 0;
	t->generation = 0;
}

void
vnm_rib_mark(struct vnm_rib_table *t, uint64_t now_ns)
{
	if (t->generation == UINT8_MAX)
		age(t);
	t->generation++;
	t->fresh = 0;
	t->sweep = 0;
	t->stale_ns = now_ns;
	t->incomplete = t->ended = false;
}

uint32_t
vnm_rib_sweep_prints(struct vnm_rib *rib, struct vnm_rib_table *t)
{
	uint32_t swept = vnm_rib_prints_sweep(&t->prints, t->generation);

	t->n -= swept;
	rib->paths -= swept;
	return swept;
}

void
vnm_rib_drop(struct vnm_rib *rib, struct vnm_rib_table *t)
{
	rib->paths -= t->n;
	rib->octets -= vnm_alloc_size(t->index.slots) + vnm_alloc_size(t->prints.slots);
	vnm_table_free(&t->index);
	vnm_free(t->prints.slots);
	t->prints = (struct vnm_rib_prints){0};
	if (!t->full)
		t->n = 0;
	t->next = rib->dying;
	rib->dying = t;
}

bool
vnm_rib_reap(struct vnm_rib *rib, uint32_t paths)
{
	struct vnm_rib_table *t;

	while ((t = rib->dying) != NULL) {
		for (; t->n > 0 && paths > 0; paths--) {
			struct vnm_rib_path *path = &t->paths[--t->n];

			vnm_rib_attrs_put(rib, path->attrs);
			free_far(rib, t, path);
		}
		if (t->n > 0)
			return true;
		rib->dying = t->next;
		rib->tables--;
		rib->octets -= vnm_alloc_size(t->paths) + vnm_alloc_size(t);
		vnm_free(t->paths);
		vnm_free(t);
	}
	return false;
}

void
vnm_rib_free(struct vnm_rib *rib)
{
	while (vnm_rib_reap(rib, UINT32_MAX))
		continue;
	assert(rib->attr_count == 0 && rib->paths == 0);
	vnm_free(rib->attrs);
	vnm_table_free(&rib->attr_index);
	*rib = (struct vnm_rib){0};
}
