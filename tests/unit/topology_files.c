/*
 * topology/load_json.c: the operator's mistakes are named with their places, files add to each
 * other, and short memory is survived.
 */
#include "unit.h"

#include "inventory.h"

#include "base/alloc.h"

#include <stdio.h>

static const struct {
	const char *text;
	unsigned line;
	const char *message;
} mistakes[] = {
    {"{\n 'hosts': [\n  {'id': }\n ]\n}", 3, "is not JSON: unexpected character"},
    {"{\n 'hosts': [\n", 3, "is not JSON: unexpected end of data"},
    {"", 1, "is not a JSON object"},
    {"{} x", 1, "is not JSON: more follows its end"},
    {"{'hosts' []}", 1, "is not JSON: unexpected character"},
    {"{'later':{},'hosts':[{'id':'a'} 7]}", 1, "is not JSON: unexpected character"},
    {"[]", 1, "is not a JSON object"},
    {"{'hosts':{}}", 1, "hosts is an object, not an array"},
    {"{'hosts':[{'id':'a'},7]}", 1, "hosts[1] is a number, not an object"},
    {"{'hosts':[\n{'id':'a'},\n{\n}]}", 3, "hosts[1] has no \"id\""},
    {"{\n'hosts':\n[{\n'id':''}]}", 3, "hosts[0].id is empty"},
    {"{'hosts':[{'id':5}]}", 1, "hosts[0].id is a number, not text"},
    {"{'hosts':[{'id':'a','mgmtIp':'10.0.0'}]}", 1,
	"hosts[0].mgmtIp is \"10.0.0\", not an IP address"},
    {"{'hosts':[{'id':'a','loopbacks':'10.0.0.1'}]}", 1,
	"hosts[0].loopbacks is text, not an array"},
    {"{'physicalSwitches':[{'id':'a','loopbacks':['10.0.0.1','x']}]}", 1,
	"physicalSwitches[0].loopbacks[1] is \"x\", not an IP address"},
    {"{'hosts':[{'id':'a','routerIds':['10.0.0.1',\n7]}]}", 1,
	"hosts[0].routerIds[1] is a number, not text"},
    {"{'hosts':[{'id':'a','routerIds':['2001:db8::1']}]}", 1,
	"hosts[0].routerIds[0] is \"2001:db8::1\", not a router id like 192.0.2.1 or "
	"0000.0000.0001"},
    {"{'hosts':[{'id':'a','routerIds':['0.0.0.0']}]}", 1,
	"hosts[0].routerIds[0] is \"0.0.0.0\", not a router id like 192.0.2.1 or "
	"0000.0000.0001"},
    {"{'vnfInstances':[{'id':'v','instantiatedVnfInfo':{'vnfcResourceInfo':[{'id':'c',"
     "'routerIds':['0000.0000.000g']}]}}]}",
	1,
	"vnfInstances[0].instantiatedVnfInfo.vnfcResourceInfo[0].routerIds[0] is "
	"\"0000.0000.000g\", not a router id like 192.0.2.1 or 0000.0000.0001"},
    {"{'hosts':[{'id':'a','engineIds':'80001f8804'}]}", 1,
	"hosts[0].engineIds is text, not an array"},
    {"{'hosts':[{'id':'a','engineIds':['80001f8804',\n'80001f88']}]}", 1,
	"hosts[0].engineIds[1] is \"80001f88\", not an engine id of 5 to 32 octets in hexadecimal "
	"digits"},
    {"{'physicalSwitches':[{'id':'a','engineIds':[80001]}]}", 1,
	"physicalSwitches[0].engineIds[0] is a number, not text"},
    {"{'vnfInstances':[{'id':'v','instantiatedVnfInfo':{'vnfcResourceInfo':[{'id':'c',"
     "'engineIds':['80001f8804\\u0000zz']}]}}]}",
	1,
	"vnfInstances[0].instantiatedVnfInfo.vnfcResourceInfo[0].engineIds[0] is "
	"\"80001f8804\", not an engine id of 5 to 32 octets in hexadecimal digits"},
    {"{'hosts':[{'id':'a','netflow5Interfaces':'x'}]}", 1,
	"hosts[0] has netflow5Interfaces \"x\", not ofPort or ifIndex"},
    {"{'hosts':[{'id':'a','vSwitches':[{'ports':[{'name':'p','ifIndex':'7'}]}]}]}", 1,
	"hosts[0].vSwitches[0].ports[0].ifIndex is text, not a whole number"},
    {"{'hosts':[{'id':'a','vSwitches':[{'ports':[{'name':'p','ifIndex':-1}]}]}]}", 1,
	"hosts[0].vSwitches[0].ports[0].ifIndex is -1, not within 0 to 4294967295"},
    {"{'hosts':[{'id':'a','physicalPorts':[{'name':'p'},{'name':'p'}]}]}", 1,
	"hosts[0].physicalPorts[1].name is \"p\", as is hosts[0].physicalPorts[0].name"},
    {"{'hosts':[{'id':'a','physicalPorts':[{'name':'p','ifIndex':3}],"
     "'vSwitches':[{'ports':[{'name':'p','ifIndex':4}]}]}]}",
	1, "hosts[0].vSwitches[0].ports[0] has ifIndex 4, but elsewhere 3"},
    {"{'hosts':[{'id':'a'}],'physicalSwitches':[{'id':'b'},{'id':'a'}]}", 1,
	"physicalSwitches[1].id is \"a\", as is hosts[0].id"},
    {"{'virtualLinks':[{'id':'l','segmentationId':'12x'}]}", 1,
	"virtualLinks[0].segmentationId is \"12x\", not a number within 0 to 4294967295"},
    {"{'vnfInstances':[{'id':'v','instantiatedVnfInfo':{'vnfcResourceInfo':[{'id':'c',"
     "'vnfcCpInfo':[{'id':'p','cpProtocolInfo':[{'ipOverEthernet':"
     "{'macAddress':'02:00'}}]}]}]}}]}",
	1,
	"vnfInstances[0].instantiatedVnfInfo.vnfcResourceInfo[0].vnfcCpInfo[0]"
	".cpProtocolInfo[0].ipOverEthernet.macAddress is \"02:00\", not a MAC address"},
    {"{'vnfInstances':[{'id':'v','instantiatedVnfInfo':{'vnfcResourceInfo':[{'id':'c'},"
     "{'id':'c'}]}}]}",
	1,
	"vnfInstances[0].instantiatedVnfInfo.vnfcResourceInfo[1].id is \"c\", as is "
	"vnfInstances[0].instantiatedVnfInfo.vnfcResourceInfo[0].id"},
    {"{'hosts':[{'id':'h','physicalPorts':[{'name':'t','ifIndex':3}]}],'vnfInstances':["
     "{'id':'v','instantiatedVnfInfo':{'vnfcResourceInfo':[{'id':'c','vnfcCpInfo':["
     "{'id':'p','attachment':{'hostId':'h','port':'t','ifIndex':4}}]}]}}]}",
	1,
	"vnfInstances[0].instantiatedVnfInfo.vnfcResourceInfo[0].vnfcCpInfo[0].id: its "
	"attachment has ifIndex 4, but hosts[0].physicalPorts[0].name has 3"},
};

static void
test_mistakes(void)
{
	char path[1][32];

	for (size_t i = 0; i < VNM_ARRAY_LEN(mistakes); i++) {
		struct vnm_err err = {.text = "no error"};
		struct vnm_topology *t = load_texts(&mistakes[i].text, 1, path, &err);
		CU_ASSERT_PTR_NULL(t);
		CU_ASSERT_STRING_EQUAL(err.text, mistakes[i].message);
		CU_ASSERT_STRING_EQUAL(err.file, path[0]);
		CU_ASSERT_EQUAL(err.line, mistakes[i].line);
		if (strcmp(err.text, mistakes[i].message) != 0)
			printf("\n    got: %s", err.text);
	}
	struct vnm_err err;
	CU_ASSERT_PTR_NULL(load_file("/nonexistent/topology.json", &err));
	CU_ASSERT_STRING_EQUAL(err.text, "cannot be opened: No such file or directory");
}

/* Files add to each other, and may not say the same thing twice. */
static void
test_files(void)
{
	static const char *const texts[] = {
	    "{'virtualLinks':[{'id':'l','nsInstanceName':'n','segmentationId':9}],'later':[1,2]}",
	    "{'nsInstances':[{'id':'i','nsInstanceName':'n','vnfInstanceIds':['gone']}]}",
	    "{'hosts':[{'id':'h','unknown':null}],'virtualLinks':[{'id':'k'},{'id':'l'}]}"};
	struct vnm_topology_size size;
	struct vnm_err err = {.text = ""};
	struct vnm_counters counters;
	struct vnm_record r;
	char paths[3][32], want[128];

	struct vnm_topology *t = load_texts(texts, 2, paths, &err);
	CU_ASSERT_STRING_EQUAL(err.text, "");
	CU_ASSERT_PTR_NOT_NULL_FATAL(t);
	memset(&counters, 0, sizeof(counters));
	begin(&r, VNM_KIND_flow, "192.0.2.1", "ipfix");
	VNM_SET(&r, flow, vni, 9);
	vnm_topology_correlate(t, &r, &counters);
	IS(&r, "ns_id", "i");
	vnm_topology_size(t, &size);
	CU_ASSERT_EQUAL(size.network_services, 1);
	CU_ASSERT_EQUAL(size.virtual_links, 1);
	CU_ASSERT_EQUAL(size.unresolved, 1);
	vnm_topology_free(t);

	CU_ASSERT_PTR_NULL(load_texts(texts, 3, paths, &err));
	snprintf(want, sizeof(want), "virtualLinks[1].id is \"l\", as is virtualLinks[0].id of %s",
	    paths[0]);
	CU_ASSERT_STRING_EQUAL(err.text, want);
	CU_ASSERT_STRING_EQUAL(err.file, paths[2]);
}

static void
test_size(void)
{
	struct vnm_topology_size size;
	struct vnm_err err = {.text = ""};
	struct vnm_topology *t = load_file(VNM_TEST_DATA "/topology.json", &err);

	CU_ASSERT_PTR_NOT_NULL_FATAL(t);
	vnm_topology_size(t, &size);
	CU_ASSERT_EQUAL(vnm_topology_version(t), 7);
	CU_ASSERT_EQUAL(size.network_services, 2);
	CU_ASSERT_EQUAL(size.vnfs, 7);
	CU_ASSERT_EQUAL(size.vnfcs, 9);
	CU_ASSERT_EQUAL(size.connection_points, 19);
	CU_ASSERT_EQUAL(size.virtual_links, 4);
	CU_ASSERT_EQUAL(size.hosts, 4);
	CU_ASSERT_EQUAL(size.switches, 1);
	CU_ASSERT_EQUAL(size.unresolved, 0);
	vnm_topology_free(t);
}

/* The example that operators start from has nothing in it that leads nowhere. */
static void
test_example(void)
{
	struct vnm_topology_size size;
	struct vnm_err err = {.text = ""};
	struct vnm_topology *t = load_file(VNM_TEST_DATA "/../../etc/topology.example.json", &err);

	CU_ASSERT_STRING_EQUAL(err.text, "");
	CU_ASSERT_PTR_NOT_NULL_FATAL(t);
	vnm_topology_size(t, &size);
	CU_ASSERT_EQUAL(size.connection_points, 1);
	CU_ASSERT_EQUAL(size.unresolved, 0);
	vnm_topology_free(t);
}

/* Whichever allocation fails: the load fails with a word on it, and all is given back. */
static void
test_short_memory(void)
{
	size_t before = vnm_alloc_used();
	struct vnm_topology *t = NULL;
	uint64_t n = 0;

	while (t == NULL && n < 100000) {
		struct vnm_err err = {.text = ""};
		vnm_alloc_fail_at(++n);
		t = load_file(VNM_TEST_DATA "/topology.json", &err);
		if (t == NULL && err.text[0] == '\0')
			CU_FAIL("no word on it");
		if (t == NULL && vnm_alloc_used() != before)
			CU_FAIL("memory is lost");
	}
	vnm_alloc_fail_at(0);
	CU_ASSERT_PTR_NOT_NULL(t);
	CU_ASSERT_TRUE(n > 20);
	vnm_topology_free(t);
	CU_ASSERT_EQUAL(vnm_alloc_used(), before);
}

CU_TestInfo suite_topology_files[] = {{"mistakes", test_mistakes}, {"several files", test_files},
    {"size", test_size}, {"example", test_example}, {"short memory", test_short_memory},
    CU_TEST_INFO_NULL};
