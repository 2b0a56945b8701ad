/*
 * Operator-facing errors of set-up code.
 */
#include "base/err.h"

#include <stdarg.h>
#include <stdio.h>

static int
fill(struct vnm_err *err, const char *file, unsigned line, const char *fmt, va_list ap)
{
	if (err == NULL)
		return -1;
	snprintf(err->file, sizeof(err->file), "%s", file != NULL ? file : "");
	err->line = line;
	vsnprintf(err->text, sizeof(err->text), fmt, ap);
	return -1;
}

int
vnm_err_set(struct vnm_err *err, const char *file, unsigned line, const char *fmt, ...)
{
	va_list ap;

	va_start(ap, fmt);
	int rc = fill(err, file, line, fmt, ap);
	va_end(ap);
	return rc;
}

int
vnm_err_text(struct vnm_err *err, const char *fmt, ...)
{
	va_list ap;

	va_start(ap, fmt);
	int rc = fill(err, NULL, 0, fmt, ap);
	va_end(ap);
	return rc;
}

const char *
vnm_err_format(const struct vnm_err *err, char *buf, size_t size)
{
	if (err->file[0] == '\0')
		snprintf(buf, size, "%s", err->text);
	else if (err->line == 0)
		snprintf(buf, size, "%s: %s", err->file, err->text);
	else
		snprintf(buf, size, "%s:%u: %s", err->file, err->line, err->text);
	return buf;
}
