/*
 * The registry of information elements, from the generated ie_registry.inc and ie_vendors.def.
 */
#include "decoders/ie_registry.h"

static const struct vnm_ie_info rows[] = {
#define VNM_IE_ROW(pen, id, type, name) {pen, id, VNM_IE_##type, name},
#include "ie_registry.inc"
};

static const struct vnm_ie_info vendors[] = {
#include "decoders/ie_vendors.def"
};
#undef VNM_IE_ROW

const struct vnm_ie_info *
vnm_ie_info(uint32_t pen, uint16_t id)
{
	uint64_t key = (uint64_t)pen << 16 | id;
	size_t low = 0, high = VNM_ARRAY_LEN(rows);

	while (low < high) {
		size_t middle = low + (high - low) / 2;
		uint64_t at = (uint64_t)rows[middle].pen << 16 | rows[middle].id;
		if (at == key)
			return &rows[middle];
		if (at < key)
			low = middle + 1;
		else
			high = middle;
	}
	for (size_t i = 0; i < VNM_ARRAY_LEN(vendors); i++) {
		if (vendors[i].pen == pen && vendors[i].id == id)
			return &vendors[i];
	}
	return NULL;
}
