/*
 * The network between the fuzzed poller and its agents.
 */
#include "poll_net.h"

#include "base/clock.h"
#include "base/hash.h"
#include "poll_edit.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define ENGINE_OCTETS 9
#define RECORDINGS 4
#define SENDS_MIN 128  /* requests in which an input has a say: it is read again until then */
#define SENDS_MAX 2500 /* the same, at the most */

static struct agent_mib recordings[RECORDINGS];

/* An agent as it is when all is well, and what it does otherwise. */
static struct {
	uint8_t engine[ENGINE_OCTETS];
	const struct vnm_usm_user *user;
	struct vnm_usm_keys *keys;	 /* of user at engine */
	struct vnm_usm_keys *clone_keys; /* at the first agent's */
} homes[NET_AGENTS];

static const uint64_t delays_ns[8] = {0, VNM_NS_PER_MS, 20 * VNM_NS_PER_MS, 300 * VNM_NS_PER_MS,
    900 * VNM_NS_PER_MS, 1500 * VNM_NS_PER_MS, 4 * VNM_NS_PER_S, 70 * VNM_NS_PER_S};

/* 10.0.0.0/29 are polled, 10.0.1.0/29 may be found. */
struct vnm_endpoint
net_at(uint32_t device)
{
	const uint8_t b[4] = {10, 0, (uint8_t)(device / 8), (uint8_t)(device % 8)};

	return (struct vnm_endpoint){vnm_addr_ip4(b), 161};
}

uint32_t
net_device(const struct vnm_endpoint *at)
{
	return (at->addr.b[2] * 8U + at->addr.b[3]) % NET_AGENTS;
}

/* ---- set-up -------------------------------------------------------------------------------------
 */

static void
load(struct agent_mib *m, const char *path)
{
	if (agent_load(m, path) == 0)
		return;
	fprintf(stderr, "cannot read %s\n", path);
	abort();
}

void
net_setup(const struct vnm_usm_user *(*user)(uint32_t device))
{
	agent_make_interfaces(&recordings[0], 5);
	load(&recordings[1], VNM_TEST_DATA "/walks/tor1.walk");
	load(&recordings[2], VNM_TEST_DATA "/walks/hostA.walk");
	load(&recordings[3], VNM_FUZZ_DATA "/all.snmprec");
	for (uint32_t i = 0; i < NET_AGENTS; i++) {
		const uint8_t engine[ENGINE_OCTETS] = {0x80, 0, 0, 0, 4, 'n', 'e', 't', (uint8_t)i};

		memcpy(homes[i].engine, engine, sizeof(engine));
		homes[i].user = user(i);
		if (homes[i].user == NULL || homes[i].user->auth == VNM_USM_NO_AUTH)
			continue;
		homes[i].keys = vnm_usm_keys_new(
		    homes[i].user, (struct vnm_slice){homes[i].engine, ENGINE_OCTETS});
		homes[i].clone_keys = vnm_usm_keys_new(
		    homes[i].user, (struct vnm_slice){homes[0].engine, ENGINE_OCTETS});
	}
}

/* The agent does as it should from now on; what it is does not change. */
static void
heal(struct agent *a, uint32_t i)
{
	memset(&a->faults, 0, sizeof(a->faults));
	a->mib = &recordings[i % RECORDINGS];
	a->engine = (struct vnm_slice){homes[i].engine, ENGINE_OCTETS};
	a->user = homes[i].user;
	a->keys = homes[i].keys;
	a->max_octets = 0;
	a->twist = NULL;
}

void
net_heal(struct net *k)
{
	vnm_reader_skip(&k->whole, vnm_reader_left(&k->whole));
	for (uint32_t i = 0; i < NET_AGENTS; i++)
		heal(&k->agents[i], i);
}

void
net_open(struct net *k, struct vnm_reader input)
{
	memset(k, 0, sizeof(*k));
	k->now_ns = NET_START_NS;
	for (uint32_t i = 0; i < NET_AGENTS; i++) {
		k->agents[i].community =
		    (struct vnm_slice){(const uint8_t *)NET_COMMUNITY, strlen(NET_COMMUNITY)};
		k->agents[i].boots = 1 + i;
		k->agents[i].boot_ns = NET_START_NS - (1000 + i) * VNM_NS_PER_S;
	}
	for (uint32_t i = 0; i < NET_AGENTS; i++)
		heal(&k->agents[i], i);
	k->input = k->whole = input;
}

void
net_close(struct net *k)
{
	for (uint32_t i = 0; i < k->packet_n; i++)
		free(k->packets[i].p);
	free(k->last.p);
}

/* ---- books of request ids ----------------------------------------------------------------------
 */

uint32_t
net_id(const uint8_t *p, size_t n)
{
	struct vnm_snmp_message m;
	struct vnm_pdu pdu;

	if (vnm_snmp_read(p, n, &m) != VNM_OK)
		return 0;
	if (m.version == VNM_SNMP_V3)
		return (uint32_t)m.id;
	return vnm_pdu_read(&m.pdu, &pdu, &m.odd) == VNM_OK ? (uint32_t)pdu.request_id : 0;
}

/* Its place, or that where it would be. */
static struct net_id *
id_place(struct net *k, uint32_t id)
{
	uint32_t i = (uint32_t)vnm_hash(&id, sizeof(id), 0) % NET_IDS;

	while (k->ids[i].id != 0 && k->ids[i].id != id)
		i = (i + 1) % NET_IDS;
	return &k->ids[i];
}

static void
note_id(struct net *k, uint32_t id, const struct vnm_endpoint *at)
{
	struct net_id *x = id_place(k, id);

	if (x->id == 0 && ++k->id_n >= NET_IDS)
		abort(); /* SENDS_MAX is too much for the table */
	x->id = id;
	x->at = *at;
}

const char *
net_taken(struct net *k, const struct net_packet *packet, bool anywhere)
{
	uint32_t id = net_id(packet->p, packet->n);
	struct net_id *x = id_place(k, id);

	if (x->id == 0 || id == 0)
		return "an answer was taken that nobody had asked for";
	if (x->answered)
		return "a request was answered twice";
	if (!anywhere &&
	    (x->at.port != packet->from.port || !vnm_addr_equal(&x->at.addr, &packet->from.addr)))
		return "an answer was taken from someone else";
	x->answered = true;
	return NULL;
}

/* ---- packets ------------------------------------------------------------------------------------
 */

static bool
before(const struct net_packet *a, const struct net_packet *b)
{
	return a->due_ns != b->due_ns ? a->due_ns < b->due_ns : a->seq < b->seq;
}

/* A block of exactly its size, so that ASan sees a read beyond. */
static void
carry(struct net *k, const struct vnm_endpoint *from, const uint8_t *p, size_t n, uint64_t delay_ns)
{
	struct net_packet x = {.due_ns = k->now_ns + delay_ns,
	    .seq = k->seq++,
	    .from = *from,
	    .n = n,
	    .shaped = k->shaping};
	uint32_t i = k->packet_n;

	if (i == NET_PACKETS) /* as if it were lost */
		return;
	k->packet_n++;
	x.p = malloc(n > 0 ? n : 1);
	if (x.p == NULL)
		abort();
	memcpy(x.p, p, n);
	for (; i > 0 && before(&x, &k->packets[(i - 1) / 2]); i = (i - 1) / 2)
		k->packets[i] = k->packets[(i - 1) / 2];
	k->packets[i] = x;
}

uint64_t
net_next_ns(const struct net *k)
{
	return k->packet_n > 0 ? k->packets[0].due_ns : UINT64_MAX;
}

bool
net_next(struct net *k, uint64_t until_ns, struct net_packet *x)
{
	struct net_packet last;
	uint32_t i = 0;

	if (k->packet_n == 0 || k->packets[0].due_ns > until_ns)
		return false;
	*x = k->packets[0];
	k->shaped += x->shaped;
	last = k->packets[--k->packet_n];
	for (uint32_t c; (c = 2 * i + 1) < k->packet_n; i = c) {
		if (c + 1 < k->packet_n && before(&k->packets[c + 1], &k->packets[c]))
			c++;
		if (!before(&k->packets[c], &last))
			break;
		k->packets[i] = k->packets[c];
	}
	k->packets[i] = last;
	return true;
}

/* ---- what an input makes of an answer ----------------------------------------------------------
 */

/* Octets of the input behind their number, as many as there are. */
static struct vnm_slice
rest_of(struct net *k)
{
	size_t n = vnm_reader_u16(&k->input), left = vnm_reader_left(&k->input);
	const uint8_t *p;

	n = n < left ? n : left;
	p = k->input.p;
	vnm_reader_skip(&k->input, n);
	return (struct vnm_slice){p, n};
}

/* Before it is wrapped. */
static void
twist(void *ctx, struct vnm_pdu *pdu, uint8_t *list, size_t *n, size_t room)
{
	struct net *k = ctx;
	struct vnm_slice octets;

	switch (k->fate) {
	case FATE_EDIT:
		for (unsigned i = vnm_reader_u8(&k->input) % 8 + 1; i > 0; i--)
			poll_edit(&k->input, list, n, room);
		break;
	case FATE_LIST:
		octets = rest_of(k);
		*n = octets.n < room ? octets.n : room;
		memcpy(list, octets.p, *n);
		break;
	case FATE_ERROR:
		pdu->error_status = (int8_t)vnm_reader_u8(&k->input);
		pdu->error_index = (int8_t)vnm_reader_u8(&k->input);
		break;
	case FATE_ID:
		pdu->request_id ^= vnm_reader_u8(&k->input);
		break;
	case FATE_TYPE:
		pdu->type = vnm_reader_u8(&k->input);
		break;
	default:
		break;
	}
}

/* A Report, as an agent sends it that does not like the request. */
static size_t
report(struct net *k, struct agent *a, const uint8_t *p, size_t n, uint8_t *out)
{
	uint8_t what = vnm_reader_u8(&k->input);
	uint32_t ids[VNM_OID_MAX];
	struct vnm_varbind v =
	    vnm_usm_stat_varbind((enum vnm_usm_stat)(what & 0x0f), what >> 4, ids);
	const struct vnm_pdu pdu = {.type = VNM_PDU_REPORT};
	struct vnm_ber_writer w = vnm_ber_writer_of(out, NET_MESSAGE);
	const struct vnm_usm_outgoing o = {.id = (int32_t)net_id(p, n),
	    .engine = a->engine,
	    .boots = a->boots,
	    .time = (uint32_t)((k->now_ns - a->boot_ns) / VNM_NS_PER_S),
	    .user = a->user != NULL ? a->user->name : (struct vnm_slice){NULL, 0},
	    .context_engine = a->engine,
	    .keys = (what & 0x80) != 0 ? a->keys : NULL,
	    .salt = ++a->salt};

	vnm_pdu_put(&w, &pdu, &v, 1, NULL);
	if (!vnm_usm_wrap(&w, &o))
		return 0;
	memmove(out, w.p, vnm_ber_written(&w));
	return vnm_ber_written(&w);
}

static void
flip(struct net *k, uint8_t *p, size_t n)
{
	for (unsigned i = vnm_reader_u8(&k->input) % 16 + 1; i > 0 && n > 0; i--) {
		size_t at = vnm_reader_u16(&k->input);

		p[at % n] ^= vnm_reader_u8(&k->input);
	}
}

static void
misbehave(struct net *k, uint32_t i)
{
	struct agent *a = &k->agents[i];
	uint8_t what = vnm_reader_u8(&k->input);

	switch ((enum deed)(what % DEEDS)) {
	case DEED_HEAL:
		heal(a, i);
		break;
	case DEED_REBOOT:
		a->boots++;
		a->boot_ns = k->now_ns;
		break;
	case DEED_FORGET:
		a->boots = 1;
		a->boot_ns = k->now_ns;
		break;
	case DEED_JUMP:
		a->boot_ns -= 1000 * VNM_NS_PER_S;
		break;
	case DEED_CLONE:
		a->engine = (struct vnm_slice){homes[0].engine, ENGINE_OCTETS};
		a->keys = homes[i].clone_keys;
		break;
	case DEED_STRANGER:
		a->user = NULL;
		a->keys = NULL;
		break;
	case DEED_TOO_BIG:
		a->faults.too_big = 1 + what / DEEDS;
		break;
	case DEED_LOOP:
		a->faults.loop_at = 60;
		break;
	case DEED_STUCK:
		a->faults.stuck = true;
		break;
	case DEED_ENDLESS:
		a->faults.endless = true;
		break;
	case DEED_NO_BULK:
		a->faults.no_bulk = true;
		break;
	case DEED_OMIT:
		a->faults.omit = true;
		break;
	case DEED_GEN_ERR:
		a->faults.gen_err = true;
		break;
	case DEED_SMALL:
		a->max_octets = 100;
		break;
	default:
		a->mib = &recordings[what / DEEDS % RECORDINGS];
		break;
	}
}

/* The answer in out, as it leaves the agent: how many octets. */
static size_t
make(struct net *k, uint32_t i, const uint8_t *p, size_t n, uint8_t *out)
{
	struct agent *a = &k->agents[i];
	struct vnm_slice octets;
	size_t size;

	if (k->fate == FATE_REPORT)
		return report(k, a, p, n, out);
	if (k->fate == FATE_OCTETS) {
		octets = rest_of(k);
		size = octets.n < NET_MESSAGE ? octets.n : NET_MESSAGE;
		memcpy(out, octets.p, size);
		return size;
	}
	a->twist = twist;
	a->twist_ctx = k;
	size = agent_answer(a, p, n, k->now_ns, out, NET_MESSAGE);
	a->twist = NULL;
	if (k->fate == FATE_FLIP)
		flip(k, out, size);
	if (k->fate == FATE_CUT) {
		size_t most = vnm_reader_u16(&k->input);

		size = size > 0 ? most % size : 0;
	}
	return size;
}

static void
remember(struct net *k, const struct vnm_endpoint *from, const uint8_t *p, size_t n)
{
	uint8_t *copy = realloc(k->last.p, n > 0 ? n : 1);

	if (copy == NULL)
		abort();
	memcpy(copy, p, n);
	k->last = (struct net_packet){.from = *from, .p = copy, .n = n};
}

/* What else the input may want before the next answer. */
static void
besides(struct net *k, uint32_t device)
{
	if (k->fate == FATE_AGENT) {
		misbehave(k, device);
	} else if (k->fate == FATE_CONF) {
		k->config_wanted = vnm_reader_u8(&k->input);
		k->configure = true;
	} else if (k->fate == FATE_DEMAND) {
		k->device_wanted = vnm_reader_u8(&k->input);
		k->demand = true;
	}
}

/* As the input says. */
static void
shape(struct net *k, const struct vnm_endpoint *to, const uint8_t *p, size_t n)
{
	static uint8_t out[NET_MESSAGE];
	uint32_t device = net_device(to);
	uint8_t timing;
	struct vnm_endpoint from = *to;
	uint64_t delay;
	size_t size;

	k->fate = (enum fate)(vnm_reader_u8(&k->input) % FATES);
	timing = vnm_reader_u8(&k->input);
	delay = delays_ns[timing & 7];
	if (k->fate == FATE_LOST)
		return;
	besides(k, device);
	if (k->fate == FATE_SOURCE) {
		uint8_t other = vnm_reader_u8(&k->input);

		from.addr.b[3] ^= other & 0x0f;
		from.port ^= other >> 4;
	}
	size = make(k, device, p, n, out);
	if (size == 0 && k->fate != FATE_CUT && k->fate != FATE_OCTETS)
		return;
	if (k->fate == FATE_AGAIN && k->last.n > 0)
		carry(k, &k->last.from, k->last.p, k->last.n, delay);
	carry(k, &from, out, size, delay);
	if (timing & NET_TWICE)
		carry(k, &from, out, size, delay + delays_ns[timing >> 4 & 7]);
	remember(k, &from, out, size);
}

bool
net_shapes(const struct net *k)
{
	if (vnm_reader_left(&k->whole) < 2 || k->sends >= SENDS_MAX)
		return false;
	return vnm_reader_left(&k->input) >= 2 || k->sends < SENDS_MIN;
}

void
net_send(struct net *k, const struct vnm_endpoint *to, const uint8_t *p, size_t n)
{
	static uint8_t out[NET_MESSAGE];
	uint32_t device = net_device(to);
	size_t size;

	k->sends++;
	k->since_end[device]++;
	note_id(k, net_id(p, n), to);
	k->shaping = net_shapes(k);
	if (k->shaping && vnm_reader_left(&k->input) < 2)
		k->input = k->whole;
	if (k->shaping) {
		shape(k, to, p, n);
		return;
	}
	size = agent_answer(&k->agents[device], p, n, k->now_ns, out, sizeof(out));
	if (size > 0)
		carry(k, to, out, size, 20 * VNM_NS_PER_MS);
}
