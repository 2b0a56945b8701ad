/*
 * The standing RIB of a router (RFC 4271 section 3.2, RFC 7854 section 5, RFC 8671, RFC 9069):
 * the paths that its BGP peers announced and did not withdraw, one table for each peer, view and
 * family. Kept whole, so that a path can be told again by the decoder that told it first, or as
 * fingerprints, to be counted.
 *
 * Part of the exporter's state: no clock, no records. A full path costs its entry of 48 octets
 * and its place in an index; the attributes of an UPDATE are kept once, whoever has them.
 */
#ifndef VNM_DECODERS_RIB_H
#define VNM_DECODERS_RIB_H

#include "base/hash.h"
#include "decoders/bgp.h"

enum vnm_rib_mode { VNM_RIB_OFF, VNM_RIB_COUNT, VNM_RIB_FULL };

#define VNM_RIB_VIEWS 5
enum vnm_rib_view {
	VNM_RIB_LOC,
	VNM_RIB_IN_PRE,
	VNM_RIB_IN_POST,
	VNM_RIB_OUT_PRE,
	VNM_RIB_OUT_POST
};

/* What a route has besides its NLRI. */
struct vnm_rib_about {
	bool as4, as_guessed;	     /* as in struct vnm_bgp_kept */
	uint64_t mark;		     /* the caller's own: what else tells two routes apart */
	struct vnm_str table_name;   /* where the message itself told it; at most 255 octets */
	struct vnm_slice attributes; /* as in struct vnm_bgp_kept */
};

/* The same, kept once for all paths that have it. */
struct vnm_rib_attrs {
	uint32_t refs;
	uint32_t index; /* of the RIB's list */
	uint64_t mark;
	uint32_t n; /* octets of attributes */
	bool as4, as_guessed;
	uint8_t name_n;
	uint8_t octets[]; /* the name, then the attributes */
};

#define VNM_RIB_NEAR 24 /* octets of an NLRI that needs no memory of its own */

struct vnm_rib_path {
	struct vnm_rib_attrs *attrs; /* one of its references */
	uint64_t event_ns;	     /* of the message; 0: it did not tell */
	union {
		uint8_t near[VNM_RIB_NEAR];
		uint8_t *far; /* owned */
	};
	uint16_t n;	    /* octets of the NLRI as it came, with its path identifier */
	uint8_t flags;	    /* of the per-peer header */
	uint8_t how;	    /* it reads: bits private to rib.c */
	uint8_t generation; /* of the table when it was told; 0: long ago */
};

/* A set of fingerprints (rib_prints.c); zeroed it is empty. */
struct vnm_rib_prints {
	uint64_t *slots; /* owned; 56 bits of a hash, 8 of the generation; 0: free */
	uint32_t mask;
};

struct vnm_rib_table {
	enum vnm_rib_view view;
	uint16_t afi;
	uint8_t safi;
	uint8_t generation; /* 1 to 255: how often the router began to tell it */
	bool full;	    /* paths; else prints */
	bool incomplete;    /* a path was refused since the router began to tell this table */
	bool path_ids;	    /* some path has, or had, a path identifier */
	bool ended;	    /* End-of-RIB came since then */
	uint32_t n;	    /* paths */
	uint32_t fresh;	    /* of these, told since then; the others are stale */
	uint32_t sweep;	    /* of a sweep: so many of the first paths are still to be looked at */
	uint32_t dump;	    /* the same of a dump */
	uint64_t stale_ns;  /* when paths became stale, or when one was last confirmed */
	struct vnm_rib_path *paths; /* owned */
	uint32_t cap;
	size_t far_octets;
	struct vnm_table index; /* of paths, by key */
	struct vnm_rib_prints prints;
	struct vnm_rib_table *next; /* of those that are being freed */
};

struct vnm_rib {
	uint64_t seed;		      /* of all its hashes */
	struct vnm_rib_attrs **attrs; /* owned, as are they */
	uint32_t attr_count, attr_cap;
	struct vnm_table attr_index;
	uint64_t paths;		     /* in all tables */
	uint32_t tables;	     /* those that are being freed among them */
	size_t octets;		     /* of memory, all of it */
	size_t attr_octets;	     /* of these, what attributes need */
	struct vnm_rib_table *dying; /* owned; dropped, and freed piece by piece */
};

/*
 * A table without paths; NULL when memory is short or there are too many for a RIB of `limit`
 * paths. The caller holds it until vnm_rib_drop().
 */
struct vnm_rib_table *vnm_rib_table_new(struct vnm_rib *rib, bool full, uint64_t limit);

/* The table is gone: vnm_rib_reap() frees what it has. */
void vnm_rib_drop(struct vnm_rib *rib, struct vnm_rib_table *t);

/* Frees at the most so many paths of tables that were dropped; false when all are freed. */
bool vnm_rib_reap(struct vnm_rib *rib, uint32_t paths);

/* Frees what vnm_rib_drop() has left and the RIB's own memory. */
void vnm_rib_free(struct vnm_rib *rib);

/* A reference to the same attributes, or to a copy; NULL when memory is short. */
struct vnm_rib_attrs *vnm_rib_attrs_get(struct vnm_rib *rib, const struct vnm_rib_about *about);
void vnm_rib_attrs_put(struct vnm_rib *rib, struct vnm_rib_attrs *a);

#define VNM_RIB_PATH_OCTETS 256 /* of memory that a path may need on average, at the limit */
#define VNM_RIB_TABLE_PATHS 16	/* paths for which there is a table on average, at the limit */
#define VNM_RIB_LEAST 1024	/* tables that there may be whatever the limit, and KiB of memory */

enum vnm_rib_result {
	VNM_RIB_NEW,	 /* the path was not there */
	VNM_RIB_CHANGED, /* it was, and had other attributes or labels */
	VNM_RIB_SAME,	 /* it was there as it is */
	VNM_RIB_REFUSED	 /* beyond the limit or what memory there is: it is not there now */
};

/* What a path has, for vnm_rib_put(). */
struct vnm_rib_having {
	struct vnm_rib_attrs
	    *attrs; /* NULL: there was no memory for them; not looked at by prints */
	uint64_t event_ns;
	uint8_t flags;
	uint64_t now_ns;
};

/*
 * A route is announced; the RIB has `limit` paths at the most, and no more memory than so many
 * need on average.
 */
enum vnm_rib_result vnm_rib_put(struct vnm_rib *rib, struct vnm_rib_table *t,
    const struct vnm_bgp_kept *k, const struct vnm_rib_having *having, uint64_t limit);

/* A route is withdrawn: whether it was there. */
bool vnm_rib_take(struct vnm_rib *rib, struct vnm_rib_table *t, const struct vnm_bgp_kept *k);

/* The path, or NULL; of a full table. */
const struct vnm_rib_path *vnm_rib_find(
    const struct vnm_rib *rib, const struct vnm_rib_table *t, const struct vnm_bgp_kept *k);

/* The path at this place, as it came; borrowed from the table. */
struct vnm_bgp_kept vnm_rib_kept(const struct vnm_rib_table *t, const struct vnm_rib_path *path);

/*
 * Takes out the path at this place, which one from behind it takes. What a sweep or dump has
 * still to look at stays before where it is.
 */
void vnm_rib_remove(struct vnm_rib *rib, struct vnm_rib_table *t, uint32_t at);

/* The router begins to tell the table anew: all paths are stale, and a sweep in progress ends. */
void vnm_rib_mark(struct vnm_rib_table *t, uint64_t now_ns);

static inline bool
vnm_rib_is_stale(const struct vnm_rib_table *t, const struct vnm_rib_path *path)
{
	return path->generation != t->generation;
}

/* Takes all stale fingerprints out of a table that is not full: how many. */
uint32_t vnm_rib_sweep_prints(struct vnm_rib *rib, struct vnm_rib_table *t);

/* Memory of the table, with its share of the attributes by its number of paths. */
uint64_t vnm_rib_table_octets(const struct vnm_rib *rib, const struct vnm_rib_table *t);

/* ---- fingerprints (rib_prints.c); octets of memory are told by their difference ---------------
 */

/* The generation that it has; -1 where it is not there. */
int vnm_rib_prints_get(const struct vnm_rib_prints *s, uint64_t hash);
/* It has this generation from now on; `used` are there. 0, or -1 when memory is short. */
int vnm_rib_prints_add(
    struct vnm_rib_prints *s, uint32_t used, uint64_t hash, uint8_t generation) VNM_MUST_CHECK;
/* Takes out one that is there. */
void vnm_rib_prints_remove(struct vnm_rib_prints *s, uint64_t hash);
/* All have generation 0. */
void vnm_rib_prints_age(struct vnm_rib_prints *s);
/* Takes out all of other generations: how many. */
uint32_t vnm_rib_prints_sweep(struct vnm_rib_prints *s, uint8_t generation);

#endif
