#!/usr/bin/env python3
"""Files that vnmcd writes: both encodings against each other, rotation, full disks, closed pipes.

    VNMCD=build/vnmcd tests/integration/output/run.py [NAME...]

The protobuf files are read by protoc's own classes, made from what `vnmcd --dump=proto` prints.
Ends with `N passed, N failed, N skipped`.
"""

import collections
import importlib
import ipaddress
import json
import os
import pathlib
import re
import resource
import shutil
import signal
import struct
import subprocess
import sys
import tempfile
import time
import traceback

TOP = pathlib.Path(__file__).resolve().parents[3]
sys.path.insert(0, str(TOP / "tests" / "lib"))
from readback import equal, frames  # pylint: disable=wrong-import-position

VNMCD = os.environ.get("VNMCD") or str(TOP / "build" / "vnmcd")
CASES = sorted((TOP / "tests" / "cases").glob("*/in.pcap"))
BIG = TOP / "tests" / "cases" / "flows-combined" / "in.pcap"


class Skipped(Exception):
    pass


def vnmcd(capture, *options, code=0, **popen):
    arguments = [VNMCD, "-r", str(capture)]
    for option in options:
        arguments += ["-o", option]
    done = subprocess.run(arguments, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True,
                          timeout=60, **popen)
    equal(done.returncode, code, f"exit of {arguments}: {done.stderr[-500:]}")
    return done


def books(done):
    return json.loads(done.stderr.splitlines()[-1])["outputs"]


def to_file(capture, path, *options, **popen):
    done = vnmcd(capture, "outputs.f.type=file", f"outputs.f.path={path}", *options, **popen)
    return books(done)["f"]


# ---- protobuf ------------------------------------------------------------------------------------

def classes(work):
    """The message classes, by kind of record."""
    try:
        import google.protobuf  # noqa: F401
    except ImportError:
        raise Skipped("python3-protobuf is not installed")
    if shutil.which("protoc") is None:
        raise Skipped("protoc is not installed")
    text = subprocess.run([VNMCD, "--dump=proto"], stdout=subprocess.PIPE, check=True).stdout
    (work / "vnm.proto").write_bytes(text)
    subprocess.run(["protoc", f"--python_out={work}", f"-I{work}", "vnm.proto"], check=True)
    sys.path.insert(0, str(work))
    module = importlib.import_module("vnm_pb2")
    # A kind is topology_event, its message TopologyEvent; a record's has the envelope.
    found = {}
    for name, message in module.DESCRIPTOR.message_types_by_name.items():
        if "record_seq" in message.fields_by_name:
            kind = re.sub("(?<!^)([A-Z])", r"_\1", name).lower()
            found[kind] = getattr(module, name)
    return found


def octet_texts(octets):
    """All that octets may be in JSON: hex, an address, a MAC address."""
    texts = {octets.hex()}
    if len(octets) in (4, 16):
        texts.add(str(ipaddress.ip_address(octets)))
    if len(octets) == 6:
        texts.add(octets.hex(":"))
    return texts


NTP = 2208988800


def ie_value(ie):
    """What an Ie is in JSON, by RFC 7011 section 6.1; None: not said here."""
    o, number = ie.octets, int.from_bytes(ie.octets, "big")
    name = ie.Type.Name(ie.type)
    if name == "LIST":
        return None
    if name == "STRING":
        return o.decode("utf-8", errors="replace")
    if name == "UNSIGNED" and 0 < len(o) <= 8:
        return number
    if name == "SIGNED" and 0 < len(o) <= 8:
        return int.from_bytes(o, "big", signed=True)
    if name == "FLOAT" and len(o) == 8:
        return struct.unpack("!d", o)[0]
    if name == "IPV4" and len(o) == 4 or name == "IPV6" and len(o) == 16:
        return str(ipaddress.ip_address(o))
    if name == "MAC" and len(o) == 6:
        return o.hex(":")
    if name == "BOOLEAN" and o in (b"\1", b"\2"):
        return o == b"\1"
    if name == "SECONDS" and 0 < len(o) <= 8:
        return number * 10**9
    if name == "MILLISECONDS" and 0 < len(o) <= 8:
        return number * 10**6
    if name in ("MICROSECONDS", "NANOSECONDS") and len(o) == 8 and number >> 32 >= NTP:
        fraction = number & (0xFFFFF800 if name == "MICROSECONDS" else 0xFFFFFFFF)
        return ((number >> 32) - NTP) * 10**9 + (fraction * 10**9 >> 32)
    return o.hex()


def compare_ies(messages, want):
    grouped = collections.defaultdict(list)
    for ie in messages:
        grouped[f"{ie.pen}/{ie.id}"].append(ie)
    equal(list(grouped), list(want), "keys of ie")
    for key, ies in grouped.items():
        values = want[key] if len(ies) > 1 else [want[key]]
        for ie, value in zip(ies, values, strict=True):
            expected = ie_value(ie)
            if expected is None:
                rows = collections.defaultdict(list)
                for inner in ie.list:
                    rows[inner.row].append(inner)
                equal(len(rows), len(value["records"]), f"records of list {key}")
                for inner, record in zip(rows.values(), value["records"]):
                    compare_ies(inner, record)
            elif ie.Type.Name(ie.type) != "FLOAT" or len(ie.octets) == 8:
                equal(value, expected, f"ie {key}")


def compare_pair(pair, value):
    kind = pair.WhichOneof("value")
    got = getattr(pair, kind)
    if kind == "object":
        compare_pairs(got.pairs, value)
    elif kind == "array":
        equal(len(got.pairs), len(value), f"values of {pair.name}")
        for inner, one in zip(got.pairs, value):
            compare_pair(inner, one)
    elif isinstance(got, bytes):
        assert value in octet_texts(got), f"{pair.name}: {value} is not {got.hex()}"
    else:
        equal(value, got, pair.name)


def compare_pairs(pairs, want):
    grouped = collections.defaultdict(list)
    for pair in pairs:
        grouped[pair.name].append(pair)
    equal(list(grouped), list(want), "names")
    for name, same in grouped.items():
        values = want[name] if len(same) > 1 else [want[name]]
        for pair, value in zip(same, values, strict=True):
            compare_pair(pair, value)


def compare(message, want):
    fields = {d.name: (d, v) for d, v in message.ListFields()}
    for name in want:
        if name not in fields and name == "ie" or want[name] in ([], {}):
            continue
        assert name in fields, f"{name} is not in the protobuf message"
    for name, (d, v) in fields.items():
        assert name in want, f"{name} is not in the JSON"
        if name == "ie":
            compare_ies(v, want[name])
        elif d.message_type is not None and d.message_type.name == "Pair":
            if isinstance(want[name], list):  # values without names
                for pair, value in zip(v, want[name], strict=True):
                    equal(pair.name, "", f"name within {name}")
                    compare_pair(pair, value)
            else:
                compare_pairs(v, want[name])
        elif d.type == d.TYPE_BYTES:
            assert want[name] in octet_texts(v), f"{name}: {want[name]} is not {v.hex()}"
        else:
            equal(want[name], list(v) if d.label == d.LABEL_REPEATED else v, name)


def test_protobuf_is_json(work):
    """Every record of every case says the same in both encodings, field by field."""
    by_kind = classes(work)
    records = fields = 0
    for case in CASES:
        vnmcd(case, "outputs.j.type=file", f"outputs.j.path={work / 'j'}", "outputs.p.type=file",
              f"outputs.p.path={work / 'p'}", "outputs.p.encoding=protobuf")
        lines = (work / "j").read_bytes().splitlines()
        messages = list(frames((work / "p").read_bytes()))
        equal(len(messages), len(lines), f"{case}: messages")
        for line, octets in zip(lines, messages):
            want = json.loads(line)
            message = by_kind[want["kind"]]()
            message.ParseFromString(octets)
            compare(message, want)
            records += 1
            fields += len(want)
        (work / "j").unlink()
        (work / "p").unlink()
    assert records > 500 and fields > 20 * records, f"{records} records with {fields} fields"


# ---- files ---------------------------------------------------------------------------------------

def test_selection(work):
    out = vnmcd(BIG, "outputs.f.type=file", "outputs.f.path=-",
                "outputs.f.fields=kind,src_addr,octets", "outputs.f.json_u64=string").stdout
    flows = [r for r in map(json.loads, out.splitlines()) if r["kind"] == "flow"]
    assert sum("octets" in record for record in flows) > 100
    for record in flows:
        assert set(record) <= {"kind", "src_addr", "octets"}, record
        assert record.get("octets", "0").isdigit(), record


def test_rotation(work):
    """Whole lines, none lost, no file larger than asked, as many as asked."""
    all_lines = vnmcd(BIG).stdout.splitlines()
    size = sum(len(line) + 1 for line in all_lines) // 6
    to_file(BIG, work / "r.jsonl", f"outputs.f.rotate_size={size}", "outputs.f.keep=20")
    files = sorted(work.glob("r.jsonl*"), key=lambda p: -int(p.suffix[1:]) if p.suffix[1:].isdigit()
                   else 0)
    assert len(files) >= 6, files
    lines = [line for p in files for line in p.read_text().splitlines()]
    equal(lines, all_lines, "lines of all files, the oldest first")
    assert all(p.stat().st_size <= size for p in files)

    to_file(BIG, work / "k.jsonl", f"outputs.f.rotate_size={size}", "outputs.f.keep=2")
    equal(sorted(p.name for p in work.glob("k.jsonl*")), ["k.jsonl", "k.jsonl.1", "k.jsonl.2"],
          "files kept")

    to_file(BIG, work / "s.jsonl", "outputs.f.rotate_size=100", "outputs.f.keep=3")
    files = sorted(work.glob("s.jsonl*"), reverse=True)
    equal([p.read_text() for p in files], [line + "\n" for line in all_lines[-4:]],
          "a file for each record that is larger than a file may be")
    to_file(BIG, work / "0.jsonl", f"outputs.f.rotate_size={size}", "outputs.f.keep=0")
    equal([p.name for p in work.glob("0.jsonl*")], ["0.jsonl"], "files kept")


def test_rotation_by_time(work):
    """A replay of one second with a new file each quarter of it."""
    import pcapfile
    times = [ts for _, ts, _, _ in pcapfile.frames(BIG)]
    speed = (max(times) - min(times)) / 1e9
    to_file(BIG, work / "t.jsonl", "outputs.f.rotate_interval=250ms", "outputs.f.keep=20",
            f"replay.speed={speed:.3f}")
    files = sorted(work.glob("t.jsonl*"), key=lambda p: -int(p.suffix[1:]) if p.suffix[1:].isdigit()
                   else 0)
    assert 2 <= len(files) <= 6, files
    lines = [line for p in files for line in p.read_text().splitlines()]
    equal(lines, vnmcd(BIG).stdout.splitlines(), "lines of all files, the oldest first")


def test_rotation_refused(work):
    """Where the file cannot be moved away it grows on, which is said, and nothing is lost."""
    (work / "r.1" / "in_the_way").mkdir(parents=True)
    done = vnmcd(BIG, "outputs.f.type=file", f"outputs.f.path={work / 'r'}",
                 "outputs.f.rotate_size=100K", "outputs.f.keep=1")
    equal((work / "r").read_text(), vnmcd(BIG).stdout, "what stands in the file")
    assert "cannot move" in done.stderr, done.stderr


def test_appends(work):
    first = to_file(BIG, work / "a")["published"]
    to_file(BIG, work / "a")
    equal(len((work / "a").read_bytes().splitlines()), 2 * sum(first.values()), "lines")


def test_disk_full(work):
    f = to_file(BIG, "/dev/full")
    equal(f["published"], {}, "published")
    equal(list(f["dropped"]), ["write-failed"], "reasons of drops")
    equal(f["in_flight"], 0, "in flight")


def test_no_broken_record(work):
    """A write that fails in the middle of a record leaves only whole ones, counted."""
    limit = 100001

    def limited():
        signal.signal(signal.SIGXFSZ, signal.SIG_IGN)
        resource.setrlimit(resource.RLIMIT_FSIZE, (limit, limit))

    everything = vnmcd(BIG).stdout.splitlines()
    f = to_file(BIG, work / "l", preexec_fn=limited)
    lines = (work / "l").read_text()
    assert lines.endswith("}\n") and limit - 4096 < len(lines) <= limit, len(lines)
    lines = lines.splitlines()
    assert everything[:len(lines)] == lines[:len(everything)]
    equal(sum(f["published"].values()), len(lines), "published")
    equal(f["dropped"], {"write-failed": len(everything) - len(lines)}, "dropped")


def test_closed_pipe(work):
    """The reader goes: the end is quiet and the drops are counted."""
    read, write = os.pipe()
    os.close(read)
    with os.fdopen(write, "wb") as pipe:
        done = subprocess.run([VNMCD, "-r", BIG], stdout=pipe, stderr=subprocess.PIPE, text=True,
                              timeout=60)
    equal(done.returncode, 0, "exit")
    [f] = books(done).values()
    equal(list(f["dropped"]), ["write-failed"], "reasons of drops")
    assert "reader" in done.stderr, done.stderr


def test_no_directory(work):
    done = vnmcd(BIG, "outputs.f.type=file", f"outputs.f.path={work}/none/x", code=78)
    assert f"{work}/none/x" in done.stderr, done.stderr


TESTS = [v for k, v in list(globals().items()) if k.startswith("test_")]


def main():
    counts = collections.Counter()
    for test in [t for t in TESTS if not sys.argv[1:] or t.__name__[5:] in sys.argv[1:]]:
        started = time.monotonic()
        with tempfile.TemporaryDirectory(prefix="vnmcd-output-") as work:
            try:
                test(pathlib.Path(work))
                result, word = "passed", "ok"
            except Skipped as why:
                result, word = "skipped", f"skipped: {why}"
            except Exception as why:  # a broken test must not end the others
                result, word = "failed", "FAIL " + (
                    "" if isinstance(why, AssertionError) else traceback.format_exc()) + str(why)
        counts[result] += 1
        print(f"output {test.__name__[5:]}: {word} ({time.monotonic() - started:.1f} s)")
    print(f"output: {counts['passed']} passed, {counts['failed']} failed, "
          f"{counts['skipped']} skipped")
    return 1 if counts["failed"] else 0


if __name__ == "__main__":
    sys.exit(main())
