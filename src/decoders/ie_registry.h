/*
 * The registry of information elements: name and type by (enterprise, id), made at build time
 * from libfixbuf's model (IANA's registry and CERT's elements).
 */
#ifndef VNM_DECODERS_IE_REGISTRY_H
#define VNM_DECODERS_IE_REGISTRY_H

#include "record/record.h"

struct vnm_ie_info {
	uint32_t pen;
	uint16_t id;
	uint8_t type; /* enum vnm_ie_type */
	const char *name;
};

/* The element's row, or NULL where it is not registered. */
const struct vnm_ie_info *vnm_ie_info(uint32_t pen, uint16_t id);

#endif
