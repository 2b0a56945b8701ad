/*
 * Takes the messages out of a capture file.
 */
#include "messages.h"

#include "base/clock.h"
#include "base/reader.h"
#include "collectors/collector.h"

#include <stdio.h>
#include <stdlib.h>

#define BIN_MAX (1u << 20)
#define BIN_BEGIN_NS (1795381696 * VNM_NS_PER_S) /* about the export time in those inputs */

static void
add(struct vnm_messages *list, const struct vnm_datagram *d, bool end)
{
	const struct vnm_decoder *decoder = end ? NULL : vnm_decoder_guess(d->p, d->n, d->dst.port);
	uint8_t *copy = NULL;

	if (!end && decoder == NULL)
		return;
	if (list->n == list->cap) {
		list->cap = list->cap != 0 ? 2 * list->cap : 64;
		list->m = realloc(list->m, list->cap * sizeof(*list->m));
	}
	if (!end)
		copy = malloc(d->n + 1);
	if (list->m == NULL || (!end && copy == NULL))
		abort();
	if (!end)
		memcpy(copy, d->p, d->n);
	struct vnm_test_message *m = &list->m[list->n++];
	*m = (struct vnm_test_message){.d = *d, .decoder = decoder, .end = end};
	m->d.p = copy;
	if (end) {
		m->d.n = 0;
		return;
	}
	list->octets += d->n;
	if (d->n > list->longest)
		list->longest = d->n;
}

static void
on_message(void *ctx, const struct vnm_datagram *d)
{
	add(ctx, d, false);
}

static void
on_end(void *ctx, const struct vnm_datagram *d)
{
	add(ctx, d, true);
}

static void
on_turn_end(void *ctx)
{
	(void)ctx;
}

static bool
on_room(void *ctx)
{
	(void)ctx;
	return true;
}

static vnm_frame_fn
on_stream(void *ctx, const struct vnm_datagram *d)
{
	const struct vnm_decoder *decoder = vnm_decoder_guess(d->p, d->n, d->dst.port);

	(void)ctx;
	return decoder != NULL ? decoder->frame : NULL;
}

static bool
on_wanted(void *ctx, const struct vnm_datagram *d)
{
	(void)ctx;
	return vnm_decoder_guess(d->p, d->n, d->dst.port) != NULL;
}

static void
on_clock(void *ctx, uint64_t now_ns)
{
	(void)ctx;
	(void)now_ns;
}

/* The ends of streams are given to the decoder of the stream's messages. */
static void
find_decoders_of_ends(struct vnm_messages *list)
{
	for (size_t i = 0; i < list->n; i++) {
		struct vnm_test_message *end = &list->m[i];
		for (size_t k = i; end->end && k-- > 0;) {
			const struct vnm_test_message *m = &list->m[k];
			if (m->end || m->d.session != end->d.session)
				continue;
			end->decoder = m->decoder;
			break;
		}
	}
}

static int
read_bin(struct vnm_messages *list, const char *path, struct vnm_err *err)
{
	static const uint8_t exporter[4] = {192, 0, 2, 250};
	struct vnm_datagram d = {.rx_ns = BIN_BEGIN_NS, .dst = {.port = 2055}};
	uint8_t *octets = malloc(BIN_MAX);
	FILE *f = fopen(path, "rb");

	if (octets == NULL)
		abort();
	if (f == NULL) {
		free(octets);
		return vnm_err_text(err, "%s: cannot be read", path);
	}
	struct vnm_reader r = vnm_reader_of(octets, fread(octets, 1, BIN_MAX, f));
	d.src.addr = vnm_addr_ip4(exporter);
	while (vnm_reader_left(&r) >= 4) {
		d.src.port = (uint16_t)(40000 + vnm_reader_u16(&r));
		d.n = vnm_reader_u16(&r);
		d.p = vnm_reader_take(&r, d.n);
		d.rx_ns += VNM_NS_PER_S;
		if (d.p != NULL)
			add(list, &d, false);
	}
	(void)fclose(f);
	free(octets);
	return 0;
}

static int
read_capture(struct vnm_messages *list, const char *path, struct vnm_err *err)
{
	struct vnm_counters *counters = calloc(1, sizeof(*counters));
	const struct vnm_intake intake = {.ctx = list,
	    .message = on_message,
	    .end = on_end,
	    .turn_end = on_turn_end,
	    .room = on_room,
	    .counters = counters};
	const struct vnm_replay_options options = {
	    .stream = on_stream, .wanted = on_wanted, .clock = on_clock, .ctx = list};
	int result;

	if (counters == NULL)
		abort();
	result = vnm_replay_file(path, &options, &intake, err);
	free(counters);
	find_decoders_of_ends(list);
	return list->n != 0 ? 0 : result;
}

int
vnm_messages_read(struct vnm_messages *list, const char *path, struct vnm_err *err)
{
	size_t n = strlen(path);

	memset(list, 0, sizeof(*list));
	if (n > 4 && strcmp(path + n - 4, ".bin") == 0)
		return read_bin(list, path, err);
	return read_capture(list, path, err);
}

void
vnm_messages_free(struct vnm_messages *list)
{
	for (size_t i = 0; i < list->n; i++)
		free((uint8_t *)(uintptr_t)list->m[i].d.p);
	free(list->m);
	memset(list, 0, sizeof(*list));
}
