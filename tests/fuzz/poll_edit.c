/*
 * Varbinds of an answer are left out, doubled, swapped, renamed and given other values: the
 * result is still BER for the most part, so that what comes behind the reading of it is met.
 */
#include "poll_edit.h"

#include "poll_net.h"
#include "snmp/ber.h"

#include <string.h>

#define SPANS 256
#define OCTETS 1024 /* of one varbind that is changed */

/* Where varbinds stand in a list. */
struct spans {
	uint32_t n;
	struct vnm_slice p[SPANS];
};

static void
find(struct spans *s, const uint8_t *list, size_t n)
{
	struct vnm_reader r = vnm_reader_of(list, n), contents;
	unsigned odd = 0;
	uint8_t tag;

	s->n = 0;
	while (s->n < SPANS && vnm_reader_left(&r) > 0) {
		const uint8_t *begin = r.p;

		if (!vnm_ber_next(&r, &tag, &contents, &odd))
			break;
		s->p[s->n++] = (struct vnm_slice){begin, (size_t)(r.p - begin)};
	}
}

/* Octets of the list from `at` on, `old` of them, become others. */
static void
splice(uint8_t *list, size_t *n, size_t room, size_t at, size_t old, struct vnm_slice new)
{
	if (at > *n || old > *n - at || new.n > room - (*n - old))
		return;
	memmove(list + at + new.n, list + at + old, *n - at - old);
	if (new.n > 0)
		memcpy(list + at, new.p, new.n);
	*n = *n - old + new.n;
}

/* A varbind in its parts. */
struct parts {
	uint8_t name[OCTETS], value[OCTETS];
	size_t name_n, value_n;
	uint8_t tag;
};

static bool
take_apart(struct parts *x, struct vnm_slice span)
{
	struct vnm_reader r = vnm_reader_of(span.p, span.n), pair, name, value;
	unsigned odd = 0;

	if (!vnm_ber_expect(&r, VNM_BER_SEQUENCE, &pair, &odd) ||
	    !vnm_ber_expect(&pair, VNM_BER_OID, &name, &odd) ||
	    !vnm_ber_next(&pair, &x->tag, &value, &odd))
		return false;
	x->name_n = vnm_reader_left(&name);
	x->value_n = vnm_reader_left(&value);
	if (x->name_n > sizeof(x->name) || x->value_n > sizeof(x->value))
		return false;
	memcpy(x->name, name.p, x->name_n);
	memcpy(x->value, value.p, x->value_n);
	return true;
}

static struct vnm_slice
put_together(const struct parts *x, uint8_t *out, size_t room)
{
	struct vnm_ber_writer w = vnm_ber_writer_of(out, room);

	vnm_ber_put_octets(&w, x->tag, (struct vnm_slice){x->value, x->value_n});
	vnm_ber_put_octets(&w, VNM_BER_OID, (struct vnm_slice){x->name, x->name_n});
	vnm_ber_wrap(&w, VNM_BER_SEQUENCE, 0);
	return vnm_ber_result(&w);
}

/* Octets of the input: at the most so many, their number in front. */
static struct vnm_slice
octets_of(struct vnm_reader *input, size_t most)
{
	size_t n = vnm_reader_u8(input), left = vnm_reader_left(input);
	const uint8_t *p;

	n = n < most ? n : most;
	n = n < left ? n : left;
	p = input->p;
	vnm_reader_skip(input, n);
	return (struct vnm_slice){p, n};
}

/* Changes within a varbind; `other`: one whose name it may get. */
static void
change(struct parts *x, enum edit how, const struct parts *other, struct vnm_reader *input)
{
	struct vnm_slice octets;

	switch (how) {
	case EDIT_TAG:
		x->tag = vnm_reader_u8(input);
		break;
	case EDIT_VALUE:
		octets = octets_of(input, sizeof(x->value));
		x->value_n = octets.n;
		memcpy(x->value, octets.p, octets.n);
		break;
	case EDIT_ARC:
		if (x->name_n > 0)
			x->name[x->name_n - 1] = vnm_reader_u8(input);
		break;
	case EDIT_LONGER:
		octets = octets_of(input, sizeof(x->name) - x->name_n);
		memcpy(x->name + x->name_n, octets.p, octets.n);
		x->name_n += octets.n;
		break;
	case EDIT_SHORTER:
		x->name_n -= x->name_n > 0;
		break;
	default:
		memcpy(x->name, other->name, other->name_n);
		x->name_n = other->name_n;
		break;
	}
}

static void
rewrite(struct vnm_reader *input, uint8_t *list, size_t *n, size_t room, const struct spans *s,
    uint32_t which, enum edit how)
{
	static struct parts x, other;
	static uint8_t out[3 * OCTETS];
	uint32_t second = how == EDIT_NAME ? vnm_reader_u8(input) % s->n : which;

	if (!take_apart(&x, s->p[which]) || !take_apart(&other, s->p[second]))
		return;
	change(&x, how, &other, input);
	splice(list, n, room, (size_t)(s->p[which].p - list), s->p[which].n,
	    put_together(&x, out, sizeof(out)));
}

/* Two varbinds change places. */
static void
swap(uint8_t *list, const struct spans *s, uint32_t a, uint32_t b)
{
	static uint8_t out[65536];
	uint32_t first = a < b ? a : b, last = a < b ? b : a;
	uint8_t *begin = list + (s->p[first].p - list);
	size_t n = 0;

	for (uint32_t i = first; i <= last; i++) {
		struct vnm_slice x = s->p[i == first ? last : i == last ? first : i];

		memcpy(out + n, x.p, x.n);
		n += x.n;
	}
	memcpy(begin, out, n);
}

static void
change_octet(struct vnm_reader *input, uint8_t *list, size_t n)
{
	size_t at = vnm_reader_u16(input);
	uint8_t by = vnm_reader_u8(input);

	if (n > 0)
		list[at % n] ^= by;
}

void
poll_edit(struct vnm_reader *input, uint8_t *list, size_t *n, size_t room)
{
	static struct spans s;
	enum edit how = (enum edit)(vnm_reader_u8(input) % EDITS);
	uint32_t which = vnm_reader_u8(input);
	struct vnm_slice x, nothing = {NULL, 0};
	size_t at;

	find(&s, list, *n);
	which = s.n > 0 ? which % s.n : 0;
	x = s.n > 0 ? s.p[which] : (struct vnm_slice){list, 0};
	at = (size_t)(x.p - list);
	if (how == EDIT_OCTET)
		change_octet(input, list, *n);
	else if (how == EDIT_VARBINDS)
		splice(list, n, room, at, 0, octets_of(input, 255));
	else if (s.n == 0)
		return;
	else if (how == EDIT_DELETE)
		splice(list, n, room, at, x.n, nothing);
	else if (how == EDIT_DOUBLE) {
		static uint8_t copy[65536];

		memcpy(copy, x.p, x.n);
		splice(list, n, room, at, 0, (struct vnm_slice){copy, x.n});
	} else if (how == EDIT_SWAP)
		swap(list, &s, which, vnm_reader_u8(input) % s.n);
	else if (how == EDIT_END)
		*n = at;
	else
		rewrite(input, list, n, room, &s, which, how);
}
