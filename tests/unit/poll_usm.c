/*
 * Version 3 of the poller, against an agent that does as RFC 3414 says: discovery, clocks,
 * Reports, clones.
 */
#include "poll_desk.h"
#include "unit.h"

#include "base/clock.h"

#include <endian.h>
#include <string.h>

#define SLICE(text) ((struct vnm_slice){(const uint8_t *)(text), sizeof(text) - 1})

static const enum vnm_plan_sort interfaces[] = {VNM_PLAN_interfaces};
static const uint8_t engines[3][9] = {
    {0x80, 0, 0, 0, 4, 'a', 'b', 'c', '1'}, {0x80, 0, 0, 0, 4, 'a', 'b', 'c', '2'}};

static struct agent_mib mib;

static struct vnm_usm_user
user(enum vnm_usm_auth auth, enum vnm_usm_priv priv, const char *password)
{
	struct vnm_usm_user u = {.name = SLICE("operator"), .auth = auth, .priv = priv};
	const struct vnm_slice secret = {(const uint8_t *)password, strlen(password)};

	if (auth != VNM_USM_NO_AUTH)
		CU_ASSERT_TRUE_FATAL(vnm_usm_password_key(auth, secret, &u.auth_key));
	u.priv_key = u.auth_key;
	return u;
}

/* Two devices with engines of their own, and agents that know `known`. */
static void
begin(struct desk *k, const struct vnm_usm_user *known)
{
	if (mib.n == 0)
		agent_make_interfaces(&mib, 20);
	desk_open(k, 2, &mib);
	for (unsigned i = 0; i < 2; i++) {
		struct agent *a = &k->devices[i].agent;

		a->engine = (struct vnm_slice){engines[i], sizeof(engines[i])};
		a->boots = 7 + i;
		a->user = known;
		if (known->auth != VNM_USM_NO_AUTH)
			a->keys = vnm_usm_keys_new(known, a->engine);
	}
}

static void
poll_as(struct desk *k, const struct vnm_usm_user *u)
{
	struct vnm_poll_access access = desk_access();
	struct vnm_poll_options o = desk_options();
	struct vnm_poll_config *c;

	access.version = VNM_SNMP_V3;
	access.user = *u;
	access.context = SLICE("");
	c = desk_config(k, &o, &access, interfaces, 1, 0, 2);
	vnm_poller_configure(k->poller, c, k->now_ns);
	vnm_poll_config_leave(c);
}

static void
end(struct desk *k)
{
	for (unsigned i = 0; i < 2; i++)
		vnm_usm_keys_free(k->devices[i].agent.keys);
	desk_close(k);
}

static void
test_levels(void)
{
	static const struct {
		enum vnm_usm_auth auth;
		enum vnm_usm_priv priv;
	} levels[] = {{VNM_USM_NO_AUTH, VNM_USM_NO_PRIV}, {VNM_USM_MD5, VNM_USM_NO_PRIV},
	    {VNM_USM_SHA1, VNM_USM_AES128}, {VNM_USM_SHA256, VNM_USM_AES256},
	    {VNM_USM_SHA512, VNM_USM_AES192C}};

	for (size_t i = 0; i < VNM_ARRAY_LEN(levels); i++) {
		const struct vnm_usm_user u = user(levels[i].auth, levels[i].priv, "correct horse");
		struct desk k;

		begin(&k, &u);
		poll_as(&k, &u);
		desk_run(&k, 600 * DESK_S);
		CU_ASSERT(k.walks >= 18);
		CU_ASSERT_EQUAL(k.wrong + k.cut, 0);
		CU_ASSERT_EQUAL(k.counters.v[VNM_C_poll_timeouts], 0);
		/* Of each device's engine one Report; with a clock that it tells, no second one. */
		CU_ASSERT_EQUAL(k.counters.v[VNM_C_poll_resyncs], 2);
		end(&k);
	}
}

/* The salts of encrypted requests: never the same, and they do not give away what ids are made of.
 */
static void
test_salts(void)
{
	const struct vnm_usm_user u = user(VNM_USM_SHA1, VNM_USM_AES128, "correct horse");
	uint64_t last = 0;
	unsigned seen = 0;
	struct desk k;

	begin(&k, &u);
	poll_as(&k, &u);
	for (unsigned n = 0; n < 6000; n++) {
		struct vnm_snmp_message m;
		struct vnm_usm_params params;
		uint64_t salt;

		desk_run(&k, 10 * DESK_MS);
		if (k.packet_n == 0 || k.packets[0].to.port != 161 ||
		    vnm_snmp_read(k.packets[0].p, k.packets[0].n, &m) != VNM_OK ||
		    (m.flags & VNM_SNMP_FLAG_PRIV) == 0)
			continue;
		CU_ASSERT_EQUAL_FATAL(vnm_usm_read(m.security, &params, &m.odd), VNM_OK);
		CU_ASSERT_EQUAL_FATAL(params.priv.n, sizeof(salt));
		memcpy(&salt, params.priv.p, sizeof(salt));
		salt = be64toh(salt);
		CU_ASSERT_NOT_EQUAL(salt, last);
		CU_ASSERT(salt - DESK_SEED > UINT64_C(1) << 32);
		last = salt;
		seen++;
	}
	CU_ASSERT(seen >= 2);
	end(&k);
}

/* An agent that boots anew; one that forgets its boots; one whose clock runs away. */
static void
test_clock(void)
{
	const struct vnm_usm_user u = user(VNM_USM_SHA1, VNM_USM_AES128, "correct horse");
	struct desk k;
	struct agent *a;
	uint64_t walks;

	begin(&k, &u);
	a = &k.devices[0].agent;
	poll_as(&k, &u);
	desk_run(&k, 100 * DESK_S);
	a->boots++;
	a->boot_ns = k.now_ns;
	walks = k.devices[0].walks;
	desk_run(&k, 120 * DESK_S);
	CU_ASSERT(k.devices[0].walks - walks >= 2);
	a->boots = 1; /* backwards */
	a->boot_ns = k.now_ns;
	walks = k.devices[0].walks;
	desk_run(&k, 120 * DESK_S);
	CU_ASSERT(k.devices[0].walks - walks >= 2);
	a->boot_ns -= 1000 * DESK_S;
	walks = k.devices[0].walks;
	desk_run(&k, 120 * DESK_S);
	CU_ASSERT(k.devices[0].walks - walks >= 2);
	CU_ASSERT(k.counters.v[VNM_C_poll_resyncs] >= 2 + 3);
	CU_ASSERT(k.counters.v[VNM_C_poll_resyncs] <= 2 + 6);
	CU_ASSERT_EQUAL(k.cut, 0);
	end(&k);
}

/* One that boots anew again and again while one long table is walked. */
static void
test_boots(void)
{
	const struct vnm_usm_user u = user(VNM_USM_SHA1, VNM_USM_AES128, "correct horse");
	struct agent_mib long_mib = {0};
	struct desk k;
	struct agent *a;

	agent_make_interfaces(&long_mib, 300);
	begin(&k, &u);
	k.delay_ns = 900 * DESK_MS;
	a = &k.devices[0].agent;
	a->mib = &long_mib;
	k.devices[1].dead = true;
	poll_as(&k, &u);
	for (unsigned n = 0; n < 60 && k.devices[0].walks == 0; n++) {
		desk_run(&k, 10 * DESK_S);
		a->boots++;
	}
	CU_ASSERT_EQUAL(k.devices[0].walks, 1);
	CU_ASSERT_EQUAL(k.devices[0].rows, 300);
	CU_ASSERT(k.counters.v[VNM_C_poll_resyncs] > 6);
	end(&k);
	agent_free(&long_mib);
}

/*
 * An agent's clock goes back by what is in the window when it judges, and out of it when we do.
 * (By RFC 3414 the difference is a matter of whole seconds, and half a round trip is between.)
 */
static void
test_edge(void)
{
	const struct vnm_usm_user u = user(VNM_USM_SHA1, VNM_USM_AES128, "correct horse");

	for (uint64_t ms = 0; ms < 1000; ms += 100) {
		struct desk k;

		begin(&k, &u);
		k.delay_ns = 900 * DESK_MS;
		poll_as(&k, &u);
		desk_run(&k, 100 * DESK_S);
		k.devices[0].agent.boot_ns += VNM_USM_WINDOW_S * DESK_S + ms * DESK_MS;
		desk_run(&k, 300 * DESK_S);
		CU_ASSERT_EQUAL(k.counters.v[VNM_C_poll_timeouts], 0);
		CU_ASSERT_EQUAL(k.events[VNM_POLL_DOWN], 0);
		CU_ASSERT_EQUAL(k.cut, 0);
		CU_ASSERT(k.reasons[VNM_R_not_in_time_window] <= 1);
		CU_ASSERT(k.devices[0].walks >= 5);
		end(&k);
	}
}

/* Who is refused is told so, once in a while, and has no answer taken for good. */
static void
test_refused(void)
{
	const struct vnm_usm_user known = user(VNM_USM_SHA1, VNM_USM_AES128, "correct horse");
	const struct vnm_usm_user wrong = user(VNM_USM_SHA1, VNM_USM_AES128, "battery staple");
	struct vnm_usm_user other = known;
	struct desk k;

	other.name = SLICE("stranger");
	begin(&k, &known);
	poll_as(&k, &wrong);
	desk_run(&k, 600 * DESK_S);
	CU_ASSERT_EQUAL(k.rows, 0);
	CU_ASSERT(k.events[VNM_POLL_REFUSED] >= 2);
	CU_ASSERT_EQUAL(
	    k.event_n[VNM_POLL_REFUSED], k.events[VNM_POLL_REFUSED] * VNM_USM_WRONG_DIGESTS);
	CU_ASSERT(k.devices[0].requests < 30);
	CU_ASSERT(k.reasons[VNM_R_wrong_digest] >= 2);
	poll_as(&k, &other);
	desk_run(&k, 1800 * DESK_S);
	CU_ASSERT(k.reasons[VNM_R_unknown_user] >= 2);
	CU_ASSERT_EQUAL(k.rows, 0);
	poll_as(&k, &known); /* now right: it is tried at once */
	desk_run(&k, 5 * DESK_S);
	CU_ASSERT(k.rows >= 2 * 20);
	CU_ASSERT_EQUAL(k.counters.v[VNM_C_poll_devices_dead], 0);
	end(&k);
}

/* Clones share an engine id: both are polled, each by its own clock, and it is told. */
static void
test_clones(void)
{
	const struct vnm_usm_user u = user(VNM_USM_SHA256, VNM_USM_AES128, "correct horse");
	struct desk k;

	begin(&k, &u);
	vnm_usm_keys_free(k.devices[1].agent.keys);
	k.devices[1].agent.engine = k.devices[0].agent.engine;
	k.devices[1].agent.keys = vnm_usm_keys_new(&u, k.devices[1].agent.engine);
	k.devices[1].agent.boots = 5000;
	poll_as(&k, &u);
	desk_run(&k, 300 * DESK_S);
	CU_ASSERT_EQUAL(k.events[VNM_POLL_ENGINE_TWICE], 1);
	CU_ASSERT_EQUAL(k.counters.v[VNM_C_poll_engines_twice], 1);
	CU_ASSERT(k.devices[0].walks >= 4 && k.devices[1].walks >= 4);
	CU_ASSERT_EQUAL(k.counters.v[VNM_C_poll_resyncs], 2);
	end(&k);
}

/* Answers without the protection that was asked for, and damaged ones. */
static void
test_noise(void)
{
	const struct vnm_usm_user u = user(VNM_USM_SHA1, VNM_USM_AES128, "correct horse");
	struct desk k;

	begin(&k, &u);
	k.noise = 100;
	poll_as(&k, &u);
	desk_run(&k, 20000 * DESK_S);
	CU_ASSERT_EQUAL(k.wrong, 0); /* not one value that the agent has not */
	CU_ASSERT(k.reasons[VNM_R_wrong_digest] > 100);
	CU_ASSERT(k.walks > 100);
	end(&k);
	agent_free(&mib);
}

CU_TestInfo suite_poll_usm[] = {{"levels", test_levels}, {"salts", test_salts},
    {"clocks", test_clock}, {"many boots", test_boots}, {"edge of the window", test_edge},
    {"refused", test_refused}, {"clones", test_clones}, {"noise", test_noise}, CU_TEST_INFO_NULL};
