"""A BMP version 4 session, as facts: what an IOS-XR router sends, and what its draft allows.

messages() yields objects of expect.jsonl, each with how its octets are put together.
"""
import struct

from bmp4 import FAMILY_STATS, GROUP, MARKING, STATELESS, UPDATE, VRF, Widths, rib, write_update

TS = 1764000000
LOC = {"type": 3, "flags": 0x80, "rd": "0", "addr": None, "asn": 100, "bgp_id": "2.2.2.2"}
RR = {"type": 0, "flags": 0, "rd": "0", "addr": "1.1.1.1", "asn": 100, "bgp_id": "1.1.1.1"}
OLD = {"type": 0, "flags": 0x20, "rd": "0", "addr": "10.9.9.9", "asn": 65009, "bgp_id": "9.9.9.9"}
CE = {"type": 1, "flags": 0x80, "rd": "0:100:7", "addr": "2001:db8:7::1", "asn": 65007,
      "bgp_id": "7.7.7.7"}
STRANGER = {"type": 0, "flags": 0x40, "rd": "0", "addr": "203.0.113.3", "asn": 64999,
            "bgp_id": "3.3.3.3"}
IBGP = {"origin": 2, "as_path": [], "next_hop": "1.1.1.1", "med": 0, "local_pref": 100}


def _tlv(kind, value, index=0):
    return struct.pack(">HHH", kind, len(value), index) + value


def _capability(code, *families):
    value = b"".join(struct.pack(">HBB", *f) for f in families)
    return _tlv(STATELESS, bytes([code, len(value)]) + value)


def _mark(index, status, reason=None):
    return _tlv(MARKING, struct.pack(">I", status) + (
        b"" if reason is None else struct.pack(">H", reason)), index)


class Session:
    def __init__(self):
        self.number = 0

    def say(self, kind, peer=None, how=None, **told):
        o = {"i": self.number, "type": kind}
        if peer is not None:
            o.update(peer=dict(peer), rib=rib(peer), ts="%d.%06d" % (TS + self.number, 250000))
        o.update(told)
        self.number += 1
        return o, how

    def routes(self, peer, update, before=b"", after=b"", widths=None, **told):
        update = {"attrs": {}, "reach": [], "unreach": [], **update}
        how = {"widths": widths or Widths(),
               "tlvs": lambda pdu: before + _tlv(UPDATE, pdu) + after}
        return self.say("route_monitoring", peer, how, **told, update=update)


def _plain(*prefixes, **more):
    return {"attrs": IBGP, "reach": [{"afi": 1, "safi": 1, "nh": ["1.1.1.1"],
                                      "nlri": [{"prefix": p, **more} for p in prefixes]}]}


def _widths(as4=True, add_path=(), labels=()):
    made = Widths(as4)
    made.add_path, made.labels = set(add_path), set(labels)
    return made


def _open(as2, bgp_id, *families, **more):
    return {"as2": as2, "hold": 180, "id": bgp_id, "caps": [["mp", f] for f in families], **more}


def _opening(s):
    yield s.say("initiation", tlvs=[[2, "xr9000"], [1, "IOS XR, made up"], [0, "version 4"]])
    same = _open(100, "2.2.2.2", "1/1", as4=100)
    yield s.say("peer_up", LOC, local="0.0.0.0", lport=0, rport=0, sent_open=same, rcvd_open=same,
                info={"vrf_table": "global"})
    sent = _open(100, "2.2.2.2", "1/1", "1/4", "1/128", as4=100, addpath={"1/1": 1, "1/128": 3})
    received = _open(100, "1.1.1.1", "1/1", "1/4", "1/128", as4=100,
                     addpath={"1/1": 2, "1/128": 1})
    yield s.say("peer_up", RR, local="2.2.2.2", lport=179, rport=49602, sent_open=sent,
                rcvd_open=received, info={"vrf_table": "global", "admin_label": "core"})
    yield s.say("peer_up", OLD, local="10.9.9.1", lport=25000, rport=179,
                sent_open=_open(100, "2.2.2.2", "1/1"), rcvd_open=_open(65009, "9.9.9.9", "1/1"))
    yield s.say("peer_up", CE, local="2001:db8:7::2", lport=179, rport=33000,
                sent_open=_open(100, "2.2.2.2", "1/1", "2/1", as4=100),
                rcvd_open=_open(65007, "7.7.7.7", "1/1", "2/1", as4=65007),
                info={"vrf_table": "blue"})


def _markings(s):
    vrf, status = _tlv(VRF, b"global"), 0x8a  # best, primary, add-path
    yield s.routes(LOC, _plain("111.1.1.1/32", "111.1.1.2/32"), table="global",
                   before=_tlv(GROUP, struct.pack(">HH", 1, 2), 0x8001) + vrf,
                   after=_mark(1, status), marks=[[status, None], None])
    yield s.routes(LOC, _plain("112.1.1.1/32"), vrf, _mark(1, status), table="global",
                   marks=[[status, None]])
    # TLVs before and behind, one of an enterprise, one of a type that there is not.
    update = _plain("10.1.0.0/24", "10.2.0.0/24", "10.3.0.0/24", "10.4.0.0/24")
    update["unreach"] = [{"afi": 1, "safi": 1, "nlri": [{"prefix": "10.0.0.0/24"}]}]
    yield s.routes(LOC, update, _mark(0x8002, 0x4, 6) + _mark(2, 0x2) + _tlv(0x8001, b"\0\0\0\x09x"),
                   _tlv(GROUP, struct.pack(">HHH", 3, 5, 900), 0x8002) + _mark(0, 0x20) +
                   _tlv(77, b"what is this"),
                   marks=[[0x20, None], [0x2, None], [0x4, 6], [0x20, None], [0x4, 6]])


def _stateless(s):
    vrf = _tlv(VRF, b"global")
    # What the OPENs say: received with identifiers, sent without.
    yield s.routes(RR, _plain("10.10.0.0/16", path_id=0x01020304), vrf, table="global",
                   widths=_widths(add_path=[(1, 1)]))
    out = {**RR, "flags": 0x10}
    yield s.routes(out, _plain("10.11.0.0/16"), vrf, table="global")
    # What the message says itself, against them; before and behind the UPDATE.
    yield s.routes({**out, "flags": 0x50}, _plain("10.12.0.0/16", "10.12.0.0/16", path_id=3),
                   vrf, _capability(69, (1, 1, 3)), table="global", widths=_widths(
                       add_path=[(1, 1)]))
    yield s.routes(RR, _plain("10.13.0.0/16"), _capability(69, (1, 1, 0)) + vrf, table="global")
    yield s.routes(out, _plain("10.13.1.0/24"), _capability(69, (1, 1, 1)) + vrf, table="global")
    yield s.routes(LOC, _plain("10.14.0.0/16", path_id=16777217), _capability(69, (1, 1, 1)) + vrf,
                   table="global", widths=_widths(add_path=[(1, 1)]))
    # AS numbers of four octets, though flag and OPENs say two; and two, as they say.
    attrs = {**IBGP, "as_path": [["seq", [65009, 4200000001]]]}
    yield s.routes(OLD, {**_plain("10.15.0.0/16"), "attrs": attrs},
                   _tlv(STATELESS, bytes([65, 4]) + struct.pack(">I", 100)))
    attrs = {**IBGP, "as_path": [["seq", [65009, 64800]]], "comm": ["65009:1"]}
    yield s.routes(OLD, {**_plain("10.16.0.0/16"), "attrs": attrs}, widths=_widths(as4=False))


def _services(s):
    vrf, blue = _tlv(VRF, b"global"), _tlv(VRF, b"blue")
    vpn = {"path_id": 1, "labels": [48001], "rd": "0:101:1", "prefix": "102.0.0.1/32"}
    attrs = {"origin": 2, "as_path": [], "local_pref": 100, "extcomm": ["0002000100000190"]}
    yield s.routes(RR, {"attrs": attrs, "reach": [
        {"afi": 1, "safi": 128, "nh": ["1.1.1.1"], "nlri": [vpn, {**vpn, "path_id": 2}]}]},
                   _capability(69, (1, 128, 3)) + vrf, _mark(2, 0x10), table="global",
                   widths=_widths(add_path=[(1, 128)]), marks=[None, [0x10, None]])
    yield s.routes({**RR, "flags": 0x10}, {"unreach": [
        {"afi": 1, "safi": 128, "nlri": [{**vpn, "labels": [1048575]}]}]},
                   _capability(69, (1, 128, 3)) + vrf, table="global",
                   widths=_widths(add_path=[(1, 128)]))
    labelled = {"labels": [1000, 1001, 3], "prefix": "10.20.0.0/16"}
    yield s.routes(RR, {"attrs": {"origin": 0, "as_path": [], "local_pref": 100}, "reach": [
        {"afi": 1, "safi": 4, "nh": ["1.1.1.1"], "nlri": [labelled]}]},
                   _capability(8, (1, 4, 3)) + vrf, table="global",
                   widths=_widths(labels=[(1, 4)]))
    yield s.routes(CE, {"attrs": {"origin": 0, "as_path": [["seq", [65007]]]}, "reach": [
        {"afi": 2, "safi": 1, "nh": ["2001:db8:7::1", "fe80::1"],
         "nlri": [{"prefix": "2001:db8:70::/48"}]}]}, blue, table="blue")
    for peer, family in ((LOC, [1, 1]), (RR, [1, 128]), (CE, [2, 1])):
        yield s.routes(peer, {"eor": family})
    yield s.routes(STRANGER, _plain("10.30.0.0/16"), _tlv(VRF, b"global"), table="global",
                   no_peer_up=True)


def _rest(s):
    stats = {str(t): {"afi": 2, "safi": 128, "v": 2**40 + t} if t in FAMILY_STATS else 1000 + t
             for t in list(range(24)) + list(range(26, 44))}
    yield s.say("stats", RR, stats=stats)
    yield s.say("stats", CE, stats={"65531": 12})
    mirrored = write_update({"attrs": {}, "reach": [], "unreach": [
        {"afi": 1, "safi": 1, "nlri": [{"prefix": "10.40.0.0/16"}]}]}, Widths())
    yield s.say("route_mirroring", RR, {"mirrored": mirrored}, info=0)
    yield s.say("route_mirroring", CE, {"mirrored": mirrored})
    yield s.say("peer_down", RR, reason=3, notification=[6, 2], shutdown="maintenance until 04:00",
                info={"vrf_table": "global"})
    yield s.say("peer_down", OLD, reason=2, fsm=24, info={"vrf_table": "old"})
    yield s.say("peer_down", CE, reason=5)
    yield s.say("peer_down", LOC, reason=6, info={"vrf_table": "global"})
    yield s.say("termination", tlvs=[[0, "reload"], [1, 0]])


def messages():
    s = Session()
    for part in (_opening, _markings, _stateless, _services, _rest):
        yield from part(s)
