"""SNMP messages made here, octet by octet: sound ones, and such as do harm."""
import hashlib
import hmac
import struct

ENGINE = bytes.fromhex("80001f8804766e6d6c61623031")
AUTH_KEY, PRIV_KEY = bytes(range(20)), bytes(range(100, 116))
UP_TIME, TRAP_OID = "1.3.6.1.2.1.1.3.0", "1.3.6.1.6.3.1.1.4.1.0"
LINK_DOWN = "1.3.6.1.6.3.1.1.5.3"


def tlv(tag, *contents):
    body = b"".join(contents)
    if len(body) < 128:
        return bytes((tag, len(body))) + body
    length = len(body).to_bytes((len(body).bit_length() + 7) // 8, "big")
    return bytes((tag, 0x80 | len(length))) + length + body


def integer(value, tag=2):
    return tlv(tag, value.to_bytes(value.bit_length() // 8 + 1, "big", signed=value < 0))


def oid(text):
    numbers = [int(n) for n in text.split(".")]
    out = b""
    for n in [40 * numbers[0] + numbers[1]] + numbers[2:]:
        part = bytes((n & 0x7f,))
        while n > 127:
            n >>= 7
            part = bytes((0x80 | n & 0x7f,)) + part
        out += part
    return tlv(6, out)


def varbind(name, value):
    return tlv(0x30, oid(name), value)


def link_down(index=7):
    return [varbind(UP_TIME, integer(123456, 0x43)), varbind(TRAP_OID, oid(LINK_DOWN)),
            varbind("1.3.6.1.2.1.2.2.1.1.%d" % index, integer(index)),
            varbind("1.3.6.1.2.1.2.2.1.8.%d" % index, integer(2))]


def pdu(varbinds, tag=0xa7, request_id=1):
    return tlv(tag, integer(request_id), integer(0), integer(0), tlv(0x30, *varbinds))


def v2c(varbinds, tag=0xa7, community=b"public"):
    return tlv(0x30, integer(1), tlv(4, community), pdu(varbinds, tag))


def v3(data, flags=0, user=b"noauth", model=3, engine=ENGINE, priv=b"", boots=1, time=100):
    """`data`: a ScopedPDU, or the octets of an encrypted one. flags: 1 authentic, 2 encrypted."""
    def message(digest):
        security = tlv(0x30, tlv(4, engine), integer(boots), integer(time), tlv(4, user),
                       tlv(4, digest), tlv(4, priv))
        return tlv(0x30, integer(3), tlv(0x30, integer(9), integer(65507), tlv(4, bytes((flags,))),
                                         integer(model)),
                   tlv(4, security), tlv(4, data) if flags & 2 else data)
    if not flags & 1:
        return message(b"")
    return message(hmac.new(AUTH_KEY, message(bytes(12)), hashlib.sha1).digest()[:12])


def scoped(varbinds, tag=0xa7):
    return tlv(0x30, tlv(4, ENGINE), tlv(4), pdu(varbinds, tag))


USER = ["-o", "snmp.users.known.auth=sha1", "-o", "snmp.users.known.auth_key=" + AUTH_KEY.hex(),
        "-o", "snmp.users.known.priv=aes128", "-o", "snmp.users.known.priv_key=" + PRIV_KEY.hex(),
        "-o", "snmp.users.known.engine_id=" + ENGINE.hex(),
        "-o", "snmp.users.known.localised=true", "-o", "snmp.users.known.level=noAuthNoPriv"]
MAP = ["-m", "2055=snmp"]

# name: (reason, arguments of vnmcd, transport, messages, flow records: none are)
FAULTS = {
    "snmp_varbind": ("varbind-malformed", MAP, "udp",
                     [v2c(link_down() + [tlv(0x30, tlv(6, b"\x2b\x81"), integer(1))])], []),
    "snmp_varbinds": ("varbind-limit", MAP, "udp",
                      [v2c([tlv(0x30, tlv(6, b"\x2b"), tlv(5))] * 9000)], []),
    "snmp_unnamed": ("notification-unnamed", MAP, "udp", [v2c(link_down()[2:])], []),
    "snmp_model": ("security-model", MAP, "udp", [v3(scoped(link_down()), model=4)], []),
    "snmp_level": ("security-level", MAP + ["-o", "snmp.users.noauth.auth=none"], "udp",
                   [v3(scoped(link_down()), flags=1)], []),
    "snmp_digest": ("wrong-digest", MAP + USER, "udp",
                    [v3(scoped(link_down()), flags=1, user=b"known")[:-1] + b"\1"], []),
    "snmp_decryption": ("decryption-error", MAP + USER, "udp",
                        [v3(bytes(range(40)), flags=3, user=b"known", priv=bytes(8))], []),
    "snmp_engine": ("unknown-engine", MAP + USER, "udp",
                    [v3(scoped(link_down()), user=b"known", engine=ENGINE + b"2")], []),
    "snmp_priv_alone": ("bad-header", MAP + USER, "udp",
                        [v3(bytes(40), flags=2, user=b"known", priv=bytes(8))], []),
    "snmp_unknown_pdu": ("message-unknown", MAP, "udp", [v2c(link_down(), tag=0xa9)], []),
    "snmp_length": ("truncated", MAP, "udp", [v2c(link_down())[:40]], []),
    "snmp_version": ("bad-version", MAP, "udp",
                     [tlv(0x30, integer(2), tlv(4, b"public"), pdu(link_down()))], []),
}


def doubled():
    """Enterprises that end in 0 (RFC 3584 section 3.1): trap, and the name that it must have."""
    def trap(enterprise, specific):
        return tlv(0x30, integer(0), tlv(4, b"public"), tlv(
            0xa4, oid(enterprise), tlv(0x40, bytes((192, 0, 2, 1))), integer(6), integer(specific),
            integer(5, 0x43), tlv(0x30)))
    bgp = "1.3.6.1.2.1.15.0"
    return [(trap(bgp, 2), bgp + ".2"),  # the catalogue has it so
            (trap("1.3.6.1.4.1.99999.1.0", 2), "1.3.6.1.4.1.99999.1.0.0.2"),  # nobody has it
            (trap("1.3.6.1.4.1.99999.1", 2), "1.3.6.1.4.1.99999.1.0.2")]


def float_of(value):
    return tlv(0x44, b"\x9f\x78\x04" + struct.pack(">f", value))


# Encodings that agents send and RFC 3417 does not allow: octets, and what `odd` must say.
ODD = [
    (b"\x30\x82\x00" + bytes((len(v2c(link_down())) - 2,)) + v2c(link_down())[2:], ["length"]),
    (v2c(link_down() + [varbind("1.3.6.1.2.1.2.2.1.10.7", tlv(0x41, b"\xff\xff\xff\xfe"))]),
     ["padding", "sign"]),
    (v2c(link_down() + [varbind("1.3.6.1.2.1.31.1.1.1.6.7", tlv(0x46, bytes(9)))]), ["padding"]),
    (v2c(link_down()) + b"\0\0", ["trailing"]),
    (v2c(link_down() + [varbind("1.3.6.1.4.1.99999.1", tlv(0x4f, b"x"))]), ["type"]),
    (v2c(link_down() + [varbind("1.3.6.1.4.1.99999.1", tlv(0x40, bytes(16)))]), ["width"]),
]
