#!/usr/bin/env python3
"""What JSON records to a real Kafka cost, one record a message, against librdkafka alone.

    tests/bench/kafka.py [--build DIR] [--rounds N] [--records N] [--rate N]

vnmcd replays a capture of known contents as fast as the broker takes it; `produce` gives as many
ready strings of the same size to the batch call of the same librdkafka with the same settings. In
turns; CPU time of the two programs, medians. With --rate both keep to so many records a second.
The demand is at most 2.5 times.
"""

import argparse
import json
import os
import resource
import statistics
import subprocess
import sys
import tempfile

TOP = os.path.dirname(os.path.dirname(os.path.dirname(os.path.abspath(__file__))))
sys.path.insert(0, os.path.join(TOP, "tests", "integration", "kafka"))
import broker as kafka  # noqa: E402
import peers  # noqa: E402
import proc  # noqa: E402

MOST = 2.5


def cpu_of(cmd):
    """Runs a program: its CPU seconds, standard output and standard error."""
    before = resource.getrusage(resource.RUSAGE_CHILDREN)
    done = subprocess.run(cmd, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True,
                          check=True)
    after = resource.getrusage(resource.RUSAGE_CHILDREN)
    return (after.ru_utime + after.ru_stime - before.ru_utime - before.ru_stime, done.stdout,
            done.stderr)


def lean_size(opts, pcap):
    """Octets of a lean JSON record, on the average."""
    done = subprocess.run([opts.vnmcd, "-r", pcap, "-o", "outputs.s.type=file", "-o",
                           "outputs.s.fields=" + ",".join(peers.LEAN)],
                          stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, check=True)
    return round(len(done.stdout) / done.stdout.count(b"\n")) - 1


def vnmcd(opts, address, pcap, records):
    speed = f"replay.speed={opts.rate / 20000}" if opts.rate else "replay.speed=max"
    cpu, _, err = cpu_of([opts.vnmcd, "-r", pcap, "-o", speed, "-o", "outputs.k.type=kafka", "-o",
                          f"outputs.k.brokers={address}", "-o", "outputs.k.topic=bench.{kind}",
                          "-o", "outputs.k.fields=" + ",".join(peers.LEAN)])
    books = json.loads(err.splitlines()[-1])
    assert books["published"].get("flow") == records and not books["dropped"], books
    return cpu * 1e6 / records


def produce(opts, address, records, octets):
    cmd = [opts.produce, address, "bench.flow", str(records), str(octets)]
    told = json.loads(cpu_of(cmd + ([str(opts.rate)] if opts.rate else []))[1])
    assert told["delivered"] == records, told
    return told["cpu_seconds"] * 1e6 / records


def main():
    a = argparse.ArgumentParser()
    a.add_argument("--build", default=os.path.join(TOP, "build"))
    a.add_argument("--rounds", type=int, default=5)
    a.add_argument("--records", type=int, default=400000)
    a.add_argument("--rate", type=int, default=0)
    opts = a.parse_args()
    build = os.path.abspath(opts.build)
    opts.vnmcd = build + "/vnmcd"
    opts.produce = build + "/tests/bench/produce"
    with tempfile.TemporaryDirectory(prefix="vnm-bench-") as work:
        pcap = work + "/in.pcap"
        sent = json.loads(subprocess.run(
            [build + "/tests/bench/flowblast", "-n", str(opts.records // 18), "-o", pcap],
            stdout=subprocess.PIPE, check=True).stdout)
        records, octets = sent["records"], lean_size(opts, pcap)
        try:
            broker = kafka.Broker(work + "/broker")
        except kafka.Unavailable as why:
            print(f"skipped: {why}")
            return 0
        broker.start()
        try:
            broker.create("bench.flow")
            ours, floor = [], []
            for _ in range(opts.rounds):
                ours.append(vnmcd(opts, broker.address, pcap, records))
                floor.append(produce(opts, broker.address, records, octets))
                print(f"  vnmcd {ours[-1]:.2f} us, librdkafka {floor[-1]:.2f} us",
                      file=sys.stderr, flush=True)
        finally:
            broker.stop()
    ratio = statistics.median(ours) / statistics.median(floor)
    print(proc.machine())
    print(f"{records} JSON records of {octets} octets to Kafka {kafka.version()}, one a message, "
          f"{opts.rate or 'as many as possible'} a second, {opts.rounds} rounds:")
    for name, rows in (("vnmcd -r, decoding and all", ours), ("librdkafka's batch call", floor)):
        print(f"  {name}: {statistics.median(rows):.2f} us a record "
              f"({min(rows):.2f} to {max(rows):.2f})")
    print(f"  ratio {ratio:.2f}, at most {MOST}: {'met' if ratio <= MOST else 'MISSED'}")
    return ratio > MOST


if __name__ == "__main__":
    sys.exit(main())
