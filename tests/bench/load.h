/*
 * The load generator's parts: what it is told, the message bodies that it builds beforehand,
 * the exporters that it plays and what it counts.
 */
#ifndef VNM_BENCH_LOAD_H
#define VNM_BENCH_LOAD_H

#include "octets.h"

#include <stdbool.h>
#include <stdio.h>

enum vnm_load_protocol { VNM_LOAD_V5, VNM_LOAD_V9, VNM_LOAD_IPFIX, VNM_LOAD_SFLOW };

/* What tells exporters apart. */
enum vnm_load_by { VNM_LOAD_BY_ADDRESS, VNM_LOAD_BY_PORT, VNM_LOAD_BY_DOMAIN };

struct vnm_load {
	enum vnm_load_protocol protocol;
	enum vnm_load_by by;
	const char *destination;
	uint16_t port;
	uint32_t exporters;
	uint32_t records;   /* flow records or samples of a datagram, at most */
	uint32_t payload;   /* octets of UDP payload, at most */
	uint64_t datagrams; /* of data, in all; 0: until `seconds` */
	double seconds;	    /* 0: until `datagrams` */
	double rate;	    /* records a second; 0: as fast as possible */
	uint32_t batch;	    /* datagrams of one exporter in a row */
	uint32_t refresh;   /* templates again every so many datagrams of an exporter; 0: never */
	uint32_t withhold;  /* first templates only after so many datagrams */
	uint32_t extra_templates; /* further templates of each exporter, used in turn */
	uint32_t varlen_every; /* IPFIX: variable-length and enterprise fields in every n-th body */
	uint32_t ip6_percent;  /* bodies with IPv6 flows */
	uint32_t counters_every; /* sFlow: every n-th datagram holds counter samples; 0: none */
	uint32_t sampling;	 /* announced, 1 in N */
	uint32_t addresses;	 /* distinct source addresses of flows */
	uint32_t bodies;	 /* distinct message bodies */
	uint32_t skip_every;	 /* every n-th datagram is numbered and not sent; 0: none */
	uint32_t swap_every;	 /* every n-th datagram changes places with the one before */
	uint64_t seed;
	const char *pcap; /* write this file instead of sending; its clock is made up */
};

#define VNM_LOAD_PAYLOAD_MAX 8192
#define VNM_LOAD_SAMPLES_MAX 64 /* of a datagram */

/* What stands behind a message's header, and what it says. */
struct vnm_body {
	uint8_t *p;
	size_t n;
	uint32_t records; /* flow records or flow samples */
	uint32_t count;	  /* records of all sorts, for v9's header */
	uint64_t octets;  /* sums over the records */
	uint64_t packets;
	uint32_t domain_at; /* where the exporter's domain is to be written; 0: nowhere */
	/* sFlow: where each sample's sequence number and its pool are to be written. */
	uint32_t sample_at[VNM_LOAD_SAMPLES_MAX];
	uint32_t pool_at[VNM_LOAD_SAMPLES_MAX];
};

/* One exporter that is played. */
struct vnm_player {
	int fd;
	uint32_t index;
	uint32_t domain;
	uint32_t sequence; /* as its protocol counts */
	uint64_t datagrams;
	uint64_t templates_due; /* at this number of datagrams */
	uint32_t next_body;
	uint32_t samples;	  /* sFlow: flow samples so far */
	uint32_t counter_samples; /* sFlow: of each interface, so far */
};

/* One flow, as all protocols tell it. */
struct vnm_flow {
	bool ip6;
	uint8_t src[16], dst[16], next_hop[16];
	uint16_t src_port, dst_port;
	uint8_t protocol, tos, tcp_flags, direction, end_reason;
	uint32_t in_if, out_if, src_as, dst_as;
	uint64_t octets, packets;
	uint32_t start_ago_ms, end_ago_ms; /* before the load's begin */
	uint16_t vlan;
	uint32_t choice; /* for whatever else differs among flows */
};

/* The next number of the load's own generator. */
uint64_t vnm_load_random(uint64_t *state);

void vnm_flow_make(struct vnm_flow *f, const struct vnm_load *load, bool ip6, uint64_t *random);

#define VNM_LOAD_UPTIME_MS (3u * 86400u * 1000u) /* of every exporter when the load begins */

/* Data of NetFlow and IPFIX; start_ms: the load's begin, ms since 1970. */
void vnm_body_v5(struct vnm_body *b, const struct vnm_load *load, uint64_t *random);
void vnm_body_data(struct vnm_body *b, const struct vnm_load *load, uint32_t index,
    uint64_t start_ms, uint64_t *random);
/* All templates and the sampler's options record. */
void vnm_body_templates(struct vnm_body *b, const struct vnm_load *load);

void vnm_body_samples(struct vnm_body *b, const struct vnm_load *load, bool ip6, uint64_t *random);
/* Writes this exporter's next counter samples into a body whose p has VNM_LOAD_PAYLOAD_MAX. */
#define VNM_LOAD_INTERFACES 4
void vnm_body_counters(struct vnm_body *b, struct vnm_player *player);

/* Writes the header of a message with this body and counts it in the player's sequence; returns
 * its length. unix_ns and uptime_ms are the exporter's clocks. */
#define VNM_LOAD_HEADER_MAX 32
size_t vnm_header_netflow(uint8_t *h, const struct vnm_load *load, struct vnm_player *player,
    const struct vnm_body *b, uint64_t unix_ns, uint32_t uptime_ms);
size_t vnm_header_sflow(
    uint8_t *h, struct vnm_player *player, const struct vnm_body *b, uint32_t uptime_ms);

/* What was sent: each number exact. */
struct vnm_tally {
	uint64_t datagrams; /* all of them */
	uint64_t data_datagrams, template_datagrams, counter_datagrams;
	uint64_t records, octets, packets;
	uint64_t options_records, counter_samples;
	uint64_t skipped_datagrams, skipped_records; /* numbered and not sent */
	uint64_t swapped, send_errors, wire_octets;
	double seconds, cpu_seconds;
};

/* Plays the load; 0, or -1 after a message on stderr. */
int vnm_load_run(const struct vnm_load *load, struct vnm_tally *tally, const volatile int *stop);

#endif
