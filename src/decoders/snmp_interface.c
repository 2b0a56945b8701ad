/*
 * Values of IF-MIB (RFC 2863) in records of kind `interface`.
 */
#include "decoders/snmp_interface.h"

#define SPEED_MAX UINT32_MAX /* of ifSpeed: see ifHighSpeed */
#define MEGABIT 1000000ULL

enum how { STATUS, TEXT, DESCR, COUNT64, COUNT, MEGABITS, SPEED, INDEX, TRUTH, NUMBER };

static const struct vnm_snmp_interface_row {
	const char *object;
	unsigned field; /* index */
	size_t offset;	/* in struct vnm_record */
	enum how how;
} rows[] = {
#define VNM_SNMP_IF(object, field, how) \
	{object, VNM_F_interface_##field, offsetof(struct vnm_record, interface.field), how},
#include "decoders/snmp_interface.def"
#undef VNM_SNMP_IF
};

const struct vnm_snmp_interface_row *
vnm_snmp_interface_find(const char *object)
{
	size_t from = 0, to = VNM_ARRAY_LEN(rows);

	while (from < to) {
		size_t middle = from + (to - from) / 2;
		int order = strcmp(object, rows[middle].object);

		if (order == 0)
			return &rows[middle];
		if (order < 0)
			to = middle;
		else
			from = middle + 1;
	}
	return NULL;
}

/* ifAdminStatus and ifOperStatus (RFC 2863 section 6). */
static struct vnm_str
status_name(uint64_t n)
{
	static const struct vnm_str names[] = {VNM_STR("up"), VNM_STR("down"), VNM_STR("testing"),
	    VNM_STR("unknown"), VNM_STR("dormant"), VNM_STR("not-present"),
	    VNM_STR("lower-layer-down")};

	if (n == 0 || n > VNM_ARRAY_LEN(names))
		return (struct vnm_str){NULL, 0, false};
	return names[n - 1];
}

static bool
set_text(const struct vnm_varbind *v, struct vnm_str *to)
{
	if (v->type != VNM_BER_OCTETS)
		return false;
	*to = vnm_str_of_octets(v->octets);
	return to->n > 0;
}

/* Writes the number to where the row says: false where it is none for it. */
static bool
set_number(const struct vnm_snmp_interface_row *row, uint64_t n, void *to)
{
	switch (row->how) {
	case STATUS:
		*(struct vnm_str *)to = status_name(n);
		return ((struct vnm_str *)to)->n > 0;
	case MEGABITS:
		*(uint64_t *)to = n * MEGABIT;
		return n > 0 && n <= UINT32_MAX;
	case SPEED:
		*(uint64_t *)to = n;
		return n != SPEED_MAX;
	case INDEX:
	case NUMBER:
		*(uint32_t *)to = (uint32_t)n;
		return n <= UINT32_MAX;
	case TRUTH:
		*(bool *)to = n == 1;
		return n == 1 || n == 2;
	default:
		*(uint64_t *)to = n;
		return true;
	}
}

bool
vnm_snmp_interface_put(
    struct vnm_record *r, const struct vnm_snmp_interface_row *row, const struct vnm_varbind *v)
{
	bool weaker, set;
	uint64_t n;

	weaker = row->how == DESCR || row->how == COUNT || row->how == SPEED;
	if (weaker && vnm_record_has(r, row->field))
		return true; /* known better */
	if (row->how == TEXT || row->how == DESCR)
		set = set_text(v, (void *)((char *)r + row->offset));
	else
		set = vnm_varbind_number(v, &n) && set_number(row, n, (char *)r + row->offset);
	if (set)
		vnm_record_mark(r, row->field);
	return set;
}

bool
vnm_snmp_interface_set(struct vnm_record *r, const char *object, const struct vnm_varbind *v)
{
	const struct vnm_snmp_interface_row *row = vnm_snmp_interface_find(object);

	return row != NULL && vnm_snmp_interface_put(r, row, v);
}

void
vnm_snmp_interface_finish(struct vnm_record *r)
{
	if (VNM_HAS(r, interface, in_unicast_pkts) && VNM_HAS(r, interface, in_multicast_pkts) &&
	    VNM_HAS(r, interface, in_broadcast_pkts))
		VNM_SET(r, interface, in_pkts,
		    r->interface.in_unicast_pkts + r->interface.in_multicast_pkts +
			r->interface.in_broadcast_pkts);
	if (VNM_HAS(r, interface, out_unicast_pkts) && VNM_HAS(r, interface, out_multicast_pkts) &&
	    VNM_HAS(r, interface, out_broadcast_pkts))
		VNM_SET(r, interface, out_pkts,
		    r->interface.out_unicast_pkts + r->interface.out_multicast_pkts +
			r->interface.out_broadcast_pkts);
}
