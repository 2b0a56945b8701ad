/*
 * What every suite of unit tests needs.
 */
#ifndef VNM_TESTS_UNIT_H
#define VNM_TESTS_UNIT_H

#include "base/compat.h"

#include <CUnit/CUnit.h>

#define VNM_SUITE(name) extern CU_TestInfo suite_##name[];
#include "suites.def"
#undef VNM_SUITE

#endif
