"""Texts of BGP values as vnmcd is to write them, from the RFCs that define the values."""
import ipaddress
import struct

WELL_KNOWN = {  # IANA, BGP Well-known Communities
    0xFFFF0000: "graceful-shutdown", 0xFFFF0001: "accept-own", 0xFFFF0006: "llgr-stale",
    0xFFFF0007: "no-llgr", 0xFFFF029A: "blackhole", 0xFFFFFF01: "no-export",
    0xFFFFFF02: "no-advertise", 0xFFFFFF03: "no-export-subconfed", 0xFFFFFF04: "nopeer"}
TUNNELS = {1: "l2tpv3", 2: "gre", 8: "vxlan", 9: "nvgre", 10: "mpls", 15: "sr-policy",
           19: "geneve"}
VALIDATION = ["valid", "not-found", "invalid"]


def rd(text):
    """"type:administrator:number" without its type; RFC 5396's asdot+ where it would read like
    an AS number of two octets."""
    kind, _, rest = text.partition(":")
    if kind == "2" and int(rest.split(":")[0]) < 65536:
        return "0." + rest
    return rest


def as_path(segments):
    form = {"seq": ("", " ", ""), "set": ("{", ",", "}"), "confed_seq": ("(", " ", ")"),
            "confed_set": ("[", ",", "]")}
    return " ".join(form[kind][0] + form[kind][1].join(map(str, numbers)) + form[kind][2]
                    for kind, numbers in segments)


def as_length(segments):
    """RFC 4271 section 9.1.2.2 (a), RFC 5065 section 5.3 (3)."""
    return sum({"seq": len(numbers), "set": 1}.get(kind, 0) for kind, numbers in segments)


def origin_as(segments):
    return segments[-1][1][-1] if segments and segments[-1][0] == "seq" else None


def join_paths(path, path4):
    """RFC 6793 section 4.2.3; neighbouring sequences are one."""
    leading = as_length(path) - as_length(path4)
    if leading < 0:
        return path
    made = []
    for kind, numbers in path:
        if kind == "seq" and leading:
            made.append([kind, numbers[:leading]])
            leading -= len(made[-1][1])
        elif kind == "set" and leading:
            made.append([kind, numbers])
            leading -= 1
        elif kind.startswith("confed"):
            made.append([kind, numbers])
    for kind, numbers in path4:
        if made and kind == "seq" and made[-1][0] == "seq":
            made[-1] = ["seq", made[-1][1] + numbers]
        else:
            made.append([kind, numbers])
    return made


def communities(texts):
    def name(text):
        high, low = map(int, text.split(":"))
        return WELL_KNOWN.get(high << 16 | low, text)
    return [name(text) for text in texts]


def _ext(octets):
    kind, v = octets[:2].hex(), octets[2:]
    as2, as4 = "%d:%d" % struct.unpack(">HI", v), "%d:%d" % struct.unpack(">IH", v)
    ip4 = "%s:%d" % (ipaddress.ip_address(v[:4]), struct.unpack(">H", v[4:])[0])
    mac = v.hex(":")
    forms = {
        "0002": "rt:" + as2, "0003": "soo:" + as2, "0102": "rt:" + ip4, "0103": "soo:" + ip4,
        "0202": "rt:" + as4, "0203": "soo:" + as4, "8008": "redirect:" + as2,
        "030b": "color:" + as2, "0602": "es-import:" + mac, "0603": "router-mac:" + mac,
        "8009": "traffic-marking:%d" % v[5],
        "0600": "mac-mobility:%s%d" % ("sticky:" if v[0] & 1 else "",
                                       struct.unpack(">I", v[2:])[0]),
        "0601": "esi-label:%d:%d" % (v[0], int.from_bytes(v[3:], "big") >> 4),
        "800a": "l2-info:%d:%d:%d:%d" % struct.unpack(">BBHH", v)}
    if kind == "030c":
        number = struct.unpack(">H", v[4:])[0]
        return "encapsulation:%s" % TUNNELS.get(number, number)
    if kind == "4300":
        return "origin-validation:%s" % (VALIDATION[v[5]] if v[5] < 3 else v[5])
    if kind == "8006":
        return "rate-limit:%d:%g" % (struct.unpack(">H", v[:2])[0],
                                     struct.unpack(">f", v[2:])[0])
    return forms.get(kind, "type-%s:%s" % (kind, v.hex()))


def _ext6(octets):
    name = {"0002": "rt", "0003": "soo"}.get(octets[:2].hex(), "type-" + octets[:2].hex())
    return "%s:[%s]:%d" % (name, ipaddress.ip_address(octets[2:18]),
                           struct.unpack(">H", octets[18:])[0])


def ext_communities(attributes):
    texts = [_ext(bytes.fromhex(c)) for c in attributes.get("extcomm", [])]
    texts += [_ext6(bytes.fromhex(c)) for c in attributes.get("extcomm6", [])]
    return texts or None


_BITS = {"": "", "=": "=", ">": "!", ">=": "!="}  # RFC 8955 section 4.2.1.2: same bits, other sense


def _operators(name, texts):
    made = ""
    for number, text in enumerate(texts):
        both, text = text.startswith("&"), text.lstrip("&")
        if name in ("tcp-flags", "frag"):
            sign = text.rstrip("0123456789")
            value = "%x" % int(text[len(sign):])
            text = _BITS[sign] + "0x" + value.zfill(len(value) + len(value) % 2)
        made += ("" if number == 0 else "&" if both else ",") + text
    return made


def flow_text(parts):
    """A flow specification's components in order (RFC 8955, RFC 8956)."""
    return "; ".join("%s %s" % (name, v.removesuffix("@0") if isinstance(v, str)
                                else _operators(name, v)) for name, v in parts)
