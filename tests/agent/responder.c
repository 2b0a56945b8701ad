/*
 * An SNMP agent on UDP that plays thousands of devices: it answers at every local address
 * (127.x.y.z), for all of them what one recording or a number of made-up interfaces says.
 *
 *   snmpagent [-a ADDRESS] [-p PORT] [-c COMMUNITY] [-n INTERFACES | -f FILE] [-s OCTETS]
 *             [-d DELAY_MS] [-j JITTER_MS] [-l LOSS] [-t TWICE] [-k DEAD] [-w SLOW] [-u USERS]
 *             [-F FAULT] [-1]
 *
 * LOSS and TWICE are of a thousand; every DEADth address does not answer, every SLOWth takes thirty
 * times as long; FAULT is one of too-big, loop, stuck, endless, wrong-id, no-bulk, omit, garbage,
 * gen-err, wrong-port. With USERS it speaks version 3, too: each address has an engine id of its
 * own (RFC 3411's first form) and knows one user, u0, u1 and so on to USERS - 1 by the address
 * modulo USERS, with SHA-1, AES-128 and the password USER_PASSWORD. At its end (SIGTERM) it writes
 * a line of JSON that says what it did.
 */
#include "agent.h"

#include "base/clock.h"

#include <arpa/inet.h>
#include <errno.h>
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <unistd.h>

#define BATCH 64
#define OCTETS 65536
#define RING (1U << 17) /* answers on their way */
#define SLOWNESS 30
#define ENGINES (1U << 18) /* addresses that may speak version 3: 127.0.0.0 and on */
#define USER_PASSWORD "password of mine"

/* Where an answer goes, and from which of our addresses. */
struct way {
	struct sockaddr_in to;
	struct in_addr from;
};

struct held {
	uint64_t due_ns;
	uint64_t seq;
	struct way way;
	uint32_t n;
	uint8_t *p;
};

static struct {
	const char *address, *community, *file, *fault;
	unsigned port, interfaces, octets, delay_ms, jitter_ms, loss, twice, dead, slow, users;
	bool v1;
} options = {.address = "0.0.0.0", .community = "public", .port = 16100, .interfaces = 48};

static struct agent_mib mib;
static struct agent agent;
static struct agent *engines[ENGINES]; /* by address; made when they are first asked */
static struct vnm_usm_user user;       /* without a name */
static struct held *heap;
static uint32_t heap_n;
static uint64_t seq, lost, sent;
static int fd, other_fd;
static volatile sig_atomic_t stop;

static void
on_signal(int number)
{
	(void)number;
	stop = 1;
}

/* ---- sending ------------------------------------------------------------------------------------
 */

static void
send_one(const struct way *w, const uint8_t *p, size_t n)
{
	char control[CMSG_SPACE(sizeof(struct in_pktinfo))] = {0};
	struct iovec part = {(void *)(uintptr_t)p, n};
	struct sockaddr_in to = w->to;
	struct msghdr h = {.msg_name = &to,
	    .msg_namelen = sizeof(to),
	    .msg_iov = &part,
	    .msg_iovlen = 1,
	    .msg_control = control,
	    .msg_controllen = sizeof(control)};
	struct cmsghdr *c = CMSG_FIRSTHDR(&h);
	struct in_pktinfo info = {.ipi_spec_dst = w->from};
	bool wrong = options.fault != NULL && strcmp(options.fault, "wrong-port") == 0;

	c->cmsg_level = IPPROTO_IP;
	c->cmsg_type = IP_PKTINFO;
	c->cmsg_len = CMSG_LEN(sizeof(info));
	memcpy(CMSG_DATA(c), &info, sizeof(info));
	sent += sendmsg(wrong ? other_fd : fd, &h, 0) >= 0;
}

static bool
before(const struct held *a, const struct held *b)
{
	return a->due_ns != b->due_ns ? a->due_ns < b->due_ns : a->seq < b->seq;
}

static void
hold(const struct way *w, const uint8_t *p, size_t n, uint64_t now_ns)
{
	struct held x = {.due_ns = now_ns + options.delay_ms * VNM_NS_PER_MS,
	    .seq = seq++,
	    .way = *w,
	    .n = (uint32_t)n,
	    .p = malloc(n)};
	uint32_t i = heap_n++;

	if (options.slow > 0 && ntohl(w->from.s_addr) % options.slow == 0)
		x.due_ns += (SLOWNESS - 1) * options.delay_ms * VNM_NS_PER_MS;
	if (options.jitter_ms > 0)
		x.due_ns += (uint64_t)random() % (options.jitter_ms * VNM_NS_PER_MS);
	if (x.p == NULL || i == RING)
		abort();
	memcpy(x.p, p, n);
	for (; i > 0 && before(&x, &heap[(i - 1) / 2]); i = (i - 1) / 2)
		heap[i] = heap[(i - 1) / 2];
	heap[i] = x;
}

static void
send_due(uint64_t now_ns)
{
	while (heap_n > 0 && heap[0].due_ns <= now_ns) {
		struct held first = heap[0], last = heap[--heap_n];
		uint32_t i = 0;

		for (uint32_t c; (c = 2 * i + 1) < heap_n; i = c) {
			if (c + 1 < heap_n && before(&heap[c + 1], &heap[c]))
				c++;
			if (!before(&heap[c], &last))
				break;
			heap[i] = heap[c];
		}
		heap[i] = last;
		send_one(&first.way, first.p, first.n);
		free(first.p);
	}
}

/* ---- version 3 ---------------------------------------------------------------------------------
 */

/* What one address is in version 3; it lives to the end. */
struct engine {
	struct agent agent;
	struct vnm_usm_user user;
	uint8_t id[9];
	char name[16];
};

static struct agent *
engine_of(uint32_t address)
{
	struct agent **slot = &engines[address % ENGINES];
	struct engine *e;

	if (*slot != NULL)
		return *slot;
	e = calloc(1, sizeof(*e));
	if (e == NULL)
		abort();
	e->id[0] = 0x80;
	e->id[4] = 1; /* an IPv4 address */
	for (unsigned i = 0; i < 4; i++)
		e->id[5 + i] = (uint8_t)(address >> (24 - 8 * i));
	(void)snprintf(e->name, sizeof(e->name), "u%u", address % options.users);
	e->user = user;
	e->user.name = (struct vnm_slice){(const uint8_t *)e->name, strlen(e->name)};
	e->agent = agent;
	e->agent.engine = (struct vnm_slice){e->id, sizeof(e->id)};
	e->agent.boots = 1;
	e->agent.user = &e->user;
	e->agent.keys = vnm_usm_keys_new(&e->user, e->agent.engine);
	return *slot = &e->agent;
}

/* ---- receiving
 * ----------------------------------------------------------------------------------- */

static bool
chance(unsigned of_a_thousand)
{
	return of_a_thousand > 0 && (unsigned)random() % 1000 < of_a_thousand;
}

static void
take(const struct way *w, const uint8_t *p, size_t n, uint64_t now_ns)
{
	static uint8_t out[OCTETS];
	size_t octets;
	unsigned copies;

	if (options.dead > 0 && ntohl(w->from.s_addr) % options.dead == 0)
		return;
	if (chance(options.loss)) {
		lost++;
		return;
	}
	octets = agent_answer(options.users > 0 ? engine_of(ntohl(w->from.s_addr)) : &agent, p, n,
	    now_ns, out, sizeof(out));
	for (copies = octets == 0 ? 0 : chance(options.twice) ? 2 : 1; copies > 0; copies--) {
		if (options.delay_ms == 0 && options.jitter_ms == 0)
			send_one(w, out, octets);
		else
			hold(w, out, octets, now_ns);
	}
}

static void
receive(void)
{
	static uint8_t octets[BATCH][4096];
	static char control[BATCH][CMSG_SPACE(sizeof(struct in_pktinfo))];
	static struct mmsghdr h[BATCH];
	static struct iovec parts[BATCH];
	static struct way ways[BATCH];
	int n;

	for (int i = 0; i < BATCH; i++) {
		parts[i] = (struct iovec){octets[i], sizeof(octets[i])};
		h[i].msg_hdr = (struct msghdr){.msg_name = &ways[i].to,
		    .msg_namelen = sizeof(ways[i].to),
		    .msg_iov = &parts[i],
		    .msg_iovlen = 1,
		    .msg_control = control[i],
		    .msg_controllen = sizeof(control[i])};
	}
	n = recvmmsg(fd, h, BATCH, MSG_DONTWAIT, NULL);
	uint64_t now_ns = vnm_clock_mono_ns();
	for (int i = 0; i < n; i++) {
		struct cmsghdr *c = CMSG_FIRSTHDR(&h[i].msg_hdr);
		struct in_pktinfo info = {0};

		for (; c != NULL; c = CMSG_NXTHDR(&h[i].msg_hdr, c)) {
			if (c->cmsg_level == IPPROTO_IP && c->cmsg_type == IP_PKTINFO)
				memcpy(&info, CMSG_DATA(c), sizeof(info));
		}
		ways[i].from = info.ipi_addr;
		take(&ways[i], octets[i], h[i].msg_len, now_ns);
	}
}

/* ---- set-up
 * ---------------------------------------------------------------------------------------- */

static int
open_socket(unsigned port)
{
	const int on = 1, large = 64 << 20;
	struct sockaddr_in at = {.sin_family = AF_INET, .sin_port = htons((uint16_t)port)};
	int s = socket(AF_INET, SOCK_DGRAM | SOCK_CLOEXEC, 0);

	(void)inet_pton(AF_INET, options.address, &at.sin_addr);
	(void)setsockopt(s, IPPROTO_IP, IP_PKTINFO, &on, sizeof(on));
	(void)setsockopt(s, SOL_SOCKET, SO_RCVBUFFORCE, &large, sizeof(large));
	(void)setsockopt(s, SOL_SOCKET, SO_SNDBUFFORCE, &large, sizeof(large));
	if (s < 0 || bind(s, (struct sockaddr *)&at, sizeof(at)) != 0) {
		perror("snmpagent: bind");
		exit(1);
	}
	return s;
}

static void
set_fault(const char *name)
{
	struct agent_faults *f = &agent.faults;

	f->too_big = strcmp(name, "too-big") == 0 ? 20 : 0;
	f->loop_at = strcmp(name, "loop") == 0 ? 60 : 0;
	f->stuck = strcmp(name, "stuck") == 0;
	f->endless = strcmp(name, "endless") == 0;
	f->wrong_id = strcmp(name, "wrong-id") == 0;
	f->no_bulk = strcmp(name, "no-bulk") == 0;
	f->omit = strcmp(name, "omit") == 0;
	f->garbage = strcmp(name, "garbage") == 0;
	f->gen_err = strcmp(name, "gen-err") == 0;
}

static void
read_options(int argc, char **argv)
{
	for (int c; (c = getopt(argc, argv, "a:p:c:n:f:s:d:j:l:t:k:w:u:F:1")) != -1;) {
		unsigned n = optarg != NULL ? (unsigned)strtoul(optarg, NULL, 10) : 0;

		switch (c) {
		case 'a':
			options.address = optarg;
			break;
		case 'p':
			options.port = n;
			break;
		case 'c':
			options.community = optarg;
			break;
		case 'n':
			options.interfaces = n;
			break;
		case 'f':
			options.file = optarg;
			break;
		case 's':
			options.octets = n;
			break;
		case 'd':
			options.delay_ms = n;
			break;
		case 'j':
			options.jitter_ms = n;
			break;
		case 'l':
			options.loss = n;
			break;
		case 't':
			options.twice = n;
			break;
		case 'k':
			options.dead = n;
			break;
		case 'w':
			options.slow = n;
			break;
		case 'u':
			options.users = n;
			break;
		case 'F':
			options.fault = optarg;
			break;
		case '1':
			options.v1 = true;
			break;
		default:
			exit(64);
		}
	}
}

static void
make_user(void)
{
	const struct vnm_slice password = {(const uint8_t *)USER_PASSWORD, strlen(USER_PASSWORD)};

	user.auth = VNM_USM_SHA1;
	user.priv = VNM_USM_AES128;
	if (options.users == 0)
		return;
	if (!vnm_usm_password_key(user.auth, password, &user.auth_key))
		abort();
	user.priv_key = user.auth_key;
}

static void
tell(void)
{
	struct rusage r;

	getrusage(RUSAGE_SELF, &r);
	for (uint32_t i = 0; i < ENGINES; i++) {
		agent.requests += engines[i] != NULL ? engines[i]->requests : 0;
		agent.varbinds += engines[i] != NULL ? engines[i]->varbinds : 0;
	}
	printf("{\"requests\":%llu,\"varbinds\":%llu,\"answers\":%llu,\"lost\":%llu,\"objects\":%u,"
	       "\"cpu_s\":%.3f}\n",
	    (unsigned long long)agent.requests, (unsigned long long)agent.varbinds,
	    (unsigned long long)sent, (unsigned long long)lost, mib.n,
	    (double)(r.ru_utime.tv_sec + r.ru_stime.tv_sec) +
		(double)(r.ru_utime.tv_usec + r.ru_stime.tv_usec) / 1e6);
}

int
main(int argc, char **argv)
{
	const struct sigaction end = {.sa_handler = on_signal};
	struct pollfd readable;

	read_options(argc, argv);
	if (options.file == NULL) {
		agent_make_interfaces(&mib, options.interfaces);
	} else if (agent_load(&mib, options.file) != 0) {
		fprintf(stderr, "snmpagent: cannot read %s\n", options.file);
		return 1;
	}
	agent = (struct agent){.mib = &mib,
	    .community = {(const uint8_t *)options.community, strlen(options.community)},
	    .max_octets = options.octets,
	    .boot_ns = vnm_clock_mono_ns() - 1000 * VNM_NS_PER_S,
	    .v1_only = options.v1};
	if (options.fault != NULL)
		set_fault(options.fault);
	make_user();
	heap = malloc(RING * sizeof(*heap));
	fd = open_socket(options.port);
	other_fd = open_socket(options.port + 1);
	sigaction(SIGTERM, &end, NULL);
	sigaction(SIGINT, &end, NULL);
	printf("ready\n");
	fflush(stdout);
	readable = (struct pollfd){.fd = fd, .events = POLLIN};
	while (!stop && heap != NULL) {
		uint64_t now_ns = vnm_clock_mono_ns();
		struct timespec wait = {.tv_sec = 1};

		send_due(now_ns);
		if (heap_n > 0) {
			uint64_t ns = heap[0].due_ns - now_ns;
			wait = (struct timespec){0, ns < 1000000000 ? (long)ns : 999999999};
		}
		if (ppoll(&readable, 1, &wait, NULL) > 0)
			receive();
	}
	tell();
	agent_free(&mib);
	return 0;
}
