/*
 * What tables other than LLDP's and CDP's teach about the topology: forwarding databases
 * (BRIDGE-MIB RFC 4188, Q-BRIDGE-MIB RFC 4363), addresses (IP-MIB RFC 4293), parts (ENTITY-MIB RFC
 * 6933), virtual machines (VM-MIB RFC 7666) and SNMP engines (SNMP-FRAMEWORK-MIB RFC 3411). And
 * what was told is remembered, so that what a whole walk does not find again is taken back.
 */
#include "decoders/poll.h"

#include "base/alloc.h"
#include "base/text.h"

#include <string.h>

#define TAKE_BACK 256 /* facts that one call takes back */
#define CELL(plan, name) vnm_plan_cell(row, VNM_COL_##plan##_##name)

/* ---- telling
 * ------------------------------------------------------------------------------------------ */

static struct vnm_pair *
more(struct vnm_poll_telling *t, const char *name, enum vnm_pair_type type)
{
	struct vnm_pair *pair = &t->values[t->n];

	*pair = (struct vnm_pair){.name = name, .type = type};
	t->n += t->n < VNM_POLL_VALUES;
	return pair;
}

void
vnm_poll_say_str(struct vnm_poll_telling *t, const char *name, struct vnm_str v)
{
	if (v.n > 0)
		more(t, name, VNM_PAIR_STR)->str = v;
}

void
vnm_poll_say_u64(struct vnm_poll_telling *t, const char *name, uint64_t v)
{
	more(t, name, VNM_PAIR_U64)->u64 = v;
}

void
vnm_poll_say_addr(struct vnm_poll_telling *t, const char *name, struct vnm_addr v)
{
	if (v.family != VNM_ADDR_NONE)
		more(t, name, VNM_PAIR_ADDR)->addr = v;
}

void
vnm_poll_say_cell(struct vnm_poll_telling *t, const char *name, const struct vnm_varbind *v)
{
	uint64_t n;

	struct vnm_str text = vnm_poll_text(v);

	if (vnm_poll_number(v, &n))
		vnm_poll_say_u64(t, name, n);
	else if (text.n > 0)
		vnm_poll_say_str(t, name, text);
	else if (v != NULL && v->type == VNM_BER_OCTETS && v->octets.n > 0 &&
		 v->octets.p[0] != '\0') /* text in a character set that nobody names */
		more(t, name, VNM_PAIR_BYTES)->bytes = v->octets;
}

void
vnm_poll_say_interface(struct vnm_poll_telling *t, const struct vnm_poll_state *s,
    const char *index_name, const char *name_name, uint32_t if_index)
{
	const struct vnm_poll_reading *r = vnm_poll_reading_at(s, if_index);

	if (if_index == 0)
		return;
	vnm_poll_say_u64(t, index_name, if_index);
	if (r != NULL && r->name != NULL)
		vnm_poll_say_str(t, name_name, vnm_str_of(r->name));
}

void
vnm_poll_say_label(
    struct vnm_poll_telling *t, const char *name, const struct vnm_plan_row *row, unsigned column)
{
	const struct vnm_plan *plan = row->plan;
	const struct vnm_mib_object *o = plan->columns[column].note;
	const char *label = NULL;
	uint64_t n;

	if (!vnm_poll_number(vnm_plan_cell(row, column), &n))
		return;
	if (o != NULL && plan->note != NULL)
		label = vnm_mib_label(plan->note, o, (int64_t)n);
	if (label != NULL)
		vnm_poll_say_str(t, name, vnm_str_of(label));
	else
		vnm_poll_say_u64(t, name, n);
}

void
vnm_poll_say_words(struct vnm_poll_telling *t, struct vnm_scratch *s, const char *name,
    const char *const *words, size_t n, uint64_t bits)
{
	struct vnm_str text = {NULL, 0, false};

	for (size_t i = 0; i < n; i++) {
		if ((bits >> i & 1) == 0)
			continue;
		text = text.n == 0 ? vnm_str_of(words[i])
				   : vnm_poll_printf(s, "%.*s,%s", (int)text.n, text.p, words[i]);
	}
	vnm_poll_say_str(t, name, text);
}

#define COL(plan, name) VNM_COL_##plan##_##name

/* ---- what was told
 * ------------------------------------------------------------------------------------- */

static uint64_t
told_hash(const struct vnm_poll_state *s, enum vnm_plan_sort sort, enum vnm_fact_kind kind,
    struct vnm_str object, struct vnm_str claim)
{
	uint64_t h = vnm_hash(object.p, object.n, (uintptr_t)s ^ (uint64_t)sort << 8 ^ kind);

	return vnm_hash(claim.p, claim.n, h);
}

static struct vnm_poll_told *
told_find(struct vnm_poll_state *s, uint64_t hash)
{
	uint32_t at = 0, i;

	while ((i = vnm_table_next(&s->told_index, hash, &at)) != VNM_TABLE_NONE) {
		if (s->told[i].hash == hash)
			return &s->told[i];
	}
	return NULL;
}

/* False where there is no room: it is told all the same, and never taken back. */
static bool
told_add(struct vnm_poll_state *s, enum vnm_plan_sort sort, const struct vnm_poll_telling *t,
    uint64_t hash, uint32_t most)
{
	struct vnm_poll_told *x;
	char *text;

	if (s->told_n == s->told_cap && s->told_n < most) {
		uint32_t cap = s->told_cap == 0 ? 16 : 2 * s->told_cap;

		x = vnm_realloc(s->told, cap * sizeof(*x));
		if (x == NULL)
			return false;
		s->told = x;
		s->told_cap = cap;
	}
	if (s->told_n == s->told_cap || s->told_n >= most || t->object.n > UINT16_MAX ||
	    t->claim.n > UINT16_MAX)
		return false;
	text = vnm_alloc((size_t)t->object.n + t->claim.n + 1);
	if (text == NULL || vnm_table_add(&s->told_index, hash, s->told_n) != 0) {
		vnm_free(text);
		return false;
	}
	memcpy(text, t->object.p, t->object.n);
	if (t->claim.n > 0)
		memcpy(text + t->object.n, t->claim.p, t->claim.n);
	s->told[s->told_n++] = (struct vnm_poll_told){.hash = hash,
	    .walk = s->walks[sort],
	    .sort = (uint8_t)sort,
	    .kind = (uint8_t)t->kind,
	    .object_n = (uint16_t)t->object.n,
	    .claim_n = (uint16_t)t->claim.n,
	    .text = text};
	return true;
}

void
vnm_poll_tell(struct vnm_poll_state *s, const struct vnm_plan_row *row, struct vnm_poll_telling *t,
    struct vnm_out *out)
{
	enum vnm_plan_sort sort = row->plan->sort;
	const struct vnm_str none = VNM_STR("");
	const struct vnm_fact fact = {.kind = t->kind,
	    .object = t->object,
	    .source = none,
	    .claim = t->claim.n > 0 ? t->claim : none,
	    .values = {t->values, t->n}};
	struct vnm_poll_told *told;
	uint64_t hash;

	if (fact.object.n == 0)
		return;
	hash = told_hash(s, sort, t->kind, fact.object, fact.claim);
	told = told_find(s, hash);
	if (told != NULL)
		told->walk = s->walks[sort];
	else if (!told_add(s, sort, t, hash, out->limits->options_entries))
		vnm_poll_forgotten(out);
	vnm_out_fact(out, &fact);
}

static void
take_back(struct vnm_poll_state *s, uint32_t i, struct vnm_out *out)
{
	struct vnm_poll_told *x = &s->told[i];
	const struct vnm_fact fact = {.kind = (enum vnm_fact_kind)x->kind,
	    .withdrawn = true,
	    .object = {x->text, x->object_n, false},
	    .source = VNM_STR(""),
	    .claim = {x->text + x->object_n, x->claim_n, false}};
	uint32_t last = --s->told_n;

	vnm_out_fact(out, &fact);
	vnm_table_remove(&s->told_index, x->hash, i);
	vnm_free(x->text);
	if (i == last)
		return;
	s->told[i] = s->told[last];
	vnm_table_move(&s->told_index, s->told[i].hash, last, i);
}

/*
 * A table that is empty had no first row: then all that was told of it is old, too.
 */
bool
vnm_poll_end(struct vnm_poll_state *s, const struct vnm_plan *plan, bool whole, struct vnm_out *out)
{
	unsigned left = TAKE_BACK;

	if (!whole || plan->sort >= VNM_PLAN_BUILTIN)
		return false;
	if (plan->sort == VNM_PLAN_interfaces) {
		vnm_poll_interfaces_end(s);
		return false;
	}
	for (uint32_t i = s->told_n; i > 0; i--) {
		if (s->told[i - 1].sort != plan->sort ||
		    s->told[i - 1].walk == s->walks[plan->sort])
			continue;
		if (left-- == 0)
			return true;
		take_back(s, i - 1, out);
	}
	s->walks[plan->sort]++; /* rows of the next walk, or none */
	return false;
}

/* ---- forwarding databases
 * --------------------------------------------------------------------------------- */

/* dot1dBasePort to ifIndex. */
static void
bridge_port(struct vnm_poll_state *s, const struct vnm_plan_row *row, const struct vnm_out *out)
{
	uint64_t if_index;

	if (row->first)
		vnm_poll_links_clear(&s->bridge_ports);
	if (row->index.n == 1 && vnm_poll_number(CELL(bridge_port, if_index), &if_index))
		vnm_poll_link_add(&s->bridge_ports, row->index.v[0], (uint32_t)if_index,
		    (struct vnm_str){NULL, 0, true}, out);
}

/* dot1qFdbId to the VLAN: where VLANs share a database, the first of them. */
static void
vlan(struct vnm_poll_state *s, const struct vnm_plan_row *row, const struct vnm_out *out)
{
	uint64_t fdb;

	if (row->first)
		vnm_poll_links_clear(&s->vlans);
	if (row->index.n != 2 || !vnm_poll_number(CELL(vlan, fdb_id), &fdb))
		return;
	if (vnm_poll_link_find(&s->vlans, fdb) == NULL)
		vnm_poll_link_add(
		    &s->vlans, fdb, row->index.v[1], (struct vnm_str){NULL, 0, true}, out);
}

/* Six numbers of an index that are the octets of a MAC address. */
static bool
index_mac(const uint32_t *v, struct vnm_mac *mac)
{
	for (unsigned i = 0; i < sizeof(mac->b); i++) {
		if (v[i] > UINT8_MAX)
			return false;
		mac->b[i] = (uint8_t)v[i];
	}
	return true;
}

static void
fdb(struct vnm_poll_state *s, const struct vnm_plan_row *row, struct vnm_out *out)
{
	bool q = row->plan->sort == VNM_PLAN_q_fdb;
	struct vnm_poll_telling t = {.kind = VNM_FACT_mac_at_port, .claim = VNM_STR("")};
	const struct vnm_varbind *port_cell = q ? CELL(q_fdb, port) : CELL(d_fdb, port);
	const struct vnm_varbind *status_cell = q ? CELL(q_fdb, status) : CELL(d_fdb, status);
	const struct vnm_poll_link *link, *of_vlan = NULL;
	uint32_t first = q ? 1 : 0;
	uint64_t port, status = 0;
	struct vnm_mac mac;

	if (row->index.n != first + 6 || !index_mac(row->index.v + first, &mac) ||
	    !vnm_poll_number(port_cell, &port))
		return;
	(void)vnm_poll_number(status_cell, &status);
	if (port == 0 || status == 2) /* behind none that it knows, or no longer valid */
		return;
	t.object = vnm_poll_mac_text(out->scratch, &mac);
	if (q) {
		of_vlan = vnm_poll_link_find(&s->vlans, row->index.v[0]);
		t.claim = of_vlan != NULL
			      ? vnm_poll_printf(out->scratch, "%u", of_vlan->to)
			      : vnm_poll_printf(out->scratch, "fdb %u", row->index.v[0]);
		if (of_vlan != NULL)
			vnm_poll_say_u64(&t, "vlan_id", of_vlan->to);
		vnm_poll_say_u64(&t, "fdb_id", row->index.v[0]);
	}
	vnm_poll_say_u64(&t, "bridge_port", port);
	link = vnm_poll_link_find(&s->bridge_ports, port);
	if (link != NULL)
		vnm_poll_say_interface(&t, s, "if_index", "if_name", link->to);
	vnm_poll_say_label(&t, "status", row, q ? COL(q_fdb, status) : COL(d_fdb, status));
	vnm_poll_tell(s, row, &t, out);
}

/* ---- addresses
 * -----------------------------------------------------------------------------------------------
 */

/*
 * An InetAddressType and InetAddress in an index (RFC 4001); agents that leave out the length are
 * understood. False where it is no IPv4 or IPv6 address.
 */
static bool
index_address(struct vnm_oid o, struct vnm_addr *a)
{
	uint8_t b[16];
	uint32_t type = o.n > 0 ? o.v[0] : 0, n = type == 1 || type == 3 ? 4 : 16;
	const uint32_t *v;

	if (type < 1 || type > 4 || o.n < 1 + n)
		return false;
	/* A length may stand between; behind IPv4z and IPv6z stands the zone. */
	v = o.v + (o.n > 1 + n ? 2 : 1);
	for (uint32_t i = 0; i < n; i++) {
		if (v[i] > UINT8_MAX)
			return false;
		b[i] = (uint8_t)v[i];
	}
	*a = n == 4 ? vnm_addr_ip4(b) : vnm_addr_ip6(b);
	return true;
}

static void
neighbour(struct vnm_poll_state *s, const struct vnm_plan_row *row, struct vnm_out *out)
{
	bool media = row->plan->sort == VNM_PLAN_media;
	struct vnm_poll_telling t = {.kind = VNM_FACT_ip_at_mac};
	const struct vnm_varbind *phys =
	    media ? CELL(media, phys_address) : CELL(neighbour, phys_address);
	const struct vnm_varbind *type_cell = media ? CELL(media, type) : CELL(neighbour, type);
	uint32_t address[5] = {1};
	struct vnm_oid rest = vnm_oid_rest(row->index, 1);
	uint64_t type = 0, state = 0;
	struct vnm_addr addr;
	struct vnm_mac mac;

	if (media && row->index.n == 5) {
		memcpy(address + 1, row->index.v + 1, 4 * sizeof(*address));
		rest = VNM_OID(address);
	}
	if (!index_address(rest, &addr) || !vnm_poll_mac(phys, &mac))
		return;
	(void)vnm_poll_number(type_cell, &type);
	if (!media)
		(void)vnm_poll_number(CELL(neighbour, state), &state);
	if (type == 2 || state == 5 || state == 7) /* invalid, incomplete */
		return;
	t.object = vnm_poll_addr_text(out->scratch, &addr);
	t.claim = vnm_poll_printf(out->scratch, "%u", row->index.v[0]);
	vnm_poll_say_str(&t, "mac", vnm_poll_mac_text(out->scratch, &mac));
	vnm_poll_say_interface(&t, s, "if_index", "if_name", row->index.v[0]);
	/* The state changes from one minute to the next, and says nothing of where it is. */
	vnm_poll_say_label(&t, "type", row, media ? COL(media, type) : COL(neighbour, type));
	vnm_poll_tell(s, row, &t, out);
}

/* ---- parts
 * ------------------------------------------------------------------------------------------------------
 */

/* "address/index" of something that has no name of its own. */
static struct vnm_str
own_object(const struct vnm_poll_state *s, struct vnm_scratch *scratch, uint32_t index)
{
	char text[VNM_ADDR_TEXT];

	return vnm_poll_printf(scratch, "%s/%u", vnm_addr_text(&s->device, text), index);
}

/* A UUID in sixteen octets (RFC 6933), or in text (RFC 7666). */
static struct vnm_str
uuid(struct vnm_scratch *s, const struct vnm_varbind *v)
{
	const uint8_t *p;

	if (v == NULL || v->type != VNM_BER_OCTETS)
		return (struct vnm_str){NULL, 0, false};
	if (v->octets.n != 16)
		return vnm_poll_text(v);
	p = v->octets.p;
	return vnm_poll_printf(s,
	    "%02x%02x%02x%02x-%02x%02x-%02x%02x-%02x%02x-%02x%02x%02x%02x%02x%02x", p[0], p[1],
	    p[2], p[3], p[4], p[5], p[6], p[7], p[8], p[9], p[10], p[11], p[12], p[13], p[14],
	    p[15]);
}

static void
entity(struct vnm_poll_state *s, const struct vnm_plan_row *row, struct vnm_out *out)
{
	struct vnm_poll_telling t = {.kind = VNM_FACT_entity, .claim = VNM_STR("")};

	if (row->index.n != 1)
		return;
	if (row->first)
		vnm_poll_links_clear(&s->entities);
	t.object = uuid(out->scratch, CELL(entity, uuid));
	if (t.object.n == 0)
		t.object = own_object(s, out->scratch, row->index.v[0]);
	vnm_poll_link_add(&s->entities, row->index.v[0], 0, t.object, out);
	vnm_poll_say_u64(&t, "index", row->index.v[0]);
	vnm_poll_say_cell(&t, "contained_in", CELL(entity, contained_in));
	vnm_poll_say_label(&t, "class", row, COL(entity, class));
	vnm_poll_say_cell(&t, "name", CELL(entity, name));
	vnm_poll_say_cell(&t, "descr", CELL(entity, descr));
	vnm_poll_say_cell(&t, "serial_num", CELL(entity, serial_num));
	vnm_poll_say_cell(&t, "model_name", CELL(entity, model_name));
	vnm_poll_say_cell(&t, "mfg_name", CELL(entity, mfg_name));
	vnm_poll_say_cell(&t, "hardware_rev", CELL(entity, hardware_rev));
	vnm_poll_say_cell(&t, "firmware_rev", CELL(entity, firmware_rev));
	vnm_poll_say_cell(&t, "software_rev", CELL(entity, software_rev));
	vnm_poll_tell(s, row, &t, out);
}

/* entAliasMappingIdentifier points to ifIndex.N. */
static void
entity_alias(struct vnm_poll_state *s, const struct vnm_plan_row *row, struct vnm_out *out)
{
	static const uint32_t if_index[] = {1, 3, 6, 1, 2, 1, 2, 2, 1, 1};
	const struct vnm_varbind *v = CELL(entity_alias, identifier);
	struct vnm_poll_telling t = {.kind = VNM_FACT_entity_interface};
	const struct vnm_poll_link *link =
	    row->index.n > 0 ? vnm_poll_link_find(&s->entities, row->index.v[0]) : NULL;

	if (v == NULL || v->type != VNM_BER_OID || link == NULL || link->text == NULL ||
	    v->oid.n != VNM_ARRAY_LEN(if_index) + 1 || !vnm_oid_below(v->oid, VNM_OID(if_index)))
		return;
	t.object = vnm_str_of(link->text);
	t.claim = vnm_poll_printf(out->scratch, "%u", v->oid.v[v->oid.n - 1]);
	vnm_poll_say_interface(&t, s, "if_index", "if_name", v->oid.v[v->oid.n - 1]);
	vnm_poll_tell(s, row, &t, out);
}

/* ---- virtual machines
 * --------------------------------------------------------------------------------------------- */

static void
vm(struct vnm_poll_state *s, const struct vnm_plan_row *row, struct vnm_out *out)
{
	struct vnm_poll_telling t = {.kind = VNM_FACT_vm, .claim = VNM_STR("")};
	uint64_t unit = 0, size = 0;

	if (row->index.n != 1)
		return;
	if (row->first)
		vnm_poll_links_clear(&s->vms);
	t.object = uuid(out->scratch, CELL(vm, uuid));
	if (t.object.n == 0)
		t.object = own_object(s, out->scratch, row->index.v[0]);
	vnm_poll_link_add(&s->vms, row->index.v[0], 0, t.object, out);
	vnm_poll_say_u64(&t, "index", row->index.v[0]);
	vnm_poll_say_cell(&t, "name", CELL(vm, name));
	vnm_poll_say_cell(&t, "os_type", CELL(vm, os_type));
	vnm_poll_say_label(&t, "admin_state", row, COL(vm, admin_state));
	vnm_poll_say_label(&t, "oper_state", row, COL(vm, oper_state));
	vnm_poll_say_cell(&t, "cpus", CELL(vm, cur_cpu_number));
	if (vnm_poll_number(CELL(vm, mem_unit), &unit) && vnm_poll_number(CELL(vm, cur_mem), &size))
		vnm_poll_say_u64(&t, "memory_octets", unit * size);
	vnm_poll_tell(s, row, &t, out);
}

/* vmNetworkTable: its index is vmIndex and a number of the interface. */
static void
vm_network(struct vnm_poll_state *s, const struct vnm_plan_row *row, struct vnm_out *out)
{
	struct vnm_poll_telling t = {.kind = VNM_FACT_vm_interface, .claim = VNM_STR("")};
	const struct vnm_poll_link *link =
	    row->index.n == 2 ? vnm_poll_link_find(&s->vms, row->index.v[0]) : NULL;
	uint64_t if_index, parent;
	struct vnm_mac mac;

	if (row->index.n != 2 || !vnm_poll_mac(CELL(vm_network, phys_address), &mac))
		return;
	t.object = vnm_poll_mac_text(out->scratch, &mac);
	if (link != NULL && link->text != NULL)
		vnm_poll_say_str(&t, "vm", vnm_str_of(link->text));
	if (vnm_poll_number(CELL(vm_network, if_index), &if_index))
		vnm_poll_say_interface(&t, s, "if_index", "if_name", (uint32_t)if_index);
	if (vnm_poll_number(CELL(vm_network, parent), &parent) && parent != 0)
		vnm_poll_say_u64(&t, "parent_if_index", parent);
	vnm_poll_say_cell(&t, "model", CELL(vm_network, model));
	vnm_poll_tell(s, row, &t, out);
}

/* ---- the device
 * --------------------------------------------------------------------------------------------------------
 */

static void
device(struct vnm_poll_state *s, const struct vnm_plan_row *row, struct vnm_out *out)
{
	const struct vnm_varbind *id = CELL(system, sys_object_id);
	struct vnm_poll_telling t = {.kind = VNM_FACT_device, .claim = VNM_STR("")};
	const char *vendor;
	char *text;

	t.object = vnm_poll_addr_text(out->scratch, &s->device);
	vnm_poll_say_cell(&t, "sys_name", CELL(system, sys_name));
	vnm_poll_say_cell(&t, "sys_descr", CELL(system, sys_descr));
	vnm_poll_say_cell(&t, "sys_location", CELL(system, sys_location));
	vnm_poll_say_cell(&t, "sys_contact", CELL(system, sys_contact));
	vnm_poll_say_cell(&t, "sys_services", CELL(system, sys_services));
	if (id != NULL && id->type == VNM_BER_OID &&
	    (text = vnm_scratch_take(out->scratch, VNM_OID_TEXT)) != NULL) {
		const char *end = vnm_oid_text(text, id->oid);

		vnm_poll_say_str(
		    &t, "sys_object_id", (struct vnm_str){text, (uint32_t)(end - text), true});
		vendor = vnm_mib_vendor(id->oid);
		if (vendor != NULL)
			vnm_poll_say_str(&t, "vendor", vnm_str_of(vendor));
	}
	vnm_poll_tell(s, row, &t, out);
}

static void
snmp_engine(struct vnm_poll_state *s, const struct vnm_plan_row *row, struct vnm_out *out)
{
	const struct vnm_varbind *id = CELL(snmp_engine, id);
	struct vnm_poll_telling t = {.kind = VNM_FACT_snmp_engine};
	char *digits;

	if (id == NULL || id->type != VNM_BER_OCTETS || id->octets.n < VNM_SNMP_ENGINE_ID_MIN ||
	    id->octets.n > VNM_SNMP_ENGINE_ID_MAX)
		return;
	digits = vnm_scratch_take(out->scratch, 2 * id->octets.n);
	if (digits == NULL)
		return;
	vnm_text_hex(digits, id->octets.p, id->octets.n);
	t.object = (struct vnm_str){digits, 2 * (uint32_t)id->octets.n, true};
	t.claim = vnm_poll_addr_text(out->scratch, &s->device);
	vnm_poll_say_addr(&t, "address", s->device);
	vnm_poll_tell(s, row, &t, out);
}

void
vnm_poll_fact(struct vnm_poll_state *s, const struct vnm_plan_row *row, struct vnm_out *out)
{
	switch (row->plan->sort) {
	case VNM_PLAN_system:
		device(s, row, out);
		break;
	case VNM_PLAN_snmp_engine:
		snmp_engine(s, row, out);
		break;
	case VNM_PLAN_bridge_port:
		bridge_port(s, row, out);
		break;
	case VNM_PLAN_vlan:
		vlan(s, row, out);
		break;
	case VNM_PLAN_q_fdb:
	case VNM_PLAN_d_fdb:
		fdb(s, row, out);
		break;
	case VNM_PLAN_neighbour:
	case VNM_PLAN_media:
		neighbour(s, row, out);
		break;
	case VNM_PLAN_entity:
		entity(s, row, out);
		break;
	case VNM_PLAN_entity_alias:
		entity_alias(s, row, out);
		break;
	case VNM_PLAN_vm:
		vm(s, row, out);
		break;
	case VNM_PLAN_vm_network:
		vm_network(s, row, out);
		break;
	default:
		break;
	}
}
