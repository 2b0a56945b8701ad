/*
 * The record model as text, proto3, JSON Schema (draft 2020-12) and ClickHouse tables.
 */
#include "record/describe.h"

#include "record/proto.h"
#include "record/record.h"

#include <ctype.h>

/* How each type of field reads in the other languages. */
static const struct {
	const char *schema; /* members of a JSON Schema object */
	const char *clickhouse;
} types[] = {
    [VNM_TYPE_BOOL] = {"\"type\": \"boolean\"", "Nullable(Bool)"},
    [VNM_TYPE_U8] = {"\"type\": \"integer\", \"minimum\": 0, \"maximum\": 255", "Nullable(UInt8)"},
    [VNM_TYPE_U16] = {"\"type\": \"integer\", \"minimum\": 0, \"maximum\": 65535",
	"Nullable(UInt16)"},
    [VNM_TYPE_U32] = {"\"type\": \"integer\", \"minimum\": 0, \"maximum\": 4294967295",
	"Nullable(UInt32)"},
    [VNM_TYPE_U64] = {"\"$ref\": \"#/$defs/u64\"", "Nullable(UInt64)"},
    [VNM_TYPE_I64] = {"\"$ref\": \"#/$defs/i64\"", "Nullable(Int64)"},
    [VNM_TYPE_F64] = {"\"type\": \"number\"", "Nullable(Float64)"},
    [VNM_TYPE_ADDR] = {"\"$ref\": \"#/$defs/addr\"", "Nullable(String)"},
    [VNM_TYPE_MAC] = {"\"$ref\": \"#/$defs/mac\"", "Nullable(String)"},
    [VNM_TYPE_STR] = {"\"type\": \"string\"", "Nullable(String)"},
    [VNM_TYPE_BYTES] = {"\"$ref\": \"#/$defs/hex\"", "Nullable(String)"},
    [VNM_TYPE_U32S] = {"\"type\": \"array\", \"items\": { \"type\": \"integer\", \"minimum\": 0, "
		       "\"maximum\": 4294967295 }",
	"Array(UInt32)"},
    [VNM_TYPE_STRS] = {"\"type\": \"array\", \"items\": { \"type\": \"string\" }", "Array(String)"},
    [VNM_TYPE_IES] = {"\"$ref\": \"#/$defs/ies\"", "Nullable(String)"},
    [VNM_TYPE_PAIRS] = {"\"$ref\": \"#/$defs/pairs\"", "Nullable(String)"},
    [VNM_TYPE_LIST] = {"\"type\": \"array\"", "Nullable(String)"},
};

/* ---- text ----------------------------------------------------------------------------------- */

static void
write_field_rows(FILE *f, const char *kind, const struct vnm_kind_info *info, bool envelope)
{
	for (unsigned i = 0; i < info->count; i++) {
		const struct vnm_field *field = &info->fields[i];
		if (field->envelope != envelope)
			continue;
		fprintf(f, "%s\t%u\t%s\t%s\t%s\t%s\n", kind, field->tag, field->name,
		    vnm_type_name(field->type), field->unit, field->doc);
	}
}

void
vnm_describe_fields(FILE *f)
{
	write_field_rows(f, "env", vnm_kind_info(0), true);
	for (unsigned k = 0; k < VNM_KIND_COUNT; k++)
		write_field_rows(f, vnm_kind_info(k)->name, vnm_kind_info(k), false);
}

/* ---- proto3 ---------------------------------------------------------------------------------- */

static const char proto_head[] =
    "// Records of vnmcd. A file of them holds each behind its length as a varint; a Kafka\n"
    "// message holds one without it. A field that is not known is absent.\n"
    "// Addresses are 4 or 16 octets in network order, MAC addresses 6.\n"
    "syntax = \"proto3\";\n"
    "\n"
    "package vnm;\n"
    "\n";

/* topology_event: TopologyEvent. */
static void
write_proto_name(FILE *f, const char *kind)
{
	for (bool upper = true; *kind != '\0'; kind++) {
		if (*kind != '_')
			fputc(upper ? toupper((unsigned char)*kind) : *kind, f);
		upper = *kind == '_';
	}
}

static void
write_proto_message(FILE *f, const struct vnm_kind_info *info)
{
	fprintf(f, "\n// %s\nmessage ", info->doc);
	write_proto_name(f, info->name);
	fputs(" {\n", f);
	for (unsigned i = 0; i < info->count; i++) {
		const struct vnm_field *field = &info->fields[i];
		fprintf(f, "  %s %s = %u;  // %s%s%s%s\n", vnm_proto_type(field->type), field->name,
		    field->tag, field->doc, field->unit[0] != '\0' ? " (" : "", field->unit,
		    field->unit[0] != '\0' ? ")" : "");
	}
	fputs("}\n", f);
}

void
vnm_describe_proto(FILE *f)
{
	fputs(proto_head, f);
	fputs(vnm_proto_messages, f);
	for (unsigned k = 0; k < VNM_KIND_COUNT; k++)
		write_proto_message(f, vnm_kind_info(k));
}

/* ---- JSON Schema ----------------------------------------------------------------------------- */

static const char schema_head[] =
    "{\n"
    "  \"$schema\": \"https://json-schema.org/draft/2020-12/schema\",\n"
    "  \"title\": \"Records of vnmcd\",\n"
    "  \"anyOf\": [\n";

static const char schema_defs[] =
    "  ],\n"
    "  \"$defs\": {\n"
    "    \"u64\": { \"type\": [\"integer\", \"string\"], \"minimum\": 0, "
    "\"maximum\": 18446744073709551615, \"pattern\": \"^[0-9]+$\" },\n"
    "    \"i64\": { \"type\": [\"integer\", \"string\"], \"pattern\": \"^-?[0-9]+$\" },\n"
    "    \"addr\": { \"type\": \"string\", \"anyOf\": [{ \"format\": \"ipv4\" }, "
    "{ \"format\": \"ipv6\" }] },\n"
    "    \"mac\": { \"type\": \"string\", \"pattern\": \"^[0-9a-f]{2}(:[0-9a-f]{2}){5}$\" },\n"
    "    \"hex\": { \"type\": \"string\", \"pattern\": \"^([0-9a-f]{2})*$\" },\n"
    "    \"ies\": { \"type\": \"object\", \"propertyNames\": "
    "{ \"pattern\": \"^[0-9]+/[0-9]+$\" } },\n"
    "    \"pairs\": { \"type\": \"object\" }";

/* Text as a JSON string: docs are ASCII. */
static void
write_json_text(FILE *f, const char *text)
{
	putc('"', f);
	for (; *text != '\0'; text++) {
		if (*text == '"' || *text == '\\')
			putc('\\', f);
		putc(*text, f);
	}
	putc('"', f);
}

static void
write_schema_field(FILE *f, const struct vnm_field *field, const char *kind)
{
	fprintf(f, "        \"%s\": { ", field->name);
	if (field->envelope && field->tag == 1)
		fprintf(f, "\"const\": \"%s\"", kind);
	else
		fputs(types[field->type].schema, f);
	fputs(", \"description\": ", f);
	write_json_text(f, field->doc);
	fputs(" }", f);
}

static void
write_schema_kind(FILE *f, const struct vnm_kind_info *info)
{
	fprintf(f, ",\n    \"%s\": {\n      \"description\": ", info->name);
	write_json_text(f, info->doc);
	fputs(",\n      \"type\": \"object\",\n      \"properties\": {\n", f);
	for (unsigned i = 0; i < info->count; i++) {
		write_schema_field(f, &info->fields[i], info->name);
		fputs(i + 1 < info->count ? ",\n" : "\n", f);
	}
	fputs("      },\n      \"additionalProperties\": false\n    }", f);
}

void
vnm_describe_json_schema(FILE *f)
{
	fputs(schema_head, f);
	for (unsigned k = 0; k < VNM_KIND_COUNT; k++)
		fprintf(f, "    { \"$ref\": \"#/$defs/%s\" }%s\n", vnm_kind_info(k)->name,
		    k + 1 < VNM_KIND_COUNT ? "," : "");
	fputs(schema_defs, f);
	for (unsigned k = 0; k < VNM_KIND_COUNT; k++)
		write_schema_kind(f, vnm_kind_info(k));
	fputs("\n  }\n}\n", f);
}

/* ---- ClickHouse -------------------------------------------------------------------------------
 */

static void
write_table(FILE *f, const struct vnm_kind_info *info)
{
	fprintf(f, "\n-- %s\nCREATE TABLE IF NOT EXISTS vnm_%s\n(\n", info->doc, info->name);
	for (unsigned i = 0; i < info->count; i++) {
		const struct vnm_field *field = &info->fields[i];
		bool sorted_by = strcmp(field->name, "observed_ns") == 0;
		fprintf(f, "    `%s` %s%s\n", field->name,
		    sorted_by ? "UInt64" : types[field->type].clickhouse,
		    i + 1 < info->count ? "," : "");
	}
	fputs(")\nENGINE = MergeTree\nPARTITION BY intDiv(observed_ns, 86400000000000)\n"
	      "ORDER BY observed_ns;\n",
	    f);
}

void
vnm_describe_clickhouse(FILE *f)
{
	fputs("-- Records of vnmcd: one table a kind, a partition a day. Fill them with the JSON\n"
	      "-- of an output:\n"
	      "-- INSERT INTO vnm_flow SETTINGS input_format_json_read_objects_as_strings = 1\n"
	      "-- FORMAT JSONEachRow\n",
	    f);
	for (unsigned k = 0; k < VNM_KIND_COUNT; k++)
		write_table(f, vnm_kind_info(k));
}
