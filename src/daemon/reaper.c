/*
 * A thread that frees snapshots. It is started with the first of them.
 */
#include "daemon/reaper.h"

#include "base/alloc.h"

#include <assert.h>
#include <pthread.h>

#define MAGIC 0x766e7270U /* "vnrp" */

struct vnm_reaper {
	uint32_t magic;
	pthread_t thread;
	pthread_mutex_t lock; /* of what follows */
	pthread_cond_t more;
	bool started, ending;
	struct vnm_snapshot *list; /* owned; by next_dead */
};

static void *
thread_main(void *ctx)
{
	struct vnm_reaper *r = ctx;

	pthread_mutex_lock(&r->lock);
	while (!r->ending || r->list != NULL) {
		struct vnm_snapshot *s = r->list;

		if (s == NULL) {
			pthread_cond_wait(&r->more, &r->lock);
			continue;
		}
		r->list = s->next_dead;
		pthread_mutex_unlock(&r->lock);
		vnm_snapshot_free(s);
		pthread_mutex_lock(&r->lock);
	}
	pthread_mutex_unlock(&r->lock);
	return NULL;
}

void
vnm_reaper_take(struct vnm_reaper *r, struct vnm_snapshot *s)
{
	bool alone;

	assert(r->magic == MAGIC);
	pthread_mutex_lock(&r->lock);
	if (!r->started)
		r->started = pthread_create(&r->thread, NULL, thread_main, r) == 0;
	alone = !r->started;
	if (!alone) {
		s->next_dead = r->list;
		r->list = s;
		pthread_cond_signal(&r->more);
	}
	pthread_mutex_unlock(&r->lock);
	if (alone) /* better late than never */
		vnm_snapshot_free(s);
}

struct vnm_reaper *
vnm_reaper_new(void)
{
	struct vnm_reaper *r = vnm_alloc_zero(1, sizeof(*r));

	if (r == NULL)
		return NULL;
	r->magic = MAGIC;
	pthread_mutex_init(&r->lock, NULL);
	pthread_cond_init(&r->more, NULL);
	return r;
}

void
vnm_reaper_free(struct vnm_reaper *r)
{
	if (r == NULL)
		return;
	assert(r->magic == MAGIC);
	pthread_mutex_lock(&r->lock);
	r->ending = true;
	pthread_cond_signal(&r->more);
	pthread_mutex_unlock(&r->lock);
	if (r->started)
		pthread_join(r->thread, NULL);
	pthread_mutex_destroy(&r->lock);
	pthread_cond_destroy(&r->more);
	r->magic = 0;
	vnm_free(r);
}
