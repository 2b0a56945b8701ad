/*
 * Hexadecimal digits, as people write octets.
 */
#ifndef VNM_BASE_HEX_H
#define VNM_BASE_HEX_H

#include <stddef.h>
#include <stdint.h>

/* What a digit stands for, in either case; -1: it is none. */
int vnm_hex_digit(char c);

/*
 * n octets of text: pairs of digits, with colons between them or without, perhaps behind 0x. How
 * many octets they are; 0 where the text is anything else, or more than `room`.
 */
size_t vnm_hex_read(const char *text, size_t n, uint8_t *out, size_t room);

#endif
