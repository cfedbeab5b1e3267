"""What a gateway changes: hop-by-hop fields, persistence, pipelines, upgrades, Max-Forwards."""

from cases import HOST, SMUGGLED, Aborted, Case, Either, Local, Refused, get, passed

CASES = []
HOP = "RFC 9110 7.6.1"


def raw(name, clause, sent, expect, note=""):
    CASES.append(Case(name, clause, sent, expect, note=note))


def field(name, clause, text, expect, note="", line=b"GET / HTTP/1.1", behind=b"", query=""):
    sent = line + b"\r\n" + HOST + text + b"\r\n\r\n" + behind
    CASES.append(Case(name, clause, sent, expect, note=note, query=query))


# Hop-by-hop
field("hop-keep-alive", HOP, b"Keep-Alive: timeout=5\r\nA: 1", passed(get(b"/", (b"A", b"1"))))
field("hop-proxy-connection", HOP, b"Proxy-Connection: keep-alive\r\nA: 1", passed(get(b"/", (b"A", b"1"))))
field("hop-te", "RFC 9110 10.1.4", b"TE: gzip\r\nConnection: TE\r\nA: 1", passed(get(b"/", (b"A", b"1"))))
field("hop-te-without-connection", "RFC 9110 10.1.4", b"TE: gzip;q=1\r\nA: 1", passed(get(b"/", (b"A", b"1"))))
field("hop-named", HOP, b"Connection: X-Hop\r\nX-Hop: 1\r\nA: 1", passed(get(b"/", (b"A", b"1"))))
field("hop-named-before", HOP, b"X-Hop: 1\r\nA: 1\r\nConnection: X-Hop", passed(get(b"/", (b"A", b"1"))))
field("hop-named-any-case", HOP, b"Connection: x-HOP\r\nX-Hop: 1\r\nx-hop: 2\r\nA: 1", passed(get(b"/", (b"A", b"1"))))
field("hop-named-list", HOP, b"Connection: keep-alive ,\tX-One,X-Two\r\nX-One: 1\r\nX-Two: 2\r\nA: 1",
    passed(get(b"/", (b"A", b"1"))))
field("hop-named-in-two-fields", HOP, b"Connection: X-One\r\nConnection: X-Two\r\nX-One: 1\r\nX-Two: 2\r\nA: 1",
    passed(get(b"/", (b"A", b"1"))))
field("hop-named-empty-elements", "RFC 9110 5.6.1.2", b"Connection: ,, X-Hop,,\r\nX-Hop: 1\r\nA: 1",
    passed(get(b"/", (b"A", b"1"))))
field("hop-prefix-of-name", HOP, b"Connection: X-Ho\r\nX-Hop: 1", passed(get(b"/", (b"X-Hop", b"1"))))
field("hop-close-list", HOP, b"Connection: X-Hop, close\r\nX-Hop: 1\r\nA: 1",
    passed(get(b"/", (b"A", b"1")), closes=True))
field("hop-names-host", "RFC 9110 7.6.1; Hop-by-hop abuse 2019", b"Connection: Host\r\nA: 1",
    passed(get(b"/", (b"A", b"1"))))
field("hop-names-length", "RFC 9110 7.6.1; Hop-by-hop abuse 2019", b"Connection: Content-Length\r\nContent-Length: 5",
    passed(get(b"/", (b"Content-Length", b"5"), method=b"POST", body=b"hello")), line=b"POST / HTTP/1.1",
    behind=b"hello")
field("hop-names-coding", "RFC 9110 7.6.1; Hop-by-hop abuse 2019",
    b"Connection: Transfer-Encoding\r\nTransfer-Encoding: chunked",
    passed(get(method=b"POST", body=b"hello", chunked=True)), line=b"POST / HTTP/1.1",
    behind=b"5\r\nhello\r\n0\r\n\r\n")
field("hop-names-forwarded", "RFC 9110 7.6.1; CVE-2022-31813", b"Connection: X-Forwarded-For, Via, Forwarded",
    passed(added=(b"via", b"x-forwarded-for")),
    "what the proxy adds is not removed again")
field("hop-names-upgrade-alone", HOP, b"Connection: Upgrade\r\nA: 1", passed(get(b"/", (b"A", b"1"))))
field("hop-names-authorization", "RFC 9110 7.6.1; CVE-2026-105299",
    b"Connection: Authorization\r\nAuthorization: Basic eA==\r\nA: 1",
    passed(get(b"/", (b"A", b"1"))), "an end-to-end field that Connection names is removed like any other")

# What an untrusted client says of itself
field("spoofed-forwarded-for", "RFC 7239 8.1", b"X-Forwarded-For: 6.6.6.6",
    passed(absent=(b"6.6.6.6",), added=(b"x-forwarded-for",)))
field("spoofed-forwarded-for-twice", "RFC 7239 8.1", b"x-forwarded-for: 6.6.6.6\r\nX-FORWARDED-FOR: 6.6.6.6",
    passed(absent=(b"6.6.6.6",), added=(b"x-forwarded-for",)))
field("spoofed-forwarded-proto", "RFC 7239 8.1", b"X-Forwarded-Proto: spoofed", passed(absent=(b"spoofed",)))
field("spoofed-forwarded-host", "RFC 7239 8.1", b"X-Forwarded-Host: evil.example", passed(absent=(b"evil.example",)))
field("spoofed-forwarded", "RFC 7239 8.1", b"Forwarded: for=6.6.6.6;proto=https",
    passed(absent=(b"6.6.6.6",), added=(b"x-forwarded-for",)))
field("spoofed-and-named", "RFC 7239 8.1; CVE-2022-31813", b"X-Forwarded-For: 6.6.6.6\r\nConnection: X-Forwarded-For",
    passed(absent=(b"6.6.6.6",), added=(b"x-forwarded-for",)))

# What a trusted client says of its own clients
TRUST, FOR, PROTO, SAID = "trust=127.0.0.0/8", b"X-Forwarded-For", b"X-Forwarded-Proto", b"X-Forwarded-Host"
field("trusted-for", "RFC 7239 8.1", b"X-Forwarded-For: 6.6.6.6", passed(told=((FOR, b"6.6.6.6, 127.0.0.1"),
    (PROTO, b"http"), (SAID, b"example.com"), (b"Forwarded", None))), query=TRUST)
field("trusted-for-twice", "RFC 9110 5.3", b"x-forwarded-for: a,b\r\nA: 1\r\nX-Forwarded-For:\r\nX-FORWARDED-FOR: c ",
    passed(get(b"/", (b"A", b"1")), told=((FOR, b"a,b, c, 127.0.0.1"),)), query=TRUST)
field("trusted-proto-and-host", "RFC 7239 8.1", b"X-Forwarded-Proto: https\r\nX-Forwarded-Host: b.example",
    passed(told=((FOR, b"127.0.0.1"), (PROTO, b"https"), (SAID, b"b.example"))), query=TRUST)
field("trusted-without", "RFC 7239 8.1", b"A: 1", passed(get(b"/", (b"A", b"1")), told=((FOR, b"127.0.0.1"),
    (PROTO, b"http"), (SAID, b"example.com"), (b"Forwarded", None))), query=TRUST)
field("trusted-forwarded", "RFC 7239 4", b"Forwarded: for=6.6.6.6;proto=https",
    passed(told=((FOR, b"127.0.0.1"), (b"Forwarded", b"for=6.6.6.6;proto=https"))), "kept as it came", query=TRUST)
field("trusted-forwarded-appended", "RFC 7239 4", b"Forwarded: for=6.6.6.6\r\nX-Forwarded-For: 7.7.7.7",
    passed(told=((FOR, b"7.7.7.7"), (b"Forwarded", b"for=6.6.6.6, for=127.0.0.1;proto=http"), (PROTO, None))),
    query=f"{TRUST}&forward=forwarded")
field("trusted-and-named", "RFC 7239 8.1; CVE-2022-31813", b"X-Forwarded-For: 6.6.6.6\r\nConnection: X-Forwarded-For",
    passed(told=((FOR, b"6.6.6.6, 127.0.0.1"),)), "a client of the trusted one cannot remove the field", query=TRUST)
field("trusted-other-client", "RFC 7239 8.1", b"X-Forwarded-For: 6.6.6.6\r\nForwarded: for=6.6.6.6",
    passed(absent=(b"6.6.6.6",), told=((FOR, b"127.0.0.1"),)), query="trust=10.0.0.0/8,::1")
field("forward-forwarded", "RFC 7239 4", b"X-Forwarded-For: 6.6.6.6\r\nForwarded: for=6.6.6.6", passed(
    absent=(b"6.6.6.6", b"Via"), told=((b"Forwarded", b"for=127.0.0.1;proto=http"), (FOR, None))),
    query="forward=forwarded")
field("forward-none", "RFC 7239 8.1", b"X-Forwarded-For: 6.6.6.6\r\nForwarded: for=6.6.6.6\r\nVia: 1.1 a", passed(
    absent=(b"6.6.6.6",), told=((FOR, None), (PROTO, None), (SAID, None), (b"Forwarded", None), (b"Via", b"1.1 a"))),
    query="forward=none")

# Persistence
field("close", "RFC 9112 9.6", b"Connection: close", passed(closes=True))
field("close-any-case", "RFC 9110 7.6.1", b"Connection: CLOSE", passed(closes=True))
field("close-wins", "RFC 9112 9.3", b"Connection: keep-alive, close", passed(closes=True))
field("close-hides-second", "RFC 9112 9.6", b"Connection: close", passed(closes=True), behind=SMUGGLED)
field("keep-alive-1-1", "RFC 9112 9.3", b"Connection: keep-alive", passed())
field("proxy-connection-close", "RFC 9112 C.2.2", b"Proxy-Connection: close", passed(), "no option of this connection")
field("http-1-0", "RFC 9112 9.3", b"A: 1", passed(get(b"/", (b"A", b"1")), closes=True), line=b"GET / HTTP/1.0")
field("http-1-0-keep-alive", "RFC 9112 9.3", b"Connection: keep-alive", passed(), line=b"GET / HTTP/1.0")
field("http-1-0-keep-alive-case", "RFC 9112 9.3", b"Connection: Keep-Alive", passed(), line=b"GET / HTTP/1.0")
field("http-1-0-hides-second", "RFC 9112 9.3", b"A: 1", passed(get(b"/", (b"A", b"1")), closes=True),
    line=b"GET / HTTP/1.0", behind=SMUGGLED)

# Pipelines
A, B, C = (b"GET /%s HTTP/1.1\r\n%s\r\n" % (name, HOST) for name in (b"a", b"b", b"c"))
raw("pipeline-three", "RFC 9112 9.3.2", A + B + C, passed(get(b"/a"), get(b"/b"), get(b"/c")))
POST = b"POST /p HTTP/1.1\r\n" + HOST + b"Content-Length: 5\r\n\r\nhello"
POSTED = get(b"/p", (b"Content-Length", b"5"), method=b"POST", body=b"hello")
raw("pipeline-post-then-get", "RFC 9112 9.3.2", POST + A, passed(POSTED, get(b"/a")))
raw("pipeline-get-post-get", "RFC 9112 9.3.2", A + POST + B, passed(get(b"/a"), POSTED, get(b"/b")))
raw("pipeline-head-then-get", "RFC 9112 9.3.2; RFC 9110 9.3.2", b"HEAD /h HTTP/1.1\r\n" + HOST + b"\r\n" + A,
    passed(get(b"/h", method=b"HEAD"), get(b"/a")))
raw("pipeline-get-body-then-get", "RFC 9112 6.3; Browser-Powered Desync 2022", b"GET /g HTTP/1.1\r\n" + HOST
    + b"Content-Length: %d\r\n\r\n" % len(SMUGGLED) + SMUGGLED + A,
    passed(get(b"/g", (b"Content-Length", b"%d" % len(SMUGGLED)), body=SMUGGLED), get(b"/a")))
raw("pipeline-close-in-middle", "RFC 9112 9.6", A + b"GET /x HTTP/1.1\r\n" + HOST + b"Connection: close\r\n\r\n" + B,
    passed(get(b"/a"), get(b"/x"), closes=True))
raw("pipeline-then-bad", "RFC 9112 9.6", A + b"GET /b HTTP/1.1\r\n" + HOST + b"A : 1\r\n\r\n" + C,
    Refused((400,), (get(b"/a"),)))
raw("pipeline-then-1-0-coding", "RFC 9112 6.1", A + b"POST /b HTTP/1.0\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n"
    + C,
    Refused((400,), (get(b"/a"),)))
raw("pipeline-then-no-host", "RFC 9112 3.2", A + b"GET /b HTTP/1.1\r\n\r\n" + C, Refused((400,), (get(b"/a"),)))
raw("pipeline-then-both", "RFC 9112 6.3", POST + b"POST /b HTTP/1.1\r\n" + HOST
    + b"Content-Length: 5\r\nTransfer-Encoding: chunked"
    b"\r\n\r\n0\r\n\r\n" + C, Refused((400,), (POSTED,)))
raw("pipeline-then-bad-chunk", "RFC 9112 7.1", A + b"POST /b HTTP/1.1\r\n" + HOST
    + b"Transfer-Encoding: chunked\r\n\r\nx\r\n" + C,
    Aborted((400,), (get(b"/a"),)))
raw("length-too-short-leaves-rest", "RFC 9112 6.3", b"POST /p HTTP/1.1\r\n" + HOST
    + b"Content-Length: 5\r\n\r\nhelloGARBAGE\r\n\r\n",
    Refused((400,), (POSTED,)), "what is left over is a malformed request line")

# Expect
field("expect-continue", "RFC 9110 10.1.1", b"Content-Length: 5\r\nExpect: 100-continue",
    passed(get(b"/", (b"Content-Length", b"5"), (b"Expect", b"100-continue"), method=b"POST", body=b"hello")),
    line=b"POST / HTTP/1.1", behind=b"hello")
field("expect-without-body", "RFC 9110 10.1.1; HTTP/1.1 Must Die 2025", b"Expect: 100-continue",
    passed(get(b"/", (b"Expect", b"100-continue"))))
field("expect-chunked", "RFC 9110 10.1.1", b"Transfer-Encoding: chunked\r\nExpect: 100-continue",
    passed(get(b"/", (b"Expect", b"100-continue"), method=b"POST", body=b"hello", chunked=True)),
    line=b"POST / HTTP/1.1", behind=b"5\r\nhello\r\n0\r\n\r\n")

# Upgrade
UPGRADE = "RFC 9110 7.8"
field("upgrade-unknown", UPGRADE, b"Connection: Upgrade\r\nUpgrade: foo/2\r\nA: 1", passed(get(b"/", (b"A", b"1"))))
field("upgrade-h2c", f"{UPGRADE}; h2c Smuggling 2020",
    b"Connection: Upgrade, HTTP2-Settings\r\nUpgrade: h2c\r\nHTTP2-Settings: AAMAAABkAAQ\r\nA: 1",
    passed(get(b"/", (b"A", b"1")), absent=(b"h2c", b"AAMA")))
field("upgrade-h2c-unnamed", f"{UPGRADE}; h2c Smuggling 2020", b"Upgrade: h2c\r\nHTTP2-Settings: AAMAAABkAAQ\r\nA: 1",
    passed(get(b"/", (b"A", b"1")), absent=(b"h2c", b"AAMA")))
field("upgrade-h2c-list", f"{UPGRADE}; h2c Smuggling 2020", b"Connection: Upgrade\r\nUpgrade: foo, h2c\r\nA: 1",
    passed(get(b"/", (b"A", b"1")), absent=(b"h2c",)))
field("upgrade-tls", "RFC 2817; RFC 9110 7.8", b"Connection: Upgrade\r\nUpgrade: TLS/1.0", passed(absent=(b"TLS/1.0",)))
field("upgrade-websocket-not-named", UPGRADE, b"Upgrade: websocket\r\nA: 1", passed(get(b"/", (b"A", b"1"))),
    "no upgrade without the connection option")
WEBSOCKET = b"Connection: Upgrade\r\nUpgrade: websocket\r\nSec-WebSocket-Version: 13\r\nSec-WebSocket-Key: eA=="
ASKED = ((b"Upgrade", b"websocket"), (b"Sec-WebSocket-Version", b"13"), (b"Sec-WebSocket-Key", b"eA=="))
field("upgrade-websocket-refused", f"{UPGRADE}; RFC 6455 4.2.2", WEBSOCKET, passed(get(b"/", *ASKED)),
    "the origin answers with 200")
field("upgrade-websocket-early-request", f"{UPGRADE}; CVE-2026-2833", WEBSOCKET,
    passed(get(b"/", *ASKED), get(b"/smuggled")),
    "bytes behind the head are no tunnel before a 101: they are the next request", behind=SMUGGLED)
field("upgrade-websocket-early-garbage", f"{UPGRADE}; CVE-2026-2833", WEBSOCKET, Refused((400,), (get(b"/", *ASKED),)),
    behind=b"\x81\x05hello\r\n\r\n")
field("upgrade-websocket-with-body", f"{UPGRADE}; CVE-2026-69243",
    WEBSOCKET + b"\r\nContent-Length: %d" % len(SMUGGLED),
    Either((passed(get(b"/", *ASKED, (b"Content-Length", b"%d" % len(SMUGGLED)), body=SMUGGLED)),
        passed(get(b"/", *ASKED[1:], (b"Content-Length", b"%d" % len(SMUGGLED)), body=SMUGGLED)), Refused((400,)))),
    "the body stays a body; with one, the upgrade may be dropped or refused", behind=SMUGGLED)
field("upgrade-websocket-1-0", UPGRADE, WEBSOCKET, passed(get(b"/", *ASKED[1:]), closes=True),
    "Upgrade of a 1.0 client is ignored",
    line=b"GET / HTTP/1.0")

# Max-Forwards
MAX = "RFC 9110 7.6.2"
field("max-forwards-0-options", MAX, b"Max-Forwards: 0", Local(200), line=b"OPTIONS / HTTP/1.1")
field("max-forwards-0-options-star", MAX, b"Max-Forwards: 0", Local(200), line=b"OPTIONS * HTTP/1.1")
field("max-forwards-0-trace", MAX, b"Max-Forwards: 0", Local(405), line=b"TRACE / HTTP/1.1")
field("max-forwards-5-options", MAX, b"Max-Forwards: 5", passed(get(b"/", (b"Max-Forwards", b"4"),
    method=b"OPTIONS")), line=b"OPTIONS / HTTP/1.1")
field("max-forwards-10-trace", MAX, b"Max-Forwards: 10", passed(get(b"/", (b"Max-Forwards", b"9"), method=b"TRACE")),
    line=b"TRACE / HTTP/1.1")
field("max-forwards-0-get", MAX, b"Max-Forwards: 0", passed(get(b"/", (b"Max-Forwards", b"0"))),
    "ignored with other methods")
field("max-forwards-5-get", MAX, b"Max-Forwards: 5", passed(get(b"/", (b"Max-Forwards", b"5"))),
    "ignored with other methods")
