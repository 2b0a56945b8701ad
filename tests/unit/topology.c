/*
 * topology/correlate.c: the names on records are those that the inventory's own list of joins
 * expects (tests/data/correlation.json, written by the network that tests/data/topology.json
 * describes), and what is not clear is not named.
 */
#include "unit.h"

#include "inventory.h"

#include <json-c/json.h>
#include <stdio.h>
#include <stdlib.h>

static struct vnm_counters counters;

static struct json_object *
read_json(const char *name)
{
	char path[512];

	snprintf(path, sizeof(path), VNM_TEST_DATA "/%s", name);
	return json_object_from_file(path);
}

static const char *
text_of(struct json_object *o, const char *key)
{
	return json_object_get_string(json_object_object_get(o, key));
}

static void
is_end(const struct vnm_record *r, const char *end, struct json_object *want, const char *ns_id)
{
	static const struct {
		const char *field, *key;
	} names[] = {{"vnf_id", "vnfInstanceId"}, {"vnf_name", "vnf"}, {"vnfc_id", "vnfc"},
	    {"cp_id", "cp"}, {"vl_id", "vl"}, {"host_id", "host"}};
	char field[32];

	for (size_t i = 0; i < VNM_ARRAY_LEN(names); i++) {
		snprintf(field, sizeof(field), "%s%s", end, names[i].field);
		/* The envelope's host is the exporter's. */
		if (end[0] != '\0' || strcmp(field, "host_id") != 0)
			IS(r, field, text_of(want, names[i].key));
	}
	snprintf(field, sizeof(field), "%sns_id", end);
	IS(r, field, ns_id);
}

/* ---- what the inventory expects -------------------------------------------------------------- */

struct lab {
	struct vnm_topology *t;
	struct json_object *topology, *joins;
};

static void
lab_begin(struct lab *lab)
{
	struct vnm_err err = {.text = ""};

	lab->t = load_file(VNM_TEST_DATA "/topology.json", &err);
	CU_ASSERT_STRING_EQUAL(err.text, "");
	CU_ASSERT_PTR_NOT_NULL_FATAL(lab->t);
	lab->topology = read_json("topology.json");
	lab->joins = read_json("correlation.json");
}

static void
lab_end(struct lab *lab)
{
	vnm_topology_free(lab->t);
	json_object_put(lab->topology);
	json_object_put(lab->joins);
}

/* A member of the element of an array that has this value of a key. */
static const char *
pick(struct json_object *root, const char *array, const char *key, const char *value,
    const char *member)
{
	struct json_object *list = json_object_object_get(root, array);

	for (size_t i = 0; i < json_object_array_length(list); i++) {
		struct json_object *o = json_object_array_get_idx(list, i);
		if (strcmp(text_of(o, key), value) == 0)
			return text_of(o, member);
	}
	return NULL;
}

static const char *
ns_id_of(const struct lab *lab, struct json_object *want)
{
	return pick(lab->topology, "nsInstances", "nsInstanceName", text_of(want, "ns"), "id");
}

static void
test_addresses(void)
{
	struct lab lab;
	struct vnm_record r;
	unsigned count = 0;

	lab_begin(&lab);
	json_object_object_foreach(json_object_object_get(lab.joins, "ip"), ip, want)
	{
		const char *ns = ns_id_of(&lab, want);
		begin(&r, VNM_KIND_flow, "192.0.2.1", "ipfix");
		VNM_SET(&r, flow, src_addr, addr(ip));
		VNM_SET(&r, flow, dst_addr, addr("198.51.100.1"));
		vnm_topology_correlate(lab.t, &r, &counters);
		is_end(&r, "src_", want, ns);
		is_end(&r, "", want, ns);
		IS(&r, "ns_name", text_of(want, "ns"));
		IS(&r, "topology_match", "ip");
		IS(&r, "dst_vnf_id", NULL);
		IS(&r, "node_id", NULL);
		CU_ASSERT_EQUAL(r.env.topology_version, 7);

		begin(&r, VNM_KIND_flow, "192.0.2.1", "ipfix");
		VNM_SET(&r, flow, dst_addr, addr(ip));
		vnm_topology_correlate(lab.t, &r, &counters);
		is_end(&r, "dst_", want, ns);
		is_end(&r, "", want, ns);
		IS(&r, "src_vnf_id", NULL);
		count++;
	}
	CU_ASSERT_EQUAL(count, 38);
	lab_end(&lab);
}

static void
test_macs(void)
{
	struct lab lab;
	struct vnm_record r;
	struct vnm_mac mac;
	unsigned count = 0;

	lab_begin(&lab);
	json_object_object_foreach(json_object_object_get(lab.joins, "mac"), text, want)
	{
		const char *ns = ns_id_of(&lab, want);
		CU_ASSERT_TRUE(vnm_mac_parse(&mac, text));
		begin(&r, VNM_KIND_flow, "192.0.2.1", "sflow");
		VNM_SET(&r, flow, src_mac, mac);
		VNM_SET(&r, flow, dst_mac, mac);
		vnm_topology_correlate(lab.t, &r, &counters);
		is_end(&r, "src_", want, ns);
		is_end(&r, "dst_", want, ns);
		is_end(&r, "", want, ns);
		IS(&r, "topology_match", "mac");
		count++;
	}
	CU_ASSERT_EQUAL(count, 19);
	lab_end(&lab);
}

/* The names of a port from every record that can carry that sort of key. */
static void
check_port(const struct lab *lab, const char *exporter, const char *key, const char *value,
    struct json_object *want)
{
	const char *decoder = strcmp(key, "ofPort") == 0 ? "netflow5" : "ipfix";
	uint32_t number = (uint32_t)strtoul(value, NULL, 10);
	struct vnm_record r, i;

	begin(&r, VNM_KIND_flow, exporter, decoder);
	begin(&i, VNM_KIND_interface, exporter, decoder);
	if (strcmp(key, "name") == 0) {
		VNM_SET(&r, flow, in_if_name, vnm_str_of(value));
		VNM_SET(&r, flow, out_if_name, vnm_str_of(value));
		VNM_SET(&i, interface, if_name, vnm_str_of(value));
	} else {
		VNM_SET(&r, flow, in_if, number);
		VNM_SET(&r, flow, out_if, number);
		VNM_SET(&i, interface, if_index, number);
	}
	vnm_topology_correlate(lab->t, &r, &counters);
	vnm_topology_correlate(lab->t, &i, &counters);
	IS(&r, "in_cp_id", text_of(want, "cp"));
	IS(&r, "out_cp_id", text_of(want, "cp"));
	IS(&r, "in_vnfc_id", text_of(want, "vnfc"));
	IS(&r, "out_vnfc_id", text_of(want, "vnfc"));
	IS(&r, "vnf_name", text_of(want, "vnf"));
	IS(&r, "cp_id", text_of(want, "cp"));
	IS(&r, "topology_match", "ifindex");
	IS(&i, "vnf_name", text_of(want, "vnf"));
	IS(&i, "vnfc_id", text_of(want, "vnfc"));
	IS(&i, "cp_id", text_of(want, "cp"));
	IS(&i, "topology_match", "ifindex");
}

static void
test_ports(void)
{
	struct lab lab;
	unsigned if_indices = 0, of_ports = 0, names = 0, others = 0;

	lab_begin(&lab);
	json_object_object_foreach(json_object_object_get(lab.joins, "switchPort"), where, want)
	{
		char host[32] = "", key[32] = "", value[64] = "";
		sscanf(where, "%31[^/]/%*[^/]/%31[^=]=%63s", host, key, value);
		if_indices += strcmp(key, "ifIndex") == 0;
		of_ports += strcmp(key, "ofPort") == 0;
		names += strcmp(key, "name") == 0;
		/* No flow or interface record carries datapath ports or Neutron's ids. */
		if (key[0] == '\0' || strcmp(key, "dpPort") == 0) {
			others++;
			continue;
		}
		check_port(
		    &lab, pick(lab.topology, "hosts", "id", host, "mgmtIp"), key, value, want);
	}
	CU_ASSERT_EQUAL(if_indices, 10);
	CU_ASSERT_EQUAL(names, 10);
	CU_ASSERT_EQUAL(of_ports, 7);
	CU_ASSERT_EQUAL(others, 17);
	lab_end(&lab);
}

static void
test_infrastructure(void)
{
	struct lab lab;
	struct vnm_record r;
	unsigned hosts = 0, switches = 0;

	lab_begin(&lab);
	json_object_object_foreach(json_object_object_get(lab.joins, "infraIp"), ip, want)
	{
		const char *host = text_of(want, "host");
		hosts += host != NULL;
		switches += host == NULL;
		begin(&r, VNM_KIND_visibility, ip, "ipfix");
		vnm_topology_correlate(lab.t, &r, &counters);
		IS(&r, "node_id", host != NULL ? host : text_of(want, "switch"));
		IS(&r, "host_id", host);
		IS(&r, "vnf_id", NULL);

		begin(&r, VNM_KIND_flow, "192.0.2.1", "ipfix");
		VNM_SET(&r, flow, src_addr, addr(ip));
		VNM_SET(&r, flow, dst_addr, addr(ip));
		vnm_topology_correlate(lab.t, &r, &counters);
		IS(&r, "src_host_id", host);
		IS(&r, "dst_host_id", host);
		IS(&r, "src_vnf_id", NULL);
		IS(&r, "host_id", NULL);
	}
	CU_ASSERT_EQUAL(hosts, 12);
	CU_ASSERT_EQUAL(switches, 1);
	lab_end(&lab);
}

static void
test_links(void)
{
	struct lab lab;
	struct vnm_record r;
	unsigned count = 0;

	lab_begin(&lab);
	json_object_object_foreach(json_object_object_get(lab.joins, "vni"), vni, want)
	{
		begin(&r, VNM_KIND_flow, "192.0.2.1", "sflow");
		VNM_SET(&r, flow, vni, (uint32_t)strtoul(vni, NULL, 10));
		vnm_topology_correlate(lab.t, &r, &counters);
		IS(&r, "vl_id", text_of(want, "vl"));
		IS(&r, "ns_name", text_of(want, "ns"));
		IS(&r, "ns_id", ns_id_of(&lab, want));
		IS(&r, "topology_match", "vni");
		IS(&r, "vnf_id", NULL);
		count++;
	}
	json_object_object_foreach(
	    json_object_object_get(lab.joins, "vlanOnOvsBrInt"), vlan, wanted)
	{
		begin(&r, VNM_KIND_flow, "10.255.0.12", "sflow");
		VNM_SET(&r, flow, vlan_id, (uint16_t)strtoul(vlan, NULL, 10));
		vnm_topology_correlate(lab.t, &r, &counters);
		IS(&r, "vl_id", text_of(wanted, "vl"));
		IS(&r, "ns_name", text_of(wanted, "ns"));
		IS(&r, "topology_match", "vlan");
		count++;
	}
	CU_ASSERT_EQUAL(count, 5);
	lab_end(&lab);
}

/* ---- what a record is about ------------------------------------------------------------------ */

/* An exporter within a VNFC counts the VNFC's own interfaces. */
static void
test_exporter_in_vnfc(void)
{
	struct lab lab;
	struct vnm_record r;

	lab_begin(&lab);
	begin(&r, VNM_KIND_flow, "10.255.0.23", "netflow5");
	VNM_SET(&r, flow, in_if, 4);
	VNM_SET(&r, flow, src_addr, addr("10.30.0.21"));
	vnm_topology_correlate(lab.t, &r, &counters);
	IS(&r, "node_id", "fw1");
	IS(&r, "host_id", "hostA");
	IS(&r, "tp_id", "eth1");
	IS(&r, "in_if_name", "eth1");
	IS(&r, "in_tp_id", "eth1");
	IS(&r, "cp_id", "cp-fw1-eth1");
	IS(&r, "vl_id", "vl-core");
	IS(&r, "src_vnfc_id", "web1");

	/* An interface that nobody knows: what is sent is about the sender all the same. */
	begin(&r, VNM_KIND_flow, "192.0.2.1", "sflow");
	VNM_SET(&r, env, agent_addr, addr("10.255.0.24"));
	VNM_SET(&r, flow, in_if, 0x3fffffff);
	VNM_SET(&r, flow, src_addr, addr("10.20.0.11"));
	vnm_topology_correlate(lab.t, &r, &counters);
	IS(&r, "node_id", "web1");
	IS(&r, "vnfc_id", "web1");
	IS(&r, "cp_id", NULL);
	IS(&r, "topology_match", "ip");
	lab_end(&lab);
}

static void
test_about(void)
{
	struct lab lab;
	struct vnm_record r;

	/* Through fw1 on hostA, seen on its way in and on its way out. */
	lab_begin(&lab);
	for (uint8_t egress = 0; egress < 2; egress++) {
		begin(&r, VNM_KIND_flow, "fd00:255::b", "ipfix");
		VNM_SET(&r, flow, in_if, 7);
		VNM_SET(&r, flow, out_if, 8);
		VNM_SET(&r, flow, direction, egress);
		VNM_SET(&r, flow, src_addr, addr("10.20.0.11"));
		VNM_SET(&r, flow, dst_addr, addr("10.30.0.21"));
		vnm_topology_correlate(lab.t, &r, &counters);
		IS(&r, "node_id", "hostA");
		IS(&r, "tp_id", egress ? "tap95298b3d-aa" : "tap39a418ec-3a");
		IS(&r, "cp_id", egress ? "cp-fw1-eth0" : "cp-cl1-eth0");
		IS(&r, "vl_id", "vl-access");
		IS(&r, "in_if_name", "tap39a418ec-3a");
		IS(&r, "out_if_name", "tap95298b3d-aa");
	}

	/* Agreement of both ends gives the link where nothing else does. */
	begin(&r, VNM_KIND_flow, "192.0.2.1", "ipfix");
	VNM_SET(&r, flow, src_addr, addr("10.30.0.1"));
	VNM_SET(&r, flow, dst_addr, addr("10.30.0.53"));
	vnm_topology_correlate(lab.t, &r, &counters);
	IS(&r, "vl_id", "vl-core");

	/* Ports of a switch have no CP behind them: the ends tell. */
	begin(&r, VNM_KIND_flow, "10.255.0.10", "netflow9");
	VNM_SET(&r, flow, in_if, 4);
	VNM_SET(&r, flow, src_addr, addr("10.1.0.1"));
	VNM_SET(&r, flow, dst_addr, addr("10.1.0.2"));
	vnm_topology_correlate(lab.t, &r, &counters);
	IS(&r, "node_id", "tor1");
	IS(&r, "host_id", NULL);
	IS(&r, "tp_id", "swp1");
	IS(&r, "in_tp_id", "swp1");
	IS(&r, "in_cp_id", NULL);
	IS(&r, "src_host_id", "hostA");
	IS(&r, "dst_host_id", "hostB");
	IS(&r, "vnf_id", NULL);
	IS(&r, "topology_match", "ifindex");
	lab_end(&lab);
}

static void
test_counters(void)
{
	struct lab lab;
	struct vnm_record r;
	struct vnm_counters c;

	memset(&c, 0, sizeof(c));
	lab_begin(&lab);
	begin(&r, VNM_KIND_flow, "10.255.0.11", "ipfix");
	VNM_SET(&r, flow, in_if, 4711);
	VNM_SET(&r, flow, src_addr, addr("198.51.100.1"));
	vnm_topology_correlate(lab.t, &r, &c);
	CU_ASSERT_EQUAL(c.v[VNM_C_unnamed], 1);
	CU_ASSERT_EQUAL(c.v[VNM_C_named], 0);
	IS(&r, "node_id", "hostA");
	IS(&r, "topology_match", NULL);
	VNM_SET(&r, flow, in_if, 7);
	vnm_topology_correlate(lab.t, &r, &c);
	CU_ASSERT_EQUAL(c.v[VNM_C_unnamed], 1);
	CU_ASSERT_EQUAL(c.v[VNM_C_named], 1);
	begin(&r, VNM_KIND_visibility, "10.255.0.11", "ipfix");
	vnm_topology_correlate(lab.t, &r, &c);
	CU_ASSERT_EQUAL(c.v[VNM_C_unnamed] + c.v[VNM_C_named], 2);
	lab_end(&lab);
}

/* ---- what is not clear ----------------------------------------------------------------------- */

#define CP(id, vl, mac, ip, rest)                                                                \
	"{'id':'" id "','virtualLinkId':'" vl "','cpProtocolInfo':[{'ipOverEthernet':"           \
	"{'macAddress':'" mac "','ipAddresses':[{'type':'IPV4','addresses':['" ip "']}]}}]" rest \
	"}"
#define VNF(id, vnfc, rest, cps)                                           \
	"{'id':'" id "','vnfInstanceName':'" id "','instantiatedVnfInfo':" \
	"{'vnfcResourceInfo':[{'id':'" vnfc "'" rest ",'vnfcCpInfo':[" cps "]}]}}"

static const char ports_text[] = "{'vnfInstances':[" VNF("v1", "c1", "",
    CP("p1", "l1", "02:00:00:00:00:01", "10.0.0.1",
	",'attachment':{'hostId':'h','port':'tap1','ifIndex':11,'ofPort':31}") "," CP("p2", "l1",
	"02:00:00:00:00:02", "10.0.0.2",
	",'attachment':{'hostId':'h','port':'tap2','ifIndex':7,'ofPort':11}")) "],"
									       "'hosts':[{'id':'h',"
									       "'mgmtIp':'192.0.2."
									       "1','vSwitches':[{'"
									       "name':'b','type':'"
									       "openvswitch'}]},"
									       "{'id':'g','mgmtIp':"
									       "'192.0.2.2','"
									       "netflow5Interfaces'"
									       ":'ifIndex',"
									       "'vSwitches':[{'"
									       "name':'b','type':'"
									       "openvswitch','"
									       "ports':["
									       "{'name':'eth7','"
									       "ifIndex':7,'ofPort'"
									       ":9},{'name':'eth9',"
									       "'ifIndex':9,'"
									       "ofPort':7}]}]}]}";

/* Open vSwitch's NetFlow v5 has OpenFlow ports, which may also be another port's ifIndex. */
static void
test_port_numbers(void)
{
	static const struct {
		const char *exporter, *decoder;
		uint32_t number, domain;
		const char *name;
	} rows[] = {
	    {"192.0.2.1", "netflow5", 11, 0, "tap2"},
	    {"192.0.2.1", "netflow9", 11, 0, "tap1"},
	    {"192.0.2.1", "ipfix", 31, 0, NULL},
	    {"192.0.2.1", "netflow5", 7, 0, NULL},
	    {"192.0.2.1", "netflow5", 5 << 9 | 31, 0x105, "tap1"},
	    {"192.0.2.1", "netflow5", 6 << 9 | 31, 0x105, NULL},
	    {"192.0.2.2", "netflow5", 7, 0, "eth7"},
	    {"192.0.2.1", "netflow5", 0, 0, NULL},
	};
	struct vnm_topology *t = load_text(ports_text);
	struct vnm_record r;

	CU_ASSERT_PTR_NOT_NULL_FATAL(t);
	for (size_t i = 0; i < VNM_ARRAY_LEN(rows); i++) {
		begin(&r, VNM_KIND_flow, rows[i].exporter, rows[i].decoder);
		VNM_SET(&r, env, observation_domain_id, rows[i].domain);
		VNM_SET(&r, flow, in_if, rows[i].number);
		vnm_topology_correlate(t, &r, &counters);
		IS(&r, "in_tp_id", rows[i].name);
	}
	vnm_topology_free(t);
}

/* The lab's two tunnels are one port of the datapath: a name alone does not tell which. */
static void
test_tunnels(void)
{
	static const struct {
		const char *in, *out;
		uint32_t vni;
		const char *in_tp, *out_tp, *vl;
	} rows[] = {
	    {"vx-5200", "tap588496a1-31", 5200, "vx-5200", "tap588496a1-31", "vl-core"},
	    {"vx-5200", "br-int", 5100, "vx-5100", "br-int", "vl-access"},
	    {"vx-5200", "br-int", 0, NULL, "br-int", NULL},
	    {"vx-5200", "br-int", 5300, NULL, "br-int", "vl-app"},
	    {"br-int", "vx-5100", 5200, "br-int", "vx-5200", "vl-core"},
	    {"vx-5200", "vx-5200", 5100, "vx-5100", NULL, "vl-access"},
	    /* Within a connection point's port a VNI is none of the cloud's. */
	    {"tap39a418ec-3a", "br-int", 5200, "tap39a418ec-3a", "br-int", "vl-access"},
	};
	struct lab lab;
	struct vnm_record r;

	lab_begin(&lab);
	for (size_t i = 0; i < VNM_ARRAY_LEN(rows); i++) {
		begin(&r, VNM_KIND_flow, "10.255.0.11", "ipfix");
		VNM_SET(&r, flow, in_if_name, vnm_str_of(rows[i].in));
		VNM_SET(&r, flow, out_if_name, vnm_str_of(rows[i].out));
		VNM_SET(&r, flow, vni, rows[i].vni);
		vnm_topology_correlate(lab.t, &r, &counters);
		IS(&r, "in_tp_id", rows[i].in_tp);
		IS(&r, "out_tp_id", rows[i].out_tp);
		IS(&r, "vl_id", rows[i].vl);
		IS(&r, "in_if_name", rows[i].in);
	}
	/* OpenFlow's numbers tell them apart. */
	begin(&r, VNM_KIND_flow, "10.255.0.11", "netflow5");
	VNM_SET(&r, flow, in_if, 101);
	vnm_topology_correlate(lab.t, &r, &counters);
	IS(&r, "in_tp_id", "vx-5100");
	lab_end(&lab);
}

/* Two tenants with the same address, VNFC and CP ids; their links tell them apart. */
static void
test_tenants(void)
{
	static const char text[] = "{'vnfInstances':[" VNF("v1", "c", "",
	    CP("p", "l1", "02:00:00:00:00:01", "10.0.0.1", "")) "," VNF("v2", "c", "",
	    CP("p", "l2", "02:00:00:00:00:01", "10.0.0.1", "") "," CP(
		"q", "l2", "02:00:00:00:00:02", "10.0.0.2", "")) "," VNF("v3", "c", "",
	    CP("r", "l2", "02:00:00:00:00:03", "10.0.0.2",
		"")) "],"
		     "'virtualLinks':[{'id':'l1','segmentationId':'101'},{'id':'l2','"
		     "segmentationId':102}]}";
	static const struct {
		uint32_t vni;
		const char *ip, *vnf;
	} rows[] = {{101, "10.0.0.1", "v1"}, {102, "10.0.0.1", "v2"}, {0, "10.0.0.1", NULL},
	    {103, "10.0.0.1", NULL}, {102, "10.0.0.2", NULL}};
	struct vnm_topology *t = load_text(text);
	struct vnm_record r;

	CU_ASSERT_PTR_NOT_NULL_FATAL(t);
	for (size_t i = 0; i < VNM_ARRAY_LEN(rows); i++) {
		begin(&r, VNM_KIND_flow, "192.0.2.1", "ipfix");
		VNM_SET(&r, flow, vni, rows[i].vni);
		VNM_SET(&r, flow, src_addr, addr(rows[i].ip));
		vnm_topology_correlate(t, &r, &counters);
		IS(&r, "src_vnf_id", rows[i].vnf);
		IS(&r, "vnf_id", rows[i].vnf);
		IS(&r, "ns_name", NULL); /* nobody says which */
	}
	vnm_topology_free(t);
}

/* VNFs of one descriptor have the same CP ids: a port's word needs the VNFC's id as well. */
static void
test_same_ids(void)
{
	static const char text[] = "{'vnfInstances':[" VNF("v1", "c1", "",
	    CP("p", "l", "02:00:00:00:00:01", "10.0.0.1", "")) "," VNF("v2", "c2", "",
	    CP("p", "l", "02:00:00:00:00:02", "10.0.0.2",
		"")) "],"
		     "'hosts':[{'id':'h','mgmtIp':'192.0.2.1','physicalPorts':["
		     "{'name':'a','connectedCpId':'p','vnfcId':'c2'},{'name':'b','connectedCpId':'"
		     "p'}]}]}";
	struct vnm_topology *t = load_text(text);
	struct vnm_topology_size size;
	struct vnm_record r;

	CU_ASSERT_PTR_NOT_NULL_FATAL(t);
	begin(&r, VNM_KIND_flow, "192.0.2.1", "ipfix");
	VNM_SET(&r, flow, in_if_name, VNM_STR("a"));
	VNM_SET(&r, flow, out_if_name, VNM_STR("b"));
	vnm_topology_correlate(t, &r, &counters);
	IS(&r, "in_vnfc_id", "c2");
	IS(&r, "out_tp_id", "b");
	IS(&r, "out_vnfc_id", NULL);
	vnm_topology_size(t, &size);
	CU_ASSERT_EQUAL(size.unresolved, 3); /* link l, of two CPs, and port b's p */
	vnm_topology_free(t);
}

/* An exporter at an address that tenants use too is the host or switch that has it, else unknown.
 */
static void
test_shared_exporters(void)
{
	static const char text[] = "{'vnfInstances':[" VNF("v1", "c1", "",
	    CP("p1", "l1", "02:00:00:00:00:01", "10.0.0.1", "") "," CP(
		"q1", "l1", "02:00:00:00:00:03", "10.0.0.2", "")) "," VNF("v2", "c2", "",
	    CP("p2", "l2", "02:00:00:00:00:02", "10.0.0.1", "") "," CP("q2", "l2",
		"02:00:00:00:00:04", "10.0.0.2", "")) "],"
						      "'virtualLinks':[{'id':'l1','segmentationId':"
						      "1},{'id':'l2','segmentationId':2}],"
						      "'hosts':[{'id':'h','mgmtIp':'10.0.0.1'}]}";
	struct vnm_topology *t = load_text(text);
	struct vnm_record r;

	CU_ASSERT_PTR_NOT_NULL_FATAL(t);
	begin(&r, VNM_KIND_flow, "10.0.0.1", "ipfix");
	VNM_SET(&r, flow, vni, 2);
	VNM_SET(&r, flow, src_addr, addr("10.0.0.1"));
	vnm_topology_correlate(t, &r, &counters);
	IS(&r, "node_id", "h");
	IS(&r, "src_vnfc_id", "c2");
	begin(&r, VNM_KIND_flow, "10.0.0.2", "ipfix");
	VNM_SET(&r, flow, src_addr, addr("10.0.0.1"));
	vnm_topology_correlate(t, &r, &counters);
	IS(&r, "node_id", NULL);
	IS(&r, "src_vnfc_id", NULL);
	IS(&r, "src_host_id", NULL);
	vnm_topology_free(t);
}

/* Two or three hosts or switches with one address: nobody knows which of them sends. */
static void
test_shared_node_addresses(void)
{
	static const char text[] = "{'vnfInstances':[" VNF("v", "c", "",
	    CP("p", "l", "02:00:00:00:00:01", "10.0.0.1",
		"")) "],"
		     "'hosts':[{'id':'h','mgmtIp':'10.0.0.1'}],"
		     "'physicalSwitches':[{'id':'s1','mgmtIp':'10.0.0.1','underlayIp':'10.0.0.2'},"
		     "{'id':'s2','mgmtIp':'10.0.0.1','underlayIp':'10.0.0.2'},"
		     "{'id':'s3','mgmtIp':'10.0.0.3','underlayIp':'10.0.0.3'}]}";
	static const struct {
		const char *ip, *node;
	} rows[] = {{"10.0.0.1", NULL}, {"10.0.0.2", NULL}, {"10.0.0.3", "s3"}};
	struct vnm_topology *t = load_text(text);
	struct vnm_record r;

	CU_ASSERT_PTR_NOT_NULL_FATAL(t);
	for (size_t i = 0; i < VNM_ARRAY_LEN(rows); i++) {
		begin(&r, VNM_KIND_flow, rows[i].ip, "ipfix");
		vnm_topology_correlate(t, &r, &counters);
		IS(&r, "node_id", rows[i].node);
	}
	vnm_topology_free(t);
}

/* A router's MAC address stands before everybody's IP address. */
static void
test_router(void)
{
	static const char text[] = "{'vnfInstances':[" VNF("v1", "c1", ",'router':true",
	    CP("p1", "l", "02:00:00:00:00:01", "10.0.0.1", "")) "," VNF("v2", "c2", "",
	    CP("p2", "l", "02:00:00:00:00:02", "10.0.0.2", "")) "]}";
	static const struct {
		const char *mac, *ip, *vnfc;
	} rows[] = {{"02:00:00:00:00:01", "198.51.100.1", NULL},
	    {"02:00:00:00:00:02", "198.51.100.1", "c2"}, {"02:00:00:00:00:01", "fe80::1", "c1"},
	    {"02:00:00:00:00:01", "169.254.9.9", "c1"}, {"02:00:00:00:00:01", "0.0.0.0", "c1"},
	    {"02:00:00:00:00:01", "2001:db8::1", NULL}, {"02:00:00:00:00:01", "10.0.0.2", "c2"}};
	struct vnm_topology *t = load_text(text);
	struct vnm_record r;
	struct vnm_mac mac;

	CU_ASSERT_PTR_NOT_NULL_FATAL(t);
	for (size_t i = 0; i < VNM_ARRAY_LEN(rows); i++) {
		begin(&r, VNM_KIND_flow, "192.0.2.1", "ipfix");
		CU_ASSERT_TRUE(vnm_mac_parse(&mac, rows[i].mac));
		VNM_SET(&r, flow, dst_mac, mac);
		VNM_SET(&r, flow, dst_addr, addr(rows[i].ip));
		vnm_topology_correlate(t, &r, &counters);
		IS(&r, "dst_vnfc_id", rows[i].vnfc);
	}
	vnm_topology_free(t);
}

CU_TestInfo suite_topology[] = {{"addresses", test_addresses}, {"MAC addresses", test_macs},
    {"ports", test_ports}, {"hosts and switches", test_infrastructure},
    {"virtual links", test_links}, {"exporters in VNFCs", test_exporter_in_vnfc},
    {"what a flow is about", test_about}, {"named and unnamed", test_counters},
    {"numbers of ports", test_port_numbers}, {"tunnels", test_tunnels},
    {"tenants with the same addresses", test_tenants}, {"same ids", test_same_ids},
    {"exporters at shared addresses", test_shared_exporters},
    {"hosts and switches with the same address", test_shared_node_addresses},
    {"routers", test_router}, CU_TEST_INFO_NULL};
