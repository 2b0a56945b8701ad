/*
 * Names that registries give to numbers: lower-case words. The text is static; an unassigned
 * number has none (n is 0).
 */
#ifndef VNM_RECORD_NAMES_H
#define VNM_RECORD_NAMES_H

#include "record/record.h"

struct vnm_str vnm_protocol_name(uint8_t protocol);	   /* IANA protocol numbers */
struct vnm_str vnm_end_reason_name(uint8_t reason);	   /* flowEndReason, RFC 5102 */
struct vnm_str vnm_nat_event_name(uint8_t event);	   /* natEvent, RFC 8158 */
struct vnm_str vnm_firewall_event_name(uint8_t event);	   /* firewallEvent */
struct vnm_str vnm_direction_name(uint8_t direction);	   /* flowDirection */
struct vnm_str vnm_forwarding_status_name(uint8_t status); /* RFC 7270: its upper two bits */

struct vnm_str vnm_syslog_facility_name(uint8_t facility); /* RFC 5424 table 1 */
struct vnm_str vnm_syslog_severity_name(uint8_t severity); /* RFC 5424 table 2 */

/* Sets the *_name beside each number of a flow record that has one. */
void vnm_flow_names(struct vnm_record *r);

#endif
