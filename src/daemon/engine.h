/*
 * vnmcd as an SNMP engine: its id, and how often it has started (RFC 3411 section 5, RFC 3414
 * section 2.2.2), which its state directory keeps.
 */
#ifndef VNM_DAEMON_ENGINE_H
#define VNM_DAEMON_ENGINE_H

#include "daemon/conf.h"

struct vnm_engine {
	uint8_t id[VNM_SNMP_ENGINE_ID_MAX];
	struct vnm_self self; /* its engine_id is `id` */
};

/*
 * Counts this start, if there is a listener of SNMP: else its boots are 0, and nobody asks for
 * them. The number grows with every start and is not less than one that grows with the clock. Where
 * it cannot be kept, and there are users of SNMPv3, a warning says so.
 */
void vnm_engine_start(struct vnm_engine *e, const struct vnm_conf *conf, uint64_t epoch_ns);

#endif
