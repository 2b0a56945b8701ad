/*
 * A fuzz target for polling: the input makes answers to a poller's requests. All between the
 * socket and the encoded record is the real thing (daemon/polls.c, the poller, the decoders of
 * rows, a pipeline); network and clock are the test's: this file stands in for snmp_poll.c.
 *
 *   u8   bits 0-2: the configuration, bits 4-5: outputs' encodings
 *   then what becomes of each request's answer (poll_net.h)
 *
 * After each step the poller's books must balance: every request waits with a deadline or for a
 * slot, is answered once or given up, and no device is forgotten. Behind the input's end the
 * agents are well, and every device must be found well again.
 */
#include "base/alloc.h"
#include "base/clock.h"
#include "base/log.h"
#include "collectors/snmp_poll.h"
#include "count.h"
#include "daemon/conf.h"
#include "daemon/polls.h"
#include "poll_books.h"
#include "poll_net.h"
#include "station.h"

#include <assert.h>
#include <stdio.h>
#include <stdlib.h>

#define CONFIGS VNM_ARRAY_LEN(files)
#define PLANS 64		      /* of one device, under all configurations */
#define STEPS_MAX 10000		      /* calls at one moment of the clock */
#define REQUESTS_MAX 5000	      /* of a device without the end of a walk */
#define WHOLE 400		      /* values of a walk, enough for all that the agents have */
#define PLAY_NS (3600 * VNM_NS_PER_S) /* of the input, at the most */
#define HEAL_NS (150 * VNM_NS_PER_S)  /* in which all must be well again */

static const char *const files[] = {"counters", "tables", "usm", "tight", "search", "none"};

static struct vnm_conf *confs[VNM_ARRAY_LEN(files)];
static struct vnm_poll_config *configs[VNM_ARRAY_LEN(files)];
static int users; /* of all configurations */

/* What stands in for the poller's socket and clock. */
struct vnm_snmp_poll {
	struct vnm_snmp_poll_calls calls;
	struct vnm_poller *poller;
	struct poll_books books;
	uint64_t walks[NET_AGENTS]; /* that ended, of each device */
	uint64_t whole[NET_AGENTS];
	bool anywhere; /* a configuration takes answers from anywhere */
	struct last_row {
		const struct vnm_plan *plan; /* NULL: free */
		uint32_t n, index[VNM_OID_MAX];
	} rows[NET_AGENTS][PLANS];
};

static struct vnm_snmp_poll the_poll;
static struct net net;

/* ---- once --------------------------------------------------------------------------------------
 */

static void
use(struct vnm_poll_config *c)
{
	(void)c;
	users++;
}

static void
leave(struct vnm_poll_config *c)
{
	(void)c;
	users--;
}

static void
load(unsigned i)
{
	char path[4096];
	const struct vnm_conf_input input = {.file = path};
	struct vnm_errs errs = {0};

	(void)snprintf(path, sizeof(path), "%s/%s.yaml", VNM_FUZZ_DATA, files[i]);
	if (vnm_conf_load(&confs[i], &input, &errs) == 0)
		configs[i] = vnm_conf_make_polls(confs[i], &vnm_mib_builtin, &errs);
	for (uint32_t k = 0; k < errs.n; k++)
		fprintf(stderr, "%s\n", vnm_err_format(&errs.p[k], path, sizeof(path)));
	if (configs[i] == NULL)
		abort();
	configs[i]->use = use;
	configs[i]->leave = leave;
}

/* As the configurations have it: users u0 to u2. */
static const struct vnm_usm_user *
user_of(uint32_t device)
{
	return &confs[0]->access->users[device % confs[0]->access->user_count].usm;
}

static void
setup(void)
{
	static bool done;

	if (done)
		return;
	done = true;
	vnm_log_level(VNM_LOG_ERROR);
	for (unsigned i = 0; i < CONFIGS; i++)
		load(i);
	net_setup(user_of);
}

/* ---- in the place of collectors/snmp_poll.c ----------------------------------------------------
 */

static void
on_send(void *ctx, const struct vnm_endpoint *to, const uint8_t *p, size_t n)
{
	(void)ctx;
	net_send(&net, to, p, n);
	if (net.since_end[net_device(to)] > REQUESTS_MAX)
		vnm_fuzz_demand("a walk does not end");
}

/* The rows of a walk are in the order of their indices, and none is there twice. */
static void
on_row(void *ctx, const struct vnm_poll_source *from, const struct vnm_plan_row *row)
{
	struct last_row *last = the_poll.rows[net_device(&from->at)];
	unsigned i = 0;

	while (i < PLANS - 1 && last[i].plan != NULL && last[i].plan != row->plan)
		i++;
	last += i;
	if (last->plan == row->plan && !row->first &&
	    vnm_oid_compare(row->index, (struct vnm_oid){last->index, last->n}) <= 0)
		vnm_fuzz_demand("a row does not stand behind the one before");
	last->plan = row->plan;
	last->n = row->index.n;
	memcpy(last->index, row->index.v, row->index.n * sizeof(*last->index));
	the_poll.calls.poller.row(ctx, from, row);
}

static bool
on_end(void *ctx, const struct vnm_poll_source *from, const struct vnm_plan *plan, bool whole)
{
	uint32_t device = net_device(&from->at);

	if (the_poll.calls.poller.end(ctx, from, plan, whole))
		return true;
	net.since_end[device] = 0;
	the_poll.walks[device]++;
	the_poll.whole[device] += whole;
	return false;
}

struct vnm_snmp_poll *
vnm_snmp_poll_open(const struct vnm_snmp_poll_calls *calls, struct event_base *base, uint32_t share,
    uint32_t shares, uint64_t rcvbuf, struct vnm_err *err)
{
	struct vnm_poll_calls poller = calls->poller;

	(void)base;
	(void)rcvbuf;
	for (unsigned i = 0; i < NET_AGENTS; i++) {
		for (unsigned k = 0; k < PLANS; k++)
			the_poll.rows[i][k].plan = NULL;
	}
	the_poll.calls = *calls;
	the_poll.anywhere = false;
	poller.send = on_send;
	poller.end = on_end;
	poller.row = on_row;
	the_poll.poller = vnm_poller_new(&poller, share, shares, 77);
	vnm_err_text(err, "out of memory");
	return the_poll.poller != NULL ? &the_poll : NULL;
}

void
vnm_snmp_poll_configure(struct vnm_snmp_poll *s, struct vnm_poll_config *config)
{
	for (uint32_t i = 0; i < config->target_count; i++)
		s->anywhere = s->anywhere || config->targets[i].access->any_source;
	vnm_poller_configure(s->poller, config, net.now_ns);
	poll_books_open(&s->books, s->poller);
}

void
vnm_snmp_poll_demand(struct vnm_snmp_poll *s, const struct vnm_addr *addr)
{
	vnm_poller_demand(s->poller, addr, net.now_ns);
}

void
vnm_snmp_poll_drain(struct vnm_snmp_poll *s)
{
	(void)s;
}

void
vnm_snmp_poll_close(struct vnm_snmp_poll *s)
{
	vnm_poller_free(s->poller);
	s->poller = NULL;
}

/* ---- the clock ---------------------------------------------------------------------------------
 */

static void
besides(struct vnm_polls *polls)
{
	if (net.demand) {
		struct vnm_endpoint at = net_at(net.device_wanted % NET_AGENTS);

		vnm_polls_demand(polls, &at.addr);
	}
	if (net.configure)
		vnm_polls_configure(polls, configs[net.config_wanted % CONFIGS]);
	net.demand = net.configure = false;
}

/* All that is due now; when there is more to do. */
static uint64_t
run(struct vnm_polls *polls)
{
	struct vnm_snmp_poll *s = &the_poll;
	uint64_t next;
	uint32_t steps = 0;

	do {
		besides(polls);
		vnm_fuzz_demand(steps++ < STEPS_MAX ? NULL : "there is always something due");
		poll_books_begin(&s->books, net.sends);
		next = vnm_poller_run(s->poller, net.now_ns);
		vnm_fuzz_demand(poll_books_ran(&s->books, net.sends, net.now_ns));
	} while (next <= net.now_ns || net.configure || net.demand);
	s->calls.turn_end(s->calls.ctx);
	return next;
}

static void
deliver(const struct net_packet *x)
{
	struct vnm_snmp_poll *s = &the_poll;
	const struct vnm_datagram d = {.p = x->p, .n = x->n, .rx_ns = net.now_ns, .src = x->from};
	enum vnm_reason reason;

	poll_books_begin(&s->books, net.sends);
	s->calls.begin(s->calls.ctx, &d);
	reason = vnm_poller_receive(s->poller, &d, net.now_ns);
	s->calls.done(s->calls.ctx, reason);
	vnm_fuzz_demand(poll_books_received(&s->books, net.sends, net.now_ns, reason));
	if (reason == VNM_OK)
		vnm_fuzz_demand(net_taken(&net, x, s->anywhere));
	s->calls.turn_end(s->calls.ctx);
}

/* Until then, or until the input has no more to say. */
static void
play(struct vnm_station *station, struct vnm_polls *polls, uint64_t end_ns, bool shaped)
{
	struct net_packet x;

	while (!shaped || net_shapes(&net)) {
		uint64_t next = run(polls), due = net_next_ns(&net);

		next = next < due ? next : due;
		if (next > end_ns)
			break;
		net.now_ns = next > net.now_ns ? next : net.now_ns;
		vnm_pipeline_clock(station->pipeline, net.now_ns);
		while (net_next(&net, net.now_ns, &x)) {
			deliver(&x);
			free(x.p);
		}
	}
}

/* ---- an input ----------------------------------------------------------------------------------
 */

static void
judge(void)
{
	const struct vnm_poller *p = the_poll.poller;

	vnm_fuzz_demand(poll_books_well(&the_poll.books));
	for (uint32_t i = 0; i < p->device_count; i++) {
		uint32_t device = net_device(&p->devices[i]->at);

		if (p->devices[i]->found && the_poll.walks[device] == 0)
			continue; /* found just now, its first walk may not have ended */
		if (the_poll.walks[device] == 0)
			vnm_fuzz_demand("a device that is well has no turns");
		if (the_poll.whole[device] == 0 && p->devices[i]->access->walk_varbinds >= WHOLE)
			vnm_fuzz_demand("a device that is well has no whole walk");
	}
}

static void
play_all(struct vnm_station *station, struct vnm_polls *polls, uint8_t config)
{
	uint64_t now_ns;

	vnm_polls_configure(polls, configs[config % CONFIGS]);
	play(station, polls, net.now_ns + PLAY_NS, true);
	net_heal(&net);
	memset(the_poll.walks, 0, sizeof(the_poll.walks));
	memset(the_poll.whole, 0, sizeof(the_poll.whole));
	now_ns = net.now_ns;
	play(station, polls, now_ns + HEAL_NS, false);
	judge();
}

int
LLVMFuzzerTestOneInput(const uint8_t *p, size_t n)
{
	struct vnm_reader r = vnm_reader_of(p, n);
	uint8_t head = vnm_reader_u8(&r);
	struct vnm_station station;
	struct vnm_polls_config config = {.workers = 1};
	struct vnm_polls *polls;
	const struct vnm_counters *c;
	struct vnm_err err;
	uint64_t records = 0;
	size_t before;

	setup();
	before = vnm_alloc_used();
	net_open(&net, r);
	if (vnm_station_open(&station, &vnm_judge_sink, head >> 4 & VNM_STATION_BOTH) != 0)
		abort();
	config.pipeline = station.pipeline;
	polls = vnm_polls_open(&config, &err);
	if (polls == NULL)
		abort();
	play_all(&station, polls, head & 7);
	c = vnm_pipeline_counters(station.pipeline);
	vnm_fuzz_demand(
	    c->v[VNM_C_poll_requests] == net.sends ? NULL : "requests sent and counted differ");
	vnm_polls_close(polls);
	vnm_fuzz_demand(c->v[VNM_C_poll_devices] == 0 ? NULL : "devices are left");
	vnm_station_finish(&station);
	vnm_fuzz_demand(vnm_station_check(&station, true));
	for (unsigned k = 0; k < VNM_KIND_COUNT; k++)
		records += c->records[k];
	vnm_fuzz_count(net.shaped, records);
	vnm_station_close(&station);
	net_close(&net);
	vnm_fuzz_demand(users == 0 ? NULL : "a configuration is still in use");
	vnm_fuzz_demand(vnm_alloc_used() == before ? NULL : "memory was not given back");
	return 0;
}
