#!/usr/bin/env python3
"""Many connections on one worker: 8,000 over TCP and 1,000 over TLS at once, among them bad ones.

    tests/long/connections.py [--build DIR] [--plain N] [--tls N]

All of them send messages of IPFIX in pieces, so that each has half a message for a while. Besides,
some drip, some break in the middle of anything with a reset, and some never end their handshake.
Every message of the good ones must be there, the bad ones must be counted, each by its reason, and
memory must stay small. A minute or two.
"""

import argparse
import json
import os
import pathlib
import random
import resource
import socket
import ssl
import struct
import subprocess
import sys
import tempfile
import time
import urllib.request

TOP = pathlib.Path(__file__).resolve().parents[2]
sys.path.insert(0, str(TOP / "tests" / "lib"))
import pki  # noqa: E402  pylint: disable=wrong-import-position

PLAIN, TLS, HTTP = 14811, 14812, 14819
ROUNDS = 3
DRIPPING, BROKEN, SILENT = 100, 300, 100


def message(*sets):
    body = b"".join(struct.pack(">HH", number, 4 + len(octets)) + octets for number, octets in sets)
    return struct.pack(">HHIII", 10, 16 + len(body), 1700000000, 0, 1) + body


TEMPLATE = message((2, struct.pack(">HHHHHH", 256, 2, 1, 8, 2, 8)))  # octets, packets


def data(number):
    return message((256, struct.pack(">QQ", number, 1) * 50))


def metrics():
    with urllib.request.urlopen(f"http://127.0.0.1:{HTTP}/metrics", timeout=60) as r:
        lines = r.read().decode().splitlines()
    return {name: int(value) for name, value in
            (line.rsplit(" ", 1) for line in lines if not line.startswith("#"))}


def wait_for(condition, what, seconds=120):
    deadline = time.monotonic() + seconds
    while not condition():
        if time.monotonic() > deadline:
            raise SystemExit(f"FAIL: not within {seconds} s: {what}")
        time.sleep(0.1)


def check(what, got, want):
    print(f"{'ok' if got == want else 'FAIL'}: {what}: {got}" + (
        "" if got == want else f", must be {want}"), flush=True)
    return got != want


class Vnmcd:
    def __init__(self, opts, work, keys):
        self.errors = open(work / "stderr", "w+", encoding="utf-8")
        conf = work / "vnmcd.json"
        limits = {"connections": 10000, "message_timeout": "20s", "handshake_timeout": "20s"}
        conf.write_text(json.dumps({
            "collector": "test", "http": {"listen": f"127.0.0.1:{HTTP}"},
            "outputs": [{"name": "out", "type": "file", "path": str(work / "out.jsonl"),
                         "fields": ["exporter_port", "transport", "octets"]}],
            "listeners": [
                {"name": "plain", "decoder": "ipfix", "listen": f"tcp:127.0.0.1:{PLAIN}", **limits},
                {"name": "tls", "decoder": "ipfix", "listen": f"tls:127.0.0.1:{TLS}",
                 "tls_cert": str(keys["server"]), "handshakes": 1000, **limits}]}))
        self.child = subprocess.Popen([opts.build / "vnmcd", "-c", conf], stderr=self.errors,
                                      preexec_fn=few_descriptors)
        wait_for(self.is_ready, "vnmcd is ready", 20)

    def is_ready(self):
        return "ready:" in pathlib.Path(self.errors.name).read_text()

    def status(self, key):
        """KiB"""
        with open(f"/proc/{self.child.pid}/status", encoding="ascii") as f:
            return next(int(line.split()[1]) for line in f if line.startswith(key))

    def cpu(self):
        with open(f"/proc/{self.child.pid}/stat", encoding="ascii") as f:
            fields = f.read().rsplit(")", 1)[1].split()
        return (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")

    def stop(self):
        self.child.terminate()
        code = self.child.wait(60)
        self.errors.seek(0)
        text = self.errors.read()
        if code != 0:
            raise SystemExit(f"FAIL: exit code {code}: {text[-2000:]}")
        return json.loads(text.splitlines()[-1])


def few_descriptors():
    """It raises its limit by itself."""
    hard = resource.getrlimit(resource.RLIMIT_NOFILE)[1]
    resource.setrlimit(resource.RLIMIT_NOFILE, (1024, hard))


def dial(port):
    """Spread over source addresses, as the ports of one would not do."""
    s = socket.socket()
    s.bind((f"127.1.{random.randrange(256)}.{random.randrange(1, 255)}", 0))
    s.connect(("127.0.0.1", port))
    return s


def reset(s):
    s.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
    s.close()


def hello(context):
    into, out = ssl.MemoryBIO(), ssl.MemoryBIO()
    try:
        context.wrap_bio(into, out).do_handshake()
    except ssl.SSLWantReadError:
        pass
    return out.read()


def send_round(good, number):
    """Half a message on each connection, then the other half."""
    octets = [data(number + i) for i in range(len(good))]
    cuts = [random.randrange(1, len(o)) for o in octets]
    for s, o, cut in zip(good, octets, cuts):
        s.sendall(o[:cut])
    held = metrics()["vnmcd_connections_memory"]
    for s, o, cut in zip(good, octets, cuts):
        s.sendall(o[cut:])
    return held


def run(opts, work):
    ca = pki.Authority(work / "pki")
    keys = {"server": ca.sign("server", alternatives="IP:127.0.0.1")}
    context = ssl.create_default_context(cafile=str(ca.cert))
    context.check_hostname = False
    d = Vnmcd(opts, work, keys)
    empty, bad = d.status("VmRSS"), 0
    good = [dial(PLAIN) for _ in range(opts.plain)]
    wait_for(lambda: metrics()["vnmcd_connections"] == opts.plain, "all connections")
    plain = d.status("VmRSS")
    begun = d.cpu()
    for _ in range(opts.tls):
        good.append(context.wrap_socket(dial(TLS)))
    wait_for(lambda: metrics()["vnmcd_tls_handshakes_total"] == opts.tls, "all handshakes")
    tls, shaking = d.status("VmRSS"), d.cpu() - begun
    for s in good:
        s.sendall(TEMPLATE)
    drips = [dial(PLAIN) for _ in range(DRIPPING)]
    silent = [dial(TLS) for _ in range(SILENT)]
    first = hello(context)
    for i, s in enumerate(silent):
        s.sendall(first[:i * len(first) // SILENT])
    held, sent = [], 0
    for number in range(ROUNDS):
        held.append(send_round(good, 1000000 * (number + 1)))
        sent += len(good)
        for s in drips:
            s.sendall(TEMPLATE[number:number + 1])
        for i in range(BROKEN // ROUNDS):  # in the middle of a message, or of a handshake
            s = dial(TLS if i % 3 == 0 else PLAIN)
            s.sendall(first[:50] if i % 3 == 0 else (TEMPLATE + data(5))[:60])
            reset(s)
    wait_for(lambda: metrics()['vnmcd_records_total{kind="flow"}'] >= 50 * sent, "all records")
    wait_for(lambda: metrics()['vnmcd_connections_failed_total{reason="handshake-timeout"}'] ==
             SILENT, "handshakes that take too long")
    wait_for(lambda: metrics().get('vnmcd_connections_failed_total{reason="message-timeout"}') ==
             DRIPPING, "messages that take too long")
    bad += check("connections that are left", metrics()["vnmcd_connections"], len(good))
    for s in good:
        if isinstance(s, ssl.SSLSocket):
            s.unwrap()
        s.close()
    wait_for(lambda: metrics()["vnmcd_connections"] == 0, "the end of all")
    bad += check("octets held at the end", metrics()["vnmcd_connections_memory"], 0)
    peak, books = d.status("VmHWM"), d.stop()
    ends = books["connections"]
    bad += check("handshakes that break", ends.pop("tls-handshake", 0), BROKEN // ROUNDS // 3 *
                 ROUNDS + (BROKEN // ROUNDS % 3 > 0) * ROUNDS)
    bad += check("other ends", {k: v for k, v in ends.items() if k != "connection-lost"},
                 {"handshake-timeout": SILENT, "message-timeout": DRIPPING})
    sums = {}
    with open(work / "out.jsonl", encoding="utf-8") as f:
        for line in f:
            octets = json.loads(line).get("octets", 0)
            if octets >= 1000000:
                sums[octets] = sums.get(octets, 0) + 1
    wanted = {1000000 * (n + 1) + i: 50 for n in range(ROUNDS) for i in range(len(good))}
    bad += check("messages that came whole, once", sums == wanted, True)
    print(f"{opts.plain} connections: {(plain - empty) / opts.plain:.1f} KiB each; {opts.tls} over "
          f"TLS: {(tls - plain) / opts.tls:.1f} KiB and {shaking / opts.tls * 1000:.2f} ms of CPU "
          f"each; half messages: at most {max(held) >> 10} KiB; peak {peak >> 10} MiB")
    return bad + check("peak below 400 MiB", peak < 400 << 10, True)


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--build", type=pathlib.Path, default=TOP / "build")
    parser.add_argument("--plain", type=int, default=8000)
    parser.add_argument("--tls", type=int, default=1000)
    opts = parser.parse_args()
    opts.build = opts.build.resolve()
    hard = resource.getrlimit(resource.RLIMIT_NOFILE)[1]
    wanted = opts.plain + opts.tls + 1000
    if hard != resource.RLIM_INFINITY and hard < wanted:
        print(f"skipped: {hard} file descriptors are allowed, {wanted} are needed")
        return 0
    resource.setrlimit(resource.RLIMIT_NOFILE, (hard, hard))
    with tempfile.TemporaryDirectory(prefix="vnm-connections-") as work:
        bad = run(opts, pathlib.Path(work))
    print("FAIL" if bad else "all is as it must be")
    return bad


if __name__ == "__main__":
    sys.exit(main())
