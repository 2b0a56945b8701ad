/*
 * decoders/packet.c: the frames of tests/data/packets.pcap against packets.tsv, which tshark
 * wrote (but for the two pseudowires, where its guess differs from how the frames were built),
 * and each of them cut at every length.
 */
#include "unit.h"

#include "base/alloc.h"
#include "decoders/packet.h"

#include <pcap.h>
#include <stdio.h>
#include <stdlib.h>

#define COLUMNS 14

static struct vnm_record record;
static struct vnm_counters counters;
static struct vnm_packet packet;

static void
decode(const uint8_t *p, size_t n)
{
	struct vnm_scratch scratch;
	struct vnm_out out = {.rec = &record, .scratch = &scratch, .counters = &counters};
	/* A copy of its own, so that a sanitizer sees every octet read past the end. */
	uint8_t *copy = malloc(n > 0 ? n : 1);

	CU_ASSERT_PTR_NOT_NULL_FATAL(copy);
	if (n > 0)
		memcpy(copy, p, n);
	CU_ASSERT_EQUAL_FATAL(vnm_scratch_init(&scratch, 4096), 0);
	memset(record.has, 0, sizeof(record.has));
	record.kind_id = VNM_KIND_flow;
	vnm_packet_decode(vnm_reader_of(copy, n), VNM_PACKET_ETHERNET, &out, &packet);
	vnm_scratch_free(&scratch);
	free(copy);
}

/* One field as the table writes it; empty where it is absent. */
static void
text_of(const char *name, char text[64])
{
	int index = vnm_field_find(VNM_KIND_flow, name);
	const struct vnm_field *f = &vnm_kind_info(VNM_KIND_flow)->fields[index];
	const void *at = (const uint8_t *)&record + f->offset;

	text[0] = '\0';
	if (!vnm_record_has(&record, (unsigned)index))
		return;
	if (f->type == VNM_TYPE_ADDR)
		vnm_addr_text(at, text);
	else if (f->type == VNM_TYPE_U16)
		snprintf(text, 64, "%u", *(const uint16_t *)at);
	else if (f->type == VNM_TYPE_U32)
		snprintf(text, 64, "%u", *(const uint32_t *)at);
	else if (f->type == VNM_TYPE_STR)
		snprintf(text, 64, "%s", ((const struct vnm_str *)at)->p);
	else if (f->type == VNM_TYPE_MAC)
		text[vnm_mac_write(text, at)] = '\0';
}

static unsigned
split(char *line, char *columns[COLUMNS])
{
	unsigned n = 0;

	line[strcspn(line, "\n")] = '\0';
	for (char *p = line; p != NULL && n < COLUMNS;)
		columns[n++] = strsep(&p, "\t");
	return n;
}

/* Calls `check` for each frame with its row of the table. */
static void
each_frame(void (*check)(const uint8_t *p, size_t n, char *names[], char *wants[]))
{
	char error[PCAP_ERRBUF_SIZE], head[512], line[512];
	char *names[COLUMNS], *wants[COLUMNS];
	pcap_t *frames = pcap_open_offline(VNM_TEST_DATA "/packets.pcap", error);
	FILE *table = fopen(VNM_TEST_DATA "/packets.tsv", "r");
	struct pcap_pkthdr *h;
	const uint8_t *p;
	unsigned n = 0;

	CU_ASSERT_PTR_NOT_NULL_FATAL(frames);
	CU_ASSERT_PTR_NOT_NULL_FATAL(table);
	CU_ASSERT_PTR_NOT_NULL_FATAL(fgets(head, sizeof(head), table));
	CU_ASSERT_EQUAL_FATAL(split(head, names), COLUMNS);
	for (; pcap_next_ex(frames, &h, &p) == 1; n++) {
		CU_ASSERT_PTR_NOT_NULL_FATAL(fgets(line, sizeof(line), table));
		CU_ASSERT_EQUAL_FATAL(split(line, wants), COLUMNS);
		check(p, h->caplen, names, wants);
	}
	CU_ASSERT_PTR_NULL(fgets(line, sizeof(line), table));
	CU_ASSERT(n >= 38);
	fclose(table);
	pcap_close(frames);
}

static void
check_fields(const uint8_t *p, size_t n, char *names[], char *wants[])
{
	char text[64];

	decode(p, n);
	for (unsigned i = 1; i < COLUMNS; i++) {
		if (strcmp(names[i], "mpls_labels") == 0)
			continue; /* a list: see test_labels */
		text_of(names[i], text);
		if (strcmp(text, wants[i]) != 0)
			printf("\n%s: %s is %s, must be %s\n", wants[0], names[i], text, wants[i]);
		CU_ASSERT_STRING_EQUAL(text, wants[i]);
	}
}

static void
test_frames(void)
{
	each_frame(check_fields);
}

/* Whatever is cut off, what is said of the rest is part of the truth, or the tunnel's own. */
static void
check_cuts(const uint8_t *p, size_t n, char *names[], char *wants[])
{
	char text[64];

	(void)names;
	for (size_t cut = 0; cut < n; cut++) {
		decode(p, cut);
		text_of("src_addr", text);
		if (text[0] == '\0' || strcmp(text, wants[1]) == 0)
			continue;
		/* That of a tunnel, whose inner packet is not there. */
		if (strcmp(wants[0], "VXLAN in GRE") != 0 || strcmp(text, "10.3.3.3") != 0)
			CU_ASSERT_STRING_EQUAL(text, wants[7]);
		CU_ASSERT(VNM_HAS(&record, flow, dst_addr));
	}
}

static void
test_cuts(void)
{
	each_frame(check_cuts);
}

static void
check_labels(const uint8_t *p, size_t n, char *names[], char *wants[])
{
	struct vnm_scratch scratch;
	struct vnm_out out = {.rec = &record, .scratch = &scratch, .counters = &counters};
	char text[64] = "";
	size_t at = 0;

	(void)names;
	CU_ASSERT_EQUAL_FATAL(vnm_scratch_init(&scratch, 4096), 0);
	memset(record.has, 0, sizeof(record.has));
	vnm_packet_decode(vnm_reader_of(p, n), VNM_PACKET_ETHERNET, &out, &packet);
	for (uint32_t i = 0; VNM_HAS(&record, flow, mpls_labels) && i < record.flow.mpls_labels.n;
	     i++)
		at += (size_t)snprintf(text + at, sizeof(text) - at, "%s%u", i > 0 ? "," : "",
		    record.flow.mpls_labels.p[i]);
	CU_ASSERT_STRING_EQUAL(text, wants[12]);
	vnm_scratch_free(&scratch);
}

static void
test_labels(void)
{
	each_frame(check_labels);
}

/* RFC 791's and RFC 8200's own lengths, trailers not counted. */
static void
test_lengths(void)
{
	uint8_t frame[64] = {2, 0, 0, 0, 0, 1, 2, 0, 0, 0, 0, 2, 8, 0, 0x45, 0, 0, 28};

	frame[14 + 9] = 17;
	decode(frame, sizeof(frame)); /* Ethernet pads 28 octets of IP to 46 */
	CU_ASSERT_EQUAL(packet.l3_octets, 28);
	CU_ASSERT_EQUAL(packet.inner_l3_octets, 28);
	CU_ASSERT(VNM_HAS(&record, flow, src_port));
	frame[17] = 22; /* two octets behind the header: no ports, whatever the padding holds */
	decode(frame, sizeof(frame));
	CU_ASSERT_FALSE(VNM_HAS(&record, flow, src_port));
}

CU_TestInfo suite_packet[] = {{"frames as tshark reads them", test_frames},
    {"frames cut at every length", test_cuts}, {"label stacks", test_labels},
    {"lengths", test_lengths}, CU_TEST_INFO_NULL};
