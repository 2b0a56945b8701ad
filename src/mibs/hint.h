/*
 * Text with a bound, and DISPLAY-HINTs (RFC 2579 section 3.1) written into it.
 */
#ifndef VNM_MIBS_HINT_H
#define VNM_MIBS_HINT_H

#include "base/slice.h"

/* Text that goes to p and ends at `end`; what has no room is left out, by whole characters. */
struct vnm_mib_out {
	char *p;
	char *end;
	bool full;
};

void vnm_mib_put(struct vnm_mib_out *out, const char *s, size_t n);
void vnm_mib_put_u64(struct vnm_mib_out *out, uint64_t v);
void vnm_mib_put_i64(struct vnm_mib_out *out, int64_t v);

/* Octets in hex with colons. */
void vnm_mib_put_hex(struct vnm_mib_out *out, const uint8_t *p, size_t n);

/* Whether all of it is UTF-8 without control characters but tab and the ends of lines. */
bool vnm_mib_is_printable(const uint8_t *p, size_t n);

/* By the hint: true; false (and nothing written) where the hint is none or does not fit. */
bool vnm_mib_hint_octets(struct vnm_mib_out *out, const char *hint, struct vnm_slice octets);
bool vnm_mib_hint_number(struct vnm_mib_out *out, const char *hint, int64_t v);

#endif
