/*
 * The rows of ie_map.def and their index.
 */
#include "decoders/ie_map.h"

#define FIELD_SIZE(kind, field) sizeof(((struct vnm_record *)0)->kind.field)

static const struct vnm_ie_map rows[] = {
#define ROW(pen, id, kind, field, rank, conv, again)                               \
	{pen, id, VNM_F_##kind##_##field, offsetof(struct vnm_record, kind.field), \
	    (uint8_t)FIELD_SIZE(kind, field), rank, VNM_CONV_##conv, again},
#define VNM_IE_FIELD(pen, id, name, kind, field, rank, conv) \
	ROW(pen, id, kind, field, rank, conv, false)
#define VNM_IE_AGAIN(pen, id, name, kind, field, rank, conv) \
	ROW(pen, id, kind, field, rank, conv, true)
#define VNM_IE_RAW(pen, id, name, raw) {pen, id, VNM_RAW_##raw, 0, 8, 0, VNM_CONV_RAW, false},
#define VNM_IE_SKIP(pen, id, name) {pen, id, 0, 0, 0, 0, VNM_CONV_SKIP, false},
#define VNM_IE_SECTION(pen, id, name, conv) {pen, id, 0, 0, 0, 0, VNM_CONV_##conv, false},
#include "decoders/ie_map.def"
#undef VNM_IE_FIELD
#undef VNM_IE_AGAIN
#undef VNM_IE_RAW
#undef VNM_IE_SKIP
#undef VNM_IE_SECTION
};

/* Templates are compiled seldom and the rows are few: a scan of them is enough. */
const struct vnm_ie_map *
vnm_ie_map(uint32_t pen, uint16_t id, bool again)
{
	for (size_t i = 0; i < VNM_ARRAY_LEN(rows); i++) {
		if (rows[i].id == id && rows[i].pen == pen && rows[i].again == again)
			return &rows[i];
	}
	return NULL;
}
