/*
 * TLS 1.2 and 1.3 by OpenSSL, as server and as client; who the other end must be follows RFC
 * 5425 section 5: its certificate leads to a known CA or has a known fingerprint, and has a
 * known name.
 *
 * Sessions are never resumed: connections last for days, and rules that a reload brings are to
 * hold for everyone who comes after it. There is no renegotiation and no compression.
 */
#include "collectors/tls.h"

#include <assert.h>
#include <errno.h>
#include <openssl/err.h>
#include <openssl/ssl.h>
#include <openssl/x509v3.h>
#include <stdatomic.h>
#include <stdio.h>
#include <string.h>
#include <strings.h>

#include "base/alloc.h"
#include "base/hex.h"
#include "base/log.h"

#define TLS_MAGIC 0x544c534bU
#define SESSION_MAGIC 0x544c5353U
#define NAME_MAX_OCTETS 256
#define TEXT_OCTETS 160
#define SOON_S (14 * 24 * 3600) /* our own certificate is about to expire */

enum verify { VERIFY_NONE, VERIFY_OPTIONAL, VERIFY_REQUIRED };

/* What the other end's certificate must be: one of these, if there are any. */
struct rule {
	const EVP_MD *digest; /* of a fingerprint; NULL: it is a name */
	uint8_t print[EVP_MAX_MD_SIZE];
	size_t n;
	const char *name; /* as X509_check_host() takes it; borrowed from `text` */
	char *text;	  /* owned; as it is configured */
};

struct vnm_tls {
	uint32_t magic;
	atomic_uint users;
	SSL_CTX *ctx;
	enum verify verify;
	struct rule *rules; /* owned */
	uint32_t rule_count;
};

struct vnm_tls_session {
	uint32_t magic;
	struct vnm_tls *tls; /* a user of it */
	SSL *ssl;
	struct vnm_addr server; /* as whose client; family NONE: as a server */
	enum vnm_reason reason; /* of a failure */
	char text[TEXT_OCTETS];
	char name[NAME_MAX_OCTETS];
};

/* ---- what went wrong ------------------------------------------------------------------------ */

/* The first error of OpenSSL's queue, which is emptied. */
static const char *
first_error(char *text, size_t size)
{
	unsigned long e = ERR_peek_error();
	const char *reason = ERR_reason_error_string(e);

	if (e != 0 && ERR_SYSTEM_ERROR(e))
		reason = strerror(ERR_GET_REASON(e));
	if (reason == NULL && e != 0)
		ERR_error_string_n(e, text, size);
	else
		snprintf(text, size, "%s", reason != NULL ? reason : "unknown error");
	ERR_clear_error();
	return text;
}

static int
fail(const char **key, const char *option, struct vnm_err *err, const char *what)
{
	char text[TEXT_OCTETS];

	*key = option;
	return vnm_err_text(err, "`%s`: %s: %s", option, what, first_error(text, sizeof(text)));
}

/* ---- rules ---------------------------------------------------------------------------------- */

static const struct {
	const char *name;
	const EVP_MD *(*digest)(void);
} digests[] = {{"sha-256:", EVP_sha256}, {"sha256:", EVP_sha256}, {"sha-384:", EVP_sha384},
    {"sha384:", EVP_sha384}, {"sha-512:", EVP_sha512}, {"sha512:", EVP_sha512},
    {"sha-1:", EVP_sha1}, {"sha1:", EVP_sha1}};

static int
read_rule(struct rule *r, const char *text, struct vnm_err *err)
{
	r->text = vnm_strdup(text);
	if (r->text == NULL)
		return vnm_err_text(err, "out of memory");
	for (size_t i = 0; i < VNM_ARRAY_LEN(digests); i++) {
		size_t n = strlen(digests[i].name);

		if (strncasecmp(text, digests[i].name, n) != 0)
			continue;
		r->digest = digests[i].digest();
		r->n = vnm_hex_read(text + n, strlen(text + n), r->print, sizeof(r->print));
		if (r->n == (size_t)EVP_MD_get_size(r->digest))
			return 0;
		return vnm_err_text(err, "`tls_names`: \"%s\" is not a fingerprint of %d octets",
		    text, EVP_MD_get_size(r->digest));
	}
	/* X509_check_host() knows ".example.net" as any name below it. */
	r->name = strncmp(r->text, "*.", 2) == 0 ? r->text + 1 : r->text;
	if (r->name[0] == '\0' || strchr(r->name, '*') != NULL)
		return vnm_err_text(err,
		    "`tls_names`: \"%s\" is neither a name, *.NAME, an address nor a fingerprint "
		    "(sha-256:HEX)",
		    text);
	return 0;
}

static int
read_rules(struct vnm_tls *tls, const struct vnm_strings *names, struct vnm_err *err)
{
	tls->rules = vnm_alloc_zero(names->n + 1, sizeof(*tls->rules));
	if (tls->rules == NULL)
		return vnm_err_text(err, "out of memory");
	for (; tls->rule_count < names->n; tls->rule_count++) {
		if (read_rule(&tls->rules[tls->rule_count], names->p[tls->rule_count], err) != 0) {
			vnm_free(tls->rules[tls->rule_count].text);
			return -1;
		}
	}
	return 0;
}

static bool
has_print(X509 *cert, const struct rule *r)
{
	uint8_t print[EVP_MAX_MD_SIZE];
	unsigned n = 0;

	return X509_digest(cert, r->digest, print, &n) == 1 && n == r->n &&
	       memcmp(print, r->print, n) == 0;
}

static bool
has_known_print(const struct vnm_tls *tls, X509 *cert)
{
	for (uint32_t i = 0; i < tls->rule_count; i++) {
		if (tls->rules[i].digest != NULL && has_print(cert, &tls->rules[i]))
			return true;
	}
	return false;
}

/* ---- names of certificates ------------------------------------------------------------------ */

/* Only what is text: names come from strangers. */
static bool
set_name(struct vnm_tls_session *s, const void *p, int n)
{
	if (n <= 0 || n >= NAME_MAX_OCTETS || !vnm_str_check_clean(p, (size_t)n))
		return false;
	memcpy(s->name, p, (size_t)n);
	s->name[n] = '\0';
	return true;
}

static bool
set_alternative_name(struct vnm_tls_session *s, X509 *cert)
{
	GENERAL_NAMES *names = X509_get_ext_d2i(cert, NID_subject_alt_name, NULL, NULL);
	bool found = false;

	for (int i = 0; !found && i < sk_GENERAL_NAME_num(names); i++) {
		int type;
		const ASN1_STRING *text =
		    GENERAL_NAME_get0_value(sk_GENERAL_NAME_value(names, i), &type);
		if (type == GEN_DNS)
			found = set_name(s, ASN1_STRING_get0_data(text), ASN1_STRING_length(text));
	}
	GENERAL_NAMES_free(names);
	return found;
}

/* The certificate's first name: of a host, else its common name. */
static void
set_first_name(struct vnm_tls_session *s, X509 *cert)
{
	X509_NAME *subject = X509_get_subject_name(cert);
	int at = X509_NAME_get_index_by_NID(subject, NID_commonName, -1);
	unsigned char *text = NULL;

	if (set_alternative_name(s, cert) || at < 0)
		return;
	int n =
	    ASN1_STRING_to_UTF8(&text, X509_NAME_ENTRY_get_data(X509_NAME_get_entry(subject, at)));
	if (n > 0)
		(void)set_name(s, text, n);
	OPENSSL_free(text);
}

static bool
has_name(struct vnm_tls_session *s, X509 *cert, const char *name)
{
	const unsigned flags =
	    X509_CHECK_FLAG_NO_PARTIAL_WILDCARDS | X509_CHECK_FLAG_SINGLE_LABEL_SUBDOMAINS;
	char *found = NULL;

	if (X509_check_ip_asc(cert, name, 0) == 1)
		return set_name(s, name, (int)strlen(name));
	if (X509_check_host(cert, name, 0, flags, &found) != 1)
		return false;
	if (found == NULL || !set_name(s, found, (int)strlen(found)))
		set_first_name(s, cert);
	OPENSSL_free(found);
	return true;
}

/* Whether this is one of those that we talk to; keeps its name. */
static bool
is_known(struct vnm_tls_session *s, X509 *cert)
{
	const struct vnm_tls *tls = s->tls;
	char address[VNM_ADDR_TEXT];

	for (uint32_t i = 0; i < tls->rule_count; i++) {
		const struct rule *r = &tls->rules[i];

		if (r->digest == NULL && has_name(s, cert, r->name))
			return true;
		if (r->digest != NULL && has_print(cert, r)) {
			set_first_name(s, cert);
			return true;
		}
	}
	if (tls->rule_count > 0)
		return false;
	if (s->server.family != VNM_ADDR_NONE) /* RFC 9525: it must be who we called */
		return has_name(s, cert, vnm_addr_text(&s->server, address));
	set_first_name(s, cert);
	return true;
}

/* Faults of a chain that a known fingerprint makes good; that it expired is not one of them. */
static bool
is_about_trust(int error)
{
	switch (error) {
	case X509_V_ERR_DEPTH_ZERO_SELF_SIGNED_CERT:
	case X509_V_ERR_SELF_SIGNED_CERT_IN_CHAIN:
	case X509_V_ERR_UNABLE_TO_GET_ISSUER_CERT:
	case X509_V_ERR_UNABLE_TO_GET_ISSUER_CERT_LOCALLY:
	case X509_V_ERR_UNABLE_TO_VERIFY_LEAF_SIGNATURE:
	case X509_V_ERR_CERT_UNTRUSTED:
		return true;
	default:
		return false;
	}
}

/* Called by OpenSSL for every fault, and for every certificate of the chain without one. */
static int
on_certificate(int good, X509_STORE_CTX *store)
{
	SSL *ssl = X509_STORE_CTX_get_ex_data(store, SSL_get_ex_data_X509_STORE_CTX_idx());
	struct vnm_tls_session *s = SSL_get_app_data(ssl);
	X509 *leaf = X509_STORE_CTX_get0_cert(store);
	int error = X509_STORE_CTX_get_error(store);

	assert(s->magic == SESSION_MAGIC);
	if (!good && !(is_about_trust(error) && has_known_print(s->tls, leaf))) {
		s->reason = VNM_R_tls_certificate;
		snprintf(s->text, sizeof(s->text), "its certificate: %s",
		    X509_verify_cert_error_string(error));
		return 0;
	}
	if (X509_STORE_CTX_get_error_depth(store) == 0 && !is_known(s, leaf)) {
		s->reason = VNM_R_tls_name;
		snprintf(s->text, sizeof(s->text), "its certificate has none of the names");
		X509_STORE_CTX_set_error(store, X509_V_ERR_APPLICATION_VERIFICATION);
		return 0;
	}
	if (!good)
		X509_STORE_CTX_set_error(store, X509_V_OK);
	return 1;
}

/* ---- keys ----------------------------------------------------------------------------------- */

/* Nobody is there to type a passphrase. */
static int
on_passphrase(char *buf, int size, int writing, void *arg)
{
	(void)buf;
	(void)size;
	(void)writing;
	*(bool *)arg = true;
	return -1;
}

static int
load_key(SSL_CTX *ctx, const struct vnm_listener_options *o, const char **key, struct vnm_err *err)
{
	const char *path = o->tls_key != NULL ? o->tls_key : o->tls_cert;
	const char *option = o->tls_key != NULL ? "tls_key" : "tls_cert";
	bool encrypted = false;

	SSL_CTX_set_default_passwd_cb(ctx, on_passphrase);
	SSL_CTX_set_default_passwd_cb_userdata(ctx, &encrypted);
	int rc = SSL_CTX_use_PrivateKey_file(ctx, path, SSL_FILETYPE_PEM);
	SSL_CTX_set_default_passwd_cb_userdata(ctx, NULL);
	if (encrypted) {
		*key = option;
		ERR_clear_error();
		return vnm_err_text(err,
		    "`%s`: %s: the key is encrypted, and nobody is there to type its passphrase",
		    option, path);
	}
	if (rc != 1 || SSL_CTX_check_private_key(ctx) != 1)
		return fail(key, option, err, path);
	return 0;
}

static void
look_at_expiry(const SSL_CTX *ctx, const struct vnm_listener_options *o)
{
	const ASN1_TIME *end = X509_get0_notAfter(SSL_CTX_get0_certificate(ctx));
	time_t soon = time(NULL) + SOON_S;

	if (X509_cmp_current_time(end) < 0)
		vnm_warning("listener %s: %s has expired", o->name, o->tls_cert);
	else if (X509_cmp_time(end, &soon) < 0)
		vnm_warning("listener %s: %s expires within two weeks", o->name, o->tls_cert);
}

static int
load_files(
    SSL_CTX *ctx, const struct vnm_listener_options *o, const char **key, struct vnm_err *err)
{
	if (o->tls_cert != NULL) {
		if (SSL_CTX_use_certificate_chain_file(ctx, o->tls_cert) != 1)
			return fail(key, "tls_cert", err, o->tls_cert);
		if (load_key(ctx, o, key, err) != 0)
			return -1;
		look_at_expiry(ctx, o);
	}
	if (o->tls_ca != NULL) {
		STACK_OF(X509_NAME) *names = SSL_load_client_CA_file(o->tls_ca);

		if (names == NULL || SSL_CTX_load_verify_file(ctx, o->tls_ca) != 1) {
			sk_X509_NAME_pop_free(names, X509_NAME_free);
			return fail(key, "tls_ca", err, o->tls_ca);
		}
		SSL_CTX_set_client_CA_list(ctx, names);
	}
	return 0;
}

/* ---- rules of the protocol ------------------------------------------------------------------ */

static int
set_version(SSL_CTX *ctx, const char *text, const char **key, struct vnm_err *err)
{
	int version = strcmp(text, "1.3") == 0 ? TLS1_3_VERSION : TLS1_2_VERSION;

	*key = "tls_min";
	if (version == TLS1_2_VERSION && strcmp(text, "1.2") != 0)
		return vnm_err_text(err, "`tls_min`: \"%s\" is none of: 1.2, 1.3", text);
	SSL_CTX_set_min_proto_version(ctx, version);
	return 0;
}

static int
set_verify(struct vnm_tls *tls, const struct vnm_listener_options *o, const char **key,
    struct vnm_err *err)
{
	static const char *const words[] = {"none", "optional", "required"};
	static const int modes[] = {
	    SSL_VERIFY_NONE, SSL_VERIFY_PEER, SSL_VERIFY_PEER | SSL_VERIFY_FAIL_IF_NO_PEER_CERT};
	bool wanted = o->tls_ca != NULL || o->tls_names.n > 0 || o->connect.n > 0;

	*key = "tls_verify";
	tls->verify = wanted ? VERIFY_REQUIRED : VERIFY_NONE;
	if (o->tls_verify != NULL) {
		size_t i = 0;

		while (i < VNM_ARRAY_LEN(words) && strcmp(words[i], o->tls_verify) != 0)
			i++;
		if (i == VNM_ARRAY_LEN(words))
			return vnm_err_text(err,
			    "`tls_verify`: \"%s\" is none of: none, optional, required",
			    o->tls_verify);
		tls->verify = (enum verify)i;
	}
	SSL_CTX_set_verify(tls->ctx, modes[tls->verify], on_certificate);
	if (tls->verify == VERIFY_NONE || o->tls_ca != NULL)
		return 0;
	for (uint32_t i = 0; i < tls->rule_count; i++) {
		if (tls->rules[i].digest == NULL)
			goto nobody_known;
	}
	if (tls->rule_count > 0)
		return 0;
nobody_known:
	*key = "tls_ca";
	return vnm_err_text(err, "`tls_ca` is needed to verify certificates, or their fingerprints "
				 "in `tls_names`");
}

static int
set_ciphers(
    SSL_CTX *ctx, const struct vnm_listener_options *o, const char **key, struct vnm_err *err)
{
	if (o->tls_ciphers != NULL && SSL_CTX_set_cipher_list(ctx, o->tls_ciphers) != 1)
		return fail(key, "tls_ciphers", err, o->tls_ciphers);
	if (o->tls_ciphersuites != NULL && SSL_CTX_set_ciphersuites(ctx, o->tls_ciphersuites) != 1)
		return fail(key, "tls_ciphersuites", err, o->tls_ciphersuites);
	return 0;
}

static SSL_CTX *
new_context(void)
{
	SSL_CTX *ctx = SSL_CTX_new(TLS_method());

	if (ctx == NULL)
		return NULL;
	SSL_CTX_set_options(ctx, SSL_OP_NO_RENEGOTIATION | SSL_OP_NO_COMPRESSION |
				     SSL_OP_NO_TICKET | SSL_OP_CIPHER_SERVER_PREFERENCE);
	SSL_CTX_set_num_tickets(ctx, 0);
	SSL_CTX_set_session_cache_mode(ctx, SSL_SESS_CACHE_OFF);
	/* Buffers only while they hold something: most connections are silent most of the time. */
	SSL_CTX_set_mode(ctx, SSL_MODE_RELEASE_BUFFERS | SSL_MODE_ENABLE_PARTIAL_WRITE |
				  SSL_MODE_ACCEPT_MOVING_WRITE_BUFFER);
	SSL_CTX_set_read_ahead(ctx, 1);
	return ctx;
}

int
vnm_tls_load(struct vnm_tls **out, const struct vnm_listener_options *o, const char **key,
    struct vnm_err *err)
{
	struct vnm_tls *tls = vnm_alloc_zero(1, sizeof(*tls));

	ERR_clear_error();
	*key = "listen";
	if (tls == NULL)
		return vnm_err_text(err, "out of memory");
	tls->magic = TLS_MAGIC;
	tls->users = 1;
	tls->ctx = new_context();
	if (tls->ctx == NULL) {
		fail(key, "listen", err, "TLS");
		goto failed;
	}
	*key = "tls_cert";
	if (o->tls_cert == NULL && o->connect.n == 0) {
		vnm_err_text(err, "`tls_cert` is needed for TLS");
		goto failed;
	}
	if (load_files(tls->ctx, o, key, err) != 0 ||
	    set_version(tls->ctx, o->tls_min, key, err) != 0 ||
	    set_ciphers(tls->ctx, o, key, err) != 0)
		goto failed;
	*key = "tls_names";
	if (read_rules(tls, &o->tls_names, err) != 0 || set_verify(tls, o, key, err) != 0)
		goto failed;
	*out = tls;
	return 0;

failed:
	vnm_tls_leave(tls);
	return -1;
}

struct vnm_tls *
vnm_tls_use(struct vnm_tls *tls)
{
	atomic_fetch_add(&tls->users, 1);
	return tls;
}

void
vnm_tls_leave(struct vnm_tls *tls)
{
	if (tls == NULL || atomic_fetch_sub(&tls->users, 1) != 1)
		return;
	assert(tls->magic == TLS_MAGIC);
	for (uint32_t i = 0; i < tls->rule_count; i++)
		vnm_free(tls->rules[i].text);
	vnm_free(tls->rules);
	SSL_CTX_free(tls->ctx);
	tls->magic = 0;
	vnm_free(tls);
}

/* ---- sessions ------------------------------------------------------------------------------- */

struct vnm_tls_session *
vnm_tls_begin(struct vnm_tls *tls, int fd, const struct vnm_addr *server)
{
	struct vnm_tls_session *s = vnm_alloc_zero(1, sizeof(*s));

	assert(tls->magic == TLS_MAGIC);
	if (s == NULL)
		return NULL;
	ERR_clear_error();
	s->magic = SESSION_MAGIC;
	s->ssl = SSL_new(tls->ctx);
	if (s->ssl == NULL || SSL_set_fd(s->ssl, fd) != 1) {
		ERR_clear_error();
		SSL_free(s->ssl);
		vnm_free(s);
		return NULL;
	}
	s->tls = vnm_tls_use(tls);
	SSL_set_app_data(s->ssl, s);
	if (server != NULL) {
		s->server = *server;
		SSL_set_connect_state(s->ssl);
	} else {
		SSL_set_accept_state(s->ssl);
	}
	return s;
}

/* Whether the other end's own fault is that it sent no certificate. */
static bool
is_without_certificate(void)
{
	int reason = ERR_GET_REASON(ERR_peek_error());

	return reason == SSL_R_PEER_DID_NOT_RETURN_A_CERTIFICATE ||
	       reason == SSL_R_NO_CERTIFICATES_RETURNED;
}

/* `reason` unless on_certificate() has said why, or a stream has no end of its own. */
static enum vnm_tls_result
failed(struct vnm_tls_session *s, enum vnm_reason reason, int error)
{
	unsigned long e = ERR_peek_error();
	bool cut = error == SSL_ERROR_SYSCALL ||
		   (ERR_GET_LIB(e) == ERR_LIB_SSL &&
		       ERR_GET_REASON(e) == SSL_R_UNEXPECTED_EOF_WHILE_READING);

	if (s->reason != VNM_OK) {
		ERR_clear_error();
		return VNM_TLS_FAILED;
	}
	s->reason = reason;
	if (reason == VNM_R_tls_handshake && is_without_certificate())
		s->reason = VNM_R_tls_certificate;
	if (reason != VNM_R_tls_handshake && cut)
		s->reason = VNM_R_tls_truncated;
	if (e == 0)
		snprintf(s->text, sizeof(s->text), "%s",
		    errno != 0 ? strerror(errno) : "the connection was closed");
	else
		first_error(s->text, sizeof(s->text));
	ERR_clear_error();
	return VNM_TLS_FAILED;
}

static enum vnm_tls_result
result_of(struct vnm_tls_session *s, int rc, enum vnm_reason reason)
{
	int error = rc == 1 ? SSL_ERROR_NONE : SSL_get_error(s->ssl, rc);

	switch (error) {
	case SSL_ERROR_NONE:
		return VNM_TLS_DONE;
	case SSL_ERROR_WANT_READ:
		return VNM_TLS_WANT_READ;
	case SSL_ERROR_WANT_WRITE:
		return VNM_TLS_WANT_WRITE;
	case SSL_ERROR_ZERO_RETURN:
		return VNM_TLS_END;
	default:
		return failed(s, reason, error);
	}
}

enum vnm_tls_result
vnm_tls_handshake(struct vnm_tls_session *s)
{
	assert(s->magic == SESSION_MAGIC);
	ERR_clear_error();
	errno = 0;
	enum vnm_tls_result result = result_of(s, SSL_do_handshake(s->ssl), VNM_R_tls_handshake);
	return result == VNM_TLS_END ? failed(s, VNM_R_tls_handshake, SSL_ERROR_SYSCALL) : result;
}

enum vnm_tls_result
vnm_tls_read(struct vnm_tls_session *s, uint8_t *p, size_t cap, size_t *n)
{
	ERR_clear_error();
	errno = 0;
	return result_of(s, SSL_read_ex(s->ssl, p, cap, n), VNM_R_tls_record);
}

enum vnm_reason
vnm_tls_reason(const struct vnm_tls_session *s)
{
	assert(s->reason != VNM_OK);
	return s->reason;
}

const char *
vnm_tls_text(const struct vnm_tls_session *s)
{
	return s->text;
}

struct vnm_str
vnm_tls_name(const struct vnm_tls_session *s)
{
	return vnm_str_clean(s->name);
}

void
vnm_tls_end(struct vnm_tls_session *s)
{
	if (s == NULL)
		return;
	assert(s->magic == SESSION_MAGIC);
	ERR_clear_error();
	if (s->reason == VNM_OK && SSL_is_init_finished(s->ssl))
		(void)SSL_shutdown(s->ssl);
	ERR_clear_error();
	SSL_free(s->ssl);
	vnm_tls_leave(s->tls);
	s->magic = 0;
	vnm_free(s);
}
