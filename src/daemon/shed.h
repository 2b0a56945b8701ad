/*
 * What is let go where outputs lack room: log messages that came as datagrams, by severity.
 */
#ifndef VNM_DAEMON_SHED_H
#define VNM_DAEMON_SHED_H

#include "output/output.h"

/* Whether all of them will surely take so many records now. */
bool vnm_outputs_room(struct vnm_output *const *outputs, size_t n, uint64_t records);

/*
 * Whether this record is let go for more urgent ones, while outputs have not the room of `wanted`
 * records that all would need: the less they have, the more urgent a record must be. The most
 * urgent are always tried.
 */
bool vnm_shed(
    const struct vnm_record *r, struct vnm_output *const *outputs, size_t n, uint64_t wanted);

#endif
