/*
 * Traps and informs as alarms: what was sent, where it really comes from (RFC 3584 section 3.1),
 * and what it means by snmp_alarms.def.
 */
#include "decoders/snmp_alarm.h"

#include "base/clock.h"

/* ---- what was sent --------------------------------------------------------------------------- */

static const uint32_t sys_up_time[] = {1, 3, 6, 1, 2, 1, 1, 3, 0};
static const uint32_t snmp_traps[] = {1, 3, 6, 1, 6, 3, 1, 1, 5};
static const uint32_t trap_oid[] = {1, 3, 6, 1, 6, 3, 1, 1, 4, 1, 0};
static const uint32_t trap_enterprise[] = {1, 3, 6, 1, 6, 3, 1, 1, 4, 3, 0};
static const uint32_t trap_address[] = {1, 3, 6, 1, 6, 3, 18, 1, 3, 0};

enum { GENERIC_MAX = 5 };

/* A notification's name, and its variables but for those that only say what it is. */
struct notification {
	struct vnm_oid oid; /* n is 0: it has none */
	struct vnm_oid enterprise;
	struct vnm_addr address; /* snmpTrapAddress */
	uint32_t uptime;
	bool has_uptime;
	uint32_t first; /* variable behind sysUpTime and snmpTrapOID */
	uint32_t *ids;	/* room for VNM_OID_MAX and two more */
};

static bool
is_known(const struct vnm_snmp_call *c, struct vnm_oid oid)
{
	struct vnm_oid rest;
	const struct vnm_mib_object *o = vnm_mib_find(c->mib, oid, &rest);

	return o != NULL && o->kind == VNM_MIB_NOTIFICATION && rest.n == 0;
}

/*
 * A version 1 trap's name by RFC 3584 section 3.1: a generic one's is its own, another's is
 * enterprise.0.specific. Where the enterprise ends in 0 already, agents mean enterprise.specific,
 * if that is what the catalogue has.
 */
static void
name_v1(const struct vnm_snmp_call *c, struct notification *n)
{
	struct vnm_oid e = c->pdu->enterprise;
	uint32_t specific = (uint32_t)c->pdu->specific;

	if (c->pdu->generic >= 0 && c->pdu->generic <= GENERIC_MAX) {
		memcpy(n->ids, snmp_traps, sizeof(snmp_traps));
		n->ids[VNM_ARRAY_LEN(snmp_traps)] = (uint32_t)c->pdu->generic + 1;
		n->oid = (struct vnm_oid){n->ids, VNM_ARRAY_LEN(snmp_traps) + 1};
		return;
	}
	memcpy(n->ids, e.v, e.n * sizeof(*e.v));
	n->ids[e.n] = 0;
	n->ids[e.n + 1] = specific;
	n->oid = (struct vnm_oid){n->ids, e.n + 2};
	if (e.v[e.n - 1] == 0 && !is_known(c, n->oid)) {
		n->ids[e.n] = specific;
		if (is_known(c, (struct vnm_oid){n->ids, e.n + 1}))
			n->oid.n = e.n + 1;
		else
			n->ids[e.n] = 0;
	}
}

/* What a notification says of itself; proxies add the rest at the end (RFC 3584 section 3.1). */
static void
understand(const struct vnm_snmp_call *c, struct notification *n)
{
	bool v1 = c->pdu->type == VNM_PDU_TRAP_V1; /* has neither among its variables */

	for (uint32_t i = 0; i < c->n; i++) {
		const struct vnm_varbind *v = &c->v[i];

		if (i == 0 && !v1 && v->type == VNM_BER_TIMETICKS &&
		    vnm_oid_equal(v->name, VNM_OID(sys_up_time))) {
			n->uptime = (uint32_t)v->u64;
			n->has_uptime = true;
			n->first = 1;
		} else if (v->type == VNM_BER_OID && n->oid.n == 0 &&
			   vnm_oid_equal(v->name, VNM_OID(trap_oid))) {
			n->oid = v->oid;
			n->first += i == n->first && !v1; /* elsewhere it hides no others */
		} else if (v->type == VNM_BER_OID &&
			   vnm_oid_equal(v->name, VNM_OID(trap_enterprise))) {
			n->enterprise = v->oid;
		} else if (v->type == VNM_BER_IPADDRESS && v->octets.n == 4 &&
			   vnm_oid_equal(v->name, VNM_OID(trap_address))) {
			n->address = vnm_addr_ip4(v->octets.p);
		}
	}
	if (!v1)
		return;
	n->uptime = c->pdu->uptime;
	n->has_uptime = true;
	n->enterprise = c->pdu->enterprise;
	name_v1(c, n);
}

/* ---- informs that come again ----------------------------------------------------------------- */

static uint64_t
inform_hash(const struct vnm_snmp_call *c)
{
	struct {
		struct vnm_addr addr;
		uint32_t port;
		int32_t request_id;
		uint64_t session;
	} key;

	memset(&key, 0, sizeof(key)); /* what lies between its members too */
	key.addr = c->d->src.addr;
	key.port = c->d->src.port;
	key.request_id = c->pdu->request_id;
	key.session = c->d->session;
	return vnm_hash(c->pdu->octets.n > 0 ? c->pdu->octets.p : (const uint8_t *)"",
	    c->pdu->octets.n, vnm_hash(&key, sizeof(key), 0));
}

/*
 * Whether its record is with the outputs already. One whose turn was lost comes as if it were
 * new: it has not been acknowledged.
 */
static bool
is_repeated(const struct vnm_snmp_call *c, uint64_t hash)
{
	const struct vnm_snmp_seen *seen = vnm_snmp_recent_find(&c->state->informs, hash);
	uint64_t now_ns = c->d->rx_ns;

	return seen != NULL && seen->turn > c->out->lost_turn &&
	       (now_ns < seen->at_ns || now_ns - seen->at_ns <= c->options->repeat_time);
}

static void
remember(struct vnm_snmp_call *c, uint64_t hash)
{
	struct vnm_snmp_seen *seen = vnm_snmp_recent_find(&c->state->informs, hash);

	if (seen == NULL)
		seen =
		    vnm_snmp_recent_add(&c->state->informs, hash, c->d->rx_ns, c->options->repeats);
	if (seen == NULL)
		return; /* memory is short: one that comes again gives a second record */
	seen->turn = c->out->turn;
	seen->at_ns = c->d->rx_ns;
}

/* ---- the record ------------------------------------------------------------------------------ */

static void
set_source(struct vnm_snmp_call *c, const struct notification *n, struct vnm_record *r)
{
	bool proxied = n->address.family != VNM_ADDR_NONE && !vnm_addr_is_zero(&n->address);
	bool v1 = c->pdu->type == VNM_PDU_TRAP_V1 && !vnm_addr_is_zero(&c->pdu->agent);

	if (n->address.family != VNM_ADDR_NONE)
		VNM_SET(r, alarm, trap_address, n->address);
	if (c->pdu->type == VNM_PDU_TRAP_V1) {
		if (c->pdu->agent.family != VNM_ADDR_NONE)
			VNM_SET(r, alarm, v1_agent_addr, c->pdu->agent);
		VNM_SET(r, alarm, v1_generic, c->pdu->generic);
		VNM_SET(r, alarm, v1_specific, c->pdu->specific);
	}
	if (proxied) {
		VNM_SET(r, env, agent_addr, n->address);
		VNM_SET(r, alarm, source_origin, VNM_STR("trap-address"));
	} else if (v1) {
		VNM_SET(r, env, agent_addr, c->pdu->agent);
		VNM_SET(r, alarm, source_origin, VNM_STR("agent-addr"));
	}
}

static void
set_message(const struct vnm_snmp_call *c, struct vnm_record *r)
{
	const char *level = vnm_usm_level_name(c->m.flags);

	if (c->m.version != VNM_SNMP_V3) {
		VNM_SET(r, alarm, snmp_version,
		    c->m.version == VNM_SNMP_V1 ? VNM_STR("v1") : VNM_STR("v2c"));
		VNM_SET(r, alarm, community, vnm_str_of_octets(c->m.community));
		return;
	}
	VNM_SET(r, alarm, snmp_version, VNM_STR("v3"));
	VNM_SET(r, alarm, user, vnm_str_of_octets(c->usm.user));
	VNM_SET(r, alarm, security_level, vnm_str_clean(level));
	VNM_SET(r, alarm, engine_id, c->usm.engine);
	if (c->scoped.context_engine.n > 0)
		VNM_SET(r, alarm, context_engine_id, c->scoped.context_engine);
	if (c->scoped.context_name.n > 0)
		VNM_SET(r, alarm, context_name, vnm_str_of_octets(c->scoped.context_name));
}

static void
set_pdu(struct vnm_snmp_call *c, const struct notification *n, struct vnm_record *r)
{
	struct vnm_strs odd = vnm_snmp_odd(c->out->scratch, c->m.odd);

	VNM_SET(r, alarm, pdu_type,
	    c->pdu->type == VNM_PDU_INFORM ? VNM_STR("inform") : VNM_STR("trap"));
	if (c->pdu->type != VNM_PDU_TRAP_V1)
		VNM_SET(r, alarm, request_id, c->pdu->request_id);
	if (n->has_uptime)
		VNM_SET(r, alarm, uptime, n->uptime);
	if (odd.n > 0)
		VNM_SET(r, alarm, odd, odd);
}

static void
set_names(struct vnm_snmp_call *c, const struct notification *n, struct vnm_record *r)
{
	const char *vendor = vnm_mib_vendor(n->oid);
	struct vnm_oid rest;
	const struct vnm_mib_object *o =
	    vnm_mib_find_again(c->mib, n->oid, &rest, &c->state->last_trap);
	bool known = o != NULL && o->kind == VNM_MIB_NOTIFICATION && rest.n == 0;
	struct vnm_str oid =
	    known ? vnm_mib_dotted(c->mib, o) : vnm_snmp_oid_str(c->out->scratch, n->oid);

	if (vendor == NULL)
		vendor = vnm_mib_vendor(n->enterprise);
	if (oid.n > 0)
		VNM_SET(r, alarm, trap_oid, oid);
	if (known)
		VNM_SET(r, alarm, trap_name, vnm_mib_name_str(c->mib, o));
	if (vendor != NULL)
		VNM_SET(r, alarm, vendor, vnm_str_clean(vendor));
	oid = vnm_snmp_oid_str(c->out->scratch, n->enterprise);
	if (n->enterprise.n > 0 && oid.n > 0)
		VNM_SET(r, alarm, enterprise, oid);
}

static enum vnm_reason
emit(struct vnm_snmp_call *c, const struct notification *n)
{
	struct vnm_record *r = vnm_out_begin(c->out, VNM_KIND_alarm);
	enum vnm_reason reason = vnm_snmp_find_objects(c, n->first);

	if (reason != VNM_OK)
		return reason;
	if (n->oid.n == 0)
		vnm_out_fault(c->out, VNM_R_notification_unnamed);
	set_source(c, n, r);
	set_message(c, r);
	set_pdu(c, n, r);
	set_names(c, n, r);
	vnm_snmp_judge(c, n->first, r);
	if (n->first < c->n)
		VNM_SET(r, alarm, varbinds, vnm_snmp_list(c, n->first));
	return vnm_out_emit(c->out) ? VNM_OK : VNM_R_record_limit;
}

enum vnm_reason
vnm_snmp_alarm(struct vnm_snmp_call *c)
{
	bool inform = c->pdu->type == VNM_PDU_INFORM;
	uint64_t hash = inform ? inform_hash(c) : 0;
	uint32_t ids[VNM_OID_MAX + 2];
	struct notification n = {.ids = ids};
	enum vnm_reason reason;

	understand(c, &n);
	reason = vnm_snmp_check_view(c, n.oid);
	if (reason != VNM_OK)
		return reason;
	if (inform && is_repeated(c, hash)) {
		vnm_out_count(c->out, VNM_C_informs_repeated, 1);
		c->out->good++;
	} else {
		reason = emit(c, &n);
		if (reason != VNM_OK || !inform)
			return reason;
		remember(c, hash);
	}
	vnm_snmp_acknowledge(c);
	return VNM_OK;
}
