/*
 * Numbers as text: the tables, and what is too rare to be fast.
 */
#include "base/text.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>

#define TENS_DIGITS(t) t "0" t "1" t "2" t "3" t "4" t "5" t "6" t "7" t "8" t "9"

const char vnm_digit_pairs[200] =
    TENS_DIGITS("0") TENS_DIGITS("1") TENS_DIGITS("2") TENS_DIGITS("3") TENS_DIGITS("4")
	TENS_DIGITS("5") TENS_DIGITS("6") TENS_DIGITS("7") TENS_DIGITS("8") TENS_DIGITS("9");

#define HEX_DIGITS(h) TENS_DIGITS(h) h "a" h "b" h "c" h "d" h "e" h "f"

const char vnm_hex_pairs[512] =
    HEX_DIGITS("0") HEX_DIGITS("1") HEX_DIGITS("2") HEX_DIGITS("3") HEX_DIGITS("4") HEX_DIGITS("5")
	HEX_DIGITS("6") HEX_DIGITS("7") HEX_DIGITS("8") HEX_DIGITS("9") HEX_DIGITS("a")
	    HEX_DIGITS("b") HEX_DIGITS("c") HEX_DIGITS("d") HEX_DIGITS("e") HEX_DIGITS("f");

#define ONE(v)                     \
	{                          \
		'0' + (v), 0, 0, 1 \
	}
#define TWO(v)                                       \
	{                                            \
		'0' + (v) / 10, '0' + (v) % 10, 0, 2 \
	}
#define THREE(v)                                                        \
	{                                                               \
		'0' + (v) / 100, '0' + (v) / 10 % 10, '0' + (v) % 10, 3 \
	}
#define TEN(X, v)                                                                             \
	X(v), X(v + 1), X(v + 2), X(v + 3), X(v + 4), X(v + 5), X(v + 6), X(v + 7), X(v + 8), \
	    X(v + 9)
#define HUNDRED(X, v)                                                                              \
	TEN(X, v), TEN(X, v + 10), TEN(X, v + 20), TEN(X, v + 30), TEN(X, v + 40), TEN(X, v + 50), \
	    TEN(X, v + 60), TEN(X, v + 70), TEN(X, v + 80), TEN(X, v + 90)

const char vnm_octet_texts[256][4] = {TEN(ONE, 0), TEN(TWO, 10), TEN(TWO, 20), TEN(TWO, 30),
    TEN(TWO, 40), TEN(TWO, 50), TEN(TWO, 60), TEN(TWO, 70), TEN(TWO, 80), TEN(TWO, 90),
    HUNDRED(THREE, 100), TEN(THREE, 200), TEN(THREE, 210), TEN(THREE, 220), TEN(THREE, 230),
    TEN(THREE, 240), THREE(250), THREE(251), THREE(252), THREE(253), THREE(254), THREE(255)};

const uint64_t vnm_powers_of_10[20] = {0, 10, 100, 1000, 10000, 100000, 1000000, 10000000,
    100000000, 1000000000, 10000000000, 100000000000, 1000000000000, 10000000000000,
    100000000000000, 1000000000000000, 10000000000000000, 100000000000000000, 1000000000000000000,
    10000000000000000000ULL};

#define EXACT_INTEGERS 9007199254740992.0 /* 2^53: up to there every integer is a double */

char *
vnm_text_double(char *out, double v)
{
	int n = 0;

	if (fabs(v) <= EXACT_INTEGERS && v == trunc(v))
		return vnm_text_i64(out, (int64_t)v);
	for (int precision = 15; precision <= 17; precision++) {
		n = snprintf(out, VNM_TEXT_NUMBER, "%.*g", precision, v);
		if (strtod(out, NULL) == v)
			break;
	}
	return out + n;
}

char *
vnm_text_float(char *out, float v)
{
	int n = 0;

	if (fabsf(v) <= (float)EXACT_INTEGERS && v == truncf(v))
		return vnm_text_i64(out, (int64_t)v);
	for (int precision = 6; precision <= 9; precision++) {
		n = snprintf(out, VNM_TEXT_NUMBER, "%.*g", precision, (double)v);
		if (strtof(out, NULL) == v)
			break;
	}
	return out + n;
}

unsigned
vnm_utf8_length(const uint8_t *p, size_t n)
{
	uint8_t low = 0x80, high = 0xbf; /* of the second octet */
	unsigned length;

	if (p[0] < 0x80)
		return 1;
	if (p[0] >= 0xc2 && p[0] <= 0xdf)
		length = 2;
	else if (p[0] >= 0xe0 && p[0] <= 0xef)
		length = 3;
	else if (p[0] >= 0xf0 && p[0] <= 0xf4)
		length = 4;
	else
		return 0;
	if (p[0] == 0xe0)
		low = 0xa0;
	else if (p[0] == 0xed)
		high = 0x9f;
	else if (p[0] == 0xf0)
		low = 0x90;
	else if (p[0] == 0xf4)
		high = 0x8f;
	if (n < length || p[1] < low || p[1] > high)
		return 0;
	for (unsigned i = 2; i < length; i++) {
		if ((p[i] & 0xc0) != 0x80)
			return 0;
	}
	return length;
}
