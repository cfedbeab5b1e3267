"""Heads of responses: status lines, fields, the two repairs, and what is taken away."""

from cases import HOST, Answered, BadGateway, Case, Either

CASES = []
GET = b"GET / HTTP/1.1\r\n" + HOST + b"\r\n"
EMPTY = (b"Content-Length", b"0")
BAD = BadGateway()


def answer(name, clause, sent, expect, note="", request=GET, then="keep"):
    CASES.append(Case(name, clause, request, expect, sent, then, note))


def status(name, clause, line, expect, note=""):
    answer(f"status-{name}", clause, line + b"\r\nContent-Length: 0\r\n\r\n", expect, note)


def field(name, clause, text, expect, note="", end=b"\r\n"):
    answer(name, clause, b"HTTP/1.1 200 OK\r\n" + text + end + b"Content-Length: 0\r\n\r\n", expect, note)


def taken(*fields, code=200, reason=None):
    return Answered(code, (*fields, EMPTY), reason=reason)


# Status lines
status("200", "RFC 9112 4", b"HTTP/1.1 200 OK", taken(reason=b"OK"))
status("reason-kept", "RFC 9112 4", b"HTTP/1.1 200 Fine and dandy", taken(reason=b"Fine and dandy"))
status("reason-empty", "RFC 9112 4", b"HTTP/1.1 200 ", taken(reason=b""))
status("reason-absent", "RFC 9112 4", b"HTTP/1.1 200", Either((BAD, taken(reason=b""))),
    "the space is required of a server; many leave it out")
status("reason-high-bytes", "RFC 9112 4", b"HTTP/1.1 200 D\xe9j\xe0\tvu", taken(reason=b"D\xe9j\xe0\tvu"))
status("404", "RFC 9110 15.5.5", b"HTTP/1.1 404 Not Found", taken(code=404, reason=b"Not Found"))
status("418", "RFC 9110 15", b"HTTP/1.1 418 I'm a teapot", taken(code=418))
status("503", "RFC 9110 15.6.4", b"HTTP/1.1 503 Busy", taken(code=503, reason=b"Busy"))
status("600", "RFC 9110 15", b"HTTP/1.1 600 Odd", taken(code=600), "outside the classes, and passed")
status("999", "RFC 9110 15", b"HTTP/1.1 999 Odd", taken(code=999), "outside the classes, and passed")
status("minor-2", "RFC 9110 2.5", b"HTTP/1.2 200 OK", taken())
for name, line in [("two-digits", b"HTTP/1.1 20 OK"), ("four-digits", b"HTTP/1.1 2000 OK"),
        ("letter", b"HTTP/1.1 2x0 OK"),
        ("000", b"HTTP/1.1 000 No"), ("099", b"HTTP/1.1 099 No"), ("plus", b"HTTP/1.1 +20 OK"),
        ("minus", b"HTTP/1.1 -20 OK"),
        ("empty", b"HTTP/1.1  OK"), ("hex", b"HTTP/1.1 0xC OK"), ("two-spaces", b"HTTP/1.1  200 OK"),
        ("tab", b"HTTP/1.1\t200 OK"),
        ("leading-space", b" HTTP/1.1 200 OK"), ("no-space-behind", b"HTTP/1.1 200OK"),
        ("version-2", b"HTTP/2.0 200 OK"),
        ("version-0-9", b"HTTP/0.9 200 OK"), ("version-short", b"HTTP/1 200 OK"),
        ("version-two-digits", b"HTTP/1.10 200 OK"),
        ("version-lower-case", b"http/1.1 200 OK"), ("other-protocol", b"ICY 200 OK"),
        ("request-line", b"GET / HTTP/1.1"),
        ("no-version", b"200 OK"), ("garbage", b"\x16\x03\x01\x02\x00"), ("nul-in-reason", b"HTTP/1.1 200 O\0K"),
        ("control-in-reason", b"HTTP/1.1 200 O\x07K"), ("delete-in-reason", b"HTTP/1.1 200 O\x7fK"),
        ("cr-in-reason", b"HTTP/1.1 200 O\rK"),
        ("empty-line-first", b"\r\nHTTP/1.1 200 OK"), ("byte-order-mark", b"\xef\xbb\xbfHTTP/1.1 200 OK")]:
    status(f"bad-{name}", "RFC 9112 4; RFC 9110 15.6.3", line, BAD)

# Line ends
answer("answer-bare-lf-everywhere", "RFC 9112 2.2", b"HTTP/1.1 200 OK\nContent-Length: 0\n\n", BAD)
answer("answer-lf-behind-status", "RFC 9112 2.2", b"HTTP/1.1 200 OK\nContent-Length: 0\r\n\r\n", BAD)
answer("answer-cr-behind-status", "RFC 9112 2.2", b"HTTP/1.1 200 OK\rContent-Length: 0\r\n\r\n", BAD)
answer("answer-lf-at-the-end", "RFC 9112 2.2", b"HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\n", BAD)
field("answer-lf-behind-field", "RFC 9112 2.2", b"A: 1\nB: 2", BAD)
field("answer-cr-in-value", "RFC 9112 2.2", b"A: 1\rB: 2", BAD)
field("answer-cr-cr-lf", "RFC 9112 2.2", b"A: 1\r", BAD)

# Names and values
field("answer-empty-name", "RFC 9112 5", b": 1", BAD)
field("answer-no-colon", "RFC 9112 5", b"A", BAD)
for name, byte in [("nul", b"\0"), ("space", b" "), ("paren", b"("), ("high", b"\xe9"), ("slash", b"/"), ("at", b"@"),
        ("control", b"\x01")]:
    field(f"answer-name-with-{name}", "RFC 9110 5.1, 5.6.2", b"A" + byte + b"B: 1", BAD)
for name, byte in [("nul", b"\0"), ("soh", b"\x01"), ("vertical-tab", b"\x0b"), ("escape", b"\x1b"),
        ("delete", b"\x7f")]:
    field(f"answer-value-with-{name}", "RFC 9110 5.5", b"A: 1" + byte + b"2", BAD)
field("answer-value-high-bytes", "RFC 9110 5.5", b"A: \x80\xe9\xff", taken((b"A", b"\x80\xe9\xff")))
field("answer-value-empty", "RFC 9110 5.5", b"A:", taken((b"A", b"")))
field("answer-value-trimmed", "RFC 9112 5.1", b"A:\t 1 2 \t", taken((b"A", b"1 2")))

# The two repairs
field("answer-space-before-colon", "RFC 9112 5.1", b"A : 1", taken((b"A", b"1")), "removed before the answer goes on")
field("answer-tab-before-colon", "RFC 9112 5.1", b"A \t : 1", taken((b"A", b"1")))
field("answer-fold", "RFC 9112 5.2", b"A: 1\r\n 2", taken((b"A", b"1 2")))
field("answer-fold-tab", "RFC 9112 5.2", b"A: 1\r\n\t2", taken((b"A", b"1 2")))
field("answer-fold-wide", "RFC 9112 5.2", b"A: 1 \t\r\n \t  2", taken((b"A", b"1 2")),
    "white space on both sides belongs to the fold")
field("answer-fold-twice", "RFC 9112 5.2", b"A: 1\r\n 2\r\n 3", taken((b"A", b"1 2 3")))
field("answer-fold-empty-end", "RFC 9112 5.2", b"A: 1\r\n ", taken((b"A", b"1")), "a trailing space is trimmed")
field("answer-fold-of-a-field", "RFC 9112 5.2", b"A: 1\r\n Set-Cookie: a=b", taken((b"A", b"1 Set-Cookie: a=b")))
field("answer-fold-first", "RFC 9112 2.2", b" A: 1", BAD, "there is no field to fold into")
answer("answer-space-before-colon-of-length", "RFC 9112 5.1", b"HTTP/1.1 200 OK\r\nContent-Length : 5\r\n\r\nhello",
    Answered(200, ((b"Content-Length", b"5"),), b"hello"))
answer("answer-space-before-colon-of-coding", "RFC 9112 5.1",
    b"HTTP/1.1 200 OK\r\nTransfer-Encoding : chunked\r\n\r\n5\r\nhello\r\n0\r\n\r\n",
    Answered(200, (), b"hello", framing="chunked"))
answer("answer-fold-in-length", "RFC 9112 5.2, 6.3", b"HTTP/1.1 200 OK\r\nContent-Length: 5\r\n 6\r\n\r\nhello", BAD)
answer("answer-fold-before-length", "RFC 9112 5.2", b"HTTP/1.1 200 OK\r\nContent-Length:\r\n 5\r\n\r\nhello",
    Either((Answered(200, ((b"Content-Length", b"5"),), b"hello"), BAD)))
answer("answer-fold-before-coding", "RFC 9112 5.2",
    b"HTTP/1.1 200 OK\r\nTransfer-Encoding:\r\n chunked\r\n\r\n5\r\nhello\r\n0\r\n\r\n",
    Either((Answered(200, (), b"hello", framing="chunked"), BAD)))

# Untouched
field("answer-spelling-and-order", "RFC 9110 5.3",
    b"b: 1\r\nA: 2\r\nB: 3\r\nsErVer: x\r\nDate: Thu, 01 Jan 1970 00:00:00 GMT",
    taken((b"b", b"1"), (b"A", b"2"), (b"B", b"3"), (b"sErVer", b"x"), (b"Date", b"Thu, 01 Jan 1970 00:00:00 GMT")))
field("answer-cookies-apart", "RFC 6265 3; RFC 9110 5.3", b"Set-Cookie: a=1; Path=/\r\nSet-Cookie: b=2, c",
    taken((b"Set-Cookie", b"a=1; Path=/"), (b"Set-Cookie", b"b=2, c")))
field("answer-proxy-authenticate", "RFC 9110 11.7.1", b"Proxy-Authenticate: Basic",
    taken((b"Proxy-Authenticate", b"Basic")))
field("answer-location-kept", "RFC 9110 10.2.2", b"Location: http://127.0.0.1/x y",
    taken((b"Location", b"http://127.0.0.1/x y")))
FIELDS = [(b"F%d" % index, b"v" * 260) for index in range(149)]
field("answer-150-fields-of-40-kB", "RFC 9110 5.4", b"\r\n".join(name + b": " + value for name, value in FIELDS),
    taken(*FIELDS))
field("answer-300-fields", "RFC 9110 5.4", b"\r\n".join(b"F%d: v" % index for index in range(300)), BAD)
field("answer-head-of-80-kB", "RFC 9110 5.4", b"A: " + b"v" * 81920, BAD)

# Hop-by-hop
HOP = "RFC 9110 7.6.1"
field("answer-hop-named", HOP, b"Connection: X-Hop\r\nX-Hop: 1\r\nA: 1", taken((b"A", b"1")))
field("answer-hop-keep-alive", HOP, b"Keep-Alive: timeout=5\r\nConnection: keep-alive\r\nA: 1", taken((b"A", b"1")))
field("answer-hop-proxy-connection", HOP, b"Proxy-Connection: close\r\nA: 1", taken((b"A", b"1")))
field("answer-hop-upgrade-offer", "RFC 9110 7.8; h2c Smuggling 2020", b"Connection: Upgrade\r\nUpgrade: h2c\r\nA: 1",
    taken((b"A", b"1")))
answer("answer-hop-names-length", HOP,
    b"HTTP/1.1 200 OK\r\nConnection: Content-Length\r\nContent-Length: 5\r\n\r\nhello",
    Answered(200, ((b"Content-Length", b"5"),), b"hello"))
answer("answer-close-is-the-origins", "RFC 9112 9.6",
    b"HTTP/1.1 200 OK\r\nConnection: close\r\nContent-Length: 5\r\n\r\nhello",
    Answered(200, ((b"Content-Length", b"5"),), b"hello", reuse=False), then="close")
