/*
 * Rows of polled devices in records: rates, wraps against resets, who an interface is, and facts
 * that are told and taken back. What must come is worked out here by hand from what the agents
 * say, or is what IF-MIB, LLDP-MIB and Q-BRIDGE-MIB have.
 */
#include "decoders/poll.h"
#include "unit.h"

#include "base/alloc.h"
#include "base/clock.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define S VNM_NS_PER_S
#define MAX_FACTS 64

/* What came of the rows. */
static struct {
	struct vnm_record rec;
	struct vnm_out out;
	struct vnm_scratch scratch;
	struct vnm_counters counters;
	struct vnm_limits limits;
	struct vnm_record last; /* its text is not there any more */
	char name[64];
	unsigned records;
	struct {
		enum vnm_fact_kind kind;
		bool withdrawn;
		char object[128], claim[128], values[512];
	} facts[MAX_FACTS];
	unsigned fact_n;
	unsigned withdrawn; /* of all that were told */
	struct vnm_poll_state *state;
	struct vnm_plan plans[VNM_PLAN_BUILTIN];
} desk;

static void
on_emit(struct vnm_out *out)
{
	desk.last = *out->rec;
	desk.name[0] = '\0';
	if (out->rec->kind_id == VNM_KIND_interface && VNM_HAS(out->rec, interface, if_name))
		snprintf(desk.name, sizeof(desk.name), "%.*s", (int)out->rec->interface.if_name.n,
		    out->rec->interface.if_name.p);
	desk.records++;
}

static void
write_values(const struct vnm_pairs *v, char *to, size_t room)
{
	size_t n = 0;

	to[0] = '\0';
	for (uint32_t i = 0; i < v->n && n < room; i++) {
		const struct vnm_pair *p = &v->p[i];

		if (p->type == VNM_PAIR_U64)
			n += (size_t)snprintf(
			    to + n, room - n, "%s=%llu ", p->name, (unsigned long long)p->u64);
		else if (p->type == VNM_PAIR_STR)
			n += (size_t)snprintf(
			    to + n, room - n, "%s=%.*s ", p->name, (int)p->str.n, p->str.p);
	}
}

static void
on_fact(struct vnm_out *out, const struct vnm_fact *f)
{
	(void)out;
	desk.withdrawn += f->withdrawn;
	if (desk.fact_n == MAX_FACTS)
		return;
	desk.facts[desk.fact_n].kind = f->kind;
	desk.facts[desk.fact_n].withdrawn = f->withdrawn;
	snprintf(desk.facts[desk.fact_n].object, sizeof(desk.facts->object), "%.*s",
	    (int)f->object.n, f->object.p);
	snprintf(desk.facts[desk.fact_n].claim, sizeof(desk.facts->claim), "%.*s", (int)f->claim.n,
	    f->claim.n > 0 ? f->claim.p : "");
	write_values(&f->values, desk.facts[desk.fact_n].values, sizeof(desk.facts->values));
	desk.fact_n++;
}

static void
open_desk(void)
{
	const uint8_t b[4] = {192, 0, 2, 1};
	const struct vnm_addr device = vnm_addr_ip4(b);
	struct vnm_err err;

	memset(&desk, 0, sizeof(desk));
	CU_ASSERT_EQUAL_FATAL(vnm_scratch_init(&desk.scratch, 1 << 18), 0);
	CU_ASSERT_EQUAL_FATAL(vnm_option_defaults(vnm_limits_options, &desk.limits, &err), 0);
	desk.out = (struct vnm_out){.rec = &desk.rec,
	    .scratch = &desk.scratch,
	    .counters = &desk.counters,
	    .limits = &desk.limits,
	    .records_left = 1000000,
	    .emit = on_emit,
	    .fact = on_fact};
	for (enum vnm_plan_sort s = 0; s < VNM_PLAN_BUILTIN; s++) {
		CU_ASSERT_EQUAL_FATAL(vnm_plan_builtin(&desk.plans[s], s), 0);
		vnm_poll_prepare(&desk.plans[s], &vnm_mib_builtin);
	}
	desk.state = vnm_poll_state_new(&device);
	CU_ASSERT_PTR_NOT_NULL_FATAL(desk.state);
}

static void
close_desk(void)
{
	vnm_poll_state_free(desk.state);
	for (enum vnm_plan_sort s = 0; s < VNM_PLAN_BUILTIN; s++)
		vnm_plan_release(&desk.plans[s]);
	vnm_scratch_free(&desk.scratch);
}

static struct vnm_varbind
text(const char *t)
{
	return (struct vnm_varbind){
	    .type = VNM_BER_OCTETS, .octets = {(const uint8_t *)t, strlen(t)}};
}

static struct vnm_varbind
octets(const void *p, size_t n)
{
	return (struct vnm_varbind){.type = VNM_BER_OCTETS, .octets = {p, n}};
}

static struct vnm_varbind
number(uint8_t type, uint64_t v)
{
	struct vnm_varbind b = {.type = type, .u64 = v};

	if (type == VNM_BER_INTEGER)
		b.i64 = (int64_t)v;
	return b;
}

/* ---- interfaces
 * ------------------------------------------------------------------------------------ */

/* One reading of an interface. */
struct reading {
	const char *name;
	uint32_t if_index;
	uint64_t in, out; /* octets */
	bool wide;
	uint32_t uptime; /* hundredths of a second */
	uint64_t at_s;	 /* our clock */
	uint64_t leap_s; /* by which the time of day was set forward */
	uint32_t discontinuity;
	uint32_t mbps;
	bool not_first; /* a further row of the same walk */
	bool no_uptime;
	bool no_discontinuity;
};

#define COL(n) VNM_COL_interfaces_##n

static void
read_interface(const struct reading *r)
{
	struct vnm_varbind cells[VNM_PLAN_COLUMNS] = {{.type = 0}};
	const struct vnm_plan_row row = {.plan = &desk.plans[VNM_PLAN_interfaces],
	    .index = {&r->if_index, 1},
	    .cells = cells,
	    .rx_ns = (1000000 + r->at_s + r->leap_s) * S,
	    .at_ns = (1000 + r->at_s) * S,
	    .uptime = r->uptime,
	    .has_uptime = !r->no_uptime,
	    .first = !r->not_first};

	if (r->name != NULL)
		cells[COL(if_name)] = text(r->name);
	cells[COL(if_high_speed)] = number(VNM_BER_GAUGE32, r->mbps);
	if (!r->no_discontinuity)
		cells[COL(if_counter_discontinuity_time)] =
		    number(VNM_BER_TIMETICKS, r->discontinuity);
	if (r->wide) {
		cells[COL(if_hc_in_octets)] = number(VNM_BER_COUNTER64, r->in);
		cells[COL(if_hc_out_octets)] = number(VNM_BER_COUNTER64, r->out);
	} else {
		cells[COL(if_in_octets)] = number(VNM_BER_COUNTER32, r->in);
		cells[COL(if_out_octets)] = number(VNM_BER_COUNTER32, r->out);
	}
	vnm_poll_row(desk.state, &row, &desk.out);
}

enum verdict { RATE, RESET, SILENT };

/* Two readings, and what must come of them. `bps` is of the inbound direction. */
static void
judge(const struct reading *before, const struct reading *now, enum verdict verdict, double bps)
{
	const struct vnm_record *r = &desk.last;
	bool has = false;

	open_desk();
	read_interface(before);
	CU_ASSERT_FALSE(VNM_HAS(r, interface, counter_reset));
	CU_ASSERT_FALSE(VNM_HAS(r, interface, in_bps));
	read_interface(now);
	has = VNM_HAS(r, interface, counter_reset) && r->interface.counter_reset;
	CU_ASSERT_EQUAL(has, verdict == RESET);
	CU_ASSERT_EQUAL(VNM_HAS(r, interface, in_bps), verdict == RATE);
	CU_ASSERT_EQUAL(r->interface.in_octets, now->in); /* as it is, whatever is made of it */
	if (verdict == RATE)
		CU_ASSERT_DOUBLE_EQUAL(r->interface.in_bps, bps, bps * 1e-9 + 1e-9);
	close_desk();
}

static void
test_rates(void)
{
	struct reading a = {
	    .name = "e", .if_index = 1, .in = 1000, .out = 5, .uptime = 10000, .mbps = 1000};
	struct reading b = a;

	a.wide = b.wide = true;
	b.in += 7500000;
	b.uptime += 6000; /* the agent's minute, */
	b.at_s = 61;	  /* which is a second longer for us */
	judge(&a, &b, RATE, 1e6);
	CU_ASSERT_EQUAL(desk.last.interface.interval_ns, 60 * S);
	CU_ASSERT_DOUBLE_EQUAL(desk.last.interface.in_utilization, 0.001, 1e-12);
	CU_ASSERT_DOUBLE_EQUAL(desk.last.interface.out_bps, 0, 1e-12);
	/* Without the agent's clock by ours. */
	a.no_uptime = b.no_uptime = true;
	judge(&a, &b, RATE, 7500000 * 8 / 61.0);
	/* Our machine has its time of day set meanwhile: neither clock went further for that. */
	b.leap_s = 86400;
	judge(&a, &b, RATE, 7500000 * 8 / 61.0);
	a.no_uptime = b.no_uptime = false;
	judge(&a, &b, RATE, 1e6);
	b.leap_s = 0;
	/* The agent's uptime comes round its end. */
	a.no_uptime = b.no_uptime = false;
	a.uptime = UINT32_MAX - 999;
	b.uptime = 5000;
	judge(&a, &b, RATE, 1e6);
}

static void
test_resets(void)
{
	struct reading a = {
	    .name = "e", .if_index = 1, .in = 4294960000U, .uptime = 1000000, .mbps = 1000};
	struct reading b = a;

	b.uptime += 1000; /* ten seconds: at 1 Gbit/s 1.25e9 octets at the most */
	b.at_s = 10;
	b.in = 992704; /* 2^32 - 4294960000 + 992704 = 1000000 octets */
	judge(&a, &b, RATE, 800000);
	b.in = 3000000000U; /* a wrap would be 3e9 octets */
	judge(&a, &b, RESET, 0);
	b.in = 992704;
	b.discontinuity = 999990; /* it says so */
	judge(&a, &b, RESET, 0);
	a.discontinuity = 5;
	b.no_discontinuity = true; /* it says nothing this time */
	judge(&a, &b, RATE, 800000);
	b.no_discontinuity = false;
	a.discontinuity = 0;
	b.discontinuity = 0;
	b.uptime = 300; /* it restarted, and does not say so */
	judge(&a, &b, RESET, 0);
	b.in = 4294965000U; /* restarted, and the counter happens to be greater */
	judge(&a, &b, RESET, 0);
	/* 64 bits never wrap. */
	a.wide = b.wide = true;
	b.uptime = a.uptime + 1000;
	b.in = 5000;
	judge(&a, &b, RESET, 0);
	a.in = UINT64_MAX - 10;
	judge(&a, &b, RESET, 0);
	/* A leap that no interface can make. */
	a.in = 1000;
	b.in = UINT64_C(1) << 60;
	judge(&a, &b, RESET, 0);
	/* Where a 32-bit counter wraps several times between two readings, nobody knows. */
	a.wide = b.wide = false;
	a.mbps = b.mbps = 10000;
	b.in = 2000;
	judge(&a, &b, SILENT, 0);
	b.in = 500; /* nor whether it began anew */
	judge(&a, &b, SILENT, 0);
}

static void
test_silent(void)
{
	struct reading a = {.name = "e",
	    .if_index = 1,
	    .in = 1000,
	    .out = 1000,
	    .uptime = 1000000,
	    .mbps = 1000,
	    .wide = true};
	struct reading b = a;

	b.in = 2000;
	b.at_s = 60; /* an agent whose clock stands still */
	judge(&a, &b, SILENT, 0);
	b.uptime += 600000; /* one whose clock runs away */
	judge(&a, &b, SILENT, 0);
	/* All bits set says that it is not known. */
	b.uptime = a.uptime + 6000;
	b.in = UINT64_MAX;
	open_desk();
	read_interface(&a);
	read_interface(&b);
	CU_ASSERT_FALSE(VNM_HAS(&desk.last, interface, in_octets));
	CU_ASSERT_FALSE(VNM_HAS(&desk.last, interface, in_bps));
	CU_ASSERT_FALSE(desk.last.interface.counter_reset);
	CU_ASSERT(VNM_HAS(&desk.last, interface, out_bps));
	close_desk();
}

/* After a reset the next reading has a rate again: the new beginning is taken. */
static void
test_seed(void)
{
	struct reading r = {.name = "e",
	    .if_index = 1,
	    .in = UINT64_C(1) << 50,
	    .uptime = 1000000,
	    .mbps = 1000,
	    .wide = true};

	open_desk();
	read_interface(&r);
	r.in = 100;
	r.uptime = 1000;
	r.at_s = 60;
	read_interface(&r);
	CU_ASSERT_TRUE(desk.last.interface.counter_reset);
	r.in += 750;
	r.uptime += 6000;
	r.at_s = 120;
	read_interface(&r);
	CU_ASSERT_FALSE(desk.last.interface.counter_reset);
	CU_ASSERT_DOUBLE_EQUAL(desk.last.interface.in_bps, 100, 1e-9);
	close_desk();
}

/* An interface is who has its name, also when a new one takes its number. */
static void
test_identity(void)
{
	struct reading a = {
	    .name = "eth0", .if_index = 1, .in = 1000, .uptime = 10000, .mbps = 1000, .wide = true};
	struct reading b = a;

	open_desk();
	b.name = "eth1";
	b.if_index = 2;
	b.in = 900000;
	b.not_first = true;
	read_interface(&a);
	read_interface(&b);
	CU_ASSERT_FALSE(
	    vnm_poll_end(desk.state, &desk.plans[VNM_PLAN_interfaces], true, &desk.out));
	a.if_index = 2; /* they change places */
	b.if_index = 1;
	a.uptime = b.uptime = 16000;
	a.at_s = b.at_s = 60;
	a.in += 7500;
	b.in += 75000;
	read_interface(&a);
	CU_ASSERT_DOUBLE_EQUAL(desk.last.interface.in_bps, 1000, 1e-9);
	read_interface(&b);
	CU_ASSERT_DOUBLE_EQUAL(desk.last.interface.in_bps, 10000, 1e-9);
	CU_ASSERT_STRING_EQUAL(desk.name, "eth1");
	CU_ASSERT_FALSE(
	    vnm_poll_end(desk.state, &desk.plans[VNM_PLAN_interfaces], true, &desk.out));
	CU_ASSERT_EQUAL(desk.state->reading_n, 2);
	/* One that goes is forgotten with the next whole walk. */
	a.uptime += 6000;
	read_interface(&a);
	CU_ASSERT_FALSE(
	    vnm_poll_end(desk.state, &desk.plans[VNM_PLAN_interfaces], true, &desk.out));
	CU_ASSERT_EQUAL(desk.state->reading_n, 1);
	close_desk();
}

/* Two interfaces of one name: their numbers tell them apart, after the first walk. */
static void
test_shared(void)
{
	struct reading a = {
	    .name = "port", .if_index = 1, .in = 1000, .uptime = 10000, .wide = true};
	struct reading b = {.name = "port",
	    .if_index = 2,
	    .in = 5000000,
	    .uptime = 10000,
	    .wide = true,
	    .not_first = true};

	open_desk();
	for (unsigned walk = 0; walk < 5; walk++) {
		read_interface(&a);
		if (walk >= 2)
			CU_ASSERT_DOUBLE_EQUAL(desk.last.interface.in_bps, 80, 1e-9);
		read_interface(&b);
		CU_ASSERT_FALSE(VNM_HAS(&desk.last, interface, counter_reset) &&
				desk.last.interface.counter_reset);
		if (walk >= 2)
			CU_ASSERT_DOUBLE_EQUAL(desk.last.interface.in_bps, 160, 1e-9);
		CU_ASSERT_FALSE(
		    vnm_poll_end(desk.state, &desk.plans[VNM_PLAN_interfaces], true, &desk.out));
		a.in += 600;
		b.in += 1200;
		a.uptime = b.uptime = a.uptime + 6000;
		a.at_s = b.at_s = a.at_s + 60;
	}
	close_desk();
}

/* ---- facts
 * ----------------------------------------------------------------------------------------- */

static void
give(enum vnm_plan_sort sort, struct vnm_oid index, bool first, const struct vnm_varbind *cells)
{
	const struct vnm_plan_row row = {
	    .plan = &desk.plans[sort], .index = index, .cells = cells, .first = first, .rx_ns = S};

	vnm_poll_row(desk.state, &row, &desk.out);
}

static void
end(enum vnm_plan_sort sort, bool whole)
{
	CU_ASSERT_FALSE(vnm_poll_end(desk.state, &desk.plans[sort], whole, &desk.out));
}

static void
some_interfaces(void)
{
	struct reading r = {.name = "Gi0/1", .if_index = 10101, .mbps = 1000};

	read_interface(&r);
	r.not_first = true;
	r.name = "Gi0/2";
	r.if_index = 10102;
	read_interface(&r);
	end(VNM_PLAN_interfaces, true);
}

/* Bridge port 2 is ifIndex 10102; FDB 7 is VLAN 300. */
static void
test_fdb(void)
{
	static const uint32_t port[] = {2}, vlan[] = {0, 300};
	static const uint32_t row[] = {7, 0, 0x1b, 0x21, 0xaa, 0xbb, 0xcc};
	static const uint32_t other[] = {7, 0, 0x1b, 0x21, 0xaa, 0xbb, 0xcd};
	struct vnm_varbind cells[VNM_PLAN_COLUMNS] = {{.type = 0}};

	open_desk();
	some_interfaces();
	cells[0] = number(VNM_BER_INTEGER, 10102);
	give(VNM_PLAN_bridge_port, VNM_OID(port), true, cells);
	cells[0] = number(VNM_BER_GAUGE32, 7);
	give(VNM_PLAN_vlan, VNM_OID(vlan), true, cells);
	cells[VNM_COL_q_fdb_port] = number(VNM_BER_INTEGER, 2);
	cells[VNM_COL_q_fdb_status] = number(VNM_BER_INTEGER, 3);
	give(VNM_PLAN_q_fdb, VNM_OID(row), true, cells);
	give(VNM_PLAN_q_fdb, VNM_OID(other), false, cells);
	end(VNM_PLAN_q_fdb, true);
	CU_ASSERT_EQUAL_FATAL(desk.fact_n, 2);
	CU_ASSERT_EQUAL(desk.facts[0].kind, VNM_FACT_mac_at_port);
	CU_ASSERT_STRING_EQUAL(desk.facts[0].object, "00:1b:21:aa:bb:cc");
	CU_ASSERT_STRING_EQUAL(desk.facts[0].claim, "300");
	CU_ASSERT_STRING_EQUAL(desk.facts[0].values,
	    "vlan_id=300 fdb_id=7 bridge_port=2 if_index=10102 if_name=Gi0/2 status=learned ");
	/* One is not there any more; a walk that was cut short says nothing of that. */
	desk.fact_n = 0;
	give(VNM_PLAN_q_fdb, VNM_OID(row), true, cells);
	end(VNM_PLAN_q_fdb, false);
	CU_ASSERT_EQUAL(desk.fact_n, 1);
	desk.fact_n = 0;
	give(VNM_PLAN_q_fdb, VNM_OID(row), true, cells);
	end(VNM_PLAN_q_fdb, true);
	CU_ASSERT_EQUAL_FATAL(desk.fact_n, 2);
	CU_ASSERT_TRUE(desk.facts[1].withdrawn);
	CU_ASSERT_STRING_EQUAL(desk.facts[1].object, "00:1b:21:aa:bb:cd");
	CU_ASSERT_STRING_EQUAL(desk.facts[1].claim, "300");
	/* An empty table takes back what is left. */
	desk.fact_n = 0;
	end(VNM_PLAN_q_fdb, true);
	CU_ASSERT_EQUAL_FATAL(desk.fact_n, 1);
	CU_ASSERT_TRUE(desk.facts[0].withdrawn);
	close_desk();
}

/* A neighbour on a port whose number is neither an ifIndex nor a bridge port (RFC 2922's trap). */
static void
test_lldp(void)
{
	static const uint8_t mac[] = {0, 0x1b, 0x21, 1, 2, 3};
	static const uint8_t peer[] = {0, 0x1b, 0x21, 9, 9, 9};
	static const uint32_t scalar[] = {0}, port[] = {5}, remote[] = {160, 5, 77};
	static const uint32_t later[] = {5462731, 5, 77};
	static const uint32_t address[] = {160, 5, 77, 1, 4, 192, 0, 2, 33};
	struct vnm_varbind cells[VNM_PLAN_COLUMNS] = {{.type = 0}};

	open_desk();
	some_interfaces();
	cells[VNM_COL_lldp_local_chassis_id_subtype] = number(VNM_BER_INTEGER, 4);
	cells[VNM_COL_lldp_local_chassis_id] = octets(mac, 6);
	give(VNM_PLAN_lldp_local, VNM_OID(scalar), true, cells);
	cells[VNM_COL_lldp_port_port_id_subtype] = number(VNM_BER_INTEGER, 5);
	cells[VNM_COL_lldp_port_port_id] = text("Gi0/2");
	cells[VNM_COL_lldp_port_port_desc] = text("uplink");
	give(VNM_PLAN_lldp_port, VNM_OID(port), true, cells);
	memset(cells, 0, sizeof(cells));
	cells[VNM_COL_lldp_remote_chassis_id_subtype] = number(VNM_BER_INTEGER, 4);
	cells[VNM_COL_lldp_remote_chassis_id] = octets(peer, 6);
	cells[VNM_COL_lldp_remote_port_id_subtype] = number(VNM_BER_INTEGER, 7);
	cells[VNM_COL_lldp_remote_port_id] = text("42");
	cells[VNM_COL_lldp_remote_sys_name] = text("spine1");
	cells[VNM_COL_lldp_remote_sys_cap_enabled] = octets("\x28\x00", 2);
	give(VNM_PLAN_lldp_remote, VNM_OID(remote), true, cells);
	end(VNM_PLAN_lldp_remote, true);
	CU_ASSERT_EQUAL_FATAL(desk.fact_n, 1);
	CU_ASSERT_STRING_EQUAL(desk.facts[0].object, "00:1b:21:01:02:03/Gi0/2");
	CU_ASSERT_STRING_EQUAL(desk.facts[0].claim, "00:1b:21:09:09:09/42");
	CU_ASSERT_STRING_EQUAL(desk.facts[0].values,
	    "local_port=5 local_if_index=10102 local_if_name=Gi0/2 chassis_id=00:1b:21:09:09:09 "
	    "chassis_id_subtype=mac-address port_id=42 port_id_subtype=local sys_name=spine1 "
	    "capabilities=bridge,router ");
	give(VNM_PLAN_lldp_address, VNM_OID(address), true, cells);
	end(VNM_PLAN_lldp_address, true);
	CU_ASSERT_EQUAL_FATAL(desk.fact_n, 2);
	CU_ASSERT_EQUAL(desk.facts[1].kind, VNM_FACT_lldp_address);
	CU_ASSERT_STRING_EQUAL(desk.facts[1].object, "00:1b:21:09:09:09");
	CU_ASSERT_STRING_EQUAL(desk.facts[1].claim, "192.0.2.33");
	/* The time mark moves on: it is the same neighbour. */
	desk.fact_n = 0;
	give(VNM_PLAN_lldp_remote, VNM_OID(later), true, cells);
	end(VNM_PLAN_lldp_remote, true);
	CU_ASSERT_EQUAL_FATAL(desk.fact_n, 1);
	CU_ASSERT_FALSE(desk.facts[0].withdrawn);
	close_desk();
}

/*
 * LLDP-V2-MIB alone: a neighbour that comes again has another index each time; those that were are
 * forgotten with the next walk, and its addresses told.
 */
static void
test_lldp2(void)
{
	static const uint8_t peer[] = {0, 0x1b, 0x21, 9, 9, 9};
	struct vnm_varbind cells[VNM_PLAN_COLUMNS] = {{.type = 0}};

	open_desk();
	some_interfaces();
	desk.limits.options_entries = 20;
	cells[VNM_COL_lldp2_remote_chassis_id_subtype] = number(VNM_BER_INTEGER, 4);
	cells[VNM_COL_lldp2_remote_chassis_id] = octets(peer, 6);
	cells[VNM_COL_lldp2_remote_port_id] = text("42");
	for (uint32_t n = 1; n <= 50; n++) {
		const uint32_t remote[] = {n, 10102, 1, n};
		const uint32_t address[] = {n, 10102, 1, n, 1, 4, 192, 0, 2, 33};

		desk.fact_n = 0;
		give(VNM_PLAN_lldp2_remote, VNM_OID(remote), true, cells);
		end(VNM_PLAN_lldp2_remote, true);
		give(VNM_PLAN_lldp2_address, VNM_OID(address), true, cells);
		end(VNM_PLAN_lldp2_address, true);
		CU_ASSERT_EQUAL(desk.fact_n, 2);
	}
	CU_ASSERT_STRING_EQUAL(desk.facts[1].object, "00:1b:21:09:09:09");
	CU_ASSERT_STRING_EQUAL(desk.facts[1].claim, "192.0.2.33");
	CU_ASSERT_EQUAL(desk.withdrawn, 0);
	close_desk();
}

/* More interfaces, ports and facts than may be remembered: what is not is counted. */
static void
test_full(void)
{
	struct vnm_varbind cells[VNM_PLAN_COLUMNS] = {{.type = 0}};

	open_desk();
	desk.limits.options_entries = 2;
	for (uint32_t i = 0; i < 5; i++) {
		struct reading r = {.if_index = 1 + i, .mbps = 1000, .not_first = i > 0};

		read_interface(&r);
	}
	CU_ASSERT_EQUAL(desk.records, 5);
	CU_ASSERT_EQUAL(desk.counters.v[VNM_C_poll_forgotten], 3);
	cells[0] = number(VNM_BER_INTEGER, 2);
	for (uint32_t i = 1; i <= 3; i++)
		give(VNM_PLAN_bridge_port, (struct vnm_oid){&i, 1}, i == 1, cells);
	for (uint32_t i = 1; i <= 3; i++)
		give(VNM_PLAN_lldp_port, (struct vnm_oid){&i, 1}, i == 1, cells);
	CU_ASSERT_EQUAL(desk.counters.v[VNM_C_poll_forgotten], 3 + 1 + 1);
	cells[1] = number(VNM_BER_INTEGER, 3);
	for (uint32_t i = 0; i < 5; i++) {
		const uint32_t index[] = {2, 0, 0, 0, 0, i};

		give(VNM_PLAN_d_fdb, VNM_OID(index), i == 0, cells);
	}
	CU_ASSERT_EQUAL(desk.fact_n, 5);
	CU_ASSERT_EQUAL(desk.counters.v[VNM_C_poll_forgotten], 3 + 1 + 1 + 3);
	close_desk();
}

/* A large table that is gone: no call takes back more than some of it, and all calls all of it. */
static void
test_many(void)
{
	enum { MACS = 2000 };
	struct vnm_varbind cells[VNM_PLAN_COLUMNS] = {{.type = 0}};
	unsigned calls = 0, most = 0;
	bool more;

	open_desk();
	cells[VNM_COL_q_fdb_port] = number(VNM_BER_INTEGER, 2);
	cells[VNM_COL_q_fdb_status] = number(VNM_BER_INTEGER, 3);
	for (uint32_t i = 0; i < MACS; i++) {
		const uint32_t index[] = {7, 2, 0, 0, 0, i / 256, i % 256};

		give(VNM_PLAN_q_fdb, VNM_OID(index), i == 0, cells);
	}
	end(VNM_PLAN_q_fdb, true);
	CU_ASSERT_EQUAL(desk.withdrawn, 0);
	do {
		unsigned before = desk.withdrawn;

		more = vnm_poll_end(desk.state, &desk.plans[VNM_PLAN_q_fdb], true, &desk.out);
		calls++;
		most = desk.withdrawn - before > most ? desk.withdrawn - before : most;
	} while (more && calls < MACS);
	CU_ASSERT_EQUAL(desk.withdrawn, MACS);
	CU_ASSERT(most <= 256 && calls <= MACS / 256 + 1);
	/* It is told again when it comes again, and nothing is taken back a second time. */
	end(VNM_PLAN_q_fdb, true);
	CU_ASSERT_EQUAL(desk.withdrawn, MACS);
	close_desk();
}

static void
test_addresses(void)
{
	static const uint8_t mac[] = {2, 0, 0, 0, 0, 1};
	static const uint32_t v4[] = {10101, 1, 4, 192, 0, 2, 7};
	static const uint32_t without_length[] = {10101, 1, 192, 0, 2, 8};
	static const uint32_t v6[] = {
	    10101, 2, 16, 0x20, 1, 0xd, 0xb8, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 1};
	static const uint32_t media[] = {10102, 192, 0, 2, 9};
	struct vnm_varbind cells[VNM_PLAN_COLUMNS] = {{.type = 0}};

	open_desk();
	some_interfaces();
	cells[VNM_COL_neighbour_phys_address] = octets(mac, 6);
	cells[VNM_COL_neighbour_type] = number(VNM_BER_INTEGER, 3);
	cells[VNM_COL_neighbour_state] = number(VNM_BER_INTEGER, 1);
	give(VNM_PLAN_neighbour, VNM_OID(v4), true, cells);
	give(VNM_PLAN_neighbour, VNM_OID(without_length), false, cells);
	give(VNM_PLAN_neighbour, VNM_OID(v6), false, cells);
	cells[VNM_COL_neighbour_state] = number(VNM_BER_INTEGER, 7); /* incomplete */
	give(VNM_PLAN_neighbour, VNM_OID(v4), false, cells);
	cells[VNM_COL_media_phys_address] = octets(mac, 6);
	cells[VNM_COL_media_type] = number(VNM_BER_INTEGER, 3);
	give(VNM_PLAN_media, VNM_OID(media), true, cells);
	CU_ASSERT_EQUAL_FATAL(desk.fact_n, 4);
	CU_ASSERT_STRING_EQUAL(desk.facts[0].object, "192.0.2.7");
	CU_ASSERT_STRING_EQUAL(desk.facts[0].claim, "10101");
	CU_ASSERT_STRING_EQUAL(desk.facts[0].values,
	    "mac=02:00:00:00:00:01 if_index=10101 if_name=Gi0/1 type=dynamic ");
	CU_ASSERT_STRING_EQUAL(desk.facts[1].object, "192.0.2.8");
	CU_ASSERT_STRING_EQUAL(desk.facts[2].object, "2001:db8::1");
	CU_ASSERT_STRING_EQUAL(desk.facts[3].object, "192.0.2.9");
	CU_ASSERT_STRING_EQUAL(desk.facts[3].claim, "10102");
	close_desk();
}

/*
 * Addresses need at least a type and four octets behind an interface: of indices that are shorter,
 * or have no octets, nothing is told. (The sanitizers look on.) Each index is a block of its size.
 */
static void
test_short_indices(void)
{
	static const uint8_t mac[] = {2, 0, 0, 0, 0, 1};
	static const enum vnm_plan_sort sorts[] = {VNM_PLAN_neighbour, VNM_PLAN_media,
	    VNM_PLAN_q_fdb, VNM_PLAN_d_fdb, VNM_PLAN_lldp_remote, VNM_PLAN_lldp_address,
	    VNM_PLAN_lldp2_remote, VNM_PLAN_lldp2_address};
	struct vnm_varbind cells[VNM_PLAN_COLUMNS];

	open_desk();
	some_interfaces();
	for (uint32_t i = 0; i < VNM_PLAN_COLUMNS; i++)
		cells[i] = i % 2 == 0 ? octets(mac, 6) : number(VNM_BER_INTEGER, 3);
	for (size_t i = 0; i < VNM_ARRAY_LEN(sorts); i++) {
		for (uint32_t n = 1; n < 24; n++) {
			uint32_t *ids = malloc(n * sizeof(*ids));

			for (uint32_t k = 0; k < n; k++)
				ids[k] = k == 1 ? 1 : 300 + k;
			give(sorts[i], (struct vnm_oid){ids, n}, true, cells);
			free(ids);
		}
	}
	for (unsigned i = 0; i < desk.fact_n; i++) {
		CU_ASSERT_NOT_EQUAL(desk.facts[i].kind, VNM_FACT_ip_at_mac);
		CU_ASSERT_NOT_EQUAL(desk.facts[i].kind, VNM_FACT_mac_at_port);
	}
	close_desk();
}

/* No recording of VM-MIB is known: these are rows as RFC 7666 section 6 has them. */
static void
test_vm(void)
{
	static const uint8_t mac[] = {0x52, 0x54, 0, 1, 2, 3};
	static const uint32_t vm[] = {4}, nic[] = {4, 1};
	struct vnm_varbind cells[VNM_PLAN_COLUMNS] = {{.type = 0}};

	open_desk();
	some_interfaces();
	cells[VNM_COL_vm_name] = text("web2");
	cells[VNM_COL_vm_uuid] = text("5f9d62a4-7a5b-4f1c-9d4a-1c2a3b4c5d6e");
	cells[VNM_COL_vm_oper_state] = number(VNM_BER_INTEGER, 4);
	cells[VNM_COL_vm_cur_cpu_number] = number(VNM_BER_INTEGER, 2);
	cells[VNM_COL_vm_mem_unit] = number(VNM_BER_INTEGER, 1024);
	cells[VNM_COL_vm_cur_mem] = number(VNM_BER_INTEGER, 2097152);
	give(VNM_PLAN_vm, VNM_OID(vm), true, cells);
	memset(cells, 0, sizeof(cells));
	cells[VNM_COL_vm_network_if_index] = number(VNM_BER_INTEGER, 10102);
	cells[VNM_COL_vm_network_phys_address] = octets(mac, 6);
	give(VNM_PLAN_vm_network, VNM_OID(nic), true, cells);
	CU_ASSERT_EQUAL_FATAL(desk.fact_n, 2);
	CU_ASSERT_STRING_EQUAL(desk.facts[0].object, "5f9d62a4-7a5b-4f1c-9d4a-1c2a3b4c5d6e");
	CU_ASSERT_STRING_EQUAL(desk.facts[0].values,
	    "index=4 name=web2 oper_state=running cpus=2 memory_octets=2147483648 ");
	CU_ASSERT_EQUAL(desk.facts[1].kind, VNM_FACT_vm_interface);
	CU_ASSERT_STRING_EQUAL(desk.facts[1].object, "52:54:00:01:02:03");
	CU_ASSERT_STRING_EQUAL(desk.facts[1].values,
	    "vm=5f9d62a4-7a5b-4f1c-9d4a-1c2a3b4c5d6e if_index=10102 if_name=Gi0/2 ");
	close_desk();
}

/* An agent that says little: names of IF-MIB, else numbers; what is none is left out. */
static void
test_cdp(void)
{
	static const uint32_t row[] = {10102, 1}, unknown[] = {7, 2}, short_index[] = {7};
	struct vnm_varbind cells[VNM_PLAN_COLUMNS] = {{.type = 0}};

	open_desk();
	some_interfaces();
	cells[VNM_COL_cdp_remote_device_id] = octets("\x02\x00\x00\x00\xbb\x01", 6);
	cells[VNM_COL_cdp_remote_address_type] = number(VNM_BER_INTEGER, 1);
	cells[VNM_COL_cdp_remote_address] = octets("\xc0\x00\x02\x21\x00", 5);
	cells[VNM_COL_cdp_remote_capabilities] = octets("\x00\x00\x00\x00\x01", 5);
	cells[VNM_COL_cdp_remote_native_vlan] = number(VNM_BER_INTEGER, 0);
	cells[VNM_COL_cdp_remote_duplex] = number(VNM_BER_INTEGER, 9);
	give(VNM_PLAN_cdp_remote, VNM_OID(row), true, cells);
	cells[VNM_COL_cdp_remote_device_port] = text("eth0");
	cells[VNM_COL_cdp_remote_capabilities] = octets("\x09", 1);
	give(VNM_PLAN_cdp_remote, VNM_OID(unknown), false, cells);
	give(VNM_PLAN_cdp_remote, VNM_OID(short_index), false, cells);
	cells[VNM_COL_cdp_remote_device_id] = text("");
	give(VNM_PLAN_cdp_remote, VNM_OID(row), false, cells);
	end(VNM_PLAN_cdp_remote, true);
	CU_ASSERT_EQUAL_FATAL(desk.fact_n, 2);
	CU_ASSERT_EQUAL(desk.facts[0].kind, VNM_FACT_cdp_neighbour);
	CU_ASSERT_STRING_EQUAL(desk.facts[0].object, "192.0.2.1/Gi0/2");
	CU_ASSERT_STRING_EQUAL(desk.facts[0].claim, "02:00:00:00:bb:01/");
	CU_ASSERT_STRING_EQUAL(desk.facts[0].values,
	    "local_if_index=10102 local_if_name=Gi0/2 device_id=02:00:00:00:bb:01 duplex=9 ");
	CU_ASSERT_STRING_EQUAL(desk.facts[1].object, "192.0.2.1/7");
	CU_ASSERT_STRING_EQUAL(desk.facts[1].claim, "02:00:00:00:bb:01/eth0");
	CU_ASSERT_STRING_EQUAL(desk.facts[1].values,
	    "local_if_index=7 device_id=02:00:00:00:bb:01 port_id=eth0 capabilities=router,switch "
	    "duplex=9 ");
	/* Nobody is heard any more. */
	desk.fact_n = 0;
	end(VNM_PLAN_cdp_remote, true);
	CU_ASSERT_EQUAL_FATAL(desk.fact_n, 2);
	CU_ASSERT_TRUE(desk.facts[0].withdrawn && desk.facts[1].withdrawn);
	close_desk();
}

/* What an engine's id must not be is not told; it is taken back when another one is there. */
static void
test_engine(void)
{
	static const uint32_t scalar[] = {0};
	struct vnm_varbind cells[VNM_PLAN_COLUMNS] = {{.type = 0}};

	open_desk();
	cells[0] = octets("\x80\x00\x1f\x88\x04vm", 7);
	give(VNM_PLAN_snmp_engine, VNM_OID(scalar), true, cells);
	end(VNM_PLAN_snmp_engine, true);
	CU_ASSERT_EQUAL_FATAL(desk.fact_n, 1);
	CU_ASSERT_EQUAL(desk.facts[0].kind, VNM_FACT_snmp_engine);
	CU_ASSERT_STRING_EQUAL(desk.facts[0].object, "80001f8804766d");
	CU_ASSERT_STRING_EQUAL(desk.facts[0].claim, "192.0.2.1");
	cells[0] = octets("\x80\x00\x1f\x88\x04wm", 7);
	give(VNM_PLAN_snmp_engine, VNM_OID(scalar), true, cells);
	end(VNM_PLAN_snmp_engine, true);
	CU_ASSERT_EQUAL_FATAL(desk.fact_n, 3);
	CU_ASSERT_STRING_EQUAL(desk.facts[1].object, "80001f8804776d");
	CU_ASSERT_TRUE(desk.facts[2].withdrawn);
	CU_ASSERT_STRING_EQUAL(desk.facts[2].object, "80001f8804766d");
	cells[0] = octets("\x80\x00\x1f\x88", 4);
	give(VNM_PLAN_snmp_engine, VNM_OID(scalar), true, cells);
	cells[0] = text("an engine's id with thirty-three o");
	give(VNM_PLAN_snmp_engine, VNM_OID(scalar), false, cells);
	cells[0] = number(VNM_BER_INTEGER, 7);
	give(VNM_PLAN_snmp_engine, VNM_OID(scalar), false, cells);
	CU_ASSERT_EQUAL(desk.fact_n, 3);
	close_desk();
}

/* ---- plans
 * ------------------------------------------------------------------------------------------ */

/* Names in plans.def and those of the catalogue, which was written by others, are the same. */
static void
test_catalogue(void)
{
	static const struct {
		enum vnm_plan_sort sort;
		const char *prefix;
	} tables[] = {{VNM_PLAN_interfaces, ""}, {VNM_PLAN_system, ""},
	    {VNM_PLAN_snmp_engine, "snmp_engine_"}, {VNM_PLAN_lldp_local, "lldp_loc_"},
	    {VNM_PLAN_lldp_port, "lldp_loc_"}, {VNM_PLAN_lldp_remote, "lldp_rem_"},
	    {VNM_PLAN_lldp_address, "lldp_rem_man_addr_"}, {VNM_PLAN_lldp2_local, "lldp_v2_loc_"},
	    {VNM_PLAN_lldp2_port, "lldp_v2_loc_"}, {VNM_PLAN_lldp2_remote, "lldp_v2_rem_"},
	    {VNM_PLAN_lldp2_address, "lldp_v2_rem_man_addr_"}, {VNM_PLAN_cdp_local, "cdp_global_"},
	    {VNM_PLAN_cdp_interface, "cdp_interface_"}, {VNM_PLAN_cdp_remote, "cdp_cache_"},
	    {VNM_PLAN_bridge_port, "dot1d_base_port_"}, {VNM_PLAN_vlan, "dot1q_vlan_"},
	    {VNM_PLAN_q_fdb, "dot1q_tp_fdb_"}, {VNM_PLAN_d_fdb, "dot1d_tp_fdb_"},
	    {VNM_PLAN_neighbour, "ip_net_to_physical_"}, {VNM_PLAN_media, "ip_net_to_media_"},
	    {VNM_PLAN_entity, "ent_physical_"}, {VNM_PLAN_entity_alias, "ent_alias_mapping_"},
	    {VNM_PLAN_vm, "vm_"}, {VNM_PLAN_vm_network, "vm_network_"}};

	CU_ASSERT_EQUAL(VNM_ARRAY_LEN(tables), VNM_PLAN_BUILTIN);
	for (size_t t = 0; t < VNM_ARRAY_LEN(tables); t++) {
		struct vnm_plan plan;

		CU_ASSERT_EQUAL_FATAL(vnm_plan_builtin(&plan, tables[t].sort), 0);
		for (uint32_t i = 0; i < plan.n; i++) {
			const struct vnm_plan_column *c = &plan.columns[i];
			struct vnm_oid rest;
			const struct vnm_mib_object *o = vnm_mib_find(
			    &vnm_mib_builtin, (struct vnm_oid){c->ids, c->id_n}, &rest);
			char name[128];

			snprintf(name, sizeof(name), "%s%s", tables[t].prefix, c->name);
			CU_ASSERT_PTR_NOT_NULL_FATAL(o);
			CU_ASSERT_EQUAL(rest.n, 0);
			if (strcmp(vnm_mib_column(&vnm_mib_builtin, o), name) != 0)
				printf("\n%s is %s", name, vnm_mib_column(&vnm_mib_builtin, o));
			CU_ASSERT_STRING_EQUAL(vnm_mib_column(&vnm_mib_builtin, o), name);
		}
		vnm_plan_release(&plan);
	}
}

CU_TestInfo suite_poll_rows[] = {{"rates", test_rates}, {"wraps and resets", test_resets},
    {"no rates", test_silent}, {"a new beginning", test_seed}, {"identity", test_identity},
    {"shared names", test_shared}, {"forwarding databases", test_fdb}, {"many entries", test_many},
    {"too many entries", test_full}, {"LLDP", test_lldp}, {"LLDP-V2-MIB", test_lldp2},
    {"SNMP engine", test_engine}, {"CDP", test_cdp}, {"addresses", test_addresses},
    {"short indices", test_short_indices}, {"virtual machines", test_vm},
    {"plans and the catalogue", test_catalogue}, CU_TEST_INFO_NULL};
