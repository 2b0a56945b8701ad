#!/usr/bin/env python3
"""Records are what --dump=json-schema and --dump=proto say.

Replays captures of tests/cases/ and checks every JSON record against the schema; then replays them
to protobuf, has protoc decode that by the .proto and compares it with the JSON, field by field.
VNMCD names the program.
"""
import ipaddress
import json
import os
import re
import shutil
import subprocess
import sys
import tempfile

TESTS = os.path.dirname(os.path.abspath(__file__))
VNMCD = os.environ.get("VNMCD", "./vnmcd")
CASES = ["flows-combined", "ovs-sflow-all", "pmacct-nfprobe-ipfix", "softflowd-ipfix-bidir"]
TOPOLOGY = os.path.join(TESTS, "data", "topology.json")
TYPES = {"object": dict, "string": str, "array": list, "boolean": bool, "integer": int,
         "number": (int, float)}
FORMATS = {"ipv4": ipaddress.IPv4Address, "ipv6": ipaddress.IPv6Address}
KEYWORDS = {"type", "const", "minimum", "maximum", "pattern", "format", "properties", "items",
            "additionalProperties", "propertyNames", "anyOf", "$ref", "description"}


def dump(what):
    return subprocess.run([VNMCD, f"--dump={what}"], check=True, capture_output=True).stdout


def replay(case, *options):
    pcap = os.path.join(TESTS, "cases", case, "in.pcap")
    run = subprocess.run([VNMCD, "-r", pcap, "-o", f"topology.sources.t.path={TOPOLOGY}",
                          *options], check=True, capture_output=True)
    return run.stdout


# ---- JSON Schema: the keywords that the schema uses ---------------------------------------------

def has_type(value, name):
    if name in ("integer", "number") and isinstance(value, bool):
        return False
    return isinstance(value, TYPES[name])


def has_format(value, name):
    try:
        FORMATS[name](value)
    except ValueError:
        return False
    return True


def scalar_faults(value, schema):
    types = schema.get("type", [])
    if types and not any(has_type(value, t) for t in ([types] if isinstance(types, str) else types)):
        yield f"{value!r} is no {types}"
    if "const" in schema and value != schema["const"]:
        yield f"{value!r} is not {schema['const']!r}"
    if has_type(value, "number"):
        if not schema.get("minimum", value) <= value <= schema.get("maximum", value):
            yield f"{value} is out of range"
    if isinstance(value, str):
        if not re.search(schema.get("pattern", ""), value):
            yield f"{value!r} does not match {schema['pattern']}"
        if "format" in schema and not has_format(value, schema["format"]):
            yield f"{value!r} is no {schema['format']}"


def faults(value, schema, defs):
    unknown = set(schema) - KEYWORDS
    if unknown:
        yield f"keywords that this check does not know: {unknown}"
    yield from scalar_faults(value, schema)
    if "$ref" in schema:
        yield from faults(value, defs[schema["$ref"].rsplit("/", 1)[1]], defs)
    if "anyOf" in schema:
        found = [list(faults(value, s, defs)) for s in schema["anyOf"]]
        if all(found):
            yield f"none of anyOf: {min(found, key=len)}"
    for item in value if isinstance(value, list) else []:
        yield from faults(item, schema.get("items", {}), defs)
    for key, item in value.items() if isinstance(value, dict) else []:
        yield from faults(key, schema.get("propertyNames", {}), defs)
        if key in schema.get("properties", {}):
            yield from (f"{key}: {f}" for f in faults(item, schema["properties"][key], defs))
        elif schema.get("additionalProperties", True) is False:
            yield f"{key} is not in the schema"


# ---- protobuf -------------------------------------------------------------------------------------

def frames(octets):
    """The records of a file, each with its length in front."""
    at = 0
    while at < len(octets):
        start, size, shift = at, 0, 0
        while True:
            octet = octets[at]
            size |= (octet & 127) << shift
            shift += 7
            at += 1
            if octet < 128:
                break
        at += size
        yield octets[start:at]


def decode(octets, records, proto, folder):
    """protoc's reading of all records: a list of (name, text) of each record's own fields."""
    kinds = sorted({r["kind"] for r in records})
    wrapper = "".join(f"  repeated {k.title().replace('_', '')} {k} = {i + 1};\n" for i, k in enumerate(kinds))
    path = os.path.join(folder, "vnmcd.proto")
    with open(path, "wb") as f:
        f.write(proto + b"message All {\n" + wrapper.encode() + b"}\n")
    # A record in its file is a length and a message: with a key in front, a field of All.
    wire = b"".join(bytes([(kinds.index(r["kind"]) + 1) << 3 | 2]) + f
                    for r, f in zip(records, frames(octets)))
    text = subprocess.run(["protoc", f"--proto_path={folder}", "--decode=vnm.All", path],
                          input=wire, check=True, capture_output=True).stdout.decode()
    decoded = {k: [] for k in kinds}
    for line in text.splitlines():
        if not line.startswith(" "):
            if line.endswith("{"):
                fields = []
                decoded[line.split()[0]].append(fields)
        elif not line.startswith("   ") and line.strip() != "}":
            name, _, value = line.strip().partition(" ")
            fields.append((name.rstrip(":"), value))
    return decoded


def unquoted(text):
    return text[1:-1].encode().decode("unicode_escape").encode("latin-1")


def same(wanted, got):
    """Whether protoc's text is the JSON value."""
    if isinstance(wanted, bool):
        return got == str(wanted).lower()
    if isinstance(wanted, (int, float)):
        return float(got) == float(wanted) if "." in got or "e" in got else int(got) == wanted
    octets = unquoted(got)
    if octets == wanted.encode() or octets.hex() == wanted or octets.hex(":") == wanted:
        return True
    return len(octets) in (4, 16) and str(ipaddress.ip_address(octets)) == wanted


def same_list(wanted, texts):
    """Lists of numbers and texts; those of information elements and named values are not compared."""
    if not all(isinstance(v, (int, str)) for v in wanted):
        return True
    return len(wanted) == len(texts) and all(same(w, t) for w, t in zip(wanted, texts))


def differences(record, fields):
    got = dict(fields)
    for name in set(record) ^ set(got):
        if record.get(name) != []:
            yield f"{name} is in one encoding only"
    for name, value in record.items():
        if isinstance(value, dict) or name not in got:
            continue
        if isinstance(value, list):
            if not same_list(value, [v for n, v in fields if n == name]):
                yield f"{name}: {value!r} in JSON, not so in protobuf"
        elif not same(value, got[name]):
            yield f"{name}: {value!r} in JSON, {got[name]} in protobuf"


# ---- all of it ------------------------------------------------------------------------------------

def check(case, schema, proto, folder):
    records = [json.loads(line) for line in replay(case).splitlines()]
    found = [f"{case}: no records"] if not records else []
    for record in records:
        found += list(faults(record, schema["$defs"][record["kind"]], schema["$defs"]))
    if shutil.which("protoc"):
        octets = replay(case, "-o", "outputs.p.type=file", "-o", "outputs.p.encoding=protobuf")
        decoded = decode(octets, records, proto, folder)
        for kind, messages in decoded.items():
            of_kind = [r for r in records if r["kind"] == kind]
            if len(of_kind) != len(messages):
                found.append(f"{case}: {len(of_kind)} {kind} in JSON, {len(messages)} in protobuf")
            for record, fields in zip(of_kind, messages):
                found += list(differences(record, fields))
    return found


def main():
    schema = json.loads(dump("json-schema"))
    proto = dump("proto")
    passed = failed = 0
    with tempfile.TemporaryDirectory() as folder:
        for case in CASES:
            found = check(case, schema, proto, folder)
            for fault in found[:10]:
                print(f"{case}: {fault}")
            failed += bool(found)
            passed += not found
    print(f"schema: {passed} passed, {failed} failed")
    return 1 if failed else 0


if __name__ == "__main__":
    sys.exit(main())
