"""Runs one case in all its splits against one proxy and one origin."""

import time
from dataclasses import dataclass

import cases
import client
from judge import Seen, judge

PROBE = b"GET /probe HTTP/1.1\r\nHost: probe.example\r\n\r\n"
MOST_FAILURES = 3
PIECE_PAUSE = 0.001
AFTER_FAILURE = 0.1
STRAY_PAUSE = 0.02


@dataclass
class Failure:
    name: str
    clause: str
    how: object
    expected: str
    seen: str

    def __str__(self):
        how = self.how if isinstance(self.how, str) else f"split at {self.how}"
        return f"FAIL {self.name} ({self.clause}), {how}: expected {self.expected}; {self.seen}"


@dataclass
class Snapshot:
    """A connection of the origin as it was at one moment."""

    link: object
    raw: bytes
    requests: list
    rest: bytes
    fault: str | None
    tunnel: bytes | None
    ended: bool

    @classmethod
    def of(cls, link):
        tunnel = None if link.tunnel is None else bytes(link.tunnel)
        return cls(link, bytes(link.raw), list(link.requests), bytes(link.rest), link.fault, tunnel, link.ended)


def methods_of(expect, case):
    """The methods that answers are waited for, and whether a last status asks for the end."""
    if isinstance(expect, cases.Either):
        every = [methods_of(choice, case) for choice in expect.choices]
        return every[0][0], lambda status: any(accept(status) for _, accept in every)
    if isinstance(expect, (cases.Refused, cases.Aborted)):
        return [one.method for one in expect.before] + [b"?"], lambda status: status in expect.statuses
    if isinstance(expect, cases.Forwarded):
        return [one.method for one in expect.requests], lambda _: expect.closes
    method = [case.sent.split(b" ", 1)[0]]
    if isinstance(expect, cases.Truncated):
        return method, lambda status: status != 502
    return method, lambda _: getattr(expect, "closes", False) is True


def wants_probe(expect):
    if isinstance(expect, cases.Either):
        return False
    return isinstance(expect, cases.Local) or getattr(expect, "closes", None) is False


def run_once(case, how, port, origin, timeout):
    """One run; everything that was seen."""
    pieces = client.pieces_of(case.split, how)
    if case.answer is None:
        origin.begin()
    else:
        origin.begin(pieces, case.then, 0 if how == "bytes" else PIECE_PAUSE)
    # A byte at a time goes without pauses: the kernel may still join some of them.
    pause = 0 if how == "bytes" else PIECE_PAUSE
    sent = pieces if case.answer is None else [case.sent]
    talk = client.Conversation(port, timeout)
    try:
        talk.send(sent, pause)
        methods, accept = methods_of(case.expect, case)
        talk.read(client.complete(methods, accept))
        if case.answer is not None:
            origin.finish()
        if getattr(case.expect, "reuse", None) is False:
            # The bytes behind the answer have to be there before anybody asks again.
            time.sleep(STRAY_PAUSE)
        seen = Seen(bytes(talk.raw), talk.ending, upstream=b"127.0.0.1:%d" % origin.port)
        seen.links = [Snapshot.of(link) for link in origin.seen()]
        seen.links_ended = awaits_ends(case.expect, seen.links, origin)
        if how in ("whole", "bytes") and talk.ending == "open" and wants_probe(case.expect):
            probe(talk, seen, origin)
    finally:
        talk.close()
        origin.forget()
    return seen


def awaits_ends(expect, links, origin):
    """The connections of the origin that the proxy has to close are waited for."""
    if isinstance(expect, cases.BadGateway):
        return origin.ends([one.link for one in links if one.link.answered])
    if isinstance(expect, cases.Aborted):
        return origin.ends([one.link for one in links if one.rest])
    return True


def probe(talk, seen, origin):
    before = len(talk.raw)
    counts = {id(one.link): len(one.requests) for one in seen.links}
    talk.send([PROBE], 0)
    talk.read(lambda raw: client.complete([b"GET"])(raw[before:]))
    seen.probe = bytes(talk.raw[before:]), talk.ending
    for link in origin.seen():
        for request in link.requests[counts.get(id(link), 0):]:
            if request.second == b"/probe":
                seen.probe_reused = id(link) in counts
            else:
                seen.late.append(request)


def run_case(case, proxies, origin, timeout=10, hows=None):
    """All runs of a case, or those that `hows` names; failures, and how many runs there were.

    `proxies` gives the port of a live proxy with given options and says why one has died. After three failures the
    other splits of a case are left out.
    """
    failures, runs, chosen = [], 0, set()
    for how in hows or ["whole", "bytes", *client.places(case.split)]:
        failures += strays(origin)
        runs += 1
        try:
            seen = run_once(case, how, proxies.port(case.query), origin, timeout)
        except OSError as error:
            complaints, choice = [f"no connection: {error}"], 0
        else:
            complaints, choice = judge(case, seen)
        origin.owner = case.name, case.clause, how
        if death := proxies.death(case.query):
            complaints = [death]
        if not complaints:
            chosen.add(choice)
            if len(chosen) > 1:
                complaints = ["other splits of this case had the other allowed outcome"]
        if complaints:
            failures.append(Failure(case.name, case.clause, how, str(case.expect), "; ".join(complaints)))
            # What still follows from a failed run must not disturb the next one.
            time.sleep(AFTER_FAILURE)
            origin.strays()
            origin.forget()
            if sum(one.name == case.name for one in failures) == MOST_FAILURES:
                break
    return failures, runs


def strays(origin):
    """What came to the origin after its run had been judged is a failure of that run."""
    if not (stray := origin.strays()):
        return []
    seen = f"after the end of the run the origin got {stray[:60]!r}"
    return [Failure(*origin.owner, "nothing more for the origin", seen)]
