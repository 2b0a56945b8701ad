#!/usr/bin/env python3
"""Replays captures of real exporters through vnmcd and shows what came out.

    show.py VNMCD TOPOLOGY CAPTURE... [--talkers ADDRESS:PORT]

Every number is computed from the JSON lines and the books of this very run. --talkers names the
exporter whose flows make the table of talkers: where several watch the same traffic, the sum of
all would count it several times.
"""
import argparse
import json
import pathlib
import resource
import subprocess
import sys
import time
from collections import Counter, defaultdict

WIDTH = 96


def heading(text):
    print("\n" + text)
    print("-" * len(text))


def table(rows, head):
    """Columns as wide as their contents; numbers to the right."""
    cells = [[str(c) for c in row] for row in [head] + rows]
    widths = [max(len(row[i]) for row in cells) for i in range(len(head))]
    for number, row in enumerate(cells):
        print("  " + "  ".join(
            c.rjust(w) if isinstance((rows[number - 1] if number else rows[0])[i], int)
            or c.endswith(("B", "%")) and number else c.ljust(w)
            for i, (c, w) in enumerate(zip(row, widths))).rstrip())


def octets(n):
    for unit in ("B", "kB", "MB", "GB"):
        if n < 1000 or unit == "GB":
            return "%d %s" % (n, unit) if unit == "B" else "%.1f %s" % (n, unit)
        n /= 1000


def replay(vnmcd, topology, capture):
    used = resource.getrusage(resource.RUSAGE_CHILDREN)
    began = time.perf_counter()
    done = subprocess.run(
        [vnmcd, "-r", capture, "-o", "topology.sources.inventory.path=" + topology],
        stdout=subprocess.PIPE, stderr=subprocess.PIPE, stdin=subprocess.DEVNULL, check=False)
    seconds = time.perf_counter() - began
    after = resource.getrusage(resource.RUSAGE_CHILDREN)
    if done.returncode:
        sys.exit("vnmcd -r %s: exit code %d\n%s" % (
            capture, done.returncode, done.stderr.decode(errors="replace")))
    cpu = after.ru_utime + after.ru_stime - used.ru_utime - used.ru_stime
    return done.stdout, json.loads(done.stderr.splitlines()[-1]), seconds, cpu


def who(r, side):
    """The best name of one end of a flow."""
    return r.get(side + "_vnf_name") or r.get(side + "_host_id") or r.get(side + "_addr") or "?"


def service(r):
    """Port and protocol of the side that serves, the one with the lower port number."""
    protocol = r.get("protocol_name", r.get("protocol", "?"))
    ports = [p for p in (r.get("src_port"), r.get("dst_port")) if p]
    return "%s/%d" % (protocol, min(ports)) if ports and protocol in ("tcp", "udp") else protocol


def show_replays(runs):
    heading("What went in and what came out")
    rows = []
    for capture, _, books, _, _ in runs:
        records = books["records"]
        rows.append([pathlib.Path(capture).parent.name, books["messages"], records.get("flow", 0),
                     records.get("interface", 0), records.get("visibility", 0)])
    table(rows, ["capture", "messages", "flow", "interface", "visibility records"])
    total = sum(sum(b["records"].values()) for _, _, b, _, _ in runs)
    seconds, cpu = sum(r[3] for r in runs), sum(r[4] for r in runs)
    print("\n  %d records in %.2f s, start-up and reading the topology included: %d records/s;\n"
          "  %.2f s of CPU. (A few thousand records cannot show the limit: tests/bench does.)"
          % (total, seconds, total / seconds, cpu))
    balance = all(b["messages"] == b["ok"] + b["partial"] + b["held"] + sum(b["reasons"].values())
                  for _, _, b, _, _ in runs)
    refused = sum((Counter(b["reasons"]) for _, _, b, _, _ in runs), Counter())
    print("  The books %s: ok %d, partly read %d, waiting for a template %d, refused %d%s." % (
        "balance" if balance else "DO NOT BALANCE", sum(b["ok"] for _, _, b, _, _ in runs),
        sum(b["partial"] for _, _, b, _, _ in runs), sum(b["held"] for _, _, b, _, _ in runs),
        sum(refused.values()),
        " (%s)" % ", ".join("%s %d" % reason for reason in refused.items()) if refused else ""))


def show_exporters(records):
    heading("Exporters heard")
    seen = defaultdict(Counter)
    names = {}
    for r in records:
        key = (r["exporter_addr"], r.get("exporter_port", 0), r["decoder"])
        seen[key][r["kind"]] += 1
        names.setdefault(key, r.get("node_id") or r.get("host_id") or r.get("vnf_name") or "")
    rows = [[address, names[address, port, decoder], decoder, counts["flow"], counts["interface"]]
            for (address, port, decoder), counts in sorted(seen.items())
            if counts["flow"] or counts["interface"]]
    table(rows, ["address", "node", "protocol", "flows", "counter samples"])


def show_talkers(records, at):
    flows = [r for r in records if r["kind"] == "flow"
             and "%s:%s" % (r["exporter_addr"], r.get("exporter_port")) == at]
    if not flows:
        return
    first = flows[0]
    heading("Top talkers by VNF, as %s at %s saw them" % (
        first["decoder"], first.get("node_id") or first["exporter_addr"]))
    sums = defaultdict(lambda: [0, 0, 0])
    for r in flows:
        one = sums[who(r, "src"), who(r, "dst"), service(r)]
        one[0] += r.get("octets_scaled", r.get("octets", 0))
        one[1] += r.get("packets_scaled", r.get("packets", 0))
        one[2] += 1
    total = sum(one[0] for one in sums.values()) or 1
    rows = [[src, "->", dst, what, octets(one[0]), "%d%%" % round(100 * one[0] / total), one[1],
             one[2]]
            for (src, dst, what), one in sorted(sums.items(), key=lambda x: -x[1][0])[:10]]
    table(rows, ["from", "", "to", "service", "octets", "share", "packets", "flows"])


def show_interfaces(records):
    first, last = {}, {}
    for r in records:
        if r["kind"] == "interface" and "in_octets" in r and "if_index" in r:
            key = (r.get("node_id") or r.get("agent_addr"), r["if_index"])
            first.setdefault(key, r)
            last[key] = r
    rows = []
    for key, r in last.items():
        f = first[key]
        rows.append([str(key[0]), r.get("if_name", r["if_index"]), r.get("vnfc_id", ""),
                     octets(max(0, r["in_octets"] - f["in_octets"])),
                     octets(max(0, r["out_octets"] - f["out_octets"])),
                     r["in_octets"] - f["in_octets"] + r["out_octets"] - f["out_octets"]])
    rows = sorted((row for row in rows if row[-1] > 0), key=lambda row: -row[-1])
    if rows:
        heading("Busiest ports, by sFlow counter samples")
        table([row[:-1] for row in rows[:6]], ["node", "port", "VNFC", "octets in", "octets out"])


def show_unseen(records):
    heading("What was not seen")
    sums = defaultdict(lambda: [0, 0])
    for r in records:
        if r["kind"] == "visibility":
            one = sums[r["exporter_addr"], r["decoder"], r["cause"], r.get("unit", "")]
            one[0] += 1
            one[1] += r.get("lost", 0)
    if not sums:
        print("  nothing: no gap in any sequence, no template missing")
        return
    table([[address, decoder, cause, count, lost, unit]
           for (address, decoder, cause, unit), (count, lost) in sorted(sums.items())],
          ["exporter", "protocol", "cause", "records", "lost", "of"])


def show_record(records, at):
    for r in records:
        if r["kind"] == "flow" and r.get("src_vnf_name") and r.get("dst_vnf_name") and \
                "%s:%s" % (r["exporter_addr"], r.get("exporter_port")) == at:
            heading("One record of them, as it goes to a file or to Kafka")
            line = "  "
            for part in json.dumps(r, separators=(",", ":")).replace(',"', ',\n"').split("\n"):
                if len(line) + len(part) > WIDTH:
                    print(line)
                    line = "   "
                line += part
            print(line)
            return


def main():
    p = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawTextHelpFormatter)
    p.add_argument("--talkers")
    p.add_argument("vnmcd")
    p.add_argument("topology")
    p.add_argument("captures", nargs="+")
    o = p.parse_args()
    runs = [(c, *replay(o.vnmcd, o.topology, c)) for c in o.captures]
    records = [json.loads(line) for _, out, *_ in runs for line in out.splitlines()]
    show_replays(runs)
    show_exporters(records)
    show_talkers(records, o.talkers)
    show_interfaces(records)
    show_unseen(records)
    show_record(records, o.talkers)


if __name__ == "__main__":
    main()
