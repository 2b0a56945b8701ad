/*
 * The nearest of many names to a misspelt one, for "did you mean". Zero-initialised but for
 * `wanted`; offered every candidate in turn.
 */
#ifndef VNM_BASE_NEAREST_H
#define VNM_BASE_NEAREST_H

#include "base/compat.h"

struct vnm_nearest {
	const char *wanted;
	const char *name; /* the best so far; NULL: none is near */
	unsigned distance;
};

/* Names of more than 63 octets are never near. */
void vnm_nearest_offer(struct vnm_nearest *n, const char *candidate);

/* "; did you mean `x`?" into buf, or "" where none is near; returns buf. */
const char *vnm_nearest_hint(const struct vnm_nearest *n, char *buf, size_t size);

#endif
