/*
 * vnmcd as a daemon: sockets, workers, signals and the end. Worker 0 runs in the main thread
 * and owns signals, the sinks' clock and HTTP.
 */
#include "daemon/run.h"

#include "base/alloc.h"
#include "base/clock.h"
#include "base/log.h"
#include "collectors/activation.h"
#include "daemon/books.h"
#include "daemon/engine.h"
#include "daemon/http.h"
#include "daemon/loader.h"
#include "daemon/notify.h"
#include "daemon/privs.h"
#include "daemon/reaper.h"
#include "daemon/worker.h"
#include "decoders/rib_query.h"

#include <errno.h>
#include <event2/event.h>
#include <event2/thread.h>
#include <malloc.h>
#include <signal.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <unistd.h>

#define WORKERS_MAX 256
#define SINK_TICK_US 100000
#define QUERY_NS (2 * VNM_NS_PER_S)	/* the same for routes */
#define ANSWER_NS (200 * VNM_NS_PER_MS) /* how long all workers have to tell their counters */

struct live {
	const struct vnm_options *options;
	struct vnm_snapshot *snapshot; /* the first: sinks and sockets are as it says */
	struct vnm_snapshot *current;
	struct vnm_loader *loader; /* of the next */
	struct vnm_reaper *reaper; /* of those that were */
	uint64_t epoch_ns;
	const char *collector;
	struct vnm_engine engine;
	struct vnm_activation activation;
	struct vnm_sinks sinks;
	struct vnm_worker **workers; /* owned */
	uint32_t worker_count;
	struct vnm_http *http;
	struct event *signals[3];
	struct event *tick;
};

/* ---- while it runs ------------------------------------------------------------------------- */

static void
on_stop(evutil_socket_t number, short what, void *ctx)
{
	struct live *l = ctx;

	(void)what;
	vnm_info("stopping on signal %d", (int)number);
	vnm_notify("STOPPING=1");
	for (uint32_t i = 0; i < l->worker_count; i++)
		vnm_worker_stop(l->workers[i]);
}

static void
tell_restarts(const struct live *l, const struct vnm_snapshot *next)
{
	struct vnm_strings paths = {0};

	if (vnm_conf_needs_restart(l->snapshot->conf, next->conf, &paths) != 0)
		vnm_warning("out of memory while the configurations were compared");
	for (uint32_t i = 0; i < paths.n; i++)
		vnm_warning("%s has changed: a restart is needed to apply it", paths.p[i]);
	vnm_strings_free(&paths);
}

static void
on_reload(evutil_socket_t number, short what, void *ctx)
{
	struct live *l = ctx;

	(void)number;
	(void)what;
	vnm_sinks_reopen(&l->sinks);
	vnm_loader_start(l->loader);
}

static void
on_loaded(void *ctx, struct vnm_snapshot *next, struct vnm_errs *errs)
{
	struct live *l = ctx;

	if (next == NULL) {
		vnm_run_print_errors(errs);
		vnm_error("the new configuration is not applied; the old one stays");
		return;
	}
	next->reaper = l->reaper;
	tell_restarts(l, next);
	for (uint32_t i = 0; i < l->worker_count; i++)
		vnm_worker_reload(l->workers[i], next);
	vnm_snapshot_leave(l->current);
	l->current = next;
	vnm_run_log_level(next->conf);
	vnm_info("configuration and topology are reloaded");
}

static void
on_tick(evutil_socket_t fd, short what, void *ctx)
{
	struct live *l = ctx;

	(void)fd;
	(void)what;
	vnm_sinks_tick(&l->sinks, vnm_clock_mono_ns());
}

static void
sum_counters(void *ctx, struct vnm_counters *sum)
{
	struct live *l = ctx;

	uint64_t deadline_ns = vnm_clock_mono_ns() + ANSWER_NS;

	for (uint32_t i = 0; i < l->worker_count; i++)
		vnm_worker_ask(l->workers[i]);
	for (uint32_t i = 0; i < l->worker_count; i++)
		vnm_worker_counters(l->workers[i], deadline_ns, sum);
}

static void
query_rib(void *ctx, struct vnm_rib_query *q, struct vnm_buffer *answer)
{
	struct live *l = ctx;
	uint64_t deadline_ns = vnm_clock_mono_ns() + QUERY_NS;

	for (uint32_t i = 0; i < l->worker_count && !q->more; i++)
		vnm_worker_query(l->workers[i], deadline_ns, q, answer);
}

static bool
list_targets(void *ctx, struct vnm_buffer *answer)
{
	struct live *l = ctx;
	uint64_t deadline_ns = vnm_clock_mono_ns() + QUERY_NS;
	bool all = true;

	for (uint32_t i = 0; i < l->worker_count; i++)
		all &= vnm_worker_targets(l->workers[i], deadline_ns, answer);
	return all;
}

static void
dump_rib(void *ctx, const struct vnm_addr *router)
{
	struct live *l = ctx;

	for (uint32_t i = 0; i < l->worker_count; i++)
		vnm_worker_dump(l->workers[i], router);
}

/* ---- start ------------------------------------------------------------------------------------
 */

/* Made while we still may, for the user that we become. */
static int
make_state_dir(const struct vnm_conf_main *c, struct vnm_err *err)
{
	if (c->state_dir == NULL)
		return 0;
	if (mkdir(c->state_dir, 0750) == 0)
		return c->user == NULL ? 0 : vnm_privs_give(c->state_dir, c->user, err);
	if (errno == EEXIST)
		return 0;
	return vnm_err_text(err, "state_dir: cannot make %s: %s", c->state_dir, strerror(errno));
}

static int
check_state_dir(const char *dir, struct vnm_err *err)
{
	struct stat st;

	if (dir == NULL)
		return 0;
	if (stat(dir, &st) != 0 || !S_ISDIR(st.st_mode) || access(dir, W_OK | X_OK) != 0)
		return vnm_err_text(
		    err, "state_dir: %s is not a directory that vnmcd may write to", dir);
	return 0;
}

static int
bind_own(const struct vnm_conf_listener *c, bool reuseport, int *fd, struct vnm_err *err)
{
	return vnm_transport_is_stream(c->common.listen.transport)
		   ? vnm_tcp_bind(&c->common, reuseport, fd, err)
		   : vnm_udp_bind(&c->common, reuseport, fd, err);
}

/*
 * One socket of a listener for one worker: systemd's or our own. The kernel would also share the
 * address with another vnmcd that has workers; a first socket that shares with none finds out.
 */
static int
bind_listener(struct live *l, const struct vnm_conf_listener *c, uint32_t worker, int *fd,
    struct vnm_err *err)
{
	bool reuseport = l->worker_count > 1;

	*fd = vnm_activation_take(&l->activation, &c->common);
	if (*fd >= 0)
		return 0;
	if (reuseport && worker == 0) {
		if (bind_own(c, false, fd, err) != 0)
			return -1;
		close(*fd);
	}
	return bind_own(c, reuseport, fd, err);
}

/*
 * A group that systemd made may have more sockets than there are workers: steered, sources come
 * to those that are read.
 */
static int
steer(const struct vnm_conf_listener *c, int fd, unsigned sockets, unsigned from_systemd,
    struct vnm_err *err)
{
	if (sockets == 1 && from_systemd < 2)
		return 0;
	if (vnm_listener_steer(fd, sockets, err) == 0)
		return 0;
	if (from_systemd == 0)
		return -1;
	vnm_warning("listener %s: %s; the sockets from systemd need ReusePort=yes", c->common.name,
	    err->text);
	return 0;
}

/* A listener that connects: each worker takes those targets that are its own. */
static int
share_targets(struct live *l, uint32_t index, struct vnm_err *err)
{
	for (uint32_t i = 0; i < l->worker_count; i++) {
		if (vnm_worker_listen(l->workers[i], index, -1, err) != 0)
			return -1;
	}
	return 0;
}

/*
 * All sockets of a listener, worker by worker. systemd hands over as many as its unit names;
 * where that is one, only the first worker reads it.
 */
static int
open_listener(struct live *l, uint32_t index, struct vnm_err *err)
{
	const struct vnm_conf_listener *c = &l->snapshot->conf->listeners[index];
	unsigned from_systemd = vnm_activation_count(&l->activation, &c->common);
	uint32_t sockets =
	    from_systemd != 0 && from_systemd < l->worker_count ? from_systemd : l->worker_count;
	int fd = -1;

	if (c->common.connect.n > 0)
		return share_targets(l, index, err);
	for (uint32_t i = 0; i < sockets; i++) {
		if (bind_listener(l, c, i, &fd, err) != 0 ||
		    vnm_worker_listen(l->workers[i], index, fd, err) != 0)
			return -1;
	}
	if (sockets < l->worker_count)
		vnm_warning("listener %s: systemd handed over %u socket(s) for %u workers; only "
			    "so many read it",
		    c->common.name, sockets, l->worker_count);
	return steer(c, fd, sockets, from_systemd, err);
}

static int
open_workers(struct live *l, struct vnm_err *err)
{
	const struct vnm_conf *conf = l->snapshot->conf;
	struct vnm_worker_config config = {
	    .snapshot = l->snapshot,
	    .collector = vnm_str_of(l->collector),
	    .epoch_ns = l->epoch_ns,
	    .self = &l->engine.self,
	};
	uint32_t wanted = conf->main.workers;

	if (wanted == 0 || wanted > WORKERS_MAX)
		return vnm_err_text(err, "workers: must be 1 to %u", WORKERS_MAX);
	l->workers = vnm_alloc_zero(wanted, sizeof(struct vnm_worker *));
	if (l->workers == NULL)
		return vnm_err_text(err, "out of memory");
	config.all = l->workers;
	config.count = wanted;
	for (; l->worker_count < wanted; l->worker_count++) {
		struct vnm_worker **w = &l->workers[l->worker_count];

		config.id = l->worker_count;
		*w = vnm_worker_new(&config, err);
		if (*w == NULL)
			return -1;
		if (l->snapshot->polls != NULL && vnm_worker_poll(*w, err) != 0) {
			vnm_worker_free(*w);
			*w = NULL;
			return -1;
		}
	}
	for (uint32_t i = 0; i < conf->listener_count; i++) {
		if (open_listener(l, i, err) != 0)
			return -1;
	}
	return 0;
}

static int
open_events(struct live *l, struct vnm_err *err)
{
	struct event_base *base = vnm_worker_base(l->workers[0]);
	const struct vnm_conf_input input = vnm_options_input(l->options);
	const struct timeval tick = {.tv_usec = SINK_TICK_US};

	l->loader = vnm_loader_new(base, &input, on_loaded, l);
	l->signals[0] = evsignal_new(base, SIGTERM, on_stop, l);
	l->signals[1] = evsignal_new(base, SIGINT, on_stop, l);
	l->signals[2] = evsignal_new(base, SIGHUP, on_reload, l);
	l->tick = event_new(base, -1, EV_PERSIST, on_tick, l);
	for (unsigned i = 0; i < VNM_ARRAY_LEN(l->signals); i++) {
		if (l->signals[i] == NULL || event_add(l->signals[i], NULL) != 0)
			return vnm_err_text(err, "out of memory");
	}
	if (l->loader == NULL || l->tick == NULL || event_add(l->tick, &tick) != 0)
		return vnm_err_text(err, "out of memory");
	return 0;
}

static int
open_http(struct live *l, struct vnm_err *err)
{
	const struct vnm_http_config config = {
	    .listen = l->snapshot->conf->http.listen,
	    .ctx = l,
	    .counters = sum_counters,
	    .rib = query_rib,
	    .dump = dump_rib,
	    .targets = list_targets,
	    .sinks = &l->sinks,
	    .collector = l->collector,
	};

	if (config.listen.addr.family == VNM_ADDR_NONE)
		return 0;
	l->http = vnm_http_open(vnm_worker_base(l->workers[0]), &config, err);
	return l->http != NULL ? 0 : -1;
}

/* Of whom we are now, so that a file can also be opened anew when it was moved away. */
static int
open_outputs(struct live *l, struct vnm_err *err)
{
	if (vnm_sinks_open(&l->sinks, l->snapshot->conf, err) != 0)
		return -1;
	for (size_t i = 0; i < l->sinks.n; i++)
		l->sinks.p[i]->never_waits = true;
	for (uint32_t i = 0; i < l->worker_count; i++) {
		if (vnm_worker_outputs(l->workers[i], &l->sinks, err) != 0)
			return -1;
	}
	return 0;
}

static int
become_user(const struct vnm_conf_main *c, struct vnm_err *err)
{
	if (make_state_dir(c, err) != 0)
		return -1;
	if (c->user != NULL && vnm_privs_drop(c->user, err) != 0)
		return -1;
	return check_state_dir(c->state_dir, err);
}

/* Many connections need many descriptors: as many as the system lets us have. */
static void
raise_descriptors(void)
{
	struct rlimit files;

	if (getrlimit(RLIMIT_NOFILE, &files) != 0)
		return;
	files.rlim_cur = files.rlim_max;
	(void)setrlimit(RLIMIT_NOFILE, &files);
}

static void
on_libevent_message(int severity, const char *text)
{
	if (severity >= EVENT_LOG_WARN)
		vnm_warning("libevent: %s", text);
	else
		vnm_debug("libevent: %s", text);
}

/*
 * glibc keeps small blocks that were freed, and joins all of them when someone wants a large one:
 * where thousands of devices are gone that is tens of milliseconds of one turn.
 */
static void
join_blocks_at_once(void)
{
#ifdef M_MXFAST
	(void)mallopt(M_MXFAST, 0);
#endif
}

static int
start(struct live *l, struct vnm_err *err)
{
	raise_descriptors();
	join_blocks_at_once();
	l->reaper = vnm_reaper_new();
	if (l->reaper == NULL)
		return vnm_err_text(err, "out of memory");
	event_set_log_callback(on_libevent_message);
	if (vnm_activation_read(&l->activation, err) != 0 || open_workers(l, err) != 0 ||
	    open_events(l, err) != 0 || open_http(l, err) != 0 ||
	    become_user(&l->snapshot->conf->main, err) != 0 || open_outputs(l, err) != 0)
		return -1;
	vnm_engine_start(&l->engine, l->snapshot->conf, l->epoch_ns);
	for (uint32_t i = 1; i < l->worker_count; i++) {
		if (vnm_worker_start(l->workers[i], err) != 0)
			return -1;
	}
	return 0;
}

static void
tell_unused_sockets(const struct live *l)
{
	const struct vnm_activated *a;

	for (unsigned i = 0; (a = vnm_activation_left(&l->activation, &i)) != NULL;)
		vnm_warning("no listener takes the socket `%s` that systemd handed over", a->name);
}

/* ---- the end ------------------------------------------------------------------------------------
 */

static int
finish(struct live *l)
{
	struct vnm_counters sum = {0};

	for (uint32_t i = 1; i < l->worker_count; i++)
		vnm_worker_join(l->workers[i]);
	if (vnm_sinks_flush(&l->sinks, l->current->conf->main.flush_timeout) != 0)
		vnm_warning("not all records could be published in time; the books say how many");
	sum_counters(l, &sum);
	vnm_books_print(stderr, &sum, l->sinks.p, l->sinks.n);
	return 0;
}

static void
release(struct live *l)
{
	vnm_http_close(l->http);
	vnm_loader_free(l->loader);
	for (unsigned i = 0; i < VNM_ARRAY_LEN(l->signals); i++) {
		if (l->signals[i] != NULL)
			event_free(l->signals[i]);
	}
	if (l->tick != NULL)
		event_free(l->tick);
	for (uint32_t i = 0; i < l->worker_count; i++)
		vnm_worker_free(l->workers[i]);
	vnm_free(l->workers);
	vnm_sinks_close(&l->sinks);
	vnm_activation_free(&l->activation);
	vnm_snapshot_leave(l->current);
	vnm_reaper_free(l->reaper);
}

int
vnm_run_live(const struct vnm_options *options, struct vnm_snapshot *snapshot)
{
	struct live l = {
	    .options = options,
	    .snapshot = snapshot,
	    .current = vnm_snapshot_use(snapshot),
	    .epoch_ns = vnm_clock_wall_ns(),
	    .collector = snapshot->conf->main.collector,
	};
	struct vnm_err err;
	int rc = VNM_EXIT_CONFIG;

	signal(SIGPIPE, SIG_IGN);
	evthread_use_pthreads();
	if (start(&l, &err) != 0) {
		vnm_error("%s", err.text);
		for (uint32_t i = 1; i < l.worker_count; i++)
			vnm_worker_stop(l.workers[i]);
		for (uint32_t i = 1; i < l.worker_count; i++)
			vnm_worker_join(l.workers[i]);
	} else {
		tell_unused_sockets(&l);
		vnm_info("ready: %u listener(s), %u worker(s)", snapshot->conf->listener_count,
		    l.worker_count);
		vnm_notify("READY=1");
		vnm_worker_run(l.workers[0]);
		rc = finish(&l);
	}
	release(&l);
	return rc;
}
