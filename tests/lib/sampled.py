"""What sampled packets and sFlow samples say, read from the octets by the specifications: sFlow
version 5, IEEE 802.3, RFC 791, 8200, 9293. A second reading to compare vnmcd's with."""
import ipaddress
import struct

UNKNOWN = 0xFFFFFFFF
COUNTERS = ("if_index", "if_type", "speed_bps", None, None, "in_octets", "in_unicast_pkts",
            "in_multicast_pkts", "in_broadcast_pkts", "in_discards", "in_errors",
            "in_unknown_protos", "out_octets", "out_unicast_pkts", "out_multicast_pkts",
            "out_broadcast_pkts", "out_discards", "out_errors", None)


def frame_fields(frame):
    """Of an untagged Ethernet frame; of a fragment behind the first one no ports."""
    kind = struct.unpack(">H", frame[12:14])[0]
    fields = {"dst_mac": frame[:6].hex(":"), "src_mac": frame[6:12].hex(":"), "ethertype": kind}
    ip = frame[14:]
    if kind == 0x0800:
        proto, size, at, addresses = ip[9], 4, (ip[0] & 15) * 4, ip[12:20]
        fragment = struct.unpack(">H", ip[6:8])[0] & 0x3FFF
        first = fragment & 0x1FFF == 0
        fields.update(tos=ip[1], ip_ttl=ip[8], fragment_id=struct.unpack(">H", ip[4:6])[0])
    elif kind == 0x86DD:
        proto, size, at, addresses, first = ip[6], 16, 40, ip[8:40], True
        fields.update(tos=(ip[0] & 15) << 4 | ip[1] >> 4, ip_ttl=ip[7])
    else:
        return fields
    fields["src_addr"] = str(ipaddress.ip_address(addresses[:size]))
    fields["dst_addr"] = str(ipaddress.ip_address(addresses[size:]))
    if proto != 44:
        fields["protocol"] = proto
    if first and proto in (6, 17):
        fields["src_port"], fields["dst_port"] = struct.unpack(">HH", ip[at:at + 4])
        if proto == 6:
            fields["tcp_flags"] = ip[at + 13]
    elif first and proto in (1, 58):
        fields["icmp_type"], fields["icmp_code"] = ip[at], ip[at + 1]
    return fields


def samples(payload):
    """(format, octets) of each sample in a datagram."""
    at = 12 if payload[7] == 1 else 24
    count = struct.unpack(">I", payload[at + 12:at + 16])[0]
    return _items(payload[at + 16:], count)


def _items(data, count):
    for _ in range(count):
        kind, length = struct.unpack(">II", data[:8])
        yield kind, data[8:8 + length]
        data = data[8 + length:]


def _interface(fields, side, value):
    if value >> 30 == 0 and value not in (0, 0x3FFFFFFF):
        fields[side] = value
    elif value == 0x3FFFFFFF:
        fields[side + "_kind"] = "internal"
    elif value >> 30 == 2:
        fields[side + "_kind"] = "multiple"
        if value & 0x3FFFFFFF:
            fields[side + "_count"] = value & 0x3FFFFFFF


def flow_fields(sample):
    """Of a flow sample (format 1)."""
    _, _, rate, pool, drops, in_if, out_if, count = struct.unpack(">8I", sample[:32])
    fields = {"sampling_interval": rate, "sample_pool": pool, "sample_drops": drops,
              "packets": 1, "packets_scaled": rate, "decoder": "sflow"}
    _interface(fields, "in_if", in_if)
    _interface(fields, "out_if", out_if)
    for kind, data in _items(sample[32:], count):
        if kind == 1:
            _, length, stripped, captured = struct.unpack(">4I", data[:16])
            fields.update(frame_fields(data[16:16 + captured]), octets=length - stripped)
        elif kind in (1023, 1024):
            proto = struct.unpack(">I", data[4:8])[0]
            ports = struct.unpack(">II", data[16:24])
            if ports[1] == 0xB512:  # Open vSwitch swaps the octets of both: 0x12B5 is 4789
                ports = [port >> 8 | (port & 0xFF) << 8 for port in ports]
            fields.update(outer_src_addr=str(ipaddress.ip_address(data[8:12])),
                          outer_dst_addr=str(ipaddress.ip_address(data[12:16])),
                          outer_protocol=proto, tunnel_type="vxlan")
            fields.update({k: v for k, v in zip(("outer_src_port", "outer_dst_port"), ports) if v})
        elif kind in (1029, 1030):
            fields["vni"] = struct.unpack(">I", data[:4])[0]
    return fields


def counter_fields(sample):
    """Of a counter sample (format 2); of the generic counters those that the agent knows."""
    _, source, count = struct.unpack(">3I", sample[:12])
    fields = {"source_class": source >> 24, "source_index": source & 0xFFFFFF, "decoder": "sflow"}
    for kind, data in _items(sample[12:], count):
        if kind == 1:
            values = struct.unpack(">IIQIIQIIIIIIQIIIIII", data[:88])
            fields.update({name: value for name, value in zip(COUNTERS, values)
                           if name and value not in (UNKNOWN, 2**64 - 1)})
            fields.update(admin_status="up" if values[4] & 1 else "down",
                          oper_status="up" if values[4] & 2 else "down")
        elif kind == 1005:
            fields["if_name"] = data[4:4 + struct.unpack(">I", data[:4])[0]].decode()
    return fields


def check(messages, flows, interfaces, f):
    """Every sample of the file against its record, in order."""
    want = [(kind, s) for m in messages for kind, s in samples(m.payload)]
    for records, wanted in ((flows, [flow_fields(s) for kind, s in want if kind == 1]),
                            (interfaces, [counter_fields(s) for kind, s in want if kind == 2])):
        f.equal("samples in the file", len(records), len(wanted))
        for number, (r, fields) in enumerate(zip(records, wanted)):
            wrong = [(k, r.get(k), v) for k, v in fields.items() if r.get(k) != v]
            if wrong:
                f.append("sample %d: %s" % (number + 1, wrong[:4]))
            if len(f) > 5:
                return
    check_rates(interfaces, f)


def check_rates(interfaces, f):
    """Rates are the difference of two readings over the time between them."""
    before = {}
    for r in interfaces:
        last = before.get(r.get("if_index"))
        if last and "interval_ns" in r:
            for way in ("in", "out"):
                bits = (r[way + "_octets"] - last[way + "_octets"]) * 8
                f.true("%s_bps of record %d" % (way, r["record_seq"]),
                       abs(r[way + "_bps"] - bits * 1e9 / r["interval_ns"]) < 1e-6 * (bits + 1))
            took = r["observed_ns"] - last["observed_ns"]
            f.true("interval_ns of record %d: %d, %d by our clock" % (
                r["record_seq"], r["interval_ns"], took), abs(r["interval_ns"] - took) < 2 * 10**9)
        elif last and "in_octets" in r:
            f.append("record %d: no rate" % r["record_seq"])
        if "in_octets" in r:
            before[r["if_index"]] = r
