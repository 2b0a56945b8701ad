"""Several workers: an exporter stays with one, all are used, nothing is lost or counted twice."""

import collections
import signal
import time

from desk import (Daemon, blast, equal, flow, flowblast, free_port, ipfix_set, listener, message, metrics,
                  sender, sent_sums, sums, tally, template, wait_for)

WORKERS = 4


def config(port, http, **more):
    return {"listeners": [listener(port, rcvbuf="16M", **more)], "workers": WORKERS,
            "http": {"listen": f"127.0.0.1:{http}"}}


def check_spread(records):
    """The worker of each exporter; every worker numbers its records without gaps."""
    home, numbers = {}, collections.defaultdict(list)
    for r in records:
        numbers[r["worker"]].append(r["record_seq"])
        if "exporter_addr" in r:
            equal(home.setdefault(r["exporter_addr"], r["worker"]), r["worker"],
                  f"worker of {r['exporter_addr']}")
    for worker, seen in numbers.items():
        equal(sorted(seen), list(range(len(seen))), f"record_seq of worker {worker}")
    return home


def test_exporters_stay_with_one_worker(work):
    port, http = free_port(), free_port()
    with Daemon(work, config(port, http)) as d:
        sent = [blast("-t", t, "-p", port, "-n", 640, "-e", 32, "-R", 60000, "-s", i)
                for i, t in enumerate(("ipfix", "v9"))]
        wait_for(lambda: metrics(http)["vnmcd_messages_total"] ==
                 sum(t["datagrams"] for t in sent), "all messages")
        books = d.stop()
        equal(books["ok"], sum(t["datagrams"] for t in sent), "messages that are ok")
        equal(sums(d.records()), sent_sums(*sent), "sums")
        home = check_spread(d.records())
        equal(len(home), 32, "exporters")
        equal(set(home.values()), set(range(WORKERS)), "workers that are used")


def test_streams_stay_with_one_worker(work):
    """Connections of one exporter come to one worker, whatever their ports."""
    port, http = free_port(), free_port()
    with Daemon(work, config(port, http, transport="tcp")) as d:
        for exporter in range(12):
            for _ in range(4):
                with sender("tcp", port, f"127.3.0.{exporter + 1}") as s:
                    s.sendall(message(0, template(256), ipfix_set(256, flow())))
        wait_for(lambda: len(d.records("flow")) == 48, "all records")
        home = check_spread(d.records())
        equal(len(home), 12, "exporters")
        assert len(set(home.values())) > 1, home
        equal(d.stop()["ok"], 48, "messages that are ok")


def test_all_workers_drain_at_the_end(work):
    port, http = free_port(), free_port()
    with Daemon(work, config(port, http)) as d:
        d.child.send_signal(signal.SIGSTOP)
        sent = blast("-t", "ipfix", "-p", port, "-n", 900, "-e", 24)
        d.child.terminate()
        d.child.send_signal(signal.SIGCONT)
        equal(d.stop()["ok"], sent["datagrams"], "messages that are ok")
        equal(sums(d.records()), sent_sums(sent), "sums")
        assert len(set(check_spread(d.records()).values())) > 1


def test_end_in_a_stream(work):
    """No worker gets exporters of another at the end, whose templates it does not have."""
    port, http = free_port(), free_port()
    with Daemon(work, config(port, http)) as d:
        running = flowblast("-t", "ipfix", "-p", port, "-D", 2, "-e", 24, "-T", 0, "-R", 60000)
        wait_for(lambda: metrics(http)["vnmcd_exporters"] == 24, "all exporters")
        time.sleep(0.5)
        books = d.stop()
        tally(running)
        equal(books["ok"], books["messages"], "messages that are ok")
        equal(d.records("visibility"), [], "records of what was not seen")
        check_spread(d.records())
