"""The programs that are measured: how each is started, and how many records it stored."""

import json
import os
import re
import shutil
import signal
import subprocess

ALL = ("ipfix", "v9", "sflow", "v5")
GOFLOW2 = "github.com/netsampler/goflow2/v2/cmd/goflow2@v2.2.6"

# About as many fields as the peers' JSON has.
LEAN = ("kind observed_ns exporter_addr observation_domain_id exporter_seq sampling_interval "
        "src_addr dst_addr src_port dst_port protocol tos tcp_flags octets packets flow_start_ns "
        "flow_end_ns in_if out_if next_hop src_as dst_as src_prefix_len dst_prefix_len "
        "vlan_id").split()
NAMED = 1000  # flow sources that the topology knows


def count_lines(path):
    n = 0
    try:
        with open(path, "rb") as f:
            while block := f.read(1 << 20):
                n += block.count(b"\n")
    except OSError:
        pass
    return n


class Program:
    protocols = ALL
    settle = 0.5
    farewell = signal.SIGTERM

    def installed(self):
        return True


class Vnmcd(Program):
    """vnmcd itself, in one of its ways of output."""

    def __init__(self, opts, name, output, topology=False):
        self.opts, self.name, self.output, self.topology = opts, name, output, topology

    def command(self, protocol, port, work):
        decoder = "sflow" if protocol == "sflow" else "flow"
        conf = ["collector: bench", "listeners:",
                f"  - {{ name: load, decoder: {decoder}, listen: \"udp:127.0.0.1:{port}\", "
                "rcvbuf: 4M }"]
        if self.topology:
            write_topology(work + "/topology.json")
            conf += ["topology:", "  sources:",
                     f"    - {{ name: made, type: file, path: {work}/topology.json }}"]
        conf += ["outputs:", "  - { name: out, " + self.output.replace("DIR", work) + " }"]
        with open(work + "/vnmcd.yaml", "w") as f:
            f.write("\n".join(conf) + "\n")
        return [self.opts.vnmcd, "-c", work + "/vnmcd.yaml"]

    def stored(self, work):
        books = {"messages": 0, "published": {}}
        for line in open(work + "/log", errors="replace"):
            if '"messages"' in line:
                books = json.loads(line[line.index("{"):])
        result = {"records": books["published"].get("flow", 0), "books": books}
        path = work + "/out.json"
        if os.path.exists(path) and "octets" in open(path).readline():
            lines = flows = octets = 0
            for line in open(path):
                lines += 1
                r = json.loads(line)
                if r["kind"] == "flow":
                    flows += 1
                    octets += r["octets"]
            result.update(records=flows, octets=octets)
        return result


class Nfcapd(Program):
    """nfdump's collector: binary files."""

    name = "nfcapd"

    def installed(self):
        if not shutil.which("sfcapd"):  # a package of its own
            self.protocols = ("ipfix", "v9", "v5")
        return bool(shutil.which("nfcapd") and shutil.which("nfdump"))

    def command(self, protocol, port, work):
        os.mkdir(work + "/nf")
        return ["sfcapd" if protocol == "sflow" else "nfcapd", "-w", work + "/nf", "-p", str(port),
                "-b", "127.0.0.1", "-t", "60", "-B", "4194304"]

    def stored(self, work):
        done = subprocess.run(["nfdump", "-R", work + "/nf", "-I"], stdout=subprocess.PIPE,
                              stderr=subprocess.DEVNULL, text=True, check=False)
        m = re.search(r"^Flows: (\d+)", done.stdout, re.M)
        return {"records": int(m.group(1)) if m else 0}


class Nfacctd(Program):
    """pmacct's collectors, told to write every record they get: sequence numbers and times in
    the aggregate keep records apart."""

    name = "nfacctd-json"
    settle = 1.5  # it writes once a second
    farewell = signal.SIGINT  # then it writes what it has

    AGGREGATE = ("peer_src_ip,src_host,dst_host,src_port,dst_port,proto,tos,tcpflags,in_iface,"
                 "out_iface,src_as,dst_as,src_mask,dst_mask,peer_dst_ip,export_proto_seqno,"
                 "sampling_rate,")

    def installed(self):
        return bool(shutil.which("nfacctd") and shutil.which("sfacctd"))

    def command(self, protocol, port, work):
        name = "sfacctd" if protocol == "sflow" else "nfacctd"
        more = ("vlan,src_mac,dst_mac,timestamp_arrival" if protocol == "sflow"
                else "export_proto_sysid,timestamp_start,timestamp_end")
        with open(work + "/pmacct.conf", "w") as f:
            f.write(f"daemonize: false\n{name}_ip: 127.0.0.1\n{name}_port: {port}\n"
                    f"{name}_pipe_size: 4194304\nplugin_buffer_size: 102400\n"
                    f"plugin_pipe_size: 40960000\nplugins: print[a]\n"
                    f"aggregate[a]: {self.AGGREGATE}{more}\nprint_refresh_time[a]: 1\n"
                    f"print_history[a]: 1s\nprint_history_roundoff[a]: s\n"
                    f"print_cache_entries[a]: 65537\nprint_output[a]: json\n"
                    f"print_output_file[a]: {work}/out.txt\nprint_output_file_append[a]: true\n"
                    f"timestamps_secs: false\n")
        return [name, "-f", work + "/pmacct.conf"]

    def stored(self, work):
        return {"records": count_lines(work + "/out.txt")}


class Goflow2(Program):
    """goflow2 with one worker for its socket, since with more it loses records without a word."""

    def __init__(self, opts, form):
        self.opts, self.form, self.name = opts, form, "goflow2-" + form

    def installed(self):
        return bool(self.opts.goflow2)

    def command(self, protocol, port, work):
        scheme = "sflow" if protocol == "sflow" else "netflow"
        return [self.opts.goflow2, "-listen", f"{scheme}://127.0.0.1:{port}/?count=1&workers=1",
                "-produce", "sample", "-format", "bin" if self.form == "protobuf" else "json",
                "-transport", "file", "-transport.file", work + "/out", "-addr", "127.0.0.1:0",
                "-loglevel", "error"]

    def stored(self, work):
        if self.form == "json":
            return {"records": count_lines(work + "/out")}
        return {"records": count_frames(work + "/out")}


def count_frames(path):
    """Messages in a file of length-delimited protobuf."""
    try:
        data = open(path, "rb").read()
    except OSError:
        return 0
    at = n = 0
    while at < len(data):
        size = shift = 0
        while at < len(data):
            c = data[at]
            at += 1
            size |= (c & 0x7F) << shift
            shift += 7
            if c < 0x80:
                break
        at += size
        n += at <= len(data)
        if at < len(data) and data[at] == 10:  # a line feed behind each message
            at += 1
    return n


def write_topology(path):
    """A cloud of NAMED virtual machines, whose addresses are the load's sources."""
    vnfs = []
    for i in range(0, NAMED, 10):
        parts = []
        for k in range(i, i + 10):
            address = f"10.0.{k // 256}.{k % 256}"
            parts.append({
                "id": f"vnfc-{k}", "vduId": "vdu",
                "computeResource": {"resourceId": f"vm-{k}", "hostId": f"host-{k % 20}"},
                "vnfcCpInfo": [{
                    "id": f"cp-{k}", "virtualLinkId": f"vl-{i // 100}",
                    "cpProtocolInfo": [{"layerProtocol": "IP_OVER_ETHERNET", "ipOverEthernet": {
                        "macAddress": f"fa:16:3e:00:{k // 256:02x}:{k % 256:02x}",
                        "ipAddresses": [{"type": "IPV4", "addresses": [address]},
                                        {"type": "IPV6", "addresses": [f"2001:db8::{k:x}"]}]}}]}]})
        vnfs.append({"id": f"vnf-{i // 10}", "vnfInstanceName": f"vnf-{i // 10}",
                     "nsInstanceName": "ns-1",
                     "instantiatedVnfInfo": {"vnfcResourceInfo": parts}})
    topology = {
        "nsInstances": [{"id": "ns-1", "nsInstanceName": "ns-1",
                         "vnfInstanceIds": [v["id"] for v in vnfs],
                         "virtualLinkIds": [f"vl-{i}" for i in range(NAMED // 100)]}],
        "vnfInstances": vnfs}
    with open(path, "w") as f:
        json.dump(topology, f)


def find_goflow2(opts):
    """Its binary, built by Go into the build directory; empty where there is no Go."""
    cache = os.path.join(opts.build, "peers")
    binary = os.path.join(cache, "goflow2")
    if os.access(binary, os.X_OK):
        return binary
    go = shutil.which("go") or shutil.which("go", path="/usr/local/go/bin")
    if shutil.which("goflow2") or not go:
        return shutil.which("goflow2") or ""
    os.makedirs(cache, exist_ok=True)
    env = dict(os.environ, GOBIN=cache)
    done = subprocess.run([go, "install", GOFLOW2], env=env, stdout=subprocess.DEVNULL,
                          stderr=subprocess.DEVNULL, check=False)
    return binary if done.returncode == 0 else ""


def programs(opts):
    lean = "[" + ", ".join(LEAN) + "]"
    every = [
        Vnmcd(opts, "vnmcd-json", f"type: file, path: DIR/out.json, encoding: json, fields: {lean}"),
        Vnmcd(opts, "vnmcd-protobuf", "type: file, path: DIR/out.pb, encoding: protobuf, "
              f"fields: {lean}"),
        Vnmcd(opts, "vnmcd-discard", "type: null, encoding: protobuf, fields: [kind]", True),
        Vnmcd(opts, "vnmcd-full-json", "type: file, path: DIR/out.json, encoding: json", True),
        Nfcapd(), Nfacctd(), Goflow2(opts, "protobuf"), Goflow2(opts, "json")]
    wanted = tuple(opts.only.split(",")) if opts.only else ("",)
    return [p for p in every if p.name.startswith(wanted)]
