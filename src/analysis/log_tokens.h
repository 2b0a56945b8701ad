/*
 * A message's text as words, with what is likely to differ from message to message masked:
 * whatever has a digit in it, without the marks around it.
 */
#ifndef VNM_ANALYSIS_LOG_TOKENS_H
#define VNM_ANALYSIS_LOG_TOKENS_H

#include "base/slice.h"

#define VNM_LOG_TOKENS_MAX 64 /* words of a text; the rest is one more, masked */

/* "port=80,": the word, and the part of it that is masked ("80"). */
struct vnm_log_token {
	const char *p;
	uint32_t n;    /* octets of the word */
	uint32_t at;   /* where the masked part begins */
	uint32_t mask; /* octets of it; 0: nothing is masked */
	uint64_t hash; /* of the word as it is masked */
};

struct vnm_log_tokens {
	struct vnm_log_token t[VNM_LOG_TOKENS_MAX + 1];
	uint32_t n;
	uint64_t hash; /* of all of it, as it is masked */
};

/* Words borrow from the text. */
void vnm_log_tokenise(struct vnm_log_tokens *out, struct vnm_str text, uint64_t seed);

#endif
