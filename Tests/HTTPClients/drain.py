"""TERM: idle connections get their end at once, what runs is finished, and the exit code is 0."""

import hashlib
import signal
import threading
import time

import servers
from harness import check, expect, wait
from stage import Stage, connect, drain

OK = b"HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok"
GET = b"GET / HTTP/1.1\r\nHost: a.example\r\n\r\n"
AT_ONCE = 0.5


def end_of(proxy, limit=10):
    """The exit code."""
    return proxy.child.wait(limit)


def term(proxy):
    proxy.child.send_signal(signal.SIGTERM)
    return time.monotonic()


def answers(link):
    while link.read_request():
        link.send(OK)


@check("drain-idle")
def idle(run):
    """Idle clients, new and used ones, get a FIN; kept upstreams are closed; nothing else waits."""
    stage = Stage(run, answers)
    proxy = run.proxy(stage.port)
    peers = [connect(proxy.port) for _ in range(20)]
    for peer in peers[:10]:
        peer.sendall(GET)
        expect(peer.recv(1000) == OK, "no answer")
    began = term(proxy)
    for index, peer in enumerate(peers):
        raw, ending = drain(peer, 5)
        expect((raw, ending) == (b"", "fin"), f"client {index}: {raw[:40]!r} and {ending}")
    seconds = time.monotonic() - began
    expect(seconds < AT_ONCE, f"the last end came after {seconds:.2f} s")
    for peer in peers:
        peer.close()
    code = end_of(proxy)
    run.note(f"ends after {seconds * 1000:.0f} ms, exit after {(time.monotonic() - began) * 1000:.0f} ms")
    expect(code == 0, f"exit code {code}")
    wait(lambda: all(link.ended_at for link in stage.links), "kept upstreams stay", 2)


@check("drain-downloads")
def downloads(run):
    """Long downloads and uploads go on to their end, and say Connection: close."""
    size = 4_000_000
    body = run.random.randbytes(size)
    gate = threading.Event()

    def act(link):
        head = link.read_head()
        if head.startswith(b"POST"):
            while len(link.rest) < size:
                if not link.take():
                    return
            text = hashlib.sha256(link.rest).hexdigest().encode()
            link.send(b"HTTP/1.1 200 OK\r\nContent-Length: 64\r\n\r\n" + text)
            return
        link.send(b"HTTP/1.1 200 OK\r\nContent-Length: %d\r\n\r\n" % size + body[:size // 2])
        gate.wait(10)
        link.send(body[size // 2:])
        link.read_head()

    proxy = run.proxy(Stage(run, act).port)
    readers, writers = [connect(proxy.port) for _ in range(8)], [connect(proxy.port) for _ in range(4)]
    for peer in readers:
        peer.sendall(GET)
        peer.recv(1)
    for peer in writers:
        peer.sendall(b"POST / HTTP/1.1\r\nHost: a.example\r\nContent-Length: %d\r\n\r\n" % size + body[:1000])
    time.sleep(0.1)
    term(proxy)
    time.sleep(0.3)
    expect(proxy.alive(), "the proxy ended before its downloads")
    gate.set()
    for peer in readers:
        raw, ending = drain(peer)
        expect(raw.endswith(body) and ending == "fin", f"a download: {len(raw)} bytes and {ending}")
        peer.close()
    for peer in writers:
        peer.sendall(body[1000:])
        raw, ending = drain(peer)
        expect(raw.endswith(hashlib.sha256(body).hexdigest().encode()) and ending == "fin",
            f"an upload: {raw[-80:]!r} and {ending}")
        expect(b"\r\nConnection: close\r\n" in raw, f"an upload is not told of the end: {raw[:200]!r}")
        peer.close()
    code = end_of(proxy)
    expect(code == 0, f"exit code {code}")


@check("drain-waiting")
def waiting(run):
    """A request whose answer has not begun is answered; no new connection is taken."""
    gate = threading.Event()

    def act(link):
        link.read_request()
        gate.wait(10)
        link.send(OK)
        link.read_head()

    stage = Stage(run, act)
    proxy = run.proxy(stage.port)
    with connect(proxy.port) as peer:
        peer.sendall(GET)
        wait(lambda: stage.links and stage.links[-1].head, "no request")
        term(proxy)

        def refused():
            try:
                with connect(proxy.port, 1) as other:
                    other.sendall(GET)
                    return other.recv(10) == b""
            except OSError:
                return True

        wait(refused, "new connections are taken", 3)
        gate.set()
        raw, ending = drain(peer)
        expect(raw.endswith(b"ok") and b"Connection: close" in raw and ending == "fin", f"{raw!r} and {ending}")
    code = end_of(proxy)
    expect(code == 0, f"exit code {code}")


@check("drain-deadline")
def deadline(run):
    """What is open behind --drain-timeout is cut off, and the exit code says so."""
    def act(link):
        link.read_request()
        link.send(b"HTTP/1.1 200 OK\r\nContent-Length: 100\r\n\r\nabc")
        link.wait_end()

    proxy = run.proxy(Stage(run, act).port, extra=["--drain-timeout", "600ms"])
    with connect(proxy.port) as peer:
        peer.sendall(GET)
        peer.recv(1)
        began = term(proxy)
        raw, ending = drain(peer)
        expect(ending == "reset", f"the cut off download ended with {ending}")
    code = end_of(proxy)
    seconds = time.monotonic() - began
    expect(code == 4, f"exit code {code}")
    expect(0.5 < seconds < 3, f"ended after {seconds:.1f} s")


@check("drain-load", ["wrk", "nginx"])
def load(run):
    """Under the load of wrk with short requests: it ends soon, with 0, and no answer is cut in half."""
    proxy = run.proxy(servers.nginx(run))
    child = run.spawn(["wrk", "-t1", "-c30", "-d3s", f"http://127.0.0.1:{proxy.port}/files/small.txt"])
    time.sleep(1)
    began = term(proxy)
    code = end_of(proxy, 15)
    run.note(f"exit after {(time.monotonic() - began) * 1000:.0f} ms")
    expect(code == 0, f"exit code {code}")
    child.kill()
