#!/usr/bin/env python3
"""One Apache Kafka node (KRaft, no ZooKeeper) on loopback, for tests and for trying things out.

As a program:  broker.py DIR    runs a broker in DIR until it is interrupted, and prints its address.

Kafka comes from Maven Central by `mvn` into ${VNM_CACHE:-.cache}/kafka-VERSION, once. It needs
Java 17. Unavailable says why where one of these is missing.
"""

import collections
import contextlib
import json
import os
import pathlib
import random
import re
import shutil
import signal
import socket
import subprocess
import sys
import time

HERE = pathlib.Path(__file__).resolve().parent
TOP = HERE.parents[2]
CLUSTER = "vnmcdTestCluster000001"
PROPERTIES = """\
process.roles=broker,controller
node.id=1
controller.quorum.voters=1@127.0.0.1:{controller}
listeners=PLAINTEXT://127.0.0.1:{port},CONTROLLER://127.0.0.1:{controller}
advertised.listeners=PLAINTEXT://127.0.0.1:{port}
controller.listener.names=CONTROLLER
listener.security.protocol.map=CONTROLLER:PLAINTEXT,PLAINTEXT:PLAINTEXT
inter.broker.listener.name=PLAINTEXT
log.dirs={data}
num.partitions=4
num.network.threads=2
num.io.threads=2
offsets.topic.replication.factor=1
offsets.topic.num.partitions=1
transaction.state.log.replication.factor=1
transaction.state.log.min.isr=1
group.initial.rebalance.delay.ms=0
broker.session.timeout.ms=3000
broker.heartbeat.interval.ms=500
auto.create.topics.enable=true
message.max.bytes={message_max}
log.retention.bytes=268435456
log.segment.bytes=134217728
"""


Message = collections.namedtuple("Message", "partition key headers value")


class Unavailable(Exception):
    """Why there can be no broker here."""


def version():
    return re.search(r"<kafka.version>([^<]+)", (HERE / "pom.xml").read_text()).group(1)


def jars():
    """The directory with Kafka's jars, fetched if they are not there."""
    for program in ("java", "mvn", "kcat"):
        if shutil.which(program) is None:
            raise Unavailable(f"{program} is not installed")
    cache = pathlib.Path(os.environ.get("VNM_CACHE") or TOP / ".cache")
    directory = cache / f"kafka-{version()}"
    complete, pom = directory / "complete", (HERE / "pom.xml").read_text()
    if complete.exists() and complete.read_text() == pom:
        return directory
    fetched = subprocess.run(
        ["mvn", "-q", "-B", "-f", HERE / "pom.xml", "dependency:copy-dependencies",
         "-DincludeScope=runtime", f"-DoutputDirectory={directory}"],
        stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True)
    if fetched.returncode != 0:
        raise Unavailable("Maven could not fetch Kafka: " + fetched.stdout.strip()[-300:])
    complete.write_text(pom)
    return directory


def free_port(taken=()):
    """A loopback port nobody listens on, below those that the system hands out by itself."""
    while True:
        port = random.randrange(20000, 32000)
        with contextlib.closing(socket.socket()) as s:
            s.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
            if port not in taken and s.connect_ex(("127.0.0.1", port)) != 0:
                return port


class Broker:
    """start(), stop() and kill() may follow each other; the data and the ports stay."""

    def __init__(self, directory, message_max=8388608):
        self.directory = pathlib.Path(directory)
        self.jars = jars()
        self.port = free_port()
        self.address = f"127.0.0.1:{self.port}"
        self.process = None
        self.directory.mkdir(parents=True, exist_ok=True)
        self.properties = self.directory / "server.properties"
        self.properties.write_text(PROPERTIES.format(
            port=self.port, controller=free_port((self.port,)), message_max=message_max,
            data=self.directory / "data"))

    def java(self, heap, *arguments):
        return ["java", f"-Xmx{heap}m", "-XX:+UseSerialGC", "-XX:TieredStopAtLevel=1",
                "-Dorg.slf4j.simpleLogger.defaultLogLevel=warn", "-cp", f"{self.jars}/*",
                *arguments]

    def start(self):
        with open(self.directory / "broker.log", "ab") as log:
            if not (self.directory / "data" / "meta.properties").exists():
                subprocess.run(
                    self.java(128, "kafka.tools.StorageTool", "format", "-t", CLUSTER, "-c",
                              self.properties), stdout=log, stderr=log, check=True)
            self.process = subprocess.Popen(
                self.java(384, "kafka.Kafka", self.properties), stdin=subprocess.DEVNULL,
                stdout=log, stderr=log, start_new_session=True)
        self.wait()

    def wait(self, seconds=60):
        deadline = time.monotonic() + seconds
        while subprocess.run(["kcat", "-b", self.address, "-L", "-m", "1"],
                             stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL).returncode:
            if self.process.poll() is not None or time.monotonic() > deadline:
                log = (self.directory / "broker.log").read_text(errors="replace")
                raise RuntimeError("the broker does not start: " + log[-500:])
            time.sleep(0.1)

    def end(self, how):
        if self.process is not None and self.process.poll() is None:
            self.process.send_signal(how)
            try:
                self.process.wait(20)
            except subprocess.TimeoutExpired:
                self.process.kill()
                self.process.wait()
        self.process = None

    def stop(self):
        self.end(signal.SIGTERM)

    def kill(self):
        self.end(signal.SIGKILL)

    def create(self, topic, partitions=4, **config):
        """A topic with settings of its own."""
        settings = [a for k, v in config.items() for a in ("--config", f"{k.replace('_', '.')}={v}")]
        with open(self.directory / "broker.log", "ab") as log:
            subprocess.run(
                self.java(128, "org.apache.kafka.tools.TopicCommand", "--bootstrap-server",
                          self.address, "--create", "--topic", topic, "--partitions",
                          str(partitions), *settings), check=True, stdout=log, stderr=log)
        while self.leaders(topic) < partitions:
            time.sleep(0.1)

    def leaders(self, topic):
        """How many partitions of a topic have a leader."""
        done = subprocess.run(["kcat", "-b", self.address, "-L", "-J", "-t", topic],
                              stdout=subprocess.PIPE, check=True)
        return sum(p["leader"] > 0 for t in json.loads(done.stdout)["topics"]
                   for p in t["partitions"])

    def read(self, topic):
        """All messages of a topic."""
        done = subprocess.run(
            ["kcat", "-b", self.address, "-C", "-t", topic, "-o", "beginning", "-e", "-q", "-f",
             "%p %K %S %h\n%k%s"], stdout=subprocess.PIPE, stderr=subprocess.PIPE)
        if done.returncode != 0:
            raise RuntimeError(f"kcat: {done.stderr.decode(errors='replace').strip()}")
        data, at, messages = done.stdout, 0, []
        while at < len(data):
            end = data.index(b"\n", at)
            partition, key_n, n, headers = data[at:end].decode().split(" ", 3)
            middle = end + 1 + max(int(key_n), 0)
            at = middle + max(int(n), 0)
            messages.append(Message(int(partition), data[end + 1:middle], headers, data[middle:at]))
        return messages


def main():
    if len(sys.argv) != 2:
        sys.exit(__doc__)
    try:
        broker = Broker(sys.argv[1])
    except Unavailable as why:
        sys.exit(f"broker.py: {why}")
    broker.start()
    print(broker.address, flush=True)
    with contextlib.suppress(KeyboardInterrupt):
        broker.process.wait()
    broker.stop()


if __name__ == "__main__":
    signal.signal(signal.SIGTERM, signal.default_int_handler)
    main()
