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

/* Whether it is a pattern: 0, or -1 and err->text. */
int vnm_pattern_check(const char *pattern, struct vnm_err *err);

#endif
