/*
 * The header of RFC 5424: version, time, names, structured data.
 */
#include "decoders/syslog_part.h"

#define NIL "-"

enum sd_type { SD_TEXT, SD_NUMBER, SD_FLAG };

static const struct {
	const char *id, *name;
	enum sd_type type;
} sd_types[] = {
#define VNM_SYSLOG_SD(id, name, type) {id, name, SD_##type},
#include "decoders/syslog_sd.def"
#undef VNM_SYSLOG_SD
};

static enum sd_type
sd_type(struct vnm_str id, struct vnm_str name)
{
	for (size_t i = 0; i < VNM_ARRAY_LEN(sd_types); i++) {
		if (vnm_str_is(id, sd_types[i].id) && vnm_str_is(name, sd_types[i].name))
			return sd_types[i].type;
	}
	return SD_TEXT;
}

/* What the registered parameters tell of the message itself. */
static void
use_parameter(struct vnm_syslog *m, struct vnm_str id, struct vnm_str name, struct vnm_str value)
{
	struct vnm_addr addr;
	uint64_t number;

	if (vnm_str_is(id, "timeQuality") && vnm_str_is(name, "isSynced"))
		VNM_SET(m->r, log, time_quality,
		    vnm_str_is(value, "1") ? VNM_STR("synced") : VNM_STR("unsynced"));
	else if (vnm_str_is(id, "meta") && vnm_str_is(name, "sequenceId") &&
		 vnm_text_number(value, &number))
		VNM_SET(m->r, log, sequence, number);
	else if (vnm_str_is(id, "origin") && vnm_str_is(name, "ip") &&
		 vnm_syslog_addr(value, &addr))
		VNM_SET(m->r, env, agent_addr, addr);
}

static void
add_parameter(struct vnm_syslog *m, struct vnm_pair_list *list, struct vnm_str id,
    struct vnm_str name, struct vnm_str value)
{
	enum sd_type type = sd_type(id, name);
	const char *key = vnm_pair_name(m->out, name);
	uint64_t number;

	if (type == SD_NUMBER && vnm_text_number(value, &number))
		vnm_pair_list_u64(list, key, number);
	else if (type == SD_FLAG && value.n == 1 && (value.p[0] == '0' || value.p[0] == '1'))
		vnm_pair_list_bool(list, key, value.p[0] == '1');
	else
		vnm_pair_list_str(list, key, value);
	use_parameter(m, id, name, value);
}

static bool
is_escaped(char c)
{
	return c == '"' || c == '\\' || c == ']';
}

/* A value between its quotes, with \", \\ and \] made plain: false where it does not end. */
static bool
take_value(struct vnm_syslog *m, struct vnm_reader *r, struct vnm_str *value)
{
	size_t n = 0;
	bool escaped = false;
	char *copy, *p;

	while (vnm_peek(r, n) != '"') {
		if (vnm_peek(r, n) < 0)
			return false;
		if (vnm_peek(r, n) == '\\') {
			escaped = true;
			n++;
		}
		n++;
	}
	*value = vnm_take_text(r, n);
	(void)vnm_skip_char(r, '"');
	if (!escaped)
		return true;
	copy = p = vnm_scratch_take(m->out->scratch, n);
	if (copy == NULL) {
		vnm_out_fault(m->out, VNM_R_scratch_full);
		return true;
	}
	for (uint32_t i = 0; i < value->n; i++) {
		if (value->p[i] == '\\' && i + 1 < value->n && is_escaped(value->p[i + 1]))
			i++;
		*p++ = value->p[i];
	}
	*value = (struct vnm_str){copy, (uint32_t)(p - copy), false};
	return true;
}

static bool
is_sd_name_end(int c)
{
	return c < 0 || c == '=' || c == ' ' || c == ']' || c == '"';
}

static struct vnm_str
take_sd_name(struct vnm_reader *r)
{
	size_t n = 0;

	while (!is_sd_name_end(vnm_peek(r, n)))
		n++;
	return vnm_take_text(r, n);
}

/* One [id name="value" …]: false where it is none or does not end. */
static bool
take_element(struct vnm_syslog *m, struct vnm_reader *r, struct vnm_pair_list *list)
{
	struct vnm_pair_list parameters = {.out = m->out};
	struct vnm_str id, name, value;

	if (!vnm_skip_char(r, '['))
		return false;
	id = take_sd_name(r);
	if (id.n == 0)
		return false;
	while (vnm_skip_char(r, ' ')) {
		vnm_skip_spaces(r);
		if (vnm_peek(r, 0) == ']')
			break;
		name = take_sd_name(r);
		if (name.n == 0 || !vnm_skip_text(r, "=\"") || !take_value(m, r, &value))
			return false;
		add_parameter(m, &parameters, id, name, value);
	}
	if (!vnm_skip_char(r, ']'))
		return false;
	vnm_pair_list_object(list, vnm_pair_name(m->out, id), &parameters);
	if (vnm_str_begins(id, "junos@2636"))
		VNM_SET(m->r, log, dialect, VNM_STR("junos"));
	return true;
}

/* What cannot be read stays text. */
static void
take_structured_data(struct vnm_syslog *m, struct vnm_reader *r)
{
	struct vnm_pair_list list = {.out = m->out};
	struct vnm_reader ahead = *r;

	if (vnm_skip_char(r, '-'))
		return;
	while (vnm_peek(&ahead, 0) == '[') {
		if (!take_element(m, &ahead, &list)) {
			vnm_syslog_note(m, VNM_SYSLOG_bad_sd);
			break;
		}
		*r = ahead;
	}
	if (list.n > 0)
		VNM_SET(m->r, log, structured_data, vnm_pair_list_pairs(&list));
}

static struct vnm_str
take_field(struct vnm_reader *r)
{
	struct vnm_str s = vnm_take_until(r, ' ');

	return vnm_str_is(s, NIL) ? (struct vnm_str){0} : s;
}

bool
vnm_syslog_rfc5424(struct vnm_syslog *m)
{
	struct vnm_reader r = m->text;
	struct vnm_str hostname, app_name, proc_id, msg_id;
	uint64_t version;

	if (!vnm_take_number(&r, 3, &version) || version == 0 || !vnm_skip_char(&r, ' '))
		return false;
	if (vnm_syslog_time_read(&r, &m->time))
		m->has_time = true;
	else if (!vnm_skip_char(&r, '-'))
		return false;
	if (m->has_time && !m->time.rfc3339)
		goto not_ours;
	if (!vnm_skip_char(&r, ' '))
		goto not_ours;
	hostname = take_field(&r);
	app_name = take_field(&r);
	proc_id = take_field(&r);
	msg_id = take_field(&r);
	if (hostname.n != 0)
		VNM_SET(m->r, log, hostname, hostname);
	if (app_name.n != 0)
		VNM_SET(m->r, log, app_name, app_name);
	if (proc_id.n != 0)
		VNM_SET(m->r, log, proc_id, proc_id);
	if (msg_id.n != 0)
		VNM_SET(m->r, log, msg_id, msg_id);
	take_structured_data(m, &r);
	m->text = r;
	return true;

not_ours:
	m->has_time = false;
	return false;
}
