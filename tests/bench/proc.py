"""Processes under measurement: CPU time with all children, memory, sockets, namespaces."""

import ctypes
import glob
import os
import platform
import re
import signal
import subprocess
import sys
import time

CGROUP = "/sys/fs/cgroup"
PR_SET_CHILD_SUBREAPER = 36


def enter_namespace():
    """Runs this program again in a network namespace without a name; False where impossible."""
    if os.environ.get("VNM_BENCH_NAMESPACE"):
        subprocess.run(["ip", "link", "set", "lo", "up"], check=True)
        return True
    for flags in (["-n"], ["-rn"]):
        probe = subprocess.run(["unshare", *flags, "ip", "link", "set", "lo", "up"],
                               stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL, check=False)
        if probe.returncode == 0:
            env = dict(os.environ, VNM_BENCH_NAMESPACE="1")
            os.execvpe("unshare", ["unshare", *flags, sys.executable, *sys.argv], env)
    return False


def machine():
    model = re.search(r"model name\s*:\s*(.*)", open("/proc/cpuinfo").read())
    return (f"{os.cpu_count()} CPUs ({model.group(1) if model else platform.machine()}), "
            f"Linux {platform.release()}, load {os.getloadavg()[0]:.1f}")


def descendants(pid):
    out, todo = [], [pid]
    while todo:
        p = todo.pop()
        out.append(p)
        for path in glob.glob(f"/proc/{p}/task/*/children"):
            try:
                todo += [int(x) for x in open(path).read().split()]
            except OSError:
                pass
    return out


class Meter:
    """CPU and memory of one program. A cgroup of its own where that is possible (version 1's
    cpuacct or version 2's cpu.stat), else what the kernel sums up of reaped children."""

    def __init__(self, name):
        self.dir = self._cgroup(f"vnm-bench-{os.getpid()}-{name}")
        self.child, self.begin, self.total = None, 0.0, None
        ctypes.CDLL(None).prctl(PR_SET_CHILD_SUBREAPER, 1, 0, 0, 0)

    @staticmethod
    def _cgroup(name):
        for top, probe in ((CGROUP + "/cpuacct", "cpuacct.usage"), (CGROUP, "cpu.stat")):
            path = os.path.join(top, name)
            try:
                os.mkdir(path)
            except OSError:
                continue
            if os.path.exists(os.path.join(path, probe)):
                return path
            os.rmdir(path)
        return None

    def start(self, cmd, log, cwd):
        def enter():
            os.setsid()
            if self.dir:
                with open(self.dir + "/cgroup.procs", "w") as f:
                    f.write("0")

        self.child = subprocess.Popen(cmd, stdout=log, stderr=log, cwd=cwd, preexec_fn=enter)
        return self.child

    def seconds(self):
        if self.dir and os.path.exists(self.dir + "/cpuacct.usage"):
            return int(open(self.dir + "/cpuacct.usage").read()) / 1e9
        if self.dir:
            return int(re.search(r"usage_usec (\d+)", open(self.dir + "/cpu.stat").read())[1]) / 1e6
        if self.total is not None:
            return self.total
        ticks = 0
        for p in descendants(self.child.pid):
            try:
                f = open(f"/proc/{p}/stat").read().rsplit(")", 1)[1].split()
                ticks += sum(map(int, f[11:15]))
            except OSError:
                pass
        return ticks / os.sysconf("SC_CLK_TCK")

    def mark(self):
        self.begin = self.seconds()

    def used(self):
        return self.seconds() - self.begin

    def peak_rss(self):
        """KiB, summed over the processes that live now."""
        total = 0
        for p in descendants(self.child.pid):
            try:
                m = re.search(r"VmHWM:\s+(\d+)", open(f"/proc/{p}/status").read())
                total += int(m.group(1)) if m else 0
            except OSError:
                pass
        return total

    def stop(self, farewell):
        """Asks it to end, and waits for it and for whatever it left behind."""
        self.child.send_signal(farewell)
        deadline = time.time() + 20
        spent = 0.0
        while time.time() < deadline:
            try:
                pid, status, usage = os.wait4(-1, os.WNOHANG)
            except ChildProcessError:
                break
            if pid == 0:
                time.sleep(0.02)
                continue
            spent += usage.ru_utime + usage.ru_stime
            if pid == self.child.pid:
                self.child.returncode = os.waitstatus_to_exitcode(status)
        else:
            self.kill()
        self.total = spent

    def kill(self):
        try:
            os.killpg(self.child.pid, signal.SIGKILL)
        except OSError:
            pass
        while True:
            try:
                os.wait4(-1, 0)
            except ChildProcessError:
                break
        if self.child.returncode is None:
            self.child.returncode = -9

    def close(self):
        if self.child and self.child.returncode is None:
            self.kill()
        if self.dir:
            for _ in range(50):
                try:
                    os.rmdir(self.dir)
                    break
                except OSError:
                    time.sleep(0.02)


def udp_rows(port):
    for name in ("udp", "udp6"):
        try:
            lines = open("/proc/net/" + name).read().splitlines()[1:]
        except OSError:
            continue
        for line in lines:
            f = line.split()
            if f[1].endswith(f":{port:04X}") and f[2].endswith(":0000"):
                yield int(f[4].split(":")[1], 16), int(f[-1])


def udp_drops(port):
    return sum(d for _, d in udp_rows(port))


def wait_port(port, child, seconds):
    deadline = time.time() + seconds
    while time.time() < deadline and child.poll() is None:
        if any(True for _ in udp_rows(port)):
            return True
        time.sleep(0.05)
    return False


def wait_idle(port, meter, settle):
    """Until the socket is empty and the program rests (`settle` seconds hold its periods)."""
    last = -1.0
    deadline = time.time() + 30
    while time.time() < deadline:
        time.sleep(settle)
        now = meter.seconds()
        if now - last < 0.03 and all(q == 0 for q, _ in udp_rows(port)):
            return
        last = now
