/*
 * The configuration as a tree of maps, lists and scalars.
 */
#include "daemon/conf_tree.h"

#include "base/alloc.h"

#include <stdarg.h>
#include <stdio.h>
#include <string.h>

static void
free_children(struct vnm_node *node)
{
	struct vnm_node *child = node->first;

	while (child != NULL) {
		struct vnm_node *next = child->next;

		free_children(child);
		vnm_free(child->key);
		vnm_free(child->text);
		vnm_free(child);
		child = next;
	}
	node->first = node->last = NULL;
}

int
vnm_tree_init(struct vnm_tree *tree)
{
	*tree = (struct vnm_tree){.root = vnm_alloc_zero(1, sizeof(*tree->root))};
	if (tree->root == NULL)
		return -1;
	tree->root->type = VNM_NODE_MAP;
	return 0;
}

void
vnm_tree_free(struct vnm_tree *tree)
{
	if (tree->root != NULL)
		free_children(tree->root);
	vnm_free(tree->root);
	vnm_strings_free(&tree->files);
	*tree = (struct vnm_tree){0};
}

const char *
vnm_tree_file(struct vnm_tree *tree, const char *name)
{
	if (vnm_strings_add(&tree->files, name) != 0)
		return NULL;
	return tree->files.p[tree->files.n - 1];
}

struct vnm_node *
vnm_node_add(struct vnm_node *parent, const char *key, const char *file, unsigned line,
    enum vnm_node_type type)
{
	struct vnm_node *node = vnm_alloc_zero(1, sizeof(*node));

	if (node == NULL)
		return NULL;
	node->type = type;
	node->file = file;
	node->line = line;
	node->key = key != NULL ? vnm_strdup(key) : NULL;
	if (key != NULL && node->key == NULL) {
		vnm_free(node);
		return NULL;
	}
	if (parent->last != NULL)
		parent->last->next = node;
	else
		parent->first = node;
	parent->last = node;
	return node;
}

int
vnm_node_set_text(struct vnm_node *node, const char *text, size_t n)
{
	char *copy = vnm_strndup(text, n);

	if (copy == NULL)
		return -1;
	free_children(node);
	vnm_free(node->text);
	node->text = copy;
	node->type = VNM_NODE_SCALAR;
	return 0;
}

struct vnm_node *
vnm_node_child(const struct vnm_node *map, const char *key)
{
	for (struct vnm_node *n = map->first; n != NULL; n = n->next) {
		if (n->key != NULL && strcmp(n->key, key) == 0)
			return n;
	}
	return NULL;
}

const struct vnm_node *
vnm_node_at(const struct vnm_node *map, const char *key)
{
	const struct vnm_node *n = vnm_node_child(map, key);

	return n != NULL ? n : map;
}

const char *
vnm_node_text(const struct vnm_node *map, const char *key)
{
	const struct vnm_node *n = vnm_node_child(map, key);

	return n != NULL && n->type == VNM_NODE_SCALAR && !vnm_node_is_empty(n) ? n->text : NULL;
}

bool
vnm_node_is_empty(const struct vnm_node *node)
{
	return node->type == VNM_NODE_SCALAR && node->plain && node->text[0] == '\0';
}

void
vnm_errs_at(struct vnm_errs *errs, const struct vnm_node *node, const char *fmt, ...)
{
	struct vnm_err err = {0};
	va_list ap;

	if (node != NULL && node->file != NULL) {
		snprintf(err.file, sizeof(err.file), "%s", node->file);
		err.line = node->line;
	}
	va_start(ap, fmt);
	vsnprintf(err.text, sizeof(err.text), fmt, ap);
	va_end(ap);
	vnm_errs_add(errs, &err);
}
