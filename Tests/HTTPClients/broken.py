"""Origins that die: the client never takes half of a response for a whole one."""

import fcntl
import socket
import struct
import termios

import wire
from curl import curl, url
from harness import check, expect
from stage import Stage, connect

BODY = b"b" * 100_000
LENGTH = b"HTTP/1.1 200 OK\r\nContent-Length: 100000\r\n\r\n"
CHUNKED = b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n"
UNTIL_END = b"HTTP/1.1 200 OK\r\n\r\n"
CHUNK = b"186a0\r\n" + BODY + b"\r\n"

# What the origin sends before it dies, by name.
IN_HEAD = {
    "nothing": b"", "one byte": b"H", "half a line": b"HTTP/1.1 20", "a line": b"HTTP/1.1 200 OK\r\n",
    "half a field": b"HTTP/1.1 200 OK\r\nContent-Le", "all but a line end": LENGTH[:-2],
    "an interim response": b"HTTP/1.1 103 Early Hints\r\nLink: </a>\r\n\r\n",
}
IN_BODY = {
    "length, none of it": LENGTH, "length, half": LENGTH + BODY[:50_000], "length, all but one": LENGTH + BODY[:-1],
    "chunked, none": CHUNKED, "chunked, in a size": CHUNKED + b"186", "chunked, behind a size": CHUNKED + b"186a0\r\n",
    "chunked, in a chunk": CHUNKED + CHUNK[:50_000], "chunked, before its end": CHUNKED + CHUNK[:-2],
    "chunked, between two": CHUNKED + CHUNK, "chunked, in the last": CHUNKED + CHUNK + b"0\r\n",
    "chunked, in a trailer": CHUNKED + CHUNK + b"0\r\nA: b\r\n",
}
VERSIONS = ["1.1", "1.0"]


def dying(data, resets):
    def act(link):
        if not link.read_request():
            return
        link.send(data)
        if resets:
            # The answer is on its way before the reset is.
            poll_sent(link.peer)
            link.reset()

    return act


def poll_sent(peer):
    """Waits until the proxy's kernel has everything."""
    for _ in range(1000):
        if struct.unpack("i", fcntl.ioctl(peer, termios.TIOCOUTQ, b"\0" * 4))[0] == 0:
            return


def exchange(port, version, method=b"GET"):
    """Status, whether the response is whole by its own framing, and how the connection ended."""
    with connect(port) as peer:
        more = b"Content-Length: 3\r\n\r\nabc" if method == b"POST" else b"\r\n"
        peer.sendall(method + b" / HTTP/" + version.encode() + b"\r\nHost: a.example\r\n" + more)
        raw = bytearray()
        whole = None
        peer.settimeout(10)
        ending = "open"
        while ending == "open" and not whole:
            try:
                data = peer.recv(1 << 18)
            except TimeoutError:
                ending = "timeout"
                break
            except OSError:
                ending = "reset"
                break
            raw += data
            ending = "open" if data else "fin"
            answers, _ = wire.read_answers(bytes(raw), [method], ending == "fin")
            whole = answers[0][0] if answers else None
    status = raw.split(b" ")[1].decode() if b" " in raw else "none"
    return status, whole, ending


@check("broken-in-head")
def in_head(run):
    """502 before the end of a head, to a GET and to a POST."""
    count = 0
    for resets in (False, True):
        for name, data in IN_HEAD.items():
            port = run.proxy(Stage(run, dying(data, resets)).port).port
            for version in VERSIONS:
                for method in (b"GET", b"POST"):
                    status, whole, ending = exchange(port, version, method)
                    if name.startswith("an interim"):
                        # The interim response has gone on to 1.1.
                        status = whole.first.decode() if whole else "none"
                    told = f"{method.decode()} {version}, {name}, {'reset' if resets else 'closed'}"
                    expect(status == "502" and whole, f"{told}: {status}, {ending}")
                    count += 1
    run.note(f"{count} cases")


@check("broken-in-body")
def in_body(run):
    """A body that is cut off is not whole for a client of 1.1, nor of 1.0, which goes by the end."""
    count = 0
    for resets in (False, True):
        for name, data in IN_BODY.items():
            port = run.proxy(Stage(run, dying(data, resets)).port).port
            for version in VERSIONS:
                status, whole, ending = exchange(port, version)
                told = f"{version}, {name}, {'reset' if resets else 'closed'}"
                expect(whole is None, f"{told}: looks whole, {ending}")
                expect(status in ("200", "502") or (status, ending) == ("none", "reset"), f"{told}: {status}")
                expect(ending in ("fin", "reset"), f"{told}: {ending}")
                cut = version == "1.1" or ending == "reset" or status == "502"
                expect(cut, f"{told}: to 1.0 it ended with {ending}")
                count += 1
    run.note(f"{count} cases")


@check("broken-until-end")
def until_end(run):
    """A body up to the end of the connection is whole behind an end, and not behind a reset."""
    for resets in (False, True):
        port = run.proxy(Stage(run, dying(UNTIL_END + BODY, resets)).port).port
        for version in VERSIONS:
            status, whole, ending = exchange(port, version)
            told = f"{version}, {'reset' if resets else 'closed'}: {status}, {ending}"
            if resets:
                expect(whole is None, f"looks whole: {told}")
            else:
                expect(whole and whole.body == BODY, f"is not whole: {told}")


@check("broken-curl", ["curl"])
def by_curl(run):
    """curl ends with 18, 56 or, of nothing but a 502, with 22."""
    for resets in (False, True):
        for name, data in {**IN_BODY, "nothing": b""}.items():
            port = run.proxy(Stage(run, dying(data, resets)).port).port
            for version in ("--http1.1", "--http1.0"):
                done = curl(run, version, "-f", url(port, "/"), expects=None)
                right = (22,) if name == "nothing" else (18, 56, 52, 22)
                told = f"{version}, {name}, {'reset' if resets else 'closed'}"
                expect(done.returncode in right, f"{told}: curl ended with {done.returncode}")


@check("broken-no-listener")
def no_listener(run):
    """503 where no upstream accepts, and the next one is taken where there is one."""
    with socket.create_server(("127.0.0.1", 0)) as gone:
        dead = gone.getsockname()[1]
    status, whole, _ = exchange(run.proxy(dead).port, "1.1")
    expect(status == "503" and whole, f"no upstream: {status}")
    live = Stage(run, dying(LENGTH + BODY, False))
    port = run.proxy([dead, live.port]).port
    for _ in range(6):
        status, whole, _ = exchange(port, "1.1")
        expect(status == "200" and whole, f"one of two: {status}")
