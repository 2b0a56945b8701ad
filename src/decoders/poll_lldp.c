/*
 * Neighbours by LLDP (IEEE 802.1AB: LLDP-MIB of 2005, LLDP-V2-MIB of 2009).
 *
 * lldpRemLocalPortNum is, depending on the agent, a bridge port, an ifIndex or a number of its
 * own: what the agent calls its own port (lldpLocPortId, lldpLocPortDesc) tells more, and is looked
 * at first. LLDP-V2-MIB has the ifIndex itself. The time mark in an index changes with every
 * update and is no part of a neighbour.
 */
#include "decoders/poll.h"

#include "base/alloc.h"

#include <stdlib.h>
#include <string.h>

/* Columns of both MIBs have the same order in plans.def; where each begins. */
#define BOTH(row, plan1, plan2, name) \
	vnm_plan_cell(row, is_v2(row) ? VNM_COL_##plan2##_##name : VNM_COL_##plan1##_##name)

/* LldpPortIdSubtype */
enum { PORT_ALIAS = 1, PORT_MAC = 3, PORT_NETWORK = 4, PORT_NAME = 5, PORT_LOCAL = 7 };
/* LldpChassisIdSubtype */
enum { CHASSIS_MAC = 4, CHASSIS_NETWORK = 5 };

static bool
is_v2(const struct vnm_plan_row *row)
{
	return row->plan->sort >= VNM_PLAN_lldp2_local;
}

/* ---- identifiers
 * ------------------------------------------------------------------------------------------ */

static struct vnm_str
chassis_text(struct vnm_scratch *s, const struct vnm_varbind *subtype, const struct vnm_varbind *id)
{
	uint64_t n = 0;

	(void)vnm_poll_number(subtype, &n);
	return vnm_poll_id_text(s, id, n == CHASSIS_MAC, n == CHASSIS_NETWORK);
}

static struct vnm_str
port_text(struct vnm_scratch *s, const struct vnm_varbind *subtype, const struct vnm_varbind *id)
{
	uint64_t n = 0;

	(void)vnm_poll_number(subtype, &n);
	return vnm_poll_id_text(s, id, n == PORT_MAC, n == PORT_NETWORK);
}

static struct vnm_str
subtype_name(const struct vnm_varbind *v, bool port)
{
	static const struct vnm_str chassis[] = {VNM_STR("chassis-component"),
	    VNM_STR("interface-alias"), VNM_STR("port-component"), VNM_STR("mac-address"),
	    VNM_STR("network-address"), VNM_STR("interface-name"), VNM_STR("local")};
	static const struct vnm_str ports[] = {VNM_STR("interface-alias"),
	    VNM_STR("port-component"), VNM_STR("mac-address"), VNM_STR("network-address"),
	    VNM_STR("interface-name"), VNM_STR("agent-circuit-id"), VNM_STR("local")};
	uint64_t n;

	if (!vnm_poll_number(v, &n) || n < 1 || n > VNM_ARRAY_LEN(ports))
		return (struct vnm_str){NULL, 0, false};
	return port ? ports[n - 1] : chassis[n - 1];
}

/* ---- our own end
 * ------------------------------------------------------------------------------------------- */

static void
local(struct vnm_poll_state *s, const struct vnm_plan_row *row, const struct vnm_out *out)
{
	struct vnm_str text =
	    chassis_text(out->scratch, BOTH(row, lldp_local, lldp2_local, chassis_id_subtype),
		BOTH(row, lldp_local, lldp2_local, chassis_id));

	if (text.n == 0)
		return;
	vnm_free(s->chassis);
	s->chassis = vnm_strndup(text.p, text.n);
}

static void
clear_ports(struct vnm_poll_ports *ports)
{
	for (uint32_t i = 0; i < ports->n; i++) {
		vnm_free(ports->p[i].id);
		vnm_free(ports->p[i].desc);
	}
	ports->n = 0;
}

static bool
ports_grow(struct vnm_poll_ports *ports, uint32_t most)
{
	uint32_t cap = ports->cap == 0 ? 16 : 2 * ports->cap;
	struct vnm_poll_port *grown;

	if (ports->n >= most)
		return false;
	if (ports->n < ports->cap)
		return true;
	grown = vnm_realloc(ports->p, cap * sizeof(*grown));
	if (grown == NULL)
		return false;
	ports->p = grown;
	ports->cap = cap;
	return true;
}

static void
port(struct vnm_poll_state *s, const struct vnm_plan_row *row, const struct vnm_out *out)
{
	struct vnm_poll_ports *ports = is_v2(row) ? &s->ports2 : &s->ports;
	const struct vnm_varbind *subtype = BOTH(row, lldp_port, lldp2_port, port_id_subtype);
	const struct vnm_varbind *id = BOTH(row, lldp_port, lldp2_port, port_id);
	struct vnm_str text = port_text(out->scratch, subtype, id);
	struct vnm_str desc = vnm_poll_text(BOTH(row, lldp_port, lldp2_port, port_desc));
	struct vnm_poll_port *p;
	uint64_t n = 0;

	if (row->first)
		clear_ports(ports);
	if (row->index.n == 0)
		return;
	if (!ports_grow(ports, out->limits->options_entries)) {
		vnm_poll_forgotten(out);
		return;
	}
	(void)vnm_poll_number(subtype, &n);
	p = &ports->p[ports->n++];
	*p = (struct vnm_poll_port){.number = row->index.v[0], .subtype = (uint8_t)n};
	if (text.n > 0)
		p->id = vnm_strndup(text.p, text.n);
	if (desc.n > 0)
		p->desc = vnm_strndup(desc.p, desc.n);
	p->is_mac = n == PORT_MAC && vnm_poll_mac(id, &p->mac);
}

static const struct vnm_poll_port *
port_of(const struct vnm_poll_ports *ports, uint32_t number)
{
	for (uint32_t i = 0; i < ports->n; i++) {
		if (ports->p[i].number == number)
			return &ports->p[i];
	}
	return NULL;
}

/* ---- which interface a port is
 * ------------------------------------------------------------------------------ */

/* The one interface whose name, or else description or alias, this is; 0: none, or several. */
static uint32_t
by_text(const struct vnm_poll_state *s, const char *text)
{
	uint64_t hash;
	uint32_t found = 0;

	if (text == NULL)
		return 0;
	for (uint32_t i = 0; i < s->reading_n; i++) {
		const struct vnm_poll_reading *r = &s->readings[i];

		if (r->name != NULL && strcmp(r->name, text) == 0)
			return r->if_index;
	}
	hash = vnm_poll_hash_text(vnm_str_of(text));
	for (uint32_t i = 0; i < s->reading_n; i++) {
		const struct vnm_poll_reading *r = &s->readings[i];

		if (r->descr != hash && r->alias != hash)
			continue;
		if (found != 0)
			return 0;
		found = r->if_index;
	}
	return found;
}

static uint32_t
by_mac(const struct vnm_poll_state *s, const struct vnm_mac *mac)
{
	uint32_t found = 0;

	for (uint32_t i = 0; i < s->reading_n; i++) {
		const struct vnm_poll_reading *r = &s->readings[i];

		if (!r->has_mac || memcmp(&r->mac, mac, sizeof(*mac)) != 0)
			continue;
		if (found != 0)
			return 0; /* all ports of a switch may have one address */
		found = r->if_index;
	}
	return found;
}

/* A number in text that is the ifIndex of an interface there is; 0: none. */
static uint32_t
by_number(const struct vnm_poll_state *s, const char *text)
{
	char *end;
	unsigned long n;

	if (text == NULL)
		return 0;
	n = strtoul(text, &end, 10);
	if (*end != '\0' || end == text || n == 0 || n > INT32_MAX)
		return 0;
	return vnm_poll_reading_at(s, (uint32_t)n) != NULL ? (uint32_t)n : 0;
}

static uint32_t
interface_of(const struct vnm_poll_state *s, uint32_t number)
{
	const struct vnm_poll_port *p = port_of(&s->ports, number);
	const struct vnm_poll_link *bridge;
	uint32_t found = 0;

	if (p != NULL) {
		found = by_text(s, p->id);
		if (found == 0 && p->is_mac)
			found = by_mac(s, &p->mac);
		if (found == 0)
			found = by_text(s, p->desc);
		if (found == 0 && p->subtype == PORT_LOCAL)
			found = by_number(s, p->id);
	}
	if (found != 0)
		return found;
	bridge = vnm_poll_link_find(&s->bridge_ports, number);
	if (bridge != NULL)
		return bridge->to;
	return vnm_poll_reading_at(s, number) != NULL ? number : 0;
}

/* ---- neighbours
 * ------------------------------------------------------------------------------------------------
 */

/* lldpRemTimeMark, lldpRemLocalPortNum, lldpRemIndex; of version 2 with an address between. */
static bool
remote_index(const struct vnm_plan_row *row, uint32_t *local_port, uint32_t *remote)
{
	uint32_t at = 2;

	if (is_v2(row)) /* lldpV2RemLocalDestMACAddress is a number */
		at = 3;
	if (row->index.n <= at)
		return false;
	*local_port = row->index.v[1];
	*remote = row->index.v[at];
	return true;
}

static struct vnm_poll_links *
neighbours_of(struct vnm_poll_state *s, const struct vnm_plan_row *row)
{
	return is_v2(row) ? &s->neighbours2 : &s->neighbours;
}

static uint64_t
remote_key(uint32_t local_port, uint32_t remote)
{
	return (uint64_t)local_port << 32 | remote;
}

/* Names of the bits of LldpSystemCapabilitiesMap. */
static void
say_capabilities(struct vnm_poll_telling *t, struct vnm_scratch *s, const struct vnm_varbind *v)
{
	static const char *const names[] = {"other", "repeater", "bridge", "wlan-access-point",
	    "router", "telephone", "docsis-cable-device", "station-only", "c-vlan", "s-vlan",
	    "two-port-mac-relay"};
	uint64_t bits = 0;

	if (v == NULL || v->type != VNM_BER_OCTETS)
		return;
	for (size_t i = 0; i < VNM_ARRAY_LEN(names) && i / 8 < v->octets.n; i++)
		bits |= (uint64_t)(v->octets.p[i / 8] >> (7 - i % 8) & 1) << i;
	vnm_poll_say_words(t, s, "capabilities", names, VNM_ARRAY_LEN(names), bits);
}

/* "chassis/port" of our end: by number where the port has no other id. */
static struct vnm_str
own_port(struct vnm_poll_state *s, const struct vnm_plan_row *row, struct vnm_scratch *scratch,
    uint32_t number)
{
	const struct vnm_poll_port *p = port_of(is_v2(row) ? &s->ports2 : &s->ports, number);
	char text[VNM_ADDR_TEXT];
	const char *chassis = s->chassis != NULL ? s->chassis : vnm_addr_text(&s->device, text);

	if (p != NULL && p->id != NULL)
		return vnm_poll_printf(scratch, "%s/%s", chassis, p->id);
	return vnm_poll_printf(scratch, "%s/%u", chassis, number);
}

static void
remote(struct vnm_poll_state *s, const struct vnm_plan_row *row, struct vnm_out *out)
{
	struct vnm_poll_telling t = {.kind = VNM_FACT_lldp_neighbour};
	const struct vnm_varbind *chassis_subtype =
	    BOTH(row, lldp_remote, lldp2_remote, chassis_id_subtype);
	const struct vnm_varbind *port_subtype =
	    BOTH(row, lldp_remote, lldp2_remote, port_id_subtype);
	struct vnm_str chassis = chassis_text(
	    out->scratch, chassis_subtype, BOTH(row, lldp_remote, lldp2_remote, chassis_id));
	struct vnm_str port_id =
	    port_text(out->scratch, port_subtype, BOTH(row, lldp_remote, lldp2_remote, port_id));
	uint32_t number, index;

	if (row->first)
		vnm_poll_links_clear(neighbours_of(s, row));
	if (!remote_index(row, &number, &index) || chassis.n == 0)
		return;
	vnm_poll_link_add(neighbours_of(s, row), remote_key(number, index), 0, chassis, out);
	t.object = own_port(s, row, out->scratch, number);
	t.claim = vnm_poll_printf(out->scratch, "%.*s/%.*s", (int)chassis.n, chassis.p,
	    (int)port_id.n, port_id.n > 0 ? port_id.p : "");
	vnm_poll_say_u64(&t, "local_port", number);
	vnm_poll_say_interface(&t, s, "local_if_index", "local_if_name",
	    is_v2(row) ? number : interface_of(s, number));
	vnm_poll_say_str(&t, "chassis_id", chassis);
	vnm_poll_say_str(&t, "chassis_id_subtype", subtype_name(chassis_subtype, false));
	vnm_poll_say_str(&t, "port_id", port_id);
	vnm_poll_say_str(&t, "port_id_subtype", subtype_name(port_subtype, true));
	vnm_poll_say_cell(&t, "port_desc", BOTH(row, lldp_remote, lldp2_remote, port_desc));
	vnm_poll_say_cell(&t, "sys_name", BOTH(row, lldp_remote, lldp2_remote, sys_name));
	vnm_poll_say_cell(&t, "sys_desc", BOTH(row, lldp_remote, lldp2_remote, sys_desc));
	say_capabilities(&t, out->scratch, BOTH(row, lldp_remote, lldp2_remote, sys_cap_enabled));
	vnm_poll_tell(s, row, &t, out);
}

/*
 * Behind the index of the neighbour: the family of its address (IANA's numbers), its length and
 * its octets; agents that leave out the length are understood.
 */
static bool
remote_address(const struct vnm_plan_row *row, struct vnm_addr *a)
{
	struct vnm_oid o = vnm_oid_rest(row->index, is_v2(row) ? 4 : 3);
	uint32_t n = o.n > 0 && o.v[0] == 1 ? 4 : 16;
	uint8_t b[16];

	if (o.n < 1 + n || o.v[0] < 1 || o.v[0] > 2)
		return false;
	o = vnm_oid_rest(o, o.n - n);
	for (uint32_t i = 0; i < n; i++) {
		if (o.v[i] > UINT8_MAX)
			return false;
		b[i] = (uint8_t)o.v[i];
	}
	*a = n == 4 ? vnm_addr_ip4(b) : vnm_addr_ip6(b);
	return true;
}

static void
address(struct vnm_poll_state *s, const struct vnm_plan_row *row, struct vnm_out *out)
{
	struct vnm_poll_telling t = {.kind = VNM_FACT_lldp_address};
	const struct vnm_poll_link *link;
	uint32_t number, index;
	struct vnm_addr a;

	if (!remote_index(row, &number, &index) || !remote_address(row, &a))
		return;
	link = vnm_poll_link_find(neighbours_of(s, row), remote_key(number, index));
	if (link == NULL || link->text == NULL)
		return;
	t.object = vnm_str_of(link->text);
	t.claim = vnm_poll_addr_text(out->scratch, &a);
	vnm_poll_say_addr(&t, "address", a);
	vnm_poll_say_u64(&t, "local_port", number);
	vnm_poll_tell(s, row, &t, out);
}

void
vnm_poll_lldp(struct vnm_poll_state *s, const struct vnm_plan_row *row, struct vnm_out *out)
{
	switch (row->plan->sort) {
	case VNM_PLAN_lldp_local:
	case VNM_PLAN_lldp2_local:
		local(s, row, out);
		break;
	case VNM_PLAN_lldp_port:
	case VNM_PLAN_lldp2_port:
		port(s, row, out);
		break;
	case VNM_PLAN_lldp_remote:
	case VNM_PLAN_lldp2_remote:
		remote(s, row, out);
		break;
	case VNM_PLAN_lldp_address:
	case VNM_PLAN_lldp2_address:
		address(s, row, out);
		break;
	default:
		break;
	}
}
