"""The judge: whether what both ends have seen is what the case expects; no complaint is a pass."""

from dataclasses import dataclass, field

import cases
import reference
import wire

ADDED = {b"via", b"x-forwarded-for", b"x-forwarded-proto", b"x-forwarded-host", b"forwarded"}
HOP_TOKENS = {b"close", b"keep-alive", b"te", b"upgrade"}


@dataclass
class Seen:
    """What one run has recorded."""

    raw: bytes = b""  # all that the client got before the probe
    ending: str = "open"  # of the client's connection: open, fin, reset, timeout
    links: list = field(default_factory=list)  # of the origin
    probe: tuple | None = None  # raw answer and ending, if one was sent
    probe_reused: bool = False  # it came on a connection that the case had used
    late: list = field(default_factory=list)  # requests that came with the probe
    links_ended: bool = True  # those that had to be closed were
    upstream: bytes = b""

    def requests(self):
        return [one for link in self.links for one in link.requests if one.second != b"/probe"]


def judge(case, seen):
    """The complaints, and which choice of an Either was met."""
    if not isinstance(case.expect, cases.Either):
        return judge_one(case.expect, case, seen), 0
    every = []
    for index, choice in enumerate(case.expect.choices):
        complaints = judge_one(choice, case, seen)
        if not complaints:
            return [], index
        every.append(f"[{choice}: {complaints[0]}]")
    return [" ".join(every)], 0


def judge_one(expect, case, seen):
    complaints = common(expect, seen)
    return complaints + JUDGES[type(expect)](expect, case, seen)


def common(expect, seen):
    """What holds for every case: what the proxy writes to an origin is canonical, and read alike."""
    complaints = [f"sent to the origin: {link.fault}" for link in seen.links if link.fault]
    for link in seen.links:
        if link.requests and link.tunnel is None and not link.fault:
            if found := reference.disagreement(link.raw, link.requests):
                complaints.append(found)
    return complaints


def answers_of(seen, methods):
    """The answers, what is left behind them, and a complaint."""
    ended = seen.ending in ("fin", "reset")
    try:
        answers, at = wire.read_answers(seen.raw, methods, ended)
    except wire.Malformed as error:
        return [], b"", [f"sent to the client: {error}"]
    return answers, bytes(seen.raw[at:]), []


def statuses(answers):
    return ",".join(str(int(message.first)) for message, _ in answers) or "nothing"


def judge_refused(expect, case, seen):
    complaints = refusal(expect, seen)
    expected = expect.before
    complaints += compare_requests(expected, case, seen)
    count = sum(len(link.raw) for link in seen.links)
    if not expected and count:
        first = next(bytes(link.raw[:80]) for link in seen.links if link.raw)
        complaints.append(f"the origin got {count} bytes of the refused message: {first!r}")
    if any(link.rest for link in seen.links):
        complaints.append("the origin got an unfinished message")
    return complaints


def judge_aborted(expect, case, seen):
    complaints = refusal(expect, seen) + compare_requests(expect.before, case, seen)
    if not seen.links_ended:
        complaints.append("the origin's connection with the unfinished message stays open")
    return complaints


def refusal(expect, seen):
    """The client's side of a refusal: the answers before it, its status, and the end."""
    methods = [one.method for one in expect.before] + [b"?", b"?"]
    answers, rest, complaints = answers_of(seen, methods)
    if complaints:
        return complaints
    if len(answers) != len(methods) - 1:
        return [f"answered {statuses(answers)}, {seen.ending}: {bytes(seen.raw[:80])!r}"]
    if int(answers[-1][0].first) not in expect.statuses:
        return [f"answered {statuses(answers)}"]
    if rest:
        complaints.append(f"bytes behind the refusal: {rest[:60]!r}")
    if seen.ending not in ("fin", "reset"):
        complaints.append(f"the connection is not closed after {statuses(answers)}: {seen.ending}")
    return complaints


def judge_local(expect, case, seen):
    answers, rest, complaints = answers_of(seen, [b"OPTIONS"])
    if not complaints and statuses(answers) != str(expect.status):
        complaints.append(f"answered {statuses(answers)}, {seen.ending}")
    if seen.requests():
        complaints.append(f"the origin got {seen.requests()[0].first!r}")
    return complaints + probe_complaints(seen)


def judge_forwarded(expect, case, seen):
    answers, rest, complaints = answers_of(seen, [one.method for one in expect.requests])
    if not complaints and statuses(answers) != ",".join(["200"] * len(expect.requests)):
        complaints.append(f"answered {statuses(answers)}, {seen.ending}: {bytes(seen.raw[:80])!r}")
    for (message, _), request in zip(answers, expect.requests):
        named = b"" if request.method == b"HEAD" else request.method + b" " + request.target + b"\n"
        if message.first == b"200" and message.body != named:
            complaints.append(f"the answer to {named[:60]!r} is {message.body[:60]!r}")
    if rest:
        complaints.append(f"bytes behind the answers: {rest[:60]!r}")
    complaints += compare_requests(expect.requests, case, seen)
    for text in expect.absent:
        if any(text in link.raw for link in seen.links):
            complaints.append(f"the origin got {text!r}")
    for name in expect.added:
        if any(len(wire.values(one.fields, name)) != 1 for one in seen.requests()):
            complaints.append(f"not exactly one {name.decode()}")
    for name, value in expect.told:
        wanted = [] if value is None else [value]
        found = [wire.values(one.fields, name.lower()) for one in seen.requests()]
        if any(values != wanted for values in found):
            complaints.append(f"{name.decode()} is {found}")
    return complaints + closing(expect.closes, seen)


def closing(closes, seen):
    if closes is None:
        return []
    if closes:
        return [] if seen.ending == "fin" else [f"the connection is not closed in order: {seen.ending}"]
    return probe_complaints(seen)


def probe_complaints(seen):
    """A request behind the case, on the same connection, must be answered as itself."""
    if seen.probe is None:
        return [f"the connection ended: {seen.ending}"] if seen.ending != "open" else []
    raw, ending = seen.probe
    if seen.late:
        return [f"with the probe the origin got {[one.first + b' ' + one.second[:40] for one in seen.late]}"]
    try:
        answers, at = wire.read_answers(raw, [b"GET"], False)
    except wire.Malformed as error:
        return [f"the answer to the probe: {error}"]
    if not answers:
        return [f"the probe got no answer, {ending}: {bytes(raw[:60])!r}"]
    if answers[0][0].body != b"GET /probe\n" or raw[at:]:
        return [f"the probe was answered with {bytes(raw[:120])!r}"]
    return []


def compare_requests(expected, case, seen):
    """Requests one by one, over all connections; of one client they come in order."""
    got = seen.requests()
    if len(got) != len(expected):
        names = [one.first + b" " + one.second[:40] for one in got]
        return [f"the origin got {len(got)} requests, expected {len(expected)}: {names}"]
    return [text for want, one in zip(expected, got) for text in compare_request(want, one, case, seen)]


def compare_request(want, got, case, seen):
    complaints = []
    if (got.first, got.second) != (want.method, want.target):
        complaints.append(f"{want.method + b' ' + want.target!r:.100} became {got.first + b' ' + got.second!r:.100}")
    fields = tuple((name, value.replace(cases.UPSTREAM, seen.upstream)) for name, value in want.fields)
    upgrades = any(name.lower() == b"upgrade" for name, _ in fields)
    left = own_fields(got.fields, upgrades)
    if b"\nhost:" not in case.sent.lower():
        # A Host that the proxy makes may stand anywhere.
        fields, left = by_host(fields), by_host(left)
    if left != fields:
        complaints.append(f"fields {difference(fields, left)}")
    if (got.framing == "chunked") != want.chunked:
        complaints.append(f"framing {got.framing}, chunked expected: {want.chunked}")
    if got.body != want.body:
        complaints.append(f"body {got.body[:60]!r}, expected {want.body[:60]!r}")
    if got.trailers != want.trailers:
        complaints.append(f"trailers {got.trailers!r}, expected {want.trailers!r}")
    return complaints


def by_host(fields):
    return tuple(sorted(fields, key=lambda pair: pair[0].lower() != b"host"))


def own_fields(fields, upgrades=False):
    """Without what the proxy adds, and without its own hop-by-hop fields."""
    left = []
    for name, value in fields:
        lower = name.lower()
        tokens = {token.strip().lower() for token in value.split(b",")}
        if lower in ADDED or lower == b"transfer-encoding" or (lower == b"te" and tokens == {b"trailers"}):
            continue
        if lower == b"connection" and tokens <= HOP_TOKENS and (upgrades or b"upgrade" not in tokens):
            continue
        left.append((name, value))
    return tuple(left)


def difference(want, got):
    """The first pair that differs, so that a line of a report stays short."""
    for index in range(max(len(want), len(got))):
        one = want[index] if index < len(want) else None
        other = got[index] if index < len(got) else None
        if one != other:
            return f"{index}: {other!r:.100}, expected {one!r:.100}"
    return ""


def judge_bad_gateway(expect, case, seen):
    answers, rest, complaints = answers_of(seen, [method_of(case)])
    if not complaints and statuses(answers) != "502":
        complaints.append(f"answered {statuses(answers)}, {seen.ending}: {bytes(seen.raw[:80])!r}")
    if rest:
        complaints.append(f"bytes behind the 502: {rest[:60]!r}")
    if not seen.links_ended:
        complaints.append("the origin's connection stays open")
    return complaints


def method_of(case):
    return case.sent.split(b" ", 1)[0]


def judge_answered(expect, case, seen):
    answers, rest, complaints = answers_of(seen, [method_of(case)])
    if complaints or not answers:
        return complaints or [f"no complete answer, {seen.ending}: {bytes(seen.raw[:120])!r}"]
    message, interim = answers[0]
    if int(message.first) != expect.status:
        complaints.append(f"answered {statuses(answers)}")
    if expect.reason is not None and message.second != expect.reason:
        complaints.append(f"reason {message.second!r}")
    upgrades = message.framing == "tunnel"
    left = own_fields(message.fields, upgrades)
    if not wire.values(expect.fields, b"date"):
        # RFC 9110 6.6.1 lets a gateway date an answer that has no Date.
        left = tuple(pair for pair in left if pair[0].lower() != b"date")
    if left != expect.fields:
        complaints.append(f"fields {difference(expect.fields, left)}")
    if message.framing != expect.framing:
        complaints.append(f"framing {message.framing}, expected {expect.framing}")
    if message.body != expect.body:
        complaints.append(f"body {message.body[:60]!r}, expected {expect.body[:60]!r}")
    if message.trailers != expect.trailers:
        complaints.append(f"trailers {message.trailers!r}, expected {expect.trailers!r}")
    relayed = tuple((int(one.first), own_fields(one.fields)) for one in interim)
    if relayed != expect.interim:
        complaints.append(f"interim {relayed!r}, expected {expect.interim!r}")
    if rest:
        complaints.append(f"bytes behind the answer: {rest[:60]!r}")
    if expect.framing == "close" and seen.ending == "reset":
        complaints.append("a whole body ends with a reset")
    if expect.tunnelled is not None:
        got = b"".join(bytes(link.tunnel) for link in seen.links if link.tunnel is not None)
        if got != expect.tunnelled:
            complaints.append(f"into the tunnel {got!r}, expected {expect.tunnelled!r}")
    if expect.reuse is False and seen.probe_reused:
        complaints.append("the origin's connection was used again")
    return complaints + closing(expect.closes, seen)


def judge_truncated(expect, case, seen):
    answers, _, complaints = answers_of(seen, [method_of(case)])
    if complaints:
        return complaints
    if seen.ending == "timeout" or (not seen.raw and seen.ending != "reset"):
        return [f"the client got {bytes(seen.raw[:60])!r} and {seen.ending}"]
    if seen.ending == "open" and not answers:
        return ["the client's connection stays open"]
    if answers and statuses(answers) == "502":
        return []
    if answers and not (seen.ending == "reset" and answers[0][0].framing == "close"):
        return [f"looks complete: {bytes(seen.raw[:120])!r}, {seen.ending}"]
    return []


JUDGES = {
    cases.Refused: judge_refused,
    cases.Aborted: judge_aborted,
    cases.Local: judge_local,
    cases.Forwarded: judge_forwarded,
    cases.BadGateway: judge_bad_gateway,
    cases.Answered: judge_answered,
    cases.Truncated: judge_truncated,
}
