/*
 * Sequence numbers of exporters (RFC 3954 section 5.1, RFC 7011 section 3.1, sFlow version 5).
 */
#include "decoders/sequence.h"

#include "base/clock.h"

#include <assert.h>

#define PLAUSIBLE_GAP 1000000U /* units: a greater leap forward is no loss but a restart */
#define LATE_MESSAGES 1000U    /* how far back a message may lie and still be late */
#define BEHIND_RUN 3	       /* old messages in a row, in order, that make a restart */
#define GAP_OPEN_NS (2 * VNM_NS_PER_S)
#define UPTIME_SLACK_MS 5000
#define DOUBT_NONSENSE 3
#define DOUBT_LIMIT 24 /* as much as eight nonsensical messages in a row */

/* ---- open gaps --------------------------------------------------------------------------- */

static void
gap_remove(struct vnm_sequence *s, uint32_t i)
{
	assert(i < s->gap_count);
	s->gap_count--;
	memmove(&s->gaps[i], &s->gaps[i + 1], (s->gap_count - i) * sizeof(s->gaps[0]));
}

/* The oldest gap is a loss for good. */
static void
gap_settle(struct vnm_sequence *s)
{
	s->lost += s->gaps[0].to - s->gaps[0].from;
	gap_remove(s, 0);
}

static void
gap_add(struct vnm_sequence *s, uint32_t from, uint32_t to, uint64_t since_ns)
{
	if (from == to)
		return;
	if (s->gap_count == VNM_SEQUENCE_GAPS)
		gap_settle(s);
	s->gaps[s->gap_count++] = (struct vnm_sequence_gap){from, to, since_ns};
}

/* Whether the message fills an open gap or a part of it, which is then missing no longer. */
static bool
gap_fill(struct vnm_sequence *s, uint32_t seq, uint32_t units)
{
	for (uint32_t i = 0; i < s->gap_count; i++) {
		struct vnm_sequence_gap g = s->gaps[i];
		if (seq - g.from >= g.to - g.from || units > g.to - seq)
			continue;
		if (units == 0)
			return true;
		gap_remove(s, i);
		gap_add(s, g.from, seq, g.since_ns);
		gap_add(s, seq + units, g.to, g.since_ns);
		return true;
	}
	return false;
}

/* ---- verdicts ---------------------------------------------------------------------------- */

/*
 * Whether the exporter's uptime ran otherwise than our clock since the message before. One
 * that never moves is no uptime.
 */
static bool
uptime_leapt(const struct vnm_sequence *s, const struct vnm_sequence_message *m)
{
	uint32_t ours, theirs;
	int32_t ahead;

	if (!s->heard || !m->has_uptime || m->uptime_ms == s->uptime_ms)
		return false;
	ours = (uint32_t)((m->rx_ns - s->rx_ns) / VNM_NS_PER_MS);
	theirs = m->uptime_ms - s->uptime_ms;
	ahead = (int32_t)(theirs - ours);
	return ahead < -UPTIME_SLACK_MS || ahead > UPTIME_SLACK_MS;
}

/* Old messages in a row that follow each other: not late ones, but an exporter begun anew. */
static bool
is_run_of_old(struct vnm_sequence *s, const struct vnm_sequence_message *m)
{
	s->behind = s->behind > 0 && m->seq == s->behind_next ? s->behind + 1 : 1;
	s->behind_next = m->seq + m->units;
	return s->behind >= BEHIND_RUN && m->units > 0;
}

static enum vnm_sequence_verdict
judge_old(struct vnm_sequence *s, const struct vnm_sequence_message *m, uint32_t back)
{
	uint32_t per_message = m->units > 0 ? m->units : 1;

	if (gap_fill(s, m->seq, m->units))
		return VNM_SEQUENCE_LATE;
	if (uptime_leapt(s, m) || back / per_message > LATE_MESSAGES || is_run_of_old(s, m))
		return VNM_SEQUENCE_RESTART;
	return m->units > back ? VNM_SEQUENCE_NONSENSE : VNM_SEQUENCE_DUPLICATE;
}

static enum vnm_sequence_verdict
judge(struct vnm_sequence *s, const struct vnm_sequence_message *m)
{
	uint32_t ahead = m->seq - s->next;

	if (!s->known)
		return VNM_SEQUENCE_FIRST;
	if (ahead == 0)
		return VNM_SEQUENCE_IN_ORDER;
	if (ahead > INT32_MAX)
		return judge_old(s, m, s->next - m->seq);
	return ahead > PLAUSIBLE_GAP || uptime_leapt(s, m) ? VNM_SEQUENCE_RESTART
							   : VNM_SEQUENCE_GAP;
}

/* Trust comes by single messages and goes by several. */
static void
weigh(struct vnm_sequence *s, enum vnm_sequence_verdict verdict)
{
	if (verdict == VNM_SEQUENCE_NONSENSE || verdict == VNM_SEQUENCE_RESTART)
		s->doubt += s->doubt <= 2 * DOUBT_LIMIT - DOUBT_NONSENSE ? DOUBT_NONSENSE : 0;
	else if (verdict == VNM_SEQUENCE_IN_ORDER && s->doubt > 0)
		s->doubt--;
	if (s->doubt >= DOUBT_LIMIT)
		s->unreliable = true;
	else if (s->doubt == 0)
		s->unreliable = s->reported_unreliable = false;
}

static void
move_on(struct vnm_sequence *s, const struct vnm_sequence_message *m)
{
	s->known = true;
	s->behind = 0;
	s->next = m->seq + m->units;
	s->heard = m->has_uptime;
	s->uptime_ms = m->uptime_ms;
	s->rx_ns = m->rx_ns;
}

/*
 * Some exporters count a message's own records in (softflowd 1.1.0), where RFC 7011 wants those
 * before it. A message that follows its predecessor by the one reading and not by the other
 * settles which one holds.
 */
static struct vnm_sequence_message
as_exclusive(struct vnm_sequence *s, const struct vnm_sequence_message *m)
{
	struct vnm_sequence_message exclusive = *m;
	bool by_end = m->seq == s->last + m->units;
	bool by_start = m->seq == s->last + s->last_units;

	if (s->known && by_end != by_start && by_end != s->inclusive) {
		s->inclusive = by_end;
		s->next = by_end ? s->last : s->last + s->last_units;
		s->gap_count = 0;
	}
	s->last = m->seq;
	s->last_units = m->units;
	if (s->inclusive)
		exclusive.seq -= m->units;
	return exclusive;
}

enum vnm_sequence_verdict
vnm_sequence_next(struct vnm_sequence *s, const struct vnm_sequence_message *message)
{
	struct vnm_sequence_message exclusive = as_exclusive(s, message);
	const struct vnm_sequence_message *m = &exclusive;
	enum vnm_sequence_verdict verdict = judge(s, m);

	if (s->window_ns == 0)
		s->window_ns = m->rx_ns;
	weigh(s, verdict);
	if (verdict != VNM_SEQUENCE_DUPLICATE)
		s->got += m->units;
	switch (verdict) {
	case VNM_SEQUENCE_LATE:
		s->reordered++;
		return verdict;
	case VNM_SEQUENCE_DUPLICATE:
		return verdict;
	case VNM_SEQUENCE_GAP:
		gap_add(s, s->next, m->seq, m->rx_ns);
		break;
	case VNM_SEQUENCE_RESTART:
		s->restarts++;
		while (s->gap_count > 0)
			gap_settle(s);
		break;
	case VNM_SEQUENCE_FIRST:
	case VNM_SEQUENCE_IN_ORDER:
	case VNM_SEQUENCE_NONSENSE:
		break;
	}
	move_on(s, m);
	return verdict;
}

void
vnm_sequence_resync(struct vnm_sequence *s)
{
	s->known = false;
}

void
vnm_sequence_excuse(struct vnm_sequence *s)
{
	if (s->gap_count > 0)
		s->gap_count--;
}

/* ---- reports ----------------------------------------------------------------------------- */

static void
emit(const struct vnm_sequence *s, uint64_t now_ns, struct vnm_str cause, struct vnm_str unit,
    struct vnm_out *out)
{
	struct vnm_record *r = vnm_out_begin(out, VNM_KIND_visibility);

	VNM_SET(r, visibility, cause, cause);
	VNM_SET(r, visibility, unit, unit);
	VNM_SET(r, visibility, got, s->got);
	VNM_SET(r, visibility, interval_ns, now_ns > s->window_ns ? now_ns - s->window_ns : 0);
	if (s->lost > 0 && !s->unreliable) {
		VNM_SET(r, visibility, lost, s->lost);
		VNM_SET(r, visibility, expected, s->got + s->lost);
	}
	vnm_out_emit(out);
}

static void
forget_doubtful(struct vnm_sequence *s)
{
	s->gap_count = 0;
	s->lost = 0;
	s->restarts = 0;
	s->reordered = 0;
}

static void
roll_window(struct vnm_sequence *s, uint64_t now_ns)
{
	s->window_ns = now_ns;
	s->got = 0;
	s->lost = 0;
}

void
vnm_sequence_tick(
    struct vnm_sequence *s, uint64_t now_ns, bool final, struct vnm_str unit, struct vnm_out *out)
{
	bool due = final || now_ns >= s->window_ns + VNM_SEQUENCE_REPORT_NS;

	if (s->unreliable) {
		forget_doubtful(s);
		if (!s->reported_unreliable)
			emit(s, now_ns, VNM_STR("sequence-unreliable"), unit, out);
		s->reported_unreliable = true;
	}
	while (s->gap_count > 0 && (final || now_ns >= s->gaps[0].since_ns + GAP_OPEN_NS))
		gap_settle(s);
	vnm_out_count(out, VNM_C_sequence_reordered, s->reordered);
	s->reordered = 0;
	if (s->restarts > 0) {
		vnm_out_count(out, VNM_C_exporter_restarts, s->restarts);
		emit(s, now_ns, VNM_STR("restart"), unit, out);
	} else if (due && s->lost > 0) {
		emit(s, now_ns, VNM_STR("sequence-gap"), unit, out);
	}
	if (s->restarts > 0 || due) {
		vnm_out_count(out, VNM_C_sequence_lost, s->lost);
		roll_window(s, now_ns);
	}
	s->restarts = 0;
}
