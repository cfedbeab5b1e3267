"""The requests of the differential check: valid ones, many of them odd."""

import hashlib
from dataclasses import dataclass

HOST = (b"Host", b"origin.example:8080")
BODY = b"0123456789abcdef" * 4096


@dataclass(frozen=True)
class Ask:
    """One request. `chunks` are the sizes of its chunks, and then there is no Content-Length."""

    name: str
    method: bytes = b"GET"
    target: bytes = b"/echo"
    fields: tuple = ()
    body: bytes | None = None
    chunks: tuple = ()
    trailers: tuple = ()
    version: bytes = b"1.1"
    host: bool = True
    waits: bool = False  # for 100 Continue
    last: bool = False  # of its connection
    files: bool = False  # of the origins that serve files alone

    def head(self):
        fields = ((HOST,) if self.host else ()) + self.fields
        if self.body is not None and not self.chunks:
            fields += ((b"Content-Length", b"%d" % len(self.body)),)
        if self.chunks:
            fields += ((b"Transfer-Encoding", b"chunked"),)
        lines = [self.method + b" " + self.target + b" HTTP/" + self.version]
        lines += [name + b": " + value for name, value in fields]
        return b"\r\n".join(lines) + b"\r\n\r\n"

    def payload(self):
        if not self.chunks:
            return self.body or b""
        out, at = b"", 0
        for size in self.chunks:
            out += b"%x\r\n" % size + self.body[at:at + size] + b"\r\n"
            at += size
        lines = b"".join(name + b": " + value + b"\r\n" for name, value in self.trailers)
        return out + b"0\r\n" + lines + b"\r\n"

    def digest(self):
        return hashlib.sha256(self.body or b"").hexdigest()

    def joins(self):
        """Whether another request may be sent behind this one before its answer."""
        return not self.last and self.follows()

    def follows(self):
        """Whether it may be sent before the answer to another one."""
        return not self.waits and self.version == b"1.1"


TARGETS = [
    b"/", b"//a/../b?x=[1]{}|^\\`", b"/a//b///", b"/%2e%2e/%2E/x", b"/a%00b", b"/%zz", b"/a;b=c;d/e",
    b"/?", b"/??a=b&&=&c", b"/'()*,;:@&=+$!~", b"/caf%C3%A9", b'/"<>', b"/a?" + b"q" * 8000,
    b"/../../etc", b"/./.", b"//", b"/http://other.example/", b"/a:b@c:80",
]
METHODS = [b"GET", b"POST", b"PUT", b"DELETE", b"PATCH", b"OPTIONS", b"PROPFIND", b"REPORT", b"M-SEARCH", b"PURGE"]


def field(name, *pairs, **more):
    return Ask(f"field-{name}", fields=pairs, **more)


def want(what, **more):
    return Ask(f"want-{what}", fields=((b"X-Want", what.encode()),), **more)


def many(count, size):
    return tuple((b"X-%d" % index, b"v" * size) for index in range(count))


FIELDS = [
    field("twice", (b"X-A", b"1"), (b"X-B", b"2"), (b"X-A", b"3"), (b"x-a", b"1")),
    field("empty", (b"X-Empty", b""), (b"X-A", b"")),
    field("spelling", (b"x-lOwEr", b"1"), (b"ACCEPT", b"*/*"), (b"accept-Encoding", b"identity")),
    field("inner-space", (b"X-A", b"a  b\tc")),
    field("obs-text", (b"X-A", b"caf\xe9 \xff\x80")),
    field("quoted", (b"X-A", b'"a, b"; c="\\"d\\""')),
    field("tokens", (b"X!#$%&'*+-.^_`|~9", b"1")),
    field("cookies", (b"Cookie", b"a=1; b=2"), (b"Cookie", b"c=3")),
    field("long-40k", (b"X-Long", b"l" * 40_000)),
    field("many-150", *many(150, 20)),
    field("many-long", *many(60, 700)),
    field("connection-names", (b"Connection", b"keep-alive, X-Hop"), (b"X-Hop", b"1"), (b"X-Stays", b"2")),
    field("te", (b"TE", b"trailers"), (b"Connection", b"TE")),
    field("te-qualities", (b"TE", b"trailers, deflate;q=0.5"), (b"Connection", b"te, close"), last=True),
    field("close", (b"Connection", b"close"), last=True),
    field("auth", (b"Authorization", b"Basic YTpi"), (b"Proxy-Authorization", b"Basic YTpi")),
    field("range", (b"Range", b"bytes=0-10"), (b"If-Range", b'"a"')),
    field("max-forwards", (b"Max-Forwards", b"5"), method=b"OPTIONS"),
    field("no-cache", (b"Cache-Control", b"no-cache"), (b"Pragma", b"no-cache")),
    field("via", (b"Via", b"1.0 someone")),
]

BODIES = [
    Ask("length-0", b"POST", body=b""),
    Ask("length-1", b"POST", body=b"x"),
    Ask("length-64k", b"PUT", body=BODY),
    Ask("length-of-get", b"GET", body=b"a body"),
    Ask("length-of-delete", b"DELETE", body=b"a body"),
    Ask("chunked-none", b"POST", body=b"", chunks=()),
    Ask("chunked-one", b"POST", body=b"hello", chunks=(5,)),
    Ask("chunked-bytes", b"POST", body=b"y" * 40, chunks=(1,) * 40),
    Ask("chunked-mixed", b"PUT", body=BODY, chunks=(1, 16383, 16384, 7, 32761)),
    Ask("chunked-of-get", b"GET", body=b"a body", chunks=(6,)),
    Ask("trailer", b"POST", body=b"hello", chunks=(2, 3), trailers=((b"X-Sum", b"5"),)),
    Ask("trailers", b"POST", fields=((b"Trailer", b"X-Sum, X-A"),), body=b"hello", chunks=(5,),
        trailers=((b"X-Sum", b"5"), (b"X-A", b""), (b"X-A", b"2"))),
    Ask("crlf-in-body", b"POST", body=b"GET / HTTP/1.1\r\nHost: a\r\n\r\n"),
    Ask("continue-length", b"POST", fields=((b"Expect", b"100-continue"),), body=b"hello" * 100, waits=True),
    Ask("continue-chunked", b"PUT", fields=((b"Expect", b"100-continue"),), body=b"hello" * 100,
        chunks=(200, 300), waits=True),
]

VERSIONS = [
    Ask("1.0", version=b"1.0", last=True),
    Ask("1.0-no-host", version=b"1.0", host=False, last=True),
    Ask("1.0-keep-alive", version=b"1.0", fields=((b"Connection", b"keep-alive"),)),
    Ask("1.0-post", b"POST", version=b"1.0", body=b"hello", last=True),
    Ask("1.0-post-keep-alive", b"POST", version=b"1.0", fields=((b"Connection", b"Keep-Alive"),), body=b"hello"),
    Ask("1.0-head", b"HEAD", version=b"1.0", last=True),
    Ask("1.0-want-chunked", version=b"1.0", fields=((b"X-Want", b"chunked"),), last=True),
]

TRAILERS = Ask("want-trailers-te", b"POST", fields=((b"X-Want", b"trailers"), (b"TE", b"trailers"),
    (b"Connection", b"TE")), body=b"hello")
SHAPES = [
    want("204"), want("304"), want("304", method=b"POST"), want("chunked"), want("trailers"), TRAILERS,
    want("close", last=True), want("early"), Ask("head", b"HEAD"),
    Ask("head-chunked", b"HEAD", fields=((b"X-Want", b"chunked"),)), Ask("options-star", b"OPTIONS", b"*"),
]


def file(name, target, *fields, method=b"GET", **more):
    return Ask(f"file-{name}", method, b"/files/" + target, fields, files=True, **more)


FILES = [
    file("small", b"small.txt"), file("empty", b"empty.txt"), file("large", b"large.bin"),
    file("absent", b"absent.txt"), file("folder", b"folder"), file("head", b"large.bin", method=b"HEAD"),
    file("range", b"large.bin", (b"Range", b"bytes=100000-100099")),
    file("range-end", b"large.bin", (b"Range", b"bytes=-5")),
    file("range-bad", b"large.bin", (b"Range", b"bytes=999999-")),
    file("not-modified", b"small.txt", (b"If-Modified-Since", b"Tue, 14 Nov 2023 22:13:20 GMT")),
    # nginx ends the connection behind it, with a reset if there is another request.
    file("failed", b"small.txt", (b"If-Match", b'"other"'), last=True),
    file("gzip", b"page.html", (b"Accept-Encoding", b"gzip")),
    file("options", b"small.txt", method=b"OPTIONS"),
    file("post", b"small.txt", method=b"POST"),
    file("dots", b"../files/./small.txt"), file("escaped", b"s%6Dall.txt"), file("slashes", b"//small.txt"),
    Ask("nginx-none", target=b"/none", files=True), Ask("nginx-twice", target=b"/twice", files=True),
    Ask("nginx-moved", target=b"/moved", files=True),
]

PLAIN = [Ask(f"target-{index}", target=target) for index, target in enumerate(TARGETS)]
PLAIN += [Ask(f"method-{method.decode()}", method) for method in METHODS]
ASKS = PLAIN + FIELDS + BODIES + VERSIONS + SHAPES + FILES
assert len({(ask.name, ask.method) for ask in ASKS}) == len(ASKS)
