/*
 * Texts that are lists of values: ArcSight CEF, QRadar LEEF, Fortinet's and logfmt's key=value,
 * Palo Alto's CSV. The text itself stays in `message`; its values are in `body`.
 */
#include "decoders/syslog_part.h"

#include "base/clock.h"

#define NAME_MAX 128 /* octets of a key */

/* ---- key=value ------------------------------------------------------------------------------ */

static bool
is_key_octet(int c)
{
	return vnm_is_alpha(c) || vnm_is_digit(c) || c == '_' || c == '.' || c == '-' || c == '[' ||
	       c == ']';
}

/* The octets of a key in front of '='; 0 where there is none. */
static size_t
key_length(const struct vnm_reader *r)
{
	size_t n = 0;

	while (n < NAME_MAX && is_key_octet(vnm_peek(r, n)))
		n++;
	return vnm_peek(r, n) == '=' ? n : 0;
}

/* A value in quotes, in which \ takes the meaning of the next octet, or up to the next space. */
static struct vnm_str
take_value(struct vnm_reader *r)
{
	size_t n = 0;
	struct vnm_str value;

	if (!vnm_skip_char(r, '"'))
		return vnm_take_text(r, vnm_span_until(r, ' '));
	while (vnm_peek(r, n) >= 0 && vnm_peek(r, n) != '"')
		n += vnm_peek(r, n) == '\\' && vnm_peek(r, n + 1) >= 0 ? 2 : 1;
	value = vnm_take_text(r, n);
	(void)vnm_skip_char(r, '"');
	return value;
}

typedef void value_fn(struct vnm_syslog *m, struct vnm_str name, struct vnm_str value);

/* All key=value of the text: how many there were. What is none is stepped over. */
static unsigned
take_pairs(struct vnm_syslog *m, struct vnm_reader r, value_fn *use)
{
	unsigned count = 0;

	while (vnm_reader_left(&r) > 0) {
		size_t n = key_length(&r);

		if (n == 0) {
			(void)vnm_take_until(&r, ' ');
			continue;
		}
		struct vnm_str name = vnm_take_text(&r, n), value;

		(void)vnm_skip_char(&r, '=');
		value = take_value(&r);
		vnm_skip_spaces(&r);
		count++;
		if (value.n == 0)
			continue;
		vnm_pair_list_str(&m->body, vnm_pair_name(m->out, name), value);
		use(m, name, value);
	}
	return count;
}

static void
use_fortios(struct vnm_syslog *m, struct vnm_str name, struct vnm_str value)
{
	struct vnm_record *r = m->r;
	int severity = vnm_str_is(name, "level") ? vnm_syslog_severity(value) : -1;

	if (vnm_str_is(name, "devname") && !VNM_HAS(r, log, hostname))
		VNM_SET(r, log, hostname, value);
	else if (vnm_str_is(name, "type"))
		VNM_SET(r, log, app_name, value);
	else if (vnm_str_is(name, "subtype"))
		VNM_SET(r, log, vendor_facility, value);
	else if (vnm_str_is(name, "logid"))
		VNM_SET(r, log, mnemonic, value);
	else if (severity >= 0)
		VNM_SET(r, log, vendor_severity, (uint8_t)severity);
}

/* "date=2019-04-09 time=04:27:29 …", where tz= may stand anywhere behind. */
static void
fortios_time(struct vnm_syslog *m)
{
	char text[40]; /* "2019-04-09T04:27:29+0200" */
	struct vnm_reader r = m->text, whole;
	struct vnm_str date, clock;
	struct vnm_syslog_time t;
	const char *start = (const char *)m->text.p + strlen("date=");

	if (m->has_time || !vnm_skip_text(&r, "date="))
		return;
	date = take_value(&r);
	vnm_skip_spaces(&r);
	if (!vnm_skip_text(&r, "time="))
		return;
	clock = take_value(&r);
	if (date.n != 10 || clock.n < 8 || clock.n > 18)
		return;
	memcpy(text, date.p, date.n);
	text[date.n] = ' ';
	memcpy(text + date.n + 1, clock.p, clock.n);
	whole = vnm_reader_of((const uint8_t *)text, date.n + 1 + clock.n);
	if (!vnm_syslog_time_read(&whole, &t) || vnm_reader_left(&whole) != 0)
		return;
	t.text = (struct vnm_str){start, (uint32_t)(clock.p + clock.n - start), false};
	m->time = t;
	m->has_time = true;
}

bool
vnm_syslog_fortios(struct vnm_syslog *m)
{
	if (!vnm_begins(&m->text, "date=") && !vnm_begins(&m->text, "logver="))
		return false;
	fortios_time(m);
	VNM_SET(m->r, log, dialect, VNM_STR("fortios"));
	(void)take_pairs(m, m->text, use_fortios);
	return true;
}

static void
use_logfmt(struct vnm_syslog *m, struct vnm_str name, struct vnm_str value)
{
	int severity = vnm_str_is(name, "level") ? vnm_syslog_severity(value) : -1;

	if (severity >= 0)
		VNM_SET(m->r, log, vendor_severity, (uint8_t)severity);
}

bool
vnm_syslog_logfmt(struct vnm_syslog *m)
{
	if (!vnm_begins(&m->text, "time=\"") && !vnm_begins(&m->text, "level=") &&
	    !vnm_begins(&m->text, "msg=\""))
		return false;
	VNM_SET(m->r, log, dialect, VNM_STR("logfmt"));
	return take_pairs(m, m->text, use_logfmt) > 0;
}

/* ---- CEF and LEEF --------------------------------------------------------------------------- */

/* Up to the next '|' that has no '\' in front. */
static struct vnm_str
take_column(struct vnm_reader *r)
{
	size_t n = 0;
	struct vnm_str s;

	while (vnm_peek(r, n) >= 0 && vnm_peek(r, n) != '|')
		n += vnm_peek(r, n) == '\\' && vnm_peek(r, n + 1) >= 0 ? 2 : 1;
	s = vnm_take_text(r, n);
	(void)vnm_skip_char(r, '|');
	return s;
}

static void
add_text(struct vnm_syslog *m, const char *name, struct vnm_str value)
{
	if (value.n != 0)
		vnm_pair_list_str(&m->body, name, value);
}

/*
 * Where the value ends that begins at r: in front of the last space before the next key=, since
 * values have spaces in them.
 */
static size_t
cef_value_length(const struct vnm_reader *r)
{
	size_t n = vnm_reader_left(r), space = n;
	bool key = false; /* only a key's octets since that space */

	for (size_t i = 0; i < n; i++) {
		int c = r->p[i];

		if (c == ' ') {
			space = i;
			key = true;
		} else if (c == '=' && key && space + 1 < i) {
			return space;
		} else {
			key = key && is_key_octet(c);
		}
		i += c == '\\' && i + 1 < n;
	}
	return n;
}

static void
cef_extension(struct vnm_syslog *m, struct vnm_reader *r)
{
	size_t n;

	while ((n = key_length(r)) != 0) {
		struct vnm_str name = vnm_take_text(r, n), value;

		(void)vnm_skip_char(r, '=');
		value = vnm_take_text(r, cef_value_length(r));
		vnm_skip_spaces(r);
		add_text(m, vnm_pair_name(m->out, name), value);
		if (!VNM_HAS(m->r, log, hostname) && vnm_str_is(name, "dvchost") && value.n != 0)
			VNM_SET(m->r, log, hostname, value);
	}
}

/* CEF's scale is 0 to 10, or Unknown, Low, Medium, High and Very-High. */
static int
cef_severity(struct vnm_str s)
{
	static const uint8_t scale[] = {6, 6, 6, 6, 5, 5, 5, 4, 4, 3, 2};
	uint64_t v;

	if (vnm_text_number(s, &v))
		return v < VNM_ARRAY_LEN(scale) ? scale[v] : -1;
	return vnm_str_is(s, "Low")	    ? 6
	       : vnm_str_is(s, "Medium")    ? 5
	       : vnm_str_is(s, "High")	    ? 4
	       : vnm_str_is(s, "Very-High") ? 2
					    : -1;
}

bool
vnm_syslog_cef(struct vnm_syslog *m)
{
	struct vnm_reader r = m->text;
	struct vnm_str column[7];
	int severity;

	if (!vnm_skip_text(&r, "CEF:") || !vnm_is_digit(vnm_peek(&r, 0)))
		return false;
	for (size_t i = 0; i < VNM_ARRAY_LEN(column); i++)
		column[i] = take_column(&r);
	VNM_SET(m->r, log, dialect, VNM_STR("cef"));
	add_text(m, "device_vendor", column[1]);
	add_text(m, "device_product", column[2]);
	add_text(m, "device_version", column[3]);
	if (column[4].n != 0)
		VNM_SET(m->r, log, mnemonic, column[4]);
	add_text(m, "name", column[5]);
	add_text(m, "severity", column[6]);
	severity = cef_severity(column[6]);
	if (severity >= 0)
		VNM_SET(m->r, log, vendor_severity, (uint8_t)severity);
	vnm_skip_spaces(&r);
	cef_extension(m, &r);
	return true;
}

/* LEEF 2.0 may name the octet between its pairs: itself, "x09" or "0x09". */
static char
leef_separator(struct vnm_str s)
{
	unsigned value = 0;
	uint32_t i = 0;

	if (s.n == 1)
		return s.p[0];
	i += s.n > 1 && s.p[0] == '0';
	i += s.n > i && (s.p[i] | 0x20) == 'x';
	for (; i < s.n; i++) {
		int c = s.p[i] | 0x20;

		if (!vnm_is_digit(s.p[i]) && (c < 'a' || c > 'f'))
			return '\t';
		value = value * 16 + (unsigned)(vnm_is_digit(s.p[i]) ? s.p[i] - '0' : c - 'a' + 10);
	}
	return value > 0 && value < 0x80 ? (char)value : '\t';
}

bool
vnm_syslog_leef(struct vnm_syslog *m)
{
	struct vnm_reader r = m->text;
	struct vnm_str version, column[4];
	char separator = '\t';

	if (!vnm_skip_text(&r, "LEEF:"))
		return false;
	version = take_column(&r);
	if (!vnm_str_begins(version, "1") && !vnm_str_begins(version, "2"))
		return false;
	for (size_t i = 0; i < VNM_ARRAY_LEN(column); i++)
		column[i] = take_column(&r);
	if (version.p[0] == '2' && vnm_span_until(&r, '|') < vnm_span_until(&r, '='))
		separator = leef_separator(take_column(&r));
	VNM_SET(m->r, log, dialect, VNM_STR("leef"));
	add_text(m, "device_vendor", column[0]);
	add_text(m, "device_product", column[1]);
	add_text(m, "device_version", column[2]);
	if (column[3].n != 0)
		VNM_SET(m->r, log, mnemonic, column[3]);
	while (vnm_reader_left(&r) > 0) {
		struct vnm_str pair = vnm_take_until(&r, separator), name;
		struct vnm_reader p = vnm_reader_of((const uint8_t *)pair.p, pair.n);

		name = vnm_take_until(&p, '=');
		if (name.n != 0 && vnm_reader_left(&p) > 0)
			add_text(
			    m, vnm_pair_name(m->out, name), vnm_take_text(&p, vnm_reader_left(&p)));
	}
	return true;
}

/* ---- Palo Alto ------------------------------------------------------------------------------ */

/* Columns behind the type and subtype, as PAN-OS's administrator's guide names them. */
static const char *const panos_traffic[] = {NULL, "generated_time", "src", "dst", "natsrc",
    "natdst", "rule", "srcuser", "dstuser", "app", "vsys", "from", "to", "inbound_if",
    "outbound_if", "logset", NULL, "sessionid", "repeatcnt", "sport", "dport", "natsport",
    "natdport", "flags", "proto", "action", NULL};
static const char *const panos_system[] = {NULL, "generated_time", "vsys", "eventid", "object",
    NULL, NULL, "module", "severity", "opaque"};
static const char *const panos_config[] = {
    NULL, "generated_time", "host", "vsys", "cmd", "admin", "client", "result", "path"};

static const struct {
	const char *type;
	const char *const *columns;
	size_t n;
} panos_types[] = {
    {"TRAFFIC", panos_traffic, VNM_ARRAY_LEN(panos_traffic)},
    {"THREAT", panos_traffic, VNM_ARRAY_LEN(panos_traffic)},
    {"SYSTEM", panos_system, VNM_ARRAY_LEN(panos_system)},
    {"CONFIG", panos_config, VNM_ARRAY_LEN(panos_config)},
};

static struct vnm_str
take_csv(struct vnm_reader *r)
{
	struct vnm_str s;

	if (vnm_skip_char(r, '"')) {
		s = vnm_take_until(r, '"');
		(void)vnm_take_until(r, ',');
		return s;
	}
	return vnm_take_until(r, ',');
}

static void
panos_column(struct vnm_syslog *m, const char *name, struct vnm_str value)
{
	int severity;

	add_text(m, name, value);
	if (strcmp(name, "eventid") == 0)
		VNM_SET(m->r, log, mnemonic, value);
	severity = strcmp(name, "severity") == 0 ? vnm_syslog_severity(value) : -1;
	if (severity >= 0)
		VNM_SET(m->r, log, vendor_severity, (uint8_t)severity);
}

/* "1,2018/12/11 13:31:42,serial,TYPE,subtype,…" */
bool
vnm_syslog_panos(struct vnm_syslog *m)
{
	struct vnm_reader r = m->text;
	struct vnm_str column[5]; /* future use, time, serial, type, subtype */

	for (size_t i = 0; i < VNM_ARRAY_LEN(column); i++) {
		column[i] = take_csv(&r);
		if (i == 0 && column[0].n > 4)
			return false;
	}
	for (size_t i = 0; i < VNM_ARRAY_LEN(panos_types); i++) {
		if (!vnm_str_is(column[3], panos_types[i].type))
			continue;
		VNM_SET(m->r, log, dialect, VNM_STR("panos"));
		VNM_SET(m->r, log, vendor_facility, column[3]);
		add_text(m, "serial", column[2]);
		add_text(m, "subtype", column[4]);
		for (size_t k = 0; k < panos_types[i].n && vnm_reader_left(&r) > 0; k++) {
			struct vnm_str value = take_csv(&r);

			if (panos_types[i].columns[k] != NULL && value.n != 0)
				panos_column(m, panos_types[i].columns[k], value);
		}
		return true;
	}
	return false;
}
