/*
 * Requests of a walk: which columns, how many rows, and how that stands on the wire (RFC 3416
 * sections 4.2.1 to 4.2.3; version 1: RFC 1157 section 4.1).
 *
 * All columns are asked for from the same index on, so that its octets are made once. Where an
 * agent cannot answer for all columns at once they are cut into parts: one request each, from
 * the same index, whose answers make rows together.
 */
#include "collectors/poll_part.h"

#include <string.h>

static const uint8_t uptime_ber[] = {0x2b, 6, 1, 2, 1, 1, 3};	   /* sysUpTime */
static const uint8_t changed_ber[] = {0x2b, 6, 1, 2, 1, 31, 1, 5}; /* ifTableLastChange */
static const uint8_t instance_ber[] = {0};			   /* .0 */

#define FORGET_CEILING 250 /* good answers after which more is asked for than was once too much */

/* ---- what to ask for ------------------------------------------------------------------------- */

static uint32_t
divide_up(uint32_t a, uint32_t b)
{
	return (a + b - 1) / b;
}

uint8_t
poll_request_part(const struct poll_job *j, uint8_t part, uint8_t *asked)
{
	uint32_t each = divide_up((uint32_t)__builtin_popcountll(j->wanted), j->parts);
	uint32_t skip = each * part;
	uint8_t n = 0;

	for (uint64_t left = j->wanted; left != 0 && n < each; left &= left - 1) {
		if (skip > 0)
			skip--;
		else
			asked[n++] = (uint8_t)__builtin_ctzll(left);
	}
	return n;
}

void
poll_request_choose(struct poll_job *j)
{
	const struct poll_device *d = j->device;

	j->heads = 1;
	j->asked_n = 0;
	if (j->plan == NULL)
		return;
	if (j->part == 0) {
		j->wanted = j->plan->mask & ~d->unwanted[j->plan_index] & ~j->ended;
		if (j->cursor_n == 0)
			j->whole |= j->wanted;
		uint32_t n = (uint32_t)__builtin_popcountll(j->wanted);
		uint32_t parts = divide_up(n, d->budget);

		j->parts = (uint8_t)(parts == 0 ? 1 : divide_up(n, divide_up(n, parts)));
		j->held.n = 0;
	}
	j->asked_n = poll_request_part(j, j->part, j->asked);
	j->reps = j->asked_n > 0 ? d->budget / j->asked_n : 1;
	if (j->reps > j->access->max_repetitions)
		j->reps = j->access->max_repetitions;
	if (j->reps == 0 || j->plan->scalars || j->access->version == VNM_SNMP_V1)
		j->reps = 1;
	if (j->plan->sort == VNM_PLAN_interfaces && j->cursor_n == 0 && j->part == 0)
		j->heads = 2;
}

/* The parts of a row are asked for anew: what is there of them is dropped. */
static void
begin_again(struct vnm_poller *p, struct poll_job *j)
{
	poll_job_forget(p, j);
	j->part = 0;
	j->held.n = 0;
}

bool
poll_request_shrink(struct vnm_poller *p, struct poll_job *j, bool certain)
{
	struct poll_device *d = j->device;
	uint32_t values = j->asked_n * j->reps;

	if (j->plan == NULL || j->asked_n == 0)
		return false;
	d->good = 0;
	if (certain && values > 1)
		d->ceiling = (uint16_t)(values - 1);
	if (j->reps > 1) {
		uint32_t half = j->asked_n * (j->reps / 2);

		d->budget = (uint16_t)(half < d->budget ? half : d->budget);
		j->reps /= 2;
		return true;
	}
	if (j->asked_n == 1)
		return false;
	d->budget = (uint16_t)(j->asked_n / 2);
	begin_again(p, j);
	return true;
}

/* Two answers in a row that left much room: a quarter more, up to what was too much before. */
static void
grow(struct poll_device *d, uint32_t fit)
{
	uint32_t more = d->budget + d->budget / 4U + 1, most = POLL_CELLS / 2;

	most = fit < most ? fit : most;
	if (d->ceiling != 0 && d->ceiling < most)
		most = d->ceiling;
	more = more < most ? more : most;
	if (more > d->budget)
		d->budget = (uint16_t)more;
}

/* An answer larger than aimed at has fewer values asked for at once. */
void
poll_request_learn(struct poll_job *j, size_t octets, uint32_t values)
{
	struct poll_device *d = j->device;
	uint64_t aim = j->access->response_octets;
	uint32_t fit;

	if (values == 0 || octets == 0)
		return;
	fit = (uint32_t)(aim * values / octets);
	if (octets > aim) {
		d->budget = (uint16_t)(fit < 1 ? 1 : fit < d->budget ? fit : d->budget);
		d->good = 0;
		return;
	}
	d->good++;
	if (d->good >= FORGET_CEILING) {
		d->ceiling = 0;
		d->good = 0;
	}
	if (values >= (uint32_t)j->asked_n * j->reps && octets * 9 / 8 < aim &&
	    j->reps < j->access->max_repetitions && d->good % 2 == 1)
		grow(d, fit);
}

/* ---- the wire ---------------------------------------------------------------------------------
 */

void
poll_request_cursor(struct poll_job *j, struct vnm_oid index)
{
	uint16_t n = 0;

	memmove(j->cursor, index.v, index.n * sizeof(*index.v));
	j->cursor_n = index.n;
	for (uint32_t i = 0; i < index.n; i++) {
		uint32_t v = j->cursor[i];

		for (int shift = 28; shift > 0; shift -= 7) {
			if (v >> shift != 0)
				j->cursor_ber[n++] = (uint8_t)(0x80 | (v >> shift & 0x7f));
		}
		j->cursor_ber[n++] = (uint8_t)(v & 0x7f);
	}
	j->cursor_ber_n = n;
}

/* name NULL, backwards. */
static void
put_name(
    struct vnm_ber_writer *w, const uint8_t *name, size_t n, const uint8_t *index, size_t index_n)
{
	size_t mark = vnm_ber_written(w), name_mark;

	vnm_ber_put_empty(w, VNM_BER_NULL);
	name_mark = vnm_ber_written(w);
	vnm_ber_put_raw(w, index, index_n);
	vnm_ber_put_raw(w, name, n);
	vnm_ber_wrap(w, VNM_BER_OID, name_mark);
	vnm_ber_wrap(w, VNM_BER_SEQUENCE, mark);
}

static void
put_list(struct vnm_ber_writer *w, const struct poll_job *j, bool get)
{
	const uint8_t *index = get ? instance_ber : j->cursor_ber;
	size_t index_n = get ? sizeof(instance_ber) : j->cursor_ber_n;

	for (unsigned i = j->asked_n; i > 0; i--) {
		const struct vnm_plan_column *c = &j->plan->columns[j->asked[i - 1]];

		put_name(w, c->ber, c->ber_n, index, index_n);
	}
	if (j->heads > 1)
		put_name(w, changed_ber, sizeof(changed_ber), instance_ber, get);
	put_name(w, uptime_ber, sizeof(uptime_ber), instance_ber, get);
}

static void
put_pdu(struct vnm_poller *p, const struct poll_job *j, struct vnm_ber_writer *w)
{
	bool get = j->plan == NULL || j->plan->scalars;
	struct vnm_ber_writer list = vnm_ber_writer_of(p->list, sizeof(p->list));
	struct vnm_pdu pdu = {.request_id = (int32_t)j->id};
	struct vnm_slice raw;

	pdu.type = get				       ? VNM_PDU_GET
		   : j->access->version == VNM_SNMP_V1 ? VNM_PDU_GET_NEXT
						       : VNM_PDU_GET_BULK;
	if (pdu.type == VNM_PDU_GET_BULK) {
		pdu.error_status = j->heads; /* non-repeaters */
		pdu.error_index = (int32_t)j->reps;
	}
	put_list(&list, j, get);
	raw = vnm_ber_result(&list);
	w->full = w->full || list.full;
	vnm_pdu_put(w, &pdu, NULL, 0, &raw);
}

struct vnm_slice
poll_request_make(struct vnm_poller *p, struct poll_job *j, uint64_t now_ns)
{
	struct vnm_ber_writer w = vnm_ber_writer_of(p->request, sizeof(p->request));

	if (j->access->version == VNM_SNMP_V3) {
		const struct poll_usm *usm = j->device != NULL ? j->device->usm : NULL;

		j->discovering = usm == NULL || usm->n == 0;
		if (j->discovering)
			vnm_pdu_put(&w,
			    &(struct vnm_pdu){.type = VNM_PDU_GET, .request_id = (int32_t)j->id},
			    NULL, 0, NULL);
		else
			put_pdu(p, j, &w);
		if (!poll_usm_wrap(p, j, &w, now_ns))
			return (struct vnm_slice){NULL, 0};
	} else {
		put_pdu(p, j, &w);
		vnm_snmp_wrap(&w, (uint8_t)j->access->version, j->access->community);
	}
	return w.full ? (struct vnm_slice){NULL, 0} : vnm_ber_result(&w);
}
