/*
 * The User-based Security Model of SNMPv3 (RFC 3414; AES: RFC 3826; SHA-2: RFC 7860; AES-192 and
 * AES-256: draft-blumenthal-aes-usm-04 and, as Cisco extends keys, draft-reeder-snmpv3-usm-3desede)
 * with OpenSSL's digests and ciphers.
 *
 * Everything is a function of its arguments: time is a parameter, nothing waits. Turning a
 * password into a key costs milliseconds, which belong to the load of a configuration;
 * localising a key and making its contexts costs microseconds, checking a message with ready
 * contexts one or two. OpenSSL's contexts are its own memory, not vnm_alloc's.
 */
#ifndef VNM_SNMP_USM_H
#define VNM_SNMP_USM_H

#include "base/err.h"
#include "snmp/pdu.h"

enum vnm_usm_auth {
	VNM_USM_NO_AUTH,
	VNM_USM_MD5,	/* usmHMACMD5AuthProtocol */
	VNM_USM_SHA1,	/* usmHMACSHAAuthProtocol */
	VNM_USM_SHA224, /* usmHMAC128SHA224AuthProtocol */
	VNM_USM_SHA256, /* usmHMAC192SHA256AuthProtocol */
	VNM_USM_SHA384, /* usmHMAC256SHA384AuthProtocol */
	VNM_USM_SHA512, /* usmHMAC384SHA512AuthProtocol */
	VNM_USM_AUTHS
};

enum vnm_usm_priv {
	VNM_USM_NO_PRIV,
	VNM_USM_DES,	 /* usmDESPrivProtocol */
	VNM_USM_AES128,	 /* usmAesCfb128Protocol */
	VNM_USM_AES192,	 /* key extension of Blumenthal */
	VNM_USM_AES256,	 /* key extension of Blumenthal */
	VNM_USM_AES192C, /* key extension of Reeder, as Cisco has it */
	VNM_USM_AES256C, /* key extension of Reeder, as Cisco has it */
	VNM_USM_PRIVS
};

/* "md5", "sha1", "sha224" …, "none"; "des", "aes128", "aes192", "aes192c" …, "none". */
const char *vnm_usm_auth_name(enum vnm_usm_auth auth);
const char *vnm_usm_priv_name(enum vnm_usm_priv priv);
/* The one of that name; VNM_USM_AUTHS or VNM_USM_PRIVS where there is none. */
enum vnm_usm_auth vnm_usm_auth_named(const char *name);
enum vnm_usm_priv vnm_usm_priv_named(const char *name);

/* "noAuthNoPriv", "authNoPriv", "authPriv", by VNM_SNMP_FLAG_AUTH and _PRIV. */
const char *vnm_usm_level_name(uint8_t flags);

/* ---- keys ------------------------------------------------------------------------------------ */

#define VNM_USM_KEY_MAX 64     /* octets of the longest key */
#define VNM_USM_MAC_MAX 48     /* octets of the longest digest in a message */
#define VNM_USM_SALT 8	       /* octets of msgPrivacyParameters */
#define VNM_USM_PASSWORD_MIN 8 /* octets (RFC 3414 section 11.2) */

struct vnm_usm_key {
	uint8_t b[VNM_USM_KEY_MAX];
	uint8_t n; /* octets */
};

/* Octets of a digest in a message, and of a key, of that protocol. */
size_t vnm_usm_mac_octets(enum vnm_usm_auth auth);
size_t vnm_usm_auth_octets(enum vnm_usm_auth auth);
size_t vnm_usm_priv_octets(enum vnm_usm_priv priv);

/*
 * DES is in OpenSSL's legacy provider: loaded while someone wants it. NULL where it is missing;
 * vnm_usm_des_end(NULL) is nothing.
 */
struct vnm_usm_des;
struct vnm_usm_des *vnm_usm_des_begin(void);
void vnm_usm_des_end(struct vnm_usm_des *des);

/*
 * Whether OpenSSL has what these need (DES only between begin and end): 0, or -1 and *err, which
 * says what to do.
 */
int vnm_usm_available(enum vnm_usm_auth auth, enum vnm_usm_priv priv, struct vnm_err *err);

/* A password as key Ku (RFC 3414 appendix A.2): milliseconds. False where OpenSSL fails. */
bool vnm_usm_password_key(
    enum vnm_usm_auth auth, struct vnm_slice password, struct vnm_usm_key *ku) VNM_MUST_CHECK;

/* Ku as the key Kul of one engine (RFC 3414 section 2.6): microseconds. */
bool vnm_usm_localise(enum vnm_usm_auth auth, const struct vnm_usm_key *ku, struct vnm_slice engine,
    struct vnm_usm_key *kul) VNM_MUST_CHECK;

/* The key of a privacy protocol, made of a Kul: extended or cut to its length. */
bool vnm_usm_extend(enum vnm_usm_auth auth, enum vnm_usm_priv priv, const struct vnm_usm_key *kul,
    struct vnm_slice engine, struct vnm_usm_key *key) VNM_MUST_CHECK;

/* ---- users ----------------------------------------------------------------------------------- */

/* Immutable once it is made; shared by all threads. */
struct vnm_usm_user {
	struct vnm_slice name;
	struct vnm_slice engine; /* only for this engine; n is 0: for every one */
	enum vnm_usm_auth auth;
	enum vnm_usm_priv priv;
	bool localised;		     /* the keys are Kul (priv_key: the ready one) of `engine` */
	struct vnm_usm_key auth_key; /* Ku, or Kul where localised */
	struct vnm_usm_key priv_key; /* Ku made by `auth`, or the protocol's key where localised */
};

/*
 * The contexts of one user at one engine, with their keys in place. Of one thread at a time; does
 * not refer to the user afterwards. NULL where memory is short or OpenSSL fails.
 */
struct vnm_usm_keys;
struct vnm_usm_keys *vnm_usm_keys_new(const struct vnm_usm_user *user, struct vnm_slice engine);
void vnm_usm_keys_free(struct vnm_usm_keys *keys);

/* ---- messages that came ---------------------------------------------------------------------- */

/* msgSecurityParameters, borrowed from the message. */
struct vnm_usm_params {
	struct vnm_slice engine; /* msgAuthoritativeEngineID */
	uint32_t boots, time;
	struct vnm_slice user;
	struct vnm_slice auth; /* msgAuthenticationParameters */
	struct vnm_slice priv; /* msgPrivacyParameters */
};

/* VNM_OK or bad-header. */
enum vnm_reason vnm_usm_read(struct vnm_slice security, struct vnm_usm_params *p, unsigned *odd);

/*
 * Whether the digest of a message (m->whole) is right. The message is not written to: the digest's
 * place counts as zeros. False too where the user has no authentication.
 */
bool vnm_usm_authentic(struct vnm_usm_keys *keys, const struct vnm_snmp_message *m,
    const struct vnm_usm_params *p) VNM_MUST_CHECK;

/* The cipher works on whole blocks: room for the begun one, and for one more. */
#define VNM_USM_PLAIN_ROOM(n) ((n) + 2 * 16)

/*
 * Decrypts m->encrypted into out, which has room for VNM_USM_PLAIN_ROOM() of its octets, and makes
 * m->scoped a reader of it. False where the parameters or lengths are not the protocol's; whether
 * the result is a ScopedPDU remains to be seen.
 */
bool vnm_usm_decrypt(struct vnm_usm_keys *keys, struct vnm_snmp_message *m,
    const struct vnm_usm_params *p, uint8_t *out) VNM_MUST_CHECK;

/* ---- time (RFC 3414 section 3.2 step 7) ------------------------------------------------------ */

#define VNM_USM_WINDOW_S 150
#define VNM_USM_BOOTS_MAX 2147483647U

/* What is known of an authoritative engine's clock. Zeroed: nothing. */
struct vnm_usm_clock {
	uint32_t boots;
	uint32_t time;	/* the latest that was received, in seconds */
	uint64_t at_ns; /* when, on the caller's clock */
	bool known;
};

/* The engine's time at now_ns, by what is known. */
uint32_t vnm_usm_clock_time(const struct vnm_usm_clock *c, uint64_t now_ns);

/*
 * Whether an *authentic* message of that engine is in the time window, as one who is not
 * authoritative judges it; brings *c up to date. An unknown engine's first message is.
 * `replay`: always, and a clock that went back is taken over: files come in any order.
 */
bool vnm_usm_timely(
    struct vnm_usm_clock *c, uint32_t boots, uint32_t time, uint64_t now_ns, bool replay);

/* The same of one who is authoritative. */
bool vnm_usm_timely_own(uint32_t own_boots, uint32_t own_time, uint32_t boots, uint32_t time);

/* ---- messages to send ------------------------------------------------------------------------ */

struct vnm_usm_outgoing {
	int32_t id;		 /* msgID */
	bool reportable;	 /* of requests and informs: yes; of responses and reports: no */
	struct vnm_slice engine; /* msgAuthoritativeEngineID; of a discovery: empty */
	uint32_t boots, time;
	struct vnm_slice user;		 /* of a discovery: empty */
	struct vnm_slice context_engine; /* usually `engine` */
	struct vnm_slice context_name;
	struct vnm_usm_keys *keys; /* NULL: noAuthNoPriv */
	bool priv;		   /* encrypt; else, with keys, authNoPriv */
	uint64_t salt;		   /* never the same twice under one key */
};

/*
 * Makes of the PDU that w holds (and nothing else) a whole message of version 3: true, or false
 * where it did not fit (w->full) or OpenSSL failed.
 */
bool vnm_usm_wrap(struct vnm_ber_writer *w, const struct vnm_usm_outgoing *o) VNM_MUST_CHECK;

/* The counters of RFC 3414 section 5 that Reports carry: 1.3.6.1.6.3.15.1.1.<this>.0. */
enum vnm_usm_stat {
	VNM_USM_NO_STAT,
	VNM_USM_UNSUPPORTED_SEC_LEVELS = 1,
	VNM_USM_NOT_IN_TIME_WINDOWS = 2,
	VNM_USM_UNKNOWN_USER_NAMES = 3,
	VNM_USM_UNKNOWN_ENGINE_IDS = 4,
	VNM_USM_WRONG_DIGESTS = 5,
	VNM_USM_DECRYPTION_ERRORS = 6
};

/* Which of them a Report tells: its first varbind's name. */
enum vnm_usm_stat vnm_usm_stat_of(struct vnm_oid name);

/* The varbind of a Report; ids has room for VNM_OID_MAX numbers, which it borrows. */
struct vnm_varbind vnm_usm_stat_varbind(enum vnm_usm_stat stat, uint32_t count, uint32_t *ids);

#endif
