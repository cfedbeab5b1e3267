"""Field lines: names, colons, values, line ends, and what must arrive untouched."""

from cases import HOST, SMUGGLED, Case, bad, get, passed

CASES = []


def field(name, clause, text, expect, note="", end=b"\r\n"):
    """A GET with these bytes behind its Host."""
    CASES.append(Case(name, clause, b"GET / HTTP/1.1\r\n" + HOST + text + end + b"\r\n", expect, note=note))


def raw(name, clause, sent, expect, note=""):
    CASES.append(Case(name, clause, sent, expect, note=note))


# Line ends
raw("bare-lf-everywhere", "RFC 9112 2.2; CVE-2022-32214", b"GET / HTTP/1.1\nHost: example.com\n\n", bad())
raw("bare-lf-behind-request-line", "RFC 9112 2.2", b"GET / HTTP/1.1\nHost: example.com\r\n\r\n", bad())
raw("bare-cr-everywhere", "RFC 9112 2.2", b"GET / HTTP/1.1\rHost: example.com\r\r", bad())
raw("bare-cr-behind-request-line", "RFC 9112 2.2", b"GET / HTTP/1.1\rHost: example.com\r\n\r\n", bad())
field("bare-lf-behind-field", "RFC 9112 2.2; GHSA-q5vx-44v4-gch4", b"A: 1\nB: 2", bad())
field("bare-lf-at-the-end", "RFC 9112 2.2", b"A: 1\r\n\n" + SMUGGLED, bad(), end=b"")
field("bare-lf-twice", "RFC 9112 2.2", b"A: 1\n\n" + SMUGGLED, bad(), end=b"")
field("cr-cr-lf", "RFC 9112 2.2", b"A: 1\r", bad())
field("lf-cr", "RFC 9112 2.2", b"A: 1\n\r", bad())
field("bare-cr-in-value", "RFC 9112 2.2; GHSA-gfw2-4jvh-wgfg", b"A: 1\r2", bad())
field("bare-cr-hides-field", "RFC 9112 2.2; T-Reqs 2021", b"A: 1\rTransfer-Encoding: chunked", bad())
field("lf-hides-field", "RFC 9112 2.2; T-Reqs 2021", b"A: 1\nTransfer-Encoding: chunked", bad())
field("bare-cr-in-name", "RFC 9112 2.2", b"A\rB: 1", bad())
field("bare-cr-before-end", "RFC 9112 2.2", b"A: 1\r\n\rX: 2", bad())
field("lf-first-in-value", "RFC 9112 2.2", b"A:\n1", bad())

# Folded lines
field("obs-fold-space", "RFC 9112 5.2", b"A: 1\r\n 2", bad())
field("obs-fold-tab", "RFC 9112 5.2", b"A: 1\r\n\t2", bad())
field("obs-fold-empty", "RFC 9112 5.2", b"A: 1\r\n ", bad())
field("obs-fold-of-host", "RFC 9112 5.2", b"A: 1\r\n Host: other.example", bad())
raw("white-space-behind-request-line", "RFC 9112 2.2", b"GET / HTTP/1.1\r\n Host: example.com\r\n\r\n", bad())
raw("tab-behind-request-line", "RFC 9112 2.2", b"GET / HTTP/1.1\r\n\tX: 1\r\n" + HOST + b"\r\n", bad())
raw("space-line-behind-request-line", "RFC 9112 2.2", b"GET / HTTP/1.1\r\n \r\n" + HOST + b"\r\n", bad())

# Names and colons
field("space-before-colon", "RFC 9112 5.1; CVE-2021-22959", b"A : 1", bad())
field("tab-before-colon", "RFC 9112 5.1; CVE-2019-16869", b"A\t: 1", bad())
field("space-before-colon-of-host", "RFC 9112 5.1", b"Host : other.example", bad())
field("space-in-name", "RFC 9112 5", b"A B: 1", bad())
field("empty-name", "RFC 9112 5; CVE-2023-25725", b": 1", bad())
field("empty-name-alone", "RFC 9112 5; CVE-2023-25725", b":", bad())
field("no-colon", "RFC 9112 5; CVE-2019-20444", b"A", bad())
field("no-colon-with-space", "RFC 9112 5", b"GET /smuggled HTTP/1.1", bad())
for name, byte in [("nul", b"\0"), ("control", b"\x01"), ("vertical-tab", b"\x0b"), ("delete", b"\x7f"),
        ("high", b"\xe9"), ("no-break-space", b"\xa0"), ("paren", b"("), ("slash", b"/"), ("at", b"@"),
        ("bracket", b"["), ("brace", b"{"), ("quote", b'"'), ("semicolon", b";"), ("equals", b"="), ("comma", b","),
        ("backslash", b"\\"), ("less", b"<"), ("question", b"?")]:
    field(f"name-with-{name}", "RFC 9110 5.1, 5.6.2; CVE-2016-2086", b"A" + byte + b"B: 1", bad())
field("name-first-byte-high", "RFC 9110 5.6.2", b"\xef\xbb\xbfA: 1", bad())
field("name-of-token-bytes", "RFC 9110 5.6.2", b"!#$%&'*+-.^_`|~09aZ: 1",
    passed(get(b"/", (b"!#$%&'*+-.^_`|~09aZ", b"1"))))

# Values
for name, byte in [("nul", b"\0"), ("soh", b"\x01"), ("backspace", b"\x08"), ("vertical-tab", b"\x0b"),
        ("form-feed", b"\x0c"), ("escape", b"\x1b"), ("unit-separator", b"\x1f"), ("delete", b"\x7f")]:
    field(f"value-with-{name}", "RFC 9110 5.5; GHSA-gfw2-4jvh-wgfg", b"A: 1" + byte + b"2", bad())
field("value-ends-with-nul", "RFC 9110 5.5", b"A: 1\0", bad())
field("value-is-a-control", "RFC 9110 5.5", b"A: \x02", bad())
field("value-high-bytes", "RFC 9110 5.5", b"A: \x80\xa0\xe9\xff", passed(get(b"/", (b"A", b"\x80\xa0\xe9\xff"))))
field("value-utf-8", "RFC 9110 5.5; CVE-2025-69224", "A: žluť".encode(), passed(get(b"/", (b"A", "žluť".encode()))))
field("value-tab-inside", "RFC 9110 5.5", b"A: 1\t2", passed(get(b"/", (b"A", b"1\t2"))))
field("value-spaces-inside", "RFC 9110 5.5", b"A: 1   2", passed(get(b"/", (b"A", b"1   2"))))
field("value-trimmed", "RFC 9112 5.1", b"A: \t 1 \t ", passed(get(b"/", (b"A", b"1"))))
field("value-without-space", "RFC 9112 5", b"A:1", passed(get(b"/", (b"A", b"1"))))
field("value-empty", "RFC 9110 5.5", b"A:", passed(get(b"/", (b"A", b""))))
field("value-of-white-space", "RFC 9110 5.5", b"A: \t ", passed(get(b"/", (b"A", b""))))
field("value-with-colons", "RFC 9110 5.5", b"A: b:c: d", passed(get(b"/", (b"A", b"b:c: d"))))
field("value-with-quotes", "RFC 9110 5.6.4", b'A: "x, \\"y"', passed(get(b"/", (b"A", b'"x, \\"y"'))))

# Order, spelling, repetition
field("spelling-is-kept", "RFC 9110 5.1", b"x-LOWER-Upper: 1\r\nACCEPT: */*",
    passed(get(b"/", (b"x-LOWER-Upper", b"1"), (b"ACCEPT", b"*/*"))))
field("order-is-kept", "RFC 9110 5.3", b"B: 1\r\nA: 2\r\nB: 3\r\na: 4\r\nB:",
    passed(get(b"/", (b"B", b"1"), (b"A", b"2"), (b"B", b"3"), (b"a", b"4"), (b"B", b""))))
field("cookies-are-not-joined", "RFC 6265 5.4; RFC 9110 5.3", b"Cookie: a=1\r\nCookie: b=2",
    passed(get(b"/", (b"Cookie", b"a=1"), (b"Cookie", b"b=2"))))
field("underscore-name", "RFC 9110 5.6.2", b"Content_Length: 5\r\nTransfer_Encoding: chunked",
    passed(get(b"/", (b"Content_Length", b"5"), (b"Transfer_Encoding", b"chunked"))), "not framing; passed as it is")
field("names-like-framing", "RFC 9110 5.1", b"Content-Lengt: 5\r\nXTransfer-Encoding: chunked\r\nContent-Length2: 9",
    passed(get(b"/", (b"Content-Lengt", b"5"), (b"XTransfer-Encoding", b"chunked"), (b"Content-Length2", b"9"))))
raw("host-last", "RFC 9110 7.2", b"GET / HTTP/1.1\r\nA: 1\r\n" + HOST + b"\r\n",
    passed(get(b"/", (b"A", b"1"), (b"Host", b"example.com"), host=False)))
field("end-to-end-fields", "RFC 9110 7.6.1",
    b"Authorization: Basic eA==\r\nProxy-Authorization: Basic eQ==\r\nRange: bytes=0-1\r\nIf-None-Match: \"x\"",
    passed(get(b"/", (b"Authorization", b"Basic eA=="), (b"Proxy-Authorization", b"Basic eQ=="),
        (b"Range", b"bytes=0-1"), (b"If-None-Match", b'"x"'))))

# Limits
MANY = [(b"F%d" % index, b"v") for index in range(199)]


def lines(pairs):
    return b"\r\n".join(name + b": " + value for name, value in pairs)


field("fields-200", "RFC 9110 5.4", lines(MANY), passed(get(b"/", *MANY)))
field("fields-201", "RFC 6585 5", lines(MANY + [(b"One", b"more")]), bad(431))
BIG = [(b"F%d" % index, b"v" * 260) for index in range(149)]
field("fields-150-of-40-kB", "RFC 9110 5.4; HAProxy tune.http.maxhdr", lines(BIG), passed(get(b"/", *BIG)))
field("value-of-32-KiB", "RFC 9110 5.4", b"A: " + b"v" * 32768, passed(get(b"/", (b"A", b"v" * 32768))))
field("value-of-70-KiB", "RFC 6585 5", b"A: " + b"v" * 71680, bad(431))
field("name-of-70-KiB", "RFC 6585 5; CVE-2021-40346", b"A" * 71680 + b": 1", bad(431, 400))
field("name-of-270-bytes", "RFC 9110 5.4; CVE-2021-40346", b"Content-Length0" + b"a" * 255 + b": 1",
    passed(get(b"/", (b"Content-Length0" + b"a" * 255, b"1"))), "a length of 270 must not wrap at 256")
field("head-over-64-KiB", "RFC 6585 5", lines([(b"F%d" % index, b"v" * 400) for index in range(180)]), bad(431))
LONG = b"/" + b"p" * 15000
raw("target-of-15-kB", "RFC 9112 3", b"GET " + LONG + b" HTTP/1.1\r\n" + HOST + b"\r\n", passed(get(LONG)))
raw("target-of-17-kB", "RFC 9110 15.5.15", b"GET /" + b"p" * 17000 + b" HTTP/1.1\r\n" + HOST + b"\r\n", bad(414))
raw("target-of-70-kB", "RFC 9110 15.5.15", b"GET /" + b"p" * 70000 + b" HTTP/1.1\r\n" + HOST + b"\r\n", bad(414))
raw("method-of-20-kB", "RFC 9112 3", b"M" * 20000 + b" / HTTP/1.1\r\n" + HOST + b"\r\n", bad(400, 414, 501))
