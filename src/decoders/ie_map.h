/*
 * How an information element is copied into a record: the rows of ie_map.def.
 */
#ifndef VNM_DECODERS_IE_MAP_H
#define VNM_DECODERS_IE_MAP_H

#include "record/record.h"

/* The conversions of ie_map.def, and what template.c makes of them. */
enum vnm_conversion {
	VNM_CONV_UINT,
	VNM_CONV_U8, /* UINT of just the field's width, and 4 octets into 8 */
	VNM_CONV_U16,
	VNM_CONV_U32,
	VNM_CONV_U64,
	VNM_CONV_U32_TO_U64,
	VNM_CONV_KNOWN,
	VNM_CONV_LOW,
	VNM_CONV_IP4,
	VNM_CONV_IP6,
	VNM_CONV_HOP4,
	VNM_CONV_HOP6,
	VNM_CONV_MAC,
	VNM_CONV_STRING,
	VNM_CONV_OCTETS,
	VNM_CONV_SECONDS,
	VNM_CONV_MILLISECONDS,
	VNM_CONV_MICROSECONDS,
	VNM_CONV_NANOSECONDS,
	VNM_CONV_RAW,	/* into a raw value */
	VNM_CONV_FRAME, /* a sampled packet that begins with its link layer */
	VNM_CONV_IP,	/* a sampled packet that begins with IP */
	VNM_CONV_SKIP,
	VNM_CONV_ELEMENT /* kept in `ie` */
};

/* Numbers from which fields are made when the record is complete. */
#define VNM_RAWS(X)                                                                           \
	X(start_uptime)                                                                       \
	X(end_uptime)                                                                         \
	X(rev_start_uptime)                                                                   \
	X(rev_end_uptime)                                                                     \
	X(start_delta_us)                                                                     \
	X(end_delta_us)                                                                       \
	X(system_init_ms) X(duration_ms) X(duration_us) X(icmp4_type_code) X(icmp4_type)      \
	    X(icmp4_code) X(icmp6_type_code) X(icmp6_type) X(icmp6_code) X(sampling_interval) \
		X(sampler_interval) X(packet_interval) X(packet_space) X(sampling_size)       \
		    X(sampling_population) X(sampler_id) X(selector_id) X(segment_id)         \
			X(ovs_tunnel_type) X(ovs_tunnel_key) X(mpls_1) X(mpls_2) X(mpls_3)    \
			    X(mpls_4) X(mpls_5) X(mpls_6) X(mpls_7) X(mpls_8) X(mpls_9) X(mpls_10)

enum vnm_raw {
#define VNM_RAW_ENUM(name) VNM_RAW_##name,
	VNM_RAWS(VNM_RAW_ENUM)
#undef VNM_RAW_ENUM
	    VNM_RAW_COUNT
};

_Static_assert(VNM_RAW_COUNT <= 64, "struct vnm_flow_work has a bit for each");

struct vnm_ie_map {
	uint32_t pen;
	uint16_t id;
	uint16_t to;	 /* field index of a flow record, or enum vnm_raw */
	uint16_t offset; /* of the field in struct vnm_record */
	uint8_t width;	 /* octets of an unsigned field */
	uint8_t rank;	 /* of several elements for one field the lowest fills it */
	uint8_t conv;	 /* enum vnm_conversion */
	bool again;	 /* for the second such element of a template */
};

/* The element's row, or NULL where it has no field; `again`: for its second occurrence. */
const struct vnm_ie_map *vnm_ie_map(uint32_t pen, uint16_t id, bool again);

#endif
