/*
 * Named values that grow in scratch memory, for fields of type PAIRS.
 */
#ifndef VNM_DECODERS_PAIR_LIST_H
#define VNM_DECODERS_PAIR_LIST_H

#include "decoders/decoder.h"

/* Start from {.out = out}. Lives until the scratch is reset. */
struct vnm_pair_list {
	struct vnm_out *out;
	struct vnm_pair *p;
	uint32_t n, cap;
	struct vnm_pair spill; /* takes what scratch has no room for, once that is a fault */
};

/* A new value of that name, of type U64 and 0; never NULL. The name is static or in scratch. */
struct vnm_pair *vnm_pair_list_add(struct vnm_pair_list *l, const char *name);

void vnm_pair_list_u64(struct vnm_pair_list *l, const char *name, uint64_t v);
void vnm_pair_list_bool(struct vnm_pair_list *l, const char *name, bool v);
/* Not for text without octets: what is not known is absent. */
void vnm_pair_list_str(struct vnm_pair_list *l, const char *name, struct vnm_str v);
void vnm_pair_list_addr(struct vnm_pair_list *l, const char *name, struct vnm_addr v);
void vnm_pair_list_octets(struct vnm_pair_list *l, const char *name, struct vnm_slice v);
void vnm_pair_list_object(
    struct vnm_pair_list *l, const char *name, const struct vnm_pair_list *items);
void vnm_pair_list_array(
    struct vnm_pair_list *l, const char *name, const struct vnm_pair_list *items);

/*
 * Text from the wire as a name: a copy in scratch with '_' for what may not stand in a clean
 * text. "_" when scratch is full, which is a fault then.
 */
const char *vnm_pair_name(struct vnm_out *out, struct vnm_str text);

static inline struct vnm_pairs
vnm_pair_list_pairs(const struct vnm_pair_list *l)
{
	return (struct vnm_pairs){l->p, l->n};
}

#endif
