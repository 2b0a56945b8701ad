/*
 * sFlow version 5 messages for the load generator: flow samples with a sampled header, switch
 * and router data, one in eight expanded, and counter samples of interfaces.
 */
#include "load.h"

#include <stdlib.h>

#define HEADER_OCTETS 128
#define FCS_OCTETS 4

/* The first octets of an Ethernet frame: 802.1Q, IP and TCP or UDP. */
static void
put_frame(struct vnm_octets *o, const struct vnm_flow *f, uint32_t length)
{
	static const uint8_t macs[12] = {2, 0, 0, 0, 0, 1, 2, 0, 0, 0, 0, 2};
	uint8_t frame[HEADER_OCTETS];
	struct vnm_octets h = {frame, 0, sizeof(frame)};

	vnm_put(&h, macs, 12);
	vnm_put16(&h, 0x8100);
	vnm_put16(&h, f->vlan);
	vnm_put16(&h, f->ip6 ? 0x86dd : 0x0800);
	if (f->ip6) {
		vnm_put32(&h, 0x60000000u | (uint32_t)f->tos << 20);
		vnm_put16(&h, length - 18 - 40);
		vnm_put8(&h, f->protocol);
		vnm_put8(&h, 61);
		vnm_put(&h, f->src, 16);
		vnm_put(&h, f->dst, 16);
	} else {
		vnm_put16(&h, 0x4500u | f->tos);
		vnm_put16(&h, length - 18);
		vnm_put32(&h, f->choice << 16 | 0x4000);
		vnm_put8(&h, 61);
		vnm_put8(&h, f->protocol);
		vnm_put16(&h, 0);
		vnm_put(&h, f->src, 4);
		vnm_put(&h, f->dst, 4);
	}
	vnm_put16(&h, f->src_port);
	vnm_put16(&h, f->dst_port);
	vnm_put32(&h, f->choice); /* TCP: sequence; UDP: length and checksum; SCTP: tag */
	vnm_put32(&h, 0);
	vnm_put16(&h, 0x5000u | f->tcp_flags);
	vnm_put(&h, NULL, h.cap - h.n);
	vnm_put(o, frame, sizeof(frame));
}

static void
put_records(struct vnm_octets *o, const struct vnm_flow *f, uint32_t length)
{
	vnm_put32(o, 3);
	vnm_put32(o, 1); /* sampled header */
	vnm_put32(o, 16 + HEADER_OCTETS);
	vnm_put32(o, 1); /* Ethernet */
	vnm_put32(o, length + FCS_OCTETS);
	vnm_put32(o, FCS_OCTETS);
	vnm_put32(o, HEADER_OCTETS);
	put_frame(o, f, length);
	vnm_put32(o, 1001); /* extended switch */
	vnm_put32(o, 16);
	for (int i = 0; i < 2; i++) {
		vnm_put32(o, f->vlan);
		vnm_put32(o, 0);
	}
	vnm_put32(o, 1002); /* extended router */
	vnm_put32(o, f->ip6 ? 28 : 16);
	vnm_put32(o, f->ip6 ? 2 : 1);
	vnm_put(o, f->next_hop, f->ip6 ? 16 : 4);
	vnm_put32(o, f->ip6 ? 48 : 24);
	vnm_put32(o, f->ip6 ? 48 : 24);
}

static void
put_sample(struct vnm_octets *o, struct vnm_body *b, const struct vnm_load *load,
    const struct vnm_flow *f, uint32_t frame_length)
{
	bool expanded = f->choice % 8 == 0;
	size_t at;

	vnm_put32(o, expanded ? 3 : 1);
	vnm_put32(o, 0);
	at = o->n;
	b->sample_at[b->records] = (uint32_t)o->n;
	vnm_put32(o, 0);
	if (expanded)
		vnm_put32(o, 0);
	vnm_put32(o, 1); /* one source: the sequence is the exporter's */
	vnm_put32(o, load->sampling);
	b->pool_at[b->records] = (uint32_t)o->n;
	vnm_put32(o, 0);
	vnm_put32(o, 0);
	if (expanded)
		vnm_put32(o, 0);
	vnm_put32(o, f->in_if);
	if (expanded)
		vnm_put32(o, 0);
	vnm_put32(o, f->out_if);
	put_records(o, f, frame_length);
	vnm_poke32(o->p + at - 4, (uint32_t)(o->n - at));
}

void
vnm_body_samples(struct vnm_body *b, const struct vnm_load *load, bool ip6, uint64_t *random)
{
	struct vnm_octets o = {malloc(VNM_LOAD_PAYLOAD_MAX), 0, VNM_LOAD_PAYLOAD_MAX};
	const uint32_t longest = 272;
	struct vnm_flow f;

	if (o.p == NULL)
		abort();
	memset(b, 0, sizeof(*b));
	vnm_put32(&o, 0);
	for (uint32_t i = 0; i < load->records && i < VNM_LOAD_SAMPLES_MAX; i++) {
		if (o.n + 28 + longest > load->payload)
			break;
		vnm_flow_make(&f, load, ip6, random);
		uint32_t length = 90 + f.choice % 1400;
		put_sample(&o, b, load, &f, length);
		b->records++;
		b->octets += length;
		b->packets++;
	}
	vnm_poke32(o.p, b->records);
	b->p = o.p;
	b->n = o.n;
}

/* Generic interface counters, growing with each reading, and Ethernet ones. */
void
vnm_body_counters(struct vnm_body *b, struct vnm_player *player)
{
	struct vnm_octets o = {b->p, 0, VNM_LOAD_PAYLOAD_MAX};
	uint64_t n = ++player->counter_samples;

	vnm_put32(&o, VNM_LOAD_INTERFACES);
	for (uint32_t i = 1; i <= VNM_LOAD_INTERFACES; i++) {
		vnm_put32(&o, 2);
		vnm_put32(&o, 12 + 8 + 88 + 8 + 52);
		vnm_put32(&o, (uint32_t)n);
		vnm_put32(&o, i);
		vnm_put32(&o, 2);
		vnm_put32(&o, 1);
		vnm_put32(&o, 88);
		vnm_put32(&o, i);
		vnm_put32(&o, 6);
		vnm_put64(&o, 10000000000ULL);
		vnm_put32(&o, 1);
		vnm_put32(&o, 3);
		vnm_put64(&o, n * 1000000 * i);
		vnm_put32(&o, (uint32_t)n * 1000 * i);
		for (int k = 0; k < 5; k++)
			vnm_put32(&o, (uint32_t)n * (uint32_t)k);
		vnm_put64(&o, n * 2000000 * i);
		vnm_put32(&o, (uint32_t)n * 2000 * i);
		for (int k = 0; k < 4; k++)
			vnm_put32(&o, (uint32_t)n * (uint32_t)k);
		vnm_put32(&o, 0);
		vnm_put32(&o, 2);
		vnm_put32(&o, 52);
		vnm_put(&o, NULL, 52);
	}
	b->n = o.n;
	b->records = 0;
	b->octets = b->packets = 0;
}

size_t
vnm_header_sflow(
    uint8_t *h, struct vnm_player *player, const struct vnm_body *b, uint32_t uptime_ms)
{
	(void)b;
	vnm_poke32(h, 5);
	vnm_poke32(h + 4, 1);
	vnm_poke32(h + 8, 0x0a640001 + player->index); /* agent 10.100.0.1 and up */
	vnm_poke32(h + 12, player->domain - 1);
	vnm_poke32(h + 16, ++player->sequence);
	vnm_poke32(h + 20, uptime_ms);
	return 24;
}
