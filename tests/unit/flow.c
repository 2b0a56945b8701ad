/*
 * decoders/flow.c and what lies below it: the rules of RFC 3954, 7011, 6313 and 5610 for which
 * no recorded exporter gives a case. Messages are written here octet by octet, so what must
 * come out is known.
 */
#include "flow_desk.h"

/* Template 256: source and destination port. */
static enum vnm_reason
send_template(struct desk *k, bool swapped)
{
	struct pen w = pen_ipfix(1);

	pen_begin_set(&w, 2);
	if (swapped)
		PUT16(&w, 256, 2, 11, 2, 7, 2);
	else
		PUT16(&w, 256, 2, 7, 2, 11, 2);
	return pen_send(k, &w);
}

static enum vnm_reason
send_data(struct desk *k)
{
	struct pen w = pen_ipfix(1);

	pen_begin_set(&w, 256);
	PUT16(&w, 1111, 2222);
	return pen_send(k, &w);
}

static enum vnm_reason
send_withdrawal(struct desk *k, uint16_t set, uint16_t id)
{
	struct pen w = pen_ipfix(1);

	pen_begin_set(&w, set);
	PUT16(&w, id, 0);
	return pen_send(k, &w);
}

/* ---- templates ------------------------------------------------------------------------------- */

static void
test_withdrawal_on_a_stream(void)
{
	struct desk *k = desk_new();

	k->session = 7;
	send_template(k, false);
	send_data(k);
	CU_ASSERT_EQUAL(k->count, 1);
	CU_ASSERT_EQUAL(k->got[0].flow.src_port, 1111);
	send_withdrawal(k, 2, 256);
	CU_ASSERT_EQUAL(k->out.faults, 0);
	CU_ASSERT_EQUAL(k->counters.v[VNM_C_templates_withdrawn], 1);
	send_data(k);
	CU_ASSERT_EQUAL(k->count, 0);
	CU_ASSERT_EQUAL(k->out.held, 1);
	send_template(k, true); /* what was held is read by the new layout */
	CU_ASSERT_EQUAL(k->count, 1);
	CU_ASSERT_EQUAL(k->got[0].flow.src_port, 2222);
	send_withdrawal(k, 2, 2); /* all data templates */
	CU_ASSERT_EQUAL(k->counters.v[VNM_C_templates], 0);
	send_withdrawal(k, 2, 256);
	CU_ASSERT_EQUAL(k->counters.parts[VNM_R_withdrawal_unknown], 1);
	desk_free(k);
}

static void
test_redefinition_on_a_stream(void)
{
	struct desk *k = desk_new();

	k->session = 7;
	send_template(k, false);
	send_template(k, false);
	CU_ASSERT_EQUAL(k->out.faults, 0);
	send_template(k, true);
	CU_ASSERT_EQUAL(k->counters.parts[VNM_R_template_changed], 1);
	send_data(k);
	CU_ASSERT_EQUAL(k->got[0].flow.src_port, 2222);
	desk_free(k);
}

/* A stream's templates end with it; another stream never had them. */
static void
test_streams_apart(void)
{
	struct desk *k = desk_new();
	const struct vnm_datagram end = {.session = 7};

	k->session = 7;
	send_template(k, false);
	k->session = 8;
	send_data(k);
	CU_ASSERT_EQUAL(k->out.held, 1);
	k->x.decoder->end(&k->x, &end, &k->out);
	CU_ASSERT_EQUAL(k->counters.v[VNM_C_templates], 0);
	CU_ASSERT_EQUAL(k->counters.outcome[VNM_OUTCOME_HELD], 1);
	k->count = 0;
	k->x.decoder->end(&k->x, &(struct vnm_datagram){.session = 8}, &k->out);
	CU_ASSERT_EQUAL(k->counters.outcome[VNM_OUTCOME_HELD], 0);
	CU_ASSERT_EQUAL(k->counters.failed[VNM_R_template_missing], 1);
	CU_ASSERT_EQUAL(k->count, 1);
	CU_ASSERT_STRING_EQUAL(k->text[0], "template-missing");
	desk_free(k);
}

/* What was lost on a stream is told at the latest when it ends. */
static void
test_loss_at_the_end_of_a_stream(void)
{
	static const uint8_t sequences[] = {0, 1, 11}; /* of one record each: 2 to 10 are missing */
	struct desk *k = desk_new();

	k->session = 7;
	send_template(k, false);
	for (size_t i = 0; i < sizeof(sequences); i++) {
		struct pen w = pen_ipfix(1);
		w.p[11] = sequences[i];
		pen_begin_set(&w, 256);
		PUT16(&w, 1111, 2222);
		pen_send(k, &w);
	}
	k->count = 0;
	k->x.decoder->end(&k->x, &(struct vnm_datagram){.session = 7, .rx_ns = NOW_NS}, &k->out);
	CU_ASSERT_EQUAL_FATAL(k->count, 1);
	CU_ASSERT_STRING_EQUAL(k->text[0], "sequence-gap");
	CU_ASSERT_EQUAL(k->got[0].visibility.lost, 9);
	CU_ASSERT_EQUAL(k->counters.v[VNM_C_sequence_lost], 9);
	desk_free(k);
}

/* Data from a third port: two others lay the id out differently, so it is nobody's. */
static void
test_fallback_in_doubt(void)
{
	struct desk *k = desk_new();

	send_template(k, false);
	k->port = 4002;
	send_data(k);
	CU_ASSERT_EQUAL(k->count, 1);
	CU_ASSERT_EQUAL(k->counters.v[VNM_C_template_fallbacks], 1);
	k->port = 4001;
	send_template(k, true);
	k->port = 4002;
	send_data(k);
	CU_ASSERT_EQUAL(k->count, 0);
	CU_ASSERT_EQUAL(k->out.held, 1);
	send_template(k, true); /* its own at last */
	CU_ASSERT_EQUAL(k->count, 1);
	CU_ASSERT_EQUAL(k->got[0].flow.src_port, 2222);
	desk_free(k);
}

static void
test_limit_of_templates(void)
{
	struct desk *k = desk_new();
	struct pen w = pen_ipfix(1);

	k->limits.templates = 2;
	pen_begin_set(&w, 2);
	PUT16(&w, 256, 1, 7, 2);
	pen_send(k, &w);
	k->rx_ns += 1;
	w = pen_ipfix(1);
	pen_begin_set(&w, 2);
	PUT16(&w, 257, 1, 7, 2);
	pen_send(k, &w);
	k->rx_ns += 1;
	w = pen_ipfix(1);
	pen_begin_set(&w, 256); /* used: now 257 is the longest unused */
	PUT16(&w, 5);
	pen_send(k, &w);
	k->rx_ns += 1;
	w = pen_ipfix(1);
	pen_begin_set(&w, 2);
	PUT16(&w, 258, 1, 7, 2);
	pen_send(k, &w);
	CU_ASSERT_EQUAL(k->counters.v[VNM_C_templates], 2);
	CU_ASSERT_EQUAL(k->counters.v[VNM_C_templates_evicted], 1);
	w = pen_ipfix(1);
	pen_begin_set(&w, 256);
	PUT16(&w, 5);
	pen_begin_set(&w, 257);
	PUT16(&w, 6);
	pen_begin_set(&w, 258);
	PUT16(&w, 7);
	pen_send(k, &w);
	CU_ASSERT_EQUAL(k->count, 2);
	CU_ASSERT_EQUAL(k->got[0].flow.src_port, 5);
	CU_ASSERT_EQUAL(k->got[1].flow.src_port, 7);
	CU_ASSERT_EQUAL(k->out.held, 1);
	desk_free(k);
}

static void
test_lifetime(void)
{
	struct desk *k = desk_new();
	const struct vnm_flow_options o = {.template_lifetime = 60 * VNM_NS_PER_S};

	k->x.options = &o;
	send_template(k, false);
	desk_tick(k, NOW_NS + 59 * VNM_NS_PER_S, false);
	CU_ASSERT_EQUAL(k->counters.v[VNM_C_templates], 1);
	desk_tick(k, NOW_NS + 61 * VNM_NS_PER_S, false);
	CU_ASSERT_EQUAL(k->counters.v[VNM_C_templates], 0);
	CU_ASSERT_EQUAL(k->counters.v[VNM_C_templates_expired], 1);
	desk_free(k);
}

static void
test_too_many_fields(void)
{
	struct desk *k = desk_new();
	struct pen w = pen_ipfix(1);

	k->limits.template_fields = 2;
	pen_begin_set(&w, 2);
	PUT16(&w, 256, 3, 7, 2, 11, 2, 4, 1);
	pen_send(k, &w);
	CU_ASSERT_EQUAL(k->counters.parts[VNM_R_template_limit], 1);
	CU_ASSERT_EQUAL(k->counters.v[VNM_C_templates], 0);
	desk_free(k);
}

/* ---- held data
 * ----------------------------------------------------------------------------------- */

static void
test_held_too_long(void)
{
	struct desk *k = desk_new();

	send_data(k);
	send_data(k);
	CU_ASSERT_EQUAL(k->counters.outcome[VNM_OUTCOME_HELD], 2);
	desk_tick(k, NOW_NS + k->limits.held_time, false);
	CU_ASSERT_EQUAL(k->counters.outcome[VNM_OUTCOME_HELD], 2);
	desk_tick(k, NOW_NS + k->limits.held_time + 1, false);
	CU_ASSERT_EQUAL(k->counters.outcome[VNM_OUTCOME_HELD], 0);
	CU_ASSERT_EQUAL(k->counters.failed[VNM_R_template_missing], 2);
	CU_ASSERT_EQUAL(k->count, 1); /* one word for both sets */
	CU_ASSERT_STRING_EQUAL(k->text[0], "template-missing");
	CU_ASSERT_EQUAL(k->got[0].visibility.lost, 2);
	CU_ASSERT_EQUAL(k->got[0].visibility.template_id, 256);
	desk_free(k);
}

static void
test_held_too_much(void)
{
	struct desk *k = desk_new();

	/* one set of four octets, not two */
	k->limits.held_octets = 2 * (sizeof(struct vnm_held_set) + 4) - 1;
	send_data(k);
	send_data(k);
	CU_ASSERT_EQUAL(k->out.held, 0);
	CU_ASSERT_EQUAL(k->counters.parts[VNM_R_held_limit], 1);
	desk_tick(k, NOW_NS, true);
	CU_ASSERT_EQUAL(k->count, 2);
	CU_ASSERT_EQUAL(k->got[0].visibility.lost + k->got[1].visibility.lost, 2);
	desk_free(k);
}

/* One part at once, the other when its template comes: then the whole message is ok. */
static void
test_held_in_part(void)
{
	struct desk *k = desk_new();
	struct pen w = pen_ipfix(1);

	send_template(k, false);
	pen_begin_set(&w, 256);
	PUT16(&w, 1, 2);
	pen_begin_set(&w, 257);
	PUT16(&w, 3);
	pen_send(k, &w);
	CU_ASSERT_EQUAL(k->count, 1);
	CU_ASSERT_EQUAL(k->counters.outcome[VNM_OUTCOME_HELD], 1);
	k->rx_ns += 5;
	w = pen_ipfix(1);
	pen_begin_set(&w, 2);
	PUT16(&w, 257, 1, 7, 2);
	pen_send(k, &w);
	CU_ASSERT_EQUAL(k->count, 1);
	CU_ASSERT_EQUAL(k->got[0].flow.src_port, 3);
	CU_ASSERT_EQUAL(k->got[0].env.observed_ns, NOW_NS); /* when it came, not when it was read */
	CU_ASSERT_EQUAL(k->counters.outcome[VNM_OUTCOME_OK], 1);
	CU_ASSERT_EQUAL(k->counters.outcome[VNM_OUTCOME_HELD], 0);
	CU_ASSERT_EQUAL(k->out.emitted, 0); /* it was not this message's record */
	desk_free(k);
}

/* ---- fields
 * ------------------------------------------------------------------------------------------ */

static void
test_both_families(void)
{
	struct desk *k = desk_new();
	struct pen w = pen_ipfix(1);

	pen_begin_set(&w, 2);
	PUT16(&w, 256, 2, 27, 16, 8, 4);
	pen_begin_set(&w, 256);
	for (int i = 0; i < 16; i++)
		pen_put(&w, 0, 1);
	pen_put(&w, 0x0a000001, 4);
	pen_put(&w, 0x20010db8, 4);
	pen_put(&w, 0, 8);
	pen_put(&w, 9, 4);
	pen_put(&w, 0, 4);
	pen_send(k, &w);
	CU_ASSERT_EQUAL(k->count, 2);
	CU_ASSERT_EQUAL(k->got[0].flow.src_addr.family, VNM_ADDR_IP4);
	CU_ASSERT_EQUAL(k->got[0].flow.src_addr.b[3], 1);
	CU_ASSERT_EQUAL(k->got[1].flow.src_addr.family, VNM_ADDR_IP6);
	CU_ASSERT_EQUAL(k->got[1].flow.src_addr.b[15], 9);
	desk_free(k);
}

/* ICMP's type and code of both families in one template, those of the other one 0. */
static void
test_icmp_of_both_families(void)
{
	struct desk *k = desk_new();
	struct pen w = pen_ipfix(1);

	pen_begin_set(&w, 2);
	PUT16(&w, 256, 3, 4, 1, 32, 2, 139, 2);
	PUT16(&w, 257, 5, 4, 1, 176, 1, 177, 1, 178, 1, 179, 1);
	pen_begin_set(&w, 256);
	pen_put(&w, 1, 1);
	PUT16(&w, 0x0301, 0); /* port unreachable is 3, 3; host unreachable 3, 1 */
	pen_put(&w, 58, 1);
	PUT16(&w, 0, 0x8000); /* echo request */
	pen_put(&w, 6, 1);
	PUT16(&w, 0, 0); /* no ICMP at all */
	pen_begin_set(&w, 257);
	pen_put(&w, 0x0103010000, 5);
	pen_put(&w, 0x3a00008700, 5); /* neighbour solicitation */
	pen_send(k, &w);
	CU_ASSERT_EQUAL_FATAL(k->count, 5);
	CU_ASSERT_EQUAL(k->got[0].flow.icmp_type, 3);
	CU_ASSERT_EQUAL(k->got[0].flow.icmp_code, 1);
	CU_ASSERT_EQUAL(k->got[1].flow.icmp_type, 128);
	CU_ASSERT_FALSE(VNM_HAS(&k->got[2], flow, icmp_type));
	CU_ASSERT_EQUAL(k->got[3].flow.icmp_type, 3);
	CU_ASSERT_EQUAL(k->got[3].flow.icmp_code, 1);
	CU_ASSERT_EQUAL(k->got[4].flow.icmp_type, 135);
	CU_ASSERT_EQUAL(k->got[4].flow.icmp_code, 0);
	desk_free(k);
}

static void
test_numbers(void)
{
	struct desk *k = desk_new();
	struct pen w = pen_ipfix(1);

	/* a port in 4 octets, octets in 3, an AS in 2, an interface of 0, labels, a VXLAN */
	pen_begin_set(&w, 2);
	PUT16(&w, 256, 7, 7, 4, 1, 3, 16, 2, 10, 4, 70, 3, 71, 3, 351, 8);
	pen_begin_set(&w, 256);
	pen_put(&w, 53, 4);
	pen_put(&w, 0x010203, 3);
	pen_put(&w, 64512, 2);
	pen_put(&w, 0, 4);
	pen_put(&w, 100 << 4, 3);
	pen_put(&w, 200 << 4 | 1, 3);
	pen_put(&w, 0x0100000000001388, 8);
	pen_put(&w, 70000, 4); /* no port */
	pen_put(&w, 1, 3);
	pen_put(&w, 0, 2);
	pen_put(&w, 5, 4);
	pen_put(&w, 0, 6);
	pen_put(&w, 0x0200000000000001, 8);
	pen_send(k, &w);
	CU_ASSERT_EQUAL_FATAL(k->count, 2);
	const struct vnm_record *r = &k->got[0];
	CU_ASSERT_EQUAL(r->flow.src_port, 53);
	CU_ASSERT_EQUAL(r->flow.octets, 0x010203);
	CU_ASSERT_EQUAL(r->flow.src_as, 64512);
	CU_ASSERT_FALSE(VNM_HAS(r, flow, in_if));
	CU_ASSERT_EQUAL(r->flow.mpls_labels.n, 2);
	CU_ASSERT_EQUAL(r->flow.vni, 5000);
	CU_ASSERT_TRUE(vnm_str_is(r->flow.tunnel_type, "vxlan"));
	r = &k->got[1];
	CU_ASSERT_FALSE(VNM_HAS(r, flow, src_port));
	CU_ASSERT_EQUAL(k->counters.parts[VNM_R_field_range], 1);
	CU_ASSERT_EQUAL(r->flow.ie.n, 1);
	CU_ASSERT_FALSE(VNM_HAS(r, flow, src_as));
	CU_ASSERT_EQUAL(r->flow.in_if, 5);
	CU_ASSERT_FALSE(VNM_HAS(r, flow, mpls_labels));
	CU_ASSERT_TRUE(vnm_str_is(r->flow.tunnel_type, "nvgre"));
	desk_free(k);
}

static void
test_times(void)
{
	struct desk *k = desk_new();
	struct pen w = pen_ipfix(1);

	pen_begin_set(&w, 2);
	PUT16(&w, 256, 2, 158, 4, 159, 4, 257, 2, 150, 4, 162, 4, 258, 1, 156, 8);
	pen_begin_set(&w, 256);
	pen_put(&w, 1500000, 4);
	pen_put(&w, 500000, 4);
	pen_begin_set(&w, 257);
	pen_put(&w, 1600000000, 4);
	pen_put(&w, 2500, 4);
	pen_begin_set(&w, 258);
	pen_put(&w, 1, 4); /* one second of NTP's second era: 7 February 2036, 06:28:17 */
	pen_put(&w, 0x80000000, 4);
	pen_send(k, &w);
	CU_ASSERT_EQUAL_FATAL(k->count, 3);
	CU_ASSERT_EQUAL(k->got[0].flow.flow_start_ns, NOW_NS - 1500 * VNM_NS_PER_MS);
	CU_ASSERT_EQUAL(k->got[0].flow.flow_end_ns, NOW_NS - 500 * VNM_NS_PER_MS);
	CU_ASSERT_EQUAL(k->got[1].flow.flow_start_ns, 1600000000ULL * VNM_NS_PER_S);
	CU_ASSERT_EQUAL(k->got[1].flow.flow_end_ns, 1600000000002500000ULL);
	CU_ASSERT_EQUAL(k->got[2].flow.flow_start_ns, 2085978497500000000ULL);
	w = pen_ipfix(1);
	pen_begin_set(&w, 258); /* no time at all (RFC 5905 section 6) */
	pen_put(&w, 0, 8);
	pen_send(k, &w);
	CU_ASSERT_EQUAL(k->count, 1);
	CU_ASSERT_FALSE(VNM_HAS(&k->got[0], flow, flow_start_ns));
	desk_free(k);
}

/* ---- structured data
 * -------------------------------------------------------------------------------- */

static void
test_lists(void)
{
	struct desk *k = desk_new();
	struct pen w = pen_ipfix(1);

	pen_begin_set(&w, 2);
	PUT16(
	    &w, 256, 1, 291, VARLEN, 257, 1, 292, VARLEN, 258, 1, 293, VARLEN, 300, 2, 7, 2, 11, 2);
	pen_begin_set(&w, 256); /* basicList: allOf, three ports */
	pen_put(&w, 11, 1);
	pen_put(&w, 3, 1);
	PUT16(&w, 7, 2, 80, 443, 8080);
	pen_begin_set(&w, 257); /* subTemplateList: two records of template 300 */
	pen_put(&w, 11, 1);
	pen_put(&w, 3, 1);
	PUT16(&w, 300, 1, 2, 3, 4);
	pen_begin_set(&w, 258); /* subTemplateMultiList: one record of template 300 */
	pen_put(&w, 9, 1);
	pen_put(&w, 3, 1);
	PUT16(&w, 300, 8, 5, 6);
	pen_send(k, &w);
	CU_ASSERT_EQUAL_FATAL(k->count, 3);
	CU_ASSERT_EQUAL(k->out.faults, 0);
	CU_ASSERT_EQUAL(k->listed_count, 2); /* of the last */
	CU_ASSERT_EQUAL(k->listed[0], 5);
	CU_ASSERT_EQUAL(k->listed[1], 6);
	CU_ASSERT_EQUAL(k->got[0].flow.ie.n, 1);

	w = pen_ipfix(1);
	pen_begin_set(&w, 257);
	pen_put(&w, 11, 1);
	pen_put(&w, 3, 1);
	PUT16(&w, 300, 1, 2, 3, 4);
	pen_send(k, &w);
	CU_ASSERT_EQUAL(k->listed_count, 4);
	CU_ASSERT_EQUAL(k->listed[3], 4);

	w = pen_ipfix(1);
	pen_begin_set(&w, 257); /* nothing, of a template that never came */
	pen_put(&w, 3, 1);
	pen_put(&w, 255, 1);
	PUT16(&w, 999);
	pen_send(k, &w);
	CU_ASSERT_EQUAL(k->count, 1);
	CU_ASSERT_EQUAL(k->out.faults, 0);

	w = pen_ipfix(1);
	pen_begin_set(&w, 256); /* an element of no length would never end */
	pen_put(&w, 6, 1);
	pen_put(&w, 3, 1);
	PUT16(&w, 7, 0);
	pen_put(&w, 0, 1);
	pen_send(k, &w);
	CU_ASSERT_EQUAL(k->count, 1);
	CU_ASSERT_EQUAL(k->counters.parts[VNM_R_list_malformed], 1);
	desk_free(k);
}

/* ---- options data
 * --------------------------------------------------------------------------------------- */

static void
test_names(void)
{
	struct desk *k = desk_new();
	struct pen w = pen_ipfix(1);

	pen_begin_set(&w, 3);
	PUT16(&w, 300, 2, 1, 10, 4, 82, 4, 301, 2, 1, 95, 4, 96, VARLEN, 302, 2, 1, 234, 4, 236, 4);
	pen_begin_set(&w, 2);
	PUT16(&w, 256, 1, 10, 4, 257, 1, 95, 4, 258, 1, 234, 4);
	pen_begin_set(&w, 300);
	pen_put(&w, 7, 4);
	pen_put(&w, 0x67653000, 4); /* "ge0" and a zero */
	pen_begin_set(&w, 301);
	pen_put(&w, 0x0d000001, 4);
	pen_put(&w, 3, 1);
	pen_put(&w, 0x646e73, 3);
	pen_begin_set(&w, 302);
	pen_put(&w, 9, 4);
	pen_put(&w, 0x72656421, 4);
	pen_begin_set(&w, 256);
	pen_put(&w, 7, 4);
	pen_begin_set(&w, 257);
	pen_put(&w, 0x0d000001, 4);
	pen_begin_set(&w, 258);
	pen_put(&w, 9, 4);
	pen_send(k, &w);
	CU_ASSERT_EQUAL_FATAL(k->count, 3);
	CU_ASSERT_STRING_EQUAL(k->text[0], "ge0");
	CU_ASSERT_STRING_EQUAL(k->text[1], "dns");
	CU_ASSERT_STRING_EQUAL(k->text[2], "red!");
	CU_ASSERT_EQUAL(k->counters.v[VNM_C_options_records], 3);
	desk_free(k);
}

/* RFC 5610: element 5 of enterprise 4711 is a string (13). */
static void
test_types(void)
{
	struct desk *k = desk_new();
	struct pen w = pen_ipfix(1);

	pen_begin_set(&w, 2);
	PUT16(&w, 256, 1, 0x8005, 4);
	pen_put(&w, 4711, 4);
	pen_begin_set(&w, 256);
	pen_put(&w, 0x61626364, 4);
	pen_send(k, &w);
	CU_ASSERT_EQUAL(k->got[0].flow.ie.n, 1);
	w = pen_ipfix(1);
	pen_begin_set(&w, 3);
	PUT16(&w, 300, 3, 2, 346, 4, 303, 2, 339, 1);
	pen_begin_set(&w, 300);
	pen_put(&w, 4711, 4);
	pen_put(&w, 0x8005, 2);
	pen_put(&w, 13, 1);
	pen_send(k, &w);
	const struct vnm_flow_state *s = k->x.state;
	const struct vnm_learnt_entry *e = vnm_learnt_get(
	    &s->learnt, VNM_LEARNT_IE_TYPE, vnm_flow_scope(s->domains[0]), 4711ULL << 16 | 5);
	CU_ASSERT_PTR_NOT_NULL_FATAL(e);
	CU_ASSERT_EQUAL(e->number, VNM_IE_STRING);
	w = pen_ipfix(1);
	pen_begin_set(
	    &w, 300); /* the same as a basicList: of which sort of list it is nobody knows */
	pen_put(&w, 4712, 4);
	pen_put(&w, 0x8005, 2);
	pen_put(&w, 20, 1);
	pen_send(k, &w);
	CU_ASSERT_PTR_NULL(vnm_learnt_get(
	    &s->learnt, VNM_LEARNT_IE_TYPE, vnm_flow_scope(s->domains[0]), 4712ULL << 16 | 5));
	desk_free(k);
}

/* What an exporting process says of itself holds for all its domains; a domain's is its own. */
static void
test_scope_of_rates(void)
{
	struct desk *k = desk_new();

	for (uint16_t element = 144; element <= 149; element += 5) {
		struct pen w = pen_ipfix(element);
		pen_begin_set(&w, 3);
		PUT16(&w, 300, 2, 1, element, 4, 34, 4);
		pen_begin_set(&w, 300);
		pen_put(&w, element, 4);
		pen_put(&w, element, 4); /* 1 in 144 or 149 */
		pen_send(k, &w);
	}
	send_template(k, false); /* domain 1 */
	send_data(k);
	CU_ASSERT_EQUAL(k->got[0].env.sampling_interval, 144);
	CU_ASSERT_TRUE(vnm_str_is(k->got[0].env.sampling_origin, "exporter"));
	desk_free(k);
}

/* Two samplers of different rates: a record that names none has no rate. */
static void
test_samplers_in_doubt(void)
{
	struct desk *k = desk_new();
	struct pen w = pen_ipfix(1);

	pen_begin_set(&w, 3);
	PUT16(&w, 300, 2, 1, 302, 4, 34, 4);
	pen_begin_set(&w, 300);
	pen_put(&w, 1, 4);
	pen_put(&w, 100, 4);
	pen_send(k, &w);
	send_template(k, false);
	send_data(k);
	CU_ASSERT_TRUE(VNM_HAS(&k->got[0], env, sampling_interval));
	CU_ASSERT_EQUAL(k->got[0].env.sampling_interval, 100);
	w = pen_ipfix(1);
	pen_begin_set(&w, 300);
	pen_put(&w, 2, 4);
	pen_put(&w, 4000, 4);
	pen_send(k, &w);
	send_data(k);
	CU_ASSERT_FALSE(VNM_HAS(&k->got[0], env, sampling_interval));
	desk_free(k);
}

/* ---- messages
 * ------------------------------------------------------------------------------------------ */

static void
test_two_messages_in_a_datagram(void)
{
	struct desk *k = desk_new();
	struct pen a = pen_ipfix(1), b = pen_ipfix(2);

	send_template(k, false);
	pen_begin_set(&a, 256);
	PUT16(&a, 1, 2);
	pen_end_set(&a);
	a.p[3] = (uint8_t)a.n;
	pen_begin_set(&b, 2);
	PUT16(&b, 256, 1, 11, 2);
	pen_begin_set(&b, 256);
	PUT16(&b, 9);
	pen_end_set(&b);
	b.p[3] = (uint8_t)b.n;
	memcpy(a.p + a.n, b.p, b.n);
	CU_ASSERT_EQUAL(desk_give(k, a.p, a.n + b.n), VNM_OK);
	CU_ASSERT_EQUAL(k->count, 2);
	CU_ASSERT_EQUAL(k->got[0].env.observation_domain_id, 1);
	CU_ASSERT_EQUAL(k->got[1].env.observation_domain_id, 2);
	CU_ASSERT_EQUAL(k->got[1].flow.dst_port, 9);
	desk_free(k);
}

static void
test_frames(void)
{
	const struct vnm_decoder *d = vnm_decoder_find("flow");
	static const uint8_t good[] = {0, 10, 1, 2}, short_one[] = {0, 10, 0, 15},
			     other[] = {0, 9, 1, 2};

	CU_ASSERT_EQUAL(d->frame(good, 3), 0);
	CU_ASSERT_EQUAL(d->frame(good, 4), 0x102);
	CU_ASSERT_EQUAL(d->frame(short_one, 4), VNM_FRAME_BAD);
	CU_ASSERT_EQUAL(d->frame(other, 4), VNM_FRAME_BAD);
}

CU_TestInfo suite_flow[] = {{"withdrawal on a stream", test_withdrawal_on_a_stream},
    {"redefinition on a stream", test_redefinition_on_a_stream},
    {"streams apart", test_streams_apart},
    {"loss at the end of a stream", test_loss_at_the_end_of_a_stream},
    {"fallback in doubt", test_fallback_in_doubt}, {"limit of templates", test_limit_of_templates},
    {"lifetime of templates", test_lifetime}, {"too many fields", test_too_many_fields},
    {"held too long", test_held_too_long}, {"held too much", test_held_too_much},
    {"held in part", test_held_in_part}, {"both address families", test_both_families},
    {"ICMP of both families", test_icmp_of_both_families}, {"numbers", test_numbers},
    {"times", test_times}, {"structured data", test_lists}, {"names from options", test_names},
    {"types from options", test_types}, {"samplers in doubt", test_samplers_in_doubt},
    {"scope of rates", test_scope_of_rates},
    {"two messages in a datagram", test_two_messages_in_a_datagram}, {"frames", test_frames},
    CU_TEST_INFO_NULL};
