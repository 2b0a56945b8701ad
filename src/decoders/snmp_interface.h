/*
 * Values of IF-MIB in records of kind `interface`.
 */
#ifndef VNM_DECODERS_SNMP_INTERFACE_H
#define VNM_DECODERS_SNMP_INTERFACE_H

#include "record/record.h"
#include "snmp/pdu.h"

/*
 * Sets the field for the value of an object ("ifHCInOctets"). False where no field is for it, or
 * where the value does not fit. What says more goes before what says less, whichever comes first:
 * ifName before ifDescr, 64 bits before 32.
 */
bool vnm_snmp_interface_set(struct vnm_record *r, const char *object, const struct vnm_varbind *v);

/* The same in two steps, for who sets the same objects again and again; NULL: no field is for it.
 */
const struct vnm_snmp_interface_row *vnm_snmp_interface_find(const char *object);
bool vnm_snmp_interface_put(
    struct vnm_record *r, const struct vnm_snmp_interface_row *row, const struct vnm_varbind *v);

/* What follows of the others, once all are set: the sums of packets. */
void vnm_snmp_interface_finish(struct vnm_record *r);

#endif
