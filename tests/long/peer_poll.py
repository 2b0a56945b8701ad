#!/usr/bin/env python3
"""Polls recordings of real devices that other projects publish (snmpsim-data, thola).

    VNM_PEER_FIXTURES_SNMP=DIR VNMCD=build/vnmcd tests/long/peer_poll.py [NAME...]

DIR has folders with files *.snmprec or *.snmprec.bz2 (`OID|tag|value`); their licences allow a copy, but
not here. snmpagent serves each; every interface, LLDP neighbour and forwarding entry that vnmcd publishes
must be as the recording's text has it, and none may be missing. Ends with `N passed, N failed, N skipped`.
"""

import bz2
import os
import pathlib
import sys
import tempfile
import time
import traceback

TOP = pathlib.Path(__file__).resolve().parents[2]
sys.path[:0] = [str(TOP / "tests" / "integration" / "poll"), str(TOP / "tests" / "integration" / "live")]
import desk  # noqa: E402
import run as poll  # noqa: E402

TOPOLOGY = ["system", "lldp", "fdb", "neighbours", "entity"]


def read_rec(path):
    """{oid: value}, as read_walk() gives it."""
    data = path.read_bytes()
    if path.suffix == ".bz2":
        data = bz2.decompress(data)
    found = {}
    for line in data.decode("utf-8", "surrogateescape").splitlines():
        oid, tag, value = (line.split("|", 2) + ["", ""])[:3]
        if tag.endswith("x"):
            found["." + oid] = bytes.fromhex(value) if tag == "4x" else value
        elif tag in ("2", "65", "66", "67", "70"):
            found["." + oid] = int(value or 0)
        elif tag == "4":
            found["." + oid] = value.encode("utf-8", "surrogateescape")
        else:
            found["." + oid] = value
    return data, found


def text(value):
    """As a record has it: what is no UTF-8 in hexadecimal digits."""
    if not isinstance(value, bytes):
        return value
    try:
        return value.rstrip(b"\0").decode()
    except UnicodeDecodeError:
        return value.hex()


def check_interfaces(records, rec):
    by_index = {}
    for r in records:
        by_index.setdefault(r["if_index"], r)
    wanted = {int(i) for c in (poll.IF + "2", poll.IF + "3", poll.IFX + "1")
              for i in poll.below(rec, c)}
    desk.equal(sorted(by_index), sorted(wanted), "interfaces")
    for index, r in by_index.items():
        for field, columns in poll.FIELDS.items():
            want = next((rec[f"{c}.{index}"] for c in columns if f"{c}.{index}" in rec), None)
            desk.equal(r.get(field), want, f"{field} of {index}")
        name = rec.get(f"{poll.IFX}1.{index}") or rec.get(f"{poll.IF}2.{index}")
        if name:
            desk.equal(r.get("if_name"), text(name), f"name of {index}")
    return len(wanted)


def check_fdb(daemon, rec):
    """dot1qTpFdbPort: index FDB and MAC."""
    want = set()
    for index, port in poll.below(rec, ".1.3.6.1.2.1.17.7.1.2.2.1.2").items():
        part = [int(x) for x in index.split(".")]
        status = rec.get(f".1.3.6.1.2.1.17.7.1.2.2.1.3.{index}")
        if len(part) == 7 and port != 0 and status != 2:
            want.add((poll.mac(bytes(part[1:])), part[0], port))
    found = {(o, v["fdb_id"], v["bridge_port"])
             for (o, _), v in poll.facts(daemon, "mac-at-port").items() if v and "fdb_id" in v}
    desk.equal(found, want, "forwarding entries")
    return len(want)


def check_lldp(daemon, rec):
    """Names of the neighbours and the ports that they are at."""
    rem = ".1.0.8802.1.1.2.1.4.1.1."
    want = sorted((int(i.split(".")[1]), text(rec.get(f"{rem}9.{i}", b"")))
                  for i in poll.below(rec, rem + "5"))
    found = sorted((v["local_port"], v.get("sys_name", ""))
                   for v in poll.facts(daemon, "lldp-neighbour").values() if v)
    desk.equal(found, want, "neighbours")
    return len(want)


def device(path, work):
    data, rec = read_rec(path)
    (work / "device.snmprec").write_bytes(data)
    port = desk.free_port()
    with poll.agent(work, port, "-f", work / "device.snmprec", "-s", 1400):
        with desk.Daemon(work, poll.conf(poll.group(
                port, topology=TOPOLOGY, interval="3s", topology_interval="1h",
                response_octets="1400"), http={"listen": f"127.0.0.1:{desk.free_port()}"})) as d:
            desk.wait_for(lambda: any(r["fact"] == "device"
                                      for r in d.records("topology_event")), "the device", 60)
            before = -1
            while len(d.records("topology_event")) != before:  # until no table is left
                before = len(d.records("topology_event"))
                time.sleep(4)
            books = d.stop()
    desk.equal({k: v for k, v in books["reasons"].items() if k != "oid-order"}, {}, "reasons")
    return (f"{check_interfaces(d.records('interface'), rec)} interfaces, "
            f"{check_lldp(d, rec)} neighbours, {check_fdb(d, rec)} forwarding entries")


def main():
    top = os.environ.get("VNM_PEER_FIXTURES_SNMP")
    if not top:
        print("VNM_PEER_FIXTURES_SNMP names no directory\n0 passed, 0 failed, 1 skipped")
        return 0
    passed = failed = 0
    for path in sorted([*pathlib.Path(top).rglob("*.snmprec"),
                        *pathlib.Path(top).rglob("*.snmprec.bz2")]):
        if len(sys.argv) > 1 and not any(a in path.name for a in sys.argv[1:]):
            continue
        with tempfile.TemporaryDirectory(prefix="vnmcd-poll-") as work:
            try:
                print(f"ok {path.name}: {device(path, pathlib.Path(work))}", flush=True)
                passed += 1
            except Exception:
                print(f"FAIL {path.name}: {traceback.format_exc(limit=-3)}", flush=True)
                failed += 1
    print(f"{passed} passed, {failed} failed, 0 skipped")
    return failed != 0


if __name__ == "__main__":
    sys.exit(main())
