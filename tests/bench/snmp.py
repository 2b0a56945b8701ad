#!/usr/bin/env python3
"""Measures vnmcd and net-snmp's snmptrapd, where that is installed, with the same traps.

    tests/bench/snmp.py [--quick] [--build DIR] [--traps N] [--rate N] [--rounds N] [--json FILE]

Both write to a file: vnmcd JSON, snmptrapd the lines of its format. trapblast sends linkDown of
version 1, 2c and 3. Programs take turns; figures are medians of the rounds. CPU time is that of the
program from the first trap to its end, for each trap that it stored. snmptrapd keeps a log of the
last thousand notifications in memory unless it is told not to: the verdict is by the one that was,
the flood is also handled by one that was not.

Traps a CPU-second are told by a flood, --flood traps as fast as they can be sent, in which neither
program ever waits: there vnmcd must take at most a tenth of snmptrapd's CPU time a trap. At --rate
a second, which leaves vnmcd idle most of the time (what it does then costs more: it begins with
cold caches), it must lose nothing, and cost the same with 10,000 users of version 3 as with 100.
Then 200,000 traps come at once: what was lost, and whether it was counted. In runs of their own with
10,000 users, each of them new, no callback of the event loop may use more than 5 ms of CPU time.
"""

import argparse
import json
import os
import re
import shutil
import signal
import statistics
import subprocess
import sys
import tempfile
import time

import callbacks
import proc

TOP = os.path.dirname(os.path.dirname(os.path.dirname(os.path.abspath(__file__))))
RATIO = 10      # snmptrapd's CPU time a trap over vnmcd's, at the least
FLAT = 1.35     # ten thousand users over a hundred, at the most: their keys do not fit a cache
SOME, USERS, BURST = 100, 10000, 200000
PASSWORD = "authpass of mine"
FORMS = ("v1", "v2c", "noauth", "sha", "shaaes", "sha512aes256")
NETSNMP = {"sha": ("SHA", None), "shaaes": ("SHA", "AES"), "sha512aes256": ("SHA-512", "AES-256")}
OURS = {"sha": ("sha1", None), "shaaes": ("sha1", "aes128"), "sha512aes256": ("sha512", "aes256")}
LOGGING = "snmptrapd with its log"
ENGINE = "0x80001f8804626c6173746572"


class Vnmcd:
    name = "vnmcd"

    def __init__(self, program, users=0, form=None, measured=()):
        self.program, self.users, self.form, self.measured = program, users, form, measured

    def command(self, port, work):
        users = [{"name": "noauth"}] + [
            {"name": n, "auth": a, "auth_password": PASSWORD, **({"priv": p} if p else {})}
            for n, (a, p) in OURS.items()]
        if self.users:
            auth, priv = OURS[self.form]
            users = [{"name": f"u{i}", "auth": auth, "auth_password": PASSWORD, "priv": priv}
                     for i in range(self.users)]
        with open(work + "/conf", "w") as f:
            json.dump({"collector": "bench", "snmp": {"users": users}, "listeners": [
                {"name": "traps", "decoder": "snmp", "listen": f"udp:127.0.0.1:{port}",
                 "communities": ["public"], "users": ["*"]}], "outputs": [
                     {"name": "out", "type": "file", "path": work + "/out"}]}, f)
        return [*self.measured, self.program, "-c", work + "/conf"]

    @staticmethod
    def count(path):
        with open(path, "rb") as f:
            return sum(b'"trap_oid":"1.3.6.1.6.3.1.1.5.3"' in line for line in f)


class Snmptrapd:
    """Without the log of notifications (RFC 3014) that it keeps of its own accord, or with it."""

    def __init__(self, log=False):
        self.name, self.log = LOGGING if log else "snmptrapd", log
        self.program = shutil.which("snmptrapd", path=os.environ["PATH"] + ":/usr/sbin")

    def command(self, port, work):
        with open(work + "/conf", "w") as f:
            f.write("authCommunity log public\n"
                    f"doNotRetainNotificationLogs {'no' if self.log else 'yes'}\n"
                    f"createUser -e {ENGINE} noauth\nauthUser log noauth noauth\n")
            for name, (auth, priv) in NETSNMP.items():
                more = f' {priv} "{PASSWORD}"' if priv else ""
                f.write(f'createUser -e {ENGINE} {name} {auth} "{PASSWORD}"{more}\n'
                        f"authUser log {name} {'priv' if priv else 'auth'}\n")
        os.environ["SNMP_PERSISTENT_DIR"] = work + "/persist"
        os.environ["MIBS"] = ""
        return [self.program, "-f", "-On", "-Lf", work + "/out", "-C", "-c", work + "/conf",
                f"udp:127.0.0.1:{port}"]

    @staticmethod
    def count(path):
        """Lines of traps: version 2c's and 3's have the oid, version 1's says so in words."""
        with open(path, "rb") as f:
            return sum(b".1.3.6.1.6.3.1.1.5.3" in line or b"Link Down Trap" in line for line in f)


def bound(port):
    return any(line.split()[1].endswith(f":{port:04X}")
               for line in open("/proc/net/udp").read().splitlines()[1:])


def drops(port):
    """What the kernel dropped of a socket's datagrams."""
    for line in open("/proc/net/udp").read().splitlines()[1:]:
        if line.split()[1].endswith(f":{port:04X}"):
            return int(line.split()[-1])
    return 0


def wait_rest(meter, path):
    before, last = None, time.time()
    while time.time() < last + 1.5:
        time.sleep(0.2)
        state = os.path.getsize(path) if os.path.exists(path) else 0, round(meter.seconds(), 1)
        if state != before:
            before, last = state, time.time()


def measure(opts, program, form, traps, rate, port, users=0):
    work = tempfile.mkdtemp(prefix="vnm-snmp-", dir=opts.tmp)
    os.chmod(work, 0o755)
    meter = proc.Meter(program.name)
    try:
        with open(work + "/log", "wb") as log:
            child = meter.start(program.command(port, work), log, cwd=work)
        deadline = time.time() + 30
        while not bound(port) and time.time() < deadline and child.poll() is None:
            time.sleep(0.05)
        time.sleep(0.5)
        blast = [opts.trapblast, "-p", str(port), "-t", form, "-u", str(users)]
        if users: # every user's keys are made when he is first heard
            subprocess.run([*blast, "-n", str(users), "-r", "20000"], stdout=subprocess.DEVNULL,
                           check=True)
            wait_rest(meter, work + "/out")
        before = program.count(work + "/out") if users else 0
        meter.mark()
        sent = json.loads(subprocess.run([*blast, "-n", str(traps), "-r", str(rate)],
                                         stdout=subprocess.PIPE, check=True).stdout)
        wait_rest(meter, work + "/out")
        lost = drops(port)
        rss = meter.peak_rss()
        meter.stop(signal.SIGTERM)
        cpu, got = meter.used(), program.count(work + "/out") - before
        books = re.findall(r'^\{"messages".*', open(work + "/log").read(), re.M)
        return {"program": program.name, "form": form, "users": users, "sent": sent["traps"],
                "stored": got, "cpu": cpu, "us": 1e6 * cpu / got if got else float("inf"),
                "kernel_drops": lost, "rss_mb": rss / 1024, "seconds": sent["seconds"],
                "books": json.loads(books[-1]) if books else None}
    finally:
        meter.close()
        shutil.rmtree(work, ignore_errors=True)


def middle(runs, key):
    return statistics.median(r[key] for r in runs)


def row(label, runs):
    print(f"| {label} | {runs[0]['program']} | {middle(runs, 'us'):.2f} | "
          f"{1e6 / middle(runs, 'us'):.0f} | "
          f"{100 * (1 - sum(r['stored'] for r in runs) / sum(r['sent'] for r in runs)):.2f} | "
          f"{middle(runs, 'rss_mb'):.0f} |", flush=True)


class Bench:
    def __init__(self, opts):
        self.opts, self.port, self.failed, self.runs = opts, 20162, 0, []

    def measure(self, *args, **more):
        self.port += 1
        self.runs.append(measure(self.opts, *args, self.port, **more))
        return self.runs[-1]

    def verdict(self, text, ok):
        print(f"{'ok  ' if ok else 'FAIL'} {text}", flush=True)
        self.failed += not ok

    def in_turns(self, programs, label, form, traps, rate):
        """By program, how often vnmcd's cost the others' is; and vnmcd's runs."""
        figures = {}
        for _ in range(self.opts.rounds):
            for p in programs:
                figures.setdefault(p.name, []).append(self.measure(p, form, traps, rate))
        for runs in figures.values():
            row(label, runs)
        ours = middle(figures["vnmcd"], "us")
        return figures["vnmcd"], {name: middle(runs, "us") / ours
                                  for name, runs in figures.items() if middle(runs, "stored")}

    def against_snmptrapd(self, programs):
        found = []
        for form in FORMS:
            opts = self.opts
            runs, idle = self.in_turns(programs[:2], form, form, opts.traps, opts.rate)
            lost = sum(r["sent"] - r["stored"] for r in runs)
            runs, flood = self.in_turns(programs, form + ", flood", form, opts.flood, 0)
            odd = [r for r in runs if r["stored"] + r["kernel_drops"] != r["sent"]]
            found.append((form, lost, odd, idle, flood))
        print()
        for form, lost, odd, idle, flood in found:
            if lost:
                self.verdict(f"{form}: {lost} traps lost at {self.opts.rate}/s", False)
            if odd:
                self.verdict(f"{form}: traps of the flood neither stored nor counted", False)
            if "snmptrapd" in flood and "snmptrapd" in idle:
                self.verdict(f"{form}: snmptrapd costs {flood['snmptrapd']:.1f} times vnmcd in a "
                             f"flood, {idle['snmptrapd']:.1f} times at {self.opts.rate}/s",
                             flood["snmptrapd"] >= RATIO or self.opts.quick)
            if LOGGING in flood:
                print(f"     with its log of notifications {flood[LOGGING]:.1f} times")

    def flat(self):
        """One user, whose keys stay in the first cache, some, and ten thousand, in turns."""
        figures = {}
        for _ in range(self.opts.rounds):
            for n in (1, SOME, USERS):
                p = Vnmcd(self.opts.vnmcd, n, "shaaes")
                figures.setdefault(n, []).append(
                    self.measure(p, "shaaes", self.opts.traps, self.opts.rate, users=n))
        for n, runs in figures.items():
            row(f"shaaes, {n} users", runs)
        print()
        ratio = middle(figures[USERS], "us") / middle(figures[SOME], "us")
        self.verdict(f"{USERS} users cost {ratio:.2f} times {SOME} users",
                     ratio <= FLAT or self.opts.quick)
        lost = sum(r["sent"] - r["stored"] for r in figures[USERS])
        self.verdict(f"{lost} traps of {USERS} users lost", lost == 0)

    def callbacks(self):
        """Ten thousand users that are heard for the first time, and then in turns."""
        if not callbacks.measurable(self.opts.build):
            print("skipped: callbacks are not measured with sanitizers")
            return
        for form in ("shaaes", "sha512aes256"):
            with tempfile.NamedTemporaryFile(prefix="vnm-callbacks-", dir=self.opts.tmp) as told:
                env = callbacks.environment(self.opts.build, told.name)
                p = Vnmcd(self.opts.vnmcd, USERS, form, ["env", *(
                    f"{key}={env[key]}" for key in ("LD_PRELOAD", "VNM_CALLBACKS"))])
                self.measure(p, form, self.opts.traps, self.opts.rate, users=USERS)
                print(f"\n{form}, {USERS} users:")
                told = callbacks.Told(told.name)
            told.show(3)
            self.failed += not told.verdict()

    def burst(self, programs):
        """As fast as they can be sent, with the programs' own buffers."""
        for p in programs[:2]:
            r = self.measure(p, "v2c", BURST, 0)
            print(f"\n{p.name}: {BURST} traps in {r['seconds']:.2f} s: {r['stored']} stored, "
                  f"{r['kernel_drops']} dropped by the kernel")
            if p.name == "vnmcd":
                self.verdict("every trap is stored or counted",
                             r["stored"] + r["kernel_drops"] == r["sent"])
        # At the rate at which snmptrapd has its burst when nobody else wants the CPUs.
        r = self.measure(programs[0], "v2c", BURST, 100000)
        self.verdict(f"{BURST} traps at 100,000/s: {r['sent'] - r['stored']} lost",
                     r["stored"] + r["kernel_drops"] == r["sent"])


def main():
    p = argparse.ArgumentParser(description=__doc__,
                                formatter_class=argparse.RawDescriptionHelpFormatter)
    p.add_argument("--quick", action="store_true", help="does it work, not how fast")
    p.add_argument("--build", default=os.path.join(TOP, "build"))
    p.add_argument("--traps", type=int, default=100000)
    p.add_argument("--rate", type=int, default=20000, help="traps a second")
    p.add_argument("--flood", type=int, default=500000, help="traps as fast as they can be sent")
    p.add_argument("--rounds", type=int, default=3)
    p.add_argument("--callbacks", action="store_true", help="only what its callbacks use")
    p.add_argument("--tmp", help="where the programs write")
    p.add_argument("--json", help="figures as JSON lines")
    opts = p.parse_args()
    if opts.quick:
        opts.traps, opts.rate, opts.flood, opts.rounds = 20000, 20000, 200000, 1
    opts.trapblast = os.path.join(opts.build, "tests/bench/trapblast")
    opts.vnmcd = os.path.join(opts.build, "vnmcd")
    private = proc.enter_namespace()
    programs = [Vnmcd(opts.vnmcd)]
    if Snmptrapd().program:
        programs += [Snmptrapd(), Snmptrapd(log=True)]
    print(f"{proc.machine()}; {opts.traps} traps at {opts.rate}/s, "
          f"{opts.rounds} rounds, {'own' if private else 'shared'} network namespace\n", flush=True)
    b = Bench(opts)
    if not opts.callbacks:
        print("| traps | program | us CPU/trap | traps/CPU-s | lost % | peak RSS MB |")
        print("|---|---|---|---|---|---|", flush=True)
        b.against_snmptrapd(programs)
        print()
        b.flat()
        b.burst(programs)
    b.callbacks()
    if opts.json:
        with open(opts.json, "w") as f:
            f.writelines(json.dumps(r) + "\n" for r in b.runs)
    return 1 if b.failed else 0


if __name__ == "__main__":
    sys.exit(main())
