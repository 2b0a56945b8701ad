/*
 * topology/correlate_route.c: whose routes, next hops, peers and IGP nodes are, and that what is
 * not clear is not named.
 */
#include "unit.h"

#include "inventory.h"

#define CP(id, vl, mac, ips)                                                           \
	"{'id':'" id "','virtualLinkId':'" vl "','cpProtocolInfo':[{'ipOverEthernet':" \
	"{'macAddress':'" mac "','ipAddresses':[{'addresses':[" ips "]}]}}]}"
#define VNF(id, vnfc, rest, cps)                                                       \
	"{'id':'" id "','vnfInstanceName':'" id "','instantiatedVnfInfo':"             \
	"{'vnfcResourceInfo':[{'id':'" vnfc "','computeResource':{'hostId':'h1'}" rest \
	",'vnfcCpInfo':[" cps "]}]}}"

/* Two tenants with the same addresses, a router of theirs, hosts and switches beneath. */
static const char text[] =
    "{'virtualLinks':[{'id':'l1','segmentationId':101},{'id':'l2','segmentationId':102},"
    "{'id':'l3','networkType':'vlan','segmentationId':7}],"
    "'vnfInstances':["
    /* clang-format off */
    VNF("v1", "c1", "",
	CP("p1", "l1", "02:00:00:00:00:01", "'10.0.0.1','2001:db8:9::1'") ","
	CP("p2", "l1", "02:00:00:00:00:02", "'10.0.0.2','172.16.0.9'")) ","
    VNF("v2", "c2", "",
	CP("q1", "l2", "02:00:00:00:00:01", "'10.0.0.1'") ","
	CP("q3", "l3", "02:00:00:00:00:03", "'10.0.0.3','192.0.2.2'")) ","
    VNF("v3", "edge", ",'routerIds':['10.9.9.9','10.9.9.8'],'loopbacks':['10.255.0.3']",
	CP("e1", "l3", "02:00:00:00:00:04", "'10.0.0.4','10.255.0.3'")) "],"
    "'hosts':[{'id':'h1','mgmtIp':'192.0.2.1','loopbacks':['10.255.0.1','2001:db8::1'],"
	"'vSwitches':[{'ports':[{'name':'vx','vni':7002,'virtualLinkId':'l2'}]}]},"
    "{'id':'h2','mgmtIp':'192.0.2.2','routerIds':['0000.0000.0002']}],"
    "'physicalSwitches':[{'id':'s1','mgmtIp':'192.0.2.11',"
	"'routerIds':['10.255.0.11','0000.0000.0011','10.9.9.8']},"
    "{'id':'s2','mgmtIp':'192.0.2.12','loopbacks':['10.255.0.12','10.255.0.99']},"
    "{'id':'s3','mgmtIp':'192.0.2.13','loopbacks':['10.255.0.99','10.9.9.8'],'routerIds':['10.0.0.3']}]}";
/* clang-format on */

static struct vnm_topology *t;
static struct vnm_counters counters;

static void
load(void)
{
	t = load_text(text);
	CU_ASSERT_PTR_NOT_NULL_FATAL(t);
	memset(&counters, 0, sizeof(counters));
}

static void
begin_route(struct vnm_record *r, uint16_t afi, uint8_t safi)
{
	begin(r, VNM_KIND_route, "192.0.2.11", "bmp");
	VNM_SET(r, route, afi, afi);
	VNM_SET(r, route, safi, safi);
}

static void
name(struct vnm_record *r)
{
	vnm_topology_correlate(t, r, &counters);
}

/* ---- who sends ----------------------------------------------------------------------------- */

static void
test_routers(void)
{
	static const struct {
		const char *exporter, *id, *node;
	} rows[] = {{"192.0.2.11", NULL, "s1"}, {"198.51.100.1", "10.255.0.11", "s1"},
	    {"198.51.100.1", "10.255.0.12", "s2"}, /* a loopback */
	    {"192.0.2.12", "10.255.0.11", "s2"},   /* where it really comes from */
	    {"198.51.100.1", "10.9.9.9", "edge"}, {"198.51.100.1", "10.0.0.2", NULL}, /* a CP's */
	    {"198.51.100.1", "10.0.0.3", "s3"}, /* a CP's too */
	    {"198.51.100.1", "10.9.9.8", NULL}, /* of two */
	    {"198.51.100.1", "10.255.0.99", NULL}, {"198.51.100.1", "192.0.2.2", "h2"}};
	static const enum vnm_kind kinds[] = {VNM_KIND_route, VNM_KIND_peer, VNM_KIND_linkstate,
	    VNM_KIND_topology_event, VNM_KIND_interface};
	struct vnm_record r;

	load();
	for (size_t i = 0; i < VNM_ARRAY_LEN(rows); i++) {
		for (size_t k = 0; k < VNM_ARRAY_LEN(kinds); k++) {
			begin(&r, kinds[k], rows[i].exporter, "bmp");
			if (rows[i].id != NULL)
				VNM_SET(&r, env, agent_addr, addr(rows[i].id));
			name(&r);
			if (kinds[k] != VNM_KIND_interface)
				IS(&r, "node_id", rows[i].node);
		}
	}
	/* Others' agents call themselves by an address. */
	begin(&r, VNM_KIND_interface, "198.51.100.1", "sflow");
	VNM_SET(&r, env, agent_addr, addr("10.255.0.11"));
	name(&r);
	IS(&r, "node_id", NULL);
	vnm_topology_free(t);
}

/* ---- next hops and peers ------------------------------------------------------------------- */

static void
test_next_hops(void)
{
	static const struct {
		const char *hop;
		uint8_t safi;
		bool instance;
		const char *node, *host, *vnf, *cp, *match;
	} rows[] = {{"192.0.2.1", 1, false, "h1", "h1", NULL, NULL, "ip"},
	    {"2001:db8::1", 128, false, "h1", "h1", NULL, NULL, "ip"},
	    {"::ffff:192.0.2.1", 1, false, "h1", "h1", NULL, NULL, "ip"},
	    {"192.0.2.12", 1, false, "s2", NULL, NULL, NULL, "ip"},
	    {"10.0.0.2", 1, false, "c1", "h1", "v1", "p2", "ip"},
	    {"10.0.0.2", 1, true, "c1", "h1", "v1", "p2", "ip"},
	    {"10.255.0.3", 1, false, "edge", "h1", "v3", "e1", "ip"},
	    {"10.255.0.99", 1, false, NULL, NULL, NULL, NULL, NULL}, /* of two switches */
	    {"10.0.0.1", 1, false, NULL, NULL, NULL, NULL, NULL},    /* of two tenants */
	    {"192.0.2.2", 1, false, "h2", "h2", NULL, NULL, "ip"},   /* a tenant's too */
	    {"192.0.2.2", 70, true, "h2", "h2", NULL, NULL, "ip"},
	    {"192.0.2.2", 1, true, NULL, NULL, NULL, NULL, NULL}, /* ... in its instance */
	    {"198.51.100.7", 1, false, NULL, NULL, NULL, NULL, NULL},
	    {"0.0.0.0", 1, false, NULL, NULL, NULL, NULL, NULL}};
	struct vnm_record r;

	load();
	for (size_t i = 0; i < VNM_ARRAY_LEN(rows); i++) {
		begin_route(&r, rows[i].safi == 70 ? 25 : 1, rows[i].safi);
		VNM_SET(&r, route, next_hop, addr(rows[i].hop));
		if (rows[i].instance)
			VNM_SET(&r, route, peer_distinguisher, VNM_STR("65000:7"));
		name(&r);
		IS(&r, "next_hop_node_id", rows[i].node);
		IS(&r, "next_hop_host_id", rows[i].host);
		IS(&r, "next_hop_vnf_id", rows[i].vnf);
		IS(&r, "next_hop_vnf_name", rows[i].vnf);
		IS(&r, "next_hop_cp_id", rows[i].cp);
		IS(&r, "topology_match", rows[i].match);
		IS(&r, "node_id", "s1");
		IS(&r, "vnf_id", NULL);
		IS(&r, "host_id", NULL);
	}
	CU_ASSERT_EQUAL(counters.v[VNM_C_routes_named], 9);
	CU_ASSERT_EQUAL(counters.v[VNM_C_routes_unnamed], 5);
	CU_ASSERT_EQUAL(counters.v[VNM_C_named] + counters.v[VNM_C_unnamed], 0);
	vnm_topology_free(t);
}

static void
test_peers(void)
{
	static const struct {
		const char *addr, *id;
		bool instance;
		const char *node, *vnf, *cp, *match;
	} rows[] = {{"192.0.2.12", NULL, false, "s2", NULL, NULL, "ip"},
	    {"192.0.2.12", "10.255.0.11", false, "s2", NULL, NULL, "ip"},
	    {"198.51.100.9", "10.255.0.11", false, "s1", NULL, NULL, "router-id"},
	    {"198.51.100.9", "10.255.0.11", true, NULL, NULL, NULL, NULL},
	    {"10.0.0.4", "10.9.9.9", false, "edge", "v3", "e1", "ip"},
	    {"10.0.0.1", "1.1.1.1", false, NULL, NULL, NULL, NULL},
	    {"192.0.2.2", NULL, true, NULL, NULL, NULL, NULL},
	    {"0.0.0.0", "10.255.0.11", false, NULL, NULL, NULL, NULL},
	    {NULL, "10.255.0.11", false, NULL, NULL, NULL, NULL}};
	struct vnm_record r;

	load();
	for (size_t i = 0; i < VNM_ARRAY_LEN(rows); i++) {
		begin(&r, VNM_KIND_peer, "192.0.2.11", "bmp");
		if (rows[i].addr != NULL)
			VNM_SET(&r, peer, peer_addr, addr(rows[i].addr));
		if (rows[i].id != NULL)
			VNM_SET(&r, peer, peer_bgp_id, addr(rows[i].id));
		if (rows[i].instance)
			VNM_SET(&r, peer, peer_distinguisher, VNM_STR("65000:7"));
		name(&r);
		IS(&r, "peer_node_id", rows[i].node);
		IS(&r, "peer_vnf_id", rows[i].vnf);
		IS(&r, "peer_cp_id", rows[i].cp);
		IS(&r, "topology_match", rows[i].match);
		IS(&r, "vnf_id", NULL);
	}
	/* An event of a router that is a VNFC is about it. */
	begin(&r, VNM_KIND_peer, "198.51.100.1", "bmp");
	VNM_SET(&r, env, agent_addr, addr("10.9.9.9"));
	name(&r);
	IS(&r, "node_id", "edge");
	IS(&r, "host_id", "h1");
	IS(&r, "vnf_id", "v3");
	IS(&r, "topology_match", "router-id");
	begin_route(&r, 1, 1);
	VNM_SET(&r, route, peer_addr, addr("192.0.2.12"));
	name(&r);
	IS(&r, "peer_node_id", "s2");
	IS(&r, "topology_match", NULL); /* nothing of the route itself */
	vnm_topology_free(t);
}

/* ---- what a route is about ----------------------------------------------------------------- */

static void
test_evpn(void)
{
	static const struct {
		const char *hop, *mac, *ip;
		uint32_t vni;
		const char *cp, *vl, *match;
	} rows[] = {{"192.0.2.11", "02:00:00:00:00:02", NULL, 101, "p2", "l1", "mac"},
	    {"192.0.2.11", "02:00:00:00:00:02", "10.0.0.2", 101, "p2", "l1", "mac"},
	    {"192.0.2.11", "02:00:00:00:00:02", "10.0.0.2", 0, "p2", "l1", "mac"},
	    {"192.0.2.11", "02:00:00:00:00:09", "10.0.0.2", 101, "p2", "l1", "ip"},
	    /* the same address twice: the VNI tells, also as its VTEP alone means it */
	    {"192.0.2.11", "02:00:00:00:00:01", "10.0.0.1", 101, "p1", "l1", "mac"},
	    {"192.0.2.11", "02:00:00:00:00:01", "10.0.0.1", 102, "q1", "l2", "mac"},
	    {"192.0.2.1", "02:00:00:00:00:01", "10.0.0.1", 7002, "q1", "l2", "mac"},
	    {"192.0.2.11", "02:00:00:00:00:01", "10.0.0.1", 7002, NULL, NULL, "ip"},
	    {"192.0.2.11", "02:00:00:00:00:01", "10.0.0.1", 0, NULL, NULL, "ip"},
	    /* two that contradict each other */
	    {"192.0.2.11", "02:00:00:00:00:02", "10.0.0.1", 101, NULL, "l1", "vni"},
	    {"192.0.2.11", "02:00:00:00:00:02", "10.0.0.2", 102, NULL, "l2", "vni"},
	    {"192.0.2.11", "02:00:00:00:00:02", "10.0.0.2", 999, NULL, NULL, "ip"},
	    /* of a VLAN's link nobody knows the VNI */
	    {"192.0.2.11", "02:00:00:00:00:03", "10.0.0.3", 999, "q3", "l3", "mac"},
	    {"198.51.100.1", "02:00:00:00:00:77", "10.0.0.77", 999, NULL, NULL, NULL}};
	struct vnm_record r;
	struct vnm_mac mac;

	load();
	for (size_t i = 0; i < VNM_ARRAY_LEN(rows); i++) {
		begin_route(&r, 25, 70);
		VNM_SET(&r, route, route_type, 2);
		VNM_SET(&r, route, next_hop, addr(rows[i].hop));
		CU_ASSERT_TRUE(vnm_mac_parse(&mac, rows[i].mac));
		VNM_SET(&r, route, mac, mac);
		if (rows[i].ip != NULL)
			VNM_SET(&r, route, ip, addr(rows[i].ip));
		VNM_SET(&r, route, vni, rows[i].vni);
		name(&r);
		IS(&r, "cp_id", rows[i].cp);
		IS(&r, "vl_id", rows[i].vl);
		IS(&r, "about_host_id", rows[i].cp != NULL ? "h1" : NULL);
		IS(&r, "topology_match", rows[i].match);
	}
	vnm_topology_free(t);
}

/* The address of types 3 and 4 is a router's, not a tenant's; the tunnel has the VNI. */
static void
test_evpn_routers(void)
{
	const struct vnm_pair tunnel[] = {{.name = "type", .type = VNM_PAIR_U64, .u64 = 6},
	    {.name = "vni", .type = VNM_PAIR_U64, .u64 = 102}};
	struct vnm_record r;

	load();
	for (uint8_t type = 1; type <= 11; type++) {
		begin_route(&r, 25, 70);
		VNM_SET(&r, route, route_type, type);
		VNM_SET(&r, route, ip, addr("10.0.0.2"));
		VNM_SET(&r, route, pmsi_tunnel, (struct vnm_pairs){tunnel, 2});
		name(&r);
		IS(&r, "cp_id", NULL); /* of type 2 for the VNI */
		IS(&r, "vl_id", "l2");
		IS(&r, "topology_match", "vni");
	}
	vnm_topology_free(t);
}

static void
test_host_routes(void)
{
	static const struct {
		uint16_t afi;
		uint8_t safi;
		const char *prefix;
		uint8_t len;
		const char *cp, *node, *host;
	} rows[] = {{1, 1, "10.0.0.2/32", 32, "p2", "c1", "h1"},
	    {1, 4, "10.0.0.2/32", 32, "p2", "c1", "h1"},
	    {1, 128, "10.0.0.2/32", 32, "p2", "c1", "h1"},
	    {2, 1, "2001:db8:9::1/128", 128, "p1", "c1", "h1"},
	    {25, 70, "10.0.0.2/32", 32, "p2", "c1", "h1"},
	    {1, 1, "10.255.0.1/32", 32, NULL, "h1", "h1"},
	    {1, 1, "10.255.0.12/32", 32, NULL, "s2", NULL},
	    {1, 1, "192.0.2.2/32", 32, NULL, "h2", "h2"}, /* a tenant's too */
	    {1, 128, "192.0.2.2/32", 32, NULL, NULL, NULL},
	    {1, 1, "10.0.0.1/32", 32, NULL, NULL, NULL},
	    {1, 1, "10.0.0.2/31", 31, NULL, NULL, NULL},
	    {2, 1, "2001:db8:9::1/32", 32, NULL, NULL, NULL},
	    {1, 133, "10.0.0.2/32", 32, NULL, NULL, NULL},
	    {1, 1, "10.0.0.200/32", 32, NULL, NULL, NULL}};
	struct vnm_record r;

	load();
	for (size_t i = 0; i < VNM_ARRAY_LEN(rows); i++) {
		begin_route(&r, rows[i].afi, rows[i].safi);
		VNM_SET(&r, route, prefix, vnm_str_of(rows[i].prefix));
		VNM_SET(&r, route, prefix_len, rows[i].len);
		if (rows[i].safi == 70)
			VNM_SET(&r, route, route_type, 5);
		name(&r);
		IS(&r, "cp_id", rows[i].cp);
		IS(&r, "about_node_id", rows[i].node);
		IS(&r, "about_host_id", rows[i].host);
		IS(&r, "topology_match", rows[i].node != NULL ? "ip" : NULL);
	}
	vnm_topology_free(t);
}

/* ---- link state ---------------------------------------------------------------------------- */

static struct vnm_pair
pair_addr(const char *pair_name, const char *a)
{
	return (struct vnm_pair){.name = pair_name, .type = VNM_PAIR_ADDR, .addr = addr(a)};
}

static void
test_nodes(void)
{
	static const struct {
		const char *igp, *bgp, *attribute;
		const char *node, *match;
	} rows[] = {{"0000.0000.0011", NULL, NULL, "s1", "router-id"},
	    {"10.255.0.11", NULL, NULL, "s1", "router-id"},
	    {"10.255.0.12", NULL, NULL, "s2", "router-id"}, /* a loopback */
	    {NULL, "10.255.0.11", NULL, "s1", "router-id"},
	    {"0000.0000.0077", NULL, "10.255.0.12", "s2", "ip"},
	    {"0000.0000.0011", NULL, "192.0.2.11", "s1", "router-id"},
	    {"0000.0000.0011", NULL, "10.255.0.12", NULL, NULL}, /* they lead to different ones */
	    {"0000.0000.0011", "10.255.0.12", NULL, NULL, NULL},
	    {"0000.0000.0011.02", NULL, "192.0.2.11", NULL, NULL}, /* pseudonodes */
	    {"10.255.0.11:10.1.1.1", NULL, NULL, NULL, NULL},
	    {"0000.0000.0077", NULL, "198.51.100.1", NULL, NULL}, {NULL, NULL, NULL, NULL, NULL}};
	struct vnm_record r;

	load();
	for (size_t i = 0; i < VNM_ARRAY_LEN(rows); i++) {
		for (unsigned remote = 0; remote < 2; remote++) {
			struct vnm_pair id, attribute;

			begin(&r, VNM_KIND_linkstate, "192.0.2.11", "bmp");
			if (rows[i].bgp != NULL)
				id = pair_addr("bgp_router_id", rows[i].bgp);
			const struct vnm_pairs ids = {&id, rows[i].bgp != NULL};
			VNM_SET(&r, linkstate, local_node, remote ? (struct vnm_pairs){0} : ids);
			if (remote)
				VNM_SET(&r, linkstate, remote_node, ids);
			if (rows[i].igp != NULL && remote)
				VNM_SET(
				    &r, linkstate, remote_igp_router_id, vnm_str_of(rows[i].igp));
			else if (rows[i].igp != NULL)
				VNM_SET(
				    &r, linkstate, local_igp_router_id, vnm_str_of(rows[i].igp));
			if (rows[i].attribute != NULL) {
				attribute = pair_addr(remote ? "ipv4_router_id_of_remote_node"
							     : "ipv4_router_id_of_local_node",
				    rows[i].attribute);
				VNM_SET(
				    &r, linkstate, attributes, (struct vnm_pairs){&attribute, 1});
			}
			name(&r);
			IS(&r, remote ? "remote_node_id" : "local_node_id", rows[i].node);
			IS(&r, remote ? "local_node_id" : "remote_node_id", NULL);
			IS(&r, "topology_match", rows[i].match);
		}
	}
	begin(&r, VNM_KIND_linkstate, "192.0.2.11", "bmp");
	VNM_SET(&r, linkstate, local_node, (struct vnm_pairs){0});
	VNM_SET(&r, linkstate, local_igp_router_id, VNM_STR("10.9.9.9"));
	name(&r);
	IS(&r, "local_node_id", "edge");
	IS(&r, "vnf_id", "v3");
	vnm_topology_free(t);
}

CU_TestInfo suite_topology_route[] = {{"routers", test_routers}, {"next hops", test_next_hops},
    {"peers", test_peers}, {"EVPN: MAC and IP addresses", test_evpn},
    {"EVPN: routers' addresses", test_evpn_routers}, {"routes to one address", test_host_routes},
    {"nodes of an IGP", test_nodes}, CU_TEST_INFO_NULL};
