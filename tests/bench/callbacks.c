/*
 * How much CPU time each callback of libevent's loops uses: a library to be preloaded.
 *
 *   VNM_CALLBACKS=FILE LD_PRELOAD=callbacks.so PROGRAM ...
 *
 * Whatever a program hands to event_assign(), event_new() or event_base_once() is called between
 * two readings of CLOCK_THREAD_CPUTIME_ID. At its end the program writes a line of JSON to FILE:
 * how many callbacks ran, a histogram of what they took, and of each callback how often it ran, how
 * long it took in all and at the most, and when that was. A callback is told by its offset in the
 * file that it is in, which addr2line makes a name of. What runs outside of callbacks (the start of
 * a program, its end, libevent itself) and on threads without a loop is not counted.
 */
#include <dlfcn.h>
#include <event2/event.h>
#include <pthread.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <time.h>

#define CALLBACKS 64 /* different ones, at the most */
#define NS_PER_S 1000000000

/* What the histogram tells apart: the end of each range in microseconds. */
static const uint32_t ends_us[] = {10, 100, 500, 1000, 2000, 3000, 4000, 5000, 10000, 50000};
#define RANGES (sizeof(ends_us) / sizeof(*ends_us) + 1)

struct figures {
	event_callback_fn call;
	uint64_t n, sum_ns, longest_ns;
	uint64_t longest_at_ns; /* since the first callback */
	uint64_t ranges[RANGES];
};

static struct {
	pthread_mutex_t lock;
	struct figures figures[CALLBACKS];
	unsigned figure_n;
	uint64_t first_ns;
} all = {.lock = PTHREAD_MUTEX_INITIALIZER};

static uint64_t
clock_ns(clockid_t id)
{
	struct timespec t;

	clock_gettime(id, &t);
	return (uint64_t)t.tv_sec * NS_PER_S + (uint64_t)t.tv_nsec;
}

/* ---- what is called ----------------------------------------------------------------------------
 */

static void
count(struct figures *f, uint64_t ns, uint64_t now_ns)
{
	unsigned range = 0;

	while (range < RANGES - 1 && ns >= UINT64_C(1000) * ends_us[range])
		range++;
	pthread_mutex_lock(&all.lock);
	if (all.first_ns == 0)
		all.first_ns = now_ns;
	f->n++;
	f->sum_ns += ns;
	f->ranges[range]++;
	if (ns > f->longest_ns) {
		f->longest_ns = ns;
		f->longest_at_ns = now_ns - all.first_ns;
	}
	pthread_mutex_unlock(&all.lock);
}

static void
call(struct figures *f, evutil_socket_t fd, short what, void *arg)
{
	uint64_t begin_ns = clock_ns(CLOCK_THREAD_CPUTIME_ID);

	f->call(fd, what, arg);
	count(f, clock_ns(CLOCK_THREAD_CPUTIME_ID) - begin_ns, clock_ns(CLOCK_MONOTONIC));
}

/*
 * A function of its own for each callback, so that the argument stays what it is: libevent's
 * bufferevents look at it by other ways.
 */
#define PROXIES(X)  \
	EIGHT(X, 0) \
	EIGHT(X, 1) EIGHT(X, 2) EIGHT(X, 3) EIGHT(X, 4) EIGHT(X, 5) EIGHT(X, 6) EIGHT(X, 7)
#define EIGHT(X, a) X(a, 0) X(a, 1) X(a, 2) X(a, 3) X(a, 4) X(a, 5) X(a, 6) X(a, 7)
#define PROXY(a, b)                                                         \
	static void proxy_##a##b(evutil_socket_t fd, short what, void *arg) \
	{                                                                   \
		call(&all.figures[8 * a + b], fd, what, arg);               \
	}
PROXIES(PROXY)

#define NAME(a, b) proxy_##a##b,
static const event_callback_fn proxies[CALLBACKS] = {PROXIES(NAME)};

/* What is called in place of a callback. */
static event_callback_fn
proxy_of(event_callback_fn cb)
{
	unsigned i;

	if (cb == NULL)
		return NULL;
	for (i = 0; i < CALLBACKS; i++) {
		if (cb == proxies[i]) /* libevent calls itself */
			return cb;
	}
	pthread_mutex_lock(&all.lock);
	for (i = 0; i < all.figure_n && all.figures[i].call != cb;)
		i++;
	if (i == CALLBACKS)
		abort();
	all.figure_n += i == all.figure_n;
	all.figures[i].call = cb;
	pthread_mutex_unlock(&all.lock);
	return proxies[i];
}

/* ---- what is wrapped ---------------------------------------------------------------------------
 */

/* libevent's own, behind this library. */
static void *
next(const char *name)
{
	void *p = dlsym(RTLD_NEXT, name);

	if (p == NULL) {
		fprintf(stderr, "callbacks: there is no %s()\n", name);
		abort();
	}
	return p;
}

int
event_assign(struct event *ev, struct event_base *base, evutil_socket_t fd, short events,
    event_callback_fn cb, void *arg)
{
	int (*real)(
	    struct event *, struct event_base *, evutil_socket_t, short, event_callback_fn, void *);

	*(void **)&real = next("event_assign");
	return real(ev, base, fd, events, proxy_of(cb), arg);
}

struct event *
event_new(
    struct event_base *base, evutil_socket_t fd, short events, event_callback_fn cb, void *arg)
{
	struct event *(*real)(
	    struct event_base *, evutil_socket_t, short, event_callback_fn, void *);

	*(void **)&real = next("event_new");
	return real(base, fd, events, proxy_of(cb), arg);
}

int
event_base_once(struct event_base *base, evutil_socket_t fd, short events, event_callback_fn cb,
    void *arg, const struct timeval *after)
{
	int (*real)(struct event_base *, evutil_socket_t, short, event_callback_fn, void *,
	    const struct timeval *);

	*(void **)&real = next("event_base_once");
	return real(base, fd, events, proxy_of(cb), arg, after);
}

/* ---- what is told ------------------------------------------------------------------------------
 */

static void
tell_one(FILE *f, const struct figures *x)
{
	Dl_info where = {0};
	void *at;

	*(event_callback_fn *)&at = x->call;
	(void)dladdr(at, &where);
	fprintf(f,
	    "{\"file\":\"%s\",\"offset\":%llu,\"symbol\":\"%s\",\"n\":%llu,\"sum_ms\":%.3f,"
	    "\"longest_ms\":%.3f,\"longest_at_s\":%.1f,\"ranges\":[",
	    where.dli_fname != NULL ? where.dli_fname : "",
	    (unsigned long long)((uintptr_t)at - (uintptr_t)where.dli_fbase),
	    where.dli_sname != NULL ? where.dli_sname : "", (unsigned long long)x->n,
	    (double)x->sum_ns / 1e6, (double)x->longest_ns / 1e6, (double)x->longest_at_ns / 1e9);
	for (unsigned i = 0; i < RANGES; i++)
		fprintf(f, "%s%llu", i > 0 ? "," : "", (unsigned long long)x->ranges[i]);
	fprintf(f, "]}");
}

__attribute__((destructor)) static void
tell(void)
{
	const char *path = getenv("VNM_CALLBACKS");
	FILE *f = path != NULL ? fopen(path, "we") : NULL;
	bool begun = false;

	if (f == NULL)
		return;
	pthread_mutex_lock(&all.lock);
	fprintf(f, "{\"ends_us\":[");
	for (unsigned i = 0; i < RANGES - 1; i++)
		fprintf(f, "%s%u", i > 0 ? "," : "", ends_us[i]);
	fprintf(f, "],\"callbacks\":[");
	for (unsigned i = 0; i < all.figure_n; i++) {
		if (all.figures[i].n == 0)
			continue;
		if (begun)
			fputc(',', f);
		tell_one(f, &all.figures[i]);
		begun = true;
	}
	fprintf(f, "]}\n");
	pthread_mutex_unlock(&all.lock);
	fclose(f);
}
