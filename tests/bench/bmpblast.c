/*
 * bmpblast: a router that exports its table by BMP (RFC 7854), with known contents. The stream
 * is built in memory before, so that sending it costs next to nothing; one line of JSON tells
 * what was sent.
 *
 * Every UPDATE has attributes of its own: 3 to 6 ASes of four octets, MED, 2 to 6 communities,
 * large communities in a third of them, route targets in VPNs.
 */
#include "blast.h"
#include "octets.h"

#include <arpa/inet.h>
#include <errno.h>
#include <getopt.h>
#include <inttypes.h>
#include <netinet/in.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/socket.h>
#include <unistd.h>

#define ROUTER_AS 65000U
#define PEER_AS 65100U
#define PEER_ADDR 0xc000020aU /* 192.0.2.10 */
#define NEXT_HOP 0x0a000001U
#define MESSAGE_ROOM 16384U
#define CHUNK (1U << 20)

enum { ROUTE_MONITORING = 0, PEER_UP = 3, INITIATION = 4 };
enum { OPEN = 1, UPDATE = 2 };
enum family { V4, V6, VPN4, FAMILIES };

static const char *const family_names[] = {"v4", "v6", "vpn4"};

struct blast {
	const char *host, *path;
	uint16_t port;
	enum family family;
	uint64_t prefixes;
	uint32_t each;	/* prefixes of an UPDATE */
	bool withdraw;	/* each UPDATE's routes in the next message */
	uint32_t delay; /* ms between Peer Up and the first route */
	uint64_t random;
	uint64_t messages, announced, withdrawn;
	struct vnm_octets out;
};

static uint32_t
draw(struct blast *b, uint32_t below)
{
	b->random = b->random * 6364136223846793005ULL + 1442695040888963407ULL;
	return (uint32_t)(b->random >> 33) % below;
}

static void
make_room(struct vnm_octets *o)
{
	if (o->cap - o->n >= MESSAGE_ROOM)
		return;
	o->cap = 2 * o->cap + MESSAGE_ROOM;
	o->p = realloc(o->p, o->cap);
	if (o->p == NULL) {
		fputs("bmpblast: out of memory\n", stderr);
		exit(1);
	}
}

/* ---- messages ------------------------------------------------------------------------------ */

/* A length of two octets that counts what comes behind it: where it stands. */
static size_t
begin_part(struct vnm_octets *o)
{
	vnm_put16(o, 0);
	return o->n;
}

static void
end_part(struct vnm_octets *o, size_t start)
{
	vnm_poke16(o->p + start - 2, (uint16_t)(o->n - start));
}

static size_t
begin_bmp(struct blast *b, uint8_t type)
{
	make_room(&b->out);
	size_t start = b->out.n;
	vnm_put8(&b->out, 3);
	vnm_put32(&b->out, 0);
	vnm_put8(&b->out, type);
	return start;
}

static void
end_bmp(struct blast *b, size_t start)
{
	vnm_poke32(b->out.p + start + 1, (uint32_t)(b->out.n - start));
	b->messages++;
}

static void
put_peer(struct vnm_octets *o)
{
	vnm_put16(o, 0);	  /* global instance, pre-policy */
	vnm_put(o, NULL, 8 + 12); /* distinguisher, and in front of an IPv4 address */
	vnm_put32(o, PEER_ADDR);
	vnm_put32(o, PEER_AS);
	vnm_put32(o, NEXT_HOP);
	vnm_put32(o, 1700000000);
	vnm_put32(o, 250000);
}

static size_t
begin_bgp(struct vnm_octets *o, uint8_t type)
{
	size_t start = o->n;

	for (unsigned i = 0; i < 16; i++)
		vnm_put8(o, 0xff);
	vnm_put16(o, 0);
	vnm_put8(o, type);
	return start;
}

static void
end_bgp(struct vnm_octets *o, size_t start)
{
	vnm_poke16(o->p + start + 16, (uint16_t)(o->n - start));
}

static void
put_open(struct vnm_octets *o, uint32_t as, uint32_t id)
{
	static const uint8_t families[] = {1, 4, 0, 1, 0, 1, 1, 4, 0, 2, 0, 1, 1, 4, 0, 1, 0, 128};
	size_t start = begin_bgp(o, OPEN);

	vnm_put8(o, 4);
	vnm_put16(o, as);
	vnm_put16(o, 180);
	vnm_put32(o, id);
	vnm_put8(o, 2 + sizeof(families) + 6);
	vnm_put8(o, 2);
	vnm_put8(o, sizeof(families) + 6);
	vnm_put(o, families, sizeof(families));
	vnm_put16(o, 65 << 8 | 4);
	vnm_put32(o, as);
	end_bgp(o, start);
}

static void
put_session(struct blast *b)
{
	static const char descr[] = "bmpblast", name[] = "blast1";
	struct vnm_octets *o = &b->out;
	size_t start = begin_bmp(b, INITIATION);

	vnm_put16(o, 1);
	vnm_put16(o, sizeof(descr) - 1);
	vnm_put(o, descr, sizeof(descr) - 1);
	vnm_put16(o, 2);
	vnm_put16(o, sizeof(name) - 1);
	vnm_put(o, name, sizeof(name) - 1);
	end_bmp(b, start);
	start = begin_bmp(b, PEER_UP);
	put_peer(o);
	vnm_put(o, NULL, 12);
	vnm_put32(o, 0xc0000201);
	vnm_put16(o, 179);
	vnm_put16(o, 40000);
	put_open(o, ROUTER_AS, 0x0a0000fe);
	put_open(o, PEER_AS, NEXT_HOP);
	end_bmp(b, start);
}

/* ---- routes -------------------------------------------------------------------------------- */

static void
put_nlri(struct blast *b, uint64_t number)
{
	struct vnm_octets *o = &b->out;
	uint32_t n = (uint32_t)number;

	switch (b->family) {
	case V4:
		vnm_put8(o, 24);
		vnm_put_uint(o, 0x010000U + n, 3);
		break;
	case V6:
		vnm_put8(o, 48);
		vnm_put16(o, 0x2001);
		vnm_put32(o, 0x10000000U + n);
		break;
	default:
		vnm_put8(o, 24 + 64 + 24);
		vnm_put_uint(o, (0x1000U + (n & 0xfff)) << 4 | 1, 3);
		vnm_put16(o, 0);
		vnm_put16(o, PEER_AS);
		vnm_put32(o, n >> 16);
		vnm_put_uint(o, 0x0a0000U + (n & 0xffff), 3);
		break;
	}
}

static void
put_reach(struct blast *b, bool withdraw, uint64_t first, uint32_t count)
{
	struct vnm_octets *o = &b->out;

	vnm_put8(o, 0x90);
	vnm_put8(o, withdraw ? 15 : 14);
	size_t start = begin_part(o);
	vnm_put16(o, b->family == V6 ? 2 : 1);
	vnm_put8(o, b->family == V6 ? 1 : 128);
	if (!withdraw) {
		vnm_put8(o, b->family == V6 ? 16 : 12);
		if (b->family == V6)
			vnm_put64(o, 0x20010db800000000ULL);
		vnm_put64(o, b->family == V6 ? 1 : 0);
		if (b->family == VPN4)
			vnm_put32(o, NEXT_HOP);
		vnm_put8(o, 0);
	}
	for (uint32_t i = 0; i < count; i++)
		put_nlri(b, first + i);
	end_part(o, start);
}

static void
put_lists(struct blast *b)
{
	struct vnm_octets *o = &b->out;
	uint32_t n = 2 + draw(b, 5);

	vnm_put16(o, 0xc008);
	vnm_put8(o, (uint8_t)(4 * n));
	while (n-- > 0)
		vnm_put32(o, PEER_AS << 16 | draw(b, 65536));
	if (b->family == VPN4) {
		vnm_put16(o, 0xc010);
		vnm_put8(o, 16);
		vnm_put64(o, (2ULL << 16 | PEER_AS) << 32 | 100);
		vnm_put64(o, (2ULL << 16 | PEER_AS) << 32 | draw(b, 500));
	}
	if (draw(b, 3) != 0)
		return;
	vnm_put16(o, 0xc020);
	vnm_put8(o, 24);
	for (unsigned i = 0; i < 6; i++)
		vnm_put32(o, PEER_AS + draw(b, 9));
}

static void
put_attributes(struct blast *b)
{
	struct vnm_octets *o = &b->out;
	uint8_t ases = (uint8_t)(3 + draw(b, 4));

	vnm_put32(o, 0x40010100); /* ORIGIN: IGP */
	vnm_put16(o, 0x4002);
	vnm_put8(o, (uint8_t)(2 + 4 * ases));
	vnm_put8(o, 2);
	vnm_put8(o, ases);
	vnm_put32(o, PEER_AS);
	for (unsigned i = 1; i < ases; i++)
		vnm_put32(o, draw(b, 3) != 0 ? 1000 + draw(b, 60000) : 196608 + draw(b, 200000));
	if (b->family == V4) {
		vnm_put_uint(o, 0x400304, 3);
		vnm_put32(o, NEXT_HOP);
	}
	vnm_put_uint(o, 0x800404, 3);
	vnm_put32(o, draw(b, 200));
	put_lists(b);
}

/* The routes from `first` on; `count` 0: End-of-RIB. */
static void
put_update(struct blast *b, bool withdraw, uint64_t first, uint32_t count)
{
	struct vnm_octets *o = &b->out;
	size_t bmp = begin_bmp(b, ROUTE_MONITORING);

	put_peer(o);
	size_t bgp = begin_bgp(o, UPDATE);
	size_t part = begin_part(o);
	for (uint32_t i = 0; withdraw && b->family == V4 && i < count; i++)
		put_nlri(b, first + i);
	end_part(o, part);
	part = begin_part(o);
	if (b->family != V4 && count > 0)
		put_reach(b, withdraw, first, count);
	if (!withdraw && count > 0)
		put_attributes(b);
	end_part(o, part);
	for (uint32_t i = 0; !withdraw && b->family == V4 && i < count; i++)
		put_nlri(b, first + i);
	end_bgp(o, bgp);
	end_bmp(b, bmp);
	*(withdraw ? &b->withdrawn : &b->announced) += count;
}

static size_t
build(struct blast *b)
{
	put_session(b);
	size_t head = b->out.n;
	for (uint64_t i = 0; i < b->prefixes; i += b->each) {
		uint64_t left = b->prefixes - i;
		uint32_t count = left < b->each ? (uint32_t)left : b->each;
		put_update(b, false, i, count);
		if (b->withdraw)
			put_update(b, true, i, count);
	}
	put_update(b, false, 0, 0);
	return head;
}

/* ---- sending ------------------------------------------------------------------------------- */

static int
write_all(int fd, const uint8_t *p, size_t n)
{
	while (n > 0) {
		ssize_t done = write(fd, p, n < CHUNK ? n : CHUNK);
		if (done < 0 && errno == EINTR)
			continue;
		if (done < 0) {
			perror("bmpblast: write");
			return -1;
		}
		p += done;
		n -= (size_t)done;
	}
	return 0;
}

/* Sends the stream behind its first `head` octets as fast as it is taken, and closes. */
static int
send_all(const struct blast *b, size_t head, double *took)
{
	struct sockaddr_in to = {.sin_family = AF_INET, .sin_port = htons(b->port)};
	int fd = socket(AF_INET, SOCK_STREAM, 0);
	int rc = -1;

	if (fd < 0 || inet_pton(AF_INET, b->host, &to.sin_addr) != 1)
		goto failed;
	if (connect(fd, (struct sockaddr *)&to, sizeof(to)) != 0) {
		perror("bmpblast: connect");
		goto failed;
	}
	if (write_all(fd, b->out.p, head) != 0)
		goto failed;
	usleep(b->delay * 1000);
	uint64_t begin = vnm_blast_clock_ns(CLOCK_MONOTONIC);
	rc = write_all(fd, b->out.p + head, b->out.n - head);
	*took = (double)(vnm_blast_clock_ns(CLOCK_MONOTONIC) - begin) / 1e9;
failed:
	if (fd >= 0)
		close(fd);
	return rc;
}

static int
write_file(const struct blast *b)
{
	FILE *f = fopen(b->path, "wb");
	bool good = f != NULL && fwrite(b->out.p, 1, b->out.n, f) == b->out.n;

	if (f == NULL || fclose(f) != 0 || !good) {
		perror(b->path);
		return -1;
	}
	return 0;
}

/* ---- the command line ---------------------------------------------------------------------- */

static const char usage_text[] =
    "usage: bmpblast [options]\n"
    "  -d ADDRESS  destination (127.0.0.1)\n"
    "  -p PORT     destination port (11019)\n"
    "  -f FAMILY   v4 (default), v6 or vpn4\n"
    "  -n N        prefixes (1000000)\n"
    "  -k N        prefixes of an UPDATE (5)\n"
    "  -w          withdraw each UPDATE's prefixes in the message behind it\n"
    "  -b MS       wait between Peer Up and the first route (300)\n"
    "  -s SEED     of the contents (1)\n"
    "  -o FILE     write the stream to a file instead\n"
    "One line of JSON tells what was sent.\n";

static const struct vnm_blast blast = {"bmpblast", usage_text};

static void
read_options(struct blast *b, int argc, char **argv)
{
	int c;

	while ((c = getopt(argc, argv, "d:p:f:n:k:wb:s:o:")) != -1) {
		switch (c) {
		case 'd':
			b->host = optarg;
			break;
		case 'p':
			b->port = (uint16_t)vnm_blast_number(&blast, optarg, 1, 65535);
			break;
		case 'f':
			b->family =
			    (enum family)vnm_blast_word(&blast, optarg, family_names, FAMILIES);
			break;
		case 'n':
			b->prefixes = vnm_blast_number(&blast, optarg, 1, 14000000);
			break;
		case 'k':
			b->each = (uint32_t)vnm_blast_number(&blast, optarg, 1, 200);
			break;
		case 'w':
			b->withdraw = true;
			break;
		case 'b':
			b->delay = (uint32_t)vnm_blast_number(&blast, optarg, 0, 60000);
			break;
		case 's':
			b->random = vnm_blast_number(&blast, optarg, 0, UINT32_MAX);
			break;
		case 'o':
			b->path = optarg;
			break;
		default:
			vnm_blast_usage(&blast, "unknown option");
		}
	}
	if (optind != argc)
		vnm_blast_usage(&blast, argv[optind]);
}

int
main(int argc, char **argv)
{
	struct blast b = {.host = "127.0.0.1",
	    .port = 11019,
	    .prefixes = 1000000,
	    .each = 5,
	    .delay = 300,
	    .random = 1};
	double took = 0;

	read_options(&b, argc, argv);
	size_t head = build(&b);
	int rc = b.path != NULL ? write_file(&b) : send_all(&b, head, &took);
	printf("{\"messages\":%" PRIu64 ",\"announced\":%" PRIu64 ",\"withdrawn\":%" PRIu64
	       ",\"octets\":%zu,\"seconds\":%.3f}\n",
	    b.messages, b.announced, b.withdrawn, b.out.n, took);
	free(b.out.p);
	return rc == 0 ? 0 : 1;
}
