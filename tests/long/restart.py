#!/usr/bin/env python3
"""Kills vnmcd with SIGKILL in mid-stream and starts it again: templates must come back.

    tests/long/restart.py [--build DIR] [--rounds N]

An exporter that sends its templates once, at the beginning, goes on while vnmcd is killed at a
moment that differs from round to round. What comes after the restart must decode from the
templates kept in state_dir: no data set may miss its template, and the records must be those of
the datagrams that were received.
"""

import argparse
import json
import os
import random
import signal
import subprocess
import sys
import tempfile
import time

TOP = os.path.dirname(os.path.dirname(os.path.dirname(os.path.abspath(__file__))))
sys.path.insert(0, os.path.join(TOP, "tests", "bench"))
import proc  # noqa: E402

PORT = 20557


def start(opts, work, number):
    """vnmcd with its state in work; its process."""
    conf = os.path.join(work, "vnmcd.yaml")
    with open(conf, "w") as f:
        f.write(f"collector: restart\nstate_dir: {work}/state\nlisteners:\n"
                f"  - {{ name: in, decoder: flow, listen: \"udp:127.0.0.1:{PORT}\" }}\n"
                f"outputs:\n  - {{ name: out, type: file, path: {work}/out.{number}, "
                "encoding: json }\n")
    with open(f"{work}/log.{number}", "wb") as log:
        child = subprocess.Popen([opts.vnmcd, "-c", conf], stdout=log, stderr=log)
    if not proc.wait_port(PORT, child, 10):
        raise SystemExit("vnmcd does not listen: " + open(f"{work}/log.{number}").read())
    return child


def books(work, number):
    for line in open(f"{work}/log.{number}", errors="replace"):
        if '"messages"' in line:
            return json.loads(line[line.index("{"):])
    raise SystemExit("no books: " + open(f"{work}/log.{number}").read())


def one_round(opts, protocol, wait):
    """What is wrong with the second life of one vnmcd; None: nothing."""
    with tempfile.TemporaryDirectory(prefix="vnm-restart-") as work:
        os.mkdir(work + "/state")
        first = start(opts, work, 1)
        blast = subprocess.Popen(
            [opts.flowblast, "-t", protocol, "-p", str(PORT), "-e", "20", "-T", "0", "-k", "4",
             "-R", "4000", "-D", str(wait + 4), "-r", "10", "-b", "1"],
            stdout=subprocess.PIPE, text=True)
        time.sleep(wait)
        first.send_signal(signal.SIGKILL)
        first.wait()
        second = start(opts, work, 2)
        sent = json.loads(blast.communicate()[0])
        time.sleep(0.5)
        second.terminate()
        code = second.wait(20)
        told = books(work, 2)
        records = [json.loads(line) for line in open(work + "/out.2")]
        flows = [r for r in records if r["kind"] == "flow"]
        octets = sum(r["octets"] for r in flows)
        if code != 0:
            return f"exit code {code}"
        if told["messages"] == 0 or not flows:
            return f"nothing decoded after the restart: {told}"
        if told["reasons"] or told.get("faults") or told["held"]:
            return f"messages not understood after the restart: {told}"
        if told["published"].get("flow") != len(flows) or told["ok"] != told["messages"]:
            return f"the books and the file differ: {told}, {len(flows)} flows"
        # Every datagram holds 10 records; the mean flow is known from all that were sent.
        if len(flows) != 10 * told["messages"]:
            return f"{len(flows)} flows from {told['messages']} messages of 10"
        mean = sent["octets"] / sent["records"]
        if not 0.8 < octets / len(flows) / mean < 1.25:
            return f"octets look wrong: {octets / len(flows)} a flow, sent {mean}"
        return None


def main():
    a = argparse.ArgumentParser()
    a.add_argument("--build", default=os.path.join(TOP, "build"))
    a.add_argument("--rounds", type=int, default=5)
    opts = a.parse_args()
    opts.vnmcd = os.path.join(os.path.abspath(opts.build), "vnmcd")
    opts.flowblast = os.path.join(os.path.abspath(opts.build), "tests/bench/flowblast")
    passed = failed = 0
    chance = random.Random(7)
    for i in range(opts.rounds):
        for protocol in ("v9", "ipfix"):
            wait = 2.5 + 1.5 * chance.random()
            wrong = one_round(opts, protocol, wait)
            passed += wrong is None
            failed += wrong is not None
            print(f"{'ok' if wrong is None else 'FAIL'} {protocol} killed after {wait:.2f} s"
                  f"{': ' + wrong if wrong else ''}", flush=True)
    print(f"{passed} passed, {failed} failed, 0 skipped")
    return failed != 0


if __name__ == "__main__":
    sys.exit(main())
