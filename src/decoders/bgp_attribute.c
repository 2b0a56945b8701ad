/*
 * The path attributes of an UPDATE (RFC 4271 section 4.3), by the table of bgp_attributes.def,
 * with the verdicts of RFC 7606: each is read once, whatever the number of its routes.
 */
#include "decoders/bgp_part.h"

#include "decoders/bgpls.h"

#define OPTIONAL_TRANSITIVE 0xc0 /* the flags that an attribute's definition fixes */
#define EXTENDED_LENGTH 0x10

enum { MP_REACH = 14, MP_UNREACH = 15 };
enum { WELL_KNOWN = 0x40, OPTIONAL = 0x80, TRANSITIVE = 0xc0, ANY = 0xff };
enum rule { EXACTLY, ATLEAST, TIMES };

void
vnm_bgp_judge(struct vnm_bgp_reading *u, enum vnm_bgp_verdict verdict, const char *attribute,
    const char *what)
{
	if (!u->nested)
		vnm_out_fault(u->out, VNM_R_attribute_malformed);
	if (verdict <= u->verdict)
		return;
	u->verdict = verdict;
	char *start = vnm_bgp_text(u->out, strlen(attribute) + strlen(what) + 4);
	if (start == NULL)
		return;
	char *p = vnm_bgp_put(vnm_bgp_put(start, attribute), ": ");
	u->verdict_reason = vnm_bgp_text_end(u->out, start, vnm_bgp_put(p, what));
}

/* ---- values ------------------------------------------------------------------------------------
 */

static bool
origin(struct vnm_bgp_reading *u, const struct vnm_bgp_attr *a)
{
	static const struct vnm_str names[] = {
	    VNM_STR("igp"), VNM_STR("egp"), VNM_STR("incomplete")};

	if (a->value.p[0] >= VNM_ARRAY_LEN(names))
		return false;
	u->has_origin = true;
	VNM_SET(&u->attrs, route, origin, names[a->value.p[0]]);
	return true;
}

static bool
as_path(struct vnm_bgp_reading *u, const struct vnm_bgp_attr *a)
{
	u->as_path = a->value;
	u->has_as_path = true;
	return true;
}

static bool
as4_path(struct vnm_bgp_reading *u, const struct vnm_bgp_attr *a)
{
	u->as4_path = a->value;
	u->has_as4_path = true;
	return true;
}

static bool
next_hop(struct vnm_bgp_reading *u, const struct vnm_bgp_attr *a)
{
	u->has_next_hop = true;
	VNM_SET(&u->attrs, route, next_hop, vnm_addr_ip4(a->value.p));
	return true;
}

static bool
med(struct vnm_bgp_reading *u, const struct vnm_bgp_attr *a)
{
	VNM_SET(&u->attrs, route, med, vnm_be32(a->value.p));
	return true;
}

static bool
local_pref(struct vnm_bgp_reading *u, const struct vnm_bgp_attr *a)
{
	VNM_SET(&u->attrs, route, local_pref, vnm_be32(a->value.p));
	return true;
}

static bool
atomic_aggregate(struct vnm_bgp_reading *u, const struct vnm_bgp_attr *a)
{
	(void)a;
	VNM_SET(&u->attrs, route, atomic_aggregate, true);
	return true;
}

static bool
aggregator(struct vnm_bgp_reading *u, const struct vnm_bgp_attr *a)
{
	if (a->value.n != 6 && a->value.n != 8)
		return false;
	u->aggregator = a->value;
	u->has_aggregator = true;
	return true;
}

static bool
as4_aggregator(struct vnm_bgp_reading *u, const struct vnm_bgp_attr *a)
{
	u->as4_aggregator = a->value;
	u->has_as4_aggregator = true;
	return true;
}

static bool
originator_id(struct vnm_bgp_reading *u, const struct vnm_bgp_attr *a)
{
	VNM_SET(&u->attrs, route, originator_id, vnm_addr_ip4(a->value.p));
	return true;
}

static bool
cluster_list(struct vnm_bgp_reading *u, const struct vnm_bgp_attr *a)
{
	size_t n = a->value.n / 4;
	struct vnm_str *list = vnm_scratch_take(u->out->scratch, n * sizeof(*list));
	char *start = list != NULL ? vnm_bgp_text(u->out, n * 16 + 8) : NULL;
	char *p = start;

	if (start == NULL)
		return true;
	for (size_t i = 0; i < n; i++) {
		struct vnm_addr id = vnm_addr_ip4(a->value.p + 4 * i);
		size_t length = vnm_addr_write(p, &id);

		list[i] = (struct vnm_str){p, (uint32_t)length, true};
		p += length;
	}
	(void)vnm_bgp_text_end(u->out, start, p);
	VNM_SET(&u->attrs, route, cluster_list, ((struct vnm_strs){list, (uint32_t)n}));
	return true;
}

static bool
mp_reach(struct vnm_bgp_reading *u, const struct vnm_bgp_attr *a)
{
	u->reach = a->value;
	u->has_reach = true;
	return a->value.n >= 5U + a->value.p[3]; /* with its next hop */
}

static bool
mp_unreach(struct vnm_bgp_reading *u, const struct vnm_bgp_attr *a)
{
	u->unreach = a->value;
	u->has_unreach = true;
	return true;
}

static bool
otc(struct vnm_bgp_reading *u, const struct vnm_bgp_attr *a)
{
	VNM_SET(&u->attrs, route, otc, vnm_be32(a->value.p));
	return true;
}

static bool
link_state(struct vnm_bgp_reading *u, const struct vnm_bgp_attr *a)
{
	struct vnm_reader r = vnm_reader_of(a->value.p, a->value.n);
	bool good = vnm_bgpls_attributes(r, u->out, &u->link_state);
	struct vnm_pair *p = vnm_pair_list_add(&u->extra, "bgp_ls");

	u->has_link_state = true;
	p->type = VNM_PAIR_OBJECT;
	p->items = u->link_state.p;
	p->count = u->link_state.n;
	return good;
}

/* ---- the table ---------------------------------------------------------------------------------
 */

struct definition {
	const char *name;
	uint8_t flags;
	uint8_t rule;
	uint8_t length;
	uint8_t verdict;
	vnm_bgp_attr_fn read; /* NULL: kept as octets */
};

#define octets NULL
static const struct definition definitions[256] = {
#define VNM_BGP_ATTRIBUTE(type, name, flags, rule, length, verdict, read) \
	[type] = {name, flags, rule, length, VNM_BGP_##verdict, read},
#include "decoders/bgp_attributes.def"
#undef VNM_BGP_ATTRIBUTE
};
#undef octets

static bool
length_fits(const struct definition *d, size_t n)
{
	switch (d->rule) {
	case EXACTLY:
		return n == d->length;
	case TIMES:
		return n != 0 && n % d->length == 0;
	default:
		return n >= d->length;
	}
}

static void
keep_unknown(struct vnm_bgp_reading *u, const struct vnm_bgp_attr *a)
{
	struct vnm_pair_list one = {.out = u->out};

	vnm_pair_list_u64(&one, "flags", a->flags);
	vnm_pair_list_octets(&one, "octets", a->value);
	vnm_bgp_add_object(&u->extra, vnm_bgp_name(u->out, "attr_", a->type), &one);
}

static void
read_attribute(struct vnm_bgp_reading *u, const struct vnm_bgp_attr *a)
{
	const struct definition *d = &definitions[a->type];

	if (d->name == NULL) {
		keep_unknown(u, a);
		if ((a->flags & OPTIONAL) == 0)
			vnm_bgp_judge(u, VNM_BGP_DISCARD, vnm_bgp_name(u->out, "attr_", a->type),
			    "unknown, though well-known by its flags");
		return;
	}
	if (d->flags != ANY && (a->flags & OPTIONAL_TRANSITIVE) != d->flags) {
		/* Of the NLRI attributes the content is good: their routes can be withdrawn. */
		vnm_bgp_judge(u, d->verdict == VNM_BGP_RESET ? VNM_BGP_WITHDRAW : d->verdict,
		    d->name, "wrong flags");
		if (d->verdict != VNM_BGP_RESET)
			return;
	}
	if (!length_fits(d, a->value.n)) {
		vnm_bgp_judge(u, d->verdict, d->name, "wrong length");
		return;
	}
	if (d->read == NULL)
		vnm_pair_list_octets(&u->extra, d->name, a->value);
	else if (!d->read(u, a))
		vnm_bgp_judge(u, d->verdict, d->name, "malformed");
}

/* The next attribute's type, flags and value; false when it does not fit what is left. */
static bool
take_attribute(struct vnm_reader *r, struct vnm_bgp_attr *a)
{
	const uint8_t *head = vnm_reader_take(r, 2);

	if (head == NULL)
		return false;
	a->flags = head[0];
	a->type = head[1];
	size_t n = (a->flags & EXTENDED_LENGTH) != 0 ? vnm_reader_u16(r) : vnm_reader_u8(r);
	a->value.p = vnm_reader_take(r, n);
	a->value.n = n;
	return a->value.p != NULL;
}

bool
vnm_bgp_attributes(struct vnm_bgp_reading *u, struct vnm_slice octets)
{
	struct vnm_reader r = vnm_reader_of(octets.p, octets.n);
	uint64_t seen[4] = {0};
	struct vnm_bgp_attr a;

	u->extra.out = u->out;
	u->octets = octets;
	while (vnm_reader_left(&r) > 0) {
		if (!take_attribute(&r, &a)) {
			/* RFC 7606 section 4: what was found before is used to withdraw. */
			vnm_bgp_judge(
			    u, VNM_BGP_WITHDRAW, "attributes", "longer than their length");
			break;
		}
		uint64_t bit = 1ULL << (a.type % 64);
		if ((seen[a.type / 64] & bit) != 0) {
			const char *name = definitions[a.type].name;
			bool twice = a.type == MP_REACH || a.type == MP_UNREACH;

			vnm_bgp_judge(u, twice ? VNM_BGP_RESET : VNM_BGP_DISCARD,
			    name != NULL ? name : "attribute", "more than once");
			continue;
		}
		seen[a.type / 64] |= bit;
		u->count++;
		read_attribute(u, &a);
	}
	vnm_bgp_paths(u);
	if (u->pmsi.n > 0)
		vnm_bgp_pmsi(u);
	if (u->extra.n > 0)
		VNM_SET(&u->attrs, route, attributes, vnm_bgp_list_pairs(&u->extra));
	return u->verdict != VNM_BGP_RESET;
}

/* ---- to keep -----------------------------------------------------------------------------------
 */

/* Of those that we know, flags say nothing that their definition does not but Partial. */
static uint8_t *
put_attribute(uint8_t *p, const struct vnm_bgp_attr *a, size_t n)
{
	bool extended = (a->flags & EXTENDED_LENGTH) != 0;

	*p = a->flags;
	if (definitions[a->type].name != NULL) {
		extended = n > UINT8_MAX;
		*p = (uint8_t)((a->flags & 0xe0) | (extended ? EXTENDED_LENGTH : 0));
	}
	p[1] = a->type;
	if (extended)
		p[2] = (uint8_t)(n >> 8);
	p += extended ? 3 : 2;
	*p++ = (uint8_t)n;
	memcpy(p, a->value.p, n);
	return p + n;
}

/* Octets of the value that are kept. MP_REACH_NLRI has been found to be longer. */
static size_t
kept_octets(const struct vnm_bgp_attr *a)
{
	return a->type == MP_REACH ? 5U + a->value.p[3] : a->value.n;
}

/*
 * Routers write the same attributes in another order when they tell them again: here they stand
 * by their types, so that the same ones are the same octets. One that comes more than once is a
 * fault (RFC 7606 section 3), for which twice is enough.
 */
struct vnm_slice
vnm_bgp_attributes_kept(struct vnm_bgp_reading *u, bool reach)
{
	struct vnm_reader r = vnm_reader_of(u->octets.p, u->octets.n);
	uint8_t *start = vnm_scratch_take(u->out->scratch, u->octets.n), *p = start;
	struct vnm_bgp_attr found[2][256], a;
	uint64_t seen[2][4] = {0};

	if (start == NULL) {
		vnm_out_fault(u->out, VNM_R_scratch_full);
		return (struct vnm_slice){0};
	}
	while (take_attribute(&r, &a)) {
		uint64_t bit = 1ULL << (a.type % 64);
		unsigned word = a.type / 64, time = (seen[0][word] & bit) != 0;

		if (a.type == MP_UNREACH || (a.type == MP_REACH && !reach))
			continue;
		seen[time][word] |= bit;
		found[time][a.type] = a;
	}
	for (unsigned word = 0; word < 4; word++) {
		for (uint64_t left = seen[0][word]; left != 0; left &= left - 1) {
			unsigned bit = (unsigned)__builtin_ctzll(left), type = 64 * word + bit;

			p = put_attribute(p, &found[0][type], kept_octets(&found[0][type]));
			if ((seen[1][word] >> bit & 1) != 0)
				p = put_attribute(p, &found[1][type], kept_octets(&found[1][type]));
		}
	}
	return (struct vnm_slice){start, (size_t)(p - start)};
}

/* ---- a set of attributes (RFC 6368) ------------------------------------------------------------
 */

static void
add_texts(struct vnm_pair_list *list, const char *name, const struct vnm_strs *texts)
{
	struct vnm_pair_list items = {.out = list->out};

	for (uint32_t i = 0; i < texts->n; i++)
		vnm_pair_list_str(&items, name, texts->p[i]);
	vnm_pair_list_array(list, name, &items);
}

static void
add_field(struct vnm_pair_list *list, const struct vnm_field *f, const void *v)
{
	struct vnm_pair *p;

	switch ((enum vnm_type)f->type) {
	case VNM_TYPE_STR:
		vnm_pair_list_str(list, f->name, *(const struct vnm_str *)v);
		break;
	case VNM_TYPE_U32:
		vnm_pair_list_u64(list, f->name, *(const uint32_t *)v);
		break;
	case VNM_TYPE_U64:
		vnm_pair_list_u64(list, f->name, *(const uint64_t *)v);
		break;
	case VNM_TYPE_BOOL:
		vnm_pair_list_u64(list, f->name, *(const bool *)v);
		break;
	case VNM_TYPE_ADDR:
		vnm_pair_list_addr(list, f->name, *(const struct vnm_addr *)v);
		break;
	case VNM_TYPE_STRS:
		add_texts(list, f->name, v);
		break;
	case VNM_TYPE_PAIRS:
		p = vnm_pair_list_add(list, f->name);
		p->type = VNM_PAIR_OBJECT;
		p->items = ((const struct vnm_pairs *)v)->p;
		p->count = ((const struct vnm_pairs *)v)->n;
		break;
	default:
		break;
	}
}

void
vnm_bgp_attributes_list(const struct vnm_bgp_reading *u, struct vnm_pair_list *list)
{
	const struct vnm_kind_info *kind = vnm_kind_info(VNM_KIND_route);

	for (unsigned i = VNM_F_route_next_hop; i <= VNM_F_route_attributes; i++) {
		const struct vnm_field *f = &kind->fields[i];

		if (vnm_record_has(&u->attrs, i))
			add_field(list, f, (const uint8_t *)&u->attrs + f->offset);
	}
}

bool
vnm_bgp_attr_set(struct vnm_bgp_reading *u, const struct vnm_bgp_attr *a)
{
	struct vnm_bgp_reading inner = {
	    .session = u->session, .result = u->result, .out = u->out, .as4 = true, .nested = true};
	struct vnm_slice rest = {a->value.p + 4, a->value.n - 4};
	struct vnm_pair_list list = {.out = u->out};

	vnm_pair_list_u64(&list, "set_origin_as", vnm_be32(a->value.p));
	if (u->nested)
		vnm_pair_list_octets(&list, "octets", rest);
	else if (!vnm_bgp_attributes(&inner, rest) || inner.verdict >= VNM_BGP_DISABLE)
		return false;
	vnm_bgp_attributes_list(&inner, &list);
	vnm_bgp_add_object(&u->extra, "attr_set", &list);
	return true;
}
