/*
 * Ids of SNMP engines (RFC 3411 section 5, SnmpEngineID).
 */
#ifndef VNM_BASE_ENGINE_ID_H
#define VNM_BASE_ENGINE_ID_H

#include "base/addr.h"

#define VNM_SNMP_ENGINE_ID_MIN 5 /* octets */
#define VNM_SNMP_ENGINE_ID_MAX 32

/* From n octets of hexadecimal digits (base/hex.h): how many octets; 0 where it is none. */
size_t vnm_engine_id_read(const char *text, size_t n, uint8_t out[VNM_SNMP_ENGINE_ID_MAX]);

/*
 * The address of which an id of format 1 or 2 was made, or false. It is one that the engine had
 * once: the id stays when the address does not.
 */
bool vnm_engine_id_addr(struct vnm_slice id, struct vnm_addr *addr);

#endif
