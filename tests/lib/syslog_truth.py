"""What records of kind log must say, by the messages as they were sent.

A case's syslog.json lists its messages in the order in which they were sent: `data`, of some
senders `from`, on streams how it was `framed`, and what is `expect`ed of it where that was written
down by hand. The octets of the capture must be those messages, which this reader of captures
finds out by itself; what a plain header says is read here a second time, by patterns.
"""
import calendar
import json
import re
from collections import defaultdict

import pcapfile

FACILITIES = ("kern user mail daemon auth syslog lpr news uucp cron authpriv ftp ntp audit alert "
              "clock local0 local1 local2 local3 local4 local5 local6 local7").split()
SEVERITIES = "emerg alert crit err warning notice info debug".split()
HOUR_NS = 3600 * 10**9
MONTHS = "Jan Feb Mar Apr May Jun Jul Aug Sep Oct Nov Dec".split()

# Names that the expectations of the dialects have for fields.
FIELDS = {"host": "hostname", "seq": "sequence", "dev_seq": "device_sequence",
          "cfac": "vendor_facility", "csev": "vendor_severity", "mnem": "mnemonic",
          "app": "app_name", "pid": "proc_id", "tag": "mnemonic", "ifname": "if_name",
          "ifIndex": "if_index", "tz": "device_zone", "uptime": "device_uptime",
          "repeat": "repeat_count", "node": "device_node", "msgid": "msg_id", "peer": "peer_addr",
          "vrf": "vrf_name", "hwseq": "device_sequence", "sd": "structured_data"}
OTHERS = {"time", "year", "ts", "ts_unsync", "fmt", "pri", "instance", "port", "state", "user",
          "asn", "hwver", "hwid", "marks"}

PLAIN_5424 = re.compile(r"<(?P<pri>\d+)>1 (?P<time>\S+) (?P<hostname>\S+) (?P<app_name>\S+) "
                        r"(?P<proc_id>\S+) (?P<msg_id>\S+) (?P<sd>-|(?:\[.*?[^\\]\])+)"
                        r"(?: (?P<text>.*))?$", re.S)
PLAIN_3164 = re.compile(r"<(?P<pri>\d+)>(?P<time>[A-Z][a-z]{2} [ \d]\d [\d:]{8}|\d{4}-\S+) "
                        r"(?P<hostname>\S+) (?P<app_name>[^\s:\[]+)(?:\[(?P<proc_id>\d+)\])?: "
                        r"(?P<text>.*)$", re.S)
CISCO = re.compile(r"<(?P<pri>\d+)>(?P<sequence>\d+): (?P<hostname>\S+): \*(?P<time>\S+ +\d+ \d{4} "
                   r"\S+) UTC: %(?P<vendor_facility>[A-Z_]+)-(?P<vendor_severity>\d)-"
                   r"(?P<mnemonic>\w+): (?P<text>.*)$", re.S)
HEADS = (re.compile(r"ovs\|\d+\|\w+\|\w+\|(.*)", re.S), re.compile(r"\[\d+\.\d+\] (.*)", re.S),
         re.compile("\ufeff(.*)", re.S))


def iso_ns(text):
    """ns since 1970 of a time as ISO 8601 has it."""
    m = re.match(r"(\d+)-(\d+)-(\d+)[T ](\d+):(\d+):(\d+)(?:\.(\d+))?(Z|[+-]\d\d:?\d\d)?$", text)
    seconds = calendar.timegm(tuple(int(v) for v in m.groups()[:6]))
    zone = (m.group(8) or "Z").replace(":", "")
    if zone != "Z":
        offset = int(zone[1:3]) * 3600 + int(zone[3:5]) * 60
        seconds += -offset if zone[0] == "+" else offset
    return seconds * 10**9 + int((m.group(7) or "0").ljust(9, "0"))


def month_ns(text, received_ns):
    """The same of "Nov 22 20:00:03", in the year nearest to receipt, and in the zone of whole
    hours that brings it within a quarter of an hour of it, where one does; else UTC."""
    month, day, clock = text.split()
    hour, minute, second = (int(v) for v in clock.split(":"))
    best = None
    for year in range(2020, 2034):
        ns = calendar.timegm((year, MONTHS.index(month) + 1, int(day), hour, minute,
                              second)) * 10**9
        if best is None or abs(ns - received_ns) < abs(best - received_ns):
            best = ns
    for hours in range(-11, 15):
        if abs(best - hours * HOUR_NS - received_ns) <= HOUR_NS / 4:
            return best - hours * HOUR_NS
    return best


def check_pri(r, pri, where, f):
    f.equal(where + "facility", r.get("facility"), pri // 8)
    f.equal(where + "severity", r.get("severity"), pri % 8)
    f.equal(where + "facility_name", r.get("facility_name"), FACILITIES[pri // 8])
    f.equal(where + "severity_name", r.get("severity_name"), SEVERITIES[pri % 8])


def check_text(r, text, where, f):
    text = text.strip("\r\n\0").lstrip(" ")
    for head in HEADS:
        m = head.match(text)
        text = m.group(1) if m else text
    f.equal(where + "message", r.get("message"), text or None)


def check_plain(r, data, where, f):
    """A message whose header is of one of the plain forms: all that this header says."""
    m = PLAIN_5424.match(data) or CISCO.match(data) or PLAIN_3164.match(data)
    if not m:
        f.append("%sno plain form: %r" % (where, data[:80]))
        return
    said = m.groupdict()
    check_pri(r, int(said["pri"]), where, f)
    f.equal(where + "priority", r.get("priority"), int(said["pri"]))
    for key in ("hostname", "app_name", "proc_id", "msg_id", "vendor_facility", "mnemonic"):
        f.equal(where + key, r.get(key), said.get(key) if said.get(key) != "-" else None) \
            if key in said else None
    for key in ("sequence", "vendor_severity"):
        if key in said:
            f.equal(where + key, r.get(key), int(said[key]))
    check_text(r, said["text"] or "", where, f)
    time = said["time"]
    if re.match(r"\d{4}-", time):
        f.equal(where + "event_ns", r.get("event_ns"), iso_ns(time))
    elif m.re is CISCO:
        month, day, year, clock = time.split()
        f.equal(where + "event_ns", r.get("event_ns"), iso_ns("%s-%02d-%02dT%s" % (
            year, MONTHS.index(month) + 1, int(day), clock)))
        f.equal(where + "time_quality", r.get("time_quality"), "not-set")
    elif time != "-":
        # Of the same day by the sender's clock: the year is that of the capture.
        f.equal(where + "event_ns", r.get("event_ns"), month_ns(time, r["observed_ns"]))
    if said.get("sd", "-") != "-":
        f.true(where + "structured_data", {e.split(" ")[0] for e in re.findall(
            r"\[(.*?[^\\])\]", said["sd"])} == set(r.get("structured_data", {})))


def check_expected(r, expect, where, f):
    """What was written down of a message."""
    for key, want in expect.items():
        if key in FIELDS:
            got = r.get(FIELDS[key])
            f.equal(where + key, got in want.split("|") if isinstance(want, str) and "|" in want
                    and key == "host" else got, True if isinstance(want, str) and "|" in want and
                    key == "host" else want)
        else:
            f.true("%s%s is no key of an expectation" % (where, key),
                   key in OTHERS or key in r)
            if key not in OTHERS:
                f.equal(where + key, r.get(key), want)
    if "time" in expect:
        f.equal(where + "event_ns", r.get("event_ns"), iso_ns(expect["time"]))
    elif "ts" in expect or expect.get("fmt") == "raw":
        f.equal(where + "event_ns", r.get("event_ns"), None)
    if "pri" in expect:
        check_pri(r, expect["pri"], where, f)
    if expect.get("ts_unsync"):
        f.true(where + "time_quality", r.get("time_quality") in ("not-set", "unsynced"))
    if "marks" in expect:
        f.equal(where + "marks", r.get("marks"), expect["marks"])
    for key in ("instance", "port"):
        if key in expect:
            f.true(where + key, expect[key] in r.get("object_ids", []))
    if expect.get("fmt") == "rfc5424":
        f.equal(where + "format", r.get("format"), "rfc5424")
    elif "fmt" in expect:
        f.true(where + "format", r.get("format") in ("raw", "rfc3164") or "clamped" in
               expect["fmt"])


# Texts that are alarms, for the captures whose messages are all of plain forms: what is wrong,
# with what, and whether it is raised (1), cleared (0) or an event (None).
ALARMS = (
    (r"^(?:.* )?(eth\d+): (?:NIC )?Link is Down", "link-down", "interface", 1),
    (r" port \d+\((\S+)\) entered disabled state$", "bridge-port-down", "interface", 1),
    (r" port \d+\((\S+)\) entered forwarding state$", "bridge-port-down", "interface", 0),
    (r"^\((\w+)\) Entering MASTER STATE$", "vrrp-new-master", "virtual-router", None),
    (r"^Interface (\S+), changed state to down$", "link-down", "interface", 1),
    (r"^Line protocol on Interface (\S+), changed state to up$", "line-protocol-down", "interface",
     0),
    (r"^neighbor (\S+) Down Interface flap$", "bgp-peer-down", "bgp-peer", 1),
    (r"^Process 1, Nbr (\S+) on Vlan100 from LOADING to FULL", "ospf-neighbour-down",
     "ospf-neighbour", 0),
)
STATES = {1: "raise", 0: "clear", None: None}


def alarms_of(r):
    """What must be raised or cleared for this record of kind log."""
    return [(alarm, "%s %s" % (what, m.group(1)), STATES[state])
            for pattern, alarm, what, state in ALARMS
            for m in [re.search(pattern, r.get("message", ""))] if m][:1]


def check_alarms(run, logs, expectations, f):
    """Each alarm stands in front of the record that it is made of, and says the same of whom."""
    told, before = {}, []
    for r in run.records:
        if r["kind"] == "alarm":
            before.append(r)
        elif r["kind"] == "log":
            told[r["record_seq"]], before = before, []
    f.equal("alarms behind the last record", before, [])
    for r, expect in zip(logs, expectations):
        got = told[r["record_seq"]]
        where = "alarms of %r: " % r.get("message", "")[:60]
        if expect is None:
            f.equal(where + "type, resource, state", [(a["alarm_type"], a.get("resource"),
                    a.get("state")) for a in got], alarms_of(r))
        elif "state" in expect:
            f.equal(where + "state", [a.get("state") for a in got],
                    ["clear" if expect["state"] == "up" else "raise"])
            f.equal(where + "interface", got and got[0].get("if_name"), expect.get("ifname"))
        for a in got:
            for key in ("exporter_addr", "event_ns", "observed_ns", "node_id", "cp_id", "vnf_id"):
                f.equal(where + key, a.get(key), r.get(key))
            f.equal(where + "severity", a["perceived_severity"] == "cleared",
                    a.get("state") == "clear")


def check_names(logs, common, f):
    """Hosts by their names, and CPs by the ports that the texts name, as the lab has them."""
    lab = json.loads((common / "correlation.json").read_text())
    ports = {(e["host"], e["port"]): e for e in lab["ip"].values() if e.get("port")}
    hosts = {h["id"] for h in json.loads((common / "topology.json").read_text())["hosts"]}
    for r in logs:
        where = "%r of %s: " % (r.get("message", "")[:40], r.get("hostname"))
        if r.get("hostname") in hosts:
            f.equal(where + "node_id", r.get("node_id"), r["hostname"])
            port = ports.get((r["hostname"], r.get("if_name")), {})
            f.equal(where + "cp_id", r.get("cp_id"), port.get("cp"))
            f.equal(where + "vnfc_id", r.get("vnfc_id"), port.get("vnfc"))
            f.equal(where + "vnf_id", r.get("vnf_id"), port.get("vnfInstanceId"))


def framed(message):
    data = message["data"].encode(message.get("encoding", "utf-8"))
    how = message.get("framed", "datagram")
    tails = {"lf": b"\n", "crlf": b"\r\n", "nul": b"\0", "datagram": b"", "none": b""}
    return b"%d %s" % (len(data), data) if how == "octet" else data + tails[how]


def streams(path):
    """The octets of each connection to the collector, in the order of their begin."""
    fragments, found = pcapfile._Fragments(), {}  # pylint: disable=protected-access
    for _, _, link, octets in pcapfile.frames(path):
        ip = pcapfile._network(link, octets)  # pylint: disable=protected-access
        part = pcapfile._transport(ip, fragments) if ip else None  # pylint: disable=protected-access
        if not part or part[0] != 6:
            continue
        _, src, dst, tcp = part
        sport, dport = int.from_bytes(tcp[:2], "big"), int.from_bytes(tcp[2:4], "big")
        key = (src, sport, dst, dport)
        stream = found.setdefault(
            key, pcapfile._Stream())  # pylint: disable=protected-access
        stream.add(int.from_bytes(tcp[4:8], "big"), tcp[(tcp[12] >> 4) * 4:], bool(tcp[13] & 2))
    return [(key[0], stream.data) for key, stream in found.items() if stream.data]


def check_capture(path, messages, f):
    """Whether the capture holds these messages and nothing else."""
    sent = [(m.src, m.payload) for m in pcapfile.messages(path) if m.transport == "udp"]
    if sent:
        f.equal("datagrams", [p for _, p in sent], [framed(m) for m in messages])
        f.true("senders", all(m.get("from", src) == src for (src, _), m in zip(sent, messages)))
        return
    by_sender = defaultdict(bytes)
    for src, octets in streams(path):
        by_sender[src] += octets
    told = defaultdict(bytes)
    for m in messages:
        told[m.get("from", "127.0.0.1")] += framed(m)
    f.equal("senders", sorted(by_sender), sorted(told))
    for src, octets in by_sender.items():
        f.true("octets of %s are not the messages" % src, octets == told[src])


def check(case, run, f):
    """All records of a case against its syslog.json."""
    case_truth = json.loads((case / "syslog.json").read_text())
    messages = case_truth["messages"]
    check_capture(case / "in.pcap", messages, f)
    logs = run.of("log")
    f.equal("records", len(logs), len(messages))
    if f:
        return
    by_sender, order = defaultdict(list), []
    for r in logs:
        by_sender[r["exporter_addr"]].append(r)
    for number, m in enumerate(messages):
        r = by_sender[m.get("from", "127.0.0.1")].pop(0)
        order.append(r)
        where = "message %d %s: " % (number + 1, m.get("id", ""))
        if "expect" in m:
            check_expected(r, m["expect"], where, f)
        else:
            check_plain(r, m["data"], where, f)
    check_alarms(run, order, [m.get("expect") for m in messages], f)
    check_names(logs, case.parent / "common", f)
