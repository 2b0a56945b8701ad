/*
 * --dump: fields, proto, json-schema and clickhouse (record/describe.c), config, options,
 * metrics, reasons, decoders, facts, profiles, syslog and mibs. Rows of tables have tabs between
 * their columns.
 */
#include "daemon/dump.h"

#include "base/nearest.h"
#include "daemon/conf.h"
#include "daemon/metrics.h"
#include "mibs/table.h"
#include "record/describe.h"
#include "record/fact.h"
#include "snmp/plan.h"

#include <stdlib.h>
#include <string.h>

/* ---- the configuration --------------------------------------------------------------------- */

/* Called for every table of options: path of its section, whose keys they are, the rows. */
typedef void (*table_fn)(
    FILE *f, const struct vnm_conf_section *section, const char *owner, const struct vnm_option *t);

static bool
has_rows(const struct vnm_option *t)
{
	return t != NULL && t->name != NULL;
}

/* Decoders that share a table are named together; the first of them stands for all. */
static void
each_decoder_table(FILE *f, const struct vnm_conf_section *s, table_fn fn)
{
	for (size_t i = 0; vnm_decoders[i] != NULL; i++) {
		const struct vnm_option *t = vnm_decoders[i]->options;
		char owners[128] = "";
		bool first = true;

		for (size_t k = 0; vnm_decoders[k] != NULL; k++) {
			size_t n = strlen(owners);
			if (vnm_decoders[k]->options != t)
				continue;
			first = first && k >= i;
			snprintf(owners + n, sizeof(owners) - n, "%s%s", n > 0 ? ", " : "",
			    vnm_decoders[k]->name);
		}
		if (first && has_rows(t))
			fn(f, s, owners, t);
	}
}

static void
each_table(FILE *f, table_fn fn)
{
	for (const struct vnm_conf_section *s = vnm_conf_sections; s->path != NULL; s++) {
		fn(f, s, NULL, s->options);
		if (s->options == vnm_listener_options)
			each_decoder_table(f, s, fn);
		for (size_t i = 0; s->options == vnm_output_options && vnm_sink_types[i] != NULL;
		     i++) {
			if (has_rows(vnm_sink_types[i]->options))
				fn(f, s, vnm_sink_types[i]->name, vnm_sink_types[i]->options);
		}
	}
}

static const char *
when_name(const struct vnm_option *o)
{
	return o->when == VNM_OPTION_RELOAD ? "reload" : "restart";
}

/* section, owner (decoders, or a type of output), name, type, default, when, doc */
static void
write_option_rows(
    FILE *f, const struct vnm_conf_section *section, const char *owner, const struct vnm_option *t)
{
	for (const struct vnm_option *o = t; o->name != NULL; o++)
		fprintf(f, "%s\t%s\t%s\t%s\t%s\t%s\t%s\n", section->path,
		    owner != NULL ? owner : "", o->name, vnm_option_type_name(o->type),
		    o->fallback != NULL ? o->fallback : "", when_name(o), o->doc);
}

static void
dump_options(FILE *f)
{
	each_table(f, write_option_rows);
}

static void
write_config_option(FILE *f, const char *indent, const struct vnm_option *o)
{
	const char *before = "", *behind = "";

	fprintf(
	    f, "#%s# %s (%s; %s)\n", indent, o->doc, vnm_option_type_name(o->type), when_name(o));
	if (o->type == VNM_OPTION_STRING) {
		before = behind = "\"";
	} else if (vnm_option_is_list(o)) {
		before = "[ ";
		behind = " ]";
	}
	if (o->fallback != NULL)
		fprintf(f, "#%s%s: %s%s%s\n", indent, o->name, before, o->fallback, behind);
	else
		fprintf(f, "#%s%s:\n", indent, o->name);
}

/* Whether a section stands within the items of a list. */
static bool
in_items(const struct vnm_conf_section *section)
{
	size_t n = strcspn(section->path, ".");

	for (const struct vnm_conf_section *s = vnm_conf_sections; s != section; s++) {
		if (strlen(s->path) == n && strncmp(s->path, section->path, n) == 0)
			return s->list;
	}
	return false;
}

/* The lines that lead to a nested list; a section with options of its own is there already. */
static void
write_config_path(FILE *f, const struct vnm_conf_section *section)
{
	int n = (int)strcspn(section->path, ".");
	bool begun = false;

	for (const struct vnm_conf_section *s = vnm_conf_sections; s != section; s++)
		begun = begun || strncmp(s->path, section->path, (size_t)n) == 0;
	if (!begun)
		fprintf(f, "#%.*s:\n", n, section->path);
	fprintf(f, "#%s%s:\n", in_items(section) ? "    " : "  ", section->path + n + 1);
}

static void
write_config_table(
    FILE *f, const struct vnm_conf_section *section, const char *owner, const struct vnm_option *t)
{
	bool nested = strchr(section->path, '.') != NULL;
	const char *dash = nested ? "    - " : "  - ";
	const char *indent = section->path[0] == '\0' ? "" : section->list ? "      " : "  ";

	if (section->list && !nested)
		indent = "    ";
	if (nested && in_items(section)) {
		dash = "      - ";
		indent = "        ";
	}
	if (owner != NULL) {
		fprintf(f, "#%s# ---- of %s only\n", indent, owner);
	} else {
		fprintf(f, "\n## %s\n", section->doc);
		if (nested)
			write_config_path(f, section);
		else if (section->path[0] != '\0')
			fprintf(f, "#%s:\n", section->path);
	}
	if (owner == NULL && section->list)
		fprintf(f, "#%s# an item; each has a name of its own\n", dash);
	for (const struct vnm_option *o = t; o->name != NULL; o++)
		write_config_option(f, indent, o);
}

static void
dump_config(FILE *f)
{
	fputs(
	    "## Every option of vnmcd with its default. Remove the # in front of what you change.\n"
	    "## In brackets: its type, and whether a reload (SIGHUP) applies it or a restart.\n",
	    f);
	each_table(f, write_config_table);
}

/* ---- metrics, reasons, decoders ------------------------------------------------------------ */

/* name, type, doc: from the "# HELP" and "# TYPE" lines of what would be served */
static void
dump_metrics(FILE *f)
{
	static const struct vnm_counters none;
	char *text = NULL, *rest = NULL;
	size_t size = 0;
	FILE *served = open_memstream(&text, &size);

	if (served == NULL)
		return;
	vnm_metrics_print(served, &none, NULL, 0);
	fclose(served);
	const char *help = "";
	for (char *line = strtok_r(text, "\n", &rest); line != NULL;
	     line = strtok_r(NULL, "\n", &rest)) {
		if (strncmp(line, "# HELP ", 7) == 0)
			help = line + 7;
		if (strncmp(line, "# TYPE ", 7) != 0)
			continue;
		int name_len = (int)strcspn(help, " ");
		fprintf(f, "%.*s\t%s\t%s\n", name_len, help, line + 7 + name_len + 1,
		    help + name_len + 1);
	}
	free(text);
}

/* label, scope, doc */
static void
dump_reasons(FILE *f)
{
	static const char *const scopes[] = {"message", "part", "record", "connection"};

	for (unsigned r = VNM_OK + 1; r < VNM_REASON_COUNT; r++) {
		const struct vnm_reason_info *info = vnm_reason_info(r);
		fprintf(f, "%s\t%s\t%s\n", info->label, scopes[info->scope], info->doc);
	}
}

/* name, transports, usual ports, summary */
static void
dump_decoders(FILE *f)
{
	for (size_t i = 0; vnm_decoders[i] != NULL; i++) {
		const struct vnm_decoder *d = vnm_decoders[i];

		fprintf(f, "%s\tudp%s%s\t", d->name, d->frame != NULL ? ",tcp" : "",
		    d->frame != NULL && !d->answers ? ",tls" : "");
		for (size_t k = 0; k < VNM_ARRAY_LEN(d->ports) && d->ports[k] != 0; k++)
			fprintf(f, "%s%u", k > 0 ? "," : "", d->ports[k]);
		fprintf(f, "\t%s\n", d->summary);
	}
}

/* label, object type, doc */
static void
dump_facts(FILE *f)
{
	for (unsigned k = 0; k < VNM_FACT_COUNT; k++) {
		const struct vnm_fact_info *info = vnm_fact_info(k);
		fprintf(f, "%s\t%s\t%s\n", info->label, info->object_type, info->doc);
	}
}

/* mark, name, doc; dialect, first octets, doc; rule, alarm_type, what it is for and matches */
static void
dump_syslog(FILE *f)
{
#define VNM_SYSLOG_MARK(name, text, doc) fputs("mark\t" text "\t" doc "\n", f);
#include "decoders/syslog_marks.def"
#undef VNM_SYSLOG_MARK
#define VNM_SYSLOG_DIALECT(read, first, doc) fputs("dialect\t" first "\t" doc "\n", f);
#include "decoders/syslog_dialects.def"
#undef VNM_SYSLOG_DIALECT
	vnm_rules_print(f);
}

/* ---- MIB modules --------------------------------------------------------------------------- */

/* Every module in the form of src/mibs/modules/. */
static void
dump_mibs(FILE *f, const struct vnm_mib *mib)
{
	for (uint32_t i = 0; i < mib->module_count; i++)
		vnm_mib_table_write(f, mib, i);
}

/* name, doc: what polls may ask for */
static void
dump_profiles(FILE *f)
{
	for (const struct vnm_profile *p = vnm_profiles; p->name != NULL; p++)
		fprintf(f, "%s\t%s\n", p->name, p->doc);
}

/* ---- all of them --------------------------------------------------------------------------- */

static const struct {
	const char *name;
	void (*write)(FILE *f);
} dumps[] = {{"fields", vnm_describe_fields}, {"proto", vnm_describe_proto},
    {"json-schema", vnm_describe_json_schema}, {"clickhouse", vnm_describe_clickhouse},
    {"config", dump_config}, {"options", dump_options}, {"metrics", dump_metrics},
    {"reasons", dump_reasons}, {"decoders", dump_decoders}, {"facts", dump_facts},
    {"profiles", dump_profiles}, {"syslog", dump_syslog}};

int
vnm_dump(const char *what, const struct vnm_mib *mib, FILE *f, struct vnm_err *err)
{
	struct vnm_nearest nearest = {.wanted = what};
	char hint[96];

	if (strcmp(what, "mibs") == 0) {
		dump_mibs(f, mib);
		return 0;
	}
	vnm_nearest_offer(&nearest, "mibs");
	for (size_t i = 0; i < VNM_ARRAY_LEN(dumps); i++) {
		vnm_nearest_offer(&nearest, dumps[i].name);
		if (strcmp(dumps[i].name, what) != 0)
			continue;
		dumps[i].write(f);
		return 0;
	}
	return vnm_err_text(err,
	    "--dump=%s: there are fields, proto, json-schema, clickhouse, config, options, "
	    "metrics, reasons, decoders, facts, profiles, syslog and mibs%s",
	    what, vnm_nearest_hint(&nearest, hint, sizeof(hint)));
}
