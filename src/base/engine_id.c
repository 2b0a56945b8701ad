/*
 * Ids of SNMP engines: the highest bit set, four octets of an enterprise's number, one that tells
 * the format, and what is unique (RFC 3411 section 5).
 */
#include "base/engine_id.h"

#include "base/hex.h"

enum { FORMAT_AT = 4, FORMAT_IP4 = 1, FORMAT_IP6 = 2, PREFIX = 5 };

size_t
vnm_engine_id_read(const char *text, size_t n, uint8_t out[VNM_SNMP_ENGINE_ID_MAX])
{
	size_t octets = vnm_hex_read(text, n, out, VNM_SNMP_ENGINE_ID_MAX);

	return octets >= VNM_SNMP_ENGINE_ID_MIN ? octets : 0;
}

bool
vnm_engine_id_addr(struct vnm_slice id, struct vnm_addr *addr)
{
	if (id.n < PREFIX || (id.p[0] & 0x80) == 0)
		return false;
	if (id.p[FORMAT_AT] == FORMAT_IP4 && id.n == PREFIX + 4)
		*addr = vnm_addr_ip4(id.p + PREFIX);
	else if (id.p[FORMAT_AT] == FORMAT_IP6 && id.n == PREFIX + 16)
		*addr = vnm_addr_ip6(id.p + PREFIX);
	else
		return false;
	return !vnm_addr_is_zero(addr);
}
