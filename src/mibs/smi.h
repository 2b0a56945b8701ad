/*
 * Built-in modules as text in SMIv2, for a parser that reads modules which import from them: names
 * of places and textual conventions, no more.
 */
#ifndef VNM_MIBS_SMI_H
#define VNM_MIBS_SMI_H

#include "mibs/mib.h"

#include <stdio.h>

/* One of m->modules. */
void vnm_mib_smi_write(FILE *f, const struct vnm_mib *m, uint32_t module);

/*
 * RFC1213-MIB, from which old modules import what other modules have today: all of MIB-II that the
 * catalogue has, in one module, but nothing of the modules that are set in without[].
 */
void vnm_mib_smi_write_mib2(FILE *f, const struct vnm_mib *m, const bool *without);

#endif
