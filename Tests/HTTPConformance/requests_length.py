"""Content-Length and Transfer-Encoding: the one decision where a request's body ends."""

from cases import HOST, SMUGGLED, Case, Either, bad, get, passed

CASES = []
CHUNKS = b"5\r\nhello\r\n0\r\n\r\n"
CHUNKED = get(b"/", method=b"POST", body=b"hello", chunked=True)
LENGTH = (b"Content-Length", b"5")
FIVE = get(b"/", LENGTH, method=b"POST", body=b"hello")


def post(name, clause, fields, body, expect, note="", line=b"POST / HTTP/1.1"):
    CASES.append(Case(name, clause, line + b"\r\n" + HOST + fields + b"\r\n" + body, expect, note=note))


# Content-Length alone
post("length-5", "RFC 9112 6.2", b"Content-Length: 5\r\n", b"hello", passed(FIVE))
post("length-0-post", "RFC 9110 8.6", b"Content-Length: 0\r\n", b"",
    passed(get(b"/", (b"Content-Length", b"0"), method=b"POST")))
post("length-0-get", "RFC 9110 8.6", b"Content-Length: 0\r\n", b"", passed(get(b"/", (b"Content-Length", b"0"))),
    line=b"GET / HTTP/1.1")
post("no-length-post", "RFC 9112 6.3", b"", b"", passed(get(method=b"POST")), "no body, and no framing is added")
post("length-get-with-body", "RFC 9110 9.3.1", b"Content-Length: 5\r\n", b"hello",
    passed(get(b"/", LENGTH, body=b"hello")), line=b"GET / HTTP/1.1")
post("length-trimmed", "RFC 9112 5.1", b"Content-Length: \t5 \r\n", b"hello", passed(FIVE))
post("length-name-in-any-case", "RFC 9110 5.1", b"cOnTeNt-LeNgTh: 5\r\n", b"hello",
    passed(get(b"/", (b"cOnTeNt-LeNgTh", b"5"), method=b"POST", body=b"hello")))
post("length-body-is-a-request", "RFC 9112 6.3", b"Content-Length: %d\r\n" % len(SMUGGLED), SMUGGLED,
    passed(get(b"/", (b"Content-Length", b"%d" % len(SMUGGLED)), method=b"POST", body=SMUGGLED)))
post("length-body-all-bytes", "RFC 9112 6", b"Content-Length: 256\r\n", bytes(range(256)),
    passed(get(b"/", (b"Content-Length", b"256"), method=b"POST", body=bytes(range(256)))))
post("length-leading-zeros", "RFC 9110 8.6", b"Content-Length: 005\r\n", b"hello", Either((
    passed(get(b"/", (b"Content-Length", b"005"), method=b"POST", body=b"hello")), passed(FIVE))),
    "1*DIGIT: valid; may be sent on as it is or made canonical")
for name, value in [("plus", b"+5"), ("minus", b"-1"), ("minus-zero", b"-0"), ("hex", b"0x5"), ("two-numbers", b"5 5"),
        ("list", b"5, 5"), ("list-differing", b"5, 6"), ("list-empty-end", b"5,"), ("empty", b""), ("letters", b"five"),
        ("decimal", b"5.0"), ("exponent", b"5e0"), ("underscore", b"0_5"), ("semicolon", b"5;"), ("quoted", b'"5"'),
        ("full-width-digit", b"\xef\xbc\x95"), ("superscript", b"5\xb2"), ("vertical-tab", b"5\x0b"), ("nul", b"5\0"),
        ("19-digits", b"1" * 19), ("64-bit-wrap", b"18446744073709551621"), ("32-bit-wrap-long", b"0" * 20 + b"5"),
        ("letter-behind", b"5a"), ("cr-inside", b"5\r6"), ("fold", b"5\r\n 6")]:
    post(f"length-{name}", "RFC 9110 8.6; RFC 9112 6.3; GHSA-f3pg-qwvg-p99c" if name != "empty"
        else "RFC 9110 8.6; CVE-2023-40225", b"Content-Length: " + value + b"\r\n", b"hello" + SMUGGLED, bad())
post("length-twice-same", "RFC 9112 6.3; CVE-2022-24790", b"Content-Length: 5\r\nContent-Length: 5\r\n", b"hello",
    bad(),
    "allowed to be merged by the RFC; refused here")
post("length-twice-differing", "RFC 9112 6.3; HTTP Request Smuggling 2005",
    b"Content-Length: 5\r\nContent-Length: 0\r\n", b"hello", bad())
post("length-twice-other-case", "RFC 9112 6.3", b"Content-Length: 5\r\ncontent-length: 6\r\n", b"hello!", bad())
post("length-and-empty-length", "RFC 9112 6.3; CVE-2023-40225", b"Content-Length:\r\nContent-Length: 5\r\n", b"hello",
    bad())
post("length-space-before-colon", "RFC 9112 5.1; CVE-2021-22959", b"Content-Length : 5\r\n", b"hello", bad())
post("length-behind-leading-space", "RFC 9112 5.2; CVE-2024-27982", b"A: 1\r\n Content-Length: 5\r\n", b"hello", bad())
post("length-name-with-nul", "RFC 9110 5.1", b"Content-Length\0: 5\r\n", b"hello", bad())
post("length-get-twice", "RFC 9112 6.3", b"Content-Length: 0\r\nContent-Length: 44\r\n", SMUGGLED, bad(),
    line=b"GET / HTTP/1.1")

# Transfer-Encoding alone
post("chunked", "RFC 9112 7.1", b"Transfer-Encoding: chunked\r\n", CHUNKS, passed(CHUNKED))
post("chunked-upper-case", "RFC 9112 7", b"Transfer-Encoding: CHUNKED\r\n", CHUNKS, passed(CHUNKED))
post("chunked-behind-tab", "RFC 9112 5.1", b"Transfer-Encoding:\tchunked\r\n", CHUNKS, passed(CHUNKED))
post("chunked-trimmed", "RFC 9112 5.1", b"Transfer-Encoding:   chunked \t \r\n", CHUNKS, passed(CHUNKED))
post("chunked-get", "RFC 9110 9.3.1", b"Transfer-Encoding: chunked\r\n", CHUNKS,
    passed(get(b"/", body=b"hello", chunked=True)), line=b"GET / HTTP/1.1")
post("chunked-empty", "RFC 9112 7.1", b"Transfer-Encoding: chunked\r\n", b"0\r\n\r\n",
    passed(get(method=b"POST", chunked=True)))
for name, value in [("unknown", b"xchunked"), ("chunked-and-letter", b"chunkedx"), ("identity", b"identity"),
        ("gzip", b"gzip"), ("gzip-chunked", b"gzip, chunked"), ("cow", b"cow"), ("chunk", b"chunk"),
        ("identity-chunked", b"identity, chunked")]:
    post(f"coding-{name}", "RFC 9112 6.1; CVE-2022-1705", b"Transfer-Encoding: " + value + b"\r\n", CHUNKS + SMUGGLED,
        bad(501))
for name, value in [("chunked-gzip", b"chunked, gzip"), ("chunked-identity", b"chunked, identity"),
        ("quoted", b'"chunked"'), ("parameter", b"chunked;q=1"), ("empty", b""), ("space-inside", b"chun ked"),
        ("two-words", b"chunked chunked"), ("high-letter", b"chun\xe2\x84\xaaed"), ("semicolon", b"chunked;")]:
    post(f"coding-{name}", "RFC 9112 6.1, 6.3; CVE-2022-32213", b"Transfer-Encoding: " + value + b"\r\n",
        CHUNKS + SMUGGLED, bad(400, 501), "malformed, or unknown: both are refusals")
for name, value in [("twice-in-list", b"chunked, chunked"), ("nul", b"chunked\0"), ("vertical-tab", b"\x0bchunked"),
        ("fold", b"\r\n chunked"), ("fold-behind", b"chunked\r\n , identity"), ("cr", b"\rchunked"),
        ("lf", b"\nchunked"), ("delete", b"chunked\x7f")]:
    post(f"coding-{name}", "RFC 9112 6.1, 2.2; CVE-2022-32215", b"Transfer-Encoding: " + value + b"\r\n",
        CHUNKS + SMUGGLED, bad())
for name, value in [("list-empty-end", b"chunked,"), ("list-empty-start", b", chunked")]:
    post(f"coding-{name}", "RFC 9110 5.6.1.2", b"Transfer-Encoding: " + value + b"\r\n", CHUNKS,
        Either((bad(400, 501), passed(CHUNKED))), "empty elements must be read by a list parser; a refusal is safe")
post("coding-twice-same", "RFC 9112 6.1; GHSA-753j-mpmx-qq6g",
    b"Transfer-Encoding: chunked\r\nTransfer-Encoding: chunked\r\n", CHUNKS, bad())
post("coding-twice-identity-last", "RFC 9112 6.1; CVE-2020-8287",
    b"Transfer-Encoding: chunked\r\nTransfer-Encoding: identity\r\n", CHUNKS + SMUGGLED, bad())
post("coding-twice-identity-first", "RFC 9112 6.1; CVE-2020-8287",
    b"Transfer-Encoding: identity\r\nTransfer-Encoding: chunked\r\n", CHUNKS + SMUGGLED, bad())
post("coding-space-before-colon", "RFC 9112 5.1; CVE-2019-16869", b"Transfer-Encoding : chunked\r\n",
    CHUNKS + SMUGGLED, bad())
post("coding-leading-space", "RFC 9112 5.2; HTTP Desync Attacks 2019", b"X: 1\r\n Transfer-Encoding: chunked\r\n",
    CHUNKS + SMUGGLED, bad())
post("coding-in-1-0", "RFC 9112 6.1; CVE-2026-2835", b"Transfer-Encoding: chunked\r\n", CHUNKS + SMUGGLED, bad(),
    line=b"POST / HTTP/1.0")
post("coding-in-1-0-kept", "RFC 9112 6.1; CVE-2026-73256",
    b"Connection: keep-alive\r\nTransfer-Encoding: chunked\r\n", CHUNKS, bad(), line=b"POST / HTTP/1.0")

# Both
BOTH = "RFC 9112 6.3"
post("length-then-coding", f"{BOTH}; CVE-2005-2088", b"Content-Length: 5\r\nTransfer-Encoding: chunked\r\n", CHUNKS,
    bad())
post("coding-then-length", f"{BOTH}; CVE-2019-20445", b"Transfer-Encoding: chunked\r\nContent-Length: 6\r\n",
    b"0\r\n\r\nG" + SMUGGLED, bad())
post("both-agreeing", f"{BOTH}; GHSA-xrr9-rh8p-433v",
    b"Content-Length: %d\r\nTransfer-Encoding: chunked\r\n" % len(CHUNKS), CHUNKS, bad())
post("both-length-0", f"{BOTH}; HTTP/1.1 Must Die 2025", b"Content-Length: 0\r\nTransfer-Encoding: chunked\r\n",
    b"0\r\n\r\n", bad())
post("both-identity", f"{BOTH}; CVE-2019-15605", b"Content-Length: 5\r\nTransfer-Encoding: identity\r\n", b"hello",
    bad(400, 501))
post("both-in-1-0", f"{BOTH}; CVE-2026-2835", b"Content-Length: 5\r\nTransfer-Encoding: chunked\r\n", CHUNKS, bad(),
    line=b"POST / HTTP/1.0")
post("both-connection-names-coding", f"{BOTH}; RFC 9110 7.6.1",
    b"Connection: Transfer-Encoding\r\nContent-Length: 5\r\n"
    b"Transfer-Encoding: chunked\r\n", CHUNKS, bad())
post("body-in-1-0", "RFC 9112 6.3", b"Content-Length: 5\r\n", b"hello", passed(FIVE, closes=True),
    line=b"POST / HTTP/1.0")
