/*
 * A replay: a capture file through the whole path, on the packets' own clock, without sockets,
 * state directory or threads.
 */
#include "daemon/run.h"

#include "base/clock.h"
#include "base/log.h"
#include "daemon/books.h"
#include "daemon/outputs.h"
#include "daemon/pipeline.h"

#include <assert.h>
#include <signal.h>
#include <unistd.h>

#define NO_ROOM_US 1000

struct replay {
	const struct vnm_options *options;
	const struct vnm_conf *conf;
	struct vnm_pipeline *pipeline;
	const struct vnm_decoder *raw; /* the file is a stream of its messages; NULL: it is not */
	struct vnm_sinks sinks;
	struct vnm_outputs outputs;
	uint64_t now_ns; /* of the packets' clock */
};

static volatile sig_atomic_t stop;

static void
on_signal(int number)
{
	(void)number;
	stop = 1;
}

/* Whether it connects to this source of a stream. */
static bool
connects_to(const struct vnm_targets *targets, const struct vnm_endpoint *src)
{
	for (uint32_t i = 0; i < targets->n; i++) {
		const struct vnm_endpoint *at = &targets->p[i].at;

		if (at->port == src->port && vnm_addr_equal(&at->addr, &src->addr))
			return true;
	}
	return false;
}

/*
 * The listener of a message, or NULL: the port that it was sent to, or, where the listener
 * connects, who sent it.
 */
static const struct vnm_conf_listener *
listener_of(const struct vnm_conf *conf, const struct vnm_datagram *d)
{
	bool stream = vnm_transport_is_stream(d->transport);

	for (uint32_t i = 0; i < conf->listener_count; i++) {
		const struct vnm_listener_options *o = &conf->listeners[i].common;

		if (o->connect.n > 0 ? stream && connects_to(&o->connect, &d->src)
				     : o->listen.at.port == d->dst.port &&
					   vnm_transport_is_stream(o->listen.transport) == stream)
			return &conf->listeners[i];
	}
	return NULL;
}

/* What a stream began with decides for all of it. */
static const struct vnm_decoder *
decoder_of(vnm_frame_fn frame)
{
	size_t i = 0;

	while (vnm_decoders[i] != NULL && vnm_decoders[i]->frame != frame)
		i++;
	return vnm_decoders[i];
}

/* Of the listener for that port, or in a stream without ports of any that has the decoder. */
static const void *
options_of(const struct replay *r, const struct vnm_conf_listener *l, const struct vnm_decoder *d)
{
	for (uint32_t i = 0; i < r->conf->listener_count && r->raw != NULL && l == NULL; i++) {
		if (r->conf->listeners[i].decoder == d)
			l = &r->conf->listeners[i];
	}
	if (l != NULL && l->decoder == d)
		return l->options;
	return d != NULL ? vnm_conf_decoder_options(r->conf, d) : NULL;
}

/* -m, then the listeners where there are any, else content, then port. NULL: not ours. */
static const struct vnm_decoder *
resolve(const struct replay *r, const struct vnm_datagram *d, const void **options)
{
	const struct vnm_decoder *decoder =
	    r->raw != NULL ? r->raw : vnm_options_mapped(r->options, d->dst.port);
	const struct vnm_conf_listener *l = listener_of(r->conf, d);

	if (decoder == NULL && l != NULL)
		decoder = l->decoder;
	if (decoder == NULL && r->conf->listener_count == 0)
		decoder = d->frame != NULL ? decoder_of(d->frame)
					   : vnm_decoder_guess(d->p, d->n, d->dst.port);
	*options = options_of(r, l, decoder);
	return decoder;
}

static bool
wanted(void *ctx, const struct vnm_datagram *d)
{
	const void *options;

	return resolve(ctx, d, &options) != NULL;
}

static vnm_frame_fn
stream(void *ctx, const struct vnm_datagram *d)
{
	const void *options;
	const struct vnm_decoder *decoder = resolve(ctx, d, &options);

	return decoder != NULL ? decoder->frame : NULL;
}

static void
message(void *ctx, const struct vnm_datagram *d)
{
	struct replay *r = ctx;
	const void *options;
	const struct vnm_decoder *decoder = resolve(r, d, &options);

	assert(decoder != NULL); /* wanted() and stream() have let through no other */
	vnm_pipeline_message(r->pipeline, decoder, options, d);
}

static void
end(void *ctx, const struct vnm_datagram *d)
{
	struct replay *r = ctx;

	for (size_t i = 0; vnm_decoders[i] != NULL; i++)
		vnm_pipeline_end(r->pipeline, vnm_decoders[i], d);
}

static void
turn_end(void *ctx)
{
	struct replay *r = ctx;

	vnm_pipeline_turn_end(r->pipeline);
	vnm_sinks_tick(&r->sinks, vnm_clock_mono_ns());
}

static bool
room(void *ctx)
{
	return vnm_pipeline_room(((struct replay *)ctx)->pipeline);
}

static void
clock_moved(void *ctx, uint64_t now_ns)
{
	struct replay *r = ctx;

	r->now_ns = now_ns;
	vnm_pipeline_clock(r->pipeline, now_ns);
}

/* Reads the file to its end: the exit code. */
static int
read_file(struct replay *r)
{
	const struct vnm_replay_options o = {
	    .speed = r->conf->replay.speed,
	    .stream = stream,
	    .wanted = wanted,
	    .clock = clock_moved,
	    .ctx = r,
	    .stop = &stop,
	};
	struct vnm_intake intake = {
	    .ctx = r,
	    .message = message,
	    .end = end,
	    .turn_end = turn_end,
	    .room = room,
	    .counters = vnm_pipeline_counters(r->pipeline),
	};
	const struct vnm_decoder *raw = vnm_options_mapped(r->options, 0);
	const struct vnm_datagram from = {.transport = VNM_TRANSPORT_TCP, .session = 1};
	struct vnm_err err;
	char text[sizeof(err.file) + sizeof(err.text)];
	int rc;

	if (raw != NULL) {
		r->raw = raw;
		intake.frame = raw->frame;
		rc = vnm_replay_raw(r->options->replay, &from, &o, &intake, &err);
	} else {
		rc = vnm_replay_file(r->options->replay, &o, &intake, &err);
	}
	if (rc != 0)
		vnm_error("%s", vnm_err_format(&err, text, sizeof(text)));
	return rc != 0;
}

/* What decoders put off until there was room. */
static void
work(struct replay *r)
{
	while (vnm_pipeline_waits(r->pipeline) && !stop) {
		if (room(r))
			(void)vnm_pipeline_work(r->pipeline, r->now_ns);
		else
			usleep(NO_ROOM_US);
		turn_end(r);
	}
}

int
vnm_run_replay(const struct vnm_options *options, const struct vnm_snapshot *snapshot)
{
	const struct vnm_conf *conf = snapshot->conf;
	struct replay r = {.options = options, .conf = conf};
	const struct vnm_pipeline_config config = {
	    .collector = vnm_str_of(conf->main.collector),
	    .limits = &conf->limits,
	};
	struct vnm_err err;
	int rc = VNM_EXIT_CONFIG;

	signal(SIGINT, on_signal);
	signal(SIGTERM, on_signal);
	signal(SIGPIPE, SIG_IGN);
	if (vnm_sinks_open(&r.sinks, conf, &err) != 0)
		goto no_sinks;
	if (vnm_outputs_open(&r.outputs, conf, &r.sinks, &err) != 0)
		goto no_outputs;
	r.pipeline = vnm_pipeline_new(&config);
	if (r.pipeline == NULL || !vnm_pipeline_analysis(r.pipeline, &conf->analysis))
		goto no_pipeline;
	vnm_pipeline_outputs(r.pipeline, r.outputs.list, r.outputs.n);
	vnm_pipeline_topology(r.pipeline, snapshot->topology);
	vnm_pipeline_mib(r.pipeline, snapshot->mib);

	rc = read_file(&r);
	work(&r);
	vnm_pipeline_finish(r.pipeline);
	vnm_sinks_flush(&r.sinks, conf->main.flush_timeout);
	vnm_books_print(stderr, vnm_pipeline_counters(r.pipeline), r.sinks.p, r.sinks.n);
	vnm_pipeline_free(r.pipeline);
	vnm_outputs_close(&r.outputs);
	vnm_sinks_close(&r.sinks);
	return rc;

no_pipeline:
	vnm_pipeline_free(r.pipeline);
	vnm_err_text(&err, "out of memory");
	vnm_outputs_close(&r.outputs);
no_outputs:
	vnm_sinks_close(&r.sinks);
no_sinks:
	vnm_error("%s", err.text);
	return rc;
}
