/*
 * The tree bound to the tables of options. Every error is listed; what cannot be bound keeps
 * its default, so that the checks that follow can go on.
 */
#include "daemon/conf.h"

#include "base/alloc.h"
#include "base/nearest.h"

#include <assert.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#define CONF_MAGIC 0x766e6366u
#define HINT_TEXT 96

static const struct vnm_option main_options[] = {
    VNM_CONF_MAIN_OPTIONS(VNM_OPTION_ROW) VNM_OPTION_END};
static const struct vnm_option source_options[] = {
    VNM_CONF_SOURCE_OPTIONS(VNM_OPTION_ROW) VNM_OPTION_END};
static const struct vnm_option http_options[] = {
    VNM_CONF_HTTP_OPTIONS(VNM_OPTION_ROW) VNM_OPTION_END};
static const struct vnm_option snmp_options[] = {
    VNM_CONF_SNMP_OPTIONS(VNM_OPTION_ROW) VNM_OPTION_END};
static const struct vnm_option community_options[] = {
    VNM_CONF_COMMUNITY_OPTIONS(VNM_OPTION_ROW) VNM_OPTION_END};
static const struct vnm_option user_options[] = {
    VNM_CONF_USER_OPTIONS(VNM_OPTION_ROW) VNM_OPTION_END};
static const struct vnm_option replay_options[] = {
    VNM_CONF_REPLAY_OPTIONS(VNM_OPTION_ROW) VNM_OPTION_END};
static const struct vnm_option mibs_options[] = {
    VNM_CONF_MIBS_OPTIONS(VNM_OPTION_ROW) VNM_OPTION_END};

const struct vnm_conf_section vnm_conf_sections[] = {
    {"", false, main_options, offsetof(struct vnm_conf, main), "vnmcd as a whole"},
    {"listeners", true, vnm_listener_options, 0, "sockets that take messages"},
    {"topology.sources", true, source_options, 0, "where the topology comes from"},
    {"snmp", false, snmp_options, offsetof(struct vnm_conf, snmp), "SNMP: vnmcd as an engine"},
    {"snmp.communities", true, community_options, 0,
	"what communities may do; those that are not named here may do all"},
    {"snmp.users", true, user_options, 0, "users of SNMP version 3 and what they may do"},
    {"outputs", true, vnm_output_options, 0, "where records go"},
    {"http", false, http_options, offsetof(struct vnm_conf, http), "the built-in web server"},
    {"polls", true, vnm_poll_options, 0, "devices that are asked by SNMP"},
    {"polls.devices", true, vnm_poll_device_options, 0,
	"a device; but for `address` these stand in the group, for all of its devices, too"},
    {"limits", false, vnm_limits_options, offsetof(struct vnm_conf, limits),
	"bounds that all decoders keep"},
    {"logs", false, vnm_logs_options, offsetof(struct vnm_conf, analysis.logs),
	"what is made of log records"},
    {"alarm_rules", true, vnm_rule_options, 0,
	"which log messages are alarms, beside those that vnmcd knows"},
    {"mibs", false, mibs_options, offsetof(struct vnm_conf, mibs),
	"what SNMP's object identifiers mean, besides what is built in"},
    {"replay", false, replay_options, offsetof(struct vnm_conf, replay), "replays (-r)"},
    {NULL, false, NULL, 0, NULL}};

/* ---- one value ------------------------------------------------------------------------------ */

static void
set_text(const struct vnm_option *option, void *values, const struct vnm_node *node,
    struct vnm_errs *errs)
{
	struct vnm_err err;

	if (vnm_option_set(option, values, node->text, &err) != 0)
		vnm_errs_at(errs, node, "%s", err.text);
}

static void
bind_list(const struct vnm_option *option, void *values, const struct vnm_node *node,
    struct vnm_errs *errs)
{
	struct vnm_err err;

	if (node->type == VNM_NODE_SCALAR && (node->line == 0 || vnm_node_is_empty(node))) {
		set_text(option, values, node, errs);
		return;
	}
	if (node->type != VNM_NODE_LIST) {
		vnm_errs_at(
		    errs, node, "`%s` takes a list, as in %s: [ ... ]", option->name, option->name);
		return;
	}
	if (vnm_option_set(option, values, "", &err) != 0)
		vnm_errs_at(errs, node, "%s", err.text);
	for (const struct vnm_node *item = node->first; item != NULL; item = item->next) {
		if (item->type != VNM_NODE_SCALAR)
			vnm_errs_at(errs, item, "`%s` takes a list of plain values", option->name);
		else if (vnm_option_append(option, values, item->text, &err) != 0)
			vnm_errs_at(errs, item, "%s", err.text);
	}
}

static void
bind_pairs(const struct vnm_option *option, void *values, const struct vnm_node *node,
    struct vnm_errs *errs)
{
	struct vnm_err err;

	if (vnm_node_is_empty(node))
		return;
	if (node->type != VNM_NODE_MAP) {
		vnm_errs_at(errs, node, "`%s` takes a mapping of keys to values", option->name);
		return;
	}
	for (const struct vnm_node *pair = node->first; pair != NULL; pair = pair->next) {
		if (pair->type != VNM_NODE_SCALAR)
			vnm_errs_at(
			    errs, pair, "`%s.%s` takes a single value", option->name, pair->key);
		else if (vnm_option_pair(option, values, pair->key, pair->text, &err) != 0)
			vnm_errs_at(errs, pair, "%s", err.text);
	}
}

static void
bind_value(const struct vnm_option *option, void *values, const struct vnm_node *node,
    struct vnm_errs *errs)
{
	if (vnm_option_is_list(option))
		bind_list(option, values, node, errs);
	else if (option->type == VNM_OPTION_PAIRS)
		bind_pairs(option, values, node, errs);
	else if (node->type != VNM_NODE_SCALAR)
		vnm_errs_at(errs, node, "`%s` takes a single value", option->name);
	else if (vnm_node_is_empty(node))
		vnm_errs_at(errs, node, "`%s` has no value", option->name);
	else
		set_text(option, values, node, errs);
}

/* ---- maps ----------------------------------------------------------------------------------- */

static void
unknown_key(const struct vnm_node *node, const struct vnm_conf_target targets[2],
    const char *const *sections, struct vnm_errs *errs)
{
	struct vnm_nearest nearest = {.wanted = node->key};
	char hint[HINT_TEXT];

	for (int i = 0; i < 2; i++) {
		const struct vnm_option *o = targets[i].table;
		for (; o != NULL && o->name != NULL; o++)
			vnm_nearest_offer(&nearest, o->name);
	}
	for (; sections != NULL && *sections != NULL; sections++)
		vnm_nearest_offer(&nearest, *sections);
	vnm_errs_at(errs, node, "unknown key `%s`%s", node->key,
	    vnm_nearest_hint(&nearest, hint, sizeof(hint)));
}

void
vnm_conf_bind_map(const struct vnm_node *map, const struct vnm_conf_target targets[2],
    const char *const *sections, bool strict, struct vnm_errs *errs)
{
	for (const struct vnm_node *n = map->first; n != NULL; n = n->next) {
		const struct vnm_option *option = NULL;
		bool is_section = false;

		for (int i = 0; i < 2 && option == NULL; i++) {
			if (targets[i].table == NULL)
				continue;
			option = vnm_option_find(targets[i].table, n->key);
			if (option != NULL)
				bind_value(option, targets[i].values, n, errs);
		}
		for (const char *const *s = sections; s != NULL && *s != NULL; s++)
			is_section = is_section || strcmp(*s, n->key) == 0;
		if (option == NULL && !is_section && strict)
			unknown_key(n, targets, sections, errs);
	}
}

/* The section of that name, or NULL where it is not there or not of that type. */
static const struct vnm_node *
section(const struct vnm_node *map, const char *key, enum vnm_node_type type, struct vnm_errs *errs)
{
	const struct vnm_node *n = vnm_node_child(map, key);

	if (n == NULL || vnm_node_is_empty(n))
		return NULL;
	if (n->type != type) {
		vnm_errs_at(errs, n, "`%s` takes %s", key,
		    type == VNM_NODE_LIST ? "a list of items" : "a mapping of keys to values");
		return NULL;
	}
	return n;
}

static void *
new_values(const struct vnm_option *table, size_t size, struct vnm_errs *errs)
{
	void *values = vnm_alloc_zero(1, size);
	struct vnm_err err;

	if (values == NULL || vnm_option_defaults(table, values, &err) != 0)
		vnm_errs_at(errs, NULL, "out of memory");
	return values;
}

/* Room for the items of a list; those that are no maps are complained about and left out. */
static void *
new_items(const struct vnm_node *list, size_t size, struct vnm_errs *errs)
{
	size_t n = 0;
	void *items;

	for (const struct vnm_node *item = list->first; item != NULL; item = item->next) {
		n++;
		if (item->type != VNM_NODE_MAP)
			vnm_errs_at(errs, item, "an item here is a mapping, as in { name: ... }");
	}
	items = vnm_alloc_zero(n > 0 ? n : 1, size);
	if (items == NULL)
		vnm_errs_at(errs, NULL, "out of memory");
	return items;
}

/* ---- the lists ------------------------------------------------------------------------------- */

static void
bind_listener(struct vnm_conf_listener *l, const struct vnm_node *node, struct vnm_errs *errs)
{
	const char *name = vnm_node_text(node, "decoder");
	struct vnm_conf_target targets[2] = {{vnm_listener_options, &l->common}, {NULL, NULL}};
	struct vnm_err err;

	l->node = node;
	if (vnm_option_defaults(vnm_listener_options, &l->common, &err) != 0)
		vnm_errs_at(errs, node, "%s", err.text);
	l->decoder = name != NULL ? vnm_decoder_find(name) : NULL;
	if (l->decoder != NULL && l->decoder->options != NULL) {
		l->options = new_values(l->decoder->options, l->decoder->options_size, errs);
		targets[1] = (struct vnm_conf_target){l->decoder->options, l->options};
		if (l->options == NULL)
			return;
	}
	vnm_conf_bind_map(node, targets, NULL, l->decoder != NULL, errs);
}

static void
bind_listeners(struct vnm_conf *conf, struct vnm_errs *errs)
{
	const struct vnm_node *list = section(conf->tree.root, "listeners", VNM_NODE_LIST, errs);

	if (list == NULL)
		return;
	conf->listeners = new_items(list, sizeof(*conf->listeners), errs);
	if (conf->listeners == NULL)
		return;
	for (const struct vnm_node *n = list->first; n != NULL; n = n->next) {
		if (n->type == VNM_NODE_MAP)
			bind_listener(&conf->listeners[conf->listener_count++], n, errs);
	}
}

static void
bind_output(struct vnm_conf_output *o, const struct vnm_node *node, struct vnm_errs *errs)
{
	const char *name = vnm_node_text(node, "type");
	struct vnm_conf_target targets[2] = {{vnm_output_options, &o->common}, {NULL, NULL}};
	struct vnm_err err;

	o->node = node;
	if (vnm_option_defaults(vnm_output_options, &o->common, &err) != 0)
		vnm_errs_at(errs, node, "%s", err.text);
	o->type = name != NULL ? vnm_sink_type_find(name) : NULL;
	if (o->type != NULL && o->type->options != NULL) {
		o->options = new_values(o->type->options, o->type->options_size, errs);
		targets[1] = (struct vnm_conf_target){o->type->options, o->options};
		if (o->options == NULL)
			return;
	}
	vnm_conf_bind_map(node, targets, NULL, o->type != NULL, errs);
	if (o->common.encoding != NULL)
		o->encoder = vnm_encoder_find(o->common.encoding);
}

static void
bind_outputs(struct vnm_conf *conf, struct vnm_errs *errs)
{
	const struct vnm_node *list = section(conf->tree.root, "outputs", VNM_NODE_LIST, errs);

	if (list == NULL)
		return;
	conf->outputs = new_items(list, sizeof(*conf->outputs), errs);
	if (conf->outputs == NULL)
		return;
	for (const struct vnm_node *n = list->first; n != NULL; n = n->next) {
		if (n->type == VNM_NODE_MAP)
			bind_output(&conf->outputs[conf->output_count++], n, errs);
	}
}

/* An item whose options are all in one table. */
static void
bind_item(const struct vnm_option *table, void *values, const struct vnm_node *node,
    struct vnm_errs *errs)
{
	const struct vnm_conf_target targets[2] = {{table, values}, {NULL, NULL}};
	struct vnm_err err;

	if (vnm_option_defaults(table, values, &err) != 0)
		vnm_errs_at(errs, node, "%s", err.text);
	vnm_conf_bind_map(node, targets, NULL, true, errs);
}

static void
bind_source(struct vnm_conf *conf, const struct vnm_node *node, struct vnm_errs *errs)
{
	struct vnm_conf_source *s = &conf->sources[conf->source_count++];

	s->node = node;
	bind_item(source_options, s, node, errs);
	if (s->path != NULL && vnm_strings_add(&conf->topology_paths, s->path) != 0)
		vnm_errs_at(errs, node, "out of memory");
}

static void
bind_rules(struct vnm_conf *conf, struct vnm_errs *errs)
{
	const struct vnm_node *list = section(conf->tree.root, "alarm_rules", VNM_NODE_LIST, errs);
	struct vnm_err err;

	if (list == NULL)
		return;
	conf->rules = new_items(list, sizeof(*conf->rules), errs);
	conf->rule_nodes = new_items(list, sizeof(*conf->rule_nodes), errs);
	if (conf->rules == NULL || conf->rule_nodes == NULL)
		return;
	for (const struct vnm_node *n = list->first; n != NULL; n = n->next) {
		struct vnm_rule_options *rule = &conf->rules[conf->rule_count];
		const struct vnm_conf_target targets[2] = {{vnm_rule_options, rule}, {NULL, NULL}};

		if (n->type != VNM_NODE_MAP)
			continue;
		conf->rule_nodes[conf->rule_count++] = n;
		if (vnm_option_defaults(vnm_rule_options, rule, &err) != 0)
			vnm_errs_at(errs, n, "%s", err.text);
		vnm_conf_bind_map(n, targets, NULL, true, errs);
	}
	conf->analysis.rules = conf->rules;
	conf->analysis.rule_count = conf->rule_count;
}

static void
bind_topology(struct vnm_conf *conf, struct vnm_errs *errs)
{
	static const char *const keys[] = {"sources", NULL};
	static const struct vnm_conf_target none[2];
	const struct vnm_node *map = section(conf->tree.root, "topology", VNM_NODE_MAP, errs);
	const struct vnm_node *list;

	if (map == NULL)
		return;
	vnm_conf_bind_map(map, none, keys, true, errs);
	list = section(map, "sources", VNM_NODE_LIST, errs);
	if (list == NULL)
		return;
	conf->sources = new_items(list, sizeof(*conf->sources), errs);
	if (conf->sources == NULL)
		return;
	for (const struct vnm_node *n = list->first; n != NULL; n = n->next) {
		if (n->type == VNM_NODE_MAP)
			bind_source(conf, n, errs);
	}
}

static void
bind_community(struct vnm_conf *conf, const struct vnm_node *node, struct vnm_errs *errs)
{
	struct vnm_conf_community *c = &conf->communities[conf->community_count++];

	c->node = node;
	bind_item(community_options, c, node, errs);
}

static void
bind_user(struct vnm_conf *conf, const struct vnm_node *node, struct vnm_errs *errs)
{
	struct vnm_conf_user *u = &conf->users[conf->user_count++];

	u->node = node;
	bind_item(user_options, u, node, errs);
}

static void
each_item(struct vnm_conf *conf, const struct vnm_node *list,
    void (*bind)(struct vnm_conf *, const struct vnm_node *, struct vnm_errs *),
    struct vnm_errs *errs)
{
	for (const struct vnm_node *n = list->first; n != NULL; n = n->next) {
		if (n->type == VNM_NODE_MAP)
			bind(conf, n, errs);
	}
}

static void
bind_snmp(struct vnm_conf *conf, struct vnm_errs *errs)
{
	const struct vnm_node *map = section(conf->tree.root, "snmp", VNM_NODE_MAP, errs);
	const struct vnm_node *list;

	if (map == NULL)
		return;
	list = section(map, "communities", VNM_NODE_LIST, errs);
	if (list != NULL &&
	    (conf->communities = new_items(list, sizeof(*conf->communities), errs)) != NULL)
		each_item(conf, list, bind_community, errs);
	list = section(map, "users", VNM_NODE_LIST, errs);
	if (list != NULL && (conf->users = new_items(list, sizeof(*conf->users), errs)) != NULL)
		each_item(conf, list, bind_user, errs);
}

/* ---- what decoders make of their options ---------------------------------------------------- */

static void
prepare(const struct vnm_decoder *decoder, void *options, const struct vnm_decoder_setting *setting,
    const struct vnm_node *node, struct vnm_errs *errs)
{
	struct vnm_err err;

	if (decoder->prepare != NULL && options != NULL &&
	    decoder->prepare(options, setting, &err) != 0)
		vnm_errs_at(errs, node, "%s", err.text);
}

/* A replay also decodes what no listener is there for. */
static void
prepare_defaults(
    struct vnm_conf *conf, const struct vnm_decoder_setting *setting, struct vnm_errs *errs)
{
	size_t n = 0;

	while (vnm_decoders[n] != NULL)
		n++;
	conf->defaults = vnm_alloc_zero(n, sizeof(*conf->defaults));
	if (conf->defaults == NULL)
		vnm_errs_at(errs, NULL, "out of memory");
	for (size_t i = 0; i < n && conf->defaults != NULL; i++) {
		const struct vnm_decoder *d = vnm_decoders[i];

		if (d->prepare == NULL)
			continue;
		conf->defaults[i].options = new_values(d->options, d->options_size, errs);
		prepare(d, conf->defaults[i].options, setting, NULL, errs);
	}
}

static void
prepare_decoders(struct vnm_conf *conf, bool replay, struct vnm_errs *errs)
{
	const struct vnm_decoder_setting setting = {.live = !replay, .snmp = conf->access};

	for (uint32_t i = 0; i < conf->listener_count; i++) {
		struct vnm_conf_listener *l = &conf->listeners[i];

		if (l->decoder != NULL)
			prepare(l->decoder, l->options, &setting, l->node, errs);
	}
	if (replay)
		prepare_defaults(conf, &setting, errs);
}

const void *
vnm_conf_decoder_options(const struct vnm_conf *conf, const struct vnm_decoder *decoder)
{
	for (size_t i = 0; conf->defaults != NULL && vnm_decoders[i] != NULL; i++) {
		if (vnm_decoders[i] == decoder)
			return conf->defaults[i].options;
	}
	return NULL;
}

static void
free_decoder_options(const struct vnm_decoder *decoder, void *options)
{
	if (options == NULL)
		return;
	if (decoder->release != NULL)
		decoder->release(options);
	vnm_option_release(decoder->options, options);
	vnm_free(options);
}

/* ---- all of it ----------------------------------------------------------------------------- */

static void
bind_sections(struct vnm_conf *conf, struct vnm_errs *errs)
{
	static const char *const keys[] = {"listeners", "topology", "snmp", "outputs", "polls",
	    "http", "limits", "logs", "alarm_rules", "mibs", "replay", NULL};
	static const char *const snmp_keys[] = {"communities", "users", NULL};
	const struct vnm_node *root = conf->tree.root;
	struct vnm_err err;

	for (const struct vnm_conf_section *s = vnm_conf_sections; s->path != NULL; s++) {
		struct vnm_conf_target targets[2] = {
		    {s->options, (char *)conf + s->offset}, {NULL, NULL}};
		bool top = s->path[0] == '\0';
		const struct vnm_node *map;

		if (s->list)
			continue;
		if (vnm_option_defaults(s->options, targets[0].values, &err) != 0)
			vnm_errs_at(errs, NULL, "%s", err.text);
		map = top ? root : section(root, s->path, VNM_NODE_MAP, errs);
		if (map != NULL)
			vnm_conf_bind_map(map, targets,
			    top				   ? keys
			    : strcmp(s->path, "snmp") == 0 ? snmp_keys
							   : NULL,
			    true, errs);
	}
	bind_listeners(conf, errs);
	bind_topology(conf, errs);
	bind_snmp(conf, errs);
	vnm_conf_bind_polls(conf, errs);
	bind_outputs(conf, errs);
	bind_rules(conf, errs);
}

static void
fill_in(struct vnm_conf *conf, bool replay, struct vnm_errs *errs)
{
	const struct vnm_option *collector = vnm_option_find(main_options, "collector");
	char host[256] = "replay";
	struct vnm_err err;

	if (replay) {
		conf->main.workers = 1;
		vnm_free(conf->main.state_dir);
		conf->main.state_dir = NULL;
	} else if (gethostname(host, sizeof(host) - 1) != 0) {
		snprintf(host, sizeof(host), "localhost");
	}
	if (conf->main.collector == NULL && vnm_option_set(collector, &conf->main, host, &err) != 0)
		vnm_errs_at(errs, NULL, "%s", err.text);
}

bool
vnm_conf_uses_tls(const struct vnm_listener_options *o)
{
	bool found = o->listen.transport == VNM_TRANSPORT_TLS;

	for (uint32_t i = 0; i < o->connect.n; i++)
		found = found || o->connect.p[i].transport == VNM_TRANSPORT_TLS;
	return found;
}

/* Keys of listeners; those of a replay need none. */
static void
load_keys(struct vnm_conf *conf, struct vnm_errs *errs)
{
	struct vnm_err err;
	const char *key;

	for (uint32_t i = 0; i < conf->listener_count; i++) {
		struct vnm_conf_listener *l = &conf->listeners[i];

		if (!vnm_conf_uses_tls(&l->common) ||
		    vnm_tls_load(&l->tls, &l->common, &key, &err) == 0)
			continue;
		vnm_errs_at(errs, vnm_node_at(l->node, key), "%s", err.text);
	}
}

/* -1: not all could be read, so that there is no use in checking the rest. */
static int
read_input(struct vnm_tree *tree, const struct vnm_conf_input *in, struct vnm_errs *errs)
{
	const struct vnm_node *outputs;

	if (in->file != NULL && vnm_tree_read_yaml(tree, in->file, errs) != 0)
		return -1;
	for (size_t i = 0; i < in->override_count; i++)
		vnm_tree_set(tree, in->overrides[i], errs);
	vnm_node_read_secrets(tree->root, errs);
	outputs = vnm_node_child(tree->root, "outputs");
	if (outputs == NULL || (outputs->type == VNM_NODE_LIST && outputs->first == NULL) ||
	    vnm_node_is_empty(outputs)) {
		vnm_tree_set(tree, "outputs.stdout.type=file", errs);
		vnm_tree_set(tree, "outputs.stdout.path=-", errs);
	}
	return 0;
}

int
vnm_conf_load(struct vnm_conf **out, const struct vnm_conf_input *in, struct vnm_errs *errs)
{
	struct vnm_conf *conf = vnm_alloc_zero(1, sizeof(*conf));
	uint32_t before = errs->n + errs->lost;

	if (conf == NULL || vnm_tree_init(&conf->tree) != 0) {
		vnm_errs_at(errs, NULL, "out of memory");
		vnm_free(conf);
		return -1;
	}
	conf->magic = CONF_MAGIC;
	if (read_input(&conf->tree, in, errs) == 0) {
		bind_sections(conf, errs);
		fill_in(conf, in->replay, errs);
		if (!in->replay)
			load_keys(conf, errs);
		vnm_conf_check(conf, in->replay, errs);
		vnm_conf_make_access(conf, errs);
		prepare_decoders(conf, in->replay, errs);
	}
	vnm_errs_sort(errs);
	if (errs->n + errs->lost > before) {
		vnm_conf_free(conf);
		return -1;
	}
	*out = conf;
	return 0;
}

void
vnm_conf_free(struct vnm_conf *conf)
{
	if (conf == NULL)
		return;
	assert(conf->magic == CONF_MAGIC);
	for (uint32_t i = 0; i < conf->listener_count; i++) {
		struct vnm_conf_listener *l = &conf->listeners[i];
		vnm_option_release(vnm_listener_options, &l->common);
		vnm_tls_leave(l->tls);
		free_decoder_options(l->decoder, l->options);
	}
	for (size_t i = 0; conf->defaults != NULL && vnm_decoders[i] != NULL; i++)
		free_decoder_options(vnm_decoders[i], conf->defaults[i].options);
	for (uint32_t i = 0; i < conf->community_count; i++)
		vnm_option_release(community_options, &conf->communities[i]);
	for (uint32_t i = 0; i < conf->user_count; i++)
		vnm_option_release(user_options, &conf->users[i]);
	for (uint32_t i = 0; i < conf->output_count; i++) {
		struct vnm_conf_output *o = &conf->outputs[i];
		vnm_option_release(vnm_output_options, &o->common);
		if (o->options != NULL)
			vnm_option_release(o->type->options, o->options);
		vnm_free(o->options);
	}
	for (uint32_t i = 0; i < conf->source_count; i++)
		vnm_option_release(source_options, &conf->sources[i]);
	for (uint32_t i = 0; i < conf->rule_count; i++)
		vnm_option_release(vnm_rule_options, &conf->rules[i]);
	for (const struct vnm_conf_section *s = vnm_conf_sections; s->path != NULL; s++) {
		if (!s->list)
			vnm_option_release(s->options, (char *)conf + s->offset);
	}
	vnm_snmp_access_free(conf->access);
	vnm_conf_free_polls(conf->polls);
	vnm_strings_free(&conf->topology_paths);
	vnm_free(conf->defaults);
	vnm_free(conf->communities);
	vnm_free(conf->users);
	vnm_free(conf->listeners);
	vnm_free(conf->outputs);
	vnm_free(conf->sources);
	vnm_free(conf->rules);
	vnm_free(conf->rule_nodes);
	vnm_tree_free(&conf->tree);
	conf->magic = 0;
	vnm_free(conf);
}
