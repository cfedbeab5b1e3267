"""What a case is, and what may be expected of it.

A case is data: the bytes that the client sends, the bytes that the origin answers with (None: a
canned 200 that names the request), and what must be seen at both ends.
"""

from dataclasses import dataclass

# Standing in an expected field value for the authority of the recording origin.
UPSTREAM = b"<upstream>"


@dataclass(frozen=True)
class Request:
    """A request as the origin must read it; the fields without those that the proxy adds."""

    method: bytes
    target: bytes
    fields: tuple = ()
    body: bytes = b""
    trailers: tuple = ()
    chunked: bool = False


@dataclass(frozen=True)
class Refused:
    """The proxy answers with one of these statuses and closes; the origin sees nothing of it.

    `before` are requests in front of the refused one, which the origin must have seen.
    """

    statuses: tuple
    before: tuple = ()

    def __str__(self):
        return "refused with " + " or ".join(map(str, self.statuses))


@dataclass(frozen=True)
class Aborted:
    """A fault inside a body. The head may have gone on already, the end of the message must not.

    The client gets the status and the end of the connection. The origin gets nothing, or a message
    that stays unfinished until its connection is closed.
    """

    statuses: tuple
    before: tuple = ()

    def __str__(self):
        return "body given up with " + " or ".join(map(str, self.statuses))


@dataclass(frozen=True)
class Local:
    """The proxy answers by itself, and the connection goes on."""

    status: int

    def __str__(self):
        return f"answered by the proxy with {self.status}"


@dataclass(frozen=True)
class Forwarded:
    """The origin sees exactly these requests, and the client gets an answer to each, in order.

    With `closes` the proxy ends the client's connection after the last answer. Without, a probe on
    the same connection must be answered. `absent` are bytes that the origin must not see,
    `added` names of fields that the proxy adds itself and that must be there, once. `told` are names
    and values of such fields, which must be there as one line; a value of None is no line.
    """

    requests: tuple
    closes: bool = False
    absent: tuple = ()
    added: tuple = ()
    told: tuple = ()

    def __str__(self):
        lines = b", ".join(one.method + b" " + one.target[:40] for one in self.requests)
        return "forwarded " + lines.decode("latin-1")


@dataclass(frozen=True)
class BadGateway:
    """The client gets a 502, and the origin's connection is closed."""

    def __str__(self):
        return "502"


@dataclass(frozen=True)
class Answered:
    """The client gets exactly this response, complete.

    `framing` is one of "length", "chunked", "close", "none" or "tunnel". `interim` holds pairs of a
    status and its fields. `closes`: None is not judged. `reuse`: False wants the next request on
    another connection to the origin. `tunnelled` is what the origin must get behind its 101.
    """

    status: int
    fields: tuple = ()
    body: bytes = b""
    trailers: tuple = ()
    framing: str = "length"
    closes: bool | None = False
    interim: tuple = ()
    reason: bytes | None = None
    reuse: bool | None = None
    tunnelled: bytes | None = None

    def __str__(self):
        return f"answered {self.status}, {len(self.body)} bytes, framing {self.framing}"


@dataclass(frozen=True)
class Truncated:
    """The client sees that the body is not whole: no last chunk, fewer bytes, or a reset.

    A 502 is taken too: a proxy that has not sent the head yet can still say it better.
    """

    def __str__(self):
        return "visibly truncated"


@dataclass(frozen=True)
class Either:
    """The RFC allows both. All splits of one case must agree on one of them."""

    choices: tuple

    def __str__(self):
        return " or ".join(map(str, self.choices))


@dataclass(frozen=True)
class Case:
    name: str
    clause: str
    sent: bytes
    expect: object
    answer: bytes | None = None
    then: str = "keep"  # after the answer the origin does: keep, close, reset or tunnel
    note: str = ""
    query: str = ""  # options of the proxy's listener

    @property
    def split(self):
        """The bytes that are cut into pieces: the client's, or the origin's of a response case."""
        return self.sent if self.answer is None else self.answer


HOST = b"Host: example.com\r\n"
HOST_FIELD = (b"Host", b"example.com")
# What would be seen if bytes behind a refused message were parsed: the smuggled request.
SMUGGLED = b"GET /smuggled HTTP/1.1\r\nHost: example.com\r\n\r\n"


def bad(*statuses):
    return Refused(statuses or (400,))


def broken(*statuses):
    return Aborted(statuses or (400,))


def get(target=b"/", *fields, method=b"GET", body=b"", trailers=(), chunked=False, host=True):
    """The expected request: `Host: example.com` in front of the given pairs."""
    pairs = ((HOST_FIELD,) if host else ()) + fields
    return Request(method, target, pairs, body, tuple(trailers), chunked)


def passed(*requests, closes=False, absent=(), added=(), told=()):
    return Forwarded(requests or (get(),), closes, absent, added, told)


def check_unique(cases):
    names = set()
    for case in cases:
        assert case.name not in names, f"two cases are called {case.name}"
        assert case.clause, f"{case.name} has no clause"
        names.add(case.name)
    return tuple(cases)
