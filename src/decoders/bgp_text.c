/*
 * Text and named values of the BGP decoder in scratch memory; route distinguishers (RFC 4364).
 */
#include "decoders/bgp_part.h"

#include "base/text.h"
#include "decoders/pairs.h"

char *
vnm_bgp_text(struct vnm_out *out, size_t max)
{
	char *p = vnm_scratch_take(out->scratch, max);

	if (VNM_UNLIKELY(p == NULL))
		vnm_out_fault(out, VNM_R_scratch_full);
	return p;
}

struct vnm_str
vnm_bgp_text_octets(struct vnm_slice s)
{
	return (struct vnm_str){
	    (const char *)s.p, (uint32_t)s.n, vnm_str_check_clean((const char *)s.p, s.n)};
}

struct vnm_str
vnm_bgp_text_number(struct vnm_out *out, const char *before, uint64_t v)
{
	char *start = vnm_bgp_text(out, strlen(before) + VNM_TEXT_NUMBER);

	if (start == NULL)
		return (struct vnm_str){0};
	return vnm_bgp_text_end(out, start, vnm_text_u64(vnm_bgp_put(start, before), v));
}

struct vnm_str
vnm_bgp_text_hex(struct vnm_out *out, const char *before, const uint8_t *p, size_t n)
{
	char *start = vnm_bgp_text(out, strlen(before) + 2 * n + 1);

	if (start == NULL)
		return (struct vnm_str){0};
	return vnm_bgp_text_end(out, start, vnm_text_hex(vnm_bgp_put(start, before), p, n));
}

const char *
vnm_bgp_name(struct vnm_out *out, const char *before, unsigned v)
{
	char *start = vnm_bgp_text(out, strlen(before) + VNM_TEXT_NUMBER);

	if (start == NULL)
		return before;
	char *end = vnm_text_u64(vnm_bgp_put(start, before), v);
	*end = 0;
	return vnm_bgp_text_end(out, start, end + 1).p;
}

/* ---- named values ------------------------------------------------------------------------------
 */

struct vnm_pairs
vnm_bgp_list_pairs(const struct vnm_pair_list *l)
{
	struct vnm_pairs pairs = {l->p, l->n};

	if (!vnm_pairs_gather(l->out->scratch, &pairs))
		vnm_out_fault(l->out, VNM_R_scratch_full);
	return pairs;
}

void
vnm_bgp_add_object(struct vnm_pair_list *l, const char *name, const struct vnm_pair_list *items)
{
	struct vnm_pairs pairs = vnm_bgp_list_pairs(items);
	struct vnm_pair *p = vnm_pair_list_add(l, name);

	p->type = VNM_PAIR_OBJECT;
	p->items = pairs.p;
	p->count = pairs.n;
}

/* ---- route distinguishers ----------------------------------------------------------------------
 */

/*
 * Type 0 is AS:number and type 1 address:number. Type 2 is as type 0 with a larger AS number; one
 * that would read like type 0 is written 0.AS:number (RFC 5396, asdot+).
 */
static char *
write_rd(char *p, const uint8_t rd[8])
{
	struct vnm_addr a;

	switch (vnm_be16(rd)) {
	case 0:
		p = vnm_text_u64(p, vnm_be16(rd + 2));
		*p++ = ':';
		return vnm_text_u64(p, vnm_be32(rd + 4));
	case 1:
		a = vnm_addr_ip4(rd + 2);
		p += vnm_addr_write(p, &a);
		break;
	case 2:
		if (vnm_be16(rd + 2) == 0)
			p = vnm_bgp_put(p, "0.");
		p = vnm_text_u64(p, vnm_be32(rd + 2));
		break;
	default:
		p = vnm_text_u64(p, vnm_be16(rd));
		*p++ = ':';
		return vnm_text_hex(p, rd + 2, 6);
	}
	*p++ = ':';
	return vnm_text_u64(p, vnm_be16(rd + 6));
}

struct vnm_str
vnm_rd_text(const uint8_t rd[8], struct vnm_out *out)
{
	char *start = vnm_bgp_text(out, 2 * VNM_TEXT_NUMBER);

	if (start == NULL)
		return (struct vnm_str){0};
	return vnm_bgp_text_end(out, start, write_rd(start, rd));
}
