/*
 * Communities, users and their views.
 */
#include "snmp/access.h"

#include "base/alloc.h"

#include <assert.h>
#include <string.h>

#define MAGIC 0x766e7361U /* "vnsa" */

static bool
same(struct vnm_slice a, struct vnm_slice b)
{
	return a.n == b.n && (a.n == 0 || memcmp(a.p, b.p, a.n) == 0);
}

static uint64_t
hash_of(const struct vnm_snmp_access *a, struct vnm_slice name)
{
	return vnm_hash(name.n > 0 ? name.p : (const uint8_t *)"", name.n, a->id);
}

/* Of a user at an engine; n is 0 of one who is for every engine. */
static uint64_t
hash_at(const struct vnm_snmp_access *a, struct vnm_slice name, struct vnm_slice engine)
{
	return vnm_hash(engine.n > 0 ? engine.p : (const uint8_t *)"", engine.n, hash_of(a, name));
}

struct vnm_snmp_access *
vnm_snmp_access_new(uint32_t communities, uint32_t users)
{
	struct vnm_snmp_access *a = vnm_alloc_zero(1, sizeof(*a));

	if (a == NULL)
		return NULL;
	a->magic = MAGIC;
	a->id = vnm_hash_random_seed();
	a->communities = vnm_alloc_zero(communities > 0 ? communities : 1, sizeof(*a->communities));
	a->users = vnm_alloc_zero(users > 0 ? users : 1, sizeof(*a->users));
	if (a->communities != NULL && a->users != NULL) {
		a->community_count = communities;
		a->user_count = users;
		return a;
	}
	vnm_snmp_access_free(a);
	return NULL;
}

static void
free_view(struct vnm_snmp_view *view)
{
	for (uint32_t i = 0; i < view->oid_count; i++)
		vnm_free((void *)(uintptr_t)view->oids[i].v);
	vnm_free(view->oids);
}

void
vnm_snmp_access_free(struct vnm_snmp_access *a)
{
	if (a == NULL)
		return;
	assert(a->magic == MAGIC);
	for (uint32_t i = 0; i < a->community_count; i++)
		free_view(&a->communities[i].view);
	for (uint32_t i = 0; i < a->user_count; i++)
		free_view(&a->users[i].view);
	if (a->users != NULL) /* keys */
		explicit_bzero(a->users, a->user_count * sizeof(*a->users));
	vnm_free(a->users);
	vnm_free(a->communities);
	vnm_usm_des_end(a->des);
	vnm_table_free(&a->community_index);
	vnm_table_free(&a->user_index);
	vnm_table_free(&a->name_index);
	a->magic = 0;
	vnm_free(a);
}

int
vnm_snmp_view_add(struct vnm_snmp_view *view, struct vnm_oid oid)
{
	struct vnm_oid *grown =
	    vnm_realloc(view->oids, (view->oid_count + 1) * sizeof(*view->oids));
	uint32_t *numbers;

	if (grown == NULL)
		return -1;
	view->oids = grown;
	numbers = vnm_alloc((oid.n > 0 ? oid.n : 1) * sizeof(*numbers));
	if (numbers == NULL)
		return -1;
	if (oid.n > 0)
		memcpy(numbers, oid.v, oid.n * sizeof(*numbers));
	view->oids[view->oid_count++] = (struct vnm_oid){numbers, oid.n};
	return 0;
}

/* Whether a user of that name has been indexed. */
static bool
is_named(const struct vnm_snmp_access *a, struct vnm_slice name)
{
	uint64_t hash = hash_of(a, name);
	uint32_t at = 0, i;

	while ((i = vnm_table_next(&a->name_index, hash, &at)) != VNM_TABLE_NONE) {
		if (same(a->users[i].usm.name, name))
			return true;
	}
	return false;
}

int
vnm_snmp_access_index(struct vnm_snmp_access *a)
{
	for (uint32_t i = 0; i < a->community_count; i++) {
		if (vnm_table_add(&a->community_index, hash_of(a, a->communities[i].name), i) != 0)
			return -1;
	}
	for (uint32_t i = 0; i < a->user_count; i++) {
		const struct vnm_usm_user *u = &a->users[i].usm;

		if (vnm_table_add(&a->user_index, hash_at(a, u->name, u->engine), i) != 0)
			return -1;
		if (!is_named(a, u->name) &&
		    vnm_table_add(&a->name_index, hash_of(a, u->name), i) != 0)
			return -1;
	}
	return 0;
}

const struct vnm_snmp_community *
vnm_snmp_access_community(const struct vnm_snmp_access *a, struct vnm_slice name)
{
	uint64_t hash = hash_of(a, name);
	uint32_t at = 0, i;

	while ((i = vnm_table_next(&a->community_index, hash, &at)) != VNM_TABLE_NONE) {
		if (same(a->communities[i].name, name))
			return &a->communities[i];
	}
	return NULL;
}

static const struct vnm_snmp_user *
user_at(const struct vnm_snmp_access *a, struct vnm_slice name, struct vnm_slice engine)
{
	uint64_t hash = hash_at(a, name, engine);
	uint32_t at = 0, i;

	while ((i = vnm_table_next(&a->user_index, hash, &at)) != VNM_TABLE_NONE) {
		const struct vnm_usm_user *u = &a->users[i].usm;

		if (same(u->name, name) && same(u->engine, engine))
			return &a->users[i];
	}
	return NULL;
}

const struct vnm_snmp_user *
vnm_snmp_access_user(
    const struct vnm_snmp_access *a, struct vnm_slice name, struct vnm_slice engine, bool *named)
{
	const struct vnm_snmp_user *u = user_at(a, name, engine);

	if (u == NULL)
		u = user_at(a, name, (struct vnm_slice){NULL, 0});
	*named = u != NULL || is_named(a, name);
	return u;
}

bool
vnm_snmp_view_source(const struct vnm_snmp_view *view, const struct vnm_addr *source)
{
	for (uint32_t i = 0; i < view->allow_count; i++) {
		if (vnm_prefix_contains(&view->allow[i], source))
			return true;
	}
	return view->allow_count == 0;
}

bool
vnm_snmp_view_oid(const struct vnm_snmp_view *view, struct vnm_oid oid)
{
	for (uint32_t i = 0; i < view->oid_count; i++) {
		if (vnm_oid_below(oid, view->oids[i]))
			return true;
	}
	return view->oid_count == 0;
}
