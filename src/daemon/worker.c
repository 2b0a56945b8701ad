/*
 * One event loop with all that it needs.
 */
#include "daemon/worker.h"

#include "base/alloc.h"
#include "base/clock.h"
#include "base/hash.h"
#include "base/log.h"
#include "daemon/pipeline.h"
#include "daemon/polls.h"
#include "daemon/targets.h"
#include "decoders/rib_query.h"

#include <assert.h>
#include <event2/event.h>
#include <pthread.h>
#include <sys/eventfd.h>
#include <time.h>
#include <unistd.h>

#define MAGIC 0x766e776bU /* "vnwk" */
#define DEMANDS 256	  /* of other workers that wait in a worker's mailbox */
#define WORK_US 1000	  /* between two pieces of what can wait */
#define NO_ROOM_US 5000	  /* the same while outputs have no room */

/* One listener's socket in this worker. */
struct port {
	struct vnm_worker *worker;
	const struct vnm_decoder *decoder;
	const void *options; /* the decoder's own, of the current snapshot */
	const char *name;    /* of the first snapshot, which the sinks keep alive */
	struct vnm_intake intake;
	struct vnm_udp *udp;
	struct vnm_tcp *tcp;
};

struct vnm_worker {
	uint32_t magic;
	uint32_t id;
	struct event_base *base;
	struct event *clock;
	struct vnm_set_back set_back;
	struct event *mail;
	struct event *work; /* armed while decoders have put something off */
	int mail_fd;
	_Atomic(struct vnm_snapshot *) posted; /* taken by the worker */
	atomic_bool stop;
	struct vnm_snapshot *snapshot;
	struct vnm_pipeline *pipeline;
	struct vnm_outputs outputs;
	struct port *ports; /* owned; one for each listener of the first snapshot */
	uint32_t port_count;
	struct vnm_polls *polls;       /* NULL: nobody was ever to be polled */
	struct vnm_worker *const *all; /* borrowed */
	uint32_t count;
	pthread_t thread;
	bool started;		 /* it runs in `thread` */
	pthread_mutex_t lock;	 /* of what follows */
	pthread_cond_t answered; /* on the monotonic clock */
	bool asked;
	struct vnm_counters answer;
	struct vnm_addr demands[DEMANDS];
	uint32_t demand_count, demands_lost;
	struct vnm_rib_query *query; /* NULL: none is asked, or it is answered; borrowed */
	struct vnm_buffer routes;    /* the answer to it */
	struct vnm_buffer *targets;  /* the same for targets: where they are to be; borrowed */
	bool targets_cut;	     /* not all are there */
	bool dump_asked;
	struct vnm_addr dump;
};

/* ---- what can wait --------------------------------------------------------------------------- */

static void
arm_work(struct vnm_worker *w, long us)
{
	const struct timeval after = {.tv_usec = us};

	if (vnm_pipeline_waits(w->pipeline) && !evtimer_pending(w->work, NULL))
		(void)evtimer_add(w->work, &after);
}

static void
on_work(evutil_socket_t fd, short what, void *ctx)
{
	struct vnm_worker *w = ctx;
	bool room = vnm_pipeline_room(w->pipeline);

	(void)fd;
	(void)what;
	if (room && vnm_pipeline_work(w->pipeline, vnm_clock_wall_ns()))
		vnm_pipeline_turn_end(w->pipeline);
	arm_work(w, room ? WORK_US : NO_ROOM_US);
}

/* ---- what collectors call ------------------------------------------------------------------ */

static void
on_message(void *ctx, const struct vnm_datagram *d)
{
	struct port *p = ctx;

	vnm_pipeline_message(p->worker->pipeline, p->decoder, p->options, d);
}

static void
on_end(void *ctx, const struct vnm_datagram *d)
{
	struct port *p = ctx;

	vnm_pipeline_end(p->worker->pipeline, p->decoder, d);
}

static void
on_turn_end(void *ctx)
{
	struct port *p = ctx;

	vnm_pipeline_turn_end(p->worker->pipeline);
	arm_work(p->worker, WORK_US);
}

static bool
on_room(void *ctx)
{
	struct port *p = ctx;

	return vnm_pipeline_room(p->worker->pipeline);
}

/* ---- time and mail --------------------------------------------------------------------------- */

static void
on_clock(evutil_socket_t fd, short what, void *ctx)
{
	struct vnm_worker *w = ctx;

	(void)fd;
	(void)what;
	for (uint32_t i = 0; i < w->port_count; i++) {
		if (w->ports[i].udp != NULL)
			vnm_udp_tick(w->ports[i].udp);
	}
	vnm_set_back_look(&w->set_back, vnm_clock_wall_ns(), vnm_clock_mono_ns());
	vnm_pipeline_tick(w->pipeline, w->set_back.wall_ns);
	vnm_pipeline_turn_end(w->pipeline);
	arm_work(w, WORK_US);
}

static const struct vnm_conf_listener *
listener_named(const struct vnm_conf *conf, const char *name)
{
	for (uint32_t i = 0; i < conf->listener_count; i++) {
		if (strcmp(conf->listeners[i].common.name, name) == 0)
			return &conf->listeners[i];
	}
	return NULL;
}

/* A listener that the new configuration does not have goes on with what it has. */
static void
reload_ports(struct vnm_worker *w, const struct vnm_conf *conf)
{
	for (uint32_t i = 0; i < w->port_count; i++) {
		struct port *p = &w->ports[i];
		const struct vnm_conf_listener *l =
		    p->name != NULL ? listener_named(conf, p->name) : NULL;

		if (l == NULL || l->decoder != p->decoder) {
			p->options = NULL;
			continue;
		}
		p->options = l->options;
		if (p->udp != NULL)
			vnm_udp_reload(p->udp, &l->common);
		if (p->tcp != NULL)
			vnm_tcp_reload(p->tcp, &l->common, l->tls);
	}
}

static void
reload_outputs(struct vnm_worker *w, const struct vnm_conf *conf)
{
	struct vnm_err err;

	for (size_t i = 0; i < w->outputs.n; i++) {
		const char *name = w->outputs.list[i]->sink->name;

		for (uint32_t k = 0; k < conf->output_count; k++) {
			if (strcmp(conf->outputs[k].common.name, name) != 0)
				continue;
			if (vnm_output_reload(w->outputs.list[i], &conf->outputs[k].common, &err) !=
			    0)
				vnm_error("output %s: %s", name, err.text);
		}
	}
}

/* ---- polls ------------------------------------------------------------------------------------
 */

static void
on_elsewhere(void *ctx, uint32_t worker, const struct vnm_addr *addr)
{
	struct vnm_worker *w = ctx;

	if (worker < w->count && w->all[worker] != NULL)
		vnm_worker_demand(w->all[worker], addr);
}

int
vnm_worker_poll(struct vnm_worker *w, struct vnm_err *err)
{
	const struct vnm_polls_config config = {
	    .pipeline = w->pipeline,
	    .base = w->base,
	    .worker = w->id,
	    .workers = w->count,
	    .rcvbuf = w->snapshot->conf->main.poll_rcvbuf,
	    .elsewhere = on_elsewhere,
	    .ctx = w,
	};

	if (w->polls == NULL)
		w->polls = vnm_polls_open(&config, err);
	return w->polls != NULL ? 0 : -1;
}

static void
reload_polls(struct vnm_worker *w, const struct vnm_snapshot *snapshot)
{
	struct vnm_err err;

	if (snapshot->polls != NULL && vnm_worker_poll(w, &err) != 0)
		vnm_error("%s", err.text);
	if (w->polls != NULL)
		vnm_polls_configure(w->polls, snapshot->polls);
}

void
vnm_worker_demand(struct vnm_worker *w, const struct vnm_addr *addr)
{
	pthread_mutex_lock(&w->lock);
	if (w->demand_count < DEMANDS)
		w->demands[w->demand_count++] = *addr;
	else
		w->demands_lost++;
	pthread_mutex_unlock(&w->lock);
	eventfd_write(w->mail_fd, 1);
}

static void
take_demands(struct vnm_worker *w)
{
	struct vnm_addr taken[DEMANDS];
	uint32_t n;

	pthread_mutex_lock(&w->lock);
	vnm_pipeline_counters(w->pipeline)->v[VNM_C_poll_demands_lost] += w->demands_lost;
	w->demands_lost = 0;
	n = w->demand_count;
	memcpy(taken, w->demands, n * sizeof(*taken));
	w->demand_count = 0;
	pthread_mutex_unlock(&w->lock);
	for (uint32_t i = 0; i < n && w->polls != NULL; i++)
		vnm_polls_demand(w->polls, &taken[i]);
}

static void
reload(struct vnm_worker *w, struct vnm_snapshot *snapshot)
{
	struct vnm_snapshot *old = w->snapshot;

	reload_ports(w, snapshot->conf);
	reload_outputs(w, snapshot->conf);
	vnm_pipeline_forget_options(w->pipeline);
	vnm_pipeline_limits(w->pipeline, &snapshot->conf->limits);
	vnm_pipeline_topology(w->pipeline, snapshot->topology);
	if (!vnm_pipeline_analysis(w->pipeline, &snapshot->conf->analysis))
		vnm_error("worker %u: not enough memory for all that `logs` asks for", w->id);
	vnm_pipeline_mib(w->pipeline, snapshot->mib);
	reload_polls(w, snapshot);
	w->snapshot = snapshot;
	vnm_snapshot_leave(old);
}

/* False: memory was short. */
static bool
list_targets(const struct vnm_worker *w, struct vnm_buffer *b)
{
	struct vnm_target_lines lines = {.b = b, .worker = w->id};

	for (uint32_t i = 0; i < w->port_count; i++) {
		if (w->ports[i].tcp != NULL)
			vnm_tcp_targets(w->ports[i].tcp, vnm_target_line, &lines);
	}
	return !lines.cut;
}

static void
answer(struct vnm_worker *w)
{
	pthread_mutex_lock(&w->lock);
	if (w->asked) {
		w->answer = *vnm_pipeline_counters(w->pipeline);
		w->asked = false;
		pthread_cond_signal(&w->answered);
	}
	if (w->query != NULL) {
		if (vnm_pipeline_query(w->pipeline, w->query, &w->routes) != 0)
			w->query->more = true;
		w->query = NULL;
		pthread_cond_signal(&w->answered);
	}
	if (w->targets != NULL) {
		w->targets_cut = !list_targets(w, w->targets);
		w->targets = NULL;
		pthread_cond_signal(&w->answered);
	}
	if (w->dump_asked)
		vnm_pipeline_dump(w->pipeline, &w->dump);
	w->dump_asked = false;
	pthread_mutex_unlock(&w->lock);
	arm_work(w, WORK_US);
}

static void
on_mail(evutil_socket_t fd, short what, void *ctx)
{
	struct vnm_worker *w = ctx;
	struct vnm_snapshot *posted;
	eventfd_t count;

	(void)what;
	(void)eventfd_read(fd, &count);
	posted = atomic_exchange(&w->posted, NULL);
	if (posted != NULL)
		reload(w, posted);
	take_demands(w);
	answer(w);
	if (atomic_load(&w->stop))
		event_base_loopbreak(w->base);
}

void
vnm_worker_reload(struct vnm_worker *w, struct vnm_snapshot *snapshot)
{
	vnm_snapshot_leave(atomic_exchange(&w->posted, vnm_snapshot_use(snapshot)));
	eventfd_write(w->mail_fd, 1);
}

void
vnm_worker_stop(struct vnm_worker *w)
{
	atomic_store(&w->stop, true);
	eventfd_write(w->mail_fd, 1);
}

/* ---- its life ----------------------------------------------------------------------------------
 */

/*
 * Streams end here. Sockets for datagrams stay until all workers are through: with one less,
 * the kernel would give its exporters to workers that do not know their templates.
 */
static void
drain(struct vnm_worker *w)
{
	vnm_pipeline_hurry(w->pipeline);
	for (uint32_t i = 0; i < w->port_count; i++) {
		struct port *p = &w->ports[i];

		if (p->udp != NULL)
			vnm_udp_drain(p->udp);
		if (p->tcp != NULL)
			vnm_tcp_drain(p->tcp);
		vnm_tcp_close(p->tcp);
		p->tcp = NULL;
	}
	vnm_polls_drain(w->polls);
	vnm_pipeline_tick(w->pipeline, vnm_clock_wall_ns());
	vnm_pipeline_finish(w->pipeline);
}

void
vnm_worker_run(struct vnm_worker *w)
{
	if (w->polls != NULL)
		vnm_polls_configure(w->polls, w->snapshot->polls);
	event_base_dispatch(w->base);
	drain(w);
}

static void *
thread_main(void *ctx)
{
	vnm_worker_run(ctx);
	return NULL;
}

int
vnm_worker_start(struct vnm_worker *w, struct vnm_err *err)
{
	if (pthread_create(&w->thread, NULL, thread_main, w) != 0)
		return vnm_err_text(err, "cannot start a thread for worker %u", w->id);
	w->started = true;
	return 0;
}

void
vnm_worker_join(struct vnm_worker *w)
{
	if (w->started)
		pthread_join(w->thread, NULL);
	w->started = false;
}

static int
add_events(struct vnm_worker *w)
{
	static const struct timeval second = {.tv_sec = 1};

	w->base = event_base_new();
	w->mail_fd = eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK);
	if (w->base == NULL || w->mail_fd < 0)
		return -1;
	w->clock = event_new(w->base, -1, EV_PERSIST, on_clock, w);
	w->mail = event_new(w->base, w->mail_fd, EV_READ | EV_PERSIST, on_mail, w);
	w->work = evtimer_new(w->base, on_work, w);
	if (w->clock == NULL || w->mail == NULL || w->work == NULL)
		return -1;
	return event_add(w->clock, &second) != 0 || event_add(w->mail, NULL) != 0 ? -1 : 0;
}

static void
make_lock(struct vnm_worker *w)
{
	pthread_condattr_t monotonic;

	pthread_mutex_init(&w->lock, NULL);
	pthread_condattr_init(&monotonic);
	pthread_condattr_setclock(&monotonic, CLOCK_MONOTONIC);
	pthread_cond_init(&w->answered, &monotonic);
	pthread_condattr_destroy(&monotonic);
}

struct vnm_worker *
vnm_worker_new(const struct vnm_worker_config *config, struct vnm_err *err)
{
	const struct vnm_conf *conf = config->snapshot->conf;
	struct vnm_pipeline_config pipeline = {
	    .collector = config->collector,
	    .epoch_ns = config->epoch_ns,
	    .worker = config->id,
	    .limits = &conf->limits,
	    .hash_seed = vnm_hash_random_seed(),
	    .state_dir = conf->main.state_dir,
	    .self = config->self,
	};
	struct vnm_worker *w = vnm_alloc_zero(1, sizeof(*w));

	vnm_err_text(err, "out of memory");
	if (w == NULL)
		return NULL;
	w->magic = MAGIC;
	pipeline.set_back = &w->set_back;
	vnm_set_back_look(&w->set_back, vnm_clock_wall_ns(), vnm_clock_mono_ns());
	make_lock(w);
	w->id = config->id;
	w->all = config->all;
	w->count = config->count;
	w->mail_fd = -1;
	w->snapshot = vnm_snapshot_use(config->snapshot);
	w->ports = vnm_alloc_zero(conf->listener_count, sizeof(*w->ports));
	w->port_count = w->ports != NULL ? conf->listener_count : 0;
	w->pipeline = vnm_pipeline_new(&pipeline);
	if (w->ports == NULL || w->pipeline == NULL || add_events(w) != 0 ||
	    !vnm_pipeline_analysis(w->pipeline, &conf->analysis)) {
		vnm_worker_free(w);
		return NULL;
	}
	vnm_pipeline_topology(w->pipeline, w->snapshot->topology);
	vnm_pipeline_mib(w->pipeline, w->snapshot->mib);
	return w;
}

int
vnm_worker_outputs(struct vnm_worker *w, const struct vnm_sinks *sinks, struct vnm_err *err)
{
	if (vnm_outputs_open(&w->outputs, w->snapshot->conf, sinks, err) != 0)
		return -1;
	vnm_pipeline_outputs(w->pipeline, w->outputs.list, w->outputs.n);
	return 0;
}

static struct vnm_tcp *
open_tcp(struct port *p, const struct vnm_conf_listener *l, int fd, struct vnm_err *err)
{
	const struct vnm_tcp_config config = {.options = &l->common,
	    .tls = l->tls,
	    .fd = fd,
	    .base = p->worker->base,
	    .intake = &p->intake,
	    .worker = p->worker->id,
	    .workers = p->worker->snapshot->conf->main.workers};

	return vnm_tcp_open(&config, err);
}

int
vnm_worker_listen(struct vnm_worker *w, uint32_t listener, int fd, struct vnm_err *err)
{
	const struct vnm_conf_listener *l = &w->snapshot->conf->listeners[listener];
	struct port *p = &w->ports[listener];

	p->worker = w;
	p->decoder = l->decoder;
	p->options = l->options;
	p->name = l->common.name;
	p->intake = (struct vnm_intake){
	    .ctx = p,
	    .message = on_message,
	    .end = on_end,
	    .turn_end = on_turn_end,
	    .room = on_room,
	    .frame = l->decoder->frame,
	    .answers = l->decoder->answers,
	    .counters = vnm_pipeline_counters(w->pipeline),
	};
	if (fd < 0 || vnm_transport_is_stream(l->common.listen.transport))
		p->tcp = open_tcp(p, l, fd, err);
	else
		p->udp = vnm_udp_open(&l->common, fd, w->base, &p->intake, err);
	return p->tcp != NULL || p->udp != NULL ? 0 : -1;
}

struct event_base *
vnm_worker_base(struct vnm_worker *w)
{
	return w->base;
}

void
vnm_worker_ask(struct vnm_worker *w)
{
	if (!w->started)
		return;
	pthread_mutex_lock(&w->lock);
	w->asked = true;
	pthread_mutex_unlock(&w->lock);
	eventfd_write(w->mail_fd, 1);
}

static struct timespec
time_of(uint64_t mono_ns)
{
	return (struct timespec){
	    .tv_sec = (time_t)(mono_ns / VNM_NS_PER_S), .tv_nsec = (long)(mono_ns % VNM_NS_PER_S)};
}

bool
vnm_worker_targets(struct vnm_worker *w, uint64_t deadline_mono_ns, struct vnm_buffer *answer)
{
	const struct timespec until = time_of(deadline_mono_ns);
	bool all;

	if (!w->started)
		return list_targets(w, answer);
	pthread_mutex_lock(&w->lock);
	w->targets = answer;
	eventfd_write(w->mail_fd, 1);
	while (w->targets != NULL && pthread_cond_timedwait(&w->answered, &w->lock, &until) == 0)
		continue;
	all = w->targets == NULL && !w->targets_cut;
	w->targets = NULL;
	pthread_mutex_unlock(&w->lock);
	return all;
}

/* The worker answers under the lock: it is not asked anew meanwhile, and never too late. */
void
vnm_worker_query(struct vnm_worker *w, uint64_t deadline_mono_ns, struct vnm_rib_query *q,
    struct vnm_buffer *answer)
{
	const struct timespec until = time_of(deadline_mono_ns);

	if (!w->started) {
		if (vnm_pipeline_query(w->pipeline, q, answer) != 0)
			q->more = true;
		return;
	}
	pthread_mutex_lock(&w->lock);
	w->query = q;
	eventfd_write(w->mail_fd, 1);
	while (w->query != NULL && pthread_cond_timedwait(&w->answered, &w->lock, &until) == 0)
		continue;
	if (w->query != NULL || !vnm_buffer_append(answer, w->routes.p, w->routes.n))
		q->more = true;
	w->query = NULL;
	vnm_buffer_free(&w->routes);
	pthread_mutex_unlock(&w->lock);
}

void
vnm_worker_dump(struct vnm_worker *w, const struct vnm_addr *router)
{
	pthread_mutex_lock(&w->lock);
	w->dump = *router;
	w->dump_asked = true;
	pthread_mutex_unlock(&w->lock);
	eventfd_write(w->mail_fd, 1);
}

void
vnm_worker_counters(struct vnm_worker *w, uint64_t deadline_mono_ns, struct vnm_counters *sum)
{
	const struct timespec until = {.tv_sec = (time_t)(deadline_mono_ns / VNM_NS_PER_S),
	    .tv_nsec = (long)(deadline_mono_ns % VNM_NS_PER_S)};

	if (!w->started) {
		vnm_counters_add(sum, vnm_pipeline_counters(w->pipeline));
		return;
	}
	pthread_mutex_lock(&w->lock);
	while (w->asked && pthread_cond_timedwait(&w->answered, &w->lock, &until) == 0)
		continue;
	vnm_counters_add(sum, &w->answer);
	pthread_mutex_unlock(&w->lock);
}

void
vnm_worker_free(struct vnm_worker *w)
{
	if (w == NULL)
		return;
	assert(w->magic == MAGIC);
	for (uint32_t i = 0; i < w->port_count; i++) {
		if (w->ports[i].udp != NULL)
			vnm_udp_close(w->ports[i].udp);
		if (w->ports[i].tcp != NULL)
			vnm_tcp_close(w->ports[i].tcp);
	}
	vnm_free(w->ports);
	vnm_polls_close(w->polls);
	vnm_pipeline_free(w->pipeline);
	vnm_outputs_close(&w->outputs);
	if (w->clock != NULL)
		event_free(w->clock);
	if (w->mail != NULL)
		event_free(w->mail);
	if (w->work != NULL)
		event_free(w->work);
	if (w->mail_fd >= 0)
		close(w->mail_fd);
	if (w->base != NULL)
		event_base_free(w->base);
	vnm_snapshot_leave(atomic_load(&w->posted));
	vnm_snapshot_leave(w->snapshot);
	pthread_cond_destroy(&w->answered);
	pthread_mutex_destroy(&w->lock);
	w->magic = 0;
	vnm_free(w);
}
