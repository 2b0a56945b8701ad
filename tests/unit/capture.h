/*
 * For tests of replay: writes capture files (pcap and pcapng) of packets built here, and
 * keeps what comes out of an intake.
 */
#ifndef VNM_TESTS_CAPTURE_H
#define VNM_TESTS_CAPTURE_H

#include "base/alloc.h"
#include "base/buffer.h"
#include "collectors/collector.h"

enum capture_format { CAPTURE_PCAP, CAPTURE_PCAP_NS, CAPTURE_PCAPNG };

struct capture {
	char path[64];
	enum capture_format format;
	struct vnm_buffer b;
	uint64_t ns; /* of the next packet; every packet moves it on by 1 ms and 1 ns */
};

/* `link` is a LINKTYPE_* value, as it stands in files. */
void capture_begin(struct capture *c, enum capture_format format, unsigned link);
void capture_packet(struct capture *c, const struct vnm_buffer *packet, size_t cut);
/* Writes the file, but for its last `short_by` octets. */
void capture_save(struct capture *c, size_t short_by);
/* Removes the file. */
void capture_end(struct capture *c);

/* An IP flow's ends; both of one family. */
struct flow {
	struct vnm_endpoint src;
	struct vnm_endpoint dst;
	uint32_t id; /* of the next IP packet */
};

struct flow flow_of(const char *src, uint16_t sport, const char *dst, uint16_t dport);

void put(struct vnm_buffer *b, const void *p, size_t n);
void put16(struct vnm_buffer *b, unsigned v);
void put32(struct vnm_buffer *b, uint32_t v);
/* An IP packet; for a fragment offset != 0 or more (RFC 791, RFC 8200 section 4.5). */
void put_ip(struct vnm_buffer *b, const struct flow *f, uint8_t protocol, size_t offset, bool more,
    const void *p, size_t n);
void put_udp(struct vnm_buffer *b, const struct flow *f, const void *p, size_t n);
enum { TCP_FIN = 1, TCP_SYN = 2, TCP_RST = 4, TCP_ACK = 16 };
void put_tcp(struct vnm_buffer *b, const struct flow *f, uint32_t seq, unsigned flags,
    const void *p, size_t n);

/* An intake that keeps all it is given. */
struct kept {
	struct vnm_datagram d; /* d.p is not used */
	size_t at;	       /* where its octets begin in `octets` */
	size_t ended;	       /* messages before it of any stream that had ended */
};

struct keeper {
	struct vnm_intake intake;
	struct vnm_counters counters;
	struct vnm_buffer octets;
	struct kept *messages; /* of the C library's heap: it never fails on purpose */
	size_t n;
	struct kept *ends;
	size_t ends_n;
	size_t turns;
	size_t without_turn; /* messages since the last turn_end() */
	size_t longest_turn;
	unsigned no_room; /* how often room() still says no */
	size_t room_for;  /* so many messages; 0: for any number */
};

void keeper_begin(struct keeper *k);
void keeper_end(struct keeper *k);
bool keeper_has(const struct keeper *k, size_t i, const void *p, size_t n);

#endif
