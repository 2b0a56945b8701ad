/*
 * Numbers as text, fast: tables of ready digits instead of divisions by ten. All writers
 * write without a terminator, return the end of what they wrote and leave it to the caller
 * that there is room (VNM_TEXT_NUMBER octets for any number).
 */
#ifndef VNM_BASE_TEXT_H
#define VNM_BASE_TEXT_H

#include "base/compat.h"

#include <string.h>

#define VNM_TEXT_NUMBER 32 /* octets that suffice for any number */

extern const char vnm_digit_pairs[200];	    /* "00" to "99" */
extern const char vnm_hex_pairs[512];	    /* "00" to "ff" */
extern const char vnm_octet_texts[256][4];  /* "0" to "255", and the length in the last octet */
extern const uint64_t vnm_powers_of_10[20]; /* 10^0 (as 0) to 10^19 */

/* How many decimal digits v has; 1 for 0. */
static inline unsigned
vnm_text_digits(uint64_t v)
{
	unsigned bits = 64 - (unsigned)__builtin_clzll(v | 1);
	unsigned guess = bits * 1233 >> 12; /* log10(2) */

	return guess + (v >= vnm_powers_of_10[guess]);
}

static inline char *
vnm_text_u64(char *out, uint64_t v)
{
	char *end = out + vnm_text_digits(v);
	char *p = end;

	while (v >= 100) {
		uint64_t rest = v / 100;
		p -= 2;
		memcpy(p, vnm_digit_pairs + 2 * (v - rest * 100), 2);
		v = rest;
	}
	if (v >= 10)
		memcpy(p - 2, vnm_digit_pairs + 2 * v, 2);
	else
		p[-1] = (char)('0' + v);
	return end;
}

static inline char *
vnm_text_i64(char *out, int64_t v)
{
	if (v >= 0)
		return vnm_text_u64(out, (uint64_t)v);
	*out = '-';
	return vnm_text_u64(out + 1, 0 - (uint64_t)v);
}

/* 0 to 255; writes up to 4 octets beyond `out` whatever the length. */
static inline char *
vnm_text_octet(char *out, uint8_t v)
{
	memcpy(out, vnm_octet_texts[v], 4);
	return out + vnm_octet_texts[v][3];
}

static inline char *
vnm_text_hex(char *out, const uint8_t *p, size_t n)
{
	for (size_t i = 0; i < n; i++, out += 2)
		memcpy(out, vnm_hex_pairs + 2 * p[i], 2);
	return out;
}

/*
 * A finite number: as an integer where it is one, else with as few digits as read back to the
 * same value.
 */
char *vnm_text_double(char *out, double v);
char *vnm_text_float(char *out, float v);

/* Copies n octets; most texts are too short for a call of memcpy(). */
static inline char *
vnm_text_copy(char *out, const char *s, size_t n)
{
	if (n > 32) {
		memcpy(out, s, n);
	} else if (n >= 16) {
		uint64_t first[2], last[2];

		memcpy(first, s, 16);
		memcpy(last, s + n - 16, 16);
		memcpy(out, first, 16);
		memcpy(out + n - 16, last, 16);
	} else if (n >= 8) {
		uint64_t first, last;

		memcpy(&first, s, 8);
		memcpy(&last, s + n - 8, 8);
		memcpy(out, &first, 8);
		memcpy(out + n - 8, &last, 8);
	} else if (n >= 4) {
		uint32_t first, last;

		memcpy(&first, s, 4);
		memcpy(&last, s + n - 4, 4);
		memcpy(out, &first, 4);
		memcpy(out + n - 4, &last, 4);
	} else if (n > 0) {
		char middle = s[n / 2], last = s[n - 1];

		out[0] = s[0];
		out[n / 2] = middle;
		out[n - 1] = last;
	}
	return out + n;
}

/* ---- UTF-8 (RFC 3629) ---------------------------------------------------------------------- */

#define VNM_UTF8_REPLACEMENT "\xef\xbf\xbd" /* U+FFFD */

/* The length of the sequence at p, of which n > 0 octets are there, or 0 where there is none. */
unsigned vnm_utf8_length(const uint8_t *p, size_t n);

#endif
