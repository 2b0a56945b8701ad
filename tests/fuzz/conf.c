/*
 * A fuzz target for the configuration: YAML, the tables that bind it, and the checks of what
 * was bound. What it refuses must have a reason; what it accepts must not differ from itself.
 */
#include "base/alloc.h"
#include "count.h"
#include "daemon/conf.h"
#include "file.h"

#include <stdlib.h>

static void
load(const char *path, bool replay)
{
	const struct vnm_conf_input in = {.file = path, .replay = replay};
	struct vnm_conf *conf = NULL;
	struct vnm_errs errs = {0};
	struct vnm_strings differing = {0};

	if (vnm_conf_load(&conf, &in, &errs) == 0) {
		if (vnm_conf_needs_restart(conf, conf, &differing) != 0 || differing.n != 0)
			abort();
		vnm_conf_free(conf);
	} else if (errs.n == 0) {
		abort();
	}
	vnm_errs_free(&errs);
	vnm_strings_free(&differing);
}

int
LLVMFuzzerTestOneInput(const uint8_t *p, size_t n)
{
	const char *path = vnm_fuzz_file(p, n);
	size_t before = vnm_alloc_used();

	vnm_fuzz_count(0, 0);
	load(path, false);
	load(path, true);
	if (vnm_alloc_used() != before)
		abort();
	return 0;
}
