/*
 * The poller on an event loop: its socket and its clock.
 */
#ifndef VNM_COLLECTORS_SNMP_POLL_H
#define VNM_COLLECTORS_SNMP_POLL_H

#include "collectors/poll.h"

struct vnm_snmp_poll;

/* The worker as it is to a poller. */
struct vnm_snmp_poll_calls {
	void *ctx;
	/* A datagram came; rows and ends of it follow; then what became of it. */
	void (*begin)(void *ctx, const struct vnm_datagram *d);
	void (*done)(void *ctx, enum vnm_reason reason);
	void (*turn_end)(void *ctx);
	/* Whether outputs have room: nothing new is asked for while they have not. */
	bool (*room)(void *ctx);
	struct vnm_poll_calls poller; /* with the same ctx; `send` is not looked at */
};

/*
 * Polls the devices of its share. One socket serves IPv4 and IPv6; it is bound here, so that its
 * buffer may be larger than a user's. NULL and *err on failure. No devices before
 * vnm_snmp_poll_configure().
 */
struct vnm_snmp_poll *vnm_snmp_poll_open(const struct vnm_snmp_poll_calls *calls,
    struct event_base *base, uint32_t share, uint32_t shares, uint64_t rcvbuf, struct vnm_err *err);

void vnm_snmp_poll_configure(struct vnm_snmp_poll *s, struct vnm_poll_config *config);
void vnm_snmp_poll_demand(struct vnm_snmp_poll *s, const struct vnm_addr *addr);
/* Reads what has come, and asks for nothing more. */
void vnm_snmp_poll_drain(struct vnm_snmp_poll *s);
void vnm_snmp_poll_close(struct vnm_snmp_poll *s);

#endif
