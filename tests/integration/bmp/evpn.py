"""EVPN of a live GoBGP: the facts that stand after every change are the router's own table, and the
routes have the names of the inventory. Then the router goes, and with it all that it taught."""

import json
import shutil
import time

from routers import COLLECTOR, PORT, Lab, Skipped

VXLAN = "etag 0 rd 65002:201 rt 65002:201 encap vxlan"
BLUE, GREEN = "192.0.2.66", "192.0.2.67"  # VTEPs
ADDED = (
    f"macadv aa:bb:cc:00:00:01 10.9.9.9 label 5010 {VXLAN} nexthop {BLUE}",
    f"macadv aa:bb:cc:00:00:02 2001:db8:9::9 label 5010 {VXLAN} nexthop {BLUE}",
    f"macadv aa:bb:cc:00:00:03 0.0.0.0 label 5011 {VXLAN} nexthop {GREEN}",
    f"multicast {BLUE} {VXLAN} pmsi ingress-repl 5010 {BLUE} nexthop {BLUE}",
    f"prefix 10.50.0.0/16 gw {BLUE} label 5020 etag 0 rd 65002:202 rt 65002:202 encap vxlan "
    f"nexthop {BLUE}")
MOVED = (f"macadv aa:bb:cc:00:00:01 10.9.9.9 label 5010 {VXLAN} nexthop {GREEN}",)
GONE = (f"macadv aa:bb:cc:00:00:03 0.0.0.0 label 5011 {VXLAN}", f"multicast {BLUE} {VXLAN}")

TOPOLOGY = {
    "virtualLinks": [{"id": "vl-blue", "networkType": "vxlan", "segmentationId": 5010}],
    "vnfInstances": [{"id": "vnf-b", "instantiatedVnfInfo": {"vnfcResourceInfo": [
        {"id": "b1", "computeResource": {"hostId": "blue"}, "vnfcCpInfo": [
            {"id": "cp-b1", "virtualLinkId": "vl-blue", "cpProtocolInfo": [{"ipOverEthernet": {
                "macAddress": "aa:bb:cc:00:00:01",
                "ipAddresses": [{"addresses": ["10.9.9.9"]}]}}]}]}]}}],
    "hosts": [{"id": "blue", "loopbacks": [BLUE]}, {"id": "green", "loopbacks": [GREEN]}],
    "physicalSwitches": [{"id": "spine", "routerIds": ["192.0.2.2"]}],
}

NAMES = ("node_id", "vl_id", "vnf_id", "cp_id", "about_host_id", "next_hop_node_id")
# By the MAC address, and where it was announced to be.
WANT = {
    ("aa:bb:cc:00:00:01", BLUE): ("spine", "vl-blue", "vnf-b", "cp-b1", "blue", "blue"),
    ("aa:bb:cc:00:00:01", GREEN): ("spine", "vl-blue", "vnf-b", "cp-b1", "blue", "green"),
    ("aa:bb:cc:00:00:02", BLUE): ("spine", "vl-blue", None, None, None, "blue"),
    ("aa:bb:cc:00:00:03", GREEN): ("spine", None, None, None, None, "green"),
}


def _theirs(lab):
    """What the router says: (object, IP address of a MAC) to (VTEP, VNI)."""
    table = {}
    for paths in json.loads(lab.gobgp("global rib -a evpn -j")).values():
        kind, value = paths[0]["nlri"]["type"], paths[0]["nlri"]["value"]
        attributes = {a["type"]: a for a in paths[0]["attrs"]}
        hop = attributes[14]["nexthop"]
        if kind == 2:
            ip = value["ip"] if value["ip"] != "<nil>" else None
            table[value["mac"], ip] = hop, value["labels"][0]
        elif kind == 3:
            table[value["ip"], None] = hop, attributes[22]["label"]
        else:
            table[value["prefix"], None] = hop, value["label"]
    return table


def _standing(records):
    """What the facts say that was not taken back: the same of vnmcd."""
    facts = {}
    for r in records:
        if r["kind"] != "topology_event":
            continue
        e, what = r.get("evidence", {}), (r["fact"], r["object"], r["source"], r.get("claim"))
        if r["fact"] == "source":
            facts = {k: v for k, v in facts.items() if k[2] != r["source"]}
        elif r["withdrawn"]:
            facts.pop(what, None)
        else:
            facts[what] = e
    return {(what[1], e.get("ip")): (e.get("vtep"), e.get("vni")) for what, e in facts.items()}


def _settled(lab, daemon, count):
    deadline = time.time() + 40
    while True:
        theirs, ours = _theirs(lab), _standing(daemon.records())
        if len(theirs) == count and ours == theirs:
            return
        assert time.time() < deadline, f"facts {ours}, the router says {theirs}"
        time.sleep(0.5)


def _check_names(records):
    routes = [r for r in records if r["kind"] == "route" and r.get("mac")
              and r["action"] == "announce"]
    seen = set()
    for r in routes:
        place = r["mac"], r["next_hop"]
        names = tuple(r.get(name) for name in NAMES)
        assert names == WANT[place], f"{place}: {names}, must be {WANT[place]}"
        seen.add(place)
    assert seen == set(WANT), f"routes of {sorted(set(WANT) - seen)} did not come"
    events = [r for r in records if r["kind"] == "topology_event"]
    assert all(r["node_id"] == "spine" for r in events), "an event without its router's name"


def _wait_for_router(lab):
    deadline = time.time() + 20
    while True:
        try:
            return lab.gobgp("global")
        except AssertionError:
            if time.time() > deadline:
                raise
            time.sleep(0.5)


def check(work, daemon_class):
    if shutil.which("gobgpd") is None:
        raise Skipped("GoBGP is not installed")
    topology = work / "topology.json"
    topology.write_text(json.dumps(TOPOLOGY))
    lab, daemon = Lab(work), None
    try:
        daemon = daemon_class(work, f"tcp:{COLLECTOR}:{PORT}", lab.inside, topology)
        daemon.kinds = ("route", "peer", "topology_event")
        lab.gobgpd(bmp=True)
        _wait_for_router(lab)
        for action, routes, count in (("add", ADDED, 5), ("add", MOVED, 5), ("add", ADDED[1:], 5),
                                      ("del", GONE, 3)):
            for route in routes:
                lab.gobgp(f"global rib {action} -a evpn {route}")
            _settled(lab, daemon, count)
        lab.children[-1].terminate()
        daemon.wait(lambda r: any(x.get("event") == "lost" for x in r) and not _standing(r), 20,
                    "the end of what the router taught")
        _check_names(daemon.records())
    finally:
        if daemon:
            daemon.kill()
        lab.close()
