/*
 * Version 3: what is known of a device's engine, and what its Reports say (RFC 3414 sections 3.2
 * and 4, RFC 3412 section 7).
 *
 * Nothing waits for a discovery: a device whose engine id is not known is sent one in the place
 * of its request, and its Report has the request sent. Engine id and clock are kept for each
 * device, not for each engine id, since clones of one image share it.
 */
#include "collectors/poll_part.h"

#include "base/alloc.h"

#include <assert.h>
#include <string.h>

#define RESYNCS 4 /* Reports that one request may have */

static bool
wants_auth(const struct poll_job *j)
{
	return j->access->user.auth != VNM_USM_NO_AUTH;
}

static bool
wants_priv(const struct poll_job *j)
{
	return j->access->user.priv != VNM_USM_NO_PRIV;
}

static struct vnm_slice
engine_of(const struct poll_usm *u)
{
	return (struct vnm_slice){u->id, u->n};
}

/* ---- engines -----------------------------------------------------------------------------------
 */

static uint64_t
engine_hash(const struct vnm_poller *p, struct vnm_slice id)
{
	return vnm_hash(id.p, id.n, p->seed);
}

static bool
is_engine(const struct poll_usm *u, struct vnm_slice id)
{
	return u != NULL && u->n != 0 && u->n == id.n && memcmp(u->id, id.p, id.n) == 0;
}

/* Another device with this engine id, or NULL. */
static struct poll_device *
twin(struct vnm_poller *p, const struct poll_device *d)
{
	uint64_t hash = engine_hash(p, engine_of(d->usm));
	uint32_t at = 0, i;

	while ((i = vnm_table_next(&p->engine_index, hash, &at)) != VNM_TABLE_NONE) {
		struct poll_device *other = p->devices[i];

		if (other != d && is_engine(other->usm, engine_of(d->usm)))
			return other;
	}
	return NULL;
}

void
poll_usm_free(struct vnm_poller *p, struct poll_device *d)
{
	struct poll_usm *u = d->usm;

	if (u == NULL)
		return;
	if (u->n != 0)
		vnm_table_remove(&p->engine_index, engine_hash(p, engine_of(u)), d->index);
	vnm_usm_keys_free(u->keys);
	vnm_free(u);
	d->usm = NULL;
}

void
poll_usm_moved(struct vnm_poller *p, const struct poll_device *d, uint32_t to)
{
	if (d->usm != NULL && d->usm->n != 0)
		vnm_table_move(&p->engine_index, engine_hash(p, engine_of(d->usm)), d->index, to);
}

static void
tell_twin(struct vnm_poller *p, struct poll_device *d)
{
	struct vnm_poll_source from = poll_source(d);

	if (twin(p, d) == NULL)
		return;
	poll_count(p, VNM_C_poll_engines_twice);
	p->calls.event(p->calls.ctx, &from, VNM_POLL_ENGINE_TWICE, 0);
}

/* The device's engine, as an unauthenticated Report has it: false where it is none. */
static bool
learn_engine(struct vnm_poller *p, struct poll_device *d, const struct vnm_usm_params *params,
    uint64_t now_ns)
{
	const struct vnm_usm_user *user = &d->access->user;
	struct poll_usm *u;

	if (params->engine.n < VNM_SNMP_ENGINE_ID_MIN || params->engine.n > VNM_SNMP_ENGINE_ID_MAX)
		return false;
	poll_usm_free(p, d);
	u = vnm_alloc_zero(1, sizeof(*u));
	if (u == NULL)
		return false;
	if (user->auth != VNM_USM_NO_AUTH &&
	    (u->keys = vnm_usm_keys_new(user, params->engine)) == NULL)
		goto failed;
	if (vnm_table_add(&p->engine_index, engine_hash(p, params->engine), d->index) != 0)
		goto failed;
	memcpy(u->id, params->engine.p, params->engine.n);
	u->n = (uint8_t)params->engine.n;
	u->clock = (struct vnm_usm_clock){params->boots, params->time, now_ns, true};
	d->usm = u;
	tell_twin(p, d);
	return true;
failed:
	vnm_usm_keys_free(u->keys);
	vnm_free(u);
	return false;
}

/* ---- requests -----------------------------------------------------------------------------------
 */

bool
poll_usm_wrap(struct vnm_poller *p, struct poll_job *j, struct vnm_ber_writer *w, uint64_t now_ns)
{
	const struct poll_usm *u = j->device != NULL ? j->device->usm : NULL;
	struct vnm_usm_outgoing o = {
	    .id = (int32_t)j->id,
	    .reportable = true,
	    .salt = p->seed + ++p->draws,
	};

	if (!j->discovering) {
		o.engine = o.context_engine = engine_of(u);
		o.boots = u->clock.boots;
		o.time = vnm_usm_clock_time(&u->clock, now_ns);
		o.user = j->access->user.name;
		o.context_name = j->access->context;
		o.keys = u->keys;
		o.priv = wants_priv(j);
	}
	return vnm_usm_wrap(w, &o);
}

/* ---- Reports ------------------------------------------------------------------------------------
 */

/* The same request once more, as the engine wants it. */
static enum vnm_reason
resend(struct vnm_poller *p, struct poll_job *j, uint64_t now_ns)
{
	poll_job_settle(p, j);
	j->resyncs++;
	poll_count(p, VNM_C_poll_resyncs);
	poll_job_go(p, j, now_ns);
	return VNM_OK;
}

static enum vnm_reason
report_reason(enum vnm_usm_stat stat)
{
	switch (stat) {
	case VNM_USM_UNSUPPORTED_SEC_LEVELS:
		return VNM_R_security_level;
	case VNM_USM_NOT_IN_TIME_WINDOWS:
		return VNM_R_not_in_time_window;
	case VNM_USM_UNKNOWN_USER_NAMES:
		return VNM_R_unknown_user;
	case VNM_USM_UNKNOWN_ENGINE_IDS:
		return VNM_R_unknown_engine;
	case VNM_USM_WRONG_DIGESTS:
		return VNM_R_wrong_digest;
	case VNM_USM_DECRYPTION_ERRORS:
		return VNM_R_decryption_error;
	case VNM_USM_NO_STAT:
		break;
	}
	return VNM_R_error_status;
}

static enum vnm_reason
refuse(struct vnm_poller *p, struct poll_job *j, enum vnm_usm_stat stat, uint64_t now_ns)
{
	struct vnm_poll_source from = poll_source(j->device);

	p->calls.event(p->calls.ctx, &from, VNM_POLL_REFUSED, (uint64_t)stat);
	poll_job_fail(p, j, now_ns);
	return report_reason(stat);
}

/*
 * Only an authentic Report sets a clock that is used to authenticate: and it does so also
 * backwards, since agents forget their boots.
 */
static enum vnm_reason
take_report(struct vnm_poller *p, struct poll_job *j, struct vnm_reader *varbinds,
    const struct vnm_usm_params *params, bool authentic, uint64_t now_ns)
{
	struct poll_device *d = j->device;
	uint32_t ids[VNM_VARBIND_IDS];
	struct vnm_varbind v;
	unsigned odd = 0;
	enum vnm_usm_stat stat = VNM_USM_NO_STAT;

	if (vnm_varbind_next(varbinds, &v, ids, &odd))
		stat = vnm_usm_stat_of(v.name);
	if (j->resyncs < RESYNCS && stat == VNM_USM_UNKNOWN_ENGINE_IDS &&
	    learn_engine(p, d, params, now_ns))
		return resend(p, j, now_ns);
	if (j->resyncs < RESYNCS && stat == VNM_USM_NOT_IN_TIME_WINDOWS && authentic) {
		d->usm->clock = (struct vnm_usm_clock){params->boots, params->time, now_ns, true};
		return resend(p, j, now_ns);
	}
	return refuse(p, j, stat, now_ns);
}

/* ---- what came ----------------------------------------------------------------------------------
 */

/* The digest and the cipher: VNM_OK, or the reason. */
static enum vnm_reason
open_message(struct vnm_poller *p, const struct poll_job *j, struct vnm_snmp_message *m,
    const struct vnm_usm_params *params)
{
	const struct poll_usm *u = j->device->usm;
	bool known = is_engine(u, params->engine);

	if (m->flags & VNM_SNMP_FLAG_AUTH) {
		if (!known)
			return VNM_R_unknown_engine;
		if (u->keys == NULL || !vnm_usm_authentic(u->keys, m, params))
			return VNM_R_wrong_digest;
	}
	if ((m->flags & VNM_SNMP_FLAG_PRIV) &&
	    (VNM_USM_PLAIN_ROOM(m->encrypted.n) > sizeof(p->plain) ||
		!vnm_usm_decrypt(u->keys, m, params, p->plain)))
		return VNM_R_decryption_error;
	return VNM_OK;
}

/* Whether an answer is as safe as the request was, and no old one. */
static enum vnm_reason
trust(struct poll_job *j, const struct vnm_snmp_message *m, const struct vnm_usm_params *params,
    uint64_t now_ns)
{
	struct poll_usm *u = j->device->usm;
	struct vnm_slice name = j->access->user.name;

	if (!is_engine(u, params->engine))
		return VNM_R_unknown_engine;
	if (params->user.n != name.n || memcmp(params->user.p, name.p, name.n) != 0)
		return VNM_R_unknown_user;
	if ((wants_auth(j) && (m->flags & VNM_SNMP_FLAG_AUTH) == 0) ||
	    (wants_priv(j) && (m->flags & VNM_SNMP_FLAG_PRIV) == 0))
		return VNM_R_security_level;
	if ((m->flags & VNM_SNMP_FLAG_AUTH) &&
	    !vnm_usm_timely(&u->clock, params->boots, params->time, now_ns, false))
		return VNM_R_not_in_time_window;
	return VNM_OK;
}

/*
 * An engine's clock went back by so little that it still takes our requests for timely, and by so
 * much that we do not take its answers for it. What is authentic and has the random id of what we
 * asked is no old answer: its clock is right.
 */
static void
set_back(
    struct vnm_poller *p, struct poll_job *j, const struct vnm_usm_params *params, uint64_t now_ns)
{
	j->device->usm->clock = (struct vnm_usm_clock){params->boots, params->time, now_ns, true};
	(void)resend(p, j, now_ns);
}

enum vnm_reason
poll_usm_receive(
    struct vnm_poller *p, struct vnm_snmp_message *m, const struct vnm_datagram *d, uint64_t now_ns)
{
	struct vnm_usm_params params;
	struct vnm_snmp_scoped scoped;
	struct vnm_pdu pdu;
	enum vnm_reason reason = vnm_usm_read(m->security, &params, &m->odd);
	struct poll_job *j;

	if (reason != VNM_OK)
		return reason;
	j = poll_answer_job(p, (uint32_t)m->id, d, &reason);
	if (j == NULL)
		return reason;
	if (j->access->version != VNM_SNMP_V3)
		return VNM_R_bad_version;
	if (j->device == NULL) {
		poll_job_settle(p, j);
		poll_search_found(p, j, now_ns);
		return VNM_OK;
	}
	reason = open_message(p, j, m, &params);
	if (reason == VNM_OK)
		reason = vnm_scoped_read(&m->scoped, &scoped, &m->odd);
	if (reason == VNM_OK)
		reason = vnm_pdu_read(&scoped.pdu, &pdu, &m->odd);
	if (reason != VNM_OK)
		return reason;
	if (pdu.type == VNM_PDU_REPORT)
		return take_report(
		    p, j, &pdu.varbinds, &params, (m->flags & VNM_SNMP_FLAG_AUTH) != 0, now_ns);
	if (pdu.type != VNM_PDU_RESPONSE || (uint32_t)pdu.request_id != j->id)
		return VNM_R_response_unknown;
	reason = trust(j, m, &params, now_ns);
	if (reason == VNM_OK)
		return poll_answer(p, j, &pdu, d, now_ns);
	if (reason == VNM_R_not_in_time_window && j->resyncs < RESYNCS)
		set_back(p, j, &params, now_ns);
	return reason;
}
