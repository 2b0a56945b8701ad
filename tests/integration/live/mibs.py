"""An operator's own MIB file: what snmptrap sends has its names, and others after a reload."""

import desk
from desk import Daemon, equal, free_port, holds
from snmp import config, notify, wait_alarms

MODULE = (desk.TOP / "tests" / "data" / "mibs" / "EXAMPLE-VNF-MIB.txt").read_text()
VNF = "1.3.6.1.4.1.32473.7"  # RFC 5612
ENTRY = VNF + ".1.2.1"
# ifIndex 7, examplePeer 192.0.2.1 by type and length, exampleSession "ab" without one: IMPLIED
INDEX = "7.1.4.192.0.2.1.97.98"
SINCE = "07ea0b1a0c1e2d05"  # RFC 2579: 2026-11-26, 12:30:45.5

# Names by the last number of a column, as the module has them.
NAMES = {"trap": "exampleSessionLost", 4: "exampleState", 6: "exampleFeatures", 8: "exampleSince",
         "state": "draining"}
# What an operator's next version calls them.
OTHERS = {"trap": "exampleSessionEnded", 4: "exampleCondition", 6: "exampleAbilities",
          8: "exampleBegan", "state": "leaving"}


def other_module():
    text = MODULE
    for key, name in NAMES.items():
        assert name in text, name
        text = text.replace(name, OTHERS[key])
    return text


def send(work, d, port, version):
    """The record of the notification by that version of SNMP."""
    have = len(d.records("alarm"))
    variables = [f"{ENTRY}.4.{INDEX}", "i", "3", f"{ENTRY}.6.{INDEX}", "x", "4040",
                 f"{ENTRY}.8.{INDEX}", "x", SINCE]
    if version == "1":
        code, said = notify(work, "snmptrap", ["-v1", "-c", "public"], f"udp:127.0.0.1:{port}",
                            VNF, "192.0.2.9", "6", "1", "4711", *variables)
    else:
        code, said = notify(work, "snmpinform", ["-v2c", "-c", "public"], f"udp:127.0.0.1:{port}",
                            "4711", VNF + ".0.1", *variables)
    equal(code, 0, said)
    r = wait_alarms(d, have + 1)[-1]
    equal(r["trap_oid"], VNF + ".0.1", "trap_oid")
    equal([v["oid"] for v in r["varbinds"]], variables[::3], "variables")
    equal(r["varbinds"][0]["value"], 3, "exampleState")
    return r


def check_named(r, names):
    equal(r["trap_name"], names["trap"], "trap_name")
    equal(r["alarm_type"], names["trap"], "alarm_type")
    state, features, since = r["varbinds"]
    equal([(v["name"], v["index"]) for v in r["varbinds"]],
          [(names[column], INDEX) for column in (4, 6, 8)], "names and indices")
    equal(state["text"], names["state"], "enumeration")
    equal(features["text"], "firewall,dpi", "bits 1 and 9")
    equal(since["text"], "2026-11-26T12:30:45.5", "date")
    equal(r["resource"], f"{names[4]} {INDEX}", "resource")


def check_numbers(r):
    equal(r.get("trap_name"), None, "trap_name")
    equal(r["alarm_type"], VNF + ".0.1", "alarm_type")
    equal([v.get("name") for v in r["varbinds"]], [None] * 3, "names")


def test_names_of_a_module_of_ones_own(work):
    port, module = free_port(), work / "EXAMPLE-VNF-MIB.txt"
    module.write_text(MODULE)
    named = {**config(port), "mibs": {"files": [str(module)]}}
    with Daemon(work, config(port)) as d:
        check_numbers(send(work, d, port, "2c"))
        d.configure(named)
        d.reload()
        check_named(send(work, d, port, "2c"), NAMES)
        check_named(send(work, d, port, "1"), NAMES)
        module.write_text(other_module())
        check_named(send(work, d, port, "2c"), NAMES)  # nobody has read it yet
        d.reload()
        check_named(send(work, d, port, "2c"), OTHERS)
        check_named(send(work, d, port, "1"), OTHERS)
        module.unlink()
        d.reload("the new configuration is not applied; the old one stays")
        holds(d.log(), str(module))
        check_named(send(work, d, port, "2c"), OTHERS)
        d.configure(config(port))
        d.reload()
        check_numbers(send(work, d, port, "1"))
        equal(d.stop()["reasons"], {}, "reasons")
