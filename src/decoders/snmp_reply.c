/*
 * What vnmcd answers: Responses to informs (RFC 3416 section 4.2.7), and Reports (RFC 3414
 * section 3.2, RFC 3412 section 7.1).
 */
#include "decoders/snmp.h"

#include "base/clock.h"

#define REPORT_OCTETS 256

static bool
can_answer(const struct vnm_snmp_call *c)
{
	return c->out->reply != NULL && c->d->back != NULL && c->out->self != NULL &&
	       c->out->self->live;
}

/*
 * It never goes back, also where the clock does: whoever knew the later time would take what we
 * say of the time now for old (RFC 3414 section 3.2 step 7b), and never find out.
 */
uint32_t
vnm_snmp_engine_time(const struct vnm_snmp_call *c)
{
	const struct vnm_set_back *set_back = c->out->set_back;
	uint64_t now_ns = c->d->rx_ns + (set_back != NULL ? set_back->total_ns : 0);
	uint64_t epoch_ns = c->out->self->epoch_ns;

	return now_ns > epoch_ns ? (uint32_t)((now_ns - epoch_ns) / VNM_NS_PER_S) : 0;
}

/* Around a PDU that w holds: false where it did not fit. */
static bool
wrap(struct vnm_ber_writer *w, struct vnm_snmp_call *c, struct vnm_usm_keys *keys,
    struct vnm_slice user, struct vnm_slice context_engine, struct vnm_slice context_name)
{
	const struct vnm_self *self = c->out->self;

	if (c->m.version != VNM_SNMP_V3) {
		vnm_snmp_wrap(w, c->m.version, c->m.community);
		return !w->full;
	}
	/*
	 * The salt begins elsewhere at every start, by the clock, since keys live longer than we
	 * do, and for every source, since a user's key is one for all of them.
	 */
	if (c->state->salt == 0)
		c->state->salt = vnm_hash(&c->d->src.addr, sizeof(c->d->src.addr), c->d->rx_ns);
	return vnm_usm_wrap(w, &(struct vnm_usm_outgoing){.id = c->m.id,
				   .engine = self->engine_id,
				   .boots = self->engine_boots,
				   .time = vnm_snmp_engine_time(c),
				   .user = user,
				   .context_engine = context_engine,
				   .context_name = context_name,
				   .keys = keys,
				   .priv = (c->m.flags & VNM_SNMP_FLAG_PRIV) != 0,
				   .salt = c->state->salt++});
}

void
vnm_snmp_acknowledge(struct vnm_snmp_call *c)
{
	const struct vnm_pdu response = {
	    .type = VNM_PDU_RESPONSE, .request_id = c->pdu->request_id};
	size_t room = c->d->n + REPORT_OCTETS; /* the same variables, lengths written our way */
	struct vnm_ber_writer w;
	uint8_t *p;

	if (!can_answer(c))
		return;
	p = vnm_scratch_take(c->out->scratch, room);
	if (p == NULL) {
		vnm_out_fault(c->out, VNM_R_scratch_full);
		return;
	}
	w = vnm_ber_writer_of(p, room);
	vnm_pdu_put(&w, &response, NULL, 0, &c->pdu->octets);
	if (wrap(&w, c, c->keys, c->usm.user, c->scoped.context_engine, c->scoped.context_name))
		vnm_out_reply(c->out, vnm_ber_result(&w), true);
}

/* The request's id, where it can be read: a Report has the same (RFC 3412 section 7.1 step 3c). */
static int32_t
request_id(struct vnm_snmp_call *c)
{
	struct vnm_snmp_scoped scoped;
	struct vnm_reader r = c->m.scoped;
	struct vnm_pdu pdu;
	unsigned odd = 0;

	if (r.p == NULL || vnm_scoped_read(&r, &scoped, &odd) != VNM_OK ||
	    vnm_pdu_read(&scoped.pdu, &pdu, &odd) != VNM_OK)
		return 0;
	return pdu.request_id;
}

void
vnm_snmp_report(struct vnm_snmp_call *c, enum vnm_usm_stat stat, uint64_t count)
{
	/* Only who is out of time can check a digest: the others have not the keys. */
	bool authentic = stat == VNM_USM_NOT_IN_TIME_WINDOWS;
	uint32_t ids[VNM_OID_MAX];
	struct vnm_varbind vb = vnm_usm_stat_varbind(stat, (uint32_t)count, ids);
	struct vnm_pdu report = {.type = VNM_PDU_REPORT};
	uint8_t room[REPORT_OCTETS];
	struct vnm_ber_writer w = vnm_ber_writer_of(room, sizeof(room));
	uint8_t flags = c->m.flags;
	bool made;

	if (!can_answer(c))
		return;
	report.request_id = request_id(c);
	vnm_pdu_put(&w, &report, &vb, 1, NULL);
	c->m.flags &= (uint8_t)~VNM_SNMP_FLAG_PRIV; /* authNoPriv at the most */
	made = wrap(&w, c, authentic ? c->keys : NULL, c->usm.user, c->out->self->engine_id,
	    (struct vnm_slice){NULL, 0});
	c->m.flags = flags;
	if (made)
		vnm_out_reply(c->out, vnm_ber_result(&w), false);
}
