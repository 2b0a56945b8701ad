"""What the records of a BMP stream must be, from a reading of the stream that is not vnmcd's.

`expect.jsonl` of a case has an object for each message of `in.bmp`, in its order, as an
independent decoder read it; messages() turns each into the records that it must give. Text forms
(AS paths, communities, route distinguishers) are written here from the RFCs.
"""
import ipaddress
import json
import struct

import bmp_linkstate
from bmp_text import (as_length, as_path, communities, ext_communities, flow_text, join_paths,
                      origin_as, rd)
from replay import short

STATS = {
    "0": "rejected_by_inbound_policy", "1": "duplicate_prefix_advertisements",
    "2": "duplicate_withdraws", "3": "invalidated_by_cluster_list_loop",
    "4": "invalidated_by_as_path_loop", "5": "invalidated_by_originator_id",
    "6": "invalidated_by_as_confed_loop", "7": "adj_rib_in_routes", "8": "loc_rib_routes",
    "9": "adj_rib_in_routes", "10": "loc_rib_routes", "11": "updates_treated_as_withdraw",
    "12": "prefixes_treated_as_withdraw", "13": "duplicate_updates",
    "14": "adj_rib_out_pre_routes", "15": "adj_rib_out_post_routes",
    "16": "adj_rib_out_pre_routes", "17": "adj_rib_out_post_routes",
    "18": "adj_rib_in_pre_routes", "19": "adj_rib_in_pre_routes",
    "20": "adj_rib_in_post_routes", "21": "adj_rib_in_post_routes",
    "22": "adj_rib_in_pre_rejected_by_policy", "23": "adj_rib_in_post_accepted_by_policy",
    "26": "suppressed_by_damping", "27": "stale_by_graceful_restart", "28": "stale_by_llgr",
    "29": "left_to_route_threshold", "30": "left_to_route_threshold",
    "31": "left_to_license_threshold", "32": "left_to_license_threshold",
    "33": "adj_rib_in_pre_rejected_by_as_path_length",
    "34": "adj_rib_in_pre_rejected_by_as_path_length",
    "35": "adj_rib_in_post_rov_invalid", "36": "adj_rib_in_post_rov_valid",
    "37": "adj_rib_in_post_rov_not_found", "38": "adj_rib_out_pre_rejected_by_policy",
    "39": "adj_rib_out_pre_filtered_by_as_path_length",
    "40": "adj_rib_out_pre_filtered_by_as_path_length",
    "41": "adj_rib_out_post_rov_invalid", "42": "adj_rib_out_post_rov_valid",
    "43": "adj_rib_out_post_rov_not_found"}
FAMILIES = {(1, 1): "ipv4_unicast", (2, 1): "ipv6_unicast", (2, 128): "ipv6_vpn"}
NAMES = {"1/1": "ipv4/unicast", "2/1": "ipv6/unicast", "1/4": "ipv4/labeled-unicast",
         "1/128": "ipv4/vpn", "2/128": "ipv6/vpn", "25/70": "l2vpn/evpn",
         "16388/71": "bgp-ls/bgp-ls"}
RIBS = {"in_pre": "adj-rib-in-pre", "in_post": "adj-rib-in-post", "loc": "loc-rib",
        "out_pre": "adj-rib-out-pre", "out_post": "adj-rib-out-post"}
DOWN = {1: "local-notification", 2: "local-fsm-event", 3: "remote-notification",
        4: "remote-no-data", 5: "de-configured", 6: "local-system-closed"}
ORIGINS = ["igp", "egp", "incomplete"]
LINKSTATE = ((16388, 71), (16388, 72))
ATTRIBUTES = ("origin", "as_path", "as_path_length", "origin_as", "med", "local_pref",
              "atomic_aggregate", "aggregator_as", "aggregator_addr", "communities",
              "ext_communities", "large_communities", "originator_id", "cluster_list", "aigp",
              "otc", "next_hop", "next_hop_link_local")


class Expected(dict):
    """Fields of a record; those of None must be absent. `some` must be there, whatever they say;
    `within` has what a field must hold at least, by its name (or by name and a dot)."""

    def __init__(self, *args, **more):
        super().__init__(*args, **more)
        self.some, self.within = [], {}
        self.tunnel_label = 0  # of a P-Multicast tunnel; of a VNI all but its last four bits


def frames(octets):
    """The messages of a stream."""
    at = 0
    while at + 6 <= len(octets):
        size = struct.unpack(">I", octets[at + 1:at + 5])[0]
        yield octets[at:at + size]
        at += size


def _attributes(a):
    """The fields that all routes of an UPDATE have in common."""
    path, aggregator = a.get("as_path"), a.get("aggregator")
    if aggregator and aggregator[0] != 23456 and "as4_aggregator" in a:
        pass  # RFC 6793 section 4.2.3: then both of four octets are not looked at
    else:
        if "as4_path" in a:
            path = join_paths(path, a["as4_path"])
        aggregator = a.get("as4_aggregator", aggregator) if aggregator else aggregator
    e = {"origin": ORIGINS[a["origin"]] if "origin" in a else None,
         "med": a.get("med"), "local_pref": a.get("local_pref"),
         "atomic_aggregate": a.get("atomic"), "originator_id": a.get("originator"),
         "cluster_list": a.get("cluster"), "aigp": a.get("aigp"), "otc": a.get("otc"),
         "communities": communities(a["comm"]) if "comm" in a else None,
         "large_communities": a.get("largecomm"),
         "ext_communities": ext_communities(a),
         "aggregator_as": aggregator[0] if aggregator else None,
         "aggregator_addr": aggregator[1] if aggregator else None,
         "as_path": None if path is None else as_path(path),
         "as_path_length": None if path is None else as_length(path),
         "origin_as": None if path is None else origin_as(path)}
    return e


def _presence(e, a):
    for ours, theirs in (("prefix_sid", "prefix_sid"), ("pmsi_tunnel", "pmsi"),
                         ("tunnel_encap", "tunnel_encap")):
        if a.get(theirs):
            e.some.append(ours)
    if a.get("pmsi"):
        e.within["pmsi_tunnel"] = {k: a["pmsi"][k] for k in ("flags", "type")}
        e.tunnel_label = a["pmsi"]["label"]
    if a.get("prefix_sid") == []:
        e["verdict"] = "attribute-discard"
    unknown = {"attr_" + k[4:]: {"flags": v[0], "octets": v[1]} for k, v in a.items()
               if k.startswith("attr")}
    if unknown:
        e.within["attributes"] = unknown


def _evpn(e, n, overlay):
    e.update(route_type=n["evpn"], rd=rd(n["rd"]), eth_tag=n.get("etag"), mac=n.get("mac"))
    if "esi" in n:
        e["esi"] = n["esi"]
    if n["evpn"] in (2, 3, 4):
        e["ip"] = n.get("ip")
    if "prefix" in n:
        e["prefix"] = n["prefix"]
        if not ipaddress.ip_address(n["gw"]).is_unspecified:
            e["gateway"] = n["gw"]
    labels = n.get("labels", [n["label"]] if "label" in n else [])
    if overlay and labels:
        e["vni>>4"] = labels[0]
    elif labels:
        e["labels"] = labels


def _route(afi, safi, n, withdraw, overlay):
    e = Expected(kind="route", afi=afi, safi=safi, path_id=n.get("path_id"))
    if (afi, safi) == (25, 70) and "evpn" in n:
        _evpn(e, n, overlay and not withdraw)
        if withdraw:
            e.pop("labels", None)
        return e
    if "prefix" in n:
        e["prefix"], e["prefix_len"] = n["prefix"], int(n["prefix"].split("/")[1])
    if "rd" in n:
        e["rd"] = rd(n["rd"])
    if "labels" in n and not (withdraw and n["labels"] == [0x800000 >> 4]):
        e["labels"] = n["labels"]
    if "flow" in n:
        e["flowspec"] = flow_text(n["flow"])
    if "rtc" in n and n["rtc"] != "default":
        e.within["nlri"] = {"origin_as": n["rtc"]["origin_as"]}
    if "srpolicy" in n:
        e.within["nlri"] = {"distinguisher": n["srpolicy"]["dist"], "color": n["srpolicy"]["color"],
                            "endpoint": n["srpolicy"]["endpoint"]}
    return e


def _capabilities(told):
    """Those of an OPEN that decide how its session reads."""
    families = [c[1] for c in told["caps"] if c[0] == "mp"]
    names = ["multiprotocol:" + NAMES[f] for f in families if f in NAMES]
    names += ["four-octet-as"] if "as4" in told else []
    ways = {1: "receive", 2: "send", 3: "both"}
    return names + ["add-path:%s:%s" % (NAMES[f], ways[way])
                    for f, way in told.get("addpath", {}).items() if f in NAMES]


class Truth:
    """Turns the objects of expect.jsonl into expected records."""

    def __init__(self, octets, lines):
        self.octets = list(frames(octets))
        self.objects = [json.loads(line) for line in lines]
        self.up, self.seen, self.tables = {}, set(), {}
        self.name = None
        assert len(self.octets) == len(self.objects), "expect.jsonl is of another stream"

    def messages(self):
        """Yields (index, type, [Expected])."""
        for o, octets in zip(self.objects, self.octets):
            make = getattr(self, "_" + str(o["type"]), None)
            made = make(o, octets) if make else []
            for e in made:
                e["router_name"] = self.name
                if "peer" in o:
                    self._peer(e, o)
            yield o["i"], o["type"], made

    def reasons(self):
        """What cannot be read at all: messages of a type that there is not."""
        unknown = sum(isinstance(o["type"], int) for o in self.objects)
        return {"message-unknown": unknown} if unknown else {}

    def faults(self):
        """What can be read in part: link-state NLRI whose length is longer than what there is,
        BGP Prefix-SID without anything in it (as GoBGP passes it on)."""
        updates = [o["update"] for o in self.objects if o["type"] == "route_monitoring"]
        counts = {"nlri-malformed": sum(
            "ls" not in n for u in updates for block in u["reach"] + u["unreach"]
            if (block["afi"], block["safi"]) in LINKSTATE for n in block["nlri"]),
                  "attribute-malformed": sum(u["attrs"].get("prefix_sid") == [] for u in updates)}
        return {name: count for name, count in counts.items() if count}

    def _peer(self, e, o):
        p = o["peer"]
        seconds, micro = (int(v) for v in o["ts"].split("."))
        e.update(peer_type=p["type"], peer_flags=p["flags"], peer_as=p["asn"],
                 peer_addr=p["addr"], rib=RIBS[o["rib"]],
                 peer_bgp_id=None if p["bgp_id"] == "0.0.0.0" else p["bgp_id"],
                 peer_distinguisher=None if p["rd"] == "0" else rd(p["rd"]),
                 table_name=o.get("table", self.tables.get(self._key(o))),
                 event_ns=(seconds * 1000000 + micro) * 1000 if seconds else None)

    @staticmethod
    def _key(o):
        p = o["peer"]
        return p["type"], p["rd"], p["addr"]

    def _initiation(self, o, _):
        names = {0: "string", 1: "sys_descr", 2: "sys_name"}
        told = {names[t]: v for t, v in o["tlvs"] if t in names}
        self.name = told.get("sys_name", self.name)
        e = Expected(kind="peer", event="init")
        e.within["information"] = told
        return [e]

    @staticmethod
    def _termination(o, _):
        code = dict((t, v) for t, v in o["tlvs"]).get(1)
        e = Expected(kind="peer", event="term", reason_code=code)
        e.within["information"] = {"string": v for t, v in o["tlvs"] if t == 0}
        return [e]

    def _peer_up(self, o, _):
        sent, received = o["sent_open"], o["rcvd_open"]
        info = o.get("info", {})
        self.up[self._key(o)] = True
        self.tables.pop(self._key(o), None)
        if "vrf_table" in info:
            self.tables[self._key(o)] = info["vrf_table"]
        e = Expected(kind="peer", event="up", local_port=o["lport"], remote_port=o["rport"],
                     local_as=sent.get("as4", sent["as2"]), local_bgp_id=sent["id"],
                     hold_time=min(sent["hold"], received["hold"]), implicit=None,
                     local_addr=None if ipaddress.ip_address(o["local"]).is_unspecified
                     else o["local"])
        e.within.update(capabilities_sent=_capabilities(sent),
                        capabilities_received=_capabilities(received))
        told = {{"vrf_table": "table_name"}.get(k, k): v for k, v in info.items()}
        if told:
            e.within["information"] = told
        return [e]

    def _peer_down(self, o, _):
        code = o["reason"]
        note = o.get("notification")
        self.up.pop(self._key(o), None)
        e = Expected(kind="peer", event="down", reason_code=code, reason=DOWN.get(code),
                     routes_gone=True,
                     notification="%d/%d" % tuple(note[:2]) if note else None)
        if o.get("fsm") is not None:
            e.within["information"] = {"fsm_event": o["fsm"]}
        if "shutdown" in o:
            e.within["information"] = {"shutdown_communication": o["shutdown"]}
        if "vrf_table" in o.get("info", {}):
            self.tables[self._key(o)] = o["info"]["vrf_table"]
            e.within.setdefault("information", {})["table_name"] = o["info"]["vrf_table"]
        return [e]

    @staticmethod
    def _stats(o, _):
        e, told = Expected(kind="peer", event="stats"), {}
        for kind, value in o["stats"].items():
            name = STATS.get(kind, "stat_" + kind)
            if isinstance(value, dict):
                family = (value["afi"], value["safi"])
                name += "_" + FAMILIES.get(family, "%d_%d" % family)
                value = value["v"]
            told[name] = value
        e.within["stats"] = told
        return [e]

    @staticmethod
    def _route_mirroring(o, octets):
        at, mirrored = 48, None
        while at + 4 <= len(octets):
            kind, size = struct.unpack(">HH", octets[at:at + 4])
            if kind == 0:
                mirrored = octets[at + 4:at + 4 + size].hex()
            at += 4 + size
        e = Expected(kind="peer", event="mirror", mirrored=mirrored)
        if "info" in o:
            e["reason_code"] = o["info"]
        return [e]

    def _route_monitoring(self, o, _):
        u, made = o["update"], []
        shared = _attributes(u["attrs"])
        overlay = any(c.startswith("030c") and c.endswith(("0008", "0009", "000c", "0013"))
                      for c in u["attrs"].get("extcomm", []))
        for withdraw, part in ((True, "unreach"), (False, "reach")):
            for block in u[part]:
                for n in block["nlri"]:
                    made.append(self._nlri(block, n, withdraw, shared, u, overlay))
        for e, mark in zip(made, o.get("marks", [None] * len(made))):
            e.update(path_status=mark and mark[0], path_reason=mark and mark[1])
        if "eor" in u:
            made.append(Expected(kind="route", action="end-of-rib", afi=u["eor"][0],
                                 safi=u["eor"][1]))
        if o.get("no_peer_up") and self._key(o) not in self.up:
            for e in made:
                e.within.setdefault("inferred", []).append("peer")
        return made

    @staticmethod
    def _nlri(block, n, withdraw, shared, u, overlay):
        family = block["afi"], block["safi"]
        if family in LINKSTATE:
            e = bmp_linkstate.record(Expected, n, u["attrs"] if not withdraw else None)
        else:
            e = _route(*family, n, withdraw, overlay)
        e["action"] = "withdraw" if withdraw else "announce"
        if "addpath_fallback" in u:
            e.within["inferred"] = ["add-path"]
        hops = block.get("nh") or []
        if e["kind"] == "route":
            e.update({k: None for k in ATTRIBUTES} if withdraw else shared)
            if not withdraw:
                _presence(e, u["attrs"])
                e["next_hop_link_local"] = hops[1] if len(hops) > 1 else None
        elif not withdraw:
            e.update(as_path=shared["as_path"], local_pref=shared["local_pref"])
        if not withdraw:
            e["next_hop"] = hops[0] if hops else None
        return e


def _value(r, key):
    value = r.get(key)
    if key == "esi" and value is not None:
        return value.replace(":", "")
    if key == "vni>>4":
        return r["vni"] >> 4 if "vni" in r else None
    if key == "notification" and value is not None:
        return "/".join(value.split("/")[:2])
    return value


def differences(r, e):
    """What a record has that it must not have, one line each."""
    for key, want in e.items():
        got = _value(r, key)
        if not bmp_linkstate.same(got, want):
            yield "%s %s, must be %s" % (key, short(got), short(want))
    for key in e.some:
        if key not in r:
            yield "no %s" % key
    for key, parts in e.within.items():
        got = r.get(key.split(".")[0], {})
        for part in parts:
            if isinstance(parts, list):
                if part not in got:
                    yield "%s %s lacks %s" % (key, short(got), part)
            elif not bmp_linkstate.same(got.get(part), parts[part]):
                yield "%s.%s %s, must be %s" % (key, part, short(got.get(part)),
                                                short(parts[part]))


def check(truth, records, f, limit=12, longer=False):
    """All records of one session, `lost` at its end included. `longer`: more came than is told."""
    kinds = [r for r in records if r["kind"] in ("route", "peer", "linkstate")]
    at = 0
    for index, kind, made in truth.messages():
        for e in made:
            if at == len(kinds):
                f.append("message %d (%s): no record of %s" % (index, kind, short(dict(e))))
                return
            wrong = list(differences(kinds[at], e))
            for line in wrong[:4]:
                f.append("message %d (%s): %s" % (index, kind, line))
            if len(f) > limit:
                return
            if wrong and (kinds[at]["kind"] != e["kind"]):
                f.append("message %d: records are out of step" % index)
                return
            at += 1
    rest = kinds[at:]
    while longer and rest and rest[0].get("event") != "lost":
        rest.pop(0)
    f.true("records behind the last message that are not of a lost session: %s" % short(rest[:1]),
           all(r["kind"] == "peer" and r["event"] == "lost" for r in rest))
    f.true("the end of the session is told %d times" % sum("peer_type" not in r for r in rest),
           sum("peer_type" not in r for r in rest) == 1)
    lost = {(r["peer_type"], r.get("peer_distinguisher", "0"), r.get("peer_addr")) for r in rest
            if "peer_type" in r}
    want = {(t, "0" if d == "0" else rd(d), a) for t, d, a in truth.up}
    f.true("lost peers %s lack %s" % (short(lost), short(want - lost)), want <= lost)


# What differs between the ways by which a stream came: of the envelope, and of the clock.
WAYS = {"observed_ns", "event_ns", "exporter_addr", "exporter_port", "router_addr", "transport",
        "record_seq", "worker", "collector", "collector_epoch_ns",}


def content(records):
    """The records of BMP without what differs between the ways by which they came."""
    return [{k: v for k, v in r.items() if k not in WAYS}
            for r in records if r["kind"] in ("route", "peer", "linkstate")]


def table(records, rib):
    """What a view holds when all its announcements and withdrawals are counted."""
    standing = {}
    for r in records:
        if r["kind"] != "route" or r["rib"] != rib or r["action"] == "end-of-rib":
            continue
        key = tuple(r.get(k) for k in (
            "peer_addr", "peer_type", "peer_distinguisher", "afi", "safi", "path_id", "rd",
            "prefix", "route_type", "eth_tag", "mac", "ip"))
        if r["action"] == "withdraw":
            standing.pop(key, None)
        else:
            standing[key] = {k: r.get(k) for k in ATTRIBUTES}
    return standing
