/*
 * What notifications mean: the table of alarms.
 */
#ifndef VNM_DECODERS_SNMP_ALARM_H
#define VNM_DECODERS_SNMP_ALARM_H

#include "decoders/snmp.h"

enum vnm_snmp_alarm_state { VNM_SNMP_EVENT, VNM_SNMP_RAISE, VNM_SNMP_CLEAR, VNM_SNMP_BY_VALUE };
enum vnm_snmp_resource { VNM_SNMP_NONE, VNM_SNMP_FIRST, VNM_SNMP_AT, VNM_SNMP_VALUE };

struct vnm_snmp_alarm {
	const char *notification;
	struct vnm_str alarm_type;
	struct vnm_str severity;
	struct vnm_str probable_cause;
	struct vnm_str event_type;
	enum vnm_snmp_alarm_state state;
	const char *state_object; /* BY_VALUE */
	uint32_t clears;	  /* bits of its values that clear */
	enum vnm_snmp_resource resource;
	const char *word;
	const char *resource_object; /* AT, VALUE */
};

/* In the order of notifications. */
extern const struct vnm_snmp_alarm vnm_snmp_alarms[];
extern const size_t vnm_snmp_alarm_count;

/* By the notification's name, or NULL. */
const struct vnm_snmp_alarm *vnm_snmp_alarm_find(const char *notification);

/*
 * Sets what the record's trap means: alarm_type, resource, state, severity, cause, count, the
 * interface that it is about. `first` is the first of c's variables that says so.
 */
void vnm_snmp_judge(struct vnm_snmp_call *c, uint32_t first, struct vnm_record *r);

#endif
