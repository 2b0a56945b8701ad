#!/usr/bin/env python3
"""Compares vnmcd with tshark on captures and single payloads from other projects.

    VNM_PEER_FIXTURES=DIR tests/long/peer.py [--vnmcd PATH] [--verbose] [NAME...]

DIR is searched for *.pcap, *.bin and *.dat (one UDP payload, or several messages back to back)
and *.ipfix (RFC 5655 files; each message becomes a datagram).
Files that belong together (templates and their data) are replayed as one, templates first. For
each group the number of flow records, their octets and their packets must be the same, in all
and template by template. Differences that are known to be tshark's are in DIFFERENCES with the
reason. Such files are often not free to be copied, so none is part of this repository; without
DIR this test is skipped.
"""
import argparse
import os
import pathlib
import re
import shutil
import struct
import subprocess
import sys
import tempfile
import xml.etree.ElementTree
from collections import defaultdict

HERE = pathlib.Path(__file__).resolve().parent
sys.path.insert(0, str(HERE.parent / "lib"))
# pylint: disable=wrong-import-position
import pcapfile
import replay as replays

# group: why vnmcd is right and tshark is not. Checked by hand against the octets of the file.
DIFFERENCES = {}

BASE_NS = 1_600_000_000 * 10**9
# Which of tshark's fields count octets and packets, the best first, as vnmcd prefers them.
OCTETS = ("cflow.octets", "cflow.initiator_octets", "cflow.layer2_octet_delta_count",
          "cflow.post_octets", "cflow.octets_total")
PACKETS = ("cflow.packets", "cflow.initiator_packets", "cflow.post_packets",
           "cflow.packets_total")


def version_of(payload):
    """NetFlow and IPFIX 1..10; sFlow "s"; None for anything else."""
    if len(payload) >= 28 and payload[:4] == b"\0\0\0\5" and payload[4:8] in (
            b"\0\0\0\1", b"\0\0\0\2"):
        return "s"
    if len(payload) >= 16:
        version = struct.unpack(">H", payload[:2])[0]
        if version in (1, 5, 7, 9, 10):
            return version
    return None


def order(path):
    """Templates before options data before data."""
    name = path.name
    if re.search(r"opttpl|options?-templ|option_tpl", name):
        rank = 0
    elif re.search(r"tpl|template", name):
        rank = 1
    elif "options" in name:
        rank = 2
    else:
        rank = 3
    return rank, name


def group_name(path, root):
    """What files that belong together have in common."""
    name = path.stem
    if path.suffix == ".pcap" and not re.search(r"(template|data)s?$", name):
        return str(path.relative_to(root).with_suffix(""))
    stem = re.sub(r"[-_]?(data(?!link)|opttpl|tpls?|templates?|options?|message|ipfix_\d|\d+$).*", "", name)
    return str((path.parent / stem).relative_to(root)).rstrip("/") if stem else str(
        path.parent.relative_to(root))


def payloads(path):
    """(src, sport, dst, dport, payload) of every export datagram in a file."""
    if path.suffix == ".pcap":
        for m in pcapfile.messages(path):
            if m.transport == "udp" and version_of(m.payload):
                yield m.src, m.sport, m.dst, m.dport, m.payload
        return
    data = path.read_bytes()
    while path.suffix == ".ipfix" and len(data) >= 16:
        length = struct.unpack(">H", data[2:4])[0]
        yield "192.0.2.250", 40000, "192.0.2.251", 4739, data[:length]
        data = data[max(length, 16):]
    port = 6343 if version_of(data) == "s" else 2055
    if data:
        yield "192.0.2.250", 40000, "192.0.2.251", port, data


def groups(root):
    found = defaultdict(list)
    for path in root.rglob("*"):
        if path.suffix in (".pcap", ".bin", ".dat", ".ipfix") and "inner-packets" not in str(path):
            found[group_name(path, root)].append(path)
    return {name: sorted(paths, key=order) for name, paths in sorted(found.items())}


def options_templates(datagrams):
    """{(source, domain, id)} of options templates, so that their data is told from flows."""
    found = set()
    for _, src, _, _, _, data in datagrams:
        version = version_of(data)
        if version not in (9, 10):
            continue
        at = 20 if version == 9 else 16
        domain = struct.unpack(">I", data[at - 4:at])[0]
        while at + 4 <= len(data):
            ident, length = struct.unpack(">HH", data[at:at + 4])
            if length < 4:
                break
            if ident == (1 if version == 9 else 3):
                found |= {(src, domain, t) for t in option_ids(data[at + 4:at + length], version)}
            at += length
    return found


def option_ids(body, version):
    at = 0
    while at + 6 <= len(body):
        ident, a, b = struct.unpack(">HHH", body[at:at + 6])
        if ident < 256:
            return
        yield ident
        at += 6
        if version == 9:
            at += a + b
        else:
            for _ in range(a):
                if at + 2 > len(body):
                    return
                at += 8 if body[at] & 0x80 else 4


class Sums(dict):
    """[records, octets, packets] by template ("-" where there is none)."""

    def add(self, key, octets, packets):
        one = self.setdefault(key, [0, 0, 0])
        one[0], one[1], one[2] = one[0] + 1, one[1] + octets, one[2] + packets

    def total(self):
        return [sum(one[i] for one in self.values()) for i in range(3)]


def by_tshark(path, datagrams):
    options = options_templates(datagrams)
    ports = {(d[4], "sflow" if version_of(d[5]) == "s" else "cflow") for d in datagrams}
    command = ["tshark", "-n", "-r", str(path), "-o", "cflow.max_template_fields:250", "-T", "pdml"]
    for port, protocol in ports:
        command += ["-d", "udp.port==%d,%s" % (port, protocol)]
    pdml = subprocess.run(command, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, check=True)
    sums = Sums()
    packets = xml.etree.ElementTree.fromstring(pdml.stdout).findall("packet")
    for number, packet in enumerate(packets):
        src = datagrams[number][1]
        for protocol in packet.findall("proto"):
            if protocol.get("name") == "cflow":
                tshark_flows(protocol, src, options, sums)
            elif protocol.get("name") == "sflow":
                tshark_samples(protocol, sums)
    return sums


def tshark_flows(protocol, src, options, sums):
    domain = [int(f.get("show")) for f in protocol
              if f.get("name") in ("cflow.od_id", "cflow.source_id")]
    for field in protocol:
        if field.get("show", "").startswith("pdu "):
            add_flow(sums, "-", field)
        template = [f.get("show") for f in field.iter("field")
                    if f.get("name") == "cflow.flowset_id"]
        if not template or (src, domain[0] if domain else 0, int(template[0])) in options:
            continue
        for flow in field:
            if re.match(r"Flow \d+$", flow.get("show", "")):
                add_flow(sums, int(template[0]), flow)


def add_flow(sums, key, flow):
    values = {}
    for f in flow.iter("field"):
        # What RFC 5103 calls the reverse direction has the same field name in tshark.
        if "Reverse" not in f.get("showname", "") and f.get("show", "").isdigit():
            values.setdefault(f.get("name"), int(f.get("show")))
    sums.add(key, *(next((values[n] for n in names if n in values), 0)
                    for names in (OCTETS, PACKETS)))


def tshark_samples(protocol, sums):
    for sample in protocol:
        kind = [f.get("show") for f in sample.iter("field") if f.get("name") == "sflow.sampletype"]
        if kind and kind[0] in ("1", "3"):
            sums.add("-", 0, 1)


def by_vnmcd(vnmcd, path, sflow):
    run = replays.run(vnmcd, path, (), 120)
    f = replays.Failures()
    f.equal("exit code", run.code, 0)
    replays.check_books(run, f)
    sums = Sums()
    for r in run.of("flow"):
        if sflow and "discard_reason" in r and "sample_pool" not in r:
            continue
        sums.add(r.get("template_id", "-"), 0 if sflow else r.get("octets", 0),
                 1 if sflow else r.get("packets", 0))
    return sums, run, f


def compare(name, paths, options, directory):
    """Lines about differences; None where there is nothing to compare."""
    found = [d for path in paths for d in payloads(path)]
    if not found:
        return None
    datagrams = [(BASE_NS + i * 10**6, *d) for i, d in enumerate(found)]
    merged = pathlib.Path(directory) / (name.replace("/", "_") + ".pcap")
    pcapfile.write(merged, datagrams)
    sflow = any(version_of(d[5]) == "s" for d in datagrams)
    want = by_tshark(merged, datagrams)
    got, run, lines = by_vnmcd(options.vnmcd, merged, sflow)
    for key in sorted(set(got) | set(want), key=str):
        if got.get(key) != want.get(key):
            lines.append("template %s: vnmcd %s, tshark %s [records, octets, packets]" % (
                key, got.get(key), want.get(key)))
    if options.verbose or lines:
        lines.append("books: %s" % {k: v for k, v in (run.books or {}).items() if v})
    print("%-4s %s: %s flow records, octets, packets" % (
        "ok" if got == want else "diff", name, got.total()))
    return lines if got != want or len(lines) > options.verbose else []


def main():
    p = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawTextHelpFormatter)
    p.add_argument("--vnmcd", default=str(HERE.parent.parent / "build/vnmcd"))
    p.add_argument("--verbose", action="store_true")
    p.add_argument("--keep", help="keep the captures that are replayed in this directory")
    p.add_argument("names", nargs="*")
    options = p.parse_args()
    root = os.environ.get("VNM_PEER_FIXTURES")
    if not root or not shutil.which("tshark"):
        print("skipped: %s" % ("tshark is not installed" if root
                               else "VNM_PEER_FIXTURES names no directory of captures"))
        print("peer: 0 passed, 0 failed, 1 skipped")
        return 0
    passed = failed = skipped = 0
    with tempfile.TemporaryDirectory() as directory:
        if options.keep:
            directory = options.keep
            pathlib.Path(directory).mkdir(parents=True, exist_ok=True)
        for name, paths in groups(pathlib.Path(root)).items():
            if options.names and not any(n in name for n in options.names):
                continue
            try:
                lines = compare(name, paths, options, directory)
            except Exception as e:  # pylint: disable=broad-except
                lines = ["%s: %s" % (type(e).__name__, e)]
            if lines is None:
                skipped += 1
                print("skip %s: no export datagram in it" % name)
            elif lines and name not in DIFFERENCES:
                failed += 1
                print("FAIL %s (%s)\n     %s" % (
                    name, ", ".join(path.name for path in paths), "\n     ".join(lines)))
            else:
                passed += 1
                if name in DIFFERENCES:
                    print("     known difference: " + DIFFERENCES[name])
    print("peer: %d passed, %d failed, %d skipped" % (passed, failed, skipped))
    return 1 if failed else 0


if __name__ == "__main__":
    sys.exit(main())
