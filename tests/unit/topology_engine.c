/*
 * topology/engine.c and correlate_alarm.c: which device a notification is of, by addresses and by
 * SNMP engine ids (RFC 3411, RFC 3413 section 3.5), in that order and no other.
 */
#include "unit.h"

#include "inventory.h"

#include "base/engine_id.h"

/* clang-format off */
static const char text[] =
    "{'vnfInstances':[{'id':'v','instantiatedVnfInfo':{'vnfcResourceInfo':[{'id':'fw',"
	"'computeResource':{'hostId':'h'},'engineIds':['80:00:1f:88:04:66:77'],"
	"'vnfcCpInfo':[{'id':'p','ifIndexInVnf':3,'cpProtocolInfo':[{'ipOverEthernet':"
	"{'ipAddresses':[{'addresses':['10.0.0.1']}]}}]}]}]}}],"
    "'hosts':[{'id':'h','mgmtIp':'192.0.2.1','engineIds':['0x80001F880468','80001f88046801']},"
	"{'id':'proxy','mgmtIp':'192.0.2.2','engineIds':['80001f880470']},"
	"{'id':'clone','mgmtIp':'192.0.2.3','engineIds':['80001f880463','80001f880464']}],"
    "'physicalSwitches':[{'id':'s','mgmtIp':'192.0.2.4','mgmtIp6':'2001:db8::4',"
	"'engineIds':['80001f880463','80001f880464','80001f880464','80001f8804ff']}]}";
/* clang-format on */

#define FW "80001f88046677"
#define H "80001f880468"
#define PROXY "80001f880470"
#define SHARED "80001f880463" /* of two nodes */
#define STRANGE "80001f880499"
#define OWN "80007ed9046f776e"	  /* the collector's */
#define HINT "80000a4c01c0000204" /* 192.0.2.4 */
#define HINT6 "800000090220010db8000000000000000000000004"

static struct vnm_slice
engine(const char *digits, uint8_t octets[VNM_SNMP_ENGINE_ID_MAX])
{
	return (struct vnm_slice){octets, vnm_engine_id_read(digits, strlen(digits), octets)};
}

struct notification {
	const char *type, *exporter, *agent, *engine, *context;
	const char *node, *origin, *match;
};

static void
check(const struct vnm_topology *t, const struct notification *n)
{
	uint8_t a[VNM_SNMP_ENGINE_ID_MAX], b[VNM_SNMP_ENGINE_ID_MAX];
	struct vnm_counters counters = {0};
	struct vnm_record r;

	begin(&r, VNM_KIND_alarm, n->exporter, "snmp");
	VNM_SET(&r, alarm, pdu_type, vnm_str_of(n->type));
	if (n->agent != NULL) {
		VNM_SET(&r, env, agent_addr, addr(n->agent));
		VNM_SET(&r, alarm, source_origin, VNM_STR("trap-address"));
	}
	if (n->engine != NULL)
		VNM_SET(&r, alarm, engine_id, engine(n->engine, a));
	if (n->context != NULL)
		VNM_SET(&r, alarm, context_engine_id, engine(n->context, b));
	vnm_topology_correlate(t, &r, &counters);
	IS(&r, "node_id", n->node);
	IS(&r, "source_origin", n->origin);
	IS(&r, "topology_match", n->match);
	IS(&r, "vnfc_id", n->match != NULL ? "fw" : NULL);
	CU_ASSERT_EQUAL(counters.v[VNM_C_named], n->match != NULL);
	CU_ASSERT_EQUAL(counters.v[VNM_C_unnamed], n->match == NULL);
}

static void
test_order(void)
{
	static const struct notification rows[] = {
	    /* A proxy's trap: the address in the trap, the context, the proxy. */
	    {"trap", "192.0.2.2", "192.0.2.1", PROXY, FW, "h", "trap-address", NULL},
	    {"trap", "192.0.2.2", "198.51.100.1", PROXY, FW, "fw", "context-engine", "engine-id"},
	    {"trap", "192.0.2.2", NULL, PROXY, FW, "fw", "context-engine", "engine-id"},
	    {"trap", "192.0.2.2", NULL, STRANGE, H, "h", "context-engine", NULL},
	    {"trap", "192.0.2.2", NULL, NULL, H, "h", "context-engine", NULL},
	    {"trap", "192.0.2.2", NULL, PROXY, STRANGE, "proxy", NULL, NULL},
	    {"trap", "192.0.2.2", NULL, PROXY, SHARED, "proxy", NULL, NULL},
	    {"trap", "192.0.2.2", NULL, PROXY, NULL, "proxy", NULL, NULL},
	    /* Its own: the address before the engine. */
	    {"trap", "192.0.2.2", NULL, FW, FW, "proxy", NULL, NULL},
	    {"trap", "10.0.0.1", NULL, H, H, "fw", NULL, "ip"},
	    {"trap", "198.51.100.1", NULL, FW, FW, "fw", "context-engine", "engine-id"},
	    {"trap", "198.51.100.1", NULL, H "01", H "01", "h", "context-engine", NULL},
	    {"trap", "198.51.100.1", NULL, SHARED, SHARED, NULL, NULL, NULL},
	    {"trap", "198.51.100.1", NULL, "80001f8804ff", "80001f8804ff", "s", "context-engine",
		NULL},
	    {"trap", "198.51.100.1", NULL, STRANGE, STRANGE, NULL, NULL, NULL},
	    /* A program that sends for a device, with a context of its own. */
	    {"trap", "198.51.100.1", NULL, H, STRANGE, "h", "sender-engine", NULL},
	    {"trap", "198.51.100.1", NULL, FW, NULL, "fw", "sender-engine", "engine-id"},
	    {"trap", "192.0.2.2", NULL, FW, STRANGE, "proxy", NULL, NULL},
	    /* Longer and shorter than what is listed. */
	    {"trap", "198.51.100.1", NULL, H "02", H "02", NULL, NULL, NULL},
	    {"trap", "198.51.100.1", NULL, "80001f8804", "80001f8804", NULL, NULL, NULL},
	    /* Of an inform the authoritative engine is the receiver's. */
	    {"inform", "192.0.2.2", NULL, OWN, FW, "fw", "context-engine", "engine-id"},
	    {"inform", "192.0.2.2", NULL, OWN, STRANGE, "proxy", NULL, NULL},
	    {"inform", "198.51.100.1", NULL, OWN, FW, "fw", "context-engine", "engine-id"},
	    {"inform", "198.51.100.1", NULL, FW, FW, NULL, NULL, NULL},
	    {"inform", "198.51.100.1", NULL, FW, STRANGE, NULL, NULL, NULL},
	    {"inform", "198.51.100.1", NULL, FW, NULL, NULL, NULL, NULL},
	    /* Versions 1 and 2c have no engines. */
	    {"trap", "192.0.2.1", NULL, NULL, NULL, "h", NULL, NULL},
	    {"trap", "192.0.2.2", "192.0.2.1", NULL, NULL, "h", "trap-address", NULL}};
	struct vnm_topology *t = load_text(text);

	for (size_t i = 0; i < VNM_ARRAY_LEN(rows); i++)
		check(t, &rows[i]);
	vnm_topology_free(t);
}

static void
test_hints(void)
{
	static const struct notification rows[] = {
	    {"trap", "192.0.2.2", NULL, PROXY, HINT, "s", "engine-address", NULL},
	    {"trap", "192.0.2.2", NULL, PROXY, HINT6, "s", "engine-address", NULL},
	    {"trap", "192.0.2.2", NULL, HINT, HINT, "proxy", NULL, NULL},
	    {"trap", "198.51.100.1", NULL, HINT, HINT, "s", "engine-address", NULL},
	    {"inform", "192.0.2.2", NULL, OWN, HINT, "proxy", NULL, NULL},
	    {"inform", "198.51.100.1", NULL, OWN, HINT, "s", "engine-address", NULL},
	    {"inform", "198.51.100.1", NULL, HINT, HINT, NULL, NULL, NULL},
	    {"trap", "198.51.100.1", NULL, HINT, STRANGE, "s", "engine-address", NULL},
	    {"trap", "192.0.2.2", "192.0.2.1", PROXY, HINT, "h", "trap-address", NULL},
	    {"trap", "198.51.100.1", NULL, "80000a4c01c6336401", "80000a4c01c6336401", NULL, NULL,
		NULL}, /* an address that nobody has */
	    {"trap", "192.0.2.2", NULL, PROXY, "80000a4c010a000001", "fw", "engine-address",
		"engine-id"}};
	static const char *const listed =
	    "{'hosts':[{'id':'a','mgmtIp':'192.0.2.4'},{'id':'b','mgmtIp':'192.0.2.5',"
	    "'engineIds':['" HINT "']}]}";
	static const struct notification of_b = {
	    "trap", "198.51.100.1", NULL, HINT, HINT, "b", "context-engine", NULL};
	struct vnm_topology *t = load_text(text);

	for (size_t i = 0; i < VNM_ARRAY_LEN(rows); i++)
		check(t, &rows[i]);
	vnm_topology_free(t);
	t = load_text(listed); /* who lists it goes before who has its address */
	check(t, &of_b);
	vnm_topology_free(t);
}

/* A port of the node that the engine named. */
static void
test_port(void)
{
	struct vnm_topology *t = load_text(text);
	uint8_t a[VNM_SNMP_ENGINE_ID_MAX], b[VNM_SNMP_ENGINE_ID_MAX];
	struct vnm_counters counters = {0};
	struct vnm_record r;

	begin(&r, VNM_KIND_alarm, "192.0.2.2", "snmp");
	VNM_SET(&r, alarm, pdu_type, VNM_STR("trap"));
	VNM_SET(&r, alarm, engine_id, engine(PROXY, a));
	VNM_SET(&r, alarm, context_engine_id, engine(FW, b));
	VNM_SET(&r, alarm, if_index, 3);
	vnm_topology_correlate(t, &r, &counters);
	IS(&r, "node_id", "fw");
	IS(&r, "host_id", "h");
	IS(&r, "cp_id", "p");
	IS(&r, "topology_match", "ifindex");
	vnm_topology_free(t);
}

CU_TestInfo suite_topology_engine[] = {
    {"whose notification it is", test_order},
    {"addresses in engine ids", test_hints},
    {"port of whom an engine named", test_port},
    CU_TEST_INFO_NULL,
};
