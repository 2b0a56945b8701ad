/*
 * The command line.
 */
#include "daemon/options.h"

#include "base/alloc.h"
#include "base/nearest.h"
#include "config.h"
#include "mibs/load.h"

#include <event2/event.h>
#include <getopt.h>
#include <json-c/json.h>
#include <librdkafka/rdkafka.h>
#include <pcap/pcap.h>
#include <yaml.h>

#include <stdlib.h>
#include <string.h>

#define DEFAULT_CONFIG VNM_SYSCONFDIR "/vnmcd/vnmcd.yaml"

static int
add_map(struct vnm_options *o, const char *text, struct vnm_err *err)
{
	struct vnm_nearest nearest = {0};
	struct vnm_port_map map = {0};
	const char *equals = strchr(text, '=');
	char hint[96], *end;

	if (equals == NULL)
		return vnm_err_text(err, "-m %s: must be PORT=DECODER or raw=DECODER", text);
	map.decoder = vnm_decoder_find(equals + 1);
	nearest.wanted = equals + 1;
	for (size_t i = 0; map.decoder == NULL && vnm_decoders[i] != NULL; i++)
		vnm_nearest_offer(&nearest, vnm_decoders[i]->name);
	if (map.decoder == NULL)
		return vnm_err_text(err, "-m %s: there is no such decoder%s (--dump=decoders)",
		    text, vnm_nearest_hint(&nearest, hint, sizeof(hint)));
	if (strncmp(text, "raw=", 4) != 0) {
		long port = strtol(text, &end, 10);
		if (end != equals || port < 1 || port > UINT16_MAX)
			return vnm_err_text(err, "-m %s: a port is a number from 1 to 65535", text);
		map.port = (uint16_t)port;
	} else if (map.decoder->frame == NULL) {
		return vnm_err_text(err, "-m %s: that decoder reads datagrams only", text);
	}
	o->maps[o->map_count++] = map;
	return 0;
}

static int
set_once(const char **where, char letter, const char *value, struct vnm_err *err)
{
	if (*where != NULL)
		return vnm_err_text(err, "-%c is given twice", letter);
	*where = value;
	return 0;
}

/* Messages of vnm_debug() begin with one of these. */
static int
check_areas(const char *text, struct vnm_err *err)
{
	static const char *const areas[] = {"all", "conf", "topology", "libevent", "librdkafka"};

	for (const char *p = text;; p++) {
		size_t n = strcspn(p, ","), i = 0;

		while (i < VNM_ARRAY_LEN(areas) &&
		       (strlen(areas[i]) != n || strncmp(areas[i], p, n) != 0))
			i++;
		if (i == VNM_ARRAY_LEN(areas))
			return vnm_err_text(err,
			    "-d %s: areas are all, conf, topology, libevent and librdkafka, with "
			    "commas between",
			    text);
		p += n;
		if (*p == '\0')
			return 0;
	}
}

static int
take(struct vnm_options *o, int letter, const char *value, struct vnm_err *err)
{
	switch (letter) {
	case 'c':
		return set_once(&o->config, 'c', value, err);
	case 'r':
		if (o->mode == VNM_MODE_RUN)
			o->mode = VNM_MODE_REPLAY;
		return set_once(&o->replay, 'r', value, err);
	case 'm':
		return add_map(o, value, err);
	case 'o':
		o->overrides[o->override_count++] = value;
		return 0;
	case 'd':
		if (check_areas(value, err) != 0)
			return -1;
		return set_once(&o->debug, 'd', value, err);
	case 't':
		o->mode = VNM_MODE_TEST;
		return 0;
	case 'D':
		o->mode = VNM_MODE_DUMP;
		o->dump = value;
		return 0;
	case 'V':
		o->mode = VNM_MODE_VERSION;
		return 0;
	default: /* -h */
		o->mode = VNM_MODE_HELP;
		return 0;
	}
}

/* What getopt_long() does not know ('?') or has no value for (':'). */
static int
wrong_option(int what, const char *argument, struct vnm_err *err)
{
	const char short_option[] = {'-', (char)optopt, '\0'};
	bool is_long = strncmp(argument, "--", 2) == 0;

	return vnm_err_text(err, "%s: %s (vnmcd -h)", is_long ? argument : short_option,
	    what == ':' ? "its value is missing" : "no such option");
}

int
vnm_options_parse(struct vnm_options *o, int argc, char **argv, struct vnm_err *err)
{
	static const struct option long_options[] = {{"dump", required_argument, NULL, 'D'},
	    {"help", no_argument, NULL, 'h'}, {"version", no_argument, NULL, 'V'},
	    {NULL, 0, NULL, 0}};
	size_t most = (size_t)argc;
	int letter;

	*o = (struct vnm_options){0};
	o->maps = vnm_alloc_zero(most, sizeof(*o->maps));
	o->overrides = vnm_alloc_zero(most, sizeof(*o->overrides));
	if (o->maps == NULL || o->overrides == NULL)
		return vnm_err_text(err, "out of memory");
	optind = 0; /* whoever called before starts anew */
	opterr = 0;
	while ((letter = getopt_long(argc, argv, ":c:tr:m:o:d:Vh", long_options, NULL)) != -1) {
		if (letter == '?' || letter == ':')
			return wrong_option(letter, argv[optind - 1], err);
		if (take(o, letter, optarg, err) != 0)
			return -1;
	}
	if (optind < argc)
		return vnm_err_text(
		    err, "%s: vnmcd takes options only (-r FILE to replay a file)", argv[optind]);
	if (o->map_count > 0 && o->replay == NULL)
		return vnm_err_text(err, "-m is for replays: add -r FILE, or configure a listener");
	if (o->config == NULL && o->replay == NULL && o->override_count == 0 &&
	    o->mode != VNM_MODE_DUMP)
		o->config = DEFAULT_CONFIG;
	return 0;
}

void
vnm_options_free(struct vnm_options *o)
{
	vnm_free(o->maps);
	vnm_free(o->overrides);
	*o = (struct vnm_options){0};
}

const struct vnm_decoder *
vnm_options_mapped(const struct vnm_options *o, uint16_t port)
{
	for (size_t i = o->map_count; i > 0; i--) {
		if (o->maps[i - 1].port == port)
			return o->maps[i - 1].decoder;
	}
	return NULL;
}

void
vnm_options_usage(FILE *f)
{
	fputs("usage: vnmcd [-c file] [-t] [-r pcap] [-m PORT=DECODER]... [-o PATH=VALUE]...\n"
	      "             [-d areas] [--dump=what] [-V] [-h]\n"
	      "\n"
	      "  -c file          configuration; default " DEFAULT_CONFIG "\n"
	      "                   where neither -r nor -o is given\n"
	      "  -t               check the configuration and its topology, then exit: 0 or 78\n"
	      "  -r pcap          replay a capture file (pcap or pcapng) instead of listening\n"
	      "  -m PORT=DECODER  in a replay: messages to that port are the decoder's;\n"
	      "                   raw=DECODER: the file is a bare stream of its messages\n"
	      "  -o PATH=VALUE    set an option, as in listeners.edge.rcvbuf=8M\n"
	      "  -d areas         debug messages of these areas, with commas between; or all\n"
	      "  --dump=what      print a table: fields, proto, json-schema, clickhouse, config,\n"
	      "                   options, metrics, reasons, decoders, facts, profiles, syslog\n"
	      "                   or mibs\n"
	      "  -V               print the versions of vnmcd and its libraries\n"
	      "  -h               print this\n",
	    f);
}

void
vnm_options_version(FILE *f)
{
	fprintf(f, "vnmcd %s\n", PACKAGE_VERSION);
	fprintf(f, "libevent %s\n", event_get_version());
	fprintf(f, "%s\n", pcap_lib_version());
	fprintf(f, "librdkafka %s\n", rd_kafka_version_str());
	fprintf(f, "json-c %s\n", json_c_version());
	fprintf(f, "net-snmp %s\n", vnm_mib_parser_version());
	fprintf(f, "libyaml %s\n", yaml_get_version_string());
}
