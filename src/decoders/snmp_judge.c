/*
 * What an alarm means, by snmp_alarms.def: raised or cleared, how severe, why, and what it is
 * about.
 */
#include "decoders/snmp_alarm.h"

#include "base/text.h"

#define RAISE .state = VNM_SNMP_RAISE
#define CLEAR .state = VNM_SNMP_CLEAR
#define EVENT .state = VNM_SNMP_EVENT
#define BY(object, values) .state = VNM_SNMP_BY_VALUE, .state_object = (object), .clears = (values)
#define NONE .resource = VNM_SNMP_NONE
#define FIRST(w) .resource = VNM_SNMP_FIRST, .word = (w)
#define AT(w, object) .resource = VNM_SNMP_AT, .word = (w), .resource_object = (object)
#define VALUE(w, object) .resource = VNM_SNMP_VALUE, .word = (w), .resource_object = (object)
#define VNM_SNMP_ALARM(name, type, state_is, severity_is, cause, event, resource_is) \
	{.notification = (name),                                                     \
	    .alarm_type = VNM_STR(type),                                             \
	    .severity = VNM_STR(#severity_is),                                       \
	    .probable_cause = VNM_STR(cause),                                        \
	    .event_type = VNM_STR(event),                                            \
	    state_is,                                                                \
	    resource_is},
const struct vnm_snmp_alarm vnm_snmp_alarms[] = {
#include "decoders/snmp_alarms.def"
};
const size_t vnm_snmp_alarm_count = VNM_ARRAY_LEN(vnm_snmp_alarms);
#undef VNM_SNMP_ALARM
#undef RAISE
#undef CLEAR
#undef EVENT
#undef BY
#undef NONE
#undef FIRST
#undef AT
#undef VALUE

/* As strcmp(): names mostly differ in their first few octets, and a call costs more than these. */
static inline int
compare(const char *a, const char *b)
{
	while (*a == *b && *a != '\0') {
		a++;
		b++;
	}
	return (int)(uint8_t)*a - (int)(uint8_t)*b;
}

static inline bool
is_name(const char *a, const char *b)
{
	return compare(a, b) == 0;
}

const struct vnm_snmp_alarm *
vnm_snmp_alarm_find(const char *notification)
{
	size_t from = 0, to = vnm_snmp_alarm_count;

	while (from < to) {
		size_t middle = from + (to - from) / 2;
		int order = compare(notification, vnm_snmp_alarms[middle].notification);

		if (order == 0)
			return &vnm_snmp_alarms[middle];
		if (order < 0)
			to = middle;
		else
			from = middle + 1;
	}
	return NULL;
}

/* The same, where it may well be the one that was found last. */
static const struct vnm_snmp_alarm *
find_again(const char *notification, uint32_t *last)
{
	const struct vnm_snmp_alarm *a = &vnm_snmp_alarms[*last];

	if (VNM_LIKELY(is_name(notification, a->notification)))
		return a;
	a = vnm_snmp_alarm_find(notification);
	if (a != NULL)
		*last = (uint32_t)(a - vnm_snmp_alarms);
	return a;
}

/* ---- variables by name ----------------------------------------------------------------------- */

/* Its variables that say what it is about, with what the catalogue knows of them. */
struct view {
	struct vnm_snmp_call *c;
	uint32_t first;
};

/* The variable of that object, or NULL; *o is what it is. */
static const struct vnm_varbind *
variable(const struct view *w, const char *object, struct vnm_snmp_object *o)
{
	for (uint32_t i = w->first; i < w->c->n; i++) {
		const struct vnm_mib_object *is = w->c->objects[i].object;

		if (is != NULL && is_name(vnm_mib_name(w->c->mib, is), object)) {
			*o = w->c->objects[i];
			return &w->c->v[i];
		}
	}
	*o = (struct vnm_snmp_object){0};
	return NULL;
}

/* The index of the first variable that is in a table; n is 0 where none is. */
static struct vnm_oid
first_index(const struct view *w)
{
	for (uint32_t i = w->first; i < w->c->n; i++) {
		struct vnm_snmp_object o = w->c->objects[i];

		if (o.object != NULL && o.object->kind == VNM_MIB_COLUMN && o.instance.n > 0)
			return o.instance;
	}
	return (struct vnm_oid){NULL, 0};
}

/* ---- what it is about ------------------------------------------------------------------------ */

/* "word text"; n is 0 where scratch memory is used up. */
static struct vnm_str
join(struct vnm_scratch *s, const char *word, struct vnm_str text)
{
	size_t n = strlen(word);
	char *p = text.n > 0 ? vnm_scratch_take(s, n + 1 + text.n) : NULL;

	if (p == NULL)
		return (struct vnm_str){NULL, 0, false};
	memcpy(p, word, n);
	p[n] = ' ';
	memcpy(p + n + 1, text.p, text.n);
	return (struct vnm_str){p, (uint32_t)(n + 1) + text.n, text.clean};
}

static struct vnm_str
resource_of(const struct view *w, const struct vnm_snmp_alarm *a)
{
	struct vnm_scratch *s = w->c->out->scratch;
	const struct vnm_varbind *v;
	struct vnm_snmp_object o;

	switch (a->resource) {
	case VNM_SNMP_FIRST:
		return join(s, a->word, vnm_snmp_oid_str(s, first_index(w)));
	case VNM_SNMP_AT:
		(void)variable(w, a->resource_object, &o);
		return join(s, a->word,
		    vnm_snmp_oid_str(s, o.instance.n > 0 ? o.instance : first_index(w)));
	case VNM_SNMP_VALUE:
		v = variable(w, a->resource_object, &o);
		if (v == NULL)
			break;
		return join(s, a->word, vnm_snmp_text(w->c, o.object, v));
	case VNM_SNMP_NONE:
		break;
	}
	return (struct vnm_str){NULL, 0, false};
}

/* Of a notification that is not in the table: its first variable's name and index. */
static struct vnm_str
unknown_resource(const struct view *w)
{
	for (uint32_t i = w->first; i < w->c->n; i++) {
		struct vnm_snmp_object o = w->c->objects[i];

		if (o.object == NULL || o.object->kind != VNM_MIB_COLUMN || o.instance.n == 0)
			continue;
		return join(w->c->out->scratch, vnm_mib_name(w->c->mib, o.object),
		    vnm_snmp_oid_str(w->c->out->scratch, o.instance));
	}
	return (struct vnm_str){NULL, 0, false};
}

/* Whether an object is a column of the tables of interfaces. */
static bool
is_of_interface(const struct vnm_mib *mib, const struct vnm_mib_object *o)
{
	const struct vnm_mib_object *entry = vnm_mib_entry(mib, o);
	const char *name = entry != NULL ? vnm_mib_name(mib, entry) : "";

	return is_name(name, "ifEntry") || is_name(name, "ifXEntry");
}

/* The name of one of its variables, or "". */
static const char *
name_of(const struct view *w, uint32_t i)
{
	const struct vnm_mib_object *o = w->c->objects[i].object;

	return o != NULL ? vnm_mib_name(w->c->mib, o) : "";
}

static void
set_interface(const struct view *w, struct vnm_record *r)
{
	bool has_name = false;

	for (uint32_t i = w->first; i < w->c->n; i++) {
		const struct vnm_snmp_object *o = &w->c->objects[i];
		const struct vnm_varbind *v = &w->c->v[i];

		if (o->object == NULL)
			continue;
		if (!VNM_HAS(r, alarm, if_index) && o->instance.n == 1 &&
		    is_of_interface(w->c->mib, o->object))
			VNM_SET(r, alarm, if_index, o->instance.v[0]);
		if (has_name || v->type != VNM_BER_OCTETS || v->octets.n == 0)
			continue;
		has_name = is_name(name_of(w, i), "ifName");
		if (has_name || is_name(name_of(w, i), "ifDescr"))
			VNM_SET(r, alarm, if_name, vnm_str_of_octets(v->octets));
	}
}

/* ---- what it means --------------------------------------------------------------------------- */

static enum vnm_snmp_alarm_state
state_of(const struct view *w, const struct vnm_snmp_alarm *a)
{
	const struct vnm_varbind *v;
	struct vnm_snmp_object o;

	if (a->state != VNM_SNMP_BY_VALUE)
		return a->state;
	v = variable(w, a->state_object, &o);
	if (v == NULL || v->type != VNM_BER_INTEGER || v->i64 < 0 || v->i64 > 31)
		return VNM_SNMP_EVENT;
	return (a->clears >> v->i64 & 1) != 0 ? VNM_SNMP_CLEAR : VNM_SNMP_RAISE;
}

/* What a message says of its own severity, by the values of these objects from 1 on. */
static const struct {
	const char *object;
	const char *severity[9];
} own_severities[] = {
    {"clogHistSeverity", {NULL, "critical", "critical", "critical", "major", "warning",
			     "indeterminate", "indeterminate", "indeterminate"}},
    {"ceAlarmHistSeverity", {NULL, "critical", "major", "minor", "indeterminate"}},
};

static struct vnm_str
severity_of(const struct view *w, const struct vnm_snmp_alarm *a)
{
	struct vnm_snmp_object o;

	if (!is_name(a->severity.p, "indeterminate"))
		return a->severity;
	for (size_t i = 0; i < VNM_ARRAY_LEN(own_severities); i++) {
		const struct vnm_varbind *v = variable(w, own_severities[i].object, &o);

		if (v != NULL && v->type == VNM_BER_INTEGER && v->i64 > 0 && v->i64 < 9 &&
		    own_severities[i].severity[v->i64] != NULL)
			return vnm_str_clean(own_severities[i].severity[v->i64]);
	}
	return a->severity;
}

/* Objects whose value is the message to people. */
static const char *const messages[] = {"clogHistMsgText", "bigipNotifyObjMsg", "fnGenTrapMsg"};

static void
set_text(const struct view *w, struct vnm_record *r)
{
	for (uint32_t i = w->first; i < w->c->n; i++) {
		const struct vnm_varbind *v = &w->c->v[i];

		if (v->type != VNM_BER_OCTETS || v->octets.n == 0)
			continue;
		for (size_t m = 0; m < VNM_ARRAY_LEN(messages); m++) {
			if (is_name(name_of(w, i), messages[m])) {
				VNM_SET(r, alarm, text, vnm_str_of_octets(v->octets));
				return;
			}
		}
	}
}

/* How often in a row this alarm came in this state, of the same device and context. */
static void
count(struct vnm_snmp_call *c, enum vnm_snmp_alarm_state state, struct vnm_record *r)
{
	const struct vnm_str parts[] = {r->alarm.alarm_type,
	    VNM_HAS(r, alarm, resource) ? r->alarm.resource : VNM_STR(""),
	    vnm_str_of_octets(c->scoped.context_engine), vnm_str_of_octets(c->scoped.context_name)};
	struct vnm_snmp_seen *seen;
	uint64_t hash = 0;

	if (VNM_HAS(r, env, agent_addr))
		hash = vnm_hash(&r->env.agent_addr, sizeof(r->env.agent_addr), 0);
	for (size_t i = 0; i < VNM_ARRAY_LEN(parts); i++) {
		if (parts[i].n > 0)
			hash = vnm_hash(parts[i].p, parts[i].n, hash + i);
	}
	seen = vnm_snmp_recent_find(&c->state->alarms, hash);
	if (seen == NULL)
		seen =
		    vnm_snmp_recent_add(&c->state->alarms, hash, c->d->rx_ns, c->options->repeats);
	if (seen == NULL)
		return;
	seen->count = seen->state == state ? seen->count + 1 : 1;
	seen->state = (uint8_t)state;
	VNM_SET(r, alarm, count, seen->count);
}

void
vnm_snmp_judge(struct vnm_snmp_call *c, uint32_t first, struct vnm_record *r)
{
	static const struct vnm_snmp_alarm unknown = {.severity = VNM_STR("indeterminate")};
	const struct view w = {c, first};
	const struct vnm_snmp_alarm *a = NULL;
	enum vnm_snmp_alarm_state state;
	struct vnm_str resource;

	if (VNM_HAS(r, alarm, trap_name)) /* the catalogue's text, which has a NUL */
		a = find_again(r->alarm.trap_name.p, &c->state->last_alarm);
	resource = a != NULL ? resource_of(&w, a) : unknown_resource(&w);
	if (resource.n > 0)
		VNM_SET(r, alarm, resource, resource);
	set_interface(&w, r);
	if (VNM_HAS(r, alarm, vendor)) /* the standard's own have no words */
		set_text(&w, r);
	if (a == NULL) {
		a = &unknown;
		if (VNM_HAS(r, alarm, trap_name))
			VNM_SET(r, alarm, alarm_type, r->alarm.trap_name);
		else if (VNM_HAS(r, alarm, trap_oid))
			VNM_SET(r, alarm, alarm_type, r->alarm.trap_oid);
	} else {
		VNM_SET(r, alarm, alarm_type, a->alarm_type);
		VNM_SET(r, alarm, probable_cause, a->probable_cause);
		VNM_SET(r, alarm, event_type, a->event_type);
	}
	state = state_of(&w, a);
	VNM_SET(r, alarm, perceived_severity,
	    state == VNM_SNMP_CLEAR ? VNM_STR("cleared") : severity_of(&w, a));
	if (state == VNM_SNMP_EVENT)
		return;
	VNM_SET(r, alarm, state, state == VNM_SNMP_CLEAR ? VNM_STR("clear") : VNM_STR("raise"));
	count(c, state, r);
}
