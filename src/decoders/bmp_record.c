/*
 * What route, linkstate and peer records say of the router and the peer that they are from
 * (RFC 7854 section 4.2, RFC 8671, RFC 9069).
 */
#include "decoders/bmp_part.h"

#include "decoders/bgp_fact.h"

void
vnm_bmp_set_source(const struct vnm_bmp_message *m)
{
	struct vnm_record *r = m->out->rec;
	const uint8_t *id = m->session->router_id;

	VNM_SET(r, env, decoder, VNM_STR("bmp"));
	if (!vnm_bmp_is_zero(id, sizeof(m->session->router_id)))
		VNM_SET(r, env, agent_addr, vnm_addr_ip4(id));
	vnm_out_base(m->out);
}

void
vnm_bmp_set_peer(struct vnm_bmp_message *m, struct vnm_bmp_peer *peer, uint8_t flags)
{
	m->peer = peer;
	m->flags = flags;
	m->distinguisher = (struct vnm_str){0};
	m->view = VNM_BMP_IN;
	if (peer == NULL)
		return;
	if (peer->key.type == VNM_BMP_PEER_LOC_RIB)
		m->view = VNM_BMP_LOC;
	else if ((flags & VNM_BMP_FLAG_O) != 0)
		m->view = VNM_BMP_OUT;
	if (!vnm_bmp_is_zero(peer->key.distinguisher, 8))
		m->distinguisher = vnm_rd_text(peer->key.distinguisher, m->out);
}

static struct vnm_str
rib_name(const struct vnm_bmp_message *m)
{
	bool post = (m->flags & VNM_BMP_FLAG_L) != 0;

	if (m->view == VNM_BMP_LOC)
		return VNM_STR("loc-rib");
	if (m->view == VNM_BMP_OUT)
		return post ? VNM_STR("adj-rib-out-post") : VNM_STR("adj-rib-out-pre");
	return post ? VNM_STR("adj-rib-in-post") : VNM_STR("adj-rib-in-pre");
}

static struct vnm_str
peer_type_name(uint8_t type)
{
	static const struct vnm_str names[] = {
	    VNM_STR("global"), VNM_STR("rd"), VNM_STR("local"), VNM_STR("loc-rib")};

	return type < VNM_ARRAY_LEN(names) ? names[type] : (struct vnm_str){0};
}

/* The V flag is not defined for a Loc-RIB, whose address is zero anyway. */
static struct vnm_addr
peer_addr(const struct vnm_bmp_message *m)
{
	const uint8_t *addr = m->peer->key.addr;
	bool ip6 = (m->flags & VNM_BMP_FLAG_V) != 0 && m->peer->key.type != VNM_BMP_PEER_LOC_RIB;

	return ip6 ? vnm_addr_ip6(addr) : vnm_addr_ip4(addr + 12);
}

/* What route, linkstate and peer records say alike of the peer. */
#define SET_PEER(r, kind, m)                                                               \
	do {                                                                               \
		const struct vnm_bmp_peer *peer_ = (m)->peer;                              \
		VNM_SET(r, kind, peer_type, peer_->key.type);                              \
		if (peer_type_name(peer_->key.type).n != 0)                                \
			VNM_SET(r, kind, peer_type_name, peer_type_name(peer_->key.type)); \
		if (peer_->key.type != VNM_BMP_PEER_LOC_RIB)                               \
			VNM_SET(r, kind, peer_addr, peer_addr(m));                         \
		VNM_SET(r, kind, peer_as, peer_->as);                                      \
		if (!vnm_bmp_is_zero(peer_->bgp_id, 4))                                    \
			VNM_SET(r, kind, peer_bgp_id, vnm_addr_ip4(peer_->bgp_id));        \
		if ((m)->distinguisher.n != 0)                                             \
			VNM_SET(r, kind, peer_distinguisher, (m)->distinguisher);          \
		VNM_SET(r, kind, rib, rib_name(m));                                        \
		if ((m)->table_name.n != 0)                                                \
			VNM_SET(r, kind, table_name, (m)->table_name);                     \
		else if (peer_->table_name[0] != '\0')                                     \
			VNM_SET(r, kind, table_name, vnm_bmp_text(peer_->table_name));     \
		VNM_SET(r, kind, peer_flags, (m)->flags);                                  \
	} while (0)

#define SET_ROUTER(r, kind, m)                                                           \
	do {                                                                             \
		if (VNM_HAS(r, env, exporter_addr))                                      \
			VNM_SET(r, kind, router_addr, (r)->env.exporter_addr);           \
		if ((m)->session->name[0] != '\0')                                       \
			VNM_SET(r, kind, router_name, vnm_bmp_text((m)->session->name)); \
	} while (0)

#define SET_TRIGGER(r, kind, m)                                  \
	do {                                                     \
		if ((m)->trigger.n != 0)                         \
			VNM_SET(r, kind, trigger, (m)->trigger); \
		if ((m)->stale)                                  \
			VNM_SET(r, kind, stale, true);           \
	} while (0)

struct vnm_record *
vnm_bmp_begin_peer(struct vnm_bmp_message *m, struct vnm_str event)
{
	struct vnm_record *r = vnm_out_begin(m->out, VNM_KIND_peer);

	SET_ROUTER(r, peer, m);
	if (m->peer != NULL) {
		SET_PEER(r, peer, m);
		if (m->peer->implicit)
			VNM_SET(r, peer, implicit, true);
	}
	VNM_SET(r, peer, event, event);
	return r;
}

static void
set_marking(struct vnm_bmp_message *m, struct vnm_record *r)
{
	const struct vnm_bmp_marking *marking = vnm_bmp_marking(&m->tlvs, ++m->routes);

	m->marking = marking;
	if (marking == NULL)
		return;
	VNM_SET(r, route, path_status, marking->status);
	if (marking->has_reason)
		VNM_SET(r, route, path_reason, marking->reason);
}

/* Without a Peer Up nothing told how this peer's messages read. */
struct vnm_record *
vnm_bmp_begin_route(void *ctx, enum vnm_kind kind)
{
	static const struct vnm_str guessed[] = {VNM_STR("peer")};
	struct vnm_bmp_message *m = ctx;
	struct vnm_record *r = vnm_out_begin(m->out, kind);
	const struct vnm_strs inferred = {guessed, m->peer->up ? 0 : 1};

	if (kind == VNM_KIND_linkstate) {
		SET_ROUTER(r, linkstate, m);
		SET_PEER(r, linkstate, m);
		SET_TRIGGER(r, linkstate, m);
		if (inferred.n != 0)
			VNM_SET(r, linkstate, inferred, inferred);
	} else {
		SET_ROUTER(r, route, m);
		SET_PEER(r, route, m);
		SET_TRIGGER(r, route, m);
		set_marking(m, r);
		if (inferred.n != 0)
			VNM_SET(r, route, inferred, inferred);
	}
	return r;
}

static uint64_t
epoch(const struct vnm_bmp_message *m)
{
	return m->session->id << 32 | m->peer->epoch;
}

void
vnm_bmp_teach(struct vnm_bmp_message *m)
{
	const struct vnm_bmp_options *o = m->x->options;

	if ((o == NULL || o->evidence) && vnm_bgp_fact(m->out, epoch(m)))
		m->peer->taught = true;
}

bool
vnm_bmp_emit(void *ctx)
{
	struct vnm_bmp_message *m = ctx;

	if (!vnm_out_emit(m->out))
		return false;
	vnm_bmp_teach(m);
	return true;
}

void
vnm_bmp_end_facts(struct vnm_bmp_message *m, bool gone)
{
	if (m->peer == NULL)
		return;
	m->peer->epoch++;
	if (m->peer->taught)
		vnm_bgp_fact_source(m->out, gone, epoch(m));
	m->peer->taught = false;
}
