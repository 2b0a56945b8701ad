/*
 * Word to systemd of how the service is (sd_notify(3), without its library).
 */
#ifndef VNM_DAEMON_NOTIFY_H
#define VNM_DAEMON_NOTIFY_H

/* "READY=1", "RELOADING=1", "STOPPING=1" …; nothing where nobody listens. */
void vnm_notify(const char *state);

#endif
