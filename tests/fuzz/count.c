/*
 * Counts for all fuzz targets; libFuzzer calls LLVMFuzzerInitialize() before it begins.
 */
#include "count.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>

static struct {
	uint64_t inputs, messages, records;
} seen;

static void
tell(void)
{
	printf("%" PRIu64 " messages, %" PRIu64 " records, %" PRIu64 " inputs\n", seen.messages,
	    seen.records, seen.inputs);
}

int
LLVMFuzzerInitialize(int *argc, char ***argv)
{
	(void)argc;
	(void)argv;
	return atexit(tell);
}

void
vnm_fuzz_count(uint64_t messages, uint64_t records)
{
	seen.inputs++;
	seen.messages += messages;
	seen.records += records;
}

void
vnm_fuzz_demand(const char *wrong)
{
	if (wrong == NULL)
		return;
	fprintf(stderr, "books: %s\n", wrong);
	abort();
}
