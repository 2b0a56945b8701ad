"""Runs `vnmcd -r` and checks what holds for every replay, whatever is in the file."""
import json
import resource
import subprocess
from collections import Counter

SCHEMA = 1


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


def check_envelope(replay, messages, f):
    """What every record of a replay carries, against the packets in the file."""
    sources = {(m.src, m.sport) for m in messages}
    times = {m.ts_ns for m in messages}
    transports = {m.transport for m in messages}
    for number, r in enumerate(replay.records):
        where = "record %d: " % number
        f.equal(where + "schema", r.get("schema"), SCHEMA)
        f.equal(where + "collector", r.get("collector"), "replay")
        f.equal(where + "collector_epoch_ns", r.get("collector_epoch_ns"), 0)
        f.equal(where + "worker", r.get("worker"), 0)
        f.equal(where + "record_seq", r.get("record_seq"),
                number + replay.records[0].get("record_seq", 0))
        f.true(where + "empty text", "" not in r.values() and None not in r.values())
        if r.get("kind") == "visibility":
            f.true(where + "unknown exporter",
                   r.get("exporter_addr") in {address for address, _ in sources})
        else:
            f.true(where + "no packet of the file has its source or time",
                   (r.get("exporter_addr"), r.get("exporter_port")) in sources
                   and r.get("observed_ns") in times)
            f.true(where + "transport", r.get("transport") in transports)
        if "octets_scaled" in r:
            f.equal(where + "octets_scaled", r["octets_scaled"],
                    round(r["octets"] * r["sampling_interval"]))
        if len(f) > 10:
            return
