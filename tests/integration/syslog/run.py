#!/usr/bin/env python3
"""Syslog from real senders to a live vnmcd: logger and rsyslog over UDP, TCP and TLS, a chain of
relays, framing at random, floods, and 8,000 connections.

    VNMCD=build/vnmcd tests/integration/syslog/run.py [NAME...]

Traffic stays on the loopback interface. Ends with `N passed, N failed, N skipped`.
"""
import pathlib
import random
import resource
import shutil
import socket
import ssl
import subprocess
import sys
import tempfile
import time
import traceback

HERE = pathlib.Path(__file__).resolve().parent
sys.path[:0] = [str(HERE.parent / "live"), str(HERE.parents[1] / "lib")]
# pylint: disable=wrong-import-position
import pki
from desk import Daemon, Skipped, equal, free_port, listener, popen, sender, wait_for

COUNT = 2000  # messages that rsyslog forwards in each test
SENDERS = 8000


def config(*listeners, **more):
    return {"listeners": list(listeners), **more}


def syslog(port, transport="udp", **more):
    return listener(port, name=transport, decoder="syslog", transport=transport, at="127.0.0.1",
                    **more)


def logs(d):
    return d.records("log")


def program(name):
    found = shutil.which(name) or shutil.which(name, path="/usr/sbin:/sbin")
    if not found:
        raise Skipped("no %s" % name)
    return found


# ---- logger --------------------------------------------------------------------------------------

def logger(port, *arguments):
    subprocess.run([program("logger"), "-n", "127.0.0.1", "-P", str(port), *arguments], check=True)


def test_logger(work):
    """Both formats over UDP and TCP, both framings of TCP: what logger was told to send."""
    udp, tcp = free_port(), free_port()
    host = socket.gethostname()
    with Daemon(work, config(syslog(udp), syslog(tcp, "tcp"))) as d:
        for port, transport in ((udp, ("-d",)), (tcp, ("-T",)), (tcp, ("-T", "--octet-count"))):
            logger(port, *transport, "--rfc3164", "-t", "vnfd", "-p", "local4.notice", "plain")
            logger(port, *transport, "--rfc5424", "-t", "vnfd", "-p", "daemon.err", "--msgid",
                   "LINK", "--sd-id", "x@32473", "--sd-param", 'k="v\\"\\]"', "with data")
        wait_for(lambda: len(logs(d)) == 6, "six records")
        found = logs(d)
        for r in found[0::2]:
            equal((r["format"], r["facility"], r["severity"], r["app_name"], r["message"]),
                  ("rfc3164", 20, 5, "vnfd", "plain"), "RFC 3164")
        for r in found[1::2]:
            equal((r["format"], r["facility"], r["severity"], r["msg_id"], r["message"]),
                  ("rfc5424", 3, 3, "LINK", "with data"), "RFC 5424")
            equal(r["structured_data"]["x@32473"], {"k": 'v"]'}, "structured data")
        equal({r["hostname"] for r in found}, {host}, "hostname")
        equal([r["transport"] for r in found], ["udp"] * 2 + ["tcp"] * 4, "transports")
        for r in found:  # sent now: logger's local time is in some zone
            assert abs(r["event_ns"] - r["observed_ns"]) < 60 * 10**9, r
        equal({tuple(r.get("marks", ())) for r in found}, {()}, "marks")
        equal(d.stop()["ok"], 6, "ok")


# ---- rsyslog -------------------------------------------------------------------------------------

class Rsyslog:
    """One rsyslogd that forwards what comes to a TCP port by an action of the caller's."""

    def __init__(self, work, action, name="rsyslog", more="", source="imptcp"):
        self.port = free_port()
        self.log = work / (name + ".log")
        spool = work / (name + ".d")
        spool.mkdir()
        conf = work / (name + ".conf")
        conf.write_text(f"""
global(workDirectory="{spool}" {more})
module(load="{source}")
input(type="{source}" address="127.0.0.1" port="{self.port}")
{action}
""")
        with open(self.log, "wb") as log:
            self.child = popen([program("rsyslogd"), "-n", "-f", str(conf), "-i",
                                str(work / (name + ".pid"))], stdout=log, stderr=log)

    def __enter__(self):
        wait_for(self.listens, "rsyslogd listens: " + self.log.read_text(errors="replace"))
        return self

    def __exit__(self, *_):
        self.child.terminate()
        try:
            self.child.wait(10)
        except subprocess.TimeoutExpired:
            self.child.kill()
            self.child.wait()

    def listens(self):
        try:
            sender("tcp", self.port).close()
            return True
        except OSError:
            assert self.child.poll() is None, self.log.read_text(errors="replace")
            return False

    def feed(self, lines):
        with sender("tcp", self.port) as s:
            s.sendall("".join(line + "\n" for line in lines).encode())


def forward(port, template="RSYSLOG_SyslogProtocol23Format", protocol="tcp", **more):
    options = " ".join('%s="%s"' % item for item in more.items())
    return (f'action(type="omfwd" target="127.0.0.1" port="{port}" protocol="{protocol}" '
            f'template="{template}" {options})')


def messages(count=COUNT):
    return ["<%d>1 2026-11-22T20:00:%02d.%06dZ dev-%d.example.net app%d %d ID%d [m@1 i=\"%d\"] "
            "message number %d of many" % (i % 192, i % 60, i, i % 50, i % 7, i, i, i, i)
            for i in range(count)]


def check_forwarded(d, count=COUNT, **same):
    """Each of messages() came once, as it was."""
    wait_for(lambda: len(logs(d)) >= count, "all messages", 40)
    found = {int(r["proc_id"]): r for r in logs(d)}
    equal(len(logs(d)), count, "records")
    equal(sorted(found), list(range(count)), "numbers")
    for i, r in found.items():
        equal((r["priority"], r["hostname"], r["app_name"], r["msg_id"]),
              (i % 192, "dev-%d.example.net" % (i % 50), "app%d" % (i % 7), "ID%d" % i),
              "header of %d" % i)
        equal(r["message"], "message number %d of many" % i, "text")
        equal(r["structured_data"], {"m@1": {"i": str(i)}}, "structured data")
        equal(r["event_ns"] % 10**9, i * 1000, "fraction of a second")
        for key, value in same.items():
            equal(r.get(key), value, key)


def test_rsyslog_octets(work):
    port = free_port()
    with Daemon(work, config(syslog(port, "tcp"))) as d, Rsyslog(
            work, forward(port, TCP_Framing="octet-counted")) as rs:
        rs.feed(messages())
        check_forwarded(d, transport="tcp")
        equal(d.stop()["ok"], COUNT, "ok")


def test_rsyslog_lines(work):
    port = free_port()
    with Daemon(work, config(syslog(port, "tcp"))) as d, Rsyslog(
            work, forward(port, TCP_Framing="traditional")) as rs:
        rs.feed(messages())
        check_forwarded(d, transport="tcp")


def test_rsyslog_udp(work):
    port = free_port()
    with Daemon(work, config(syslog(port, rcvbuf="32M"))) as d, Rsyslog(
            work, forward(port, protocol="udp")) as rs:
        rs.feed(messages())
        check_forwarded(d, transport="udp")


def test_rsyslog_old_format(work):
    """RFC 3164 out of rsyslog: names and texts as they were, and no structured data."""
    port = free_port()
    with Daemon(work, config(syslog(port, "tcp"))) as d, Rsyslog(
            work, forward(port, "RSYSLOG_TraditionalForwardFormat")) as rs:
        rs.feed(messages(200))
        wait_for(lambda: len(logs(d)) == 200, "all messages")
        for i, r in enumerate(logs(d)):
            equal((r["format"], r["priority"], r["app_name"], r["proc_id"], r["message"]),
                  ("rfc3164", i % 192, "app%d" % (i % 7), str(i), "message number %d of many" % i),
                  "message %d" % i)


def test_relays(work):
    """Two rsyslogs, one behind the other: who wrote it stays who wrote it."""
    port = free_port()
    with Daemon(work, config(syslog(port, "tcp"))) as d, Rsyslog(
            work, forward(port, TCP_Framing="octet-counted"), "second") as second, Rsyslog(
                work, forward(second.port, TCP_Framing="octet-counted"), "first") as first:
        first.feed(messages())
        check_forwarded(d)


def secure(work, driver):
    """RFC 5425: rsyslog with a certificate of its own against a vnmcd that demands one."""
    ca = pki.Authority(str(work))
    server = ca.sign("server", alternatives="DNS:collector.example.net,IP:127.0.0.1")
    device = ca.sign("device", alternatives="DNS:dev.example.net")
    port = free_port()
    files = (f'defaultNetstreamDriverCAFile="{ca.cert}" defaultNetstreamDriverCertFile="{device}" '
             f'defaultNetstreamDriverKeyFile="{device}"')
    action = forward(port, TCP_Framing="octet-counted", StreamDriver=driver, StreamDriverMode="1",
                     StreamDriverAuthMode="x509/name",
                     StreamDriverPermittedPeers="collector.example.net")
    conf = config(syslog(port, "tls", tls_cert=str(server), tls_ca=str(ca.cert),
                         tls_verify="required"))
    with Daemon(work, conf) as d, Rsyslog(work, action, more=files) as rs:
        rs.feed(messages())
        check_forwarded(d, transport="tls", cert_name="dev.example.net")
        # Who has no certificate is not let in, and says nothing to the log.
        context = ssl.create_default_context(cafile=str(ca.cert))
        context.check_hostname = False
        try:
            with context.wrap_socket(sender("tcp", port)) as s:
                s.sendall(b"5 <13>x")
                s.recv(1)
        except (ssl.SSLError, OSError):
            pass
        books = d.stop()
        equal(books["ok"], COUNT, "ok")
        equal(books["connections"].get("tls-certificate"), 1, "without a certificate")


def test_rsyslog_tls_gnutls(work):
    if not list(pathlib.Path("/usr/lib").glob("*/rsyslog/lmnsd_gtls.so")):
        raise Skipped("no rsyslog-gnutls")
    secure(work, "gtls")


def test_rsyslog_tls_openssl(work):
    if not list(pathlib.Path("/usr/lib").glob("*/rsyslog/lmnsd_ossl.so")):
        raise Skipped("no rsyslog-openssl")
    secure(work, "ossl")


# ---- framing -------------------------------------------------------------------------------------

def test_frames_at_random(work):
    """Every message in a framing of its own, in pieces of any size: none is lost or joined."""
    port, chance = free_port(), random.Random(11)
    texts, stream = [], b""
    for i in range(3000):
        text = "text %d %s" % (i, "x" * chance.choice((0, 1, 10, 300, 2000)))
        how = chance.choice(("octet", "lf", "crlf", "nul", "octet+lf", "inner"))
        if how == "inner":
            text += "\n<13>not a message\0 12 <13>nor this"
        body = ("<13>1 - h a - - - " + text).encode()
        tail = {"lf": b"\n", "crlf": b"\r\n", "nul": b"\0"}.get(how)
        stream += body + tail if tail else b"%d %s" % (len(body), body)
        stream += b"\n" if how == "octet+lf" else b""
        texts.append(text)
    with Daemon(work, config(syslog(port, "tcp"))) as d, sender("tcp", port) as s:
        s.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        at = 0
        while at < len(stream):
            n = chance.choice((1, 2, 5, 50, 700, 5000, 70000))
            s.sendall(stream[at:at + n])
            at += n
        wait_for(lambda: len(logs(d)) == len(texts), "all messages")
        equal([r["message"] for r in logs(d)], texts, "texts")
        for r in logs(d):
            equal(r.get("marks", []), ["nul"] if "\0" in r["message"] else [], "marks")


def test_bad_frames(work):
    """A huge count, an endless line, a sender that stops: each costs itself only."""
    port = free_port()
    limit = 1 << 18
    with Daemon(work, config(syslog(port, "tcp"))) as d, sender("tcp", port) as other:
        with sender("tcp", port) as s:
            s.sendall(b"99999999 <13>1 - h a - - - count\n<13>1 - h a - - - then\n")
            s.sendall(b"<13>1 - h a - - - " + b"x" * (2 * limit) + b"\n<13>1 - h a - - - last")
        other.sendall(b"<13>1 - h a - - - other\n")
        with sender("tcp", port) as s:
            s.sendall(b"200 <13>1 - h a - - - stopped in its middle")
        wait_for(lambda: len(logs(d)) == 8, "all that came")
        found = {r["message"]: r.get("marks", []) for r in logs(d)}
        long = [m for m in found if len(m) > 1000]
        equal(sum(m.count("x") for m in found if set(m) <= {"x"} or len(m) > 1000), 2 * limit,
              "octets of the endless line")
        equal(len(long), 2, "parts of the endless line")
        equal({m: marks for m, marks in found.items() if len(m) < 30 and "x" not in m},
              {"count": ["bad-count"], "then": [], "last": ["cut"], "other": [],
               "stopped in its middle": ["cut"]}, "marks")
        books = d.stop()
        equal(books["ok"], 8, "ok")


def test_endless_senders(work):
    """Lines without an end from many at once: memory stays within a bound, nobody else waits."""
    port = free_port()
    with Daemon(work, config(syslog(port, "tcp"))) as d:
        senders = [sender("tcp", port) for _ in range(50)]
        for s in senders:
            s.sendall(b"<13>1 - h a - - - " + b"y" * 200000)
        with sender("tcp", port) as s:
            s.sendall(b"<13>1 - h a - - - quick\n")
        wait_for(lambda: any(r["message"] == "quick" for r in logs(d)), "the one with an end")
        status = pathlib.Path("/proc/%d/status" % d.child.pid).read_text()
        kib = int(status.split("VmRSS:")[1].split()[0])
        assert kib < 200 * 1024, "%d KiB resident" % kib
        for s in senders:
            s.close()
        wait_for(lambda: len(logs(d)) == 51, "what they had sent")


# ---- many -----------------------------------------------------------------------------------------

def test_8000_senders(work):
    """8,000 connections to one worker, each sends three messages, in turns."""
    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    if hard < SENDERS + 1000:
        raise Skipped("only %d descriptors are allowed" % hard)
    resource.setrlimit(resource.RLIMIT_NOFILE, (hard, hard))
    port = free_port()
    try:
        with Daemon(work, config(syslog(port, "tcp", connections=SENDERS))) as d:
            senders = []
            for i in range(SENDERS):
                s = socket.socket()
                s.bind(("127.0.0.%d" % (1 + i % 8), 0))
                s.connect(("127.0.0.1", port))
                senders.append(s)
            for turn in range(3):
                for i, s in enumerate(senders):
                    text = b"<13>1 - h%d a %d - - turn %d" % (i, i, turn)
                    s.sendall(text + b"\n" if i % 2 else b"%d %s" % (len(text), text))
            for s in senders:
                s.close()
            wait_for(lambda: d.out.exists() and d.out.read_bytes().count(b"\n") >= 3 * SENDERS,
                     "all messages", 60)
            found = sorted((int(r["proc_id"]), r["message"]) for r in logs(d))
            equal(found, sorted((i, "turn %d" % t) for i in range(SENDERS) for t in range(3)),
                  "messages")
            books = d.stop()
            equal((books["ok"], books["connections"]), (3 * SENDERS, {}), "ok, failed connections")
    finally:
        resource.setrlimit(resource.RLIMIT_NOFILE, (soft, hard))


def test_floods_and_reload(work):
    """Duplicates and a flood are held back, counted and told; a reload applies other options."""
    port = free_port()
    conf = config(syslog(port), logs={"duplicates": "1m", "rate": 50, "burst": 100,
                                      "templates": True})
    with Daemon(work, conf) as d, sender("udp", port) as s:
        for _ in range(5):
            s.send(b"<13>1 - h a - - - the same again")
        for i in range(300):
            s.send(b"<13>1 - h a - - - flood %d" % i)
        wait_for(lambda: d.records("visibility"), "what was lost is told")
        lost = sum(r["lost"] for r in d.records("visibility") if r["cause"] == "rate-limit")
        found = logs(d)
        repeated = [r for r in found if r.get("repeat_count") == 4]
        equal([r["message"] for r in repeated], ["the same again"], "repeated")
        equal(len(found) - 1 + 4 + lost, 305, "each message is told")
        assert 150 <= lost <= 201, lost
        equal({t["template"] for t in d.records("log_template")},
              {"the same again", "flood <*>"}, "templates")
        d.configure(config(syslog(port)))
        d.reload()
        before = len(logs(d))
        for i in range(300):
            s.send(b"<13>1 - h a - - - flood %d" % i)
        wait_for(lambda: len(logs(d)) == before + 300, "no limit")
        equal("template_id" in logs(d)[-1], False, "no template")
        books = d.stop()
        equal(books["reasons"], {"duplicate": 4, "rate-limit": lost}, "reasons")


def tests(names):
    for name, function in list(globals().items()):
        if name.startswith("test_") and (not names or name[5:] in names or name in names):
            yield name[5:].replace("_", " "), function


def main():
    count = {"ok": 0, "FAIL": 0, "skipped": 0}
    for name, function in tests(sys.argv[1:]):
        begun, why, verdict = time.monotonic(), "", "ok"
        with tempfile.TemporaryDirectory(prefix="vnmcd-syslog-") as work:
            try:
                function(pathlib.Path(work))
            except Skipped as e:
                verdict, why = "skipped", ": %s" % e
            except Exception:  # pylint: disable=broad-except
                verdict, why = "FAIL", ": " + traceback.format_exc(limit=-4)
        count[verdict] += 1
        print("%s syslog: %s (%.1f s)%s" % (verdict, name, time.monotonic() - begun, why),
              flush=True)
    print("%(ok)d passed, %(FAIL)d failed, %(skipped)d skipped" % count)
    return count["FAIL"] != 0


if __name__ == "__main__":
    sys.exit(main())
