/*
 * What the files of the syslog decoder share: the message on its way through it, reading of
 * text, device times. Private to src/decoders/syslog*.c.
 *
 * All reading goes through a vnm_reader whose ends are those of the text that is left. What is
 * taken from it borrows from the datagram.
 */
#ifndef VNM_DECODERS_SYSLOG_PART_H
#define VNM_DECODERS_SYSLOG_PART_H

#include "decoders/pair_list.h"

/* Octets of one message of a stream; far beyond what RFC 5425 section 4.3.1 asks for. */
#define VNM_SYSLOG_MESSAGE_MAX (1U << 18)

enum vnm_syslog_mark {
#define VNM_SYSLOG_MARK(name, text, doc) VNM_SYSLOG_##name,
#include "decoders/syslog_marks.def"
#undef VNM_SYSLOG_MARK
	VNM_SYSLOG_MARKS
};

/* ---- times -------------------------------------------------------------------------------- */

/* A time as it was written, not yet resolved. */
struct vnm_syslog_time {
	int32_t year; /* 0: not written */
	uint8_t month, day, hour, minute, second;
	uint32_t ns;
	bool year_first; /* "2018 Apr 20 13:15:07", as NX-OS has it */
	bool rfc3339;	 /* with T and a zone: fit for RFC 5424 */
	bool has_offset;
	int16_t offset; /* minutes east of UTC */
	struct vnm_str text;
	struct vnm_str zone; /* name of a zone; n 0: none */
	char clock;	     /* Cisco's mark in front of it: '*', '.' or 0 */
};

/* Reads the time at r's begin: false, and nothing is read, where there is none. */
bool vnm_syslog_time_read(struct vnm_reader *r, struct vnm_syslog_time *t);

/* A zone's name in front of ':' or a space: false, and nothing is read, where it is not known. */
bool vnm_syslog_zone_read(struct vnm_reader *r, struct vnm_syslog_time *t);

/*
 * ns since 1970, with the year and zone that bring it nearest to rx_ns where they are not
 * written: *year and *zone tell. 0 where there is no such time.
 */
uint64_t vnm_syslog_time_resolve(
    const struct vnm_syslog_time *t, uint64_t rx_ns, bool *year, bool *zone);

/* ---- the message ---------------------------------------------------------------------------- */

struct vnm_syslog {
	struct vnm_out *out;
	struct vnm_record *r; /* of kind log */
	uint64_t rx_ns;
	uint32_t marks; /* enum vnm_syslog_mark, by bit */
	bool has_time;
	struct vnm_syslog_time time;
	struct vnm_reader text;	   /* what is not read yet */
	struct vnm_pair_list body; /* named values of the text */
};

static inline void
vnm_syslog_note(struct vnm_syslog *m, enum vnm_syslog_mark mark)
{
	m->marks |= 1U << mark;
}

/* Reads a header of RFC 5424 behind the PRI: false, and nothing is read, where it is none. */
bool vnm_syslog_rfc5424(struct vnm_syslog *m);

/* Reads what devices put in front of their messages (RFC 3164 and all that is like it). */
void vnm_syslog_rfc3164(struct vnm_syslog *m);

/* Finds the dialect of the text and what it names; takes the head of the text off. */
void vnm_syslog_body(struct vnm_syslog *m);

/* Finds interfaces, neighbours and UUIDs in the message. */
void vnm_syslog_names(struct vnm_syslog *m);

/* The severity that a vendor's word or letter means, or -1: "ERROR", "warn", "E". */
int vnm_syslog_severity(struct vnm_str word);

/* Texts of several values, each by its own rules; true where the text is one of that form. */
bool vnm_syslog_cef(struct vnm_syslog *m);
bool vnm_syslog_leef(struct vnm_syslog *m);
bool vnm_syslog_json(struct vnm_syslog *m);
bool vnm_syslog_panos(struct vnm_syslog *m);
bool vnm_syslog_fortios(struct vnm_syslog *m);
bool vnm_syslog_logfmt(struct vnm_syslog *m);

/* ---- reading text --------------------------------------------------------------------------- */

static inline bool
vnm_is_digit(int c)
{
	return c >= '0' && c <= '9';
}

static inline bool
vnm_is_upper(int c)
{
	return c >= 'A' && c <= 'Z';
}

static inline bool
vnm_is_alpha(int c)
{
	return vnm_is_upper(c & ~0x20);
}

/* The octet `at` places ahead, or -1. */
static inline int
vnm_peek(const struct vnm_reader *r, size_t at)
{
	return at < vnm_reader_left(r) ? r->p[at] : -1;
}

/* Steps over that octet where it is the next. */
static inline bool
vnm_skip_char(struct vnm_reader *r, char c)
{
	if (vnm_peek(r, 0) != c)
		return false;
	r->p++;
	return true;
}

static inline void
vnm_skip_spaces(struct vnm_reader *r)
{
	while (vnm_peek(r, 0) == ' ')
		r->p++;
}

/* Whether the text begins with this; *_skip_text steps over it then. */
static inline bool
vnm_begins(const struct vnm_reader *r, const char *text)
{
	size_t n = strlen(text);

	return vnm_reader_left(r) >= n && memcmp(r->p, text, n) == 0;
}

static inline bool
vnm_skip_text(struct vnm_reader *r, const char *text)
{
	if (!vnm_begins(r, text))
		return false;
	r->p += strlen(text);
	return true;
}

/* Octets up to the next `c`, or all that are left. */
static inline size_t
vnm_span_until(const struct vnm_reader *r, char c)
{
	size_t n = vnm_reader_left(r);
	const uint8_t *end = n > 0 ? memchr(r->p, c, n) : NULL;

	return end != NULL ? (size_t)(end - r->p) : n;
}

/* The next n octets, which are there, as text. */
static inline struct vnm_str
vnm_take_text(struct vnm_reader *r, size_t n)
{
	const uint8_t *p = vnm_reader_take(r, n);

	return (struct vnm_str){(const char *)p, p != NULL ? (uint32_t)n : 0, false};
}

/* All up to `c`, which is stepped over where it is there. */
static inline struct vnm_str
vnm_take_until(struct vnm_reader *r, char c)
{
	struct vnm_str s = vnm_take_text(r, vnm_span_until(r, c));

	(void)vnm_skip_char(r, c);
	return s;
}

/* 1 to `most` digits as a number: false, and nothing is read, where there are none or more. */
static inline bool
vnm_take_number(struct vnm_reader *r, unsigned most, uint64_t *v)
{
	unsigned n = 0;

	for (*v = 0; n <= most && vnm_is_digit(vnm_peek(r, n)); n++)
		*v = *v * 10 + (uint64_t)(r->p[n] - '0');
	if (n == 0 || n > most)
		return false;
	r->p += n;
	return true;
}

/* All of a text as a number of at most 18 digits. */
static inline bool
vnm_text_number(struct vnm_str s, uint64_t *v)
{
	struct vnm_reader r = vnm_reader_of((const uint8_t *)s.p, s.n);

	return s.n > 0 && vnm_take_number(&r, 18, v) && vnm_reader_left(&r) == 0;
}

static inline bool
vnm_str_begins(struct vnm_str s, const char *text)
{
	size_t n = strlen(text);

	return s.n >= n && memcmp(s.p, text, n) == 0;
}

/* An address of at most VNM_ADDR_TEXT - 1 octets, a zone index behind it left out. */
bool vnm_syslog_addr(struct vnm_str s, struct vnm_addr *a);

#endif
