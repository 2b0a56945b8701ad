/*
 * How long a topology takes to load and a record to be named: `naming [CPS [RECORDS]]` makes
 * an inventory of that many connection points (100000), 50 to a host, each with an IPv4 and an
 * IPv6 address and a MAC address, and names flows between random ones of them, routes whose next
 * hops are hosts (five to an UPDATE), routes to one CP, and EVPN routes of them.
 */
#include "base/alloc.h"
#include "base/clock.h"
#include "topology/topology.h"

#include <stdio.h>
#include <stdlib.h>
#include <sys/resource.h>
#include <unistd.h>

#define PER_HOST 50

static void
put_cp(FILE *f, unsigned i)
{
	fprintf(f,
	    "%s{\"id\":\"vnf-%06u-0000-0000-0000\",\"vnfInstanceName\":\"vnf-%u\","
	    "\"nsInstanceName\":\"ns-%u\",\"instantiatedVnfInfo\":{\"vnfcResourceInfo\":[{"
	    "\"id\":\"c%u\",\"computeResource\":{\"hostId\":\"host-%u\"},\"vnfcCpInfo\":[{"
	    "\"id\":\"cp-%u-eth0\",\"virtualLinkId\":\"vl-%u\",\"vnic\":\"eth0\","
	    "\"ifIndexInVnf\":2,\"cpProtocolInfo\":[{\"ipOverEthernet\":{"
	    "\"macAddress\":\"02:00:%02x:%02x:%02x:%02x\",\"ipAddresses\":["
	    "{\"type\":\"IPV4\",\"addresses\":[\"10.%u.%u.%u\"]},"
	    "{\"type\":\"IPV6\",\"addresses\":[\"fd00::%x:%x\"]}]}}],"
	    "\"attachment\":{\"hostId\":\"host-%u\",\"port\":\"tap%u\",\"ifIndex\":%u}}]}]}}\n",
	    i != 0 ? "," : "", i, i, i / 100, i, i / PER_HOST, i, i / 20, i >> 24, i >> 16 & 255,
	    i >> 8 & 255, i & 255, i >> 16 & 255, i >> 8 & 255, i & 255, i >> 16, i & 0xffff,
	    i / PER_HOST, i, 100 + i % PER_HOST);
}

static void
put_inventory(FILE *f, unsigned cps)
{
	fputs("{\"nsInstances\":[", f);
	for (unsigned i = 0; i * 100 < cps; i++)
		fprintf(
		    f, "%s{\"id\":\"ns-id-%u\",\"nsInstanceName\":\"ns-%u\"}", i ? "," : "", i, i);
	fputs("],\"virtualLinks\":[", f);
	for (unsigned i = 0; i * 20 < cps; i++)
		fprintf(f, "%s{\"id\":\"vl-%u\",\"segmentationId\":%u}", i ? "," : "", i, i + 1);
	fputs("],\"hosts\":[", f);
	for (unsigned i = 0; i * PER_HOST < cps; i++)
		fprintf(f, "%s{\"id\":\"host-%u\",\"mgmtIp\":\"172.16.%u.%u\"}", i ? "," : "", i,
		    i >> 8, i & 255);
	fputs("],\"vnfInstances\":[", f);
	for (unsigned i = 0; i < cps; i++)
		put_cp(f, i);
	fputs("]}\n", f);
}

static struct vnm_topology *
load(unsigned cps)
{
	char path[] = "/tmp/vnmcd-naming-XXXXXX";
	char *paths[] = {path};
	struct vnm_strings list = {paths, 1};
	struct vnm_topology *t = NULL;
	struct vnm_topology_size size;
	struct vnm_err err;
	struct rusage used;
	char text[1024];
	int fd = mkstemp(path);
	FILE *f = fd >= 0 ? fdopen(fd, "w") : NULL;

	if (f == NULL)
		return NULL;
	put_inventory(f, cps);
	double octets = (double)ftell(f);
	fclose(f);
	uint64_t start = vnm_clock_mono_ns();
	int rc = vnm_topology_load_json(&t, &list, 1, &err);
	uint64_t took = vnm_clock_mono_ns() - start;
	unlink(path);
	if (rc != 0) {
		fprintf(stderr, "naming: %s\n", vnm_err_format(&err, text, sizeof(text)));
		return NULL;
	}
	vnm_topology_size(t, &size);
	getrusage(RUSAGE_SELF, &used);
	printf("%u CPs, %.1f MB of JSON: loaded in %.0f ms, %.1f MB, process at most %.0f MB\n",
	    size.connection_points, octets / 1e6, (double)took / 1e6, (double)size.octets / 1e6,
	    (double)used.ru_maxrss / 1e3);
	return t;
}

/* The processor's time of this thread: others may use the machine too. */
static uint64_t
cpu_ns(void)
{
	struct timespec t;

	clock_gettime(CLOCK_THREAD_CPUTIME_ID, &t);
	return (uint64_t)t.tv_sec * VNM_NS_PER_S + (uint64_t)t.tv_nsec;
}

static uint32_t
next(uint32_t *state)
{
	*state = *state * 1664525 + 1013904223;
	return *state >> 8;
}

static struct vnm_addr
address(uint32_t i)
{
	return vnm_addr_ip4((uint8_t[]){10, (uint8_t)(i >> 16), (uint8_t)(i >> 8), (uint8_t)i});
}

/* Flows among `among` of the CPs; every one has five lookups: exporter, two ports, two ends. */
static void
measure(const struct vnm_topology *t, unsigned cps, unsigned among, unsigned records)
{
	struct vnm_record r;
	struct vnm_counters counters;
	uint32_t state = 1;

	memset(&r, 0, sizeof(r));
	memset(&counters, 0, sizeof(counters));
	r.kind_id = VNM_KIND_flow;
	uint64_t start = cpu_ns();
	for (unsigned i = 0; i < records; i++) {
		uint32_t src = next(&state) % among, dst = next(&state) % among;
		uint32_t host = src / PER_HOST;
		memset(r.has, 0, sizeof(r.has));
		VNM_SET(&r, env, exporter_addr,
		    vnm_addr_ip4((uint8_t[]){172, 16, (uint8_t)(host >> 8), (uint8_t)host}));
		VNM_SET(&r, flow, in_if, 100 + src % PER_HOST);
		VNM_SET(&r, flow, out_if, 100 + dst % PER_HOST);
		VNM_SET(&r, flow, src_addr, address(src));
		VNM_SET(&r, flow, dst_addr, address(dst));
		vnm_topology_correlate(t, &r, &counters);
	}
	double ns = (double)(cpu_ns() - start) / records;
	printf("flows among %u of %u CPs: %.0f ns a record, %llu named\n", among, cps, ns,
	    (unsigned long long)counters.v[VNM_C_named]);
}

enum shape { PREFIXES, HOST_ROUTES, EVPN };

/* Routes of UPDATEs of five with the same peer and next hop. */
static void
make_route(struct vnm_record *r, enum shape shape, uint32_t cp, uint32_t host)
{
	static char prefix[32];
	int n = snprintf(prefix, sizeof(prefix), "10.%u.%u.%u/%u", cp >> 16 & 255, cp >> 8 & 255,
	    cp & 255, shape == PREFIXES ? 24U : 32U);

	memset(r->has, 0, sizeof(r->has));
	VNM_SET(r, env, exporter_addr, vnm_addr_ip4((uint8_t[]){172, 16, 0, 0}));
	VNM_SET(r, route, peer_addr, vnm_addr_ip4((uint8_t[]){172, 16, 0, 1}));
	VNM_SET(r, route, next_hop,
	    vnm_addr_ip4((uint8_t[]){172, 16, (uint8_t)(host >> 8), (uint8_t)host}));
	VNM_SET(r, route, safi, shape == EVPN ? 70 : 1);
	if (shape != EVPN) {
		VNM_SET(r, route, prefix, ((struct vnm_str){prefix, (uint32_t)n, true}));
		VNM_SET(r, route, prefix_len, shape == PREFIXES ? 24 : 32);
		return;
	}
	const uint8_t mac[6] = {
	    2, 0, (uint8_t)(cp >> 24), (uint8_t)(cp >> 16), (uint8_t)(cp >> 8), (uint8_t)cp};
	VNM_SET(r, route, route_type, 2);
	memcpy(r->route.mac.b, mac, sizeof(mac));
	vnm_record_mark(r, VNM_F_route_mac);
	VNM_SET(r, route, ip, address(cp));
	VNM_SET(r, route, vni, cp / 20 + 1);
}

static void
measure_routes(const struct vnm_topology *t, unsigned cps, unsigned records, enum shape shape,
    const char *what)
{
	struct vnm_record r;
	struct vnm_counters counters;
	uint32_t state = 1, cp = 0, host = 0;
	uint64_t spent = 0;

	memset(&r, 0, sizeof(r));
	memset(&counters, 0, sizeof(counters));
	r.kind_id = VNM_KIND_route;
	for (unsigned naming = 0; naming < 2; naming++) {
		uint64_t start = cpu_ns();
		for (unsigned i = 0; i < records; i++) {
			if (i % 5 == 0)
				host = next(&state) % (cps / PER_HOST + 1);
			cp = next(&state) % cps;
			make_route(&r, shape, cp, host);
			if (naming == 1)
				vnm_topology_correlate(t, &r, &counters);
		}
		spent =
		    cpu_ns() - start - (naming == 1 ? spent : 0); /* less what making them takes */
	}
	printf("%s of %u CPs: %.0f ns a record, %llu named\n", what, cps, (double)spent / records,
	    (unsigned long long)counters.v[VNM_C_routes_named]);
}

int
main(int argc, char **argv)
{
	unsigned cps = argc > 1 ? (unsigned)strtoul(argv[1], NULL, 10) : 100000;
	unsigned records = argc > 2 ? (unsigned)strtoul(argv[2], NULL, 10) : 3000000;
	struct vnm_topology *t = load(cps);

	if (t == NULL)
		return 1;
	measure(t, cps, cps < 100 ? cps : 100, records);
	measure(t, cps, cps < 5000 ? cps : 5000, records);
	measure(t, cps, cps, records);
	measure_routes(t, cps, records, PREFIXES, "routes");
	measure_routes(t, cps, records, HOST_ROUTES, "routes to one address");
	measure_routes(t, cps, records, EVPN, "EVPN routes");
	vnm_topology_free(t);
	return vnm_alloc_used() == 0 ? 0 : 1;
}
