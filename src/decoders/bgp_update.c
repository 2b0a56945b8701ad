/*
 * UPDATE messages of BGP: RFC 4271 section 4.3, RFC 4760 (other families), RFC 4724 section 2
 * (End-of-RIB), RFC 8654 (extended messages), RFC 8950 (IPv6 next hops), with the error handling
 * of RFC 7606.
 */
#include "decoders/bgp_part.h"

#define HEADER 19 /* octets: marker, length, type */
#define UPDATE 2

enum vnm_reason
vnm_bgp_header(struct vnm_reader *r, uint8_t type, struct vnm_reader *body)
{
	const uint8_t *p = vnm_reader_take(r, HEADER);

	if (p == NULL)
		return VNM_R_truncated;
	for (unsigned i = 0; i < 16; i++) {
		if (p[i] != 0xff)
			return VNM_R_bad_header;
	}
	uint16_t length = vnm_be16(p + 16);
	if (length < HEADER)
		return VNM_R_bad_length;
	*body = vnm_reader_sub(r, length - (size_t)HEADER);
	if (body->bad)
		return VNM_R_truncated;
	return p[18] == type ? VNM_OK : VNM_R_bad_header;
}

/* ---- End-of-RIB --------------------------------------------------------------------------------
 */

static bool
emit_end(struct vnm_bgp_reading *u, uint16_t afi, uint8_t safi)
{
	struct vnm_str name = vnm_afi_name(afi);
	struct vnm_record *rec;

	if (u->session->ended != NULL)
		u->session->ended(u->session->ctx, afi, safi);
	rec = u->session->begin(u->session->ctx, VNM_KIND_route);
	VNM_SET(rec, route, action, VNM_STR("end-of-rib"));
	VNM_SET(rec, route, afi, afi);
	VNM_SET(rec, route, safi, safi);
	if (name.n != 0)
		VNM_SET(rec, route, afi_name, name);
	name = vnm_safi_name(safi);
	if (name.n != 0)
		VNM_SET(rec, route, safi_name, name);
	u->result->ends++;
	return u->session->emit(u->session->ctx);
}

/* ---- next hops ---------------------------------------------------------------------------------
 */

/*
 * The next hop of MP_REACH_NLRI: an IPv4 or IPv6 address, the latter perhaps with a link-local
 * one (RFC 2545), each behind a route distinguisher in VPNs (RFC 4364, RFC 4659). False where the
 * length fits none of these; none at all is right for flow specifications.
 */
static bool
read_next_hop(struct vnm_bgp_reading *u, struct vnm_slice s)
{
	struct vnm_record *a = &u->attrs;

	VNM_UNSET(a, route, next_hop);
	VNM_UNSET(a, route, next_hop_link_local);
	switch (s.n) {
	case 0:
		return true;
	case 4:
		VNM_SET(a, route, next_hop, vnm_addr_ip4(s.p));
		return true;
	case 12:
		VNM_SET(a, route, next_hop, vnm_addr_ip4(s.p + 8));
		return true;
	case 32:
		VNM_SET(a, route, next_hop_link_local, vnm_addr_ip6(s.p + 16));
		VNM_FALLTHROUGH;
	case 16:
		VNM_SET(a, route, next_hop, vnm_addr_ip6(s.p));
		return true;
	case 48:
		VNM_SET(a, route, next_hop_link_local, vnm_addr_ip6(s.p + 32));
		VNM_FALLTHROUGH;
	case 24:
		VNM_SET(a, route, next_hop, vnm_addr_ip6(s.p + 8));
		return true;
	default:
		return false;
	}
}

/* ---- the parts in their order ------------------------------------------------------------------
 */

static bool
withdraw(struct vnm_bgp_reading *u, uint16_t afi, uint8_t safi, struct vnm_slice octets)
{
	struct vnm_bgp_block b = {.afi = afi, .safi = safi, .withdraw = true, .octets = octets};

	return octets.n == 0 || vnm_bgp_block(u, &b);
}

static bool
announce(struct vnm_bgp_reading *u, uint16_t afi, uint8_t safi, struct vnm_slice octets)
{
	struct vnm_bgp_block b = {.afi = afi,
	    .safi = safi,
	    .judged = true,
	    .withdraw = u->verdict >= VNM_BGP_WITHDRAW,
	    .octets = octets};

	return octets.n == 0 || vnm_bgp_block(u, &b);
}

/* MP_UNREACH_NLRI; alone in the message and empty it ends a family's table. */
static bool
unreach(struct vnm_bgp_reading *u, bool alone)
{
	struct vnm_reader r = vnm_reader_of(u->unreach.p, u->unreach.n);
	uint16_t afi = vnm_reader_u16(&r);
	uint8_t safi = vnm_reader_u8(&r);

	if (vnm_reader_left(&r) > 0)
		return withdraw(u, afi, safi, vnm_reader_rest(&r));
	return !alone || emit_end(u, afi, safi);
}

/* The routes of MP_REACH_NLRI, whose length of the next hop has been checked. */
static bool
reach(struct vnm_bgp_reading *u, struct vnm_slice octets)
{
	struct vnm_reader r = vnm_reader_of(u->reach.p, u->reach.n);
	struct vnm_bgp_block b = {
	    .judged = true, .reach = true, .withdraw = u->verdict >= VNM_BGP_WITHDRAW};

	b.afi = vnm_reader_u16(&r);
	b.safi = vnm_reader_u8(&r);
	struct vnm_reader hop = vnm_reader_sub(&r, vnm_reader_u8(&r));
	b.octets = octets;
	b.bad_next_hop = !read_next_hop(u, vnm_reader_rest(&hop));
	if (b.bad_next_hop)
		vnm_out_fault(u->out, VNM_R_attribute_malformed);
	return vnm_bgp_block(u, &b);
}

/*
 * RFC 7606 section 3 (d): without these a route is no route. But routers tell their own routes
 * without AS_PATH or NEXT_HOP in BMP: to withdraw those would be wrong, so that it is only said.
 */
static void
check_mandatory(struct vnm_bgp_reading *u, bool old_nlri)
{
	if (!u->has_origin)
		vnm_bgp_judge(u, VNM_BGP_WITHDRAW, "origin", "missing");
	if (u->verdict_reason.n != 0)
		return;
	if (!u->has_as_path)
		u->verdict_reason = VNM_STR("as_path: missing");
	else if (old_nlri && !u->has_next_hop)
		u->verdict_reason = VNM_STR("next_hop: missing");
}

/* Routes of MP_REACH_NLRI and of the message's end, with the attributes of both. */
static bool
announce_all(struct vnm_bgp_reading *u, struct vnm_slice nlri)
{
	struct vnm_slice octets = {0};
	struct vnm_addr hop = u->attrs.route.next_hop;

	if (u->has_reach) {
		size_t head = 5U + u->reach.p[3];
		octets = (struct vnm_slice){u->reach.p + head, u->reach.n - head};
	}
	if ((octets.n > 0 || nlri.n > 0) && u->verdict < VNM_BGP_WITHDRAW)
		check_mandatory(u, nlri.n > 0);
	if (octets.n > 0) {
		if (!reach(u, octets))
			return false;
		VNM_UNSET(&u->attrs, route, next_hop);
		VNM_UNSET(&u->attrs, route, next_hop_link_local);
		if (u->has_next_hop)
			VNM_SET(&u->attrs, route, next_hop, hop);
	}
	return announce(u, 1, 1, nlri);
}

static void
emit_all(struct vnm_bgp_reading *u, struct vnm_slice withdrawn, struct vnm_slice attributes,
    struct vnm_slice nlri)
{
	if (withdrawn.n + attributes.n + nlri.n == 0) {
		emit_end(u, 1, 1);
		return;
	}
	if (!withdraw(u, 1, 1, withdrawn))
		return;
	if (u->has_unreach) {
		bool alone = withdrawn.n + nlri.n == 0 && u->count == 1;

		if (!unreach(u, alone))
			return;
	}
	announce_all(u, nlri);
}

enum vnm_reason
vnm_bgp_update(
    struct vnm_reader *r, const struct vnm_bgp_session *session, struct vnm_bgp_result *result)
{
	struct vnm_bgp_reading u = {
	    .session = session, .result = result, .out = session->out, .as4 = session->as4};
	struct vnm_reader body = {0};

	*result = (struct vnm_bgp_result){0};
	enum vnm_reason reason = vnm_bgp_header(r, UPDATE, &body);
	if (reason != VNM_OK)
		return reason;
	result->trailing = vnm_reader_left(r) > 0;
	struct vnm_reader withdrawn = vnm_reader_sub(&body, vnm_reader_u16(&body));
	struct vnm_reader attributes = vnm_reader_sub(&body, vnm_reader_u16(&body));
	if (body.bad)
		return VNM_R_bad_length;
	struct vnm_slice octets = vnm_reader_rest(&attributes);
	if (!vnm_bgp_attributes(&u, octets))
		return VNM_R_update_malformed;
	result->as_width_guessed = u.as_guessed;
	emit_all(&u, vnm_reader_rest(&withdrawn), octets, vnm_reader_rest(&body));
	return VNM_OK;
}

enum vnm_reason
vnm_bgp_again(const struct vnm_bgp_kept *k, const struct vnm_bgp_session *session,
    struct vnm_bgp_result *result)
{
	struct vnm_bgp_reading u = {
	    .session = session, .result = result, .out = session->out, .as4 = k->as4, .again = k};

	*result = (struct vnm_bgp_result){0};
	if (k->withdraw) {
		withdraw(&u, k->afi, k->safi, k->nlri);
		return VNM_OK;
	}
	if (!vnm_bgp_attributes(&u, k->attributes))
		return VNM_R_update_malformed;
	u.as_guessed = k->as_guessed;
	check_mandatory(&u, !u.has_reach);
	if (u.has_reach)
		reach(&u, k->nlri);
	else
		announce(&u, k->afi, k->safi, k->nlri);
	return VNM_OK;
}

/* ---- names of families (IANA) ------------------------------------------------------------------
 */

struct vnm_str
vnm_afi_name(uint16_t afi)
{
	switch (afi) {
#define VNM_AFI(value, name) \
	case value:          \
		return VNM_STR(name);
#include "decoders/bgp_families.def"
#undef VNM_AFI
	default:
		return (struct vnm_str){0};
	}
}

struct vnm_str
vnm_safi_name(uint8_t safi)
{
	switch (safi) {
#define VNM_SAFI(value, name) \
	case value:           \
		return VNM_STR(name);
#include "decoders/bgp_families.def"
#undef VNM_SAFI
	default:
		return (struct vnm_str){0};
	}
}
