/*
 * What BMP messages do to the standing RIB (RFC 7854 sections 3.3, 4.9, 4.10 and 5), and how long
 * routes are kept that may be gone.
 */
#include "decoders/bmp_rib.h"

#include "base/alloc.h"
#include "base/clock.h"

#define LOST_MAX 16	    /* sessions of a router that are over and kept */
#define SWEEP_AT_ONCE 32768 /* cost of what End-of-RIB sweeps within its message */
#define TABLES_MAX 256	    /* of a peer; there are not so many families and views */

const struct vnm_option vnm_bmp_options[] = {VNM_BMP_OPTIONS(VNM_OPTION_ROW) VNM_OPTION_END};

/* ---- options and sessions --------------------------------------------------------------------
 */

static bool
read_mode(const char *text, enum vnm_rib_mode *mode)
{
	static const char *const names[] = {"off", "count", "full"};

	for (unsigned i = 0; i < VNM_ARRAY_LEN(names); i++) {
		if (strcmp(text, names[i]) == 0) {
			*mode = (enum vnm_rib_mode)i;
			return true;
		}
	}
	return false;
}

int
vnm_bmp_options_check(const void *options, struct vnm_err *err)
{
	const struct vnm_bmp_options *o = options;
	enum vnm_rib_mode mode;

	if (!read_mode(o->rib, &mode))
		return vnm_err_text(err, "`rib`: \"%s\" is not one of off, count, full", o->rib);
	if (o->rib_suppress && mode != VNM_RIB_FULL)
		return vnm_err_text(err, "`rib_suppress` needs `rib: full`: without the routes "
					 "nothing tells what has changed");
	if (mode != VNM_RIB_OFF && o->rib_paths == 0)
		return vnm_err_text(err, "`rib_paths` is 1 or more; for none there is `rib: off`");
	return 0;
}

int
vnm_bmp_options_prepare(
    void *options, const struct vnm_decoder_setting *setting, struct vnm_err *err)
{
	struct vnm_bmp_options *o = options;

	(void)setting;
	(void)err;
	/* Whatever else it may be, somebody has complained. */
	if (o->rib == NULL || !read_mode(o->rib, &o->mode))
		o->mode = VNM_RIB_OFF;
	return 0;
}

static void
take_options(struct vnm_bmp_rib_config *c, const struct vnm_bmp_options *o)
{
	if (o == NULL)
		return;
	c->mode = o->mode;
	c->paths = o->rib_paths;
	c->suppress = o->rib_suppress;
	c->stale_ns = o->rib_stale;
	c->interval_ns = o->rib_dump_interval;
	c->dump_start = o->rib_dump_start;
}

void
vnm_bmp_rib_begin(struct vnm_bmp_message *m, const struct vnm_datagram *d)
{
	struct vnm_bmp_state *state = m->x->state;
	struct vnm_bmp_session *session = m->session;

	m->now_ns = state->now_ns = d->rx_ns;
	take_options(&state->config, m->x->options);
	if (session->begun)
		return;
	session->begun = true;
	session->mode = state->config.mode;
	session->serial = ++state->serial;
	session->port = d->src.port;
	session->began_ns = session->dumped_ns = d->rx_ns;
	state->rib.seed = m->x->hash_seed;
}

/* ---- tables of a peer ------------------------------------------------------------------------
 */

static enum vnm_rib_view
view_of(const struct vnm_bmp_message *m)
{
	bool post = (m->flags & VNM_BMP_FLAG_L) != 0;

	if (m->view == VNM_BMP_LOC)
		return VNM_RIB_LOC;
	if (m->view == VNM_BMP_OUT)
		return post ? VNM_RIB_OUT_POST : VNM_RIB_OUT_PRE;
	return post ? VNM_RIB_IN_POST : VNM_RIB_IN_PRE;
}

struct vnm_rib_table *
vnm_bmp_rib_table(
    const struct vnm_bmp_peer *peer, enum vnm_rib_view view, uint16_t afi, uint8_t safi)
{
	for (uint32_t i = 0; i < peer->table_count; i++) {
		struct vnm_rib_table *t = peer->tables[i];

		if (t->afi == afi && t->safi == safi && t->view == view)
			return t;
	}
	return NULL;
}

/* A dump of the session that has come to this peer begins anew with it. */
static void
restart_dump(struct vnm_bmp_session *s, const struct vnm_bmp_peer *peer)
{
	if (!s->dump.on || s->dump.peer >= s->count || &s->peers[s->dump.peer] != peer)
		return;
	s->dump.table = 0;
	s->dump.begun = false;
}

/* Room in the peer's list for one table more. */
static bool
more_tables(struct vnm_bmp_peer *peer)
{
	struct vnm_rib_table **grown;

	if (peer->table_count >= TABLES_MAX)
		return false;
	grown = vnm_realloc(peer->tables, (peer->table_count + 1) * sizeof(*grown));
	if (grown != NULL)
		peer->tables = grown;
	return grown != NULL;
}

/*
 * The router has another session, begun before, that tells this table: most likely it is dead and
 * nobody told us yet. What is told of a table by a later session holds from then on, so that all
 * that the former told is stale.
 */
static struct vnm_rib_table *
take_over(struct vnm_bmp_message *m, uint16_t afi, uint8_t safi)
{
	struct vnm_bmp_state *state = m->x->state;
	enum vnm_rib_view view = view_of(m);

	for (uint32_t i = 0; i < state->count && m->session->name[0] != '\0'; i++) {
		struct vnm_bmp_session *s = state->sessions[i];
		struct vnm_bmp_peer *peer;

		if (s->serial >= m->session->serial || s->mode != m->session->mode ||
		    strcmp(s->name, m->session->name) != 0 ||
		    (peer = vnm_bmp_peer_find(s, &m->peer->key)) == NULL)
			continue;
		for (uint32_t k = 0; k < peer->table_count; k++) {
			struct vnm_rib_table *t = peer->tables[k];

			if (t->view != view || t->afi != afi || t->safi != safi ||
			    !more_tables(m->peer))
				continue;
			peer->tables[k] = peer->tables[--peer->table_count];
			restart_dump(s, peer);
			m->peer->tables[m->peer->table_count++] = t;
			m->peer->taught |= peer->taught;
			t->dump = 0;
			vnm_rib_mark(t, m->now_ns);
			return t;
		}
	}
	return NULL;
}

/* NULL when memory is short. */
static struct vnm_rib_table *
make_table(struct vnm_bmp_message *m, uint16_t afi, uint8_t safi)
{
	struct vnm_bmp_state *state = m->x->state;
	struct vnm_rib_table *t;

	if (!more_tables(m->peer))
		return NULL;
	t = vnm_rib_table_new(&state->rib, m->session->mode == VNM_RIB_FULL, state->config.paths);
	if (t == NULL)
		return NULL;
	t->view = view_of(m);
	t->afi = afi;
	t->safi = safi;
	m->peer->tables[m->peer->table_count++] = t;
	return t;
}

/* The table that the message is about, be it taken over; NULL where there is none. */
static struct vnm_rib_table *
table_of(struct vnm_bmp_message *m, uint16_t afi, uint8_t safi)
{
	const struct vnm_bmp_state *state = m->x->state;
	struct vnm_rib_table *t = vnm_bmp_rib_table(m->peer, view_of(m), afi, safi);

	return t == NULL && state->count > 1 ? take_over(m, afi, safi) : t;
}

/* ---- routes ----------------------------------------------------------------------------------
 */

/* What a path marking adds to the attributes, as a number. */
static uint64_t
mark_of(const struct vnm_bmp_marking *marking)
{
	if (marking == NULL)
		return 0;
	return marking->status | (uint64_t)marking->reason << 32 |
	       (uint64_t)marking->has_reason << 48 | 1ULL << 49;
}

/* The routes of a message mostly have the same attributes. */
static struct vnm_rib_attrs *
attributes(struct vnm_bmp_message *m, const struct vnm_bgp_kept *k)
{
	struct vnm_bmp_state *state = m->x->state;
	const struct vnm_rib_about about = {
	    .as4 = k->as4,
	    .as_guessed = k->as_guessed,
	    .mark = mark_of(m->marking),
	    .table_name = {m->table_name.p, m->table_name.n < 255 ? m->table_name.n : 255, false},
	    .attributes = k->attributes,
	};

	if (k->attributes.n == 0)
		return NULL;
	if (m->kept != NULL && m->kept_from == k->attributes.p && m->kept->mark == about.mark)
		return m->kept;
	vnm_rib_attrs_put(&state->rib, m->kept);
	m->kept = vnm_rib_attrs_get(&state->rib, &about);
	m->kept_from = k->attributes.p;
	return m->kept;
}

/* Whether a record that changes nothing is published. */
static bool
repeated(struct vnm_bmp_message *m, enum vnm_counter counter)
{
	const struct vnm_bmp_state *state = m->x->state;
	bool withheld = state->config.suppress && m->session->mode == VNM_RIB_FULL;

	vnm_out_count(m->out, counter, 1);
	vnm_out_count(m->out, VNM_C_rib_withheld, withheld);
	if (withheld)
		vnm_bmp_teach(m); /* be it known that it still holds */
	return !withheld;
}

static bool
announce(struct vnm_bmp_message *m, struct vnm_rib_table *t, const struct vnm_bgp_kept *k)
{
	struct vnm_bmp_state *state = m->x->state;
	const struct vnm_record *r = m->out->rec;
	const struct vnm_rib_having having = {
	    .attrs = t != NULL && t->full ? attributes(m, k) : NULL,
	    .event_ns = VNM_HAS(r, env, event_ns) ? r->env.event_ns : 0,
	    .flags = m->flags,
	    .now_ns = m->now_ns,
	};
	enum vnm_rib_result result = VNM_RIB_REFUSED;

	if (t != NULL)
		result = vnm_rib_put(&state->rib, t, k, &having, state->config.paths);
	else
		m->peer->unkept = true;
	if (result == VNM_RIB_REFUSED)
		vnm_out_fault(m->out, VNM_R_rib_limit);
	return result != VNM_RIB_SAME || repeated(m, VNM_C_rib_repeats);
}

/* Of what is not complete nothing can be said to have never been there. */
static bool
withdraw(struct vnm_bmp_message *m, struct vnm_rib_table *t, const struct vnm_bgp_kept *k)
{
	struct vnm_bmp_state *state = m->x->state;

	if (t != NULL && (vnm_rib_take(&state->rib, t, k) || t->incomplete))
		return true;
	return m->peer->unkept || repeated(m, VNM_C_rib_unknown_withdraws);
}

/* What the message may not yield any more is not published: the table is what was. */
bool
vnm_bmp_rib_keep(void *ctx, const struct vnm_bgp_kept *k)
{
	struct vnm_bmp_message *m = ctx;
	struct vnm_rib_table *t;

	if (m->out->records_left == 0)
		return true;
	t = table_of(m, k->afi, k->safi);
	if (k->withdraw)
		return withdraw(m, t, k);
	return announce(m, t != NULL ? t : make_table(m, k->afi, k->safi), k);
}

/* ---- what may be gone ------------------------------------------------------------------------
 */

void
vnm_bmp_rib_sweep(struct vnm_bmp_message *m, struct vnm_rib_table *t)
{
	struct vnm_bmp_state *state = m->x->state;

	if (t->fresh == t->n)
		return;
	if (t->full)
		t->sweep = t->n;
	else
		vnm_out_count(m->out, VNM_C_rib_swept, vnm_rib_sweep_prints(&state->rib, t));
}

/*
 * The table is told whole: what was not told is gone. A message yields so many records only, its
 * own among them; the rest of a sweep is work() between turns.
 */
void
vnm_bmp_rib_ended(void *ctx, uint16_t afi, uint8_t safi)
{
	struct vnm_bmp_message *m = ctx;
	struct vnm_rib_table *t = table_of(m, afi, safi);
	uint32_t left = m->out->records_left / 2, cost = SWEEP_AT_ONCE;

	if (t == NULL)
		return;
	t->ended = true;
	vnm_bmp_rib_sweep(m, t);
	if (t->sweep > 0 && left > 0) {
		m->out->records_left -= left;
		m->x->waits |= vnm_bmp_tell_sweep(m, t, &cost);
		m->out->records_left += left;
	}
}

/*
 * A peer that comes up while it is up has a new session. One that was never announced told its
 * routes before its Peer Up: they are those of this session.
 */
void
vnm_bmp_rib_up(struct vnm_bmp_message *m)
{
	for (uint32_t i = 0; i < m->peer->table_count && !m->peer->implicit; i++)
		vnm_rib_mark(m->peer->tables[i], m->now_ns);
}

void
vnm_bmp_rib_down(struct vnm_bmp_message *m)
{
	vnm_bmp_peer_drop(m->x->state, m->peer);
	restart_dump(m->session, m->peer);
}

void
vnm_bmp_rib_done(struct vnm_bmp_message *m)
{
	struct vnm_bmp_state *state = m->x->state;

	vnm_rib_attrs_put(&state->rib, m->kept);
	m->kept = NULL;
	m->x->waits |= state->rib.dying != NULL;
	vnm_bmp_rib_count(state, m->out->counters);
}

/* ---- routers that are lost and come back -----------------------------------------------------
 */

bool
vnm_bmp_rib_outlasts(const struct vnm_bmp_message *m, const struct vnm_bmp_peer *peer)
{
	bool complete = peer->table_count > 0 && !peer->unkept;

	if (m->session->mode != VNM_RIB_FULL)
		return false;
	for (uint32_t i = 0; i < peer->table_count; i++)
		complete = complete && !peer->tables[i]->incomplete;
	return complete || vnm_bmp_tell_elsewhere(m, peer);
}

/* The longest lost one makes room. */
static void
limit_lost(struct vnm_bmp_message *m)
{
	struct vnm_bmp_state *state = m->x->state;
	struct vnm_bmp_session *oldest = NULL;
	uint32_t lost = 0;

	for (uint32_t i = 0; i < state->count; i++) {
		struct vnm_bmp_session *s = state->sessions[i];

		lost += s->lost;
		if (s->lost && (oldest == NULL || s->lost_ns < oldest->lost_ns))
			oldest = s;
	}
	if (lost >= LOST_MAX && oldest != NULL)
		oldest->lost_ns = 0; /* the next tick ends it */
}

void
vnm_bmp_rib_lost(struct vnm_bmp_message *m)
{
	struct vnm_bmp_state *state = m->x->state;
	struct vnm_bmp_session *session = m->session;
	bool kept = false;

	if (m->now_ns < state->now_ns) /* it was silent for a while */
		m->now_ns = state->now_ns;
	for (uint32_t i = 0; i < session->count; i++) {
		struct vnm_bmp_peer *peer = &session->peers[i];

		if (!vnm_bmp_rib_outlasts(m, peer))
			vnm_bmp_peer_drop(state, peer);
		kept |= peer->table_count > 0;
		for (uint32_t k = 0; k < peer->table_count; k++)
			vnm_rib_mark(peer->tables[k], m->now_ns);
	}
	if (!kept) {
		vnm_bmp_session_end(state, session);
	} else {
		limit_lost(m);
		session->lost = true;
		session->lost_ns = m->now_ns;
		session->dump.on = false;
	}
	vnm_bmp_rib_done(m);
}

/* The same router, as far as names tell: one that did not tell its name may be any. */
bool
vnm_bmp_rib_same_router(const struct vnm_bmp_session *a, const struct vnm_bmp_session *b)
{
	return a->name[0] == '\0' || b->name[0] == '\0' || strcmp(a->name, b->name) == 0;
}

static bool
has_tables(const struct vnm_bmp_session *session)
{
	for (uint32_t i = 0; i < session->count; i++) {
		if (session->peers[i].table_count > 0)
			return true;
	}
	return false;
}

void
vnm_bmp_rib_adopt(struct vnm_bmp_message *m)
{
	struct vnm_bmp_state *state = m->x->state;

	for (uint32_t i = 0; i < state->count && m->session->mode == VNM_RIB_FULL; i++) {
		struct vnm_bmp_session *lost = state->sessions[i];
		struct vnm_bmp_peer *from;

		if (!lost->lost || !vnm_bmp_rib_same_router(lost, m->session))
			continue;
		from = vnm_bmp_peer_find(lost, &m->peer->key);
		if (from == NULL || from->table_count == 0)
			continue;
		m->peer->tables = from->tables;
		m->peer->table_count = from->table_count;
		m->peer->taught |= from->taught;
		from->tables = NULL;
		from->table_count = 0;
		for (uint32_t k = 0; k < m->peer->table_count; k++)
			vnm_rib_mark(m->peer->tables[k], m->now_ns);
		if (!has_tables(lost))
			vnm_bmp_session_end(state, lost);
		return;
	}
}

/* ---- time ------------------------------------------------------------------------------------
 */

static bool
is_over(uint64_t now_ns, uint64_t since_ns, uint64_t limit_ns)
{
	return now_ns >= since_ns && now_ns - since_ns >= limit_ns;
}

/* Families whose End-of-RIB does not come: no route was confirmed for so long. */
static void
sweep_late(struct vnm_bmp_message *m)
{
	struct vnm_bmp_state *state = m->x->state;

	for (uint32_t i = 0; i < m->session->count; i++) {
		struct vnm_bmp_peer *peer = &m->session->peers[i];

		for (uint32_t k = 0; k < peer->table_count; k++) {
			struct vnm_rib_table *t = peer->tables[k];

			if (t->fresh == t->n || t->sweep > 0 ||
			    !is_over(m->now_ns, t->stale_ns, state->config.stale_ns))
				continue;
			vnm_bmp_rib_sweep(m, t);
			m->x->waits |= t->sweep > 0;
		}
	}
}

/*
 * The router did not come back. Where it has another session meanwhile that has this peer, only
 * those routes are gone that are not there: work() sweeps them. False when it is not at its end.
 */
static bool
expire_peer(struct vnm_bmp_message *m, struct vnm_bmp_peer *peer)
{
	struct vnm_bmp_state *state = m->x->state;

	vnm_bmp_set_peer(m, peer, peer->flags);
	if (!vnm_bmp_tell_elsewhere(m, peer)) {
		if (!vnm_bmp_tell_expired(m))
			return false;
		vnm_bmp_peer_drop(state, peer);
		return true;
	}
	bool more = false;
	for (uint32_t i = 0; i < peer->table_count; i++) {
		struct vnm_rib_table *t = peer->tables[i];

		if (t->sweep == 0)
			vnm_bmp_rib_sweep(m, t);
		more |= t->sweep > 0;
	}
	m->x->waits |= more;
	if (!more)
		vnm_bmp_peer_drop(state, peer);
	return !more;
}

/* False when it goes on with the next tick. */
static bool
expire(struct vnm_bmp_message *m)
{
	for (uint32_t i = 0; i < m->session->count; i++) {
		struct vnm_bmp_peer *peer = &m->session->peers[i];

		if (peer->table_count > 0 && !expire_peer(m, peer))
			return false;
	}
	vnm_bmp_session_end(m->x->state, m->session);
	return true;
}

/* The first tables are told: each with End-of-RIB, or for as long as stale ones are waited for. */
static bool
is_complete(const struct vnm_bmp_message *m)
{
	const struct vnm_bmp_state *state = m->x->state;
	bool all = true, any = false;

	for (uint32_t i = 0; i < m->session->count; i++) {
		for (uint32_t k = 0; k < m->session->peers[i].table_count; k++) {
			any = true;
			all = all && m->session->peers[i].tables[k]->ended;
		}
	}
	return any && (all || is_over(m->now_ns, m->session->began_ns, state->config.stale_ns));
}

static void
dump_in_time(struct vnm_bmp_message *m)
{
	const struct vnm_bmp_rib_config *c = &((struct vnm_bmp_state *)m->x->state)->config;
	struct vnm_bmp_session *s = m->session;
	bool due = c->interval_ns != 0 && is_over(m->now_ns, s->dumped_ns, c->interval_ns);

	if (c->dump_start && !s->first_dumped && is_complete(m))
		due = true;
	if (due)
		vnm_bmp_tell_begin(m->x, s, m->now_ns);
}

void
vnm_bmp_rib_tick(struct vnm_exporter *x, uint64_t now_ns, bool final, struct vnm_out *out)
{
	struct vnm_bmp_state *state = x->state;

	state->now_ns = now_ns;
	for (uint32_t i = state->count; i > 0 && !final; i--) {
		struct vnm_bmp_session *session = state->sessions[i - 1];

		if (session->mode == VNM_RIB_OFF)
			continue;
		struct vnm_bmp_message m = vnm_bmp_tell_message(x, out, session, now_ns);
		if (session->lost) {
			if (is_over(now_ns, session->lost_ns, state->config.stale_ns))
				(void)expire(&m);
			continue;
		}
		sweep_late(&m);
		dump_in_time(&m);
	}
	x->waits |= state->rib.dying != NULL;
	vnm_bmp_rib_count(state, out->counters);
}

void
vnm_bmp_rib_count(struct vnm_bmp_state *state, struct vnm_counters *counters)
{
	counters->v[VNM_C_rib_paths] += state->rib.paths - state->counted_paths;
	counters->v[VNM_C_rib_octets] += state->rib.octets - state->counted_octets;
	state->counted_paths = state->rib.paths;
	state->counted_octets = state->rib.octets;
}

void
vnm_bmp_rib_close(struct vnm_bmp_state *state, struct vnm_counters *counters)
{
	vnm_rib_free(&state->rib);
	vnm_bmp_rib_count(state, counters);
}
