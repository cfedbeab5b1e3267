"""Server-sent events: each one arrives alone, before the origin sends the next."""

import contextlib
import queue
import socket
import subprocess
import threading
import time

import servers
from curl import url
from harness import Wrong, check, dies_with_parent, expect, find
from stage import Stage, connect

COUNT = 60
HEAD = b"HTTP/1.1 200 OK\r\nContent-Type: text/event-stream\r\nCache-Control: no-cache\r\n"
GET = b"GET /events HTTP/%s\r\nHost: a.example\r\nAccept: text/event-stream\r\n\r\n"


def event(index):
    """From a few bytes to some kilobytes, so that copied and linked chunks both come."""
    return b"id: %d\ndata: %s\n\n" % (index, b"d" * (index * index * 4))


def chunked(data):
    return b"%x\r\n" % len(data) + data + b"\r\n"


class Source:
    """An origin that sends an event when it is told that the last one has arrived."""

    def __init__(self, run, framing):
        self.framing = framing
        self.arrived = queue.Queue()
        self.stage = Stage(run, self.act)

    def act(self, link):
        link.read_head()
        link.send(HEAD + (b"Transfer-Encoding: chunked\r\n\r\n" if self.framing == "chunked" else b"\r\n"))
        for index in range(COUNT):
            link.send(chunked(event(index)) if self.framing == "chunked" else event(index))
            if not self.arrived.get(timeout=10):
                return
        link.send(b"0\r\n\r\n" if self.framing == "chunked" else b"")


def read_events(run, source, read, told):
    """Reads event after event; the longest time that one took."""
    got, longest = b"", 0.0
    for index in range(COUNT):
        began = time.monotonic()
        while event(index) not in got.replace(b"\r\n", b"") and event(index) not in got:
            data = read()
            expect(data, f"{told}: the end before event {index}")
            got += data
        longest = max(longest, time.monotonic() - began)
        expect(b"id: %d\n" % (index + 1) not in got, f"{told}: event {index + 1} came with {index}")
        got = b""
        source.arrived.put(True)
    return longest


@check("events-raw")
def raw(run):
    for framing in ("chunked", "until the end"):
        for version in (b"1.1", b"1.0"):
            source = Source(run, framing)
            with connect(run.proxy(source.stage.port).port, 5) as peer:
                peer.sendall(GET % version)
                longest = read_events(run, source, lambda: peer.recv(1 << 18), f"{framing}, {version.decode()}")
            run.note(f"{framing} to {version.decode()}: at most {longest * 1000:.0f} ms")


@check("events-curl", ["curl"])
def curl(run):
    source = Source(run, "chunked")
    command = [find("curl"), "-sSN", "--max-time", "30", url(run.proxy(source.stage.port).port, "/events")]
    with subprocess.Popen(command, stdout=subprocess.PIPE, preexec_fn=dies_with_parent) as child:
        longest = read_events(run, source, lambda: child.stdout.read1(1 << 18), "curl")
    expect(child.returncode == 0, f"curl ended with {child.returncode}")
    run.note(f"at most {longest * 1000:.0f} ms")


@check("events-many")
def many(run):
    """A hundred clients of one origin, an event each in turn, round by round."""
    count, rounds = 100, 5
    gates = [queue.Queue() for _ in range(count)]

    def act(link):
        number = int(link.read_head().split(b" ")[1][1:])
        link.send(HEAD + b"Transfer-Encoding: chunked\r\n\r\n")
        while index := gates[number].get(timeout=20):
            link.send(chunked(b"data: %d of %d\n\n" % (index, number)))
        link.send(b"0\r\n\r\n")

    port = run.proxy(Stage(run, act).port).port
    peers = [connect(port, 10) for _ in range(count)]
    for number, peer in enumerate(peers):
        peer.sendall(b"GET /%d HTTP/1.1\r\nHost: a.example\r\n\r\n" % number)
    for index in range(1, rounds + 1):
        order = list(range(count))
        run.random.shuffle(order)
        for number in order:
            gates[number].put(index)
            got, wanted = b"", b"data: %d of %d\n\n" % (index, number)
            while wanted not in got:
                data = peers[number].recv(1 << 16)
                expect(data, f"client {number} ended before event {index}")
                got += data
    for number, peer in enumerate(peers):
        gates[number].put(0)
        expect(peer.recv(100).endswith(b"0\r\n\r\n"), f"client {number} got no end")
        peer.close()


def in_step(link):
    """Sends back what it has read before it reads more, chunks as they come."""
    link.peer.setsockopt(socket.SOL_SOCKET, socket.SO_SNDBUF, 16384)
    link.read_head()
    link.send(b"HTTP/1.1 200 OK\r\nConnection: close\r\nTransfer-Encoding: chunked\r\n\r\n")
    while link.rest or link.take(16384):
        data = bytes(link.rest)
        link.rest.clear()
        if not link.send(data) or data.endswith(b"0\r\n\r\n"):
            return


@check("events-in-step")
def mirror(run):
    """Up and down at once, with small buffers at an origin that reads as fast as it is read."""
    total = 16_000_000
    port = run.proxy(Stage(run, in_step, receive_buffer=16384).port, extra=["--workers", "1"]).port
    for size in (1000, 4000, 10_000, 65_536):
        piece = chunked(b"z" * size)
        with connect(port, 3, 65536) as peer:
            peer.sendall(b"POST / HTTP/1.1\r\nHost: a.example\r\nTransfer-Encoding: chunked\r\n\r\n")

            def write(peer=peer, piece=piece, size=size):
                with contextlib.suppress(OSError):
                    for _ in range(total // size):
                        peer.sendall(piece)
                    peer.sendall(b"0\r\n\r\n")

            threading.Thread(target=write, daemon=True).start()
            got, last = 0, b""
            while not last.endswith(b"\r\n0\r\n\r\n"):
                try:
                    data = peer.recv(1 << 16)
                except TimeoutError:
                    raise Wrong(f"chunks of {size}: stands still after {got} of {total} bytes") from None
                expect(data, f"chunks of {size}: the end after {got} bytes")
                got, last = got + len(data), (last + data)[-16:]


@check("events-upload", ["node"])
def upload(run):
    """The other way: each chunk of an upload is with the origin before the next is sent, and is mirrored."""
    with connect(run.proxy(servers.node(run)).port, 5) as peer:
        peer.sendall(b"POST /m HTTP/1.1\r\nHost: a.example\r\nX-Want: mirror\r\nTransfer-Encoding: chunked\r\n\r\n")
        for index in range(COUNT):
            data = event(index)
            peer.sendall(chunked(data))
            got = b""
            # An event ends with an empty line, and its chunk with another line's end.
            while not got.endswith(b"\n\n\r\n"):
                more = peer.recv(1 << 18)
                expect(more, f"the end before chunk {index}")
                got += more
            expect(b"id: %d\n" % index in got, f"chunk {index} came as {got[:60]!r}")
        peer.sendall(b"0\r\n\r\n")
        while not got.endswith(b"0\r\n\r\n"):
            got = peer.recv(1 << 18)
            expect(got, "the end before the last chunk")
