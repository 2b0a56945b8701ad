/*
 * Devices: when each has its turn, what it is asked for then, and what its silence means.
 *
 * Turns are spread over the interval by a hash of the address, and keep their place in it. A
 * device that does not answer is dead: it has no turns but probes, ever less often, from slots
 * that only such devices share.
 */
#include "collectors/poll_part.h"

#include "base/alloc.h"

#include <assert.h>
#include <string.h>

#define RELEARN_WALKS 100 /* what a device lacks is asked for again after so many turns */
#define FOUND_FAILURES 12 /* a device that was found by a search is forgotten after so many */
#define BACKOFF_SHIFTS 16
#define LANE_STARTS 64 /* that one call makes of those that waited for slots */

/* ---- finding ----------------------------------------------------------------------------------
 */

uint64_t
vnm_poll_hash(const struct vnm_endpoint *at)
{
	uint8_t key[18];

	memcpy(key, at->addr.b, 16);
	memcpy(key + 16, &at->port, 2);
	return vnm_hash(key, sizeof(key), 0);
}

struct poll_device *
poll_device_find(struct vnm_poller *p, const struct vnm_endpoint *at)
{
	uint64_t hash = vnm_poll_hash(at);
	uint32_t place = 0, i;

	while ((i = vnm_table_next(&p->device_index, hash, &place)) != VNM_TABLE_NONE) {
		const struct vnm_endpoint *e = &p->devices[i]->at;

		if (e->port == at->port && vnm_addr_equal(&e->addr, &at->addr))
			return p->devices[i];
	}
	return NULL;
}

/* ---- coming and going -------------------------------------------------------------------------
 */

static bool
grow(struct vnm_poller *p)
{
	uint32_t cap = p->device_cap == 0 ? 64 : 2 * p->device_cap;
	struct poll_device **grown;

	if (p->device_count < p->device_cap)
		return true;
	if (vnm_timers_reserve(&p->timers, poll_timers_for(p, cap, p->job_cap)) != 0)
		return false;
	grown = vnm_realloc(p->devices, cap * sizeof(struct poll_device *));
	if (grown == NULL)
		return false;
	p->devices = grown;
	p->device_cap = cap;
	return true;
}

/* Its place in an interval: the same after a restart, and not that of its neighbours. */
static uint64_t
phase(const struct poll_device *d, uint64_t interval_ns)
{
	return interval_ns > 0 ? vnm_poll_hash(&d->at) % interval_ns : 0;
}

static uint64_t
interval_of(const struct poll_device *d, enum vnm_plan_class class)
{
	const struct vnm_poll_options *o = &d->group->options;

	return class == VNM_PLAN_COUNTERS ? o->interval : o->topology_interval;
}

/* What makes a device's turns: topology only where nothing else is asked for. */
static enum vnm_plan_class
main_class(const struct poll_device *d)
{
	return d->group->class_mask[VNM_PLAN_COUNTERS] != 0 ? VNM_PLAN_COUNTERS : VNM_PLAN_TOPOLOGY;
}

/* Turns whose time has come: how many. The next one is due from then on. */
static uint64_t
pass_turns(struct poll_device *d, enum vnm_plan_class class, uint64_t now_ns)
{
	uint64_t interval = interval_of(d, class), n;

	if (d->due_ns[class] > now_ns)
		return 0;
	n = (now_ns - d->due_ns[class]) / interval + 1;
	d->due_ns[class] += n * interval;
	return n;
}

/* Counters have their turn within the first interval, topology with the first answer. */
static void
first_turns(struct vnm_poller *p, struct poll_device *d, uint64_t now_ns)
{
	d->due_ns[VNM_PLAN_COUNTERS] = now_ns + phase(d, interval_of(d, VNM_PLAN_COUNTERS));
	d->due_ns[VNM_PLAN_TOPOLOGY] = d->due_ns[VNM_PLAN_COUNTERS];
	if (main_class(d) == VNM_PLAN_COUNTERS)
		d->due_ns[VNM_PLAN_TOPOLOGY] += interval_of(d, VNM_PLAN_TOPOLOGY);
	vnm_timer_set(&p->timers, &d->node.timer, d->due_ns[VNM_PLAN_COUNTERS]);
}

/* What it lacks is not known: 0, or -1 when memory is short. */
static int
forget_columns(struct poll_device *d, uint32_t plans)
{
	uint64_t *unwanted = vnm_alloc_zero(plans > 0 ? plans : 1, sizeof(*unwanted));

	if (unwanted == NULL)
		return -1;
	vnm_free(d->unwanted);
	d->unwanted = unwanted;
	return 0;
}

static void
enter_lane(struct poll_device *d, struct poll_lane *lane, bool found)
{
	d->lane = lane;
	d->found = found;
	lane->devices++;
	lane->found += found;
}

static void
leave_lane(struct poll_device *d)
{
	d->lane->devices--;
	d->lane->found -= d->found;
}

struct poll_device *
poll_device_add(struct vnm_poller *p, const struct vnm_poll_target *t, struct poll_lane *lane,
    bool found, uint64_t now_ns)
{
	struct poll_device *d;

	if (!grow(p) || (d = vnm_alloc_zero(1, sizeof(*d))) == NULL)
		return NULL;
	if (forget_columns(d, t->group->plan_count) != 0)
		goto no_memory;
	d->node.what = POLL_DEVICE;
	d->at = t->at;
	d->group = t->group;
	d->access = t->access;
	d->budget = POLL_BUDGET_START;
	d->index = p->device_count;
	if (vnm_table_add(&p->device_index, vnm_poll_hash(&d->at), d->index) != 0)
		goto no_memory;
	d->config = vnm_poll_config_use(p->config);
	p->devices[p->device_count++] = d;
	enter_lane(d, lane, found);
	poll_count(p, VNM_C_poll_devices);
	first_turns(p, d, now_ns);
	return d;
no_memory:
	vnm_free(d->unwanted);
	vnm_free(d);
	return NULL;
}

/* The last of the array takes its place. */
void
poll_device_remove(struct vnm_poller *p, struct poll_device *d)
{
	uint32_t last = --p->device_count;
	struct poll_device *moved = p->devices[last];

	while (d->jobs != NULL)
		poll_job_free(p, d->jobs);
	poll_usm_free(p, d);
	vnm_timer_clear(&p->timers, &d->node.timer);
	poll_dequeue(&d->node);
	vnm_table_remove(&p->device_index, vnm_poll_hash(&d->at), d->index);
	if (moved != d) {
		p->devices[d->index] = moved;
		vnm_table_move(&p->device_index, vnm_poll_hash(&moved->at), last, d->index);
		poll_usm_moved(p, moved, d->index);
		moved->index = d->index;
	}
	leave_lane(d);
	p->calls.counters->v[VNM_C_poll_devices]--;
	p->calls.counters->v[VNM_C_poll_devices_dead] -= d->health == POLL_DEAD;
	if (d->state != NULL)
		p->calls.detach(p->calls.ctx, d->state);
	vnm_poll_config_leave(d->config);
	vnm_free(d->unwanted);
	vnm_free(d);
}

/* ---- another configuration ---------------------------------------------------------------------
 */

static bool
same_octets(struct vnm_slice a, struct vnm_slice b)
{
	return a.n == b.n && (a.n == 0 || memcmp(a.p, b.p, a.n) == 0);
}

static bool
same_key(const struct vnm_usm_key *a, const struct vnm_usm_key *b)
{
	return a->n == b->n && memcmp(a->b, b->b, a->n) == 0;
}

static bool
same_user(const struct vnm_usm_user *a, const struct vnm_usm_user *b)
{
	return a->auth == b->auth && a->priv == b->priv && same_octets(a->name, b->name) &&
	       same_key(&a->auth_key, &b->auth_key) && same_key(&a->priv_key, &b->priv_key);
}

/* Whether whoever refused one, or heard nothing in it, does so of the other. */
static bool
same_credentials(const struct vnm_poll_access *a, const struct vnm_poll_access *b)
{
	return a->version == b->version && same_octets(a->community, b->community) &&
	       same_octets(a->context, b->context) && same_user(&a->user, &b->user);
}

static const struct vnm_poll_target *
target_at(const struct vnm_poll_config *c, const struct vnm_endpoint *at)
{
	uint32_t place = 0, i;

	if (c == NULL)
		return NULL;
	while ((i = vnm_table_next(&c->index, vnm_poll_hash(at), &place)) != VNM_TABLE_NONE) {
		const struct vnm_endpoint *e = &c->targets[i].at;

		if (e->port == at->port && vnm_addr_equal(&e->addr, &at->addr))
			return &c->targets[i];
	}
	return NULL;
}

/* What a device that was found is in a configuration that goes on to search. */
static bool
found_target(const struct poll_device *d, struct vnm_poll_target *t)
{
	const struct vnm_poll_group *group = d->lane->group;

	if (!d->found || group == NULL || group->access == NULL)
		return false;
	*t = (struct vnm_poll_target){d->at, group, group->access};
	for (uint32_t i = 0; i < group->options.discover.n; i++) {
		if (vnm_prefix_contains(&group->options.discover.p[i], &d->at.addr))
			return true;
	}
	return false;
}

static bool
same_plans(const struct vnm_poll_group *a, const struct vnm_poll_group *b)
{
	bool same = a->plan_count == b->plan_count;

	for (uint32_t i = 0; same && i < a->plan_count; i++)
		same = a->plans[i].sort == b->plans[i].sort && a->plans[i].n == b->plans[i].n &&
		       strcmp(a->plans[i].name, b->plans[i].name) == 0;
	return same;
}

/* `found`: it is there because a search found it, not because the configuration names it. */
static void
change_lane(struct poll_device *d, struct poll_lane *lane, bool found)
{
	if (lane != d->lane)
		poll_dequeue(&d->node);
	leave_lane(d);
	enter_lane(d, lane, found);
}

/* It is asked otherwise from now on, by whom it belongs to and what that says. */
static void
take_over(
    struct vnm_poller *p, struct poll_device *d, const struct vnm_poll_target *t, uint64_t now_ns)
{
	bool same_interval =
	    interval_of(d, VNM_PLAN_COUNTERS) == t->group->options.interval &&
	    interval_of(d, VNM_PLAN_TOPOLOGY) == t->group->options.topology_interval;
	bool same_way = same_credentials(d->access, t->access);

	if (!same_way)
		poll_usm_free(p, d);
	if (!same_plans(d->group, t->group)) {
		d->pending = 0; /* what it waits for is not what it was */
		if (forget_columns(d, t->group->plan_count) != 0) {
			poll_device_remove(p, d);
			return;
		}
	}
	d->group = t->group;
	d->access = t->access;
	vnm_poll_config_use(p->config);
	vnm_poll_config_leave(d->config);
	d->config = p->config;
	if (!same_interval)
		first_turns(p, d, now_ns);
	else if (d->health == POLL_DEAD && !same_way) /* that may be what it waits for */
		vnm_timer_set(&p->timers, &d->node.timer, now_ns);
	else if (!d->node.timer.set && d->node.queue == NULL)
		vnm_timer_set(&p->timers, &d->node.timer, now_ns);
}

bool
poll_device_stays(const struct vnm_poller *p, const struct poll_device *d)
{
	struct vnm_poll_target found;

	return target_at(p->config, &d->at) != NULL || found_target(d, &found);
}

bool
poll_device_adopt(struct vnm_poller *p, struct poll_device *d, uint64_t now_ns)
{
	const struct vnm_poll_target *t = target_at(p->config, &d->at);
	struct vnm_poll_target found;
	struct poll_lane *lane = d->lane;
	uint32_t before = p->device_count;

	assert(d->job_count == 0);
	if (t != NULL)
		lane = poll_lane_of(p, t->group);
	else if (found_target(d, &found))
		t = &found;
	if (t == NULL || lane == NULL) {
		poll_device_remove(p, d);
		return false;
	}
	change_lane(d, lane, t == &found);
	take_over(p, d, t, now_ns);
	return p->device_count == before;
}

/* ---- turns -------------------------------------------------------------------------------------
 */

static uint64_t
all_plans(const struct poll_device *d)
{
	return d->group->class_mask[VNM_PLAN_COUNTERS] | d->group->class_mask[VNM_PLAN_TOPOLOGY];
}

static uint64_t
jitter(struct vnm_poller *p, const struct poll_device *d)
{
	uint64_t most = d->group->options.jitter;

	return most > 0 ? poll_random(p) % most : 0;
}

static void
plan_next(struct vnm_poller *p, struct poll_device *d)
{
	uint64_t next = d->due_ns[VNM_PLAN_COUNTERS];

	if (d->due_ns[VNM_PLAN_TOPOLOGY] < next && d->group->class_mask[VNM_PLAN_TOPOLOGY] != 0)
		next = d->due_ns[VNM_PLAN_TOPOLOGY];
	next += jitter(p, d);
	if (d->demanded && d->demand_ns + d->group->options.demand_gap < next)
		next = d->demand_ns + d->group->options.demand_gap;
	vnm_timer_set(&p->timers, &d->node.timer, next);
}

/* Plans that are being walked, each by a job. */
static uint64_t
walked(const struct poll_device *d)
{
	uint64_t mask = 0;

	for (const struct poll_job *j = d->jobs; j != NULL; j = j->sibling)
		mask |= j->plan != NULL ? UINT64_C(1) << j->plan_index : 0;
	return mask;
}

static void
begin_turn(struct vnm_poller *p, struct poll_device *d, uint64_t plans)
{
	uint64_t late = (d->pending | walked(d)) & plans;

	if (late != 0) /* the turn before has not ended */
		poll_count(p, VNM_C_poll_turns_missed);
	d->pending |= plans & ~walked(d);
	if (++d->walks >= RELEARN_WALKS) {
		d->walks = 0;
		memset(d->unwanted, 0, d->group->plan_count * sizeof(*d->unwanted));
	}
}

static void
ask_everything(struct poll_device *d, uint64_t now_ns)
{
	d->demanded = false;
	d->demand_ns = now_ns;
	d->pending |= all_plans(d) & ~walked(d);
	memset(d->unwanted, 0, d->group->plan_count * sizeof(*d->unwanted));
}

void
poll_device_due(struct vnm_poller *p, struct poll_device *d, uint64_t now_ns)
{
	uint64_t plans = 0, turns;

	if (d->config != p->config && d->job_count == 0 && !poll_device_adopt(p, d, now_ns))
		return;
	if (d->health == POLL_DEAD) {
		if (d->demanded)
			d->demand_ns = now_ns;
		d->demanded = false;
		poll_enqueue(&d->lane->doubts, &d->node);
		poll_lane_go(p, d->lane, now_ns);
		return;
	}
	for (int class = 0; class < VNM_PLAN_CLASSES; class ++) {
		turns = pass_turns(d, class, now_ns);
		if (turns == 0 || d->group->class_mask[class] == 0)
			continue;
		plans |= d->group->class_mask[class];
		p->calls.counters->v[VNM_C_poll_turns_missed] += turns - 1;
	}
	if (plans != 0)
		begin_turn(p, d, plans);
	if (d->demanded && now_ns >= d->demand_ns + d->group->options.demand_gap)
		ask_everything(d, now_ns);
	plan_next(p, d);
	poll_device_go(p, d, now_ns);
}

/* The plans of the profile to which a built-in one belongs. */
static uint64_t
profile_of(const struct vnm_poll_group *g, const struct vnm_plan *plan)
{
	uint64_t mask = 0;

	for (uint32_t i = 0; i < g->plan_count && plan->sort < VNM_PLAN_BUILTIN; i++) {
		if (g->plans[i].sort < VNM_PLAN_BUILTIN &&
		    vnm_plan_profile(g->plans[i].sort) == vnm_plan_profile(plan->sort))
			mask |= UINT64_C(1) << i;
	}
	return mask;
}

/*
 * Plans to ask for that may be begun now: none twice at a time, and of a profile one behind the
 * other, since its later tables are understood by what the earlier ones say.
 */
static uint64_t
ready_plans(const struct poll_device *d)
{
	uint64_t ready = d->pending & ~walked(d);

	for (const struct poll_job *j = d->jobs; j != NULL && ready != 0; j = j->sibling) {
		if (j->plan != NULL)
			ready &= ~profile_of(d->group, j->plan);
	}
	return ready;
}

void
poll_device_go(struct vnm_poller *p, struct poll_device *d, uint64_t now_ns)
{
	while (d->job_count < d->access->in_flight && d->health != POLL_DEAD) {
		uint64_t ready = ready_plans(d);
		unsigned i;
		struct poll_job *j;

		if (ready == 0)
			return;
		if (d->lane->in_flight >= d->group->options.in_flight ||
		    (j = poll_job_new(p, d->lane, d, now_ns)) == NULL) {
			poll_enqueue(&d->lane->ready, &d->node);
			return;
		}
		i = (unsigned)__builtin_ctzll(ready);
		d->pending &= ~(UINT64_C(1) << i);
		j->plan = &d->group->plans[i];
		j->plan_index = (uint8_t)i;
		poll_job_go(p, j, now_ns);
	}
}

/* A dead device's turn to be asked whether it is there again. */
static void
probe(struct vnm_poller *p, struct poll_device *d, uint64_t now_ns)
{
	struct poll_job *j = d->job_count == 0 ? poll_job_new(p, d->lane, d, now_ns) : NULL;

	if (j == NULL) {
		vnm_timer_set(&p->timers, &d->node.timer, now_ns + d->group->options.interval);
		return;
	}
	j->doubtful = true;
	poll_job_go(p, j, now_ns);
}

/* One more of those that one call starts. */
static bool
may_start(struct vnm_poller *p, unsigned *left)
{
	if (*left == 0) {
		p->crowded = true;
		return false;
	}
	(*left)--;
	return true;
}

void
poll_lane_go(struct vnm_poller *p, struct poll_lane *lane, uint64_t now_ns)
{
	struct poll_node *n;
	unsigned left = LANE_STARTS;

	while ((n = lane->ready.first) != NULL) {
		struct poll_device *d = (struct poll_device *)n;

		if (lane->in_flight >= d->group->options.in_flight || !may_start(p, &left))
			break;
		poll_dequeue(n);
		poll_device_go(p, d, now_ns);
		if (n->queue == &lane->ready && lane->ready.first == n)
			break; /* memory is short */
	}
	while ((n = lane->doubts.first) != NULL) {
		bool device = n->what == POLL_DEVICE;
		struct poll_device *d =
		    device ? (struct poll_device *)n : ((struct poll_job *)n)->device;

		if (lane->doubtful >= d->group->options.dead_in_flight || !may_start(p, &left))
			break;
		poll_dequeue(n);
		if (device)
			probe(p, d, now_ns);
		else
			poll_job_go(p, (struct poll_job *)n, now_ns);
	}
}

/* ---- health -------------------------------------------------------------------------------------
 */

/* Once more for every failure the time doubles; not all that fell silent at once come at once. */
static uint64_t
back_off(struct vnm_poller *p, const struct poll_device *d)
{
	uint64_t interval = d->group->options.interval, most = d->group->options.backoff_max;
	unsigned shift = d->failures > 1 ? d->failures - 1U : 0;
	uint64_t wait = interval << (shift < BACKOFF_SHIFTS ? shift : BACKOFF_SHIFTS);

	if (wait > most)
		wait = most > interval ? most : interval;
	return wait - wait / 8 + poll_random(p) % (wait / 4 + 1);
}

static void
miss_turns(struct vnm_poller *p, struct poll_device *d, uint64_t turns)
{
	d->missed += (uint32_t)turns;
	p->calls.counters->v[VNM_C_poll_turns_missed] += turns;
}

void
poll_device_silent(struct vnm_poller *p, struct poll_device *d, uint64_t now_ns)
{
	struct vnm_poll_source from = poll_source(d);

	if (d->failures < UINT8_MAX)
		d->failures++;
	d->pending = 0;
	poll_dequeue(&d->node);
	miss_turns(p, d, pass_turns(d, main_class(d), now_ns));
	if (d->health != POLL_DEAD) {
		miss_turns(p, d, 1); /* the one that it is asked in */
		d->health = POLL_DEAD;
		poll_count(p, VNM_C_poll_devices_dead);
		p->calls.event(p->calls.ctx, &from, VNM_POLL_DOWN, 1);
	}
	vnm_timer_set(&p->timers, &d->node.timer, now_ns + back_off(p, d));
	if (d->job_count > 0)
		return;
	if (d->found && d->failures >= FOUND_FAILURES)
		poll_device_remove(p, d);
	else if (d->config != p->config)
		(void)poll_device_adopt(p, d, now_ns);
}

void
poll_device_answered(struct vnm_poller *p, struct poll_device *d, uint64_t now_ns)
{
	struct vnm_poll_source from = poll_source(d);
	bool was_dead = d->health == POLL_DEAD;

	d->answer_ns = now_ns;
	d->failures = 0;
	if (d->health == POLL_HEALTHY)
		return;
	d->health = POLL_HEALTHY;
	p->calls.counters->v[VNM_C_poll_devices_dead] -= was_dead;
	if (was_dead)
		miss_turns(p, d, pass_turns(d, main_class(d), now_ns));
	p->calls.event(p->calls.ctx, &from, VNM_POLL_UP, d->missed);
	d->missed = 0;
	if (was_dead) {
		poll_dequeue(&d->node);
		ask_everything(d, now_ns);
		plan_next(p, d);
	} else {
		d->pending |= d->group->class_mask[VNM_PLAN_TOPOLOGY] & ~walked(d);
	}
	d->due_ns[VNM_PLAN_TOPOLOGY] = now_ns + interval_of(d, VNM_PLAN_TOPOLOGY);
}

void
poll_device_uptime(struct vnm_poller *p, struct poll_device *d, uint32_t ticks, uint64_t now_ns)
{
	struct vnm_poll_source from = poll_source(d);
	bool restarted = d->has_uptime && vnm_uptime_compare(d->uptime, ticks,
					      now_ns - d->uptime_ns) == VNM_UPTIME_RESTARTED;

	d->uptime = ticks;
	d->uptime_ns = now_ns;
	d->has_uptime = true;
	if (!restarted)
		return;
	p->calls.event(p->calls.ctx, &from, VNM_POLL_RESTARTED, 0);
	poll_device_demand(p, d, now_ns);
}

void
poll_device_changed(struct poll_device *d, uint32_t ticks)
{
	if (d->has_if_changed && d->if_changed != ticks) {
		memset(d->unwanted, 0, d->group->plan_count * sizeof(*d->unwanted));
		d->pending |= d->group->class_mask[VNM_PLAN_TOPOLOGY] & ~walked(d);
	}
	d->if_changed = ticks;
	d->has_if_changed = true;
}

/* At once where the last time is long ago, else when the gap is over; a dead one is probed. */
void
poll_device_demand(struct vnm_poller *p, struct poll_device *d, uint64_t now_ns)
{
	uint64_t gap = d->group->options.demand_gap;
	bool soon = d->demand_ns == 0 || now_ns >= d->demand_ns + gap;
	uint64_t at = soon ? now_ns : d->demand_ns + gap;

	poll_count(p, VNM_C_poll_demands);
	d->demanded = true;
	if (soon && now_ns > gap)
		d->demand_ns = now_ns - gap;
	if (d->node.timer.set && d->node.timer.at_ns <= at)
		return;
	if (d->health == POLL_DEAD && d->node.queue != NULL)
		return;
	vnm_timer_set(&p->timers, &d->node.timer, at);
}
