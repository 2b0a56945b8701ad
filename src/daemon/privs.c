/*
 * Becoming an unprivileged user.
 */
#include "daemon/privs.h"

#include <errno.h>
#include <grp.h>
#include <pwd.h>
#include <string.h>
#include <unistd.h>

int
vnm_privs_drop(const char *user, struct vnm_err *err)
{
	struct passwd *pw;

	errno = 0;
	pw = getpwnam(user);
	if (pw == NULL)
		return vnm_err_text(err,
		    "user: there is no user `%s`%s%s; make it with "
		    "`useradd --system %s` or leave `user` out",
		    user, errno != 0 ? ": " : "", errno != 0 ? strerror(errno) : "", user);
	if (geteuid() == pw->pw_uid)
		return 0;
	if (initgroups(user, pw->pw_gid) != 0 || setgid(pw->pw_gid) != 0 || setuid(pw->pw_uid) != 0)
		return vnm_err_text(err,
		    "user: cannot become `%s`: %s; start vnmcd as root or as "
		    "that user",
		    user, strerror(errno));
	if (pw->pw_uid != 0 && setuid(0) == 0)
		return vnm_err_text(err, "user: privileges came back after they were given up");
	return 0;
}
