/*
 * Operator-facing errors of set-up code.
 */
#include "base/err.h"

#include "base/alloc.h"

#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#define ERRS_MAX 100

static int fill(struct vnm_err *err, const char *file, unsigned line, const char *fmt, va_list ap)
    VNM_PRINTF(4, 0);

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

void
vnm_errs_add(struct vnm_errs *errs, const struct vnm_err *err)
{
	struct vnm_err *p = NULL;

	if (errs->n < ERRS_MAX)
		p = vnm_realloc(errs->p, (errs->n + 1) * sizeof(*p));
	if (p == NULL) {
		errs->lost++;
		return;
	}
	errs->p = p;
	errs->p[errs->n++] = *err;
}

static bool
comes_before(const struct vnm_err *a, const struct vnm_err *b)
{
	int files = strcmp(a->file, b->file);

	return files != 0 ? files < 0 : a->line < b->line;
}

void
vnm_errs_sort(struct vnm_errs *errs)
{
	for (uint32_t i = 1; i < errs->n; i++) {
		struct vnm_err err = errs->p[i];
		uint32_t at = i;

		for (; at > 0 && comes_before(&err, &errs->p[at - 1]); at--)
			errs->p[at] = errs->p[at - 1];
		errs->p[at] = err;
	}
}

void
vnm_errs_free(struct vnm_errs *errs)
{
	vnm_free(errs->p);
	*errs = (struct vnm_errs){0};
}
