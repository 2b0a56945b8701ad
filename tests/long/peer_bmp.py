#!/usr/bin/env python3
"""Replays the BMP captures of other projects, and compares with what their decoders made of them.

    VNM_PEER_FIXTURES_BMP=DIR tests/long/peer_bmp.py [--vnmcd PATH] [NAME...]

DIR/*/*.pcap are the captures. Beside them may be what NetGauze (DIR/netgauze/*-bmp.json) and pmacct
(*__output-bmp-NN.json) say of the same: all prefixes that were announced and withdrawn must be the
same, by family, as often. The streams are put together here, since some captures are made up of
segments with SYN and data whose sequence numbers do not count the SYN. Every message must give
records or a reason that is in REASONS. Streams of version 4 are read by lib/bmp4.py too: all
records must say what it reads, and its path markings be those of NetGauze. Nothing of this may be copied here; without DIR the test is
skipped.
"""
import collections
import ipaddress
import json
import os
import pathlib
import struct
import sys
import tempfile

HERE = pathlib.Path(__file__).resolve().parent
sys.path.insert(0, str(HERE.parent / "lib"))
# pylint: disable=wrong-import-position
import bmp4
import bmp_text
import bmp_truth
import pcapfile
import replay as replays

# capture: what its messages may be counted as, and why. So far none has to be.
REASONS = {}
# A test of pmacct that plays another one's capture too, which is there only once.
BESIDES = {"202-BMP-CISCO-HUAWEI-multiple-sources": "200-BMP-HUAWEI-locrib_instance"}
FAMILY = {"Ipv4Unicast": (1, 1), "Ipv6Unicast": (2, 1), "Ipv4NlriMplsLabels": (1, 4),
          "Ipv6NlriMplsLabels": (2, 4), "Ipv4MplsVpnUnicast": (1, 128),
          "Ipv6MplsVpnUnicast": (2, 128)}


def streams(path):
    """The octets of each direction of a TCP connection that begins with a BMP message."""
    parts, fragments = {}, pcapfile._Fragments()  # pylint: disable=protected-access
    for _, _, link, octets in pcapfile.frames(path):
        ip = pcapfile._network(link, octets)  # pylint: disable=protected-access
        found = pcapfile._transport(ip, fragments) if ip else None  # pylint: disable=W0212
        if not found or found[0] != 6:
            continue
        _, src, dst, segment = found
        sport, dport, seq = struct.unpack(">HHI", segment[:8])
        payload = segment[(segment[12] >> 4) * 4:]
        if payload:
            parts.setdefault((src, sport, dst, dport), []).append((seq, payload))
    for key, segments in parts.items():
        first, data = segments[0][0], bytearray()
        for seq, payload in sorted(segments, key=lambda s: (s[0] - first) & 0xFFFFFFFF):
            at = (seq - first) & 0xFFFFFFFF
            if at <= len(data) < at + len(payload):
                data += payload[len(data) - at:]
        if len(data) >= 6 and data[0] in (3, 4) and data[5] < 7:
            yield key, b"".join(m for m in bmp_truth.frames(bytes(data))
                                if len(m) == struct.unpack(">I", m[1:5])[0])


def records_of(options, path, f):
    """All records of a capture, stream by stream."""
    made = []
    for number, (_, octets) in enumerate(streams(path)):
        raw = pathlib.Path(options.work) / f"{path.stem}-{number}.bmp"
        raw.write_bytes(octets)
        run = replays.run(options.vnmcd, raw, ["-m", "raw=bmp"])
        f.equal("exit code", run.code, 0)
        replays.check_books(run, f)
        if f:
            break
        for where in ("reasons", "faults"):
            for reason, count in run.books[where].items():
                f.true(f"stream {number}: {count} {reason}",
                       reason in REASONS.get(path.name, {}))
        if octets[0] == 4:
            check_version_4(octets, run.records, f)
        made += run.records
    return made


def check_version_4(octets, records, f):
    """All that the records say, against the other reader of that version."""
    lines = [json.dumps(o) for o in bmp4.read(octets)]
    bmp_truth.check(bmp_truth.Truth(octets, lines), records, f)
    f.true("guessed what the messages say", not any(
        {"add-path", "as-width"} & set(r.get("inferred", ())) for r in records))


BITS = ["INVALID", "BEST", "NON_SELECTED", "PRIMARY", "BACKUP", "NON_INSTALLED", "BEST_EXTERNAL",
        "ADD_PATH", "FILTERED_IN_INBOUND_POLICY", "FILTERED_IN_OUTBOUND_POLICY", "INVALID_ROV",
        "STALE", "SUPPRESSED"]


def marked(path):
    """How often NetGauze reads a path marking of one NLRI, by status."""
    made = collections.Counter()
    for line in path.read_text().splitlines():
        told = next(iter(json.loads(line).values()))
        for tlv in told.get("RouteMonitoring", {}).get("tlvs", []):
            mark = tlv["value"].get("PathMarking") if isinstance(tlv["value"], dict) else None
            if mark and 0 < tlv["index"] < 0x8000:
                made[sum(1 << BITS.index(b) for b in mark["path_status"].split(" | "))] += 1
    return made


def ours(records):
    """How often each (action, family, prefix, what stands before it) came."""
    return collections.Counter(
        (r["action"], (r["afi"], r["safi"]), r["prefix"],
         (r.get("path_id"), r.get("rd"), tuple(r.get("labels", ()))))
        for r in records if r["kind"] == "route" and "prefix" in r and r["safi"] in (1, 4, 128))


def bare(counter):
    """Without what stands before the prefix."""
    made = collections.Counter()
    for key, count in counter.items():
        made[key[:3]] += count
    return made


def _rd(told):
    kind, v = next(iter(told.items()))
    if kind == "As4Administrator":
        return bmp_text.rd("2:%d:%d" % (v["asn4"], v["number"]))
    return "%s:%d" % (v.get("asn2", v.get("ip", v.get("ipv4"))), v["number"])


def _networks(family, nlri):
    for n in nlri:
        if not isinstance(n, dict):
            n = {"network": n}
        labels = n.get("label_stack", n.get("labels", ()))
        yield family, str(ipaddress.ip_network(n.get("network", n.get("prefix")), strict=False)), (
            n.get("path_id"), _rd(n["rd"]) if "rd" in n else None,
            tuple(int.from_bytes(bytes(label), "big") >> 4 for label in labels))


def netgauze(path):
    """What it announced and withdrew, and how many messages it could not read."""
    made, errors = collections.Counter(), 0
    for line in path.read_text().splitlines():
        kind, message = next(iter(json.loads(line).items()))
        errors += kind == "BmpMessageParsingError"
        told = message.get("RouteMonitoring")
        update = told.get("update_message", told.get("update_pdu")) if told else None
        while isinstance(update, dict) and "path_attributes" not in update:
            update = next((update[k] for k in ("value", "BgpUpdate", "Update") if k in update),
                          None)
        if not update:
            continue
        for action, key in (("withdraw", "withdrawn_routes"), ("announce", "nlri")):
            for n in _networks((1, 1), update.get(key) or []):
                made[action, *n] += 1
        for attribute in update["path_attributes"]:
            for name, value in attribute["value"].items():
                if name not in ("MpReach", "MpUnreach"):
                    continue
                for family, inner in value.items():
                    action = "announce" if name == "MpReach" else "withdraw"
                    if family in FAMILY:
                        for n in _networks(FAMILY[family], inner.get("nlri", [])):
                            made[action, *n] += 1
    return made, errors


def pmacct(path):
    """What was announced; it tells of withdraws only where it had the route."""
    made = collections.Counter()
    for line in path.read_text().splitlines():
        r = json.loads(line)
        if r.get("bmp_msg_type") == "route_monitor" and r.get("log_type") == "update" and (
                r.get("ip_prefix")):
            made["announce", (r["afi"], r["safi"]),
                 str(ipaddress.ip_network(r["ip_prefix"], strict=False))] += 1
    return made


def compare(what, got, want, f, unread=0):
    """Of `unread` messages the other side knows nothing."""
    for key in sorted(set(got) | set(want), key=str):
        missed = min(unread, max(0, got[key] - want[key]))
        unread -= missed
        if got[key] - missed != want[key]:
            f.append("%s: %s %s %s: %d, %s says %d" % (
                what, key[0], "%d/%d" % key[1], key[2:], got[key], what, want[key]))


def check(options, path, top, f):
    records = records_of(options, path, f)
    f.true("no records", records)
    mine = ours(records)
    stem = path.name.removesuffix(".pcap")
    prefix = "" if path.parent.name == "netgauze" else "pmacct-tests__"
    told = top / "netgauze" / f"{prefix}{stem}-bmp.json"
    if told.exists():
        want, unread = netgauze(told)
        compare("NetGauze", mine, want, f, unread)
        f.equal("path markings", collections.Counter(
            r["path_status"] for r in records if "path_status" in r), marked(told))
        options.compared += sum(mine.values())
    options.tests.setdefault(path.parent / stem.split("__")[0], collections.Counter()).update(
        bare(mine))


def check_goldens(options, report):
    """pmacct's output is of all captures of a test together."""
    for test, mine in options.tests.items():
        for told in sorted(test.parent.glob(test.name + "__output-bmp-0?.json")):
            want = pmacct(told)
            if not want:
                continue
            all_of = mine + options.tests.get(test.with_name(BESIDES.get(test.name, "-")),
                                              collections.Counter())
            f = replays.Failures()
            compare("pmacct", collections.Counter(
                {k: n for k, n in all_of.items() if k[0] == "announce"}), want, f)
            options.compared += sum(want.values())
            report("pmacct's " + told.name, f)


def main():
    options = replays.parser(__doc__).parse_args()
    top = pathlib.Path(os.environ.get("VNM_PEER_FIXTURES_BMP", ""))
    if not os.environ.get("VNM_PEER_FIXTURES_BMP") or not top.is_dir():
        print("skip: VNM_PEER_FIXTURES_BMP names no directory\n0 passed, 0 failed, 1 skipped")
        return 0
    options.compared, options.tests, results = 0, {}, []

    def report(name, f):
        results.append(not f)
        print(("FAIL " if f else "ok   ") + name)
        for line in f[:8]:
            print("     " + line)

    with tempfile.TemporaryDirectory() as options.work:
        for path in sorted(top.glob("*/*.pcap")):
            name = path.parent.name + "/" + path.name
            if options.names and not any(n in name for n in options.names):
                continue
            f = replays.Failures()
            check(options, path, top, f)
            report(name, f)
    check_goldens(options, report)
    print(f"{options.compared} prefixes compared")
    print(f"{sum(results)} passed, {len(results) - sum(results)} failed, 0 skipped")
    return 0 if results and all(results) else 1


if __name__ == "__main__":
    sys.exit(main())
