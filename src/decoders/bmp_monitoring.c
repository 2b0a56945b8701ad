/*
 * The TLVs of version 4's Route Monitoring (draft-ietf-grow-bmp-tlv, numbered as routers send
 * them; draft-ietf-grow-bmp-path-marking-tlv): in any order, one of them the UPDATE itself.
 */
#include "decoders/bmp.h"

#define TLV_STATELESS 1
#define TLV_GROUP 2
#define TLV_VRF 3
#define TLV_UPDATE 4
#define TLV_PATH_MARKING 5
#define GROUP 0x8000U /* of an index: not an NLRI, but a group of them */
#define GROUPS_MAX 64

enum { CAPABILITY_LABELS = 8, CAPABILITY_AS4 = 65, CAPABILITY_ADD_PATH = 69 };

/* NLRI that have an index in common. */
struct group {
	uint16_t index;
	struct vnm_slice members;
	struct vnm_bmp_marking marking;
};

struct tlv {
	uint16_t type, index;
	struct vnm_reader value;
};

/* False at the end, or (and r->bad) where a length contradicts what is there. */
static bool
next_tlv(struct vnm_reader *r, struct tlv *t)
{
	const uint8_t *p;

	if (vnm_reader_left(r) == 0 || (p = vnm_reader_take(r, 6)) == NULL)
		return false;
	t->type = vnm_be16(p);
	t->index = vnm_be16(p + 4);
	t->value = vnm_reader_sub(r, vnm_be16(p + 2));
	return !r->bad;
}

static struct vnm_bgp_family *
family_of(struct vnm_bmp_tlvs *t, uint16_t afi, uint8_t safi)
{
	for (uint8_t i = 0; i < t->family_count; i++) {
		if (t->families[i].afi == afi && t->families[i].safi == safi)
			return &t->families[i];
	}
	if (t->family_count == VNM_BMP_STATELESS)
		return NULL;
	struct vnm_bgp_family *f = &t->families[t->family_count++];
	*f = (struct vnm_bgp_family){.afi = afi, .safi = safi};
	return f;
}

/* Capabilities that tell how this very message reads. */
static void
read_stateless(struct vnm_bmp_tlvs *t, struct vnm_reader r, struct vnm_out *out)
{
	while (vnm_reader_left(&r) > 0) {
		uint8_t code = vnm_reader_u8(&r);
		struct vnm_reader value = vnm_reader_sub(&r, vnm_reader_u8(&r));
		const uint8_t *p;

		if (code == CAPABILITY_AS4)
			t->as4 = true;
		if (code != CAPABILITY_ADD_PATH && code != CAPABILITY_LABELS)
			continue;
		while (vnm_reader_left(&value) > 0 && (p = vnm_reader_take(&value, 4)) != NULL) {
			struct vnm_bgp_family *f = family_of(t, vnm_be16(p), p[2]);
			if (f == NULL)
				vnm_out_fault(out, VNM_R_family_limit);
			else if (code == CAPABILITY_ADD_PATH)
				f->add_path = p[3];
			else
				f->labels = p[3];
		}
		if (value.bad)
			r.bad = true;
	}
	if (r.bad)
		vnm_out_fault(out, VNM_R_tlv_malformed);
}

/* ---- path markings ------------------------------------------------------------------------- */

static struct group *
find_group(struct group *groups, size_t count, uint16_t index)
{
	for (size_t i = 0; i < count; i++) {
		if (groups[i].index == index)
			return &groups[i];
	}
	return NULL;
}

static size_t
read_groups(struct group *groups, struct vnm_reader r, struct vnm_out *out)
{
	size_t count = 0;
	struct tlv t;

	while (next_tlv(&r, &t)) {
		if (t.type != TLV_GROUP)
			continue;
		if (count == GROUPS_MAX) {
			vnm_out_fault(out, VNM_R_tlv_malformed);
			break;
		}
		groups[count++] =
		    (struct group){.index = t.index, .members = vnm_reader_rest(&t.value)};
	}
	return count;
}

/* Room for the NLRI of that number; what has no room has the marking of all. */
static struct vnm_bmp_marking *
marking_of(struct vnm_bmp_tlvs *t, uint16_t number)
{
	if (number == 0)
		return &t->all;
	return number <= t->marking_count ? &t->markings[number - 1U] : NULL;
}

static void
read_marking(struct vnm_bmp_marking *marking, struct vnm_reader value)
{
	if (marking == NULL)
		return;
	marking->there = true;
	marking->status = vnm_reader_u32(&value);
	marking->has_reason = vnm_reader_left(&value) >= 2;
	marking->reason = marking->has_reason ? vnm_reader_u16(&value) : 0;
}

static void
mark_group(struct vnm_bmp_tlvs *t, const struct group *g)
{
	for (size_t i = 0; g->marking.there && i + 1 < g->members.n; i += 2) {
		struct vnm_bmp_marking *m = marking_of(t, vnm_be16(g->members.p + i));
		if (m != NULL && !m->there)
			*m = g->marking;
	}
}

/*
 * Each NLRI has its own marking, else that of its group, else that of all. A group is gone
 * through once, however many TLVs name it.
 */
static void
read_markings(struct vnm_bmp_tlvs *t, struct vnm_reader r, struct vnm_out *out)
{
	struct group groups[GROUPS_MAX];
	size_t count = read_groups(groups, r, out);
	/* An NLRI has an octet at the least. */
	size_t most = vnm_reader_left(&t->update);
	struct tlv one;

	if (most > out->limits->records_per_message)
		most = out->limits->records_per_message;
	t->markings = vnm_scratch_take(out->scratch, most * sizeof(*t->markings));
	if (t->markings == NULL) {
		vnm_out_fault(out, VNM_R_scratch_full);
		return;
	}
	t->marking_count = (uint32_t)most;
	memset(t->markings, 0, most * sizeof(*t->markings));
	while (next_tlv(&r, &one)) {
		if (one.type != TLV_PATH_MARKING)
			continue;
		if (vnm_reader_left(&one.value) < 4) {
			vnm_out_fault(out, VNM_R_tlv_malformed);
			continue;
		}
		struct group *g = find_group(groups, count, one.index);
		if ((one.index & GROUP) == 0)
			read_marking(marking_of(t, one.index), one.value);
		else
			read_marking(g != NULL ? &g->marking : NULL, one.value);
	}
	for (size_t i = 0; i < count; i++)
		mark_group(t, &groups[i]);
}

const struct vnm_bmp_marking *
vnm_bmp_marking(const struct vnm_bmp_tlvs *t, uint32_t number)
{
	if (number != 0 && number <= t->marking_count && t->markings[number - 1].there)
		return &t->markings[number - 1];
	return t->all.there ? &t->all : NULL;
}

/* ---- all of them --------------------------------------------------------------------------- */

enum vnm_reason
vnm_bmp_tlvs(struct vnm_reader r, struct vnm_out *out, struct vnm_bmp_tlvs *t)
{
	struct vnm_reader all = r;
	bool marked = false;
	struct tlv one;

	*t = (struct vnm_bmp_tlvs){.update = {0}};
	while (next_tlv(&r, &one)) {
		if (one.type == TLV_UPDATE && t->update.p == NULL)
			t->update = one.value;
		else if (one.type == TLV_STATELESS)
			read_stateless(t, one.value, out);
		else if (one.type == TLV_VRF)
			t->table_name = (struct vnm_str){(const char *)one.value.p,
			    (uint32_t)vnm_reader_left(&one.value), false};
		else if (one.type == TLV_PATH_MARKING)
			marked = true;
		else if (one.type != TLV_GROUP)
			vnm_out_count(out, VNM_C_bmp_unread, 1);
	}
	if (r.bad)
		vnm_out_fault(out, VNM_R_tlv_malformed);
	if (t->update.p == NULL)
		return r.bad ? VNM_R_bad_length : VNM_R_truncated;
	if (marked)
		read_markings(t, all, out);
	return VNM_OK;
}
