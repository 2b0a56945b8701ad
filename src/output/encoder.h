/*
 * Encoders: a record into octets, driven by the tables of fields and by presence bits.
 */
#ifndef VNM_OUTPUT_ENCODER_H
#define VNM_OUTPUT_ENCODER_H

#include "base/buffer.h"
#include "base/err.h"
#include "base/option.h"
#include "record/record.h"

/* What an output wants of each record; made once from its configuration. */
struct vnm_selection {
	uint64_t wanted[VNM_KIND_COUNT][VNM_HAS_WORDS]; /* by field index */
	bool u64_as_string; /* JSON: 64-bit integers as strings, for consumers without them */
};

/* `fields` empty: all. 0, or -1 and *err for a name that no kind has (with the nearest). */
int vnm_selection_make(
    struct vnm_selection *s, const struct vnm_strings *fields, struct vnm_err *err);

/*
 * One encoded record stands in its buffer as a frame, fit for a file or a stream: a prefix
 * (protobuf: the length as a varint), the body (what a Kafka message carries) and a suffix
 * (JSON: a line feed).
 */
struct vnm_frame {
	uint32_t at;	  /* offset of the frame in the buffer */
	uint32_t n;	  /* octets of the frame */
	uint32_t body_at; /* offset of the body in the buffer */
	uint32_t body_n;
};

struct vnm_encoder {
	const char *name; /* in the configuration: json, protobuf */
	const char *summary;
	/* Appends one frame to b: true, or false when memory is short (b is as it was). */
	bool (*encode)(const struct vnm_selection *s, const struct vnm_record *r,
	    struct vnm_buffer *b, struct vnm_frame *frame);
};

extern const struct vnm_encoder vnm_json_encoder;
extern const struct vnm_encoder vnm_protobuf_encoder;

/* By name, or NULL. */
const struct vnm_encoder *vnm_encoder_find(const char *name);

#endif
