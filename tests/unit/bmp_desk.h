/*
 * BMP messages, octet by octet, for a desk.
 */
#ifndef VNM_TESTS_BMP_DESK_H
#define VNM_TESTS_BMP_DESK_H

#include "flow_desk.h"

#define SESSION 7
#define PEER_A 0xc0000209U /* 192.0.2.9 */
#define PEER_B 0xc000020aU

static inline struct desk *
open_desk(void)
{
	struct desk *k = desk_new_for("bmp");

	k->session = SESSION;
	return k;
}

static inline struct pen
message(uint8_t version, uint8_t type)
{
	struct pen w = {.n = 0};

	pen_put(&w, version, 1);
	pen_put(&w, 0, 4);
	pen_put(&w, type, 1);
	return w;
}

/* A global peer, pre-policy, of AS 65001; its time is not known. */
static inline void
put_peer(struct pen *w, uint32_t addr)
{
	pen_put(w, 0, 2);
	pen_put(w, 0, 8);
	pen_put(w, 0, 8);
	pen_put(w, addr, 8);
	pen_put(w, 65001, 4);
	pen_put(w, addr, 4);
	pen_put(w, 0, 8);
}

static inline enum vnm_reason
finish(struct desk *k, struct pen *w)
{
	for (unsigned i = 0; i < 4; i++)
		w->p[1 + i] = (uint8_t)(w->n >> (24 - 8 * i));
	return desk_give(k, w->p, w->n);
}

static inline void
put_marker(struct pen *w, uint16_t n, uint8_t type)
{
	for (unsigned i = 0; i < 16; i++)
		pen_put(w, 0xff, 1);
	pen_put(w, n, 2);
	pen_put(w, type, 1);
}

/* An OPEN without capabilities: two-octet AS numbers, no path identifiers. */
static inline void
put_open(struct pen *w, uint16_t as)
{
	put_marker(w, 29, 1);
	pen_put(w, 4, 1);
	pen_put(w, as, 2);
	pen_put(w, 180, 2);
	pen_put(w, PEER_A, 4);
	pen_put(w, 0, 1);
}

static inline struct pen
peer_up(uint32_t addr)
{
	struct pen w = message(3, 3);

	put_peer(&w, addr);
	pen_put(&w, 0, 8);
	pen_put(&w, 0xc0000201, 8);
	PUT16(&w, 179, 40000);
	put_open(&w, 65000);
	put_open(&w, 65001);
	return w;
}

#endif
