/*
 * Why something failed, in one word. Reasons are for what others sent or did; our own bugs
 * are asserts, and the operator's mistakes are a vnm_err.
 */
#ifndef VNM_BASE_REASON_H
#define VNM_BASE_REASON_H

#include "base/compat.h"

enum vnm_reason {
	VNM_OK = 0,
#define VNM_REASON(name, label, scope, doc) VNM_R_##name,
#include "base/reasons.def"
#undef VNM_REASON
	VNM_REASON_COUNT
};

enum vnm_reason_scope { VNM_SCOPE_MESSAGE, VNM_SCOPE_PART, VNM_SCOPE_RECORD, VNM_SCOPE_CONNECTION };

struct vnm_reason_info {
	const char *label; /* the metric label: words joined by '-' */
	enum vnm_reason_scope scope;
	const char *doc;
};

/* A row for every reason but VNM_OK; never NULL. */
const struct vnm_reason_info *vnm_reason_info(enum vnm_reason reason);

/*
 * What became of one message. Exactly one of these is counted for each; `reason` tells more
 * when the outcome is FAILED.
 */
enum vnm_outcome {
	VNM_OUTCOME_OK,	     /* all of it was understood */
	VNM_OUTCOME_PARTIAL, /* some of it: the faults are counted by reason */
	VNM_OUTCOME_HELD,    /* waits for a template; later one of the others */
	VNM_OUTCOME_FAILED   /* nothing of it: one reason */
};

#endif
