/*
 * USM: the keys of RFC 3414 appendix A.3, messages there and back with every pair of protocols,
 * and the time window of section 3.2.
 */
#include "unit.h"

#include "base/alloc.h"
#include "base/clock.h"
#include "base/text.h"
#include "snmp/usm.h"

#include <string.h>

#define SLICE(text) ((struct vnm_slice){(const uint8_t *)(text), sizeof(text) - 1})

static const struct vnm_slice engine = {
    (const uint8_t *)"\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x02", 12};

static void
check_key(const struct vnm_usm_key *key, const char *hex)
{
	char text[2 * VNM_USM_KEY_MAX + 1];

	*vnm_text_hex(text, key->b, key->n) = '\0';
	CU_ASSERT_STRING_EQUAL(text, hex);
}

static void
test_rfc3414_keys(void)
{
	struct vnm_usm_key ku, kul;

	CU_ASSERT_TRUE(vnm_usm_password_key(VNM_USM_MD5, SLICE("maplesyrup"), &ku));
	check_key(&ku, "9faf3283884e92834ebc9847d8edd963");
	CU_ASSERT_TRUE(vnm_usm_localise(VNM_USM_MD5, &ku, engine, &kul));
	check_key(&kul, "526f5eed9fcce26f8964c2930787d82b");
	CU_ASSERT_TRUE(vnm_usm_password_key(VNM_USM_SHA1, SLICE("maplesyrup"), &ku));
	check_key(&ku, "9fb5cc0381497b3793528939ff788d5d79145211");
	CU_ASSERT_TRUE(vnm_usm_localise(VNM_USM_SHA1, &ku, engine, &kul));
	check_key(&kul, "6695febc9288e36282235fc7151f128497b38f3f");
}

/* Of one pair of protocols: a user, and the message that he protects. */
static struct vnm_usm_user
user_of(enum vnm_usm_auth auth, enum vnm_usm_priv priv)
{
	struct vnm_usm_user user = {.name = SLICE("operator"), .auth = auth, .priv = priv};

	CU_ASSERT_TRUE(vnm_usm_password_key(auth, SLICE("maplesyrup"), &user.auth_key));
	CU_ASSERT_TRUE(vnm_usm_password_key(auth, SLICE("pancakes please"), &user.priv_key));
	return user;
}

static void
write_variable(
    struct vnm_ber_writer *w, struct vnm_usm_keys *keys, bool priv, const struct vnm_varbind *v)
{
	const struct vnm_pdu pdu = {.type = VNM_PDU_INFORM, .request_id = 77};
	const struct vnm_usm_outgoing o = {.id = 5,
	    .reportable = true,
	    .engine = engine,
	    .boots = 3,
	    .time = 1000,
	    .user = SLICE("operator"),
	    .context_engine = engine,
	    .context_name = SLICE("vrf7"),
	    .keys = keys,
	    .priv = priv,
	    .salt = 0x0102030405060708};

	vnm_pdu_put(w, &pdu, v, 1, NULL);
	CU_ASSERT_TRUE(vnm_usm_wrap(w, &o));
}

static void
write_message(struct vnm_ber_writer *w, struct vnm_usm_keys *keys, bool priv)
{
	static const uint32_t up_time[] = {1, 3, 6, 1, 2, 1, 1, 3, 0};
	const struct vnm_varbind v = {
	    .name = VNM_OID(up_time), .type = VNM_BER_TIMETICKS, .u64 = 4711};

	write_variable(w, keys, priv, &v);
}

static void
check_message(struct vnm_slice octets, struct vnm_usm_keys *keys, bool priv)
{
	struct vnm_usm_params params;
	struct vnm_snmp_message m;
	struct vnm_snmp_scoped scoped;
	struct vnm_pdu pdu;
	uint8_t plain[VNM_USM_PLAIN_ROOM(512)];

	CU_ASSERT_EQUAL_FATAL(vnm_snmp_read(octets.p, octets.n, &m), VNM_OK);
	CU_ASSERT_EQUAL(m.id, 5);
	CU_ASSERT_EQUAL_FATAL(vnm_usm_read(m.security, &params, &m.odd), VNM_OK);
	CU_ASSERT_EQUAL(params.boots, 3);
	CU_ASSERT_EQUAL(params.time, 1000);
	CU_ASSERT_EQUAL(params.user.n, 8);
	CU_ASSERT_TRUE(vnm_usm_authentic(keys, &m, &params));
	if (priv)
		CU_ASSERT_TRUE(vnm_usm_decrypt(keys, &m, &params, plain));
	CU_ASSERT_EQUAL_FATAL(vnm_scoped_read(&m.scoped, &scoped, &m.odd), VNM_OK);
	CU_ASSERT_EQUAL(scoped.context_name.n, 4);
	CU_ASSERT_EQUAL_FATAL(vnm_pdu_read(&scoped.pdu, &pdu, &m.odd), VNM_OK);
	CU_ASSERT_EQUAL(pdu.request_id, 77);
}

static void
test_protocols(void)
{
	struct vnm_usm_des *des = vnm_usm_des_begin();
	struct vnm_err err;

	for (int auth = VNM_USM_MD5; auth < VNM_USM_AUTHS; auth++) {
		for (int priv = VNM_USM_NO_PRIV; priv < VNM_USM_PRIVS; priv++) {
			if (vnm_usm_available(auth, priv, &err) != 0) {
				CU_ASSERT_EQUAL(priv, VNM_USM_DES); /* all else is in OpenSSL */
				continue;
			}
			const struct vnm_usm_user user = user_of(auth, priv);
			struct vnm_usm_keys *keys = vnm_usm_keys_new(&user, engine);
			uint8_t room[512];
			struct vnm_ber_writer w = vnm_ber_writer_of(room, sizeof(room));

			CU_ASSERT_PTR_NOT_NULL_FATAL(keys);
			write_message(&w, keys, priv != VNM_USM_NO_PRIV);
			check_message(vnm_ber_result(&w), keys, priv != VNM_USM_NO_PRIV);
			vnm_usm_keys_free(keys);
		}
	}
	vnm_usm_des_end(des);
}

/* Of n octets, encrypted by OpenSSL's CFB, which we do not use to decrypt: the same again. */
static void
check_length(struct vnm_usm_keys *keys, size_t n)
{
	static const uint32_t descr[] = {1, 3, 6, 1, 2, 1, 2, 2, 1, 2, 1};
	static const uint8_t octets[] = "what no cipher changes, and blocks of sixteen do not fit";
	const struct vnm_varbind sent = {
	    .name = VNM_OID(descr), .type = VNM_BER_OCTETS, .octets = {octets, n}};
	uint32_t numbers[VNM_VARBIND_IDS];
	struct vnm_usm_params params;
	struct vnm_snmp_scoped scoped;
	struct vnm_snmp_message m;
	struct vnm_varbind got;
	struct vnm_pdu pdu;
	uint8_t room[512], *plain;
	struct vnm_ber_writer w = vnm_ber_writer_of(room, sizeof(room));
	struct vnm_slice whole;

	write_variable(&w, keys, true, &sent);
	whole = vnm_ber_result(&w);
	CU_ASSERT_EQUAL_FATAL(vnm_snmp_read(whole.p, whole.n, &m), VNM_OK);
	CU_ASSERT_EQUAL_FATAL(vnm_usm_read(m.security, &params, &m.odd), VNM_OK);
	plain = vnm_alloc(VNM_USM_PLAIN_ROOM(m.encrypted.n)); /* a sanitizer watches its end */
	CU_ASSERT_TRUE_FATAL(vnm_usm_decrypt(keys, &m, &params, plain));
	CU_ASSERT_EQUAL_FATAL(vnm_scoped_read(&m.scoped, &scoped, &m.odd), VNM_OK);
	CU_ASSERT_EQUAL_FATAL(vnm_pdu_read(&scoped.pdu, &pdu, &m.odd), VNM_OK);
	CU_ASSERT_TRUE_FATAL(vnm_varbind_next(&pdu.varbinds, &got, numbers, &m.odd));
	CU_ASSERT_TRUE(vnm_slice_equal(got.octets, sent.octets));
	vnm_free(plain);
}

static void
test_lengths(void)
{
	for (int priv = VNM_USM_AES128; priv < VNM_USM_PRIVS; priv++) {
		const struct vnm_usm_user user = user_of(VNM_USM_SHA256, priv);
		struct vnm_usm_keys *keys = vnm_usm_keys_new(&user, engine);

		CU_ASSERT_PTR_NOT_NULL_FATAL(keys);
		for (size_t n = 0; n <= 48; n++)
			check_length(keys, n);
		vnm_usm_keys_free(keys);
	}
}

/* One changed octet, wherever it is, and the digest no longer fits. */
static void
test_tampered(void)
{
	const struct vnm_usm_user user = user_of(VNM_USM_SHA256, VNM_USM_AES128);
	struct vnm_usm_keys *keys = vnm_usm_keys_new(&user, engine);
	uint8_t room[512];
	struct vnm_ber_writer w = vnm_ber_writer_of(room, sizeof(room));
	struct vnm_slice s;

	write_message(&w, keys, true);
	s = vnm_ber_result(&w);
	for (size_t i = 0; i < s.n; i++) {
		struct vnm_usm_params params;
		struct vnm_snmp_message m;

		w.p[i] ^= 1;
		if (vnm_snmp_read(s.p, s.n, &m) == VNM_OK &&
		    vnm_usm_read(m.security, &params, &m.odd) == VNM_OK)
			CU_ASSERT_FALSE(vnm_usm_authentic(keys, &m, &params));
		w.p[i] ^= 1;
	}
	check_message(s, keys, true);
	vnm_usm_keys_free(keys);
}

static void
test_window(void)
{
	struct vnm_usm_clock c = {0};
	uint64_t now = 1000 * VNM_NS_PER_S;

	CU_ASSERT_TRUE(vnm_usm_timely(&c, 3, 500, now, false));
	CU_ASSERT_EQUAL(vnm_usm_clock_time(&c, now + 10 * VNM_NS_PER_S), 510);
	CU_ASSERT_TRUE(vnm_usm_timely(&c, 3, 350, now, false));
	CU_ASSERT_FALSE(vnm_usm_timely(&c, 3, 349, now, false));
	CU_ASSERT_FALSE(vnm_usm_timely(&c, 3, 359, now + 10 * VNM_NS_PER_S, false));
	CU_ASSERT_FALSE(vnm_usm_timely(&c, 2, 600, now, false));
	CU_ASSERT_TRUE(vnm_usm_timely(&c, 4, 1, now, false)); /* it restarted */
	CU_ASSERT_EQUAL(vnm_usm_clock_time(&c, now), 1);
	CU_ASSERT_FALSE(vnm_usm_timely(&c, VNM_USM_BOOTS_MAX, 1, now, false));
	CU_ASSERT_TRUE(vnm_usm_timely(&c, 1, 7, now - 900 * VNM_NS_PER_S, true));
	CU_ASSERT_EQUAL(c.boots, 1);
	CU_ASSERT_TRUE(vnm_usm_timely_own(3, 500, 3, 350));
	CU_ASSERT_TRUE(vnm_usm_timely_own(3, 500, 3, 650));
	CU_ASSERT_FALSE(vnm_usm_timely_own(3, 500, 3, 651));
	CU_ASSERT_FALSE(vnm_usm_timely_own(3, 500, 4, 500));
}

static void
test_names(void)
{
	for (unsigned i = 0; i < VNM_USM_AUTHS; i++)
		CU_ASSERT_EQUAL(vnm_usm_auth_named(vnm_usm_auth_name(i)), i);
	for (unsigned i = 0; i < VNM_USM_PRIVS; i++)
		CU_ASSERT_EQUAL(vnm_usm_priv_named(vnm_usm_priv_name(i)), i);
	CU_ASSERT_EQUAL(vnm_usm_auth_named("sha"), VNM_USM_AUTHS);
	CU_ASSERT_EQUAL(vnm_usm_priv_named("aes"), VNM_USM_PRIVS);
}

CU_TestInfo suite_snmp_usm[] = {
    {"RFC 3414 A.3", test_rfc3414_keys},
    {"all protocols", test_protocols},
    {"what is encrypted, of any length", test_lengths},
    {"tampered messages", test_tampered},
    {"time window", test_window},
    {"names", test_names},
    CU_TEST_INFO_NULL,
};
