"""Compares the records of a replay with a case's truth.json.

A truth is what the exporter, independent captures at its observation point and other decoders
say about the same file; nothing in it comes from vnmcd. Every key of `expect` is either checked
here or named in UNCHECKED, so that a truth cannot be left aside by mistake.
"""
import calendar
import re
import struct
import time
from collections import Counter

import sampled

# What the records do not carry, or what a check of another key already contains.
UNCHECKED = {
    "flows5_ipv4", "flows5_ipv6",           # contained in `flows`
    "sample_pool", "notes", "parts", "datagram_sources",
    "data_records_if_templates_known",      # of a capture without its templates
    "seq_first_last", "first_sequence", "last_sequence",  # see check_sequence
    "scaled_estimate",                      # see check_samples
    "records",                              # sFlow record types: see counter_ports and samples
    "options_templates", "options_data_records",          # see options_values
    "udp_source_ports",                     # the reader of the pcap sees to it
}

# Keys of `sample_records` by the field of a flow record; zero there may be absent here.
SAMPLE_FIELDS = {
    "packets": "packets", "octets": "octets", "packets_total": "packets_total",
    "octets_total": "octets_total", "drop_packets": "dropped_packets",
    "drop_octets": "dropped_octets", "proto": "protocol", "direction": "direction",
    "end_reason": "end_reason", "smac": "src_mac", "dmac": "dst_mac", "ip_ttl": "ip_ttl",
    "tos": "tos", "src": "src_addr", "dst": "dst_addr", "ethernet_type": "ethertype",
    "icmp4_type": "icmp_type", "icmp4_code": "icmp_code", "icmp6_type": "icmp_type",
    "icmp6_code": "icmp_code", "template": "template_id", "ipv6flowlabel": "ip6_flow_label",
    "tcp_flags": "tcp_flags",
}
SAMPLE_OR_ABSENT = {
    "in_if": "in_if", "out_if": "out_if", "srcas": "src_as", "dstas": "dst_as",
    "srcmask": "src_prefix_len", "dstmask": "dst_prefix_len", "srcmaskv6": "src_prefix_len",
    "dstmaskv6": "dst_prefix_len", "vlan": "vlan_id", "nexthop": "next_hop",
}
NOTHING = (0, "0.0.0.0", "::")


def flow_key(r):
    """5-tuple as the truths have it: of ICMP the destination port is type * 256 + code."""
    proto = r.get("protocol", 0)
    sport, dport = r.get("src_port", 0), r.get("dst_port", 0)
    if proto in (1, 58) and "icmp_type" in r:
        sport, dport = 0, r["icmp_type"] * 256 + r.get("icmp_code", 0)
    return r.get("src_addr"), r.get("dst_addr"), proto, sport, dport


def truth_key(flow):
    """The same; of IE 139 the truth has the type alone, which for ICMPv6 is 128 or more."""
    port = flow["dport"]
    if flow["proto"] == 58 and 128 <= port <= 255:
        port *= 256
    return flow["src"], flow["dst"], flow["proto"], flow["sport"], port


def flow_sums(records, octets="octets", packets="packets"):
    sums = {}
    for r in records:
        one = sums.setdefault(flow_key(r), [0, 0, 0])
        one[0] += 1
        one[1] += r.get(packets, 0)
        one[2] += r.get(octets, 0)
    return sums


def reverse(r):
    """The reverse direction of a biflow record (RFC 5103) as a flow record of its own."""
    back = dict(r, src_addr=r["dst_addr"], dst_addr=r["src_addr"],
                packets=r.get("rev_packets", 0), octets=r.get("rev_octets", 0))
    if r.get("protocol") not in (1, 58):
        back["src_port"], back["dst_port"] = r.get("dst_port", 0), r.get("src_port", 0)
    return back


def differences(got, want, f, what):
    wrong = [(k, got.get(k), want.get(k)) for k in sorted(set(got) | set(want), key=str)
             if got.get(k) != want.get(k)]
    for key, have, must in wrong[:4]:
        f.append("%s %s: %s, must be %s" % (what, key, have, must))
    if len(wrong) > 4:
        f.append("%s: %d more differ" % (what, len(wrong) - 4))


def check_flows(expect, records, f):
    """NetFlow and IPFIX: counts, sums, the list of flows, directions."""
    biflow = [r for r in records if "rev_octets" in r or "rev_packets" in r]
    both = records + [reverse(r) for r in biflow]
    f.equal("data records", len(records), expect["data_records"])
    if not expect["sum_packets"]:
        return
    # The truth counts IP; Open vSwitch reports ARP, too, and of that the frames' octets.
    both, other = [r for r in both if "src_addr" in r], [r for r in both if "src_addr" not in r]
    f.true("records without an address: %s" % other[:1],
           all(r.get("ethertype") == 0x0806 and r["octets_layer"] == "l2" for r in other))
    f.equal("sum of packets", sum(r.get("packets", 0) for r in both), expect["sum_packets"])
    f.equal("sum of octets", sum(r.get("octets", 0) for r in both), expect["sum_octets"])
    want = {truth_key(x): [x["records"], x["packets"], x["octets"]] for x in expect["flows"]}
    differences(flow_sums(both), want, f, "flow")
    for number, direction in enumerate(("direction0", "direction1")):
        want = expect.get("by_direction", {}).get(direction)
        if want:
            these = [r for r in records if r.get("direction") == number]
            addressed = [r for r in these if "src_addr" in r]
            f.equal(direction, [len(these), sum(r["packets"] for r in addressed),
                                sum(r["octets"] for r in addressed)],
                    [want["data_records"], want["packets"], want["octets"]])


def check_templates(expect, records, f):
    """Records come by templates that were really sent, and by every one that the truth names."""
    sent = set(expect["templates"])
    used = {"%s/%s" % (r.get("observation_domain_id"), r["template_id"])
            for r in records if "template_id" in r}
    f.true("templates that nobody sent: %s" % sorted(used - sent), used <= sent)
    f.equal("records with a template", sum("template_id" in r for r in records),
            len(records) if sent else 0)


def check_options(expect, records, f):
    """Options data gives the sampling and the names of interfaces; nothing else does here."""
    if not any("sampling_interval" in v or "sampling_packet_interval" in v
               for v in expect.get("options_values", [])):
        f.equal("records with a sampling_interval that nobody told",
                sum("sampling_interval" in r for r in records), 0)
    for values in expect.get("options_values", []):
        interval = values.get("sampling_interval")
        if "sampling_packet_interval" in values:
            interval = ((values["sampling_packet_interval"] + values["sampling_packet_space"])
                        / values["sampling_packet_interval"])
        if interval is not None:
            f.equal("sampling_interval", Counter(r.get("sampling_interval") for r in records),
                    Counter({interval: len(records)}))
            f.true("sampling_origin", all("sampling_origin" in r for r in records))
        port = values.get("scope_interface")
        if port is not None and "if_name" in values:
            f.equal("in_if_name of interface %d" % port,
                    {r.get("in_if_name") for r in records if r.get("in_if") == port},
                    {values["if_name"]})


def check_tunnels(expect, records, f):
    """What Open vSwitch says about tunnels (enterprise 6876) and its own name."""
    vendor = expect.get("ovs_enterprise_6876")
    if not vendor:
        return
    kinds = {1: "vxlan", 7: "geneve"}
    want = {(t["flowDirection"], kinds[t["tunnelType"]], t["tunnelKey"], t["src"], t["dst"],
             t["dport"]): [t["records"], t["packets"], t["octets"]] for t in vendor["tunnels"]}
    got = {}
    for r in records:
        if "tunnel_type" in r:
            one = got.setdefault((r["direction"], r["tunnel_type"], r.get("vni"),
                                  r.get("outer_src_addr"), r.get("outer_dst_addr"),
                                  r.get("outer_dst_port")), [0, 0, 0])
            one[0], one[1] = one[0] + 1, one[1] + r["packets"]
            one[2] += r["octets"] if "src_addr" in r else 0  # of ARP the truth counts none
    differences(got, want, f, "tunnel")
    # An element that no information model names: its octets.
    names = Counter(r["ie"]["6876/898"] for r in records
                    if "6876/898" in r.get("ie", {}))
    f.equal("virtualObsID", dict(names), vendor["virtualObsID"])


def text_time_ns(text):
    """Of `Nov 22, 2026 21:38:47.909021999 UTC`."""
    m = re.match(r"(.* \d\d:\d\d:\d\d)\.(\d{9}) UTC$", text)
    day = time.strptime(re.sub(r"\s+", " ", m.group(1)), "%b %d, %Y %H:%M:%S")
    return calendar.timegm(day) * 10**9 + int(m.group(2))


def check_sample(sample, records, times, f):
    """One record in every field that another decoder read, in the frame where it read it."""
    def first(value):
        return value[0] if isinstance(value, list) else value

    observed = times[sample["frame"]]
    # tshark rounds down to microseconds what it reads from a file.
    near = [r for r in records if abs(r["observed_ns"] - observed) < 1000]
    wants = {}
    for key, field in SAMPLE_FIELDS.items():
        if key in sample:
            wants[field] = first(sample[key])
    for key, field in SAMPLE_OR_ABSENT.items():
        if key in sample:
            wants[field] = first(sample[key])
    if isinstance(sample["octets"] if "octets" in sample else None, list):
        wants.update(rev_octets=sample["octets"][1], rev_packets=sample["packets"][1])
    names = sample.get("if_name")
    if isinstance(names, list):
        wants.update(in_if_name=names[0], out_if_name=names[1])
    elif names:
        wants["in_if_name"] = names
    if "abstimestart" in sample and "1970" not in sample["abstimestart"]:
        wants["flow_start_ns"] = text_time_ns(sample["abstimestart"])
        wants["flow_end_ns"] = text_time_ns(sample["abstimeend"])
    if sample.get("proto") not in (1, 58):
        for key, field in (("sport", "src_port"), ("dport", "dst_port")):
            if key in sample:
                wants[field] = sample[key]
    best = None
    for r in near:
        wrong = [(k, r.get(k), v) for k, v in wants.items() if not same(r.get(k), v)
                 and not (v in NOTHING and k not in r and k in SAMPLE_OR_ABSENT.values())]
        if best is None or len(wrong) < len(best):
            best = wrong
    if best is None:
        f.append("frame %d: no record of it" % sample["frame"])
    elif best:
        f.append("frame %d, the nearest record differs: %s" % (
            sample["frame"], ", ".join("%s %s, must be %s" % w for w in best[:6])))


def same(got, want):
    """Times in text came through NTP fractions: one nanosecond either way is the same."""
    if isinstance(want, int) and want > 10**18 and isinstance(got, int):
        return abs(got - want) <= 1
    return got == want


def section_fields(data):
    """What a PSAMP record of softflowd says: 301, 324 (NTP), 410 and 315, at fixed places."""
    seconds, fraction, captured = struct.unpack(">IIH", data[8:18])
    return dict(sampled.frame_fields(data[18:18 + captured]),
                event_ns=(seconds - 2208988800) * 10**9 + (fraction * 10**9 >> 32))


def check_sections(messages, flows, f):
    """Sampled frames in IE 315 (RFC 5477, RFC 7133), read here from the octets of the file."""
    want = [section_fields(m.payload[20:]) for m in messages
            if struct.unpack(">H", m.payload[16:18])[0] >= 256]
    f.equal("sampled frames", len(flows), len(want))
    for number, (r, fields) in enumerate(zip(flows, want)):
        wrong = [(k, r.get(k), v) for k, v in fields.items() if not same(r.get(k), v)]
        if wrong:
            f.append("sampled frame %d: %s" % (number + 1, wrong[:4]))
        if len(f) > 4:
            return


def check_uptimes(messages, flows, f):
    """NetFlow v5 and v7 times, from the octets: export time less what the uptime went on since."""
    want = []
    for m in messages:
        version, count, uptime, sec, nsec = struct.unpack(">HHIII", m.payload[:16])
        size = {5: 48, 7: 52}[version]
        for at in range(24, 24 + count * size, size):
            want.append([sec * 10**9 + nsec - (uptime - t) * 10**6
                         for t in struct.unpack(">II", m.payload[at + 24:at + 32])])
    f.equal("times", [[r["flow_start_ns"], r["flow_end_ns"]] for r in flows], want)


def check_lost_sets(expect, visibility, f):
    """Every set whose template never came is reported as not seen."""
    lost = sum(v.get("lost", 0) for v in visibility if v.get("cause") == "template-missing")
    f.equal("sets without a template, reported", lost, expect["data_sets_without_template"])
    # Nothing was lost between these exporters and the capture.
    gaps = [v for v in visibility if v.get("cause") == "sequence-gap"]
    f.true("losses that were none: %s" % [
        (v.get("observation_domain_id"), v.get("lost")) for v in gaps], not gaps)


def check_samples(expect, flows, interfaces, f):
    """sFlow: samples, rates, pools, tunnels, sampled flows."""
    f.equal("flow samples", len(flows), expect["samples"]["flow"])
    f.equal("rates", Counter(str(int(r["sampling_interval"])) for r in flows),
            Counter(expect["sampling_rates"]))
    agents = Counter("%s/%s" % (r.get("agent_addr"), r.get("observation_domain_id"))
                     for r in flows + interfaces)
    f.equal("agents", set(agents), set(expect["agents"]))
    for source, want in expect["flow_sources"].items():
        pools = [r["sample_pool"] for r in flows]
        f.equal("sample_pool of " + source, [pools[0], pools[-1], flows[-1]["sample_drops"]],
                [want["first_pool"], want["last_pool"], want["drops"]])
    vnis = Counter(r["vni"] for r in flows if "vni" in r)
    want = Counter()
    for name, count in expect["tunnel_vnis"].items():
        want[int(name.split("=")[1])] += count
    f.equal("samples by vni", vnis, want)
    # A sample without an IP packet is in no flow of the truth.
    ip = [r for r in flows if "protocol" in r]
    got = {}
    for r in ip:
        one = got.setdefault(flow_key(r), [0, 0])
        one[0], one[1] = one[0] + 1, one[1] + r["octets"]
    f.equal("octets_layer", {r.get("octets_layer") for r in ip}, {"l2"})
    # The truth counts frames with their check sequence, which every sample here says (`stripped`
    # = 4) that the header lacks.
    want = {(x["src"], x["dst"], x["proto"], x["sport"], x["dport"]):
            [x["samples"], x["sampled_frame_octets"] - 4 * x["samples"]]
            for x in expect["sampled_flows"]}
    differences(got, want, f, "sampled flow")
    scaled = expect["scaled_estimate"]
    f.equal("scaled packets", sum(r["packets_scaled"] for r in ip), scaled["ip_packets"])


COUNTERS = {"ifIndex": "if_index", "ifSpeed": "speed_bps", "ifInOctets": "in_octets",
            "ifInUcastPkts": "in_unicast_pkts", "ifInMulticastPkts": "in_multicast_pkts",
            "ifOutOctets": "out_octets", "ifOutUcastPkts": "out_unicast_pkts"}


def check_counters(expect, interfaces, f):
    """sFlow: each interface's counters, first and last."""
    f.equal("counter samples", len(interfaces), expect["samples"]["counter"])
    for source, want in expect["counter_ports"].items():
        these = [r for r in interfaces if "%s:%s" % (r.get("source_class"), r.get("source_index"))
                 == source and "if_index" in r]
        f.equal("counter samples of " + source, len(these), want["samples"])
        for r, reading in zip((these[0], these[-1]) if these else (),
                              (want["first"], want["last"])):
            for name, field in COUNTERS.items():
                f.equal("%s of %s" % (field, source), r.get(field), reading[name])
            status = ("up" if reading["ifStatus"] & 1 else "down",
                      "up" if reading["ifStatus"] & 2 else "down")
            f.equal("status of " + source, (r.get("admin_status"), r.get("oper_status")), status)
            if want["port_name"]:
                f.equal("if_name of " + source, r.get("if_name"), want["port_name"])


def check_sequence(expect, records, f):
    """The exporter's own sequence numbers, where its last message gave a record."""
    if expect.get("data_sets_without_template"):
        return
    last = expect["seq_first_last"][1] if "seq_first_last" in expect else expect["last_sequence"]
    f.equal("exporter_seq of the last record", records[-1].get("exporter_seq"), last)


def check(truth, records, messages, f):
    """The records and messages of one exporter against its truth."""
    expect = truth["expect"]
    flows = [r for r in records if r["kind"] == "flow"]
    interfaces = [r for r in records if r["kind"] == "interface"]
    visibility = [r for r in records if r["kind"] == "visibility"]
    f.equal("messages in the file", len(messages), expect.get("messages", expect.get("datagrams")))
    if "data_records_decodable" in expect:
        f.equal("flow records", len(flows), expect["data_records_decodable"])
        check_lost_sets(expect, visibility, f)
        return
    if "samples" in expect:
        check_samples(expect, flows, interfaces, f)
        check_counters(expect, interfaces, f)
        sampled.check(messages, flows, interfaces, f)
        check_sequence(expect, records, f)
        f.equal("visibility records", len(visibility), 0)
        return
    unknown = set(expect) - UNCHECKED - {
        "messages", "versions", "observation_domains", "templates", "data_records",
        "data_sets_without_template", "sum_packets", "sum_octets", "flows", "sample_records",
        "by_direction", "options_values", "ovs_enterprise_6876"}
    f.true("the truth has keys that nobody checks: %s" % sorted(unknown), not unknown)
    names = {"1": "netflow1", "5": "netflow5", "7": "netflow7", "9": "netflow9", "10": "ipfix"}
    f.equal("decoder", {r["decoder"] for r in flows}, {names[v] for v in expect["versions"]})
    check_flows(expect, flows, f)
    check_templates(expect, flows, f)
    check_options(expect, flows, f)
    check_tunnels(expect, flows, f)
    check_lost_sets(expect, visibility, f)
    check_sequence(expect, flows, f)
    times = {}
    for m in messages:
        times.setdefault(m.frame, m.ts_ns)
    if set(expect["versions"]) <= {"5", "7"}:
        check_uptimes(messages, flows, f)
    if any("section_exported_octets" in x for x in expect["sample_records"]):
        check_sections(messages, flows, f)
        return
    for sample in expect["sample_records"]:
        if sample["frame"] in times:
            check_sample(sample, flows, times, f)
