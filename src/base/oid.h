/*
 * Object identifiers (ITU-T X.660; RFC 2578 section 3.5) as sequences of numbers, compared and
 * written as SNMP does. They are borrowed: who keeps one copies its numbers.
 */
#ifndef VNM_BASE_OID_H
#define VNM_BASE_OID_H

#include "base/compat.h"

#define VNM_OID_MAX 128			    /* numbers of the longest one (RFC 2578 section 3.5) */
#define VNM_OID_TEXT (VNM_OID_MAX * 11 + 1) /* octets of the longest text, with its NUL */

struct vnm_oid {
	const uint32_t *v;
	uint32_t n; /* 0 to VNM_OID_MAX */
};

/* An array of numbers as an oid. */
#define VNM_OID(array) ((struct vnm_oid){(array), VNM_ARRAY_LEN(array)})

/* Less than, equal to or greater than 0: the order of SNMP (RFC 3416 section 4.2.2). */
int vnm_oid_compare(struct vnm_oid a, struct vnm_oid b);

/* Whether `o` is `prefix` or stands below it. */
bool vnm_oid_below(struct vnm_oid o, struct vnm_oid prefix);

bool vnm_oid_equal(struct vnm_oid a, struct vnm_oid b);

/* What stands below a prefix of n numbers; none where o has not so many. */
struct vnm_oid vnm_oid_rest(struct vnm_oid o, uint32_t n);

/* "1.3.6.1" into p, which has VNM_OID_TEXT octets and gets a NUL: its end. */
char *vnm_oid_text(char *p, struct vnm_oid o);

/*
 * Reads "1.3.6.1" or ".1.3.6.1" of n octets into v, which has room for VNM_OID_MAX numbers: how
 * many they are; 0 where the text is none.
 */
uint32_t vnm_oid_parse(const char *text, size_t n, uint32_t *v);

#endif
