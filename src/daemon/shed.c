/*
 * What is let go where outputs lack room.
 */
#include "daemon/shed.h"

#define LEAST_URGENT 7 /* RFC 5424 table 2 */

bool
vnm_outputs_room(struct vnm_output *const *outputs, size_t n, uint64_t records)
{
	for (size_t i = 0; i < n; i++) {
		struct vnm_sink *s = outputs[i]->sink;

		if (s->type->room(s) < records)
			return false;
	}
	return true;
}

bool
vnm_shed(const struct vnm_record *r, struct vnm_output *const *outputs, size_t n, uint64_t wanted)
{
	uint64_t severity =
	    VNM_HAS(r, log, vendor_severity) ? r->log.vendor_severity : r->log.severity;

	if (severity > LEAST_URGENT)
		severity = LEAST_URGENT;
	return !vnm_outputs_room(outputs, n, wanted * severity / LEAST_URGENT);
}
