/*
 * BMP messages (RFC 7854, RFC 8671, RFC 9069, RFC 9736; version 4 as draft-ietf-grow-bmp-tlv
 * has it) into route, linkstate and peer records.
 *
 * What the OPENs of a Peer Up promise is an expectation, not a truth: exporters contradict it.
 * The BGP decoder reads strictly and takes the other width where only that one fits; the
 * record then says so in `inferred`.
 */
#include "decoders/bmp_rib.h"

#include "base/alloc.h"
#include "base/clock.h"
#include "decoders/bgp_fact.h"

#include <stdio.h>

#define COMMON_HEADER_N 6
#define PEER_HEADER_N 42
#define MESSAGE_MAX (1U << 18) /* far beyond a Peer Up with two extended OPENs */

/* Types of messages that differ in their TLVs; TLVs of the router. */
enum { PEER_DOWN = 2, PEER_UP = 3, INITIATION = 4, TERMINATION = 5 };
#define TLV_TERM_REASON 1
#define TLV_SYS_NAME 2
#define TLV_TABLE_NAME 3
#define NAME_N 16 /* octets for "tlv_65535" */

/* ---- Route Monitoring ------------------------------------------------------------------------ */

/* What the message itself says of a family; NULL where it says nothing. */
static const struct vnm_bgp_family *
stateless(const struct vnm_bmp_message *m, uint16_t afi, uint8_t safi)
{
	for (uint8_t i = 0; i < m->tlvs.family_count; i++) {
		if (m->tlvs.families[i].afi == afi && m->tlvs.families[i].safi == safi)
			return &m->tlvs.families[i];
	}
	return NULL;
}

static bool
expects_add_path(void *ctx, uint16_t afi, uint8_t safi)
{
	static const uint8_t ways[] = {[VNM_BMP_IN] = 1, [VNM_BMP_OUT] = 2, [VNM_BMP_LOC] = 3};
	const struct vnm_bmp_message *m = ctx;
	const struct vnm_bgp_family *told = stateless(m, afi, safi);

	if (told == NULL)
		return vnm_bmp_expects_add_path(m->peer, m->view, afi, safi);
	/* As in an OPEN: what the router may send or receive. */
	return (told->add_path & ways[m->view]) != 0;
}

static bool
expects_labels(void *ctx, uint16_t afi, uint8_t safi)
{
	const struct vnm_bmp_message *m = ctx;
	const struct vnm_bgp_family *told = stateless(m, afi, safi);

	return (told != NULL && told->labels > 1) || vnm_bmp_expects_labels(m->peer, afi, safi);
}

/*
 * The A flag says two-octet AS numbers; some exporters never set it and others set it at
 * random, so the OPENs have a say: the first guess is four octets only where both agree.
 */
static enum vnm_reason
read_update(struct vnm_bmp_message *m, struct vnm_reader *r)
{
	struct vnm_bgp_result result = {0};
	const struct vnm_bgp_session session = {
	    .ctx = m,
	    .out = m->out,
	    .as4 = m->tlvs.as4 || ((m->flags & VNM_BMP_FLAG_A) == 0 && m->peer->as4),
	    .add_path = expects_add_path,
	    .multiple_labels = expects_labels,
	    .begin = vnm_bmp_begin_route,
	    .emit = vnm_bmp_emit,
	    .keep = m->session->mode != VNM_RIB_OFF ? vnm_bmp_rib_keep : NULL,
	    .ended = m->session->mode != VNM_RIB_OFF ? vnm_bmp_rib_ended : NULL,
	};
	enum vnm_reason reason = vnm_bgp_update(r, &session, &result);

	vnm_out_count(m->out, VNM_C_as_width_guesses, result.as_width_guessed);
	vnm_out_count(m->out, VNM_C_add_path_guesses, result.add_path_guessed);
	vnm_out_count(m->out, VNM_C_bmp_unread, result.trailing);
	if (reason == VNM_OK)
		m->out->good++;
	return reason;
}

static enum vnm_reason
route_monitoring(struct vnm_bmp_message *m, struct vnm_reader r)
{
	enum vnm_reason reason;

	m->peer->told = true;
	if (m->version != 4)
		return read_update(m, &r);
	if ((reason = vnm_bmp_tlvs(r, m->out, &m->tlvs)) != VNM_OK)
		return reason;
	m->table_name = m->tlvs.table_name;
	return read_update(m, &m->tlvs.update);
}

/* ---- Statistics ----------------------------------------------------------------------------- */

static enum vnm_reason
statistics(struct vnm_bmp_message *m, struct vnm_reader r)
{
	struct vnm_pairs pairs;
	enum vnm_reason reason = vnm_bmp_stats(r, m->out, &pairs);

	if (reason != VNM_OK)
		return reason;
	struct vnm_record *rec = vnm_bmp_begin_peer(m, VNM_STR("stats"));
	VNM_SET(rec, peer, stats, pairs);
	vnm_out_emit(m->out);
	return VNM_OK;
}

/* ---- Peer Up, Peer Down ----------------------------------------------------------------- */

static void
keep_text(char *to, size_t size, struct vnm_reader value)
{
	size_t n = vnm_reader_left(&value);

	if (n >= size)
		n = size - 1;
	memcpy(to, value.p, n);
	to[n] = '\0';
}

/* RFC 7854 section 4.5. */
static struct vnm_str
term_reason(uint16_t code)
{
	static const struct vnm_str names[] = {VNM_STR("administratively-closed"),
	    VNM_STR("unspecified"), VNM_STR("out-of-resources"), VNM_STR("redundant-connection"),
	    VNM_STR("permanently-administratively-closed")};

	return code < VNM_ARRAY_LEN(names) ? names[code] : (struct vnm_str){0};
}

/* What a TLV tells beyond the message it is in. True where it is not to be shown besides. */
static bool
use_information(
    struct vnm_bmp_message *m, uint16_t type, struct vnm_reader value, struct vnm_record *rec)
{
	if (m->type == INITIATION && type == TLV_SYS_NAME)
		keep_text(m->session->name, sizeof(m->session->name), value);
	if ((m->type == PEER_UP || m->type == PEER_DOWN) && type == TLV_TABLE_NAME)
		keep_text(m->peer->table_name, sizeof(m->peer->table_name), value);
	if (m->type != TERMINATION || type != TLV_TERM_REASON || vnm_reader_left(&value) != 2)
		return false;
	uint16_t code = vnm_reader_u16(&value);
	VNM_SET(rec, peer, reason_code, code);
	if (term_reason(code).n != 0)
		VNM_SET(rec, peer, reason, term_reason(code));
	return true;
}

/* NULL when the scratch is full; text where the TLV is known, else it is kept as octets. */
static const char *
information_name(struct vnm_bmp_message *m, uint16_t type, bool *text)
{
	static const char *const of_router[] = {"string", "sys_descr", "sys_name"};
	static const char *const of_peer[] = {"string", NULL, NULL, "table_name", "admin_label"};
	const char *const *names = m->peer != NULL ? of_peer : of_router;
	size_t n = m->peer != NULL ? VNM_ARRAY_LEN(of_peer) : VNM_ARRAY_LEN(of_router);
	char *name;

	*text = type < n && names[type] != NULL;
	if (*text)
		return names[type];
	name = vnm_scratch_take(m->out->scratch, NAME_N);
	if (name != NULL)
		snprintf(name, NAME_N, "tlv_%u", type);
	return name;
}

/*
 * Information TLVs (RFC 7854 sections 4.4 and 4.5, RFC 9069 section 4.4, RFC 9736), behind a
 * first value where there is one.
 */
static void
read_information(struct vnm_bmp_message *m, struct vnm_reader r, struct vnm_record *rec,
    const struct vnm_pair *first)
{
	uint32_t room = (uint32_t)(vnm_reader_left(&r) / 4) + 1, n = 0;
	struct vnm_pair *pairs = vnm_scratch_take(m->out->scratch, room * sizeof(*pairs));

	if (pairs == NULL)
		vnm_out_fault(m->out, VNM_R_scratch_full);
	else if (first != NULL)
		pairs[n++] = *first;
	while (pairs != NULL && vnm_reader_left(&r) > 0) {
		uint16_t type = vnm_reader_u16(&r);
		struct vnm_reader value = vnm_reader_sub(&r, vnm_reader_u16(&r));
		bool text;

		if (r.bad) {
			vnm_out_fault(m->out, VNM_R_tlv_malformed);
			break;
		}
		if (use_information(m, type, value, rec))
			continue;
		pairs[n].name = information_name(m, type, &text);
		if (pairs[n].name == NULL)
			break;
		pairs[n].type = text ? VNM_PAIR_STR : VNM_PAIR_BYTES;
		if (text)
			pairs[n].str = (struct vnm_str){
			    (const char *)value.p, (uint32_t)vnm_reader_left(&value), false};
		else
			pairs[n].bytes = vnm_reader_rest(&value);
		n++;
	}
	if (n != 0)
		VNM_SET(rec, peer, information, (struct vnm_pairs){pairs, n});
}

static void
keep_opens(
    struct vnm_bmp_peer *peer, const struct vnm_bgp_open *sent, const struct vnm_bgp_open *received)
{
	peer->up = true;
	peer->implicit = false;
	peer->as4 = sent->as4 && received->as4;
	peer->sent_count = sent->family_count;
	peer->received_count = received->family_count;
	memcpy(peer->sent, sent->families, sizeof(peer->sent));
	memcpy(peer->received, received->families, sizeof(peer->received));
}

/* In a VRF a router may call itself something else. */
static void
keep_router_id(struct vnm_bmp_message *m, const uint8_t id[4])
{
	const struct vnm_bmp_key *key = &m->peer->key;
	bool global = key->type == VNM_BMP_PEER_GLOBAL || key->type == VNM_BMP_PEER_LOC_RIB;

	if (global && vnm_bmp_is_zero(key->distinguisher, sizeof(key->distinguisher)) &&
	    !vnm_bmp_is_zero(id, 4))
		memcpy(m->session->router_id, id, sizeof(m->session->router_id));
}

/* Of the peer's family; some exporters say IPv4 and write an IPv6 address all the same. */
static struct vnm_addr
local_addr(const struct vnm_bmp_message *m, const uint8_t p[16])
{
	bool ip6 = (m->flags & VNM_BMP_FLAG_V) != 0 && m->peer->key.type != VNM_BMP_PEER_LOC_RIB;

	return ip6 || !vnm_bmp_is_zero(p, 12) ? vnm_addr_ip6(p) : vnm_addr_ip4(p + 12);
}

static enum vnm_reason
peer_up(struct vnm_bmp_message *m, struct vnm_reader r)
{
	const uint8_t *p = vnm_reader_take(&r, 20);
	struct vnm_bgp_open sent, received;
	enum vnm_reason reason;

	if (p == NULL)
		return VNM_R_truncated;
	if ((reason = vnm_bgp_open(&r, m->out, &sent)) != VNM_OK ||
	    (reason = vnm_bgp_open(&r, m->out, &received)) != VNM_OK)
		return reason;
	vnm_bmp_rib_up(m);
	keep_opens(m->peer, &sent, &received);
	keep_router_id(m, sent.id);
	m->peer->table_name[0] = '\0';
	struct vnm_record *rec = vnm_bmp_begin_peer(m, VNM_STR("up"));
	read_information(m, r, rec, NULL);
	if (!vnm_bmp_is_zero(p, 16))
		VNM_SET(rec, peer, local_addr, local_addr(m, p));
	VNM_SET(rec, peer, local_port, vnm_be16(p + 16));
	VNM_SET(rec, peer, remote_port, vnm_be16(p + 18));
	VNM_SET(rec, peer, local_as, sent.as);
	VNM_SET(rec, peer, local_bgp_id, vnm_addr_ip4(sent.id));
	VNM_SET(rec, peer, hold_time,
	    sent.hold_time_s < received.hold_time_s ? sent.hold_time_s : received.hold_time_s);
	VNM_SET(rec, peer, capabilities_sent, sent.capabilities);
	VNM_SET(rec, peer, capabilities_received, received.capabilities);
	if (m->peer->table_name[0] != '\0')
		VNM_SET(rec, peer, table_name, vnm_bmp_text(m->peer->table_name));
	vnm_out_emit(m->out);
	vnm_bmp_end_facts(m, false);
	return VNM_OK;
}

/* RFC 7854 section 4.9, RFC 9069 section 4.4. */
static struct vnm_str
down_reason(uint8_t code)
{
	static const struct vnm_str names[] = {[1] = VNM_STR("local-notification"),
	    [2] = VNM_STR("local-fsm-event"),
	    [3] = VNM_STR("remote-notification"),
	    [4] = VNM_STR("remote-no-data"),
	    [5] = VNM_STR("de-configured"),
	    [6] = VNM_STR("local-system-closed")};

	return code < VNM_ARRAY_LEN(names) ? names[code] : (struct vnm_str){0};
}

/*
 * A NOTIFICATION: marker, length, type, error code, subcode and data (RFC 4271 section 4.5), of
 * which a Cease may have text from the operator (RFC 9003). True where *pair has the data.
 */
static bool
take_notification(
    struct vnm_bmp_message *m, struct vnm_reader *r, struct vnm_record *rec, struct vnm_pair *pair)
{
	struct vnm_reader whole = *r;
	const uint8_t *p = vnm_reader_take(&whole, 21);
	char *text = vnm_scratch_take(m->out->scratch, 8);

	if (p == NULL || text == NULL || p[18] != 3 || vnm_be16(p + 16) < 21)
		return false;
	struct vnm_reader data = vnm_reader_sub(&whole, vnm_be16(p + 16) - 21U);
	if (data.bad)
		return false;
	int n = snprintf(text, 8, "%u/%u", p[19], p[20]);
	VNM_SET(rec, peer, notification, (struct vnm_str){text, (uint32_t)n, true});
	*r = whole;
	size_t left = vnm_reader_left(&data);
	if (p[19] == 6 && (p[20] == 2 || p[20] == 4) && left > 1 && data.p[0] == left - 1)
		*pair = (struct vnm_pair){.name = "shutdown_communication",
		    .type = VNM_PAIR_STR,
		    .str = {(const char *)data.p + 1, (uint32_t)left - 1, false}};
	else
		*pair = (struct vnm_pair){.name = "notification_data",
		    .type = VNM_PAIR_BYTES,
		    .bytes = vnm_reader_rest(&data)};
	return left != 0;
}

/* The event of the state machine that ended the session (RFC 7854 section 4.9). */
static bool
take_fsm_event(struct vnm_reader *r, struct vnm_pair *pair)
{
	*pair =
	    (struct vnm_pair){.name = "fsm_event", .type = VNM_PAIR_U64, .u64 = vnm_reader_u16(r)};
	return !r->bad;
}

/* What follows the reason; TLVs behind it are version 4's, and of one reason also 3's. */
static void
read_down(struct vnm_bmp_message *m, uint8_t code, struct vnm_reader r, struct vnm_record *rec)
{
	struct vnm_pair first;
	bool has_first = false;

	if (code == 1 || code == 3)
		has_first = take_notification(m, &r, rec, &first);
	else if (code == 2)
		has_first = take_fsm_event(&r, &first);
	if (m->version != 4 && code != 6 && !has_first && vnm_reader_left(&r) > 0) {
		first = (struct vnm_pair){
		    .name = "data", .type = VNM_PAIR_BYTES, .bytes = vnm_reader_rest(&r)};
		has_first = true;
	}
	read_information(m, r, rec, has_first ? &first : NULL);
}

static enum vnm_reason
peer_down(struct vnm_bmp_message *m, struct vnm_reader r)
{
	uint8_t code = vnm_reader_u8(&r);
	struct vnm_record *rec;

	if (r.bad)
		return VNM_R_truncated;
	rec = vnm_bmp_begin_peer(m, VNM_STR("down"));
	VNM_SET(rec, peer, reason_code, code);
	if (down_reason(code).n != 0)
		VNM_SET(rec, peer, reason, down_reason(code));
	read_down(m, code, r, rec);
	if (m->peer->table_name[0] != '\0')
		VNM_SET(rec, peer, table_name, vnm_bmp_text(m->peer->table_name));
	VNM_SET(rec, peer, routes_gone, true);
	vnm_out_emit(m->out);
	vnm_bmp_end_facts(m, true);
	m->peer->up = m->peer->told = false;
	vnm_bmp_rib_down(m);
	return VNM_OK;
}

/* ---- Initiation, Termination, mirroring ------------------------------------------------- */

static enum vnm_reason
initiation(struct vnm_bmp_message *m, struct vnm_reader r)
{
	struct vnm_record *rec = vnm_bmp_begin_peer(m, VNM_STR("init"));

	read_information(m, r, rec, NULL);
	if (m->session->name[0] != '\0')
		VNM_SET(rec, peer, router_name, vnm_bmp_text(m->session->name));
	vnm_out_emit(m->out);
	return VNM_OK;
}

static enum vnm_reason
termination(struct vnm_bmp_message *m, struct vnm_reader r)
{
	struct vnm_record *rec = vnm_bmp_begin_peer(m, VNM_STR("term"));

	read_information(m, r, rec, NULL);
	m->session->terminated = true;
	vnm_out_emit(m->out);
	return VNM_OK;
}

/* RFC 7854 section 4.7: a mirrored message, or word that some were lost; a record for each. */
static enum vnm_reason
mirroring(struct vnm_bmp_message *m, struct vnm_reader r)
{
	static const struct vnm_str codes[] = {VNM_STR("errored-pdu"), VNM_STR("messages-lost")};
	struct vnm_record *rec = vnm_bmp_begin_peer(m, VNM_STR("mirror"));

	while (vnm_reader_left(&r) > 0) {
		uint16_t type = vnm_reader_u16(&r);
		struct vnm_reader value = vnm_reader_sub(&r, vnm_reader_u16(&r));

		if (r.bad) {
			vnm_out_fault(m->out, VNM_R_tlv_malformed);
			break;
		}
		if (type == 0 && VNM_HAS(rec, peer, mirrored)) {
			vnm_out_emit(m->out);
			rec = vnm_bmp_begin_peer(m, VNM_STR("mirror"));
		}
		if (type == 0) {
			VNM_SET(rec, peer, mirrored, vnm_reader_rest(&value));
		} else if (type == 1 && vnm_reader_left(&value) == 2) {
			uint16_t code = vnm_reader_u16(&value);
			VNM_SET(rec, peer, reason_code, code);
			if (code < VNM_ARRAY_LEN(codes))
				VNM_SET(rec, peer, reason, codes[code]);
		} else {
			vnm_out_count(m->out, VNM_C_bmp_unread, 1);
		}
	}
	vnm_out_emit(m->out);
	return VNM_OK;
}

/* ---- messages --------------------------------------------------------------------------- */

static const struct message_row {
	bool has_peer;
	enum vnm_reason (*read)(struct vnm_bmp_message *m, struct vnm_reader r);
} rows[] = {
    {true, route_monitoring},
    {true, statistics},
    {true, peer_down},
    {true, peer_up},
    {false, initiation},
    {false, termination},
    {true, mirroring},
};

static void
set_time(struct vnm_out *out, const uint8_t *p)
{
	uint64_t seconds = vnm_be32(p);

	if (seconds != 0) /* 0: the router does not know */
		VNM_SET(out->rec, env, event_ns,
		    seconds * VNM_NS_PER_S + vnm_be32(p + 4) % 1000000 * VNM_NS_PER_US);
	vnm_out_base(out);
}

static enum vnm_reason
read_peer_header(struct vnm_bmp_message *m, struct vnm_reader *r)
{
	const uint8_t *p = vnm_reader_take(r, PEER_HEADER_N);
	struct vnm_bmp_key key = {0};
	uint32_t known = m->session->count;

	if (p == NULL)
		return VNM_R_truncated;
	key.type = p[0];
	memcpy(key.distinguisher, p + 2, 8);
	memcpy(key.addr, p + 10, 16);
	m->peer = vnm_bmp_peer_get(m->session, &key, m->out->limits->peers);
	if (m->peer == NULL)
		return VNM_R_peer_limit;
	if (m->session->count > known)
		vnm_bmp_rib_adopt(m);
	m->peer->flags = p[1];
	m->peer->as = vnm_be32(p + 26);
	memcpy(m->peer->bgp_id, p + 30, 4);
	vnm_bmp_set_peer(m, m->peer, p[1]);
	if (key.type == VNM_BMP_PEER_LOC_RIB) /* RFC 9069 section 4.1 */
		keep_router_id(m, m->peer->bgp_id);
	set_time(m->out, p + 34);
	return VNM_OK;
}

static enum vnm_reason
bmp_decode(struct vnm_exporter *x, const struct vnm_datagram *d, struct vnm_out *out)
{
	struct vnm_reader r = vnm_reader_of(d->p, d->n);
	const uint8_t *p = vnm_reader_take(&r, COMMON_HEADER_N);
	struct vnm_bmp_message m = {.x = x, .out = out};
	enum vnm_reason reason;

	if (p == NULL || vnm_be32(p + 1) > d->n)
		return VNM_R_truncated;
	m.version = p[0];
	m.type = p[5];
	if (m.version != 3 && m.version != 4)
		return VNM_R_bad_version;
	if (m.type >= VNM_ARRAY_LEN(rows))
		return VNM_R_message_unknown;
	m.session = vnm_bmp_session_get(x->state, d->session);
	if (m.session == NULL)
		return VNM_R_out_of_memory;
	vnm_bmp_rib_begin(&m, d);
	if (rows[m.type].has_peer && (reason = read_peer_header(&m, &r)) != VNM_OK)
		return reason;
	vnm_bmp_set_source(&m);
	reason = rows[m.type].read(&m, r);
	vnm_bmp_rib_done(&m);
	return reason;
}

static size_t
bmp_frame(const uint8_t *p, size_t n)
{
	size_t length;

	if (n < COMMON_HEADER_N)
		return 0;
	length = vnm_be32(p + 1);
	if ((p[0] != 3 && p[0] != 4) || length < COMMON_HEADER_N || length > MESSAGE_MAX)
		return VNM_FRAME_BAD;
	return length;
}

static bool
bmp_probe(const uint8_t *p, size_t n)
{
	size_t length = n >= COMMON_HEADER_N ? bmp_frame(p, n) : 0;

	return length != 0 && length != VNM_FRAME_BAD && p[5] < VNM_ARRAY_LEN(rows) &&
	       (!rows[p[5]].has_peer || length >= COMMON_HEADER_N + PEER_HEADER_N);
}

/* The session is gone, and with it all that its peers announced: each of them is told of. */
static void
bmp_end(struct vnm_exporter *x, const struct vnm_datagram *d, struct vnm_out *out)
{
	struct vnm_bmp_state *state = x->state;
	struct vnm_bmp_session *session = vnm_bmp_session_find(state, d->session);
	struct vnm_bmp_message m = {.x = x, .out = out, .session = session, .now_ns = d->rx_ns};
	struct vnm_str reason = VNM_STR("connection-closed");
	bool any_kept = false;

	if (session == NULL)
		return;
	if (session->terminated)
		reason = VNM_STR("terminated");
	vnm_bmp_set_source(&m);
	for (uint32_t i = 0; i <= session->count; i++) {
		struct vnm_bmp_peer *peer = i < session->count ? &session->peers[i] : NULL;

		if (peer != NULL && !peer->up && !peer->told)
			continue;
		vnm_bmp_set_peer(&m, peer, peer != NULL ? peer->flags : 0);
		if (m.view == VNM_BMP_OUT)
			m.view = VNM_BMP_IN;
		struct vnm_record *rec = vnm_bmp_begin_peer(&m, VNM_STR("lost"));
		VNM_SET(rec, peer, reason, reason);
		bool kept = peer != NULL && vnm_bmp_rib_outlasts(&m, peer);
		any_kept |= kept;
		if (kept || (peer == NULL && any_kept))
			VNM_SET(rec, peer, routes_stale, true);
		else
			VNM_SET(rec, peer, routes_gone, true);
		vnm_out_emit(out);
		if (!kept)
			vnm_bmp_end_facts(&m, true);
	}
	vnm_bmp_rib_lost(&m);
}

static void
bmp_close(struct vnm_exporter *x, struct vnm_counters *counters)
{
	struct vnm_bmp_state *s = x->state;

	while (s->count > 0)
		vnm_bmp_session_end(s, s->sessions[s->count - 1]);
	vnm_free(s->sessions);
	vnm_bmp_rib_close(s, counters);
}

const struct vnm_decoder vnm_bmp_decoder = {
    .name = "bmp",
    .summary = "BMP (RFC 7854, RFC 8671, RFC 9069) with BGP and BGP-LS: routes and link state",
    .ports = {11019, 5000, 1790},
    .state_size = sizeof(struct vnm_bmp_state),
    .probe = bmp_probe,
    .frame = bmp_frame,
    .decode = bmp_decode,
    .tick = vnm_bmp_rib_tick,
    .work = vnm_bmp_tell_work,
    .query = vnm_bmp_tell_query,
    .dump = vnm_bmp_tell_dump,
    .end = bmp_end,
    .close = bmp_close,
    .options = vnm_bmp_options,
    .options_size = sizeof(struct vnm_bmp_options),
    .check = vnm_bmp_options_check,
    .prepare = vnm_bmp_options_prepare,
};
