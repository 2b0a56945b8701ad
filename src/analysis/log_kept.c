/*
 * What is kept of a log record.
 */
#include "analysis/log_kept.h"

#include "base/hash.h"
#include "record/names.h"

static void
keep_text(struct vnm_log_kept *k, size_t *at, unsigned which, const struct vnm_str *s)
{
	size_t n = 0, room = sizeof(k->text) - *at;

	if (s != NULL)
		n = s->n < room ? s->n : room;
	if (n > 0)
		memcpy(k->text + *at, s->p, n);
	k->n[which] = (uint16_t)n;
	*at += n;
}

void
vnm_log_keep(struct vnm_log_kept *k, const struct vnm_record *r)
{
	size_t at = 0;

	k->exporter = VNM_HAS(r, env, exporter_addr) ? r->env.exporter_addr : (struct vnm_addr){0};
	k->observed_ns = r->env.observed_ns;
	k->event_ns = VNM_HAS(r, env, event_ns) ? r->env.event_ns : 0;
	k->facility = r->log.facility;
	k->severity = r->log.severity;
	k->has_vendor_severity = VNM_HAS(r, log, vendor_severity);
	k->vendor_severity = k->has_vendor_severity ? r->log.vendor_severity : 0;
#define KEEP(field) \
	keep_text(k, &at, VNM_LOG_KEPT_##field, VNM_HAS(r, log, field) ? &r->log.field : NULL);
	VNM_LOG_KEPT(KEEP)
#undef KEEP
}

void
vnm_log_recall(const struct vnm_log_kept *k, struct vnm_record *r)
{
	const char *p = k->text;

	if (k->exporter.family != VNM_ADDR_NONE && !VNM_HAS(r, env, exporter_addr))
		VNM_SET(r, env, exporter_addr, k->exporter);
	if (k->event_ns != 0 && !VNM_HAS(r, env, event_ns))
		VNM_SET(r, env, event_ns, k->event_ns);
	if (!VNM_HAS(r, log, severity)) {
		VNM_SET(r, log, facility, k->facility);
		VNM_SET(r, log, facility_name, vnm_syslog_facility_name(k->facility));
		VNM_SET(r, log, severity, k->severity);
		VNM_SET(r, log, severity_name, vnm_syslog_severity_name(k->severity));
	}
	if (k->has_vendor_severity && !VNM_HAS(r, log, vendor_severity))
		VNM_SET(r, log, vendor_severity, k->vendor_severity);
#define RECALL(field)                                                                              \
	do {                                                                                       \
		uint16_t n = k->n[VNM_LOG_KEPT_##field];                                           \
		if (n != 0 && !VNM_HAS(r, log, field))                                             \
			VNM_SET(r, log, field, (struct vnm_str){p, n, vnm_str_check_clean(p, n)}); \
		p += n;                                                                            \
	} while (0);
	VNM_LOG_KEPT(RECALL)
#undef RECALL
}

uint64_t
vnm_log_source(const struct vnm_record *r, uint64_t seed)
{
	uint64_t hash = seed;

	if (VNM_HAS(r, env, exporter_addr))
		hash = vnm_hash(&r->env.exporter_addr, sizeof(r->env.exporter_addr), hash);
	if (VNM_HAS(r, log, hostname))
		hash = vnm_hash(r->log.hostname.p, r->log.hostname.n, hash);
	return hash;
}

uint64_t
vnm_log_content(const struct vnm_record *r, uint64_t seed)
{
	uint64_t hash = seed ^ r->log.severity ^ (uint64_t)r->log.facility << 8;

	if (VNM_HAS(r, log, app_name))
		hash = vnm_hash(r->log.app_name.p, r->log.app_name.n, hash);
	if (VNM_HAS(r, log, mnemonic))
		hash = vnm_hash(r->log.mnemonic.p, r->log.mnemonic.n, hash);
	if (VNM_HAS(r, log, message))
		hash = vnm_hash(r->log.message.p, r->log.message.n, hash);
	return hash;
}
