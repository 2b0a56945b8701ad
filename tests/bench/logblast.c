/*
 * logblast: devices that send syslog, with known contents: a third each of RFC 5424 with
 * structured data, RFC 3164 of a Linux kernel, and Cisco IOS. All messages are made before, so
 * that sending them costs little; one line of JSON tells what was sent.
 */
#include "blast.h"

#include <arpa/inet.h>
#include <errno.h>
#include <getopt.h>
#include <inttypes.h>
#include <netinet/in.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/uio.h>
#include <unistd.h>

#define FORMS 1000 /* different messages, sent again and again */
#define TEXT_MAX 1024
#define TOGETHER 64 /* messages of one system call */
#define SNDBUF (4 << 20)

enum mode { UDP, LINES, OCTETS, MODES };
static const char *const mode_names[] = {"udp", "lines", "octets"};

static const struct vnm_blast blast = {.program = "logblast",
    .usage = "usage: logblast [-m udp|lines|octets] [-h ADDRESS] -p PORT [-n COUNT] [-r RATE]\n"
	     "  -m  how messages are sent (udp)\n"
	     "  -h  to which IPv4 address (127.0.0.1)\n"
	     "  -n  how many messages (100000)\n"
	     "  -r  how many a second; 0: as fast as possible (0)\n"};

struct sender {
	enum mode mode;
	struct sockaddr_in to;
	uint64_t count, rate;
	uint64_t sent, octets;
	int fd;
	struct iovec forms[FORMS];
};

/* ---- messages ---------------------------------------------------------------------------------
 */

/* What a network tells, of which one part differs. */
static int
write_event(char *p, size_t n, unsigned i)
{
	switch (i % 8) {
	case 0:
		return snprintf(p, n,
		    "%%LINK-3-UPDOWN: Interface GigabitEthernet0/%u, changed state to down",
		    i % 48);
	case 1:
		return snprintf(p, n,
		    "%%LINEPROTO-5-UPDOWN: Line protocol on Interface Ethernet1/%u, changed state "
		    "to up",
		    i % 48);
	case 2:
		return snprintf(
		    p, n, "%%BGP-5-ADJCHANGE: neighbor 192.0.2.%u Down Interface flap", i % 200);
	case 3:
		return snprintf(p, n,
		    "%%SYS-5-CONFIG_I: Configured from console by admin on vty0 (10.0.0.%u)",
		    i % 200);
	case 4:
		return snprintf(p, n,
		    "%%OSPF-5-ADJCHG: Process 1, Nbr 10.0.1.%u on Vlan100 from LOADING to FULL, "
		    "Loading Done",
		    i % 200);
	case 5:
		return snprintf(p, n,
		    "%%SEC-6-IPACCESSLOGP: list 101 denied tcp 198.51.100.%u(41234) -> "
		    "203.0.113.9(22), 1 packet",
		    i % 200);
	case 6:
		return snprintf(p, n,
		    "%%STP-2-BLOCK_PVID_LOCAL: Blocking port on VLAN%u. Inconsistent local vlan.",
		    i % 4000);
	default:
		return snprintf(p, n,
		    "%%SW_MATM-4-MACFLAP_NOTIF: Host 0200.0000.%04u in vlan 10 is flapping between "
		    "port Gi1/0/1 and port Gi1/0/2",
		    i);
	}
}

static int
write_message(char *p, size_t n, unsigned i)
{
	unsigned pri = 8 * (16 + i % 8) + i % 8, second = i % 60, day = 1 + i % 28;
	char event[256];

	write_event(event, sizeof(event), i);
	switch (i % 3) {
	case 0:
		return snprintf(p, n,
		    "<%u>1 2026-11-22T19:45:%02u.%06uZ vnf-%03u.dc1.example.net vrouter %u "
		    "LINKDOWN "
		    "[vnf@32473 ifIndex=\"%u\" vnfId=\"7f3a-%04u\" sev=\"3\"][meta "
		    "sequenceId=\"%u\"] interface eth%u went down: %s",
		    pri, second, i * 37 % 1000000, i % 200, 1000 + i, i % 48, i, i, i % 48, event);
	case 1:
		return snprintf(p, n,
		    "<%u>Nov %2u 19:45:%02u leaf-%03u kernel: [%u.%06u] eth%u: Link is Down (%s)",
		    pri, day, second, i % 200, 1000 + i, i * 31 % 1000000, i % 48, event);
	default:
		return snprintf(p, n, "<%u>%u: sw-%03u: *Nov %2u 2026 19:45:%02u.%03u UTC: %s", pri,
		    1000 + i, i % 200, day, second, i % 1000, event);
	}
}

static void
make_forms(struct sender *s)
{
	for (unsigned i = 0; i < FORMS; i++) {
		char text[TEXT_MAX], *copy;
		int n = write_message(text, sizeof(text), i);

		copy = malloc(TEXT_MAX + 16);
		if (copy == NULL)
			abort();
		if (s->mode == OCTETS)
			n = snprintf(copy, TEXT_MAX + 16, "%d %s", n, text);
		else
			n = snprintf(copy, TEXT_MAX + 16, s->mode == LINES ? "%s\n" : "%s", text);
		s->forms[i] = (struct iovec){copy, (size_t)n};
	}
}

/* ---- sending -----------------------------------------------------------------------------------
 */

static void
fail(const char *what)
{
	fprintf(stderr, "logblast: %s: %s\n", what, strerror(errno));
	exit(1);
}

static unsigned
send_datagrams(struct sender *s, const struct iovec *parts, unsigned n)
{
	struct mmsghdr messages[TOGETHER] = {{.msg_len = 0}};
	struct iovec copies[TOGETHER];
	int sent;

	memcpy(copies, parts, n * sizeof(*copies));
	for (unsigned i = 0; i < n; i++) {
		messages[i].msg_hdr.msg_iov = &copies[i];
		messages[i].msg_hdr.msg_iovlen = 1;
	}
	sent = sendmmsg(s->fd, messages, n, 0);
	if (sent < 0 && errno != ECONNREFUSED && errno != ENOBUFS && errno != EAGAIN)
		fail("send");
	return sent > 0 ? (unsigned)sent : 0;
}

static unsigned
send_stream(struct sender *s, const struct iovec *parts, unsigned n)
{
	struct iovec rest[TOGETHER];
	unsigned at = 0;

	memcpy(rest, parts, n * sizeof(*rest));
	while (at < n) {
		ssize_t sent = writev(s->fd, rest + at, (int)(n - at));

		if (sent < 0)
			fail("write");
		for (; at < n && (size_t)sent >= rest[at].iov_len; at++)
			sent -= (ssize_t)rest[at].iov_len;
		if (at < n) {
			rest[at].iov_base = (char *)rest[at].iov_base + sent;
			rest[at].iov_len -= (size_t)sent;
		}
	}
	return n;
}

static void
wait_turn(const struct sender *s, uint64_t begun_ns)
{
	uint64_t due, now = vnm_blast_clock_ns(CLOCK_MONOTONIC);

	if (s->rate == 0)
		return;
	due = begun_ns + s->sent * 1000000000 / s->rate;
	if (due > now)
		nanosleep(&(struct timespec){(time_t)((due - now) / 1000000000),
			      (long)((due - now) % 1000000000)},
		    NULL);
}

static void
send_all(struct sender *s)
{
	unsigned together = s->mode == UDP && s->rate != 0 ? 16 : TOGETHER;
	uint64_t begun_ns = vnm_blast_clock_ns(CLOCK_MONOTONIC);
	unsigned at = 0;

	while (s->sent < s->count) {
		uint64_t left = s->count - s->sent;
		unsigned n = FORMS - at < together ? FORMS - at : together;

		if (n > left)
			n = (unsigned)left;
		n = s->mode == UDP ? send_datagrams(s, &s->forms[at], n)
				   : send_stream(s, &s->forms[at], n);
		for (unsigned i = 0; i < n; i++)
			s->octets += s->forms[at + i].iov_len;
		s->sent += n;
		at = (at + n) % FORMS;
		wait_turn(s, begun_ns);
	}
}

static void
open_socket(struct sender *s)
{
	const int buffer = SNDBUF;

	s->fd = socket(AF_INET, s->mode == UDP ? SOCK_DGRAM : SOCK_STREAM, 0);
	if (s->fd < 0 || connect(s->fd, (struct sockaddr *)&s->to, sizeof(s->to)) != 0)
		fail("connect");
	(void)setsockopt(s->fd, SOL_SOCKET, SO_SNDBUF, &buffer, sizeof(buffer));
}

int
main(int argc, char **argv)
{
	static struct sender s = {.count = 100000, .to = {.sin_family = AF_INET}};
	uint64_t begun;
	int option;

	s.to.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
	while ((option = getopt(argc, argv, "m:h:p:n:r:")) >= 0) {
		switch (option) {
		case 'm':
			s.mode = vnm_blast_word(&blast, optarg, mode_names, MODES);
			break;
		case 'h':
			if (inet_pton(AF_INET, optarg, &s.to.sin_addr) != 1)
				vnm_blast_usage(&blast, optarg);
			break;
		case 'p':
			s.to.sin_port =
			    htons((uint16_t)vnm_blast_number(&blast, optarg, 1, UINT16_MAX));
			break;
		case 'n':
			s.count = vnm_blast_number(&blast, optarg, 1, UINT32_MAX);
			break;
		case 'r':
			s.rate = vnm_blast_number(&blast, optarg, 0, 100000000);
			break;
		default:
			vnm_blast_usage(&blast, "no such option");
		}
	}
	if (s.to.sin_port == 0)
		vnm_blast_usage(&blast, "-p is missing");
	make_forms(&s);
	open_socket(&s);
	begun = vnm_blast_clock_ns(CLOCK_MONOTONIC);
	send_all(&s);
	printf("{\"sent\":%" PRIu64 ",\"octets\":%" PRIu64 ",\"seconds\":%.3f}\n", s.sent, s.octets,
	    (double)(vnm_blast_clock_ns(CLOCK_MONOTONIC) - begun) / 1e9);
	return 0;
}
