/*
 * An output of one worker: encodes records, gathers them for a turn, hands them to the sink.
 */
#include "output/output.h"

#include "base/alloc.h"
#include "base/hash.h"
#include "base/text.h"

#include <assert.h>

#define MAGIC 0x6f757470u
#define BATCH_RECORDS 512
#define BATCH_OCTETS (1u << 20)
#define KEY_ROOM (2 * VNM_ADDR_TEXT + 2) /* octets; two addresses and what is between them */

const struct vnm_option vnm_output_options[] = {VNM_OUTPUT_OPTIONS(VNM_OPTION_ROW) VNM_OPTION_END};

/* ---- options ------------------------------------------------------------------------------- */

static int
read_key(enum vnm_output_key *key, const char *text, struct vnm_err *err)
{
	static const char *const names[] = {"none", "exporter", "flow"};

	for (size_t i = 0; i < VNM_ARRAY_LEN(names); i++) {
		if (strcmp(text, names[i]) == 0) {
			*key = (enum vnm_output_key)i;
			return 0;
		}
	}
	return vnm_err_text(err, "key: \"%s\" is not one of none, exporter, flow", text);
}

static int
read_u64_as_string(bool *as_string, const char *text, struct vnm_err *err)
{
	*as_string = strcmp(text, "string") == 0;
	if (!*as_string && strcmp(text, "number") != 0)
		return vnm_err_text(err, "json_u64: \"%s\" is not one of number, string", text);
	return 0;
}

static int
read_options(struct vnm_selection *selection, enum vnm_output_key *key,
    const struct vnm_output_options *options, struct vnm_err *err)
{
	if (vnm_selection_make(selection, &options->fields, err) != 0)
		return -1;
	if (read_u64_as_string(&selection->u64_as_string, options->json_u64, err) != 0)
		return -1;
	return read_key(key, options->key, err);
}

int
vnm_output_open(struct vnm_output *o, const struct vnm_output_options *options,
    struct vnm_sink *sink, struct vnm_err *err)
{
	*o = (struct vnm_output){.magic = MAGIC, .sink = sink};
	if (read_options(&o->selection, &o->key, options, err) != 0)
		return -1;
	o->entries = vnm_alloc(BATCH_RECORDS * sizeof(*o->entries));
	if (o->entries == NULL)
		return vnm_err_text(err, "out of memory");
	o->cap = BATCH_RECORDS;
	sink->outputs++;
	return 0;
}

int
vnm_output_reload(
    struct vnm_output *o, const struct vnm_output_options *options, struct vnm_err *err)
{
	struct vnm_selection selection;
	enum vnm_output_key key;

	assert(o->magic == MAGIC && o->count == o->held);
	if (read_options(&selection, &key, options, err) != 0)
		return -1;
	o->selection = selection;
	o->key = key;
	return 0;
}

/* ---- keys ---------------------------------------------------------------------------------- */

static bool
is_flow_with_addresses(const struct vnm_record *r)
{
	return r->kind_id == VNM_KIND_flow && VNM_HAS(r, flow, src_addr) &&
	       VNM_HAS(r, flow, dst_addr);
}

/* Sums are the same for both directions. */
static uint64_t
hash_flow(const struct vnm_record *r)
{
	struct {
		struct vnm_addr addr;
		uint32_t port;
	} ends[2] = {{r->flow.src_addr, VNM_HAS(r, flow, src_port) ? r->flow.src_port : 0},
	    {r->flow.dst_addr, VNM_HAS(r, flow, dst_port) ? r->flow.dst_port : 0}};
	uint64_t protocol = VNM_HAS(r, flow, protocol) ? r->flow.protocol : 0;

	return vnm_hash(&ends[0], sizeof(ends[0]), protocol) +
	       vnm_hash(&ends[1], sizeof(ends[1]), protocol);
}

static size_t
write_unordered_key(char *start, enum vnm_output_key key, const struct vnm_record *r)
{
	uint8_t hash[8];

	if (key == VNM_OUTPUT_KEY_FLOW && is_flow_with_addresses(r)) {
		uint64_t h = hash_flow(r);

		for (size_t i = 0; i < sizeof(hash); i++)
			hash[i] = (uint8_t)(h >> (56 - 8 * i));
		return (size_t)(vnm_text_hex(start, hash, sizeof(hash)) - start);
	}
	if (key != VNM_OUTPUT_KEY_NONE && VNM_HAS(r, env, exporter_addr))
		return vnm_addr_write(start, &r->env.exporter_addr);
	return 0;
}

/* What the order of a record of an ordered kind belongs to. */
struct place {
	const struct vnm_addr *router, *peer; /* NULL: not known, or none */
	struct vnm_str node; /* of the topology, in the place of the router; n is 0: not known */
	struct vnm_str distinguisher;
	struct vnm_str object; /* of link state and topology; n is 0 where there is none */
};

#define FIELD_OR(kind, field, other) (VNM_HAS(r, kind, field) ? r->kind.field : (other))
#define PLACE(kind)                                                                        \
	(struct place)                                                                     \
	{                                                                                  \
		.router = VNM_HAS(r, kind, router_addr) ? &r->kind.router_addr : exporter, \
		.peer = VNM_HAS(r, kind, peer_addr) ? &r->kind.peer_addr : NULL,           \
		.distinguisher = FIELD_OR(kind, peer_distinguisher, (struct vnm_str){0})   \
	}

static struct place
place_of(const struct vnm_record *r)
{
	const struct vnm_addr *exporter =
	    VNM_HAS(r, env, exporter_addr) ? &r->env.exporter_addr : NULL;
	struct place place;

	if (r->kind_id == VNM_KIND_route)
		return PLACE(route);
	if (r->kind_id == VNM_KIND_peer)
		return PLACE(peer);
	if (r->kind_id == VNM_KIND_topology_event)
		return (struct place){
		    .object = FIELD_OR(topology_event, object, (struct vnm_str){0})};
	if (r->kind_id == VNM_KIND_alarm)
		return (struct place){
		    .router = VNM_HAS(r, env, agent_addr) ? &r->env.agent_addr : exporter,
		    .node = FIELD_OR(env, node_id, (struct vnm_str){0}),
		    .distinguisher = FIELD_OR(alarm, alarm_type, (struct vnm_str){0})};
	assert(r->kind_id == VNM_KIND_linkstate);
	place = PLACE(linkstate);
	place.object = FIELD_OR(linkstate, object_id, (struct vnm_str){0});
	return place;
}

static char *
write_text(char *p, struct vnm_str s)
{
	if (s.n > 0)
		memcpy(p, s.p, s.n);
	return p + s.n;
}

/* "router|distinguisher|peer", of an alarm "node|type|", or the object. */
static size_t
write_ordered_key(char *start, const struct place *place)
{
	char *p = start;

	if (place->object.n > 0)
		return (size_t)(write_text(p, place->object) - start);
	if (place->node.n > 0)
		p = write_text(p, place->node);
	else if (place->router != NULL)
		p += vnm_addr_write(p, place->router);
	*p++ = '|';
	p = write_text(p, place->distinguisher);
	*p++ = '|';
	if (place->peer != NULL)
		p += vnm_addr_write(p, place->peer);
	return (size_t)(p - start);
}

/* Appends the record's key, if it has one; false when memory is short. */
static bool
add_key(struct vnm_output *o, const struct vnm_record *r, struct vnm_batch_entry *e)
{
	bool ordered = vnm_kind_info(r->kind_id)->ordered;
	struct place place = {0};

	if (!o->sink->type->keyed || (!ordered && o->key == VNM_OUTPUT_KEY_NONE))
		return true;
	if (ordered)
		place = place_of(r);
	if (!vnm_buffer_reserve(
		&o->keys, KEY_ROOM + place.node.n + place.distinguisher.n + place.object.n))
		return false;
	char *start = (char *)o->keys.p + o->keys.n;
	e->key_at = (uint32_t)o->keys.n;
	e->key_n = (uint32_t)(ordered ? write_ordered_key(start, &place)
				      : write_unordered_key(start, o->key, r));
	o->keys.n += e->key_n;
	return true;
}

/* ---- the batch ----------------------------------------------------------------------------- */

/* Forgets what was published, and the memory that only a held-up batch needed. */
static void
begin_batch(struct vnm_output *o)
{
	if (VNM_UNLIKELY(o->held > 0 && o->bytes.cap > 4 * BATCH_OCTETS)) {
		vnm_buffer_free(&o->bytes);
		vnm_buffer_free(&o->keys);
	}
	o->bytes.n = o->keys.n = 0;
	o->count = o->held = o->held_octets = 0;
}

/* What the sink had no room for stays, in order, at the beginning of the batch. */
static void
hold(struct vnm_output *o, size_t taken)
{
	size_t at, key_at = o->keys.n, i = taken;

	for (; i < o->count && key_at == o->keys.n; i++) {
		if (o->entries[i].key_n > 0)
			key_at = o->entries[i].key_at;
	}
	at = taken < o->count ? o->entries[taken].frame.at : o->bytes.n;
	vnm_buffer_drop(&o->bytes, at);
	vnm_buffer_drop(&o->keys, key_at);
	memmove(o->entries, o->entries + taken, (o->count - taken) * sizeof(*o->entries));
	o->count -= taken;
	o->held = o->count;
	o->held_octets = o->bytes.n;
	for (i = 0; i < o->count; i++) {
		o->entries[i].frame.at -= (uint32_t)at;
		o->entries[i].frame.body_at -= (uint32_t)at;
		o->entries[i].key_at -= o->entries[i].key_n > 0 ? (uint32_t)key_at : 0;
	}
}

void
vnm_output_turn_end(struct vnm_output *o)
{
	uint64_t counts[VNM_KIND_COUNT] = {0};

	assert(o->magic == MAGIC);
	if (o->count == 0)
		return;
	struct vnm_batch batch = {.bytes = o->bytes.p,
	    .n = o->bytes.n,
	    .keys = o->keys.p,
	    .entries = o->entries,
	    .count = o->count,
	    .patient = !o->hurried && (o->patient || o->held > 0)};

	for (size_t i = o->held; i < o->count; i++)
		counts[o->entries[i].kind]++;
	vnm_sink_add(o->sink->books.offered, counts);
	size_t taken = o->sink->type->publish(o->sink, &batch);
	if (VNM_LIKELY(taken == o->count)) {
		begin_batch(o);
		return;
	}
	assert(batch.patient);
	hold(o, taken);
}

void
vnm_output_patience(struct vnm_output *o, bool patient)
{
	if (o->patient == patient)
		return;
	vnm_output_turn_end(o);
	o->patient = patient;
}

bool
vnm_output_is_clear(struct vnm_output *o)
{
	if (VNM_UNLIKELY(o->held > 0))
		vnm_output_turn_end(o);
	return o->held == 0;
}

void
vnm_output_hurry(struct vnm_output *o)
{
	o->hurried = true;
	vnm_output_turn_end(o);
}

/* Room for another entry. */
static bool
reserve_entry(struct vnm_output *o)
{
	struct vnm_batch_entry *grown;

	if (VNM_LIKELY(o->count < o->cap))
		return true;
	grown = vnm_realloc(o->entries, 2 * o->cap * sizeof(*grown));
	if (grown == NULL)
		return false;
	o->entries = grown;
	o->cap *= 2;
	return true;
}

static void
drop(struct vnm_output *o, enum vnm_kind kind, enum vnm_reason reason)
{
	atomic_fetch_add_explicit(&o->sink->books.offered[kind], 1, memory_order_relaxed);
	vnm_sink_count_drop(o->sink, kind, reason, 1);
}

/* Enough of what was not offered yet for a call of the sink. */
static bool
is_full(const struct vnm_output *o)
{
	return o->count - o->held >= BATCH_RECORDS || o->bytes.n - o->held_octets >= BATCH_OCTETS;
}

size_t
vnm_output_record(struct vnm_output *o, const struct vnm_record *r)
{
	struct vnm_batch_entry *e;

	if (VNM_UNLIKELY(o->held > 0 && !o->patient)) { /* the sink has no room for others */
		drop(o, r->kind_id, VNM_R_queue_full);
		return 0;
	}
	if (!reserve_entry(o))
		goto no_memory;
	e = &o->entries[o->count];
	*e = (struct vnm_batch_entry){.kind = r->kind_id};
	if (!add_key(o, r, e))
		goto no_memory;
	if (!o->sink->type->discards &&
	    !o->sink->encoder->encode(&o->selection, r, &o->bytes, &e->frame))
		goto no_memory;
	size_t n = e->frame.n;
	o->count++;
	if (is_full(o))
		vnm_output_turn_end(o);
	return n;

no_memory:
	drop(o, r->kind_id, VNM_R_encode_failed);
	return 0;
}

void
vnm_output_close(struct vnm_output *o)
{
	vnm_output_hurry(o);
	vnm_buffer_free(&o->bytes);
	vnm_buffer_free(&o->keys);
	vnm_free(o->entries);
	*o = (struct vnm_output){0};
}
