/*
 * YAML into a tree, by the events of libyaml's parser. Only plain data is let in: no anchors,
 * aliases or tags, no second document, no key twice.
 */
#include "daemon/conf_tree.h"

#include <yaml.h>

#include <errno.h>
#include <stdio.h>
#include <string.h>

#define DEPTH_MAX 8

struct builder {
	const char *file;
	struct vnm_errs *errs;
	struct vnm_node *stack[DEPTH_MAX + 1]; /* open maps and lists; the root is the tree's */
	unsigned depth;
	char key[256]; /* read in the innermost map, whose value comes next */
	bool has_key;
	unsigned key_line;
	unsigned documents;
	bool has_root;
	bool failed; /* memory is short, or the shape is beyond repair */
};

static struct vnm_node
place(const struct builder *b, const yaml_mark_t *mark)
{
	return (struct vnm_node){.file = b->file, .line = (unsigned)mark->line + 1};
}

static struct vnm_node *
top(const struct builder *b)
{
	return b->depth > 0 ? b->stack[b->depth] : NULL;
}

static bool
wants_key(const struct builder *b)
{
	return top(b) != NULL && top(b)->type == VNM_NODE_MAP && !b->has_key;
}

static void
refuse(struct builder *b, const yaml_event_t *e, const char *what)
{
	struct vnm_node at = place(b, &e->start_mark);

	vnm_errs_at(b->errs, &at, "%s", what);
}

static void
check_decoration(
    struct builder *b, const yaml_event_t *e, const yaml_char_t *anchor, const yaml_char_t *tag)
{
	if (anchor != NULL)
		refuse(b, e, "anchors are not supported: write the value out where it is used");
	if (tag != NULL)
		refuse(b, e, "tags are not supported: a value's type follows from its key");
}

/* A new node as the next value of whatever is open; NULL when it cannot be. */
static struct vnm_node *
add_value(struct builder *b, const yaml_event_t *e, enum vnm_node_type type)
{
	struct vnm_node *parent = top(b);
	struct vnm_node *node;

	if (parent == NULL) {
		if (type == VNM_NODE_MAP && !b->has_root) {
			b->has_root = true;
			return b->stack[0];
		}
		if (type != VNM_NODE_SCALAR || !b->has_root)
			refuse(b, e, "the configuration must be a mapping of keys to values");
		b->failed = true;
		return NULL;
	}
	bool in_map = parent->type == VNM_NODE_MAP;
	unsigned line = in_map ? b->key_line : (unsigned)e->start_mark.line + 1;
	node = vnm_node_add(parent, in_map ? b->key : NULL, b->file, line, type);
	b->has_key = false;
	b->failed = node == NULL;
	return node;
}

static void
take_key(struct builder *b, const yaml_event_t *e)
{
	const char *text = (const char *)e->data.scalar.value;
	struct vnm_node at = place(b, &e->start_mark);
	const struct vnm_node *old;

	if (e->data.scalar.length >= sizeof(b->key))
		refuse(b, e, "a key of more than 255 octets");
	snprintf(b->key, sizeof(b->key), "%s", text);
	b->has_key = true;
	b->key_line = at.line;
	old = vnm_node_child(top(b), b->key);
	if (old != NULL)
		vnm_errs_at(
		    b->errs, &at, "`%s` is given twice, first on line %u", b->key, old->line);
}

static void
take_scalar(struct builder *b, const yaml_event_t *e)
{
	const char *text = (const char *)e->data.scalar.value;
	size_t n = e->data.scalar.length;
	struct vnm_node *node;

	check_decoration(b, e, e->data.scalar.anchor, e->data.scalar.tag);
	if (memchr(text, '\0', n) != NULL)
		refuse(b, e, "text with a NUL in it");
	if (wants_key(b)) {
		take_key(b, e);
		return;
	}
	if (top(b) == NULL && n == 0)
		return; /* a file of comments only */
	node = add_value(b, e, VNM_NODE_SCALAR);
	if (node == NULL)
		return;
	node->plain = e->data.scalar.style == YAML_PLAIN_SCALAR_STYLE;
	if (vnm_node_set_text(node, text, n) != 0)
		b->failed = true;
}

static void
take_start(struct builder *b, const yaml_event_t *e, enum vnm_node_type type)
{
	struct vnm_node *node;

	if (wants_key(b)) {
		refuse(b, e, "a key must be text");
		b->failed = true;
		return;
	}
	if (b->depth == DEPTH_MAX) {
		refuse(b, e, "nested too deeply");
		b->failed = true;
		return;
	}
	node = add_value(b, e, type);
	if (node != NULL)
		b->stack[++b->depth] = node;
}

static void
take_alias(struct builder *b, const yaml_event_t *e)
{
	struct vnm_node *node;

	refuse(b, e, "aliases are not supported: write the value out");
	node = add_value(b, e, VNM_NODE_SCALAR);
	if (node == NULL)
		return;
	node->plain = true; /* as if nothing stood there */
	if (vnm_node_set_text(node, "", 0) != 0)
		b->failed = true;
}

static void
take_event(struct builder *b, const yaml_event_t *e)
{
	switch (e->type) {
	case YAML_DOCUMENT_START_EVENT:
		if (b->documents++ > 0) {
			refuse(b, e, "a second document: one file holds one configuration");
			b->failed = true;
		}
		break;
	case YAML_ALIAS_EVENT:
		take_alias(b, e);
		break;
	case YAML_SCALAR_EVENT:
		take_scalar(b, e);
		break;
	case YAML_SEQUENCE_START_EVENT:
		check_decoration(b, e, e->data.sequence_start.anchor, e->data.sequence_start.tag);
		take_start(b, e, VNM_NODE_LIST);
		break;
	case YAML_MAPPING_START_EVENT:
		check_decoration(b, e, e->data.mapping_start.anchor, e->data.mapping_start.tag);
		take_start(b, e, VNM_NODE_MAP);
		break;
	case YAML_SEQUENCE_END_EVENT:
	case YAML_MAPPING_END_EVENT:
		b->depth--;
		break;
	default:
		break;
	}
}

static void
syntax_error(struct builder *b, const yaml_parser_t *parser, FILE *f)
{
	if (ferror(f)) {
		const struct vnm_node file = {.file = b->file};

		vnm_errs_at(b->errs, &file, "cannot be read: %s", strerror(errno));
		return;
	}
	bool marked = parser->error == YAML_SCANNER_ERROR || parser->error == YAML_PARSER_ERROR;
	struct vnm_node at = place(b, &parser->problem_mark);

	if (!marked)
		at.line = 0;
	vnm_errs_at(b->errs, &at, "not YAML: %s%s%s",
	    parser->problem != NULL ? parser->problem : "unreadable",
	    parser->context != NULL ? " " : "", parser->context != NULL ? parser->context : "");
}

static int
parse(struct builder *b, yaml_parser_t *parser, FILE *f)
{
	bool done = false;

	while (!done && !b->failed) {
		yaml_event_t e;

		if (!yaml_parser_parse(parser, &e)) {
			syntax_error(b, parser, f);
			return -1;
		}
		take_event(b, &e);
		done = e.type == YAML_STREAM_END_EVENT;
		yaml_event_delete(&e);
	}
	return b->failed ? -1 : 0;
}

int
vnm_tree_read_yaml(struct vnm_tree *tree, const char *path, struct vnm_errs *errs)
{
	struct builder b = {.errs = errs, .stack = {tree->root}};
	struct vnm_node at = {.file = path};
	uint32_t before = errs->n;
	yaml_parser_t parser;
	int rc = -1;
	FILE *f = fopen(path, "re");

	if (f == NULL) {
		vnm_errs_at(errs, &at, "cannot be opened: %s%s", strerror(errno),
		    errno == ENOENT ? "; `vnmcd --dump=config` prints one to begin with" : "");
		return -1;
	}
	b.file = vnm_tree_file(tree, path);
	if (b.file != NULL && yaml_parser_initialize(&parser)) {
		yaml_parser_set_input_file(&parser, f);
		rc = parse(&b, &parser, f);
		yaml_parser_delete(&parser);
	}
	fclose(f);
	if (rc != 0 && errs->n == before)
		vnm_errs_at(errs, &at, "cannot be read: out of memory");
	return rc;
}
