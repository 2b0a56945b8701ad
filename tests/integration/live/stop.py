"""The end: by SIGTERM with balanced books, by SIGKILL with templates that come back."""

import json
import signal
import time

from desk import (Daemon, balanced, blast, equal, flow, flowblast, free_port, holds, ipfix_set,
                  listener, message, metrics, sender, tally, template, wait_for)


def test_books_are_the_last_line(work):
    port = free_port()
    for stop in (signal.SIGTERM, signal.SIGINT):
        with Daemon(work, {"listeners": [listener(port)]}) as d:
            with sender("udp", port) as s:
                s.send(message(0, template(256), ipfix_set(256, flow())))
            wait_for(d.records, "the record")
            d.child.send_signal(stop)
            books = balanced(json.loads(d.wait(0).splitlines()[-1]))
            equal((books["ok"], books["published"]), (1, {"flow": 1}), "ok, published")
            holds(d.log(), "stopping on signal")
        d.out.unlink()


def test_broker_that_is_away(work):
    """flush_timeout bounds the end; what was not delivered is counted, and the file has all."""
    port = free_port()
    conf = {"listeners": [listener(port)], "flush_timeout": "1s", "outputs": [
        {"name": "lake", "type": "kafka", "brokers": f"127.0.0.1:{free_port()}"},
        {"name": "out", "type": "file", "path": str(work / "vnmcd.out")}]}
    with Daemon(work, conf) as d:
        sent = blast("-t", "ipfix", "-p", port, "-n", 100)
        wait_for(lambda: len(d.records("flow")) == sent["records"], "all records in the file")
        begun = time.monotonic()
        books = d.stop()
        assert 0.8 < time.monotonic() - begun < 5, "flush_timeout is 1 s"
        equal(books["outputs"]["lake"]["dropped"], {"broker-timeout": sent["records"]}, "dropped")
        equal(books["outputs"]["out"]["published"], {"flow": sent["records"]}, "published")
        holds(d.log(), "not all records could be published in time")


def killed(work, protocol):
    """Templates are sent once; what comes after the second start needs those of state_dir."""
    port, http = free_port(), free_port()
    conf = {"listeners": [listener(port)], "state_dir": str(work / "state"), "workers": 2,
            "http": {"listen": f"127.0.0.1:{http}"}}
    running = None
    with Daemon(work, conf) as first:
        running = flowblast("-t", protocol, "-p", port, "-e", 10, "-T", 0, "-k", 2, "-D", 5,
                            "-R", 4000, "-b", 1, "-r", 10)
        wait_for(lambda: len(list((work / "state").glob("*.state"))) == 10, "ten state files")
        time.sleep(0.5)
        first.child.kill()
        first.child.wait()
    with Daemon(work, conf, name="second") as second:
        sent = tally(running)
        wait_for(lambda: metrics(http)["vnmcd_messages_total"] > 0, "messages")
        time.sleep(0.3)
        equal(metrics(http)["vnmcd_templates_learnt_total"], 0, "templates that came once more")
        books = second.stop()
        equal(books["ok"], books["messages"], "messages that are ok")
        flows = second.records("flow")
        assert 0 < len(flows) < sent["records"], len(flows)
        equal(len(flows), 10 * books["messages"], "records, ten in each datagram")


def test_killed_netflow9(work):
    killed(work, "v9")


def test_killed_ipfix(work):
    killed(work, "ipfix")


def test_damaged_state(work):
    port = free_port()
    conf = {"listeners": [listener(port)], "state_dir": str(work / "state")}
    with Daemon(work, conf) as d, sender("udp", port) as s:
        s.send(message(0, template(256)))
        d.wait_log("ready")
        file = wait_for(lambda: list((work / "state").glob("*.state")), "a state file")[0]
        d.stop()
    octets = bytearray(file.read_bytes())
    for at in (0, 20, len(octets) - 1, None):
        damaged = bytearray(octets)
        if at is not None:
            damaged[at] ^= 1
        file.write_bytes(damaged if at is not None else b"")
        with Daemon(work, conf) as d, sender("udp", port) as s:
            s.send(message(1, ipfix_set(256, flow())))
            d.wait_log("is damaged or of another version")
            equal(d.stop()["records"].get("flow"), None, "flows")
