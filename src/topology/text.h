/*
 * Text of a topology snapshot: an arena that keeps it, and symbols, by which the same text is
 * kept once and compared as a number while a snapshot is being made.
 */
#ifndef VNM_TOPOLOGY_TEXT_H
#define VNM_TOPOLOGY_TEXT_H

#include "base/hash.h"
#include "base/slice.h"

#define VNM_NONE UINT32_MAX

struct vnm_arena {
	struct vnm_arena_chunk *chunks; /* owned; vnm_arena_free() */
	size_t octets;			/* allocated */
};

/* A terminated copy that lives as long as the arena; NULL when memory is short. */
char *vnm_arena_copy(struct vnm_arena *a, const char *p, size_t n) VNM_MUST_CHECK;
void vnm_arena_free(struct vnm_arena *a);

/* A list that grows: VNM_LIST(struct x) xs; its memory is given back by vnm_free(xs.p). */
#define VNM_LIST(type)           \
	struct {                 \
		type *p;         \
		uint32_t n, cap; \
	}

/* A new, zeroed entry at the list's end, or NULL when memory is short. */
#define VNM_LIST_ADD(list)                                                      \
	(vnm_list_room(&(list)->p, (list)->n, &(list)->cap, sizeof(*(list)->p)) \
		? &(list)->p[(list)->n++]                                       \
		: NULL)

/* Room for entry n of a list, zeroed. `p` is the address of the list's pointer. */
bool vnm_list_room(void *p, uint32_t n, uint32_t *cap, size_t size) VNM_MUST_CHECK;

/* Symbols are indices into `list`; 0 is no text. */
struct vnm_symbols {
	struct vnm_arena *arena; /* borrowed: the text outlives the symbols */
	VNM_LIST(struct vnm_str) list;
	struct vnm_table table;
};

/* 0, or -1 when memory is short. */
int vnm_symbols_init(struct vnm_symbols *s, struct vnm_arena *arena);
void vnm_symbols_free(struct vnm_symbols *s);

/* The text's symbol, VNM_NONE when memory is short. Empty text is 0. */
uint32_t vnm_symbol(struct vnm_symbols *s, const char *p, size_t n) VNM_MUST_CHECK;

#endif
