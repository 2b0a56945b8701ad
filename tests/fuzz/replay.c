/*
 * A fuzz target for the reading of capture files: link headers, fragments, TCP streams. The
 * decoders only frame the streams; what they make of messages is for their own targets.
 */
#include "count.h"
#include "file.h"
#include "messages.h"

#include <stdio.h>
#include <stdlib.h>

int
LLVMFuzzerTestOneInput(const uint8_t *p, size_t n)
{
	struct vnm_messages list;
	struct vnm_err err;

	(void)vnm_messages_read(&list, vnm_fuzz_file(p, n), &err);
	vnm_fuzz_count(list.n, 0);
	vnm_messages_free(&list);
	return 0;
}
