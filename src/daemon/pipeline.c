/*
 * The pipeline of one worker: message → exporter → decoder → topology → analysis → outputs, and
 * the books.
 */
#include "daemon/pipeline.h"

#include "base/alloc.h"
#include "base/clock.h"
#include "base/hash.h"
#include "daemon/analysed.h"
#include "daemon/replies.h"
#include "daemon/shed.h"
#include "daemon/state.h"
#include "decoders/rib_query.h"
#include "output/encoder.h"
#include "daemon/told.h"

#include <assert.h>

#define EXPORTER_MAGIC 0x766e6578U /* "vnex" */
#define PIPELINE_MAGIC 0x766e7069U /* "vnpi" */
#define SCRATCH_OCTETS (1U << 20)
#define ROOM_LASTS 1024	     /* records; then sinks are asked for room again */
#define ROOM_UNPUBLISHED 512 /* records that an output may hold besides */
#define TICK_NS VNM_NS_PER_S
#define DROPS_NS (10 * VNM_NS_PER_S) /* how often the kernel's drops are told in a record */
#define SAVES_PER_TICK 256	     /* files written in one tick: what waits can wait longer */

struct vnm_pipeline {
	uint32_t magic;
	struct vnm_pipeline_config config;
	const struct vnm_topology *topology;
	struct vnm_output **outputs; /* borrowed, as are the outputs */
	size_t output_count;
	struct vnm_exporter **exporters; /* owned, as are the exporters */
	uint32_t exporter_count, exporter_cap;
	uint32_t evict_hand;	/* where the search for the longest silent one goes on */
	struct vnm_table index; /* of exporters */
	uint64_t now_ns;
	uint64_t next_tick_ns;
	uint64_t drops_told; /* kernel_drops when they were last looked at, and when that was */
	uint64_t drops_told_ns;
	uint32_t save_hand; /* the exporter whose state is saved first */
	struct vnm_log_gate save_gate;
	uint32_t work_hand; /* the exporter that works first */
	bool waiting;	    /* an exporter may have something to work at */
	uint64_t record_seq;
	uint64_t room_until; /* record_seq up to which there is known to be room */
	size_t output_left;  /* of limits->output_per_message */
	struct vnm_record rec;
	struct vnm_scratch scratch;
	struct vnm_out out;
	struct vnm_analysed analysed;
	struct vnm_told told;
	const struct vnm_watch *watch;	    /* borrowed; NULL: nobody watches */
	const struct vnm_datagram *message; /* that is being decoded */
	struct vnm_replies replies;
	uint64_t output_drops; /* of all outputs, when the last turn ended */
	struct vnm_counters counters;
	struct vnm_answer *answer; /* to a query, while one is answered; borrowed */
};

/* Where records go that someone asked for: they are in no books. */
struct vnm_answer {
	struct vnm_selection selection;
	struct vnm_buffer *to;
	struct vnm_counters counters; /* nobody looks at them */
};

/* ---- records --------------------------------------------------------------------------- */

static struct vnm_pipeline *
pipeline_of(struct vnm_out *out)
{
	return (struct vnm_pipeline *)((char *)out - offsetof(struct vnm_pipeline, out));
}

static void
reply(struct vnm_out *out, struct vnm_slice octets, bool acknowledges)
{
	struct vnm_pipeline *p = pipeline_of(out);

	if (p->message == NULL || p->message->back == NULL)
		return;
	if (!vnm_replies_add(&p->replies, p->message, octets, acknowledges))
		p->counters.v[VNM_C_replies_failed]++;
}

/* Records that an output must take for sure before a message begins. */
static uint64_t
room_wanted(const struct vnm_pipeline *p)
{
	return (uint64_t)ROOM_LASTS + ROOM_UNPUBLISHED + p->config.limits->records_per_message;
}

/* Gives a record its number, and outputs the record. */
static void
publish(struct vnm_pipeline *p, struct vnm_record *r)
{
	VNM_SET(r, env, record_seq, p->record_seq++);
	p->counters.records[r->kind_id]++;
	for (size_t i = 0; i < p->output_count; i++) {
		size_t octets = vnm_output_record(p->outputs[i], r);
		p->output_left -= octets < p->output_left ? octets : p->output_left;
	}
}

static void
name_kind(struct vnm_record *r)
{
	const struct vnm_kind_info *kind = vnm_kind_info(r->kind_id);

	VNM_SET(r, env, kind, (struct vnm_str){kind->name, kind->name_len, true});
}

static bool
is_shed(struct vnm_pipeline *p, const struct vnm_record *r)
{
	return r->kind_id == VNM_KIND_log && p->message != NULL &&
	       !vnm_transport_is_stream(p->message->transport) && !vnm_pipeline_room(p) &&
	       vnm_shed(r, p->outputs, p->output_count, room_wanted(p));
}

/* The record goes no further, for this reason. */
static void
hold_back(struct vnm_out *out, enum vnm_reason reason)
{
	out->emitted--;
	vnm_out_fault(out, reason);
}

static void
emit(struct vnm_out *out)
{
	struct vnm_pipeline *p = pipeline_of(out);
	struct vnm_record *r = out->rec;
	enum vnm_reason reason;

	if (p->watch != NULL)
		p->watch->seen(p->watch->ctx, r);
	if (is_shed(p, r)) {
		hold_back(out, VNM_R_shed);
		return;
	}
	name_kind(r);
	if (p->topology != NULL)
		vnm_topology_correlate(p->topology, r, &p->counters);
	reason = vnm_analysed_record(&p->analysed, r);
	if (reason != VNM_OK) {
		hold_back(out, reason);
		return;
	}
	publish(p, r);
	if (VNM_UNLIKELY(p->output_left == 0 && out->records_left != 0)) {
		out->records_left = 0;
		vnm_out_fault(out, VNM_R_output_limit);
	}
}

/* A record for a fact that is new or not what it was; the message's envelope stays as it is. */
static void
tell(struct vnm_out *out, const struct vnm_fact *fact)
{
	struct vnm_pipeline *p = pipeline_of(out);
	struct vnm_record *r = vnm_out_begin(out, VNM_KIND_topology_event);
	uint64_t message_ns = r->env.event_ns;
	struct vnm_telling telling;

	if (vnm_told_before(&p->told, p->config.limits, fact, r, p->config.hash_seed, &telling)) {
		p->counters.v[VNM_C_facts_repeated]++;
		out->good++;
		return;
	}
	vnm_fact_record(fact, r);
	if (fact->event_ns != 0)
		VNM_SET(r, env, event_ns, fact->event_ns);
	bool told = vnm_out_emit(out);
	r->env.event_ns = message_ns;
	if (told)
		vnm_told_now(&telling, r->env.observed_ns);
}

static void
emit_answer(struct vnm_out *out)
{
	struct vnm_pipeline *p = pipeline_of(out);
	struct vnm_record *r = out->rec;
	struct vnm_frame frame;

	name_kind(r);
	if (p->topology != NULL)
		vnm_topology_correlate(p->topology, r, &p->answer->counters);
	if (!vnm_json_encoder.encode(&p->answer->selection, r, p->answer->to, &frame))
		out->records_left = 0;
}

/* What every record of this worker has; the rest of the record is empty. */
static void
begin_record(const struct vnm_pipeline *p, struct vnm_record *r, uint64_t observed_ns)
{
	memset(r->has, 0, sizeof(r->has));
	VNM_SET(r, env, schema, VNM_SCHEMA_VERSION);
	VNM_SET(r, env, collector, p->config.collector);
	VNM_SET(r, env, collector_epoch_ns, p->config.epoch_ns);
	VNM_SET(r, env, worker, p->config.worker);
	VNM_SET(r, env, observed_ns, observed_ns);
}

static void
begin_analysed(void *pipeline, struct vnm_record *r, uint64_t observed_ns)
{
	begin_record(pipeline, r, observed_ns);
	name_kind(r);
}

/* A record of the analysis; one that it made of a named record has that one's names. */
static void
publish_analysed(void *pipeline, struct vnm_record *r)
{
	struct vnm_pipeline *p = pipeline;

	if (p->topology != NULL && !VNM_HAS(r, env, topology_version))
		vnm_topology_correlate(p->topology, r, &p->counters);
	publish(p, r);
}

/* `patient`: the records come from a source that can be made to wait. */
static void
begin_envelope(struct vnm_pipeline *p, uint64_t observed_ns, bool patient)
{
	for (size_t i = 0; i < p->output_count; i++)
		vnm_output_patience(p->outputs[i], patient);
	begin_record(p, &p->rec, observed_ns);
	vnm_out_base(&p->out);
	p->out.records_left = p->config.limits->records_per_message;
	p->out.emitted = p->out.faults = p->out.held = p->out.good = 0;
	p->output_left = p->config.limits->output_per_message;
}

static void
begin_message(struct vnm_pipeline *p, const struct vnm_datagram *d)
{
	struct vnm_record *r = &p->rec;

	begin_envelope(p, d->rx_ns, vnm_transport_is_stream(d->transport));
	VNM_SET(r, env, transport, vnm_transport_name(d->transport));
	if (d->cert_name.n > 0)
		VNM_SET(r, env, cert_name, d->cert_name);
	if (d->src.addr.family != VNM_ADDR_NONE) { /* a raw file does not know */
		VNM_SET(r, env, exporter_addr, d->src.addr);
		VNM_SET(r, env, exporter_port, d->src.port);
	}
	vnm_out_base(&p->out);
}

/* ---- exporters ---------------------------------------------------------------------------- */

static uint64_t
exporter_hash(
    const struct vnm_pipeline *p, const struct vnm_decoder *decoder, const struct vnm_addr *addr)
{
	return vnm_hash(addr, sizeof(*addr), p->config.hash_seed ^ (uintptr_t)decoder);
}

static struct vnm_exporter *
exporter_find(struct vnm_pipeline *p, const struct vnm_decoder *decoder,
    const struct vnm_addr *addr, uint64_t hash)
{
	uint32_t at = 0, i;

	while ((i = vnm_table_next(&p->index, hash, &at)) != VNM_TABLE_NONE) {
		struct vnm_exporter *x = p->exporters[i];
		if (x->decoder == decoder && vnm_addr_equal(&x->addr, addr))
			return x;
	}
	return NULL;
}

static void
exporter_free(struct vnm_pipeline *p, struct vnm_exporter *x)
{
	assert(x->magic == EXPORTER_MAGIC);
	if (x->decoder->close != NULL)
		x->decoder->close(x, &p->counters);
	x->magic = 0;
	vnm_free(x->state);
	vnm_free(x);
}

/* Forgets one exporter; the last of the array takes its place. */
static void
exporter_remove(struct vnm_pipeline *p, uint32_t i)
{
	struct vnm_exporter *x = p->exporters[i];
	uint32_t last = --p->exporter_count;

	vnm_table_remove(&p->index, exporter_hash(p, x->decoder, &x->addr), i);
	if (i != last) {
		struct vnm_exporter *moved = p->exporters[last];
		p->exporters[i] = moved;
		vnm_table_move(&p->index, exporter_hash(p, moved->decoder, &moved->addr), last, i);
	}
	vnm_state_forget(p->config.state_dir, x); /* a flood of sources must not fill the disk */
	exporter_free(p, x);
	p->counters.v[VNM_C_exporters]--;
}

/* Makes room: the longest silent of the next few, so that a flood of sources stays cheap. */
static void
exporter_evict(struct vnm_pipeline *p)
{
	uint32_t victim = p->evict_hand % p->exporter_count;

	for (unsigned step = 0; step < 64; step++) {
		uint32_t i = (p->evict_hand + step) % p->exporter_count;
		if (p->exporters[i]->last_ns < p->exporters[victim]->last_ns)
			victim = i;
	}
	p->evict_hand += 64;
	exporter_remove(p, victim);
	p->counters.v[VNM_C_exporters_evicted]++;
}

static bool
exporters_grow(struct vnm_pipeline *p)
{
	if (p->exporter_count < p->exporter_cap)
		return true;
	uint32_t cap = p->exporter_cap != 0 ? 2 * p->exporter_cap : 16;
	struct vnm_exporter **grown = vnm_realloc(p->exporters, cap * sizeof(*grown));
	if (grown == NULL)
		return false;
	p->exporters = grown;
	p->exporter_cap = cap;
	return true;
}

static struct vnm_exporter *
exporter_new(const struct vnm_pipeline *p, const struct vnm_decoder *decoder,
    const struct vnm_addr *addr, const void *options)
{
	struct vnm_exporter *x = vnm_alloc_zero(1, sizeof(*x));

	if (x == NULL)
		return NULL;
	x->state = vnm_alloc_zero(1, decoder->state_size);
	if (x->state == NULL)
		goto no_state;
	x->magic = EXPORTER_MAGIC;
	x->decoder = decoder;
	x->addr = *addr;
	x->options = options;
	x->hash_seed = p->config.hash_seed;
	if (decoder->open != NULL && decoder->open(x) != 0)
		goto not_open;
	return x;
not_open:
	vnm_free(x->state);
no_state:
	vnm_free(x);
	return NULL;
}

/* NULL when memory is short. */
static struct vnm_exporter *
exporter_get(struct vnm_pipeline *p, const struct vnm_decoder *decoder, const void *options,
    const struct vnm_addr *addr)
{
	uint64_t hash = exporter_hash(p, decoder, addr);
	struct vnm_exporter *x = exporter_find(p, decoder, addr, hash);

	if (VNM_LIKELY(x != NULL))
		return x;
	if (p->exporter_count >= p->config.limits->exporters && p->exporter_count > 0)
		exporter_evict(p);
	if (!exporters_grow(p) || (x = exporter_new(p, decoder, addr, options)) == NULL)
		return NULL;
	if (vnm_table_add(&p->index, hash, p->exporter_count) != 0) {
		exporter_free(p, x);
		return NULL;
	}
	p->exporters[p->exporter_count++] = x;
	p->counters.v[VNM_C_exporters]++;
	vnm_state_load(p->config.state_dir, x, &p->counters);
	return x;
}

/* ---- messages ------------------------------------------------------------------------------ */

/* Exactly one outcome for each message. */
static void
count_outcome(struct vnm_pipeline *p, enum vnm_reason reason)
{
	struct vnm_counters *c = &p->counters;
	const struct vnm_out *out = &p->out;
	bool good = out->emitted != 0 || out->good != 0;

	if (reason == VNM_OK && out->held != 0)
		c->outcome[VNM_OUTCOME_HELD]++;
	else if (reason == VNM_OK && out->faults == 0)
		c->outcome[VNM_OUTCOME_OK]++;
	else if (good) {
		c->outcome[VNM_OUTCOME_PARTIAL]++;
		c->parts[reason] += reason != VNM_OK;
	} else {
		c->outcome[VNM_OUTCOME_FAILED]++;
		c->failed[reason != VNM_OK ? reason : out->first_fault]++;
	}
}

void
vnm_pipeline_refuse(struct vnm_pipeline *p, const struct vnm_datagram *d, enum vnm_reason reason)
{
	p->counters.messages++;
	p->counters.v[VNM_C_received_octets] += d->n;
	p->counters.outcome[VNM_OUTCOME_FAILED]++;
	p->counters.failed[reason]++;
}

void
vnm_pipeline_message(struct vnm_pipeline *p, const struct vnm_decoder *decoder, const void *options,
    const struct vnm_datagram *d)
{
	struct vnm_exporter *x = exporter_get(p, decoder, options, &d->src.addr);

	if (x == NULL) {
		vnm_pipeline_refuse(p, d, VNM_R_out_of_memory);
		return;
	}
	p->counters.messages++;
	p->counters.v[VNM_C_received_octets] += d->n;
	x->last_ns = d->rx_ns;
	x->options = options;
	begin_message(p, d);
	p->message = d;
	count_outcome(p, decoder->decode(x, d, &p->out));
	p->message = NULL;
	p->waiting |= x->waits;
	vnm_scratch_reset(&p->scratch);
}

void
vnm_pipeline_end(
    struct vnm_pipeline *p, const struct vnm_decoder *decoder, const struct vnm_datagram *d)
{
	struct vnm_exporter *x;

	if (decoder->end == NULL)
		return;
	x = exporter_find(p, decoder, &d->src.addr, exporter_hash(p, decoder, &d->src.addr));
	if (x == NULL)
		return;
	begin_message(p, d);
	decoder->end(x, d, &p->out);
	p->waiting |= x->waits;
	vnm_scratch_reset(&p->scratch);
}

struct vnm_out *
vnm_pipeline_open(
    struct vnm_pipeline *p, struct vnm_str decoder, const struct vnm_datagram *d, bool message)
{
	p->counters.messages += message;
	p->counters.v[VNM_C_received_octets] += message ? d->n : 0;
	begin_message(p, d);
	VNM_SET(&p->rec, env, decoder, decoder);
	vnm_out_base(&p->out);
	return &p->out;
}

void
vnm_pipeline_outcome(struct vnm_pipeline *p, enum vnm_reason reason)
{
	count_outcome(p, reason);
	vnm_scratch_reset(&p->scratch);
}

void
vnm_pipeline_watch(struct vnm_pipeline *p, const struct vnm_watch *watch)
{
	p->watch = watch;
}

/* ---- time ------------------------------------------------------------------------------------ */

/* What an exporter tells by itself. */
static void
begin_exporter(struct vnm_pipeline *p, const struct vnm_exporter *x, uint64_t now_ns, bool patient)
{
	begin_envelope(p, now_ns, patient);
	if (x->addr.family != VNM_ADDR_NONE)
		VNM_SET(&p->rec, env, exporter_addr, x->addr);
	vnm_out_base(&p->out);
}

static void
tick_exporter(struct vnm_pipeline *p, struct vnm_exporter *x, bool final)
{
	if (x->decoder->tick != NULL) {
		begin_exporter(p, x, p->now_ns, false);
		x->decoder->tick(x, p->now_ns, final, &p->out);
		p->waiting |= x->waits;
		vnm_scratch_reset(&p->scratch);
	}
}

bool
vnm_pipeline_work(struct vnm_pipeline *p, uint64_t now_ns)
{
	for (uint32_t i = 0; p->waiting && i < p->exporter_count; i++) {
		struct vnm_exporter *x = p->exporters[p->work_hand++ % p->exporter_count];

		if (!x->waits || x->decoder->work == NULL)
			continue;
		begin_exporter(p, x, now_ns, true); /* there is room, and it can wait */
		x->decoder->work(x, now_ns, &p->out);
		vnm_scratch_reset(&p->scratch);
		return true;
	}
	p->waiting = false;
	return false;
}

bool
vnm_pipeline_waits(const struct vnm_pipeline *p)
{
	return p->waiting;
}

/* A few of those that changed; where all exporters came at once, the rest has its turn later. */
static void
save_some(struct vnm_pipeline *p)
{
	uint32_t saved = 0;

	for (uint32_t i = 0; i < p->exporter_count && saved < SAVES_PER_TICK; i++) {
		uint32_t at = p->save_hand++ % p->exporter_count;

		saved += p->exporters[at]->dirty;
		vnm_state_save(p->config.state_dir, p->exporters[at], &p->save_gate);
	}
}

/* The kernel does not say whose datagrams it dropped: the record names no exporter. */
static void
tell_drops(struct vnm_pipeline *p)
{
	uint64_t drops = p->counters.v[VNM_C_kernel_drops];
	struct vnm_record *r;

	if (drops != p->drops_told) {
		begin_envelope(p, p->now_ns, false);
		r = vnm_out_begin(&p->out, VNM_KIND_visibility);
		VNM_SET(r, visibility, cause, VNM_STR("kernel-drop"));
		VNM_SET(r, visibility, unit, VNM_STR("messages"));
		VNM_SET(r, visibility, lost, drops - p->drops_told);
		if (p->now_ns > p->drops_told_ns)
			VNM_SET(r, visibility, interval_ns, p->now_ns - p->drops_told_ns);
		(void)vnm_out_emit(&p->out);
	}
	p->drops_told = drops;
	p->drops_told_ns = p->now_ns;
}

void
vnm_pipeline_tick(struct vnm_pipeline *p, uint64_t now_ns)
{
	p->now_ns = now_ns;
	for (uint32_t i = 0; i < p->exporter_count; i++)
		tick_exporter(p, p->exporters[i], false);
	vnm_analysed_tick(&p->analysed, p->now_ns, false);
	save_some(p);
	if (now_ns < p->drops_told_ns || now_ns - p->drops_told_ns >= DROPS_NS)
		tell_drops(p);
}

void
vnm_pipeline_clock(struct vnm_pipeline *p, uint64_t now_ns)
{
	p->now_ns = now_ns;
	if (now_ns >= p->next_tick_ns) {
		p->next_tick_ns = now_ns + TICK_NS;
		vnm_pipeline_tick(p, now_ns);
	}
	while (p->waiting && vnm_pipeline_room(p))
		(void)vnm_pipeline_work(p, now_ns);
}

/* Drops of another worker's records, or late ones, hold up acknowledgements until all is well. */
static void
end_replies(struct vnm_pipeline *p)
{
	uint64_t drops = 0;

	for (size_t i = 0; i < p->output_count; i++)
		drops += vnm_sink_drops(p->outputs[i]->sink);
	if (drops != p->output_drops)
		p->out.lost_turn = p->out.turn;
	vnm_replies_send(&p->replies, drops == p->output_drops, &p->counters);
	p->output_drops = drops;
	p->out.turn++;
}

void
vnm_pipeline_turn_end(struct vnm_pipeline *p)
{
	p->counters.v[VNM_C_turns]++;
	for (size_t i = 0; i < p->output_count; i++)
		vnm_output_turn_end(p->outputs[i]);
	end_replies(p);
}

/* A message that begins while room lasts has all its records kept. */
bool
vnm_pipeline_room(struct vnm_pipeline *p)
{
	for (size_t i = 0; i < p->output_count; i++) {
		if (!vnm_output_is_clear(p->outputs[i]))
			return false;
	}
	if (p->record_seq < p->room_until)
		return true;
	if (!vnm_outputs_room(p->outputs, p->output_count, room_wanted(p)))
		return false;
	p->room_until = p->record_seq + ROOM_LASTS;
	return true;
}

void
vnm_pipeline_hurry(struct vnm_pipeline *p)
{
	for (size_t i = 0; i < p->output_count; i++)
		vnm_output_hurry(p->outputs[i]);
}

void
vnm_pipeline_finish(struct vnm_pipeline *p)
{
	for (uint32_t i = 0; i < p->exporter_count; i++) {
		tick_exporter(p, p->exporters[i], true);
		vnm_state_save(p->config.state_dir, p->exporters[i], &p->save_gate);
	}
	vnm_analysed_tick(&p->analysed, p->now_ns, true);
	tell_drops(p);
	vnm_pipeline_turn_end(p);
}

/* ---- questions ------------------------------------------------------------------------------- */

void
vnm_pipeline_dump(struct vnm_pipeline *p, const struct vnm_addr *router)
{
	for (uint32_t i = 0; i < p->exporter_count; i++) {
		struct vnm_exporter *x = p->exporters[i];

		if (x->decoder->dump == NULL ||
		    (router->family != VNM_ADDR_NONE && !vnm_addr_equal(router, &x->addr)))
			continue;
		x->decoder->dump(x);
		p->waiting |= x->waits;
	}
}

/* The record and its scratch are ours between turns; where its records go is put back. */
int
vnm_pipeline_query(struct vnm_pipeline *p, struct vnm_rib_query *q, struct vnm_buffer *answer)
{
	static const struct vnm_strings all;
	struct vnm_out had = p->out;
	struct vnm_answer *a = vnm_alloc_zero(1, sizeof(*a));
	struct vnm_err err;
	uint32_t left = q->limit;

	if (a == NULL || vnm_selection_make(&a->selection, &all, &err) != 0) {
		vnm_free(a);
		return -1;
	}
	a->to = answer;
	p->answer = a;
	p->out.emit = emit_answer;
	p->out.fact = NULL;
	p->out.counters = &a->counters;
	for (uint32_t i = 0; i < p->exporter_count && !q->more; i++) {
		struct vnm_exporter *x = p->exporters[i];

		if (x->decoder->query == NULL)
			continue;
		begin_exporter(p, x, x->last_ns, true);
		p->out.records_left = left;
		x->decoder->query(x, q, &p->out);
		left = p->out.records_left;
		vnm_scratch_reset(&p->scratch);
	}
	q->limit = left;
	p->out = had;
	p->answer = NULL;
	vnm_free(a);
	return 0;
}

/* ---- begin and end --------------------------------------------------------------------------- */

struct vnm_pipeline *
vnm_pipeline_new(const struct vnm_pipeline_config *config)
{
	struct vnm_pipeline *p = vnm_alloc_zero(1, sizeof(*p));

	_Static_assert(VNM_KIND_COUNT <= VNM_COUNTERS_KINDS, "VNM_COUNTERS_KINDS is too small");
	if (p == NULL)
		return NULL;
	if (vnm_scratch_init(&p->scratch,
		config->scratch_octets != 0 ? config->scratch_octets : SCRATCH_OCTETS) != 0) {
		vnm_free(p);
		return NULL;
	}
	p->magic = PIPELINE_MAGIC;
	p->config = *config;
	p->drops_told_ns = config->epoch_ns;
	p->out = (struct vnm_out){
	    .rec = &p->rec,
	    .scratch = &p->scratch,
	    .counters = &p->counters,
	    .limits = config->limits,
	    .emit = emit,
	    .reply = reply,
	    .self = config->self,
	    .set_back = config->set_back,
	    .turn = 1,
	    .fact = tell,
	};
	vnm_analysed_init(&p->analysed, &p->scratch, &p->counters);
	p->analysed.begin = begin_analysed;
	p->analysed.publish = publish_analysed;
	p->analysed.pipeline = p;
	return p;
}

void
vnm_pipeline_free(struct vnm_pipeline *p)
{
	if (p == NULL)
		return;
	assert(p->magic == PIPELINE_MAGIC);
	for (uint32_t i = 0; i < p->exporter_count; i++)
		exporter_free(p, p->exporters[i]);
	vnm_free(p->exporters);
	vnm_analysed_free(&p->analysed);
	vnm_told_free(&p->told);
	vnm_replies_free(&p->replies);
	vnm_table_free(&p->index);
	vnm_scratch_free(&p->scratch);
	p->magic = 0;
	vnm_free(p);
}

void
vnm_pipeline_outputs(struct vnm_pipeline *p, struct vnm_output **outputs, size_t count)
{
	p->outputs = outputs;
	p->output_count = count;
}

void
vnm_pipeline_topology(struct vnm_pipeline *p, const struct vnm_topology *t)
{
	p->topology = t;
}

void
vnm_pipeline_mib(struct vnm_pipeline *p, const struct vnm_mib *mib)
{
	p->out.mib = mib;
}

void
vnm_pipeline_limits(struct vnm_pipeline *p, const struct vnm_limits *limits)
{
	p->config.limits = limits;
	p->out.limits = limits;
}

void
vnm_pipeline_forget_options(struct vnm_pipeline *p)
{
	for (uint32_t i = 0; i < p->exporter_count; i++)
		p->exporters[i]->options = NULL;
}

bool
vnm_pipeline_analysis(struct vnm_pipeline *p, const struct vnm_analysis_options *o)
{
	return vnm_analysed_options(&p->analysed, o, p->config.hash_seed);
}

struct vnm_counters *
vnm_pipeline_counters(struct vnm_pipeline *p)
{
	return &p->counters;
}
