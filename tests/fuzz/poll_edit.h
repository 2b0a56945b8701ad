/*
 * Changes to a list of varbinds, as an input says them.
 */
#ifndef VNM_FUZZ_POLL_EDIT_H
#define VNM_FUZZ_POLL_EDIT_H

#include "base/reader.h"

/* One change (enum edit) to the *n octets of a list, of which there may be `room`. */
void poll_edit(struct vnm_reader *input, uint8_t *list, size_t *n, size_t room);

#endif
