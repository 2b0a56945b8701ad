/*
 * The connections of one listener in one worker: read in turns while outputs have room, cut into
 * messages, ended as their senders end them or because a limit of the listener's was reached.
 * Who accepts or makes them is collectors/tcp.c.
 */
#ifndef VNM_COLLECTORS_CONNECTION_H
#define VNM_COLLECTORS_CONNECTION_H

#include "base/log.h"
#include "collectors/collector.h"
#include "collectors/tls.h"

struct vnm_connections;

struct vnm_connections_config {
	struct event_base *base;	      /* borrowed, as is all of it */
	const struct vnm_listener_options *o; /* the values may change: then _reload() */
	const struct vnm_intake *intake;      /* with a frame() */
	struct vnm_log_gate *gate;	      /* for complaints about single connections */
	/* One is over, of which there were so many messages; `owner` is what came with it. */
	void (*ended)(void *ctx, void *owner, uint64_t messages);
	void *ctx;
};

/* NULL when memory is short. */
struct vnm_connections *vnm_connections_new(const struct vnm_connections_config *config);

/* The options have other values. */
void vnm_connections_reload(struct vnm_connections *all);

/* Whether one from this address may be there, too: VNM_OK, or what forbids it. */
enum vnm_reason vnm_connections_allow(
    const struct vnm_connections *all, const struct vnm_addr *from);

/*
 * Reads from a connected socket from now on: 0, or -1 when memory is short. Owns fd and the TLS
 * session (NULL: none) from here on, also on failure.
 */
int vnm_connections_add(struct vnm_connections *all, int fd, const struct vnm_endpoint *from,
    struct vnm_tls_session *tls, void *owner) VNM_MUST_CHECK;

/* Those that are there, and those of them whose TLS handshake is not complete. */
uint32_t vnm_connections_count(const struct vnm_connections *all);
uint32_t vnm_connections_handshakes(const struct vnm_connections *all);

/* Ends the one that came with this owner, if there is one. */
void vnm_connections_end(struct vnm_connections *all, const void *owner);

/* Reads what is in their sockets, without waiting for room or senders. */
void vnm_connections_drain(struct vnm_connections *all);

/* Ends all of them. NULL is nothing. */
void vnm_connections_free(struct vnm_connections *all);

#endif
