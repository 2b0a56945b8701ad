"""The facts that the routes and link state of a BMP stream teach, from the reading of the stream
that is not vnmcd's (bmp_truth): which, in which order, and which of them repeat what was told."""
import ipaddress

import bmp_linkstate
from replay import short

EVPN = {2: ("mac-at-vtep", "mac"), 3: ("vtep-in-vni", "vtep"), 5: ("prefix-behind", "prefix")}
LINKSTATE = {"node": "ls-node", "link": "ls-link", "prefix-v4": "ls-prefix",
             "prefix-v6": "ls-prefix"}
PEER_TYPES = {0: "global", 1: "rd", 2: "local", 3: "loc-rib"}
# Of a link-state object what it is, not how it fares.
LASTING = ("node_name", "node_flag_bits", "isis_area_identifier", "multi_topology_id",
           "ipv4_router_id_of_local_node", "ipv6_router_id_of_local_node",
           "ipv4_router_id_of_remote_node", "ipv6_router_id_of_remote_node", "link_name",
           "igp_metric", "te_default_metric", "administrative_group", "maximum_link_bandwidth",
           "shared_risk_link_group", "prefix_metric", "igp_flags")


def _source(e):
    addr = e["peer_addr"] if e["peer_type"] != 3 else None
    name = PEER_TYPES.get(e["peer_type"], "")
    parts = [e["peer_distinguisher"], name if addr is None or name == "local" else None, addr]
    return "|".join(p for p in parts if p)


def _evpn_evidence(e, withdrawn):
    told = {"rd": e["rd"], "eth_tag": e.get("eth_tag") or None,
            "ip": e.get("ip") if e["route_type"] == 2 else None}
    if withdrawn:
        return told
    hop = e.get("next_hop")
    told["vtep"] = hop if hop and not ipaddress.ip_address(hop).is_unspecified else None
    told["gateway"] = e.get("gateway")
    told["esi"] = e["esi"] if e.get("esi", "").strip("0") else None
    told["vni>>4"] = e.get("vni>>4") or None
    labels = e.get("labels") or [e.tunnel_label]
    told["label"] = labels[0] or None
    for text in e.get("ext_communities") or []:
        name, _, rest = text.partition(":")
        if name == "rt":
            told.setdefault("route_targets", []).append(rest)
        elif name == "mac-mobility":
            told["mac_mobility"] = int(rest.split(":")[-1])
            told["sticky"] = True if rest.startswith("sticky") else None
        elif name == "router-mac":
            told["router_mac"] = rest
    return told


def _evpn(e, withdrawn):
    kind, object_type = EVPN[e["route_type"]]
    about = {2: "mac", 3: "ip", 5: "prefix"}[e["route_type"]]
    claim = [e["rib"], e["rd"], str(e.get("eth_tag") or 0),
             e.get("ip") or "" if e["route_type"] == 2 else ""]
    if e.get("path_id") is not None:
        claim.append(str(e["path_id"]))
    return {"fact": kind, "object_type": object_type, "object": e[about],
            "claim": "|".join(claim), "evidence": _evpn_evidence(e, withdrawn)}


def _node(told):
    return "%s/%s" % (told.get("autonomous_system", ""),
                      told.get("igp_router_id", told.get("bgp_router_id", "")))


def _linkstate(e, withdrawn):
    descriptors = e["descriptors"] or {}
    parts = [str(e["instance_id"]), _node(e["local_node"])]
    if e["object"] == "link":
        parts.append(_node(e["remote_node"]))
        end = descriptors.get("ipv4_interface_address", descriptors.get("ipv6_interface_address"))
        if end is None and "link_local_remote_identifiers" in descriptors:
            end = descriptors["link_local_remote_identifiers"]["local"]
        parts += [] if end is None else [str(end)]
    elif e["object"] != "node":
        parts.append(e["prefix"])
    told = {"protocol": e["ls_protocol"], "local_node": e["local_node"],
            "remote_node": e["remote_node"], "descriptors": e["descriptors"]}
    if not withdrawn:
        attributes = e.within.get("attributes", {})
        told.update((k, attributes.get(k)) for k in LASTING)
    kind = LINKSTATE[e["object"]]
    return {"fact": kind, "object_type": kind, "object": "/".join(parts),
            "claim": None, "claim of": (e["rib"], e.get("path_id")), "evidence": told}


def _taught(e):
    withdrawn = e.get("action") == "withdraw"
    if e["kind"] == "linkstate" and e.get("object") in LINKSTATE:
        made = _linkstate(e, withdrawn)
    elif (e["kind"], e.get("afi"), e.get("safi")) == ("route", 25, 70) and \
            e.get("route_type") in EVPN:
        made = _evpn(e, withdrawn)
    else:
        return None
    made.update(withdrawn=withdrawn, source=_source(e))
    return made


class _Told:
    """What was told since each source began."""

    def __init__(self):
        self.facts = {}  # by source: {what: (withdrawn, values)}

    def is_news(self, made, number):
        standing = self.facts.setdefault(made["source"], {})
        # Link state is told apart by its octets, which the record has and the truth has not.
        what = made["fact"], made["object"], made["claim"] or number
        says = made["withdrawn"], repr(made["evidence"])
        if standing.get(what) == says:
            return False
        standing[what] = says
        return True

    def end(self, source):
        return self.facts.pop(source, None) is not None


def facts(truth, object_ids):
    """Those of all messages, in order. object_ids: of each link-state record, in order."""
    told, ids = _Told(), iter(object_ids)
    for _, kind, made in truth.messages():
        for e in made:
            number = next(ids) if e["kind"] == "linkstate" else None
            fact = _taught(e)
            if fact is None and e["kind"] == "linkstate" and "object" not in e:
                yield {"perhaps": number}  # it overruns: how much can be read is not known here
            elif fact is not None:
                if fact["claim"] is None:
                    rib, path = fact.pop("claim of")
                    fact["claim"] = "|".join([rib, number] + ([] if path is None else [str(path)]))
                if told.is_news(fact, number):
                    yield fact
        if kind in ("peer_up", "peer_down") and made:
            source = _source(made[0])
            if told.end(source):
                yield {"fact": "source", "object_type": "source", "object": source,
                       "source": source, "withdrawn": kind == "peer_down", "evidence": {}}
    # The stream ends, and with it all sources that told something.
    for source in sorted(told.facts):
        yield {"fact": "source", "object_type": "source", "object": source, "source": source,
               "withdrawn": True, "evidence": {}}


def _value(evidence, key):
    if key == "vni>>4":
        return evidence["vni"] >> 4 if "vni" in evidence else None
    if key == "esi" and "esi" in evidence:
        return evidence["esi"].replace(":", "")
    return evidence.get(key)


def differences(r, want):
    for key in ("fact", "object_type", "object", "source", "claim", "withdrawn"):
        if r.get(key) != want.get(key):
            yield "%s %s, must be %s" % (key, short(r.get(key)), short(want.get(key)))
    got = r.get("evidence", {})
    for key, value in want["evidence"].items():
        if not bmp_linkstate.same(_value(got, key), value):
            yield "evidence.%s %s, must be %s" % (key, short(_value(got, key)), short(value))
    known = {"vni" if k == "vni>>4" else k for k in want["evidence"]}
    if set(got) - known:
        yield "evidence has %s besides" % sorted(set(got) - known)


def _settled(want, got):
    """What is wanted without those that may be told and are not."""
    settled = []
    for w in want:
        if "perhaps" not in w:
            settled.append(w)
        elif len(settled) < len(got) and w["perhaps"] in got[len(settled)].get("claim", ""):
            settled.append(w)
    return settled


def check(truth, records, f, limit=8):
    """The facts among the records of one session; returns how many there are."""
    got = [r for r in records if r["kind"] == "topology_event"]
    ids = [r.get("object_id") for r in records if r["kind"] == "linkstate"]
    want = _settled(facts(truth, ids), got)
    at_end = [w for w in want if w.get("fact") == "source" and w["withdrawn"]]
    for number, (r, w) in enumerate(zip(got, want)):
        if "perhaps" in w or (w in at_end and r["fact"] == "source"):
            continue  # those that end together do so in no order that is known here
        for line in differences(r, w):
            f.append("fact %d (%s %s): %s" % (number, w["fact"], w["object"], line))
        if len(f) > limit:
            return len(got)
    f.equal("facts", len(got), len(want))
    f.equal("sources that are gone",
            sorted(r["source"] for r in got if r["fact"] == "source" and r["withdrawn"]),
            sorted(w["source"] for w in at_end))
    return len(got)
