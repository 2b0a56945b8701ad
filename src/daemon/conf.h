/*
 * The configuration of vnmcd: YAML and the command line's -o, bound by tables of options.
 * Nothing of it changes once it is loaded; a reload makes another one.
 */
#ifndef VNM_DAEMON_CONF_H
#define VNM_DAEMON_CONF_H

#include "analysis/analysis.h"
#include "base/err.h"
#include "base/option.h"
#include "collectors/collector.h"
#include "collectors/poll.h"
#include "collectors/tls.h"
#include "daemon/conf_tree.h"
#include "decoders/decoder.h"
#include "output/output.h"
#include "output/sink.h"
#include "snmp/access.h"

#define VNM_CONF_MAIN_OPTIONS(X)                                                          \
	X(struct vnm_conf_main, collector, STRING, NULL, RESTART,                         \
	    "name of this vnmcd in its records; default: the host's name, `replay` in a " \
	    "replay")                                                                     \
	X(struct vnm_conf_main, state_dir, STRING, NULL, RESTART,                         \
	    "directory where templates outlive a restart; none: they do not")             \
	X(struct vnm_conf_main, workers, NUMBER, "1", RESTART,                            \
	    "event loops, each a thread with sockets of its own")                         \
	X(struct vnm_conf_main, user, STRING, NULL, RESTART,                              \
	    "user to run as once the sockets are bound; none: no change")                 \
	X(struct vnm_conf_main, poll_rcvbuf, SIZE, "16M", RESTART,                        \
	    "receive buffer of each worker's socket that polls; as of listeners")         \
	X(struct vnm_conf_main, log_level, STRING, "info", RELOAD,                        \
	    "what is logged: error, warning, info or debug")                              \
	X(struct vnm_conf_main, flush_timeout, DURATION, "10s", RELOAD,                   \
	    "how long outputs may take to write out what they hold at the end")

struct vnm_conf_main {
	VNM_CONF_MAIN_OPTIONS(VNM_OPTION_MEMBER) /* collector is never NULL */
};

#define VNM_CONF_SOURCE_OPTIONS(X)                                                         \
	X(struct vnm_conf_source, name, STRING, NULL, RELOAD, "name, for messages and -o") \
	X(struct vnm_conf_source, type, STRING, "file", RELOAD, "what it is: file")        \
	X(struct vnm_conf_source, path, STRING, NULL, RELOAD,                              \
	    "JSON file with network services, VNFs, virtual links, hosts and ports")

struct vnm_conf_source {
	VNM_CONF_SOURCE_OPTIONS(VNM_OPTION_MEMBER)
	const struct vnm_node *node;
};

#define VNM_CONF_SNMP_OPTIONS(X)                                                               \
	X(struct vnm_conf_snmp, engine_id, STRING, NULL, RESTART,                              \
	    "vnmcd's own engine id (RFC 3411) in hexadecimal digits, 5 to 32 octets; it must " \
	    "be unique; default: made of `collector`, with the enterprise 0, which is nobody's")

struct vnm_conf_snmp {
	VNM_CONF_SNMP_OPTIONS(VNM_OPTION_MEMBER)
};

#define VNM_CONF_COMMUNITY_OPTIONS(X)                                                            \
	X(struct vnm_conf_community, name, STRING, NULL, RELOAD, "name, for messages and -o")    \
	X(struct vnm_conf_community, community, STRING, NULL, RELOAD,                            \
	    "the community itself, as listeners have it in `communities`; default: the name")    \
	X(struct vnm_conf_community, allow, PREFIXES, NULL, RELOAD,                              \
	    "source prefixes that may use it; empty: all")                                       \
	X(struct vnm_conf_community, oids, STRINGS, NULL, RELOAD,                                \
	    "notifications that are taken: all below these OIDs, or names of built-in modules; " \
	    "empty: all")

struct vnm_conf_community {
	VNM_CONF_COMMUNITY_OPTIONS(VNM_OPTION_MEMBER)
	const struct vnm_node *node;
};

#define VNM_CONF_USER_OPTIONS(X)                                                                 \
	X(struct vnm_conf_user, name, STRING, NULL, RELOAD,                                      \
	    "name, for messages, -o and listeners' `users`")                                     \
	X(struct vnm_conf_user, user, STRING, NULL, RELOAD,                                      \
	    "the user's name in messages (msgUserName); default: `name`")                        \
	X(struct vnm_conf_user, engine_id, STRING, NULL, RELOAD,                                 \
	    "only for this engine, in hexadecimal digits; none: for every one")                  \
	X(struct vnm_conf_user, auth, STRING, "none", RELOAD,                                    \
	    "authentication: none, md5, sha1, sha224, sha256, sha384 or sha512")                 \
	X(struct vnm_conf_user, auth_password, STRING, NULL, RELOAD,                             \
	    "its password, of 8 octets at the least")                                            \
	X(struct vnm_conf_user, auth_key, STRING, NULL, RELOAD,                                  \
	    "its key instead of a password, in hexadecimal digits")                              \
	X(struct vnm_conf_user, priv, STRING, "none", RELOAD,                                    \
	    "encryption: none, des, aes128, aes192, aes256 or, with keys extended as Cisco "     \
	    "does, aes192c, aes256c")                                                            \
	X(struct vnm_conf_user, priv_password, STRING, NULL, RELOAD,                             \
	    "its password, of 8 octets at the least; default: the one of `auth`")                \
	X(struct vnm_conf_user, priv_key, STRING, NULL, RELOAD,                                  \
	    "its key instead of a password, in hexadecimal digits")                              \
	X(struct vnm_conf_user, localised, BOOL, "false", RELOAD,                                \
	    "the keys are those for `engine_id` (Kul of RFC 3414), not the user's own (Ku)")     \
	X(struct vnm_conf_user, level, STRING, NULL, RELOAD,                                     \
	    "what messages must have at the least: noAuthNoPriv, authNoPriv or authPriv; "       \
	    "default: all that the user has keys for")                                           \
	X(struct vnm_conf_user, allow, PREFIXES, NULL, RELOAD,                                   \
	    "source prefixes that may use it; empty: all")                                       \
	X(struct vnm_conf_user, oids, STRINGS, NULL, RELOAD,                                     \
	    "notifications that are taken: all below these OIDs, or names of built-in modules; " \
	    "empty: all")

struct vnm_conf_user {
	VNM_CONF_USER_OPTIONS(VNM_OPTION_MEMBER)
	const struct vnm_node *node;
};

#define VNM_CONF_HTTP_OPTIONS(X)                                 \
	X(struct vnm_conf_http, listen, ENDPOINT, NULL, RESTART, \
	    "where metrics, health and the status page are served; none: nowhere")

struct vnm_conf_http {
	VNM_CONF_HTTP_OPTIONS(VNM_OPTION_MEMBER)
};

#define VNM_CONF_REPLAY_OPTIONS(X)                              \
	X(struct vnm_conf_replay, speed, SPEED, "max", RESTART, \
	    "of -r: max, 1 for the recorded speed, or a multiple of it")

struct vnm_conf_replay {
	VNM_CONF_REPLAY_OPTIONS(VNM_OPTION_MEMBER)
};

#define VNM_CONF_MIBS_OPTIONS(X)                                                      \
	X(struct vnm_conf_mibs, files, STRINGS, NULL, RELOAD,                         \
	    "files with MIB modules to read besides those that are built in")         \
	X(struct vnm_conf_mibs, dirs, STRINGS, NULL, RELOAD,                          \
	    "directories with MIB files: all of them, or those that modules ask for") \
	X(struct vnm_conf_mibs, modules, STRINGS, NULL, RELOAD,                       \
	    "modules to read of `dirs`; none: all that are there")

struct vnm_conf_mibs {
	VNM_CONF_MIBS_OPTIONS(VNM_OPTION_MEMBER)
};

struct vnm_conf_listener {
	struct vnm_listener_options common;
	const struct vnm_decoder *decoder;
	struct vnm_tls *tls; /* a user of it; NULL: not of that transport, or a replay */
	void *options;	     /* decoder->options_size octets, or NULL where that is 0; owned */
	const struct vnm_node *node;
};

/* A decoder's options where no listener says other ones. */
struct vnm_conf_decoder {
	void *options; /* owned; NULL: it has none that need to be prepared */
};

struct vnm_conf_output {
	struct vnm_output_options common;
	const struct vnm_sink_type *type;
	const struct vnm_encoder *encoder;
	void *options; /* type->options_size octets, or NULL where that is 0; owned */
	const struct vnm_node *node;
};

struct vnm_conf {
	uint32_t magic;
	struct vnm_conf_main main;
	struct vnm_conf_http http;
	struct vnm_limits limits;
	struct vnm_analysis_options analysis; /* its rules are `rules` */
	struct vnm_conf_replay replay;
	struct vnm_conf_mibs mibs;
	struct vnm_conf_listener *listeners; /* owned */
	uint32_t listener_count;
	struct vnm_conf_output *outputs; /* at least one; owned */
	uint32_t output_count;
	struct vnm_conf_source *sources; /* owned */
	uint32_t source_count;
	struct vnm_rule_options *rules;	    /* owned */
	const struct vnm_node **rule_nodes; /* of each; owned */
	uint32_t rule_count;
	struct vnm_conf_snmp snmp;
	struct vnm_conf_community *communities; /* owned */
	uint32_t community_count;
	struct vnm_conf_user *users; /* owned */
	uint32_t user_count;
	struct vnm_conf_polls *polls;	   /* owned; NULL: nobody is polled */
	struct vnm_snmp_access *access;	   /* what is made of these two; NULL: nobody; owned */
	struct vnm_conf_decoder *defaults; /* of a replay, by vnm_decoders; owned */
	struct vnm_strings topology_paths; /* of all sources of type file; owned */
	struct vnm_tree tree;		   /* as it was written */
};

/* What a configuration is made of. */
struct vnm_conf_input {
	const char *file;	      /* NULL: none */
	const char *const *overrides; /* PATH=VALUE, in order */
	size_t override_count;
	bool replay; /* listeners are not needed, one worker, no state directory */
};

/*
 * Reads and checks all of it: 0 and *out, which the caller owns, or -1 with every error found
 * in errs, in the order of file and line. Without an output it has one, `stdout`: JSON lines.
 */
int vnm_conf_load(struct vnm_conf **out, const struct vnm_conf_input *in, struct vnm_errs *errs);
void vnm_conf_free(struct vnm_conf *conf);

/*
 * Which options differ between two configurations though a reload does not apply them, as
 * paths (listeners.edge.rcvbuf; listeners.edge for one that came or went). `paths` is a zeroed
 * list that the caller owns and gives to vnm_strings_free(); -1 when memory is short.
 */
int vnm_conf_needs_restart(
    const struct vnm_conf *running, const struct vnm_conf *wanted, struct vnm_strings *paths);

/* Options for a decoder in a replay where no listener has them; NULL: none. */
const void *vnm_conf_decoder_options(
    const struct vnm_conf *conf, const struct vnm_decoder *decoder);

/* ---- the tables, for the documentation ------------------------------------------------------ */

struct vnm_conf_section {
	const char *path; /* "": the top level */
	bool list;	  /* its items have names */
	const struct vnm_option *options;
	size_t offset; /* in struct vnm_conf of the values; not of a list */
	const char *doc;
};

/* Ended by a row whose path is NULL. */
extern const struct vnm_conf_section vnm_conf_sections[];

/* ---- polls (conf_poll.c) ------------------------------------------------------------------ */

/* Values and the table that they are bound by; NULL: none. */
struct vnm_conf_target {
	const struct vnm_option *table;
	void *values;
};

/*
 * The keys of a map into two sets of values; `sections` are keys that others deal with. `strict`:
 * other keys are errors.
 */
void vnm_conf_bind_map(const struct vnm_node *map, const struct vnm_conf_target targets[2],
    const char *const *sections, bool strict, struct vnm_errs *errs);

/* Groups and devices as they are written. */
void vnm_conf_bind_polls(struct vnm_conf *conf, struct vnm_errs *errs);

/*
 * Makes of them what pollers take, once users have keys and the catalogue is there; both must
 * live as long. NULL: nobody is polled, or not all is right (errs).
 */
struct vnm_poll_config *vnm_conf_make_polls(
    struct vnm_conf *conf, const struct vnm_mib *mib, struct vnm_errs *errs);
/*
 * Gives a group the plans that its options name, and returns them: they and what they own
 * (vnm_plan_release()) are the caller's, also where not all is right (errs).
 */
struct vnm_plan *vnm_conf_make_plans(struct vnm_poll_group *g, const struct vnm_node *node,
    const struct vnm_mib *mib, struct vnm_errs *errs);

void vnm_conf_free_polls(struct vnm_conf_polls *polls);

/* Makes conf->access: keys of passwords cost milliseconds each. */
void vnm_conf_make_access(struct vnm_conf *conf, struct vnm_errs *errs);

/* What the tables cannot tell: names, required options, choices, conflicts. */
void vnm_conf_check(const struct vnm_conf *conf, bool replay, struct vnm_errs *errs);

/* Whether a listener has TLS, at its own address or to one that it connects to. */
bool vnm_conf_uses_tls(const struct vnm_listener_options *o);

#endif
