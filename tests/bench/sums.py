#!/usr/bin/env python3
"""Replays what the sender says it sent: vnmcd's records must add up to the sender's own sums.

    tests/bench/sums.py [--build DIR]

Loads differ in protocol, exporters, templates, order and loss; the captures are made on the spot.
"""

import argparse
import collections
import json
import os
import subprocess
import sys
import tempfile

TOP = os.path.dirname(os.path.dirname(os.path.dirname(os.path.abspath(__file__))))

LOADS = [
    "-t v5", "-t v9", "-t ipfix", "-t sflow",
    "-t ipfix -x 3 -k 9 -6 50", "-t v9 -S port -e 100 -k 5", "-t ipfix -S domain -e 50 -T 7",
    "-t v9 -w 10", "-t ipfix -w 10 -x 2", "-t sflow -S port -e 9 -c 3 -6 0", "-t v5 -r 1 -S domain",
    "-t ipfix -m 8000 -r 200 -6 0",
]
# One exporter each, so that a loss is seen by the datagram behind it.
LOSSES = ["-t v5 -e 1 -L 40", "-t v9 -e 1 -L 40", "-t ipfix -e 1 -L 40", "-t sflow -e 1 -L 40 -c 0"]
SWAPS = ["-t v5 -e 1 -O 30", "-t v9 -e 1 -O 30", "-t ipfix -e 1 -O 30", "-t sflow -e 1 -O 30"]


def replay(opts, load, work):
    """The sender's sums, vnmcd's books and sums of its records."""
    pcap = work + "/in.pcap"
    sent = json.loads(subprocess.run([opts.flowblast, *load.split(), "-n", "399", "-o", pcap],
                                     stdout=subprocess.PIPE, check=True, text=True).stdout)
    done = subprocess.run([opts.vnmcd, "-r", pcap], stdout=subprocess.PIPE, stderr=subprocess.PIPE,
                          check=True, text=True)
    books = json.loads(done.stderr.splitlines()[-1])
    sums = collections.Counter()
    for line in done.stdout.splitlines():
        r = json.loads(line)
        sums[r["kind"]] += 1
        if r["kind"] == "flow":
            sums["octets"] += r["octets"]
            sums["packets"] += r["packets"]
            sums["ends before it starts"] += r.get("flow_end_ns", 1) < r.get("flow_start_ns", 0)
            sums["addresses"] += "src_addr" in r and "dst_addr" in r
        elif r["kind"] == "visibility":
            sums["lost " + r["unit"]] += r["lost"]
    return sent, books, sums


def differences(load, sent, books, sums):
    wanted = {"flow": sent["records"], "octets": sent["octets"], "packets": sent["packets"],
              "addresses": sent["records"], "interface": sent["counter_samples"],
              "ends before it starts": 0}
    if load in LOSSES:
        unit = {"v5": "flows", "v9": "messages", "ipfix": "records", "sflow": "messages"}
        key = "skipped_records" if unit[sent["protocol"]] in ("flows", "records") else (
            "skipped_datagrams")
        wanted["lost " + unit[sent["protocol"]]] = sent[key]
    for name, value in wanted.items():
        if sums[name] != value:
            yield f"{name}: {sums[name]}, sent {value}"
    if books["messages"] != sent["datagrams"] or books["ok"] != sent["datagrams"]:
        yield f"{sent['datagrams']} datagrams sent, books: {books}"
    if load not in LOSSES and any(n for k, n in sums.items() if k.startswith("lost")):
        yield f"a loss that was none: {dict(sums)}"


def main():
    a = argparse.ArgumentParser()
    a.add_argument("--build", default=os.path.join(TOP, "build"))
    opts = a.parse_args()
    opts.vnmcd = os.path.join(os.path.abspath(opts.build), "vnmcd")
    opts.flowblast = os.path.join(os.path.abspath(opts.build), "tests/bench/flowblast")
    passed = failed = 0
    for load in LOADS + LOSSES + SWAPS:
        with tempfile.TemporaryDirectory() as work:
            wrong = list(differences(load, *replay(opts, load, work)))
        passed += not wrong
        failed += bool(wrong)
        print(f"{'FAIL' if wrong else 'ok'} {load}{': ' if wrong else ''}{'; '.join(wrong)}")
    print(f"{passed} passed, {failed} failed, 0 skipped")
    return failed != 0


if __name__ == "__main__":
    sys.exit(main())
