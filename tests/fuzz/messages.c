/*
 * A fuzz target for one decoder (FUZZ_DECODER): the input is a sequence of messages, so that
 * what one message teaches is there when the next one comes. Each is
 *
 *   u8   where it comes from and what happened before it (below)
 *   u16  octets of payload
 *   payload
 *
 * The books must balance and all memory must be given back after every input.
 */
#include "base/alloc.h"
#include "base/reader.h"
#include "count.h"
#include "snmp/ber.h"
#include "station.h"

#include <stdio.h>
#include <stdlib.h>

#define FROM_ADDRESS 0x03
#define FROM_PORT 0x04
#define FROM_STREAM 0x08
#define AFTER_SECOND 0x10    /* a second passed */
#define AFTER_MINUTES 0x20   /* so did 20 minutes */
#define AFTER_END 0x40	     /* the stream ended before */
#define AFTER_STEP_BACK 0x80 /* the clock went back a second */

/* A block of exactly its size, so that ASan sees a read beyond. */
static void
play_exact(struct vnm_station *s, struct vnm_test_message *m, const uint8_t *p, size_t n)
{
	uint8_t *copy = malloc(n != 0 ? n : 1);

	if (copy == NULL)
		abort();
	memcpy(copy, p, n);
	m->d.p = copy;
	m->d.n = n;
	vnm_station_play(s, m);
	free(copy);
}

static void
play_stream(struct vnm_station *s, struct vnm_test_message *m, const uint8_t *p, size_t n)
{
	while (n > 0) {
		size_t size = m->decoder->frame(p, n);
		if (size == 0 || size > n)
			return;
		play_exact(s, m, p, size);
		p += size;
		n -= size;
	}
}

static void
play(struct vnm_station *s, struct vnm_test_message *m, uint8_t how, const uint8_t *p, size_t n)
{
	static const uint8_t octets[16] = {0x20, 0x01, 0x0d, 0xb8};
	bool stream = (how & FROM_STREAM) != 0 && m->decoder->frame != NULL;

	if ((how & AFTER_SECOND) != 0)
		m->d.rx_ns += 1000000000ULL;
	if ((how & AFTER_MINUTES) != 0)
		m->d.rx_ns += 1200000000000ULL;
	if ((how & AFTER_STEP_BACK) != 0)
		m->d.rx_ns -= 1000000000ULL;
	m->d.src.addr =
	    (how & FROM_ADDRESS) == 3 ? vnm_addr_ip6(octets) : vnm_addr_ip4(octets + (how & 1));
	m->d.src.port = (how & FROM_PORT) != 0 ? 40001 : 40000;
	m->d.transport = stream ? VNM_TRANSPORT_TCP : VNM_TRANSPORT_UDP;
	m->d.session = stream ? 1 + (how & (FROM_ADDRESS | FROM_PORT)) : 0;
	if (stream && (how & AFTER_END) != 0) {
		m->end = true;
		vnm_station_play(s, m);
		m->end = false;
	}
	if (stream)
		play_stream(s, m, p, n);
	else
		play_exact(s, m, p, n);
}

/* Who hears our answers: whether they are whole. */
static bool
hear(const struct vnm_way_back *way, const struct vnm_datagram *d, const uint8_t *p, size_t n)
{
	(void)way;
	(void)d;
	if (n == 0 || vnm_ber_frame(p, n, VNM_BER_SEQUENCE) != n)
		abort();
	return true;
}

static void
count(const struct vnm_station *s)
{
	const struct vnm_counters *c = vnm_pipeline_counters(s->pipeline);
	uint64_t records = 0;

	for (unsigned k = 0; k < VNM_KIND_COUNT; k++)
		records += c->records[k];
	vnm_fuzz_count(c->messages, records);
}

int
LLVMFuzzerTestOneInput(const uint8_t *p, size_t n)
{
	struct vnm_reader r = vnm_reader_of(p, n);
	struct vnm_test_message m = {.decoder = vnm_decoder_find(FUZZ_DECODER),
	    .d = {.rx_ns = 1767225600000000000ULL, .dst = {.port = 4739}}};
	static const struct vnm_way_back back = {hear};
	struct vnm_station s;

	vnm_station_setup();
	size_t before = vnm_alloc_used();
	m.d.back = &back;
	if (m.decoder == NULL || vnm_station_open(&s, &vnm_judge_sink, VNM_STATION_BOTH) != 0)
		abort();
	s.self.live = n % 2 != 0;
	if (n % 2 != 0) /* what cannot matter otherwise decides */
		vnm_station_keep_routes(&s);
	while (vnm_reader_left(&r) >= 3) {
		uint8_t how = vnm_reader_u8(&r);
		size_t size = vnm_reader_u16(&r), left = vnm_reader_left(&r);
		struct vnm_reader payload = vnm_reader_sub(&r, size < left ? size : left);
		play(&s, &m, how, payload.p, vnm_reader_left(&payload));
	}
	vnm_fuzz_demand(vnm_station_check(&s, false));
	vnm_station_finish(&s);
	vnm_fuzz_demand(vnm_station_check(&s, true));
	count(&s);
	vnm_station_close(&s);
	if (vnm_alloc_used() != before)
		vnm_fuzz_demand("memory was not given back");
	return 0;
}
