/*
 * --dump=what: the tables that vnmcd is made from, for people, scripts and documentation.
 */
#ifndef VNM_DAEMON_DUMP_H
#define VNM_DAEMON_DUMP_H

#include "base/err.h"

#include <stdio.h>

struct vnm_mib;

/* 0, or -1 and err->text, which names what there is. `mib` is the catalogue of --dump=mibs. */
int vnm_dump(const char *what, const struct vnm_mib *mib, FILE *f, struct vnm_err *err);

#endif
