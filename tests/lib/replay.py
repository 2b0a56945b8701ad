"""Runs `vnmcd -r` and checks what holds for every replay, whatever is in the file."""
import argparse
import json
import pathlib
import resource
import struct
import subprocess
from collections import Counter

SCHEMA = 1


def parser(text):
    """Of a script's arguments, for one that says so much of itself: --vnmcd and names."""
    p = argparse.ArgumentParser(description=text, formatter_class=argparse.RawTextHelpFormatter)
    top = pathlib.Path(__file__).resolve().parent.parent.parent
    p.add_argument("--vnmcd", default=str(top / "build/vnmcd"))
    p.add_argument("names", nargs="*")
    return p


class Failures(list):
    """What did not come out as it must, one line each."""

    def equal(self, what, got, want):
        if got != want:
            self.append("%s: %s, must be %s" % (what, short(got), short(want)))

    def true(self, what, condition):
        if not condition:
            self.append(what)


def short(value):
    text = repr(value)
    return text if len(text) < 300 else text[:300] + "..."


class Replay:
    """One run: exit code, standard output as octets and as records, the books."""

    def __init__(self, code, out, err):
        self.code, self.out, self.err = code, out, err
        self.records = [json.loads(line) for line in out.splitlines()]
        lines = err.splitlines()
        self.books = json.loads(lines[-1]) if lines and lines[-1].startswith("{") else None

    def of(self, kind):
        return [r for r in self.records if r.get("kind") == kind]


def run(vnmcd, path, args=(), seconds=60, memory=0):
    """Replays a file. Raises subprocess.TimeoutExpired, or ValueError for output that is no JSON."""
    def limit():
        if memory:
            resource.setrlimit(resource.RLIMIT_AS, (memory, memory))
        resource.setrlimit(resource.RLIMIT_CORE, (0, 0))

    done = subprocess.run([vnmcd, "-r", str(path), *args], stdin=subprocess.DEVNULL,
                          stdout=subprocess.PIPE, stderr=subprocess.PIPE, timeout=seconds,
                          preexec_fn=limit, check=False)
    return Replay(done.returncode, done.stdout, done.stderr.decode(errors="replace"))


def check_books(replay, f):
    """architecture.md section 5: messages and records add up, and stdout is what was published."""
    b = replay.books
    if b is None:
        f.append("no books on standard error: " + short(replay.err[-500:]))
        return
    for key in ("messages", "ok", "partial", "held", "reasons", "faults", "ignored",
                "records", "published", "dropped"):
        f.true("the books lack `%s`" % key, key in b)
    if len(f):
        return
    f.equal("messages = ok + partial + held + reasons",
            b["ok"] + b["partial"] + b["held"] + sum(b["reasons"].values()), b["messages"])
    lines = Counter(r.get("kind") for r in replay.records)
    for kind in set(b["records"]) | set(lines):
        made, sent = b["records"].get(kind, 0), b["published"].get(kind, 0)
        f.equal("records = published + dropped of " + kind, sent + b["dropped"].get(kind, 0), made)
        f.equal("lines on standard output of " + kind, lines[kind], sent)


def header(payload):
    """(sequence, domain, export time in ns) by the message's own header; None: not in it."""
    version = struct.unpack(">H", payload[:2])[0]
    if version == 0:  # sFlow, of which the version has four octets
        at = 12 if payload[7] == 1 else 24
        domain, sequence = struct.unpack(">II", payload[at:at + 8])
        return sequence, domain, None
    if version == 10:
        seconds, sequence, domain = struct.unpack(">III", payload[4:16])
        return sequence, domain, seconds * 10**9
    if version == 9:
        seconds, sequence, domain = struct.unpack(">III", payload[8:20])
        return sequence, domain, seconds * 10**9
    seconds, nanoseconds = struct.unpack(">II", payload[8:16])
    sequence = struct.unpack(">I", payload[16:20])[0]
    domain = struct.unpack(">H", payload[20:22])[0] if version == 5 else None
    return sequence, domain, seconds * 10**9 + nanoseconds


# What the registries call these numbers.
NAMES = {
    "protocol": {0: "hopopt", 1: "icmp", 6: "tcp", 17: "udp", 44: "ipv6-frag", 58: "ipv6-icmp"},
    "direction": {0: "ingress", 1: "egress"},
    "end_reason": {1: "idle-timeout", 2: "active-timeout", 3: "end-of-flow", 4: "forced-end"},
}


def check_envelope(replay, messages, f):
    """What every record of a replay carries, against the packets in the file."""
    sent = {}
    for m in messages:
        sequence, domain, export_ns = header(m.payload)
        sent.setdefault((m.src, m.sport, m.ts_ns, m.transport, sequence, domain), set()).add(
            export_ns)
    addresses = {m.src for m in messages}
    for number, r in enumerate(replay.records):
        where = "record %d: " % number
        f.equal(where + "schema", r.get("schema"), SCHEMA)
        f.equal(where + "collector", r.get("collector"), "replay")
        f.equal(where + "collector_epoch_ns", r.get("collector_epoch_ns"), 0)
        f.equal(where + "worker", r.get("worker"), 0)
        f.equal(where + "record_seq", r.get("record_seq"), number)
        f.true(where + "empty text", "" not in r.values() and None not in r.values())
        if r.get("kind") == "visibility":
            f.true(where + "unknown exporter", r.get("exporter_addr") in addresses)
            f.true(where + "no decoder, cause or unit",
                   {"decoder", "cause", "unit"} <= set(r))
            continue
        times = sent.get((r.get("exporter_addr"), r.get("exporter_port"), r.get("observed_ns"),
                          r.get("transport"), r.get("exporter_seq"),
                          r.get("observation_domain_id")))
        f.true(where + "no message of the file has its source, time, sequence and domain", times)
        # Records of single packets and events bring a time of their own, some time before.
        event_ns = r.get("event_ns")
        f.true(where + "event_ns", not times or event_ns in times or "flow_start_ns" not in r
               and event_ns and 0 < r["observed_ns"] - event_ns < 60 * 10**9)
        for key, words in NAMES.items():
            if r.get(key) in words:
                f.equal(where + key, r.get(key + "_name"), words[r[key]])
        for side in ("in_if", "out_if"):
            if side in r:
                f.equal(where + side + "_kind", r.get(side + "_kind"), "index")
        for counter in ("octets", "packets"):
            if counter in r and "sampling_interval" in r:
                f.equal(where + counter + "_scaled", r.get(counter + "_scaled"),
                        round(r[counter] * r["sampling_interval"]))
        if len(f) > 10:
            return
