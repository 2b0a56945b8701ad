/*
 * Sockets that systemd handed over (sd_listen_fds(3), without its library): found by
 * FileDescriptorName= or by the address that they are bound to.
 */
#ifndef VNM_COLLECTORS_ACTIVATION_H
#define VNM_COLLECTORS_ACTIVATION_H

#include "collectors/collector.h"

struct vnm_activation {
	struct vnm_activated *p; /* owned; vnm_activation_free() */
	unsigned n;
};

struct vnm_activated {
	int fd; /* -1 once taken */
	bool stream;
	struct vnm_endpoint at;
	char name[256]; /* FileDescriptorName=, or empty */
};

/*
 * Reads LISTEN_PID, LISTEN_FDS and LISTEN_FDNAMES, and takes them out of the environment; no
 * sockets where they are not set or meant for another process. 0, or -1 and *err.
 */
int vnm_activation_read(struct vnm_activation *a, struct vnm_err *err);

/*
 * The socket for a listener: of its name, else of its address; -1: there is none. The caller
 * owns it then. Further calls for the same listener give further sockets of that name or
 * address.
 */
int vnm_activation_take(struct vnm_activation *a, const struct vnm_listener_options *o);

/* How many sockets there are still for a listener. */
unsigned vnm_activation_count(const struct vnm_activation *a, const struct vnm_listener_options *o);

/* The next socket from *i on that nobody took, for a warning; NULL: no more. */
const struct vnm_activated *vnm_activation_left(const struct vnm_activation *a, unsigned *i);

/* Closes what nobody took. */
void vnm_activation_free(struct vnm_activation *a);

#endif
