/*
 * Messages to the operator on stderr.
 */
#include "base/log.h"

#include "base/clock.h"

#include <stdarg.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define GATE_NS (10 * VNM_NS_PER_S)

static _Atomic int log_level = VNM_LOG_INFO; /* set once, before the workers start */
static const char *log_areas = "";	     /* likewise */

void
vnm_log_areas(const char *areas)
{
	log_areas = areas;
}

/* Whether a message of this area was asked for. */
static bool
area_wanted(const char *text)
{
	size_t n = strcspn(text, ":");

	for (const char *area = log_areas; *area != '\0'; area += *area == ',') {
		size_t len = strcspn(area, ",");
		bool all = len == 3 && memcmp(area, "all", 3) == 0;
		if (all || (len == n && memcmp(area, text, n) == 0))
			return true;
		area += len;
	}
	return false;
}

void
vnm_log_level(enum vnm_log_level level)
{
	log_level = (int)level;
}

void
vnm_log(enum vnm_log_level level, const char *fmt, ...)
{
	static const char *const names[] = {"error", "warning", "info", "debug"};
	static const int priorities[] = {3, 4, 6, 7};
	char text[1024];
	va_list ap;

	if ((int)level > log_level && (level != VNM_LOG_DEBUG || log_areas[0] == '\0'))
		return;
	va_start(ap, fmt);
	vsnprintf(text, sizeof(text), fmt, ap);
	va_end(ap);
	if ((int)level > log_level && !area_wanted(text))
		return;
	if (getenv("JOURNAL_STREAM") != NULL)
		fprintf(stderr, "<%d>%s\n", priorities[level], text);
	else
		fprintf(stderr, "vnmcd: %s: %s\n", names[level], text);
}

bool
vnm_log_gate_open(struct vnm_log_gate *gate, uint64_t now_ns)
{
	if (now_ns < gate->next_ns)
		return false;
	gate->next_ns = now_ns + GATE_NS;
	return true;
}
