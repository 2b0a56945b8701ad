/*
 * TCP-MD5 signatures (RFC 2385): keys by the addresses of the other side, on a socket.
 */
#ifndef VNM_COLLECTORS_MD5_H
#define VNM_COLLECTORS_MD5_H

#include "collectors/collector.h"

/* Whether one pair of a listener's `md5` makes sense: 0, or -1 and err->text. */
int vnm_md5_check(const char *prefix, const char *key, struct vnm_err *err);

/*
 * Gives a socket these keys, each for the addresses of its prefix, and takes those of `old`
 * (NULL: none) away that are not there any more: 0, or -1 and err->text. `keys` were checked.
 */
int vnm_md5_set(
    int fd, const struct vnm_strings *keys, const struct vnm_strings *old, struct vnm_err *err);

#endif
