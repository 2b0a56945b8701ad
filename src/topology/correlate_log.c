/*
 * Names log records: by the device that a message claims to be from, and by what its text names.
 *
 * Who sends: the node of the claimed name, in full or up to its first dot, else the one with the
 * claimed address, else the one with the message's source address.
 *
 * What it is about: the first of these
 *   1. the CP behind the interface that the text names, at that node	topology_match ifindex
 *   2. the VNF, VNFC or CP of a UUID in the text			name
 *   3. the one VNF that words of the text name, or its VNFC or CP	name
 *   4. the VNFC that sends					hostname, ip
 * and beside it the neighbour whose address the text names.
 */
#include "topology/correlate.h"

#define TEXT_MAX 1024 /* octets of a message that are looked at */
#define WORDS_MAX 48
#define WORD_MIN 3

/* ---- who sends ------------------------------------------------------------------------------- */

static uint32_t
node_by_hostname(const struct vnm_topology *t, struct vnm_str hostname)
{
	const struct vnm_topology_name *name = vnm_topology_name_find(t, hostname);
	const char *dot = memchr(hostname.p, '.', hostname.n);

	if (name == NULL && dot != NULL)
		name = vnm_topology_name_find(
		    t, (struct vnm_str){hostname.p, (uint32_t)(dot - hostname.p), false});
	return name != NULL ? name->node : VNM_NONE;
}

uint32_t
vnm_correlate_log_node(const struct vnm_topology *t, const struct vnm_record *r)
{
	uint32_t node = VNM_NONE;

	if (VNM_HAS(r, log, hostname))
		node = node_by_hostname(t, r->log.hostname);
	if (node == VNM_NONE && VNM_HAS(r, env, agent_addr))
		node = vnm_node_by_addr(t, &r->env.agent_addr);
	/* The address of a relay is not that of the device which it speaks for. */
	if (node == VNM_NONE && VNM_HAS(r, env, exporter_addr) && !VNM_HAS(r, log, relay))
		node = vnm_node_by_addr(t, &r->env.exporter_addr);
	return node;
}

/* ---- what the text names --------------------------------------------------------------------- */

/* Letters, digits and -_. make words; those with a digit or one of -_ may be names. */
static const uint64_t word_octets[4] = {0x03ff600000000000, 0x07fffffe87fffffe};
static const uint64_t mark_octets[4] = {0x03ff200000000000, 0x0000000080000000};

static inline bool
is_in(const uint64_t set[4], char c)
{
	uint8_t octet = (uint8_t)c;

	return (set[octet / 64] >> (octet % 64) & 1) != 0;
}

/*
 * The next word from *at on that may be a name: words of plain language are none, even where
 * something is called so. n is 0 where there is no more; *words counts all.
 */
static struct vnm_str
next_name(struct vnm_str text, uint32_t *at, unsigned *words)
{
	while (*words < WORDS_MAX) {
		uint32_t i = *at, start, marked = UINT32_MAX;

		while (i < text.n && !is_in(word_octets, text.p[i]))
			i++;
		start = i;
		for (; i < text.n && is_in(word_octets, text.p[i]); i++) {
			if (marked == UINT32_MAX && is_in(mark_octets, text.p[i]))
				marked = i;
		}
		*at = i;
		if (i == start)
			break;
		++*words;
		while (i > start && (text.p[i - 1] == '.' || text.p[i - 1] == '-'))
			i--;
		if (marked < i && i - start >= WORD_MIN)
			return (struct vnm_str){text.p + start, i - start, false};
	}
	return (struct vnm_str){0};
}

/* How exactly an identity is told: CP, VNFC, VNF. */
static unsigned
detail(const struct vnm_identity *id)
{
	return (unsigned)vnm_identity_knows(id, VNM_IDENTITY_cp_id) +
	       (unsigned)vnm_identity_knows(id, VNM_IDENTITY_vnfc_id) +
	       (unsigned)vnm_identity_knows(id, VNM_IDENTITY_vnf_id);
}

static bool
same_vnf(const struct vnm_identity *a, const struct vnm_identity *b)
{
	struct vnm_str x = a->name[VNM_IDENTITY_vnf_id], y = b->name[VNM_IDENTITY_vnf_id];

	return x.n == y.n && memcmp(x.p, y.p, x.n) == 0;
}

/* The most exact of those named, where all are of one VNF. */
static const struct vnm_identity *
named_by_words(const struct vnm_topology *t, struct vnm_str text)
{
	const struct vnm_identity *best = NULL;
	uint32_t at = 0;
	unsigned words = 0;
	struct vnm_str word;

	if (text.n > TEXT_MAX)
		text.n = TEXT_MAX;
	while ((word = next_name(text, &at, &words)).n != 0) {
		const struct vnm_topology_name *name = vnm_topology_name_find(t, word);
		const struct vnm_identity *id =
		    name != NULL ? vnm_identity_at(t, name->identity) : NULL;

		if (!vnm_identity_knows(id, VNM_IDENTITY_vnf_id))
			continue;
		if (best != NULL && !same_vnf(best, id))
			return NULL;
		if (best == NULL || detail(id) > detail(best))
			best = id;
	}
	return best;
}

static const struct vnm_identity *
named_by_ids(const struct vnm_topology *t, const struct vnm_strs *ids)
{
	for (uint32_t i = 0; i < ids->n; i++) {
		const struct vnm_topology_name *name = vnm_topology_name_find(t, ids->p[i]);
		const struct vnm_identity *id =
		    name != NULL ? vnm_identity_at(t, name->identity) : NULL;

		if (vnm_identity_knows(id, VNM_IDENTITY_vnf_id))
			return id;
	}
	return NULL;
}

static void
name_peer(const struct vnm_topology *t, struct vnm_record *r, uint32_t vl)
{
	const struct vnm_identity *id = vnm_identity_by_addr(t, &r->log.peer_addr, vl);
	uint32_t node = vnm_node_by_addr(t, &r->log.peer_addr);

	if (node != VNM_NONE)
		VNM_SET(r, log, peer_node_id, t->nodes.p[node].id);
	if (vnm_identity_knows(id, VNM_IDENTITY_vnf_id))
		VNM_SET(r, log, peer_vnf_id, id->name[VNM_IDENTITY_vnf_id]);
	if (vnm_identity_knows(id, VNM_IDENTITY_vnf_name))
		VNM_SET(r, log, peer_vnf_name, id->name[VNM_IDENTITY_vnf_name]);
	if (vnm_identity_knows(id, VNM_IDENTITY_cp_id))
		VNM_SET(r, log, peer_cp_id, id->name[VNM_IDENTITY_cp_id]);
}

static struct vnm_found
find_about(const struct vnm_topology *t, const struct vnm_record *r, uint32_t node,
    const struct vnm_topology_port *port)
{
	const struct vnm_identity *id = port != NULL ? vnm_identity_at(t, port->identity) : NULL;

	if (id != NULL)
		return (struct vnm_found){id, VNM_MATCH_IFINDEX};
	if (VNM_HAS(r, log, object_ids))
		id = named_by_ids(t, &r->log.object_ids);
	if (id == NULL && VNM_HAS(r, log, message))
		id = named_by_words(t, r->log.message);
	if (id != NULL)
		return (struct vnm_found){id, VNM_MATCH_NAME};
	if (node != VNM_NONE)
		id = vnm_identity_at(t, t->nodes.p[node].identity);
	if (id == NULL)
		return (struct vnm_found){NULL, VNM_MATCH_NONE};
	bool by_name = VNM_HAS(r, log, hostname) && node_by_hostname(t, r->log.hostname) == node;
	return (struct vnm_found){id, by_name ? VNM_MATCH_HOSTNAME : VNM_MATCH_IP};
}

void
vnm_correlate_log(const struct vnm_topology *t, struct vnm_record *r, uint32_t node,
    const struct vnm_topology_port *port, struct vnm_counters *counters)
{
	const struct vnm_identity *vl = port != NULL ? vnm_identity_at(t, port->vl) : NULL;
	struct vnm_found about = find_about(t, r, node, port);
	enum vnm_match by = about.by;

	if (port != NULL && port->name.n != 0)
		VNM_SET(r, env, tp_id, port->name);
	if (port != NULL && by == VNM_MATCH_NONE)
		by = VNM_MATCH_IFINDEX;
	vnm_put_about(t, r, about.id, vl);
	if (VNM_HAS(r, log, peer_addr))
		name_peer(t, r, vl != NULL ? vl->vl : VNM_NONE);
	counters->v[by != VNM_MATCH_NONE ? VNM_C_logs_named : VNM_C_logs_unnamed]++;
	if (by != VNM_MATCH_NONE)
		vnm_put_match(t, r, by);
}
