#!/usr/bin/env python3
"""Measures what TLS costs vnmcd: the same IPFIX stream plain, over TLS, and with stunnel in front.

    tests/bench/tls.py [--quick] [--build DIR] [--megabytes N] [--rounds N] [--json FILE]

Records go to the null output. The programs take turns; figures are medians of the rounds. CPU time is
that of vnmcd, and of stunnel where it stands in front, from the connection to the end of its records.
Then a burst of connections, each with a handshake (ECDSA P-256) and one message. Every record must
be there, and vnmcd with TLS must take no more CPU time than stunnel and vnmcd without it.
"""

import argparse
import json
import os
import pathlib
import shutil
import socket
import ssl
import statistics
import struct
import subprocess
import sys
import tempfile
import threading
import time

import proc

TOP = pathlib.Path(__file__).resolve().parents[2]
sys.path.insert(0, str(TOP / "tests" / "lib"))
import pki  # noqa: E402

PLAIN, TLS, FRONT = 14801, 14802, 14803
RECORDS = 30  # of a message
FIELDS = ((8, 4), (12, 4), (7, 2), (11, 2), (4, 1), (1, 8), (2, 8), (152, 8), (153, 8))


def message(*sets):
    body = b"".join(struct.pack(">HH", number, 4 + len(octets)) + octets for number, octets in sets)
    return struct.pack(">HHIII", 10, 16 + len(body), 1700000000, 0, 1) + body


TEMPLATE = message((2, struct.pack(">HH", 256, len(FIELDS)) +
                    b"".join(struct.pack(">HH", *field) for field in FIELDS)))
DATA = message((256, b"".join(
    struct.pack(">IIHHBQQQQ", 0x0A000000 + i, 0xC0000200 + i, 1024 + i, 443, 6, 1000 + i, i + 1,
                1700000000000, 1700000001000) for i in range(RECORDS))))


def configuration(work, keys):
    path = work / "vnmcd.json"
    path.write_text(json.dumps({
        "collector": "bench", "outputs": [{"name": "none", "type": "null"}],
        "http": {"listen": "127.0.0.1:14809"},
        "listeners": [
            {"name": "plain", "decoder": "ipfix", "listen": f"tcp:127.0.0.1:{PLAIN}",
             "connections": 5000},
            {"name": "tls", "decoder": "ipfix", "listen": f"tls:127.0.0.1:{TLS}",
             "connections": 5000, "tls_cert": str(keys["server"]), "tls_ca": str(keys["ca"])}]}))
    return path


def stunnel(work, keys):
    path = work / "stunnel.conf"
    path.write_text(f"foreground = yes\npid = {work}/stunnel.pid\nsyslog = no\ndebug = 3\n"
                    f"[in]\naccept = 127.0.0.1:{FRONT}\nconnect = 127.0.0.1:{PLAIN}\n"
                    f"cert = {keys['server']}\nCAfile = {keys['ca']}\nverifyChain = yes\n"
                    "sessionCacheSize = 0\n")
    return path


def records(port=14809):
    with socket.create_connection(("127.0.0.1", port)) as s:
        s.sendall(b"GET /metrics HTTP/1.0\r\n\r\n")
        text = b"".join(iter(lambda: s.recv(65536), b"")).decode()
    return int(text.split('vnmcd_records_total{kind="flow"} ')[1].split("\n")[0])


def wait_records(wanted, seconds=120):
    deadline = time.time() + seconds
    while records() < wanted:
        assert time.time() < deadline, f"{records()} records of {wanted}"
        time.sleep(0.05)
    assert records() == wanted, f"{records()} records instead of {wanted}"


def dial(keys, port):
    s = socket.create_connection(("127.0.0.1", port))
    if port == PLAIN:
        return s
    context = ssl.create_default_context(cafile=str(keys["ca"]))
    context.check_hostname = False
    context.load_cert_chain(str(keys["client"]))
    return context.wrap_socket(s)


def bulk(opts, keys, port):
    """Messages sent on one connection."""
    count = opts.megabytes * 2**20 // len(DATA)
    chunk = DATA * 64
    with dial(keys, port) as s:
        s.sendall(TEMPLATE)
        for _ in range(count // 64):
            s.sendall(chunk)
        if port != PLAIN:
            s.unwrap()  # stunnel loses what it holds where this is missing
    return count // 64 * 64


def burst(opts, keys, port):
    count, lock = opts.connections, threading.Lock()
    left = [count]

    def work():
        while True:
            with lock:
                if left[0] == 0:
                    return
                left[0] -= 1
            with dial(keys, port) as s:
                s.sendall(TEMPLATE + DATA)
                if port != PLAIN:
                    s.unwrap()
    threads = [threading.Thread(target=work) for _ in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    return count


def measure(load, opts, keys, port, meters):
    before = records()
    for meter in meters:
        meter.mark()
    begun = time.time()
    messages = load(opts, keys, port)
    wait_records(before + messages * RECORDS)
    return {"cpu": sum(m.used() for m in meters), "seconds": time.time() - begun,
            "messages": messages}


def run(opts, work):
    ca = pki.Authority(work / "pki")
    keys = {"ca": ca.cert, "server": ca.sign("server", alternatives="IP:127.0.0.1"),
            "client": ca.sign("client")}
    ways = {"plain": PLAIN, "tls": TLS}
    log = open(work / "log", "wb")
    vnmcd, front = proc.Meter("vnmcd"), None
    vnmcd.start([opts.build / "vnmcd", "-c", configuration(work, keys)], log, work)
    if shutil.which("stunnel"):
        front = proc.Meter("stunnel")
        front.start(["stunnel", stunnel(work, keys)], log, work)
        ways["stunnel"] = FRONT
    found = {}
    try:
        time.sleep(1.5)
        for name, load in (("bulk", bulk), ("burst", burst)):
            rounds = {way: [] for way in ways}
            for _ in range(opts.rounds):
                for way, port in ways.items():
                    meters = [vnmcd, front] if way == "stunnel" else [vnmcd]
                    rounds[way].append(measure(load, opts, keys, port, meters))
            for way, results in rounds.items():
                found[name, way] = {k: statistics.median(r[k] for r in results)
                                    for k in results[0]}
    finally:
        for meter in (vnmcd, front):
            if meter:
                meter.child.terminate()
                meter.child.wait(20)
                meter.close()
    return found


def report(found, opts):
    bad = 0
    for (load, way), r in found.items():
        if load == "bulk":
            print(f"bulk  {way:8} {r['cpu'] * 1e6 / r['messages'] / RECORDS:7.3f} CPU-us a record, "
                  f"{opts.megabytes / r['seconds']:6.0f} MB/s")
        else:
            print(f"burst {way:8} {r['cpu'] * 1e6 / r['messages']:7.0f} CPU-us a connection, "
                  f"{r['messages'] / r['seconds']:6.0f} connections/s")
    for load in ("bulk", "burst"):
        tls, front = found[load, "tls"], found.get((load, "stunnel"))
        print(f"{load}: TLS costs {tls['cpu'] / found[load, 'plain']['cpu']:.1f} times plain TCP"
              + (f", {tls['cpu'] / front['cpu']:.2f} times stunnel and plain TCP" if front
                 else "; stunnel is not installed"))
        bad += front is not None and not opts.quick and tls["cpu"] > front["cpu"]
    return bad


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--quick", action="store_true", help="tells that it works, not how fast")
    parser.add_argument("--build", type=pathlib.Path, default=TOP / "build")
    parser.add_argument("--megabytes", type=int, default=200)
    parser.add_argument("--connections", type=int, default=2000)
    parser.add_argument("--rounds", type=int, default=3)
    parser.add_argument("--json")
    opts = parser.parse_args()
    opts.build = opts.build.resolve()
    if opts.quick:
        opts.megabytes, opts.connections, opts.rounds = 20, 200, 1
    print(proc.machine())
    with tempfile.TemporaryDirectory(prefix="vnm-bench-tls-") as work:
        os.chmod(work, 0o755)
        found = run(opts, pathlib.Path(work))
    bad = report(found, opts)
    if opts.json:
        with open(opts.json, "w", encoding="utf-8") as f:
            json.dump({" ".join(k): v for k, v in found.items()}, f, indent=1)
    return bad


if __name__ == "__main__":
    sys.exit(main())
