/*
 * Socket activation by systemd (sd_listen_fds(3)): descriptors from 3 on.
 */
#include "collectors/activation.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/alloc.h"
#include "collectors/socket.h"

#define FIRST_FD 3
#define SOCKETS_MAX 1024

/* How many sockets were handed to this process; 0 when there are none. */
static unsigned
count_sockets(void)
{
	const char *pid = getenv("LISTEN_PID");
	const char *count = getenv("LISTEN_FDS");

	if (pid == NULL || count == NULL || strtol(pid, NULL, 10) != (long)getpid())
		return 0;
	long n = strtol(count, NULL, 10);
	return n < 0 ? 0 : n > SOCKETS_MAX ? SOCKETS_MAX : (unsigned)n;
}

/* The next of the names that colons separate. */
static void
read_name(const char **names, char *out, size_t size)
{
	size_t n = strcspn(*names, ":");

	snprintf(out, size, "%.*s", (int)n, *names);
	*names += n + ((*names)[n] == ':');
}

static int
read_socket(struct vnm_activated *s, int fd, const char **names, struct vnm_err *err)
{
	int type = 0;
	socklen_t n = sizeof(type);

	read_name(names, s->name, sizeof(s->name));
	if (getsockopt(fd, SOL_SOCKET, SO_TYPE, &type, &n) != 0)
		return vnm_err_text(err, "descriptor %d (%s) from systemd is no socket: %s", fd,
		    s->name, strerror(errno));
	int flags = fcntl(fd, F_GETFL);
	if (flags < 0 || fcntl(fd, F_SETFL, flags | O_NONBLOCK) != 0 ||
	    fcntl(fd, F_SETFD, FD_CLOEXEC) != 0)
		return vnm_err_text(
		    err, "descriptor %d (%s) from systemd: %s", fd, s->name, strerror(errno));
	s->stream = type == SOCK_STREAM;
	s->at = vnm_socket_local(fd);
	s->fd = fd;
	return 0;
}

int
vnm_activation_read(struct vnm_activation *a, struct vnm_err *err)
{
	const char *names = getenv("LISTEN_FDNAMES");
	unsigned n = count_sockets();
	int rc = 0;

	*a = (struct vnm_activation){NULL, 0};
	if (names == NULL)
		names = "";
	if (n > 0) {
		a->p = vnm_alloc_zero(n, sizeof(*a->p));
		if (a->p == NULL)
			return vnm_err_text(err, "not enough memory for systemd's sockets");
	}
	for (; rc == 0 && a->n < n; a->n++)
		rc = read_socket(&a->p[a->n], FIRST_FD + (int)a->n, &names, err);
	unsetenv("LISTEN_PID");
	unsetenv("LISTEN_FDS");
	unsetenv("LISTEN_FDNAMES");
	if (rc != 0) {
		a->n--;
		vnm_activation_free(a);
	}
	return rc;
}

/* Whether it is there still, and of the sort that the listener reads. */
static bool
is_for(const struct vnm_activated *s, const struct vnm_listener_options *o)
{
	return s->fd >= 0 && s->stream == vnm_transport_is_stream(o->listen.transport);
}

static bool
has_name(const struct vnm_activated *s, const struct vnm_listener_options *o)
{
	return o->name != NULL && strcmp(s->name, o->name) == 0;
}

static bool
has_address(const struct vnm_activated *s, const struct vnm_listener_options *o)
{
	return s->at.port == o->listen.at.port && vnm_addr_equal(&s->at.addr, &o->listen.at.addr);
}

unsigned
vnm_activation_count(const struct vnm_activation *a, const struct vnm_listener_options *o)
{
	unsigned named = 0, addressed = 0;

	for (unsigned i = 0; i < a->n; i++) {
		const struct vnm_activated *s = &a->p[i];
		if (!is_for(s, o))
			continue;
		named += has_name(s, o);
		addressed += has_address(s, o);
	}
	return named != 0 ? named : addressed;
}

int
vnm_activation_take(struct vnm_activation *a, const struct vnm_listener_options *o)
{
	struct vnm_activated *found = NULL;

	for (unsigned i = 0; i < a->n; i++) {
		struct vnm_activated *s = &a->p[i];
		if (!is_for(s, o))
			continue;
		if (has_name(s, o)) {
			found = s;
			break;
		}
		if (found == NULL && has_address(s, o))
			found = s;
	}
	if (found == NULL)
		return -1;
	int fd = found->fd;
	found->fd = -1;
	return fd;
}

const struct vnm_activated *
vnm_activation_left(const struct vnm_activation *a, unsigned *i)
{
	while (*i < a->n) {
		const struct vnm_activated *s = &a->p[(*i)++];
		if (s->fd >= 0)
			return s;
	}
	return NULL;
}

void
vnm_activation_free(struct vnm_activation *a)
{
	for (unsigned i = 0; i < a->n; i++) {
		if (a->p[i].fd >= 0)
			close(a->p[i].fd);
	}
	vnm_free(a->p);
	*a = (struct vnm_activation){NULL, 0};
}
