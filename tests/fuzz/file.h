/*
 * For fuzz targets of what reads files by name: the input as a file in memory.
 */
#ifndef VNM_FUZZ_FILE_H
#define VNM_FUZZ_FILE_H

#include <stddef.h>
#include <stdint.h>

/* The path of a file with these octets, which the next call replaces. */
const char *vnm_fuzz_file(const uint8_t *p, size_t n);

#endif
