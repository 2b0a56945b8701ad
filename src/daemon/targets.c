/*
 * Targets of `connect` as lines of JSON.
 */
#include "daemon/targets.h"

#include "base/transport.h"

#include <json-c/json.h>
#include <stdio.h>
#include <string.h>

static bool
add(struct json_object *o, const char *key, struct json_object *value)
{
	return value != NULL && json_object_object_add(o, key, value) == 0;
}

static bool
fill(struct json_object *o, const struct vnm_target *t, uint32_t worker)
{
	char at[VNM_ENDPOINT_TEXT], text[VNM_ENDPOINT_TEXT + 16];

	vnm_endpoint_text(&t->to->at, at);
	snprintf(text, sizeof(text), "%s:%s", vnm_transport_name(t->to->transport).p, at);
	return add(o, "listener", json_object_new_string(t->listener)) &&
	       add(o, "target", json_object_new_string(text)) &&
	       add(o, "worker", json_object_new_uint64(worker)) &&
	       add(o, "connected", json_object_new_boolean(t->connected)) &&
	       add(o, "since_ns", json_object_new_uint64(t->since_ns)) &&
	       add(o, "connections", json_object_new_uint64(t->connections)) &&
	       add(o, "failures", json_object_new_uint64(t->failures)) &&
	       (t->error[0] == '\0' || add(o, "error", json_object_new_string(t->error)));
}

void
vnm_target_line(void *ctx, const struct vnm_target *t)
{
	struct vnm_target_lines *lines = ctx;
	struct json_object *o = json_object_new_object();
	const char *text = NULL;

	if (o != NULL && fill(o, t, lines->worker))
		text = json_object_to_json_string_ext(o, JSON_C_TO_STRING_PLAIN);
	if (text == NULL || !vnm_buffer_reserve(lines->b, strlen(text) + 1) ||
	    !vnm_buffer_append(lines->b, text, strlen(text)) ||
	    !vnm_buffer_append(lines->b, "\n", 1))
		lines->cut = true;
	json_object_put(o);
}
