/*
 * vnmcd: the virtual-network monitoring collector.
 */
#include "base/log.h"
#include "daemon/dump.h"
#include "daemon/run.h"

static void
print_errors(struct vnm_errs *errs)
{
	char text[1024];

	vnm_errs_sort(errs);
	for (uint32_t i = 0; i < errs->n; i++)
		vnm_error("%s", vnm_err_format(&errs->p[i], text, sizeof(text)));
}

/* The topology of the configuration, or NULL where it has none. 0, or -1 and an error added. */
static int
load_topology(const struct vnm_conf *conf, struct vnm_topology **out, struct vnm_errs *errs)
{
	struct vnm_err err;

	*out = NULL;
	if (conf->topology_paths.n == 0 ||
	    vnm_topology_load_json(out, &conf->topology_paths, 1, &err) == 0)
		return 0;
	vnm_errs_add(errs, &err);
	return -1;
}

static int
run(const struct vnm_options *options)
{
	const struct vnm_conf_input input = {
	    .file = options->config,
	    .overrides = options->overrides,
	    .override_count = options->override_count,
	    .replay = options->replay != NULL,
	};
	struct vnm_errs errs = {0};
	struct vnm_conf *conf = NULL;
	struct vnm_topology *topology = NULL;
	int rc = VNM_EXIT_CONFIG;

	if (vnm_conf_load(&conf, &input, &errs) != 0 || load_topology(conf, &topology, &errs) != 0)
		print_errors(&errs);
	else if (options->mode == VNM_MODE_REPLAY)
		rc = vnm_run_replay(options, conf, topology);
	else
		rc = 0;
	vnm_topology_free(topology);
	vnm_conf_free(conf);
	vnm_errs_free(&errs);
	return rc;
}

int
main(int argc, char **argv)
{
	struct vnm_options options;
	struct vnm_err err;
	int rc = 0;

	if (vnm_options_parse(&options, argc, argv, &err) != 0) {
		vnm_error("%s", err.text);
		rc = VNM_EXIT_USAGE;
	} else if (options.mode == VNM_MODE_HELP) {
		vnm_options_usage(stdout);
	} else if (options.mode == VNM_MODE_VERSION) {
		vnm_options_version(stdout);
	} else if (options.mode == VNM_MODE_DUMP) {
		if (vnm_dump(options.dump, stdout, &err) != 0) {
			vnm_error("%s", err.text);
			rc = VNM_EXIT_USAGE;
		}
	} else {
		rc = run(&options);
	}
	vnm_options_free(&options);
	return rc;
}
