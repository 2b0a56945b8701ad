/*
 * Jobs, slots, devices and counters of a poller: each is where it must be, and waits for something
 * that will come.
 */
#include "poll_books.h"

#include <stddef.h>

#define LATE_NS                                                                          \
	(900 * VNM_NS_PER_S) /* a walk may end so much behind its time, with all retries \
			      */

/* ---- jobs --------------------------------------------------------------------------------------
 */

static bool
belongs(const struct poll_job *j)
{
	const struct poll_job *s = j->device->jobs;

	while (s != NULL && s != j)
		s = s->sibling;
	return s == j;
}

static const char *
check_job(struct vnm_poller *p, const struct poll_job *j, uint32_t slot, uint64_t now_ns)
{
	bool timed = j->node.timer.set, queued = j->node.queue != NULL;

	if (j->slot != slot)
		return "a job is not in its place";
	if (timed == queued)
		return "a job waits for nothing, or for two things";
	if (queued && (j->slotted || j->node.queue != &j->lane->doubts))
		return "a job waits for what it has";
	if (timed && !j->slotted)
		return "a request is out without a slot";
	if (j->id != 0 && poll_job_find(p, j->id) != j)
		return "a request cannot be found by its id";
	if (j->tries > j->access->retries + 1)
		return "a request was sent too often";
	if (j->device != NULL && !belongs(j))
		return "a job is not its device's";
	if (j->device != NULL && j->plan != NULL &&
	    now_ns > j->begun_ns + j->access->walk_ns + LATE_NS)
		return "a walk takes for ever";
	return NULL;
}

static const char *
check_jobs(struct vnm_poller *p, uint64_t now_ns)
{
	const char *wrong = NULL;
	uint32_t used = 0;

	for (uint32_t i = 0; i < p->job_cap && wrong == NULL; i++) {
		used += p->jobs[i] != NULL;
		if (p->jobs[i] != NULL)
			wrong = check_job(p, p->jobs[i], i, now_ns);
	}
	if (wrong == NULL && used + p->free_count != p->job_cap)
		wrong = "slots of jobs are lost";
	return wrong;
}

/* ---- lanes -------------------------------------------------------------------------------------
 */

static const char *
check_lane(const struct vnm_poller *p, const struct poll_lane *lane)
{
	uint32_t in_flight = 0, doubtful = 0, devices = 0, found = 0;

	for (uint32_t i = 0; i < p->job_cap; i++) {
		const struct poll_job *j = p->jobs[i];

		if (j == NULL || j->lane != lane || !j->slotted)
			continue;
		in_flight += !j->doubtful;
		doubtful += j->doubtful;
	}
	for (uint32_t i = 0; i < p->device_count; i++) {
		devices += p->devices[i]->lane == lane;
		found += p->devices[i]->lane == lane && p->devices[i]->found;
	}
	if (in_flight != lane->in_flight || doubtful != lane->doubtful)
		return "slots that are taken and slots that are counted differ";
	if (devices != lane->devices || found != lane->found)
		return "a group's devices and their number differ";
	if (in_flight + doubtful == 0 && (lane->ready.first != NULL || lane->doubts.first != NULL))
		return "slots are free, and yet something waits for them";
	return NULL;
}

/* ---- devices -----------------------------------------------------------------------------------
 */

static const char *
check_device(const struct poll_device *d)
{
	bool timed = d->node.timer.set, queued = d->node.queue != NULL;
	bool dead = d->health == POLL_DEAD;
	unsigned jobs = 0;

	for (const struct poll_job *j = d->jobs; j != NULL; j = j->sibling)
		jobs++;
	if (jobs != d->job_count)
		return "a device's jobs and their number differ";
	if (jobs > d->access->in_flight && jobs > 1)
		return "a device is asked for too much at a time";
	if (!timed && !queued && !(dead && jobs > 0))
		return "a device is forgotten";
	if (d->pending != 0 && !dead && jobs == 0 && !queued)
		return "a device's tables are forgotten";
	if (d->budget == 0)
		return "a device is asked for nothing";
	return NULL;
}

static const char *
check_devices(const struct vnm_poller *p)
{
	const struct vnm_counters *c = p->calls.counters;
	const char *wrong = NULL;
	uint32_t dead = 0;

	for (uint32_t i = 0; i < p->device_count && wrong == NULL; i++) {
		dead += p->devices[i]->health == POLL_DEAD;
		wrong = p->devices[i]->index == i ? check_device(p->devices[i])
						  : "a device is not in its place";
	}
	if (wrong != NULL)
		return wrong;
	if (c->v[VNM_C_poll_devices] != p->device_count || c->v[VNM_C_poll_devices_dead] != dead)
		return "devices that are there and that are counted differ";
	return NULL;
}

static const char *
check(const struct poll_books *b, uint64_t now_ns)
{
	/* Looking a job up changes nothing. */
	struct vnm_poller *p = (struct vnm_poller *)(uintptr_t)b->poller;
	const char *wrong = check_jobs(p, now_ns);

	for (const struct poll_lane *lane = p->lanes; lane != NULL && wrong == NULL;
	     lane = lane->next)
		wrong = check_lane(p, lane);
	return wrong != NULL ? wrong : check_devices(p);
}

/* ---- requests ----------------------------------------------------------------------------------
 */

static void
count(const struct poll_books *b, uint32_t *open, uint32_t *waiting)
{
	*open = *waiting = 0;
	for (uint32_t i = 0; i < b->poller->job_cap; i++) {
		const struct poll_job *j = b->poller->jobs[i];

		if (j == NULL || j->tries == 0)
			continue;
		*open += j->node.timer.set && !j->waits;
		*waiting += !j->node.timer.set || j->waits;
	}
}

void
poll_books_open(struct poll_books *b, const struct vnm_poller *p)
{
	b->poller = p;
	b->moving = true;
}

void
poll_books_begin(struct poll_books *b, uint64_t sends)
{
	b->sends = sends;
	b->timeouts = b->poller->calls.counters->v[VNM_C_poll_timeouts];
	count(b, &b->open, &b->waiting);
}

/* Tries that came to their end in the call; *freed: requests that wait no longer for a slot. */
static uint64_t
closed(const struct poll_books *b, uint64_t sends, int64_t *freed)
{
	uint32_t open, waiting;

	count(b, &open, &waiting);
	*freed = (int64_t)b->waiting - waiting;
	return sends - b->sends + b->open - open;
}

const char *
poll_books_ran(struct poll_books *b, uint64_t sends, uint64_t now_ns)
{
	const struct vnm_poller *p = b->poller;
	uint64_t timeouts = p->calls.counters->v[VNM_C_poll_timeouts] - b->timeouts;
	int64_t freed;
	uint64_t n = closed(b, sends, &freed);

	if (n < timeouts || (n > timeouts && !b->moving))
		return "tries that ended and timeouts differ";
	b->moving = p->config != NULL && p->add_hand < p->config->target_count;
	return check(b, now_ns);
}

const char *
poll_books_received(struct poll_books *b, uint64_t sends, uint64_t now_ns, enum vnm_reason reason)
{
	int64_t freed;
	uint64_t n = closed(b, sends, &freed);
	bool foreign = reason == VNM_R_response_unknown || reason == VNM_R_response_source;

	if (b->poller->calls.counters->v[VNM_C_poll_timeouts] != b->timeouts)
		return "a request timed out by an answer";
	if (n > 1 && !b->moving)
		return "an answer ended more than one request";
	if (n != 0 && foreign)
		return "what is no answer ended a request";
	if (n == 0 && freed < 1 && reason == VNM_OK)
		return "an answer was taken that answers nothing";
	return check(b, now_ns);
}

const char *
poll_books_well(const struct poll_books *b)
{
	const struct vnm_poller *p = b->poller;

	for (uint32_t i = 0; i < p->device_count; i++) {
		if (p->devices[i]->health == POLL_DEAD)
			return "a device that is well is not polled";
		if (p->devices[i]->config != p->config)
			return "a device has an old configuration";
	}
	return NULL;
}
