#!/usr/bin/env python3
"""BMP version 4 (draft-ietf-grow-bmp-tlv, as IOS-XR numbers its TLVs), read and written.

    bmp4.py write DIR       makes in.bmp, in.pcap and expect.jsonl of what bmp4_facts.py says
    bmp4.py read FILE       an object for each message of a stream, as expect.jsonl has them

Of BGP it knows what such streams have: UPDATEs of IPv4 and IPv6 unicast, labelled and VPN routes
and their usual attributes. It shares nothing with vnmcd.
"""
import ipaddress
import json
import pathlib
import struct
import sys

import pcapfile

TYPES = ["route_monitoring", "stats", "peer_down", "peer_up", "initiation", "termination",
         "route_mirroring"]
STATELESS, GROUP, VRF, UPDATE, MARKING = 1, 2, 3, 4, 5
FAMILY_STATS = {9, 10, 16, 17, 19, 21, 22, 23, 26, 27, 28, 30, 32, 34, 35, 36, 37, 38, 40, 41, 42,
                43}
MARKER = b"\xff" * 16
SEGMENTS = {1: "set", 2: "seq", 3: "confed_seq", 4: "confed_set"}
NUMBERS = {name: number for number, name in SEGMENTS.items()}


def rib(peer):
    if peer["type"] == 3:
        return "loc"
    return ("out" if peer["flags"] & 0x10 else "in") + ("_post" if peer["flags"] & 0x40 else "_pre")


def _rd_text(octets):
    kind = struct.unpack(">H", octets[:2])[0]
    if kind == 0:
        return "0:%d:%d" % struct.unpack(">HI", octets[2:])
    if kind == 1:
        return "1:%s:%d" % (ipaddress.ip_address(octets[2:6]), struct.unpack(">H", octets[6:])[0])
    return "2:%d:%d" % struct.unpack(">IH", octets[2:])


def _rd_octets(text):
    kind, admin, number = text.split(":")
    if kind == "0":
        return struct.pack(">HHI", 0, int(admin), int(number))
    if kind == "1":
        return struct.pack(">H", 1) + ipaddress.ip_address(admin).packed + struct.pack(
            ">H", int(number))
    return struct.pack(">HIH", 2, int(admin), int(number))


class Bytes:
    """Octets that are read from the front."""

    def __init__(self, octets):
        self.octets, self.at = octets, 0

    def __bool__(self):
        return self.at < len(self.octets)

    def take(self, n):
        made = self.octets[self.at:self.at + n]
        assert len(made) == n, "short: %d of %d" % (len(made), n)
        self.at += n
        return made

    def number(self, n):
        return int.from_bytes(self.take(n), "big")

    def rest(self):
        return self.take(len(self.octets) - self.at)


class Widths:
    """What the OPENs of a peer and the message's own capabilities say of its UPDATE."""

    def __init__(self, as4=True):
        self.as4, self.add_path, self.labels = as4, set(), set()

    def copy(self):
        made = Widths(self.as4)
        made.add_path, made.labels = set(self.add_path), set(self.labels)
        return made


# ---- reading -------------------------------------------------------------------------------------

def _read_prefix(b, family, widths):
    made = {}
    if family in widths.add_path:
        made["path_id"] = b.number(4)
    bits = b.number(1)
    part = Bytes(b.take((bits + 7) // 8))
    if family[1] in (4, 128):
        made["labels"] = []
        while True:
            label = part.number(3)
            made["labels"].append(label >> 4)
            bits -= 24
            if family not in widths.labels or label & 1 or label in (0, 0x800000):
                break
    if family[1] == 128:
        made["rd"] = _rd_text(part.take(8))
        bits -= 64
    size = 4 if family[0] == 1 else 16
    address = ipaddress.ip_address(part.rest().ljust(size, b"\0"))
    made["prefix"] = "%s/%d" % (address, bits)
    return made


def _read_nlri(octets, family, widths):
    b, made = Bytes(octets), []
    while b:
        made.append(_read_prefix(b, family, widths))
    return made


def _hops(octets):
    if len(octets) in (12, 24):
        octets = octets[8:]
    size = 4 if len(octets) == 4 else 16
    return [str(ipaddress.ip_address(octets[i:i + size])) for i in range(0, len(octets), size)]


def _read_path(octets, as4):
    b, made = Bytes(octets), []
    while b:
        kind, count = b.number(1), b.number(1)
        made.append([SEGMENTS[kind], [b.number(4 if as4 else 2) for _ in range(count)]])
    return made


def _addresses(octets):
    return [str(ipaddress.ip_address(octets[i:i + 4])) for i in range(0, len(octets), 4)]


def _read_attribute(code, v, widths, made):
    if code == 1:
        made["origin"] = v[0]
    elif code == 2:
        made["as_path"] = _read_path(v, widths.as4)
    elif code == 3:
        made["next_hop"] = str(ipaddress.ip_address(v))
    elif code in (4, 5):
        made["med" if code == 4 else "local_pref"] = int.from_bytes(v, "big")
    elif code == 6:
        made["atomic"] = True
    elif code == 7:
        made["aggregator"] = [int.from_bytes(v[:-4], "big"), str(ipaddress.ip_address(v[-4:]))]
    elif code == 8:
        made["comm"] = ["%d:%d" % struct.unpack(">HH", v[i:i + 4]) for i in range(0, len(v), 4)]
    elif code == 9:
        made["originator"] = str(ipaddress.ip_address(v))
    elif code == 10:
        made["cluster"] = _addresses(v)
    elif code == 16:
        made["extcomm"] = [v[i:i + 8].hex() for i in range(0, len(v), 8)]
    elif code == 32:
        made["largecomm"] = ["%d:%d:%d" % struct.unpack(">III", v[i:i + 12])
                             for i in range(0, len(v), 12)]


def read_update(octets, widths):
    """A BGP UPDATE as expect.jsonl has it."""
    assert octets[:16] == MARKER and octets[18] == 2
    b = Bytes(octets[19:struct.unpack(">H", octets[16:18])[0]])
    withdrawn, attributes, attrs = b.take(b.number(2)), Bytes(b.take(b.number(2))), {}
    made = {"attrs": attrs, "reach": [], "unreach": []}
    if withdrawn:
        made["unreach"].append({"afi": 1, "safi": 1,
                                "nlri": _read_nlri(withdrawn, (1, 1), widths)})
    count = 0
    while attributes:
        flags, code = attributes.number(1), attributes.number(1)
        v = attributes.take(attributes.number(2 if flags & 0x10 else 1))
        count += 1
        if code in (14, 15):
            part = Bytes(v)
            family = part.number(2), part.number(1)
            block = {"afi": family[0], "safi": family[1]}
            if code == 14:
                block["nh"] = _hops(part.take(part.number(1)))
                part.take(1)
            block["nlri"] = _read_nlri(part.rest(), family, widths)
            if code == 14:
                made["reach"].append(block)
            elif block["nlri"]:
                made["unreach"].append(block)
            else:
                made["eor"] = list(family)
        else:
            _read_attribute(code, v, widths, attrs)
    nlri = b.rest()
    if nlri:
        made["reach"].append({"afi": 1, "safi": 1, "nh": [attrs["next_hop"]],
                              "nlri": _read_nlri(nlri, (1, 1), widths)})
    if not withdrawn and not count and not nlri:
        made["eor"] = [1, 1]
    return made


def _read_open(b):
    start = b.take(19)
    body = Bytes(b.take(struct.unpack(">H", start[16:18])[0] - 19))
    assert start[18] == 1 and body.number(1) == 4
    made = {"as2": body.number(2), "hold": body.number(2),
            "id": str(ipaddress.ip_address(body.take(4))), "caps": []}
    parameters = Bytes(body.take(body.number(1)))
    while parameters:
        assert parameters.number(1) == 2
        capabilities = Bytes(parameters.take(parameters.number(1)))
        while capabilities:
            code, v = capabilities.number(1), capabilities.take(capabilities.number(1))
            if code == 1:
                made["caps"].append(["mp", "%d/%d" % (struct.unpack(">H", v[:2])[0], v[3])])
            elif code == 65:
                made["as4"] = int.from_bytes(v, "big")
            elif code == 69:
                made["addpath"] = {"%d/%d" % struct.unpack(">HB", v[i:i + 3]): v[i + 3]
                                   for i in range(0, len(v), 4)}
            else:
                made["caps"].append([code, v.hex()])
    return made


def _read_capability(octets, widths, view):
    """As in an OPEN: what the router may receive (1) or send (2)."""
    ways = {"out": 2, "loc": 3}.get(view.split("_", maxsplit=1)[0], 1)
    b = Bytes(octets)
    while b:
        code, v = b.number(1), b.take(b.number(1))
        if code == 65:
            widths.as4 = True
        for i in range(0, len(v), 4):
            family = struct.unpack(">HB", v[i:i + 3])
            told = {69: widths.add_path, 8: widths.labels}.get(code, set())
            there = v[i + 3] > 1 if code == 8 else v[i + 3] & ways
            (told.add if there else told.discard)(family)


def _marks(markings, groups, count):
    """Of each NLRI its own, else its group's, else that of all."""
    made = []
    for number in range(1, count + 1):
        own = markings.get(number)
        for group, members in groups.items():
            if own is None and number in members:
                own = markings.get(group)
        made.append(own if own is not None else markings.get(0))
    return made


def _read_monitoring(b, widths, view):
    widths, tlvs, made = widths.copy(), [], {}
    markings, groups, update = {}, {}, None
    while b:
        kind, n, index = b.number(2), b.number(2), b.number(2)
        tlvs.append((kind, index, b.take(n)))
    for kind, index, v in tlvs:
        if kind == STATELESS:
            _read_capability(v, widths, view)
        elif kind == GROUP:
            groups[index] = [int.from_bytes(v[i:i + 2], "big") for i in range(0, len(v), 2)]
        elif kind == VRF:
            made["table"] = v.decode()
        elif kind == UPDATE:
            update = v
        elif kind == MARKING:
            markings[index] = [int.from_bytes(v[:4], "big"),
                               int.from_bytes(v[4:6], "big") if len(v) >= 6 else None]
    made["update"] = read_update(update, widths)
    count = sum(len(block["nlri"]) for part in ("unreach", "reach")
                for block in made["update"][part])
    marks = _marks(markings, groups, count)
    if any(marks):
        made["marks"] = marks
    return made


def _read_information(b):
    made = []
    while b:
        kind = b.number(2)
        made.append([kind, b.take(b.number(2))])
    return made


def _read_stats(b):
    made = {}
    for _ in range(b.number(4)):
        kind, v = b.number(2), Bytes(b.take(b.number(2)))
        if kind in FAMILY_STATS:
            made[str(kind)] = {"afi": v.number(2), "safi": v.number(1),
                               "v": int.from_bytes(v.rest(), "big")}
        else:
            made[str(kind)] = int.from_bytes(v.rest(), "big")
    return {"stats": made}


def _read_down(b):
    made = {"reason": b.number(1)}
    if made["reason"] in (1, 3):
        head = b.take(21)
        data = b.take(struct.unpack(">H", head[16:18])[0] - 21)
        made["notification"] = [head[19], head[20]]
        if data and head[19] == 6 and head[20] in (2, 4):
            made["shutdown"] = data[1:1 + data[0]].decode()
    elif made["reason"] == 2:
        made["fsm"] = b.number(2)
    told = {kind: v for kind, v in _read_information(b)}
    if VRF in told:
        made["info"] = {"vrf_table": told[VRF].decode()}
    return made


def _read_up(b):
    local = b.take(16)
    made = {"local": str(ipaddress.ip_address(local if any(local[:12]) else local[12:])),
            "lport": b.number(2), "rport": b.number(2),
            "sent_open": _read_open(b), "rcvd_open": _read_open(b)}
    told = dict(_read_information(b))
    if told:
        made["info"] = {{0: "string", 3: "vrf_table", 4: "admin_label"}[k]: v.decode()
                        for k, v in told.items()}
    return made


class Reader:
    """Messages of one stream, in their order."""

    def __init__(self):
        self.widths = {}

    def _peer(self, b):
        kind, flags = b.number(1), b.number(1)
        rd, address = b.take(8), b.take(16)
        plain = address if flags & 0x80 and kind != 3 else address[12:]
        peer = {"type": kind, "flags": flags, "rd": _rd_text(rd) if any(rd) else "0",
                "addr": None if kind == 3 else str(ipaddress.ip_address(plain)),
                "asn": b.number(4), "bgp_id": str(ipaddress.ip_address(b.take(4)))}
        return peer, "%d.%06d" % (b.number(4), b.number(4))

    def _expected(self, key, view):
        """Widths in a view by the OPENs (RFC 7911 section 5)."""
        opens, made = self.widths.get(key), Widths()
        if opens is None:
            return made
        sent, received = opens
        made.as4 = "as4" in sent and "as4" in received
        ours, theirs = (2, 1) if view.startswith("out") else (1, 2)
        for family, way in sent.get("addpath", {}).items():
            other = received.get("addpath", {}).get(family, 0)
            if view == "loc" or (way & ours and other & theirs):
                made.add_path.add(tuple(int(n) for n in family.split("/")))
        return made

    def read(self, number, octets):
        assert octets[0] == 4
        b, kind = Bytes(octets[6:]), TYPES[octets[5]]
        made = {"i": number, "type": kind}
        if kind in ("initiation", "termination"):
            made["tlvs"] = [[t, int.from_bytes(v, "big") if kind == "termination" and t == 1
                             else v.decode()] for t, v in _read_information(b)]
            return made
        made["peer"], made["ts"] = self._peer(b)
        made["rib"] = view = rib(made["peer"])
        key = made["peer"]["type"], made["peer"]["rd"], made["peer"]["addr"]
        if key not in self.widths and kind != "peer_up":
            made["no_peer_up"] = True
        if kind == "peer_up":
            made.update(_read_up(b))
            self.widths[key] = made["sent_open"], made["rcvd_open"]
        elif kind == "peer_down":
            made.update(_read_down(b))
            self.widths.pop(key, None)
        elif kind == "stats":
            made.update(_read_stats(b))
        elif kind == "route_monitoring":
            widths = self._expected(key, view)
            widths.as4 = widths.as4 and not made["peer"]["flags"] & 0x20 or (
                view == "loc")
            made.update(_read_monitoring(b, widths, view))
        else:
            for t, v in _read_information(b):
                if t == 1:
                    made["info"] = int.from_bytes(v, "big")
        return made


def read(octets):
    reader, at, number = Reader(), 0, 0
    while at + 6 <= len(octets):
        size = struct.unpack(">I", octets[at + 1:at + 5])[0]
        yield reader.read(number, octets[at:at + size])
        at, number = at + size, number + 1


# ---- writing -------------------------------------------------------------------------------------

def _tlv(kind, value, index=None):
    return struct.pack(">HH", kind, len(value)) + (
        b"" if index is None else struct.pack(">H", index)) + value


def _attribute(flags, code, value):
    return bytes([flags, code, len(value)]) + value


def _write_nlri(family, nlri, widths):
    made = b""
    for n in nlri:
        address, bits = n["prefix"].split("/")
        octets = ipaddress.ip_address(address).packed[:(int(bits) + 7) // 8]
        front = b"".join((label << 4 | (i == len(n["labels"]) - 1)).to_bytes(3, "big")
                         for i, label in enumerate(n.get("labels", [])))
        if "rd" in n:
            front += _rd_octets(n["rd"])
        if family in widths.add_path:
            made += struct.pack(">I", n["path_id"])
        made += bytes([int(bits) + 8 * len(front)]) + front + octets
    return made


def _write_path(path, as4):
    return b"".join(bytes([NUMBERS[kind], len(numbers)]) + b"".join(
        struct.pack(">I" if as4 else ">H", n) for n in numbers) for kind, numbers in path)


def _write_attributes(a, widths):
    made = b""
    if "origin" in a:
        made += _attribute(0x40, 1, bytes([a["origin"]]))
    if "as_path" in a:
        made += _attribute(0x40, 2, _write_path(a["as_path"], widths.as4))
    if "next_hop" in a:
        made += _attribute(0x40, 3, ipaddress.ip_address(a["next_hop"]).packed)
    for name, flags, code in (("med", 0x80, 4), ("local_pref", 0x40, 5)):
        if name in a:
            made += _attribute(flags, code, struct.pack(">I", a[name]))
    if "comm" in a:
        made += _attribute(0xc0, 8, b"".join(
            struct.pack(">HH", *map(int, c.split(":"))) for c in a["comm"]))
    if "extcomm" in a:
        made += _attribute(0xc0, 16, bytes.fromhex("".join(a["extcomm"])))
    return made


def _message(kind, body):
    return MARKER + struct.pack(">HB", 19 + len(body), kind) + body


def write_update(u, widths):
    withdrawn = nlri = mp = b""
    for block in u["unreach"]:
        family = block["afi"], block["safi"]
        octets = _write_nlri(family, block["nlri"], widths)
        if family == (1, 1):
            withdrawn += octets
        else:
            mp += _attribute(0x80, 15, struct.pack(">HB", *family) + octets)
    for block in u["reach"]:
        family = block["afi"], block["safi"]
        octets = _write_nlri(family, block["nlri"], widths)
        if family == (1, 1):
            nlri += octets
            continue
        hop = b"".join(ipaddress.ip_address(h).packed for h in block["nh"])
        hop = bytes(8) + hop if family[1] == 128 else hop
        mp += _attribute(0x80, 14, struct.pack(">HBB", *family, len(hop)) + hop + b"\0" + octets)
    if u.get("eor", [1, 1]) != [1, 1]:
        mp += _attribute(0x80, 15, struct.pack(">HB", *u["eor"]))
    attributes = _write_attributes(u["attrs"], widths) + mp
    return _message(2, struct.pack(">H", len(withdrawn)) + withdrawn + struct.pack(
        ">H", len(attributes)) + attributes + nlri)


def _write_open(o):
    capabilities = b""
    for code, v in o["caps"]:
        if code == "mp":
            afi, safi = map(int, v.split("/"))
            capabilities += bytes([1, 4]) + struct.pack(">HBB", afi, 0, safi)
        else:
            v = bytes.fromhex(v)
            capabilities += bytes([code, len(v)]) + v
    if "as4" in o:
        capabilities += bytes([65, 4]) + struct.pack(">I", o["as4"])
    if "addpath" in o:
        told = b"".join(struct.pack(">HBB", *map(int, f.split("/")), way)
                        for f, way in o["addpath"].items())
        capabilities += bytes([69, len(told)]) + told
    parameters = bytes([2, len(capabilities)]) + capabilities
    return _message(1, struct.pack(">BHH", 4, o["as2"], o["hold"]) + ipaddress.ip_address(
        o["id"]).packed + bytes([len(parameters)]) + parameters)


def _padded(address):
    return (b"" if address is None else ipaddress.ip_address(address).packed).rjust(16, b"\0")


def _write_peer(o):
    p = o["peer"]
    seconds, micro = map(int, o["ts"].split("."))
    return bytes([p["type"], p["flags"]]) + (
        bytes(8) if p["rd"] == "0" else _rd_octets(p["rd"])) + _padded(p["addr"]) + struct.pack(
            ">I", p["asn"]) + ipaddress.ip_address(p["bgp_id"]).packed + struct.pack(
                ">II", seconds, micro)


def _write_down(o):
    body = bytes([o["reason"]])
    if "notification" in o:
        text = o.get("shutdown", "").encode()
        body += _message(3, bytes(o["notification"]) + (bytes([len(text)]) + text if text else b""))
    if "fsm" in o:
        body += struct.pack(">H", o["fsm"])
    if "info" in o:
        body += _tlv(VRF, o["info"]["vrf_table"].encode())
    return body


def _write_stats(o):
    body = struct.pack(">I", len(o["stats"]))
    for kind, v in o["stats"].items():
        if int(kind) in FAMILY_STATS:
            body += _tlv(int(kind), struct.pack(">HBQ", v["afi"], v["safi"], v["v"]))
        else:
            body += _tlv(int(kind), struct.pack(">I" if int(kind) < 7 else ">Q", v))
    return body


def write(o, how):
    """The message of an object. `how` has the octets around it that the object does not tell:
    of Route Monitoring the widths of its UPDATE and its TLVs as a function of the UPDATE."""
    kind, body = o["type"], b""
    if "peer" in o:
        body += _write_peer(o)
    if kind == "initiation":
        body += b"".join(_tlv(t, v.encode()) for t, v in o["tlvs"])
    elif kind == "termination":
        body += b"".join(_tlv(t, struct.pack(">H", v) if t == 1 else v.encode())
                         for t, v in o["tlvs"])
    elif kind == "peer_up":
        names = {"string": 0, "vrf_table": 3, "admin_label": 4}
        body += _padded(o["local"]) + struct.pack(">HH", o["lport"], o["rport"])
        body += _write_open(o["sent_open"]) + _write_open(o["rcvd_open"])
        body += b"".join(_tlv(names[k], v.encode()) for k, v in o.get("info", {}).items())
    elif kind == "peer_down":
        body += _write_down(o)
    elif kind == "stats":
        body += _write_stats(o)
    elif kind == "route_monitoring":
        body += how["tlvs"](write_update(o["update"], how["widths"]))
    elif kind == "route_mirroring":
        body += (_tlv(1, struct.pack(">H", o["info"])) if "info" in o else b"") + _tlv(
            0, how["mirrored"])
    return struct.pack(">BIB", 4, 6 + len(body), TYPES.index(kind)) + body


def main():
    if sys.argv[1:2] == ["write"]:
        import bmp4_facts  # pylint: disable=import-outside-toplevel
        directory = pathlib.Path(sys.argv[2])
        directory.mkdir(exist_ok=True)
        messages = list(bmp4_facts.messages())
        (directory / "in.bmp").write_bytes(b"".join(write(o, how) for o, how in messages))
        pcapfile.write(directory / "in.pcap", (
            ((bmp4_facts.TS + o["i"]) * 10**9, "192.0.2.77", 43021, "192.0.2.1", 11019,
             write(o, how)) for o, how in messages), "tcp")
        (directory / "expect.jsonl").write_text("".join(
            json.dumps(o, separators=(",", ":")) + "\n" for o, _ in messages))
    elif sys.argv[1:2] == ["read"]:
        for o in read(pathlib.Path(sys.argv[2]).read_bytes()):
            print(json.dumps(o, separators=(",", ":")))
    else:
        sys.exit(__doc__)


if __name__ == "__main__":
    main()
