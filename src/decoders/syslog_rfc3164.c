/*
 * What devices write in front of their messages: RFC 3164, and what really comes.
 *
 * A header is a row of items, of which any may be missing and some come twice (a relay puts its
 * own in front): a number that counts messages, names with or without a colon, times, a zone,
 * the node of a chassis. Each is known by its own form and by what follows it, so the row is
 * read from left to right, and what is no item of a header begins the text.
 *
 *	521: router1: *Nov 14 08:30:56.699: %LINK-5-CHANGED: …		number, name, time
 *	94307: gw2 LC/0/2/CPU0:Jul  7 20:16:14.834 : ifmgr[214]: …	number, name, node, time
 *	May  2 15:21:27 10.1.0.3 : 2023 May  2 15:21:27.206 UTC: …	relay's time, name, time,
 *zone Nov 22 20:00:03 compute-07 kernel: [12345.678901] …		time, name
 */
#include "decoders/syslog_part.h"

#define ITEMS_MAX 12 /* of one header */
#define NAME_MAX 255 /* octets of a host's name */

/* The header on its way. */
struct header {
	struct vnm_syslog *m;
	struct vnm_str host, relay, node;
	uint8_t numbers;
	bool done;
};

/* ---- what may stand there -------------------------------------------------------------------- */

static size_t
token_length(const struct vnm_reader *r)
{
	return vnm_span_until(r, ' ');
}

/* "521: " or "521:" at the end. */
static bool
take_count(struct vnm_reader *r, uint64_t *v)
{
	struct vnm_reader ahead = *r;
	int next;

	if (!vnm_take_number(&ahead, 18, v) || !vnm_skip_char(&ahead, ':'))
		return false;
	next = vnm_peek(&ahead, 0);
	if (next != ' ' && next >= 0)
		return false;
	*r = ahead;
	return true;
}

/* "2y10w:", "1d02h:", "00:00:46:": time since the device started. */
static bool
take_uptime(struct vnm_reader *r, struct vnm_str *uptime)
{
	size_t n = 0, units = 0;

	for (int c; (c = vnm_peek(r, n)) > 0 && (vnm_is_digit(c) || strchr("ywdhms", c)); n++) {
		units += !vnm_is_digit(c);
		if (!vnm_is_digit(c) && (n == 0 || !vnm_is_digit(vnm_peek(r, n - 1))))
			return false;
	}
	if (units == 0 && n == 2) { /* hh:mm:ss */
		for (n = 2; n < 8 && vnm_peek(r, n) == ':' && vnm_is_digit(vnm_peek(r, n + 1)) &&
			    vnm_is_digit(vnm_peek(r, n + 2));
		     n += 3)
			continue;
		units = n == 8;
	}
	if (units == 0 || vnm_peek(r, n) != ':')
		return false;
	*uptime = vnm_take_text(r, n);
	r->p++;
	return true;
}

static bool
time_ahead(struct vnm_reader r)
{
	struct vnm_syslog_time t;

	return vnm_syslog_time_read(&r, &t);
}

/* The colon of "LC/0/2/CPU0:Jul  7 20:16:14" as its place in the token; 0: it is none. */
static size_t
node_length(const struct vnm_reader *r, size_t token)
{
	for (size_t i = 1; i < token; i++) {
		if (r->p[i] == ':')
			return time_ahead((struct vnm_reader){r->p + i + 1, r->end, false}) ? i : 0;
	}
	return 0;
}

static bool
is_host_octet(int c)
{
	return vnm_is_alpha(c) || vnm_is_digit(c) || c == '.' || c == '-' || c == '_' || c == ':' ||
	       c == '%' || c == '/' || c >= 0x80;
}

/* A host's name or address: nothing else than its octets, and one of them a letter or digit. */
static bool
is_host(const struct vnm_reader *r, size_t n)
{
	bool named = false;

	if (n == 0 || n > NAME_MAX || r->p[0] == '%' || r->p[n - 1] == ':')
		return false;
	for (size_t i = 0; i < n; i++) {
		if (!is_host_octet(r->p[i]))
			return false;
		named = named || vnm_is_alpha(r->p[i]) || vnm_is_digit(r->p[i]);
	}
	return named;
}

/* ---- items ------------------------------------------------------------------------------------
 */

static void
set_host(struct header *h, struct vnm_str name)
{
	if (h->host.n != 0)
		h->relay = h->host;
	h->host = name;
}

static bool
item_count(struct header *h)
{
	struct vnm_record *r = h->m->r;
	uint64_t v;

	if (!take_count(&h->m->text, &v))
		return false;
	if (h->numbers++ == 0)
		VNM_SET(r, log, sequence, v);
	else
		VNM_SET(r, log, device_sequence, v);
	return true;
}

/* Of several times the last is that of the device. */
static bool
item_time(struct header *h)
{
	struct vnm_syslog *m = h->m;
	struct vnm_syslog_time t;
	struct vnm_reader ahead;

	if (!vnm_syslog_time_read(&m->text, &t))
		return false;
	m->time = t;
	m->has_time = true;
	ahead = m->text;
	if (vnm_skip_char(&ahead, ' ') && vnm_syslog_zone_read(&ahead, &m->time) &&
	    (vnm_peek(&ahead, 0) == ':' || vnm_peek(&ahead, 1) == ':'))
		m->text = ahead;
	else
		m->time.zone.n = 0;
	vnm_skip_spaces(&m->text);
	(void)vnm_skip_char(&m->text, ':');
	return true;
}

static bool
item_uptime(struct header *h)
{
	struct vnm_str uptime;

	if (h->numbers == 0 && h->host.n == 0)
		return false;
	if (!take_uptime(&h->m->text, &uptime))
		return false;
	VNM_SET(h->m->r, log, device_uptime, uptime);
	return true;
}

/* "AEST: %SYS-…": the zone of the time in front of the name. */
static bool
item_zone(struct header *h)
{
	struct vnm_reader ahead = h->m->text;
	struct vnm_syslog_time t = h->m->time;

	if (!h->m->has_time || t.has_offset || t.zone.n != 0 || !vnm_syslog_zone_read(&ahead, &t) ||
	    !vnm_skip_text(&ahead, ": ") || vnm_peek(&ahead, 0) != '%')
		return false;
	h->m->time = t;
	h->m->text = ahead;
	return true;
}

/*
 * Whether what is behind a name with a colon is still the header. Behind a relay's header it is
 * so only with the times of network devices: others' texts begin with a time in digits.
 */
static bool
header_ahead(const struct header *h, struct vnm_reader r)
{
	struct vnm_syslog_time t;
	struct vnm_str uptime;
	uint64_t v;

	vnm_skip_spaces(&r);
	if (take_count(&r, &v) || take_uptime(&r, &uptime))
		return true;
	return vnm_syslog_time_read(&r, &t) &&
	       (!h->m->has_time || t.year_first || vnm_is_alpha(t.text.p[0]));
}

/* "router1: *Nov 14 …", "sw01: 3132779: …". */
static bool
item_origin(struct header *h, size_t token)
{
	struct vnm_reader *r = &h->m->text;
	struct vnm_reader ahead = *r;

	if (r->p[token - 1] != ':' || !is_host(r, token - 1))
		return false;
	ahead.p += token;
	if (!header_ahead(h, ahead))
		return false;
	set_host(h, vnm_take_text(r, token - 1));
	r->p++;
	return true;
}

static bool
item_node(struct header *h, size_t token)
{
	struct vnm_reader *r = &h->m->text;
	size_t n = node_length(r, token);

	if (n == 0)
		return false;
	h->node = vnm_take_text(r, n);
	r->p++;
	return true;
}

/*
 * A name without a colon: behind a time, or in front of one, where at most another name or a
 * node is between.
 */
static bool
item_host(struct header *h, size_t token)
{
	struct vnm_syslog *m = h->m;
	struct vnm_reader *r = &m->text;
	struct vnm_reader ahead = *r;
	size_t next;

	if (h->host.n != 0 || !is_host(r, token))
		return false;
	ahead.p += token;
	vnm_skip_spaces(&ahead);
	next = token_length(&ahead);
	if (!m->has_time && !time_ahead(ahead) && node_length(&ahead, next) == 0) {
		struct vnm_reader app = ahead;

		if (next == 0 || !is_host(&app, next))
			return false;
		ahead.p += next;
		vnm_skip_spaces(&ahead);
		if (!time_ahead(ahead))
			return false;
		set_host(h, vnm_take_text(r, token));
		vnm_skip_spaces(r);
		VNM_SET(m->r, log, app_name, vnm_take_text(r, next));
		return true;
	}
	set_host(h, vnm_take_text(r, token));
	return true;
}

static bool
next_item(struct header *h)
{
	struct vnm_reader *r = &h->m->text;
	size_t token;

	vnm_skip_spaces(r);
	if (vnm_peek(r, 0) == ':' && vnm_peek(r, 1) == ' ') {
		r->p++;
		return true;
	}
	if (vnm_peek(r, 0) < 0 || vnm_peek(r, 0) == '%')
		return false;
	if (h->m->has_time && vnm_skip_text(r, "- "))
		return true; /* a name that is not known */
	if (item_count(h) || item_time(h) || item_uptime(h) || item_zone(h))
		return true;
	token = token_length(r);
	return item_origin(h, token) || item_node(h, token) || item_host(h, token);
}

void
vnm_syslog_rfc3164(struct vnm_syslog *m)
{
	struct header h = {.m = m};
	struct vnm_reader all = m->text;

	for (unsigned i = 0; i < ITEMS_MAX && next_item(&h); i++)
		continue;
	if (!m->has_time && h.host.n == 0 && h.numbers == 0)
		m->text = all; /* no header at all */
	if (h.host.n != 0)
		VNM_SET(m->r, log, hostname, h.host);
	if (h.relay.n != 0)
		VNM_SET(m->r, log, relay, h.relay);
	if (h.node.n != 0)
		VNM_SET(m->r, log, device_node, h.node);
}
