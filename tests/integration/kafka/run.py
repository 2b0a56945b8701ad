#!/usr/bin/env python3
"""vnmcd against a real Apache Kafka: what arrives, and what becomes of records when it does not.

    VNMCD=build/vnmcd tests/integration/kafka/run.py [NAME...]

What vnmcd sends is read back by kcat and compared with what the same replay writes to a file, and
with what this program put into the capture. Ends with `N passed, N failed, N skipped`.
"""

import collections
import json
import os
import pathlib
import shutil
import signal
import socket
import struct
import subprocess
import sys
import tempfile
import threading
import time
import traceback
import urllib.request

import broker as kafka

TOP = pathlib.Path(__file__).resolve().parents[3]
sys.path.insert(0, str(TOP / "tests" / "lib"))
from readback import equal, frames  # pylint: disable=wrong-import-position

VNMCD = os.environ.get("VNMCD") or str(TOP / "build" / "vnmcd")
ROUTES = str(pathlib.Path(VNMCD).resolve().parent / "tests" / "bench" / "routes")
BLAST = str(pathlib.Path(VNMCD).resolve().parent / "tests" / "bench" / "bmpblast")
REAL = TOP / "tests" / "cases" / "flows-combined" / "in.pcap"
TIMEOUT = 120


# ---- captures of NetFlow v5 with known contents --------------------------------------------------

def v5_flow(number, reverse=False):
    ends = [struct.pack("!I", 0x0A000000 + number), struct.pack("!I", 0xC0000201)]
    ports = [1024 + number % 60000, 443]
    if reverse:
        ends.reverse()
        ports.reverse()
    return struct.pack("!4s4s4sHHIIIIHHBBBBHHBBH", *ends, b"\0\0\0\0", 1, 2, 10, 1000 + number,
                       1000, 2000, *ports, 0, 0x18, 6, 0, 0, 0, 24, 24, 0)


def v5_datagram(sequence, flows):
    return struct.pack("!HHIIIIBBH", 5, len(flows), 60000, 1700000000, 0, sequence, 0, 0, 0) + \
        b"".join(flows)


def write_capture(path, datagrams, gap_s=0.001):
    """Raw IPv4 packets, UDP from 192.0.2.9 to port 2055."""
    with open(path, "wb") as f:
        f.write(struct.pack("<IHHiIII", 0xA1B2C3D4, 2, 4, 0, 0, 65535, 101))
        for i, payload in enumerate(datagrams):
            udp = struct.pack("!HHHH", 40000, 2055, 8 + len(payload), 0) + payload
            packet = struct.pack("!BBHHHBBH4s4s", 0x45, 0, 20 + len(udp), i & 0xFFFF, 0, 64, 17, 0,
                                 bytes([192, 0, 2, 9]), bytes([192, 0, 2, 1])) + udp
            at = 1700000000 + i * gap_s
            f.write(struct.pack("<IIII", int(at), int(at % 1 * 1000000), len(packet), len(packet)))
            f.write(packet)


def wait_for(condition, what, seconds=10):
    deadline = time.monotonic() + seconds
    while not condition():
        assert time.monotonic() < deadline, f"{what}: not within {seconds} s"
        time.sleep(0.05)


def listens(port):
    with socket.socket() as s:
        return s.connect_ex(("127.0.0.1", port)) == 0


def is_open(s):
    """Whether something is bound where s is connected to."""
    try:
        s.send(b"")
        time.sleep(0.02)
        s.send(b"")
    except ConnectionRefusedError:
        return False
    return True


def v5_capture(path, datagrams, gap_s=0.001):
    """30 different flows a datagram; returns how many flows."""
    write_capture(path, (v5_datagram(30 * i, [v5_flow(30 * i + k) for k in range(30)])
                         for i in range(datagrams)), gap_s)
    return 30 * datagrams


# ---- vnmcd ---------------------------------------------------------------------------------------

class Run:
    """One `vnmcd -r`: an output `k` to Kafka, another `f` to a file."""

    def __init__(self, work, capture, brokers, topic, *options, encoding="json"):
        self.file = work / f"{topic.replace('{kind}', 'x')}.out"
        self.file.unlink(missing_ok=True)
        self.arguments = [VNMCD, "-r", str(capture)]
        for option in (
                "outputs.f.type=file", f"outputs.f.path={self.file}", "outputs.k.type=kafka",
                f"outputs.k.brokers={brokers}", f"outputs.k.topic={topic}",
                f"outputs.f.encoding={encoding}", f"outputs.k.encoding={encoding}",
                "flush_timeout=60s", *options):
            self.arguments += ["-o", option]
        self.process = subprocess.Popen(self.arguments, stdout=subprocess.DEVNULL,
                                        stderr=subprocess.PIPE, text=True)

    def end(self, code=0):
        self.err = self.process.communicate(timeout=TIMEOUT)[1]
        assert self.process.returncode == code, \
            f"exit {self.process.returncode}, not {code}: {self.err}"
        if code == 0:
            self.books = json.loads(self.err.splitlines()[-1])
            self.kafka = self.books["outputs"]["k"]
        return self

    def records(self):
        return sum(self.books["records"].values())

    def published(self):
        return sum(self.kafka["published"].values())

    def dropped(self):
        return sum(self.kafka["dropped"].values())

    def balanced(self):
        assert self.records() == self.published() + self.dropped(), self.books


def values(broker, topic):
    return [m.value for m in broker.read(topic)]


def same_multiset(got, want, what):
    got, want = collections.Counter(got), collections.Counter(want)
    assert got == want, f"{what}: {sum((got - want).values())} too many, " \
        f"{sum((want - got).values())} missing"


# ---- tests: each gets the broker and a directory of its own --------------------------------------

def test_json(broker, work):
    """One record a message, the same as in the file, spread over all partitions."""
    flows = v5_capture(work / "in.pcap", 400)
    broker.create("json.flow")  # of one that is being created some partitions have no leader yet
    run = Run(work, work / "in.pcap", broker.address, "json.{kind}").end()
    equal(run.published(), flows, "records published")
    equal(run.dropped(), 0, "records dropped")
    got = broker.read("json.flow")
    same_multiset((m.value for m in got), run.file.read_bytes().splitlines(), "messages")
    octets = sum(json.loads(m.value)["octets"] for m in got)
    equal(octets, sum(1000 + i for i in range(flows)), "sum of octets")
    equal(len({m.partition for m in got}), 4, "partitions used")


def test_real(broker, work):
    """A real capture with several kinds of record, each to its topic."""
    run = Run(work, REAL, broker.address, "real.{kind}").end()
    equal(run.dropped(), 0, "records dropped")
    lines = [json.loads(line) for line in run.file.read_bytes().splitlines()]
    equal(len(lines), run.records(), "records in the file")
    for kind, count in run.books["records"].items():
        got = [json.loads(m.value) for m in broker.read(f"real.{kind}")]
        equal(len(got), count, f"messages of kind {kind}")
        same_multiset((r["record_seq"] for r in got),
                      (r["record_seq"] for r in lines if r["kind"] == kind), f"kind {kind}")


def test_own_partitioner(broker, work):
    """An operator's own choice of librdkafka's holds, for records without a key too."""
    flows = v5_capture(work / "in.pcap", 20)
    broker.create("own.flow")
    Run(work, work / "in.pcap", broker.address, "own.{kind}",
        "outputs.k.librdkafka.partitioner=consistent").end()
    equal([m.partition for m in broker.read("own.flow")], [0] * flows, "partitions")


def test_protobuf(broker, work):
    v5_capture(work / "in.pcap", 100)
    run = Run(work, work / "in.pcap", broker.address, "proto.{kind}", encoding="protobuf").end()
    equal(run.dropped(), 0, "records dropped")
    same_multiset(values(broker, "proto.flow"), frames(run.file.read_bytes()), "messages")


def test_packed(broker, work):
    """Several records a message: JSON lines, or protobuf behind lengths."""
    flows = v5_capture(work / "in.pcap", 100)
    run = Run(work, work / "in.pcap", broker.address, "packed.{kind}",
              "outputs.k.records_per_message=16").end()
    equal(run.published(), flows, "records published")
    messages = values(broker, "packed.flow")
    lines = [line for m in messages for line in m.split(b"\n")]
    same_multiset(lines, run.file.read_bytes().splitlines(), "JSON lines")
    assert flows / 16 <= len(messages) < flows / 8, f"{len(messages)} messages for {flows} records"

    run = Run(work, work / "in.pcap", broker.address, "packedp.{kind}",
              "outputs.k.records_per_message=16", encoding="protobuf").end()
    got = [f for m in values(broker, "packedp.flow") for f in frames(m)]
    same_multiset(got, frames(run.file.read_bytes()), "protobuf messages")


def murmur2(key):
    """The hash by which Kafka's own Java client chooses a partition."""
    m, mask = 0x5BD1E995, 0xFFFFFFFF
    h = 0x9747B28C ^ len(key)
    for i in range(0, len(key) - 3, 4):
        k = struct.unpack("<I", key[i:i + 4])[0] * m & mask
        k = (k ^ k >> 24) * m & mask
        h = (h * m & mask) ^ k
    tail = key[len(key) & ~3:]
    for i in reversed(range(len(tail))):
        h ^= tail[i] << 8 * i
    if tail:
        h = h * m & mask
    h = (h ^ h >> 13) * m & mask
    return h ^ h >> 15


def test_keys(broker, work):
    """Both directions of a flow share a key; a key decides the partition as Java clients do."""
    write_capture(work / "in.pcap", [
        v5_datagram(0, [v5_flow(i) for i in range(20)]),
        v5_datagram(20, [v5_flow(i, reverse=True) for i in range(20)])])
    Run(work, work / "in.pcap", broker.address, "flowkey.{kind}", "outputs.k.key=flow").end()
    got = broker.read("flowkey.flow")
    equal(len(got), 40, "messages")
    by_flow = collections.defaultdict(set)
    for m in got:
        record = json.loads(m.value)
        by_flow[frozenset([record["src_addr"], record["dst_addr"]])].add(m.key)
        equal(m.partition, (murmur2(m.key) & 0x7FFFFFFF) % 4, f"partition of {m.key}")
        equal(m.headers, "kind=flow,schema=1,encoding=json", "headers")
    assert all(len(keys) == 1 for keys in by_flow.values()), "directions differ in their keys"
    equal(len({k for keys in by_flow.values() for k in keys}), 20, "different keys")

    Run(work, work / "in.pcap", broker.address, "exkey.{kind}", "outputs.k.key=exporter").end()
    equal({m.key for m in broker.read("exkey.flow")}, {b"192.0.2.9"}, "keys")


def routes(broker, topic, *arguments):
    """tests/bench/routes: routes, events of peers, and link state, each with its own sequence."""
    return subprocess.Popen([ROUTES, broker.address, topic, *map(str, arguments)],
                            stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True)


def books_of(process):
    out, err = process.communicate(timeout=TIMEOUT)
    equal(process.returncode, 0, f"exit of routes ({err})")
    books = json.loads(out)
    equal(books["published"], books["offered"], "published")
    equal(sum(books["dropped"].values()), 0, "dropped")
    return books


def sequences(messages, partitions):
    """By key: kinds and sequence as they stand in its partition, which is the only one."""
    by_key = collections.defaultdict(list)
    for m in messages:
        equal(m.partition, (murmur2(m.key) & 0x7FFFFFFF) % partitions, f"partition of {m.key}")
        record = json.loads(m.value)
        by_key[m.key].append((record["kind"], record["record_seq"]))
    return by_key


def in_order(broker, prefix, books, keys, partitions=6):
    """Every key's records are there, once and in order, the events of peers among the routes."""
    route = sequences(broker.read(f"{prefix}.route"), partitions)
    peer = sequences(broker.read(f"{prefix}.peer"), partitions)
    link = sequences(broker.read(f"{prefix}.linkstate"), partitions)
    equal(len(route), keys, "keys")
    for key, got in list(route.items()) + list(link.items()):
        wrong = [(i, seq) for i, (_, seq) in enumerate(got) if i != seq]
        equal(wrong[:5], [], f"places in the sequence of {key}")
    for key, got in route.items():
        equal([r for r in got if r[0] == "peer"], peer.get(key, []), f"events of {key}")
    for kind, by_key in ("peer", peer), ("linkstate", link):
        equal(sum(map(len, by_key.values())), books["offered"][kind], kind)
    equal(sum(map(len, route.values())), books["offered"]["route"] + books["offered"]["peer"],
          "routes and events of peers in the topic of routes")


def create_ordered(broker, prefix):
    for kind in "route", "peer", "linkstate":
        broker.create(f"{prefix}.{kind}", partitions=6)


def test_ordered(broker, work):
    """Ordered kinds: keys, headers, copies, and all partitions in use."""
    create_ordered(broker, "ord")
    books = books_of(routes(broker, "ord.{kind}", 300, 30000, 0))
    in_order(broker, "ord", books, 300)
    got = broker.read("ord.route")
    equal(len({m.partition for m in got}), 6, "partitions used")
    equal({m.headers for m in got}, {"kind=route,schema=1,encoding=json",
                                     "kind=peer,schema=1,encoding=json"}, "headers")
    assert b"198.0.0.1|0:0|10.0.0.1" in {m.key for m in got}


def test_ordered_killed(broker, work):
    """A broker that is killed and comes back: nothing of a key is lost, twice or out of order."""
    for prefix, headers in ("kill", "true"), ("killb", "false"):
        create_ordered(broker, prefix)
        process = routes(broker, f"{prefix}.{{kind}}", 300, 80000, 20000, f"headers={headers}",
                         "librdkafka.reconnect.backoff.max.ms=500")
        time.sleep(2)
        broker.kill()
        time.sleep(0.5)
        ended = process.poll()
        broker.start()
        equal(ended, None, "exit before the broker died")
        in_order(broker, prefix, books_of(process), 300)


def test_ordered_new(broker, work):
    """Topics that are made while records already wait for them, and for the broker."""
    broker.stop()
    process = routes(broker, "new.{kind}", 300, 80000, 20000,
                     "librdkafka.reconnect.backoff.max.ms=500")
    time.sleep(1)
    broker.start()
    in_order(broker, "new", books_of(process), 300, partitions=4)


def test_ordered_room(broker, work):
    """A source that waits for room loses nothing, however small the queue."""
    create_ordered(broker, "room")
    books = books_of(routes(broker, "room.{kind}", 100, 5000, 0, "headers=false",
                            "librdkafka.queue.buffering.max.messages=200"))
    in_order(broker, "room", books, 100)


def resident_mb(pid):
    """The most that it ever was."""
    with open(f"/proc/{pid}/status", encoding="ascii") as f:
        return next(int(line.split()[1]) for line in f if line.startswith("VmHWM")) / 1024


def received(port):
    """Octets, by the metrics page."""
    with urllib.request.urlopen(f"http://127.0.0.1:{port}/metrics", timeout=10) as page:
        return next(int(line.split()[1]) for line in page.read().decode().splitlines()
                    if line.startswith("vnmcd_received_octets_total"))


def test_bmp_stalled(broker, work):
    """A router's table while no broker takes anything: the router waits, memory stays, and when the
    broker is back every route arrives, in order, though it was announced and withdrawn at once."""
    create_ordered(broker, "stall")
    broker.kill()
    port, pages = kafka.free_port(), kafka.free_port()
    options = ["listeners.r.decoder=bmp", f"listeners.r.listen=tcp:127.0.0.1:{port}",
               f"state_dir={work}", "flush_timeout=100s", f"http.listen=127.0.0.1:{pages}",
               "outputs.k.type=kafka", f"outputs.k.brokers={broker.address}",
               "outputs.k.topic=stall.{kind}",
               "outputs.k.librdkafka.reconnect.backoff.max.ms=500"]
    process = subprocess.Popen([VNMCD] + [a for o in options for a in ("-o", o)],
                               stderr=subprocess.PIPE, text=True)
    sender = None
    try:
        wait_for(lambda: listens(port), "the listener")
        sender = subprocess.Popen([BLAST, "-p", str(port), "-n", "150000", "-w", "-b", "0"],
                                  stdout=subprocess.PIPE)
        time.sleep(5)
        equal(sender.poll(), None, "exit of the sender, which was to be held up")
        peak = resident_mb(process.pid)
        assert peak < 250, f"{peak:.0f} MB"
        broker.start()
        sent = json.loads(sender.communicate(timeout=TIMEOUT)[0])
        wait_for(lambda: received(pages) >= sent["octets"], "all that was sent", TIMEOUT)
        process.send_signal(signal.SIGTERM)
        err = process.communicate(timeout=TIMEOUT)[1]
    finally:
        for one in (process, sender):
            if one is not None and one.poll() is None:
                one.kill()
                one.wait()
    books = json.loads(err.splitlines()[-1])
    equal(books["dropped"], {}, "records dropped")
    equal(books["published"]["route"], sent["announced"] + sent["withdrawn"] + 1, "routes")
    standing, wrong = set(), 0
    routes_read = [r for r in map(json.loads, values(broker, "stall.route")) if r["kind"] == "route"]
    equal(len(routes_read), books["published"]["route"], "routes in the topic")
    for r in routes_read:
        if r["action"] == "announce":
            standing.add(r["prefix"])
        elif r["action"] == "withdraw":
            wrong += r["prefix"] not in standing
            standing.discard(r["prefix"])
    equal((wrong, len(standing)), (0, 0), "withdraws before their announcement, routes left")


def test_away_at_start(broker, work):
    """Nothing waits for a broker that is not there; when it comes, it gets everything."""
    flows = v5_capture(work / "in.pcap", 300)
    broker.stop()
    run = Run(work, work / "in.pcap", broker.address, "late.{kind}")
    deadline = time.monotonic() + 10
    while not run.file.exists() or run.file.read_bytes().count(b"\n") < flows:
        assert time.monotonic() < deadline, "the file waits for Kafka"
        time.sleep(0.05)
    equal(run.process.poll(), None, "exit before the flush timeout")
    broker.start()
    run.end()
    equal(run.published(), flows, "records published")
    equal(run.dropped(), 0, "records dropped")
    same_multiset(values(broker, "late.flow"), run.file.read_bytes().splitlines(), "messages")
    assert broker.address in run.err and "brokers" in run.err, f"no hint: {run.err}"


def test_killed(broker, work):
    """A broker that dies and stays away: the rest is dropped in time, and counted."""
    flows = v5_capture(work / "in.pcap", 600, gap_s=0.01)
    run = Run(work, work / "in.pcap", broker.address, "killed.{kind}", "replay.speed=1",
              "outputs.k.message_timeout=3s", "outputs.k.librdkafka.socket.timeout.ms=2000")
    time.sleep(2.5)
    broker.kill()
    run.end()
    equal(run.records(), flows, "records")
    run.balanced()
    equal(set(run.kafka["dropped"]), {"broker-timeout"}, "reasons of drops")
    assert 0 < run.published() < flows, f"{run.published()} of {flows} published"
    broker.start()
    arrived = {json.loads(m)["record_seq"] for m in values(broker, "killed.flow")}
    assert len(arrived) >= run.published(), \
        f"{run.published()} records counted as published, {len(arrived)} arrived"


def test_flush_timeout(broker, work):
    """What is in flight at the end is dropped and counted when the time for it is over."""
    flows = v5_capture(work / "in.pcap", 50)
    run = Run(work, work / "in.pcap", f"127.0.0.1:{kafka.free_port()}", "gone.{kind}",
              "flush_timeout=1s")
    started = time.monotonic()
    run.end()
    assert time.monotonic() - started < 8, "the end waits for Kafka"
    run.balanced()
    equal(run.kafka["dropped"], {"broker-timeout": flows}, "drops")


def test_refused(broker, work):
    """What the broker refuses for good is counted as that."""
    flows = v5_capture(work / "in.pcap", 20)
    broker.create("small.flow", max_message_bytes=100)
    run = Run(work, work / "in.pcap", broker.address, "small.{kind}").end()
    run.balanced()
    equal(run.kafka["dropped"], {"broker-refused": flows}, "drops")
    equal(broker.read("small.flow"), [], "messages")


def test_queue_full(broker, work):
    """A queue that is full in the middle of a message drops and counts; it does not wait."""
    flows = v5_capture(work / "in.pcap", 1)
    nobody = f"127.0.0.1:{kafka.free_port()}"
    run = Run(work, work / "in.pcap", nobody, "full.{kind}", "outputs.k.message_timeout=1s",
              "outputs.k.librdkafka.queue.buffering.max.messages=20").end()
    run.balanced()
    equal(run.kafka["dropped"], {"queue-full": flows - 20, "broker-timeout": 20}, "drops")


def test_live_without_broker(broker, work):
    """Live, with no broker and a small queue: every datagram is read, the file gets everything."""
    port, count = kafka.free_port(), 1500
    options = ["listeners.a.decoder=netflow", f"listeners.a.listen=udp:127.0.0.1:{port}",
               f"state_dir={work}", "flush_timeout=1s", "outputs.f.type=file",
               f"outputs.f.path={work / 'f'}", "outputs.k.type=kafka",
               f"outputs.k.brokers=127.0.0.1:{kafka.free_port()}", "outputs.k.message_timeout=2s",
               "outputs.k.librdkafka.queue.buffering.max.messages=1000"]
    process = subprocess.Popen([VNMCD] + [a for o in options for a in ("-o", o)],
                               stderr=subprocess.PIPE, text=True)
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as s:
        s.connect(("127.0.0.1", port))
        wait_for(lambda: is_open(s), "the listener")
        for i in range(count):
            s.send(v5_datagram(30 * i, [v5_flow(30 * i + k) for k in range(30)]))
            time.sleep(0.001)
    wait_for(lambda: (work / "f").read_bytes().count(b"\n") >= 30 * count, "all in the file")
    process.send_signal(signal.SIGTERM)
    started = time.monotonic()
    err = process.communicate(timeout=30)[1]
    assert time.monotonic() - started < 5, "the end waits for Kafka"
    books = json.loads(err.splitlines()[-1])
    equal(books["records"], {"flow": 30 * count}, "records")
    equal(books["outputs"]["f"]["published"], {"flow": 30 * count}, "published to the file")
    dropped = books["outputs"]["k"]["dropped"]
    equal(sum(dropped.values()), 30 * count, "dropped")
    assert dropped["queue-full"] > 1000 and dropped["broker-timeout"] >= 1000, dropped


def ipfix(sequence, *sets):
    body = b"".join(struct.pack("!HH", number, 4 + len(octets)) + octets for number, octets in sets)
    return struct.pack("!HHIII", 10, 16 + len(body), 1700000000, sequence, 1) + body


def test_live_stalled(broker, work):
    """A broker that stops in the middle: streams wait, whatever UDP sends meanwhile, in two workers
    that share a small queue. When it goes on, all that streams have sent is there."""
    broker.create("stalled.flow")
    tcp, udp, http, size = *(kafka.free_port() for _ in range(3)), 40
    options = ["workers=2", "listeners.t.decoder=ipfix", f"listeners.t.listen=tcp:0.0.0.0:{tcp}",
               f"http.listen=127.0.0.1:{http}",
               "listeners.u.decoder=netflow", f"listeners.u.listen=udp:127.0.0.1:{udp}",
               "outputs.k.type=kafka", f"outputs.k.brokers={broker.address}",
               "outputs.k.topic=stalled.{kind}", "outputs.k.message_timeout=120s",
               "outputs.k.librdkafka.queue.buffering.max.messages=3000", "flush_timeout=60s"]
    process = subprocess.Popen([VNMCD] + [a for o in options for a in ("-o", o)],
                               stderr=subprocess.PIPE, text=True)
    template = (2, struct.pack("!HHHHHH", 256, 2, 1, 8, 2, 8))  # octets, packets
    sent = [0, 0]

    def stream(i, s):
        message = ipfix(0, (256, b"".join(struct.pack("!QQ", 1, i) for _ in range(size))))
        while sent[i] < 3000:
            s.sendall(message)
            sent[i] += 1

    def is_over():
        with urllib.request.urlopen(f"http://127.0.0.1:{http}/metrics", timeout=10) as r:
            text = r.read().decode()
        return "\nvnmcd_connections 0\n" in text and \
            '\nvnmcd_output_in_flight{output="k"} 0\n' in text

    def progress():
        before = list(sent)
        time.sleep(1.5)
        return before != sent

    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as flood:
        flood.connect(("127.0.0.1", udp))
        wait_for(lambda: is_open(flood), "the listener")
        streams = []
        for i in range(2):
            s = socket.create_connection(("127.0.0.1", tcp), source_address=(f"127.0.0.{i + 1}", 0))
            s.setsockopt(socket.SOL_SOCKET, socket.SO_SNDBUF, 65536)
            s.sendall(ipfix(0, template))
            streams.append(s)
        broker.process.send_signal(signal.SIGSTOP)
        try:
            threads = [threading.Thread(target=stream, args=(i, s))
                       for i, s in enumerate(streams)]
            for thread in threads:
                thread.start()
            deadline = time.monotonic() + 30
            while progress():
                assert time.monotonic() < deadline, "the streams never wait"
                for i in range(300):
                    flood.send(v5_datagram(30 * i, [v5_flow(30 * i + k) for k in range(30)]))
            assert all(thread.is_alive() for thread in threads), f"all was taken: {sent}"
        finally:
            broker.process.send_signal(signal.SIGCONT)
        for thread, s in zip(threads, streams):
            thread.join(60)
            s.close()
    wait_for(is_over, "the streams and what waits for the broker", 60)
    process.send_signal(signal.SIGTERM)
    books = json.loads(process.communicate(timeout=90)[1].splitlines()[-1])
    equal(sent, [3000, 3000], "messages sent")
    got = [json.loads(m.value) for m in broker.read("stalled.flow")]
    once = {(r["worker"], r["record_seq"]): r for r in got}.values()  # a retry may send it twice
    streamed = collections.Counter(r["packets"] for r in once if r["transport"] == "tcp")
    equal(streamed, {0: 3000 * size, 1: 3000 * size}, "records of each stream")
    dropped = books["outputs"]["k"]["dropped"]
    equal(set(dropped), {"queue-full"}, "reasons of drops, all of UDP")
    equal(len(once) + dropped["queue-full"], sum(books["records"].values()), "records")


def test_wrong_property(broker, work):
    run = Run(work, REAL, broker.address, "x.{kind}", "outputs.k.librdkafka.linger.mss=5").end(78)
    assert "linger.mss" in run.err, run.err
    run = Run(work, REAL, broker.address, "x.{kind}", "outputs.k.librdkafka.linger.ms=900000")
    assert "linger.ms" in run.end(78).err, run.err
    run = Run(work, REAL, broker.address, "with space {kind}").end(78)
    assert "topic" in run.err, run.err


TESTS = [v for k, v in list(globals().items()) if k.startswith("test_")]


def main():
    chosen = [t for t in TESTS if not sys.argv[1:] or t.__name__[5:] in sys.argv[1:]]
    work = pathlib.Path(tempfile.mkdtemp(prefix="vnmcd-kafka-"))
    failed = 0
    try:
        broker = kafka.Broker(work / "broker")
    except kafka.Unavailable as why:
        print(f"skipped: {why}")
        print(f"kafka: 0 passed, 0 failed, {len(chosen)} skipped")
        return 0
    try:
        broker.start()
        for test in chosen:
            directory = work / test.__name__
            directory.mkdir()
            started = time.monotonic()
            try:
                test(broker, directory)
                result = "ok"
            except Exception as why:  # a broken test must not end the others
                failed += 1
                result = "FAIL " + ("" if isinstance(why, AssertionError)
                                    else traceback.format_exc()) + str(why)
            print(f"kafka {test.__name__[5:]}: {result} ({time.monotonic() - started:.1f} s)",
                  flush=True)
    finally:
        broker.stop()
        shutil.rmtree(work, ignore_errors=True)
    print(f"kafka: {len(chosen) - failed} passed, {failed} failed, 0 skipped")
    return 1 if failed else 0


if __name__ == "__main__":
    sys.exit(main())
