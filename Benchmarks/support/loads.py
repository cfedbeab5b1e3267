"""What is asked of a proxy: each scenario, its load generator, and how its output is read."""

import dataclasses
import json
import re
import typing

# iperf3's client stops counting before the last bytes in flight have arrived. More than
# the socket buffers and blocks on the way can hold is missing, not late.
IN_FLIGHT_MAX = 64 * 1024 * 1024


@dataclasses.dataclass(frozen=True)
class Load:
    """What one run of a generator moved: `units` of work, at `rate`, and what went wrong."""
    units: float
    rate: float
    errors: list


@dataclasses.dataclass(frozen=True)
class Scenario:
    name: str
    title: str
    origin: str  # "http" or "iperf3"
    cost_unit: str
    cost_scale: float  # nanoseconds in one cost unit
    rate_unit: str
    command: typing.Callable  # (port, seconds) -> the generator's command line
    read: typing.Callable  # (status, output) -> Load
    splice: bool = False  # whether HAProxy moves bytes through a pipe
    peer_buffer: int = 16 * 1024  # the default of HAProxy and of nginx alike


def _wrk(connections, *more):
    def command(port, seconds):
        return ["wrk", "-t1", f"-c{connections}", f"-d{seconds}s", "--timeout", "5s", *more,
                f"http://127.0.0.1:{port}/"]
    return command


def _iperf3(port, seconds):
    return ["iperf3", "-c", "127.0.0.1", "-p", str(port), "-t", str(seconds), "-J"]


def read_wrk(status, output):
    done = re.search(r"(\d+) requests in", output)
    rate = re.search(r"Requests/sec:\s+([\d.]+)", output)
    if status != 0 or not done or not rate:
        return Load(0, 0, [f"wrk ended with status {status}: {output.strip()[-200:]}"])
    errors = [line.strip() for line in output.splitlines()
              if "Socket errors" in line or "Non-2xx" in line]
    if int(done[1]) == 0:
        errors.append("no request was answered")
    return Load(int(done[1]), float(rate[1]), errors)


def read_iperf3(status, output):
    try:
        report = json.loads(output)
        sent = report["end"]["sum_sent"]["bytes"]
        received = report["end"]["sum_received"]
    except (ValueError, KeyError):
        return Load(0, 0, [f"iperf3 ended with status {status}: {output.strip()[-200:]}"])
    errors = [f"iperf3: {report['error']}"] if "error" in report else []
    if received["bytes"] == 0:
        errors.append("no byte arrived")
    if sent - received["bytes"] > IN_FLIGHT_MAX:
        errors.append(f"{sent - received['bytes']} of {sent} bytes did not arrive")
    return Load(received["bytes"] / 1e9, received["bits_per_second"] / 1e9, errors)


def _bulk(name, title, **peers):
    return Scenario(name, title, "iperf3", "ms/GB", 1e6, "Gbit/s", _iperf3, read_iperf3, **peers)


def _requests(name, title, command):
    return Scenario(name, title, "http", "µs/request", 1e3, "requests/s", command, read_wrk)


SCENARIOS = {scenario.name: scenario for scenario in [
    _requests("rr64", "small HTTP request and response, 64 kept connections", _wrk(64)),
    _requests("rr512", "small HTTP request and response, 512 kept connections", _wrk(512)),
    _requests("churn", "a new connection for each request, 32 at once",
              _wrk(32, "-H", "Connection: close")),
    _bulk("bulk", "one iperf3 stream, peers with their default buffers", splice=True),
    # Buffers of this size are dear for many sessions, so few set them; but for one stream
    # they are what a peer does best with, and without splice.
    _bulk("bulk-tuned", "one iperf3 stream, peers with 256 KiB buffers", peer_buffer=256 * 1024),
]}
