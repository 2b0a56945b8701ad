/*
 * For tests of decoders: a desk, at which one exporter's messages are decoded and
 * their records kept, and a pen, which writes messages octet by octet.
 */
#ifndef VNM_TESTS_FLOW_DESK_H
#define VNM_TESTS_FLOW_DESK_H

#include "unit.h"

#include "decoders/flow_state.h"

#define RECORDS_MAX 64
#define NOW_NS (1700000000ULL * VNM_NS_PER_S)
#define VARLEN 0xffff

struct desk {
	struct vnm_exporter x;
	struct vnm_out out;
	struct vnm_record rec;
	struct vnm_scratch scratch;
	struct vnm_counters counters;
	struct vnm_limits limits;
	struct vnm_record got[RECORDS_MAX]; /* as they were emitted; text is gone */
	unsigned count;
	bool quiet;		    /* records are counted, not kept */
	unsigned emitted;	    /* by the last message or call */
	char text[RECORDS_MAX][64]; /* of the first text there was */
	uint64_t listed[16];	    /* unsigned values of the first list */
	unsigned listed_count;
	uint64_t session;
	uint16_t port;
	uint64_t rx_ns;
};

struct pen {
	uint8_t p[2048];
	size_t n;
	size_t set; /* where the open set begins; 0: none */
};

/* Its limits are the defaults. */
struct desk *desk_new(void);
struct desk *desk_new_for(const char *decoder);
void desk_free(struct desk *k);
/* As the pipeline begins a message; further calls of the decoder may follow. */
void desk_begin(struct desk *k);
/* One message, as the pipeline gives it; what is held is counted. */
enum vnm_reason desk_give(struct desk *k, const uint8_t *p, size_t n);
/* Time has come to now_ns. */
void desk_tick(struct desk *k, uint64_t now_ns, bool final);
void pen_put(struct pen *w, uint64_t v, unsigned octets);
void pen_put16s(struct pen *w, const uint16_t *v, size_t n);
void pen_end_set(struct pen *w);
void pen_begin_set(struct pen *w, uint16_t id);
/* A message of that domain, with its header. */
struct pen pen_ipfix(uint32_t domain);
/* Ends the message and gives it. */
enum vnm_reason pen_send(struct desk *k, struct pen *w);
#define PUT16(w, ...) \
	pen_put16s(w, (const uint16_t[]){__VA_ARGS__}, sizeof((const uint16_t[]){__VA_ARGS__}) / 2)

#endif
