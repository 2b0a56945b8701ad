/*
 * What the load generators share: their command lines and their clock.
 */
#include "blast.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

_Noreturn void
vnm_blast_usage(const struct vnm_blast *b, const char *why)
{
	fprintf(stderr, "%s: %s\n%s", b->program, why, b->usage);
	exit(2);
}

uint64_t
vnm_blast_number(const struct vnm_blast *b, const char *text, uint64_t min, uint64_t max)
{
	char *end = NULL;
	uint64_t v = strtoull(text, &end, 10);

	if (*text < '0' || *text > '9' || *end != '\0' || v < min || v > max)
		vnm_blast_usage(b, text);
	return v;
}

double
vnm_blast_real(const struct vnm_blast *b, const char *text)
{
	char *end = NULL;
	double v = strtod(text, &end);

	if (end == text || *end != '\0' || !(v >= 0))
		vnm_blast_usage(b, text);
	return v;
}

unsigned
vnm_blast_word(const struct vnm_blast *b, const char *text, const char *const *names, unsigned n)
{
	for (unsigned i = 0; i < n; i++) {
		if (strcmp(text, names[i]) == 0)
			return i;
	}
	vnm_blast_usage(b, text);
}

uint64_t
vnm_blast_clock_ns(clockid_t id)
{
	struct timespec t;

	clock_gettime(id, &t);
	return (uint64_t)t.tv_sec * 1000000000 + (uint64_t)t.tv_nsec;
}
