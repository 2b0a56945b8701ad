/*
 * The list of decoders, from decoders.def, and what all of them share.
 */
#include "decoders/decoder.h"

#include <assert.h>

#define VNM_DECODER(name) extern const struct vnm_decoder vnm_##name##_decoder;
#include "decoders/decoders.def"
#undef VNM_DECODER

const struct vnm_decoder *const vnm_decoders[] = {
#define VNM_DECODER(name) &vnm_##name##_decoder,
#include "decoders/decoders.def"
#undef VNM_DECODER
    NULL};

const struct vnm_option vnm_limits_options[] = {VNM_LIMITS_OPTIONS(VNM_OPTION_ROW) VNM_OPTION_END};

const struct vnm_decoder *
vnm_decoder_find(const char *name)
{
	for (size_t i = 0; vnm_decoders[i] != NULL; i++) {
		if (strcmp(vnm_decoders[i]->name, name) == 0)
			return vnm_decoders[i];
	}
	return NULL;
}

static bool
names_port(const struct vnm_decoder *decoder, uint16_t port)
{
	for (size_t i = 0; i < VNM_ARRAY_LEN(decoder->ports) && decoder->ports[i] != 0; i++) {
		if (decoder->ports[i] == port)
			return true;
	}
	return false;
}

const struct vnm_decoder *
vnm_decoder_guess(const uint8_t *p, size_t n, uint16_t port)
{
	for (size_t i = 0; vnm_decoders[i] != NULL; i++) {
		if (vnm_decoders[i]->probe(p, n))
			return vnm_decoders[i];
	}
	for (size_t i = 0; vnm_decoders[i] != NULL; i++) {
		if (names_port(vnm_decoders[i], port))
			return vnm_decoders[i];
	}
	return NULL;
}

void
vnm_out_release(struct vnm_out *out, enum vnm_outcome outcome, enum vnm_reason reason)
{
	struct vnm_counters *c = out->counters;

	assert(outcome != VNM_OUTCOME_HELD && c->outcome[VNM_OUTCOME_HELD] > 0);
	c->outcome[VNM_OUTCOME_HELD]--;
	c->outcome[outcome]++;
	if (outcome == VNM_OUTCOME_FAILED)
		c->failed[reason]++;
}
