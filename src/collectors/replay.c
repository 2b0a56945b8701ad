/*
 * Replay of capture files (pcap and pcapng through libpcap, also with nanoseconds) on the
 * packets' own clock.
 */
#include "collectors/collector.h"

#include <assert.h>
#include <pcap/pcap.h>

#include "base/clock.h"
#include "base/reader.h"
#include "collectors/packet.h"

#define SLEEP_SLICE_NS (20 * VNM_NS_PER_MS) /* so that `stop` is soon seen */

struct replay {
	const struct vnm_replay_options *o;
	const struct vnm_intake *intake;
	const char *path;
	pcap_t *pcap; /* owned */
	int link;
	uint64_t packets;    /* read so far */
	uint64_t now_ns;     /* the packets' clock; never goes back */
	uint64_t first_ns;   /* the first packet's time */
	uint64_t started_ns; /* CLOCK_MONOTONIC when it was read */
	unsigned in_turn;    /* messages of this turn */
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
	if (++r->in_turn >= VNM_TURN_DATAGRAMS)
		end_turn(r);
}

static void
ignore(struct replay *r, uint64_t packets)
{
	r->intake->counters->v[VNM_C_ignored] += packets;
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
	uint64_t due = r->started_ns + (uint64_t)((double)(ns - r->first_ns) / r->o->speed);
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
take_packet(struct replay *r, const struct pcap_pkthdr *h, const uint8_t *p)
{
	/* With nanosecond precision tv_usec holds nanoseconds. */
	uint64_t ns = (uint64_t)h->ts.tv_sec * VNM_NS_PER_S + (uint64_t)h->ts.tv_usec;
	struct vnm_packet packet;

	r->packets++;
	keep_pace(r, ns);
	move_clock(r, ns);
	if (!vnm_packet_open(&packet, r->link, p, h->caplen, h->len) || packet.fragment ||
	    packet.protocol != VNM_PROTOCOL_UDP)
		ignore(r, 1);
	else
		take_udp(r, &packet, ns);
}

static int
read_packets(struct replay *r, struct vnm_err *err)
{
	struct pcap_pkthdr *h;
	const uint8_t *p;
	int rc;

	while (!stopped(r) && (rc = pcap_next_ex(r->pcap, &h, &p)) == 1)
		take_packet(r, h, p);
	end_turn(r);
	if (stopped(r) || rc == PCAP_ERROR_BREAK)
		return 0;
	return vnm_err_set(err, r->path, 0, "cut short or damaged after packet %llu: %s",
	    (unsigned long long)r->packets, pcap_geterr(r->pcap));
}

int
vnm_replay_file(const char *path, const struct vnm_replay_options *o,
    const struct vnm_intake *intake, struct vnm_err *err)
{
	struct replay r = {.o = o, .intake = intake, .path = path};
	char why[PCAP_ERRBUF_SIZE];

	r.pcap = pcap_open_offline_with_tstamp_precision(path, PCAP_TSTAMP_PRECISION_NANO, why);
	if (r.pcap == NULL)
		return vnm_err_set(err, path, 0, "not a readable capture file: %s", why);
	r.link = pcap_datalink(r.pcap);
	int rc = vnm_packet_link_known(r.link)
		     ? read_packets(&r, err)
		     : vnm_err_set(err, path, 0, "packets with link type %d (%s) are not read",
			   r.link, pcap_datalink_val_to_description_or_dlt(r.link));
	pcap_close(r.pcap);
	return rc;
}
