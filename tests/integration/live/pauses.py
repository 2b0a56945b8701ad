"""Outputs that have no room: streams wait and lose nothing, whatever UDP loses meanwhile."""

import json
import os
import pathlib
import shutil
import signal
import socket
import subprocess
import threading
import time

from desk import (PATIENCE, VNMCD, Daemon, Skipped, balanced, blast, equal, flow, free_port,
                  ipfix_set, listener, message, metrics, popen, sender, template, wait_for)

SIZE = 30  # records of a message


def config(tcp, udp, http, **more):
    return {"listeners": [listener(tcp, "stream", transport="tcp"),
                          listener(udp, "datagrams", rcvbuf="16M")],
            "http": {"listen": f"127.0.0.1:{http}"}, **more}


class Stream:
    """A sender of its own address, which counts what was taken."""

    def __init__(self, port, number):
        self.socket = sender("tcp", port, source=f"127.0.3.{number}")
        self.socket.settimeout(None)
        self.socket.setsockopt(socket.SOL_SOCKET, socket.SO_SNDBUF, 65536)
        self.number = number
        self.sent = 0
        self.stop = False
        self.thread = threading.Thread(target=self.run, daemon=True)
        self.thread.start()

    def run(self):
        self.socket.sendall(message(0, template(256)))
        one = message(0, ipfix_set(256, *[flow(octets=self.number)] * SIZE))
        while not self.stop:
            self.socket.sendall(one)
            self.sent += 1

    def end(self):
        self.stop = True
        self.thread.join(PATIENCE)
        assert not self.thread.is_alive(), "the stream still waits"
        self.socket.close()


def wait_until_held_up(streams):
    end = time.monotonic() + 2 * PATIENCE
    while time.monotonic() < end:
        before = [s.sent for s in streams]
        time.sleep(0.7)
        if before == [s.sent for s in streams] and all(before):
            return
    raise AssertionError("the streams never wait")


def check_streams(found, streams):
    for s in streams:
        got = sum(r["octets"] == s.number for r in found if r["transport"] == "tcp")
        equal(got, SIZE * s.sent, f"records of stream {s.number}")


def test_a_pipe_that_nobody_reads(work):
    tcp, udp, http = free_port(), free_port(), free_port()
    conf = config(tcp, udp, http, workers=2)
    (work / "c.yaml").write_text(json.dumps(conf))
    child = popen([VNMCD, "-c", str(work / "c.yaml")], stdout=subprocess.PIPE,
                  stderr=subprocess.PIPE)
    try:
        wait_for(lambda: is_up(http), "it answers")
        streams = [Stream(tcp, i + 1) for i in range(4)]
        wait_until_held_up(streams)
        sent = blast("-t", "ipfix", "-p", udp, "-n", 300, "-R", 20000)
        wait_for(lambda: metrics(http)["vnmcd_output_dropped_total"] > 0, "UDP is dropped")
        waiting = metrics(http)
        assert waiting["vnmcd_connections_paused"] > 0 and waiting["vnmcd_paused_ns_total"] > 0
        assert waiting["vnmcd_memory_octets"] < 64 << 20, "memory"
        lines = []
        reader = threading.Thread(target=lambda: lines.extend(child.stdout))
        reader.start()
        time.sleep(0.5)
        for s in streams:
            s.end()
        wait_for(lambda: metrics(http)["vnmcd_connections"] == 0, "all streams have ended")
        child.terminate()
        child.wait(PATIENCE)
        reader.join(PATIENCE)
        told = child.stderr.read().decode()
    finally:
        child.kill()
    found = [json.loads(line) for line in lines]
    check_streams(found, streams)
    books = balanced(json.loads(told.splitlines()[-1]))
    dropped = sum(books["dropped"].values())
    equal(len(found) + dropped, sent["records"] + SIZE * sum(s.sent for s in streams), "records")
    assert 0 < dropped <= sent["records"], books


def is_up(http):
    try:
        return metrics(http)["vnmcd_connections"] == 0
    except OSError:
        return False


def test_a_full_disk(work):
    """Streams wait for space; nothing is in the file twice, and no record is broken."""
    mount = ["unshare", "-m", "sh", "-c",
             f"mount -t tmpfs -o size=24m none {work}/disk && exec {VNMCD} -c {work}/vnmcd.yaml"]
    if os.geteuid() != 0 or shutil.which("unshare") is None:
        raise Skipped("not root, or no unshare(1)")
    disk = work / "disk"
    disk.mkdir()
    probe = subprocess.run(["unshare", "-m", "mount", "-t", "tmpfs", "none", str(disk)],
                           capture_output=True, check=False)
    if probe.returncode != 0:
        raise Skipped("no tmpfs of one's own: " + probe.stderr.decode().strip())
    tcp, udp, http = free_port(), free_port(), free_port()
    conf = config(tcp, udp, http, outputs=[
        {"name": "out", "type": "file", "path": str(disk / "out.jsonl")}])
    with Daemon(work, conf, argv=mount) as d:
        inside = pathlib.Path(f"/proc/{d.child.pid}/root{disk}")
        text = []

        def tidy_up():
            """As whoever makes room on a disk would."""
            (inside / "out.jsonl").rename(inside / "old.jsonl")
            d.child.send_signal(signal.SIGHUP)
            wait_for(lambda: (inside / "out.jsonl").exists(), "a new file")
            text.append((inside / "old.jsonl").read_text())
            (inside / "old.jsonl").unlink()

        streams = [Stream(tcp, i + 1) for i in range(2)]
        wait_until_held_up(streams)
        d.wait_log("No space left")
        sent = blast("-t", "ipfix", "-p", udp, "-n", 300, "-R", 20000)
        wait_for(lambda: metrics(http)["vnmcd_output_dropped_total"] > 0, "UDP is dropped")
        equal(metrics(http)["vnmcd_connections_paused"], 2, "streams that wait")
        for s in streams:
            s.stop = True
        deadline = time.monotonic() + 2 * PATIENCE
        while metrics(http)["vnmcd_connections"] > 0:
            assert time.monotonic() < deadline, "the streams do not end"
            tidy_up()
            for s in streams:
                if not s.thread.is_alive():
                    s.end()
        with open(inside / "out.jsonl", encoding="utf-8") as last:
            books = d.stop()
            text.append(last.read())
    found = [json.loads(line) for line in "".join(text).splitlines()]
    check_streams(found, streams)
    dropped = sum(books["dropped"].values())
    equal(len(found) + dropped, sent["records"] + SIZE * sum(s.sent for s in streams), "records")
