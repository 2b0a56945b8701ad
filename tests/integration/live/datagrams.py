"""UDP: the records add up to what the sender says it sent, or the kernel says what it dropped."""

import signal
import socket

from desk import (Daemon, Skipped, blast, equal, flow, free_port, get, ipfix_set, listener, message,
                  metrics, sender, sent_sums, sums, template, wait_for)


def messages(port):
    return metrics(port)["vnmcd_messages_total"]


def add_up(work, protocol, decoder, *options):
    port, http = free_port(), free_port()
    conf = {"listeners": [listener(port, decoder=decoder, rcvbuf="16M")],
            "http": {"listen": f"127.0.0.1:{http}"}}
    with Daemon(work, conf) as d:
        sent = blast("-t", protocol, "-p", port, "-n", 600, "-R", 60000, *options)
        wait_for(lambda: messages(http) == sent["datagrams"], "all messages")
        books = d.stop()
        equal(sums(d.records()), sent_sums(sent), f"sums of {protocol}")
        equal(books["ok"], sent["datagrams"], "messages that are ok")
        equal(metrics_of(books), {"flow": sent["records"], "interface": sent["counter_samples"]},
              "records in the books")


def metrics_of(books):
    return {kind: books["records"].get(kind, 0) for kind in ("flow", "interface")}


def test_netflow5(work):
    add_up(work, "v5", "flow")


def test_netflow9(work):
    add_up(work, "v9", "flow", "-k", 3)


def test_ipfix(work):
    add_up(work, "ipfix", "flow", "-x", 3, "-6", 50)


def test_sflow(work):
    add_up(work, "sflow", "sflow", "-c", 3)


def test_both_families_on_one_socket(work):
    port = free_port()
    if not socket.has_ipv6:
        raise Skipped("no IPv6")
    with Daemon(work, {"listeners": [listener(port)]}) as d:
        for to in ("127.0.0.1", "::1"):
            with sender("udp", port, to=to) as s:
                s.send(message(0, template(256), ipfix_set(256, flow())))
        wait_for(lambda: len(d.records("flow")) == 2, "two records")
        equal({r["exporter_addr"] for r in d.records("flow")}, {"127.0.0.1", "::1"}, "exporters")
        equal(d.stop()["ok"], 2, "ok")


def test_allow_list(work):
    port, http = free_port(), free_port()
    conf = {"listeners": [listener(port, allow=["127.9.0.0/16", "2001:db8::/32"])],
            "http": {"listen": f"127.0.0.1:{http}"}}
    with Daemon(work, conf) as d:
        for source, count in (("127.9.1.1", 3), ("127.8.1.1", 5)):
            with sender("udp", port, source) as s:
                for i in range(count):
                    s.send(message(i, template(256), ipfix_set(256, flow())))
        wait_for(lambda: messages(http) == 8, "all messages")
        books = d.stop()
        equal(books["reasons"], {"not-allowed": 5}, "reasons")
        equal({r["exporter_addr"] for r in d.records()}, {"127.9.1.1"}, "exporters")


def overrun(d, port):
    """More than a small receive buffer holds, while vnmcd does not read."""
    d.child.send_signal(signal.SIGSTOP)
    sent = blast("-t", "ipfix", "-p", port, "-n", 500, "-e", 2)
    d.child.send_signal(signal.SIGCONT)
    return sent


def lost(d):
    return [r for r in d.records("visibility") if r["cause"] == "kernel-drop"]


def test_what_the_kernel_drops(work):
    """Every datagram is a message or a kernel drop, and a record tells of the drops: within ten
    seconds while vnmcd runs, and at its end."""
    port, http = free_port(), free_port()
    conf = {"listeners": [listener(port, rcvbuf="16K")], "http": {"listen": f"127.0.0.1:{http}"}}
    with Daemon(work, conf) as d:
        first = overrun(d, port)
        wait_for(lambda: sum(counted(http)) == first["datagrams"], "all datagrams")
        got, dropped = counted(http)
        assert got > 0 and dropped > 100, (got, dropped)
        told = wait_for(lambda: lost(d), "a record of the kernel's drops", 15)
        equal([(r["lost"], r["unit"], r["collector"]) for r in told],
              [(dropped, "messages", "test")], "what was told")
        assert 9e9 < told[0]["interval_ns"] < 15e9, told
        assert "exporter_addr" not in told[0], told
        second = overrun(d, port)
        sent = first["datagrams"] + second["datagrams"]
        wait_for(lambda: sum(counted(http)) == sent, "all datagrams")
        messages_got, dropped = counted(http)
        equal(get(http, "/health")[0], 200, "health")
        books = d.stop()
        equal(books["messages"], messages_got, "messages")
        equal(sum(r["lost"] for r in lost(d)), dropped, "drops told in records")
        equal(len(lost(d)), 2, "records of drops")
        equal(books["records"]["visibility"], len(d.records("visibility")), "visibility records")


def counted(http):
    m = metrics(http)
    return m["vnmcd_messages_total"], m["vnmcd_kernel_drops_total"]


def test_what_is_in_the_socket_at_the_end(work):
    port = free_port()
    with Daemon(work, {"listeners": [listener(port, rcvbuf="16M")]}) as d:
        d.child.send_signal(signal.SIGSTOP)
        sent = blast("-t", "ipfix", "-p", port, "-n", 900, "-e", 3)
        d.child.terminate()
        d.child.send_signal(signal.SIGCONT)
        books = d.stop()
        equal(books["ok"], sent["datagrams"], "messages that are ok")
        equal(sums(d.records()), sent_sums(sent), "sums")
