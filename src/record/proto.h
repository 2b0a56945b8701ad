/*
 * How types of fields stand in protobuf (proto3): the one truth for the encoder and for the
 * .proto that describes what it writes.
 *
 * Fields of fixed type are `optional`, since a field that is not known is absent: never zero.
 */
#ifndef VNM_RECORD_PROTO_H
#define VNM_RECORD_PROTO_H

#include "record/record.h"

/* Wire types. */
enum vnm_wire { VNM_WIRE_VARINT = 0, VNM_WIRE_I64 = 1, VNM_WIRE_LEN = 2 };

/* X(type, wire, text): the type column of fields.def, its wire type, and the .proto's words. */
#define VNM_PROTO_TYPES(X)                \
	X(BOOL, VARINT, "optional bool")  \
	X(U8, VARINT, "optional uint32")  \
	X(U16, VARINT, "optional uint32") \
	X(U32, VARINT, "optional uint32") \
	X(U64, VARINT, "optional uint64") \
	X(I64, VARINT, "optional sint64") \
	X(F64, I64, "optional double")    \
	X(ADDR, LEN, "optional bytes")    \
	X(MAC, LEN, "optional bytes")     \
	X(STR, LEN, "optional string")    \
	X(BYTES, LEN, "optional bytes")   \
	X(U32S, LEN, "repeated uint32")   \
	X(STRS, LEN, "repeated string")   \
	X(IES, LEN, "repeated Ie")        \
	X(PAIRS, LEN, "repeated Pair")    \
	X(LIST, LEN, "repeated Pair")

enum {
#define VNM_PROTO_WIRE(type, wire, text) VNM_PROTO_WIRE_##type = VNM_WIRE_##wire,
	VNM_PROTO_TYPES(VNM_PROTO_WIRE)
#undef VNM_PROTO_WIRE
};

/* What a field of that type is declared as: "optional uint32". */
const char *vnm_proto_type(enum vnm_type type);

/* The messages that fields of types IES, PAIRS and LIST are made of, as they stand in the .proto.
 */
extern const char vnm_proto_messages[];

/* Field numbers of message Ie. */
enum {
	VNM_PROTO_IE_PEN = 1,
	VNM_PROTO_IE_ID = 2,
	VNM_PROTO_IE_OCTETS = 3,
	VNM_PROTO_IE_TYPE = 4,
	VNM_PROTO_IE_SEMANTIC = 5,
	VNM_PROTO_IE_ROW = 6,
	VNM_PROTO_IE_LIST = 7
};

/* Field numbers of message Pair. */
enum {
	VNM_PROTO_PAIR_NAME = 1,
	VNM_PROTO_PAIR_U64 = 2,
	VNM_PROTO_PAIR_F64 = 3,
	VNM_PROTO_PAIR_STR = 4,
	VNM_PROTO_PAIR_BYTES = 5,
	VNM_PROTO_PAIR_ADDR = 6,
	VNM_PROTO_PAIR_OBJECT = 7,
	VNM_PROTO_PAIR_ARRAY = 8,
	VNM_PROTO_PAIR_I64 = 9,
	VNM_PROTO_PAIR_FLAG = 10
};

/* Field number of message Pairs. */
enum { VNM_PROTO_PAIRS_PAIRS = 1 };

#endif
