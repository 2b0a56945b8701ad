/*
 * The poller as a whole: its life, its lanes, its clockwork, and how it comes to another
 * configuration.
 */
#include "collectors/poll_part.h"

#include "base/alloc.h"

#include <assert.h>
#include <string.h>

#define RUN_EVENTS 64	/* that are dealt with in one call */
#define RUN_DEVICES 128 /* that another configuration is looked up for in one call */
#define REMOVAL 16	/* devices that one costs that goes, with all that is known of it */
#define LANES_AT_ONCE 16

const struct vnm_option vnm_poll_options[] = {VNM_POLL_OPTIONS(VNM_OPTION_ROW) VNM_OPTION_END};
const struct vnm_option vnm_poll_device_options[] = {
    VNM_POLL_DEVICE_OPTIONS(VNM_OPTION_ROW) VNM_OPTION_END};

uint64_t
poll_random(struct vnm_poller *p)
{
	uint64_t draw = ++p->draws;

	return vnm_hash(&draw, sizeof(draw), p->seed);
}

struct vnm_poll_source
poll_source(const struct poll_device *d)
{
	return (struct vnm_poll_source){d->at, d->group, d->state};
}

/*
 * As the program that steers listeners' datagrams to workers has it (collectors/steer.c): a
 * device's notifications come to the worker that polls it.
 */
uint32_t
vnm_poll_share(const struct vnm_addr *addr, uint32_t shares)
{
	const uint32_t mixer = 0x9e3779b1U;
	uint32_t hash = vnm_be32(addr->b) * mixer;

	if (addr->family == VNM_ADDR_IP6) {
		for (unsigned i = 4; i < 16; i += 4)
			hash = (hash ^ vnm_be32(addr->b + i)) * mixer;
	}
	return (hash >> 16) % shares;
}

/* ---- queues -----------------------------------------------------------------------------------
 */

void
poll_enqueue(struct poll_queue *q, struct poll_node *n)
{
	if (n->queue == q)
		return;
	poll_dequeue(n);
	n->queue = q;
	n->next = NULL;
	n->prev = q->last;
	if (q->last != NULL)
		q->last->next = n;
	else
		q->first = n;
	q->last = n;
}

void
poll_dequeue(struct poll_node *n)
{
	if (n->queue == NULL)
		return;
	if (n->prev != NULL)
		n->prev->next = n->next;
	else
		n->queue->first = n->next;
	if (n->next != NULL)
		n->next->prev = n->prev;
	else
		n->queue->last = n->prev;
	n->queue = NULL;
}

/* ---- lanes -------------------------------------------------------------------------------------
 */

struct poll_lane *
poll_lane_of(struct vnm_poller *p, const struct vnm_poll_group *group)
{
	const char *name = group->options.name;
	struct poll_lane *lane;

	for (lane = p->lanes; lane != NULL; lane = lane->next) {
		if (strcmp(lane->name, name) == 0)
			return lane;
	}
	if (vnm_timers_reserve(
		&p->timers, poll_timers_for(p, p->device_cap, p->job_cap) + LANES_AT_ONCE) != 0)
		return NULL;
	lane = vnm_alloc_zero(1, sizeof(*lane));
	if (lane == NULL || (lane->name = vnm_strdup(name)) == NULL) {
		vnm_free(lane);
		return NULL;
	}
	lane->node.what = POLL_LANE;
	lane->next = p->lanes;
	p->lanes = lane;
	p->lane_count++;
	return lane;
}

static void
free_lane(struct poll_lane *lane)
{
	vnm_free(lane->name);
	vnm_free(lane);
}

/*
 * Of groups that are gone, once their last device is: no job has another lane than its device, and
 * what was searched for a former configuration ended with it.
 */
static void
forget_lanes(struct vnm_poller *p)
{
	struct poll_lane **at = &p->lanes, *lane;

	while ((lane = *at) != NULL) {
		if (lane->group != NULL || lane->devices > 0) {
			at = &lane->next;
			continue;
		}
		assert(lane->in_flight == 0 && lane->doubtful == 0);
		*at = lane->next;
		p->lane_count--;
		free_lane(lane);
	}
}

/* ---- another configuration
 * ----------------------------------------------------------------------- */

void
vnm_poller_configure(struct vnm_poller *p, struct vnm_poll_config *config, uint64_t now_ns)
{
	assert(p->magic == POLLER_MAGIC);
	poll_search_forget(p);
	vnm_poll_config_use(config);
	vnm_poll_config_leave(p->config);
	p->config = config;
	p->adopt_hand = p->add_hand = 0;
	p->crowded = true; /* there may be more slots than before */
	for (struct poll_lane *lane = p->lanes; lane != NULL; lane = lane->next) {
		lane->group = NULL;
		vnm_timer_clear(&p->timers, &lane->node.timer);
	}
	for (uint32_t i = 0; config != NULL && i < config->group_count; i++) {
		struct poll_lane *lane = poll_lane_of(p, config->groups[i]);

		if (lane == NULL)
			continue;
		lane->group = config->groups[i];
		poll_search_begin(p, lane, now_ns);
	}
}

/*
 * One device of before: those without jobs come over now, others when their jobs have ended; one
 * that is in no configuration any more goes with its jobs.
 */
static void
adopt_one(struct vnm_poller *p, uint64_t now_ns)
{
	struct poll_device *d = p->devices[p->adopt_hand];

	if (d->config == p->config) {
		p->adopt_hand++;
		return;
	}
	if (d->job_count > 0 && poll_device_stays(p, d)) {
		p->adopt_hand++;
		return;
	}
	while (d->jobs != NULL)
		poll_job_free(p, d->jobs);
	if (poll_device_adopt(p, d, now_ns))
		p->adopt_hand++;
}

static void
add_one(struct vnm_poller *p, uint64_t now_ns)
{
	const struct vnm_poll_target *t = &p->config->targets[p->add_hand++];
	struct poll_lane *lane;

	if (vnm_poll_share(&t->at.addr, p->shares) != p->share ||
	    poll_device_find(p, &t->at) != NULL)
		return;
	lane = poll_lane_of(p, t->group);
	if (lane == NULL || poll_device_add(p, t, lane, false, now_ns) == NULL)
		poll_count(p, VNM_C_poll_devices_refused);
}

/* Whether there is more to do. */
static bool
configure_some(struct vnm_poller *p, uint64_t now_ns)
{
	uint32_t targets = p->config != NULL ? p->config->target_count : 0;

	for (unsigned n = 0; n < RUN_DEVICES; n++) {
		uint32_t devices = p->device_count;

		if (p->adopt_hand < devices && p->add_hand == 0)
			adopt_one(p, now_ns);
		else if (p->add_hand < targets)
			add_one(p, now_ns);
		else
			return false;
		n += p->device_count < devices ? REMOVAL - 1 : 0;
	}
	return true;
}

/* Whoever did not have his turn for want of time. */
static void
go_on(struct vnm_poller *p, uint64_t now_ns)
{
	if (!p->crowded)
		return;
	p->crowded = false;
	for (struct poll_lane *lane = p->lanes; lane != NULL; lane = lane->next)
		poll_lane_go(p, lane, now_ns);
}

/* ---- the clockwork
 * -------------------------------------------------------------------------------- */

uint64_t
vnm_poller_run(struct vnm_poller *p, uint64_t now_ns)
{
	struct vnm_timer *t = NULL;

	assert(p->magic == POLLER_MAGIC);
	if (configure_some(p, now_ns))
		return now_ns;
	if (p->lane_count > (p->config != NULL ? p->config->group_count : 0))
		forget_lanes(p);
	go_on(p, now_ns);
	for (unsigned n = 0; n < RUN_EVENTS; n++) {
		t = vnm_timers_due(&p->timers, now_ns);
		if (t == NULL)
			break;
		struct poll_node *node = (struct poll_node *)t;
		if (node->what == POLL_DEVICE)
			poll_device_due(p, (struct poll_device *)node, now_ns);
		else if (node->what == POLL_JOB)
			poll_job_due(p, (struct poll_job *)node, now_ns);
		else
			poll_search_due(p, (struct poll_lane *)node, now_ns);
	}
	return p->crowded ? now_ns : vnm_timers_next(&p->timers);
}

/* A device by its address alone: the usual port, then all others. */
static struct poll_device *
device_at(struct vnm_poller *p, const struct vnm_addr *addr)
{
	struct vnm_endpoint at = {*addr, 161};
	struct poll_device *d = poll_device_find(p, &at);

	if (d != NULL || p->config == NULL)
		return d;
	for (uint32_t i = 0; i < p->config->port_count && d == NULL; i++) {
		at.port = p->config->ports[i];
		d = poll_device_find(p, &at);
	}
	return d;
}

void
vnm_poller_demand(struct vnm_poller *p, const struct vnm_addr *addr, uint64_t now_ns)
{
	struct poll_device *d = device_at(p, addr);

	if (d != NULL && d->group->options.on_demand)
		poll_device_demand(p, d, now_ns);
}

/* ---- its life
 * -------------------------------------------------------------------------------------- */

struct vnm_poller *
vnm_poller_new(const struct vnm_poll_calls *calls, uint32_t share, uint32_t shares, uint64_t seed)
{
	struct vnm_poller *p = vnm_alloc(sizeof(*p));

	if (p == NULL)
		return NULL;
	memset(p, 0, offsetof(struct vnm_poller, request));
	p->magic = POLLER_MAGIC;
	p->calls = *calls;
	p->share = share;
	p->shares = shares;
	p->seed = seed;
	p->salt = poll_random(p);
	return p;
}

void
vnm_poller_free(struct vnm_poller *p)
{
	if (p == NULL)
		return;
	assert(p->magic == POLLER_MAGIC);
	while (p->device_count > 0)
		poll_device_remove(p, p->devices[p->device_count - 1]);
	poll_search_forget(p);
	while (p->spare != NULL) {
		struct poll_job *j = p->spare;

		p->spare = j->sibling;
		vnm_buffer_free(&j->held);
		vnm_free(j);
	}
	while (p->lanes != NULL) {
		struct poll_lane *lane = p->lanes;

		p->lanes = lane->next;
		free_lane(lane);
	}
	vnm_poll_config_leave(p->config);
	vnm_table_free(&p->device_index);
	vnm_table_free(&p->job_index);
	vnm_table_free(&p->engine_index);
	vnm_timers_free(&p->timers);
	vnm_free(p->devices);
	vnm_free(p->jobs);
	vnm_free(p->free_slots);
	p->magic = 0;
	vnm_free(p);
}
