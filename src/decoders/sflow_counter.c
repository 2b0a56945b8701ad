/*
 * sFlow counter samples into interface records (sFlow version 5 and its extensions).
 *
 * All records of one sample describe one source and go into one record: the generic interface
 * counters and the port's name into fields, all others into `counters`. Rates are over the
 * agent's own uptime.
 */
#include "decoders/sflow.h"

#include "base/alloc.h"
#include "base/clock.h"

#include <stdio.h>

#define MAX_ADAPTERS 64 /* shown of one host */
#define MAX_LANES 16	/* shown of one optical module */

/* ---- tables ------------------------------------------------------------------------------- */

#define AT_LINE_(line) AT_LINE_##line
#define AT_LINE(line) AT_LINE_(line)

/* Where each record's items begin. */
enum {
#define VNM_SFLOW_RECORD(enterprise, format, name) AT_##name,
#define VNM_SFLOW_PAIR(type, name) AT_LINE(__LINE__),
#include "decoders/sflow_counters.def"
#undef VNM_SFLOW_RECORD
#undef VNM_SFLOW_PAIR
};

static const struct vnm_sflow_item items[] = {
#define VNM_SFLOW_RECORD(enterprise, format, name) {VNM_SFLOW_HEAD, -1, #name},
#define VNM_SFLOW_PAIR(type, name) {VNM_SFLOW_##type, -1, #name},
#include "decoders/sflow_counters.def"
#undef VNM_SFLOW_RECORD
#undef VNM_SFLOW_PAIR
    {VNM_SFLOW_HEAD, -1, NULL},
};

static const struct vnm_sflow_format formats[] = {
#define VNM_SFLOW_RECORD(enterprise, format, name) \
	{(enterprise##U << 12) | (format), AT_##name + 1},
#define VNM_SFLOW_PAIR(type, name)
#include "decoders/sflow_counters.def"
#undef VNM_SFLOW_RECORD
#undef VNM_SFLOW_PAIR
};

/* The generic interface counters (format 1) behind ifIndex to ifStatus, at their offsets. */
static const struct {
	uint16_t field;
	uint8_t at;
	uint8_t octets;
} generic[] = {
    {VNM_F_interface_in_octets, 24, 8},
    {VNM_F_interface_in_unicast_pkts, 32, 4},
    {VNM_F_interface_in_multicast_pkts, 36, 4},
    {VNM_F_interface_in_broadcast_pkts, 40, 4},
    {VNM_F_interface_in_discards, 44, 4},
    {VNM_F_interface_in_errors, 48, 4},
    {VNM_F_interface_in_unknown_protos, 52, 4},
    {VNM_F_interface_out_octets, 56, 8},
    {VNM_F_interface_out_unicast_pkts, 64, 4},
    {VNM_F_interface_out_multicast_pkts, 68, 4},
    {VNM_F_interface_out_broadcast_pkts, 72, 4},
    {VNM_F_interface_out_discards, 76, 4},
    {VNM_F_interface_out_errors, 80, 4},
};

#define GENERIC_OCTETS 88

/* ---- the last readings --------------------------------------------------------------------- */

/* Where the state lies is the seed: sources are the exporter's choice, and collisions must not be.
 */
static uint64_t
reading_hash(const struct vnm_sflow_state *s, const struct vnm_sflow_reading *r)
{
	uint32_t key[3] = {r->agent, r->source_class, r->source_index};

	return vnm_hash(key, sizeof(key), (uintptr_t)s);
}

static struct vnm_sflow_reading *
reading_find(struct vnm_sflow_state *s, const struct vnm_sflow_reading *key)
{
	uint64_t hash = reading_hash(s, key);
	uint32_t at = 0, i;

	while ((i = vnm_table_next(&s->reading_index, hash, &at)) != VNM_TABLE_NONE) {
		struct vnm_sflow_reading *r = &s->readings[i];
		if (r->agent == key->agent && r->source_class == key->source_class &&
		    r->source_index == key->source_index)
			return r;
	}
	return NULL;
}

static bool
readings_grow(struct vnm_sflow_state *s)
{
	uint32_t cap = s->reading_cap == 0 ? 16 : s->reading_cap * 2;
	struct vnm_sflow_reading *grown = vnm_realloc(s->readings, cap * sizeof(*grown));

	if (grown == NULL)
		return false;
	s->readings = grown;
	s->reading_cap = cap;
	return true;
}

/*
 * Keeps a new interface's reading; at the bound the places are taken in turn. Where memory is
 * short nothing is kept, and the next reading has no rate.
 */
static void
reading_add(struct vnm_sflow_state *s, const struct vnm_sflow_reading *reading, size_t most)
{
	uint32_t i;

	if (most == 0)
		return;
	if (s->reading_count >= most) {
		i = s->reading_hand++ % s->reading_count;
		vnm_table_remove(&s->reading_index, reading_hash(s, &s->readings[i]), i);
		s->readings[i].agent = 0; /* nobody's, should the next line fail */
	} else {
		if (s->reading_count == s->reading_cap && !readings_grow(s))
			return;
		i = s->reading_count;
	}
	if (vnm_table_add(&s->reading_index, reading_hash(s, reading), i) != 0)
		return;
	s->readings[i] = *reading;
	s->reading_count += i == s->reading_count;
}

void
vnm_sflow_readings_free(struct vnm_sflow_state *s)
{
	vnm_table_free(&s->reading_index);
	vnm_free(s->readings);
	s->readings = NULL;
	s->reading_count = s->reading_cap = 0;
}

/* ---- rates -------------------------------------------------------------------------------- */

enum growth { GREW, RESET };

/*
 * How far an octet counter went. One that went back while the packets went on has 32 bits in
 * the agent and wrapped; one that went back with them began anew.
 */
static enum growth
growth(uint64_t before, uint64_t now, uint32_t pkts_before, uint32_t pkts_now, uint64_t *octets)
{
	if (now >= before) {
		*octets = now - before;
		return GREW;
	}
	if (before <= UINT32_MAX && pkts_now > pkts_before) {
		*octets = now + (UINT64_C(1) << 32) - before;
		return GREW;
	}
	return RESET;
}

static void
set_rates(struct vnm_record *rec, uint64_t in, uint64_t out, uint32_t ms)
{
	double seconds = ms / 1e3;

	VNM_SET(rec, interface, interval_ns, ms * VNM_NS_PER_MS);
	VNM_SET(rec, interface, in_bps, (double)in * 8 / seconds);
	VNM_SET(rec, interface, out_bps, (double)out * 8 / seconds);
	if (!VNM_HAS(rec, interface, speed_bps))
		return;
	VNM_SET(rec, interface, in_utilization,
	    rec->interface.in_bps / (double)rec->interface.speed_bps);
	VNM_SET(rec, interface, out_utilization,
	    rec->interface.out_bps / (double)rec->interface.speed_bps);
}

static void
compare(struct vnm_record *rec, const struct vnm_sflow_reading *before,
    const struct vnm_sflow_reading *now, bool restarted)
{
	uint32_t ms = now->uptime_ms - before->uptime_ms;
	uint64_t in, out;

	if (growth(before->in_octets, now->in_octets, before->in_pkts, now->in_pkts, &in) ==
		RESET ||
	    growth(before->out_octets, now->out_octets, before->out_pkts, now->out_pkts, &out) ==
		RESET) {
		VNM_SET(rec, interface, counter_reset, true);
		return;
	}
	if (restarted) /* the counters went on, but the clock did not */
		return;
	VNM_SET(rec, interface, counter_reset, false);
	set_rates(rec, in, out, ms);
}

/* Rates against the reading before, which this one replaces unless it is older. */
static void
set_since_before(struct vnm_sflow_state *s, const struct vnm_sflow_header *h,
    const struct vnm_sflow_reading *now, struct vnm_out *out)
{
	struct vnm_sflow_reading *before = reading_find(s, now);
	bool restarted = h->verdict == VNM_SEQUENCE_RESTART;

	if (before == NULL) {
		reading_add(s, now, out->limits->options_entries);
		return;
	}
	if (h->verdict == VNM_SEQUENCE_LATE || h->verdict == VNM_SEQUENCE_DUPLICATE ||
	    before->uptime_ms == now->uptime_ms)
		return;
	restarted = restarted || now->uptime_ms - before->uptime_ms > INT32_MAX;
	compare(out->rec, before, now, restarted);
	*before = *now;
}

/* ---- records ------------------------------------------------------------------------------ */

/* A counter sample, and what of it is needed behind its records. */
struct counter {
	struct vnm_sflow_sample s;
	struct vnm_sflow_reading reading;
	bool has_octets; /* both directions, for rates */
};

static uint32_t
known(uint32_t v)
{
	return v != UINT32_MAX ? v : 0;
}

/* Unicast, multicast and broadcast, as far as the agent counts them. */
static uint32_t
sum_of_casts(const uint8_t *p)
{
	return known(vnm_be32(p)) + known(vnm_be32(p + 4)) + known(vnm_be32(p + 8));
}

static void
set_status(struct vnm_record *rec, const uint8_t *p)
{
	static const struct vnm_str duplexes[] = {
	    {0}, VNM_STR("full"), VNM_STR("half"), VNM_STR("in"), VNM_STR("out")};
	uint32_t direction = vnm_be32(p);
	uint32_t status = vnm_be32(p + 4);

	if (direction > 0 && direction < VNM_ARRAY_LEN(duplexes))
		VNM_SET(rec, interface, duplex, duplexes[direction]);
	if (status > 3)
		return;
	VNM_SET(rec, interface, admin_status, (status & 1) != 0 ? VNM_STR("up") : VNM_STR("down"));
	VNM_SET(rec, interface, oper_status, (status & 2) != 0 ? VNM_STR("up") : VNM_STR("down"));
}

static void
set_counters(struct vnm_record *rec, const uint8_t *p)
{
	const struct vnm_field *fields = vnm_kind_info(VNM_KIND_interface)->fields;

	for (size_t i = 0; i < VNM_ARRAY_LEN(generic); i++) {
		uint64_t v = vnm_be_uint(p + generic[i].at, generic[i].octets);
		uint64_t ones = generic[i].octets == 8 ? UINT64_MAX : UINT32_MAX;
		if (v == ones) /* not supported */
			continue;
		memcpy((uint8_t *)rec + fields[generic[i].field].offset, &v, sizeof(v));
		vnm_record_mark(rec, generic[i].field);
	}
}

static void
generic_counters(struct counter *c, struct vnm_reader *r)
{
	struct vnm_record *rec = c->s.rec;
	const uint8_t *p = vnm_reader_take(r, GENERIC_OCTETS);

	if (p == NULL)
		return;
	VNM_SET(rec, interface, if_index, vnm_be32(p));
	VNM_SET(rec, interface, if_type, vnm_be32(p + 4));
	if (vnm_be64(p + 8) != 0 && vnm_be64(p + 8) != UINT64_MAX)
		VNM_SET(rec, interface, speed_bps, vnm_be64(p + 8));
	set_status(rec, p + 16);
	set_counters(rec, p);
	c->reading.in_pkts = sum_of_casts(p + 32);
	c->reading.out_pkts = sum_of_casts(p + 64);
	if (VNM_HAS(rec, interface, in_unicast_pkts))
		VNM_SET(rec, interface, in_pkts,
		    (uint64_t)known(vnm_be32(p + 32)) + known(vnm_be32(p + 36)) +
			known(vnm_be32(p + 40)));
	if (VNM_HAS(rec, interface, out_unicast_pkts))
		VNM_SET(rec, interface, out_pkts,
		    (uint64_t)known(vnm_be32(p + 64)) + known(vnm_be32(p + 68)) +
			known(vnm_be32(p + 72)));
	/* A TruthValue: 1 true, 2 false. Agents that do not know send 0. */
	if (vnm_be32(p + 84) == 1 || vnm_be32(p + 84) == 2)
		VNM_SET(rec, interface, promiscuous, vnm_be32(p + 84) == 1);
	c->has_octets = VNM_HAS(rec, interface, in_octets) && VNM_HAS(rec, interface, out_octets);
	c->reading.in_octets = rec->interface.in_octets;
	c->reading.out_octets = rec->interface.out_octets;
}

static void
port_name(struct counter *c, struct vnm_reader *r)
{
	struct vnm_str name = vnm_sflow_text(r);

	if (name.n > 0)
		VNM_SET(c->s.rec, interface, if_name, name);
}

/* host_adapters: the interfaces of a host, each with its MAC addresses. */
static void
host_adapters(struct counter *c, struct vnm_reader *r)
{
	uint32_t adapters = vnm_reader_u32(r);

	for (uint32_t i = 0; i < adapters && i < MAX_ADAPTERS && !r->bad; i++) {
		uint32_t if_index = vnm_reader_u32(r);
		uint32_t macs = vnm_reader_u32(r);
		if (macs > vnm_reader_left(r) / 8)
			r->bad = true;
		for (; macs > 0 && !r->bad; macs--) {
			const uint8_t *mac = vnm_sflow_mac(r);
			if (mac == NULL)
				return;
			vnm_sflow_pair_u64(&c->s, "host_adapter_if_index", if_index);
			vnm_sflow_pair_mac(&c->s, "host_adapter_mac", mac);
		}
	}
}

/* sfp (format 10): an optical module and its lanes. */
static void
optical_module(struct counter *c, struct vnm_reader *r)
{
	static const struct vnm_sflow_item module[] = {{VNM_SFLOW_U32, -1, "sfp_module_id"},
	    {VNM_SFLOW_U32, -1, "sfp_module_total_lanes"},
	    {VNM_SFLOW_U32, -1, "sfp_module_supply_voltage"},
	    {VNM_SFLOW_I32, -1, "sfp_module_temperature"}, {VNM_SFLOW_HEAD, -1, NULL}};
	static const struct vnm_sflow_item lane[] = {{VNM_SFLOW_U32, -1, "sfp_lane_index"},
	    {VNM_SFLOW_U32, -1, "sfp_lane_tx_bias_current"},
	    {VNM_SFLOW_U32, -1, "sfp_lane_tx_power"}, {VNM_SFLOW_U32, -1, "sfp_lane_tx_power_min"},
	    {VNM_SFLOW_U32, -1, "sfp_lane_tx_power_max"},
	    {VNM_SFLOW_U32, -1, "sfp_lane_tx_wavelength"}, {VNM_SFLOW_U32, -1, "sfp_lane_rx_power"},
	    {VNM_SFLOW_U32, -1, "sfp_lane_rx_power_min"},
	    {VNM_SFLOW_U32, -1, "sfp_lane_rx_power_max"},
	    {VNM_SFLOW_U32, -1, "sfp_lane_rx_wavelength"}, {VNM_SFLOW_HEAD, -1, NULL}};
	uint32_t lanes;

	vnm_sflow_items(&c->s, r, module);
	lanes = vnm_reader_u32(r);
	for (uint32_t i = 0; i < lanes && i < MAX_LANES && vnm_reader_left(r) >= 40; i++)
		vnm_sflow_items(&c->s, r, lane);
}

static void
by_table(struct counter *c, uint32_t id, struct vnm_reader *r)
{
	const struct vnm_sflow_format *format =
	    vnm_sflow_format_find(formats, VNM_ARRAY_LEN(formats), id);

	if (format != NULL)
		vnm_sflow_items(&c->s, r, &items[format->at]);
	else
		vnm_sflow_pair_unknown(&c->s, id, r);
}

static void
counter_record(struct counter *c, uint32_t id, struct vnm_reader *r)
{
	switch (id) {
	case 1:
		generic_counters(c, r);
		break;
	case 10:
		optical_module(c, r);
		break;
	case 1005:
		port_name(c, r);
		break;
	case 2001:
		host_adapters(c, r);
		break;
	default:
		by_table(c, id, r); /* which counts its own faults */
		return;
	}
	if (r->bad)
		vnm_out_fault(c->s.out, VNM_R_sample_malformed);
}

/* ---- the sample --------------------------------------------------------------------------- */

static void
set_source(struct counter *c)
{
	struct vnm_record *rec = c->s.rec;

	VNM_SET(rec, interface, source_class, (uint8_t)c->reading.source_class);
	VNM_SET(rec, interface, source_index, c->reading.source_index);
	if (c->reading.source_class == 0 && !VNM_HAS(rec, interface, if_index))
		VNM_SET(rec, interface, if_index, c->reading.source_index);
}

void
vnm_sflow_counter_sample(struct vnm_sflow_state *state, const struct vnm_sflow_header *h,
    struct vnm_reader *r, bool expanded, struct vnm_out *out)
{
	const uint8_t *p = vnm_reader_take(r, expanded ? 16 : 12);
	struct counter c = {.s = {.out = out, .counters = true},
	    .reading = {.agent = h->agent, .uptime_ms = h->uptime_ms}};
	uint32_t faults = out->faults;
	uint32_t records = 0, id, count;
	struct vnm_reader body;

	if (p == NULL) {
		vnm_out_fault(out, VNM_R_sample_malformed);
		return;
	}
	c.s.rec = vnm_out_begin(out, VNM_KIND_interface);
	c.reading.source_class = expanded ? vnm_be32(p + 4) : p[4];
	c.reading.source_index = expanded ? vnm_be32(p + 8) : vnm_be24(p + 5);
	count = vnm_be32(p + (expanded ? 12 : 8));
	if (!vnm_sflow_count_fits(r, count, out))
		return;
	for (; vnm_sflow_next_record(r, &count, &id, &body, out); records++)
		counter_record(&c, id, &body);
	if (records == 0 && out->faults != faults)
		return; /* no counter could be read */
	set_source(&c);
	if (c.has_octets)
		set_since_before(state, h, &c.reading, out);
	if (c.s.count > 0)
		VNM_SET(c.s.rec, interface, counters, (struct vnm_pairs){c.s.all, c.s.count});
	vnm_out_emit(out);
}
