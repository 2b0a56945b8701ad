/*
 * What net-snmp's session API costs: one session for each device, its socket in an event loop, a
 * table walked by GETBULK so and so often, values looked at and counted. Writes a line of JSON.
 *
 *   netsnmp_poll [-D DEVICES] [-p PORT] [-c COMMUNITY] [-w WALKS] [-m MAX_REPETITIONS] [-o OID]
 *
 * Devices are 127.1.0.1 and on.
 */
#include <net-snmp/net-snmp-config.h>
#include <net-snmp/net-snmp-includes.h>
#include <net-snmp/library/large_fd_set.h>

#include <event2/event.h>

#include <arpa/inet.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <time.h>
#include <unistd.h>

struct device {
	void *session;
	struct event *readable;
	struct event *timer;
	oid last[MAX_OID_LEN];
	size_t last_n;
	unsigned walks;
};

static struct {
	unsigned devices, port, walks, repetitions;
	const char *community, *table;
} options = {.devices = 4000,
    .port = 16100,
    .walks = 2,
    .repetitions = 50,
    .community = "public",
    .table = "1.3.6.1.2.1.31.1.1"};

static struct event_base *base;
static struct device *devices;
static oid root[MAX_OID_LEN];
static size_t root_n = MAX_OID_LEN;
static unsigned done;
static unsigned long requests, varbinds, timeouts;
static uint64_t sum; /* of the values, so that they are looked at */

static double
clock_s(void)
{
	struct timespec t;

	clock_gettime(CLOCK_MONOTONIC, &t);
	return (double)t.tv_sec + (double)t.tv_nsec / 1e9;
}

static double
cpu_s(void)
{
	struct rusage r;

	getrusage(RUSAGE_SELF, &r);
	return (double)(r.ru_utime.tv_sec + r.ru_stime.tv_sec) +
	       (double)(r.ru_utime.tv_usec + r.ru_stime.tv_usec) / 1e6;
}

static int on_answer(int op, netsnmp_session *s, int id, netsnmp_pdu *pdu, void *ctx);

static void
ask(struct device *d)
{
	netsnmp_pdu *pdu = snmp_pdu_create(SNMP_MSG_GETBULK);
	struct timeval soon = {.tv_sec = 2};

	pdu->non_repeaters = 0;
	pdu->max_repetitions = options.repetitions;
	snmp_add_null_var(pdu, d->last, d->last_n);
	requests++;
	if (snmp_sess_async_send(d->session, pdu, on_answer, d) == 0)
		snmp_free_pdu(pdu);
	evtimer_add(d->timer, &soon);
}

static void
walk(struct device *d)
{
	memcpy(d->last, root, root_n * sizeof(oid));
	d->last_n = root_n;
	ask(d);
}

static void
walked(struct device *d)
{
	if (++d->walks < options.walks) {
		walk(d);
		return;
	}
	evtimer_del(d->timer);
	if (++done == options.devices)
		event_base_loopbreak(base);
}

static int
on_answer(int op, netsnmp_session *s, int id, netsnmp_pdu *pdu, void *ctx)
{
	struct device *d = ctx;

	(void)s;
	(void)id;
	if (op == NETSNMP_CALLBACK_OP_TIMED_OUT) {
		timeouts++;
		walked(d);
		return 1;
	}
	if (op != NETSNMP_CALLBACK_OP_RECEIVED_MESSAGE)
		return 1;
	for (netsnmp_variable_list *v = pdu->variables; v != NULL; v = v->next_variable) {
		if (v->type == SNMP_ENDOFMIBVIEW || v->name_length < root_n ||
		    memcmp(v->name, root, root_n * sizeof(oid)) != 0) {
			walked(d);
			return 1;
		}
		varbinds++;
		if (v->val_len > 0)
			sum += *v->val.string;
		memcpy(d->last, v->name, v->name_length * sizeof(oid));
		d->last_n = v->name_length;
	}
	ask(d);
	return 1;
}

static void
on_readable(evutil_socket_t fd, short what, void *ctx)
{
	struct device *d = ctx;
	netsnmp_large_fd_set set;

	(void)what;
	netsnmp_large_fd_set_init(&set, fd + 1);
	netsnmp_large_fd_setfd(fd, &set);
	snmp_sess_read2(d->session, &set);
	netsnmp_large_fd_set_cleanup(&set);
}

static void
on_timer(evutil_socket_t fd, short what, void *ctx)
{
	struct device *d = ctx;
	struct timeval again = {.tv_sec = 1};

	(void)fd;
	(void)what;
	snmp_sess_timeout(d->session);
	evtimer_add(d->timer, &again);
}

static void
open_device(struct device *d, unsigned i)
{
	struct in_addr at = {htonl(0x7f010001 + i)};
	char name[64];
	netsnmp_session s;

	snmp_sess_init(&s);
	snprintf(name, sizeof(name), "udp:%s:%u", inet_ntoa(at), options.port);
	s.peername = name;
	s.version = SNMP_VERSION_2c;
	s.community = (u_char *)(uintptr_t)options.community;
	s.community_len = strlen(options.community);
	s.retries = 3;
	s.timeout = 1000000;
	d->session = snmp_sess_open(&s);
	if (d->session == NULL) {
		fprintf(stderr, "netsnmp_poll: cannot open session %u\n", i);
		exit(1);
	}
	d->readable = event_new(
	    base, snmp_sess_transport(d->session)->sock, EV_READ | EV_PERSIST, on_readable, d);
	d->timer = evtimer_new(base, on_timer, d);
	event_add(d->readable, NULL);
}

static void
read_options(int argc, char **argv)
{
	for (int c; (c = getopt(argc, argv, "D:p:c:w:m:o:")) != -1;) {
		switch (c) {
		case 'D':
			options.devices = (unsigned)atoi(optarg);
			break;
		case 'p':
			options.port = (unsigned)atoi(optarg);
			break;
		case 'c':
			options.community = optarg;
			break;
		case 'w':
			options.walks = (unsigned)atoi(optarg);
			break;
		case 'm':
			options.repetitions = (unsigned)atoi(optarg);
			break;
		case 'o':
			options.table = optarg;
			break;
		default:
			exit(64);
		}
	}
}

int
main(int argc, char **argv)
{
	struct rlimit files;
	double began, cpu;

	read_options(argc, argv);
	setenv("MIBS", "", 1);
	netsnmp_ds_set_boolean(NETSNMP_DS_LIBRARY_ID, NETSNMP_DS_LIB_DONT_READ_CONFIGS, 1);
	netsnmp_ds_set_boolean(NETSNMP_DS_LIBRARY_ID, NETSNMP_DS_LIB_DONT_PERSIST_STATE, 1);
	init_snmp("netsnmp_poll");
	if (read_objid(options.table, root, &root_n) == 0)
		return 64;
	if (getrlimit(RLIMIT_NOFILE, &files) == 0) {
		files.rlim_cur = files.rlim_max;
		setrlimit(RLIMIT_NOFILE, &files);
	}
	base = event_base_new();
	devices = calloc(options.devices, sizeof(*devices));
	for (unsigned i = 0; i < options.devices; i++)
		open_device(&devices[i], i);
	began = clock_s();
	cpu = cpu_s();
	for (unsigned i = 0; i < options.devices; i++)
		walk(&devices[i]);
	event_base_dispatch(base);
	printf("{\"requests\":%lu,\"varbinds\":%lu,\"timeouts\":%lu,\"wall_s\":%.3f,\"cpu_s\":%.3f,"
	       "\"sum\":%llu}\n",
	    requests, varbinds, timeouts, clock_s() - began, cpu_s() - cpu,
	    (unsigned long long)sum);
	return 0;
}
