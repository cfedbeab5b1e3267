#!/usr/bin/env python3
"""Measures what a unit of work costs Pelmeni, HAProxy and nginx in CPU, side by side.

    Benchmarks/peers.py                          everything, about 9 minutes
    Benchmarks/peers.py --quick                  a first impression, under a minute
    Benchmarks/peers.py --scenarios rr64,bulk --rounds 7 --seconds 3 --binary PATH

Each scenario's subjects run in turn, round after round; the first round warms up and is
not counted. A clean run is stored in Benchmarks/results/. See Benchmarks/README.md.
"""

import argparse
import contextlib
import datetime
import hashlib
import json
import os
import pathlib
import resource
import shutil
import signal
import subprocess
import sys
import tempfile
import time

sys.dont_write_bytecode = True

from support import figures, loads, machine, report, subjects  # noqa: E402
from support.processes import Children, Failed  # noqa: E402

HERE = pathlib.Path(__file__).resolve().parent
RESULTS = HERE / "results"
FORMAT = 1
QUICK = {"scenarios": "rr64,churn,bulk", "rounds": 2, "seconds": 1}
FULL = {"scenarios": ",".join(loads.SCENARIOS), "rounds": 5, "seconds": 3}
DESCRIPTORS_NEEDED = 4096
# Long enough for a proxy to have closed what the load generator left.
SETTLE_SECONDS = 0.05


def main():
    options = parse_options()
    try:
        with ready_to_measure(options) as bench:
            result = bench.run()
    except Failed as failure:
        sys.exit(f"peers: {failure}")
    except KeyboardInterrupt:
        print("\npeers: interrupted; nothing was stored", file=sys.stderr)
        return 130
    print(f"\n{report.header(result)}\n")
    for scenario in result["scenarios"]:
        print(report.scenario_table(scenario) + "\n")
    if result["errors"]:
        print("peers: these went wrong, so nothing was stored:", file=sys.stderr)
        print("\n".join(f"  {error}" for error in result["errors"]), file=sys.stderr)
        return 1
    print(f"stored in {store(result, options)}")
    return 0


def parse_options():
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--binary", default=HERE.parent / ".build/release/pelmeni", type=pathlib.Path,
                        help="the release build of pelmeni to measure")
    parser.add_argument("--scenarios", help=f"of {FULL['scenarios']}")
    parser.add_argument("--rounds", type=positive, help=f"counted rounds ({FULL['rounds']})")
    parser.add_argument("--seconds", type=positive, help=f"a subject and round ({FULL['seconds']})")
    parser.add_argument("--core", type=int, help="the core for everything (the last one allowed)")
    parser.add_argument("--quick", action="store_true", help="under a minute; not for publication")
    options = parser.parse_args()
    defaults = QUICK if options.quick else FULL
    for name, value in defaults.items():
        if getattr(options, name) is None:
            setattr(options, name, value)
    options.scenarios = options.scenarios.split(",")
    for name in options.scenarios:
        if name not in loads.SCENARIOS:
            parser.error(f"unknown scenario {name!r}; there are {FULL['scenarios']}")
    allowed = sorted(os.sched_getaffinity(0))
    # Devices interrupt the first core most, so the last one is the quieter.
    options.core = allowed[-1] if options.core is None else options.core
    if options.core not in allowed:
        parser.error(f"core {options.core} is not among those allowed: {allowed}")
    return options


def positive(text):
    value = int(text)
    if value < 1:
        raise argparse.ArgumentTypeError("must be at least 1")
    return value


@contextlib.contextmanager
def ready_to_measure(options):
    """Checks what a run needs, and undoes whatever it did, on every way out."""
    tools = subjects.Tools()
    missing = tools.missing()
    if not os.access(options.binary, os.X_OK):
        missing.append(f"{options.binary} (swift build -c release --product pelmeni)")
    if missing:
        raise Failed("missing: " + ", ".join(missing) + "; `.ci/setup bench` installs the packages")
    raise_descriptor_limit()
    described = machine.describe(options.core)
    os.sched_setaffinity(0, {options.core})
    on_interrupt(interrupted)
    with tempfile.TemporaryDirectory(prefix="pelmeni-bench-") as folder:
        children = Children(folder)
        # A copy: the build folder may change during the run.
        binary = shutil.copy2(options.binary, f"{folder}/pelmeni")
        try:
            yield Bench(options, tools, binary, children, described)
        finally:
            # A second Ctrl-C must not leave half of them behind.
            on_interrupt(signal.SIG_IGN)
            children.stop_all()


def on_interrupt(handler):
    for number in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP):
        signal.signal(number, handler)


def interrupted(*_):
    raise KeyboardInterrupt


def raise_descriptor_limit():
    hard = resource.getrlimit(resource.RLIMIT_NOFILE)[1]
    if hard != resource.RLIM_INFINITY and hard < DESCRIPTORS_NEEDED:
        raise Failed(f"the limit on descriptors is {hard}; {DESCRIPTORS_NEEDED} are needed (ulimit -Hn)")
    resource.setrlimit(resource.RLIMIT_NOFILE, (hard, hard))


class Bench:
    """One run: every scenario, every subject, every round, and what went wrong."""

    def __init__(self, options, tools, binary, children, described):
        self.options = options
        self.children = children
        self.tools = tools
        self.binary = binary
        self.subjects = subjects.Subjects(tools, binary, children)
        self.machine = described
        self.errors = []

    def run(self):
        started = datetime.datetime.now(datetime.timezone.utc)
        versions = {"pelmeni": self.pelmeni_version(), **self.tools.versions()}
        scenarios = [self.run_scenario(loads.SCENARIOS[name]) for name in self.options.scenarios]
        return {
            "format": FORMAT,
            "date": started.strftime("%Y-%m-%dT%H:%M:%SZ"),
            "quick": self.options.quick,
            "rounds": self.options.rounds,
            "seconds": self.options.seconds,
            "workers": 1,
            "machine": self.machine,
            "versions": versions,
            "binary_sha256": hashlib.sha256(pathlib.Path(self.binary).read_bytes()).hexdigest(),
            "scenarios": scenarios,
            "errors": self.errors,
        }

    def pelmeni_version(self):
        done = subprocess.run([self.binary, "--version"], capture_output=True, text=True)
        if done.returncode != 0:
            raise Failed(f"pelmeni --version failed: {done.stderr.strip()[-200:]}")
        return done.stdout.splitlines()[0].removeprefix("pelmeni ")

    def run_scenario(self, scenario):
        origin = self.subjects.start_origin(scenario.origin)
        running, refused = self.start_subjects(origin, scenario)
        samples = {name: {"costs": [], "rates": []} for name in running}
        core_before, own_before = None, 0
        for number in range(self.options.rounds + 1):
            if number == 1:
                core_before, own_before = machine.core_times(self.options.core), self.own_seconds()
            for name in running:
                self.progress(scenario, number, name)
                sample = self.measure(scenario, name, running[name])
                if number > 0 and sample:
                    samples[name]["costs"].append(sample[0])
                    samples[name]["rates"].append(sample[1])
        self.progress(scenario)
        core = machine.core_use(core_before, machine.core_times(self.options.core),
                                self.own_seconds() - own_before)
        self.stop_subjects(scenario, running, origin)
        # A subject that failed in some round has no row: its rounds no longer pair up.
        whole = {name: own for name, own in samples.items() if len(own["costs"]) == self.options.rounds}
        return {
            "name": scenario.name, "title": scenario.title, "cost_unit": scenario.cost_unit,
            "rate_unit": scenario.rate_unit, "samples": whole, "refused": refused, "core": core,
            "summary": figures.summarise(whole), "unsteady": figures.unsteady(whole, core),
        }

    def start_subjects(self, origin, scenario):
        running, refused = {}, {}
        for name in subjects.NAMES:
            try:
                running[name] = self.subjects.start(name, origin, scenario)
                if scenario.origin == "http":
                    subjects.check_answer(running[name].port)
            except subjects.Refused as refusal:
                refused[name] = str(refusal)
            except Failed as failure:
                running.pop(name, None)
                self.note(scenario, name, failure)
        return running, refused

    def measure(self, scenario, name, target):
        """One sample: the cost of a unit of work, and the rate at which it went."""
        if target.child.broken():
            self.note(scenario, name, target.child.broken())
            return None
        try:
            before = target.child.cpu_ns()
            command = scenario.command(target.port, self.options.seconds)
            generator = self.children.start(command[0], [self.tools.path(command[0]), *command[1:]])
            load = scenario.read(*self.children.finish(generator, self.options.seconds + 30))
            time.sleep(SETTLE_SECONDS)
            broken = target.child.broken()
            cost = 0 if broken else target.child.cpu_ns() - before
            errors = load.errors + ([broken] if broken else [])
        except Failed as failure:
            errors = [str(failure)]
        for error in errors:
            self.note(scenario, name, error)
        return None if errors else (cost / scenario.cost_scale / load.units, load.rate)

    def stop_subjects(self, scenario, running, origin):
        for name, target in running.items():
            early = target.child.ended()
            status = self.children.stop(target.child)
            # Pelmeni drains: it ends by itself, and well, once its last session is over.
            if name in subjects.PELMENI and not early and status != 0:
                self.note(scenario, name, f"ended with status {status} after TERM")
        self.children.stop(origin.child)

    def note(self, scenario, name, error):
        text = f"{scenario.name}, {name}: {error}"
        if text not in self.errors:
            self.errors.append(text)

    def own_seconds(self):
        """CPU time of everything this run started, the generators that ended included."""
        ended = resource.getrusage(resource.RUSAGE_CHILDREN)
        own = resource.getrusage(resource.RUSAGE_SELF)
        alive = [child for child in self.children.running if not child.broken()]
        return (ended.ru_utime + ended.ru_stime + own.ru_utime + own.ru_stime
                + sum(child.cpu_ns() for child in alive) / 1e9)

    def progress(self, scenario, number=None, name=""):
        if not sys.stderr.isatty():
            if number is not None and name == subjects.NAMES[0]:
                print(f"{scenario.name}: round {number} of {self.options.rounds}", file=sys.stderr)
            return
        text = "" if number is None else f"{scenario.name}: round {number} of {self.options.rounds}, {name}"
        print(f"\r\033[K{text}", end="", file=sys.stderr, flush=True)


def store(result, options):
    RESULTS.mkdir(exist_ok=True)
    stamp = result["date"].replace(":", "").replace("-", "")[:13]
    # Runs that are no basis for publication say so, and git ignores them.
    if options.quick:
        kind = "-quick"
    elif set(options.scenarios) != set(loads.SCENARIOS):
        kind = "-partial"
    else:
        kind = "-unsteady" if any(scenario["unsteady"] for scenario in result["scenarios"]) else ""
    path = RESULTS / f"{stamp}-{machine.slug(result['machine'])}{kind}.json"
    path.write_text(json.dumps(result, indent=2, ensure_ascii=False) + "\n")
    return os.path.relpath(path)


if __name__ == "__main__":
    sys.exit(main())
