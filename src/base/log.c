/*
 * Messages to the operator on stderr.
 */
#include "base/log.h"

#include "base/clock.h"

#include <stdarg.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>

#define GATE_NS (10 * VNM_NS_PER_S)

static _Atomic int log_level = VNM_LOG_INFO; /* set once, before the workers start */

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

	if ((int)level > log_level)
		return;
	va_start(ap, fmt);
	vsnprintf(text, sizeof(text), fmt, ap);
	va_end(ap);
	if (getenv("JOURNAL_STREAM") != NULL)
		fprintf(stderr, "<%d>%s\n", priorities[level], text);
	else
		fprintf(stderr, "vnmcd: %s: %s\n", names[level], text);
}

bool
vnm_log_gate_open(struct vnm_log_gate *gate, uint64_t now_ns)
{
	if (now_ns < gate->next_ns) {
		gate->suppressed++;
		return false;
	}
	gate->next_ns = now_ns + GATE_NS;
	gate->suppressed = 0;
	return true;
}
