/*
 * Polls: groups of devices as they are written, and as the poller takes them.
 *
 * Devices may be thousands: what their options say is kept once for all that say the same, and a
 * device itself is an address and two pointers.
 */
#include "daemon/conf.h"

#include "base/alloc.h"

#include <assert.h>
#include <stdio.h>
#include <string.h>

#define IN_FLIGHT_MAX 64 /* of one device */
#define RETRIES_MAX 20
#define INTERVAL_MIN (100 * UINT64_C(1000000))
#define RESPONSE_MIN 200 /* octets */
#define RESPONSE_MAX 65000
#define REPETITIONS_MAX 2000
#define RATE_MAX 1000	   /* addresses a second */
#define SEARCH_BITS_MAX 20 /* of one prefix */

/* A device's way to be asked, and what it was made of. */
struct held_access {
	struct vnm_poll_access access;
	int64_t user;		   /* of conf->users; -1: none */
	char *community, *context; /* owned */
};

struct group {
	struct vnm_poll_group group;
	struct vnm_plan *plans; /* owned, as are their columns */
	const struct vnm_node *node;
	struct vnm_tree file; /* devices_file */
	bool has_file;
};

struct vnm_conf_polls {
	struct vnm_poll_config config;
	struct group *groups;		    /* owned; group_count */
	const struct vnm_poll_group **list; /* owned */
	uint32_t group_count;
	struct held_access **accesses; /* owned, as are they */
	uint32_t access_count, access_cap;
	struct vnm_table access_index;
	struct vnm_poll_target *targets; /* owned */
	const struct vnm_node **nodes;	 /* owned; of the targets, while they are bound */
	uint32_t target_count, target_cap;
	uint16_t ports[VNM_POLL_PORTS];
	uint32_t port_count;
};

struct maker {
	struct vnm_conf *conf;
	struct vnm_conf_polls *polls;
	struct group *group;
	struct vnm_table users; /* of conf, by name; while devices are bound */
	struct vnm_errs *errs;
};

static void
no_memory(struct maker *m, const struct vnm_node *node)
{
	vnm_errs_at(m->errs, node, "out of memory");
}

/* ---- how a device is asked
 * --------------------------------------------------------------------------- */

static bool
same_text(const char *a, const char *b)
{
	return a == b || (a != NULL && b != NULL && strcmp(a, b) == 0);
}

static const char *
or_empty(const char *text)
{
	return text != NULL ? text : "";
}

static bool
same_access(const struct held_access *a, const struct held_access *b)
{
	const struct vnm_poll_access *x = &a->access, *y = &b->access;

	return x->version == y->version && a->user == b->user &&
	       strcmp(or_empty(a->community), or_empty(b->community)) == 0 &&
	       strcmp(or_empty(a->context), or_empty(b->context)) == 0 &&
	       x->timeout_ns == y->timeout_ns && x->gap_ns == y->gap_ns &&
	       x->walk_ns == y->walk_ns && x->retries == y->retries &&
	       x->in_flight == y->in_flight && x->max_repetitions == y->max_repetitions &&
	       x->response_octets == y->response_octets && x->walk_varbinds == y->walk_varbinds &&
	       x->any_source == y->any_source;
}

static uint64_t
access_hash(const struct held_access *h)
{
	const uint64_t key[] = {(uint64_t)h->access.version, (uint64_t)h->user,
	    h->access.timeout_ns, h->access.retries};
	uint64_t hash = vnm_hash(key, sizeof(key), 0);

	return h->community != NULL ? vnm_hash(h->community, strlen(h->community), hash) : hash;
}

/* The one that says the same, or a copy of it; NULL when memory is short. */
static const struct vnm_poll_access *
keep_access(struct vnm_conf_polls *p, const struct held_access *wanted)
{
	uint64_t hash = access_hash(wanted);
	uint32_t place = 0, i;
	struct held_access *h;

	while ((i = vnm_table_next(&p->access_index, hash, &place)) != VNM_TABLE_NONE) {
		if (same_access(p->accesses[i], wanted))
			return &p->accesses[i]->access;
	}
	if (p->access_count == p->access_cap) {
		uint32_t cap = p->access_cap == 0 ? 8 : 2 * p->access_cap;
		struct held_access **grown =
		    vnm_realloc(p->accesses, cap * sizeof(struct held_access *));

		if (grown == NULL)
			return NULL;
		p->accesses = grown;
		p->access_cap = cap;
	}
	h = vnm_alloc_zero(1, sizeof(*h));
	if (h == NULL || vnm_table_add(&p->access_index, hash, p->access_count) != 0) {
		vnm_free(h);
		return NULL;
	}
	*h = *wanted;
	h->community = vnm_strdup(or_empty(wanted->community));
	h->context = vnm_strdup(or_empty(wanted->context));
	p->accesses[p->access_count++] = h;
	if (h->community == NULL || h->context == NULL)
		return NULL;
	h->access.community = (struct vnm_slice){(uint8_t *)h->community, strlen(h->community)};
	h->access.context = (struct vnm_slice){(uint8_t *)h->context, strlen(h->context)};
	return &h->access;
}

static uint64_t
name_hash(const char *name)
{
	return vnm_hash(name, strlen(name), 0);
}

/* Devices may be as many as users. */
static void
index_users(struct maker *m)
{
	for (uint32_t i = 0; i < m->conf->user_count; i++) {
		const char *name = m->conf->users[i].name;

		if (name != NULL && vnm_table_add(&m->users, name_hash(name), i) != 0) {
			no_memory(m, NULL);
			return;
		}
	}
}

static int64_t
user_named(const struct maker *m, const char *name)
{
	uint32_t place = 0, i;

	if (name == NULL)
		return -1;
	while ((i = vnm_table_next(&m->users, name_hash(name), &place)) != VNM_TABLE_NONE) {
		if (strcmp(m->conf->users[i].name, name) == 0)
			return i;
	}
	return -1;
}

static void
read_version(struct maker *m, const struct vnm_poll_device_options *o, const struct vnm_node *node,
    struct held_access *h)
{
	if (same_text(o->version, "1"))
		h->access.version = VNM_SNMP_V1;
	else if (same_text(o->version, "2c") || same_text(o->version, "2"))
		h->access.version = VNM_SNMP_V2C;
	else if (same_text(o->version, "3"))
		h->access.version = VNM_SNMP_V3;
	else
		vnm_errs_at(m->errs, vnm_node_at(node, "version"),
		    "`version`: \"%s\" is none of: 1, 2c, 3", o->version);
	h->user = -1;
	if (h->access.version != VNM_SNMP_V3) {
		h->community = o->community;
		if (o->community == NULL)
			vnm_errs_at(m->errs, node, "SNMP version %s needs a `community`",
			    o->version != NULL ? o->version : "");
		return;
	}
	h->context = o->context;
	h->user = user_named(m, o->user);
	if (o->user == NULL)
		vnm_errs_at(m->errs, node, "SNMP version 3 needs a `user`");
	else if (h->user < 0)
		vnm_errs_at(m->errs, vnm_node_at(node, "user"),
		    "no user is called `%s` in snmp.users", o->user);
}

struct range {
	const char *name;
	uint64_t value, least, most;
};

static void
check_ranges(struct maker *m, const struct range *r, size_t n, const struct vnm_node *node)
{
	for (size_t i = 0; i < n; i++) {
		if (r[i].value < r[i].least)
			vnm_errs_at(
			    m->errs, vnm_node_at(node, r[i].name), "`%s` is too small", r[i].name);
		else if (r[i].value > r[i].most)
			vnm_errs_at(
			    m->errs, vnm_node_at(node, r[i].name), "`%s` is too large", r[i].name);
	}
}

/* NULL where something is wrong with it, which has been said. */
static const struct vnm_poll_access *
make_access(struct maker *m, const struct vnm_poll_device_options *o, const struct vnm_node *node)
{
	const struct range ranges[] = {
	    {"port", o->port, 1, UINT16_MAX},
	    {"timeout", o->timeout, UINT64_C(1000000), UINT64_MAX},
	    {"retries", o->retries, 0, RETRIES_MAX},
	    {"device_in_flight", o->device_in_flight, 1, IN_FLIGHT_MAX},
	    {"max_repetitions", o->max_repetitions, 1, REPETITIONS_MAX},
	    {"response_octets", o->response_octets, RESPONSE_MIN, RESPONSE_MAX},
	    {"walk_varbinds", o->walk_varbinds, 1, UINT32_MAX},
	    {"walk_time", o->walk_time, UINT64_C(1000000), UINT64_MAX},
	};
	struct held_access h = {.access = {
				    .timeout_ns = o->timeout,
				    .gap_ns = o->gap,
				    .walk_ns = o->walk_time,
				    .retries = o->retries,
				    .in_flight = o->device_in_flight,
				    .max_repetitions = o->max_repetitions,
				    .response_octets = (uint32_t)o->response_octets,
				    .walk_varbinds = o->walk_varbinds,
				    .any_source = o->any_source,
				}};
	uint32_t before = m->errs->n + m->errs->lost;
	const struct vnm_poll_access *access;

	check_ranges(m, ranges, VNM_ARRAY_LEN(ranges), node);
	read_version(m, o, node, &h);
	if (m->errs->n + m->errs->lost > before)
		return NULL;
	access = keep_access(m->polls, &h);
	if (access == NULL)
		no_memory(m, node);
	return access;
}

/* ---- devices
 * ------------------------------------------------------------------------------------------ */

static void
note_port(struct vnm_conf_polls *p, uint16_t port)
{
	for (uint32_t i = 0; i < p->port_count; i++) {
		if (p->ports[i] == port)
			return;
	}
	if (p->port_count < VNM_POLL_PORTS)
		p->ports[p->port_count++] = port;
}

static bool
grow_targets(struct vnm_conf_polls *p)
{
	uint32_t cap = p->target_cap == 0 ? 64 : 2 * p->target_cap;
	struct vnm_poll_target *targets;
	const struct vnm_node **nodes;

	if (p->target_count < p->target_cap)
		return true;
	targets = vnm_realloc(p->targets, cap * sizeof(*targets));
	if (targets == NULL)
		return false;
	p->targets = targets;
	nodes = vnm_realloc(p->nodes, cap * sizeof(const struct vnm_node *));
	if (nodes == NULL)
		return false;
	p->nodes = nodes;
	p->target_cap = cap;
	return true;
}

static void
add_target(struct maker *m, const struct vnm_endpoint *at_address,
    const struct vnm_poll_access *access, const struct vnm_node *node)
{
	struct vnm_conf_polls *p = m->polls;
	uint64_t hash = vnm_poll_hash(at_address);
	uint32_t place = 0, i;
	char text[VNM_ENDPOINT_TEXT];

	while ((i = vnm_table_next(&p->config.index, hash, &place)) != VNM_TABLE_NONE) {
		const struct vnm_endpoint *e = &p->targets[i].at;

		if (e->port != at_address->port || !vnm_addr_equal(&e->addr, &at_address->addr))
			continue;
		vnm_errs_at(m->errs, node, "device %s is there already, on line %u",
		    vnm_endpoint_text(at_address, text), p->nodes[i]->line);
		return;
	}
	if (!grow_targets(p) || vnm_table_add(&p->config.index, hash, p->target_count) != 0) {
		no_memory(m, node);
		return;
	}
	p->nodes[p->target_count] = node;
	p->targets[p->target_count++] =
	    (struct vnm_poll_target){*at_address, &m->group->group, access};
	note_port(p, at_address->port);
}

/* The group's own options for devices, then the device's. False when memory is short. */
static bool
read_device(struct maker *m, struct vnm_poll_device_options *o, const struct vnm_node *item)
{
	const struct vnm_conf_target targets[2] = {{vnm_poll_device_options, o}, {NULL, NULL}};
	struct vnm_errs told = {0}; /* of the group: said already */
	struct vnm_err err;
	bool ok;

	*o = (struct vnm_poll_device_options){0};
	ok = vnm_option_defaults(vnm_poll_device_options, o, &err) == 0;
	if (ok)
		vnm_conf_bind_map(m->group->node, targets, NULL, false, &told);
	vnm_errs_free(&told);
	if (ok && item != NULL && item->type == VNM_NODE_MAP)
		vnm_conf_bind_map(item, targets, NULL, true, m->errs);
	return ok;
}

static void
add_device(struct maker *m, const struct vnm_node *item, const char *address)
{
	struct vnm_poll_device_options o;
	struct vnm_endpoint e = {.port = 0};
	const struct vnm_poll_access *access;

	if (!read_device(m, &o, item)) {
		no_memory(m, item);
		return;
	}
	if (address == NULL)
		address = o.address;
	if (address == NULL)
		vnm_errs_at(m->errs, item, "this device has no `address`");
	else if (!vnm_addr_parse(&e.addr, address) || vnm_addr_is_zero(&e.addr))
		vnm_errs_at(m->errs, vnm_node_at(item, "address"),
		    "`address`: \"%s\" is no IP address", address);
	access = make_access(m, &o, item);
	e.port = (uint16_t)o.port;
	if (access != NULL && e.addr.family != VNM_ADDR_NONE)
		add_target(m, &e, access, item);
	vnm_option_release(vnm_poll_device_options, &o);
}

/* A list of devices, each a mapping or an address; from -o: addresses with commas between them. */
static void
add_devices(struct maker *m, const struct vnm_node *list)
{
	char address[VNM_ADDR_TEXT];

	if (list->type == VNM_NODE_SCALAR && !vnm_node_is_empty(list)) {
		for (const char *p = list->text; *p != '\0'; p += *p == ',') {
			size_t n = strcspn(p, ",");

			snprintf(address, sizeof(address), "%.*s", (int)n, p);
			add_device(m, list, address);
			p += n;
		}
		return;
	}
	if (list->type == VNM_NODE_MAP) {
		vnm_errs_at(m->errs, list, "`devices` takes a list of devices");
		return;
	}
	for (const struct vnm_node *n = list->first; n != NULL; n = n->next) {
		if (n->type == VNM_NODE_LIST)
			vnm_errs_at(
			    m->errs, n, "a device is an address, or a mapping with `address`");
		else
			add_device(m, n, n->type == VNM_NODE_SCALAR ? n->text : NULL);
	}
}

static void
read_file(struct maker *m, struct group *g)
{
	const char *path = g->group.options.devices_file;
	const struct vnm_node *list;

	if (vnm_tree_init(&g->file) != 0) {
		no_memory(m, g->node);
		return;
	}
	g->has_file = true;
	if (vnm_tree_read_yaml(&g->file, path, m->errs) != 0)
		return;
	vnm_node_read_secrets(g->file.root, m->errs);
	list = vnm_node_child(g->file.root, "devices");
	if (list == NULL)
		vnm_errs_at(m->errs, vnm_node_at(g->node, "devices_file"),
		    "%s has no list `devices`", path);
	else
		add_devices(m, list);
}

/* ---- groups
 * --------------------------------------------------------------------------------------------- */

static void
check_group(struct maker *m, const struct group *g)
{
	const struct vnm_poll_options *o = &g->group.options;
	const struct range ranges[] = {
	    {"interval", o->interval, INTERVAL_MIN, UINT64_MAX / 4},
	    {"topology_interval", o->topology_interval, INTERVAL_MIN, UINT64_MAX / 4},
	    {"jitter", o->jitter, 0, o->interval},
	    {"in_flight", o->in_flight, 1, 1000000},
	    {"dead_in_flight", o->dead_in_flight, 1, 1000000},
	    {"discover_rate", o->discover_rate, 1, RATE_MAX},
	    {"discover_interval", o->discover_interval, INTERVAL_MIN, UINT64_MAX / 4},
	};

	check_ranges(m, ranges, VNM_ARRAY_LEN(ranges), g->node);
	for (uint32_t i = 0; i < o->discover.n; i++) {
		const struct vnm_prefix *p = &o->discover.p[i];
		unsigned bits = p->addr.family == VNM_ADDR_IP4 ? 32 : 128;

		if (bits - p->len > SEARCH_BITS_MAX)
			vnm_errs_at(m->errs, vnm_node_at(g->node, "discover"),
			    "`discover`: a prefix of more than %u addresses is not searched",
			    1U << SEARCH_BITS_MAX);
	}
}

static void
check_name(struct maker *m, const struct group *g)
{
	const char *name = g->group.options.name;

	if (name == NULL) {
		vnm_errs_at(m->errs, g->node, "this group has no `name`");
		return;
	}
	for (const struct group *other = m->polls->groups; other != g; other++) {
		if (same_text(other->group.options.name, name))
			vnm_errs_at(m->errs, vnm_node_at(g->node, "name"),
			    "group `%s` is there already, on line %u", name,
			    vnm_node_at(other->node, "name")->line);
	}
}

static void
bind_group(struct maker *m, struct group *g)
{
	static const char *const keys[] = {"devices", NULL};
	struct vnm_poll_device_options device = {0};
	const struct vnm_conf_target targets[2] = {
	    {vnm_poll_options, &g->group.options}, {vnm_poll_device_options, &device}};
	const struct vnm_node *list = vnm_node_child(g->node, "devices");
	uint32_t before = m->polls->target_count, errors = m->errs->n + m->errs->lost;
	struct vnm_err err;

	m->group = g;
	if (vnm_option_defaults(vnm_poll_options, &g->group.options, &err) != 0 ||
	    vnm_option_defaults(vnm_poll_device_options, &device, &err) != 0)
		no_memory(m, g->node);
	vnm_conf_bind_map(g->node, targets, keys, true, m->errs);
	if (device.address != NULL)
		vnm_errs_at(
		    m->errs, vnm_node_at(g->node, "address"), "`address` belongs to a device");
	check_name(m, g);
	check_group(m, g);
	if (list != NULL)
		add_devices(m, list);
	if (g->group.options.devices_file != NULL)
		read_file(m, g);
	if (g->group.options.discover.n > 0) {
		g->group.access = make_access(m, &device, g->node);
		g->group.port = (uint16_t)device.port;
		note_port(m->polls, g->group.port);
	} else if (m->polls->target_count == before && m->errs->n + m->errs->lost == errors) {
		vnm_errs_at(m->errs, g->node, "this group has no devices");
	}
	vnm_option_release(vnm_poll_device_options, &device);
}

void
vnm_conf_bind_polls(struct vnm_conf *conf, struct vnm_errs *errs)
{
	const struct vnm_node *list = vnm_node_child(conf->tree.root, "polls");
	struct vnm_conf_polls *p;
	struct maker m = {.conf = conf, .errs = errs};
	uint32_t n = 0;

	if (list == NULL || vnm_node_is_empty(list))
		return;
	if (list->type != VNM_NODE_LIST) {
		vnm_errs_at(errs, list, "`polls` takes a list of items");
		return;
	}
	for (const struct vnm_node *i = list->first; i != NULL; i = i->next)
		n++;
	conf->polls = p = vnm_alloc_zero(1, sizeof(*p));
	if (p == NULL || (p->groups = vnm_alloc_zero(n + 1, sizeof(*p->groups))) == NULL) {
		vnm_errs_at(errs, list, "out of memory");
		return;
	}
	m.polls = p;
	index_users(&m);
	for (const struct vnm_node *i = list->first; i != NULL; i = i->next) {
		if (i->type != VNM_NODE_MAP) {
			vnm_errs_at(errs, i, "an item here is a mapping, as in { name: ... }");
			continue;
		}
		p->groups[p->group_count].node = i;
		bind_group(&m, &p->groups[p->group_count++]);
	}
	vnm_table_free(&m.users);
}

/* ---- as pollers take it
 * -------------------------------------------------------------------------------------- */

static void
give_users(const struct vnm_conf *conf, struct vnm_conf_polls *p)
{
	for (uint32_t i = 0; i < p->access_count; i++) {
		struct held_access *h = p->accesses[i];

		if (h->user >= 0 && conf->access != NULL)
			h->access.user = conf->access->users[h->user].usm;
	}
}

struct vnm_poll_config *
vnm_conf_make_polls(struct vnm_conf *conf, const struct vnm_mib *mib, struct vnm_errs *errs)
{
	struct vnm_conf_polls *p = conf->polls;
	uint32_t before = errs->n + errs->lost;

	if (p == NULL)
		return NULL;
	give_users(conf, p);
	p->list = vnm_alloc_zero(p->group_count + 1, sizeof(const struct vnm_poll_group *));
	if (p->list == NULL) {
		vnm_errs_at(errs, NULL, "out of memory");
		return NULL;
	}
	for (uint32_t i = 0; i < p->group_count; i++) {
		struct group *g = &p->groups[i];

		g->plans = vnm_conf_make_plans(&g->group, g->node, mib, errs);
		p->list[i] = &g->group;
	}
	vnm_free(p->nodes);
	p->nodes = NULL;
	p->config.groups = p->list;
	p->config.group_count = p->group_count;
	p->config.targets = p->targets;
	p->config.target_count = p->target_count;
	p->config.ports = p->ports;
	p->config.port_count = p->port_count;
	return errs->n + errs->lost == before ? &p->config : NULL;
}

void
vnm_conf_free_polls(struct vnm_conf_polls *p)
{
	if (p == NULL)
		return;
	for (uint32_t i = 0; i < p->group_count; i++) {
		struct group *g = &p->groups[i];

		for (uint32_t k = 0; k < g->group.plan_count; k++)
			vnm_plan_release(&g->plans[k]);
		vnm_free(g->plans);
		vnm_option_release(vnm_poll_options, &g->group.options);
		if (g->has_file)
			vnm_tree_free(&g->file);
	}
	for (uint32_t i = 0; i < p->access_count; i++) {
		vnm_free(p->accesses[i]->community);
		vnm_free(p->accesses[i]->context);
		vnm_free(p->accesses[i]);
	}
	vnm_table_free(&p->access_index);
	vnm_table_free(&p->config.index);
	vnm_free(p->accesses);
	vnm_free(p->targets);
	vnm_free(p->nodes);
	vnm_free(p->groups);
	vnm_free(p->list);
	vnm_free(p);
}
