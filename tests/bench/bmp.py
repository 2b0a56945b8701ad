#!/usr/bin/env python3
"""Measures vnmcd and pmacct's pmbmpd, where that is installed, with the same BMP stream.

    tests/bench/bmp.py [--quick] [--build DIR] [--prefixes N] [--rounds N] [--json FILE]

Both write JSON to a file. bmpblast sends a table of N prefixes with 5 and with 1 prefix an UPDATE,
as IPv4, IPv6 and VPNv4. Programs take turns; figures are medians of the rounds. CPU time is that of
the program and its children from the connection to its exit. vnmcd must give a record for every
prefix, and take at most a tenth of pmbmpd's CPU time.

Where the routes are kept too (vnmcd with `rib: count` and `rib: full`, pmbmpd with a table that it
would dump once a day, and writes when it ends), vnmcd's own count of memory is told, which must be
less than 150 octets a path of 1 M paths. It is taken when the session is over: with `rib: full` its
routes are still there, with `rib: count` nothing is.
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
import urllib.request

import proc

TOP = os.path.dirname(os.path.dirname(os.path.dirname(os.path.abspath(__file__))))
RATIO = 10             # how much less CPU time than pmbmpd it is to take
PATH_OCTETS = 150       # that a path of rib: full may need
LOADS = (("v4", 5), ("v4", 1), ("v6", 5), ("vpn4", 5))
KEPT = (("v4", 5),)     # loads for which routes are kept, too


class Vnmcd:
    farewell = signal.SIGTERM

    def __init__(self, program, rib):
        self.program, self.rib = program, rib
        self.name = "vnmcd" + (f", rib: {rib}" if rib != "off" else "")

    def command(self, port, work):
        with open(work + "/conf", "w") as f:
            f.write("collector: bench\nlisteners:\n"
                    f"  - {{ name: bmp, decoder: bmp, listen: \"tcp:127.0.0.1:{port}\","
                    f" rib: {self.rib} }}\n"
                    f"outputs:\n  - {{ name: out, type: file, path: {work}/out.json }}\n"
                    f"http: {{ listen: \"127.0.0.1:{port + 1000}\" }}\n")
        return [self.program, "-c", work + "/conf"]

    @staticmethod
    def table(port):
        """Paths and octets of the standing RIB."""
        with urllib.request.urlopen(f"http://127.0.0.1:{port + 1000}/metrics", timeout=10) as r:
            told = dict(line.rsplit(" ", 1) for line in r.read().decode().splitlines()
                        if line.startswith("vnmcd_rib_"))
        return int(told["vnmcd_rib_paths"]), int(told["vnmcd_rib_octets"])


class Pmbmpd:
    farewell = signal.SIGINT

    def __init__(self, rib):
        self.name, self.rib = "pmbmpd" + (", table" if rib else ""), "full" if rib else "off"

    def command(self, port, work):
        with open(work + "/conf", "w") as f:
            f.write(f"daemonize: false\npidfile: {work}/pid\nbmp_daemon_ip: 127.0.0.1\n"
                    f"bmp_daemon_port: {port}\nbmp_daemon_max_peers: 4\n"
                    f"bmp_daemon_msglog_file: {work}/out.json\nbmp_daemon_msglog_output: json\n")
            if self.rib == "full":
                f.write(f"bmp_dump_file: {work}/dump.json\nbmp_dump_output: json\n"
                        "bmp_dump_refresh_time: 86400\n")
        return ["pmbmpd", "-f", work + "/conf"]

    @staticmethod
    def table(_):
        return 0, 0


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
        paths, rib_octets = program.table(port)
        meter.stop(program.farewell)
        cpu = meter.used()
        got, size = prefixes_in(work + "/out.json"), os.path.getsize(work + "/out.json")
        return {"program": program.name, "family": family, "each": each,
                "sent": sent["announced"], "stored": got, "cpu": round(cpu, 3),
                "wall": round(last - began, 2), "rss_mb": round(rss / 1024, 1),
                "octets": size, "paths": paths, "rib_octets": rib_octets, "per_cpu_second": round(got / cpu) if cpu else 0}
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
    opts.build = os.path.abspath(opts.build)
    opts.bmpblast = os.path.join(opts.build, "tests/bench/bmpblast")
    private = proc.enter_namespace()
    programs = [Vnmcd(os.path.join(opts.build, "vnmcd"), rib) for rib in ("off", "count", "full")]
    if shutil.which("pmbmpd"):
        programs += [Pmbmpd(False), Pmbmpd(True)]
    print(f"{proc.machine()}; {opts.prefixes} prefixes, {opts.rounds} rounds, "
          f"{'own' if private else 'shared'} network namespace\n", flush=True)
    print("| load | program | prefixes/CPU-s | CPU-s/M | wall s | peak RSS MB | octets/prefix | "
          "RIB octets/path |")
    print("|---|---|---|---|---|---|---|---|")
    failed, port = 0, 11019
    for family, each in LOADS:
        figures = {}
        for _ in range(opts.rounds):
            for program in programs:
                if program.rib != "off" and (family, each) not in KEPT:
                    continue
                port += 1
                figures.setdefault(program.name, []).append(
                    measure(opts, program, family, each, port))
        rates = {}
        for name, runs in figures.items():
            middle = {k: statistics.median(r[k] for r in runs)
                      for k in ("per_cpu_second", "cpu", "wall", "rss_mb", "octets", "stored",
                                "paths", "rib_octets")}
            rates[name] = middle["cpu"] / middle["stored"] if middle["stored"] else float("inf")
            print(f"| {family}, {each} an UPDATE | {name} | {middle['per_cpu_second']:.0f} | "
                  f"{rates[name] * 1e6:.2f} | {middle['wall']:.1f} | {middle['rss_mb']:.0f} | "
                  f"{middle['octets'] / max(1, middle['stored']):.0f} | "
                  f"{middle['rib_octets'] / max(1, middle['paths']):.0f} |", flush=True)
            if name.endswith("full") and any(r["paths"] != r["sent"] for r in runs):
                print(f"FAIL {family}/{each}: {name} keeps {[r['paths'] for r in runs]} paths")
                failed += 1
            if name.endswith("full") and opts.prefixes >= 100000 and \
                    middle["rib_octets"] > PATH_OCTETS * middle["paths"]:
                print(f"FAIL {family}/{each}: {name} needs more than {PATH_OCTETS} octets a path")
                failed += 1
            if any(r["stored"] != r["sent"] for r in runs):
                print(f"FAIL {family}/{each}: {name} stored "
                      f"{[r['stored'] for r in runs]} of {runs[0]['sent']}")
                failed += name.startswith("vnmcd")
            if opts.json:
                with open(opts.json, "a") as f:
                    f.writelines(json.dumps(r) + "\n" for r in runs)
        if "pmbmpd" in rates:
            ratio = rates["pmbmpd"] / rates["vnmcd"]
            print(f"{family}/{each}: {ratio:.1f} times pmbmpd, to be {RATIO}")
            failed += ratio < RATIO and not opts.quick
        for rib in ("count", "full"):
            if f"vnmcd, rib: {rib}" in rates:
                print(f"{family}/{each}: rib: {rib} costs "
                      f"{rates[f'vnmcd, rib: {rib}'] / rates['vnmcd']:.2f} times rib: off" +
                      (f", {rates['pmbmpd, table'] / rates[f'vnmcd, rib: {rib}']:.1f} times pmbmpd "
                       "with its table" if "pmbmpd, table" in rates else ""))
    return 1 if failed else 0


if __name__ == "__main__":
    sys.exit(main())
