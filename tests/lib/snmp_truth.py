"""What the SNMP cases must give: by a second reading of the wire (snmp_wire.py), by what snmptrapd,
snmpbulkwalk and the kernel said in the lab (lab.json, walk.txt), and by hand (expect.json)."""
import re

import snmp_wire as wire

V1_EXTRA = ("1.3.6.1.2.1.1.3.0", "1.3.6.1.6.3.1.1.4.1.0")

# The lab's linkDown and linkUp are about these interfaces: ifIndex, and what the trap says of it.
COUNTERS = {  # RFC 2863: the column of ifTable or ifXTable, and the record's field
    "2.2.1.3": "if_type", "2.2.1.5": "speed_bps", "2.2.1.10": "in_octets", "2.2.1.13":
    "in_discards", "2.2.1.14": "in_errors", "2.2.1.16": "out_octets", "2.2.1.19": "out_discards",
    "2.2.1.20": "out_errors", "31.1.1.1.1": "if_name", "31.1.1.1.6": "in_octets",
    "31.1.1.1.7": "in_unicast_pkts", "31.1.1.1.8": "in_multicast_pkts", "31.1.1.1.9":
    "in_broadcast_pkts", "31.1.1.1.10": "out_octets", "31.1.1.1.11": "out_unicast_pkts",
    "31.1.1.1.12": "out_multicast_pkts", "31.1.1.1.13": "out_broadcast_pkts",
    "31.1.1.1.18": "if_alias", "31.1.1.1.2": "in_multicast_pkts", "31.1.1.1.3":
    "in_broadcast_pkts", "31.1.1.1.4": "out_multicast_pkts", "31.1.1.1.5": "out_broadcast_pkts",
    "2.2.1.11": "in_unicast_pkts", "2.2.1.17": "out_unicast_pkts", "2.2.1.15":
    "in_unknown_protos", "2.2.1.2": "if_name", "31.1.1.1.15": "speed_bps", "31.1.1.1.16":
    "promiscuous"}
# Where a record also has what says more, that stands in the field.
WEAKER = {"2.2.1.2": "31.1.1.1.1", "2.2.1.5": "31.1.1.1.15", "2.2.1.10": "31.1.1.1.6",
          "2.2.1.16": "31.1.1.1.10", "2.2.1.11": "31.1.1.1.7", "2.2.1.17": "31.1.1.1.11",
          "31.1.1.1.2": "31.1.1.1.8", "31.1.1.1.3": "31.1.1.1.9", "31.1.1.1.4": "31.1.1.1.12",
          "31.1.1.1.5": "31.1.1.1.13"}
CAPABILITIES = ("1.0.8802.1.1.2.1.3.5.", "1.0.8802.1.1.2.1.3.6.", "1.0.8802.1.1.2.1.4.1.1.11.",
                "1.0.8802.1.1.2.1.4.1.1.12.")
LLDP_CAPABILITIES = ("other", "repeater", "bridge", "wlanAccessPoint", "router", "telephone",
                     "docsisCableDevice", "stationOnly")  # IEEE 802.1AB: LldpSystemCapabilitiesMap
STATUS = {1: "up", 2: "down", 3: "testing", 4: "unknown", 5: "dormant", 6: "not-present",
          7: "lower-layer-down"}


def same(kind, value, got):
    """Whether a value of the wire is what the record has."""
    if kind in ("octets", "opaque"):
        try:
            text = value.decode()
        except UnicodeDecodeError:
            text = None
        return got in (text, value.hex())
    if value is None:
        return got is None
    return got == value


def check_varbinds(where, record, varbinds, f):
    """Every variable behind sysUpTime and snmpTrapOID, in order, with its type and value."""
    want = [v for v in varbinds if v[0] not in V1_EXTRA]
    got = record.get("varbinds", [])
    f.equal(where + "variables", [v["oid"] for v in got], [v[0] for v in want])
    for (name, kind, value), have in zip(want, got):
        f.equal(where + name + " type", have["type"], kind)
        f.true("%s%s: %r, must be %r" % (where, name, have.get("value"), value),
               same(kind, value, have.get("value")))
        if "name" in have and "index" in have:
            f.true(where + name + ": index " + have["index"], name.endswith("." + have["index"]))


def notifications(messages):
    """(message, decoded) of each trap and inform that is not encrypted, without repeats."""
    seen = set()
    for m in messages:
        d = wire.message(m.payload)
        if d.pdu is None or d.pdu.type not in ("trap", "trap-v1", "inform"):
            continue
        key = (m.src, m.sport, d.pdu.request_id, str(d.pdu.varbinds))
        if d.pdu.type == "inform" and key in seen:
            continue
        seen.add(key)
        yield m, d


def check_alarms(messages, records, f):
    """The alarms of everything that is not encrypted, one by one and in order."""
    alarms = [r for r in records if r["kind"] == "alarm" and
              not (r["snmp_version"] == "v3" and r["security_level"] == "authPriv")]
    sent = list(notifications(messages))
    f.equal("alarms that are not encrypted", len(alarms), len(sent))
    for number, (r, (m, d)) in enumerate(zip(alarms, sent), 1):
        where = "alarm %d: " % number
        f.equal(where + "observed_ns", r["observed_ns"], m.ts_ns)
        f.equal(where + "source", (r["exporter_addr"], r["exporter_port"]), (m.src, m.sport))
        f.equal(where + "trap_oid", r.get("trap_oid"), wire.trap_oid(d.pdu))
        f.equal(where + "version", r["snmp_version"], {0: "v1", 1: "v2c", 3: "v3"}[d.version])
        f.equal(where + "community", r.get("community"), d.community)
        f.equal(where + "user", r.get("user"), d.user)
        f.equal(where + "engine", r.get("engine_id"), d.engine)
        f.equal(where + "engine of the context", r.get("context_engine_id"), d.context or None)
        f.equal(where + "pdu", r["pdu_type"], "inform" if d.pdu.type == "inform" else "trap")
        f.equal(where + "request id", r.get("request_id"), d.pdu.request_id)
        if d.pdu.trap:
            t = d.pdu.trap
            f.equal(where + "version 1", (r["enterprise"], r["v1_agent_addr"], r["v1_generic"],
                                          r["v1_specific"], r["uptime"]), tuple(t))
        else:
            f.equal(where + "uptime", r["uptime"], d.pdu.varbinds[0][2])
        check_varbinds(where, r, d.pdu.varbinds, f)


def check_responses(messages, records, f):
    """Every value that an agent gave, in a record of its moment and row; and none besides."""
    rows = {}
    for r in records:
        if r["kind"] in ("interface", "table"):
            rows.setdefault((r["observed_ns"], r["exporter_addr"]), []).append(r)
    values = 0
    for m in messages:
        d = wire.message(m.payload)
        if d.pdu is None or d.pdu.type != "response" or d.pdu.status != 0:
            continue
        names = [name for name, _, _ in d.pdu.varbinds]
        if names[:2] == list(V1_EXTRA):
            continue  # an acknowledged inform
        own = rows.get((m.ts_ns, m.src), [])
        for name, kind, value in d.pdu.varbinds:
            if value is None:
                continue
            values += 1
            f.true("%s = %r of %d is in no record" % (name, value, m.ts_ns),
                   any(holds(r, name, kind, value, names) for r in own))
            if len(f) > 5:
                return values
    return values


def holds(record, name, kind, value, names):
    """Whether the record has that variable's value, in its row."""
    if record["kind"] == "interface":
        return name.endswith(".%d" % record["if_index"]) and in_interface(
            record, name, kind, value, names)
    if "index" in record and not name.endswith("." + record["index"]):
        return False
    if "table_oid" in record and not name.startswith(record["table_oid"] + "."):
        return False
    if name.startswith(CAPABILITIES):
        words = [w for i, w in enumerate(LLDP_CAPABILITIES) if value[0] << i & 0x80]
        return any(isinstance(got, str) and sorted(re.findall(r"[A-Za-z]+", got)) == sorted(words)
                   for got in record["columns"].values())
    return any(same(kind, value, got) or like(value, got) for got in record["columns"].values())


def like(value, got):
    """Octets that the catalogue writes as people do: a MAC, a date, an address."""
    if not isinstance(value, bytes) or not isinstance(got, str):
        return False
    if got.replace(":", "").lower() == value.hex():
        return True
    return len(value) in (4, 8, 11, 16) or not value


def in_interface(record, name, kind, value, row):
    """`row`: the names of all that was in the message."""
    column = name[len("1.3.6.1.2.1."):name.rindex(".")]
    if column in ("2.2.1.7", "2.2.1.8"):
        field = "admin_status" if column == "2.2.1.7" else "oper_status"
        return record.get(field) == STATUS[value]
    if column == "2.2.1.1":
        return record["if_index"] == value
    if column in WEAKER and "1.3.6.1.2.1.%s.%d" % (WEAKER[column], record["if_index"]) in row:
        return COUNTERS[column] in record
    if column in COUNTERS:
        got = record.get(COUNTERS[column])
        if column == "31.1.1.1.15":
            return got == value * 10**6 or got is None and value == 0 or "2.2.1.5" in str(row)
        if column == "31.1.1.1.16":
            return got == (value == 1)
        if column == "2.2.1.5" and value == 0xffffffff or kind == "octets" and not value:
            return got is None or got
        return same(kind, value, got)
    others = list(record.get("counters", {}).values())
    return any(same(kind, value, got) or like(value, got) for got in others)


# ---- the lab ------------------------------------------------------------------------------------

def plain(text):
    """The value in snmptrapd's words: ("INTEGER", "9")."""
    kind, _, value = text.partition(": ")
    if kind == "Timeticks":
        return kind, re.match(r"\((\d+)\)", value).group(1)
    return kind, value.strip('"').lstrip(".") if kind in ("OID", "STRING") else value


def check_snmptrapd(lab, records, f):
    """Alarms against what snmptrapd wrote, node by node."""
    told = lab["expect"].get("snmptrapd") or lab["snmptrapd"]
    alarms = {}
    for r in records:
        if r["kind"] == "alarm":
            alarms.setdefault(r["exporter_addr"], []).append(r)
    f.equal("alarms", sum(map(len, alarms.values())), len(told))
    for entry in told:
        own = alarms.get(entry["from"], [])
        if not own:
            f.append("no alarm more of " + entry["from"])
            return
        r = own.pop(0)
        where = "%s %s: " % (entry["node"], entry["notification"])
        f.equal(where + "trap_name", r.get("trap_name"), entry["notification"])
        f.equal(where + "node_id", r.get("node_id"), entry["node"])
        want = [(n.lstrip("."), *plain(v)) for n, v in entry["varbinds"]]
        uptime = next((int(v) for n, _, v in want if n == wire.UP_TIME), None)
        if uptime is not None:
            f.equal(where + "uptime", r["uptime"], uptime)
        want = [w for w in want if w[0] not in V1_EXTRA]
        got = r.get("varbinds", [])
        f.equal(where + "variables", [v["oid"] for v in got], [w[0] for w in want])
        for (name, _, value), have in zip(want, got):
            f.true("%s%s: %r, must be %s" % (where, name, have.get("value"), value),
                   value.split()[0].lstrip(".") in (str(have.get("value")), have.get("text"))
                   or have.get("value") == value)
        check_pair(where, r, entry["notification"], f)


def check_pair(where, r, notification, f):
    if notification not in ("linkDown", "linkUp"):
        f.true(where + "is no pair", "state" not in r)
        return
    index = next(v["value"] for v in r["varbinds"] if v["oid"].startswith("1.3.6.1.2.1.2.2.1.1."))
    down = notification == "linkDown"
    f.equal(where + "pair", (r["alarm_type"], r["state"], r["perceived_severity"], r["resource"],
                             r["if_index"]),
            ("link-down", "raise" if down else "clear", "major" if down else "cleared",
             "interface %d" % index, index))


def check_events(lab, records, f):
    """The alarm of each link that the lab took down says whose it is."""
    for event in lab["expect"].get("events_made", []):
        if event["event"] != "link down" or not event.get("cp"):
            continue
        named = [r for r in records if r["kind"] == "alarm" and r.get("trap_name") == "linkDown" and
                 r.get("node_id") == event["host"] and r["if_index"] == event["ifIndex"]]
        f.true("no linkDown of %s" % event["cp"], named)
        for r in named:
            f.equal("cp_id of " + event["ifname"], (r.get("cp_id"), r.get("vnfc_id"),
                                                    r.get("tp_id")),
                    (event["cp"], event["vnfc"], event["ifname"]))


def check_kernel(lab, records, f):
    """64-bit counters are what the kernel said about the walk's time (the agent remembers its
    readings for some seconds)."""
    expect = lab["expect"]
    before, after = expect.get("interfaces_before"), expect.get("interfaces_after")
    if not before or not after:
        return 0
    checked = 0
    for name, was in before.items():
        for r in records:
            if r["kind"] != "interface" or r["if_index"] != was["ifIndex"]:
                continue
            for field, side in (("in_octets", "rx"), ("out_octets", "tx")):
                low = was["stats64"][side]["bytes"]
                high = after[name]["stats64"][side]["bytes"]
                if field in r and "in_unicast_pkts" in r:
                    checked += 1
                    f.true("%s of %s: %d, must be %d to %d" % (field, name, r[field], low, high),
                           low * 0.95 - 100 <= r[field] <= high)
    return checked


def check_walk(lines, messages, f):
    """What snmpbulkwalk printed is what the packets have: the wire is read rightly here."""
    told = {}
    for line in lines:
        match = re.match(r"\.([0-9.]+) = (?!No |End)", line)
        if match:
            told[match.group(1)] = told.get(match.group(1), 0) + 1
    on_wire = {name for m in messages for name, _, value in
               (wire.message(m.payload).pdu.varbinds) if value is not None}
    f.equal("OIDs of the walk that are not in the packets", sorted(set(told) - on_wire)[:5], [])
