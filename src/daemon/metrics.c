/*
 * Metrics as Prometheus reads them.
 */
#include "daemon/metrics.h"

#include "base/alloc.h"

#include <inttypes.h>

static void
head(FILE *f, const char *name, const char *type, const char *doc)
{
	fprintf(f, "# HELP vnmcd_%s %s\n# TYPE vnmcd_%s %s\n", name, doc, name, type);
}

static void
print_messages(FILE *f, const struct vnm_counters *c)
{
	static const char *const outcomes[] = {"ok", "partial", "held", "failed"};

	head(f, "messages_total", "counter",
	    "messages received: datagrams, and messages of streams");
	fprintf(f, "vnmcd_messages_total %" PRIu64 "\n", c->messages);
	head(f, "message_outcomes", "gauge",
	    "messages by their outcome; their sum is vnmcd_messages_total");
	for (unsigned i = 0; i < VNM_ARRAY_LEN(outcomes); i++)
		fprintf(f, "vnmcd_message_outcomes{outcome=\"%s\"} %" PRIu64 "\n", outcomes[i],
		    c->outcome[i]);
	head(f, "messages_failed_total", "counter",
	    "messages of which nothing was understood, by reason");
	for (unsigned i = 1; i < VNM_REASON_COUNT; i++)
		if (vnm_reason_info(i)->scope <= VNM_SCOPE_PART)
			fprintf(f, "vnmcd_messages_failed_total{reason=\"%s\"} %" PRIu64 "\n",
			    vnm_reason_info(i)->label, c->failed[i]);
	head(f, "faults_total", "counter", "faults within messages, by reason");
	for (unsigned i = 1; i < VNM_REASON_COUNT; i++)
		if (vnm_reason_info(i)->scope == VNM_SCOPE_PART)
			fprintf(f, "vnmcd_faults_total{reason=\"%s\"} %" PRIu64 "\n",
			    vnm_reason_info(i)->label, c->parts[i]);
}

static void
print_connections(FILE *f, const struct vnm_counters *c)
{
	head(f, "connections_failed_total", "counter",
	    "connections refused, or ended otherwise than by their senders, by reason");
	for (unsigned i = 1; i < VNM_REASON_COUNT; i++)
		if (vnm_reason_info(i)->scope == VNM_SCOPE_CONNECTION || c->connections[i] != 0)
			fprintf(f, "vnmcd_connections_failed_total{reason=\"%s\"} %" PRIu64 "\n",
			    vnm_reason_info(i)->label, c->connections[i]);
}

static void
print_records(FILE *f, const struct vnm_counters *c)
{
	head(f, "records_total", "counter", "records decoded, by kind");
	for (unsigned k = 0; k < VNM_KIND_COUNT; k++)
		fprintf(f, "vnmcd_records_total{kind=\"%s\"} %" PRIu64 "\n", vnm_kind_info(k)->name,
		    c->records[k]);
}

static void
print_by_kind(FILE *f, const char *name, const struct vnm_sink *s, const _Atomic uint64_t *values)
{
	for (unsigned k = 0; k < VNM_KIND_COUNT; k++)
		fprintf(f, "vnmcd_%s{output=\"%s\",kind=\"%s\"} %" PRIu64 "\n", name, s->name,
		    vnm_kind_info(k)->name, values[k]);
}

static void
print_outputs(FILE *f, struct vnm_sink *const *sinks, size_t count)
{
	head(f, "output_offered_total", "counter", "records offered to an output, by kind");
	for (size_t i = 0; i < count; i++)
		print_by_kind(f, "output_offered_total", sinks[i], sinks[i]->books.offered);
	head(f, "output_published_total", "counter",
	    "records that an output took for good, by kind");
	for (size_t i = 0; i < count; i++)
		print_by_kind(f, "output_published_total", sinks[i], sinks[i]->books.published);
	head(f, "output_dropped_total", "counter", "records that an output dropped, by kind");
	for (size_t i = 0; i < count; i++)
		print_by_kind(f, "output_dropped_total", sinks[i], sinks[i]->books.dropped);
	head(f, "output_drops_total", "counter", "records that an output dropped, by reason");
	for (size_t i = 0; i < count; i++) {
		for (unsigned r = 1; r < VNM_REASON_COUNT; r++)
			if (vnm_reason_info(r)->scope == VNM_SCOPE_RECORD)
				fprintf(f,
				    "vnmcd_output_drops_total{output=\"%s\",reason=\"%s\"} %" PRIu64
				    "\n",
				    sinks[i]->name, vnm_reason_info(r)->label,
				    sinks[i]->books.reasons[r]);
	}
	head(f, "output_in_flight", "gauge",
	    "records offered that are neither published nor dropped");
	for (size_t i = 0; i < count; i++)
		fprintf(f, "vnmcd_output_in_flight{output=\"%s\"} %" PRIu64 "\n", sinks[i]->name,
		    vnm_sink_in_flight(sinks[i]));
}

static void
print_counters(FILE *f, const struct vnm_counters *c)
{
	for (unsigned i = 0; i < VNM_COUNTER_COUNT; i++) {
		const struct vnm_counter_info *info = vnm_counter_info(i);
		char name[64];

		snprintf(name, sizeof(name), "%s%s", info->name, info->gauge ? "" : "_total");
		head(f, name, info->gauge ? "gauge" : "counter", info->doc);
		fprintf(f, "vnmcd_%s %" PRIu64 "\n", name, c->v[i]);
	}
}

void
vnm_metrics_print(
    FILE *f, const struct vnm_counters *c, struct vnm_sink *const *sinks, size_t count)
{
	print_messages(f, c);
	print_connections(f, c);
	print_records(f, c);
	print_counters(f, c);
	print_outputs(f, sinks, count);
	head(f, "memory_octets", "gauge", "octets of memory that vnmcd itself has allocated");
	fprintf(f, "vnmcd_memory_octets %zu\n", vnm_alloc_used());
}
