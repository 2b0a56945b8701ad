"""Which names the routes, peers and link state of the BMP lab must have: those of
cases/common/bmp-names.json, written by hand from the lab's configurations for the inventory
bmp-topology.json. What it does not list must not be named."""
import json

from replay import short

ABOUT = ("vnf_id", "vnf_name", "vnfc_id", "cp_id", "vl_id", "ns_id", "ns_name", "about_host_id",
         "about_node_id")
HOP = ("node_id", "host_id", "vnf_id", "vnf_name", "vnfc_id", "cp_id")
PEER = ("node_id", "vnf_id", "cp_id")


class Names:
    def __init__(self, common):
        self.told = json.loads((common / "bmp-names.json").read_text())
        self.checked = 0  # names that were there and right

    def _peer(self, r):
        """Names of the peer, and by what it was found."""
        addr, told = r.get("peer_addr"), self.told
        if addr is None or addr in ("0.0.0.0", "::"):
            return {}, None
        if addr in told["addresses"]:
            return told["addresses"][addr], "ip"
        node = told["bgp_ids"].get(r.get("peer_bgp_id"))
        return ({"node_id": node}, "router-id") if node else ({}, None)

    def _about(self, r):
        """The owner's name or None, and by what it was found."""
        if r.get("safi_name") == "evpn":
            if r.get("route_type") != 2:
                return None, None
            key = "%s %s %d" % (r["mac"], r.get("ip", "-"), r.get("vni", 0))
            # With an IP address that is nobody's, or somebody else's too, the MAC address tells.
            owner = self.told["mac_ip"].get(key)
            return owner, "mac" if owner else None
        if r.get("safi_name") not in ("unicast", "labeled-unicast", "vpn"):
            return None, None
        if not r.get("prefix", "").endswith(("/32" if r["afi"] == 1 else "/128",)):
            return None, None
        owner = self.told["host_routes"].get(r["prefix"])
        return owner, "ip" if owner else None

    def _route(self, r):
        peer, _ = self._peer(r)
        want = {"peer_node_id": peer.get("node_id")}
        hop = self.told["addresses"].get(r.get("next_hop"), {})
        want.update(("next_hop_" + k, hop.get(k)) for k in HOP)
        owner, by = self._about(r)
        want.update(self.told["owners"].get(owner, {}))
        if by == "ip" and owner:  # of a CP its VNFC
            want["about_node_id"] = want["vnfc_id"]
        vni = r.get("vni") or r.get("pmsi_tunnel", {}).get("vni")
        if str(vni) in self.told["vnis"]:
            want["vl_id"] = self.told["vnis"][str(vni)]
            by = by or "vni"
        return want, by or ("ip" if hop else None)

    def _igp(self, node, attributes, end):
        """A node's name, and by what it was found."""
        told = self.told
        if "igp_router_id" in node and told["igp_ids"].get(node["igp_router_id"], "") is None:
            return None, None
        found = told["igp_ids"].get(node.get("igp_router_id"))
        found = found or told["igp_bgp_ids"].get(node.get("bgp_router_id"))
        if found:
            return found, "router-id"
        for family in ("ipv4", "ipv6"):
            addr = attributes.get("%s_router_id_of_%s_node" % (family, end))
            if addr in told["igp_addresses"]:
                return told["igp_addresses"][addr], "ip"
        return None, None

    def _linkstate(self, r):
        peer, _ = self._peer(r)
        attributes = r.get("attributes", {})
        local, by = self._igp(r.get("local_node", {}), attributes, "local")
        remote, remote_by = self._igp(r.get("remote_node", {}), attributes, "remote")
        return {"peer_node_id": peer.get("node_id"), "local_node_id": local,
                "remote_node_id": remote}, by or remote_by

    def _event(self, r):
        peer, by = self._peer(r)
        return {"peer_" + k: peer.get(k) for k in PEER}, by

    def _want(self, r):
        if r["kind"] == "topology_event":
            want, by = {}, None
        else:
            want, by = {"route": self._route, "linkstate": self._linkstate,
                        "peer": self._event}[r["kind"]](r)
        # The lab's routers connect from an address that is not theirs.
        want["node_id"] = self.told["routers"].get(r["router_name"]) if "agent_addr" in r and \
            "router_name" in r else r.get("node_id")
        want["topology_match"] = by
        return want

    def check(self, records, f, limit=8):
        for r in records:
            want = self._want(r)
            for key in set(ABOUT) | set(want):
                if r.get(key) != want.get(key):
                    f.append("%s of %s: %s, must be %s" % (key, short({
                        k: r[k] for k in ("kind", "record_seq", "peer_addr", "prefix", "next_hop",
                                          "mac", "ip", "vni", "local_igp_router_id") if k in r}),
                                                           r.get(key), want.get(key)))
                elif r.get(key) is not None:
                    self.checked += 1
            if len(f) > limit:
                return
