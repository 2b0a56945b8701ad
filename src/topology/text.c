/*
 * The arena and the symbols of a topology snapshot.
 */
#include "topology/text.h"

#include "base/alloc.h"

#define CHUNK_OCTETS 65536

struct vnm_arena_chunk {
	struct vnm_arena_chunk *next;
	size_t n, cap;
	char p[];
};

static struct vnm_arena_chunk *
chunk_add(struct vnm_arena *a, size_t least)
{
	size_t cap = least > CHUNK_OCTETS ? least : CHUNK_OCTETS;
	struct vnm_arena_chunk *c = vnm_alloc(sizeof(*c) + cap);

	if (c == NULL)
		return NULL;
	*c = (struct vnm_arena_chunk){.next = a->chunks, .cap = cap};
	a->chunks = c;
	a->octets += sizeof(*c) + cap;
	return c;
}

char *
vnm_arena_copy(struct vnm_arena *a, const char *p, size_t n)
{
	struct vnm_arena_chunk *c = a->chunks;

	if ((c == NULL || c->cap - c->n <= n) && (c = chunk_add(a, n + 1)) == NULL)
		return NULL;
	char *copy = c->p + c->n;
	memcpy(copy, p, n);
	copy[n] = '\0';
	c->n += n + 1;
	return copy;
}

void
vnm_arena_free(struct vnm_arena *a)
{
	for (struct vnm_arena_chunk *c = a->chunks, *next; c != NULL; c = next) {
		next = c->next;
		vnm_free(c);
	}
	*a = (struct vnm_arena){0};
}

bool
vnm_list_room(void *p, uint32_t n, uint32_t *cap, size_t size)
{
	void *items;

	/* The pointer is copied as octets, since its type is the list's own. */
	memcpy(&items, p, sizeof(items));
	if (n == *cap) {
		uint32_t more = *cap != 0 ? *cap * 2 : 16;
		void *grown = vnm_realloc(items, more * size);
		if (grown == NULL)
			return false;
		items = grown;
		memcpy(p, &items, sizeof(items));
		*cap = more;
	}
	memset((char *)items + n * size, 0, size);
	return true;
}

int
vnm_symbols_init(struct vnm_symbols *s, struct vnm_arena *arena)
{
	*s = (struct vnm_symbols){.arena = arena};
	return VNM_LIST_ADD(&s->list) != NULL ? 0 : -1;
}

void
vnm_symbols_free(struct vnm_symbols *s)
{
	vnm_free(s->list.p);
	vnm_table_free(&s->table);
	*s = (struct vnm_symbols){0};
}

uint32_t
vnm_symbol(struct vnm_symbols *s, const char *p, size_t n)
{
	uint64_t hash = vnm_hash(p, n, 0);
	uint32_t at = 0, i;

	if (n == 0)
		return 0;
	while ((i = vnm_table_next(&s->table, hash, &at)) != VNM_TABLE_NONE) {
		if (s->list.p[i].n == n && memcmp(s->list.p[i].p, p, n) == 0)
			return i;
	}
	char *copy = vnm_arena_copy(s->arena, p, n);
	if (copy == NULL)
		return VNM_NONE;
	i = s->list.n;
	struct vnm_str *text = VNM_LIST_ADD(&s->list);
	if (text == NULL)
		return VNM_NONE;
	*text = (struct vnm_str){copy, (uint32_t)n, vnm_str_check_clean(copy, n)};
	return vnm_table_add(&s->table, hash, i) == 0 ? i : VNM_NONE;
}
