/*
 * Makes a catalogue of a draft (mibs/draft.h): every object's whole oid, the tree in breadth-first
 * order so that children stand together, indexes and notifications' objects, the hash of names.
 */
#include "mibs/draft_part.h"

#include "base/alloc.h"

#include <assert.h>
#include <stdlib.h>
#include <string.h>

#define MAGIC 0x766e6d63U /* "vnmc" */

struct finish {
	struct vnm_mib_draft *d;
	struct vnm_errs *conflicts;
	struct vnm_err *err;
};

static struct vnm_oid
oid_of(const struct vnm_mib_draft *d, const struct vnm_draft_object *o)
{
	return (struct vnm_oid){d->oids.p + o->oid, o->oid_n};
}

static void
conflict(const struct finish *f, const struct vnm_draft_object *o, const char *what, uint32_t name)
{
	struct vnm_err err;

	(void)vnm_err_set(&err, vnm_draft_name(f->d, o->file), o->line, "%s::%s: %s `%s`",
	    vnm_draft_name(f->d, f->d->modules.p[o->module]), vnm_draft_name(f->d, o->name), what,
	    vnm_draft_name(f->d, name));
	vnm_errs_add(f->conflicts, &err);
}

/* ---- whole oids ---------------------------------------------------------------------------- */

/*
 * The object's numbers behind those of its parents. An object whose parent is nowhere gets none
 * and is left out; that is told. 1, 0 for left out, -1 with an error.
 */
static int
place(const struct finish *f, struct vnm_draft_object *o, unsigned depth)
{
	struct vnm_mib_draft *d = f->d;
	struct vnm_draft_object *parent = NULL;
	uint32_t above = 0;

	if (o->oid_n != 0)
		return 1;
	if (o->parent.name != 0) {
		parent = vnm_draft_find_object(d, o->module, &o->parent);
		if (parent == NULL || parent == o || depth > VNM_OID_MAX ||
		    place(f, parent, depth + 1) <= 0) {
			if (depth == 0)
				conflict(f, o, "it stands below an unknown", o->parent.name);
			return 0;
		}
		above = parent->oid_n;
	}
	if (above + o->number_count > VNM_OID_MAX || above + o->number_count == 0) {
		conflict(f, o, "its oid is too long, below", o->parent.name);
		return 0;
	}
	if (VNM_DRAFT_ROOM(d->oids, above + o->number_count) != 0)
		return vnm_draft_no_memory(f->err);
	o->oid = d->oids.n;
	if (parent != NULL)
		memcpy(d->oids.p + o->oid, d->oids.p + parent->oid, above * sizeof(uint32_t));
	memcpy(d->oids.p + o->oid + above, d->numbers.p + o->numbers,
	    o->number_count * sizeof(uint32_t));
	o->oid_n = above + o->number_count;
	d->oids.n += o->oid_n;
	return 1;
}

/* What has a value or a list is more than a mere name for the same place. */
static bool
mere_name(const struct vnm_draft_object *o)
{
	return o->kind == VNM_MIB_NODE || o->kind == VNM_MIB_IDENTITY;
}

static int
compare_objects(const void *a, const void *b, void *ctx)
{
	const struct vnm_mib_draft *d = ctx;
	const struct vnm_draft_object *x = &d->objects.p[*(const uint32_t *)a];
	const struct vnm_draft_object *y = &d->objects.p[*(const uint32_t *)b];
	int order = vnm_oid_compare(oid_of(d, x), oid_of(d, y));

	if (order != 0)
		return order;
	if (mere_name(x) != mere_name(y))
		return mere_name(x) ? 1 : -1;
	return x < y ? -1 : x > y;
}

/* Sorted by oid; of several names for one oid the best stays. */
static int
sort_objects(const struct finish *f)
{
	struct vnm_mib_draft *d = f->d;
	uint32_t kept = 0;

	if (VNM_DRAFT_ROOM(d->sorted, d->objects.n) != 0)
		return vnm_draft_no_memory(f->err);
	for (uint32_t i = 0; i < d->objects.n; i++) {
		int rc = place(f, &d->objects.p[i], 0);
		if (rc < 0)
			return -1;
		if (rc > 0)
			d->sorted.p[d->sorted.n++] = i;
	}
	qsort_r(d->sorted.p, d->sorted.n, sizeof(*d->sorted.p), compare_objects, d);
	for (uint32_t i = 0; i < d->sorted.n; i++) {
		struct vnm_draft_object *o = &d->objects.p[d->sorted.p[i]], *last;

		if (kept > 0) {
			last = &d->objects.p[d->sorted.p[kept - 1]];
			if (vnm_oid_equal(oid_of(d, o), oid_of(d, last))) {
				if (o->name != last->name || !mere_name(o))
					conflict(f, o, "its oid is already that of", last->name);
				o->same = d->sorted.p[kept - 1] + 1;
				continue;
			}
		}
		d->sorted.p[kept++] = d->sorted.p[i];
	}
	d->sorted.n = kept;
	return 0;
}

/* ---- the tree ------------------------------------------------------------------------------ */

/* The sorted objects from `begin` to `end` stand below a node, at `depth` numbers. */
struct range {
	uint32_t begin, end;
	uint32_t depth;
};

static struct vnm_mib_object
node_of(const struct vnm_draft_object *o)
{
	return (struct vnm_mib_object){.name = o->name,
	    .module = (uint16_t)o->module,
	    .kind = o->kind,
	    .access = o->access,
	    .implied = o->implied};
}

/* The children of a node, at the end of the nodes; their ranges too. */
static int
add_children(const struct finish *f, uint32_t node, struct range **ranges, uint32_t *range_cap)
{
	struct vnm_mib_draft *d = f->d;
	struct range r = (*ranges)[node];

	d->nodes.p[node].child = d->nodes.n;
	while (r.begin < r.end) {
		uint32_t first = d->sorted.p[r.begin], end = r.begin;
		struct vnm_mib_object *made;
		uint32_t sub = d->oids.p[d->objects.p[first].oid + r.depth];
		bool own = d->objects.p[first].oid_n == r.depth + 1;

		while (
		    end < r.end && d->oids.p[d->objects.p[d->sorted.p[end]].oid + r.depth] == sub)
			end++;
		if (VNM_DRAFT_ROOM(d->nodes, 1) != 0 || VNM_DRAFT_ROOM(d->owners, 1) != 0 ||
		    vnm_draft_grow(ranges, range_cap, d->nodes.n, 1, sizeof(r)) != 0)
			return -1;
		made = &d->nodes.p[d->nodes.n];
		*made = own ? node_of(&d->objects.p[first]) : (struct vnm_mib_object){0};
		made->sub = sub;
		made->parent = node;
		made->depth = (uint8_t)(r.depth + 1);
		d->owners.p[d->nodes.n] = own ? first + 1 : 0;
		if (own)
			d->objects.p[first].node = d->nodes.n;
		(*ranges)[d->nodes.n] = (struct range){r.begin + own, end, r.depth + 1};
		d->nodes.n++;
		d->owners.n = d->nodes.n;
		d->nodes.p[node].child_count++;
		r.begin = end;
	}
	if (d->nodes.p[node].child_count == 0)
		d->nodes.p[node].child = 0; /* there may be none at that place */
	return 0;
}

static int
make_tree(const struct finish *f)
{
	struct vnm_mib_draft *d = f->d;
	struct range *ranges = NULL;
	uint32_t range_cap = 0;
	int rc = -1;

	if (VNM_DRAFT_ROOM(d->nodes, 1) != 0 || VNM_DRAFT_ROOM(d->owners, 1) != 0 ||
	    vnm_draft_grow(&ranges, &range_cap, 0, 1, sizeof(*ranges)) != 0)
		goto no_memory;
	d->nodes.p[d->nodes.n++] = (struct vnm_mib_object){0};
	d->owners.p[d->owners.n++] = 0;
	ranges[0] = (struct range){0, d->sorted.n, 0};
	for (uint32_t i = 0; i < d->nodes.n; i++) {
		if (add_children(f, i, &ranges, &range_cap) != 0)
			goto no_memory;
	}
	rc = 0;
no_memory:
	vnm_free(ranges);
	return rc == 0 ? 0 : vnm_draft_no_memory(f->err);
}

/* ---- what objects refer to ----------------------------------------------------------------- */

/* The entry whose index an entry has: its own, or the one that it augments; NULL: nowhere. */
static struct vnm_draft_object *
index_owner(const struct finish *f, struct vnm_draft_object *o)
{
	for (unsigned depth = 0; o != NULL && o->augments.name != 0; depth++) {
		if (depth > 8)
			return NULL;
		o = vnm_draft_find_object(f->d, o->module, &o->augments);
	}
	return o;
}

static int
add_members(const struct finish *f, struct vnm_draft_object *o, struct vnm_mib_object *node)
{
	struct vnm_mib_draft *d = f->d;
	struct vnm_draft_object *owner = index_owner(f, o);

	node->members = d->final_members.n;
	if (owner == NULL) {
		conflict(f, o, "it augments an unknown", o->augments.name);
		return 0;
	}
	node->implied = owner->implied;
	if (VNM_DRAFT_ROOM(d->final_members, owner->member_count) != 0)
		return vnm_draft_no_memory(f->err);
	for (uint32_t i = 0; i < owner->member_count; i++) {
		const struct vnm_draft_ref *ref = &d->members.p[owner->members + i];
		struct vnm_draft_object *member = vnm_draft_find_object(d, owner->module, ref);

		if (member != NULL && member->same != 0)
			member = &d->objects.p[member->same - 1];
		if (member == NULL || member->node == 0) {
			conflict(f, o, "it names an unknown", ref->name);
			node->member_count = 0; /* a list with a hole would mislead */
			d->final_members.n = node->members;
			return 0;
		}
		d->final_members.p[d->final_members.n++] = member->node;
		node->member_count++;
	}
	return 0;
}

/* "ifHCInOctets" → "if_hc_in_octets", "dot1dTpFdbAddress" → "dot1d_tp_fdb_address" */
static size_t
snake(const char *name, char *out, size_t room)
{
	size_t n = 0;

	for (size_t i = 0; name[i] != '\0' && n + 2 < room; i++) {
		bool upper = name[i] >= 'A' && name[i] <= 'Z';
		bool after_upper = i > 0 && name[i - 1] >= 'A' && name[i - 1] <= 'Z';
		bool before_lower = name[i + 1] >= 'a' && name[i + 1] <= 'z';

		if (upper && i > 0 && out[n - 1] != '_' && (!after_upper || before_lower))
			out[n++] = '_';
		out[n++] = upper ? (char)(name[i] - 'A' + 'a') : name[i] == '-' ? '_' : name[i];
	}
	return n;
}

/* What a node needs to be written: the length of its name, and its numbers as text. */
static int
add_texts(const struct finish *f, const struct vnm_draft_object *o, struct vnm_mib_object *node)
{
	struct vnm_mib_draft *d = f->d;
	char text[VNM_OID_TEXT];
	size_t n =
	    (size_t)(vnm_oid_text(text, (struct vnm_oid){&d->oids.p[o->oid], o->oid_n}) - text);
	uint32_t dotted = vnm_draft_text(d, text, n);

	if (dotted == UINT32_MAX)
		return vnm_draft_no_memory(f->err);
	node->dotted = dotted;
	node->dotted_n = (uint16_t)n;
	node->name_n = (uint16_t)strlen(vnm_draft_name(d, node->name));
	return 0;
}

static int
complete_nodes(const struct finish *f)
{
	struct vnm_mib_draft *d = f->d;
	char column[256];

	for (uint32_t i = 1; i < d->nodes.n; i++) {
		struct vnm_mib_object *node = &d->nodes.p[i];
		struct vnm_draft_object *o;
		uint32_t text;

		if (d->owners.p[i] == 0)
			continue;
		o = &d->objects.p[d->owners.p[i] - 1];
		if (vnm_draft_resolve(
			d, o->module, &o->syntax, o->file, o->line, &node->type, f->err) != 0 ||
		    add_members(f, o, node) != 0 || add_texts(f, o, node) != 0)
			return -1;
		if (o->kind != VNM_MIB_SCALAR && o->kind != VNM_MIB_COLUMN &&
		    o->kind != VNM_MIB_TABLE && o->kind != VNM_MIB_NOTIFICATION)
			continue;
		text = vnm_draft_text(
		    d, column, snake(vnm_draft_name(d, node->name), column, sizeof(column)));
		if (text == UINT32_MAX)
			return vnm_draft_no_memory(f->err);
		node->column = text;
	}
	return 0;
}

/* ---- the catalogue ------------------------------------------------------------------------- */

struct owned {
	uint32_t magic;
	struct vnm_mib mib;
};

/* What a catalogue points to is its own where finish() made it. */
static void
free_array(const void *p)
{
	union {
		const void *from;
		void *to;
	} u = {.from = p};

	vnm_free(u.to);
}

void
vnm_mib_free(struct vnm_mib *m)
{
	struct owned *owned;

	if (m == NULL)
		return;
	owned = (struct owned *)(void *)((char *)m - offsetof(struct owned, mib));
	assert(owned->magic == MAGIC);
	free_array(m->text);
	free_array(m->objects);
	free_array(m->types);
	free_array(m->labels);
	free_array(m->members);
	free_array(m->modules);
	free_array(m->names);
	owned->magic = 0;
	vnm_free(owned);
}

/* Open addressing, in the order of oids: of equal names the first is found first. */
static uint32_t *
hash_names(const struct vnm_mib_draft *d, uint32_t *mask)
{
	uint32_t slots = 64, *names;

	while (slots < 2 * d->sorted.n)
		slots *= 2;
	names = vnm_alloc_zero(slots, sizeof(*names));
	if (names == NULL)
		return NULL;
	*mask = slots - 1;
	for (uint32_t i = 0; i < d->sorted.n; i++) {
		const struct vnm_draft_object *o = &d->objects.p[d->sorted.p[i]];
		const char *name = vnm_draft_name(d, o->name);
		uint32_t at = (uint32_t)vnm_hash(name, strlen(name), 0) & *mask;

		while (names[at] != 0)
			at = (at + 1) & *mask;
		names[at] = o->node;
	}
	return names;
}

/* Hands an array of the draft over to the catalogue. */
#define TAKE(m, field, array)           \
	do {                            \
		(m)->field = (array).p; \
		(array).p = NULL;       \
	} while (0)

static struct vnm_mib *
assemble(struct vnm_mib_draft *d, struct vnm_err *err)
{
	struct owned *owned = vnm_alloc_zero(1, sizeof(*owned));
	struct vnm_mib *m = owned != NULL ? &owned->mib : NULL;

	if (owned == NULL || (m->names = hash_names(d, &m->name_mask)) == NULL) {
		vnm_free(owned);
		(void)vnm_draft_no_memory(err);
		return NULL;
	}
	owned->magic = MAGIC;
	m->object_count = d->nodes.n;
	m->type_count = d->final_types.n;
	m->label_count = d->final_labels.n;
	m->member_count = d->final_members.n;
	m->module_count = d->modules.n;
	m->text_size = (uint32_t)d->text.n;
	m->text = (const char *)d->text.p;
	d->text = (struct vnm_buffer){0};
	TAKE(m, objects, d->nodes);
	TAKE(m, types, d->final_types);
	TAKE(m, labels, d->final_labels);
	TAKE(m, members, d->final_members);
	TAKE(m, modules, d->modules);
	return m;
}

struct vnm_mib *
vnm_mib_draft_finish(struct vnm_mib_draft *d, struct vnm_errs *conflicts, struct vnm_err *err)
{
	struct finish f = {d, conflicts, err};

	assert(d->nodes.n == 0);
	if (vnm_draft_resolve_types(d, err) != 0 || sort_objects(&f) != 0 || make_tree(&f) != 0 ||
	    complete_nodes(&f) != 0)
		return NULL;
	return assemble(d, err);
}
