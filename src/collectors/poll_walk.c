/*
 * Walks: rows of the values in an answer.
 *
 * An answer holds, for each column that was asked for, values in the order of their indices. A
 * row is whole when every column is past its index, or at its end; the last whole row is where
 * the next request goes on. What stands beyond it is asked for again, so that nothing has to be
 * kept between two answers, and a hole in a column moves nothing.
 *
 * Agents return indices that do not increase, values of columns nobody asked for, the same row for
 * ever (snmpwalk's users know them): whatever does not bring the walk on ends it.
 */
#include "collectors/poll_part.h"

#include <assert.h>
#include <string.h>

#define HELD_MAX (256U << 10) /* octets of answers for parts of one row's columns */

static const uint32_t uptime_ids[] = {1, 3, 6, 1, 2, 1, 1, 3, 0};      /* sysUpTime.0 */
static const uint32_t changed_ids[] = {1, 3, 6, 1, 2, 1, 31, 1, 5, 0}; /* ifTableLastChange.0 */

/* One answer, as it is read. */
struct reading {
	struct vnm_poller *p;
	struct poll_job *j;
	struct poll_batch *b;
	uint8_t asked[VNM_PLAN_COLUMNS];
	uint8_t asked_n;
	bool disorder; /* an index did not increase */
	uint32_t uptime;
	bool has_uptime;
};

/* ---- indices -----------------------------------------------------------------------------------
 */

/* The sub-identifiers of n octets behind the last that were read: how many, 0 where malformed. */
static uint32_t
read_index(struct poll_batch *b, const uint8_t *p, size_t n)
{
	uint32_t *out = b->ids + b->id_n, count = 0;
	uint64_t v = 0;

	for (size_t i = 0; i < n; i++) {
		v = v << 7 | (p[i] & 0x7f);
		if (v > UINT32_MAX)
			return 0;
		if (p[i] & 0x80)
			continue;
		if (count == VNM_OID_MAX || b->id_n + count == POLL_IDS)
			return 0;
		out[count++] = (uint32_t)v;
		v = 0;
	}
	return n > 0 && (p[n - 1] & 0x80) == 0 ? count : 0;
}

static struct vnm_oid
index_of(const struct poll_cell *c)
{
	return (struct vnm_oid){c->index, c->index_n};
}

/* The index behind which a column goes on. */
static struct vnm_oid
last_of(const struct reading *r, uint8_t column)
{
	uint32_t last = r->b->last[column];

	if (last != 0)
		return index_of(&r->b->cells[last - 1]);
	return (struct vnm_oid){r->j->cursor, r->j->cursor_n};
}

/* ---- values ------------------------------------------------------------------------------------
 */

/* An element with a short length, as nearly all are, without a call. */
static inline bool
next_element(struct vnm_reader *r, uint8_t *tag, struct vnm_slice *contents)
{
	struct vnm_reader sub;
	unsigned odd = 0;

	if (VNM_LIKELY(
		vnm_reader_left(r) >= 2 && r->p[1] < 0x80 && vnm_reader_left(r) - 2 >= r->p[1])) {
		*tag = r->p[0];
		*contents = (struct vnm_slice){r->p + 2, r->p[1]};
		r->p += 2 + contents->n;
		return true;
	}
	if (!vnm_ber_next(r, tag, &sub, &odd))
		return false;
	*contents = vnm_reader_rest(&sub);
	return true;
}

/*
 * A value of a column. `stray`: it came in the place of another column. False where its index is
 * malformed.
 */
static bool
add_cell(struct reading *r, uint8_t column, struct vnm_slice index, uint8_t tag,
    struct vnm_slice contents, bool stray)
{
	struct poll_batch *b = r->b;
	struct poll_cell *c = &b->cells[b->n];
	const struct poll_cell *before = b->n > 0 ? c - 1 : NULL;
	int order;

	*c = (struct poll_cell){.column = column, .tag = tag, .contents = contents};
	if (before != NULL && before->raw.n == index.n &&
	    memcmp(before->raw.p, index.p, index.n) == 0) {
		c->index = before->index;
		c->index_n = before->index_n;
	} else {
		c->index = b->ids + b->id_n;
		c->index_n = read_index(b, index.p, index.n);
		if (c->index_n == 0)
			return false;
		b->id_n += c->index_n;
	}
	c->raw = index;
	order = vnm_oid_compare(index_of(c), last_of(r, column));
	if (order <= 0) {
		if (!stray && !(order == 0 && (b->stray >> column & 1)))
			r->disorder = true;
		return true;
	}
	if (stray)
		b->stray |= UINT64_C(1) << column;
	else
		b->stray &= ~(UINT64_C(1) << column);
	b->n++;
	if (b->last[column] != 0)
		b->cells[b->last[column] - 1].next = b->n;
	else
		b->first[column] = b->n;
	b->last[column] = b->n;
	return true;
}

static bool
below(struct vnm_slice name, const struct vnm_plan_column *c)
{
	return name.n > c->ber_n && memcmp(name.p, c->ber, c->ber_n) == 0;
}

/*
 * A name that is not of the column in whose place it stands: that column has ended. But an agent
 * may have left out a value, so that all that follow stand one place too early: what another
 * column can use is that column's.
 */
static bool
misplaced(struct reading *r, uint8_t column, struct vnm_slice name, uint8_t tag,
    struct vnm_slice contents)
{
	const struct vnm_plan *plan = r->j->plan;

	for (uint8_t i = 0; i < r->asked_n; i++) {
		const struct vnm_plan_column *c = &plan->columns[r->asked[i]];
		uint32_t before = r->b->n;

		if (r->asked[i] == column || !below(name, c))
			continue;
		if (!add_cell(r, r->asked[i],
			(struct vnm_slice){name.p + c->ber_n, name.n - c->ber_n}, tag, contents,
			true))
			return false;
		if (r->b->n > before)
			return true;
	}
	r->b->over |= UINT64_C(1) << column;
	return true;
}

/* One value in the place of a column; false where it is malformed. */
static bool
take_value(struct reading *r, uint32_t place, struct vnm_slice name, uint8_t tag,
    struct vnm_slice contents)
{
	uint8_t column = r->asked[place % r->asked_n];
	const struct vnm_plan_column *c = &r->j->plan->columns[column];

	if (r->b->over >> column & 1)
		return true;
	if (tag >= VNM_BER_NO_SUCH_OBJECT) {
		r->b->over |= UINT64_C(1) << column;
		return true;
	}
	if (VNM_UNLIKELY(!below(name, c)))
		return misplaced(r, column, name, tag, contents);
	return add_cell(r, column, (struct vnm_slice){name.p + c->ber_n, name.n - c->ber_n}, tag,
	    contents, false);
}

/* The varbinds in front: the agent's clock, and when its interfaces changed. */
static void
take_head(struct reading *r, struct vnm_slice name, uint8_t tag, struct vnm_slice contents)
{
	uint32_t ids[VNM_OID_MAX];
	unsigned odd = 0;
	uint64_t ticks;
	struct vnm_oid oid = {ids, vnm_ber_oid(name, ids, &odd)};

	if (tag != VNM_BER_TIMETICKS || !vnm_ber_unsigned(contents, 32, &ticks, &odd))
		return;
	if (vnm_oid_equal(oid, VNM_OID(uptime_ids))) {
		r->uptime = (uint32_t)ticks;
		r->has_uptime = true;
	} else if (vnm_oid_equal(oid, VNM_OID(changed_ids))) {
		poll_device_changed(r->j->device, (uint32_t)ticks);
	}
}

/* The values of one answer: VNM_OK, or why all of it is refused. */
static enum vnm_reason
read_values(struct reading *r, struct vnm_slice octets, uint8_t part, uint8_t heads)
{
	struct vnm_reader list = vnm_reader_of(octets.p, octets.n);
	uint32_t place = 0;

	r->asked_n = poll_request_part(r->j, part, r->asked);
	for (; vnm_reader_left(&list) > 0; place++) {
		struct vnm_slice pair, name, contents;
		struct vnm_reader in;
		uint8_t tag;

		if (r->b->n == POLL_CELLS || r->b->id_n + VNM_OID_MAX > POLL_IDS || r->disorder)
			break; /* as if the answer had ended here */
		if (!next_element(&list, &tag, &pair) || tag != VNM_BER_SEQUENCE)
			return VNM_R_bad_length;
		in = vnm_reader_of(pair.p, pair.n);
		if (!next_element(&in, &tag, &name) || tag != VNM_BER_OID ||
		    !next_element(&in, &tag, &contents))
			return VNM_R_bad_length;
		if (place < heads)
			take_head(r, name, tag, contents);
		else if (r->asked_n > 0 && !take_value(r, place - heads, name, tag, contents))
			return VNM_R_bad_header;
	}
	/* A place came for each column, and nothing of its own stood there: there is nothing. */
	for (uint8_t i = 0; place >= (uint32_t)heads + r->asked_n && i < r->asked_n; i++) {
		if (r->b->first[r->asked[i]] == 0)
			r->b->over |= UINT64_C(1) << r->asked[i];
	}
	r->j->varbinds += place;
	return VNM_OK;
}

/* ---- rows ---------------------------------------------------------------------------------------
 */

/*
 * Up to which index rows are whole: false where there is no such row. *all: the columns have ended,
 * every row is.
 */
static bool
whole_until(const struct reading *r, struct vnm_oid *safe, bool *all)
{
	*all = true;
	for (uint64_t left = r->j->wanted; left != 0; left &= left - 1) {
		uint8_t column = (uint8_t)__builtin_ctzll(left);

		if (r->b->over >> column & 1)
			continue;
		if (r->b->last[column] == 0)
			return *all = false;
		if (*all || vnm_oid_compare(last_of(r, column), *safe) < 0)
			*safe = last_of(r, column);
		*all = false;
	}
	return true;
}

/* The least index at which a column stands, or NULL: there is no further row. */
static const struct poll_cell *
least(const struct reading *r, const uint32_t *heads)
{
	const struct poll_cell *best = NULL;

	for (uint64_t left = r->j->wanted; left != 0; left &= left - 1) {
		uint32_t head = heads[__builtin_ctzll(left)];
		const struct poll_cell *c = head != 0 ? &r->b->cells[head - 1] : NULL;

		if (c == NULL || (best != NULL && c->index == best->index))
			continue;
		if (best == NULL || vnm_oid_compare(index_of(c), index_of(best)) < 0)
			best = c;
	}
	return best;
}

/* Columns that stand at this index move on, and give the row its values. */
static void
fill_row(struct reading *r, const struct poll_cell *at, uint32_t *heads)
{
	struct poll_batch *b = r->b;
	uint64_t filled = 0;

	memset(b->row, 0, r->j->plan->n * sizeof(*b->row));
	for (uint64_t left = r->j->wanted; left != 0; left &= left - 1) {
		unsigned column = (unsigned)__builtin_ctzll(left);
		const struct poll_cell *c =
		    heads[column] != 0 ? &b->cells[heads[column] - 1] : NULL;
		struct vnm_varbind *v = &b->row[column];
		unsigned odd = 0;

		if (c == NULL ||
		    (c->index != at->index && !vnm_oid_equal(index_of(c), index_of(at))))
			continue;
		heads[column] = c->next;
		v->type = c->tag;
		if (vnm_varbind_value(v, c->contents, b->row_ids[column], &odd))
			filled |= UINT64_C(1) << column;
		else
			v->type = 0;
		v->odd = (uint8_t)odd;
	}
	r->j->seen |= filled;
	r->j->lacking |= ~filled & ~r->j->device->unwanted[r->j->plan_index];
}

/* Whoever makes records of rows knows the device: false when memory is short. */
static bool
attach(struct vnm_poller *p, struct poll_device *d)
{
	if (d->state == NULL)
		d->state = p->calls.attach(p->calls.ctx, &d->at);
	return d->state != NULL;
}

/* All whole rows; the last one's index is the cursor from then on. */
static void
give_rows(struct reading *r, struct vnm_oid safe, bool all, uint64_t rx_ns, uint64_t now_ns)
{
	struct vnm_poller *p = r->p;
	struct poll_job *j = r->j;
	struct poll_device *d = j->device;
	struct vnm_poll_source from = poll_source(d);
	struct vnm_plan_row row = {.plan = j->plan,
	    .cells = r->b->row,
	    .rx_ns = rx_ns,
	    .at_ns = now_ns,
	    .uptime = r->uptime,
	    .has_uptime = r->has_uptime};
	const struct poll_cell *at, *last = NULL;
	uint32_t heads[VNM_PLAN_COLUMNS];

	memcpy(heads, r->b->first, sizeof(heads));
	while ((at = least(r, heads)) != NULL) {
		if (!all && vnm_oid_compare(index_of(at), safe) > 0)
			break;
		fill_row(r, at, heads);
		row.index = index_of(at);
		row.first = !j->rows;
		j->rows = true;
		last = at;
		p->calls.row(p->calls.ctx, &from, &row);
	}
	if (last != NULL)
		poll_request_cursor(j, index_of(last));
}

/* ---- answers
 * ------------------------------------------------------------------------------------- */

/* How many values an answer has. */
static uint32_t
count_values(struct vnm_slice octets, uint8_t heads)
{
	struct vnm_reader list = vnm_reader_of(octets.p, octets.n);
	struct vnm_slice pair;
	uint32_t n = 0;
	uint8_t tag;

	while (vnm_reader_left(&list) > 0 && next_element(&list, &tag, &pair))
		n++;
	return n > heads ? n - heads : 0;
}

/* The answer for one part of the columns is kept until all have come. */
static enum vnm_reason
hold(struct poll_job *j, const struct vnm_slice *octets)
{
	uint32_t n = (uint32_t)octets->n;

	if (j->held.n + sizeof(n) + n > HELD_MAX)
		return VNM_R_walk_limit;
	if (!vnm_buffer_append(&j->held, &n, sizeof(n)) ||
	    !vnm_buffer_append(&j->held, octets->p, n))
		return VNM_R_out_of_memory;
	return VNM_OK;
}

/* The next part of the columns is asked for, from the same index on. */
static enum vnm_reason
next_part(struct vnm_poller *p, struct poll_job *j, const struct vnm_slice *octets, uint64_t now_ns)
{
	enum vnm_reason reason = hold(j, octets);

	if (reason != VNM_OK) {
		poll_job_end(p, j, false, now_ns);
		return reason;
	}
	j->part++;
	poll_job_go(p, j, now_ns);
	return VNM_OK;
}

static enum vnm_reason
read_all(struct reading *r, const struct vnm_pdu *pdu)
{
	const struct vnm_buffer *held = &r->j->held;
	enum vnm_reason reason = VNM_OK;
	uint8_t part = 0;
	uint32_t n;

	for (size_t at = 0; at < held->n && reason == VNM_OK; at += n, part++) {
		memcpy(&n, held->p + at, sizeof(n));
		at += sizeof(n);
		reason = read_values(r, (struct vnm_slice){held->p + at, n}, part,
		    part == 0 ? r->j->first_heads : 1);
	}
	if (reason == VNM_OK)
		reason = read_values(r, pdu->octets, part, r->j->heads);
	return reason;
}

/* Columns that are at their end, and of which every value stood in a row that was given. */
static uint64_t
done_columns(const struct reading *r, bool some, struct vnm_oid safe)
{
	uint64_t done = 0;

	for (uint64_t left = r->b->over; left != 0; left &= left - 1) {
		uint8_t column = (uint8_t)__builtin_ctzll(left);

		if (r->b->last[column] == 0 ||
		    (some && vnm_oid_compare(last_of(r, column), safe) <= 0))
			done |= UINT64_C(1) << column;
	}
	return done;
}

/* Behind the rows: the walk goes on, or is over. */
static enum vnm_reason
go_on(struct reading *r, bool progress, bool all, uint64_t done, uint64_t now_ns)
{
	struct vnm_poller *p = r->p;
	struct poll_job *j = r->j;

	j->ended |= done;
	if (r->disorder || all || j->plan->scalars) {
		poll_job_end(p, j, !r->disorder && !j->lost, now_ns);
		return r->disorder ? VNM_R_oid_order : VNM_OK;
	}
	if (!progress && done == 0 && !poll_request_shrink(p, j, true)) {
		poll_job_end(p, j, false, now_ns);
		return VNM_R_walk_stuck;
	}
	if (j->varbinds > j->access->walk_varbinds || now_ns - j->begun_ns > j->access->walk_ns) {
		poll_job_end(p, j, false, now_ns);
		return VNM_R_walk_limit;
	}
	poll_job_go(p, j, now_ns);
	return VNM_OK;
}

enum vnm_reason
poll_walk(struct vnm_poller *p, struct poll_job *j, const struct vnm_pdu *pdu,
    const struct vnm_datagram *d, uint64_t now_ns)
{
	struct poll_batch *b = &p->batch;
	struct reading r = {.p = p, .j = j, .b = b};
	struct vnm_oid safe = {NULL, 0};
	enum vnm_reason reason;
	bool some, all;
	uint64_t done;

	poll_request_learn(j, d->n, count_values(pdu->octets, j->heads));
	if (j->part == 0)
		j->first_heads = j->heads;
	if (j->part + 1 < j->parts)
		return next_part(p, j, &pdu->octets, now_ns);
	memset(b, 0, offsetof(struct poll_batch, cells));
	reason = read_all(&r, pdu);
	j->part = 0;
	j->held.n = 0;
	if (reason == VNM_OK && !attach(p, j->device))
		reason = VNM_R_out_of_memory;
	if (reason != VNM_OK) {
		poll_job_end(p, j, false, now_ns);
		return reason;
	}
	if (r.has_uptime)
		poll_device_uptime(p, j->device, r.uptime, now_ns);
	some = whole_until(&r, &safe, &all);
	done = done_columns(&r, some, safe);
	if (some)
		give_rows(&r, safe, all, d->rx_ns, now_ns);
	return go_on(&r, some, all, done, now_ns);
}

/*
 * Columns without a value in a whole walk that asked for them are not asked for in the next;
 * neither are those that only stand in for one that had its value in every row. Where no value
 * came, the first column watches for something to come.
 */
void
poll_walk_learn(struct poll_job *j)
{
	struct poll_device *d = j->device;
	uint64_t *unwanted = &d->unwanted[j->plan_index];
	uint64_t all = j->plan->mask, lacks = j->whole & ~j->seen;
	uint64_t watching = all & (all - 1); /* all but the first */

	if (j->plan->scalars)
		return;
	if (j->seen == 0) {
		*unwanted = watching;
		return;
	}
	if (watching != 0 && *unwanted == watching) { /* something came */
		*unwanted = 0;
		d->pending |= UINT64_C(1) << j->plan_index;
		return;
	}
	*unwanted |= lacks;
	for (uint32_t i = 0; i < j->plan->n; i++) {
		uint8_t of = j->plan->columns[i].fallback;
		uint64_t primary = of != 0 ? UINT64_C(1) << (of - 1) : 0;

		if (of == 0)
			continue;
		if ((j->seen & primary) != 0 && (j->lacking & primary) == 0)
			*unwanted |= UINT64_C(1) << i;
		else if ((j->lacking & primary) != 0 && (*unwanted & primary) == 0)
			*unwanted &= ~(UINT64_C(1) << i);
	}
}
