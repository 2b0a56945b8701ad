"""Reads our own form of MIB modules (doc/MIBS.md) into Python: a second reading, which shares nothing
with the one in C."""
import re

TOKEN = re.compile(r'"[^"]*"|[A-Za-z0-9_.:/+-]+|[{}(),|]')
BASES = {"INTEGER", "Unsigned32", "Gauge32", "Counter32", "Counter64", "TimeTicks", "OCTETS",
         "BITS", "OID", "IpAddress", "Opaque"}
KINDS = {"node", "identity", "scalar", "table", "notification"}


class Thing:
    """An object or a type."""

    def __init__(self, module, name, kind):
        self.module, self.name, self.kind = module, name, kind
        self.place = self.numbers = self.oid = None
        self.base = self.type = self.hint = self.size = None
        self.labels = {}
        self.access = "read"
        self.members = []
        self.implied = False

    def __repr__(self):
        return f"{self.module}::{self.name}"


def statements(text):
    """Lists of tokens; braces and a \\ at the end of a line join lines."""
    tokens, depth = [], 0
    for line in text.split("\n"):
        joined = line.endswith("\\")
        for token in TOKEN.findall(line.rstrip("\\").split("#")[0]):
            depth += {"{": 1, "}": -1}.get(token, 0)
            tokens.append(token)
        if tokens and depth == 0 and not joined:
            yield tokens
            tokens = []


class Tables:
    """All modules: objects and types by (module, name)."""

    def __init__(self, text):
        self.objects, self.types, self.modules = {}, {}, []
        entry = None
        for tokens in statements(text):
            entry = self.statement(tokens, entry)
        self.by_name = {}
        for thing in self.objects.values():
            self.by_name.setdefault(thing.name, []).append(thing)
        self.types_by_name = {}
        for thing in self.types.values():
            self.types_by_name.setdefault(thing.name, []).append(thing)
        for thing in self.objects.values():
            self.resolve(thing)
        self.by_oid = {t.oid: t for t in self.objects.values() if t.oid}

    def statement(self, t, entry):
        """One statement; the entry whose columns may follow."""
        if t[0] == "module":
            self.modules.append(t[1])
            return None
        module = self.modules[-1]
        if t[0] == "type":
            thing = Thing(module, t[1], "type")
            self.types[module, t[1]] = thing
            self.syntax(thing, t[2:])
            return entry
        if t[0] not in KINDS:
            thing = Thing(module, t[0], "column")
            thing.place, thing.numbers = entry, [int(t[1])]
            self.syntax(thing, t[2:])
            self.objects[module, t[0]] = thing
            return entry
        thing = Thing(module, t[1], t[0])
        thing.place, thing.numbers = self.placed(t[2])
        self.objects[module, t[1]] = thing
        if t[0] == "scalar":
            self.syntax(thing, t[3:])
        if t[0] == "notification":
            thing.members = t[3:]
        if t[0] != "table":
            return None
        row = Thing(module, t[3], "entry")
        row.place, row.numbers = t[1], [1]
        row.implied = t[4] == "implied"
        row.members = t[5:]
        self.objects[module, t[3]] = row
        return t[3]

    @staticmethod
    def placed(text):
        """What an object stands below, and its numbers there."""
        parts = text.split(".")
        if parts[0].isdigit():
            return None, [int(p) for p in parts]
        return parts[0], [int(p) for p in parts[1:]]

    @staticmethod
    def syntax(thing, t):
        """Type, size, labels, hint and access."""
        thing.type = t.pop(0)
        if t and t[0] == "(":
            end = t.index(")")
            numbers = [int(n) for token in t[1:end] for n in re.findall(r"\d+", token)]
            thing.size = (min(numbers), max(numbers))
            del t[:end + 1]
        if t and t[0] == "{":
            end = t.index("}")
            words = [w for w in t[1:end] if w != ","]
            thing.labels = {int(v): n for n, v in zip(words[::2], words[1::2])}
            del t[:end + 1]
        if t and t[0] == "hint":
            thing.hint = t[1][1:-1]
            del t[:2]
        if t:
            thing.access = t[0]

    def find(self, things, by_name, module, name):
        """As a module sees it."""
        if "::" in name:
            return things.get(tuple(name.split("::")))
        return things.get((module, name)) or (by_name.get(name) or [None])[0]

    def resolve(self, thing):
        """Whole oid, and what the types say."""
        if thing.oid is None:
            parent = None
            if thing.place is not None:
                parent = self.find(self.objects, self.by_name, thing.module, thing.place)
                self.resolve(parent)
            thing.oid = (parent.oid if parent else ()) + tuple(thing.numbers)
        if thing.type:
            self.flatten(thing)
        return thing

    def flatten(self, thing):
        """The type's own type and so on, down to the base."""
        if thing.base:
            return
        if thing.type in BASES:
            thing.base = thing.type
            return
        made_of = self.find(self.types, self.types_by_name, thing.module, thing.type)
        self.flatten(made_of)
        thing.base = made_of.base
        thing.size = thing.size or made_of.size
        thing.hint = made_of.hint if thing.hint is None else thing.hint
        thing.labels = made_of.labels or thing.labels

    def inherits_hint(self, thing):
        """Whether a hint comes from further off than the object's own convention."""
        made_of = self.find(self.types, self.types_by_name, thing.module, thing.type)
        return made_of is not None and made_of.type not in BASES

    def members(self, thing):
        """The objects of an index or of a notification."""
        return [self.find(self.objects, self.by_name, thing.module, n) for n in thing.members]
