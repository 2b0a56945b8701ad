/*
 * What a fuzz target has seen, told when it ends: long runs are measured in messages, not time.
 */
#ifndef VNM_FUZZ_COUNT_H
#define VNM_FUZZ_COUNT_H

#include <stddef.h>
#include <stdint.h>

int LLVMFuzzerTestOneInput(const uint8_t *p, size_t n);
int LLVMFuzzerInitialize(int *argc, char ***argv);

void vnm_fuzz_count(uint64_t messages, uint64_t records);

/* Ends with a finding where something is wrong; NULL: nothing is. */
void vnm_fuzz_demand(const char *wrong);

#endif
