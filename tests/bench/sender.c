/*
 * Plays exporters: numbers and clocks the prepared bodies, sends them with sendmmsg(2) at the
 * wanted rate, or writes them to a pcap file on a clock of its own, and counts what it sent.
 */
#include "config.h"
#include "blast.h"
#include "load.h"

#include <arpa/inet.h>
#include <errno.h>
#include <netinet/in.h>
#include <stdlib.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <unistd.h>

#define BATCH_MAX 256
#define PCAP_EPOCH_NS 1767225600000000000ULL /* 2026-01-01: a file does not depend on today */
#define PCAP_RATE 20000.0		     /* records a second where none is given */

struct slot {
	uint8_t header[VNM_LOAD_HEADER_MAX];
	uint8_t copy[VNM_LOAD_PAYLOAD_MAX]; /* sFlow: a body with numbers of its own */
	struct iovec iov[2];
};

struct run {
	const struct vnm_load *load;
	struct vnm_tally *tally;
	const volatile int *stop;
	struct vnm_player *players;
	uint32_t player; /* whose turn it is */
	struct vnm_body *bodies;
	struct vnm_body templates;
	struct slot *slots;
	struct mmsghdr messages[BATCH_MAX];
	uint64_t generated; /* data datagrams, sent or skipped */
	uint64_t begin_mono_ns, begin_ns, now_ns;
	double credit; /* datagrams that the rate allows now */
	FILE *pcap;
};

/* ---- the file ------------------------------------------------------------------------------ */

static void
put_le32(FILE *f, uint32_t v)
{
	uint8_t b[4] = {(uint8_t)v, (uint8_t)(v >> 8), (uint8_t)(v >> 16), (uint8_t)(v >> 24)};

	fwrite(b, 4, 1, f);
}

static FILE *
pcap_open(const char *path)
{
	static const uint32_t header[6] = {0xa1b23c4d /* ns */, 4u << 16 | 2, 0, 0, 65535, 228};
	FILE *f = fopen(path, "wb");

	if (f == NULL) {
		fprintf(stderr, "flowblast: %s: %s\n", path, strerror(errno));
		return NULL;
	}
	for (int i = 0; i < 6; i++)
		put_le32(f, header[i]);
	return f;
}

/* One datagram behind made-up IPv4 and UDP headers (without checksums). */
static void
pcap_write(struct run *run, const struct vnm_player *player, const struct msghdr *m)
{
	uint8_t h[28] = {0x45};
	size_t n = 0;

	for (size_t i = 0; i < m->msg_iovlen; i++)
		n += m->msg_iov[i].iov_len;
	bool apart = run->load->by == VNM_LOAD_BY_ADDRESS;
	bool port_apart = run->load->by == VNM_LOAD_BY_PORT;
	vnm_poke16(h + 2, (uint16_t)(28 + n));
	h[8] = 64;
	h[9] = 17;
	vnm_poke32(h + 12, 0x7f010001 + (apart ? player->index : 0));
	vnm_poke32(h + 16, 0x7f000001);
	vnm_poke16(h + 20, (uint16_t)(20000 + (port_apart ? player->index : 0)));
	vnm_poke16(h + 22, run->load->port);
	vnm_poke16(h + 24, (uint16_t)(8 + n));
	put_le32(run->pcap, (uint32_t)(run->now_ns / 1000000000));
	put_le32(run->pcap, (uint32_t)(run->now_ns % 1000000000));
	put_le32(run->pcap, (uint32_t)(28 + n));
	put_le32(run->pcap, (uint32_t)(28 + n));
	fwrite(h, sizeof(h), 1, run->pcap);
	for (size_t i = 0; i < m->msg_iovlen; i++)
		fwrite(m->msg_iov[i].iov_base, m->msg_iov[i].iov_len, 1, run->pcap);
}

/* ---- sockets ------------------------------------------------------------------------------- */

static int
open_socket(
    const struct vnm_load *load, const struct sockaddr_storage *to, socklen_t to_n, uint32_t index)
{
	int fd = socket(to->ss_family, SOCK_DGRAM | SOCK_CLOEXEC, 0), size = 4 << 20;

	if (fd < 0)
		return -1;
	(void)setsockopt(fd, SOL_SOCKET, SO_SNDBUF, &size, sizeof(size));
	if (load->by == VNM_LOAD_BY_ADDRESS && to->ss_family == AF_INET) {
		struct sockaddr_in from = {
		    .sin_family = AF_INET, .sin_addr.s_addr = htonl(0x7f010001 + index)};
		if (bind(fd, (const void *)&from, sizeof(from)) != 0)
			goto failed;
	}
	if (connect(fd, (const void *)to, to_n) != 0)
		goto failed;
	return fd;
failed:
	close(fd);
	return -1;
}

static int
address_of(const struct vnm_load *load, struct sockaddr_storage *to, socklen_t *to_n)
{
	struct sockaddr_in *in = (void *)to;
	struct sockaddr_in6 *in6 = (void *)to;

	memset(to, 0, sizeof(*to));
	if (inet_pton(AF_INET, load->destination, &in->sin_addr) == 1) {
		in->sin_family = AF_INET;
		in->sin_port = htons(load->port);
		*to_n = sizeof(*in);
	} else if (inet_pton(AF_INET6, load->destination, &in6->sin6_addr) == 1) {
		in6->sin6_family = AF_INET6;
		in6->sin6_port = htons(load->port);
		*to_n = sizeof(*in6);
	} else {
		fprintf(stderr, "flowblast: %s is no address\n", load->destination);
		return -1;
	}
	return 0;
}

static int
make_players(struct run *run)
{
	const struct vnm_load *load = run->load;
	struct sockaddr_storage to;
	socklen_t to_n = 0;

	run->players = calloc(load->exporters, sizeof(*run->players));
	if (run->players == NULL || address_of(load, &to, &to_n) != 0)
		return -1;
	for (uint32_t i = 0; i < load->exporters; i++) {
		struct vnm_player *p = &run->players[i];
		p->index = i;
		p->fd = -1;
		p->domain = load->by == VNM_LOAD_BY_DOMAIN ? 1 + i : 1;
		p->next_body = i % load->bodies;
		p->templates_due = load->withhold;
		if (load->pcap != NULL)
			continue;
		p->fd = load->by == VNM_LOAD_BY_DOMAIN && i != 0 ? run->players[0].fd
								 : open_socket(load, &to, to_n, i);
		if (p->fd < 0) {
			fprintf(
			    stderr, "flowblast: socket of exporter %u: %s\n", i, strerror(errno));
			return -1;
		}
	}
	return 0;
}

/* ---- messages ------------------------------------------------------------------------------ */

static void
make_bodies(struct run *run)
{
	const struct vnm_load *load = run->load;
	uint64_t random = load->seed;

	for (uint32_t i = 0; i < load->bodies; i++) {
		bool ip6 = i * 100 / load->bodies >= 100 - load->ip6_percent;
		if (load->protocol == VNM_LOAD_V5)
			vnm_body_v5(&run->bodies[i], load, &random);
		else if (load->protocol == VNM_LOAD_SFLOW)
			vnm_body_samples(&run->bodies[i], load, ip6, &random);
		else
			vnm_body_data(&run->bodies[i], load, i, run->begin_ns / 1000000, &random);
	}
	for (uint32_t i = load->bodies - 1; i > 0; i--) { /* IPv4 and IPv6 mixed */
		uint32_t k = (uint32_t)(vnm_load_random(&random) % (i + 1));
		struct vnm_body t = run->bodies[i];
		run->bodies[i] = run->bodies[k];
		run->bodies[k] = t;
	}
	if (load->protocol == VNM_LOAD_V9 || load->protocol == VNM_LOAD_IPFIX)
		vnm_body_templates(&run->templates, load);
}

static size_t
make_header(struct run *run, uint8_t *h, struct vnm_player *player, const struct vnm_body *b)
{
	uint32_t uptime = VNM_LOAD_UPTIME_MS + (uint32_t)((run->now_ns - run->begin_ns) / 1000000);

	if (run->load->protocol == VNM_LOAD_SFLOW)
		return vnm_header_sflow(h, player, b, uptime);
	return vnm_header_netflow(h, run->load, player, b, run->now_ns, uptime);
}

/* Samples are numbered by their source, so each datagram needs numbers of its own. */
static void
number_samples(
    struct run *run, struct slot *slot, struct vnm_player *player, const struct vnm_body *b)
{
	memcpy(slot->copy, b->p, b->n);
	for (uint32_t i = 0; i < b->records; i++) {
		uint32_t n = ++player->samples;
		vnm_poke32(slot->copy + b->sample_at[i], n);
		vnm_poke32(slot->copy + b->pool_at[i], n * run->load->sampling);
	}
}

static void
deliver(struct run *run, struct vnm_player *player, uint32_t count)
{
	uint32_t done = 0;

	if (run->pcap != NULL) {
		for (; done < count; done++)
			pcap_write(run, player, &run->messages[done].msg_hdr);
	}
	while (done < count && !*run->stop) {
		int n = sendmmsg(player->fd, run->messages + done, count - done, 0);
		if (n > 0)
			done += (uint32_t)n;
		else if (errno == ECONNREFUSED)
			run->tally->send_errors++; /* of an earlier one; this one is tried again */
		else if (errno != EINTR && errno != EAGAIN && errno != ENOBUFS)
			break;
	}
	if (done < count)
		run->tally->send_errors += count - done;
	for (uint32_t i = 0; i < count; i++) {
		run->tally->wire_octets += run->slots[i].iov[0].iov_len;
		run->tally->wire_octets += run->slots[i].iov[1].iov_len;
	}
	run->tally->datagrams += done;
}

static void
send_templates(struct run *run, struct vnm_player *player)
{
	struct slot *slot = &run->slots[0];
	struct vnm_body *b = &run->templates;

	vnm_poke32(b->p + b->domain_at, player->domain);
	slot->iov[0] = (struct iovec){slot->header, make_header(run, slot->header, player, b)};
	slot->iov[1] = (struct iovec){b->p, b->n};
	run->messages[0].msg_hdr = (struct msghdr){.msg_iov = slot->iov, .msg_iovlen = 2};
	deliver(run, player, 1);
	run->tally->template_datagrams++;
	run->tally->options_records++;
	player->templates_due =
	    run->load->refresh != 0 ? player->datagrams + run->load->refresh : UINT64_MAX;
}

/* The next data datagram into slot k: whether it is to be sent. */
static bool
next_datagram(struct run *run, struct vnm_player *player, uint32_t k)
{
	const struct vnm_load *load = run->load;
	struct slot *slot = &run->slots[k];
	const struct vnm_body *b = &run->bodies[player->next_body];
	struct vnm_body counters = {.p = slot->copy};
	uint8_t *body = b->p;
	bool sflow = load->protocol == VNM_LOAD_SFLOW;

	player->next_body = (player->next_body + 1) % load->bodies;
	run->generated++;
	player->datagrams++;
	if (sflow && load->counters_every != 0 && player->datagrams % load->counters_every == 0) {
		vnm_body_counters(&counters, player);
		b = &counters;
		body = slot->copy;
	} else if (sflow) {
		number_samples(run, slot, player, b);
		body = slot->copy;
	}
	slot->iov[0] = (struct iovec){slot->header, make_header(run, slot->header, player, b)};
	slot->iov[1] = (struct iovec){body, b->n};
	if (load->skip_every != 0 && run->generated % load->skip_every == 0) {
		run->tally->skipped_datagrams++;
		run->tally->skipped_records += b->records;
		return false;
	}
	if (b == &counters) {
		run->tally->counter_datagrams++;
		run->tally->counter_samples += VNM_LOAD_INTERFACES;
	} else {
		run->tally->data_datagrams++;
	}
	run->tally->records += b->records;
	run->tally->octets += b->octets;
	run->tally->packets += b->packets;
	return true;
}

static void
send_batch(struct run *run, uint32_t count)
{
	struct vnm_player *player = &run->players[run->player];
	bool templates =
	    run->load->protocol == VNM_LOAD_V9 || run->load->protocol == VNM_LOAD_IPFIX;
	uint32_t k = 0;

	run->player = (run->player + 1) % run->load->exporters;
	if (templates && player->datagrams >= player->templates_due)
		send_templates(run, player);
	for (uint32_t i = 0; i < count; i++) {
		if (!next_datagram(run, player, k))
			continue;
		run->messages[k].msg_hdr =
		    (struct msghdr){.msg_iov = run->slots[k].iov, .msg_iovlen = 2};
		if (run->load->swap_every != 0 && k != 0 &&
		    run->generated % run->load->swap_every == 0) {
			struct mmsghdr t = run->messages[k];
			run->messages[k] = run->messages[k - 1];
			run->messages[k - 1] = t;
			run->tally->swapped++;
		}
		k++;
	}
	deliver(run, player, k);
}

/* ---- the run ------------------------------------------------------------------------------- */

/* Lets the clock go on; whether `want` datagrams may go now. */
static bool
rate_allows(struct run *run, uint32_t want, double records_a_datagram)
{
	const struct timespec pause = {0, 300000};
	double rate = run->load->rate / records_a_datagram;

	if (run->pcap != NULL) {
		double step = want / (rate > 0 ? rate : PCAP_RATE / records_a_datagram);
		run->now_ns += (uint64_t)(step * 1e9);
		return true;
	}
	uint64_t now = run->begin_ns + vnm_blast_clock_ns(CLOCK_MONOTONIC) - run->begin_mono_ns;
	double most = rate * 0.02; /* 20 ms of burst */
	run->credit += (double)(now - run->now_ns) * 1e-9 * rate;
	run->now_ns = now;
	if (rate <= 0)
		return true;
	if (run->credit > most && run->credit > want)
		run->credit = most > want ? most : want;
	if (run->credit < want) {
		nanosleep(&pause, NULL);
		return false;
	}
	run->credit -= want;
	return true;
}

static void
play(struct run *run)
{
	const struct vnm_load *load = run->load;
	double records = 0;

	for (uint32_t i = 0; i < load->bodies; i++)
		records += run->bodies[i].records;
	if (load->protocol == VNM_LOAD_SFLOW && load->counters_every != 0)
		records *= 1 - 1.0 / load->counters_every;
	while (!*run->stop && (load->datagrams == 0 || run->generated < load->datagrams)) {
		uint32_t want = load->batch;
		if (load->seconds > 0 &&
		    (double)(run->now_ns - run->begin_ns) >= load->seconds * 1e9)
			break;
		if (load->datagrams != 0 && load->datagrams - run->generated < want)
			want = (uint32_t)(load->datagrams - run->generated);
		if (rate_allows(run, want, records / load->bodies))
			send_batch(run, want);
	}
}

static void
finish(struct run *run)
{
	struct rusage u;

	getrusage(RUSAGE_SELF, &u);
	run->tally->seconds = (double)(run->now_ns - run->begin_ns) * 1e-9;
	run->tally->cpu_seconds = (double)(u.ru_utime.tv_sec + u.ru_stime.tv_sec) +
				  (double)(u.ru_utime.tv_usec + u.ru_stime.tv_usec) * 1e-6;
	if (run->pcap != NULL && fclose(run->pcap) != 0)
		run->tally->send_errors++;
	for (uint32_t i = 0; run->bodies != NULL && i < run->load->bodies; i++)
		free(run->bodies[i].p);
	for (uint32_t i = 0; run->players != NULL && i < run->load->exporters; i++) {
		if (run->players[i].fd > 0 && (run->load->by != VNM_LOAD_BY_DOMAIN || i == 0))
			close(run->players[i].fd);
	}
	free(run->templates.p);
	free(run->players);
	free(run->bodies);
	free(run->slots);
}

int
vnm_load_run(const struct vnm_load *load, struct vnm_tally *tally, const volatile int *stop)
{
	struct run run = {.load = load, .tally = tally, .stop = stop};
	int result = -1;

	memset(tally, 0, sizeof(*tally));
	run.begin_mono_ns = vnm_blast_clock_ns(CLOCK_MONOTONIC);
	run.begin_ns = load->pcap != NULL ? PCAP_EPOCH_NS : vnm_blast_clock_ns(CLOCK_REALTIME);
	run.now_ns = run.begin_ns;
	run.bodies = calloc(load->bodies, sizeof(*run.bodies));
	run.slots = calloc(load->batch, sizeof(*run.slots));
	if (run.bodies == NULL || run.slots == NULL || make_players(&run) != 0)
		goto done;
	if (load->pcap != NULL && (run.pcap = pcap_open(load->pcap)) == NULL)
		goto done;
	make_bodies(&run);
	play(&run);
	result = 0;
done:
	finish(&run);
	return result;
}
