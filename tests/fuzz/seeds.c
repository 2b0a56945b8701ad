/*
 * Makes seeds for the fuzz targets from capture files: for each file that holds messages of
 * the decoder, one input in the form that messages.c reads. For the decoder `packet` it is the
 * captured frames, in the form that packet.c reads.
 *
 *   seeds DECODER DIRECTORY FILE...
 */
#include "messages.h"

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

int
main(int argc, char **argv)
{
	const struct vnm_decoder *decoder = argc > 2 ? vnm_decoder_find(argv[1]) : NULL;
	unsigned made = 0;

	bool packets = argc > 2 && strcmp(argv[1], "packet") == 0;

	if (decoder == NULL && !packets) {
		fprintf(stderr, "usage: seeds DECODER DIRECTORY FILE...\n");
		return 2;
	}
	for (int i = 3; i < argc; i++)
		made += (packets ? make_packet_seed(argv[2], (unsigned)i, argv[i])
				 : make_seed(decoder, argv[2], (unsigned)i, argv[i])) > 0;
	printf("%u seeds for %s\n", made, argv[1]);
	return made == 0;
}
