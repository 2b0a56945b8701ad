/*
 * An independent reading of IPFIX captures, by libfixbuf: prints a line of source, destination,
 * ports, protocol, octets and packets for every flow record. run.py compares it with vnmcd.
 *
 * libfixbuf must be fenced in: each message is announced by fBufNextMessage(), the octets are
 * followed by spare ones, lists are never in the internal template, and a message can give no
 * more records than it has octets.
 */
#include "messages.h"

#include <fixbuf/public.h>
#include <inttypes.h>
#include <stdlib.h>

#define INTERNAL_ID 999
#define SPARE_OCTETS 16
#define SESSIONS_MAX 256

struct flow {
	uint32_t src4, dst4; /* in the machine's order, as libfixbuf gives them */
	uint8_t src6[16], dst6[16];
	uint64_t octets, packets, octets_total, packets_total, octets_l2;
	uint16_t src_port, dst_port;
	uint8_t protocol, padding[3];
};

/* In the order of struct flow. */
static const struct {
	const char *name;
	uint16_t octets;
} elements[] = {{"sourceIPv4Address", 4}, {"destinationIPv4Address", 4}, {"sourceIPv6Address", 16},
    {"destinationIPv6Address", 16}, {"octetDeltaCount", 8}, {"packetDeltaCount", 8},
    {"octetTotalCount", 8}, {"packetTotalCount", 8}, {"layer2OctetDeltaCount", 8},
    {"sourceTransportPort", 2}, {"destinationTransportPort", 2}, {"protocolIdentifier", 1},
    {"paddingOctets", 3}};

/* A transport session: its templates are libfixbuf's, by observation domain. */
struct session {
	struct vnm_endpoint src;
	uint16_t dst_port;
	fBuf_t *buffer;
};

struct oracle {
	fbInfoModel_t *model;
	struct session sessions[SESSIONS_MAX];
	unsigned count;
	uint64_t records, options, skipped;
};

static void
no_log(const gchar *domain, GLogLevelFlags level, const gchar *text, gpointer data)
{
	(void)domain;
	(void)level;
	(void)text;
	(void)data;
}

static void
must(gboolean good, GError *error, const char *what)
{
	if (good)
		return;
	fprintf(stderr, "fixbuf: %s: %s\n", what, error != NULL ? error->message : "?");
	exit(1);
}

static struct session *
session_of(struct oracle *o, const struct vnm_datagram *d)
{
	GError *error = NULL;

	for (unsigned i = 0; i < o->count; i++) {
		struct session *s = &o->sessions[i];
		if (vnm_addr_equal(&s->src.addr, &d->src.addr) && s->src.port == d->src.port &&
		    s->dst_port == d->dst.port)
			return s;
	}
	must(o->count < SESSIONS_MAX, NULL, "too many sessions");
	struct session *s = &o->sessions[o->count++];
	fbSession_t *session = fbSessionAlloc(o->model);
	fbTemplate_t *t = fbTemplateAlloc(o->model);
	for (size_t i = 0; i < VNM_ARRAY_LEN(elements); i++) {
		fbInfoElementSpec_t e = {
		    (char *)(uintptr_t)elements[i].name, elements[i].octets, 0};
		must(fbTemplateAppendSpec(t, &e, 0, &error), error, elements[i].name);
	}
	must(fbSessionAddTemplate(session, TRUE, INTERNAL_ID, t, &error) != 0, error, "session");
	*s = (struct session){d->src, d->dst.port, fBufAllocForCollection(session, NULL)};
	fBufSetAutomaticMode(s->buffer, FALSE);
	return s;
}

static struct vnm_addr
ip4(uint32_t v)
{
	const uint8_t octets[4] = {
	    (uint8_t)(v >> 24), (uint8_t)(v >> 16), (uint8_t)(v >> 8), (uint8_t)v};

	return vnm_addr_ip4(octets);
}

static void
print_flow(const struct flow *f)
{
	char a[VNM_ADDR_TEXT], b[VNM_ADDR_TEXT];
	uint64_t octets = f->octets != 0 ? f->octets : f->octets_total;
	struct vnm_addr src = ip4(f->src4), dst = ip4(f->dst4);

	if (vnm_addr_is_zero(&src) && vnm_addr_is_zero(&dst)) {
		src = vnm_addr_ip6(f->src6);
		dst = vnm_addr_ip6(f->dst6);
	}
	printf("%s %s %u %u %u %" PRIu64 " %" PRIu64 "\n", vnm_addr_text(&src, a),
	    vnm_addr_text(&dst, b), f->src_port, f->dst_port, f->protocol,
	    octets != 0 ? octets : f->octets_l2, f->packets != 0 ? f->packets : f->packets_total);
}

static void
read_message(struct oracle *o, const struct vnm_datagram *d)
{
	fBuf_t *b = session_of(o, d)->buffer;
	uint8_t *octets = calloc(1, d->n + SPARE_OCTETS);
	GError *error = NULL;
	struct flow f;
	uint16_t id;

	if (octets == NULL)
		abort();
	memcpy(octets, d->p, d->n);
	fBufSetBuffer(b, octets, d->n);
	if (!fBufNextMessage(b, &error)) {
		o->skipped++;
		goto done;
	}
	for (size_t n = 0; n <= d->n; n++) {
		size_t size = sizeof(f);
		fbTemplate_t *t = fBufNextCollectionTemplate(b, &id, &error);
		if (t == NULL)
			break;
		must(fBufSetInternalTemplate(b, INTERNAL_ID, &error), error, "template");
		memset(&f, 0, sizeof(f));
		if (!fBufNext(b, (uint8_t *)&f, &size, &error))
			break;
		if (fbTemplateGetOptionsScope(t) != 0) {
			o->options++;
			continue;
		}
		o->records++;
		print_flow(&f);
	}
done:
	g_clear_error(&error);
	free(octets);
}

int
main(int argc, char **argv)
{
	static struct oracle o;
	struct vnm_messages list;
	struct vnm_err err;

	if (argc != 2 || vnm_messages_read(&list, argv[1], &err) != 0) {
		fprintf(stderr, "usage: fixbuf FILE\n");
		return 2;
	}
	g_log_set_default_handler(no_log, NULL);
	o.model = fbInfoModelAlloc();
	for (size_t i = 0; i < list.n; i++) {
		const struct vnm_datagram *d = &list.m[i].d;
		if (!list.m[i].end && d->n >= 16 && d->p[0] == 0 && d->p[1] == 10)
			read_message(&o, d);
	}
	fprintf(stderr,
	    "%" PRIu64 " records, %" PRIu64 " of options, %" PRIu64 " messages skipped\n",
	    o.records, o.options, o.skipped);
	for (unsigned i = 0; i < o.count; i++)
		fBufFree(o.sessions[i].buffer);
	fbInfoModelFree(o.model);
	vnm_messages_free(&list);
	return 0;
}
