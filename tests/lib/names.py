"""Compares the names in records with correlation.json: which VNF, VNFC, CP and VL an address, a
MAC, a port or a VNI belongs to, made from the lab's configuration and not by vnmcd."""
import json
import os


class Names:
    def __init__(self, directory):
        with open(os.path.join(directory, "correlation.json"), encoding="utf-8") as f:
            self.joins = json.load(f)
        with open(os.path.join(directory, "topology.json"), encoding="utf-8") as f:
            topology = json.load(f)
        self.ns = {n["nsInstanceName"]: n["id"] for n in topology["nsInstances"]}
        self.hosts = {a: h["id"] for h in topology["hosts"] for a in (h["mgmtIp"], h["mgmtIp6"])}
        self.cps = {who["cp"]: who for who in self.joins["ip"].values()}
        self.ports = {}  # name of every port of a host, by either number
        self.links = {}  # VL of a port, by name; tunnels have one, too
        for host in topology["hosts"]:
            for port in [p for v in host["vSwitches"] for p in v["ports"] + [v["local"]]]:
                for kind in ("ifIndex", "ofPort"):
                    if port.get(kind):
                        self.ports[host["id"], kind, port[kind]] = port["name"]
                if port.get("virtualLinkId"):
                    self.links[host["id"], port["name"]] = port["virtualLinkId"]
        # A VNFC that exports flows itself names its own interfaces by the ifIndex inside it.
        self.inside = {}
        for vnf in topology["vnfInstances"]:
            for vnfc in vnf["instantiatedVnfInfo"]["vnfcResourceInfo"]:
                for cp in vnfc["vnfcCpInfo"]:
                    self.inside[vnfc["id"], cp.get("ifIndexInVnf")] = {
                        "cp": cp["id"], "vnfc": vnfc["id"], "vnf": vnf["vnfInstanceName"],
                        "name": cp["vnic"]}
        self.checked = 0

    def owner(self, r, side):
        """Who the source or destination is, or None where the lab knows nobody."""
        by_ip = self.joins["ip"].get(r.get(side + "_addr"))
        if by_ip or side + "_addr" in r:
            return by_ip
        return self.joins["mac"].get(r.get(side + "_mac"))

    def port(self, r, number):
        """Who is behind an interface of the exporter, or None."""
        exporter = r.get("agent_addr", r["exporter_addr"])
        host = self.hosts.get(exporter)
        if host:
            kind = "ofPort" if r["decoder"] == "netflow5" else "ifIndex"
            return self.joins["switchPort"].get("%s/br-int/%s=%s" % (host, kind, number))
        vnfc = self.joins["ip"].get(exporter, {}).get("vnfc")
        return self.inside.get((vnfc, number))

    def port_name(self, r, number):
        """What the port is called in the lab, or None."""
        exporter = r.get("agent_addr", r["exporter_addr"])
        host = self.hosts.get(exporter)
        if host:
            kind = "ofPort" if r["decoder"] == "netflow5" else "ifIndex"
            return self.ports.get((host, kind, number))
        vnfc = self.joins["ip"].get(exporter, {}).get("vnfc")
        return self.inside.get((vnfc, number), {}).get("name")

    def check(self, records, f):
        for r in records:
            if r["kind"] == "flow":
                self.check_flow(r, f)
            elif r["kind"] == "interface" and "if_index" in r:
                want = self.port(r, r["if_index"])
                if want:
                    self.compare(r, "", want, f, ("vnf_name", "vnfc_id", "cp_id"))
            if r["kind"] != "visibility":
                self.check_source(r, f)
                self.check_subject(r, f)
            if len(f) > 6:
                return

    def check_source(self, r, f):
        """The node that sent it, and the host beneath."""
        exporter = r.get("agent_addr", r["exporter_addr"])
        who = self.joins["ip"].get(exporter) or {}
        host = self.hosts.get(exporter)
        where = " of record %d" % r["record_seq"]
        if host or who:
            f.equal("node_id" + where, r.get("node_id"), host or who["vnfc"])
            f.equal("host_id" + where, r.get("host_id"), host or who["host"])
            f.equal("topology_version" + where, r.get("topology_version"), 1)

    def check_subject(self, r, f):
        """What the record is about: a connection point, and the VL on which it was seen."""
        where = " of record %d" % r["record_seq"]
        cp = self.cps.get(r.get("cp_id"))
        f.true("unknown cp_id" + where, cp or "cp_id" not in r)
        if cp:
            self.compare(r, "", cp, f, ("vnf_name", "vnf_id", "vnfc_id", "ns_id"))
        elif "vnfc_id" in r:  # it is about the VNFC that sent it
            cp = self.joins["ip"].get(r.get("agent_addr", r["exporter_addr"]))
            self.compare(r, "", cp, f, ("vnf_name", "vnf_id", "vnfc_id", "ns_id"))
        if cp:
            f.equal("ns_name" + where, r.get("ns_name"), cp["ns"])
        if r["kind"] == "flow" and "tp_id" in r:
            f.true("tp_id" + where, r["tp_id"] in (r.get("in_tp_id"), r.get("out_tp_id")))
        elif "tp_id" in r:
            f.equal("tp_id" + where, r["tp_id"], self.port_name(r, r.get("if_index")))
        if "cp_id" not in r:
            cp = None
        seen_on = self.joins["vni"].get(str(r.get("vni")), {}).get("vl") or self.links.get(
            (r.get("node_id"), r.get("tp_id"))) or cp and cp["vl"]
        if seen_on:
            f.equal("vl_id" + where, r.get("vl_id"), seen_on)
        f.true("topology_match" + where, r.get("topology_match") in (
            None, "ifindex", "ip", "mac", "vni"))

    def check_flow(self, r, f):
        for side in ("src", "dst"):
            want = self.owner(r, side)
            if want:
                self.compare(r, side + "_", want, f,
                             ("vnf_name", "vnf_id", "vnfc_id", "cp_id", "vl_id", "ns_id",
                              "host_id"))
        for side in ("in", "out"):
            number = r.get(side + "_if")
            want = self.port(r, number)
            if want:
                self.compare(r, side + "_", want, f, ("vnfc_id", "cp_id"))
            name = self.port_name(r, number)
            if name:
                for field in ("_if_name", "_tp_id"):
                    f.equal("%s of record %d" % (side + field, r["record_seq"]),
                            r.get(side + field), name)
                self.checked += 2

    def compare(self, r, prefix, want, f, fields):
        values = {"vnf_name": "vnf", "vnf_id": "vnfInstanceId", "vnfc_id": "vnfc", "cp_id": "cp",
                  "vl_id": "vl", "host_id": "host"}
        for field in fields:
            must = self.ns[want["ns"]] if field == "ns_id" else want[values[field]]
            f.equal("%s of record %d" % (prefix + field, r["record_seq"]), r.get(prefix + field),
                    must)
            self.checked += 1
