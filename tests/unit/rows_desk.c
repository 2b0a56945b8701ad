/*
 * The desk for rows of polled devices.
 */
#include "rows_desk.h"

#define COL(n) VNM_COL_interfaces_##n

struct rows_desk rows;

static void
on_emit(struct vnm_out *out)
{
	rows.last = *out->rec;
	rows.name[0] = '\0';
	if (out->rec->kind_id == VNM_KIND_interface && VNM_HAS(out->rec, interface, if_name))
		snprintf(rows.name, sizeof(rows.name), "%.*s", (int)out->rec->interface.if_name.n,
		    out->rec->interface.if_name.p);
	rows.records++;
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
	rows.withdrawn += f->withdrawn;
	if (rows.fact_n == MAX_FACTS)
		return;
	rows.facts[rows.fact_n].kind = f->kind;
	rows.facts[rows.fact_n].withdrawn = f->withdrawn;
	snprintf(rows.facts[rows.fact_n].object, sizeof(rows.facts->object), "%.*s",
	    (int)f->object.n, f->object.p);
	snprintf(rows.facts[rows.fact_n].claim, sizeof(rows.facts->claim), "%.*s", (int)f->claim.n,
	    f->claim.n > 0 ? f->claim.p : "");
	write_values(&f->values, rows.facts[rows.fact_n].values, sizeof(rows.facts->values));
	rows.fact_n++;
}

void
rows_open(void)
{
	const uint8_t b[4] = {192, 0, 2, 1};
	const struct vnm_addr device = vnm_addr_ip4(b);
	struct vnm_err err;

	memset(&rows, 0, sizeof(rows));
	CU_ASSERT_EQUAL_FATAL(vnm_scratch_init(&rows.scratch, 1 << 18), 0);
	CU_ASSERT_EQUAL_FATAL(vnm_option_defaults(vnm_limits_options, &rows.limits, &err), 0);
	rows.out = (struct vnm_out){.rec = &rows.rec,
	    .scratch = &rows.scratch,
	    .counters = &rows.counters,
	    .limits = &rows.limits,
	    .records_left = 1000000,
	    .emit = on_emit,
	    .fact = on_fact};
	for (enum vnm_plan_sort s = 0; s < VNM_PLAN_BUILTIN; s++) {
		CU_ASSERT_EQUAL_FATAL(vnm_plan_builtin(&rows.plans[s], s), 0);
		vnm_poll_prepare(&rows.plans[s], &vnm_mib_builtin);
	}
	rows.state = vnm_poll_state_new(&device);
	CU_ASSERT_PTR_NOT_NULL_FATAL(rows.state);
}

void
rows_close(void)
{
	vnm_poll_state_free(rows.state);
	for (enum vnm_plan_sort s = 0; s < VNM_PLAN_BUILTIN; s++)
		vnm_plan_release(&rows.plans[s]);
	vnm_scratch_free(&rows.scratch);
}

struct vnm_varbind
rows_text(const char *t)
{
	return (struct vnm_varbind){
	    .type = VNM_BER_OCTETS, .octets = {(const uint8_t *)t, strlen(t)}};
}

struct vnm_varbind
rows_octets(const void *p, size_t n)
{
	return (struct vnm_varbind){.type = VNM_BER_OCTETS, .octets = {p, n}};
}

struct vnm_varbind
rows_number(uint8_t type, uint64_t v)
{
	struct vnm_varbind b = {.type = type, .u64 = v};

	if (type == VNM_BER_INTEGER)
		b.i64 = (int64_t)v;
	return b;
}

void
rows_interface(const struct rows_reading *r)
{
	struct vnm_varbind cells[VNM_PLAN_COLUMNS] = {{.type = 0}};
	const struct vnm_plan_row row = {.plan = &rows.plans[VNM_PLAN_interfaces],
	    .index = {&r->if_index, 1},
	    .cells = cells,
	    .rx_ns = (1000000 + r->at_s + r->leap_s) * S,
	    .at_ns = (1000 + r->at_s) * S,
	    .uptime = r->uptime,
	    .has_uptime = !r->no_uptime,
	    .first = !r->not_first};

	if (r->name != NULL)
		cells[COL(if_name)] = rows_text(r->name);
	cells[COL(if_high_speed)] = rows_number(VNM_BER_GAUGE32, r->mbps);
	if (!r->no_discontinuity)
		cells[COL(if_counter_discontinuity_time)] =
		    rows_number(VNM_BER_TIMETICKS, r->discontinuity);
	if (r->wide) {
		cells[COL(if_hc_in_octets)] = rows_number(VNM_BER_COUNTER64, r->in);
		cells[COL(if_hc_out_octets)] = rows_number(VNM_BER_COUNTER64, r->out);
	} else {
		cells[COL(if_in_octets)] = rows_number(VNM_BER_COUNTER32, r->in);
		cells[COL(if_out_octets)] = rows_number(VNM_BER_COUNTER32, r->out);
	}
	vnm_poll_row(rows.state, &row, &rows.out);
}

void
rows_give(
    enum vnm_plan_sort sort, struct vnm_oid index, bool first, const struct vnm_varbind *cells)
{
	const struct vnm_plan_row row = {
	    .plan = &rows.plans[sort], .index = index, .cells = cells, .first = first, .rx_ns = S};

	vnm_poll_row(rows.state, &row, &rows.out);
}

void
rows_end(enum vnm_plan_sort sort, bool whole)
{
	CU_ASSERT_FALSE(vnm_poll_end(rows.state, &rows.plans[sort], whole, &rows.out));
}

void
rows_interfaces(void)
{
	struct rows_reading r = {.name = "Gi0/1", .if_index = 10101, .mbps = 1000};

	rows_interface(&r);
	r.not_first = true;
	r.name = "Gi0/2";
	r.if_index = 10102;
	rows_interface(&r);
	rows_end(VNM_PLAN_interfaces, true);
}
