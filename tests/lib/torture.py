"""What vnmcd must make of each input of cases/flow-torture, and the reader of these inputs."""
import json
import struct

NOW = 1795381696  # the export time in all of them
NOW_NS = NOW * 10**9
MS = 10**6
EXPORTER, COLLECTOR = "192.0.2.250", "192.0.2.251"


def datagrams(path, protocol):
    """The datagrams of a .bin file for pcapfile.write(): a second apart from the export time on."""
    with open(path, "rb") as f:
        data = f.read()
    at, out = 0, []
    while at < len(data):
        socket, length = struct.unpack(">HH", data[at:at + 4])
        out.append((NOW_NS + len(out) * 10**9, EXPORTER, 40000 + socket, COLLECTOR,
                    6343 if protocol == "sflow" else 2055, data[at + 4:at + 4 + length]))
        at += 4 + length
    return out


def rec(n, **more):
    """Record number n of the inputs; `more` overrides, None means that it must be absent."""
    fields = {"src_addr": "10.0.0.%d" % n, "dst_addr": "192.0.2.%d" % n, "src_port": 5000 + n,
              "dst_port": 443, "protocol": 6, "octets": 1000 + n, "packets": 10 + n}
    fields.update(more)
    return fields


def recs(*numbers, **more):
    return [rec(n, **more) for n in numbers]


def sampled(n, **more):
    """Flow sample number n: a TCP segment of 100 octets in a frame of 114 and its check sequence."""
    fields = {"src_addr": "10.0.0.%d" % n, "dst_addr": "192.0.2.%d" % n, "src_port": 5000 + n,
              "dst_port": 443, "protocol": 6, "octets": 114, "octets_layer": "l2", "packets": 1,
              "tcp_flags": 0x10, "ip_ttl": 64, "sampling_interval": 512, "sample_pool": 1000,
              "sample_drops": 0, "in_if": 3, "out_if": 4, "src_mac": "02:00:00:00:00:02",
              "dst_mac": "02:00:00:00:00:01", "agent_addr": "10.9.9.9", "decoder": "sflow",
              "octets_scaled": 114 * 512, "packets_scaled": 512, "exporter_seq": 1}
    fields.update(more)
    return fields


def times(start_ms, end_ms):
    return {"flow_start_ns": NOW_NS + start_ms * MS, "flow_end_ns": NOW_NS + end_ms * MS}


def has_ie(key, text):
    """An element without a field stands in `ie`, with this value somewhere in it."""
    return lambda r: text in json.dumps(r.get("ie", {}).get(key))


# How the books must read: every message `ok`, or one at least that is not, by one of these reasons.
CLEAN = ()
NO_TEMPLATE = ("template-missing", "held-expired")
BAD_TEMPLATE = ("template-malformed",)
WITHDRAWAL = ("withdrawal-ignored", "withdrawal-unknown")
DISCARDED = ("bad-length", "set-length", "field-overrun", "truncated")  # RFC 7011 section 9.1
BAD_SAMPLE = ("sample-malformed", "sample-overrun")

R3 = recs(1, 2, 3)
COUNTER = {"if_index": 3, "if_type": 6, "speed_bps": 10**9, "duplex": "full",
           "admin_status": "up", "oper_status": "up", "in_octets": 111, "in_unicast_pkts": 1,
           "in_multicast_pkts": 2, "in_broadcast_pkts": 3, "in_discards": 4, "in_errors": 5,
           "in_unknown_protos": 6, "out_octets": 222, "out_unicast_pkts": 1,
           "out_multicast_pkts": 2, "out_broadcast_pkts": 3, "out_discards": 4, "out_errors": 5,
           "promiscuous": None}  # 0 is neither 1 (true) nor 2 (false)

# name: (books, flow records in order, [what must hold for each of them])
CASES = {
    "base": (CLEAN, recs(1, 2, 3, decoder="ipfix", template_id=256, sampling_interval=None)),
    "base_v9": (CLEAN, recs(1, 2, 3, decoder="netflow9", template_id=256)),
    "same_dgram": (CLEAN, R3),
    "data_first_same_msg": (CLEAN, R3),
    "data_before_tpl": (CLEAN, R3),
    "unknown_then_known": (NO_TEMPLATE, R3),
    "set_padding3": (CLEAN, R3),
    "tpl_set_padding2": (CLEAN, R3),
    "tpl_set_padding3": (CLEAN, R3),
    "empty_set_mid": (CLEAN, R3),
    "reserved_set_mid": (("set-reserved",), R3),
    "set_len_zero": (("set-length",), [R3, []]),
    "set_overrun": (DISCARDED, []),
    "msg_len_short": (CLEAN, R3),
    "msg_len_long": (DISCARDED, []),
    "v9_trailing_zeros": (CLEAN, R3),
    "v9_count_zero": (CLEAN, R3),
    "v9_count_is_sets": (CLEAN, recs(1, 2, 3, template_id=256) + recs(1, 2, 3, template_id=257)),
    "v9_count_huge": (CLEAN, R3),
    "reduced_size": (CLEAN, R3),
    "varlen": (CLEAN, [rec(1, application="https"), rec(2, application=None),
                       rec(3, application="long")]),
    "varlen_overrun": (DISCARDED, []),
    "pen_collision": (CLEAN, R3, [has_ie("9/8", "42424242"), has_ie("9/12", "4d4d4d4d")]),
    "zero_len_field": (CLEAN, recs(1, 2, 3, in_if_name=None)),
    "all_zero_len_tpl": (("template-empty",), recs(1, 2, 3, template_id=257)),
    "withdraw_udp": (WITHDRAWAL, R3 + R3),
    "withdraw_all_udp": (WITHDRAWAL, R3 + R3),
    "withdraw_opt_4byte": (WITHDRAWAL, R3 + R3),
    "withdraw_and_add": (WITHDRAWAL, recs(1, 2, 3, template_id=257)),
    "redefine": (CLEAN, R3),
    "two_odid": (CLEAN, recs(1, 2, 3, observation_domain_id=1)
                 + recs(1, 2, 3, observation_domain_id=2)),
    "two_ports_same_odid": (CLEAN, recs(1, 2, 3, exporter_port=40000)
                            + recs(1, 2, 3, exporter_port=40001)),
    "port_change": (CLEAN, recs(1, 2, 3, exporter_port=40001)),
    "two_tpl_one_set": (CLEAN, recs(1, 2, 3, template_id=256) + recs(1, 2, 3, template_id=257)),
    "two_opt_tpl_one_set": (CLEAN, recs(1, 2, 3, sampling_interval=100)),
    "samp_305_306": (CLEAN, recs(1, 2, 3, sampling_interval=1000)),
    "samp_309_310": (CLEAN, recs(1, 2, 3, sampling_interval=1000)),
    "samp_v9_34": (CLEAN, recs(1, 2, 3, sampling_interval=500)),
    "samp_two_samplers": (CLEAN, recs(1, 2, 3, sampling_interval=100, sampler_id=1)
                          + recs(4, 5, 6, sampling_interval=4000, sampler_id=2)),
    "opt_pen_305": (CLEAN, recs(1, 2, 3, sampling_interval=None, octets_scaled=None)),
    "v9_uptime_wrap": (CLEAN, [rec(1, **times(-1756, -500))]),
    "v9_future_last": (CLEAN, [rec(1, **times(-1000, 200))]),
    "v9_8byte_times": (CLEAN, [rec(1, **times(-10000, -5000))]),
    "ipfix_22_21_uptime": (CLEAN, [rec(1, **times(-10000, -5000))]),
    "ntp_micros": (CLEAN, [rec(1, **times(-10000, -5000))]),
    "biflow": (CLEAN, [rec(1, rev_octets=5555, rev_packets=55)]),
    "basiclist": (CLEAN, [rec(1)], [has_ie("0/291", "7"), has_ie("0/291", "8")]),
    "repeated_ie": (CLEAN, R3, [has_ie("0/8", "172.16.0.")]),
    "count_lie_tpl": (BAD_TEMPLATE, []),
    "tpl_id_below_256": (BAD_TEMPLATE, R3),
    "total_counters": (CLEAN, R3),
    "nsel": (CLEAN, [rec(1, octets=111, rev_octets=222, packets=None, firewall_event=2,
                         event_ns=NOW_NS)]),
    "sf_base": (CLEAN, [sampled(1), sampled(2)]),
    "sf_out_discard": (CLEAN, [sampled(1, out_if=None, out_if_kind="discarded",
                                       discard_reason=257)]),
    "sf_out_multi": (CLEAN, [sampled(1, out_if=None, out_if_kind="multiple", out_if_count=3)]),
    "sf_out_internal": (CLEAN, [sampled(1, in_if=None, in_if_kind="internal")]),
    "sf_raw_ipv4": (CLEAN, [sampled(1, src_mac=None, dst_mac=None, octets_layer=None,
                                    octets=114, octets_scaled=114 * 512)]),
    "sf_unknown_sample": (("sample-unknown",), [sampled(1), sampled(2)]),
    "sf_unknown_record": (CLEAN, [sampled(1)]),
    "sf_expanded_count_bomb": (BAD_SAMPLE, [[sampled(2, exporter_seq=2)],
                                       [sampled(1), sampled(2, exporter_seq=2)]]),
    "sf_sample_count_lie": (("count-mismatch",), [sampled(1)]),
    "sf_record_overrun": (BAD_SAMPLE, [[sampled(2, exporter_seq=2)],
                                  [{"src_addr": None, "src_port": None, "in_if": 3},
                                   sampled(2, exporter_seq=2)]]),
    "sf_ipv6_agent": (CLEAN, [sampled(1, agent_addr="2001:db8::9")]),
    "sf_drop_sample": (CLEAN, [{"src_addr": "10.0.0.1", "discard_reason": 258,
                                "in_if": 3, "out_if": None,
                                "out_if_kind": "discarded", "sampling_interval": None,
                                "sample_pool": None, "octets": None}, sampled(2)]),
    "sf_counter_only": (CLEAN, []),
    "sf_samp_header_pad": (CLEAN, [sampled(1)]),
}
INTERFACES = {"sf_counter_only": [COUNTER]}


def mismatches(got, want):
    """What of `want` the record does not have, as text."""
    return ", ".join("%s %s, must be %s" % (k, got.get(k), v) for k, v in want.items()
                     if got.get(k) != v)


def check_records(what, got, want, f):
    f.equal(what, len(got), len(want))
    for number, (have, must) in enumerate(zip(got, want)):
        wrong = mismatches(have, must)
        f.true("%s, number %d: %s" % (what, number + 1, wrong), not wrong)


def check(name, replay, f):
    """One case's flow and interface records and its books."""
    outcome, flows, *more = CASES[name]
    got = replay.of("flow")
    if flows and isinstance(flows[0], list):  # either of several answers is right
        matching = [x for x in flows if len(x) == len(got)]
        flows = matching[0] if matching else flows[0]
    check_records("flow records", got, flows, f)
    for test in more[0] if more else []:
        f.true("`ie` lacks what has no field: %s" % [r.get("ie") for r in got],
               bool(got) and all(test(r) for r in got))
    check_records("interface records", replay.of("interface"), INTERFACES.get(name, []), f)
    books = replay.books
    if not outcome:
        f.equal("messages that were not ok", books["messages"] - books["ok"], 0)
        return
    f.true("every message was ok", books["messages"] > books["ok"])
    found = {**books["reasons"], **books["faults"]}
    f.true("none of %s is counted: %s" % (outcome, found), set(outcome) & set(found))
