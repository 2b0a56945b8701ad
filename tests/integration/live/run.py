#!/usr/bin/env python3
"""vnmcd as a daemon: start, sockets, workers, signals, state, HTTP and replays.

    VNMCD=build/vnmcd tests/integration/live/run.py [NAME...]

Traffic stays on the loopback interface. Ends with `N passed, N failed, N skipped`.
"""

import concurrent.futures
import importlib
import sys
import time

import desk

PARTS = ("start", "datagrams", "streams", "secure", "dialling", "workers", "reload", "pauses",
         "stop", "handed_over", "http_pages", "replays", "abuse", "snmp", "mibs")
AT_ONCE = 4  # most of them mostly wait


def tests(names):
    for part in PARTS:
        module = importlib.import_module(part)
        for name, function in vars(module).items():
            if name.startswith("test_") and (not names or any(n in (part, name) for n in names)):
                yield f"{part}: {name[5:].replace('_', ' ')}", function


def main():
    begun = time.monotonic()
    count = {"ok": 0, "FAIL": 0, "skipped": 0}
    with concurrent.futures.ThreadPoolExecutor(AT_ONCE) as pool:
        started = [(name, pool.submit(desk.attempt, function, "live")) for name, function in tests(sys.argv[1:])]
        for name, future in started:
            verdict, why = future.result()
            count[verdict] += 1
            print(f"{verdict} {name}{': ' if why else ''}{why}", flush=True)
    print(f"in {time.monotonic() - begun:.0f} s")
    print(f"{count['ok']} passed, {count['FAIL']} failed, {count['skipped']} skipped")
    return count["FAIL"] != 0


if __name__ == "__main__":
    sys.exit(main())
