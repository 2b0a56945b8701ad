/*
 * The list of analysers, and those that one worker has.
 */
#include "analysis/analysis.h"

#include "base/alloc.h"

#include <assert.h>

#define ANALYSIS_MAGIC 0x766e616eU /* "vnan" */

#define VNM_ANALYSER(name) extern const struct vnm_analyser vnm_##name##_analyser;
#include "analysis/analysers.def"
#undef VNM_ANALYSER

static const struct vnm_analyser *const analysers[] = {
#define VNM_ANALYSER(name) &vnm_##name##_analyser,
#include "analysis/analysers.def"
#undef VNM_ANALYSER
};

const struct vnm_option vnm_logs_options[] = {VNM_LOGS_OPTIONS(VNM_OPTION_ROW) VNM_OPTION_END};
const struct vnm_option vnm_rule_options[] = {VNM_RULE_OPTIONS(VNM_OPTION_ROW) VNM_OPTION_END};

struct vnm_analysis {
	uint32_t magic;
	uint64_t seed;
	void *states[VNM_ARRAY_LEN(analysers)]; /* owned; NULL: not wanted */
};

struct vnm_analysis *
vnm_analysis_new(const struct vnm_analysis_options *o, uint64_t seed)
{
	struct vnm_analysis *a = vnm_alloc_zero(1, sizeof(*a));

	if (a == NULL)
		return NULL;
	a->magic = ANALYSIS_MAGIC;
	a->seed = seed;
	if (!vnm_analysis_reload(a, o)) {
		vnm_analysis_free(a);
		return NULL;
	}
	return a;
}

void
vnm_analysis_free(struct vnm_analysis *a)
{
	if (a == NULL)
		return;
	assert(a->magic == ANALYSIS_MAGIC);
	for (size_t i = 0; i < VNM_ARRAY_LEN(analysers); i++) {
		if (a->states[i] != NULL)
			analysers[i]->close(a->states[i]);
	}
	a->magic = 0;
	vnm_free(a);
}

bool
vnm_analysis_reload(struct vnm_analysis *a, const struct vnm_analysis_options *o)
{
	bool all = true;

	for (size_t i = 0; i < VNM_ARRAY_LEN(analysers); i++) {
		const struct vnm_analyser *analyser = analysers[i];

		if (a->states[i] != NULL && analyser->wanted(o)) {
			analyser->reload(a->states[i], o);
		} else if (a->states[i] != NULL) {
			analyser->close(a->states[i]);
			a->states[i] = NULL;
		} else if (analyser->wanted(o)) {
			a->states[i] = analyser->open(o, a->seed);
			all = all && a->states[i] != NULL;
		}
	}
	return all;
}

enum vnm_reason
vnm_analysis_record(struct vnm_analysis *a, struct vnm_record *r, struct vnm_analysis_out *out)
{
	enum vnm_reason reason = VNM_OK;

	if (r->kind_id != VNM_KIND_log)
		return VNM_OK;
	for (size_t i = 0; i < VNM_ARRAY_LEN(analysers) && reason == VNM_OK; i++) {
		if (a->states[i] != NULL)
			reason = analysers[i]->log(a->states[i], r, out);
	}
	return reason;
}

void
vnm_analysis_tick(struct vnm_analysis *a, uint64_t now_ns, bool final, struct vnm_analysis_out *out)
{
	for (size_t i = 0; i < VNM_ARRAY_LEN(analysers); i++) {
		if (a->states[i] != NULL && analysers[i]->tick != NULL)
			analysers[i]->tick(a->states[i], now_ns, final, out);
	}
}
