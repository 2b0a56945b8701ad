/*
 * A sink that believes nothing: it reads what the encoders wrote with a small JSON parser and a
 * walk over protobuf fields, both written from RFC 8259 and the protobuf encoding's description
 * and sharing no code with the encoders.
 */
#ifndef VNM_TESTS_JUDGE_H
#define VNM_TESTS_JUDGE_H

#include "output/sink.h"

extern const struct vnm_sink_type vnm_judge_sink;

/* Whether the octets are one JSON text in UTF-8 (RFC 8259), of sane depth. */
bool vnm_judge_json(const uint8_t *p, size_t n);
/* Whether the octets are whole protobuf fields. */
bool vnm_judge_protobuf(const uint8_t *p, size_t n);

/* What a sink of this type found; NULL: nothing amiss. */
const char *vnm_judge_finding(const struct vnm_sink *s);

#endif
