/*
 * An operator's own MIB files, added to the built-in catalogue. net-snmp's parser reads them; what
 * it imports of built-in modules need not be there as files.
 *
 * The parser has global state and reads nothing but what it is told (no configuration, no
 * environment, no persistent directory): one call at a time, from whichever thread. It may take a
 * tenth of a second for hundreds of modules, so it is nothing for an event loop.
 */
#ifndef VNM_MIBS_LOAD_H
#define VNM_MIBS_LOAD_H

#include "base/err.h"
#include "mibs/mib.h"

/* Lists of paths and names; borrowed. */
struct vnm_mib_sources {
	const char *const *dirs; /* files in them are read where a module asks for them */
	uint32_t dir_count;
	const char *const *files; /* all modules in them are read */
	uint32_t file_count;
	const char *const *modules; /* of `dirs`; none: all that are there */
	uint32_t module_count;
};

/*
 * The built-in modules and those of the sources, which replace built-in ones of their name;
 * vnm_mib_free(). NULL, and in `errs` what cannot be: a file that is not there, holds no module or
 * makes no object, a module that is nowhere. In `warnings` what the parser complained of, by file
 * and line, and what conflicts; both may be told to the operator as they are.
 */
struct vnm_mib *vnm_mib_load(
    const struct vnm_mib_sources *s, struct vnm_errs *errs, struct vnm_errs *warnings);

/* Of the library that reads the files. */
const char *vnm_mib_parser_version(void);

#endif
