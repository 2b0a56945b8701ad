/*
 * Replay of capture files (pcap and pcapng through libpcap, also with nanoseconds) on the
 * packets' own clock, and of files that hold one stream of messages.
 */
#include "collectors/collector.h"

#include <errno.h>
#include <fcntl.h>
#include <pcap/pcap.h>
#include <string.h>
#include <unistd.h>

#include "base/clock.h"
#include "base/reader.h"
#include "collectors/framer.h"
#include "collectors/ip_fragment.h"
#include "collectors/packet.h"
#include "collectors/tcp_stream.h"

#define SLEEP_SLICE_NS (20 * VNM_NS_PER_MS) /* so that `stop` is soon seen */
#define WAIT_NS_MAX 9e18		    /* the clock's end, with room to spare */
#define RAW_CHUNK 65536

struct replay {
	const struct vnm_replay_options *o;
	const struct vnm_intake *intake;
	const char *path;
	pcap_t *pcap; /* owned */
	int link;
	struct vnm_fragments *fragments; /* owned */
	struct vnm_streams *streams;	 /* owned */
	uint64_t packets;		 /* read so far */
	uint64_t now_ns;		 /* the packets' clock; never goes back */
	uint64_t first_ns;		 /* the first packet's time */
	uint64_t started_ns;		 /* CLOCK_MONOTONIC when it was read */
	unsigned in_turn;		 /* messages of this turn */
};

static bool
stopped(const struct replay *r)
{
	return r->o->stop != NULL && *r->o->stop != 0;
}

static void
sleep_ns(uint64_t ns)
{
	struct timespec t = {(time_t)(ns / VNM_NS_PER_S), (long)(ns % VNM_NS_PER_S)};

	nanosleep(&t, NULL);
}

/* Ends the turn and waits until the outputs have room: nothing is dropped on a replay. */
static void
end_turn(struct replay *r)
{
	const struct vnm_intake *in = r->intake;

	r->in_turn = 0;
	in->turn_end(in->ctx);
	while (!in->room(in->ctx) && !stopped(r)) {
		sleep_ns(VNM_NS_PER_MS);
		in->turn_end(in->ctx);
	}
}

static void
hand_over(struct replay *r, const struct vnm_datagram *d)
{
	r->intake->message(r->intake->ctx, d);
	if (++r->in_turn >= VNM_TURN_DATAGRAMS || !r->intake->room(r->intake->ctx))
		end_turn(r);
}

static void
ignore(struct replay *r, uint64_t packets)
{
	r->intake->counters->v[VNM_C_ignored] += packets;
}

static void
refuse(struct replay *r, const struct vnm_datagram *d, enum vnm_reason reason)
{
	vnm_intake_refuse(r->intake, d, reason);
}

/* Waits until it is time for a packet of this time, at the speed asked for. */
static void
keep_pace(struct replay *r, uint64_t ns)
{
	if (r->packets == 1) {
		r->first_ns = ns;
		r->started_ns = vnm_clock_mono_ns();
	}
	if (r->o->speed <= 0 || ns <= r->first_ns)
		return;
	double after_ns = (double)(ns - r->first_ns) / r->o->speed;
	uint64_t due = r->started_ns + (uint64_t)(after_ns < WAIT_NS_MAX ? after_ns : WAIT_NS_MAX);
	while (!stopped(r)) {
		uint64_t now = vnm_clock_mono_ns();
		if (now >= due)
			return;
		if (r->in_turn > 0)
			end_turn(r);
		sleep_ns(due - now < SLEEP_SLICE_NS ? due - now : SLEEP_SLICE_NS);
	}
}

static void
move_clock(struct replay *r, uint64_t ns)
{
	if (ns <= r->now_ns)
		return;
	r->now_ns = ns;
	if (r->o->clock != NULL)
		r->o->clock(r->o->ctx, ns);
}

/*
 * A datagram that the snap length cut is handed over with what was captured: it is a message
 * of its exporter, and the decoder finds it shorter than its own length fields say.
 */
static void
take_udp(struct replay *r, const struct vnm_packet *packet, uint64_t ns)
{
	const uint8_t *h = packet->payload.p;

	if (packet->payload.n < 8) {
		ignore(r, 1);
		return;
	}
	size_t claimed = vnm_be16(h + 4);
	size_t n = packet->payload.n;
	if (claimed != 0 && claimed < n) /* 0: larger than 65535 octets (RFC 2675) */
		n = claimed < 8 ? 8 : claimed;
	struct vnm_datagram d = {.p = h + 8,
	    .n = n - 8,
	    .rx_ns = ns,
	    .src = {packet->src, vnm_be16(h)},
	    .dst = {packet->dst, vnm_be16(h + 2)},
	    .transport = VNM_TRANSPORT_UDP};
	if (r->o->wanted != NULL && !r->o->wanted(r->o->ctx, &d))
		ignore(r, 1);
	else
		hand_over(r, &d);
}

static void
take_tcp(struct replay *r, const struct vnm_packet *packet, uint64_t ns)
{
	if (r->o->stream != NULL)
		vnm_streams_take(r->streams, packet, ns);
	else
		ignore(r, 1);
}

/* False when there is nothing (yet) to be taken; it is counted then. */
static bool
open_packet(struct replay *r, const struct pcap_pkthdr *h, const uint8_t *p, uint64_t ns,
    struct vnm_packet *packet)
{
	uint64_t given_up = 0;

	if (!vnm_packet_open(packet, r->link, p, h->caplen, h->len)) {
		ignore(r, 1);
		return false;
	}
	if (!packet->fragment)
		return true;
	bool whole = vnm_fragments_take(r->fragments, packet, ns, &given_up);
	ignore(r, given_up);
	return whole;
}

static void
take_packet(struct replay *r, const struct pcap_pkthdr *h, const uint8_t *p)
{
	/* With nanosecond precision tv_usec holds nanoseconds. */
	uint64_t ns = (uint64_t)h->ts.tv_sec * VNM_NS_PER_S + (uint64_t)h->ts.tv_usec;
	struct vnm_packet packet;

	r->packets++;
	keep_pace(r, ns);
	move_clock(r, ns);
	if (!open_packet(r, h, p, ns, &packet))
		return;
	if (packet.protocol == VNM_PROTOCOL_UDP)
		take_udp(r, &packet, ns);
	else if (packet.protocol == VNM_PROTOCOL_TCP)
		take_tcp(r, &packet, ns);
	else
		ignore(r, 1);
}

static int
read_packets(struct replay *r, struct vnm_err *err)
{
	struct pcap_pkthdr *h;
	const uint8_t *p;
	int rc = PCAP_ERROR_BREAK;

	while (!stopped(r) && (rc = pcap_next_ex(r->pcap, &h, &p)) == 1)
		take_packet(r, h, p);
	if (rc == 1 || rc == PCAP_ERROR_BREAK)
		return 0;
	return vnm_err_set(err, r->path, 0, "cut short or damaged after packet %llu: %s",
	    (unsigned long long)r->packets, pcap_geterr(r->pcap));
}

/* The streams' user is the replay itself. */
static vnm_frame_fn
on_stream(void *ctx, const struct vnm_datagram *d)
{
	struct replay *r = ctx;

	return r->o->stream(r->o->ctx, d);
}

static void
on_message(void *ctx, const struct vnm_datagram *d)
{
	hand_over(ctx, d);
}

static void
on_refused(void *ctx, const struct vnm_datagram *d, enum vnm_reason reason)
{
	refuse(ctx, d, reason);
}

static void
on_end(void *ctx, const struct vnm_datagram *d)
{
	struct replay *r = ctx;

	r->intake->end(r->intake->ctx, d);
}

static void
on_ignored(void *ctx, uint64_t packets)
{
	ignore(ctx, packets);
}

static int
replay_capture(struct replay *r, struct vnm_err *err)
{
	const struct vnm_streams_user user = {
	    r, on_stream, on_message, on_refused, on_end, on_ignored};
	int rc;

	r->fragments = vnm_fragments_new();
	r->streams = vnm_streams_new(&user);
	if (r->fragments != NULL && r->streams != NULL)
		rc = read_packets(r, err);
	else
		rc = vnm_err_set(err, r->path, 0, "not enough memory to replay it");
	ignore(r, vnm_fragments_free(r->fragments));
	vnm_streams_free(r->streams);
	end_turn(r);
	return rc;
}

/* libpcap's words, without the file's name where it begins with it. */
static const char *
why_not(const char *why, const char *path)
{
	size_t n = strlen(path);

	return strncmp(why, path, n) == 0 && why[n] == ':' ? why + n + 1 + (why[n + 1] == ' ')
							   : why;
}

int
vnm_replay_file(const char *path, const struct vnm_replay_options *o,
    const struct vnm_intake *intake, struct vnm_err *err)
{
	struct replay r = {.o = o, .intake = intake, .path = path};
	char why[PCAP_ERRBUF_SIZE];

	r.pcap = pcap_open_offline_with_tstamp_precision(path, PCAP_TSTAMP_PRECISION_NANO, why);
	if (r.pcap == NULL)
		return vnm_err_set(
		    err, path, 0, "not a readable capture file: %s", why_not(why, path));
	r.link = pcap_datalink(r.pcap);
	int rc = vnm_packet_link_known(r.link)
		     ? replay_capture(&r, err)
		     : vnm_err_set(err, path, 0, "packets with link type %d (%s) are not read",
			   r.link, pcap_datalink_val_to_description_or_dlt(r.link));
	pcap_close(r.pcap);
	return rc;
}

static void
take_message(struct replay *r, const struct vnm_datagram *from, struct vnm_slice octets)
{
	struct vnm_datagram d = *from;

	d.p = octets.p;
	d.n = octets.n;
	hand_over(r, &d);
}

static void
refuse_message(struct replay *r, const struct vnm_datagram *from, struct vnm_slice octets)
{
	struct vnm_datagram d = *from;

	d.p = octets.p;
	d.n = octets.n;
	refuse(r, &d, VNM_R_bad_length);
}

/* What comes next of the file: its number of octets, 0 at the end, -1 and *err. */
static ssize_t
read_more(struct replay *r, int fd, struct vnm_framer *f, struct vnm_err *err)
{
	uint8_t *space = vnm_framer_space(f, RAW_CHUNK);

	if (space == NULL)
		return vnm_err_set(err, r->path, 0, "not enough memory to replay it");
	ssize_t n;
	do {
		n = read(fd, space, RAW_CHUNK);
	} while (n < 0 && errno == EINTR && !stopped(r));
	if (n < 0)
		return vnm_err_set(err, r->path, 0, "cannot be read: %s", strerror(errno));
	vnm_framer_wrote(f, (size_t)n);
	return n;
}

static int
read_stream(struct replay *r, int fd, const struct vnm_datagram *from, struct vnm_framer *f,
    struct vnm_err *err)
{
	enum vnm_framed framed = VNM_FRAMED_NONE;
	struct vnm_slice message;
	ssize_t n;

	while (!stopped(r) && (n = read_more(r, fd, f, err)) != 0) {
		if (n < 0)
			return -1;
		while ((framed = vnm_framer_next(f, &message)) == VNM_FRAMED_MESSAGE) {
			r->packets++;
			take_message(r, from, message);
		}
		if (framed == VNM_FRAMED_BAD) {
			refuse_message(r, from, vnm_framer_rest(f));
			return vnm_err_set(err, r->path, 0, "no message begins after message %llu",
			    (unsigned long long)r->packets);
		}
	}
	message = vnm_framer_rest(f);
	if (message.n == 0 || stopped(r))
		return 0;
	take_message(r, from, message);
	return vnm_err_set(
	    err, r->path, 0, "cut short after message %llu", (unsigned long long)r->packets);
}

int
vnm_replay_raw(const char *path, const struct vnm_datagram *from,
    const struct vnm_replay_options *o, const struct vnm_intake *intake, struct vnm_err *err)
{
	struct replay r = {.o = o, .intake = intake, .path = path};
	struct vnm_framer framer = {.frame = intake->frame};
	bool is_stdin = strcmp(path, "-") == 0;
	int fd = is_stdin ? STDIN_FILENO : open(path, O_RDONLY | O_CLOEXEC);

	if (fd < 0)
		return vnm_err_set(err, path, 0, "cannot be opened: %s", strerror(errno));
	move_clock(&r, from->rx_ns);
	int rc = read_stream(&r, fd, from, &framer, err);
	intake->end(intake->ctx, from);
	end_turn(&r);
	vnm_framer_free(&framer);
	if (!is_stdin)
		close(fd);
	return rc;
}
