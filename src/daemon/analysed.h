/*
 * A worker's analysis and the records that it makes of its own, between the analysers, which
 * know no pipeline, and the pipeline.
 */
#ifndef VNM_DAEMON_ANALYSED_H
#define VNM_DAEMON_ANALYSED_H

#include "analysis/analysis.h"

struct vnm_analysed {
	struct vnm_analysis *analysis; /* owned; NULL: none */
	struct vnm_analysis_out out;
	struct vnm_record rec; /* what `out` fills */
	/* The pipeline's: an empty record with its envelope; a record that is complete. */
	void (*begin)(void *pipeline, struct vnm_record *r, uint64_t observed_ns);
	void (*publish)(void *pipeline, struct vnm_record *r);
	void *pipeline;
};

/* Sets up all but begin, publish and pipeline. */
void vnm_analysed_init(
    struct vnm_analysed *a, struct vnm_scratch *scratch, struct vnm_counters *counters);
void vnm_analysed_free(struct vnm_analysed *a);

/* Other options from now on: false when memory was short for some of it. */
bool vnm_analysed_options(
    struct vnm_analysed *a, const struct vnm_analysis_options *o, uint64_t seed);

/* As vnm_analysis_record() and vnm_analysis_tick(). */
enum vnm_reason vnm_analysed_record(struct vnm_analysed *a, struct vnm_record *r);
void vnm_analysed_tick(struct vnm_analysed *a, uint64_t now_ns, bool final);

#endif
