/*
 * The tables of kinds and fields, from kinds.def and fields.def.
 */
#include "record/record.h"

#include <assert.h>

#define ROW_AT(kind, name) offsetof(struct vnm_record, kind.name)
#define ROW(kind, tag, name, type, unit, doc) \
	{#name, tag, ROW_AT(kind, name), VNM_TYPE_##type, sizeof(#name) - 1, tag < 100, unit, doc},

#define VNM_KIND(kind, ordered, doc)                      \
	static const struct vnm_field kind##_fields[] = { \
	    VNM_FIELDS_env(ROW) VNM_FIELDS_##kind(ROW)};  \
	_Static_assert(VNM_FIELDS_END_##kind <= 64 * VNM_HAS_WORDS, "VNM_HAS_WORDS is too small");
#include "record/kinds.def"
#undef VNM_KIND

static const struct vnm_kind_info kinds[VNM_KIND_COUNT] = {
#define VNM_KIND(kind, ordered, doc) \
	[VNM_KIND_##kind] = {        \
	    #kind, sizeof(#kind) - 1, ordered, doc, kind##_fields, VNM_ARRAY_LEN(kind##_fields)},
#include "record/kinds.def"
#undef VNM_KIND
};

const struct vnm_kind_info *
vnm_kind_info(enum vnm_kind kind)
{
	assert(kind < VNM_KIND_COUNT);
	return &kinds[kind];
}

int
vnm_field_find(enum vnm_kind kind, const char *name)
{
	const struct vnm_kind_info *info = vnm_kind_info(kind);

	for (unsigned i = 0; i < info->count; i++) {
		if (strcmp(info->fields[i].name, name) == 0)
			return (int)i;
	}
	return -1;
}

const char *
vnm_type_name(enum vnm_type type)
{
	static const char *const names[] = {"BOOL", "U8", "U16", "U32", "U64", "I64", "F64", "ADDR",
	    "MAC", "STR", "BYTES", "U32S", "STRS", "IES", "PAIRS", "LIST"};

	assert(type < VNM_ARRAY_LEN(names));
	return names[type];
}
