/*
 * Polls of one worker.
 */
#include "daemon/polls.h"

#include "base/alloc.h"
#include "base/clock.h"
#include "base/log.h"
#include "collectors/snmp_poll.h"
#include "decoders/poll.h"

#include <assert.h>
#include <string.h>

#define MAGIC 0x766e706cU /* "vnpl" */

static const char *const triggers[] = {
#define VNM_POLL_TRIGGER(oid, doc) oid,
#include "daemon/poll_triggers.def"
#undef VNM_POLL_TRIGGER
};

struct vnm_polls {
	uint32_t magic;
	struct vnm_polls_config config;
	struct vnm_snmp_poll *poll;
	struct vnm_out *out; /* of the message that is being dealt with; NULL: none */
	struct vnm_watch watch;
	struct vnm_log_gate refused_gate, twice_gate;
};

static const struct vnm_str decoder_name = {"snmp", 4, true};

/* ---- answers
 * ------------------------------------------------------------------------------------------ */

static void
on_begin(void *ctx, const struct vnm_datagram *d)
{
	struct vnm_polls *p = ctx;

	p->out = vnm_pipeline_open(p->config.pipeline, decoder_name, d, true);
}

static void
on_done(void *ctx, enum vnm_reason reason)
{
	struct vnm_polls *p = ctx;

	if (reason == VNM_OK)
		p->out->good++; /* also one that brought no row: a probe, or a part of one */
	p->out = NULL;
	vnm_pipeline_outcome(p->config.pipeline, reason);
}

static void
on_turn_end(void *ctx)
{
	struct vnm_polls *p = ctx;

	vnm_pipeline_turn_end(p->config.pipeline);
}

static bool
on_room(void *ctx)
{
	struct vnm_polls *p = ctx;

	return vnm_pipeline_room(p->config.pipeline);
}

static void *
on_attach(void *ctx, const struct vnm_endpoint *at)
{
	(void)ctx;
	return vnm_poll_state_new(&at->addr);
}

static void
on_detach(void *ctx, void *state)
{
	(void)ctx;
	vnm_poll_state_free(state);
}

static void
on_row(void *ctx, const struct vnm_poll_source *from, const struct vnm_plan_row *row)
{
	struct vnm_polls *p = ctx;

	vnm_poll_row(from->state, row, p->out);
}

/* A walk may also end because its time is up, when no message is there. */
static struct vnm_out *
out_of(struct vnm_polls *p, const struct vnm_poll_source *from)
{
	const struct vnm_datagram d = {.rx_ns = vnm_clock_wall_ns(), .src = from->at};

	return p->out != NULL ? p->out
			      : vnm_pipeline_open(p->config.pipeline, decoder_name, &d, false);
}

static bool
on_end(void *ctx, const struct vnm_poll_source *from, const struct vnm_plan *plan, bool whole)
{
	struct vnm_polls *p = ctx;

	return vnm_poll_end(from->state, plan, whole, out_of(p, from));
}

/* ---- what becomes of devices
 * ----------------------------------------------------------------------------- */

/* That so many turns of a device were missed, or that it did something worth knowing. */
static void
tell(struct vnm_polls *p, const struct vnm_poll_source *from, struct vnm_str cause, uint64_t lost)
{
	struct vnm_out *out = out_of(p, from);
	struct vnm_record *r = vnm_out_begin(out, VNM_KIND_visibility);
	uint32_t emitted = out->emitted;

	VNM_SET(r, visibility, cause, cause);
	if (lost > 0) {
		VNM_SET(r, visibility, lost, lost);
		VNM_SET(r, visibility, unit, VNM_STR("turns"));
	}
	(void)vnm_out_emit(out);
	out->emitted = emitted; /* nothing of the message itself was understood by that */
}

static const char *
stat_name(uint64_t stat)
{
	static const char *const names[] = {"no reason given", "unsupported security level",
	    "not in time window", "unknown user", "unknown engine id", "wrong digest",
	    "decryption error"};

	return names[stat < VNM_ARRAY_LEN(names) ? stat : 0];
}

static void
on_event(void *ctx, const struct vnm_poll_source *from, enum vnm_poll_event event, uint64_t n)
{
	struct vnm_polls *p = ctx;
	char at[VNM_ENDPOINT_TEXT];

	vnm_endpoint_text(&from->at, at);
	switch (event) {
	case VNM_POLL_UP:
		vnm_debug("polls: %s answers", at);
		if (n > 1) /* the first was told when it fell silent */
			tell(p, from, VNM_STR("poll-timeout"), n - 1);
		break;
	case VNM_POLL_DOWN:
		vnm_debug("polls: %s does not answer", at);
		tell(p, from, VNM_STR("poll-timeout"), 1);
		break;
	case VNM_POLL_RESTARTED:
		tell(p, from, VNM_STR("restart"), 0);
		break;
	case VNM_POLL_REFUSED:
		if (vnm_log_gate_open(&p->refused_gate, vnm_clock_mono_ns()))
			vnm_warning(
			    "polls: %s, and perhaps others, refuse us: %s", at, stat_name(n));
		break;
	case VNM_POLL_ENGINE_TWICE:
		if (vnm_log_gate_open(&p->twice_gate, vnm_clock_mono_ns()))
			vnm_warning("polls: %s, and perhaps others, have the SNMP engine id of "
				    "another device",
			    at);
		tell(p, from, VNM_STR("engine-id-twice"), 0);
		break;
	case VNM_POLL_FOUND:
		vnm_info("polls: found %s", at);
		break;
	}
}

/* ---- on demand
 * --------------------------------------------------------------------------------------------- */

static bool
is_trigger(struct vnm_str oid)
{
	for (size_t i = 0; i < VNM_ARRAY_LEN(triggers); i++) {
		size_t n = strlen(triggers[i]);
		bool below = triggers[i][n - 1] == '.';

		if ((below ? oid.n > n : oid.n == n) && memcmp(oid.p, triggers[i], n) == 0)
			return true;
	}
	return false;
}

/* A notification, or that an exporter of something else began anew. */
static void
on_record(void *ctx, const struct vnm_record *r)
{
	struct vnm_polls *p = ctx;
	const struct vnm_addr *addr = NULL;

	if (r->kind_id == VNM_KIND_alarm && VNM_HAS(r, alarm, trap_oid) &&
	    is_trigger(r->alarm.trap_oid))
		addr = VNM_HAS(r, env, agent_addr) ? &r->env.agent_addr : &r->env.exporter_addr;
	else if (r->kind_id == VNM_KIND_visibility && p->out == NULL &&
		 VNM_HAS(r, env, exporter_addr) && VNM_HAS(r, visibility, cause) &&
		 vnm_str_is(r->visibility.cause, "restart"))
		addr = &r->env.exporter_addr;
	if (addr == NULL || addr->family == VNM_ADDR_NONE)
		return;
	uint32_t owner = vnm_poll_share(addr, p->config.workers);
	if (owner == p->config.worker)
		vnm_snmp_poll_demand(p->poll, addr);
	else if (p->config.elsewhere != NULL)
		p->config.elsewhere(p->config.ctx, owner, addr);
}

void
vnm_polls_demand(struct vnm_polls *p, const struct vnm_addr *addr)
{
	assert(p->magic == MAGIC);
	vnm_snmp_poll_demand(p->poll, addr);
}

/* ---- its life
 * ------------------------------------------------------------------------------------------------
 */

struct vnm_polls *
vnm_polls_open(const struct vnm_polls_config *config, struct vnm_err *err)
{
	struct vnm_polls *p = vnm_alloc_zero(1, sizeof(*p));
	const struct vnm_snmp_poll_calls calls = {.ctx = p,
	    .begin = on_begin,
	    .done = on_done,
	    .turn_end = on_turn_end,
	    .room = on_room,
	    .poller = {.ctx = p,
		.attach = on_attach,
		.detach = on_detach,
		.row = on_row,
		.end = on_end,
		.event = on_event,
		.counters = vnm_pipeline_counters(config->pipeline)}};

	if (p == NULL) {
		vnm_err_text(err, "out of memory");
		return NULL;
	}
	p->magic = MAGIC;
	p->config = *config;
	p->poll = vnm_snmp_poll_open(
	    &calls, config->base, config->worker, config->workers, config->rcvbuf, err);
	if (p->poll == NULL) {
		vnm_free(p);
		return NULL;
	}
	p->watch = (struct vnm_watch){on_record, p};
	vnm_pipeline_watch(config->pipeline, &p->watch);
	return p;
}

void
vnm_polls_configure(struct vnm_polls *p, struct vnm_poll_config *config)
{
	assert(p->magic == MAGIC);
	vnm_snmp_poll_configure(p->poll, config);
}

void
vnm_polls_drain(struct vnm_polls *p)
{
	if (p != NULL)
		vnm_snmp_poll_drain(p->poll);
}

void
vnm_polls_close(struct vnm_polls *p)
{
	if (p == NULL)
		return;
	assert(p->magic == MAGIC);
	vnm_pipeline_watch(p->config.pipeline, NULL);
	vnm_snmp_poll_close(p->poll);
	p->magic = 0;
	vnm_free(p);
}
