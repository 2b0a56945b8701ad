/*
 * Patterns of a message's text, as rules have them: words that must stand there, in either
 * case, * for any text between them, and {name} for a word that is taken out; {name...} takes
 * all that is left. They may begin and end anywhere in the text.
 */
#ifndef VNM_ANALYSIS_PATTERN_H
#define VNM_ANALYSIS_PATTERN_H

#include "base/err.h"
#include "base/slice.h"

/* What {name} took: the first one of a pattern; later ones must stand there, too. */
struct vnm_pattern_match {
	struct vnm_str name, value; /* n 0: there was none */
};

/* Whether the text is of that form. The result borrows from both. */
bool vnm_pattern_match(const char *pattern, struct vnm_str text, struct vnm_pattern_match *match);

/*
 * Words as a set of bits: all whole words of a pattern are in each text that it matches, so that
 * most texts need not be looked at.
 */
struct vnm_words {
	uint64_t bits[4];
};

struct vnm_words vnm_words_of_text(struct vnm_str text);
struct vnm_words vnm_words_of_pattern(const char *pattern);

static inline bool
vnm_words_within(const struct vnm_words *some, const struct vnm_words *all)
{
	return ((some->bits[0] & ~all->bits[0]) | (some->bits[1] & ~all->bits[1]) |
		   (some->bits[2] & ~all->bits[2]) | (some->bits[3] & ~all->bits[3])) == 0;
}

/* Whether it is a pattern: 0, or -1 and err->text. */
int vnm_pattern_check(const char *pattern, struct vnm_err *err);

#endif
