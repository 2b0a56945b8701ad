/*
 * Becoming an unprivileged user.
 */
#include "daemon/privs.h"

#include <errno.h>
#include <grp.h>
#include <pwd.h>
#include <string.h>
#include <unistd.h>

static const struct passwd *
find_user(const char *user, struct vnm_err *err)
{
	const struct passwd *pw;

	errno = 0;
	pw = getpwnam(user);
	if (pw == NULL)
		vnm_err_text(err,
		    "user: there is no user `%s`%s%s; make it with "
		    "`useradd --system %s` or leave `user` out",
		    user, errno != 0 ? ": " : "", errno != 0 ? strerror(errno) : "", user);
	return pw;
}

int
vnm_privs_give(const char *path, const char *user, struct vnm_err *err)
{
	const struct passwd *pw = find_user(user, err);

	if (pw == NULL)
		return -1;
	if (geteuid() == pw->pw_uid || chown(path, pw->pw_uid, pw->pw_gid) == 0)
		return 0;
	return vnm_err_text(err, "cannot give %s to `%s`: %s", path, user, strerror(errno));
}

int
vnm_privs_drop(const char *user, struct vnm_err *err)
{
	const struct passwd *pw = find_user(user, err);

	if (pw == NULL)
		return -1;
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
