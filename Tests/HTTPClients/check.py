#!/usr/bin/env python3
"""Real clients and real origins against the HTTP/1.1 proxy.

    check.py BINARY [--backend io_uring|epoll] [--only NAME] [--long] [--jobs N] [--seed N] [--list]
        [-- OPTION ...]

Each check is a process of its own, which starts a proxy and the origins that it needs. A line a
check and backend; the exit code is 1 if one has failed. Options behind `--` are given to the proxy.
"""

import argparse
import importlib
import multiprocessing
import multiprocessing.connection
import os
import random
import signal
import sys
import time
import traceback
from dataclasses import dataclass

import harness

BACKENDS = ["io_uring", "epoll"]
SUBJECTS = [
    "differential", "curl", "load", "sockets", "repositories", "early", "broken", "leaving", "deadlines",
    "events", "pool", "drain", "mixed",
]
GRACE = 8
# A check that fails while the machine stood still this long is run again: it measures time.
STALL = 0.1
ATTEMPTS = 3


@dataclass
class Job:
    """A check that is running on a backend."""

    check: harness.Check
    backend: str
    process: multiprocessing.Process
    answer: multiprocessing.connection.Connection
    began: float


def perform(check, options, backend, seed, answer):
    """In the process of the check."""
    os.setpgid(0, 0)
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(1))
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    for attempt in range(ATTEMPTS):
        stalls = harness.Stalls()
        run = harness.Run(os.path.abspath(options.binary), backend, options.long, seed, options.extra)
        outcome, text = attempt_once(check, run)
        stalls.ends.set()
        if attempt:
            run.note(f"run {attempt + 1}: the machine stood still before")
        if outcome != "FAIL" or check.known or stalls.longest < STALL:
            break
    answer.send((outcome, "; ".join([*([text] if text else []), *run.notes])))


def attempt_once(check, run):
    """Outcome and text."""
    try:
        with run:
            try:
                check.body(run)
            except Exception:
                run.deaths()
                raise
    except harness.Skip as reason:
        return "skip", str(reason)
    except harness.Wrong as error:
        return "FAIL", str(error)
    except Exception as error:  # a check that breaks has failed
        at = traceback.extract_tb(error.__traceback__)[-1]
        place = f"{os.path.basename(at.filename)}:{at.lineno}"
        return "FAIL", f"{type(error).__name__}: {error} ({place})"
    return "ok", ""


def start(check, options, backend):
    context = multiprocessing.get_context("fork")
    receiving, sending = context.Pipe(False)
    process = context.Process(target=perform, args=(check, options, backend, options.seed, sending))
    process.start()
    sending.close()
    return Job(check, backend, process, receiving, time.monotonic())


def finish(job):
    """Outcome and text of a job that has ended, or is over its limit."""
    outcome, text = "FAIL", "was ended without a result"
    if job.answer.poll(0):
        try:
            outcome, text = job.answer.recv()
        except EOFError:
            pass
    elif job.process.is_alive():
        text = f"not done within {job.check.limit:g} s"
        job.process.terminate()
    job.process.join(GRACE)
    if job.process.is_alive():
        os.killpg(job.process.pid, signal.SIGKILL)
        job.process.join()
    if job.check.known and outcome == "FAIL":
        outcome, text = "known", f"{job.check.known}: {text}"
    return outcome, text


def tell(job, outcome, text, counts):
    counts[outcome] = counts.get(outcome, 0) + 1
    seconds = time.monotonic() - job.began
    text = " ".join(text.split())
    print(f"{outcome:5} {job.check.name:34} {job.backend:9} {seconds:6.1f} s  {text}".rstrip(), flush=True)


def perform_all(options, chosen):
    """All checks, `jobs` at a time; how many had which outcome."""
    counts, running = {}, []
    # Those that may have no neighbour come last.
    waiting = [(one, backend) for one in chosen for backend in options.backend or BACKENDS]
    waiting.sort(key=lambda pair: pair[0].alone)
    try:
        while waiting or running:
            while waiting and len(running) < options.jobs:
                check, backend = waiting[0]
                if running and (check.alone or any(job.check.alone for job in running)):
                    break
                waiting.pop(0)
                if reason := harness.missing(check.needs):
                    counts["skip"] = counts.get("skip", 0) + 1
                    print(f"skip  {check.name:34} {backend:9}      -    {reason}", flush=True)
                    continue
                running.append(start(check, options, backend))
            handles = [job.answer for job in running]
            multiprocessing.connection.wait(handles, 0.5)
            for job in list(running):
                late = time.monotonic() - job.began > job.check.limit
                if job.answer.poll(0) or not job.process.is_alive() or late:
                    running.remove(job)
                    tell(job, *finish(job), counts)
    finally:
        for job in running:
            job.process.terminate()
    return counts


def parse(arguments):
    extra = []
    if "--" in arguments:
        at = arguments.index("--")
        arguments, extra = arguments[:at], arguments[at + 1:]
    parser = argparse.ArgumentParser(description="Real clients and origins against the HTTP/1.1 proxy")
    parser.add_argument("binary", nargs="?", help="the pelmeni command")
    parser.add_argument("--backend", choices=BACKENDS, action="append", help="both if not given")
    parser.add_argument("--only", action="append", default=[], metavar="NAME",
        help="checks with this in their name; may be repeated")
    parser.add_argument("--long", action="store_true", help="the long checks too, and larger numbers")
    parser.add_argument("--jobs", type=int, default=4, metavar="N", help="at a time, 4 if not given")
    parser.add_argument("--seed", type=int, default=random.randrange(1 << 32), help="of what is random")
    parser.add_argument("--list", action="store_true", help="print the checks and end")
    options = parser.parse_args(arguments)
    options.extra = extra
    return parser, options


def main(arguments):
    parser, options = parse(arguments)
    for subject in SUBJECTS:
        importlib.import_module(subject)
    named = [one for one in harness.CHECKS if not options.only or any(part in one.name for part in options.only)]
    chosen = [one for one in named if options.long or not one.long]
    if options.list:
        for one in named:
            print(f"{one.name:34} {'long ' if one.long else ''}{', '.join(one.needs)}")
        return 0
    if not options.binary:
        parser.error("which binary?")
    if not chosen:
        parser.error("no check has that name; some are only with --long")
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(1))
    print(f"seed {options.seed}", flush=True)
    began = time.monotonic()
    counts = perform_all(options, chosen)
    total = ", ".join(f"{count} {name}" for name, count in sorted(counts.items()))
    print(f"{total}; {time.monotonic() - began:.0f} s")
    return 1 if counts.get("FAIL") else 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
