/*
 * The ids by which routing protocols know a router, in their usual text form.
 */
#include "topology/snapshot.h"

#include "base/hex.h"

#define SYSTEM_ID_N 14 /* octets of 0000.0000.0001 */

/* An IS-IS system id (ISO 10589); 0: it is none. */
static uint64_t
system_id(const char *text)
{
	uint64_t id = 0;

	for (size_t i = 0; i < SYSTEM_ID_N; i++) {
		if (i % 5 == 4 ? text[i] != '.' : vnm_hex_digit(text[i]) < 0)
			return 0;
		if (i % 5 != 4)
			id = id << 4 | (uint64_t)vnm_hex_digit(text[i]);
	}
	return id;
}

uint64_t
vnm_router_key(const char *text, size_t n)
{
	char copy[16] = "";
	struct vnm_addr a;

	if (n == 0 || n >= sizeof(copy))
		return 0;
	memcpy(copy, text, n);
	if (n == SYSTEM_ID_N && system_id(copy) != 0)
		return (uint64_t)VNM_BY_SYSTEM_ID << 60 | system_id(copy);
	if (!vnm_addr_parse(&a, copy) || a.family != VNM_ADDR_IP4 || vnm_addr_is_zero(&a))
		return 0;
	return vnm_router_id_key(&a);
}
