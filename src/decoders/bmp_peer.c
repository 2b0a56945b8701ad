/*
 * Sessions of a router and their BGP peers.
 */
#include "decoders/bmp.h"

#include "base/alloc.h"

void
vnm_bmp_peer_drop(struct vnm_bmp_state *s, struct vnm_bmp_peer *peer)
{
	for (uint32_t i = 0; i < peer->table_count; i++)
		vnm_rib_drop(&s->rib, peer->tables[i]);
	vnm_free(peer->tables);
	peer->tables = NULL;
	peer->table_count = 0;
	peer->unkept = false;
}

struct vnm_bmp_session *
vnm_bmp_session_find(struct vnm_bmp_state *s, uint64_t id)
{
	for (uint32_t i = 0; i < s->count; i++) {
		if (s->sessions[i]->id == id && !s->sessions[i]->lost)
			return s->sessions[i];
	}
	return NULL;
}

struct vnm_bmp_session *
vnm_bmp_session_get(struct vnm_bmp_state *s, uint64_t id)
{
	struct vnm_bmp_session *session = vnm_bmp_session_find(s, id);

	if (session != NULL)
		return session;
	if (s->count == s->cap) {
		uint32_t cap = s->cap != 0 ? 2 * s->cap : 1;
		struct vnm_bmp_session **grown = vnm_realloc(s->sessions, cap * sizeof(*grown));
		if (grown == NULL)
			return NULL;
		s->sessions = grown;
		s->cap = cap;
	}
	session = vnm_alloc_zero(1, sizeof(*session));
	if (session == NULL)
		return NULL;
	session->id = id;
	s->sessions[s->count++] = session;
	return session;
}

void
vnm_bmp_session_end(struct vnm_bmp_state *s, struct vnm_bmp_session *session)
{
	for (uint32_t i = 0; i < s->count; i++) {
		if (s->sessions[i] != session)
			continue;
		s->sessions[i] = s->sessions[--s->count];
		break;
	}
	for (uint32_t i = 0; i < session->count; i++)
		vnm_bmp_peer_drop(s, &session->peers[i]);
	vnm_free(session->peers);
	vnm_table_free(&session->index);
	vnm_free(session);
}

static struct vnm_bmp_peer *
peer_find(const struct vnm_bmp_session *session, const struct vnm_bmp_key *key, uint64_t hash)
{
	uint32_t at = 0, i;

	while ((i = vnm_table_next(&session->index, hash, &at)) != VNM_TABLE_NONE) {
		if (memcmp(&session->peers[i].key, key, sizeof(*key)) == 0)
			return &session->peers[i];
	}
	return NULL;
}

struct vnm_bmp_peer *
vnm_bmp_peer_find(const struct vnm_bmp_session *session, const struct vnm_bmp_key *key)
{
	return peer_find(session, key, vnm_hash(key, sizeof(*key), 0));
}

struct vnm_bmp_peer *
vnm_bmp_peer_get(struct vnm_bmp_session *session, const struct vnm_bmp_key *key, uint32_t limit)
{
	uint64_t hash = vnm_hash(key, sizeof(*key), 0);
	struct vnm_bmp_peer *peer = peer_find(session, key, hash);

	if (peer != NULL || session->count >= limit)
		return peer;
	if (session->count == session->cap) {
		uint32_t cap = session->cap != 0 ? 2 * session->cap : 4;
		peer = vnm_realloc(session->peers, cap * sizeof(*peer));
		if (peer == NULL)
			return NULL;
		session->peers = peer;
		session->cap = cap;
	}
	if (vnm_table_add(&session->index, hash, session->count) != 0)
		return NULL;
	peer = &session->peers[session->count++];
	*peer = (struct vnm_bmp_peer){.key = *key, .implicit = true, .as4 = true};
	return peer;
}

static const struct vnm_bgp_family *
family_of(const struct vnm_bgp_family *families, uint8_t count, uint16_t afi, uint8_t safi)
{
	static const struct vnm_bgp_family none;

	for (uint8_t i = 0; i < count; i++) {
		if (families[i].afi == afi && families[i].safi == safi)
			return &families[i];
	}
	return &none;
}

/* What one side may send is used where the other side may receive it. */
bool
vnm_bmp_expects_add_path(
    const struct vnm_bmp_peer *peer, enum vnm_bmp_view view, uint16_t afi, uint8_t safi)
{
	enum { RECEIVE = 1, SEND = 2 };
	uint8_t router = family_of(peer->sent, peer->sent_count, afi, safi)->add_path;
	uint8_t other = family_of(peer->received, peer->received_count, afi, safi)->add_path;

	if (view == VNM_BMP_LOC)
		return router != 0 && other != 0;
	if (view == VNM_BMP_OUT)
		return (router & SEND) != 0 && (other & RECEIVE) != 0;
	return (router & RECEIVE) != 0 && (other & SEND) != 0;
}

bool
vnm_bmp_expects_labels(const struct vnm_bmp_peer *peer, uint16_t afi, uint8_t safi)
{
	return family_of(peer->sent, peer->sent_count, afi, safi)->labels > 1 &&
	       family_of(peer->received, peer->received_count, afi, safi)->labels > 1;
}
