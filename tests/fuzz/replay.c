/*
 * A fuzz target for the reading of capture files: link headers, fragments, TCP streams. The
 * decoders only frame the streams; what they make of messages is for their own targets.
 */
#include "file.h"
#include "messages.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>

static uint64_t files, messages;

int LLVMFuzzerTestOneInput(const uint8_t *p, size_t n);
int LLVMFuzzerInitialize(int *argc, char ***argv);

static void
tell(void)
{
	printf("%" PRIu64 " messages, %" PRIu64 " files\n", messages, files);
}

int
LLVMFuzzerInitialize(int *argc, char ***argv)
{
	(void)argc;
	(void)argv;
	atexit(tell);
	return 0;
}

int
LLVMFuzzerTestOneInput(const uint8_t *p, size_t n)
{
	struct vnm_messages list;
	struct vnm_err err;

	(void)vnm_messages_read(&list, vnm_fuzz_file(p, n), &err);
	files++;
	messages += list.n;
	vnm_messages_free(&list);
	return 0;
}
