/*
 * The list of sinks, from sinks.def, and what all of them share.
 */
#include "output/sink.h"

#include "base/alloc.h"

#include <assert.h>

#define MAGIC 0x73696e6bu

#define VNM_SINK(name) extern const struct vnm_sink_type vnm_##name##_sink;
#include "output/sinks.def"
#undef VNM_SINK

const struct vnm_sink_type *const vnm_sink_types[] = {
#define VNM_SINK(name) &vnm_##name##_sink,
#include "output/sinks.def"
#undef VNM_SINK
    NULL};

const struct vnm_sink_type *
vnm_sink_type_find(const char *name)
{
	for (size_t i = 0; vnm_sink_types[i] != NULL; i++) {
		if (strcmp(vnm_sink_types[i]->name, name) == 0)
			return vnm_sink_types[i];
	}
	return NULL;
}

struct vnm_sink *
vnm_sink_open(const struct vnm_sink_type *type, const char *name, const struct vnm_encoder *encoder,
    const void *options, struct vnm_err *err)
{
	struct vnm_sink *s = vnm_alloc_zero(1, sizeof(*s));

	if (s == NULL) {
		vnm_err_text(err, "out of memory");
		return NULL;
	}
	s->magic = MAGIC;
	s->type = type;
	s->name = name;
	s->encoder = encoder;
	s->options = options;
	if (type->open(s, err) != 0)
		goto not_open;
	return s;

not_open:
	vnm_free(s);
	return NULL;
}

void
vnm_sink_close(struct vnm_sink *s)
{
	if (s == NULL)
		return;
	assert(s->magic == MAGIC);
	s->type->close(s);
	vnm_free(s);
}

static uint64_t
sum(const _Atomic uint64_t counts[VNM_KIND_COUNT])
{
	uint64_t n = 0;

	for (size_t kind = 0; kind < VNM_KIND_COUNT; kind++)
		n += atomic_load_explicit(&counts[kind], memory_order_relaxed);
	return n;
}

uint64_t
vnm_sink_in_flight(const struct vnm_sink *s)
{
	uint64_t done = sum(s->books.published) + sum(s->books.dropped);
	uint64_t offered = sum(s->books.offered);

	return offered > done ? offered - done : 0;
}
