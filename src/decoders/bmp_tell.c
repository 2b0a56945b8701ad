/*
 * What the BMP decoder tells of the standing RIB without being told: withdrawals of a sweep,
 * dumps, answers. A path goes through the BGP decoder once more, so that its record is the one
 * that it had; its faults were counted then. All of it comes in pieces.
 */
#include "decoders/bmp_rib.h"

#include "decoders/rib_query.h"

#define TELL_COST 32	  /* of a record, in paths that are only looked at */
#define PIECE_COST 8192	  /* of one call of work(): some 256 records, half a millisecond */
#define PIECE_REAPED 2048 /* paths freed in one call */
#define ROUTER UINT32_MAX /* where a dump has not come to the first peer */

struct vnm_bmp_message
vnm_bmp_tell_message(
    struct vnm_exporter *x, struct vnm_out *out, struct vnm_bmp_session *session, uint64_t now_ns)
{
	struct vnm_bmp_message m = {.x = x, .out = out, .session = session, .now_ns = now_ns};
	struct vnm_record *r = out->rec;

	memcpy(r->has, out->base, sizeof(out->base)); /* of no record before this */
	VNM_UNSET(r, env, exporter_port);
	VNM_UNSET(r, env, agent_addr); /* … nor another session */
	VNM_SET(r, env, transport, VNM_STR("tcp"));
	if (session->port != 0)
		VNM_SET(r, env, exporter_port, session->port);
	vnm_bmp_set_source(&m);
	return m;
}

/* ---- a path ----------------------------------------------------------------------------------
 */

/* The reverse of what bmp_rib.c makes of a path marking. */
static struct vnm_bmp_marking
marking_of(uint64_t mark)
{
	return (struct vnm_bmp_marking){.status = (uint32_t)mark,
	    .reason = (uint16_t)(mark >> 32),
	    .has_reason = (mark >> 48 & 1) != 0,
	    .there = (mark >> 49 & 1) != 0};
}

/* Records to come have this time, or none where that is 0. */
static void
set_event(struct vnm_out *out, uint64_t event_ns)
{
	memcpy(out->rec->has, out->base, sizeof(out->base));
	VNM_UNSET(out->rec, env, event_ns);
	if (event_ns != 0)
		VNM_SET(out->rec, env, event_ns, event_ns);
	vnm_out_base(out);
}

/* False when no more records are taken. */
static bool
tell(const struct vnm_bmp_message *about, const struct vnm_rib_table *t,
    const struct vnm_rib_path *path, bool withdraw, struct vnm_str trigger)
{
	const struct vnm_rib_attrs *a = path->attrs;
	struct vnm_out *out = about->out;
	struct vnm_bmp_message m = {.x = about->x,
	    .out = out,
	    .session = about->session,
	    .now_ns = about->now_ns,
	    .table_name = {(const char *)a->octets, a->name_n, false},
	    .tlvs.all = marking_of(a->mark),
	    .trigger = trigger,
	    .stale = !withdraw && vnm_rib_is_stale(t, path)};
	const struct vnm_bgp_session session = {
	    .ctx = &m, .out = out, .begin = vnm_bmp_begin_route, .emit = vnm_bmp_emit};
	struct vnm_bgp_kept k = vnm_rib_kept(t, path);
	struct vnm_bgp_result result;
	size_t mark = vnm_scratch_mark(out->scratch);

	if (out->records_left == 0)
		return false;
	out->again = true;
	k.withdraw = withdraw;
	vnm_bmp_set_peer(&m, about->peer, path->flags);
	(void)vnm_bgp_again(&k, &session, &result);
	out->again = false;
	vnm_scratch_rewind(out->scratch, mark);
	return true;
}

/* ---- sweeps ----------------------------------------------------------------------------------
 */

/* Another session of the router that is not lost and knows the peer; from *at on. */
static const struct vnm_bmp_peer *
other_peer(const struct vnm_bmp_message *m, const struct vnm_bmp_peer *peer, uint32_t *at)
{
	const struct vnm_bmp_state *state = m->x->state;

	while (*at < state->count) {
		const struct vnm_bmp_session *s = state->sessions[(*at)++];
		const struct vnm_bmp_peer *other;

		if (s == m->session || s->lost || !vnm_bmp_rib_same_router(s, m->session))
			continue;
		other = vnm_bmp_peer_find(s, &peer->key);
		if (other != NULL && other->table_count > 0)
			return other;
	}
	return NULL;
}

bool
vnm_bmp_tell_elsewhere(const struct vnm_bmp_message *m, const struct vnm_bmp_peer *peer)
{
	uint32_t at = 0;

	return other_peer(m, peer, &at) != NULL;
}

/* Whether that path is in another session's table: then it is not gone. */
static bool
is_elsewhere(
    const struct vnm_bmp_message *m, const struct vnm_rib_table *t, const struct vnm_rib_path *path)
{
	const struct vnm_bmp_state *state = m->x->state;
	struct vnm_bgp_kept k = vnm_rib_kept(t, path);
	const struct vnm_bmp_peer *other;

	for (uint32_t at = 0; (other = other_peer(m, m->peer, &at)) != NULL;) {
		const struct vnm_rib_table *same =
		    vnm_bmp_rib_table(other, t->view, t->afi, t->safi);

		if (same != NULL && same->full && vnm_rib_find(&state->rib, same, &k) != NULL)
			return true;
	}
	return false;
}

bool
vnm_bmp_tell_sweep(struct vnm_bmp_message *m, struct vnm_rib_table *t, uint32_t *cost)
{
	struct vnm_bmp_state *state = m->x->state;

	while (t->sweep > 0) {
		uint32_t at = t->sweep - 1;
		const struct vnm_rib_path *path = &t->paths[at];
		bool stale = vnm_rib_is_stale(t, path);
		uint32_t price = stale ? TELL_COST : 1;

		if (*cost < price)
			return true;
		*cost -= price;
		if (stale && !(state->count > 1 && is_elsewhere(m, t, path)) &&
		    !tell(m, t, path, true, VNM_STR("sweep")))
			return true;
		t->sweep = at;
		if (stale) {
			vnm_rib_remove(&state->rib, t, at);
			vnm_out_count(m->out, VNM_C_rib_swept, 1);
		}
	}
	return false;
}

bool
vnm_bmp_tell_expired(struct vnm_bmp_message *m)
{
	struct vnm_record *rec = vnm_bmp_begin_peer(m, VNM_STR("expired"));

	VNM_SET(rec, peer, reason, VNM_STR("router-not-back"));
	VNM_SET(rec, peer, routes_gone, true);
	if (m->out->records_left == 0 || !vnm_out_emit(m->out))
		return false;
	vnm_bmp_end_facts(m, true);
	return true;
}

static bool
sweep_session(struct vnm_bmp_message *m, uint32_t *cost)
{
	for (uint32_t i = 0; i < m->session->count; i++) {
		struct vnm_bmp_peer *peer = &m->session->peers[i];

		for (uint32_t k = 0; k < peer->table_count; k++) {
			if (peer->tables[k]->sweep == 0)
				continue;
			vnm_bmp_set_peer(m, peer, peer->flags);
			if (vnm_bmp_tell_sweep(m, peer->tables[k], cost))
				return true;
		}
	}
	return false;
}

/* ---- numbers ---------------------------------------------------------------------------------
 */

struct numbers {
	uint64_t paths, stale, octets;
	bool incomplete;
};

static void
add_numbers(struct numbers *n, const struct vnm_rib *rib, const struct vnm_rib_table *t)
{
	n->paths += t->n;
	n->stale += t->n - t->fresh;
	n->octets += vnm_rib_table_octets(rib, t);
	n->incomplete |= t->incomplete;
}

static void
set_numbers(struct vnm_record *rec, const struct numbers *n)
{
	VNM_SET(rec, peer, rib_paths, n->paths);
	if (n->stale != 0)
		VNM_SET(rec, peer, rib_stale_paths, n->stale);
	VNM_SET(rec, peer, rib_octets, n->octets);
	if (n->paths != 0)
		VNM_SET(rec, peer, rib_octets_per_path, (double)n->octets / (double)n->paths);
	if (n->incomplete)
		VNM_SET(rec, peer, rib_incomplete, true);
}

/* What the per-peer flags of this view are. */
static uint8_t
flags_of(const struct vnm_bmp_peer *peer, enum vnm_rib_view view)
{
	static const uint8_t flags[VNM_RIB_VIEWS] = {
	    [VNM_RIB_IN_POST] = VNM_BMP_FLAG_L,
	    [VNM_RIB_OUT_PRE] = VNM_BMP_FLAG_O,
	    [VNM_RIB_OUT_POST] = VNM_BMP_FLAG_O | VNM_BMP_FLAG_L,
	};

	if (view == VNM_RIB_LOC)
		return peer->flags;
	return (uint8_t)((peer->flags & ~(VNM_BMP_FLAG_L | VNM_BMP_FLAG_O)) | flags[view]);
}

/* A record about a table of that peer. False when none is taken. */
static bool
tell_table(struct vnm_bmp_message *m, struct vnm_bmp_peer *peer, const struct vnm_rib_table *t,
    struct vnm_str event, bool with_numbers)
{
	const struct vnm_bmp_state *state = m->x->state;
	struct numbers n = {0};
	struct vnm_record *rec;
	struct vnm_str name;

	vnm_bmp_set_peer(m, peer, flags_of(peer, t->view));
	rec = vnm_bmp_begin_peer(m, event);
	VNM_SET(rec, peer, afi, t->afi);
	VNM_SET(rec, peer, safi, t->safi);
	if ((name = vnm_afi_name(t->afi)).n != 0)
		VNM_SET(rec, peer, afi_name, name);
	if ((name = vnm_safi_name(t->safi)).n != 0)
		VNM_SET(rec, peer, safi_name, name);
	if (with_numbers) {
		add_numbers(&n, &state->rib, t);
		set_numbers(rec, &n);
	}
	return m->out->records_left > 0 && vnm_out_emit(m->out);
}

static bool
tell_router(struct vnm_bmp_message *m, struct vnm_str event, bool with_numbers)
{
	const struct vnm_bmp_state *state = m->x->state;
	struct numbers n = {0};
	struct vnm_record *rec;

	vnm_bmp_set_peer(m, NULL, 0);
	for (uint32_t i = 0; i < m->session->count && with_numbers; i++) {
		const struct vnm_bmp_peer *peer = &m->session->peers[i];

		for (uint32_t k = 0; k < peer->table_count; k++)
			add_numbers(&n, &state->rib, peer->tables[k]);
	}
	rec = vnm_bmp_begin_peer(m, event);
	if (with_numbers)
		set_numbers(rec, &n);
	return m->out->records_left > 0 && vnm_out_emit(m->out);
}

/* ---- dumps -----------------------------------------------------------------------------------
 */

void
vnm_bmp_tell_begin(struct vnm_exporter *x, struct vnm_bmp_session *session, uint64_t now_ns)
{
	session->dumped_ns = now_ns;
	session->first_dumped = true;
	if (session->dump.on)
		return;
	session->dump.on = true;
	session->dump.begun = false;
	session->dump.peer = ROUTER;
	session->dump.table = 0;
	x->waits = true;
}

void
vnm_bmp_tell_dump(struct vnm_exporter *x)
{
	struct vnm_bmp_state *state = x->state;

	for (uint32_t i = 0; i < state->count; i++) {
		struct vnm_bmp_session *s = state->sessions[i];

		if (s->mode != VNM_RIB_OFF)
			vnm_bmp_tell_begin(x, s, s->dumped_ns);
	}
}

/* False when the table is through; else more of it is left, or no more records are taken. */
static bool
dump_paths(struct vnm_bmp_message *m, struct vnm_rib_table *t, uint32_t *cost)
{
	while (t->dump > 0) {
		const struct vnm_rib_path *path = &t->paths[t->dump - 1];

		if (*cost < TELL_COST)
			return true;
		*cost -= TELL_COST;
		set_event(m->out, path->event_ns);
		bool told = tell(m, t, path, false, VNM_STR("dump"));
		set_event(m->out, 0);
		if (!told)
			return true;
		t->dump--;
		vnm_out_count(m->out, VNM_C_rib_dumped, 1);
	}
	return false;
}

/*
 * The next piece of a table: its paths from the last one down, so that what comes meanwhile, and
 * is told as it comes, is behind where the dump is. False as for dump_paths().
 */
static bool
dump_table(
    struct vnm_bmp_message *m, struct vnm_bmp_peer *peer, struct vnm_rib_table *t, uint32_t *cost)
{
	if (!t->full)
		return !tell_table(m, peer, t, VNM_STR("rib"), true);
	if (!m->session->dump.begun) {
		if (!tell_table(m, peer, t, VNM_STR("dump-begin"), false))
			return true;
		m->session->dump.begun = true;
		t->dump = t->n;
	}
	vnm_bmp_set_peer(m, peer, peer->flags);
	if (dump_paths(m, t, cost) || !tell_table(m, peer, t, VNM_STR("dump-end"), true))
		return true;
	m->session->dump.begun = false;
	return false;
}

static bool
dump_session(struct vnm_bmp_message *m, uint32_t *cost)
{
	struct vnm_bmp_session *s = m->session;
	bool full = s->mode == VNM_RIB_FULL;

	if (!s->dump.on)
		return false;
	if (s->dump.peer == ROUTER) {
		if (full && !tell_router(m, VNM_STR("dump-begin"), false))
			return true;
		s->dump.peer = 0;
	}
	while (s->dump.peer < s->count) {
		struct vnm_bmp_peer *peer = &s->peers[s->dump.peer];

		if (s->dump.table >= peer->table_count) {
			s->dump.peer++;
			s->dump.table = 0;
			s->dump.begun = false;
		} else if (*cost < TELL_COST ||
			   dump_table(m, peer, peer->tables[s->dump.table], cost)) {
			return true;
		} else {
			*cost -= TELL_COST < *cost ? TELL_COST : *cost;
			s->dump.table++;
		}
	}
	if (!tell_router(m, full ? VNM_STR("dump-end") : VNM_STR("rib"), true))
		return true;
	s->dump.on = false;
	return false;
}

void
vnm_bmp_tell_work(struct vnm_exporter *x, uint64_t now_ns, struct vnm_out *out)
{
	struct vnm_bmp_state *state = x->state;
	bool more = vnm_rib_reap(&state->rib, PIECE_REAPED);
	uint32_t cost = PIECE_COST;

	for (uint32_t i = 0; i < state->count; i++) {
		struct vnm_bmp_session *session = state->sessions[i];

		if (session->mode == VNM_RIB_OFF)
			continue;
		struct vnm_bmp_message m = vnm_bmp_tell_message(x, out, session, now_ns);
		more |= sweep_session(&m, &cost);
		more |= dump_session(&m, &cost);
	}
	x->waits = more;
	vnm_bmp_rib_count(state, out->counters);
}

/* ---- answers ---------------------------------------------------------------------------------
 */

/* Whether q's prefix and that of a path are as q wants them. */
static bool
prefix_fits(const struct vnm_rib_query *q, const struct vnm_prefix *have)
{
	switch (q->match) {
	case VNM_RIB_EXACT:
		return have->len == q->prefix.len && vnm_prefix_contains(have, &q->prefix.addr);
	case VNM_RIB_LONGEST:
		return have->len <= q->prefix.len && vnm_prefix_contains(have, &q->prefix.addr);
	case VNM_RIB_WITHIN:
		return have->len >= q->prefix.len && vnm_prefix_contains(&q->prefix, &have->addr);
	default:
		return true;
	}
}

/* False, and q->more, when no more is told. */
static bool
answer_path(struct vnm_bmp_message *m, struct vnm_rib_query *q, const struct vnm_rib_table *t,
    const struct vnm_rib_path *path)
{
	set_event(m->out, path->event_ns);
	if (!tell(m, t, path, false, VNM_STR("query")))
		q->more = true;
	set_event(m->out, 0);
	return !q->more;
}

/* Paths whose prefix fits and, where `len` is not negative, has that length. Or the longest. */
static int
look_through(struct vnm_bmp_message *m, struct vnm_rib_query *q, const struct vnm_rib_table *t,
    bool tells, int len)
{
	int longest = -1;

	for (uint32_t i = 0; i < t->n && !q->more; i++) {
		struct vnm_bgp_kept k = vnm_rib_kept(t, &t->paths[i]);
		struct vnm_prefix have;

		if (q->looks-- == 0) {
			q->looks = 0;
			q->more = true;
			break;
		}
		if (q->match != VNM_RIB_ANY &&
		    (!vnm_bgp_prefix_of(&k, &have) || !prefix_fits(q, &have)))
			continue;
		if (!tells)
			longest = have.len > longest ? have.len : longest;
		else if ((len < 0 || have.len == len) && !answer_path(m, q, t, &t->paths[i]))
			break;
	}
	return longest;
}

/*
 * Where NLRI are prefixes and have no path identifiers, they are found without looking through
 * the table. False where that is not so.
 */
static bool
look_up(struct vnm_bmp_message *m, struct vnm_rib_query *q, const struct vnm_rib_table *t)
{
	const struct vnm_bmp_state *state = m->x->state;
	bool exact = q->match == VNM_RIB_EXACT;
	struct vnm_prefix wanted = q->prefix;
	uint8_t nlri[17];

	if ((!exact && q->match != VNM_RIB_LONGEST) || t->path_ids)
		return false;
	for (int len = q->prefix.len; len >= (exact ? q->prefix.len : 0); len--) {
		struct vnm_bgp_kept k = {.afi = t->afi, .safi = t->safi};
		const struct vnm_rib_path *path;

		wanted.len = (uint8_t)len;
		k.nlri =
		    (struct vnm_slice){nlri, vnm_bgp_prefix_nlri(t->afi, t->safi, &wanted, nlri)};
		if (k.nlri.n == 0)
			return false;
		path = vnm_rib_find(&state->rib, t, &k);
		if (path == NULL)
			continue;
		(void)answer_path(m, q, t, path);
		break;
	}
	return true;
}

static void
answer_table(struct vnm_bmp_message *m, struct vnm_rib_query *q, const struct vnm_rib_table *t)
{
	int longest = -1;

	if (q->summary) {
		q->more |= !tell_table(m, m->peer, t, VNM_STR("rib"), true);
		return;
	}
	if (!t->full || look_up(m, q, t))
		return;
	if (q->match == VNM_RIB_LONGEST) {
		longest = look_through(m, q, t, false, -1);
		if (longest < 0)
			return;
	}
	(void)look_through(m, q, t, true, longest);
}

static bool
is_asked(const struct vnm_rib_query *q, const struct vnm_rib_table *t)
{
	return (q->view < 0 || t->view == (enum vnm_rib_view)q->view) &&
	       (q->afi == 0 || t->afi == q->afi) && (q->safi == 0 || t->safi == q->safi);
}

static bool
is_peer(const struct vnm_rib_query *q, const struct vnm_bmp_peer *peer)
{
	bool ip6 = (peer->flags & VNM_BMP_FLAG_V) != 0 && peer->key.type != VNM_BMP_PEER_LOC_RIB;
	struct vnm_addr addr =
	    ip6 ? vnm_addr_ip6(peer->key.addr) : vnm_addr_ip4(peer->key.addr + 12);

	return q->peer.family == VNM_ADDR_NONE || vnm_addr_equal(&q->peer, &addr);
}

static void
answer_session(struct vnm_bmp_message *m, struct vnm_rib_query *q)
{
	for (uint32_t i = 0; i < m->session->count; i++) {
		struct vnm_bmp_peer *peer = &m->session->peers[i];

		if (!is_peer(q, peer))
			continue;
		for (uint32_t k = 0; k < peer->table_count && !q->more; k++) {
			vnm_bmp_set_peer(m, peer, peer->flags);
			if (is_asked(q, peer->tables[k]))
				answer_table(m, q, peer->tables[k]);
		}
	}
	if (q->summary && q->peer.family == VNM_ADDR_NONE && !q->more)
		q->more = !tell_router(m, VNM_STR("rib"), true);
}

void
vnm_bmp_tell_query(struct vnm_exporter *x, struct vnm_rib_query *q, struct vnm_out *out)
{
	struct vnm_bmp_state *state = x->state;

	if (q->router.family != VNM_ADDR_NONE && !vnm_addr_equal(&q->router, &x->addr))
		return;
	for (uint32_t i = 0; i < state->count && !q->more; i++) {
		struct vnm_bmp_session *session = state->sessions[i];

		if (session->mode == VNM_RIB_OFF)
			continue;
		struct vnm_bmp_message m = vnm_bmp_tell_message(x, out, session, x->last_ns);
		answer_session(&m, q);
	}
}
