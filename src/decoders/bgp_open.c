/*
 * OPEN messages of BGP: RFC 4271 section 4.2, capabilities (RFC 5492), extended optional
 * parameters (RFC 9072).
 */
#include "decoders/bgp_part.h"

#define OPEN 1
#define CAPABILITIES 2 /* the optional parameter that carries them */
#define EXTENDED 255   /* RFC 9072 section 2 */

/* Names of capabilities as they are read; grows in scratch. */
struct names {
	struct vnm_out *out;
	struct vnm_str *p;
	uint32_t n, cap;
};

static void
add_name(struct names *l, struct vnm_str name)
{
	if (l->n == l->cap) {
		uint32_t cap = l->cap != 0 ? 2 * l->cap : 32;
		struct vnm_str *more = vnm_scratch_take(l->out->scratch, cap * sizeof(*more));

		if (more == NULL) {
			vnm_out_fault(l->out, VNM_R_scratch_full);
			return;
		}
		if (l->n > 0)
			memcpy(more, l->p, l->n * sizeof(*more));
		l->p = more;
		l->cap = cap;
	}
	l->p[l->n++] = name;
}

static const char *
capability_name(uint8_t code)
{
	switch (code) {
#define VNM_CAPABILITY(code, name) \
	case code:                 \
		return name;
#include "decoders/bgp_capabilities.def"
#undef VNM_CAPABILITY
	default:
		return NULL;
	}
}

/* "ipv4/unicast", or the numbers of what has no name. */
static char *
write_family(char *p, uint16_t afi, uint8_t safi)
{
	struct vnm_str name = vnm_afi_name(afi);

	p = name.n != 0 ? vnm_bgp_put(p, name.p) : vnm_text_u64(p, afi);
	*p++ = '/';
	name = vnm_safi_name(safi);
	return name.n != 0 ? vnm_bgp_put(p, name.p) : vnm_text_u64(p, safi);
}

static char *
write_add_path(char *p, uint8_t mode)
{
	static const char *const modes[] = {":none", ":receive", ":send", ":both"};

	return vnm_bgp_put(p, mode < VNM_ARRAY_LEN(modes) ? modes[mode] : ":unknown");
}

/* The name with what follows it: a family, a mode. */
static void
add_family_name(struct names *names, uint8_t code, const uint8_t *v)
{
	char *start = vnm_bgp_text(names->out, 128);
	char *p = start;

	if (start == NULL)
		return;
	p = vnm_bgp_put(p, capability_name(code));
	*p++ = ':';
	p = write_family(p, vnm_be16(v), code == 1 || code == 5 ? v[3] : v[2]);
	if (code == 69)
		p = write_add_path(p, v[3]);
	if (code == 5) {
		*p++ = ':';
		struct vnm_str hop = vnm_afi_name(vnm_be16(v + 4));
		p = hop.n != 0 ? vnm_bgp_put(p, hop.p) : vnm_text_u64(p, vnm_be16(v + 4));
	}
	add_name(names, vnm_bgp_text_end(names->out, start, p));
}

/* The family of that number, made where it is new; NULL where there are too many. */
static struct vnm_bgp_family *
family_of(struct vnm_bgp_open *open, uint16_t afi, uint8_t safi)
{
	for (unsigned i = 0; i < open->family_count; i++) {
		if (open->families[i].afi == afi && open->families[i].safi == safi)
			return &open->families[i];
	}
	if (open->family_count == VNM_BGP_FAMILIES)
		return NULL;
	struct vnm_bgp_family *f = &open->families[open->family_count++];
	*f = (struct vnm_bgp_family){.afi = afi, .safi = safi};
	return f;
}

/* Capabilities that are lists of families, of `each` octets. */
static bool
read_families(struct names *names, struct vnm_bgp_open *open, uint8_t code, struct vnm_slice s)
{
	size_t each = code == 5 ? 6 : 4;

	if (s.n % each != 0 || (code == 1 && s.n != 4))
		return false;
	for (size_t i = 0; i < s.n; i += each) {
		const uint8_t *v = s.p + i;
		uint8_t safi = code == 1 || code == 5 ? v[3] : v[2];
		struct vnm_bgp_family *f = family_of(open, vnm_be16(v), safi);

		add_family_name(names, code, v);
		if (f == NULL) {
			vnm_out_fault(names->out, VNM_R_family_limit);
			continue;
		}
		if (code == 1)
			f->multiprotocol = true;
		else if (code == 69)
			f->add_path = v[3] <= 3 ? v[3] : 0;
		else if (code == 8)
			f->labels = v[3];
	}
	return true;
}

/* Host and domain name (draft-walton-bgp-hostname-capability), or a version's text. */
static bool
read_text(struct names *names, uint8_t code, struct vnm_slice s)
{
	const char *name = capability_name(code);
	size_t n = s.n > 0 ? s.p[0] : 0;

	if (s.n == 0 || n + 1 > s.n)
		return false;
	char *start = vnm_bgp_text(names->out, n + 64);
	if (start == NULL)
		return true;
	char *p = vnm_bgp_put(start, name);
	*p++ = ':';
	memcpy(p, s.p + 1, n);
	struct vnm_str text = vnm_bgp_text_end(names->out, start, p + n);
	text.clean = vnm_str_check_clean(text.p, text.n);
	add_name(names, text);
	return true;
}

static bool
read_role(struct names *names, struct vnm_slice s)
{
	static const struct vnm_str roles[] = {VNM_STR("role:provider"), VNM_STR("role:rs"),
	    VNM_STR("role:rs-client"), VNM_STR("role:customer"), VNM_STR("role:peer")};

	if (s.n != 1)
		return false;
	add_name(names, s.p[0] < VNM_ARRAY_LEN(roles)
			    ? roles[s.p[0]]
			    : vnm_bgp_text_number(names->out, "role:", s.p[0]));
	return true;
}

static bool
read_capability(struct names *names, struct vnm_bgp_open *open, uint8_t code, struct vnm_slice s)
{
	const char *name = capability_name(code);

	switch (code) {
	case 1:
	case 5:
	case 8:
	case 69:
		return read_families(names, open, code, s);
	case 9:
		return read_role(names, s);
	case 73:
	case 75:
		return read_text(names, code, s);
	case 65:
		if (s.n != 4)
			return false;
		open->as4 = true;
		open->as = vnm_be32(s.p);
		break;
	case 6:
		open->extended_message = true;
		break;
	case 70:
		open->enhanced_refresh = true;
		break;
	default:
		break;
	}
	add_name(names,
	    name != NULL ? vnm_str_clean(name) : vnm_bgp_text_number(names->out, "cap_", code));
	return true;
}

static void
read_capabilities(struct names *names, struct vnm_bgp_open *open, struct vnm_reader r)
{
	while (vnm_reader_left(&r) > 0) {
		uint8_t code = vnm_reader_u8(&r);
		struct vnm_reader v = vnm_reader_sub(&r, vnm_reader_u8(&r));

		if (v.bad || !read_capability(names, open, code, vnm_reader_rest(&v)))
			vnm_out_fault(names->out, VNM_R_capability_malformed);
	}
}

/* The optional parameters; their own lengths are of two octets where they are extended. */
static bool
read_parameters(struct names *names, struct vnm_bgp_open *open, struct vnm_reader *r)
{
	uint8_t length = vnm_reader_u8(r);
	bool extended = length != 0 && vnm_reader_left(r) >= 3 && r->p[0] == EXTENDED;
	size_t n = length;

	if (extended) {
		vnm_reader_skip(r, 1);
		n = vnm_reader_u16(r);
	}
	struct vnm_reader all = vnm_reader_sub(r, n);
	while (vnm_reader_left(&all) > 0) {
		uint8_t type = vnm_reader_u8(&all);
		size_t size = extended ? vnm_reader_u16(&all) : vnm_reader_u8(&all);
		struct vnm_reader v = vnm_reader_sub(&all, size);

		if (v.bad)
			vnm_out_fault(names->out, VNM_R_capability_malformed);
		else if (type == CAPABILITIES)
			read_capabilities(names, open, v);
	}
	return !r->bad && !all.bad;
}

enum vnm_reason
vnm_bgp_open(struct vnm_reader *r, struct vnm_out *out, struct vnm_bgp_open *open)
{
	struct names names = {.out = out};
	struct vnm_reader body = {0};

	*open = (struct vnm_bgp_open){0};
	enum vnm_reason reason = vnm_bgp_header(r, OPEN, &body);
	if (reason != VNM_OK)
		return reason;
	const uint8_t *p = vnm_reader_take(&body, 9);
	if (p == NULL)
		return VNM_R_bad_length;
	if (p[0] != 4)
		return VNM_R_bad_version;
	open->as = vnm_be16(p + 1);
	open->hold_time_s = vnm_be16(p + 3);
	memcpy(open->id, p + 5, sizeof(open->id));
	bool good = read_parameters(&names, open, &body);
	open->capabilities = (struct vnm_strs){names.p, names.n};
	return good ? VNM_OK : VNM_R_bad_length;
}
