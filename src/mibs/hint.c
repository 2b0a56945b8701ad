/*
 * DISPLAY-HINTs (RFC 2579 section 3.1). A hint of an octet string is a list of specifications
 * (repeat, octets, format, separator, terminator), of which the last is used again until no
 * octets are left; of an integer it is one format.
 */
#include "mibs/hint.h"

#include "base/text.h"

#include <stdlib.h>

void
vnm_mib_put(struct vnm_mib_out *out, const char *s, size_t n)
{
	size_t room = (size_t)(out->end - out->p);

	if (out->full || n == 0)
		return;
	if (n > room) {
		out->full = true;
		n = room;
		while (n > 0 && ((unsigned char)s[n] & 0xc0) == 0x80)
			n--; /* not in the middle of a character */
	}
	memcpy(out->p, s, n);
	out->p += n;
}

void
vnm_mib_put_u64(struct vnm_mib_out *out, uint64_t v)
{
	char text[VNM_TEXT_NUMBER];

	vnm_mib_put(out, text, (size_t)(vnm_text_u64(text, v) - text));
}

void
vnm_mib_put_i64(struct vnm_mib_out *out, int64_t v)
{
	char text[VNM_TEXT_NUMBER];

	vnm_mib_put(out, text, (size_t)(vnm_text_i64(text, v) - text));
}

void
vnm_mib_put_hex(struct vnm_mib_out *out, const uint8_t *p, size_t n)
{
	for (size_t i = 0; i < n && !out->full; i++) {
		if (i > 0)
			vnm_mib_put(out, ":", 1);
		vnm_mib_put(out, vnm_hex_pairs + 2 * p[i], 2);
	}
}

bool
vnm_mib_is_printable(const uint8_t *p, size_t n)
{
	for (size_t i = 0; i < n;) {
		unsigned length;

		if (p[i] >= 0x20 && p[i] < 0x7f) {
			i++;
			continue;
		}
		if ((p[i] < 0x20 && p[i] != '\t' && p[i] != '\n' && p[i] != '\r') || p[i] == 0x7f)
			return false;
		length = vnm_utf8_length(p + i, n - i);
		if (length == 0)
			return false;
		i += length;
	}
	return true;
}

/* ---- octets -------------------------------------------------------------------------------- */

struct spec {
	bool repeated; /* "*": the first octet says how often */
	unsigned octets;
	char format;
	char separator;	 /* '\0': none */
	char terminator; /* of repeated ones */
};

static bool
is_digit(char c)
{
	return c >= '0' && c <= '9';
}

/* The specification at h: its end, or NULL where there is none. */
static const char *
read_spec(const char *h, struct spec *s)
{
	char *end;

	*s = (struct spec){.repeated = *h == '*'};
	h += s->repeated;
	if (!is_digit(*h))
		return NULL;
	s->octets = (unsigned)strtoul(h, &end, 10);
	h = end;
	if (*h == '\0' || strchr("xdoat", *h) == NULL || s->octets > UINT16_MAX)
		return NULL;
	s->format = *h++;
	if (*h != '\0' && !is_digit(*h) && *h != '*') {
		s->separator = *h++;
		if (s->repeated && *h != '\0' && !is_digit(*h) && *h != '*')
			s->terminator = *h++;
	}
	return h;
}

/* In digits of so many bits, with a "-" in front where it is negative. */
static void
put_radix(struct vnm_mib_out *out, unsigned bits, uint64_t magnitude, bool negative)
{
	char text[66], *p = text + sizeof(text);

	do {
		*--p = "0123456789abcdef"[magnitude & ((1U << bits) - 1)];
		magnitude >>= bits;
	} while (magnitude != 0);
	if (negative)
		*--p = '-';
	vnm_mib_put(out, p, (size_t)(text + sizeof(text) - p));
}

/* False where the octets are not what the format is for. */
static bool
put_item(struct vnm_mib_out *out, char format, const uint8_t *p, size_t n)
{
	uint64_t v = 0;

	switch (format) {
	case 'a':
	case 't':
		if (!vnm_mib_is_printable(p, n))
			return false;
		vnm_mib_put(out, (const char *)p, n);
		return true;
	case 'd':
	case 'o':
		if (n > 8)
			return false;
		for (size_t i = 0; i < n; i++)
			v = v << 8 | p[i];
		if (format == 'd')
			vnm_mib_put_u64(out, v);
		else
			put_radix(out, 3, v, false);
		return true;
	default:
		for (size_t i = 0; i < n; i++)
			vnm_mib_put(out, vnm_hex_pairs + 2 * p[i], 2);
		return true;
	}
}

bool
vnm_mib_hint_octets(struct vnm_mib_out *out, const char *hint, struct vnm_slice octets)
{
	const uint8_t *p = octets.p, *end = octets.p + octets.n;
	struct vnm_mib_out before = *out;
	struct spec s = {0};

	if (*hint == '\0')
		return false;
	while (p < end && !out->full) {
		unsigned times = 1;

		if (*hint != '\0' && (hint = read_spec(hint, &s)) == NULL)
			goto no_hint;
		if (s.repeated)
			times = *p++;
		if (s.octets == 0 && !s.repeated && *hint == '\0')
			goto no_hint; /* would never come to the end */
		for (; times > 0 && p < end; times--) {
			size_t n = s.octets < (size_t)(end - p) ? s.octets : (size_t)(end - p);

			if (!put_item(out, s.format, p, n))
				goto no_hint;
			p += n;
			if (p < end && s.separator != '\0' && (times > 1 || s.terminator == '\0'))
				vnm_mib_put(out, &s.separator, 1);
			if (s.octets == 0)
				break;
		}
		if (p < end && s.terminator != '\0')
			vnm_mib_put(out, &s.terminator, 1);
	}
	return true;
no_hint:
	*out = before;
	return false;
}

/* ---- integers ------------------------------------------------------------------------------ */

/* "d-2": 1234 is 12.34 */
static bool
put_decimal(struct vnm_mib_out *out, const char *point, int64_t v)
{
	uint64_t magnitude = v < 0 ? 0 - (uint64_t)v : (uint64_t)v, power;
	unsigned long digits = strtoul(point, NULL, 10);

	if (digits == 0 || digits >= VNM_ARRAY_LEN(vnm_powers_of_10))
		return false;
	power = vnm_powers_of_10[digits];
	if (v < 0)
		vnm_mib_put(out, "-", 1);
	vnm_mib_put_u64(out, magnitude / power);
	vnm_mib_put(out, ".", 1);
	for (magnitude %= power; digits > 0; digits--) {
		power = digits > 1 ? vnm_powers_of_10[digits - 1] : 1;
		vnm_mib_put(out, &"0123456789"[magnitude / power % 10], 1);
	}
	return true;
}

bool
vnm_mib_hint_number(struct vnm_mib_out *out, const char *hint, int64_t v)
{
	uint64_t magnitude = v < 0 ? 0 - (uint64_t)v : (uint64_t)v;

	switch (hint[0]) {
	case 'd':
		return hint[1] == '-' && put_decimal(out, hint + 2, v);
	case 'x':
		put_radix(out, 4, magnitude, v < 0);
		return true;
	case 'o':
		put_radix(out, 3, magnitude, v < 0);
		return true;
	case 'b':
		put_radix(out, 1, magnitude, v < 0);
		return true;
	default:
		return false;
	}
}
