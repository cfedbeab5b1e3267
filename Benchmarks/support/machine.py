"""The machine a result came from: what a reader needs to judge it, and nothing that names it."""

import collections
import os
import pathlib
import platform
import re
import time

CoreTimes = collections.namedtuple("CoreTimes", "at idle softirq steal")

VULNERABILITIES = pathlib.Path("/sys/devices/system/cpu/vulnerabilities")


def describe(core):
    return {
        "cpu": _cpu_model(),
        "cores": len(os.sched_getaffinity(0)),
        "virtual": bool(re.search(r"^flags\s*:.*\bhypervisor\b", _cpuinfo(), re.M)),
        "memory_gib": round(os.sysconf("SC_PAGE_SIZE") * os.sysconf("SC_PHYS_PAGES") / 2**30, 1),
        "system": _system(),
        "kernel": platform.release(),
        "mitigations": mitigations(),
        "congestion_control": _read("/proc/sys/net/ipv4/tcp_congestion_control"),
        "placement": "shared",
        "affinity": f"load, proxy and origin all on core {core}",
    }


def mitigations():
    """What the kernel does about the CPU's faults; those it does not have are left out."""
    found = {}
    if VULNERABILITIES.is_dir():
        for entry in sorted(VULNERABILITIES.iterdir()):
            state = _read(entry)
            if state != "Not affected":
                found[entry.name] = state
    return found


def slug(machine):
    """A name for the kind of machine, for files: never the machine's own."""
    kernel = ".".join(machine["kernel"].split(".")[:2])
    text = f"{machine['cpu']} {machine['cores']} core linux {kernel}"
    return re.sub(r"[^a-z0-9.]+", "-", text.lower()).strip("-")


def core_times(core):
    """Seconds the core has spent since boot, by /proc/stat."""
    tick = os.sysconf("SC_CLK_TCK")
    for line in pathlib.Path("/proc/stat").read_text().splitlines():
        fields = line.split()
        if fields[0] == f"cpu{core}":
            values = [int(value) / tick for value in fields[1:9]]
            # user nice system idle iowait irq softirq steal
            return CoreTimes(time.monotonic(), values[3] + values[4], values[5] + values[6], values[7])
    raise OSError(f"/proc/stat has no cpu{core}")


def core_use(before, after, own_seconds):
    """Where the core's time went, as shares: idle, and busy for others than this run.

    Others are other tenants' processes, the kernel's own threads and what the hypervisor
    gave away. The clock ticks are coarse, so a few percent mean nothing."""
    wall = after.at - before.at
    idle = after.idle - before.idle
    return {
        "idle": _share(idle, wall),
        "others": _share(wall - idle - own_seconds, wall),
        "softirq": _share(after.softirq - before.softirq, wall),
        "steal": _share(after.steal - before.steal, wall),
    }


def _share(part, whole):
    return round(max(0.0, min(1.0, part / whole)), 3)


def _cpuinfo():
    return pathlib.Path("/proc/cpuinfo").read_text()


def _cpu_model():
    # Arm's kernels name no model here; the architecture is then all there is to say.
    model = re.search(r"^model name\s*:\s*(.+)$", _cpuinfo(), re.M)
    return model[1].strip() if model else platform.machine()


def _system():
    name = re.search(r'^PRETTY_NAME="?([^"\n]+)', _read("/etc/os-release"), re.M)
    return name[1] if name else platform.system()


def _read(path):
    try:
        return pathlib.Path(path).read_text().strip()
    except OSError:
        return ""
