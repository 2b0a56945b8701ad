/*
 * Reassembly of fragmented IPv4 and IPv6 packets of a capture, on the packets' clock.
 *
 * At most VNM_FRAGMENTS_PACKETS incomplete packets are kept, each for VNM_FRAGMENTS_NS; the
 * oldest makes room. A fragment may come again with the same octets; one that overlaps others
 * in any other way spoils its packet (RFC 8200 section 4.5, RFC 5722; here also for IPv4). So
 * does one that the snap length cut.
 */
#ifndef VNM_COLLECTORS_IP_FRAGMENT_H
#define VNM_COLLECTORS_IP_FRAGMENT_H

#include "collectors/packet.h"

#define VNM_FRAGMENTS_PACKETS 256
#define VNM_FRAGMENTS_NS 30000000000ULL

struct vnm_fragments;

/* NULL when memory is short. */
struct vnm_fragments *vnm_fragments_new(void) VNM_MUST_CHECK;

/* Frees them and returns how many captured packets were fragments of what never became whole. */
uint64_t vnm_fragments_free(struct vnm_fragments *f);

/*
 * Takes a fragment. True: *packet is now the whole packet; its payload is valid until the next
 * call. False: the fragment is kept, or given up. *given_up grows by the number of captured
 * packets that, as is known now, are of no use.
 */
bool vnm_fragments_take(
    struct vnm_fragments *f, struct vnm_packet *packet, uint64_t now_ns, uint64_t *given_up);

#endif
