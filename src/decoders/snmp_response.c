/*
 * What agents answered, without what they were asked: values are joined to rows by the MIB
 * catalogue and their index, never by their position (RFC 3416 section 4.2.3 lets rows have holes).
 * Rows of interfaces become records `interface`, all others `table`.
 */
#include "decoders/snmp.h"
#include "decoders/snmp_interface.h"

static const uint32_t sys_up_time[] = {1, 3, 6, 1, 2, 1, 1, 3, 0};
static const uint32_t trap_oid[] = {1, 3, 6, 1, 6, 3, 1, 1, 4, 1, 0};

#define NO_GROUP UINT32_MAX

/* A value and the row that it belongs to. */
struct cell {
	uint32_t at;	/* of the call's variables */
	uint32_t group; /* index of the entry in the catalogue, or of the scalars' parent */
	struct vnm_oid instance;
};

/* ---- rows ------------------------------------------------------------------------------------ */

static uint32_t
index_of(const struct vnm_snmp_call *c, const struct vnm_mib_object *o)
{
	return (uint32_t)(o - c->mib->objects);
}

/* Both tables of interfaces have the same rows. */
static bool
is_interface(const struct vnm_snmp_call *c, const struct vnm_mib_object *entry)
{
	const char *name = vnm_mib_name(c->mib, entry);

	return strcmp(name, "ifEntry") == 0 || strcmp(name, "ifXEntry") == 0;
}

static void
place(const struct vnm_snmp_call *c, struct cell *cell)
{
	static const struct vnm_oid none = {NULL, 0};
	const struct vnm_snmp_object *o = &c->objects[cell->at];
	const struct vnm_mib_object *above;

	cell->group = NO_GROUP;
	cell->instance = none;
	if (o->object == NULL)
		return;
	cell->instance = o->instance;
	above = o->object->kind == VNM_MIB_COLUMN ? vnm_mib_entry(c->mib, o->object)
						  : vnm_mib_parent(c->mib, o->object);
	if (above == NULL)
		return;
	if (o->object->kind == VNM_MIB_COLUMN && is_interface(c, above)) {
		const struct vnm_mib_object *one = vnm_mib_named(c->mib, "ifEntry", 7);

		above = one != NULL ? one : above;
	}
	cell->group = index_of(c, above);
}

static int
compare(const struct cell *a, const struct cell *b)
{
	int order = vnm_oid_compare(a->instance, b->instance);

	if (a->group != b->group)
		return a->group < b->group ? -1 : 1;
	if (order != 0)
		return order;
	return a->at < b->at ? -1 : 1;
}

/* Shell's sort: in place, and quick where agents answered in order. */
static void
sort(struct cell *p, uint32_t n)
{
	for (uint32_t gap = n / 2; gap > 0; gap /= 2) {
		for (uint32_t i = gap; i < n; i++) {
			struct cell moved = p[i];
			uint32_t at = i;

			for (; at >= gap && compare(&moved, &p[at - gap]) < 0; at -= gap)
				p[at] = p[at - gap];
			p[at] = moved;
		}
	}
}

static bool
same_row(const struct cell *a, const struct cell *b)
{
	return a->group == b->group && vnm_oid_equal(a->instance, b->instance);
}

/* ---- records --------------------------------------------------------------------------------- */

/* The pairs of a record in the making; as many as there is room for. */
struct columns {
	struct vnm_pair *p;
	uint32_t n, cap;
};

/* "name_name" in scratch memory, or NULL. */
static const char *
label_name(struct vnm_scratch *s, const char *column)
{
	size_t n = strlen(column);
	char *p = vnm_scratch_take(s, n + sizeof("_name"));

	if (p == NULL)
		return NULL;
	memcpy(p, column, n);
	memcpy(p + n, "_name", sizeof("_name"));
	return p;
}

/* The name of an enumeration's number goes beside it. */
static void
add_label(struct vnm_snmp_call *c, const struct vnm_mib_object *o, const struct vnm_pair *number,
    struct columns *to)
{
	const char *label = vnm_mib_label(c->mib, o, number->i64), *name;

	if (label == NULL || to->n == to->cap)
		return;
	name = label_name(c->out->scratch, number->name);
	if (name != NULL)
		to->p[to->n++] =
		    (struct vnm_pair){.name = name, .type = VNM_PAIR_STR, .str = vnm_str_of(label)};
}

/* A value under its name; octets that are no text as the catalogue writes them. */
static bool
add_value(struct vnm_snmp_call *c, const struct vnm_mib_object *o, const char *name,
    const struct vnm_varbind *v, struct columns *to)
{
	struct vnm_pair pair = {.name = name};

	if (to->n == to->cap || !vnm_snmp_pair(c, o, v, &pair))
		return false;
	if (pair.type == VNM_PAIR_BYTES && o != NULL && v->type == VNM_BER_OCTETS) {
		struct vnm_str text = vnm_snmp_text(c, o, v);

		if (text.n > 0) {
			pair.type = VNM_PAIR_STR;
			pair.str = text;
		}
	}
	to->p[to->n++] = pair;
	if (pair.type == VNM_PAIR_I64 && o != NULL)
		add_label(c, o, &pair, to);
	return true;
}

static void
add_cell(struct vnm_snmp_call *c, const struct cell *cell, struct columns *to)
{
	const struct vnm_varbind *v = &c->v[cell->at];
	const struct vnm_mib_object *o = c->objects[cell->at].object;
	const char *name = NULL;

	if (o != NULL) {
		name = vnm_mib_column(c->mib, o);
	} else {
		struct vnm_str oid = vnm_snmp_oid_str(c->out->scratch, v->name);
		char *end = oid.n > 0 ? vnm_scratch_take(c->out->scratch, oid.n + 1) : NULL;

		if (end != NULL) {
			memcpy(end, oid.p, oid.n);
			end[oid.n] = '\0';
			name = end;
		}
	}
	if (name == NULL || !add_value(c, o, name, v, to))
		vnm_out_fault(c->out, VNM_R_scratch_full);
}

static struct columns
take_columns(struct vnm_snmp_call *c, uint32_t cells)
{
	struct columns to = {.cap = 2 * cells}; /* each may have a label */

	to.p = vnm_scratch_take(c->out->scratch, to.cap * sizeof(*to.p));
	if (to.p == NULL)
		to.cap = 0;
	return to;
}

/* The index by the names of its parts. */
static struct vnm_pairs
index_values(struct vnm_snmp_call *c, const struct vnm_mib_object *entry, struct vnm_oid instance)
{
	struct vnm_mib_index *index = vnm_scratch_take(c->out->scratch, sizeof(*index));
	struct columns to = take_columns(c, VNM_MIB_INDEX_MAX);

	if (index == NULL || !vnm_mib_index(c->mib, entry, instance, index))
		return (struct vnm_pairs){NULL, 0};
	for (uint32_t i = 0; i < index->n; i++) {
		const struct vnm_mib_object *o = index->part[i].object;
		const struct vnm_mib_value *value = &index->part[i].value;
		struct vnm_varbind v = {.type = VNM_BER_OCTETS};

		switch (value->type) {
		case VNM_MIB_VALUE_SIGNED:
			v.type = VNM_BER_INTEGER;
			v.i64 = value->i;
			break;
		case VNM_MIB_VALUE_UNSIGNED:
			v.type = VNM_BER_GAUGE32;
			v.u64 = value->u;
			break;
		case VNM_MIB_VALUE_OID:
			v.type = VNM_BER_OID;
			v.oid = value->oid;
			break;
		default:
			v.octets = value->octets;
		}
		(void)add_value(c, o, vnm_mib_column(c->mib, o), &v, &to);
	}
	return (struct vnm_pairs){to.p, to.n};
}

static void
set_common(struct vnm_snmp_call *c, struct vnm_record *r)
{
	struct vnm_strs odd = vnm_snmp_odd(c->out->scratch, c->m.odd);

	if (c->scoped.context_name.n > 0)
		VNM_SET(r, table, context_name,
		    (struct vnm_str){(const char *)c->scoped.context_name.p,
			(uint32_t)c->scoped.context_name.n, false});
	if (odd.n > 0)
		VNM_SET(r, table, odd, odd);
	if (c->has_uptime)
		VNM_SET(r, table, uptime, c->uptime);
}

static bool
emit_table(struct vnm_snmp_call *c, const struct cell *cells, uint32_t n)
{
	struct vnm_record *r = vnm_out_begin(c->out, VNM_KIND_table);
	struct columns to = take_columns(c, n);

	if (cells->group != NO_GROUP) {
		const struct vnm_mib_object *entry = &c->mib->objects[cells->group], *table = entry;
		uint32_t ids[VNM_OID_MAX];
		struct vnm_pairs values;

		if (entry->kind == VNM_MIB_ENTRY) {
			table = vnm_mib_parent(c->mib, entry);
			values = index_values(c, entry, cells->instance);
			if (values.n > 0)
				VNM_SET(r, table, index_values, values);
		}
		VNM_SET(r, table, table_name, vnm_str_of(vnm_mib_name(c->mib, table)));
		VNM_SET(r, table, table_oid,
		    vnm_snmp_oid_str(c->out->scratch, vnm_mib_oid(c->mib, table, ids)));
		VNM_SET(r, table, index, vnm_snmp_oid_str(c->out->scratch, cells->instance));
	}
	set_common(c, r);
	for (uint32_t i = 0; i < n; i++)
		add_cell(c, &cells[i], &to);
	VNM_SET(r, table, columns, (struct vnm_pairs){to.p, to.n});
	return vnm_out_emit(c->out);
}

static bool
emit_interface(struct vnm_snmp_call *c, const struct cell *cells, uint32_t n)
{
	struct vnm_record *r = vnm_out_begin(c->out, VNM_KIND_interface);
	struct columns to = take_columns(c, n);

	VNM_SET(r, interface, if_index, cells->instance.v[0]);
	for (uint32_t i = 0; i < n; i++) {
		const char *name = vnm_mib_name(c->mib, c->objects[cells[i].at].object);

		if (!vnm_snmp_interface_set(r, name, &c->v[cells[i].at]))
			add_cell(c, &cells[i], &to);
	}
	vnm_snmp_interface_finish(r);
	if (to.n > 0)
		VNM_SET(r, interface, counters, (struct vnm_pairs){to.p, to.n});
	return vnm_out_emit(c->out);
}

/* Each row's memory ends with the row. */
static bool
emit_row(struct vnm_snmp_call *c, const struct cell *cells, uint32_t n)
{
	size_t mark = vnm_scratch_mark(c->out->scratch);
	bool interface = cells->group != NO_GROUP && cells->instance.n == 1 &&
			 c->mib->objects[cells->group].kind == VNM_MIB_ENTRY &&
			 is_interface(c, &c->mib->objects[cells->group]);
	bool emitted = interface ? emit_interface(c, cells, n) : emit_table(c, cells, n);

	vnm_scratch_rewind(c->out->scratch, mark);
	return emitted;
}

/* ---- a Response ------------------------------------------------------------------------------ */

/* The answer to an inform has the inform's variables, and says nothing of who answers. */
static bool
is_acknowledgement(const struct vnm_snmp_call *c)
{
	return c->n >= 2 && vnm_oid_equal(c->v[0].name, VNM_OID(sys_up_time)) &&
	       vnm_oid_equal(c->v[1].name, VNM_OID(trap_oid));
}

enum vnm_reason
vnm_snmp_response(struct vnm_snmp_call *c)
{
	if (c->pdu->error_status == VNM_PDU_NO_ERROR && !is_acknowledgement(c))
		return vnm_snmp_rows(c);
	c->out->good++;
	return VNM_OK;
}

enum vnm_reason
vnm_snmp_rows(struct vnm_snmp_call *c)
{
	struct cell *cells = vnm_scratch_take(c->out->scratch, c->n * sizeof(*cells));
	uint32_t n = 0, end;

	c->out->good++;
	if (cells == NULL)
		return VNM_R_scratch_full;
	for (uint32_t i = 0; i < c->n; i++) {
		cells[n].at = i;
		place(c, &cells[n]);
		n += vnm_varbind_has_value(&c->v[i]);
	}
	sort(cells, n);
	for (uint32_t i = 0; i < n; i = end) {
		for (end = i + 1; end < n && same_row(&cells[i], &cells[end]); end++)
			continue;
		if (!emit_row(c, &cells[i], end - i))
			return VNM_OK;
	}
	return VNM_OK;
}
