/*
 * Facts about the topology and other tables of polled devices: what is told and taken back. What
 * must come is worked out here by hand, or is what LLDP-MIB and Q-BRIDGE-MIB have.
 */
#include "rows_desk.h"

/* Bridge port 2 is ifIndex 10102; FDB 7 is VLAN 300. */
static void
test_fdb(void)
{
	static const uint32_t port[] = {2}, vlan[] = {0, 300};
	static const uint32_t row[] = {7, 0, 0x1b, 0x21, 0xaa, 0xbb, 0xcc};
	static const uint32_t other[] = {7, 0, 0x1b, 0x21, 0xaa, 0xbb, 0xcd};
	struct vnm_varbind cells[VNM_PLAN_COLUMNS] = {{.type = 0}};

	rows_open();
	rows_interfaces();
	cells[0] = rows_number(VNM_BER_INTEGER, 10102);
	rows_give(VNM_PLAN_bridge_port, VNM_OID(port), true, cells);
	cells[0] = rows_number(VNM_BER_GAUGE32, 7);
	rows_give(VNM_PLAN_vlan, VNM_OID(vlan), true, cells);
	cells[VNM_COL_q_fdb_port] = rows_number(VNM_BER_INTEGER, 2);
	cells[VNM_COL_q_fdb_status] = rows_number(VNM_BER_INTEGER, 3);
	rows_give(VNM_PLAN_q_fdb, VNM_OID(row), true, cells);
	rows_give(VNM_PLAN_q_fdb, VNM_OID(other), false, cells);
	rows_end(VNM_PLAN_q_fdb, true);
	CU_ASSERT_EQUAL_FATAL(rows.fact_n, 2);
	CU_ASSERT_EQUAL(rows.facts[0].kind, VNM_FACT_mac_at_port);
	CU_ASSERT_STRING_EQUAL(rows.facts[0].object, "00:1b:21:aa:bb:cc");
	CU_ASSERT_STRING_EQUAL(rows.facts[0].claim, "300");
	CU_ASSERT_STRING_EQUAL(rows.facts[0].values,
	    "vlan_id=300 fdb_id=7 bridge_port=2 if_index=10102 if_name=Gi0/2 status=learned ");
	/* One is not there any more; a walk that was cut short says nothing of that. */
	rows.fact_n = 0;
	rows_give(VNM_PLAN_q_fdb, VNM_OID(row), true, cells);
	rows_end(VNM_PLAN_q_fdb, false);
	CU_ASSERT_EQUAL(rows.fact_n, 1);
	rows.fact_n = 0;
	rows_give(VNM_PLAN_q_fdb, VNM_OID(row), true, cells);
	rows_end(VNM_PLAN_q_fdb, true);
	CU_ASSERT_EQUAL_FATAL(rows.fact_n, 2);
	CU_ASSERT_TRUE(rows.facts[1].withdrawn);
	CU_ASSERT_STRING_EQUAL(rows.facts[1].object, "00:1b:21:aa:bb:cd");
	CU_ASSERT_STRING_EQUAL(rows.facts[1].claim, "300");
	/* An empty table takes back what is left. */
	rows.fact_n = 0;
	rows_end(VNM_PLAN_q_fdb, true);
	CU_ASSERT_EQUAL_FATAL(rows.fact_n, 1);
	CU_ASSERT_TRUE(rows.facts[0].withdrawn);
	rows_close();
}

/* A neighbour on a port whose number is neither an ifIndex nor a bridge port (RFC 2922's trap). */
static void
test_lldp(void)
{
	static const uint8_t mac[] = {0, 0x1b, 0x21, 1, 2, 3};
	static const uint8_t peer[] = {0, 0x1b, 0x21, 9, 9, 9};
	static const uint32_t scalar[] = {0}, port[] = {5}, remote[] = {160, 5, 77};
	static const uint32_t later[] = {5462731, 5, 77};
	static const uint32_t address[] = {160, 5, 77, 1, 4, 192, 0, 2, 33};
	struct vnm_varbind cells[VNM_PLAN_COLUMNS] = {{.type = 0}};

	rows_open();
	rows_interfaces();
	cells[VNM_COL_lldp_local_chassis_id_subtype] = rows_number(VNM_BER_INTEGER, 4);
	cells[VNM_COL_lldp_local_chassis_id] = rows_octets(mac, 6);
	rows_give(VNM_PLAN_lldp_local, VNM_OID(scalar), true, cells);
	cells[VNM_COL_lldp_port_port_id_subtype] = rows_number(VNM_BER_INTEGER, 5);
	cells[VNM_COL_lldp_port_port_id] = rows_text("Gi0/2");
	cells[VNM_COL_lldp_port_port_desc] = rows_text("uplink");
	rows_give(VNM_PLAN_lldp_port, VNM_OID(port), true, cells);
	memset(cells, 0, sizeof(cells));
	cells[VNM_COL_lldp_remote_chassis_id_subtype] = rows_number(VNM_BER_INTEGER, 4);
	cells[VNM_COL_lldp_remote_chassis_id] = rows_octets(peer, 6);
	cells[VNM_COL_lldp_remote_port_id_subtype] = rows_number(VNM_BER_INTEGER, 7);
	cells[VNM_COL_lldp_remote_port_id] = rows_text("42");
	cells[VNM_COL_lldp_remote_sys_name] = rows_text("spine1");
	cells[VNM_COL_lldp_remote_sys_cap_enabled] = rows_octets("\x28\x00", 2);
	rows_give(VNM_PLAN_lldp_remote, VNM_OID(remote), true, cells);
	rows_end(VNM_PLAN_lldp_remote, true);
	CU_ASSERT_EQUAL_FATAL(rows.fact_n, 1);
	CU_ASSERT_STRING_EQUAL(rows.facts[0].object, "00:1b:21:01:02:03/Gi0/2");
	CU_ASSERT_STRING_EQUAL(rows.facts[0].claim, "00:1b:21:09:09:09/42");
	CU_ASSERT_STRING_EQUAL(rows.facts[0].values,
	    "local_port=5 local_if_index=10102 local_if_name=Gi0/2 chassis_id=00:1b:21:09:09:09 "
	    "chassis_id_subtype=mac-address port_id=42 port_id_subtype=local sys_name=spine1 "
	    "capabilities=bridge,router ");
	rows_give(VNM_PLAN_lldp_address, VNM_OID(address), true, cells);
	rows_end(VNM_PLAN_lldp_address, true);
	CU_ASSERT_EQUAL_FATAL(rows.fact_n, 2);
	CU_ASSERT_EQUAL(rows.facts[1].kind, VNM_FACT_lldp_address);
	CU_ASSERT_STRING_EQUAL(rows.facts[1].object, "00:1b:21:09:09:09");
	CU_ASSERT_STRING_EQUAL(rows.facts[1].claim, "192.0.2.33");
	/* The time mark moves on: it is the same neighbour. */
	rows.fact_n = 0;
	rows_give(VNM_PLAN_lldp_remote, VNM_OID(later), true, cells);
	rows_end(VNM_PLAN_lldp_remote, true);
	CU_ASSERT_EQUAL_FATAL(rows.fact_n, 1);
	CU_ASSERT_FALSE(rows.facts[0].withdrawn);
	rows_close();
}

/*
 * LLDP-V2-MIB alone: a neighbour that comes again has another index each time; those that were are
 * forgotten with the next walk, and its addresses told.
 */
static void
test_lldp2(void)
{
	static const uint8_t peer[] = {0, 0x1b, 0x21, 9, 9, 9};
	struct vnm_varbind cells[VNM_PLAN_COLUMNS] = {{.type = 0}};

	rows_open();
	rows_interfaces();
	rows.limits.options_entries = 20;
	cells[VNM_COL_lldp2_remote_chassis_id_subtype] = rows_number(VNM_BER_INTEGER, 4);
	cells[VNM_COL_lldp2_remote_chassis_id] = rows_octets(peer, 6);
	cells[VNM_COL_lldp2_remote_port_id] = rows_text("42");
	for (uint32_t n = 1; n <= 50; n++) {
		const uint32_t remote[] = {n, 10102, 1, n};
		const uint32_t address[] = {n, 10102, 1, n, 1, 4, 192, 0, 2, 33};

		rows.fact_n = 0;
		rows_give(VNM_PLAN_lldp2_remote, VNM_OID(remote), true, cells);
		rows_end(VNM_PLAN_lldp2_remote, true);
		rows_give(VNM_PLAN_lldp2_address, VNM_OID(address), true, cells);
		rows_end(VNM_PLAN_lldp2_address, true);
		CU_ASSERT_EQUAL(rows.fact_n, 2);
	}
	CU_ASSERT_STRING_EQUAL(rows.facts[1].object, "00:1b:21:09:09:09");
	CU_ASSERT_STRING_EQUAL(rows.facts[1].claim, "192.0.2.33");
	CU_ASSERT_EQUAL(rows.withdrawn, 0);
	rows_close();
}

/* More interfaces, ports and facts than may be remembered: what is not is counted. */
static void
test_full(void)
{
	struct vnm_varbind cells[VNM_PLAN_COLUMNS] = {{.type = 0}};

	rows_open();
	rows.limits.options_entries = 2;
	for (uint32_t i = 0; i < 5; i++) {
		struct rows_reading r = {.if_index = 1 + i, .mbps = 1000, .not_first = i > 0};

		rows_interface(&r);
	}
	CU_ASSERT_EQUAL(rows.records, 5);
	CU_ASSERT_EQUAL(rows.counters.v[VNM_C_poll_forgotten], 3);
	cells[0] = rows_number(VNM_BER_INTEGER, 2);
	for (uint32_t i = 1; i <= 3; i++)
		rows_give(VNM_PLAN_bridge_port, (struct vnm_oid){&i, 1}, i == 1, cells);
	for (uint32_t i = 1; i <= 3; i++)
		rows_give(VNM_PLAN_lldp_port, (struct vnm_oid){&i, 1}, i == 1, cells);
	CU_ASSERT_EQUAL(rows.counters.v[VNM_C_poll_forgotten], 3 + 1 + 1);
	cells[1] = rows_number(VNM_BER_INTEGER, 3);
	for (uint32_t i = 0; i < 5; i++) {
		const uint32_t index[] = {2, 0, 0, 0, 0, i};

		rows_give(VNM_PLAN_d_fdb, VNM_OID(index), i == 0, cells);
	}
	CU_ASSERT_EQUAL(rows.fact_n, 5);
	CU_ASSERT_EQUAL(rows.counters.v[VNM_C_poll_forgotten], 3 + 1 + 1 + 3);
	rows_close();
}

/* A large table that is gone: no call takes back more than some of it, and all calls all of it. */
static void
test_many(void)
{
	enum { MACS = 2000 };
	struct vnm_varbind cells[VNM_PLAN_COLUMNS] = {{.type = 0}};
	unsigned calls = 0, most = 0;
	bool more;

	rows_open();
	cells[VNM_COL_q_fdb_port] = rows_number(VNM_BER_INTEGER, 2);
	cells[VNM_COL_q_fdb_status] = rows_number(VNM_BER_INTEGER, 3);
	for (uint32_t i = 0; i < MACS; i++) {
		const uint32_t index[] = {7, 2, 0, 0, 0, i / 256, i % 256};

		rows_give(VNM_PLAN_q_fdb, VNM_OID(index), i == 0, cells);
	}
	rows_end(VNM_PLAN_q_fdb, true);
	CU_ASSERT_EQUAL(rows.withdrawn, 0);
	do {
		unsigned before = rows.withdrawn;

		more = vnm_poll_end(rows.state, &rows.plans[VNM_PLAN_q_fdb], true, &rows.out);
		calls++;
		most = rows.withdrawn - before > most ? rows.withdrawn - before : most;
	} while (more && calls < MACS);
	CU_ASSERT_EQUAL(rows.withdrawn, MACS);
	CU_ASSERT(most <= 256 && calls <= MACS / 256 + 1);
	/* It is told again when it comes again, and nothing is taken back a second time. */
	rows_end(VNM_PLAN_q_fdb, true);
	CU_ASSERT_EQUAL(rows.withdrawn, MACS);
	rows_close();
}

static void
test_addresses(void)
{
	static const uint8_t mac[] = {2, 0, 0, 0, 0, 1};
	static const uint32_t v4[] = {10101, 1, 4, 192, 0, 2, 7};
	static const uint32_t without_length[] = {10101, 1, 192, 0, 2, 8};
	static const uint32_t v6[] = {
	    10101, 2, 16, 0x20, 1, 0xd, 0xb8, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 1};
	static const uint32_t media[] = {10102, 192, 0, 2, 9};
	struct vnm_varbind cells[VNM_PLAN_COLUMNS] = {{.type = 0}};

	rows_open();
	rows_interfaces();
	cells[VNM_COL_neighbour_phys_address] = rows_octets(mac, 6);
	cells[VNM_COL_neighbour_type] = rows_number(VNM_BER_INTEGER, 3);
	cells[VNM_COL_neighbour_state] = rows_number(VNM_BER_INTEGER, 1);
	rows_give(VNM_PLAN_neighbour, VNM_OID(v4), true, cells);
	rows_give(VNM_PLAN_neighbour, VNM_OID(without_length), false, cells);
	rows_give(VNM_PLAN_neighbour, VNM_OID(v6), false, cells);
	cells[VNM_COL_neighbour_state] = rows_number(VNM_BER_INTEGER, 7); /* incomplete */
	rows_give(VNM_PLAN_neighbour, VNM_OID(v4), false, cells);
	cells[VNM_COL_media_phys_address] = rows_octets(mac, 6);
	cells[VNM_COL_media_type] = rows_number(VNM_BER_INTEGER, 3);
	rows_give(VNM_PLAN_media, VNM_OID(media), true, cells);
	CU_ASSERT_EQUAL_FATAL(rows.fact_n, 4);
	CU_ASSERT_STRING_EQUAL(rows.facts[0].object, "192.0.2.7");
	CU_ASSERT_STRING_EQUAL(rows.facts[0].claim, "10101");
	CU_ASSERT_STRING_EQUAL(rows.facts[0].values,
	    "mac=02:00:00:00:00:01 if_index=10101 if_name=Gi0/1 type=dynamic ");
	CU_ASSERT_STRING_EQUAL(rows.facts[1].object, "192.0.2.8");
	CU_ASSERT_STRING_EQUAL(rows.facts[2].object, "2001:db8::1");
	CU_ASSERT_STRING_EQUAL(rows.facts[3].object, "192.0.2.9");
	CU_ASSERT_STRING_EQUAL(rows.facts[3].claim, "10102");
	rows_close();
}

/*
 * Addresses need at least a type and four octets behind an interface: of indices that are shorter,
 * or have no octets, nothing is told. (The sanitizers look on.) Each index is a block of its size.
 */
static void
test_short_indices(void)
{
	static const uint8_t mac[] = {2, 0, 0, 0, 0, 1};
	static const enum vnm_plan_sort sorts[] = {VNM_PLAN_neighbour, VNM_PLAN_media,
	    VNM_PLAN_q_fdb, VNM_PLAN_d_fdb, VNM_PLAN_lldp_remote, VNM_PLAN_lldp_address,
	    VNM_PLAN_lldp2_remote, VNM_PLAN_lldp2_address};
	struct vnm_varbind cells[VNM_PLAN_COLUMNS];

	rows_open();
	rows_interfaces();
	for (uint32_t i = 0; i < VNM_PLAN_COLUMNS; i++)
		cells[i] = i % 2 == 0 ? rows_octets(mac, 6) : rows_number(VNM_BER_INTEGER, 3);
	for (size_t i = 0; i < VNM_ARRAY_LEN(sorts); i++) {
		for (uint32_t n = 1; n < 24; n++) {
			uint32_t *ids = malloc(n * sizeof(*ids));

			for (uint32_t k = 0; k < n; k++)
				ids[k] = k == 1 ? 1 : 300 + k;
			rows_give(sorts[i], (struct vnm_oid){ids, n}, true, cells);
			free(ids);
		}
	}
	for (unsigned i = 0; i < rows.fact_n; i++) {
		CU_ASSERT_NOT_EQUAL(rows.facts[i].kind, VNM_FACT_ip_at_mac);
		CU_ASSERT_NOT_EQUAL(rows.facts[i].kind, VNM_FACT_mac_at_port);
	}
	rows_close();
}

/* No recording of VM-MIB is known: these are rows as RFC 7666 section 6 has them. */
static void
test_vm(void)
{
	static const uint8_t mac[] = {0x52, 0x54, 0, 1, 2, 3};
	static const uint32_t vm[] = {4}, nic[] = {4, 1};
	struct vnm_varbind cells[VNM_PLAN_COLUMNS] = {{.type = 0}};

	rows_open();
	rows_interfaces();
	cells[VNM_COL_vm_name] = rows_text("web2");
	cells[VNM_COL_vm_uuid] = rows_text("5f9d62a4-7a5b-4f1c-9d4a-1c2a3b4c5d6e");
	cells[VNM_COL_vm_oper_state] = rows_number(VNM_BER_INTEGER, 4);
	cells[VNM_COL_vm_cur_cpu_number] = rows_number(VNM_BER_INTEGER, 2);
	cells[VNM_COL_vm_mem_unit] = rows_number(VNM_BER_INTEGER, 1024);
	cells[VNM_COL_vm_cur_mem] = rows_number(VNM_BER_INTEGER, 2097152);
	rows_give(VNM_PLAN_vm, VNM_OID(vm), true, cells);
	memset(cells, 0, sizeof(cells));
	cells[VNM_COL_vm_network_if_index] = rows_number(VNM_BER_INTEGER, 10102);
	cells[VNM_COL_vm_network_phys_address] = rows_octets(mac, 6);
	rows_give(VNM_PLAN_vm_network, VNM_OID(nic), true, cells);
	CU_ASSERT_EQUAL_FATAL(rows.fact_n, 2);
	CU_ASSERT_STRING_EQUAL(rows.facts[0].object, "5f9d62a4-7a5b-4f1c-9d4a-1c2a3b4c5d6e");
	CU_ASSERT_STRING_EQUAL(rows.facts[0].values,
	    "index=4 name=web2 oper_state=running cpus=2 memory_octets=2147483648 ");
	CU_ASSERT_EQUAL(rows.facts[1].kind, VNM_FACT_vm_interface);
	CU_ASSERT_STRING_EQUAL(rows.facts[1].object, "52:54:00:01:02:03");
	CU_ASSERT_STRING_EQUAL(rows.facts[1].values,
	    "vm=5f9d62a4-7a5b-4f1c-9d4a-1c2a3b4c5d6e if_index=10102 if_name=Gi0/2 ");
	rows_close();
}

/* An agent that says little: names of IF-MIB, else numbers; what is none is left out. */
static void
test_cdp(void)
{
	static const uint32_t row[] = {10102, 1}, unknown[] = {7, 2}, short_index[] = {7};
	struct vnm_varbind cells[VNM_PLAN_COLUMNS] = {{.type = 0}};

	rows_open();
	rows_interfaces();
	cells[VNM_COL_cdp_remote_device_id] = rows_octets("\x02\x00\x00\x00\xbb\x01", 6);
	cells[VNM_COL_cdp_remote_address_type] = rows_number(VNM_BER_INTEGER, 1);
	cells[VNM_COL_cdp_remote_address] = rows_octets("\xc0\x00\x02\x21\x00", 5);
	cells[VNM_COL_cdp_remote_capabilities] = rows_octets("\x00\x00\x00\x00\x01", 5);
	cells[VNM_COL_cdp_remote_native_vlan] = rows_number(VNM_BER_INTEGER, 0);
	cells[VNM_COL_cdp_remote_duplex] = rows_number(VNM_BER_INTEGER, 9);
	rows_give(VNM_PLAN_cdp_remote, VNM_OID(row), true, cells);
	cells[VNM_COL_cdp_remote_device_port] = rows_text("eth0");
	cells[VNM_COL_cdp_remote_capabilities] = rows_octets("\x09", 1);
	rows_give(VNM_PLAN_cdp_remote, VNM_OID(unknown), false, cells);
	rows_give(VNM_PLAN_cdp_remote, VNM_OID(short_index), false, cells);
	cells[VNM_COL_cdp_remote_device_id] = rows_text("");
	rows_give(VNM_PLAN_cdp_remote, VNM_OID(row), false, cells);
	rows_end(VNM_PLAN_cdp_remote, true);
	CU_ASSERT_EQUAL_FATAL(rows.fact_n, 2);
	CU_ASSERT_EQUAL(rows.facts[0].kind, VNM_FACT_cdp_neighbour);
	CU_ASSERT_STRING_EQUAL(rows.facts[0].object, "192.0.2.1/Gi0/2");
	CU_ASSERT_STRING_EQUAL(rows.facts[0].claim, "02:00:00:00:bb:01/");
	CU_ASSERT_STRING_EQUAL(rows.facts[0].values,
	    "local_if_index=10102 local_if_name=Gi0/2 device_id=02:00:00:00:bb:01 duplex=9 ");
	CU_ASSERT_STRING_EQUAL(rows.facts[1].object, "192.0.2.1/7");
	CU_ASSERT_STRING_EQUAL(rows.facts[1].claim, "02:00:00:00:bb:01/eth0");
	CU_ASSERT_STRING_EQUAL(rows.facts[1].values,
	    "local_if_index=7 device_id=02:00:00:00:bb:01 port_id=eth0 capabilities=router,switch "
	    "duplex=9 ");
	/* Nobody is heard any more. */
	rows.fact_n = 0;
	rows_end(VNM_PLAN_cdp_remote, true);
	CU_ASSERT_EQUAL_FATAL(rows.fact_n, 2);
	CU_ASSERT_TRUE(rows.facts[0].withdrawn && rows.facts[1].withdrawn);
	rows_close();
}

/* What an engine's id must not be is not told; it is taken back when another one is there. */
static void
test_engine(void)
{
	static const uint32_t scalar[] = {0};
	struct vnm_varbind cells[VNM_PLAN_COLUMNS] = {{.type = 0}};

	rows_open();
	cells[0] = rows_octets("\x80\x00\x1f\x88\x04vm", 7);
	rows_give(VNM_PLAN_snmp_engine, VNM_OID(scalar), true, cells);
	rows_end(VNM_PLAN_snmp_engine, true);
	CU_ASSERT_EQUAL_FATAL(rows.fact_n, 1);
	CU_ASSERT_EQUAL(rows.facts[0].kind, VNM_FACT_snmp_engine);
	CU_ASSERT_STRING_EQUAL(rows.facts[0].object, "80001f8804766d");
	CU_ASSERT_STRING_EQUAL(rows.facts[0].claim, "192.0.2.1");
	cells[0] = rows_octets("\x80\x00\x1f\x88\x04wm", 7);
	rows_give(VNM_PLAN_snmp_engine, VNM_OID(scalar), true, cells);
	rows_end(VNM_PLAN_snmp_engine, true);
	CU_ASSERT_EQUAL_FATAL(rows.fact_n, 3);
	CU_ASSERT_STRING_EQUAL(rows.facts[1].object, "80001f8804776d");
	CU_ASSERT_TRUE(rows.facts[2].withdrawn);
	CU_ASSERT_STRING_EQUAL(rows.facts[2].object, "80001f8804766d");
	cells[0] = rows_octets("\x80\x00\x1f\x88", 4);
	rows_give(VNM_PLAN_snmp_engine, VNM_OID(scalar), true, cells);
	cells[0] = rows_text("an engine's id with thirty-three o");
	rows_give(VNM_PLAN_snmp_engine, VNM_OID(scalar), false, cells);
	cells[0] = rows_number(VNM_BER_INTEGER, 7);
	rows_give(VNM_PLAN_snmp_engine, VNM_OID(scalar), false, cells);
	CU_ASSERT_EQUAL(rows.fact_n, 3);
	rows_close();
}

/* ---- other tables
 * ---------------------------------------------------------------------------------------------- */

/* Two columns of hrStorageTable (RFC 2790), of which a row has its record. */
static void
test_table(void)
{
	static const char *const names[] = {"hrStorageDescr", "hrStorageUsed"};
	struct vnm_varbind cells[VNM_PLAN_COLUMNS] = {{.type = 0}};
	struct vnm_plan plan = {.name = "hrStorageTable", .sort = VNM_PLAN_TABLE};
	static const uint32_t index[] = {31};
	struct vnm_plan_row row = {
	    .plan = &plan, .index = VNM_OID(index), .cells = cells, .first = true};
	uint32_t ids[VNM_OID_MAX];

	rows_open();
	for (size_t i = 0; i < VNM_ARRAY_LEN(names); i++) {
		const struct vnm_mib_object *o =
		    vnm_mib_named(&vnm_mib_builtin, names[i], strlen(names[i]));

		CU_ASSERT_PTR_NOT_NULL_FATAL(o);
		CU_ASSERT_EQUAL_FATAL(vnm_plan_add(&plan, vnm_mib_column(&vnm_mib_builtin, o),
					  vnm_mib_oid(&vnm_mib_builtin, o, ids)),
		    0);
	}
	vnm_poll_prepare(&plan, &vnm_mib_builtin);
	cells[0] = rows_text("/var");
	cells[1] = rows_number(VNM_BER_INTEGER, 5000);
	vnm_poll_row(rows.state, &row, &rows.out);
	CU_ASSERT_EQUAL(rows.records, 1);
	CU_ASSERT_EQUAL(rows.last.kind_id, VNM_KIND_table);
	CU_ASSERT_EQUAL(rows.out.faults, 0);
	vnm_plan_release(&plan);
	rows_close();
}

/* ---- plans
 * ------------------------------------------------------------------------------------------ */

/* Names in plans.def and those of the catalogue, which was written by others, are the same. */
static void
test_catalogue(void)
{
	static const struct {
		enum vnm_plan_sort sort;
		const char *prefix;
	} tables[] = {{VNM_PLAN_interfaces, ""}, {VNM_PLAN_system, ""},
	    {VNM_PLAN_snmp_engine, "snmp_engine_"}, {VNM_PLAN_lldp_local, "lldp_loc_"},
	    {VNM_PLAN_lldp_port, "lldp_loc_"}, {VNM_PLAN_lldp_remote, "lldp_rem_"},
	    {VNM_PLAN_lldp_address, "lldp_rem_man_addr_"}, {VNM_PLAN_lldp2_local, "lldp_v2_loc_"},
	    {VNM_PLAN_lldp2_port, "lldp_v2_loc_"}, {VNM_PLAN_lldp2_remote, "lldp_v2_rem_"},
	    {VNM_PLAN_lldp2_address, "lldp_v2_rem_man_addr_"}, {VNM_PLAN_cdp_local, "cdp_global_"},
	    {VNM_PLAN_cdp_interface, "cdp_interface_"}, {VNM_PLAN_cdp_remote, "cdp_cache_"},
	    {VNM_PLAN_bridge_port, "dot1d_base_port_"}, {VNM_PLAN_vlan, "dot1q_vlan_"},
	    {VNM_PLAN_q_fdb, "dot1q_tp_fdb_"}, {VNM_PLAN_d_fdb, "dot1d_tp_fdb_"},
	    {VNM_PLAN_neighbour, "ip_net_to_physical_"}, {VNM_PLAN_media, "ip_net_to_media_"},
	    {VNM_PLAN_entity, "ent_physical_"}, {VNM_PLAN_entity_alias, "ent_alias_mapping_"},
	    {VNM_PLAN_vm, "vm_"}, {VNM_PLAN_vm_network, "vm_network_"}};

	CU_ASSERT_EQUAL(VNM_ARRAY_LEN(tables), VNM_PLAN_BUILTIN);
	for (size_t t = 0; t < VNM_ARRAY_LEN(tables); t++) {
		struct vnm_plan plan;

		CU_ASSERT_EQUAL_FATAL(vnm_plan_builtin(&plan, tables[t].sort), 0);
		for (uint32_t i = 0; i < plan.n; i++) {
			const struct vnm_plan_column *c = &plan.columns[i];
			struct vnm_oid rest;
			const struct vnm_mib_object *o = vnm_mib_find(
			    &vnm_mib_builtin, (struct vnm_oid){c->ids, c->id_n}, &rest);
			char name[128];

			snprintf(name, sizeof(name), "%s%s", tables[t].prefix, c->name);
			CU_ASSERT_PTR_NOT_NULL_FATAL(o);
			CU_ASSERT_EQUAL(rest.n, 0);
			if (strcmp(vnm_mib_column(&vnm_mib_builtin, o), name) != 0)
				printf("\n%s is %s", name, vnm_mib_column(&vnm_mib_builtin, o));
			CU_ASSERT_STRING_EQUAL(vnm_mib_column(&vnm_mib_builtin, o), name);
		}
		vnm_plan_release(&plan);
	}
}

CU_TestInfo suite_poll_facts[] = {{"forwarding databases", test_fdb}, {"many entries", test_many},
    {"too many entries", test_full}, {"LLDP", test_lldp}, {"LLDP-V2-MIB", test_lldp2},
    {"SNMP engine", test_engine}, {"CDP", test_cdp}, {"addresses", test_addresses},
    {"short indices", test_short_indices}, {"virtual machines", test_vm},
    {"a table by its name", test_table}, {"plans and the catalogue", test_catalogue},
    CU_TEST_INFO_NULL};
