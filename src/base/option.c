/*
 * Options by table: values from text, defaults, comparison and release.
 */
#include "base/option.h"

#include "base/alloc.h"
#include "base/nearest.h"

#include <assert.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

struct type_info {
	const char *name;
	const char *expected; /* what would have been right */
	bool (*parse)(void *value, const char *text);
	size_t size;
};

struct unit {
	const char *name;
	uint64_t factor;
};

static const struct unit size_units[] = {
    {"", 1}, {"K", 1ULL << 10}, {"M", 1ULL << 20}, {"G", 1ULL << 30}, {NULL, 0}};

static const struct unit duration_units[] = {{"ns", 1}, {"us", 1000}, {"ms", 1000000},
    {"s", 1000000000}, {"m", 60000000000}, {"h", 3600000000000}, {"d", 86400000000000}, {NULL, 0}};

/* ---- scalars from text -------------------------------------------------------------------- */

/* Digits from *text on, which moves behind them. */
static bool
parse_digits(const char **text, uint64_t *value)
{
	const char *p = *text;
	uint64_t v = 0;

	for (; *p >= '0' && *p <= '9'; p++) {
		unsigned digit = (unsigned)(*p - '0');
		if (v > (UINT64_MAX - digit) / 10)
			return false;
		v = v * 10 + digit;
	}
	if (p == *text)
		return false;
	*text = p;
	*value = v;
	return true;
}

static bool
parse_with_unit(const char *text, const struct unit *units, uint64_t *value)
{
	uint64_t n;

	if (!parse_digits(&text, &n))
		return false;
	for (const struct unit *u = units; u->name != NULL; u++) {
		if (strcmp(u->name, text) == 0 && n <= UINT64_MAX / u->factor) {
			*value = n * u->factor;
			return true;
		}
	}
	return false;
}

static bool
parse_string(void *value, const char *text)
{
	char *copy = vnm_strdup(text);

	if (copy == NULL)
		return false;
	memcpy(value, &copy, sizeof(copy));
	return true;
}

static bool
parse_bool(void *value, const char *text)
{
	bool is_true = strcmp(text, "true") == 0;

	if (!is_true && strcmp(text, "false") != 0)
		return false;
	*(bool *)value = is_true;
	return true;
}

static bool
parse_number(void *value, const char *text)
{
	uint64_t n;

	if (!parse_digits(&text, &n) || *text != '\0' || n > UINT32_MAX)
		return false;
	*(uint32_t *)value = (uint32_t)n;
	return true;
}

static bool
parse_real(void *value, const char *text)
{
	char *end;
	double d;

	if (strspn(text, "0123456789.eE+-") != strlen(text))
		return false;
	d = strtod(text, &end);
	if (end == text || *end != '\0' || !isfinite(d) || d < 0)
		return false;
	*(double *)value = d;
	return true;
}

static bool
parse_size(void *value, const char *text)
{
	return parse_with_unit(text, size_units, value);
}

static bool
parse_duration(void *value, const char *text)
{
	if (strcmp(text, "0") == 0) {
		*(uint64_t *)value = 0;
		return true;
	}
	return parse_with_unit(text, duration_units, value);
}

static bool
parse_endpoint(void *value, const char *text)
{
	const char *colon = strrchr(text, ':');
	char host[VNM_ADDR_TEXT + 2];
	struct vnm_endpoint e = {0};
	uint32_t port;

	if (colon == NULL || (size_t)(colon - text) >= sizeof(host))
		return false;
	memcpy(host, text, (size_t)(colon - text));
	host[colon - text] = '\0';
	size_t len = strlen(host);
	char *addr = host;
	bool bracketed = len > 2 && host[0] == '[' && host[len - 1] == ']';
	if (bracketed) {
		host[len - 1] = '\0';
		addr++;
	}
	if (!vnm_addr_parse(&e.addr, addr) || !parse_number(&port, colon + 1) || port > UINT16_MAX)
		return false;
	if (bracketed != (strchr(addr, ':') != NULL))
		return false;
	e.port = (uint16_t)port;
	memcpy(value, &e, sizeof(e));
	return true;
}

static bool
parse_listen(void *value, const char *text)
{
	struct vnm_listen l = {.transport = vnm_transport_before_colon(text)};

	if (l.transport == VNM_TRANSPORT_COUNT || !parse_endpoint(&l.at, strchr(text, ':') + 1))
		return false;
	memcpy(value, &l, sizeof(l));
	return true;
}

static bool
parse_target(void *value, const char *text)
{
	struct vnm_listen l;

	if (!parse_listen(&l, text) || !vnm_transport_is_stream(l.transport) || l.at.port == 0 ||
	    vnm_addr_is_zero(&l.at.addr))
		return false;
	memcpy(value, &l, sizeof(l));
	return true;
}

static bool
parse_address(void *value, const char *text)
{
	struct vnm_addr a;

	if (!vnm_addr_parse(&a, text))
		return false;
	memcpy(value, &a, sizeof(a));
	return true;
}

static bool
parse_speed(void *value, const char *text)
{
	double speed = 0;

	if (strcmp(text, "max") != 0 && (!parse_real(&speed, text) || speed <= 0))
		return false;
	*(double *)value = speed;
	return true;
}

static const struct type_info types[] = {
    [VNM_OPTION_STRING] = {"string", "text", parse_string, sizeof(char *)},
    [VNM_OPTION_BOOL] = {"boolean", "true or false", parse_bool, sizeof(bool)},
    [VNM_OPTION_NUMBER] = {"number", "a whole number up to 4294967295", parse_number,
	sizeof(uint32_t)},
    [VNM_OPTION_REAL] = {"real", "a number, 0 or greater", parse_real, sizeof(double)},
    [VNM_OPTION_SIZE] = {"size", "octets as a whole number and K, M, G or nothing", parse_size,
	sizeof(uint64_t)},
    [VNM_OPTION_DURATION] = {"duration", "a whole number and its unit: ns, us, ms, s, m, h or d",
	parse_duration, sizeof(uint64_t)},
    [VNM_OPTION_STRINGS] = {"list", "a list", NULL, sizeof(struct vnm_strings)},
    [VNM_OPTION_PREFIXES] = {"list of prefixes", "prefixes such as 10.0.0.0/8 or 2001:db8::/32",
	NULL, sizeof(struct vnm_prefixes)},
    [VNM_OPTION_LISTEN] = {"listen",
	"udp:ADDRESS:PORT, tcp:ADDRESS:PORT or tls:ADDRESS:PORT (an IP address, IPv6 in "
	"brackets; a port up to 65535)",
	parse_listen, sizeof(struct vnm_listen)},
    [VNM_OPTION_TARGETS] = {"list of targets",
	"tcp:ADDRESS:PORT or tls:ADDRESS:PORT (an IP address, IPv6 in brackets; a port from 1 "
	"to 65535)",
	NULL, sizeof(struct vnm_targets)},
    [VNM_OPTION_ADDRESS] = {"address", "an IP address", parse_address, sizeof(struct vnm_addr)},
    [VNM_OPTION_ENDPOINT] = {"endpoint",
	"ADDRESS:PORT (an IP address, IPv6 in brackets; a port up to 65535)", parse_endpoint,
	sizeof(struct vnm_endpoint)},
    [VNM_OPTION_SPEED] = {"speed", "max, or a number greater than 0", parse_speed, sizeof(double)},
    [VNM_OPTION_PAIRS] = {"mapping", "a mapping", NULL, sizeof(struct vnm_strings)},
};

/* ---- lists ---------------------------------------------------------------------------------- */

static int
no_memory(struct vnm_err *err)
{
	return vnm_err_text(err, "out of memory");
}

static void *
value_of(const struct vnm_option *option, void *values)
{
	return (char *)values + option->offset;
}

int
vnm_strings_add(struct vnm_strings *s, const char *text)
{
	char *copy = vnm_strdup(text);
	char **p = NULL;

	if (copy != NULL)
		p = vnm_realloc(s->p, (s->n + 1) * sizeof(*p));
	if (p == NULL) {
		vnm_free(copy);
		return -1;
	}
	s->p = p;
	s->p[s->n++] = copy;
	return 0;
}

void
vnm_strings_free(struct vnm_strings *s)
{
	for (uint32_t i = 0; i < s->n; i++)
		vnm_free(s->p[i]);
	vnm_free(s->p);
	*s = (struct vnm_strings){0};
}

static int
bad_value(const struct vnm_option *option, const char *text, struct vnm_err *err)
{
	return vnm_err_text(
	    err, "`%s`: \"%s\" is not %s", option->name, text, types[option->type].expected);
}

static int
prefixes_append(const struct vnm_option *option, struct vnm_prefixes *list, const char *text,
    struct vnm_err *err)
{
	struct vnm_prefix prefix;

	if (!vnm_prefix_parse(&prefix, text))
		return bad_value(option, text, err);
	struct vnm_prefix *p = vnm_realloc(list->p, (list->n + 1) * sizeof(*p));
	if (p == NULL)
		return no_memory(err);
	list->p = p;
	list->p[list->n++] = prefix;
	return 0;
}

static int
targets_append(const struct vnm_option *option, struct vnm_targets *list, const char *text,
    struct vnm_err *err)
{
	struct vnm_listen target;

	if (!parse_target(&target, text))
		return bad_value(option, text, err);
	struct vnm_listen *p = vnm_realloc(list->p, (list->n + 1) * sizeof(*p));
	if (p == NULL)
		return no_memory(err);
	list->p = p;
	list->p[list->n++] = target;
	return 0;
}

int
vnm_option_append(
    const struct vnm_option *option, void *values, const char *text, struct vnm_err *err)
{
	assert(vnm_option_is_list(option));
	if (option->type == VNM_OPTION_PREFIXES)
		return prefixes_append(option, value_of(option, values), text, err);
	if (option->type == VNM_OPTION_TARGETS)
		return targets_append(option, value_of(option, values), text, err);
	if (vnm_strings_add(value_of(option, values), text) != 0)
		return no_memory(err);
	return 0;
}

int
vnm_option_pair(const struct vnm_option *option, void *values, const char *key, const char *text,
    struct vnm_err *err)
{
	struct vnm_strings *s = value_of(option, values);

	assert(option->type == VNM_OPTION_PAIRS);
	for (uint32_t i = 0; i + 1 < s->n; i += 2) {
		if (strcmp(s->p[i], key) != 0)
			continue;
		char *copy = vnm_strdup(text);
		if (copy == NULL)
			return no_memory(err);
		vnm_free(s->p[i + 1]);
		s->p[i + 1] = copy;
		return 0;
	}
	if (vnm_strings_add(s, key) != 0)
		return no_memory(err);
	if (vnm_strings_add(s, text) != 0) {
		vnm_free(s->p[--s->n]);
		return no_memory(err);
	}
	return 0;
}

static void
release(const struct vnm_option *option, void *values)
{
	void *value = value_of(option, values);

	if (option->type == VNM_OPTION_STRING) {
		vnm_free(*(char **)value);
	} else if (option->type == VNM_OPTION_STRINGS || option->type == VNM_OPTION_PAIRS) {
		vnm_strings_free(value);
	} else if (option->type == VNM_OPTION_PREFIXES) {
		vnm_free(((struct vnm_prefixes *)value)->p);
	} else if (option->type == VNM_OPTION_TARGETS) {
		vnm_free(((struct vnm_targets *)value)->p);
	}
	memset(value, 0, types[option->type].size);
}

static int
set_list(const struct vnm_option *option, void *values, const char *text, struct vnm_err *err)
{
	char *items = vnm_strdup(text);
	char *rest = items;
	int rc = 0;

	if (items == NULL)
		return no_memory(err);
	release(option, values);
	for (char *item = items; item != NULL && *text != '\0' && rc == 0; item = rest) {
		rest = strchr(item, ',');
		if (rest != NULL)
			*rest++ = '\0';
		rc = vnm_option_append(option, values, item, err);
	}
	vnm_free(items);
	return rc;
}

/* ---- values by table --------------------------------------------------------------------------
 */

bool
vnm_option_is_list(const struct vnm_option *option)
{
	return option->type == VNM_OPTION_STRINGS || option->type == VNM_OPTION_PREFIXES ||
	       option->type == VNM_OPTION_TARGETS;
}

int
vnm_option_set(const struct vnm_option *option, void *values, const char *text, struct vnm_err *err)
{
	const struct type_info *type = &types[option->type];
	_Alignas(16) char value[sizeof(struct vnm_listen) + 16] = {0};

	if (vnm_option_is_list(option))
		return set_list(option, values, text, err);
	if (type->parse == NULL)
		return vnm_err_text(err, "`%s` takes %s", option->name, type->expected);
	if (!type->parse(value, text))
		return bad_value(option, text, err);
	release(option, values);
	memcpy(value_of(option, values), value, type->size);
	return 0;
}

int
vnm_option_defaults(const struct vnm_option *table, void *values, struct vnm_err *err)
{
	for (const struct vnm_option *o = table; o->name != NULL; o++) {
		if (o->fallback != NULL && vnm_option_set(o, values, o->fallback, err) != 0)
			return -1;
	}
	return 0;
}

void
vnm_option_release(const struct vnm_option *table, void *values)
{
	for (const struct vnm_option *o = table; o->name != NULL; o++)
		release(o, values);
}

/* n octets; also where n is 0 something to free. */
static int
copy_octets(void *to, const void *from, size_t n)
{
	void *p = vnm_alloc(n);

	if (p == NULL)
		return -1;
	if (n > 0)
		memcpy(p, from, n);
	memcpy(to, &p, sizeof(p));
	return 0;
}

static int
copy_strings(struct vnm_strings *to, const struct vnm_strings *from)
{
	for (uint32_t i = 0; i < from->n; i++) {
		if (vnm_strings_add(to, from->p[i]) != 0)
			return -1;
	}
	return 0;
}

/* The value is zero before, and can be released after, also on failure. */
static int
copy_value(const struct vnm_option *option, void *to, const void *from)
{
	const void *value = (const char *)from + option->offset;
	const struct vnm_prefixes *prefixes = value;
	const struct vnm_targets *targets = value;
	char *text;

	switch (option->type) {
	case VNM_OPTION_STRING:
		memcpy(&text, value, sizeof(text));
		return text != NULL ? copy_octets(value_of(option, to), text, strlen(text) + 1) : 0;
	case VNM_OPTION_STRINGS:
	case VNM_OPTION_PAIRS:
		return copy_strings(value_of(option, to), value);
	case VNM_OPTION_PREFIXES:
		((struct vnm_prefixes *)value_of(option, to))->n = prefixes->n;
		return copy_octets(
		    value_of(option, to), prefixes->p, prefixes->n * sizeof(*prefixes->p));
	case VNM_OPTION_TARGETS:
		((struct vnm_targets *)value_of(option, to))->n = targets->n;
		return copy_octets(
		    value_of(option, to), targets->p, targets->n * sizeof(*targets->p));
	default:
		memcpy(value_of(option, to), value, types[option->type].size);
		return 0;
	}
}

int
vnm_option_copy(const struct vnm_option *table, void *to, const void *from)
{
	for (const struct vnm_option *o = table; o->name != NULL; o++)
		memset(value_of(o, to), 0, types[o->type].size);
	for (const struct vnm_option *o = table; o->name != NULL; o++) {
		if (copy_value(o, to, from) == 0)
			continue;
		vnm_option_release(table, to);
		return -1;
	}
	return 0;
}

const struct vnm_option *
vnm_option_find(const struct vnm_option *table, const char *name)
{
	for (const struct vnm_option *o = table; o->name != NULL; o++) {
		if (strcmp(o->name, name) == 0)
			return o;
	}
	return NULL;
}

const char *
vnm_option_nearest(const struct vnm_option *table, const char *name)
{
	struct vnm_nearest nearest = {.wanted = name};

	for (const struct vnm_option *o = table; o->name != NULL; o++)
		vnm_nearest_offer(&nearest, o->name);
	return nearest.name;
}

static bool
strings_differ(const struct vnm_strings *a, const struct vnm_strings *b)
{
	if (a->n != b->n)
		return true;
	for (uint32_t i = 0; i < a->n; i++) {
		if (strcmp(a->p[i], b->p[i]) != 0)
			return true;
	}
	return false;
}

static bool
prefixes_differ(const struct vnm_prefixes *a, const struct vnm_prefixes *b)
{
	if (a->n != b->n)
		return true;
	for (uint32_t i = 0; i < a->n; i++) {
		if (a->p[i].len != b->p[i].len || !vnm_addr_equal(&a->p[i].addr, &b->p[i].addr))
			return true;
	}
	return false;
}

static bool
listens_differ(const struct vnm_listen *a, const struct vnm_listen *b)
{
	return a->transport != b->transport || a->at.port != b->at.port ||
	       !vnm_addr_equal(&a->at.addr, &b->at.addr);
}

static bool
targets_differ(const struct vnm_targets *a, const struct vnm_targets *b)
{
	if (a->n != b->n)
		return true;
	for (uint32_t i = 0; i < a->n; i++) {
		if (listens_differ(&a->p[i], &b->p[i]))
			return true;
	}
	return false;
}

static bool
endpoints_differ(const struct vnm_endpoint *a, const struct vnm_endpoint *b)
{
	return a->port != b->port || !vnm_addr_equal(&a->addr, &b->addr);
}

bool
vnm_option_differs(const struct vnm_option *option, const void *a, const void *b)
{
	const void *va = (const char *)a + option->offset;
	const void *vb = (const char *)b + option->offset;
	const char *sa, *sb;

	switch (option->type) {
	case VNM_OPTION_STRING:
		memcpy(&sa, va, sizeof(sa));
		memcpy(&sb, vb, sizeof(sb));
		return sa == NULL || sb == NULL ? sa != sb : strcmp(sa, sb) != 0;
	case VNM_OPTION_STRINGS:
	case VNM_OPTION_PAIRS:
		return strings_differ(va, vb);
	case VNM_OPTION_PREFIXES:
		return prefixes_differ(va, vb);
	case VNM_OPTION_LISTEN:
		return listens_differ(va, vb);
	case VNM_OPTION_TARGETS:
		return targets_differ(va, vb);
	case VNM_OPTION_ADDRESS:
		return !vnm_addr_equal(va, vb);
	case VNM_OPTION_ENDPOINT:
		return endpoints_differ(va, vb);
	default:
		return memcmp(va, vb, types[option->type].size) != 0;
	}
}

const char *
vnm_option_type_name(enum vnm_option_type type)
{
	assert(type < VNM_ARRAY_LEN(types));
	return types[type].name;
}
