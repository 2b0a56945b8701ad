/*
 * The poller's books, from inside: what must be true of it between any two calls.
 */
#ifndef VNM_FUZZ_POLL_BOOKS_H
#define VNM_FUZZ_POLL_BOOKS_H

#include "collectors/poll_part.h"

struct poll_books {
	const struct vnm_poller *poller;
	/* Before the call. */
	uint64_t sends, timeouts;
	uint32_t open;	  /* tries that are out and have a deadline */
	uint32_t waiting; /* requests that wait for a slot to be sent again */
	bool moving;	  /* another configuration is being taken over */
};

void poll_books_open(struct poll_books *b, const struct vnm_poller *p);

/* Before a call, when so many requests had been sent. */
void poll_books_begin(struct poll_books *b, uint64_t sends);

/* NULL, or what is wrong after the poller's clock ran, or after it received a datagram. */
const char *poll_books_ran(struct poll_books *b, uint64_t sends, uint64_t now_ns);
const char *poll_books_received(
    struct poll_books *b, uint64_t sends, uint64_t now_ns, enum vnm_reason reason);

/* NULL, or whether a device is not well. */
const char *poll_books_well(const struct poll_books *b);

#endif
