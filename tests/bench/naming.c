/*
 * How long a topology takes to load and a record to be named: `naming [CPS [RECORDS]]` makes
 * an inventory of that many connection points (100000), 50 to a host, each with an IPv4 and an
 * IPv6 address and a MAC address, and names flows between random ones of them.
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
	vnm_topology_free(t);
	return vnm_alloc_used() == 0 ? 0 : 1;
}
