"""Connections that vnmcd makes (`connect`), and signed ones (TCP-MD5, RFC 2385) of both sorts."""

import contextlib
import errno
import json
import socket
import ssl
import struct
import time

import secure
from desk import (PATIENCE, Daemon, Skipped, equal, flow, free_port, get, ipfix_set, listener, message,
                  metrics, template, wait_for)

TCP_MD5SIG = 14


def config(http, *targets, **more):
    conf = {"name": "in", "decoder": "flow", "connect": list(targets), "retry": "1s", **more}
    return {"listeners": [conf], "http": {"listen": f"127.0.0.1:{http}"}}


class Router:
    """A source of messages that waits for vnmcd."""

    def __init__(self, address="127.0.0.1", port=None, family=socket.AF_INET):
        self.port = port or free_port()
        self.at = f"tcp:{f'[{address}]' if ':' in address else address}:{self.port}"
        self.socket = socket.socket(family, socket.SOCK_STREAM)
        self.socket.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        self.socket.settimeout(PATIENCE)
        self.address = address
        self.socket.bind((address, self.port))

    def __enter__(self):
        self.socket.listen(8)
        return self

    def __exit__(self, *_):
        self.socket.close()

    def accept(self, timeout=PATIENCE):
        self.socket.settimeout(timeout)
        s, self.peer = self.socket.accept()
        s.settimeout(PATIENCE)
        return s


def one(octets):
    return message(0, template(256), ipfix_set(256, flow(octets=octets)))


def seen(d, *octets):
    wait_for(lambda: sorted(r["octets"] for r in d.records("flow")) == sorted(octets),
             f"records of {octets}")


def test_a_router_that_waits(work):
    http = free_port()
    with Router("127.0.4.1") as r, Router("::1", family=socket.AF_INET6) as six, \
            Daemon(work, config(http, r.at, six.at)) as d:
        with r.accept() as s, six.accept() as t:
            s.sendall(one(1))
            t.sendall(one(2))
            seen(d, 1, 2)
            equal({r["exporter_addr"] for r in d.records()}, {"127.0.4.1", "::1"}, "exporters")
            m = metrics(http)
            equal((m["vnmcd_targets"], m["vnmcd_targets_connected"], m["vnmcd_connections"]),
                  (2, 2, 2), "targets, connected, connections")
        equal(d.stop()["ok"], 2, "messages that are ok")


def targets(http):
    """{target: what is told of it} of GET /targets."""
    code, _, text = get(http, "/targets")
    equal(code, 200, "GET /targets")
    return {t["target"]: t for t in map(json.loads, text.splitlines())}


def test_what_is_told_of_targets(work):
    """Each of them, whichever worker has it: as the routers saw it themselves."""
    http, dead, begun = free_port(), f"tcp:127.0.4.9:{free_port()}", time.time_ns()
    with contextlib.ExitStack() as stack:
        routers = [stack.enter_context(Router(f"127.0.4.{n}")) for n in range(1, 5)]
        names = [r.at for r in routers]
        conf = {**config(http, *names, dead), "workers": 3}
        d = stack.enter_context(Daemon(work, conf))
        open_ones = [stack.enter_context(r.accept()) for r in routers]
        wait_for(lambda: targets(http).get(dead, {}).get("failures", 0) >= 2, "failures")
        told = targets(http)
        equal(set(told), {*names, dead}, "targets")
        for name in names:
            equal({k: told[name].get(k) for k in ("listener", "connected", "connections",
                                                  "failures", "error")},
                  {"listener": "in", "connected": True, "connections": 1, "failures": 0,
                   "error": None}, name)
        equal((told[dead]["connected"], told[dead]["connections"], told[dead]["error"]),
              (False, 0, "Connection refused"), dead)
        assert len({t["worker"] for t in told.values()}) > 1, told
        assert all(begun <= t["since_ns"] <= time.time_ns() for t in told.values()), told

        lost_at = time.time_ns()
        open_ones[0].close()  # it brought no message
        open_ones[1].sendall(one(1))
        seen(d, 1)
        open_ones[1].close()
        for n in (0, 1):
            stack.enter_context(routers[n].accept())
        wait_for(lambda: all(targets(http)[names[n]]["connections"] == 2 for n in (0, 1)),
                 "second connections")
        told = targets(http)
        equal([told[n]["failures"] for n in names], [1, 0, 0, 0], "failures")
        equal(told[names[0]]["error"], "the connection ended without a message", "error")
        equal([told[n]["since_ns"] > lost_at for n in names], [True, True, False, False], "since")
        equal(get(http, "/")[2].count("4   of 5 targets"), 1, "the status page")
        d.stop()


def test_it_comes_back(work):
    """After a loss at once, while nobody is there ever later; one line for an outage."""
    http, port = free_port(), free_port()
    target = f"tcp:127.0.0.1:{port}"
    with Daemon(work, config(http, target, retry="2s")) as d:
        d.wait_log("cannot connect to 127.0.0.1")
        wait_for(lambda: secure.failures(http).get("connect-failed", 0) >= 2, "a second attempt")
        equal(metrics(http)["vnmcd_targets_connected"], 0, "targets that are connected")
        with Router(port=port) as r:
            for i in range(2):
                begun = time.monotonic()
                with r.accept() as s:
                    assert i == 0 or time.monotonic() - begun < 1.5, "back after a second"
                    s.sendall(one(i))
                    seen(d, *range(i + 1))
            with r.accept():
                pass
        log = d.log()
        equal((log.count("cannot connect"), log.count("is over"), log.count("again\n")), (1, 2, 3),
              "lines")
        d.stop()


def test_it_comes_ever_later(work):
    """Connections that bring nothing do not count as a success."""
    http = free_port()
    with Router() as r, Daemon(work, config(http, r.at, retry="1h")) as d:
        times = []
        for _ in range(4):
            with r.accept():
                times.append(time.monotonic())
        waits = [b - a for a, b in zip(times, times[1:])]
        for wait, base in zip(waits, (1, 2, 4)):
            assert 0.74 * base <= wait <= 1.4 * base + 0.3, f"waits {waits}, must be about 1, 2, 4"
        d.stop()


def test_targets_come_and_go(work):
    http = free_port()
    with Router("127.0.4.1") as a, Router("127.0.4.2") as b, Router("127.0.4.3") as c, \
            Daemon(work, config(http, a.at, b.at)) as d:
        with a.accept() as sa, b.accept() as sb:
            sa.sendall(one(1))
            sb.sendall(one(2))
            seen(d, 1, 2)
            d.configure(config(http, b.at, c.at, source="127.0.4.9"))
            d.reload()
            equal(sa.recv(1), b"", "the one that is not wanted any more")
            with c.accept() as sc:
                equal(c.peer[0], "127.0.4.9", "source address")
                sb.sendall(one(3))
                sc.sendall(one(4))
                seen(d, 1, 2, 3, 4)
            equal(metrics(http)["vnmcd_targets"], 2, "targets")
            with contextlib.suppress(TimeoutError):
                a.accept(1.5).close()
                raise AssertionError("it came back to a target that is gone")
        d.stop()


def test_each_belongs_to_one_worker(work):
    http = free_port()
    with contextlib.ExitStack() as stack:
        routers = [stack.enter_context(Router(f"127.0.5.{i + 1}")) for i in range(16)]
        d = stack.enter_context(Daemon(work, {**config(http, *(r.at for r in routers)),
                                              "workers": 3}))
        for i, r in enumerate(routers):
            stack.enter_context(r.accept()).sendall(one(i))
        seen(d, *range(16))
        assert len({r["worker"] for r in d.records()}) == 3, "workers"
        for r in routers:
            with contextlib.suppress(TimeoutError):
                r.accept(0.05).close()
                raise AssertionError("a second worker came, too")
        equal(metrics(http)["vnmcd_targets_connected"], 16, "targets that are connected")
        d.stop()


def test_back_pressure(work):
    """As where others connect: without room nothing is read."""
    http = free_port()
    conf = config(http) | {"flush_timeout": "1s", "outputs": [
        {"name": "k", "type": "kafka", "brokers": f"127.0.0.1:{free_port()}",
         "message_timeout": "60s", "librdkafka": {"queue.buffering.max.messages": 3000}}]}
    with Router() as r:
        conf["listeners"][0]["connect"] = [r.at]
        with Daemon(work, conf) as d, r.accept() as s:
            s.settimeout(1)
            with contextlib.suppress(TimeoutError):
                for _ in range(100000):
                    s.sendall(message(0, template(256), ipfix_set(256, *([flow()] * 10))))
                raise AssertionError("all of it was taken without a pause")
            equal(metrics(http)["vnmcd_output_dropped_total"], 0, "dropped")
            d.stop()


# ---- TLS -----------------------------------------------------------------------------------------

def test_tls(work):
    """vnmcd is the client: who it talks to must be whom it called, and may ask who it is."""
    k, http = secure.keys(work), free_port()

    def serve(raw, cert, ask=False):
        c = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        c.load_cert_chain(str(k[cert]))
        if ask:
            c.verify_mode = ssl.CERT_REQUIRED
            c.load_verify_locations(str(k["ca"]))
        return c.wrap_socket(raw, server_side=True)

    with Router("127.0.0.1") as right, Router("127.0.4.2") as named, Router("127.0.4.3") as foreign:
        def part(name, router, **more):
            return {"name": name, "decoder": "flow", "retry": "1s",
                    "connect": [router.at.replace("tcp:", "tls:")], "tls_ca": str(k["ca"]), **more}
        conf = {"http": {"listen": f"127.0.0.1:{http}"}, "listeners": [
            part("right", right, tls_cert=str(k["router"])),
            part("named", named, tls_names=["r1.pop.example.net"]), part("foreign", foreign)]}
        with Daemon(work, conf) as d:
            with serve(right.accept(), "server", ask=True) as s:
                equal(s.getpeercert()["subjectAltName"], (("DNS", "r1.pop.example.net"),),
                      "who vnmcd says it is")
                s.sendall(one(1))
                seen(d, 1)
            with serve(named.accept(), "router") as s:
                s.sendall(one(2))
                seen(d, 1, 2)
            with contextlib.suppress(OSError), serve(foreign.accept(), "stranger") as s:
                s.recv(1)
            with contextlib.suppress(OSError), serve(foreign.accept(), "server") as s:
                s.recv(1)  # it is 127.0.0.1, and that is not where it was called
            wait_for(lambda: {"tls-certificate", "tls-name"} <= set(secure.failures(http)),
                     "both reasons")
            equal({(r["octets"], r["cert_name"]) for r in d.records("flow")},
                  {(1, "127.0.0.1"), (2, "r1.pop.example.net")}, "names")
            d.stop()


# ---- TCP-MD5 -------------------------------------------------------------------------------------

def sign(s, address, key):
    """The key with which segments to and from the address are signed."""
    if ":" in address:
        at = struct.pack("=H", socket.AF_INET6) + bytes(6) + socket.inet_pton(
            socket.AF_INET6, address)
    else:
        at = struct.pack("=H", socket.AF_INET) + bytes(2) + socket.inet_aton(address)
    try:
        s.setsockopt(socket.IPPROTO_TCP, TCP_MD5SIG,
                     at.ljust(128, b"\0") + struct.pack("=xxHI", len(key), 0) +
                     key.ljust(80, b"\0"))
    except OSError as e:
        if e.errno == errno.ENOPROTOOPT:
            raise Skipped("this kernel has no TCP-MD5") from e
        raise


def dial(port, source, key=None, to="127.0.0.1", timeout=PATIENCE):
    s = socket.socket(socket.AF_INET6 if ":" in to else socket.AF_INET, socket.SOCK_STREAM)
    try:
        s.bind((source, 0))
        if key is not None:
            sign(s, to, key)
        s.settimeout(timeout)
        s.connect((to, port))
    except BaseException:
        s.close()
        raise
    return s


def is_mute(port, source, key=None):
    """Who has not the key gets no answer at all."""
    try:
        dial(port, source, key, timeout=0.7).close()
        return False
    except TimeoutError:
        return True


def test_signed_connections(work):
    """Keys by prefix on a socket for IPv4 and IPv6; other keys by a reload."""
    port = free_port()
    key = work / "key"
    key.write_text("secret one\nsecond line\n")

    def conf(**md5):
        return {"listeners": [listener(port, transport="tcp", md5=md5)]}

    first = {"127.0.6.0/24": {"file": str(key)}, "127.0.7.1": "secret two", "::1": "secret six"}
    with Daemon(work, conf(**first)) as d:
        for i, (source, secret, to) in enumerate((
                ("127.0.6.1", b"secret one", "127.0.0.1"),
                ("127.0.6.2", b"secret one", "127.0.0.1"),
                ("127.0.7.1", b"secret two", "127.0.0.1"), ("::1", b"secret six", "::1"),
                ("127.0.8.1", None, "127.0.0.1"))):
            with dial(port, source, secret, to) as s:
                s.sendall(one(i))
                seen(d, *range(i + 1))
        assert is_mute(port, "127.0.6.1"), "not signed, but it must be"
        assert is_mute(port, "127.0.6.1", b"secret two"), "signed with another key"
        assert is_mute(port, "127.0.8.1", b"secret one"), "signed, but it has no key"
        with dial(port, "127.0.6.1", b"secret one") as old:
            key.write_text("secret three\n")
            d.configure(conf(**{"127.0.6.0/24": {"file": str(key)}}))
            d.reload()
            with dial(port, "127.0.6.1", b"secret three") as s:
                s.sendall(one(5))
            with dial(port, "127.0.7.1") as s:
                s.sendall(one(6))
            assert is_mute(port, "127.0.6.1", b"secret one"), "the key of before"
            old.sendall(one(7))
            seen(d, *range(8))
        log = d.log()
        assert "secret" not in log.replace(str(work), ""), "a key in the log"
        d.stop()


def test_signed_calls(work):
    """vnmcd connects and signs."""
    http = free_port()
    with Router("127.0.6.1") as r, Router("127.0.6.2") as other:
        sign(r.socket, "127.0.0.1", b"secret")
        sign(other.socket, "127.0.0.1", b"another")
        with Daemon(work, config(http, r.at, other.at, md5={"127.0.6.0/24": "secret"})) as d, \
                r.accept() as s:
            s.sendall(one(1))
            seen(d, 1)
            with contextlib.suppress(TimeoutError):
                other.accept(0.5).close()
                raise AssertionError("connected with another key")
            d.stop()
