/*
 * trapblast: agents that send SNMP traps over UDP, with known contents. All traps are made before
 * the first one is sent, so that sending costs next to nothing; one line of JSON tells what was
 * sent.
 *
 *   trapblast -p PORT [-h HOST] [-t v1|v2c|noauth|sha|shaaes|sha512aes256] [-n TRAPS]
 *             [-r TRAPS_PER_SECOND, 0: as fast as it goes] [-u USERS]
 *
 * A trap is linkDown with ifIndex, ifAdminStatus, ifOperStatus and ifDescr. With -u version 3's
 * traps are from that many users, u0 to u<n-1>, in turns.
 */
#include "snmp/usm.h"

#include <arpa/inet.h>
#include <errno.h>
#include <getopt.h>
#include <inttypes.h>
#include <netinet/in.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <time.h>
#include <unistd.h>

#define VARIANTS_MIN 256
#define TRAP_ROOM 1024
#define BATCH 64
#define PASSWORD "authpass of mine"

struct form {
	const char *name;
	uint8_t version;
	enum vnm_usm_auth auth;
	enum vnm_usm_priv priv;
};

static const struct form forms[] = {
    {"v1", VNM_SNMP_V1, VNM_USM_NO_AUTH, VNM_USM_NO_PRIV},
    {"v2c", VNM_SNMP_V2C, VNM_USM_NO_AUTH, VNM_USM_NO_PRIV},
    {"noauth", VNM_SNMP_V3, VNM_USM_NO_AUTH, VNM_USM_NO_PRIV},
    {"sha", VNM_SNMP_V3, VNM_USM_SHA1, VNM_USM_NO_PRIV},
    {"shaaes", VNM_SNMP_V3, VNM_USM_SHA1, VNM_USM_AES128},
    {"sha512aes256", VNM_SNMP_V3, VNM_USM_SHA512, VNM_USM_AES256},
};

struct blast {
	struct sockaddr_in to;
	const struct form *form;
	uint64_t traps, rate;
	uint32_t users;
	uint32_t variants;
	struct vnm_usm_user user;
	uint8_t (*octets)[TRAP_ROOM];
	struct vnm_slice *made;
};

static const uint8_t engine_id[] = {
    0x80, 0x00, 0x1f, 0x88, 0x04, 'b', 'l', 'a', 's', 't', 'e', 'r'};

static const uint32_t up_time[] = {1, 3, 6, 1, 2, 1, 1, 3, 0};
static const uint32_t trap_oid[] = {1, 3, 6, 1, 6, 3, 1, 1, 4, 1, 0};
static const uint32_t link_down[] = {1, 3, 6, 1, 6, 3, 1, 1, 5, 3};
static const uint32_t enterprise[] = {1, 3, 6, 1, 4, 1, 9, 1, 1208};

static void
fail(const char *why)
{
	fprintf(stderr, "trapblast: %s\n", why);
	exit(1);
}

/* ---- making them ----------------------------------------------------------------------------- */

/* The trap's PDU: interface i is down. */
static void
put_pdu(const struct blast *b, struct vnm_ber_writer *w, uint32_t i)
{
	uint32_t columns[4][11] = {{1, 3, 6, 1, 2, 1, 2, 2, 1, 1, i},
	    {1, 3, 6, 1, 2, 1, 2, 2, 1, 7, i}, {1, 3, 6, 1, 2, 1, 2, 2, 1, 8, i},
	    {1, 3, 6, 1, 2, 1, 2, 2, 1, 2, i}};
	char descr[32];
	const struct vnm_varbind v[] = {
	    {.name = VNM_OID(up_time), .type = VNM_BER_TIMETICKS, .u64 = 1000 + i},
	    {.name = VNM_OID(trap_oid), .type = VNM_BER_OID, .oid = VNM_OID(link_down)},
	    {.name = VNM_OID(columns[0]), .type = VNM_BER_INTEGER, .i64 = i},
	    {.name = VNM_OID(columns[1]), .type = VNM_BER_INTEGER, .i64 = 1},
	    {.name = VNM_OID(columns[2]), .type = VNM_BER_INTEGER, .i64 = 2},
	    {.name = VNM_OID(columns[3]),
		.type = VNM_BER_OCTETS,
		.octets = {(uint8_t *)descr,
		    (size_t)snprintf(descr, sizeof(descr), "GigabitEthernet0/%u", i)}},
	};
	bool v1 = b->form->version == VNM_SNMP_V1;
	const struct vnm_pdu pdu = {.type = v1 ? VNM_PDU_TRAP_V1 : VNM_PDU_TRAP,
	    .request_id = (int32_t)i,
	    .enterprise = VNM_OID(enterprise),
	    .agent = {.b = {192, 0, 2, 7}, .family = VNM_ADDR_IP4},
	    .generic = 2,
	    .uptime = 1000 + i};

	vnm_pdu_put(w, &pdu, v + (v1 ? 2 : 0), v1 ? 4 : 6, NULL);
}

static struct vnm_usm_keys *
keys_of(const struct blast *b)
{
	const struct vnm_slice engine = {engine_id, sizeof(engine_id)};
	struct vnm_usm_keys *keys;

	if (b->form->auth == VNM_USM_NO_AUTH)
		return NULL;
	keys = vnm_usm_keys_new(&b->user, engine);
	if (keys == NULL)
		fail("no keys");
	return keys;
}

static void
make_trap(struct blast *b, uint32_t i, struct vnm_usm_keys *keys)
{
	struct vnm_ber_writer w = vnm_ber_writer_of(b->octets[i], TRAP_ROOM);
	const struct vnm_slice engine = {engine_id, sizeof(engine_id)};
	char user[32];

	put_pdu(b, &w, 1 + i % 48);
	if (b->form->version != VNM_SNMP_V3) {
		vnm_snmp_wrap(
		    &w, b->form->version, (struct vnm_slice){(const uint8_t *)"public", 6});
	} else {
		int n = b->users > 0 ? snprintf(user, sizeof(user), "u%u", i % b->users)
				     : snprintf(user, sizeof(user), "%s", b->form->name);
		const struct vnm_usm_outgoing o = {.id = (int32_t)i,
		    .engine = engine,
		    .boots = 1,
		    .time = 1000,
		    .user = {(uint8_t *)user, (size_t)n},
		    .context_engine = engine,
		    .keys = keys,
		    .priv = b->form->priv != VNM_USM_NO_PRIV,
		    .salt = i};
		if (!vnm_usm_wrap(&w, &o))
			fail("a trap cannot be made");
	}
	if (w.full)
		fail("a trap is too long");
	b->made[i] = vnm_ber_result(&w);
}

static void
make_traps(struct blast *b)
{
	static const struct vnm_slice password = {(const uint8_t *)PASSWORD, sizeof(PASSWORD) - 1};
	struct vnm_usm_keys *keys;

	b->user.auth = b->form->auth;
	b->user.priv = b->form->priv;
	if (b->form->auth != VNM_USM_NO_AUTH &&
	    !vnm_usm_password_key(b->form->auth, password, &b->user.auth_key))
		fail("no key");
	b->user.priv_key = b->user.auth_key;
	b->variants = b->users > VARIANTS_MIN ? b->users : VARIANTS_MIN;
	b->octets = malloc(b->variants * sizeof(*b->octets));
	b->made = malloc(b->variants * sizeof(*b->made));
	if (b->octets == NULL || b->made == NULL)
		fail("out of memory");
	keys = keys_of(b);
	for (uint32_t i = 0; i < b->variants; i++)
		make_trap(b, i, keys);
	vnm_usm_keys_free(keys);
}

/* ---- sending --------------------------------------------------------------------------------- */

static double
now(void)
{
	struct timespec t;

	clock_gettime(CLOCK_MONOTONIC, &t);
	return (double)t.tv_sec + (double)t.tv_nsec / 1e9;
}

static void
wait_until(double when)
{
	double left = when - now();

	if (left > 0) {
		struct timespec t = {(time_t)left, (long)((left - (double)(time_t)left) * 1e9)};
		nanosleep(&t, NULL);
	}
}

static uint64_t
send_all(struct blast *b, int fd)
{
	struct mmsghdr headers[BATCH] = {0};
	struct iovec iov[BATCH];
	uint64_t sent = 0, octets = 0;
	uint32_t batch = b->rate != 0 ? 16 : BATCH, next = 0;
	double began = now();

	while (sent < b->traps) {
		uint32_t n = b->traps - sent < batch ? (uint32_t)(b->traps - sent) : batch;

		for (uint32_t i = 0; i < n; i++) {
			const struct vnm_slice *s = &b->made[(next + i) % b->variants];
			iov[i] = (struct iovec){(void *)(uintptr_t)s->p, s->n};
			headers[i].msg_hdr = (struct msghdr){.msg_iov = &iov[i], .msg_iovlen = 1};
		}
		int done = sendmmsg(fd, headers, n, 0);
		if (done < 0) {
			if (errno != EAGAIN && errno != ENOBUFS && errno != ECONNREFUSED)
				fail(strerror(errno));
			wait_until(now() + 1e-4);
			continue;
		}
		for (int i = 0; i < done; i++)
			octets += iov[i].iov_len;
		sent += (uint64_t)done;
		next = (next + (uint32_t)done) % b->variants;
		if (b->rate != 0)
			wait_until(began + (double)sent / (double)b->rate);
	}
	printf("{\"traps\":%" PRIu64 ",\"octets\":%" PRIu64 ",\"seconds\":%.3f}\n", sent, octets,
	    now() - began);
	return sent;
}

static void
read_options(struct blast *b, int argc, char **argv)
{
	int c;

	while ((c = getopt(argc, argv, "p:h:t:n:r:u:")) != -1) {
		switch (c) {
		case 'p':
			b->to.sin_port = htons((uint16_t)atoi(optarg));
			break;
		case 'h':
			if (inet_pton(AF_INET, optarg, &b->to.sin_addr) != 1)
				fail("-h: no address");
			break;
		case 't':
			b->form = NULL;
			for (size_t i = 0; i < VNM_ARRAY_LEN(forms); i++) {
				if (strcmp(forms[i].name, optarg) == 0)
					b->form = &forms[i];
			}
			break;
		case 'n':
			b->traps = strtoull(optarg, NULL, 10);
			break;
		case 'r':
			b->rate = strtoull(optarg, NULL, 10);
			break;
		case 'u':
			b->users = (uint32_t)strtoul(optarg, NULL, 10);
			break;
		default:
			exit(2);
		}
	}
	if (b->form == NULL || b->to.sin_port == 0)
		fail("-p is needed, and -t one of the forms");
}

int
main(int argc, char **argv)
{
	struct blast b = {.form = &forms[1], .traps = 100000};
	int fd = socket(AF_INET, SOCK_DGRAM, 0);

	b.to.sin_family = AF_INET;
	b.to.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
	read_options(&b, argc, argv);
	if (fd < 0 || connect(fd, (struct sockaddr *)&b.to, sizeof(b.to)) != 0)
		fail(strerror(errno));
	make_traps(&b);
	send_all(&b, fd);
	return 0;
}
