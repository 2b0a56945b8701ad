/*
 * What a record costs inside vnmcd, without sockets: the messages of capture files are decoded
 * over and over in one thread, without and with each encoder, and compared with a plain copy of
 * the messages' octets. With a topology its naming is measured, too.
 *
 *   decode [-s SECONDS] [-t TOPOLOGY] FILE...
 */
#include "station.h"

#include "base/clock.h"

#include <getopt.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>

struct settings {
	double seconds; /* for each figure */
	struct vnm_topology *topology;
};

struct result {
	double ns; /* CPU time of one round */
	uint64_t records;
};

static double
cpu_ns(void)
{
	struct timespec t;

	clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &t);
	return (double)t.tv_sec * 1e9 + (double)t.tv_nsec;
}

static uint64_t
records_of(const struct vnm_station *s)
{
	const struct vnm_counters *c = vnm_pipeline_counters(s->pipeline);
	uint64_t n = 0;

	for (unsigned k = 0; k < VNM_KIND_COUNT; k++)
		n += c->records[k];
	return n;
}

static void
play_all(struct vnm_station *s, const struct vnm_messages *list)
{
	for (size_t i = 0; i < list->n; i++) {
		const struct vnm_test_message *m = &list->m[i];
		if (!m->end)
			vnm_pipeline_message(s->pipeline, m->decoder, NULL, &m->d);
	}
	vnm_pipeline_turn_end(s->pipeline);
}

/* The best of many rounds after one that teaches templates. */
static struct result
measure(const struct settings *o, const struct vnm_messages *list, unsigned encodings, bool named)
{
	struct vnm_sink_type encoding = *vnm_sink_type_find("null");
	struct vnm_station s;
	struct result r = {.ns = 1e18};
	double begin, end, first;

	encoding.discards = false;
	if (vnm_station_open(&s, &encoding, encodings) != 0)
		abort();
	if (named)
		vnm_pipeline_topology(s.pipeline, o->topology);
	play_all(&s, list);
	first = cpu_ns();
	do {
		uint64_t before = records_of(&s);
		begin = cpu_ns();
		play_all(&s, list);
		end = cpu_ns();
		if (end - begin < r.ns)
			r = (struct result){end - begin, records_of(&s) - before};
	} while (end - first < o->seconds * 1e9);
	vnm_station_close(&s);
	return r;
}

static double
measure_copy(const struct vnm_messages *list, double seconds)
{
	uint8_t *to = malloc(list->octets + 1);
	double best = 1e18, first = cpu_ns(), end;

	if (to == NULL)
		abort();
	do {
		double begin = cpu_ns();
		size_t at = 0;
		for (size_t i = 0; i < list->n; i++) {
			if (list->m[i].end)
				continue;
			memcpy(to + at, list->m[i].d.p, list->m[i].d.n);
			at += list->m[i].d.n;
		}
		__asm__ volatile("" : : "r"(to) : "memory");
		end = cpu_ns();
		if (end - begin < best)
			best = end - begin;
	} while (end - first < seconds * 1e9);
	free(to);
	return best;
}

static int
bench_file(const struct settings *o, const char *path)
{
	struct vnm_messages list;
	struct vnm_err err;
	char text[512];

	if (vnm_messages_read(&list, path, &err) != 0 || list.n == 0) {
		fprintf(
		    stderr, "decode: %s\n", list.n == 0 ? path : vnm_err_format(&err, text, 512));
		return -1;
	}
	bool named = o->topology != NULL;
	struct result plain = measure(o, &list, VNM_STATION_NONE, false);
	struct result names = named ? measure(o, &list, VNM_STATION_NONE, true) : plain;
	struct result json = measure(o, &list, VNM_STATION_JSON, named);
	struct result protobuf = measure(o, &list, VNM_STATION_PROTOBUF, named);
	double copy = measure_copy(&list, o->seconds / 4);
	double n = plain.records != 0 ? (double)plain.records : 1;
	printf("| %s | %zu | %" PRIu64 " | %.0f | %.0f | %.0f | %.0f | %.0f | %.1f |\n", path,
	    list.n, plain.records, (double)list.octets / n, plain.ns / n, names.ns / n,
	    protobuf.ns / n, json.ns / n, plain.ns / copy);
	vnm_messages_free(&list);
	return 0;
}

int
main(int argc, char **argv)
{
	struct settings o = {.seconds = 0.5};
	struct vnm_strings paths = {&optarg, 1};
	struct vnm_err err;
	int c, result = 0;

	vnm_station_setup();
	while ((c = getopt(argc, argv, "s:t:")) != -1) {
		if (c == 's')
			o.seconds = strtod(optarg, NULL);
		else if (c != 't' || vnm_topology_load_json(&o.topology, &paths, 1, &err) != 0)
			return 2;
	}
	printf("CPU time of a record in ns: decoding, naming, then all fields encoded\n\n");
	printf("| file | messages | records | octets a record | decode | named | protobuf | JSON | "
	       "decode to memcpy |\n|---|---|---|---|---|---|---|---|---|\n");
	for (int i = optind; i < argc; i++)
		result |= bench_file(&o, argv[i]);
	vnm_topology_free(o.topology);
	return result == 0 && optind < argc ? 0 : 1;
}
