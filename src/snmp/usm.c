/*
 * USM: contexts with keys in place, messages that came and messages to send (RFC 3414 section 3,
 * RFC 3826, RFC 7860), and the time window.
 */
#include "snmp/usm.h"

#include "base/alloc.h"
#include "base/clock.h"
#include "snmp/usm_private.h"

#include <assert.h>
#include <string.h>

#define KEYS_MAGIC 0x766e6b79U /* "vnky" */
#define DES_BLOCK 8
#define AES_BLOCK 16
#define DIGEST_BLOCK_MAX 128

/*
 * HMAC (RFC 2104) of one key: what both digests are after its block. OpenSSL's own HMAC does the
 * same behind two more layers, which take a tenth of the time of a trap's digest.
 */
struct mac {
	EVP_MD_CTX *inner, *outer; /* owned; NULL: no authentication */
	EVP_MD_CTX *work;	   /* owned */
};

struct vnm_usm_keys {
	uint32_t magic;
	enum vnm_usm_auth auth;
	enum vnm_usm_priv priv;
	bool ready; /* `key` is the privacy protocol's; before: what it is made of */
	uint8_t engine_n;
	uint8_t engine[VNM_SNMP_ENGINE_ID_MAX];
	struct vnm_usm_key key;
	struct mac mac;
	EVP_CIPHER_CTX *ciphers[2]; /* owned; to open and to encrypt, when first needed */
};

static const uint8_t zeros[VNM_USM_MAC_MAX];

/* ---- HMAC ------------------------------------------------------------------------------------ */

/* One pass over a block of the key. */
static EVP_MD_CTX *
begun_with(const EVP_MD *digest, const struct vnm_usm_key *key, uint8_t pad)
{
	uint8_t block[DIGEST_BLOCK_MAX];
	size_t n = (size_t)EVP_MD_get_block_size(digest);
	EVP_MD_CTX *ctx = EVP_MD_CTX_new();
	bool ok = ctx != NULL && n <= sizeof(block) && key->n <= n;

	for (size_t i = 0; ok && i < n; i++)
		block[i] = (i < key->n ? key->b[i] : 0) ^ pad;
	ok = ok && EVP_DigestInit_ex2(ctx, digest, NULL) == 1 &&
	     EVP_DigestUpdate(ctx, block, n) == 1;
	OPENSSL_cleanse(block, sizeof(block));
	if (ok)
		return ctx;
	EVP_MD_CTX_free(ctx);
	return NULL;
}

static void
mac_free(struct mac *m)
{
	EVP_MD_CTX_free(m->inner);
	EVP_MD_CTX_free(m->outer);
	EVP_MD_CTX_free(m->work);
	*m = (struct mac){0};
}

static bool
mac_init(struct mac *m, enum vnm_usm_auth auth, const struct vnm_usm_key *key)
{
	EVP_MD *digest = EVP_MD_fetch(NULL, vnm_usm_digest_of(auth), NULL);

	if (digest != NULL) {
		m->inner = begun_with(digest, key, 0x36);
		m->outer = begun_with(digest, key, 0x5c);
		m->work = EVP_MD_CTX_new();
	}
	EVP_MD_free(digest);
	if (m->inner != NULL && m->outer != NULL && m->work != NULL)
		return true;
	mac_free(m);
	return false;
}

/*
 * A message, in which n octets at `at` count as zeros. Most are short: one copy of theirs, at once,
 * is a tenth faster than the three parts.
 */
static bool
update(EVP_MD_CTX *ctx, struct vnm_slice whole, size_t at, size_t n)
{
	uint8_t copy[1500];

	if (whole.n > sizeof(copy))
		return EVP_DigestUpdate(ctx, whole.p, at) == 1 &&
		       EVP_DigestUpdate(ctx, zeros, n) == 1 &&
		       EVP_DigestUpdate(ctx, whole.p + at + n, whole.n - at - n) == 1;
	memcpy(copy, whole.p, whole.n);
	memset(copy + at, 0, n);
	return EVP_DigestUpdate(ctx, copy, whole.n) == 1;
}

/* The digest of a message whose own place in it, of n octets, is at `at`. */
static bool
mac_of(
    const struct mac *m, struct vnm_slice whole, size_t at, size_t n, uint8_t out[VNM_USM_KEY_MAX])
{
	unsigned size = 0;

	return EVP_MD_CTX_copy_ex(m->work, m->inner) == 1 && update(m->work, whole, at, n) &&
	       EVP_DigestFinal_ex(m->work, out, &size) == 1 &&
	       EVP_MD_CTX_copy_ex(m->work, m->outer) == 1 &&
	       EVP_DigestUpdate(m->work, out, size) == 1 &&
	       EVP_DigestFinal_ex(m->work, out, &size) == 1 && size >= n;
}

/* ---- contexts -------------------------------------------------------------------------------- */

struct vnm_usm_keys *
vnm_usm_keys_new(const struct vnm_usm_user *user, struct vnm_slice engine)
{
	struct vnm_usm_keys *k = vnm_alloc_zero(1, sizeof(*k));
	struct vnm_usm_key kul = user->auth_key;
	bool ok;

	if (k == NULL)
		return NULL;
	k->magic = KEYS_MAGIC;
	k->auth = user->auth;
	k->priv = user->priv;
	k->ready = user->localised;
	k->key = user->priv_key;
	k->engine_n = (uint8_t)(engine.n < sizeof(k->engine) ? engine.n : sizeof(k->engine));
	if (k->engine_n > 0)
		memcpy(k->engine, engine.p, k->engine_n);
	if (user->auth == VNM_USM_NO_AUTH)
		return k;
	ok = (user->localised || vnm_usm_localise(user->auth, &user->auth_key, engine, &kul)) &&
	     mac_init(&k->mac, user->auth, &kul);
	OPENSSL_cleanse(&kul, sizeof(kul));
	if (ok)
		return k;
	vnm_usm_keys_free(k);
	return NULL;
}

void
vnm_usm_keys_free(struct vnm_usm_keys *k)
{
	if (k == NULL)
		return;
	assert(k->magic == KEYS_MAGIC);
	mac_free(&k->mac);
	EVP_CIPHER_CTX_free(k->ciphers[0]);
	EVP_CIPHER_CTX_free(k->ciphers[1]);
	OPENSSL_cleanse(k, sizeof(*k));
	vnm_free(k);
}

/*
 * The privacy protocol's key: made when it is first needed, which is after the first authentic
 * message, so that a stranger cannot make us extend keys.
 */
static bool
make_key(struct vnm_usm_keys *k)
{
	const struct vnm_slice engine = {k->engine, k->engine_n};
	struct vnm_usm_key kul, key;

	if (k->ready)
		return true;
	k->ready = vnm_usm_localise(k->auth, &k->key, engine, &kul) &&
		   vnm_usm_extend(k->auth, k->priv, &kul, engine, &key);
	if (k->ready)
		k->key = key;
	OPENSSL_cleanse(&kul, sizeof(kul));
	OPENSSL_cleanse(&key, sizeof(key));
	return k->ready;
}

/* The context for one direction, or NULL. To open CFB is to encrypt: see open_cfb(). */
static EVP_CIPHER_CTX *
cipher_of(struct vnm_usm_keys *k, int encrypt)
{
	const char *block = encrypt != 0 ? NULL : vnm_usm_block_of(k->priv);
	const char *name = block != NULL ? block : vnm_usm_cipher_of(k->priv);
	EVP_CIPHER *cipher;
	EVP_CIPHER_CTX *ctx;

	if (k->ciphers[encrypt] != NULL)
		return k->ciphers[encrypt];
	cipher = EVP_CIPHER_fetch(NULL, name, NULL);
	ctx = cipher != NULL ? EVP_CIPHER_CTX_new() : NULL;
	if (ctx != NULL &&
	    EVP_CipherInit_ex2(ctx, cipher, k->key.b, NULL, encrypt != 0 || block != NULL, NULL) ==
		1 &&
	    EVP_CIPHER_CTX_set_padding(ctx, 0) == 1)
		k->ciphers[encrypt] = ctx;
	else
		EVP_CIPHER_CTX_free(ctx);
	EVP_CIPHER_free(cipher);
	return k->ciphers[encrypt];
}

static void
put_be32(uint8_t *p, uint32_t v)
{
	for (int i = 3; i >= 0; i--, v >>= 8)
		p[i] = (uint8_t)v;
}

/* False where there is no key. */
static bool
make_iv(struct vnm_usm_keys *k, uint32_t boots, uint32_t time, const uint8_t *salt,
    uint8_t iv[AES_BLOCK])
{
	if (k->priv == VNM_USM_NO_PRIV || !make_key(k))
		return false;
	if (k->priv == VNM_USM_DES) { /* RFC 3414 section 8.1.1.1: salt xor pre-IV */
		for (unsigned i = 0; i < DES_BLOCK; i++)
			iv[i] = salt[i] ^ k->key.b[DES_BLOCK + i];
	} else { /* RFC 3826 section 3.1.2.1 */
		put_be32(iv, boots);
		put_be32(iv + 4, time);
		memcpy(iv + 8, salt, VNM_USM_SALT);
	}
	return true;
}

/* n octets by the cipher, from `in` to `out`, which may be the same place. */
static bool
crypt_octets(struct vnm_usm_keys *k, int encrypt, const uint8_t *iv, const uint8_t *in, size_t n,
    uint8_t *out)
{
	EVP_CIPHER_CTX *ctx = cipher_of(k, encrypt);
	int done = 0;

	if (ctx == NULL || n > VNM_SNMP_MESSAGE_MAX ||
	    (k->priv == VNM_USM_DES && n % DES_BLOCK != 0))
		return false;
	return EVP_CipherInit_ex2(ctx, NULL, NULL, iv, encrypt, NULL) == 1 &&
	       EVP_CipherUpdate(ctx, out, &done, in, (int)n) == 1 && (size_t)done == n;
}

static void
xor_octets(uint8_t *p, struct vnm_slice with)
{
	size_t i = 0;

	for (; i + 8 <= with.n; i += 8) {
		uint64_t a, b;

		memcpy(&a, p + i, 8);
		memcpy(&b, with.p + i, 8);
		a ^= b;
		memcpy(p + i, &a, 8);
	}
	for (; i < with.n; i++)
		p[i] ^= with.p[i];
}

/*
 * CFB (SP 800-38A section 6.3): each block is XORed with the cipher of the encrypted one before.
 * Of a message that came these are all there, so that the cipher gets them at once and works on
 * several side by side; OpenSSL's own CFB goes from one to the next, and takes five times as long.
 */
static bool
open_cfb(struct vnm_usm_keys *k, const uint8_t iv[AES_BLOCK], struct vnm_slice in, uint8_t *out)
{
	size_t whole = (in.n + AES_BLOCK - 1) / AES_BLOCK * AES_BLOCK;
	EVP_CIPHER_CTX *ctx = cipher_of(k, 0);
	int done = 0;

	if (ctx == NULL || in.n > VNM_SNMP_MESSAGE_MAX)
		return false;
	memcpy(out, iv, AES_BLOCK);
	memcpy(out + AES_BLOCK, in.p, in.n); /* its last block is not needed, and fits */
	memset(out + AES_BLOCK + in.n, 0, whole - in.n);
	if (EVP_CipherUpdate(ctx, out, &done, out, (int)whole) != 1 || (size_t)done != whole)
		return false;
	xor_octets(out, in);
	return true;
}

/* ---- messages that came ---------------------------------------------------------------------- */

enum vnm_reason
vnm_usm_read(struct vnm_slice security, struct vnm_usm_params *p, unsigned *odd)
{
	struct vnm_reader r = vnm_reader_of(security.p, security.n), body;
	int32_t boots, time;

	if (!vnm_ber_expect(&r, VNM_BER_SEQUENCE, &body, odd) ||
	    !vnm_ber_next_octets(&body, &p->engine, odd) || !vnm_ber_next_i32(&body, &boots, odd) ||
	    !vnm_ber_next_i32(&body, &time, odd) || !vnm_ber_next_octets(&body, &p->user, odd) ||
	    !vnm_ber_next_octets(&body, &p->auth, odd) ||
	    !vnm_ber_next_octets(&body, &p->priv, odd))
		return VNM_R_bad_header;
	if (boots < 0 || time < 0 || p->engine.n > VNM_SNMP_ENGINE_ID_MAX ||
	    p->user.n > VNM_SNMP_NAME_MAX)
		return VNM_R_bad_header;
	p->boots = (uint32_t)boots;
	p->time = (uint32_t)time;
	return VNM_OK;
}

bool
vnm_usm_authentic(
    struct vnm_usm_keys *k, const struct vnm_snmp_message *m, const struct vnm_usm_params *p)
{
	uint8_t mac[VNM_USM_KEY_MAX];
	size_t n = vnm_usm_mac_octets(k->auth);

	if (k->mac.inner == NULL || p->auth.n != n)
		return false;
	return mac_of(&k->mac, m->whole, (size_t)(p->auth.p - m->whole.p), n, mac) &&
	       CRYPTO_memcmp(mac, p->auth.p, n) == 0;
}

bool
vnm_usm_decrypt(struct vnm_usm_keys *k, struct vnm_snmp_message *m, const struct vnm_usm_params *p,
    uint8_t *out)
{
	struct vnm_slice e = m->encrypted;
	uint8_t iv[AES_BLOCK];
	bool done;

	if (p->priv.n != VNM_USM_SALT || !make_iv(k, p->boots, p->time, p->priv.p, iv))
		return false;
	done = vnm_usm_block_of(k->priv) != NULL ? open_cfb(k, iv, e, out)
						 : crypt_octets(k, 0, iv, e.p, e.n, out);
	if (!done)
		return false;
	m->scoped = vnm_reader_of(out, m->encrypted.n);
	return true;
}

/* ---- time ------------------------------------------------------------------------------------ */

uint32_t
vnm_usm_clock_time(const struct vnm_usm_clock *c, uint64_t now_ns)
{
	uint64_t passed = now_ns > c->at_ns ? (now_ns - c->at_ns) / VNM_NS_PER_S : 0;
	uint64_t time = c->time + passed;

	return time < VNM_USM_BOOTS_MAX ? (uint32_t)time : VNM_USM_BOOTS_MAX;
}

bool
vnm_usm_timely(struct vnm_usm_clock *c, uint32_t boots, uint32_t time, uint64_t now_ns, bool replay)
{
	bool newer = !c->known || boots > c->boots || (boots == c->boots && time > c->time);
	bool behind;

	if (newer || replay) {
		*c = (struct vnm_usm_clock){boots, time, now_ns, true};
		return replay || boots != VNM_USM_BOOTS_MAX;
	}
	behind =
	    boots < c->boots || (uint64_t)time + VNM_USM_WINDOW_S < vnm_usm_clock_time(c, now_ns);
	return !behind && boots != VNM_USM_BOOTS_MAX;
}

bool
vnm_usm_timely_own(uint32_t own_boots, uint32_t own_time, uint32_t boots, uint32_t time)
{
	uint32_t apart = own_time > time ? own_time - time : time - own_time;

	return own_boots != VNM_USM_BOOTS_MAX && boots == own_boots && apart <= VNM_USM_WINDOW_S;
}

/* ---- messages to send ------------------------------------------------------------------------ */

/* Encrypts the ScopedPDU that w holds, in its place, and puts OCTET STRING around it. */
static bool
encrypt(struct vnm_ber_writer *w, const struct vnm_usm_outgoing *o, const uint8_t *salt)
{
	size_t n = vnm_ber_written(w);
	size_t padding = o->keys->priv == VNM_USM_DES ? (DES_BLOCK - n % DES_BLOCK) % DES_BLOCK : 0;
	uint8_t *p = vnm_ber_room(w, padding), iv[AES_BLOCK];

	if (p == NULL || !make_iv(o->keys, o->boots, o->time, salt, iv))
		return false;
	memmove(p, p + padding, n);
	memset(p + n, 0, padding);
	if (!crypt_octets(o->keys, 1, iv, p, n + padding, p))
		return false;
	vnm_ber_wrap(w, VNM_BER_OCTETS, 0);
	return true;
}

/* The salt: for DES the engine's boots and a number (RFC 3414 section 8.1.1.1). */
static void
make_salt(const struct vnm_usm_outgoing *o, uint8_t salt[VNM_USM_SALT])
{
	bool des = o->keys != NULL && o->keys->priv == VNM_USM_DES;

	put_be32(salt, des ? o->boots : (uint32_t)(o->salt >> 32));
	put_be32(salt + 4, (uint32_t)o->salt);
}

/* msgSecurityParameters; returns how far from w->end the place of the digest begins. */
static size_t
put_security(
    struct vnm_ber_writer *w, const struct vnm_usm_outgoing *o, size_t mac_n, struct vnm_slice salt)
{
	size_t mark = vnm_ber_written(w), mac_at;

	vnm_ber_put_octets(w, VNM_BER_OCTETS, salt);
	vnm_ber_put_raw(w, zeros, mac_n);
	mac_at = vnm_ber_written(w);
	vnm_ber_wrap(w, VNM_BER_OCTETS, mac_at - mac_n);
	vnm_ber_put_octets(w, VNM_BER_OCTETS, o->user);
	vnm_ber_put_unsigned(w, VNM_BER_INTEGER, o->time);
	vnm_ber_put_unsigned(w, VNM_BER_INTEGER, o->boots);
	vnm_ber_put_octets(w, VNM_BER_OCTETS, o->engine);
	vnm_ber_wrap(w, VNM_BER_SEQUENCE, mark);
	vnm_ber_wrap(w, VNM_BER_OCTETS, mark);
	return mac_at;
}

static void
put_header(struct vnm_ber_writer *w, const struct vnm_usm_outgoing *o, bool auth, bool priv)
{
	const uint8_t flags = (auth ? VNM_SNMP_FLAG_AUTH : 0) | (priv ? VNM_SNMP_FLAG_PRIV : 0) |
			      (o->reportable ? VNM_SNMP_FLAG_REPORTABLE : 0);
	size_t mark = vnm_ber_written(w);

	vnm_ber_put_unsigned(w, VNM_BER_INTEGER, VNM_SNMP_MODEL_USM);
	vnm_ber_put_octets(w, VNM_BER_OCTETS, (struct vnm_slice){&flags, 1});
	vnm_ber_put_unsigned(w, VNM_BER_INTEGER, VNM_SNMP_MESSAGE_MAX - 1);
	vnm_ber_put_signed(w, VNM_BER_INTEGER, o->id);
	vnm_ber_wrap(w, VNM_BER_SEQUENCE, mark);
	vnm_ber_put_unsigned(w, VNM_BER_INTEGER, VNM_SNMP_V3);
	vnm_ber_wrap(w, VNM_BER_SEQUENCE, 0);
}

bool
vnm_usm_wrap(struct vnm_ber_writer *w, const struct vnm_usm_outgoing *o)
{
	bool auth = o->keys != NULL && o->keys->mac.inner != NULL, priv = auth && o->priv;
	size_t mac_n = auth ? vnm_usm_mac_octets(o->keys->auth) : 0, mac_at;
	uint8_t salt[VNM_USM_SALT], mac[VNM_USM_KEY_MAX];
	struct vnm_slice whole;

	vnm_scoped_wrap(w, o->context_engine, o->context_name);
	make_salt(o, salt);
	if (priv && !encrypt(w, o, salt))
		return false;
	mac_at = put_security(w, o, mac_n, (struct vnm_slice){salt, priv ? VNM_USM_SALT : 0});
	put_header(w, o, auth, priv);
	if (w->full || !auth)
		return !w->full;
	whole = vnm_ber_result(w);
	if (!mac_of(&o->keys->mac, whole, whole.n - mac_at, mac_n, mac))
		return false;
	memcpy(w->end - mac_at, mac, mac_n);
	return true;
}

/* ---- Reports --------------------------------------------------------------------------------- */

static const uint32_t usm_stats[] = {1, 3, 6, 1, 6, 3, 15, 1, 1};

enum vnm_usm_stat
vnm_usm_stat_of(struct vnm_oid name)
{
	struct vnm_oid rest = vnm_oid_rest(name, VNM_ARRAY_LEN(usm_stats));

	if (!vnm_oid_below(name, VNM_OID(usm_stats)) || rest.n != 2 || rest.v[1] != 0 ||
	    rest.v[0] > VNM_USM_DECRYPTION_ERRORS)
		return VNM_USM_NO_STAT;
	return (enum vnm_usm_stat)rest.v[0];
}

struct vnm_varbind
vnm_usm_stat_varbind(enum vnm_usm_stat stat, uint32_t count, uint32_t *ids)
{
	uint32_t n = VNM_ARRAY_LEN(usm_stats);

	memcpy(ids, usm_stats, sizeof(usm_stats));
	ids[n++] = (uint32_t)stat;
	ids[n++] = 0;
	return (struct vnm_varbind){.name = {ids, n}, .type = VNM_BER_COUNTER32, .u64 = count};
}
