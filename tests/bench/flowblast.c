/*
 * flowblast: a sender of NetFlow v5 and v9, IPFIX and sFlow v5 with known contents. It plays
 * many exporters over UDP, or writes what they would send to a pcap file, and prints the exact
 * sums of what it sent as one line of JSON.
 */
#include "blast.h"
#include "load.h"

#include <getopt.h>
#include <inttypes.h>
#include <signal.h>
#include <stdlib.h>
#include <sys/resource.h>

static const char *const protocol_names[] = {"v5", "v9", "ipfix", "sflow"};
static const char *const by_names[] = {"address", "port", "domain"};

static volatile int stop;

static void
on_signal(int sig)
{
	(void)sig;
	stop = 1;
}

static const char usage_text[] =
    "usage: flowblast [options]\n"
    "  -t PROTOCOL  v5, v9, ipfix (default) or sflow\n"
    "  -d ADDRESS   destination (127.0.0.1)\n"
    "  -p PORT      destination port (2055)\n"
    "  -e N         exporters (16)\n"
    "  -S WHAT      what tells them apart: address (127.1.0.1 and up, default), port or domain\n"
    "  -r N         records or samples of a datagram, at most (24)\n"
    "  -m N         octets of UDP payload, at most (1440)\n"
    "  -n N         data datagrams in all\n"
    "  -D SECONDS   how long, where -n is not given\n"
    "  -R N         records a second (as fast as possible)\n"
    "  -b N         datagrams of one exporter in a row (4)\n"
    "  -T N         templates again every N datagrams of an exporter (1000)\n"
    "  -w N         first templates only after N datagrams of an exporter\n"
    "  -k N         further templates of each exporter, used in turn (0)\n"
    "  -x N         IPFIX: every N-th body with variable-length and enterprise elements\n"
    "  -6 PERCENT   of IPv6 flows (20; not v5)\n"
    "  -c N         sFlow: every N-th datagram of an exporter holds counter samples (10)\n"
    "  -N N         sampling announced, 1 in N (1000)\n"
    "  -a N         distinct source addresses of flows (65536)\n"
    "  -P N         distinct message bodies (256)\n"
    "  -L N         leave out every N-th datagram, though it is numbered\n"
    "  -O N         swap every N-th datagram with the one before\n"
    "  -s SEED      of the contents (1)\n"
    "  -o FILE      write a pcap file instead of sending\n"
    "One line of JSON tells what was sent.\n";

static const struct vnm_blast blast = {"flowblast", usage_text};

struct number_option {
	char letter;
	uint32_t *at;
	uint32_t min, max;
};

static void
set_number(struct vnm_load *l, int letter, const char *text)
{
	const struct number_option table[] = {{'e', &l->exporters, 1, 60000},
	    {'r', &l->records, 1, 1000}, {'m', &l->payload, 400, 8000}, {'b', &l->batch, 1, 256},
	    {'T', &l->refresh, 0, UINT32_MAX}, {'w', &l->withhold, 0, UINT32_MAX},
	    {'k', &l->extra_templates, 0, 60}, {'x', &l->varlen_every, 0, UINT32_MAX},
	    {'6', &l->ip6_percent, 0, 100}, {'c', &l->counters_every, 0, UINT32_MAX},
	    {'N', &l->sampling, 1, UINT32_MAX}, {'a', &l->addresses, 1, 1u << 24},
	    {'P', &l->bodies, 1, 65536}, {'L', &l->skip_every, 0, UINT32_MAX},
	    {'O', &l->swap_every, 0, UINT32_MAX}};

	for (size_t i = 0; i < sizeof(table) / sizeof(table[0]); i++) {
		if (table[i].letter != letter)
			continue;
		*table[i].at = (uint32_t)vnm_blast_number(&blast, text, table[i].min, table[i].max);
		return;
	}
	vnm_blast_usage(&blast, "unknown option");
}

static void
read_options(struct vnm_load *l, int argc, char **argv)
{
	int c;

	while ((c = getopt(argc, argv, "t:d:p:e:S:r:m:n:D:R:b:T:w:k:x:6:c:N:a:P:L:O:s:o:")) != -1) {
		switch (c) {
		case 't':
			l->protocol = (enum vnm_load_protocol)vnm_blast_word(
			    &blast, optarg, protocol_names, 4);
			break;
		case 'S':
			l->by = (enum vnm_load_by)vnm_blast_word(&blast, optarg, by_names, 3);
			break;
		case 'd':
			l->destination = optarg;
			break;
		case 'p':
			l->port = (uint16_t)vnm_blast_number(&blast, optarg, 1, 65535);
			break;
		case 'n':
			l->datagrams = vnm_blast_number(&blast, optarg, 1, UINT64_MAX);
			break;
		case 'D':
			l->seconds = vnm_blast_real(&blast, optarg);
			break;
		case 'R':
			l->rate = vnm_blast_real(&blast, optarg);
			break;
		case 's':
			l->seed = vnm_blast_number(&blast, optarg, 0, UINT64_MAX);
			break;
		case 'o':
			l->pcap = optarg;
			break;
		default:
			set_number(l, c, optarg != NULL ? optarg : "");
		}
	}
	if (optind != argc)
		vnm_blast_usage(&blast, argv[optind]);
	if (l->datagrams == 0 && l->seconds <= 0)
		vnm_blast_usage(&blast, "one of -n and -D is needed");
	if (l->varlen_every != 0 && l->protocol != VNM_LOAD_IPFIX)
		vnm_blast_usage(&blast, "-x is for ipfix");
}

static void
print(const struct vnm_load *l, const struct vnm_tally *t)
{
	printf("{\"protocol\":\"%s\",\"exporters\":%u", protocol_names[l->protocol], l->exporters);
	const struct {
		const char *name;
		uint64_t value;
	} rows[] = {{"datagrams", t->datagrams}, {"data_datagrams", t->data_datagrams},
	    {"template_datagrams", t->template_datagrams},
	    {"counter_datagrams", t->counter_datagrams}, {"records", t->records},
	    {"octets", t->octets}, {"packets", t->packets}, {"options_records", t->options_records},
	    {"counter_samples", t->counter_samples}, {"skipped_datagrams", t->skipped_datagrams},
	    {"skipped_records", t->skipped_records}, {"swapped", t->swapped},
	    {"send_errors", t->send_errors}, {"wire_octets", t->wire_octets}};
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++)
		printf(",\"%s\":%" PRIu64, rows[i].name, rows[i].value);
	printf(",\"seconds\":%.3f,\"records_per_second\":%.0f,\"cpu_seconds\":%.3f}\n", t->seconds,
	    t->seconds > 0 ? (double)t->records / t->seconds : 0, t->cpu_seconds);
}

int
main(int argc, char **argv)
{
	struct vnm_load load = {.protocol = VNM_LOAD_IPFIX,
	    .destination = "127.0.0.1",
	    .port = 2055,
	    .exporters = 16,
	    .records = 24,
	    .payload = 1440,
	    .batch = 4,
	    .refresh = 1000,
	    .ip6_percent = 20,
	    .counters_every = 10,
	    .sampling = 1000,
	    .addresses = 65536,
	    .bodies = 256,
	    .seed = 1};
	struct vnm_tally tally;
	struct sigaction action = {.sa_handler = on_signal};
	struct rlimit files;

	read_options(&load, argc, argv);
	sigaction(SIGINT, &action, NULL);
	sigaction(SIGTERM, &action, NULL);
	if (getrlimit(RLIMIT_NOFILE, &files) == 0) {
		files.rlim_cur = files.rlim_max;
		(void)setrlimit(RLIMIT_NOFILE, &files);
	}
	if (vnm_load_run(&load, &tally, &stop) != 0)
		return 1;
	print(&load, &tally);
	return tally.send_errors != 0 ? 1 : 0;
}
