#!/usr/bin/env python3
"""Measures vnmcd, rsyslog and, where it is installed, syslog-ng with the same syslog messages.

    tests/bench/syslog.py [--quick] [--build DIR] [--messages N] [--rate N] [--rounds N] [--json FILE]

All write JSON to a file. logblast sends a mix of RFC 5424, RFC 3164 and Cisco IOS, over UDP at a
rate and over TCP with both framings as fast as it is taken. Programs take turns; figures are
medians of the rounds. CPU time is that of the program from the first message until it rests.
vnmcd must write every message that came, and do at least 1.5 times the messages a CPU-second of
rsyslog's imudp over UDP and of its imptcp over TCP, without topology, templates and alarms; with
topology and templates it may take twice its own time.
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
from bmp import listens
from peers import count_lines

TOP = os.path.dirname(os.path.dirname(os.path.dirname(os.path.abspath(__file__))))
RATIO, RICH_RATIO = 1.5, 2.0
MODES = ("udp", "lines", "octets")
HOSTS = 200  # of logblast, with 48 ports each


def topology(path):
    """The devices that send, and their ports."""
    names = {"vnf-%03d": "eth%d", "leaf-%03d": "eth%d", "sw-%03d": "GigabitEthernet0/%d"}
    switches = [{"id": name % i, "ports": [{"name": port % k, "ifIndex": k + 1}
                                           for k in range(48)]}
                for name, port in names.items() for i in range(HOSTS)]
    with open(path, "w") as f:
        json.dump({"physicalSwitches": switches}, f)


class Vnmcd:
    farewell = signal.SIGTERM

    def __init__(self, program, name="vnmcd", logs="{ alarms: false }", named=False):
        self.program, self.name, self.logs, self.named = program, name, logs, named

    def command(self, mode, port, work):
        transport = "udp" if mode == "udp" else "tcp"
        conf = ["collector: bench", "listeners:",
                f"  - {{ name: in, decoder: syslog, listen: \"{transport}:127.0.0.1:{port}\", "
                "rcvbuf: 32M }", f"logs: {self.logs}",
                f"outputs: [ {{ name: out, type: file, path: {work}/out.json }} ]"]
        if self.named:
            topology(work + "/topology.json")
            conf.append(f"topology: {{ sources: [ {{ name: t, path: {work}/topology.json }} ] }}")
        with open(work + "/conf", "w") as f:
            f.write("\n".join(conf) + "\n")
        return [self.program, "-c", work + "/conf"]


class Rsyslog:
    name, farewell = "rsyslog", signal.SIGTERM

    @staticmethod
    def command(mode, port, work):
        module, options = ("imudp", 'rcvbufSize="32m"') if mode == "udp" else ("imptcp", "")
        properties = "".join(
            f'property(outname="{out}" name="{name}" format="jsonf" {more})\n' for out, name, more in (
                ("received", "timegenerated", 'dateFormat="rfc3339"'),
                ("time", "timereported", 'dateFormat="rfc3339"'),
                ("from", "fromhost-ip", ""), ("facility", "syslogfacility", ""),
                ("facility_name", "syslogfacility-text", ""), ("severity", "syslogseverity", ""),
                ("severity_name", "syslogseverity-text", ""), ("hostname", "hostname", ""),
                ("app_name", "app-name", ""), ("proc_id", "procid", ""), ("msg_id", "msgid", ""),
                ("structured_data", "structured-data", ""), ("message", "msg", "")))
        with open(work + "/conf", "w") as f:
            f.write(f"""global(workDirectory="{work}" net.enableDNS="off")
module(load="{module}")
template(name="json" type="list" option.jsonf="on") {{
{properties}}}
input(type="{module}" address="127.0.0.1" port="{port}" {options})
action(type="omfile" file="{work}/out.json" template="json")
""")
        return ["rsyslogd", "-n", "-f", work + "/conf", "-i", work + "/pid"]


class SyslogNg:
    name, farewell = "syslog-ng", signal.SIGTERM

    @staticmethod
    def command(mode, port, work):
        transport = "udp" if mode == "udp" else "tcp"
        driver = "syslog" if mode == "octets" else "network"
        with open(work + "/conf", "w") as f:
            f.write(f"""@version: 3.38
source s {{ {driver}(ip(127.0.0.1) port({port}) transport({transport})
                     {"so-rcvbuf(33554432)" if mode == "udp" else ""}); }};
destination d {{ file("{work}/out.json" template("$(format-json --scope rfc5424)\\n")); }};
log {{ source(s); destination(d); }};
""")
        return ["syslog-ng", "-F", "-f", work + "/conf", "-R", work + "/persist", "-c",
                work + "/ctl", "-p", work + "/pid"]


def rest(mode, port, meter, path):
    """Until all is written and the program rests."""
    before, since = None, time.time()
    deadline = time.time() + 120
    while time.time() < since + 1.5 and time.time() < deadline:
        time.sleep(0.2)
        size = os.path.getsize(path) if os.path.exists(path) else 0
        waiting = mode == "udp" and any(q for q, _ in proc.udp_rows(port))
        state = size, round(meter.seconds(), 1), waiting
        if state != before:
            before, since = state, time.time()


def measure(opts, program, mode, port):
    work = tempfile.mkdtemp(prefix="vnm-syslog-", dir=opts.tmp)
    meter = proc.Meter(program.name)
    try:
        with open(work + "/log", "wb") as log:
            child = meter.start(program.command(mode, port, work), log, cwd=work)
        deadline = time.time() + 15
        ready = (lambda: any(True for _ in proc.udp_rows(port))) if mode == "udp" else (
            lambda: listens(port))
        while not ready() and time.time() < deadline and child.poll() is None:
            time.sleep(0.05)
        proc.wait_idle(port, meter, 0.5)
        meter.mark()
        rate = ["-r", str(opts.rate)] if mode == "udp" else []
        sent = json.loads(subprocess.run(
            [opts.logblast, "-m", mode, "-p", str(port), "-n", str(opts.messages), *rate],
            stdout=subprocess.PIPE, check=True).stdout)["sent"]
        rest(mode, port, meter, work + "/out.json")
        drops, rss = proc.udp_drops(port) if mode == "udp" else 0, meter.peak_rss()
        meter.stop(program.farewell)
        cpu = meter.used()
        if isinstance(program, Vnmcd):
            with open(work + "/out.json", "rb") as f:
                stored = sum(line.startswith(b'{"kind":"log",') for line in f)
        else:
            stored = count_lines(work + "/out.json")
        return {"program": program.name, "mode": mode, "sent": sent, "stored": stored,
                "drops": drops, "cpu": round(cpu, 3), "rss_mb": round(rss / 1024, 1)}
    finally:
        meter.close()
        shutil.rmtree(work, ignore_errors=True)


def programs_of(opts):
    vnmcd = os.path.join(opts.build, "vnmcd")
    found = [Vnmcd(vnmcd), Vnmcd(vnmcd, "vnmcd, named, templates",
                                 "{ alarms: false, templates: true }", True),
             Vnmcd(vnmcd, "vnmcd, all of it", "{ templates: true }", True)]
    os.environ["PATH"] += ":/usr/sbin:/sbin"
    found += [Rsyslog()] if shutil.which("rsyslogd") else []
    found += [SyslogNg()] if shutil.which("syslog-ng") else []
    return found


def judge(mode, runs, opts):
    """Failures of vnmcd in one mode."""
    failed = 0
    costs = {}
    for name, each in runs.items():
        cost = statistics.median(r["cpu"] / max(1, r["stored"]) for r in each)
        costs[name] = cost
        print(f"| {mode} | {name} | {1 / cost if cost else 0:.0f} | {cost * 1e6:.2f} | "
              f"{statistics.median(r['rss_mb'] for r in each):.0f} | "
              f"{sum(r['drops'] for r in each)} |", flush=True)
        for r in each:
            if name.startswith("vnmcd") and r["stored"] + r["drops"] != r["sent"]:
                print(f"FAIL {mode}: {name} wrote {r['stored']} of {r['sent']}")
                failed += 1
    if "rsyslog" in costs:
        ratio = costs["rsyslog"] / costs["vnmcd"]
        print(f"{mode}: {ratio:.2f} times rsyslog, to be {RATIO}")
        failed += ratio < RATIO and not opts.quick
    ratio = costs["vnmcd, named, templates"] / costs["vnmcd"]
    print(f"{mode}: {ratio:.2f} times the cost with topology and templates, at most {RICH_RATIO}")
    return failed + (ratio > RICH_RATIO and not opts.quick)


def main():
    p = argparse.ArgumentParser(description=__doc__,
                                formatter_class=argparse.RawDescriptionHelpFormatter)
    p.add_argument("--quick", action="store_true", help="does it work, not how fast")
    p.add_argument("--build", default=os.path.join(TOP, "build"))
    p.add_argument("--messages", type=int, default=500000)
    p.add_argument("--rate", type=int, default=60000, help="messages a second over UDP")
    p.add_argument("--rounds", type=int, default=3)
    p.add_argument("--tmp", help="where the programs write")
    p.add_argument("--json", help="figures as JSON lines")
    opts = p.parse_args()
    if opts.quick:
        opts.messages, opts.rounds = 20000, 1
    opts.logblast = os.path.join(opts.build, "tests/bench/logblast")
    private = proc.enter_namespace()
    programs = programs_of(opts)
    print(f"{proc.machine()}; {opts.messages} messages, {opts.rounds} rounds, "
          f"{'own' if private else 'shared'} network namespace\n", flush=True)
    print("| load | program | messages/CPU-s | CPU-s/M | peak RSS MB | dropped by the kernel |")
    print("|---|---|---|---|---|---|")
    failed, port = 0, 15140
    for mode in MODES:
        runs = {}
        for _ in range(opts.rounds):
            for program in programs:
                port += 1
                runs.setdefault(program.name, []).append(measure(opts, program, mode, port))
        failed += judge(mode, runs, opts)
        if opts.json:
            with open(opts.json, "a") as f:
                f.writelines(json.dumps(r) + "\n" for each in runs.values() for r in each)
    return 1 if failed else 0


if __name__ == "__main__":
    sys.exit(main())
