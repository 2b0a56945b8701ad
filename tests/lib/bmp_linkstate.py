"""What the records of BGP-LS NLRI must be: names of RFC 9552 and of those that extend it."""

OBJECTS = {"prefix4": "prefix-v4", "prefix6": "prefix-v6", "srv6sid": "srv6-sid"}
PROTOCOLS = {1: "isis-1", 2: "isis-2", 3: "ospf-2", 4: "direct", 5: "static", 6: "ospf-3",
             7: "bgp", 8: "rsvp-te", 9: "segment-routing"}
NODE = {"asn": "autonomous_system", "bgp_ls_id": "bgp_ls_identifier", "area": "ospf_area_id",
        "igp_id": "igp_router_id", "bgp_id": "bgp_router_id", "member_asn": "member_asn"}
SAME = lambda v: v


def _area(text):
    return ".".join([text[:2]] + [text[i:i + 4] for i in range(2, len(text), 4)])


def _system(text):
    return ".".join(text[i:i + 4] for i in range(0, 12, 4))


def _renamed(**names):
    return lambda v: {ours: v[theirs] for ours, theirs in names.items()}


def _blocks(v):
    return {"flags": v["flags"], "ranges": [{"size": n, "sid": sid} for sid, n in v["ranges"]]}


_SID = _renamed(flags="flags", weight="weight", sid="sid")
_END_X = dict(endpoint_behavior="behavior", flags="flags", algorithm="algo", weight="weight",
              sid="sid")
_STRUCTURE = ("locator_block_length", "locator_node_length", "function_length", "argument_length")

# Name there: (name here, value there to value here, whether a value is a list of itself)
ATTRIBUTES = {
    "mt": ("multi_topology_id", SAME, True), "node_flags": ("node_flag_bits", SAME, False),
    "node_name": ("node_name", SAME, False), "link_name": ("link_name", SAME, False),
    "isis_area": ("isis_area_identifier", _area, False),
    "local_rid4": ("ipv4_router_id_of_local_node", SAME, False),
    "local_rid6": ("ipv6_router_id_of_local_node", SAME, False),
    "remote_rid4": ("ipv4_router_id_of_remote_node", SAME, False),
    "remote_rid6": ("ipv6_router_id_of_remote_node", SAME, False),
    "node_msd": ("node_msd", lambda v: [{"type": t, "value": n} for t, n in v], True),
    "link_msd": ("link_msd", lambda v: [{"type": t, "value": n} for t, n in v], True),
    "sr_cap": ("sr_capabilities", _blocks, False), "srlb": ("sr_local_block", _blocks, False),
    "sr_algo": ("sr_algorithm", SAME, True),
    "admin_group": ("administrative_group", SAME, False),
    "max_bw": ("maximum_link_bandwidth", SAME, False),
    "max_resv_bw": ("maximum_reservable_link_bandwidth", SAME, False),
    "unresv_bw": ("unreserved_bandwidth", SAME, True),
    "te_metric": ("te_default_metric", SAME, False),
    "link_prot": ("link_protection_type", SAME, False),
    "mpls_mask": ("mpls_protocol_mask", SAME, False), "igp_metric": ("igp_metric", SAME, False),
    "srlg": ("shared_risk_link_group", SAME, True),
    "adj_sid": ("adjacency_sid", _SID, False), "peer_node_sid": ("peer_node_sid", _SID, False),
    "peer_adj_sid": ("peer_adj_sid", _SID, False), "peer_set_sid": ("peer_set_sid", _SID, False),
    "lan_adj_sid": ("lan_adjacency_sid",
                    lambda v: dict(_SID(v), neighbor_id=_system(v["nbr"])), False),
    "srv6_endx": ("srv6_end_x_sid", _renamed(**_END_X), False),
    "srv6_lan_endx": ("isis_srv6_lan_end_x_sid",
                      lambda v: dict(_renamed(**_END_X)(v), neighbor_id=_system(v["nbr"])), False),
    "delay": ("unidirectional_link_delay", _renamed(anomalous="a", delay_us="us"), False),
    "delay_minmax": ("min_max_unidirectional_link_delay",
                     _renamed(anomalous="a", min_delay_us="min", max_delay_us="max"), False),
    "delay_var": ("unidirectional_delay_variation", SAME, False),
    "loss": ("unidirectional_link_loss",
             lambda v: {"anomalous": v["a"], "loss_percent": v["v"] * 3e-6}, False),
    "resid_bw": ("unidirectional_residual_bandwidth", SAME, False),
    "avail_bw": ("unidirectional_available_bandwidth", SAME, False),
    "util_bw": ("unidirectional_utilized_bandwidth", SAME, False),
    "igp_flags": ("igp_flags", SAME, False), "tags": ("igp_route_tag", SAME, True),
    "ext_tags": ("igp_extended_route_tag", SAME, True),
    "prefix_metric": ("prefix_metric", SAME, False),
    "ospf_fwd": ("ospf_forwarding_address", SAME, False),
    "prefix_sid": ("prefix_sid", _renamed(flags="flags", algorithm="algo", sid="sid"), False),
    "srv6_locator": ("srv6_locator",
                     _renamed(flags="flags", algorithm="algo", metric="metric"), False),
    "prefix_attr_flags": ("prefix_attribute_flags", SAME, False),
    "source_rid": ("source_router_identifier", SAME, False),
    "srv6_behavior": ("srv6_endpoint_behavior",
                      _renamed(endpoint_behavior="behavior", flags="flags", algorithm="algo"),
                      False),
    "srv6_peer_node": ("srv6_bgp_peer_node_sid",
                       _renamed(flags="flags", weight="weight", peer_as_number="asn",
                                peer_bgp_identifier="bgp_id"), False),
    "sid_struct": ("srv6_sid_structure", lambda v: dict(zip(_STRUCTURE, v)), True),
    "ext_admin_group": ("extended_administrative_group", SAME, True),
    "tlv1025": ("opaque_node_attribute", SAME, False),
    "tlv1039": ("flexible_algorithm_definition", None, False),
    "tlv1038": ("srv6_capabilities", None, False),
    "tlv1122": ("application_specific_link_attributes", None, False),
    "tlv1172": ("l2_bundle_member_attributes", None, False)}


class Holds(dict):
    """An object with at least these parts: sub-TLVs join them."""


class Listed(list):
    """A list, of which the items are objects with at least these parts."""


def _wrapped(v):
    if isinstance(v, dict):
        return Holds({k: _wrapped(x) for k, x in v.items()})
    if isinstance(v, list):
        return Listed(_wrapped(x) for x in v)
    return v


def same(got, want):
    if isinstance(want, Holds):
        return isinstance(got, dict) and all(same(got.get(k), v) for k, v in want.items())
    if isinstance(want, Listed):
        return isinstance(got, list) and len(got) == len(want) and all(
            same(a, b) for a, b in zip(got, want))
    if isinstance(want, float) or isinstance(got, float):
        return (isinstance(got, (int, float)) and isinstance(want, (int, float))
                and abs(got - want) <= 1e-6 * max(abs(got), abs(want)))
    return got == want


def _attributes(e, told):
    for theirs, value in told.items():
        name, make, listed = ATTRIBUTES.get(theirs, ("tlv_" + theirs[3:], SAME, False))
        if make is None:
            e.within.setdefault("attributes.has", []).append(name)
            continue
        many = isinstance(value, list) and (not listed or bool(value)
                                            and isinstance(value[0], list)
                                            and name not in ("node_msd", "link_msd"))
        e.within.setdefault("attributes", {})[name] = _wrapped(
            [make(v) for v in value] if many else make(value))


def _node(told):
    return {NODE.get(k, "tlv_" + k[3:]): v for k, v in told.items()}


def _descriptors(n):
    d = {}
    six = ":" in str(n.get("if_addr", n.get("nbr_addr", "")))
    if "link_ids" in n:
        d["link_local_remote_identifiers"] = dict(zip(("local", "remote"), n["link_ids"]))
    if "if_addr" in n:
        d["ipv6_interface_address" if six else "ipv4_interface_address"] = n["if_addr"]
    if "nbr_addr" in n:
        d["ipv6_neighbor_address" if six else "ipv4_neighbor_address"] = n["nbr_addr"]
    if "mt" in n:
        d["multi_topology_id"] = n["mt"]
    if "ospf_route_type" in n:
        d["ospf_route_type"] = n["ospf_route_type"]
    if "prefix" in n:
        d["ip_reachability_information"] = n["prefix"]
    if "sid" in n:
        d["srv6_sid_information"] = n["sid"][0] if len(n["sid"]) == 1 else n["sid"]
    for key in n:
        if key.startswith("tlv"):
            d["tlv_" + key[3:]] = n[key]
    return d or None


def record(expected, n, attributes):
    """The record of an NLRI; attributes None: of a withdrawal."""
    e = expected(kind="linkstate", path_id=n.get("path_id"))
    if "ls" not in n:  # it overruns the message: how much of it can be read is not known here
        return e
    if isinstance(n["ls"], int):
        e["object"] = "nlri-%d" % n["ls"]
        e.some.append("object_id")
        return e
    e.update(object=OBJECTS.get(n["ls"], n["ls"]), ls_protocol=PROTOCOLS[n["proto"]],
             instance_id=n["id"], local_node=_node(n["local"]),
             remote_node=_node(n["remote"]) if "remote" in n else None,
             descriptors=_descriptors(n), prefix=n.get("prefix"),
             local_igp_router_id=n["local"].get("igp_id"),
             remote_igp_router_id=n.get("remote", {}).get("igp_id"))
    e.some.append("object_id")
    if attributes is None:
        e["attributes"] = None
    else:
        _attributes(e, attributes.get("ls", {}))
    return e
