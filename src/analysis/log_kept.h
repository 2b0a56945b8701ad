/*
 * What is kept of a log record beyond its time: whom it is of, and its text, bounded.
 */
#ifndef VNM_ANALYSIS_LOG_KEPT_H
#define VNM_ANALYSIS_LOG_KEPT_H

#include "analysis/analyser.h"

/* Text fields that are kept, in order of their need for room. */
#define VNM_LOG_KEPT(X)    \
	X(hostname)        \
	X(app_name)        \
	X(mnemonic)        \
	X(vendor_facility) \
	X(dialect)         \
	X(if_name)         \
	X(message)

enum {
#define VNM_LOG_KEPT_ENUM(field) VNM_LOG_KEPT_##field,
	VNM_LOG_KEPT(VNM_LOG_KEPT_ENUM)
#undef VNM_LOG_KEPT_ENUM
	    VNM_LOG_KEPT_COUNT
};

#define VNM_LOG_KEPT_OCTETS 1024

struct vnm_log_kept {
	struct vnm_addr exporter;
	uint64_t observed_ns, event_ns; /* event_ns 0: not known */
	uint8_t facility, severity, vendor_severity;
	bool has_vendor_severity;
	uint16_t n[VNM_LOG_KEPT_COUNT]; /* octets of each text; 0: absent */
	char text[VNM_LOG_KEPT_OCTETS]; /* one behind the other; what is beyond is cut */
};

void vnm_log_keep(struct vnm_log_kept *k, const struct vnm_record *r);

/* Sets the fields that are kept and that the record has not. Its texts borrow from `k`. */
void vnm_log_recall(const struct vnm_log_kept *k, struct vnm_record *r);

/* Who a record is of: exporter and claimed name. */
uint64_t vnm_log_source(const struct vnm_record *r, uint64_t seed);

/* What it says, without its times and numbers. */
uint64_t vnm_log_content(const struct vnm_record *r, uint64_t seed);

#endif
