/*
 * Transports by name.
 */
#include "base/transport.h"

#include <assert.h>
#include <string.h>

static const struct {
	struct vnm_str word;
	bool stream;
} transports[VNM_TRANSPORT_COUNT] = {
#define ROW(what, word, stream) [VNM_TRANSPORT_##what] = {VNM_STR(word), stream},
    VNM_TRANSPORTS(ROW)
#undef ROW
};

struct vnm_str
vnm_transport_name(enum vnm_transport t)
{
	assert(t < VNM_TRANSPORT_COUNT);
	return transports[t].word;
}

bool
vnm_transport_is_stream(enum vnm_transport t)
{
	assert(t < VNM_TRANSPORT_COUNT);
	return transports[t].stream;
}

enum vnm_transport
vnm_transport_before_colon(const char *text)
{
	struct vnm_str word = {text, (uint32_t)strcspn(text, ":"), false};
	enum vnm_transport t = 0;

	while (t < VNM_TRANSPORT_COUNT &&
	       (text[word.n] != ':' || !vnm_str_is(word, transports[t].word.p)))
		t++;
	return t;
}
