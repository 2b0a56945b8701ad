/*
 * SNMP messages and PDUs (RFC 1157, 1901, 3412, 3416).
 */
#include "snmp/pdu.h"

#include <string.h>

/* ---- varbinds -------------------------------------------------------------------------------- */

const uint8_t vnm_varbind_forms[UINT8_MAX + 1] = {
    [VNM_BER_INTEGER] = VNM_VARBIND_SIGNED,
    [VNM_BER_INTEGER64] = VNM_VARBIND_SIGNED,
    [VNM_BER_COUNTER32] = VNM_VARBIND_UNSIGNED,
    [VNM_BER_GAUGE32] = VNM_VARBIND_UNSIGNED,
    [VNM_BER_TIMETICKS] = VNM_VARBIND_UNSIGNED,
    [VNM_BER_UINTEGER32] = VNM_VARBIND_UNSIGNED,
    [VNM_BER_COUNTER64] = VNM_VARBIND_UNSIGNED,
    [VNM_BER_UNSIGNED64] = VNM_VARBIND_UNSIGNED,
    [VNM_BER_FLOAT] = VNM_VARBIND_REAL,
    [VNM_BER_DOUBLE] = VNM_VARBIND_REAL,
    [VNM_BER_OID] = VNM_VARBIND_OID,
    [VNM_BER_NULL] = VNM_VARBIND_NOTHING,
    [VNM_BER_NO_SUCH_OBJECT] = VNM_VARBIND_NOTHING,
    [VNM_BER_NO_SUCH_INSTANCE] = VNM_VARBIND_NOTHING,
    [VNM_BER_END_OF_MIB_VIEW] = VNM_VARBIND_NOTHING,
};

bool
vnm_varbind_number(const struct vnm_varbind *v, uint64_t *n)
{
	enum vnm_varbind_form form = vnm_varbind_form(v);

	if (form != VNM_VARBIND_UNSIGNED && (form != VNM_VARBIND_SIGNED || v->i64 < 0))
		return false;
	*n = form == VNM_VARBIND_SIGNED ? (uint64_t)v->i64 : v->u64;
	return true;
}

#define OPAQUE_ESCAPE 0x9f /* begins the tag of net-snmp's types within an Opaque */

/* A float, double or 64-bit number that an Opaque may hold; it stays octets where it is none. */
static void
open_opaque(struct vnm_varbind *v)
{
	struct vnm_slice o = v->octets;
	uint8_t type, length;

	if (o.n < 3 || o.p[0] != OPAQUE_ESCAPE || (size_t)o.p[2] + 3 != o.n)
		return;
	type = o.p[1];
	length = o.p[2];
	o = (struct vnm_slice){o.p + 3, length};
	if (type == VNM_BER_FLOAT && length == 4) {
		uint32_t bits = vnm_be32(o.p);
		float f;

		memcpy(&f, &bits, sizeof(f));
		v->f64 = (double)f;
	} else if (type == VNM_BER_DOUBLE && length == 8) {
		uint64_t bits = vnm_be64(o.p);

		memcpy(&v->f64, &bits, sizeof(v->f64));
	} else if (type == VNM_BER_INTEGER64) {
		unsigned odd = 0;
		int64_t number;

		if (!vnm_ber_signed(o, &number, &odd))
			return;
		v->i64 = number;
	} else if (type == VNM_BER_UNSIGNED64 || type == VNM_BER_OPAQUE_COUNTER64) {
		unsigned odd = 0;
		uint64_t number;

		if (!vnm_ber_unsigned(o, 64, &number, &odd))
			return;
		v->u64 = number;
		if (type == VNM_BER_OPAQUE_COUNTER64)
			type = VNM_BER_COUNTER64;
	} else {
		return;
	}
	v->type = type;
}

bool
vnm_varbind_value(struct vnm_varbind *v, struct vnm_slice contents, uint32_t *ids, unsigned *odd)
{
	switch (v->type) {
	case VNM_BER_INTEGER:
		if (!vnm_ber_signed(contents, &v->i64, odd))
			return false;
		*odd |= v->i64 != (int32_t)v->i64 ? VNM_BER_ODD_WIDTH : 0;
		return true;
	case VNM_BER_COUNTER32:
	case VNM_BER_GAUGE32:
	case VNM_BER_TIMETICKS:
	case VNM_BER_UINTEGER32:
		return vnm_ber_unsigned(contents, 32, &v->u64, odd);
	case VNM_BER_COUNTER64:
		return vnm_ber_unsigned(contents, 64, &v->u64, odd);
	case VNM_BER_OID:
		v->oid = (struct vnm_oid){ids, vnm_ber_oid(contents, ids, odd)};
		return v->oid.n != 0;
	case VNM_BER_NULL:
	case VNM_BER_NO_SUCH_OBJECT:
	case VNM_BER_NO_SUCH_INSTANCE:
	case VNM_BER_END_OF_MIB_VIEW:
		v->octets = (struct vnm_slice){contents.p, 0};
		*odd |= contents.n != 0 ? VNM_BER_ODD_WIDTH : 0;
		return true;
	case VNM_BER_IPADDRESS:
		*odd |= contents.n != 4 ? VNM_BER_ODD_WIDTH : 0;
		break;
	case VNM_BER_OPAQUE:
		v->octets = contents;
		open_opaque(v);
		return true;
	case VNM_BER_OCTETS:
	case VNM_BER_BITS:
	case VNM_BER_NSAP:
		break;
	default:
		*odd |= VNM_BER_ODD_TYPE;
		if (vnm_varbind_form(v) != VNM_VARBIND_OCTETS)
			v->type = VNM_BER_UNKNOWN; /* one that only an Opaque may hold */
	}
	v->octets = contents;
	return true;
}

bool
vnm_varbind_next(struct vnm_reader *r, struct vnm_varbind *v, uint32_t *ids, unsigned *odd)
{
	struct vnm_reader pair, name, contents;
	unsigned own = 0;

	if (vnm_reader_left(r) == 0 || !vnm_ber_expect(r, VNM_BER_SEQUENCE, &pair, &own))
		return false;
	if (!vnm_ber_expect(&pair, VNM_BER_OID, &name, &own))
		goto malformed;
	v->name = (struct vnm_oid){ids, vnm_ber_oid(vnm_reader_rest(&name), ids, &own)};
	if (v->name.n == 0 || !vnm_ber_next(&pair, &v->type, &contents, &own))
		goto malformed;
	if (!vnm_varbind_value(v, vnm_reader_rest(&contents), ids + v->name.n, &own))
		goto malformed;
	if (vnm_reader_left(&pair) != 0)
		own |= VNM_BER_ODD_TRAILING;
	v->odd = (uint8_t)own;
	*odd |= own;
	return true;
malformed:
	r->bad = true;
	return false;
}

uint32_t
vnm_varbinds_read(struct vnm_reader *r, struct vnm_varbind_room *room, unsigned *odd)
{
	uint32_t before = room->n;

	while (room->n < room->cap && room->id_cap - room->id_n >= VNM_VARBIND_IDS) {
		struct vnm_varbind *v = &room->p[room->n];

		if (!vnm_varbind_next(r, v, room->ids + room->id_n, odd))
			break;
		room->n++;
		room->id_n += v->name.n + (v->type == VNM_BER_OID ? v->oid.n : 0);
	}
	return room->n - before;
}

/* A float or double within its Opaque. */
static void
put_opaque(struct vnm_ber_writer *w, const struct vnm_varbind *v)
{
	size_t mark = vnm_ber_written(w);
	uint64_t bits;
	uint8_t n = v->type == VNM_BER_FLOAT ? 4 : 8;

	if (v->type == VNM_BER_FLOAT) {
		float f = (float)v->f64;
		uint32_t half;

		memcpy(&half, &f, sizeof(half));
		bits = half;
	} else {
		memcpy(&bits, &v->f64, sizeof(bits));
	}
	for (uint8_t i = 0; i < n; i++, bits >>= 8)
		vnm_ber_put_raw(w, &(uint8_t){(uint8_t)bits}, 1);
	vnm_ber_put_raw(w, (uint8_t[]){OPAQUE_ESCAPE, v->type, n}, 3);
	vnm_ber_wrap(w, VNM_BER_OPAQUE, mark);
}

static void
put_opaque_number(struct vnm_ber_writer *w, const struct vnm_varbind *v)
{
	size_t mark = vnm_ber_written(w);

	if (v->type == VNM_BER_INTEGER64)
		vnm_ber_put_signed(w, v->type, v->i64);
	else
		vnm_ber_put_unsigned(w, v->type, v->u64);
	vnm_ber_put_raw(w, (uint8_t[]){OPAQUE_ESCAPE}, 1);
	vnm_ber_wrap(w, VNM_BER_OPAQUE, mark);
}

static void
put_value(struct vnm_ber_writer *w, const struct vnm_varbind *v)
{
	switch (v->type) {
	case VNM_BER_INTEGER:
		vnm_ber_put_signed(w, v->type, v->i64);
		break;
	case VNM_BER_COUNTER32:
	case VNM_BER_GAUGE32:
	case VNM_BER_TIMETICKS:
	case VNM_BER_UINTEGER32:
	case VNM_BER_COUNTER64:
		vnm_ber_put_unsigned(w, v->type, v->u64);
		break;
	case VNM_BER_OID:
		vnm_ber_put_oid(w, v->oid);
		break;
	case VNM_BER_FLOAT:
	case VNM_BER_DOUBLE:
		put_opaque(w, v);
		break;
	case VNM_BER_INTEGER64:
	case VNM_BER_UNSIGNED64:
		put_opaque_number(w, v);
		break;
	case VNM_BER_NULL:
	case VNM_BER_NO_SUCH_OBJECT:
	case VNM_BER_NO_SUCH_INSTANCE:
	case VNM_BER_END_OF_MIB_VIEW:
		vnm_ber_put_empty(w, v->type);
		break;
	default:
		vnm_ber_put_octets(w, v->type, v->octets);
	}
}

void
vnm_varbind_put(struct vnm_ber_writer *w, const struct vnm_varbind *v)
{
	size_t mark = vnm_ber_written(w);

	put_value(w, v);
	vnm_ber_put_oid(w, v->name);
	vnm_ber_wrap(w, VNM_BER_SEQUENCE, mark);
}

/* ---- PDUs ------------------------------------------------------------------------------------ */

static struct vnm_str
name_of(const char *const *names, size_t n, size_t i)
{
	if (i >= n)
		return (struct vnm_str){NULL, 0, false};
	return vnm_str_clean(names[i]);
}

struct vnm_str
vnm_pdu_type_name(uint8_t type)
{
	static const char *const names[] = {
	    "get", "get-next", "response", "set", "trap", "get-bulk", "inform", "trap", "report"};

	return name_of(names, VNM_ARRAY_LEN(names), (size_t)type - VNM_PDU_GET);
}

struct vnm_str
vnm_pdu_error_name(int32_t status)
{
	static const char *const names[] = {"noError", "tooBig", "noSuchName", "badValue",
	    "readOnly", "genErr", "noAccess", "wrongType", "wrongLength", "wrongEncoding",
	    "wrongValue", "noCreation", "inconsistentValue", "resourceUnavailable", "commitFailed",
	    "undoFailed", "authorizationError", "notWritable", "inconsistentName"};

	return name_of(names, VNM_ARRAY_LEN(names), (size_t)status);
}

/* What a version 1 trap has in the place of ids and errors (RFC 1157 section 4.1.6). */
static bool
read_trap_v1(struct vnm_reader *r, struct vnm_pdu *pdu, unsigned *odd)
{
	struct vnm_reader contents;
	struct vnm_slice octets;
	uint64_t ticks;
	uint8_t tag;

	if (!vnm_ber_expect(r, VNM_BER_OID, &contents, odd))
		return false;
	pdu->enterprise.v = pdu->enterprise_ids;
	pdu->enterprise.n = vnm_ber_oid(vnm_reader_rest(&contents), pdu->enterprise_ids, odd);
	if (pdu->enterprise.n == 0 || !vnm_ber_next(r, &tag, &contents, odd))
		return false;
	octets = vnm_reader_rest(&contents);
	pdu->agent = (struct vnm_addr){0};
	if (octets.n == 4)
		pdu->agent = vnm_addr_ip4(octets.p);
	if (tag != VNM_BER_IPADDRESS || octets.n != 4)
		*odd |= VNM_BER_ODD_WIDTH;
	if (!vnm_ber_next_i32(r, &pdu->generic, odd) || !vnm_ber_next_i32(r, &pdu->specific, odd) ||
	    !vnm_ber_next(r, &tag, &contents, odd) ||
	    !vnm_ber_unsigned(vnm_reader_rest(&contents), 32, &ticks, odd))
		return false;
	pdu->uptime = (uint32_t)ticks;
	return true;
}

enum vnm_reason
vnm_pdu_read(struct vnm_reader *r, struct vnm_pdu *pdu, unsigned *odd)
{
	struct vnm_reader body;

	if (!vnm_ber_next(r, &pdu->type, &body, odd))
		return VNM_R_truncated;
	if (pdu->type < VNM_PDU_GET || pdu->type > VNM_PDU_REPORT)
		return VNM_R_message_unknown;
	if (vnm_reader_left(r) != 0)
		*odd |= VNM_BER_ODD_TRAILING;
	if (pdu->type == VNM_PDU_TRAP_V1) {
		pdu->request_id = pdu->error_status = pdu->error_index = 0;
		if (!read_trap_v1(&body, pdu, odd))
			return VNM_R_bad_header;
	} else if (!vnm_ber_next_i32(&body, &pdu->request_id, odd) ||
		   !vnm_ber_next_i32(&body, &pdu->error_status, odd) ||
		   !vnm_ber_next_i32(&body, &pdu->error_index, odd)) {
		return VNM_R_bad_header;
	}
	if (!vnm_ber_expect(&body, VNM_BER_SEQUENCE, &pdu->varbinds, odd))
		return VNM_R_bad_length;
	if (vnm_reader_left(&body) != 0)
		*odd |= VNM_BER_ODD_TRAILING;
	pdu->octets = (struct vnm_slice){pdu->varbinds.p, vnm_reader_left(&pdu->varbinds)};
	return VNM_OK;
}

void
vnm_pdu_put(struct vnm_ber_writer *w, const struct vnm_pdu *pdu, const struct vnm_varbind *v,
    uint32_t n, const struct vnm_slice *raw)
{
	size_t mark = vnm_ber_written(w);

	if (raw != NULL)
		vnm_ber_put_raw(w, raw->p, raw->n);
	for (uint32_t i = n; i > 0; i--)
		vnm_varbind_put(w, &v[i - 1]);
	vnm_ber_wrap(w, VNM_BER_SEQUENCE, mark);
	if (pdu->type == VNM_PDU_TRAP_V1) {
		vnm_ber_put_unsigned(w, VNM_BER_TIMETICKS, pdu->uptime);
		vnm_ber_put_signed(w, VNM_BER_INTEGER, pdu->specific);
		vnm_ber_put_signed(w, VNM_BER_INTEGER, pdu->generic);
		vnm_ber_put_octets(w, VNM_BER_IPADDRESS, (struct vnm_slice){pdu->agent.b, 4});
		vnm_ber_put_oid(w, pdu->enterprise);
	} else {
		vnm_ber_put_signed(w, VNM_BER_INTEGER, pdu->error_index);
		vnm_ber_put_signed(w, VNM_BER_INTEGER, pdu->error_status);
		vnm_ber_put_signed(w, VNM_BER_INTEGER, pdu->request_id);
	}
	vnm_ber_wrap(w, pdu->type, mark);
}

/* ---- messages -------------------------------------------------------------------------------- */

/* What stands in front of the security parameters of a version 3 message (RFC 3412 section 6). */
static enum vnm_reason
read_v3(struct vnm_reader *r, struct vnm_snmp_message *m)
{
	struct vnm_reader header;
	struct vnm_slice flags;

	if (!vnm_ber_expect(r, VNM_BER_SEQUENCE, &header, &m->odd))
		return VNM_R_bad_header;
	if (!vnm_ber_next_i32(&header, &m->id, &m->odd) || m->id < 0 ||
	    !vnm_ber_next_i32(&header, &m->max_size, &m->odd) ||
	    !vnm_ber_next_octets(&header, &flags, &m->odd) || flags.n != 1 ||
	    !vnm_ber_next_i32(&header, &m->model, &m->odd))
		return VNM_R_bad_header;
	m->flags = flags.p[0];
	if ((m->flags & (VNM_SNMP_FLAG_AUTH | VNM_SNMP_FLAG_PRIV)) == VNM_SNMP_FLAG_PRIV)
		return VNM_R_bad_header; /* RFC 3412 section 7.2 step 5 */
	if (!vnm_ber_next_octets(r, &m->security, &m->odd))
		return VNM_R_bad_header;
	if ((m->flags & VNM_SNMP_FLAG_PRIV) == 0)
		m->scoped = *r;
	else if (!vnm_ber_next_octets(r, &m->encrypted, &m->odd))
		return VNM_R_bad_header;
	return VNM_OK;
}

enum vnm_reason
vnm_snmp_read(const uint8_t *p, size_t n, struct vnm_snmp_message *m)
{
	struct vnm_reader r = vnm_reader_of(p, n);
	struct vnm_reader body;
	int32_t version;

	*m = (struct vnm_snmp_message){0};
	if (n > 0 && p[0] != VNM_BER_SEQUENCE)
		return VNM_R_bad_header;
	if (!vnm_ber_expect(&r, VNM_BER_SEQUENCE, &body, &m->odd))
		return VNM_R_truncated;
	if (vnm_reader_left(&r) != 0)
		m->odd |= VNM_BER_ODD_TRAILING;
	m->whole = (struct vnm_slice){p, (size_t)(body.end - p)};
	if (!vnm_ber_next_i32(&body, &version, &m->odd))
		return VNM_R_bad_header;
	if (version != VNM_SNMP_V1 && version != VNM_SNMP_V2C && version != VNM_SNMP_V3)
		return VNM_R_bad_version;
	m->version = (uint8_t)version;
	if (version == VNM_SNMP_V3)
		return read_v3(&body, m);
	if (!vnm_ber_next_octets(&body, &m->community, &m->odd))
		return VNM_R_bad_header;
	m->pdu = body;
	return VNM_OK;
}

enum vnm_reason
vnm_scoped_read(struct vnm_reader *r, struct vnm_snmp_scoped *scoped, unsigned *odd)
{
	struct vnm_reader body;

	if (!vnm_ber_expect(r, VNM_BER_SEQUENCE, &body, odd) ||
	    !vnm_ber_next_octets(&body, &scoped->context_engine, odd) ||
	    !vnm_ber_next_octets(&body, &scoped->context_name, odd))
		return VNM_R_bad_header;
	scoped->pdu = body;
	return VNM_OK;
}

void
vnm_snmp_wrap(struct vnm_ber_writer *w, uint8_t version, struct vnm_slice community)
{
	vnm_ber_put_octets(w, VNM_BER_OCTETS, community);
	vnm_ber_put_unsigned(w, VNM_BER_INTEGER, version);
	vnm_ber_wrap(w, VNM_BER_SEQUENCE, 0);
}

void
vnm_scoped_wrap(
    struct vnm_ber_writer *w, struct vnm_slice context_engine, struct vnm_slice context_name)
{
	vnm_ber_put_octets(w, VNM_BER_OCTETS, context_name);
	vnm_ber_put_octets(w, VNM_BER_OCTETS, context_engine);
	vnm_ber_wrap(w, VNM_BER_SEQUENCE, 0);
}

/* A sequence that begins with a version, and then a community or version 3's header. */
bool
vnm_snmp_probe(const uint8_t *p, size_t n)
{
	struct vnm_reader r = vnm_reader_of(p, n);
	size_t length;
	uint8_t tag;

	if (vnm_reader_u8(&r) != VNM_BER_SEQUENCE)
		return false;
	length = vnm_reader_u8(&r);
	if (length >= 0x80)
		vnm_reader_skip(&r, length & 0x7f);
	if (vnm_reader_u8(&r) != VNM_BER_INTEGER || vnm_reader_u8(&r) != 1)
		return false;
	length = vnm_reader_u8(&r);
	tag = vnm_reader_u8(&r);
	if (r.bad)
		return false;
	return length == VNM_SNMP_V3 ? tag == VNM_BER_SEQUENCE
				     : length <= VNM_SNMP_V2C && tag == VNM_BER_OCTETS;
}
