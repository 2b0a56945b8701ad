"""Real routers in a network namespace of their own, and their tables by their own word."""

import json
import os
import shutil
import subprocess
import time

BGPD = "/usr/lib/frr/bgpd"
FRR, GOBGP, COLLECTOR = "192.0.2.1", "192.0.2.2", "192.0.2.9"
PORT = 1790

FRR_CONF = """hostname frr
bgp allow-martian-nexthop
router bgp 65001
 bgp router-id 192.0.2.1
 no bgp ebgp-requires-policy
 no bgp default ipv4-unicast
 no bgp network import-check
 neighbor 192.0.2.2 remote-as 65002
 neighbor 192.0.2.2 update-source 192.0.2.1
 neighbor 192.0.2.2 ebgp-multihop 8
 neighbor 192.0.2.2 disable-connected-check
 neighbor 192.0.2.2 timers connect 1
 address-family ipv4 unicast
  neighbor 192.0.2.2 activate
  neighbor 192.0.2.2 soft-reconfiguration inbound
  neighbor 192.0.2.2 route-map IN in
 exit-address-family
 address-family ipv6 unicast
  neighbor 192.0.2.2 activate
  neighbor 192.0.2.2 soft-reconfiguration inbound
 exit-address-family
 bmp targets T
  STATION
  bmp monitor ipv4 unicast post-policy
  bmp monitor ipv6 unicast post-policy
 exit
!
ip prefix-list NOT seq 5 permit 100.64.9.0/24
route-map IN deny 10
 match ip address prefix-list NOT
route-map IN permit 20
 set local-preference 250
!
"""

GOBGP_CONF = """[global.config]
  as = 65002
  router-id = "192.0.2.2"
  port = 179
  local-address-list = ["192.0.2.2"]
%s
[[neighbors]]
  [neighbors.config]
    neighbor-address = "192.0.2.1"
    peer-as = 65001
  [neighbors.transport.config]
    local-address = "192.0.2.2"
    passive-mode = true
  [neighbors.ebgp-multihop.config]
    enabled = true
    multihop-ttl = 8
  [[neighbors.afi-safis]]
    [neighbors.afi-safis.config]
      afi-safi-name = "ipv4-unicast"
  [[neighbors.afi-safis]]
    [neighbors.afi-safis.config]
      afi-safi-name = "ipv6-unicast"
"""

GOBGP_BMP = """[[bmp-servers]]
  [bmp-servers.config]
    address = "192.0.2.9"
    port = 1790
    route-monitoring-policy = "all"
    sys-name = "gobgp"
"""

# What GoBGP is told to have; the one that FRR's policy refuses among them.
ROUTES = (
    "100.64.1.0/24 nexthop 192.0.2.2 aspath 65020,65021 community 65002:1,65002:2 med 7",
    "100.64.2.0/23 nexthop 192.0.2.2 origin egp",
    "100.64.9.0/24 nexthop 192.0.2.2 aspath 65020",
    "203.0.113.64/27 nexthop 192.0.2.2 aspath 4200000001,65033 large-community 65002:3:4",
    "-a ipv6 2001:db8:200::/40 nexthop 2001:db8::2 aspath 65020",
    "-a ipv6 2001:db8:300::/48 nexthop 2001:db8::2 med 9")
GONE = ("203.0.113.64/27", "-a ipv6 2001:db8:300::/48")


# FRR connects from an address that is nobody's: its BGP identifier tells who it is.
TOPOLOGY = {"physicalSwitches": [{"id": "r1", "routerIds": [FRR]},
                                 {"id": "g2", "loopbacks": [GOBGP, "2001:db8::2"]}]}


class Skipped(Exception):
    pass


def needs_gobgp():
    if shutil.which("gobgpd") is None:
        raise Skipped("GoBGP is not installed")


def needs_frr():
    if not os.path.exists(BGPD) or shutil.which("gobgpd") is None or shutil.which("vtysh") is None:
        raise Skipped("FRR or GoBGP is not installed")


class Lab:
    """A network namespace with addresses on its loopback, and what runs in it."""

    def __init__(self, work):
        self.work, self.name, self.children = work, f"vnm-bmp-{os.getpid()}", []
        if os.geteuid() != 0 or shutil.which("ip") is None:
            raise Skipped("needs root and iproute2")
        made = subprocess.run(["ip", "netns", "add", self.name], stderr=subprocess.DEVNULL,
                              check=False)
        if made.returncode != 0:
            raise Skipped("no network namespaces here")
        self.inside = ("ip", "netns", "exec", self.name)
        for command in ["link set lo up"] + [f"addr add {a} dev lo" for a in (
                FRR + "/32", GOBGP + "/32", COLLECTOR + "/32", "2001:db8::1/128",
                "2001:db8::2/128")] + ["route add default dev lo", "-6 route add default dev lo"]:
            subprocess.run(["ip", "-n", self.name, *command.split()], check=True)

    def start(self, name, *command):
        log = open(self.work / (name + ".log"), "wb")
        self.children.append(subprocess.Popen([*self.inside, *command], stdout=log, stderr=log,
                                              stdin=subprocess.DEVNULL))

    def run(self, *command):
        done = subprocess.run([*self.inside, *command], stdout=subprocess.PIPE,
                              stderr=subprocess.STDOUT, text=True, check=False, timeout=30)
        assert done.returncode == 0, f"{command}: {done.stdout[-300:]}"
        return done.stdout

    def close(self):
        for child in self.children:
            child.terminate()
        for child in self.children:
            try:
                child.wait(5)
            except subprocess.TimeoutExpired:
                child.kill()
                child.wait()
        subprocess.run(["ip", "netns", "del", self.name], check=False)

    # ---- routers ----

    def frr(self, waits=False):
        """`waits`: it does not connect to its station, but waits for it."""
        conf, sockets = self.work / "frr.conf", self.work / "frr"
        station = f"bmp listener {FRR} port {PORT}" if waits else \
            f"bmp connect {COLLECTOR} port {PORT} min-retry 500 max-retry 1000"
        conf.write_text(FRR_CONF.replace("STATION", station))
        sockets.mkdir()
        for path in (conf, sockets):
            shutil.chown(path, "frr", "frr")
        self.start("bgpd", BGPD, "-M", "bmp", "-Z", "-f", str(conf), "-i", str(sockets / "pid"),
                   "--vty_socket", str(sockets), "-A", "127.0.0.1", "-P", "0", "-l", FRR,
                   "-u", "frr", "-g", "frr")

    def vty(self, command):
        return self.run("vtysh", "--vty_socket", str(self.work / "frr"), "-d", "bgpd", "-c",
                        command)

    def vtysh(self, command):
        return json.loads(self.vty(command))

    def gobgpd(self, bmp):
        conf = self.work / "gobgpd.toml"
        conf.write_text(GOBGP_CONF % (GOBGP_BMP if bmp else ""))
        self.start("gobgpd", "gobgpd", "-f", str(conf), "--api-hosts", GOBGP + ":50051")

    def gobgp(self, words):
        return self.run("gobgp", "-u", GOBGP, *words.split())

    def routes(self):
        """Gives GoBGP its routes as soon as it answers."""
        deadline = time.time() + 20
        while True:
            try:
                self.gobgp("global")
                break
            except AssertionError:
                if time.time() > deadline:
                    raise
                time.sleep(0.5)
        for route in ROUTES:
            self.gobgp("global rib add " + route)

    def withdraw(self):
        for route in GONE:
            self.gobgp("global rib del " + route)


def table(records, rib):
    """What a view holds after all records of it: prefix to route."""
    standing = {}
    for r in records:
        if r["kind"] == "peer" and r.get("routes_gone"):
            if r["event"] == "down":
                standing = {k: v for k, v in standing.items()
                            if v.get("peer_addr") != r.get("peer_addr")}
        elif r["kind"] == "route" and r["rib"] == rib and r["action"] == "announce":
            standing[r["prefix"]] = r
        elif r["kind"] == "route" and r["rib"] == rib and r["action"] == "withdraw":
            standing.pop(r["prefix"], None)
    return standing


def settled(daemon, read, rib, peer, count, seconds=40):
    """Waits until the router has `count` prefixes and vnmcd's table of a view the same; both."""
    deadline = time.time() + seconds
    while True:
        theirs = read()
        ours = {k: v for k, v in table(daemon.records(), rib).items()
                if peer is None or v.get("peer_addr") == peer}
        if len(theirs) == count and set(ours) == set(theirs):
            return ours, theirs
        assert time.time() < deadline, f"{rib}: {sorted(ours)}, the router says {sorted(theirs)}"
        time.sleep(1)


def _same(what, got, want):
    assert got == want, f"{what}: {got}, the router says {want}"


# ---- FRR -----------------------------------------------------------------------------------------

def frr_table(lab):
    """What is withdrawn while it is asked for is not there."""
    tables = {}
    for family in ("ipv4", "ipv6"):
        told = lab.vtysh(f"show bgp {family} unicast neighbors {GOBGP} routes json")
        for prefix in told.get("routes", {}):
            paths = lab.vtysh(f"show bgp {family} unicast {prefix} json").get("paths")
            if paths:
                tables[prefix] = paths[0]
    return tables


def check_frr(work, daemon_class, waits=False):
    needs_frr()
    topology = work / "topology.json"
    topology.write_text(json.dumps(TOPOLOGY))
    lab, daemon = Lab(work), None
    try:
        daemon = daemon_class(work, f"tcp:{FRR if waits else COLLECTOR}:{PORT}", lab.inside,
                              topology, active=waits)
        lab.gobgpd(bmp=False)
        lab.frr(waits)
        lab.routes()
        for count in (len(ROUTES) - 1, len(ROUTES) - 1 - len(GONE)):
            ours, theirs = settled(daemon, lambda: frr_table(lab), "adj-rib-in-post", GOBGP, count)
            assert "100.64.9.0/24" not in ours, "the route that the policy refuses is there"
            for prefix, path in theirs.items():
                compare_frr(prefix, ours[prefix], path)
            if count == len(ROUTES) - 1:
                lab.withdraw()
    finally:
        if daemon:
            daemon.kill()
        lab.close()


def compare_frr(prefix, r, path):
    """8.4.4 puts its own AS in front of the path that it tells by BMP."""
    _same(prefix + " AS path", r["as_path"], ("65001 " + path["aspath"]["string"]).strip())
    _same(prefix + " origin", r["origin"], path["origin"].lower())
    _same(prefix + " MED", r.get("med", 0), path.get("metric", 0))
    _same(prefix + " communities", r.get("communities", []),
          path.get("community", {}).get("list", []))
    _same(prefix + " large communities", r.get("large_communities", []),
          path.get("largeCommunity", {}).get("list", []))
    _same(prefix + " next hop", r["next_hop"] in [h["ip"] for h in path["nexthops"]], True)
    names = [r.get(k) for k in ("node_id", "peer_node_id", "next_hop_node_id")]
    assert names == ["r1", "g2", "g2"], f"{prefix}: names {names}"


# ---- GoBGP ---------------------------------------------------------------------------------------

def gobgp_table(lab):
    table_of = {}
    for family in ("ipv4", "ipv6"):
        told = json.loads(lab.gobgp(f"global rib -a {family} -j"))
        for prefix, paths in told.items():
            table_of[prefix] = {a["type"]: a for a in paths[0]["attrs"]}
    return table_of


def check_gobgp(work, daemon_class):
    needs_gobgp()
    lab, daemon = Lab(work), None
    try:
        daemon = daemon_class(work, f"tcp:{COLLECTOR}:{PORT}", lab.inside)
        lab.gobgpd(bmp=True)
        lab.routes()
        for count in (len(ROUTES), len(ROUTES) - len(GONE)):
            ours, theirs = settled(daemon, lambda: gobgp_table(lab), "loc-rib", None, count)
            for prefix, attributes in theirs.items():
                compare_gobgp(prefix, ours[prefix], attributes)
            if count == len(ROUTES):
                lab.withdraw()
    finally:
        if daemon:
            daemon.kill()
        lab.close()


def compare_gobgp(prefix, r, a):
    path = [n for s in a.get(2, {}).get("as_paths", []) for n in s["asns"]]
    _same(prefix + " AS path", r.get("as_path", ""), " ".join(map(str, path)))
    _same(prefix + " origin", r["origin"], ["igp", "egp", "incomplete"][a[1]["value"]])
    _same(prefix + " MED", r.get("med"), a.get(4, {}).get("metric"))
    _same(prefix + " communities", r.get("communities", []),
          ["%d:%d" % divmod(c, 65536) for c in a.get(8, {}).get("communities", [])])
    _same(prefix + " next hop", r["next_hop"], a[3]["nexthop"] if 3 in a else a[14]["nexthop"])
