/*
 * How types of fields stand in protobuf: the words of the .proto.
 */
#include "record/proto.h"

#include <assert.h>

static const char *const types[] = {
#define PROTO_TEXT(type, wire, text) [VNM_TYPE_##type] = text,
    VNM_PROTO_TYPES(PROTO_TEXT)
#undef PROTO_TEXT
};

const char *
vnm_proto_type(enum vnm_type type)
{
	assert(type < VNM_ARRAY_LEN(types));
	return types[type];
}

const char vnm_proto_messages[] =
    "// An information element that has no field, with its octets as they came.\n"
    "message Ie {\n"
    "  // How the octets read (RFC 7011 section 6.1).\n"
    "  enum Type {\n"
    "    OCTETS = 0;\n"
    "    UNSIGNED = 1;\n"
    "    SIGNED = 2;\n"
    "    FLOAT = 3;\n"
    "    BOOLEAN = 4;\n"
    "    MAC = 5;\n"
    "    STRING = 6;\n"
    "    IPV4 = 7;\n"
    "    IPV6 = 8;\n"
    "    SECONDS = 9;\n"
    "    MILLISECONDS = 10;\n"
    "    MICROSECONDS = 11;\n"
    "    NANOSECONDS = 12;\n"
    "    LIST = 13;\n"
    "  }\n"
    "  uint32 pen = 1;  // private enterprise number; 0: IANA\n"
    "  uint32 id = 2;\n"
    "  bytes octets = 3;  // of a list only where `list` is empty\n"
    "  Type type = 4;\n"
    "  uint32 semantic = 5;  // of a list (RFC 6313 section 4.4)\n"
    "  uint32 row = 6;  // in a list: which of its records this belongs to\n"
    "  repeated Ie list = 7;\n"
    "}\n"
    "\n"
    "// A named value that has no field.\n"
    "message Pair {\n"
    "  string name = 1;\n"
    "  oneof value {\n"
    "    uint64 u64 = 2;\n"
    "    double f64 = 3;\n"
    "    string str = 4;\n"
    "    bytes bytes = 5;\n"
    "    bytes addr = 6;  // 4 or 16 octets\n"
    "    Pairs object = 7;\n"
    "    Pairs array = 8;  // of values without a name\n"
    "    int64 i64 = 9;\n"
    "    bool flag = 10;\n"
    "  }\n"
    "}\n"
    "\n"
    "// What an object or an array is made of; one without any is empty.\n"
    "message Pairs {\n"
    "  repeated Pair pairs = 1;\n"
    "}\n";

_Static_assert(VNM_IE_UNSIGNED == 1 && VNM_IE_STRING == 6 && VNM_IE_IP6 == 8 &&
		   VNM_IE_NANOSECONDS == 12 && VNM_IE_LIST == 13,
    "Ie.Type is enum vnm_ie_type");
