#!/usr/bin/env python3
"""Compares the MIB catalogue with what net-snmp reads in the modules as they were published.

    VNM_MIB_FILES=DIR[:DIR...] tests/long/mibs.py [MODULE...]

DIR holds MIB modules as text (net-snmp's own mibs/, a vendor's, a copy of the RFCs'). Every object
of every built-in module that is found there is asked for with snmptranslate: its number, syntax,
enumeration, size, DISPLAY-HINT, access, index and objects must be the same.

    VNM_SNMP_RECORDINGS=DIR[:DIR...] tests/long/mibs.py [--oracle PATH]

takes recorded walks (*.snmprec, also with .bz2; *.walk.txt) and demands that every instance of a
column or scalar that the catalogue has can be taken apart, and be made again from its parts. What an
agent really sent wrong is in AGENTS.

Modules and recordings are often not free to be copied, so none is part of this repository; without
either variable the test is skipped.
"""
import argparse
import bz2
import os
import pathlib
import re
import subprocess
import sys
import tempfile
from collections import Counter

HERE = pathlib.Path(__file__).resolve().parent
MODULES = HERE.parent.parent / "src" / "mibs" / "modules"
sys.path.insert(0, str(HERE.parent / "lib"))
# pylint: disable=wrong-import-position
import mibtables

BASES = {"Integer32": "INTEGER", "INTEGER": "INTEGER", "OCTET STRING": "OCTETS",
         "OBJECT IDENTIFIER": "OID", "Counter": "Counter32", "Gauge": "Gauge32",
         "NetworkAddress": "IpAddress", "UInteger32": "Unsigned32", "BIT STRING": "BITS",
         "NsapAddress": "OCTETS"}
ACCESS = {"not-accessible": "not-accessible", "accessible-for-notify": "for-notify"}
DEFINITIONS = re.compile(rb"^\s*([A-Z][A-Za-z0-9-]*)\s*(?:\{[^}]*\})?\s*DEFINITIONS\s*::=", re.M)

# What differs for a reason: (module, object or "*", property).
DIFFERENCES = {
    ("JUNIPER-LDP-MIB", "jnxLdpLspUp", "members"): "its fourth object is commented out",
    ("JUNIPER-LDP-MIB", "jnxLdpLspDown", "members"): "its fifth object is commented out",
    ("RFC1213-MIB", "egpNeighborLoss", "there"): "a trap of RFC 1215",
    ("IP-MIB", "ipForwarding", "labels"): "where RFC1213-MIB is read first, net-snmp has its names",
}
# Conventions of RFC 1213 and of old modules, without hints and sizes; the names mean RFC 2579 here.
OLD = {"DisplayString", "PhysAddress", "MacAddress"}

# Instances that agents really sent so: oid prefix and why.
AGENTS = {
    "1.0.8802.1.1.2.1.4.4.1.4": "an organization of one number; OCTETS of 3 are three",
}


def module_files(dirs):
    """Module: file, of all modules in the directories."""
    files = {}
    for place in dirs:
        for path in sorted(pathlib.Path(place).rglob("*")):
            if path.is_file() and path.stat().st_size < 8_000_000:
                for name in DEFINITIONS.findall(path.read_bytes()):
                    files.setdefault(name.decode(), path)
    return files


def translate(names, place):
    """What snmptranslate -Td says of names of one module or several: {name: its lines}."""
    modules = sorted({n.split("::")[0] for n in names})
    environment = dict(os.environ, MIBDIRS=place, MIBS=":".join(modules),
                       SNMPCONFPATH="/nonexistent", SNMP_PERSISTENT_DIR=place + "/.persistent")
    told = {}
    at = 0
    while at < len(names):
        some = names[at:at + 400]
        out = subprocess.run(["snmptranslate", "-Td", *some], env=environment, text=True,
                             errors="replace", stdout=subprocess.PIPE, stderr=subprocess.DEVNULL,
                             check=False).stdout
        blocks = blocks_of(out)
        # It gives up at the first name that it does not know.
        told.update(zip(some, blocks))
        at += min(len(blocks) + 1, len(some)) if len(blocks) < len(some) else len(some)
    return told


def blocks_of(text):
    """What is said of each object: from its name to its place in the tree."""
    blocks, block = [], []
    for line in text.split("\n"):
        block.append(line)
        if line.startswith("::= {"):
            while not re.match(r"^\S+::\S+$", block[0]):
                block.pop(0)
            blocks.append(block)
            block = []
    return blocks


class Said:
    """What net-snmp says of an object."""

    def __init__(self, lines):
        self.base = self.type = self.size = None
        self.hint = ""
        self.labels, self.members, self.implied, self.augments = {}, [], False, None
        self.access = "read"
        self.oid = tuple(int(n) for n in re.findall(r"(?<=[( ])\d+(?=[) ])", lines[-1]))
        for line in lines[1:-1]:
            word, _, rest = line.strip().partition("\t")
            rest = rest.strip()
            if word == "DESCRIPTION":
                break
            if line.strip().startswith("-- TEXTUAL CONVENTION"):
                self.type = line.split()[-1]
            elif word == "SYNTAX":
                self.syntax(rest)
            elif word == "DISPLAY-HINT":
                self.hint = rest.strip('"')
            elif word == "MAX-ACCESS":
                self.access = ACCESS.get(rest, "read")
            elif word == "AUGMENTS":
                self.augments = rest.strip("{} ")
            elif word in ("INDEX", "OBJECTS"):
                words = rest.strip("{} ").replace(",", " ").split()
                self.implied = "IMPLIED" in words
                self.members = [w for w in words if w != "IMPLIED"]

    def syntax(self, text):
        """"INTEGER {up(1), down(2)}", "OCTET STRING (0..255)" """
        name = re.match(r"[A-Za-z0-9 ]*[A-Za-z0-9]", text).group()
        self.base = BASES.get(name, name)
        if "{" in text:
            self.labels = {int(v): n for n, v in re.findall(r"([\w-]+)\((-?\d+)\)", text)}
        elif self.base == "OCTETS" and "(" in text:
            numbers = [int(n) for n in re.findall(r"\d+", text[text.index("("):])]
            self.size = (min(numbers), max(numbers))


def differences(tables, thing, said):
    """(property, ours, theirs) of what is not the same."""
    if thing.oid != said.oid:
        yield "number", thing.oid, said.oid
    if thing.kind in ("scalar", "column"):
        if thing.base != said.base:
            yield "base", thing.base, said.base
        if thing.labels != said.labels and not set(said.labels.items()) <= set(
                thing.labels.items()):
            yield "labels", thing.labels, said.labels
        old = said.type in OLD and not said.hint
        if thing.base == "OCTETS" and not old and (thing.size or (0, 65535)) != (said.size or (0, 65535)):
            yield "size", thing.size, said.size
        # A convention made of another one has its hint; not so in net-snmp.
        if (thing.hint or "") != said.hint and not old and (said.hint or not tables.inherits_hint(thing)):
            yield "hint", thing.hint, said.hint
        if thing.access != said.access:
            yield "access", thing.access, said.access
        if said.type and thing.type.split("::")[-1] != said.type:
            yield "type", thing.type, said.type
    if thing.kind == "entry" and said.augments is None or thing.kind == "notification":
        names = [m.name for m in tables.members(thing)]
        if names != said.members:
            yield "members", names, said.members
        if thing.implied != said.implied and thing.kind == "entry":
            yield "implied", thing.implied, said.implied
    elif thing.kind == "entry" and [m.name for m in tables.members(thing)] != [said.augments]:
        yield "augments", thing.members, said.augments


def compare_modules(text, files, wanted):
    """Every object of the modules that are there, against snmptranslate."""
    tables = mibtables.Tables(text)
    things = [t for t in tables.objects.values() if t.module in files
              and t.module != "SNMPv2-SMI" and (not wanted or t.module in wanted)]
    failed, compared = 0, Counter()
    with tempfile.TemporaryDirectory() as place:
        for name, path in files.items():
            (pathlib.Path(place) / name).write_bytes(path.read_bytes())
        # One that holds what others hold today would give them its name.
        names = [repr(t) for t in things]
        old = [n for n in names if n.startswith("RFC1213-MIB::")]
        told = translate([n for n in names if n not in set(old)], place)
        told.update(translate(old, place))
    for thing in things:
        lines = told.get(repr(thing))
        if lines is None:
            if (thing.module, thing.name, "there") not in DIFFERENCES:
                print(f"{thing!r}: net-snmp finds none in {files[thing.module]}")
                failed += 1
            continue
        compared[thing.module] += 1
        for what, ours, theirs in differences(tables, thing, Said(lines)):
            if not {(thing.module, thing.name, what), (thing.module, "*", what)} & set(
                    DIFFERENCES):
                print(f"{thing!r}: {what}: {ours} here, {theirs} there")
                failed += 1
    print(f"modules: {sum(compared.values())} objects of {len(compared)} modules compared, "
          f"{failed} differences")
    return failed


def lines_of(path):
    """OID|TAG|VALUE of a recording."""
    data = bz2.open(path).read() if path.suffix == ".bz2" else path.read_bytes()
    text = data.decode("utf-8", "replace")
    if path.name.endswith(".walk.txt"):
        return re.findall(r"^\.?(\d+(?:\.\d+)+) = ", text, re.M)
    return [l for l in text.split("\n") if re.match(r"^\d+(\.\d+)*\|\d+x?\|", l)]


def compare_recordings(dirs, oracle):
    """Every instance can be taken apart."""
    failed, ways = 0, Counter()
    paths = [p for d in dirs for p in sorted(pathlib.Path(d).rglob("*"))
             if re.search(r"\.(snmprec(\.bz2)?|walk\.txt)$", p.name)]
    for path in paths:
        lines = lines_of(path)
        out = subprocess.run([oracle], input="\n".join(lines), text=True, errors="replace",
                             stdout=subprocess.PIPE, check=True).stdout.split("\n")
        for line in out:
            columns = line.split("\t")
            if len(columns) < 5 or columns[2] not in ("scalar", "column"):
                continue
            ways[columns[3]] += 1
            if columns[3] in ("whole", "repaired") or any(
                    columns[0].startswith(prefix + ".") for prefix in AGENTS):
                continue
            failed += 1
            print(f"{path.name}: {columns[0]}: {columns[3]} instance of {columns[1]}")
    print(f"recordings: {len(paths)} files, instances:",
          ", ".join(f"{n} {w}" for w, n in sorted(ways.items())), f"; {failed} failed")
    return failed + (not ways["whole"])


def main():
    """Whatever there is something for."""
    parser = argparse.ArgumentParser(description=__doc__.split("\n")[0])
    parser.add_argument("--oracle", default="build/tests/oracle/mibs")
    parser.add_argument("modules", nargs="*")
    args = parser.parse_args()
    dirs = os.environ.get("VNM_MIB_FILES", "").split(":")
    recordings = os.environ.get("VNM_SNMP_RECORDINGS", "").split(":")
    failed = 0
    if dirs != [""]:
        text = "\n".join(p.read_text() for p in sorted(MODULES.glob("*.mib")))
        failed += compare_modules(text, module_files(dirs), args.modules)
    else:
        print("skipped: VNM_MIB_FILES names no directory with MIB modules")
    if recordings != [""]:
        failed += compare_recordings(recordings, args.oracle)
    else:
        print("skipped: VNM_SNMP_RECORDINGS names no directory with recorded walks")
    return 1 if failed else 0


if __name__ == "__main__":
    sys.exit(main())
