/*
 * Values as text (mibs/mib.h): by enumeration, by the form of their textual convention, by
 * DISPLAY-HINT, else as what they look like.
 */
#include "mibs/hint.h"
#include "mibs/mib.h"

#include "base/reader.h"
#include "base/text.h"

static const struct vnm_mib_type no_type = {0};

static const struct vnm_mib_type *
type_of(const struct vnm_mib *m, const struct vnm_mib_object *o)
{
	return o != NULL ? vnm_mib_type(m, o) : &no_type;
}

static const char *
label_of(const struct vnm_mib *m, const struct vnm_mib_type *t, int64_t value)
{
	uint32_t low = t->labels, high = t->labels + t->label_count;

	while (low < high) {
		uint32_t middle = low + (high - low) / 2;

		if (m->labels[middle].value == value)
			return m->text + m->labels[middle].text;
		if (m->labels[middle].value < value)
			low = middle + 1;
		else
			high = middle;
	}
	return NULL;
}

const char *
vnm_mib_label(const struct vnm_mib *m, const struct vnm_mib_object *o, int64_t value)
{
	return label_of(m, type_of(m, o), value);
}

/* ---- octets of a known form ---------------------------------------------------------------- */

static void
put_bits(struct vnm_mib_out *out, const struct vnm_mib *m, const struct vnm_mib_type *t,
    struct vnm_slice s)
{
	bool first = true;

	for (size_t bit = 0; bit < 8 * s.n && !out->full; bit++) {
		const char *name;

		if ((s.p[bit / 8] & 0x80 >> bit % 8) == 0)
			continue;
		if (!first)
			vnm_mib_put(out, ",", 1);
		first = false;
		name = label_of(m, t, (int64_t)bit);
		if (name != NULL)
			vnm_mib_put(out, name, strlen(name));
		else
			vnm_mib_put_u64(out, bit);
	}
}

/* "1-4,7": bits are counted from 1 */
static void
put_ports(struct vnm_mib_out *out, struct vnm_slice s)
{
	size_t begin = 0;
	bool first = true;

	for (size_t port = 1; port <= 8 * s.n + 1 && !out->full; port++) {
		bool set = port <= 8 * s.n && (s.p[(port - 1) / 8] & 0x80 >> (port - 1) % 8) != 0;

		if (set && begin == 0)
			begin = port;
		if (set || begin == 0)
			continue;
		if (!first)
			vnm_mib_put(out, ",", 1);
		first = false;
		vnm_mib_put_u64(out, begin);
		if (begin < port - 1) {
			vnm_mib_put(out, "-", 1);
			vnm_mib_put_u64(out, port - 1);
		}
		begin = 0;
	}
}

/* Two digits with something in front of them. */
static void
put_two(struct vnm_mib_out *out, const char *before, unsigned v)
{
	vnm_mib_put(out, before, strlen(before));
	vnm_mib_put(out, vnm_digit_pairs + 2 * (v % 100), 2);
}

/* RFC 2579 DateAndTime as ISO 8601: "2026-11-26T09:30:00.5+01:00" */
static bool
put_date(struct vnm_mib_out *out, struct vnm_slice s)
{
	const uint8_t *p = s.p;

	if ((s.n != 8 && s.n != 11) || p[2] < 1 || p[2] > 12 || p[3] < 1 || p[3] > 31 ||
	    p[4] > 23 || p[5] > 59 || p[6] > 60 || p[7] > 9)
		return false;
	if (s.n == 11 && ((p[8] != '+' && p[8] != '-') || p[9] > 14 || p[10] > 59))
		return false;
	put_two(out, "", vnm_be16(p) / 100U);
	put_two(out, "", vnm_be16(p) % 100U);
	put_two(out, "-", p[2]);
	put_two(out, "-", p[3]);
	put_two(out, "T", p[4]);
	put_two(out, ":", p[5]);
	put_two(out, ":", p[6]);
	vnm_mib_put(out, ".", 1);
	vnm_mib_put_u64(out, p[7]);
	if (s.n == 11) {
		put_two(out, p[8] == '+' ? "+" : "-", p[9]);
		put_two(out, ":", p[10]);
	}
	return true;
}

static void
put_addr(struct vnm_mib_out *out, const struct vnm_addr *a)
{
	char text[VNM_ADDR_TEXT];

	vnm_mib_put(out, text, vnm_addr_write(text, a));
}

/* By its length: 4 and 16 octets, and 4 more with a zone (RFC 4001). */
static bool
put_address(struct vnm_mib_out *out, struct vnm_slice s)
{
	struct vnm_addr a;

	if (s.n == 4 || s.n == 8)
		a = vnm_addr_ip4(s.p);
	else if (s.n == 16 || s.n == 20)
		a = vnm_addr_unmapped(s.p);
	else
		return false;
	put_addr(out, &a);
	if (s.n == 8 || s.n == 20) {
		vnm_mib_put(out, "%", 1);
		vnm_mib_put_u64(out, vnm_be32(s.p + s.n - 4));
	}
	return true;
}

/* Priority and MAC: "32768/00:11:22:33:44:55" */
static bool
put_bridge_id(struct vnm_mib_out *out, struct vnm_slice s)
{
	if (s.n != 8)
		return false;
	vnm_mib_put_u64(out, vnm_be16(s.p));
	vnm_mib_put(out, "/", 1);
	vnm_mib_put_hex(out, s.p + 2, 6);
	return true;
}

/* The floats that net-snmp puts into Opaque: a tag of two octets, a length, the value. */
static bool
put_opaque(struct vnm_mib_out *out, struct vnm_slice s)
{
	char text[VNM_TEXT_NUMBER];
	union {
		uint32_t u;
		float v;
	} f;
	union {
		uint64_t u;
		double v;
	} d;

	if (s.n == 7 && s.p[0] == 0x9f && s.p[1] == 0x78 && s.p[2] == 4) {
		f.u = vnm_be32(s.p + 3);
		if (!(f.v - f.v == 0)) /* not finite */
			return false;
		vnm_mib_put(out, text, (size_t)(vnm_text_float(text, f.v) - text));
		return true;
	}
	if (s.n == 11 && s.p[0] == 0x9f && s.p[1] == 0x79 && s.p[2] == 8) {
		d.u = vnm_be64(s.p + 3);
		if (!(d.v - d.v == 0))
			return false;
		vnm_mib_put(out, text, (size_t)(vnm_text_double(text, d.v) - text));
		return true;
	}
	return false;
}

/* Without the NULs that some agents pad text with. */
static struct vnm_slice
unpadded(struct vnm_slice s)
{
	while (s.n > 0 && s.p[s.n - 1] == '\0')
		s.n--;
	return s;
}

static void
put_plain_octets(struct vnm_mib_out *out, struct vnm_slice s)
{
	struct vnm_slice text = unpadded(s);

	if ((text.n > 0 || s.n == 0) && vnm_mib_is_printable(text.p, text.n))
		vnm_mib_put(out, (const char *)text.p, text.n);
	else
		vnm_mib_put_hex(out, s.p, s.n);
}

/* As the form has it; false where the octets are not of that form. */
static bool
put_form(struct vnm_mib_out *out, const struct vnm_mib_type *t, struct vnm_slice s)
{
	switch ((enum vnm_mib_form)t->form) {
	case VNM_MIB_MAC:
	case VNM_MIB_PHYS:
		vnm_mib_put_hex(out, s.p, s.n);
		return true;
	case VNM_MIB_DATE:
		return put_date(out, s);
	case VNM_MIB_INET_ADDRESS:
		return put_address(out, s);
	case VNM_MIB_FAMILY_ADDRESS:
		if (s.n == 6) {
			vnm_mib_put_hex(out, s.p, s.n);
			return true;
		}
		return put_address(out, s);
	case VNM_MIB_BRIDGE_ID:
		return put_bridge_id(out, s);
	case VNM_MIB_PORTS:
		put_ports(out, s);
		return true;
	default:
		return false;
	}
}

static void
put_octets(struct vnm_mib_out *out, const struct vnm_mib *m, const struct vnm_mib_type *t,
    struct vnm_slice s)
{
	if (s.n == 0)
		return;
	switch ((enum vnm_mib_base)t->base) {
	case VNM_MIB_BITS:
		put_bits(out, m, t, s);
		return;
	case VNM_MIB_IPADDRESS:
		if (s.n == 4 && put_address(out, s))
			return;
		break;
	case VNM_MIB_OPAQUE:
		if (put_opaque(out, s))
			return;
		break;
	case VNM_MIB_OCTETS:
		if (put_form(out, t, s))
			return;
		if (t->form != VNM_MIB_TEXT && vnm_mib_hint_octets(out, m->text + t->hint, s))
			return;
		break;
	default:
		break;
	}
	put_plain_octets(out, s);
}

/* ---- numbers ------------------------------------------------------------------------------- */

/* Hundredths of a second: "3:04:05:06.07" is 3 days and four hours. */
static void
put_ticks(struct vnm_mib_out *out, uint64_t v)
{
	vnm_mib_put_u64(out, v / 8640000);
	put_two(out, ":", (unsigned)(v / 360000 % 24));
	put_two(out, ":", (unsigned)(v / 6000 % 60));
	put_two(out, ":", (unsigned)(v / 100 % 60));
	put_two(out, ".", (unsigned)(v % 100));
}

static void
put_number(struct vnm_mib_out *out, const struct vnm_mib *m, const struct vnm_mib_type *t,
    const struct vnm_mib_value *v)
{
	int64_t i = v->type == VNM_MIB_VALUE_SIGNED ? v->i : (int64_t)v->u;
	bool fits = v->type == VNM_MIB_VALUE_SIGNED || v->u <= INT64_MAX;
	const char *name = fits && t->label_count > 0 ? label_of(m, t, i) : NULL;

	if (name != NULL)
		vnm_mib_put(out, name, strlen(name));
	else if (t->base == VNM_MIB_TIMETICKS && v->type == VNM_MIB_VALUE_UNSIGNED)
		put_ticks(out, v->u);
	else if (fits && vnm_mib_hint_number(out, m->text + t->hint, i))
		return;
	else if (v->type == VNM_MIB_VALUE_SIGNED)
		vnm_mib_put_i64(out, i);
	else
		vnm_mib_put_u64(out, v->u);
}

/* ---- oids ---------------------------------------------------------------------------------- */

static void
put_oid(struct vnm_mib_out *out, const struct vnm_mib *m, struct vnm_oid oid, bool qualified)
{
	struct vnm_oid rest;
	const struct vnm_mib_object *o = vnm_mib_find(m, oid, &rest);

	if (o == NULL) {
		rest = oid;
	} else {
		const char *module = vnm_mib_module(m, o), *name = vnm_mib_name(m, o);

		if (qualified) {
			vnm_mib_put(out, module, strlen(module));
			vnm_mib_put(out, "::", 2);
		}
		vnm_mib_put(out, name, strlen(name));
	}
	for (uint32_t i = 0; i < rest.n; i++) {
		if (o != NULL || i > 0)
			vnm_mib_put(out, ".", 1);
		vnm_mib_put_u64(out, rest.v[i]);
	}
}

size_t
vnm_mib_oid_text(
    const struct vnm_mib *m, struct vnm_oid oid, bool qualified, char *text, size_t room)
{
	struct vnm_mib_out out = {text, text + room, false};

	put_oid(&out, m, oid, qualified);
	return (size_t)(out.p - text);
}

/* ---- all of them --------------------------------------------------------------------------- */

size_t
vnm_mib_text(const struct vnm_mib *m, const struct vnm_mib_object *o, const struct vnm_mib_value *v,
    char *text, size_t room)
{
	struct vnm_mib_out out = {text, text + room, false};
	const struct vnm_mib_type *t = type_of(m, o);

	switch (v->type) {
	case VNM_MIB_VALUE_NONE:
		break;
	case VNM_MIB_VALUE_SIGNED:
	case VNM_MIB_VALUE_UNSIGNED:
		put_number(&out, m, t, v);
		break;
	case VNM_MIB_VALUE_OCTETS:
		put_octets(&out, m, t, v->octets);
		break;
	case VNM_MIB_VALUE_OID:
		put_oid(&out, m, v->oid, false);
		break;
	}
	return (size_t)(out.p - text);
}

bool
vnm_mib_is_text(const struct vnm_mib *m, const struct vnm_mib_object *o, struct vnm_slice octets)
{
	const struct vnm_mib_type *t = type_of(m, o);
	struct vnm_slice text = unpadded(octets);

	if (t->base != VNM_MIB_NO_VALUE && t->base != VNM_MIB_OCTETS)
		return false;
	if (t->form != VNM_MIB_TEXT && (t->form != VNM_MIB_PLAIN || m->text[t->hint] != '\0'))
		return false;
	return (text.n > 0 || octets.n == 0) && vnm_mib_is_printable(text.p, text.n);
}

struct vnm_addr
vnm_mib_address(const struct vnm_mib *m, const struct vnm_mib_object *o, struct vnm_slice octets)
{
	const struct vnm_mib_type *t = type_of(m, o);

	if (t->base == VNM_MIB_IPADDRESS || t->form == VNM_MIB_INET_ADDRESS ||
	    t->form == VNM_MIB_FAMILY_ADDRESS) {
		if (octets.n == 4 || octets.n == 8)
			return vnm_addr_ip4(octets.p);
		if (octets.n == 16 || octets.n == 20)
			return vnm_addr_unmapped(octets.p);
	}
	return (struct vnm_addr){0};
}
