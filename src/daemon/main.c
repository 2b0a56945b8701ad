/*
 * vnmcd: the virtual-network monitoring collector.
 */
#include "base/log.h"
#include "daemon/dump.h"
#include "daemon/run.h"

#include <errno.h>
#include <malloc.h>
#include <signal.h>

#define MMAP_THRESHOLD (64 << 20)
#define TRIM_THRESHOLD (256 << 20)
#define TOP_PAD (4 << 20)

void
vnm_run_print_errors(struct vnm_errs *errs)
{
	char text[1024];

	vnm_errs_sort(errs);
	for (uint32_t i = 0; i < errs->n; i++)
		vnm_error("%s", vnm_err_format(&errs->p[i], text, sizeof(text)));
	if (errs->lost > 0)
		vnm_error("and %u more", errs->lost);
}

struct vnm_conf_input
vnm_options_input(const struct vnm_options *options)
{
	return (struct vnm_conf_input){
	    .file = options->config,
	    .overrides = options->overrides,
	    .override_count = options->override_count,
	    .replay = options->replay != NULL,
	};
}

void
vnm_run_log_level(const struct vnm_conf *conf)
{
	static const char *const levels[] = {"error", "warning", "info", "debug"};

	for (unsigned i = 0; i < VNM_ARRAY_LEN(levels); i++) {
		if (strcmp(conf->main.log_level, levels[i]) == 0)
			vnm_log_level((enum vnm_log_level)i);
	}
}

static int
run(const struct vnm_options *options)
{
	const struct vnm_conf_input input = vnm_options_input(options);
	struct vnm_errs errs = {0};
	struct vnm_snapshot *snapshot;
	int rc = VNM_EXIT_CONFIG;

	if (options->debug != NULL)
		vnm_log_areas(options->debug);
	if (options->mode == VNM_MODE_RUN)
		signal(SIGHUP, SIG_IGN); /* until it can be served */
	snapshot = vnm_snapshot_load(&input, 1, &errs);
	if (snapshot == NULL) {
		vnm_run_print_errors(&errs);
	} else {
		vnm_run_log_level(snapshot->conf);
		if (options->mode == VNM_MODE_REPLAY)
			rc = vnm_run_replay(options, snapshot);
		else if (options->mode == VNM_MODE_RUN)
			rc = vnm_run_live(options, snapshot);
		else
			rc = 0;
	}
	vnm_snapshot_leave(snapshot);
	vnm_errs_free(&errs);
	return rc;
}

/* The catalogue of --dump=mibs is that of the configuration, where one is given. */
static int
dump(const struct vnm_options *options)
{
	struct vnm_conf_input input = vnm_options_input(options);
	struct vnm_snapshot *snapshot = NULL;
	struct vnm_errs errs = {0};
	struct vnm_err err;
	int rc = 0;

	input.replay = true; /* listeners are not needed */
	if (strcmp(options->dump, "mibs") == 0 &&
	    (input.file != NULL || input.override_count > 0)) {
		snapshot = vnm_snapshot_load(&input, 1, &errs);
		if (snapshot == NULL) {
			vnm_run_print_errors(&errs);
			vnm_errs_free(&errs);
			return VNM_EXIT_CONFIG;
		}
	}
	if (vnm_dump(options->dump,
		snapshot != NULL && snapshot->mib != NULL ? snapshot->mib : &vnm_mib_builtin,
		stdout, &err) != 0) {
		vnm_error("%s", err.text);
		rc = VNM_EXIT_USAGE;
	}
	vnm_snapshot_leave(snapshot);
	return rc;
}

/*
 * librdkafka allocates and frees large blocks at a high rate: kept by the allocator they cost a
 * third of the system time that they cost when each is mapped anew.
 */
static void
tune_heap(void)
{
	mallopt(M_MMAP_THRESHOLD, MMAP_THRESHOLD);
	mallopt(M_TRIM_THRESHOLD, TRIM_THRESHOLD);
	mallopt(M_TOP_PAD, TOP_PAD);
}

int
main(int argc, char **argv)
{
	struct vnm_options options;
	struct vnm_err err;
	int rc = 0;

	tune_heap();
	if (vnm_options_parse(&options, argc, argv, &err) != 0) {
		vnm_error("%s", err.text);
		rc = VNM_EXIT_USAGE;
	} else if (options.mode == VNM_MODE_HELP) {
		vnm_options_usage(stdout);
	} else if (options.mode == VNM_MODE_VERSION) {
		vnm_options_version(stdout);
	} else if (options.mode == VNM_MODE_DUMP) {
		rc = dump(&options);
	} else {
		rc = run(&options);
	}
	if ((fflush(stdout) != 0 || ferror(stdout)) && rc == 0) {
		vnm_error("cannot write to standard output: %s", strerror(errno));
		rc = 1;
	}
	vnm_options_free(&options);
	return rc;
}
