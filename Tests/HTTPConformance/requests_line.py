"""Request lines, methods, versions and targets."""

from cases import HOST, SMUGGLED, Case, Either, Refused, bad, get, passed

CASES = []


def line(name, clause, first, expect, note="", rest=b"\r\n" + HOST + b"\r\n"):
    CASES.append(Case(name, clause, first + rest, expect, note=note))


def raw(name, clause, sent, expect, note=""):
    CASES.append(Case(name, clause, sent, expect, note=note))


# Methods
line("method-get", "RFC 9110 9.3.1", b"GET / HTTP/1.1", passed())
line("method-head", "RFC 9110 9.3.2", b"HEAD /h HTTP/1.1", passed(get(b"/h", method=b"HEAD")))
line("method-delete", "RFC 9110 9.3.5", b"DELETE /d HTTP/1.1", passed(get(b"/d", method=b"DELETE")))
line("method-trace", "RFC 9110 9.3.8", b"TRACE /t HTTP/1.1", passed(get(b"/t", method=b"TRACE")))
line("method-unknown", "RFC 9110 9.1", b"PURGE /x HTTP/1.1", passed(get(b"/x", method=b"PURGE")))
line("method-lower-case", "RFC 9110 9.1", b"get / HTTP/1.1", passed(get(method=b"get")),
    "methods are case-sensitive: not corrected")
line("method-token-bytes", "RFC 9110 5.6.2", b"!#$%&'*+-.^_`|~09aZ / HTTP/1.1",
    passed(get(method=b"!#$%&'*+-.^_`|~09aZ")))
line("method-32-bytes", "RFC 9112 3", b"M" * 32 + b" / HTTP/1.1", passed(get(method=b"M" * 32)))
line("method-33-bytes", "RFC 9112 3", b"M" * 33 + b" / HTTP/1.1", bad(400, 501))
line("method-empty", "RFC 9112 3", b" / HTTP/1.1", bad())
line("method-colon", "RFC 9110 9.1; HTTP Desync Attacks 2019", b"GET: / HTTP/1.1", bad())
line("method-brackets", "RFC 9110 9.1", b"G[E]T / HTTP/1.1", bad())
line("method-quote", "RFC 9110 9.1", b'"GET" / HTTP/1.1', bad())
line("method-nul", "RFC 9110 9.1", b"GE\0T / HTTP/1.1", bad())
line("method-high-byte", "RFC 9110 9.1", b"GET\xff / HTTP/1.1", bad())
line("method-slash", "RFC 9110 9.1", b"GET/ / HTTP/1.1", bad())
line("connect-refused", "RFC 9110 9.3.6", b"CONNECT example.com:443 HTTP/1.1", bad(405),
    rest=b"\r\n" + HOST + b"\r\n" + SMUGGLED)
line("connect-lower-case", "RFC 9110 9.1", b"connect example.com:443 HTTP/1.1", bad(),
    "an unknown method with a target in authority form")

# White space
line("two-spaces-before-target", "RFC 9112 3", b"GET  / HTTP/1.1", bad())
line("two-spaces-before-version", "RFC 9112 3", b"GET /  HTTP/1.1", bad())
line("space-behind-version", "RFC 9112 3", b"GET / HTTP/1.1 ", bad())
line("tab-behind-method", "RFC 9112 3; T-Reqs 2021", b"GET\t/ HTTP/1.1", bad())
line("tab-before-version", "RFC 9112 3; T-Reqs 2021", b"GET /\tHTTP/1.1", bad())
line("vertical-tab-behind-method", "RFC 9112 3", b"GET\x0b/ HTTP/1.1", bad())
line("form-feed-before-version", "RFC 9112 3", b"GET /\x0cHTTP/1.1", bad())
line("leading-space", "RFC 9112 2.2", b" GET / HTTP/1.1", bad())
line("leading-tab", "RFC 9112 2.2", b"\tGET / HTTP/1.1", bad())
line("cr-instead-of-space", "RFC 9112 2.2", b"GET\r/ HTTP/1.1", bad())
line("space-in-target", "RFC 9112 3.2", b"GET /a b HTTP/1.1", bad())
line("request-in-target", "RFC 9112 3.2; HTTP Desync Attacks 2019", b"GET / HTTP/1.1 GET /b HTTP/1.1", bad())

# Empty lines in front
raw("one-empty-line-first", "RFC 9112 2.2", b"\r\nGET / HTTP/1.1\r\n" + HOST + b"\r\n", passed())
raw("two-empty-lines-first", "RFC 9112 2.2", b"\r\n\r\nGET / HTTP/1.1\r\n" + HOST + b"\r\n", bad(),
    "at least one must be skipped: this proxy skips exactly one")
raw("bare-lf-first", "RFC 9112 2.2", b"\nGET / HTTP/1.1\r\n" + HOST + b"\r\n", bad())
raw("bare-cr-first", "RFC 9112 2.2", b"\rGET / HTTP/1.1\r\n" + HOST + b"\r\n", bad())
raw("empty-line-between", "RFC 9112 2.2",
    b"GET /1 HTTP/1.1\r\n" + HOST + b"\r\n\r\nGET /2 HTTP/1.1\r\n" + HOST + b"\r\n",
    passed(get(b"/1"), get(b"/2")))
raw("empty-line-behind-post", "RFC 9112 2.2",
    b"POST /1 HTTP/1.1\r\n" + HOST + b"Content-Length: 1\r\n\r\nA\r\nGET /2 HTTP/1.1\r\n" + HOST + b"\r\n",
    passed(get(b"/1", (b"Content-Length", b"1"), method=b"POST", body=b"A"), get(b"/2")))
raw("two-empty-lines-between", "RFC 9112 2.2",
    b"GET /1 HTTP/1.1\r\n" + HOST + b"\r\n\r\n\r\nGET /2 HTTP/1.1\r\n" + HOST + b"\r\n",
    Refused((400,), (get(b"/1"),)))

# Versions
for name, version in [("lower-case", b"http/1.1"), ("mixed-case", b"Http/1.1"), ("no-minor", b"HTTP/1"),
        ("two-digit-major", b"HTTP/11.1"), ("two-digit-minor", b"HTTP/1.10"), ("leading-zero", b"HTTP/01.1"),
        ("empty-minor", b"HTTP/1."), ("empty-major", b"HTTP/.1"), ("comma", b"HTTP/1,1"), ("letter", b"HTTP/1.x"),
        ("three-parts", b"HTTP/1.1.1"), ("no-slash", b"HTTP1.1"), ("other-name", b"HTTQ/1.1"),
        ("space-inside", b"HTTP/ 1.1"), ("plus", b"HTTP/+1.1"), ("short-name", b"HTP/1.1"),
        ("high-digit", b"HTTP/1.\xb2"), ("nul-behind", b"HTTP/1.1\0"), ("empty", b"")]:
    line(f"version-{name}", "RFC 9112 2.3", b"GET / " + version, bad())
line("version-2-0", "RFC 9110 15.6.6", b"GET / HTTP/2.0", bad(505))
line("version-3-0", "RFC 9110 15.6.6", b"GET / HTTP/3.0", bad(505))
line("version-9-9", "RFC 9110 15.6.6", b"GET / HTTP/9.9", bad(505))
line("version-0-9-spelled", "RFC 9110 15.6.6", b"GET / HTTP/0.9", bad(400, 505), "major 0 is neither: both are taken")
line("version-1-2", "RFC 9110 2.5", b"GET / HTTP/1.2", passed(), "read as 1.1, sent on as 1.1")
line("version-1-9", "RFC 9110 2.5", b"GET / HTTP/1.9", passed())
raw("http-0-9", "RFC 9112 3; HTTP/1.1 Must Die 2025", b"GET /\r\n", bad())
raw("http-0-9-with-fields", "RFC 9112 3", b"GET /\r\n" + HOST + b"\r\n", bad())
raw("http-2-preface", "RFC 9113 3.4; RFC 9110 15.6.6", b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n", bad(400, 505))

# Targets, byte for byte
TARGETS = [
    ("dots", b"/a/../b/./c"), ("many-slashes", b"//a///b//"), ("percent", b"/%2e%2E/%2f%00%7e"),
    ("bad-percent", b"/%/%g1/%u0041"), ("query-brackets", b"/q?a[]={1}|^\\`\""), ("empty-query", b"/q?"),
    ("two-questions", b"/q?a?b??c"), ("semicolon", b"/a;jsessionid=1/..;/b"), ("colon", b"/a:b@c"),
    ("plus-and-stars", b"/*+'()!$&,;="), ("scheme-inside", b"/http://other/x"), ("at-host", b"//user@other/x"),
    ("backslash-in-query", b"/?\\..\\x"), ("tilde", b"/~me/-._")]
for name, target in TARGETS:
    line(f"target-{name}", "RFC 9112 3.2.1; RFC 9110 7.7", b"GET " + target + b" HTTP/1.1", passed(get(target)))
for name, target in [("nul", b"/a\0b"), ("control", b"/a\x01b"), ("delete", b"/a\x7fb"), ("tab", b"/a\tb"),
        ("latin-1", b"/caf\xe9"), ("utf-8", b"/caf\xc3\xa9"), ("next-line", b"/a\x85b"), ("lf", b"/a\nb"),
        ("cr", b"/a\rb")]:
    line(f"target-with-{name}", "RFC 9112 3.2; RFC 3986 2", b"GET " + target + b" HTTP/1.1", bad())
line("target-fragment", "RFC 9110 7.1; CVE-2023-45539", b"GET /a#b HTTP/1.1", bad())
line("target-fragment-in-query", "RFC 9110 7.1; CVE-2023-45539", b"GET /a?b#.png HTTP/1.1", bad())
line("target-relative", "RFC 9112 3.2", b"GET a/b HTTP/1.1", bad())
line("target-query-alone", "RFC 9112 3.2.1", b"GET ?a=b HTTP/1.1", bad())
line("target-authority-form", "RFC 9112 3.2.3", b"GET example.com:80 HTTP/1.1", bad())
line("target-star-get", "RFC 9112 3.2.4", b"GET * HTTP/1.1", bad())
line("target-star-options", "RFC 9112 3.2.4", b"OPTIONS * HTTP/1.1", passed(get(b"*", method=b"OPTIONS")))
line("target-at", "RFC 9112 3.2; HTTP Desync Attacks 2019", b"GET @evil.example/ HTTP/1.1", bad())
line("target-empty", "RFC 9112 3", b"GET  HTTP/1.1", bad())
line("target-backslash-path", "RFC 3986 3.3", b"GET /a\\b HTTP/1.1", Either((passed(get(b"/a\\b")), bad())),
    "outside the query the contract says nothing of raw bytes that a URI must encode")
