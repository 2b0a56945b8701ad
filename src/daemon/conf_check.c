/*
 * What the tables of options cannot tell: names, required options, choices and conflicts.
 */
#include "daemon/conf.h"

#include "base/nearest.h"
#include "collectors/md5.h"

#include <stdio.h>
#include <string.h>

#define HINT_TEXT 96
#define WORKERS_MAX 256
#define RCVBUF_MAX (1ULL << 30)

static const char *const log_levels[] = {"error", "warning", "info", "debug", NULL};
static const char *const json_u64_forms[] = {"number", "string", NULL};
static const char *const key_modes[] = {"none", "exporter", "flow", NULL};
static const char *const source_types[] = {"file", NULL};
static const char *const encodings[] = {"json", "protobuf", NULL};
static const char *const listener_numbers[] = {
    "rcvbuf", "connections", "memory", "handshakes", NULL};
static const char *const limits_numbers[] = {"exporters", "templates", "template_fields", "domains",
    "records_per_message", "output_per_message", NULL};

/* Complains about a value that is none of the choices; NULL stands for "not given". */
static void
check_choice(const struct vnm_node *map, const char *key, const char *value,
    const char *const *choices, struct vnm_errs *errs)
{
	struct vnm_nearest nearest = {.wanted = value};
	char list[160] = "", hint[HINT_TEXT];

	if (value == NULL)
		return;
	for (const char *const *c = choices; *c != NULL; c++) {
		if (strcmp(*c, value) == 0)
			return;
		vnm_nearest_offer(&nearest, *c);
		size_t n = strlen(list);
		snprintf(list + n, sizeof(list) - n, "%s%s", n > 0 ? ", " : "", *c);
	}
	vnm_errs_at(errs, vnm_node_at(map, key), "`%s`: \"%s\" is none of: %s%s", key, value, list,
	    vnm_nearest_hint(&nearest, hint, sizeof(hint)));
}

/* Complains about keys whose number is 0, which would let nothing through. */
static void
check_not_zero(const struct vnm_node *map, const struct vnm_option *table, const void *values,
    const char *const *keys, struct vnm_errs *errs)
{
	for (; *keys != NULL; keys++) {
		const struct vnm_option *option = vnm_option_find(table, *keys);
		const void *value = (const char *)values + option->offset;
		uint32_t number;
		uint64_t octets;
		bool zero;

		if (option->type == VNM_OPTION_NUMBER) {
			memcpy(&number, value, sizeof(number));
			zero = number == 0;
		} else {
			memcpy(&octets, value, sizeof(octets));
			zero = octets == 0;
		}
		if (zero)
			vnm_errs_at(errs, vnm_node_at(map, *keys), "`%s` is 1 at the least", *keys);
	}
}

/* ---- names ---------------------------------------------------------------------------------- */

static void
check_name(const struct vnm_node *node, const char *what, const char *name, struct vnm_errs *errs)
{
	static const char letters[] =
	    "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789_-";

	if (name == NULL)
		vnm_errs_at(errs, node, "this %s has no `name`", what);
	else if (name[0] == '\0' || strspn(name, letters) != strlen(name))
		vnm_errs_at(errs, vnm_node_at(node, "name"),
		    "`name`: \"%s\": a name is made of letters, digits, _ and -", name);
}

/* `before` holds the items in front of this one. */
static void
check_unique(const struct vnm_node *node, const char *what, const char *name,
    const struct vnm_node *list, struct vnm_errs *errs)
{
	for (const struct vnm_node *n = list; n != NULL && n != node && name != NULL; n = n->next) {
		const char *other = vnm_node_text(n, "name");
		if (other == NULL || strcmp(other, name) != 0)
			continue;
		vnm_errs_at(errs, vnm_node_at(node, "name"), "%s `%s` is there already, on line %u",
		    what, name, vnm_node_at(n, "name")->line);
		return;
	}
}

/* The first item of a list of the tree, or NULL. */
static const struct vnm_node *
first_item(const struct vnm_node *map, const char *key)
{
	const struct vnm_node *list = map != NULL ? vnm_node_child(map, key) : NULL;

	return list != NULL ? list->first : NULL;
}

/* ---- listeners ----------------------------------------------------------------------------- */

static void
check_decoder(const struct vnm_conf_listener *l, struct vnm_errs *errs)
{
	const char *name = l->common.decoder;
	struct vnm_nearest nearest = {.wanted = name};
	char hint[HINT_TEXT], names[160] = "";
	struct vnm_err err;

	if (name == NULL) {
		vnm_errs_at(errs, l->node, "this listener has no `decoder`");
		return;
	}
	if (l->decoder != NULL) {
		if (l->decoder->check != NULL && l->options != NULL &&
		    l->decoder->check(l->options, &err) != 0)
			vnm_errs_at(errs, l->node, "%s", err.text);
		if (vnm_transport_is_stream(l->common.listen.transport) &&
		    l->decoder->frame == NULL)
			vnm_errs_at(errs, vnm_node_at(l->node, "listen"),
			    "decoder `%s` reads datagrams only: use udp:", name);
		if (l->decoder->answers && vnm_conf_uses_tls(&l->common))
			vnm_errs_at(errs,
			    vnm_node_at(l->node, l->common.connect.n > 0 ? "connect" : "listen"),
			    "decoder `%s` answers, which it cannot over TLS: use udp: or tcp:",
			    name);
		return;
	}
	for (size_t i = 0; vnm_decoders[i] != NULL; i++) {
		size_t n = strlen(names);
		snprintf(
		    names + n, sizeof(names) - n, "%s%s", n > 0 ? ", " : "", vnm_decoders[i]->name);
		vnm_nearest_offer(&nearest, vnm_decoders[i]->name);
	}
	vnm_errs_at(errs, vnm_node_at(l->node, "decoder"),
	    "no decoder is called `%s` (there are %s)%s", name, names,
	    vnm_nearest_hint(&nearest, hint, sizeof(hint)));
}

/* Targets in place of an address to listen at. */
static void
check_targets(const struct vnm_conf_listener *l, struct vnm_errs *errs)
{
	const struct vnm_listener_options *o = &l->common;
	const struct vnm_node *node = vnm_node_at(l->node, "connect");

	if (vnm_node_child(l->node, "listen") != NULL)
		vnm_errs_at(errs, node, "`connect` stands in the place of `listen`: leave one out");
	if (l->decoder != NULL && l->decoder->frame == NULL)
		vnm_errs_at(errs, node, "decoder `%s` reads datagrams only: it cannot connect",
		    l->decoder->name);
	for (uint32_t i = 0; i < o->connect.n; i++) {
		const struct vnm_listen *to = &o->connect.p[i];

		if (o->source.family != VNM_ADDR_NONE && o->source.family != to->at.addr.family)
			vnm_errs_at(errs, vnm_node_at(l->node, "source"),
			    "`source` and target %u of `connect` are not both IPv4 or IPv6", i + 1);
		for (uint32_t k = 0; k < i; k++) {
			if (to->at.port == o->connect.p[k].at.port &&
			    vnm_addr_equal(&to->at.addr, &o->connect.p[k].at.addr))
				vnm_errs_at(errs, node, "`connect`: targets %u and %u are the same",
				    k + 1, i + 1);
		}
	}
}

static void
check_md5(const struct vnm_conf_listener *l, struct vnm_errs *errs)
{
	const struct vnm_node *node = vnm_node_at(l->node, "md5");
	const struct vnm_strings *keys = &l->common.md5;
	struct vnm_err err;

	if (keys->n == 0)
		return;
	if (l->common.connect.n == 0 && !vnm_transport_is_stream(l->common.listen.transport))
		vnm_errs_at(errs, node, "`md5` is for TCP: use tcp: or tls:");
	for (uint32_t i = 0; i + 1 < keys->n; i += 2) {
		if (vnm_md5_check(keys->p[i], keys->p[i + 1], &err) != 0)
			vnm_errs_at(errs, vnm_node_at(node, keys->p[i]), "%s", err.text);
	}
}

static void
check_address(const struct vnm_conf *conf, uint32_t i, struct vnm_errs *errs)
{
	const struct vnm_conf_listener *l = &conf->listeners[i];
	const struct vnm_listen *listen = &l->common.listen;

	if (l->common.connect.n > 0) {
		check_targets(l, errs);
		return;
	}
	if (vnm_node_at(l->node, "connect") != l->node &&
	    vnm_node_at(l->node, "connect")->first != NULL)
		return; /* nothing in it could be read, which is complained about */
	if (vnm_node_child(l->node, "listen") == NULL) {
		vnm_errs_at(errs, l->node, "this listener has neither `listen` nor `connect`");
		return;
	}
	if (listen->at.addr.family == VNM_ADDR_NONE)
		return; /* complained about already */
	if (listen->at.port == 0)
		vnm_errs_at(
		    errs, vnm_node_at(l->node, "listen"), "`listen`: port 0 cannot be sent to");
	for (uint32_t k = 0; k < i; k++) {
		const struct vnm_listen *other = &conf->listeners[k].common.listen;
		if (vnm_transport_is_stream(other->transport) ==
			vnm_transport_is_stream(listen->transport) &&
		    other->at.port == listen->at.port &&
		    vnm_addr_equal(&other->at.addr, &listen->at.addr))
			vnm_errs_at(errs, vnm_node_at(l->node, "listen"),
			    "`listen`: another listener has this address already, on line %u",
			    vnm_node_at(conf->listeners[k].node, "listen")->line);
	}
}

static void
check_listeners(const struct vnm_conf *conf, bool replay, struct vnm_errs *errs)
{
	const struct vnm_node *first = first_item(conf->tree.root, "listeners");

	if (conf->listener_count == 0 && conf->polls == NULL && !replay)
		vnm_errs_at(errs, vnm_node_at(conf->tree.root, "listeners"),
		    "no listeners: nothing would be received");
	for (uint32_t i = 0; i < conf->listener_count; i++) {
		const struct vnm_conf_listener *l = &conf->listeners[i];

		check_name(l->node, "listener", l->common.name, errs);
		check_unique(l->node, "listener", l->common.name, first, errs);
		check_decoder(l, errs);
		check_address(conf, i, errs);
		check_md5(l, errs);
		check_not_zero(l->node, vnm_listener_options, &l->common, listener_numbers, errs);
		if (l->common.rcvbuf > RCVBUF_MAX)
			vnm_errs_at(
			    errs, vnm_node_at(l->node, "rcvbuf"), "`rcvbuf`: 1G is the most");
	}
}

/* ---- outputs ------------------------------------------------------------------------------- */

static void
check_sink(const struct vnm_conf_output *o, struct vnm_errs *errs)
{
	const char *name = o->common.type;
	struct vnm_nearest nearest = {.wanted = name};
	char hint[HINT_TEXT], names[160] = "";
	struct vnm_err err;

	if (name == NULL) {
		vnm_errs_at(errs, o->node, "this output has no `type`");
		return;
	}
	if (o->type != NULL && o->type->check != NULL && o->options != NULL &&
	    o->type->check(o->common.name != NULL ? o->common.name : "?", o->options, &err) != 0)
		vnm_errs_at(errs, o->node, "%s", err.text);
	if (o->type != NULL)
		return;
	for (size_t i = 0; vnm_sink_types[i] != NULL; i++) {
		size_t n = strlen(names);
		snprintf(names + n, sizeof(names) - n, "%s%s", n > 0 ? ", " : "",
		    vnm_sink_types[i]->name);
		vnm_nearest_offer(&nearest, vnm_sink_types[i]->name);
	}
	vnm_errs_at(errs, vnm_node_at(o->node, "type"),
	    "no type of output is called `%s` (there are %s)%s", name, names,
	    vnm_nearest_hint(&nearest, hint, sizeof(hint)));
}

/* Where a file output writes; NULL for others. */
static const char *
file_of(const struct vnm_conf_output *o)
{
	const char *path = vnm_node_text(o->node, "path");

	if (o->common.type == NULL || strcmp(o->common.type, "file") != 0)
		return NULL;
	return path != NULL ? path : "-";
}

/* Two outputs into one file would write into each other's lines. */
static void
check_path(const struct vnm_conf *conf, uint32_t i, struct vnm_errs *errs)
{
	const struct vnm_node *node = conf->outputs[i].node;
	const char *path = file_of(&conf->outputs[i]);

	for (uint32_t k = 0; k < i && path != NULL; k++) {
		const char *other = file_of(&conf->outputs[k]);
		if (other != NULL && strcmp(other, path) == 0)
			vnm_errs_at(errs, vnm_node_at(node, "path"),
			    "`path`: output `%s` writes to %s already",
			    conf->outputs[k].common.name != NULL ? conf->outputs[k].common.name
								 : "?",
			    strcmp(path, "-") == 0 ? "stdout" : path);
	}
}

static void
check_outputs(const struct vnm_conf *conf, struct vnm_errs *errs)
{
	const struct vnm_node *first = first_item(conf->tree.root, "outputs");
	struct vnm_selection selection;
	struct vnm_err err;

	for (uint32_t i = 0; i < conf->output_count; i++) {
		const struct vnm_conf_output *o = &conf->outputs[i];

		check_name(o->node, "output", o->common.name, errs);
		check_unique(o->node, "output", o->common.name, first, errs);
		check_sink(o, errs);
		check_path(conf, i, errs);
		check_choice(o->node, "encoding", o->common.encoding, encodings, errs);
		check_choice(o->node, "json_u64", o->common.json_u64, json_u64_forms, errs);
		check_choice(o->node, "key", o->common.key, key_modes, errs);
		if (vnm_selection_make(&selection, &o->common.fields, &err) != 0)
			vnm_errs_at(errs, vnm_node_at(o->node, "fields"), "%s", err.text);
	}
}

/* ---- the rest ------------------------------------------------------------------------------ */

static void
check_sources(const struct vnm_conf *conf, struct vnm_errs *errs)
{
	const struct vnm_node *topology = vnm_node_child(conf->tree.root, "topology");
	const struct vnm_node *first = first_item(topology, "sources");

	for (uint32_t i = 0; i < conf->source_count; i++) {
		const struct vnm_conf_source *s = &conf->sources[i];

		check_name(s->node, "topology source", s->name, errs);
		check_unique(s->node, "topology source", s->name, first, errs);
		check_choice(s->node, "type", s->type, source_types, errs);
		if (s->path == NULL)
			vnm_errs_at(errs, s->node, "a topology source of type `file` needs `path`");
	}
}

/* Users may be many: each name is looked for once. */
static void
check_snmp(const struct vnm_conf *conf, struct vnm_errs *errs)
{
	const struct vnm_node *snmp = vnm_node_child(conf->tree.root, "snmp");
	const struct vnm_node *first = first_item(snmp, "communities");

	for (uint32_t i = 0; i < conf->community_count; i++) {
		const struct vnm_conf_community *c = &conf->communities[i];

		check_name(c->node, "community", c->name, errs);
		check_unique(c->node, "community", c->name, first, errs);
	}
	for (uint32_t i = 0; i < conf->user_count; i++)
		check_name(conf->users[i].node, "user", conf->users[i].name, errs);
}

static void
check_logs(const struct vnm_conf *conf, struct vnm_errs *errs)
{
	static const char *const numbers[] = {"templates_max", "sources", "burst", NULL};
	const struct vnm_node *root = conf->tree.root;
	const struct vnm_node *first = first_item(root, "alarm_rules");
	struct vnm_err err;

	check_not_zero(
	    vnm_node_at(root, "logs"), vnm_logs_options, &conf->analysis.logs, numbers, errs);
	for (uint32_t i = 0; i < conf->rule_count; i++) {
		const struct vnm_node *node = conf->rule_nodes[i];

		check_name(node, "alarm rule", conf->rules[i].name, errs);
		check_unique(node, "alarm rule", conf->rules[i].name, first, errs);
		if (vnm_rule_check(&conf->rules[i], &err) != 0)
			vnm_errs_at(errs, node, "%s", err.text);
	}
}

static void
check_mibs(const struct vnm_conf *conf, struct vnm_errs *errs)
{
	const struct vnm_node *mibs = vnm_node_at(conf->tree.root, "mibs");

	if (conf->mibs.modules.n > 0 && conf->mibs.dirs.n == 0)
		vnm_errs_at(errs, vnm_node_at(mibs, "modules"),
		    "`modules` are looked for in `dirs`, and there are none");
}

void
vnm_conf_check(const struct vnm_conf *conf, bool replay, struct vnm_errs *errs)
{
	const struct vnm_node *root = conf->tree.root;
	const struct vnm_endpoint *http = &conf->http.listen;

	check_choice(root, "log_level", conf->main.log_level, log_levels, errs);
	if (conf->main.workers == 0 || conf->main.workers > WORKERS_MAX)
		vnm_errs_at(
		    errs, vnm_node_at(root, "workers"), "`workers` is 1 to %d", WORKERS_MAX);
	check_not_zero(
	    vnm_node_at(root, "limits"), vnm_limits_options, &conf->limits, limits_numbers, errs);
	check_listeners(conf, replay, errs);
	check_logs(conf, errs);
	check_sources(conf, errs);
	check_snmp(conf, errs);
	check_outputs(conf, errs);
	check_mibs(conf, errs);
	if (http->addr.family != VNM_ADDR_NONE && http->port == 0)
		vnm_errs_at(errs, vnm_node_at(vnm_node_at(root, "http"), "listen"),
		    "`listen`: port 0 cannot be asked");
}
