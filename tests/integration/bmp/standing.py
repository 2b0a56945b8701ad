"""The standing RIB against real routers: what GET /rib answers is the router's own table, also
after its BGP session was cleared and after its BMP session was cut and came back."""

import contextlib
import json
import time

import routers
from routers import COLLECTOR, GOBGP, PORT, ROUTES

BEHIND = 1792       # where vnmcd listens, behind the relay
HTTP = 9464
STALE = 25          # seconds; GoBGP is back after 15
OPTIONS = f"rib: full, rib_suppress: true, rib_stale: {STALE}s"
CUT = "100.64.2.0/23"       # goes while the session is cut
PASSING = "100.64.77.0/24"  # comes and goes meanwhile

RELAY = """
import socket, threading
def pump(a, b):
    try:
        while data := a.recv(65536):
            b.sendall(data)
    except OSError:
        pass
    for s in (a, b):
        try:
            s.shutdown(socket.SHUT_RDWR)
        except OSError:
            pass
server = socket.create_server(("%s", %d))
while True:
    a, _ = server.accept()
    b = socket.create_connection(("%s", %d))
    for pair in ((a, b), (b, a)):
        threading.Thread(target=pump, args=pair, daemon=True).start()
""" % (COLLECTOR, PORT, COLLECTOR, BEHIND)

GET = """
import sys, urllib.request
with urllib.request.urlopen("http://%s:%d" + sys.argv[1], timeout=10) as r:
    print(r.headers["Vnmcd-Complete"])
    sys.stdout.write(r.read().decode())
""" % (COLLECTOR, HTTP)


class Collector:
    """vnmcd with a RIB behind a relay, which can be ended and begun anew."""

    def __init__(self, lab, daemon):
        self.lab, self.daemon, self.relay = lab, daemon, None

    def connect(self):
        self.lab.start("relay", "python3", "-c", RELAY)
        self.relay = self.lab.children[-1]

    def cut(self):
        self.lab.children.remove(self.relay)
        self.relay.kill()
        self.relay.wait()

    def ask(self, what):
        told = self.lab.run("python3", "-c", GET, what).splitlines()
        assert told[0] == "yes", f"{what}: {told[0]}"
        return [json.loads(line) for line in told[1:]]

    def table(self, view, peer=None):
        """Prefix to route; there is one path each."""
        wanted = f"/rib?rib={view}&limit=20000" + (f"&peer={peer}" if peer else "")
        routes = self.ask(wanted)
        table = {r["prefix"]: r for r in routes}
        assert len(table) == len(routes), f"several paths of a prefix: {routes}"
        return table

    def numbers(self, view):
        return sum(r["rib_paths"] for r in self.ask(f"/rib?summary=1&rib={view}") if "afi" in r)


def settled(collector, read, view, peer, count, seconds=40):
    """Until /rib has the `count` prefixes that the router has; both tables."""
    deadline = time.time() + seconds
    while True:
        theirs, ours = read(), collector.table(view, peer)
        if len(theirs) == count and set(ours) == set(theirs) and \
                not any(r.get("stale") for r in ours.values()):
            return ours, theirs
        assert time.time() < deadline, \
            f"{view}: {sorted(ours)}, the router says {sorted(theirs)}"
        time.sleep(0.5)


def _published(daemon, since, view):
    """(announced, swept) prefixes of a view in what was published from that record on."""
    own = [r for r in daemon.records()[since:] if r["kind"] == "route" and r["rib"] == view and
           r["action"] != "end-of-rib"]
    return ([r["prefix"] for r in own if r["action"] == "announce"],
            [r["prefix"] for r in own if r.get("trigger") == "sweep"])


def _check(lab, collector, read, compare, view, peer, absent, clear, back):
    """absent: routes of ROUTES that are never in the view; back: seconds until the router is."""
    def same(count):
        ours, theirs = settled(collector, read, view, peer, count)
        for prefix, told in theirs.items():
            compare(prefix, ours[prefix], told)

    count = len(ROUTES) - absent
    same(count)
    lab.withdraw()
    count -= len(routers.GONE)
    same(count)
    clear()
    time.sleep(1)
    same(count)
    since = len(collector.daemon.records())
    collector.cut()
    lost = collector.daemon.wait(lambda r: any(
        x.get("event") == "lost" and x.get("routes_stale") for x in r[since:]), 10, "the loss")
    assert not any(r.get("routes_gone") for r in lost[since:]), "routes are gone too early"
    assert len(collector.table(view, peer)) == count, "the table does not outlast the session"
    lab.gobgp("global rib del " + CUT)
    for change in ("add", "del"):  # GoBGP finds out by writing, and more than once
        time.sleep(0.5)
        lab.gobgp(f"global rib {change} {PASSING}")
    time.sleep(1)
    collector.connect()
    collector.daemon.wait(lambda r: any(x.get("event") == "init" for x in r[since:]), back,
                          "the router's return")
    ours, _ = settled(collector, read, view, peer, count - 1, STALE + 15)
    assert CUT not in ours
    announced, swept = _published(collector.daemon, since, view)
    assert not announced, f"published twice: {announced}"
    assert swept == [CUT], f"swept: {swept}"


@contextlib.contextmanager
def _collector(work, daemon_class):
    """A lab with a collector; both end with it."""
    lab, daemon = routers.Lab(work), None
    try:
        topology = work / "topology.json"
        topology.write_text(json.dumps(routers.TOPOLOGY))
        daemon = daemon_class(work, f"tcp:{COLLECTOR}:{BEHIND}", lab.inside, topology,
                              options=OPTIONS, http=f"{COLLECTOR}:{HTTP}")
        collector = Collector(lab, daemon)
        collector.connect()
        yield collector
    finally:
        if daemon:
            daemon.kill()
        lab.close()


def check_frr(work, daemon_class):
    routers.needs_frr()
    with _collector(work, daemon_class) as collector:
        lab = collector.lab
        lab.gobgpd(bmp=False)
        lab.frr()
        lab.routes()
        _check(lab, collector, lambda: routers.frr_table(lab), routers.compare_frr,
               "adj-rib-in-post", GOBGP, 1, lambda: lab.vty("clear bgp *"), 15)


def check_gobgp(work, daemon_class):
    routers.needs_gobgp()
    with _collector(work, daemon_class) as collector:
        lab = collector.lab
        lab.gobgpd(bmp=True)
        lab.routes()
        _check(lab, collector, lambda: routers.gobgp_table(lab), routers.compare_gobgp,
               "loc-rib", None, 0, lambda: None, 40)
