/*
 * Records of ordered kinds through the Kafka sink, as a BMP source would make them: routes of many
 * peers in runs of five, now and then a `peer` record among them, and link state. `record_seq`
 * counts within what must keep its order: the peer's routes and events, the link-state object's
 * records. Waits for room, as a TCP source does. Prints a line of JSON.
 *
 *   routes BROKERS TOPIC PEERS RECORDS RATE [NAME=VALUE...]
 *
 * RATE is records a second, 0: as fast as there is room. NAMEs are options of the sink, or
 * librdkafka's properties behind "librdkafka.".
 */
#include "base/clock.h"
#include "output/output.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/resource.h>
#include <time.h>

#define RUN 5	      /* records of one peer, one behind the other */
#define PEER_EVERY 50 /* records, one of which is a peer's */
#define LINK_EVERY 10 /* records, one of which is link state */
#define TURN 128
#define TICK_NS (100 * VNM_NS_PER_MS)
#define ROOM 4096 /* records; more than a turn has */

struct source {
	struct vnm_sink *sink;
	struct vnm_output output;
	uint32_t peers;
	uint64_t *peer_seq, *object_seq; /* by peer, by object */
	uint64_t tick_ns;
};

static double
cpu_seconds(void)
{
	struct rusage u;

	getrusage(RUSAGE_SELF, &u);
	return (double)(u.ru_utime.tv_sec + u.ru_stime.tv_sec) +
	       (double)(u.ru_utime.tv_usec + u.ru_stime.tv_usec) * 1e-6;
}

static void
nap(void)
{
	nanosleep(&(struct timespec){.tv_nsec = VNM_NS_PER_MS}, NULL);
}

static struct vnm_addr
address(uint8_t first, uint32_t n)
{
	const uint8_t b[4] = {first, (uint8_t)(n >> 16), (uint8_t)(n >> 8), (uint8_t)n};

	return vnm_addr_ip4(b);
}

/* ---- records ------------------------------------------------------------------------------- */

#define SET_PEER(r, kind, n)                                          \
	do {                                                          \
		VNM_SET(r, kind, router_addr, address(198, (n) % 7)); \
		VNM_SET(r, kind, peer_addr, address(10, n));          \
		VNM_SET(r, kind, peer_as, 64512 + (n) % 1000);        \
		VNM_SET(r, kind, peer_distinguisher, VNM_STR("0:0")); \
		VNM_SET(r, kind, rib, VNM_STR("adj-rib-in-post"));    \
	} while (0)

static void
make_route(struct vnm_record *r, uint32_t peer, uint64_t i)
{
	static const struct vnm_str communities[] = {
	    {"64512:100", 9, true}, {"64512:200", 9, true}, {"no-export", 9, true}};
	static char prefix[32];
	int n = snprintf(prefix, sizeof(prefix), "%u.%u.%u.0/24", (unsigned)(i >> 16 & 255),
	    (unsigned)(i >> 8 & 255), (unsigned)(i & 255));

	VNM_SET(r, env, kind, VNM_STR("route"));
	SET_PEER(r, route, peer);
	VNM_SET(r, route, afi, 1);
	VNM_SET(r, route, safi, 1);
	VNM_SET(r, route, action, VNM_STR("announce"));
	VNM_SET(r, route, prefix, ((struct vnm_str){prefix, (uint32_t)n, true}));
	VNM_SET(r, route, prefix_len, 24);
	VNM_SET(r, route, next_hop, address(10, peer));
	VNM_SET(r, route, origin, VNM_STR("igp"));
	VNM_SET(r, route, as_path, VNM_STR("64512 3356 1299 15169"));
	VNM_SET(r, route, as_path_length, 4);
	VNM_SET(r, route, origin_as, 15169);
	VNM_SET(r, route, local_pref, 100);
	VNM_SET(r, route, communities, ((struct vnm_strs){communities, 3}));
}

static void
make_linkstate(struct vnm_record *r, uint32_t object)
{
	static char id[17];

	snprintf(id, sizeof(id), "%016x", object);
	VNM_SET(r, env, kind, VNM_STR("linkstate"));
	SET_PEER(r, linkstate, object);
	VNM_SET(r, linkstate, action, VNM_STR("announce"));
	VNM_SET(r, linkstate, object_id, ((struct vnm_str){id, 16, true}));
}

static void
make_record(struct source *s, struct vnm_record *r, uint64_t i)
{
	uint32_t peer = (uint32_t)(i / RUN % s->peers);
	bool link = i % LINK_EVERY == LINK_EVERY - 1;
	uint64_t *seq = link ? s->object_seq : s->peer_seq;

	memset(r->has, 0, sizeof(r->has));
	VNM_SET(r, env, record_seq, seq[peer]++);
	VNM_SET(r, env, decoder, VNM_STR("bmp"));
	if (link) {
		r->kind_id = VNM_KIND_linkstate;
		make_linkstate(r, peer);
	} else if (i % PEER_EVERY == PEER_EVERY / 2) {
		r->kind_id = VNM_KIND_peer;
		VNM_SET(r, env, kind, VNM_STR("peer"));
		SET_PEER(r, peer, peer);
		VNM_SET(r, peer, event, VNM_STR("stats"));
	} else {
		r->kind_id = VNM_KIND_route;
		make_route(r, peer, i);
	}
}

/* ---- the sink ------------------------------------------------------------------------------ */

static void
tick(struct source *s)
{
	uint64_t now = vnm_clock_mono_ns();

	if (now < s->tick_ns)
		return;
	s->tick_ns = now + TICK_NS;
	s->sink->type->tick(s->sink, now);
}

static void
send_all(struct source *s, uint64_t records, uint64_t rate)
{
	static struct vnm_record r;
	uint64_t begun = vnm_clock_mono_ns();

	for (uint64_t i = 0; i < records; i++) {
		make_record(s, &r, i);
		vnm_output_record(&s->output, &r);
		if (i % TURN != TURN - 1)
			continue;
		vnm_output_turn_end(&s->output);
		tick(s);
		while (s->sink->type->room(s->sink) < ROOM ||
		       (rate > 0 && i > (vnm_clock_mono_ns() - begun) * rate / VNM_NS_PER_S)) {
			nap();
			tick(s);
		}
	}
	vnm_output_turn_end(&s->output);
}

/* NAME=VALUE. */
static int
set_option(const struct vnm_option *table, void *options, char *text, struct vnm_err *err)
{
	const size_t prefix = strlen("librdkafka.");
	char *value = strchr(text, '=');

	if (value == NULL)
		return vnm_err_text(err, "%s: no value", text);
	*value++ = '\0';
	if (strncmp(text, "librdkafka.", prefix) == 0)
		return vnm_option_pair(
		    vnm_option_find(table, "librdkafka"), options, text + prefix, value, err);
	if (vnm_option_find(table, text) == NULL)
		return vnm_err_text(err, "%s: no such option", text);
	return vnm_option_set(vnm_option_find(table, text), options, value, err);
}

static int
open_source(struct source *s, int argc, char **argv, struct vnm_err *err)
{
	static struct vnm_output_options common;
	const struct vnm_sink_type *type = vnm_sink_type_find("kafka");
	void *options = calloc(1, type->options_size);

	s->peers = (uint32_t)strtoul(argv[3], NULL, 10);
	s->peer_seq = calloc(s->peers, sizeof(*s->peer_seq));
	s->object_seq = calloc(s->peers, sizeof(*s->object_seq));
	if (options == NULL || s->peer_seq == NULL || s->object_seq == NULL)
		return vnm_err_text(err, "out of memory");
	if (vnm_option_defaults(vnm_output_options, &common, err) != 0 ||
	    vnm_option_defaults(type->options, options, err) != 0 ||
	    vnm_option_set(vnm_option_find(type->options, "brokers"), options, argv[1], err) != 0 ||
	    vnm_option_set(vnm_option_find(type->options, "topic"), options, argv[2], err) != 0)
		return -1;
	for (int i = 6; i < argc; i++) {
		if (set_option(type->options, options, argv[i], err) != 0)
			return -1;
	}
	s->sink = vnm_sink_open(type, "k", &vnm_json_encoder, options, err);
	if (s->sink == NULL)
		return -1;
	return vnm_output_open(&s->output, &common, s->sink, err);
}

static void
print_kinds(const char *name, const _Atomic uint64_t counts[VNM_KIND_COUNT])
{
	printf("\"%s\":{\"route\":%" PRIu64 ",\"peer\":%" PRIu64 ",\"linkstate\":%" PRIu64 "},",
	    name, counts[VNM_KIND_route], counts[VNM_KIND_peer], counts[VNM_KIND_linkstate]);
}

int
main(int argc, char **argv)
{
	struct source s = {0};
	struct vnm_err err;

	if (argc < 6) {
		fprintf(stderr, "usage: routes BROKERS TOPIC PEERS RECORDS RATE [NAME=VALUE...]\n");
		return 2;
	}
	if (open_source(&s, argc, argv, &err) != 0) {
		fprintf(stderr, "routes: %s\n", err.text);
		return 1;
	}
	uint64_t records = strtoull(argv[4], NULL, 10), begun = vnm_clock_mono_ns();
	double cpu = cpu_seconds();
	send_all(&s, records, strtoull(argv[5], NULL, 10));
	(void)s.sink->type->flush(s.sink, vnm_clock_mono_ns() + 60 * VNM_NS_PER_S);
	cpu = cpu_seconds() - cpu;
	printf("{");
	print_kinds("offered", s.sink->books.offered);
	print_kinds("published", s.sink->books.published);
	print_kinds("dropped", s.sink->books.dropped);
	printf("\"seconds\":%.3f,\"cpu_seconds\":%.4f,\"cpu_us_per_record\":%.3f}\n",
	    (double)(vnm_clock_mono_ns() - begun) * 1e-9, cpu, cpu * 1e6 / (double)records);
	vnm_output_close(&s.output);
	vnm_sink_close(s.sink);
	return 0;
}
