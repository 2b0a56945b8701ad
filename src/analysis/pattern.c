/*
 * Patterns of text.
 */
#include "analysis/pattern.h"

#define STARS_MAX 8 /* of a pattern: what one match may cost is bounded by them */
#define REST "..."

static inline int
lower(char c)
{
	return c >= 'A' && c <= 'Z' ? c | 0x20 : c;
}

static bool
ends_word(char c)
{
	return c == ' ' || c == ',' || c == ';' || c == '(' || c == ')' || c == '"' || c == '\'' ||
	       c == '[' || c == ']' || c == '\n';
}

/* Octets of the word at p, without the marks behind it. */
static uint32_t
word_length(const char *p, uint32_t n)
{
	uint32_t i = 0;

	while (i < n && !ends_word(p[i]))
		i++;
	while (i > 0 && (p[i - 1] == '.' || p[i - 1] == ':'))
		i--;
	return i;
}

/* Takes what {name} stands for: the octets of it, or UINT32_MAX where there is nothing. */
static uint32_t
take(const char **pattern, const char *p, uint32_t n, struct vnm_pattern_match *match)
{
	const char *name = *pattern + 1, *end = strchr(name, '}');
	size_t name_n = (size_t)(end - name), rest_n = strlen(REST);
	bool rest = name_n > rest_n && memcmp(end - rest_n, REST, rest_n) == 0;
	uint32_t length = rest ? n : word_length(p, n);

	while (rest && length > 0 && p[length - 1] == ' ')
		length--;
	if (length == 0)
		return UINT32_MAX;
	if (rest)
		name_n -= rest_n;
	if (match->value.n == 0)
		*match =
		    (struct vnm_pattern_match){{name, (uint32_t)name_n, true}, {p, length, false}};
	*pattern = end + 1;
	return length;
}

/* Whether the pattern up to its next * or end is what begins at p: the octets of it. */
static uint32_t
match_part(const char *pattern, const char *p, uint32_t n, struct vnm_pattern_match *match)
{
	uint32_t i = 0;

	while (*pattern != '\0' && *pattern != '*') {
		if (*pattern == '{') {
			uint32_t taken = take(&pattern, p + i, n - i, match);
			if (taken == UINT32_MAX)
				return UINT32_MAX;
			i += taken;
			continue;
		}
		if (i == n || lower(*pattern) != lower(p[i]))
			return UINT32_MAX;
		pattern++;
		i++;
	}
	return i;
}

/* A word must begin where {name} takes it, when that begins a part. */
static bool
may_begin(const char *pattern, struct vnm_str text, uint32_t at)
{
	return *pattern != '{' || at == 0 || ends_word(text.p[at - 1]) || text.p[at - 1] == '=' ||
	       text.p[at - 1] == ':';
}

/*
 * Each part is taken where it stands first: since * may be any text, a later place could not
 * do better for what follows.
 */
bool
vnm_pattern_match(const char *pattern, struct vnm_str text, struct vnm_pattern_match *match)
{
	uint32_t at = 0;

	*match = (struct vnm_pattern_match){{0}, {0}};
	for (;;) {
		struct vnm_pattern_match before = *match;
		uint32_t length = UINT32_MAX;
		int first = lower(*pattern);

		for (; at <= text.n && length == UINT32_MAX; at++) {
			if (first != '{' && at < text.n && lower(text.p[at]) != first &&
			    first != '\0' && first != '*')
				continue;
			*match = before;
			if (may_begin(pattern, text, at))
				length = match_part(pattern, text.p + at, text.n - at, match);
		}
		if (length == UINT32_MAX)
			return false;
		at += length - 1;
		pattern = strchr(pattern, '*');
		if (pattern == NULL)
			return true;
		pattern++;
	}
}

/* ---- words ------------------------------------------------------------------------------------
 */

static inline bool
is_letter(char c)
{
	return (c >= '0' && c <= '9') || ((c | 0x20) >= 'a' && (c | 0x20) <= 'z');
}

static inline uint64_t
mix(uint64_t hash, char c)
{
	return (hash ^ (uint64_t)lower(c)) * 0x9e3779b97f4a7c15ULL;
}

static inline void
add_word(struct vnm_words *words, uint64_t hash)
{
	unsigned bit = (unsigned)(hash >> 56);

	words->bits[bit / 64] |= 1ULL << (bit % 64);
}

struct vnm_words
vnm_words_of_text(struct vnm_str text)
{
	struct vnm_words words = {{0}};
	uint64_t hash = 0;

	for (uint32_t i = 0; i < text.n; i++) {
		if (is_letter(text.p[i])) {
			hash = mix(hash, text.p[i]);
		} else if (hash != 0) {
			add_word(&words, hash);
			hash = 0;
		}
	}
	if (hash != 0)
		add_word(&words, hash);
	return words;
}

/* Words that touch an end of the pattern, * or {name} may be parts of words of the text. */
struct vnm_words
vnm_words_of_pattern(const char *pattern)
{
	struct vnm_words words = {{0}};
	bool whole = false;
	uint64_t hash = 0;

	for (const char *p = pattern; *p != '\0'; p++) {
		if (*p == '{')
			p = strchr(p, '}');
		if (is_letter(*p)) {
			hash = mix(hash, *p);
			continue;
		}
		if (hash != 0 && whole && *p != '*' && *p != '}')
			add_word(&words, hash);
		whole = *p != '*' && *p != '}';
		hash = 0;
	}
	return words;
}

int
vnm_pattern_check(const char *pattern, struct vnm_err *err)
{
	unsigned stars = 0;

	if (*pattern == '\0')
		return vnm_err_text(err, "is empty");
	for (const char *p = pattern; *p != '\0'; p++) {
		stars += *p == '*';
		if (*p == '}')
			return vnm_err_text(err, "has a } without its {");
		if (*p != '{')
			continue;
		p += 1 + strspn(p + 1, "abcdefghijklmnopqrstuvwxyz-.");
		if (*p != '}' || p[-1] == '{')
			return vnm_err_text(
			    err, "has a { without a name in lower case and } behind it");
	}
	if (stars > STARS_MAX)
		return vnm_err_text(err, "has more than %d *", STARS_MAX);
	return 0;
}
