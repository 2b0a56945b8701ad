"""Reads the exporters' messages out of pcap and pcapng files.

A reader of the tests' own, so that what vnmcd finds in a file is compared with something
that is not vnmcd. UDP datagrams (IP fragments put together) and the IPFIX messages of TCP
streams; Ethernet, Linux cooked (v1, v2), raw IP and BSD loopback captures.
"""
import ipaddress
import struct
from collections import namedtuple

Message = namedtuple("Message", "frame ts_ns transport src sport dst dport payload")

ETHERTYPE_IP4, ETHERTYPE_IP6 = 0x0800, 0x86DD
VLAN_TAGS = (0x8100, 0x88A8, 0x9100)


def frames(path):
    """Yields (number from 1, time in ns, link type, octets)."""
    with open(path, "rb") as f:
        data = f.read()
    magic = data[:4]
    if magic == b"\x0a\x0d\x0d\x0a":
        yield from _pcapng(data)
    else:
        yield from _pcap(data, magic)


def _pcap(data, magic):
    kinds = {b"\xd4\xc3\xb2\xa1": ("<", 1000), b"\xa1\xb2\xc3\xd4": (">", 1000),
             b"\x4d\x3c\xb2\xa1": ("<", 1), b"\xa1\xb2\x3c\x4d": (">", 1)}
    if magic not in kinds:
        raise ValueError("not a pcap file")
    order, unit = kinds[magic]
    link = struct.unpack(order + "I", data[20:24])[0] & 0xFFFF
    at, number = 24, 0
    while at + 16 <= len(data):
        sec, frac, length, _ = struct.unpack(order + "IIII", data[at:at + 16])
        number += 1
        yield number, sec * 10**9 + frac * unit, link, data[at + 16:at + 16 + length]
        at += 16 + length


def _pcapng(data):
    at, number, order, interfaces = 0, 0, "<", []
    while at + 12 <= len(data):
        if data[at:at + 4] == b"\x0a\x0d\x0d\x0a":
            order = "<" if data[at + 8:at + 12] == b"\x4d\x3c\x2b\x1a" else ">"
            interfaces = []
        block, length = struct.unpack(order + "II", data[at:at + 8])
        body = data[at + 8:at + length - 4]
        if block == 1:
            link = struct.unpack(order + "H", body[:2])[0]
            interfaces.append((link, _tick_ns(body[8:], order)))
        elif block == 6:
            where, high, low, captured = struct.unpack(order + "IIII", body[:16])
            link, tick = interfaces[where]
            number += 1
            yield number, round(((high << 32) | low) * tick), link, body[20:20 + captured]
        elif block == 3:
            number += 1
            yield number, 0, interfaces[0][0], body[4:4 + struct.unpack(order + "I", body[:4])[0]]
        at += max(length, 12)


def _tick_ns(options, order):
    at = 0
    while at + 4 <= len(options):
        code, length = struct.unpack(order + "HH", options[at:at + 4])
        if code == 9:
            value = options[at + 4]
            return 1e9 / (2 ** (value & 0x7F)) if value & 0x80 else 10 ** (9 - value)
        if code == 0:
            break
        at += 4 + (length + 3) // 4 * 4
    return 1000


def _network(link, p):
    """The IP packet in a frame, or None."""
    if link == 1:
        at = 12
        kind = struct.unpack(">H", p[at:at + 2])[0]
        while kind in VLAN_TAGS:
            at += 4
            kind = struct.unpack(">H", p[at:at + 2])[0]
        return p[at + 2:] if kind in (ETHERTYPE_IP4, ETHERTYPE_IP6) else None
    skip = {113: 16, 276: 20, 0: 4, 108: 4, 101: 0, 12: 0, 14: 0, 228: 0, 229: 0}
    return p[skip[link]:] if link in skip else None


class _Fragments:
    """Puts IP datagrams together again."""

    def __init__(self):
        self.parts = {}

    def add(self, key, offset, more, payload):
        parts = self.parts.setdefault(key, {})
        parts[offset] = (payload, more)
        whole, at = b"", 0
        while at in parts:
            piece, rest = parts[at]
            whole += piece
            at += len(piece)
            if not rest:
                del self.parts[key]
                return whole
            if not piece:
                break
        return None


def _transport(ip, fragments):
    """(protocol, src, dst, payload) of an IP packet; None until its last fragment is there."""
    if ip[0] >> 4 == 4:
        header, total = (ip[0] & 15) * 4, struct.unpack(">H", ip[2:4])[0]
        src, dst, proto = ip[12:16], ip[16:20], ip[9]
        payload = ip[header:total or len(ip)]
        ident, flags = struct.unpack(">HH", ip[4:8])
        offset, more = (flags & 0x1FFF) * 8, bool(flags & 0x2000)
    elif ip[0] >> 4 == 6:
        src, dst, proto, payload = ip[8:24], ip[24:40], ip[6], ip[40:]
        payload = payload[:struct.unpack(">H", ip[4:6])[0]]
        offset, more, ident = 0, False, 0
        while proto in (0, 43, 60, 44):
            nxt = payload[0]
            if proto == 44:
                word, ident = struct.unpack(">HI", payload[2:8])
                offset, more, payload = word & 0xFFF8, bool(word & 1), payload[8:]
            else:
                payload = payload[8 + payload[1] * 8:]
            proto = nxt
    else:
        return None
    if offset or more:
        payload = fragments.add((src, dst, proto, ident), offset, more, payload)
        if payload is None:
            return None
    return proto, str(ipaddress.ip_address(src)), str(ipaddress.ip_address(dst)), payload


class _Stream:
    """One direction of a TCP connection; may begin in its middle."""

    def __init__(self):
        self.next, self.waiting, self.data = None, {}, b""

    def add(self, seq, payload, syn):
        if syn:
            self.next = (seq + 1) & 0xFFFFFFFF
            return
        if not payload:
            return
        if self.next is None:
            self.next = seq
        self.waiting[seq] = payload
        while self.next in self.waiting:
            piece = self.waiting.pop(self.next)
            self.data += piece
            self.next = (self.next + len(piece)) & 0xFFFFFFFF

    def messages(self):
        """The whole IPFIX messages at the head of the data."""
        while len(self.data) >= 4:
            version, length = struct.unpack(">HH", self.data[:4])
            if version != 10 or length < 16 or len(self.data) < length:
                return
            yield self.data[:length]
            self.data = self.data[length:]


def messages(path):
    """All UDP datagrams, and the IPFIX messages in TCP streams, in the order of arrival."""
    fragments, streams = _Fragments(), {}
    for number, ts_ns, link, octets in frames(path):
        ip = _network(link, octets)
        found = _transport(ip, fragments) if ip and len(ip) >= 20 else None
        if not found:
            continue
        proto, src, dst, payload = found
        if proto == 17 and len(payload) >= 8:
            sport, dport, length = struct.unpack(">HHH", payload[:6])
            yield Message(number, ts_ns, "udp", src, sport, dst, dport, payload[8:length])
        elif proto == 6 and len(payload) >= 20:
            sport, dport, seq = struct.unpack(">HHI", payload[:8])
            stream = streams.setdefault((src, sport, dst, dport), _Stream())
            stream.add(seq, payload[(payload[12] >> 4) * 4:], bool(payload[13] & 2))
            for message in stream.messages():
                yield Message(number, ts_ns, "tcp", src, sport, dst, dport, message)


def write(path, messages, transport="udp"):
    """Writes (time in ns, src, sport, dst, dport, payload) each as raw IP, as UDP datagrams or as
    the segments of TCP streams that begin in this file."""
    sent = {}
    with open(path, "wb") as f:
        f.write(struct.pack("<IHHiIII", 0xA1B23C4D, 2, 4, 0, 0, 262144, 101))
        for ts_ns, src, sport, dst, dport, payload in messages:
            if transport == "udp":
                udp = struct.pack(">HHHH", sport, dport, 8 + len(payload), 0)
                _write_ip(f, ts_ns, src, dst, 17, udp + payload)
                continue
            stream = (src, sport, dst, dport)
            if stream not in sent:
                sent[stream] = 1
                _write_ip(f, ts_ns, src, dst, 6, _tcp(sport, dport, 0, 0x02))
            _write_ip(f, ts_ns, src, dst, 6, _tcp(sport, dport, sent[stream], 0x18) + payload)
            sent[stream] += len(payload)


def _tcp(sport, dport, seq, flags):
    return struct.pack(">HHIIBBHHH", sport, dport, seq, 0, 0x50, flags, 65535, 0, 0)


def _write_ip(f, ts_ns, src, dst, protocol, body):
    src, dst = ipaddress.ip_address(src).packed, ipaddress.ip_address(dst).packed
    if len(src) == 4:
        ip = struct.pack(">BBHHHBBH", 0x45, 0, 20 + len(body), 0, 0, 64, protocol, 0) + src + dst
    else:
        ip = struct.pack(">IHBB", 6 << 28, len(body), protocol, 64) + src + dst
    f.write(struct.pack("<IIII", ts_ns // 10**9, ts_ns % 10**9, *2 * [len(ip) + len(body)]))
    f.write(ip + body)
