#!/usr/bin/env python3
"""Measures what polling costs: vnmcd against net-snmp's session API, on the same agent in one run.

    tests/bench/poll.py [--quick] [--build DIR] [--devices N] [--rounds N] [--cycle]

snmpagent plays N devices (127.1.0.1 and on) of 48 interfaces at 20 ms round trip. netsnmp_poll has
a session for each and walks ifXTable by GETBULK, 50 rows at a time, all devices at once; it looks
at the values and counts them. vnmcd polls the same table of the same devices, makes a record of
every row, has rates, encodes it as JSON and drops it (output `null`), once with all fields and once
with seven. Figures are values a CPU-second, medians of the rounds, which take turns. vnmcd must
have at least twice as many as net-snmp.

--cycle: 10,000 devices with an interval of 60 s: each must have its turn in it, on one core.
"""

import argparse
import json
import os
import resource
import statistics
import subprocess
import sys
import tempfile
import time
import urllib.request

import proc

TOP = os.path.dirname(os.path.dirname(os.path.dirname(os.path.abspath(__file__))))
RATIO = 2
COLUMNS = 17  # of ifXTable that vnmcd asks for
INTERFACES = 48
LEAN = "[kind, if_index, if_name, in_octets, out_octets, in_bps, out_bps]"
HTTP = 19471


class Agent:
    def __init__(self, build, port):
        self.child = subprocess.Popen([build + "/tests/agent/snmpagent", "-p", str(port), "-n",
                                       str(INTERFACES), "-d", "20"], stdout=subprocess.PIPE,
                                      text=True)
        assert self.child.stdout.readline() == "ready\n"

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.child.terminate()
        self.child.wait()


class Vnmcd:
    """A vnmcd that polls, with its counters and CPU time."""

    def __init__(self, program, work, port, devices, interval, fields):
        addresses = "\n".join(f"      - 127.{1 + i // 65536}.{i // 256 % 256}.{i % 256}"
                              for i in range(1, devices + 1))
        with open(work + "/conf", "w") as f:
            f.write("polls:\n  - name: fleet\n    community: public\n"
                    f"    port: {port}\n    tables: [ ifXTable ]\n    interval: {interval}\n"
                    f"    in_flight: {devices}\n    devices:\n{addresses}\n"
                    f"outputs: [ {{ name: out, type: \"null\"{fields} }} ]\n"
                    f"http: {{ listen: \"127.0.0.1:{HTTP}\" }}\n")
        self.log = open(work + "/log", "w+")
        self.child = subprocess.Popen([program, "-c", work + "/conf"], stderr=self.log)

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.child.terminate()
        self.child.wait()
        self.log.close()

    def metrics(self):
        text = urllib.request.urlopen(f"http://127.0.0.1:{HTTP}/metrics", timeout=10).read()
        found = {}
        for line in text.decode().splitlines():
            if not line.startswith("#"):
                found[line.split(" ")[0]] = int(line.rsplit(" ", 1)[1])
        return found

    def cpu(self):
        fields = open(f"/proc/{self.child.pid}/stat").read().rsplit(")", 1)[1].split()
        return (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")

    def rss(self):
        for line in open(f"/proc/{self.child.pid}/status"):
            if line.startswith("VmRSS"):
                return int(line.split()[1]) // 1024
        return 0

    def state(self):
        m = self.metrics()
        return {"walks": m["vnmcd_poll_walks_total"], "cut": m["vnmcd_poll_walks_cut_total"],
                "requests": m["vnmcd_poll_requests_total"],
                "timeouts": m["vnmcd_poll_timeouts_total"],
                "missed": m["vnmcd_poll_turns_missed_total"], "cpu": self.cpu()}


def net_snmp(build, port, devices, walks):
    out = subprocess.run([build + "/tests/bench/netsnmp_poll", "-p", str(port), "-D",
                          str(devices), "-w", str(walks)], stdout=subprocess.PIPE, check=True,
                         text=True).stdout
    told = json.loads(out)
    assert told["timeouts"] == 0, f"net-snmp's requests timed out: {told}"
    return told["varbinds"] / told["cpu_s"]


def vnmcd(program, port, devices, seconds, fields):
    with tempfile.TemporaryDirectory(prefix="vnm-bench-") as work:
        with Vnmcd(program, work, port, devices, "2s", fields) as v:
            time.sleep(5)  # every device has been asked twice: what they lack is learnt
            before = v.state()
            time.sleep(seconds)
            after = v.state()
    d = {k: after[k] - before[k] for k in after}
    assert d["cut"] == 0, f"walks that were cut short: {d}"
    return d["walks"] * COLUMNS * INTERFACES / d["cpu"]


def cycle(program, build, port):
    """10,000 devices in 60 s: all have their turns, and the CPU time that this takes."""
    with Agent(build, port), tempfile.TemporaryDirectory(prefix="vnm-bench-") as work:
        with Vnmcd(program, work, port, 10000, "60s", "") as v:
            time.sleep(65)
            before = v.state()
            time.sleep(60)
            after = v.state()
            rss = v.rss()
    d = {k: after[k] - before[k] for k in after}
    print(f"10,000 devices in 60 s: {d['walks']} tables, {d['requests']} requests, "
          f"{d['cpu']:.2f} s of CPU time, {rss} MiB, {d['timeouts']} timeouts, "
          f"{d['missed']} turns missed")
    return 9990 <= d["walks"] <= 10010 and d["cut"] == 0 and d["cpu"] < 60


def main():
    parser = argparse.ArgumentParser(description=__doc__,
                                     formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--quick", action="store_true", help="few devices, one round")
    parser.add_argument("--build", default=TOP + "/build")
    parser.add_argument("--devices", type=int, default=4000)
    parser.add_argument("--rounds", type=int, default=3)
    parser.add_argument("--cycle", action="store_true")
    options = parser.parse_args()
    if not proc.enter_namespace():
        print("skipped: no network namespaces here")
        return 0
    resource.setrlimit(resource.RLIMIT_NOFILE, (resource.getrlimit(resource.RLIMIT_NOFILE)[1],) * 2)
    program, port = options.build + "/vnmcd", 16161
    devices, rounds, seconds, walks = options.devices, options.rounds, 8, 2
    if options.quick:
        devices, rounds, seconds, walks = 500, 1, 3, 2
    rates = {"net-snmp's sessions": [], "vnmcd, all fields": [], "vnmcd, 7 fields": []}
    with Agent(options.build, port):
        for _ in range(rounds):
            rates["net-snmp's sessions"].append(net_snmp(options.build, port, devices, walks))
            rates["vnmcd, all fields"].append(vnmcd(program, port, devices, seconds, ""))
            rates["vnmcd, 7 fields"].append(
                vnmcd(program, port, devices, seconds, f", fields: {LEAN}"))
    print(f"values a CPU-second, {devices} devices, {proc.machine()}")
    median = {name: statistics.median(values) for name, values in rates.items()}
    peer = median["net-snmp's sessions"]
    for name, values in rates.items():
        print(f"  {name:22} {median[name] / 1e6:6.2f} M  "
              f"{median[name] / peer:5.2f} times  "
              f"({', '.join(f'{v / 1e6:.2f}' for v in values)})")
    good = median["vnmcd, all fields"] >= RATIO * peer
    if options.cycle and not cycle(program, options.build, port):
        good = False
    print("ok" if good or options.quick else f"less than {RATIO} times, or turns were missed")
    return 0 if good or options.quick else 1


if __name__ == "__main__":
    sys.exit(main())
