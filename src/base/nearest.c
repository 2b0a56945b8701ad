/*
 * Edit distance between names (insertions, deletions, replacements and swaps of neighbours).
 */
#include "base/nearest.h"

#include <stdio.h>
#include <string.h>

#define NAME_MAX_LEN 63

static unsigned
least(unsigned a, unsigned b)
{
	return a < b ? a : b;
}

static unsigned
distance(const char *a, size_t an, const char *b, size_t bn)
{
	unsigned rows[3][NAME_MAX_LEN + 1];
	unsigned *before = rows[0], *last = rows[1], *row = rows[2];

	for (size_t j = 0; j <= bn; j++)
		last[j] = (unsigned)j;
	for (size_t i = 1; i <= an; i++) {
		row[0] = (unsigned)i;
		for (size_t j = 1; j <= bn; j++) {
			unsigned replaced = last[j - 1] + (a[i - 1] != b[j - 1]);
			row[j] = least(replaced, least(last[j], row[j - 1]) + 1);
			if (i > 1 && j > 1 && a[i - 1] == b[j - 2] && a[i - 2] == b[j - 1])
				row[j] = least(row[j], before[j - 2] + 1);
		}
		unsigned *spare = before;
		before = last;
		last = row;
		row = spare;
	}
	return last[bn];
}

void
vnm_nearest_offer(struct vnm_nearest *n, const char *candidate)
{
	size_t wanted_len = strlen(n->wanted), len = strlen(candidate);

	if (wanted_len > NAME_MAX_LEN || len > NAME_MAX_LEN)
		return;
	unsigned d = distance(n->wanted, wanted_len, candidate, len);
	if (d > 1 && wanted_len > 2 && strncmp(n->wanted, candidate, wanted_len) == 0)
		d = 1; /* the beginning of it */
	unsigned most = wanted_len < 4 ? 1 : wanted_len < 9 ? 2 : 3;
	if (d <= most && (n->name == NULL || d < n->distance)) {
		n->name = candidate;
		n->distance = d;
	}
}

const char *
vnm_nearest_hint(const struct vnm_nearest *n, char *buf, size_t size)
{
	if (n->name == NULL)
		snprintf(buf, size, "%s", "");
	else
		snprintf(buf, size, "; did you mean `%s`?", n->name);
	return buf;
}
