#!/usr/bin/env python3
"""The conformance suite of the HTTP/1.1 proxy.

    check.py BINARY [--backend io_uring|epoll] [--only TEXT] [--case NAME] [--jobs N] [-- OPTION ...]

Each job is a process with a proxy and an origin of its own, so that whatever the origin gets can
be told to belong to one case. Options behind `--` are given to the proxy.
"""

import argparse
import multiprocessing
import queue
import signal
import sys
import time

import requests_all
import responses_all
from origin import Origin
from proxy import Proxy
from run import Failure, run_case, strays

BACKENDS = ["io_uring", "epoll"]
CASES = requests_all.CASES + responses_all.CASES


class Proxies:
    """Live proxies, one for each set of options: one that has died is told once, and another takes
    its place.
    """

    def __init__(self, start):
        self.start = start
        self.live = {"": start("")}

    def port(self, query=""):
        if query not in self.live:
            self.live[query] = self.start(query)
        return self.live[query].port

    def death(self, query=""):
        proxy = self.live[query]
        if proxy.alive():
            return None
        text = proxy.complaint()
        proxy.stop()
        self.live[query] = self.start(query)
        return text

    def stop(self):
        for proxy in self.live.values():
            proxy.stop()


def work(options, backend, chosen, taken, done):
    """A job: takes the next case until there is none."""
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(1))
    origin, proxies = Origin(), None
    try:
        proxies = Proxies(lambda query: Proxy(options.binary, backend, origin.port, options.extra, query))
        while True:
            with taken.get_lock():
                index = taken.value
                taken.value += 1
            if index >= len(chosen):
                break
            done.put((chosen[index].name, *run_case(chosen[index], proxies, origin, options.timeout)))
        done.put((None, strays(origin), 0))
    except (RuntimeError, OSError) as error:
        done.put((None, [Failure("start", "the command", backend, "a proxy that is ready", str(error))], 0))
    except KeyboardInterrupt:
        pass
    finally:
        if proxies:
            proxies.stop()
        origin.stop()
        done.put(None)


def run_backend(options, backend, chosen):
    """All cases on one backend: failures and runs."""
    context = multiprocessing.get_context("fork")
    taken, done = context.Value("i", 0), context.Queue()
    # Long cases first, so that no job ends late.
    ordered = sorted(chosen, key=lambda one: -len(one.split))
    jobs = [
        context.Process(target=work, args=(options, backend, ordered, taken, done))
        for _ in range(min(options.jobs, len(chosen)))
    ]
    for job in jobs:
        job.start()
    failures, runs, judged = [], 0, set()
    try:
        open_jobs = len(jobs)
        while open_jobs:
            try:
                result = done.get(timeout=2)
            except queue.Empty:
                if not any(job.is_alive() for job in jobs):
                    break
                continue
            if result is None:
                open_jobs -= 1
                continue
            name, found, count = result
            judged.add(name)
            runs += count
            failures += found
            for failure in found:
                print(f"{backend}: {failure}", flush=True)
    finally:
        for job in jobs:
            if job.is_alive():
                job.join(10)
            if job.is_alive():
                job.terminate()
                job.join()
    for case in chosen:
        if case.name not in judged:
            failures.append(Failure(case.name, case.clause, backend, str(case.expect), "was not run"))
    return failures, runs, len(judged - {None})


def parse(arguments):
    extra = []
    if "--" in arguments:
        at = arguments.index("--")
        arguments, extra = arguments[:at], arguments[at + 1:]
    parser = argparse.ArgumentParser(description="Conformance suite of the HTTP/1.1 proxy")
    parser.add_argument("binary", nargs="?", help="the pelmeni command")
    parser.add_argument("--backend", choices=BACKENDS, action="append", help="both if not given")
    parser.add_argument("--only", default="", metavar="TEXT", help="cases with this in name or clause")
    parser.add_argument("--case", metavar="NAME", help="this case alone")
    parser.add_argument("--jobs", type=int, default=16, metavar="N", help="16 if not given")
    parser.add_argument("--timeout", type=float, default=10, metavar="S", help="of a socket, 10 if not given")
    parser.add_argument("--list", action="store_true", help="print the cases and end")
    options = parser.parse_args(arguments)
    options.extra = extra
    return parser, options


def main(arguments):
    parser, options = parse(arguments)
    chosen = [case for case in CASES if options.case in (None, case.name)]
    chosen = [case for case in chosen if options.only.lower() in (case.name + case.clause).lower()]
    if options.list:
        for case in chosen:
            print(f"{case.name:40} {case.clause:60} {case.expect}")
        return 0
    if not options.binary:
        parser.error("which binary?")
    if not chosen:
        parser.error("no case has that name")
    # SIGTERM ends the jobs, and with them their proxies.
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(1))
    failures, runs, judged = [], 0, 0
    for backend in options.backend or BACKENDS:
        began = time.monotonic()
        found, count, done = run_backend(options, backend, chosen)
        failures += found
        runs += count
        judged += done
        print(f"{backend}: {done} cases, {count} runs, {len(found)} failures, {time.monotonic() - began:.0f} s")
    print(f"{judged} cases, {runs} runs, {len(failures)} failures")
    return 1 if failures else 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
