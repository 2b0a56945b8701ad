/*
 * Named values in scratch memory.
 */
#include "decoders/pair_list.h"

#define FIRST 8 /* values that a list has room for at first */

static struct vnm_pair *
grow(struct vnm_pair_list *l)
{
	uint32_t cap = l->cap != 0 ? 2 * l->cap : FIRST;
	struct vnm_pair *more = vnm_scratch_take(l->out->scratch, cap * sizeof(*more));

	if (more == NULL) {
		vnm_out_fault(l->out, VNM_R_scratch_full);
		return NULL;
	}
	if (l->n > 0)
		memcpy(more, l->p, l->n * sizeof(*more));
	l->p = more;
	l->cap = cap;
	return more;
}

struct vnm_pair *
vnm_pair_list_add(struct vnm_pair_list *l, const char *name)
{
	bool full = l->n == l->cap && grow(l) == NULL;
	struct vnm_pair *p = full ? &l->spill : &l->p[l->n++];

	*p = (struct vnm_pair){.name = name, .type = VNM_PAIR_U64};
	return p;
}

void
vnm_pair_list_u64(struct vnm_pair_list *l, const char *name, uint64_t v)
{
	vnm_pair_list_add(l, name)->u64 = v;
}

void
vnm_pair_list_bool(struct vnm_pair_list *l, const char *name, bool v)
{
	struct vnm_pair *p = vnm_pair_list_add(l, name);

	p->type = VNM_PAIR_BOOL;
	p->flag = v;
}

void
vnm_pair_list_str(struct vnm_pair_list *l, const char *name, struct vnm_str v)
{
	struct vnm_pair *p = vnm_pair_list_add(l, name);

	p->type = VNM_PAIR_STR;
	p->str = v;
}

void
vnm_pair_list_addr(struct vnm_pair_list *l, const char *name, struct vnm_addr v)
{
	struct vnm_pair *p = vnm_pair_list_add(l, name);

	p->type = VNM_PAIR_ADDR;
	p->addr = v;
}

void
vnm_pair_list_octets(struct vnm_pair_list *l, const char *name, struct vnm_slice v)
{
	struct vnm_pair *p = vnm_pair_list_add(l, name);

	p->type = VNM_PAIR_BYTES;
	p->bytes = v;
}

static void
add_nested(struct vnm_pair_list *l, const char *name, const struct vnm_pair_list *items,
    enum vnm_pair_type type)
{
	struct vnm_pair *p = vnm_pair_list_add(l, name);

	p->type = type;
	p->items = items->p;
	p->count = items->n;
}

void
vnm_pair_list_object(struct vnm_pair_list *l, const char *name, const struct vnm_pair_list *items)
{
	add_nested(l, name, items, VNM_PAIR_OBJECT);
}

void
vnm_pair_list_array(struct vnm_pair_list *l, const char *name, const struct vnm_pair_list *items)
{
	add_nested(l, name, items, VNM_PAIR_ARRAY);
}

const char *
vnm_pair_name(struct vnm_out *out, struct vnm_str text)
{
	char *p = vnm_scratch_take(out->scratch, (size_t)text.n + 1);

	if (p == NULL) {
		vnm_out_fault(out, VNM_R_scratch_full);
		return "_";
	}
	for (uint32_t i = 0; i < text.n; i++)
		p[i] = vnm_str_check_clean(text.p + i, 1) ? text.p[i] : '_';
	p[text.n] = '\0';
	return p;
}
