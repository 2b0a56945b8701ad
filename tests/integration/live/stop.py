"""The end: by SIGTERM with balanced books, by SIGKILL with templates that come back."""

import json
import signal
import subprocess
import time

from desk import (VNMCD, Daemon, balanced, blast, equal, flow, flowblast, free_port, get, holds,
                  ipfix_set, listener, message, metrics, popen, sender, tally, template, wait_for)


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


def test_reader_that_stalls(work):
    """Nobody reads standard output: vnmcd still answers, pauses streams, drops and counts, and ends
    in time; whoever reads later gets whole lines."""
    port, stream, http = free_port(), free_port(), free_port()
    conf = {"listeners": [listener(port, rcvbuf="16M"),
                          listener(stream, name="stream", transport="tcp")],
            "http": {"listen": f"127.0.0.1:{http}"}, "flush_timeout": "1s"}
    (work / "c.yaml").write_text(json.dumps(conf))
    child = popen([VNMCD, "-c", str(work / "c.yaml")], stdout=subprocess.PIPE,
                  stderr=subprocess.PIPE)
    try:
        wait_for(lambda: up(http), "it answers")
        sent = blast("-t", "ipfix", "-p", port, "-n", 300, "-R", 20000)
        wait_for(lambda: metrics(http)["vnmcd_messages_total"] == sent["datagrams"], "messages")
        wait_for(lambda: metrics(http)["vnmcd_output_dropped_total"] > 0, "drops")
        with sender("tcp", stream) as s:
            s.sendall(message(0, template(256), ipfix_set(256, flow())))
            time.sleep(0.3)
            equal(metrics(http)["vnmcd_messages_total"], sent["datagrams"], "no stream is read")
            found = []
            while not found or found[-1]["transport"] == "udp":
                found.append(json.loads(child.stdout.readline()))
            equal({r["kind"] for r in found}, {"flow"}, "whole records")
            equal(metrics(http)["vnmcd_messages_total"], sent["datagrams"] + 1, "messages")
        begun = time.monotonic()
        child.terminate()
        child.wait(10)
        assert time.monotonic() - begun < 5, "flush_timeout is 1 s"
        out, told = child.stdout.read(), child.stderr.read()
    finally:
        child.kill()
    equal(child.returncode, 0, "exit code")
    books = balanced(json.loads(told.decode().splitlines()[-1]))
    lines = [json.loads(line) for line in out.splitlines()]  # each is whole
    equal(books["published"]["flow"], len(lines) + len(found), "lines that were written")
    equal(books["outputs"]["stdout"]["dropped"]["write-failed"],
          sent["records"] + 1 - len(lines) - len(found), "drops")
    holds(told.decode(), "the reader of standard output is too slow")


def up(http):
    try:
        return get(http, "/health")[0] == 200
    except OSError:
        return False


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


def test_state_that_cannot_be_saved_for_a_while(work):
    """One complaint; what was learnt meanwhile is saved when that is possible again."""
    port, state = free_port(), work / "state"
    conf = {"listeners": [listener(port)], "state_dir": str(state)}
    with Daemon(work, conf) as d, sender("udp", port) as s:
        obstacle = state / "flow-127.0.0.1.state.new"
        obstacle.mkdir()
        s.send(message(0, template(256)))
        d.wait_log("cannot save")
        time.sleep(3)  # it is tried every second
        equal(d.log().count("cannot save"), 1, "complaints")
        obstacle.rmdir()
        wait_for(lambda: list(state.glob("*.state")), "a state file")
        d.stop()


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
