/*
 * Jobs: a walk of one table of one device, or the question whether a device answers at all.
 *
 * A job holds a slot of its group while a request of it is out. One that was not answered in time
 * gives its slot back and goes on with one of those that only doubtful devices share, so that
 * they do not take the others' turns. A request that is sent again keeps its id: a late answer to
 * the first is an answer.
 */
#include "collectors/poll_part.h"

#include "base/alloc.h"

#include <assert.h>
#include <string.h>

#define BACKOFF_SHIFTS 5 /* timeouts double at the most so often */

/* ---- ids and slots ----------------------------------------------------------------------------
 */

static uint64_t
id_hash(const struct vnm_poller *p, uint32_t id)
{
	return vnm_hash(&id, sizeof(id), p->seed);
}

struct poll_job *
poll_job_find(struct vnm_poller *p, uint32_t id)
{
	uint64_t hash = id_hash(p, id);
	uint32_t at = 0, i;

	while ((i = vnm_table_next(&p->job_index, hash, &at)) != VNM_TABLE_NONE) {
		if (p->jobs[i]->id == id)
			return p->jobs[i];
	}
	return NULL;
}

/* False when memory is short. */
static bool
draw_id(struct vnm_poller *p, struct poll_job *j)
{
	uint32_t id;

	do
		id = (uint32_t)poll_random(p) & INT32_MAX;
	while (id == 0 || poll_job_find(p, id) != NULL);
	if (vnm_table_add(&p->job_index, id_hash(p, id), j->slot) != 0)
		return false;
	j->id = id;
	return true;
}

void
poll_job_forget(struct vnm_poller *p, struct poll_job *j)
{
	if (j->id != 0)
		vnm_table_remove(&p->job_index, id_hash(p, j->id), j->slot);
	j->id = 0;
}

static void
take_slot(struct poll_job *j, bool doubtful)
{
	j->slotted = true;
	j->doubtful = doubtful;
	if (doubtful)
		j->lane->doubtful++;
	else
		j->lane->in_flight++;
}

static void
give_slot(struct poll_job *j)
{
	if (!j->slotted)
		return;
	j->slotted = false;
	if (j->doubtful)
		j->lane->doubtful--;
	else
		j->lane->in_flight--;
}

/* ---- begin and end ----------------------------------------------------------------------------
 */

static bool
grow(struct vnm_poller *p)
{
	uint32_t cap = p->job_cap == 0 ? 64 : 2 * p->job_cap;
	struct poll_job **jobs;
	uint32_t *slots;

	if (vnm_timers_reserve(&p->timers, poll_timers_for(p, p->device_cap, cap)) != 0)
		return false;
	jobs = vnm_realloc(p->jobs, cap * sizeof(struct poll_job *));
	if (jobs == NULL)
		return false;
	p->jobs = jobs;
	slots = vnm_realloc(p->free_slots, cap * sizeof(*slots));
	if (slots == NULL)
		return false;
	p->free_slots = slots;
	for (uint32_t i = cap; i > p->job_cap; i--) {
		p->jobs[i - 1] = NULL;
		p->free_slots[p->free_count++] = i - 1;
	}
	p->job_cap = cap;
	return true;
}

struct poll_job *
poll_job_new(struct vnm_poller *p, struct poll_lane *lane, struct poll_device *d, uint64_t now_ns)
{
	struct poll_job *j = p->spare;
	struct vnm_buffer held = {0};

	if (p->free_count == 0 && !grow(p))
		return NULL;
	if (j != NULL) {
		p->spare = j->sibling;
		held = j->held;
		held.n = 0;
	} else if ((j = vnm_alloc(sizeof(*j))) == NULL) {
		return NULL;
	}
	memset(j, 0, offsetof(struct poll_job, cursor));
	j->node.what = POLL_JOB;
	j->held = held;
	j->lane = lane;
	j->begun_ns = now_ns;
	j->parts = 1;
	j->slot = p->free_slots[--p->free_count];
	p->jobs[j->slot] = j;
	j->device = d;
	if (d != NULL) {
		j->at = d->at;
		j->access = d->access;
		j->sibling = d->jobs;
		d->jobs = j;
		d->job_count++;
	}
	return j;
}

void
poll_job_free(struct vnm_poller *p, struct poll_job *j)
{
	poll_job_forget(p, j);
	vnm_timer_clear(&p->timers, &j->node.timer);
	poll_dequeue(&j->node);
	give_slot(j);
	if (j->device != NULL) {
		struct poll_job **at = &j->device->jobs;

		while (*at != j)
			at = &(*at)->sibling;
		*at = j->sibling;
		j->device->job_count--;
	}
	p->jobs[j->slot] = NULL;
	p->free_slots[p->free_count++] = j->slot;
	j->device = NULL;
	j->sibling = p->spare;
	p->spare = j;
}

/* ---- requests ----------------------------------------------------------------------------------
 */

static void
send_request(struct vnm_poller *p, struct poll_job *j, uint64_t now_ns)
{
	struct vnm_slice octets = {NULL, 0};
	unsigned shift = j->tries < BACKOFF_SHIFTS ? j->tries : BACKOFF_SHIFTS;

	j->waits = false;
	if (j->id == 0)
		poll_request_choose(j);
	if (j->id != 0 || draw_id(p, j))
		octets = poll_request_make(p, j, now_ns);
	/* What could not be made is as good as lost: it is tried again when its time has come. */
	if (octets.n > 0) {
		p->calls.send(p->calls.send_ctx, &j->at, octets.p, octets.n);
		poll_count(p, VNM_C_poll_requests);
		if (j->tries > 0)
			poll_count(p, VNM_C_poll_retries);
	}
	j->tries++;
	vnm_timer_set(&p->timers, &j->node.timer, now_ns + (j->access->timeout_ns << shift));
}

void
poll_job_go(struct vnm_poller *p, struct poll_job *j, uint64_t now_ns)
{
	const struct poll_device *d = j->device;

	if (!j->slotted)
		take_slot(j, j->doubtful);
	if (d != NULL && j->access->gap_ns > 0 && d->answer_ns != 0 &&
	    now_ns < d->answer_ns + j->access->gap_ns) {
		j->waits = true;
		vnm_timer_set(&p->timers, &j->node.timer, d->answer_ns + j->access->gap_ns);
		return;
	}
	send_request(p, j, now_ns);
}

/* The next try is one of a doubtful device, which may have to wait. */
static void
doubt(struct vnm_poller *p, struct poll_job *j, uint64_t now_ns)
{
	struct poll_lane *lane = j->lane;

	if (!j->doubtful) {
		give_slot(j);
		j->doubtful = true;
		poll_enqueue(&lane->doubts, &j->node);
		poll_lane_go(p, lane, now_ns);
		return;
	}
	send_request(p, j, now_ns);
}

void
poll_job_due(struct vnm_poller *p, struct poll_job *j, uint64_t now_ns)
{
	if (j->ending) {
		poll_job_end(p, j, true, now_ns);
		return;
	}
	if (j->waits) {
		send_request(p, j, now_ns);
		return;
	}
	poll_count(p, VNM_C_poll_timeouts);
	if (j->tries > j->access->retries || j->plan == NULL) { /* a probe has one try */
		poll_job_fail(p, j, now_ns);
		return;
	}
	/* Fewer rows at once; only the last try asks for fewer columns, whose answer would be no
	 * answer to the tries before. */
	if (j->reps > 1 || j->tries == j->access->retries)
		(void)poll_request_shrink(p, j, false);
	doubt(p, j, now_ns);
}

void
poll_job_settle(struct vnm_poller *p, struct poll_job *j)
{
	poll_job_forget(p, j);
	vnm_timer_clear(&p->timers, &j->node.timer);
	poll_dequeue(&j->node);
	j->waits = false;
	j->tries = 0;
	if (j->doubtful || !j->slotted) {
		give_slot(j);
		take_slot(j, false);
	}
}

/* ---- what becomes of it ------------------------------------------------------------------------
 */

/* Tells that a walk is over: true where that goes on with the next run. */
static bool
tell_end(struct vnm_poller *p, struct poll_job *j, bool whole, uint64_t now_ns)
{
	struct poll_device *d = j->device;
	struct vnm_poll_source from = poll_source(d);

	if (!j->ending) {
		poll_count(p, whole ? VNM_C_poll_walks : VNM_C_poll_walks_cut);
		if (whole)
			poll_walk_learn(j);
	}
	if (d->state == NULL || !p->calls.end(p->calls.ctx, &from, j->plan, whole))
		return false;
	j->ending = true;
	vnm_timer_set(&p->timers, &j->node.timer, now_ns + 1);
	return true;
}

void
poll_job_end(struct vnm_poller *p, struct poll_job *j, bool whole, uint64_t now_ns)
{
	struct poll_device *d = j->device;
	struct poll_lane *lane = j->lane;

	assert(d != NULL);
	if (j->plan != NULL && tell_end(p, j, whole, now_ns))
		return;
	poll_job_free(p, j);
	if (d->pending == 0 && d->job_count == 0) {
		poll_count(p, VNM_C_poll_turns);
		if (d->config != p->config && !poll_device_adopt(p, d, now_ns))
			d = NULL;
	}
	if (d != NULL)
		poll_device_go(p, d, now_ns);
	poll_lane_go(p, lane, now_ns);
}

void
poll_job_fail(struct vnm_poller *p, struct poll_job *j, uint64_t now_ns)
{
	struct poll_device *d = j->device;
	struct poll_lane *lane = j->lane;

	if (d != NULL && j->plan != NULL) {
		struct vnm_poll_source from = poll_source(d);

		poll_count(p, VNM_C_poll_walks_cut);
		if (d->state != NULL)
			(void)p->calls.end(p->calls.ctx, &from, j->plan, false);
	}
	poll_job_free(p, j);
	if (d != NULL)
		poll_device_silent(p, d, now_ns);
	poll_lane_go(p, lane, now_ns);
}
