/*
 * A configuration as it is written, before anything is known of its meaning: maps, lists and
 * scalars with the place where each stands. conf_yaml.c makes it of a file, conf_set.c adds
 * the command line's -o, conf.c binds it to the tables of options.
 */
#ifndef VNM_DAEMON_CONF_TREE_H
#define VNM_DAEMON_CONF_TREE_H

#include "base/err.h"
#include "base/option.h"

enum vnm_node_type { VNM_NODE_SCALAR, VNM_NODE_LIST, VNM_NODE_MAP };

struct vnm_node {
	enum vnm_node_type type;
	const char *file;	       /* of the tree; for -o: the argument itself */
	unsigned line;		       /* from 1; 0: from -o */
	bool plain;		       /* a scalar without quotes */
	char *key;		       /* in a map; owned */
	char *text;		       /* of a scalar; owned */
	struct vnm_node *first, *last; /* children, in the order in which they are written; owned */
	struct vnm_node *next;
};

struct vnm_tree {
	struct vnm_node *root;	  /* a map; owned */
	struct vnm_strings files; /* what nodes point to as `file`; owned */
};

/* An empty tree: 0, or -1 when memory is short. */
int vnm_tree_init(struct vnm_tree *tree);
void vnm_tree_free(struct vnm_tree *tree);

/* A copy of a file's name that lives as long as the tree; NULL when memory is short. */
const char *vnm_tree_file(struct vnm_tree *tree, const char *name);

/*
 * A new child at the end: key is NULL in a list. NULL when memory is short.
 */
struct vnm_node *vnm_node_add(struct vnm_node *parent, const char *key, const char *file,
    unsigned line, enum vnm_node_type type);

/* Makes it a scalar of that text, whatever it was: 0, or -1 when memory is short. */
int vnm_node_set_text(struct vnm_node *node, const char *text, size_t n);

/* The first child of that key, or NULL. */
struct vnm_node *vnm_node_child(const struct vnm_node *map, const char *key);

/* The child of that key, or the map itself where there is none: where an error stands. */
const struct vnm_node *vnm_node_at(const struct vnm_node *map, const char *key);

/* The text of the scalar child of that key, or NULL. */
const char *vnm_node_text(const struct vnm_node *map, const char *key);

/* A scalar that says nothing, as in `listeners:` with nothing behind it. */
bool vnm_node_is_empty(const struct vnm_node *node);

/* Adds an error that stands at the node (NULL: nowhere). */
void vnm_errs_at(struct vnm_errs *errs, const struct vnm_node *node, const char *fmt, ...)
    VNM_PRINTF(3, 4);

/*
 * Reads a YAML file into the tree; what is wrong goes to errs. -1 when it could not be read to
 * its end.
 */
int vnm_tree_read_yaml(struct vnm_tree *tree, const char *path, struct vnm_errs *errs);

/* Applies one PATH=VALUE of the command line; what is wrong goes to errs. */
void vnm_tree_set(struct vnm_tree *tree, const char *assignment, struct vnm_errs *errs);

/*
 * Puts the first line of the file in the place of every { file: PATH } below the node, and the
 * variable's value in that of every { env: NAME }.
 */
void vnm_node_read_secrets(struct vnm_node *node, struct vnm_errs *errs);

#endif
