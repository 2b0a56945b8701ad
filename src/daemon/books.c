/*
 * The books as one JSON object.
 */
#include "daemon/books.h"

#include <inttypes.h>

/* "name":{"label":n,…} of what is not zero. */
static void
print_map(
    FILE *f, const char *name, const uint64_t *values, size_t count, const char *(*label)(unsigned))
{
	const char *comma = "";

	fprintf(f, ",\"%s\":{", name);
	for (unsigned i = 0; i < count; i++) {
		if (values[i] == 0)
			continue;
		fprintf(f, "%s\"%s\":%" PRIu64, comma, label(i), values[i]);
		comma = ",";
	}
	fputc('}', f);
}

static const char *
reason_label(unsigned i)
{
	return vnm_reason_info(i)->label;
}

static const char *
kind_label(unsigned i)
{
	return vnm_kind_info(i)->name;
}

static void
load(uint64_t *to, const _Atomic uint64_t *from, size_t count)
{
	for (size_t i = 0; i < count; i++)
		to[i] = from[i];
}

/* Each output by itself, with the reasons for its drops. */
static void
print_outputs(FILE *f, struct vnm_sink *const *sinks, size_t count)
{
	uint64_t published[VNM_KIND_COUNT], reasons[VNM_REASON_COUNT];

	fputs(",\"outputs\":{", f);
	for (size_t i = 0; i < count; i++) {
		load(published, sinks[i]->books.published, VNM_KIND_COUNT);
		load(reasons, sinks[i]->books.reasons, VNM_REASON_COUNT);
		fprintf(f, "%s\"%s\":{\"in_flight\":%" PRIu64, i > 0 ? "," : "", sinks[i]->name,
		    vnm_sink_in_flight(sinks[i]));
		print_map(f, "published", published, VNM_KIND_COUNT, kind_label);
		print_map(f, "dropped", reasons, VNM_REASON_COUNT, reason_label);
		fputc('}', f);
	}
	fputc('}', f);
}

void
vnm_books_print(FILE *f, const struct vnm_counters *c, struct vnm_sink *const *sinks, size_t count)
{
	uint64_t published[VNM_KIND_COUNT] = {0};
	uint64_t dropped[VNM_KIND_COUNT] = {0};

	for (size_t i = 0; i < count; i++) {
		for (unsigned k = 0; k < VNM_KIND_COUNT; k++) {
			published[k] += sinks[i]->books.published[k];
			dropped[k] += sinks[i]->books.dropped[k];
		}
	}
	fprintf(f,
	    "{\"messages\":%" PRIu64 ",\"ok\":%" PRIu64 ",\"partial\":%" PRIu64
	    ",\"held\":%" PRIu64,
	    c->messages, c->outcome[VNM_OUTCOME_OK], c->outcome[VNM_OUTCOME_PARTIAL],
	    c->outcome[VNM_OUTCOME_HELD]);
	print_map(f, "reasons", c->failed, VNM_REASON_COUNT, reason_label);
	print_map(f, "faults", c->parts, VNM_REASON_COUNT, reason_label);
	print_map(f, "connections", c->connections, VNM_REASON_COUNT, reason_label);
	fprintf(f, ",\"ignored\":%" PRIu64, c->v[VNM_C_ignored]);
	print_map(f, "records", c->records, VNM_KIND_COUNT, kind_label);
	print_map(f, "published", published, VNM_KIND_COUNT, kind_label);
	print_map(f, "dropped", dropped, VNM_KIND_COUNT, kind_label);
	print_outputs(f, sinks, count);
	fputs("}\n", f);
}
