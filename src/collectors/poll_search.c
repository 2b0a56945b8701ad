/*
 * Discovery: every address of the prefixes that a group names is asked once whether it speaks
 * SNMP, at a rate, and so often. Who answers becomes a device of the group.
 */
#include "collectors/poll_part.h"

#include <string.h>

/* How many addresses a prefix has; those of more than 2^32 are not searched (and not configured).
 */
static uint64_t
addresses_of(const struct vnm_prefix *x)
{
	unsigned bits = (x->addr.family == VNM_ADDR_IP4 ? 32U : 128U) - x->len;

	return bits <= 32 ? UINT64_C(1) << bits : 0;
}

/* The n-th address; false for one that no host has: IPv4's network and broadcast addresses. */
static bool
nth_address(const struct vnm_prefix *x, uint64_t n, struct vnm_addr *a)
{
	uint64_t count = addresses_of(x);
	unsigned low = x->addr.family == VNM_ADDR_IP4 ? 0 : 12;

	*a = x->addr;
	for (unsigned i = 0; i < 4; i++)
		a->b[low + 3 - i] |= (uint8_t)(n >> 8 * i);
	return x->addr.family == VNM_ADDR_IP6 || count <= 2 || (n != 0 && n != count - 1);
}

static uint64_t
step_ns(const struct vnm_poll_options *o)
{
	return VNM_NS_PER_S / (o->discover_rate > 0 ? o->discover_rate : 1);
}

void
poll_search_begin(struct vnm_poller *p, struct poll_lane *lane, uint64_t now_ns)
{
	const struct vnm_poll_options *o = &lane->group->options;

	lane->search_prefix = 0;
	lane->search_at = 0;
	if (o->discover.n > 0 && lane->group->access != NULL)
		vnm_timer_set(&p->timers, &lane->node.timer, now_ns + step_ns(o));
}

void
poll_search_forget(struct vnm_poller *p)
{
	for (uint32_t i = 0; i < p->job_cap; i++) {
		if (p->jobs[i] != NULL && p->jobs[i]->device == NULL)
			poll_job_free(p, p->jobs[i]);
	}
}

/* The next address that is this worker's: false where all have been asked. */
static bool
next_address(struct vnm_poller *p, struct poll_lane *lane, struct vnm_addr *a)
{
	const struct vnm_prefixes *list = &lane->group->options.discover;

	while (lane->search_prefix < list->n) {
		const struct vnm_prefix *x = &list->p[lane->search_prefix];

		if (lane->search_at >= addresses_of(x)) {
			lane->search_prefix++;
			lane->search_at = 0;
			continue;
		}
		if (nth_address(x, lane->search_at++, a) &&
		    vnm_poll_share(a, p->shares) == p->share)
			return true;
	}
	return false;
}

static void
ask(struct vnm_poller *p, struct poll_lane *lane, const struct vnm_endpoint *at, uint64_t now_ns)
{
	struct poll_job *j = poll_job_new(p, lane, NULL, now_ns);

	if (j == NULL)
		return;
	j->at = *at;
	j->access = lane->group->access;
	j->doubtful = true;
	poll_job_go(p, j, now_ns);
}

/*
 * One address; none while as many questions are open as may be.
 */
void
poll_search_due(struct vnm_poller *p, struct poll_lane *lane, uint64_t now_ns)
{
	const struct vnm_poll_options *o = &lane->group->options;
	struct vnm_endpoint at = {.port = lane->group->port};

	vnm_timer_set(&p->timers, &lane->node.timer, now_ns + step_ns(o));
	if (lane->doubtful >= o->dead_in_flight || lane->found >= o->discover_devices)
		return;
	if (!next_address(p, lane, &at.addr)) {
		lane->search_prefix = 0;
		lane->search_at = 0;
		vnm_timer_set(&p->timers, &lane->node.timer, now_ns + o->discover_interval);
	} else if (poll_device_find(p, &at) == NULL) {
		ask(p, lane, &at, now_ns);
	}
}

void
poll_search_found(struct vnm_poller *p, struct poll_job *j, uint64_t now_ns)
{
	struct poll_lane *lane = j->lane;
	struct vnm_poll_target t = {j->at, lane->group, j->access};
	struct poll_device *d = NULL;
	bool wanted =
	    t.group != NULL && t.group->access == t.access && poll_device_find(p, &t.at) == NULL;

	poll_job_free(p, j);
	if (wanted && lane->found < t.group->options.discover_devices)
		d = poll_device_add(p, &t, lane, true, now_ns);
	if (wanted && d == NULL)
		poll_count(p, VNM_C_poll_devices_refused);
	if (d != NULL) {
		struct vnm_poll_source from = poll_source(d);

		poll_count(p, VNM_C_poll_found);
		p->calls.event(p->calls.ctx, &from, VNM_POLL_FOUND, 0);
	}
	poll_lane_go(p, lane, now_ns);
}
