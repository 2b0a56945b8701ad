#!/usr/bin/env python3
"""Measures vnmcd and, where they are installed, its peers under the same load in the same run.

    tests/bench/run.py [--quick] [--build DIR] [--protocols ipfix,v9,sflow,v5] [--rounds N] ...

The load comes from flowblast, whose sums are known. Everything happens in a network namespace
of its own where that is possible, else on loopback. Programs take turns, round by round, so
that other work on the machine hits all of them alike; figures are medians. CPU time is that of
a program and all its children, from its first packet to its exit, divided by the records that
it stored. Prints Markdown, or JSON lines with --json FILE besides.
"""

import argparse
import json
import os
import shutil
import statistics
import subprocess
import sys
import tempfile
import time

import peers
import proc

TOP = os.path.dirname(os.path.dirname(os.path.dirname(os.path.abspath(__file__))))
PORT = 2055

# What the issue demands: (protocol-independent) ours, theirs, at most this part of their cost.
TARGETS = [
    ("vnmcd-json", "nfacctd-json", 1 / 20),
    ("vnmcd-json", "goflow2-json", 1 / 100),
    ("vnmcd-protobuf", "goflow2-protobuf", 1 / 25),
    ("vnmcd-discard", "nfcapd", 1.0),
]


def blast(opts, protocol, rate, seconds, *more):
    """Runs the sender; returns its sums."""
    cmd = [opts.flowblast, "-t", protocol, "-p", str(PORT), "-R", str(rate), "-D", str(seconds),
           "-a", "1000", *map(str, more)]
    done = subprocess.run(cmd, stdout=subprocess.PIPE, check=False, text=True)
    return json.loads(done.stdout)


def measure(opts, program, protocol, rate, seconds, *more):
    """One program under one load: a dict of figures, or None where it did not start."""
    work = tempfile.mkdtemp(prefix="vnm-bench-", dir=opts.tmp)
    meter = proc.Meter(program.name)
    try:
        cmd = program.command(protocol, PORT, work)
        with open(os.path.join(work, "log"), "wb") as log:
            child = meter.start(cmd, log, cwd=work)
        if not proc.wait_port(PORT, child, 10):
            sys.stderr.write(f"{program.name}: did not listen; {work}/log says:\n")
            sys.stderr.write(open(os.path.join(work, "log"), errors="replace").read()[-800:])
            meter.kill()
            return None
        time.sleep(0.5)
        meter.mark()
        drops = proc.udp_drops(PORT)
        sent = blast(opts, protocol, rate, seconds, *more)
        proc.wait_idle(PORT, meter, program.settle)
        drops = proc.udp_drops(PORT) - drops
        rss = meter.peak_rss()
        meter.stop(program.farewell)
        cpu = meter.used()
        stored = program.stored(work)
        figures = {"program": program.name, "protocol": protocol, "rate": rate,
                   "sent": sent["records"], "datagrams": sent["datagrams"],
                   "rps": sent["records_per_second"], "drops": drops, "stored": stored["records"],
                   "cpu": round(cpu, 3), "rss_mb": round(rss / 1024, 1),
                   "us_per_record": round(cpu * 1e6 / max(1, stored["records"]), 3)}
        if stored.get("octets") is not None and drops == 0:
            figures["octets_ok"] = stored["octets"] == sent["octets"]
        if "books" in stored:
            books = stored["books"]
            figures["received"] = books["messages"]
            figures["uncounted"] = sent["datagrams"] - books["messages"] - drops
        return figures
    finally:
        meter.close()
        shutil.rmtree(work, ignore_errors=True)


# ---- the standard load -----------------------------------------------------------------------


def compare(opts, out):
    """All programs at the same modest rate, interleaved."""
    programs = peers.programs(opts)
    for p in programs:
        if not p.installed():
            out.say(f"{p.name}: not installed, left out")
    programs = [p for p in programs if p.installed()]
    table = {}
    for round_ in range(opts.rounds):
        for protocol in opts.protocols:
            for p in programs:
                if protocol not in p.protocols:
                    continue
                r = measure(opts, p, protocol, opts.rate, opts.seconds)
                if r is None:
                    continue
                r["round"] = round_
                out.result(r)
                table.setdefault((p.name, protocol), []).append(r)
    report_costs(opts, out, programs, table)
    return report_targets(opts, out, table)


def median(rows, key):
    return statistics.median(r[key] for r in rows)


def report_costs(opts, out, programs, table):
    out.say(f"\nCPU-seconds for a million records stored, {opts.rate} records/s for "
            f"{opts.seconds:g} s, median of {opts.rounds} (least to most); peak RSS in MiB\n")
    out.say("| program | " + " | ".join(opts.protocols) + " | RSS |")
    out.say("|---|" + "---|" * (len(opts.protocols) + 1))
    for p in programs:
        cells, rss = [], []
        for protocol in opts.protocols:
            rows = table.get((p.name, protocol))
            if not rows:
                cells.append("-")
                continue
            all_ = [r["us_per_record"] for r in rows]
            kept = sum(r["stored"] for r in rows) / max(1, sum(r["sent"] for r in rows))
            note = "" if kept > 0.999 else f" stored {kept:.0%}"
            cells.append(f"{statistics.median(all_):.2f} ({min(all_):.2f}-{max(all_):.2f}){note}")
            rss += [r["rss_mb"] for r in rows]
        out.say(f"| {p.name} | " + " | ".join(cells) + f" | {max(rss, default=0):.0f} |")


def report_targets(opts, out, table):
    """The ratios that vnmcd is to keep: how many it missed."""
    missed = 0
    out.say("\n| ratio of CPU a record | " + " | ".join(opts.protocols) + " | demanded |")
    out.say("|---|" + "---|" * (len(opts.protocols) + 1))
    for ours, theirs, most in TARGETS:
        cells = []
        for protocol in opts.protocols:
            a, b = table.get((ours, protocol)), table.get((theirs, protocol))
            if not a or not b:
                cells.append("-")
                continue
            ratio = median(a, "us_per_record") / max(1e-9, median(b, "us_per_record"))
            good = ratio <= most
            missed += not good
            cells.append(f"1/{1 / ratio:.1f}{'' if good else ' MISSED'}" if ratio < 1
                         else f"{ratio:.2f}{'' if good else ' MISSED'}")
        goal = f"1/{1 / most:.0f}" if most < 1 else f"{most:g}"
        out.say(f"| {ours} to {theirs} | " + " | ".join(cells) + f" | {goal} |")
    for rows in table.values():
        for r in rows:
            if r.get("octets_ok") is False:
                out.say(f"WRONG SUMS: {r}")
                missed += 1
    return missed


# ---- the ramp, and memory ----------------------------------------------------------------------


def ramp(opts, out):
    """Loss of vnmcd at growing rates, into a protobuf file with 4 MiB of receive buffer."""
    missed = 0
    program = next(p for p in peers.programs(opts) if p.name == "vnmcd-protobuf")
    out.say("\nLoss at growing rates: protobuf to a file, receive buffer 4 MiB\n")
    out.say("| protocol | asked rec/s | sent rec/s | datagrams | kernel drops | lost | uncounted "
            "| CPU s per M | RSS |")
    out.say("|---|" + "---|" * 8)
    for protocol in opts.ramp_protocols:
        for rate in opts.ramp_rates:
            r = measure(opts, program, protocol, rate, opts.ramp_seconds, "-b", "4")
            if r is None:
                continue
            out.result(r)
            lost = r["drops"] / max(1, r["datagrams"])
            bad = r["uncounted"] != 0 or (lost > 0.01 and rate <= 500000)
            missed += bad
            out.say(f"| {protocol} | {rate} | {r['rps']} | {r['datagrams']} | {r['drops']} | "
                    f"{lost:.2%} | {r['uncounted']}{' MISSED' if bad else ''} | "
                    f"{r['us_per_record']:.2f} | {r['rss_mb']:.0f} |")
    return missed


def memory(opts, out):
    """RSS with 1,000 exporters and 10,000 templates."""
    program = next(p for p in peers.programs(opts) if p.name == "vnmcd-protobuf")
    r = measure(opts, program, "ipfix", 20000, opts.memory_seconds, "-e", "1000", "-k", "8", "-T",
                "200", "-b", "1", "-P", "1024")
    if r is None:
        return 1
    out.result(r)
    bad = r["rss_mb"] >= 100
    out.say(f"\nRSS with 1,000 exporters and 11,000 templates: {r['rss_mb']:.1f} MiB"
            f"{' MISSED' if bad else ''} (at most 100); {r['stored']} of {r['sent']} records stored")
    return int(bad)


# ---- the run -----------------------------------------------------------------------------------


class Report:
    def __init__(self, path):
        self.file = open(path, "a") if path else None

    def say(self, text):
        print(text, flush=True)

    def result(self, r):
        sys.stderr.write(f"  {r['program']} {r['protocol']}: {r['us_per_record']} us/record, "
                         f"{r['stored']}/{r['sent']} stored, {r['drops']} drops\n")
        if self.file:
            self.file.write(json.dumps(r) + "\n")
            self.file.flush()


def options():
    a = argparse.ArgumentParser(description="vnmcd's benchmark")
    a.add_argument("--build", default=os.path.join(TOP, "build"), help="where make was run")
    a.add_argument("--quick", action="store_true", help="a check of less than a minute")
    a.add_argument("--protocols", default="ipfix,v9,sflow,v5")
    a.add_argument("--rounds", type=int, default=5)
    a.add_argument("--rate", type=int, default=20000, help="records a second")
    a.add_argument("--seconds", type=float, default=8)
    a.add_argument("--only", default="", help="only programs whose names begin so, by commas")
    a.add_argument("--parts", default="compare,ramp,memory")
    a.add_argument("--goflow2", default="", help="its binary; else built where Go is present")
    a.add_argument("--json", default="", help="append every measurement to this file")
    a.add_argument("--no-namespace", action="store_true")
    opts = a.parse_args()
    opts.build = os.path.abspath(opts.build)
    opts.flowblast = os.path.join(opts.build, "tests/bench/flowblast")
    opts.vnmcd = os.path.join(opts.build, "vnmcd")
    opts.protocols = opts.protocols.split(",")
    opts.ramp_protocols = ["ipfix", "v9", "sflow"]
    opts.ramp_rates = [100000, 250000, 500000, 750000, 1000000]
    opts.ramp_seconds, opts.memory_seconds = 5, 6
    opts.tmp = "/dev/shm" if os.access("/dev/shm", os.W_OK) else None
    if opts.quick:
        opts.protocols, opts.rounds, opts.seconds = ["ipfix"], 1, 2
        opts.ramp_protocols, opts.ramp_rates, opts.ramp_seconds = ["ipfix"], [500000], 2
        opts.memory_seconds = 3
    return opts


def main():
    opts = options()
    if not opts.no_namespace and proc.enter_namespace():
        sys.stderr.write("in a network namespace of its own\n")
    opts.goflow2 = opts.goflow2 or peers.find_goflow2(opts)
    out = Report(opts.json)
    out.say(proc.machine())
    missed = 0
    parts = {"compare": compare, "ramp": ramp, "memory": memory}
    for part in opts.parts.split(","):
        missed += parts[part](opts, out)
    out.say(f"\n{missed} targets missed" if missed else "\nall targets met")
    return 1 if missed else 0


if __name__ == "__main__":
    sys.exit(main())
