/*
 * The messages of a capture file, taken out through vnmcd's own replay: what the sweep
 * mutates, the decoder benchmark replays and the fuzzers get as seeds.
 */
#ifndef VNM_TESTS_MESSAGES_H
#define VNM_TESTS_MESSAGES_H

#include "decoders/decoder.h"

struct vnm_test_message {
	struct vnm_datagram d;		   /* its octets are owned by the list */
	const struct vnm_decoder *decoder; /* by contents, then by port */
	bool end;			   /* no message: its stream ended */
};

struct vnm_messages {
	struct vnm_test_message *m; /* owned; plain malloc, not vnm_alloc */
	size_t n, cap;
	size_t octets; /* of all messages */
	size_t longest;
};

/*
 * Those for which there is a decoder: 0, or -1 and *err when nothing could be read. A file
 * that is cut short gives what was before the cut. A name that ends in .bin is in the form of
 * cases/flow-torture: u16 source, u16 length, datagram, and so on.
 */
int vnm_messages_read(struct vnm_messages *list, const char *path, struct vnm_err *err);
void vnm_messages_free(struct vnm_messages *list);

#endif
