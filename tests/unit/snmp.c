/*
 * decoders/snmp*.c as a receiver that is alive: what it answers and to whom, informs that come
 * again, and the time window.
 */
#include "flow_desk.h"

#include "base/alloc.h"
#include "decoders/snmp.h"

#include <string.h>

#define SLICE(text) ((struct vnm_slice){(const uint8_t *)(text), sizeof(text) - 1})
#define BOOTS 7
#define TIME_S 500 /* since this engine has started */

static const struct vnm_slice own_engine = {(const uint8_t *)"\x80\x00\x7e\xd9\x04own", 8};
static const struct vnm_slice other_engine = {(const uint8_t *)"\x80\x00\x7e\xd9\x04oth", 8};

static const uint32_t up_time[] = {1, 3, 6, 1, 2, 1, 1, 3, 0};
static const uint32_t trap_oid[] = {1, 3, 6, 1, 6, 3, 1, 1, 4, 1, 0};
static const uint32_t link_down[] = {1, 3, 6, 1, 6, 3, 1, 1, 5, 3};
static const struct vnm_varbind notification[] = {
    {.name = VNM_OID(up_time), .type = VNM_BER_TIMETICKS, .u64 = 4711},
    {.name = VNM_OID(trap_oid), .type = VNM_BER_OID, .oid = VNM_OID(link_down)},
};

/* A desk whose decoder answers: what it answered last is in `answer`. */
struct live {
	struct desk *k;
	struct vnm_self self;
	struct vnm_snmp_options options;
	struct vnm_snmp_access *access;
	uint8_t taken;
	struct vnm_datagram d;
	struct vnm_way_back back;
	unsigned answers, acknowledgements;
	uint8_t answer[1024];
	size_t answer_n;
	uint8_t message[1024]; /* the last one given */
	uint64_t fail_at;      /* which of the next message's allocations fails; 0: none */
};

static struct live *at_work; /* the one of this test */

static void
keep_answer(struct vnm_out *out, struct vnm_slice reply, bool acknowledges)
{
	(void)out;
	at_work->answers++;
	at_work->acknowledgements += acknowledges;
	at_work->answer_n = reply.n;
	memcpy(at_work->answer, reply.p, reply.n);
}

static struct vnm_usm_user
make_user(void)
{
	struct vnm_usm_user u = {
	    .name = SLICE("ops"), .auth = VNM_USM_SHA256, .priv = VNM_USM_AES128};

	CU_ASSERT_TRUE(vnm_usm_password_key(u.auth, SLICE("maplesyrup"), &u.auth_key));
	u.priv_key = u.auth_key;
	return u;
}

static void
live_begin(struct live *l)
{
	*l = (struct live){.k = desk_new_for("snmp"), .taken = 1};
	at_work = l;
	l->self = (struct vnm_self){.live = true,
	    .epoch_ns = NOW_NS - TIME_S * VNM_NS_PER_S,
	    .engine_id = own_engine,
	    .engine_boots = BOOTS};
	l->access = vnm_snmp_access_new(0, 1);
	CU_ASSERT_PTR_NOT_NULL_FATAL(l->access);
	l->access->users[0].usm = make_user();
	l->access->users[0].view.level = VNM_SNMP_FLAG_AUTH | VNM_SNMP_FLAG_PRIV;
	CU_ASSERT_EQUAL_FATAL(vnm_snmp_access_index(l->access), 0);
	l->options = (struct vnm_snmp_options){.repeat_time = 300 * VNM_NS_PER_S,
	    .repeats = 16,
	    .keys = 16,
	    .access = l->access,
	    .taken = &l->taken,
	    .any_community = true};
	l->k->x.options = &l->options;
	l->k->out.reply = keep_answer;
	l->k->out.self = &l->self;
	l->k->out.turn = 1;
	l->d = (struct vnm_datagram){.rx_ns = NOW_NS, .back = &l->back};
	CU_ASSERT_TRUE(vnm_addr_parse(&l->d.src.addr, "192.0.2.7"));
	l->d.src.port = 4000;
}

static void
live_end(struct live *l)
{
	desk_free(l->k);
	vnm_snmp_access_free(l->access);
}

/* Gives what w holds, as desk_give() does, but with a way back. */
static enum vnm_reason
give(struct live *l, const struct vnm_ber_writer *w)
{
	struct vnm_out *out = &l->k->out;

	memset(out->rec->has, 0, sizeof(out->rec->has));
	vnm_out_base(out);
	out->emitted = out->faults = out->good = out->held = 0;
	out->records_left = 100;
	l->d.p = w->p;
	l->d.n = vnm_ber_written(w);
	(void)vnm_alloc_fail_at(l->fail_at);
	enum vnm_reason reason = l->k->x.decoder->decode(&l->k->x, &l->d, out);
	(void)vnm_alloc_fail_at(0);
	if (reason != VNM_OK)
		l->k->counters.failed[reason]++;
	vnm_scratch_reset(&l->k->scratch);
	return reason;
}

static enum vnm_reason
inform_v2c(struct live *l, int32_t request_id)
{
	const struct vnm_pdu pdu = {.type = VNM_PDU_INFORM, .request_id = request_id};
	struct vnm_ber_writer w = vnm_ber_writer_of(l->message, sizeof(l->message));

	vnm_pdu_put(&w, &pdu, notification, 2, NULL);
	vnm_snmp_wrap(&w, VNM_SNMP_V2C, SLICE("public"));
	return give(l, &w);
}

struct secured {
	struct vnm_slice engine;
	uint32_t boots, time;
	bool reportable, priv, keyless;
	uint8_t type;
	const char *user;
	struct vnm_slice context; /* its engine; empty: `engine` */
};

static enum vnm_reason
give_v3(struct live *l, const struct secured *s)
{
	const struct vnm_pdu pdu = {.type = s->type, .request_id = 99};
	struct vnm_ber_writer w = vnm_ber_writer_of(l->message, sizeof(l->message));
	struct vnm_usm_keys *keys =
	    s->keyless ? NULL : vnm_usm_keys_new(&l->access->users[0].usm, s->engine);
	const struct vnm_usm_outgoing o = {.id = 4,
	    .reportable = s->reportable,
	    .engine = s->engine,
	    .boots = s->boots,
	    .time = s->time,
	    .user = {(const uint8_t *)s->user, strlen(s->user)},
	    .context_engine = s->context.n > 0 ? s->context : s->engine,
	    .keys = keys,
	    .priv = s->priv,
	    .salt = 1};

	vnm_pdu_put(&w, &pdu, notification, 2, NULL);
	CU_ASSERT_TRUE(vnm_usm_wrap(&w, &o));
	vnm_usm_keys_free(keys);
	return give(l, &w);
}

/* The answer as its receiver reads it: decrypted where that is needed. */
static void
read_answer(struct live *l, struct vnm_snmp_message *m, struct vnm_usm_params *p,
    struct vnm_pdu *pdu, bool authentic)
{
	static uint8_t plain[1024];
	struct vnm_usm_keys *keys = vnm_usm_keys_new(&l->access->users[0].usm, own_engine);
	struct vnm_snmp_scoped scoped;

	CU_ASSERT_EQUAL_FATAL(vnm_snmp_read(l->answer, l->answer_n, m), VNM_OK);
	CU_ASSERT_EQUAL_FATAL(vnm_usm_read(m->security, p, &m->odd), VNM_OK);
	CU_ASSERT_EQUAL(vnm_usm_authentic(keys, m, p), authentic);
	if ((m->flags & VNM_SNMP_FLAG_PRIV) != 0)
		CU_ASSERT_TRUE_FATAL(vnm_usm_decrypt(keys, m, p, plain));
	CU_ASSERT_EQUAL_FATAL(vnm_scoped_read(&m->scoped, &scoped, &m->odd), VNM_OK);
	CU_ASSERT_EQUAL_FATAL(vnm_pdu_read(&scoped.pdu, pdu, &m->odd), VNM_OK);
	CU_ASSERT_EQUAL(m->id, 4);
	CU_ASSERT_EQUAL(p->boots, BOOTS);
	CU_ASSERT_EQUAL(p->time, TIME_S);
	vnm_usm_keys_free(keys);
}

/* The answer is a Report of this counter. */
static void
check_report(struct live *l, enum vnm_usm_stat stat, bool authentic)
{
	struct vnm_snmp_message m;
	struct vnm_usm_params p;
	struct vnm_pdu pdu;
	uint32_t ids[VNM_VARBIND_IDS];
	struct vnm_varbind v;
	unsigned odd = 0;

	read_answer(l, &m, &p, &pdu, authentic);
	CU_ASSERT_EQUAL(pdu.type, VNM_PDU_REPORT);
	CU_ASSERT_EQUAL(m.flags, authentic ? VNM_SNMP_FLAG_AUTH : 0);
	CU_ASSERT_TRUE_FATAL(vnm_varbind_next(&pdu.varbinds, &v, ids, &odd));
	CU_ASSERT_EQUAL(vnm_usm_stat_of(v.name), stat);
	CU_ASSERT_EQUAL(v.type, VNM_BER_COUNTER32);
	CU_ASSERT_TRUE(v.u64 > 0);
	CU_ASSERT_EQUAL(l->acknowledgements, 0);
}

static void
test_acknowledged(void)
{
	struct live l;
	struct vnm_snmp_message m;
	struct vnm_pdu pdu;

	live_begin(&l);
	CU_ASSERT_EQUAL(inform_v2c(&l, 31), VNM_OK);
	CU_ASSERT_EQUAL(l.k->count, 1);
	CU_ASSERT_EQUAL(l.acknowledgements, 1);
	CU_ASSERT_EQUAL_FATAL(vnm_snmp_read(l.answer, l.answer_n, &m), VNM_OK);
	CU_ASSERT_EQUAL(m.community.n, 6);
	CU_ASSERT_EQUAL_FATAL(vnm_pdu_read(&m.pdu, &pdu, &m.odd), VNM_OK);
	CU_ASSERT_EQUAL(pdu.type, VNM_PDU_RESPONSE);
	CU_ASSERT_EQUAL(pdu.request_id, 31);
	CU_ASSERT_EQUAL(pdu.error_status, 0);
	/* RFC 3416 section 4.2.7: the variables of the inform. */
	CU_ASSERT_TRUE(
	    pdu.octets.n > 0 && pdu.octets.n < l.answer_n &&
	    memcmp(pdu.octets.p, l.message + sizeof(l.message) - pdu.octets.n, pdu.octets.n) == 0);
	live_end(&l);
}

static void
test_repeated(void)
{
	struct live l;

	live_begin(&l);
	CU_ASSERT_EQUAL(inform_v2c(&l, 31), VNM_OK);
	CU_ASSERT_EQUAL(inform_v2c(&l, 31), VNM_OK); /* in the same turn */
	l.k->out.turn = 2;
	CU_ASSERT_EQUAL(inform_v2c(&l, 31), VNM_OK);
	CU_ASSERT_EQUAL(l.k->count, 1);
	CU_ASSERT_EQUAL(l.acknowledgements, 3);
	CU_ASSERT_EQUAL(l.k->counters.v[VNM_C_informs_repeated], 2);
	CU_ASSERT_EQUAL(inform_v2c(&l, 32), VNM_OK); /* another one */
	l.d.src.port++;
	CU_ASSERT_EQUAL(inform_v2c(&l, 31), VNM_OK); /* another sender */
	CU_ASSERT_EQUAL(l.k->count, 3);
	l.d.src.port--;
	l.d.rx_ns += 301 * VNM_NS_PER_S;
	CU_ASSERT_EQUAL(inform_v2c(&l, 31), VNM_OK); /* forgotten */
	CU_ASSERT_EQUAL(l.k->count, 4);
	live_end(&l);
}

/* An output has not taken the turn's records: the inform comes again, and counts as new. */
static void
test_lost_turn(void)
{
	struct live l;

	live_begin(&l);
	CU_ASSERT_EQUAL(inform_v2c(&l, 31), VNM_OK);
	l.k->out.lost_turn = 1;
	l.k->out.turn = 2;
	CU_ASSERT_EQUAL(inform_v2c(&l, 31), VNM_OK);
	CU_ASSERT_EQUAL(l.k->count, 2);
	l.k->out.turn = 3;
	CU_ASSERT_EQUAL(inform_v2c(&l, 31), VNM_OK);
	CU_ASSERT_EQUAL(l.k->count, 2);
	live_end(&l);
}

/* Many informs: what is remembered is bounded, and the newest are. */
static void
test_bounded_memory(void)
{
	struct live l;

	live_begin(&l);
	for (int32_t i = 0; i < 50; i++)
		CU_ASSERT_EQUAL(inform_v2c(&l, i), VNM_OK);
	CU_ASSERT_EQUAL(((struct vnm_snmp_state *)l.k->x.state)->informs.n, 16);
	CU_ASSERT_EQUAL(l.k->counters.v[VNM_C_informs_repeated], 0);
	for (int32_t i = 34; i < 50; i++)
		CU_ASSERT_EQUAL(inform_v2c(&l, i), VNM_OK);
	CU_ASSERT_EQUAL(l.k->counters.v[VNM_C_informs_repeated], 16);
	CU_ASSERT_EQUAL(inform_v2c(&l, 0), VNM_OK);
	CU_ASSERT_EQUAL(l.k->counters.v[VNM_C_informs_repeated], 16);
	live_end(&l);
}

/* A reload may change how many informs are remembered; of what goes the oldest goes first. */
static void
test_bounds_change(void)
{
	struct vnm_snmp_recent *informs;
	struct live l;

	live_begin(&l);
	informs = &((struct vnm_snmp_state *)l.k->x.state)->informs;
	for (int32_t i = 0; i < 40; i++)
		CU_ASSERT_EQUAL(inform_v2c(&l, i), VNM_OK);
	CU_ASSERT_EQUAL(informs->n, 16);
	l.options.repeats = 5;
	CU_ASSERT_EQUAL(inform_v2c(&l, 40), VNM_OK);
	CU_ASSERT_EQUAL(informs->n, 5);
	for (int32_t i = 36; i <= 40; i++)
		CU_ASSERT_EQUAL(inform_v2c(&l, i), VNM_OK);
	CU_ASSERT_EQUAL(l.k->counters.v[VNM_C_informs_repeated], 5);
	l.options.repeats = 8;
	for (int32_t i = 41; i < 48; i++)
		CU_ASSERT_EQUAL(inform_v2c(&l, i), VNM_OK);
	CU_ASSERT_EQUAL(informs->n, 8);
	for (int32_t i = 40; i < 48; i++)
		CU_ASSERT_EQUAL(inform_v2c(&l, i), VNM_OK);
	CU_ASSERT_EQUAL(l.k->counters.v[VNM_C_informs_repeated], 13);
	live_end(&l);
}

/* RFC 3414 section 4: the engine, then its time, then the inform. */
static void
test_discovery(void)
{
	struct secured s = {.reportable = true, .keyless = true, .type = VNM_PDU_GET, .user = ""};
	struct vnm_snmp_message m;
	struct vnm_usm_params p;
	struct vnm_pdu pdu;
	struct live l;

	live_begin(&l);
	CU_ASSERT_EQUAL(give_v3(&l, &s), VNM_OK);
	CU_ASSERT_EQUAL(l.k->count, 0);
	check_report(&l, VNM_USM_UNKNOWN_ENGINE_IDS, false);
	s = (struct secured){.engine = own_engine,
	    .reportable = true,
	    .priv = true,
	    .type = VNM_PDU_INFORM,
	    .user = "ops"};
	CU_ASSERT_EQUAL(give_v3(&l, &s), VNM_R_not_in_time_window);
	check_report(&l, VNM_USM_NOT_IN_TIME_WINDOWS, true);
	CU_ASSERT_EQUAL(l.k->count, 0);
	s.boots = BOOTS;
	s.time = TIME_S + 20;
	CU_ASSERT_EQUAL(give_v3(&l, &s), VNM_OK);
	CU_ASSERT_EQUAL(l.k->count, 1);
	CU_ASSERT_EQUAL(l.acknowledgements, 1);
	read_answer(&l, &m, &p, &pdu, true);
	CU_ASSERT_EQUAL(pdu.type, VNM_PDU_RESPONSE);
	CU_ASSERT_EQUAL(pdu.request_id, 99);
	CU_ASSERT_EQUAL(m.flags, VNM_SNMP_FLAG_AUTH | VNM_SNMP_FLAG_PRIV);
	live_end(&l);
}

/* Who is refused learns why, and is never acknowledged. */
static void
test_refused(void)
{
	struct secured s = {.engine = own_engine,
	    .boots = BOOTS,
	    .time = TIME_S,
	    .reportable = true,
	    .priv = true,
	    .type = VNM_PDU_INFORM,
	    .user = "nobody"};
	struct live l;

	live_begin(&l);
	CU_ASSERT_EQUAL(give_v3(&l, &s), VNM_R_unknown_user);
	check_report(&l, VNM_USM_UNKNOWN_USER_NAMES, false);
	s.user = "ops";
	s.engine = other_engine;
	CU_ASSERT_EQUAL(give_v3(&l, &s), VNM_R_unknown_engine);
	check_report(&l, VNM_USM_UNKNOWN_ENGINE_IDS, false);
	s.engine = own_engine;
	s.keyless = true;
	CU_ASSERT_EQUAL(give_v3(&l, &s), VNM_R_security_level);
	check_report(&l, VNM_USM_UNSUPPORTED_SEC_LEVELS, false);
	s.keyless = false;
	CU_ASSERT_EQUAL(give_v3(&l, &s), VNM_OK); /* its keys are kept now */
	l.answers = l.acknowledgements = 0;
	l.access->users[0].usm.auth_key.b[0] ^= 1;
	CU_ASSERT_EQUAL(give_v3(&l, &s), VNM_R_wrong_digest);
	l.access->users[0].usm.auth_key.b[0] ^= 1;
	check_report(&l, VNM_USM_WRONG_DIGESTS, false);
	CU_ASSERT_EQUAL(l.k->count, 1);
	l.options.communities = (struct vnm_strings){NULL, 0};
	l.options.any_community = false;
	l.answers = 0;
	CU_ASSERT_EQUAL(inform_v2c(&l, 1), VNM_R_unknown_community);
	CU_ASSERT_EQUAL(l.answers, 0); /* versions 1 and 2c have no Reports */
	live_end(&l);
}

/* As it should be. */
static struct secured
inform_of_ops(void)
{
	return (struct secured){.engine = own_engine,
	    .boots = BOOTS,
	    .time = TIME_S,
	    .reportable = true,
	    .priv = true,
	    .type = VNM_PDU_INFORM,
	    .user = "ops"};
}

/* A user who is for his device's engine only sends informs to ours: he learns that, too. */
static void
test_user_of_an_engine(void)
{
	const struct secured s = inform_of_ops();
	struct vnm_snmp_access *all;
	struct live l;

	live_begin(&l);
	all = l.access;
	l.access = vnm_snmp_access_new(0, 1);
	CU_ASSERT_PTR_NOT_NULL_FATAL(l.access);
	l.access->users[0] = all->users[0];
	l.access->users[0].usm.engine = other_engine;
	CU_ASSERT_EQUAL_FATAL(vnm_snmp_access_index(l.access), 0);
	l.options.access = l.access;
	CU_ASSERT_EQUAL(give_v3(&l, &s), VNM_R_unknown_engine);
	CU_ASSERT_EQUAL(l.answers, 1);
	check_report(&l, VNM_USM_UNKNOWN_USER_NAMES, false);
	vnm_snmp_access_free(all);
	live_end(&l);
}

static struct secured
trap_of_other(void)
{
	return (struct secured){.engine = other_engine,
	    .boots = 3,
	    .time = 10000,
	    .priv = true,
	    .type = VNM_PDU_TRAP,
	    .user = "ops"};
}

/* A trap's engine is its sender: its clock goes on, and what is old is refused. */
static void
test_window(void)
{
	struct secured s = trap_of_other();
	struct live l;

	live_begin(&l);
	CU_ASSERT_EQUAL(give_v3(&l, &s), VNM_OK);
	s.time -= 150;
	CU_ASSERT_EQUAL(give_v3(&l, &s), VNM_OK);
	s.time -= 1;
	CU_ASSERT_EQUAL(give_v3(&l, &s), VNM_R_not_in_time_window);
	s.boots = 2;
	s.time = 20000;
	CU_ASSERT_EQUAL(give_v3(&l, &s), VNM_R_not_in_time_window);
	s.boots = 4;
	s.time = 1;
	CU_ASSERT_EQUAL(give_v3(&l, &s), VNM_OK);
	CU_ASSERT_EQUAL(l.answers, 0);
	l.self.live = false; /* files come in any order */
	s.boots = 1;
	CU_ASSERT_EQUAL(give_v3(&l, &s), VNM_OK);
	l.d.rx_ns -= 86400 * VNM_NS_PER_S;
	CU_ASSERT_EQUAL(give_v3(&l, &s), VNM_OK);
	live_end(&l);
}

/*
 * The wall clock is set back by an hour: this engine's time goes on, for who has heard a later one
 * would believe no other.
 */
static void
test_clock_set_back(void)
{
	struct vnm_set_back set_back = {0};
	struct secured s = inform_of_ops();
	uint64_t mono_ns = 77 * VNM_NS_PER_S;
	struct live l;

	live_begin(&l);
	l.k->out.set_back = &set_back;
	vnm_set_back_look(&set_back, l.d.rx_ns, mono_ns);
	CU_ASSERT_EQUAL(give_v3(&l, &s), VNM_OK);
	l.d.rx_ns -= 3600 * VNM_NS_PER_S;
	vnm_set_back_look(&set_back, l.d.rx_ns + VNM_NS_PER_S, mono_ns + VNM_NS_PER_S);
	CU_ASSERT_EQUAL(set_back.total_ns, 3600 * VNM_NS_PER_S);
	CU_ASSERT_EQUAL(give_v3(&l, &s), VNM_OK);
	CU_ASSERT_EQUAL(l.acknowledgements, 2);
	l.acknowledgements = 0;
	s.time += 151;
	CU_ASSERT_EQUAL(give_v3(&l, &s), VNM_R_not_in_time_window);
	check_report(&l, VNM_USM_NOT_IN_TIME_WINDOWS, true);
	/* Ahead, and half of that back: nobody has heard less than that. */
	vnm_set_back_look(&set_back, l.d.rx_ns + 7202 * VNM_NS_PER_S, mono_ns + 2 * VNM_NS_PER_S);
	CU_ASSERT_EQUAL(set_back.total_ns, 3600 * VNM_NS_PER_S);
	vnm_set_back_look(&set_back, l.d.rx_ns + 3603 * VNM_NS_PER_S, mono_ns + 3 * VNM_NS_PER_S);
	CU_ASSERT_EQUAL(set_back.total_ns, 7200 * VNM_NS_PER_S);
	live_end(&l);
}

/* Salt of the answer to an inform from there; all come at one time, as those of one turn may. */
static uint64_t
salt_for(const char *source)
{
	const struct secured s = inform_of_ops();
	struct vnm_snmp_message m;
	struct vnm_usm_params p;
	struct vnm_pdu pdu;
	struct live l;
	uint64_t salt;

	live_begin(&l);
	CU_ASSERT_TRUE(vnm_addr_parse(&l.k->x.addr, source));
	l.d.src.addr = l.k->x.addr;
	CU_ASSERT_EQUAL(give_v3(&l, &s), VNM_OK);
	read_answer(&l, &m, &p, &pdu, true);
	CU_ASSERT_EQUAL_FATAL(p.priv.n, sizeof(salt));
	salt = vnm_be64(p.priv.p);
	live_end(&l);
	return salt;
}

/*
 * All devices share the key of one user at our engine: one salt twice would encrypt two answers
 * with the same octets (RFC 3826 section 3.1.4.1).
 */
static void
test_salts(void)
{
	CU_ASSERT_NOT_EQUAL(salt_for("192.0.2.1"), salt_for("192.0.2.2"));
	CU_ASSERT_NOT_EQUAL(salt_for("2001:db8::1"), salt_for("2001:db8::2"));
}

/* Where memory is short nobody is told that his password is wrong. */
static void
test_short_of_memory(void)
{
	const struct secured s = inform_of_ops();
	enum vnm_reason reason;
	unsigned failed = 0;
	struct live l;

	live_begin(&l);
	for (l.fail_at = 1; (reason = give_v3(&l, &s)) != VNM_OK; l.fail_at++) {
		CU_ASSERT_EQUAL_FATAL(reason, VNM_R_out_of_memory);
		CU_ASSERT_EQUAL(l.answers, 0);
		failed++;
	}
	CU_ASSERT_TRUE(failed > 2); /* of the keys and of what keeps them */
	CU_ASSERT_EQUAL(l.k->count, 1);
	CU_ASSERT_EQUAL(l.acknowledgements, 1);
	live_end(&l);
}

/* The same alarm again is counted, apart for each of the devices that a proxy speaks for. */
static void
test_repeats(void)
{
	struct secured s = trap_of_other();
	const struct vnm_slice contexts[] = {SLICE("device 1"), SLICE("device 2")};
	struct live l;

	live_begin(&l);
	for (uint32_t n = 1; n <= 3; n++) {
		for (size_t i = 0; i < VNM_ARRAY_LEN(contexts); i++) {
			s.context = contexts[i];
			CU_ASSERT_EQUAL(give_v3(&l, &s), VNM_OK);
			CU_ASSERT_TRUE(VNM_HAS(l.k->out.rec, alarm, count));
			CU_ASSERT_EQUAL(l.k->out.rec->alarm.count, n);
		}
	}
	live_end(&l);
}

/* What strangers send makes nothing grow. */
static void
test_strangers(void)
{
	struct secured s = {
	    .boots = 3, .time = 10000, .priv = true, .type = VNM_PDU_TRAP, .user = "ops"};
	uint8_t engine[8];
	struct live l;

	live_begin(&l);
	memcpy(engine, other_engine.p, sizeof(engine));
	s.engine = (struct vnm_slice){engine, sizeof(engine)};
	for (unsigned i = 0; i < 100; i++) {
		engine[7] = (uint8_t)i;
		l.access->users[0].usm.auth_key.b[0] ^= 1;
		struct vnm_usm_user wrong = l.access->users[0].usm;
		l.access->users[0].usm.auth_key.b[0] ^= 1;
		struct vnm_usm_keys *keys = vnm_usm_keys_new(&wrong, s.engine);
		const struct vnm_pdu pdu = {.type = VNM_PDU_TRAP};
		struct vnm_ber_writer w = vnm_ber_writer_of(l.message, sizeof(l.message));

		vnm_pdu_put(&w, &pdu, notification, 2, NULL);
		CU_ASSERT_TRUE(vnm_usm_wrap(
		    &w, &(struct vnm_usm_outgoing){
			    .engine = s.engine, .boots = 1, .user = SLICE("ops"), .keys = keys}));
		CU_ASSERT_EQUAL(give(&l, &w), VNM_R_wrong_digest);
		vnm_usm_keys_free(keys);
	}
	CU_ASSERT_EQUAL(((struct vnm_snmp_state *)l.k->x.state)->usm.n, 0);
	/* Authentic ones are kept, as many as may be. */
	for (unsigned i = 0; i < 100; i++) {
		engine[7] = (uint8_t)i;
		l.k->count = 0;
		CU_ASSERT_EQUAL(give_v3(&l, &s), VNM_OK);
	}
	CU_ASSERT_EQUAL(((struct vnm_snmp_state *)l.k->x.state)->usm.n, 16);
	live_end(&l);
}

static const uint32_t if_index_7[] = {1, 3, 6, 1, 2, 1, 2, 2, 1, 1, 7};

/* Whether the last record has these variables, by their oids. */
static bool
has_variables(const struct live *l, const char *const *oids, uint32_t n)
{
	const struct vnm_record *r = l->k->out.rec;

	if (!VNM_HAS(r, alarm, varbinds) || r->alarm.varbinds.n != n)
		return false;
	for (uint32_t i = 0; i < n; i++) {
		const struct vnm_pair *oid = r->alarm.varbinds.p[i].items;

		if (!vnm_str_is(oid->str, oids[i]))
			return false;
	}
	return true;
}

/* Only those two that stand in front say no more than the record does: all others are in it. */
static void
test_no_variable_is_lost(void)
{
	const struct vnm_varbind index = {
	    .name = VNM_OID(if_index_7), .type = VNM_BER_INTEGER, .i64 = 7};
	const struct vnm_varbind late[] = {notification[0], index, notification[1]};
	const struct vnm_varbind of_v1[] = {notification[0], index};
	const char *const both[] = {"1.3.6.1.2.1.2.2.1.1.7", "1.3.6.1.6.3.1.1.4.1.0"};
	const char *const first[] = {"1.3.6.1.2.1.1.3.0", "1.3.6.1.2.1.2.2.1.1.7"};
	struct vnm_pdu pdu = {.type = VNM_PDU_TRAP, .request_id = 1};
	struct vnm_ber_writer w;
	struct live l;

	live_begin(&l);
	w = vnm_ber_writer_of(l.message, sizeof(l.message));
	vnm_pdu_put(&w, &pdu, late, 3, NULL);
	vnm_snmp_wrap(&w, VNM_SNMP_V2C, SLICE("public"));
	CU_ASSERT_EQUAL(give(&l, &w), VNM_OK);
	CU_ASSERT_TRUE(vnm_str_is(l.k->out.rec->alarm.trap_name, "linkDown"));
	CU_ASSERT_TRUE(has_variables(&l, both, 2));
	CU_ASSERT_TRUE(vnm_str_is(l.k->out.rec->alarm.resource, "interface 7"));
	/* A version 1 trap has its time elsewhere: what stands in front is a variable as others
	 * are. */
	pdu = (struct vnm_pdu){
	    .type = VNM_PDU_TRAP_V1, .enterprise = VNM_OID(up_time), .generic = 2, .uptime = 99};
	w = vnm_ber_writer_of(l.message, sizeof(l.message));
	vnm_pdu_put(&w, &pdu, of_v1, 2, NULL);
	vnm_snmp_wrap(&w, VNM_SNMP_V1, SLICE("public"));
	CU_ASSERT_EQUAL(give(&l, &w), VNM_OK);
	CU_ASSERT_EQUAL(l.k->out.rec->alarm.uptime, 99);
	CU_ASSERT_TRUE(has_variables(&l, first, 2));
	live_end(&l);
}

CU_TestInfo suite_snmp[] = {
    {"informs are acknowledged", test_acknowledged},
    {"informs that come again", test_repeated},
    {"records that an output lost", test_lost_turn},
    {"bounded memory", test_bounded_memory},
    {"bounds that change", test_bounds_change},
    {"discovery", test_discovery},
    {"refused", test_refused},
    {"user of an engine", test_user_of_an_engine},
    {"time window", test_window},
    {"clock set back", test_clock_set_back},
    {"salts", test_salts},
    {"short of memory", test_short_of_memory},
    {"repeated alarms", test_repeats},
    {"strangers", test_strangers},
    {"no variable is lost", test_no_variable_is_lost},
    CU_TEST_INFO_NULL,
};
