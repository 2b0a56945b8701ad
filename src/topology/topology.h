/*
 * The topology: who the addresses, ports and tunnels of the network belong to. An immutable
 * snapshot, shared by all workers; a new one replaces it as a whole.
 */
#ifndef VNM_TOPOLOGY_TOPOLOGY_H
#define VNM_TOPOLOGY_TOPOLOGY_H

#include "base/counters.h"
#include "base/err.h"
#include "base/option.h"
#include "record/record.h"

struct vnm_topology;

/* What a snapshot holds, for the operator. */
struct vnm_topology_size {
	uint32_t network_services, vnfs, vnfcs, connection_points, virtual_links, hosts, switches;
	uint32_t ports;	     /* of hosts and switches */
	uint32_t unresolved; /* mentions of something that no file describes, or not clearly */
	size_t octets;	     /* memory */
};

/*
 * Reads the files (one or more, in the form of etc/topology.example.json; later files add to
 * earlier ones) into a new snapshot: 0, or -1 and *err. The caller owns *out.
 */
int vnm_topology_load_json(struct vnm_topology **out, const struct vnm_strings *paths,
    uint64_t version, struct vnm_err *err);
void vnm_topology_free(struct vnm_topology *t);

uint64_t vnm_topology_version(const struct vnm_topology *t);
void vnm_topology_size(const struct vnm_topology *t, struct vnm_topology_size *size);

/*
 * Names a flow or interface record: source, destination, ingress and egress, and in the
 * envelope what the record is about. Sets only fields that it knows; counts named or unnamed.
 * The record borrows text from the snapshot.
 */
void vnm_topology_correlate(
    const struct vnm_topology *t, struct vnm_record *r, struct vnm_counters *counters);

#endif
