/*
 * Outputs and the file sink: batches, keys, books, several workers at once, and memory that
 * runs out.
 */
#include "unit.h"

#include "base/alloc.h"
#include "output/output.h"

#include <json-c/json.h>
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

/* ---- a sink that keeps what it gets -------------------------------------------------------- */

struct kept {
	unsigned batches;
	size_t count;
	char keys[64][64];
	uint32_t key_n[64];
};

static struct kept kept;

static size_t
keep(struct vnm_sink *s, const struct vnm_batch *batch)
{
	size_t end = 0;

	(void)s;
	kept.batches++;
	for (size_t i = 0; i < batch->count; i++) {
		const struct vnm_batch_entry *e = &batch->entries[i];

		CU_ASSERT_EQUAL(e->frame.at, end); /* without gaps */
		end = e->frame.at + e->frame.n;
		if (kept.count < 64) {
			kept.key_n[kept.count] = e->key_n;
			if (e->key_n > 0)
				memcpy(kept.keys[kept.count], batch->keys + e->key_at, e->key_n);
		}
		kept.count++;
	}
	CU_ASSERT_EQUAL(end, batch->n);
	return batch->count;
}

static const struct vnm_sink_type keeper = {.name = "keeper", .keyed = true, .publish = keep};

static struct vnm_sink
keeping_sink(void)
{
	kept = (struct kept){0};
	return (struct vnm_sink){.type = &keeper, .name = "k", .encoder = &vnm_json_encoder};
}

/* ---- a sink whose room comes and goes ------------------------------------------------------ */

static struct {
	size_t room;   /* entries that the next call takes */
	uint32_t next; /* source port of the record that must come */
	uint32_t patient_taken;
} narrow;

/* Records carry their number as source port; those of impatient batches are dropped. */
static size_t
publish_narrowly(struct vnm_sink *s, const struct vnm_batch *batch)
{
	size_t i = 0;

	for (; i < batch->count; i++) {
		const struct vnm_batch_entry *e = &batch->entries[i];
		char number[16];

		if (i >= narrow.room && batch->patient)
			break;
		if (i >= narrow.room) {
			vnm_sink_count_drop(s, e->kind, VNM_R_queue_full, 1);
			continue;
		}
		atomic_fetch_add(&s->books.published[e->kind], 1);
		narrow.patient_taken += batch->patient;
		if (!batch->patient)
			continue;
		snprintf(number, sizeof(number), "\"src_port\":%u,", narrow.next++);
		if (memmem(batch->bytes + e->frame.at, e->frame.n, number, strlen(number)) == NULL)
			CU_FAIL("another record");
		if (e->key_n != 8 || memcmp(batch->keys + e->key_at, "10.0.0.1", 8) != 0)
			CU_FAIL("another key");
	}
	return i;
}

static const struct vnm_sink_type narrow_type = {
    .name = "narrow", .keyed = true, .publish = publish_narrowly};

/* ---- options ------------------------------------------------------------------------------- */

static struct vnm_output_options
options_with(const char *name, const char *value)
{
	struct vnm_output_options o = {0};

	CU_ASSERT_EQUAL_FATAL(vnm_option_defaults(vnm_output_options, &o, NULL), 0);
	if (name != NULL)
		CU_ASSERT_EQUAL_FATAL(
		    vnm_option_set(vnm_option_find(vnm_output_options, name), &o, value, NULL), 0);
	return o;
}

static struct vnm_record
flow(const char *src, uint16_t src_port, const char *dst, uint16_t dst_port)
{
	struct vnm_record r = {.kind_id = VNM_KIND_flow};

	CU_ASSERT(vnm_addr_parse(&r.flow.src_addr, src) && vnm_addr_parse(&r.flow.dst_addr, dst));
	vnm_record_mark(&r, VNM_F_flow_src_addr);
	vnm_record_mark(&r, VNM_F_flow_dst_addr);
	VNM_SET(&r, flow, src_port, src_port);
	VNM_SET(&r, flow, dst_port, dst_port);
	VNM_SET(&r, flow, protocol, 6);
	CU_ASSERT(vnm_addr_parse(&r.env.exporter_addr, "192.0.2.7"));
	vnm_record_mark(&r, VNM_F_env_exporter_addr);
	return r;
}

static void
test_batches(void)
{
	struct vnm_output_options options = options_with(NULL, NULL);
	struct vnm_sink sink = keeping_sink();
	struct vnm_record r = flow("10.0.0.1", 1, "10.0.0.2", 2);
	struct vnm_output o;

	CU_ASSERT_EQUAL_FATAL(vnm_output_open(&o, &options, &sink, NULL), 0);
	vnm_output_turn_end(&o);
	CU_ASSERT_EQUAL(kept.batches, 0);
	for (int i = 0; i < 1300; i++)
		CU_ASSERT(vnm_output_record(&o, &r) > 0);
	CU_ASSERT_EQUAL(kept.batches, 2);
	vnm_output_turn_end(&o);
	CU_ASSERT_EQUAL(kept.batches, 3);
	CU_ASSERT_EQUAL(kept.count, 1300);
	CU_ASSERT_EQUAL(sink.books.offered[VNM_KIND_flow], 1300);
	vnm_output_close(&o);
	vnm_option_release(vnm_output_options, &options);
}

/* New fields hold from the next turn; wrong ones change nothing. */
static void
test_reload(void)
{
	struct vnm_output_options options = options_with(NULL, NULL);
	struct vnm_output_options wanted = options_with("fields", "src_port");
	struct vnm_output_options wrong = options_with("fields", "src_prot");
	struct vnm_sink_type null = *vnm_sink_type_find("null");
	null.discards = false;
	struct vnm_sink *sink = vnm_sink_open(&null, "n", &vnm_json_encoder, NULL, NULL);
	struct vnm_record r = flow("10.0.0.1", 1, "10.0.0.2", 2);
	struct vnm_output o;
	struct vnm_err err;

	CU_ASSERT_PTR_NOT_NULL_FATAL(sink);
	CU_ASSERT_EQUAL(vnm_output_open(&o, &options, sink, NULL), 0);
	CU_ASSERT(vnm_output_record(&o, &r) > 60);
	vnm_output_turn_end(&o);
	CU_ASSERT_EQUAL(vnm_output_reload(&o, &wanted, NULL), 0);
	CU_ASSERT_EQUAL(vnm_output_record(&o, &r), strlen("{\"src_port\":1}\n"));
	vnm_output_turn_end(&o);
	CU_ASSERT_EQUAL(vnm_output_reload(&o, &wrong, &err), -1);
	CU_ASSERT_PTR_NOT_NULL(strstr(err.text, "src_port"));
	CU_ASSERT_EQUAL(vnm_output_record(&o, &r), strlen("{\"src_port\":1}\n"));
	vnm_output_close(&o);
	CU_ASSERT_EQUAL(sink->books.published[VNM_KIND_flow], 3);
	CU_ASSERT_EQUAL(vnm_sink_in_flight(sink), 0);
	vnm_sink_close(sink);
	vnm_option_release(vnm_output_options, &options);
	vnm_option_release(vnm_output_options, &wanted);
	vnm_option_release(vnm_output_options, &wrong);
}

/* What keeps nothing costs nothing, and its books are right all the same. */
static void
test_discards(void)
{
	struct vnm_output_options options = options_with(NULL, NULL);
	struct vnm_sink *sink =
	    vnm_sink_open(vnm_sink_type_find("null"), "n", &vnm_json_encoder, NULL, NULL);
	struct vnm_record r = flow("10.0.0.1", 1, "10.0.0.2", 2);
	struct vnm_output o;

	CU_ASSERT_PTR_NOT_NULL_FATAL(sink);
	CU_ASSERT_EQUAL_FATAL(vnm_output_open(&o, &options, sink, NULL), 0);
	for (unsigned i = 0; i < 1300; i++)
		CU_ASSERT_EQUAL(vnm_output_record(&o, &r), 0);
	CU_ASSERT_EQUAL(o.bytes.n, 0);
	vnm_output_close(&o);
	CU_ASSERT_EQUAL(sink->books.offered[VNM_KIND_flow], 1300);
	CU_ASSERT_EQUAL(sink->books.published[VNM_KIND_flow], 1300);
	vnm_sink_close(sink);
	vnm_option_release(vnm_output_options, &options);
}

static void
send_keyed(const char *key, const struct vnm_record *records, size_t n)
{
	struct vnm_output_options options = options_with("key", key);
	struct vnm_sink sink = keeping_sink();
	struct vnm_output o;

	CU_ASSERT_EQUAL_FATAL(vnm_output_open(&o, &options, &sink, NULL), 0);
	for (size_t i = 0; i < n; i++)
		vnm_output_record(&o, &records[i]);
	vnm_output_close(&o);
	vnm_option_release(vnm_output_options, &options);
	CU_ASSERT_EQUAL(kept.count, n);
}

static bool
same_key(size_t a, size_t b)
{
	return kept.key_n[a] == kept.key_n[b] &&
	       memcmp(kept.keys[a], kept.keys[b], kept.key_n[a]) == 0;
}

static void
test_keys(void)
{
	struct vnm_record records[] = {flow("10.0.0.1", 1, "10.0.0.2", 2),
	    flow("10.0.0.2", 2, "10.0.0.1", 1), /* its reverse */
	    flow("10.0.0.1", 2, "10.0.0.2", 1), /* the ports of the other end */
	    flow("10.0.0.1", 1, "10.0.0.3", 2), {.kind_id = VNM_KIND_visibility}};

	send_keyed("none", records, 5);
	for (size_t i = 0; i < 5; i++)
		CU_ASSERT_EQUAL(kept.key_n[i], 0);
	send_keyed("exporter", records, 5);
	CU_ASSERT_EQUAL(kept.key_n[0], 9);
	CU_ASSERT_EQUAL(memcmp(kept.keys[0], "192.0.2.7", 9), 0);
	CU_ASSERT(same_key(0, 3));
	CU_ASSERT_EQUAL(kept.key_n[4], 0); /* it has no exporter */
	send_keyed("flow", records, 5);
	CU_ASSERT_EQUAL(kept.key_n[0], 16);
	CU_ASSERT(same_key(0, 1));
	CU_ASSERT_FALSE(same_key(0, 2));
	CU_ASSERT_FALSE(same_key(0, 3));
}

#define SET_PLACE(r, kind, router, distinguisher, peer)                              \
	do {                                                                         \
		(r)->kind_id = VNM_KIND_##kind;                                      \
		CU_ASSERT(vnm_addr_parse(&(r)->kind.router_addr, router));           \
		vnm_record_mark(r, VNM_F_##kind##_router_addr);                      \
		VNM_SET(r, kind, peer_distinguisher, vnm_str_of(distinguisher));     \
		if ((peer)[0] != '\0' && vnm_addr_parse(&(r)->kind.peer_addr, peer)) \
			vnm_record_mark(r, VNM_F_##kind##_peer_addr);                \
	} while (0)

static void
expect_key(size_t i, const char *key)
{
	CU_ASSERT_EQUAL(kept.key_n[i], strlen(key));
	CU_ASSERT_EQUAL(memcmp(kept.keys[i], key, strlen(key)), 0);
}

/* Whatever `key` says of the others; a peer's events have the key of its routes. */
static void
test_ordered_keys(void)
{
	struct vnm_record records[8] = {{.kind_id = VNM_KIND_visibility}};

	SET_PLACE(&records[1], route, "192.0.2.1", "0:0", "192.0.2.9");
	SET_PLACE(&records[2], peer, "192.0.2.1", "0:0", "192.0.2.9");
	SET_PLACE(&records[3], route, "2001:db8::1", "65000:7", "2001:db8::9");
	SET_PLACE(&records[4], route, "192.0.2.1", "0:0", ""); /* the router's Loc-RIB */
	SET_PLACE(&records[5], linkstate, "192.0.2.1", "0:0", "192.0.2.9");
	VNM_SET(&records[5], linkstate, object_id, VNM_STR("0001020000"));
	records[6].kind_id = VNM_KIND_peer; /* the router itself, by the address it came from */
	CU_ASSERT(vnm_addr_parse(&records[6].env.exporter_addr, "192.0.2.1"));
	vnm_record_mark(&records[6], VNM_F_env_exporter_addr);
	records[7].kind_id = VNM_KIND_topology_event;
	VNM_SET(&records[7], topology_event, object, VNM_STR("02:00:00:00:00:01"));
	for (int i = 0; i < 2; i++) {
		send_keyed(i == 0 ? "none" : "exporter", records, 8);
		CU_ASSERT_EQUAL(kept.key_n[0], 0);
		expect_key(1, "192.0.2.1|0:0|192.0.2.9");
		CU_ASSERT(same_key(1, 2));
		expect_key(3, "2001:db8::1|65000:7|2001:db8::9");
		expect_key(4, "192.0.2.1|0:0|");
		expect_key(5, "0001020000");
		expect_key(6, "192.0.2.1||");
		expect_key(7, "02:00:00:00:00:01");
	}
}

/* Keys as long as a router may make them, one behind the other in one batch. */
static void
test_long_keys(void)
{
	static char id[20000];
	struct vnm_output_options options = options_with(NULL, NULL);
	struct vnm_sink sink = keeping_sink();
	struct vnm_record r = {.kind_id = VNM_KIND_linkstate};
	struct vnm_output o;

	memset(id, 'a', sizeof(id));
	CU_ASSERT_EQUAL_FATAL(vnm_output_open(&o, &options, &sink, NULL), 0);
	for (uint32_t n = 1; n <= sizeof(id); n += 999) {
		VNM_SET(&r, linkstate, object_id, ((struct vnm_str){id, n, true}));
		CU_ASSERT(vnm_output_record(&o, &r) > 0);
		CU_ASSERT_EQUAL(o.entries[o.count - 1].key_n, n);
		CU_ASSERT_EQUAL(o.keys.p[o.keys.n - 1], 'a');
	}
	o.count = 0; /* longer than what the keeper keeps */
	o.bytes.n = 0;
	vnm_output_close(&o);
	vnm_option_release(vnm_output_options, &options);
}

/* A sink that looks at no keys gets none. */
static void
test_unkeyed_sink(void)
{
	static const struct vnm_sink_type unkeyed = {.name = "unkeyed", .publish = keep};
	struct vnm_output_options options = options_with("key", "exporter");
	struct vnm_sink sink = keeping_sink();
	struct vnm_record r = flow("10.0.0.1", 1, "10.0.0.2", 2), route = {0};
	struct vnm_output o;

	SET_PLACE(&route, route, "192.0.2.1", "0:0", "192.0.2.9");
	sink.type = &unkeyed;
	CU_ASSERT_EQUAL_FATAL(vnm_output_open(&o, &options, &sink, NULL), 0);
	vnm_output_record(&o, &r);
	vnm_output_record(&o, &route);
	vnm_output_close(&o);
	CU_ASSERT_EQUAL(kept.count, 2);
	CU_ASSERT_EQUAL(kept.key_n[0] + kept.key_n[1], 0);
	vnm_option_release(vnm_output_options, &options);
}

static void
test_wrong_options(void)
{
	static const char *const wrong[][2] = {{"key", "flaw"}, {"json_u64", "text"}};
	struct vnm_sink sink = keeping_sink();
	struct vnm_output o;
	struct vnm_err err;

	for (size_t i = 0; i < VNM_ARRAY_LEN(wrong); i++) {
		struct vnm_output_options options = options_with(wrong[i][0], wrong[i][1]);

		CU_ASSERT_EQUAL(vnm_output_open(&o, &options, &sink, &err), -1);
		CU_ASSERT_PTR_NOT_NULL(strstr(err.text, wrong[i][1]));
		vnm_option_release(vnm_output_options, &options);
	}
}

/* Every allocation fails in its turn: each record is published or counted, and none is broken. */
static void
test_no_memory(void)
{
	static char text[100000];
	struct vnm_ie ies[100];
	struct vnm_output_options options = options_with("key", "flow");
	struct vnm_record r = flow("10.0.0.1", 1, "10.0.0.2", 2);
	unsigned failures = 0;

	memset(text, 'x', sizeof(text));
	VNM_SET(&r, flow, user_name, (struct vnm_str){text, sizeof(text), false});
	for (uint16_t i = 0; i < VNM_ARRAY_LEN(ies); i++)
		ies[i] = (struct vnm_ie){.id = i, .octets = {(const uint8_t *)text, 3000}};
	VNM_SET(&r, flow, ie, (struct vnm_ies){ies, VNM_ARRAY_LEN(ies)});
	for (uint64_t n = 1; n < 100; n++) {
		struct vnm_sink sink = keeping_sink();
		struct vnm_output o;

		sink.encoder = n % 2 == 0 ? &vnm_json_encoder : &vnm_protobuf_encoder;
		CU_ASSERT_EQUAL_FATAL(vnm_output_open(&o, &options, &sink, NULL), 0);
		vnm_alloc_fail_at((n + 1) / 2);
		size_t octets = vnm_output_record(&o, &r);
		vnm_alloc_fail_at(0);
		vnm_output_turn_end(&o);
		uint64_t dropped = sink.books.reasons[VNM_R_encode_failed];
		failures += (unsigned)dropped;
		CU_ASSERT_EQUAL(dropped, octets == 0);
		CU_ASSERT_EQUAL(kept.count, octets != 0);
		CU_ASSERT_EQUAL(sink.books.offered[VNM_KIND_flow], 1);
		vnm_output_close(&o);
	}
	CU_ASSERT(failures > 8);
	vnm_option_release(vnm_output_options, &options);
}

/* ---- the file sink with several workers ---------------------------------------------------- */

#define WORKERS 4
#define RECORDS 20000

struct job {
	struct vnm_sink *sink;
	uint32_t worker;
};

static void *
work(void *arg)
{
	struct job *job = arg;
	struct vnm_output_options options = options_with(NULL, NULL);
	struct vnm_record r = flow("10.0.0.1", 1, "10.0.0.2", 2);
	struct vnm_output o;

	vnm_output_open(&o, &options, job->sink, NULL);
	VNM_SET(&r, env, worker, job->worker);
	for (uint64_t i = 0; i < RECORDS; i++) {
		VNM_SET(&r, env, record_seq, i);
		vnm_output_record(&o, &r);
		if (i % 100 == 0)
			vnm_output_turn_end(&o);
		if (i % 1000 == 0 && job->worker == 0)
			job->sink->type->tick(job->sink, 0);
		if (i % 5000 == 0 && job->worker == 1)
			job->sink->type->reopen(job->sink);
	}
	vnm_output_close(&o);
	vnm_option_release(vnm_output_options, &options);
	return NULL;
}

/* Each worker's records are there, whole and in its order. */
static unsigned
count_lines(const char *path, uint64_t next[WORKERS])
{
	FILE *f = fopen(path, "r");
	char line[1024];
	unsigned lines = 0, wrong = 0;

	CU_ASSERT_PTR_NOT_NULL_FATAL(f);
	while (fgets(line, sizeof(line), f) != NULL) {
		json_object *j = json_tokener_parse(line);
		json_object *worker, *seq;

		if (json_object_object_get_ex(j, "worker", &worker) &&
		    json_object_object_get_ex(j, "record_seq", &seq))
			wrong += json_object_get_uint64(seq) !=
				 next[json_object_get_uint64(worker) % WORKERS]++;
		else
			wrong++;
		json_object_put(j);
		lines++;
	}
	fclose(f);
	CU_ASSERT_EQUAL(wrong, 0);
	return lines;
}

/* A file sink with its options in *options; close_file() ends both. */
static struct vnm_sink *
open_file(const char *path, void **options)
{
	const struct vnm_sink_type *type = vnm_sink_type_find("file");

	*options = vnm_alloc_zero(1, type->options_size);
	CU_ASSERT_PTR_NOT_NULL_FATAL(*options);
	CU_ASSERT_EQUAL(vnm_option_defaults(type->options, *options, NULL), 0);
	CU_ASSERT_EQUAL(
	    vnm_option_set(vnm_option_find(type->options, "path"), *options, path, NULL), 0);
	struct vnm_sink *sink = vnm_sink_open(type, "f", &vnm_json_encoder, *options, NULL);
	CU_ASSERT_PTR_NOT_NULL_FATAL(sink);
	return sink;
}

static void
close_file(struct vnm_sink *sink, void *options)
{
	const struct vnm_option *table = sink->type->options;

	vnm_sink_close(sink);
	vnm_option_release(table, options);
	vnm_free(options);
}

static void
test_workers(void)
{
	char path[] = "/tmp/vnmcd-output-XXXXXX";
	uint64_t next[WORKERS] = {0};
	struct job jobs[WORKERS];
	pthread_t threads[WORKERS];
	void *options;

	CU_ASSERT_EQUAL(close(mkstemp(path)), 0);
	struct vnm_sink *sink = open_file(path, &options);
	for (uint32_t i = 0; i < WORKERS; i++) {
		jobs[i] = (struct job){sink, i};
		CU_ASSERT_EQUAL(pthread_create(&threads[i], NULL, work, &jobs[i]), 0);
	}
	for (uint32_t i = 0; i < WORKERS; i++)
		pthread_join(threads[i], NULL);
	CU_ASSERT_EQUAL(sink->type->flush(sink, 0), 0);
	CU_ASSERT_EQUAL(vnm_sink_in_flight(sink), 0);
	CU_ASSERT_EQUAL(sink->books.published[VNM_KIND_flow], WORKERS * RECORDS);
	close_file(sink, options);
	CU_ASSERT_EQUAL(count_lines(path, next), WORKERS * RECORDS);
	unlink(path);
}

/* Logs are rotated by renaming the file and telling its writer. */
static void
test_reopen(void)
{
	char path[] = "/tmp/vnmcd-output-XXXXXX", moved[sizeof(path) + 4];
	struct vnm_record r = flow("10.0.0.1", 1, "10.0.0.2", 2);
	struct vnm_output_options output_options = options_with(NULL, NULL);
	uint64_t next[WORKERS] = {0};
	struct vnm_output o;
	void *options;

	CU_ASSERT_EQUAL(close(mkstemp(path)), 0);
	snprintf(moved, sizeof(moved), "%s.old", path);
	struct vnm_sink *sink = open_file(path, &options);
	CU_ASSERT_EQUAL(vnm_output_open(&o, &output_options, sink, NULL), 0);
	VNM_SET(&r, env, worker, 0);
	for (uint64_t i = 0; i < 5; i++) {
		VNM_SET(&r, env, record_seq, i);
		vnm_output_record(&o, &r);
		vnm_output_turn_end(&o);
		if (i == 2) {
			CU_ASSERT_EQUAL(rename(path, moved), 0);
			sink->type->reopen(sink);
		}
	}
	vnm_output_close(&o);
	close_file(sink, options);
	CU_ASSERT_EQUAL(count_lines(moved, next), 3);
	CU_ASSERT_EQUAL(count_lines(path, next), 2);
	unlink(path);
	unlink(moved);
	vnm_option_release(vnm_output_options, &output_options);
}

/* What can wait does so in order, what cannot is dropped meanwhile, and every one is in the books.
 */
static void
test_held(void)
{
	enum { ROUNDS = 3000 };
	struct vnm_output_options options = options_with("key", "exporter");
	struct vnm_sink sink = {.type = &narrow_type, .encoder = &vnm_json_encoder};
	struct vnm_output o;
	uint32_t patient = 0, others = 0;

	memset(&narrow, 0, sizeof(narrow));
	CU_ASSERT_EQUAL_FATAL(vnm_output_open(&o, &options, &sink, NULL), 0);
	for (int round = 0; round < ROUNDS; round++) {
		narrow.room = random() % 4 == 0 ? (size_t)random() % 2000 : (size_t)random() % 3;
		vnm_output_patience(&o, random() % 3 != 0);
		for (long n = random() % 40; n > 0; n--) {
			struct vnm_record r = flow("10.0.0.1", (uint16_t)patient, "10.0.0.2", 0);
			VNM_SET(&r, env, exporter_addr, r.flow.src_addr);
			if (!o.patient)
				r.flow.src_port = UINT16_MAX;
			patient += o.patient;
			others += !o.patient;
			vnm_output_record(&o, &r);
		}
		if (random() % 4 == 0)
			vnm_output_turn_end(&o);
		if (patient - narrow.next > 1000)
			narrow.room = SIZE_MAX;
		if (vnm_output_is_clear(&o))
			CU_ASSERT_EQUAL(o.held, 0);
	}
	narrow.room = SIZE_MAX;
	vnm_output_turn_end(&o);
	vnm_output_close(&o);
	CU_ASSERT_EQUAL(narrow.patient_taken, patient);
	CU_ASSERT_EQUAL(sink.books.offered[VNM_KIND_flow], patient + others);
	CU_ASSERT_EQUAL(sink.books.dropped[VNM_KIND_flow], sink.books.reasons[VNM_R_queue_full]);
	CU_ASSERT_TRUE(sink.books.dropped[VNM_KIND_flow] <= others);
	CU_ASSERT_EQUAL(vnm_sink_in_flight(&sink), 0);
	CU_ASSERT_TRUE(patient > ROUNDS && others > ROUNDS);
	vnm_option_release(vnm_output_options, &options);
}

/* At the end nothing waits any more: what the sink has no room for is dropped and counted. */
static void
test_hurried(void)
{
	struct vnm_output_options options = options_with("key", "exporter");
	struct vnm_sink sink = {.type = &narrow_type, .encoder = &vnm_json_encoder};
	struct vnm_output o;

	memset(&narrow, 0, sizeof(narrow));
	CU_ASSERT_EQUAL_FATAL(vnm_output_open(&o, &options, &sink, NULL), 0);
	vnm_output_patience(&o, true);
	for (uint16_t i = 0; i < 600; i++) {
		struct vnm_record r = flow("10.0.0.1", i, "10.0.0.2", 0);
		VNM_SET(&r, env, exporter_addr, r.flow.src_addr);
		vnm_output_record(&o, &r);
	}
	vnm_output_turn_end(&o);
	CU_ASSERT_FALSE(vnm_output_is_clear(&o));
	CU_ASSERT_EQUAL(vnm_sink_in_flight(&sink), 600);
	narrow.room = 100;
	vnm_output_hurry(&o);
	CU_ASSERT_TRUE(vnm_output_is_clear(&o));
	CU_ASSERT_EQUAL(sink.books.published[VNM_KIND_flow], 100);
	CU_ASSERT_EQUAL(sink.books.dropped[VNM_KIND_flow], 500);
	vnm_output_close(&o);
	vnm_option_release(vnm_output_options, &options);
}

CU_TestInfo suite_output[] = {
    {"batches", test_batches},
    {"reload", test_reload},
    {"held batches", test_held},
    {"the end of patience", test_hurried},
    {"discards", test_discards},
    {"keys", test_keys},
    {"ordered keys", test_ordered_keys},
    {"long keys", test_long_keys},
    {"unkeyed sink", test_unkeyed_sink},
    {"wrong options", test_wrong_options},
    {"no memory", test_no_memory},
    {"workers", test_workers},
    {"reopen", test_reopen},
    CU_TEST_INFO_NULL,
};
