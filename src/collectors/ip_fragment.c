/*
 * Reassembly of IP fragments (RFC 791 section 3.2, RFC 8200 section 4.5, RFC 5722). Which
 * octets have come is kept as a bit for each unit of eight, in which offsets are counted.
 */
#include "collectors/ip_fragment.h"

#include <assert.h>

#include "base/alloc.h"
#include "base/buffer.h"

#define PAYLOAD_MAX 65535
#define UNITS ((PAYLOAD_MAX + 7) / 8)

struct partial {
	struct vnm_addr src;
	struct vnm_addr dst;
	uint32_t id;
	uint8_t protocol;    /* of the key for IPv4; 0 for IPv6, where fragments may differ */
	uint8_t begins_with; /* protocol that the first fragment names */
	bool spoilt;	     /* all that comes of it is given up */
	uint64_t started_ns; /* when its first fragment came */
	uint32_t fragments;  /* captured packets that wait here */
	size_t total;	     /* octets of the whole, once the last fragment came; else 0 */
	size_t units;	     /* that have come */
	struct vnm_buffer b; /* octets that have come, at their places */
	uint8_t have[UNITS / 8 + 1];
};

struct vnm_fragments {
	struct partial *partial[VNM_FRAGMENTS_PACKETS]; /* owned; the first n are in use */
	unsigned n;
	struct vnm_buffer whole; /* what was handed out last */
};

struct vnm_fragments *
vnm_fragments_new(void)
{
	return vnm_alloc_zero(1, sizeof(struct vnm_fragments));
}

/* Returns how many captured packets had waited there. */
static uint64_t
drop(struct vnm_fragments *f, unsigned i)
{
	struct partial *x = f->partial[i];
	uint64_t fragments = x->fragments;

	vnm_buffer_free(&x->b);
	vnm_free(x);
	f->partial[i] = f->partial[--f->n];
	return fragments;
}

uint64_t
vnm_fragments_free(struct vnm_fragments *f)
{
	uint64_t given_up = 0;

	if (f == NULL)
		return 0;
	while (f->n > 0)
		given_up += drop(f, f->n - 1);
	vnm_buffer_free(&f->whole);
	vnm_free(f);
	return given_up;
}

static uint64_t
drop_expired(struct vnm_fragments *f, uint64_t now_ns)
{
	uint64_t given_up = 0;

	for (unsigned i = f->n; i-- > 0;) {
		uint64_t since = f->partial[i]->started_ns;
		if (now_ns > since && now_ns - since > VNM_FRAGMENTS_NS)
			given_up += drop(f, i);
	}
	return given_up;
}

static uint64_t
drop_oldest(struct vnm_fragments *f)
{
	unsigned oldest = 0;

	for (unsigned i = 1; i < f->n; i++) {
		if (f->partial[i]->started_ns < f->partial[oldest]->started_ns)
			oldest = i;
	}
	return drop(f, oldest);
}

static uint8_t
key_protocol(const struct vnm_packet *packet)
{
	return packet->src.family == VNM_ADDR_IP4 ? packet->protocol : 0;
}

static unsigned
find(const struct vnm_fragments *f, const struct vnm_packet *packet)
{
	unsigned i;

	for (i = 0; i < f->n; i++) {
		const struct partial *x = f->partial[i];
		if (x->id == packet->id && x->protocol == key_protocol(packet) &&
		    vnm_addr_equal(&x->src, &packet->src) && vnm_addr_equal(&x->dst, &packet->dst))
			break;
	}
	return i;
}

static bool
begin(struct vnm_fragments *f, const struct vnm_packet *packet, uint64_t now_ns)
{
	struct partial *x = vnm_alloc_zero(1, sizeof(*x));

	if (x == NULL)
		return false;
	x->src = packet->src;
	x->dst = packet->dst;
	x->id = packet->id;
	x->protocol = key_protocol(packet);
	x->started_ns = now_ns;
	f->partial[f->n++] = x;
	return true;
}

/* Whether a fragment can be part of anything, wherever it belongs. */
static bool
is_sound(const struct vnm_packet *packet)
{
	size_t n = packet->payload.n;

	if (n == 0 || n < packet->wire_n || packet->offset + n > PAYLOAD_MAX)
		return false;
	return !packet->more || n % 8 == 0;
}

/* How many of the fragment's units have come before. */
static size_t
count_present(const struct partial *x, size_t first, size_t last)
{
	size_t present = 0;

	for (size_t unit = first; unit < last; unit++)
		present += x->have[unit / 8] >> unit % 8 & 1;
	return present;
}

/* Whether it contradicts what came before: another end, or octets beyond the end. */
static bool
contradicts_end(const struct partial *x, const struct vnm_packet *packet)
{
	size_t end = packet->offset + packet->payload.n;

	if (x->total != 0 && (end > x->total || (!packet->more && end != x->total)))
		return true;
	return !packet->more && x->b.n > end;
}

/* The buffer reaches to `end`, zeroed where nothing has come. */
static bool
reach(struct partial *x, size_t end)
{
	if (end <= x->b.n)
		return true;
	if (!vnm_buffer_reserve(&x->b, end - x->b.n))
		return false;
	memset(x->b.p + x->b.n, 0, end - x->b.n);
	x->b.n = end;
	return true;
}

/* Puts the fragment in its place: false when it spoils its packet. */
static bool
place(struct partial *x, const struct vnm_packet *packet)
{
	size_t n = packet->payload.n;
	size_t end = packet->offset + n;
	size_t first = packet->offset / 8;
	size_t last = (end + 7) / 8;

	if (contradicts_end(x, packet))
		return false;
	size_t present = count_present(x, first, last);
	if (present > 0)
		return present == last - first && end <= x->b.n &&
		       memcmp(x->b.p + packet->offset, packet->payload.p, n) == 0;
	if (!reach(x, end))
		return false;
	memcpy(x->b.p + packet->offset, packet->payload.p, n);
	for (size_t unit = first; unit < last; unit++)
		x->have[unit / 8] |= (uint8_t)(1U << unit % 8);
	x->units += last - first;
	if (!packet->more)
		x->total = end;
	if (packet->offset == 0)
		x->begins_with = packet->protocol;
	return true;
}

static bool
is_whole(const struct partial *x)
{
	return x->total != 0 && x->units == (x->total + 7) / 8;
}

static void
hand_out(struct vnm_fragments *f, unsigned i, struct vnm_packet *packet)
{
	struct partial *x = f->partial[i];

	assert(x->b.n == x->total);
	vnm_buffer_free(&f->whole);
	f->whole = x->b;
	x->b = (struct vnm_buffer){NULL, 0, 0};
	packet->protocol = x->begins_with;
	packet->payload = (struct vnm_slice){f->whole.p, f->whole.n};
	packet->wire_n = f->whole.n;
	packet->fragment = packet->more = false;
	packet->offset = 0;
	drop(f, i);
}

bool
vnm_fragments_take(
    struct vnm_fragments *f, struct vnm_packet *packet, uint64_t now_ns, uint64_t *given_up)
{
	*given_up += drop_expired(f, now_ns);
	unsigned i = find(f, packet);
	if (i == f->n) {
		if (f->n == VNM_FRAGMENTS_PACKETS)
			*given_up += drop_oldest(f);
		i = f->n;
		if (!is_sound(packet) || !begin(f, packet, now_ns)) {
			++*given_up;
			return false;
		}
	}
	struct partial *x = f->partial[i];
	x->fragments++;
	if (x->spoilt || !is_sound(packet) || !place(x, packet)) {
		x->spoilt = true;
		vnm_buffer_free(&x->b);
		*given_up += x->fragments;
		x->fragments = 0;
		return false;
	}
	if (!is_whole(x))
		return false;
	hand_out(f, i, packet);
	if (vnm_packet_step_in(packet))
		return true;
	++*given_up;
	return false;
}
