/*
 * Rows of tables and scalars that an operator names: records of kind `table`, made as those of
 * answers whose request nobody knows (snmp_response.c).
 */
#include "decoders/poll.h"
#include "decoders/snmp.h"

#include <string.h>

/* A cell with its whole name: false where scratch memory is used up. */
static bool
name_cell(const struct vnm_plan_row *row, uint32_t column, struct vnm_scratch *s,
    struct vnm_varbind *v, struct vnm_snmp_object *o)
{
	const struct vnm_plan_column *c = &row->plan->columns[column];
	uint32_t n = c->id_n + row->index.n;
	uint32_t *ids = vnm_scratch_take(s, n * sizeof(*ids));

	if (ids == NULL)
		return false;
	memcpy(ids, c->ids, c->id_n * sizeof(*ids));
	memcpy(ids + c->id_n, row->index.v, row->index.n * sizeof(*ids));
	*v = row->cells[column];
	v->name = (struct vnm_oid){ids, n};
	*o = (struct vnm_snmp_object){c->note, {ids + c->id_n, row->index.n}};
	return true;
}

void
vnm_poll_table(const struct vnm_plan_row *row, struct vnm_out *out)
{
	struct vnm_snmp_call *c = vnm_scratch_take(out->scratch, sizeof(*c));
	struct vnm_varbind *v = vnm_scratch_take(out->scratch, (row->plan->n + 1) * sizeof(*v));
	struct vnm_snmp_object *o = vnm_scratch_take(out->scratch, (row->plan->n + 1) * sizeof(*o));

	if (c == NULL || v == NULL || o == NULL) {
		vnm_out_fault(out, VNM_R_scratch_full);
		return;
	}
	memset(c, 0, sizeof(*c));
	c->out = out;
	c->mib = row->plan->note != NULL ? row->plan->note : vnm_out_mib(out);
	c->v = v;
	c->objects = o;
	for (uint32_t i = 0; i < row->plan->n; i++) {
		if (row->cells[i].type != 0 && name_cell(row, i, out->scratch, &v[c->n], &o[c->n]))
			c->n++;
	}
	c->uptime = row->uptime;
	c->has_uptime = row->has_uptime;
	if (vnm_snmp_rows(c) != VNM_OK)
		vnm_out_fault(out, VNM_R_scratch_full);
}
