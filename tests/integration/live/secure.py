"""Streams over TLS: who is let in, what is read, and what is counted of those who are not."""

import contextlib
import json
import shutil
import socket
import ssl
import struct
import subprocess
import sys
import tempfile
import threading
import time

import handed_over
from desk import (PATIENCE, TOP, VNMCD, Daemon, Skipped, equal, flow, free_port, get, holds,
                  ipfix_set, listener, message, popen, sender, template, wait_for)

sys.path.insert(0, str(TOP / "tests" / "lib"))
import pki

NAME = "collector.example.net"
_made = threading.Lock()
_keys = {}


def keys(work):
    """One authority for all tests, since keys take time."""
    if shutil.which("openssl") is None:
        raise Skipped("no openssl")
    with _made:
        if not _keys:
            place = _keys["place"] = tempfile.TemporaryDirectory(prefix="vnmcd-pki-")
            ca, other = pki.Authority(place.name), pki.Authority(place.name, "other-ca")
            _keys.update(
                ca=ca.cert, other_ca=other.cert,
                server=ca.sign("server", alternatives=f"DNS:{NAME},IP:127.0.0.1"),
                second=ca.sign("second", alternatives=f"DNS:{NAME}"),
                router=ca.sign("router", alternatives="DNS:r1.pop.example.net"),
                plain=ca.sign("plain", subject="/O=lab/CN=r2.pop.example.net"),
                expired=ca.sign("expired", alternatives="DNS:r3.pop.example.net", days=-1),
                stranger=other.sign("stranger", alternatives="DNS:r1.pop.example.net"),
                alone=pki.self_signed(place.name, "alone"))
    return _keys


def config(k, port, http=None, **more):
    conf = {"listeners": [listener(port, transport="tls", tls_cert=str(k["server"]), **more)]}
    if http is not None:
        conf["http"] = {"listen": f"127.0.0.1:{http}"}
    return conf


def context(k, cert=None, version=None):
    c = ssl.create_default_context(cafile=str(k["ca"]))
    if cert is not None:
        c.load_cert_chain(str(k[cert]))
    if version is not None:
        c.minimum_version = c.maximum_version = version
    return c


def dial(k, port, cert=None, version=None):
    return context(k, cert, version).wrap_socket(sender("tcp", port), server_hostname=NAME)


def values(d):
    return sorted(r["octets"] for r in d.records("flow"))


def failures(http):
    """Connections that failed, by reason."""
    found = {}
    for line in get(http, "/metrics")[2].splitlines():
        if line.startswith("vnmcd_connections_failed_total{"):
            found[line.split('"')[1]] = int(line.rsplit(" ", 1)[1])
    return {reason: n for reason, n in found.items() if n}


def wait_failures(http, wanted):
    wait_for(lambda: failures(http) == wanted, f"failures {wanted}, not {failures(http)}")


def is_refused(k, port, cert=None):
    """TLS 1.3 tells a client only after its handshake that it is not welcome."""
    try:
        with dial(k, port, cert) as s:
            s.sendall(message(0, template(256)))
            return s.recv(1) == b""
    except (ssl.SSLError, ConnectionError):
        return True


def test_messages_split_anywhere(work):
    k, port = keys(work), free_port()
    stream = message(0, template(256)) + b"".join(
        message(i, ipfix_set(256, flow(octets=1000 + i))) for i in range(300))
    with Daemon(work, config(k, port)) as d:
        for version in (ssl.TLSVersion.TLSv1_2, ssl.TLSVersion.TLSv1_3):
            with dial(k, port, version=version) as s:
                at = 0
                for n in (1, 2, 3, 15, 17, 60, 2000) * len(stream):
                    s.sendall(stream[at:at + n])
                    at += n
                    if at >= len(stream):
                        break
                s.unwrap()
        wait_for(lambda: len(values(d)) == 600, "all records")
        equal(values(d), sorted([1000 + i for i in range(300)] * 2), "octets")
        equal({r["transport"] for r in d.records()}, {"tls"}, "transport")
        equal({"cert_name" in r for r in d.records()}, {False}, "nobody showed a certificate")
        books = d.stop()
        equal((books["ok"], books["connections"]), (602, {}), "ok, failed connections")


def test_large_writes(work):
    """Many TLS records at once, so that one read leaves some in OpenSSL's own buffer."""
    k, port = keys(work), free_port()
    count = 3000
    stream = message(0, template(256)) + b"".join(
        message(i, ipfix_set(256, *[flow(octets=i)] * 20)) for i in range(count))
    with Daemon(work, config(k, port)) as d, dial(k, port) as s:
        s.sendall(stream)
        wait_for(lambda: len(values(d)) == 20 * count, "all records", 2 * PATIENCE)
        equal(sum(values(d)), 20 * sum(range(count)), "octets")
        equal(d.stop()["ok"], count + 1, "ok")


def test_who_is_let_in(work):
    """Every rule against every client: the name that a record has, or the reason."""
    k = keys(work)
    print_of = pki.fingerprint(k["alone"])
    ca = {"tls_ca": str(k["ca"])}
    certificate, name = "tls-certificate", "tls-name"
    r1, r2 = "r1.pop.example.net", "r2.pop.example.net"
    rules = [  # options; what comes of: nobody, router, plain, stranger, expired, alone
        ({}, (None,) * 6),
        ({**ca, "tls_verify": "none"}, (None,) * 6),
        (ca, (certificate, r1, r2, certificate, certificate, certificate)),
        ({**ca, "tls_verify": "optional"}, (None, r1, r2, certificate, certificate, certificate)),
        ({**ca, "tls_names": [r1]}, (certificate, r1, name, certificate, certificate, certificate)),
        ({**ca, "tls_names": ["*.pop.example.net"]},
         (certificate, r1, r2, certificate, certificate, certificate)),
        ({**ca, "tls_names": ["*.example.net"]},
         (certificate, name, name, certificate, certificate, certificate)),
        ({"tls_names": [f"sha-256:{print_of}"]},
         (certificate, certificate, certificate, certificate, certificate, "alone")),
        ({**ca, "tls_names": [r2, f"SHA-1:{pki.fingerprint(k['alone'], 'sha1')}"]},
         (certificate, name, r2, certificate, certificate, "alone")),
    ]
    clients = (None, "router", "plain", "stranger", "expired", "alone")
    ports = [free_port() for _ in rules]
    http = free_port()
    conf = {"http": {"listen": f"127.0.0.1:{http}"}, "listeners": [
        listener(p, f"l{i}", transport="tls", tls_cert=str(k["server"]), **options)
        for i, (p, (options, _)) in enumerate(zip(ports, rules))]}
    with Daemon(work, conf) as d:
        wanted, seen = {}, []
        for i, (options, results) in enumerate(rules):
            for client, result in zip(clients, results):
                what = f"{client} where {options}"
                octets = 1000 * i + 10 * clients.index(client) + 1
                if result in (certificate, name):
                    assert is_refused(k, ports[i], client), f"not refused: {what}"
                    wanted[result] = wanted.get(result, 0) + 1
                    continue
                with dial(k, ports[i], client) as s:
                    s.sendall(message(0, template(256), ipfix_set(256, flow(octets=octets))))
                    s.unwrap()
                seen.append((octets, result))
        wait_for(lambda: failures(http) == wanted, f"failures {wanted}")
        wait_for(lambda: len(d.records("flow")) == len(seen), "all records")
        equal(sorted((r["octets"], r.get("cert_name") or "") for r in d.records("flow")),
              sorted((octets, name or "") for octets, name in seen), "names in records")
        equal(d.stop()["connections"], wanted, "reasons in the books")
        assert d.log().count("no TLS with") <= len(rules), "a line for each"


def test_what_is_no_tls(work):
    """Garbage, a client of a version that is too old, one that leaves in the middle of it."""
    k, port, http = keys(work), free_port(), free_port()
    with Daemon(work, config(k, port, http, tls_min="1.3")) as d:
        garbage = (b"\0" * 100, b"GET / HTTP/1.0\r\n\r\n", b"<34>1 - - - - - - plain syslog\n",
                   message(0, template(256)), b"\x16\x03\x01\x40\x00" + b"x" * 0x4000,
                   b"\x16\x03\x01\x00\x05\x01\x00\x00\x01\x00", b"\x80\x2e\x01\x03\x01" + b"s" * 50)
        for octets in garbage:
            with sender("tcp", port) as s, contextlib.suppress(ConnectionError):
                s.sendall(octets)
                s.shutdown(socket.SHUT_WR)
                while s.recv(100):
                    pass
        wait_failures(http, {"tls-handshake": len(garbage)})
        try:
            dial(k, port, version=ssl.TLSVersion.TLSv1_2)
            raise AssertionError("TLS 1.2 where 1.3 is the least")
        except (ssl.SSLError, ConnectionError):
            pass
        wait_failures(http, {"tls-handshake": len(garbage) + 1})
        hello = client_hello(k)
        for n in (0, 1, 5, 6, 50, len(hello) - 1, len(hello)):
            with sender("tcp", port) as s:
                s.sendall(hello[:n])
                if n % 2:  # with a reset
                    s.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
        wait_failures(http, {"tls-handshake": len(garbage) + 8})
        with dial(k, port) as s:
            s.sendall(message(0, template(256), ipfix_set(256, flow())))
            wait_for(lambda: len(values(d)) == 1, "a record")
        books = d.stop()
        equal((books["messages"], books["ok"]), (1, 1), "messages, ok")


def client_hello(k):
    into, out = ssl.MemoryBIO(), ssl.MemoryBIO()
    with contextlib.suppress(ssl.SSLWantReadError):
        context(k).wrap_bio(into, out, server_hostname=NAME).do_handshake()
    return out.read()


def test_half_handshakes(work):
    """As many as `handshakes` allows hold up the next one, but only until their time is over."""
    k, port, http = keys(work), free_port(), free_port()
    with Daemon(work, config(k, port, http, handshakes=5, handshake_timeout="1s")) as d:
        hello = client_hello(k)
        with contextlib.ExitStack() as stack:
            for i in range(5):
                s = stack.enter_context(sender("tcp", port))
                s.sendall(hello[:10 * i])
            begun = time.monotonic()
            with dial(k, port) as s:
                waited = time.monotonic() - begun
                s.sendall(message(0, template(256), ipfix_set(256, flow())))
                wait_for(lambda: len(values(d)) == 1, "a record")
                s.unwrap()
            assert 0.5 < waited < 5, f"the next one had to wait {waited} s"
            wait_failures(http, {"handshake-timeout": 5})
        d.stop()


def test_ends(work):
    """All that came before the end is read, whatever the end is."""
    k, port, http = keys(work), free_port(), free_port()
    one = message(0, template(256), ipfix_set(256, *[flow()] * 50)) + \
        b"".join(message(i, ipfix_set(256, *[flow()] * 50)) for i in range(19))
    with Daemon(work, config(k, port, http)) as d:
        def stream():
            s = dial(k, port)
            s.sendall(one)
            return s
        with stream() as s:
            s.unwrap()  # close_notify, and only then FIN
        wait_for(lambda: len(values(d)) == 1000, "records before close_notify")
        equal(failures(http), {}, "failures")
        with stream() as s:
            pass  # only FIN
        wait_for(lambda: len(values(d)) == 2000, "records before FIN")
        wait_failures(http, {"tls-truncated": 1})
        with stream() as s:
            wait_for(lambda: len(values(d)) == 3000, "records before a reset")
            s.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
        wait_failures(http, {"tls-truncated": 2})
        with stream() as s:
            raw = socket.socket(fileno=s.detach())
            with raw:
                raw.sendall(b"\x17\x03\x03\x00\x20" + b"\0" * 32)  # a record of nobody
                wait_for(lambda: len(values(d)) == 4000, "records before a false one")
                with contextlib.suppress(ConnectionError):
                    while raw.recv(100):
                        pass
        wait_failures(http, {"tls-truncated": 2, "tls-record": 1})
        equal(d.stop()["ok"], 80, "messages that are ok")


def test_renegotiation(work):
    """openssl s_client asks for it with a line that begins with R: the session goes on or ends,
    what was sent before is read, and nothing else is disturbed."""
    k, port, http = keys(work), free_port(), free_port()
    with Daemon(work, config(k, port, http)) as d:
        with dial(k, port) as other:
            other.sendall(message(0, template(256), ipfix_set(256, flow(octets=1))))
            child = popen(["openssl", "s_client", "-tls1_2", "-connect", f"127.0.0.1:{port}",
                           "-CAfile", str(k["ca"])], stdin=subprocess.PIPE,
                          stdout=subprocess.PIPE, stderr=subprocess.STDOUT)
            child.stdin.write(message(0, template(256), ipfix_set(256, flow(octets=2))))
            child.stdin.flush()
            wait_for(lambda: values(d) == [1, 2], "both records")
            child.stdin.write(b"R\n")
            child.stdin.flush()
            time.sleep(0.5)
            child.stdin.close()
            holds(child.stdout.read().decode(errors="replace").lower(), "renegotiat")
            child.wait(PATIENCE)
            other.sendall(message(1, ipfix_set(256, flow(octets=3))))
            wait_for(lambda: values(d) == [1, 2, 3], "the other one goes on")
        d.stop()


def test_openssl_sends(work):
    k, port = keys(work), free_port()
    with Daemon(work, config(k, port, tls_ca=str(k["ca"]))) as d:
        run = subprocess.run(
            ["openssl", "s_client", "-quiet", "-no_ign_eof", "-connect", f"127.0.0.1:{port}",
             "-CAfile", str(k["ca"]), "-verify_return_error", "-cert", str(k["router"]),
             "-key", str(k["router"])],
            input=message(0, template(256), ipfix_set(256, flow(octets=77))),
            capture_output=True, timeout=PATIENCE, check=False)
        equal(run.returncode, 0, f"openssl s_client: {run.stderr.decode()}")
        wait_for(lambda: values(d) == [77], "a record")
        equal({r["cert_name"] for r in d.records("flow")}, {"r1.pop.example.net"}, "name")
        d.stop()


def served(k, port):
    """The certificate that a new connection gets."""
    with dial(k, port, "router") as s:
        return s.getpeercert()["serialNumber"]


def test_new_keys(work):
    """A reload reads certificates again; connections that are there go on with the old ones."""
    k, port = keys(work), free_port()
    mine, ca = work / "mine.pem", work / "ca.pem"
    shutil.copy(k["server"], mine)
    shutil.copy(k["ca"], ca)
    with Daemon(work, config({"server": mine}, port, tls_ca=str(ca))) as d, \
            dial(k, port, "router") as old:
        old.sendall(message(0, template(256), ipfix_set(256, flow(octets=1))))
        first = served(k, port)
        shutil.copy(k["second"], mine)
        equal(served(k, port), first, "the certificate before the reload")
        d.reload()
        second = served(k, port)
        assert second != first, "the same certificate"
        mine.write_text("rubbish")
        d.reload("the old one stays")
        holds(d.log(), "tls_cert", str(mine))
        equal(served(k, port), second, "the certificate after a bad one")
        shutil.copy(k["second"], mine)
        shutil.copy(k["other_ca"], ca)
        d.reload()
        assert is_refused(k, port, "router"), "a client of the CA of before"
        old.sendall(message(1, ipfix_set(256, flow(octets=2))))
        wait_for(lambda: values(d) == [1, 2], "the old connection goes on")
        d.stop()


def test_workers(work):
    k, port = keys(work), free_port()
    with Daemon(work, {**config(k, port, tls_ca=str(k["ca"])), "workers": 3}) as d:
        for i in range(30):
            with context(k, "router").wrap_socket(
                    sender("tcp", port, source=f"127.0.1.{i + 1}"), server_hostname=NAME) as s:
                s.sendall(message(0, template(256), ipfix_set(256, flow(octets=i))))
                s.unwrap()
        wait_for(lambda: values(d) == list(range(30)), "all records")
        assert len({r["worker"] for r in d.records("flow")}) > 1, "one worker did it all"
        equal(d.stop()["connections"], {}, "failures")


def test_back_pressure(work):
    """Without room nothing is read and nothing is lost: what OpenSSL has read, too."""
    k, port, http = keys(work), free_port(), free_port()
    conf = config(k, port, http) | {"flush_timeout": "1s", "outputs": [
        {"name": "k", "type": "kafka", "brokers": f"127.0.0.1:{free_port()}",
         "message_timeout": "60s", "librdkafka": {"queue.buffering.max.messages": 3000}}]}
    with Daemon(work, conf) as d, dial(k, port) as s:
        s.settimeout(1)
        s.sendall(message(0, template(256)))
        one = message(1, ipfix_set(256, *([flow()] * 10)))
        with contextlib.suppress(TimeoutError):
            for _ in range(100000):
                s.sendall(one)
            raise AssertionError("all of it was taken without a pause")
        text = get(http, "/metrics")[2]
        holds(text, "vnmcd_connections_paused 1\n", 'vnmcd_output_drops_total{output="k",'
              'reason="queue-full"} 0\n')
        d.stop()


def test_wrong_keys(work):
    """-t tells the option, the file and the reason."""
    k = keys(work)
    locked, mixed = work / "locked.pem", work / "mixed.pem"
    subprocess.run(["openssl", "pkey", "-in", str(k["server"]), "-aes256", "-passout", "pass:x",
                    "-out", str(locked)], check=True)
    mixed.write_text(k["server"].read_text().split("-----BEGIN PRIVATE")[0] +
                     "-----BEGIN PRIVATE" + k["router"].read_text().split("-----BEGIN PRIVATE")[1])
    server, ca = str(k["server"]), str(k["ca"])
    wrong = [
        ({"tls_cert": str(work / "none.pem")}, "none.pem: No such file"),
        ({"tls_cert": ca}, "`tls_cert`: " + ca),  # without a key
        ({"tls_cert": server, "tls_key": str(locked)}, f"{locked}: the key is encrypted"),
        ({"tls_cert": str(mixed)}, "values mismatch"),
        ({"tls_cert": server, "tls_ca": str(locked)}, f"`tls_ca`: {locked}:"),
        ({"tls_cert": server, "tls_min": "1.1"}, "none of: 1.2, 1.3"),
        ({"tls_cert": server, "tls_verify": "maybe"}, "none of: none, optional, required"),
        ({"tls_cert": server, "tls_verify": "required"}, "`tls_ca` is needed"),
        ({"tls_cert": server, "tls_names": ["r1"]}, "`tls_ca` is needed"),
        ({"tls_cert": server, "tls_names": ["sha-256:00:11"]}, "not a fingerprint of 32 octets"),
        ({"tls_cert": server, "tls_ca": ca, "tls_names": ["r*.net"]}, "neither a name"),
        ({"tls_cert": server, "tls_ciphers": "NONSENSE"}, "`tls_ciphers`: NONSENSE"),
        ({"tls_cert": server, "tls_ciphersuites": "NONSENSE"}, "`tls_ciphersuites`"),
        ({"tls_cert": server, "handshake_timeout": "3"}, "`handshake_timeout`"),
    ]
    right = [{"tls_cert": server}, {"tls_cert": server, "tls_key": server, "tls_ca": ca},
             {"tls_cert": server, "tls_ca": ca, "tls_verify": "optional", "tls_min": "1.3",
              "tls_ciphers": "ECDHE+AESGCM", "tls_ciphersuites": "TLS_AES_128_GCM_SHA256",
              "tls_names": ["*.example.net", "10.0.0.1", "SHA256:" + "ab" * 32]}]
    file = work / "check.yaml"
    for options, text in wrong + [(options, None) for options in right]:
        file.write_text(json.dumps({"listeners": [
            {"name": "a", "decoder": "flow", "listen": "tls:[::]:4739", **options}]}))
        run = subprocess.run([VNMCD, "-t", "-c", str(file)], capture_output=True, text=True,
                             timeout=PATIENCE, check=False, stdin=subprocess.DEVNULL)
        equal(run.returncode, 78 if text else 0, f"exit code for {options}: {run.stderr}")
        holds(run.stderr, text or "")


def test_a_socket_that_is_handed_over(work):
    """As systemd does it: TLS is what the listener makes of a socket."""
    k, port = keys(work), free_port()
    with handed_over.handed(work, config(k, free_port()), f"in=tcp:127.0.0.1:{port}") as d:
        with dial(k, port) as s:
            s.sendall(message(0, template(256), ipfix_set(256, flow(octets=5))))
            s.unwrap()
        wait_for(lambda: values(d) == [5], "a record")
        equal({r["transport"] for r in d.records()}, {"tls"}, "transport")
        d.stop()
