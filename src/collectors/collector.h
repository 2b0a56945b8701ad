/*
 * What collectors hand over and to whom. A collector owns sockets or files; it knows of
 * decoders only what is here, as pointers that the pipeline gave it.
 */
#ifndef VNM_COLLECTORS_COLLECTOR_H
#define VNM_COLLECTORS_COLLECTOR_H

#include "base/counters.h"
#include "base/err.h"
#include "base/option.h"
#include "record/datagram.h"

struct event_base;

/* At the most this much in one turn, so that all sources are served. */
#define VNM_TURN_DATAGRAMS 128
#define VNM_TURN_NS 2000000ULL

/* The pipeline as collectors see it. */
struct vnm_intake {
	void *ctx;
	/* One message. Its bytes are the collector's and may change after the call. */
	void (*message)(void *ctx, const struct vnm_datagram *d);
	/* A stream ended (a stream's first message began it); p and n are not used. */
	void (*end)(void *ctx, const struct vnm_datagram *d);
	/* The turn ends: outputs get their batches. */
	void (*turn_end)(void *ctx);
	/* Whether outputs have room for another message's records: streams are read only then.
	 */
	bool (*room)(void *ctx);
	/* As in struct vnm_decoder; NULL: this source is no stream. */
	vnm_frame_fn frame;
	bool answers; /* messages may be answered: each is to have its way back */
	struct vnm_counters *counters;
};

/* A message that no decoder sees, with its one reason: not allowed, or its stream is damaged. */
static inline void
vnm_intake_refuse(const struct vnm_intake *in, const struct vnm_datagram *d, enum vnm_reason reason)
{
	in->counters->messages++;
	in->counters->v[VNM_C_received_octets] += d->n;
	in->counters->outcome[VNM_OUTCOME_FAILED]++;
	in->counters->failed[reason]++;
}

/* What all listeners have in common (configuration: `listeners`). */
#define VNM_LISTENER_OPTIONS(X)                                                                  \
	X(struct vnm_listener_options, name, STRING, NULL, RESTART, "name, for messages and -o") \
	X(struct vnm_listener_options, decoder, STRING, NULL, RESTART, "which decoder reads it") \
	X(struct vnm_listener_options, listen, LISTEN, NULL, RESTART,                            \
	    "where: udp:ADDRESS:PORT, tcp:ADDRESS:PORT or tls:ADDRESS:PORT, IPv6 in brackets")   \
	X(struct vnm_listener_options, connect, TARGETS, NULL, RELOAD,                           \
	    "instead of `listen`: to whom vnmcd connects, for sources that wait for it; each "   \
	    "belongs to one worker")                                                             \
	X(struct vnm_listener_options, source, ADDRESS, NULL, RELOAD,                            \
	    "address of our own that `connect` uses; none: the system chooses")                  \
	X(struct vnm_listener_options, retry, DURATION, "5m", RELOAD,                            \
	    "longest time between two attempts of `connect`; the first follows after 1 s")       \
	X(struct vnm_listener_options, md5, PAIRS, NULL, RELOAD,                                 \
	    "keys of TCP-MD5 signatures (RFC 2385) by the other side's prefix, best each in a "  \
	    "file: { 10.0.0.0/8: { file: PATH } }; who is in a prefix must sign (tcp, tls)")     \
	X(struct vnm_listener_options, allow, PREFIXES, NULL, RELOAD,                            \
	    "source prefixes whose messages are taken; empty: all")                              \
	X(struct vnm_listener_options, rcvbuf, SIZE, "4M", RESTART,                              \
	    "socket receive buffer (udp); forced beyond the system's limit where allowed")       \
	X(struct vnm_listener_options, timestamps, BOOL, "false", RESTART,                       \
	    "kernel receive time for observed_ns (udp)")                                         \
	X(struct vnm_listener_options, connections, NUMBER, "1024", RELOAD,                      \
	    "connections at a time, of each worker (tcp, tls)")                                  \
	X(struct vnm_listener_options, source_connections, NUMBER, "0", RELOAD,                  \
	    "those of them that may be from one address (tcp, tls); 0: all")                     \
	X(struct vnm_listener_options, idle, DURATION, "0", RELOAD,                              \
	    "a connection silent for so long is closed (tcp, tls); 0: never")                    \
	X(struct vnm_listener_options, message_timeout, DURATION, "60s", RELOAD,                 \
	    "a begun message must be complete within this time, else its connection is closed "  \
	    "(tcp, tls); 0: never")                                                              \
	X(struct vnm_listener_options, memory, SIZE, "64M", RELOAD,                              \
	    "for begun messages of all connections, and answers to them, of each worker; when "  \
	    "they take more, the connection with most of it is closed (tcp, tls)")               \
	X(struct vnm_listener_options, tls_cert, STRING, NULL, RELOAD,                           \
	    "PEM file with our certificate and those that lead to its CA; all files of keys "    \
	    "and certificates are read again by a reload, as the user that vnmcd runs as")       \
	X(struct vnm_listener_options, tls_key, STRING, NULL, RELOAD,                            \
	    "PEM file with its private key; none: the key is in `tls_cert`")                     \
	X(struct vnm_listener_options, tls_ca, STRING, NULL, RELOAD,                             \
	    "PEM file with the CAs that certificates of the other end must lead to")             \
	X(struct vnm_listener_options, tls_verify, STRING, NULL, RELOAD,                         \
	    "certificates of the other end: none, optional or required; default: required "      \
	    "where `tls_ca` or `tls_names` is given, else none")                                 \
	X(struct vnm_listener_options, tls_names, STRINGS, NULL, RELOAD,                         \
	    "who is let in: names or addresses in the certificate, *.DOMAIN for all one level "  \
	    "below, or its fingerprint (sha-256:HEX), which needs no CA; empty: all who are "    \
	    "verified")                                                                          \
	X(struct vnm_listener_options, tls_min, STRING, "1.2", RELOAD,                           \
	    "lowest version of TLS: 1.2 or 1.3")                                                 \
	X(struct vnm_listener_options, tls_ciphers, STRING, NULL, RELOAD,                        \
	    "ciphers of TLS 1.2, as openssl-ciphers(1) writes them; default: the library's")     \
	X(struct vnm_listener_options, tls_ciphersuites, STRING, NULL, RELOAD,                   \
	    "cipher suites of TLS 1.3; default: the library's")                                  \
	X(struct vnm_listener_options, handshake_timeout, DURATION, "10s", RELOAD,               \
	    "a TLS handshake must be complete within this time; 0: never")                       \
	X(struct vnm_listener_options, handshakes, NUMBER, "256", RELOAD,                        \
	    "TLS handshakes at a time, of each worker; further connections wait to be "          \
	    "accepted")

struct vnm_listener_options {
	VNM_LISTENER_OPTIONS(VNM_OPTION_MEMBER)
};
extern const struct vnm_option vnm_listener_options[];

/* ---- several sockets at one address (collectors/steer.c) ----------------------------------- */

/*
 * Steers the datagrams or connections of a reuseport group of `workers` sockets by source
 * *address*, so that an exporter stays with one worker, whatever its ports
 * (SO_ATTACH_REUSEPORT_CBPF on any one socket of the group): worker i is the i-th that was bound,
 * or, for TCP, that listens. Serves IPv4, IPv6 and both on one socket. 0, or -1 and *err.
 */
int vnm_listener_steer(int fd, unsigned workers, struct vnm_err *err);

/* ---- UDP (collectors/udp.c) ------------------------------------------------------------- */

struct vnm_udp;

/*
 * A socket bound by vnm_udp_bind() or handed over by systemd. With `reuseport` several sockets
 * share the address, one a worker: 0 and *fd, or -1 and *err (which says what to do).
 */
int vnm_udp_bind(
    const struct vnm_listener_options *o, bool reuseport, int *fd, struct vnm_err *err);

/*
 * Starts to read; owns fd from here on, also on failure. NULL and *err on failure. The options
 * are copied, the intake is borrowed. Sources that are not allowed are refused (vnm_intake_refuse),
 * datagrams that the kernel dropped are counted as kernel_drops.
 */
struct vnm_udp *vnm_udp_open(const struct vnm_listener_options *o, int fd, struct event_base *base,
    const struct vnm_intake *intake, struct vnm_err *err);
/* Other options from now on, for those that a reload applies. */
void vnm_udp_reload(struct vnm_udp *u, const struct vnm_listener_options *o);
/* Reads what is already in the socket, without waiting. */
void vnm_udp_drain(struct vnm_udp *u);
/* About once a second: what the kernel dropped is counted. */
void vnm_udp_tick(struct vnm_udp *u);
void vnm_udp_close(struct vnm_udp *u);
/* The receive buffer's real size in octets, of which the kernel needs about half for itself. */
size_t vnm_udp_rcvbuf(const struct vnm_udp *u);
/* Another clock than CLOCK_MONOTONIC, in ns, to measure turns by: for tests. */
void vnm_udp_clock(struct vnm_udp *u, uint64_t (*now)(void));

/* ---- TCP and TLS (collectors/tcp.c)
 * --------------------------------------------------------------- */

struct vnm_tcp;
struct vnm_tls;

struct vnm_tcp_config {
	const struct vnm_listener_options *options; /* copied */
	struct vnm_tls *tls; /* its keys (collectors/tls.h); NULL: plain; becomes a user of it */
	int fd;		     /* where it listens; -1: it connects to those in `connect` */
	struct event_base *base;
	const struct vnm_intake *intake; /* borrowed */
	uint32_t worker, workers;	 /* which of how many, to share targets out */
};

/*
 * As for UDP. A connection from a source that is not
 * allowed is closed and counts as one refused message without octets; a stream that cannot be
 * framed is closed, and what was left of it counts as one message of bad-length; what a closed
 * connection leaves of a message is handed over as it is. A session is a connection: `end` tells of
 * those of which there was a message.
 */
int vnm_tcp_bind(
    const struct vnm_listener_options *o, bool reuseport, int *fd, struct vnm_err *err);
struct vnm_tcp *vnm_tcp_open(const struct vnm_tcp_config *config, struct vnm_err *err);
/* Other options and keys from now on, for those that a reload applies. */
void vnm_tcp_reload(struct vnm_tcp *t, const struct vnm_listener_options *o, struct vnm_tls *tls);
/* Reads what is already in the connections' sockets, without waiting for room or senders. */
void vnm_tcp_drain(struct vnm_tcp *t);
/* Closes the listener and all connections; streams of which there were messages end. */
void vnm_tcp_close(struct vnm_tcp *t);
/* Connections that are open. */
uint32_t vnm_tcp_connections(const struct vnm_tcp *t);

/* How it stands with one to whom a listener connects; all of it is borrowed for the call. */
struct vnm_target {
	const char *listener;
	const struct vnm_listen *to;
	bool connected;
	uint64_t since_ns;    /* it is connected, or not; since 1970 */
	uint64_t connections; /* that were made so far */
	uint64_t failures;    /* attempts that failed, and connections that brought no message */
	const char *error;    /* the last of these; empty: there was none */
};

/* Tells of all its targets, in no order. */
void vnm_tcp_targets(
    const struct vnm_tcp *t, void (*tell)(void *ctx, const struct vnm_target *target), void *ctx);

/* ---- replay (collectors/replay.c) --------------------------------------------------------- */

struct vnm_replay_options {
	double speed; /* 0: as fast as possible; else times the recorded speed */
	/*
	 * Framing for a TCP stream between d->src and d->dst that begins with d's octets. NULL:
	 * not one of ours, or too few octets to tell; asked again with more, up to 64. The member
	 * may be NULL, as may `wanted` and `clock`: no streams, all datagrams, nobody asks for
	 * the time.
	 */
	vnm_frame_fn (*stream)(void *ctx, const struct vnm_datagram *d);
	/* Whether this UDP datagram is for us; false: counted as ignored. */
	bool (*wanted)(void *ctx, const struct vnm_datagram *d);
	/* The packets' clock moved on to this time. */
	void (*clock)(void *ctx, uint64_t now_ns);
	void *ctx;
	const volatile int *stop; /* not 0: end early, as if the file ended here */
};

/*
 * Reads a pcap or pcapng file ("-": standard input) to its end and hands over its messages: 0,
 * or -1 and *err when it is unreadable or cut short (all before that was handed over).
 *
 * A UDP datagram that the snap length cut is handed over with what was captured of it. Packets
 * that gave no octet to any message are counted as ignored: other protocols, what `wanted` and
 * `stream` refuse, segments without octets or with none that are new, fragments whose packet
 * was never whole. rx_ns is the packet's time, for a stream that of the segment which completed
 * the message. Turns end, and room is waited for, as with sockets.
 */
int vnm_replay_file(const char *path, const struct vnm_replay_options *o,
    const struct vnm_intake *intake, struct vnm_err *err);

/*
 * Reads a file ("-": standard input) as one stream of intake->frame's messages; `from` gives
 * their endpoints, rx_ns (the file has no times of its own) and session. 0, or -1 and *err when
 * it is unreadable or its last message is cut short (it is handed over as it is) or cannot be
 * framed (refused as bad-length).
 */
int vnm_replay_raw(const char *path, const struct vnm_datagram *from,
    const struct vnm_replay_options *o, const struct vnm_intake *intake, struct vnm_err *err);

#endif
