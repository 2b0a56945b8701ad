#!/usr/bin/env python3
"""BMP over live TCP: streams cut at any octet, order, many sessions at once, real routers.

    VNMCD=build/vnmcd tests/integration/bmp/run.py [NAME...]

The routers need root and a network namespace, which is made here with a name of its own and
removed, FRR and GoBGP; without them their tests are skipped.
Ends with `N passed, N failed, N skipped`.
"""

import json
import os
import pathlib
import resource
import shutil
import signal
import socket
import subprocess
import sys
import tempfile
import time
import traceback
import urllib.error
import urllib.request

import evpn
import routers
import standing

TOP = pathlib.Path(__file__).resolve().parents[3]
sys.path.insert(0, str(TOP / "tests" / "lib"))
# pylint: disable=wrong-import-position
import bmp_truth
import replay as replays
import rib_truth

VNMCD = os.environ.get("VNMCD") or str(TOP / "build" / "vnmcd")
CASES = TOP / "tests" / "cases"
KINDS = ("route", "peer", "linkstate")


def equal(got, want, what):
    assert got == want, f"{what}: {str(got)[:400]}, must be {str(want)[:400]}"


class Daemon:
    """vnmcd with one BMP listener and a file of JSON lines; perhaps an inventory."""

    kinds = KINDS

    def __init__(self, work, at, inside=(), topology=None, options="connections: 2000", http=None,
                 main="", active=False):
        self.path, self.port = work / "out.jsonl", int(at.rsplit(":", 1)[1])
        where = f'connect: [ "{at}" ], retry: 1s' if active else f'listen: "{at}"'
        conf = work / "vnmcd.yaml"
        conf.write_text(
            "collector: test\n" + main + "listeners:\n"
            f"  - {{ name: routers, decoder: bmp, {where}, {options} }}\n"
            f"outputs:\n  - {{ name: out, type: file, path: {self.path} }}\n" + (
                f"topology: {{ sources: [ {{ name: lab, path: {topology} }} ] }}\n"
                if topology else "") + (
                f'http: {{ listen: "{http}" }}\n' if http else ""))
        self.errors = open(work / "stderr", "w+", encoding="utf-8")
        self.child = subprocess.Popen([*inside, VNMCD, "-c", str(conf)], stdin=subprocess.DEVNULL,
                                      stdout=subprocess.DEVNULL, stderr=self.errors)
        time.sleep(0.5)

    def records(self):
        """What is written so far."""
        lines = self.path.read_text().split("\n")[:-1] if self.path.exists() else []
        return [r for r in map(json.loads, lines) if r["kind"] in self.kinds]

    def wait(self, ready, seconds, what):
        """Until the records satisfy `ready`; returns them."""
        deadline = time.time() + seconds
        while True:
            records = self.records()
            if ready(records):
                return records
            assert time.time() < deadline, f"{what}: not within {seconds} s, {len(records)} records"
            time.sleep(0.3)

    def stop(self):
        """Ends it, and returns all records and the books."""
        self.child.send_signal(signal.SIGTERM)
        code = self.child.wait(30)
        self.errors.seek(0)
        said = self.errors.read()
        self.errors.close()
        equal(code, 0, f"exit code ({said[-400:]})")
        books = [json.loads(line) for line in said.splitlines() if line.startswith('{"messages"')]
        assert books, f"no books: {said[-400:]}"
        return self.records(), books[-1]

    def kill(self):
        if self.child.poll() is None:
            self.child.kill()
            self.child.wait()


def free_port():
    with socket.socket() as s:
        s.bind(("127.0.0.1", 0))
        return s.getsockname()[1]


def connect(port, source=None):
    deadline = time.time() + 10
    while True:
        s = socket.socket()
        s.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        try:
            if source:
                s.bind((source, 0))
            s.connect(("127.0.0.1", port))
            return s
        except ConnectionRefusedError:
            s.close()
            if time.time() > deadline:
                raise
            time.sleep(0.1)


def blaster():
    program = pathlib.Path(VNMCD).parent / "tests" / "bench" / "bmpblast"
    if not program.exists():
        raise routers.Skipped("tests/bench/bmpblast is not built")
    return program


def lost_routers(records):
    return sum(r["kind"] == "peer" and r["event"] == "lost" and "peer_type" not in r
               for r in records)


# ---- streams cut at any octet --------------------------------------------------------------------

STREAMS = tuple(sorted(p.parent.name for p in CASES.glob("bmp-*/in.bmp")))
CHUNKS = (1, 7, 1460, 65536)


def test_chunks(work):
    """All streams in all sizes of chunk, one connection each and all at once."""
    daemon = Daemon(work, f"tcp:127.0.0.1:{free_port()}")
    try:
        open_ones = []
        for name in STREAMS:
            octets = (CASES / name / "in.bmp").read_bytes()
            for size in CHUNKS:
                s = connect(daemon.port)
                open_ones.append([s, name, size, octets, 0, s.getsockname()[1]])
        ports = {one[5]: (one[1], one[2]) for one in open_ones}
        while open_ones:
            for one in list(open_ones):
                s, _, size, octets, at, _ = one
                s.sendall(octets[at:at + size])
                one[4] = at + size
                if one[4] >= len(octets):
                    s.close()
                    open_ones.remove(one)
        daemon.wait(lambda r: lost_routers(r) == len(ports), 180, "the end of all sessions")
        records, books = daemon.stop()
    finally:
        daemon.kill()
    equal(books["dropped"], {}, "dropped")
    want = {name: bmp_truth.content(replays.run(VNMCD, CASES / name / "in.bmp",
                                                ["-m", "raw=bmp"]).records) for name in STREAMS}
    for port, (name, size) in ports.items():
        got = bmp_truth.content([r for r in records if r["exporter_port"] == port])
        equal(len(got), len(want[name]), f"{name} in chunks of {size}: records")
        for number, (a, b) in enumerate(zip(got, want[name])):
            equal(a, b, f"{name} in chunks of {size}: record {number}")


# ---- order ---------------------------------------------------------------------------------------

def test_order(work):
    """Each prefix announced in one message and withdrawn in the next: none the other way round."""
    blast = blaster()
    daemon = Daemon(work, f"tcp:127.0.0.1:{free_port()}")
    try:
        connect(daemon.port).close()
        sent = json.loads(subprocess.run([blast, "-p", str(daemon.port), "-n", "50000", "-w"],
                                         stdout=subprocess.PIPE, check=True).stdout)
        wanted = sent["announced"] + sent["withdrawn"]
        daemon.wait(lambda r: lost_routers(r) >= 1 and sum(
            x["kind"] == "route" for x in r) > wanted, 180, "all routes")
        records, _ = daemon.stop()
    finally:
        daemon.kill()
    standing, inversions = set(), 0
    for r in records:
        if r["kind"] != "route" or r["action"] == "end-of-rib":
            continue
        if r["action"] == "announce":
            standing.add(r["prefix"])
        elif r["prefix"] in standing:
            standing.remove(r["prefix"])
        else:
            inversions += 1
    equal((inversions, len(standing)), (0, 0), "withdraws before their announcement, routes left")
    equal(sum(r["kind"] == "route" for r in records), wanted + 1, "routes and one End-of-RIB")


# ---- a sink that does not take anything ----------------------------------------------------------

def resident(pid):
    """MB."""
    with open(f"/proc/{pid}/status", encoding="ascii") as f:
        return next(int(line.split()[1]) for line in f if line.startswith("VmHWM")) / 1024


def test_stalled(work):
    """Nobody reads standard output for a while: the router waits, memory stays, nothing is lost."""
    blast, port = blaster(), free_port()
    conf, errors = work / "vnmcd.yaml", work / "stderr"
    conf.write_text("listeners:\n"
                    f'  - {{ name: r, decoder: bmp, listen: "tcp:127.0.0.1:{port}" }}\n')
    with open(errors, "wb") as f:
        child = subprocess.Popen([VNMCD, "-c", str(conf)], stdin=subprocess.DEVNULL,
                                 stdout=subprocess.PIPE, stderr=f)
    sender = None
    try:
        connect(port).close()
        sender = subprocess.Popen([blast, "-p", str(port), "-n", "400000", "-b", "0"],
                                  stdout=subprocess.PIPE)
        time.sleep(4)
        assert sender.poll() is None, "the sender was not held up"
        peak = resident(child.pid)
        assert peak < 100, f"{peak:.0f} MB"
        routes = 0
        for line in child.stdout:
            routes += b'"kind":"route"' in line
            if b'"end-of-rib"' in line:
                break
        sent = json.loads(sender.communicate(timeout=20)[0])
        child.terminate()
        child.communicate(timeout=20)
    finally:
        for one in (child, sender):
            if one is not None and one.poll() is None:
                one.kill()
                one.wait()
        child.stdout.close()
    books = json.loads(errors.read_text().splitlines()[-1])
    equal(routes, sent["announced"] + 1, "routes and one End-of-RIB")
    equal(books["dropped"], {}, "dropped")


# ---- many sessions -------------------------------------------------------------------------------

def test_sessions(work):
    """1,000 sessions at once; every tenth then sends what is no BMP, which ends it alone."""
    count = 1000
    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    wanted = 2 * count + 100
    if hard != resource.RLIM_INFINITY and hard < wanted:
        raise routers.Skipped("not enough file descriptors allowed")
    resource.setrlimit(resource.RLIMIT_NOFILE, (max(soft, wanted), hard))
    octets = (CASES / "bmp-gobgp-first" / "in.bmp").read_bytes()
    one = bmp_truth.content(replays.run(VNMCD, CASES / "bmp-gobgp-first" / "in.bmp",
                                        ["-m", "raw=bmp"]).records)
    half = len(octets) // 2
    daemon = Daemon(work, f"tcp:127.0.0.1:{free_port()}")
    try:
        sockets = [connect(daemon.port) for _ in range(count)]
        ports = [s.getsockname()[1] for s in sockets]
        for s in sockets:
            s.sendall(octets[:half])
        for s in sockets[::10]:
            s.sendall(octets[half:] + b"\xff" * 64)
        for number, s in enumerate(sockets):
            if number % 10:
                s.sendall(octets[half:])
            s.close()
        daemon.wait(lambda r: lost_routers(r) == count, 120, "the end of all sessions")
        records, _ = daemon.stop()
    finally:
        daemon.kill()
    by_port = {}
    for r in records:
        by_port.setdefault(r["exporter_port"], []).append(r)
    equal(set(by_port), set(ports), "sessions")
    for number, port in enumerate(ports):
        equal(bmp_truth.content(by_port[port]), one, f"session {number}")


# ---- routers -------------------------------------------------------------------------------------

def test_gobgp(work):
    """What vnmcd knows of GoBGP's Loc-RIB is what `gobgp global rib` says."""
    routers.check_gobgp(work, Daemon)


def test_frr(work):
    """What vnmcd knows of FRR's post-policy IPv4 and IPv6 is what `show bgp` says."""
    routers.check_frr(work, Daemon)


def test_frr_that_waits(work):
    """The same where FRR waits for its station, which connects to it."""
    routers.check_frr(work, Daemon, waits=True)


def test_evpn(work):
    """What GoBGP teaches of its EVPN routes is what `gobgp global rib` says, with the inventory's
    names."""
    evpn.check(work, Daemon)


def get(port, what, data=None):
    """Status, whether it is complete, lines."""
    request = urllib.request.Request(f"http://127.0.0.1:{port}{what}", data=data)
    try:
        with urllib.request.urlopen(request, timeout=10) as r:
            return r.status, r.headers["Vnmcd-Complete"], r.read().decode().splitlines()
    except urllib.error.HTTPError as e:
        return e.code, None, e.read().decode().splitlines()


def answered(port, what):
    status, complete, lines = get(port, what)
    equal((status, complete), (200, "yes"), what)
    return [json.loads(line) for line in lines]


def test_rib_asked(work):
    """Routers of several addresses on two workers: /rib has the routes of all, and no others;
    a dump that is asked for publishes them."""
    http = free_port()
    daemon = Daemon(work, f"tcp:127.0.0.1:{free_port()}", options="rib: full",
                    http=f"127.0.0.1:{http}", main="workers: 2\n")
    names = ("bmp-frr", "bmp-gobgp-families", "bmp-gobgp4-bgpls", "bmp-gobgp-first")
    try:
        sockets = []
        for number, name in enumerate(names):
            s = connect(daemon.port, f"127.0.0.{1 + number}")
            s.sendall((CASES / name / "in.bmp").read_bytes())
            sockets.append(s)
        routes = sum(rib_truth.is_route(r) for name in names for r in replays.run(
            VNMCD, CASES / name / "in.bmp", ["-m", "raw=bmp"]).records)
        daemon.wait(lambda r: sum(map(rib_truth.is_route, r)) == routes, 20, "all routes")
        told = replays.Failures()
        consumer = rib_truth.Consumer(told).take(daemon.records())
        table = consumer.table()
        equal({rib_truth.key(r): rib_truth.content(r) for r in answered(http, "/rib?limit=20000")},
              table, "all routes")
        for router in ("127.0.0.2", "127.0.0.4"):
            want = {k for k in table if k[1][0] == router}
            got = {rib_truth.key(r) for r in answered(http, "/rib?limit=20000&router=" + router)}
            equal(got, want, "routes of " + router)
        within = {k for k, r in table.items() if r.get("prefix", "").startswith("10.") and
                  r["safi"] in (1, 4, 128)}
        assert len(within) > 10, "few routes within 10.0.0.0/8"
        equal({rib_truth.key(r) for r in answered(
            http, "/rib?prefix=10.0.0.0/8&match=within&limit=20000")}, within, "within")
        numbers = answered(http, "/rib?summary=1&limit=20000")
        equal(sum(r["rib_paths"] for r in numbers if "afi" in r), len(table), "paths")
        equal(get(http, "/rib?limit=3")[1:2] + (len(get(http, "/rib?limit=3")[2]),), ("no", 3),
              "an answer that is cut")
        equal([get(http, what)[0] for what in (
            "/rib?prefix=evil", "/rib?match=within", "/rib?limit=0", "/rib?nothing=1",
            "/rib/dump")], [400, 400, 400, 400, 405], "wrong questions")
        equal(get(http, "/rib/dump", b"")[0], 202, "a dump is asked for")
        daemon.wait(lambda r: sum(x.get("event") == "dump-end" and "afi" not in x
                                  for x in r) == len(names), 20, "dumps of all routers")
        rib_truth.Consumer(told).take(daemon.records())
        equal(told, [], "the dump")
        for s in sockets:
            s.close()
        daemon.stop()
    finally:
        daemon.kill()


def test_rib_gobgp(work):
    """What /rib answers is GoBGP's Loc-RIB, also after the BMP session was cut."""
    standing.check_gobgp(work, Daemon)


def test_rib_frr(work):
    """What /rib answers is FRR's post-policy table, also after `clear` and after the cut."""
    standing.check_frr(work, Daemon)


TESTS = {name[5:]: f for name, f in list(globals().items()) if name.startswith("test_")}


def main():
    passed = failed = skipped = 0
    for name, test in TESTS.items():
        if sys.argv[1:] and name not in sys.argv[1:]:
            continue
        work = pathlib.Path(tempfile.mkdtemp(prefix="vnm-bmp-"))
        os.chmod(work, 0o755)
        try:
            test(work)
            passed += 1
            print("ok   bmp " + name)
        except routers.Skipped as why:
            skipped += 1
            print(f"SKIP bmp {name}: {why}")
        except Exception as e:  # pylint: disable=broad-except
            failed += 1
            print(f"FAIL bmp {name}: {e}")
            traceback.print_exc()
        finally:
            shutil.rmtree(work, ignore_errors=True)
        sys.stdout.flush()
    print(f"{passed} passed, {failed} failed, {skipped} skipped")
    return 1 if failed or not passed + skipped else 0


if __name__ == "__main__":
    sys.exit(main())
