/*
 * The command line of vnmcd:
 *
 *   vnmcd [-c file] [-t] [-r pcap] [-m PORT=DECODER]… [-o PATH=VALUE]… [-d tokens]
 *         [--dump=what] [-V] [-h]
 */
#ifndef VNM_DAEMON_OPTIONS_H
#define VNM_DAEMON_OPTIONS_H

#include "base/err.h"
#include "decoders/decoder.h"

#include <stdio.h>

/* Exit codes beside 0 and 1 (sysexits.h). */
#define VNM_EXIT_USAGE 64
#define VNM_EXIT_CONFIG 78

enum vnm_mode {
	VNM_MODE_RUN,
	VNM_MODE_REPLAY,  /* -r */
	VNM_MODE_TEST,	  /* -t, for a replay when `replay` is not NULL */
	VNM_MODE_DUMP,	  /* --dump */
	VNM_MODE_VERSION, /* -V */
	VNM_MODE_HELP	  /* -h */
};

/* -m: messages to this port are the decoder's, before their content is asked. */
struct vnm_port_map {
	uint16_t port; /* 0: the file itself is a stream of messages (-m raw=DECODER) */
	const struct vnm_decoder *decoder;
};

/* Text is borrowed from argv. */
struct vnm_options {
	enum vnm_mode mode;
	const char *config;	   /* -c, or the default file; NULL: none is read */
	const char *replay;	   /* -r, or NULL */
	const char *dump;	   /* what */
	const char *debug;	   /* -d, or NULL */
	struct vnm_port_map *maps; /* owned */
	size_t map_count;
	const char **overrides; /* owned; PATH=VALUE, in order */
	size_t override_count;
};

/* 0, or -1 and err->text. The caller gives *o to vnm_options_free() in both cases. */
int vnm_options_parse(struct vnm_options *o, int argc, char **argv, struct vnm_err *err);
void vnm_options_free(struct vnm_options *o);

/* The decoder that -m gives to a port (0: to a raw stream), or NULL. */
const struct vnm_decoder *vnm_options_mapped(const struct vnm_options *o, uint16_t port);

void vnm_options_usage(FILE *f);
/* Of vnmcd and of the libraries that it runs with. */
void vnm_options_version(FILE *f);

#endif
