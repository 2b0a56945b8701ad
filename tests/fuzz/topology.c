/*
 * A fuzz target for the topology file's reader. What it accepts must be usable.
 */
#include "base/alloc.h"
#include "count.h"
#include "file.h"
#include "topology/topology.h"

#include <stdlib.h>

int
LLVMFuzzerTestOneInput(const uint8_t *p, size_t n)
{
	char *path = (char *)(uintptr_t)vnm_fuzz_file(p, n);
	const struct vnm_strings paths = {&path, 1};
	struct vnm_topology *topology = NULL;
	struct vnm_topology_size size;
	size_t before = vnm_alloc_used();
	struct vnm_err err;

	vnm_fuzz_count(0, 0);
	if (vnm_topology_load_json(&topology, &paths, 1, &err) == 0) {
		vnm_topology_size(topology, &size);
		vnm_topology_free(topology);
	}
	if (vnm_alloc_used() != before)
		abort();
	return 0;
}
