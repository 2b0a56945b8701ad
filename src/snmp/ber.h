/*
 * The part of ASN.1's Basic Encoding Rules that SNMP uses (RFC 3417 section 8, X.690), on
 * vnm_reader, and a writer into a bounded buffer.
 *
 * Reading is strict about bounds and tolerant of what agents really send: what RFC 3417 does not
 * allow and yet has one meaning is read, and marked in `odd`. Nothing here allocates.
 */
#ifndef VNM_SNMP_BER_H
#define VNM_SNMP_BER_H

#include "base/oid.h"
#include "base/reader.h"

enum vnm_ber_tag {
	VNM_BER_UNKNOWN = 0x00, /* never sent: in place of one that means something else here */
	VNM_BER_INTEGER = 0x02,
	VNM_BER_BITS = 0x03, /* BIT STRING; SMIv2 sends BITS as OCTETS */
	VNM_BER_OCTETS = 0x04,
	VNM_BER_NULL = 0x05,
	VNM_BER_OID = 0x06,
	VNM_BER_SEQUENCE = 0x30,
	VNM_BER_IPADDRESS = 0x40,
	VNM_BER_COUNTER32 = 0x41,
	VNM_BER_GAUGE32 = 0x42, /* Unsigned32 too */
	VNM_BER_TIMETICKS = 0x43,
	VNM_BER_OPAQUE = 0x44,
	VNM_BER_NSAP = 0x45, /* obsolete, as octets */
	VNM_BER_COUNTER64 = 0x46,
	VNM_BER_UINTEGER32 = 0x47, /* obsolete */
	/* Within an Opaque, behind an octet 0x9f: what net-snmp's agents send for more types. */
	VNM_BER_OPAQUE_COUNTER64 = 0x76, /* read as COUNTER64 */
	VNM_BER_FLOAT = 0x78,
	VNM_BER_DOUBLE = 0x79,
	VNM_BER_INTEGER64 = 0x7a,
	VNM_BER_UNSIGNED64 = 0x7b,
	/* Exceptions in the place of a value (RFC 3416 section 3). */
	VNM_BER_NO_SUCH_OBJECT = 0x80,
	VNM_BER_NO_SUCH_INSTANCE = 0x81,
	VNM_BER_END_OF_MIB_VIEW = 0x82
};

/* What was not as it should be and could be read all the same: bits of `odd`. */
enum vnm_ber_odd {
	VNM_BER_ODD_LENGTH = 1,	 /* a length in more octets than it needs */
	VNM_BER_ODD_PADDING = 2, /* a number or sub-identifier with needless leading octets */
	VNM_BER_ODD_SIGN = 4,	 /* a negative number for an unsigned type: its two's complement */
	VNM_BER_ODD_WIDTH = 8, /* a number, address or NULL of a size that its type does not have */
	VNM_BER_ODD_TYPE = 16, /* a type that SNMP does not know: its octets are kept */
	VNM_BER_ODD_TRAILING = 32 /* octets behind the end of the message or of a sequence */
};

/* ---- reading --------------------------------------------------------------------------------- */

/* What vnm_ber_next() does where the element is not as short as most are. */
bool vnm_ber_next_long(
    struct vnm_reader *r, uint8_t *tag, struct vnm_reader *contents, unsigned *odd);

/*
 * The next element: its tag, and a reader of its contents. Only one-octet tags and definite
 * lengths of at the most 4 octets (behind leading zeros) are taken. False, and r->bad, where
 * there is none.
 */
static inline bool
vnm_ber_next(struct vnm_reader *r, uint8_t *tag, struct vnm_reader *contents, unsigned *odd)
{
	size_t left = vnm_reader_left(r);

	if (VNM_UNLIKELY(left < 2 || (r->p[0] & 0x1f) == 0x1f || r->p[1] >= 0x80 ||
			 r->p[1] > left - 2 || r->bad))
		return vnm_ber_next_long(r, tag, contents, odd);
	*tag = r->p[0];
	*contents = vnm_reader_of(r->p + 2, r->p[1]);
	r->p = contents->end;
	return true;
}

/* The same, where the tag must be this one: what is there otherwise makes r bad. */
static inline bool
vnm_ber_expect(struct vnm_reader *r, uint8_t tag, struct vnm_reader *contents, unsigned *odd)
{
	uint8_t found;

	if (!vnm_ber_next(r, &found, contents, odd))
		return false;
	if (found != tag)
		r->bad = true;
	return found == tag;
}

/* A signed number of at the most 64 bits, or false. */
bool vnm_ber_signed(struct vnm_slice contents, int64_t *v, unsigned *odd);

/*
 * An unsigned one of `bits` (32 or 64) bits: a negative one is taken modulo 2^bits, one of more
 * than 32 bits where 32 should be is kept as it is.
 */
bool vnm_ber_unsigned(struct vnm_slice contents, unsigned bits, uint64_t *v, unsigned *odd);

/*
 * An object identifier into v, which has room for VNM_OID_MAX numbers: how many they are, 0 where
 * it is malformed or longer. No octets at all are 0.0, as agents mean it.
 */
uint32_t vnm_ber_oid(struct vnm_slice contents, uint32_t *v, unsigned *odd);

/* The next element as a signed number: false, and r->bad, where it is none of at the most 32 bits.
 */
bool vnm_ber_next_i32(struct vnm_reader *r, int32_t *v, unsigned *odd);

/* The next element as octets (OCTET STRING). */
bool vnm_ber_next_octets(struct vnm_reader *r, struct vnm_slice *v, unsigned *odd);

/*
 * The size in octets of the element that begins at p, of which n octets are there: 0 when more
 * must come to tell, VNM_BER_FRAME_BAD when it has no size that can be told or has another tag.
 */
#define VNM_BER_FRAME_BAD SIZE_MAX
size_t vnm_ber_frame(const uint8_t *p, size_t n, uint8_t tag);

/* ---- writing --------------------------------------------------------------------------------- */

/*
 * Writes backwards, from the end of a buffer to its begin, so that every length is known when it
 * is written: contents first, then vnm_ber_wrap(). What does not fit sets `full`, and nothing
 * more is written.
 */
struct vnm_ber_writer {
	uint8_t *begin; /* of the caller's buffer */
	uint8_t *p;	/* what is written begins here, and ends at `end` */
	uint8_t *end;
	bool full;
};

static inline struct vnm_ber_writer
vnm_ber_writer_of(uint8_t *p, size_t n)
{
	return (struct vnm_ber_writer){p, p + n, p + n, false};
}

/* What is written so far, in octets: a mark for vnm_ber_wrap(). */
static inline size_t
vnm_ber_written(const struct vnm_ber_writer *w)
{
	return (size_t)(w->end - w->p);
}

static inline struct vnm_slice
vnm_ber_result(const struct vnm_ber_writer *w)
{
	return (struct vnm_slice){w->p, vnm_ber_written(w)};
}

/* n octets of room in front, or NULL (and full). */
uint8_t *vnm_ber_room(struct vnm_ber_writer *w, size_t n);

/* Tag and length in front of all that was written since the mark. */
void vnm_ber_wrap(struct vnm_ber_writer *w, uint8_t tag, size_t mark);

void vnm_ber_put_raw(struct vnm_ber_writer *w, const void *p, size_t n);
void vnm_ber_put_octets(struct vnm_ber_writer *w, uint8_t tag, struct vnm_slice octets);
void vnm_ber_put_signed(struct vnm_ber_writer *w, uint8_t tag, int64_t v);
void vnm_ber_put_unsigned(struct vnm_ber_writer *w, uint8_t tag, uint64_t v);
/* Fewer than two numbers become 0.0. The first is 0, 1 or 2, the second below 40 under 0 and 1. */
void vnm_ber_put_oid(struct vnm_ber_writer *w, struct vnm_oid oid);
/* NULL, and the exceptions. */
void vnm_ber_put_empty(struct vnm_ber_writer *w, uint8_t tag);

#endif
