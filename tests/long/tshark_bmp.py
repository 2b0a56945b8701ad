#!/usr/bin/env python3
"""What tshark reads in the BMP cases, against vnmcd's records.

    tests/long/tshark_bmp.py [--vnmcd PATH] [NAME...]

For each cases/bmp-*/in.pcap: how many messages there are of each type, and how often each IPv4 and
IPv6 unicast prefix is announced and withdrawn. Without tshark the test is skipped.
"""
import collections
import pathlib
import shutil
import subprocess
import sys
import xml.etree.ElementTree as ET

HERE = pathlib.Path(__file__).resolve().parent
sys.path.insert(0, str(HERE.parent / "lib"))
# pylint: disable=wrong-import-position
import bmp_truth
import peer_bmp
import replay as replays

# Behind a message of a type that there is not, tshark 4.0 finds no other: it may say less.
LOSES_STEP = {"bmp-synthetic"}
# In an UPDATE of more than 4096 octets (RFC 8654) it reads none.
UNREAD = {"bmp-frr-extended": {("announce", "10.111.0.0/24")}}
UNICAST = {"bgp.withdrawn_prefix": "withdraw", "bgp.nlri_prefix": "announce",
           "bgp.mp_reach_nlri_ipv4_prefix": "announce",
           "bgp.mp_unreach_nlri_ipv4_prefix": "withdraw",
           "bgp.mp_reach_nlri_ipv6_prefix": "announce",
           "bgp.mp_unreach_nlri_ipv6_prefix": "withdraw"}


def prefixes(node):
    """(action, prefix) of each NLRI below an UPDATE; other families have the same fields."""
    if node.get("name") == "bgp.update.path_attribute":
        families = [f.get("show") for f in node.iter("field") if f.get("name", "").endswith(
            "reach_nlri.safi")]
        if families not in ([], ["1"]):
            return
    told = {f.get("name"): f.get("show") for f in node}
    name = next((n for n in told if n in UNICAST), None)
    if name and "bgp.prefix_length" in told:
        yield UNICAST[name], "%s/%s" % (told[name], told["bgp.prefix_length"])
    for below in node:
        yield from prefixes(below)


def tshark(path, ports):
    types, routes = collections.Counter(), collections.Counter()
    as_bmp = [a for port in sorted(ports) for a in ("-d", "tcp.port==%d,bmp" % port)]
    run = subprocess.run(
        ["tshark", "-r", str(path), "-T", "pdml", *as_bmp], stdout=subprocess.PIPE,
        stderr=subprocess.DEVNULL, check=True)
    for packet in ET.fromstring(run.stdout):
        kind = None
        for proto in packet:
            if proto.get("name") == "bmp":
                kind = next(f.get("show") for f in proto.iter("field")
                            if f.get("name") == "bmp.type")
                types[int(kind)] += 1
            if kind == "0":
                routes.update(prefixes(proto))
    return types, routes


def check(options, path, f):
    run = replays.run(options.vnmcd, path, [], 60)
    f.equal("exit code", run.code, 0)
    if f:
        return 0
    sent, ports = collections.Counter(), set()
    for (_, _, _, port), octets in peer_bmp.streams(path):
        ports.add(port)
        sent.update(m[5] for m in bmp_truth.frames(octets))
    types, routes = tshark(path, ports)
    if path.parent.name not in LOSES_STEP:
        f.equal("messages by type", dict(types), dict(sent))
    ours = collections.Counter((r["action"], r["prefix"]) for r in run.records
                               if r["kind"] == "route" and r["safi"] == 1 and "prefix" in r)
    name = path.parent.name
    f.true("tshark reads no prefix", routes or "bgpls" in name)
    for key in sorted(set(ours) | set(routes)):
        less = name in LOSES_STEP or key in UNREAD.get(name, ())
        if not (routes[key] <= ours[key] if less else routes[key] == ours[key]):
            f.append("%s %s: %d, tshark says %d" % (*key, ours[key], routes[key]))
    return sum(ours.values())


def main():
    options = replays.parser(__doc__).parse_args()
    if not shutil.which("tshark"):
        print("skip: there is no tshark\n0 passed, 0 failed, 1 skipped")
        return 0
    results, compared = [], 0
    for path in sorted((HERE.parent / "cases").glob("bmp-*/in.pcap")):
        if path.parent.name == "bmp-v4":  # tshark 4.0 takes it for version 3
            continue
        if options.names and path.parent.name not in options.names:
            continue
        f = replays.Failures()
        compared += check(options, path, f)
        results.append(not f)
        print(("FAIL " if f else "ok   ") + path.parent.name)
        for line in f[:12]:
            print("     " + line)
    print("%d prefixes compared" % compared)
    print("%d passed, %d failed, 0 skipped" % (sum(results), len(results) - sum(results)))
    return 0 if results and all(results) else 1


if __name__ == "__main__":
    sys.exit(main())
