/*
 * Capture files for tests (the formats of draft-ietf-opsawg-pcap and -pcapng), and an intake
 * that keeps what it gets.
 */
#include "capture.h"

#include "unit.h"

#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

void
put(struct vnm_buffer *b, const void *p, size_t n)
{
	if (n > 0 && !vnm_buffer_append(b, p, n))
		abort();
}

void
put16(struct vnm_buffer *b, unsigned v)
{
	uint8_t octets[2] = {(uint8_t)(v >> 8), (uint8_t)v};

	put(b, octets, 2);
}

void
put32(struct vnm_buffer *b, uint32_t v)
{
	put16(b, v >> 16);
	put16(b, v & 0xffff);
}

/* Numbers of the file's own headers, in this host's byte order. */
static void
host16(struct vnm_buffer *b, uint16_t v)
{
	put(b, &v, 2);
}

static void
host32(struct vnm_buffer *b, uint32_t v)
{
	put(b, &v, 4);
}

static void
begin_pcapng(struct vnm_buffer *b, unsigned link)
{
	host32(b, 0x0a0d0d0a); /* section header */
	host32(b, 28);
	host32(b, 0x1a2b3c4d);
	host16(b, 1);
	host16(b, 0);
	host32(b, UINT32_MAX);
	host32(b, UINT32_MAX);
	host32(b, 28);
	host32(b, 1); /* interface description, with if_tsresol 10^-9 */
	host32(b, 32);
	host16(b, (uint16_t)link);
	host16(b, 0);
	host32(b, 262144);
	host16(b, 9);
	host16(b, 1);
	host32(b, 9);
	host32(b, 0);
	host32(b, 32);
}

void
capture_begin(struct capture *c, enum capture_format format, unsigned link)
{
	*c = (struct capture){.format = format, .ns = 1700000000123456789ULL};
	if (format == CAPTURE_PCAPNG) {
		begin_pcapng(&c->b, link);
		return;
	}
	host32(&c->b, format == CAPTURE_PCAP_NS ? 0xa1b23c4d : 0xa1b2c3d4);
	host16(&c->b, 2);
	host16(&c->b, 4);
	host32(&c->b, 0);
	host32(&c->b, 0);
	host32(&c->b, 262144);
	host32(&c->b, link);
}

void
capture_packet(struct capture *c, const struct vnm_buffer *packet, size_t cut)
{
	static const uint8_t zero[4];
	uint32_t captured = (uint32_t)(packet->n - cut);
	uint32_t padding = -captured & 3;

	if (c->format == CAPTURE_PCAPNG) {
		host32(&c->b, 6);
		host32(&c->b, 32 + captured + padding);
		host32(&c->b, 0);
		host32(&c->b, (uint32_t)(c->ns >> 32));
		host32(&c->b, (uint32_t)c->ns);
	} else {
		host32(&c->b, (uint32_t)(c->ns / 1000000000));
		host32(&c->b,
		    (uint32_t)(c->ns % 1000000000 / (c->format == CAPTURE_PCAP_NS ? 1 : 1000)));
	}
	host32(&c->b, captured);
	host32(&c->b, (uint32_t)packet->n);
	put(&c->b, packet->p, captured);
	if (c->format == CAPTURE_PCAPNG) {
		put(&c->b, zero, padding);
		host32(&c->b, 32 + captured + padding);
	}
	c->ns += 1000001;
}

void
capture_save(struct capture *c, size_t short_by)
{
	snprintf(c->path, sizeof(c->path), "unit-capture-XXXXXX");
	int fd = mkstemp(c->path);

	if (fd < 0 || write(fd, c->b.p, c->b.n - short_by) != (ssize_t)(c->b.n - short_by))
		abort();
	close(fd);
}

void
capture_end(struct capture *c)
{
	unlink(c->path);
	vnm_buffer_free(&c->b);
}

struct flow
flow_of(const char *src, uint16_t sport, const char *dst, uint16_t dport)
{
	struct flow f = {.src.port = sport, .dst.port = dport, .id = 1};

	if (!vnm_addr_parse(&f.src.addr, src) || !vnm_addr_parse(&f.dst.addr, dst))
		abort();
	return f;
}

void
put_ip(struct vnm_buffer *b, const struct flow *f, uint8_t protocol, size_t offset, bool more,
    const void *p, size_t n)
{
	bool part = offset != 0 || more;
	size_t length = vnm_addr_len(&f->src.addr);

	if (length == 4) {
		put16(b, 0x4500);
		put16(b, (unsigned)(20 + n));
		put16(b, f->id & 0xffff);
		put16(b, (unsigned)(offset / 8) | (more ? 0x2000 : 0));
		put16(b, 0x4000 | protocol);
		put16(b, 0);
	} else {
		put32(b, 0x60000000);
		put16(b, (unsigned)(n + (part ? 8 : 0)));
		put16(b, (part ? 44U : protocol) << 8 | 64);
	}
	put(b, f->src.addr.b, length);
	put(b, f->dst.addr.b, length);
	if (length == 16 && part) {
		put16(b, (unsigned)protocol << 8);
		put16(b, (unsigned)offset | more);
		put32(b, f->id);
	}
	put(b, p, n);
}

static void
udp_payload(struct vnm_buffer *u, const struct flow *f, const void *p, size_t n)
{
	put16(u, f->src.port);
	put16(u, f->dst.port);
	put16(u, (unsigned)(8 + n));
	put16(u, 0);
	put(u, p, n);
}

void
put_udp(struct vnm_buffer *b, const struct flow *f, const void *p, size_t n)
{
	struct vnm_buffer u = {0};

	udp_payload(&u, f, p, n);
	put_ip(b, f, 17, 0, false, u.p, u.n);
	vnm_buffer_free(&u);
}

void
put_tcp(struct vnm_buffer *b, const struct flow *f, uint32_t seq, unsigned flags, const void *p,
    size_t n)
{
	struct vnm_buffer t = {0};

	put16(&t, f->src.port);
	put16(&t, f->dst.port);
	put32(&t, seq);
	put32(&t, 0);
	put16(&t, 0x6000 | flags); /* with one word of options */
	put16(&t, 1024);
	put32(&t, 0);
	put32(&t, 0x01010101);
	put(&t, p, n);
	put_ip(b, f, 6, 0, false, t.p, t.n);
	vnm_buffer_free(&t);
}

static void
keep(struct keeper *k, struct kept **list, size_t *n, const struct vnm_datagram *d)
{
	struct kept *more = realloc(*list, (*n + 1) * sizeof(**list));

	if (more == NULL)
		abort();
	*list = more;
	more[(*n)++] = (struct kept){*d, k->octets.n, k->ends_n};
}

static void
keep_message(void *ctx, const struct vnm_datagram *d)
{
	struct keeper *k = ctx;

	keep(k, &k->messages, &k->n, d);
	put(&k->octets, d->p, d->n);
	if (++k->without_turn > k->longest_turn)
		k->longest_turn = k->without_turn;
}

static void
keep_end(void *ctx, const struct vnm_datagram *d)
{
	struct keeper *k = ctx;

	keep(k, &k->ends, &k->ends_n, d);
}

static void
end_turn(void *ctx)
{
	struct keeper *k = ctx;

	k->turns++;
	k->without_turn = 0;
}

static bool
has_room(void *ctx)
{
	struct keeper *k = ctx;

	if (k->no_room == 0)
		return k->room_for == 0 || k->n < k->room_for;
	k->no_room--;
	return false;
}

void
keeper_begin(struct keeper *k)
{
	*k = (struct keeper){
	    .intake = {
		.message = keep_message, .end = keep_end, .turn_end = end_turn, .room = has_room}};
	k->intake.ctx = k;
	k->intake.counters = &k->counters;
}

void
keeper_end(struct keeper *k)
{
	vnm_buffer_free(&k->octets);
	free(k->messages);
	free(k->ends);
}

bool
keeper_has(const struct keeper *k, size_t i, const void *p, size_t n)
{
	return i < k->n && k->messages[i].d.n == n &&
	       (n == 0 || memcmp(k->octets.p + k->messages[i].at, p, n) == 0);
}
