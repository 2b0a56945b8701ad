/*
 * Communities and users of SNMP as the decoder needs them (snmp/access.h): checked, with keys
 * instead of passwords. A key costs milliseconds (RFC 3414 appendix A.2), so that one password
 * that many users have is turned into a key once.
 */
#include "daemon/conf.h"

#include "base/alloc.h"
#include "base/hash.h"
#include "base/hex.h"
#include "mibs/mib.h"

#include <string.h>

struct maker {
	struct vnm_conf *conf;
	struct vnm_snmp_access *access;
	struct vnm_errs *errs;
	struct vnm_table made; /* passwords by protocol and text: index of the user */
	struct vnm_table names;
};

static struct vnm_slice
slice_of(const char *text)
{
	if (text == NULL) /* complained about already */
		text = "";
	return (struct vnm_slice){(const uint8_t *)text, strlen(text)};
}

/* ---- views ----------------------------------------------------------------------------------- */

static void
add_oids(struct maker *m, struct vnm_snmp_view *view, const struct vnm_strings *oids,
    const struct vnm_node *node)
{
	for (uint32_t i = 0; i < oids->n; i++) {
		uint32_t v[VNM_OID_MAX];
		uint32_t n = vnm_mib_oid_parse(&vnm_mib_builtin, oids->p[i], strlen(oids->p[i]), v);

		if (n == 0)
			vnm_errs_at(m->errs, vnm_node_at(node, "oids"),
			    "`oids`: \"%s\" is neither an OID nor a name of a built-in MIB module",
			    oids->p[i]);
		else if (vnm_snmp_view_add(view, (struct vnm_oid){v, n}) != 0)
			vnm_errs_at(m->errs, node, "out of memory");
	}
}

static void
make_community(struct maker *m, uint32_t i)
{
	const struct vnm_conf_community *c = &m->conf->communities[i];
	struct vnm_snmp_community *to = &m->access->communities[i];

	to->label = slice_of(c->name);
	to->name = slice_of(c->community != NULL ? c->community : c->name);
	to->view.allow = c->allow.p;
	to->view.allow_count = c->allow.n;
	add_oids(m, &to->view, &c->oids, c->node);
	for (uint32_t k = 0; k < i; k++) {
		const struct vnm_slice other = m->access->communities[k].name;

		if (other.n == to->name.n && memcmp(other.p, to->name.p, other.n) == 0)
			vnm_errs_at(m->errs, vnm_node_at(c->node, "community"),
			    "this community is there already, on line %u",
			    m->conf->communities[k].node->line);
	}
}

/* ---- users ----------------------------------------------------------------------------------- */

static void
read_engine(struct maker *m, const struct vnm_conf_user *u, struct vnm_snmp_user *to)
{
	size_t n;

	if (u->engine_id == NULL)
		return;
	n = vnm_engine_id_read(u->engine_id, strlen(u->engine_id), to->engine);
	if (n == 0)
		vnm_errs_at(m->errs, vnm_node_at(u->node, "engine_id"),
		    "`engine_id` is 5 to 32 octets in hexadecimal digits");
	to->usm.engine = (struct vnm_slice){to->engine, n};
}

static void
read_protocols(struct maker *m, const struct vnm_conf_user *u, struct vnm_usm_user *to)
{
	struct vnm_err err;

	if (u->auth == NULL || u->priv == NULL) /* memory is short, as was said */
		return;
	to->auth = vnm_usm_auth_named(u->auth);
	to->priv = vnm_usm_priv_named(u->priv);
	if (to->priv == VNM_USM_DES && m->access->des == NULL)
		m->access->des = vnm_usm_des_begin();
	if (to->auth == VNM_USM_AUTHS)
		vnm_errs_at(m->errs, vnm_node_at(u->node, "auth"),
		    "`auth`: \"%s\" is none of: none, md5, sha1, sha224, sha256, sha384, sha512",
		    u->auth);
	if (to->priv == VNM_USM_PRIVS)
		vnm_errs_at(m->errs, vnm_node_at(u->node, "priv"),
		    "`priv`: \"%s\" is none of: none, des, aes128, aes192, aes256, aes192c, "
		    "aes256c",
		    u->priv);
	if (to->auth == VNM_USM_AUTHS || to->priv == VNM_USM_PRIVS) {
		to->auth = VNM_USM_NO_AUTH;
		to->priv = VNM_USM_NO_PRIV;
	} else if (to->auth == VNM_USM_NO_AUTH && to->priv != VNM_USM_NO_PRIV) {
		vnm_errs_at(m->errs, vnm_node_at(u->node, "priv"),
		    "`priv` needs `auth` too: nobody may encrypt who does not authenticate "
		    "(RFC 3412)");
	} else if (vnm_usm_available(to->auth, to->priv, &err) != 0) {
		vnm_errs_at(m->errs,
		    vnm_node_at(u->node, to->priv != VNM_USM_NO_PRIV ? "priv" : "auth"), "%s",
		    err.text);
	}
}

static void
read_level(struct maker *m, const struct vnm_conf_user *u, struct vnm_snmp_user *to)
{
	uint8_t has = (to->usm.auth != VNM_USM_NO_AUTH ? VNM_SNMP_FLAG_AUTH : 0) |
		      (to->usm.priv != VNM_USM_NO_PRIV ? VNM_SNMP_FLAG_PRIV : 0);
	uint8_t level;

	to->view.level = has;
	if (u->level == NULL)
		return;
	for (level = 0; level <= (VNM_SNMP_FLAG_AUTH | VNM_SNMP_FLAG_PRIV); level++) {
		if (level != VNM_SNMP_FLAG_PRIV && strcmp(u->level, vnm_usm_level_name(level)) == 0)
			break;
	}
	if (level > (VNM_SNMP_FLAG_AUTH | VNM_SNMP_FLAG_PRIV))
		vnm_errs_at(m->errs, vnm_node_at(u->node, "level"),
		    "`level`: \"%s\" is none of: noAuthNoPriv, authNoPriv, authPriv", u->level);
	else if ((level & ~has) != 0)
		vnm_errs_at(m->errs, vnm_node_at(u->node, "level"),
		    "`level`: the user has no keys for %s", u->level);
	else
		to->view.level = level;
}

/* The key of a password that another user has, too; or a new one. */
static bool
password_key(struct maker *m, enum vnm_usm_auth auth, const char *password, uint32_t user,
    bool priv, struct vnm_usm_key *key)
{
	uint64_t hash = vnm_hash(password, strlen(password), (uint64_t)auth);
	uint32_t at_slot = 0, i;

	while ((i = vnm_table_next(&m->made, hash, &at_slot)) != VNM_TABLE_NONE) {
		const struct vnm_conf_user *u = &m->conf->users[i / 2];
		const struct vnm_usm_user *other = &m->access->users[i / 2].usm;
		const char *text =
		    i % 2 != 0 && u->priv_password != NULL ? u->priv_password : u->auth_password;

		if (other->auth != auth || strcmp(text, password) != 0)
			continue;
		*key = i % 2 != 0 ? other->priv_key : other->auth_key;
		return true;
	}
	return vnm_usm_password_key(auth, slice_of(password), key) &&
	       vnm_table_add(&m->made, hash, 2 * user + priv) == 0;
}

/* What a user's key is made of: `name` is auth or priv. */
struct secret {
	const char *name;
	const char *key, *password; /* as they are written; NULL: not given */
	size_t octets;		    /* of the key */
	bool priv;
};

static void
make_key(struct maker *m, uint32_t i, const struct secret *s, struct vnm_usm_key *to)
{
	const struct vnm_conf_user *u = &m->conf->users[i];
	enum vnm_usm_auth auth = m->access->users[i].usm.auth;

	if (s->key != NULL) {
		to->n = (uint8_t)vnm_hex_read(s->key, strlen(s->key), to->b, sizeof(to->b));
		if (to->n != s->octets)
			vnm_errs_at(m->errs, u->node,
			    "`%s_key` is %zu octets in hexadecimal digits", s->name, s->octets);
	} else if (s->password == NULL) {
		vnm_errs_at(m->errs, u->node, "`%s` needs `%s_password` or `%s_key`", s->name,
		    s->name, s->name);
	} else if (strlen(s->password) < VNM_USM_PASSWORD_MIN) {
		vnm_errs_at(m->errs, u->node, "`%s_password` has less than %d octets (RFC 3414)",
		    s->name, VNM_USM_PASSWORD_MIN);
	} else if (u->localised) {
		vnm_errs_at(m->errs, vnm_node_at(u->node, "localised"),
		    "`localised` is for keys, not for passwords");
	} else if (!password_key(m, auth, s->password, i, s->priv, to)) {
		vnm_errs_at(m->errs, u->node, "no key can be made of `%s_password`", s->name);
	}
}

static void
make_keys(struct maker *m, uint32_t i, struct vnm_usm_user *to)
{
	const struct vnm_conf_user *u = &m->conf->users[i];
	const struct secret auth = {
	    "auth", u->auth_key, u->auth_password, vnm_usm_auth_octets(to->auth), false};
	const struct secret priv = {"priv", u->priv_key,
	    u->priv_password != NULL ? u->priv_password : u->auth_password,
	    u->localised ? vnm_usm_priv_octets(to->priv) : vnm_usm_auth_octets(to->auth), true};

	to->localised = u->localised;
	if (u->localised && to->engine.n == 0)
		vnm_errs_at(
		    m->errs, vnm_node_at(u->node, "localised"), "`localised` needs `engine_id`");
	if (to->auth != VNM_USM_NO_AUTH)
		make_key(m, i, &auth, &to->auth_key);
	if (to->priv != VNM_USM_NO_PRIV)
		make_key(m, i, &priv, &to->priv_key);
}

/* Two that are the same to the engines: which of them would be meant? */
static void
check_user(struct maker *m, uint32_t i)
{
	const struct vnm_usm_user *new = &m->access->users[i].usm;
	uint64_t hash = vnm_hash(new->engine.n > 0 ? new->engine.p : (const uint8_t *)"",
	    new->engine.n, vnm_hash(new->name.p, new->name.n, 0));
	uint32_t at_slot = 0, k;

	while ((k = vnm_table_next(&m->names, hash, &at_slot)) != VNM_TABLE_NONE) {
		const struct vnm_usm_user *old = &m->access->users[k].usm;

		if (old->name.n != new->name.n || old->engine.n != new->engine.n ||
		    memcmp(old->name.p, new->name.p, new->name.n) != 0 ||
		    (new->engine.n > 0 && memcmp(old->engine.p, new->engine.p, new->engine.n) != 0))
			continue;
		vnm_errs_at(m->errs, m->conf->users[i].node,
		    "this user is there already, on line %u", m->conf->users[k].node->line);
		return;
	}
	if (vnm_table_add(&m->names, hash, i) != 0)
		vnm_errs_at(m->errs, NULL, "out of memory");
}

static void
make_user(struct maker *m, uint32_t i)
{
	const struct vnm_conf_user *u = &m->conf->users[i];
	struct vnm_snmp_user *to = &m->access->users[i];

	to->label = slice_of(u->name);
	to->usm.name = slice_of(u->user != NULL ? u->user : u->name);
	if (to->usm.name.n > VNM_SNMP_NAME_MAX)
		vnm_errs_at(m->errs, vnm_node_at(u->node, "user"),
		    "a user's name has 32 octets at the most");
	to->view.allow = u->allow.p;
	to->view.allow_count = u->allow.n;
	add_oids(m, &to->view, &u->oids, u->node);
	read_engine(m, u, to);
	read_protocols(m, u, &to->usm);
	read_level(m, u, to);
	make_keys(m, i, &to->usm);
	check_user(m, i);
}

void
vnm_conf_make_access(struct vnm_conf *conf, struct vnm_errs *errs)
{
	struct maker m = {.conf = conf, .errs = errs};
	uint8_t id[VNM_SNMP_ENGINE_ID_MAX];

	if (conf->snmp.engine_id != NULL &&
	    vnm_engine_id_read(conf->snmp.engine_id, strlen(conf->snmp.engine_id), id) == 0)
		vnm_errs_at(errs, vnm_node_at(vnm_node_at(conf->tree.root, "snmp"), "engine_id"),
		    "`engine_id` is 5 to 32 octets in hexadecimal digits");
	if (conf->community_count == 0 && conf->user_count == 0)
		return;
	m.access = vnm_snmp_access_new(conf->community_count, conf->user_count);
	conf->access = m.access;
	if (m.access == NULL) {
		vnm_errs_at(errs, NULL, "out of memory");
		return;
	}
	for (uint32_t i = 0; i < conf->community_count; i++)
		make_community(&m, i);
	for (uint32_t i = 0; i < conf->user_count; i++)
		make_user(&m, i);
	if (vnm_snmp_access_index(m.access) != 0)
		vnm_errs_at(errs, NULL, "out of memory");
	vnm_table_free(&m.made);
	vnm_table_free(&m.names);
}
