/*
 * Hexadecimal digits.
 */
#include "base/hex.h"

int
vnm_hex_digit(char c)
{
	if (c >= '0' && c <= '9')
		return c - '0';
	c |= 0x20;
	return c >= 'a' && c <= 'f' ? c - 'a' + 10 : -1;
}

size_t
vnm_hex_read(const char *text, size_t n, uint8_t *out, size_t room)
{
	const char *end = text + n;
	size_t count = 0;

	if (n >= 2 && text[0] == '0' && (text[1] | 0x20) == 'x')
		text += 2;
	while (text < end) {
		if (count > 0 && *text == ':')
			text++;
		if (end - text < 2 || count == room)
			return 0;
		int high = vnm_hex_digit(text[0]), low = vnm_hex_digit(text[1]);
		if (high < 0 || low < 0)
			return 0;
		out[count++] = (uint8_t)(high << 4 | low);
		text += 2;
	}
	return count;
}
