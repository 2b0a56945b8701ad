/*
 * Which device a notification is of. The first of these that names a node:
 *
 *   1. snmpTrapAddress.0, or a version 1 trap's agent-addr (RFC 3584 section 3.1): agent_addr
 *   2. the engine of the context, if it is not the authoritative one: that of a trap is its
 *      sender's, so that a proxy sends it for another (RFC 3413 section 3.5); that of an inform
 *      is its receiver's
 *   3. the source address of the message
 *   4. the engine of the context, if it is the sender's own, and the sender's engine (programs
 *      that send traps for a device may have a context of their own). They come last since
 *      machines that were copied have one id, which then stands with one of them only.
 *
 * An engine is that of the node that lists its id. Where none does, an address that the id holds
 * is a hint, for an agent chose it when it began and keeps it: of a proxy's trap before the
 * proxy's address, else behind all that is known better.
 */
#include "topology/correlate.h"

#include "base/engine_id.h"

/* What a notification says of engines; n is 0 where it says nothing. */
struct engines {
	struct vnm_slice context; /* not the receiver's own */
	struct vnm_slice sender;
	bool foreign; /* the context's is not the authoritative one */
};

static struct engines
engines_of(const struct vnm_record *r)
{
	bool inform = VNM_HAS(r, alarm, pdu_type) && vnm_str_is(r->alarm.pdu_type, "inform");
	struct vnm_slice authoritative = {0};
	struct engines e = {0};

	if (VNM_HAS(r, alarm, engine_id))
		authoritative = r->alarm.engine_id;
	if (VNM_HAS(r, alarm, context_engine_id))
		e.context = r->alarm.context_engine_id;
	e.foreign = e.context.n > 0 && !vnm_slice_equal(e.context, authoritative);
	if (!inform)
		e.sender = authoritative;
	else if (!e.foreign)
		e.context.n = 0;
	return e;
}

/* The node whose engine it is; `hint`: or else the one with the address in its id. */
static uint32_t
by_engine(const struct vnm_topology *t, struct vnm_record *r, struct vnm_slice id, bool hint,
    struct vnm_str origin)
{
	uint32_t node = id.n > 0 ? vnm_topology_engine_node(t, id) : VNM_NONE;
	struct vnm_addr addr;

	if (node != VNM_NONE) {
		VNM_SET(r, alarm, source_origin, origin);
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
	const struct vnm_str context = VNM_STR("context-engine"), sender = VNM_STR("sender-engine");
	const struct engines e = engines_of(r);
	uint32_t node = VNM_NONE;

	if (VNM_HAS(r, env, agent_addr))
		node = vnm_node_by_addr(t, &r->env.agent_addr);
	if (node != VNM_NONE)
		return (struct vnm_sender){node, VNM_MATCH_IP};
	if (e.foreign)
		node = by_engine(t, r, e.context, e.sender.n > 0, context);
	if (node != VNM_NONE)
		return (struct vnm_sender){node, VNM_MATCH_ENGINE_ID};
	if (VNM_HAS(r, env, exporter_addr))
		node = vnm_node_by_addr(t, &r->env.exporter_addr);
	if (node != VNM_NONE)
		return (struct vnm_sender){node, VNM_MATCH_IP};
	node = by_engine(t, r, e.context, true, context);
	if (node == VNM_NONE)
		node = by_engine(t, r, e.sender, true, sender);
	return (struct vnm_sender){node, VNM_MATCH_ENGINE_ID};
}
