/*
 * { file: PATH } in the place of a value: the first line of that file; { env: NAME }: a variable
 * of the environment. So secrets need not stand in the configuration.
 */
#include "daemon/conf_tree.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define LINE_MAX_OCTETS 4096

/* What follows the key, where the node is { key: VALUE } and nothing else, or else NULL. */
static const char *
only(const struct vnm_node *node, const char *key)
{
	if (node->type != VNM_NODE_MAP || node->first == NULL || node->first != node->last)
		return NULL;
	return vnm_node_text(node, key);
}

/* The first line into `line`; returns its length, 0 where there is none, which is complained about.
 */
static size_t
read_line(const struct vnm_node *node, const char *path, char line[LINE_MAX_OCTETS],
    struct vnm_errs *errs)
{
	FILE *f = fopen(path, "re");
	const char *end;
	size_t n;

	if (f == NULL) {
		vnm_errs_at(errs, node, "%s cannot be opened: %s", path, strerror(errno));
		return 0;
	}
	n = fread(line, 1, LINE_MAX_OCTETS, f);
	end = memchr(line, '\n', n);
	if (end != NULL) {
		n = (size_t)(end - line);
		n -= n > 0 && line[n - 1] == '\r';
	}
	if (ferror(f))
		vnm_errs_at(errs, node, "%s cannot be read: %s", path, strerror(errno));
	else if (n == LINE_MAX_OCTETS)
		vnm_errs_at(errs, node, "%s: its first line has more than %d octets", path,
		    LINE_MAX_OCTETS - 1);
	else if (n == 0)
		vnm_errs_at(errs, node, "%s: its first line is empty", path);
	fclose(f);
	return n < LINE_MAX_OCTETS ? n : 0;
}

static void
read_value(struct vnm_node *node, const char *path, struct vnm_errs *errs)
{
	char line[LINE_MAX_OCTETS];
	size_t n = read_line(node, path, line, errs);

	if (vnm_node_set_text(node, line, n) != 0)
		vnm_errs_at(errs, node, "out of memory");
	explicit_bzero(line, sizeof(line));
}

static void
read_variable(struct vnm_node *node, const char *name, struct vnm_errs *errs)
{
	const char *value = getenv(name);

	if (value == NULL || value[0] == '\0')
		vnm_errs_at(errs, node, "the environment has no variable %s", name);
	else if (vnm_node_set_text(node, value, strlen(value)) != 0)
		vnm_errs_at(errs, node, "out of memory");
}

void
vnm_node_read_secrets(struct vnm_node *node, struct vnm_errs *errs)
{
	for (struct vnm_node *child = node->first; child != NULL; child = child->next) {
		const char *path = only(child, "file");
		const char *name = only(child, "env");

		if (path != NULL)
			read_value(child, path, errs);
		else if (name != NULL)
			read_variable(child, name, errs);
		else
			vnm_node_read_secrets(child, errs);
	}
}
