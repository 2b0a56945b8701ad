"""The contract of `vnmcd -r`: exit codes, the books as the last line, decoders by port, speed."""

import json
import subprocess
import time

from desk import (TOP, VNMCD, balanced, blast, equal, flow, holds, ipfix_set, message, popen,
                  records, sent_sums, sums, template)

CASES = TOP / "tests" / "cases"
USAGE, CONFIG = 64, 78


def vnmcd(*arguments, code=0, stdin=None):
    """(what it writes, the books or None, messages)"""
    child = popen([VNMCD, *map(str, arguments)], stdin=subprocess.PIPE, stdout=subprocess.PIPE,
                  stderr=subprocess.PIPE)
    out, told = child.communicate(stdin, timeout=30)
    told = told.decode()
    equal(child.returncode, code, f"exit code of {arguments}: {told[-500:]}")
    if code in (USAGE, CONFIG):
        assert not out and '"messages"' not in told, told
        return "", None, told
    return out.decode(), balanced(json.loads(told.splitlines()[-1])), told


def lines(text):
    return [json.loads(line) for line in text.splitlines()]


def capture(work, *options, protocol="ipfix", port=2055):
    path = work / f"{protocol}-{port}.pcap"
    return path, blast("-t", protocol, "-n", 100, "-p", port, "-o", path, *options)


def test_content_port_and_map(work):
    path, sent = capture(work, port=9999)
    out, books, _ = vnmcd("-r", path)
    equal(sums(lines(out)), sent_sums(sent), "sums, by content")
    _, books, _ = vnmcd("-r", path, "-m", "9999=sflow")
    equal((books["ok"], sum(books["reasons"].values())), (0, sent["datagrams"]), "as sFlow")
    out, _, _ = vnmcd("-r", path, "-m", "1=sflow", "-m", "9999=sflow", "-m", "9999=flow")
    equal(sums(lines(out)), sent_sums(sent), "sums, the last -m counts")


def test_ports_of_the_listeners(work):
    path, sent = capture(work, port=9999)
    conf = work / "c.yaml"
    for port, found in ((9999, sent["datagrams"]), (9998, 0)):
        conf.write_text(f"collector: pop1\nlisteners:\n  - {{ name: a, decoder: flow, "
                        f"listen: \"udp:[::]:{port}\" }}\noutputs:\n"
                        f"  - {{ name: o, type: file, path: {work}/{port}.out }}\n")
        out, books, _ = vnmcd("-c", conf, "-r", path)
        equal((out, books["ok"]), ("", found), "stdout, ok")
        equal(books["ignored"], 0 if found else sent["datagrams"], "ignored")
    written = records(work / "9999.out")
    equal(sums(written), sent_sums(sent), "sums")
    equal({r["collector"] for r in written}, {"pop1"}, "collector")
    _, books, _ = vnmcd("-c", conf, "-r", path, "-m", "9999=flow")
    equal(books["ok"], sent["datagrams"], "-m beats the listeners")


def test_outputs_by_override(work):
    path, sent = capture(work)
    out, books, _ = vnmcd("-r", path, "-o", "outputs.a.type=file", "-o",
                          f"outputs.a.path={work}/a", "-o", "outputs.b.type=null")
    equal((out, set(books["outputs"])), ("", {"a", "b"}), "stdout, outputs")
    equal(sums(records(work / "a")), sent_sums(sent), "sums")


def test_two_runs_are_alike(work):
    path, _ = capture(work, protocol="sflow")
    equal(vnmcd("-r", path)[0], vnmcd("-r", path)[0], "the second run")


def test_standard_input(work):
    path, sent = capture(work)
    equal(sums(lines(vnmcd("-r", "-", stdin=path.read_bytes())[0])), sent_sums(sent), "sums")


def test_speed(work):
    """A capture of about one second."""
    path, sent = capture(work, "-R", 2000)
    took = {}
    for speed in ("max", "1", "4"):
        begun = time.monotonic()
        out, _, _ = vnmcd("-r", path, "-o", f"replay.speed={speed}")
        took[speed] = time.monotonic() - begun
        equal(sums(lines(out)), sent_sums(sent), f"sums at speed {speed}")
    seconds = records_span(lines(out))
    assert took["1"] >= 0.9 * seconds > 0.3, (took, seconds)
    assert 0.2 * seconds <= took["4"] < took["1"], (took, seconds)
    vnmcd("-r", path, "-o", "replay.speed=fast", code=CONFIG)


def records_span(found):
    times = [r["observed_ns"] for r in found]
    return (max(times) - min(times)) / 1e9


def test_stopped_at_recorded_speed(work):
    path, _ = capture(work, "-R", 100)
    child = popen([VNMCD, "-r", str(path), "-o", "replay.speed=1"], stdout=subprocess.PIPE,
                  stderr=subprocess.PIPE)
    time.sleep(0.5)
    child.terminate()
    begun = time.monotonic()
    told = child.communicate(timeout=20)[1].decode()
    assert time.monotonic() - begun < 5, "it went on"
    equal(child.returncode, 0, "exit code")
    balanced(json.loads(told.splitlines()[-1]))


def test_files_that_cannot_be_read(work):
    (work / "text").write_text("this is no capture file, though it is long enough for a header")
    (work / "empty").write_bytes(b"")
    for name in ("text", "empty", "none", "."):
        _, books, told = vnmcd("-r", work / name, code=1)
        equal(books["messages"], 0, "messages")
        holds(told, name if name != "." else str(work))


def test_file_that_is_cut_short(work):
    path, sent = capture(work)
    octets = path.read_bytes()
    path.write_bytes(octets[:-7])
    _, books, told = vnmcd("-r", path, code=1)
    equal(books["ok"], sent["datagrams"] - 1, "messages before the cut")
    holds(told, path.name)


def test_raw_stream(work):
    stream = message(0, template(256)) + b"".join(
        message(i, ipfix_set(256, flow(octets=i))) for i in range(20))
    path = work / "stream.ipfix"
    path.write_bytes(stream)
    out, books, _ = vnmcd("-r", path, "-m", "raw=flow")
    equal([r["octets"] for r in lines(out)], list(range(20)), "octets")
    equal(books["ok"], 21, "messages that are ok")
    path.write_bytes(stream[:-3])
    _, books, _ = vnmcd("-r", path, "-m", "raw=flow", code=1)
    equal((books["messages"], books["ok"]), (21, 20), "messages, ok")
    vnmcd("-r", path, "-m", "raw=sflow", code=USAGE)


def test_tcp_stream(work):
    case = CASES / "softflowd-ipfix-tcp" / "in.pcap"
    _, books, _ = vnmcd("-r", case)
    assert books["ok"] > 0 and not books["reasons"], books


def test_streams_that_vnmcd_asked_for(work):
    """`connect` of a configuration: the source's address and port tell whose they are."""
    case = CASES / "bmp-frr" / "in.pcap"  # from 192.0.2.9, port 54980, to port 1790
    plain, books, _ = vnmcd("-r", case)
    assert books["ok"] > 0, books
    for others, target, more, found in (
            ([], "192.0.2.9:54980", {}, True), ([], "192.0.2.9:1790", {}, False),
            ([], "192.0.2.8:54980", {}, False),
            ([{"name": "b", "decoder": "flow", "connect": ["tcp:192.0.2.8:54980"]}],
             "192.0.2.9:54980", {}, True),
            ([], "192.0.2.9:54980", {"rib": "full", "rib_suppress": True}, True)):
        conf = work / "c.yaml"
        conf.write_text(json.dumps({"listeners": others + [
            {"name": "a", "decoder": "bmp", "connect": ["tcp:192.0.2.7:11019", "tcp:" + target],
             **more}]}))
        out, told, _ = vnmcd("-c", conf, "-r", case)
        equal(told["ok"], books["ok"] if found else 0, f"messages from {target}")
        if found and not more:
            equal(out, plain, f"records of {target}")
    assert 0 < len(lines(out)) < len(lines(plain)), "options of the listener"


def test_usage_and_configuration(work):
    path, _ = capture(work)
    for arguments, code in (
            (["-r", path, "-r", path], USAGE), (["-x"], USAGE), (["-r"], USAGE),
            (["-r", path, "-m", "2055"], USAGE), (["-r", path, "-m", "2055=nosuch"], USAGE),
            (["-r", path, "-m", "70000=flow"], USAGE), (["-r", path, "here"], USAGE),
            (["-m", "2055=flow"], USAGE), (["--dump=nothing"], USAGE),
            (["-r", path, "-o", "outputz.a.type=file"], CONFIG),
            (["-r", path, "-o", "outputs.a.type=fil"], CONFIG),
            (["-r", path, "-o", "outputs.a.type=file", "-o", "outputs.a.path=/no/such/dir"],
             CONFIG),
            (["-r", path, "-c", work / "none.yaml"], CONFIG)):
        vnmcd(*arguments, code=code)


def test_reader_that_goes_away(work):
    """As in `vnmcd -r FILE | head -1`."""
    case = CASES / "flows-combined" / "in.pcap"
    child = popen([VNMCD, "-r", str(case)], stdout=subprocess.PIPE, stderr=subprocess.PIPE)
    child.stdout.readline()
    child.stdout.close()
    told = child.stderr.read().decode()
    equal(child.wait(30), 0, "exit code")
    books = balanced(json.loads(told.splitlines()[-1]))
    assert books["outputs"]["stdout"]["dropped"].get("write-failed", 0) > 0, books
    holds(told, "the reader of standard output has gone")
