"""SNMP: net-snmp's snmptrap, snmpinform and snmpd as senders, its snmptrapd as the second reader."""

import hashlib
import json
import os
import re
import shutil
import socket
import subprocess
import sys
import time

from desk import (PATIENCE, TOP, VNMCD, Daemon, Skipped, equal, free_port, holds, listener, popen,
                  wait_for)

sys.path.insert(0, str(TOP / "tests" / "lib"))
import snmp_made
import snmp_wire

LINK_DOWN, COLD_START = "1.3.6.1.6.3.1.1.5.3", "1.3.6.1.6.3.1.1.5.1"
AUTH, PRIV = "authpass of mine", "privpass of mine"
VARS = ["1.3.6.1.2.1.2.2.1.1.7", "i", "7", "1.3.6.1.2.1.2.2.1.8.7", "i", "2",
        "1.3.6.1.2.1.2.2.1.2.7", "s", "GigabitEthernet0/7",
        "1.3.6.1.2.1.31.1.1.1.6.7", "C", "18446744073709551615",
        "1.3.6.1.2.1.4.20.1.1.192.0.2.7", "a", "192.0.2.7",
        "1.3.6.1.2.1.2.2.1.6.7", "x", "0200deadbeef"]
VALUES = [7, 2, "GigabitEthernet0/7", 2**64 - 1, "192.0.2.7", "0200deadbeef"]

# name: (level, auth, priv), as vnmcd and as net-snmp call them
SETS = {
    "noauth": ("noAuthNoPriv", None, None),
    "md5": ("authNoPriv", ("md5", "MD5"), None),
    "sha": ("authNoPriv", ("sha1", "SHA"), None),
    "md5des": ("authPriv", ("md5", "MD5"), ("des", "DES")),
    "shaaes": ("authPriv", ("sha1", "SHA"), ("aes128", "AES")),
    "sha224aes": ("authPriv", ("sha224", "SHA-224"), ("aes128", "AES")),
    "sha256aes": ("authPriv", ("sha256", "SHA-256"), ("aes128", "AES")),
    "sha256aes192": ("authPriv", ("sha256", "SHA-256"), ("aes192", "AES-192")),
    "sha384aes256": ("authPriv", ("sha384", "SHA-384"), ("aes256", "AES-256")),
    "sha512aes256": ("authPriv", ("sha512", "SHA-512"), ("aes256", "AES-256")),
    "sha1aes256": ("authPriv", ("sha1", "SHA"), ("aes256", "AES-256")),
    "sha1aes256c": ("authPriv", ("sha1", "SHA"), ("aes256c", "AES-256-C")),
    "md5aes192c": ("authPriv", ("md5", "MD5"), ("aes192c", "AES-192-C")),
}


def users():
    out = []
    for name, (_, auth, priv) in SETS.items():
        user = {"name": name}
        if auth:
            user.update(auth=auth[0], auth_password=AUTH)
        if priv:
            user.update(priv=priv[0], priv_password=PRIV)
        out.append(user)
    return out


def config(port, transport="udp", at="[::]", **more):
    return {"listeners": [listener(port, "traps", "snmp", at, transport, communities=["public"],
                                   users=["*"])], "snmp": {"users": users()}, **more}


def need(program):
    path = shutil.which(program, path=os.environ["PATH"] + ":/usr/sbin")
    if path is None:
        raise Skipped(program + " is not installed")
    return path


def environment(work):
    return {**os.environ, "SNMPCONFPATH": str(work), "MIBS": "",
            "SNMP_PERSISTENT_DIR": str(work / "net-snmp")}


def credentials(name):
    level, auth, priv = SETS[name]
    out = ["-v3", "-u", name, "-l", level]
    if auth:
        out += ["-a", auth[1], "-A", AUTH]
    if priv:
        out += ["-x", priv[1], "-X", PRIV]
    return out


def notify(work, program, who, to, *rest, timeout=1, retries=3):
    """(exit code, standard error) of snmptrap or snmpinform."""
    done = subprocess.run(
        [need(program), *who, "-t", str(timeout), "-r", str(retries), to, *(rest or ("4711", LINK_DOWN, *VARS))],
        env=environment(work), cwd=work, stdin=subprocess.DEVNULL, stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT, timeout=60, text=True, check=False)
    return done.returncode, done.stdout


def alarms(d):
    return d.records("alarm")


def wait_alarms(d, n):
    wait_for(lambda: len(alarms(d)) >= n, f"{n} alarms; {d.log()[-600:]}")
    equal(len(alarms(d)), n, "alarms")
    return alarms(d)


def check(r, **want):
    equal([v["value"] for v in r["varbinds"]], VALUES, "values")
    equal(r["trap_oid"], LINK_DOWN, "trap_oid")
    equal(r["uptime"], 4711, "uptime")
    for key, value in want.items():
        equal(r.get(key), value, key)


def test_every_version_and_every_set_of_algorithms(work):
    """snmpinform believes a Response only if it is as secure as what it sent."""
    port = free_port()
    to = f"udp:127.0.0.1:{port}"
    with Daemon(work, config(port)) as d:
        for number, name in enumerate(SETS):
            for program in ("snmptrap", "snmpinform"):
                code, said = notify(work, program, credentials(name), to)
                equal(code, 0, f"{program} as {name}: {said}")
            trap, inform = wait_alarms(d, 2 * number + 2)[-2:]
            check(trap, pdu_type="trap", user=name, security_level=SETS[name][0], snmp_version="v3")
            check(inform, pdu_type="inform", user=name, security_level=SETS[name][0])
        so_far = len(alarms(d))
        equal(notify(work, "snmptrap", ["-v2c", "-c", "public"], to)[0], 0, "snmptrap -v2c")
        equal(notify(work, "snmpinform", ["-v2c", "-c", "public"], to)[0], 0, "snmpinform -v2c")
        check(wait_alarms(d, so_far + 2)[-1], snmp_version="v2c", community="public",
              pdu_type="inform")
        code, _ = notify(work, "snmptrap", ["-v1", "-c", "public"], to, "1.3.6.1.4.1.8072.3.2.10",
                         "192.0.2.9", "2", "0", "4711", *VARS[:9], *VARS[12:])
        equal(code, 0, "snmptrap -v1")
        r = wait_alarms(d, so_far + 3)[-1]
        equal((r["snmp_version"], r["trap_oid"], r["agent_addr"], r["exporter_addr"]),
              ("v1", LINK_DOWN, "192.0.2.9", "127.0.0.1"), "version 1")
        books = d.stop()
        equal(set(books["reasons"]), {"not-in-time-window"} & set(books["reasons"]), "reasons")


def test_every_transport(work):
    """Over TCP and IPv6, too; answers come from the address that was asked."""
    port, stream = free_port(), free_port()
    conf = config(port)
    conf["listeners"].append(listener(stream, "stream", "snmp", "[::]", "tcp", users=["shaaes"],
                                      communities=["public"]))
    with Daemon(work, conf) as d:
        n = 0
        for to in (f"udp:127.0.0.1:{port}", f"udp:127.0.0.9:{port}", f"udp6:[::1]:{port}",
                   f"tcp:127.0.0.1:{stream}", f"tcp6:[::1]:{stream}"):
            for who in (["-v2c", "-c", "public"], credentials("shaaes")):
                code, said = notify(work, "snmpinform", who, to)
                equal(code, 0, f"snmpinform {who[0]} to {to}: {said}")
                n += 1
                r = wait_alarms(d, n)[-1]
                check(r, transport="tcp" if to.startswith("tcp") else "udp",
                      exporter_addr="::1" if "::1" in to else "127.0.0.1")
        d.stop()


def test_refused_and_never_acknowledged(work):
    port = free_port()
    to = f"udp:127.0.0.1:{port}"
    wrong = [AUTH + "!" if a == AUTH else a for a in credentials("shaaes")]
    with Daemon(work, config(port)) as d:
        for who, reason, text in (
                (wrong, "wrong-digest", "Authentication failure"),
                (["nobody" if a == "shaaes" else a for a in credentials("shaaes")],
                 "unknown-user", "Unknown user"),
                (["-v3", "-u", "shaaes", "-l", "noAuthNoPriv"], "security-level",
                 "Unsupported security level"),
                (["-v2c", "-c", "wrong"], "unknown-community", "Timeout")):
            code, said = notify(work, "snmpinform", who, to, retries=0)
            equal(code, 1, f"exit code of {who}")
            holds(said, text)
            d.reasons = d.reasons + [reason] if hasattr(d, "reasons") else [reason]
        equal(alarms(d), [], "alarms")
        books = d.stop()
        equal(set(books["reasons"]), set(d.reasons), "reasons")
        equal(books["records"], {}, "records")


def test_an_inform_whose_record_is_dropped_is_not_acknowledged(work):
    """An output that takes one record only: the second inform's sender is told nothing."""
    port, dead, http = free_port(), free_port(), free_port()
    conf = config(port, outputs=[{
        "name": "bus", "type": "kafka", "brokers": f"127.0.0.1:{dead}",
        "librdkafka": {"queue.buffering.max.messages": 1}}], flush_timeout="1s",
        http={"listen": f"127.0.0.1:{http}"})
    with Daemon(work, conf) as d:
        to = f"udp:127.0.0.1:{port}"
        equal(notify(work, "snmpinform", ["-v2c", "-c", "public"], to)[0], 0, "the first")
        code, said = notify(work, "snmpinform", ["-v2c", "-c", "public"], to, retries=1)
        equal(code, 1, "the second: " + said)
        from desk import metrics
        found = metrics(http)
        equal(found["vnmcd_replies_withheld_total"], 2, "answers withheld")
        equal(found["vnmcd_replies_total"], 1, "answers")
        # Each time it came it was new, since its record had not been taken.
        equal(found["vnmcd_informs_repeated_total"], 0, "informs that came again")
        d.child.terminate()
        d.child.wait(PATIENCE)


def boots(work):
    engine, number = (work / "state" / "snmp-engine").read_text().split()
    return engine, int(number)


def test_engine_id_and_boots_outlive_a_restart(work):
    port = free_port()
    conf = config(port, state_dir=str(work / "state"))
    told = []
    for start in range(3):
        with Daemon(work, conf, f"start{start}") as d:
            code, said = notify(work, "snmpinform", credentials("shaaes"), f"udp:127.0.0.1:{port}")
            equal(code, 0, said)
            told.append((boots(work), wait_alarms(d, 1)[0]["engine_id"]))
            d.stop()
    engine = told[0][1]
    first = told[0][0][1]
    equal([t[0] for t in told], [(engine, first + n) for n in range(3)], "engine id and boots")
    # RFC 3411 section 5: enterprise 0, administratively assigned text
    equal(bytes.fromhex(engine), b"\x80\0\0\0\x04test", "what the engine id is made of")
    # A name that is too long: octets that are the same for every version and machine.
    name = "collector-01.traps.pop1.example.net"
    with Daemon(work, {**conf, "collector": name}) as d:
        equal(boots(work)[0], "8000000005" + hashlib.sha256(name.encode()).hexdigest()[:32],
              "what the engine id of a long name is made of")
        d.stop()
    conf["snmp"]["engine_id"] = "80007ed9040102"
    with Daemon(work, conf) as d:
        equal(boots(work)[0], "80007ed9040102", "another engine")
        d.stop()


def test_boots_are_counted_where_there_is_a_listener_of_snmp(work):
    """Also one without users, which a reload may bring; not for polls."""
    port, state = free_port(), str(work / "state")
    conf = config(port, state_dir=state)
    wanted, conf["listeners"][0]["users"] = conf["listeners"][0]["users"], []
    told = []
    for start in range(2):
        with Daemon(work, conf, f"start{start}") as d:
            told.append(boots(work)[1])
            if start == 1:
                conf["listeners"][0]["users"] = wanted
                d.configure(conf)
                d.reload()
                equal(notify(work, "snmpinform", credentials("shaaes"),
                             f"udp:127.0.0.1:{port}")[0], 0, "snmpinform")
                equal(told, [told[0], told[0] + 1], "boots")
                equal(boots(work)[1], told[1], "boots after a reload")
            d.stop()
    (work / "state" / "snmp-engine").unlink()
    polls = [{"name": "p", "version": "3", "user": "shaaes", "devices": ["127.0.0.1"], "port": free_port()}]
    conf = {"listeners": [listener(port)], "snmp": {"users": users()}, "polls": polls,
            "state_dir": state}
    with Daemon(work, conf, "polls") as d:
        equal(list((work / "state").iterdir()), [], "files of state")
        d.stop()


def engine_boots(port):
    """What a sender hears, who believes nothing earlier from then on (RFC 3414 section 3.2)."""
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as s:
        s.settimeout(PATIENCE)
        s.sendto(snmp_made.v3(snmp_made.scoped([], 0xa0), flags=4, user=b"", engine=b""),
                 ("127.0.0.1", port))
        report = s.recv(65536)
    equal(snmp_wire.message(report).pdu.type, "report", "the answer to a discovery")
    _, body, _ = snmp_wire.take(report, 0x30)
    for _ in range(2):  # version, header
        _, _, body = snmp_wire.take(body)
    _, security, _ = snmp_wire.take(snmp_wire.take(body, 0x04)[1], 0x30)
    _, _, security = snmp_wire.take(security, 0x04)
    return snmp_wire.number(snmp_wire.take(security, 0x02)[1])


def test_boots_never_go_back(work):
    """Whatever becomes of the file: it was never there, is damaged, old, or cannot be written."""
    port, kept = free_port(), work / "state" / "snmp-engine"
    told = []
    for start, damage in enumerate((None, "", "keep", "text", "old")):
        conf = config(port, **({} if damage is None else {"state_dir": str(work / "state")}))
        if damage == "text":
            kept.write_text("not what was there\n")
        elif damage == "old":
            kept.write_text(re.sub(r" \d+", " 4", kept.read_text()))
        with Daemon(work, conf, f"start{start}") as d:
            equal(notify(work, "snmpinform", credentials("shaaes"), f"udp:127.0.0.1:{port}")[0], 0,
                  "snmpinform")
            told.append(engine_boots(port))
            d.stop()
    # Starts that follow each other so fast are one number of the clock's.
    equal(min(told), told[0], "the least of " + str(told))
    equal(told[2], told[1] + 1, "where the file is as it was left")


def test_boots_that_cannot_be_kept_are_told(work):
    port = free_port()
    with Daemon(work, config(port)) as d:
        holds(d.log(), "without state_dir")
        equal(notify(work, "snmpinform", credentials("shaaes"), f"udp:127.0.0.1:{port}")[0], 0,
              "snmpinform")
        d.stop()


def test_des_without_the_legacy_provider(work):
    """OpenSSL's modules are elsewhere: what needs them is refused, and says what to do."""
    port = free_port()
    conf = config(port)
    conf["snmp"]["users"] = [u for u in users() if u["name"] in ("md5des", "shaaes")]
    with Daemon(work, conf, wait=False, env={"OPENSSL_MODULES": str(work)}) as d:
        log = d.wait(78)
        holds(log, "DES-CBC", "legacy", "aes128")
        assert "`priv: aes128` needs" not in log, "AES is refused, too: " + log


def test_reload_changes_users_and_keys(work):
    port = free_port()
    to = f"udp:127.0.0.1:{port}"
    conf = config(port)
    with Daemon(work, conf) as d:
        equal(notify(work, "snmpinform", credentials("shaaes"), to)[0], 0, "before")
        user = next(u for u in conf["snmp"]["users"] if u["name"] == "shaaes")
        user.update(auth_password="another password", priv_password="another password")
        d.configure(conf)
        d.reload()
        equal(notify(work, "snmpinform", credentials("shaaes"), to, retries=0)[0], 1, "old keys")
        user.update(auth_password=AUTH, priv_password=PRIV)
        d.configure(conf)
        d.reload()
        equal(notify(work, "snmpinform", credentials("shaaes"), to)[0], 0, "keys as before")
        equal(d.stop()["reasons"], {"wrong-digest": 1}, "reasons")


def test_secrets_from_a_file_and_the_environment(work):
    port = free_port()
    (work / "community").write_text("from a file\nmore\n")
    (work / "edited").write_bytes(b"by another editor\r\nmore\r\n")
    conf = {"listeners": [listener(port, "traps", "snmp", communities=[
        {"file": str(work / "community")}, {"file": str(work / "edited")},
        {"env": "VNM_TEST_COMMUNITY"}])]}
    with Daemon(work, conf, env={"VNM_TEST_COMMUNITY": "from outside"}) as d:
        told = ["from a file", "by another editor", "from outside"]
        for community in told:
            code, said = notify(work, "snmpinform", ["-v2c", "-c", community],
                                f"udp:127.0.0.1:{port}")
            equal(code, 0, said)
        equal([r["community"] for r in wait_alarms(d, 3)], told, "communities")
        d.stop()


def test_snmpd_sends_traps_and_informs(work):
    """A real agent: it starts, refuses somebody and stops, and tells of it three ways."""
    port, own = free_port(), free_port()
    to = f"127.0.0.1:{port}"
    (work / "snmpd.conf").write_text(f"""
agentAddress udp:127.0.0.1:{own}
rocommunity known
authtrapenable 1
trapsess -v1 -c public {to}
trapsess -v2c -c public {to}
informsink {to} public
createUser shaaes SHA "{AUTH}" AES "{PRIV}"
trapsess -v3 -u shaaes -l authPriv -a SHA -A "{AUTH}" -x AES -X "{PRIV}" {to}
""")
    with Daemon(work, config(port)) as d:
        agent = popen([need("snmpd"), "-f", "-Lf", str(work / "snmpd.log"), "-C", "-c",
                       str(work / "snmpd.conf")], env=environment(work), cwd=work,
                      stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL,
                      stderr=subprocess.DEVNULL)
        try:
            wait_for(lambda: len(alarms(d)) >= 4, "coldStart; " + d.log()[-500:])
            subprocess.run([need("snmpget"), "-v2c", "-c", "wrong", "-t", "0.5", "-r", "0",
                            f"udp:127.0.0.1:{own}", "1.3.6.1.2.1.1.3.0"], env=environment(work),
                           stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL, check=False)
            wait_for(lambda: len(alarms(d)) >= 8, "authenticationFailure")
        finally:
            agent.terminate()
            agent.wait(PATIENCE)
        wait_for(lambda: len(alarms(d)) >= 11, "nsNotifyShutdown")
        time.sleep(0.3)
        told = {}
        for r in alarms(d):
            told.setdefault((r["snmp_version"], r["pdu_type"]), []).append(r["trap_name"])
        for way in (("v1", "trap"), ("v2c", "trap"), ("v2c", "inform"), ("v3", "trap")):
            equal(told.get(way, [])[:2], ["coldStart", "authenticationFailure"], f"what came {way}")
        equal(told["v2c", "trap"], ["coldStart", "authenticationFailure", "nsNotifyShutdown"],
              "what came by version 2c")
        equal(d.stop()["reasons"], {}, "reasons")


def test_snmptrapd_reads_the_same(work):
    """What it prints of each notification is in our record."""
    port, other = free_port(), free_port()
    (work / "snmptrapd.conf").write_text(
        "authCommunity log public\nformat2 %W|%N|%v\\n\ndoNotLogTraps no\noutputOption n\n")
    log = work / "snmptrapd.log"
    with Daemon(work, config(port)) as d:
        reader = popen([need("snmptrapd"), "-f", "-On", "-Lf", str(log), "-C", "-c",
                        str(work / "snmptrapd.conf"), f"udp:127.0.0.1:{other}"],
                       env=environment(work), cwd=work, stdin=subprocess.DEVNULL,
                       stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
        try:
            for to in (f"udp:127.0.0.1:{other}", f"udp:127.0.0.1:{port}"):
                # snmpinform tells when the reader is there
                wait_for(lambda t=to: notify(work, "snmpinform", ["-v2c", "-c", "public"], t,
                                             "1", COLD_START, retries=0)[0] == 0, "a receiver")
                for trap in (("4711", LINK_DOWN, *VARS), ("99", "1.3.6.1.4.1.8072.2.3.0.1",
                             "1.3.6.1.4.1.8072.2.3.2.1", "i", "-42",
                             "1.3.6.1.4.1.8072.2.3.2.2", "u", "4294967295",
                             "1.3.6.1.4.1.8072.2.3.2.3", "o", "1.3.6.1.2.1.1",
                             "1.3.6.1.4.1.8072.2.3.2.4", "F", "3.5")):
                    equal(notify(work, "snmpinform", ["-v2c", "-c", "public"], to, *trap)[0], 0,
                          "snmpinform")
            told = wait_for(lambda: (lines := [line for line in log.read_text().splitlines()
                                               if "1.3.6.1.6.3.1.1.4.1.0" in line]) and
                            len(lines) >= 3 and lines, "snmptrapd's log")
        finally:
            reader.terminate()
            reader.wait(PATIENCE)
        ours = wait_alarms(d, len(told))
        equal(len(told), len(ours), "notifications")
        for line, r in zip(told, ours):
            holds(line, "." + r["trap_oid"])
            for v in r.get("varbinds", []):
                holds(line, ".%s = " % v["oid"])
                value = v["value"]
                if v["oid"].startswith("1.3.6.1.2.1.2.2.1.6."):
                    value = "2:0:de:ad:be:ef" if "2:0:de" in line else "02 00 DE AD BE EF"
                holds(line, str(value) if v["type"] != "float" else "3.5")
        d.stop()


FW, PROXY, HINT = "80001f88046677", "80001f880470", "80000a4c017f000004"  # ... of 127.0.0.4


def write_devices(path, **engines):
    """Devices of the loopback network, and which engines they list."""
    path.write_text(json.dumps({
        "vnfInstances": [{"id": "vnf", "instantiatedVnfInfo": {"vnfcResourceInfo": [
            {"id": "fw", "engineIds": engines.get("fw", []), "vnfcCpInfo": [
                {"id": "cp-fw", "ifIndexInVnf": 7}]}]}}],
        "hosts": [{"id": "proxy", "mgmtIp": "127.0.0.2", "engineIds": [PROXY]},
                  {"id": "other", "mgmtIp": "127.0.0.4",
                   "engineIds": engines.get("other", [])}]}))


def test_who_sends_is_told_by_the_engine(work):
    """net-snmp's programs as a proxy, and as a device whose address nobody knows."""
    port, devices = free_port(), work / "devices.json"
    to = f"udp:127.0.0.1:{port}"
    conf = config(port, topology={"sources": [{"name": "devices", "path": str(devices)}]})
    fw, proxy, other = ("fw", "cp-fw"), ("proxy", None), ("other", None)

    write_devices(devices, fw=[FW])
    with Daemon(work, conf) as d:
        sent = []

        def check(program, source, engines, node, origin, user="noauth", rest=()):
            code, said = notify(work, program, [*credentials(user), "--clientaddr=" + source,
                                                *engines], to, *rest)
            equal(code, 0, said)
            sent.append(program)
            r = wait_alarms(d, len(sent))[-1]
            equal((r.get("node_id"), r.get("cp_id"), r.get("source_origin")), (*node, origin),
                  f"who sent {program} {engines} from {source}")
            if "-E" in engines:
                equal(r["context_engine_id"], engines[-1], "context_engine_id")
            equal(r["exporter_addr"], source, "exporter_addr")

        for user in ("noauth", "sha", "shaaes"):
            check("snmptrap", "127.0.0.2", ["-e", PROXY, "-E", FW], fw, "context-engine", user)
            check("snmpinform", "127.0.0.2", ["-E", FW], fw, "context-engine", user)
        check("snmptrap", "127.0.0.9", ["-e", FW, "-E", FW], fw, "context-engine")
        check("snmptrap", "127.0.0.9", ["-e", FW], fw, "sender-engine")
        check("snmptrap", "127.0.0.2", ["-e", FW, "-E", FW], proxy, None)  # a copy
        check("snmptrap", "127.0.0.2", ["-e", PROXY, "-E", HINT], other, "engine-address")
        check("snmptrap", "127.0.0.2", ["-e", PROXY, "-E", FW], other, "trap-address", rest=(
            "4711", LINK_DOWN, *VARS, "1.3.6.1.6.3.18.1.3.0", "a", "127.0.0.4"))
        write_devices(devices, fw=[FW], other=[FW])
        d.reload()
        check("snmptrap", "127.0.0.2", ["-e", PROXY, "-E", FW], proxy, None)  # of two: of nobody
        write_devices(devices, other=[FW])
        d.reload()
        check("snmptrap", "127.0.0.2", ["-e", PROXY, "-E", FW], other, "context-engine")
        equal(set(d.stop()["reasons"]) - {"not-in-time-window"}, set(), "reasons")


def test_a_listener_that_takes_nobody(work):
    conf = {"listeners": [listener(free_port(), "traps", "snmp")]}
    with Daemon(work, conf, wait=False) as d:
        holds(d.wait(78), "communities", "users")
    with open(work / "made.yaml", "w", encoding="utf-8") as f:
        json.dump({**conf, "collector": "test"}, f)
    equal(subprocess.run([VNMCD, "-t", "-c", f.name], stdout=subprocess.DEVNULL,
                         stderr=subprocess.DEVNULL, check=False).returncode, 78, "-t")
