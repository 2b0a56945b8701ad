/*
 * A fuzz target for the packet decoder alone: the input is a run of packets, each a u8 that
 * says what it begins with, a u16 length and its octets. What is set must be encodable.
 */
#include "base/alloc.h"
#include "count.h"
#include "decoders/packet.h"
#include "output/encoder.h"
#include "judge.h"

#include <stdio.h>
#include <stdlib.h>

#define SCRATCH_OCTETS 4096

static void
emit(struct vnm_out *out)
{
	(void)out;
}

static void
encode(const struct vnm_record *r)
{
	const struct vnm_strings all = {0};
	struct vnm_selection selection;
	struct vnm_buffer b = {0};
	struct vnm_frame frame;
	struct vnm_err err;

	memset(&selection, 0, sizeof(selection));
	if (vnm_selection_make(&selection, &all, &err) != 0)
		abort();
	if (!vnm_json_encoder.encode(&selection, r, &b, &frame) ||
	    !vnm_judge_json(b.p + frame.body_at, frame.body_n))
		abort();
	if (!vnm_protobuf_encoder.encode(&selection, r, &b, &frame) ||
	    !vnm_judge_protobuf(b.p + frame.body_at, frame.body_n))
		abort();
	vnm_buffer_free(&b);
}

static void
decode(struct vnm_out *out, uint8_t start, struct vnm_reader payload)
{
	size_t n = vnm_reader_left(&payload);
	uint8_t *copy = malloc(n != 0 ? n : 1); /* so that ASan sees a read beyond */
	struct vnm_packet packet;

	if (copy == NULL)
		abort();
	memcpy(copy, payload.p, n);
	vnm_out_begin(out, VNM_KIND_flow);
	vnm_packet_decode(vnm_reader_of(copy, n), (enum vnm_packet_start)(start % 6), out, &packet);
	encode(out->rec);
	vnm_scratch_reset(out->scratch);
	free(copy);
}

int
LLVMFuzzerTestOneInput(const uint8_t *p, size_t n)
{
	static struct vnm_counters counters;
	static struct vnm_record record;
	struct vnm_reader r = vnm_reader_of(p, n);
	struct vnm_limits limits = {0};
	struct vnm_scratch scratch;
	size_t before = vnm_alloc_used();
	uint64_t packets = 0;
	struct vnm_out out = {
	    .rec = &record, .counters = &counters, .limits = &limits, .emit = emit};

	if (vnm_scratch_init(&scratch, SCRATCH_OCTETS) != 0)
		abort();
	memset(&record, 0, sizeof(record));
	out.scratch = &scratch;
	while (vnm_reader_left(&r) >= 3) {
		uint8_t start = vnm_reader_u8(&r);
		size_t size = vnm_reader_u16(&r), left = vnm_reader_left(&r);
		decode(&out, start, vnm_reader_sub(&r, size < left ? size : left));
		packets++;
	}
	vnm_scratch_free(&scratch);
	vnm_fuzz_count(packets, packets);
	if (vnm_alloc_used() != before)
		abort();
	return 0;
}
