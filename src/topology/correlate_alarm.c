/*
 * Which device a notification is of. The first of these that names a node:
 *
 *   1. snmpTrapAddress.0, or a version 1 trap's agent-addr (RFC 3584 section 3.1): agent_addr
 *   2. the engine of the context, if it is not the authoritative one: that of a trap is its
 *      sender's, so that a proxy sends it for another (RFC 3413 section 3.5); that of an inform
 *      is its receiver's
 *   3. the source address of the message
 *   4. the engine of the context, if it is the sender's own. It comes last since machines that
 *      were copied have one id, which then stands with one of them only.
 *
 * An engine is that of the node that lists its id. Where none does, an address that the id holds
 * is a hint, for an agent chose it when it began and keeps it: of a proxy's trap before the
 * proxy's address, else behind all that is known better.
 */
#include "topology/correlate.h"

#include "base/engine_id.h"

/* What a notification says of engines. */
struct engines {
	struct vnm_slice context; /* n is 0: none, or the receiver's own */
	bool foreign;		  /* it is not the authoritative one */
	bool proxied;		  /* nor is it the sender's */
};

static struct engines
engines_of(const struct vnm_record *r)
{
	bool inform = VNM_HAS(r, alarm, pdu_type) && vnm_str_is(r->alarm.pdu_type, "inform");
	struct engines e = {0};

	if (!VNM_HAS(r, alarm, context_engine_id))
		return e;
	e.context = r->alarm.context_engine_id;
	e.foreign = !VNM_HAS(r, alarm, engine_id) || r->alarm.engine_id.n != e.context.n ||
		    memcmp(r->alarm.engine_id.p, e.context.p, e.context.n) != 0;
	e.proxied = e.foreign && !inform;
	if (inform && !e.foreign)
		e.context.n = 0;
	return e;
}

/* The node that the context's engine is; `hint`: or has its address. */
static uint32_t
by_engine(const struct vnm_topology *t, struct vnm_record *r, struct vnm_slice id, bool hint)
{
	uint32_t node = vnm_topology_engine_node(t, id);
	struct vnm_addr addr;

	if (node != VNM_NONE) {
		VNM_SET(r, alarm, source_origin, VNM_STR("context-engine"));
	} else if (hint && vnm_engine_id_addr(id, &addr)) {
		node = vnm_node_by_addr(t, &addr);
		if (node != VNM_NONE)
			VNM_SET(r, alarm, source_origin, VNM_STR("engine-address"));
	}
	return node;
}

struct vnm_sender
vnm_correlate_alarm_sender(const struct vnm_topology *t, struct vnm_record *r)
{
	const struct engines e = engines_of(r);
	uint32_t node = VNM_NONE;

	if (VNM_HAS(r, env, agent_addr))
		node = vnm_node_by_addr(t, &r->env.agent_addr);
	if (node != VNM_NONE)
		return (struct vnm_sender){node, VNM_MATCH_IP};
	if (e.foreign)
		node = by_engine(t, r, e.context, e.proxied);
	if (node != VNM_NONE)
		return (struct vnm_sender){node, VNM_MATCH_ENGINE_ID};
	if (VNM_HAS(r, env, exporter_addr))
		node = vnm_node_by_addr(t, &r->env.exporter_addr);
	if (node == VNM_NONE && e.context.n > 0)
		return (struct vnm_sender){by_engine(t, r, e.context, true), VNM_MATCH_ENGINE_ID};
	return (struct vnm_sender){node, VNM_MATCH_IP};
}
