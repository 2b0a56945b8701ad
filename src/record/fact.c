/*
 * Facts: their table, their hashes, their record.
 */
#include "record/fact.h"

#include "base/hash.h"

#include <assert.h>

static const struct vnm_fact_info infos[VNM_FACT_COUNT] = {
#define VNM_FACT(name, label, object_type, doc) [VNM_FACT_##name] = {label, object_type, doc},
#include "record/facts.def"
#undef VNM_FACT
};

const struct vnm_fact_info *
vnm_fact_info(enum vnm_fact_kind kind)
{
	assert(kind < VNM_FACT_COUNT);
	return &infos[kind];
}

/* The length too, so that text cannot move from one part to the next unnoticed. */
static uint64_t
hash_octets(const void *p, size_t n, uint64_t h)
{
	return vnm_hash(n > 0 ? p : "", n, h ^ n);
}

static uint64_t
hash_str(struct vnm_str s, uint64_t h)
{
	return hash_octets(s.p, s.n, h);
}

uint64_t
vnm_fact_hash(const struct vnm_fact *f, uint64_t seed)
{
	const uint64_t head[2] = {f->kind, f->epoch};
	uint64_t h = vnm_hash(head, sizeof(head), seed);

	return hash_str(f->claim, hash_str(f->source, hash_str(f->object, h)));
}

static uint64_t hash_pairs(const struct vnm_pair *p, uint32_t n, bool named, uint64_t h);

static uint64_t
hash_value(const struct vnm_pair *p, uint64_t h)
{
	switch (p->type) {
	case VNM_PAIR_U64:
	case VNM_PAIR_I64:
	case VNM_PAIR_F64:
		return vnm_hash(&p->u64, sizeof(p->u64), h);
	case VNM_PAIR_BOOL:
		return h ^ (p->flag ? 1 : 2);
	case VNM_PAIR_STR:
		return hash_str(p->str, h);
	case VNM_PAIR_ADDR:
		return vnm_hash(p->addr.b, sizeof(p->addr.b), h ^ (uint64_t)p->addr.family);
	case VNM_PAIR_BYTES:
		return hash_octets(p->bytes.p, p->bytes.n, h);
	case VNM_PAIR_OBJECT:
	case VNM_PAIR_STRUCT:
		return hash_pairs(p->items, p->count, true, h);
	case VNM_PAIR_ARRAY:
		return hash_pairs(p->items, p->count, false, h);
	}
	return h;
}

static uint64_t
hash_pairs(const struct vnm_pair *p, uint32_t n, bool named, uint64_t h)
{
	h = vnm_hash(&n, sizeof(n), h);
	for (uint32_t i = 0; i < n; i++) {
		if (named)
			h = vnm_hash(p[i].name, strlen(p[i].name), h);
		h = hash_value(&p[i], vnm_hash(&p[i].type, sizeof(p[i].type), h));
	}
	return h;
}

uint64_t
vnm_fact_hash_values(const struct vnm_fact *f, uint64_t seed)
{
	return hash_pairs(f->values.p, f->values.n, true, seed ^ (f->withdrawn ? 1 : 2));
}

void
vnm_fact_record(const struct vnm_fact *f, struct vnm_record *r)
{
	const struct vnm_fact_info *info = vnm_fact_info(f->kind);

	assert(r->kind_id == VNM_KIND_topology_event && f->object.n > 0);
	VNM_SET(r, topology_event, op, VNM_STR("evidence"));
	VNM_SET(r, topology_event, object, f->object);
	VNM_SET(r, topology_event, object_type, vnm_str_clean(info->object_type));
	VNM_SET(r, topology_event, fact, vnm_str_clean(info->label));
	VNM_SET(r, topology_event, withdrawn, f->withdrawn);
	if (f->source.n != 0)
		VNM_SET(r, topology_event, source, f->source);
	if (f->claim.n != 0)
		VNM_SET(r, topology_event, claim, f->claim);
	if (f->values.n != 0)
		VNM_SET(r, topology_event, evidence, f->values);
}
