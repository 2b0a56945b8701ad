/*
 * The poller's desk.
 */
#include "poll_desk.h"

#include "base/alloc.h"
#include "base/clock.h"
#include "base/hash.h"
#include "unit.h"

#include <string.h>

#define COMMUNITY "sesame"

struct vnm_endpoint
desk_at(uint32_t device)
{
	const uint8_t b[4] = {10, (uint8_t)(device >> 16), (uint8_t)(device >> 8), (uint8_t)device};

	return (struct vnm_endpoint){vnm_addr_ip4(b), 161};
}

static uint32_t
device_of(const struct vnm_endpoint *at)
{
	return (uint32_t)at->addr.b[1] << 16 | (uint32_t)at->addr.b[2] << 8 | at->addr.b[3];
}

/* ---- the network
 * --------------------------------------------------------------------------------- */

static bool
before(const struct desk_packet *a, const struct desk_packet *b)
{
	return a->due_ns != b->due_ns ? a->due_ns < b->due_ns : a->seq < b->seq;
}

static void
push(struct desk *k, struct desk_packet x)
{
	uint32_t i = k->packet_n++;

	if (i == k->packet_cap) {
		k->packet_cap = k->packet_cap == 0 ? 64 : 2 * k->packet_cap;
		k->packets = realloc(k->packets, k->packet_cap * sizeof(*k->packets));
	}
	for (; i > 0 && before(&x, &k->packets[(i - 1) / 2]); i = (i - 1) / 2)
		k->packets[i] = k->packets[(i - 1) / 2];
	k->packets[i] = x;
}

static struct desk_packet
pop(struct desk *k)
{
	struct desk_packet first = k->packets[0], last = k->packets[--k->packet_n];
	uint32_t i = 0;

	for (;;) {
		uint32_t c = 2 * i + 1;

		if (c >= k->packet_n)
			break;
		if (c + 1 < k->packet_n && before(&k->packets[c + 1], &k->packets[c]))
			c++;
		if (!before(&k->packets[c], &last))
			break;
		k->packets[i] = k->packets[c];
		i = c;
	}
	k->packets[i] = last;
	return first;
}

static bool
chance(uint32_t of_a_thousand)
{
	return of_a_thousand > 0 && (uint32_t)random() % 1000 < of_a_thousand;
}

static void
carry(struct desk *k, const struct vnm_endpoint *from, const struct vnm_endpoint *to,
    const uint8_t *p, size_t n)
{
	unsigned copies = chance(k->loss) ? 0 : chance(k->twice) ? 2 : 1;

	for (; copies > 0; copies--) {
		struct desk_packet x = {.due_ns = k->now_ns + k->delay_ns / 2,
		    .seq = k->seq++,
		    .from = *from,
		    .to = *to,
		    .n = n,
		    .p = malloc(n)};

		if (k->disorder_ns > 0)
			x.due_ns += (uint64_t)random() % k->disorder_ns;
		memcpy(x.p, p, n);
		push(k, x);
	}
}

/* ---- what the poller calls
 * --------------------------------------------------------------------------- */

static void
on_send(void *ctx, const struct vnm_endpoint *to, const uint8_t *p, size_t n)
{
	struct desk *k = ctx;
	struct vnm_endpoint us = {.port = 50000};
	uint32_t i = device_of(to);

	k->sends++;
	if (i < k->device_count) {
		k->devices[i].requests++;
		k->devices[i].times = vnm_hash(&k->now_ns, sizeof(k->now_ns), k->devices[i].times);
	}
	if (i < k->device_count && !k->devices[i].dead)
		carry(k, &us, to, p, n);
}

static void *
on_attach(void *ctx, const struct vnm_endpoint *at)
{
	struct desk *k = ctx;

	if (k->refusals > 0) {
		k->refusals--;
		return NULL;
	}
	k->attached++;
	return &k->devices[device_of(at)];
}

static void
on_detach(void *ctx, void *state)
{
	struct desk *k = ctx;

	(void)state;
	k->attached--;
}

/* Whether the agent has this value under this name. */
static bool
agent_has(const struct agent_mib *m, const struct vnm_plan_column *c, struct vnm_oid index,
    const struct vnm_varbind *v)
{
	uint32_t ids[VNM_OID_MAX];
	uint8_t octets[66000];
	struct vnm_ber_writer w = vnm_ber_writer_of(octets, sizeof(octets));
	struct vnm_varbind named = *v;

	memcpy(ids, c->ids, c->id_n * sizeof(*ids));
	memcpy(ids + c->id_n, index.v, index.n * sizeof(*ids));
	named.name = (struct vnm_oid){ids, c->id_n + index.n};
	vnm_varbind_put(&w, &named);
	for (uint32_t low = 0, high = m->n; low < high;) {
		uint32_t i = low + (high - low) / 2;
		const struct agent_object *o = &m->objects[i];
		int order = vnm_oid_compare((struct vnm_oid){o->ids, o->n}, named.name);

		if (order == 0)
			return o->octets == vnm_ber_written(&w) &&
			       memcmp(o->varbind, w.p, o->octets) == 0;
		low = order < 0 ? i + 1 : low;
		high = order < 0 ? high : i;
	}
	return false;
}

static void
on_row(void *ctx, const struct vnm_poll_source *from, const struct vnm_plan_row *row)
{
	struct desk *k = ctx;
	struct desk_device *d = from->state;

	k->rows++;
	k->rows_now++;
	d->rows++;
	d->last_row_ns = k->now_ns;
	for (uint32_t i = 0; i < row->plan->n; i++) {
		const struct vnm_varbind *v = vnm_plan_cell(row, i);

		k->row_cells += v != NULL;
		if (v != NULL && k->check &&
		    !agent_has(d->agent.mib, &row->plan->columns[i], row->index, v))
			k->wrong++;
	}
	if (k->on_row != NULL)
		k->on_row(k, (uint32_t)(d - k->devices), row);
}

static bool
on_end(void *ctx, const struct vnm_poll_source *from, const struct vnm_plan *plan, bool whole)
{
	struct desk *k = ctx;
	struct desk_device *d = from->state;

	(void)plan;
	if (k->ends_left > 0 && whole) {
		k->ends_left--;
		k->ends_more++;
		return true;
	}
	k->walks += whole;
	k->cut += !whole;
	d->walks += whole;
	d->cut += !whole;
	return false;
}

static void
on_event(void *ctx, const struct vnm_poll_source *from, enum vnm_poll_event event, uint64_t n)
{
	struct desk *k = ctx;

	(void)from;
	k->events[event]++;
	k->event_n[event] += n;
}

/* ---- the clock
 * ------------------------------------------------------------------------------------ */

static void
to_poller(struct desk *k, const struct desk_packet *x)
{
	struct vnm_datagram d = {.p = x->p, .n = x->n, .rx_ns = k->now_ns, .src = x->from};

	if (k->wrong_source)
		d.src.addr.b[3] ^= 1;
	for (long flips = chance(k->noise) ? 1 + random() % 4 : 0; flips > 0; flips--)
		x->p[(size_t)random() % x->n] ^= (uint8_t)(1 << random() % 8);
	if (chance(k->noise / 4))
		d.n = (size_t)random() % x->n;
	k->rows_now = 0;
	k->reasons[vnm_poller_receive(k->poller, &d, k->now_ns)]++;
	if (k->rows_now > k->rows_most)
		k->rows_most = k->rows_now;
}

static void
deliver(struct desk *k)
{
	static uint8_t out[66000];
	struct desk_packet x = pop(k);
	uint32_t i = device_of(&x.to);

	if (x.to.port != 161) {
		to_poller(k, &x);
	} else {
		size_t n =
		    agent_answer(&k->devices[i].agent, x.p, x.n, k->now_ns, out, sizeof(out));
		if (n > 0)
			carry(k, &x.to, &x.from, out, n);
	}
	free(x.p);
}

void
desk_run(struct desk *k, uint64_t ns)
{
	uint64_t end = k->now_ns + ns;

	for (;;) {
		uint64_t next;
		uint32_t steps = 0;

		do {
			k->sends = 0;
			next = vnm_poller_run(k->poller, k->now_ns);
			if (k->sends > k->sends_most)
				k->sends_most = k->sends;
		} while (next <= k->now_ns && steps++ < 100000);
		if (steps > k->steps_most)
			k->steps_most = steps;
		if (k->packet_n > 0 && k->packets[0].due_ns < next)
			next = k->packets[0].due_ns;
		if (next > end)
			break;
		k->now_ns = next > k->now_ns ? next : k->now_ns;
		while (k->packet_n > 0 && k->packets[0].due_ns <= k->now_ns)
			deliver(k);
	}
	k->now_ns = end;
}

/* ---- begin and end
 * --------------------------------------------------------------------------------- */

void
desk_open(struct desk *k, uint32_t devices, const struct agent_mib *mib)
{
	const struct vnm_poll_calls calls = {.ctx = k,
	    .send = on_send,
	    .send_ctx = k,
	    .attach = on_attach,
	    .detach = on_detach,
	    .row = on_row,
	    .end = on_end,
	    .event = on_event,
	    .counters = &k->counters};

	*k = (struct desk){.now_ns = DESK_START_NS, .delay_ns = 20 * DESK_MS, .check = true};
	srandom(5);
	k->devices = calloc(devices, sizeof(*k->devices));
	k->device_count = devices;
	for (uint32_t i = 0; i < devices; i++)
		k->devices[i].agent = (struct agent){.mib = mib,
		    .community = {(const uint8_t *)COMMUNITY, strlen(COMMUNITY)},
		    .boot_ns = DESK_START_NS - 1000 * DESK_S};
	k->poller = vnm_poller_new(&calls, 0, 1, DESK_SEED);
	CU_ASSERT_PTR_NOT_NULL_FATAL(k->poller);
}

void
desk_close(struct desk *k)
{
	vnm_poller_free(k->poller);
	CU_ASSERT_EQUAL(k->attached, 0);
	CU_ASSERT_EQUAL(k->counters.v[VNM_C_poll_devices], 0);
	CU_ASSERT_EQUAL(k->counters.v[VNM_C_poll_devices_dead], 0);
	while (k->packet_n > 0)
		free(pop(k).p);
	free(k->packets);
	free(k->devices);
}

struct vnm_poll_options
desk_options(void)
{
	struct vnm_poll_options o = {0};
	struct vnm_err err;

	CU_ASSERT_EQUAL_FATAL(vnm_option_defaults(vnm_poll_options, &o, &err), 0);
	o.name = vnm_strdup("desk");
	return o;
}

struct vnm_poll_access
desk_access(void)
{
	return (struct vnm_poll_access){
	    .version = VNM_SNMP_V2C,
	    .community = {(const uint8_t *)COMMUNITY, strlen(COMMUNITY)},
	    .timeout_ns = DESK_S,
	    .walk_ns = 300 * DESK_S,
	    .retries = 2,
	    .in_flight = 1,
	    .max_repetitions = 50,
	    .response_octets = 1400,
	    .walk_varbinds = 1000000,
	};
}

struct desk_held {
	struct vnm_poll_config config;
	unsigned users;
	struct vnm_poll_group group;
	struct vnm_poll_access access;
	const struct vnm_poll_group *list[1];
	uint16_t ports[1];
};

static void
use_config(struct vnm_poll_config *c)
{
	((struct desk_held *)c)->users++;
}

static void
leave_config(struct vnm_poll_config *c)
{
	struct desk_held *h = (struct desk_held *)c;

	if (--h->users > 0)
		return;
	for (uint32_t i = 0; i < h->group.plan_count; i++)
		vnm_plan_release((struct vnm_plan *)(uintptr_t)&h->group.plans[i]);
	vnm_free((void *)(uintptr_t)h->group.plans);
	vnm_free((void *)(uintptr_t)c->targets);
	vnm_table_free(&c->index);
	vnm_option_release(vnm_poll_options, &h->group.options);
	vnm_free(h);
}

struct vnm_poll_config *
desk_config(const struct desk *k, const struct vnm_poll_options *o,
    const struct vnm_poll_access *access, const enum vnm_plan_sort *sorts, uint32_t sort_count,
    uint32_t first, uint32_t end)
{
	struct desk_held *h = vnm_alloc_zero(1, sizeof(*h));
	struct vnm_plan *plans = vnm_alloc_zero(sort_count, sizeof(*plans));
	struct vnm_poll_target *targets = vnm_alloc_zero(end - first + 1, sizeof(*targets));

	(void)k;
	h->group.options = *o;
	h->access = *access;
	for (uint32_t i = 0; i < sort_count; i++) {
		CU_ASSERT_EQUAL_FATAL(vnm_plan_builtin(&plans[i], sorts[i]), 0);
		h->group.class_mask[plans[i].class] |= UINT64_C(1) << i;
	}
	h->group.plans = plans;
	h->group.plan_count = sort_count;
	h->group.access = &h->access;
	h->group.port = 161;
	h->list[0] = &h->group;
	h->ports[0] = 161;
	h->config = (struct vnm_poll_config){.groups = h->list,
	    .group_count = 1,
	    .targets = targets,
	    .target_count = end - first,
	    .ports = h->ports,
	    .port_count = 1,
	    .use = use_config,
	    .leave = leave_config};
	h->users = 1;
	for (uint32_t i = 0; i < end - first; i++) {
		targets[i] = (struct vnm_poll_target){desk_at(first + i), &h->group, &h->access};
		CU_ASSERT_EQUAL_FATAL(
		    vnm_table_add(&h->config.index, vnm_poll_hash(&targets[i].at), i), 0);
	}
	return &h->config;
}
