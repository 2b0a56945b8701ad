"""What callbacks.so told: how much CPU time callbacks of the event loops used."""

import json
import os
import subprocess

MOST_MS = 5  # CPU time that one callback may use


def environment(build, path):
    """The environment in which a program's callbacks are measured; path: where it tells them."""
    library = os.path.abspath(build + "/tests/bench/callbacks.so")
    return dict(os.environ, LD_PRELOAD=library, VNM_CALLBACKS=path)


def measurable(build):
    """With sanitizers code takes several times as long, and a library cannot come before theirs."""
    with open(build + "/config.status") as f:
        return "-fsanitize=" not in f.read()


class Told:
    def __init__(self, path):
        with open(path) as f:
            told = json.load(f)
        self.ends_us, self.callbacks = told["ends_us"], told["callbacks"]
        for c in self.callbacks:
            c["name"] = c["symbol"] or self.name(c)
        self.callbacks.sort(key=lambda c: -c["longest_ms"])
        self.n = sum(c["n"] for c in self.callbacks)
        self.longest_ms = self.callbacks[0]["longest_ms"] if self.callbacks else 0

    @staticmethod
    def name(c):
        """Functions that are not exported have their names from the debugging information."""
        at = f"{c['offset']:#x}"
        try:
            out = subprocess.run(["addr2line", "-f", "-s", "-e", c["file"], at], check=True,
                                 stdout=subprocess.PIPE, text=True).stdout.split("\n")
            if out[0] != "??" and not out[1].startswith("?"):
                return f"{out[0]} ({out[1].split(':')[0]})"
        except (OSError, subprocess.CalledProcessError):
            pass
        return f"{os.path.basename(c['file'])}+{at}"

    def show(self, longest=5):
        ranges = [sum(c["ranges"][i] for c in self.callbacks)
                  for i in range(len(self.ends_us) + 1)]
        names = [f"< {e / 1000:g}" for e in self.ends_us] + [f">= {self.ends_us[-1] / 1000:g}"]
        print(f"  {self.n} callbacks; by their ms of CPU time: "
              + ", ".join(f"{name}: {n}" for name, n in zip(names, ranges) if n))
        for c in self.callbacks[:longest]:
            print(f"  {c['longest_ms']:7.3f} ms at the most, {1000 * c['sum_ms'] / c['n']:7.1f} us "
                  f"on average of {c['n']:7}: {c['name']}, {c['longest_at_s']:.0f} s after the first")

    def verdict(self):
        """Prints it; False where a callback used too much."""
        good = self.n > 0 and self.longest_ms <= MOST_MS
        print(f"{'ok  ' if good else 'FAIL'} "
              + (f"no callback used more than {MOST_MS} ms of CPU" if good
                 else f"a callback used {self.longest_ms:.1f} ms of CPU"), flush=True)
        return good
