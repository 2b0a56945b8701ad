/*
 * Makes seeds for the fuzz targets from capture files: for each file that holds messages of
 * the decoder, one input in the form that messages.c reads. For the decoder `packet` it is the
 * captured frames, in the form that packet.c reads; for `poll` the varbinds of Responses, and
 * besides one input for each fate of an answer under each configuration, in the form that poll.c
 * reads.
 *
 *   seeds DECODER DIRECTORY FILE...
 */
#include "messages.h"
#include "poll_net.h"
#include "station.h"

#include <pcap/pcap.h>
#include <stdio.h>
#include <stdlib.h>

#define SEED_MAX 16384 /* octets: longer ones make a fuzzer slow and not better */

static void
put_message(FILE *f, const struct vnm_test_message *m)
{
	uint8_t head[3] = {0, (uint8_t)(m->d.n >> 8), (uint8_t)m->d.n};

	if (m->d.transport == VNM_TRANSPORT_TCP)
		head[0] |= 0x08;
	head[0] |= m->d.src.port % 2 != 0 ? 0x04 : 0;
	fwrite(head, 1, sizeof(head), f);
	fwrite(m->d.p, 1, m->d.n, f);
}

static int
make_seed(const struct vnm_decoder *decoder, const char *dir, unsigned number, const char *path)
{
	struct vnm_messages list;
	struct vnm_err err;
	char name[4096], text[512];
	size_t size = 0;
	FILE *f = NULL;

	if (vnm_messages_read(&list, path, &err) != 0) {
		fprintf(stderr, "seeds: %s\n", vnm_err_format(&err, text, sizeof(text)));
		return -1;
	}
	(void)snprintf(name, sizeof(name), "%s/seed-%04u", dir, number);
	for (size_t i = 0; i < list.n; i++) {
		const struct vnm_test_message *m = &list.m[i];
		if (m->decoder != decoder || m->end || (size += m->d.n + 3) > SEED_MAX)
			continue;
		if (f == NULL && (f = fopen(name, "wb")) == NULL)
			break;
		put_message(f, m);
	}
	vnm_messages_free(&list);
	return f == NULL ? 0 : fclose(f) == 0 ? 1 : -1;
}

/* Ethernet frames; other link types are left out. */
static int
make_packet_seed(const char *dir, unsigned number, const char *path)
{
	char name[4096], text[PCAP_ERRBUF_SIZE];
	pcap_t *pcap = pcap_open_offline(path, text);
	struct pcap_pkthdr *header;
	const uint8_t *octets;
	size_t size = 0;
	FILE *f = NULL;

	(void)snprintf(name, sizeof(name), "%s/seed-%04u", dir, number);
	if (pcap == NULL)
		return 0;
	if (pcap_datalink(pcap) == DLT_EN10MB)
		f = fopen(name, "wb");
	while (f != NULL && pcap_next_ex(pcap, &header, &octets) == 1) {
		uint16_t n = header->caplen < 256 ? (uint16_t)header->caplen : 256;
		uint8_t head[3] = {0, (uint8_t)(n >> 8), (uint8_t)n};
		if ((size += n + 3u) > SEED_MAX)
			break;
		fwrite(head, 1, sizeof(head), f);
		fwrite(octets, 1, n, f);
	}
	pcap_close(pcap);
	return f == NULL ? 0 : fclose(f) == 0 ? 1 : -1;
}

/* ---- answers to polls --------------------------------------------------------------------------
 */

#define POLL_CONFIGS 6

/* Varbinds of a Response become an answer's. */
static bool
put_answer(FILE *f, const struct vnm_test_message *m)
{
	struct vnm_snmp_message message;
	struct vnm_pdu pdu;

	if (vnm_snmp_read(m->d.p, m->d.n, &message) != VNM_OK || message.version == VNM_SNMP_V3)
		return false;
	if (vnm_pdu_read(&message.pdu, &pdu, &message.odd) != VNM_OK ||
	    pdu.type != VNM_PDU_RESPONSE || pdu.octets.n > UINT16_MAX)
		return false;
	const uint8_t head[4] = {FATE_LIST, 2, (uint8_t)(pdu.octets.n >> 8), (uint8_t)pdu.octets.n};
	fwrite(head, 1, sizeof(head), f);
	fwrite(pdu.octets.p, 1, pdu.octets.n, f);
	return true;
}

static int
make_answers(const char *dir, unsigned number, const char *path)
{
	struct vnm_messages list;
	struct vnm_err err;
	char name[4096];
	unsigned answers = 0;
	FILE *f;

	(void)snprintf(name, sizeof(name), "%s/seed-%04u", dir, number);
	if (vnm_messages_read(&list, path, &err) != 0 || (f = fopen(name, "wb")) == NULL)
		return -1;
	fputc((int)(VNM_STATION_BOTH << 4 | number % POLL_CONFIGS), f);
	for (size_t i = 0; i < list.n && ftell(f) < SEED_MAX / 2; i++) {
		if (list.m[i].decoder == vnm_decoder_find("snmp") && !list.m[i].end)
			answers += put_answer(f, &list.m[i]);
	}
	vnm_messages_free(&list);
	if (fclose(f) != 0)
		return -1;
	if (answers == 0)
		(void)remove(name);
	return answers > 0;
}

/* Each fate under each configuration, between good answers. */
static int
make_fate(const char *dir, unsigned config, unsigned fate)
{
	char name[4096];
	FILE *f;

	(void)snprintf(name, sizeof(name), "%s/fate-%u-%02u", dir, config, fate);
	if ((f = fopen(name, "wb")) == NULL)
		return -1;
	fputc((int)(VNM_STATION_BOTH << 4 | config), f);
	for (uint8_t i = 0; i < 48; i++) {
		const uint8_t good[2] = {FATE_GOOD, 2};
		const uint8_t bad[6] = {
		    (uint8_t)fate, (uint8_t)(i * 37), 1, i, (uint8_t)(i / 3), i};

		fwrite(i % 3 != 0 ? good : bad, 1, i % 3 != 0 ? sizeof(good) : sizeof(bad), f);
	}
	return fclose(f) == 0 ? 1 : -1;
}

static unsigned
make_polls(const char *dir, char **files, int n)
{
	unsigned made = 0;

	for (int i = 0; i < n; i++)
		made += make_answers(dir, (unsigned)i, files[i]) > 0;
	for (unsigned config = 0; config < POLL_CONFIGS; config++) {
		for (unsigned fate = 0; fate < FATES; fate++)
			made += make_fate(dir, config, fate) > 0;
	}
	return made;
}

int
main(int argc, char **argv)
{
	const struct vnm_decoder *decoder = argc > 2 ? vnm_decoder_find(argv[1]) : NULL;
	unsigned made = 0;

	bool packets = argc > 2 && strcmp(argv[1], "packet") == 0;
	bool polls = argc > 2 && strcmp(argv[1], "poll") == 0;

	if (decoder == NULL && !packets && !polls) {
		fprintf(stderr, "usage: seeds DECODER DIRECTORY FILE...\n");
		return 2;
	}
	if (polls)
		made = make_polls(argv[2], argv + 3, argc - 3);
	for (int i = 3; i < argc && !polls; i++)
		made += (packets ? make_packet_seed(argv[2], (unsigned)i, argv[i])
				 : make_seed(decoder, argv[2], (unsigned)i, argv[i])) > 0;
	printf("%u seeds for %s\n", made, argv[1]);
	return made == 0;
}
