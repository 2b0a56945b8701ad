/*
 * What came: which request it answers, whether it may, and what it says besides values (RFC 3416
 * section 4.2, error statuses; version 1: RFC 1157 section 4.1).
 */
#include "collectors/poll_part.h"

#include <assert.h>

/* Whether an answer to j may come from there. */
static bool
may_come_from(const struct poll_job *j, const struct vnm_endpoint *from)
{
	if (j->access->any_source)
		return true;
	return j->at.port == from->port && vnm_addr_equal(&j->at.addr, &from->addr);
}

struct poll_job *
poll_answer_job(
    struct vnm_poller *p, uint32_t id, const struct vnm_datagram *d, enum vnm_reason *reason)
{
	struct poll_job *j = poll_job_find(p, id);

	*reason = j == NULL ? VNM_R_response_unknown : VNM_R_response_source;
	return j != NULL && may_come_from(j, &d->src) ? j : NULL;
}

enum vnm_reason
vnm_poller_receive(struct vnm_poller *p, const struct vnm_datagram *d, uint64_t now_ns)
{
	struct vnm_snmp_message m;
	struct poll_job *j;
	struct vnm_pdu pdu;
	enum vnm_reason reason = vnm_snmp_read(d->p, d->n, &m);

	assert(p->magic == POLLER_MAGIC);
	if (reason != VNM_OK)
		return reason;
	if (m.version == VNM_SNMP_V3)
		return poll_usm_receive(p, &m, d, now_ns);
	reason = vnm_pdu_read(&m.pdu, &pdu, &m.odd);
	if (reason != VNM_OK)
		return reason;
	if (pdu.type != VNM_PDU_RESPONSE)
		return VNM_R_response_unknown;
	j = poll_answer_job(p, (uint32_t)pdu.request_id, d, &reason);
	if (j == NULL)
		return reason;
	if (j->access->version != (enum vnm_snmp_version)m.version)
		return VNM_R_bad_version;
	return poll_answer(p, j, &pdu, d, now_ns);
}

/* ---- errors -----------------------------------------------------------------------------------
 */

/*
 * The agent names a varbind that it cannot give: its column has ended (version 1), or is left out
 * of this walk. Where it names none, nothing can be asked of it.
 */
static enum vnm_reason
without_column(struct vnm_poller *p, struct poll_job *j, const struct vnm_pdu *pdu, uint64_t now_ns)
{
	int64_t at = (int64_t)pdu->error_index - j->heads - 1;
	bool ended = pdu->error_status == VNM_PDU_NO_SUCH_NAME;

	if (at < 0 || at >= j->asked_n) {
		if (ended && j->asked_n > 0 && pdu->error_index == 0) /* which one is not said */
			at = 0;
		else {
			poll_job_end(p, j, false, now_ns);
			return VNM_R_error_status;
		}
	}
	j->ended |= UINT64_C(1) << j->asked[at];
	j->lost = j->lost || !ended;
	j->part = 0;
	j->held.n = 0;
	poll_request_choose(j);
	if (j->asked_n == 0)
		poll_job_end(p, j, !j->lost, now_ns);
	else
		poll_job_go(p, j, now_ns);
	return ended ? VNM_OK : VNM_R_error_status;
}

static enum vnm_reason
refused(struct vnm_poller *p, struct poll_job *j, const struct vnm_pdu *pdu, uint64_t now_ns)
{
	if (pdu->error_status != VNM_PDU_TOO_BIG)
		return without_column(p, j, pdu, now_ns);
	if (!poll_request_shrink(p, j, true)) {
		poll_job_end(p, j, false, now_ns);
		return VNM_R_error_status;
	}
	poll_job_go(p, j, now_ns);
	return VNM_OK;
}

/* ---- good ones ---------------------------------------------------------------------------------
 */

/* The answer to a probe; a device that is there has its tables asked for. */
static enum vnm_reason
probed(struct vnm_poller *p, struct poll_job *j, const struct vnm_pdu *pdu, uint64_t now_ns)
{
	static const uint32_t sys_uptime[] = {1, 3, 6, 1, 2, 1, 1, 3, 0};
	uint32_t ids[VNM_VARBIND_IDS];
	struct vnm_reader r = pdu->varbinds;
	struct vnm_varbind v;
	unsigned odd = 0;

	if (vnm_varbind_next(&r, &v, ids, &odd) && v.type == VNM_BER_TIMETICKS &&
	    vnm_oid_equal(v.name, VNM_OID(sys_uptime)))
		poll_device_uptime(p, j->device, (uint32_t)v.u64, now_ns);
	poll_job_end(p, j, true, now_ns);
	return VNM_OK;
}

enum vnm_reason
poll_answer(struct vnm_poller *p, struct poll_job *j, const struct vnm_pdu *pdu,
    const struct vnm_datagram *d, uint64_t now_ns)
{
	poll_job_settle(p, j);
	j->resyncs = 0;
	if (j->device == NULL) {
		poll_search_found(p, j, now_ns);
		return VNM_OK;
	}
	poll_device_answered(p, j->device, now_ns);
	if (j->plan == NULL)
		return probed(p, j, pdu, now_ns);
	if (pdu->error_status != VNM_PDU_NO_ERROR)
		return refused(p, j, pdu, now_ns);
	return poll_walk(p, j, pdu, d, now_ns);
}
