/*
 * State of a polled device, and which row goes where.
 */
#include "decoders/poll.h"

#include "base/alloc.h"
#include "base/text.h"
#include "decoders/snmp_interface.h"

#include <assert.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define MAGIC 0x766e7073U /* "vnps" */

/* ---- cells
 * ----------------------------------------------------------------------------------------- */

bool
vnm_poll_number(const struct vnm_varbind *v, uint64_t *n)
{
	return v != NULL && vnm_varbind_number(v, n);
}

struct vnm_str
vnm_poll_text(const struct vnm_varbind *v)
{
	struct vnm_str none = {NULL, 0, false};
	size_t n, at = 0;

	if (v == NULL || v->type != VNM_BER_OCTETS)
		return none;
	n = v->octets.n;
	while (n > 0 && v->octets.p[n - 1] == '\0')
		n--;
	while (at < n) {
		unsigned length = vnm_utf8_length(v->octets.p + at, n - at);

		if (length == 0 || v->octets.p[at] < 0x09)
			return none;
		at += length;
	}
	return (struct vnm_str){(const char *)v->octets.p, (uint32_t)n, false};
}

bool
vnm_poll_mac(const struct vnm_varbind *v, struct vnm_mac *mac)
{
	if (v == NULL || v->type != VNM_BER_OCTETS || v->octets.n != sizeof(mac->b))
		return false;
	memcpy(mac->b, v->octets.p, sizeof(mac->b));
	return true;
}

struct vnm_str
vnm_poll_printf(struct vnm_scratch *s, const char *fmt, ...)
{
	va_list args;
	char text[1024];
	char *p;
	int n;

	va_start(args, fmt);
	n = vsnprintf(text, sizeof(text), fmt, args);
	va_end(args);
	if (n < 0)
		n = 0;
	if ((size_t)n >= sizeof(text))
		n = sizeof(text) - 1;
	p = vnm_scratch_take(s, (size_t)n + 1);
	if (p == NULL)
		return (struct vnm_str){NULL, 0, false};
	memcpy(p, text, (size_t)n + 1);
	return (struct vnm_str){p, (uint32_t)n, false};
}

struct vnm_str
vnm_poll_mac_text(struct vnm_scratch *s, const struct vnm_mac *mac)
{
	char *p = vnm_scratch_take(s, VNM_MAC_TEXT);

	return (struct vnm_str){p, p != NULL ? (uint32_t)vnm_mac_write(p, mac) : 0, true};
}

struct vnm_str
vnm_poll_addr_text(struct vnm_scratch *s, const struct vnm_addr *a)
{
	char *p = vnm_scratch_take(s, VNM_ADDR_TEXT);

	return (struct vnm_str){p, p != NULL ? (uint32_t)vnm_addr_write(p, a) : 0, true};
}

static struct vnm_str
hex(struct vnm_scratch *s, struct vnm_slice octets)
{
	size_t n = octets.n < 255 ? octets.n : 255, at = 0;
	char *p = vnm_scratch_take(s, 3 * n + 1);

	if (p == NULL || n == 0)
		return (struct vnm_str){NULL, 0, false};
	for (size_t i = 0; i < n; i++) {
		static const char digits[] = "0123456789abcdef";

		if (i > 0)
			p[at++] = ':';
		p[at++] = digits[octets.p[i] >> 4];
		p[at++] = digits[octets.p[i] & 15];
	}
	return (struct vnm_str){p, (uint32_t)at, true};
}

struct vnm_str
vnm_poll_id_text(struct vnm_scratch *s, const struct vnm_varbind *v, bool is_mac, bool is_network)
{
	struct vnm_str text;
	struct vnm_mac mac;
	struct vnm_addr a;

	if (v == NULL || v->type != VNM_BER_OCTETS)
		return (struct vnm_str){NULL, 0, false};
	if (is_mac && vnm_poll_mac(v, &mac))
		return vnm_poll_mac_text(s, &mac);
	if (is_network && v->octets.n == 5 && v->octets.p[0] == 1) {
		a = vnm_addr_ip4(v->octets.p + 1);
		return vnm_poll_addr_text(s, &a);
	}
	if (is_network && v->octets.n == 17 && v->octets.p[0] == 2) {
		a = vnm_addr_ip6(v->octets.p + 1);
		return vnm_poll_addr_text(s, &a);
	}
	text = vnm_poll_text(v);
	if (text.n > 0)
		return text;
	if (vnm_poll_mac(v, &mac))
		return vnm_poll_mac_text(s, &mac);
	return hex(s, v->octets);
}

/* ---- links
 * ------------------------------------------------------------------------------------------ */

void
vnm_poll_links_clear(struct vnm_poll_links *l)
{
	for (uint32_t i = 0; i < l->n; i++)
		vnm_free(l->p[i].text);
	vnm_free(l->p);
	*l = (struct vnm_poll_links){0};
}

/* The first place that is not in front of it. */
static uint32_t
link_place(const struct vnm_poll_links *l, uint64_t from)
{
	uint32_t low = 0, high = l->n;

	if (l->n > 0 && l->p[l->n - 1].from < from)
		return l->n;
	while (low < high) {
		uint32_t middle = low + (high - low) / 2;

		if (l->p[middle].from < from)
			low = middle + 1;
		else
			high = middle;
	}
	return low;
}

const struct vnm_poll_link *
vnm_poll_link_find(const struct vnm_poll_links *l, uint64_t from)
{
	uint32_t i = link_place(l, from);

	return i < l->n && l->p[i].from == from ? &l->p[i] : NULL;
}

void
vnm_poll_link_add(struct vnm_poll_links *l, uint64_t from, uint32_t to, struct vnm_str text,
    const struct vnm_out *out)
{
	uint32_t most = out->limits->options_entries;
	uint32_t i = link_place(l, from);
	char *copy = text.n > 0 ? vnm_strndup(text.p, text.n) : NULL;

	if (i < l->n && l->p[i].from == from) {
		vnm_free(l->p[i].text);
		l->p[i] = (struct vnm_poll_link){from, to, copy};
		return;
	}
	if (l->n == l->cap && l->n < most) {
		uint32_t cap = l->cap == 0 ? 16 : 2 * l->cap;
		struct vnm_poll_link *grown = vnm_realloc(l->p, cap * sizeof(*grown));

		if (grown != NULL) {
			l->p = grown;
			l->cap = cap;
		}
	}
	if (l->n == l->cap || l->n >= most) {
		vnm_poll_forgotten(out);
		vnm_free(copy);
		return;
	}
	memmove(l->p + i + 1, l->p + i, (l->n - i) * sizeof(*l->p));
	l->p[i] = (struct vnm_poll_link){from, to, copy};
	l->n++;
}

/* ---- state
 * ------------------------------------------------------------------------------------------ */

struct vnm_poll_state *
vnm_poll_state_new(const struct vnm_addr *device)
{
	struct vnm_poll_state *s = vnm_alloc_zero(1, sizeof(*s));

	if (s == NULL)
		return NULL;
	s->magic = MAGIC;
	s->device = *device;
	return s;
}

static void
free_ports(struct vnm_poll_ports *ports)
{
	for (uint32_t i = 0; i < ports->n; i++) {
		vnm_free(ports->p[i].id);
		vnm_free(ports->p[i].desc);
	}
	vnm_free(ports->p);
}

void
vnm_poll_state_free(struct vnm_poll_state *s)
{
	if (s == NULL)
		return;
	assert(s->magic == MAGIC);
	for (uint32_t i = 0; i < s->reading_n; i++)
		vnm_free(s->readings[i].name);
	for (uint32_t i = 0; i < s->told_n; i++)
		vnm_free(s->told[i].text);
	vnm_free(s->readings);
	vnm_free(s->told);
	vnm_table_free(&s->reading_index);
	vnm_table_free(&s->told_index);
	vnm_poll_links_clear(&s->bridge_ports);
	vnm_poll_links_clear(&s->vlans);
	vnm_poll_links_clear(&s->neighbours);
	vnm_poll_links_clear(&s->neighbours2);
	vnm_poll_links_clear(&s->vms);
	vnm_poll_links_clear(&s->entities);
	vnm_poll_links_clear(&s->cdp_ports);
	free_ports(&s->ports);
	free_ports(&s->ports2);
	vnm_free(s->chassis);
	vnm_free(s->cdp_device);
	s->magic = 0;
	vnm_free(s);
}

/* ---- plans
 * ------------------------------------------------------------------------------------------ */

void
vnm_poll_prepare(struct vnm_plan *plan, const struct vnm_mib *mib)
{
	plan->note = mib;
	for (uint32_t i = 0; i < plan->n; i++) {
		struct vnm_plan_column *c = &plan->columns[i];
		const struct vnm_mib_object *o =
		    vnm_mib_find(mib, (struct vnm_oid){c->ids, c->id_n}, NULL);

		c->note = o;
		if (plan->sort == VNM_PLAN_interfaces)
			c->note = o != NULL ? vnm_snmp_interface_find(vnm_mib_name(mib, o)) : NULL;
	}
}

/* ---- rows
 * ------------------------------------------------------------------------------------------- */

static bool
is_lldp(enum vnm_plan_sort sort)
{
	return sort >= VNM_PLAN_lldp_local && sort <= VNM_PLAN_lldp2_address;
}

static bool
is_cdp(enum vnm_plan_sort sort)
{
	return sort >= VNM_PLAN_cdp_local && sort <= VNM_PLAN_cdp_remote;
}

void
vnm_poll_row(struct vnm_poll_state *s, const struct vnm_plan_row *row, struct vnm_out *out)
{
	enum vnm_plan_sort sort = row->plan->sort;
	size_t mark = vnm_scratch_mark(out->scratch);

	assert(s->magic == MAGIC);
	out->good++;
	if (sort < VNM_PLAN_BUILTIN && row->first)
		s->walks[sort]++;
	if (sort == VNM_PLAN_interfaces)
		vnm_poll_interface(s, row, out);
	else if (sort >= VNM_PLAN_BUILTIN)
		vnm_poll_table(row, out);
	else if (is_lldp(sort))
		vnm_poll_lldp(s, row, out);
	else if (is_cdp(sort))
		vnm_poll_cdp(s, row, out);
	else
		vnm_poll_fact(s, row, out);
	vnm_scratch_rewind(out->scratch, mark);
}
