/*
 * What an analyser is: state over records of many sources, between correlation and outputs. It
 * sees each record of the kinds it asks for once, may add to it, hold it back for a reason, or
 * make records of its own. It lives on the records' clock, and its memory is bounded by options.
 *
 * A new analyser is one file, a line in analysers.def and a line in Makefile.am.
 */
#ifndef VNM_ANALYSIS_ANALYSER_H
#define VNM_ANALYSIS_ANALYSER_H

#include "base/counters.h"
#include "base/scratch.h"
#include "record/record.h"

struct vnm_analysis_options;

/* Where an analyser's own records go: begin, fill, emit. Not the record that it was shown. */
struct vnm_analysis_out {
	struct vnm_record *rec;
	struct vnm_scratch *scratch; /* reset after the message */
	struct vnm_counters *counters;
	/* The record, empty but for what all records of this worker have; observed at that time. */
	void (*begin)(struct vnm_analysis_out *out, enum vnm_kind kind, uint64_t observed_ns);
	void (*emit)(struct vnm_analysis_out *out);
};

static inline struct vnm_record *
vnm_analysis_begin(struct vnm_analysis_out *out, enum vnm_kind kind, uint64_t observed_ns)
{
	out->begin(out, kind, observed_ns);
	return out->rec;
}

struct vnm_analyser {
	const char *name;
	/* Whether the options ask for it: where not, it is not there. */
	bool (*wanted)(const struct vnm_analysis_options *o);
	/* Its state, or NULL when memory is short. The options are borrowed until `reload`. */
	void *(*open)(const struct vnm_analysis_options *o, uint64_t seed);
	/* A record of kind log: VNM_OK, or the reason for which it goes no further. */
	enum vnm_reason (*log)(void *state, struct vnm_record *r, struct vnm_analysis_out *out);
	/* About once a second, on the packets' clock in a replay. `final`: the last call. */
	void (*tick)(void *state, uint64_t now_ns, bool final, struct vnm_analysis_out *out);
	/* Other options, of the same table; what does not fit them any more is dropped. */
	void (*reload)(void *state, const struct vnm_analysis_options *o);
	void (*close)(void *state);
};

#endif
