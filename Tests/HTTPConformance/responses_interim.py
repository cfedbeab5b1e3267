"""Interim responses and upgrades."""

from cases import HOST, Answered, BadGateway, Case

CASES = []
GET = b"GET / HTTP/1.1\r\n" + HOST + b"\r\n"
GET_1_0 = b"GET / HTTP/1.0\r\n" + HOST + b"\r\n"
FINAL = b"HTTP/1.1 200 OK\r\nContent-Length: 5\r\n\r\nhello"
FIVE = (b"Content-Length", b"5")
EXPECT = b"POST / HTTP/1.1\r\n" + HOST + b"Content-Length: 2\r\nExpect: 100-continue\r\n\r\nhi"
ASK = b"Connection: Upgrade\r\nUpgrade: websocket\r\nSec-WebSocket-Version: 13\r\nSec-WebSocket-Key: eA==\r\n\r\n"
WEBSOCKET = b"GET /ws HTTP/1.1\r\n" + HOST + ASK
SWITCH = (b"HTTP/1.1 101 Switching Protocols\r\nConnection: Upgrade\r\nUpgrade: websocket\r\n"
    b"Sec-WebSocket-Accept: x=\r\n\r\n")
SWITCHED = ((b"Upgrade", b"websocket"), (b"Sec-WebSocket-Accept", b"x="))
BAD = BadGateway()


def answer(name, clause, sent, expect, request=GET, then="keep", note=""):
    CASES.append(Case(f"interim-{name}", clause, request, expect, sent, then, note))


def full(*interim, **more):
    return Answered(200, (FIVE,), b"hello", interim=interim, **more)


LINK = (b"Link", b"</a>; rel=preload")
HINTS = b"HTTP/1.1 103 Early Hints\r\nLink: </a>; rel=preload\r\n\r\n"
answer("100", "RFC 9110 15.2.1", b"HTTP/1.1 100 Continue\r\n\r\n" + FINAL, full((100, ())), EXPECT)
answer("100-not-asked", "RFC 9110 15.2", b"HTTP/1.1 100 Continue\r\n\r\n" + FINAL, full((100, ())),
    note="a proxy must forward what it has not asked for itself")
answer("103", "RFC 8297 2; RFC 9110 15.2", HINTS + FINAL, full((103, (LINK,))))
answer("103-twice", "RFC 8297 2", HINTS + HINTS + FINAL, full((103, (LINK,)), (103, (LINK,))))
answer("100-then-103", "RFC 9110 15.2", b"HTTP/1.1 100 Continue\r\n\r\n" + HINTS + FINAL,
    full((100, ()), (103, (LINK,))), EXPECT)
answer("102", "RFC 9110 15.2", b"HTTP/1.1 102 Processing\r\n\r\n" + FINAL, full((102, ())))
answer("199", "RFC 9110 15.2", b"HTTP/1.1 199 Odd\r\nA: 1\r\n\r\n" + FINAL, full((199, ((b"A", b"1"),))))
answer("100-for-1-0", "RFC 9110 15.2", b"HTTP/1.1 100 Continue\r\n\r\n" + FINAL, full(closes=True), GET_1_0)
answer("103-for-1-0", "RFC 9110 15.2", HINTS + FINAL, full(closes=True), GET_1_0)
answer("103-hop-by-hop", "RFC 9110 7.6.1",
    b"HTTP/1.1 103 Early Hints\r\nConnection: X-Hop\r\nX-Hop: 1\r\nKeep-Alive: x\r\nA: 1\r\n\r\n" + FINAL,
    full((103, ((b"A", b"1"),))))
answer("103-head", "RFC 8297 2", HINTS + b"HTTP/1.1 200 OK\r\nContent-Length: 5\r\n\r\n",
    Answered(200, (FIVE,), framing="none", interim=((103, (LINK,)),)), b"HEAD / HTTP/1.1\r\n" + HOST + b"\r\n")
answer("103-then-closed", "RFC 9110 15.6.3", HINTS, BAD, then="close")
answer("103-then-garbage", "RFC 9110 15.6.3", HINTS + b"garbage\r\n\r\n", BAD)
answer("103-with-nul", "RFC 9110 5.5", b"HTTP/1.1 103 Early Hints\r\nA: \0\r\n\r\n" + FINAL, BAD)
answer("100-for-body-refused", "RFC 9110 10.1.1", b"HTTP/1.1 417 No\r\nContent-Length: 0\r\n\r\n",
    Answered(417, ((b"Content-Length", b"0"),)), EXPECT)

# Upgrades
answer("101-not-asked", "RFC 9110 15.2.2", SWITCH + b"hello", BAD)
answer("101-asked-other", "RFC 9110 7.8", SWITCH.replace(b"websocket", b"h2c") + b"hello", BAD, WEBSOCKET,
    note="a protocol that nobody has asked for")
answer("101-without-upgrade", "RFC 9110 15.2.2", b"HTTP/1.1 101 Switching Protocols\r\n\r\nhello", BAD, WEBSOCKET,
    note="a 101 must name its protocol")
answer("101-for-h2c", "RFC 9110 7.8; h2c Smuggling 2020", SWITCH.replace(b"websocket", b"h2c"), BAD,
    b"GET / HTTP/1.1\r\n" + HOST + b"Connection: Upgrade\r\nUpgrade: h2c\r\n\r\n", note="the asking was stripped")
answer("101-for-1-0", "RFC 9110 7.8", SWITCH, BAD, b"GET / HTTP/1.0\r\n" + HOST + ASK)
TUNNEL = {"framing": "tunnel", "closes": None}
answer("101-tunnel", "RFC 9110 7.8; RFC 6455 4.2.2", SWITCH + b"hello",
    Answered(101, SWITCHED, b"hello", tunnelled=b"early\n", **TUNNEL),
    WEBSOCKET + b"early\n", "tunnel", "bytes in the segment of either head belong to the tunnel")
answer("101-tunnel-looks-like-http", "RFC 9110 7.8", SWITCH + FINAL,
    Answered(101, SWITCHED, FINAL, tunnelled=b"GET / HTTP/9.9\n", **TUNNEL),
    WEBSOCKET + b"GET / HTTP/9.9\n", "tunnel")
answer("101-behind-103", "RFC 9110 7.8; RFC 8297 2", HINTS + SWITCH + b"hello",
    Answered(101, SWITCHED, b"hello", interim=((103, (LINK,)),), tunnelled=b"early\n", **TUNNEL),
    WEBSOCKET + b"early\n", "tunnel")
answer("101-refused-403", "RFC 6455 4.2.2", b"HTTP/1.1 403 No\r\nContent-Length: 5\r\n\r\nhello",
    Answered(403, (FIVE,), b"hello"), WEBSOCKET)
