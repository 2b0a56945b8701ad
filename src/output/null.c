/*
 * The sink that takes everything and keeps nothing: for benchmarks and tests.
 */
#include "output/sink.h"

static int
null_open(struct vnm_sink *s, struct vnm_err *err)
{
	(void)s;
	(void)err;
	return 0;
}

static size_t
null_room(struct vnm_sink *s)
{
	(void)s;
	return SIZE_MAX;
}

static size_t
null_publish(struct vnm_sink *s, const struct vnm_batch *batch)
{
	uint64_t counts[VNM_KIND_COUNT] = {0};

	vnm_batch_count(batch, counts);
	vnm_sink_add(s->books.published, counts);
	return batch->count;
}

static int
null_flush(struct vnm_sink *s, uint64_t deadline_mono_ns)
{
	(void)s;
	(void)deadline_mono_ns;
	return 0;
}

static void
null_close(struct vnm_sink *s)
{
	(void)s;
}

static const struct vnm_option null_options[] = {VNM_OPTION_END};

const struct vnm_sink_type vnm_null_sink = {
    .name = "null",
    .summary = "takes everything and keeps nothing, for benchmarks",
    .discards = true,
    .open = null_open,
    .room = null_room,
    .publish = null_publish,
    .flush = null_flush,
    .close = null_close,
    .options = null_options,
};
