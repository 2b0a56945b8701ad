/*
 * What someone asks of the standing RIBs.
 */
#ifndef VNM_DECODERS_RIB_QUERY_H
#define VNM_DECODERS_RIB_QUERY_H

#include "base/addr.h"

enum vnm_rib_match {
	VNM_RIB_ANY,	 /* no prefix is asked for */
	VNM_RIB_EXACT,	 /* that prefix */
	VNM_RIB_LONGEST, /* the longest one of each table that contains it */
	VNM_RIB_WITHIN	 /* all that it contains */
};

struct vnm_rib_query {
	struct vnm_addr router, peer; /* family NONE: any */
	int view;		      /* an enum vnm_rib_view; -1: any */
	uint16_t afi;		      /* 0: any */
	uint8_t safi;		      /* 0: any */
	enum vnm_rib_match match;
	struct vnm_prefix prefix;
	bool summary;	/* numbers of tables instead of routes */
	uint32_t limit; /* records */
	/* The answer's own. */
	uint64_t looks; /* paths that may still be looked at */
	bool more;	/* not all that was asked for is told */
};

#endif
