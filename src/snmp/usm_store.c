/*
 * Keys and clocks by engine and user.
 */
#include "snmp/usm_store.h"

#include "base/alloc.h"

#include <assert.h>
#include <string.h>

#define CLOCK_OF_ENGINE 0xff /* in the place of a user's length */
#define LOOKED_AT 16	     /* entries, for the longest unused of them */

struct name {
	uint8_t engine_n;
	uint8_t user_n;
	uint8_t engine[VNM_SNMP_ENGINE_ID_MAX];
	uint8_t user[VNM_SNMP_NAME_MAX];
};

struct vnm_usm_entry {
	uint64_t hash;
	uint64_t used;
	struct name name;
	struct vnm_usm_keys *keys; /* owned; NULL: a clock */
	struct vnm_usm_clock clock;
};

/* False where no engine or user has so long a name. */
static bool
make_name(struct name *n, struct vnm_slice engine, const struct vnm_slice *user)
{
	*n = (struct name){.user_n = CLOCK_OF_ENGINE};
	if (engine.n > sizeof(n->engine) || (user != NULL && user->n > sizeof(n->user)))
		return false;
	n->engine_n = (uint8_t)engine.n;
	if (engine.n > 0)
		memcpy(n->engine, engine.p, engine.n);
	if (user == NULL)
		return true;
	n->user_n = (uint8_t)user->n;
	if (user->n > 0)
		memcpy(n->user, user->p, user->n);
	return true;
}

static struct vnm_usm_entry *
find(struct vnm_usm_store *s, const struct name *name, uint64_t hash)
{
	uint32_t at = 0, i;

	while ((i = vnm_table_next(&s->index, hash, &at)) != VNM_TABLE_NONE) {
		struct vnm_usm_entry *e = &s->entries[i];

		if (memcmp(&e->name, name, sizeof(*name)) != 0)
			continue;
		e->used = ++s->stamp;
		return e;
	}
	return NULL;
}

static void
evict(struct vnm_usm_store *s)
{
	uint32_t victim = s->hand % s->n, last = s->n - 1;

	for (uint32_t step = 0; step < LOOKED_AT; step++) {
		uint32_t i = (s->hand + step) % s->n;

		if (s->entries[i].used < s->entries[victim].used)
			victim = i;
	}
	s->hand += LOOKED_AT;
	vnm_table_remove(&s->index, s->entries[victim].hash, victim);
	vnm_usm_keys_free(s->entries[victim].keys);
	if (victim != last) {
		s->entries[victim] = s->entries[last];
		vnm_table_move(&s->index, s->entries[victim].hash, last, victim);
	}
	s->n--;
}

static bool
grow(struct vnm_usm_store *s)
{
	uint32_t cap = s->cap != 0 ? 2 * s->cap : 2;
	struct vnm_usm_entry *grown;

	if (s->n < s->cap)
		return true;
	grown = vnm_realloc(s->entries, cap * sizeof(*grown));
	if (grown == NULL)
		return false;
	s->entries = grown;
	s->cap = cap;
	return true;
}

/* A new entry, or NULL when memory is short. */
static struct vnm_usm_entry *
add(struct vnm_usm_store *s, const struct name *name, uint64_t hash, uint32_t max)
{
	struct vnm_usm_entry *e;

	while (s->n >= (max > 2 ? max : 2)) /* what was used last stays */
		evict(s);
	if (!grow(s) || vnm_table_add(&s->index, hash, s->n) != 0)
		return NULL;
	e = &s->entries[s->n++];
	*e = (struct vnm_usm_entry){.hash = hash, .used = ++s->stamp, .name = *name};
	return e;
}

struct vnm_usm_keys *
vnm_usm_store_keys(struct vnm_usm_store *s, struct vnm_slice engine, struct vnm_slice user)
{
	struct vnm_usm_entry *e;
	struct name name;

	if (!make_name(&name, engine, &user))
		return NULL;
	e = find(s, &name, vnm_hash(&name, sizeof(name), 0));
	return e != NULL ? e->keys : NULL;
}

bool
vnm_usm_store_keep(struct vnm_usm_store *s, struct vnm_slice engine, struct vnm_slice user,
    struct vnm_usm_keys *keys, uint32_t max)
{
	struct vnm_usm_entry *e;
	struct name name;

	if (!make_name(&name, engine, &user))
		return false;
	e = add(s, &name, vnm_hash(&name, sizeof(name), 0), max);
	if (e == NULL)
		return false;
	e->keys = keys;
	return true;
}

struct vnm_usm_clock *
vnm_usm_store_clock(struct vnm_usm_store *s, struct vnm_slice engine, uint32_t max)
{
	struct vnm_usm_entry *e;
	struct name name;
	uint64_t hash;

	if (!make_name(&name, engine, NULL))
		return NULL;
	hash = vnm_hash(&name, sizeof(name), 0);
	e = find(s, &name, hash);
	if (e == NULL)
		e = add(s, &name, hash, max);
	return e != NULL ? &e->clock : NULL;
}

void
vnm_usm_store_clear(struct vnm_usm_store *s)
{
	for (uint32_t i = 0; i < s->n; i++)
		vnm_usm_keys_free(s->entries[i].keys);
	vnm_free(s->entries);
	vnm_table_free(&s->index);
	*s = (struct vnm_usm_store){0};
}
