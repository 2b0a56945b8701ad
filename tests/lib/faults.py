"""Inputs that hit the reasons which no capture and none of the edge cases hits: made here, octet
by octet, with the reason that must be counted and the records that must come all the same."""
import struct

import snmp_made
from torture import COLLECTOR, EXPORTER, NOW, NOW_NS, rec

FIELDS = [(8, 4), (12, 4), (1, 8), (2, 8), (7, 2), (11, 2), (4, 1)]
PORT = 2055


def u16(*values):
    return struct.pack(">%dH" % len(values), *values)


def u32(*values):
    return struct.pack(">%dI" % len(values), *values)


def template(ident, fields):
    return u16(ident, len(fields)) + b"".join(u16(*field) for field in fields)


def flow_set(ident, body):
    return u16(ident, 4 + len(body)) + body


def ipfix(seq, *sets):
    body = b"".join(sets)
    return u16(10, 16 + len(body)) + u32(NOW, seq, 1) + body


def octets(n):
    """Record number n, as rec() has it."""
    return (bytes((10, 0, 0, n, 192, 0, 2, n)) + struct.pack(">QQ", 1000 + n, 10 + n)
            + u16(5000 + n, 443) + b"\6")


TEMPLATE = flow_set(2, template(256, FIELDS))
DATA = flow_set(256, octets(1) + octets(2) + octets(3))
TEMPLATE_THEN_DATA = [ipfix(0, TEMPLATE), ipfix(0, DATA)]
SHORT_V5 = u16(5, 1) + u32(0, NOW, 0, 0) + u16(0, 0)
R3 = [rec(1), rec(2), rec(3)]
LIST = (flow_set(2, template(256, FIELDS + [(291, 65535)])))
WIDE = (flow_set(2, template(256, FIELDS + [(10, 8)])))
# A basicList of elements of four octets whose one element has three.
BAD_LIST = flow_set(256, octets(1) + b"\x08" + b"\3" + u16(10, 4) + b"\1\2\3")

# name: (reason, arguments of vnmcd, transport, messages, flow records)
CASES = {
    "truncated": ("truncated", [], "udp", [SHORT_V5[:20]], []),
    "bad_version": ("bad-version", ["-m", "2055=flow"], "udp", [u16(8, 1) + bytes(60)], []),
    "bad_agent": ("bad-header", ["-m", "2055=sflow"], "udp", [u32(5, 3) + bytes(24)], []),
    "record_limit": ("record-limit", ["-o", "limits.records_per_message=2"], "udp",
                     TEMPLATE_THEN_DATA, R3[:2]),
    "output_limit": ("output-limit", ["-o", "limits.output_per_message=1K"], "udp",
                     TEMPLATE_THEN_DATA, None),
    "template_limit": ("template-limit", ["-o", "limits.template_fields=6"], "udp",
                       TEMPLATE_THEN_DATA, []),
    "field_range": ("field-range", [], "udp",
                    [ipfix(0, WIDE), ipfix(0, flow_set(
                        256, octets(1) + struct.pack(">Q", 1 << 40)))], [rec(1, in_if=None)]),
    "list_malformed": ("list-malformed", [], "udp", [ipfix(0, LIST), ipfix(0, BAD_LIST)], [rec(1)]),
    "template_changed": ("template-changed", [], "tcp",
                         [ipfix(0, TEMPLATE),
                          ipfix(0, flow_set(2, template(256, [(12, 4), (8, 4)] + FIELDS[2:]))),
                          ipfix(0, DATA)], None),
    "withdrawal_unknown": ("withdrawal-unknown", [], "tcp",
                           [ipfix(0, TEMPLATE), ipfix(0, flow_set(2, u16(300, 0))),
                            ipfix(0, DATA)], R3),
    "duplicate": ("duplicate", ["-m", "2055=syslog", "-o", "logs.duplicates=1m"], "udp",
                  [b"<13>app: again"] * 2, None),
    "empty": ("empty", ["-m", "2055=syslog"], "udp", [b"\n"], None),
    "withdrawal": ("template-missing", [], "tcp",
                   [ipfix(0, TEMPLATE), ipfix(0, DATA), ipfix(3, flow_set(2, u16(256, 0))),
                    ipfix(3, DATA)], R3),
}


CASES.update(snmp_made.FAULTS)

# Reasons that no replay can show: the test that shows them, below tests/.
ELSEWHERE = {
    "rate-limit": "integration/syslog/run.py",
    "shed": "unit/shed.c",
    "capability-malformed": "unit/bgp.c",
    "family-limit": "unit/bmp.c",
    "update-malformed": "unit/bgp.c",
    "peer-limit": "unit/bmp.c",
    "tlv-malformed": "unit/bmp.c",
    "not-in-time-window": "unit/snmp.c",
    "response-unknown": "unit/poll_walks.c",
    "response-source": "unit/poll_walks.c",
    "error-status": "unit/poll_walks.c",
    "oid-order": "unit/poll_walks.c",
    "walk-stuck": "unit/poll_walks.c",
    "walk-limit": "unit/poll_walks.c",
    "not-allowed": "unit/udp.c",
    "message-timeout": "unit/tcp.c",
    "memory-limit": "unit/tcp.c",
    "connection-limit": "unit/tcp.c",
    "source-limit": "unit/tcp.c",
    "idle-timeout": "unit/tcp.c",
    "connection-lost": "unit/tcp.c",
    "connect-failed": "integration/live/dialling.py",
    "handshake-timeout": "integration/live/secure.py",
    "tls-handshake": "integration/live/secure.py",
    "tls-certificate": "integration/live/secure.py",
    "tls-name": "integration/live/secure.py",
    "tls-record": "integration/live/secure.py",
    "tls-truncated": "integration/live/secure.py",
    "out-of-memory": "unit/flow_bounds.c",
    "scratch-full": "unit/flow_bounds.c",
    "queue-full": "unit/kafka.c",
    "encode-failed": "unit/output.c",
    "write-failed": "integration/output/run.py",
    "broker-refused": "unit/kafka.c",
    "broker-timeout": "unit/kafka.c",
}


def datagrams(messages):
    return [(NOW_NS + i * 10**9, EXPORTER, 40000, COLLECTOR, PORT, m)
            for i, m in enumerate(messages)]
