/*
 * The record model in the languages of those who read records, from the table of fields.
 */
#ifndef VNM_RECORD_DESCRIBE_H
#define VNM_RECORD_DESCRIBE_H

#include <stdio.h>

/* One field a line: kind (env: all kinds), tag, name, type, unit and doc, with tabs between. */
void vnm_describe_fields(FILE *f);

/* Protocol Buffers (proto3): a message a kind. */
void vnm_describe_proto(FILE *f);

/* JSON Schema, draft 2020-12: a definition a kind. */
void vnm_describe_json_schema(FILE *f);

/* ClickHouse: a table a kind, for the format JSONEachRow. */
void vnm_describe_clickhouse(FILE *f);

#endif
