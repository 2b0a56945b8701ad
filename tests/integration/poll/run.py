#!/usr/bin/env python3
"""vnmcd polls: recordings of a lab, Debian's snmpd at all levels, agents that do harm, and the
kernel's own counters.

    VNMCD=build/vnmcd tests/integration/poll/run.py [NAME...]

What must come is read here from the recording's text, from snmpbulkwalk's output and from `ip -s
link`, never from vnmcd. Ends with `N passed, N failed, N skipped`.
"""

import contextlib
import ipaddress
import json
import os
import pathlib
import re
import shutil
import signal
import subprocess
import sys
import time

HERE = pathlib.Path(__file__).resolve().parent
sys.path.insert(0, str(HERE.parent / "live"))
import desk  # noqa: E402

WALKS = desk.TOP / "tests" / "data" / "walks"
AGENT = os.path.join(os.path.dirname(desk.VNMCD), "tests", "agent", "snmpagent")

IF, IFX = ".1.3.6.1.2.1.2.2.1.", ".1.3.6.1.2.1.31.1.1.1."
# Fields of records, the column that goes first, and the one that stands in for it.
FIELDS = {
    "in_octets": (IFX + "6", IF + "10"), "out_octets": (IFX + "10", IF + "16"),
    "in_unicast_pkts": (IFX + "7", IF + "11"), "out_unicast_pkts": (IFX + "11", IF + "17"),
    "in_multicast_pkts": (IFX + "8", IFX + "2"), "out_multicast_pkts": (IFX + "12", IFX + "4"),
    "in_broadcast_pkts": (IFX + "9", IFX + "3"), "out_broadcast_pkts": (IFX + "13", IFX + "5"),
    "in_errors": (IF + "14",), "out_errors": (IF + "20",), "in_discards": (IF + "13",),
    "out_discards": (IF + "19",), "in_unknown_protos": (IF + "15",), "if_type": (IF + "3",),
}
CDP = ".1.3.6.1.4.1.9.9.23.1."
CDP_CAPABILITIES = ("router", "transparent-bridge", "source-route-bridge", "switch", "host", "igmp",
                    "repeater", "voip-phone", "remotely-managed")
STATUS = {1: "up", 2: "down", 3: "testing", 4: "unknown", 5: "dormant", 6: "not-present",
          7: "lower-layer-down"}


# ---- what agents say, read without vnmcd --------------------------------------------------------

def read_walk(text):
    """{oid: value}: numbers, text without its quotes, or octets."""
    found = {}
    for line in text.splitlines():
        oid, equals, value = line.partition(" = ")
        if not equals or not oid.startswith("."):
            continue
        if re.fullmatch(r'"([0-9A-F]{2} )+"', value):
            found[oid] = bytes.fromhex(value.strip('"'))
        elif value.startswith('"'):
            found[oid] = value.strip('"')
        elif re.fullmatch(r"-?\d+", value):
            found[oid] = int(value)
        else:
            found[oid] = value
    return found


def below(walk, prefix):
    """{index: value} of a column."""
    return {oid[len(prefix) + 1:]: v for oid, v in walk.items() if oid.startswith(prefix + ".")}


def mac(octets):
    return ":".join(f"{b:02x}" for b in octets)


def octets(value):
    """Six octets that are printable stand as text in the output of snmpwalk."""
    return value if isinstance(value, bytes) else value.encode("latin-1")


def check_interfaces(records, walk):
    names = below(walk, IFX + "1") or below(walk, IF + "2")
    by_index = {str(r["if_index"]): r for r in records}
    desk.equal(sorted(by_index), sorted(names), "interfaces")
    for index, name in names.items():
        r = by_index[index]
        desk.equal(r["if_name"], name, "if_name")
        desk.equal(r["admin_status"], STATUS[walk[f"{IF}7.{index}"]], "admin_status")
        desk.equal(r["oper_status"], STATUS[walk[f"{IF}8.{index}"]], "oper_status")
        for field, columns in FIELDS.items():
            want = next((walk[f"{c}.{index}"] for c in columns if f"{c}.{index}" in walk), None)
            desk.equal(r.get(field), want, f"{field} of {name}")


def facts(daemon, label):
    found = {}
    for r in daemon.records("topology_event"):
        if r["fact"] == label:
            desk.equal(r["op"], "evidence", "op")
            found[r["object"], r.get("claim", "")] = None if r["withdrawn"] else r["evidence"]
    return found


def check_neighbours(daemon, walk):
    """lldpRemTable, with this system's chassis and ports."""
    local, rem = ".1.0.8802.1.1.2.1.3.", ".1.0.8802.1.1.2.1.4.1.1."
    chassis = mac(octets(walk[local + "2.0"]))
    ports = below(walk, local + "7.1.3")
    names = {v: int(k) for k, v in below(walk, IFX + "1").items()}
    want = {}
    for index, peer in below(walk, rem + "5").items():
        port = index.split(".")[1]
        text = walk[f"{rem}7.{index}"]
        desk.equal(walk[f"{rem}4.{index}"], 4, "subtype of the recording's chassis ids")
        want[f"{chassis}/{ports[port]}", f"{mac(octets(peer))}/{text}"] = (
            names[ports[port]], walk[f"{rem}9.{index}"])
    found = facts(daemon, "lldp-neighbour")
    desk.equal({k: (v["local_if_index"], v["sys_name"]) for k, v in found.items()}, want,
               "neighbours")
    desk.equal(bool(want), True, "whether there are neighbours")


def check_addresses(daemon, walk):
    """ipNetToPhysicalTable, IPv4: its index ends in type, length and octets."""
    phys = ".1.3.6.1.2.1.4.35.1."
    want = {}
    for index, address in below(walk, phys + "4").items():
        part = index.split(".")
        state = walk.get(f"{phys}7.{index}")
        if part[1] != "1" or len(octets(address)) != 6 or state in (5, 7):
            continue
        want[".".join(part[3:]), part[0]] = mac(octets(address))
    found = {k: v["mac"] for k, v in facts(daemon, "ip-at-mac").items() if ":" not in k[0]}
    desk.equal(found, want, "addresses")


# ---- the other ends -----------------------------------------------------------------------------

@contextlib.contextmanager
def agent(work, port, *options):
    if not os.access(AGENT, os.X_OK):
        raise desk.Skipped(f"{AGENT} is not built")
    with open(work / f"agent-{port}.log", "w+") as log:
        child = desk.popen([AGENT, "-a", "127.0.0.1", "-p", str(port), *map(str, options)],
                           stdout=log)
        try:
            desk.wait_for(lambda: "ready" in (work / f"agent-{port}.log").read_text(), "an agent")
            yield child
        finally:
            child.terminate()
            child.wait()


@contextlib.contextmanager
def snmpd(work, port, conf, prefix=()):
    if shutil.which("snmpd") is None:
        raise desk.Skipped("snmpd is not installed")
    state = work / "snmpd-state"
    state.mkdir(exist_ok=True)
    (work / "snmpd.conf").write_text(conf)
    env = {**os.environ, "SNMP_PERSISTENT_DIR": str(state), "MIBS": "", "SNMPCONFPATH": str(work)}
    with open(work / "snmpd.log", "w") as log:
        child = desk.popen([*prefix, "snmpd", "-f", "-Lo", "-C", "-c", str(work / "snmpd.conf"),
                            f"udp:127.0.0.1:{port}"], stdout=log, stderr=log, env=env)
        try:
            desk.wait_for(lambda: subprocess.run(
                [*prefix, "snmpget", "-v2c", "-c", "probe", "-t", "0.2", "-r", "0",
                 f"127.0.0.1:{port}", "1.3.6.1.2.1.1.3.0"], env=env, stdout=subprocess.DEVNULL,
                stderr=subprocess.DEVNULL, check=False).returncode == 0, "snmpd")
            yield child
        finally:
            child.terminate()
            child.wait()


def group(port, **more):
    return {"name": "lab", "devices": [{"address": "127.0.0.1", "port": port}],
            "community": "public", "interval": "500ms", **more}


def conf(*groups, **more):
    return {"polls": list(groups), **more}


def wait_records(daemon, kind, count):
    desk.wait_for(lambda: len(daemon.records(kind)) >= count, f"{count} records {kind}")


# ---- tests --------------------------------------------------------------------------------------

def lab(work, name):
    walk = read_walk((WALKS / f"{name}.walk").read_text())
    port = desk.free_port()
    count = len(below(walk, IF + "1"))
    topology = ["system", "lldp", "fdb", "neighbours", "entity", "vm"]
    with agent(work, port, "-f", WALKS / f"{name}.walk"):
        with desk.Daemon(work, conf(group(port, topology=topology, interval="1h"),
                                    listeners=[])) as d:
            poll_now(d, work)
            wait_records(d, "interface", count)
            time.sleep(1)
            books = d.stop()
    desk.equal(books["reasons"], {}, "reasons")
    check_interfaces(d.records("interface"), walk)
    check_neighbours(d, walk)
    check_addresses(d, walk)
    device = facts(d, "device")["127.0.0.1", ""]
    desk.equal(device["sys_name"], walk[".1.3.6.1.2.1.1.5.0"], "sys_name")
    desk.equal(device["sys_object_id"], walk[".1.3.6.1.2.1.1.2.0"][1:], "sys_object_id")


def cdp_address(walk, index, protocol, column):
    """1 is IPv4, 20 is IPv6 (CiscoNetworkProtocol)."""
    if f"{CDP}2.1.1.{protocol}.{index}" not in walk:
        return None
    size = {1: 4, 20: 16}[walk[f"{CDP}2.1.1.{protocol}.{index}"]]
    value = octets(walk[f"{CDP}2.1.1.{column}.{index}"])
    desk.equal(len(value), size, "octets of an address")
    return str(ipaddress.ip_address(value))


def test_cdp(work):
    """cdpCacheTable: who is at which port, by the names that CDP has for both."""
    walk = read_walk((WALKS / "access1.walk").read_text())
    port = desk.free_port()
    with agent(work, port, "-f", WALKS / "access1.walk"):
        with desk.Daemon(work, conf(group(port, topology=["cdp"], interval="1h"),
                                    listeners=[])) as d:
            poll_now(d, work)
            desk.wait_for(lambda: len(facts(d, "cdp-neighbour")) >= 3, "neighbours")
            books = d.stop()
    desk.equal(books["reasons"], {}, "reasons")
    want = {}
    for index, device in below(walk, CDP + "2.1.1.6").items():
        device = device if isinstance(device, str) else mac(device)
        if_index = index.split(".")[0]
        cell = {name: walk.get(f"{CDP}2.1.1.{column}.{index}") for name, column in (
            ("port_id", 7), ("platform", 8), ("version", 5), ("sys_name", 17),
            ("native_vlan", 11))}
        bits = int.from_bytes(octets(walk[f"{CDP}2.1.1.9.{index}"]), "big")
        words = [word for n, word in enumerate(CDP_CAPABILITIES) if bits >> n & 1]
        value = {**cell, "device_id": device, "local_if_index": int(if_index),
                 "local_if_name": walk[f"{IFX}1.{if_index}"],
                 "native_vlan": cell["native_vlan"] or None, "capabilities": ",".join(words),
                 "duplex": {None: None, 2: "halfduplex", 3: "fullduplex"}[
                     walk.get(f"{CDP}2.1.1.12.{index}")],
                 "address": cdp_address(walk, index, 3, 4),
                 "mgmt_address": cdp_address(walk, index, 19, 20)}
        own = "%s/%s" % (walk[CDP + "3.4.0"], walk[f"{CDP}1.1.1.6.{if_index}"])
        want[own, f"{device}/{cell['port_id']}"] = {
            k: v for k, v in value.items() if v is not None}
    desk.equal(len(want), 3, "neighbours of the recording")
    desk.equal(facts(d, "cdp-neighbour"), want, "neighbours")


def poll_now(daemon, work):
    """A turn comes within the interval: another one brings it sooner."""
    text = daemon.file.read_text().replace('"interval": "1h"', '"interval": "400ms"')
    daemon.file.write_text(text)
    daemon.reload()


for _name in ("hostA", "hostB", "hostC", "hostD", "tor1"):
    globals()[f"test_lab_{_name}"] = (lambda n: lambda work: lab(work, n))(_name)


def test_harm(work):
    """Whatever an agent does: the others have their turns, and the books balance."""
    reasons = {"too-big": None, "loop": "oid-order", "stuck": "oid-order", "endless": "walk-limit",
               "wrong-id": "response-unknown", "no-bulk": "error-status", "omit": None,
               "garbage": "bad-header", "gen-err": "error-status", "wrong-port": "response-source"}
    with contextlib.ExitStack() as stack:
        good, ports, groups = desk.free_port(), {}, []
        stack.enter_context(agent(work, good, "-n", 3))
        for fault in reasons:
            ports[fault] = desk.free_port()
            stack.enter_context(agent(work, ports[fault], "-n", 3, "-F", fault))
            groups.append(group(ports[fault], name=fault, walk_varbinds=500, timeout="300ms",
                                retries=1))
        http = desk.free_port()
        d = stack.enter_context(desk.Daemon(work, conf(
            group(good), *groups, http={"listen": f"127.0.0.1:{http}"})))
        desk.wait_for(lambda: sum(r["exporter_port"] == good for r in d.records("interface")) >= 15,
                      "five turns of the good one")
        time.sleep(1)
        books = d.stop()
        counted = {**books["reasons"], **books["faults"]}
        for fault, reason in reasons.items():
            desk.equal(reason is None or counted.get(reason, 0) > 0, True,
                       f"whether {fault} is counted as {reason}: {counted}")
        for fault in ("too-big", "omit"):
            found = {r["if_index"] for r in d.records("interface")
                     if r["exporter_port"] == ports[fault]}
            desk.equal(found, {1, 2, 3}, f"interfaces of an agent with {fault}")


def test_lossy(work):
    """Loss, duplicates and disorder: all rows come, and as they are."""
    port = desk.free_port()
    with agent(work, port, "-n", 40, "-l", 100, "-t", 100, "-d", 5, "-j", 40):
        with desk.Daemon(work, conf(group(port, timeout="150ms", retries=8))) as d:
            wait_records(d, "interface", 400)
            books = d.stop()
    desk.equal(books["reasons"].get("response-unknown", 0) > 0, True, "second answers")
    for r in d.records("interface"):
        desk.equal(r["in_octets"], 1234567890123 + r["if_index"] * 1000003 * 6, "in_octets")
        desk.equal(r["if_name"], f"Gi0/{r['if_index']}", "if_name")


def test_version_1(work):
    port = desk.free_port()
    with agent(work, port, "-n", 5, "-1", "-s", 400):
        with desk.Daemon(work, conf(group(port, version="1"))) as d:
            wait_records(d, "interface", 10)
            d.stop()
    desk.equal({r["if_index"] for r in d.records("interface")}, {1, 2, 3, 4, 5}, "interfaces")
    desk.equal({r["in_octets"] for r in d.records("interface") if r["if_index"] == 2},
               {1234567890123 + 2 * 1000003 * 6}, "in_octets")


def test_dead(work):
    """A device that falls silent is told so, and so is its return, with the turns that it missed."""
    port = desk.free_port()
    with desk.Daemon(work, conf(group(port, timeout="100ms", retries=1, backoff_max="1s"))) as d:
        with agent(work, port, "-n", 2):
            wait_records(d, "interface", 4)
        desk.wait_for(lambda: d.records("visibility"), "that it is silent")
        time.sleep(1.5)
        before = len(d.records("interface"))
        with agent(work, port, "-n", 2):
            wait_records(d, "interface", before + 4)
        d.stop()
    told = d.records("visibility")
    desk.equal({r["cause"] for r in told} <= {"poll-timeout", "restart"}, True, "causes")
    desk.equal(sum(r.get("lost", 0) for r in told) >= 2, True, "turns that were missed")


def test_reload(work):
    first, second = desk.free_port(), desk.free_port()
    with agent(work, first, "-n", 2), agent(work, second, "-n", 3):
        with desk.Daemon(work, conf(group(first))) as d:
            wait_records(d, "interface", 4)
            d.configure(conf(group(second, name="other")))
            d.reload()
            desk.wait_for(lambda: any(r["exporter_port"] == second
                                      for r in d.records("interface")), "the second device")
            time.sleep(0.3)
            gone = sum(r["exporter_port"] == first for r in d.records("interface"))
            time.sleep(1.5)
            desk.equal(sum(r["exporter_port"] == first for r in d.records("interface")), gone,
                       "records of a device that is not polled any more")
            d.configure(conf(listeners=[desk.listener(desk.free_port())]))
            d.reload()
            d.stop()


def test_workers(work):
    """Every device is polled by one worker, and all are."""
    port = desk.free_port()
    if not os.access(AGENT, os.X_OK):
        raise desk.Skipped(f"{AGENT} is not built")
    devices = [{"address": f"127.7.0.{i}", "port": port} for i in range(1, 41)]
    with agent(work, port, "-a", "0.0.0.0", "-n", 1):
        with desk.Daemon(work, conf({**group(port), "devices": devices}, workers=3)) as d:
            desk.wait_for(lambda: len({r["exporter_addr"] for r in d.records("interface")}) == 40,
                          "all devices")
            d.stop()
    by = {}
    for r in d.records("interface"):
        by.setdefault(r["exporter_addr"], set()).add(r["worker"])
    desk.equal({len(w) for w in by.values()}, {1}, "workers of a device")
    desk.equal(set().union(*by.values()), {0, 1, 2}, "workers that poll")


def test_on_demand(work):
    """A linkUp has its sender asked at once, also where another worker hears it."""
    if shutil.which("snmptrap") is None:
        raise desk.Skipped("snmptrap is not installed")
    port, traps = desk.free_port(), desk.free_port()
    with agent(work, port, "-n", 2):
        settings = conf(group(port, interval="1h", demand_gap="1s"), workers=2, listeners=[
            desk.listener(traps, decoder="snmp", communities=["public"])])
        with desk.Daemon(work, settings) as d:
            for trap in ("1.3.6.1.6.3.1.1.5.5", "1.3.6.1.6.3.1.1.5.4"):
                subprocess.run(["snmptrap", "-v2c", "-c", "public", f"127.0.0.1:{traps}", "",
                                trap], check=True, env={**os.environ, "MIBS": ""})
                if trap.endswith("5.5"):  # authenticationFailure: nothing has changed
                    desk.wait_for(lambda: d.records("alarm"), "the alarm")
                    time.sleep(0.5)
                    desk.equal(d.records("interface"), [], "records before a linkUp")
            wait_records(d, "interface", 2)
            d.stop()


def test_discovery(work):
    port = desk.free_port()
    with agent(work, port, "-a", "0.0.0.0", "-n", 1, "-k", 4):
        with desk.Daemon(work, conf({"name": "search", "community": "public", "port": port,
                                     "discover": ["127.9.0.0/27"], "discover_rate": 200,
                                     "interval": "300ms", "timeout": "100ms"})) as d:
            wanted = {f"127.9.0.{i}" for i in range(1, 31) if i % 4 != 0}
            desk.wait_for(lambda: {r["exporter_addr"] for r in d.records("interface")} == wanted,
                          f"{len(wanted)} devices")
            time.sleep(0.5)
            d.stop()
    desk.equal({r["exporter_addr"] for r in d.records("interface")}, wanted, "devices")


# ---- Debian's snmpd -----------------------------------------------------------------------------

LEVELS = {
    "noauth": ("none", "none"), "md5": ("md5", "none"), "sha": ("sha1", "none"),
    "md5des": ("md5", "des"), "shaaes": ("sha1", "aes128"), "sha256aes": ("sha256", "aes128"),
    "sha512aes256": ("sha512", "aes256"),
}
NETSNMP = {"md5": "MD5", "sha1": "SHA", "sha256": "SHA-256", "sha512": "SHA-512", "des": "DES",
           "aes128": "AES", "aes256": "AES-256"}


def snmpd_conf():
    lines = ["rocommunity public", "rocommunity probe"]
    for user, (auth, priv) in LEVELS.items():
        words = [user]
        if auth != "none":
            words += [NETSNMP[auth], "authpass123"]
        if priv != "none":
            words += [NETSNMP[priv], "privpass123"]
        level = "priv" if priv != "none" else "auth" if auth != "none" else "noauth"
        lines += ["createUser " + " ".join(words), f"rouser {user} {level}"]
    return "\n".join(lines) + "\n"


def users():
    found = []
    for user, (auth, priv) in LEVELS.items():
        u = {"name": user, "auth": auth, "priv": priv}
        if auth != "none":
            u["auth_password"] = "authpass123"
        if priv != "none":
            u["priv_password"] = "privpass123"
        found.append(u)
    return found


def bulkwalk(port, oid, prefix=(), octets_as="-Ox"):
    text = subprocess.run(
        [*prefix, "snmpbulkwalk", "-v2c", "-c", "public", "-On", "-Oq", octets_as,
         f"127.0.0.1:{port}",
         oid], check=True, stdout=subprocess.PIPE, text=True, env={**os.environ, "MIBS": ""}).stdout
    return dict(line.split(" ", 1) for line in text.splitlines() if " " in line)


def test_snmpd(work):
    """All versions and levels of the same agent say the same of what does not change."""
    port = desk.free_port()
    with snmpd(work, port, snmpd_conf()):
        groups = [group(port, name="v1", version="1")]
        walk = bulkwalk(port, ".1.3.6.1.2.1.2.2.1.3")
        for version in ("1", "2c", *LEVELS):
            more = {"version": version} if version in ("1", "2c") else {
                "version": "3", "user": version}
            groups = [group(port, tables=["ifTable", "ifXTable"], **more)]
            with desk.Daemon(work, conf(*groups, snmp={"users": users()}),
                             name=f"v-{version}") as d:
                wait_records(d, "interface", 2 * len(walk))
                books = d.stop()
            desk.equal(books["reasons"], {}, f"reasons with {version}")
            want = {oid.rsplit(".", 1)[1]: int(v) for oid, v in walk.items()}
            desk.equal({str(r["if_index"]): r["if_type"] for r in d.records("interface")
                        if "if_type" in r}, want, f"types of interfaces with {version}")


def test_table_of_snmpd(work):
    """A table that is named and a scalar are records `table` with what a walk of the agent has."""
    port = desk.free_port()
    with snmpd(work, port, snmpd_conf()):
        walk = bulkwalk(port, ".1.3.6.1.2.1.1.9.1", octets_as="-Oa")
        descr = bulkwalk(port, ".1.3.6.1.2.1.1.1", octets_as="-Oa")[".1.3.6.1.2.1.1.1.0"]
        rows = {oid.rsplit(".", 1)[1] for oid in walk}
        desk.equal(len(rows) > 3, True, f"rows of sysORTable: {walk}")
        groups = [group(port, tables=["sysORTable"], scalars=["sysDescr"])]
        with desk.Daemon(work, conf(*groups)) as d:
            wait_records(d, "table", 2 * (len(rows) + 1))
            books = d.stop()
    desk.equal(books["reasons"], {}, "reasons")
    found = {r["index"]: r["columns"] for r in d.records("table")
             if r["table_name"] == "sysORTable"}
    desk.equal(set(found), rows, "rows")
    for index, columns in found.items():
        for column, name in (("2", "sys_orid"), ("3", "sys_or_descr")):
            want = walk[f".1.3.6.1.2.1.1.9.1.{column}.{index}"]
            desk.equal(columns[name], want.strip('"').lstrip("."), f"{name} of row {index}")
    scalars = [r["columns"] for r in d.records("table") if r["table_name"] != "sysORTable"]
    desk.equal({c["sys_descr"] for c in scalars}, {descr.strip('"')}, "sysDescr")


def test_engine_of_snmpd(work):
    """The id that the agent's own snmpEngineID.0 has, and that its messages bear."""
    port = desk.free_port()
    with snmpd(work, port, snmpd_conf()):
        told = subprocess.run(
            ["snmpget", "-v2c", "-c", "public", "-Oqvx", f"127.0.0.1:{port}",
             "1.3.6.1.6.3.10.2.1.1.0"], check=True, stdout=subprocess.PIPE, text=True,
            env={**os.environ, "MIBS": ""}).stdout
        want = {("".join(re.findall("[0-9a-f]+", told.lower())), "127.0.0.1")}
        for version in ("2c", "shaaes"):
            more = {"version": "2c"} if version == "2c" else {"version": "3", "user": version}
            with desk.Daemon(work, conf(group(port, topology=["system"], **more),
                                        snmp={"users": users()}), name=f"v-{version}") as d:
                desk.wait_for(lambda: facts(d, "snmp-engine"), "the engine")
                d.stop()
            desk.equal(set(facts(d, "snmp-engine")), want, f"engine ids by version {version}")


def test_snmpd_refuses(work):
    """A wrong password, and a user that is not known: told, counted, and no record."""
    port = desk.free_port()
    with snmpd(work, port, snmpd_conf()):
        for name, user, reason in (
                ("wrong", {"user": "shaaes", "auth_password": "not the one"}, "wrong-digest"),
                ("nobody", {"user": "nobody", "auth_password": "authpass123"}, "unknown-user")):
            settings = conf(group(port, version="3", user=name), snmp={"users": [
                {"name": name, "auth": "sha1", "priv": "aes128", "priv_password": "privpass123",
                 **user}]})
            with desk.Daemon(work, settings, name=name) as d:
                d.wait_log("refuse us")
                books = d.stop()
            desk.equal(books["reasons"].get(reason, 0) > 0, True, f"{reason} in {books}")
            desk.equal(d.records("interface"), [], "records")


def kernel_counters(name, prefix):
    text = subprocess.run([*prefix, "ip", "-j", "-s", "-s", "link", "show", "dev", name],
                          check=True, stdout=subprocess.PIPE, text=True).stdout
    s = json.loads(text)[0]["stats64"]
    return {"in_octets": s["rx"]["bytes"], "out_octets": s["tx"]["bytes"]}


def test_kernel(work):
    """Octets of an interface under known traffic are the kernel's own, and so is their rate."""
    if os.geteuid() != 0 or shutil.which("ip") is None:
        raise desk.Skipped("needs root and ip(8)")
    if shutil.which("snmpd") is None:
        raise desk.Skipped("snmpd is not installed")
    name = f"vnmpoll{os.getpid()}"
    prefix = ["ip", "netns", "exec", name]
    made = subprocess.run(["ip", "netns", "add", name], check=False, stderr=subprocess.PIPE)
    if made.returncode != 0:
        raise desk.Skipped("no network namespaces here")
    try:
        for option in ("all", "default"):  # nothing but our own traffic
            subprocess.run([*prefix, "sysctl", "-qw", f"net.ipv6.conf.{option}.disable_ipv6=1"],
                           check=True)
        for command in ("link set lo up", "link add d0 type veth peer name d1",
                        "address add 10.77.0.1/24 dev d0", "link set d0 up", "link set d1 up",
                        "neighbour add 10.77.0.2 lladdr 02:00:00:00:00:02 dev d0 nud permanent"):
            subprocess.run([*prefix, "ip", *command.split()], check=True)
        port = desk.free_port()
        with snmpd(work, port, snmpd_conf(), prefix):
            argv = [*prefix, desk.VNMCD, "-c", str(work / "vnmcd.yaml")]
            with desk.Daemon(work, conf(group(port, interval="1s")), argv=argv) as d:
                wait_records(d, "interface", 6)
                subprocess.run([*prefix, sys.executable, "-c", SENDER], check=True)
                time.sleep(1)
                want = kernel_counters("d0", prefix)

                def settled():
                    last = [r for r in d.records("interface") if r.get("if_name") == "d0"][-1]
                    return all(last[k] == v for k, v in want.items())
                desk.wait_for(settled, f"the kernel's counters {want}", 40)
                desk.equal(kernel_counters("d0", prefix), want, "the kernel's counters since")
                d.stop()
            found = [r for r in d.records("interface") if r.get("if_name") == "d0"]
            # What the rates say was sent is what was sent.
            sent = sum(r["out_bps"] * r["interval_ns"] / 8e9 for r in found if "out_bps" in r)
            first = found[0]["out_octets"]
            desk.equal(abs(sent - (want["out_octets"] - first)) < 1, True,
                       f"octets by rates: {sent}, by counters {want['out_octets'] - first}")
            desk.equal([r for r in found if r.get("counter_reset")], [], "resets")
            desk.equal(want["out_octets"] > 5000 * 1000, True, "traffic")
    finally:
        subprocess.run(["ip", "netns", "delete", name], check=False)


SENDER = """
import socket, time
s = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
for n in range(5000):
    s.sendto(bytes(1000), ("10.77.0.2", 9))
    if n % 500 == 0:
        time.sleep(0.3)
"""


# ---- all of them --------------------------------------------------------------------------------

def main():
    count = {"ok": 0, "FAIL": 0, "skipped": 0}
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(1))
    for name, function in list(globals().items()):
        if not name.startswith("test_") or (len(sys.argv) > 1 and
                                            not any(a in name for a in sys.argv[1:])):
            continue
        verdict, why = desk.attempt(function, "poll")
        count[verdict] += 1
        print(f"{verdict} {name[5:].replace('_', ' ')}{': ' if why else ''}{why}", flush=True)
    print(f"{count['ok']} passed, {count['FAIL']} failed, {count['skipped']} skipped")
    return count["FAIL"] != 0


if __name__ == "__main__":
    sys.exit(main())
