/*
 * How it stands with those to whom vnmcd connects: what GET /targets tells.
 */
#ifndef VNM_DAEMON_TARGETS_H
#define VNM_DAEMON_TARGETS_H

#include "base/buffer.h"
#include "collectors/collector.h"

/* Lines of JSON of one worker's targets. */
struct vnm_target_lines {
	struct vnm_buffer *b; /* borrowed */
	uint32_t worker;
	bool cut; /* memory was short for some */
};

/* For vnm_tcp_targets(): one line; ctx is a struct vnm_target_lines. */
void vnm_target_line(void *ctx, const struct vnm_target *t);

#endif
