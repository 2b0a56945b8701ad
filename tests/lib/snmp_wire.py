"""A second reader of SNMP, for what is not encrypted: so that what vnmcd says is compared with
something that is not vnmcd. Strict: it raises ValueError for what RFC 3416 does not allow."""
import struct
from collections import namedtuple

Message = namedtuple("Message", "version community user engine flags context pdu")
Pdu = namedtuple("Pdu", "type request_id status index varbinds trap")
Trap1 = namedtuple("Trap1", "enterprise agent generic specific uptime")

PDUS = {0xa0: "get", 0xa1: "get-next", 0xa2: "response", 0xa3: "set", 0xa4: "trap-v1",
        0xa5: "get-bulk", 0xa6: "inform", 0xa7: "trap", 0xa8: "report"}
TYPES = {0x02: "integer", 0x04: "octets", 0x05: "null", 0x06: "oid", 0x40: "ip-address",
         0x41: "counter32", 0x42: "gauge32", 0x43: "timeticks", 0x44: "opaque", 0x46: "counter64",
         0x80: "no-such-object", 0x81: "no-such-instance", 0x82: "end-of-mib-view"}
UP_TIME, TRAP_OID = "1.3.6.1.2.1.1.3.0", "1.3.6.1.6.3.1.1.4.1.0"


def take(data, tag=None):
    """(tag, contents, rest) of the element at the begin."""
    if len(data) < 2:
        raise ValueError("no element")
    found, length, at = data[0], data[1], 2
    if length & 0x80:
        n = length & 0x7f
        length, at = int.from_bytes(data[2:2 + n], "big"), 2 + n
    if len(data) < at + length or (tag is not None and found != tag):
        raise ValueError("not what must be there: tag %#x" % found)
    return found, data[at:at + length], data[at + length:]


def number(contents):
    return int.from_bytes(contents, "big", signed=True)


def oid(contents):
    numbers, value = [], 0
    for octet in contents:
        value = value << 7 | octet & 0x7f
        if not octet & 0x80:
            numbers.append(value)
            value = 0
    first = min(numbers[0] // 40, 2)
    return ".".join(map(str, [first, numbers[0] - 40 * first] + numbers[1:]))


def value_of(tag, contents):
    """(type, value): an Opaque may hold a float (net-snmp's agents)."""
    kind = TYPES[tag]
    if kind in ("integer",):
        return kind, number(contents)
    if kind in ("counter32", "gauge32", "timeticks", "counter64"):
        return kind, int.from_bytes(contents, "big")
    if kind == "oid":
        return kind, oid(contents)
    if kind == "ip-address":
        return kind, ".".join(map(str, contents))
    if kind == "opaque" and contents[:3] == b"\x9f\x78\x04":
        return "float", struct.unpack(">f", contents[3:])[0]
    if kind in ("octets", "opaque"):
        return kind, contents
    return kind, None


def varbinds(data):
    out = []
    while data:
        _, pair, data = take(data, 0x30)
        _, name, rest = take(pair, 0x06)
        tag, contents, _ = take(rest)
        out.append((oid(name), *value_of(tag, contents)))
    return out


def pdu(data):
    tag, body, _ = take(data)
    trap = None
    if tag == 0xa4:
        _, enterprise, body = take(body, 0x06)
        _, agent, body = take(body, 0x40)
        fields = []
        for _ in range(3):
            _, contents, body = take(body)
            fields.append(int.from_bytes(contents, "big"))
        trap = Trap1(oid(enterprise), ".".join(map(str, agent)), *fields)
        ids = [None, None, None]
    else:
        ids = []
        for _ in range(3):
            _, contents, body = take(body, 0x02)
            ids.append(number(contents))
    return Pdu(PDUS[tag], *ids, varbinds(take(body, 0x30)[1]), trap)


def message(payload):
    """One message; `pdu` is None where it is encrypted."""
    _, body, _ = take(payload, 0x30)
    _, version, body = take(body, 0x02)
    if number(version) != 3:
        _, community, body = take(body, 0x04)
        return Message(number(version), community.decode(), None, None, 0, None, pdu(body))
    _, header, body = take(body, 0x30)
    for _ in range(3):
        _, flags, header = take(header)
    _, security, body = take(body, 0x04)
    _, security, _ = take(security, 0x30)
    _, engine, security = take(security, 0x04)
    for _ in range(2):
        _, _, security = take(security, 0x02)
    _, user, _ = take(security, 0x04)
    if flags[0] & 2:
        return Message(3, None, user.decode(), engine.hex(), flags[0], None, None)
    _, scoped, _ = take(body, 0x30)
    _, context, scoped = take(scoped, 0x04)
    _, _, scoped = take(scoped, 0x04)
    return Message(3, None, user.decode(), engine.hex(), flags[0], context.hex(), pdu(scoped))


def trap_oid(p):
    """What a notification is called (RFC 3584 section 3.1)."""
    if p.trap is None:
        return next((v for name, _, v in p.varbinds if name == TRAP_OID), None)
    if p.trap.generic < 6:
        return "1.3.6.1.6.3.1.1.5.%d" % (p.trap.generic + 1)
    return "%s.0.%d" % (p.trap.enterprise, p.trap.specific)
