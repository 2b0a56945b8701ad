/*
 * What went wrong in set-up code, for the operator: a message with file and line. Packets
 * never cause one of these; they have a vnm_reason (base/reason.h).
 */
#ifndef VNM_BASE_ERR_H
#define VNM_BASE_ERR_H

#include "base/compat.h"

struct vnm_err {
	char file[256]; /* empty: no file is to blame */
	unsigned line;	/* from 1; 0: the whole file */
	char text[512];
};

/* Fills *err (which may be NULL) and returns -1, so that callers can return it at once. */
int vnm_err_set(struct vnm_err *err, const char *file, unsigned line, const char *fmt, ...)
    VNM_PRINTF(4, 5);

/* The same without a file. */
int vnm_err_text(struct vnm_err *err, const char *fmt, ...) VNM_PRINTF(2, 3);

/* "file:line: text" into buf; returns buf. */
const char *vnm_err_format(const struct vnm_err *err, char *buf, size_t size);

/* Several of them, for those who check all before they give up. Zero-initialised by its owner. */
struct vnm_errs {
	struct vnm_err *p; /* owned; vnm_errs_free() */
	uint32_t n;
	uint32_t lost; /* more than there was room for */
};

/* Adds a copy. */
void vnm_errs_add(struct vnm_errs *errs, const struct vnm_err *err);
/* By file and line; what was added first stays first within a line. */
void vnm_errs_sort(struct vnm_errs *errs);
void vnm_errs_free(struct vnm_errs *errs);

#endif
