/*
 * Our own form of a MIB module: text, a line an object (doc/MIBS.md says how to write one).
 *
 *	module IF-MIB
 *	type InterfaceIndex INTEGER hint "d"
 *	node interfaces mib-2.2
 *	scalar ifNumber interfaces.1 INTEGER
 *	table ifTable interfaces.2 ifEntry index ifIndex
 *		ifIndex 1 InterfaceIndex
 *		ifAdminStatus 7 INTEGER { up 1, down 2, testing 3 }
 *	notification linkDown snmpTraps.3 ifIndex ifAdminStatus ifOperStatus
 */
#ifndef VNM_MIBS_TABLE_H
#define VNM_MIBS_TABLE_H

#include "mibs/draft.h"

#include <stdio.h>

/*
 * Reads n octets of text, which are changed, into a draft; `file` is for messages. 0, or -1 with
 * the first mistake.
 */
int vnm_mib_table_read(
    struct vnm_mib_draft *d, char *text, size_t n, const char *file, struct vnm_err *err);

/* Writes a module of a catalogue in this form (its index of m->modules). */
void vnm_mib_table_write(FILE *f, const struct vnm_mib *m, uint32_t module);

#endif
