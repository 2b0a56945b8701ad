/*
 * Named values of which some come repeatedly, as TLVs do.
 */
#ifndef VNM_DECODERS_PAIRS_H
#define VNM_DECODERS_PAIRS_H

#include "base/scratch.h"
#include "record/record.h"

/*
 * Those of one name become one array, where the first of them stood: no name is there twice.
 * False when the scratch is used up; *pairs is as it was then.
 */
bool vnm_pairs_gather(struct vnm_scratch *s, struct vnm_pairs *pairs);

#endif
