/*
 * Answers on a stream (send(2)).
 */
#include "collectors/answers.h"

#include <errno.h>
#include <sys/socket.h>

/* As much as the socket takes: how many octets; 0 where it takes none now; -1: it is broken. */
static ssize_t
write_some(int fd, const uint8_t *p, size_t n)
{
	size_t done = 0;

	while (done < n) {
		ssize_t sent = send(fd, p + done, n - done, MSG_DONTWAIT | MSG_NOSIGNAL);

		if (sent > 0)
			done += (size_t)sent;
		else if (errno == EAGAIN || errno == EWOULDBLOCK)
			break;
		else if (errno != EINTR)
			return -1;
	}
	return (ssize_t)done;
}

/* Whoever reads the socket finds out that it is broken. */
static void
on_writable(evutil_socket_t fd, short what, void *arg)
{
	struct vnm_answers *a = arg;
	ssize_t sent = write_some(fd, a->b.p + a->at, a->b.n - a->at);

	(void)what;
	if (sent > 0)
		a->at += (size_t)sent;
	if (sent >= 0 && a->at < a->b.n)
		return;
	event_del(&a->event);
	vnm_buffer_free(&a->b);
	a->at = 0;
}

/*
 * A receiver who reads, but never all of it, must not make the buffer grow: what is written goes
 * once it is half of it, so that an octet is moved once at the most for each that is kept.
 */
static void
forget_written(struct vnm_answers *a)
{
	if (a->at < a->b.n - a->at)
		return;
	vnm_buffer_drop(&a->b, a->at);
	a->at = 0;
}

bool
vnm_answers_send(struct vnm_answers *a, struct event_base *base, int fd, const uint8_t *p, size_t n)
{
	ssize_t sent = 0;

	if (a->b.n == 0)
		sent = write_some(fd, p, n);
	if (sent < 0 || a->b.n - a->at + n > VNM_ANSWERS_OCTETS)
		return false;
	if ((size_t)sent == n)
		return true;
	forget_written(a);
	if ((event_initialized(&a->event) ||
		event_assign(&a->event, base, fd, EV_WRITE | EV_PERSIST, on_writable, a) == 0) &&
	    vnm_buffer_append(&a->b, p + sent, n - (size_t)sent) && event_add(&a->event, NULL) == 0)
		return true;
	if (sent > 0) /* nobody can follow a stream with half a message in it */
		(void)shutdown(fd, SHUT_RDWR);
	return false;
}

void
vnm_answers_free(struct vnm_answers *a)
{
	if (event_initialized(&a->event))
		event_del(&a->event);
	vnm_buffer_free(&a->b);
	a->at = 0;
}
