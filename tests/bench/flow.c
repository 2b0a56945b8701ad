/*
 * Flows with random but repeatable contents, the same for every protocol.
 */
#include "load.h"

uint64_t
vnm_load_random(uint64_t *state)
{
	uint64_t z = *state += 0x9e3779b97f4a7c15ULL;

	z = (z ^ z >> 30) * 0xbf58476d1ce4e5b9ULL;
	z = (z ^ z >> 27) * 0x94d049bb133111ebULL;
	return z ^ z >> 31;
}

static void
addresses(struct vnm_flow *f, const struct vnm_load *load, uint64_t r)
{
	static const uint8_t site[4] = {0x20, 0x01, 0x0d, 0xb8};
	uint32_t src = (uint32_t)(r % load->addresses);
	uint32_t dst = (uint32_t)(r >> 32) & 0x1ffff;

	memset(f->src, 0, sizeof(f->src));
	memset(f->dst, 0, sizeof(f->dst));
	memset(f->next_hop, 0, sizeof(f->next_hop));
	if (!f->ip6) {
		vnm_poke32(f->src, 0x0a000000 + src); /* 10.0.0.0/8 */
		vnm_poke32(f->dst, 0xc6120000 + dst); /* 198.18.0.0/15 (RFC 2544) */
		vnm_poke32(f->next_hop, 0xac100001);  /* 172.16.0.1 */
		return;
	}
	memcpy(f->src, site, 4);
	memcpy(f->dst, site, 4);
	memcpy(f->next_hop, site, 4);
	f->dst[5] = 1;
	f->next_hop[5] = 2;
	vnm_poke32(f->src + 12, src);
	vnm_poke32(f->dst + 12, dst);
	f->next_hop[15] = 1;
}

void
vnm_flow_make(struct vnm_flow *f, const struct vnm_load *load, bool ip6, uint64_t *random)
{
	static const uint8_t protocols[8] = {6, 6, 6, 6, 6, 17, 17, 132};
	static const uint16_t ports[8] = {443, 443, 80, 53, 22, 8080, 5060, 123};
	uint64_t a = vnm_load_random(random), b = vnm_load_random(random);

	f->ip6 = ip6;
	addresses(f, load, vnm_load_random(random));
	f->src_port = (uint16_t)(1024 + a % 64000);
	f->dst_port = ports[(a >> 16) % 8];
	f->protocol = protocols[(a >> 20) % 8];
	f->tos = (a >> 24) % 2 != 0 ? 0xb8 : 0;
	f->tcp_flags = f->protocol == 6 ? 0x1b : 0;
	f->direction = (uint8_t)((a >> 25) % 2);
	f->end_reason = (uint8_t)(1 + (a >> 26) % 4);
	f->in_if = (uint32_t)(1 + (a >> 28) % 48);
	f->out_if = (uint32_t)(101 + (a >> 36) % 48);
	f->src_as = (uint32_t)(64512 + (a >> 44) % 512);
	f->dst_as = (uint32_t)(65000 + (a >> 54) % 500);
	f->packets = 1 + b % 2000;
	f->octets = f->packets * (64 + (b >> 16) % 1400);
	f->end_ago_ms = (uint32_t)(1000 + (b >> 28) % 60000);
	f->start_ago_ms = f->end_ago_ms + (uint32_t)((b >> 44) % 30000);
	f->vlan = (uint16_t)(100 + (b >> 60) % 16);
	f->choice = (uint32_t)(a >> 8);
}
