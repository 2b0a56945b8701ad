/*
 * Which fields an output wants, and the list of encoders.
 */
#include "output/encoder.h"

#include "base/nearest.h"

static const struct vnm_encoder *const encoders[] = {
    &vnm_json_encoder,
    &vnm_protobuf_encoder,
};

const struct vnm_encoder *
vnm_encoder_find(const char *name)
{
	for (size_t i = 0; i < VNM_ARRAY_LEN(encoders); i++) {
		if (strcmp(encoders[i]->name, name) == 0)
			return encoders[i];
	}
	return NULL;
}

static void
want(struct vnm_selection *s, unsigned kind, unsigned index)
{
	s->wanted[kind][index / 64] |= 1ULL << (index % 64);
}

static void
want_all(struct vnm_selection *s)
{
	for (unsigned kind = 0; kind < VNM_KIND_COUNT; kind++) {
		for (unsigned i = 0; i < vnm_kind_info(kind)->count; i++)
			want(s, kind, i);
	}
}

/* In every kind that has it; false when none has. */
static bool
want_named(struct vnm_selection *s, const char *name)
{
	bool found = false;

	for (unsigned kind = 0; kind < VNM_KIND_COUNT; kind++) {
		int index = vnm_field_find(kind, name);

		if (index < 0)
			continue;
		want(s, kind, (unsigned)index);
		found = true;
	}
	return found;
}

static int
unknown_field(const char *name, struct vnm_err *err)
{
	struct vnm_nearest nearest = {.wanted = name};

	for (unsigned kind = 0; kind < VNM_KIND_COUNT; kind++) {
		const struct vnm_kind_info *info = vnm_kind_info(kind);

		for (unsigned i = 0; i < info->count; i++)
			vnm_nearest_offer(&nearest, info->fields[i].name);
	}
	if (nearest.name == NULL)
		return vnm_err_text(
		    err, "fields: no record has a field \"%s\"; see vnmcd --dump=fields", name);
	return vnm_err_text(
	    err, "fields: no record has a field \"%s\"; did you mean \"%s\"?", name, nearest.name);
}

int
vnm_selection_make(struct vnm_selection *s, const struct vnm_strings *fields, struct vnm_err *err)
{
	*s = (struct vnm_selection){0};
	if (fields->n == 0)
		want_all(s);
	for (uint32_t i = 0; i < fields->n; i++) {
		if (!want_named(s, fields->p[i]))
			return unknown_field(fields->p[i], err);
	}
	return 0;
}
