#!/usr/bin/env python3
"""Measures vnmcd and pmacct's pmbmpd, where that is installed, with the same BMP stream.

    tests/bench/bmp.py [--quick] [--build DIR] [--prefixes N] [--rounds N] [--json FILE]

Both write JSON to a file. bmpblast sends a table of N prefixes with 5 and with 1 prefix an UPDATE,
as IPv4, IPv6 and VPNv4. Programs take turns; figures are medians of the rounds. CPU time is that of
the program and its children from the connection to its exit. vnmcd must give a record for every
prefix, and take at most a tenth of pmbmpd's CPU time.
"""

import argparse
import json
import os
import shutil
import signal
import statistics
import subprocess
import sys
import tempfile
import time

import proc

TOP = os.path.dirname(os.path.dirname(os.path.dirname(os.path.abspath(__file__))))
RATIO = 10
LOADS = (("v4", 5), ("v4", 1), ("v6", 5), ("vpn4", 5))


class Vnmcd:
    name, farewell = "vnmcd", signal.SIGTERM

    def __init__(self, program):
        self.program = program

    def command(self, port, work):
        with open(work + "/conf", "w") as f:
            f.write("collector: bench\nlisteners:\n"
                    f"  - {{ name: bmp, decoder: bmp, listen: \"tcp:127.0.0.1:{port}\" }}\n"
                    f"outputs:\n  - {{ name: out, type: file, path: {work}/out.json }}\n")
        return [self.program, "-c", work + "/conf"]


class Pmbmpd:
    name, farewell = "pmbmpd", signal.SIGINT

    @staticmethod
    def command(port, work):
        with open(work + "/conf", "w") as f:
            f.write(f"daemonize: false\npidfile: {work}/pid\nbmp_daemon_ip: 127.0.0.1\n"
                    f"bmp_daemon_port: {port}\nbmp_daemon_max_peers: 4\n"
                    f"bmp_daemon_msglog_file: {work}/out.json\nbmp_daemon_msglog_output: json\n")
        return ["pmbmpd", "-f", work + "/conf"]


def listens(port):
    for name in ("tcp", "tcp6"):
        try:
            lines = open("/proc/net/" + name).read().splitlines()[1:]
        except OSError:
            continue
        if any(line.split()[1].endswith(f":{port:04X}") and line.split()[3] == "0A"
               for line in lines):
            return True
    return False


def prefixes_in(path):
    """Prefixes that were written: a line each, of both programs."""
    with open(path, "rb") as f:
        return sum(b'"announce"' in line or b'"log_type": "update"' in line or
                   b'"log_type":"update"' in line for line in f)


def wait_rest(meter, path):
    """Until the file does not grow and the program does nothing; returns when that began."""
    before, last = None, time.time()
    while time.time() < last + 2:
        time.sleep(0.2)
        state = os.path.getsize(path) if os.path.exists(path) else 0, round(meter.seconds(), 1)
        if state != before:
            before, last = state, time.time()
    return last


def measure(opts, program, family, each, port):
    work = tempfile.mkdtemp(prefix="vnm-bmp-", dir=opts.tmp)
    meter = proc.Meter(program.name)
    try:
        with open(work + "/log", "wb") as log:
            child = meter.start(program.command(port, work), log, cwd=work)
        deadline = time.time() + 15
        while not listens(port) and time.time() < deadline and child.poll() is None:
            time.sleep(0.05)
        time.sleep(0.5)
        meter.mark()
        began = time.time()
        sent = json.loads(subprocess.run(
            [opts.bmpblast, "-p", str(port), "-f", family, "-k", str(each), "-n",
             str(opts.prefixes), "-b", "0"], stdout=subprocess.PIPE, check=True).stdout)
        last = wait_rest(meter, work + "/out.json")
        rss = meter.peak_rss()
        meter.stop(program.farewell)
        cpu = meter.used()
        got, size = prefixes_in(work + "/out.json"), os.path.getsize(work + "/out.json")
        return {"program": program.name, "family": family, "each": each,
                "sent": sent["announced"], "stored": got, "cpu": round(cpu, 3),
                "wall": round(last - began, 2), "rss_mb": round(rss / 1024, 1),
                "octets": size, "per_cpu_second": round(got / cpu) if cpu else 0}
    finally:
        meter.close()
        shutil.rmtree(work, ignore_errors=True)


def main():
    p = argparse.ArgumentParser(description=__doc__,
                                formatter_class=argparse.RawDescriptionHelpFormatter)
    p.add_argument("--quick", action="store_true", help="does it work, not how fast")
    p.add_argument("--build", default=os.path.join(TOP, "build"))
    p.add_argument("--prefixes", type=int, default=300000)
    p.add_argument("--rounds", type=int, default=3)
    p.add_argument("--tmp", help="where the programs write")
    p.add_argument("--json", help="figures as JSON lines")
    opts = p.parse_args()
    if opts.quick:
        opts.prefixes, opts.rounds = 20000, 1
    opts.bmpblast = os.path.join(opts.build, "tests/bench/bmpblast")
    private = proc.enter_namespace()
    programs = [Vnmcd(os.path.join(opts.build, "vnmcd"))]
    if shutil.which("pmbmpd"):
        programs.append(Pmbmpd())
    print(f"{proc.machine()}; {opts.prefixes} prefixes, {opts.rounds} rounds, "
          f"{'own' if private else 'shared'} network namespace\n", flush=True)
    print("| load | program | prefixes/CPU-s | CPU-s/M | wall s | peak RSS MB | octets/prefix |")
    print("|---|---|---|---|---|---|---|")
    failed, port = 0, 11019
    for family, each in LOADS:
        figures = {}
        for _ in range(opts.rounds):
            for program in programs:
                port += 1
                figures.setdefault(program.name, []).append(
                    measure(opts, program, family, each, port))
        rates = {}
        for name, runs in figures.items():
            middle = {k: statistics.median(r[k] for r in runs)
                      for k in ("per_cpu_second", "cpu", "wall", "rss_mb", "octets", "stored")}
            rates[name] = middle["cpu"] / middle["stored"] if middle["stored"] else float("inf")
            print(f"| {family}, {each} an UPDATE | {name} | {middle['per_cpu_second']:.0f} | "
                  f"{rates[name] * 1e6:.2f} | {middle['wall']:.1f} | {middle['rss_mb']:.0f} | "
                  f"{middle['octets'] / max(1, middle['stored']):.0f} |", flush=True)
            if any(r["stored"] != r["sent"] for r in runs):
                print(f"FAIL {family}/{each}: {name} stored "
                      f"{[r['stored'] for r in runs]} of {runs[0]['sent']}")
                failed += name == "vnmcd"
            if opts.json:
                with open(opts.json, "a") as f:
                    f.writelines(json.dumps(r) + "\n" for r in runs)
        if len(rates) == 2:
            ratio = rates["pmbmpd"] / rates["vnmcd"]
            print(f"{family}/{each}: {ratio:.1f} times pmbmpd, to be {RATIO}")
            failed += ratio < RATIO and not opts.quick
    return 1 if failed else 0


if __name__ == "__main__":
    sys.exit(main())
