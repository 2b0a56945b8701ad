/*
 * The model's ids and ports.
 */
#include "topology/model.h"

#include "base/alloc.h"

int
vnm_model_init(struct vnm_model *m, struct vnm_arena *text)
{
	*m = (struct vnm_model){0};
	return vnm_symbols_init(&m->symbols, text);
}

void
vnm_model_free(struct vnm_model *m)
{
	vnm_symbols_free(&m->symbols);
	vnm_arena_free(&m->notes);
	vnm_free(m->nss.p);
	vnm_free(m->vnfs.p);
	vnm_free(m->vnfcs.p);
	vnm_free(m->cps.p);
	vnm_free(m->vls.p);
	vnm_free(m->nodes.p);
	vnm_free(m->ports.p);
	vnm_free(m->addrs.p);
	vnm_free(m->routers.p);
	vnm_free(m->engines.p);
	vnm_free(m->macs.p);
	vnm_free(m->ns_vnfs.p);
	vnm_free(m->ns_vls.p);
	vnm_free(m->vl_cps.p);
	vnm_free(m->ids.p);
	vnm_table_free(&m->by_id);
}

/* ---- ids ----------------------------------------------------------------------------------- */

static uint64_t
id_hash(uint32_t kind, uint32_t scope, uint32_t id)
{
	uint32_t key[3] = {kind, scope, id};

	return vnm_hash(key, sizeof(key), 0);
}

static struct vnm_model_id *
id_of(const struct vnm_model *m, uint32_t kind, uint32_t scope, uint32_t id)
{
	uint64_t hash = id_hash(kind, scope, id);
	uint32_t at = 0, i;

	while ((i = vnm_table_next(&m->by_id, hash, &at)) != VNM_TABLE_NONE) {
		struct vnm_model_id *e = &m->ids.p[i];
		if (e->kind == kind && e->scope == scope && e->id == id)
			return e;
	}
	return NULL;
}

uint32_t
vnm_model_find(const struct vnm_model *m, enum vnm_model_kind kind, uint32_t scope, uint32_t id)
{
	const struct vnm_model_id *e = id != 0 ? id_of(m, kind, scope, id) : NULL;

	return e != NULL && !e->several ? e->index : VNM_NONE;
}

const struct vnm_model_id *
vnm_model_place(const struct vnm_model *m, enum vnm_model_kind kind, uint32_t scope, uint32_t id)
{
	return id_of(m, kind, scope, id);
}

static int
refuse(const struct vnm_model *m, const struct vnm_json *v, const struct vnm_model_id *first)
{
	const char *id = m->symbols.list.p[first->id].p;

	if (first->file == v->doc->file)
		return vnm_json_fail(v, "is \"%.60s\", as is %s", id, first->path);
	return vnm_json_fail(v, "is \"%.60s\", as is %s of %s", id, first->path, first->file);
}

int
vnm_model_add(struct vnm_model *m, const struct vnm_model_id *id)
{
	uint32_t i = m->ids.n;
	struct vnm_model_id *e = VNM_LIST_ADD(&m->ids);

	if (e == NULL)
		return -1;
	*e = *id;
	return vnm_table_add(&m->by_id, id_hash(id->kind, id->scope, id->id), i);
}

int
vnm_model_enter(struct vnm_model *m, const struct vnm_json *v, const struct vnm_model_id *id)
{
	char path[192];
	struct vnm_model_id *first = id_of(m, id->kind, id->scope, id->id);

	if (first != NULL && id->kind < VNM_MODEL_NS_NAME)
		return refuse(m, v, first);
	if (first != NULL) {
		first->several = true;
		return 0;
	}
	struct vnm_model_id placed = *id;
	size_t n = vnm_json_path(v, path, sizeof(path));
	placed.file = v->doc->file;
	placed.line = v->doc->line;
	placed.path = vnm_arena_copy(&m->notes, path, n);
	if (placed.path == NULL || vnm_model_add(m, &placed) != 0)
		return vnm_json_fail(v, "does not fit into memory");
	return 0;
}

/* ---- ports --------------------------------------------------------------------------------- */

static const struct {
	const char *key;
	size_t offset;
	bool text;
} merged[] = {
    {"ifIndex", offsetof(struct vnm_model_port, if_index), false},
    {"ofPort", offsetof(struct vnm_model_port, of_port), false},
    {"dpPort", offsetof(struct vnm_model_port, dp_port), false},
    {"vni", offsetof(struct vnm_model_port, vni), false},
    {"accessVlan", offsetof(struct vnm_model_port, vlan), false},
    {"virtualLinkId", offsetof(struct vnm_model_port, vl), true},
    {"connectedCpId", offsetof(struct vnm_model_port, cp), true},
    {"vnfcId", offsetof(struct vnm_model_port, vnfc), true},
};

static int
contradict(const struct vnm_model *m, const struct vnm_json *v, size_t row, const uint32_t now,
    const uint32_t before)
{
	const struct vnm_str *text = m->symbols.list.p;

	if (merged[row].text)
		return vnm_json_fail(v, "has %s \"%.60s\", but elsewhere \"%.60s\"",
		    merged[row].key, text[now].p, text[before].p);
	return vnm_json_fail(v, "has %s %u, but elsewhere %u", merged[row].key, now, before);
}

static int
merge(struct vnm_model *m, const struct vnm_json *v, struct vnm_model_port *into,
    const struct vnm_model_port *from)
{
	for (size_t i = 0; i < VNM_ARRAY_LEN(merged); i++) {
		uint32_t now, before;
		memcpy(&now, (const char *)from + merged[i].offset, sizeof(now));
		memcpy(&before, (const char *)into + merged[i].offset, sizeof(before));
		if (now != 0 && before != 0 && now != before)
			return contradict(m, v, i, now, before);
		if (now != 0)
			memcpy((char *)into + merged[i].offset, &now, sizeof(now));
	}
	into->list = from->list;
	return 0;
}

int
vnm_model_port(struct vnm_model *m, const struct vnm_json *v, const struct vnm_model_port *port)
{
	struct vnm_model_id id = {
	    VNM_MODEL_PORT, port->node, port->name, m->ports.n, false, NULL, 0, NULL};
	struct vnm_json name = {v->doc, NULL, v, "name", 0};
	const struct vnm_model_id *first = id_of(m, id.kind, id.scope, id.id);

	if (first != NULL) {
		struct vnm_model_port *before = &m->ports.p[first->index];
		if (before->list == port->list)
			return refuse(m, &name, first);
		return merge(m, v, before, port);
	}
	if (vnm_model_enter(m, &name, &id) != 0)
		return -1;
	struct vnm_model_port *added = VNM_LIST_ADD(&m->ports);
	if (added == NULL)
		return vnm_json_fail(v, "does not fit into memory");
	*added = *port;
	return 0;
}
