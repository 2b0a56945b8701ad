"""Pages for operators and Prometheus."""

import json
import re
import socket
import subprocess

from desk import (VNMCD, Daemon, blast, equal, flow, free_port, get, holds, ipfix_set, listener,
                  message, metrics, popen, sender, template, wait_for)

SAMPLE = re.compile(r'([a-zA-Z_:][a-zA-Z0-9_:]*)(\{[^}]*\})? (-?[0-9.eE+]+)')
LABELS = re.compile(r'\{([a-zA-Z_]\w*="([^"\\\n]|\\.)*")(,[a-zA-Z_]\w*="([^"\\\n]|\\.)*")*\}')


def parse(text):
    """Prometheus' text format 0.0.4, strictly: {name: type}, {(name, labels): value}."""
    assert text.endswith("\n"), "the last line has no end"
    helps, types, samples, last = {}, {}, {}, None
    for line in text.splitlines():
        words = line.split(" ", 3)
        if line.startswith("# HELP "):
            assert words[2] not in helps and words[3], line
            helps[words[2]] = words[3]
        elif line.startswith("# TYPE "):
            assert words[2] not in types and words[3] in ("counter", "gauge"), line
            assert words[2] in helps, f"no help before: {line}"
            types[words[2]] = words[3]
        else:
            m = SAMPLE.fullmatch(line)
            assert m, f"no sample: {line}"
            assert m[2] is None or LABELS.fullmatch(m[2]), f"labels: {line}"
            assert m[1] in types, f"no type before: {line}"
            assert (m[1], m[2]) not in samples, f"twice: {line}"
            assert m[1] == last or not any(n == m[1] for n, _ in samples), f"not together: {line}"
            last = m[1]
            samples[m[1], m[2]] = float(m[3])
    for name, kind in types.items():
        assert (kind == "counter") == name.endswith("_total"), f"{name} is a {kind}"
    return types, samples


def with_http(work, **more):
    http, port = free_port(), free_port()
    return Daemon(work, {"listeners": [listener(port)], "http": {"listen": f"127.0.0.1:{http}"},
                         **more}), port, http


def test_metrics(work):
    d, port, http = with_http(work, workers=3)
    with d:
        sent = blast("-t", "ipfix", "-p", port, "-n", 200, "-e", 16)
        wait_for(lambda: metrics(http)["vnmcd_messages_total"] == sent["datagrams"], "messages")
        status, kind, text = get(http, "/metrics")
        equal((status, kind), (200, "text/plain; version=0.0.4; charset=utf-8"), "status, type")
        types, samples = parse(text)
        child = popen([VNMCD, "--dump=metrics"], stdout=subprocess.PIPE, text=True)
        dumped = dict(line.split("\t")[:2] for line in child.communicate()[0].splitlines())
        equal(types, dumped, "metrics and types that --dump=metrics tells")
        equal(samples["vnmcd_records_total", '{kind="flow"}'], sent["records"], "flow records")
        equal(samples["vnmcd_message_outcomes", '{outcome="ok"}'], sent["datagrams"], "ok")
        equal(samples["vnmcd_exporters", None], 16, "exporters")
        equal({n for n, _ in samples} - {n for n, _ in samples if n in types}, set(), "no type")
        d.stop()


def test_books_are_the_final_ones(work):
    d, port, http = with_http(work, workers=2)
    with d:
        sent = blast("-t", "v9", "-p", port, "-n", 100)
        wait_for(lambda: metrics(http)["vnmcd_messages_total"] == sent["datagrams"], "messages")
        wait_for(lambda: metrics(http)["vnmcd_output_in_flight"] == 0, "nothing in flight")
        status, kind, text = get(http, "/books")
        equal((status, kind), (200, "application/json"), "status, type")
        equal(json.loads(text), d.stop(), "books")


def test_pages(work):
    d, port, http = with_http(work, collector="pop1-a")
    with d:
        with sender("udp", port) as s:
            s.send(message(0, template(256), ipfix_set(256, flow())) + b"?")
            s.send(b"no message of any kind")
        wait_for(lambda: metrics(http)["vnmcd_messages_total"] == 2, "messages")
        equal(get(http, "/health"), (200, "text/plain; charset=utf-8", "ok\n"), "health")
        status, _, text = get(http, "/")
        equal(status, 200, "status")
        holds(text, "vnmcd pop1-a, up ", "from 1 exporters", "trouble", "/metrics")
        for path in ("/metric", "/books/", "/..%2f", "//", "/health%00"):
            equal(get(http, path)[0], 404, f"status of {path}")
        equal(get(http, "/health?verbose=1")[0], 200, "a query changes nothing")
        d.stop()


def ask(port, octets):
    """The first line of the answer to raw octets; empty where the connection is closed."""
    with socket.create_connection(("127.0.0.1", port), 10) as s:
        got = b""
        try:
            s.sendall(octets)
            s.shutdown(socket.SHUT_WR)
            while more := s.recv(65536):
                got += more
        except OSError:
            pass  # closed while we still sent
        return got.split(b"\r\n")[0].decode(errors="replace")


def test_requests_that_are_none(work):
    d, _, http = with_http(work)
    with d:
        for octets in (b"\x16\x03\x01\x02\x00" + bytes(500), b"GET\r\n\r\n", b"\0" * 70000,
                       b"GET /" + b"a" * 100000 + b" HTTP/1.1\r\n\r\n",
                       b"GET / HTTP/1.1\r\nHost: a\r\n" + b"X: y\r\n" * 20000 + b"\r\n",
                       b"POST /books HTTP/1.1\r\nHost: a\r\nContent-Length: 5\r\n\r\nhello",
                       b"DELETE /metrics HTTP/1.1\r\nHost: a\r\n\r\n"):
            answer = ask(http, octets)
            assert not answer.startswith("HTTP/1.1 200"), (octets[:40], answer)
        equal(get(http, "/health")[0], 200, "status")
        d.stop()
