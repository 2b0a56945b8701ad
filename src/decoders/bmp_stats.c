/*
 * Statistics of BMP by name (RFC 7854 section 4.8, RFC 8671 section 6.2, RFC 9972).
 */
#include "decoders/bmp.h"

#include <stdio.h>

static const struct stat_row {
	uint16_t type;
	bool family;
	const char *name;
} stats[] = {
#define NUMBER false
#define FAMILY true
#define VNM_BMP_STAT(type, name, form) {type, form, name},
#include "decoders/bmp_stats.def"
#undef VNM_BMP_STAT
#undef NUMBER
#undef FAMILY
};

static const struct stat_row *
stat_row(uint16_t type)
{
	for (size_t i = 0; i < VNM_ARRAY_LEN(stats); i++) {
		if (stats[i].type == type)
			return &stats[i];
	}
	return NULL;
}

#define NAME_N 96

/* "adj_rib_in_routes_ipv4_unicast", "stat_65531"; NULL when the scratch is full. */
static const char *
stat_name(struct vnm_out *out, uint16_t type, const struct stat_row *row, struct vnm_reader *value)
{
	char *name = vnm_scratch_take(out->scratch, NAME_N);
	uint16_t afi;
	uint8_t safi;

	if (name == NULL)
		return NULL;
	if (row == NULL) {
		snprintf(name, NAME_N, "stat_%u", type);
	} else if (!row->family) {
		snprintf(name, NAME_N, "%s", row->name);
	} else {
		afi = vnm_reader_u16(value);
		safi = vnm_reader_u8(value);
		struct vnm_str a = vnm_afi_name(afi), s = vnm_safi_name(safi);
		if (a.n != 0 && s.n != 0)
			snprintf(
			    name, NAME_N, "%s_%.*s_%.*s", row->name, (int)a.n, a.p, (int)s.n, s.p);
		else
			snprintf(name, NAME_N, "%s_%u_%u", row->name, afi, safi);
	}
	for (char *p = name; *p != '\0'; p++) {
		if (*p == '-')
			*p = '_';
	}
	return name;
}

static bool
read_stat(struct vnm_out *out, struct vnm_reader *r, struct vnm_pair *pair)
{
	uint16_t type = vnm_reader_u16(r);
	uint16_t n = vnm_reader_u16(r);
	struct vnm_reader value = vnm_reader_sub(r, n);
	const struct stat_row *row = stat_row(type);

	if (r->bad || (row != NULL && row->family && n < 3))
		return false;
	pair->name = stat_name(out, type, row, &value);
	size_t left = vnm_reader_left(&value);
	if (left == 4 || left == 8) {
		pair->type = VNM_PAIR_U64;
		pair->u64 = vnm_be_uint(value.p, left);
	} else {
		pair->type = VNM_PAIR_BYTES;
		pair->bytes = vnm_reader_rest(&value);
	}
	return pair->name != NULL;
}

/* The count of TLVs may be wrong: the octets decide (RFC 7854 section 4.8). */
enum vnm_reason
vnm_bmp_stats(struct vnm_reader r, struct vnm_out *out, struct vnm_pairs *pairs)
{
	struct vnm_pair *list;
	uint32_t n = 0, room;

	vnm_reader_skip(&r, 4);
	room = (uint32_t)(vnm_reader_left(&r) / 4);
	list = vnm_scratch_take(out->scratch, room * sizeof(*list));
	if (r.bad)
		return VNM_R_truncated;
	if (list == NULL)
		return VNM_R_scratch_full;
	while (vnm_reader_left(&r) > 0) {
		if (!read_stat(out, &r, &list[n])) {
			vnm_out_fault(out, VNM_R_tlv_malformed);
			break;
		}
		n++;
	}
	*pairs = (struct vnm_pairs){list, n};
	return VNM_OK;
}
