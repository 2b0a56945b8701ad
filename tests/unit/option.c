/*
 * base/option.h: what values read as, what is refused, and that nothing leaks.
 */
#include "unit.h"

#include "base/alloc.h"
#include "base/nearest.h"
#include "base/option.h"

#include <string.h>

#define ALL(X)                                                                    \
	X(struct values, name, STRING, "vnf", RESTART, "a name")                  \
	X(struct values, on, BOOL, "true", RELOAD, "a switch")                    \
	X(struct values, count, NUMBER, "7", RELOAD, "a count")                   \
	X(struct values, ratio, REAL, "0.5", RELOAD, "a ratio")                   \
	X(struct values, room, SIZE, "4M", RESTART, "octets")                     \
	X(struct values, wait, DURATION, "20ms", RELOAD, "a time")                \
	X(struct values, words, STRINGS, "a,b", RELOAD, "words")                  \
	X(struct values, allow, PREFIXES, NULL, RELOAD, "prefixes")               \
	X(struct values, listen, LISTEN, "udp:[::]:4739", RESTART, "an address")  \
	X(struct values, to, TARGETS, NULL, RELOAD, "addresses to connect to")    \
	X(struct values, from, ADDRESS, NULL, RELOAD, "an address")               \
	X(struct values, http, ENDPOINT, "127.0.0.1:9464", RESTART, "an address") \
	X(struct values, speed, SPEED, "max", RESTART, "a speed")                 \
	X(struct values, pass, PAIRS, NULL, RESTART, "what is passed on")

struct values {
	ALL(VNM_OPTION_MEMBER)
};
static const struct vnm_option table[] = {ALL(VNM_OPTION_ROW) VNM_OPTION_END};

static const struct vnm_option *
row(const char *name)
{
	return vnm_option_find(table, name);
}

static void
test_defaults(void)
{
	size_t used = vnm_alloc_used();
	struct values v = {0};
	char text[VNM_ENDPOINT_TEXT];

	CU_ASSERT_EQUAL_FATAL(vnm_option_defaults(table, &v, NULL), 0);
	CU_ASSERT_STRING_EQUAL(v.name, "vnf");
	CU_ASSERT_TRUE(v.on);
	CU_ASSERT_EQUAL(v.count, 7);
	CU_ASSERT_DOUBLE_EQUAL(v.ratio, 0.5, 0);
	CU_ASSERT_EQUAL(v.room, 4194304);
	CU_ASSERT_EQUAL(v.wait, 20000000);
	CU_ASSERT_EQUAL_FATAL(v.words.n, 2);
	CU_ASSERT_STRING_EQUAL(v.words.p[1], "b");
	CU_ASSERT_EQUAL(v.allow.n, 0);
	CU_ASSERT_EQUAL(v.listen.transport, VNM_TRANSPORT_UDP);
	CU_ASSERT_STRING_EQUAL(vnm_endpoint_text(&v.listen.at, text), "[::]:4739");
	CU_ASSERT_STRING_EQUAL(vnm_endpoint_text(&v.http, text), "127.0.0.1:9464");
	CU_ASSERT_DOUBLE_EQUAL(v.speed, 0, 0);
	vnm_option_release(table, &v);
	CU_ASSERT_PTR_NULL(v.name);
	CU_ASSERT_EQUAL(vnm_alloc_used(), used);
}

static void
test_units(void)
{
	static const struct {
		const char *option, *text;
		uint64_t value;
	} good[] = {{"room", "0", 0}, {"room", "1500", 1500}, {"room", "64K", 65536},
	    {"room", "2G", 2147483648}, {"wait", "0", 0}, {"wait", "3ns", 3}, {"wait", "5us", 5000},
	    {"wait", "1s", 1000000000}, {"wait", "10m", 600000000000},
	    {"wait", "1h", 3600000000000}, {"wait", "2d", 172800000000000}};
	struct values v = {0};

	for (size_t i = 0; i < VNM_ARRAY_LEN(good); i++) {
		uint64_t value;
		CU_ASSERT_EQUAL(vnm_option_set(row(good[i].option), &v, good[i].text, NULL), 0);
		value = strcmp(good[i].option, "room") == 0 ? v.room : v.wait;
		CU_ASSERT_EQUAL(value, good[i].value);
	}
}

static void
test_refused(void)
{
	static const char *const bad[][2] = {{"on", "yes"}, {"on", ""}, {"count", "-1"},
	    {"count", "4294967296"}, {"count", "1.5"}, {"count", " 1"}, {"count", ""},
	    {"ratio", "nan"}, {"ratio", "1e999"}, {"ratio", "0x1"}, {"ratio", "1,5"},
	    {"room", "4MB"}, {"room", "4k"}, {"room", "M"}, {"room", "17179869184G"},
	    {"room", "18446744073709551616"}, {"wait", "5"}, {"wait", "1.5s"}, {"wait", "5 s"},
	    {"wait", "213504d"}, {"allow", "10.0.0.0/33"}, {"allow", "10.0.0.0/8,"},
	    {"listen", "[::]:4739"}, {"listen", "sctp:[::]:4739"}, {"listen", "udp:::4739"},
	    {"listen", "udp:[10.0.0.1]:1"}, {"listen", "udp:host:1"}, {"listen", "udp:[::]"},
	    {"listen", "udp:[::]:65536"}, {"to", "udp:10.0.0.1:1"}, {"to", "tcp:10.0.0.1:0"},
	    {"to", "tcp:0.0.0.0:1"}, {"from", "10.0.0.1:1"}, {"from", "host"},
	    {"http", "127.0.0.1"}, {"http", "udp:127.0.0.1:1"}, {"speed", "0"}, {"speed", "-1"},
	    {"speed", "fast"}, {"pass", "k"}};

	for (size_t i = 0; i < VNM_ARRAY_LEN(bad); i++) {
		struct values v = {0};
		struct vnm_err err = {.text = ""};
		if (vnm_option_set(row(bad[i][0]), &v, bad[i][1], &err) == 0)
			CU_FAIL(bad[i][1]);
		CU_ASSERT_PTR_NOT_NULL(strstr(err.text, bad[i][0]));
		vnm_option_release(table, &v);
	}
}

static void
test_lists_and_pairs(void)
{
	size_t used = vnm_alloc_used();
	struct values v = {0};
	struct vnm_addr a;

	CU_ASSERT_EQUAL(vnm_option_append(row("allow"), &v, "10.0.0.0/8", NULL), 0);
	CU_ASSERT_EQUAL(vnm_option_append(row("allow"), &v, "2001:db8::1", NULL), 0);
	CU_ASSERT_EQUAL_FATAL(v.allow.n, 2);
	vnm_addr_parse(&a, "10.255.0.1");
	CU_ASSERT_TRUE(vnm_prefix_contains(&v.allow.p[0], &a));
	CU_ASSERT_EQUAL(v.allow.p[1].len, 128);
	CU_ASSERT_EQUAL(vnm_option_set(row("allow"), &v, "", NULL), 0);
	CU_ASSERT_EQUAL(v.allow.n, 0);
	CU_ASSERT_EQUAL(vnm_option_pair(row("pass"), &v, "linger.ms", "20", NULL), 0);
	CU_ASSERT_EQUAL(vnm_option_pair(row("pass"), &v, "acks", "1", NULL), 0);
	CU_ASSERT_EQUAL(vnm_option_pair(row("pass"), &v, "linger.ms", "50", NULL), 0);
	CU_ASSERT_EQUAL_FATAL(v.pass.n, 4);
	CU_ASSERT_STRING_EQUAL(v.pass.p[0], "linger.ms");
	CU_ASSERT_STRING_EQUAL(v.pass.p[1], "50");
	vnm_option_release(table, &v);
	CU_ASSERT_EQUAL(vnm_alloc_used(), used);
}

static void
test_differs(void)
{
	static const char *const other[][2] = {{"name", "x"}, {"on", "false"}, {"count", "8"},
	    {"ratio", "0.25"}, {"room", "8M"}, {"wait", "21ms"}, {"words", "a,c"},
	    {"allow", "::/0"}, {"listen", "tcp:[::]:4739"}, {"http", "127.0.0.1:9465"},
	    {"speed", "2"}};
	struct values a = {0}, b = {0};

	vnm_option_defaults(table, &a, NULL);
	vnm_option_defaults(table, &b, NULL);
	for (const struct vnm_option *o = table; o->name != NULL; o++)
		CU_ASSERT_FALSE(vnm_option_differs(o, &a, &b));
	for (size_t i = 0; i < VNM_ARRAY_LEN(other); i++) {
		CU_ASSERT_EQUAL(vnm_option_set(row(other[i][0]), &b, other[i][1], NULL), 0);
		CU_ASSERT_TRUE(vnm_option_differs(row(other[i][0]), &a, &b));
	}
	vnm_option_pair(row("pass"), &b, "k", "v", NULL);
	CU_ASSERT_TRUE(vnm_option_differs(row("pass"), &a, &b));
	vnm_option_release(table, &a);
	vnm_option_release(table, &b);
}

static void
test_memory_short(void)
{
	size_t used = vnm_alloc_used();

	for (uint64_t n = 1; n < 8; n++) {
		struct values v = {0};
		vnm_alloc_fail_at(n);
		vnm_option_defaults(table, &v, NULL);
		vnm_option_pair(row("pass"), &v, "k", "v", NULL);
		vnm_alloc_fail_at(0);
		CU_ASSERT_EQUAL(v.pass.n % 2, 0);
		vnm_option_release(table, &v);
		CU_ASSERT_EQUAL(vnm_alloc_used(), used);
	}
}

static void
test_nearest(void)
{
	static const char *const pairs[][2] = {{"rooom", "room"}, {"lisetn", "listen"},
	    {"spede", "speed"}, {"cuont", "count"}, {"rat", "ratio"}, {"allowed", "allow"}};

	for (size_t i = 0; i < VNM_ARRAY_LEN(pairs); i++) {
		const char *name = vnm_option_nearest(table, pairs[i][0]);
		CU_ASSERT_PTR_NOT_NULL_FATAL(name);
		CU_ASSERT_STRING_EQUAL(name, pairs[i][1]);
	}
	CU_ASSERT_PTR_NULL(vnm_option_nearest(table, "zebra"));
	CU_ASSERT_PTR_NULL(vnm_option_nearest(table, ""));
}

/* A copy owns what it has, and differs from the original only where it is changed. */
static void
test_copy(void)
{
	size_t used = vnm_alloc_used();
	struct values v = {0}, copy;
	uint64_t n = 0;

	CU_ASSERT_EQUAL_FATAL(vnm_option_defaults(table, &v, NULL), 0);
	CU_ASSERT_EQUAL(vnm_option_set(row("allow"), &v, "10.0.0.0/8,::1", NULL), 0);
	CU_ASSERT_EQUAL(vnm_option_set(row("to"), &v, "tcp:10.0.0.1:1,tls:[::1]:2", NULL), 0);
	CU_ASSERT_EQUAL(vnm_option_set(row("from"), &v, "10.0.0.9", NULL), 0);
	CU_ASSERT_EQUAL(vnm_option_pair(row("pass"), &v, "a", "b", NULL), 0);
	CU_ASSERT_EQUAL(v.to.p[1].transport, VNM_TRANSPORT_TLS);
	CU_ASSERT_EQUAL(v.to.p[1].at.port, 2);
	vnm_alloc_fail_at(0);
	CU_ASSERT_EQUAL_FATAL(vnm_option_copy(table, &copy, &v), 0);
	n = vnm_alloc_fail_at(0);
	for (const struct vnm_option *o = table; o->name != NULL; o++)
		CU_ASSERT_FALSE(vnm_option_differs(o, &v, &copy));
	CU_ASSERT_EQUAL(vnm_option_set(row("to"), &copy, "tcp:10.0.0.1:1,tls:[::1]:3", NULL), 0);
	CU_ASSERT_TRUE(vnm_option_differs(row("to"), &v, &copy));
	CU_ASSERT_EQUAL(vnm_option_set(row("from"), &copy, "::9", NULL), 0);
	CU_ASSERT_TRUE(vnm_option_differs(row("from"), &v, &copy));
	vnm_option_release(table, &copy);
	for (uint64_t i = 1; i <= n; i++) {
		size_t before = vnm_alloc_used();
		vnm_alloc_fail_at(i);
		CU_ASSERT_EQUAL(vnm_option_copy(table, &copy, &v), -1);
		vnm_alloc_fail_at(0);
		CU_ASSERT_EQUAL(vnm_alloc_used(), before);
	}
	vnm_option_release(table, &v);
	CU_ASSERT_EQUAL(vnm_alloc_used(), used);
}

CU_TestInfo suite_option[] = {{"defaults", test_defaults}, {"units", test_units},
    {"what is refused", test_refused}, {"lists and pairs", test_lists_and_pairs},
    {"differences", test_differs}, {"memory is short", test_memory_short},
    {"nearest names", test_nearest}, {"copies", test_copy}, CU_TEST_INFO_NULL};
