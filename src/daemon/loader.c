/*
 * A thread that reads the configuration while the workers go on.
 */
#include "daemon/loader.h"

#include "base/alloc.h"
#include "base/log.h"

#include <assert.h>
#include <event2/event.h>
#include <pthread.h>

#define MAGIC 0x766e6c64U /* "vnld" */

struct vnm_loader {
	uint32_t magic;
	struct vnm_conf_input input;
	vnm_loader_fn done;
	void *ctx;
	struct event *finished;
	bool running;
	bool again;
	pthread_t thread;
	uint64_t version;	       /* of the topology; the thread's while it runs, as is all */
	struct vnm_snapshot *snapshot; /* that follows */
	struct vnm_errs errs;
};

static void *
thread_main(void *ctx)
{
	struct vnm_loader *l = ctx;

	l->snapshot = vnm_snapshot_load(&l->input, l->version + 1, &l->errs);
	if (l->snapshot != NULL)
		l->version++;
	event_active(l->finished, EV_TIMEOUT, 0);
	return NULL;
}

void
vnm_loader_start(struct vnm_loader *l)
{
	assert(l->magic == MAGIC);
	l->again = l->running;
	if (l->running)
		return;
	l->running = pthread_create(&l->thread, NULL, thread_main, l) == 0;
	if (!l->running)
		vnm_error(
		    "cannot start a thread that reads the new configuration; the old one stays");
}

static void
on_finished(evutil_socket_t fd, short what, void *ctx)
{
	struct vnm_loader *l = ctx;

	(void)fd;
	(void)what;
	pthread_join(l->thread, NULL);
	l->running = false;
	l->done(l->ctx, l->snapshot, &l->errs);
	l->snapshot = NULL;
	vnm_errs_free(&l->errs);
	if (l->again)
		vnm_loader_start(l);
}

struct vnm_loader *
vnm_loader_new(
    struct event_base *base, const struct vnm_conf_input *input, vnm_loader_fn done, void *ctx)
{
	struct vnm_loader *l = vnm_alloc_zero(1, sizeof(*l));

	if (l == NULL)
		return NULL;
	*l = (struct vnm_loader){
	    .magic = MAGIC, .input = *input, .done = done, .ctx = ctx, .version = 1};
	l->finished = event_new(base, -1, 0, on_finished, l);
	if (l->finished == NULL) {
		vnm_free(l);
		return NULL;
	}
	return l;
}

void
vnm_loader_free(struct vnm_loader *l)
{
	if (l == NULL)
		return;
	assert(l->magic == MAGIC);
	if (l->running)
		pthread_join(l->thread, NULL);
	event_free(l->finished);
	vnm_snapshot_leave(l->snapshot);
	vnm_errs_free(&l->errs);
	l->magic = 0;
	vnm_free(l);
}
