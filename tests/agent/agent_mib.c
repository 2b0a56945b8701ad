/*
 * What an agent serves: objects made up, or read from a recording.
 */
#include "agent.h"

#include <ctype.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static int
by_oid(const void *a, const void *b)
{
	const struct agent_object *x = a, *y = b;

	return vnm_oid_compare((struct vnm_oid){x->ids, x->n}, (struct vnm_oid){y->ids, y->n});
}

static void *
checked(void *p)
{
	if (p == NULL)
		abort();
	return p;
}

static struct agent_object *
find(struct agent_mib *m, struct vnm_oid oid)
{
	for (uint32_t i = 0; i < m->n && !m->sorted; i++) {
		if (vnm_oid_equal((struct vnm_oid){m->objects[i].ids, m->objects[i].n}, oid))
			return &m->objects[i];
	}
	if (!m->sorted)
		return NULL;
	const struct agent_object key = {.ids = (uint32_t *)(uintptr_t)oid.v, .n = oid.n};
	return bsearch(&key, m->objects, m->n, sizeof(key), by_oid);
}

static void
encode(struct agent_object *o, const struct vnm_varbind *value)
{
	static uint8_t octets[66000];
	struct vnm_ber_writer w = vnm_ber_writer_of(octets, sizeof(octets));
	struct vnm_varbind v = *value;

	v.name = (struct vnm_oid){o->ids, o->n};
	vnm_varbind_put(&w, &v);
	o->octets = (uint32_t)vnm_ber_written(&w);
	free(o->varbind);
	o->varbind = checked(malloc(o->octets));
	memcpy(o->varbind, w.p, o->octets);
}

static void
add(struct agent_mib *m, struct vnm_oid oid, const struct vnm_varbind *value)
{
	struct agent_object *o;

	if (m->n == m->cap) {
		m->cap = m->cap == 0 ? 256 : 2 * m->cap;
		m->objects = checked(realloc(m->objects, m->cap * sizeof(*m->objects)));
	}
	o = &m->objects[m->n++];
	*o = (struct agent_object){.n = oid.n};
	o->ids = checked(malloc(oid.n * sizeof(*o->ids)));
	memcpy(o->ids, oid.v, oid.n * sizeof(*o->ids));
	encode(o, value);
	m->sorted = false;
}

void
agent_set(struct agent_mib *m, const char *text, const struct vnm_varbind *value)
{
	uint32_t ids[VNM_OID_MAX];
	struct vnm_oid oid = {ids, vnm_oid_parse(text, strlen(text), ids)};
	struct agent_object *o = m->sorted ? find(m, oid) : NULL;

	if (oid.n == 0)
		abort();
	if (o != NULL)
		encode(o, value);
	else
		add(m, oid, value);
}

void
agent_set_u64(struct agent_mib *m, const char *oid, uint8_t type, uint64_t v)
{
	if (type == VNM_BER_INTEGER)
		agent_set(m, oid, &(struct vnm_varbind){.type = type, .i64 = (int64_t)v});
	else
		agent_set(m, oid, &(struct vnm_varbind){.type = type, .u64 = v});
}

void
agent_set_text(struct agent_mib *m, const char *oid, const char *text)
{
	agent_set(m, oid,
	    &(struct vnm_varbind){
		.type = VNM_BER_OCTETS, .octets = {(const uint8_t *)text, strlen(text)}});
}

void
agent_remove(struct agent_mib *m, const char *text)
{
	uint32_t ids[VNM_OID_MAX];
	struct agent_object *o =
	    find(m, (struct vnm_oid){ids, vnm_oid_parse(text, strlen(text), ids)});

	if (o == NULL)
		return;
	free(o->ids);
	free(o->varbind);
	m->n--;
	memmove(o, o + 1, (size_t)(m->objects + m->n - o) * sizeof(*o));
}

/* Of objects that are there twice, the last one stays. */
void
agent_sort(struct agent_mib *m)
{
	static const uint32_t uptime[] = {1, 3, 6, 1, 2, 1, 1, 3, 0};
	uint32_t kept = 0;

	qsort(m->objects, m->n, sizeof(*m->objects), by_oid);
	for (uint32_t i = 0; i < m->n; i++) {
		if (kept > 0 && by_oid(&m->objects[kept - 1], &m->objects[i]) == 0) {
			free(m->objects[kept - 1].ids);
			free(m->objects[kept - 1].varbind);
			kept--;
		}
		m->objects[kept++] = m->objects[i];
	}
	m->n = kept;
	m->sorted = true;
	const struct agent_object *o = find(m, VNM_OID(uptime));
	m->uptime_at = o != NULL ? (uint32_t)(o - m->objects) + 1 : 0;
}

void
agent_free(struct agent_mib *m)
{
	for (uint32_t i = 0; i < m->n; i++) {
		free(m->objects[i].ids);
		free(m->objects[i].varbind);
	}
	free(m->objects);
	*m = (struct agent_mib){0};
}

/* ---- recordings
 * ----------------------------------------------------------------------------------------- */

static size_t
from_hex(uint8_t *out, size_t room, const char *text)
{
	size_t n = 0;

	for (; n < room && *text != '\0'; text++) {
		unsigned octet;

		if (!isxdigit((unsigned char)text[0]) || !isxdigit((unsigned char)text[1]))
			continue;
		if (sscanf(text, "%2x", &octet) != 1)
			break;
		out[n++] = (uint8_t)octet;
		text++;
	}
	return n;
}

/* `tag` in decimal, x behind it for octets in hex. */
static bool
rec_value(struct vnm_varbind *v, const char *tag, const char *value, uint8_t *octets, uint32_t *ids)
{
	long type = strtol(tag, NULL, 10);
	struct vnm_addr a;

	v->type = (uint8_t)type;
	if (strchr(tag, 'x') != NULL) {
		v->octets = (struct vnm_slice){octets, from_hex(octets, 65536, value)};
		return true;
	}
	switch (type) {
	case VNM_BER_INTEGER:
		v->i64 = strtoll(value, NULL, 10);
		return true;
	case VNM_BER_COUNTER32:
	case VNM_BER_GAUGE32:
	case VNM_BER_TIMETICKS:
	case VNM_BER_COUNTER64:
		v->u64 = strtoull(value, NULL, 10);
		return true;
	case VNM_BER_OID:
		v->oid = (struct vnm_oid){ids, vnm_oid_parse(value, strlen(value), ids)};
		return v->oid.n > 1;
	case VNM_BER_IPADDRESS:
		if (!vnm_addr_parse(&a, value) || a.family != VNM_ADDR_IP4)
			return false;
		memcpy(octets, a.b, 4);
		v->octets = (struct vnm_slice){octets, 4};
		return true;
	case VNM_BER_OCTETS:
	case VNM_BER_OPAQUE:
		v->octets = (struct vnm_slice){(const uint8_t *)value, strlen(value)};
		return true;
	default:
		return false;
	}
}

/* What snmpwalk -Oqn prints has no types: they are guessed from the form. */
static bool
walk_value(struct vnm_varbind *v, char *value, uint8_t *octets, uint32_t *ids)
{
	size_t n = strlen(value);

	if (value[0] == '"' && n >= 2) {
		bool hex = n > 3 && (n - 2) % 3 == 0 && value[n - 2] == ' ';

		value[n - 1] = '\0';
		for (size_t i = 1; hex && i + 2 < n; i += 3)
			hex = isxdigit((unsigned char)value[i]) &&
			      isxdigit((unsigned char)value[i + 1]) && value[i + 2] == ' ';
		v->type = VNM_BER_OCTETS;
		if (hex)
			v->octets = (struct vnm_slice){octets, from_hex(octets, 65536, value + 1)};
		else
			v->octets = (struct vnm_slice){(uint8_t *)value + 1, n - 2};
		return true;
	}
	if (value[0] == '.')
		return rec_value(v, "6", value, octets, ids);
	if (strspn(value, "0123456789-") == n && n > 0)
		return rec_value(v, "2", value, octets, ids);
	return rec_value(v, "64", value, octets, ids);
}

/*
 * Counters of recordings without types: what IF-MIB says of the columns of ifTable and ifXTable
 * that are read here.
 */
static uint8_t
counter_type(struct vnm_oid oid)
{
	static const uint32_t if_entry[] = {1, 3, 6, 1, 2, 1, 2, 2, 1};
	static const uint32_t ifx_entry[] = {1, 3, 6, 1, 2, 1, 31, 1, 1, 1};
	static const uint32_t uptime[] = {1, 3, 6, 1, 2, 1, 1, 3, 0};

	if (vnm_oid_equal(oid, VNM_OID(uptime)))
		return VNM_BER_TIMETICKS;
	if (vnm_oid_below(oid, VNM_OID(ifx_entry)) && oid.n == 12) {
		uint32_t c = oid.v[10];

		return c >= 2 && c <= 5	   ? VNM_BER_COUNTER32
		       : c >= 6 && c <= 13 ? VNM_BER_COUNTER64
		       : c == 15	   ? VNM_BER_GAUGE32
		       : c == 19	   ? VNM_BER_TIMETICKS
					   : VNM_BER_INTEGER;
	}
	if (vnm_oid_below(oid, VNM_OID(if_entry)) && oid.n == 11) {
		uint32_t c = oid.v[9];

		return c == 9		    ? VNM_BER_TIMETICKS
		       : c == 5 || c == 21  ? VNM_BER_GAUGE32
		       : c >= 10 && c <= 20 ? VNM_BER_COUNTER32
					    : VNM_BER_INTEGER;
	}
	return VNM_BER_INTEGER;
}

static void
load_line(struct agent_mib *m, char *line)
{
	static uint8_t octets[65536];
	uint32_t ids[VNM_OID_MAX], value_ids[VNM_OID_MAX];
	struct vnm_varbind v = {.type = 0};
	char *bar = strchr(line, '|'), *second = bar != NULL ? strchr(bar + 1, '|') : NULL;
	char *equals = strstr(line, " = ");
	struct vnm_oid oid;

	if (second != NULL) {
		*bar = *second = '\0';
		if (!rec_value(&v, bar + 1, second + 1, octets, value_ids))
			return;
	} else if (line[0] == '.' && equals != NULL) {
		*equals = '\0';
		if (!walk_value(&v, equals + 3, octets, value_ids))
			return;
	} else {
		return;
	}
	oid = (struct vnm_oid){ids, vnm_oid_parse(line, strlen(line), ids)};
	if (oid.n < 3)
		return;
	if (second == NULL && v.type == VNM_BER_INTEGER) {
		int64_t number = v.i64;

		v.type = counter_type(oid);
		if (v.type != VNM_BER_INTEGER)
			v.u64 = (uint64_t)number;
	}
	add(m, oid, &v);
}

int
agent_load(struct agent_mib *m, const char *path)
{
	FILE *f = fopen(path, "re");
	char *line = NULL;
	size_t room = 0;
	ssize_t n;

	if (f == NULL)
		return -1;
	while ((n = getline(&line, &room, f)) > 0) {
		while (n > 0 && (line[n - 1] == '\n' || line[n - 1] == '\r'))
			line[--n] = '\0';
		load_line(m, line);
	}
	free(line);
	fclose(f);
	agent_sort(m);
	return m->n > 0 ? 0 : -1;
}

/* ---- made up
 * ------------------------------------------------------------------------------------------ */

static void
make_interface(struct agent_mib *m, unsigned i)
{
	char oid[64], text[64];
	const uint8_t mac[6] = {2, 0, 0, 0, (uint8_t)(i >> 8), (uint8_t)i};

#define IF(c) (snprintf(oid, sizeof(oid), "1.3.6.1.2.1.2.2.1.%u.%u", c, i), oid)
#define IFX(c) (snprintf(oid, sizeof(oid), "1.3.6.1.2.1.31.1.1.1.%u.%u", c, i), oid)
	snprintf(text, sizeof(text), "GigabitEthernet0/%u", i);
	agent_set_u64(m, IF(1), VNM_BER_INTEGER, i);
	agent_set_text(m, IF(2), text);
	agent_set_u64(m, IF(3), VNM_BER_INTEGER, 6);
	agent_set_u64(m, IF(4), VNM_BER_INTEGER, 1500);
	agent_set_u64(m, IF(5), VNM_BER_GAUGE32, 1000000000);
	agent_set(m, IF(6), &(struct vnm_varbind){.type = VNM_BER_OCTETS, .octets = {mac, 6}});
	agent_set_u64(m, IF(7), VNM_BER_INTEGER, 1);
	agent_set_u64(m, IF(8), VNM_BER_INTEGER, 1 + i % 2);
	agent_set_u64(m, IF(9), VNM_BER_TIMETICKS, 1000 + i);
	for (unsigned c = 10; c <= 20; c++)
		agent_set_u64(m, IF(c), VNM_BER_COUNTER32, 123456789U + i * 7919U * c);
	snprintf(text, sizeof(text), "Gi0/%u", i);
	agent_set_text(m, IFX(1), text);
	for (unsigned c = 2; c <= 5; c++)
		agent_set_u64(m, IFX(c), VNM_BER_COUNTER32, 10000U * i + c);
	for (unsigned c = 6; c <= 13; c++)
		agent_set_u64(m, IFX(c), VNM_BER_COUNTER64, 1234567890123ULL + i * 1000003ULL * c);
	agent_set_u64(m, IFX(14), VNM_BER_INTEGER, 1);
	agent_set_u64(m, IFX(15), VNM_BER_GAUGE32, 1000);
	agent_set_u64(m, IFX(16), VNM_BER_INTEGER, 2);
	agent_set_u64(m, IFX(17), VNM_BER_INTEGER, 1);
	snprintf(text, sizeof(text), "uplink to rack %u", i);
	agent_set_text(m, IFX(18), text);
	agent_set_u64(m, IFX(19), VNM_BER_TIMETICKS, 0);
#undef IF
#undef IFX
}

void
agent_make_interfaces(struct agent_mib *m, unsigned n)
{
	agent_set_text(m, "1.3.6.1.2.1.1.1.0", "a device that was made up");
	agent_set_u64(m, "1.3.6.1.2.1.1.3.0", VNM_BER_TIMETICKS, 0);
	agent_set_text(m, "1.3.6.1.2.1.1.5.0", "made-up");
	agent_set_u64(m, "1.3.6.1.2.1.31.1.5.0", VNM_BER_TIMETICKS, 100);
	for (unsigned i = 1; i <= n; i++)
		make_interface(m, i);
	agent_set_u64(m, "1.3.6.1.2.1.99.1.0", VNM_BER_INTEGER, 1);
	agent_sort(m);
}
