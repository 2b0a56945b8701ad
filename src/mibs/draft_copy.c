/*
 * Takes over what a catalogue has (mibs/draft.h): an operator's modules are added to those that
 * are built in.
 */
#include "mibs/draft_part.h"

#include "base/alloc.h"

#include <string.h>

#define LABELS_MAX 4096 /* of one type; IANAifType has 300 */

static struct vnm_mib_draft_syntax
syntax_of(const struct vnm_mib *m, const struct vnm_mib_type *t, struct vnm_mib_draft_label *labels)
{
	uint32_t n = t->label_count < LABELS_MAX ? t->label_count : LABELS_MAX;

	for (uint32_t i = 0; i < n; i++) {
		labels[i].name = m->text + m->labels[t->labels + i].text;
		labels[i].value = m->labels[t->labels + i].value;
	}
	return (struct vnm_mib_draft_syntax){
	    .type = vnm_mib_base_name(t->base),
	    .name = t->module != UINT16_MAX ? m->text + t->name : NULL,
	    .hint = m->text + t->hint,
	    .labels = labels,
	    .label_count = n,
	    .sized = true,
	    .size_min = t->size_min,
	    .size_max = t->size_max,
	};
}

static int
copy_object(struct vnm_mib_draft *d, const struct vnm_mib *m, const struct vnm_mib_object *o,
    struct vnm_mib_draft_label *labels, struct vnm_err *err)
{
	uint32_t numbers[VNM_OID_MAX];
	struct vnm_oid oid = vnm_mib_oid(m, o, numbers);
	struct vnm_mib_draft_object copy = {.name = vnm_mib_name(m, o),
	    .kind = o->kind,
	    .access = o->access,
	    .numbers = oid.v,
	    .number_count = oid.n,
	    .implied = o->implied != 0};
	struct vnm_draft_object *made;

	if (o->type != 0)
		copy.syntax = syntax_of(m, vnm_mib_type(m, o), labels);
	if (vnm_mib_draft_object(d, &copy, err) != 0)
		return -1;
	if (VNM_DRAFT_ROOM(d->members, o->member_count) != 0)
		return vnm_draft_no_memory(err);
	made = &d->objects.p[d->objects.n - 1];
	made->members = d->members.n;
	made->member_count = o->member_count;
	for (uint32_t i = 0; i < o->member_count; i++) {
		const struct vnm_mib_object *member = vnm_mib_member(m, o, i);
		struct vnm_draft_ref *ref = &d->members.p[d->members.n++];
		const char *module = vnm_mib_module(m, member), *name = vnm_mib_name(m, member);

		ref->module = vnm_draft_text(d, module, strlen(module));
		ref->name = vnm_draft_text(d, name, strlen(name));
		if (ref->module == UINT32_MAX || ref->name == UINT32_MAX)
			return vnm_draft_no_memory(err);
	}
	return 0;
}

static int
copy_module(struct vnm_mib_draft *d, const struct vnm_mib *m, uint32_t module,
    struct vnm_mib_draft_label *labels, struct vnm_err *err)
{
	if (vnm_mib_draft_module(d, m->text + m->modules[module], err) != 0)
		return -1;
	for (uint32_t i = 1; i < m->type_count; i++) {
		const struct vnm_mib_type *t = &m->types[i];
		struct vnm_mib_draft_syntax s;

		if (t->module != module)
			continue;
		s = syntax_of(m, t, labels);
		if (vnm_mib_draft_type(d, m->text + t->name, &s, NULL, 0, err) != 0)
			return -1;
	}
	for (uint32_t i = 1; i < m->object_count; i++) {
		const struct vnm_mib_object *o = &m->objects[i];

		if (o->kind != VNM_MIB_NONE && o->module == module &&
		    copy_object(d, m, o, labels, err) != 0)
			return -1;
	}
	return 0;
}

int
vnm_mib_draft_copy(struct vnm_mib_draft *d, const struct vnm_mib *m, struct vnm_err *err)
{
	struct vnm_mib_draft_label *labels = vnm_alloc(LABELS_MAX * sizeof(*labels));
	uint32_t before = d->modules.n;
	int rc = 0;

	if (labels == NULL)
		return vnm_draft_no_memory(err);
	for (uint32_t i = 0; i < m->module_count && rc == 0; i++) {
		bool there = false;
		for (uint32_t k = 0; k < before && !there; k++)
			there = strcmp(vnm_draft_name(d, d->modules.p[k]),
				    m->text + m->modules[i]) == 0;
		if (!there)
			rc = copy_module(d, m, i, labels, err);
	}
	vnm_free(labels);
	return rc;
}
