/*
 * NetFlow v5 and v9 (RFC 3954) and IPFIX (RFC 7011) messages for the load generator.
 */
#include "load.h"

#include <stdlib.h>

#define VARLEN 65535

enum value {
	V_SRC,
	V_DST,
	V_NEXT_HOP,
	V_IN_IF,
	V_OUT_IF,
	V_PACKETS,
	V_OCTETS,
	V_START,
	V_END,
	V_SRC_PORT,
	V_DST_PORT,
	V_FLAGS,
	V_PROTOCOL,
	V_TOS,
	V_DIRECTION,
	V_SRC_AS,
	V_DST_AS,
	V_SRC_LEN,
	V_DST_LEN,
	V_SAMPLER,
	V_END_REASON,
	V_APPLICATION,
	V_USER_AGENT,
	V_L7,
	V_REVERSE
};

struct element {
	uint16_t id;
	uint16_t length;
	uint32_t pen;
	enum value value;
};

struct layout {
	const struct element *e;
	uint32_t n;
};

#define COMMON                                                                                \
	{10, 4, 0, V_IN_IF}, {14, 4, 0, V_OUT_IF}, {2, 8, 0, V_PACKETS}, {1, 8, 0, V_OCTETS}, \
	    {7, 2, 0, V_SRC_PORT}, {11, 2, 0, V_DST_PORT}, {6, 1, 0, V_FLAGS},                \
	    {4, 1, 0, V_PROTOCOL}, {5, 1, 0, V_TOS}, {61, 1, 0, V_DIRECTION},                 \
	    {16, 4, 0, V_SRC_AS},                                                             \
	{                                                                                     \
		17, 4, 0, V_DST_AS                                                            \
	}
#define IP4                                  \
	{8, 4, 0, V_SRC}, {12, 4, 0, V_DST}, \
	{                                    \
		15, 4, 0, V_NEXT_HOP         \
	}
#define IP4_LENGTHS                 \
	{9, 1, 0, V_SRC_LEN},       \
	{                           \
		13, 1, 0, V_DST_LEN \
	}
#define IP6                                     \
	{27, 16, 0, V_SRC}, {28, 16, 0, V_DST}, \
	{                                       \
		62, 16, 0, V_NEXT_HOP           \
	}
#define IP6_LENGTHS                 \
	{29, 1, 0, V_SRC_LEN},      \
	{                           \
		30, 1, 0, V_DST_LEN \
	}
#define V9_REST                                 \
	{22, 4, 0, V_START}, {21, 4, 0, V_END}, \
	{                                       \
		48, 1, 0, V_SAMPLER             \
	}
#define IPFIX_REST                                \
	{152, 8, 0, V_START}, {153, 8, 0, V_END}, \
	{                                         \
		136, 1, 0, V_END_REASON           \
	}

static const struct element v9_ip4[] = {IP4, COMMON, IP4_LENGTHS, V9_REST};
static const struct element v9_ip6[] = {IP6, COMMON, IP6_LENGTHS, V9_REST};
static const struct element ipfix_ip4[] = {IP4, COMMON, IP4_LENGTHS, IPFIX_REST};
static const struct element ipfix_ip6[] = {IP6, COMMON, IP6_LENGTHS, IPFIX_REST};
/* Variable lengths, enterprise elements and a reverse one (RFC 5103). */
static const struct element ipfix_varlen[] = {{8, 4, 0, V_SRC}, {12, 4, 0, V_DST},
    {10, 4, 0, V_IN_IF}, {14, 4, 0, V_OUT_IF}, {2, 4, 0, V_PACKETS}, {1, 4, 0, V_OCTETS},
    {152, 8, 0, V_START}, {153, 8, 0, V_END}, {7, 2, 0, V_SRC_PORT}, {11, 2, 0, V_DST_PORT},
    {4, 1, 0, V_PROTOCOL}, {96, VARLEN, 0, V_APPLICATION}, {111, VARLEN, 6871, V_USER_AGENT},
    {118, 2, 35632, V_L7}, {1, 8, 29305, V_REVERSE}};

#define LAYOUT(a) ((struct layout){(a), sizeof(a) / sizeof((a)[0])})

enum { TEMPLATE_IP4 = 256, TEMPLATE_IP6, TEMPLATE_OPTIONS, TEMPLATE_VARLEN, TEMPLATE_EXTRA = 300 };

static struct layout
layout_of(const struct vnm_load *load, bool ip6)
{
	if (load->protocol == VNM_LOAD_IPFIX)
		return ip6 ? LAYOUT(ipfix_ip6) : LAYOUT(ipfix_ip4);
	return ip6 ? LAYOUT(v9_ip6) : LAYOUT(v9_ip4);
}

static void
put_text(struct vnm_octets *o, const char *text, bool long_form)
{
	size_t n = strlen(text);

	if (long_form) { /* allowed for any length (RFC 7011 section 7) */
		vnm_put8(o, 255);
		vnm_put16(o, (uint32_t)n);
	} else {
		vnm_put8(o, (uint8_t)n);
	}
	vnm_put(o, text, n);
}

static void
put_varlen(struct vnm_octets *o, const struct element *e, const struct vnm_flow *f)
{
	static const char *const names[8] = {"https", "dns", "video-on-demand", "file-transfer",
	    "ssh", "voip", "software-update", "an-application-with-a-long-name"};
	static const char *const agents[4] = {"", "curl/7.88.1", "Mozilla/5.0", "probe \"q\" \\ 1"};

	if (e->value == V_APPLICATION)
		put_text(o, names[f->choice % 8], f->choice % 16 == 0);
	else
		put_text(o, agents[f->choice / 8 % 4], false);
}

/* Times count from the exporter's start in v9 and from 1970 in IPFIX. */
static uint64_t
time_of(const struct vnm_load *load, uint64_t start_ms, uint32_t ago_ms)
{
	return load->protocol == VNM_LOAD_IPFIX ? start_ms - ago_ms : VNM_LOAD_UPTIME_MS - ago_ms;
}

static uint64_t
number_of(enum value value, const struct vnm_flow *f)
{
	switch (value) {
	case V_IN_IF:
		return f->in_if;
	case V_OUT_IF:
		return f->out_if;
	case V_PACKETS:
		return f->packets;
	case V_OCTETS:
		return f->octets;
	case V_SRC_PORT:
		return f->src_port;
	case V_DST_PORT:
		return f->dst_port;
	case V_FLAGS:
		return f->tcp_flags;
	case V_PROTOCOL:
		return f->protocol;
	case V_TOS:
		return f->tos;
	case V_DIRECTION:
		return f->direction;
	case V_SRC_AS:
		return f->src_as;
	case V_DST_AS:
		return f->dst_as;
	case V_SRC_LEN:
	case V_DST_LEN:
		return f->ip6 ? 48 : 24;
	case V_SAMPLER:
		return 1;
	case V_END_REASON:
		return f->end_reason;
	case V_L7:
		return f->choice % 400;
	case V_REVERSE:
		return f->octets / 3;
	default:
		return 0;
	}
}

static void
put_record(struct vnm_octets *o, const struct vnm_load *load, struct layout l, uint32_t rotate,
    const struct vnm_flow *f, uint64_t start_ms)
{
	for (uint32_t i = 0; i < l.n; i++) {
		const struct element *e = &l.e[(i + rotate) % l.n];
		if (e->length == VARLEN)
			put_varlen(o, e, f);
		else if (e->value == V_SRC)
			vnm_put(o, f->src, e->length);
		else if (e->value == V_DST)
			vnm_put(o, f->dst, e->length);
		else if (e->value == V_NEXT_HOP)
			vnm_put(o, f->next_hop, e->length);
		else if (e->value == V_START)
			vnm_put_uint(o, time_of(load, start_ms, f->start_ago_ms), e->length);
		else if (e->value == V_END)
			vnm_put_uint(o, time_of(load, start_ms, f->end_ago_ms), e->length);
		else
			vnm_put_uint(o, number_of(e->value, f), e->length);
	}
}

static uint32_t
record_length(struct layout l)
{
	uint32_t n = 0;

	for (uint32_t i = 0; i < l.n; i++)
		n += l.e[i].length == VARLEN ? 34 : l.e[i].length;
	return n;
}

static struct vnm_octets
new_body(struct vnm_body *b)
{
	memset(b, 0, sizeof(*b));
	b->p = malloc(VNM_LOAD_PAYLOAD_MAX);
	if (b->p == NULL)
		abort();
	return (struct vnm_octets){b->p, 0, VNM_LOAD_PAYLOAD_MAX};
}

static void
count_flow(struct vnm_body *b, const struct vnm_flow *f)
{
	b->records++;
	b->count++;
	b->octets += f->octets;
	b->packets += f->packets;
}

void
vnm_body_v5(struct vnm_body *b, const struct vnm_load *load, uint64_t *random)
{
	struct vnm_octets o = new_body(b);
	struct vnm_flow f;

	for (uint32_t i = 0; i < load->records && i < 30; i++) {
		vnm_flow_make(&f, load, false, random);
		vnm_put(&o, f.src, 4);
		vnm_put(&o, f.dst, 4);
		vnm_put(&o, f.next_hop, 4);
		vnm_put16(&o, f.in_if);
		vnm_put16(&o, f.out_if);
		vnm_put32(&o, (uint32_t)f.packets);
		vnm_put32(&o, (uint32_t)f.octets);
		vnm_put32(&o, VNM_LOAD_UPTIME_MS - f.start_ago_ms);
		vnm_put32(&o, VNM_LOAD_UPTIME_MS - f.end_ago_ms);
		vnm_put16(&o, f.src_port);
		vnm_put16(&o, f.dst_port);
		vnm_put8(&o, 0);
		vnm_put8(&o, f.tcp_flags);
		vnm_put8(&o, f.protocol);
		vnm_put8(&o, f.tos);
		vnm_put16(&o, f.src_as);
		vnm_put16(&o, f.dst_as);
		vnm_put8(&o, 24);
		vnm_put8(&o, 24);
		vnm_put16(&o, 0);
		count_flow(b, &f);
	}
	b->n = o.n;
}

void
vnm_body_data(struct vnm_body *b, const struct vnm_load *load, uint32_t index, uint64_t start_ms,
    uint64_t *random)
{
	struct vnm_octets o = new_body(b);
	bool ip6 = index * 100 / load->bodies >= 100 - load->ip6_percent;
	bool varlen = load->varlen_every != 0 && index % load->varlen_every == 0;
	uint32_t extra = load->extra_templates != 0 ? index % (load->extra_templates + 1) : 0;
	struct layout l = layout_of(load, ip6);
	uint32_t id = ip6 ? TEMPLATE_IP6 : TEMPLATE_IP4, rotate = 0;
	struct vnm_flow f;

	if (varlen) {
		ip6 = false;
		l = LAYOUT(ipfix_varlen);
		id = TEMPLATE_VARLEN;
	} else if (extra != 0) {
		ip6 = false;
		l = layout_of(load, false);
		id = TEMPLATE_EXTRA + extra - 1;
		rotate = extra;
	}
	uint32_t room = (load->payload - 24) / record_length(l);
	vnm_put16(&o, id);
	vnm_put16(&o, 0);
	for (uint32_t i = 0; i < load->records && i < room; i++) {
		vnm_flow_make(&f, load, ip6, random);
		put_record(&o, load, l, rotate, &f, start_ms);
		count_flow(b, &f);
	}
	vnm_put_pad(&o, 0);
	vnm_poke16(o.p + 2, (uint16_t)o.n);
	b->n = o.n;
}

static void
put_template(struct vnm_octets *o, uint32_t id, struct layout l, uint32_t rotate)
{
	vnm_put16(o, id);
	vnm_put16(o, l.n);
	for (uint32_t i = 0; i < l.n; i++) {
		const struct element *e = &l.e[(i + rotate) % l.n];
		vnm_put16(o, e->id | (e->pen != 0 ? 0x8000u : 0));
		vnm_put16(o, e->length);
		if (e->pen != 0)
			vnm_put32(o, e->pen);
	}
}

/* The sampler: IPFIX by RFC 5477 elements (1 packet in N), v9 by fields 48 to 50. */
static void
put_sampler(struct vnm_octets *o, struct vnm_body *b, const struct vnm_load *load)
{
	static const uint16_t ipfix[] = {
	    TEMPLATE_OPTIONS, 5, 1, 149, 4, 302, 8, 304, 2, 305, 4, 306, 4};
	static const uint16_t v9[] = {TEMPLATE_OPTIONS, 4, 12, 1, 4, 48, 1, 49, 1, 50, 4};
	bool x = load->protocol == VNM_LOAD_IPFIX;
	size_t n = x ? sizeof(ipfix) / sizeof(ipfix[0]) : sizeof(v9) / sizeof(v9[0]);
	size_t at = o->n;

	vnm_put16(o, x ? 3 : 1);
	vnm_put16(o, 0);
	for (size_t i = 0; i < n; i++)
		vnm_put16(o, x ? ipfix[i] : v9[i]);
	vnm_put_pad(o, at);
	vnm_poke16(o->p + at + 2, (uint16_t)(o->n - at));

	at = o->n;
	vnm_put16(o, TEMPLATE_OPTIONS);
	vnm_put16(o, 0);
	b->domain_at = (uint32_t)o->n; /* the scope: the domain, or in v9 the system */
	vnm_put32(o, 0);
	vnm_put_uint(o, 1, x ? 8 : 1);
	vnm_put_uint(o, x ? 1 : 2, x ? 2 : 1);
	if (x)
		vnm_put32(o, 1);
	vnm_put32(o, x ? load->sampling - 1 : load->sampling);
	vnm_put_pad(o, at);
	vnm_poke16(o->p + at + 2, (uint16_t)(o->n - at));
}

void
vnm_body_templates(struct vnm_body *b, const struct vnm_load *load)
{
	struct vnm_octets o = new_body(b);

	vnm_put16(&o, load->protocol == VNM_LOAD_IPFIX ? 2 : 0);
	vnm_put16(&o, 0);
	put_template(&o, TEMPLATE_IP4, layout_of(load, false), 0);
	put_template(&o, TEMPLATE_IP6, layout_of(load, true), 0);
	b->count = 4; /* with the options template and its record */
	if (load->varlen_every != 0) {
		put_template(&o, TEMPLATE_VARLEN, LAYOUT(ipfix_varlen), 0);
		b->count++;
	}
	for (uint32_t i = 0; i < load->extra_templates; i++) {
		put_template(&o, TEMPLATE_EXTRA + i, layout_of(load, false), i + 1);
		b->count++;
	}
	vnm_poke16(o.p + 2, (uint16_t)o.n);
	put_sampler(&o, b, load);
	b->n = o.n;
}

static size_t
header_v5(uint8_t *h, const struct vnm_load *load, struct vnm_player *player,
    const struct vnm_body *b, uint64_t unix_ns, uint32_t uptime_ms)
{
	vnm_poke16(h, 5);
	vnm_poke16(h + 2, (uint16_t)b->records);
	vnm_poke32(h + 4, uptime_ms);
	vnm_poke32(h + 8, (uint32_t)(unix_ns / 1000000000));
	vnm_poke32(h + 12, (uint32_t)(unix_ns % 1000000000));
	vnm_poke32(h + 16, player->sequence);
	vnm_poke16(h + 20, (uint16_t)(player->domain & 255));
	vnm_poke16(h + 22, (uint16_t)(1u << 14 | (load->sampling & 0x3fff)));
	player->sequence += b->records;
	return 24;
}

size_t
vnm_header_netflow(uint8_t *h, const struct vnm_load *load, struct vnm_player *player,
    const struct vnm_body *b, uint64_t unix_ns, uint32_t uptime_ms)
{
	uint32_t unix_s = (uint32_t)(unix_ns / 1000000000);

	switch (load->protocol) {
	case VNM_LOAD_V5:
		return header_v5(h, load, player, b, unix_ns, uptime_ms);
	case VNM_LOAD_V9:
		vnm_poke16(h, 9);
		vnm_poke16(h + 2, (uint16_t)b->count);
		vnm_poke32(h + 4, uptime_ms);
		vnm_poke32(h + 8, unix_s);
		vnm_poke32(h + 12, player->sequence++);
		vnm_poke32(h + 16, player->domain);
		return 20;
	default:
		vnm_poke16(h, 10);
		vnm_poke16(h + 2, (uint16_t)(16 + b->n));
		vnm_poke32(h + 4, unix_s);
		vnm_poke32(h + 8, player->sequence);
		vnm_poke32(h + 12, player->domain);
		/* Data records, of options too: a body without flows holds one of those. */
		player->sequence += b->records != 0 ? b->records : 1;
		return 16;
	}
}
