#!/usr/bin/env python3
"""Proves that the judge objects: proxies with planted faults must fail, the model must not.

    selftest.py            prints a line for each planted fault; exit code 1 if one is not seen
"""

import concurrent.futures
import sys
from dataclasses import dataclass

import check
import planted
import planted_answers
import wire
from cases import Refused, check_unique
from model import Model
from origin import Origin
from run import run_case, strays

TIMEOUT = 2
WHOLE = ("whole",)
BY_NAME = {case.name: case for case in check_unique(check.CASES)}


@dataclass(frozen=True)
class Plant:
    """A faulty proxy, cases that must fail with it, and cases that must still pass."""

    proxy: type
    fails: str
    passes: str = "method-get length-5 status-200"
    splits: bool = False


PLANTS = [
    Plant(planted.Silent, "method-get length-5 status-200", "host-missing"),
    Plant(planted.TakesBareLF, "bare-lf-everywhere bare-lf-behind-field chunk-size-lf last-chunk-lf bare-lf-twice"),
    Plant(planted.TakesBareCR, "bare-cr-in-value bare-cr-hides-field extension-cr"),
    Plant(planted.TakesSpaceBeforeColon, "space-before-colon tab-before-colon coding-space-before-colon"),
    Plant(planted.JoinsFolds, "obs-fold-space obs-fold-tab obs-fold-of-host coding-fold"),
    Plant(planted.PrefersChunked, "length-then-coding coding-then-length both-agreeing"),
    Plant(planted.FirstLengthWins, "length-twice-same length-twice-differing length-get-twice"),
    Plant(planted.FirstHostWins, "host-twice-same host-twice-differing host-twice-other-case"),
    Plant(planted.DropsNul, "value-with-nul coding-nul host-bad-nul target-with-nul"),
    Plant(planted.LosesSplitLineEnd, "method-get length-5", "status-200 status-404", splits=True),
    Plant(planted.KeepsOpen, "host-missing bare-cr-in-value version-2-0"),
    Plant(planted.ReadsBehindRefusal, "coding-then-length coding-twice-identity-last chunk-size-empty end-lf"),
    Plant(planted.MergesTrailers, "trailer-one trailer-two-and-order trailer-not-in-head", "chunked length-5"),
    Plant(planted.DecodesTarget, "target-percent", "target-dots target-many-slashes"),
    Plant(planted.MergesSlashes, "target-many-slashes absolute-dots-kept", "target-percent"),
    Plant(planted.LowersNames, "method-get spelling-is-kept", "host-missing status-200"),
    Plant(planted.SortsFields, "order-is-kept", "method-get status-200"),
    Plant(planted.DropsEmptyFields, "value-empty value-of-white-space"),
    Plant(planted.SpacesBeforeColon, "method-get length-5", "host-missing"),
    Plant(planted.FoldsLongValues, "value-spaces-inside"),
    Plant(planted.KeepsSpoofed, "spoofed-forwarded-for spoofed-forwarded-host spoofed-and-named"),
    Plant(planted.TrustsNobody, "trusted-for trusted-for-twice trusted-proto-and-host trusted-forwarded",
        "trusted-without trusted-other-client spoofed-forwarded-for"),
    Plant(planted.KeepsHopFields, "hop-named hop-named-any-case upgrade-h2c upgrade-unknown"),
    Plant(planted.AddsLength, "method-get no-length-post", "length-5 chunked"),
    Plant(planted.WritesExtensions, "chunked extension-name"),
    Plant(planted.WritesBareLF, "method-get length-5", "host-missing"),
    Plant(planted.LosesBytes, "length-body-is-a-request chunk-data-of-line-ends"),
    Plant(planted.SmugglesBody, "length-body-is-a-request chunk-data-is-a-request pipeline-get-body-then-get"),
    Plant(planted.StreamsThenAborts, "host-missing", "chunk-size-not-hex extension-lf trailer-bad-cr method-get"),
    Plant(planted.LeavesUnfinished, "chunk-size-not-hex extension-lf trailer-bad-cr"),
    Plant(planted.FinishesAborted, "chunk-size-not-hex extension-lf trailer-bad-cr"),
    Plant(planted_answers.ChangesReason, "status-reason-kept status-503"),
    Plant(planted_answers.MergesAnswerTrailers, "body-trailers-asked body-trailers-not-asked body-trailers-1-0"),
    Plant(planted_answers.InventsLength, "body-204 body-304 body-head-no-length", "body-304-length"),
    Plant(planted_answers.JoinsCookies, "answer-cookies-apart"),
    Plant(planted_answers.SendsInterimTo10, "interim-103-for-1-0 interim-100-for-1-0", "interim-103"),
    Plant(planted_answers.DropsInterim, "interim-103 interim-100", "interim-103-for-1-0"),
    Plant(planted_answers.ChunksTo10, "body-chunked-1-0 body-until-close-1-0", "body-chunked"),
    Plant(planted_answers.CompletesTruncated, "body-closed-in-chunk-data body-closed-in-length body-reset-until-close"
        " body-bad-chunk-size", "body-until-close-1-0"),
    Plant(planted_answers.RelaysAnswers, "body-extra-answer body-extra-letters body-head-with-body body-bad-both"
        " answer-empty-name status-bad-000 answer-value-with-nul", ""),
    Plant(planted_answers.MindsSplits, "status-reason-absent", "method-get", splits=True),
]


class One:
    """What run_case asks of proxies: one for each set of options."""

    def __init__(self, make, upstream):
        self.make, self.upstream, self.live = make, upstream, {}

    def port(self, query):
        if query not in self.live:
            self.live[query] = self.make(self.upstream)
            self.live[query].query = query
        return self.live[query].port

    def death(self, query):
        return None

    def stop(self):
        for proxy in self.live.values():
            proxy.stop()


def failing(make, names, hows, timeout=TIMEOUT):
    """The names of the cases that fail with this proxy."""
    origin = Origin()
    proxy = One(make, origin.port)
    try:
        found = [run_case(BY_NAME[name], proxy, origin, timeout, hows)[0] for name in names]
        return {failure.name for failures in [*found, strays(origin)] for failure in failures}
    finally:
        proxy.stop()
        origin.stop()


def judge_plant(plant):
    """What the judge has missed, or has objected to without reason."""
    fails, passes = plant.fails.split(), plant.passes.split()
    found = failing(plant.proxy, fails + passes, None if plant.splits else WHOLE)
    faults = [f"{name} passes" for name in fails if name not in found]
    return faults + [f"{name} fails" for name in passes if name in found]


def share(make, names, hows, timeout=TIMEOUT, jobs=8):
    """The cases that fail, judged in several threads with an origin each."""
    parts = [names[index::jobs] for index in range(jobs)]
    with concurrent.futures.ThreadPoolExecutor(jobs) as pool:
        return set().union(*pool.map(lambda part: failing(make, part, hows, timeout), parts))


MALFORMED = [
    b"GET / HTTP/1.1\nHost: a\n\n", b"GET / HTTP/1.1\r\nHost : a\r\n\r\n", b"GET / HTTP/1.1\r\nHost: a\r\n b\r\n\r\n",
    b"GET / HTTP/1.1\r\nHost: a\rb\r\n\r\n", b"GET / HTTP/1.1\r\n: a\r\n\r\n", b"GET  / HTTP/1.1\r\nHost: a\r\n\r\n",
    b"GET / HTTP/1.0\r\nHost: a\r\n\r\n", b"GET / HTTP/1.1\r\n\r\n", b"GET / HTTP/1.1\r\nHost: a\0\r\n\r\n",
    b"GET / HTTP/1.1\r\nHost: a\r\nContent-Length: 1\r\nContent-Length: 1\r\n\r\nx",
    b"GET / HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\n1;a\r\nx\r\n0\r\n\r\n",
    b"GET / HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\n1\nx\r\n0\r\n\r\n",
    b"GET / HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\n1\r\nxy0\r\n\r\n",
    b"GET / HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: gzip\r\n\r\n",
]


def reader_faults():
    """Requests that the strict reader takes and must not."""
    taken = []
    for text in MALFORMED:
        try:
            wire.read_request(text)
            taken.append(f"the reader takes {text!r}")
        except wire.Malformed:
            pass
    return taken


def main():
    faults = reader_faults()
    print(f"the strict reader: {len(MALFORMED)} malformed requests, {len(faults)} taken")
    every = list(BY_NAME)
    wrong = share(Model, every, ("whole", "bytes"), 10)
    print(f"Model: {len(every)} cases, {len(wrong)} fail, 0 may")
    faults += [f"{name} fails with the model" for name in sorted(wrong)]
    refused = [case.name for case in BY_NAME.values() if isinstance(case.expect, Refused)]
    seen = share(planted.PassThrough, refused, WHOLE)
    print(f"PassThrough: {len(seen)} of {len(refused)} refusals fail, all must")
    faults += [f"{name} passes with PassThrough" for name in refused if name not in seen]
    with concurrent.futures.ThreadPoolExecutor(8) as pool:
        for plant, missed in zip(PLANTS, pool.map(judge_plant, PLANTS)):
            verdict = "NOT SEEN: " + ", ".join(missed) if missed else "seen"
            print(f"{plant.proxy.__name__}: {verdict} ({len(plant.fails.split())} cases)")
            faults += [f"{plant.proxy.__name__}: {text}" for text in missed]
    for fault in faults:
        print(f"FAULT {fault}")
    print(f"{len(PLANTS) + 1} planted proxies, {len(faults)} faults of the judge")
    return 1 if faults else 0


if __name__ == "__main__":
    sys.exit(main())
