/*
 * The books: what became of every message and every record, as one JSON object.
 */
#ifndef VNM_DAEMON_BOOKS_H
#define VNM_DAEMON_BOOKS_H

#include "base/counters.h"
#include "output/sink.h"

#include <stdio.h>

/*
 * Prints {"messages":…,"ok":…,"partial":…,"held":…,"reasons":{…},"faults":{…},"ignored":…,
 * "records":{kind:n},"published":{kind:n},"dropped":{kind:n}} and a line feed. `reasons` are
 * whole messages, `faults` parts of messages, `dropped` is summed over the sinks, as is
 * `published`; kinds and reasons that did not occur are left out.
 */
void vnm_books_print(
    FILE *f, const struct vnm_counters *c, struct vnm_sink *const *sinks, size_t count);

#endif
