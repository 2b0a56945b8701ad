/*
 * The text of a message: the program in front of it, and the heads that vendors put there. The
 * dialects are syslog_dialects.def; one that does not fit leaves the text as it is.
 */
#include "decoders/syslog_part.h"

#define TAG_MAX 64  /* octets of a program's name */
#define PROC_MAX 64 /* octets of what stands behind it in brackets */
#define WORD_MAX 16

static const struct {
	const char *word;
	uint8_t severity;
} severities[] = {
#define VNM_SYSLOG_SEVERITY(word, severity) {word, severity},
#include "decoders/syslog_severities.def"
#undef VNM_SYSLOG_SEVERITY
};

static const struct app {
	const char *name;
	struct vnm_str dialect;
} apps[] = {
#define VNM_SYSLOG_APP(name, dialect) {name, {dialect, sizeof(dialect) - 1, true}},
#include "decoders/syslog_apps.def"
#undef VNM_SYSLOG_APP
};

int
vnm_syslog_severity(struct vnm_str word)
{
	char upper[WORD_MAX];

	if (word.n == 0 || word.n >= sizeof(upper))
		return -1;
	for (uint32_t i = 0; i < word.n; i++)
		upper[i] = vnm_is_alpha(word.p[i]) ? (char)(word.p[i] & ~0x20) : word.p[i];
	for (size_t i = 0; i < VNM_ARRAY_LEN(severities); i++) {
		if (vnm_str_is((struct vnm_str){upper, word.n, false}, severities[i].word))
			return severities[i].severity;
	}
	return -1;
}

static void
set_vendor_severity(struct vnm_syslog *m, struct vnm_str word)
{
	int severity = vnm_syslog_severity(word);

	if (severity >= 0)
		VNM_SET(m->r, log, vendor_severity, (uint8_t)severity);
}

/* ---- Cisco and what is like it ------------------------------------------------------------- */

/* The parts of FAC[-SUB]-S-MNEM. */
struct percent {
	struct vnm_str facility, mnemonic;
	int severity; /* -1: none */
};

static bool
is_percent_octet(int c)
{
	return vnm_is_alpha(c) || vnm_is_digit(c) || c == '_' || c == '-' || c == '.';
}

/* The first part of one digit or letter that is a severity, with parts on both sides of it. */
static void
split_percent(struct vnm_str head, struct percent *out)
{
	*out = (struct percent){.mnemonic = head, .severity = -1};
	for (uint32_t i = 1; i + 3 < head.n + 1; i++) {
		int c = head.p[i + 1];

		if (head.p[i] != '-' || i + 2 >= head.n || head.p[i + 2] != '-' || i + 3 >= head.n)
			continue;
		if (vnm_is_digit(c))
			out->severity = c <= '7' ? c - '0' : -1;
		else
			out->severity =
			    vnm_syslog_severity((struct vnm_str){head.p + i + 1, 1, false});
		if (out->severity < 0)
			continue;
		out->facility = (struct vnm_str){head.p, i, false};
		out->mnemonic = (struct vnm_str){head.p + i + 3, head.n - i - 3, false};
		return;
	}
}

static struct vnm_str
percent_dialect(const struct vnm_syslog *m, const struct percent *p)
{
	const struct vnm_record *r = m->r;

	if (p->severity < 0)
		return VNM_STR("frr");
	if (vnm_str_begins(p->facility, "ASA") || vnm_str_begins(p->facility, "FTD") ||
	    vnm_str_begins(p->facility, "PIX") || vnm_str_begins(p->facility, "FWSM"))
		return VNM_STR("cisco-asa");
	if (VNM_HAS(r, log, device_node))
		return VNM_STR("cisco-xr");
	if (m->time.year_first)
		return VNM_STR("cisco-nxos");
	if (VNM_HAS(r, log, app_name) && !VNM_HAS(r, log, proc_id) && !VNM_HAS(r, log, sequence))
		return VNM_STR("eos");
	return VNM_STR("cisco-ios");
}

static bool
dialect_percent(struct vnm_syslog *m)
{
	struct vnm_reader r = m->text;
	struct percent p;
	size_t n = 1;

	while (is_percent_octet(vnm_peek(&r, n)))
		n++;
	if (n < 3)
		return false;
	r.p++;
	split_percent(vnm_take_text(&r, n - 1), &p);
	(void)vnm_skip_char(&r, ' '); /* IOS XR */
	if (!vnm_skip_char(&r, ':'))
		return false;
	VNM_SET(m->r, log, dialect, percent_dialect(m, &p));
	VNM_SET(m->r, log, mnemonic, p.mnemonic);
	if (p.facility.n != 0)
		VNM_SET(m->r, log, vendor_facility, p.facility);
	if (p.severity >= 0)
		VNM_SET(m->r, log, vendor_severity, (uint8_t)p.severity);
	m->text = r;
	return true;
}

/* "%%01IFNET/4/IF_STATE(l)[4997]:text"; Comware has %%10. */
static bool
dialect_huawei(struct vnm_syslog *m)
{
	struct vnm_reader r = m->text;
	struct vnm_str module, mnemonic, type = {0};
	uint64_t version, severity, number = 0;
	bool counted = false;

	if (!vnm_skip_text(&r, "%%") || !vnm_take_number(&r, 2, &version))
		return false;
	module = vnm_take_until(&r, '/');
	if (module.n == 0 || !vnm_take_number(&r, 1, &severity) || severity > 7 ||
	    !vnm_skip_char(&r, '/'))
		return false;
	size_t n = 0;
	while (is_percent_octet(vnm_peek(&r, n)))
		n++;
	mnemonic = vnm_take_text(&r, n);
	if (vnm_skip_char(&r, '('))
		type = vnm_take_until(&r, ')');
	if (vnm_skip_char(&r, '[')) {
		counted = vnm_take_number(&r, 18, &number);
		(void)vnm_take_until(&r, ']');
	}
	if (mnemonic.n == 0 || !vnm_skip_char(&r, ':'))
		return false;
	VNM_SET(m->r, log, dialect, version == 10 ? VNM_STR("comware") : VNM_STR("huawei"));
	VNM_SET(m->r, log, vendor_facility, module);
	VNM_SET(m->r, log, vendor_severity, (uint8_t)severity);
	VNM_SET(m->r, log, mnemonic, mnemonic);
	if (counted)
		VNM_SET(m->r, log, device_sequence, number);
	if (type.n != 0)
		vnm_pair_list_str(&m->body, "type", type);
	m->text = r;
	return true;
}

/* ---- clouds -------------------------------------------------------------------------------- */

/* "ovs|00042|bridge|ERR|text", or "00042|bridge|ERR|text" where the program is the tag. */
static bool
dialect_ovs(struct vnm_syslog *m)
{
	struct vnm_reader r = m->text;
	struct vnm_str module, level;
	uint64_t number;

	(void)vnm_skip_text(&r, "ovs|");
	if (!vnm_take_number(&r, 9, &number) || !vnm_skip_char(&r, '|'))
		return false;
	module = vnm_take_until(&r, '|');
	level = vnm_take_until(&r, '|');
	if (module.n == 0 || vnm_syslog_severity(level) < 0)
		return false;
	VNM_SET(m->r, log, dialect, VNM_STR("ovs"));
	VNM_SET(m->r, log, vendor_facility, module);
	set_vendor_severity(m, level);
	VNM_SET(m->r, log, device_sequence, number);
	m->text = r;
	return true;
}

/* "2026-11-22 20:00:04.123 2145 INFO nova.compute.manager [req-… …] text" (oslo.log). */
static bool
dialect_oslo(struct vnm_syslog *m)
{
	struct vnm_reader r = m->text;
	struct vnm_str level, logger, context;
	struct vnm_syslog_time t;
	uint64_t process;

	if (!vnm_syslog_time_read(&r, &t) || t.rfc3339 || !vnm_skip_char(&r, ' ') ||
	    !vnm_take_number(&r, 9, &process) || !vnm_skip_char(&r, ' '))
		return false;
	level = vnm_take_until(&r, ' ');
	if (vnm_syslog_severity(level) < 0)
		return false;
	logger = vnm_take_until(&r, ' ');
	VNM_SET(m->r, log, dialect, VNM_STR("openstack"));
	if (logger.n != 0)
		VNM_SET(m->r, log, vendor_facility, logger);
	set_vendor_severity(m, level);
	if (vnm_skip_char(&r, '[')) {
		context = vnm_take_until(&r, ']');
		if (vnm_str_begins(context, "req-"))
			vnm_pair_list_str(&m->body, "request", context);
	}
	m->text = r;
	return true;
}

/* "2026-11-22 20:00:07.100+0000: 1500: error : qemuMonitorIO:617 : text" */
static bool
dialect_libvirt(struct vnm_syslog *m)
{
	struct vnm_reader r = m->text;
	struct vnm_syslog_time t;
	struct vnm_str level, place;
	uint64_t thread;

	if (!vnm_syslog_time_read(&r, &t) || !vnm_skip_text(&r, ": ") ||
	    !vnm_take_number(&r, 9, &thread) || !vnm_skip_text(&r, ": "))
		return false;
	level = vnm_take_until(&r, ' ');
	if (vnm_syslog_severity(level) < 0 || !vnm_skip_text(&r, ": "))
		return false;
	place = vnm_take_until(&r, ' ');
	if (!vnm_skip_text(&r, ": "))
		return false;
	VNM_SET(m->r, log, dialect, VNM_STR("libvirt"));
	VNM_SET(m->r, log, vendor_facility, place);
	set_vendor_severity(m, level);
	m->text = r;
	return true;
}

/* "2026-11-22T20:00:09.5Z stdout F text": a line of a container's log file. */
static bool
dialect_cri(struct vnm_syslog *m)
{
	struct vnm_reader r = m->text;
	struct vnm_syslog_time t;
	struct vnm_str stream, part;

	if (!vnm_syslog_time_read(&r, &t) || !t.rfc3339 || !vnm_skip_char(&r, ' '))
		return false;
	stream = vnm_take_until(&r, ' ');
	part = vnm_take_until(&r, ' ');
	if ((!vnm_str_is(stream, "stdout") && !vnm_str_is(stream, "stderr")) ||
	    (!vnm_str_is(part, "F") && !vnm_str_is(part, "P")))
		return false;
	VNM_SET(m->r, log, dialect, VNM_STR("kubernetes"));
	vnm_pair_list_str(&m->body, "stream", stream);
	vnm_pair_list_bool(&m->body, "partial", part.p[0] == 'P');
	if (!m->has_time) {
		m->time = t;
		m->has_time = true;
	}
	m->text = r;
	return true;
}

/* "E1122 20:00:00.000000   12345 kubelet.go:123] text" (klog, glog). */
static bool
dialect_klog(struct vnm_syslog *m)
{
	struct vnm_reader r = m->text;
	struct vnm_str level = vnm_take_text(&r, 1), clock, place;
	uint64_t day, thread;

	if (!vnm_take_number(&r, 4, &day) || !vnm_skip_char(&r, ' '))
		return false;
	clock = vnm_take_until(&r, ' ');
	vnm_skip_spaces(&r);
	if (clock.n < 8 || clock.p[2] != ':' || !vnm_take_number(&r, 9, &thread) ||
	    !vnm_skip_char(&r, ' '))
		return false;
	place = vnm_take_until(&r, ']');
	if (place.n == 0 || memchr(place.p, ':', place.n) == NULL)
		return false;
	VNM_SET(m->r, log, dialect, VNM_STR("kubernetes"));
	VNM_SET(m->r, log, vendor_facility, place);
	set_vendor_severity(m, level);
	m->text = r;
	return true;
}

/* ---- by program ---------------------------------------------------------------------------- */

/* "SNMP_TRAP_LINK_DOWN: text": upper case, with at least one '_'. */
static void
junos_tag(struct vnm_syslog *m)
{
	struct vnm_reader r = m->text;
	size_t n = 0;
	bool joined = false;

	for (int c; (c = vnm_peek(&r, n)) >= 0 && (vnm_is_upper(c) || vnm_is_digit(c) || c == '_');
	     n++)
		joined = joined || (c == '_' && n > 0);
	if (!joined || vnm_peek(&r, n) != ':')
		return;
	VNM_SET(m->r, log, mnemonic, vnm_take_text(&r, n));
	r.p++;
	m->text = r;
	if (!VNM_HAS(m->r, log, dialect))
		VNM_SET(m->r, log, dialect, VNM_STR("junos"));
}

/* "[12345.678901] text": seconds since the kernel started. */
static void
kernel_head(struct vnm_syslog *m)
{
	struct vnm_reader r = m->text;
	struct vnm_str uptime;

	if (!vnm_skip_char(&r, '['))
		return;
	vnm_skip_spaces(&r);
	uptime = vnm_take_until(&r, ']');
	if (uptime.n < 3 || !vnm_is_digit(uptime.p[0]) || memchr(uptime.p, '.', uptime.n) == NULL)
		return;
	VNM_SET(m->r, log, device_uptime, uptime);
	m->text = r;
}

/* "verbose hostd[81480B70] [Originator@6876 sub=Hostsvc opID=…] text" */
static void
esxi_head(struct vnm_syslog *m)
{
	struct vnm_reader r = m->text, originator;
	struct vnm_str level = vnm_take_until(&r, ' '), thread, inside;

	if (vnm_syslog_severity(level) < 0)
		return;
	thread = vnm_take_until(&r, ' ');
	set_vendor_severity(m, level);
	vnm_pair_list_str(&m->body, "thread", thread);
	m->text = r;
	if (!vnm_skip_text(&r, "[Originator@6876 "))
		return;
	inside = vnm_take_until(&r, ']');
	originator = vnm_reader_of((const uint8_t *)inside.p, inside.n);
	while (vnm_reader_left(&originator) > 0) {
		struct vnm_str name = vnm_take_until(&originator, '=');
		struct vnm_str value = vnm_take_until(&originator, ' ');

		if (vnm_str_is(name, "sub") && value.n != 0)
			VNM_SET(m->r, log, vendor_facility, value);
		else if (name.n != 0 && value.n != 0)
			vnm_pair_list_str(&m->body, vnm_pair_name(m->out, name), value);
	}
	m->text = r;
}

/* "123 Base PORT-MINOR-etherAlarmSet-2017 [Port 1/1/1]: text" */
static void
sros_head(struct vnm_syslog *m)
{
	struct vnm_reader r = m->text, name;
	struct vnm_str router, event, facility, level, mnemonic;
	uint64_t number, id;

	if (!vnm_take_number(&r, 18, &number) || !vnm_skip_char(&r, ' '))
		return;
	router = vnm_take_until(&r, ' ');
	event = vnm_take_until(&r, ' ');
	name = vnm_reader_of((const uint8_t *)event.p, event.n);
	facility = vnm_take_until(&name, '-');
	level = vnm_take_until(&name, '-');
	mnemonic = vnm_take_until(&name, '-');
	if (router.n == 0 || facility.n == 0 || mnemonic.n == 0 || vnm_syslog_severity(level) < 0)
		return;
	VNM_SET(m->r, log, sequence, number);
	VNM_SET(m->r, log, vrf_name, router);
	VNM_SET(m->r, log, vendor_facility, facility);
	set_vendor_severity(m, level);
	VNM_SET(m->r, log, mnemonic, mnemonic);
	if (vnm_take_number(&name, 9, &id))
		vnm_pair_list_u64(&m->body, "event_id", id);
	if (vnm_skip_char(&r, '[')) {
		vnm_pair_list_str(&m->body, "subject", vnm_take_until(&r, ']'));
		(void)vnm_skip_char(&r, ':');
	}
	m->text = r;
}

static const struct app *
app_find(struct vnm_str name)
{
	size_t low = 0, high = VNM_ARRAY_LEN(apps);

	while (low < high) {
		size_t mid = (low + high) / 2;
		size_t n = strlen(apps[mid].name);
		int order = memcmp(apps[mid].name, name.p, n < name.n ? n : name.n);

		if (order == 0 && n == name.n)
			return &apps[mid];
		if (order == 0)
			order = n < name.n ? -1 : 1;
		if (order < 0)
			low = mid + 1;
		else
			high = mid;
	}
	return NULL;
}

static bool
dialect_by_app(struct vnm_syslog *m)
{
	const struct app *app = NULL;

	if (VNM_HAS(m->r, log, app_name))
		app = app_find(m->r->log.app_name);
	if (app != NULL && !VNM_HAS(m->r, log, dialect))
		VNM_SET(m->r, log, dialect, app->dialect);
	if (app == NULL) {
		if (VNM_HAS(m->r, log, proc_id))
			junos_tag(m);
		return true;
	}
	if (vnm_str_is(app->dialect, "junos"))
		junos_tag(m);
	else if (vnm_str_is(app->dialect, "linux"))
		kernel_head(m);
	else if (vnm_str_is(app->dialect, "esxi"))
		esxi_head(m);
	else if (vnm_str_is(app->dialect, "sros"))
		sros_head(m);
	return true;
}

/* ---- all of it ------------------------------------------------------------------------------- */

#define dialect_cef vnm_syslog_cef
#define dialect_leef vnm_syslog_leef
#define dialect_json vnm_syslog_json
#define dialect_panos vnm_syslog_panos
#define dialect_fortios vnm_syslog_fortios
#define dialect_logfmt vnm_syslog_logfmt

static const struct {
	bool (*read)(struct vnm_syslog *m);
	const char *first;
} dialects[] = {
#define VNM_SYSLOG_DIALECT(read, first, doc) {dialect_##read, first},
#include "decoders/syslog_dialects.def"
#undef VNM_SYSLOG_DIALECT
};

static bool
is_tag_octet(int c)
{
	return vnm_is_alpha(c) || vnm_is_digit(c) || (c > 0 && strchr("_-./+~", c) != NULL);
}

/* "[123]:" behind a program's name, or "[123] " behind a header. */
static bool
take_proc(const struct vnm_syslog *m, struct vnm_reader *r, struct vnm_str *proc)
{
	uint64_t number;

	if (!vnm_skip_char(r, '['))
		return false;
	*proc = vnm_take_until(r, ']');
	if (proc->n == 0 || proc->n > PROC_MAX)
		return false;
	return vnm_skip_char(r, ':') ||
	       (m->has_time && vnm_peek(r, 0) == ' ' && vnm_text_number(*proc, &number));
}

/* "app: text", "app[123]: text" (RFC 3164 section 4.1.3). */
static void
take_tag(struct vnm_syslog *m)
{
	struct vnm_reader r = m->text;
	struct vnm_str app, proc = {0};
	size_t n = 0;

	while (n <= TAG_MAX && is_tag_octet(vnm_peek(&r, n)))
		n++;
	if (n == 0 || n > TAG_MAX)
		return;
	app = vnm_take_text(&r, n);
	if (!take_proc(m, &r, &proc) && (proc.n != 0 || !vnm_skip_char(&r, ':') ||
					    (vnm_peek(&r, 0) != ' ' && vnm_peek(&r, 0) >= 0)))
		return;
	VNM_SET(m->r, log, app_name, app);
	if (proc.n != 0)
		VNM_SET(m->r, log, proc_id, proc);
	m->text = r;
	vnm_skip_spaces(&m->text);
}

/* "last message repeated 3 times", "message repeated 3 times: [ text]" (rsyslog). */
static void
take_repeat(struct vnm_syslog *m)
{
	struct vnm_reader r = m->text;
	uint64_t count;

	(void)vnm_skip_text(&r, "last ");
	if (!vnm_skip_text(&r, "message repeated ") || !vnm_take_number(&r, 9, &count) ||
	    !vnm_skip_text(&r, " time"))
		return;
	VNM_SET(m->r, log, repeat_count, (uint32_t)count);
	(void)vnm_skip_char(&r, 's');
	if (!vnm_skip_text(&r, ": [") || r.end[-1] != ']')
		return;
	r.end--;
	m->text = r;
}

void
vnm_syslog_body(struct vnm_syslog *m)
{
	vnm_skip_spaces(&m->text);
	if (!VNM_HAS(m->r, log, app_name) || !vnm_str_is(m->r->log.format, "rfc5424"))
		take_tag(m);
	for (size_t i = 0; i < VNM_ARRAY_LEN(dialects); i++) {
		const char *first = dialects[i].first;
		int c = vnm_peek(&m->text, 0);

		if (*first != '\0' && (c <= 0 || strchr(first, c) == NULL))
			continue;
		if (dialects[i].read(m))
			break;
	}
	vnm_skip_spaces(&m->text);
	take_repeat(m);
	vnm_skip_spaces(&m->text);
}
