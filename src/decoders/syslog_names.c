/*
 * What a message's text names: interfaces, neighbours, VRFs and UUIDs. One pass over its words;
 * only words with a digit in them, and the few that announce a name, cost more than their
 * octets.
 */
#include "decoders/syslog_part.h"

#define TEXT_MAX 2048 /* octets of the text that are looked at */
#define LETTERS_MAX 24
#define UUID_N 36
#define UUIDS_MAX 8
#define NEUTRON_N 14 /* octets of "tap7f3a91c2-1d" */

static const char *const interfaces[] = {
#define VNM_SYSLOG_INTERFACE(letters) letters,
#include "decoders/syslog_interfaces.def"
#undef VNM_SYSLOG_INTERFACE
};

struct names {
	struct vnm_syslog *m;
	struct vnm_str uuids[UUIDS_MAX];
	uint32_t uuid_count;
};

/* ---- words ----------------------------------------------------------------------------------- */

#define LETTER 1U
#define DIGIT 2U
#define DASH 4U
#define UNDERSCORE 8U

#define LETTERS(a, b) [a] = LETTER, [(a)-32] = LETTER, [b] = LETTER, [(b)-32] = LETTER

static const uint8_t classes[256] = {LETTERS('a', 'b'), LETTERS('c', 'd'), LETTERS('e', 'f'),
    LETTERS('g', 'h'), LETTERS('i', 'j'), LETTERS('k', 'l'), LETTERS('m', 'n'), LETTERS('o', 'p'),
    LETTERS('q', 'r'), LETTERS('s', 't'), LETTERS('u', 'v'), LETTERS('w', 'x'), LETTERS('y', 'z'),
    ['0'] = DIGIT, ['1'] = DIGIT, ['2'] = DIGIT, ['3'] = DIGIT, ['4'] = DIGIT, ['5'] = DIGIT,
    ['6'] = DIGIT, ['7'] = DIGIT, ['8'] = DIGIT, ['9'] = DIGIT, ['-'] = DASH, ['_'] = UNDERSCORE};

/* How many octets from n on are of these classes. */
static inline size_t
run_of(const struct vnm_reader *r, size_t n, unsigned set)
{
	size_t left = vnm_reader_left(r);

	while (n < left && (classes[r->p[n]] & set) != 0)
		n++;
	return n;
}

static inline bool
is_alnum(int c)
{
	return vnm_is_alpha(c) || vnm_is_digit(c);
}

static inline bool
is_name_octet(int c)
{
	return is_alnum(c) || c == '/' || c == '.' || c == ':' || c == '-' || c == '_';
}

static bool
is_hex(int c)
{
	return vnm_is_digit(c) || ((c | 0x20) >= 'a' && (c | 0x20) <= 'f');
}

/* The name at r, without what ends a sentence. */
static struct vnm_str
name_at(struct vnm_reader r)
{
	size_t n = 0;

	while (is_name_octet(vnm_peek(&r, n)))
		n++;
	while (n > 0 && !is_alnum(r.p[n - 1]))
		n--;
	return vnm_take_text(&r, n);
}

/* Whether a word of n octets is this one, in whichever case. */
static bool
is_word(const uint8_t *p, size_t n, const char *word)
{
	for (size_t i = 0; i < n; i++) {
		if ((p[i] | 0x20) != (uint8_t)word[i])
			return false;
	}
	return word[n] == '\0';
}

/* ---- interfaces ------------------------------------------------------------------------------ */

static bool
is_interface(const uint8_t *p, size_t n)
{
	size_t low = 0, high = VNM_ARRAY_LEN(interfaces);
	char lower[LETTERS_MAX + 1] = "";

	if (n < 2 || n > LETTERS_MAX)
		return false;
	for (size_t i = 0; i < n; i++)
		lower[i] = (char)(vnm_is_alpha(p[i]) ? p[i] | 0x20 : p[i]);
	while (low < high) {
		size_t mid = (low + high) / 2;
		int order = strcmp(interfaces[mid], lower);

		if (order == 0)
			return true;
		if (order < 0)
			low = mid + 1;
		else
			high = mid;
	}
	return false;
}

/* "tapab12cd34-5e": letters of the port's id follow those of the kind. */
static bool
is_neutron_port(struct vnm_str s)
{
	static const char kinds[][4] = {"tap", "qvo", "qvb", "qbr"};
	bool known = false;

	for (size_t i = 0; i < VNM_ARRAY_LEN(kinds); i++)
		known = known || vnm_str_begins(s, kinds[i]);
	if (!known || s.n != NEUTRON_N || s.p[11] != '-')
		return false;
	for (uint32_t i = 3; i < s.n; i++) {
		if (i != 11 && !is_hex(s.p[i]))
			return false;
	}
	return true;
}

/* "ethernet 1/1/36", "Port 1/1/1": the number alone is the name. */
static bool
number_name(struct vnm_reader r, struct vnm_str *name)
{
	if (!vnm_skip_char(&r, ' ') || !vnm_is_digit(vnm_peek(&r, 0)))
		return false;
	*name = name_at(r);
	if (memchr(name->p, '/', name->n) == NULL)
		return false;
	for (uint32_t i = 0; i < name->n; i++) {
		if (!vnm_is_digit(name->p[i]) && name->p[i] != '/' && name->p[i] != '.')
			return false;
	}
	return true;
}

static void
set_interface(struct names *f, struct vnm_str name)
{
	if (!VNM_HAS(f->m->r, log, if_name) && name.n != 0)
		VNM_SET(f->m->r, log, if_name, name);
}

/* "port 2(tap7f3a91c2-1d)": a bridge's port by the kernel, which names the bridge before. */
static bool
bridge_port(struct vnm_reader r, struct vnm_str *name)
{
	uint64_t v;

	if (!vnm_skip_char(&r, ' ') || !vnm_take_number(&r, 6, &v) || !vnm_skip_char(&r, '('))
		return false;
	*name = name_at(r);
	return name->n != 0;
}

/* ---- what words announce ----------------------------------------------------------------------
 */

/* Over "(VRF: name)" and "addr" to what may be an address. */
static void
find_peer(struct names *f, struct vnm_reader r)
{
	struct vnm_addr addr;
	size_t n = 0;

	vnm_skip_spaces(&r);
	(void)vnm_skip_text(&r, "addr ");
	if (vnm_peek(&r, 0) == '(') {
		(void)vnm_take_until(&r, ')');
		vnm_skip_spaces(&r);
	}
	while (is_hex(vnm_peek(&r, n)) || vnm_peek(&r, n) == ':' || vnm_peek(&r, n) == '.')
		n++;
	while (n > 0 && !is_hex(r.p[n - 1]))
		n--;
	if (n > 2 && vnm_syslog_addr(vnm_take_text(&r, n), &addr))
		VNM_SET(f->m->r, log, peer_addr, addr);
}

static void
find_vrf(struct names *f, struct vnm_reader r)
{
	struct vnm_str name;

	if (vnm_skip_char(&r, ':'))
		vnm_skip_spaces(&r);
	else if (!vnm_skip_char(&r, ' '))
		return;
	name = name_at(r);
	if (name.n != 0 && name.n != UUID_N)
		VNM_SET(f->m->r, log, vrf_name, name);
}

static void
find_if_index(struct names *f, struct vnm_reader r)
{
	uint64_t v;

	if ((vnm_skip_char(&r, ' ') || vnm_skip_char(&r, '=')) && vnm_take_number(&r, 9, &v))
		VNM_SET(f->m->r, log, if_index, (uint32_t)v);
}

/* A word of letters only, of which r is what follows. */
static void
use_word(struct names *f, const uint8_t *p, size_t n, struct vnm_reader r)
{
	const struct vnm_record *rec = f->m->r;
	struct vnm_str name;

	switch (p[0] | 0x20) {
	case 'n':
	case 'p':
		if (!VNM_HAS(rec, log, peer_addr) &&
		    (is_word(p, n, "neighbor") || is_word(p, n, "peer") || is_word(p, n, "nbr") ||
			is_word(p, n, "neighbour")))
			find_peer(f, r);
		if (is_word(p, n, "port") && bridge_port(r, &name))
			VNM_SET(f->m->r, log, if_name, name);
		else if (is_word(p, n, "port") && number_name(r, &name))
			set_interface(f, name);
		break;
	case 'v':
		if (!VNM_HAS(rec, log, vrf_name) && is_word(p, n, "vrf"))
			find_vrf(f, r);
		break;
	case 'e':
		if (is_word(p, n, "ethernet") && number_name(r, &name))
			set_interface(f, name);
		break;
	case 'i':
		if (is_word(p, n, "ifindex"))
			find_if_index(f, r);
		else if (is_word(p, n, "interface") && number_name(r, &name))
			set_interface(f, name);
		else if (is_word(p, n, "instance") && VNM_HAS(rec, log, dialect) &&
			 vnm_str_is(rec->log.dialect, "junos"))
			find_vrf(f, r);
		break;
	default:
		break;
	}
}

/* ---- UUIDs ----------------------------------------------------------------------------------- */

static bool
is_uuid(struct vnm_reader r)
{
	for (size_t i = 0; i < UUID_N; i++) {
		bool dash = i == 8 || i == 13 || i == 18 || i == 23;

		if (dash ? vnm_peek(&r, i) != '-' : !is_hex(vnm_peek(&r, i)))
			return false;
	}
	return !is_alnum(vnm_peek(&r, UUID_N)) && vnm_peek(&r, UUID_N) != '-';
}

static void
add_uuid(struct names *f, struct vnm_reader r)
{
	struct vnm_str s = vnm_take_text(&r, UUID_N);
	char *lower;

	if (f->uuid_count == UUIDS_MAX)
		return;
	for (uint32_t i = 0; i < f->uuid_count; i++) {
		if (memcmp(f->uuids[i].p, s.p, s.n) == 0)
			return;
	}
	lower = vnm_scratch_take(f->m->out->scratch, UUID_N);
	if (lower == NULL) {
		vnm_out_fault(f->m->out, VNM_R_scratch_full);
		return;
	}
	for (uint32_t i = 0; i < s.n; i++)
		lower[i] = (char)(vnm_is_alpha(s.p[i]) ? s.p[i] | 0x20 : s.p[i]);
	f->uuids[f->uuid_count++] = (struct vnm_str){lower, UUID_N, true};
}

static void
set_uuids(struct names *f)
{
	struct vnm_str *list;

	if (f->uuid_count == 0)
		return;
	list = vnm_scratch_take(f->m->out->scratch, f->uuid_count * sizeof(*list));
	if (list == NULL) {
		vnm_out_fault(f->m->out, VNM_R_scratch_full);
		return;
	}
	memcpy(list, f->uuids, f->uuid_count * sizeof(*list));
	VNM_SET(f->m->r, log, object_ids, (struct vnm_strs){list, f->uuid_count});
}

/* ---- the pass ----------------------------------------------------------------------------------
 */

/* The word at r, whose first octet is a letter or digit: it is stepped over. */
static void
use_next_word(struct names *f, struct vnm_reader *r)
{
	const uint8_t *p = r->p;
	struct vnm_reader start = *r;
	size_t n = run_of(r, 0, LETTER | DASH);

	if (n == 3 && vnm_peek(r, n) == '.')
		n = run_of(r, n + 1, LETTER | DASH);
	int c = vnm_peek(r, n);
	if (n >= 2 && vnm_is_digit(c) && is_interface(p, n))
		set_interface(f, name_at(start));
	else if (n >= 3 && !vnm_is_digit(c)) {
		struct vnm_reader behind = *r;

		behind.p += n;
		use_word(f, p, n, behind);
	}
	if ((p[0] == 't' || p[0] == 'q') && vnm_peek(r, 11) == '-' &&
	    is_neutron_port(name_at(start)))
		set_interface(f, name_at(start));
	if (is_hex(p[0]) && vnm_peek(r, 8) == '-' && is_uuid(start))
		add_uuid(f, start);
	r->p += run_of(r, n, LETTER | DIGIT | DASH | UNDERSCORE);
}

void
vnm_syslog_names(struct vnm_syslog *m)
{
	struct names f = {.m = m};
	struct vnm_reader r = m->text;

	if (vnm_reader_left(&r) > TEXT_MAX)
		r.end = r.p + TEXT_MAX;
	while (vnm_reader_left(&r) > 0) {
		if ((classes[r.p[0]] & (LETTER | DIGIT)) != 0)
			use_next_word(&f, &r);
		else
			r.p++;
	}
	set_uuids(&f);
}
