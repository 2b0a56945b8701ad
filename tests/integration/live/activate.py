#!/usr/bin/env python3
"""Hands sockets over as systemd does: activate.py NAME=udp:ADDRESS:PORT... -- PROGRAM ARGUMENT..."""

import os
import socket
import sys

FIRST = 3


def bound(spec):
    transport, rest = spec.split(":", 1)
    address, port = rest.rsplit(":", 1)
    address = address.strip("[]")
    s = socket.socket(socket.AF_INET6 if ":" in address else socket.AF_INET,
                      socket.SOCK_STREAM if transport == "tcp" else socket.SOCK_DGRAM)
    s.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEPORT, 1)
    s.bind((address, int(port)))
    if transport == "tcp":
        s.listen()
    return s.detach()


def main():
    split = sys.argv.index("--")
    given = [a.split("=", 1) for a in sys.argv[1:split]]
    high = [os.dup2(bound(spec), 100 + i) for i, (_, spec) in enumerate(given)]
    for i, fd in enumerate(high):
        os.dup2(fd, FIRST + i, inheritable=True)
        os.close(fd)
    os.environ.update(LISTEN_PID=str(os.getpid()), LISTEN_FDS=str(len(given)),
                      LISTEN_FDNAMES=":".join(name for name, _ in given))
    os.execv(sys.argv[split + 1], sys.argv[split + 1:])


if __name__ == "__main__":
    main()
