/*
 * Topologies from files and from text, and the records that are to be named with them.
 */
#ifndef VNM_TESTS_INVENTORY_H
#define VNM_TESTS_INVENTORY_H

#include "record/record.h"
#include "topology/topology.h"

/* NULL and *err, or a snapshot of version 7. */
struct vnm_topology *load_file(const char *path, struct vnm_err *err);

/* From one to three files with these texts, where ' stands for "; tells their paths. */
struct vnm_topology *load_texts(
    const char *const *texts, uint32_t n, char paths[][32], struct vnm_err *err);

/* From one text, which is right. */
struct vnm_topology *load_text(const char *text);

struct vnm_addr addr(const char *text);

/* An empty record of that kind from this exporter; every octet that is not set is 0xa5. */
void begin(struct vnm_record *r, enum vnm_kind kind, const char *exporter, const char *decoder);

/* Whether a text field has this value, or, for NULL, is absent. Says so where not. */
bool is(const struct vnm_record *r, const char *field, const char *want);

#define IS(r, field, want) CU_ASSERT_TRUE(is((r), field, want))

#endif
