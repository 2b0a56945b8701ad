/*
 * Registry names of numbers in records.
 */
#include "record/names.h"

/* clang-format off */
static const struct vnm_str protocols[256] = {
#define P(number, name) [number] = {name, sizeof(name) - 1, true},
	P(0, "hopopt") P(1, "icmp") P(2, "igmp") P(3, "ggp") P(4, "ipv4") P(5, "st") P(6, "tcp")
	P(7, "cbt") P(8, "egp") P(9, "igp") P(10, "bbn-rcc-mon") P(11, "nvp-ii") P(12, "pup")
	P(13, "argus") P(14, "emcon") P(15, "xnet") P(16, "chaos") P(17, "udp") P(18, "mux")
	P(19, "dcn-meas") P(20, "hmp") P(21, "prm") P(22, "xns-idp") P(23, "trunk-1")
	P(24, "trunk-2") P(25, "leaf-1") P(26, "leaf-2") P(27, "rdp") P(28, "irtp")
	P(29, "iso-tp4") P(30, "netblt") P(31, "mfe-nsp") P(32, "merit-inp") P(33, "dccp")
	P(34, "3pc") P(35, "idpr") P(36, "xtp") P(37, "ddp") P(38, "idpr-cmtp") P(39, "tp++")
	P(40, "il") P(41, "ipv6") P(42, "sdrp") P(43, "ipv6-route") P(44, "ipv6-frag")
	P(45, "idrp") P(46, "rsvp") P(47, "gre") P(48, "dsr") P(49, "bna") P(50, "esp")
	P(51, "ah") P(52, "i-nlsp") P(53, "swipe") P(54, "narp") P(55, "min-ipv4") P(56, "tlsp")
	P(57, "skip") P(58, "ipv6-icmp") P(59, "ipv6-nonxt") P(60, "ipv6-opts") P(62, "cftp")
	P(64, "sat-expak") P(65, "kryptolan") P(66, "rvd") P(67, "ippc") P(69, "sat-mon")
	P(70, "visa") P(71, "ipcv") P(72, "cpnx") P(73, "cphb") P(74, "wsn") P(75, "pvp")
	P(76, "br-sat-mon") P(77, "sun-nd") P(78, "wb-mon") P(79, "wb-expak") P(80, "iso-ip")
	P(81, "vmtp") P(82, "secure-vmtp") P(83, "vines") P(84, "iptm") P(85, "nsfnet-igp")
	P(86, "dgp") P(87, "tcf") P(88, "eigrp") P(89, "ospfigp") P(90, "sprite-rpc")
	P(91, "larp") P(92, "mtp") P(93, "ax.25") P(94, "ipip") P(95, "micp") P(96, "scc-sp")
	P(97, "etherip") P(98, "encap") P(100, "gmtp") P(101, "ifmp") P(102, "pnni") P(103, "pim")
	P(104, "aris") P(105, "scps") P(106, "qnx") P(107, "a/n") P(108, "ipcomp") P(109, "snp")
	P(110, "compaq-peer") P(111, "ipx-in-ip") P(112, "vrrp") P(113, "pgm") P(115, "l2tp")
	P(116, "ddx") P(117, "iatp") P(118, "stp") P(119, "srp") P(120, "uti") P(121, "smp")
	P(122, "sm") P(123, "ptp") P(124, "isis") P(125, "fire") P(126, "crtp") P(127, "crudp")
	P(128, "sscopmce") P(129, "iplt") P(130, "sps") P(131, "pipe") P(132, "sctp") P(133, "fc")
	P(134, "rsvp-e2e-ignore") P(135, "mobility-header") P(136, "udplite") P(137, "mpls-in-ip")
	P(138, "manet") P(139, "hip") P(140, "shim6") P(141, "wesp") P(142, "rohc")
	P(143, "ethernet") P(144, "aggfrag") P(145, "nsh")
#undef P
};
/* clang-format on */

#define LOOKUP(table, i) ((i) < VNM_ARRAY_LEN(table) ? (table)[i] : (struct vnm_str){0})

struct vnm_str
vnm_protocol_name(uint8_t protocol)
{
	return protocols[protocol];
}

struct vnm_str
vnm_end_reason_name(uint8_t reason)
{
	static const struct vnm_str names[] = {[1] = VNM_STR("idle-timeout"),
	    [2] = VNM_STR("active-timeout"),
	    [3] = VNM_STR("end-of-flow"),
	    [4] = VNM_STR("forced-end"),
	    [5] = VNM_STR("lack-of-resources")};

	return LOOKUP(names, reason);
}

struct vnm_str
vnm_nat_event_name(uint8_t event)
{
	static const struct vnm_str names[] = {[1] = VNM_STR("nat-create"),
	    [2] = VNM_STR("nat-delete"),
	    [3] = VNM_STR("addresses-exhausted"),
	    [4] = VNM_STR("nat44-session-create"),
	    [5] = VNM_STR("nat44-session-delete"),
	    [6] = VNM_STR("nat64-session-create"),
	    [7] = VNM_STR("nat64-session-delete"),
	    [8] = VNM_STR("nat44-bib-create"),
	    [9] = VNM_STR("nat44-bib-delete"),
	    [10] = VNM_STR("nat64-bib-create"),
	    [11] = VNM_STR("nat64-bib-delete"),
	    [12] = VNM_STR("ports-exhausted"),
	    [13] = VNM_STR("quota-exceeded"),
	    [14] = VNM_STR("address-binding-create"),
	    [15] = VNM_STR("address-binding-delete"),
	    [16] = VNM_STR("port-block-allocation"),
	    [17] = VNM_STR("port-block-deallocation"),
	    [18] = VNM_STR("threshold-reached")};

	return LOOKUP(names, event);
}

struct vnm_str
vnm_firewall_event_name(uint8_t event)
{
	static const struct vnm_str names[] = {[0] = VNM_STR("ignore"),
	    [1] = VNM_STR("flow-created"),
	    [2] = VNM_STR("flow-deleted"),
	    [3] = VNM_STR("flow-denied"),
	    [4] = VNM_STR("flow-alert"),
	    [5] = VNM_STR("flow-update")};

	return LOOKUP(names, event);
}

struct vnm_str
vnm_direction_name(uint8_t direction)
{
	static const struct vnm_str names[] = {VNM_STR("ingress"), VNM_STR("egress")};

	return LOOKUP(names, direction);
}

struct vnm_str
vnm_forwarding_status_name(uint8_t status)
{
	static const struct vnm_str names[] = {
	    VNM_STR("unknown"), VNM_STR("forwarded"), VNM_STR("dropped"), VNM_STR("consumed")};

	return names[status >> 6];
}

struct vnm_str
vnm_syslog_facility_name(uint8_t facility)
{
	static const struct vnm_str names[] = {VNM_STR("kern"), VNM_STR("user"), VNM_STR("mail"),
	    VNM_STR("daemon"), VNM_STR("auth"), VNM_STR("syslog"), VNM_STR("lpr"), VNM_STR("news"),
	    VNM_STR("uucp"), VNM_STR("cron"), VNM_STR("authpriv"), VNM_STR("ftp"), VNM_STR("ntp"),
	    VNM_STR("audit"), VNM_STR("alert"), VNM_STR("clock"), VNM_STR("local0"),
	    VNM_STR("local1"), VNM_STR("local2"), VNM_STR("local3"), VNM_STR("local4"),
	    VNM_STR("local5"), VNM_STR("local6"), VNM_STR("local7")};

	return LOOKUP(names, facility);
}

struct vnm_str
vnm_syslog_severity_name(uint8_t severity)
{
	static const struct vnm_str names[] = {VNM_STR("emerg"), VNM_STR("alert"), VNM_STR("crit"),
	    VNM_STR("err"), VNM_STR("warning"), VNM_STR("notice"), VNM_STR("info"),
	    VNM_STR("debug")};

	return LOOKUP(names, severity);
}

#define NAME(r, field, lookup)                                                          \
	do {                                                                            \
		struct vnm_str text;                                                    \
		if (VNM_HAS(r, flow, field) && (text = lookup((r)->flow.field)).n != 0) \
			VNM_SET(r, flow, field##_name, text);                           \
	} while (0)

void
vnm_flow_names(struct vnm_record *r)
{
	NAME(r, protocol, vnm_protocol_name);
	NAME(r, end_reason, vnm_end_reason_name);
	NAME(r, nat_event, vnm_nat_event_name);
	NAME(r, firewall_event, vnm_firewall_event_name);
	NAME(r, direction, vnm_direction_name);
	NAME(r, forwarding_status, vnm_forwarding_status_name);
}
