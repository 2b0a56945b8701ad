/*
 * Neighbours by CDP (CISCO-CDP-MIB): what devices of Cisco, and those that speak their protocol,
 * heard at their interfaces.
 *
 * A device is called what it announces itself as (cdpGlobalDeviceId), a port what it announces as
 * its Port-ID (cdpInterfaceName), so that both ends of a link call it the same.
 */
#include "decoders/poll.h"

#include "base/alloc.h"

#define CELL(plan, name) vnm_plan_cell(row, VNM_COL_##plan##_##name)

enum { PROTOCOL_IP = 1, PROTOCOL_IPV6 = 20 }; /* CiscoNetworkProtocol */

static struct vnm_str
id_text(struct vnm_scratch *s, const struct vnm_varbind *id)
{
	return vnm_poll_id_text(s, id, false, false);
}

/* ---- our own end
 * ------------------------------------------------------------------------------------------- */

static void
local(struct vnm_poll_state *s, const struct vnm_plan_row *row, const struct vnm_out *out)
{
	struct vnm_str id = id_text(out->scratch, CELL(cdp_local, device_id));

	if (id.n == 0)
		return;
	vnm_free(s->cdp_device);
	s->cdp_device = vnm_strndup(id.p, id.n);
}

static void
interface(struct vnm_poll_state *s, const struct vnm_plan_row *row, const struct vnm_out *out)
{
	struct vnm_str name = vnm_poll_text(CELL(cdp_interface, name));

	if (row->first)
		vnm_poll_links_clear(&s->cdp_ports);
	if (row->index.n == 1 && name.n > 0)
		vnm_poll_link_add(&s->cdp_ports, row->index.v[0], 0, name, out);
}

/* "device/port" of our end: the port by its ifName or ifIndex where CDP has no name for it. */
static struct vnm_str
own_port(const struct vnm_poll_state *s, struct vnm_scratch *scratch, uint32_t if_index)
{
	const struct vnm_poll_link *port = vnm_poll_link_find(&s->cdp_ports, if_index);
	const struct vnm_poll_reading *r = vnm_poll_reading_at(s, if_index);
	char text[VNM_ADDR_TEXT];
	const char *device =
	    s->cdp_device != NULL ? s->cdp_device : vnm_addr_text(&s->device, text);

	if (port != NULL && port->text != NULL)
		return vnm_poll_printf(scratch, "%s/%s", device, port->text);
	if (r != NULL && r->name != NULL)
		return vnm_poll_printf(scratch, "%s/%s", device, r->name);
	return vnm_poll_printf(scratch, "%s/%u", device, if_index);
}

/* ---- neighbours
 * ------------------------------------------------------------------------------------------------
 */

static void
say_address(struct vnm_poll_telling *t, const char *name, const struct vnm_varbind *protocol,
    const struct vnm_varbind *v)
{
	struct vnm_addr addr;
	uint64_t n;

	if (!vnm_poll_number(protocol, &n) || v == NULL || v->type != VNM_BER_OCTETS)
		return;
	if (n == PROTOCOL_IP && v->octets.n == 4)
		addr = vnm_addr_ip4(v->octets.p);
	else if (n == PROTOCOL_IPV6 && v->octets.n == 16)
		addr = vnm_addr_ip6(v->octets.p);
	else
		return;
	if (!vnm_addr_is_zero(&addr))
		vnm_poll_say_addr(t, name, addr);
}

/* A number of up to four octets; its bits from the lowest on. */
static void
say_capabilities(struct vnm_poll_telling *t, struct vnm_scratch *s, const struct vnm_varbind *v)
{
	static const char *const names[] = {"router", "transparent-bridge", "source-route-bridge",
	    "switch", "host", "igmp", "repeater", "voip-phone", "remotely-managed"};
	uint32_t bits = 0;

	if (v == NULL || v->type != VNM_BER_OCTETS || v->octets.n > sizeof(bits))
		return;
	for (size_t i = 0; i < v->octets.n; i++)
		bits = bits << 8 | v->octets.p[i];
	vnm_poll_say_words(t, s, "capabilities", names, VNM_ARRAY_LEN(names), bits);
}

static void
remote(struct vnm_poll_state *s, const struct vnm_plan_row *row, struct vnm_out *out)
{
	struct vnm_poll_telling t = {.kind = VNM_FACT_cdp_neighbour};
	struct vnm_str device = id_text(out->scratch, CELL(cdp_remote, device_id));
	struct vnm_str port = id_text(out->scratch, CELL(cdp_remote, device_port));
	uint64_t vlan = 0;

	if (row->index.n != 2 || device.n == 0)
		return;
	t.object = own_port(s, out->scratch, row->index.v[0]);
	t.claim = vnm_poll_printf(out->scratch, "%.*s/%.*s", (int)device.n, device.p, (int)port.n,
	    port.n > 0 ? port.p : "");
	vnm_poll_say_interface(&t, s, "local_if_index", "local_if_name", row->index.v[0]);
	vnm_poll_say_str(&t, "device_id", device);
	vnm_poll_say_str(&t, "port_id", port);
	vnm_poll_say_cell(&t, "sys_name", CELL(cdp_remote, sys_name));
	vnm_poll_say_cell(&t, "platform", CELL(cdp_remote, platform));
	vnm_poll_say_cell(&t, "version", CELL(cdp_remote, version));
	say_address(&t, "address", CELL(cdp_remote, address_type), CELL(cdp_remote, address));
	say_address(&t, "mgmt_address", CELL(cdp_remote, primary_mgmt_addr_type),
	    CELL(cdp_remote, primary_mgmt_addr));
	say_capabilities(&t, out->scratch, CELL(cdp_remote, capabilities));
	if (vnm_poll_number(CELL(cdp_remote, native_vlan), &vlan) && vlan != 0)
		vnm_poll_say_u64(&t, "native_vlan", vlan);
	vnm_poll_say_label(&t, "duplex", row, VNM_COL_cdp_remote_duplex);
	vnm_poll_tell(s, row, &t, out);
}

void
vnm_poll_cdp(struct vnm_poll_state *s, const struct vnm_plan_row *row, struct vnm_out *out)
{
	if (row->plan->sort == VNM_PLAN_cdp_local)
		local(s, row, out);
	else if (row->plan->sort == VNM_PLAN_cdp_interface)
		interface(s, row, out);
	else
		remote(s, row, out);
}
