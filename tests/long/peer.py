#!/usr/bin/env python3
"""Compares vnmcd with tshark on captures and single payloads from other projects.

    VNM_PEER_FIXTURES=DIR tests/long/peer.py [--vnmcd PATH] [--keep DIR] [NAME...]

DIR is searched for *.pcap, *.bin and *.dat (one UDP payload, or several messages back to back)
and *.ipfix (RFC 5655 files; each message becomes a datagram). Files that belong together
(templates and their data) are replayed as one, templates first. For each group the number of
flow records, their octets and their packets, those of the reverse direction too, must be the
same template by template. Differences that are known to be tshark's are in DIFFERENCES with the
reason. Such files are often not free to be copied, so none is part of this repository; without
DIR this test is skipped.
"""
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
DIFFERENCES = {
    "akvorado/netflow/data+templates":
        "a data set stands before its template in one datagram; tshark does not go back to it",
    "tcpdump/sflow_multiple_counter_30_pdus":
        "five of the datagrams to the sFlow port are NetFlow v5, with seven flows; tshark is told "
        "to read sFlow there",
    "pmacct/112-IPFIXv10-CISCO-options-map-reassignment/traffic-00":
        "template and data come from two ports of one router and domain; tshark joins no ports",
    "logstash-codec-netflow/ipfix":
        "the payload holds three messages back to back; tshark reads only the first",
    "logstash-codec-netflow/netflow9_test_h3c":
        "field 43, a router's address, has two octets: tshark stops at the first record",
}

BASE_NS = 1_600_000_000 * 10**9
# Which of tshark's fields count octets and packets, the best first, as vnmcd prefers them.
OCTETS = ("cflow.octets", "cflow.initiator_octets", "cflow.layer2_octet_delta_count",
          "cflow.post_octets", "cflow.permanent_octets")
PACKETS = ("cflow.packets", "cflow.initiator_packets", "cflow.post_packets",
           "cflow.permanent_packets")


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
    if "+" in name:
        return str(path.relative_to(root).with_suffix(""))
    if path.suffix == ".pcap" and not re.search(r"(template|data)s?$", name):
        return str(path.relative_to(root).with_suffix(""))
    kinds = r"data(?!link)|opttpl|tpls?|templates?|options?|message|ipfix_\d|\d+$"
    stem = re.sub(r"[-_]?(%s).*" % kinds, "", name)
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


def follow_templates(src, data, options):
    """Keeps `options`, {(source, domain, id)} of what is an options template now."""
    version = version_of(data)
    if version not in (9, 10):
        return
    at = 20 if version == 9 else 16
    domain = struct.unpack(">I", data[at - 4:at])[0]
    while at + 4 <= len(data):
        ident, length = struct.unpack(">HH", data[at:at + 4])
        if length < 4:
            return
        if ident == (1 if version == 9 else 3):
            options |= {(src, domain, t) for t in option_ids(data[at + 4:at + length], version)}
        elif ident == (0 if version == 9 else 2) and length >= 8:
            options -= {(src, domain, t) for t in template_ids(data[at + 4:at + length], version)}
        at += length


def template_ids(body, version):
    at = 0
    while at + 4 <= len(body):
        ident, count = struct.unpack(">HH", body[at:at + 4])
        if ident < 256:
            return
        yield ident
        at += 4
        for _ in range(count):
            if at + 2 > len(body):
                return
            at += 8 if version == 10 and body[at] & 0x80 else 4


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
    """[records, octets, packets, reverse octets, reverse packets] by template, or "-"."""

    def add(self, key, *counts):
        one = self.setdefault(key, [0, 0, 0, 0, 0])
        one[0] += 1
        for i, count in enumerate(counts, 1):
            one[i] += count

    def total(self):
        return [sum(one[i] for one in self.values()) for i in range(5)]


def by_tshark(path, datagrams):
    options, uncounted = set(), set()
    ports = {(d[4], "sflow" if version_of(d[5]) == "s" else "cflow") for d in datagrams}
    command = ["tshark", "-n", "-r", str(path), "-o", "cflow.max_template_fields:250", "-T", "pdml"]
    for port, protocol in ports:
        command += ["-d", "udp.port==%d,%s" % (port, protocol)]
    pdml = subprocess.run(command, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, check=True)
    sums = Sums()
    packets = xml.etree.ElementTree.fromstring(pdml.stdout).findall("packet")
    for number, packet in enumerate(packets):
        src = datagrams[number][1]
        follow_templates(src, datagrams[number][5], options)
        for protocol in packet.findall("proto"):
            # Inside of sFlow a sampled packet may itself be an export.
            if protocol.get("name") == "cflow" and version_of(datagrams[number][5]) != "s":
                tshark_flows(protocol, src, options, sums, uncounted)
            elif protocol.get("name") == "sflow":
                tshark_samples(protocol, sums)
    return sums, uncounted


def tshark_flows(protocol, src, options, sums, uncounted):
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
            if re.match(r"Flow \d+( \(.*\))?$", flow.get("show", "")):
                if not add_flow(sums, int(template[0]), flow):
                    uncounted.add(int(template[0]))


def add_flow(sums, key, flow):
    """Adds its counters; False where tshark found none."""
    ways = ({}, {})
    for f in flow.iter("field"):
        # What RFC 5103 calls the reverse direction has the same field name in tshark.
        if f.get("show", "").isdigit():
            reverse = "Reverse" in f.get("showname", "")
            ways[reverse].setdefault(f.get("name"), int(f.get("show")))
    responder = {"cflow.octets": ways[0].get("cflow.responder_octets"),
                 "cflow.packets": ways[0].get("cflow.responder_packets")}
    ways[1].update({k: v for k, v in responder.items() if v is not None})
    counts = [next((values[n] for n in names if n in values), None)
              for values in ways for names in (OCTETS, PACKETS)]
    sums.add(key, *(count or 0 for count in counts))
    return counts[:2] != [None, None]


def tshark_samples(protocol, sums):
    for f in protocol.iter("field"):
        if f.get("name") == "sflow_245.sampletype" and f.get("show") in ("1", "3"):
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
        counts = (0, 1) if sflow else [r.get(k, 0) for k in (
            "octets", "packets", "rev_octets", "rev_packets")]
        sums.add(r.get("template_id", "-"), *counts)
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
    want, uncounted = by_tshark(merged, datagrams)
    got, run, lines = by_vnmcd(options.vnmcd, merged, sflow)
    for key in sorted(set(got) | set(want), key=str):
        have, must = got.get(key), want.get(key)
        if key in uncounted and have and must:  # a sampled packet, say: tshark counts nothing
            have, must = have[:1], must[:1]
        if have != must:
            lines.append("template %s: vnmcd %s, tshark %s [records, octets, packets, reverse]" % (
                key, have, must))
    if lines:
        lines.append("books: %s" % {k: v for k, v in (run.books or {}).items() if v})
    print("%-4s %s: %s" % ("diff" if lines else "ok", name, got.total()))
    return lines


def main():
    p = replays.parser(__doc__)
    p.add_argument("--keep", help="keep the captures that are replayed in this directory")
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
