#!/usr/bin/env python3
"""Replays every case and checks what comes out: tests/README.md tells how a case is made.

    run.py [--vnmcd PATH] [--sanitized] [--bless] [--keep DIR] [NAME...]

A case passes when the exit code is 0, the books balance, the records are what truth.json says,
names are what correlation.json says, and two runs give the same octets, which are those of
out.jsonl or out.sha256 where there is one. --bless writes these for cases that pass otherwise.
"""
import hashlib
import json
import pathlib
import subprocess
import sys
import tempfile

HERE = pathlib.Path(__file__).resolve().parent
sys.path.insert(0, str(HERE.parent / "lib"))
# pylint: disable=wrong-import-position
import bmp4
import bmp_facts
import bmp_names
import bmp_truth
import faults
import names
import pcapfile
import replay as replays
import rib_truth
import snmp_made
import snmp_truth
import syslog_truth
import torture
import truth as truths

WHOLE = 160 * 1024      # a golden file up to this size is kept whole, of a larger one its hash
MEMORY = 512 << 20      # address space of one replay of an input made to do harm
SECONDS, TORTURE_SECONDS = 60, 5
BMP_PORTS = 1790, 1791, 5000, 11019


class Runner:
    def __init__(self, options):
        self.options = options
        self.slow = 6 if options.sanitized else 1
        self.memory = 0 if options.sanitized else MEMORY  # ASan reserves terabytes
        self.names = names.Names(HERE / "common")
        self.passed = self.failed = self.skipped = 0
        self.reasons = set()  # that any replay counted
        self.facts = 0  # compared
        self.snmp_values = self.kernel = 0  # compared, too
        self.bmp_names = bmp_names.Names(HERE / "common")

    def replay(self, path, args, seconds, memory=0):
        run = replays.run(self.options.vnmcd, path, args, seconds * self.slow, memory)
        if run.books:
            self.reasons.update(run.books["reasons"], run.books["faults"])
        return run

    def report(self, name, f):
        if f:
            self.failed += 1
            print("FAIL %s" % name)
            for line in f[:12]:
                print("     " + line)
        else:
            self.passed += 1
            print("ok   %s" % name)
        sys.stdout.flush()

    def guarded(self, name, check):
        f = replays.Failures()
        try:
            check(f)
        except subprocess.TimeoutExpired:
            f.append("it did not end in time")
        except Exception as e:  # pylint: disable=broad-except
            f.append("%s: %s" % (type(e).__name__, e))
        self.report(name, f)

    def check_case(self, case, f):
        path = case / "in.pcap"
        messages = list(pcapfile.messages(path))
        args = ["-o", "topology.sources.inventory.path=%s" % (HERE / "common/topology.json")]
        run = self.replay(path, args, SECONDS)
        if self.options.keep:
            keep = pathlib.Path(self.options.keep)
            (keep / (case.name + ".jsonl")).write_bytes(run.out)
            (keep / (case.name + ".err")).write_text(run.err)
        f.equal("exit code", run.code, 0)
        if run.code:
            f.append(replays.short(run.err[-600:]))
            return
        replays.check_books(run, f)
        if not f:
            f.equal("messages", run.books["messages"], len(messages))
            replays.check_envelope(run, messages, f)
        if not f:
            self.check_truth(case, run, messages, f)
            self.names.check(run.records, f)
        again = self.replay(path, args, SECONDS)
        f.true("a second replay differs", again.out == run.out)
        self.check_golden(case, run.out, f)

    def check_truth(self, case, run, messages, f):
        truth = json.loads((case / "truth.json").read_text())
        parts = truth["expect"].get("parts")
        if not parts:
            truths.check(truth, run.records, messages, f)
            return
        f.equal("exporters", len({(m.src, m.sport) for m in messages}),
                truth["expect"]["datagram_sources"])
        for part in parts:
            self.check_part(part, run, messages, f)

    @staticmethod
    def check_part(part, run, messages, f):
        """The records of one exporter in a file with many, known by where it sent them."""
        truth = json.loads((HERE / part / "truth.json").read_text())
        own = [m for m in messages if m.dst == truth["collector"]["address"]]
        sources = {(m.src, m.sport) for m in own}
        records = [r for r in run.records
                   if (r.get("exporter_addr"), r.get("exporter_port")) in sources]
        # Frame numbers of the truth are those of the exporter's own file.
        frames = {number: m for number, m in enumerate(sorted({m.frame for m in own}), 1)}
        renumber = {frame: number for number, frame in frames.items()}
        own = [m._replace(frame=renumber[m.frame]) for m in own]
        if truth["exporter"]["protocol"].endswith("TCP"):
            truth["expect"]["sample_records"] = []  # its frames include the handshake
        below = replays.Failures()
        truths.check(truth, records, own, below)
        f.extend("%s: %s" % (part, line) for line in below)

    def check_golden(self, case, out, f):
        whole, digest = case / "out.jsonl", case / "out.sha256"
        sha = hashlib.sha256(out).hexdigest()
        if self.options.bless and not f:
            for old in (whole, digest):
                old.unlink(missing_ok=True)
            if len(out) <= WHOLE:
                whole.write_bytes(out)
            else:
                digest.write_text("%s  %d records\n" % (sha, out.count(b"\n")))
        elif whole.exists():
            f.true("the output is not that of out.jsonl%s" % first_difference(
                out, whole.read_bytes()), whole.read_bytes() == out)
        elif digest.exists():
            f.equal("SHA-256 of the output", sha, digest.read_text().split()[0])
        else:
            f.append("neither out.jsonl nor out.sha256")

    def check_torture(self, name, protocol, directory, f):
        path = pathlib.Path(directory) / (name + ".pcap")
        sent = torture.datagrams(HERE / "flow-torture" / (name + ".bin"), protocol)
        pcapfile.write(path, sent)
        run = self.replay(path, [], TORTURE_SECONDS, self.memory)
        f.equal("exit code", run.code, 0)
        replays.check_books(run, f)
        if not f:
            # A v9 or IPFIX datagram may hold another message behind the first.
            f.equal("messages", run.books["messages"], len(sent))
            replays.check_envelope(run, list(pcapfile.messages(path)), f)
            torture.check(name, run, f)
        again = self.replay(path, [], TORTURE_SECONDS, self.memory)
        f.true("a second replay differs", again.out == run.out)

    def bmp_replay(self, case, args, f):
        run = self.replay(case, args, SECONDS)
        f.equal("exit code", run.code, 0)
        replays.check_books(run, f)
        return run

    def check_bmp(self, case, f):
        """A BMP stream, from the file itself and from packets: both give what expect.jsonl says."""
        octets = (case / "in.bmp").read_bytes()
        lines = (case / "expect.jsonl").read_text().splitlines()
        raw = self.bmp_replay(case / "in.bmp", ["-m", "raw=bmp"], f)
        if not f:
            f.equal("messages", raw.books["messages"], len(list(bmp_truth.frames(octets))))
            truth = bmp_truth.Truth(octets, lines)
            bmp_truth.check(truth, raw.records, f)
            f.equal("reasons", raw.books["reasons"], truth.reasons())
            f.equal("faults", raw.books["faults"], truth.faults())
            self.facts += bmp_facts.check(bmp_truth.Truth(octets, lines), raw.records, f)
        again = self.replay(case / "in.bmp", ["-m", "raw=bmp"], SECONDS)
        f.true("a second replay differs", again.out == raw.out)
        if (case / "in.pcap").exists():
            run = self.bmp_replay(case / "in.pcap", [], f)
            f.true("the packets give other records than the stream",
                   bmp_truth.content(run.records) == bmp_truth.content(raw.records))
        with tempfile.TemporaryDirectory() as directory:
            self.check_odd_port(pathlib.Path(directory) / "odd.pcap", octets, raw, f)
        if octets[0] == 4:
            told = [json.loads(line) for line in lines]
            f.true("guessed what the messages say", not any(
                set(r.get("inferred", ())) - {"peer"} for r in raw.records))
            f.true("bmp4.py reads another stream than it wrote", list(bmp4.read(octets)) == told)
        self.check_golden(case, raw.out, f)

    def check_bmp_names(self, case, f):
        """The records of a BMP stream with the names of the lab's inventory."""
        path = case / ("in.pcap" if (case / "in.pcap").exists() else "in.bmp")
        args = ["-m", "raw=bmp"] if path.suffix == ".bmp" else []
        args += ["-o", "topology.sources.lab.path=%s" % (HERE / "common/bmp-topology.json")]
        run = self.bmp_replay(path, args, f)
        self.bmp_names.check(run.records, f)

    def check_odd_port(self, path, octets, raw, f):
        """A stream to a port that tells nothing: what its first message is all others are."""
        pcapfile.write(path, ((10**18 + i * 10**6, "192.0.2.77", 43021, "192.0.2.1", 33333, m)
                              for i, m in enumerate(bmp_truth.frames(octets))), "tcp")
        run = self.bmp_replay(path, [], f)
        f.true("another port gives other records",
               bmp_truth.content(run.records) == bmp_truth.content(raw.records))
        f.equal("reasons at another port", run.books["reasons"], raw.books["reasons"])

    def check_bmp_parts(self, case, f):
        """Packets of several sessions, each known by its port: parts.json. Where a router came
        back, it tells the table that it had told before, in the views of `same`."""
        run = self.bmp_replay(case / "in.pcap", [], f)
        told = json.loads((case / "parts.json").read_text())
        records = {part: [r for r in run.records if r.get("exporter_port") == int(port)]
                   for port, part in told["parts"].items()}
        for part, own in records.items():
            octets = (HERE / part / "in.bmp").read_bytes()
            lines = (HERE / part / "expect.jsonl").read_text().splitlines()
            below = replays.Failures()
            bmp_truth.check(bmp_truth.Truth(octets, lines), own, below, longer=True)
            f.extend("%s: %s" % (part, line) for line in below)
        self.check_golden(case, run.out, f)
        for first, again, rib in told["same"]:
            table = bmp_truth.table(records[first], rib)
            f.true("no %s of %s" % (rib, first), table)
            f.equal("%s of %s" % (rib, again), bmp_truth.table(records[again], rib), table)

    @staticmethod
    def rib_options(rib, *more):
        """Listeners for the ports that routers connect to in the recorded packets."""
        args = []
        for port in BMP_PORTS:
            for option in ("decoder=bmp", "listen=tcp:127.0.0.1:%d" % port, "rib=" + rib, *more):
                args += ["-o", "listeners.p%d.%s" % (port, option)]
        return args

    def check_rib(self, case, f):
        """A standing RIB changes nothing of what is published; its dumps are what was, also with
        rib_suppress, which publishes nothing twice."""
        path = case / ("in.pcap" if (case / "in.pcap").exists() else "in.bmp")
        raw = ["-m", "raw=bmp"] if path.suffix == ".bmp" else []
        runs = {}
        for name, rib, more in (("off", "off", ()), ("count", "count", ()),
                                ("full", "full", ("rib_dump_interval=1s",)),
                                ("suppressed", "full", ("rib_suppress=true",
                                                        "rib_dump_interval=1s")),
                                ("limited", "full", ("rib_paths=2",))):
            runs[name] = self.bmp_replay(path, raw + self.rib_options(rib, *more), f)
            if f:
                f.append("with rib: " + name)
                return
        rib_truth.unchanged(runs["off"].records, runs["count"].records, f)
        rib_truth.unchanged(runs["off"].records, runs["full"].records, f)
        rib_truth.unchanged(runs["off"].records, runs["limited"].records, f)
        standing = len(rib_truth.Consumer(replays.Failures()).take(
            r for r in runs["off"].records if not r.get("routes_gone")).tables)
        f.true("standing routes, but none beyond the limit of two", standing <= 2 or
               "rib-limit" in runs["limited"].books["faults"])
        for name in ("full", "suppressed"):
            below = replays.Failures()
            consumer = rib_truth.Consumer(below).take(runs[name].records)
            if name == "suppressed":
                rib_truth.repeats(runs[name].records, below)
            times = [r["observed_ns"] for r in runs[name].records]
            if times and max(times) > min(times) + 3 * 10**9:
                below.true("nothing is dumped", consumer.seen["dump"])
            f.extend("%s: %s" % (name, line) for line in below[:6])

    def check_rib_parts(self, case, f):
        """Routers that come back: with rib: full the tables are, End-of-RIB by End-of-RIB, those
        that their second sessions tell, and with rib_suppress only differences are published."""
        told = json.loads((case / "parts.json").read_text())
        run = self.bmp_replay(case / "in.pcap", self.rib_options(
            "full", "rib_suppress=true"), f)
        rib_truth.repeats(run.records, f)
        for first, again, rib in told["same"]:
            ports = {part: int(port) for port, part in told["parts"].items()}
            alone = [r for r in self.bmp_replay(case / "in.pcap", [], f).records
                     if r.get("exporter_port") == ports[again]]
            want = rib_truth.Consumer(f).take(
                r for r in alone if r.get("event") != "lost").table(rib=rib)
            routers = {r.get("router_name") for r in alone}
            got = rib_truth.Consumer(f).take(
                r for r in run.records if r.get("router_name") in routers).table(rib=rib)
            f.true("no %s of %s" % (rib, again), want)
            f.equal("%s of %s" % (rib, again), got, want)
            # GoBGP's first session is seen to end only after its second began.
            f.equal("routes of %s that are published again" % again, sum(
                rib_truth.is_route(r) and r.get("exporter_port") == ports[again] and
                r["rib"] == rib for r in run.records), 0)

    def run_bmp(self, wanted):
        for case in sorted(p.parent for p in HERE.glob("bmp-*/expect.jsonl")):
            if wanted(case.name):
                self.guarded(case.name, lambda f, c=case: self.check_bmp(c, f))
                self.guarded(case.name + "/rib", lambda f, c=case: self.check_rib(c, f))
                self.guarded(case.name + "/names",
                             lambda f, c=case: self.check_bmp_names(c, f))
        for case in sorted(p.parent for p in HERE.glob("bmp-*/parts.json")):
            if wanted(case.name):
                self.guarded(case.name, lambda f, c=case: self.check_bmp_parts(c, f))
                self.guarded(case.name + "/rib", lambda f, c=case: self.check_rib(c, f))
                self.guarded(case.name + "/rib-parts", lambda f, c=case: self.check_rib_parts(
                    c, f))

    def check_syslog(self, case, f):
        """Messages of syslog: each record says what syslog.json has of it."""
        args = json.loads((case / "syslog.json").read_text())["args"] + [
            "-o", "topology.sources.inventory.path=%s" % (HERE / "common/topology.json")]
        run = self.replay(case / "in.pcap", args, SECONDS)
        if self.options.keep:
            (pathlib.Path(self.options.keep) / (case.name + ".jsonl")).write_bytes(run.out)
        f.equal("exit code", run.code, 0)
        replays.check_books(run, f)
        if not f:
            syslog_truth.check(case, run, f)
        again = self.replay(case / "in.pcap", args, SECONDS)
        f.true("a second replay differs", again.out == run.out)
        self.check_golden(case, run.out, f)

    def check_fault(self, name, directory, f):
        reason, args, transport, made, flows = faults.CASES[name]
        path = pathlib.Path(directory) / (name + ".pcap")
        pcapfile.write(path, faults.datagrams(made), transport)
        run = self.replay(path, args, TORTURE_SECONDS, self.memory)
        f.equal("exit code", run.code, 0)
        replays.check_books(run, f)
        if f:
            return
        counted = {**run.books["reasons"], **run.books["faults"]}
        f.true("%s is not counted: %s" % (reason, counted), reason in counted)
        f.equal("messages", run.books["messages"], len(made))
        if flows is not None:
            torture.check_records("flow records", run.of("flow"), flows, f)

    def run_syslog(self, wanted):
        for case in sorted(p.parent for p in HERE.glob("*/syslog.json")):
            if wanted(case.name):
                self.guarded(case.name, lambda f, c=case: self.check_syslog(c, f))

    def check_snmp(self, case, f):
        """Messages of SNMP: a replay for each row of expect.json, the first of them in full."""
        told = json.loads((case / "expect.json").read_text())
        lab = case / "lab.json"
        topology = case / told["topology"] if "topology" in told else HERE / "common/topology.json"
        for number, row in enumerate(told["replays"]):
            args = (["-c", str(HERE / "common/snmp.yaml")] if row.get("conf") else [])
            args += ["-o", "topology.sources.inventory.path=%s" % topology]
            run = self.replay(case / "in.pcap", args + row.get("args", []), SECONDS)
            below = replays.Failures()
            below.equal("exit code", run.code, 0)
            replays.check_books(run, below)
            if not below:
                self.check_snmp_row(row, run, below)
            f.extend("%s: %s" % (row["about"], line) for line in below)
            if number == 0 and not f:
                first, first_args = run, args + row.get("args", [])
        if f:
            return
        messages = list(pcapfile.messages(case / "in.pcap"))
        f.equal("messages", first.books["messages"], len(messages))
        snmp_truth.check_alarms(messages, first.records, f)
        self.snmp_values += snmp_truth.check_responses(messages, first.records, f)
        if lab.exists():
            self.check_lab(case, json.loads(lab.read_text()), messages, first, f)
        again = self.replay(case / "in.pcap", first_args, SECONDS)
        f.true("a second replay differs", again.out == first.out)
        self.check_golden(case, first.out, f)

    @staticmethod
    def check_snmp_row(row, run, f):
        f.equal("ok", run.books["ok"], row["ok"])
        f.equal("reasons", run.books["reasons"], row.get("reasons", {}))
        f.equal("faults", run.books["faults"], {})
        if "records" in row:
            f.equal("records", run.books["records"], row["records"])
        if "alarms" not in row:
            return
        alarms = run.of("alarm")
        f.equal("alarms", len(alarms), len(row["alarms"]))
        for number, (got, want) in enumerate(zip(alarms, row["alarms"]), 1):
            for key, value in want.items():
                have = got.get(key)
                if key == "values":
                    have = [[v["oid"], v.get("value")] for v in got.get("varbinds", [])]
                f.equal("alarm %d: %s" % (number, key), have, value)

    def check_lab(self, case, lab, messages, run, f):
        if "snmptrapd" in lab or "snmptrapd" in lab["expect"]:
            snmp_truth.check_snmptrapd(lab, run.records, f)
            snmp_truth.check_events(lab, run.records, f)
        self.kernel += snmp_truth.check_kernel(lab, run.records, f)
        if (case / "walk.txt").exists():
            snmp_truth.check_walk((case / "walk.txt").read_text().splitlines(), messages, f)
        known = self.names.ports  # of switches; the topology knows hosts' own ones besides
        self.names.check([r for r in run.records if r["kind"] == "interface" and
                          (r.get("host_id"), "ifIndex", r["if_index"]) in known], f)

    def check_snmp_made(self, f):
        """Encodings that are not as they should be are read and marked; names of version 1."""
        made = [m for m, _ in snmp_made.ODD + snmp_made.doubled()]
        with tempfile.TemporaryDirectory() as directory:
            path = pathlib.Path(directory) / "made.pcap"
            pcapfile.write(path, faults.datagrams(made), "udp")
            run = self.replay(path, snmp_made.MAP, TORTURE_SECONDS, self.memory)
        f.equal("ok", run.books["ok"], len(made))
        odd, named = run.records[:len(snmp_made.ODD)], run.records[len(snmp_made.ODD):]
        for number, (r, (_, want)) in enumerate(zip(odd, snmp_made.ODD)):
            f.equal("what is odd in %d" % number, r.get("odd"), want)
            f.equal("trap_name of %d" % number, r.get("trap_name"), "linkDown")
        f.equal("a negative Counter32", odd[1]["varbinds"][-1]["value"], 4294967294)
        f.equal("names", [r.get("trap_oid") for r in named],
                [want for _, want in snmp_made.doubled()])

    def run_snmp(self, wanted):
        if wanted("snmp-made"):
            self.guarded("snmp-made", self.check_snmp_made)
        for case in sorted(p.parent for p in HERE.glob("snmp-*/expect.json")):
            if wanted(case.name):
                self.guarded(case.name, lambda f, c=case: self.check_snmp(c, f))

    def run_faults(self, wanted):
        with tempfile.TemporaryDirectory() as directory:
            for name in faults.CASES:
                if wanted("faults/" + name):
                    self.guarded("faults/" + name, lambda f, n=name: self.check_fault(
                        n, directory, f))

    def run_torture(self, wanted):
        index = (HERE / "flow-torture/INDEX.tsv").read_text().splitlines()
        rows = [line.split("\t") for line in index]
        listed = {row[0] for row in rows}
        if listed != set(torture.CASES):
            self.report("flow-torture", ["INDEX.tsv and torture.py name different cases: %s"
                                         % sorted(listed ^ set(torture.CASES))])
        with tempfile.TemporaryDirectory() as directory:
            for name, protocol, *_ in rows:
                if wanted("flow-torture/" + name):
                    self.guarded("flow-torture/" + name, lambda f, n=name, p=protocol:
                                 self.check_torture(n, p, directory, f))

    def check_reasons(self, f):
        """Every reason that vnmcd knows is hit by a replay, or by the test that is named for it."""
        dump = subprocess.run([self.options.vnmcd, "--dump=reasons"], stdout=subprocess.PIPE,
                              check=True, text=True).stdout
        known = {line.split("\t")[0] for line in dump.splitlines()}
        for reason in sorted(known - self.reasons):
            test = faults.ELSEWHERE.get(reason)
            text = (HERE.parent / test).read_text() if test else ""
            f.true("no test hits %s" % reason, reason in text or
                   "VNM_R_" + reason.replace("-", "_") in text)
        f.equal("reasons that are none", sorted(set(faults.ELSEWHERE) - known), [])

    def run(self):
        wanted = lambda name: not self.options.names or any(
            name == n or name.startswith(n + "/") for n in self.options.names)
        for case in sorted(p.parent for p in HERE.glob("*/truth.json")):
            if wanted(case.name):
                self.guarded(case.name, lambda f, c=case: self.check_case(c, f))
        self.run_bmp(wanted)
        self.run_snmp(wanted)
        self.run_syslog(wanted)
        self.run_torture(wanted)
        self.run_faults(wanted)
        if not self.options.names:
            self.guarded("every reason is hit", self.check_reasons)
            self.report("facts were there to be compared", [] if self.facts > 250 else
                        ["only %d facts compared" % self.facts])
            self.report("values of SNMP were there to be compared",
                        [] if self.snmp_values > 7000 and self.kernel > 30 else
                        ["only %d, %d with the kernel's" % (self.snmp_values, self.kernel)])
            self.report("names of routes were there to be compared",
                        [] if self.bmp_names.checked > 2000 else
                        ["only %d names compared" % self.bmp_names.checked])
            self.report("names were there to be compared", [] if self.names.checked > 10000 else
                        ["only %d names compared" % self.names.checked])
        print("cases: %d passed, %d failed, %d skipped" % (self.passed, self.failed, self.skipped))
        return 1 if self.failed or not self.passed else 0


def first_difference(got, want):
    for number, (a, b) in enumerate(zip(got.splitlines(), want.splitlines()), 1):
        if a != b:
            have, must = json.loads(a), json.loads(b)
            keys = [k for k in {**have, **must} if have.get(k) != must.get(k)]
            return ", line %d: %s" % (number, ", ".join(
                "%s %s, must be %s" % (k, have.get(k), must.get(k)) for k in keys[:4]))
    return ": %d lines, must be %d" % (got.count(b"\n"), want.count(b"\n"))


def main():
    p = replays.parser(__doc__)
    p.add_argument("--sanitized", action="store_true", help="a sanitizer build: slower, no limits")
    p.add_argument("--bless", action="store_true", help="write out.jsonl of cases that pass")
    p.add_argument("--keep", help="keep each output in this directory")
    options = p.parse_args()
    if options.keep:
        pathlib.Path(options.keep).mkdir(parents=True, exist_ok=True)
    sys.exit(Runner(options).run())


if __name__ == "__main__":
    main()
