/*
 * An independent reading of SNMP messages, by net-snmp's snmp_parse(), against vnmcd's own BER and
 * USM: every message of a capture, and mutated ones, must read the same where both accept it.
 *
 *   netsnmp [-n MUTATIONS] [-s SEED] FILE...
 *
 * Both know the recordings' users. net-snmp writes into what it parses, so that it gets copies;
 * its engines' times are forgotten before each message. Ends with `N passed, N failed`.
 */
/* clang-format off */
#include <net-snmp/net-snmp-config.h>
#include <net-snmp/net-snmp-includes.h>
/* clang-format on */

#include "messages.h"

#include "base/text.h"
#include "snmp/usm.h"

#include <getopt.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>

#define DUMP_OCTETS (1U << 18)
#define VARBINDS_MAX 4096
#define ENGINES_MAX 64

/* ---- users ----------------------------------------------------------------------------------- */

struct user {
	const char *name;
	enum vnm_usm_auth auth;
	const char *auth_password;
	enum vnm_usm_priv priv;
	const char *priv_password;
};

static const struct user users[] = {
    {"noauth", VNM_USM_NO_AUTH, NULL, VNM_USM_NO_PRIV, NULL},
    {"sha", VNM_USM_SHA1, "authpass123", VNM_USM_NO_PRIV, NULL},
    {"md5des", VNM_USM_MD5, "authpass123", VNM_USM_DES, "privpass123"},
    {"shaaes", VNM_USM_SHA1, "authpass123", VNM_USM_AES128, "privpass123"},
    {"sha256aes", VNM_USM_SHA256, "authpass123", VNM_USM_AES128, "privpass123"},
    {"sha512aes256", VNM_USM_SHA512, "authpass123", VNM_USM_AES256, "privpass123"},
    {"vnmcduser", VNM_USM_SHA1, "vnmcd-auth-pass", VNM_USM_AES128, "vnmcd-priv-pass"},
    {"vnmcdauth", VNM_USM_MD5, "vnmcd-md5-pass", VNM_USM_NO_PRIV, NULL},
};
#define USERS VNM_ARRAY_LEN(users)

/* What net-snmp calls the protocols: the last numbers below snmpAuthProtocols and the like. */
static const oid auth_oids[VNM_USM_AUTHS] = {1, 2, 3, 4, 5, 6, 7};
static oid priv_des[] = {1, 3, 6, 1, 6, 3, 10, 1, 2, 2};
static oid priv_aes128[] = {1, 3, 6, 1, 6, 3, 10, 1, 2, 4};
static oid priv_aes256[] = {1, 3, 6, 1, 4, 1, 14832, 1, 4};
static oid priv_none[] = {1, 3, 6, 1, 6, 3, 10, 1, 2, 1};

struct engine {
	uint8_t id[VNM_SNMP_ENGINE_ID_MAX];
	size_t n;
	struct vnm_usm_keys *keys[USERS];
};

struct oracle {
	struct vnm_usm_user own[USERS];
	uint8_t theirs[USERS][2][USM_AUTH_KU_LEN]; /* Ku of authentication and of privacy */
	size_t theirs_n[USERS][2];
	struct engine engines[ENGINES_MAX];
	unsigned engine_count;
	bool mutated; /* what is read now: its engine is not introduced */
	uint64_t both, ours, their, neither, differ;
};

static void
fail(const char *why)
{
	fprintf(stderr, "netsnmp: %s\n", why);
	exit(2);
}

static struct vnm_slice
slice_of(const char *text)
{
	return (struct vnm_slice){(const uint8_t *)text, strlen(text)};
}

static void
make_keys(struct oracle *o, unsigned i)
{
	const struct user *u = &users[i];
	oid auth[] = {1, 3, 6, 1, 6, 3, 10, 1, 1, auth_oids[u->auth]};
	const char *passwords[] = {u->auth_password, u->priv_password};
	struct vnm_usm_key *keys[] = {&o->own[i].auth_key, &o->own[i].priv_key};

	o->own[i].name = slice_of(u->name);
	o->own[i].auth = u->auth;
	o->own[i].priv = u->priv;
	for (unsigned k = 0; k < 2; k++) {
		if (passwords[k] == NULL)
			continue;
		if (!vnm_usm_password_key(u->auth, slice_of(passwords[k]), keys[k]))
			fail("no key");
		o->theirs_n[i][k] = USM_AUTH_KU_LEN;
		if (generate_Ku(auth, VNM_ARRAY_LEN(auth), (const u_char *)passwords[k],
			strlen(passwords[k]), o->theirs[i][k],
			&o->theirs_n[i][k]) != SNMPERR_SUCCESS)
			fail("net-snmp makes no key");
	}
}

static void
set_priv(netsnmp_session *s, enum vnm_usm_priv priv)
{
	switch (priv) {
	case VNM_USM_DES:
		s->securityPrivProto = priv_des;
		s->securityPrivProtoLen = VNM_ARRAY_LEN(priv_des);
		break;
	case VNM_USM_AES128:
		s->securityPrivProto = priv_aes128;
		s->securityPrivProtoLen = VNM_ARRAY_LEN(priv_aes128);
		break;
	case VNM_USM_AES256:
		s->securityPrivProto = priv_aes256;
		s->securityPrivProtoLen = VNM_ARRAY_LEN(priv_aes256);
		break;
	default:
		s->securityPrivProto = priv_none;
		s->securityPrivProtoLen = VNM_ARRAY_LEN(priv_none);
	}
}

/* One user at one engine, in net-snmp's list. */
static void
introduce(struct oracle *o, unsigned i, const struct engine *e)
{
	oid auth[] = {1, 3, 6, 1, 6, 3, 10, 1, 1, auth_oids[users[i].auth]};
	netsnmp_session s;

	snmp_sess_init(&s);
	s.version = SNMP_VERSION_3;
	s.securityModel = SNMP_SEC_MODEL_USM;
	s.securityName = (char *)(uintptr_t)users[i].name;
	s.securityNameLen = strlen(users[i].name);
	s.securityEngineID = (u_char *)(uintptr_t)e->id;
	s.securityEngineIDLen = e->n;
	s.securityLevel = users[i].auth == VNM_USM_NO_AUTH   ? SNMP_SEC_LEVEL_NOAUTH
			  : users[i].priv == VNM_USM_NO_PRIV ? SNMP_SEC_LEVEL_AUTHNOPRIV
							     : SNMP_SEC_LEVEL_AUTHPRIV;
	s.securityAuthProto = auth;
	s.securityAuthProtoLen = VNM_ARRAY_LEN(auth);
	memcpy(s.securityAuthKey, o->theirs[i][0], o->theirs_n[i][0]);
	s.securityAuthKeyLen = o->theirs_n[i][0];
	memcpy(s.securityPrivKey, o->theirs[i][1], o->theirs_n[i][1]);
	s.securityPrivKeyLen = o->theirs_n[i][1];
	set_priv(&s, users[i].priv);
	if (create_user_from_session(&s) != SNMPERR_SUCCESS)
		fail("net-snmp does not take a user");
}

/* The engine of that id, with all users; NULL where there are too many. */
static struct engine *
engine_of(struct oracle *o, struct vnm_slice id)
{
	struct engine *e;

	for (unsigned i = 0; i < o->engine_count; i++) {
		e = &o->engines[i];
		if (e->n == id.n && memcmp(e->id, id.p, id.n) == 0)
			return e;
	}
	if (o->mutated || o->engine_count == ENGINES_MAX || id.n < VNM_SNMP_ENGINE_ID_MIN)
		return NULL;
	e = &o->engines[o->engine_count++];
	e->n = id.n;
	memcpy(e->id, id.p, id.n);
	for (unsigned i = 0; i < USERS; i++) {
		e->keys[i] = vnm_usm_keys_new(&o->own[i], id);
		if (e->keys[i] == NULL)
			fail("no keys");
		introduce(o, i, e);
	}
	return e;
}

/* ---- what a message says, as text ------------------------------------------------------------ */

struct dump {
	char *p; /* of DUMP_OCTETS */
	size_t n;
};

static void put(struct dump *d, const char *fmt, ...) VNM_PRINTF(2, 3);

static void
put(struct dump *d, const char *fmt, ...)
{
	va_list args;

	va_start(args, fmt);
	int n = vsnprintf(d->p + d->n, DUMP_OCTETS - d->n, fmt, args);
	va_end(args);
	if (n < 0 || d->n + (size_t)n >= DUMP_OCTETS)
		fail("a message says too much");
	d->n += (size_t)n;
}

static void
put_hex(struct dump *d, const char *name, const uint8_t *p, size_t n)
{
	put(d, " %s=", name);
	for (size_t i = 0; i < n; i++)
		put(d, "%02x", p[i]);
}

static void
put_own_oid(struct dump *d, struct vnm_oid o)
{
	for (uint32_t i = 0; i < o.n; i++)
		put(d, ".%" PRIu32, o.v[i]);
}

static void
put_their_oid(struct dump *d, const oid *o, size_t n)
{
	for (size_t i = 0; i < n; i++)
		put(d, ".%" PRIu32, (uint32_t)o[i]);
}

static void
put_own_value(struct dump *d, const struct vnm_varbind *v)
{
	put(d, " t%02x ", v->type);
	switch (v->type) {
	case VNM_BER_INTEGER:
		put(d, "%" PRId32, (int32_t)v->i64);
		break;
	case VNM_BER_INTEGER64:
		put(d, "%" PRId64, v->i64);
		break;
	case VNM_BER_COUNTER32:
	case VNM_BER_GAUGE32:
	case VNM_BER_TIMETICKS:
	case VNM_BER_UINTEGER32:
		put(d, "%" PRIu32, (uint32_t)v->u64);
		break;
	case VNM_BER_COUNTER64:
	case VNM_BER_UNSIGNED64:
		put(d, "%" PRIu64, v->u64);
		break;
	case VNM_BER_FLOAT:
	case VNM_BER_DOUBLE:
		put(d, "%a", v->f64);
		break;
	case VNM_BER_OID:
		put_own_oid(d, v->oid);
		break;
	default:
		put_hex(d, "x", v->octets.p, v->octets.n);
	}
	put(d, "\n");
}

static void
put_their_value(struct dump *d, const netsnmp_variable_list *v)
{
	uint8_t type = v->type == ASN_OPAQUE_COUNTER64 ? VNM_BER_COUNTER64 : v->type;

	put(d, " t%02x ", type);
	switch (v->type) {
	case ASN_INTEGER:
		put(d, "%" PRId32, (int32_t)*v->val.integer);
		break;
	case ASN_COUNTER:
	case ASN_GAUGE:
	case ASN_TIMETICKS:
	case ASN_UINTEGER:
		put(d, "%" PRIu32, (uint32_t)*v->val.integer);
		break;
	case ASN_COUNTER64:
	case ASN_OPAQUE_COUNTER64:
	case ASN_OPAQUE_U64:
		put(d, "%" PRIu64,
		    (uint64_t)v->val.counter64->high << 32 |
			(v->val.counter64->low & 0xffffffffUL));
		break;
	case ASN_OPAQUE_I64:
		put(d, "%" PRId64,
		    (int64_t)((uint64_t)v->val.counter64->high << 32 |
			      (v->val.counter64->low & 0xffffffffUL)));
		break;
	case ASN_OPAQUE_FLOAT:
		put(d, "%a", (double)*v->val.floatVal);
		break;
	case ASN_OPAQUE_DOUBLE:
		put(d, "%a", *v->val.doubleVal);
		break;
	case ASN_OBJECT_ID:
		put_their_oid(d, v->val.objid, v->val_len / sizeof(oid));
		break;
	case ASN_NULL:
	case SNMP_NOSUCHOBJECT:
	case SNMP_NOSUCHINSTANCE:
	case SNMP_ENDOFMIBVIEW:
		put_hex(d, "x", NULL, 0);
		break;
	default:
		put_hex(d, "x", v->val.string, v->val_len);
	}
	put(d, "\n");
}

/* ---- our reading ----------------------------------------------------------------------------- */

static bool
secure(struct oracle *o, struct vnm_snmp_message *m, struct vnm_snmp_scoped *scoped,
    struct vnm_usm_params *p, uint8_t *plain)
{
	struct engine *e;
	unsigned i = 0;

	if (m->model != VNM_SNMP_MODEL_USM || vnm_usm_read(m->security, p, &m->odd) != VNM_OK)
		return false;
	e = engine_of(o, p->engine);
	while (i < USERS && (strlen(users[i].name) != p->user.n ||
				memcmp(users[i].name, p->user.p, p->user.n) != 0))
		i++;
	if (e == NULL || i == USERS)
		return false;
	if ((m->flags & VNM_SNMP_FLAG_AUTH) != 0 && !vnm_usm_authentic(e->keys[i], m, p))
		return false;
	if ((m->flags & VNM_SNMP_FLAG_PRIV) != 0 && !vnm_usm_decrypt(e->keys[i], m, p, plain))
		return false;
	return vnm_scoped_read(&m->scoped, scoped, &m->odd) == VNM_OK;
}

static void
put_own_pdu(struct dump *d, const struct vnm_snmp_message *m, const struct vnm_pdu *pdu)
{
	put(d, "v%u pdu %02x", m->version, pdu->type);
	if (pdu->type == VNM_PDU_TRAP_V1) {
		put_own_oid(d, pdu->enterprise);
		put_hex(d, "agent", pdu->agent.b, 4);
		put(d, " %" PRId32 " %" PRId32 " %" PRIu32 "\n", pdu->generic, pdu->specific,
		    pdu->uptime);
	} else {
		put(d, " %" PRId32 " %" PRId32 " %" PRId32 "\n", pdu->request_id, pdu->error_status,
		    pdu->error_index);
	}
}

/* Whether we accept all of it; *odd: with what we forgive. */
static bool
read_own(struct oracle *o, const uint8_t *p, size_t n, struct dump *d, unsigned *odd)
{
	static uint8_t plain[VNM_USM_PLAIN_ROOM(VNM_SNMP_MESSAGE_MAX)];
	static uint32_t ids[VNM_VARBIND_IDS];
	static struct vnm_pdu pdu;
	struct vnm_snmp_scoped scoped;
	struct vnm_usm_params params;
	struct vnm_snmp_message m;
	struct vnm_varbind v;

	d->n = 0;
	if (vnm_snmp_read(p, n, &m) != VNM_OK)
		return false;
	if (m.version == VNM_SNMP_V3 && !secure(o, &m, &scoped, &params, plain))
		return false;
	struct vnm_reader *r = m.version == VNM_SNMP_V3 ? &scoped.pdu : &m.pdu;
	if (vnm_pdu_read(r, &pdu, &m.odd) != VNM_OK)
		return false;
	if (m.version == VNM_SNMP_V3) {
		put_hex(d, "user", params.user.p, params.user.n);
		put_hex(d, "context", scoped.context_name.p, scoped.context_name.n);
	} else {
		put_hex(d, "community", m.community.p, m.community.n);
	}
	put_own_pdu(d, &m, &pdu);
	while (vnm_varbind_next(&pdu.varbinds, &v, ids, &m.odd)) {
		put_own_oid(d, v.name);
		put_own_value(d, &v);
	}
	*odd = m.odd;
	return !pdu.varbinds.bad;
}

/* ---- net-snmp's reading ---------------------------------------------------------------------- */

static void
put_their_pdu(struct dump *d, const netsnmp_pdu *pdu)
{
	if (pdu->version == SNMP_VERSION_3) {
		put_hex(d, "user", (const uint8_t *)pdu->securityName, pdu->securityNameLen);
		put_hex(d, "context", (const uint8_t *)pdu->contextName, pdu->contextNameLen);
	} else {
		put_hex(d, "community", pdu->community, pdu->community_len);
	}
	put(d, "v%u pdu %02x", (unsigned)pdu->version, (unsigned)pdu->command & 0xff);
	if (pdu->command == SNMP_MSG_TRAP) {
		put_their_oid(d, pdu->enterprise, pdu->enterprise_length);
		put_hex(d, "agent", pdu->agent_addr, 4);
		put(d, " %" PRId32 " %" PRId32 " %" PRIu32 "\n", (int32_t)pdu->trap_type,
		    (int32_t)pdu->specific_type, (uint32_t)pdu->time);
	} else {
		put(d, " %" PRId32 " %" PRId32 " %" PRId32 "\n", (int32_t)pdu->reqid,
		    (int32_t)pdu->errstat, (int32_t)pdu->errindex);
	}
}

static bool
read_theirs(const uint8_t *p, size_t n, struct dump *d)
{
	netsnmp_pdu *pdu = calloc(1, sizeof(*pdu));
	u_char *copy = malloc(n + 1);
	netsnmp_session s;
	bool read;

	if (pdu == NULL || copy == NULL)
		fail("out of memory");
	memcpy(copy, p, n);
	free_etimelist();
	snmp_sess_init(&s);
	s.version = SNMP_DEFAULT_VERSION;
	s.isAuthoritative = SNMP_SESS_UNKNOWNAUTH;
	read = snmp_parse(NULL, &s, pdu, copy, n) == 0;
	d->n = 0;
	if (read) {
		put_their_pdu(d, pdu);
		for (netsnmp_variable_list *v = pdu->variables; v != NULL; v = v->next_variable) {
			put_their_oid(d, v->name, v->name_length);
			put_their_value(d, v);
		}
	}
	snmp_free_pdu(pdu);
	free(copy);
	return read;
}

/* ---- comparing ------------------------------------------------------------------------------- */

/* Where we know better than net-snmp 5.9, or forgive more: both accept it and mean something else.
 */
static bool
is_known(unsigned odd)
{
	return (odd & ~(unsigned)VNM_BER_ODD_LENGTH) != 0;
}

static void
compare(struct oracle *o, const uint8_t *p, size_t n, const char *what, size_t number)
{
	static char own_text[DUMP_OCTETS], their_text[DUMP_OCTETS];
	struct dump own = {own_text, 0}, theirs = {their_text, 0};
	unsigned odd = 0;
	bool we = read_own(o, p, n, &own, &odd), they = read_theirs(p, n, &theirs);

	o->both += we && they;
	o->ours += we && !they;
	o->their += !we && they;
	o->neither += !we && !they;
	if (!we || !they || is_known(odd) ||
	    (own.n == theirs.n && memcmp(own_text, their_text, own.n) == 0))
		return;
	if (o->differ++ < 5)
		printf("%s: message %zu reads otherwise:\nours:\n%.1500s\nnet-snmp's:\n%.1500s\n",
		    what, number, own_text, their_text);
}

static uint64_t
draw(uint64_t *random, uint64_t below)
{
	*random = *random * 6364136223846793005ULL + 1442695040888963407ULL;
	return (*random >> 33) % below;
}

/* One to four octets changed, put in or taken out, or the message cut. */
static size_t
mutate(uint8_t *p, size_t n, uint64_t *random)
{
	for (uint64_t k = 1 + draw(random, 4); k > 0 && n > 4; k--) {
		size_t at = draw(random, n);

		switch (draw(random, 5)) {
		case 0:
			p[at] ^= (uint8_t)(1U << draw(random, 8));
			break;
		case 1:
			p[at] = (uint8_t)draw(random, 256);
			break;
		case 2:
			memmove(p + at + 1, p + at, n - at);
			n++;
			break;
		case 3:
			memmove(p + at, p + at + 1, n - at - 1);
			n--;
			break;
		default:
			p[at] = (uint8_t)(p[at] + draw(random, 5) - 2);
		}
	}
	return n;
}

static void
compare_file(struct oracle *o, const char *path, uint64_t mutations, uint64_t *random)
{
	static uint8_t room[VNM_SNMP_MESSAGE_MAX + 16];
	struct vnm_messages list;
	struct vnm_err err;
	uint64_t before = o->differ, accepted = o->both;

	if (vnm_messages_read(&list, path, &err) != 0)
		fail(err.text);
	o->mutated = false;
	for (size_t i = 0; i < list.n; i++)
		compare(o, list.m[i].d.p, list.m[i].d.n, path, i);
	o->mutated = true;
	for (uint64_t k = 0; k < mutations && list.n > 0; k++) {
		size_t i = draw(random, list.n);
		size_t n = list.m[i].d.n;

		if (n > VNM_SNMP_MESSAGE_MAX - 16)
			continue;
		memcpy(room, list.m[i].d.p, n);
		compare(o, room, mutate(room, n, random), path, i);
	}
	if (o->both == accepted) {
		printf("%s: nothing was read by both\n", path);
		o->differ++;
	}
	printf("%s %s\n", o->differ == before ? "ok  " : "FAIL", path);
	vnm_messages_free(&list);
}

static int
no_log(int major, int minor, void *server, void *client)
{
	(void)major;
	(void)minor;
	(void)server;
	(void)client;
	return 1;
}

static void
start_netsnmp(void)
{
	setenv("MIBS", "", 1);
	netsnmp_ds_set_boolean(NETSNMP_DS_LIBRARY_ID, NETSNMP_DS_LIB_DONT_READ_CONFIGS, 1);
	netsnmp_ds_set_boolean(NETSNMP_DS_LIBRARY_ID, NETSNMP_DS_LIB_DONT_PERSIST_STATE, 1);
	snmp_register_callback(SNMP_CALLBACK_LIBRARY, SNMP_CALLBACK_LOGGING, no_log, NULL);
	snmp_disable_log();
	init_snmp("oracle");
}

int
main(int argc, char **argv)
{
	static struct oracle o;
	uint64_t mutations = 2000, random = 1;
	unsigned failed = 0, files = 0;
	struct vnm_err err;
	int c;

	while ((c = getopt(argc, argv, "n:s:")) != -1) {
		if (c == 'n')
			mutations = strtoull(optarg, NULL, 10);
		else if (c == 's')
			random = strtoull(optarg, NULL, 10);
		else
			return 2;
	}
	start_netsnmp();
	struct vnm_usm_des *des = vnm_usm_des_begin();
	if (vnm_usm_available(VNM_USM_MD5, VNM_USM_DES, &err) != 0)
		printf("%s\n", err.text);
	for (unsigned i = 0; i < USERS; i++)
		make_keys(&o, i);
	for (; optind < argc; optind++, files++) {
		uint64_t before = o.differ;

		compare_file(&o, argv[optind], mutations, &random);
		failed += o.differ != before;
	}
	for (unsigned i = 0; i < o.engine_count; i++) {
		for (unsigned k = 0; k < USERS; k++)
			vnm_usm_keys_free(o.engines[i].keys[k]);
	}
	vnm_usm_des_end(des);
	printf("%" PRIu64 " read by both, %" PRIu64 " only by vnmcd, %" PRIu64
	       " only by net-snmp, %" PRIu64 " by neither\n",
	    o.both, o.ours, o.their, o.neither);
	printf("%u passed, %u failed\n", files - failed, failed);
	return failed != 0 || files == 0;
}
