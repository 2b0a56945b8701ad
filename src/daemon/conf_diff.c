/*
 * What a reload does not apply.
 */
#include "daemon/conf.h"

#include <stdio.h>
#include <string.h>

#define PATH_TEXT 512

/* Options of one table that differ and need a restart: 0, or -1 when memory is short. */
static int
add_options(struct vnm_strings *paths, const char *prefix, const struct vnm_option *table,
    const void *a, const void *b)
{
	char path[PATH_TEXT];

	for (const struct vnm_option *o = table; o != NULL && o->name != NULL; o++) {
		if (o->when != VNM_OPTION_RESTART || !vnm_option_differs(o, a, b))
			continue;
		snprintf(
		    path, sizeof(path), "%s%s%s", prefix, prefix[0] != '\0' ? "." : "", o->name);
		if (vnm_strings_add(paths, path) != 0)
			return -1;
	}
	return 0;
}

static const struct vnm_conf_listener *
find_listener(const struct vnm_conf *conf, const char *name)
{
	for (uint32_t i = 0; i < conf->listener_count; i++) {
		if (strcmp(conf->listeners[i].common.name, name) == 0)
			return &conf->listeners[i];
	}
	return NULL;
}

static const struct vnm_conf_output *
find_output(const struct vnm_conf *conf, const char *name)
{
	for (uint32_t i = 0; i < conf->output_count; i++) {
		if (strcmp(conf->outputs[i].common.name, name) == 0)
			return &conf->outputs[i];
	}
	return NULL;
}

/* `added`: only those of `b` that `a` does not have are looked for. */
static int
add_listeners(
    struct vnm_strings *paths, const struct vnm_conf *a, const struct vnm_conf *b, bool added)
{
	char path[PATH_TEXT];

	for (uint32_t i = 0; i < b->listener_count; i++) {
		const struct vnm_conf_listener *new = &b->listeners[i];
		const struct vnm_conf_listener *old = find_listener(a, new->common.name);

		snprintf(path, sizeof(path), "listeners.%s", new->common.name);
		if (old == NULL && vnm_strings_add(paths, path) != 0)
			return -1;
		if (old == NULL || added)
			continue;
		if (add_options(paths, path, vnm_listener_options, &old->common, &new->common) != 0)
			return -1;
		if (old->decoder == new->decoder && add_options(paths, path, old->decoder->options,
							old->options, new->options) != 0)
			return -1;
	}
	return 0;
}

static int
add_outputs(
    struct vnm_strings *paths, const struct vnm_conf *a, const struct vnm_conf *b, bool added)
{
	char path[PATH_TEXT];

	for (uint32_t i = 0; i < b->output_count; i++) {
		const struct vnm_conf_output *new = &b->outputs[i];
		const struct vnm_conf_output *old = find_output(a, new->common.name);

		snprintf(path, sizeof(path), "outputs.%s", new->common.name);
		if (old == NULL && vnm_strings_add(paths, path) != 0)
			return -1;
		if (old == NULL || added)
			continue;
		if (add_options(paths, path, vnm_output_options, &old->common, &new->common) != 0)
			return -1;
		if (old->type == new->type &&
		    add_options(paths, path, old->type->options, old->options, new->options) != 0)
			return -1;
	}
	return 0;
}

int
vnm_conf_needs_restart(
    const struct vnm_conf *running, const struct vnm_conf *wanted, struct vnm_strings *paths)
{
	for (const struct vnm_conf_section *s = vnm_conf_sections; s->path != NULL; s++) {
		const char *a = (const char *)running + s->offset;
		const char *b = (const char *)wanted + s->offset;

		if (!s->list && add_options(paths, s->path, s->options, a, b) != 0)
			return -1;
	}
	if (add_listeners(paths, running, wanted, false) != 0 ||
	    add_listeners(paths, wanted, running, true) != 0 ||
	    add_outputs(paths, running, wanted, false) != 0)
		return -1;
	return add_outputs(paths, wanted, running, true);
}
