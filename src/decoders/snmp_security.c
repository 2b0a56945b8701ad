/*
 * Whom an SNMP message is from, and what he may: communities, users (RFC 3414 section 3.2, RFC
 * 3412 section 7.2) and views.
 */
#include "decoders/snmp.h"

/* ---- communities ----------------------------------------------------------------------------- */

static bool
is_taken(const struct vnm_snmp_options *o, struct vnm_slice community)
{
	for (uint32_t i = 0; i < o->communities.n; i++) {
		const char *text = o->communities.p[i];

		if (vnm_slice_equal(
			community, (struct vnm_slice){(const uint8_t *)text, strlen(text)}))
			return true;
	}
	return o->any_community;
}

static enum vnm_reason
authorise_community(struct vnm_snmp_call *c)
{
	const struct vnm_snmp_options *o = c->options;
	const struct vnm_snmp_community *named =
	    o->access != NULL ? vnm_snmp_access_community(o->access, c->m.community) : NULL;

	if (!is_taken(o, c->m.community))
		return VNM_R_unknown_community;
	c->view = named != NULL ? &named->view : NULL;
	if (c->view != NULL && !vnm_snmp_view_source(c->view, &c->d->src.addr))
		return VNM_R_not_in_view;
	return VNM_OK;
}

/* ---- users ----------------------------------------------------------------------------------- */

static bool
is_live(const struct vnm_snmp_call *c)
{
	return c->out->self != NULL && c->out->self->live;
}

static bool
is_own_engine(const struct vnm_snmp_call *c)
{
	return is_live(c) && vnm_slice_equal(c->usm.engine, c->out->self->engine_id);
}

/* This time's count, for a Report: what is refused now is counted when decode() returns. */
static uint64_t
failures(const struct vnm_snmp_call *c, enum vnm_reason reason)
{
	return c->out->counters->failed[reason] + 1;
}

/* Refuses a message, and tells its sender where he asked for that (RFC 3412 section 7.2 step 13).
 */
static enum vnm_reason
refuse(struct vnm_snmp_call *c, enum vnm_usm_stat stat, enum vnm_reason reason)
{
	if ((c->m.flags & VNM_SNMP_FLAG_REPORTABLE) != 0)
		vnm_snmp_report(c, stat, failures(c, reason));
	return reason;
}

/*
 * A message to an engine that is not ours and yet wants an answer. Without an engine's id it is
 * a discovery (RFC 3414 section 4): understood, and answered with ours.
 */
static enum vnm_reason
check_engine(struct vnm_snmp_call *c)
{
	struct vnm_slice engine = c->usm.engine;
	bool reportable = (c->m.flags & VNM_SNMP_FLAG_REPORTABLE) != 0;

	if (engine.n == 0) {
		if (!reportable)
			return VNM_R_unknown_engine;
		vnm_snmp_report(c, VNM_USM_UNKNOWN_ENGINE_IDS, failures(c, VNM_R_unknown_engine));
		c->answered = true;
		c->out->good++;
		return VNM_OK;
	}
	if (engine.n < VNM_SNMP_ENGINE_ID_MIN)
		return VNM_R_bad_header;
	if (is_live(c) && reportable && !is_own_engine(c))
		return refuse(c, VNM_USM_UNKNOWN_ENGINE_IDS, VNM_R_unknown_engine);
	return VNM_OK;
}

static const struct vnm_snmp_user *
find_user(struct vnm_snmp_call *c, enum vnm_reason *reason)
{
	const struct vnm_snmp_access *access = c->options->access;
	const struct vnm_snmp_user *user;
	bool named = false;
	size_t i;

	*reason = VNM_R_unknown_user;
	if (access == NULL)
		return NULL;
	user = vnm_snmp_access_user(access, c->usm.user, c->usm.engine, &named);
	if (user == NULL) {
		if (named)
			*reason = VNM_R_unknown_engine;
		return NULL;
	}
	i = (size_t)(user - access->users);
	return (c->options->taken[i / 8] >> i % 8 & 1) != 0 ? user : NULL;
}

/*
 * Whether the digest is right. Keys that are not at hand are made, and kept only when they have
 * proved right: who does not know a key cannot fill our memory.
 */
static enum vnm_reason
check_digest(struct vnm_snmp_call *c, const struct vnm_usm_user *user)
{
	struct vnm_usm_store *store = &c->state->usm;
	struct vnm_usm_keys *keys = vnm_usm_store_keys(store, c->usm.engine, c->usm.user);

	c->keys = keys;
	if (keys != NULL && vnm_usm_authentic(keys, &c->m, &c->usm))
		return VNM_OK;
	if (keys != NULL)
		return refuse(c, VNM_USM_WRONG_DIGESTS, VNM_R_wrong_digest);
	keys = vnm_usm_keys_new(user, c->usm.engine);
	if (keys == NULL)
		return VNM_R_out_of_memory;
	if (!vnm_usm_authentic(keys, &c->m, &c->usm)) {
		vnm_usm_keys_free(keys);
		return refuse(c, VNM_USM_WRONG_DIGESTS, VNM_R_wrong_digest);
	}
	if (!vnm_usm_store_keep(store, c->usm.engine, c->usm.user, keys, c->options->keys)) {
		vnm_usm_keys_free(keys);
		return VNM_R_out_of_memory;
	}
	c->keys = keys;
	return VNM_OK;
}

static enum vnm_reason
check_time(struct vnm_snmp_call *c)
{
	struct vnm_usm_clock *clock;

	if (is_own_engine(c)) {
		if (vnm_usm_timely_own(c->out->self->engine_boots, vnm_snmp_engine_time(c),
			c->usm.boots, c->usm.time))
			return VNM_OK;
		return refuse(c, VNM_USM_NOT_IN_TIME_WINDOWS, VNM_R_not_in_time_window);
	}
	clock = vnm_usm_store_clock(&c->state->usm, c->usm.engine, c->options->keys);
	if (clock == NULL)
		return VNM_R_out_of_memory;
	return vnm_usm_timely(clock, c->usm.boots, c->usm.time, c->d->rx_ns, !is_live(c))
		   ? VNM_OK
		   : VNM_R_not_in_time_window;
}

static enum vnm_reason
decrypt(struct vnm_snmp_call *c)
{
	uint8_t *plain = vnm_scratch_take(c->out->scratch, VNM_USM_PLAIN_ROOM(c->m.encrypted.n));

	if (plain == NULL)
		return VNM_R_scratch_full;
	if (vnm_usm_decrypt(c->keys, &c->m, &c->usm, plain) &&
	    vnm_scoped_read(&c->m.scoped, &c->scoped, &c->m.odd) == VNM_OK)
		return VNM_OK;
	return refuse(c, VNM_USM_DECRYPTION_ERRORS, VNM_R_decryption_error);
}

/* What a message at its level demands of its user's keys (RFC 3414 section 3.2 steps 5 to 8). */
static enum vnm_reason
check_keys(struct vnm_snmp_call *c, const struct vnm_usm_user *user)
{
	bool auth = (c->m.flags & VNM_SNMP_FLAG_AUTH) != 0;
	bool priv = (c->m.flags & VNM_SNMP_FLAG_PRIV) != 0;
	enum vnm_reason reason = VNM_OK;

	if ((auth && user->auth == VNM_USM_NO_AUTH) || (priv && user->priv == VNM_USM_NO_PRIV))
		return refuse(c, VNM_USM_UNSUPPORTED_SEC_LEVELS, VNM_R_security_level);
	if (auth)
		reason = check_digest(c, user);
	if (auth && reason == VNM_OK)
		reason = check_time(c);
	if (priv && reason == VNM_OK)
		return decrypt(c);
	return reason == VNM_OK && !priv ? vnm_scoped_read(&c->m.scoped, &c->scoped, &c->m.odd)
					 : reason;
}

/* Another configuration has other keys. */
static void
forget_old_keys(struct vnm_snmp_call *c)
{
	uint64_t id = c->options->access != NULL ? c->options->access->id : 0;

	if (c->state->access_id == id)
		return;
	vnm_usm_store_clear(&c->state->usm);
	c->state->access_id = id;
}

/*
 * A Report without a digest tells a manager of his mistake; it names a user whose keys it does
 * not use (RFC 3414 section 3.2), and tells us nothing that we act on.
 */
static bool
is_plain_report(struct vnm_snmp_call *c)
{
	struct vnm_snmp_scoped scoped;
	struct vnm_reader r = c->m.scoped;
	unsigned odd = 0;

	if ((c->m.flags & VNM_SNMP_FLAG_AUTH) != 0 ||
	    vnm_scoped_read(&r, &scoped, &odd) != VNM_OK || vnm_reader_left(&scoped.pdu) == 0 ||
	    scoped.pdu.p[0] != VNM_PDU_REPORT)
		return false;
	c->scoped = scoped;
	return true;
}

static enum vnm_reason
authorise_user(struct vnm_snmp_call *c)
{
	const struct vnm_snmp_user *user;
	enum vnm_reason reason;

	if (c->m.model != VNM_SNMP_MODEL_USM)
		return VNM_R_security_model;
	reason = vnm_usm_read(c->m.security, &c->usm, &c->m.odd);
	if (reason != VNM_OK || is_plain_report(c))
		return reason;
	forget_old_keys(c);
	reason = check_engine(c);
	if (reason != VNM_OK || c->answered)
		return reason;
	user = find_user(c, &reason);
	if (user == NULL)
		return refuse(c, VNM_USM_UNKNOWN_USER_NAMES, reason);
	c->view = &user->view;
	if (!vnm_snmp_view_source(c->view, &c->d->src.addr))
		return VNM_R_not_in_view;
	return check_keys(c, &user->usm);
}

enum vnm_reason
vnm_snmp_authorise(struct vnm_snmp_call *c)
{
	return c->m.version == VNM_SNMP_V3 ? authorise_user(c) : authorise_community(c);
}

/* ---- views ----------------------------------------------------------------------------------- */

enum vnm_reason
vnm_snmp_check_level(struct vnm_snmp_call *c)
{
	if (c->m.version != VNM_SNMP_V3 || c->pdu->type == VNM_PDU_REPORT || c->view == NULL ||
	    (c->m.flags & c->view->level) == c->view->level)
		return VNM_OK;
	return refuse(c, VNM_USM_UNSUPPORTED_SEC_LEVELS, VNM_R_security_level);
}

enum vnm_reason
vnm_snmp_check_view(const struct vnm_snmp_call *c, struct vnm_oid notification)
{
	return c->view == NULL || vnm_snmp_view_oid(c->view, notification) ? VNM_OK
									   : VNM_R_not_in_view;
}
