/*
 * Privileges, once the sockets are bound.
 */
#ifndef VNM_DAEMON_PRIVS_H
#define VNM_DAEMON_PRIVS_H

#include "base/err.h"

/* A directory that we have just made becomes that user's. 0, or -1 and err->text. */
int vnm_privs_give(const char *path, const char *user, struct vnm_err *err);

/* Becomes that user with its groups, for good. 0, or -1 and err->text. */
int vnm_privs_drop(const char *user, struct vnm_err *err);

#endif
