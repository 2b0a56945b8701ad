/*
 * TLS on a connected socket (RFC 8446, RFC 5246), by OpenSSL: what a listener's keys and rules
 * make of a connection, and octets from it. Nothing here waits or knows the event loop.
 */
#ifndef VNM_COLLECTORS_TLS_H
#define VNM_COLLECTORS_TLS_H

#include "collectors/collector.h"

/* Certificates, keys and rules of a listener: immutable, shared by threads, counted by users. */
struct vnm_tls;

/*
 * Reads the files that the options name: 0 and *out, whose first user the caller is, or -1 with
 * *err (`option`: reason) and *key, the option that is wrong.
 */
int vnm_tls_load(struct vnm_tls **out, const struct vnm_listener_options *o, const char **key,
    struct vnm_err *err);
struct vnm_tls *vnm_tls_use(struct vnm_tls *tls);
/* The last one frees it. NULL is nothing. */
void vnm_tls_leave(struct vnm_tls *tls);

struct vnm_tls_session;

/*
 * The session on a connected, non-blocking socket: as its server, or, with the address that was
 * connected to, as its client. NULL when memory is short. Does not own fd.
 */
struct vnm_tls_session *vnm_tls_begin(struct vnm_tls *tls, int fd, const struct vnm_addr *server);

enum vnm_tls_result {
	VNM_TLS_DONE,	    /* the handshake, or something was read */
	VNM_TLS_WANT_READ,  /* call again when there is something to read */
	VNM_TLS_WANT_WRITE, /* call again when there is room to write */
	VNM_TLS_END,	    /* the other end said that this is all */
	VNM_TLS_FAILED	    /* vnm_tls_reason() */
};

enum vnm_tls_result vnm_tls_handshake(struct vnm_tls_session *s);
/* Up to `cap` octets, *n of them were read. */
enum vnm_tls_result vnm_tls_read(struct vnm_tls_session *s, uint8_t *p, size_t cap, size_t *n);

/* After FAILED: why, for the books and for people; the text is valid for the session's life. */
enum vnm_reason vnm_tls_reason(const struct vnm_tls_session *s);
const char *vnm_tls_text(const struct vnm_tls_session *s);

/*
 * The name in the other end's verified certificate by which it was let in, or else its first;
 * n is 0 where there is no verified certificate. Valid for the session's life.
 */
struct vnm_str vnm_tls_name(const struct vnm_tls_session *s);

/* Says goodbye where it can, and frees. NULL is nothing. */
void vnm_tls_end(struct vnm_tls_session *s);

#endif
