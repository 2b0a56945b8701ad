#!/usr/bin/env python3
"""Compares vnmcd's reading of IPFIX captures with libfixbuf's, record by record.

    tests/oracle/run.py [--build DIR] [FILE...]

Every record that libfixbuf gives must be among vnmcd's, and vnmcd's must be no others, but for
data that came before its template: vnmcd holds it, libfixbuf drops it.
"""

import argparse
import collections
import glob
import json
import os
import subprocess
import sys

TOP = os.path.dirname(os.path.dirname(os.path.dirname(os.path.abspath(__file__))))

# Captures in which vnmcd knows more, and why.
MORE = {
    "ovs-ipfix-latejoin": "data before its template is held",
}
FIELDS = ("src_addr", "dst_addr", "src_port", "dst_port", "protocol", "octets", "packets")


def oracle(opts, path):
    done = subprocess.run([opts.fixbuf, path], stdout=subprocess.PIPE, stderr=subprocess.PIPE,
                          check=True, text=True)
    return collections.Counter(done.stdout.splitlines())


def ours(opts, path):
    done = subprocess.run([opts.vnmcd, "-r", path], stdout=subprocess.PIPE,
                          stderr=subprocess.DEVNULL, check=True, text=True)
    rows = collections.Counter()
    for line in done.stdout.splitlines():
        r = json.loads(line)
        if r["kind"] == "flow" and r["decoder"] == "ipfix":
            rows[" ".join(str(r.get(f, "::" if f.endswith("addr") else 0)) for f in FIELDS)] += 1
    return rows


def compare(opts, path):
    """What differs; None: nothing. Also how many records agree."""
    theirs, mine = oracle(opts, path), ours(opts, path)
    lost, more = theirs - mine, mine - theirs
    name = os.path.basename(os.path.dirname(path))
    agree = sum((theirs & mine).values())
    if lost:
        return agree, f"{sum(lost.values())} records that vnmcd lacks, as {next(iter(lost))}"
    if more and name not in MORE:
        return agree, f"{sum(more.values())} records that libfixbuf lacks, as {next(iter(more))}"
    return agree, None


def main():
    a = argparse.ArgumentParser()
    a.add_argument("--build", default=os.path.join(TOP, "build"))
    a.add_argument("files", nargs="*")
    opts = a.parse_args()
    opts.vnmcd = os.path.join(os.path.abspath(opts.build), "vnmcd")
    opts.fixbuf = os.path.join(os.path.abspath(opts.build), "tests/oracle/fixbuf")
    passed = failed = 0
    for path in opts.files or sorted(glob.glob(TOP + "/tests/cases/*ipfix*/in.pcap")):
        agree, wrong = compare(opts, path)
        passed += wrong is None
        failed += wrong is not None
        print(f"{'ok' if wrong is None else 'FAIL'} {os.path.relpath(path, TOP)}: "
              f"{agree} records agree{'; ' + wrong if wrong else ''}", flush=True)
    print(f"{passed} passed, {failed} failed, 0 skipped")
    return failed != 0 or passed == 0


if __name__ == "__main__":
    sys.exit(main())
