/*
 * Messages to the operator on stderr, one line each, with systemd's priority prefix where
 * stderr is the journal. Never called per packet; whoever may have to complain often does so
 * through a vnm_log_gate.
 */
#ifndef VNM_BASE_LOG_H
#define VNM_BASE_LOG_H

#include "base/compat.h"

enum vnm_log_level { VNM_LOG_ERROR, VNM_LOG_WARNING, VNM_LOG_INFO, VNM_LOG_DEBUG };

/* Set once at start: what is printed (up to and with `level`). */
void vnm_log_level(enum vnm_log_level level);

/*
 * Set once at start: debug messages of these areas are printed at any level. A message's area
 * is its text up to the first ':'. Commas stand between areas; "all" is all of them. Borrowed.
 */
void vnm_log_areas(const char *areas);

void vnm_log(enum vnm_log_level level, const char *fmt, ...) VNM_PRINTF(2, 3);

#define vnm_error(...) vnm_log(VNM_LOG_ERROR, __VA_ARGS__)
#define vnm_warning(...) vnm_log(VNM_LOG_WARNING, __VA_ARGS__)
#define vnm_info(...) vnm_log(VNM_LOG_INFO, __VA_ARGS__)
#define vnm_debug(...) vnm_log(VNM_LOG_DEBUG, __VA_ARGS__)

/* At most one complaint of a sort in ten seconds; zero-initialised by its owner. */
struct vnm_log_gate {
	uint64_t next_ns; /* until then none is let through */
};

/* Whether to complain now; now_ns is any monotonic clock of the owner's. */
bool vnm_log_gate_open(struct vnm_log_gate *gate, uint64_t now_ns);

#endif
