/*
 * Flow specifications as NLRI: RFC 8955 (IPv4), RFC 8956 (IPv6), their VPN forms, and as text.
 * The order of components is theirs: it belongs to the identity of the rule.
 */
#include "decoders/bgp_part.h"

#define COMPONENTS 14
#define OPERATOR_TEXT 24 /* octets for the longest operator with its value */

enum operand { PREFIX, NUMERIC, BITMASK };

static const struct component {
	const char *name;
	const char *pair;
	enum operand operand;
} components[COMPONENTS] = {
    [1] = {"dst", "dst", PREFIX},
    [2] = {"src", "src", PREFIX},
    [3] = {"proto", "proto", NUMERIC},
    [4] = {"port", "port", NUMERIC},
    [5] = {"dport", "dport", NUMERIC},
    [6] = {"sport", "sport", NUMERIC},
    [7] = {"icmp-type", "icmp_type", NUMERIC},
    [8] = {"icmp-code", "icmp_code", NUMERIC},
    [9] = {"tcp-flags", "tcp_flags", BITMASK},
    [10] = {"len", "len", NUMERIC},
    [11] = {"dscp", "dscp", NUMERIC},
    [12] = {"frag", "frag", BITMASK},
    [13] = {"flow-label", "flow_label", NUMERIC},
};

/* Octets of the length field at p (RFC 8955 section 4.1) and, in *size, of what it counts. */
static size_t
read_length(const uint8_t *p, size_t n, size_t *size)
{
	if (p[0] < 0xf0) {
		*size = p[0];
		return 1;
	}
	if (n < 2)
		return 0;
	*size = vnm_be16(p) & 0x0fff;
	return 2;
}

VNM_BGP_SIZE(flowspec)
{
	size_t size = 0, head = read_length(p, n, &size);
	size_t rd = b->safi == 134 ? 8 : 0;

	if (head == 0 || size > n - head || size < rd)
		return 0;
	if (strict && (size == rd || p[head + rd] == 0 || p[head + rd] >= COMPONENTS))
		return 0;
	return head + size;
}

/*
 * A prefix; of IPv6 perhaps with an offset, from which on its bits are given: then it is written
 * address/offset-length as in RFC 8956 section 3.8.
 */
static char *
write_prefix(char *out, struct vnm_reader *r, uint8_t max)
{
	unsigned bits = vnm_reader_u8(r);
	unsigned offset = max == 128 ? vnm_reader_u8(r) : 0;
	struct vnm_addr a = {.family = max == 32 ? VNM_ADDR_IP4 : VNM_ADDR_IP6};

	/* An offset leaves bits to compare; 0/0 is every address (RFC 8956 section 3.1). */
	if (bits > max || (offset >= bits && offset + bits != 0 && max == 128))
		return NULL;
	const uint8_t *p = vnm_reader_take(r, (bits - offset + 7) / 8);
	if (p == NULL)
		return NULL;
	for (unsigned i = offset; i < bits; i++) {
		unsigned from = i - offset;

		if ((p[from / 8] << from % 8 & 0x80) != 0)
			a.b[i / 8] |= (uint8_t)(0x80 >> i % 8);
	}
	out += vnm_addr_write(out, &a);
	*out++ = '/';
	if (offset != 0) {
		out = vnm_text_u64(out, offset);
		*out++ = '-';
	}
	return vnm_text_u64(out, bits);
}

/* One operator with its value (RFC 8955 section 4.2.1). */
static char *
write_operator(char *out, uint8_t op, uint64_t v, enum operand operand)
{
	static const char *const relations[] = {"false", "=", ">", ">=", "<", "<=", "!=", "true"};

	if (operand == NUMERIC) {
		out = vnm_bgp_put(out, relations[op & 7]);
		return (op & 7) == 0 || (op & 7) == 7 ? out : vnm_text_u64(out, v);
	}
	if ((op & 2) != 0)
		*out++ = '!';
	if ((op & 1) != 0)
		*out++ = '=';
	uint8_t octets[8];
	for (int i = 7; i >= 0; i--, v >>= 8)
		octets[i] = (uint8_t)v;
	size_t from = 0;
	while (from < 7 && octets[from] == 0)
		from++;
	return vnm_text_hex(vnm_bgp_put(out, "0x"), octets + from, 8 - from);
}

/* Operators joined by ',' (or) and '&' (and), up to the one that says it is the last. */
static char *
write_operators(char *out, struct vnm_reader *r, enum operand operand)
{
	for (bool first = true;; first = false) {
		uint8_t op = vnm_reader_u8(r);
		size_t n = (size_t)1 << (op >> 4 & 3);
		const uint8_t *p = vnm_reader_take(r, n);

		if (p == NULL)
			return NULL;
		if (!first)
			*out++ = (op & 0x40) != 0 ? '&' : ',';
		out = write_operator(out, op, vnm_be_uint(p, n), operand);
		if ((op & 0x80) != 0)
			return out;
	}
}

static char *
write_component(char *out, struct vnm_reader *r, uint8_t type, uint8_t max)
{
	const struct component *c = &components[type];

	if (c->operand == PREFIX)
		return write_prefix(out, r, max);
	return write_operators(out, r, c->operand);
}

/* The components in r as one text, and each as a named value. False when one is malformed. */
static bool
read_components(struct vnm_bgp_reading *u, struct vnm_reader *r, uint8_t max,
    struct vnm_pair_list *list, struct vnm_str *all)
{
	/* Two octets, operator and value, make the most text for their size. */
	size_t room = vnm_reader_left(r) / 2 * OPERATOR_TEXT + 4 * VNM_ADDR_TEXT;
	char *start = vnm_bgp_text(u->out, room), *p = start;
	struct vnm_str texts[COMPONENTS] = {0};
	uint8_t order[COMPONENTS], count = 0;

	if (start == NULL)
		return true;
	bool good = true;
	while (vnm_reader_left(r) > 0 && good) {
		uint8_t type = vnm_reader_u8(r);

		/* The flow label is IPv6's alone (RFC 8956 section 3.7). */
		good = type > 0 && type < (max == 32 ? COMPONENTS - 1 : COMPONENTS) &&
		       texts[type].n == 0;
		if (!good)
			break;
		if (p > start)
			p = vnm_bgp_put(p, "; ");
		p = vnm_bgp_put(p, components[type].name);
		*p++ = ' ';
		char *begin = p, *end = write_component(p, r, type, max);
		good = end != NULL;
		if (!good)
			break;
		p = end;
		texts[type] = (struct vnm_str){begin, (uint32_t)(end - begin), true};
		order[count++] = type;
	}
	*all = vnm_bgp_text_end(u->out, start, good ? p : start);
	for (unsigned i = 0; i < count && good; i++)
		vnm_pair_list_str(list, components[order[i]].pair, texts[order[i]]);
	return good;
}

VNM_BGP_DECODE(flowspec)
{
	struct vnm_pair_list list = {.out = u->out};
	struct vnm_str text = {0};
	size_t size = 0;

	vnm_reader_skip(&r, read_length(r.p, vnm_reader_left(&r), &size));
	if (b->safi == 134) {
		const uint8_t *rd = vnm_reader_take(&r, 8);
		if (rd == NULL)
			return false;
		VNM_SET(rec, route, rd, vnm_rd_text(rd, u->out));
	}
	if (!read_components(u, &r, b->nlri->max, &list, &text))
		return false;
	VNM_SET(rec, route, flowspec, text);
	if (list.n > 0)
		VNM_SET(rec, route, nlri, vnm_bgp_list_pairs(&list));
	return true;
}
