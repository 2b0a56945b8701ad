/*
 * Runs the suites of suites.def: `unit [SUITE…]`, all by default. Ends with a line
 * "N passed, N failed" that counts tests.
 */
#include "unit.h"

#include <CUnit/Basic.h>
#include <stdio.h>
#include <string.h>

/* For LeakSanitizer: net-snmp 5.9.3 forgets 4.8 kB whenever its MIB modules are unloaded. */
const char *__lsan_default_suppressions(void);

const char *
__lsan_default_suppressions(void)
{
	return "leak:netsnmp_init_mib_internals\n";
}

static bool
chosen(int argc, char **argv, const char *name)
{
	for (int i = 1; i < argc; i++) {
		if (strcmp(argv[i], name) == 0)
			return true;
	}
	return argc < 2;
}

int
main(int argc, char **argv)
{
	CU_SuiteInfo suites[] = {
#define VNM_SUITE(name) {#name, NULL, NULL, NULL, NULL, suite_##name},
#include "suites.def"
#undef VNM_SUITE
	    CU_SUITE_INFO_NULL};
	const CU_SuiteInfo end = CU_SUITE_INFO_NULL;
	size_t kept = 0;

	for (size_t i = 0; suites[i].pName != NULL; i++) {
		if (chosen(argc, argv, suites[i].pName))
			suites[kept++] = suites[i];
	}
	suites[kept] = end;
	if (CU_initialize_registry() != CUE_SUCCESS || CU_register_suites(suites) != CUE_SUCCESS) {
		fprintf(stderr, "unit: %s\n", CU_get_error_msg());
		return 2;
	}
	CU_basic_set_mode(CU_BRM_NORMAL);
	CU_basic_run_tests();
	unsigned failed = CU_get_number_of_tests_failed();
	unsigned run = CU_get_number_of_tests_run();
	CU_cleanup_registry();
	printf("\n%u passed, %u failed\n", run - failed, failed);
	return failed != 0 || run == 0;
}
