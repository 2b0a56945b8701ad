/*
 * The agent's answers (RFC 3416 section 4.2, RFC 1157 section 4.1, RFC 3414 section 3.2).
 */
#include "agent.h"

#include "base/clock.h"

#include <stdlib.h>
#include <string.h>

#define LIST_MAX 65000
#define POSITIONS 128

struct answer {
	struct agent *a;
	uint64_t now_ns;
	uint8_t *list;
	size_t n, most;
	uint32_t count; /* varbinds */
	bool full;
	uint32_t made; /* objects of an endless table */
};

/* ---- looking up ---------------------------------------------------------------------------------
 */

static struct vnm_oid
oid_of(const struct agent_object *o)
{
	return (struct vnm_oid){o->ids, o->n};
}

/* The first object behind an oid. */
static uint32_t
next_of(const struct agent_mib *m, struct vnm_oid oid)
{
	uint32_t low = 0, high = m->n;

	while (low < high) {
		uint32_t middle = low + (high - low) / 2;

		if (vnm_oid_compare(oid_of(&m->objects[middle]), oid) <= 0)
			low = middle + 1;
		else
			high = middle;
	}
	return low;
}

/* ---- varbinds
 * ------------------------------------------------------------------------------------ */

static void
put(struct answer *x, const uint8_t *p, size_t n)
{
	if (x->full || x->n + n > x->most) {
		x->full = true;
		return;
	}
	x->count++;
	if (x->a->faults.omit && x->count % 7 == 0)
		return;
	memcpy(x->list + x->n, p, n);
	x->n += n;
	x->a->varbinds++;
}

static void
put_value(struct answer *x, const struct vnm_varbind *v)
{
	uint8_t octets[1024];
	struct vnm_ber_writer w = vnm_ber_writer_of(octets, sizeof(octets));

	vnm_varbind_put(&w, v);
	put(x, w.p, vnm_ber_written(&w));
}

static void
put_object(struct answer *x, uint32_t i)
{
	const struct agent_mib *m = x->a->mib;
	const struct agent_object *o = &m->objects[i];

	if (m->uptime_at == i + 1)
		put_value(
		    x, &(struct vnm_varbind){.name = oid_of(o),
			   .type = VNM_BER_TIMETICKS,
			   .u64 = (uint32_t)((x->now_ns - x->a->boot_ns) / (10 * VNM_NS_PER_MS))});
	else
		put(x, o->varbind, o->octets);
}

static void
put_exception(struct answer *x, struct vnm_oid name, uint8_t tag)
{
	put_value(x, &(struct vnm_varbind){.name = name, .type = tag});
}

/* ---- walking, well and badly
 * ----------------------------------------------------------------------- */

/* Where a walk stands: the next object, or how far into an endless table it is. */
struct position {
	uint32_t at;
	struct vnm_oid oid;
};

static bool
is_endless(const struct answer *x, struct vnm_oid oid)
{
	static const uint32_t ours[] = {1, 3, 6, 1, 2, 1};

	return x->a->faults.endless && oid.n > 9 && vnm_oid_below(oid, VNM_OID(ours));
}

/* One more behind the last: of a table without an end. */
static void
put_endless(struct answer *x, struct position *p, uint32_t *ids)
{
	if (p->oid.v != ids)
		memcpy(ids, p->oid.v, p->oid.n * sizeof(*ids));
	p->oid.v = ids;
	if (p->oid.n < 11)
		ids[p->oid.n++] = 0;
	ids[p->oid.n - 1]++;
	put_value(
	    x, &(struct vnm_varbind){.name = p->oid, .type = VNM_BER_COUNTER32, .u64 = x->made++});
}

static void
put_next(struct answer *x, struct position *p, uint32_t *ids)
{
	const struct agent *a = x->a;
	const struct agent_mib *m = a->mib;

	if (is_endless(x, p->oid)) {
		put_endless(x, p, ids);
		return;
	}
	if (p->at >= m->n) {
		put_exception(x, p->oid, VNM_BER_END_OF_MIB_VIEW);
		return;
	}
	put_object(x, p->at);
	p->oid = oid_of(&m->objects[p->at]);
	if (a->faults.stuck)
		return;
	p->at++;
	if (a->faults.loop_at != 0 && p->at >= a->faults.loop_at)
		p->at -= 3;
}

static void
begin(const struct answer *x, struct position *p, struct vnm_oid oid)
{
	const struct agent *a = x->a;

	p->oid = oid;
	p->at = next_of(a->mib, oid);
	if (a->faults.loop_at != 0 && p->at >= a->faults.loop_at)
		p->at = a->faults.loop_at - 3;
	if (a->faults.stuck && p->at > 0 && p->at < a->mib->n && oid.n > 10)
		p->at--;
}

static int32_t
get(struct answer *x, const struct vnm_varbind *v, bool v1)
{
	uint32_t i = next_of(x->a->mib, v->name);

	if (i > 0 && vnm_oid_equal(oid_of(&x->a->mib->objects[i - 1]), v->name))
		put_object(x, i - 1);
	else if (v1)
		return VNM_PDU_NO_SUCH_NAME;
	else
		put_exception(x, v->name, VNM_BER_NO_SUCH_INSTANCE);
	return 0;
}

static int32_t
get_next(struct answer *x, const struct vnm_varbind *v, bool v1)
{
	struct position p;
	uint32_t ids[VNM_OID_MAX + 1];

	begin(x, &p, v->name);
	if (v1 && p.at >= x->a->mib->n && !is_endless(x, p.oid))
		return VNM_PDU_NO_SUCH_NAME;
	put_next(x, &p, ids);
	return 0;
}

static void
get_bulk(struct answer *x, const struct vnm_varbind *v, uint32_t n, int32_t non, int32_t reps)
{
	struct position at[POSITIONS];
	static uint32_t ids[POSITIONS][VNM_OID_MAX + 1];
	uint32_t first = non < 0 ? 0 : (uint32_t)non < n ? (uint32_t)non : n;

	for (uint32_t i = 0; i < first; i++)
		(void)get_next(x, &v[i], false);
	for (uint32_t i = first; i < n; i++)
		begin(x, &at[i], v[i].name);
	for (int32_t r = 0; r < reps && !x->full && first < n; r++) {
		for (uint32_t i = first; i < n && !x->full; i++)
			put_next(x, &at[i], ids[i]);
	}
}

/* ---- PDUs
 * -------------------------------------------------------------------------------------------- */

/* An error, with the varbinds as they were asked for. */
static void
fail(struct vnm_pdu *pdu, int32_t status, int32_t index)
{
	pdu->error_status = status;
	pdu->error_index = index;
}

static void
values(struct answer *x, struct vnm_pdu *pdu, const struct vnm_varbind *v, uint32_t n, bool v1)
{
	const struct agent_faults *f = &x->a->faults;
	int32_t non = pdu->error_status, reps = pdu->error_index, status = 0;
	uint8_t type = pdu->type;
	uint32_t i;

	fail(pdu, 0, 0);
	if (f->gen_err || (f->no_bulk && type == VNM_PDU_GET_BULK)) {
		fail(pdu, VNM_PDU_GEN_ERR, 0);
		return;
	}
	if (type == VNM_PDU_GET_BULK)
		get_bulk(x, v, n, non, reps);
	for (i = 0; type != VNM_PDU_GET_BULK && i < n && status == 0; i++)
		status = type == VNM_PDU_GET ? get(x, &v[i], v1) : get_next(x, &v[i], v1);
	if (status != 0)
		fail(pdu, status, (int32_t)i);
	else if ((f->too_big != 0 && x->count > f->too_big) ||
		 (x->full && type != VNM_PDU_GET_BULK))
		fail(pdu, VNM_PDU_TOO_BIG, 0);
}

static struct vnm_slice
twisted(struct agent *a, struct vnm_pdu *pdu, struct vnm_slice raw, uint8_t *list)
{
	size_t n = raw.n < LIST_MAX ? raw.n : LIST_MAX;

	memmove(list, raw.p, n);
	a->twist(a->twist_ctx, pdu, list, &n, LIST_MAX);
	return (struct vnm_slice){list, n};
}

/* The PDU that answers one, at the end of w: false where it asks for nothing. */
static bool
answer_pdu(
    struct agent *a, struct vnm_reader *r, struct vnm_ber_writer *w, bool v1, uint64_t now_ns)
{
	static struct vnm_varbind v[POSITIONS];
	static uint32_t ids[POSITIONS * VNM_VARBIND_IDS];
	static uint8_t list[LIST_MAX];
	struct vnm_varbind_room room = {.p = v, .cap = POSITIONS, .ids = ids};
	struct answer x = {.a = a, .now_ns = now_ns, .list = list};
	struct vnm_slice raw;
	struct vnm_pdu pdu = {.type = 0}; /* whoever twists it may make any other of it */
	unsigned odd = 0;

	room.id_cap = VNM_ARRAY_LEN(ids);
	x.most = a->max_octets != 0 ? a->max_octets : 1400;
	x.most = x.most < LIST_MAX ? x.most : LIST_MAX;
	if (vnm_pdu_read(r, &pdu, &odd) != VNM_OK)
		return false;
	if (pdu.type != VNM_PDU_GET && pdu.type != VNM_PDU_GET_NEXT && pdu.type != VNM_PDU_GET_BULK)
		return false;
	if (v1 && pdu.type == VNM_PDU_GET_BULK)
		return false;
	(void)vnm_varbinds_read(&pdu.varbinds, &room, &odd);
	values(&x, &pdu, v, room.n, v1);
	pdu.type = VNM_PDU_RESPONSE;
	if (a->faults.wrong_id)
		pdu.request_id ^= 0x55;
	raw = pdu.error_status != 0 ? pdu.octets : (struct vnm_slice){list, x.n};
	if (a->twist != NULL)
		raw = twisted(a, &pdu, raw, list);
	vnm_pdu_put(w, &pdu, NULL, 0, &raw);
	return true;
}

/* ---- version 3
 * ----------------------------------------------------------------------------------------- */

static uint32_t
engine_time(const struct agent *a, uint64_t now_ns)
{
	return (uint32_t)((now_ns - a->boot_ns) / VNM_NS_PER_S);
}

static bool
wrap(struct agent *a, const struct vnm_snmp_message *m, struct vnm_ber_writer *w, bool auth,
    bool priv, uint64_t now_ns)
{
	const struct vnm_usm_outgoing o = {.id = m->id,
	    .engine = a->engine,
	    .boots = a->boots,
	    .time = engine_time(a, now_ns),
	    .user = auth || a->user == NULL
			? (a->user != NULL ? a->user->name : (struct vnm_slice){0})
			: a->user->name,
	    .context_engine = a->engine,
	    .keys = auth ? a->keys : NULL,
	    .priv = priv,
	    .salt = ++a->salt};

	return vnm_usm_wrap(w, &o);
}

static bool
report(struct agent *a, const struct vnm_snmp_message *m, struct vnm_ber_writer *w,
    enum vnm_usm_stat stat, bool auth, uint64_t now_ns)
{
	uint32_t ids[VNM_OID_MAX];
	struct vnm_varbind v = vnm_usm_stat_varbind(stat, 1, ids);
	const struct vnm_pdu pdu = {.type = VNM_PDU_REPORT};

	vnm_pdu_put(w, &pdu, &v, 1, NULL);
	return wrap(a, m, w, auth, false, now_ns);
}

static bool
answer_v3(struct agent *a, struct vnm_snmp_message *m, struct vnm_ber_writer *w, uint64_t now_ns)
{
	static uint8_t plain[VNM_USM_PLAIN_ROOM(VNM_SNMP_MESSAGE_MAX)];
	bool auth = (m->flags & VNM_SNMP_FLAG_AUTH) != 0,
	     priv = (m->flags & VNM_SNMP_FLAG_PRIV) != 0;
	struct vnm_usm_params params;
	struct vnm_snmp_scoped scoped;
	unsigned odd = 0;

	if (a->engine.n == 0 || vnm_usm_read(m->security, &params, &odd) != VNM_OK)
		return false;
	if (params.engine.n != a->engine.n ||
	    memcmp(params.engine.p, a->engine.p, a->engine.n) != 0)
		return report(a, m, w, VNM_USM_UNKNOWN_ENGINE_IDS, false, now_ns);
	if (a->user == NULL || params.user.n != a->user->name.n ||
	    memcmp(params.user.p, a->user->name.p, params.user.n) != 0)
		return report(a, m, w, VNM_USM_UNKNOWN_USER_NAMES, false, now_ns);
	if (auth && (a->keys == NULL || !vnm_usm_authentic(a->keys, m, &params)))
		return report(a, m, w, VNM_USM_WRONG_DIGESTS, false, now_ns);
	if (auth &&
	    !vnm_usm_timely_own(a->boots, engine_time(a, now_ns), params.boots, params.time))
		return report(a, m, w, VNM_USM_NOT_IN_TIME_WINDOWS, true, now_ns);
	if (priv && !vnm_usm_decrypt(a->keys, m, &params, plain))
		return report(a, m, w, VNM_USM_DECRYPTION_ERRORS, false, now_ns);
	if (vnm_scoped_read(&m->scoped, &scoped, &odd) != VNM_OK)
		return false;
	return answer_pdu(a, &scoped.pdu, w, false, now_ns) && wrap(a, m, w, auth, priv, now_ns);
}

size_t
agent_answer(
    struct agent *a, const uint8_t *p, size_t n, uint64_t now_ns, uint8_t *out, size_t room)
{
	struct vnm_ber_writer w = vnm_ber_writer_of(out, room);
	struct vnm_snmp_message m;
	bool done;

	if (vnm_snmp_read(p, n, &m) != VNM_OK)
		return 0;
	a->requests++;
	if (a->faults.garbage) {
		memset(out, 0x30, 64);
		return 64;
	}
	if (m.version == VNM_SNMP_V3) {
		done = answer_v3(a, &m, &w, now_ns);
	} else {
		if (m.community.n != a->community.n ||
		    memcmp(m.community.p, a->community.p, m.community.n) != 0 ||
		    (a->v1_only && m.version != VNM_SNMP_V1))
			return 0;
		done = answer_pdu(a, &m.pdu, &w, m.version == VNM_SNMP_V1, now_ns);
		if (done)
			vnm_snmp_wrap(&w, m.version, m.community);
	}
	if (!done || w.full)
		return 0;
	memmove(out, w.p, vnm_ber_written(&w));
	return vnm_ber_written(&w);
}
