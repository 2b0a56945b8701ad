/*
 * A worker's analysis.
 */
#include "daemon/analysed.h"

static struct vnm_analysed *
analysed_of(struct vnm_analysis_out *out)
{
	return (struct vnm_analysed *)((char *)out - offsetof(struct vnm_analysed, out));
}

static void
begin(struct vnm_analysis_out *out, enum vnm_kind kind, uint64_t observed_ns)
{
	struct vnm_analysed *a = analysed_of(out);

	out->rec->kind_id = kind;
	a->begin(a->pipeline, out->rec, observed_ns);
}

static void
emit(struct vnm_analysis_out *out)
{
	struct vnm_analysed *a = analysed_of(out);

	a->publish(a->pipeline, out->rec);
}

void
vnm_analysed_init(
    struct vnm_analysed *a, struct vnm_scratch *scratch, struct vnm_counters *counters)
{
	a->out = (struct vnm_analysis_out){
	    .rec = &a->rec, .scratch = scratch, .counters = counters, .begin = begin, .emit = emit};
}

void
vnm_analysed_free(struct vnm_analysed *a)
{
	vnm_analysis_free(a->analysis);
	a->analysis = NULL;
}

bool
vnm_analysed_options(struct vnm_analysed *a, const struct vnm_analysis_options *o, uint64_t seed)
{
	if (a->analysis != NULL)
		return vnm_analysis_reload(a->analysis, o);
	a->analysis = vnm_analysis_new(o, seed);
	return a->analysis != NULL;
}

enum vnm_reason
vnm_analysed_record(struct vnm_analysed *a, struct vnm_record *r)
{
	return a->analysis != NULL ? vnm_analysis_record(a->analysis, r, &a->out) : VNM_OK;
}

void
vnm_analysed_tick(struct vnm_analysed *a, uint64_t now_ns, bool final)
{
	if (a->analysis == NULL)
		return;
	vnm_analysis_tick(a->analysis, now_ns, final, &a->out);
	vnm_scratch_reset(a->out.scratch);
}
