/*
 * Lists of BGP-LS TLVs (RFC 9552 section 5.1): a pair for each type, in which those that come
 * repeatedly are an array.
 */
#include "decoders/bgpls_tlv.h"

#include "decoders/pairs.h"

/* How many whole TLVs there are; false in *good when something else follows them. */
static uint32_t
count_tlvs(struct vnm_reader r, bool *good)
{
	uint32_t n = 0;

	for (; vnm_reader_left(&r) > 0; n++) {
		vnm_reader_skip(&r, 2);
		vnm_reader_skip(&r, vnm_reader_u16(&r));
		if (r.bad)
			break;
	}
	*good = !r.bad;
	return n;
}

bool
vnm_bgpls_tlvs(struct vnm_bgpls *g, struct vnm_reader r, struct vnm_pairs *pairs)
{
	bool good;
	uint32_t n = count_tlvs(r, &good);
	struct vnm_pair *all = vnm_bgpls_take(g, n * sizeof(*all));

	*pairs = (struct vnm_pairs){NULL, 0};
	if (all == NULL)
		return good;
	g->depth++;
	for (uint32_t i = 0; i < n; i++) {
		uint16_t type = vnm_reader_u16(&r);
		struct vnm_reader value = vnm_reader_sub(&r, vnm_reader_u16(&r));

		if (!vnm_bgpls_value(g, type, value, &all[i]))
			break;
	}
	g->depth--;
	if (g->full)
		return good;
	*pairs = (struct vnm_pairs){all, n};
	if (!vnm_pairs_gather(g->out->scratch, pairs)) {
		g->full = true;
		*pairs = (struct vnm_pairs){NULL, 0};
	}
	return good;
}

struct vnm_str
vnm_bgpls_text(const struct vnm_pairs *pairs, const char *name)
{
	for (uint32_t i = 0; i < pairs->n; i++) {
		const struct vnm_pair *pair = &pairs->p[i];
		if (pair->type == VNM_PAIR_STR && strcmp(pair->name, name) == 0)
			return pair->str;
	}
	return (struct vnm_str){NULL, 0, false};
}
