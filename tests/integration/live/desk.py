"""What the tests of the live daemon share: a vnmcd, its records and books, senders, IPFIX messages."""

import collections
import contextlib
import json
import os
import pathlib
import random
import signal
import socket
import struct
import subprocess
import tempfile
import threading
import time
import traceback
import urllib.error
import urllib.request

TOP = pathlib.Path(__file__).resolve().parents[3]
VNMCD = os.path.abspath(os.environ.get("VNMCD") or str(TOP / "build" / "vnmcd"))
FLOWBLAST = os.path.join(os.path.dirname(VNMCD), "tests", "bench", "flowblast")
TOPOLOGY = TOP / "tests" / "cases" / "common" / "topology.json"
PATIENCE = 20  # seconds that anything may take; sanitizers are slow


class Skipped(Exception):
    pass


def attempt(function, name):
    """(verdict, why): one test in a directory of its own."""
    with tempfile.TemporaryDirectory(prefix=f"vnmcd-{name}-") as work:
        try:
            pathlib.Path(work).chmod(0o755)
            function(pathlib.Path(work))
        except Skipped as e:
            return "skipped", str(e)
        except Exception:  # whatever it is, the other tests still tell something
            return "FAIL", traceback.format_exc(limit=-3)
    return "ok", ""


def equal(got, want, what):
    assert got == want, f"{what}: {str(got)[:400]}, must be {str(want)[:400]}"


def holds(text, *parts):
    for part in parts:
        assert part in text, f"`{part}` is not in: {text[-1500:]}"


def wait_for(condition, what, seconds=PATIENCE):
    """The condition's value once it is true."""
    end = time.monotonic() + seconds
    while time.monotonic() < end:
        value = condition()
        if value:
            return value
        time.sleep(0.02)
    raise AssertionError(f"not within {seconds} s: {what}")


# ---- ports ---------------------------------------------------------------------------------------

_ports_lock = threading.Lock()
_ports_given = set()


def free_port():
    """One that neither UDP nor TCP uses, below the range from which the kernel takes its own."""
    with _ports_lock:
        for _ in range(1000):
            port = random.randrange(20000, 32000)
            if port in _ports_given:
                continue
            with contextlib.ExitStack() as stack:
                try:
                    for kind in (socket.SOCK_DGRAM, socket.SOCK_STREAM):
                        s = stack.enter_context(socket.socket(socket.AF_INET6, kind))
                        s.bind(("::", port))
                except OSError:
                    continue
            _ports_given.add(port)
            return port
    raise Skipped("no free port")


def popen(*arguments, **options):
    """A child is born with all sockets of this process, also those that another thread is trying
    a port with, and has them until it runs its program."""
    with _ports_lock:
        return subprocess.Popen(*arguments, **options)


# ---- the daemon ----------------------------------------------------------------------------------

def listener(port, name="in", decoder="flow", at="[::]", transport="udp", **more):
    return {"name": name, "decoder": decoder, "listen": f"{transport}:{at}:{port}", **more}


class Daemon:
    """One vnmcd with its files in `work`. The configuration is a dict, written as JSON, which is
    YAML; or its text."""

    def __init__(self, work, conf, name="vnmcd", wait=True, argv=None, env=None):
        self.work = work
        self.file = work / f"{name}.yaml"
        self.out = work / f"{name}.out"
        self.log_file = work / f"{name}.log"
        self.configure(conf)
        log = open(self.log_file, "wb")
        argv = argv or [VNMCD, "-c", str(self.file)]
        self.child = popen(argv, stdin=subprocess.DEVNULL, stdout=log, stderr=log,
                           env={**os.environ, **(env or {})})
        log.close()
        if wait:
            self.wait_log("ready:")

    def __enter__(self):
        return self

    def __exit__(self, *_):
        if self.child.poll() is None:
            self.child.kill()
        self.child.wait()

    def configure(self, conf):
        if isinstance(conf, dict):
            conf = {"collector": "test", "outputs": [
                {"name": "out", "type": "file", "path": str(self.out)}], **conf}
            conf = json.dumps({k: v for k, v in conf.items() if v is not None}, indent=1)
        aside = self.file.with_suffix(".new")
        aside.write_text(conf)
        aside.rename(self.file)

    def log(self):
        return self.log_file.read_text(errors="replace")

    def wait_log(self, text, count=1):
        def look():
            found = self.log().count(text) >= count
            assert found or self.child.poll() is None, f"vnmcd has ended: {self.log()[-1500:]}"
            return found
        wait_for(look, f"`{text}` in {self.log_file}")

    def reload(self, wait="configuration and topology are reloaded"):
        count = self.log().count(wait)
        self.child.send_signal(signal.SIGHUP)
        self.wait_log(wait, count + 1)

    def wait(self, code, seconds=PATIENCE):
        equal(self.child.wait(seconds), code, f"exit code; {self.log()[-1500:]}")
        return self.log()

    def stop(self, seconds=PATIENCE):
        """SIGTERM: the books, which are the last line, balance, and the exit code is 0."""
        self.child.terminate()
        last = self.wait(0, seconds).splitlines()[-1]
        return balanced(json.loads(last))

    def records(self, kind=None):
        return records(self.out, kind)


def records(path, kind=None):
    with open(path, encoding="utf-8") as f:
        found = [json.loads(line) for line in f if line.endswith("\n")]
    return [r for r in found if kind in (None, r["kind"])]


def balanced(books):
    outcomes = books["ok"] + books["partial"] + books["held"] + sum(books["reasons"].values())
    equal(outcomes, books["messages"], f"sum of the outcomes in {books}")
    equal(books["held"], 0, "messages held at the end")
    for kind in books["records"]:
        done = books["published"].get(kind, 0) + books["dropped"].get(kind, 0)
        equal(done, books["records"][kind] * len(books["outputs"]), f"{kind} records in {books}")
    for name, output in books["outputs"].items():
        equal(output["in_flight"], 0, f"in flight to {name} at the end")
    return books


def sums(found):
    flows = [r for r in found if r["kind"] == "flow"]
    return {"records": len(flows), "octets": sum(r["octets"] for r in flows),
            "packets": sum(r["packets"] for r in flows),
            "counter_samples": sum(r["kind"] == "interface" for r in found)}


def sent_sums(*tallies):
    return {key: sum(t[key] for t in tallies)
            for key in ("records", "octets", "packets", "counter_samples")}


# ---- HTTP ----------------------------------------------------------------------------------------

def get(port, path):
    """(status, type, text)"""
    try:
        with urllib.request.urlopen(f"http://127.0.0.1:{port}{path}", timeout=PATIENCE) as r:
            return r.status, r.headers.get("Content-Type"), r.read().decode()
    except urllib.error.HTTPError as e:
        return e.code, e.headers.get("Content-Type"), e.read().decode(errors="replace")


def metrics(port):
    """Sums of all samples of a metric, by its name."""
    found = collections.Counter()
    for line in get(port, "/metrics")[2].splitlines():
        if not line.startswith("#"):
            found[line.split("{")[0].split(" ")[0]] += int(line.rsplit(" ", 1)[1])
    return found


# ---- senders -------------------------------------------------------------------------------------

def flowblast(*options):
    """A sender that runs; its last word is for tally()."""
    if not os.access(FLOWBLAST, os.X_OK):
        raise Skipped(f"{FLOWBLAST} is not built")
    return popen([FLOWBLAST, *map(str, options)], stdout=subprocess.PIPE, text=True)


def tally(running):
    """What it sent; datagrams that nobody took because nobody listened are not in it."""
    return json.loads(running.communicate(timeout=60)[0])


def blast(*options):
    sent = tally(flowblast(*options))
    equal(sent["send_errors"], 0, "errors of the sender")
    return sent


def sender(transport, port, source=None, to="127.0.0.1"):
    """A connected socket."""
    family = socket.AF_INET6 if ":" in to else socket.AF_INET
    kind = socket.SOCK_STREAM if transport == "tcp" else socket.SOCK_DGRAM
    s = socket.socket(family, kind)
    s.settimeout(PATIENCE)
    if source is not None:
        s.bind((source, 0))
    s.connect((to, port))
    return s


# ---- IPFIX (RFC 7011) ----------------------------------------------------------------------------

OCTETS, PACKETS, SRC, DST, SRC_PORT = (1, 8), (2, 8), (8, 4), (12, 4), (7, 2)
LAYOUT = (SRC, DST, OCTETS, PACKETS)


def ipfix_set(number, *parts):
    body = b"".join(parts)
    return struct.pack(">HH", number, 4 + len(body)) + body


def template(number, layout=LAYOUT):
    return ipfix_set(2, struct.pack(">HH", number, len(layout)),
                     *(struct.pack(">HH", *field) for field in layout))


def withdrawal(number):
    return ipfix_set(2, struct.pack(">HH", number, 0))


def flow(layout=LAYOUT, **values):
    """One data record; addresses as text."""
    known = {SRC: "10.0.0.1", DST: "10.0.0.2", OCTETS: 100, PACKETS: 1, SRC_PORT: 1024}
    names = {"src": SRC, "dst": DST, "octets": OCTETS, "packets": PACKETS, "src_port": SRC_PORT}
    known.update({names[name]: value for name, value in values.items()})
    return b"".join(socket.inet_aton(known[f]) if f in (SRC, DST) else
                    known[f].to_bytes(f[1], "big") for f in layout)


def message(sequence, *sets, domain=1):
    body = b"".join(sets)
    return struct.pack(">HHIII", 10, 16 + len(body), int(time.time()), sequence, domain) + body
