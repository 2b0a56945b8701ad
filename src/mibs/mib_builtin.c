/*
 * The catalogue that is built in: data that mib_table_gen makes of src/mibs/modules/.
 */
#include "mibs/mib.h"

#include "mib_builtin.inc"
