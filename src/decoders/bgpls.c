/*
 * BGP-LS (RFC 9552): NLRI of nodes, links, prefixes, SR policy candidate paths (RFC 9857) and
 * SRv6 SIDs (RFC 9514), and the attribute that tells about them.
 */
#include "decoders/bgpls.h"

#include "base/text.h"
#include "decoders/bgpls_tlv.h"

enum { LOCAL_NODE = 256, REMOTE_NODE = 257 };

/* What a type of NLRI is called and must have, besides its local node. */
static const struct object {
	uint16_t type;
	const char *name;
	bool remote;	      /* a remote node */
	const char *required; /* a descriptor; NULL: none */
	uint8_t prefix_ip;
} objects[] = {
    {1, "node", false, NULL, VNM_ADDR_NONE},
    {2, "link", true, NULL, VNM_ADDR_NONE},
    {3, "prefix-v4", false, "ip_reachability_information", VNM_ADDR_IP4},
    {4, "prefix-v6", false, "ip_reachability_information", VNM_ADDR_IP6},
    {5, "sr-policy", false, "sr_policy_candidate_path_descriptor", VNM_ADDR_NONE},
    {6, "srv6-sid", false, "srv6_sid_information", VNM_ADDR_NONE},
};

/* Protocol-IDs (RFC 9552 section 5.2, RFC 9857 section 4, RFC 9086). */
static const char *const protocols[] = {NULL, "isis-1", "isis-2", "ospf-2", "direct", "static",
    "ospf-3", "bgp", "rsvp-te", "segment-routing"};

/* All of one NLRI, before the record is touched. */
struct parts {
	struct vnm_pairs local, remote, descriptors;
	bool has_local, has_remote;
};

bool
vnm_bgpls_attributes(struct vnm_reader r, struct vnm_out *out, struct vnm_pairs *pairs)
{
	struct vnm_bgpls g = {.out = out};
	bool good = vnm_bgpls_tlvs(&g, r, pairs);

	if (g.full)
		vnm_out_fault(out, VNM_R_scratch_full);
	return good;
}

/* The number as text behind a stem, in the scratch; n is 0 when that is full. */
static struct vnm_str
numbered(struct vnm_out *out, const char *stem, uint64_t v)
{
	size_t n = strlen(stem);
	char *text = vnm_scratch_take(out->scratch, n + VNM_TEXT_NUMBER);

	if (text == NULL)
		return (struct vnm_str){NULL, 0, false};
	memcpy(text, stem, n);
	return (struct vnm_str){text, (uint32_t)(vnm_text_u64(text + n, v) - text), true};
}

/* Type, length and value in hexadecimal digits. */
static struct vnm_str
object_id(struct vnm_out *out, uint16_t type, const struct vnm_reader *r)
{
	size_t n = vnm_reader_left(r);
	uint8_t head[] = {(uint8_t)(type >> 8), (uint8_t)type, (uint8_t)(n >> 8), (uint8_t)n};
	char *text = vnm_scratch_take(out->scratch, 2 * (sizeof(head) + n));

	if (text == NULL)
		return (struct vnm_str){NULL, 0, false};
	vnm_text_hex(vnm_text_hex(text, head, sizeof(head)), r->p, n);
	return (struct vnm_str){text, (uint32_t)(2 * (sizeof(head) + n)), true};
}

static const struct object *
find(uint16_t type)
{
	for (size_t i = 0; i < VNM_ARRAY_LEN(objects); i++) {
		if (objects[i].type == type)
			return &objects[i];
	}
	return NULL;
}

static bool
has(const struct vnm_pairs *pairs, const char *name)
{
	for (uint32_t i = 0; i < pairs->n; i++) {
		if (strcmp(pairs->p[i].name, name) == 0)
			return true;
	}
	return false;
}

/* Node descriptors stand in front of all others (RFC 9552 section 5.1: in order of type). */
static bool
read_parts(struct vnm_bgpls *g, struct vnm_reader r, struct parts *parts)
{
	while (vnm_reader_left(&r) >= 4) {
		uint16_t type = vnm_be16(r.p);
		struct vnm_reader node;

		if (type != LOCAL_NODE && type != REMOTE_NODE)
			break;
		if (type == LOCAL_NODE ? parts->has_local : parts->has_remote)
			return false;
		vnm_reader_skip(&r, 2);
		node = vnm_reader_sub(&r, vnm_reader_u16(&r));
		if (r.bad)
			return false;
		if (type == LOCAL_NODE)
			parts->has_local = true;
		else
			parts->has_remote = true;
		if (!vnm_bgpls_tlvs(g, node, type == LOCAL_NODE ? &parts->local : &parts->remote))
			return false;
	}
	return vnm_bgpls_tlvs(g, r, &parts->descriptors);
}

static void
set_parts(struct vnm_record *rec, const struct object *o, const struct parts *parts)
{
	struct vnm_str id = vnm_bgpls_text(&parts->local, "igp_router_id");
	struct vnm_str remote_id = vnm_bgpls_text(&parts->remote, "igp_router_id");
	struct vnm_str prefix = {NULL, 0, false};

	VNM_SET(rec, linkstate, local_node, parts->local);
	if (parts->has_remote)
		VNM_SET(rec, linkstate, remote_node, parts->remote);
	if (parts->descriptors.n > 0)
		VNM_SET(rec, linkstate, descriptors, parts->descriptors);
	if (id.n > 0)
		VNM_SET(rec, linkstate, local_igp_router_id, id);
	if (remote_id.n > 0)
		VNM_SET(rec, linkstate, remote_igp_router_id, remote_id);
	if (o->prefix_ip != VNM_ADDR_NONE)
		prefix = vnm_bgpls_text(&parts->descriptors, o->required);
	if (prefix.n > 0)
		VNM_SET(rec, linkstate, prefix, prefix);
}

/* The NLRI of a type that is known. */
static bool
read_nlri(struct vnm_bgpls *g, const struct object *o, struct vnm_reader r)
{
	struct vnm_record *rec = g->out->rec;
	struct parts parts = {.has_local = false};
	const uint8_t *head = vnm_reader_take(&r, 9);
	struct vnm_str protocol;

	if (head == NULL)
		return false;
	g->protocol = head[0];
	g->prefix_ip = o->prefix_ip;
	if (!read_parts(g, r, &parts) || g->misfits > 0 || !parts.has_local ||
	    parts.has_remote != o->remote)
		return false;
	protocol = head[0] > 0 && head[0] < VNM_ARRAY_LEN(protocols)
		       ? vnm_str_clean(protocols[head[0]])
		       : numbered(g->out, "", head[0]);
	g->full |= protocol.n == 0;
	if (g->full)
		return true;
	if (o->required != NULL && !has(&parts.descriptors, o->required))
		return false;
	VNM_SET(rec, linkstate, ls_protocol, protocol);
	VNM_SET(rec, linkstate, instance_id, vnm_be64(head + 1));
	set_parts(rec, o, &parts);
	return true;
}

bool
vnm_bgpls_nlri(uint16_t type, struct vnm_reader r, struct vnm_out *out)
{
	struct vnm_bgpls g = {.out = out};
	const struct object *o = find(type);
	struct vnm_str name = o != NULL ? vnm_str_clean(o->name) : numbered(out, "nlri-", type);
	struct vnm_str id = object_id(out, type, &r);
	bool good = true;

	g.full = name.n == 0 || id.n == 0;
	if (name.n > 0)
		VNM_SET(out->rec, linkstate, object, name);
	if (id.n > 0)
		VNM_SET(out->rec, linkstate, object_id, id);
	if (o != NULL)
		good = read_nlri(&g, o, r);
	if (g.full)
		vnm_out_fault(out, VNM_R_scratch_full);
	return good;
}
