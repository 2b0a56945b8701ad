#!/usr/bin/env python3
"""Replays the syslog lines of napalm-logs, and compares with what that made of them.

    VNM_PEER_FIXTURES_SNMP=DIR tests/long/peer_syslog.py [--vnmcd PATH] [NAME...]

DIR/napalm-logs/tests/config/OS/ERROR/CASE has syslog.msg, a line of a device, and yang.json, its
parts and what they mean. Header, program, name of the message and its text must be the same, so
must the interface or neighbour, and whether it went up or down. Nothing of this may be copied
here; without DIR the test is skipped.
"""
import json
import os
import pathlib
import re
import sys
import tempfile
import time

HERE = pathlib.Path(__file__).resolve().parent
sys.path.insert(0, str(HERE.parent / "lib"))
# pylint: disable=wrong-import-position
import pcapfile
import replay as replays

NOW_NS = 1795381696 * 10**9
PORT = 514
# Where we read a line otherwise, and why.
OTHERWISE = {
    ("junos/FAILED_ALLOCATING_PACKET_BUFFER/default", "text"): "fpc0 is no program by its form",
    ("junos/FAILED_ALLOCATING_PACKET_BUFFER/default", "tag"): "the same",
    ("junos/NH_HOLD_PACKET/default", "text"): "fpc1 stands in front of it",
    ("junos/NH_HOLD_PACKET/default", "tag"): "the same",
    ("junos/NH_INSTALL_FAILED/default", "text"): "fpc0 stands in front of it",
    ("junos/NH_INSTALL_FAILED/default", "tag"): "the same",
    ("junos/NH_REGION_GRAB_FAILED/default", "text"): "fpc3 stands in front of it",
    ("junos/NH_REGION_GRAB_FAILED/default", "tag"): "the same",
    ("fortinet/FORWARD_TRAFFIC/default", "text"): "the text is kept whole",
    ("fortinet/LOCAL_TRAFFIC/default", "text"): "the text is kept whole",
}


def cases(top, names):
    for path in sorted(top.glob("*/*/*/syslog.msg")):
        name = str(path.parent.relative_to(top))
        if not names or any(n in name for n in names):
            yield (name, path.read_bytes().rstrip(b"\r\n"),
                   json.loads((path.parent / "yang.json").read_text()))


def at(tree, *keys):
    """The keys of the mapping at that place."""
    for key in keys:
        tree = tree.get(key, {}) if isinstance(tree, dict) else {}
    return list(tree)


def check_names(r, yang, f):
    """Interfaces and neighbours that the model names."""
    interfaces = at(yang, "interfaces", "interface")
    if interfaces:
        got = r.get("if_name", "")
        f.true("interface %s of %s" % (got, interfaces), any(
            got and i in (got, "ethernet" + got) for i in interfaces))
    neighbours = at(yang, "bgp", "neighbors", "neighbor")
    if neighbours and "peer_addr" in r:
        f.equal("neighbour", r["peer_addr"], neighbours[0])


def check_alarm(alarms, error, f):
    """What came up and went down, where the name of the error says so."""
    states = {"INTERFACE_DOWN": "raise", "INTERFACE_UP": "clear", "OSPF_NEIGHBOR_DOWN": "raise",
              "ISIS_NEIGHBOR_DOWN": "raise", "ISIS_NEIGHBOR_UP": "clear",
              "LACP_INTERFACE_DOWN": "raise", "MAJOR_ALARM_SET": "raise",
              "MAJOR_ALARM_CLEARED": "clear", "MINOR_ALARM_SET": "raise",
              "MINOR_ALARM_CLEARED": "clear", "SYSTEM_ALARM": "raise",
              "SYSTEM_ALARM_CLEARED": "clear"}
    if error in states:
        f.equal("alarm", [a["state"] for a in alarms], [states[error]])


def mnemonic_of(tag):
    """The name of the message in what napalm-logs calls its tag."""
    m = re.match(r"(?:\d\d)?([\w-]+)[-/](\d)[-/](\w+)$", tag)
    return m.group(3) if m else tag


def check(name, r, alarms, want, f):
    parts = want["message_details"]

    def equal(key, got, expected):
        if (name, key) not in OTHERWISE:
            f.equal("%s: %s" % (name, key), got, expected)
    prefix = parts.get("hostPrefix") or ""
    equal("host", r.get("hostname"), prefix + parts["host"])
    equal("facility", r["facility"], parts["facility"])
    equal("severity", r["severity"], parts["severity"])
    equal("priority", r["priority"], int(parts["pri"]))
    if parts.get("processName") and "logid" not in parts:
        equal("program", r.get("app_name", "").lstrip("/"), parts["processName"])
    if parts.get("processId", "-") != "-" and want["os"] != "ios":  # there it is OSPF's
        equal("process", r.get("proc_id"), parts["processId"])
    tag = mnemonic_of(parts["tag"])
    f.true("%s: tag %s" % (name, tag), (name, "tag") in OTHERWISE or "logid" in parts or
           tag in (r.get("mnemonic"), r.get("app_name"), r.get("msg_id")) or
           r["message"].startswith(tag) or tag in r.get("message", ""))
    text = re.sub(r"^(: |%\w+: )", "", parts["message"]).strip()
    equal("text", r.get("message", "").strip()[-len(text):], text)
    if not parts.get("timeZone") or parts["timeZone"] in ("UTC", "GMT"):
        clock = time.strftime("%H:%M:%S", time.gmtime(r["event_ns"] // 10**9))
        equal("time", clock, parts["time"][:8])
    below_f = replays.Failures()
    check_names(r, want.get("yang_message", {}), below_f)
    check_alarm(alarms, want["error"], below_f)
    f.extend("%s: %s" % (name, line) for line in below_f)


def main():
    options = replays.parser(__doc__).parse_args()
    top = os.environ.get("VNM_PEER_FIXTURES_SNMP")
    if not top:
        print("skipped: VNM_PEER_FIXTURES_SNMP is not set\n0 passed, 0 failed, 1 skipped")
        return 0
    found = list(cases(pathlib.Path(top) / "napalm-logs/tests/config", options.names))
    failed = 0
    with tempfile.TemporaryDirectory() as directory:
        path = pathlib.Path(directory) / "in.pcap"
        pcapfile.write(path, [(NOW_NS + i, "192.0.2.1", 514, "192.0.2.2", PORT, line)
                              for i, (_, line, _) in enumerate(found)])
        run = replays.run(options.vnmcd, path, [], 60)
        f = replays.Failures()
        replays.check_books(run, f)
        logs, told, before = run.of("log"), {}, []
        for r in run.records:
            if r["kind"] == "alarm":
                before.append(r)
            elif r["kind"] == "log":
                told[r["record_seq"]], before = before, []
        f.equal("records", len(logs), len(found))
        for line in f:
            print("FAIL " + line)
        failed += bool(f)
        for (name, _, want), r in zip(found, logs):
            f = replays.Failures()
            check(name, r, told[r["record_seq"]], want, f)
            failed += bool(f)
            for line in f:
                print("FAIL " + line)
    print("%d passed, %d failed, 0 skipped" % (len(found) - failed, failed))
    return failed != 0 or not found


if __name__ == "__main__":
    sys.exit(main())
