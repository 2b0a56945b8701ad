/*
 * The decoder `syslog`: RFC 5424, RFC 3164 and what devices really send; RFC 6587 on streams.
 *
 * Nothing is rejected for its form: what is odd is marked, and what cannot be read stays text.
 * The one message that fails is the one without an octet of text.
 */
#include "decoders/syslog_part.h"

#include "base/text.h"
#include "record/names.h"

#define PRI_MAX 191 /* RFC 5424 section 6.2.1 */
#define PRI_DEFAULT 13
#define COUNT_DIGITS 8 /* of an octet count: more are none */
#define BOM "\xef\xbb\xbf"

static const struct vnm_str mark_names[] = {
#define VNM_SYSLOG_MARK(name, text, doc) {text, sizeof(text) - 1, true},
#include "decoders/syslog_marks.def"
#undef VNM_SYSLOG_MARK
};

bool
vnm_syslog_addr(struct vnm_str s, struct vnm_addr *a)
{
	char text[VNM_ADDR_TEXT];
	const char *zone = s.n > 0 ? memchr(s.p, '%', s.n) : NULL;
	size_t n = zone != NULL ? (size_t)(zone - s.p) : s.n;

	if (n < 2 || n >= sizeof(text))
		return false;
	memcpy(text, s.p, n);
	text[n] = '\0';
	return vnm_addr_parse(a, text);
}

/* ---- streams ------------------------------------------------------------------------------- */

/*
 * RFC 6587 section 3.4.1: a count and a space in front of the message. A line may begin with a
 * number as well, so it is a count only where a PRI follows.
 */
enum counted { COUNTED_NOT, COUNTED, COUNTED_PERHAPS };

static enum counted
read_count(struct vnm_reader *r, uint64_t *count)
{
	struct vnm_reader ahead = *r;
	size_t digits = 0;

	while (digits <= COUNT_DIGITS && vnm_is_digit(vnm_peek(r, digits)))
		digits++;
	if (digits == 0 || digits > COUNT_DIGITS || vnm_peek(r, 0) == '0')
		return COUNTED_NOT;
	if (vnm_reader_left(r) < digits + 2)
		return vnm_peek(r, digits) < 0 || vnm_peek(r, digits) == ' ' ? COUNTED_PERHAPS
									     : COUNTED_NOT;
	if (!vnm_take_number(&ahead, COUNT_DIGITS, count) || !vnm_skip_char(&ahead, ' ') ||
	    vnm_peek(&ahead, 0) != '<')
		return COUNTED_NOT;
	*r = ahead;
	return COUNTED;
}

static bool
is_trailer(int c)
{
	return c == '\n' || c == '\r' || c == '\0';
}

/* Up to and with the next LF or NUL: 0 where there is none. */
static size_t
line_length(const uint8_t *p, size_t n)
{
	const uint8_t *lf = memchr(p, '\n', n);
	const uint8_t *nul = memchr(p, '\0', lf != NULL ? (size_t)(lf - p) : n);
	const uint8_t *end = nul != NULL ? nul : lf;

	return end != NULL ? (size_t)(end - p) + 1 : 0;
}

/*
 * Each frame is told by itself: counted, or up to LF or NUL. Trailers in front belong to it:
 * some senders put them behind counted messages. A line that is longer than a message may be is
 * cut there.
 */
static size_t
syslog_frame(const uint8_t *p, size_t n)
{
	struct vnm_reader r = vnm_reader_of(p, n);
	uint64_t count;
	size_t before, line;

	while (is_trailer(vnm_peek(&r, 0)) && r.p - p < VNM_SYSLOG_MESSAGE_MAX)
		r.p++;
	switch (read_count(&r, &count)) {
	case COUNTED_PERHAPS:
		return 0;
	case COUNTED:
		before = (size_t)(r.p - p);
		if (count <= VNM_SYSLOG_MESSAGE_MAX)
			return before + (size_t)count;
		break;
	case COUNTED_NOT:
		break;
	}
	before = (size_t)(r.p - p);
	if (before >= VNM_SYSLOG_MESSAGE_MAX || vnm_reader_left(&r) == 0)
		return before < VNM_SYSLOG_MESSAGE_MAX ? 0 : before;
	line = line_length(r.p, vnm_reader_left(&r));
	if (line == 0)
		line = vnm_reader_left(&r) < VNM_SYSLOG_MESSAGE_MAX ? 0 : vnm_reader_left(&r);
	if (line > VNM_SYSLOG_MESSAGE_MAX)
		line = VNM_SYSLOG_MESSAGE_MAX;
	return line != 0 ? before + line : 0;
}

/* Takes count and trailers off. */
static void
unframe(struct vnm_syslog *m, bool stream)
{
	struct vnm_reader *r = &m->text;
	size_t all = vnm_reader_left(r);
	bool terminated;
	uint64_t count;

	while (stream && is_trailer(vnm_peek(r, 0)))
		r->p++;
	terminated = all > 0 && is_trailer(r->end[-1]);
	if (stream && read_count(r, &count) == COUNTED) {
		if (count > VNM_SYSLOG_MESSAGE_MAX)
			vnm_syslog_note(m, VNM_SYSLOG_bad_count);
		else if (count > vnm_reader_left(r))
			vnm_syslog_note(m, VNM_SYSLOG_cut);
		else if (count < vnm_reader_left(r))
			vnm_syslog_note(m, VNM_SYSLOG_bad_count);
	} else if (stream && !terminated) {
		vnm_syslog_note(
		    m, all >= VNM_SYSLOG_MESSAGE_MAX ? VNM_SYSLOG_part : VNM_SYSLOG_cut);
	}
	while (r->end > r->p && is_trailer(r->end[-1]))
		r->end--;
}

/* ---- the PRI --------------------------------------------------------------------------------- */

/* False where the text has no header that could be read. */
static bool
read_pri(struct vnm_syslog *m)
{
	struct vnm_reader r = m->text;
	struct vnm_record *rec = m->r;
	uint64_t pri = PRI_DEFAULT;
	bool there = vnm_skip_char(&r, '<');
	bool good = there && vnm_take_number(&r, 3, &pri) && vnm_skip_char(&r, '>');

	if (good)
		VNM_SET(rec, log, priority, (uint16_t)pri);
	if (!there)
		vnm_syslog_note(m, VNM_SYSLOG_no_pri);
	else if (!good || pri > PRI_MAX)
		vnm_syslog_note(m, VNM_SYSLOG_bad_pri);
	if (!good || pri > PRI_MAX)
		pri = PRI_DEFAULT;
	else
		m->text = r;
	VNM_SET(rec, log, facility, (uint8_t)(pri / 8));
	VNM_SET(rec, log, facility_name, vnm_syslog_facility_name((uint8_t)(pri / 8)));
	VNM_SET(rec, log, severity, (uint8_t)(pri % 8));
	VNM_SET(rec, log, severity_name, vnm_syslog_severity_name((uint8_t)(pri % 8)));
	return !there || m->text.p == r.p;
}

/* ---- the record --------------------------------------------------------------------------------
 */

/* The octets that are no printable ASCII are looked at one by one, if there are any. */
static void
check_text(struct vnm_syslog *m, const struct vnm_datagram *d)
{
	const uint8_t *p = m->text.p;
	size_t n = vnm_reader_left(&m->text);

	for (size_t i = 0; i < n;) {
		const uint64_t highs = 0x8080808080808080, ones = 0x0101010101010101;
		unsigned length = 1;
		uint64_t v = 0;

		if (i + 8 <= n) {
			memcpy(&v, p + i, 8);
			if (((v | (v - ones)) & highs) == 0) {
				i += 8;
				continue;
			}
		}
		if (p[i] == 0)
			vnm_syslog_note(m, VNM_SYSLOG_nul);
		else if (p[i] >= 0x80)
			length = vnm_utf8_length(p + i, n - i);
		if (length == 0 && (m->marks & 1U << VNM_SYSLOG_bad_utf8) == 0) {
			vnm_syslog_note(m, VNM_SYSLOG_bad_utf8);
			VNM_SET(m->r, log, raw, (struct vnm_slice){d->p, d->n});
		}
		i += length != 0 ? length : 1;
	}
}

static void
set_time(struct vnm_syslog *m)
{
	struct vnm_syslog_time *t = &m->time;
	bool year, zone;
	uint64_t ns;
	static const struct vnm_str inferred[] = {VNM_STR("year"), VNM_STR("zone")};

	if (!m->has_time)
		return;
	VNM_SET(m->r, log, device_time, t->text);
	if (t->zone.n != 0)
		VNM_SET(m->r, log, device_zone, t->zone);
	if (t->clock != 0)
		VNM_SET(m->r, log, time_quality,
		    t->clock == '*' ? VNM_STR("not-set") : VNM_STR("unsynced"));
	if (t->second == 60)
		vnm_syslog_note(m, VNM_SYSLOG_leap_second);
	ns = vnm_syslog_time_resolve(t, m->rx_ns, &year, &zone);
	if (ns == 0) {
		vnm_syslog_note(m, VNM_SYSLOG_bad_time);
		return;
	}
	VNM_SET(m->r, env, event_ns, ns);
	if (year || zone)
		VNM_SET(m->r, log, inferred,
		    (struct vnm_strs){inferred + !year, (uint32_t)year + (uint32_t)zone});
}

static void
set_marks(struct vnm_syslog *m)
{
	struct vnm_str *list;
	uint32_t n = 0;

	if (m->marks == 0)
		return;
	list = vnm_scratch_take(m->out->scratch, VNM_SYSLOG_MARKS * sizeof(*list));
	if (list == NULL) {
		vnm_out_fault(m->out, VNM_R_scratch_full);
		return;
	}
	for (unsigned i = 0; i < VNM_SYSLOG_MARKS; i++) {
		if ((m->marks & 1U << i) != 0)
			list[n++] = mark_names[i];
	}
	VNM_SET(m->r, log, marks, (struct vnm_strs){list, n});
}

static void
skip_bom(struct vnm_syslog *m)
{
	if (vnm_skip_text(&m->text, BOM))
		vnm_syslog_note(m, VNM_SYSLOG_bom);
}

/* "1 2022-03-10 08:04:08.449 host": RFC 5424's version in front of another form of time. */
static void
skip_version(struct vnm_syslog *m)
{
	struct vnm_reader ahead = m->text;
	struct vnm_syslog_time t;

	if (!vnm_skip_text(&ahead, "1 "))
		return;
	struct vnm_reader behind = ahead;
	if (!vnm_syslog_time_read(&ahead, &t))
		return;
	m->text = behind;
	vnm_syslog_note(m, VNM_SYSLOG_bad_time);
}

static void
read_header(struct vnm_syslog *m)
{
	struct vnm_record *r = m->r;
	struct vnm_reader all;

	if (vnm_syslog_rfc5424(m)) {
		VNM_SET(r, log, format, VNM_STR("rfc5424"));
		vnm_skip_spaces(&m->text);
		skip_bom(m);
		return;
	}
	skip_bom(m);
	skip_version(m);
	all = m->text;
	vnm_syslog_rfc3164(m);
	VNM_SET(r, log, format, m->text.p != all.p ? VNM_STR("rfc3164") : VNM_STR("raw"));
}

/* An address as the device's name is who the message claims to be from. */
static void
set_agent(struct vnm_record *r)
{
	struct vnm_addr addr;
	const char *p = r->log.hostname.p;

	if (!VNM_HAS(r, log, hostname) || VNM_HAS(r, env, agent_addr))
		return;
	if (!vnm_is_digit(p[0]) && memchr(p, ':', r->log.hostname.n) == NULL)
		return;
	if (vnm_syslog_addr(r->log.hostname, &addr))
		VNM_SET(r, env, agent_addr, addr);
}

static enum vnm_reason
syslog_decode(struct vnm_exporter *x, const struct vnm_datagram *d, struct vnm_out *out)
{
	struct vnm_syslog m = {
	    .out = out, .rx_ns = d->rx_ns, .text = vnm_reader_of(d->p, d->n), .body = {.out = out}};

	(void)x;
	unframe(&m, vnm_transport_is_stream(d->transport));
	if (vnm_reader_left(&m.text) == 0)
		return VNM_R_empty;
	VNM_SET(out->rec, env, decoder, VNM_STR("syslog"));
	vnm_out_base(out);
	m.r = vnm_out_begin(out, VNM_KIND_log);
	check_text(&m, d);
	skip_bom(&m);
	if (read_pri(&m)) {
		read_header(&m);
		vnm_syslog_body(&m);
	} else {
		VNM_SET(m.r, log, format, VNM_STR("raw"));
	}
	vnm_syslog_names(&m);
	set_time(&m);
	set_agent(m.r);
	set_marks(&m);
	if (m.body.n > 0)
		VNM_SET(m.r, log, body, vnm_pair_list_pairs(&m.body));
	if (vnm_reader_left(&m.text) > 0)
		VNM_SET(m.r, log, message, vnm_take_text(&m.text, vnm_reader_left(&m.text)));
	(void)vnm_out_emit(out);
	return VNM_OK;
}

/* A PRI, with or without a count in front, and printable text behind it. */
static bool
syslog_probe(const uint8_t *p, size_t n)
{
	struct vnm_reader r = vnm_reader_of(p, n);
	uint64_t v;

	(void)read_count(&r, &v);
	if (!vnm_skip_char(&r, '<') || !vnm_take_number(&r, 3, &v) || v > PRI_MAX ||
	    !vnm_skip_char(&r, '>'))
		return false;
	return vnm_peek(&r, 0) < 0 || vnm_peek(&r, 0) >= ' ';
}

const struct vnm_decoder vnm_syslog_decoder = {
    .name = "syslog",
    .summary = "syslog: RFC 5424, RFC 3164 and the dialects of devices; RFC 6587 on streams",
    .ports = {514, 601},
    .probe = syslog_probe,
    .frame = syslog_frame,
    .decode = syslog_decode,
};
