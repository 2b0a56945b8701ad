"""SIGHUP: what is new applies from the next message on, nothing is lost, and what is wrong changes
nothing."""

import json
import signal
import time

from desk import (TOPOLOGY, Daemon, equal, flow, flowblast, free_port, get, holds, ipfix_set,
                  listener, message, metrics, sender, sent_sums, sums, tally, template, wait_for)

CLIENT = "10.20.0.11"  # an address of vnf-client in the lab's topology


def write_topology(path, vnf):
    path.write_text(TOPOLOGY.read_text(encoding="utf-8").replace('"vnf-client"', f'"{vnf}"'))


def sources(path):
    return {"sources": [{"name": "inventory", "path": str(path)}]}


class Desk:
    """A daemon with a sender of one flow at a time."""

    def __init__(self, work, **conf):
        self.port, self.topology, self.sent = free_port(), work / "topology.json", 0
        write_topology(self.topology, "vnf-client")
        self.conf = {"listeners": [listener(self.port)], "topology": sources(self.topology), **conf}
        self.daemon = Daemon(work, self.conf)
        self.socket = sender("udp", self.port)

    def __enter__(self):
        return self

    def __exit__(self, *why):
        self.socket.close()
        self.daemon.__exit__(*why)

    def one(self):
        """The record of one more flow."""
        self.sent += 1
        self.socket.send(message(self.sent - 1, template(256),
                                 ipfix_set(256, flow(src=CLIENT, octets=self.sent))))

        def come():
            return [r for r in self.daemon.records() if r.get("octets") == self.sent]
        return wait_for(come, "the record")[0]


def test_topology(work):
    with Desk(work, workers=2) as k:
        r = k.one()
        equal((r["src_vnf_name"], r["topology_version"]), ("vnf-client", 1), "name, version")
        write_topology(k.topology, "vnf-other")
        k.daemon.reload()
        r = k.one()
        equal((r["src_vnf_name"], r["topology_version"]), ("vnf-other", 2), "name, version")
        k.topology.write_text('{ "schema": "vnmcd-lab-topology/1", "vnfInstances": [ {')
        k.daemon.reload("the new configuration is not applied; the old one stays")
        holds(k.daemon.log(), str(k.topology))
        r = k.one()
        equal((r["src_vnf_name"], r["topology_version"]), ("vnf-other", 2), "name, version")
        write_topology(k.topology, "vnf-client")
        k.daemon.reload()
        equal(k.one()["src_vnf_name"], "vnf-client", "name")
        equal(k.daemon.stop()["ok"], 4, "messages that are ok")


def test_wrong_configuration(work):
    with Desk(work) as k:
        k.daemon.configure({**k.conf, "listenners": []})
        k.daemon.reload("the new configuration is not applied; the old one stays")
        holds(k.daemon.log(), f"{k.daemon.file}:", "listenners")
        equal(k.one()["src_vnf_name"], "vnf-client", "name")
        k.daemon.stop()


def output(k, **more):
    return [{"name": "out", "type": "file", "path": str(k.daemon.out), **more}]


def test_fields_of_an_output(work):
    with Desk(work) as k:
        assert len(k.one()) > 10
        k.daemon.configure({**k.conf, "outputs": output(k, fields=["octets", "kind"])})
        k.daemon.reload()
        equal(k.one(), {"kind": "flow", "octets": 2}, "record")
        k.daemon.stop()


def test_limits_and_allow(work):
    with Desk(work) as k:
        k.one()
        k.daemon.configure({**k.conf, "limits": {"records_per_message": 2}})
        k.daemon.reload()
        k.socket.send(message(1, ipfix_set(256, *([flow(octets=77)] * 5))))
        wait_for(lambda: len(k.daemon.records("flow")) == 3, "two of five records")
        k.daemon.configure({**k.conf, "listeners": [listener(k.port, allow=["192.0.2.0/24"])]})
        k.daemon.reload()
        k.socket.send(message(6, ipfix_set(256, flow())))
        time.sleep(0.3)
        books = k.daemon.stop()
        equal(books["faults"], {"record-limit": 1}, "faults")
        equal(books["reasons"], {"not-allowed": 1}, "reasons")
        equal(books["records"]["flow"], 3, "records")


def test_what_needs_a_restart_is_named(work):
    with Desk(work) as k:
        k.daemon.configure({**k.conf, "workers": 3, "outputs": output(k, rotate_size="1M"),
                            "listeners": [listener(k.port, rcvbuf="1M"),
                                          listener(free_port(), name="new")]})
        k.daemon.reload()
        for path in ("workers", "listeners.in.rcvbuf", "listeners.new", "outputs.out.rotate_size"):
            holds(k.daemon.log(), f"{path} has changed: a restart is needed")
        k.daemon.configure({**k.conf, "listeners": [listener(free_port(), name="other")]})
        k.daemon.reload()
        holds(k.daemon.log(), "listeners.other has changed", "listeners.in has changed")
        k.one()  # goes on where it listens
        k.daemon.stop()


def test_file_that_was_moved_away(work):
    with Desk(work) as k:
        k.one()
        old = k.daemon.out.with_suffix(".1")
        k.daemon.out.rename(old)
        k.socket.send(message(1, template(256), ipfix_set(256, flow(octets=50))))
        wait_for(lambda: old.read_text().count("\n") == 2, "the old file is still written")
        k.daemon.reload()
        k.sent = 100
        equal(k.one()["octets"], 101, "record in the new file")
        equal(len(k.daemon.records()), 1, "records in the new file")
        k.daemon.stop()


def storm(work, workers, every):
    """Reloads while traffic runs: nothing is lost, and names are never of an older topology."""
    port, http = free_port(), free_port()
    topology = work / "topology.json"
    write_topology(topology, "vnf-client")
    conf = {"listeners": [listener(port, rcvbuf="16M")], "workers": workers,
            "http": {"listen": f"127.0.0.1:{http}"}, "topology": sources(topology)}
    with Daemon(work, conf) as d:
        running = flowblast("-t", "ipfix", "-p", port, "-D", 3, "-R", 20000, "-e", 8)
        reloads = 0
        with sender("udp", port) as s:
            while running.poll() is None:
                s.send(message(reloads, template(256), ipfix_set(256, flow(src=CLIENT))))
                d.child.send_signal(signal.SIGHUP)
                reloads += 1
                time.sleep(every)
        sent = tally(running)
        wait_for(lambda: metrics(http)["vnmcd_messages_total"] == sent["datagrams"] + reloads,
                 "all messages")
        equal(metrics(http)["vnmcd_kernel_drops_total"], 0, "kernel drops")
        books = d.stop()
        equal(books["ok"], sent["datagrams"] + reloads, "messages that are ok")
        found = d.records()
        own = [r for r in found if r["exporter_addr"] == "127.0.0.1"]
        equal({r["src_vnf_name"] for r in own}, {"vnf-client"}, "name")
        equal(sums([r for r in found if r["exporter_addr"] != "127.0.0.1"]), sent_sums(sent),
              "sums")
        versions = [r["topology_version"] for r in own]
        equal(len(versions), reloads, "records with a name")
        equal(versions, sorted(versions), "versions of the topology")
        assert versions[0] < versions[-1] <= reloads + 1, versions


def test_large_topology(work):
    """While it is read, the only worker goes on with its sockets."""
    port, http = free_port(), free_port()
    topology = work / "topology.json"
    write_topology(topology, "vnf-client")
    conf = {"listeners": [listener(port)], "topology": sources(topology),
            "http": {"listen": f"127.0.0.1:{http}"}}
    with Daemon(work, conf) as d:
        large = json.loads(topology.read_text(encoding="utf-8"))
        large["note"] = "x" * 200
        links = large["virtualLinks"]
        large["virtualLinks"] = links + [
            {**links[0], "id": f"link-{i}", "segmentationId": str(10**6 + i)}
            for i in range(150000)]
        topology.write_text(json.dumps(large), encoding="utf-8")
        begun = time.monotonic()
        d.child.send_signal(signal.SIGHUP)
        longest = rounds = 0
        while "are reloaded" not in d.log():
            asked = time.monotonic()
            assert "not applied" not in d.log() and asked < begun + 20, d.log()
            equal(get(http, "/health")[0], 200, "health")
            longest, rounds = max(longest, time.monotonic() - asked), rounds + 1
        assert rounds > 5 and longest < 0.5 * (time.monotonic() - begun), (rounds, longest)
        d.stop()


def test_reloads_in_a_stream(work):
    storm(work, 1, 0.2)


def test_storm_of_reloads_with_workers(work):
    storm(work, 4, 0.003)
