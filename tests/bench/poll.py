#!/usr/bin/env python3
"""Measures what polling costs: vnmcd against net-snmp's session API, on the same agent in one run.

    tests/bench/poll.py [--quick] [--build DIR] [--devices N] [--rounds N] [--cycle] [--callbacks]

snmpagent plays N devices (127.1.0.1 and on) of 48 interfaces at 20 ms round trip. netsnmp_poll has
a session for each and walks ifXTable by GETBULK, 50 rows at a time, all devices at once; it looks
at the values and counts them. vnmcd polls the same table of the same devices, makes a record of
every row, has rates, encodes it as JSON and drops it (output `null`), once with all fields and once
with seven. Figures are values a CPU-second, medians of the rounds, which take turns. vnmcd must
have at least twice as many as net-snmp.

--cycle: 10,000 devices with an interval of 60 s: each must have its turn in it, on one core.

--callbacks, and nothing else: the same devices, a fifth of them of version 3 with 500 users, some
dead and some slow, from a start where all are new, with a stop of all of vnmcd for 20 s, and with
reloads that bring MIB modules, users whose keys must be derived and other devices: no callback of
the event loop may use more than 5 ms of CPU time. What runs before the loop and on the thread that
loads configurations is not counted.
"""

import argparse
import json
import os
import pathlib
import resource
import signal
import statistics
import subprocess
import sys
import tempfile
import time
import urllib.request

import callbacks
import proc

TOP = os.path.dirname(os.path.dirname(os.path.dirname(os.path.abspath(__file__))))
RATIO = 2
COLUMNS = 17  # of ifXTable that vnmcd asks for
INTERFACES = 48
LEAN = "[kind, if_index, if_name, in_octets, out_octets, in_bps, out_bps]"
HTTP = 19471
USERS = 500  # of version 3
PASSWORD = "password of mine"  # of those that the agent knows
DEAD, SLOW = 23, 29  # every so many-th device


class Agent:
    def __init__(self, build, port, *more):
        self.child = subprocess.Popen([build + "/tests/agent/snmpagent", "-p", str(port), "-n",
                                       str(INTERFACES), "-d", "20", *more],
                                      stdout=subprocess.PIPE, text=True)
        assert self.child.stdout.readline() == "ready\n"

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.child.terminate()
        self.child.wait()


def address(i):
    return f"127.{1 + i // 65536}.{i // 256 % 256}.{i % 256}"


def equal_devices(port, devices, interval, fields):
    """A configuration."""
    addresses = "\n".join(f"      - {address(i)}" for i in range(1, devices + 1))
    return ("polls:\n  - name: fleet\n    community: public\n"
            f"    port: {port}\n    tables: [ ifXTable ]\n    interval: {interval}\n"
            f"    in_flight: {devices}\n    devices:\n{addresses}\n"
            f"outputs: [ {{ name: out, type: \"null\"{fields} }} ]\n"
            f"http: {{ listen: \"127.0.0.1:{HTTP}\" }}\n")


class Vnmcd:
    """A vnmcd that polls, with its counters and CPU time."""

    def __init__(self, program, work, conf, env=None):
        self.conf, self.reloads = pathlib.Path(work + "/conf"), 0
        self.conf.write_text(conf)
        self.log = open(work + "/log", "w+")
        self.child = subprocess.Popen([program, "-c", self.conf], stderr=self.log, env=env)

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.child.terminate()
        self.child.wait()
        self.log.close()

    def reload(self, conf):
        """Another configuration, until it is applied; how long that took."""
        self.conf.write_text(conf)
        begin = time.time()
        self.child.send_signal(signal.SIGHUP)
        self.reloads += 1
        while pathlib.Path(self.log.name).read_text().count("are reloaded") < self.reloads:
            assert time.time() < begin + 120, pathlib.Path(self.log.name).read_text()
            time.sleep(0.1)
        return time.time() - begin

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
        with Vnmcd(program, work, equal_devices(port, devices, "2s", fields)) as v:
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
        with Vnmcd(program, work, equal_devices(port, 10000, "60s", "")) as v:
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


# ---- callbacks ----------------------------------------------------------------------------------

def mixed_devices(port, first, users, mibs):
    """A configuration: 10,000 devices from the first-th on, every fifth of version 3."""
    two, three = [], []
    for i in range(first, first + 10000):
        at = (127 << 24) + ((1 + i // 65536) << 16) + i % 65536
        if i % 5:
            two.append(address(i))
        else:
            three.append({"address": address(i), "user": f"u{at % USERS}"})
    common = {"port": port, "tables": ["ifXTable"], "topology": ["system"]}
    conf = {
        "snmp": {"users": [
            {"name": f"u{i}", "auth": "sha1", "priv": "aes128",
             "auth_password": PASSWORD if i < USERS else f"{PASSWORD} and number {i}"}
            for i in range(users)]},
        "polls": [{"name": "two", "community": "public", "devices": two, **common},
                  {"name": "three", "version": 3, "user": "u0", "devices": three, **common}],
        "outputs": [{"name": "out", "type": "null"}],
        "http": {"listen": f"127.0.0.1:{HTTP}"},
        **({"mibs": {"dirs": [mibs]}} if mibs else {})}
    return json.dumps(conf)  # which is YAML, too


def write_mibs(work, modules=20, objects=200):
    """Modules as an operator might bring them."""
    os.mkdir(work + "/mibs")
    for m in range(modules):
        text = [f"BENCH-{m}-MIB DEFINITIONS ::= BEGIN",
                "IMPORTS MODULE-IDENTITY, OBJECT-TYPE, enterprises, Counter64 FROM SNMPv2-SMI;",
                f"bench{m} MODULE-IDENTITY LAST-UPDATED \"202601010000Z\" ORGANIZATION \"Example\"",
                'CONTACT-INFO "none" DESCRIPTION "Many objects."',
                f"::= {{ enterprises 32473 {100 + m} }}"]
        text += [f"bench{m}Object{i} OBJECT-TYPE SYNTAX Counter64 MAX-ACCESS read-only "
                 f'STATUS current DESCRIPTION "One of many." ::= {{ bench{m} {i} }}'
                 for i in range(1, objects + 1)]
        pathlib.Path(f"{work}/mibs/BENCH-{m}-MIB.txt").write_text("\n".join(text) + "\nEND\n")
    return work + "/mibs"


def measure_callbacks(program, build, port):
    """All that may cost much at a time, one after the other; False where a callback took too long."""
    if not callbacks.measurable(build):
        print("skipped: callbacks are not measured with sanitizers")
        return True
    agent = Agent(build, port, "-u", str(USERS), "-k", str(DEAD), "-w", str(SLOW))
    with agent, tempfile.TemporaryDirectory(prefix="vnm-bench-") as work:
        mibs, told = write_mibs(work), work + "/callbacks"
        env = callbacks.environment(build, told)
        with Vnmcd(program, work, mixed_devices(port, 1, USERS, None), env) as v:
            time.sleep(70)
            first = v.state()
            v.child.send_signal(signal.SIGSTOP)
            time.sleep(20)
            v.child.send_signal(signal.SIGCONT)
            time.sleep(10)
            with_mibs = v.reload(mixed_devices(port, 1, 2 * USERS, mibs))
            time.sleep(10)
            others = v.reload(mixed_devices(port, 5001, USERS, None))
            time.sleep(30)
            last = v.state()
        told = callbacks.Told(told)
    print(f"10,000 devices of which 2,000 are of version 3, {10000 // DEAD} dead and "
          f"{10000 // SLOW} slow: {first['walks']} tables after 70 s, {last['walks']} at the end; "
          f"reloaded with MIBs and {USERS} users more in {with_mibs:.1f} s, with 5,000 other devices "
          f"in {others:.1f} s")
    told.show()
    return told.verdict() and first["walks"] > 9000 and last["walks"] > first["walks"]


def main():
    parser = argparse.ArgumentParser(description=__doc__,
                                     formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--quick", action="store_true", help="few devices, one round")
    parser.add_argument("--build", default=TOP + "/build")
    parser.add_argument("--devices", type=int, default=4000)
    parser.add_argument("--rounds", type=int, default=3)
    parser.add_argument("--cycle", action="store_true")
    parser.add_argument("--callbacks", action="store_true")
    options = parser.parse_args()
    if not proc.enter_namespace():
        print("skipped: no network namespaces here")
        return 0
    resource.setrlimit(resource.RLIMIT_NOFILE, (resource.getrlimit(resource.RLIMIT_NOFILE)[1],) * 2)
    program, port = options.build + "/vnmcd", 16161
    if options.callbacks:
        return 0 if measure_callbacks(program, options.build, port) else 1
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
    if options.cycle:
        good = cycle(program, options.build, port) and good
        good = measure_callbacks(program, options.build, port) and good
    print("ok" if good or options.quick else f"less than {RATIO} times, or turns were missed")
    return 0 if good or options.quick else 1


if __name__ == "__main__":
    sys.exit(main())
