"""Senders that mean no good, or know no better."""

import concurrent.futures
import os
import random
import signal
import socket
import time

from desk import (Daemon, blast, equal, flow, flowblast, free_port, get, ipfix_set, listener,
                  message, metrics, sender, sent_sums, sums, tally, template, wait_for)


def config(port, http, **more):
    return {"listeners": [listener(port, rcvbuf="16M"),
                          listener(port, name="stream", transport="tcp"),
                          listener(free_port(), name="sflow", decoder="sflow")],
            "http": {"listen": f"127.0.0.1:{http}"}, **more}


def still_works(port, d):
    with sender("tcp", port) as s:
        s.sendall(message(0, template(300), ipfix_set(300, flow(octets=424242))))
        wait_for(lambda: [r for r in d.records("flow") if r["octets"] == 424242], "a record")


def test_streams_of_garbage(work):
    port, http = free_port(), free_port()
    chance = random.Random(1)
    with Daemon(work, config(port, http)) as d:
        for n in (1, 3, 4, 15, 16, 100, 5000, 200000):
            for garbage in (chance.randbytes(n), bytes(n), b"\x00\x0a" + b"\xff" * n,
                            b"\x00\x0a\x00\x00" * (n // 4), b"\x00\x0a\x00\x10" * (n // 4)):
                with sender("tcp", port) as s:
                    try:
                        s.sendall(garbage)
                    except OSError:
                        pass  # it was closed in between, as it may
        still_works(port, d)
        books = d.stop()
        assert books["messages"] > 40 and books["reasons"], books


def test_datagrams_of_garbage(work):
    port, http = free_port(), free_port()
    chance = random.Random(2)
    good = message(0, template(256), ipfix_set(256, flow(), flow()))
    with Daemon(work, config(port, http)) as d:
        with sender("udp", port) as s:
            for i in range(500):
                s.send(chance.randbytes(chance.randrange(0, 1500)))
                damaged = bytearray(good)
                damaged[chance.randrange(len(good))] ^= 1 << chance.randrange(8)
                s.send(damaged[:chance.randrange(1, len(good) + 1)])
        wait_for(lambda: metrics(http)["vnmcd_messages_total"] == 1000, "all messages")
        still_works(port, d)
        equal(d.stop()["messages"], 1001, "messages")


def test_more_exporters_than_allowed(work):
    """Neither memory nor the state directory grows with the number of sources."""
    port, http = free_port(), free_port()
    with Daemon(work, config(port, http, state_dir=str(work / "state"),
                             limits={"exporters": 20})) as d:
        for _ in range(2):
            sent = blast("-t", "ipfix", "-p", port, "-n", 300, "-e", 100, "-R", 3000)
        wait_for(lambda: metrics(http)["vnmcd_messages_total"] == 2 * sent["datagrams"], "messages")
        m = metrics(http)
        equal(m["vnmcd_exporters"], 20, "exporters")
        assert m["vnmcd_exporters_evicted_total"] >= 100, m["vnmcd_exporters_evicted_total"]
        d.stop()
        equal(len(list((work / "state").iterdir())), 20, "files of state of exporters")


def test_connections_that_come_and_go(work):
    port, http = free_port(), free_port()
    with Daemon(work, config(port, http)) as d:
        before = open_files(d)
        for _ in range(2):
            opened = [sender("tcp", port) for _ in range(200)]
            opened += [sender("tcp", http) for _ in range(200)]
            for i, s in enumerate(opened):
                if i % 3 == 0:
                    s.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, bytes([1] + [0] * 7))
                s.close()
        wait_for(lambda: open_files(d) <= before, "its descriptors are closed")
        equal(get(http, "/health")[0], 200, "health")
        still_works(port, d)
        d.stop()


def open_files(d):
    return len(os.listdir(f"/proc/{d.child.pid}/fd"))


def test_all_at_once(work):
    """Traffic to four workers with reloads, scrapes, connections and garbage: every datagram of the
    sender is a message, and its records add up."""
    port, http = free_port(), free_port()
    end = time.monotonic() + 3

    def scrape():
        total, rounds = 0, 0
        while time.monotonic() < end:
            m = metrics(http)
            assert m["vnmcd_messages_total"] >= total, "a counter that went back"
            equal(m["vnmcd_message_outcomes"], m["vnmcd_messages_total"], "sum of the outcomes")
            total, rounds = m["vnmcd_messages_total"], rounds + 1
            get(http, "/")
        return rounds

    def garbage():
        while time.monotonic() < end:
            with sender("tcp", port, "127.7.0.1") as s:
                s.sendall(b"garbage that is no message of any kind")
            time.sleep(0.01)

    with Daemon(work, config(port, http, workers=4)) as d:
        running = flowblast("-t", "ipfix", "-p", port, "-D", 3, "-R", 15000, "-e", 16)
        with concurrent.futures.ThreadPoolExecutor() as pool:
            others = [pool.submit(f) for f in (scrape, scrape, garbage)]
            while time.monotonic() < end:
                d.child.send_signal(signal.SIGHUP)
                time.sleep(0.02)
            assert min(f.result() or 1 for f in others) > 0
        sent = tally(running)
        wait_for(lambda: metrics(http)["vnmcd_message_outcomes"] >= sent["datagrams"], "messages")
        time.sleep(0.2)
        books = d.stop()
        equal(books["ok"], sent["datagrams"], "messages that are ok")
        equal(sums(d.records()), sent_sums(sent), "sums")
