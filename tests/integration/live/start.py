"""Starting: what the operator is told, the exit code, the user that vnmcd becomes."""

import os
import pwd
import re
import socket
import subprocess

from desk import (LAYOUT, VNMCD, Daemon, Skipped, equal, flow, free_port, holds, ipfix_set,
                  listener, message, popen, sender, template, wait_for)

CONFIG_ERROR = 78


def refused(work, conf, *parts, argv=None):
    with Daemon(work, conf, wait=False, argv=argv) as d:
        text = d.wait(CONFIG_ERROR)
        holds(text, *parts)
        assert "ready:" not in text, text
        return text


def test_ready(work):
    with Daemon(work, {"listeners": [listener(free_port())]}) as d:
        holds(d.log(), "1 listener(s), 1 worker(s)")
        equal(d.stop()["messages"], 0, "messages")


def test_udp_port_in_use(work):
    port = free_port()
    with socket.socket(socket.AF_INET6, socket.SOCK_DGRAM) as s:
        s.bind(("::", port))
        refused(work, {"listeners": [listener(port, name="edge")]}, "listener edge",
                f"udp port {port}", "is in use", "ss -ulpn", str(port))


def test_tcp_port_in_use(work):
    port = free_port()
    with socket.socket(socket.AF_INET6, socket.SOCK_STREAM) as s:
        s.bind(("::", port))
        s.listen()
        refused(work, {"listeners": [listener(port, transport="tcp")]}, f"tcp port {port}",
                "is in use", "ss -tlpn")


def test_http_port_in_use(work):
    port = free_port()
    with socket.socket() as s:
        s.bind(("127.0.0.1", port))
        s.listen()
        refused(work, {"listeners": [listener(free_port())],
                       "http": {"listen": f"127.0.0.1:{port}"}},
                "http.listen", str(port), "choose another port", "ss -ltnp")


def test_port_of_another_vnmcd(work):
    """SO_REUSEPORT is for the workers of one vnmcd; a second one shall not take half of it."""
    port = free_port()
    for first, second in ((1, 2), (2, 1), (2, 2)):
        conf = {"listeners": [listener(port), listener(port, name="tcp", transport="tcp")]}
        with Daemon(work, {**conf, "workers": first}) as d:
            for one in conf["listeners"]:
                other = {"listeners": [one], "workers": second}
                with Daemon(work, other, name="second", wait=False) as o:
                    holds(o.wait(CONFIG_ERROR), "is in use")
            d.stop()


def test_all_errors_with_their_lines(work):
    conf = (f"colector: x\nlisteners:\n  - name: in\n    decoder: flow\n"
            f"    listen: \"udp:[::]:{free_port()}\"\n    rcvbuff: 4M\nworkers: many\n")
    text = refused(work, conf)
    name = re.escape(str(work / "vnmcd.yaml"))
    for line, unknown, nearest in ((1, "colector", "collector"), (6, "rcvbuff", "rcvbuf")):
        assert re.search(f"{name}:{line}: .*{unknown}.*{nearest}", text), text
    assert re.search(f"{name}:7: .*workers", text), text
    assert text.index(":1: ") < text.index(":6: ") < text.index(":7: "), text


def test_check_only(work):
    port = free_port()
    good, bad = work / "good.yaml", work / "bad.yaml"
    good.write_text(f"listeners: [ {{ name: in, decoder: flow, listen: \"udp:[::]:{port}\" }} ]\n")
    bad.write_text("workers: 1\n")
    with socket.socket(socket.AF_INET6, socket.SOCK_DGRAM) as s:
        s.bind(("::", port))  # it does not try to listen
        for conf, code in ((good, 0), (bad, CONFIG_ERROR)):
            child = popen([VNMCD, "-t", "-c", str(conf)], stderr=subprocess.PIPE, text=True)
            told = child.communicate(timeout=20)[1]
            equal(child.returncode, code, f"-t -c {conf.name}: {told}")
            equal(bool(told), code != 0, "whether it says something")


def test_topology_file_is_missing(work):
    refused(work, {"listeners": [listener(free_port())],
                   "topology": {"sources": [{"name": "inv", "path": str(work / "none.json")}]}},
            "none.json", "No such file")


def test_configuration_file_is_missing(work):
    refused(work, "", "none.yaml", "No such file", argv=[VNMCD, "-c", str(work / "none.yaml")])


def test_output_cannot_be_opened(work):
    refused(work, {"listeners": [listener(free_port())], "outputs": [
        {"name": "o", "type": "file", "path": str(work / "no" / "where")}]},
            "output o", "cannot open", "No such file")


def test_state_dir_cannot_be_used(work):
    (work / "file").write_text("")
    for path in ("/proc/vnmcd-state", str(work / "file"), str(work / "a" / "b")):
        refused(work, {"listeners": [listener(free_port())], "state_dir": path}, "state_dir", path)


def test_address_that_is_not_ours(work):
    refused(work, {"listeners": [listener(free_port(), at="192.0.2.1")]}, "192.0.2.1",
            "not an address of this host")


def test_user_that_is_not_there(work):
    refused(work, {"listeners": [listener(free_port())], "user": "no-such-user-here"},
            "no-such-user-here", "useradd")


def test_user(work):
    """Sockets, also HTTP's, are bound as root; files are the user's, so that they can be opened
    anew, and a state directory that was made for it can be written."""
    if os.getuid() != 0:
        raise Skipped("not root")
    try:
        nobody = pwd.getpwnam("nobody")
    except KeyError:
        raise Skipped("there is no user nobody") from None
    place = work / "records"
    place.mkdir()
    os.chown(place, nobody.pw_uid, nobody.pw_gid)
    port, out = free_port(), place / "out"
    conf = {"listeners": [listener(port)], "user": "nobody", "state_dir": str(work / "state"),
            "workers": 2, "outputs": [{"name": "out", "type": "file", "path": str(out)}]}
    with Daemon(work, conf) as d:
        for task in os.listdir(f"/proc/{d.child.pid}/task"):
            with open(f"/proc/{d.child.pid}/task/{task}/status", encoding="utf-8") as f:
                status = f.read()
            ids = re.findall(r"^(?:Uid|Gid):\s+(.*)$", status, re.M)
            equal([set(i.split()) for i in ids], [{str(nobody.pw_uid)}, {str(nobody.pw_gid)}],
                  "user and group of a thread")
            caps = re.search(r"^CapEff:\s+(\w+)$", status, re.M)
            equal(int(caps[1], 16), 0, "capabilities")
        with sender("udp", port) as s:
            s.send(message(0, template(256), ipfix_set(256, flow())))
            wait_for(out.read_text, "a record")
            wait_for(lambda: list((work / "state").glob("*.state")), "a state file")
            out.rename(place / "old")
            d.reload()
            s.send(message(1, ipfix_set(256, flow(LAYOUT))))
            wait_for(lambda: out.exists() and out.read_text(), "a record in the new file")
        equal(d.stop()["records"], {"flow": 2}, "records")
        for path in [out, work / "state", *(work / "state").iterdir()]:
            equal(path.stat().st_uid, nobody.pw_uid, f"owner of {path}")
