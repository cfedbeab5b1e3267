"""Deadlines with small values: what is late ends in time, and what moves is left alone."""

import threading
import time

import wire
from harness import check, expect, wait
from stage import Stage, connect, drain

# Deadlines are not early, and late by less than this.
SLACK = 1.0
OK = b"HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok"
GET = b"GET / HTTP/1.1\r\nHost: a.example\r\n\r\n"


def answers(link):
    """A plain origin that keeps its connections."""
    while link.read_request():
        link.send(OK)


def timed(peer, began, least, told, slack=SLACK):
    """The rest up to the end, which has to come `least` seconds after `began`."""
    raw, ending = drain(peer, least + slack + 5)
    seconds = time.monotonic() - began
    expect(ending != "timeout", f"{told}: the connection stays")
    expect(least - 0.02 <= seconds <= least + slack, f"{told}: after {seconds:.2f} s instead of {least} s")
    return raw, ending


@check("deadline-head")
def head(run):
    """A head that stops, and one that goes on a byte at a time: 408 behind `head`, in all."""
    port = run.proxy(Stage(run, answers).port, "head=500ms").port
    for drips in (False, True):
        with connect(port) as peer:
            peer.sendall(b"GET /t")
            began, going = time.monotonic(), [True]

            def drip():
                try:
                    while going[0]:
                        peer.sendall(b"T")
                        time.sleep(0.05)
                except OSError:
                    pass

            thread = threading.Thread(target=drip, daemon=True)
            if drips:
                thread.start()
            raw, _ = timed(peer, began, 0.5, "drips" if drips else "stops", 3.5)
            going[0] = False
            expect(raw.startswith(b"HTTP/1.1 408"), f"{raw[:40]!r}")
    # Slow, but whole in time.
    with connect(port) as peer:
        for at in range(0, len(GET), 5):
            peer.sendall(GET[at:at + 5])
            time.sleep(0.03)
        expect(peer.recv(1000) == OK, "a slow head in time is not answered")


@check("deadline-body")
def body(run):
    """A body that stops is answered with 408; the origin's connection is closed."""
    stage = Stage(run, answers)
    port = run.proxy(stage.port, "body=400ms").port
    for framing, part in ((b"Content-Length: 10", b"abc"), (b"Transfer-Encoding: chunked", b"a\r\nabc")):
        with connect(port) as peer:
            peer.sendall(b"POST / HTTP/1.1\r\nHost: a.example\r\n" + framing + b"\r\n\r\n" + part)
            # Up to a quarter longer, by the guide, and two seconds for the client to end its stream.
            raw, _ = timed(peer, time.monotonic(), 0.4, framing.decode(), 3.5)
            expect(raw.startswith(b"HTTP/1.1 408"), f"{framing.decode()}: {raw[:40]!r}")
        wait(lambda: all(link.ended_at for link in stage.links), "the origin's connection stays", 3)


@check("deadline-body-slow")
def body_slow(run):
    """Bodies of both directions that move every 150 ms outlive `body` many times."""
    def act(link):
        while link.read_request():
            link.send(b"HTTP/1.1 200 OK\r\nContent-Length: 8\r\n\r\n")
            for _ in range(8):
                time.sleep(0.15)
                link.send(b"x")

    port = run.proxy(Stage(run, act).port, "body=400ms").port
    for framing, pieces in ((b"Content-Length: 8", [b"a"] * 8),
            (b"Transfer-Encoding: chunked", [b"1\r\na\r\n"] * 8 + [b"0\r\n\r\n"])):
        with connect(port) as peer:
            peer.sendall(b"POST / HTTP/1.1\r\nHost: a.example\r\n" + framing + b"\r\n\r\n")
            for piece in pieces:
                time.sleep(0.15)
                peer.sendall(piece)
            raw = b""
            while not raw.endswith(b"x" * 8):
                data = peer.recv(1000)
                expect(data, f"{framing.decode()}: the end behind {raw!r}")
                raw += data


@check("deadline-response-body")
def response_body(run):
    """A response that stops in its body is cut off, and looks so to 1.1 and to 1.0."""
    def act(link):
        link.read_request()
        link.send(b"HTTP/1.1 200 OK\r\nContent-Length: 10\r\n\r\nabc")
        link.wait_end()

    stage = Stage(run, act)
    port = run.proxy(stage.port, "body=400ms").port
    for version in (b"1.1", b"1.0"):
        with connect(port) as peer:
            peer.sendall(b"GET / HTTP/" + version + b"\r\nHost: a.example\r\n\r\n")
            raw, ending = timed(peer, time.monotonic(), 0.4, version.decode())
            expect(raw.endswith(b"abc") and ending == "reset", f"{version.decode()}: {raw[-20:]!r}, {ending}")
    wait(lambda: all(link.ended_at for link in stage.links), "the origin's connection stays", 3)


@check("deadline-answer")
def answer(run):
    """No head within `answer`: 504. The origin's connection is closed."""
    def act(link):
        link.read_request()
        link.wait_end()

    stage = Stage(run, act)
    port = run.proxy(stage.port, "answer=400ms").port
    for request in (GET, b"POST / HTTP/1.1\r\nHost: a.example\r\nContent-Length: 2\r\n\r\nab"):
        with connect(port) as peer:
            peer.sendall(request)
            raw, _ = timed(peer, time.monotonic(), 0.4, "answer", 3.5)
            expect(raw.startswith(b"HTTP/1.1 504"), f"{raw[:40]!r}")
    wait(lambda: all(link.ended_at for link in stage.links), "the origin's connection stays", 3)


@check("deadline-answer-from-the-end")
def answer_late(run):
    """`answer` is counted from the end of the request, not from its head."""
    def act(link):
        link.read_request()
        link.send(OK)
        link.read_head()

    port = run.proxy(Stage(run, act).port, "answer=400ms").port
    with connect(port) as peer:
        peer.sendall(b"POST / HTTP/1.1\r\nHost: a.example\r\nContent-Length: 10\r\n\r\n")
        for _ in range(10):
            time.sleep(0.1)
            peer.sendall(b"x")
        expect(peer.recv(1000) == OK, "a body longer than `answer` is not answered")


@check("deadline-client-idle")
def client_idle(run):
    """Between two requests: an end in order, and no 408. A new connection has `head` for its first."""
    port = run.proxy(Stage(run, answers).port, "client-idle=500ms").port
    with connect(port) as peer:
        for _ in range(4):
            peer.sendall(GET)
            expect(peer.recv(1000) == OK, "no answer")
            began = time.monotonic()
            time.sleep(0.25)
        raw, ending = timed(peer, began, 0.5, "idle")
        expect((raw, ending) == (b"", "fin"), f"{raw!r} and {ending}")


@check("deadline-upstream-idle")
def upstream_idle(run):
    """A kept connection is closed behind `upstream-idle`, and a used one is not."""
    stage = Stage(run, answers)
    port = run.proxy(stage.port, "upstream-idle=500ms", ["--workers", "1"]).port
    with connect(port) as peer:
        for _ in range(6):
            peer.sendall(GET)
            expect(peer.recv(1000) == OK, "no answer")
            began = time.monotonic()
            time.sleep(0.2)
        expect(len(stage.links) == 1, f"{len(stage.links)} connections for six requests")
        wait(lambda: stage.links[0].ended_at, "the kept connection stays", 5)
        seconds = stage.links[0].ended_at - began
        expect(0.48 <= seconds <= 0.5 + SLACK, f"closed after {seconds:.2f} s")
        peer.sendall(GET)
        expect(peer.recv(1000) == OK and len(stage.links) == 2, "no answer on a new connection")


@check("deadline-slow-reader")
def slow_reader(run):
    """A client that reads a little all the time outlives `body`; one that stops is cut off."""
    size = 30_000_000

    def act(link):
        link.read_request()
        link.send(b"HTTP/1.1 200 OK\r\nContent-Length: %d\r\n\r\n" % size)
        link.send(b"x" * size)
        link.read_head()

    stage = Stage(run, act)
    port = run.proxy(stage.port, "body=600ms").port
    with connect(port, receive_buffer=1 << 20) as peer:
        peer.sendall(GET)
        got, began = 0, time.monotonic()
        while got < size and time.monotonic() < began + 3:
            got += len(peer.recv(500_000))
            time.sleep(0.1)
        while got < size:
            data = peer.recv(1 << 20)
            expect(data, f"cut off after {got} bytes, though it read")
            got += len(data)
    with connect(port, receive_buffer=65536) as peer:
        peer.sendall(GET)
        count = len(stage.links)
        wait(lambda: stage.links[-1].ended_at and len(stage.links) >= count, "a client that does not read holds on", 5)
        raw, ending = drain(peer)
        expect(len(raw) < size and ending == "reset", f"{len(raw)} bytes and {ending}")


@check("deadline-head-of-the-next")
def next_head(run):
    """Half of a second request, behind an answer: 408 behind `head`, and the first is not told again."""
    port = run.proxy(Stage(run, answers).port, "head=400ms&client-idle=5s").port
    with connect(port) as peer:
        peer.sendall(GET + b"GET / HTTP/1.1\r\nHo")
        began = time.monotonic()
        raw, _ = timed(peer, began, 0.4, "half a head", 3.5)
        expect(raw.startswith(OK), f"{raw[:40]!r}")
        answers_, _ = wire.read_answers(raw, [b"GET", b"GET"], True)
        expect([message.first for message, _ in answers_] == [b"200", b"408"], f"{raw!r:.200}")
