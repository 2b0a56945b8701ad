/*
 * The table of reasons, from reasons.def.
 */
#include "base/reason.h"

#include <assert.h>

static const struct vnm_reason_info infos[VNM_REASON_COUNT] = {
    [VNM_OK] = {"ok", VNM_SCOPE_MESSAGE, "nothing failed"},
#define VNM_REASON(name, label, scope, doc) [VNM_R_##name] = {label, VNM_SCOPE_##scope, doc},
#include "base/reasons.def"
#undef VNM_REASON
};

const struct vnm_reason_info *
vnm_reason_info(enum vnm_reason reason)
{
	assert(reason < VNM_REASON_COUNT);
	return &infos[reason];
}
