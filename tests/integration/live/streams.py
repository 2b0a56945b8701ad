"""IPFIX over TCP (RFC 7011 section 10.4): framing, sessions, back-pressure and limits."""

import json
import random
import socket
import time

from desk import (DST, LAYOUT, OCTETS, SRC, Daemon, balanced, equal, flow, free_port, ipfix_set, listener,
                  message, metrics, sender, template, wait_for, withdrawal)

OTHER = (OCTETS, DST, SRC)  # the same template id, another layout


def config(port, http=None, **more):
    conf = {"listeners": [listener(port, transport="tcp", **more)]}
    if http is not None:
        conf["http"] = {"listen": f"127.0.0.1:{http}"}
    return conf


def values(d):
    return sorted(r["octets"] for r in d.records("flow"))


def test_messages_split_anywhere(work):
    port = free_port()
    chance = random.Random(4)
    stream = message(0, template(256)) + b"".join(
        message(i, ipfix_set(256, flow(octets=1000 + i))) for i in range(400))
    with Daemon(work, config(port)) as d, sender("tcp", port) as s:
        s.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        at = 0
        while at < len(stream):
            n = chance.choice((1, 2, 3, 15, 17, 60, 2000))
            s.sendall(stream[at:at + n])
            at += n
            if chance.random() < 0.1:
                time.sleep(0.001)
        wait_for(lambda: len(values(d)) == 400, "all records")
        equal(values(d), [1000 + i for i in range(400)], "octets")
        equal({r["transport"] for r in d.records()}, {"tcp"}, "transport")
        equal(d.stop()["ok"], 401, "messages that are ok")


def test_two_sessions_of_one_domain(work):
    """Each session has templates of its own (RFC 7011 section 8.1)."""
    port = free_port()
    with Daemon(work, config(port)) as d, sender("tcp", port) as a, sender("tcp", port) as b:
        a.sendall(message(0, template(256, LAYOUT)))
        b.sendall(message(0, template(256, OTHER)))
        for i in range(50):
            a.sendall(message(i, ipfix_set(256, flow(LAYOUT, octets=1, src="10.1.0.1"))))
            b.sendall(message(i, ipfix_set(256, flow(OTHER, octets=2, src="10.2.0.1"))))
        wait_for(lambda: len(values(d)) == 100, "all records")
        equal({(r["octets"], r["src_addr"], r["dst_addr"]) for r in d.records("flow")},
              {(1, "10.1.0.1", "10.0.0.2"), (2, "10.2.0.1", "10.0.0.2")}, "flows")
        equal(d.stop()["ok"], 102, "messages that are ok")


def test_withdrawal(work):
    """On TCP a template is withdrawn at once, and with its session."""
    port, http = free_port(), free_port()
    with Daemon(work, config(port, http)) as d:
        with sender("tcp", port) as s:
            s.sendall(message(0, template(256), ipfix_set(256, flow(octets=1))))
            s.sendall(message(1, withdrawal(256)))
            s.sendall(message(1, template(256, OTHER), ipfix_set(256, flow(OTHER, octets=2))))
            wait_for(lambda: values(d) == [1, 2], "both records")
            equal(metrics(http)["vnmcd_templates_withdrawn_total"], 1, "templates withdrawn")
            equal(metrics(http)["vnmcd_templates"], 1, "templates")
        wait_for(lambda: metrics(http)["vnmcd_templates"] == 0, "templates end with the session")
        equal(d.stop()["ok"], 3, "messages that are ok")


def test_half_a_message_at_the_end(work):
    port = free_port()
    with Daemon(work, config(port)) as d:
        with sender("tcp", port) as s:
            s.sendall(message(0, template(256), ipfix_set(256, flow())) +
                      message(1, ipfix_set(256, flow(), flow()))[:30])
        wait_for(lambda: len(values(d)) == 1, "a record")
        time.sleep(0.2)
        books = d.stop()
        equal((books["messages"], books["ok"]), (2, 1), "messages, ok")


def to_kafka(port, http, queue, **more):
    """To a broker that is away."""
    away = f"127.0.0.1:{free_port()}"
    return {**config(port, http), "flush_timeout": "1s", **more, "outputs": [
        {"name": "k", "type": "kafka", "brokers": away, "message_timeout": "60s",
         "librdkafka": {"queue.buffering.max.messages": queue}}]}


def push(s, records):
    """Sends until the other side has not read for a second; how many messages."""
    s.settimeout(1)
    s.sendall(message(0, template(256)))
    one = message(1, ipfix_set(256, *([flow()] * records)))
    sent = 0
    try:
        while sent < 200000:
            s.sendall(one)
            sent += 1
    except TimeoutError:
        return sent
    raise AssertionError(f"{sent} messages were taken without a pause")


def back_pressure(work, queue, records):
    port, http = free_port(), free_port()
    with Daemon(work, to_kafka(port, http, queue)) as d, sender("tcp", port) as s:
        s.setsockopt(socket.SOL_SOCKET, socket.SO_SNDBUF, 65536)
        push(s, records)
        first = metrics(http)
        time.sleep(0.5)
        second = metrics(http)
        for m in (first, second):
            equal(m["vnmcd_output_dropped_total"], 0, "records dropped while it waits")
        equal(second["vnmcd_messages_total"], first["vnmcd_messages_total"], "messages read")
        equal(second["vnmcd_output_in_flight"], second["vnmcd_records_total"], "in flight")
        assert 0 < second["vnmcd_records_total"] <= queue, second["vnmcd_records_total"]
        begun = time.monotonic()
        books = d.stop()
        assert time.monotonic() - begun < 6, "flush_timeout is 1 s"
        drops = books["outputs"]["k"]["dropped"]
        assert drops["broker-timeout"] >= second["vnmcd_records_total"], books
        equal(sum(drops.values()), sum(books["records"].values()), "all of it dropped")


def test_back_pressure(work):
    """Of messages so large that what one read yields is more than the queue holds."""
    back_pressure(work, 20000, 2500)


def test_back_pressure_of_a_small_queue(work):
    back_pressure(work, 1500, 10)


def test_connection_limit(work):
    port = free_port()
    with Daemon(work, config(port, connections=2)) as d:
        a, b, c = (sender("tcp", port) for _ in range(3))
        with a, b, c:
            equal(c.recv(1), b"", "the third connection is closed")
            b.sendall(message(0, template(256), ipfix_set(256, flow())))
            wait_for(lambda: len(values(d)) == 1, "a record of the second")
            a.close()
            d.wait_log("connection refused")

            def again():
                with sender("tcp", port) as s:
                    s.settimeout(0.2)
                    try:
                        return s.recv(1) != b""
                    except TimeoutError:
                        return True
            wait_for(again, "room for another one")
        d.stop()


def test_idle_timeout(work):
    port = free_port()
    with Daemon(work, config(port, idle="500ms")) as d:
        with sender("tcp", port) as quiet, sender("tcp", port) as busy:
            begun = time.monotonic()
            busy.sendall(message(0, template(256)))
            quiet.settimeout(0.05)
            closed = None
            while closed is None and time.monotonic() < begun + 5:
                busy.sendall(message(0, ipfix_set(256, flow())))
                try:
                    closed = quiet.recv(1) == b"" and time.monotonic()
                except TimeoutError:
                    pass
            assert closed and 0.4 < closed - begun < 3, "when the silent connection was closed"
            sent = len(values(d))
            busy.sendall(message(0, ipfix_set(256, flow())))
            wait_for(lambda: len(values(d)) > sent, "the busy one goes on")
        d.stop()


def test_sources_that_are_not_allowed(work):
    port = free_port()
    with Daemon(work, config(port, allow=["127.9.0.0/16"])) as d:
        with sender("tcp", port, "127.8.0.1") as s:
            equal(s.recv(1), b"", "closed at once")
        with sender("tcp", port, "127.9.0.1") as s:
            s.sendall(message(0, template(256), ipfix_set(256, flow())))
            wait_for(lambda: len(values(d)) == 1, "a record")
        books = d.stop()
        equal((books["reasons"], books["ok"]), ({"not-allowed": 1}, 1), "refused, ok")


def test_who_has_sent_and_is_not_accepted_yet(work):
    """What waits at the end, in connections old and new, is read."""
    port = free_port()
    with Daemon(work, config(port)) as d:
        with sender("tcp", port) as old:
            old.sendall(message(0, template(256)))
            time.sleep(0.3)
            d.child.send_signal(19)
            old.sendall(b"".join(message(i, ipfix_set(256, flow())) for i in range(500)))
            with sender("tcp", port) as new:
                new.sendall(message(0, template(256), ipfix_set(256, flow(octets=7))))
                d.child.terminate()
                d.child.send_signal(18)
                books = balanced(json.loads(d.wait(0).splitlines()[-1]))
        equal(books["ok"], 502, "messages that are ok")
        equal(values(d), [7] + [100] * 500, "octets")
