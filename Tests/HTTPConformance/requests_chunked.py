"""Chunked bodies of requests: sizes, line ends, extensions, trailers."""

from cases import HOST, SMUGGLED, Case, Either, broken, get, passed

CASES = []
HEAD = b"POST / HTTP/1.1\r\n" + HOST + b"Transfer-Encoding: chunked\r\n\r\n"


def body(name, clause, sent, expect, note="", head=HEAD):
    CASES.append(Case(name, clause, head + sent, expect, note=note))


def whole(text=b"hello", trailers=(), fields=()):
    return passed(get(b"/", *fields, method=b"POST", body=text, trailers=trailers, chunked=True))


# Good ones
body("chunks-two", "RFC 9112 7.1", b"3\r\nabc\r\n2\r\nde\r\n0\r\n\r\n", whole(b"abcde"))
body("chunk-size-hex-cases", "RFC 9112 7.1", b"a\r\n0123456789\r\nB\r\n0123456789a\r\n0\r\n\r\n",
    whole(b"01234567890123456789a"))
body("chunk-size-leading-zeros", "RFC 9112 7.1", b"0005\r\nhello\r\n0\r\n\r\n", whole())
body("last-chunk-of-zeros", "RFC 9112 7.1", b"5\r\nhello\r\n000\r\n\r\n", whole())
body("chunk-size-16-digits", "RFC 9112 7.1", b"0000000000000005\r\nhello\r\n0\r\n\r\n", whole())
body("chunk-data-of-line-ends", "RFC 9112 7.1", b"6\r\n\r\n0\r\n\r\r\n1\r\n\n\r\n0\r\n\r\n", whole(b"\r\n0\r\n\r\n"))
body("chunk-data-is-a-request", "RFC 9112 7.1", b"%x\r\n%s\r\n0\r\n\r\n" % (len(SMUGGLED), SMUGGLED), whole(SMUGGLED))
body("chunks-of-one-byte", "RFC 9112 7.1", b"".join(b"1\r\n%c\r\n" % letter for letter in b"pelmeni") + b"0\r\n\r\n",
    whole(b"pelmeni"))
body("chunked-then-request", "RFC 9112 9.3.2", b"5\r\nhello\r\n0\r\n\r\nGET /2 HTTP/1.1\r\n" + HOST + b"\r\n",
    passed(get(method=b"POST", body=b"hello", chunked=True), get(b"/2")))

# Sizes
for name, size in [("empty", b""), ("prefix-0x", b"0x5"), ("plus", b"+5"), ("minus", b"-5"), ("space-before", b" 5"),
        ("tab-before", b"\t5"), ("space-behind", b"5 "), ("tab-behind", b"5\t"), ("space-inside", b"0 5"),
        ("not-hex", b"g"),
        ("hex-and-letter", b"5g"), ("17-digits", b"00000000000000005"), ("17-digits-wrap", b"10000000000000005"),
        ("64-bit-most", b"FFFFFFFFFFFFFFFF"), ("63-bit-over", b"8000000000000005"),
        ("16-f-and-behind", b"FFFFFFFFFFFFFFFFF5"),
        ("underscore", b"0_5"), ("dot", b"5.0"), ("comma", b"5,5"), ("quoted", b'"5"'), ("high-digit", b"\xef\xbc\x95"),
        ("nul", b"5\0"), ("vertical-tab", b"5\x0b"), ("minus-zero", b"-0"), ("h-behind", b"5h")]:
    body(f"chunk-size-{name}", "RFC 9112 7.1; CVE-2015-3183, CVE-2026-42580" if "wrap" in name or "bit" in name
        else "RFC 9112 7.1; CVE-2022-24761", size + b"\r\nhello\r\n0\r\n\r\n" + SMUGGLED, broken())
body("chunk-size-of-64-KiB-digits", "RFC 9112 7.1", b"0" * 65536 + b"5\r\nhello\r\n0\r\n\r\n", broken())
body("last-chunk-with-plus", "RFC 9112 7.1", b"5\r\nhello\r\n+0\r\n\r\n", broken())
body("last-chunk-0x0", "RFC 9112 7.1", b"5\r\nhello\r\n0x0\r\n\r\n", broken())

# Line ends
body("chunk-size-lf", "RFC 9112 7.1; CVE-2025-22871", b"5\nhello\r\n0\r\n\r\n", broken())
body("chunk-size-cr", "RFC 9112 7.1", b"5\rhello\r\n0\r\n\r\n", broken())
body("chunk-size-cr-cr-lf", "RFC 9112 7.1", b"5\r\r\nhello\r\n0\r\n\r\n", broken())
body("chunk-size-lf-lf", "RFC 9112 7.1", b"5\n\nhello\r\n0\r\n\r\n", broken())
body("chunk-data-lf", "RFC 9112 7.1; CVE-2025-58056", b"5\r\nhello\n0\r\n\r\n", broken())
body("chunk-data-cr", "RFC 9112 7.1", b"5\r\nhello\r0\r\n\r\n", broken())
body("chunk-data-no-end", "RFC 9112 7.1", b"5\r\nhello0\r\n\r\n", broken())
body("chunk-data-two-other-bytes", "RFC 9112 7.1; GHSA-vqfr-h8mv-ghfj", b"5\r\nhelloXX0\r\n\r\n", broken())
body("chunk-data-lf-cr", "RFC 9112 7.1; GHSA-vqfr-h8mv-ghfj", b"5\r\nhello\n\r0\r\n\r\n", broken())
body("chunk-data-too-long", "RFC 9112 7.1; Funky Chunks 2025", b"5\r\nhelloXXX\r\n0\r\n\r\n", broken())
body("chunk-data-too-short", "RFC 9112 7.1", b"5\r\nhell\r\n0\r\n\r\n", broken())
body("chunk-data-extra-empty-line", "RFC 9112 7.1", b"5\r\nhello\r\n\r\n0\r\n\r\n", broken())
body("chunk-empty-line-first", "RFC 9112 7.1", b"\r\n5\r\nhello\r\n0\r\n\r\n", broken())
body("last-chunk-lf", "RFC 9112 7.1; CVE-2025-22871", b"5\r\nhello\r\n0\n\r\n" + SMUGGLED, broken())
body("last-chunk-lf-lf", "RFC 9112 7.1", b"5\r\nhello\r\n0\n\n" + SMUGGLED, broken())
body("end-lf", "RFC 9112 7.1", b"5\r\nhello\r\n0\r\n\n" + SMUGGLED, broken())
body("end-cr", "RFC 9112 7.1", b"5\r\nhello\r\n0\r\n\rX" + SMUGGLED, broken())
body("end-is-a-request", "RFC 9112 7.1; Funky Chunks 2025", b"5\r\nhello\r\n0\r\n" + SMUGGLED, broken(),
    "a request line is no trailer field")
body("end-two-bytes", "RFC 9112 7.1; CVE-2024-53868", b"5\r\nhello\r\n0\r\nXX" + SMUGGLED, broken())

# Extensions
for name, text in [("name", b";a"), ("value", b";a=b"), ("quoted", b';a="b c"'), ("quoted-semicolon", b';a="b;c"'),
        ("two", b";a=1;b=2"), ("escaped-quote", b';a="b\\"c"'), ("high-bytes", b';a="\xe9"')]:
    body(f"extension-{name}", "RFC 9112 7.1.1", b"5" + text + b"\r\nhello\r\n0" + text + b"\r\n\r\n", whole(),
        "read, and not sent on")
for name, text in [("lf", b";a\nb"), ("lf-alone", b";\n"), ("cr", b";a\rb"), ("nul", b";a\0b"), ("control", b";a\x01"),
        ("delete", b";a=\x7f"), ("lf-in-quotes", b';a="\n"'), ("cr-in-quotes", b';a="\r"'), ("cr-cr", b";a\r")]:
    body(f"extension-{name}", "RFC 9112 7.1.1; CVE-2025-55315" if "lf" in name else "RFC 9112 7.1.1; Funky Chunks 2025",
        b"5" + text + b"\r\nhello\r\n0\r\n\r\n" + SMUGGLED, broken())
body("extension-lf-hides-chunk", "RFC 9112 7.1.1; CVE-2024-52304", b"2;\n45\r\nXX\r\n0\r\n\r\n" + SMUGGLED, broken())
body("extension-lf-on-last", "RFC 9112 7.1.1; CVE-2025-55315", b"5\r\nhello\r\n0;a\n\r\n\r\n" + SMUGGLED, broken())
body("extension-open-quote", "RFC 9112 7.1.1; CVE-2026-2332, CVE-2026-33870", b'1;a="b\r\nX\r\n0\r\n\r\n',
    Either((broken(), whole(b"X"))),
    "no grammar has it; a line ends at CRLF in quotes too, so that both are safe")
body("extension-space-before", "RFC 9112 7.1.1; RFC 9110 5.6.3", b"5 ;a=b\r\nhello\r\n0\r\n\r\n",
    Either((broken(), whole())),
    "bad white space that a reader must take; the contract refuses spaces behind a size")
body("extension-of-3-KiB", "RFC 9112 7.1.1", b"5;" + b"a" * 3072 + b"\r\nhello\r\n0\r\n\r\n", whole())
body("extension-of-5-KiB", "RFC 9112 7.1.1; CVE-2023-39326", b"5;" + b"a" * 5120 + b"\r\nhello\r\n0\r\n\r\n",
    broken(400, 413))
body("extensions-5-KiB-in-sum", "RFC 9112 7.1.1; CVE-2023-39326",
    b"".join(b"1;" + b"a" * 100 + b"\r\nx\r\n" for _ in range(51))
    + b"0\r\n\r\n", broken(400, 413), "the limit is of the message, not of one chunk")

# Trailers
TRAILED = b"5\r\nhello\r\n0\r\n"
body("trailer-one", "RFC 9110 6.5", TRAILED + b"X-Sum: 1\r\n\r\n", whole(trailers=((b"X-Sum", b"1"),)))
body("trailer-two-and-order", "RFC 9110 6.5", TRAILED + b"b: 1\r\nA: 2\r\nb:\r\n\r\n",
    whole(trailers=((b"b", b"1"), (b"A", b"2"), (b"b", b""))))
body("trailer-announced", "RFC 9110 6.6.2", TRAILED + b"X-Sum: 1\r\n\r\n",
    whole(trailers=((b"X-Sum", b"1"),), fields=((b"Trailer", b"X-Sum"),)), "Trailer is no connection option",
    HEAD[:-2] + b"Trailer: X-Sum\r\n\r\n")
body("trailer-not-in-head", "RFC 9110 6.5.1; CVE-2025-12642", TRAILED + b"Authorization: x\r\nX-Sum: 1\r\n\r\n",
    Either((
    whole(trailers=((b"X-Sum", b"1"),)), whole(trailers=((b"Authorization", b"x"), (b"X-Sum", b"1"))))),
    "a field of the head's that must not be merged; dropping it is allowed")
for name in ["Content-Length", "Transfer-Encoding", "Host", "Trailer", "Connection", "TE", "Upgrade", "Keep-Alive"]:
    value = {"Content-Length": "0", "Transfer-Encoding": "chunked", "Host": "evil.example", "Upgrade": "h2c",
        "Connection": "close"}.get(name, "x")
    body(f"trailer-{name.lower()}-dropped", "RFC 9110 6.5.1; CVE-2025-53628",
        TRAILED + f"{name}: {value}\r\nX-Sum: 1\r\n\r\n".encode(),
        whole(trailers=((b"X-Sum", b"1"),)))
body("trailer-forwarded-for", "RFC 9110 6.5.1; CVE-2025-12642", TRAILED + b"X-Forwarded-For: 6.6.6.6\r\n\r\n", Either((
    passed(get(method=b"POST", body=b"hello", chunked=True), absent=(b"6.6.6.6",)), broken())),
    "what an untrusted client says of itself must not arrive by this way either")
for name, text in [("lf", b"A: 1\nB: 2"), ("cr", b"A: 1\rB: 2"), ("fold", b"A: 1\r\n 2"),
        ("space-before-colon", b"A : 1"),
        ("no-colon", b"A"), ("empty-name", b": 1"), ("nul", b"A: \0"), ("name", b"A(: 1"), ("leading-space", b" A: 1")]:
    body(f"trailer-bad-{name}", "RFC 9112 7.1.2, 5; CVE-2023-46589", TRAILED + text + b"\r\n\r\n" + SMUGGLED, broken())
body("trailers-over-limit", "RFC 9110 6.5; RFC 6585 5", TRAILED
    + b"".join(b"T%d: v\r\n" % index for index in range(300)) + b"\r\n",
    broken(400, 431))
body("trailer-of-70-KiB", "RFC 6585 5; CVE-2023-46589", TRAILED + b"T: " + b"v" * 71680 + b"\r\n\r\n", broken(400, 431))
