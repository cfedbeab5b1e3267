"""Bodies of responses: framing, what must be refused, and what must be seen to be truncated."""

from cases import HOST, Answered, BadGateway, Case, Either, Truncated

CASES = []
GET = b"GET / HTTP/1.1\r\n" + HOST + b"\r\n"
GET_TRAILERS = b"GET / HTTP/1.1\r\n" + HOST + b"TE: trailers\r\nConnection: TE\r\n\r\n"
GET_1_0 = b"GET / HTTP/1.0\r\n" + HOST + b"\r\n"
GET_1_0_KEPT = b"GET / HTTP/1.0\r\n" + HOST + b"Connection: keep-alive\r\n\r\n"
HEAD = b"HEAD / HTTP/1.1\r\n" + HOST + b"\r\n"
OK = b"HTTP/1.1 200 OK\r\n"
CHUNKED = b"Transfer-Encoding: chunked\r\n"
BODY = b"5\r\nhello\r\n0\r\n\r\n"
FIVE = (b"Content-Length", b"5")
BAD = BadGateway()


def answer(name, clause, sent, expect, request=GET, then="keep", note=""):
    CASES.append(Case(f"body-{name}", clause, request, expect, sent, then, note))


def full(framing="length", **more):
    return Answered(200, (FIVE,) if framing == "length" else (), b"hello", framing=framing, **more)


# Whole bodies
answer("length", "RFC 9112 6.2", OK + b"Content-Length: 5\r\n\r\nhello", full())
answer("length-0", "RFC 9112 6.2", OK + b"Content-Length: 0\r\n\r\n", Answered(200, ((b"Content-Length", b"0"),)))
answer("length-all-bytes", "RFC 9112 6", OK + b"Content-Length: 256\r\n\r\n" + bytes(range(256)),
    Answered(200, ((b"Content-Length", b"256"),), bytes(range(256))))
answer("length-kept-1-0", "RFC 9112 9.3", OK + b"Content-Length: 5\r\n\r\nhello", full(), GET_1_0_KEPT)
answer("length-1-0", "RFC 9112 9.3", OK + b"Content-Length: 5\r\n\r\nhello", full(closes=True), GET_1_0)
answer("chunked", "RFC 9112 7.1", OK + CHUNKED + b"\r\n" + BODY, full("chunked"))
answer("chunked-two", "RFC 9112 7.1", OK + CHUNKED + b"\r\n2\r\nhe\r\n003\r\nllo\r\n00\r\n\r\n", full("chunked"))
answer("chunked-extension", "RFC 9112 7.1.1", OK + CHUNKED + b'\r\n5;a="b;c"\r\nhello\r\n0;d\r\n\r\n',
    full("chunked"), note="not sent on")
answer("chunked-1-0", "RFC 9112 7.1", OK + CHUNKED + b"\r\n" + BODY, full("close", closes=True), GET_1_0)
answer("chunked-kept-1-0", "RFC 9112 9.3", OK + CHUNKED + b"\r\n" + BODY, full("close", closes=True), GET_1_0_KEPT)
answer("chunked-looks-like-answer", "RFC 9112 7.1", OK + CHUNKED + b"\r\n13\r\nHTTP/1.1 500 No\r\n\r\n\r\n0\r\n\r\n",
    Answered(200, (), b"HTTP/1.1 500 No\r\n\r\n", framing="chunked"))
answer("until-close", "RFC 9112 6.3", OK + b"\r\nhello", full("chunked"), then="close")
answer("until-close-empty", "RFC 9112 6.3", OK + b"\r\n", Answered(200, (), b"", framing="chunked"), then="close")
answer("until-close-1-0", "RFC 9112 6.3", OK + b"\r\nhello", full("close", closes=True), GET_1_0, "close")
answer("until-close-kept-1-0", "RFC 9112 9.3", OK + b"\r\nhello", full("close", closes=True), GET_1_0_KEPT, "close")
answer("until-close-of-1-0", "RFC 9112 6.3", b"HTTP/1.0 200 OK\r\n\r\nhello", full("chunked"), then="close")
answer("length-of-1-0", "RFC 9112 9.3", b"HTTP/1.0 200 OK\r\nContent-Length: 5\r\n\r\nhello", full(reuse=False),
    then="close")
answer("length-of-1-0-kept", "RFC 9112 9.3",
    b"HTTP/1.0 200 OK\r\nConnection: keep-alive\r\nContent-Length: 5\r\n\r\nhello", full())
answer("of-404", "RFC 9112 6.3", b"HTTP/1.1 404 No\r\nContent-Length: 5\r\n\r\nhello", Answered(404, (FIVE,), b"hello"))

# No body
answer("head-length", "RFC 9110 9.3.2", OK + b"Content-Length: 5\r\n\r\n", Answered(200, (FIVE,), framing="none"), HEAD)
answer("head-no-length", "RFC 9110 9.3.2", OK + b"A: 1\r\n\r\n", Answered(200, ((b"A", b"1"),), framing="none"), HEAD,
    note="none is invented")
answer("head-chunked", "RFC 9110 9.3.2", OK + CHUNKED + b"\r\n", Answered(200, (), framing="none"), HEAD)
answer("head-with-body", "RFC 9112 6.3; Response Queue Poisoning 2021", OK + b"Content-Length: 5\r\n\r\nhello",
    Answered(200, (FIVE,), framing="none", reuse=False), HEAD)
for code in (204, 304):
    line = b"HTTP/1.1 %d X\r\n" % code
    answer(f"{code}", f"RFC 9110 15.{'3.5' if code == 204 else '4.5'}", line + b"A: 1\r\n\r\n",
        Answered(code, ((b"A", b"1"),), framing="none"))
    answer(f"{code}-length", "RFC 9112 6.3", line + b"Content-Length: 5\r\n\r\n",
        Answered(code, (FIVE,), framing="none"))
    answer(f"{code}-chunked", "RFC 9112 6.3", line + CHUNKED + b"\r\n", Answered(code, (), framing="none"))
    answer(f"{code}-with-body", "RFC 9112 6.3", line + b"Content-Length: 5\r\n\r\nhello",
        Answered(code, (FIVE,), framing="none", reuse=False))
answer("205-empty", "RFC 9110 15.3.6", b"HTTP/1.1 205 X\r\nContent-Length: 0\r\n\r\n",
    Answered(205, ((b"Content-Length", b"0"),)))

# Bad framing
for name, value in [("plus", b"+5"), ("minus", b"-5"), ("hex", b"0x5"), ("list", b"5, 5"), ("two-numbers", b"5 5"),
        ("empty", b""),
        ("letters", b"five"), ("decimal", b"5.0"), ("19-digits", b"1" * 19), ("64-bit-wrap", b"18446744073709551621"),
        ("semicolon", b"5;"),
        ("quoted", b'"5"'), ("underscore", b"0_5"), ("differing-list", b"5, 6"), ("full-width", b"\xef\xbc\x95")]:
    answer(f"bad-length-{name}", "RFC 9110 8.6; RFC 9112 6.3", OK + b"Content-Length: " + value + b"\r\n\r\nhello", BAD)
answer("bad-length-twice-same", "RFC 9112 6.3", OK + b"Content-Length: 5\r\nContent-Length: 5\r\n\r\nhello", BAD)
answer("bad-length-twice", "RFC 9112 6.3", OK + b"Content-Length: 5\r\nContent-Length: 6\r\n\r\nhello", BAD)
answer("bad-length-twice-spaced", "RFC 9112 6.3, 5.1", OK + b"Content-Length : 5\r\nContent-Length: 6\r\n\r\nhello",
    BAD)
answer("bad-length-twice-head", "RFC 9112 6.3", OK + b"Content-Length: 5\r\nContent-Length: 6\r\n\r\n", BAD, HEAD)
answer("bad-both", "RFC 9112 6.3", OK + b"Content-Length: 5\r\n" + CHUNKED + b"\r\n" + BODY, BAD)
answer("bad-both-turned", "RFC 9112 6.3", OK + CHUNKED + b"Content-Length: 5\r\n\r\n" + BODY, BAD)
answer("bad-coding-in-1-0", "RFC 9112 6.1; CVE-2022-1705", b"HTTP/1.0 200 OK\r\n" + CHUNKED + b"\r\n" + BODY, BAD)
for name, value in [("gzip", b"gzip"), ("gzip-chunked", b"gzip, chunked"), ("identity", b"identity"),
        ("twice-in-list", b"chunked, chunked"),
        ("not-last", b"chunked, gzip"), ("unknown", b"xchunked"), ("empty", b""), ("quoted", b'"chunked"'),
        ("parameter", b"chunked;a=b"),
        ("vertical-tab", b"\x0bchunked")]:
    answer(f"bad-coding-{name}", "RFC 9112 6.1, 6.3; CVE-2022-1705",
        OK + b"Transfer-Encoding: " + value + b"\r\n\r\n" + BODY, BAD)
answer("bad-coding-twice", "RFC 9112 6.1", OK + CHUNKED + CHUNKED + b"\r\n" + BODY, BAD)

# Ends too early
answer("nothing-closed", "RFC 9110 15.6.3", b"\r\n", BAD, then="close", note="an empty line and the end")
for name, sent in [("in-status-line", b"HTTP/1.1 2"), ("behind-status-line", OK), ("in-field", OK + b"Content-Len"),
        ("before-last-lf", OK + b"Content-Length: 5\r\n\r")]:
    answer(f"closed-{name}", "RFC 9112 8", sent, BAD, then="close")
answer("reset-in-head", "RFC 9112 8", OK + b"A", BAD, then="reset")
LENGTH = OK + b"Content-Length: 10\r\n\r\nhello"
answer("closed-in-length", "RFC 9112 8", LENGTH, Truncated(), then="close")
answer("reset-in-length", "RFC 9112 8", LENGTH, Truncated(), then="reset")
answer("closed-before-length", "RFC 9112 8", OK + b"Content-Length: 10\r\n\r\n", Truncated(), then="close")
answer("closed-in-length-1-0", "RFC 9112 8", LENGTH, Truncated(), GET_1_0, "close")
for name, sent in [("size", b"5"), ("size-cr", b"5\r"), ("data", b"5\r\nhel"), ("data-end", b"5\r\nhello"),
        ("next-size", b"5\r\nhello\r\n"),
        ("last-chunk", b"5\r\nhello\r\n0"), ("trailers", b"5\r\nhello\r\n0\r\n"),
        ("trailer-line", b"5\r\nhello\r\n0\r\nA: 1"),
        ("last-line", b"5\r\nhello\r\n0\r\n\r")]:
    answer(f"closed-in-chunk-{name}", "RFC 9112 8", OK + CHUNKED + b"\r\n" + sent, Truncated(), then="close")
answer("closed-in-chunk-1-0", "RFC 9112 8", OK + CHUNKED + b"\r\n5\r\nhello\r\n", Truncated(), GET_1_0, "close",
    "without framing for the client a reset is the only sign")
answer("reset-until-close", "RFC 9112 8", OK + b"\r\nhello", Truncated(), then="reset")
answer("reset-until-close-1-0", "RFC 9112 8", OK + b"\r\nhello", Truncated(), GET_1_0, "reset")

# Bad chunks
for name, sent in [("size", b"x\r\nhello\r\n0\r\n\r\n"), ("size-empty", b"\r\nhello\r\n0\r\n\r\n"),
        ("size-0x", b"0x5\r\nhello\r\n0\r\n\r\n"),
        ("size-plus", b"+5\r\nhello\r\n0\r\n\r\n"), ("size-space", b" 5\r\nhello\r\n0\r\n\r\n"),
        ("size-wrap", b"10000000000000005\r\nhello\r\n0\r\n\r\n"),
        ("size-space-behind", b"5 \r\nhello\r\n0\r\n\r\n"), ("size-lf", b"5\nhello\r\n0\r\n\r\n"),
        ("size-cr", b"5\rhello\r\n0\r\n\r\n"),
        ("data-lf", b"5\r\nhello\n0\r\n\r\n"), ("data-other", b"5\r\nhelloXX0\r\n\r\n"),
        ("data-long", b"5\r\nhelloX\r\n0\r\n\r\n"),
        ("last-lf", b"5\r\nhello\r\n0\n\r\n"), ("end-lf", b"5\r\nhello\r\n0\r\n\n"),
        ("end-other", b"5\r\nhello\r\n0\r\nXX\r\n\r\n"),
        ("extension-lf", b"5;a\n\r\nhello\r\n0\r\n\r\n"), ("extension-nul", b"5;\0\r\nhello\r\n0\r\n\r\n"),
        ("trailer-nul", b"5\r\nhello\r\n0\r\nA: \0\r\n\r\n"), ("trailer-no-colon", b"5\r\nhello\r\n0\r\nA\r\n\r\n")]:
    answer(f"bad-chunk-{name}", "RFC 9112 7.1, 8", OK + CHUNKED + b"\r\n" + sent, Truncated())

# Bytes behind
for name, behind in [("letters", b"GARBAGE"), ("line-end", b"\r\n"),
        ("answer", b"HTTP/1.1 200 OK\r\nContent-Length: 4\r\n\r\nevil"), ("one", b"\0")]:
    answer(f"extra-{name}", "RFC 9112 9.2; Response Queue Poisoning 2021",
        OK + b"Content-Length: 5\r\n\r\nhello" + behind, full(reuse=False))
answer("extra-chunked", "RFC 9112 9.2", OK + CHUNKED + b"\r\n" + BODY
    + b"HTTP/1.1 200 OK\r\nContent-Length: 4\r\n\r\nevil", full("chunked", reuse=False))
answer("extra-chunk-behind-last", "RFC 9112 7.1", OK + CHUNKED + b"\r\n" + BODY + b"5\r\nworld\r\n0\r\n\r\n",
    full("chunked", reuse=False))

# Trailers
TRAILED = OK + CHUNKED + b"\r\n5\r\nhello\r\n0\r\nX-Sum: 1\r\n"
answer("trailers-asked", "RFC 9110 6.5.1, 10.1.4", TRAILED + b"y: 2\r\n\r\n",
    full("chunked", trailers=((b"X-Sum", b"1"), (b"y", b"2"))), GET_TRAILERS)
answer("trailers-not-asked", "RFC 9110 6.5.1", TRAILED + b"\r\n", full("chunked"), note="dropped, and not merged")
answer("trailers-1-0", "RFC 9110 6.5.1", TRAILED + b"\r\n", full("close", closes=True), GET_1_0)
answer("trailers-announced", "RFC 9110 6.6.2", OK + b"Trailer: X-Sum\r\n" + CHUNKED
    + b"\r\n5\r\nhello\r\n0\r\nX-Sum: 1\r\n\r\n",
    Answered(200, ((b"Trailer", b"X-Sum"),), b"hello", ((b"X-Sum", b"1"),), "chunked"), GET_TRAILERS)
for name in (b"Content-Length: 0", b"Transfer-Encoding: chunked", b"Connection: close", b"Trailer: a", b"Host: a"):
    answer(f"trailers-{name.split(b':')[0].decode().lower()}-dropped", "RFC 9110 6.5.1; CVE-2025-53628",
        TRAILED + name + b"\r\n\r\n",
        full("chunked", trailers=((b"X-Sum", b"1"),)), GET_TRAILERS)
answer("trailers-set-cookie", "RFC 9110 6.5.1", TRAILED + b"Set-Cookie: a=b\r\n\r\n",
    Either((full("chunked", trailers=((b"X-Sum", b"1"),)),
    full("chunked", trailers=((b"X-Sum", b"1"), (b"Set-Cookie", b"a=b"))))), GET_TRAILERS,
    note="never in the head; dropping it is allowed")
