/*
 * daemon/conf.h: a configuration as it is bound, changed by -o and compared for a reload.
 */
#include "unit.h"

#include "base/alloc.h"
#include "daemon/conf.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

static const char text[] =
    "collector: pop1\n"
    "workers: 2\n"
    "listeners:\n"
    "  - { name: edge, decoder: flow, listen: \"udp:[::]:4739\", rcvbuf: 64M }\n"
    "  - name: core\n"
    "    decoder: flow\n"
    "    listen: udp:127.0.0.1:4740\n"
    "    allow: [ 10.0.0.0/8, \"2001:db8::/32\" ]\n"
    "topology: { sources: [ { name: a, path: /x/a.json }, { name: b, path: /x/b.json } ] }\n"
    "outputs:\n"
    "  - { name: out, type: file, path: /x/out, fields: [ src_addr, octets ], keep: 9 }\n"
    "limits: { held_time: 1m }\n"
    "http: { listen: \"[::1]:9464\" }\n";

static const char polled[] = "snmp: { users: [ { name: one }, { name: two } ] }\n"
			     "polls:\n"
			     "  - name: core\n"
			     "    tables: [ ifXTable, ifTable ]\n"
			     "    devices:\n"
			     "      - { address: 192.0.2.1, community: sesame }\n"
			     "      - { address: 192.0.2.2, community: sesame }\n"
			     "      - { address: 192.0.2.3, community: open }\n"
			     "      - { address: 192.0.2.4, version: 3, user: one }\n"
			     "      - { address: 192.0.2.5, version: 3, user: one }\n"
			     "      - { address: 192.0.2.6, version: 3, user: two }\n"
			     "      - { address: 192.0.2.7, version: 3, user: one, context: c }\n"
			     "outputs: [ { name: out, type: file } ]\n";

static char path[] = "/tmp/vnmcd-unit-XXXXXX";

static void
write_file(const char *content)
{
	int fd;
	FILE *f;

	snprintf(path, sizeof(path), "/tmp/vnmcd-unit-XXXXXX");
	fd = mkstemp(path);
	f = fdopen(fd, "w");
	fputs(content, f);
	fclose(f);
}

static struct vnm_conf *
load(const char *content, const char *const *overrides, size_t count, bool replay)
{
	struct vnm_conf_input in = {path, overrides, count, replay};
	struct vnm_conf *conf = NULL;
	struct vnm_errs errs = {0};
	char line[1024];

	write_file(content);
	if (vnm_conf_load(&conf, &in, &errs) != 0) {
		for (uint32_t i = 0; i < errs.n; i++)
			fprintf(stderr, "%s\n", vnm_err_format(&errs.p[i], line, sizeof(line)));
	}
	vnm_errs_free(&errs);
	unlink(path);
	CU_ASSERT_PTR_NOT_NULL_FATAL(conf);
	return conf;
}

static void
test_bound(void)
{
	size_t used = vnm_alloc_used();
	struct vnm_conf *c = load(text, NULL, 0, false);
	char endpoint[VNM_ENDPOINT_TEXT];

	CU_ASSERT_STRING_EQUAL(c->main.collector, "pop1");
	CU_ASSERT_EQUAL(c->main.workers, 2);
	CU_ASSERT_EQUAL(c->main.flush_timeout, 10000000000);
	CU_ASSERT_EQUAL_FATAL(c->listener_count, 2);
	CU_ASSERT_STRING_EQUAL(c->listeners[0].common.name, "edge");
	CU_ASSERT_EQUAL(c->listeners[0].common.rcvbuf, 67108864);
	CU_ASSERT_STRING_EQUAL(c->listeners[0].decoder->name, "flow");
	CU_ASSERT_EQUAL(c->listeners[0].common.listen.transport, VNM_TRANSPORT_UDP);
	CU_ASSERT_EQUAL(c->listeners[1].common.rcvbuf, 4194304);
	CU_ASSERT_EQUAL(c->listeners[1].common.allow.n, 2);
	CU_ASSERT_STRING_EQUAL(
	    vnm_endpoint_text(&c->listeners[1].common.listen.at, endpoint), "127.0.0.1:4740");
	CU_ASSERT_EQUAL_FATAL(c->topology_paths.n, 2);
	CU_ASSERT_STRING_EQUAL(c->topology_paths.p[1], "/x/b.json");
	CU_ASSERT_EQUAL_FATAL(c->output_count, 1);
	CU_ASSERT_STRING_EQUAL(c->outputs[0].type->name, "file");
	CU_ASSERT_PTR_EQUAL(c->outputs[0].encoder, vnm_encoder_find("json"));
	CU_ASSERT_EQUAL(c->outputs[0].common.fields.n, 2);
	CU_ASSERT_EQUAL(c->limits.held_time, 60000000000);
	CU_ASSERT_EQUAL(c->limits.exporters, 20000);
	CU_ASSERT_STRING_EQUAL(vnm_endpoint_text(&c->http.listen, endpoint), "[::1]:9464");
	vnm_conf_free(c);
	CU_ASSERT_EQUAL(vnm_alloc_used(), used);
}

static void
test_overrides(void)
{
	static const char *const set[] = {"listeners.edge.rcvbuf=8M", "workers=1",
	    "outputs.out.fields=dst_addr,kind,packets", "listeners.new.decoder=flow",
	    "listeners.new.listen=udp:0.0.0.0:2055", "topology.sources.c.path=/x/c=d.json",
	    "replay.speed=2.5", "limits.held_time=5s", "http.listen=127.0.0.1:80",
	    "listeners.core.allow="};
	struct vnm_conf *c = load(text, set, VNM_ARRAY_LEN(set), false);

	CU_ASSERT_EQUAL(c->listeners[0].common.rcvbuf, 8388608);
	CU_ASSERT_EQUAL(c->main.workers, 1);
	CU_ASSERT_EQUAL_FATAL(c->outputs[0].common.fields.n, 3);
	CU_ASSERT_STRING_EQUAL(c->outputs[0].common.fields.p[2], "packets");
	CU_ASSERT_EQUAL_FATAL(c->listener_count, 3);
	CU_ASSERT_STRING_EQUAL(c->listeners[2].common.name, "new");
	CU_ASSERT_EQUAL(c->listeners[2].common.listen.at.port, 2055);
	CU_ASSERT_EQUAL(c->listeners[1].common.allow.n, 0);
	CU_ASSERT_EQUAL_FATAL(c->topology_paths.n, 3);
	CU_ASSERT_STRING_EQUAL(c->topology_paths.p[2], "/x/c=d.json");
	CU_ASSERT_DOUBLE_EQUAL(c->replay.speed, 2.5, 0);
	CU_ASSERT_EQUAL(c->limits.held_time, 5000000000);
	CU_ASSERT_EQUAL(c->http.listen.port, 80);
	vnm_conf_free(c);
}

static void
test_replay(void)
{
	struct vnm_conf *c = load("state_dir: /x\nworkers: 4\n", NULL, 0, true);

	CU_ASSERT_STRING_EQUAL(c->main.collector, "replay");
	CU_ASSERT_EQUAL(c->main.workers, 1);
	CU_ASSERT_PTR_NULL(c->main.state_dir);
	CU_ASSERT_DOUBLE_EQUAL(c->replay.speed, 0, 0);
	CU_ASSERT_EQUAL_FATAL(c->output_count, 1);
	CU_ASSERT_STRING_EQUAL(c->outputs[0].common.name, "stdout");
	CU_ASSERT_STRING_EQUAL(c->outputs[0].type->name, "file");
	vnm_conf_free(c);
}

/* Devices that are asked in the same way share what says how; others do not. */
static void
test_polls(void)
{
	static const unsigned like[] = {0, 0, 2, 3, 3, 5, 6};
	size_t used = vnm_alloc_used();
	struct vnm_conf *c = load(polled, NULL, 0, false);
	struct vnm_errs errs = {0};
	const struct vnm_poll_config *p = vnm_conf_make_polls(c, &vnm_mib_builtin, &errs);

	CU_ASSERT_PTR_NOT_NULL_FATAL(p);
	CU_ASSERT_EQUAL_FATAL(p->target_count, VNM_ARRAY_LEN(like));
	for (unsigned i = 0; i < p->target_count; i++) {
		for (unsigned k = 0; k < p->target_count; k++)
			CU_ASSERT_EQUAL(
			    p->targets[i].access == p->targets[k].access, like[i] == like[k]);
	}
	CU_ASSERT_EQUAL(p->groups[0]->plan_count, 1); /* both tables of interfaces are one */
	CU_ASSERT_EQUAL(p->groups[0]->plans[0].mask, (UINT64_C(1) << p->groups[0]->plans[0].n) - 1);
	CU_ASSERT_EQUAL(p->targets[0].access->community.n, strlen("sesame"));
	CU_ASSERT_EQUAL(p->targets[4].access->user.name.n, strlen("one"));
	CU_ASSERT_EQUAL(p->targets[5].access->user.name.p[0], 't');
	vnm_conf_free(c);
	CU_ASSERT_EQUAL(vnm_alloc_used(), used);
}

static bool
listed(const struct vnm_strings *paths, const char *wanted)
{
	for (uint32_t i = 0; i < paths->n; i++) {
		if (strcmp(paths->p[i], wanted) == 0)
			return true;
	}
	return false;
}

static void
test_reload(void)
{
	static const char *const harmless[] = {
	    "listeners.edge.allow=10.0.0.0/8", "log_level=debug", "limits.held_time=3s"};
	static const char *const grave[] = {"listeners.edge.rcvbuf=8M", "workers=7",
	    "outputs.out.path=/x/other", "outputs.two.type=null", "http.listen=127.0.0.1:80"};
	struct vnm_conf *a = load(text, NULL, 0, false);
	struct vnm_conf *b = load(text, harmless, VNM_ARRAY_LEN(harmless), false);
	struct vnm_conf *c = load(text, grave, VNM_ARRAY_LEN(grave), false);
	struct vnm_strings paths = {0};

	CU_ASSERT_EQUAL(vnm_conf_needs_restart(a, b, &paths), 0);
	CU_ASSERT_EQUAL(paths.n, 0);
	CU_ASSERT_EQUAL(vnm_conf_needs_restart(a, c, &paths), 0);
	CU_ASSERT_EQUAL(paths.n, 5);
	CU_ASSERT_TRUE(listed(&paths, "workers"));
	CU_ASSERT_TRUE(listed(&paths, "http.listen"));
	CU_ASSERT_TRUE(listed(&paths, "listeners.edge.rcvbuf"));
	CU_ASSERT_TRUE(listed(&paths, "outputs.out.path"));
	CU_ASSERT_TRUE(listed(&paths, "outputs.two"));
	vnm_strings_free(&paths);
	CU_ASSERT_EQUAL(vnm_conf_needs_restart(c, a, &paths), 0);
	CU_ASSERT_TRUE(listed(&paths, "outputs.two"));
	vnm_strings_free(&paths);
	vnm_conf_free(a);
	vnm_conf_free(b);
	vnm_conf_free(c);
}

/* Every allocation in turn: an error or a whole configuration, and nothing lost. */
static void
fail_each(const char *content)
{
	size_t used = vnm_alloc_used();
	struct vnm_conf_input in = {.file = path};
	uint64_t counted = 0;

	write_file(content);
	for (uint64_t n = 1; counted >= n - 1; n++) {
		struct vnm_conf *c = NULL;
		struct vnm_errs errs = {0};
		vnm_alloc_fail_at(n);
		int rc = vnm_conf_load(&c, &in, &errs);
		if (rc == 0 && c->polls != NULL)
			rc = vnm_conf_make_polls(c, &vnm_mib_builtin, &errs) != NULL ? 0 : -1;
		counted = vnm_alloc_fail_at(0);
		if (counted >= n)
			CU_ASSERT_TRUE(rc == -1 && errs.n + errs.lost > 0);
		vnm_conf_free(c);
		vnm_errs_free(&errs);
		CU_ASSERT_EQUAL(vnm_alloc_used(), used);
	}
	unlink(path);
}

static void
test_memory_short(void)
{
	fail_each(text);
	fail_each(polled);
}

CU_TestInfo suite_conf[] = {{"bound to the tables", test_bound}, {"-o", test_overrides},
    {"for a replay", test_replay}, {"reload", test_reload}, {"polls", test_polls},
    {"memory is short", test_memory_short}, CU_TEST_INFO_NULL};
