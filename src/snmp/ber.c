/*
 * Reading and writing BER as SNMP uses it (RFC 3417 section 8, X.690).
 */
#include "snmp/ber.h"

#include <string.h>

/* ---- reading --------------------------------------------------------------------------------- */

/*
 * A length behind a tag. The octets that tell it may be more than are needed, and are then
 * zeros in front; more than 4 that matter belong to no message.
 */
static bool
read_length(struct vnm_reader *r, size_t *length, unsigned *odd)
{
	uint8_t first = vnm_reader_u8(r);
	unsigned octets = first & 0x7f;
	uint64_t v = 0;

	if (first < 0x80) {
		*length = first;
		return !r->bad;
	}
	for (unsigned i = 0; i < octets; i++) {
		v = v << 8 | vnm_reader_u8(r);
		if (v > UINT32_MAX)
			r->bad = true;
	}
	if (octets == 0 || first == 0xff || r->bad) {
		r->bad = true; /* the indefinite form, the reserved one */
		return false;
	}
	if (v < 0x80 || (octets > 1 && v >> (8 * (octets < 8 ? octets - 1 : 7)) == 0))
		*odd |= VNM_BER_ODD_LENGTH;
	*length = (size_t)v;
	return true;
}

bool
vnm_ber_next_long(struct vnm_reader *r, uint8_t *tag, struct vnm_reader *contents, unsigned *odd)
{
	size_t length = 0;

	*tag = vnm_reader_u8(r);
	if ((*tag & 0x1f) == 0x1f) /* tags of several octets: SNMP has none */
		r->bad = true;
	if (r->bad || !read_length(r, &length, odd)) {
		*contents = (struct vnm_reader){r->end, r->end, true};
		return false;
	}
	*contents = vnm_reader_sub(r, length);
	return !r->bad;
}

/* Whether the first octet only repeats the sign of what follows. */
static bool
padded(struct vnm_slice c)
{
	return c.n > 1 && ((c.p[0] == 0x00 && c.p[1] < 0x80) || (c.p[0] == 0xff && c.p[1] >= 0x80));
}

/* Two's complement of at the most 8 octets, and of more where these only repeat the sign. */
static bool
read_number(struct vnm_slice c, uint64_t *v, bool *negative, unsigned *odd)
{
	if (c.n == 0)
		return false;
	*negative = c.p[0] >= 0x80;
	if (padded(c))
		*odd |= VNM_BER_ODD_PADDING;
	while (c.n > 8) {
		if (c.p[0] != (*negative ? 0xff : 0x00))
			return false;
		c = (struct vnm_slice){c.p + 1, c.n - 1};
	}
	*v = *negative ? UINT64_MAX : 0;
	for (size_t i = 0; i < c.n; i++)
		*v = *v << 8 | c.p[i];
	return true;
}

bool
vnm_ber_signed(struct vnm_slice contents, int64_t *v, unsigned *odd)
{
	uint64_t number;
	bool negative;

	if (!read_number(contents, &number, &negative, odd) || (number >> 63 != 0) != negative)
		return false; /* an unsigned one of 64 bits */
	*v = (int64_t)number;
	return true;
}

bool
vnm_ber_unsigned(struct vnm_slice contents, unsigned bits, uint64_t *v, unsigned *odd)
{
	uint64_t top = bits == 32 ? UINT32_MAX : UINT64_MAX;
	bool negative;

	if (!read_number(contents, v, &negative, odd))
		return false;
	if (negative) {
		*odd |= VNM_BER_ODD_SIGN;
		*v &= top;
	}
	if (*v > top)
		*odd |= VNM_BER_ODD_WIDTH;
	return true;
}

/* One number of an identifier, at the most `most`: false where it is more or has no end. */
static bool
read_subidentifier(struct vnm_slice c, size_t *at, uint64_t most, uint64_t *number, unsigned *odd)
{
	uint64_t v = 0;

	if (c.p[*at] == 0x80)
		*odd |= VNM_BER_ODD_PADDING;
	while (*at < c.n) {
		uint8_t octet = c.p[(*at)++];

		v = v << 7 | (octet & 0x7f);
		if (v > most)
			return false;
		if (octet < 0x80) {
			*number = v;
			return true;
		}
	}
	return false;
}

/* Eight numbers of one octet each: false where there are not so many. */
static inline bool
read_eight(struct vnm_slice c, size_t at, uint32_t *v)
{
	const uint8_t *p = c.p + at;
	uint64_t octets;

	if (c.n - at < 8)
		return false;
	memcpy(&octets, p, 8);
	if ((octets & 0x8080808080808080) != 0)
		return false;
	v[0] = p[0];
	v[1] = p[1];
	v[2] = p[2];
	v[3] = p[3];
	v[4] = p[4];
	v[5] = p[5];
	v[6] = p[6];
	v[7] = p[7];
	return true;
}

uint32_t
vnm_ber_oid(struct vnm_slice contents, uint32_t *v, unsigned *odd)
{
	uint64_t number = 0;
	uint32_t n = 2;
	size_t at = 0;

	v[0] = v[1] = 0;
	if (contents.n == 0) {
		*odd |= VNM_BER_ODD_WIDTH;
		return 2;
	}
	/* The first two numbers stand in one, which can be 80 more than a number. */
	if (!read_subidentifier(contents, &at, UINT32_MAX + 80ULL, &number, odd))
		return 0;
	v[0] = number < 80 ? number >= 40 : 2;
	v[1] = (uint32_t)(number - 40ULL * v[0]);
	while (at < contents.n && n < VNM_OID_MAX) {
		if (n <= VNM_OID_MAX - 8 && read_eight(contents, at, v + n)) {
			at += 8;
			n += 8;
		} else if (contents.p[at] < 0x80) {
			v[n++] = contents.p[at++];
		} else {
			if (!read_subidentifier(contents, &at, UINT32_MAX, &number, odd))
				return 0;
			v[n++] = (uint32_t)number;
		}
	}
	return at == contents.n ? n : 0;
}

bool
vnm_ber_next_i32(struct vnm_reader *r, int32_t *v, unsigned *odd)
{
	struct vnm_reader contents;
	int64_t number = 0;

	if (!vnm_ber_expect(r, VNM_BER_INTEGER, &contents, odd))
		return false;
	if (!vnm_ber_signed(vnm_reader_rest(&contents), &number, odd) || number < INT32_MIN ||
	    number > INT32_MAX) {
		r->bad = true;
		return false;
	}
	*v = (int32_t)number;
	return true;
}

bool
vnm_ber_next_octets(struct vnm_reader *r, struct vnm_slice *v, unsigned *odd)
{
	struct vnm_reader contents;

	if (!vnm_ber_expect(r, VNM_BER_OCTETS, &contents, odd))
		return false;
	*v = vnm_reader_rest(&contents);
	return true;
}

size_t
vnm_ber_frame(const uint8_t *p, size_t n, uint8_t tag)
{
	struct vnm_reader r = vnm_reader_of(p, n);
	size_t length = 0, octets;
	unsigned odd = 0;

	if (n > 0 && p[0] != tag)
		return VNM_BER_FRAME_BAD;
	if (n < 2)
		return 0;
	octets = p[1] < 0x80 ? 0 : p[1] & 0x7fU;
	if (p[1] == 0x80 || p[1] == 0xff)
		return VNM_BER_FRAME_BAD;
	if (n < 2 + octets)
		return 0;
	vnm_reader_skip(&r, 1);
	if (!read_length(&r, &length, &odd))
		return VNM_BER_FRAME_BAD;
	return 2 + octets + length;
}

/* ---- writing --------------------------------------------------------------------------------- */

uint8_t *
vnm_ber_room(struct vnm_ber_writer *w, size_t n)
{
	if (w->full || n > (size_t)(w->p - w->begin)) {
		w->full = true;
		return NULL;
	}
	w->p -= n;
	return w->p;
}

static void
put_octet(struct vnm_ber_writer *w, uint8_t octet)
{
	uint8_t *p = vnm_ber_room(w, 1);

	if (p != NULL)
		*p = octet;
}

void
vnm_ber_wrap(struct vnm_ber_writer *w, uint8_t tag, size_t mark)
{
	size_t length = vnm_ber_written(w) - mark;
	uint8_t octets = 0;

	if (length < 0x80) {
		put_octet(w, (uint8_t)length);
	} else {
		for (size_t left = length; left != 0; left >>= 8, octets++)
			put_octet(w, (uint8_t)left);
		put_octet(w, 0x80 | octets);
	}
	put_octet(w, tag);
}

void
vnm_ber_put_raw(struct vnm_ber_writer *w, const void *p, size_t n)
{
	uint8_t *room = vnm_ber_room(w, n);

	if (room != NULL && n > 0)
		memcpy(room, p, n);
}

void
vnm_ber_put_octets(struct vnm_ber_writer *w, uint8_t tag, struct vnm_slice octets)
{
	size_t mark = vnm_ber_written(w);

	vnm_ber_put_raw(w, octets.p, octets.n);
	vnm_ber_wrap(w, tag, mark);
}

void
vnm_ber_put_signed(struct vnm_ber_writer *w, uint8_t tag, int64_t v)
{
	size_t mark = vnm_ber_written(w);
	uint8_t octet;

	do {
		octet = (uint8_t)v;
		put_octet(w, octet);
		v >>= 8; /* arithmetic, as every compiler that we know has it */
	} while (v != (octet >= 0x80 ? -1 : 0));
	vnm_ber_wrap(w, tag, mark);
}

void
vnm_ber_put_unsigned(struct vnm_ber_writer *w, uint8_t tag, uint64_t v)
{
	size_t mark = vnm_ber_written(w);
	uint8_t octet;

	do {
		octet = (uint8_t)v;
		put_octet(w, octet);
		v >>= 8;
	} while (v != 0);
	if (octet >= 0x80)
		put_octet(w, 0);
	vnm_ber_wrap(w, tag, mark);
}

static void
put_number(struct vnm_ber_writer *w, uint64_t v)
{
	put_octet(w, v & 0x7f);
	while ((v >>= 7) != 0)
		put_octet(w, 0x80 | (v & 0x7f));
}

void
vnm_ber_put_oid(struct vnm_ber_writer *w, struct vnm_oid oid)
{
	size_t mark = vnm_ber_written(w);

	if (oid.n < 2) {
		put_octet(w, 0);
	} else {
		for (uint32_t i = oid.n - 1; i > 1; i--)
			put_number(w, oid.v[i]);
		put_number(w, 40ULL * oid.v[0] + oid.v[1]);
	}
	vnm_ber_wrap(w, VNM_BER_OID, mark);
}

void
vnm_ber_put_empty(struct vnm_ber_writer *w, uint8_t tag)
{
	vnm_ber_wrap(w, tag, vnm_ber_written(w));
}
