/*
 * -o PATH=VALUE of the command line, put into the tree as if it had been written in the file.
 * Items of lists are found by their name and made where there is none; what follows an item's
 * key and a further dot is taken verbatim (outputs.lake.librdkafka.linger.ms=20).
 */
#include "daemon/conf_tree.h"

#include <stdio.h>
#include <string.h>

#define PART_MAX 256

struct assignment {
	struct vnm_tree *tree;
	struct vnm_errs *errs;
	struct vnm_node at; /* where errors stand */
	const char *rest;   /* of the path, up to `end` */
	const char *end;
	char part[PART_MAX];
};

/* The lists of the configuration: what follows them in a path is an item's name. */
static const char *const lists[] = {
    "listeners", "outputs", "topology.sources", "snmp.communities", "snmp.users", "polls"};

/* The path's next part into a->part: false where it is empty or too long. */
static bool
next_part(struct assignment *a, bool to_the_end)
{
	const char *dot = to_the_end ? NULL : memchr(a->rest, '.', (size_t)(a->end - a->rest));
	size_t n = (size_t)((dot != NULL ? dot : a->end) - a->rest);

	if (n == 0 || n >= sizeof(a->part)) {
		vnm_errs_at(a->errs, &a->at, "a part of the path is empty or too long");
		return false;
	}
	memcpy(a->part, a->rest, n);
	a->part[n] = '\0';
	a->rest += n + (dot != NULL);
	return true;
}

/* The child of that key and type, made where it is missing (or says nothing); NULL on failure. */
static struct vnm_node *
ensure(struct assignment *a, struct vnm_node *map, const char *key, enum vnm_node_type type)
{
	struct vnm_node *child = vnm_node_child(map, key);

	if (child == NULL)
		child = vnm_node_add(map, key, a->at.file, 0, type);
	else if (vnm_node_is_empty(child))
		child->type = type;
	if (child == NULL) {
		vnm_errs_at(a->errs, &a->at, "out of memory");
		return NULL;
	}
	if (child->type != type) {
		vnm_errs_at(a->errs, &a->at, "`%s` is no %s", key,
		    type == VNM_NODE_LIST ? "list" : "section");
		return NULL;
	}
	return child;
}

static struct vnm_node *
ensure_item(struct assignment *a, struct vnm_node *list)
{
	struct vnm_node *item, *name;

	for (item = list->first; item != NULL; item = item->next) {
		const char *text = vnm_node_text(item, "name");
		if (text != NULL && strcmp(text, a->part) == 0)
			return item;
	}
	item = vnm_node_add(list, NULL, a->at.file, 0, VNM_NODE_MAP);
	name = item != NULL ? vnm_node_add(item, "name", a->at.file, 0, VNM_NODE_SCALAR) : NULL;
	if (name == NULL || vnm_node_set_text(name, a->part, strlen(a->part)) != 0) {
		vnm_errs_at(a->errs, &a->at, "out of memory");
		return NULL;
	}
	return item;
}

/* Which list the path leads into, or NULL; moves behind its name. */
static const char *
take_list(struct assignment *a)
{
	for (size_t i = 0; i < VNM_ARRAY_LEN(lists); i++) {
		size_t n = strlen(lists[i]);
		if (strncmp(a->rest, lists[i], n) == 0 && a->rest[n] == '.') {
			a->rest += n + 1;
			return lists[i];
		}
	}
	return NULL;
}

/* The list item that the path leads into; the root where it leads into none. */
static struct vnm_node *
find_base(struct assignment *a)
{
	struct vnm_node *node = a->tree->root;
	const char *list = take_list(a);
	const char *leaf;
	char section[PART_MAX];

	if (list == NULL)
		return node;
	leaf = strchr(list, '.');
	if (leaf != NULL) {
		snprintf(section, sizeof(section), "%.*s", (int)(leaf - list), list);
		node = ensure(a, node, section, VNM_NODE_MAP);
	}
	if (node != NULL)
		node = ensure(a, node, leaf != NULL ? leaf + 1 : list, VNM_NODE_LIST);
	if (node == NULL || !next_part(a, false))
		return NULL;
	if (a->rest >= a->end) {
		vnm_errs_at(a->errs, &a->at, "`%s` is an item of `%s`: name one of its options too",
		    a->part, list);
		return NULL;
	}
	return ensure_item(a, node);
}

static void
assign(struct assignment *a)
{
	struct vnm_node *node = find_base(a);
	struct vnm_node *value;

	if (node == NULL || !next_part(a, false))
		return;
	if (a->rest < a->end) {
		node = ensure(a, node, a->part, VNM_NODE_MAP);
		if (node == NULL || !next_part(a, true))
			return;
	}
	value = vnm_node_child(node, a->part);
	if (value == NULL)
		value = vnm_node_add(node, a->part, a->at.file, 0, VNM_NODE_SCALAR);
	if (value == NULL || vnm_node_set_text(value, a->end + 1, strlen(a->end + 1)) != 0) {
		vnm_errs_at(a->errs, &a->at, "out of memory");
		return;
	}
	value->file = a->at.file;
	value->line = 0;
	value->plain = false;
}

void
vnm_tree_set(struct vnm_tree *tree, const char *assignment, struct vnm_errs *errs)
{
	struct assignment a = {.tree = tree, .errs = errs, .rest = assignment};
	char label[PART_MAX + 4];

	/* Without the value, which may be a secret. */
	snprintf(label, sizeof(label), "-o %.*s", (int)strcspn(assignment, "="), assignment);
	a.at.file = vnm_tree_file(tree, label);
	a.end = strchr(assignment, '=');
	if (a.end == NULL)
		vnm_errs_at(errs, &a.at, "must be PATH=VALUE, as in listeners.edge.rcvbuf=8M");
	else
		assign(&a);
}
