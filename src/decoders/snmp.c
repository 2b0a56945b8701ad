/*
 * SNMP (RFC 1157, 1901, 3411 to 3418, 3430, 3584): notifications become alarms, what agents
 * answered becomes interfaces and rows of tables. Requests, which a capture has too, are
 * understood and give nothing.
 */
#include "decoders/snmp.h"

#include "base/alloc.h"

#include <assert.h>

#define VARBINDS_MAX 8192 /* of one message */
#define VARBIND_OCTETS 7  /* of the shortest one */

static const struct vnm_option snmp_options[] = {VNM_SNMP_OPTIONS(VNM_OPTION_ROW) VNM_OPTION_END};

/* Of a replay without a configuration: whoever speaks versions 1 and 2c is heard. */
static const struct vnm_snmp_options no_options = {
    .repeat_time = 300000000000ULL, .repeats = 4096, .keys = 16384, .any_community = true};

/* ---- options --------------------------------------------------------------------------------- */

static bool
lists(const struct vnm_strings *s, const char *text)
{
	for (uint32_t i = 0; i < s->n; i++) {
		if (strcmp(s->p[i], text) == 0)
			return true;
	}
	return false;
}

/* Marks the users of that name, one for each engine: how many there are. */
static uint32_t
take_users(struct vnm_snmp_options *o, const char *name)
{
	struct vnm_slice wanted = {(const uint8_t *)name, strlen(name)};
	uint32_t n = 0;

	for (uint32_t i = 0; i < o->access->user_count; i++) {
		struct vnm_slice label = o->access->users[i].label;

		if (strcmp(name, "*") != 0 && !vnm_slice_equal(label, wanted))
			continue;
		o->taken[i / 8] |= (uint8_t)(1U << i % 8);
		n++;
	}
	return n;
}

/* Whether a listener's community is the name that the configuration has for another one. */
static bool
is_label(const struct vnm_snmp_access *a, const char *community)
{
	struct vnm_slice text = {(const uint8_t *)community, strlen(community)};

	for (uint32_t i = 0; i < a->community_count; i++) {
		if (vnm_slice_equal(a->communities[i].label, text))
			return vnm_snmp_access_community(a, text) == NULL;
	}
	return false;
}

static int
prepare(void *options, const struct vnm_decoder_setting *setting, struct vnm_err *err)
{
	struct vnm_snmp_options *o = options;
	bool nobody = o->communities.n == 0 && o->users.n == 0;

	if (nobody && setting->live)
		return vnm_err_text(err,
		    "it takes neither `communities` nor `users`: it would refuse every message");
	o->access = setting->snmp;
	o->any_community = lists(&o->communities, "*") || nobody;
	if (o->access == NULL)
		return o->users.n == 0 ? 0
				       : vnm_err_text(err, "`users`: there are none in snmp.users");
	o->taken = vnm_alloc_zero(o->access->user_count / 8 + 1, 1);
	if (o->taken == NULL)
		return vnm_err_text(err, "out of memory");
	for (uint32_t i = 0; i < o->communities.n; i++) {
		if (is_label(o->access, o->communities.p[i]))
			return vnm_err_text(err,
			    "`communities`: `%s` is a name in snmp.communities: it wants the "
			    "community itself",
			    o->communities.p[i]);
	}
	if (nobody)
		(void)take_users(o, "*");
	for (uint32_t i = 0; i < o->users.n; i++) {
		if (take_users(o, o->users.p[i]) == 0)
			return vnm_err_text(err, "`users`: no `%s` in snmp.users", o->users.p[i]);
	}
	return 0;
}

static void
release(void *options)
{
	struct vnm_snmp_options *o = options;

	vnm_free(o->taken);
	o->taken = NULL;
}

/* ---- a message ------------------------------------------------------------------------------- */

/*
 * The variables into scratch memory. One has seven octets at the least, and each octet of a list
 * can become at the most one number.
 */
static enum vnm_reason
read_varbinds(struct vnm_snmp_call *c)
{
	size_t octets = c->pdu->octets.n, most = octets / VARBIND_OCTETS + 1;
	struct vnm_varbind_room room = {
	    .cap = (uint32_t)(most < VARBINDS_MAX ? most : VARBINDS_MAX),
	    .id_cap = (uint32_t)octets + VNM_VARBIND_IDS,
	};

	room.id_cap += room.cap;
	room.p = vnm_scratch_take(c->out->scratch, room.cap * sizeof(*room.p));
	room.ids = vnm_scratch_take(c->out->scratch, room.id_cap * sizeof(*room.ids));
	if (room.p == NULL || room.ids == NULL)
		return VNM_R_scratch_full;
	(void)vnm_varbinds_read(&c->pdu->varbinds, &room, &c->m.odd);
	c->v = room.p;
	c->n = room.n;
	if (c->pdu->varbinds.bad)
		vnm_out_fault(c->out, VNM_R_varbind_malformed);
	else if (vnm_reader_left(&c->pdu->varbinds) != 0)
		vnm_out_fault(c->out, VNM_R_varbind_limit);
	return VNM_OK;
}

enum vnm_reason
vnm_snmp_find_objects(struct vnm_snmp_call *c, uint32_t first)
{
	struct vnm_snmp_object *o = vnm_scratch_take(c->out->scratch, c->n * sizeof(*o));

	if (o == NULL)
		return VNM_R_scratch_full;
	for (uint32_t i = first; i < c->n; i++)
		o[i] =
		    i == first
			? vnm_snmp_object_again(c->mib, c->v[i].name, &c->state->last_object)
			: vnm_snmp_object_after(c->mib, c->v[i - 1].name, &o[i - 1], c->v[i].name);
	c->objects = o;
	return VNM_OK;
}

static enum vnm_reason
decode_pdu(struct vnm_snmp_call *c)
{
	enum vnm_reason reason;

	switch (c->pdu->type) {
	case VNM_PDU_TRAP_V1:
	case VNM_PDU_TRAP:
	case VNM_PDU_INFORM:
		reason = read_varbinds(c);
		return reason == VNM_OK ? vnm_snmp_alarm(c) : reason;
	case VNM_PDU_RESPONSE:
		reason = read_varbinds(c);
		if (reason == VNM_OK)
			reason = vnm_snmp_find_objects(c, 0);
		return reason == VNM_OK ? vnm_snmp_response(c) : reason;
	default: /* a manager's requests, and Reports */
		c->out->good++;
		return VNM_OK;
	}
}

static enum vnm_reason
decode_message(struct vnm_snmp_call *c)
{
	struct vnm_reader *pdu = c->m.version == VNM_SNMP_V3 ? &c->scoped.pdu : &c->m.pdu;
	enum vnm_reason reason = vnm_snmp_authorise(c);

	if (reason != VNM_OK || c->answered)
		return reason;
	reason = vnm_pdu_read(pdu, c->pdu, &c->m.odd);
	if (reason == VNM_OK)
		reason = vnm_snmp_check_level(c);
	return reason == VNM_OK ? decode_pdu(c) : reason;
}

static enum vnm_reason
decode(struct vnm_exporter *x, const struct vnm_datagram *d, struct vnm_out *out)
{
	struct vnm_pdu pdu;
	struct vnm_snmp_call c = {
	    .options = x->options != NULL ? x->options : &no_options,
	    .state = x->state,
	    .d = d,
	    .out = out,
	    .mib = vnm_out_mib(out),
	    .pdu = &pdu,
	};
	enum vnm_reason reason;

	VNM_SET(out->rec, env, decoder, VNM_STR("snmp"));
	vnm_out_base(out);
	reason = vnm_snmp_read(d->p, d->n, &c.m);
	if (reason == VNM_OK)
		reason = decode_message(&c);
	if (c.m.odd != 0)
		vnm_out_count(out, VNM_C_encodings_odd, 1);
	return reason;
}

/* A message longer than any is no message (RFC 3430 section 2.2: its length is BER's). */
static size_t
frame(const uint8_t *p, size_t n)
{
	size_t size = vnm_ber_frame(p, n, VNM_BER_SEQUENCE);

	if (size == VNM_BER_FRAME_BAD || size > VNM_SNMP_MESSAGE_MAX)
		return VNM_FRAME_BAD;
	return size;
}

static void
close_source(struct vnm_exporter *x, struct vnm_counters *counters)
{
	struct vnm_snmp_state *s = x->state;

	(void)counters;
	vnm_usm_store_clear(&s->usm);
	vnm_snmp_recent_free(&s->informs);
	vnm_snmp_recent_free(&s->alarms);
}

const struct vnm_decoder vnm_snmp_decoder = {
    .name = "snmp",
    .summary = "SNMP v1, v2c and v3: traps, informs and what agents answer",
    .ports = {161, 162},
    .state_size = sizeof(struct vnm_snmp_state),
    .answers = true,
    .probe = vnm_snmp_probe,
    .frame = frame,
    .decode = decode,
    .close = close_source,
    .options = snmp_options,
    .options_size = sizeof(struct vnm_snmp_options),
    .prepare = prepare,
    .release = release,
};
