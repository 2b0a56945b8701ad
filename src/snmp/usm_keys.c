/*
 * USM: protocols, and keys from passwords (RFC 3414 section 2.6 and appendix A.2; key extension:
 * draft-blumenthal-aes-usm-04 section 3.1.2.1, draft-reeder-snmpv3-usm-3desede-00 section 2.1).
 */
#include "snmp/usm_private.h"

#include <openssl/provider.h>
#include <string.h>

#define PASSWORD_OCTETS (1U << 20) /* that are hashed */
#define CHUNK_OCTETS 8192

struct auth_protocol {
	const char *name;
	const char *digest; /* OpenSSL's name */
	uint8_t key;	    /* octets */
	uint8_t mac;	    /* octets of the digest in a message */
};

struct priv_protocol {
	const char *name;
	const char *cipher; /* OpenSSL's name */
	const char *block;  /* of CFB: the same without feedback, also OpenSSL's name */
	uint8_t key;	    /* octets, of DES with the pre-IV */
	bool reeder;	    /* how a shorter key is extended */
};

static const struct auth_protocol auths[VNM_USM_AUTHS] = {
    [VNM_USM_NO_AUTH] = {"none", NULL, 0, 0},
    [VNM_USM_MD5] = {"md5", "MD5", 16, 12},
    [VNM_USM_SHA1] = {"sha1", "SHA1", 20, 12},
    [VNM_USM_SHA224] = {"sha224", "SHA224", 28, 16},
    [VNM_USM_SHA256] = {"sha256", "SHA256", 32, 24},
    [VNM_USM_SHA384] = {"sha384", "SHA384", 48, 32},
    [VNM_USM_SHA512] = {"sha512", "SHA512", 64, 48},
};

static const struct priv_protocol privs[VNM_USM_PRIVS] = {
    [VNM_USM_NO_PRIV] = {"none", NULL, NULL, 0, false},
    [VNM_USM_DES] = {"des", "DES-CBC", NULL, 16, false},
    [VNM_USM_AES128] = {"aes128", "AES-128-CFB", "AES-128-ECB", 16, false},
    [VNM_USM_AES192] = {"aes192", "AES-192-CFB", "AES-192-ECB", 24, false},
    [VNM_USM_AES256] = {"aes256", "AES-256-CFB", "AES-256-ECB", 32, false},
    [VNM_USM_AES192C] = {"aes192c", "AES-192-CFB", "AES-192-ECB", 24, true},
    [VNM_USM_AES256C] = {"aes256c", "AES-256-CFB", "AES-256-ECB", 32, true},
};

/* ---- names and sizes ------------------------------------------------------------------------- */

const char *
vnm_usm_auth_name(enum vnm_usm_auth auth)
{
	return auths[auth].name;
}

const char *
vnm_usm_priv_name(enum vnm_usm_priv priv)
{
	return privs[priv].name;
}

enum vnm_usm_auth
vnm_usm_auth_named(const char *name)
{
	unsigned i = 0;

	while (i < VNM_USM_AUTHS && strcmp(auths[i].name, name) != 0)
		i++;
	return (enum vnm_usm_auth)i;
}

enum vnm_usm_priv
vnm_usm_priv_named(const char *name)
{
	unsigned i = 0;

	while (i < VNM_USM_PRIVS && strcmp(privs[i].name, name) != 0)
		i++;
	return (enum vnm_usm_priv)i;
}

const char *
vnm_usm_level_name(uint8_t flags)
{
	if ((flags & VNM_SNMP_FLAG_AUTH) == 0)
		return "noAuthNoPriv";
	return (flags & VNM_SNMP_FLAG_PRIV) != 0 ? "authPriv" : "authNoPriv";
}

size_t
vnm_usm_mac_octets(enum vnm_usm_auth auth)
{
	return auths[auth].mac;
}

size_t
vnm_usm_auth_octets(enum vnm_usm_auth auth)
{
	return auths[auth].key;
}

size_t
vnm_usm_priv_octets(enum vnm_usm_priv priv)
{
	return privs[priv].key;
}

const char *
vnm_usm_digest_of(enum vnm_usm_auth auth)
{
	return auths[auth].digest;
}

const char *
vnm_usm_cipher_of(enum vnm_usm_priv priv)
{
	return privs[priv].cipher;
}

const char *
vnm_usm_block_of(enum vnm_usm_priv priv)
{
	return privs[priv].block;
}

struct vnm_usm_des *
vnm_usm_des_begin(void)
{
	return (struct vnm_usm_des *)OSSL_PROVIDER_try_load(NULL, "legacy", 1);
}

void
vnm_usm_des_end(struct vnm_usm_des *des)
{
	if (des != NULL)
		(void)OSSL_PROVIDER_unload((OSSL_PROVIDER *)des);
}

int
vnm_usm_available(enum vnm_usm_auth auth, enum vnm_usm_priv priv, struct vnm_err *err)
{
	if (auth != VNM_USM_NO_AUTH) {
		EVP_MD *md = EVP_MD_fetch(NULL, auths[auth].digest, NULL);

		EVP_MD_free(md);
		if (md == NULL)
			return vnm_err_text(err, "OpenSSL has no %s here, which `auth: %s` needs",
			    auths[auth].digest, auths[auth].name);
	}
	if (priv == VNM_USM_NO_PRIV)
		return 0;
	EVP_CIPHER *cipher = EVP_CIPHER_fetch(NULL, privs[priv].cipher, NULL);
	EVP_CIPHER_free(cipher);
	if (cipher != NULL)
		return 0;
	return vnm_err_text(err, "OpenSSL has no %s here, which `priv: %s` needs%s",
	    privs[priv].cipher, privs[priv].name,
	    priv == VNM_USM_DES
		? ": its legacy provider (legacy.so) is missing; better is `priv: aes128`"
		: "");
}

/* ---- keys ------------------------------------------------------------------------------------ */

static const EVP_MD *
md_of(enum vnm_usm_auth auth)
{
	switch (auth) {
	case VNM_USM_MD5:
		return EVP_md5();
	case VNM_USM_SHA1:
		return EVP_sha1();
	case VNM_USM_SHA224:
		return EVP_sha224();
	case VNM_USM_SHA256:
		return EVP_sha256();
	case VNM_USM_SHA384:
		return EVP_sha384();
	case VNM_USM_SHA512:
		return EVP_sha512();
	default:
		return NULL;
	}
}

/* The digest of up to three parts. */
static bool
digest(enum vnm_usm_auth auth, const struct vnm_slice *parts, unsigned n, uint8_t *out)
{
	EVP_MD_CTX *ctx = EVP_MD_CTX_new();
	bool ok = ctx != NULL && EVP_DigestInit_ex(ctx, md_of(auth), NULL) == 1;

	for (unsigned i = 0; ok && i < n; i++)
		ok = EVP_DigestUpdate(ctx, parts[i].p, parts[i].n) == 1;
	ok = ok && EVP_DigestFinal_ex(ctx, out, NULL) == 1;
	EVP_MD_CTX_free(ctx);
	return ok;
}

/* The password over and over, a mebibyte of it, in chunks that OpenSSL likes. */
bool
vnm_usm_password_key(enum vnm_usm_auth auth, struct vnm_slice password, struct vnm_usm_key *ku)
{
	uint8_t chunk[2 * CHUNK_OCTETS];
	EVP_MD_CTX *ctx = EVP_MD_CTX_new();
	bool ok = ctx != NULL && password.n > 0 && password.n <= CHUNK_OCTETS &&
		  EVP_DigestInit_ex(ctx, md_of(auth), NULL) == 1;
	size_t n = 0;

	while (ok && n < CHUNK_OCTETS) { /* whole passwords */
		memcpy(chunk + n, password.p, password.n);
		n += password.n;
	}
	for (size_t done = 0; ok && done < PASSWORD_OCTETS; done += n) {
		size_t left = PASSWORD_OCTETS - done;

		ok = EVP_DigestUpdate(ctx, chunk, left < n ? left : n) == 1;
	}
	ok = ok && EVP_DigestFinal_ex(ctx, ku->b, NULL) == 1;
	ku->n = ok ? auths[auth].key : 0;
	EVP_MD_CTX_free(ctx);
	OPENSSL_cleanse(chunk, sizeof(chunk));
	return ok;
}

bool
vnm_usm_localise(enum vnm_usm_auth auth, const struct vnm_usm_key *ku, struct vnm_slice engine,
    struct vnm_usm_key *kul)
{
	const struct vnm_slice parts[] = {{ku->b, ku->n}, engine, {ku->b, ku->n}};
	uint8_t out[VNM_USM_KEY_MAX];

	if (!digest(auth, parts, VNM_ARRAY_LEN(parts), out))
		return false;
	kul->n = auths[auth].key;
	memcpy(kul->b, out, kul->n);
	OPENSSL_cleanse(out, sizeof(out));
	return true;
}

/* Blumenthal: the digest of all that there is of the key goes behind it. */
static bool
extend_blumenthal(enum vnm_usm_auth auth, const uint8_t *key, size_t n, uint8_t *more)
{
	const struct vnm_slice whole = {key, n};

	return digest(auth, &whole, 1, more);
}

/* Reeder: the last piece of the key is a password, whose localised key goes behind it. */
static bool
extend_reeder(enum vnm_usm_auth auth, const uint8_t *last, struct vnm_slice engine, uint8_t *more)
{
	const struct vnm_slice password = {last, auths[auth].key};
	struct vnm_usm_key ku, kul;
	bool ok =
	    vnm_usm_password_key(auth, password, &ku) && vnm_usm_localise(auth, &ku, engine, &kul);

	if (ok)
		memcpy(more, kul.b, kul.n);
	OPENSSL_cleanse(&ku, sizeof(ku));
	OPENSSL_cleanse(&kul, sizeof(kul));
	return ok;
}

bool
vnm_usm_extend(enum vnm_usm_auth auth, enum vnm_usm_priv priv, const struct vnm_usm_key *kul,
    struct vnm_slice engine, struct vnm_usm_key *key)
{
	uint8_t all[2 * VNM_USM_KEY_MAX];
	size_t n = kul->n, step = auths[auth].key, wanted = privs[priv].key;
	bool ok = n == step && step != 0;

	memcpy(all, kul->b, n);
	for (; ok && n < wanted; n += step)
		ok = privs[priv].reeder ? extend_reeder(auth, all + n - step, engine, all + n)
					: extend_blumenthal(auth, all, n, all + n);
	key->n = ok ? (uint8_t)wanted : 0;
	memcpy(key->b, all, key->n);
	OPENSSL_cleanse(all, sizeof(all));
	return ok;
}
