/*
 * Interfaces of polled devices (IF-MIB, RFC 2863): records with rates over the agent's own clock.
 *
 * A counter that went back is no wrap because it went back. It wrapped only if it has 32 bits,
 * the agent did not begin anew, does not say that its counters did (ifCounterDiscontinuityTime,
 * which agents forget to say), and the octets that the wrap would make do not exceed what the
 * interface can do. Everything else is a reset: no rate, and a new beginning. An interface is
 * who has its name; numbers change when a device restarts.
 */
#include "decoders/poll.h"

#include "base/alloc.h"
#include "base/clock.h"
#include "decoders/snmp_interface.h"

#include <string.h>

#define COL(name) VNM_COL_interfaces_##name
#define TICK_NS (10 * VNM_NS_PER_MS)
#define WRAP_32 (UINT64_C(1) << 32)
#define SPEED_SLACK 1.1 /* interfaces are a little faster than they say */
#define BPS_MAX 1e13	/* no interface is so fast */
#define BPS_UNKNOWN 1e9 /* a 32-bit counter of a faster one would wrap unnoticed */

/* ---- readings
 * --------------------------------------------------------------------------------------- */

static struct vnm_poll_reading *
reading_find(const struct vnm_poll_state *s, uint64_t key)
{
	uint32_t at = 0, i;

	while ((i = vnm_table_next(&s->reading_index, key, &at)) != VNM_TABLE_NONE) {
		if (s->readings[i].key == key)
			return &s->readings[i];
	}
	return NULL;
}

/* A new interface; NULL when memory is short or there are as many as may be. */
static struct vnm_poll_reading *
reading_add(struct vnm_poll_state *s, uint64_t key, struct vnm_str name, uint32_t most)
{
	struct vnm_poll_reading *r;

	if (s->reading_n >= most)
		return NULL;
	if (s->reading_n == s->reading_cap) {
		uint32_t cap = s->reading_cap == 0 ? 8 : 2 * s->reading_cap;
		struct vnm_poll_reading *grown = vnm_realloc(s->readings, cap * sizeof(*grown));

		if (grown == NULL)
			return NULL;
		s->readings = grown;
		s->reading_cap = cap;
	}
	if (vnm_table_add(&s->reading_index, key, s->reading_n) != 0)
		return NULL;
	r = &s->readings[s->reading_n++];
	*r = (struct vnm_poll_reading){.key = key};
	if (name.n > 0)
		r->name = vnm_strndup(name.p, name.n);
	return r;
}

/* The last of the array takes the place of one that is gone. */
static void
reading_remove(struct vnm_poll_state *s, uint32_t i)
{
	uint32_t last = --s->reading_n;

	vnm_table_remove(&s->reading_index, s->readings[i].key, i);
	vnm_free(s->readings[i].name);
	if (i == last)
		return;
	s->readings[i] = s->readings[last];
	vnm_table_move(&s->reading_index, s->readings[i].key, last, i);
}

const struct vnm_poll_reading *
vnm_poll_reading_at(const struct vnm_poll_state *s, uint32_t if_index)
{
	for (uint32_t i = 0; i < s->reading_n; i++) {
		if (s->readings[i].if_index == if_index)
			return &s->readings[i];
	}
	return NULL;
}

static uint64_t
key_of(const struct vnm_poll_state *s, struct vnm_str name, uint32_t if_index, bool by_index)
{
	uint64_t seed = (uintptr_t)s;

	if (name.n > 0)
		seed = vnm_hash(name.p, name.n, seed);
	return name.n == 0 || by_index ? vnm_hash(&if_index, sizeof(if_index), seed) : seed;
}

/*
 * The reading of the interface of that name, new or old. Names that two interfaces share, as they
 * are seen in one walk, do not tell: then the index does too.
 */
static struct vnm_poll_reading *
reading_of(struct vnm_poll_state *s, struct vnm_str name, uint32_t if_index, uint32_t most)
{
	uint64_t key = key_of(s, name, if_index, false);
	struct vnm_poll_reading *r = s->hand < s->reading_n ? &s->readings[s->hand] : NULL;

	/* Agents tell their interfaces in the same order every time. */
	if (r == NULL || r->key != key)
		r = reading_find(s, key);
	if (r != NULL && r->walk == s->walk && r->if_index != if_index)
		r->shared = true;
	if (r != NULL && r->shared) {
		r->walk = s->walk;
		key = key_of(s, name, if_index, true);
		r = reading_find(s, key);
	}
	if (r == NULL)
		r = reading_add(s, key, name, most);
	if (r != NULL)
		s->hand = (uint32_t)(r - s->readings) + 1;
	return r;
}

void
vnm_poll_interfaces_end(struct vnm_poll_state *s)
{
	for (uint32_t i = s->reading_n; i > 0; i--) {
		if (s->readings[i - 1].walk != s->walk)
			reading_remove(s, i - 1);
	}
}

/* ---- rates
 * ------------------------------------------------------------------------------------------- */

/* Whether a 32-bit counter may have come round more than once: then nobody can tell. */
static bool
wraps_often(uint64_t speed, double seconds)
{
	return speed > 0 && (double)speed * SPEED_SLACK * seconds / 8 >= (double)WRAP_32;
}

/* How far a counter went in `seconds`: false where it began anew, or nobody can tell. */
static bool
growth(uint64_t before, uint64_t now, bool wide, uint64_t speed, double seconds, double *octets)
{
	double most = (speed > 0 ? (double)speed * SPEED_SLACK : BPS_UNKNOWN) * seconds / 8;
	uint64_t went = now - before;

	if (wide && now < before)
		return false;
	if (!wide) {
		went &= WRAP_32 - 1;
		if (now < before && (double)went > most)
			return false;
	}
	*octets = (double)went;
	return *octets * 8 / seconds <= BPS_MAX;
}

enum since { RATES, BEGAN_ANEW, NO_RATES };

/* What the agent says itself, as far as it does. */
static bool
began_anew(const struct vnm_poll_reading *before, const struct vnm_poll_reading *now)
{
	return before->has_discontinuity && now->has_discontinuity &&
	       now->discontinuity != before->discontinuity;
}

/* What the agent's clock says of the time between two readings, in seconds. */
static enum since
elapsed(const struct vnm_poll_reading *before, const struct vnm_poll_reading *now, double *seconds)
{
	uint64_t ours = now->at_ns - before->at_ns;

	if (!before->has_uptime || !now->has_uptime) {
		*seconds = (double)ours / 1e9;
		return ours > 0 ? RATES : NO_RATES;
	}
	if (now->uptime == before->uptime)
		return NO_RATES; /* the same reading again */
	*seconds = (uint32_t)(now->uptime - before->uptime) / 100.0;
	switch (vnm_uptime_compare(before->uptime, now->uptime, ours)) {
	case VNM_UPTIME_ON:
		return began_anew(before, now) ? BEGAN_ANEW : RATES;
	case VNM_UPTIME_RESTARTED:
		return BEGAN_ANEW;
	case VNM_UPTIME_ODD:
		break;
	}
	return NO_RATES;
}

static void
set_rate(struct vnm_record *rec, unsigned bps_field, double bps)
{
	uint64_t speed = VNM_HAS(rec, interface, speed_bps) ? rec->interface.speed_bps : 0;

	if (bps_field == VNM_F_interface_in_bps) {
		VNM_SET(rec, interface, in_bps, bps);
		if (speed > 0)
			VNM_SET(rec, interface, in_utilization, bps / (double)speed);
	} else {
		VNM_SET(rec, interface, out_bps, bps);
		if (speed > 0)
			VNM_SET(rec, interface, out_utilization, bps / (double)speed);
	}
}

/* One direction, where both readings have it: false where it began anew. */
static bool
compare_one(struct vnm_record *rec, unsigned bps_field, bool both, bool wide_before, bool wide,
    uint64_t before, uint64_t now, double seconds)
{
	uint64_t speed = VNM_HAS(rec, interface, speed_bps) ? rec->interface.speed_bps : 0;
	double octets;

	if (!both || wide_before != wide || (!wide && wraps_often(speed, seconds)))
		return true;
	if (!growth(before, now, wide, speed, seconds, &octets))
		return false;
	set_rate(rec, bps_field, octets * 8 / seconds);
	return true;
}

static void
compare(struct vnm_record *rec, const struct vnm_poll_reading *before,
    const struct vnm_poll_reading *now)
{
	double seconds = 0;
	bool in, out;

	switch (elapsed(before, now, &seconds)) {
	case NO_RATES:
		return;
	case BEGAN_ANEW:
		VNM_SET(rec, interface, counter_reset, true);
		return;
	case RATES:
		break;
	}
	in = compare_one(rec, VNM_F_interface_in_bps, before->has_in && now->has_in,
	    before->in_wide, now->in_wide, before->in_octets, now->in_octets, seconds);
	out = compare_one(rec, VNM_F_interface_out_bps, before->has_out && now->has_out,
	    before->out_wide, now->out_wide, before->out_octets, now->out_octets, seconds);
	VNM_SET(rec, interface, counter_reset, !in || !out);
	if (!in || !out) { /* both directions are counted by the same hand */
		VNM_UNSET(rec, interface, in_bps);
		VNM_UNSET(rec, interface, in_utilization);
		VNM_UNSET(rec, interface, out_bps);
		VNM_UNSET(rec, interface, out_utilization);
		return;
	}
	VNM_SET(rec, interface, interval_ns, (uint64_t)(seconds * 1e9));
}

/* ---- rows
 * --------------------------------------------------------------------------------------------- */

/* 64 bits all set is how agents say that they do not know. */
static bool
is_unknown(const struct vnm_varbind *v)
{
	return v->type == VNM_BER_COUNTER64 && v->u64 == UINT64_MAX;
}

static void
set_fields(const struct vnm_plan_row *row, struct vnm_record *rec)
{
	for (uint32_t i = 0; i < row->plan->n; i++) {
		const struct vnm_varbind *v = &row->cells[i];
		const struct vnm_snmp_interface_row *field = row->plan->columns[i].note;

		if (v->type != 0 && field != NULL && !is_unknown(v))
			(void)vnm_snmp_interface_put(rec, field, v);
	}
	vnm_snmp_interface_finish(rec);
}

static bool
counter(const struct vnm_plan_row *row, unsigned wide_column, unsigned narrow_column, uint64_t *v,
    bool *wide)
{
	const struct vnm_varbind *w = vnm_plan_cell(row, wide_column);
	const struct vnm_varbind *n = vnm_plan_cell(row, narrow_column);

	*wide = w != NULL && !is_unknown(w);
	return vnm_poll_number(*wide ? w : n, v);
}

uint64_t
vnm_poll_hash_text(struct vnm_str t)
{
	return t.n > 0 ? vnm_hash(t.p, t.n, 0) | 1 : 0;
}

static void
take(const struct vnm_plan_row *row, struct vnm_poll_reading *r)
{
	uint64_t n = 0;

	r->at_ns = row->at_ns;
	r->uptime = row->uptime;
	r->has_uptime = row->has_uptime;
	r->has_in =
	    counter(row, COL(if_hc_in_octets), COL(if_in_octets), &r->in_octets, &r->in_wide);
	r->has_out =
	    counter(row, COL(if_hc_out_octets), COL(if_out_octets), &r->out_octets, &r->out_wide);
	r->has_discontinuity =
	    vnm_poll_number(vnm_plan_cell(row, COL(if_counter_discontinuity_time)), &n);
	r->discontinuity = (uint32_t)n;
	r->has_mac = vnm_poll_mac(vnm_plan_cell(row, COL(if_phys_address)), &r->mac);
	r->descr = vnm_poll_hash_text(vnm_poll_text(vnm_plan_cell(row, COL(if_descr))));
	r->alias = vnm_poll_hash_text(vnm_poll_text(vnm_plan_cell(row, COL(if_alias))));
}

void
vnm_poll_interface(struct vnm_poll_state *s, const struct vnm_plan_row *row, struct vnm_out *out)
{
	struct vnm_record *rec = vnm_out_begin(out, VNM_KIND_interface);
	uint32_t if_index = row->index.n > 0 ? row->index.v[row->index.n - 1] : 0;
	struct vnm_poll_reading now = {.if_index = if_index}, *before;
	struct vnm_str name = {NULL, 0, false};

	if (row->first) {
		s->walk++;
		s->hand = 0;
	}
	VNM_SET(rec, interface, if_index, if_index);
	set_fields(row, rec);
	if (row->has_uptime)
		VNM_SET(rec, interface, uptime, row->uptime);
	take(row, &now);
	if (now.has_mac)
		VNM_SET(rec, interface, if_mac, now.mac);
	if (VNM_HAS(rec, interface, if_name))
		name = rec->interface.if_name;
	before = reading_of(s, name, if_index, out->limits->options_entries);
	if (before != NULL) {
		if (before->at_ns != 0)
			compare(rec, before, &now);
		now.key = before->key;
		now.name = before->name;
		now.walk = s->walk;
		now.shared = before->shared;
		*before = now;
	}
	if (before == NULL)
		vnm_poll_forgotten(out);
	(void)vnm_out_emit(out);
}
