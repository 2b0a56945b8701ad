"""What a service manager does: sockets that are handed over, and who is told that vnmcd is ready."""

import pathlib
import socket
import sys

from desk import (VNMCD, Daemon, equal, flow, free_port, holds, ipfix_set, listener, message, sender,
                  template, wait_for)

ACTIVATE = pathlib.Path(__file__).with_name("activate.py")


def handed(work, conf, *sockets):
    file = work / "vnmcd.yaml"
    return Daemon(work, conf, argv=[sys.executable, str(ACTIVATE), *sockets, "--", VNMCD, "-c",
                                    str(file)])


def send(transport, port, octets):
    with sender(transport, port) as s:
        s.send(message(0, template(256), ipfix_set(256, flow(octets=octets))))


def seen(d, *octets):
    wait_for(lambda: len(d.records("flow")) == len(octets), f"{len(octets)} records")
    equal(sorted(r["octets"] for r in d.records("flow")), sorted(octets), "octets")


def test_sockets_by_name_and_by_address(work):
    """The configured port of `named` is another one: its socket is the one of its name."""
    named, addressed, stream, own, unused = (free_port() for _ in range(5))
    conf = {"listeners": [listener(free_port(), name="named"),
                          listener(addressed, name="addressed"),
                          listener(stream, name="stream", transport="tcp"),
                          listener(own, name="own")]}
    with handed(work, conf, f"named=udp:[::]:{named}", f"x=udp:[::]:{addressed}",
                f"stream=tcp:127.0.0.1:{stream}", f"spare=udp:[::]:{unused}") as d:
        holds(d.log(), "no listener takes the socket `spare`")
        for octets, (transport, port) in enumerate(
                (("udp", named), ("udp", addressed), ("tcp", stream), ("udp", own)), 1):
            send(transport, port, octets)
        seen(d, 1, 2, 3, 4)
        equal(d.stop()["ok"], 4, "messages that are ok")


def test_one_socket_for_several_workers(work):
    port = free_port()
    with handed(work, {"listeners": [listener(port)], "workers": 3},
                f"in=udp:[::]:{port}") as d:
        holds(d.log(), "handed over 1 socket(s) for 3 workers")
        for i in range(20):
            send("udp", port, i)
        seen(d, *range(20))
        d.stop()


def test_more_sockets_than_workers(work):
    """Nothing may end in a socket that nobody reads."""
    port = free_port()
    with handed(work, {"listeners": [listener(port)], "workers": 2},
                *[f"in=udp:[::]:{port}"] * 5) as d:
        holds(d.log(), "no listener takes the socket `in`")
        for i in range(30):
            with sender("udp", port, f"127.4.0.{i + 1}") as s:
                s.send(message(0, template(256), ipfix_set(256, flow(octets=i))))
        seen(d, *range(30))
        equal({r["worker"] for r in d.records()}, {0, 1}, "workers")
        d.stop()


def test_sockets_for_another_process(work):
    """LISTEN_PID of somebody else: the sockets are not ours."""
    port = free_port()
    with Daemon(work, {"listeners": [listener(port)]},
                env={"LISTEN_PID": "1", "LISTEN_FDS": "1", "LISTEN_FDNAMES": "in"}) as d:
        send("udp", port, 1)
        seen(d, 1)
        d.stop()


def told(work, address, path):
    with socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM) as s:
        s.settimeout(10)
        s.bind(address)
        with Daemon(work, {"listeners": [listener(free_port())]},
                    env={"NOTIFY_SOCKET": path}) as d:
            equal(s.recv(100), b"READY=1", "at the start")
            d.stop()
            equal(s.recv(100), b"STOPPING=1", "at the end")


def test_told_by_a_path(work):
    told(work, str(work / "notify"), str(work / "notify"))


def test_told_by_an_abstract_name(work):
    told(work, f"\0{work}", f"@{work}")
