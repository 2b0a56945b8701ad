/*
 * Topologies from files and from text, and the records that are to be named with them.
 */
#include "unit.h"

#include "inventory.h"

#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

/* ---- loading --------------------------------------------------------------------------------- */

struct vnm_topology *
load_file(const char *path, struct vnm_err *err)
{
	char *paths[] = {strdup(path)};
	struct vnm_strings list = {paths, 1};
	struct vnm_topology *t = NULL;

	if (vnm_topology_load_json(&t, &list, 7, err) != 0)
		t = NULL;
	free(paths[0]);
	return t;
}

/* A file with this text, where ' stands for ". */
static void
write_file(char path[32], const char *text)
{
	strcpy(path, "/tmp/vnmcd-topology-XXXXXX");
	int fd = mkstemp(path);
	FILE *f = fdopen(fd, "w");

	for (; *text != '\0'; text++)
		fputc(*text == '\'' ? '"' : *text, f);
	fclose(f);
}

/* One to three files of text; the paths are put into `paths` where the caller wants them. */
struct vnm_topology *
load_texts(const char *const *texts, uint32_t n, char paths[][32], struct vnm_err *err)
{
	char *list[3];
	struct vnm_strings strings = {list, n};
	struct vnm_topology *t = NULL;

	for (uint32_t i = 0; i < n; i++) {
		write_file(paths[i], texts[i]);
		list[i] = paths[i];
	}
	if (vnm_topology_load_json(&t, &strings, 1, err) != 0)
		t = NULL;
	for (uint32_t i = 0; i < n; i++)
		unlink(paths[i]);
	return t;
}

struct vnm_topology *
load_text(const char *text)
{
	char path[1][32];
	struct vnm_err err = {.text = ""};
	struct vnm_topology *t = load_texts(&text, 1, path, &err);

	CU_ASSERT_STRING_EQUAL(err.text, "");
	return t;
}

/* ---- records --------------------------------------------------------------------------------- */

struct vnm_addr
addr(const char *text)
{
	struct vnm_addr a = {.family = VNM_ADDR_NONE};

	CU_ASSERT_TRUE(vnm_addr_parse(&a, text));
	return a;
}

/* An empty record of that kind from this exporter; every octet that is not set is 0xa5. */
void
begin(struct vnm_record *r, enum vnm_kind kind, const char *exporter, const char *decoder)
{
	memset(r, 0xa5, sizeof(*r));
	memset(r->has, 0, sizeof(r->has));
	r->kind_id = kind;
	VNM_SET(r, env, decoder, vnm_str_of(decoder));
	VNM_SET(r, env, exporter_addr, addr(exporter));
}

/* Whether a text field has this value, or, for NULL, is absent. Says so where not. */
bool
is(const struct vnm_record *r, const char *field, const char *want)
{
	int i = vnm_field_find(r->kind_id, field);
	bool has = i >= 0 && vnm_record_has(r, (unsigned)i);
	struct vnm_str got = {"", 0, true};

	if (has)
		memcpy(&got, (const char *)r + vnm_kind_info(r->kind_id)->fields[i].offset,
		    sizeof(got));
	if (i >= 0 && (want != NULL ? has && vnm_str_is(got, want) : !has))
		return true;
	printf("\n    %s is %.*s, not %s", field, has ? (int)got.n : 6, has ? got.p : "absent",
	    want != NULL ? want : "absent");
	return false;
}
