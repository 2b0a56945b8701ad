/*
 * Random records made from the tables of fields, for round trips through the encoders. What
 * they borrow lives in the struct.
 */
#ifndef VNM_TESTS_RANDOM_RECORD_H
#define VNM_TESTS_RANDOM_RECORD_H

#include "record/record.h"

#define RANDOM_MEMORY (1 << 20)

struct random_record {
	struct vnm_record r;
	uint64_t state; /* of the generator; set before the first record */
	size_t used;
	uint8_t memory[RANDOM_MEMORY];
};

/* A record of any kind; text is valid UTF-8, clean or not. */
void random_record(struct random_record *x);

/* 0 to n - 1. */
uint32_t random_below(struct random_record *x, uint32_t n);

#endif
