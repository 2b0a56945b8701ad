"""What a standing RIB publishes, from what is published without one.

The records of a replay with `rib: off` are compared with an independent decoder's elsewhere
(bmp_truth). Here a table is kept of them as a consumer would; a dump must tell that table, a sweep
may only take away what the router no longer tells, and nothing else may change.
"""
from collections import Counter

# Of a record, what says when and how it came.
HOW = {"record_seq", "observed_ns", "event_ns", "trigger", "stale", "exporter_port", "inferred",
       "peer_flags", "agent_addr"}
PEER = ("router_addr", "router_name", "peer_type", "peer_addr", "peer_distinguisher")
IDENTITY = ("afi", "safi", "path_id", "rd", "prefix", "route_type", "eth_tag", "mac", "ip",
            "flowspec", "object_id")
OWN = ("rib", "dump-begin", "dump-end", "expired")


def peer_of(r):
    return tuple(r.get(k) for k in PEER)


def key(r):
    """What tells a route from others: ESIs and parts without a field only where they belong."""
    if r["kind"] == "linkstate":
        r = dict(r, afi=16388, safi=72 if "rd" in r else 71)
    parts = [r["kind"], peer_of(r), r["rib"]] + [r.get(k) for k in IDENTITY]
    if r.get("route_type") in (1, 4, 7, 8):
        parts.append(r.get("esi"))
    nlri = r.get("nlri", {})
    parts += sorted((k, str(v)) for k, v in nlri.items()
                    if k not in ("srv6_sid", "flags", "label_base", "ve_block_size", "vni2"))
    return tuple(parts)


def content(r):
    return {k: v for k, v in r.items() if k not in HOW}


def is_route(r):
    return r["kind"] in ("route", "linkstate") and r["action"] != "end-of-rib"


def unchanged(off, on, f):
    """Without what the RIB itself tells, the records are those that there are without it. Sources
    whose routes are kept are not gone."""
    def live(records):
        return [{k: v for k, v in r.items() if k not in ("record_seq", "routes_gone",
                                                          "routes_stale")}
                for r in records if not r.get("trigger") and r.get("event") not in OWN and
                r.get("fact") != "source"]
    a, b = live(off), live(on)
    f.equal("records that the router told", len(b), len(a))
    for one, two in zip(a, b):
        if one != two:
            f.equal("a record with a RIB", two, one)
            return


class Consumer:
    """Keeps tables as records say, and looks at every dump."""

    def __init__(self, f):
        self.f, self.tables, self.dump, self.seen = f, {}, None, Counter()

    def take(self, records):
        for r in records:
            self.seen[r.get("trigger") or r.get("event") or r["kind"]] += 1
            if is_route(r):
                self.route(r)
            elif r["kind"] == "peer":
                self.peer(r)
        return self

    def route(self, r):
        k, trigger = key(r), r.get("trigger")
        if trigger == "dump":
            self.f.true("a dumped route outside of its dump: %s" % (k,), self.dump is not None)
            self.f.true("a route is dumped twice: %s" % (k,), k not in self.dump)
            self.dump.add(k)
            told = self.tables.get(k)
            self.f.true("a dump of what is not there: %s" % (k,), told is not None)
            if told is not None and content(told) != content(r):
                self.f.equal("a dumped route", content(r), content(told))
        elif r["action"] == "announce":
            self.tables[k] = r
        else:
            if trigger == "sweep":
                self.f.true("a sweep of what is not there: %s" % (k,), k in self.tables)
            self.tables.pop(k, None)

    def peer(self, r):
        if r.get("routes_gone"):
            gone = [k for k in self.tables if k[1] == peer_of(r) or "peer_type" not in r and
                    k[1][0] == r.get("router_addr")]
            for k in gone:
                del self.tables[k]
        if "afi" not in r:
            return
        if r["event"] == "dump-begin":
            self.f.true("a dump within a dump", self.dump is None)
            self.dump = set()
        elif r["event"] == "dump-end":
            there = {k for k in self.tables if k[1] == peer_of(r) and k[2] == r["rib"] and
                     k[3:5] == (r["afi"], r["safi"])}
            self.f.equal("routes dumped of %s %s %d/%d" % (peer_of(r), r["rib"], r["afi"],
                                                           r["safi"]), self.dump, there)
            self.f.equal("rib_paths", r["rib_paths"], len(there))
            self.f.equal("rib_octets_per_path", "rib_octets_per_path" in r, bool(there))
            self.dump = None

    def table(self, router_port=None, rib=None):
        """Key to content."""
        return {k: content(r) for k, r in self.tables.items()
                if (router_port is None or r["exporter_port"] == router_port) and
                (rib is None or r["rib"] == rib)}


def repeats(records, f):
    """With rib_suppress no route is published twice as it is."""
    last = {}
    for r in records:
        if r["kind"] == "peer" and r.get("routes_gone"):
            last = {k: v for k, v in last.items() if k[1] != peer_of(r)}
        if not is_route(r) or r.get("trigger") == "dump":
            continue
        k, now = key(r), content(r) if r["action"] == "announce" else None
        f.true("published twice as it is: %s" % (k,), last.get(k) != now or k not in last)
        f.true("a withdrawal of what is not there: %s" % (k,), now is not None or k in last)
        if now is None:
            last.pop(k, None)
        else:
            last[k] = now
