/*
 * Words of a message.
 */
#include "analysis/log_tokens.h"

#include "base/hash.h"

#define OPENS 1U
#define CLOSES 2U
#define DIGIT 4U

static const uint8_t classes[256] = {['='] = OPENS,
    [':'] = OPENS | CLOSES,
    ['('] = OPENS,
    ['['] = OPENS,
    ['{'] = OPENS,
    ['"'] = OPENS | CLOSES,
    ['\''] = OPENS | CLOSES,
    ['<'] = OPENS,
    [','] = CLOSES,
    ['.'] = CLOSES,
    [';'] = CLOSES,
    [')'] = CLOSES,
    [']'] = CLOSES,
    ['}'] = CLOSES,
    ['>'] = CLOSES,
    ['!'] = CLOSES,
    ['?'] = CLOSES,
    ['0'] = DIGIT,
    ['1'] = DIGIT,
    ['2'] = DIGIT,
    ['3'] = DIGIT,
    ['4'] = DIGIT,
    ['5'] = DIGIT,
    ['6'] = DIGIT,
    ['7'] = DIGIT,
    ['8'] = DIGIT,
    ['9'] = DIGIT};

static inline unsigned
class_of(char c)
{
	return classes[(uint8_t)c];
}

/* Between the last mark that opens in front of the first digit, and the marks that close. */
static void
mask(struct vnm_log_token *t, uint32_t first_digit)
{
	uint32_t end = t->n;

	t->at = first_digit;
	while (t->at > 0 && (class_of(t->p[t->at - 1]) & OPENS) == 0)
		t->at--;
	while (end > first_digit + 1 && (class_of(t->p[end - 1]) & CLOSES) != 0)
		end--;
	t->mask = end - t->at;
}

static inline uint64_t
mix(uint64_t hash, uint64_t v)
{
	__uint128_t m = (__uint128_t)(hash ^ v) * 0x9e3779b97f4a7c15ULL;

	return (uint64_t)m ^ (uint64_t)(m >> 64);
}

/* A word's hash, with the masked part as nothing. */
static uint64_t
hash_word(const struct vnm_log_token *t, uint64_t seed)
{
	if (t->mask == 0)
		return vnm_hash(t->p, t->n, seed);
	if (t->mask == t->n)
		return ~seed;
	return mix(vnm_hash(t->p, t->at, ~seed),
	    vnm_hash(t->p + t->at + t->mask, t->n - t->at - t->mask, seed));
}

void
vnm_log_tokenise(struct vnm_log_tokens *out, struct vnm_str text, uint64_t seed)
{
	uint32_t i = 0;

	out->n = 0;
	out->hash = seed;
	for (;;) {
		struct vnm_log_token *t = &out->t[out->n];
		uint32_t digit = UINT32_MAX, start;

		while (i < text.n && text.p[i] == ' ')
			i++;
		if (i == text.n)
			break;
		start = i;
		if (out->n == VNM_LOG_TOKENS_MAX) {
			i = text.n;
			digit = start;
		}
		for (; i < text.n && text.p[i] != ' '; i++) {
			if (digit == UINT32_MAX && (class_of(text.p[i]) & DIGIT) != 0)
				digit = i;
		}
		*t = (struct vnm_log_token){.p = text.p + start, .n = i - start};
		if (out->n == VNM_LOG_TOKENS_MAX)
			t->mask = t->n;
		else if (digit != UINT32_MAX)
			mask(t, digit - start);
		t->hash = hash_word(t, seed);
		out->hash = mix(out->hash, t->hash);
		out->n++;
	}
	out->hash = mix(out->hash, out->n);
}
