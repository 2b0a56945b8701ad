/*
 * AS_PATH and AGGREGATOR of BGP (RFC 4271 section 4.3, RFC 5065) with AS numbers of two or four
 * octets (RFC 6793).
 *
 * What the OPENs lead to expect of the width is not always true, so that a path's own segments
 * decide: they must end where the attribute ends.
 */
#include "decoders/bgp_part.h"

#include "base/text.h"

#define AS_TRANS 23456 /* RFC 6793 section 9 */

enum { SET = 1, SEQUENCE = 2, CONFED_SEQUENCE = 3, CONFED_SET = 4 };

static bool
fits(struct vnm_slice s, size_t width)
{
	struct vnm_reader r = vnm_reader_of(s.p, s.n);

	while (vnm_reader_left(&r) > 0) {
		uint8_t type = vnm_reader_u8(&r);
		uint8_t count = vnm_reader_u8(&r);

		if (type < SET || type > CONFED_SET || count == 0)
			return false;
		vnm_reader_skip(&r, count * width);
	}
	return !r.bad;
}

static uint32_t
as_at(const uint8_t *p, size_t width)
{
	return width == 4 ? vnm_be32(p) : vnm_be16(p);
}

/* Its length by RFC 4271 section 9.1.2.2 and RFC 5065 section 5.3. The path fits. */
static uint32_t
path_length(struct vnm_slice s, size_t width)
{
	uint32_t n = 0;

	for (const uint8_t *p = s.p; p < s.p + s.n; p += 2 + p[1] * width)
		n += p[0] == SEQUENCE ? p[1] : p[0] == SET;
	return n;
}

static char *
write_segment(char *out, const uint8_t *p, size_t width)
{
	static const char open[] = " {\0([", close[] = " }\0)]";
	const char between = p[0] == SET || p[0] == CONFED_SET ? ',' : ' ';
	unsigned count = p[1];

	if (open[p[0]] != 0)
		*out++ = open[p[0]];
	for (unsigned i = 0; i < count; i++) {
		if (i > 0)
			*out++ = between;
		out = vnm_text_u64(out, as_at(p + 2 + i * width, width));
	}
	if (close[p[0]] != 0)
		*out++ = close[p[0]];
	return out;
}

static void
set_path(struct vnm_bgp_reading *u, struct vnm_slice s, size_t width)
{
	/* An AS number takes 3 characters an octet at most with its separator, a segment 3. */
	char *start = vnm_bgp_text(u->out, 3 * s.n + VNM_TEXT_NUMBER);
	char *p = start;
	const uint8_t *last = NULL;

	VNM_SET(&u->attrs, route, as_path_length, path_length(s, width));
	if (start == NULL)
		return;
	for (const uint8_t *q = s.p; q < s.p + s.n; q += 2 + q[1] * width) {
		if (p > start)
			*p++ = ' ';
		p = write_segment(p, q, width);
		last = q;
	}
	VNM_SET(&u->attrs, route, as_path, vnm_bgp_text_end(u->out, start, p));
	if (last != NULL && last[0] == SEQUENCE)
		VNM_SET(
		    &u->attrs, route, origin_as, as_at(last + 2 + (last[1] - 1U) * width, width));
}

/* The first `count` ASes of a path of two octets, with four octets each, to out. */
static uint8_t *
copy_leading(uint8_t *out, struct vnm_slice s, uint32_t count)
{
	for (const uint8_t *p = s.p; p < s.p + s.n; p += 2 + p[1] * 2) {
		uint32_t keep = p[1];

		if (p[0] == SEQUENCE && keep > count)
			keep = count;
		if ((p[0] == SEQUENCE || p[0] == SET) && count == 0)
			break;
		out[0] = p[0];
		out[1] = (uint8_t)keep;
		out += 2;
		for (uint32_t i = 0; i < keep; i++, out += 4) {
			out[0] = out[1] = 0;
			memcpy(out + 2, p + 2 + 2 * i, 2);
		}
		count -= p[0] == SEQUENCE ? keep : p[0] == SET;
	}
	return out;
}

/*
 * The path that the AS numbers of two octets stand for: the leading ones that AS4_PATH does not
 * have, then AS4_PATH without confederations. Neighbouring sequences are joined.
 */
static struct vnm_slice
merged(struct vnm_bgp_reading *u, uint32_t leading)
{
	uint8_t *start = vnm_scratch_take(u->out->scratch, 2 * u->as_path.n + u->as4_path.n + 4);
	uint8_t *end, *last = NULL;

	if (start == NULL) {
		vnm_out_fault(u->out, VNM_R_scratch_full);
		return (struct vnm_slice){0};
	}
	end = copy_leading(start, u->as_path, leading);
	for (uint8_t *p = start; p < end; p += 2 + p[1] * 4U)
		last = p;
	for (const uint8_t *p = u->as4_path.p; p < u->as4_path.p + u->as4_path.n;
	     p += 2 + p[1] * 4U) {
		size_t n = p[1] * 4U;

		if (p[0] == CONFED_SEQUENCE || p[0] == CONFED_SET)
			continue;
		if (last != NULL && last[0] == SEQUENCE && p[0] == SEQUENCE &&
		    last[1] + p[1] <= 255) {
			last[1] = (uint8_t)(last[1] + p[1]);
		} else {
			last = end;
			memcpy(end, p, 2);
			end += 2;
		}
		memcpy(end, p + 2, n);
		end += n;
	}
	return (struct vnm_slice){start, (size_t)(end - start)};
}

static void
read_path(struct vnm_bgp_reading *u, bool use_as4)
{
	size_t width = u->as4 ? 4 : 2;

	if (!u->has_as_path)
		return;
	if (!fits(u->as_path, width)) {
		width = 6 - width;
		if (!fits(u->as_path, width)) {
			vnm_bgp_judge(u, VNM_BGP_WITHDRAW, "as_path", "segments do not fit");
			return;
		}
		u->as_guessed = true;
		u->as4 = width == 4;
	}
	if (u->has_as4_path && !fits(u->as4_path, 4)) {
		vnm_bgp_judge(u, VNM_BGP_DISCARD, "as4_path", "segments do not fit");
		u->has_as4_path = false;
	}
	if (width == 2 && u->has_as4_path && use_as4) {
		uint32_t all = path_length(u->as_path, 2), four = path_length(u->as4_path, 4);

		if (four <= all) {
			set_path(u, merged(u, all - four), 4);
			return;
		}
	}
	set_path(u, u->as_path, width);
}

void
vnm_bgp_paths(struct vnm_bgp_reading *u)
{
	struct vnm_slice g = u->aggregator;
	uint32_t as = 0;
	bool use_as4 = true;

	if (u->has_aggregator) {
		as = g.n == 8 ? vnm_be32(g.p) : vnm_be16(g.p);
		use_as4 = g.n == 8 || as == AS_TRANS || !u->has_as4_aggregator;
	}
	read_path(u, use_as4);
	if (!u->has_aggregator)
		return;
	struct vnm_addr addr = vnm_addr_ip4(g.p + g.n - 4);
	if (g.n == 6 && as == AS_TRANS && u->has_as4_aggregator) {
		as = vnm_be32(u->as4_aggregator.p);
		addr = vnm_addr_ip4(u->as4_aggregator.p + 4);
	}
	VNM_SET(&u->attrs, route, aggregator_as, as);
	VNM_SET(&u->attrs, route, aggregator_addr, addr);
}
