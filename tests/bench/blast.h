/*
 * What the load generators share: their command lines and their clock.
 */
#ifndef VNM_BENCH_BLAST_H
#define VNM_BENCH_BLAST_H

#include <stdint.h>
#include <time.h>

struct vnm_blast {
	const char *program;
	const char *usage; /* its whole text */
};

/* Says why on standard error, and ends with exit code 2. */
_Noreturn void vnm_blast_usage(const struct vnm_blast *b, const char *why);

/* A number from min to max; anything else ends the program. */
uint64_t vnm_blast_number(const struct vnm_blast *b, const char *text, uint64_t min, uint64_t max);

/* A number that is not negative. */
double vnm_blast_real(const struct vnm_blast *b, const char *text);

/* Which of n names it is. */
unsigned vnm_blast_word(
    const struct vnm_blast *b, const char *text, const char *const *names, unsigned n);

uint64_t vnm_blast_clock_ns(clockid_t id);

#endif
